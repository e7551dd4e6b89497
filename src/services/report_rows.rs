//! From judged variants and their assets to the rows and sums of a report.

use std::sync::Arc;

use jiff::Timestamp;
use rayon::slice::ParallelSliceMut as _;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::advisory::{Advisory, Tlp, Vulnerability};
use crate::domain::asset::{Asset, Standing};
use crate::domain::matching::Match;
use crate::domain::priority::{Epss, EpssList, KevCatalogue, Severity, leading_score};
use crate::domain::product::Product;
use crate::domain::product_index::ProductIndex;
use crate::domain::remediation::Remediation;
use crate::domain::site::{SiteSummary, UncheckedAsset};
use crate::domain::verdict::Verdict;
use crate::domain::version_range::VersionRange;
use crate::report::row::{
    Joined, ReportAdvisory, ReportAsset, ReportFinding, ReportRemediation, ReportRow, compare_rows,
};
use crate::services::judge::Judged;
use crate::services::report_witnesses::Witnesses;
use crate::store::{self, Db, StoreError};

/// The assets of a fleet, by their places from 0.
pub trait FleetAssets {
    fn n_assets(&self) -> usize;
    fn site(&self, at: usize) -> &str;
    fn serial_number(&self, at: usize) -> &str;
    /// The asset as reports show it.
    fn asset(&self, at: usize) -> Arc<ReportAsset>;

    /// The asset among those that cannot be checked.
    fn unchecked(&self, at: usize, why: Arc<str>) -> UncheckedAsset {
        let asset = self.asset(at);
        UncheckedAsset {
            site: asset.site.clone(),
            asset_id: asset.asset_id.clone(),
            vendor: asset.vendor.clone(),
            model: asset.model.clone(),
            why,
        }
    }
}

impl FleetAssets for Vec<Arc<ReportAsset>> {
    fn n_assets(&self) -> usize {
        self.len()
    }

    fn site(&self, at: usize) -> &str {
        &self[at].site
    }

    fn serial_number(&self, at: usize) -> &str {
        &self[at].serial_number
    }

    fn asset(&self, at: usize) -> Arc<ReportAsset> {
        self[at].clone()
    }
}

/// Assets with the variant each has, and what was judged for the variants.
pub struct JudgedFleet<'a> {
    pub assets: &'a dyn FleetAssets,
    /// For each asset its place in `judged`.
    pub variant_of: &'a [u32],
    pub judged: &'a [Judged],
    pub index: &'a ProductIndex,
    pub threats: &'a Threats,
}

/// What lists of the world say about vulnerabilities, for quick look-ups.
#[derive(Clone, Debug, Default)]
pub struct Threats {
    /// Date of listing by CVE.
    exploited: FxHashMap<String, String>,
    /// Probability and percentile by CVE, in parts per million.
    epss: FxHashMap<String, (u32, u32)>,
    epss_date: String,
}

impl Threats {
    /// What these lists say; a list that is not loaded says nothing.
    pub fn of(kev: Option<KevCatalogue>, epss: Option<EpssList>) -> Threats {
        let epss = epss.unwrap_or_default();
        Threats {
            exploited: kev.unwrap_or_default().entries.into_iter().map(|e| (e.cve, e.date_added)).collect(),
            epss_date: epss.date,
            epss: epss.entries.into_iter().map(|e| (e.cve, (e.probability_ppm, e.percentile_ppm))).collect(),
        }
    }

