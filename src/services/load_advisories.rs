//! Where a run takes its advisories from: files, the database, or the built-in samples.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::domain::advisory::{Advisory, AdvisoryKey, latest_of};
use crate::ingest::csaf::document::read_document;
use crate::ingest::csaf::load::{LoadOptions, Loaded, load};
use crate::ingest::samples::{SAMPLE_ADVISORIES, SAMPLE_NOTICE};
use crate::services::progress::Progress;
use crate::store::{Db, StoreError, advisory};

/// Where advisories come from.
pub enum AdvisorySource {
    /// CSAF files, folders and archives.
    Paths(Vec<PathBuf>),
    /// The current revisions of the database, or the samples when it holds none.
    DatabaseElseSamples(Db),
    /// The samples that are part of the program.
    Samples,
}

/// The advisories of a run: of each document only the revision that counts, sorted by key.
#[derive(Default)]
pub struct Advisories {
    pub advisories: Vec<Arc<Advisory>>,
    /// Where they came from, one sentence each.
    pub sources: Vec<String>,
    pub are_samples: bool,
    /// Documents that could not be read, one sentence each.
    pub unreadable: Vec<String>,
    /// The advisories of the database among them.
    pub unreadable_keys: Vec<AdvisoryKey>,
}

impl Advisories {
    /// The newest date among the documents.
    pub fn up_to(&self) -> Option<Timestamp> {
        self.advisories.iter().filter_map(|a| a.updated_at.or(a.released_at)).max()
    }
}

/// Why there are no advisories to work with.
#[derive(Debug, Error)]
pub enum LoadError {
    #[error("cannot load advisories from {paths}: expected at least one CSAF document, found none{reasons}")]
    NothingRead { paths: String, reasons: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Loads the advisories of a source.
///
/// # Errors
///
/// Nothing could be read from the paths, or the database fails. A single unreadable document is no error: it is told
/// in [`Advisories::unreadable`].
pub async fn load_advisories(source: AdvisorySource, progress: &dyn Progress) -> Result<Advisories, LoadError> {
    match source {
        AdvisorySource::Paths(paths) => tokio::task::block_in_place(|| from_paths(&paths, progress)),
        AdvisorySource::Samples => Ok(samples()),
        AdvisorySource::DatabaseElseSamples(db) => {
            let found = from_database(&db, progress).await?;
            Ok(if found.advisories.is_empty() { samples() } else { found })
        }
    }
}

fn from_paths(paths: &[PathBuf], progress: &dyn Progress) -> Result<Advisories, LoadError> {
    progress.begin("Reading advisories", None);
    let mut n_told = 0;
    let loaded = load(paths, &LoadOptions::default(), &mut |so_far| {
        progress.advance((so_far.n_documents - n_told) as u64);
        n_told = so_far.n_documents;
    });
    progress.end();
    let unreadable = unreadable(&loaded);
    let all: Vec<Advisory> =
        loaded.documents.into_iter().filter_map(|document| document.result.ok()).map(|read| read.advisory).collect();
    let names = paths.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(", ");
    if all.is_empty() {
        let reasons = unreadable.iter().take(3).map(|why| format!("\n  {why}")).collect();
        return Err(LoadError::NothingRead { paths: names, reasons });
    }
    let (n_documents, advisories) = (all.len(), latest(all));
    let older = match n_documents - advisories.len() {
        0 => String::new(),
        n => format!(", {n} older revisions left aside"),
    };
    let sources = vec![format!("{} advisories from {names}{older}", advisories.len())];
    Ok(Advisories { advisories, sources, unreadable, ..Advisories::default() })
}

/// One sentence for each document and file that could not be read.
pub fn unreadable(loaded: &Loaded) -> Vec<String> {
    let documents = loaded.documents.iter().filter_map(|document| match &document.result {
        Ok(_) => None,
        Err(error) => Some(format!("cannot read `{}`: {error}", document.name)),
    });
    loaded.failures.iter().map(ToString::to_string).chain(documents).collect()
}

/// The revision that counts of each advisory, sorted by key.
fn latest(all: Vec<Advisory>) -> Vec<Arc<Advisory>> {
    let mut by_key: FxHashMap<AdvisoryKey, Vec<Advisory>> = FxHashMap::default();
    for advisory in all {
        by_key.entry(advisory.key()).or_default().push(advisory);
    }
    let mut counting: Vec<(AdvisoryKey, Arc<Advisory>)> = by_key
        .into_iter()
        .filter_map(|(key, mut revisions)| {
            let at = latest_of(&revisions)?;
            let mut counting = Arc::new(revisions.swap_remove(at));
            silence(&mut counting);
            Some((key, counting))
        })
        .collect();
    counting.sort_by(|a, b| a.0.cmp(&b.0));
    counting.into_iter().map(|(_, advisory)| advisory).collect()
}

/// A withdrawn or superseded document speaks about no product any more, whatever tree it still carries.
fn silence(advisory: &mut Arc<Advisory>) {
    if !advisory.fate().stands() {
        let silenced = Arc::make_mut(advisory);
        silenced.products.clear();
        silenced.product_groups.clear();
        silenced.vulnerabilities.clear();
    }
}

fn samples() -> Advisories {
    let all = SAMPLE_ADVISORIES.iter().filter_map(|(_, bytes)| Some(read_document(bytes).ok()?.0)).collect();
    let sources = vec![SAMPLE_NOTICE.to_owned()];
    Advisories { advisories: latest(all), sources, are_samples: true, ..Advisories::default() }
}

/// The current revisions of the database; documents are kept as bytes and read anew each time.
///
/// # Errors
///
/// The database fails.
pub async fn from_database(db: &Db, progress: &dyn Progress) -> Result<Advisories, LoadError> {
    let documents = advisory::list_current_advisory_documents(db).await?;
    progress.begin("Reading advisories", Some(documents.len() as u64));
    let read: Vec<(AdvisoryKey, Result<Advisory, String>)> = tokio::task::block_in_place(|| {
        documents
            .into_par_iter()
            .map(|document| {
                let read = document
                    .bytes()
                    .map_err(|e| e.to_string())
                    .and_then(|bytes| read_document(&bytes).map(|(advisory, _)| advisory).map_err(|e| e.to_string()));
                progress.advance(1);
                (document.key, read)
            })
            .collect()
    });
    progress.end();
    let mut loaded = Advisories::default();
    for (key, result) in read {
        match result {
            Ok(advisory) => loaded.advisories.push(Arc::new(advisory)),
            Err(why) => {
                loaded.unreadable.push(format!("cannot read `{}` of the database: {why}", key.id));
                loaded.unreadable_keys.push(key);
            }
        }
    }
    loaded.advisories.iter_mut().for_each(silence);
    loaded.advisories.sort_by_cached_key(|advisory| advisory.key());
    loaded.sources = vec![format!("{} advisories of the database", loaded.advisories.len())];
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_read_and_only_the_later_revision_counts() {
        let loaded = samples();
        assert!(loaded.are_samples);
        assert_eq!(loaded.advisories.len(), SAMPLE_ADVISORIES.len() - 1, "one advisory is there in two revisions");
    }
}
