//! One security advisory in one revision.

use jiff::Timestamp;

use super::product::Product;
use super::remediation::Remediation;

/// What identifies an advisory over all its revisions (CSAF 2.1 section 3.2.2.13.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AdvisoryKey {
    /// `/document/publisher/namespace`.
    pub namespace: String,
    /// `/document/tracking/id`.
    pub id: String,
}

/// Who issues the document; not the vendor of the products.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publisher {
    pub category: String,
    pub name: String,
    pub namespace: String,
}

/// A CSAF document, 2.0 or 2.1, as far as the product needs it. Texts are as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    pub publisher: Publisher,
    /// `/document/tracking/id`.
    pub id: String,
    /// `/document/tracking/version`: an integer or a semantic version.
    pub version: String,
    /// `draft`, `interim` or `final`.
    pub status: String,
    pub title: String,
    /// `/document/category`, for example `csaf_security_advisory`.
    pub category: String,
    pub csaf_version: String,
    pub language: Option<String>,
    /// `/document/distribution/tlp/label`.
    pub tlp: Option<String>,
    pub aggregate_severity: Option<String>,
    pub released_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub revisions: Vec<Revision>,
    pub notes: Vec<Note>,
    pub references: Vec<Reference>,
    pub products: Vec<Product>,
    pub vulnerabilities: Vec<Vulnerability>,
}

/// One line of the revision history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub number: String,
    pub date: Option<Timestamp>,
    pub summary: String,
}

/// A note of the document or of one vulnerability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub category: String,
    pub title: Option<String>,
    pub text: String,
}

/// A link that the document names. Never followed by this program on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `self` or `external`.
    pub category: String,
    pub url: String,
    pub summary: String,
}

/// The groups of `product_status` (CSAF 2.1 section 3.2.4.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProductStatus {
    KnownAffected,
    FirstAffected,
    LastAffected,
    UnderInvestigation,
    Unknown,
    KnownNotAffected,
    Fixed,
    FirstFixed,
    Recommended,
}

impl ProductStatus {
    /// All statuses with their CSAF words.
    pub const ALL: [(&'static str, ProductStatus); 9] = [
        ("known_affected", ProductStatus::KnownAffected),
        ("first_affected", ProductStatus::FirstAffected),
        ("last_affected", ProductStatus::LastAffected),
        ("under_investigation", ProductStatus::UnderInvestigation),
        ("unknown", ProductStatus::Unknown),
        ("known_not_affected", ProductStatus::KnownNotAffected),
        ("fixed", ProductStatus::Fixed),
        ("first_fixed", ProductStatus::FirstFixed),
        ("recommended", ProductStatus::Recommended),
    ];

    /// The status with this CSAF word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<ProductStatus> {
        ProductStatus::ALL.iter().find(|(w, _)| *w == word).map(|(_, s)| *s)
    }

    /// The CSAF word.
    pub fn word(self) -> &'static str {
        ProductStatus::ALL.iter().find(|(_, s)| *s == self).map_or("", |(w, _)| w)
    }

    /// Whether the status is of the affected group.
    pub fn is_affected(self) -> bool {
        matches!(self, ProductStatus::KnownAffected | ProductStatus::FirstAffected | ProductStatus::LastAffected)
    }
}

/// A severity score for some products.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// `2.0`, `3.0`, `3.1` or `4.0`.
    pub cvss_version: String,
    pub base_score: f32,
    pub vector: String,
    /// Who gave it when that is not the author of the document (CSAF 2.1 `metrics[].source`).
    pub source: Option<String>,
    /// Indices into `Advisory::products`, sorted.
    pub products: Vec<u32>,
}

impl Eq for Score {}

/// A flag (VEX justification) or a threat bound to products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRemark {
    /// `flag`, `impact`, `exploit_status` or `target_set`.
    pub category: String,
    /// The label of the flag or the text of the threat.
    pub text: String,
    /// Indices into `Advisory::products`, groups expanded, sorted; empty means all.
    pub products: Vec<u32>,
}

/// One vulnerability of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vulnerability {
    pub cve: Option<String>,
    /// Other ids, `system: text`.
    pub ids: Vec<String>,
    pub title: Option<String>,
    /// `CWE-319`; the first is the one to show.
    pub cwes: Vec<String>,
    pub notes: Vec<Note>,
    pub references: Vec<Reference>,
    /// Product groups by status; indices into `Advisory::products`, sorted.
    pub statuses: Vec<(ProductStatus, Vec<u32>)>,
    pub scores: Vec<Score>,
    pub remediations: Vec<Remediation>,
    pub remarks: Vec<ProductRemark>,
}

impl Advisory {
    /// What identifies it over all revisions.
    pub fn key(&self) -> AdvisoryKey {
        AdvisoryKey { namespace: self.publisher.namespace.clone(), id: self.id.clone() }
    }
}