    /// What the database holds of these lists.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn of_database(db: &Db) -> Result<Threats, StoreError> {
        Ok(Threats::of(store::kev::find_kev(db).await?, store::epss::find_epss(db).await?))
    }

    /// Whether the vulnerability is known to be exploited.
    pub fn is_exploited(&self, cve: &str) -> bool {
        self.exploited.contains_key(cve)
    }

    /// The calendar date on which this CVE was listed as exploited, which may be blank; `None` when it is not listed.
    pub fn exploited_since(&self, cve: &str) -> Option<&str> {
        self.exploited.get(cve).map(String::as_str)
    }

    /// How probable an exploit is: `EPSS 42.0 %, higher than 94 % (2026-11-20)`; blank when nothing is known.
    pub fn epss_in_words(&self, cve: &str) -> String {
        let Some((probability, percentile)) = self.epss.get(cve) else { return String::new() };
        let date = if self.epss_date.is_empty() { String::new() } else { format!(" ({})", self.epss_date) };
        format!("EPSS {:.1} %, higher than {} %{date}", f64::from(*probability) / 10_000.0, percentile / 10_000)
    }

    /// Whether one of these CVEs is known to be exploited, and the highest probability among them in parts per million,
    /// 0 when none is known.
    pub fn of_cves(&self, cves: &[String]) -> (bool, u32) {
        let is_exploited = cves.iter().any(|cve| self.exploited.contains_key(cve));
        let highest = cves.iter().filter_map(|cve| self.epss.get(cve)).map(|(probability, _)| *probability).max();
        (is_exploited, highest.unwrap_or(0))
    }

    /// Fills in what the lists say of the finding's CVEs.
    pub fn add_to(&self, finding: &mut ReportFinding) {
        let listed = |cve: &&String| self.exploited.contains_key(*cve);
        finding.exploited = finding.cves.iter().filter(listed).cloned().collect();
        let dates = finding.exploited.iter().filter_map(|cve| self.exploited.get(cve));
        finding.exploited_since = dates.filter(|date| !date.is_empty()).min().cloned().unwrap_or_default();
        let highest = finding.cves.iter().filter_map(|cve| self.epss.get(cve)).max();
        finding.epss = highest.map(|(probability_ppm, percentile_ppm)| Epss {
            probability_ppm: *probability_ppm,
            percentile_ppm: *percentile_ppm,
            date: self.epss_date.clone(),
        });
    }
}

/// The part of a report that follows from a fleet.
#[derive(Default)]
pub struct FleetRows {
    /// Sorted as reports show them.
    pub rows: Vec<ReportRow>,
    pub sites: Vec<SiteSummary>,
    pub unchecked: Vec<UncheckedAsset>,
    /// Variants that could not be judged.
    pub n_not_judged: u64,
}

/// Builds rows for these verdicts, the six places of each site, and the list of assets that cannot be checked.
pub fn fleet_rows(fleet: &JudgedFleet<'_>, verdicts: &[Verdict]) -> FleetRows {
    let mut out = FleetRows::default();
    let mut parts = SharedParts { fleet, advisories: FxHashMap::default(), findings: FxHashMap::default() };
    let mut sites: FxHashMap<&str, SiteCounts> = FxHashMap::default();
    // Many assets have one reason.
    let mut reasons: FxHashSet<Arc<str>> = FxHashSet::default();
    let mut reason = |why: &str| match reasons.get(why) {
        Some(known) => known.clone(),
        None => {
            let why: Arc<str> = why.into();
            reasons.insert(why.clone());
            why
        }
    };
    out.rows.reserve_exact(n_rows_at_most(fleet, verdicts));
    for (at, &variant) in fleet.variant_of.iter().enumerate() {
        let counts = sites.entry(fleet.assets.site(at)).or_default();
        let judgement = match &fleet.judged[variant as usize] {
            Judged::Done(judgement) => judgement,
            Judged::Failed(why) => {
                counts.stand(Standing::CannotBeChecked);
                out.unchecked.push(fleet.assets.unchecked(at, reason(why)));
                continue;
            }
        };
        let serial_number = fleet.assets.serial_number(at);
        let standing = judgement.standing(serial_number);
        counts.stand(standing);
        if standing == Standing::CannotBeChecked {
            let why = judgement.unchecked.as_deref().unwrap_or_default();
            out.unchecked.push(fleet.assets.unchecked(at, reason(why)));
            continue;
        }
        let by_serial = judgement.by_serial.contains_key(serial_number);
        let mut asset = None;
        for found in judgement.matches_of(serial_number) {
            if found.verdict == Verdict::Affected {
                counts.affecting.insert(found.advisory);
            }
            if !verdicts.contains(&found.verdict) {
                continue;
            }
            let finding = parts.of(variant, if by_serial { serial_number } else { "" }, found);
            if finding.is_exploited() && found.verdict == Verdict::Affected {
                counts.exploited.insert(found.advisory);
            }
            let asset = asset.get_or_insert_with(|| fleet.assets.asset(at)).clone();
            out.rows.push(ReportRow { asset, finding, mark: None });
        }
    }
    out.n_not_judged = fleet.judged.iter().filter(|j| matches!(j, Judged::Failed(_))).count() as u64;
    out.sites = sites.into_iter().map(|(site, counts)| counts.summary(site)).collect();
    out.sites.sort_by(|a, b| a.site.cmp(&b.site));
    Witnesses::of(fleet.index.advisories()).join(&mut out.rows);
    out.rows.par_sort_by(compare_rows);
    out
}

