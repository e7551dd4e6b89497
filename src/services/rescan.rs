//! The rescan: the variants of the database against its advisories, all of them or a part; only what changed is saved.
//! A run of a part leaves exactly what a run of all would leave there.

mod finding;
mod mark;
mod pending;
mod selection;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use thiserror::Error;

use crate::domain::advisory::{Advisory, AdvisoryKey};
use crate::domain::asset::Standing;
use crate::domain::catalogue::pack::decisions_of;
use crate::domain::catalogue::{Decisions, Holder};
use crate::domain::exposure::{ExposureChanges, ExposureKey, Finding, diff};
use crate::domain::matching::Match;
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::domain::rescan::{Rescan, RescanResult, Scope, Trigger, VariantStanding};
use crate::domain::review::KnownAnswer;
use crate::domain::verdict::Verdict;
use crate::domain::witness::{mentions_of, names_of};
use crate::services::current_index::{CurrentIndex, current_index};
use crate::services::judge::{Asked, Judged, Judgement, judge_holders};
use crate::services::lease::{self, Taken};
use crate::services::listing::follow_up;
use crate::services::load_advisories::LoadError;
use crate::services::progress::{Progress, Silent};
use crate::store::variant::VariantHolder;
use crate::store::{self, Db, StoreError};

use finding::Findings;
use selection::Selection;

pub use mark::{save_decided, state_of_decisions};
pub use pending::{has_news, rescan_nightly, rescan_pending};

/// Why a rescan came to nothing. What was valid before stays valid.
#[derive(Debug, Error)]
pub enum RescanError {
    #[error(
        "cannot rescan: another rescan is running since {since} (`{holder}`)\nhint: wait until it is done; a run that died frees the way after a minute"
    )]
    Busy { holder: String, since: Timestamp },
    #[error("the rescan was cancelled; the last result stays valid")]
    Cancelled,
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

/// What is to be judged, and what is kept of it with the run.
struct Order<'a> {
    scope: &'a Scope,
    trigger: Trigger,
    /// See [`Rescan::whole_because`].
    whole_because: String,
}

/// Judges everything anew and saves the differences in one transaction.
///
/// Killed at any moment it leaves the last result as it was. A variant whose matching fails keeps its exposures.
///
/// # Errors
///
/// Another rescan is running, or the database fails.
pub async fn rescan(db: &Db, trigger: Trigger, progress: &dyn Progress) -> Result<Rescanned, RescanError> {
    rescan_whole(db, trigger, String::new(), progress).await
}

async fn rescan_whole(
    db: &Db,
    trigger: Trigger,
    whole_because: String,
    progress: &dyn Progress,
) -> Result<Rescanned, RescanError> {
    held(db, &Order { scope: &Scope::All, trigger, whole_because }, progress).await
}

/// As [`rescan`], for a list of advisories or of assets. Beside them it judges what shares a question with them.
///
/// # Errors
///
/// As [`rescan`].
pub async fn rescan_part(
    db: &Db,
    scope: &Scope,
    trigger: Trigger,
    progress: &dyn Progress,
) -> Result<Rescanned, RescanError> {
    held(db, &Order { scope, trigger, whole_because: String::new() }, progress).await
}

/// Runs while no other process does, and brings lists and sums up to date after it.
async fn held(db: &Db, order: &Order<'_>, progress: &dyn Progress) -> Result<Rescanned, RescanError> {
    let held = match lease::take(db, store::rescan::LEASE).await? {
        Taken::Held(held) => held,
        Taken::By(holder, since) => return Err(RescanError::Busy { holder, since }),
    };
    let result = run(db, held.holder(), order, progress).await;
    let freed = held.give_back().await;
    let rescanned = result?;
    freed?;
    follow_up(db, rescanned.rescan.finished_at).await;
    Ok(rescanned)
}

