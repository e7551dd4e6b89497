//! Text files with separators (CSV, TSV, `;`, `|`), read record by record in bounded memory.
//!
//! Real lists break the rules of RFC 4180: quotes inside of quoted texts, quotes that never close, records of any width.
//! This reader says what a careful person would see; it never fails on the form of the text.

use std::io::Read;

use super::encoding::Decoded;
use super::error::ReadFault;
use super::header;
use super::raw::RawRow;

/// The longest record that is kept together; a longer one is an unclosed quote or no list.
const MAX_RECORD_BYTES: usize = 1 << 20;
/// A quoted text over more lines than this was never closed.
const MAX_QUOTED_LINES: u32 = 200;
/// The most columns a sheet can have in any spreadsheet program.
pub const MAX_COLUMNS: usize = 16_384;

/// A reader of records.
pub struct Records<R> {
    source: Decoded<R>,
    buffer: String,
    at: usize,
    line: u32,
    ended: bool,
    /// The separator of cells.
    pub delimiter: u8,
    /// Whether each line is a whole record inside of quotes, as some programs write them.
    unwrap: bool,
    /// The size of the last record.
    usual: (usize, usize),
}

enum Parsed {
    /// The record ends before this offset; the next begins there. The count is of line ends passed.
    Done {
        next: usize,
        lines: u32,
    },
    NeedMore,
    /// The quote at this offset never closes.
    Unclosed {
        at: usize,
    },
}

impl<R: Read> Records<R> {
    /// Reads the start of the text to find the separator. `given` overrides what is found.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    pub fn open(mut source: Decoded<R>, given: Option<u8>) -> Result<Records<R>, ReadFault> {
        let mut buffer = String::new();
        while buffer.len() < 256 * 1024 && source.read_into(&mut buffer).map_err(ReadFault::Io)? {}
        let ended = buffer.len() < 256 * 1024;
        let mut records =
            Records { source, buffer, at: 0, line: 1, ended, delimiter: b',', unwrap: false, usual: (0, 0) };
        let named = records.separator_line();
        records.delimiter = given.or(named).unwrap_or_else(|| sniff_wrapped(&records.buffer[records.at..]));
        records.unwrap = records.is_wrapped();
        Ok(records)
    }

    /// Whether bytes were found that are no text in the file's encoding.
    pub fn is_faulty(&self) -> bool {
        self.source.faulty
    }

    /// `sep=;` as the first line names the separator and is no record.
    fn separator_line(&mut self) -> Option<u8> {
        let end = self.buffer.find(['\n', '\r']).unwrap_or(self.buffer.len());
        let line = self.buffer[..end].trim_matches('"');
        let sign = line.get(..4).filter(|w| w.eq_ignore_ascii_case("sep=")).and_then(|_| line[4..].bytes().next());
        if sign.is_some() {
            self.at =
                end + if self.buffer[end..].starts_with("\r\n") { 2 } else { usize::from(end < self.buffer.len()) };
            self.line = 2;
        }
        sign
    }

    fn is_wrapped(&self) -> bool {
        let lines: Vec<&str> = self.buffer[self.at..].lines().filter(|l| !l.trim().is_empty()).take(20).collect();
        let quoted =
            |l: &&&str| l.len() > 2 && l.starts_with('"') && l.trim_end_matches(self.delimiter as char).ends_with('"');
        // Inside of a wrapped record, quotes are doubled; a plain record has a separator right behind a closing quote.
        let plain = [b'"', self.delimiter, b'"'];
        let separators = |l: &&&str| l.bytes().filter(|b| *b == self.delimiter).count() > 1;
        lines.len() > 1
            && lines.iter().filter(quoted).filter(separators).count() * 10 >= lines.len() * 9
            && !lines.iter().any(|l| {
                l.as_bytes().windows(3).enumerate().any(|(i, w)| w == plain && (i == 0 || l.as_bytes()[i - 1] != b'"'))
            })
    }

    /// The next record with a visible text; `None` at the end. Its number is the line it starts in.
    ///
    /// # Errors
    ///
    /// When the source cannot be read or a record has too many cells.
    pub fn next_record(&mut self) -> Result<Option<RawRow>, ReadFault> {
        loop {
            if self.at >= self.buffer.len() && !self.refill()? {
                return Ok(None);
            }
            let mut row = RawRow::like(self.line, self.usual);
            let mut literal_quotes = Vec::new();
            loop {
                match parse(
                    self.buffer.as_bytes(),
                    self.at,
                    self.delimiter,
                    self.ended,
                    &literal_quotes,
                    &mut row,
                    &self.buffer,
                ) {
                    Parsed::Done { next, lines } => {
                        self.at = next;
                        self.line = self.line.saturating_add(lines);
                        break;
                    }
                    Parsed::Unclosed { at } => literal_quotes.push(at - self.at),
                    Parsed::NeedMore if self.buffer.len() - self.at > MAX_RECORD_BYTES => {
                        return Err(ReadFault::TooMany {
                            what: "a very long line",
                            limit: MAX_RECORD_BYTES as u64,
                            found: (self.buffer.len() - self.at) as u64,
                        });
                    }
                    Parsed::NeedMore => {
                        self.refill()?;
                    }
                }
                row = RawRow::new(self.line);
            }
            self.usual = row.size();
            if row.len() > MAX_COLUMNS {
                return Err(ReadFault::TooMany {
                    what: "a line with many cells",
                    limit: MAX_COLUMNS as u64,
                    found: row.len() as u64,
                });
            }
            if self.unwrap && row.len() == 1 {
                let inner = row.cell(0).to_owned();
                let mut unwrapped = RawRow::new(row.number);
                parse(inner.as_bytes(), 0, self.delimiter, true, &[], &mut unwrapped, &inner);
                row = unwrapped;
            }
            if !row.is_blank() {
                return Ok(Some(row));
            }
        }
    }

    /// Drops what was read and reads on; `false` when there is no more.
    fn refill(&mut self) -> Result<bool, ReadFault> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let before = self.buffer.len();
        while self.buffer.len() == before {
            if !self.source.read_into(&mut self.buffer).map_err(ReadFault::Io)? {
                self.ended = true;
                break;
            }
        }
        Ok(self.buffer.len() > before)
    }
}

