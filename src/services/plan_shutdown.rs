//! Shutdown plans: what a window could close, the choices of a person, the work order, and what was read back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use thiserror::Error;

use crate::domain::account::SiteScope;
use crate::domain::advisory::{Advisory, AdvisoryKey};
use crate::domain::asset::AssetEdit;
use crate::domain::audit::Act;
use crate::domain::exposure::{ExposureFilter, Finding};
use crate::domain::inventory::Field;
use crate::domain::mark::{Mark, MarkReason};
use crate::domain::nameplate::Variant;
use crate::domain::plan::{
    Blocked, Exposed, Mitigation, NewPlan, Obstacle, Origin, Plan, PlanAsset, Proposal, Step, StepOption, Target,
    WithoutFix, Work, compare_options, compare_steps, what_if,
};
use crate::domain::product_index::ProductIndex;
use crate::domain::remediation::RemediationCategory;
use crate::domain::verdict::{DoubtKind, Verdict};
use crate::report::row::ReportFinding;
use crate::report::vocabulary::instead_of_a_fix;
use crate::services::aliases::catalogue_of;
use crate::services::current_index::current_index;
use crate::services::edit_assets::{EditError, edit_assets};
use crate::services::load_advisories::LoadError;
use crate::services::note_act::{Deed, note};
use crate::services::progress::Progress;
use crate::services::report_marks::ReportMarks;
use crate::services::report_rows::Threats;
use crate::services::set_remediation::{MarkRequest, MarkScope, MarkedRow, set_remediation};
use crate::services::stored_report::report_finding;
use crate::store::plan::FrozenStep;
use crate::store::{self, Db, StoreError};

