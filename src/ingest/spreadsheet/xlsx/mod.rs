//! XLSX and XLSM workbooks. They are read here and not through a library, because the matching needs what a person sees
//! (number formats, hidden rows, merged areas) and one pass over a sheet must give it all.
//!
//! # Source
//!
//! ECMA-376 Part 1, chapter 18 (SpreadsheetML).

use std::io::{Read, Seek};

use quick_xml::events::Event;
use zip::ZipArchive;
use zip::result::ZipError;

use super::error::ReadFault;
use super::limits::Limits;
use super::raw::RawSheet;
use super::xml;

mod sheet;
mod strings;
mod styles;

use strings::Strings;
use styles::Styles;

/// An open workbook: its list of sheets and what all sheets share.
pub struct Workbook<R> {
    archive: ZipArchive<R>,
    sheets: Vec<SheetPart>,
    strings: Strings,
    styles: Styles,
    days_1904: bool,
    limits: Limits,
    cells_left: u64,
}

struct SheetPart {
    name: String,
    hidden: bool,
    path: String,
}

impl<R: Read + Seek> Workbook<R> {
    /// Opens a workbook and reads its shared strings and number formats.
    ///
    /// # Errors
    ///
    /// When the archive is cut off, damaged, protected, a bomb, or no workbook.
    pub fn open(source: R, limits: Limits) -> Result<Workbook<R>, ReadFault> {
        let mut archive = ZipArchive::new(source).map_err(archive_fault)?;
        let workbook_path = find_workbook(&mut archive, limits)?;
        let folder = workbook_path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let relations = read_relations(&mut archive, &relations_path(&workbook_path), limits)?;
        let target =
            |id: &str| relations.iter().find(|r| r.id == id).map(|r| (join(&folder, &r.target), r.kind.as_str()));
        let (mut sheets, mut days_1904) = (Vec::new(), false);
        each_start(&mut archive, &workbook_path, limits, |e| {
            if xml::is(e, "workbookPr") {
                days_1904 = xml::attribute(e, "date1904").is_some_and(|v| v == "1" || v == "true");
            } else if xml::is(e, "sheet") {
                // The relation's attribute is `r:id`; `sheetId` is another one.
                let id = xml::attribute(e, "id").unwrap_or_default();
                if let Some((path, kind)) = target(&id)
                    && (kind.is_empty() || kind.ends_with("/worksheet"))
                {
                    let hidden = xml::attribute(e, "state").is_some_and(|s| s != "visible");
                    sheets.push(SheetPart {
                        name: xml::attribute(e, "name").unwrap_or_default().into_owned(),
                        hidden,
                        path,
                    });
                }
            }
        })?;
        let shared = |kind: &str| relations.iter().find(|r| r.kind.ends_with(kind)).map(|r| join(&folder, &r.target));
        let strings = match shared("/sharedStrings") {
            Some(path) => Strings::read(&mut archive, &path, limits)?,
            None => Strings::default(),
        };
        let styles = match shared("/styles") {
            Some(path) => Styles::read(&mut archive, &path, limits)?,
            None => Styles::default(),
        };
        Ok(Workbook { archive, sheets, strings, styles, days_1904, limits, cells_left: limits.cells })
    }

    /// How many sheets the workbook has.
    pub fn sheet_count(&self) -> usize {
        self.sheets.len()
    }

    /// Reads one sheet.
    ///
    /// # Errors
    ///
    /// When the sheet is damaged or larger than the limits allow.
    pub fn read_sheet(&mut self, index: usize) -> Result<RawSheet, ReadFault> {
        let part = &self.sheets[index];
        let file = match self.archive.by_name(&part.path) {
            Ok(file) => file,
            Err(e) => return Err(part_fault(e, &part.path)),
        };
        let mut raw = sheet::read(
            file,
            &part.path,
            &self.strings,
            &self.styles,
            self.days_1904,
            self.limits,
            &mut self.cells_left,
        )?;
        raw.name.clone_from(&part.name);
        raw.hidden = part.hidden;
        Ok(raw)
    }
}

struct Relation {
    id: String,
    kind: String,
    target: String,
}

fn find_workbook<R: Read + Seek>(archive: &mut ZipArchive<R>, limits: Limits) -> Result<String, ReadFault> {
    let root = read_relations(archive, "_rels/.rels", limits).unwrap_or_default();
    let named = root.iter().find(|r| r.kind.ends_with("/officeDocument")).map(|r| join("", &r.target));
    let path = named.unwrap_or_else(|| "xl/workbook.xml".to_owned());
    if archive.index_for_name(&path).is_some() {
        return Ok(path);
    }
    let found = match archive.file_names().next() {
        _ if archive.index_for_name("word/document.xml").is_some() => "a text document",
        _ if archive.index_for_name("ppt/presentation.xml").is_some() => "a presentation",
        Some(_) => "an archive without a workbook",
        None => "an empty archive",
    };
    Err(ReadFault::WrongType { expected: "a workbook", found: found.to_owned() })
}

fn relations_path(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, file)) => format!("{folder}/_rels/{file}.rels"),
        None => format!("_rels/{path}.rels"),
    }
}

fn read_relations<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    path: &str,
    limits: Limits,
) -> Result<Vec<Relation>, ReadFault> {
    let mut out = Vec::new();
    each_start(archive, path, limits, |e| {
        if xml::is(e, "Relationship") {
            let text = |name: &str| xml::attribute(e, name).unwrap_or_default().into_owned();
            out.push(Relation { id: text("Id"), kind: text("Type"), target: text("Target") });
        }
    })?;
    Ok(out)
}

/// The relations of a workbook part in the folder `xl`, as (id, path in the archive).
pub fn relations(part: &[u8], limits: Limits) -> Result<Vec<(String, String)>, ReadFault> {
    let mut out = Vec::new();
    let mut reader = xml::reader(part, limits.part_bytes);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|e| xml::fault(e, "the relations", limits.part_bytes))? {
            Event::Start(e) if xml::is(&e, "Relationship") => {
                let text = |name: &str| xml::attribute(&e, name).unwrap_or_default().into_owned();
                out.push((text("Id"), join("xl", &text("Target"))));
            }
            Event::Eof => return Ok(out),
            _ => {}
        }
    }
}

/// A relation's target as a path in the archive.
fn join(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in target.split(['/', '\\']) {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Calls `on_start` for each element of a part.
fn each_start<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    path: &str,
    limits: Limits,
    mut on_start: impl FnMut(&quick_xml::events::BytesStart<'_>),
) -> Result<(), ReadFault> {
    let file = archive.by_name(path).map_err(|e| part_fault(e, path))?;
    let mut reader = xml::reader(file, limits.part_bytes);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|e| xml::fault(e, path, limits.part_bytes))? {
            Event::Start(e) => on_start(&e),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The fault that an archive which cannot be opened stands for.
pub fn archive_fault(error: ZipError) -> ReadFault {
    match error {
        ZipError::Io(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => ReadFault::Io(e),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ReadFault::Password,
        _ => ReadFault::Truncated { detail: "no zip directory at its end".to_owned() },
    }
}

fn part_fault(error: ZipError, part: &str) -> ReadFault {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ReadFault::Password,
        ZipError::FileNotFound => {
            ReadFault::Damaged { part: part.to_owned(), detail: "the part is missing".to_owned() }
        }
        other => ReadFault::Damaged { part: part.to_owned(), detail: other.to_string() },
    }
}
