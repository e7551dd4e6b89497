//! The first fixed version for a product, as the document names it.

use std::collections::BTreeSet;

use crate::domain::advisory::Advisory;
use crate::domain::nameplate::leading_numbers;
use crate::domain::product_index::Entry;
use crate::domain::remediation::RemediationCategory;
use crate::domain::version_range::VersionRange;

/// The first fixed version: the exclusive bound of the range, of several the one that is nearest for a device whose
/// firmware begins with `own`; else the version in the text of a fix for this product.
pub(super) fn first_fixed(advisory: &Advisory, entry: &Entry, range: &VersionRange, own: &[u32]) -> Option<String> {
    nearest_fix(&range.fix_candidates(), own)
        .or_else(|| exclusive_bound(range.raw()))
        .or_else(|| above(entry.advised_fix.get_or_init(|| advised(advisory, entry.product)), own))
}

/// Of the versions that an advice names, the one for a device at `own`; never one that the device is already at.
fn above(advised: &[String], own: &[u32]) -> Option<String> {
    let [only] = advised else { return nearest_fix(advised, own) };
    let numbers = leading_numbers(only);
    let is_year = |numbers: &[u32]| numbers.first().is_some_and(|n| *n >= 1990);
    let reached = !own.is_empty() && !numbers.is_empty() && is_year(own) == is_year(&numbers) && numbers[..] <= *own;
    (!reached).then(|| only.clone())
}

/// The versions in the texts of the fixes for this product, each once.
fn advised(advisory: &Advisory, product: u32) -> Vec<String> {
    let mut found: Vec<String> = advisory
        .vulnerabilities
        .iter()
        .flat_map(|v| &v.remediations)
        .filter(|r| matches!(r.category, RemediationCategory::VendorFix | RemediationCategory::OptionalPatch))
        .filter(|r| r.products.binary_search(&product).is_ok())
        .flat_map(|r| versions_in_advice(&r.details))
        .collect();
    let mut seen = BTreeSet::new();
    found.retain(|version| seen.insert(version.clone()));
    found
}

/// Of the fixes of several branches that of the device's own major, else the lowest above it. One candidate alone is
/// left to its own text, which may say more than the number.
fn nearest_fix(candidates: &[String], own: &[u32]) -> Option<String> {
    if candidates.len() < 2 {
        return None;
    }
    let mut numbered: Vec<(Vec<u32>, &String)> = candidates.iter().map(|c| (leading_numbers(c), c)).collect();
    numbered.retain(|(numbers, _)| !numbers.is_empty());
    numbered.sort();
    let major = own.first();
    let of_major =
        numbered.iter().find(|(numbers, _)| major.is_some() && numbers.first() == major && numbers[..] > *own);
    of_major.or_else(|| numbered.iter().find(|(numbers, _)| numbers[..] > *own)).map(|(_, fix)| (*fix).clone())
}

/// `vers:all/<V4.5 SP1` and `All versions < V4.5` give `V4.5 SP1` and `V4.5`; several bounds or `<=` give none.
fn exclusive_bound(range: &str) -> Option<String> {
    let (_, rest) = range.split_once('<')?;
    if rest.starts_with('=') || rest.contains(['<', '|']) {
        return None;
    }
    let bound = rest.split([',', '(', '>']).next().unwrap_or(rest).replace('_', " ");
    let bound = bound.trim();
    (bound.len() <= 40 && bound.bytes().any(|b| b.is_ascii_digit())).then(|| bound.to_owned())
}

/// Words before a version that tell to go to it.
const DIRECTIVES: [&str; 12] = [
    "update",
    "upgrade",
    "updating",
    "upgrading",
    "fixed in",
    "version",
    "apply",
    "install",
    "migrate to",
    "released",
    "resolved in",
    "implemented in",
];

/// The versions in "Update to V4.5 or later", "upgrade to firmware version 3.1.2 or newer", "fixed in v2.0", "Firmware
/// version 20 or later closes this", "update WinCC to V7.5 SP2 Update 18", "upgrade to PI SQL Client 2018 R2".
fn versions_in_advice(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare = |n: usize| words.get(n).map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let mut found = Vec::new();
    for n in 0..words.len() {
        let Some(word) = bare(n).filter(|word| looks_like_version(word, &words, n)) else { continue };
        let before: Vec<String> = words[n.saturating_sub(10)..n].iter().map(|w| w.to_ascii_lowercase()).collect();
        let told = before.join(" ");
        let bounds_affected = before
            .iter()
            .rev()
            .take(3)
            .any(|w| matches!(w.as_str(), "prior" | "before" | "below" | "than" | "through"));
        let (version, after) = with_suffixes(word, &bare, n + 1);
        let or_later = matches!(bare(after), Some("or" | "and"))
            && matches!(bare(after + 1), Some("later" | "newer" | "higher" | "above" | "greater"));
        if !bounds_affected && (or_later || DIRECTIVES.iter().any(|directive| told.contains(directive))) {
            found.push(version);
        }
    }
    found
}

