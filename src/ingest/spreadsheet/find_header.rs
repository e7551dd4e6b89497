//! Where the header of a table stands, among titles, logos and lists of values.

use super::header::{self, Meaning};
use super::layout::{HeaderTexts, header_text};
use super::mapping::Mapping;
use super::raw::{Kind, RawRow};
use super::text::key;
use super::values;
use super::words;
use crate::domain::inventory::Field;

/// How far down the header is looked for, in rows with text.
pub const DEPTH: usize = 80;

/// A header found among rows.
#[derive(Debug)]
pub struct Found {
    /// Index of its first row among the rows given.
    pub at: usize,
    /// One, or two for a header of two rows.
    pub rows: usize,
    pub texts: HeaderTexts,
}

/// How much a row looks like a header.
#[derive(Debug, Default, PartialEq)]
struct Score {
    filled: usize,
    known: usize,
    /// Different fields named.
    fields: usize,
    /// A model, an order number or a description is named, or so much else that there is one.
    names_devices: bool,
    /// Cells that only data has: numbers, addresses, order numbers, long texts.
    data: usize,
}

fn score(row: &RawRow) -> Score {
    let mut out = Score::default();
    let mut fields = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    for (column, text) in row.filled_cells() {
        out.filled += 1;
        let shown = header_text(text);
        let mut senses = header::senses(&shown);
        if senses.is_empty() {
            senses = header::parts(&shown).into_iter().flat_map(|p| p.1).collect();
        }
        let is_data = row.kind(column) != Kind::Text
            || values::is_ip(&shown)
            || values::order_form(&shown).is_some()
            || shown.chars().count() > 60
            || (senses.is_empty() && shown.bytes().any(|b| b.is_ascii_digit()) && !words::is_unit(&shown));
        out.data += usize::from(is_data);
        if !is_data && senses.first().is_some_and(|s| s.strength >= 2) {
            // `Device 1`, `Device 2`: one word of which each stands for a column.
            let key = key(&shown);
            let bare = key.trim_end_matches(|c: char| c.is_ascii_digit());
            if !keys.iter().any(|known| known == bare) {
                out.known += 1;
                keys.push(bare.to_owned());
            }
            for sense in &senses {
                match sense.meaning {
                    Meaning::Field(f) => {
                        out.names_devices |= matches!(f, Field::Model | Field::PartNumber);
                        fields.push(f);
                    }
                    Meaning::Description => out.names_devices = true,
                    _ => {}
                }
            }
            out.names_devices |= senses.iter().any(|s| s.meaning == Meaning::Field(Field::Name));
        }
    }
    fields.sort_unstable();
    fields.dedup();
    out.fields = fields.len();
    // Beside all these, the column of the models is told by its values.
    let tells = |field: Field| fields.contains(&field);
    out.names_devices |=
        fields.len() >= 4 && tells(Field::Vendor) && (tells(Field::SerialNumber) || tells(Field::Firmware));
    out
}

impl Score {
    fn is_header(&self) -> bool {
        self.names_devices
            && self.known >= 2
            && self.fields >= 1
            && self.known * 3 >= self.filled
            && self.data * 3 <= self.filled
    }

    fn weight(&self) -> usize {
        self.known * 2 + self.fields
    }
}

/// Whether a row is a header, as the header of a further table in the same sheet. Most rows are told from one by their
/// digits alone, because this is asked of every row.
pub fn is_header(row: &RawRow) -> bool {
    let digits = row.cells().filter(|c| c.bytes().any(|b| b.is_ascii_digit())).take(2).count();
    if digits > 1 || row.filled_cells().take(3).count() < 3 {
        return false;
    }
    if row.filled_cells().filter(|(_, t)| header::is_known(t)).take(2).count() < 2 {
        return false;
    }
    let s = score(row);
    s.is_header() && s.known >= 3 && s.data == 0 && s.known * 2 >= s.filled
}

/// Finds the header; `None` when no row among the first ones looks like one.
pub fn find(rows: &[RawRow]) -> Option<Found> {
    let depth = rows.len().min(DEPTH);
    let scores: Vec<Score> = rows[..depth].iter().map(score).collect();
    let single = rows[..depth].iter().all(|r| r.filled_cells().count() <= 1);
    let first = scores.iter().position(|s| s.is_header() || (single && s.known == 1 && s.names_devices));
    let first = match first {
        Some(first) => first,
        // Two rows may make one header only together.
        None => {
            return (0..depth.saturating_sub(1))
                .find_map(|at| two_rows(rows, &scores, at).filter(|f| joined_known(&f.texts) >= 2));
        }
    };
    // A title that mentions two header words may stand above the real header.
    let best = (first..depth.min(first + 6))
        .rev()
        .max_by_key(|i| if scores[*i].is_header() { scores[*i].weight() } else { 0 })?;
    let at = if scores[best].weight() > scores[first].weight() * 2 { best } else { first };
    if at > 0
        && let Some(found) = two_rows(rows, &scores, at - 1)
    {
        return Some(found);
    }
    if let Some(found) = two_rows(rows, &scores, at) {
        return Some(found);
    }
    Some(Found { at, rows: 1, texts: HeaderTexts::of(&rows[at]) })
}

