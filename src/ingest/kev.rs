//! The list of known exploited vulnerabilities, in the JSON and the CSV form that CISA publishes.

use jiff::civil::Date;
use serde_json::Value;
use thiserror::Error;

use crate::domain::priority::{KevCatalogue, KevEntry};

/// A file that is not the list of known exploited vulnerabilities. The file's name is the caller's to add.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KevError {
    #[error("expected a list of known exploited vulnerabilities, found an empty file")]
    Empty,
    #[error("expected JSON, found {found}")]
    NotJson { found: String },
    #[error("expected CSV, found {found}")]
    NotCsv { found: String },
    #[error("expected `{expected}`, found {found}")]
    NotKev { expected: &'static str, found: String },
}

impl KevError {
    /// Advice in one line.
    pub fn hint(&self) -> &'static str {
        "give the file known_exploited_vulnerabilities.json or .csv as CISA publishes it"
    }
}

/// The names of an entry's fields, the same in JSON and CSV.
mod key {
    pub const CVE: &str = "cveID";
    pub const VENDOR: &str = "vendorProject";
    pub const PRODUCT: &str = "product";
    pub const NAME: &str = "vulnerabilityName";
    pub const DATE_ADDED: &str = "dateAdded";
    pub const DUE_DATE: &str = "dueDate";
    pub const RANSOMWARE: &str = "knownRansomwareCampaignUse";
}

/// Reads the list and says what was odd, one sentence each. The CSV form states neither version nor date.
///
/// An entry without a CVE is left out with a warning; of a CVE that stands twice the first entry counts.
///
/// # Errors
///
/// When the bytes are neither form of the list.
///
/// # Source
///
/// CISA, Known Exploited Vulnerabilities Catalog, JSON schema and CSV file.
pub fn read_kev(bytes: &[u8]) -> Result<(KevCatalogue, Vec<String>), KevError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        None => Err(KevError::Empty),
        Some(b'{' | b'[') => read_json(bytes),
        Some(_) => read_csv(bytes),
    }
}

fn read_json(bytes: &[u8]) -> Result<(KevCatalogue, Vec<String>), KevError> {
    let list: Value = serde_json::from_slice(bytes).map_err(|e| KevError::NotJson { found: e.to_string() })?;
    let Some(vulnerabilities) = list.get("vulnerabilities").and_then(Value::as_array) else {
        return Err(KevError::NotKev { expected: "vulnerabilities", found: keys_of(&list) });
    };
    // A CSAF document has vulnerabilities too, but no entry with a `cveID`.
    if list.get("catalogVersion").is_none() && !vulnerabilities.iter().any(|v| v.get(key::CVE).is_some()) {
        return Err(KevError::NotKev { expected: "catalogVersion", found: keys_of(&list) });
    }
    let mut reading = Reading::default();
    for (i, vulnerability) in vulnerabilities.iter().enumerate() {
        let text = |key: &str| vulnerability.get(key).and_then(Value::as_str).unwrap_or_default();
        reading.add(format_args!("entry {}", i + 1), text);
    }
    if let Some(count) = list.get("count").and_then(Value::as_u64).filter(|n| *n != vulnerabilities.len() as u64) {
        reading.warnings.push(format!("the list announces {count} entries, but holds {}", vulnerabilities.len()));
    }
    let text = |key: &str| list.get(key).and_then(Value::as_str).unwrap_or_default();
    let released_at = text("dateReleased").parse().ok();
    if released_at.is_none() {
        reading.warnings.push(format!("expected a date in `dateReleased`, found `{}`", text("dateReleased")));
    }
    Ok(reading.finish(text("catalogVersion").to_owned(), released_at))
}

fn read_csv(bytes: &[u8]) -> Result<(KevCatalogue, Vec<String>), KevError> {
    let not_csv = |cause: csv::Error| KevError::NotCsv { found: cause.to_string() };
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(not_csv)?.clone();
    let column = |key: &str| header.iter().position(|name| name == key);
    if column(key::CVE).is_none() {
        let listed: Vec<String> = header.iter().take(5).map(|name| format!("`{}`", name.escape_debug())).collect();
        return Err(KevError::NotKev { expected: key::CVE, found: format!("the columns {}", listed.join(", ")) });
    }
    let mut reading = Reading::default();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(not_csv)?;
        reading
            .add(format_args!("line {}", i + 2), |key| column(key).and_then(|at| record.get(at)).unwrap_or_default());
    }
    Ok(reading.finish(String::new(), None))
}

#[derive(Default)]
struct Reading {
    entries: Vec<KevEntry>,
    warnings: Vec<String>,
}

