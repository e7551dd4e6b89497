//! Which column of a table holds what: headers first, then what the values look like.

use std::ops::Range;
use std::sync::Arc;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::domain::inventory::{CellPlace, ColumnReading, Field};

use super::header::{self, Meaning, Sense};
use super::mapping::Mapping;
use super::profile::{self, Profile};
use super::raw::RawRow;
use super::stats::Stats;
use super::text::{clean, key};
use super::values;

/// What is done with a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Kept with the asset under its header.
    Unmapped,
    One(Field),
    /// Several fields in one cell: `Make / Model`.
    Joined(Vec<Field>),
    /// A description that may hold vendor, model, order number and firmware.
    Description,
}

/// The fields that a description may hold.
const DESCRIPTION: [Field; 4] = [Field::Vendor, Field::Model, Field::PartNumber, Field::Firmware];

/// One column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    pub header: String,
    pub role: Role,
    /// How it was recognised.
    pub how: String,
}

/// The columns of one table.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub columns: Vec<Column>,
    /// Folded header texts, to know the header when it stands again.
    pub keys: Vec<String>,
    /// The usual number of filled cells in a row.
    pub usual_filled: usize,
    /// The share of rows in capitals only among rows of one text, in tenths.
    pub usual_capitals: usize,
    /// Site and area, where they stand once for a group of rows and are blank below.
    pub carries: Vec<Field>,
    /// The header above each column, for rows that are handed back.
    pub headers: Arc<[String]>,
    /// Columns whose values go on in another one, because their header stands over both (0-based).
    pub continued: BTreeMap<usize, usize>,
    /// Further columns (0-based) that are called like a model or an order number; where a row has its order number there.
    pub spare: Vec<usize>,
    /// Columns (0-based) whose header says that they describe the device.
    pub described: Vec<usize>,
    /// Further columns (0-based) that are called like a name, beside the one that is it.
    pub naming: Vec<usize>,
}

/// The texts of a header: the row itself and, in a header of two rows, the row above.
#[derive(Clone, Debug, Default)]
pub struct HeaderTexts {
    pub texts: Vec<String>,
    /// Groups above the texts; empty in a header of one row.
    pub groups: Vec<String>,
    /// Columns that the header to their left covers as well, as one merged cell.
    pub covered: Vec<u32>,
}

impl HeaderTexts {
    /// A header of one row.
    pub fn of(row: &RawRow) -> HeaderTexts {
        let texts = row.cells().map(header_text).collect();
        HeaderTexts { texts, groups: Vec::new(), covered: row.covered.clone() }
    }

    /// The columns of each table where several stand side by side under one header row: `Tag, Model, FW, , Tag, Model, FW`.
    /// Empty when there is one table, as nearly always.
    pub fn side_by_side(&self) -> Vec<Range<usize>> {
        let keys: Vec<String> = self.texts.iter().map(|t| key(t)).collect();
        let names = |i: &usize| {
            header::senses(&self.texts[*i])
                .iter()
                .any(|s| matches!(s.meaning, Meaning::Description | Meaning::Field(Field::Model | Field::PartNumber)))
        };
        let Some(first) = (0..keys.len()).find(|i| !keys[*i].is_empty()) else { return Vec::new() };
        let starts: Vec<usize> = (first..keys.len()).filter(|i| keys[*i] == keys[first]).collect();
        let &[_, second, ..] = &starts[..] else { return Vec::new() };
        let titles = |from: usize, to: usize| keys[from..to].iter().filter(|k| !k.is_empty()).collect::<Vec<_>>();
        let table = titles(first, second);
        let ends = || starts[1..].iter().copied().chain([keys.len()]);
        let same = starts.iter().zip(ends()).all(|(from, to)| titles(*from, to) == table);
        if !same || table.len() < 2 || !(first..second).any(|i| names(&i)) {
            return Vec::new();
        }
        starts.iter().zip(ends()).map(|(from, to)| *from..to).collect()
    }

