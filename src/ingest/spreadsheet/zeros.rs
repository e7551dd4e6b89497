//! Leading zeros that a spreadsheet took away: 12819 among 00012817 and 00012822.

use rustc_hash::FxHashMap;

use crate::domain::inventory::{Field, RowWarning, RowWarningKind};

use super::device_row::DeviceRow;
use super::text::key;

/// Widths of the numbers with leading zeros that were seen, by column and product.
#[derive(Debug, Default)]
pub struct Zeros {
    widths: FxHashMap<(Field, String), Vec<usize>>,
}

/// Fields whose numbers may begin with zeros.
const FIELDS: [Field; 3] = [Field::SerialNumber, Field::PartNumber, Field::AssetId];
/// Products remembered; a list with more has no pattern to speak of.
const MOST: usize = 20_000;

impl Zeros {
    /// Warns of numbers that are shorter than those of the same product that begin with a zero.
    pub fn mark(&mut self, rows: &mut [DeviceRow]) {
        for row in rows.iter() {
            for field in FIELDS {
                let value = row.value(field);
                if value.len() > 4
                    && value.starts_with('0')
                    && value.bytes().all(|b| b.is_ascii_digit())
                    && value.trim_start_matches('0').len() > 2
                    && self.widths.len() < MOST
                {
                    let widths = self.widths.entry((field, product(row))).or_default();
                    if !widths.contains(&value.len()) {
                        widths.push(value.len());
                    }
                }
            }
        }
        if self.widths.is_empty() {
            return;
        }
        for row in rows {
            for field in FIELDS {
                let value = row.value(field);
                if value.len() < 3 || value.starts_with('0') || !value.bytes().all(|b| b.is_ascii_digit()) {
                    continue;
                }
                let Some(width) = self.widths.get(&(field, product(row))).and_then(|w| (w.len() == 1).then(|| w[0]))
                else {
                    continue;
                };
                if value.len() < width {
                    let place = row.place_of(field);
                    let detail = format!(
                        "`{value}` has {} digits, others of this product have {width} and begin with 0",
                        value.len()
                    );
                    row.warn(RowWarning { kind: RowWarningKind::LeadingZeros, place, detail });
                }
            }
        }
    }
}

fn product(row: &DeviceRow) -> String {
    let model = row.value(Field::Model);
    key(if model.is_empty() { row.value(Field::PartNumber) } else { model })
}