impl Reading {
    fn add<'a>(&mut self, place: std::fmt::Arguments<'_>, text: impl Fn(&str) -> &'a str) {
        let cve = text(key::CVE).trim().to_ascii_uppercase();
        if !cve.starts_with("CVE-") {
            self.warnings.push(format!("{place}: expected a CVE id, found `{}`; left out", cve.escape_debug()));
            return;
        }
        let mut date = |key: &str| {
            let text = text(key).trim();
            match text.parse::<Date>() {
                Ok(date) => date.to_string(),
                Err(_) if text.is_empty() => String::new(),
                Err(_) => {
                    let text = text.escape_debug();
                    self.warnings.push(format!("{place}: expected a date in `{key}`, found `{text}`; left out"));
                    String::new()
                }
            }
        };
        let (date_added, due_date) = (date(key::DATE_ADDED), date(key::DUE_DATE));
        self.entries.push(KevEntry {
            cve,
            date_added,
            due_date,
            name: text(key::NAME).to_owned(),
            vendor: text(key::VENDOR).to_owned(),
            product: text(key::PRODUCT).to_owned(),
            is_ransomware: text(key::RANSOMWARE).eq_ignore_ascii_case("known"),
        });
    }

    fn finish(mut self, version: String, released_at: Option<jiff::Timestamp>) -> (KevCatalogue, Vec<String>) {
        self.entries.sort_by(|a, b| a.cve.cmp(&b.cve));
        let n_entries = self.entries.len();
        self.entries.dedup_by(|later, earlier| later.cve == earlier.cve);
        let n_repeated = n_entries - self.entries.len();
        if n_repeated > 0 {
            self.warnings.push(format!("{n_repeated} entries repeat a CVE; the first of each counts"));
        }
        (KevCatalogue { version, released_at, entries: self.entries }, self.warnings)
    }
}

fn keys_of(value: &Value) -> String {
    match value.as_object() {
        None => "a list".to_owned(),
        Some(object) if object.is_empty() => "an empty object".to_owned(),
        Some(object) => {
            let keys: Vec<String> = object.keys().take(5).map(|key| format!("`{}`", key.escape_debug())).collect();
            format!("an object with {}", keys.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{
        "title": "List", "catalogVersion": "2024.02.01", "dateReleased": "2024-02-01T15:00:00.5Z", "count": 2,
        "vulnerabilities": [
            {"cveID": "CVE-2023-46604", "vendorProject": "B", "product": "Broker", "vulnerabilityName": "B flaw",
             "dateAdded": "2023-11-02", "dueDate": "2023-11-23", "knownRansomwareCampaignUse": "Known"},
            {"cveID": "cve-2021-1 ", "dateAdded": "soon"}
        ]
    }"#;

    const CSV: &str = "\u{FEFF}cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,dueDate,\
        knownRansomwareCampaignUse\r\nCVE-2023-46604,B,Broker,B flaw,2023-11-02,\"long, with comma\",2023-11-23,Known\r\n";

    fn broker() -> KevEntry {
        KevEntry {
            cve: "CVE-2023-46604".to_owned(),
            date_added: "2023-11-02".to_owned(),
            due_date: "2023-11-23".to_owned(),
            name: "B flaw".to_owned(),
            vendor: "B".to_owned(),
            product: "Broker".to_owned(),
            is_ransomware: true,
        }
    }

    #[test]
    fn json_list_is_read_and_sorted() {
        let (list, warnings) = read_kev(JSON.as_bytes()).unwrap();
        assert_eq!(list.version, "2024.02.01");
        assert_eq!(list.released_at, Some("2024-02-01T15:00:00.5Z".parse().unwrap()));
        assert_eq!(list.entries[0].cve, "CVE-2021-1");
        assert!(!list.entries[0].is_ransomware);
        assert_eq!(list.entries[1], broker());
        assert_eq!(warnings, ["entry 2: expected a date in `dateAdded`, found `soon`; left out"]);
    }

    #[test]
    fn csv_list_is_read_without_version() {
        let (list, warnings) = read_kev(CSV.as_bytes()).unwrap();
        assert_eq!(list, KevCatalogue { version: String::new(), released_at: None, entries: vec![broker()] });
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn entries_without_cve_repeated_ones_and_a_wrong_count_are_told() {
        let json = r#"{"catalogVersion": "1", "count": 9, "dateReleased": "x", "vulnerabilities":
            [{"cveID": "CVE-2020-1", "product": "first"}, {"cveID": "CVE-2020-1", "product": "second"}, {}, 7]}"#;
        let (list, warnings) = read_kev(json.as_bytes()).unwrap();
        assert_eq!((list.entries.len(), list.entries[0].product.as_str()), (1, "first"));
        assert_eq!(
            warnings,
            [
                "entry 3: expected a CVE id, found ``; left out",
                "entry 4: expected a CVE id, found ``; left out",
                "the list announces 9 entries, but holds 4",
                "expected a date in `dateReleased`, found `x`",
                "1 entries repeat a CVE; the first of each counts",
            ]
        );
    }

    #[test]
    fn other_files_are_refused_with_what_was_found() {
        for (text, expected) in [
            ("", "expected a list of known exploited vulnerabilities, found an empty file"),
            (" \n", "expected a list of known exploited vulnerabilities, found an empty file"),
            ("[]", "expected `vulnerabilities`, found a list"),
            ("{}", "expected `vulnerabilities`, found an empty object"),
            (
                r#"{"document": {}, "vulnerabilities": [{"cve": "CVE-2020-1"}]}"#,
                "expected `catalogVersion`, found an object with `document`, `vulnerabilities`",
            ),
            ("tag;model\nA;B\n", "expected `cveID`, found the columns `tag;model`"),
            ("{\"a\": ", "expected JSON, found EOF while parsing a value at line 1 column 6"),
        ] {
            assert_eq!(read_kev(text.as_bytes()).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
