//! Which nameplates one advisory names and does not hit. It is not kept, because there are many and nobody works on
//! them; the page of the advisory asks for it.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use tokio::sync::Mutex;

use crate::domain::advisory::{Advisory, AdvisoryKey};
use crate::domain::nameplate::{NameplateReading, Variant};
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::Verdict;
use crate::services::aliases::catalogue_of;
use crate::services::current_index::current_index;
use crate::services::judge::{Judged, Question, judge};
use crate::services::load_advisories::LoadError;
use crate::services::progress::Silent;
use crate::store::{self, Db, StoreError};

/// A nameplate that the advisory names and does not hit.
#[derive(Clone, Debug)]
pub struct RuledOut {
    pub variant_id: i64,
    pub variant: Variant,
    /// "4.0.1 is not below 4.0.0".
    pub reason: String,
}

/// The nameplates that this advisory names and does not hit, by id.
///
/// # Errors
///
/// The database fails.
pub async fn ruled_out(db: &Db, advisory: &Arc<Advisory>) -> Result<Vec<RuledOut>, StoreError> {
    let (ids, questions): (Vec<i64>, Vec<Question>) = named_by(db, advisory)
        .await?
        .into_iter()
        .map(|(id, variant)| (id, Question { variant, serial_numbers: Vec::new() }))
        .unzip();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (catalogue, _) = catalogue_of(db).await?;
    let judged = tokio::task::block_in_place(|| {
        let index = ProductIndex::build(vec![advisory.clone()], Arc::new(catalogue));
        judge(&index, &questions, &Silent)
    });
    let found = ids.into_iter().zip(questions).zip(judged).filter_map(|((variant_id, question), judged)| {
        let Judged::Done(judgement) = judged else { return None };
        let found = judgement.matches.into_iter().next().filter(|found| found.verdict == Verdict::NotAffected)?;
        Some(RuledOut { variant_id, variant: question.variant, reason: found.reason })
    });
    Ok(found.collect())
}

/// The variants that products of each advisory may name: reading a fleet's nameplates takes seconds, and what comes out
/// stays the same until a device, an advisory or an alias is another.
struct Named {
    variants: Vec<(i64, Variant)>,
    /// By advisory, places in `variants`.
    of: FxHashMap<AdvisoryKey, Vec<u32>>,
}

/// The last one, and what it was made of.
static LAST: Mutex<Option<(String, Arc<Named>)>> = Mutex::const_new(None);

/// The variants that this advisory may be about; all of them for a revision that does not count.
async fn named_by(db: &Db, advisory: &Advisory) -> Result<Vec<(i64, Variant)>, StoreError> {
    let current = match current_index(db, &Silent).await {
        Ok(current) => current,
        Err(LoadError::Store(error)) => return Err(error),
        Err(LoadError::NothingRead { .. }) => return Ok(Vec::new()),
    };
    let key = advisory.key();
    let counts = current.index.advisories().binary_search_by_key(&key, |counting| counting.key());
    if counts.is_ok_and(|at| current.index.advisories()[at].version != advisory.version) || counts.is_err() {
        return store::variant::list_variants_for_rescan(db).await;
    }
    let knowledge = store::listing::state_of_knowledge(db).await?;
    let state = format!("{knowledge} {:?} {}", store::rescan::find_mark_now(db).await?, db.name());
    // Whoever asks while it is being made waits for it.
    let mut last = LAST.lock().await;
    let named = match last.as_ref() {
        Some((made_of, named)) if *made_of == state => named.clone(),
        _ => {
            let (catalogue, _) = catalogue_of(db).await?;
            let variants = store::variant::list_variants_for_rescan(db).await?;
            let index = current.index.with_decisions_of(Arc::new(catalogue));
            let named = Arc::new(tokio::task::block_in_place(|| name_all(&index, variants)));
            *last = Some((state, named.clone()));
            named
        }
    };
    let places = named.of.get(&key).map(Vec::as_slice).unwrap_or_default();
    Ok(places.iter().map(|place| named.variants[*place as usize].clone()).collect())
}

fn name_all(index: &ProductIndex, variants: Vec<(i64, Variant)>) -> Named {
    let named: Vec<Vec<u32>> = variants
        .par_iter()
        .map(|(_, variant)| {
            let device = NameplateReading::read(variant, index.catalogue());
            let places = index.candidates(&device).into_iter().flat_map(|reading| index.places(reading));
            let mut advisories: Vec<u32> = places.map(|(advisory, _)| *advisory).collect();
            advisories.sort_unstable();
            advisories.dedup();
            advisories
        })
        .collect();
    let mut of: FxHashMap<AdvisoryKey, Vec<u32>> = FxHashMap::default();
    for (place, advisories) in (0u32..).zip(named) {
        for advisory in advisories {
            of.entry(index.advisories()[advisory as usize].key()).or_default().push(place);
        }
    }
    Named { variants, of }
}
