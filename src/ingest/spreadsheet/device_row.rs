//! Rows of devices, of which most say again what a row before them said: a fleet has twenty devices of each kind.
//!
//! What the columns of the device itself say is read once and shared; only what each device has of its own (tag, serial
//! number, address, place) is read row by row.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::identifier::identifiers_in;
use crate::domain::inventory::{CellPlace, Field, InventoryRow, RejectedRow, RowWarning};

use super::damage;
use super::header::{self, Meaning};
use super::layout::{Layout, Role};
use super::raw::{Kind, RawRow};
use super::row::{self, Context, RowReading};
use super::text::clean;
use super::{encoding, words};

/// Fields that each device has of its own and that say nothing of what it is, beside a model or an order number.
pub const OWN: [Field; 10] = [
    Field::AssetId,
    Field::Name,
    Field::Site,
    Field::Area,
    Field::SerialNumber,
    Field::IpAddress,
    Field::MacAddress,
    Field::Quantity,
    Field::Criticality,
    Field::Zone,
];
/// Kinds of rows remembered; rows of others are read one by one.
const MOST: usize = 100_000;

/// A row that names a device.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    /// What rows alike share. Its place and the fields of [`DeviceRow::own`] are those of the first of them.
    pub shared: Arc<InventoryRow>,
    /// Whether further rows may have the same `shared`; a row that was read by itself has it alone.
    pub is_like_others: bool,
    /// 1-based row of the sheet or line of the file.
    pub number: u32,
    own: OwnValues,
    /// Beside those of `shared`.
    warnings: Vec<RowWarning>,
}

/// What only one device has, its texts one behind the other: a million rows are a million of these.
#[derive(Clone, Debug, Default)]
struct OwnValues {
    texts: String,
    /// Field, column (1-based, or 0 where rows above state it), and where the text ends.
    fields: Vec<(Field, u32, u32)>,
}

impl OwnValues {
    fn with_room_for(n_fields: usize, n_bytes: usize) -> OwnValues {
        OwnValues { texts: String::with_capacity(n_bytes), fields: Vec::with_capacity(n_fields) }
    }

    fn push(&mut self, field: Field, column: u32, text: &str) {
        self.texts.push_str(text);
        self.fields.push((field, column, self.texts.len() as u32));
    }

    fn iter(&self) -> impl Iterator<Item = (Field, u32, &str)> {
        let mut start = 0;
        self.fields.iter().map(move |(field, column, end)| {
            let text = &self.texts[std::mem::replace(&mut start, *end as usize)..*end as usize];
            (*field, *column, text)
        })
    }

    fn of(&self, field: Field) -> Option<(u32, &str)> {
        self.iter().find(|(of, _, _)| *of == field).map(|(_, column, text)| (column, text))
    }
}

impl DeviceRow {
    /// A row that was read by itself.
    pub fn alone(row: InventoryRow) -> DeviceRow {
        let number = row.place.row;
        DeviceRow {
            shared: Arc::new(row),
            is_like_others: false,
            number,
            own: OwnValues::default(),
            warnings: Vec::new(),
        }
    }

    /// The same row with what it shares taken from here.
    pub fn sharing(self, shared: Arc<InventoryRow>) -> DeviceRow {
        DeviceRow { shared, ..self }
    }

    /// The value of a field; blank when not stated.
    pub fn value(&self, field: Field) -> &str {
        self.own.of(field).map_or_else(|| self.shared.value(field), |(_, text)| text)
    }

    /// The place of the row, with `column` 0.
    pub fn place(&self) -> CellPlace {
        CellPlace { row: self.number, ..self.shared.place.clone() }
    }

    /// The place of a field's value.
    pub fn place_of(&self, field: Field) -> CellPlace {
        let shared = || self.shared.columns.get(&field).copied().unwrap_or(0);
        let column = self.own.of(field).map_or_else(shared, |(column, _)| column);
        CellPlace { column, ..self.place() }
    }

    /// Gives the row a value that rows above state for it.
    pub fn state(&mut self, field: Field, value: &str) {
        self.own.push(field, 0, value);
    }

    /// Adds a warning.
    pub fn warn(&mut self, warning: RowWarning) {
        self.warnings.push(warning);
    }

    /// What is doubtful about this row.
    pub fn warnings(&self) -> impl Iterator<Item = RowWarning> {
        let number = self.number;
        let here = move |warning: &RowWarning| RowWarning {
            place: CellPlace { row: number, ..warning.place.clone() },
            ..warning.clone()
        };
        self.shared.warnings.iter().map(here).chain(self.warnings.iter().cloned())
    }

    /// Whether anything is doubtful about this row.
    pub fn is_doubtful(&self) -> bool {
        !self.shared.warnings.is_empty() || !self.warnings.is_empty()
    }

    /// The row with all that it says.
    pub fn into_row(self) -> InventoryRow {
        let warnings = if self.is_doubtful() { self.warnings().collect() } else { Vec::new() };
        let mut row = Arc::unwrap_or_clone(self.shared);
        row.place.row = self.number;
        row.warnings = warnings;
        for (field, column, value) in self.own.iter() {
            row.fields.insert(field, value.to_owned());
            if column > 0 {
                row.columns.insert(field, column);
            }
        }
        row
    }
}

