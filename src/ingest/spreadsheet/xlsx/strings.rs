//! The texts that the sheets of a workbook share.

use std::io::{Read, Seek};

use quick_xml::events::Event;
use zip::ZipArchive;

use super::super::error::ReadFault;
use super::super::limits::Limits;
use super::super::xml;
use super::part_fault;

/// All shared texts in one buffer.
#[derive(Default)]
pub struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    /// The text with this number; `None` when there is none.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(&self.text[start..end])
    }

    /// Reads `sharedStrings.xml`. Reading aids for Japanese (`rPh`) are no part of a text.
    ///
    /// # Errors
    ///
    /// When the part is damaged or too large.
    pub fn read<R: Read + Seek>(archive: &mut ZipArchive<R>, path: &str, limits: Limits) -> Result<Strings, ReadFault> {
        let file = match archive.by_name(path) {
            Ok(file) => file,
            // Some programs name the part and leave it out when there are no texts.
            Err(zip::result::ZipError::FileNotFound) => return Ok(Strings::default()),
            Err(e) => return Err(part_fault(e, path)),
        };
        let mut reader = xml::reader(file, limits.strings_bytes);
        let (mut out, mut buffer) = (Strings::default(), Vec::new());
        let (mut in_text, mut in_aid) = (false, false);
        let mut one = String::new();
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer).map_err(|e| xml::fault(e, path, limits.strings_bytes))? {
                Event::Start(e) => match e.local_name().as_ref() {
                    "t" => in_text = !in_aid,
                    "rPh" => in_aid = true,
                    _ => {}
                },
                Event::End(e) => match e.local_name().as_ref() {
                    "t" => in_text = false,
                    "rPh" => in_aid = false,
                    "si" => {
                        out.text.push_str(&xml::excel_escapes(&one));
                        out.ends.push(out.text.len());
                        one.clear();
                    }
                    _ => {}
                },
                Event::Text(t) if in_text => one.push_str(&t.xml10_content()),
                Event::CData(t) if in_text => one.push_str(&t.xml10_content()),
                Event::GeneralRef(entity) if in_text => xml::push_entity(&entity, &mut one),
                Event::Eof => return Ok(out),
                _ => {}
            }
        }
    }
}
