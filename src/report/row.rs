//! The one row that every report format writes.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::domain::advisory::Tlp;
use crate::domain::matching::EvidencePart;
use crate::domain::priority::{Epss, Priority, Severity};
use crate::domain::remediation::{RemediationCategory, RemediationStatus};
use crate::domain::site::{SiteSummary, UncheckedAsset};
use crate::domain::trend::Trend;
use crate::domain::verdict::{Confidence, Doubt, Verdict};

/// One asset and one advisory that speaks about it. Rows share their parts, because a fleet of a million devices
/// has some ten thousand type plates: a row costs three pointers.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    pub asset: Arc<ReportAsset>,
    pub finding: Arc<ReportFinding>,
    /// What the owner does about it; `None` while nobody said anything, or what was said no longer holds.
    pub mark: Option<Arc<ReportMark>>,
}

impl ReportRow {
    /// What has been done.
    pub fn status(&self) -> RemediationStatus {
        self.mark.as_ref().map(|mark| mark.status).unwrap_or_default()
    }
}

/// What the owner says he does about one exposure of one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReportMark {
    pub status: RemediationStatus,
    /// "risk accepted until 2027-03-01".
    pub decision: String,
    pub note: String,
    pub by: String,
    /// Calendar date in UTC, `2026-11-22`.
    pub on: String,
    /// Whether the exposure needs nothing more while this holds: it is done, or its risk is accepted.
    pub is_handled: bool,
}

impl ReportRow {
    /// What decides how soon it is worked on.
    pub fn priority(&self) -> Priority<'_> {
        self.finding.priority(&self.asset.criticality, &self.asset.zone)
    }
}

/// The device as its owner wrote it down. Devices share the texts that they have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportAsset {
    pub site: Arc<str>,
    pub area: Arc<str>,
    pub asset_id: Arc<str>,
    pub vendor: Arc<str>,
    pub model: Arc<str>,
    pub part_number: Arc<str>,
    pub serial_number: Arc<str>,
    pub firmware: Arc<str>,
    pub hardware_revision: Arc<str>,
    /// As the owner wrote it; see [`crate::domain::priority::Criticality::read`].
    pub criticality: Arc<str>,
    /// As the owner wrote it; see [`crate::domain::priority::ZoneLevel::read`].
    pub zone: Arc<str>,
    /// `Meters!F17 of plant.xlsx`.
    pub place: Arc<str>,
}

impl ReportAsset {
    /// What all devices with the same answers share: vendor, model, part number, hardware revision, firmware.
    pub fn nameplate(&self) -> [&str; 5] {
        [&self.vendor, &self.model, &self.part_number, &self.hardware_revision, &self.firmware]
    }
}

/// What one advisory says about one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportFinding {
    pub advisory: Arc<ReportAdvisory>,
    pub verdict: Verdict,
    pub confidence: Confidence,
    pub doubts: Vec<Doubt>,
    /// "3.1.2 is below 4.0.0".
    pub reason: String,
    pub evidence: Vec<EvidencePart>,
    /// The entry as the advisory writes it.
    pub product: String,
    /// Its range in words: "below 4.0.0".
    pub range: String,
    pub product_pointer: String,
    /// Only the vulnerabilities that hold for the entries that name this variant.
    pub cves: Vec<String>,
    pub cvss: Option<f32>,
    pub cvss_version: String,
    pub severity: Option<Severity>,
    /// Those of `cves` that are in the list of exploited vulnerabilities.
    pub exploited: Vec<String>,
    /// The first calendar date on which one of `exploited` was listed; blank when none is, or no date is stated.
    pub exploited_since: String,
    /// The highest estimate among `cves`; `None` when no list is loaded or it has none of them.
    pub epss: Option<Epss>,
    /// The version that fixes it, when the advisory names one.
    pub fix: Option<String>,
    /// Remedies for this product, most useful first (CSAF 2.1 section 3.2.4.14), each once. Many findings share them.
    pub remediations: Arc<Vec<ReportRemediation>>,
    /// Other documents that tell the same finding.
    pub joined: Joined,
}

