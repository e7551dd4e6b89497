//! Adding advisory documents to the database: every document is kept, read or not, and nothing twice.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use jiff::Timestamp;
use rustc_hash::FxHashSet;

use crate::domain::advisory::{AdvisoryRevision, UnreadableAdvisory};
use crate::domain::priority::{EpssList, KevCatalogue};
use crate::domain::source::Trust;
use crate::ingest::csaf::lint::findings;
use crate::ingest::csaf::load::{Document, Found, LoadOptions, ReadAdvisory, load_each};
use crate::ingest::csaf::warning::CsafWarningKind;
use crate::services::progress::Progress;
use crate::services::search_advisories::refresh_search;
use crate::store::{Db, StoreError, advisory, epss, kev};

/// What adding did. The numbers of documents add up: `n_added + n_known + n_unreadable` were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Revisions that were not known.
    pub n_added: u64,
    /// Documents whose bytes were known already.
    pub n_known: u64,
    /// Documents that could not be read; they are kept with their error.
    pub n_unreadable: u64,
    /// Files that are no documents: signatures, digests, indexes.
    pub n_passed_over: u64,
    /// Added revisions with an oddity that can change a verdict; see [`crate::domain::advisory_note::Quality`].
    pub n_questionable: u64,
    /// Warnings of the added revisions by kind.
    pub warnings: BTreeMap<CsafWarningKind, u64>,
    /// One sentence for each document and archive that could not be read.
    pub unreadable: Vec<String>,
}

impl Added {
    /// Counts what another addition did.
    pub fn join(&mut self, other: Added) {
        self.n_added += other.n_added;
        self.n_known += other.n_known;
        self.n_unreadable += other.n_unreadable;
        self.n_passed_over += other.n_passed_over;
        self.n_questionable += other.n_questionable;
        for (kind, n) in other.warnings {
            *self.warnings.entry(kind).or_default() += n;
        }
        self.unreadable.extend(other.unreadable);
    }
}

/// Documents that are saved together, so that memory stays bounded and a broken run loses at most these.
const BATCH: usize = 500;

/// Adds all documents under these paths.
///
/// # Errors
///
/// The database fails. What was saved before stays; adding again is harmless.
pub async fn add_advisories(db: &Db, paths: &[PathBuf], progress: &dyn Progress) -> Result<Added, StoreError> {
    let mut added = Added::default();
    let mut known: FxHashSet<String> = advisory::list_advisory_digests(db).await?.into_iter().collect();
    let runtime = tokio::runtime::Handle::current();
    let mut failure = None;
    progress.begin("Adding advisories", None);
    let mut batch = Batch::default();
    tokio::task::block_in_place(|| {
        let options = LoadOptions { keep_bytes: true, check_schema: true, ..LoadOptions::default() };
        added.n_passed_over = load_each(paths, &options, &mut |found| {
            match found {
                Found::Failure(error) => added.unreadable.push(error.to_string()),
                Found::Document(document) => batch.take(*document, &mut known, &mut added),
            }
            progress.advance(1);
            if batch.revisions.len() >= BATCH
                && let Err(e) = runtime.block_on(std::mem::take(&mut batch).save(db))
            {
                failure = Some(e);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }) as u64;
    });
    progress.end();
    if let Some(e) = failure {
        return Err(e);
    }
    batch.save(db).await?;
    // The quality line of each document, and the texts by which it is found.
    refresh_search(db, progress).await?;
    Ok(added)
}

#[derive(Default)]
struct Batch {
    revisions: Vec<(AdvisoryRevision, Vec<u8>)>,
    unreadable: Vec<(UnreadableAdvisory, Option<Vec<u8>>)>,
}

impl Batch {
    fn take(&mut self, document: Document, known: &mut FxHashSet<String>, added: &mut Added) {
        let sha256: String = document.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let added_at = Timestamp::now();
        match document.result {
            Ok(_) if !known.insert(sha256.clone()) => added.n_known += 1,
            Ok(read) => {
                added.n_added += 1;
                let found = findings(&read.advisory, read.warnings.clone());
                added.n_questionable += u64::from(found.iter().any(|found| found.kind.can_change_a_verdict()));
                for warning in &read.warnings {
                    *added.warnings.entry(warning.kind).or_default() += 1;
                }
                let bytes = document.bytes.unwrap_or_default();
                self.revisions.push((revision(read, sha256, document.name, added_at), bytes));
            }
            Err(error) => {
                added.n_unreadable += 1;
                added.unreadable.push(format!("cannot read `{}`: {error}", document.name));
                let kept = UnreadableAdvisory { name: document.name, sha256, error: error.to_string(), added_at };
                self.unreadable.push((kept, document.bytes));
            }
        }
    }

    async fn save(self, db: &Db) -> Result<(), StoreError> {
        advisory::save_unreadable_advisories(db, &self.unreadable).await?;
        advisory::save_advisory_revisions(db, self.revisions).await?;
        Ok(())
    }
}

/// What is kept of a document that was read, beside the document; nothing was checked of it.
pub(crate) fn revision(read: ReadAdvisory, sha256: String, source: String, added_at: Timestamp) -> AdvisoryRevision {
    let key = read.advisory.key();
    let mut cves: Vec<String> = read.advisory.vulnerabilities.into_iter().filter_map(|v| v.cve).collect();
    cves.sort();
    cves.dedup();
    AdvisoryRevision {
        key,
        version: read.advisory.version,
        sha256,
        title: read.advisory.title,
        publisher: read.advisory.publisher.name,
        status: read.advisory.status,
        released_at: read.advisory.released_at,
        updated_at: read.advisory.updated_at,
        source,
        added_at,
        cves,
        n_warnings: read.warnings.len() as u64,
        trust: Trust::Unsigned,
        trust_reason: String::new(),
        source_id: None,
    }
}

/// Replaces the list of exploited vulnerabilities.
///
/// # Errors
///
/// The database fails.
pub async fn replace_kev(db: &Db, list: &KevCatalogue) -> Result<(), StoreError> {
    kev::save_kev(db, list, Timestamp::now()).await
}

/// Replaces the list of exploit probabilities.
///
/// # Errors
///
/// The database fails.
pub async fn replace_epss(db: &Db, list: &EpssList) -> Result<(), StoreError> {
    epss::save_epss(db, list, Timestamp::now()).await
}
