//! Web pages with tables, which many programs save under the name `.xls`. The markup is often broken, so only rows and
//! cells are looked for.

use super::error::ReadFault;
use super::limits::Limits;
use super::raw::{RawRow, RawSheet};

/// Reads all tables of a page; each is a sheet. A table inside of a cell is text of that cell.
///
/// # Errors
///
/// When the page has no table or too many cells.
pub fn read(page: &str, limits: Limits) -> Result<Vec<RawSheet>, ReadFault> {
    let mut out: Vec<RawSheet> = Vec::new();
    let mut reader = Page { rest: page };
    let mut cells_left = limits.cells;
    let (mut depth, mut row, mut number) = (0usize, None::<RawRow>, 0u32);
    let mut cell: Option<(String, usize, u32)> = None;
    while let Some(piece) = reader.next() {
        match piece {
            Piece::Text(text) => {
                if let Some((content, ..)) = &mut cell {
                    content.push_str(&entities(text));
                }
            }
            Piece::Open(name, attributes) => match name.as_str() {
                "table" => {
                    depth += 1;
                    if depth == 1 {
                        out.push(RawSheet { name: format!("Table {}", out.len() + 1), ..RawSheet::default() });
                        number = 0;
                    }
                }
                "tr" if depth == 1 => {
                    close_cell(&mut cell, &mut row, &mut out, &mut cells_left, limits)?;
                    close_row(&mut row, &mut out);
                    number = number.saturating_add(1);
                    row = Some(RawRow::new(number));
                }
                "td" | "th" if depth == 1 => {
                    close_cell(&mut cell, &mut row, &mut out, &mut cells_left, limits)?;
                    let span = |name: &str| {
                        attribute(attributes, name).and_then(|v| v.parse::<u32>().ok()).unwrap_or(1).clamp(1, 16_384)
                    };
                    cell = Some((String::new(), span("colspan") as usize, span("rowspan")));
                }
                "br" | "p" | "div" | "li" => {
                    if let Some((content, ..)) = cell.as_mut().filter(|c| !c.0.trim().is_empty()) {
                        content.push('\n');
                    }
                }
                _ => {}
            },
            Piece::Close(name) => match name.as_str() {
                "table" => {
                    if depth == 1 {
                        close_cell(&mut cell, &mut row, &mut out, &mut cells_left, limits)?;
                        close_row(&mut row, &mut out);
                    }
                    depth = depth.saturating_sub(1);
                }
                "td" | "th" if depth == 1 => close_cell(&mut cell, &mut row, &mut out, &mut cells_left, limits)?,
                "tr" if depth == 1 => {
                    close_cell(&mut cell, &mut row, &mut out, &mut cells_left, limits)?;
                    close_row(&mut row, &mut out);
                }
                _ => {}
            },
        }
    }
    close_cell(&mut cell, &mut row, &mut out, &mut cells_left, limits)?;
    close_row(&mut row, &mut out);
    out.retain(|s| s.rows.len() > 1);
    if out.is_empty() {
        return Err(ReadFault::WrongType {
            expected: "a list of devices (CSV or a workbook)",
            found: "a web page without a table".to_owned(),
        });
    }
    Ok(out)
}

/// A cell being read: its text and how many columns and rows it spans.
type OpenCell = Option<(String, usize, u32)>;

fn close_cell(
    cell: &mut OpenCell,
    row: &mut Option<RawRow>,
    out: &mut [RawSheet],
    cells_left: &mut u64,
    limits: Limits,
) -> Result<(), ReadFault> {
    let (Some((text, columns, rows)), Some(row), Some(sheet)) = (cell.take(), row.as_mut(), out.last_mut()) else {
        return Ok(());
    };
    *cells_left = cells_left.checked_sub(1).ok_or(ReadFault::TooMany {
        what: "very many cells",
        limit: limits.cells,
        found: limits.cells + 1,
    })?;
    // Places that cells above reach down into are not in the markup of this row.
    while sheet
        .merged
        .iter()
        .rev()
        .take(64)
        .any(|m| (m.0 + 1..=m.2).contains(&row.number) && (m.1..=m.3).contains(&(row.len() as u32)))
    {
        row.push("");
    }
    let left = row.len() as u32;
    if rows > 1 {
        sheet.merged.push((row.number, left, row.number + rows - 1, left + columns as u32 - 1));
    }
    row.push(text.trim());
    row.pad_to((left as usize + columns).min(super::delimited::MAX_COLUMNS));
    Ok(())
}

