//! The one row that every report format writes, and the one list of its columns.

use crate::domain::asset::Standing;
use crate::domain::priority::Severity;
use crate::domain::verdict::{Confidence, Doubt, Verdict};

/// One asset and one advisory that speaks about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    pub site: String,
    pub area: String,
    pub asset_id: String,
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub serial_number: String,
    pub firmware: String,
    pub hardware_revision: String,
    /// `Meters!F17 of plant.xlsx`.
    pub place: String,
    pub advisory_id: String,
    pub title: String,
    pub publisher: String,
    pub advisory_version: String,
    /// Calendar dates in UTC, `2023-08-17`; blank when the document gives none.
    pub published: String,
    pub updated: String,
    /// The publisher's page for people, when the document names one.
    pub url: String,
    pub verdict: Verdict,
    pub confidence: Confidence,
    pub doubts: Vec<Doubt>,
    /// "3.1.2 is below 4.0.0".
    pub reason: String,
    /// What was compared, one sentence per part.
    pub evidence: Vec<String>,
    /// The entry as the advisory writes it, with its range in words.
    pub product: String,
    pub product_pointer: String,
    pub cves: Vec<String>,
    pub cvss: Option<f32>,
    pub cvss_version: String,
    pub severity: Option<Severity>,
    /// Any of the CVEs is in the list of exploited vulnerabilities.
    pub kev: bool,
    /// The version that fixes it, when the advisory names one.
    pub fix: Option<String>,
    /// Remedies for this product, most useful first, each `category: details`.
    pub remediation: Vec<String>,
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
    pub why: String,
}

/// All that a report says. Rows are sorted: site, exploited, severity, verdict, nameplate, asset, advisory.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub title: String,
    /// When it was judged, UTC.
    pub judged_at: jiff::Timestamp,
    /// The newest release date among the advisories.
    pub advisories_up_to: Option<jiff::Timestamp>,
    pub n_advisories: u64,
    /// Where the advisories came from, in words; says plainly when they are the built-in samples.
    pub sources: Vec<String>,
    pub are_samples: bool,
    /// The filter in words: "verdict affected or possible".
    pub filter: String,
    pub sites: Vec<SiteSummary>,
    pub rows: Vec<ReportRow>,
    pub unchecked: Vec<UncheckedAsset>,
    /// Warnings a reader must see: rejected rows, unreadable documents, variants not judged.
    pub warnings: Vec<String>,
    pub program_version: String,
}
