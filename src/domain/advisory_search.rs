//! Looking for advisories: the fields that can be searched, filtered and sorted by, what a document says in each, and
//! the question that is asked of many documents.

use std::collections::BTreeSet;

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;

use super::advisory::{Advisory, AdvisoryKey, Fate, Reference, Vulnerability};
use super::product::BranchCategory;

/// The form of [`search_texts`]. What was written by another form is written anew; count it up with every change there.
pub const SEARCH_FORM: u32 = 2;

/// The longest text that is searched for, in characters.
pub const LONGEST_NEEDLE: usize = 200;

/// The characters of a value by which documents are sorted.
const SORT_CHARS: usize = 100;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $no:literal $word:literal,)*) => {
        /// What advisories are searched, filtered and sorted by (CSAF 2.1, section 9.1.12).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum SearchField {
            $($(#[$doc])* $name,)*
        }

        impl SearchField {
            /// All fields in the order in which they are told.
            pub const ALL: &'static [SearchField] = &[$(SearchField::$name,)*];

            /// The word used in questions, on the command line and in URLs.
            pub fn word(self) -> &'static str {
                match self { $(SearchField::$name => $word,)* }
            }

            /// The number used in the database; it never changes its meaning.
            pub fn number(self) -> i64 {
                match self { $(SearchField::$name => $no,)* }
            }

            /// The field with this word; `None` for any other text.
            pub fn from_word(word: &str) -> Option<SearchField> {
                SearchField::ALL.iter().copied().find(|field| field.word() == word)
            }
        }
    };
}

fields! {
    /// `/document/tracking/id`.
    Id = 1 "id",
    Title = 2 "title",
    Category = 3 "category",
    CsafVersion = 4 "csaf_version",
    /// The label of the Traffic Light Protocol, in the words of CSAF 2.1.
    Tlp = 5 "tlp",
    PublisherCategory = 6 "publisher_category",
    Publisher = 7 "publisher",
    Namespace = 8 "namespace",
    /// `draft`, `interim` or `final`.
    Status = 9 "status",
    Version = 10 "version",
    /// `/document/tracking/initial_release_date`.
    Released = 11 "released",
    /// `/document/tracking/current_release_date`.
    Updated = 12 "updated",
    RevisionNumber = 13 "revision_number",
    RevisionDate = 14 "revision_date",
    RevisionSummary = 15 "revision_summary",
    /// `/document/aggregate_severity/text`.
    Severity = 16 "severity",
    /// The program that wrote the document.
    Generator = 17 "generator",
    SharingGroup = 18 "sharing_group",
    Alias = 19 "alias",
    Language = 20 "language",
    Cve = 21 "cve",
    /// Other ids of vulnerabilities.
    VulnerabilityId = 22 "vulnerability_id",
    Cwe = 23 "cwe",
    /// The highest base score of the document.
    Cvss = 24 "cvss",
    Vendor = 25 "vendor",
    Family = 26 "family",
    /// The names of `product_name` branches and the full names of products.
    Product = 27 "product",
    /// The texts of version branches, ranges included.
    ProductVersion = 28 "product_version",
    /// The names of all other branches.
    Branch = 29 "branch",
    /// The words of branch categories that the tree uses.
    BranchCategory = 30 "branch_category",
    ProductId = 31 "product_id",
    ModelNumber = 32 "model_number",
    Sku = 33 "sku",
    SerialNumber = 34 "serial_number",
    Cpe = 35 "cpe",
    Purl = 36 "purl",
    Hash = 37 "hash",
    SbomUrl = 38 "sbom_url",
    GenericUri = 39 "generic_uri",
    /// Ids and summaries of product groups.
    Group = 40 "group",
    /// Categories of relationships and product paths.
    Path = 41 "path",
    Reference = 42 "reference",
    /// The statuses that the document gives to products.
    ProductStatus = 43 "product_status",
    /// What became of it: `stands`, `withdrawn` or `superseded`.
    Fate = 44 "fate",
    /// The kinds of oddities that were found in the document.
    Oddity = 45 "oddity",
}

/// What a document says in one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText {
    pub field: SearchField,
    /// Sorts like the first value of the field: times as text, numbers padded; at most a hundred characters.
    pub sort_key: String,
    /// All values, each once, normalised by [`normalise`], each between line ends.
    pub text: String,
}

