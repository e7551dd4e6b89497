//! One import of one file: what was read from it, with the place of every value and every doubt about it.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What a column of an inventory file can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    AssetId,
    Name,
    Site,
    Area,
    Vendor,
    Model,
    PartNumber,
    SerialNumber,
    Firmware,
    HardwareRevision,
    IpAddress,
    MacAddress,
    Quantity,
    Criticality,
    /// The network zone: a name of IEC 62443 or a level of the Purdue model.
    Zone,
    Notes,
}

impl Field {
    /// All fields with the words used in files, in display order.
    pub const ALL: [(Field, &'static str); 16] = [
        (Field::AssetId, "asset_id"),
        (Field::Name, "name"),
        (Field::Site, "site"),
        (Field::Area, "area"),
        (Field::Vendor, "vendor"),
        (Field::Model, "model"),
        (Field::PartNumber, "part_number"),
        (Field::SerialNumber, "serial_number"),
        (Field::Firmware, "firmware"),
        (Field::HardwareRevision, "hardware_revision"),
        (Field::IpAddress, "ip_address"),
        (Field::MacAddress, "mac_address"),
        (Field::Quantity, "quantity"),
        (Field::Criticality, "criticality"),
        (Field::Zone, "zone"),
        (Field::Notes, "notes"),
    ];

    /// The word used in files and the database.
    pub fn word(self) -> &'static str {
        Field::ALL.iter().find(|(f, _)| *f == self).map_or("", |(_, w)| w)
    }

    /// The field with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Field> {
        Field::ALL.iter().find(|(_, w)| *w == word).map(|(f, _)| *f)
    }
}

/// One cell's address as a spreadsheet user writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellPlace {
    /// Blank for files without sheets.
    pub sheet: String,
    /// 1-based row of the sheet or line record of the file.
    pub row: u32,
    /// 1-based column; 0 when the whole row is meant.
    pub column: u32,
}

impl CellPlace {
    /// `Meters!F17`, or `F17` in a file without sheets, or `row 17` for a whole row.
    pub fn label(&self) -> String {
        let sheet = if self.sheet.is_empty() { String::new() } else { format!("{}!", self.sheet) };
        if self.column == 0 {
            return format!("{sheet}row {}", self.row);
        }
        let mut letters = Vec::new();
        let mut n = self.column;
        while n > 0 {
            n -= 1;
            letters.push(b'A' + (n % 26) as u8);
            n /= 26;
        }
        letters.reverse();
        format!("{sheet}{}{}", String::from_utf8_lossy(&letters), self.row)
    }

    /// The row that [`CellPlace::label`] calls so: `Meters!row 17`, `row 17`. `None` for any other text.
    pub fn row_from_label(label: &str) -> Option<CellPlace> {
        let (sheet, row) = label.trim().rsplit_once('!').unwrap_or(("", label.trim()));
        let row = row.strip_prefix("row ")?.parse().ok().filter(|row| *row > 0)?;
        Some(CellPlace { sheet: sheet.to_owned(), row, column: 0 })
    }

    /// The cell that [`CellPlace::label`] calls so: `Meters!F17`, `F17`. `None` for any other text, also for a row.
    pub fn from_label(label: &str) -> Option<CellPlace> {
        let (sheet, cell) = label.trim().rsplit_once('!').unwrap_or(("", label.trim()));
        let at = cell.find(|c: char| c.is_ascii_digit())?;
        let (letters, digits) = cell.split_at(at);
        if letters.is_empty() || letters.len() > 4 || !letters.bytes().all(|b| b.is_ascii_alphabetic()) {
            return None;
        }
        let column = letters.bytes().fold(0, |n, b| n * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
        let row = digits.parse().ok().filter(|row| *row > 0)?;
        Some(CellPlace { sheet: sheet.to_owned(), row, column })
    }
}

/// What happened to a value between the type plate and the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowWarningKind {
    /// The firmware cell holds a number: 1.1 may have been 1.10.
    FirmwareNumber,
    /// The firmware cell holds a date: 02-Sep may have been 2.9.
    FirmwareDate,
    ScientificNotation,
    RoundedSerial,
    LeadingZeros,
    SeveralDevices,
    CellError,
    InferredFromDescription,
    Hidden,
    /// The text was written in another encoding than the file's and was put right, or could not be.
    Encoding,
    /// A word for "unknown" was read as not stated.
    NotStatedWord,
    /// Letters that look like others (Cyrillic А, digit 0 for O).
    LookAlike,
    /// The record has more or fewer cells than the header.
    RaggedRow,
    /// The cell says that the one above holds the value (`ditto`), which was taken.
    Repeated,
    /// The device stands in a column of the list, or in a block of labelled lines, and was read as a row.
    Turned,
    /// An earlier row of the file has the key by which the asset is known; found when a file is imported.
    SharedKey,
}

