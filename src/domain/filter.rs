//! The filter of a list: which exposures are meant. One filter, four uses: the address of a page is also the scope of an
//! export, of an alert and of a plan.
//!
//! ```text
//! site=riverside&verdict=affected,possible&severity=high&kev=yes&status=open&vendor=siemens&sure=likely&text=6es7
//! ```
//!
//! Words of different kinds all have to fit; of the values of one word any.

use std::fmt;

use thiserror::Error;

use super::asset::Standing;
use super::priority::Severity;
use super::remediation::RemediationStatus;
use super::site;
use super::verdict::{Confidence, Verdict};

pub mod query_text;

/// Which exposures are meant; the default means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `site=`: sites by their word or name, see [`site::find`].
    pub sites: Vec<String>,
    /// `verdict=`.
    pub verdicts: Vec<Verdict>,
    /// `severity=`: this one or a higher one. What has no score passes, since it may be of any.
    pub severity: Option<Severity>,
    /// `kev=`: whether a vulnerability is known to be exploited.
    pub exploited: Option<bool>,
    /// `status=`: what has been done.
    pub statuses: Vec<StatusWord>,
    /// `vendor=`: a part of the vendor's name as the inventory writes it.
    pub vendors: Vec<String>,
    /// `sure=`: the product was identified at least so surely.
    pub sure: Option<Confidence>,
    /// `fix=`: whether the advisory names a version that fixes it.
    pub has_fix: Option<bool>,
    /// `advisory=`: tracking ids.
    pub advisories: Vec<String>,
    /// `cve=`: CVE ids.
    pub cves: Vec<String>,
    /// `area=`: areas as the inventory writes them.
    pub areas: Vec<String>,
    /// `standing=`: where the asset stands; for lists of assets.
    pub standings: Vec<Standing>,
    /// `text=`: a part of vendor, model, order number, firmware, tag, serial number or advisory. Case, blanks and
    /// dashes do not count.
    pub text: String,
}

/// A value of `status=`: one of the three words of CSAF clause 13, or `open` for what is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusWord {
    Open,
    Is(RemediationStatus),
}

impl StatusWord {
    /// All values in the order in which they are offered.
    pub const ALL: [StatusWord; 4] = [
        StatusWord::Open,
        StatusWord::Is(RemediationStatus::NotRemediated),
        StatusWord::Is(RemediationStatus::InProgress),
        StatusWord::Is(RemediationStatus::Done),
    ];

    /// The word used in addresses.
    pub fn word(self) -> &'static str {
        match self {
            StatusWord::Open => "open",
            StatusWord::Is(status) => status.word(),
        }
    }

    /// The words as a person reads them.
    pub fn label(self) -> &'static str {
        match self {
            StatusWord::Open => "not done",
            StatusWord::Is(status) => status.label(),
        }
    }

    /// Whether this status is meant.
    pub fn means(self, status: RemediationStatus) -> bool {
        match self {
            StatusWord::Open => status != RemediationStatus::Done,
            StatusWord::Is(own) => own == status,
        }
    }
}

/// A word of the query string that a filter knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilterWord {
    Site,
    Verdict,
    Severity,
    Kev,
    Status,
    Vendor,
    Sure,
    Fix,
    Advisory,
    Cve,
    Area,
    Standing,
    Text,
}

impl FilterWord {
    /// All words in the order in which they are written and shown.
    pub const ALL: [FilterWord; 13] = [
        FilterWord::Site,
        FilterWord::Verdict,
        FilterWord::Severity,
        FilterWord::Kev,
        FilterWord::Status,
        FilterWord::Vendor,
        FilterWord::Sure,
        FilterWord::Fix,
        FilterWord::Advisory,
        FilterWord::Cve,
        FilterWord::Area,
        FilterWord::Standing,
        FilterWord::Text,
    ];

