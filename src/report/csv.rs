//! CSV for spreadsheets and scripts: UTF-8 with a byte order mark, CRLF, quoting as in RFC 4180.
//!
//! A spreadsheet program may run a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break as a formula, so
//! such a text gets a leading apostrophe. A script that wants the text as written removes an apostrophe that is
//! followed by one of these characters. All other texts are exactly as in the inventory or the advisory.

use std::borrow::Cow;
use std::io::{self, Write};

use super::columns::COLUMNS;
use super::row::Report;

/// Writes a header line with the names of [`COLUMNS`] and one line per row.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_csv(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(COLUMNS.iter().map(|column| column.name))?;
    for row in &report.rows {
        for column in &COLUMNS {
            writer.write_field(inert((column.value)(row).cell()).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

/// The text with an apostrophe in front when a spreadsheet program could take it for a formula.
///
/// The full-width forms count too: some programs fold them to ASCII when they open the file.
pub fn inert(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_inert_and_other_texts_stay() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1", "'＝1"),
            ("3.1.2", "3.1.2"),
            ("'quoted'", "'quoted'"),
            ("", ""),
        ] {
            assert_eq!(inert(Cow::Borrowed(text)), written);
        }
    }
}