/// The text as it is compared: one form of each character, lower case, single spaces, no control characters.
pub fn normalise(text: &str) -> String {
    let folded: String =
        text.nfkc().flat_map(char::to_lowercase).map(|c| if c.is_control() { ' ' } else { c }).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What this document says in each field; fields in which it says nothing are left out. `oddities` are the words of
/// the kinds of warnings that it gave.
pub fn search_texts(advisory: &Advisory, oddities: &[&str]) -> Vec<SearchText> {
    let mut values: Values = Values::default();
    add_document(&mut values, advisory);
    for vulnerability in &advisory.vulnerabilities {
        add_vulnerability(&mut values, vulnerability);
    }
    add_tree(&mut values, advisory);
    values.texts(SearchField::Oddity, oddities.iter().copied());
    values.finish()
}

/// The values of each field, with the key by which the document sorts where it is not the least value.
#[derive(Default)]
struct Values {
    values: BTreeSet<(SearchField, String)>,
    sort_keys: Vec<(SearchField, String)>,
}

impl Values {
    fn texts<'a>(&mut self, field: SearchField, texts: impl IntoIterator<Item = &'a str>) {
        for text in texts {
            let text = normalise(text);
            if !text.is_empty() {
                self.values.insert((field, text));
            }
        }
    }

    fn sorted_by(&mut self, field: SearchField, key: String) {
        self.sort_keys.push((field, key));
    }

    fn time(&mut self, field: SearchField, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.values.insert((field, format!("{at:.3}").to_lowercase()));
            self.sorted_by(field, format!("{at:.3}"));
        }
    }

    fn finish(self) -> Vec<SearchText> {
        let mut texts: Vec<SearchText> = Vec::new();
        for (field, value) in self.values {
            if let Some(last) = texts.last_mut().filter(|last| last.field == field) {
                last.text.push_str(&value);
                last.text.push('\n');
                continue;
            }
            let given = self.sort_keys.iter().find(|(of, _)| *of == field).map(|(_, key)| key.as_str());
            let sort_key = given.unwrap_or(&value).chars().take(SORT_CHARS).collect();
            texts.push(SearchText { field, sort_key, text: format!("\n{value}\n") });
        }
        texts
    }
}

fn add_document(values: &mut Values, advisory: &Advisory) {
    let tlp =
        advisory.tlp.as_deref().map(|label| super::advisory::Tlp::from_word(label).map_or(label, |tlp| tlp.word()));
    for (field, text) in [
        (SearchField::Id, Some(advisory.id.as_str())),
        (SearchField::Title, Some(&advisory.title)),
        (SearchField::Category, Some(&advisory.category)),
        (SearchField::CsafVersion, Some(&advisory.csaf_version)),
        (SearchField::Tlp, tlp),
        (SearchField::PublisherCategory, Some(&advisory.publisher.category)),
        (SearchField::Publisher, Some(&advisory.publisher.name)),
        (SearchField::Namespace, Some(&advisory.publisher.namespace)),
        (SearchField::Status, Some(&advisory.status)),
        (SearchField::Version, Some(&advisory.version)),
        (SearchField::Severity, advisory.aggregate_severity.as_deref()),
        (SearchField::Generator, advisory.generator.as_deref()),
        (SearchField::SharingGroup, advisory.sharing_group.as_deref()),
        (SearchField::Language, advisory.language.as_deref()),
        (SearchField::Fate, Some(advisory.fate().word())),
    ] {
        values.texts(field, text);
    }
    values.sorted_by(SearchField::Version, sortable_version(&advisory.version));
    values.time(SearchField::Released, advisory.released_at);
    values.time(SearchField::Updated, advisory.updated_at);
    values.texts(SearchField::Alias, advisory.aliases.iter().map(String::as_str));
    for revision in &advisory.revisions {
        values.texts(SearchField::RevisionNumber, [revision.number.as_str()]);
        values.texts(SearchField::RevisionSummary, [revision.summary.as_str()]);
        values.texts(SearchField::RevisionDate, revision.date.map(|at| format!("{at:.3}")).as_deref());
    }
    // Documents sort by their latest revision, not by the least number or word.
    if let Some(latest) = advisory.revisions.iter().max_by(|a, b| a.date.cmp(&b.date)) {
        values.sorted_by(SearchField::RevisionNumber, sortable_version(&latest.number));
        values.sorted_by(SearchField::RevisionSummary, normalise(&latest.summary));
        if let Some(at) = latest.date {
            values.sorted_by(SearchField::RevisionDate, format!("{at:.3}"));
        }
    }
    add_references(values, &advisory.references);
}

