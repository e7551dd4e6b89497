//! An uploaded inventory file on its way to an import: nothing of it is an asset yet.

use jiff::Timestamp;

use super::inventory::{AssetKey, CellPlace, OnMissing};

/// What a person says stands in one cell, instead of what the file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellChoice {
    pub place: CellPlace,
    /// The value; blank for "not stated".
    pub value: String,
}

impl CellChoice {
    /// Reads `Meters!F41=1.10`, or `F41=1.10` for a file without sheets. `None` when the left part is no cell.
    pub fn from_text(text: &str) -> Option<CellChoice> {
        let (place, value) = text.rsplit_once('=')?;
        let place = CellPlace::from_label(place)?;
        Some(CellChoice { place, value: value.trim().to_owned() })
    }
}

/// What was chosen for an import so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftSettings {
    /// Site of the devices for which the file states none; `None` takes the file's name.
    pub site: Option<String>,
    /// Whether the name of a sheet is the site of its rows where they state none.
    pub sheet_is_site: bool,
    /// Sites as the file calls them, with the names they shall have.
    pub site_names: Vec<(String, String)>,
    /// The mapping of columns as TOML; `None` takes what is remembered for the same headers.
    pub mapping: Option<String>,
    /// By what assets are known again; `None` takes what is remembered for the same headers.
    pub key: Option<AssetKey>,
    /// Read the columns anew, and forget what is remembered for these headers.
    pub forget_choice: bool,
    pub on_missing: OnMissing,
    /// Import nothing when a row is rejected.
    pub all_or_nothing: bool,
    /// Import even if the same bytes were imported for the same site before.
    pub again: bool,
    pub cells: Vec<CellChoice>,
}

/// A file that was uploaded, before it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDraft {
    /// As the user calls it: `plant.xlsx`.
    pub file_name: String,
    /// Of the file in the data folder.
    pub stored_name: String,
    /// Of the file's bytes, 64 hexadecimal digits.
    pub sha256: String,
    pub n_bytes: u64,
    /// Who uploaded it.
    pub who: String,
    /// What a program calls this upload, so that asking twice uploads once.
    pub idempotency_key: Option<String>,
    pub settings: DraftSettings,
}

/// An upload as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryDraft {
    pub draft_id: i64,
    pub file_name: String,
    pub stored_name: String,
    pub sha256: String,
    pub n_bytes: u64,
    pub who: String,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    pub settings: DraftSettings,
    /// The job that works or worked on it last.
    pub job_id: Option<i64>,
    /// The import that it became.
    pub inventory_id: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_names_a_cell_and_its_value() {
        for (text, want) in [
            ("Meters!F41=1.10", Some(("Meters", 41, 6, "1.10"))),
            ("F41 = 1.10", Some(("", 41, 6, "1.10"))),
            ("AB2=", Some(("", 2, 28, ""))),
            ("A!B!c3=x", Some(("A!B", 3, 3, "x"))),
            ("a=b!C4=x", Some(("a=b", 4, 3, "x"))),
            ("41=x", None),
            ("F=x", None),
            ("F0=x", None),
            ("F41", None),
            ("FFFFFFF1=x", None),
            ("F99999999999=x", None),
        ] {
            let read = CellChoice::from_text(text);
            let found = read.as_ref().map(|c| (c.place.sheet.as_str(), c.place.row, c.place.column, c.value.as_str()));
            assert_eq!(found, want, "{text}");
        }
    }
}
