//! Lists that stand on their side: each device a column beside its labels, or a block of lines such as `Vendor: Siemens`.
//!
//! Both are set upright before they are read: one header row of all labels, one row for each device. Only where nothing
//! else could be meant; a list in the usual form is never touched.

use crate::domain::inventory::{CellPlace, Field, RowWarning, RowWarningKind};

use super::device_row::DeviceRow;
use super::header::{self, Meaning};
use super::layout::header_text;
use super::raw::{Kind, RawRow};
use super::text::{clean, key};

/// More rows than this are no data sheets of single devices.
const MOST_ROWS: usize = 2_000;
/// The longest text before a colon that is a label.
const LONGEST_LABEL: usize = 40;

/// A list that was set upright.
#[derive(Debug)]
pub struct Upright {
    /// The header, then a row for each device; titles between them as rows of one text.
    pub rows: Vec<RawRow>,
    /// How it stood, in one sentence.
    pub remark: String,
    is_columns: bool,
}

impl Upright {
    /// Says of each device how it was read.
    pub fn mark(&self, rows: &mut [DeviceRow]) {
        for row in rows {
            let detail = if self.is_columns {
                format!("the list stands on its side: this device is {}", column_name(row.number))
            } else {
                format!("the device is a block of labelled lines that begins in line {}", row.number)
            };
            let place = row.place();
            row.warn(RowWarning { kind: RowWarningKind::Turned, place, detail });
        }
    }
}

/// `column C` for 3.
fn column_name(number: u32) -> String {
    let label = CellPlace { sheet: String::new(), row: 0, column: number }.label();
    format!("column {}", label.trim_end_matches('0'))
}

/// The list set upright; `None` when it stands as lists do, or is none.
pub fn upright(rows: &[RawRow]) -> Option<Upright> {
    if rows.is_empty() || rows.len() > MOST_ROWS {
        return None;
    }
    columns(rows).or_else(|| blocks(rows))
}

/// What a label says, by the strong spellings of headers.
fn meaning(label: &str) -> Option<Meaning> {
    header::senses(label).first().filter(|sense| sense.strength >= 2).map(|sense| sense.meaning)
}

fn label_of(text: &str) -> String {
    header_text(text).trim_end_matches([':', '：', '=', ' ']).to_owned()
}

/// Counts what labels name, to tell a list of devices from any other text.
#[derive(Default)]
struct Named {
    labels: usize,
    known: usize,
    fields: Vec<Field>,
    device: bool,
}

impl Named {
    fn of<'a>(labels: impl Iterator<Item = &'a str>) -> Named {
        let mut named = Named::default();
        for label in labels {
            named.labels += 1;
            let Some(meaning) = meaning(label) else { continue };
            named.known += 1;
            named.device |= matches!(meaning, Meaning::Description | Meaning::Field(Field::Model | Field::PartNumber));
            if let Meaning::Field(field) = meaning
                && !named.fields.contains(&field)
            {
                named.fields.push(field);
            }
        }
        named
    }

    fn is_device(&self) -> bool {
        self.device && self.fields.len() >= 3 && self.known * 2 >= self.labels
    }
}