fn add_references(values: &mut Values, references: &[Reference]) {
    for reference in references {
        values.texts(SearchField::Reference, [reference.url.as_str(), &reference.summary]);
    }
}

fn add_vulnerability(values: &mut Values, vulnerability: &Vulnerability) {
    values.texts(SearchField::Cve, vulnerability.cve.as_deref());
    values.texts(SearchField::VulnerabilityId, vulnerability.ids.iter().map(String::as_str));
    values.texts(SearchField::Cwe, vulnerability.cwes.iter().map(String::as_str));
    values.texts(SearchField::ProductStatus, vulnerability.statuses.iter().map(|(status, _)| status.word()));
    add_references(values, &vulnerability.references);
    for score in &vulnerability.scores {
        values.texts(SearchField::Cvss, [format!("{:.1}", score.base_score).as_str()]);
        let key = format!("{:04.1}", score.base_score);
        match values.sort_keys.iter_mut().find(|(field, _)| *field == SearchField::Cvss) {
            Some((_, highest)) if *highest < key => *highest = key,
            Some(_) => {}
            None => values.sorted_by(SearchField::Cvss, key),
        }
    }
}

fn add_tree(values: &mut Values, advisory: &Advisory) {
    for product in &advisory.products {
        for branch in &product.branches {
            let field = match branch.category {
                BranchCategory::Vendor => SearchField::Vendor,
                BranchCategory::ProductFamily => SearchField::Family,
                BranchCategory::ProductName => SearchField::Product,
                BranchCategory::ProductVersion | BranchCategory::ProductVersionRange => SearchField::ProductVersion,
                _ => SearchField::Branch,
            };
            values.texts(field, [branch.name.as_str()]);
            values.texts(SearchField::BranchCategory, [branch.category.word()]);
        }
        values.texts(SearchField::Product, [product.name.as_str()]);
        values.texts(SearchField::ProductId, [product.product_id.as_str()]);
        let helper = &product.helper;
        for (field, texts) in [
            (SearchField::ModelNumber, &helper.model_numbers),
            (SearchField::Sku, &helper.skus),
            (SearchField::SerialNumber, &helper.serial_numbers),
            (SearchField::Purl, &helper.purls),
            (SearchField::Hash, &helper.hashes),
            (SearchField::SbomUrl, &helper.sbom_urls),
            (SearchField::GenericUri, &helper.generic_uris),
        ] {
            values.texts(field, texts.iter().map(String::as_str));
        }
        values.texts(SearchField::Cpe, helper.cpe.as_deref());
        if let Some(path) = &product.relationship {
            values.texts(SearchField::Path, [path.category.as_str()]);
            values.texts(SearchField::Path, path.further.iter().map(|(category, _)| category.as_str()));
        }
    }
    for group in &advisory.product_groups {
        values.texts(SearchField::Group, [group.id.as_str()]);
        values.texts(SearchField::Group, group.summary.as_deref());
    }
}

/// The version so that its text sorts like its numbers: each run of digits is padded.
fn sortable_version(version: &str) -> String {
    let mut sortable = String::new();
    let mut digits = String::new();
    for c in version.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            sortable.push_str(&format!("{:0>10}", digits.trim_start_matches('0')));
            digits.clear();
        }
        if c != '\0' {
            sortable.push(c);
        }
    }
    sortable
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// The text stands somewhere in a value.
    Contains,
    /// A value is just this text.
    Is,
    /// The value by which the document sorts is this or more.
    AtLeast,
    /// The value by which the document sorts is this or less.
    AtMost,
}

/// One condition of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `None` looks into all fields.
    pub field: Option<SearchField>,
    pub compare: Compare,
    /// As given; it is normalised when it is asked.
    pub value: String,
}

impl Condition {
    /// The value as the database compares it: normalised, and for `AtLeast` and `AtMost` in the form of sort keys.
    pub fn needle(&self) -> String {
        let value: String = normalise(&self.value).chars().take(LONGEST_NEEDLE).collect();
        match (self.compare, self.field) {
            (Compare::Contains | Compare::Is, _) => value,
            (_, Some(SearchField::Cvss)) => value.parse::<f32>().map_or(value, |score| format!("{score:04.1}")),
            (_, Some(SearchField::Version | SearchField::RevisionNumber)) => sortable_version(&value),
            (compare, Some(SearchField::Released | SearchField::Updated | SearchField::RevisionDate)) => {
                // A day or a year stands for its first moment, or its last one.
                let end = if compare == Compare::AtMost { "\u{7f}" } else { "" };
                format!("{}{end}", value.to_uppercase())
            }
            _ => value,
        }
    }
}