/// Reads one record from `start` into `row`. `literal_quotes` are offsets (from `start`) of
/// quotes that are only signs.
fn parse(
    bytes: &[u8],
    start: usize,
    delimiter: u8,
    ended: bool,
    literal_quotes: &[usize],
    row: &mut RawRow,
    text: &str,
) -> Parsed {
    let mut at = start;
    let mut field = start;
    loop {
        if bytes.get(at) == Some(&b'"') && !literal_quotes.contains(&(at - start)) {
            match quoted(bytes, at, delimiter, ended) {
                Quoted::Closed { end, next, lines, doubled } => {
                    let inner = &text[at + 1..end];
                    if doubled {
                        row.push(&inner.replace("\"\"", "\""))
                    } else {
                        row.push(inner)
                    }
                    if next >= bytes.len() || bytes[next] != delimiter {
                        return match line_end(bytes, next, ended) {
                            Some(next) => Parsed::Done { next, lines: row.inner_lines + lines + 1 },
                            None => Parsed::NeedMore,
                        };
                    }
                    row.inner_lines += lines;
                    at = next + 1;
                    field = at;
                    continue;
                }
                Quoted::NeedMore => return Parsed::NeedMore,
                Quoted::Unclosed => return Parsed::Unclosed { at },
            }
        }
        while at < bytes.len() && bytes[at] != delimiter && bytes[at] != b'\n' && bytes[at] != b'\r' {
            at += 1;
        }
        if at >= bytes.len() && !ended {
            return Parsed::NeedMore;
        }
        row.push(&text[field..at]);
        if at < bytes.len() && bytes[at] == delimiter {
            at += 1;
            field = at;
            continue;
        }
        return match line_end(bytes, at, ended) {
            Some(next) => Parsed::Done { next, lines: row.inner_lines + 1 },
            None => Parsed::NeedMore,
        };
    }
}

