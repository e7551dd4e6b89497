//! One security advisory in one revision, and which of its revisions counts.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::product::Product;
use super::remediation::Remediation;
use super::source::Trust;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// The language this document was translated from; `None` for an original.
    pub source_language: Option<String>,
    /// Other names of the same document (`/document/tracking/aliases`).
    pub aliases: Vec<String>,
    /// `/document/distribution/tlp/label`; see [`Tlp::from_word`].
    pub tlp: Option<String>,
    /// `/document/distribution/text`. Where both are given, the TLP label leads.
    pub distribution: Option<String>,
    /// `/document/distribution/sharing_group/id` (2.1).
    pub sharing_group: Option<String>,
    pub aggregate_severity: Option<String>,
    /// The program that wrote the document (`/document/tracking/generator/engine/name`).
    pub generator: Option<String>,
    pub released_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub revisions: Vec<Revision>,
    pub notes: Vec<Note>,
    pub references: Vec<Reference>,
    pub products: Vec<Product>,
    pub product_groups: Vec<ProductGroup>,
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
    /// Indices into `Advisory::products`, groups expanded, sorted; empty means all.
    pub products: Vec<u32>,
}

/// A link that the document names. Never followed by this program on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `self` or `external`.
    pub category: String,
    pub url: String,
    pub summary: String,
}

/// Products under one name, so that a document need not repeat them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductGroup {
    /// Has meaning only inside its document.
    pub id: String,
    pub summary: Option<String>,
    /// Indices into `Advisory::products`, sorted.
    pub products: Vec<u32>,
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

/// What a vulnerability says of some products beside status, score and remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRemark {
    /// `flag` (a VEX justification); the category of a threat (`impact`, `exploit_status`, `target_set`);
    /// `involvement`; or of CSAF 2.1 `first_known_exploitation`, `qualitative_severity_rating`, `epss`, `ssvc`.
    pub category: String,
    /// The label, date, rating or text. EPSS is `probability 0.00012, percentile 0.01`.
    pub text: String,
    /// Indices into `Advisory::products`, groups expanded, sorted; empty means all.
    pub products: Vec<u32>,
}

/// Whether a text has the form of a CVE id.
pub fn is_cve(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let parts = text.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(year, n)| year.len() == 4 && digits(year) && n.len() >= 4 && digits(n))
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

/// One revision of an advisory as it is kept; the document itself is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisoryRevision {
    pub key: AdvisoryKey,
    /// `/document/tracking/version`.
    pub version: String,
    /// Of the document's bytes, 64 hexadecimal digits.
    pub sha256: String,
    pub title: String,
    pub publisher: String,
    /// `draft`, `interim` or `final`.
    pub status: String,
    pub released_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// Where it came from: the name of a file, folder or provider.
    pub source: String,
    pub added_at: Timestamp,
    /// Sorted, each once.
    pub cves: Vec<String>,
    /// Warnings when it was read.
    pub n_warnings: u64,
    /// What the check of digest and signature came to; `Unsigned` for a file that was added without one.
    pub trust: Trust,
    /// What was checked, in words; blank when nothing was.
    pub trust_reason: String,
    /// The source that brought it first; `None` for a file that was added by hand.
    pub source_id: Option<i64>,
}

/// A document that could not be read, kept so that nothing is dropped silently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableAdvisory {
    /// The file's name or address.
    pub name: String,
    /// Of the bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// What was wrong, in words.
    pub error: String,
    pub added_at: Timestamp,
}

/// What became of a document: whether it still speaks about products.
///
/// # Source
///
/// CSAF 2.1, sections 4.7 and 4.8 (profiles for withdrawn and superseded documents).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Stands,
    /// Its publisher took it back; `reason` is blank when the document gives none.
    Withdrawn {
        reason: String,
    },
    /// Other documents stand for it: their addresses.
    Superseded {
        reason: String,
        by: Vec<String>,
    },
}

impl Fate {
    /// Whether the document still speaks about products.
    pub fn stands(&self) -> bool {
        matches!(self, Fate::Stands)
    }

    /// What became of the document, as one sentence; blank while it stands.
    pub fn sentence(&self) -> String {
        let because = |reason: &str| if reason.is_empty() { String::new() } else { format!(": {reason}") };
        match self {
            Fate::Stands => String::new(),
            Fate::Withdrawn { reason } => format!("withdrawn by its publisher{}", because(reason)),
            Fate::Superseded { reason, by } if by.is_empty() => {
                format!("superseded by another document, which it does not name{}", because(reason))
            }
            Fate::Superseded { reason, by } => format!("superseded by {}{}", by.join(", "), because(reason)),
        }
    }
}