    /// The header with the texts outside of these columns blank.
    pub fn only(&self, columns: &Range<usize>) -> HeaderTexts {
        let within = |texts: &[String]| -> Vec<String> {
            let own = |(i, text): (usize, &String)| if columns.contains(&i) { text.clone() } else { String::new() };
            texts.iter().enumerate().map(own).collect()
        };
        HeaderTexts { texts: within(&self.texts), groups: within(&self.groups), covered: self.covered.clone() }
    }

    fn group(&self, column: usize) -> &str {
        self.groups.get(column).map_or("", String::as_str)
    }

    fn text(&self, column: usize) -> &str {
        self.texts.get(column).map_or("", String::as_str)
    }

    fn shown(&self, column: usize) -> String {
        let (group, text) = (self.group(column), self.text(column));
        if group.is_empty() || key(group) == key(text) {
            text.to_owned()
        } else if text.is_empty() {
            group.to_owned()
        } else {
            format!("{group} / {text}")
        }
    }

    /// Readings of a column's header. A group alone says nothing about a column that has its own text.
    fn senses(&self, column: usize) -> Vec<Sense> {
        let (group, text) = (self.group(column), self.text(column));
        if group.is_empty() {
            return header::senses(text);
        }
        if text.is_empty() {
            return header::senses(group);
        }
        let own = header::senses(text);
        let joined = header::senses(&format!("{group} {text}"));
        let best = |senses: &[Sense]| senses.first().map_or(0, |s| s.strength);
        // `Firmware` over `Version` or `installed`: the joined words are a better reading than the lower one alone.
        if best(&joined) >= best(&own).max(1) || (best(&own) <= 2 && !joined.is_empty()) { joined } else { own }
    }
}

/// A header's text as shown, mended when it was saved in the wrong encoding.
pub fn header_text(cell: &str) -> String {
    let mut text = clean(cell);
    // `Manufacturer` over `Model` in one cell holds both; `Serial` over `number` is one header.
    if cell.trim().contains('\n') {
        let lines: Vec<&str> = cell.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let divided = lines.join(" / ");
        if !header::joined(&divided).is_empty() {
            text = divided.into();
        }
    }
    super::encoding::unscramble(&text).unwrap_or_else(|| text.into_owned())
}

/// One possible use of a column.
struct Offer {
    column: usize,
    meaning: Meaning,
    strength: u8,
    fit: i32,
    how: String,
}

impl Layout {
    /// Reads the columns of a table from its header and its first rows.
    pub fn read(texts: &HeaderTexts, sample: &[RawRow], mapping: Option<&Mapping>) -> Layout {
        let known = profile::find(&texts.texts);
        let layout = Layout::read_as(texts, sample, mapping, known);
        if known.is_none() || layout.names_devices() {
            return layout;
        }
        // An export without the column that names its devices: the other headers may.
        Layout::read_as(texts, sample, mapping, None)
    }

