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

/// The versions in "Update to V4.5 or later", "upgrade to firmware version 3.1.2 or newer", "fixed in v2.0", "version
/// 52 or later".
fn versions_in_advice(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let digits = bare.trim_start_matches(['v', 'V']);
        let looks_like = digits.starts_with(|c: char| c.is_ascii_digit())
            && (digits.contains('.') || digits.len() < bare.len())
            && !digits.contains(['/', ':']);
        let next = |k: usize| words.get(n + k).map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()));
        let counted = bare.len() <= 4
            && bare.bytes().all(|b| b.is_ascii_digit())
            && n > 0
            && words[n - 1].to_ascii_lowercase().starts_with("version")
            && next(1) == Some("or")
            && matches!(next(2), Some("later" | "newer" | "higher" | "above"));
        if !looks_like && !counted {
            continue;
        }
        let before: Vec<String> = words[n.saturating_sub(6)..n].iter().map(|w| w.to_ascii_lowercase()).collect();
        let before = before.join(" ");
        if ![
            "update to",
            "upgrade to",
            "updating to",
            "upgrading to",
            "fixed in",
            "version",
            "apply",
            "install",
            "migrate to",
        ]
        .iter()
        .any(|w| before.contains(w))
        {
            continue;
        }
        // Service packs and updates belong to the version.
        let mut version = bare.to_owned();
        let mut rest = words[n + 1..].iter().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric())).peekable();
        while let Some(first) = rest.next() {
            let upper = first.to_ascii_uppercase();
            if (upper.starts_with("SP") || upper.starts_with("HF")) && (3..=5).contains(&upper.len()) {
                version = format!("{version} {first}");
            } else if matches!(upper.as_str(), "UPDATE" | "UPD" | "SP" | "HF" | "PATCH")
                && let Some(number) = rest.peek()
                && number.starts_with(|c: char| c.is_ascii_digit())
            {
                version = format!("{version} {first} {number}");
                rest.next();
            } else {
                break;
            }
        }
        found.push(version);
    }
    found
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
            ("Contact customer support", None),
            ("See https://example.com/1.2.3 for details", None),
        ] {
            assert_eq!(versions_in_advice(text).first().map(String::as_str), fix, "{text}");
        }
    }
}
