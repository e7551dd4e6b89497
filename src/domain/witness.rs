//! Several documents that speak of one finding: a vendor's advisory and what others made of it are witnesses of one.
//!
//! Witnesses are grouped, never merged: each keeps its own verdict and evidence, so that nothing is lost when one of
//! them says less.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::advisory::Advisory;
use super::verdict::Verdict;

/// An id shorter than this is too easily a word of another meaning.
const SHORTEST_ID: usize = 6;

/// The ids under which a document may be known, as others would write them: tracking id and aliases, lower case.
pub fn names_of(advisory: &Advisory) -> BTreeSet<String> {
    let all = std::iter::once(&advisory.id).chain(&advisory.aliases);
    all.map(|id| id.trim().to_lowercase()).filter(|id| is_telling(id)).collect()
}

/// What a document says about itself that may be the id of another one: its aliases, and the words of its title and
/// references, lower case. Endings of files are cut.
pub fn mentions_of(advisory: &Advisory) -> BTreeSet<String> {
    let references = advisory
        .references
        .iter()
        .chain(advisory.vulnerabilities.iter().flat_map(|vulnerability| &vulnerability.references));
    let texts = references
        .flat_map(|reference| [reference.url.as_str(), reference.summary.as_str()])
        .chain(std::iter::once(advisory.title.as_str()))
        .chain(advisory.aliases.iter().map(String::as_str));
    texts.flat_map(words_of).filter(|word| is_telling(word)).collect()
}

/// The words of a text that could be ids, with and without the ending of a file.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let lower = text.to_lowercase();
    let words: Vec<String> = lower
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .map(|word| word.trim_matches(['.', '-', '_']))
        .map(|word| {
            let ending = [".json", ".html", ".pdf", ".txt", ".htm"].into_iter().find_map(|e| word.strip_suffix(e));
            ending.unwrap_or(word).to_owned()
        })
        .collect();
    words.into_iter()
}

/// Whether a word looks like the id of a document: long enough, with a letter and a digit, and no CVE or CWE.
fn is_telling(word: &str) -> bool {
    word.len() >= SHORTEST_ID
        && word.chars().any(char::is_alphabetic)
        && word.chars().any(|c| c.is_ascii_digit())
        && !word.starts_with("cve-")
        && !word.starts_with("cwe-")
}

/// Whether two documents speak of one finding: other publishers, one names the other's id, and they share a CVE (or
/// neither has any).
pub fn are_witnesses(a: &Advisory, b: &Advisory) -> bool {
    let names = |of: &Advisory, other: &Advisory| !names_of(of).is_disjoint(&mentions_of(other));
    a.publisher.namespace != b.publisher.namespace && share_a_cve(a, b) && (names(a, b) || names(b, a))
}

fn cves(advisory: &Advisory) -> FxHashSet<&str> {
    advisory.vulnerabilities.iter().filter_map(|vulnerability| vulnerability.cve.as_deref()).collect()
}

fn share_a_cve(a: &Advisory, b: &Advisory) -> bool {
    let (a, b) = (cves(a), cves(b));
    (a.is_empty() && b.is_empty()) || a.iter().any(|cve| b.contains(cve))
}

/// Orders witnesses: the one to lead with is the lesser. The vendor knows his product best; an original comes before
/// its translation, a newer document before an older one.
pub fn compare_witnesses(a: &Advisory, b: &Advisory) -> Ordering {
    let rank = |advisory: &Advisory| match advisory.publisher.category.as_str() {
        "vendor" => 0,
        "coordinator" => 1,
        "translator" => 4,
        "discoverer" => 2,
        _ => 3,
    };
    (rank(a), a.source_language.is_some())
        .cmp(&(rank(b), b.source_language.is_some()))
        .then_with(|| b.updated_at.cmp(&a.updated_at))
        .then_with(|| a.key().cmp(&b.key()))
}