    fn read_as(texts: &HeaderTexts, sample: &[RawRow], mapping: Option<&Mapping>, profile: Option<&Profile>) -> Layout {
        let width = sample.iter().map(RawRow::len).chain([texts.texts.len(), texts.groups.len()]).max().unwrap_or(0);
        let stats = Stats::of(sample, width);
        let mut columns: Vec<Column> =
            (0..width).map(|i| Column { header: texts.shown(i), role: Role::Unmapped, how: String::new() }).collect();
        let mut settled = vec![false; width];
        let mut offers = Vec::new();
        for i in 0..width {
            let header = texts.shown(i);
            if let Some(fields) = mapping.and_then(|m| m.fields_of(&header).or_else(|| m.fields_of(texts.text(i)))) {
                columns[i].role = match fields {
                    [] => Role::Unmapped,
                    [one] => Role::One(*one),
                    // As `readings` tells of a description, so that a saved mapping reads as the file was read.
                    fields if fields == DESCRIPTION => Role::Description,
                    more => Role::Joined(more.to_vec()),
                };
                "your choice".clone_into(&mut columns[i].how);
                settled[i] = true;
            } else if let Some((name, field)) = profile.and_then(|p| p.field_of(texts.text(i)).map(|f| (p.name(), f))) {
                columns[i].role = field.map_or(Role::Unmapped, Role::One);
                columns[i].how = format!("column of a {name} export");
                settled[i] = true;
            } else {
                offer_column(texts, i, &stats, &mut columns[i], &mut offers, &mut settled[i]);
            }
        }
        assign(&mut columns, &mut settled, offers, &stats);
        find_site(&mut columns, &stats);
        by_values(&mut columns, &mut settled, texts, &stats);
        find_description(&mut columns, texts, &stats);
        name_columns(&mut columns);
        let keys = (0..width).map(|i| key(texts.text(i))).collect();
        let headers = columns.iter().map(|c| c.header.clone()).collect();
        // Values that a list keeps in two cells under one header: the halves of an order number.
        let goes_on = |column: &usize| {
            *column > 0
                && texts.text(*column).is_empty()
                && stats.filled(*column) > 0
                && columns.get(*column).is_some_and(|c: &Column| c.role == Role::Unmapped)
                && matches!(columns[*column - 1].role, Role::One(Field::PartNumber | Field::Model))
        };
        let covered = texts.covered.iter().map(|column| *column as usize);
        let continued = covered.filter(goes_on).map(|column| (column - 1, column)).collect();
        let is_spare = |column: &usize| {
            columns[*column].role == Role::Unmapped
                && texts.senses(*column).iter().any(|sense| {
                    sense.strength >= 2 && matches!(sense.meaning, Meaning::Field(Field::Model | Field::PartNumber))
                })
        };
        let is_naming = |column: &usize| {
            let says = |sense: &Sense| match sense.meaning {
                Meaning::Description | Meaning::Field(Field::Name) => true,
                Meaning::Field(Field::AssetId) => stats.are_named(*column),
                _ => false,
            };
            columns[*column].role == Role::Unmapped && texts.senses(*column).iter().any(says)
        };
        let mut layout = Layout {
            naming: (0..width).filter(is_naming).collect(),
            spare: (0..width).filter(is_spare).collect(),
            described: (0..width).filter(|i| describes(&columns[*i].header)).collect(),
            columns,
            keys,
            usual_filled: stats.usual_filled,
            usual_capitals: capitals(sample),
            carries: Vec::new(),
            headers,
            continued,
        };
        let once = |f: &Field| layout.column_of(*f).is_some_and(|c| stats.stands_once(c));
        layout.carries = [Field::Site, Field::Area].into_iter().filter(once).collect();
        layout
    }