async fn run(db: &Db, holder: &str, order: &Order<'_>, progress: &dyn Progress) -> Result<Rescanned, RescanError> {
    let started_at = Timestamp::now();
    let scope = order.scope;
    // Before anything is read: what comes meanwhile is looked at once more, and not left out.
    let mark_now = mark::mark_now(db).await?;
    let mut laps = Laps::start();
    let current = current_index(db, progress).await?;
    let index = &current.index;
    laps.lap("the advisories are compiled");
    let (decisions, answers) = decisions(db, index).await?;
    let all = store::variant::list_variants_for_rescan(db).await?;
    laps.lap("the variants are read");
    let selection = Selection::of(db, scope, &current, &decisions, &all).await?;
    laps.lap("what to judge is chosen");
    let variants: Vec<(i64, Variant)> = match &selection {
        Selection::All => all,
        Selection::Only(ids) => all.into_iter().filter(|(id, _)| ids.contains(id)).collect(),
    };
    let mark = match &selection {
        Selection::All => mark_now,
        Selection::Only(ids) => mark::mark_of_part(db, ids, mark_now).await?,
    };
    let open = match &selection {
        Selection::All => store::exposure::list_open_exposures(db).await?,
        Selection::Only(_) => {
            let ids: Vec<i64> = variants.iter().map(|(id, _)| *id).collect();
            store::exposure::list_open_exposures_of(db, &ids).await?
        }
    };
    laps.lap("the open exposures are read");
    let n_assets = match scope {
        Scope::Assets(ids) => ids.len() as u64,
        _ => store::asset::count_assets(db).await?,
    };
    let threats = store::kev::find_kev(db).await?.unwrap_or_default();
    let asked: Vec<Asked<'_>> =
        variants.iter().map(|(_, variant)| Asked { variant, holder: Holder::default() }).collect();
    let judged = tokio::task::block_in_place(|| judge_holders(index, &decisions, &asked, progress));
    laps.lap("the variants are judged");
    let by_asset = judge_assets(db, index, &decisions, &variants, &judged).await?;
    laps.lap("the single assets are judged");
    if progress.is_cancelled() {
        return Err(RescanError::Cancelled);
    }

    let mut findings = Findings::new(index, &threats, &answers);
    let mut standings = Vec::with_capacity(variants.len());
    let mut not_judged: FxHashSet<i64> = FxHashSet::default();
    let mut warnings = current.unreadable.clone();
    warnings.extend(current.of_aliases.iter().cloned());
    for ((variant_id, variant), judged) in variants.iter().zip(&judged) {
        let judgement = match judged {
            Judged::Done(judgement) => judgement,
            Judged::Failed(why) => {
                let plate = &variant.nameplate;
                warnings.push(format!("not judged: {} {} {}: {why}", plate.vendor, plate.model, plate.part_number));
                not_judged.insert(*variant_id);
                continue;
            }
        };
        let assets = by_asset.get(variant_id).map(Vec::as_slice).unwrap_or_default();
        let apart = judged_apart(judgement, assets);
        for found in judgement.matches.iter().filter(|found| !apart.contains(&found.advisory)) {
            findings.add(*variant_id, variant, None, found);
        }
        for (asset_id, matches) in assets {
            for found in matches.iter().filter(|found| apart.contains(&found.advisory)) {
                findings.add(*variant_id, variant, Some(*asset_id), found);
            }
        }
        standings.push(standing(*variant_id, judgement, &apart));
    }
    let (after, questions) = findings.finish();
    // What could not be judged now keeps what it had: not knowing is no reason to close an exposure.
    let unread: FxHashSet<&AdvisoryKey> = current.unreadable_keys.iter().collect();
    let (kept, before): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|(key, _)| not_judged.contains(&key.variant_id) || unread.contains(&key.advisory));
    let mut changes = diff(&before, &after);
    changes.n_same += kept.len() as u64;
    changes.closed_because = closed_because(index, &changes.closed);
    let still: FxHashSet<&str> =
        questions.iter().map(|q| q.digest.as_str()).chain(kept.iter().map(|(_, f)| f.question.as_str())).collect();
    let mut answered: Vec<String> = before
        .iter()
        .map(|(_, finding)| finding.question.as_str())
        .filter(|question| !question.is_empty() && !still.contains(question))
        .map(str::to_owned)
        .collect();
    answered.sort_unstable();
    answered.dedup();

    let rescan = Rescan {
        trigger: order.trigger,
        scope: scope.clone(),
        started_at,
        finished_at: Timestamp::now(),
        matcher_version: env!("CARGO_PKG_VERSION").to_owned(),
        whole_because: order.whole_because.clone(),
        n_assets,
        n_variants: variants.len() as u64,
        n_advisories: index.advisories().len() as u64,
        n_opened: changes.opened.len() as u64,
        n_changed: changes.changed.len() as u64,
        n_closed: changes.closed.len() as u64,
        n_same: changes.n_same,
        n_not_judged: not_judged.len() as u64,
        error: None,
    };
    laps.lap("the differences are known");
    let judged = judged_revisions(scope, &current);
    let result = RescanResult { changes, standings, judged, questions, answered, mark };
    let rescan_id = store::rescan::save_rescan(db, holder, &rescan, &result).await?;
    laps.lap("the run is saved");
    Ok(Rescanned { rescan_id, rescan, changes: result.changes, warnings })
}

/// Tells the log how long each part of a run took.
struct Laps(std::time::Instant);

impl Laps {
    fn start() -> Laps {
        Laps(std::time::Instant::now())
    }