/// A question about many documents; all parts must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdvisoryFilter {
    pub conditions: Vec<Condition>,
    /// Only what this reader has (`false`) or has not (`true`) read in the revision that counts.
    pub unread: Option<(String, bool)>,
    /// Only what has open exposures (`true`) or none (`false`).
    pub mine: Option<bool>,
    /// Older revisions as well, not only the one that counts of each advisory.
    pub all_revisions: bool,
}

/// Why a question is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("cannot search by `{word}`: expected one of {known}")]
    UnknownField { word: String, known: String },
    #[error("cannot search for `{word}`: expected a value after `{compare}`, found none")]
    NoValue { word: String, compare: &'static str },
}

impl AdvisoryFilter {
    /// Reads one word of a question: `powerlogic` looks everywhere, `vendor:siemens` into one field, `tlp=clear` for the
    /// whole value, `cvss>=7` and `updated<=2024` compare. A colon inside other text (`https://…`) is text.
    ///
    /// # Errors
    ///
    /// The word in front of `=`, `>=` or `<=` is no field, or nothing follows it.
    pub fn read_condition(word: &str) -> Result<Condition, FilterError> {
        for (sign, compare) in
            [(">=", Compare::AtLeast), ("<=", Compare::AtMost), ("=", Compare::Is), (":", Compare::Contains)]
        {
            let Some((name, value)) = word.split_once(sign) else { continue };
            let field = SearchField::from_word(&name.trim().to_ascii_lowercase());
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let Some(field) = field else {
                if compare == Compare::Contains || !is_name {
                    continue;
                }
                return Err(FilterError::UnknownField { word: name.to_owned(), known: known_fields() });
            };
            if value.trim().is_empty() {
                return Err(FilterError::NoValue { word: word.to_owned(), compare: sign });
            }
            return Ok(Condition { field: Some(field), compare, value: value.to_owned() });
        }
        Ok(Condition { field: None, compare: Compare::Contains, value: word.to_owned() })
    }
}

/// The words of all fields, as a list for messages.
pub fn known_fields() -> String {
    SearchField::ALL.iter().map(|field| field.word()).collect::<Vec<_>>().join(", ")
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvisorySort {
    pub field: SearchField,
    pub descending: bool,
}

impl Default for AdvisorySort {
    fn default() -> Self {
        AdvisorySort { field: SearchField::Id, descending: false }
    }
}

impl AdvisorySort {
    /// Reads `updated`, or `-updated` for the greatest first.
    ///
    /// # Errors
    ///
    /// The word is no field.
    pub fn read(word: &str) -> Result<AdvisorySort, FilterError> {
        let (name, descending) = word.strip_prefix('-').map_or((word, false), |name| (name, true));
        match SearchField::from_word(name) {
            Some(field) => Ok(AdvisorySort { field, descending }),
            None => Err(FilterError::UnknownField { word: name.to_owned(), known: known_fields() }),
        }
    }
}

/// Where a page ends: what the next one begins after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisoryCursor {
    pub sort_key: String,
    pub key: AdvisoryKey,
    /// Of the document, which tells revisions of one advisory apart.
    pub sha256: String,
}

