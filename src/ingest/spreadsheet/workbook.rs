//! Workbooks: which sheets hold devices, which hold lists of values, and what the sheets' names say about sites.

use std::io::{Cursor, Read, Seek};

use calamine::{Reader, Xls, Xlsb};
use zip::ZipArchive;

use crate::domain::inventory::{Field, InventoryReading, SkippedSheet};

use super::biff::Looks;
use super::compound::Compound;
use super::container::Container;
use super::encoding::{self, Decoded};
use super::error::ReadFault;
use super::layout::Role;
use super::legacy;
use super::limits::Limits;
use super::number_format::NumberFormat;
use super::raw::{RawRow, RawSheet};
use super::table::{self, BATCH, DeviceBatch, Sheet, Tables};
use super::{ReadOptions, biff12, html_table, ods, refuse, spreadsheet_ml, words, xlsx, xml};

/// Reads all sheets of a workbook.
pub fn read(
    container: Container,
    source: &mut (impl Read + Seek),
    options: &ReadOptions,
    on_batch: &mut dyn FnMut(DeviceBatch),
) -> Result<InventoryReading, ReadFault> {
    let mut sheets = open(container, source, options.limits)?;
    sheets.iter_mut().flat_map(|sheet| &mut sheet.rows).for_each(RawRow::trim_end);
    let mut reading = InventoryReading::default();
    let named = sites_by_name(&sheets);
    let legends: Vec<bool> = sheets.iter().map(is_legend).collect();
    let has_table = |sheet: &RawSheet| super::find_header::find(&sheet.rows).is_some();
    let has_others = sheets.iter().zip(&legends).any(|(sheet, legend)| !legend && has_table(sheet));
    let site_of_cover = site_of_cover(&sheets);
    let mut unread = Vec::new();
    for ((mut sheet, site), legend) in sheets.into_iter().zip(named).zip(legends) {
        let wanted = options.mapping.as_ref().is_none_or(|m| m.wants_sheet(&sheet.name));
        if !wanted {
            reading.skipped_sheets.push(SkippedSheet { name: sheet.name, why: "not chosen in the mapping".to_owned() });
            continue;
        }
        if legend && has_others && options.mapping.is_none() {
            let why = "a list of codes: its descriptions name no product".to_owned();
            reading.skipped_sheets.push(SkippedSheet { name: sheet.name, why });
            continue;
        }
        if sheet.rows.is_empty() || looks_like_lists(&sheet) {
            reading.skipped_sheets.push(table::skipped(&sheet.name, &sheet.rows));
            unread.append(&mut sheet.rows);
            continue;
        }
        sheet.fill_merged();

        let about = Sheet {
            name: &sheet.name,
            hidden: sheet.hidden,
            site,
            default_site: options.site.clone().or_else(|| site_of_cover.clone()),
            is_text_file: false,
        };
        let mut tables = Tables::new(about, options.mapping.as_ref());
        let mut rows = std::mem::take(&mut sheet.rows).into_iter();
        loop {
            let piece: Vec<_> = rows.by_ref().take(BATCH).collect();
            let last = piece.len() < BATCH;
            let mut batch = DeviceBatch::default();
            tables.read(piece, last, &mut reading, &mut batch);
            if tables.found() {
                refuse::price_list(&reading, &batch, options.mapping.is_some())?;
                on_batch(batch);
            }
            if last {
                break;
            }
        }
        if !tables.found() {
            reading.skipped_sheets.push(table::skipped(&sheet.name, tables.unread()));
            unread.extend_from_slice(tables.unread());
        }
    }
    if reading.columns.is_empty() {
        return Err(refuse::no_table(unread.iter()));
    }
    Ok(reading)
}

fn open(container: Container, source: &mut (impl Read + Seek), limits: Limits) -> Result<Vec<RawSheet>, ReadFault> {
    match container {
        Container::Zip => open_zip(source, limits),
        Container::Compound => open_xls(source, limits),
        Container::SpreadsheetMl => spreadsheet_ml::read(source, limits),
        Container::Html => {
            let (encoding, _) = encoding::detect(source).map_err(ReadFault::Io)?;
            let mut page = String::new();
            let mut decoded = Decoded::new(source, encoding);
            while decoded.read_into(&mut page).map_err(ReadFault::Io)? {}
            html_table::read(&page, limits)
        }
        Container::Empty | Container::Text | Container::Other(_) => {
            Err(ReadFault::WrongType { expected: "a workbook", found: "another kind of file".to_owned() })
        }
    }
}

