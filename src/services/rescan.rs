//! The rescan: all variants of the database against all its advisories; only what changed is saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use thiserror::Error;

use crate::domain::advisory::{Advisory, AdvisoryKey};
use crate::domain::asset::Standing;
use crate::domain::exposure::{ExposureChanges, ExposureKey, Finding, diff};
use crate::domain::matching::Match;
use crate::domain::product_index::ProductIndex;
use crate::domain::rescan::{Rescan, Trigger, VariantStanding};
use crate::domain::verdict::Verdict;
use crate::domain::witness::{mentions_of, names_of};
use crate::services::aliases::catalogue_of;
use crate::services::judge::{Judged, Judgement, Question, judge};
use crate::services::load_advisories::{LoadError, from_database};
use crate::services::progress::{Progress, Silent};
use crate::services::report_rows::holding;
use crate::store::{self, Db, StoreError};

/// Why a rescan came to nothing. What was valid before stays valid.
#[derive(Debug, Error)]
pub enum RescanError {
    #[error(
        "cannot rescan: another rescan is running since {since} (`{holder}`)\nhint: wait until it is done; a run that died frees the way after a minute"
    )]
    Busy { holder: String, since: Timestamp },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A finished rescan, with what it changed.
pub struct Rescanned {
    pub rescan_id: i64,
    pub rescan: Rescan,
    pub changes: ExposureChanges,
    /// Documents that could not be read and variants that could not be judged, one sentence each.
    pub warnings: Vec<String>,
}

/// How often the lease is renewed while judging; far below the silence after which another process may take it.
const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(15);

/// Judges everything anew and saves the differences in one transaction.
///
/// Killed at any moment it leaves the last result as it was. A variant whose matching fails keeps its exposures.
///
/// # Errors
///
/// Another rescan is running, or the database fails.
pub async fn rescan(db: &Db, trigger: Trigger, progress: &dyn Progress) -> Result<Rescanned, RescanError> {
    let holder = format!("process {} at {}", std::process::id(), Timestamp::now());
    if !store::lease::save_lease(db, store::rescan::LEASE, &holder, Timestamp::now()).await? {
        let (holder, since) = store::lease::find_lease(db, store::rescan::LEASE)
            .await?
            .unwrap_or_else(|| ("another process".to_owned(), Timestamp::now()));
        return Err(RescanError::Busy { holder, since });
    }
    let heart = tokio::spawn(beat(db.clone(), holder.clone()));
    let result = run(db, &holder, trigger, progress).await;
    heart.abort();
    let freed = store::lease::delete_lease(db, store::rescan::LEASE, &holder).await;
    let rescanned = result?;
    freed?;
    Ok(rescanned)
}

async fn beat(db: Db, holder: String) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        // A missed beat does no harm by itself: saving checks the lease again.
        if let Err(e) = store::lease::save_lease(&db, store::rescan::LEASE, &holder, Timestamp::now()).await {
            tracing::warn!("the lease of the rescan could not be renewed: {e}");
        }
    }
}