fn close_row(row: &mut Option<RawRow>, out: &mut [RawSheet]) {
    if let (Some(row), Some(sheet)) = (row.take(), out.last_mut())
        && !row.is_blank()
    {
        sheet.rows.push(row);
    }
}

/// The text with its entities resolved; XML knows only five of those that pages use.
fn entities(text: &str) -> std::borrow::Cow<'_, str> {
    const NAMED: [(&str, &str); 22] = [
        ("&nbsp;", " "),
        ("&auml;", "ä"),
        ("&ouml;", "ö"),
        ("&uuml;", "ü"),
        ("&Auml;", "Ä"),
        ("&Ouml;", "Ö"),
        ("&Uuml;", "Ü"),
        ("&szlig;", "ß"),
        ("&eacute;", "é"),
        ("&egrave;", "è"),
        ("&agrave;", "à"),
        ("&ccedil;", "ç"),
        ("&ecirc;", "ê"),
        ("&ntilde;", "ñ"),
        ("&atilde;", "ã"),
        ("&deg;", "°"),
        ("&ndash;", "–"),
        ("&mdash;", "—"),
        ("&reg;", "®"),
        ("&trade;", "™"),
        ("&copy;", "©"),
        ("&middot;", "·"),
    ];
    if !text.contains('&') {
        return text.into();
    }
    let mut out = text.to_owned();
    for (name, sign) in NAMED {
        out = out.replace(name, sign);
    }
    match super::xml::unescape(&out) {
        std::borrow::Cow::Owned(resolved) => resolved.into(),
        std::borrow::Cow::Borrowed(_) => out.into(),
    }
}

struct Page<'a> {
    rest: &'a str,
}

enum Piece<'a> {
    Text(&'a str),
    Open(String, &'a str),
    Close(String),
}

impl<'a> Page<'a> {
    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(tag) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Piece::Text(text));
            };
            if let Some(comment) = tag.strip_prefix("!--") {
                self.rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
                continue;
            }
            let Some(end) = tag.find('>') else {
                self.rest = "";
                return None;
            };
            let inside = &tag[..end];
            self.rest = &tag[end + 1..];
            let name: String = inside
                .trim_start_matches('/')
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric())
                .collect::<String>()
                .to_ascii_lowercase();
            if !inside.starts_with('/') && (name == "script" || name == "style") {
                let close = format!("</{name}");
                let bytes = self.rest.as_bytes();
                let at = bytes.windows(close.len()).position(|w| w.eq_ignore_ascii_case(close.as_bytes()));
                self.rest = at.map_or("", |at| &self.rest[at..]);
                continue;
            }
            return Some(if inside.starts_with('/') { Piece::Close(name) } else { Piece::Open(name, inside) });
        }
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.to_ascii_lowercase().find(&format!("{name}="))? + name.len() + 1;
    let value = tag.get(at..)?.trim_start_matches(['"', '\'']);
    Some(&value[..value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_tables_of_broken_pages_are_read() {
        let page = "<html><style>td {}</style><table border=1><tr><th>Tag<th>Vendor<th>Model</tr><tr><td>A&amp;1<td rowspan=2>ABB<td>ACS880<br>01\n<tr><td>A2<td><!-- x -->ACS550</table></html>";
        let sheets = read(page, Limits::default()).unwrap();
        let rows: Vec<Vec<&str>> = sheets[0].rows.iter().map(|r| r.cells().collect()).collect();
        assert_eq!(rows, [vec!["Tag", "Vendor", "Model"], vec!["A&1", "ABB", "ACS880\n01"], vec!["A2", "", "ACS550"]]);
        assert_eq!(sheets[0].merged, [(2, 1, 3, 1)]);
        assert!(read("<html><p>no table</p>", Limits::default()).is_err());
    }
}