fn open_zip(source: &mut (impl Read + Seek), limits: Limits) -> Result<Vec<RawSheet>, ReadFault> {
    let mut archive = ZipArchive::new(&mut *source).map_err(xlsx::archive_fault)?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("xl/workbook.bin") {
        let parts = xlsb_parts(&mut archive, limits)?;
        drop(archive);
        return open_xlsb(source, &parts, limits);
    }
    if has("content.xml") && !has("[Content_Types].xml") {
        return ods::read(&mut archive, limits);
    }
    drop(archive);
    let mut workbook = xlsx::Workbook::open(source, limits)?;
    (0..workbook.sheet_count()).map(|i| workbook.read_sheet(i)).collect()
}

fn open_xls(source: &mut (impl Read + Seek), limits: Limits) -> Result<Vec<RawSheet>, ReadFault> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(ReadFault::Io)?;
    let looks = {
        let Some(compound) = Compound::open(&bytes) else {
            return Err(ReadFault::Truncated { detail: "its directory is missing".to_owned() });
        };
        if compound.has("EncryptedPackage") {
            return Err(ReadFault::Password);
        }
        let Some(stream) = compound.stream("Workbook").or_else(|| compound.stream("Book")) else {
            let found = if compound.has("WordDocument") {
                "a text document (DOC)"
            } else {
                "an Office file without a workbook"
            };
            return Err(ReadFault::WrongType { expected: "a workbook", found: found.to_owned() });
        };
        Looks::read(&stream)
    };
    if looks.places() > limits.cells {
        return Err(ReadFault::TooMany { what: "very many cells", limit: limits.cells, found: looks.places() });
    }
    legacy::guarded("the workbook", || {
        let mut workbook = Xls::new(Cursor::new(bytes.as_slice())).map_err(xls_fault)?;
        let mut out = Vec::new();
        for (index, name, hidden) in legacy::sheet_list(&workbook) {
            let range = workbook.worksheet_range(&name).map_err(xls_fault)?;
            let mut sheet = legacy::to_sheet(&range, &looks.sheet(index), limits)?;
            sheet.merged = workbook.merge_cells_by_sheet_name(&name).unwrap_or_default().iter().map(merged).collect();
            (sheet.name, sheet.hidden) = (name, hidden);
            out.push(sheet);
        }
        Ok(out)
    })
}

fn merged(area: &calamine::Dimensions) -> (u32, u32, u32, u32) {
    (area.start.0.saturating_add(1), area.start.1, area.end.0.saturating_add(1), area.end.1)
}