/// How many rows there are, or some more: fewer where assets are judged by their serial numbers or cannot be checked.
fn n_rows_at_most(fleet: &JudgedFleet<'_>, verdicts: &[Verdict]) -> usize {
    let n_of = |judged: &Judged| match judged {
        Judged::Done(judgement) => judgement.matches.iter().filter(|found| verdicts.contains(&found.verdict)).count(),
        Judged::Failed(_) => 0,
    };
    let n_of_variant: Vec<usize> = fleet.judged.iter().map(n_of).collect();
    fleet.variant_of.iter().map(|variant| n_of_variant[*variant as usize]).sum()
}

/// What is counted for one site while its assets go by.
#[derive(Default)]
struct SiteCounts {
    n_by_standing: [u64; 6],
    affecting: FxHashSet<u32>,
    exploited: FxHashSet<u32>,
}

impl SiteCounts {
    fn stand(&mut self, standing: Standing) {
        self.n_by_standing[standing as usize] += 1;
    }

    fn summary(self, site: &str) -> SiteSummary {
        SiteSummary {
            site: site.to_owned(),
            n_assets: self.n_by_standing.iter().sum(),
            n_by_standing: self.n_by_standing,
            n_advisories_affecting: self.affecting.len() as u64,
            n_advisories_exploited: self.exploited.len() as u64,
        }
    }
}

/// The texts that many rows share, made once.
struct SharedParts<'a> {
    fleet: &'a JudgedFleet<'a>,
    advisories: FxHashMap<u32, Arc<ReportAdvisory>>,
    findings: FxHashMap<(u32, String, u32), Arc<ReportFinding>>,
}

impl SharedParts<'_> {
    /// The parts of the row for this match; `serial` is blank unless the match was made for one serial number.
    fn of(&mut self, variant: u32, serial: &str, found: &Match) -> Arc<ReportFinding> {
        let document = &self.fleet.index.advisories()[found.advisory as usize];
        let advisory = self.advisories.entry(found.advisory).or_insert_with(|| Arc::new(report_advisory(document)));
        self.findings
            .entry((variant, serial.to_owned(), found.advisory))
            .or_insert_with(|| Arc::new(report_finding(document, advisory.clone(), found, self.fleet.threats)))
            .clone()
    }
}

/// The asset as reports show it.
pub fn report_asset(asset: &Asset) -> ReportAsset {
    let plate = &asset.variant.nameplate;
    ReportAsset {
        site: asset.site.as_str().into(),
        area: asset.area.as_str().into(),
        asset_id: asset.tag.as_str().into(),
        vendor: plate.vendor.as_str().into(),
        model: plate.model.as_str().into(),
        part_number: plate.part_number.as_str().into(),
        serial_number: asset.serial_number.as_str().into(),
        firmware: asset.variant.firmware.as_str().into(),
        hardware_revision: plate.hardware_revision.as_str().into(),
        criticality: asset.criticality.as_str().into(),
        zone: asset.zone.as_str().into(),
        place: asset.place.as_str().into(),
    }
}

