//! Walks over the rows of one sheet: finds headers, follows bands and totals, reads devices.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::domain::inventory::{Field, InventoryReading, InventoryRow, RejectedRow, SkippedSheet};

use super::device_row::{self, DeviceRow, Kinds, Reading};
use super::find_header::{self, Found};
use super::layout::{Layout, Role};
use super::mapping::Mapping;
use super::raw::{Kind, RawRow};
use super::row::{self, Context};
use super::text::clean;
use super::turned;
use super::words::{self, Band};
use super::zeros::Zeros;

/// Rows read together: enough to see what a column holds, few enough to stay small in memory.
pub const BATCH: usize = 4096;

/// A row of data with what stood above it.
type DataRow<'a> = (&'a RawRow, Arc<Context>);

/// Fields that lists often state once for a group of rows.
const CARRIED: [Field; 2] = [Field::Site, Field::Area];

/// Some rows of a file, in order.
#[derive(Debug, Default)]
pub struct Batch {
    pub rows: Vec<InventoryRow>,
    pub rejected: Vec<RejectedRow>,
}

/// Some rows of a file, in order, where rows alike share what they say.
#[derive(Debug, Default)]
pub struct DeviceBatch {
    pub rows: Vec<DeviceRow>,
    pub rejected: Vec<RejectedRow>,
}

impl DeviceBatch {
    /// The rows with all that each says.
    pub fn into_batch(self) -> Batch {
        let rows = self.rows.into_par_iter().with_min_len(256).map(DeviceRow::into_row).collect();
        Batch { rows, rejected: self.rejected }
    }
}

/// What is known of the sheet before its rows are read.
#[derive(Clone, Debug, Default)]
pub struct Sheet<'a> {
    pub name: &'a str,
    pub hidden: bool,
    /// The site that the sheet's name stands for.
    pub site: Option<String>,
    /// The site of rows that name none, from the caller.
    pub default_site: Option<String>,
    pub is_text_file: bool,
}

/// Reads the tables of one sheet, batch by batch.
pub struct Tables<'a> {
    sheet: Sheet<'a>,
    mapping: Option<&'a Mapping>,
    layout: Option<Layout>,
    /// The tables that stand side by side under one header row, with their columns; empty when there is one.
    beside: Vec<(Range<usize>, Layout)>,
    kinds: Kinds,
    context: Arc<Context>,
    zeros: Zeros,
    /// Rows before the first header, kept until it is found or the search is given up.
    waiting: Vec<RawRow>,
    given_up: bool,
    /// Site and area of the rows above, for columns that state them once per group.
    carried: [Option<String>; 2],
    /// The last row of data stood right under the band of an area.
    is_in_area: bool,
    /// The list stood on its side and was set upright.
    is_upright: bool,
    /// The last row of data, for cells below that say `ditto`.
    above: Option<RawRow>,
}