/// Why a plan could not be made or changed.
#[derive(Debug, Error)]
pub enum PlanError {
    #[error("cannot make the plan: the window ends before it starts: from {from} to {to}")]
    EndsBeforeItStarts { from: Timestamp, to: Timestamp },
    #[error("cannot make the plan: expected a name, found none")]
    NoName,
    #[error("cannot plan for the site `{site}`: expected one of {known}")]
    UnknownSite { site: String, known: String },
    #[error("cannot find plan {plan_id}\nhint: `nameplate plan list` shows all")]
    UnknownPlan { plan_id: i64 },
    #[error("cannot find step {variant_id} in plan {plan_id}\nhint: `nameplate plan show {plan_id}` lists the steps")]
    UnknownStep { plan_id: i64, variant_id: i64 },
    #[error("cannot change plan {plan_id}: it is frozen since {at}\nhint: make a new plan for what is left")]
    Frozen { plan_id: i64, at: Timestamp },
    #[error("cannot use plan {plan_id} for that: it is a draft\nhint: `nameplate plan freeze {plan_id}`")]
    Draft { plan_id: i64 },
    #[error("cannot freeze plan {plan_id}: it has no step\nhint: nothing at these sites has a fix to install")]
    Empty { plan_id: i64 },
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps a new plan, and gives its id.
///
/// # Errors
///
/// The window ends before it starts, the name is blank, a site is not known, or the database fails.
pub async fn make_plan(db: &Db, new: &NewPlan) -> Result<i64, PlanError> {
    if new.name.trim().is_empty() {
        return Err(PlanError::NoName);
    }
    if new.to <= new.from {
        return Err(PlanError::EndsBeforeItStarts { from: new.from, to: new.to });
    }
    check_sites(db, &new.sites).await?;
    let mut new = new.clone();
    new.sites.sort();
    new.sites.dedup();
    let plan_id = store::plan::save_plan(db, &new).await?;
    let sites = if new.sites.is_empty() { "all sites".to_owned() } else { new.sites.join(", ") };
    let told = format!("{sites}, {:.0} to {:.0}", new.from, new.to);
    let deed = Deed::new(&new.made_by, Act::ChangePlan, format!("plan {plan_id} {} made", new.name.trim()));
    note(db, deed.changing("", told), new.made_at).await?;
    Ok(plan_id)
}

async fn check_sites(db: &Db, sites: &[String]) -> Result<(), PlanError> {
    for site in sites {
        if store::site::find_site(db, site).await?.is_none() {
            let known = store::site::list_sites(db).await?;
            let known = known.iter().map(|known| format!("`{}`", known.name)).collect::<Vec<_>>().join(", ");
            return Err(PlanError::UnknownSite { site: site.clone(), known });
        }
    }
    Ok(())
}

/// The plan with this id.
///
/// # Errors
///
/// There is none, or the database fails.
pub async fn find_plan(db: &Db, plan_id: i64) -> Result<Plan, PlanError> {
    store::plan::find_plan(db, plan_id).await?.ok_or(PlanError::UnknownPlan { plan_id })
}

/// What the sites of the plan could gain in its window, with the choices that were made.
///
/// # Errors
///
/// There is no such plan, or the database fails.
pub async fn propose(db: &Db, plan_id: i64, now: Timestamp, progress: &dyn Progress) -> Result<Proposal, PlanError> {
    let plan = find_plan(db, plan_id).await?;
    let choices = store::plan::list_plan_choices(db, plan_id).await?;
    let scope = Scope::load(db, &plan.sites, now, progress).await?;
    Ok(tokio::task::block_in_place(|| scope.proposal(&choices)))
}

/// What no firmware closes, at these sites (none means all), with what is done about it instead.
///
/// # Errors
///
/// A site is not known, or the database fails.
pub async fn list_without_fix(
    db: &Db,
    sites: &[String],
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Vec<WithoutFix>, PlanError> {
    check_sites(db, sites).await?;
    let scope = Scope::load(db, sites, now, progress).await?;
    Ok(scope.without_fix())
}

/// What a person wants of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The target that is proposed.
    Proposed,
    /// This target.
    Target(String),
    LeaveOut,
}

/// Keeps the choice for one step of a draft.
///
/// # Errors
///
/// There is no such plan or step, the plan is frozen, or the database fails.
pub async fn choose(
    db: &Db,
    plan_id: i64,
    variant_id: i64,
    choice: &Choice,
    by: &str,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Proposal, PlanError> {
    let plan = find_plan(db, plan_id).await?;
    if let Some(frozen) = &plan.frozen {
        return Err(PlanError::Frozen { plan_id, at: frozen.at });
    }
    let mut choices = store::plan::list_plan_choices(db, plan_id).await?;
    let scope = Scope::load(db, &plan.sites, now, progress).await?;
    let chosen = match choice {
        Choice::Proposed => (None, false),
        Choice::Target(target) => (Some(target.trim().to_owned()), false),
        Choice::LeaveOut => (choices.get(&variant_id).and_then(|(target, _)| target.clone()), true),
    };
    let before = choices.insert(variant_id, chosen.clone());
    let proposal = tokio::task::block_in_place(|| scope.proposal(&choices));
    if !proposal.steps.iter().any(|step| step.variant_id == variant_id) {
        return Err(PlanError::UnknownStep { plan_id, variant_id });
    }
    store::plan::save_plan_choice(db, plan_id, variant_id, chosen.0.as_deref(), chosen.1).await?;
    let told = |choice: Option<&(Option<String>, bool)>| match choice {
        Some((_, true)) => "left out".to_owned(),
        Some((Some(target), false)) => target.clone(),
        _ => "as proposed".to_owned(),
    };
    let deed = Deed::new(by, Act::ChangePlan, format!("step {variant_id} of plan {plan_id} chosen"));
    note(db, deed.changing(told(before.as_ref()), told(Some(&chosen))), now).await?;
    Ok(proposal)
}

/// What freezing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreezeDone {
    /// Assets that are to be worked on.
    pub n_assets: u64,
    /// Their exposures that the plan closes, now marked as planned.
    pub n_planned: u64,
    /// Why exposures were not marked as planned, though the plan is frozen; blank when they are.
    pub problem: String,
}

/// Freezes the plan as it is proposed and chosen now: each asset of its steps that has something to close becomes a
/// piece of work, and what the step closes there is marked as planned.
///
/// # Errors
///
/// There is no such plan, it is frozen, no step is in it, or the database fails.
pub async fn freeze(
    db: &Db,
    plan_id: i64,
    by: &str,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<FreezeDone, PlanError> {
    let plan = find_plan(db, plan_id).await?;
    if let Some(frozen) = &plan.frozen {
        return Err(PlanError::Frozen { plan_id, at: frozen.at });
    }
    let choices = store::plan::list_plan_choices(db, plan_id).await?;
    let scope = Scope::load(db, &plan.sites, now, progress).await?;
    let proposal = tokio::task::block_in_place(|| scope.proposal(&choices));
    let mut planned: Vec<(i64, AdvisoryKey)> = Vec::new();
    let steps: Vec<FrozenStep> = proposal
        .planned()
        .map(|step| {
            let chosen = step.chosen();
            let mut advisories: Vec<String> = chosen.outcome.closed.iter().map(|key| key.id.clone()).collect();
            advisories.sort();
            let held = scope.variants.get(&step.variant_id);
            for key in &chosen.outcome.closed {
                let exposed = held.and_then(|held| held.exposures.get(key));
                planned.extend(exposed.into_iter().flat_map(|e| &e.assets).map(|asset_id| (*asset_id, key.clone())));
            }
            FrozenStep {
                variant_id: step.variant_id,
                assets: held.map(|held| held.assets.clone()).unwrap_or_default(),
                target: chosen.target.firmware.clone(),
                origin: chosen.target.origin,
                advisories,
            }
        })
        .collect();
    if steps.is_empty() {
        return Err(PlanError::Empty { plan_id });
    }
    let n_assets = store::plan::save_frozen_plan(db, plan_id, &steps, by, now).await?;
    let what = format!("plan {plan_id} {} frozen, {n_assets} assets in it", plan.name);
    note(db, Deed::new(by, Act::ChangePlan, what).changing("draft", "frozen"), now).await?;
    let mut done = FreezeDone { n_assets, ..FreezeDone::default() };
    if planned.is_empty() {
        return Ok(done);
    }
    let request = MarkRequest {
        scope: MarkScope {
            only: planned.into_iter().map(|(asset_id, key)| MarkedRow::Asset(asset_id, key)).collect(),
            ..MarkScope::default()
        },
        mark: Mark { reason: MarkReason::Planned, note: format!("plan {plan_id}: {}", plan.name), ..Mark::default() },
        ..MarkRequest::default()
    };
    // Who may freeze a plan may say that its work is planned; the sites are those of the plan.
    match set_remediation(db, &request, by, &SiteScope::All, now, progress).await {
        Ok(marked) => done.n_planned = marked.n_marked,
        Err(problem) => done.problem = problem.to_string(),
    }
    Ok(done)
}

/// The work of a frozen plan.
///
/// # Errors
///
/// There is no such plan, it is a draft, or the database fails.
pub async fn work(db: &Db, plan_id: i64) -> Result<Work, PlanError> {
    let plan = find_plan(db, plan_id).await?;
    if plan.frozen.is_none() {
        return Err(PlanError::Draft { plan_id });
    }
    let assets = store::plan::list_plan_assets(db, plan_id).await?;
    Ok(Work { plan, assets, news: store::plan::list_plan_news(db, plan_id).await? })
}

/// One reading after the work: which asset, and the firmware it shows. A blank site means that the tag is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub site: String,
    pub tag: String,
    pub firmware: String,
}

/// What readings came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBackDone {
    pub n_read: u64,
    /// Readings that were not taken, one sentence each.
    pub refused: Vec<String>,
    /// Exposures of variants that judging again closed and opened.
    pub n_closed: u64,
    pub n_opened: u64,
    /// Whether the devices were judged again.
    pub is_judged: bool,
    /// Why they were not; blank when they were, or nothing was read.
    pub problem: String,
}

