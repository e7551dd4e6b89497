//! The order of work: exploited first, then severity, then how probable an exploit is and how critical the asset. It is
//! an order of facts that can be told in words, no invented score.

use std::cmp::{Ordering, Reverse};

use super::verdict::Verdict;

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

/// The estimate to show for one finding: that of the vulnerability that is most probably exploited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epss {
    /// Parts per million, of exploitation within 30 days.
    pub probability_ppm: u32,
    /// Parts per million of all vulnerabilities with this probability or less.
    pub percentile_ppm: u32,
    /// Calendar date of the estimate; blank when the list states none.
    pub date: String,
}

/// How critical an asset is to its owner, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Criticality {
    Low,
    Medium,
    High,
    Critical,
}

/// The words of inventories, folded. Of numbers 1 is the most critical, as in maintenance planning; of letters A.
const CRITICALITY_WORDS: &[(Criticality, &[&str])] = &[
    (
        Criticality::Critical,
        &[
            "critical",
            "very high",
            "highest",
            "vital",
            "essential",
            "1",
            "kritisch",
            "sehr hoch",
            "critique",
            "très élevée",
            "crítica",
            "crítico",
            "muy alta",
            "critica",
            "critico",
            "kritiek",
            "krytyczna",
            "最高",
            "关键",
        ],
    ),
    (
        Criticality::High,
        &[
            "high",
            "important",
            "major",
            "h",
            "a",
            "2",
            "hoch",
            "wichtig",
            "haute",
            "élevée",
            "alta",
            "alto",
            "hoog",
            "wysoka",
            "高",
            "높음",
        ],
    ),
    (
        Criticality::Medium,
        &[
            "medium", "med", "moderate", "normal", "standard", "m", "b", "3", "mittel", "moyenne", "media", "medio",
            "média", "middel", "średnia", "中", "보통",
        ],
    ),
    (
        Criticality::Low,
        &[
            "low", "minor", "none", "l", "c", "4", "niedrig", "gering", "basse", "faible", "baja", "bajo", "bassa",
            "basso", "baixa", "laag", "niska", "低", "낮음",
        ],
    ),
];

impl Criticality {
    /// What the owner's word means: critical to low, 1 to 4, A to C, `Class A`, `2 - high`. `None` for any other text,
    /// which is kept as written and stands last.
    pub fn read(text: &str) -> Option<Criticality> {
        let folded = text.trim().to_lowercase();
        let of = |word: &str| {
            CRITICALITY_WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(criticality, _)| *criticality)
        };
        of(&folded).or_else(|| {
            // A word says more than the number beside it, whose direction differs from plant to plant.
            let parts: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
            let fillers = ["class", "klasse", "classe", "level", "stufe", "prio", "priority", "crit", "criticality"];
            let telling: Vec<&str> = parts.into_iter().filter(|part| !fillers.contains(part)).collect();
            match telling.as_slice() {
                [only] => of(only),
                [first, second] => {
                    let words = [first, second].into_iter().filter(|part| part.chars().count() > 1);
                    let mut meant = words.filter_map(|part| of(part));
                    meant.next().filter(|_| meant.next().is_none())
                }
                _ => None,
            }
        })
    }

    /// The word used in files.
    pub fn word(self) -> &'static str {
        match self {
            Criticality::Low => "low",
            Criticality::Medium => "medium",
            Criticality::High => "high",
            Criticality::Critical => "critical",
        }
    }
}

/// How far a network zone lies from the process, by the levels of the Purdue model, in tenths: 35 is the zone between
/// office and plant. The higher, the nearer to those who come from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ZoneLevel(u8);

/// Words that name a level, folded, with the level in tenths.
const ZONE_WORDS: &[(u8, &[&str])] = &[
    (60, &["internet", "external", "cloud"]),
    (40, &["enterprise", "office", "corporate", "business", "büro", "bureau", "oficina", "kantoor"]),
    (35, &["dmz", "idmz"]),
    (20, &["supervisory", "supervision"]),
];

/// Words before the number of a level.
const LEVEL_WORDS: &[&str] = &[
    "purdue",
    "level",
    "lvl",
    "ebene",
    "stufe",
    "niveau",
    "nivel",
    "nível",
    "livello",
    "poziom",
    "nivå",
    "taso",
    "レベル",
];

