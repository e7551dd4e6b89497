//! Which documents of the database speak of the same finding as a given one.

use std::collections::BTreeMap;

use crate::domain::advisory::{Advisory, AdvisoryKey, AdvisoryRevision};
use crate::domain::advisory_search::{AdvisoryFilter, AdvisorySort, Compare, Condition, SearchField};
use crate::domain::witness::{are_witnesses, compare_witnesses, mentions_of, names_of};
use crate::ingest::csaf::document::read_document;
use crate::services::progress::Silent;
use crate::services::search_advisories::search_advisories;
use crate::store::{self, Db, StoreError};

/// Documents that are looked at for one name; a word that more documents mention names none of them.
const MAX_CANDIDATES: u32 = 50;

/// The other documents that are witnesses of the same finding, the one to lead with first, and whether the given one
/// leads. Direct witnesses only: what a witness's witness says is found from there.
///
/// # Errors
///
/// The database fails.
pub async fn find_witnesses(db: &Db, advisory: &Advisory) -> Result<(Vec<AdvisoryRevision>, bool), StoreError> {
    let mut candidates: BTreeMap<AdvisoryKey, AdvisoryRevision> = BTreeMap::new();
    for id in mentions_of(advisory) {
        for revision in store::advisory::list_advisories_by_id(db, &id).await? {
            candidates.insert(revision.key.clone(), revision);
        }
    }
    for name in names_of(advisory) {
        for field in [SearchField::Reference, SearchField::Alias, SearchField::Title] {
            let condition = Condition { field: Some(field), compare: Compare::Contains, value: name.clone() };
            let filter = AdvisoryFilter { conditions: vec![condition], ..AdvisoryFilter::default() };
            let page =
                search_advisories(db, &filter, AdvisorySort::default(), None, MAX_CANDIDATES, "", &Silent).await?;
            candidates.extend(page.advisories.into_iter().map(|a| (a.revision.key.clone(), a.revision)));
        }
    }
    candidates.remove(&advisory.key());
    let mut found: Vec<(Advisory, AdvisoryRevision)> = Vec::new();
    for (key, revision) in candidates {
        if key.namespace == advisory.publisher.namespace {
            continue;
        }
        let Some(document) = store::advisory::find_advisory_document(db, &key, &revision.sha256).await? else {
            continue;
        };
        // A document that cannot be read any more is told elsewhere; it witnesses nothing.
        let Ok((other, _)) = read_document(&document.bytes()?) else { continue };
        if are_witnesses(advisory, &other) {
            found.push((other, revision));
        }
    }
    found.sort_by(|a, b| compare_witnesses(&a.0, &b.0));
    let leads = found.first().is_none_or(|(first, _)| compare_witnesses(advisory, first).is_lt());
    Ok((found.into_iter().map(|(_, revision)| revision).collect(), leads))
}
