//! Adding one advisory from its URL: fetched with what lies beside it, checked, read and kept.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::advisory::{AdvisoryKey, AdvisoryRevision};
use crate::domain::source::{Source, Trust};
use crate::ingest::csaf::document::read_document;
use crate::ingest::csaf::error::ReadError;
use crate::ingest::csaf::load::ReadAdvisory;
use crate::ingest::source::digest::hexadecimal;
use crate::ingest::source::error::FetchError;
use crate::ingest::source::retrieve::{Beside, Listed, Retrieved, retrieve};
use crate::ingest::source::signature::Keyring;
use crate::services::add_advisories::revision;
use crate::services::sources::{FetchSettings, SourceError};
use crate::store::{self, Db, StoreError};

/// Why a document was not added.
#[derive(Debug, Error)]
pub enum AddUrlError {
    #[error("cannot add `{url}`: {why}")]
    Missing { url: String, why: String },
    #[error(
        "cannot add `{url}`: its check came to `{}`: {reason}\nhint: fetch it to a file and add that, if you trust it all the same",
        trust.text()
    )]
    NotTrusted { url: String, trust: Trust, reason: String },
    #[error("cannot read `{url}`: {error}")]
    Unreadable { url: String, error: ReadError },
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedFromUrl {
    pub key: AdvisoryKey,
    pub version: String,
    pub trust: Trust,
    /// What was checked, in words.
    pub reason: String,
    /// False when the same bytes were known.
    pub is_new: bool,
    /// What is odd, one sentence each.
    pub warnings: Vec<String>,
}

/// Fetches the document at the URL of `source`, under its choices, and adds it. Digest and signature are looked for where
/// the standard puts them; the signature is checked with the keys of the file that `source` names, if it names one.
///
/// # Errors
///
/// It cannot be had, its check came to a state that `source` does not accept, it is no CSAF document, or the database
/// fails. Nothing is kept then.
pub async fn add_advisory_from_url(
    db: &Db,
    settings: &FetchSettings,
    source: &Source,
    now: Timestamp,
) -> Result<AddedFromUrl, AddUrlError> {
    let url = source.url.clone();
    let client = settings.client(source, settings.pace())?;
    let mut keyring = Keyring::new(now);
    if let Some(path) = &source.key_file {
        let wrong = |problem: String| FetchError::File { path: path.into(), problem };
        let file = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
        keyring.add(&file, None).map_err(wrong)?;
    }
    let listed = Listed { url: url.clone(), listed_at: String::new(), beside: Beside::ByRule };
    let checked = match retrieve(&client, &keyring, &listed, None, source.allows_short_validity).await? {
        Retrieved::Document(checked) => checked,
        Retrieved::Missing(why) => return Err(AddUrlError::Missing { url, why }),
        Retrieved::Unchanged => return Err(AddUrlError::Missing { url, why: "it was not sent".to_owned() }),
    };
    let (trust, reason) = (checked.trust, checked.reason);
    if !source.accepts.takes(trust) {
        return Err(AddUrlError::NotTrusted { url, trust, reason });
    }
    let (advisory, warnings) = match tokio::task::block_in_place(|| read_document(&checked.bytes)) {
        Ok(read) => read,
        Err(error) => return Err(AddUrlError::Unreadable { url, error }),
    };
    let (key, version) = (advisory.key(), advisory.version.clone());
    let sha256 = hexadecimal(&Sha256::digest(&checked.bytes));
    let kept = AdvisoryRevision {
        trust,
        trust_reason: reason.clone(),
        ..revision(ReadAdvisory { advisory, warnings }, sha256, url, now)
    };
    let saved = store::advisory::save_advisory_revisions(db, vec![(kept, checked.bytes)]).await?;
    Ok(AddedFromUrl { key, version, trust, reason, is_new: saved.n_new > 0, warnings: checked.warnings })
}