/// The offset behind the line end at `at`; `None` when more bytes are needed to know.
fn line_end(bytes: &[u8], at: usize, ended: bool) -> Option<usize> {
    match bytes.get(at) {
        None => ended.then_some(at),
        Some(b'\r') => match bytes.get(at + 1) {
            Some(b'\n') => Some(at + 2),
            Some(_) => Some(at + 1),
            None => ended.then_some(at + 1),
        },
        Some(_) => Some(at + 1),
    }
}

enum Quoted {
    Closed { end: usize, next: usize, lines: u32, doubled: bool },
    NeedMore,
    Unclosed,
}

/// A quoted text closes at a quote with a separator, a line end or the end of the text behind it; any other quote is
/// part of the text (`"fitted in 10" cut-out"`). When a line ends after an odd number of such quotes, the opening one is
/// only a sign too (`"door" left`).
fn quoted(bytes: &[u8], open: usize, delimiter: u8, ended: bool) -> Quoted {
    let (mut at, mut lines, mut doubled) = (open + 1, 0, false);
    let mut inner = 0u32;
    let ends = |b: u8| b == delimiter || b == b'\n' || b == b'\r';
    while at < bytes.len() {
        match bytes[at] {
            b'"' => match bytes.get(at + 1) {
                Some(b'"') => {
                    doubled = true;
                    at += 1;
                }
                Some(next) if ends(*next) => return Quoted::Closed { end: at, next: at + 1, lines, doubled },
                Some(b' ') => {
                    let behind = bytes[at + 1..].iter().position(|b| *b != b' ').map(|n| at + 1 + n);
                    if let Some(next) = behind.filter(|n| ends(bytes[*n])) {
                        return Quoted::Closed { end: at, next, lines, doubled };
                    }
                    inner += 1;
                }
                Some(_) => inner += 1,
                None if ended => return Quoted::Closed { end: at, next: at + 1, lines, doubled },
                None => return Quoted::NeedMore,
            },
            b'\n' | b'\r' => {
                if lines == 0 && inner % 2 == 1 {
                    return Quoted::Unclosed;
                }
                lines += u32::from(bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
            }
            _ => {}
        }
        if lines > MAX_QUOTED_LINES || at - open > MAX_RECORD_BYTES / 2 {
            return Quoted::Unclosed;
        }
        at += 1;
    }
    if ended { Quoted::Unclosed } else { Quoted::NeedMore }
}

/// The separator; when every line is one quoted text, the one inside of the quotes.
fn sniff_wrapped(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).take(40).collect();
    let unwrapped: Vec<&str> = lines.iter().filter_map(|l| l.strip_prefix('"')?.strip_suffix('"')).collect();
    let one_cell = |line: &str| {
        let mut row = RawRow::new(0);
        matches!(parse(line.as_bytes(), 0, 0, true, &[], &mut row, line), Parsed::Done { next, .. } if next >= line.len())
            && row.cell(0) != line
    };
    if unwrapped.len() == lines.len()
        && lines.len() > 1
        && lines.iter().all(|l| one_cell(l) && !l.contains("\",\"") && !l.contains("\";\""))
    {
        return sniff(&unwrapped.join("\n").replace("\"\"", "\""));
    }
    sniff(text)
}

