//! The order of work: exploited first, then severity, then what the advisory offers. No invented score.

use super::advisory::{Score, Vulnerability};

/// The qualitative severity rating scale of CVSS v3 and v4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    None,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The rating of a base score from 0.0 to 10.0.
    ///
    /// # Source
    ///
    /// CVSS v3.1 specification, section 5; CVSS v4.0 specification, section 6.
    pub fn of_score(base_score: f32) -> Severity {
        match base_score {
            s if s >= 9.0 => Severity::Critical,
            s if s >= 7.0 => Severity::High,
            s if s >= 4.0 => Severity::Medium,
            s if s > 0.0 => Severity::Low,
            _ => Severity::None,
        }
    }

    /// The word used in files and URLs.
    pub fn word(self) -> &'static str {
        match self {
            Severity::None => "none",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// The score to show for one product: the author's first, then the highest, then the newest CVSS version.
///
/// # Source
///
/// CSAF 2.1, section 9.1.11 (viewer).
pub fn leading_score<'a>(
    vulnerabilities: impl IntoIterator<Item = &'a Vulnerability>,
    product: u32,
) -> Option<&'a Score> {
    vulnerabilities.into_iter().flat_map(|v| &v.scores).filter(|s| s.products.binary_search(&product).is_ok()).max_by(
        |a, b| {
            (a.source.is_none(), a.base_score, a.cvss_version.as_str())
                .partial_cmp(&(b.source.is_none(), b.base_score, b.cvss_version.as_str()))
                .unwrap_or(std::cmp::Ordering::Equal)
        },
    )
}

/// The list of vulnerabilities that are known to be exploited.
///
/// # Source
///
/// CISA, Known Exploited Vulnerabilities Catalog, JSON schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KevCatalogue {
    /// As the list writes it: `2026.11.20`.
    pub version: String,
    pub released_at: Option<jiff::Timestamp>,
    /// Sorted by CVE, each once.
    pub entries: Vec<KevEntry>,
}

/// One vulnerability of that list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KevEntry {
    /// `CVE-2022-46680`.
    pub cve: String,
    /// Calendar date, `2023-03-30`.
    pub date_added: String,
    /// Calendar date until which federal agencies must act; blank when not stated.
    pub due_date: String,
    pub name: String,
    pub vendor: String,
    pub product: String,
    /// Whether the list knows of its use by ransomware.
    pub is_ransomware: bool,
}

/// How probable it is that vulnerabilities are exploited within 30 days, as estimated on one day.
///
/// # Source
///
/// FIRST, Exploit Prediction Scoring System, daily CSV file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpssList {
    /// As the list writes it: `v2025.03.14`; blank when not stated.
    pub model: String,
    /// Calendar date of the estimates, `2026-11-20`; blank when not stated.
    pub date: String,
    /// Sorted by CVE, each once.
    pub entries: Vec<EpssEntry>,
}

/// The estimate for one vulnerability. Whole parts per million, because the list has five decimals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpssEntry {
    pub cve: String,
    /// From 0 to 1,000,000.
    pub probability_ppm: u32,
    /// Share of all vulnerabilities with this probability or less, from 0 to 1,000,000.
    pub percentile_ppm: u32,
}