/// Several documents that tell one finding of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// The tracking id of the document that leads, the vendor's where there is one; blank when this one does.
    pub leader: String,
    /// The others: "ICSA-23-229-03 (CISA)".
    pub witnesses: Vec<String>,
    /// Where they do not say the same, one sentence each.
    pub contradictions: Vec<String>,
}

impl ReportFinding {
    /// Whether any of the CVEs is known to be exploited.
    pub fn is_exploited(&self) -> bool {
        !self.exploited.is_empty()
    }

    /// Whether the advisory names neither a fixed version nor a fix of the vendor.
    pub fn is_without_fix(&self) -> bool {
        let is_fix = |category: &RemediationCategory| {
            matches!(category, RemediationCategory::VendorFix | RemediationCategory::OptionalPatch)
        };
        self.fix.is_none() && !self.remediations.iter().any(|remedy| is_fix(&remedy.category))
    }

    /// What decides how soon it is worked on, at an asset of this criticality in this zone; both blank for the finding
    /// alone.
    pub fn priority<'a>(&'a self, criticality: &'a str, zone: &'a str) -> Priority<'a> {
        Priority {
            verdict: self.verdict,
            exploited_since: self.is_exploited().then_some(self.exploited_since.as_str()),
            severity: self.severity,
            cvss: self.cvss,
            epss: self.epss.as_ref(),
            criticality,
            zone,
        }
    }

    /// The order of work, whatever the asset; see [`Priority::compare`].
    pub fn compare_urgency(&self, other: &ReportFinding) -> Ordering {
        self.priority("", "").compare(&other.priority("", ""))
    }
}

/// One remedy as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRemediation {
    pub category: RemediationCategory,
    pub details: String,
    pub url: Option<String>,
    pub restart_required: Option<String>,
}

/// The document behind a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportAdvisory {
    pub advisory_id: String,
    /// With its label in front where the document is not for everybody; see [`Tlp::marked`].
    pub title: String,
    pub tlp: Option<Tlp>,
    pub publisher: String,
    pub version: String,
    /// Calendar dates in UTC, `2023-08-17`; blank when the document gives none.
    pub published: String,
    pub updated: String,
    /// The publisher's page for people, when the document names one.
    pub url: String,
    /// `draft`, `interim` or `final`, as the document writes it.
    pub status: String,
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
    /// Where the advisories came from, in words; says plainly when they are the built-in samples.
    pub sources: Vec<String>,
    pub are_samples: bool,
    /// The filter in words: "verdict affected or possible".
    pub filter: String,
    pub sites: Vec<SiteSummary>,
    /// In the order of [`compare_rows`]; every format keeps it.
    pub rows: Vec<ReportRow>,
    pub unchecked: Vec<UncheckedAsset>,
    /// Warnings a reader must see: rejected rows, unreadable documents, variants not judged.
    pub warnings: Vec<String>,
    /// How it came to be so; `None` for what was judged once and not kept.
    pub trend: Option<Trend>,
    /// The zone in which times are told beside UTC: that of the reader.
    pub time_zone: TimeZone,
    pub program_version: String,
}

impl Report {
    /// The strictest label of the documents that it tells of; `None` where all are for everybody.
    pub fn strictest_tlp(&self) -> Option<Tlp> {
        self.rows.iter().filter_map(|row| row.finding.advisory.tlp).max().filter(|tlp| *tlp > Tlp::Clear)
    }
}

/// The order of the rows of a report: site, then [`Priority::compare`], and last nameplate, asset and advisory, so that
/// equal input always gives equal files.
pub fn compare_rows(a: &ReportRow, b: &ReportRow) -> Ordering {
    a.asset
        .site
        .cmp(&b.asset.site)
        .then_with(|| a.priority().compare(&b.priority()))
        .then_with(|| a.asset.nameplate().cmp(&b.asset.nameplate()))
        .then_with(|| a.asset.asset_id.cmp(&b.asset.asset_id))
        .then_with(|| a.finding.advisory.advisory_id.cmp(&b.finding.advisory.advisory_id))
        .then_with(|| a.finding.product_pointer.cmp(&b.finding.product_pointer))
}