/// The header at a row that the user named.
pub fn at_row(rows: &[RawRow], number: u32) -> Option<Found> {
    let at = rows.iter().position(|r| r.number == number)?;
    Some(Found { at, rows: 1, texts: HeaderTexts::of(&rows[at]) })
}

/// The first row that has a header which the user named; for files whose headers say nothing to us.
pub fn naming(rows: &[RawRow], mapping: &Mapping) -> Option<Found> {
    let names = |row: &RawRow| {
        row.filled_cells().any(|(_, text)| mapping.fields_of(text).is_some_and(|fields| !fields.is_empty()))
    };
    let at = rows.iter().position(names)?;
    Some(Found { at, rows: 1, texts: HeaderTexts::of(&rows[at]) })
}

fn joined_known(texts: &HeaderTexts) -> usize {
    let senses = |i: usize| {
        !header::senses(&texts.texts[i]).is_empty()
            || texts.groups.get(i).is_some_and(|g| !header::senses(g).is_empty())
    };
    (0..texts.texts.len()).filter(|i| senses(*i)).count()
}

/// A header of two rows: groups above, or a second row that goes on with the first (units, another language).
fn two_rows(rows: &[RawRow], scores: &[Score], at: usize) -> Option<Found> {
    let (top, bottom) = (rows.get(at)?, rows.get(at + 1)?);
    let (above, below) = (scores.get(at)?, scores.get(at + 1)?);
    if bottom.number > top.number + 1 || below.filled < 2 || above.filled < 2 || above.data > 0 || below.data > 0 {
        return None;
    }
    // Data rows have digits somewhere; the second row of a header has none, and knows its words or stands under groups.
    let says_nothing = |text: &str| header::senses(text).is_empty() && !words::is_unit(text);
    let digits = bottom.filled_cells().any(|(_, t)| says_nothing(t) && t.bytes().any(|b| b.is_ascii_digit()));
    let values = bottom.filled_cells().any(|(_, t)| values::is_vendor(t) || words::is_not_stated(t));
    if digits || values {
        return None;
    }
    let groups = groups(top, bottom);
    let under_group = |column: usize| {
        top.cell(column).trim().is_empty() || groups.iter().filter(|g| **g == groups[column]).count() > 1
    };
    let all_under = bottom.filled_cells().all(|(c, _)| under_group(c));
    let is_headed = above.is_header();
    let units = bottom.filled_cells().filter(|(_, text)| is_headed && words::is_unit(text)).count();
    let known = below.known + units;
    let goes_on = known * 2 >= below.filled && (known >= 2 || all_under);
    let continued = all_under && above.is_header();
    if !goes_on && !continued {
        return None;
    }
    if above.known == 0 && below.is_header() && !all_under {
        return None;
    }
    let width = top.len().max(bottom.len());
    let texts = (0..width).map(|c| header_text(bottom.cell(c))).collect();
    Some(Found { at, rows: 2, texts: HeaderTexts { texts, groups, covered: bottom.covered.clone() } })
}

/// The texts of the upper row, spread over the blank cells to their right as far as the lower row has texts.
fn groups(top: &RawRow, bottom: &RawRow) -> Vec<String> {
    let width = top.len().max(bottom.len());
    let mut out: Vec<String> = Vec::with_capacity(width);
    for column in 0..width {
        let own = header_text(top.cell(column));
        let spread = own.is_empty()
            && !bottom.cell(column).trim().is_empty()
            && column > 0
            && !bottom.cell(column - 1).trim().is_empty();
        out.push(if spread { out[column - 1].clone() } else { own });
    }
    out
}

/// Whether a row is the header again.
pub fn repeats(row: &RawRow, keys: &[String]) -> bool {
    let (mut same, mut filled) = (0, 0);
    for (column, text) in row.filled_cells() {
        filled += 1;
        if filled > 3 && same == 0 {
            return false;
        }
        same += usize::from(keys.get(column).is_some_and(|k| has_key(text, k)));
    }
    same >= 2 && same * 3 >= filled * 2
}

/// Whether a text folds to this key. Folding is spared where plain letters already differ.
fn has_key(text: &str, wanted: &str) -> bool {
    if wanted.is_empty() {
        return false;
    }
    if text.is_ascii() {
        let letters = text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
        return letters.eq(wanted.bytes());
    }
    key(text) == wanted
}
