//! What the owner does about exposures: one by one or in bulk, with a preview, and taken back as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};
use thiserror::Error;

use crate::domain::account::SiteScope;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::asset::AssetEdit;
use crate::domain::audit::{Act, NewAudit};
use crate::domain::exposure::{ExposureFilter, ExposureRow};
use crate::domain::filter::{Filter, FilterRow};
use crate::domain::inventory::Field;
use crate::domain::mark::{Mark, MarkReason, StoredMark};
use crate::domain::priority::{Severity, leading_score};
use crate::domain::remediation::RemediationStatus;
use crate::services::current_index::{CurrentIndex, current_index};
use crate::services::edit_assets::{EditError, edit_as};
use crate::services::load_advisories::LoadError;
use crate::services::progress::{Progress, Silent};
use crate::store::remediation::{NewMark, Of};
use crate::store::{self, Db, StoreError};

/// Why nothing was marked.
#[derive(Debug, Error)]
pub enum MarkError {
    #[error("cannot mark: no open exposure fits")]
    Nothing,
    #[error("cannot mark as `risk_accepted`: expected the last day as 2027-03-01, today or later, found `{found}`")]
    Day { found: String },
    #[error("cannot mark as `{reason}`: expected a day only with `risk_accepted`, found `{found}`")]
    NoDay { reason: &'static str, found: String },
    #[error("cannot mark as `firmware_updated`: expected the firmware that was installed, found none")]
    Firmware,
    #[error(
        "cannot mark as `firmware_updated`: expected devices of one model, found {n}\nhint: mark each model with its own firmware"
    )]
    SeveralModels { n: usize },
    #[error("cannot mark single CVEs as `{reason}`: a device is updated, replaced or removed as a whole")]
    WholeOnly { reason: &'static str },
    #[error("cannot mark: nobody said who\nhint: name yourself with --user or the key `user`")]
    Nobody,
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which open exposures are meant: those that fit all of it.
#[derive(Clone, Debug, Default)]
pub struct MarkScope {
    /// The filter of the list that the person looked at.
    pub filter: Filter,
    /// One advisory, asset or variant exactly.
    pub within: ExposureFilter,
    /// These rows of the list alone; all that fit when there are none.
    pub only: Vec<MarkedRow>,
}

impl MarkScope {
    /// What of the fleet has to be looked at: one asset, variant or advisory where all that is meant is of it.
    fn narrowest(&self) -> ExposureFilter {
        let mut within = self.within.clone();
        if let [only] = self.only.as_slice() {
            match only {
                MarkedRow::Asset(asset_id, advisory) => {
                    within.asset_id.get_or_insert(*asset_id);
                    within.advisory.get_or_insert(advisory.clone());
                }
                MarkedRow::Variant(variant_id, advisory) => {
                    within.variant_id.get_or_insert(*variant_id);
                    within.advisory.get_or_insert(advisory.clone());
                }
                MarkedRow::Nameplate(variant_id) => drop(within.variant_id.get_or_insert(*variant_id)),
                MarkedRow::Advisory(advisory) => drop(within.advisory.get_or_insert(advisory.clone())),
            }
        }
        within
    }
}

/// A row of a list that a person picked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MarkedRow {
    /// One asset and one advisory.
    Asset(i64, AdvisoryKey),
    /// All twins of a variant and one advisory.
    Variant(i64, AdvisoryKey),
    /// A nameplate with its firmware: whatever advisories say of it.
    Nameplate(i64),
    /// An advisory, whichever assets it speaks of.
    Advisory(AdvisoryKey),
}

/// What a person says of them.
#[derive(Clone, Debug, Default)]
pub struct MarkRequest {
    pub scope: MarkScope,
    /// These vulnerabilities alone; blank for all of each advisory.
    pub cves: Vec<String>,
    pub mark: Mark,
}

/// What a mark would touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarkPreview {
    pub n_exposures: u64,
    pub n_assets: u64,
    pub n_advisories: u64,
    /// Exposures by site.
    pub by_site: BTreeMap<String, u64>,
    /// Exposures by the status that they have now, in the order of [`RemediationStatus::ALL`].
    pub n_by_status: [u64; 3],
    /// The vulnerabilities of the exposures, sorted, each once; blank when they are too many to choose from.
    pub cves: Vec<String>,
    /// Exposures that fit but stand at sites that are not the person's.
    pub n_not_yours: u64,
}

