//! A device of which two versions are possible (`1.1 or 1.10`): each is judged, and where they differ nothing is certain.

use std::collections::BTreeMap;

use super::Match;
use crate::domain::firmware::Firmware;
use crate::domain::verdict::{Doubt, DoubtKind, Verdict};

/// What people write between versions of which they do not say which one it is: a choice, several devices in one row, a
/// range that the firmwares of a line lie in. The weaker signs stand last, because versions hold them too.
const BETWEEN: [&str; 16] =
    [" or ", " oder ", " ou ", " o ", " and ", " und ", " et ", " & ", " to ", " bis ", "..", ";", ", ", "–", "/", "-"];

/// The versions of a text that gives a choice; empty when it gives none.
pub(super) fn alternatives(firmware: &str) -> Vec<&str> {
    BETWEEN.iter().map(|sign| between(firmware, sign)).find(|parts| !parts.is_empty()).unwrap_or_default()
}

fn between<'a>(firmware: &'a str, sign: &str) -> Vec<&'a str> {
    if !firmware.contains(sign) {
        return Vec::new();
    }
    let parts: Vec<&str> = firmware.split(sign).map(str::trim).collect();
    // `4.0 or later` gives no choice: each part must be a version by itself.
    let is_version = |part: &&str| {
        let bare = part.trim_start_matches(['v', 'V']);
        bare.starts_with(|c: char| c.is_ascii_digit())
            && !part.contains(char::is_whitespace)
            && (sign.starts_with(' ') || part.contains('.'))
            && !Firmware::read(part).versions().is_empty()
    };
    // `1.5.0-2.1` may be one version: a dash gives a choice between versions of the same form only.
    let form = |part: &&str| (part.starts_with(['v', 'V']), part.matches('.').count());
    let alike = sign != "-" || parts.len() == 2 && form(&parts[0]) == form(&parts[1]);
    if alike && parts.iter().all(is_version) { parts } else { Vec::new() }
}

/// One answer per advisory from the answers for each alternative, in the order of `alternatives`.
pub(super) fn join(alternatives: &[&str], answers: Vec<Vec<Match>>) -> Vec<Match> {
    let mut by_advisory: BTreeMap<u32, Vec<Option<Match>>> = BTreeMap::new();
    for (n, matches) in answers.into_iter().enumerate() {
        for one in matches {
            let voices = by_advisory.entry(one.advisory).or_insert_with(|| vec![None; alternatives.len()]);
            voices[n] = Some(one);
        }
    }
    by_advisory.into_values().filter_map(|voices| join_one(alternatives, &voices)).collect()
}

fn join_one(alternatives: &[&str], voices: &[Option<Match>]) -> Option<Match> {
    // The worst answer stands for all: its product, its remedy.
    let mut joined = voices.iter().flatten().max_by_key(|one| one.verdict)?.clone();
    let verdicts: Vec<Option<Verdict>> = voices.iter().map(|voice| voice.as_ref().map(|one| one.verdict)).collect();
    let agree = verdicts.iter().all(|verdict| *verdict == Some(joined.verdict));
    joined.depends_on_serial = voices.iter().flatten().any(|one| one.depends_on_serial);
    for vulnerability in &mut joined.vulnerabilities {
        let same = voices.iter().all(|voice| {
            voice.as_ref().is_some_and(|one| one.vulnerabilities.iter().any(|other| other == vulnerability))
        });
        if !same {
            vulnerability.1 = Verdict::Possible;
        }
    }
    if agree {
        return Some(joined);
    }
    let told: Vec<String> = alternatives
        .iter()
        .zip(&verdicts)
        .map(|(version, verdict)| {
            let label = verdict.map_or("not named".to_owned(), |verdict| verdict.label().to_lowercase());
            format!("{version}: {label}")
        })
        .collect();
    let detail = format!("the firmware may be {}; {}", alternatives.join(" or "), told.join(", "));
    joined.reason.clone_from(&detail);
    joined.verdict = Verdict::Possible;
    joined.doubts.push(Doubt::new(DoubtKind::VersionUnknown, detail));
    joined.doubts.sort();
    joined.what_would_change_it = "Read the version on the device and correct it in the inventory.".to_owned();
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_are_alternatives() {
        for (text, n) in [
            ("1.1 or 1.10", 2),
            ("1.1 or 1.10 or 1.100", 3),
            ("V2.9 or V3.0", 2),
            ("4.0 or later", 0),
            ("1.1", 0),
            ("", 0),
            ("or", 0),
            ("4.0 or ", 0),
            ("firmware 1.1 or 1.10", 0),
            ("V2.8 / V4.0", 2),
            ("4.0/2.8", 2),
            ("V4.2-V4.4", 2),
            ("2.1 – 2.3", 2),
            ("2.1..2.3", 2),
            ("V2.8, V2.9; V3.0", 0),
            ("V2.8, V2.9, V3.0", 3),
            ("3,20", 0),
            ("1.2/A", 0),
            ("1.5.0-12", 0),
            ("1.5.0-2.1", 0),
            ("2.8.3 / 1.0 (boot)", 0),
            ("15.2(7)E3", 0),
            ("12.4.1-SP2", 0),
        ] {
            assert_eq!(alternatives(text).len(), n, "{text}");
        }
    }
}