    /// Reads the columns of a table without a header by their values alone; `None` when they do not surely name devices.
    pub fn without_header(rows: &[RawRow]) -> Option<Layout> {
        let width = rows.iter().map(RawRow::len).max()?;
        let stats = Stats::of(rows, width);
        if let Some(layout) = Layout::of_one_column(rows, &stats) {
            return Some(layout);
        }
        let mut columns: Vec<Column> =
            (0..width).map(|_| Column { header: String::new(), role: Role::Unmapped, how: String::new() }).collect();
        let mut settled = vec![false; width];
        by_values(&mut columns, &mut settled, &HeaderTexts::default(), &stats);
        let recognised = settled.iter().filter(|s| **s).count();
        let vendor = columns.iter().position(|c| c.role == Role::One(Field::Vendor));
        let mut name = |field: Field, column: Option<usize>, how: &str| {
            if let Some(i) = column.filter(|i| !settled[*i]) {
                settled[i] = true;
                columns[i].role = Role::One(field);
                how.clone_into(&mut columns[i].how);
            }
        };
        // A model stands behind its vendor; a tag is another text in each row and stands first.
        let names = |i: usize| stats.looks_like(i, Field::Model) >= 60;
        let model = vendor
            .map(|v| v + 1)
            .filter(|i| names(*i))
            .or_else(|| (1..width).find(|i| names(*i) && stats.distinct(*i) > 1));
        name(Field::Model, model, "values look like models");
        let tag = (0..width.min(2))
            .find(|i| stats.filled(*i) > 1 && stats.distinct(*i) == stats.filled(*i) && !stats.is_sequence(*i));
        name(Field::AssetId, tag, "the first column differs in each row");
        for (i, column) in columns.iter_mut().enumerate() {
            column.header = CellPlace { sheet: String::new(), row: 0, column: i as u32 + 1 }
                .label()
                .trim_end_matches('0')
                .to_owned();
        }
        let layout = Layout {
            headers: columns.iter().map(|c| c.header.clone()).collect(),
            columns,
            keys: vec![String::new(); width],
            usual_filled: stats.usual_filled,
            usual_capitals: capitals(rows),
            carries: Vec::new(),
            continued: BTreeMap::new(),
            spare: Vec::new(),
            described: Vec::new(),
            naming: Vec::new(),
        };
        (recognised >= 2 && layout.names_devices() && rows.len() > 1).then_some(layout)
    }

    /// A bare list of order numbers or models, one in each line; `None` when it may be any other text.
    fn of_one_column(rows: &[RawRow], stats: &Stats) -> Option<Layout> {
        let lines = || rows.iter().filter(|row| !row.is_blank());
        let column = lines().next()?.filled_cells().next()?.0;
        let is_name = |text: &str| {
            text.chars().count() <= 40 && text.split_whitespace().count() <= 4 && values::has_designator(text)
        };
        let (mut n_lines, mut n_names, mut n_orders) = (0, 0, 0);
        for row in lines() {
            let mut cells = row.filled_cells();
            let text = cells.next().filter(|(at, _)| *at == column)?.1;
            if cells.next().is_some() {
                return None;
            }
            let holds_order = text.split_whitespace().any(|word| values::order_form(word).is_some());
            n_lines += 1;
            let is_order = holds_order || values::order_form(text).is_some();
            n_names += usize::from(is_name(text) || is_order);
            n_orders += usize::from(is_order);
        }
        if n_lines < 2 || n_names * 10 < n_lines * 9 || n_orders * 4 < n_lines {
            return None;
        }
        let place = CellPlace { sheet: String::new(), row: 0, column: column as u32 + 1 };
        let named = |at: usize| Column {
            header: if at == column { place.label().trim_end_matches('0').to_owned() } else { String::new() },
            role: if at == column { Role::Description } else { Role::Unmapped },
            how: if at == column { "each line names a product".to_owned() } else { String::new() },
        };
        let columns: Vec<Column> = (0..=column).map(named).collect();
        let headers = columns.iter().map(|c| c.header.clone()).collect();
        let keys = vec![String::new(); columns.len()];
        Some(Layout {
            columns,
            keys,
            usual_filled: stats.usual_filled,
            usual_capitals: 10,
            headers,
            ..Layout::default()
        })
    }

    /// The first column (0-based) that holds this field.
    pub fn column_of(&self, field: Field) -> Option<usize> {
        self.columns.iter().position(|c| match &c.role {
            Role::One(f) => *f == field,
            Role::Joined(fields) => fields.contains(&field),
            _ => false,
        })
    }

    /// Whether a field has a column.
    pub fn has(&self, field: Field) -> bool {
        self.column_of(field).is_some()
    }

    /// Whether rows of this table can name a device.
    pub fn names_devices(&self) -> bool {
        self.has(Field::Model)
            || self.has(Field::PartNumber)
            || self.columns.iter().any(|c| c.role == Role::Description)
    }

