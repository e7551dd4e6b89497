//! What is known about the devices of a site, for other programs: the content of VEX documents.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::domain::advisory::AdvisoryKey;
use crate::domain::asset::KnownAsset;
use crate::domain::exposure::ExposureFilter;
use crate::domain::mark::{MarkReason, StoredMark};
use crate::domain::matching::{Match, Part, PartResult, near_misses};
use crate::domain::nameplate::Variant;
use crate::domain::verdict::Verdict;
use crate::report::vex::{Justification, Vex, VexDecision, VexProduct, VexStatement, VexStatus};
use crate::services::judge::{Judged, Question, judge};
use crate::services::progress::Progress;
use crate::services::report_rows::{Threats, report_advisory, report_finding};
use crate::services::set_remediation::today;
use crate::services::stored_report::{ReportBase, ReportError};
use crate::store::{self, Db, StoreError};

/// Who says it, and of which site.
#[derive(Clone, Debug)]
pub struct VexRequest {
    pub site: String,
    /// The organisation that runs the site.
    pub publisher: String,
    /// A URI that belongs to it.
    pub namespace: String,
    /// Other products of the same advisories that were ruled out, told for each nameplate at most.
    pub n_near_misses: usize,
}

/// Why there is no document.
#[derive(Debug, Error)]
pub enum VexError {
    #[error(
        "cannot write a VEX document: expected the namespace to be a URI like `https://plant.example`, found `{0}`"
    )]
    Namespace(String),
    #[error("cannot write a VEX document of the site `{0}`: it has no assets")]
    NoAssets(String),
    #[error("cannot write a VEX document of the site `{0}`: no advisory names any of its assets")]
    NothingNamed(String),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Assets that are fetched at a time.
const PAGE: u32 = 5_000;

/// Judges the devices of one site and says of each what each advisory that names it says.
///
/// # Errors
///
/// Nothing was judged yet, the site is not known or has nothing to tell, the namespace is no URI, or the database fails.
pub async fn site_vex(db: &Db, request: &VexRequest, progress: &dyn Progress) -> Result<Vex, VexError> {
    let is_uri = request.namespace.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.is_empty()
            && rest.chars().all(|c| c.is_ascii_graphic())
    });
    if !is_uri {
        return Err(VexError::Namespace(request.namespace.clone()));
    }
    let base = ReportBase::load(db, None, progress).await?;
    base.check_site(&request.site).await?;
    let held = held_variants(db, &request.site).await?;
    if held.is_empty() {
        return Err(VexError::NoAssets(request.site.clone()));
    }
    let threats = Threats::of_database(db).await?;
    let marks = SiteMarks::load(db, &request.site, &held, Timestamp::now()).await?;
    let vex = tokio::task::block_in_place(|| build(request, &base, &held, &threats, &marks, progress));
    if vex.statements.is_empty() {
        return Err(VexError::NothingNamed(request.site.clone()));
    }
    Ok(vex)
}

/// The variants of a site with their assets, by variant.
async fn held_variants(db: &Db, site: &str) -> Result<BTreeMap<i64, (Variant, Vec<KnownAsset>)>, StoreError> {
    let mut held: BTreeMap<i64, (Variant, Vec<KnownAsset>)> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = store::asset::list_assets(db, Some(site), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(held) };
        after = last.asset_id;
        for asset in page {
            let entry = held.entry(asset.variant_id).or_insert_with(|| (asset.asset.variant.clone(), Vec::new()));
            entry.1.push(asset);
        }
    }
}