fn xls_fault(error: calamine::XlsError) -> ReadFault {
    match error {
        calamine::XlsError::Password => ReadFault::Password,
        calamine::XlsError::Io(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => ReadFault::Io(e),
        other => ReadFault::Damaged { part: "the workbook".to_owned(), detail: other.to_string() },
    }
}

/// What calamine does not tell of an XLSB workbook: formats, the epoch, and the part of each sheet by its name.
struct XlsbParts {
    formats: Vec<NumberFormat>,
    days_1904: bool,
    sheets: Vec<(String, Vec<u8>)>,
}

fn xlsb_parts<R: Read + Seek>(archive: &mut ZipArchive<R>, limits: Limits) -> Result<XlsbParts, ReadFault> {
    let mut part = |path: &str, limit: u64| match archive.by_name(path) {
        Ok(file) => xml::read_all(file, path, limit),
        Err(_) => Ok(Vec::new()),
    };
    let workbook = part("xl/workbook.bin", limits.part_bytes)?;
    let formats = biff12::formats(&part("xl/styles.bin", limits.part_bytes)?);
    let relations = part("xl/_rels/workbook.bin.rels", limits.part_bytes)?;
    let relations = xlsx::relations(&relations, limits)?;
    let mut sheets = Vec::new();
    for (name, id) in biff12::sheets(&workbook) {
        let Some(target) = relations.iter().find(|r| r.0 == id) else { continue };
        sheets.push((name, part(&target.1, limits.sheet_bytes)?));
    }
    Ok(XlsbParts { formats, days_1904: biff12::days_1904(&workbook), sheets })
}

fn open_xlsb(source: &mut (impl Read + Seek), parts: &XlsbParts, limits: Limits) -> Result<Vec<RawSheet>, ReadFault> {
    let fault = |e: calamine::XlsbError| ReadFault::Damaged { part: "the workbook".to_owned(), detail: e.to_string() };
    legacy::guarded("the workbook", || {
        let mut bytes = Vec::new();
        source.rewind().map_err(ReadFault::Io)?;
        source.read_to_end(&mut bytes).map_err(ReadFault::Io)?;
        let mut workbook = Xlsb::new(Cursor::new(bytes.as_slice())).map_err(fault)?;
        let mut out = Vec::new();
        for (_, name, hidden) in legacy::sheet_list(&workbook) {
            let part = parts.sheets.iter().find(|s| s.0 == name).map_or(&[][..], |s| &s.1);
            let looks = biff12::SheetLooks::read(part, &parts.formats, parts.days_1904);
            let mut cells = workbook.worksheet_cells_reader(&name).map_err(fault)?;
            let mut rows = legacy::Rows::new(&looks, limits);
            while let Some(cell) = cells.next_cell().map_err(fault)? {
                rows.push(cell.get_position(), &calamine::Data::from(cell.get_value().clone()))?;
            }
            let mut sheet = rows.finish();
            sheet.merged = looks.merged;
            (sheet.name, sheet.hidden) = (name, hidden);
            out.push(sheet);
        }
        Ok(out)
    })
}

/// The site that each sheet's name stands for: names that say so, or several sheets of the same table with names of
/// their own.
fn sites_by_name(sheets: &[RawSheet]) -> Vec<Option<String>> {
    let header = |s: &RawSheet| {
        super::find_header::find(&s.rows).map(|f| f.texts.texts.iter().map(|t| super::text::key(t)).collect::<Vec<_>>())
    };
    let headers: Vec<_> = sheets.iter().map(header).collect();
    let like_others = |at: usize| headers[at].is_some() && headers.iter().filter(|h| **h == headers[at]).count() > 1;
    sheets
        .iter()
        .enumerate()
        .map(|(at, sheet)| {
            let name = sheet.name.trim();
            let says_site = matches!(words::band(name), words::Band::Site(_)) && !words::is_plain_sheet(name);
            let own =
                like_others(at) && !words::is_plain_sheet(name) && !matches!(words::band(name), words::Band::Area(_));
            let is_vendor = super::values::vendor_of_heading(name).is_some();
            (headers[at].is_some() && (says_site || own) && !is_vendor).then(|| name.to_owned())
        })
        .collect()
}

/// The site that a sheet without a table names by a label, as covers do: `Site:` with the name beside it. `None` when
/// several are named.
fn site_of_cover(sheets: &[RawSheet]) -> Option<String> {
    const MOST_ROWS: usize = 60;
    let covers = sheets.iter().filter(|s| s.rows.len() <= MOST_ROWS && super::find_header::find(&s.rows).is_none());
    let mut named: Vec<String> = Vec::new();
    for row in covers.flat_map(|sheet| &sheet.rows) {
        let cells: Vec<&str> = row.filled_cells().map(|(_, text)| text).collect();
        let site = match cells[..] {
            [label, value] if words::is_site_label(label) => Some(super::text::clean(value).into_owned()),
            [one] if one.contains([':', '：']) => match words::band(one) {
                words::Band::Site(site) => Some(site),
                _ => None,
            },
            _ => None,
        };
        named.extend(site.filter(|site| !words::is_not_stated(site)));
    }
    named.dedup();
    (named.len() == 1).then(|| named.swap_remove(0))
}

/// Whether a sheet explains codes: a description for each, none of which names a product.
fn is_legend(sheet: &RawSheet) -> bool {
    let Some(found) = super::find_header::find(&sheet.rows) else { return false };
    let rows = &sheet.rows[(found.at + found.rows).min(sheet.rows.len())..];
    let layout = super::layout::Layout::read(&found.texts, rows, None);
    let stats = super::stats::Stats::of(rows, layout.columns.len());
    let used: Vec<usize> = (0..layout.columns.len()).filter(|c| stats.filled(*c) > 0).collect();
    let describes = |column: &usize| layout.columns[*column].role == Role::Description;
    let explains = |column: &usize| {
        matches!(layout.columns[*column].role, Role::Unmapped | Role::One(Field::AssetId | Field::Name | Field::Notes))
            || describes(column) && stats.devices(*column) == 0
    };
    used.len() <= 3 && used.iter().any(describes) && used.iter().all(explains)
}

/// Whether a sheet holds lists to pick values from: columns that do not belong together, one below the other.
fn looks_like_lists(sheet: &RawSheet) -> bool {
    let Some(found) = super::find_header::find(&sheet.rows) else { return words::is_list_sheet(&sheet.name) };
    let rows = &sheet.rows[(found.at + found.rows).min(sheet.rows.len())..];
    let layout = super::layout::Layout::read(&found.texts, rows, None);
    let own =
        [Field::SerialNumber, Field::AssetId, Field::IpAddress, Field::MacAddress, Field::PartNumber, Field::Firmware];
    if own.iter().any(|f| layout.has(*f)) {
        return false;
    }
    let stats = super::stats::Stats::of(rows, layout.columns.len());
    let used: Vec<usize> = (0..layout.columns.len()).filter(|c| stats.filled(*c) > 0).collect();
    let all_distinct = used.iter().all(|c| stats.distinct(*c) == stats.filled(*c));
    let lengths: Vec<usize> = used.iter().map(|c| stats.filled(*c)).collect();
    let uneven = lengths.iter().min() != lengths.iter().max();
    words::is_list_sheet(&sheet.name) && all_distinct
        || (all_distinct
            && uneven
            && used.len() > 1
            && (sheet.hidden || lengths.iter().min().is_some_and(|m| m * 2 <= rows.len())))
}