/// What lists show of what became of a document.
impl Fate {
    /// The word used in searches: `stands`, `withdrawn`, `superseded`.
    pub fn word(&self) -> &'static str {
        match self {
            Fate::Stands => "stands",
            Fate::Withdrawn { .. } => "withdrawn",
            Fate::Superseded { .. } => "superseded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::advisory::{ProductGroup, Score};
    use crate::domain::product::{Branch, IdentificationHelper, Product};

    fn advisory() -> Advisory {
        let branch = |category, name: &str| Branch { category, name: name.to_owned() };
        Advisory {
            id: "FB-2024-0001".to_owned(),
            title: "Ｆeldbus  Gateway\n".to_owned(),
            version: "10".to_owned(),
            tlp: Some("WHITE".to_owned()),
            updated_at: Some("2024-05-06T07:08:09Z".parse().unwrap()),
            products: vec![Product {
                product_id: "P1".to_owned(),
                name: "Feldbus Gateway < 2".to_owned(),
                branches: vec![
                    branch(BranchCategory::Vendor, "Feldbus GmbH"),
                    branch(BranchCategory::ProductName, "Gateway"),
                    branch(BranchCategory::ProductVersionRange, "< 2"),
                    branch(BranchCategory::Architecture, "arm"),
                ],
                helper: IdentificationHelper { model_numbers: vec!["GW-1?".to_owned()], ..Default::default() },
                pointer: String::new(),
                relationship: None,
            }],
            product_groups: vec![ProductGroup {
                id: "G1".to_owned(),
                summary: Some("All".to_owned()),
                products: vec![0],
            }],
            vulnerabilities: vec![Vulnerability {
                cve: Some("CVE-2024-1".to_owned()),
                scores: [7.5, 10.0, 9.8]
                    .map(|base_score| Score {
                        cvss_version: "3.1".to_owned(),
                        base_score,
                        vector: String::new(),
                        source: None,
                        products: vec![0],
                    })
                    .to_vec(),
                ..Vulnerability::default()
            }],
            ..Advisory::default()
        }
    }

    #[test]
    fn each_field_tells_what_the_document_says() {
        let texts = search_texts(&advisory(), &["unread_version"]);
        let of = |field| texts.iter().find(|t| t.field == field).map(|t| (t.sort_key.as_str(), t.text.as_str()));
        for (field, expected) in [
            (SearchField::Id, Some(("fb-2024-0001", "\nfb-2024-0001\n"))),
            (SearchField::Title, Some(("feldbus gateway", "\nfeldbus gateway\n"))),
            (SearchField::Version, Some(("0000000010", "\n10\n"))),
            (SearchField::Tlp, Some(("clear", "\nclear\n"))),
            (SearchField::Updated, Some(("2024-05-06T07:08:09.000Z", "\n2024-05-06t07:08:09.000z\n"))),
            (SearchField::Product, Some(("feldbus gateway < 2", "\nfeldbus gateway < 2\ngateway\n"))),
            (SearchField::ProductVersion, Some(("< 2", "\n< 2\n"))),
            (SearchField::Branch, Some(("arm", "\narm\n"))),
            (SearchField::ModelNumber, Some(("gw-1?", "\ngw-1?\n"))),
            (SearchField::Group, Some(("all", "\nall\ng1\n"))),
            (SearchField::Cvss, Some(("10.0", "\n10.0\n7.5\n9.8\n"))),
            (SearchField::Oddity, Some(("unread_version", "\nunread_version\n"))),
            (SearchField::Fate, Some(("stands", "\nstands\n"))),
            (SearchField::Generator, None),
        ] {
            assert_eq!(of(field), expected, "{}", field.word());
        }
    }

    #[test]
    fn words_of_a_question_are_read() {
        let read = |word: &str| AdvisoryFilter::read_condition(word).map(|c| (c.field, c.compare, c.needle()));
        for (word, field, compare, needle) in [
            ("PowerLogic", None, Compare::Contains, "powerlogic"),
            ("vendor:Siemens AG", Some(SearchField::Vendor), Compare::Contains, "siemens ag"),
            ("tlp=CLEAR", Some(SearchField::Tlp), Compare::Is, "clear"),
            ("cvss>=7", Some(SearchField::Cvss), Compare::AtLeast, "07.0"),
            ("version>=10", Some(SearchField::Version), Compare::AtLeast, "0000000010"),
            ("updated>=2024-01-01", Some(SearchField::Updated), Compare::AtLeast, "2024-01-01"),
            ("updated<=2024", Some(SearchField::Updated), Compare::AtMost, "2024\u{7f}"),
            ("https://example.com/a=b", None, Compare::Contains, "https://example.com/a=b"),
            ("product:a=b", Some(SearchField::Product), Compare::Contains, "a=b"),
            ("Modicon: M340", None, Compare::Contains, "modicon: m340"),
        ] {
            assert_eq!(read(word), Ok((field, compare, needle.to_owned())), "{word}");
        }
        for (word, hint) in [("colour=red", "expected one of id, title"), ("vendor:", "expected a value")] {
            let error = read(word).unwrap_err().to_string();
            assert!(error.contains(hint), "{error}");
        }
        assert_eq!(AdvisorySort::read("-cvss"), Ok(AdvisorySort { field: SearchField::Cvss, descending: true }));
        assert!(AdvisorySort::read("colour").is_err());
    }

    #[test]
    fn numbers_and_words_of_fields_are_told_apart() {
        let numbers: BTreeSet<i64> = SearchField::ALL.iter().map(|field| field.number()).collect();
        assert_eq!(numbers.len(), SearchField::ALL.len());
        for field in SearchField::ALL {
            assert_eq!(SearchField::from_word(field.word()), Some(*field));
        }
    }
}