    /// The word used in addresses.
    pub fn word(self) -> &'static str {
        match self {
            FilterWord::Site => "site",
            FilterWord::Verdict => "verdict",
            FilterWord::Severity => "severity",
            FilterWord::Kev => "kev",
            FilterWord::Status => "status",
            FilterWord::Vendor => "vendor",
            FilterWord::Sure => "sure",
            FilterWord::Fix => "fix",
            FilterWord::Advisory => "advisory",
            FilterWord::Cve => "cve",
            FilterWord::Area => "area",
            FilterWord::Standing => "standing",
            FilterWord::Text => "text",
        }
    }

    /// The word of an address; `None` when it is none of a filter.
    pub fn from_word(word: &str) -> Option<FilterWord> {
        FilterWord::ALL.into_iter().find(|known| known.word() == word)
    }

    /// The word as a person reads it at the head of a chip.
    pub fn label(self) -> &'static str {
        match self {
            FilterWord::Site => "Site",
            FilterWord::Verdict => "Verdict",
            FilterWord::Severity => "Severity",
            FilterWord::Kev => "Exploited",
            FilterWord::Status => "Status",
            FilterWord::Vendor => "Vendor",
            FilterWord::Sure => "How sure",
            FilterWord::Fix => "Fix named",
            FilterWord::Advisory => "Advisory",
            FilterWord::Cve => "CVE",
            FilterWord::Area => "Area",
            FilterWord::Standing => "Standing",
            FilterWord::Text => "Text",
        }
    }

    /// The values that it can have; empty when it takes any text.
    pub fn known_values(self) -> Vec<&'static str> {
        match self {
            FilterWord::Verdict => Verdict::ALL.iter().map(|v| v.word()).collect(),
            FilterWord::Severity => SEVERITIES.iter().map(|s| s.word()).collect(),
            FilterWord::Kev | FilterWord::Fix => vec!["yes", "no"],
            FilterWord::Status => StatusWord::ALL.iter().map(|s| s.word()).collect(),
            FilterWord::Sure => SURE.iter().map(|c| c.word()).collect(),
            FilterWord::Standing => Standing::ALL.iter().map(|s| s.word()).collect(),
            FilterWord::Site
            | FilterWord::Vendor
            | FilterWord::Advisory
            | FilterWord::Cve
            | FilterWord::Area
            | FilterWord::Text => Vec::new(),
        }
    }
}

/// Severities that can be asked for, highest first.
pub const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::None];

/// How sure a product can be identified, surest first.
pub const SURE: [Confidence; 3] = [Confidence::Certain, Confidence::Likely, Confidence::Possible];

/// A query string that no filter can be read from.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterProblem {
    #[error("cannot filter: expected one of {}, found the word `{word}`", quoted(known))]
    UnknownWord { word: String, known: Vec<&'static str> },
    #[error("cannot filter by `{word}`: expected one of {}, found `{value}`", quoted(known))]
    UnknownValue { word: &'static str, value: String, known: Vec<String> },
    #[error("cannot filter by `{word}`: expected one value, found {n}")]
    SeveralValues { word: &'static str, n: usize },
}

fn quoted<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| format!("`{}`", word.as_ref())).collect::<Vec<_>>().join(", ")
}

/// One exposure of one asset as a filter looks at it.
#[derive(Clone, Copy, Debug)]
pub struct FilterRow<'a> {
    pub site: &'a str,
    pub area: &'a str,
    pub vendor: &'a str,
    pub verdict: Verdict,
    pub severity: Option<Severity>,
    pub is_exploited: bool,
    pub status: RemediationStatus,
    pub confidence: Confidence,
    pub has_fix: bool,
    pub advisory: &'a str,
    pub cves: &'a [String],
    /// What `text=` looks into.
    pub texts: &'a [&'a str],
}

impl Filter {
    /// Reads a query string in which every word must be one of a filter.
    ///
    /// # Errors
    ///
    /// A word or a value is not known; the message lists the known ones.
    pub fn parse(query: &str) -> Result<Filter, FilterProblem> {
        let (filter, others) = Filter::parse_some(query)?;
        match others.into_iter().next() {
            None => Ok(filter),
            Some((word, _)) => Err(Filter::unknown_word(word, &[])),
        }
    }

