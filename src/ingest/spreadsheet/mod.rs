//! Inventory files become rows of devices: CSV in any encoding, XLSX, XLSM, XLSB, XLS, ODS.
//!
//! ```text
//!   bytes ── container ──► text:      encoding → delimited ─┐
//!                      └─► workbook:  xlsx | ods | xls … ───┴► raw rows → find_header → layout → row → devices
//! ```
//!
//! Nothing is dropped silently: columns without a meaning are kept with each device, rows that name no device are
//! rejected with a reason, sheets without a table are listed.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::domain::inventory::{Field, InventoryReading};

mod biff;
mod biff12;
mod compound;
mod container;
mod cpe;
mod damage;
mod delimited;
mod description;
mod device_row;
mod encoding;
mod error;
mod find_header;
mod fixed_width;
mod header;
mod html_table;
mod joined;
mod layout;
mod legacy;
mod limits;
mod mapping;
mod number_format;
mod ods;
mod profile;
mod raw;
mod refuse;
mod row;
mod spreadsheet_ml;
mod stats;
mod table;
mod text;
mod turned;
mod values;
mod words;
mod workbook;
mod xlsx;
mod xml;
mod zeros;

pub use device_row::DeviceRow;
pub use error::{ReadError, ReadFault};
pub use limits::Limits;
pub use mapping::Mapping;
pub use table::{Batch, DeviceBatch};

#[cfg(test)]
mod tests;

use container::Container;
use delimited::Records;
use encoding::{Decoded, TextEncoding};
use table::{BATCH, Sheet, Tables};

/// How a file is to be read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The site of rows that name none.
    pub site: Option<String>,
    /// The user's word on columns, header row and sheets.
    pub mapping: Option<Mapping>,
    /// The encoding of a text file (`windows-1252`, `shift_jis`, `cp850`); found by itself when absent.
    pub encoding: Option<String>,
    /// The separator of a text file; found by itself when absent.
    pub delimiter: Option<u8>,
    pub limits: Limits,
}

/// Reads a whole inventory file. Rows stand in the order of the file.
///
/// # Errors
///
/// When the file gives no inventory; the error says what was expected and what was found.
pub fn read(name: &str, source: impl Read + Seek, options: &ReadOptions) -> Result<InventoryReading, ReadError> {
    let (mut rows, mut rejected) = (Vec::new(), Vec::new());
    let mut reading = read_rows(name, source, options, |batch| {
        rows.extend(batch.rows);
        rejected.extend(batch.rejected);
    })?;
    reading.rows = rows;
    reading.rejected = rejected;
    Ok(reading)
}

/// Reads an inventory file by its path.
///
/// # Errors
///
/// As `read`.
pub fn read_path(path: &Path, options: &ReadOptions) -> Result<InventoryReading, ReadError> {
    read(&path.display().to_string(), open(path)?, options)
}

/// Opens an inventory file for `read` or `read_rows`.
///
/// # Errors
///
/// When the file cannot be opened or is a folder.
pub fn open(path: &Path) -> Result<BufReader<std::fs::File>, ReadError> {
    let fail = |e| ReadError { file: path.display().to_string(), fault: ReadFault::Io(e) };
    let file = std::fs::File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.is_dir() {
        return Err(ReadError {
            file: path.display().to_string(),
            fault: ReadFault::WrongType { expected: "a file", found: "a folder".to_owned() },
        });
    }
    Ok(BufReader::with_capacity(128 * 1024, file))
}

/// Reads an inventory file piece by piece: each batch is handed over as soon as it is read, so a text file of any length
/// needs little memory. The reading that comes back has columns, skipped sheets and remarks, and no rows.
///
/// # Errors
///
/// As `read`. Batches handed over before an error belong to a file that is not wholly read.
pub fn read_rows(
    name: &str,
    source: impl Read + Seek,
    options: &ReadOptions,
    mut on_batch: impl FnMut(Batch),
) -> Result<InventoryReading, ReadError> {
    read_devices(name, source, options, |batch| on_batch(batch.into_batch()))
}