impl Advisory {
    /// What became of the document, after its category. The reason is its note of category `description`.
    pub fn fate(&self) -> Fate {
        let reason = || {
            let note = self.notes.iter().filter(|note| note.category == "description");
            let titled =
                |note: &&Note| note.title.as_deref().is_some_and(|t| t.to_lowercase().starts_with("reasoning"));
            let note = note.clone().find(titled).or_else(|| note.clone().next());
            note.map(|note| note.text.trim().to_owned()).unwrap_or_default()
        };
        match self.category.as_str() {
            "csaf_withdrawn" => Fate::Withdrawn { reason: reason() },
            "csaf_superseded" => {
                let others = self.references.iter().filter(|reference| reference.category != "self");
                Fate::Superseded { reason: reason(), by: others.map(|reference| reference.url.clone()).collect() }
            }
            _ => Fate::Stands,
        }
    }

    /// What identifies it over all revisions.
    pub fn key(&self) -> AdvisoryKey {
        AdvisoryKey { namespace: self.publisher.namespace.clone(), id: self.id.clone() }
    }

    /// Orders two revisions of one advisory: the one that counts is the greater.
    ///
    /// A draft never counts beside what was released. Then the version decides, then the date of the current release.
    /// Where one of the versions is no CSAF version, or one is an integer and the other semantic, the date decides
    /// first, since the numbers mean different things.
    pub fn compare_revisions(&self, other: &Advisory) -> Ordering {
        let dated = |advisory: &Advisory| advisory.updated_at;
        compare_released(&self.status, &other.status)
            .then_with(|| compare_dated_versions((&self.version, dated(self)), (&other.version, dated(other))))
    }
}

impl AdvisoryRevision {
    /// Orders two revisions of one advisory as [`Advisory::compare_revisions`] does.
    pub fn compare_revisions(&self, other: &AdvisoryRevision) -> Ordering {
        compare_released(&self.status, &other.status)
            .then_with(|| compare_dated_versions((&self.version, self.updated_at), (&other.version, other.updated_at)))
    }
}

/// The status of a document that is not released yet (CSAF 2.1 section 3.2.2.13.7).
pub const DRAFT: &str = "draft";

/// What a reader must know about a document with this status; `None` for one that stands.
pub fn status_notice(status: &str) -> Option<&'static str> {
    match status {
        DRAFT => Some("a draft, not released yet: it may change or go"),
        "interim" => Some("interim: it may change soon"),
        _ => None,
    }
}

/// Drafts come before what was released.
fn compare_released(a: &str, b: &str) -> Ordering {
    (a != DRAFT).cmp(&(b != DRAFT))
}

fn compare_dated_versions(a: (&str, Option<Timestamp>), b: (&str, Option<Timestamp>)) -> Ordering {
    let by_version = compare_versions(a.0, b.0);
    let by_date = a.1.cmp(&b.1);
    match (VersionType::of(a.0), VersionType::of(b.0)) {
        (Some(type_a), Some(type_b)) if type_a == type_b => by_version.then(by_date),
        _ => by_date.then(by_version),
    }
}

/// The place of the revision that counts among revisions of one advisory; of equals the first. `None` without any.
pub fn latest_of<'a>(revisions: impl IntoIterator<Item = &'a Advisory>) -> Option<usize> {
    let mut latest: Option<(usize, &Advisory)> = None;
    for (place, advisory) in revisions.into_iter().enumerate() {
        if latest.is_none_or(|(_, best)| advisory.compare_revisions(best) == Ordering::Greater) {
            latest = Some((place, advisory));
        }
    }
    latest.map(|(place, _)| place)
}

/// The two ways in which a CSAF document counts its versions; one document may not mix them.
///
/// # Source
///
/// CSAF 2.0 and 2.1, section 3.1.11 and 3.1.13 (version type).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionType {
    /// `0` (a draft), `1`, `2`, …
    Integer,
    /// `1.4.0-rc.2+build`, after Semantic Versioning 2.0.0.
    Semantic,
}