/// Gives the devices the firmware that was read off them, judges them again, which closes by evidence what it closes,
/// and keeps the readings with the plan.
///
/// A reading whose firmware is blank is left aside: that device was not read. Of two readings of a device the later
/// counts.
///
/// # Errors
///
/// There is no such plan, it is a draft, nobody says who, or the database fails. A reading that fits no asset of the
/// plan is no error, nor is a run that keeps the devices from being judged at once: the next one judges them.
pub async fn read_back(
    db: &Db,
    plan_id: i64,
    readings: &[Reading],
    by: &str,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<ReadBackDone, PlanError> {
    let work = work(db, plan_id).await?;
    let mut by_tag: BTreeMap<&str, Vec<&PlanAsset>> = BTreeMap::new();
    for asset in &work.assets {
        by_tag.entry(asset.tag.as_str()).or_default().push(asset);
    }
    let mut done = ReadBackDone::default();
    let mut taken: BTreeMap<i64, String> = BTreeMap::new();
    for reading in readings.iter().filter(|reading| !reading.firmware.trim().is_empty()) {
        let fits: Vec<&&PlanAsset> = by_tag
            .get(reading.tag.trim())
            .into_iter()
            .flatten()
            .filter(|asset| reading.site.trim().is_empty() || asset.site == reading.site.trim())
            .collect();
        match fits.as_slice() {
            [asset] => drop(taken.insert(asset.asset_id, reading.firmware.trim().to_owned())),
            [] => done.refused.push(format!("`{}` is no asset of plan {plan_id}", reading.tag)),
            several => done.refused.push(format!(
                "`{}` is the tag of {} assets of plan {plan_id}; name the site beside it",
                reading.tag,
                several.len()
            )),
        }
    }
    if taken.is_empty() {
        return Ok(done);
    }
    let edits: Vec<AssetEdit> = taken
        .iter()
        .map(|(asset_id, firmware)| AssetEdit {
            asset_id: *asset_id,
            values: vec![(Field::Firmware, firmware.clone())],
        })
        .collect();
    match edit_assets(db, &edits, by, now, progress).await {
        Ok(edited) => {
            if let Some(rescanned) = edited.rescanned {
                (done.n_closed, done.n_opened) = (rescanned.rescan.n_closed, rescanned.rescan.n_opened);
            }
            done.is_judged = true;
        }
        // The values are written; the next run judges them.
        Err(EditError::Rescan(problem)) => done.problem = problem.to_string(),
        Err(problem) => return Err(problem.into()),
    }
    let taken: Vec<(i64, String)> = taken.into_iter().collect();
    done.n_read = store::plan::save_read_backs(db, plan_id, &taken, by, now).await?;
    Ok(done)
}

/// Keeps what is done about a variant at a site instead of a fix.
///
/// # Errors
///
/// The site is not known, or the database fails.
pub async fn mitigate(
    db: &Db,
    site: &str,
    variant_id: i64,
    mitigation: &Mitigation,
    now: Timestamp,
) -> Result<(), PlanError> {
    check_sites(db, &[site.to_owned()]).await?;
    store::plan::save_mitigation(db, site, variant_id, mitigation, now).await?;
    let Mitigation { measure, review_on, replace_in, decided_by, .. } = mitigation;
    let deed = Deed::new(decided_by, Act::ChangePlan, format!("mitigation kept for variant {variant_id} at {site}"));
    note(db, deed.changing("", format!("{measure}, review on {review_on}, replace in {replace_in}")), now).await?;
    Ok(())
}

/// The exposures of some sites by variant, with the documents that speak about them.
struct Scope {
    index: ProductIndex,
    documents: BTreeMap<AdvisoryKey, Arc<Advisory>>,
    variants: BTreeMap<i64, ScopeVariant>,
    mitigations: BTreeMap<(String, i64), Mitigation>,
    /// Exposures that are done or whose risk is accepted: no open work.
    n_handled: u64,
}

struct ScopeVariant {
    variant: Variant,
    assets: FxHashSet<i64>,
    sites: BTreeSet<String>,
    exposures: BTreeMap<AdvisoryKey, ScopeExposure>,
}

struct ScopeExposure {
    finding: Arc<Finding>,
    told: ReportFinding,
    n_assets: u64,
    assets: Vec<i64>,
}

impl Scope {
    async fn load(db: &Db, sites: &[String], now: Timestamp, progress: &dyn Progress) -> Result<Scope, PlanError> {
        let compiled = current_index(db, progress).await?;
        let (catalogue, _) = catalogue_of(db).await?;
        let index = compiled.index.with_decisions_of(Arc::new(catalogue));
        let documents: BTreeMap<AdvisoryKey, Arc<Advisory>> =
            index.advisories().iter().map(|advisory| (advisory.key(), advisory.clone())).collect();
        let threats = Threats::of_database(db).await?;
        let marks = ReportMarks::load(db, now).await?;
        let mut variants: BTreeMap<i64, ScopeVariant> = BTreeMap::new();
        let mut n_handled = 0;
        let filters: Vec<ExposureFilter> = if sites.is_empty() {
            vec![ExposureFilter::default()]
        } else {
            sites.iter().map(|site| ExposureFilter { site: Some(site.clone()), ..ExposureFilter::default() }).collect()
        };
        for filter in &filters {
            store::exposure::each_exposure_row_at(db, now, filter, |row| {
                if marks.is_handled(&row) {
                    n_handled += 1;
                    return Ok(());
                }
                let entry = variants.entry(row.key.variant_id).or_insert_with(|| ScopeVariant {
                    variant: row.asset.variant.clone(),
                    assets: FxHashSet::default(),
                    sites: BTreeSet::new(),
                    exposures: BTreeMap::new(),
                });
                entry.assets.insert(row.asset_id);
                if !entry.sites.contains(&row.asset.site) {
                    entry.sites.insert(row.asset.site.clone());
                }
                match entry.exposures.get_mut(&row.key.advisory) {
                    Some(exposure) => {
                        exposure.n_assets += 1;
                        exposure.assets.push(row.asset_id);
                    }
                    None => {
                        // A document that can no longer be read still has its exposures; they are without a fix.
                        let empty = Advisory::default();
                        let document = documents.get(&row.key.advisory).map_or(&empty, |document| &**document);
                        let told = report_finding(document, &row.finding, Vec::new(), &threats);
                        let (finding, assets) = (row.finding.clone(), vec![row.asset_id]);
                        let exposure = ScopeExposure { finding, told, n_assets: 1, assets };
                        entry.exposures.insert(row.key.advisory.clone(), exposure);
                    }
                }
                Ok::<(), StoreError>(())
            })
            .await?;
        }
        let mitigations = store::plan::list_mitigations(db).await?;
        Ok(Scope { index, documents, variants, mitigations, n_handled })
    }

    fn proposal(&self, choices: &BTreeMap<i64, (Option<String>, bool)>) -> Proposal {
        let variants: Vec<(&i64, &ScopeVariant)> = self.variants.iter().collect();
        let judged: Vec<(Option<Step>, Vec<Blocked>)> = variants
            .par_iter()
            .map(|(variant_id, variant)| self.judge(**variant_id, variant, choices.get(*variant_id)))
            .collect();
        let mut proposal =
            Proposal { without_fix: self.without_fix(), n_handled: self.n_handled, ..Proposal::default() };
        for (step, blocked) in judged {
            proposal.steps.extend(step);
            proposal.blocked.extend(blocked);
        }
        proposal.steps.sort_by(compare_steps);
        proposal.blocked.sort_by(|a, b| {
            a.obstacle
                .cmp(&b.obstacle)
                .then_with(|| b.n_exposures.cmp(&a.n_exposures))
                .then(a.variant_id.cmp(&b.variant_id))
        });
        for exposure in self.variants.values().flat_map(|variant| variant.exposures.values()) {
            proposal.n_exposures += exposure.n_assets;
            proposal.n_exploited += if exposure.told.is_exploited() { exposure.n_assets } else { 0 };
        }
        proposal
    }

    /// The step of one variant, if it has one, and what is in the way.
    fn judge(
        &self,
        variant_id: i64,
        held: &ScopeVariant,
        choice: Option<&(Option<String>, bool)>,
    ) -> (Option<Step>, Vec<Blocked>) {
        let mut blocked = Vec::new();
        let block = |obstacle, exposures: &[&ScopeExposure], detail: String| Blocked {
            variant_id,
            variant: held.variant.clone(),
            obstacle,
            n_assets: exposures.iter().map(|exposure| exposure.n_assets).max().unwrap_or(0),
            n_exposures: exposures.iter().map(|exposure| exposure.n_assets).sum(),
            detail,
        };
        // What is certain enough to be worked on, and what a doubt keeps back.
        let (ready, doubtful): (Vec<_>, Vec<_>) = held
            .exposures
            .iter()
            .filter(|(_, exposure)| !exposure.told.is_without_fix())
            .partition(|(_, exposure)| obstacle(&exposure.finding).is_none());
        let targets = self.targets(&ready);
        if ready.is_empty() || (targets.is_empty() && choice.is_none_or(|(target, _)| target.is_none())) {
            let mut by_obstacle: BTreeMap<Obstacle, Vec<&ScopeExposure>> = BTreeMap::new();
            for (_, exposure) in &doubtful {
                if let Some(obstacle) = obstacle(&exposure.finding) {
                    by_obstacle.entry(obstacle).or_default().push(exposure);
                }
            }
            blocked.extend(by_obstacle.iter().map(|(obstacle, exposures)| block(*obstacle, exposures, String::new())));
            let unnamed: Vec<&ScopeExposure> = ready.iter().map(|(_, exposure)| *exposure).collect();
            if let Some(first) = unnamed.first() {
                blocked.push(block(Obstacle::TargetNotNamed, &unnamed, instead_of_a_fix(&first.told)));
            }
            return (None, blocked);
        }
        let n_assets = held.assets.len() as u64;
        let exposed: BTreeMap<AdvisoryKey, Exposed> = held
            .exposures
            .iter()
            .map(|(key, e)| (key.clone(), Exposed { n_assets: e.n_assets, is_exploited: e.told.is_exploited() }))
            .collect();
        let option = |target: Target| {
            let outcome = what_if(&self.index, &held.variant, &target.firmware, &exposed, n_assets);
            StepOption { target, outcome }
        };
        let mut options: Vec<StepOption> = targets.into_iter().map(option).collect();
        options.sort_by(compare_options);
        if let Some((Some(chosen), _)) = choice {
            let chosen = match options.iter().position(|option| option.target.firmware == *chosen) {
                Some(at) => options.remove(at),
                None => option(Target { firmware: chosen.clone(), origin: Origin::Typed, advisory: String::new() }),
            };
            options.insert(0, chosen);
        }
        if let Some(needed) = self.entitlement(&ready) {
            let exposures: Vec<&ScopeExposure> = ready.iter().map(|(_, exposure)| *exposure).collect();
            blocked.push(block(Obstacle::EntitlementNeeded, &exposures, needed));
        }
        let Some(best) = options.first() else { return (None, blocked) };
        let closed = held.exposures.iter().filter(|(key, _)| best.outcome.closed.contains(key));
        let severity = closed.map(|(_, exposure)| exposure.told.severity).max().flatten();
        let restarts = ready.iter().flat_map(|(_, exposure)| exposure.told.remediations.iter());
        let restart = restarts.filter_map(|remedy| remedy.restart_required.clone()).find(|word| word != "none");
        let step = Step {
            variant_id,
            variant: held.variant.clone(),
            n_assets,
            severity,
            restart,
            // What closes nothing is shown, but not planned unless a person wants it.
            is_left_out: choice.map_or(best.outcome.n_closed == 0, |(_, is_left_out)| *is_left_out),
            options,
        };
        (Some(step), blocked)
    }

    /// The firmwares that fixes name, each once, from the most severe exposure on.
    fn targets(&self, ready: &[(&AdvisoryKey, &ScopeExposure)]) -> Vec<Target> {
        let mut ready: Vec<&(&AdvisoryKey, &ScopeExposure)> = ready.iter().collect();
        ready.sort_by(|a, b| a.1.told.compare_urgency(&b.1.told).then_with(|| a.0.cmp(b.0)));
        let mut targets: Vec<Target> = Vec::new();
        for (key, exposure) in ready {
            let Some(firmware) = exposure.finding.fix.clone().filter(|fix| !fix.trim().is_empty()) else { continue };
            if targets.iter().any(|target| target.firmware == firmware) {
                continue;
            }
            let range = self
                .documents
                .get(*key)
                .and_then(|document| document.products.iter().find(|p| p.pointer == exposure.finding.product_pointer))
                .and_then(|product| product.version_text());
            let is_bound = range.is_some_and(|range| range.replace('_', " ").contains(firmware.as_str()));
            let origin = if is_bound { Origin::Bound } else { Origin::VendorFix };
            targets.push(Target { firmware, origin, advisory: key.id.clone() });
        }
        targets
    }

    /// What is needed to get the fix, as the documents say it.
    fn entitlement(&self, ready: &[(&AdvisoryKey, &ScopeExposure)]) -> Option<String> {
        ready.iter().find_map(|(key, exposure)| {
            let document = self.documents.get(*key)?;
            let entry = document.products.iter().position(|p| p.pointer == exposure.finding.product_pointer)? as u32;
            document
                .vulnerabilities
                .iter()
                .flat_map(|vulnerability| &vulnerability.remediations)
                .filter(|r| r.category == RemediationCategory::VendorFix && r.products.binary_search(&entry).is_ok())
                .find_map(|r| r.entitlements.first().cloned())
        })
    }

    fn without_fix(&self) -> Vec<WithoutFix> {
        let mut found: Vec<WithoutFix> = Vec::new();
        for (variant_id, held) in &self.variants {
            let without: Vec<(&AdvisoryKey, &ScopeExposure)> =
                held.exposures.iter().filter(|(_, exposure)| exposure.told.is_without_fix()).collect();
            if without.is_empty() {
                continue;
            }
            let mut advice: Vec<String> = Vec::new();
            for (_, exposure) in &without {
                let said = instead_of_a_fix(&exposure.told);
                if !advice.contains(&said) {
                    advice.push(said);
                }
            }
            let is_final = without.iter().any(|(_, exposure)| {
                exposure.told.remediations.iter().any(|r| r.category == RemediationCategory::NoFixPlanned)
            });
            let of_site = |site: &String| self.mitigations.get(&(site.clone(), *variant_id)).cloned();
            found.push(WithoutFix {
                variant_id: *variant_id,
                variant: held.variant.clone(),
                sites: held.sites.iter().cloned().collect(),
                n_assets: without.iter().map(|(_, exposure)| exposure.n_assets).max().unwrap_or(0),
                n_exposures: without.iter().map(|(_, exposure)| exposure.n_assets).sum(),
                severity: without.iter().map(|(_, exposure)| exposure.told.severity).max().flatten(),
                advisories: without.iter().map(|(key, _)| key.id.clone()).collect(),
                is_final,
                advice,
                mitigations: held.sites.iter().filter_map(|s| Some((s.clone(), of_site(s)?))).collect(),
            });
        }
        found.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then_with(|| b.n_exposures.cmp(&a.n_exposures))
                .then(a.variant_id.cmp(&b.variant_id))
        });
        found
    }
}

/// What keeps an exposure from being planned: a doubt that a person has to remove first.
fn obstacle(finding: &Finding) -> Option<Obstacle> {
    if finding.verdict != Verdict::Possible {
        return None;
    }
    finding.doubts.iter().find_map(|doubt| match doubt.kind {
        DoubtKind::VersionUnknown => Some(Obstacle::FirmwareNotStated),
        DoubtKind::ProductUnsure => Some(Obstacle::ProductNotCertain),
        DoubtKind::Condition => Some(Obstacle::Condition),
        // The fix helps, whichever side of the bound the device is on.
        DoubtKind::ImpreciseBound => None,
    })
}
