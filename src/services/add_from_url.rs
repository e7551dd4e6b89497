//! Adding one document from its address, by hand.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::advisory::{AdvisoryRevision, UnreadableAdvisory};
use crate::domain::source::{Source, SourceKind};
use crate::ingest::archive::Limits;
use crate::ingest::csaf::document::read_document;
use crate::ingest::csaf::load::ReadAdvisory;
use crate::ingest::source::error::FetchError;
use crate::services::add_advisories::{Added, revision};
use crate::services::sources::FetchSettings;
use crate::store::{Db, StoreError, advisory};

/// Why nothing was added.
#[derive(Debug, Error)]
pub enum AddUrlError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Fetches one document over HTTPS and adds it. No digest or signature is looked for, so it is kept as unsigned; a
/// source (`source add`) checks both.
///
/// # Errors
///
/// It cannot be fetched, or the database fails. A document that cannot be read is kept with its error, and is no error
/// here.
pub async fn add_from_url(db: &Db, settings: &FetchSettings, url: &str, now: Timestamp) -> Result<Added, AddUrlError> {
    let client = settings.client(&Source::new("by-hand", SourceKind::Directory, url, now), settings.pace())?;
    let limit_bytes = usize::try_from(Limits::default().document_bytes).unwrap_or(usize::MAX);
    let (bytes, _) = client.get_body(url, limit_bytes).await?.into_parts();
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut added = Added::default();
    match tokio::task::block_in_place(|| read_document(&bytes)) {
        Ok((advisory, warnings)) => {
            for warning in &warnings {
                *added.warnings.entry(warning.kind).or_default() += 1;
            }
            let kept = AdvisoryRevision {
                trust_reason: "fetched by hand; neither digest nor signature was looked for".to_owned(),
                ..revision(ReadAdvisory { advisory, warnings }, sha256, url.to_owned(), now)
            };
            let saved = advisory::save_advisory_revisions(db, vec![(kept, bytes)]).await?;
            (added.n_added, added.n_known) = (saved.n_new, saved.n_known);
        }
        Err(error) => {
            added.n_unreadable = 1;
            added.unreadable.push(format!("cannot read `{url}`: {error}"));
            let kept = UnreadableAdvisory { name: url.to_owned(), sha256, error: error.to_string(), added_at: now };
            advisory::save_unreadable_advisories(db, &[(kept, Some(bytes))]).await?;
        }
    }
    Ok(added)
}
