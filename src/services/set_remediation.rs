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
use crate::domain::exposure::ExposureFilter;
use crate::domain::filter::Filter;
use crate::domain::inventory::Field;
use crate::domain::listing::{ListSort, ListView, ListedExposure};
use crate::domain::mark::{Mark, MarkReason, StoredMark};
use crate::domain::remediation::RemediationStatus;
use crate::domain::site;
use crate::services::edit_assets::{EditError, edit_as};
use crate::services::listing::{follow_up, refresh_listing_if_missing};
use crate::services::progress::{Progress, ToTheEnd};
use crate::store::listing::exposures::{ExposureList, ListCursor, list_exposures};
use crate::store::remediation::{NewMark, Of};
use crate::store::{self, Db, StoreError};

/// Exposures that a page or a program waits for; more are marked, or taken back, by a job.
pub const MANY: u64 = 2_000;

/// Exposures that one mark is for at most: what is looked up is held in memory.
const MAX_TARGETS: usize = 100_000;

/// Exposures that are read at a time.
const PAGE: u32 = 10_000;

/// Named rows that are looked up one by one; more of them are looked for among all of their advisories.
const FEW_ROWS: usize = 50;

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
    #[error(
        "cannot mark: more than {MAX_TARGETS} exposures are meant\nhint: narrow the filter, by site, advisory or nameplate"
    )]
    TooMany,
    #[error("the marking was cancelled; nothing was written")]
    Cancelled,
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
    /// These rows of the list alone; all that fit when there are none.
    pub only: Vec<MarkedRow>,
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
    site: Arc<str>,
    said: Arc<Said>,
}

/// What an exposure says; its twins share it.
struct Said {
    exposure_id: i64,
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
    progress: &dyn Progress,
) -> Result<MarkPreview, MarkError> {
    let targets = targets(db, request, sites, now, progress).await?;
    let known = marks_of(db, &targets).await?;
    let today = today(now);
    let mut preview = MarkPreview { n_exposures: targets.len() as u64, ..MarkPreview::default() };
    let mut assets: FxHashSet<i64> = FxHashSet::default();
    let mut advisories: BTreeSet<&AdvisoryKey> = BTreeSet::new();
    let mut by_site: BTreeMap<&str, u64> = BTreeMap::new();
    for target in &targets {
        assets.insert(target.asset_id);
        advisories.insert(&target.said.advisory);
        *by_site.entry(&target.site).or_default() += 1;
        let own = known.get(&(target.asset_id, &target.said.advisory)).map(Vec::as_slice).unwrap_or_default();
        preview.n_by_status[overall(own, target, &today) as usize] += 1;
    }
    let cves: BTreeSet<&String> = targets.iter().flat_map(|target| &target.said.cves).collect();
    if cves.len() <= MAX_CVES {
        preview.cves = cves.into_iter().cloned().collect();
    }
    preview.by_site = by_site.into_iter().map(|(site, n)| (site.to_owned(), n)).collect();
    preview.n_assets = assets.len() as u64;
    preview.n_advisories = advisories.len() as u64;
    Ok(preview)
}

/// Exposures that are about to be marked: looked up and checked, and not yet written.
pub struct Marking {
    request: MarkRequest,
    who: String,
    targets: Vec<Target>,
}

impl Marking {
    /// The exposures that are meant.
    pub fn n_exposures(&self) -> u64 {
        self.targets.len() as u64
    }

    /// What is about to be done, in words: "Mark 3 exposures as planned".
    pub fn title(&self) -> String {
        format!("Mark {} as {}", counted(self.targets.len(), "exposure"), self.request.mark.in_words())
    }
}

