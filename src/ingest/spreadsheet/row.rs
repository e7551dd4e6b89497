//! One row of a table: a device, a reason why it is none, or nothing.

use std::borrow::Cow;
use std::sync::Arc;

use crate::domain::inventory::{CellPlace, Field, InventoryRow, RejectedRow, RowWarning, RowWarningKind};

use super::description;
use super::joined;
use super::layout::{Layout, Role};
use super::raw::{Kind, RawRow};
use super::text::clean;
use super::{damage, encoding, values, words};

/// What surrounds the rows of a table.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub sheet: String,
    pub sheet_hidden: bool,
    /// Site and area of rows that name none: from a band, a title, the sheet's name or the caller.
    pub site: Option<String>,
    pub area: Option<String>,
    /// A heading over the rows that names neither.
    pub heading: Option<String>,
    /// Whether records wider than the header are worth a warning (text files only).
    pub warn_ragged: bool,
}

/// What a row turned out to be.
pub enum RowReading {
    Device(Box<InventoryRow>),
    Rejected(RejectedRow),
}

/// Reads a row with data.
pub fn read(row: &RawRow, layout: &Layout, context: &Context) -> RowReading {
    let mut reader = Reader {
        row,
        context,
        headers: &layout.headers,
        out: InventoryRow { place: place(row, context, 0), ..InventoryRow::default() },
        damages: Vec::new(),
        error: false,
        described: false,
        empty_place: None,
    };
    let mut described = None;
    let mut ragged = Vec::new();
    let width = layout.keys.iter().rposition(|k| !k.is_empty()).map_or(layout.columns.len(), |last| last + 1);
    for column in 0..row.len() {
        let raw = row.cell(column);
        if raw.is_empty() {
            continue;
        }
        let text = clean(raw);
        if text.is_empty() {
            continue;
        }
        let mut text = reader.mended(column, text.into_owned());
        if context.warn_ragged && is_made_inert(&text) {
            text.remove(0);
        }
        if let Some(listed) = listed(&text) {
            text = listed;
        }
        if let Some(goes_on) = layout.continued.get(&column).map(|next| clean(row.cell(*next))) {
            text = values::together(&text, &goes_on);
        }
        match layout.columns.get(column).map(|c| &c.role) {
            Some(Role::One(field)) => reader.set(*field, column, text),
            Some(Role::Joined(fields)) => reader.set_joined(fields, column, text),
            Some(Role::Description) => {
                if let Some(text) = reader.stated(column, text) {
                    described = Some((column, text));
                }
            }
            Some(Role::Unmapped) if layout.continued.values().any(|next| *next == column) => {}
            Some(Role::Unmapped) if column < width || !context.warn_ragged => {
                let header = &layout.columns[column].header;
                let header = if header.is_empty() { letter(column) } else { header.clone() };
                reader.out.unmapped.push((header, text));
            }
            _ => ragged.push((column, text)),
        }
    }
    if context.warn_ragged && !ragged.is_empty() {
        reader.keep_ragged(ragged, width);
    }
    let spare = || layout.spare.iter().find(|column| values::order_form(row.cell(**column).trim()).is_some());
    if !reader.out.fields.contains_key(&Field::PartNumber)
        && let Some(column) = spare()
    {
        reader.fill(Field::PartNumber, *column, clean(row.cell(*column)).into_owned());
    }
    if let Some((column, text)) = described {
        reader.describe(column, text);
    } else if !reader.names_device() {
        reader.describe_by_name();
        reader.describe_by_kind(layout);
    }
    reader.find_marked_firmware(layout);
    if !layout.has(Field::Vendor) {
        reader.take_vendor_of_heading();
    }
    for column in &row.repeated {
        let column = *column as usize;
        let detail = format!("the cell says as above: `{}` of the row above", clean(row.cell(column)));
        reader.warn(RowWarningKind::Repeated, column, detail);
    }
    reader.finish()
}

fn place(row: &RawRow, context: &Context, column: u32) -> CellPlace {
    CellPlace { sheet: context.sheet.clone(), row: row.number, column }
}

