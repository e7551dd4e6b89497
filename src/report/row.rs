//! The one row that every report format writes.
//!
//! A row is one asset and one advisory that speaks about it. Fleets repeat themselves, so a row only points at its
//! three parts: a million rows share some ten thousand findings and a few hundred advisories.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use crate::domain::asset::Standing;
use crate::domain::matching::EvidencePart;
use crate::domain::priority::Severity;
use crate::domain::remediation::RemediationCategory;
use crate::domain::verdict::{Confidence, Doubt, Verdict};

/// One asset and one advisory that speaks about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    pub asset: Arc<ReportAsset>,
    pub advisory: Arc<ReportAdvisory>,
    pub finding: Arc<ReportFinding>,
}

/// One installed device as the inventory writes it; shared by all its rows. Blank texts mean "not stated".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportAsset {
    pub site: String,
    pub area: String,
    /// What the owner calls it.
    pub asset_id: String,
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub serial_number: String,
    pub firmware: String,
    pub hardware_revision: String,
    /// `Meters!F17 of plant.xlsx`.
    pub place: String,
}

/// What identifies an advisory to a reader; shared by all its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportAdvisory {
    /// The document's tracking id: `ICSA-23-229-03`.
    pub advisory_id: String,
    pub title: String,
    /// Who issued the document; not the vendor of the products.
    pub publisher: String,
    pub advisory_version: String,
    /// Calendar dates in UTC, `2023-08-17`; blank when the document gives none.
    pub published: String,
    pub updated: String,
    /// The publisher's page for people; blank when the document names none.
    pub url: String,
}

/// What was judged for one variant and one advisory; shared by all assets of the variant.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportFinding {
    pub verdict: Verdict,
    pub confidence: Confidence,
    pub doubts: Vec<Doubt>,
    /// One sentence without the verdict word in front: "3.1.2 is below 4.0.0".
    pub reason: String,
    /// What was compared, in the order of the match.
    pub evidence: Vec<EvidencePart>,
    /// The entry as the advisory writes it, with its range in words.
    pub product: String,
    /// JSON pointer of that entry in the document.
    pub product_pointer: String,
    /// The vulnerabilities that hold for this variant.
    pub cves: Vec<String>,
    /// The leading base score, 0.0 to 10.0.
    pub cvss: Option<f32>,
    /// `3.1`; blank without a score.
    pub cvss_version: String,
    pub severity: Option<Severity>,
    /// Any of the CVEs is in the list of exploited vulnerabilities.
    pub kev: bool,
    /// The version that fixes it, when the advisory names one.
    pub fix: Option<String>,
    /// Remedies for this product, sorted by category in the order of CSAF.
    pub remediation: Vec<ReportRemedy>,
}

/// One thing that the advisory tells the owner to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRemedy {
    pub category: RemediationCategory,
    pub details: String,
    pub url: Option<String>,
    /// The CSAF word of what has to be restarted, when given.
    pub restart_required: Option<String>,
}

/// The six places of one site; they add up to `n_assets`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteSummary {
    pub site: String,
    pub n_assets: u64,
    /// In the order of [`Standing::ALL`].
    pub n_by_standing: [u64; 6],
    /// Advisories that affect at least one asset.
    pub n_advisories_affecting: u64,
    /// Of these, advisories that name an exploited vulnerability.
    pub n_advisories_exploited: u64,
}

impl SiteSummary {
    /// The number of assets that stand in this place.
    pub fn n(&self, standing: Standing) -> u64 {
        self.n_by_standing[standing as usize]
    }
}

/// An asset that cannot be checked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncheckedAsset {
    pub site: String,
    pub asset_id: String,
    pub vendor: String,
    pub model: String,
    /// In words: "no source for this vendor".
    pub why: String,
}

/// All that a report says.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub title: String,
    /// When it was judged, UTC.
    pub judged_at: jiff::Timestamp,
    /// The newest release date among the advisories.
    pub advisories_up_to: Option<jiff::Timestamp>,
    pub n_advisories: u64,
    /// Where the advisories came from, in words.
    pub sources: Vec<String>,
    /// The advisories are the built-in samples, which every format then says plainly.
    pub are_samples: bool,
    /// The filter in words: "verdict affected or possible".
    pub filter: String,
    /// In the order in which they are shown.
    pub sites: Vec<SiteSummary>,
    /// In the order of [`compare_rows`]; every format keeps it.
    pub rows: Vec<ReportRow>,
    pub unchecked: Vec<UncheckedAsset>,
    /// Warnings a reader must see: rejected rows, unreadable documents, variants not judged.
    pub warnings: Vec<String>,
    pub program_version: String,
}

/// The order of the rows of a report: site, then exploited first, higher severity, worse verdict, higher score, and
/// last nameplate, asset and advisory, so that equal input always gives equal files. A missing score comes last.
pub fn compare_rows(a: &ReportRow, b: &ReportRow) -> Ordering {
    fn urgency(finding: &ReportFinding) -> (Reverse<bool>, Reverse<Option<Severity>>, Reverse<Verdict>) {
        (Reverse(finding.kev), Reverse(finding.severity), Reverse(finding.verdict))
    }
    fn nameplate(asset: &ReportAsset) -> [&str; 5] {
        [&asset.vendor, &asset.model, &asset.part_number, &asset.hardware_revision, &asset.firmware]
    }
    let (score_a, score_b) = (a.finding.cvss.unwrap_or(-1.0), b.finding.cvss.unwrap_or(-1.0));
    a.asset
        .site
        .cmp(&b.asset.site)
        .then_with(|| urgency(&a.finding).cmp(&urgency(&b.finding)))
        .then_with(|| score_b.total_cmp(&score_a))
        .then_with(|| nameplate(&a.asset).cmp(&nameplate(&b.asset)))
        .then_with(|| a.asset.asset_id.cmp(&b.asset.asset_id))
        .then_with(|| a.advisory.advisory_id.cmp(&b.advisory.advisory_id))
        .then_with(|| a.finding.product_pointer.cmp(&b.finding.product_pointer))
}