/// As [`read_rows`], with what rows alike say shared between them: a list of a million devices has some ten thousand
/// kinds of them.
///
/// # Errors
///
/// As `read`.
pub fn read_devices(
    name: &str,
    mut source: impl Read + Seek,
    options: &ReadOptions,
    mut on_batch: impl FnMut(DeviceBatch),
) -> Result<InventoryReading, ReadError> {
    let mut read = || -> Result<InventoryReading, ReadFault> {
        let size = source.seek(SeekFrom::End(0)).map_err(ReadFault::Io)?;
        let found = container::sniff(&mut source).map_err(ReadFault::Io)?;
        let limit_bytes = options.limits.workbook_bytes;
        match found {
            Container::Empty => Err(ReadFault::Empty { bytes: size }),
            Container::Text => read_text(&mut source, options, &mut on_batch),
            Container::Other(found) => {
                Err(ReadFault::WrongType { expected: "a list of devices (CSV or a workbook)", found: found.to_owned() })
            }
            _ if size > limit_bytes => Err(ReadFault::TooLarge { limit_bytes }),
            workbook => workbook::read(workbook, &mut source, options, &mut on_batch),
        }
    };
    read().map_err(|fault| ReadError { file: name.to_owned(), fault })
}

fn read_text(
    source: &mut (impl Read + Seek),
    options: &ReadOptions,
    on_batch: &mut dyn FnMut(DeviceBatch),
) -> Result<InventoryReading, ReadFault> {
    let (mut encoding, bom) = encoding::detect(source).map_err(ReadFault::Io)?;
    if let Some(label) = &options.encoding {
        encoding = TextEncoding::from_label(label)
            .ok_or_else(|| ReadFault::Mapping(format!("expected the name of an encoding, found `{label}`")))?;
    }
    let mut records = Records::open(Decoded::new(source, encoding), options.delimiter)?;
    let mut reading = InventoryReading::default();
    let mark = if bom > 0 { " with a byte-order mark" } else { "" };
    reading.remarks.push(format!(
        "text in {}{mark}, cells divided by {}",
        encoding.name(),
        sign_name(records.delimiter)
    ));
    let sheet = Sheet { name: "", hidden: false, site: None, default_site: options.site.clone(), is_text_file: true };
    let mut tables = Tables::new(sheet.clone(), options.mapping.as_ref());
    loop {
        let mut rows = Vec::with_capacity(BATCH);
        while rows.len() < BATCH {
            match records.next_record()? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        let last = rows.len() < BATCH;
        let mut batch = DeviceBatch::default();
        tables.read(rows, last, &mut reading, &mut batch);
        if !tables.found() {
            let fault = || refuse::no_table(tables.unread().iter());
            let printed = fixed_width::rows(tables.unread(), records.delimiter.into()).ok_or_else(fault)?;
            let mut of_print = Tables::new(sheet, options.mapping.as_ref());
            of_print.read(printed, true, &mut reading, &mut batch);
            if !of_print.found() {
                return Err(fault());
            }
            reading.remarks.push("the columns are laid out with blanks".to_owned());
            refuse::price_list(&reading, &batch, options.mapping.is_some())?;
            on_batch(batch);
            break;
        }
        refuse::price_list(&reading, &batch, options.mapping.is_some())?;
        on_batch(batch);
        if last {
            break;
        }
    }
    if records.is_faulty() {
        reading.remarks.push(format!("some bytes are no text in {}; they are shown as \u{fffd}", encoding.name()));
    }
    Ok(reading)
}

fn sign_name(sign: u8) -> String {
    match sign {
        b'\t' => "tabs".to_owned(),
        other => format!("`{}`", other as char),
    }
}

/// Whether a reading has a column for the field.
fn has_column(reading: &InventoryReading, field: Field) -> bool {
    reading.columns.iter().any(|c| c.fields.contains(&field))
}
