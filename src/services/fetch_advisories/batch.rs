//! Documents that are kept together: read on all cores, then saved with what became of each.

use jiff::Timestamp;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use crate::domain::advisory::{AdvisoryRevision, UnreadableAdvisory};
use crate::domain::source::{Accepts, DocumentState, SourceDocument, Trust, Validator};
use crate::ingest::csaf::load::read_checked;
use crate::ingest::source::digest::hexadecimal;
use crate::ingest::source::retrieve::{Checked, Listed};
use crate::services::add_advisories::revision;
use crate::store::{Db, StoreError, advisory, source};

/// A batch is saved when it has this many documents or bytes, so that memory stays bounded and a broken visit loses at
/// most these.
const MOST_DOCUMENTS: usize = 200;
const MOST_BYTES: usize = 8 << 20;

/// What was fetched and not yet saved.
#[derive(Default)]
pub(super) struct Batch {
    documents: Vec<(Listed, Checked)>,
    /// What could not be had, or is as it was.
    others: Vec<SourceDocument>,
    n_bytes: usize,
}

/// What saving a batch did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Saved {
    pub(super) n_added: u64,
    pub(super) n_known: u64,
    pub(super) n_held: u64,
    pub(super) n_unreadable: u64,
}

impl Batch {
    pub(super) fn add(&mut self, listed: Listed, checked: Checked) {
        self.n_bytes += checked.bytes.len();
        self.documents.push((listed, checked));
    }

    pub(super) fn add_other(&mut self, document: SourceDocument) {
        self.others.push(document);
    }

    pub(super) fn is_full(&self) -> bool {
        self.n_bytes >= MOST_BYTES || self.documents.len() + self.others.len() >= MOST_DOCUMENTS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.others.is_empty()
    }

    /// Reads and saves everything. The documents come first: a visit that breaks off in between fetches them again and
    /// finds that they are known.
    pub(super) async fn save(
        self,
        db: Db,
        source_id: i64,
        accepts: Accepts,
        now: Timestamp,
    ) -> Result<Saved, StoreError> {
        let documents = self.documents;
        let read = tokio::task::spawn_blocking(move || {
            documents
                .into_par_iter()
                .map(|(listed, checked)| settle(listed, checked, source_id, accepts, now))
                .collect::<Vec<_>>()
        });
        let settled = read.await.map_err(|e| StoreError::Database(e.to_string()))?;
        let mut saved = Saved::default();
        let (mut revisions, mut unreadable, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        let mut large = Vec::new();
        for Settled { row, bytes, outcome, permit } in settled {
            large.extend(permit);
            match outcome {
                Outcome::Read(revision) => {
                    revisions.push((*revision, bytes));
                    rows.push((row, None));
                }
                Outcome::Unreadable(document) => {
                    saved.n_unreadable += 1;
                    unreadable.push((document, Some(bytes)));
                    rows.push((row, None));
                }
                Outcome::Held => {
                    saved.n_held += 1;
                    rows.push((row, Some(bytes)));
                }
            }
        }
        rows.extend(self.others.into_iter().map(|row| (row, None)));
        if !unreadable.is_empty() {
            advisory::save_unreadable_advisories(&db, &unreadable).await?;
        }
        if !revisions.is_empty() {
            let done = advisory::save_advisory_revisions(&db, revisions).await?;
            (saved.n_added, saved.n_known) = (done.n_new, done.n_known);
        }
        source::save_source_documents(&db, source_id, &rows).await?;
        Ok(saved)
    }
}

struct Settled {
    row: SourceDocument,
    bytes: Vec<u8>,
    outcome: Outcome,
    permit: Option<OwnedSemaphorePermit>,
}

enum Outcome {
    Read(Box<AdvisoryRevision>),
    Unreadable(UnreadableAdvisory),
    Held,
}

/// Decides what becomes of a document. What the source does not accept is not even read.
fn settle(listed: Listed, checked: Checked, source_id: i64, accepts: Accepts, now: Timestamp) -> Settled {
    let Checked { bytes, validator, trust, reason, large: permit, .. } = checked;
    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    let size_bytes = bytes.len() as u64;
    let row = |state: DocumentState, reason: String| SourceDocument {
        url: listed.url.clone(),
        state,
        trust,
        reason,
        listed_at: listed.listed_at.clone(),
        validator: validator.clone(),
        sha256: Some(sha256.clone()),
        size_bytes,
        checked_at: now,
        n_tries: 0,
    };
    if !accepts.takes(trust) {
        return Settled { row: row(DocumentState::Held, reason), bytes, outcome: Outcome::Held, permit };
    }
    match read_checked(&bytes) {
        Ok(read) => {
            let revision = AdvisoryRevision {
                trust,
                trust_reason: reason.clone(),
                source_id: Some(source_id),
                ..revision(read, sha256.clone(), listed.url.clone(), now)
            };
            let outcome = Outcome::Read(Box::new(revision));
            Settled { row: row(DocumentState::Kept, reason), bytes, outcome, permit }
        }
        Err(error) => {
            let error = error.to_string();
            let kept = UnreadableAdvisory {
                name: listed.url.clone(),
                sha256: sha256.clone(),
                error: error.clone(),
                added_at: now,
            };
            let outcome = Outcome::Unreadable(kept);
            Settled { row: row(DocumentState::Unreadable, error), bytes, outcome, permit }
        }
    }
}

/// A document that is listed but cannot be had.
pub(super) fn missing(listed: &Listed, reason: String, now: Timestamp) -> SourceDocument {
    SourceDocument {
        url: listed.url.clone(),
        state: DocumentState::Missing,
        trust: Trust::Unsigned,
        reason,
        listed_at: listed.listed_at.clone(),
        validator: Validator::default(),
        sha256: None,
        size_bytes: 0,
        checked_at: now,
        n_tries: 0,
    }
}