fn build(
    request: &VexRequest,
    base: &ReportBase,
    held: &BTreeMap<i64, (Variant, Vec<KnownAsset>)>,
    threats: &Threats,
    marks: &SiteMarks,
    progress: &dyn Progress,
) -> Vex {
    let questions: Vec<Question> = held
        .values()
        .map(|(variant, assets)| {
            let mut serial_numbers: Vec<String> =
                assets.iter().map(|a| a.asset.serial_number.clone()).filter(|serial| !serial.is_empty()).collect();
            serial_numbers.sort();
            serial_numbers.dedup();
            Question { variant: variant.clone(), serial_numbers }
        })
        .collect();
    let judged = judge(base.index(), &questions, progress);
    let mut vex = Vex {
        site: request.site.clone(),
        judged_at: base.judged_at(),
        publisher: request.publisher.clone(),
        namespace: request.namespace.clone(),
        products: Vec::new(),
        advisories: Vec::new(),
        statements: Vec::new(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut teller = Teller { base, threats, marks, places: FxHashMap::default(), vex: &mut vex };
    for ((variant_id, (variant, assets)), judged) in held.iter().zip(&judged) {
        // A variant that could not be judged has nothing to tell.
        let Judged::Done(judgement) = judged else { continue };
        let of_variant = product(format!("V{variant_id}"), variant, assets.iter());
        let ids: Vec<i64> = assets.iter().map(|asset| asset.asset_id).collect();
        teller.tell(of_variant, &ids, &judgement.matches, variant, request.n_near_misses);
        for asset in assets {
            if let Some(matches) = judgement.by_serial.get(&asset.asset.serial_number) {
                let differs = matches.iter().filter(|found| found.depends_on_serial).cloned().collect::<Vec<Match>>();
                let own = product(format!("V{variant_id}-A{}", asset.asset_id), variant, std::iter::once(asset));
                teller.tell(own, &[asset.asset_id], &differs, variant, 0);
            }
        }
    }
    vex
}

fn product<'a>(id: String, variant: &Variant, assets: impl Iterator<Item = &'a KnownAsset>) -> VexProduct {
    let plate = &variant.nameplate;
    let (mut serial_numbers, mut tags) = (Vec::new(), Vec::new());
    for known in assets {
        serial_numbers.extend(Some(known.asset.serial_number.clone()).filter(|serial| !serial.trim().is_empty()));
        tags.push(known.asset.tag.clone());
    }
    for list in [&mut serial_numbers, &mut tags] {
        list.sort();
        list.dedup();
    }
    VexProduct {
        id,
        vendor: plate.vendor.clone(),
        model: plate.model.clone(),
        part_number: plate.part_number.clone(),
        hardware_revision: plate.hardware_revision.clone(),
        firmware: variant.firmware.clone(),
        serial_numbers,
        assets: tags,
    }
}

/// What the owner of a site does about its exposures now.
struct SiteMarks {
    /// Marks in force, by asset and advisory; that of the whole has no CVE.
    marks: FxHashMap<(i64, AdvisoryKey), Vec<StoredMark>>,
}

/// What the owner says of some devices, one advisory and one CVE.
#[derive(Default)]
struct Said {
    decisions: Vec<VexDecision>,
    /// Each of them was replaced or removed.
    are_all_gone: bool,
}

impl SiteMarks {
    async fn load(
        db: &Db,
        site: &str,
        held: &BTreeMap<i64, (Variant, Vec<KnownAsset>)>,
        now: Timestamp,
    ) -> Result<SiteMarks, StoreError> {
        let ids: Vec<i64> = held.values().flat_map(|(_, assets)| assets).map(|asset| asset.asset_id).collect();
        let known = store::remediation::list_marks(db, &ids, None).await?;
        let mut marks: FxHashMap<(i64, AdvisoryKey), Vec<StoredMark>> = FxHashMap::default();
        if known.is_empty() {
            return Ok(SiteMarks { marks });
        }
        for mark in known {
            marks.entry((mark.asset_id, mark.advisory.clone())).or_default().push(mark);
        }
        // A mark holds while the exposure is told as it was when the mark was given.
        let mut holding: FxHashMap<(i64, AdvisoryKey), Vec<StoredMark>> = FxHashMap::default();
        let today = today(now);
        let filter = ExposureFilter { site: Some(site.to_owned()), ..ExposureFilter::default() };
        store::exposure::each_exposure_row_at(db, now, &filter, |row| {
            if let Some(mut own) = marks.remove(&(row.asset_id, row.key.advisory.clone())) {
                own.retain(|mark| mark.holds(&row.finding.fingerprint, &today));
                holding.insert((row.asset_id, row.key.advisory.clone()), own);
            }
            Ok::<(), StoreError>(())
        })
        .await?;
        Ok(SiteMarks { marks: holding })
    }

    fn of(&self, assets: &[i64], advisory: &AdvisoryKey, cve: &str) -> Said {
        if self.marks.is_empty() {
            return Said::default();
        }
        let mut counted: BTreeMap<(MarkReason, String), usize> = BTreeMap::new();
        let mut n_gone = 0;
        for asset_id in assets {
            let Some(own) = self.marks.get(&(*asset_id, advisory.clone())) else { continue };
            let of_cve = own.iter().find(|mark| !cve.is_empty() && mark.cve == cve);
            let whole = || own.iter().find(|mark| mark.cve.is_empty() && mark.mark.reason != MarkReason::PerCve);
            let Some(mark) = of_cve.or_else(whole) else { continue };
            let mut text = mark.mark.in_words();
            if let Some(first) = text.get(..1).map(str::to_uppercase) {
                text.replace_range(..1, &first);
            }
            text.push_str(&format!(", said on {}", today(mark.since)));
            if !mark.mark.note.trim().is_empty() {
                text.push_str(&format!(": {}", mark.mark.note.trim()));
            }
            n_gone += usize::from(matches!(mark.mark.reason, MarkReason::Replaced | MarkReason::Removed));
            *counted.entry((mark.mark.reason, text)).or_default() += 1;
        }
        let decisions = counted
            .into_iter()
            .map(|((reason, text), n)| {
                let text = if n == assets.len() { text } else { format!("{n} of {} devices: {text}", assets.len()) };
                VexDecision { reason, text }
            })
            .collect();
        Said { decisions, are_all_gone: !assets.is_empty() && n_gone == assets.len() }
    }
}

struct Teller<'a> {
    base: &'a ReportBase,
    threats: &'a Threats,
    marks: &'a SiteMarks,
    /// Places in the list of advisories, by key.
    places: FxHashMap<AdvisoryKey, usize>,
    vex: &'a mut Vex,
}