/// Looks up the exposures that are meant, at the sites of the person, and checks what is said of them.
///
/// # Errors
///
/// The mark lacks something or has too much, nothing fits, or the database fails.
pub async fn prepare_marks(
    db: &Db,
    request: MarkRequest,
    who: &str,
    sites: &SiteScope,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Marking, MarkError> {
    check(&request, who, now)?;
    let targets = targets(db, &request, sites, now, progress).await?;
    if targets.is_empty() {
        return Err(MarkError::Nothing);
    }
    if request.mark.reason == MarkReason::FirmwareUpdated {
        let models: BTreeSet<&[String; 3]> = targets.iter().map(|target| &target.said.plate).collect();
        if models.len() > 1 {
            return Err(MarkError::SeveralModels { n: models.len() });
        }
    }
    Ok(Marking { request, who: who.to_owned(), targets })
}

/// Marks the exposures that are meant, at the sites of the person.
///
/// An updated firmware is written to the assets and judged: what closes by that evidence is marked as done, what stays
/// open is counted and left as it was.
///
/// # Errors
///
/// As [`prepare_marks`] and [`carry_out`].
pub async fn set_remediation(
    db: &Db,
    request: &MarkRequest,
    who: &str,
    sites: &SiteScope,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Marked, MarkError> {
    let marking = prepare_marks(db, request.clone(), who, sites, now, progress).await?;
    carry_out(db, marking, now, progress).await
}

/// Writes what was prepared: all of it, or nothing when it is cancelled. Once an updated firmware is written it goes on
/// to its end.
///
/// # Errors
///
/// It was cancelled, or the database fails.
pub async fn carry_out(
    db: &Db,
    marking: Marking,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Marked, MarkError> {
    let Marking { request, who, mut targets } = marking;
    let mark = &request.mark;
    let assets: FxHashSet<i64> = targets.iter().map(|target| target.asset_id).collect();
    let audit = NewAudit {
        who,
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
    if progress.is_cancelled() {
        return Err(MarkError::Cancelled);
    }
    if mark.reason == MarkReason::FirmwareUpdated {
        let mut ids: Vec<i64> = assets.iter().copied().collect();
        ids.sort_unstable();
        let value = vec![(Field::Firmware, mark.firmware.clone())];
        let edits: Vec<AssetEdit> =
            ids.iter().map(|asset_id| AssetEdit { asset_id: *asset_id, values: value.clone() }).collect();
        begun = edit_as(db, &edits, &audit, now, &ToTheEnd(progress)).await?.audit_id;
        let n_before = targets.len();
        let open = still_open(db, &ids, Timestamp::now()).await?;
        targets.retain(|target| !open.contains(&(target.asset_id, target.said.advisory.clone())));
        marked.n_still_open = (n_before - targets.len()) as u64;
    }
    marked.n_marked = targets.len() as u64;
    // After judging the clock has gone on; a mark begins when it holds.
    let at = if begun.is_some() { Timestamp::now() } else { now };
    let known = if request.cves.is_empty() { Known::default() } else { marks_of(db, &targets).await? };
    let today = today(now);
    let rows = targets.iter().flat_map(|target| rows_of(target, &request, &known, &today));
    progress.begin("Marking exposures", Some(marked.n_marked));
    let goes_on = |n: u64| {
        progress.advance(n);
        begun.is_some() || !progress.is_cancelled()
    };
    let of = begun.map_or(Of::New(&audit), Of::Begun);
    let saved = store::remediation::save_marks(db, rows, of, at, goes_on).await?;
    progress.end();
    marked.audit_id = saved.ok_or(MarkError::Cancelled)?;
    // Assets whose exposures are all done or accepted count as handled.
    follow_up(db, at).await;
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

/// The open exposures that are meant, as the lists show them.
async fn targets(
    db: &Db,
    request: &MarkRequest,
    sites: &SiteScope,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Vec<Target>, MarkError> {
    let filter = &request.scope.filter;
    let sites = sites_meant(db, filter, sites).await?;
    refresh_listing_if_missing(db, now).await?;
    let wanted = |line: &ListedExposure, cves: &[String]| {
        cves.is_empty() || cves.iter().any(|cve| line.finding.cves.contains(cve))
    };
    let mut found = Found::default();
    progress.begin("Looking up the exposures", None);
    for part in Part::of(&request.scope.only) {
        let list = ExposureList {
            filter,
            sites: sites.clone(),
            view: ListView::Asset,
            sort: ListSort::Work,
            variant_id: part.variant_id,
            asset_id: part.asset_id,
            advisory: part.advisory.cloned(),
        };
        let mut after = None;
        loop {
            let page = list_exposures(db, &list, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map(ListCursor::after);
            progress.advance(page.len() as u64);
            for line in page {
                if wanted(&line, &request.cves) && wanted(&line, &filter.cves) && part.means(&line) {
                    found.add(line);
                }
            }
            if found.targets.len() > MAX_TARGETS {
                return Err(MarkError::TooMany);
            }
            if is_last {
                break;
            }
            if progress.is_cancelled() {
                return Err(MarkError::Cancelled);
            }
        }
    }
    progress.end();
    Ok(found.targets)
}

/// The sites that the filter means and the person may change.
async fn sites_meant(db: &Db, filter: &Filter, sites: &SiteScope) -> Result<SiteScope, StoreError> {
    if filter.sites.is_empty() {
        return Ok(sites.clone());
    }
    let known: Vec<(i64, String)> =
        store::site::list_sites(db).await?.into_iter().map(|site| (site.site_id, site.name)).collect();
    let meant = filter.sites.iter().filter_map(|word| site::find(&known, word)).map(|(site_id, _)| *site_id);
    Ok(sites.and(&SiteScope::Only(meant.collect())))
}

/// One question for the lists: what the rows that a person picked have in common, so that no more is read.
#[derive(Default)]
struct Part<'a> {
    variant_id: Option<i64>,
    asset_id: Option<i64>,
    advisory: Option<&'a AdvisoryKey>,
    /// Of the advisory these alone; all when `None`.
    holders: Option<Holders>,
}

/// Assets and variants.
type Holders = (FxHashSet<i64>, FxHashSet<i64>);

impl<'a> Part<'a> {
    /// The questions that together are these rows; one for everything where there are none.
    fn of(rows: &'a [MarkedRow]) -> Vec<Part<'a>> {
        if rows.is_empty() {
            return vec![Part::default()];
        }
        let mut parts = Vec::new();
        let mut by_advisory: BTreeMap<&AdvisoryKey, Holders> = BTreeMap::new();
        let is_few = rows.len() <= FEW_ROWS;
        for row in rows {
            match row {
                MarkedRow::Nameplate(id) => parts.push(Part { variant_id: Some(*id), ..Part::default() }),
                MarkedRow::Advisory(key) => parts.push(Part { advisory: Some(key), ..Part::default() }),
                MarkedRow::Asset(id, key) if is_few => {
                    parts.push(Part { asset_id: Some(*id), advisory: Some(key), ..Part::default() });
                }
                MarkedRow::Variant(id, key) if is_few => {
                    parts.push(Part { variant_id: Some(*id), advisory: Some(key), ..Part::default() });
                }
                MarkedRow::Asset(id, key) => drop(by_advisory.entry(key).or_default().0.insert(*id)),
                MarkedRow::Variant(id, key) => drop(by_advisory.entry(key).or_default().1.insert(*id)),
            }
        }
        let of_many = by_advisory.into_iter().map(|(key, holders)| Part {
            advisory: Some(key),
            holders: Some(holders),
            ..Part::default()
        });
        parts.extend(of_many);
        parts
    }

    fn means(&self, line: &ListedExposure) -> bool {
        self.holders.as_ref().is_none_or(|(assets, variants)| {
            variants.contains(&line.variant_id) || line.asset.as_ref().is_some_and(|a| assets.contains(&a.asset_id))
        })
    }
}

/// The exposures that were found, each once, however many of the rows mean it.
#[derive(Default)]
struct Found {
    targets: Vec<Target>,
    known: FxHashSet<(i64, i64)>,
    sites: BTreeSet<Arc<str>>,
}

impl Found {
    fn add(&mut self, line: ListedExposure) {
        let Some(asset) = line.asset else { return };
        if !self.known.insert((asset.asset_id, line.exposure_id)) {
            return;
        }
        let site = match self.sites.get(asset.site.as_str()) {
            Some(site) => site.clone(),
            None => {
                let site: Arc<str> = asset.site.into();
                self.sites.insert(site.clone());
                site
            }
        };
        // Lists give the twins of an exposure one after the other.
        let said = match self.targets.last() {
            Some(last) if last.said.exposure_id == line.exposure_id => last.said.clone(),
            _ => {
                let plate = line.variant.nameplate;
                Arc::new(Said {
                    exposure_id: line.exposure_id,
                    plate: [plate.vendor, plate.model, plate.part_number],
                    advisory: line.advisory,
                    fingerprint: line.finding.fingerprint,
                    cves: line.finding.cves,
                })
            }
        };
        self.targets.push(Target { asset_id: asset.asset_id, site, said });
    }
}

/// The marks in force by asset and advisory.
type Known<'a> = FxHashMap<(i64, &'a AdvisoryKey), Vec<StoredMark>>;

async fn marks_of<'a>(db: &Db, targets: &'a [Target]) -> Result<Known<'a>, StoreError> {
    let mut ids: Vec<i64> = targets.iter().map(|target| target.asset_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let advisories: BTreeSet<&AdvisoryKey> = targets.iter().map(|target| &target.said.advisory).collect();
    let mut known = Known::default();
    for mark in store::remediation::list_marks(db, &ids, None).await? {
        if let Some(advisory) = advisories.get(&mark.advisory) {
            known.entry((mark.asset_id, *advisory)).or_default().push(mark);
        }
    }
    Ok(known)
}

/// The pairs of these assets and advisories that are open.
async fn still_open(db: &Db, ids: &[i64], at: Timestamp) -> Result<FxHashSet<(i64, AdvisoryKey)>, StoreError> {
    let meant: FxHashSet<i64> = ids.iter().copied().collect();
    let mut open = FxHashSet::default();
    for variant_id in store::variant::list_variants_of_assets(db, ids).await? {
        let filter = ExposureFilter { variant_id: Some(variant_id), ..ExposureFilter::default() };
        store::exposure::each_exposure_row_at(db, at, &filter, |row| {
            if meant.contains(&row.asset_id) {
                open.insert((row.asset_id, row.key.advisory.clone()));
            }
            Ok::<(), StoreError>(())
        })
        .await?;
    }
    Ok(open)
}

/// The status of an exposure by the marks in force on it; a mark that no longer holds counts as none.
fn overall(marks: &[StoredMark], target: &Target, today: &str) -> RemediationStatus {
    let whole = marks.iter().find(|mark| mark.cve.is_empty());
    whole.filter(|mark| mark.holds(&target.said.fingerprint, today)).map(|mark| mark.status).unwrap_or_default()
}

/// What is to be kept for this exposure.
fn rows_of(target: &Target, request: &MarkRequest, known: &Known<'_>, today: &str) -> Vec<NewMark> {
    let Said { advisory, fingerprint, cves, .. } = target.said.as_ref();
    let new = |cve: &str, status, mark: Mark| NewMark {
        asset_id: target.asset_id,
        advisory: advisory.clone(),
        cve: cve.to_owned(),
        status,
        mark,
        fingerprint: fingerprint.clone(),
        replaces_all: request.cves.is_empty(),
    };
    let mark = &request.mark;
    if request.cves.is_empty() {
        return vec![new("", mark.status(), mark.clone())];
    }
    let own = known.get(&(target.asset_id, advisory)).map(Vec::as_slice).unwrap_or_default();
    let holding: Vec<&StoredMark> = own.iter().filter(|m| m.holds(fingerprint, today)).collect();
    // A mark of the whole advisory holds on for each CVE that is not meant now.
    let whole = holding.iter().find(|m| m.cve.is_empty() && m.mark.reason != MarkReason::PerCve);
    let mut rows = Vec::new();
    let mut statuses = Vec::new();
    for cve in cves {
        let is_meant = request.cves.contains(cve);
        let before = holding.iter().find(|m| m.cve == *cve).or(whole);
        match (is_meant, before) {
            (true, _) => {
                statuses.push(mark.status());
                rows.push(new(cve, mark.status(), mark.clone()));
            }
            (false, Some(before)) => {
                statuses.push(before.status);
                rows.push(new(cve, before.status, before.mark.clone()));
            }
            (false, None) => statuses.push(RemediationStatus::NotRemediated),
        }
    }
    let sum = Mark { reason: MarkReason::PerCve, ..Mark::default() };
    rows.push(new("", together(&statuses), sum));
    rows
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