/// The document as reports name it.
pub fn report_advisory(advisory: &Advisory) -> ReportAdvisory {
    let date = |at: Option<Timestamp>| at.map(|t| t.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    ReportAdvisory {
        advisory_id: advisory.id.clone(),
        title: Tlp::marked(advisory.tlp(), &advisory.title),
        tlp: advisory.tlp(),
        publisher: advisory.publisher.name.clone(),
        version: advisory.version.clone(),
        published: date(advisory.released_at),
        updated: date(advisory.updated_at),
        url: page_for_people(advisory),
        status: advisory.status.clone(),
    }
}

/// The publisher's page: a `self` reference that is no JSON file, else none.
fn page_for_people(advisory: &Advisory) -> String {
    advisory
        .references
        .iter()
        .filter(|r| r.category == "self" && !r.url.ends_with(".json"))
        .find(|r| r.url.starts_with("https://") || r.url.starts_with("http://"))
        .map(|r| r.url.clone())
        .unwrap_or_default()
}

/// What was judged, with the scores and remedies of the entries that matched.
pub fn report_finding(
    document: &Advisory,
    advisory: Arc<ReportAdvisory>,
    found: &Match,
    threats: &Threats,
) -> ReportFinding {
    let details = ProductDetails::of(&found.products, &holding(document, found));
    let entry = &document.products[found.product as usize];
    let mut finding = ReportFinding {
        advisory,
        verdict: found.verdict,
        confidence: found.confidence,
        doubts: found.doubts.clone(),
        reason: found.reason.clone(),
        evidence: found.evidence.clone(),
        product: entry.name.clone(),
        range: range_in_words(entry),
        product_pointer: entry.pointer.clone(),
        exploited: Vec::new(),
        exploited_since: String::new(),
        epss: None,
        cves: details.cves,
        cvss: details.cvss,
        cvss_version: details.cvss_version,
        severity: details.cvss.map(Severity::of_score),
        fix: found.fix.clone(),
        remediations: Arc::new(details.remediations),
        joined: Joined::default(),
    };
    threats.add_to(&mut finding);
    finding
}

/// The versions that an entry means, in words; blank when the entry names none.
pub fn range_in_words(entry: &Product) -> String {
    entry.version_text().map(|text| VersionRange::read(text, &entry.name).in_words()).unwrap_or_default()
}

/// The vulnerabilities that hold: those that are possible at least, or all that were looked at when none is.
pub fn holding<'a>(advisory: &'a Advisory, found: &Match) -> Vec<&'a Vulnerability> {
    found
        .vulnerabilities
        .iter()
        .filter(|(_, verdict)| *verdict >= Verdict::Possible || found.verdict == Verdict::NotAffected)
        .map(|(at, _)| &advisory.vulnerabilities[*at as usize])
        .collect()
}

/// What an advisory says of some of its products, over some of its vulnerabilities.
pub struct ProductDetails {
    /// Sorted, each once.
    pub cves: Vec<String>,
    pub cvss: Option<f32>,
    pub cvss_version: String,
    /// Most useful first, each once.
    pub remediations: Vec<ReportRemediation>,
}

impl ProductDetails {
    /// Collects what is said of these products (indices, sorted).
    pub fn of(products: &[u32], vulnerabilities: &[&Vulnerability]) -> ProductDetails {
        let mut cves: Vec<String> = vulnerabilities.iter().filter_map(|v| v.cve.clone()).collect();
        cves.sort();
        cves.dedup();
        let score = products
            .iter()
            .filter_map(|p| leading_score(vulnerabilities.iter().copied(), *p))
            .max_by(|a, b| a.base_score.total_cmp(&b.base_score));
        let mut remediations: Vec<ReportRemediation> = Vec::new();
        let mut told = FxHashSet::default();
        for remediation in vulnerabilities.iter().flat_map(|v| &v.remediations) {
            if speaks_of(remediation, products) && told.insert((&remediation.category, &remediation.details)) {
                remediations.push(report_remediation(remediation));
            }
        }
        remediations.sort_by(|a, b| a.category.cmp(&b.category));
        ProductDetails {
            cves,
            cvss: score.map(|s| s.base_score),
            cvss_version: score.map(|s| s.cvss_version.clone()).unwrap_or_default(),
            remediations,
        }
    }
}

fn speaks_of(remediation: &Remediation, products: &[u32]) -> bool {
    remediation.products.is_empty() || products.iter().any(|p| remediation.products.binary_search(p).is_ok())
}

fn report_remediation(remediation: &Remediation) -> ReportRemediation {
    ReportRemediation {
        category: remediation.category.clone(),
        details: remediation.details.clone(),
        url: remediation.url.clone(),
        restart_required: remediation.restart_required.clone(),
    }
}
