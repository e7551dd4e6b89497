//! The number formats of a workbook, by cell style.

use std::io::{Read, Seek};

use quick_xml::events::Event;
use rustc_hash::FxHashMap;
use zip::ZipArchive;

use super::super::error::ReadFault;
use super::super::limits::Limits;
use super::super::number_format::NumberFormat;
use super::super::xml;
use super::part_fault;

/// The number format of each cell style.
#[derive(Default)]
pub struct Styles {
    formats: Vec<NumberFormat>,
}

impl Styles {
    /// The format of a style; `None` for the plain one.
    pub fn get(&self, style: usize) -> Option<&NumberFormat> {
        self.formats.get(style).filter(|f| !f.is_general())
    }

    /// Reads `styles.xml`.
    ///
    /// # Errors
    ///
    /// When the part is damaged or too large.
    pub fn read<R: Read + Seek>(archive: &mut ZipArchive<R>, path: &str, limits: Limits) -> Result<Styles, ReadFault> {
        let file = match archive.by_name(path) {
            Ok(file) => file,
            Err(zip::result::ZipError::FileNotFound) => return Ok(Styles::default()),
            Err(e) => return Err(part_fault(e, path)),
        };
        let mut reader = xml::reader(file, limits.part_bytes);
        let (mut codes, mut formats, mut buffer) = (FxHashMap::default(), Vec::new(), Vec::new());
        let mut in_cell_formats = false;
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer).map_err(|e| xml::fault(e, path, limits.part_bytes))? {
                Event::Start(e) => match e.local_name().as_ref() {
                    "numFmt" => {
                        let id = xml::attribute(&e, "numFmtId").and_then(|v| v.parse::<u32>().ok());
                        if let (Some(id), Some(code)) = (id, xml::attribute(&e, "formatCode")) {
                            codes.insert(id, NumberFormat::read(&code));
                        }
                    }
                    "cellXfs" => in_cell_formats = true,
                    "xf" if in_cell_formats => {
                        let id = xml::attribute(&e, "numFmtId").and_then(|v| v.parse::<u32>().ok()).unwrap_or(0);
                        formats.push(codes.get(&id).cloned().unwrap_or_else(|| NumberFormat::built_in(id)));
                    }
                    _ => {}
                },
                Event::End(e) if e.local_name().as_ref() == "cellXfs" => in_cell_formats = false,
                Event::Eof => return Ok(Styles { formats }),
                _ => {}
            }
        }
    }
}
