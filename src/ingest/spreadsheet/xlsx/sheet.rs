//! One sheet: shown texts, kinds, hidden rows and merged areas in a single pass.

use std::io::Read;

use quick_xml::events::{BytesStart, Event};

use super::super::error::ReadFault;
use super::super::limits::Limits;
use super::super::number_format::general;
use super::super::raw::{Kind, RawRow, RawSheet};
use super::super::xml;
use super::strings::Strings;
use super::styles::Styles;

/// A cell while it is read.
#[derive(Default)]
struct Open {
    column: usize,
    kind: Stored,
    style: usize,
    value: String,
    has_inline: bool,
}

/// The `t` attribute of a cell.
#[derive(Clone, Copy, Default, PartialEq)]
enum Stored {
    #[default]
    Number,
    Shared,
    Inline,
    Formula,
    Boolean,
    Error,
    Date,
}

/// Reads a sheet's part.
pub fn read(
    part: impl Read,
    path: &str,
    strings: &Strings,
    styles: &Styles,
    days_1904: bool,
    limits: Limits,
    cells_left: &mut u64,
) -> Result<RawSheet, ReadFault> {
    let mut reader = xml::reader(part, limits.sheet_bytes);
    let mut sheet = RawSheet::default();
    let mut buffer = Vec::with_capacity(1024);
    let mut row = RawRow::default();
    let mut next_row = 1;
    let mut cell = Open::default();
    let (mut in_value, mut in_aid, mut in_cell, mut seen_data) = (false, false, false, false);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|e| xml::fault(e, path, limits.sheet_bytes))? {
            Event::Start(e) => match e.local_name().as_ref() {
                "c" => {
                    in_cell = true;
                    open_cell(&mut cell, &e, row.len());
                    *cells_left = cells_left.checked_sub(1).ok_or(ReadFault::TooMany {
                        what: "very many cells",
                        limit: limits.cells,
                        found: limits.cells + 1,
                    })?;
                }
                "v" if in_cell && !cell.has_inline => in_value = cell.kind != Stored::Inline,
                "t" if in_cell && !in_aid => {
                    in_value = true;
                    cell.has_inline = true;
                }
                "rPh" => in_aid = true,
                "row" => {
                    let mut number = next_row;
                    let mut hidden = false;
                    for (key, value) in xml::attributes(&e) {
                        match key {
                            "r" => number = value.parse().unwrap_or(next_row),
                            "hidden" => hidden = value == "1" || value == "true",
                            _ => {}
                        }
                    }
                    row = RawRow::new(number);
                    row.hidden = hidden;
                    next_row = number.saturating_add(1);
                }
                "mergeCell" => {
                    if let Some(area) = xml::attribute(&e, "ref").and_then(|r| area(&r)) {
                        sheet.merged.push(area);
                    }
                }
                "sheetData" => seen_data = true,
                _ => {}
            },
            Event::End(e) => match e.local_name().as_ref() {
                "v" | "t" => in_value = false,
                "rPh" => in_aid = false,
                "c" => {
                    in_cell = false;
                    close_cell(&mut cell, &mut row, strings, styles, days_1904);
                }
                "row" if !row.is_blank() => sheet.rows.push(std::mem::take(&mut row)),
                _ => {}
            },
            Event::Text(t) if in_value => cell.value.push_str(&t.xml10_content()),
            Event::CData(t) if in_value => cell.value.push_str(&t.xml10_content()),
            Event::GeneralRef(entity) if in_value => xml::push_entity(&entity, &mut cell.value),
            Event::Eof => break,
            _ => {}
        }
    }
    if !seen_data {
        return Err(ReadFault::Damaged { part: path.to_owned(), detail: "it has no sheet data".to_owned() });
    }
    if !sheet.rows.is_sorted_by_key(|r| r.number) {
        sheet.rows.sort_by_key(|r| r.number);
    }
    Ok(sheet)
}

fn open_cell(cell: &mut Open, element: &BytesStart<'_>, next_column: usize) {
    cell.column = next_column;
    cell.kind = Stored::Number;
    cell.style = 0;
    cell.value.clear();
    cell.has_inline = false;
    for (key, value) in xml::attributes(element) {
        match key {
            "r" => cell.column = column_of(value).unwrap_or(next_column),
            "s" => cell.style = value.parse().unwrap_or(0),
            "t" => {
                cell.kind = match value {
                    "s" => Stored::Shared,
                    "inlineStr" => Stored::Inline,
                    "str" => Stored::Formula,
                    "b" => Stored::Boolean,
                    "e" => Stored::Error,
                    "d" => Stored::Date,
                    _ => Stored::Number,
                }
            }
            _ => {}
        }
    }
}

fn close_cell(cell: &mut Open, row: &mut RawRow, strings: &Strings, styles: &Styles, days_1904: bool) {
    // A cell left of one that was read, or far beyond the last column of any program, is damage.
    if cell.column < row.len() || cell.column >= super::super::delimited::MAX_COLUMNS || cell.value.is_empty() {
        return;
    }
    row.pad_to(cell.column);
    match cell.kind {
        Stored::Shared => row.push(cell.value.trim().parse().ok().and_then(|i| strings.get(i)).unwrap_or("")),
        Stored::Inline | Stored::Formula => row.push(&xml::excel_escapes(&cell.value)),
        Stored::Boolean => {
            row.push_kind(
                if cell.value.trim() == "0" || cell.value == "false" { "FALSE" } else { "TRUE" },
                Kind::Boolean,
                f64::NAN,
            );
        }
        Stored::Error => row.push_kind(&cell.value, Kind::Error, f64::NAN),
        Stored::Date => row.push_kind(&cell.value, Kind::Date, f64::NAN),
        Stored::Number => match cell.value.trim().parse::<f64>() {
            Ok(value) => match styles.get(cell.style) {
                Some(format) => {
                    let (text, kind) = format.show(value, days_1904);
                    row.push_kind(&text, kind, value);
                }
                None => row.push_kind(&general(value), Kind::Number, value),
            },
            Err(_) => row.push(&cell.value),
        },
    }
}

/// `C17` is column 2 (0-based).
fn column_of(reference: &str) -> Option<usize> {
    let mut column = 0usize;
    for b in reference.bytes().take_while(u8::is_ascii_alphabetic) {
        column = column.checked_mul(26)?.checked_add((b.to_ascii_uppercase() - b'A') as usize + 1)?;
    }
    column.checked_sub(1)
}

/// `B7:M9` as 1-based rows and 0-based columns.
fn area(reference: &str) -> Option<(u32, u32, u32, u32)> {
    let (from, to) = reference.split_once(':')?;
    let row = |cell: &str| cell.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse::<u32>().ok();
    Some((row(from)?, column_of(from)? as u32, row(to)?, column_of(to)? as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_references_are_read() {
        assert_eq!(
            (column_of("A1"), column_of("Z9"), column_of("AA3"), column_of("XFD1"), column_of("7")),
            (Some(0), Some(25), Some(26), Some(16_383), None)
        );
        assert_eq!(area("B7:M9"), Some((7, 1, 9, 12)));
        assert_eq!(area("B7"), None);
    }
}
