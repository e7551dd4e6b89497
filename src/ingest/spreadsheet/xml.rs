//! Small tools for the XML inside of workbooks: attributes, entities, a reader that stops at a limit.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart};

use super::error::ReadFault;

/// Bytes of one part of a workbook, with an end that protects against bombs.
pub struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(read)
    }
}

/// An XML reader over a part that may unpack to `limit_bytes` at most.
pub fn reader<R: Read>(part: R, limit_bytes: u64) -> Reader<BufReader<Limited<R>>> {
    let mut reader =
        Reader::from_reader(BufReader::with_capacity(64 * 1024, Limited { inner: part, left: limit_bytes }));
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = false;
    config.check_comments = false;
    config.trim_text(false);
    reader
}

/// The fault that an XML error in `part` stands for.
pub fn fault(error: quick_xml::Error, part: &str, limit_bytes: u64) -> ReadFault {
    match &error {
        quick_xml::Error::Io(e) if e.kind() == io::ErrorKind::FileTooLarge => {
            ReadFault::Bomb { part: part.to_owned(), limit_bytes }
        }
        quick_xml::Error::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            ReadFault::Truncated { detail: format!("`{part}` ends too early") }
        }
        _ => ReadFault::Damaged { part: part.to_owned(), detail: error.to_string() },
    }
}

/// The value of an attribute by its local name, entities resolved.
pub fn attribute<'a>(element: &'a BytesStart<'_>, name: &str) -> Option<Cow<'a, str>> {
    attributes(element).find(|(key, _)| *key == name).map(|(_, value)| unescape(value))
}

/// All attributes as (local name, raw value). Malformed ones end the list.
pub fn attributes<'a>(element: &'a BytesStart<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mut rest = element.attributes_raw();
    std::iter::from_fn(move || {
        let equals = rest.find('=')?;
        let key = rest[..equals].trim();
        let behind = rest[equals + 1..].trim_start();
        let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = behind[1..].find(quote)? + 1;
        rest = &behind[end + 1..];
        Some((key.rsplit(':').next().unwrap_or(key), &behind[1..end]))
    })
}

/// The text with XML entities resolved; unknown ones stay as they are, so that no bomb can grow.
pub fn unescape(text: &str) -> Cow<'_, str> {
    quick_xml::escape::unescape(text).unwrap_or(Cow::Borrowed(text))
}

/// Appends the character that an entity stands for.
pub fn push_entity(entity: &BytesRef<'_>, out: &mut String) {
    match entity.resolve_char_ref() {
        Ok(Some(c)) => out.push(c),
        _ => match entity.borrow().into_inner().as_ref() {
            "amp" => out.push('&'),
            "lt" => out.push('<'),
            "gt" => out.push('>'),
            "quot" => out.push('"'),
            "apos" => out.push('\''),
            "nbsp" => out.push(' '),
            _ => {}
        },
    }
}

/// Whether an element's local name is `name`.
pub fn is(element: &BytesStart<'_>, name: &str) -> bool {
    element.local_name().as_ref() == name
}

/// Resolves `_x000D_` and the like, which Excel writes for control characters.
pub fn excel_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let code = rest
            .get(at + 2..at + 6)
            .filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'))
            .and_then(|h| u32::from_str_radix(h, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The bytes up to the end of a source, for parts that are looked at whole.
pub fn read_all(part: impl Read, name: &str, limit_bytes: u64) -> Result<Vec<u8>, ReadFault> {
    let mut out = Vec::new();
    let mut limited = BufReader::new(Limited { inner: part, left: limit_bytes });
    loop {
        let piece =
            limited.fill_buf().map_err(|e| fault(quick_xml::Error::Io(std::sync::Arc::new(e)), name, limit_bytes))?;
        if piece.is_empty() {
            return Ok(out);
        }
        out.extend_from_slice(piece);
        let read = piece.len();
        limited.consume(read);
    }
}
