//! Moving house: everything from one database into another.

use crate::store::transfer::{CopiedTable, save_all};
use crate::store::{Db, StoreError};

/// Copies everything into an empty database and proves it; the first one stays as it is. `tell` hears of each table.
///
/// # Errors
///
/// The other database is not empty, what was written does not read back the same, or a database fails. The other
/// database then holds nothing.
pub async fn move_database(from: &Db, to: &Db, tell: impl FnMut(&CopiedTable)) -> Result<Vec<CopiedTable>, StoreError> {
    save_all(from, to, tell).await
}
