//! XLS and XLSB workbooks, read with calamine. What calamine does not tell (number formats, hidden rows) is read beside it.

use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Range, Reader, SheetType, SheetVisible};

use super::error::ReadFault;
use super::limits::Limits;
use super::number_format::{NumberFormat, general};
use super::raw::{Kind, RawRow, RawSheet};

/// What a sheet says beside its values; rows and columns are 0-based.
pub trait Beside {
    /// The number format of a cell; `None` for the plain one.
    fn format(&self, row: u32, column: u32) -> Option<&NumberFormat>;
    /// Whether a row is hidden.
    fn is_hidden(&self, row: u32) -> bool;
    /// Whether day 0 is 1 January 1904.
    fn days_1904(&self) -> bool;
}

/// Runs a reader that may panic on a damaged file; a panic becomes an error.
pub fn guarded<T>(part: &str, read: impl FnOnce() -> Result<T, ReadFault>) -> Result<T, ReadFault> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(ReadFault::Damaged { part: part.to_owned(), detail: "its contents contradict each other".to_owned() })
    })
}

/// The worksheets of a workbook that calamine has opened, in order, as (index among all sheets, name, hidden).
pub fn sheet_list<RS: Read + Seek, W: Reader<RS>>(workbook: &W) -> Vec<(usize, String, bool)> {
    let sheets = workbook.sheets_metadata().iter().enumerate().filter(|(_, s)| s.typ == SheetType::WorkSheet);
    sheets.map(|(index, s)| (index, s.name.clone(), s.visible != SheetVisible::Visible)).collect()
}

/// A range of values as rows.
pub fn to_sheet(range: &Range<Data>, beside: &dyn Beside, limits: Limits) -> Result<RawSheet, ReadFault> {
    let mut rows = Rows::new(beside, limits);
    if let Some((first_row, first_column)) = range.start() {
        for (row, column, value) in range.used_cells() {
            rows.push((first_row + row as u32, first_column + column as u32), value)?;
        }
    }
    Ok(rows.finish())
}

/// Rows in the making, from cells in their order.
pub struct Rows<'a> {
    beside: &'a dyn Beside,
    limits: Limits,
    cells: u64,
    sheet: RawSheet,
    row: RawRow,
}

impl<'a> Rows<'a> {
    /// No rows yet.
    pub fn new(beside: &'a dyn Beside, limits: Limits) -> Rows<'a> {
        Rows { beside, limits, cells: 0, sheet: RawSheet::default(), row: RawRow::default() }
    }

    /// Takes the next cell; its place is 0-based.
    pub fn push(&mut self, (row, column): (u32, u32), value: &Data) -> Result<(), ReadFault> {
        self.cells += 1;
        if self.cells > self.limits.cells {
            return Err(ReadFault::TooMany { what: "very many cells", limit: self.limits.cells, found: self.cells });
        }
        let number = row.saturating_add(1);
        if self.row.number != number {
            self.end_row();
            self.row = RawRow::new(number);
            self.row.hidden = self.beside.is_hidden(row);
        }
        let at = column as usize;
        if at < self.row.len() || at >= super::delimited::MAX_COLUMNS || matches!(value, Data::Empty) {
            return Ok(());
        }
        self.row.pad_to(at);
        push(&mut self.row, value, self.beside.format(row, column), self.beside.days_1904());
        Ok(())
    }

    fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        if !row.is_blank() {
            self.sheet.rows.push(row);
        }
    }

    /// The sheet with its rows in order.
    pub fn finish(mut self) -> RawSheet {
        self.end_row();
        self.sheet.rows.sort_by_key(|r| r.number);
        self.sheet
    }
}

fn push(row: &mut RawRow, value: &Data, format: Option<&NumberFormat>, days_1904: bool) {
    let mut number = |n: f64, is_date: bool| {
        let (text, kind) = match format {
            Some(format) => format.show(n, days_1904),
            // calamine knows that it is a date and not how it is shown.
            None if is_date => NumberFormat::read("yyyy-mm-dd").show(n, days_1904),
            None => (general(n), Kind::Number),
        };
        row.push_kind(&text, kind, n);
    };
    match value {
        Data::Empty => {}
        Data::Int(n) => number(*n as f64, false),
        Data::Float(n) => number(*n, false),
        Data::DateTime(date) => number(date.as_f64(), true),
        Data::String(text) => row.push(text),
        Data::Bool(b) => row.push_kind(if *b { "TRUE" } else { "FALSE" }, Kind::Boolean, f64::NAN),
        Data::DateTimeIso(text) | Data::DurationIso(text) => row.push_kind(text, Kind::Date, f64::NAN),
        Data::Error(error) => row.push_kind(&error.to_string(), Kind::Error, f64::NAN),
    }
}