impl RowWarningKind {
    /// All kinds with the words used in files.
    pub const ALL: [(RowWarningKind, &'static str); 16] = [
        (RowWarningKind::FirmwareNumber, "firmware-number"),
        (RowWarningKind::FirmwareDate, "firmware-date"),
        (RowWarningKind::ScientificNotation, "scientific-notation"),
        (RowWarningKind::RoundedSerial, "rounded-serial"),
        (RowWarningKind::LeadingZeros, "leading-zeros"),
        (RowWarningKind::SeveralDevices, "several-devices"),
        (RowWarningKind::CellError, "cell-error"),
        (RowWarningKind::InferredFromDescription, "inferred-from-description"),
        (RowWarningKind::Hidden, "hidden"),
        (RowWarningKind::Encoding, "encoding"),
        (RowWarningKind::NotStatedWord, "not-stated-word"),
        (RowWarningKind::LookAlike, "look-alike"),
        (RowWarningKind::RaggedRow, "ragged-row"),
        (RowWarningKind::Repeated, "repeated"),
        (RowWarningKind::Turned, "turned"),
        (RowWarningKind::SharedKey, "shared-key"),
    ];

    /// The word used in files and the database.
    pub fn word(self) -> &'static str {
        RowWarningKind::ALL.iter().find(|(k, _)| *k == self).map_or("", |(_, w)| w)
    }
}

/// A warning with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowWarning {
    pub kind: RowWarningKind,
    pub place: CellPlace,
    /// One sentence: "the cell shows 3.10, Excel stored the number 3.1".
    pub detail: String,
}

/// One device row as read, values trimmed, as a person sees them in the sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryRow {
    /// The row's place, with `column` 0.
    pub place: CellPlace,
    /// Non-empty values only.
    pub fields: BTreeMap<Field, String>,
    /// The column (1-based) that each field came from; a field made from several keeps the first.
    pub columns: BTreeMap<Field, u32>,
    /// Values of columns that mean no field, as (header, value); kept with the asset.
    pub unmapped: Vec<(String, String)>,
    pub warnings: Vec<RowWarning>,
}

impl InventoryRow {
    /// The value of a field; blank when not stated.
    pub fn value(&self, field: Field) -> &str {
        self.fields.get(&field).map_or("", String::as_str)
    }

    /// The place of a field's value: `Meters!F17`.
    pub fn place_of(&self, field: Field) -> CellPlace {
        CellPlace { column: self.columns.get(&field).copied().unwrap_or(0), ..self.place.clone() }
    }
}

/// The header of the column that says why a row was not imported, in files of rejected rows.
pub const REJECT_REASON: &str = "reason not imported";

/// A row with data that names no device, or one that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectedRow {
    pub place: CellPlace,
    /// The record's cells as shown, so that nothing is lost.
    pub cells: Vec<String>,
    pub why: String,
    /// The header above each cell as written; blank where there is none, and shorter than the cells in a ragged row.
    pub headers: Arc<[String]>,
    /// The site that the row stands under without naming it: a band, a title, the sheet. Blank when there is none.
    pub site: String,
    /// The area that the row stands under without naming it. Blank when there is none.
    pub area: String,
}

/// How one column of one table was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnReading {
    pub sheet: String,
    /// The header as written; a header that stands twice gets ` (2)`.
    pub header: String,
    /// The fields it holds; empty when it means none (the values are kept as unmapped).
    pub fields: Vec<Field>,
    /// How it was recognised: "German for vendor", "values look like order numbers".
    pub how: String,
}

/// A part of a file that holds no devices and was left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedSheet {
    pub name: String,
    pub why: String,
}

/// All that was read from one inventory file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryReading {
    pub columns: Vec<ColumnReading>,
    pub rows: Vec<InventoryRow>,
    pub rejected: Vec<RejectedRow>,
    pub skipped_sheets: Vec<SkippedSheet>,
    /// How the file was read: encoding, delimiter, header place. One sentence each.
    pub remarks: Vec<String>,
}

/// What is known of an import before its rows are saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInventory {
    pub file_name: String,
    /// Of the file's bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// The site named by the user; `None` when the rows name theirs.
    pub site: Option<String>,
    pub imported_at: jiff::Timestamp,
    /// How the file was read, one sentence each.
    pub remarks: Vec<String>,
    /// Whether the rows belong to the sample data that can be removed again.
    pub is_sample: bool,
}

/// What an import did; `n_new + n_changed + n_same` are the devices of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    pub n_new: u64,
    /// Known assets of which a value differs; another row or sheet alone is no change.
    pub n_changed: u64,
    pub n_same: u64,
    /// Assets of the same sites that do not stand in this file.
    pub n_not_seen: u64,
    pub n_rejected: u64,
    pub n_warnings: u64,
}

impl ImportCounts {
    /// The devices of the file.
    pub fn n_assets(&self) -> u64 {
        self.n_new + self.n_changed + self.n_same
    }
}

/// One import of one file, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    pub inventory_id: i64,
    pub file_name: String,
    /// Of the file's bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// The site named by the user; `None` when the rows named theirs.
    pub site: Option<String>,
    pub imported_at: jiff::Timestamp,
    pub remarks: Vec<String>,
    pub is_sample: bool,
    pub counts: ImportCounts,
    /// Set when the import was taken back.
    pub undone_at: Option<jiff::Timestamp>,
}