/// What was marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// The act, for taking it back.
    pub audit_id: i64,
    /// Exposures that have the mark now.
    pub n_marked: u64,
    pub n_assets: u64,
    /// Exposures that stay open although the firmware was updated, and which were therefore not marked.
    pub n_still_open: u64,
    /// One sentence.
    pub told: String,
}

/// Vulnerabilities that a person can choose from.
const MAX_CVES: usize = 100;

/// One exposure of one asset that is meant.
struct Target {
    asset_id: i64,
    site: String,
    plate: [String; 3],
    advisory: AdvisoryKey,
    fingerprint: String,
    cves: Vec<String>,
}

/// What marking would touch; nothing is written.
///
/// # Errors
///
/// The database fails.
pub async fn preview_marks(
    db: &Db,
    request: &MarkRequest,
    sites: &SiteScope,
    now: Timestamp,
) -> Result<MarkPreview, MarkError> {
    let (targets, n_not_yours) = targets(db, request, sites, now).await?;
    let known = marks_of(db, &targets).await?;
    let today = today(now);
    let mut preview = MarkPreview { n_exposures: targets.len() as u64, n_not_yours, ..MarkPreview::default() };
    let mut assets: FxHashSet<i64> = FxHashSet::default();
    let mut advisories: BTreeSet<&AdvisoryKey> = BTreeSet::new();
    for target in &targets {
        assets.insert(target.asset_id);
        advisories.insert(&target.advisory);
        *preview.by_site.entry(target.site.clone()).or_default() += 1;
        let own = known.get(&(target.asset_id, target.advisory.clone())).map(Vec::as_slice).unwrap_or_default();
        preview.n_by_status[overall(own, target, &today) as usize] += 1;
    }
    let cves: BTreeSet<&String> = targets.iter().flat_map(|target| &target.cves).collect();
    if cves.len() <= MAX_CVES {
        preview.cves = cves.into_iter().cloned().collect();
    }
    preview.n_assets = assets.len() as u64;
    preview.n_advisories = advisories.len() as u64;
    Ok(preview)
}

