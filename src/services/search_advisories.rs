//! Finding advisories: the texts of new documents are worked out when somebody looks for them.

use rayon::prelude::*;

use crate::domain::advisory_note::{ListedAdvisory, Quality};
use crate::domain::advisory_search::{AdvisoryCursor, AdvisoryFilter, AdvisorySort, SEARCH_FORM, search_texts};
use crate::ingest::csaf::lint::findings;
use crate::ingest::csaf::load::{ReadAdvisory, read_checked};
use crate::ingest::csaf::warning::{CsafWarning, CsafWarningKind};
use crate::services::progress::Progress;
use crate::store::advisory::StoredDocument;
use crate::store::advisory_search::{self, SearchedRevision};
use crate::store::{Db, StoreError};

/// Documents whose texts are worked out together, so that memory stays bounded.
const BATCH: u32 = 200;

/// One page of advisories, and what the next one begins after.
pub struct AdvisoryPage {
    pub advisories: Vec<ListedAdvisory>,
    /// `None` on the last page.
    pub next: Option<AdvisoryCursor>,
}

/// Works out the texts of all documents that have none yet, or those of an earlier form. Gives their number.
///
/// # Errors
///
/// The database fails. What was worked out before stays.
pub async fn refresh_search(db: &Db, progress: &dyn Progress) -> Result<u64, StoreError> {
    let mut n = 0;
    loop {
        let documents = advisory_search::list_unsearched_documents(db, SEARCH_FORM, BATCH).await?;
        if documents.is_empty() {
            break;
        }
        if n == 0 {
            progress.begin("Making advisories searchable", None);
        }
        let searched: Vec<SearchedRevision> = tokio::task::block_in_place(|| {
            documents.par_iter().map(|(id, document)| searched(*id, document)).collect()
        });
        advisory_search::save_search_texts(db, SEARCH_FORM, &searched).await?;
        n += searched.len() as u64;
        progress.advance(searched.len() as u64);
    }
    if n > 0 {
        progress.end();
    }
    Ok(n)
}

fn searched(advisory_revision_id: i64, document: &StoredDocument) -> SearchedRevision {
    let read = document.bytes().ok().and_then(|bytes| read_checked(&bytes).ok());
    let Some(ReadAdvisory { advisory, warnings }) = read else {
        return SearchedRevision {
            advisory_revision_id,
            texts: Vec::new(),
            quality: Quality::default(),
            is_read: false,
        };
    };
    let found = findings(&advisory, warnings);
    let mut words: Vec<&str> = found.iter().map(|finding| finding.kind.word()).collect();
    words.sort_unstable();
    words.dedup();
    SearchedRevision {
        advisory_revision_id,
        texts: search_texts(&advisory, &words),
        quality: quality_of(&found),
        is_read: true,
    }
}

/// The quality of a document with these oddities.
pub fn quality_of(findings: &[CsafWarning]) -> Quality {
    Quality {
        n_findings: findings.len() as u64,
        n_schema: findings.iter().filter(|finding| finding.kind == CsafWarningKind::Schema).count() as u64,
        n_findings_that_matter: findings.iter().filter(|finding| finding.kind.can_change_a_verdict()).count() as u64,
    }
}

/// The page of advisories that the filter leaves, after `after`, at most `limit`. Read marks are those of `reader`.
///
/// # Errors
///
/// The database fails.
pub async fn search_advisories(
    db: &Db,
    filter: &AdvisoryFilter,
    sort: AdvisorySort,
    after: Option<&AdvisoryCursor>,
    limit: u32,
    reader: &str,
    progress: &dyn Progress,
) -> Result<AdvisoryPage, StoreError> {
    refresh_search(db, progress).await?;
    // One more than asked for says whether there is a next page.
    let mut rows =
        advisory_search::list_advisories_by(db, filter, sort, after, limit.saturating_add(1), reader).await?;
    let has_more = rows.len() as u64 > u64::from(limit);
    rows.truncate(limit as usize);
    let next = if has_more { rows.last().map(|(_, cursor)| cursor.clone()) } else { None };
    Ok(AdvisoryPage { advisories: rows.into_iter().map(|(advisory, _)| advisory).collect(), next })
}