    fn lap(&mut self, what: &str) {
        tracing::debug!(ms = self.0.elapsed().as_millis(), "rescan: {what}");
        *self = Laps::start();
    }
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

/// The revisions that a run of this scope has judged against all it had to be judged against.
fn judged_revisions(scope: &Scope, current: &CurrentIndex) -> Vec<(AdvisoryKey, String)> {
    match scope {
        Scope::All => current.judged.clone(),
        Scope::Advisories(keys) => current.judged.iter().filter(|(key, _)| keys.contains(key)).cloned().collect(),
        Scope::Assets(_) => Vec::new(),
    }
}

/// The decisions that hold, and all answers in force. An answer to a product of which an advisory now says something
/// else does not hold until it is given again.
async fn decisions(db: &Db, index: &ProductIndex) -> Result<(Decisions, Vec<KnownAnswer>), StoreError> {
    let answers = store::review::list_answers_in_force(db).await?;
    let overtaken: FxHashSet<i64> = answers
        .iter()
        .filter(|answer| finding::is_overtaken(index, &answer.question))
        .filter_map(|answer| answer.alias_id)
        .collect();
    let aliases = store::alias::list_aliases_in_force(db).await?;
    let in_force = aliases.iter().filter(|known| !overtaken.contains(&known.alias_id)).map(|known| &known.alias);
    Ok((decisions_of(in_force, index.catalogue()), answers))
}

/// The assets of a variant with what holds for each of them.
type ByAsset = FxHashMap<i64, Vec<(i64, Vec<Match>)>>;

/// Judges each asset for itself where an answer depends on its serial number, or on a decision that is not for all.
async fn judge_assets(
    db: &Db,
    index: &ProductIndex,
    decisions: &Decisions,
    variants: &[(i64, Variant)],
    judged: &[Judged],
) -> Result<ByAsset, StoreError> {
    let mut depend: FxHashMap<i64, (&Variant, bool)> = FxHashMap::default();
    for ((variant_id, variant), judged) in variants.iter().zip(judged) {
        let Judged::Done(judgement) = judged else { continue };
        let by_serial = judgement.matches.iter().any(|found| found.depends_on_serial);
        let plate = &variant.nameplate;
        let by_decision = !decisions.is_empty() && {
            let key = index.catalogue().device_key(&plate.vendor, &plate.model, &plate.part_number);
            decisions.depend_on_holder(&key)
        };
        if by_serial || by_decision {
            depend.insert(*variant_id, (variant, by_decision));
        }
    }
    let mut ids: Vec<i64> = depend.keys().copied().collect();
    ids.sort_unstable();
    let assets = store::variant::list_holders(db, &ids).await?;
    // Assets that differ in nothing that matters are judged once.
    let mut places: FxHashMap<(i64, Holder<'_>), usize> = FxHashMap::default();
    let mut asked: Vec<Asked<'_>> = Vec::new();
    let mut place_of: Vec<usize> = Vec::with_capacity(assets.len());
    for asset in &assets {
        let (variant, by_decision) = depend[&asset.variant_id];
        let holder = holder_of(asset, by_decision);
        let place = *places.entry((asset.variant_id, holder)).or_insert_with(|| {
            asked.push(Asked { variant, holder });
            asked.len() - 1
        });
        place_of.push(place);
    }
    let answers = tokio::task::block_in_place(|| judge_holders(index, decisions, &asked, &Silent));
    let mut by_asset = ByAsset::default();
    for (asset, place) in assets.iter().zip(place_of) {
        // One that fails alone is told with what holds for its variant.
        if let Judged::Done(judgement) = &answers[place] {
            by_asset.entry(asset.variant_id).or_default().push((asset.asset_id, judgement.matches.clone()));
        }
    }
    Ok(by_asset)
}

fn holder_of(asset: &VariantHolder, by_decision: bool) -> Holder<'_> {
    if by_decision {
        Holder {
            serial_number: &asset.serial_number,
            site: &asset.site,
            asset_id: asset.asset_id,
            first_seen_at: &asset.first_seen_at,
        }
    } else {
        Holder::with_serial(&asset.serial_number)
    }
}

/// The advisories for which the answer differs from asset to asset.
fn judged_apart(judgement: &Judgement, assets: &[(i64, Vec<Match>)]) -> FxHashSet<u32> {
    let all = || judgement.matches.iter().chain(assets.iter().flat_map(|(_, matches)| matches));
    let mut apart: FxHashSet<u32> = all().filter(|m| m.depends_on_serial).map(|m| m.advisory).collect();
    let of = |matches: &[Match], advisory: u32| matches.iter().find(|m| m.advisory == advisory).cloned();
    for (_, matches) in assets {
        for found in judgement.matches.iter().chain(matches) {
            if !apart.contains(&found.advisory) && of(matches, found.advisory) != of(&judgement.matches, found.advisory)
            {
                apart.insert(found.advisory);
            }
        }
    }
    apart
}

/// Where the variant stands by what holds for all its assets; what is kept per asset can only raise it.
fn standing(variant_id: i64, judgement: &Judgement, apart: &FxHashSet<u32>) -> VariantStanding {
    let worst = judgement
        .matches
        .iter()
        .map(|m| if apart.contains(&m.advisory) { Verdict::NotAffected } else { m.verdict })
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

/// What is kept of a match that is looked at by itself, without a question.
pub(super) fn finding(advisory: &Advisory, found: &Match) -> Finding {
    finding::of(advisory, found)
}

/// What a run found for one key.
type Found = (ExposureKey, Finding);
