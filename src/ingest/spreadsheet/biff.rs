//! What an XLS file says beside its values: number formats and hidden rows.
//!
//! # Source
//!
//! MS-XLS: Format 2.4.126, XF 2.4.353, BoundSheet8 2.4.28, Row 2.4.221, Number 2.4.180, RK 2.4.220, MulRk 2.4.175,
//! Formula 2.4.127, Date1904 2.4.77.

use rustc_hash::{FxHashMap, FxHashSet};

use super::compound::{u16_at, u32_at};
use super::legacy::Beside;
use super::number_format::NumberFormat;

/// The looks of all sheets of one XLS file.
#[derive(Debug, Default)]
pub struct Looks {
    formats: Vec<NumberFormat>,
    days_1904: bool,
    sheets: Vec<SheetLooks>,
}

#[derive(Debug, Default)]
struct SheetLooks {
    styles: FxHashMap<(u32, u32), u16>,
    hidden_rows: FxHashSet<u32>,
    /// Places from the first cell to the last one, as stated and as found.
    places: u64,
}

/// The looks of one sheet.
pub struct OneSheet<'a> {
    looks: &'a Looks,
    index: usize,
}

impl Looks {
    /// Reads the `Workbook` stream. Records that cannot be read are passed over: the values come from elsewhere.
    pub fn read(stream: &[u8]) -> Looks {
        let mut looks = Looks::default();
        let (mut codes, mut styles, mut starts) = (FxHashMap::default(), Vec::new(), Vec::new());
        let mut wide_texts = true;
        for (kind, data) in records(stream, 0) {
            match kind {
                0x0809 => wide_texts = u16_at(data, 0) == Some(0x0600),
                0x041E => {
                    if let Some((id, code)) = format_code(data, wide_texts) {
                        codes.insert(id, code);
                    }
                }
                0x00E0 => styles.extend(u16_at(data, 2)),
                0x0085 => starts.extend(u32_at(data, 0)),
                0x0022 => looks.days_1904 = u16_at(data, 0) == Some(1),
                0x000A => break,
                _ => {}
            }
        }
        looks.formats = styles
            .iter()
            .map(|id| {
                codes.get(id).map_or_else(|| NumberFormat::built_in(u32::from(*id)), |code| NumberFormat::read(code))
            })
            .collect();
        looks.sheets = starts.iter().map(|start| SheetLooks::read(stream, *start as usize)).collect();
        looks
    }

    /// How many places the sheets have from their first cell to their last; two cells far apart make many.
    pub fn places(&self) -> u64 {
        self.sheets.iter().map(|s| s.places).fold(0, u64::saturating_add)
    }

    /// The looks of the sheet with this index among all sheets of the file.
    pub fn sheet(&self, index: usize) -> OneSheet<'_> {
        OneSheet { looks: self, index }
    }
}

impl SheetLooks {
    fn read(stream: &[u8], start: usize) -> SheetLooks {
        let mut looks = SheetLooks::default();
        let mut depth = 0;
        let (mut last_row, mut last_column) = (0u64, 0u64);
        for (kind, data) in records(stream, start) {
            let place = || Some((u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?)));
            if depth <= 1
                && matches!(kind, 0x0203 | 0x027E | 0x0006 | 0x00BD | 0x00FD | 0x0204 | 0x00D6 | 0x0205)
                && let Some((row, column)) = place()
            {
                let width = if kind == 0x00BD { data.len() as u64 / 6 } else { 1 };
                last_row = last_row.max(u64::from(row) + 1);
                last_column = last_column.max(u64::from(column) + width);
            }
            match kind {
                // Charts inside of a sheet have records of their own.
                0x0809 => depth += 1,
                0x000A if depth <= 1 => break,
                0x000A => depth -= 1,
                _ if depth > 1 => {}
                0x0208 => {
                    // Bit 5 of the flags: the row has no height.
                    if let (Some(row), Some(flags)) = (u16_at(data, 0), u16_at(data, 12))
                        && flags & 0x20 != 0
                    {
                        looks.hidden_rows.insert(u32::from(row));
                    }
                }
                0x0200 => {
                    let (rows, columns) = match data.len() {
                        10 => (u64::from(u16_at(data, 2).unwrap_or(0)), u64::from(u16_at(data, 6).unwrap_or(0))),
                        _ => (u64::from(u32_at(data, 4).unwrap_or(0)), u64::from(u16_at(data, 10).unwrap_or(0))),
                    };
                    looks.places = looks.places.max(rows * columns);
                }
                0x0203 | 0x027E | 0x0006 => {
                    if let (Some(place), Some(style)) = (place(), u16_at(data, 4)) {
                        looks.styles.insert(place, style);
                    }
                }
                0x00BD => {
                    let Some((row, first)) = place() else { continue };
                    for i in 0..data.len().saturating_sub(6) / 6 {
                        if let Some(style) = u16_at(data, 4 + i * 6) {
                            looks.styles.insert((row, first + i as u32), style);
                        }
                    }
                }
                _ => {}
            }
        }
        looks.places = looks.places.max(last_row * last_column);
        looks
    }
}

impl Beside for OneSheet<'_> {
    fn format(&self, row: u32, column: u32) -> Option<&NumberFormat> {
        let style = self.looks.sheets.get(self.index)?.styles.get(&(row, column))?;
        self.looks.formats.get(usize::from(*style)).filter(|f| !f.is_general())
    }

    fn is_hidden(&self, row: u32) -> bool {
        self.looks.sheets.get(self.index).is_some_and(|s| s.hidden_rows.contains(&row))
    }

    fn days_1904(&self) -> bool {
        self.looks.days_1904
    }
}

/// Records as (kind, data), until one does not fit into the stream.
fn records(stream: &[u8], start: usize) -> impl Iterator<Item = (u16, &[u8])> {
    let mut at = start;
    std::iter::from_fn(move || {
        let kind = u16_at(stream, at)?;
        let length = usize::from(u16_at(stream, at + 2)?);
        let data = stream.get(at + 4..at + 4 + length)?;
        at += 4 + length;
        Some((kind, data))
    })
}

fn format_code(data: &[u8], wide_texts: bool) -> Option<(u16, String)> {
    let id = u16_at(data, 0)?;
    if !wide_texts {
        let length = usize::from(*data.get(2)?);
        return Some((id, data.get(3..3 + length)?.iter().map(|b| *b as char).collect()));
    }
    let length = usize::from(u16_at(data, 2)?);
    let wide = data.get(4)? & 1 == 1;
    let text = data.get(5..)?;
    let code = if wide {
        let units: Vec<u16> = (0..length).map_while(|i| u16_at(text, i * 2)).collect();
        String::from_utf16_lossy(&units)
    } else {
        text.iter().take(length).map(|b| *b as char).collect()
    };
    Some((id, code))
}