/// Each device is a column, the labels stand in the first one.
fn columns(rows: &[RawRow]) -> Option<Upright> {
    let labelled = |column: usize| rows.iter().filter(|row| meaning(&label_of(row.cell(column))).is_some()).count();
    let first = rows.iter().filter_map(|row| row.filled_cells().next()).map(|(column, _)| column).min()?;
    // A running number may stand before the labels.
    let at = (first..first + 2).max_by_key(|column| (labelled(*column), std::cmp::Reverse(*column)))?;
    let body: Vec<&RawRow> = rows.iter().filter(|row| row.filled_cells().any(|(column, _)| column > at)).collect();
    let labels: Vec<String> = body.iter().map(|row| label_of(row.cell(at))).collect();
    if !Named::of(labels.iter().filter(|l| !l.is_empty()).map(String::as_str)).is_device() {
        return None;
    }
    let mut keys: Vec<String> = labels.iter().map(|l| key(l)).filter(|k| !k.is_empty()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return None;
    }
    let names_device = |label: &String| Named::of(std::iter::once(label.as_str())).device;
    let mut devices: Vec<usize> = body
        .iter()
        .zip(&labels)
        .filter(|(_, label)| names_device(label))
        .flat_map(|(row, _)| row.filled_cells().map(|(column, _)| column).filter(|column| *column > at))
        .collect();
    devices.sort_unstable();
    devices.dedup();
    // A header row of the usual form has a label in every cell.
    let all_labels = |row: &&&RawRow| {
        let values: Vec<&str> = row.filled_cells().filter(|(column, _)| *column > at).map(|(_, text)| text).collect();
        values.len() > 1
            && values.iter().all(|text| header::is_known(text) && !text.ends_with(|c: char| c.is_ascii_digit()))
    };
    if devices.len() < 2 || body.iter().any(|row| all_labels(&row)) {
        return None;
    }
    let mut out = titles(rows, at);
    let mut head = RawRow::new(body[0].number);
    for (n, label) in labels.iter().enumerate() {
        head.push(if label.is_empty() && n == 0 { "Heading" } else { label });
    }
    out.push(head);
    for column in devices {
        let mut device = RawRow::new(column as u32 + 1);
        for row in &body {
            device.push_kind(row.cell(column), row.kind(column), row.stored(column).unwrap_or(f64::NAN));
        }
        out.push(device);
    }
    let remark = format!(
        "the list stands on its side, with its labels in {}: row 3 stands for column C of the file, column D for its fourth \
         line with values",
        column_name(at as u32 + 1)
    );
    Some(Upright { rows: out, remark, is_columns: true })
}

/// Lines above the labels that hold one text: titles, which may name the site.
fn titles(rows: &[RawRow], at: usize) -> Vec<RawRow> {
    let is_title = |row: &&RawRow| !row.filled_cells().any(|(column, _)| column > at);
    rows.iter().take_while(is_title).filter(|row| !row.is_blank()).cloned().collect()
}

/// One labelled value.
struct Pair {
    label: String,
    value: String,
    kind: Kind,
    stored: f64,
}

/// The labelled values of a line; `None` when it holds anything else.
fn pairs(row: &RawRow) -> Option<Vec<Pair>> {
    let mut out: Vec<Pair> = Vec::new();
    let mut open = false;
    for (column, text) in row.filled_cells() {
        let ends = text.ends_with([':', '：']);
        if let Some((label, value)) = labelled(text) {
            out.push(Pair { label, value, kind: Kind::Text, stored: f64::NAN });
            open = false;
        } else if !open && (ends || meaning(text).is_some() && row.kind(column) == Kind::Text) {
            out.push(Pair { label: label_of(text), value: String::new(), kind: Kind::Text, stored: f64::NAN });
            open = true;
        } else {
            let pair = out.last_mut()?;
            if open {
                (pair.value, pair.kind) = (text.to_owned(), row.kind(column));
                pair.stored = row.stored(column).unwrap_or(f64::NAN);
            } else {
                // A comma inside of the value was taken for the separator.
                pair.value = format!("{}, {text}", pair.value);
            }
            open = false;
        }
    }
    (!out.is_empty()).then_some(out)
}

/// `Vendor : Siemens` in one cell.
fn labelled(text: &str) -> Option<(String, String)> {
    let at = text.find([':', '：'])?;
    let (label, value) = text.split_at(at);
    let value = value.trim_start_matches([':', '：']);
    let plain = label.chars().any(char::is_alphabetic) && label.trim().chars().count() <= LONGEST_LABEL;
    // `10:32`, `http://…` are no labels.
    let apart = value.starts_with([' ', '\t']) || meaning(&label_of(label)).is_some();
    (plain && apart && !value.trim().is_empty()).then(|| (label_of(label), value.trim().to_owned()))
}

