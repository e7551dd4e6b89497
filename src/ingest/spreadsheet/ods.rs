//! ODS workbooks. A cell keeps the text that it shows, so number formats need not be known.
//!
//! # Source
//!
//! OpenDocument 1.3 Part 3, chapter 9 (tables) and section 6.1 (text).

use std::io::{Read, Seek};

use quick_xml::events::{BytesStart, Event};
use rustc_hash::FxHashSet;
use zip::ZipArchive;

use super::error::ReadFault;
use super::limits::Limits;
use super::raw::{Kind, RawRow, RawSheet};
use super::xml;

const CONTENT: &str = "content.xml";

/// Reads all sheets.
///
/// # Errors
///
/// When the workbook is protected, damaged, too large, or no workbook.
pub fn read<R: Read + Seek>(archive: &mut ZipArchive<R>, limits: Limits) -> Result<Vec<RawSheet>, ReadFault> {
    if is_encrypted(archive, limits) {
        return Err(ReadFault::Password);
    }
    let damaged = |detail: String| ReadFault::Damaged { part: CONTENT.to_owned(), detail };
    let file = archive.by_name(CONTENT).map_err(|e| damaged(e.to_string()))?;
    let mut reader = xml::reader(file, limits.sheet_bytes);
    let mut buffer = Vec::new();
    let mut state = State { cells_left: limits.cells, limits, ..State::default() };
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|e| xml::fault(e, CONTENT, limits.sheet_bytes))? {
            Event::Start(e) => state.start(&e)?,
            Event::End(e) => state.end(e.local_name().as_ref())?,
            Event::Text(t) if state.in_text() => state.text.push_str(&t.xml10_content()),
            Event::CData(t) if state.in_text() => state.text.push_str(&t.xml10_content()),
            Event::GeneralRef(entity) if state.in_text() => xml::push_entity(&entity, &mut state.text),
            Event::Eof => break,
            _ => {}
        }
    }
    if !state.is_spreadsheet {
        return Err(ReadFault::WrongType { expected: "a workbook", found: "another OpenDocument file".to_owned() });
    }
    Ok(state.sheets)
}

fn is_encrypted<R: Read + Seek>(archive: &mut ZipArchive<R>, limits: Limits) -> bool {
    let Ok(manifest) = archive.by_name("META-INF/manifest.xml") else { return false };
    xml::read_all(manifest, "META-INF/manifest.xml", limits.part_bytes)
        .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains("encryption-data"))
}

#[derive(Default)]
struct State {
    limits: Limits,
    sheets: Vec<RawSheet>,
    is_spreadsheet: bool,
    /// Table styles that hide a sheet.
    hidden_styles: FxHashSet<String>,
    style: String,
    row: RawRow,
    next_row: u32,
    row_times: u32,
    cell: Option<Cell>,
    text: String,
    paragraph: usize,
    annotation: usize,
    in_table: usize,
    cells_left: u64,
}

struct Cell {
    times: usize,
    kind: Kind,
    stored: f64,
    spans: (u32, u32),
    value: String,
}

impl State {
    fn in_text(&self) -> bool {
        self.cell.is_some() && self.paragraph > 0 && self.annotation == 0
    }