/// What becomes of assets of the same sites that do not stand in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMissing {
    /// They stay, marked as not seen since this import.
    #[default]
    Keep,
    /// They are retired: kept with their history, but no longer judged.
    Retire,
    /// Nothing: the file is a part of the list, so that they do not stand in it says nothing.
    Ignore,
}

impl OnMissing {
    /// All three with the words used in options, URLs and the database.
    pub const ALL: [(OnMissing, &'static str); 3] =
        [(OnMissing::Keep, "keep"), (OnMissing::Retire, "retire"), (OnMissing::Ignore, "ignore")];

    /// The word used in options, URLs and the database.
    pub fn word(self) -> &'static str {
        OnMissing::ALL.iter().find(|(what, _)| *what == self).map_or("", |(_, word)| word)
    }

    /// What has this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<OnMissing> {
        OnMissing::ALL.iter().find(|(_, known)| *known == word).map(|(what, _)| *what)
    }
}

/// By what two rows are known to be the same asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AssetKey {
    /// Site and asset tag, else site and serial number, else site and place.
    #[default]
    Auto,
    /// Site and asset tag, else site and place: for lists whose serial numbers are damaged.
    Tag,
    /// Site and serial number, else site and place: for lists whose tags change.
    Serial,
    /// Site and place: area, name, vendor, model and order number.
    Place,
}

impl AssetKey {
    /// All keys with the words used in options and the database.
    pub const ALL: [(AssetKey, &'static str); 4] =
        [(AssetKey::Auto, "auto"), (AssetKey::Tag, "tag"), (AssetKey::Serial, "serial"), (AssetKey::Place, "place")];

    /// The word used in options and the database.
    pub fn word(self) -> &'static str {
        AssetKey::ALL.iter().find(|(key, _)| *key == self).map_or("", |(_, word)| word)
    }

    /// The key with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<AssetKey> {
        AssetKey::ALL.iter().find(|(_, known)| *known == word).map(|(key, _)| *key)
    }

    /// What agrees when two rows are the same asset, in words that follow "same".
    pub fn in_words(self) -> &'static str {
        match self {
            AssetKey::Auto => "site and asset tag, else serial number, else place",
            AssetKey::Tag => "site and asset tag, else place",
            AssetKey::Serial => "site and serial number, else place",
            AssetKey::Place => "site and place (area, name, vendor, model, order number)",
        }
    }
}

/// What a person chose for a set of headers; holds again when the same headers come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnChoice {
    /// The mapping of columns as TOML; `None` when only the key was chosen.
    pub mapping: Option<String>,
    pub key: AssetKey,
    pub chosen_at: jiff::Timestamp,
    /// The import that brought the choice.
    pub inventory_id: i64,
}

/// What an import would do, told before it is done. The lists are cut at the limit that was asked for; the counts
/// are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportPreview {
    pub counts: ImportCounts,
    pub new: Vec<AssetLabel>,
    pub changed: Vec<ChangedAsset>,
    pub not_in_file: Vec<AssetLabel>,
}

/// Which asset, as its owner calls it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetLabel {
    pub site: String,
    pub tag: String,
}

/// A known asset with the values that an import changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedAsset {
    pub asset_id: i64,
    pub asset: AssetLabel,
    /// Where the file has it: `Meters!row 17 of plant.xlsx`.
    pub place: String,
    /// (field, before, after), in the order of the fields.
    pub changes: Vec<(String, String, String)>,
}

/// A value that a person typed in and an import would overwrite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    pub asset: AssetLabel,
    pub field: Field,
    /// What the person typed in, and what the file says.
    pub typed: String,
    pub found: String,
    pub who: String,
    pub typed_at: jiff::Timestamp,
    /// The cell of the file; `None` where it cannot be told.
    pub cell: Option<CellPlace>,
}

/// What taking an import back does to the assets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoCounts {
    /// Assets that the import brought first and nothing was judged of: they are removed.
    pub n_removed: u64,
    /// Assets that the import brought first and that were judged since: they are retired, so that reports of those days
    /// stay as they were.
    pub n_retired: u64,
    /// Known assets that get back the values they had before.
    pub n_restored: u64,
    /// Assets that the import did not have and that are no longer marked as not seen, or no longer retired.
    pub n_unmarked: u64,
}

/// Why an import cannot be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoRefusal {
    /// It was taken back before.
    Undone(jiff::Timestamp),
    /// A later import touched assets of this one.
    TouchedLater {
        /// The later import that must be taken back first, and what its file is called.
        inventory_id: i64,
        file_name: String,
        imported_at: jiff::Timestamp,
        n_assets: u64,
        /// One of the assets; blank when none can be named.
        asset: AssetLabel,
    },
    /// A later import of the same assets was taken back already. What was known before this one went with it.
    Forgotten { n_assets: u64 },
}
