//! JSON files that are often taken for advisories, and what to do with them instead.

use serde::Deserialize as _;

use super::error::ReadError;
use super::field::{Entries, Field};
use super::reader::shorten;

/// A key by which a kind of file is known, what the file is, and what to do with it.
const KINDS: &[(&str, &str, Option<&str>)] = &[
    (
        "catalogVersion",
        "a list of known exploited vulnerabilities",
        Some("give it as the list of exploited vulnerabilities, not as an advisory"),
    ),
    ("feed", "a ROLIE feed", Some("it lists where documents are; give the documents")),
    ("public_openpgp_keys", "the metadata of a CSAF provider", Some("it says where documents are; give the documents")),
    ("csaf_providers", "a CSAF aggregator's list", Some("it says where documents are; give the documents")),
    ("bomFormat", "a CycloneDX bill of materials", None),
    ("spdxVersion", "an SPDX bill of materials", None),
    ("@context", "a linked-data document such as OpenVEX", Some("ask the publisher for the CSAF form")),
    ("cveMetadata", "a CVE record", Some("ask the publisher for the CSAF form")),
    ("cvrfdoc", "a CVRF document", Some("ask the publisher for the CSAF form")),
    ("document", "an object `document` without version, tracking and publisher", None),
];

/// Says what a JSON object is that is no CSAF document.
pub fn recognise(text: &str) -> ReadError {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let keys = match Field::<Entries<'_, Ignored>>::deserialize(&mut deserializer) {
        Ok(Field::Given(Entries(entries))) => entries.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    };
    for (known, found, hint) in KINDS {
        if keys.iter().any(|key| key == known) {
            return ReadError::NotCsaf { found: (*found).to_owned(), hint: *hint };
        }
    }
    let listed: Vec<String> = keys.iter().take(5).map(|key| format!("`{}`", shorten(key))).collect();
    let found = match listed.as_slice() {
        [] => "an empty object".to_owned(),
        listed => format!("an object with {}", listed.join(", ")),
    };
    ReadError::NotCsaf { found, hint: None }
}

/// A value that is passed over.
struct Ignored;

impl<'de> super::field::Part<'de> for Ignored {
    const EXPECTED: super::field::Kind = super::field::Kind::Object;
}