    /// The readings to report.
    pub fn readings(&self, sheet: &str) -> Vec<ColumnReading> {
        let reading = |c: &Column| ColumnReading {
            sheet: sheet.to_owned(),
            header: c.header.clone(),
            fields: match &c.role {
                Role::Unmapped => Vec::new(),
                Role::One(f) => vec![*f],
                Role::Joined(fields) => fields.clone(),
                Role::Description => DESCRIPTION.to_vec(),
            },
            how: c.how.clone(),
        };
        self.columns.iter().filter(|c| !c.header.is_empty()).map(reading).collect()
    }
}

fn describes(header: &str) -> bool {
    header::senses(header).first().is_some_and(|sense| sense.meaning == Meaning::Description)
}

/// How many tenths of the rows of one text are in capitals, of the first hundred; headings are few.
fn capitals(rows: &[RawRow]) -> usize {
    let single = || rows.iter().take(100).filter(|row| row.filled_cells().take(2).count() == 1);
    let n_capitals = single().filter(|row| row.cells().any(super::words::is_capitals)).count();
    n_capitals * 10 / single().count().max(1)
}

/// Collects the possible uses of one column, or settles it when it holds several fields.
fn offer_column(
    texts: &HeaderTexts,
    i: usize,
    stats: &Stats,
    column: &mut Column,
    offers: &mut Vec<Offer>,
    settled: &mut bool,
) {
    let senses = texts.senses(i);
    if senses.is_empty() {
        let fields = header::joined(texts.text(i));
        if fields.len() > 1 {
            "several fields in one column".clone_into(&mut column.how);
            column.role = Role::Joined(fields);
            *settled = true;
        }
        return;
    }
    let may_be = |field: Field| senses.iter().any(|sense| sense.meaning == Meaning::Field(field));
    let is_behind_product = (0..i).any(|before| {
        let first = texts.senses(before).first().copied();
        first.is_some_and(|s| s.strength >= 3 && matches!(s.meaning, Meaning::Field(Field::Vendor | Field::Model)))
    });
    let may_be_name = may_be(Field::Name) || senses.iter().any(|sense| sense.meaning == Meaning::Description);
    for sense in &senses {
        // `Equipment` over names; `Ref` behind the model is no tag of the plant.
        let is_no_tag = may_be_name && stats.are_worded(i) || may_be(Field::PartNumber) && is_behind_product;
        if sense.meaning == Meaning::Field(Field::AssetId) && is_no_tag {
            continue;
        }
        let fit = match sense.meaning {
            Meaning::Field(f) => stats.fit(i, f),
            _ => 0,
        };
        let how = match sense.strength {
            4 | 2 if sense.language != "any" => format!("{} word", sense.language),
            4 | 2 => "known header".to_owned(),
            _ => "words in the header".to_owned(),
        };
        offers.push(Offer { column: i, meaning: sense.meaning, strength: sense.strength, fit, how });
    }
}

/// Gives each field to the column that says it best. Addresses may have several columns.
fn assign(columns: &mut [Column], settled: &mut [bool], mut offers: Vec<Offer>, stats: &Stats) {
    let mut taken: Vec<Field> = columns
        .iter()
        .flat_map(|c| match &c.role {
            Role::One(f) => vec![*f],
            Role::Joined(fields) => fields.clone(),
            _ => Vec::new(),
        })
        .collect();
    // A column whose values contradict the field comes last, whatever its header says.
    offers.sort_by_key(|o| (std::cmp::Reverse((o.fit > -50, o.strength, o.fit)), o.column));
    for offer in offers {
        if settled[offer.column] {
            continue;
        }
        match offer.meaning {
            Meaning::Field(field) => {
                let repeatable = matches!(field, Field::IpAddress | Field::MacAddress);
                let weak_position = field == Field::AssetId && offer.strength <= 2 && stats.is_sequence(offer.column);
                if offer.fit <= -50 || weak_position || (taken.contains(&field) && !repeatable) {
                    continue;
                }
                taken.push(field);
                columns[offer.column].role = Role::One(field);
                columns[offer.column].how = offer.how;
                settled[offer.column] = true;
            }
            // A strong word for something else settles a column; a weak one leaves it to the values.
            Meaning::Kind | Meaning::Price | Meaning::Other if offer.strength >= 3 => {
                columns[offer.column].how = "no field of the inventory".to_owned();
                settled[offer.column] = true;
            }
            _ => {}
        }
    }
}