/// Each device is a block of lines, one label and value or several of them in each.
fn blocks(rows: &[RawRow]) -> Option<Upright> {
    let read: Vec<Option<Vec<Pair>>> = rows.iter().map(pairs).collect();
    let lines = read.iter().filter(|p| p.is_some()).count();
    let stated = read.iter().flatten().flatten().filter(|pair| !pair.value.is_empty()).count();
    let all: Vec<&str> = read.iter().flatten().flatten().map(|pair| pair.label.as_str()).collect();
    if lines < 3 || stated * 2 < all.len() || !Named::of(all.iter().copied()).is_device() {
        return None;
    }
    // Lines that are no pairs stand between blocks, as titles do, or above them.
    if (rows.len() - lines) * 2 > rows.len() {
        return None;
    }
    let mut found = Blocks::default();
    let mut line_before = None;
    for (row, pairs) in rows.iter().zip(read) {
        let gap = line_before.is_some_and(|before: u32| row.number > before + 1);
        line_before = Some(row.number);
        match pairs {
            None => {
                found.close();
                found.titles.push((found.devices.len(), row.clone()));
            }
            Some(pairs) => {
                if gap {
                    found.gap();
                }
                pairs.into_iter().for_each(|pair| found.add(row.number, pair));
            }
        }
    }
    found.close();
    found.finish()
}

#[derive(Default)]
struct Block {
    line: u32,
    pairs: Vec<Pair>,
}

impl Block {
    fn has(&self, label: &str) -> bool {
        self.pairs.iter().any(|pair| key(&pair.label) == key(label))
    }

    fn names_device(&self) -> bool {
        Named::of(self.pairs.iter().filter(|p| !p.value.is_empty()).map(|p| p.label.as_str())).device
    }
}

#[derive(Default)]
struct Blocks {
    devices: Vec<Block>,
    /// Texts between the blocks, each with the number of devices above it.
    titles: Vec<(usize, RawRow)>,
    open: Block,
}

impl Blocks {
    /// A label that stands again begins the next device.
    fn add(&mut self, line: u32, pair: Pair) {
        if self.open.has(&pair.label) {
            self.close();
        }
        if self.open.pairs.is_empty() {
            self.open.line = line;
        }
        self.open.pairs.push(pair);
    }

    /// A blank line ends a block that names a device, and the lines above the first one that name the site of all.
    fn gap(&mut self) {
        let names_site = |pair: &Pair| meaning(&pair.label) == Some(Meaning::Field(Field::Site));
        if self.open.names_device() || self.devices.is_empty() && self.open.pairs.iter().all(names_site) {
            self.close();
        }
    }

    /// What names no device goes on with the block before it, or is a title of those behind it.
    fn close(&mut self) {
        let block = std::mem::take(&mut self.open);
        if block.pairs.is_empty() {
            return;
        }
        let goes_on = |before: &Block| !block.pairs.iter().any(|pair| before.has(&pair.label));
        if block.names_device() {
            self.devices.push(block);
        } else if let Some(before) = self.devices.last_mut().filter(|before| goes_on(before)) {
            before.pairs.extend(block.pairs);
        } else {
            for pair in block.pairs {
                let mut title = RawRow::new(block.line);
                title.push(&format!("{}: {}", pair.label, pair.value));
                self.titles.push((self.devices.len(), title));
            }
        }
    }