    /// Reads a query string and gives back the words that are none of a filter, for the caller to judge.
    ///
    /// # Errors
    ///
    /// A value is not known; the message lists the known ones.
    #[allow(clippy::type_complexity, reason = "a name for words with their values would say no more")]
    pub fn parse_some(query: &str) -> Result<(Filter, Vec<(String, Vec<String>)>), FilterProblem> {
        let mut filter = Filter::default();
        let mut others = Vec::new();
        for (word, values) in query_text::read(query) {
            match FilterWord::from_word(&word) {
                Some(known) => filter.set(known, values)?,
                None => others.push((word, values)),
            }
        }
        Ok((filter, others))
    }

    /// The problem with a word that is neither of a filter nor one of `also`.
    pub fn unknown_word(word: String, also: &[&'static str]) -> FilterProblem {
        let known = FilterWord::ALL.iter().map(|w| w.word()).chain(also.iter().copied()).collect();
        FilterProblem::UnknownWord { word, known }
    }

    fn set(&mut self, word: FilterWord, values: Vec<String>) -> Result<(), FilterProblem> {
        // A form sends the fields that were left blank.
        if values.is_empty() {
            return Ok(());
        }
        match word {
            FilterWord::Site => self.sites = unique(values),
            FilterWord::Verdict => self.verdicts = each(word, values, Verdict::from_word)?,
            FilterWord::Severity => {
                let of = |value: &str| SEVERITIES.into_iter().find(|s| s.word() == value);
                self.severity = Some(one(word, values, of)?);
            }
            FilterWord::Kev => self.exploited = Some(one(word, values, yes_or_no)?),
            FilterWord::Fix => self.has_fix = Some(one(word, values, yes_or_no)?),
            FilterWord::Status => {
                self.statuses =
                    each(word, values, |value| StatusWord::ALL.into_iter().find(|status| status.word() == value))?;
            }
            FilterWord::Vendor => self.vendors = unique(values),
            FilterWord::Sure => self.sure = Some(one(word, values, Confidence::from_word)?),
            FilterWord::Advisory => self.advisories = unique(values),
            FilterWord::Cve => self.cves = unique(values.iter().map(|cve| cve.to_uppercase()).collect()),
            FilterWord::Area => self.areas = unique(values),
            FilterWord::Standing => self.standings = each(word, values, Standing::from_word)?,
            FilterWord::Text => self.text = values.join(","),
        }
        Ok(())
    }

    /// The values of one word as they stand in an address; empty when nothing is asked for.
    pub fn values(&self, word: FilterWord) -> Vec<String> {
        let flag = |flag: Option<bool>| flag.map(|yes| if yes { "yes" } else { "no" }.to_owned()).into_iter().collect();
        match word {
            FilterWord::Site => self.sites.clone(),
            FilterWord::Verdict => self.verdicts.iter().map(|v| v.word().to_owned()).collect(),
            FilterWord::Severity => self.severity.iter().map(|s| s.word().to_owned()).collect(),
            FilterWord::Kev => flag(self.exploited),
            FilterWord::Fix => flag(self.has_fix),
            FilterWord::Status => self.statuses.iter().map(|s| s.word().to_owned()).collect(),
            FilterWord::Vendor => self.vendors.clone(),
            FilterWord::Sure => self.sure.iter().map(|c| c.word().to_owned()).collect(),
            FilterWord::Advisory => self.advisories.clone(),
            FilterWord::Cve => self.cves.clone(),
            FilterWord::Area => self.areas.clone(),
            FilterWord::Standing => self.standings.iter().map(|s| s.word().to_owned()).collect(),
            FilterWord::Text => Some(self.text.clone()).filter(|text| !text.is_empty()).into_iter().collect(),
        }
    }

    /// The filter without what this word asks for.
    pub fn without(&self, word: FilterWord) -> Filter {
        let mut filter = self.clone();
        match word {
            FilterWord::Site => filter.sites.clear(),
            FilterWord::Verdict => filter.verdicts.clear(),
            FilterWord::Severity => filter.severity = None,
            FilterWord::Kev => filter.exploited = None,
            FilterWord::Fix => filter.has_fix = None,
            FilterWord::Status => filter.statuses.clear(),
            FilterWord::Vendor => filter.vendors.clear(),
            FilterWord::Sure => filter.sure = None,
            FilterWord::Advisory => filter.advisories.clear(),
            FilterWord::Cve => filter.cves.clear(),
            FilterWord::Area => filter.areas.clear(),
            FilterWord::Standing => filter.standings.clear(),
            FilterWord::Text => filter.text.clear(),
        }
        filter
    }

    /// Whether it means all exposures.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// The words that ask for something, in the order in which they are written.
    pub fn words(&self) -> impl Iterator<Item = FilterWord> {
        FilterWord::ALL.into_iter().filter(|word| !self.values(*word).is_empty())
    }

    /// What one word asks for, for people: `affected, possible`, `high or above`.
    pub fn value_in_words(&self, word: FilterWord) -> String {
        match word {
            FilterWord::Severity => match self.severity {
                Some(Severity::Critical) => "critical".to_owned(),
                Some(severity) => format!("{} or above", severity.word()),
                None => String::new(),
            },
            FilterWord::Verdict => {
                self.verdicts.iter().map(|v| v.label().to_lowercase()).collect::<Vec<_>>().join(", ")
            }
            FilterWord::Status => self.statuses.iter().map(|s| s.label()).collect::<Vec<_>>().join(", "),
            FilterWord::Standing => self.standings.iter().map(|s| s.label()).collect::<Vec<_>>().join(", "),
            FilterWord::Sure => self.sure.map(|sure| format!("at least {}", sure.word())).unwrap_or_default(),
            _ => self.values(word).join(", "),
        }
    }

    /// The filter in words: `Verdict: affected, possible; Severity: high or above`; `all exposures` for the empty one.
    pub fn in_words(&self) -> String {
        let words: Vec<String> =
            self.words().map(|word| format!("{}: {}", word.label(), self.value_in_words(word))).collect();
        if words.is_empty() { "all exposures".to_owned() } else { words.join("; ") }
    }

    /// Whether this exposure is meant. `standing=` is about assets and is not looked at.
    pub fn fits(&self, row: &FilterRow<'_>) -> bool {
        let word = site::word(row.site);
        let contains = |text: &str, part: &str| folded(text).contains(&folded(part));
        (self.sites.is_empty() || self.sites.iter().any(|s| *s == row.site || *s == word))
            && (self.verdicts.is_empty() || self.verdicts.contains(&row.verdict))
            && self.severity.is_none_or(|least| row.severity.is_none_or(|own| own >= least))
            && self.exploited.is_none_or(|wanted| wanted == row.is_exploited)
            && (self.statuses.is_empty() || self.statuses.iter().any(|s| s.means(row.status)))
            && (self.vendors.is_empty() || self.vendors.iter().any(|v| contains(row.vendor, v)))
            && self.sure.is_none_or(|least| row.confidence >= least)
            && self.has_fix.is_none_or(|wanted| wanted == row.has_fix)
            && (self.advisories.is_empty() || self.advisories.iter().any(|a| a.eq_ignore_ascii_case(row.advisory)))
            && (self.cves.is_empty() || self.cves.iter().any(|cve| row.cves.contains(cve)))
            && (self.areas.is_empty() || self.areas.iter().any(|area| area == row.area))
            && (self.text.is_empty() || row.texts.iter().any(|text| contains(text, &self.text)))
    }
}

/// The query string that [`Filter::parse`] reads back, without `?`; blank for the empty filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.words().enumerate() {
            let values: Vec<String> = self.values(word).iter().map(|value| query_text::encode(value)).collect();
            write!(f, "{}{}={}", if i > 0 { "&" } else { "" }, word.word(), values.join(","))?;
        }
        Ok(())
    }
}