async fn run(db: &Db, holder: &str, trigger: Trigger, progress: &dyn Progress) -> Result<Rescanned, RescanError> {
    let started_at = Timestamp::now();
    let loaded = from_database(db, progress).await?;
    let (ids, questions): (Vec<i64>, Vec<Question>) = store::variant::list_variants_for_rescan(db)
        .await?
        .into_iter()
        .map(|(id, variant)| (id, Question { variant, serial_numbers: Vec::new() }))
        .unzip();
    let open = store::exposure::list_open_exposures(db).await?;
    let (catalogue, of_aliases) = catalogue_of(db).await?;
    let n_assets = store::asset::count_assets(db).await?;
    let (index, judged) = tokio::task::block_in_place(|| {
        let index = ProductIndex::build(loaded.advisories, Arc::new(catalogue));
        let judged = judge(&index, &questions, progress);
        (index, judged)
    });
    let by_asset = judge_serials(db, &index, &ids, &questions, &judged).await?;

    let mut after: Vec<(ExposureKey, Finding)> = Vec::new();
    let mut standings = Vec::with_capacity(ids.len());
    let mut not_judged: FxHashSet<i64> = FxHashSet::default();
    let mut warnings = loaded.unreadable;
    warnings.extend(of_aliases);
    for ((&variant_id, question), judged) in ids.iter().zip(&questions).zip(&judged) {
        let (judgement, assets) = match by_asset.get(&variant_id) {
            Some((judgement, assets)) => (judgement, assets.as_slice()),
            None => match judged {
                Judged::Done(judgement) => (judgement, [].as_slice()),
                Judged::Failed(why) => {
                    let plate = &question.variant.nameplate;
                    warnings.push(format!("not judged: {} {} {}: {why}", plate.vendor, plate.model, plate.part_number));
                    not_judged.insert(variant_id);
                    continue;
                }
            },
        };
        add_findings(&mut after, &index, variant_id, judgement, assets);
        standings.push(standing(variant_id, judgement));
    }
    after.sort_by(|a, b| a.0.cmp(&b.0));
    // What could not be judged now keeps what it had: not knowing is no reason to close an exposure.
    let unread: FxHashSet<&AdvisoryKey> = loaded.unreadable_keys.iter().collect();
    let (kept, before): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|(key, _)| not_judged.contains(&key.variant_id) || unread.contains(&key.advisory));
    let mut changes = diff(&before, &after);
    changes.n_same += kept.len() as u64;
    changes.closed_because = closed_because(&index, &changes.closed);

    let rescan = Rescan {
        trigger,
        started_at,
        finished_at: Timestamp::now(),
        matcher_version: env!("CARGO_PKG_VERSION").to_owned(),
        n_assets,
        n_variants: ids.len() as u64,
        n_advisories: index.advisories().len() as u64,
        n_opened: changes.opened.len() as u64,
        n_changed: changes.changed.len() as u64,
        n_closed: changes.closed.len() as u64,
        n_same: changes.n_same,
        n_not_judged: not_judged.len() as u64,
        error: None,
    };
    let rescan_id = store::rescan::save_rescan(db, holder, &rescan, &changes, &standings).await?;
    Ok(Rescanned { rescan_id, rescan, changes, warnings })
}

/// Why exposures to each advisory closed, where the document is the reason.
fn closed_because(index: &ProductIndex, closed: &[(ExposureKey, Finding)]) -> BTreeMap<AdvisoryKey, String> {
    let current: FxHashMap<AdvisoryKey, &Arc<Advisory>> = index.advisories().iter().map(|a| (a.key(), a)).collect();
    let mut because = BTreeMap::new();
    for (key, finding) in closed {
        let told = match current.get(&key.advisory) {
            None => Some("the document was deleted from this database".to_owned()),
            Some(now) if !now.fate().stands() => Some(fate_in_words(now, index)),
            Some(now) if now.version != finding.advisory_version => {
                Some(format!("revision {} no longer says so", now.version))
            }
            // The device or the judgement is another; the run tells.
            Some(_) => None,
        };
        if let Some(told) = told {
            because.entry(key.advisory.clone()).or_insert(told);
        }
    }
    because
}

/// What became of the document, with the ids of the documents that stand for it now where they are known here.
fn fate_in_words(advisory: &Advisory, index: &ProductIndex) -> String {
    let mut sentence = advisory.fate().sentence();
    let mentions = mentions_of(advisory);
    let known: Vec<&str> = index
        .advisories()
        .iter()
        .filter(|other| other.key() != advisory.key() && !names_of(other).is_disjoint(&mentions))
        .map(|other| other.id.as_str())
        .collect();
    if !known.is_empty() {
        sentence.push_str(&format!(" (in this database: {})", known.join(", ")));
    }
    sentence
}

/// The judgement of a variant with its serial numbers, and its assets as (asset, serial number).
type BySerial = FxHashMap<i64, (Judgement, Vec<(i64, String)>)>;