/// Dotted numbers (`3.1.2`, `V4.5`, `R1.23.0`), a number behind `V`, a year with its release (`2020 R2`), or a count that
/// the word before it calls a version (`version 52 or later`).
fn looks_like_version(word: &str, words: &[&str], n: usize) -> bool {
    let digits = word.trim_start_matches(['v', 'V']);
    let revision = word.strip_prefix('R').filter(|rest| rest.contains('.')).unwrap_or(digits);
    if word.contains(['/', ':']) || !revision.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let next = words.get(n + 1).map_or("", |word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let counts = word.len() <= 4 && word.bytes().all(|b| b.is_ascii_digit());
    let is_year = counts && matches!(word.parse::<u16>(), Ok(1990..=2099)) && is_suffix(next);
    let called = n > 0 && words[n - 1].to_ascii_lowercase().starts_with("version");
    revision.contains('.')
        || digits.len() < word.len()
        || is_year
        || counts && called && matches!(next, "or" | "and" | "")
}

/// `SP1`, `HF5`, `R2`, `P01`, `Update`.
fn is_suffix(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    let letters = upper.trim_end_matches(|c: char| c.is_ascii_digit());
    letters.len() < upper.len() && matches!(letters, "SP" | "HF" | "R" | "P" | "U" | "MP")
        || matches!(upper.as_str(), "UPDATE" | "UPD" | "SP" | "HF" | "PATCH")
}

/// The version with the service packs and updates that belong to it, and the place after them.
fn with_suffixes<'a>(word: &str, bare: &impl Fn(usize) -> Option<&'a str>, start: usize) -> (String, usize) {
    let (mut version, mut at) = (word.to_owned(), start);
    while let Some(first) = bare(at).filter(|first| is_suffix(first)) {
        let glued = first.ends_with(|c: char| c.is_ascii_digit());
        match bare(at + 1).filter(|number| number.starts_with(|c: char| c.is_ascii_digit())) {
            _ if glued => {
                version = format!("{version} {first}");
                at += 1;
            }
            Some(number) => {
                version = format!("{version} {first} {number}");
                at += 2;
            }
            None => break,
        }
    }
    (version, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusive_bounds_are_fixes() {
        for (range, fix) in [
            ("vers:all/<V4.5 SP1", Some("V4.5 SP1")),
            ("All versions < V2.9.7", Some("V2.9.7")),
            (">= V2.5 < V2.6.1", Some("V2.6.1")),
            ("<V7.5_SP2_Update_15", Some("V7.5 SP2 Update 15")),
            ("<= 4.0", None),
            ("vers:all/*", None),
            ("<1.0|<2.0", None),
        ] {
            assert_eq!(exclusive_bound(range).as_deref(), fix, "{range}");
        }
    }

    #[test]
    fn of_several_branches_the_nearest_fix_is_named() {
        let candidates = ["v36.011", "v35.013", "v34.014"].map(str::to_owned);
        for (own, fix) in [
            (&[35, 11][..], Some("v35.013")),
            (&[33, 11], Some("v34.014")),
            (&[36, 1], Some("v36.011")),
            (&[37, 1], None),
            (&[], Some("v34.014")),
        ] {
            assert_eq!(nearest_fix(&candidates, own).as_deref(), fix, "{own:?}");
        }
        assert_eq!(nearest_fix(&candidates[..1], &[33]), None);
    }

    #[test]
    fn of_several_advised_versions_the_one_above_the_device_is_named() {
        let advised = ["V4.003", "V5.016"].map(str::to_owned);
        for (own, fix) in [(&[5, 11][..], Some("V5.016")), (&[4, 1], Some("V4.003")), (&[5, 16], None)] {
            assert_eq!(above(&advised, own).as_deref(), fix, "{own:?}");
        }
        assert_eq!(above(&advised[..1], &[5, 11]), None);
        assert_eq!(above(&advised[..1], &[3]).as_deref(), Some("V4.003"));
    }

    #[test]
    fn advice_names_the_version_to_go_to() {
        for (text, fix) in [
            ("Update to V4.5 or later version", Some("V4.5")),
            ("Upgrade to firmware version 3.1.2 or newer.", Some("3.1.2")),
            ("Update to V16 Update 4 or later version", Some("V16 Update 4")),
            ("Update to V4.7 SP10 HF5", Some("V4.7 SP10 HF5")),
            ("Firmware version 52 or later closes this", Some("52")),
            ("Firmware version 20 or later closes this", Some("20")),
            ("Version 20 or later", Some("20")),
            ("Update WinCC to V7.5 SP2 Update 18 or later version.", Some("V7.5 SP2 Update 18")),
            ("upgrade to SQL Client 2018 R2 or later", Some("2018 R2")),
            ("Update to R1.23.0", Some("R1.23.0")),
            ("All F-I series: V5.4.5 and later", Some("V5.4.5")),
            ("recommends users update FFT Imaging to v1.4.2", Some("v1.4.2")),
            ("The first 5 digits of serial number 22052 or later", None),
            ("Versions prior to V3.1 are affected", None),
            ("Contact customer support", None),
            ("See https://example.com/1.2.3 for details", None),
        ] {
            assert_eq!(versions_in_advice(text).first().map(String::as_str), fix, "{text}");
        }
    }
}
