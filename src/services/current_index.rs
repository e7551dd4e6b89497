//! The advisories that count, compiled; kept while they stay as they are, because compiling costs far more than asking.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::domain::advisory::AdvisoryKey;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::pack::{Alias, AliasKind, KnownAlias};
use crate::domain::product_index::ProductIndex;
use crate::services::load_advisories::{LoadError, from_database};
use crate::services::progress::Progress;
use crate::store::{self, Db};

/// The compiled advisories of a database, without the users' decisions: those are asked for with each question, so that
/// a decision costs no compiling.
pub struct CurrentIndex {
    pub index: ProductIndex,
    /// The revisions in it or unreadable, as (advisory, SHA-256 of the document).
    pub judged: Vec<(AdvisoryKey, String)>,
    /// Documents that could not be read, one sentence each.
    pub unreadable: Vec<String>,
    pub unreadable_keys: Vec<AdvisoryKey>,
    /// One sentence for each alias that cannot be used wholly.
    pub of_aliases: Vec<String>,
}

impl CurrentIndex {
    /// The newest date among the documents.
    pub fn up_to(&self) -> Option<Timestamp> {
        self.index.advisories().iter().filter_map(|a| a.updated_at.or(a.released_at)).max()
    }
}

/// The last index and what it was made of.
static LAST: Mutex<Option<(String, Arc<CurrentIndex>)>> = Mutex::new(None);

/// The index of what counts now. Of one process only the last one is kept.
///
/// # Errors
///
/// The database fails.
pub async fn current_index(db: &Db, progress: &dyn Progress) -> Result<Arc<CurrentIndex>, LoadError> {
    let aliases: Vec<Alias> =
        store::alias::list_aliases_in_force(db).await?.into_iter().filter_map(not_a_decision).collect();
    let revisions = store::rescan::list_judged_revisions(db).await?;
    let current: Vec<(AdvisoryKey, String)> =
        revisions.into_iter().filter_map(|(key, now, _)| now.map(|sha256| (key, sha256))).collect();
    let name = digest(&aliases, &current);
    let kept = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((of, index)) = kept
        && of == name
    {
        return Ok(index);
    }
    let loaded = from_database(db, progress).await?;
    let compiled = tokio::task::block_in_place(|| {
        let (catalogue, problems) = Catalogue::with_aliases(&aliases);
        let index = ProductIndex::build(loaded.advisories, Arc::new(catalogue));
        Arc::new(CurrentIndex {
            // One that cannot be read is done with as well: nothing is gained by looking at it again and again.
            judged: current,
            index,
            unreadable: loaded.unreadable,
            unreadable_keys: loaded.unreadable_keys,
            of_aliases: problems.iter().map(|p| format!("{} is not used wholly: {}", p.file, p.message)).collect(),
        })
    });
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((name, compiled.clone()));
    Ok(compiled)
}

fn not_a_decision(known: KnownAlias) -> Option<Alias> {
    (known.alias.kind != AliasKind::Decision).then_some(known.alias)
}

fn digest(aliases: &[Alias], current: &[(AdvisoryKey, String)]) -> String {
    let mut hash = Sha256::new();
    let texts = aliases.iter().map(|alias| alias.text.as_str());
    let documents = current.iter().flat_map(|(key, sha256)| [&*key.namespace, &*key.id, sha256]);
    for text in texts.chain(documents) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
