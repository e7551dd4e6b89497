//! The rows of a file that were not imported, as a CSV that can be put right and imported: the columns of the file, a
//! column for the site or area that the rows only stood under, and the reason.

use std::borrow::Cow;
use std::io::{self, Write};

use super::csv::inert;
use crate::domain::inventory::{ColumnReading, Field, REJECT_REASON, RejectedRow};

/// Writes the rows with the headers that stood above them. Rows of several tables share the columns of the same name.
/// `default_site` is the site of rows that name none and stand under none.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_rejects(
    rejected: &[RejectedRow],
    columns: &[ColumnReading],
    default_site: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let headers = all_headers(rejected);
    let column_of = |field: Field| {
        let column = columns.iter().find(|column| column.fields == [field])?;
        headers.iter().position(|header| *header == column.header)
    };
    let (site, area) = (column_of(Field::Site), column_of(Field::Area));
    let add_area = area.is_none() && rejected.iter().any(|row| !row.area.is_empty());

    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let mut names: Vec<&str> = headers.clone();
    names.extend(site.is_none().then_some("site"));
    names.extend(add_area.then_some("area"));
    names.push(REJECT_REASON);
    writer.write_record(names.iter().map(|name| safe(name)).map(Cow::into_owned))?;
    for row in rejected {
        let row_site = if row.site.is_empty() { default_site } else { &row.site };
        let mut cells = placed(row, &headers);
        for (column, value) in [(site, row_site), (area, row.area.as_str())] {
            if let Some(cell) = column.and_then(|column| cells.get_mut(column))
                && cell.is_empty()
            {
                *cell = value;
            }
        }
        cells.extend(site.is_none().then_some(row_site));
        cells.extend(add_area.then_some(row.area.as_str()));
        cells.push(&row.why);
        writer.write_record(cells.into_iter().map(|cell| safe(cell).into_owned()))?;
    }
    writer.flush()
}

/// The headers of all rows, each name once, and as many blank ones as the row with the most cells without a header
/// needs. In the order in which they are met.
fn all_headers(rejected: &[RejectedRow]) -> Vec<&str> {
    let mut headers: Vec<&str> = Vec::new();
    for row in rejected {
        let width = row.cells.len().max(row.headers.len());
        let mut n_blank = 0;
        for column in 0..width {
            let header = header_of(row, column);
            if header == REJECT_REASON {
                continue;
            }
            if header.is_empty() {
                n_blank += 1;
                if headers.iter().filter(|known| known.is_empty()).count() >= n_blank {
                    continue;
                }
            } else if headers.contains(&header) {
                continue;
            }
            headers.push(header);
        }
    }
    headers
}

fn header_of(row: &RejectedRow, column: usize) -> &str {
    row.headers.get(column).map_or("", String::as_str)
}

/// The cells of a row under these headers; blank headers are taken in their order.
fn placed<'a>(row: &'a RejectedRow, headers: &[&str]) -> Vec<&'a str> {
    let mut cells = vec![""; headers.len()];
    let mut blanks = headers.iter().enumerate().filter(|(_, header)| header.is_empty()).map(|(at, _)| at);
    for (column, cell) in row.cells.iter().enumerate() {
        let header = header_of(row, column);
        let at = if header.is_empty() { blanks.next() } else { headers.iter().position(|known| *known == header) };
        if let Some(at) = at {
            cells[at] = cell;
        }
    }
    cells
}

/// The text made inert where a spreadsheet would run it; a lone `-` for "not stated" is only a text.
fn safe(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_alphanumeric) { inert(Cow::Borrowed(text)) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(headers: &[&str], cells: &[&str], site: &str) -> RejectedRow {
        RejectedRow {
            headers: headers.iter().map(|h| (*h).to_owned()).collect(),
            cells: cells.iter().map(|c| (*c).to_owned()).collect(),
            site: site.to_owned(),
            why: "no model".to_owned(),
            ..RejectedRow::default()
        }
    }

    fn column(header: &str, field: Field) -> ColumnReading {
        ColumnReading { sheet: String::new(), header: header.to_owned(), fields: vec![field], how: String::new() }
    }

    fn written(rejected: &[RejectedRow], columns: &[ColumnReading]) -> Vec<String> {
        let mut out = Vec::new();
        write_rejects(rejected, columns, "plant", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_columns_of_the_file_come_back_with_the_site_that_stood_over_them_and_the_reason() {
        let rejected = [row(&["Tag", "", "Model"], &["T1", "x", ""], "North"), row(&["Tag", "", "Model"], &["T2"], "")];
        let want = ["Tag,,Model,site,reason not imported", "T1,x,,North,no model", "T2,,,plant,no model"];
        assert_eq!(written(&rejected, &[column("Tag", Field::AssetId)]), want);
    }

    #[test]
    fn a_column_for_the_site_is_filled_where_it_is_blank() {
        let rejected = [row(&["Werk", "Tag"], &["", "T1"], "North"), row(&["Werk", "Tag"], &["South", "T2"], "North")];
        let want = ["Werk,Tag,reason not imported", "North,T1,no model", "South,T2,no model"];
        assert_eq!(written(&rejected, &[column("Werk", Field::Site)]), want);
    }

    #[test]
    fn rows_of_several_tables_share_columns_and_formulas_are_inert() {
        let rejected =
            [row(&["Tag", "Model"], &["=1+1", "-"], "A"), row(&["Model", "Serial"], &["", "S1", "more"], "B")];
        let want = ["Tag,Model,Serial,,site,reason not imported", "'=1+1,-,,,A,no model", ",,S1,more,B,no model"];
        assert_eq!(written(&rejected, &[]), want);
    }
}