/// Marks the exposures that are meant, at the sites of the person.
///
/// An updated firmware is written to the assets and judged: what closes by that evidence is marked as done, what stays
/// open is counted and left as it was.
///
/// # Errors
///
/// The mark lacks something or has too much, nothing fits, or the database fails; then nothing is written.
pub async fn set_remediation(
    db: &Db,
    request: &MarkRequest,
    who: &str,
    sites: &SiteScope,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Marked, MarkError> {
    check(request, who, now)?;
    let (mut targets, _) = targets(db, request, sites, now).await?;
    if targets.is_empty() {
        return Err(MarkError::Nothing);
    }
    let mark = &request.mark;
    let assets: FxHashSet<i64> = targets.iter().map(|target| target.asset_id).collect();
    let audit = NewAudit {
        who: who.to_owned(),
        act: Act::MarkRemediation,
        what: format!(
            "{} of {} marked as {}",
            counted(targets.len(), "exposure"),
            counted(assets.len(), "asset"),
            mark.in_words()
        ),
        before: String::new(),
        after: mark.note.clone(),
        undoes: None,
    };
    let mut marked = Marked { n_assets: assets.len() as u64, ..Marked::default() };
    let mut begun = None;
    if mark.reason == MarkReason::FirmwareUpdated {
        let models: BTreeSet<&[String; 3]> = targets.iter().map(|target| &target.plate).collect();
        if models.len() > 1 {
            return Err(MarkError::SeveralModels { n: models.len() });
        }
        let mut ids: Vec<i64> = assets.iter().copied().collect();
        ids.sort_unstable();
        let value = vec![(Field::Firmware, mark.firmware.clone())];
        let edits: Vec<AssetEdit> =
            ids.iter().map(|asset_id| AssetEdit { asset_id: *asset_id, values: value.clone() }).collect();
        begun = edit_as(db, &edits, &audit, now, progress).await?.audit_id;
        let n_before = targets.len();
        let open = still_open(db, &ids, Timestamp::now()).await?;
        targets.retain(|target| !open.contains(&(target.asset_id, target.advisory.clone())));
        marked.n_still_open = (n_before - targets.len()) as u64;
    }
    let rows = rows(db, &targets, request, &today(now)).await?;
    let of = begun.map_or(Of::New(&audit), Of::Begun);
    marked.n_marked = targets.len() as u64;
    // After judging the clock has gone on; a mark begins when it holds.
    let at = if begun.is_some() { Timestamp::now() } else { now };
    marked.audit_id = store::remediation::save_marks(db, &rows, of, at).await?;
    marked.told = told(&marked, mark);
    Ok(marked)
}

fn told(marked: &Marked, mark: &Mark) -> String {
    let mut text = format!(
        "{} of {} marked as {}.",
        counted(marked.n_marked as usize, "exposure"),
        counted(marked.n_assets as usize, "asset"),
        mark.in_words()
    );
    if marked.n_still_open > 0 {
        let n = counted(marked.n_still_open as usize, "exposure");
        text.push_str(&format!(" {n} stay open: {} is still in a range that is affected or possible.", mark.firmware));
    }
    text
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn check(request: &MarkRequest, who: &str, now: Timestamp) -> Result<(), MarkError> {
    let Mark { reason, expires_on, firmware, .. } = &request.mark;
    if who.trim().is_empty() {
        return Err(MarkError::Nobody);
    }
    if *reason == MarkReason::RiskAccepted {
        let is_day = expires_on.parse::<Date>().is_ok_and(|day| day.to_string() == *expires_on);
        if !is_day || *expires_on < today(now) {
            return Err(MarkError::Day { found: expires_on.clone() });
        }
    } else if !expires_on.is_empty() {
        return Err(MarkError::NoDay { reason: reason.word(), found: expires_on.clone() });
    }
    if *reason == MarkReason::FirmwareUpdated && firmware.trim().is_empty() {
        return Err(MarkError::Firmware);
    }
    let whole = matches!(reason, MarkReason::FirmwareUpdated | MarkReason::Replaced | MarkReason::Removed);
    if whole && !request.cves.is_empty() {
        return Err(MarkError::WholeOnly { reason: reason.word() });
    }
    Ok(())
}

/// The calendar day in UTC, `2026-11-22`.
pub fn today(now: Timestamp) -> String {
    now.strftime("%Y-%m-%d").to_string()
}

/// The open exposures that are meant, and the number of those at sites that are not the person's.
async fn targets(
    db: &Db,
    request: &MarkRequest,
    sites: &SiteScope,
    now: Timestamp,
) -> Result<(Vec<Target>, u64), MarkError> {
    let scope = &request.scope;
    let only: FxHashSet<&MarkedRow> = scope.only.iter().collect();
    let facts = Facts::load(db, &scope.filter, now).await?;
    let mine: FxHashSet<String> = store::site::list_sites(db)
        .await?
        .into_iter()
        .filter(|site| sites.covers(site.site_id))
        .map(|site| site.name)
        .collect();
    let mut found = Vec::new();
    let mut n_not_yours = 0;
    store::exposure::each_exposure_row_at(db, now.max(Timestamp::now()), &scope.narrowest(), |row: ExposureRow| {
        let advisory = row.key.advisory.clone();
        let has_cve = request.cves.is_empty() || request.cves.iter().any(|cve| row.finding.cves.contains(cve));
        let is_named = only.is_empty()
            || only.contains(&MarkedRow::Asset(row.asset_id, advisory.clone()))
            || only.contains(&MarkedRow::Variant(row.key.variant_id, advisory.clone()))
            || only.contains(&MarkedRow::Nameplate(row.key.variant_id))
            || only.contains(&MarkedRow::Advisory(advisory.clone()));
        if !has_cve || !is_named || !facts.fits(&scope.filter, &row) {
            return Ok(());
        }
        if !mine.contains(&row.asset.site) {
            n_not_yours += 1;
            return Ok(());
        }
        let plate = &row.asset.variant.nameplate;
        found.push(Target {
            asset_id: row.asset_id,
            site: row.asset.site.clone(),
            plate: [plate.vendor.clone(), plate.model.clone(), plate.part_number.clone()],
            advisory,
            fingerprint: row.finding.fingerprint.clone(),
            cves: row.finding.cves.clone(),
        });
        Ok::<(), StoreError>(())
    })
    .await?;
    Ok((found, n_not_yours))
}

/// What a filter looks at beyond the exposure itself; loaded only where the filter asks for it.
#[derive(Default)]
struct Facts {
    today: String,
    statuses: FxHashMap<(i64, AdvisoryKey), StoredMark>,
    exploited: FxHashSet<String>,
    index: Option<Arc<CurrentIndex>>,
}

impl Facts {
    async fn load(db: &Db, filter: &Filter, now: Timestamp) -> Result<Facts, MarkError> {
        let mut facts = Facts { today: today(now), ..Facts::default() };
        if !filter.statuses.is_empty() {
            let marks = store::remediation::list_marks_at(db, now.max(Timestamp::now()), None).await?;
            facts.statuses = marks.into_iter().map(|mark| ((mark.asset_id, mark.advisory.clone()), mark)).collect();
        }
        if filter.exploited.is_some() {
            let kev = store::kev::find_kev(db).await?.unwrap_or_default();
            facts.exploited = kev.entries.into_iter().map(|entry| entry.cve).collect();
        }
        if filter.severity.is_some() {
            facts.index = Some(current_index(db, &Silent).await?);
        }
        Ok(facts)
    }

    fn fits(&self, filter: &Filter, row: &ExposureRow) -> bool {
        if filter.is_empty() {
            return true;
        }
        let (asset, finding) = (&row.asset, &row.finding);
        let plate = &asset.variant.nameplate;
        let mark = self.statuses.get(&(row.asset_id, row.key.advisory.clone()));
        filter.fits(&FilterRow {
            site: &asset.site,
            area: &asset.area,
            vendor: &plate.vendor,
            verdict: finding.verdict,
            severity: self.severity(row),
            is_exploited: finding.cves.iter().any(|cve| self.exploited.contains(cve)),
            status: mark.filter(|m| m.holds(&finding.fingerprint, &self.today)).map(|m| m.status).unwrap_or_default(),
            confidence: finding.confidence,
            has_fix: finding.fix.is_some(),
            advisory: &row.key.advisory.id,
            cves: &finding.cves,
            texts: &[
                &plate.vendor,
                &plate.model,
                &plate.part_number,
                &asset.variant.firmware,
                &asset.tag,
                &asset.serial_number,
                &row.key.advisory.id,
            ],
        })
    }

    fn severity(&self, row: &ExposureRow) -> Option<Severity> {
        let index = &self.index.as_ref()?.index;
        let at = index.advisories().binary_search_by_key(&row.key.advisory, |advisory| advisory.key()).ok()?;
        let advisory = &index.advisories()[at];
        let product = advisory.products.iter().position(|p| p.pointer == row.finding.product_pointer)?;
        let holding = advisory
            .vulnerabilities
            .iter()
            .filter(|v| v.cve.as_ref().is_none_or(|cve| row.finding.cves.binary_search(cve).is_ok()));
        leading_score(holding, product as u32).map(|score| Severity::of_score(score.base_score))
    }
}

/// The marks in force by asset and advisory.
type Known = FxHashMap<(i64, AdvisoryKey), Vec<StoredMark>>;

async fn marks_of(db: &Db, targets: &[Target]) -> Result<Known, StoreError> {
    let mut ids: Vec<i64> = targets.iter().map(|target| target.asset_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut known = Known::default();
    for mark in store::remediation::list_marks(db, &ids, None).await? {
        known.entry((mark.asset_id, mark.advisory.clone())).or_default().push(mark);
    }
    Ok(known)
}

/// The pairs of these assets and advisories that are open.
async fn still_open(db: &Db, ids: &[i64], at: Timestamp) -> Result<FxHashSet<(i64, AdvisoryKey)>, StoreError> {
    let mut open = FxHashSet::default();
    for asset_id in ids {
        let filter = ExposureFilter { asset_id: Some(*asset_id), ..ExposureFilter::default() };
        for row in store::exposure::list_exposure_rows_at(db, at, &filter).await? {
            open.insert((row.asset_id, row.key.advisory.clone()));
        }
    }
    Ok(open)
}

/// The status of an exposure by the marks in force on it; a mark that no longer holds counts as none.
fn overall(marks: &[StoredMark], target: &Target, today: &str) -> RemediationStatus {
    let whole = marks.iter().find(|mark| mark.cve.is_empty());
    whole.filter(|mark| mark.holds(&target.fingerprint, today)).map(|mark| mark.status).unwrap_or_default()
}

/// What is to be kept for these exposures.
async fn rows(db: &Db, targets: &[Target], request: &MarkRequest, today: &str) -> Result<Vec<NewMark>, StoreError> {
    let new = |target: &Target, cve: &str, status, mark: Mark| NewMark {
        asset_id: target.asset_id,
        advisory: target.advisory.clone(),
        cve: cve.to_owned(),
        status,
        mark,
        fingerprint: target.fingerprint.clone(),
        replaces_all: request.cves.is_empty(),
    };
    let mark = &request.mark;
    if request.cves.is_empty() {
        return Ok(targets.iter().map(|target| new(target, "", mark.status(), mark.clone())).collect());
    }
    let known = marks_of(db, targets).await?;
    let mut rows = Vec::new();
    for target in targets {
        let own = known.get(&(target.asset_id, target.advisory.clone())).map(Vec::as_slice).unwrap_or_default();
        let holding: Vec<&StoredMark> = own.iter().filter(|m| m.holds(&target.fingerprint, today)).collect();
        // A mark of the whole advisory holds on for each CVE that is not meant now.
        let whole = holding.iter().find(|m| m.cve.is_empty() && m.mark.reason != MarkReason::PerCve);
        let mut statuses = Vec::new();
        for cve in &target.cves {
            let is_meant = request.cves.contains(cve);
            let before = holding.iter().find(|m| m.cve == *cve).or(whole);
            match (is_meant, before) {
                (true, _) => {
                    statuses.push(mark.status());
                    rows.push(new(target, cve, mark.status(), mark.clone()));
                }
                (false, Some(before)) => {
                    statuses.push(before.status);
                    rows.push(new(target, cve, before.status, before.mark.clone()));
                }
                (false, None) => statuses.push(RemediationStatus::NotRemediated),
            }
        }
        let sum = Mark { reason: MarkReason::PerCve, ..Mark::default() };
        rows.push(new(target, "", together(&statuses), sum));
    }
    Ok(rows)
}

/// What the statuses of single CVEs come to: done when all are, in progress when anything was begun.
fn together(statuses: &[RemediationStatus]) -> RemediationStatus {
    if !statuses.is_empty() && statuses.iter().all(|status| *status == RemediationStatus::Done) {
        RemediationStatus::Done
    } else if statuses.iter().any(|status| *status != RemediationStatus::NotRemediated) {
        RemediationStatus::InProgress
    } else {
        RemediationStatus::NotRemediated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_of_single_cves_come_to_one() {
        use RemediationStatus::{Done, InProgress, NotRemediated};
        for (statuses, sum) in [
            (&[Done, Done][..], Done),
            (&[Done, NotRemediated], InProgress),
            (&[InProgress, NotRemediated], InProgress),
            (&[NotRemediated, NotRemediated], NotRemediated),
            (&[], NotRemediated),
        ] {
            assert_eq!(together(statuses), sum, "{statuses:?}");
        }
    }

    #[test]
    fn a_mark_needs_what_its_reason_needs_and_nothing_else() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let request = |reason, expires_on: &str, firmware: &str, cves: &[&str]| MarkRequest {
            mark: Mark {
                reason,
                note: String::new(),
                expires_on: expires_on.to_owned(),
                firmware: firmware.to_owned(),
            },
            cves: cves.iter().map(|cve| (*cve).to_owned()).collect(),
            ..MarkRequest::default()
        };
        for (given, problem) in [
            (request(MarkReason::RiskAccepted, "2027-03-01", "", &[]), None),
            (request(MarkReason::RiskAccepted, "2026-11-22", "", &[]), None),
            (request(MarkReason::RiskAccepted, "2026-11-21", "", &[]), Some("found `2026-11-21`")),
            (request(MarkReason::RiskAccepted, "", "", &[]), Some("expected the last day")),
            (request(MarkReason::RiskAccepted, "20270301", "", &[]), Some("expected the last day")),
            (request(MarkReason::Planned, "2027-03-01", "", &[]), Some("only with `risk_accepted`")),
            (request(MarkReason::FirmwareUpdated, "", "4.0.0", &[]), None),
            (request(MarkReason::FirmwareUpdated, "", " ", &[]), Some("the firmware that was installed")),
            (request(MarkReason::Replaced, "", "", &["CVE-2022-46680"]), Some("as a whole")),
            (request(MarkReason::MitigationApplied, "", "", &["CVE-2022-46680"]), None),
        ] {
            let told = check(&given, "M. Okafor", now).err().map(|error| error.to_string());
            match (&told, problem) {
                (None, None) => {}
                (Some(told), Some(part)) => assert!(told.contains(part), "{told}"),
                _ => panic!("{given:?}: {told:?}"),
            }
        }
    }
}
