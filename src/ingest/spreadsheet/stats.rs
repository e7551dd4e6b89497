//! What the values of each column of a table look like.

use rustc_hash::FxHashSet;

use crate::domain::inventory::Field;

use super::description::labelled::labelled;
use super::raw::{Kind, RawRow};
use super::text::clean;
use super::{values, words};

/// Counts over the first rows of a table.
#[derive(Debug, Default)]
pub struct Stats {
    columns: Vec<Counts>,
    /// The middle of the numbers of filled cells per row.
    pub usual_filled: usize,
    /// Rows with a text.
    rows: usize,
}

#[derive(Debug, Default, Clone)]
struct Counts {
    filled: usize,
    distinct: usize,
    ip: usize,
    host_ip: usize,
    mac: usize,
    order: usize,
    vendor: usize,
    version: usize,
    designator: usize,
    kind_word: usize,
    number: usize,
    date: usize,
    device: usize,
    /// A vendor in front or an order number inside, with more beside it.
    whole_device: usize,
    long: usize,
    /// Letters and digits in one value.
    mixed: usize,
    /// One or two characters.
    tiny: usize,
    /// One or two letters.
    letter: usize,
    /// A word of its own without blanks, as tags are.
    tag: usize,
    /// Two words or more, as names are.
    worded: usize,
    /// A part of a building or of works.
    part: usize,
    /// The name of a site, by a word in it.
    site: usize,
    sequence: bool,
    /// Whole numbers, and the largest of them.
    numbers: usize,
    most: i64,
    /// The first row has a value.
    first_row: bool,
}

/// Rows looked at; more would not change the picture.
const ROWS: usize = 300;

impl Stats {
    /// Counts over rows of a table.
    pub fn of(rows: &[RawRow], width: usize) -> Stats {
        let rows = &rows[..rows.len().min(ROWS)];
        let columns = (0..width).map(|i| Counts::of(rows, i)).collect();
        let with_text = rows.iter().filter(|row| !row.is_rule());
        let mut filled: Vec<usize> = with_text.map(|r| r.filled_cells().count()).filter(|n| *n > 0).collect();
        filled.sort_unstable();
        Stats { columns, usual_filled: filled.get(filled.len() / 2).copied().unwrap_or(0), rows: filled.len() }
    }

    /// How well the values of a column fit a field, in percent; below -50 they contradict it.
    pub fn fit(&self, column: usize, field: Field) -> i32 {
        let Some(c) = self.columns.get(column).filter(|c| c.filled > 0) else { return 0 };
        let share = |n: usize| (n * 100 / c.filled) as i32;
        match field {
            Field::Model if share(c.kind_word) >= 50 => -60,
            Field::Model if share(c.tiny) >= 70 => -80,
            // Values that hold all of a device are no tags.
            Field::AssetId if share(c.kind_word) >= 50 || share(c.whole_device) >= 50 => -60,
            Field::Name if share(c.number) >= 70 || share(c.ip) >= 50 => -60,
            Field::Model if share(c.ip) >= 50 || share(c.mac) >= 50 || share(c.date) >= 70 => -80,
            Field::Model => share(c.designator) - share(c.kind_word) - share(c.long),
            Field::Vendor if share(c.number) >= 70 || share(c.ip) >= 50 => -80,
            Field::Vendor => share(c.vendor),
            Field::PartNumber if share(c.date) >= 70 || share(c.ip) >= 50 => -80,
            Field::PartNumber => share(c.order),
            Field::Firmware if share(c.host_ip) >= 50 || share(c.mac) >= 50 => -80,
            // `Rev` over A, B, H is that of the hardware.
            Field::Firmware if share(c.letter) >= 50 => -60,
            Field::Firmware => share(c.version) - share(c.long),
            Field::IpAddress if c.filled >= 2 && share(c.ip) < 20 => -60,
            Field::IpAddress => share(c.ip),
            Field::MacAddress if c.filled >= 2 && share(c.mac) < 20 => -60,
            Field::MacAddress => share(c.mac),
            Field::Quantity if share(c.number) < 30 => -60,
            Field::Quantity => share(c.number),
            Field::Site | Field::Area if share(c.ip) >= 50 => -80,
            // `Anlage` over Heizung, Lüftung.
            Field::Site if share(c.part) >= 50 => -60,
            // The same few values in all rows make a better site than many different ones.
            Field::Site => 50 - (c.distinct * 50 / c.filled) as i32,
            // `S/N` over 1, 2, 3 numbers the rows, and `Ser.` over A, B, D is the series.
            Field::SerialNumber if c.sequence && c.filled >= 3 || share(c.letter) >= 50 => -60,
            Field::SerialNumber | Field::AssetId => (c.distinct * 20 / c.filled) as i32,
            _ => 0,
        }
    }

    /// How many of the values look like this field, in percent; 0 with fewer than two values.
    pub fn looks_like(&self, column: usize, field: Field) -> i32 {
        let Some(c) = self.columns.get(column).filter(|c| c.filled > 1) else { return 0 };
        let n = match field {
            Field::IpAddress => c.ip,
            Field::MacAddress => c.mac,
            Field::PartNumber => c.order,
            Field::Vendor => c.vendor,
            Field::Firmware => c.version,
            Field::Model => c.mixed,
            _ => 0,
        };
        (n * 100 / c.filled) as i32
    }

    /// How many of the values name a device in words, in percent.
    pub fn devices(&self, column: usize) -> i32 {
        self.columns.get(column).filter(|c| c.filled > 0).map_or(0, |c| (c.device * 100 / c.filled) as i32)
    }

    /// How many of the values hold a vendor or an order number beside a model, in percent.
    pub fn whole_devices(&self, column: usize) -> i32 {
        self.columns.get(column).filter(|c| c.filled > 0).map_or(0, |c| (c.whole_device * 100 / c.filled) as i32)
    }