    fn start(&mut self, e: &BytesStart<'_>) -> Result<(), ReadFault> {
        match e.local_name().as_ref() {
            "spreadsheet" => self.is_spreadsheet = true,
            "style" => self.style = xml::attribute(e, "name").unwrap_or_default().into_owned(),
            "table-properties" if xml::attribute(e, "display").is_some_and(|v| v == "false") => {
                self.hidden_styles.insert(self.style.clone());
            }
            "table" => {
                self.in_table += 1;
                if self.in_table == 1 {
                    let hidden =
                        xml::attribute(e, "style-name").is_some_and(|s| self.hidden_styles.contains(s.as_ref()));
                    let name = xml::attribute(e, "name").unwrap_or_default().into_owned();
                    self.sheets.push(RawSheet { name, hidden, ..RawSheet::default() });
                    self.next_row = 1;
                }
            }
            "table-row" if self.in_table == 1 => {
                self.row = RawRow::new(self.next_row);
                self.row.hidden = xml::attribute(e, "visibility").is_some_and(|v| v != "visible");
                self.row_times = repeated(e, "number-rows-repeated");
            }
            "table-cell" | "covered-table-cell" if self.in_table == 1 => {
                let mut cell = Cell {
                    times: repeated(e, "number-columns-repeated") as usize,
                    kind: Kind::Text,
                    stored: f64::NAN,
                    spans: (repeated(e, "number-rows-spanned"), repeated(e, "number-columns-spanned")),
                    value: String::new(),
                };
                for (key, value) in xml::attributes(e) {
                    match (key, value) {
                        ("value-type", "float" | "percentage" | "currency") => cell.kind = Kind::Number,
                        ("value-type", "date" | "time") => cell.kind = Kind::Date,
                        ("value-type", "boolean") => cell.kind = Kind::Boolean,
                        ("value-type", "error") => cell.kind = Kind::Error,
                        ("value", number) => {
                            cell.stored = number.parse().unwrap_or(f64::NAN);
                            cell.value = number.to_owned();
                        }
                        ("date-value" | "time-value" | "string-value" | "boolean-value", text) => {
                            cell.value = xml::unescape(text).into_owned()
                        }
                        _ => {}
                    }
                }
                self.text.clear();
                self.cell = Some(cell);
            }
            "annotation" => self.annotation += 1,
            "p" | "h" => {
                if self.in_text() || (self.cell.is_some() && self.annotation == 0 && !self.text.is_empty()) {
                    self.text.push('\n');
                }
                self.paragraph += 1;
            }
            "s" if self.in_text() => (0..xml::attribute(e, "c").and_then(|c| c.parse().ok()).unwrap_or(1).min(1000))
                .for_each(|_| self.text.push(' ')),
            "tab" | "line-break" if self.in_text() => self.text.push('\n'),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), ReadFault> {
        match name {
            "table" => self.in_table = self.in_table.saturating_sub(1),
            "annotation" => self.annotation = self.annotation.saturating_sub(1),
            "p" | "h" => self.paragraph = self.paragraph.saturating_sub(1),
            "table-cell" | "covered-table-cell" if self.in_table == 1 => {
                if let Some(cell) = self.cell.take() {
                    self.close_cell(&cell)?;
                }
            }
            "table-row" if self.in_table == 1 => self.close_row()?,
            _ => {}
        }
        Ok(())
    }

    fn close_cell(&mut self, cell: &Cell) -> Result<(), ReadFault> {
        // A cell without a text shows its value.
        let text = if self.text.is_empty() { cell.value.clone() } else { std::mem::take(&mut self.text) };
        let column = self.row.len();
        let most = super::delimited::MAX_COLUMNS;
        if text.is_empty() {
            self.row.pad_to((column + cell.times).min(most));
            return Ok(());
        }
        let times = cell.times.min(most.saturating_sub(column));
        self.take_cells(times as u64)?;
        let kind = if super::words::is_error(&text) { Kind::Error } else { cell.kind };
        for _ in 0..times {
            self.row.push_kind(&text, kind, cell.stored);
        }
        if cell.spans != (1, 1)
            && let Some(sheet) = self.sheets.last_mut()
        {
            let (top, left) = (self.next_row, column as u32);
            sheet.merged.push((top, left, top.saturating_add(cell.spans.0 - 1), left.saturating_add(cell.spans.1 - 1)));
        }
        Ok(())
    }

    fn close_row(&mut self) -> Result<(), ReadFault> {
        let row = std::mem::take(&mut self.row);
        let number = self.next_row;
        self.next_row = number.saturating_add(self.row_times);
        if row.is_blank() {
            return Ok(());
        }
        self.take_cells(u64::from(self.row_times - 1) * row.len() as u64)?;
        let Some(sheet) = self.sheets.last_mut() else { return Ok(()) };
        for i in 0..self.row_times {
            let mut again = row.clone();
            again.number = number.saturating_add(i);
            sheet.rows.push(again);
        }
        Ok(())
    }

    fn take_cells(&mut self, count: u64) -> Result<(), ReadFault> {
        self.cells_left = self.cells_left.checked_sub(count).ok_or(ReadFault::TooMany {
            what: "very many cells",
            limit: self.limits.cells,
            found: self.limits.cells + 1,
        })?;
        Ok(())
    }
}

fn repeated(e: &BytesStart<'_>, name: &str) -> u32 {
    xml::attribute(e, name).and_then(|v| v.parse().ok()).unwrap_or(1).max(1)
}
