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
    /// 7. more critical asset.
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
    }
}
