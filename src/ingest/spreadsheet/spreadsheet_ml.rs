//! The XML spreadsheet of 2003, which older export programs write under the name `.xls`.
//!
//! # Source
//!
//! XML Spreadsheet Reference (Office 2003): Workbook, Worksheet, Row, Cell, Data, NumberFormat.

use std::io::Read;

use quick_xml::events::{BytesStart, Event};
use rustc_hash::FxHashMap;

use super::error::ReadFault;
use super::limits::Limits;
use super::number_format::{NumberFormat, general};
use super::raw::{Kind, RawRow, RawSheet};
use super::xml;

const PART: &str = "the workbook";

/// Reads all sheets.
///
/// # Errors
///
/// When the XML is damaged or too large.
pub fn read(source: impl Read, limits: Limits) -> Result<Vec<RawSheet>, ReadFault> {
    let mut reader = xml::reader(source, limits.sheet_bytes);
    let mut buffer = Vec::new();
    let mut sheets: Vec<RawSheet> = Vec::new();
    let (mut formats, mut style) = (FxHashMap::<String, NumberFormat>::default(), String::new());
    let (mut row, mut next_row) = (RawRow::default(), 1u32);
    let (mut column, mut cell_style, mut data_type, mut text, mut in_data) =
        (0usize, String::new(), String::new(), String::new(), false);
    let mut across = 0usize;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|e| xml::fault(e, PART, limits.sheet_bytes))? {
            Event::Start(e) => match e.local_name().as_ref() {
                "Style" => style = own(&e, "ID"),
                "NumberFormat" => {
                    if let Some(code) = xml::attribute(&e, "Format") {
                        formats.insert(style.clone(), named_format(&code));
                    }
                }
                "Worksheet" => {
                    sheets.push(RawSheet { name: own(&e, "Name"), ..RawSheet::default() });
                    next_row = 1;
                }
                "Row" => {
                    next_row = number(&e, "Index").unwrap_or(next_row);
                    row = RawRow::new(next_row);
                    row.hidden = xml::attribute(&e, "Hidden").is_some_and(|v| v == "1");
                    (column, across) = (0, 0);
                }
                "Cell" => {
                    column = number(&e, "Index").map_or(column + across, |i| i.saturating_sub(1) as usize);
                    across = 1 + number(&e, "MergeAcross").unwrap_or(0) as usize;
                    cell_style = own(&e, "StyleID");
                    let down = number(&e, "MergeDown").unwrap_or(0);
                    if down > 0
                        && let Some(sheet) = sheets.last_mut()
                    {
                        let left = column as u32;
                        sheet.merged.push((
                            row.number,
                            left,
                            row.number.saturating_add(down),
                            left.saturating_add(across as u32 - 1),
                        ));
                    }
                }
                "Data" => {
                    data_type = own(&e, "Type");
                    text.clear();
                    in_data = true;
                }
                _ => {}
            },
            Event::End(e) => match e.local_name().as_ref() {
                "Data" => {
                    in_data = false;
                    if column >= row.len() && column < super::delimited::MAX_COLUMNS && !text.is_empty() {
                        row.pad_to(column);
                        push(&mut row, &text, &data_type, formats.get(&cell_style));
                    }
                }
                "Row" => {
                    next_row = next_row.saturating_add(1);
                    if let Some(sheet) = sheets.last_mut().filter(|_| !row.is_blank()) {
                        sheet.rows.push(std::mem::take(&mut row));
                    }
                }
                _ => {}
            },
            Event::Text(t) if in_data => text.push_str(&t.xml10_content()),
            Event::CData(t) if in_data => text.push_str(&t.xml10_content()),
            Event::GeneralRef(entity) if in_data => xml::push_entity(&entity, &mut text),
            Event::Eof => return Ok(sheets),
            _ => {}
        }
    }
}

fn own(e: &BytesStart<'_>, name: &str) -> String {
    xml::attribute(e, name).unwrap_or_default().into_owned()
}

fn number(e: &BytesStart<'_>, name: &str) -> Option<u32> {
    xml::attribute(e, name)?.parse().ok()
}

fn named_format(code: &str) -> NumberFormat {
    match code {
        "Short Date" => NumberFormat::built_in(14),
        "Medium Date" => NumberFormat::built_in(15),
        "Fixed" => NumberFormat::built_in(2),
        "Standard" => NumberFormat::built_in(4),
        "Scientific" => NumberFormat::built_in(11),
        "General Number" => NumberFormat::general(),
        code => NumberFormat::read(code),
    }
}

fn push(row: &mut RawRow, text: &str, data_type: &str, format: Option<&NumberFormat>) {
    match (data_type, text.trim().parse::<f64>()) {
        ("Number", Ok(value)) => match format {
            Some(format) => {
                let (shown, kind) = format.show(value, false);
                row.push_kind(&shown, kind, value);
            }
            None => row.push_kind(&general(value), Kind::Number, value),
        },
        ("DateTime", _) => {
            let shown = days(text).zip(format).map(|(value, format)| format.show(value, false).0);
            row.push_kind(
                shown.as_deref().unwrap_or_else(|| text.split('T').next().unwrap_or(text)),
                Kind::Date,
                f64::NAN,
            );
        }
        ("Error", _) => row.push_kind(text, Kind::Error, f64::NAN),
        ("Boolean", _) => row.push_kind(if text == "0" { "FALSE" } else { "TRUE" }, Kind::Boolean, f64::NAN),
        _ => row.push(text),
    }
}

/// The day number of `2024-09-02T00:00:00.000`.
fn days(text: &str) -> Option<f64> {
    let date: jiff::civil::Date = text.split('T').next()?.parse().ok()?;
    let start = jiff::civil::date(1899, 12, 30);
    Some(f64::from(start.until(date).ok()?.get_days()))
}