/// Where no column is called so, one of places may name sites: `Location` over `Riverside WTP`, `Mill Lane PS`.
fn find_site(columns: &mut [Column], stats: &Stats) {
    if columns.iter().any(|c| c.role == Role::One(Field::Site)) {
        return;
    }
    let names_sites = |(i, c): &(usize, &mut Column)| c.role == Role::One(Field::Area) && stats.are_sites(*i);
    if let Some((_, column)) = columns.iter_mut().enumerate().find(names_sites)
        && column.how != "your choice"
    {
        column.role = Role::One(Field::Site);
        "values name sites".clone_into(&mut column.how);
    }
}

/// Recognises columns without a known header by what their values look like.
fn by_values(columns: &mut [Column], settled: &mut [bool], texts: &HeaderTexts, stats: &Stats) {
    let taken = |columns: &[Column], field: Field| {
        columns.iter().any(|c| {
            matches!(&c.role, Role::One(f) if *f == field) || matches!(&c.role, Role::Joined(fs) if fs.contains(&field))
        })
    };
    for (field, what) in [
        (Field::IpAddress, "values look like IP addresses"),
        (Field::MacAddress, "values look like MAC addresses"),
        (Field::PartNumber, "values look like order numbers"),
        (Field::Vendor, "values are names of vendors"),
        (Field::Firmware, "values look like versions"),
    ] {
        if taken(columns, field) {
            continue;
        }
        // Nothing else looks like an address, whatever a weak header says (`Host`).
        let is_address = matches!(field, Field::IpAddress | Field::MacAddress);
        let open = |i: &usize| {
            !settled[*i] && (is_address || texts.senses(*i).is_empty()) && !header::is_turned(&texts.shown(*i))
        };
        let best = (0..columns.len()).filter(open).max_by_key(|i| stats.looks_like(*i, field));
        if let Some(i) = best.filter(|i| stats.looks_like(*i, field) >= 60) {
            columns[i].role = Role::One(field);
            what.clone_into(&mut columns[i].how);
            settled[i] = true;
        }
    }
    // A tag stands before what it is the tag of.
    let of_product = |c: &Column| {
        matches!(
            c.role,
            Role::One(Field::Vendor | Field::Model | Field::PartNumber) | Role::Joined(_) | Role::Description
        )
    };
    let product = columns.iter().position(of_product).unwrap_or(0);
    let is_tag = |i: &usize| {
        !settled[*i]
            && columns[*i].role == Role::Unmapped
            && !texts.shown(*i).is_empty()
            && texts.senses(*i).is_empty()
            && !header::is_turned(&texts.shown(*i))
            && stats.are_tags(*i)
    };
    if !taken(columns, Field::AssetId)
        && let Some(i) = (0..product).find(is_tag)
    {
        columns[i].role = Role::One(Field::AssetId);
        "a tag of its own in each row".clone_into(&mut columns[i].how);
        settled[i] = true;
    }
}