impl VersionType {
    /// The type of this version text; `None` when it fits neither pattern.
    pub fn of(version: &str) -> Option<VersionType> {
        if is_number(version) {
            return Some(VersionType::Integer);
        }
        let (core, pre_release) = split_semantic(version);
        let build = version.split_once('+').map(|(_, build)| build);
        let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_identifier =
            |part: &str| is_word(part) && (is_number(part) || !part.bytes().all(|b| b.is_ascii_digit()));
        let fits = core.split('.').count() == 3
            && core.split('.').all(is_number)
            && pre_release.is_none_or(|p| p.split('.').all(is_identifier))
            && build.is_none_or(|b| b.split('.').all(is_word));
        fits.then_some(VersionType::Semantic)
    }
}

/// Orders two versions of one advisory document.
///
/// Integers are ordered as numbers of any length. Semantic versions follow the precedence of Semantic Versioning
/// 2.0.0: a pre-release is lower than its release, build metadata is ignored. For anything else (`Final`, `1.0`, or
/// a mix of both types) the dotted parts are compared one by one, numbers as numbers and below words, a missing part
/// as 0; [`Advisory::compare_revisions`] asks the dates first in that case.
///
/// # Source
///
/// CSAF 2.1, sections 3.1.13.1 and 3.1.13.2.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let ((core_a, pre_a), (core_b, pre_b)) = (split_semantic(a.trim()), split_semantic(b.trim()));
    compare_parts(core_a, core_b, "0").then_with(|| match (pre_a, pre_b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => compare_parts(a, b, ""),
    })
}

/// Whether the text is a number without leading zeros.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

/// Core and pre-release of a semantic version, without the build metadata.
fn split_semantic(version: &str) -> (&str, Option<&str>) {
    let precedence = version.split_once('+').map_or(version, |(before, _)| before);
    precedence.split_once('-').map_or((precedence, None), |(core, pre_release)| (core, Some(pre_release)))
}

