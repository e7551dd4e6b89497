//! Finding one advisory of the database by what people call it.

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::advisory::{Advisory, AdvisoryRevision};
use crate::domain::advisory_note::Quality;
use crate::ingest::csaf::lint::findings;
use crate::ingest::csaf::load::{ReadAdvisory, read_checked};
use crate::services::search_advisories::quality_of;
use crate::services::witnesses::find_witnesses;
use crate::store::{self, Db, StoreError};

/// An advisory with what is kept beside its document.
pub struct ShownAdvisory {
    pub advisory: Advisory,
    /// All revisions, the one that counts first.
    pub revisions: Vec<AdvisoryRevision>,
    /// Other documents that speak of the same finding, the one to lead with first; this one is not among them.
    pub witnesses: Vec<AdvisoryRevision>,
    /// Whether this document leads its witnesses.
    pub leads: bool,
    /// How exposures to it ended: when, why as far as the document is the reason, how many. The latest first.
    pub closings: Vec<(Timestamp, Option<String>, u64)>,
    /// How well the document is made.
    pub quality: Quality,
}

/// Endings of exposures that are told.
const MAX_CLOSINGS: u32 = 20;

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
        let read = read_checked(&document.bytes()?).map_err(|e| unreadable(e.to_string()))?;
        let ReadAdvisory { advisory, warnings } = read;
        let quality = quality_of(&findings(&advisory, warnings));
        let revisions = store::advisory::list_advisory_revisions(db, &current.key).await?;
        let closings = store::exposure::list_closings(db, &current.key, MAX_CLOSINGS).await?;
        let (witnesses, leads) = find_witnesses(db, &advisory).await?;
        shown.push(ShownAdvisory { advisory, revisions, witnesses, leads, closings, quality });
    }
    if shown.is_empty() { Err(ShowError::Unknown { id: id.to_owned() }) } else { Ok(shown) }
}