/// In a table without model and order number, a description (or a name) may hold them.
fn find_description(columns: &mut [Column], texts: &HeaderTexts, stats: &Stats) {
    let has = |columns: &[Column], field: Field| {
        columns.iter().any(|c| {
            matches!(&c.role, Role::One(f) if *f == field) || matches!(&c.role, Role::Joined(fs) if fs.contains(&field))
        })
    };
    let described: Vec<usize> =
        (0..columns.len()).filter(|i| texts.senses(*i).iter().any(|s| s.meaning == Meaning::Description)).collect();
    // `Component` over `Controller`, `Rack` beside order numbers and descriptions: a part and no model.
    if let Some(i) = columns.iter().position(|c| c.role == Role::One(Field::Model))
        && texts.senses(i).iter().all(|s| s.strength <= 2)
        && has(columns, Field::PartNumber)
        && !described.is_empty()
        && stats.fit(i, Field::Model) <= 0
    {
        columns[i].role = Role::Unmapped;
        columns[i].how.clear();
    }
    // `Gerät`, `Type`: a weak word over texts that hold all, beside no column that holds a part of it.
    if let Some(i) = columns.iter().position(|c| c.role == Role::One(Field::Model))
        && texts.senses(i).iter().all(|s| s.strength <= 2)
        && ![Field::Vendor, Field::PartNumber].iter().any(|f| has(columns, *f))
        && stats.whole_devices(i) >= 50
    {
        columns[i].role = Role::Description;
        "describes the device in words".clone_into(&mut columns[i].how);
        return;
    }
    if has(columns, Field::Model) || has(columns, Field::PartNumber) && described.is_empty() {
        // A description beside a model is the device's name, or a note.
        for i in described {
            let is_free = !has(columns, Field::Name) && stats.fit(i, Field::Name) > -50;
            let free = is_free.then_some(Field::Name);
            if let (Role::Unmapped, Some(field)) = (&columns[i].role, free) {
                columns[i].role = Role::One(field);
                columns[i].how = "description beside a model".to_owned();
            }
        }
        return;
    }
    let named = (0..columns.len()).filter(|i| columns[*i].role == Role::One(Field::Name));
    // `Item` may as well number the rows.
    let may_describe = |i: &usize| match columns[*i].role {
        Role::Unmapped => true,
        Role::One(Field::AssetId) => stats.devices(*i) >= 40,
        _ => false,
    };
    let candidates: Vec<usize> = described.iter().copied().filter(may_describe).chain(named).collect();
    let best = candidates.iter().copied().max_by_key(|i| stats.devices(*i));
    if let Some(i) = best.filter(|i| described.contains(i) || stats.devices(*i) >= 40) {
        columns[i].role = Role::Description;
        columns[i].how = "describes the device in words".to_owned();
        return;
    }
    // No header names devices; the values of a column may, whatever it is called.
    let unknown = |i: &usize| columns[*i].role == Role::Unmapped && !header::is_turned(&columns[*i].header);
    let by_values = (0..columns.len()).filter(unknown).max_by_key(|i| stats.whole_devices(*i));
    if let Some(i) = by_values.filter(|i| stats.whole_devices(*i) >= 50 && stats.filled(*i) >= 2) {
        columns[i].role = Role::Description;
        "values describe devices".clone_into(&mut columns[i].how);
        return;
    }
    // Beside vendors stand their models.
    let Some(vendor) = columns.iter().position(|c| c.role == Role::One(Field::Vendor)) else { return };
    let is_model = |i: &usize| {
        i.abs_diff(vendor) <= 2
            && unknown(i)
            && texts.senses(*i).is_empty()
            && stats.looks_like(*i, Field::Model) >= 60
            && stats.distinct(*i) > 1
    };
    if let Some(i) = (0..columns.len()).filter(is_model).min_by_key(|i| i.abs_diff(vendor)) {
        columns[i].role = Role::One(Field::Model);
        "values beside vendors look like models".clone_into(&mut columns[i].how);
    }
}

/// A header that stands twice gets ` (2)`; a column with values and no header is named by its letter.
fn name_columns(columns: &mut [Column]) {
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    for column in columns.iter_mut().filter(|c| !c.header.is_empty()) {
        let times = seen.entry(column.header.clone()).or_insert(0);
        *times += 1;
        if *times > 1 {
            column.header = format!("{} ({times})", column.header);
        }
    }
}