impl<'a> Tables<'a> {
    /// A reader for one sheet.
    pub fn new(sheet: Sheet<'a>, mapping: Option<&'a Mapping>) -> Tables<'a> {
        let context = Context {
            sheet: sheet.name.to_owned(),
            sheet_hidden: sheet.hidden,
            site: sheet.site.clone().or_else(|| sheet.default_site.clone()),
            warn_ragged: sheet.is_text_file,
            ..Context::default()
        };
        Tables {
            sheet,
            mapping,
            layout: None,
            beside: Vec::new(),
            kinds: Kinds::default(),
            context: Arc::new(context),
            zeros: Zeros::default(),
            waiting: Vec::new(),
            given_up: false,
            carried: [None, None],
            is_in_area: false,
            is_upright: false,
            above: None,
        }
    }

    /// Takes the next rows; `last` says that no more follow.
    pub fn read(&mut self, rows: Vec<RawRow>, last: bool, reading: &mut InventoryReading, out: &mut DeviceBatch) {
        if self.given_up {
            return;
        }
        let mut rows: Vec<RawRow> = if self.waiting.is_empty() {
            rows
        } else {
            std::mem::take(&mut self.waiting).into_iter().chain(rows).collect()
        };
        let mut from = 0;
        if self.layout.is_none() {
            let header_row = self.mapping.and_then(|m| m.header_row);
            if rows.len() < find_header::DEPTH && !last {
                self.waiting = rows;
                return;
            }
            let found = match header_row {
                Some(number) => find_header::at_row(&rows, number),
                None => find_header::find(&rows),
            };
            let is_headed = found.is_some();
            let mut begun = found.and_then(|f| self.begin(&rows, f, reading));
            let may_be_turned = begun.is_none() && last && header_row.is_none() && !self.is_upright;
            if let Some(mut upright) = may_be_turned.then(|| turned::upright(&rows)).flatten() {
                self.is_upright = true;
                reading.remarks.push(std::mem::take(&mut upright.remark));
                let first_row = out.rows.len();
                self.read(std::mem::take(&mut upright.rows), true, reading, out);
                upright.mark(&mut out.rows[first_row..]);
                return;
            }
            // In a file whose headers say nothing to us, one that the user named tells the row.
            if let (false, None, Some(mapping)) = (is_headed, header_row, self.mapping) {
                let named = find_header::naming(&rows, mapping);
                begun = named.and_then(|f| self.begin(&rows, f, reading));
            }
            match begun {
                Some(behind) => from = behind,
                None => match Layout::without_header(&rows).filter(|_| header_row.is_none()) {
                    Some(layout) => {
                        // A header that names no device is no device either.
                        from = rows.iter().position(|row| !find_header::is_header(row)).unwrap_or(0);
                        reading.remarks.push("no header row; the columns were recognised by their values".to_owned());
                        reading.columns.extend(layout.readings(self.sheet.name));
                        self.kinds = Kinds::of(&layout);
                        self.layout = Some(layout);
                    }
                    None => {
                        self.given_up = true;
                        self.waiting = rows;
                        return;
                    }
                },
            }
        }
        let first_row = out.rows.len();
        self.repeat_above(&mut rows[from..]);
        let mut at = from;
        let mut of_data: Vec<DataRow<'_>> = Vec::new();
        while at < rows.len() {
            if let Some(found) = self.next_header(&rows[at..]) {
                self.read_data(&std::mem::take(&mut of_data), out);
                if let Some(behind) = self.begin(&rows[at..], found, reading) {
                    at += behind;
                    continue;
                }
            }
            if self.is_data(&rows[at]) {
                of_data.push((&rows[at], self.context.clone()));
            }
            at += 1;
        }
        self.read_data(&of_data, out);
        self.zeros.mark(&mut out.rows[first_row..]);
    }

    /// Whether a table was found.
    pub fn found(&self) -> bool {
        self.layout.is_some()
    }

    /// The rows that were looked at in vain.
    pub fn unread(&self) -> &[RawRow] {
        &self.waiting
    }

    /// Begins a table; the index of its first row. `None` when its columns name no devices.
    fn begin(&mut self, rows: &[RawRow], found: Found, reading: &mut InventoryReading) -> Option<usize> {
        let first = found.at + found.rows;
        let sample = &rows[first.min(rows.len())..];
        let layout = Layout::read(&found.texts, sample, self.mapping);
        if !layout.names_devices() {
            return None;
        }
        self.beside = found
            .texts
            .side_by_side()
            .into_iter()
            .map(|columns| {
                let part: Vec<RawRow> = sample.iter().map(|row| row.only(&columns)).collect();
                let layout = Layout::read(&found.texts.only(&columns), &part, self.mapping);
                (columns, layout)
            })
            .collect();
        for above in &rows[..found.at] {
            self.above_header(above);
        }
        let place = if self.sheet.name.is_empty() { String::new() } else { format!("sheet `{}`: ", self.sheet.name) };
        reading.remarks.push(format!("{place}header in row {}", rows[found.at].number));
        let known: FxHashSet<&str> =
            reading.columns.iter().filter(|c| c.sheet == self.sheet.name).map(|c| c.header.as_str()).collect();
        let layouts = self.beside.iter().map(|(_, layout)| layout);
        let readings: Vec<_> = if self.beside.is_empty() {
            layout.readings(self.sheet.name)
        } else {
            reading.remarks.push(format!("{place}{} tables side by side", self.beside.len()));
            layouts.flat_map(|layout| layout.readings(self.sheet.name)).collect()
        };
        let new: Vec<_> = readings.into_iter().filter(|c| !known.contains(c.header.as_str())).collect();
        reading.columns.extend(new);
        self.kinds = Kinds::of(&layout);
        self.layout = Some(layout);
        Some(first)
    }

    /// Titles above the header may name the site: `Standort:` with the value beside it, or `Site: Riverside WTP`.
    fn above_header(&mut self, row: &RawRow) {
        let cells: Vec<(usize, &str)> = row.filled_cells().collect();
        for pair in cells.windows(2) {
            if pair[0].1.ends_with([':', '：']) && words::is_site_label(pair[0].1) {
                Arc::make_mut(&mut self.context).site = Some(clean(pair[1].1).into_owned());
                return;
            }
        }
        // A title of one text right above the header may name it without a label: `WERK NORD`.
        let alone = cells.len() == 1 && self.sheet.site.is_none();
        if let (true, Some((_, text))) = (cells.len() == 1, cells.first())
            && super::values::vendor_of_heading(text).is_some()
        {
            Arc::make_mut(&mut self.context).heading = Some(clean(text).into_owned());
            return;
        }
        for (_, text) in &cells {
            if (alone || text.contains([':', '：']))
                && let Band::Site(site) = words::title(&clean(text))
            {
                Arc::make_mut(&mut self.context).site = Some(site);
            }
        }
    }

    /// A further header in the same sheet, when the first of these rows is one and not the known header again.
    fn next_header(&self, rows: &[RawRow]) -> Option<Found> {
        let (layout, row) = (self.layout.as_ref()?, rows.first()?);
        // Most rows have a value that no header has; look closely only at rows that could be one.
        if !row.all_text() || !find_header::is_header(row) || find_header::repeats(row, &layout.keys) {
            return None;
        }
        find_header::find(&rows[..rows.len().min(3)]).filter(|found| found.at == 0)
    }

    /// Puts the text above in the place of `ditto`, in columns that say what a device is; each device has its own tag.
    fn repeat_above(&mut self, rows: &mut [RawRow]) {
        let Some(layout) = &self.layout else { return };
        let repeats = |column: usize| match layout.columns.get(column).map(|c| &c.role) {
            Some(Role::One(field)) => {
                *field != Field::Notes
                    && (!device_row::OWN.contains(field) || CARRIED.contains(field) || *field == Field::Name)
            }
            Some(Role::Joined(_) | Role::Description) => true,
            Some(Role::Unmapped) | None => false,
        };
        let columns: Vec<usize> = (0..layout.columns.len()).filter(|column| repeats(*column)).collect();
        let of_device = |row: &RawRow| row.filled_cells().nth(1).is_some();
        for at in 0..rows.len() {
            let says = |column: &usize| words::is_ditto(rows[at].cell(*column).trim());
            if !columns.iter().any(says) {
                continue;
            }
            let above = rows[..at].iter().rev().find(|row| of_device(row)).or(self.above.as_ref());
            if let Some(above) = above {
                let taken = |column: &usize| (*column, above.cell(*column).to_owned());
                let texts: Vec<(usize, String)> =
                    columns.iter().filter(|c| says(c)).map(taken).filter(|(_, text)| !text.trim().is_empty()).collect();
                rows[at] = rows[at].repeating(&texts);
            }
        }
        if let Some(last) = rows.iter().rev().find(|row| of_device(row)) {
            self.above = Some(last.clone());
        }
    }

    /// Whether a row under the header is one of data; what it says of the rows below it otherwise is kept.
    fn is_data(&mut self, row: &RawRow) -> bool {
        let Some(layout) = &self.layout else { return false };
        let filled = row.filled_cells().take(5).count();
        if filled == 0 || row.is_blank() {
            return false;
        }
        if row.is_rule() {
            return false;
        }
        if filled <= 4 && is_total(row, layout) {
            return false;
        }
        // `# 15 hosts up, 241 down`: what a program says of its own text file.
        if self.sheet.is_text_file && filled <= 2 && row.cell(0).starts_with("# ") {
            return false;
        }
        if filled >= 2 && find_header::repeats(row, &layout.keys) {
            return false;
        }
        if filled <= 2
            && let Some(band) = self.as_band(row, layout)
        {
            let context = Arc::make_mut(&mut self.context);
            match band {
                Band::Site(site) => {
                    context.site = Some(site);
                    context.area = None;
                    context.heading = None;
                }
                Band::Area(area) => context.area = Some(area),
                // `LIGNE 2`, its rows, then `UTILITÉS`: a place of the same rank, unless it says what the rows are.
                Band::Heading(text) if self.is_in_area && !says_what(&text) => context.area = Some(text),
                Band::Heading(text) => context.heading = Some(text),
            }
            self.is_in_area = false;
            return false;
        }
        self.is_in_area |= self.context.area.is_some() && self.context.heading.is_none();
        true
    }

    /// Reads rows of data, on all cores; what follows from their order comes after that.
    fn read_data(&mut self, rows: &[DataRow<'_>], out: &mut DeviceBatch) {
        let Some(layout) = &self.layout else { return };
        if self.beside.is_empty() {
            let kinds = &self.kinds;
            let read: Vec<Reading> = rows
                .par_iter()
                .with_min_len(256)
                .map_init(Vec::new, |key, (row, context)| kinds.read(row, layout, context, key))
                .collect();
            for one in read {
                let one = match one {
                    Reading::New(key, shared, row) => match (self.kinds.keep(key, shared), *row) {
                        (Some(shared), Reading::Device(row)) => Reading::Device(row.sharing(shared)),
                        (_, row) => row,
                    },
                    other => other,
                };
                take(one, layout, &mut self.carried, out);
            }
            self.kinds.count(rows.len());
            return;
        }
        for (row, context) in rows {
            for (columns, layout) in &self.beside {
                let part = row.only(columns);
                if !part.is_blank() {
                    take(Reading::alone(row::read(&part, layout, context)), layout, &mut self.carried, out);
                }
            }
        }
    }

    /// The band that a row with one text is; `None` when it is a row of data.
    fn as_band(&self, row: &RawRow, layout: &Layout) -> Option<Band> {
        let cells: Vec<(usize, &str)> =
            row.filled_cells().filter(|(c, _)| !row.filled.contains(&(*c as u32))).collect();
        let (column, text) = match cells[..] {
            [(_, label), (_, value)] if words::is_site_label(label) && label.ends_with([':', '：']) => {
                return Some(Band::Site(clean(value).into_owned()));
            }
            [one] => one,
            _ => return None,
        };
        let text = clean(text);
        if row.kind(column) != Kind::Text {
            return None;
        }
        if layout.usual_filled <= 1 {
            // In a list of one column only its form tells a heading.
            let is_heading = layout.usual_capitals < 4
                && words::is_capitals(&text)
                && !words::is_not_stated(&text)
                && !words::is_no_device(&text);
            return is_heading.then(|| Band::Heading(text.into_owned()));
        }
        let role = layout.columns.get(column).map(|c| &c.role);
        let band = words::band(&text);
        // `Spare node` under the names is a row of its own, which names no device.
        if column > 0 && words::is_no_device(&text) && matches!(role, Some(Role::One(Field::Name) | Role::Description))
        {
            return None;
        }
        // A lone tag, serial number or address is a row that names no device, and a lone order number is a device.
        let is_value = match role {
            Some(Role::One(Field::AssetId | Field::SerialNumber)) => {
                text.bytes().any(|b| b.is_ascii_digit()) && !text.contains(' ')
            }
            Some(Role::One(Field::IpAddress | Field::MacAddress)) => true,
            Some(Role::One(Field::PartNumber | Field::Model)) => {
                super::values::has_designator(&text) && matches!(band, Band::Heading(_))
            }
            Some(Role::Description) => {
                matches!(band, Band::Heading(_)) && super::description::split(&text, "").len() >= 2
            }
            _ => false,
        };
        (!is_value).then_some(band)
    }
}