    /// Whether each row has a tag of its own: one word with a letter, another one in nearly every row.
    pub fn are_tags(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|c| {
            c.filled >= 3 && c.filled * 10 >= self.rows * 8 && c.distinct == c.filled && c.tag * 10 >= c.filled * 9
        })
    }

    /// Whether most values are names of several words.
    pub fn are_worded(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|c| c.filled > 0 && c.worded * 2 >= c.filled)
    }

    /// Whether nearly all values name sites by a word in them: `Riverside WTP`, `Mill Lane PS`.
    pub fn are_sites(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|c| c.filled >= 2 && c.site * 10 >= c.filled * 9)
    }

    /// Whether most values are words and no numbers or codes.
    pub fn are_named(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|c| c.filled > 0 && (c.number + c.mixed) * 2 < c.filled)
    }

    /// Whether the values count the rows: 1, 2, 3; rows may be left out or filtered away.
    pub fn is_sequence(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|c| c.sequence)
    }

    /// Whether a column states each value once and is blank in the rows below, as merged cells are saved to text.
    pub fn stands_once(&self, column: usize) -> bool {
        self.columns
            .get(column)
            .is_some_and(|c| c.first_row && c.filled >= 2 && c.distinct == c.filled && c.filled * 2 <= self.rows)
    }

    /// How many values a column has among the rows looked at.
    pub fn filled(&self, column: usize) -> usize {
        self.columns.get(column).map_or(0, |c| c.filled)
    }

    /// How many different values a column has among the rows looked at.
    pub fn distinct(&self, column: usize) -> usize {
        self.columns.get(column).map_or(0, |c| c.distinct)
    }
}

impl Counts {
    fn of(rows: &[RawRow], column: usize) -> Counts {
        let mut c = Counts { sequence: true, ..Counts::default() };
        let mut seen = FxHashSet::default();
        let mut last: Option<i64> = None;
        c.first_row = rows.iter().find(|r| !r.is_blank()).is_some_and(|r| !clean(r.cell(column)).is_empty());
        for row in rows {
            let text = super::row::shown(row.cell(column));
            let text = text.as_ref();
            if words::is_ditto(text) {
                continue;
            }
            if text.is_empty() || words::is_not_stated(text) || words::is_error(text) {
                continue;
            }
            c.filled += 1;
            c.distinct += usize::from(seen.insert(text.to_owned()));
            let number = text.parse::<i64>().ok();
            // Bands, totals and what a writer says below stand in the same column as the numbers of the rows.
            let alone = row.filled_cells().nth(2).is_none() || words::is_total(text);
            c.sequence &= match (number, last) {
                (Some(n), Some(before)) => n > before || n == 1,
                (Some(n), None) => (0..=3).contains(&n),
                (None, _) => alone,
            };
            c.numbers += usize::from(number.is_some());
            c.most = c.most.max(number.unwrap_or(0));
            last = number.or(last);
            let is_ip = values::is_ip(text);
            c.ip += usize::from(is_ip);
            // A version of four numbers reads like an address; those of plants stand in the private ranges.
            c.host_ip += usize::from(is_ip && values::is_private_ip(text));
            c.mac += usize::from(values::is_mac(text));
            c.order += usize::from(values::order_form(text).is_some());
            c.vendor += usize::from(values::is_vendor(text));
            c.number += usize::from(
                row.kind(column) == Kind::Number
                    || text.starts_with("0x")
                    || text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')),
            );
            c.date += usize::from(row.kind(column) == Kind::Date || values::looks_like_date(text));
            c.kind_word += usize::from(words::is_only_kinds(text));
            let length = text.chars().count();
            c.long += usize::from(length > 60);
            c.tiny += usize::from(length <= 2);
            c.part += usize::from(words::names_part_of_works(text));
            c.site += usize::from(length < 60 && matches!(words::band(text), words::Band::Site(_)));
            c.letter += usize::from(length <= 2 && text.chars().all(char::is_alphabetic));
            c.worded += usize::from(
                text.split(' ').filter(|w| w.chars().filter(|c| c.is_alphabetic()).count() >= 2).count() >= 2,
            );
            c.tag += usize::from(
                !text.contains(' ')
                    && (2..=30).contains(&length)
                    && text.chars().any(char::is_alphabetic)
                    && !is_ip
                    && !values::is_mac(text)
                    && values::order_form(text).is_none()
                    && !values::is_version(text),
            );
            c.mixed += usize::from(
                length > 2 && text.bytes().any(|b| b.is_ascii_digit()) && text.chars().any(char::is_alphabetic),
            );
            if is_ip && !values::is_private_ip(text) {
                c.version += 1;
            }
            if !is_ip {
                c.version += usize::from(text.split(' ').next().is_some_and(values::is_version));
                c.designator += usize::from(values::has_designator(text));
                let orders = || text.split([' ', ',', '(', ')']).any(|w| values::order_form(w).is_some());
                let is_labelled = || {
                    labelled(row.cell(column)).is_some_and(|(_, named)| {
                        named.iter().any(|(field, _)| matches!(field, Field::Model | Field::PartNumber))
                    })
                };
                let whole = text.contains(' ')
                    && (is_labelled()
                        || values::vendor_prefix(text, false).is_some_and(|end| end < text.len())
                        || orders());
                c.whole_device += usize::from(whole);
                c.device += usize::from(whole || orders() || (text.contains(' ') && values::has_designator(text)));
            }
        }
        // Numbers far above the count of rows are of another kind.
        c.sequence &= last.is_some() && c.most <= c.numbers as i64 * 2 + 3;
        c
    }
}
