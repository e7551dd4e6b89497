//! The rows of a file that were not, or would not be, imported, as a file to put right and import.

use crate::domain::inventory::Inventory;
use crate::report::rejects::write_rejects;
use crate::services::column_choice::choose;
use crate::services::import_inventory::{ImportError, ImportRequest};
use crate::services::progress::Silent;
use crate::store::{self, Db, StoreError};

/// The rejected rows of an import, as CSV with its columns and the reason.
///
/// # Errors
///
/// The database fails.
pub async fn rejects_of_import(db: &Db, import: &Inventory) -> Result<Vec<u8>, StoreError> {
    let rejected = store::inventory::list_rejected_rows(db, import.inventory_id).await?;
    let columns = store::inventory::list_columns(db, import.inventory_id).await?;
    let came_from =
        ImportRequest { name: Some(import.file_name.clone()), site: import.site.clone(), ..ImportRequest::default() };
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = write_rejects(&rejected, &columns, &came_from.default_site(), &mut bytes);
    Ok(bytes)
}

/// The rows of a file that an import would reject, as CSV with its columns and the reason.
///
/// # Errors
///
/// The file cannot be read, or the database fails.
pub async fn rejects_of_draft(db: &Db, request: &ImportRequest) -> Result<Vec<u8>, ImportError> {
    let mut wish = request.wish();
    wish.keep_rejected = true;
    let survey = choose(Some(db), &request.path, &wish, &Silent).await?.survey;
    let mut bytes = Vec::new();
    let _ = write_rejects(&survey.rejected, &survey.reading.columns, &request.default_site(), &mut bytes);
    Ok(bytes)
}
