//! Fetching: each source is visited, its lists are read, and what is new or changed is fetched, checked and kept.
//!
//! A visit can be stopped at any moment. What was fetched is kept in batches, each with what became of its documents, so
//! that the next visit goes on from there; the mark of a source moves only at the end of a good visit.

mod batch;
mod lists;
pub mod trial;
mod visit;

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::domain::source::{Pull, Source};
use crate::services::lease::{self, Taken};
use crate::services::progress::Progress;
use crate::services::search_advisories::refresh_search;
use crate::services::sources::{FetchSettings, SourceError};
use crate::store::{self, Db, StoreError};

/// The lease of the process that fetches.
pub const LEASE: &str = "fetch";

/// Why nothing was fetched at all. What goes wrong with one source stands in its [`Pull`].
#[derive(Debug, Error)]
pub enum FetchAdvisoriesError {
    #[error(
        "cannot fetch: another process fetches since {since} (`{holder}`)\nhint: wait until it is done; a run that died frees the way after a minute"
    )]
    Busy { holder: String, since: Timestamp },
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A source that was visited, and what the visit brought.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub source_id: i64,
    pub source: Source,
    pub pull: Pull,
}

/// Visits the sources of these names, or all that are enabled when none is named; in the order of their names.
///
/// `now` is the time at which it begins; keys and signatures are judged by it.
///
/// # Errors
///
/// A name is not configured, another process fetches, or the database fails. That a source could not be reached is no
/// error: it stands in its pull, and the others are visited.
pub async fn fetch_advisories(
    db: &Db,
    settings: &FetchSettings,
    names: &[String],
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Vec<Fetched>, FetchAdvisoriesError> {
    let clock = Clock { now, began: Instant::now() };
    let sources = chosen(db, names).await?;
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let held = match lease::take(db, LEASE).await? {
        Taken::Held(held) => held,
        Taken::By(holder, since) => return Err(FetchAdvisoriesError::Busy { holder, since }),
    };
    let mut fetched = Vec::with_capacity(sources.len());
    let pace = settings.pace();
    let mut failure = None;
    for (source_id, source) in sources {
        if progress.is_cancelled() {
            break;
        }
        match visit::visit(db, settings, pace.clone(), (source_id, &source), clock, progress).await {
            Ok(pull) => fetched.push(Fetched { source_id, source, pull }),
            Err(e) => {
                failure = Some(e);
                break;
            }
        }
    }
    held.give_back().await?;
    if let Some(e) = failure {
        return Err(e.into());
    }
    if fetched.iter().any(|one| one.pull.n_added > 0) {
        // The quality line of each document, and the texts by which it is found.
        refresh_search(db, progress).await?;
    }
    Ok(fetched)
}

async fn chosen(db: &Db, names: &[String]) -> Result<Vec<(i64, Source)>, FetchAdvisoriesError> {
    let all = store::source::list_sources(db).await?;
    if names.is_empty() {
        return Ok(all.into_iter().filter(|(_, source)| source.is_enabled && source.is_fetched()).collect());
    }
    for name in names {
        if !all.iter().any(|(_, source)| source.name == *name && source.is_fetched()) {
            return Err(SourceError::Unknown { name: name.clone() }.into());
        }
    }
    Ok(all.into_iter().filter(|(_, source)| names.contains(&source.name)).collect())
}

/// The time, counted from the moment that was given.
#[derive(Clone, Copy, Debug)]
struct Clock {
    now: Timestamp,
    began: Instant,
}

impl Clock {
    fn at(self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.began.elapsed()).unwrap_or_default();
        self.now.checked_add(elapsed).unwrap_or(self.now)
    }
}
