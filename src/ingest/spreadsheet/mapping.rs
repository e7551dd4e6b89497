//! The user's word on columns: which header means which field, where the header stands, which sheets count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::inventory::{ColumnReading, Field};

use super::error::ReadFault;
use super::text::key;

/// A mapping of columns, written and read as TOML.
///
/// ```toml
/// header_row = 4
/// sheets = ["Meters"]
///
/// [columns]
/// "Hersteller" = "vendor"
/// "Make / Model" = ["vendor", "model"]
/// "Prüfdatum" = ""            # not used
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// 1-based row of the header; found by itself when absent.
    pub header_row: Option<u32>,
    /// The sheets to read; all when empty.
    pub sheets: Vec<String>,
    /// Headers as written, with the fields they hold.
    pub columns: BTreeMap<String, Vec<Field>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(skip_serializing_if = "Option::is_none")]
    header_row: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sheets: Vec<String>,
    #[serde(default)]
    columns: BTreeMap<String, OneOrMore>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    ///
    /// When the text is no TOML of this form or names an unknown field; the message says which.
    pub fn from_toml(text: &str) -> Result<Mapping, ReadFault> {
        let file: File = toml::from_str(text).map_err(|e| ReadFault::Mapping(e.to_string().trim_end().to_owned()))?;
        let mut columns = BTreeMap::new();
        for (header, words) in file.columns {
            let words = match words {
                OneOrMore::One(word) => vec![word],
                OneOrMore::More(words) => words,
            };
            let mut fields = Vec::new();
            for word in words.iter().filter(|w| !w.trim().is_empty()) {
                let field = Field::from_word(word.trim()).ok_or_else(|| {
                    ReadFault::Mapping(format!("column `{header}`: expected a field, found `{word}`"))
                })?;
                fields.push(field);
            }
            columns.insert(header, fields);
        }
        Ok(Mapping { header_row: file.header_row, sheets: file.sheets, columns })
    }

    /// The mapping as TOML.
    pub fn to_toml(&self) -> String {
        let words = |fields: &Vec<Field>| match &fields[..] {
            [] => OneOrMore::One(String::new()),
            [one] => OneOrMore::One(one.word().to_owned()),
            more => OneOrMore::More(more.iter().map(|f| f.word().to_owned()).collect()),
        };
        let file = File {
            header_row: self.header_row,
            sheets: self.sheets.clone(),
            columns: self.columns.iter().map(|(header, fields)| (header.clone(), words(fields))).collect(),
        };
        toml::to_string(&file).unwrap_or_default()
    }

    /// The mapping that reads a file of the same headers as this one was read.
    pub fn from_columns(columns: &[ColumnReading]) -> Mapping {
        let columns = columns.iter().map(|c| (c.header.clone(), c.fields.clone())).collect();
        Mapping { columns, ..Mapping::default() }
    }

    /// The fields that the user gave this header; `None` when it is not named.
    pub fn fields_of(&self, header: &str) -> Option<&[Field]> {
        let wanted = key(header);
        self.columns
            .get(header)
            .or_else(|| self.columns.iter().find(|(h, _)| !wanted.is_empty() && key(h) == wanted).map(|(_, f)| f))
            .map(Vec::as_slice)
    }

    /// Whether a sheet is to be read.
    pub fn wants_sheet(&self, name: &str) -> bool {
        self.sheets.is_empty() || self.sheets.iter().any(|s| key(s) == key(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_mapping_is_read_and_written_the_same() {
        let text = "header_row = 4\nsheets = [\"Meters\"]\n\n[columns]\nHersteller = \"vendor\"\n\"Make / Model\" = [\"vendor\", \"model\"]\n\"Prüfdatum\" = \"\"\n";
        let mapping = Mapping::from_toml(text).unwrap();
        assert_eq!(mapping.fields_of("make/model"), Some(&[Field::Vendor, Field::Model][..]));
        assert_eq!(mapping.fields_of("Prüfdatum"), Some(&[][..]));
        assert_eq!(mapping.fields_of("Other"), None);
        assert_eq!(Mapping::from_toml(&mapping.to_toml()).unwrap(), mapping);
    }

    #[test]
    fn err_unknown_fields_and_keys_are_named() {
        assert!(Mapping::from_toml("[columns]\nA = \"modell\"\n").unwrap_err().to_string().contains("`modell`"));
        assert!(Mapping::from_toml("rows = 3\n").unwrap_err().to_string().contains("rows"));
    }
}