impl ZoneLevel {
    /// The level that a zone's name carries: `3.5`, `L2`, `Level 1 - Basic control`, `2 - Supervision`, `Purdue zone 3`,
    /// `DMZ`. `None` for any other name (`Zone 12`), which is kept as written and stands last.
    pub fn read(text: &str) -> Option<ZoneLevel> {
        let folded = text.trim().to_lowercase();
        let parts: Vec<&str> =
            folded.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|part| !part.is_empty()).collect();
        let level = |part: &str| {
            let (whole, tenths) = part.split_once('.').unwrap_or((part, "0"));
            match (whole.parse::<u8>().ok()?, tenths.parse::<u8>().ok()?) {
                (whole @ 0..=5, tenths @ (0 | 5)) => Some(ZoneLevel(whole * 10 + tenths)),
                _ => None,
            }
        };
        let told = |n: usize| n == 0 || LEVEL_WORDS.contains(&parts[n - 1]) || parts.contains(&"purdue");
        let numbered = parts.iter().enumerate().find_map(|(n, part)| {
            let plain = if told(n) { level(part) } else { None };
            plain.or_else(|| part.strip_prefix('l').and_then(level))
        });
        numbered.or_else(|| {
            let mut named = ZONE_WORDS.iter().filter(|(_, words)| parts.iter().any(|part| words.contains(part)));
            let (level, _) = named.next()?;
            named.next().is_none().then_some(ZoneLevel(*level))
        })
    }

    /// The level as people write it: `3.5`, `2`.
    pub fn word(self) -> String {
        if self.0.is_multiple_of(10) { (self.0 / 10).to_string() } else { format!("{}.{}", self.0 / 10, self.0 % 10) }
    }
}

/// What decides how soon a finding is worked on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priority<'a> {
    pub verdict: Verdict,
    /// One of its vulnerabilities is known to be exploited: since this calendar date, blank when not stated.
    pub exploited_since: Option<&'a str>,
    pub severity: Option<Severity>,
    /// See [`leading_score`].
    pub cvss: Option<f32>,
    pub epss: Option<&'a Epss>,
    /// As the owner wrote it; blank when not stated.
    pub criticality: &'a str,
    /// As the owner wrote it; blank when not stated.
    pub zone: &'a str,
}

impl Priority<'_> {
    /// The order of work, most urgent first. Each step decides only between those that are equal so far:
    ///
    /// 1. what is not affected comes last,
    /// 2. exploited first,
    /// 3. higher severity,
    /// 4. affected before possible,
    /// 5. more probably exploited, by EPSS,
    /// 6. higher score,
    /// 7. more critical asset,
    /// 8. zone nearer to those who come from outside.
    ///
    /// What is not known comes after what is known, except that nothing is left out for it.
    pub fn compare(&self, other: &Priority<'_>) -> Ordering {
        type Key = (bool, Reverse<bool>, Reverse<Option<Severity>>, Reverse<Verdict>, Reverse<Option<u32>>);
        fn key(one: &Priority<'_>) -> Key {
            (
                one.verdict == Verdict::NotAffected,
                Reverse(one.exploited_since.is_some()),
                Reverse(one.severity),
                Reverse(one.verdict),
                Reverse(one.epss.map(|epss| epss.probability_ppm)),
            )
        }
        let (mine, others) = (self.cvss.unwrap_or(-1.0), other.cvss.unwrap_or(-1.0));
        key(self)
            .cmp(&key(other))
            .then_with(|| others.total_cmp(&mine))
            .then_with(|| Criticality::read(other.criticality).cmp(&Criticality::read(self.criticality)))
            .then_with(|| ZoneLevel::read(other.zone).cmp(&ZoneLevel::read(self.zone)))
    }

    /// Why it stands where it stands: "exploited since 2023-03-30; high 8.8; EPSS 0.42 (94th percentile, 2026-11-20);
    /// criticality high".
    pub fn in_words(&self) -> String {
        let mut parts = Vec::new();
        match self.exploited_since {
            Some("") => parts.push("exploited".to_owned()),
            Some(date) => parts.push(format!("exploited since {date}")),
            None => {}
        }
        parts.push(match (self.severity, self.cvss) {
            (Some(severity), Some(score)) => format!("{} {score:.1}", severity.word()),
            (Some(severity), None) => severity.word().to_owned(),
            _ => "no score".to_owned(),
        });
        if let Some(epss) = self.epss {
            let percentile = ordinal(epss.percentile_ppm / 10_000);
            let date = if epss.date.is_empty() { String::new() } else { format!(", {}", epss.date) };
            parts.push(format!("EPSS {} ({percentile} percentile{date})", probability(epss.probability_ppm)));
        }
        let written = self.criticality.trim();
        match Criticality::read(written) {
            _ if written.is_empty() => {}
            Some(meant) if meant.word().eq_ignore_ascii_case(written) => {
                parts.push(format!("criticality {}", meant.word()));
            }
            Some(meant) => parts.push(format!("criticality {} (`{written}`)", meant.word())),
            None => parts.push(format!("criticality `{written}`, which has no place in the order")),
        }
        let written = self.zone.trim();
        match ZoneLevel::read(written) {
            _ if written.is_empty() => {}
            Some(level) if level.word() == written => parts.push(format!("zone level {written}")),
            Some(level) => parts.push(format!("zone level {} (`{written}`)", level.word())),
            None => parts.push(format!("zone `{written}`, which has no place in the order")),
        }
        parts.join("; ")
    }
}

/// Two digits, more for what would read 0.00: `0.42`, `0.00043`.
fn probability(ppm: u32) -> String {
    let share = f64::from(ppm) / 1_000_000.0;
    if ppm >= 10_000 { format!("{share:.2}") } else { format!("{share:.5}") }
}