/// An apostrophe that a program put before a text which a spreadsheet would take for a formula, as our own files have.
fn is_made_inert(text: &str) -> bool {
    text.strip_prefix('\'').is_some_and(|rest| rest.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']))
}

/// The values of a cell that a program wrote as a JSON list of texts: `["Site K"]`.
fn listed(text: &str) -> Option<String> {
    if !text.starts_with("[\"") {
        return None;
    }
    serde_json::from_str::<Vec<String>>(text).ok().map(|values| values.join("; "))
}

/// A cell's text as it is read: clean, and without the form of a list that a program gave it.
pub fn shown(raw: &str) -> Cow<'_, str> {
    let text = clean(raw);
    match listed(&text) {
        Some(values) => Cow::Owned(values),
        None => text,
    }
}

fn letter(column: usize) -> String {
    let label = CellPlace { sheet: String::new(), row: 0, column: column as u32 + 1 }.label();
    format!("column {}", label.trim_end_matches('0'))
}

struct Reader<'a> {
    row: &'a RawRow,
    context: &'a Context,
    headers: &'a Arc<[String]>,
    out: InventoryRow,
    damages: Vec<damage::Damage>,
    error: bool,
    /// The row has a description that names no product but surely means a device.
    described: bool,
    /// A description that says that no device is there.
    empty_place: Option<String>,
}