/// Which documents are witnesses of one finding, as groups of places in `advisories`: at least two each, the one to
/// lead with first.
pub fn witness_groups<A: AsRef<Advisory>>(advisories: &[A]) -> Vec<Vec<u32>> {
    let mut by_name: FxHashMap<String, Vec<u32>> = FxHashMap::default();
    for (at, advisory) in advisories.iter().enumerate() {
        for name in names_of(advisory.as_ref()) {
            by_name.entry(name).or_default().push(at as u32);
        }
    }
    let mut leader: Vec<u32> = (0..advisories.len() as u32).collect();
    for (at, advisory) in advisories.iter().enumerate() {
        let advisory = advisory.as_ref();
        for name in mentions_of(advisory) {
            for &other in by_name.get(&name).into_iter().flatten() {
                let witness = advisories[other as usize].as_ref();
                if witness.publisher.namespace != advisory.publisher.namespace && share_a_cve(advisory, witness) {
                    let (a, b) = (root(&mut leader, at as u32), root(&mut leader, other));
                    leader[a.max(b) as usize] = a.min(b);
                }
            }
        }
    }
    let mut groups: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for at in 0..advisories.len() as u32 {
        let root = root(&mut leader, at);
        groups.entry(root).or_default().push(at);
    }
    let mut groups: Vec<Vec<u32>> = groups.into_values().filter(|group| group.len() > 1).collect();
    for group in &mut groups {
        group.sort_by(|a, b| compare_witnesses(advisories[*a as usize].as_ref(), advisories[*b as usize].as_ref()));
    }
    groups.sort();
    groups
}

fn root(leader: &mut [u32], mut at: u32) -> u32 {
    while leader[at as usize] != at {
        leader[at as usize] = leader[leader[at as usize] as usize];
        at = leader[at as usize];
    }
    at
}

/// What one witness says about one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The tracking id.
    pub advisory_id: String,
    pub publisher: String,
    /// `None` when the document does not name the device.
    pub verdict: Option<Verdict>,
    /// The CVEs that hold, sorted.
    pub cves: Vec<String>,
    /// The affected versions in words; blank when it names none.
    pub range: String,
    pub fix: Option<String>,
}