/// `1st`, `2nd`, `94th`.
fn ordinal(n: u32) -> String {
    let end = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owners_words_have_a_place_or_none() {
        for (text, meant) in [
            ("critical", Some(Criticality::Critical)),
            (" High ", Some(Criticality::High)),
            ("HOCH", Some(Criticality::High)),
            ("1", Some(Criticality::Critical)),
            ("4", Some(Criticality::Low)),
            ("A", Some(Criticality::High)),
            ("Class B", Some(Criticality::Medium)),
            ("C", Some(Criticality::Low)),
            ("2 - high", Some(Criticality::High)),
            ("5 (critical)", Some(Criticality::Critical)),
            ("Prio 3", Some(Criticality::Medium)),
            ("中", Some(Criticality::Medium)),
            ("", None),
            ("5", None),
            ("high or low", None),
            ("ask Werner", None),
        ] {
            assert_eq!(Criticality::read(text), meant, "{text}");
        }
    }

    fn epss(probability_ppm: u32) -> Epss {
        Epss { probability_ppm, percentile_ppm: 940_000, date: "2026-11-20".to_owned() }
    }

    #[test]
    fn each_step_decides_only_between_what_is_equal_so_far() {
        let (more, less) = (epss(420_000), epss(430));
        let one = |verdict, exploited, cvss: Option<f32>, epss, criticality| Priority {
            verdict,
            exploited_since: exploited,
            severity: cvss.map(Severity::of_score),
            cvss,
            epss,
            criticality,
            zone: "",
        };
        use Verdict::{Affected, NotAffected, Possible};
        let sorted = [
            one(Affected, Some("2023-03-30"), Some(5.0), None, ""),
            one(Possible, Some(""), Some(5.0), None, ""),
            one(Affected, None, Some(9.8), None, "low"),
            one(Possible, None, Some(9.8), Some(&more), "critical"),
            one(Affected, None, Some(7.1), Some(&more), ""),
            one(Affected, None, Some(8.8), Some(&less), ""),
            one(Affected, None, Some(8.8), None, "1"),
            one(Affected, None, Some(8.8), None, "low"),
            one(Affected, None, Some(8.8), None, "ask Werner"),
            one(Affected, None, None, None, "critical"),
            one(NotAffected, Some("2023-03-30"), Some(10.0), Some(&more), "critical"),
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(a.compare(b), i.cmp(&j), "{a:?} against {b:?}");
            }
        }
    }

    #[test]
    fn the_place_is_told_in_words() {
        let estimate = epss(420_130);
        let mut one = Priority {
            verdict: Verdict::Affected,
            exploited_since: Some("2023-03-30"),
            severity: Some(Severity::High),
            cvss: Some(8.8),
            epss: Some(&estimate),
            criticality: "High",
            zone: "",
        };
        assert_eq!(
            one.in_words(),
            "exploited since 2023-03-30; high 8.8; EPSS 0.42 (94th percentile, 2026-11-20); criticality high"
        );
        let rare = Epss { probability_ppm: 430, percentile_ppm: 21_000, date: String::new() };
        one = Priority { exploited_since: None, epss: Some(&rare), criticality: "A", ..one };
        assert_eq!(one.in_words(), "high 8.8; EPSS 0.00043 (2nd percentile); criticality high (`A`)");
        one = Priority { severity: None, cvss: None, epss: None, criticality: "ask Werner", ..one };
        assert_eq!(one.in_words(), "no score; criticality `ask Werner`, which has no place in the order");
        one = Priority { criticality: "", zone: "L3.5 DMZ", ..one };
        assert_eq!(one.in_words(), "no score; zone level 3.5 (`L3.5 DMZ`)");
        one = Priority { zone: "Paint shop", ..one };
        assert_eq!(one.in_words(), "no score; zone `Paint shop`, which has no place in the order");
    }

    #[test]
    fn the_level_of_a_zone_is_read_where_its_name_tells_it() {
        for (text, level) in [
            ("3.5", Some("3.5")),
            ("2", Some("2")),
            ("L1", Some("1")),
            ("L1 — Basic Control", Some("1")),
            ("Level 3: Site operations", Some("3")),
            ("2 - Supervisory control", Some("2")),
            ("Purdue zone 4", Some("4")),
            ("Niveau 2", Some("2")),
            ("Ebene 0", Some("0")),
            ("DMZ", Some("3.5")),
            ("Enterprise network", Some("4")),
            ("Supervisory", Some("2")),
            ("Zone 12", None),
            ("Zone 3", None),
            ("Paint shop", None),
            ("9", None),
            ("", None),
        ] {
            assert_eq!(ZoneLevel::read(text).map(ZoneLevel::word).as_deref(), level, "{text}");
        }
    }

    #[test]
    fn of_two_assets_alike_the_one_nearer_to_the_outside_comes_first() {
        let at = |criticality, zone| Priority {
            verdict: Verdict::Affected,
            exploited_since: None,
            severity: Some(Severity::High),
            cvss: Some(8.8),
            epss: None,
            criticality,
            zone,
        };
        let sorted = [at("high", ""), at("low", "DMZ"), at("low", "L3"), at("low", "Level 1"), at("low", "Paint shop")];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(a.compare(b), i.cmp(&j), "{a:?} against {b:?}");
            }
        }
    }
}