impl Teller<'_> {
    /// Adds the product with what is said of it; nothing when nothing is.
    fn tell(
        &mut self,
        product: VexProduct,
        assets: &[i64],
        matches: &[Match],
        variant: &Variant,
        n_near_misses: usize,
    ) {
        let index = self.base.index();
        let place = self.vex.products.len();
        let before = self.vex.statements.len();
        for found in matches {
            let document = &index.advisories()[found.advisory as usize];
            let told = report_finding(document, std::sync::Arc::new(report_advisory(document)), found, self.threats);
            let advisory = self.advisory(found.advisory);
            for (at, verdict) in &found.vulnerabilities {
                let vulnerability = &document.vulnerabilities[*at as usize];
                // A doubt about the product holds for each of its vulnerabilities.
                let mut status = match (*verdict).min(found.verdict) {
                    Verdict::Affected => VexStatus::Affected,
                    Verdict::Possible => VexStatus::UnderInvestigation,
                    Verdict::NotAffected => VexStatus::NotAffected,
                };
                let mut because = (status == VexStatus::NotAffected).then(|| justification(found));
                let cve = vulnerability.cve.as_deref().unwrap_or_default();
                let said = match status {
                    VexStatus::NotAffected => Said::default(),
                    _ => self.marks.of(assets, &document.key(), cve),
                };
                if said.are_all_gone {
                    // The devices that were affected are no longer there.
                    status = VexStatus::NotAffected;
                    because = Some(Justification::ComponentNotPresent);
                }
                self.vex.statements.push(VexStatement {
                    product: place,
                    advisory,
                    cve: vulnerability.cve.clone(),
                    status,
                    justification: because,
                    detail: found.reason.clone(),
                    fix: told.fix.clone(),
                    remediations: told.remediations.clone(),
                    decisions: said.decisions,
                });
            }
        }
        for near in near_misses(index, variant, n_near_misses) {
            let document = &index.advisories()[near.advisory as usize];
            let advisory = self.advisory(near.advisory);
            let mut cves: Vec<Option<&String>> = document.vulnerabilities.iter().map(|v| v.cve.as_ref()).collect();
            cves.sort_unstable();
            cves.dedup();
            for cve in cves {
                self.vex.statements.push(VexStatement {
                    product: place,
                    advisory,
                    cve: cve.cloned(),
                    status: VexStatus::NotAffected,
                    justification: Some(Justification::ComponentNotPresent),
                    detail: near.reason.clone(),
                    fix: None,
                    remediations: std::sync::Arc::default(),
                    decisions: Vec::new(),
                });
            }
        }
        if self.vex.statements.len() > before {
            self.vex.products.push(product);
        }
    }

    fn advisory(&mut self, at: u32) -> usize {
        let document = &self.base.index().advisories()[at as usize];
        *self.places.entry(document.key()).or_insert_with(|| {
            self.vex.advisories.push(report_advisory(document));
            self.vex.advisories.len() - 1
        })
    }
}

/// Why a product that the advisory names is not affected: a part of the device that differs is not there, else its
/// firmware does not have the fault.
fn justification(found: &Match) -> Justification {
    let is_other_part = found
        .evidence
        .iter()
        .any(|part| part.result == PartResult::Differs && matches!(part.part, Part::Condition | Part::Product));
    if is_other_part { Justification::ComponentNotPresent } else { Justification::CodeNotPresent }
}