/// The separator under which the first lines look most like a table: cells that are header words first, then how even
/// the records are.
fn sniff(text: &str) -> u8 {
    let mut best = (0.0, b',');
    for delimiter in [b',', b';', b'\t', b'|', b'^', b'~'] {
        let mut at = 0;
        let mut widths = Vec::new();
        let mut words = 0;
        while at < text.len() && widths.len() < 60 {
            let mut row = RawRow::new(0);
            let Parsed::Done { next, .. } = parse(text.as_bytes(), at, delimiter, true, &[], &mut row, text) else {
                break;
            };
            at = next.max(at + 1);
            if !row.is_blank() {
                words = words.max(row.cells().filter(|c| header::is_known(c)).count());
                widths.push(row.len());
            }
        }
        let usual = widths.iter().copied().max_by_key(|w| (widths.iter().filter(|x| *x == w).count(), *w)).unwrap_or(0);
        let even = widths.iter().filter(|w| **w == usual).count() as f64 / widths.len().max(1) as f64;
        let score = words as f64 * 2.0 + if usual > 1 { even + (usual as f64).min(30.0) / 60.0 } else { 0.0 };
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::encoding::TextEncoding;
    use super::*;

    fn records(text: &str) -> Vec<(u32, Vec<String>)> {
        let source = Decoded::new(Cursor::new(text.as_bytes().to_vec()), TextEncoding::Known(encoding_rs::UTF_8));
        let mut records = Records::open(source, None).unwrap();
        let mut out = Vec::new();
        while let Some(row) = records.next_record().unwrap() {
            out.push((row.number, row.cells().map(str::to_owned).collect()));
        }
        out
    }

    fn row(number: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (number, cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn ok_separators_and_their_line() {
        for text in [
            "Vendor,Model\nABB,REF615\n",
            "Vendor;Model\r\nABB;REF615\r\n",
            "Vendor\tModel\nABB\tREF615",
            "Vendor|Model\rABB|REF615\r",
        ] {
            assert_eq!(records(text), [row(1, &["Vendor", "Model"]), row(2, &["ABB", "REF615"])], "{text:?}");
        }
        assert_eq!(records("sep=;\r\na,b;c\r\n"), [row(2, &["a,b", "c"])]);
        assert_eq!(records("\"SEP=|\"\nVendor|Model, rev"), [row(2, &["Vendor", "Model, rev"])]);
    }

    #[test]
    fn ok_record_numbers_are_the_lines_where_records_start() {
        let text = "Tag,Model,Notes\n1,A,\"two\nlines\"\n\n2,B,\"x\r\ny\r\nz\"\n3,C,\n";
        assert_eq!(
            records(text),
            [
                row(1, &["Tag", "Model", "Notes"]),
                row(2, &["1", "A", "two\nlines"]),
                row(5, &["2", "B", "x\r\ny\r\nz"]),
                row(8, &["3", "C", ""])
            ]
        );
    }

    #[test]
    fn ok_broken_quotes_do_not_swallow_the_list() {
        assert_eq!(
            records("Tag,Notes\n1,\"fitted in 10\" cut-out\"\n2,x\n")[1],
            row(2, &["1", "fitted in 10\" cut-out"])
        );
        assert_eq!(records("Tag,Notes\n1,\"says \"\"no\"\"\"\n")[1], row(2, &["1", "says \"no\""]));
        assert_eq!(
            records("Tag,Model\n1,\"open\n2,B\n3,C\n"),
            [row(1, &["Tag", "Model"]), row(2, &["1", "\"open"]), row(3, &["2", "B"]), row(4, &["3", "C"])]
        );
        assert_eq!(records("Tag,Model\n1,10\" panel\n")[1], row(2, &["1", "10\" panel"]));
        assert_eq!(records("Tag,Model\n\"\",\"\"\n1,B")[1], row(3, &["1", "B"]));
    }

    #[test]
    fn ok_lines_wrapped_in_quotes_are_unwrapped() {
        let text = "\"Tag;Model;Notes\"\n\"1;B;\"\"x; y\"\"\"\n\"2;C;z\"\n";
        assert_eq!(
            records(text),
            [row(1, &["Tag", "Model", "Notes"]), row(2, &["1", "B", "x; y"]), row(3, &["2", "C", "z"])]
        );
    }

    #[test]
    fn ok_records_over_the_edge_of_the_buffer_stay_whole() {
        let mut text = String::from("Tag;Model\n");
        for i in 0..60_000 {
            text.push_str(&format!("{i};\"Model {i} \"\"Ä\"\"\"\n"));
        }
        let all = records(&text);
        assert_eq!(all.len(), 60_001);
        assert_eq!(all[60_000], row(60_001, &["59999", "Model 59999 \"Ä\""]));
    }
}
