//! What an XLSB file says beside its values: number formats and hidden rows.
//!
//! # Source
//!
//! MS-XLSB: record form 2.1.4, BrtFmt 2.4.656, BrtXF 2.4.841, BrtBeginCellXFs, BrtRowHdr 2.4.744, cells 2.5.9,
//! BrtMergeCell 2.4.711, BrtBundleSh 2.4.311.

use rustc_hash::{FxHashMap, FxHashSet};

use super::compound::{u16_at, u32_at};
use super::legacy::Beside;
use super::number_format::NumberFormat;

/// The number formats of an XLSB file, by cell style.
pub fn formats(styles: &[u8]) -> Vec<NumberFormat> {
    let (mut codes, mut out, mut in_cell_formats) = (FxHashMap::default(), Vec::new(), false);
    for (kind, data) in records(styles) {
        match kind {
            44 => {
                if let (Some(id), Some(length)) = (u16_at(data, 0), u32_at(data, 2)) {
                    let units: Vec<u16> =
                        (0..length.min(255) as usize).map_while(|i| u16_at(data, 6 + i * 2)).collect();
                    codes.insert(id, String::from_utf16_lossy(&units));
                }
            }
            617 => in_cell_formats = true,
            618 => in_cell_formats = false,
            47 if in_cell_formats => {
                let id = u16_at(data, 2).unwrap_or(0);
                out.push(
                    codes
                        .get(&id)
                        .map_or_else(|| NumberFormat::built_in(u32::from(id)), |code| NumberFormat::read(code)),
                );
            }
            _ => {}
        }
    }
    out
}

/// The looks of one sheet.
pub struct SheetLooks<'a> {
    formats: &'a [NumberFormat],
    styles: FxHashMap<(u32, u32), u32>,
    hidden_rows: FxHashSet<u32>,
    /// Merged areas as 1-based rows and 0-based columns.
    pub merged: Vec<(u32, u32, u32, u32)>,
    days_1904: bool,
}

impl<'a> SheetLooks<'a> {
    /// Reads a sheet's part.
    pub fn read(sheet: &[u8], formats: &'a [NumberFormat], days_1904: bool) -> SheetLooks<'a> {
        let mut looks = SheetLooks {
            formats,
            styles: FxHashMap::default(),
            hidden_rows: FxHashSet::default(),
            merged: Vec::new(),
            days_1904,
        };
        let mut row = 0;
        for (kind, data) in records(sheet) {
            match kind {
                0 => {
                    row = u32_at(data, 0).unwrap_or(0);
                    // The flags stand behind row, style and height; bit 4 of their second byte means hidden.
                    if data.get(11).is_some_and(|flags| flags & 0x10 != 0) {
                        looks.hidden_rows.insert(row);
                    }
                }
                2 | 5 | 9 => {
                    if let (Some(column), Some(style)) = (u32_at(data, 0), u32_at(data, 4)) {
                        looks.styles.insert((row, column), style & 0x00ff_ffff);
                    }
                }
                176 => {
                    if let (Some(top), Some(bottom), Some(left), Some(right)) =
                        (u32_at(data, 0), u32_at(data, 4), u32_at(data, 8), u32_at(data, 12))
                    {
                        looks.merged.push((top.saturating_add(1), left, bottom.saturating_add(1), right));
                    }
                }
                _ => {}
            }
        }
        looks
    }
}

impl Beside for SheetLooks<'_> {
    fn format(&self, row: u32, column: u32) -> Option<&NumberFormat> {
        let style = self.styles.get(&(row, column))?;
        self.formats.get(*style as usize).filter(|f| !f.is_general())
    }

    fn is_hidden(&self, row: u32) -> bool {
        self.hidden_rows.contains(&row)
    }

    fn days_1904(&self) -> bool {
        self.days_1904
    }
}

/// Whether the workbook part says that day 0 is 1 January 1904.
pub fn days_1904(workbook: &[u8]) -> bool {
    records(workbook)
        .find(|(kind, _)| *kind == 153)
        .is_some_and(|(_, data)| data.first().is_some_and(|flags| flags & 1 == 1))
}

/// The sheets of a workbook part, as (name, id of the relation to its part).
pub fn sheets(workbook: &[u8]) -> Vec<(String, String)> {
    let text = |data: &[u8], at: usize| -> Option<(String, usize)> {
        let length = u32_at(data, at).filter(|l| *l < 1024)? as usize;
        let units: Vec<u16> = (0..length).map_while(|i| u16_at(data, at + 4 + i * 2)).collect();
        Some((String::from_utf16_lossy(&units), at + 4 + length * 2))
    };
    let bundle = |data: &[u8]| {
        let (id, behind) = text(data, 8)?;
        Some((text(data, behind)?.0, id))
    };
    records(workbook).filter(|(kind, _)| *kind == 156).filter_map(|(_, data)| bundle(data)).collect()
}

/// Records as (kind, data): kind and length in groups of seven bits.
fn records(part: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let first = u32::from(*part.get(at)?);
        at += 1;
        let mut kind = first & 0x7f;
        if first & 0x80 != 0 {
            kind |= (u32::from(*part.get(at)?) & 0x7f) << 7;
            at += 1;
        }
        let mut length = 0usize;
        for shift in 0..4 {
            let byte = *part.get(at)?;
            at += 1;
            length |= usize::from(byte & 0x7f) << (7 * shift);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let data = part.get(at..at.checked_add(length)?)?;
        at += length;
        Some((kind, data))
    })
}