/// The text as it is compared: lower case, without blanks and dashes.
pub fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_lowercase).collect()
}

fn yes_or_no(value: &str) -> Option<bool> {
    match value {
        "yes" | "1" => Some(true),
        "no" | "0" => Some(false),
        _ => None,
    }
}

fn unique(values: Vec<String>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::with_capacity(values.len());
    for value in values {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    unique
}

fn each<T: PartialEq>(
    word: FilterWord,
    values: Vec<String>,
    of: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, FilterProblem> {
    let mut read: Vec<T> = Vec::with_capacity(values.len());
    for value in values {
        let one = of(&value).ok_or_else(|| unknown_value(word, value))?;
        if !read.contains(&one) {
            read.push(one);
        }
    }
    Ok(read)
}

fn one<T: PartialEq>(
    word: FilterWord,
    values: Vec<String>,
    of: impl Fn(&str) -> Option<T>,
) -> Result<T, FilterProblem> {
    let mut read = each(word, values, of)?;
    match (read.len(), read.pop()) {
        (1, Some(value)) => Ok(value),
        (n, _) => Err(FilterProblem::SeveralValues { word: word.word(), n }),
    }
}

fn unknown_value(word: FilterWord, value: String) -> FilterProblem {
    let known = word.known_values().into_iter().map(str::to_owned).collect();
    FilterProblem::UnknownValue { word: word.word(), value, known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for query in [
            "",
            "site=riverside,kraftwerk-s%C3%BCd&verdict=affected,possible",
            "severity=high&kev=yes&status=open,done&vendor=ABB%2C%20Inc.",
            "sure=likely&fix=no&advisory=ICSA-23-229-03&cve=CVE-2022-46680",
            "area=Pump%20hall&standing=affected,cannot_be_checked&text=6ES7%20515",
        ] {
            assert_eq!(Filter::parse(query).unwrap().to_string(), query);
        }
    }

    #[test]
    fn unknown_words_and_values_are_refused_with_the_known_ones() {
        for (query, expected) in [
            ("color=red", "cannot filter: expected one of `site`, `verdict`"),
            (
                "verdict=vulnerable",
                "cannot filter by `verdict`: expected one of `affected`, `possible`, `not_affected`, found `vulnerable`",
            ),
            ("severity=urgent", "expected one of `critical`, `high`, `medium`, `low`, `none`, found `urgent`"),
            ("kev=maybe", "expected one of `yes`, `no`, found `maybe`"),
            ("severity=high,low", "cannot filter by `severity`: expected one value, found 2"),
            ("sure=very", "`certain`, `likely`, `possible`"),
            ("status=fixed", "`open`, `not_remediated`, `in_progress`, `done`"),
        ] {
            let message = Filter::parse(query).unwrap_err().to_string();
            assert!(message.contains(expected), "{query}: {message}");
        }
    }

    #[test]
    fn a_form_with_blank_fields_asks_for_nothing() {
        assert!(Filter::parse("site=&verdict=&text=&kev=").unwrap().is_empty());
    }

    #[test]
    fn the_filter_is_told_in_words() {
        let filter = Filter::parse("verdict=affected,not_affected&severity=high&status=open&sure=certain").unwrap();
        assert_eq!(
            filter.in_words(),
            "Verdict: affected, not affected; Severity: high or above; Status: not done; How sure: at least certain"
        );
        assert_eq!(Filter::default().in_words(), "all exposures");
        assert_eq!(filter.without(FilterWord::Severity).severity, None);
    }

    #[test]
    fn all_words_must_fit_and_any_value_of_a_word() {
        let cves = ["CVE-2022-46680".to_owned()];
        let row = FilterRow {
            site: "Kraftwerk Süd",
            area: "Pump hall",
            vendor: "Siemens AG",
            verdict: Verdict::Possible,
            severity: None,
            is_exploited: false,
            status: RemediationStatus::InProgress,
            confidence: Confidence::Likely,
            has_fix: true,
            advisory: "ICSA-23-229-03",
            cves: &cves,
            texts: &["Siemens AG", "6ES7 515-2AM02-0AB0"],
        };
        for (query, fits) in [
            ("", true),
            ("site=Kraftwerk%20S%C3%BCd", true),
            ("site=kraftwerk-s%C3%BCd,other", true),
            ("site=other", false),
            ("verdict=affected,possible", true),
            ("verdict=affected", false),
            ("severity=critical", true),
            ("kev=yes", false),
            ("status=open", true),
            ("status=done,not_remediated", false),
            ("vendor=siemens", true),
            ("sure=likely", true),
            ("sure=certain", false),
            ("fix=yes&advisory=icsa-23-229-03&cve=cve-2022-46680", true),
            ("cve=CVE-2022-1", false),
            ("text=6es7515-2am02", true),
            ("text=6es7516", false),
            ("verdict=possible&text=abb", false),
        ] {
            assert_eq!(Filter::parse(query).unwrap().fits(&row), fits, "{query}");
        }
    }
}
