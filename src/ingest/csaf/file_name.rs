//! Names of files with documents (CSAF 2.1, section 5.1).

use super::warning::{CsafWarning, CsafWarningKind};

/// The name that a document with this tracking id should have: `icsa-23-229-03.json`.
pub fn file_name(tracking_id: &str) -> String {
    let mut name = String::with_capacity(tracking_id.len() + 5);
    for c in tracking_id.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '+' || c == '-' {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name + ".json"
}

/// What is odd about the name under which a document came; `None` for what is no name of a file with one document.
/// Such a file may bear the mark `_invalid`: whoever kept it found that it does not fulfil the standard.
pub fn check_file_name(name: &str, tracking_id: &str) -> Option<CsafWarning> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.strip_suffix(".json")?;
    let expected = file_name(tracking_id);
    let expected_stem = expected.trim_end_matches(".json");
    let told = |kind, detail| Some(CsafWarning { kind, pointer: String::new(), detail });
    if let Some(rest) = stem.strip_suffix("_invalid").filter(|_| !expected_stem.ends_with("_invalid")) {
        let also = if rest == expected_stem { "" } else { "; the rest of its name is not made of its id either" };
        return told(
            CsafWarningKind::MarkedInvalid,
            format!("`{file}` is marked as not fulfilling the standard{also}"),
        );
    }
    if stem == expected_stem {
        return None;
    }
    told(CsafWarningKind::FileName, format!("expected the name `{expected}`, found `{file}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_the_tracking_id() {
        for (id, name) in [
            ("ICSA-23-229-03", "icsa-23-229-03.json"),
            ("ACME Advisory: 2026/0001 (A)", "acme_advisory_2026_0001_a_.json"),
            ("a+b--c", "a+b--c.json"),
            ("Ünïcode", "_n_code.json"),
            ("", ".json"),
        ] {
            assert_eq!(file_name(id), name);
        }
    }

    #[test]
    fn other_names_and_the_mark_of_invalid_ones_are_told() {
        for (name, kind) in [
            ("white/2023/icsa-23-229-03.json", None),
            ("ICSA-23-229-03.json", Some(CsafWarningKind::FileName)),
            ("x/icsa-23-229-03_invalid.json", Some(CsafWarningKind::MarkedInvalid)),
            ("other_invalid.json", Some(CsafWarningKind::MarkedInvalid)),
            ("stream.jsonl", None),
            ("documents.zip", None),
        ] {
            assert_eq!(check_file_name(name, "ICSA-23-229-03").map(|told| told.kind), kind, "{name}");
        }
        assert_eq!(check_file_name("x_invalid.json", "X invalid"), None, "the id itself ends so");
    }
}
