//! What a file is, by its first bytes; its name is only a hint for people.

use std::io::{self, Read, Seek, SeekFrom};

/// The kinds of files that can be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Container {
    Empty,
    /// XLSX, XLSM, XLSB, ODS: told apart by their parts.
    Zip,
    /// XLS, or an encrypted workbook.
    Compound,
    /// A web page with a table, which many programs save under the name `.xls`.
    Html,
    /// The XML spreadsheet of 2003.
    SpreadsheetMl,
    Text,
    /// Something that holds no inventory, in words.
    Other(&'static str),
}

/// Looks at the first bytes and goes back to the start.
pub fn sniff(source: &mut (impl Read + Seek)) -> io::Result<Container> {
    source.seek(SeekFrom::Start(0))?;
    let mut start = Vec::new();
    source.by_ref().take(4096).read_to_end(&mut start)?;
    source.seek(SeekFrom::Start(0))?;
    Ok(of(&start))
}

fn of(start: &[u8]) -> Container {
    let known: [(&[u8], Container); 16] = [
        (b"PK\x03\x04", Container::Zip),
        (b"PK\x05\x06", Container::Zip),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Container::Compound),
        (b"%PDF", Container::Other("a PDF document")),
        (b"\x89PNG", Container::Other("a PNG picture")),
        (b"\xff\xd8\xff", Container::Other("a JPEG picture")),
        (b"GIF8", Container::Other("a GIF picture")),
        (b"\x1f\x8b", Container::Other("a gzip archive")),
        (b"\x28\xb5\x2f\xfd", Container::Other("a zstd archive")),
        (b"BZh", Container::Other("a bzip2 archive")),
        (b"7z\xbc\xaf", Container::Other("a 7z archive")),
        (b"Rar!", Container::Other("a RAR archive")),
        (b"{\\rtf", Container::Other("a text document (RTF)")),
        (b"MZ", Container::Other("a program")),
        (b"\x7fELF", Container::Other("a program")),
        (b"SQLite format 3", Container::Other("a SQLite database")),
    ];
    if let Some((_, container)) = known.into_iter().find(|(magic, _)| start.starts_with(magic)) {
        return container;
    }
    let text = String::from_utf8_lossy(start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start)).to_ascii_lowercase();
    let begin = text.trim_start();
    if begin.is_empty() {
        return Container::Empty;
    }
    if begin.starts_with("<?xml") || begin.starts_with('<') {
        if text.contains("urn:schemas-microsoft-com:office:spreadsheet") {
            return Container::SpreadsheetMl;
        }
        if text.contains("<html")
            || text.contains("<table")
            || text.contains("<!doctype html")
            || text.contains("<meta")
        {
            return Container::Html;
        }
        if begin.starts_with("<?xml") {
            return Container::Other("an XML document that is no spreadsheet");
        }
    }
    if (begin.starts_with('{') || begin.starts_with('['))
        && text.contains('"')
        && text.contains(':')
        && !begin.lines().next().is_some_and(|l| l.contains(';'))
    {
        return Container::Other("a JSON document");
    }
    // Text has no zero bytes, but for UTF-16, where every second one is.
    let zeros_at = |offset: usize| start.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros_at(0), zeros_at(1));
    let zeros = even + odd;
    let controls = start
        .iter()
        .filter(|b| **b < 0x20 && !matches!(**b, 0 | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1a | 0x1b | 0x1c..=0x1f))
        .count();
    let wide = start.starts_with(b"\xff\xfe")
        || start.starts_with(b"\xfe\xff")
        || (even.max(odd) * 10 >= start.len() && even.min(odd) * 10 <= even.max(odd));
    if !wide && (zeros * 20 > start.len() || controls * 10 > start.len()) {
        Container::Other("binary data of an unknown kind")
    } else {
        Container::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_files_are_told_by_their_bytes() {
        for (bytes, want) in [
            (&b""[..], Container::Empty),
            (b"  \r\n", Container::Empty),
            (b"PK\x03\x04rest", Container::Zip),
            (b"%PDF-1.7", Container::Other("a PDF document")),
            (b"<html><body><table>", Container::Html),
            (
                b"\xef\xbb\xbf<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                Container::SpreadsheetMl,
            ),
            (b"Tag;Model\n1;A\n", Container::Text),
            (b"\xff\xfeT\0a\0g\0", Container::Text),
            (b"T\0a\0g\0;\0M\0", Container::Text),
            (b"{\"a\": 1}", Container::Other("a JSON document")),
            (b"\x00\x00\x00\x00\x01\x02\x03\x04\x00\x00", Container::Other("binary data of an unknown kind")),
        ] {
            assert_eq!(of(bytes), want, "{bytes:?}");
        }
    }
}