/// Where another witness contradicts the one that leads, one sentence each; empty when they agree.
pub fn contradictions(leading: &Voice, other: &Voice) -> Vec<String> {
    let mut sentences = Vec::new();
    let say = |voice: &Voice, what: &str| format!("{} {what}", voice.advisory_id);
    let verdict = |voice: &Voice| match voice.verdict {
        Some(Verdict::Affected) => "says affected",
        Some(Verdict::Possible) => "says possible",
        Some(Verdict::NotAffected) => "says not affected",
        None => "does not name this device",
    };
    if leading.verdict != other.verdict {
        sentences.push(format!("{}, {}", say(leading, verdict(leading)), say(other, verdict(other))));
    }
    if leading.verdict.is_none() || other.verdict.is_none() {
        return sentences;
    }
    if leading.range != other.range && !leading.range.is_empty() && !other.range.is_empty() {
        sentences.push(format!(
            "{} and {}",
            say(leading, &format!("means versions {}", leading.range)),
            say(other, &format!("means versions {}", other.range))
        ));
    }
    match (&leading.fix, &other.fix) {
        (Some(a), Some(b)) if a != b => {
            sentences.push(format!(
                "{}, {}",
                say(leading, &format!("names {a} as fix")),
                say(other, &format!("names {b}"))
            ));
        }
        _ => {}
    }
    for (only, rest) in [(leading, other), (other, leading)] {
        let own: Vec<&str> = only.cves.iter().filter(|cve| !rest.cves.contains(cve)).map(String::as_str).collect();
        if !own.is_empty() {
            sentences.push(format!("only {}", say(only, &format!("names {}", own.join(", ")))));
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::advisory::{Publisher, Reference, Vulnerability};

    fn advisory(id: &str, category: &str, cves: &[&str], mentions: &[&str]) -> Advisory {
        Advisory {
            id: id.to_owned(),
            publisher: Publisher {
                category: category.to_owned(),
                name: category.to_owned(),
                namespace: format!("https://{category}.example"),
            },
            references: mentions
                .iter()
                .map(|url| Reference {
                    category: "external".to_owned(),
                    url: (*url).to_owned(),
                    summary: String::new(),
                })
                .collect(),
            vulnerabilities: cves
                .iter()
                .map(|cve| Vulnerability { cve: Some((*cve).to_owned()), ..Vulnerability::default() })
                .collect(),
            ..Advisory::default()
        }
    }

    #[test]
    fn a_republished_document_and_its_original_are_witnesses() {
        let vendor = advisory("FB-2024-001", "vendor", &["CVE-1", "CVE-2"], &[]);
        for (other, expected) in [
            (advisory("NC-24-7", "coordinator", &["CVE-2"], &["https://feldbus.example/csaf/fb-2024-001.json"]), true),
            (advisory("NC-24-7", "coordinator", &["CVE-2"], &["https://feldbus.example/?id=FB-2024-001#top"]), true),
            (advisory("NC-24-7", "coordinator", &["CVE-9"], &["https://feldbus.example/fb-2024-001.json"]), false),
            (advisory("NC-24-7", "coordinator", &["CVE-2"], &["https://feldbus.example/fb-2024-0011.json"]), false),
            (advisory("NC-24-7", "coordinator", &["CVE-2"], &[]), false),
            (advisory("FB-2024-002", "vendor", &["CVE-2"], &["https://feldbus.example/fb-2024-001.json"]), false),
        ] {
            assert_eq!(are_witnesses(&vendor, &other), expected, "{:?}", other.references);
            assert_eq!(are_witnesses(&other, &vendor), expected);
            let groups = witness_groups(&[Box::new(other), Box::new(vendor.clone())]);
            assert_eq!(groups, if expected { vec![vec![1, 0]] } else { Vec::new() }, "the vendor leads");
        }
    }

    #[test]
    fn an_alias_joins_as_a_reference_does() {
        let mut national = advisory("NC-24-7", "coordinator", &["CVE-1"], &[]);
        national.aliases = vec!["FB-2024-001".to_owned()];
        let vendor = advisory("FB-2024-001", "vendor", &["CVE-1"], &[]);
        let translated = Advisory {
            source_language: Some("de".to_owned()),
            ..advisory("NC-24-8", "multiplier", &["CVE-1"], &["x/NC-24-7.json"])
        };
        let groups = witness_groups(&[Box::new(translated), Box::new(national), Box::new(vendor)]);
        assert_eq!(groups, [[2, 1, 0]], "chains are one group");
    }

    #[test]
    fn contradictions_are_said_in_words() {
        let leading = Voice {
            advisory_id: "FB-1".to_owned(),
            publisher: "Feldbus".to_owned(),
            verdict: Some(Verdict::Affected),
            cves: vec!["CVE-1".to_owned()],
            range: "below 2.0".to_owned(),
            fix: Some("2.0".to_owned()),
        };
        let other = |edit: fn(&mut Voice)| {
            let mut voice = Voice { advisory_id: "NC-7".to_owned(), ..leading.clone() };
            edit(&mut voice);
            voice
        };
        for (other, expected) in [
            (other(|_| ()), vec![]),
            (other(|v| v.verdict = None), vec!["FB-1 says affected, NC-7 does not name this device"]),
            (other(|v| v.verdict = Some(Verdict::NotAffected)), vec!["FB-1 says affected, NC-7 says not affected"]),
            (
                other(|v| v.range = "below 3".to_owned()),
                vec!["FB-1 means versions below 2.0 and NC-7 means versions below 3"],
            ),
            (other(|v| v.fix = Some("3".to_owned())), vec!["FB-1 names 2.0 as fix, NC-7 names 3"]),
            (other(|v| v.cves.push("CVE-2".to_owned())), vec!["only NC-7 names CVE-2"]),
        ] {
            assert_eq!(contradictions(&leading, &other), expected);
        }
    }
}
