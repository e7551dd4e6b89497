//! Finding one advisory of the database by what people call it.

use thiserror::Error;

use crate::domain::advisory::{Advisory, AdvisoryRevision};
use crate::ingest::csaf::document::read_document;
use crate::store::{self, Db, StoreError};

/// An advisory with what is kept beside its document.
pub struct ShownAdvisory {
    pub advisory: Advisory,
    /// All revisions, the one that counts first.
    pub revisions: Vec<AdvisoryRevision>,
}

/// Why there is none to show.
#[derive(Debug, Error)]
pub enum ShowError {
    #[error("cannot show `{id}`: no advisory of the database has this id\nhint: `nameplate advisory list` names them")]
    Unknown { id: String },
    #[error("cannot show `{id}`: {why}")]
    Unreadable { id: String, why: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The advisories with this tracking id, one a publisher; case does not matter.
///
/// # Errors
///
/// None has this id, its document cannot be read any more, or the database fails.
pub async fn find_shown_advisories(db: &Db, id: &str) -> Result<Vec<ShownAdvisory>, ShowError> {
    let mut shown = Vec::new();
    for current in store::advisory::list_advisories_by_id(db, id).await? {
        let unreadable = |why: String| ShowError::Unreadable { id: current.key.id.clone(), why };
        let document = store::advisory::find_advisory_document(db, &current.key, &current.sha256)
            .await?
            .ok_or_else(|| unreadable("its document is gone".to_owned()))?;
        let (advisory, _) = read_document(&document.bytes()?).map_err(|e| unreadable(e.to_string()))?;
        let revisions = store::advisory::list_advisory_revisions(db, &current.key).await?;
        shown.push(ShownAdvisory { advisory, revisions });
    }
    if shown.is_empty() { Err(ShowError::Unknown { id: id.to_owned() }) } else { Ok(shown) }
}