/// Judges again, with the serial numbers of their assets, the variants for which an answer depends on one.
async fn judge_serials(
    db: &Db,
    index: &ProductIndex,
    ids: &[i64],
    questions: &[Question],
    judged: &[Judged],
) -> Result<BySerial, StoreError> {
    let depend: Vec<usize> = judged
        .iter()
        .enumerate()
        .filter(|(_, j)| matches!(j, Judged::Done(done) if done.matches.iter().any(|m| m.depends_on_serial)))
        .map(|(at, _)| at)
        .collect();
    let variant_ids: Vec<i64> = depend.iter().map(|at| ids[*at]).collect();
    let mut assets: FxHashMap<i64, Vec<(i64, String)>> = FxHashMap::default();
    for (variant_id, asset_id, serial_number) in store::variant::list_serial_numbers(db, &variant_ids).await? {
        assets.entry(variant_id).or_default().push((asset_id, serial_number));
    }
    let asked: Vec<Question> = depend
        .iter()
        .map(|at| {
            let own = assets.get(&ids[*at]).map(Vec::as_slice).unwrap_or_default();
            let mut serial_numbers: Vec<String> =
                own.iter().map(|(_, serial)| serial.clone()).filter(|serial| !serial.is_empty()).collect();
            serial_numbers.sort();
            serial_numbers.dedup();
            Question { variant: questions[*at].variant.clone(), serial_numbers }
        })
        .collect();
    let answers = tokio::task::block_in_place(|| judge(index, &asked, &Silent));
    Ok(variant_ids
        .into_iter()
        .zip(answers)
        .filter_map(|(variant_id, judged)| match judged {
            Judged::Done(judgement) => Some((variant_id, (judgement, assets.remove(&variant_id).unwrap_or_default()))),
            Judged::Failed(_) => None,
        })
        .collect())
}

/// Adds what is affected or possible: once for the variant, or once an asset where the serial number decides.
fn add_findings(
    after: &mut Vec<(ExposureKey, Finding)>,
    index: &ProductIndex,
    variant_id: i64,
    judgement: &Judgement,
    assets: &[(i64, String)],
) {
    let depends = serial_dependent(judgement);
    let mut add = |asset_id: Option<i64>, found: &Match| {
        if found.verdict >= Verdict::Possible {
            let advisory = &index.advisories()[found.advisory as usize];
            let key = ExposureKey { variant_id, asset_id, advisory: advisory.key() };
            after.push((key, finding(advisory, found)));
        }
    };
    for found in judgement.matches.iter().filter(|m| !depends.contains(&m.advisory)) {
        add(None, found);
    }
    for (asset_id, serial_number) in assets {
        for found in judgement.matches_of(serial_number).iter().filter(|m| depends.contains(&m.advisory)) {
            add(Some(*asset_id), found);
        }
    }
}

/// The advisories for which the answer differs from asset to asset.
fn serial_dependent(judgement: &Judgement) -> FxHashSet<u32> {
    let all = judgement.matches.iter().chain(judgement.by_serial.values().flatten());
    all.filter(|m| m.depends_on_serial).map(|m| m.advisory).collect()
}

/// Where the variant stands by what holds for all its assets; what is kept per asset can only raise it.
fn standing(variant_id: i64, judgement: &Judgement) -> VariantStanding {
    let depends = serial_dependent(judgement);
    let worst = judgement
        .matches
        .iter()
        .map(|m| if depends.contains(&m.advisory) { Verdict::NotAffected } else { m.verdict })
        .max();
    let (standing, why) = match worst {
        Some(verdict) => (Standing::of_verdict(verdict), String::new()),
        None => match &judgement.unchecked {
            Some(why) => (Standing::CannotBeChecked, why.clone()),
            None => (Standing::NotNamed, String::new()),
        },
    };
    VariantStanding { variant_id, standing, why }
}

/// What is kept of a match.
pub(super) fn finding(advisory: &Advisory, found: &Match) -> Finding {
    let mut cves: Vec<String> = holding(advisory, found).into_iter().filter_map(|v| v.cve.clone()).collect();
    cves.sort();
    cves.dedup();
    Finding {
        verdict: found.verdict,
        doubts: found.doubts.clone(),
        confidence: found.confidence,
        reason: found.reason.clone(),
        product_pointer: advisory.products[found.product as usize].pointer.clone(),
        cves,
        fix: found.fix.clone(),
        advisory_version: advisory.version.clone(),
    }
}