    fn finish(self) -> Option<Upright> {
        let first = self.devices.first()?.line;
        let mut labels: Vec<(String, String)> = Vec::new();
        for pair in self.devices.iter().flat_map(|block| &block.pairs) {
            if !labels.iter().any(|(known, _)| *known == key(&pair.label)) {
                labels.push((key(&pair.label), pair.label.clone()));
            }
        }
        let mut titles = self.titles.into_iter().peekable();
        let mut rows: Vec<RawRow> =
            std::iter::from_fn(|| titles.next_if(|(above, _)| *above == 0)).map(|t| t.1).collect();
        let mut head = RawRow::new(first);
        labels.iter().for_each(|(_, label)| head.push(&clean(label)));
        rows.push(head);
        for (n, block) in self.devices.iter().enumerate() {
            rows.extend(std::iter::from_fn(|| titles.next_if(|(above, _)| *above <= n)).map(|t| t.1));
            let mut device = RawRow::new(block.line);
            for (wanted, _) in &labels {
                match block.pairs.iter().find(|pair| key(&pair.label) == *wanted) {
                    Some(pair) => device.push_kind(&pair.value, pair.kind, pair.stored),
                    None => device.push(""),
                }
            }
            rows.push(device);
        }
        rows.extend(titles.map(|t| t.1));
        let remark = "each device is a block of labelled lines: its row is the line in which the block begins, its columns are \
                      counted by label";
        Some(Upright { rows, remark: remark.to_owned(), is_columns: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<RawRow> {
        let numbered = lines.iter().zip(1..).filter(|(line, _)| !line.is_empty());
        numbered
            .map(|(line, number)| {
                let mut row = RawRow::new(number);
                line.split('|').for_each(|cell| row.push(cell));
                row
            })
            .collect()
    }

    fn shown(lines: &[&str]) -> Option<Vec<String>> {
        let line = |row: &RawRow| format!("{} {}", row.number, row.cells().collect::<Vec<_>>().join("|"));
        upright(&rows(lines)).map(|found| found.rows.iter().map(line).collect())
    }

    #[test]
    fn ok_devices_in_columns_become_rows() {
        let found = shown(&[
            "Anlage Nord",
            "Merkmal|Gerät 1|Gerät 2",
            "Hersteller|Siemens|WAGO",
            "Typ|CPU 1212C|750-8206",
            "Firmware|V4.2.3|",
            "Einbauort||Schrank 2",
        ]);
        let want = [
            "1 Anlage Nord",
            "2 Merkmal|Hersteller|Typ|Firmware|Einbauort",
            "2 Gerät 1|Siemens|CPU 1212C|V4.2.3|",
            "3 Gerät 2|WAGO|750-8206||Schrank 2",
        ];
        assert_eq!(found.unwrap(), want);
    }

    #[test]
    fn ok_blocks_of_labelled_lines_become_rows() {
        let one_cell = shown(&[
            "Survey of March",
            "Tag: PLC-1",
            "Vendor : Siemens",
            "Model: CPU 315-2 PN/DP",
            "Firmware: V3.2.6",
            "",
            "Tag: PLC-2",
            "Vendor: Moxa",
            "Model: EDS-G508E",
            "Comment: uplink, to office",
            "",
            "Location: Hall 3",
        ]);
        let want = [
            "1 Survey of March",
            "2 Tag|Vendor|Model|Firmware|Comment|Location",
            "2 PLC-1|Siemens|CPU 315-2 PN/DP|V3.2.6||",
            "7 PLC-2|Moxa|EDS-G508E||uplink, to office|Hall 3",
        ];
        assert_eq!(one_cell.unwrap(), want);
        let two_pairs = shown(&[
            "Hersteller:|Siemens|Typ:|SCALANCE XC208",
            "Bestell-Nr.:|6GK5208-0BA00-2AC2|Firmware:|V4.3",
            "Hersteller:|Hirschmann|Typ:|RS20-0800",
            "Bestell-Nr.:|943434005|Firmware:|",
        ]);
        let want = [
            "1 Hersteller|Typ|Bestell-Nr.|Firmware",
            "1 Siemens|SCALANCE XC208|6GK5208-0BA00-2AC2|V4.3",
            "3 Hirschmann|RS20-0800|943434005|",
        ];
        assert_eq!(two_pairs.unwrap(), want);
    }

    #[test]
    fn ok_lists_in_the_usual_form_are_left_alone() {
        for lines in [
            &["Tag|Vendor|Model|Firmware", "1|Siemens|CPU 315|V3", "2|Moxa|EDS-408A|V3.8"][..],
            &["Vendor|Model|Firmware", "Siemens|CPU 315|V3"],
            &["Tag|Model", "Model|S7-1200", "Type|X"],
            &["Vendor|Siemens|Moxa", "Price|3|4"],
            &["10:32 start", "10:33 stop", "Error: none", "Source: http://x"],
            &["Vendor: Siemens", "Model: S7-1500", "so much for that", "and more", "and yet more", "the end"],
            &[],
        ] {
            assert_eq!(shown(lines), None, "{lines:?}");
        }
    }
}