/// What a row turned out to be.
pub enum Reading {
    Device(DeviceRow),
    /// A row of a kind that was not met before: its key, what all of the kind share (`None` where each must be read by
    /// itself), and what this row is.
    New(Box<[u8]>, Option<Arc<InventoryRow>>, Box<Reading>),
    Rejected(Box<RejectedRow>),
}

impl Reading {
    /// What a row is that was read by itself.
    pub fn alone(read: RowReading) -> Reading {
        match read {
            RowReading::Device(row) => Reading::Device(DeviceRow::alone(*row)),
            RowReading::Rejected(rejected) => Reading::Rejected(Box::new(rejected)),
        }
    }
}

/// The kinds of rows of one table.
#[derive(Debug, Default)]
pub struct Kinds {
    /// Columns (0-based) that hold what each device has of its own.
    own: Vec<(usize, Field)>,
    /// By the texts of all other cells.
    known: FxHashMap<Box<[u8]>, Option<Arc<InventoryRow>>>,
    n_rows: usize,
    /// Too few rows are alike for this to pay.
    is_given_up: bool,
}

impl Kinds {
    /// None yet, of a table with these columns.
    pub fn of(layout: &Layout) -> Kinds {
        let own: Vec<(usize, Field)> = layout
            .columns
            .iter()
            .enumerate()
            .filter_map(|(column, of)| match of.role {
                // A description may hold more than a name.
                Role::One(Field::Name)
                    if header::senses(&of.header).iter().any(|s| s.meaning == Meaning::Description) =>
                {
                    None
                }
                Role::One(field) if OWN.contains(&field) => Some((column, field)),
                _ => None,
            })
            .collect();
        Kinds { is_given_up: own.is_empty(), own, ..Kinds::default() }
    }

    /// Reads a row; `key` is a buffer that is used again.
    pub fn read(&self, row: &RawRow, layout: &Layout, context: &Context, key: &mut Vec<u8>) -> Reading {
        let alone = |row: &RawRow| Reading::alone(row::read(row, layout, context));
        if self.is_given_up || !row.all_text() || !row.filled.is_empty() || !row.repeated.is_empty() {
            return alone(row);
        }
        let Some(own) = self.own_values(row) else { return alone(row) };
        self.key_of(row, context, key);
        let of_kind = |shared: Arc<InventoryRow>| {
            Reading::Device(DeviceRow { shared, is_like_others: true, number: row.number, own, warnings: Vec::new() })
        };
        match self.known.get(key.as_slice()) {
            Some(Some(shared)) => of_kind(shared.clone()),
            Some(None) => alone(row),
            None if self.known.len() >= MOST => alone(row),
            None => match row::read(&row.without(&self.own), layout, context) {
                RowReading::Device(shared) => {
                    let shared: Arc<InventoryRow> = Arc::new(*shared);
                    Reading::New(key.as_slice().into(), Some(shared.clone()), Box::new(of_kind(shared)))
                }
                // A reason tells what the row does say.
                RowReading::Rejected(_) => Reading::New(key.as_slice().into(), None, Box::new(alone(row))),
            },
        }
    }

    /// Keeps a kind of row that was not met before; what the first row of a kind made of it stays.
    pub fn keep(&mut self, key: Box<[u8]>, shared: Option<Arc<InventoryRow>>) -> Option<Arc<InventoryRow>> {
        self.known.entry(key).or_insert(shared).clone()
    }

    /// Looks after so many more rows whether it pays: not where most of the kinds that can be remembered had one row.
    pub fn count(&mut self, n_rows: usize) {
        self.n_rows += n_rows;
        if self.known.len() >= MOST && self.n_rows < MOST * 2 {
            self.is_given_up = true;
            self.known = FxHashMap::default();
        }
    }

    /// The texts of all cells that say what the device is, and what stands above the row. No text has the byte 0xff.
    fn key_of(&self, row: &RawRow, context: &Context, key: &mut Vec<u8>) {
        key.clear();
        key.push(u8::from(row.hidden));
        for text in [&context.site, &context.area, &context.heading] {
            key.extend_from_slice(text.as_deref().unwrap_or("\0").as_bytes());
            key.push(0xff);
        }
        let mut own = self.own.iter().map(|(column, _)| *column).peekable();
        for column in 0..row.len() {
            if own.next_if_eq(&column).is_none() {
                key.extend_from_slice(row.cell(column).as_bytes());
            }
            key.push(0xff);
        }
    }