/// Compares dotted parts; `missing` stands for the parts that the shorter text lacks and sorts first when blank.
fn compare_parts(a: &str, b: &str, missing: &str) -> Ordering {
    let (mut parts_a, mut parts_b) = (a.split('.'), b.split('.'));
    loop {
        let (part_a, part_b) = (parts_a.next(), parts_b.next());
        if part_a.is_none() && part_b.is_none() {
            return Ordering::Equal;
        }
        let order = compare_part(part_a.unwrap_or(missing), part_b.unwrap_or(missing));
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Blank, then numbers by value, then words by their bytes.
fn compare_part(a: &str, b: &str) -> Ordering {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match (digits(a), digits(b)) {
        (true, true) => {
            let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
        (true, false) => {
            if b.is_empty() {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, true) => {
            if a.is_empty() {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, false) => a.cmp(b),
    }
}

/// To whom a document may be shown: the Traffic Light Protocol, least to most restricted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tlp {
    Clear,
    Green,
    Amber,
    AmberStrict,
    Red,
}

impl Tlp {
    /// Reads the label of CSAF 2.0 (`WHITE`) or 2.1 (`CLEAR`); `None` for any other text.
    pub fn from_word(word: &str) -> Option<Tlp> {
        match word {
            "CLEAR" | "WHITE" => Some(Tlp::Clear),
            "GREEN" => Some(Tlp::Green),
            "AMBER" => Some(Tlp::Amber),
            "AMBER+STRICT" => Some(Tlp::AmberStrict),
            "RED" => Some(Tlp::Red),
            _ => None,
        }
    }

    /// The label of CSAF 2.1.
    pub fn word(self) -> &'static str {
        match self {
            Tlp::Clear => "CLEAR",
            Tlp::Green => "GREEN",
            Tlp::Amber => "AMBER",
            Tlp::AmberStrict => "AMBER+STRICT",
            Tlp::Red => "RED",
        }
    }

    /// Whether the program may pass the document on by itself, in messages and scheduled reports. RED is for the people
    /// who were given it.
    pub fn may_be_passed_on(self) -> bool {
        self < Tlp::Red
    }

    /// The title with the label in front where the document is not for everybody: `[TLP:AMBER] Power meters`.
    pub fn marked(label: Option<Tlp>, title: &str) -> String {
        match label {
            Some(tlp) if tlp >= Tlp::Amber => format!("[TLP:{}] {title}", tlp.word()),
            _ => title.to_owned(),
        }
    }
}

impl Advisory {
    /// To whom the document may be shown; `None` without a label. A label that is not known counts as the strictest,
    /// because somebody meant to restrict it.
    pub fn tlp(&self) -> Option<Tlp> {
        self.tlp.as_deref().map(|label| Tlp::from_word(label).unwrap_or(Tlp::Red))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cve_is_known_by_its_form() {
        for (text, is) in [
            ("CVE-2022-46680", true),
            ("CVE-2022-1", false),
            ("CVE-20222-46680", false),
            ("2022-46680", false),
            ("CVE-X-1234", false),
        ] {
            assert_eq!(is_cve(text), is, "{text}");
        }
    }

    /// Each list is in ascending order; every pair is compared both ways.
    const ASCENDING: &[&[&str]] = &[
        &["0", "1", "2", "9", "10", "99999999999999999999998", "99999999999999999999999"],
        &[
            "0.9.0",
            "1.0.0-1",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ],
        &["1.0", "1.1", "2", "2.0.1", "Final"],
    ];

    #[test]
    fn versions_order_by_their_type() {
        for list in ASCENDING {
            for (i, a) in list.iter().enumerate() {
                for (j, b) in list.iter().enumerate() {
                    assert_eq!(compare_versions(a, b), i.cmp(&j), "{a} against {b}");
                }
            }
        }
        assert_eq!(compare_versions("1.0.0+20230817", "1.0.0+5"), Ordering::Equal);
        assert_eq!(compare_versions("1", "1.0.0"), Ordering::Equal);
    }

    #[test]
    fn a_draft_never_counts_beside_what_was_released() {
        let revision = |version: &str, status: &str| Advisory {
            version: version.to_owned(),
            status: status.to_owned(),
            ..Advisory::default()
        };
        for (revisions, counts) in [
            (&[("1", "final"), ("2", "draft")][..], "1"),
            (&[("2", "draft"), ("1", "interim")], "1"),
            (&[("1", "draft"), ("2", "draft")], "2"),
            (&[("1", "draft"), ("2", "final"), ("3", "final")], "3"),
        ] {
            let revisions: Vec<Advisory> = revisions.iter().map(|(v, s)| revision(v, s)).collect();
            let at = latest_of(&revisions).unwrap();
            assert_eq!(revisions[at].version, counts);
        }
    }

    #[test]
    fn version_type_is_recognised_by_its_pattern() {
        for (text, expected) in [
            ("0", Some(VersionType::Integer)),
            ("12", Some(VersionType::Integer)),
            ("01", None),
            ("1.0.0", Some(VersionType::Semantic)),
            ("1.0.0-rc.1+21AF26D3", Some(VersionType::Semantic)),
            ("1.0.0-01", None),
            ("1.0.0-0a", Some(VersionType::Semantic)),
            ("1.0.0+", None),
            ("1.0", None),
            ("1.02.0", None),
            ("", None),
            ("Final", None),
            ("V1", None),
        ] {
            assert_eq!(VersionType::of(text), expected, "{text}");
        }
    }

    fn revision(version: &str, day: &str) -> Advisory {
        Advisory {
            version: version.to_owned(),
            updated_at: format!("2024-01-{day}T00:00:00Z").parse().ok(),
            ..Advisory::default()
        }
    }

    #[test]
    fn the_highest_version_counts_even_when_it_comes_first() {
        let revisions = [revision("2", "01"), revision("10", "02"), revision("9", "03")];
        assert_eq!(latest_of(&revisions), Some(1));
        assert_eq!(latest_of(&[]), None);
    }

    #[test]
    fn the_date_counts_where_versions_cannot_be_compared() {
        assert_eq!(latest_of(&[revision("5", "01"), revision("1.0.0", "02")]), Some(1));
        assert_eq!(latest_of(&[revision("Final", "02"), revision("Draft", "01")]), Some(0));
        assert_eq!(latest_of(&[revision("3", "01"), revision("3", "02"), revision("3", "02")]), Some(1));
    }

    #[test]
    fn tlp_labels_of_both_versions_are_read() {
        assert_eq!(Tlp::from_word("WHITE"), Some(Tlp::Clear));
        assert_eq!(Tlp::from_word("CLEAR"), Some(Tlp::Clear));
        assert_eq!(Tlp::from_word("white"), None);
        assert!(Tlp::Clear < Tlp::AmberStrict);
    }

    #[test]
    fn status_words_read_back() {
        for (word, status) in ProductStatus::ALL {
            assert_eq!(ProductStatus::from_word(word), Some(status));
            assert_eq!(status.word(), word);
        }
        assert_eq!(ProductStatus::from_word("affected"), None);
    }
}