impl Reader<'_> {
    fn warn(&mut self, kind: RowWarningKind, column: usize, detail: String) {
        if !self.out.warnings.iter().any(|w| w.kind == kind && w.place.column == column as u32 + 1) {
            self.out.warnings.push(RowWarning {
                kind,
                place: place(self.row, self.context, column as u32 + 1),
                detail,
            });
        }
    }

    /// The text, put right when it was saved in the wrong encoding.
    fn mended(&mut self, column: usize, text: String) -> String {
        if text.is_ascii() {
            return text;
        }
        if text.contains('\u{fffd}') {
            self.warn(
                RowWarningKind::Encoding,
                column,
                format!("`{text}` has bytes that are no text in the file's encoding"),
            );
        }
        match encoding::unscramble(&text) {
            Some(fixed) => {
                self.warn(RowWarningKind::Encoding, column, format!("`{text}` was read as `{fixed}`"));
                fixed
            }
            None => text,
        }
    }

    /// The text unless it is an error, which is a warning and no value.
    fn stated(&mut self, column: usize, text: String) -> Option<String> {
        if self.row.kind(column) == Kind::Error || words::is_error(&text) {
            self.error = true;
            self.warn(RowWarningKind::CellError, column, format!("the cell shows the error {text}"));
            return None;
        }
        Some(text)
    }

    fn set(&mut self, field: Field, column: usize, text: String) {
        let Some(text) = self.stated(column, text) else { return };
        let (kind, stored) =
            if self.row.all_text() { (Kind::Text, None) } else { (self.row.kind(column), self.row.stored(column)) };
        damage::look(field, &text, kind, stored, &mut self.damages);
        while let Some((kind, detail)) = self.damages.pop() {
            self.warn(kind, column, detail);
        }
        if matches!(field, Field::Model | Field::PartNumber | Field::Firmware)
            && (description::is_several(self.row.cell(column))
                || field == Field::Model && description::counts_pieces(&text))
        {
            self.warn(RowWarningKind::SeveralDevices, column, format!("`{text}` names more than one device"));
        }
        match self.out.fields.entry(field) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(text);
                self.out.columns.insert(field, column as u32 + 1);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                // Numbered columns (`IP Address 1` to 9) hold more of the same.
                if !entry.get().split("; ").any(|v| v == text) {
                    entry.get_mut().push_str("; ");
                    entry.get_mut().push_str(&text);
                }
            }
        }
    }

    /// A cell that holds several fields.
    fn set_joined(&mut self, fields: &[Field], column: usize, text: String) {
        let Some(text) = self.stated(column, text) else { return };
        let (parts, certain) = joined::split(&text, fields);
        if !certain {
            self.warn(
                RowWarningKind::InferredFromDescription,
                column,
                format!("`{text}` was taken apart by the look of its words"),
            );
        }
        for (field, value) in parts {
            self.set(field, column, value);
        }
    }

    /// Cells beyond the header go on with the notes when those stand last, and are kept in any case.
    fn keep_ragged(&mut self, ragged: Vec<(usize, String)>, width: usize) {
        let first = ragged[0].0;
        self.warn(RowWarningKind::RaggedRow, first, format!("the record has more cells than the header ({width})"));
        let texts: Vec<String> = ragged.iter().map(|r| r.1.clone()).collect();
        if self.out.columns.get(&Field::Notes).is_some_and(|c| *c as usize == width)
            && let Some(notes) = self.out.fields.get_mut(&Field::Notes)
        {
            *notes = format!("{notes}, {}", texts.join(", "));
            return;
        }
        self.out.unmapped.extend(ragged.into_iter().map(|(column, text)| (letter(column), text)));
    }

    /// Takes a description apart and fills the fields that have no value of their own.
    fn describe(&mut self, column: usize, text: String) {
        let whole = self.row.cell(column);
        let several = description::is_several(whole);
        let known_vendor = self.out.value(Field::Vendor).to_owned();
        let found = description::split(whole, &known_vendor);
        let named = self.names_device();
        if several {
            self.warn(RowWarningKind::SeveralDevices, column, format!("`{text}` names more than one device"));
        }
        if found.is_empty() {
            if words::is_no_device(&text) || words::is_not_stated(&text) || words::is_greeting(&text) {
                self.empty_place = words::is_no_device(&text).then(|| text.clone());
                self.out.unmapped.push(("description".to_owned(), text));
            } else {
                self.described = !named;
                self.fill(Field::Name, column, text);
            }
            return;
        }
        // Beside an order number, `Ethernet switch` is no model but what the device is.
        let is_only_kind = named && found.iter().all(|(f, value)| *f == Field::Model && words::is_only_kinds(value));
        if is_only_kind {
            self.fill(Field::Name, column, text);
            return;
        }
        self.warn(RowWarningKind::InferredFromDescription, column, format!("taken from the description `{text}`"));
        for (field, value) in found {
            self.fill(field, column, value);
        }
        self.out.unmapped.push(("description".to_owned(), text));
    }

    fn fill(&mut self, field: Field, column: usize, value: String) {
        if self.out.value(field).is_empty() {
            self.out.fields.insert(field, value);
            self.out.columns.insert(field, column as u32 + 1);
        }
    }

    /// Without a model, the name may still be a description that surely names a product.
    fn describe_by_name(&mut self) {
        let Some(text) = self.out.fields.get(&Field::Name).cloned() else { return };
        let column = self.out.columns.get(&Field::Name).map_or(0, |c| *c as usize - 1);
        let vendor = self.out.value(Field::Vendor).to_owned();
        let found = description::split(&text, &vendor);
        let is_several = description::is_several(&text);
        let names =
            |field: Field| found.iter().any(|(f, v)| *f == field && (f != &Field::Model || values::has_designator(v)));
        let is_certain =
            is_several && !vendor.is_empty() || names(Field::PartNumber) || names(Field::Vendor) && names(Field::Model);
        if !is_certain || words::is_no_device(&text) {
            return;
        }
        self.warn(RowWarningKind::InferredFromDescription, column, format!("taken from the name `{text}`"));
        if is_several {
            self.warn(RowWarningKind::SeveralDevices, column, format!("`{text}` names more than one device"));
        }
        for (field, value) in found {
            self.fill(field, column, value);
        }
    }

    /// A row whose name says what kind of device it is describes one, though nothing says which product.
    fn describe_by_kind(&mut self, layout: &Layout) {
        if self.names_device() {
            return;
        }
        let describes = |column: &&usize| words::describes_kind(&clean(self.row.cell(**column)));
        if words::describes_kind(self.out.value(Field::Name)) {
            self.described = true;
        } else if let Some(column) = layout.naming.iter().find(describes) {
            self.described = true;
            self.fill(Field::Name, *column, clean(self.row.cell(*column)).into_owned());
        }
    }

    /// A firmware that stands in the model or a description, marked by a word, where no column states one.
    fn find_marked_firmware(&mut self, layout: &Layout) {
        if self.out.fields.contains_key(&Field::Firmware) {
            return;
        }
        let model = self.out.value(Field::Model).to_owned();
        let of_field = |field: &Field| self.out.columns.get(field).map(|column| *column as usize - 1);
        let described = |column: &usize| layout.described.contains(column);
        let named = [Field::Model, Field::PartNumber].iter().filter_map(of_field).map(|column| (column, true));
        let noted = [Field::Name, Field::Notes].iter().filter_map(of_field).filter(described);
        let found = named.chain(noted.map(|column| (column, false))).find_map(|(column, names_it)| {
            let text = clean(self.row.cell(column));
            let model = if names_it { text.as_ref() } else { model.as_str() };
            description::marked::marked_firmware(&text, model).map(|firmware| (column, firmware))
        });
        if let Some((column, firmware)) = found {
            let detail = format!("firmware taken from `{}`", clean(self.row.cell(column)));
            self.warn(RowWarningKind::InferredFromDescription, column, detail);
            self.fill(Field::Firmware, column, firmware);
        }
    }

    /// In a table without vendors, the heading above the rows or the name of the sheet may be one.
    fn take_vendor_of_heading(&mut self) {
        if self.out.fields.contains_key(&Field::Vendor) || !self.names_device() {
            return;
        }
        let context = self.context;
        let headings = context.heading.iter().chain([&context.sheet]);
        let Some(vendor) = headings.filter_map(|text| values::vendor_of_heading(text)).next() else { return };
        self.out.fields.insert(Field::Vendor, vendor.to_owned());
        let detail = format!("the vendor `{vendor}` is taken from what stands above the rows");
        let place = self.out.place.clone();
        self.out.warnings.push(RowWarning { kind: RowWarningKind::InferredFromDescription, place, detail });
    }

    fn names_device(&self) -> bool {
        [Field::Model, Field::PartNumber].iter().any(|f| {
            let value = self.out.value(*f);
            !value.is_empty() && !words::is_not_stated(value) && !words::is_no_device(value)
        })
    }

    fn finish(mut self) -> RowReading {
        if !self.names_device() && !self.described {
            let under = |field, from: &Option<String>| match from {
                Some(text) if !self.out.fields.contains_key(&field) => text.clone(),
                _ => String::new(),
            };
            return RowReading::Rejected(RejectedRow {
                place: self.out.place.clone(),
                cells: self.row.cells().map(|c| clean(c).into_owned()).collect(),
                why: self.why_rejected(),
                headers: self.headers.clone(),
                site: under(Field::Site, &self.context.site),
                area: under(Field::Area, &self.context.area),
            });
        }
        if self.row.hidden || self.context.sheet_hidden {
            let what = if self.context.sheet_hidden { "sheet" } else { "row" };
            self.out.warnings.push(RowWarning {
                kind: RowWarningKind::Hidden,
                place: self.out.place.clone(),
                detail: format!("the {what} is hidden"),
            });
        }
        for (field, value) in [(Field::Site, &self.context.site), (Field::Area, &self.context.area)] {
            if let (None, Some(value)) = (self.out.fields.get(&field), value) {
                self.out.fields.insert(field, value.clone());
            }
        }
        if let Some(heading) = &self.context.heading {
            self.out.unmapped.push(("heading".to_owned(), heading.clone()));
        }
        self.out.warnings.sort_by_key(|w| (w.place.column, w.kind));
        RowReading::Device(Box::new(self.out))
    }

    fn why_rejected(&self) -> String {
        let given: Vec<&str> = self.out.fields.keys().map(|f| plain_name(*f)).collect();
        let error = if self.error { " and an error" } else { "" };
        let named = [Field::Model, Field::PartNumber, Field::Name].iter().map(|f| self.out.value(*f));
        let empty = named.chain(self.empty_place.as_deref()).find(|v| words::is_no_device(v));
        match (empty, &given[..]) {
            (Some(text), _) => format!("`{text}`: no device is there"),
            (None, []) => format!("no field of the inventory has a value{error}: nothing names the device"),
            (None, given) => {
                format!("only {}{error}: no model, part number or description names the device", given.join(", "))
            }
        }
    }
}

fn plain_name(field: Field) -> &'static str {
    match field {
        Field::AssetId => "a tag",
        Field::Name => "a name",
        Field::Site => "a site",
        Field::Area => "a place",
        Field::Vendor => "a vendor",
        Field::Model => "a model that says nothing",
        Field::PartNumber => "a part number that says nothing",
        Field::SerialNumber => "a serial number",
        Field::Firmware => "a firmware",
        Field::HardwareRevision => "a hardware revision",
        Field::IpAddress => "an IP address",
        Field::MacAddress => "a MAC address",
        Field::Quantity => "a quantity",
        Field::Criticality => "a criticality",
        Field::Zone => "a network zone",
        Field::Notes => "a remark",
    }
}