    /// What this row has of its own; `None` where any of it asks for a closer look.
    fn own_values(&self, row: &RawRow) -> Option<OwnValues> {
        let n_bytes = self.own.iter().map(|(column, _)| row.cell(*column).len()).sum();
        let mut own = OwnValues::with_room_for(self.own.len(), n_bytes);
        let mut damages = Vec::new();
        for (column, field) in &self.own {
            let text = clean(row.cell(*column));
            if text.is_empty() {
                continue;
            }
            let is_scrambled =
                || !text.is_ascii() && (text.contains('\u{fffd}') || encoding::unscramble(&text).is_some());
            // A name may be an identifier: `cpe:2.3:…`, `urn:…`.
            let is_identifier = *field == Field::Name && !identifiers_in(&text).is_empty();
            if is_identifier || text.starts_with(['\'', '[']) || words::is_error(&text) || is_scrambled() {
                return None;
            }
            damage::look(*field, &text, Kind::Text, None, &mut damages);
            // Numbered columns hold more of the same.
            if !damages.is_empty() || own.of(*field).is_some() {
                return None;
            }
            own.push(*field, *column as u32 + 1, &text);
        }
        Some(own)
    }
}

#[cfg(test)]
mod tests {
    use super::super::find_header;
    use super::*;

    fn raw(number: u32, cells: &str) -> RawRow {
        let mut row = RawRow::new(number);
        cells.split('|').for_each(|cell| row.push(cell));
        row
    }

    #[test]
    fn a_row_says_the_same_whether_it_is_read_by_itself_or_as_one_of_its_kind() {
        let header = "Tag|Site|Name|Vendor|Model|Order number|Serial|Firmware|IP|IP 2|Remarks|Colour";
        let rows = [
            "K1|North|Feeder 1|Siemens|CPU 1511-1 PN|6ES7511-1AK02-0AB0|S C-1|V2.9|10.0.0.1||FS 4|blue",
            "K2||Feeder 1|Siemens|CPU 1511-1 PN|6ES7511-1AK02-0AB0||V2.9|10.0.0.2|10.0.0.3|FS 4|blue",
            "#REF!|North|Feeder 1|Siemens|CPU 1511-1 PN|6ES7511-1AK02-0AB0|n/a|V2.9|10.0.0.1||FS 4|blue",
            "'=K3|[\"North\"]|Feeder 1|Siemens|CPU 1511-1 PN|6ES7511-1AK02-0AB0|1.0E+12|02-Sep|||FS 4|blue",
            "K4|Köln|Feeder 1|Siemens|CPU 1511-1 PN|6ES7511-1AK02-0AB0|S C-5|02-Sep|||FS 4|blue",
            "K5|KÃ¶ln|Feeder 1|Siemens|CPU 1511-1 PN|6ES7511-1AK02-0AB0|S C-6|V2.9|||FS 4|blue|more",
            "K8|North|Feeder 2|Siemens|CPU 1511-1 PN|6ES7511-1AK02-0AB0|S C-7|V2.9|||FS 4|blue",
            "K9|North|cpe:2.3:h:siemens:x:-|Siemens|CPU 1511-1 PN|6ES7511-1AK02-0AB0|S C-8|V2.9|||FS 4|blue",
            "K10|North|ABB REF615 V5.1|||||||||",
            "K6|North||Siemens||||||||",
            "K7|North|Siemens S7-1200 V4.2|||||||||",
            "||| |||||||note|",
        ];
        let header = raw(1, header);
        let all: Vec<RawRow> =
            std::iter::once(header).chain((2..).zip(rows).map(|(number, cells)| raw(number, cells))).collect();
        let found = find_header::find(&all).unwrap();
        let layout = Layout::read(&found.texts, &all[1..], None);
        for site in [None, Some("South".to_owned())] {
            let context = Context { site, warn_ragged: true, ..Context::default() };
            let mut kinds = Kinds::of(&layout);
            assert!(!kinds.is_given_up);
            let mut n_known = 0;
            for row in all[1..].iter().chain(&all[1..]) {
                let alone = row::read(row, &layout, &context);
                let read = match kinds.read(row, &layout, &context, &mut Vec::new()) {
                    Reading::New(key, shared, row) => {
                        kinds.keep(key, shared);
                        *row
                    }
                    other => other,
                };
                match (alone, read) {
                    (RowReading::Device(alone), Reading::Device(read)) => {
                        n_known += usize::from(read.is_like_others);
                        for field in OWN {
                            assert_eq!(read.value(field), alone.value(field), "{row:?}");
                        }
                        assert_eq!(read.is_doubtful(), !alone.warnings.is_empty());
                        assert_eq!(read.into_row(), *alone, "{row:?}");
                    }
                    (RowReading::Rejected(alone), Reading::Rejected(read)) => assert_eq!(*read, alone),
                    _ => panic!("a device in one reading only: {row:?}"),
                }
            }
            assert_eq!(n_known, 6, "three rows, each read twice");
        }
    }

    #[test]
    fn a_long_list_without_rows_alike_is_read_row_by_row() {
        let rows = [raw(1, "Tag|Model|Firmware"), raw(2, "K1|PM8240|3.1"), raw(3, "K2|PM5560|2.1")];
        let found = find_header::find(&rows).unwrap();
        let mut kinds = Kinds::of(&Layout::read(&found.texts, &rows[1..], None));
        for n in 1..MOST as u32 {
            kinds.keep(n.to_be_bytes().into(), None);
        }
        kinds.count(MOST);
        assert!(!kinds.is_given_up);
        kinds.keep([0].into(), None);
        kinds.count(1);
        assert!(kinds.is_given_up && kinds.known.is_empty());
    }
}