/// Keeps what a row turned out to be, with the site and the area that the rows above state for it.
fn take(read: Reading, layout: &Layout, carried: &mut [Option<String>; 2], out: &mut DeviceBatch) {
    match read {
        Reading::Device(mut device) => {
            for (slot, field) in CARRIED.into_iter().enumerate().filter(|(_, f)| layout.carries.contains(f)) {
                match device.value(field) {
                    "" => carried[slot].iter().for_each(|value| device.state(field, value)),
                    value => carried[slot] = Some(value.to_owned()),
                }
            }
            out.rows.push(device);
        }
        Reading::Rejected(rejected) => out.rejected.push(*rejected),
        Reading::New(..) => {}
    }
}

/// Whether a heading says which devices the rows below it are: a kind or a maker.
fn says_what(heading: &str) -> bool {
    words::is_only_kinds(heading)
        || words::describes_kind(heading)
        || super::values::vendor_of_heading(heading).is_some()
}

/// A row of totals: its first text says so and nothing else in it names a device.
fn is_total(row: &RawRow, layout: &Layout) -> bool {
    let mut cells = row.filled_cells();
    let Some((column, first)) = cells.next() else { return false };
    let total = words::is_total(&clean(first))
        || (first.parse::<f64>().is_ok() && row.filled_cells().nth(1).is_some_and(|(_, t)| words::is_total(&clean(t))));
    let named = |field: Field| {
        layout.column_of(field).is_some_and(|c| c != column && super::values::has_designator(row.cell(c)))
    };
    total && !named(Field::Model) && !named(Field::PartNumber)
}

/// Why a sheet without a table was left out.
pub fn skipped(name: &str, rows: &[RawRow]) -> SkippedSheet {
    let why = if rows.is_empty() {
        "the sheet is empty".to_owned()
    } else if words::is_list_sheet(name) {
        "a list of values: no header that names devices".to_owned()
    } else {
        "no header that names a model, an order number or a description".to_owned()
    };
    SkippedSheet { name: name.to_owned(), why }
}
