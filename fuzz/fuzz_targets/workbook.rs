//! Any bytes as a part of a workbook, and as a workbook: it is read or refused, within the limits.

#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use nameplate::ingest::spreadsheet::{Limits, ReadOptions, read};
use zip::write::SimpleFileOptions;

const WORKBOOK: &[u8] = b"<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
const RELATIONS: &[u8] = b"<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>";

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, bytes) = input;
    let options = ReadOptions {
        limits: Limits { part_bytes: 1 << 20, strings_bytes: 1 << 20, sheet_bytes: 1 << 20, cells: 100_000, ..Limits::default() },
        ..ReadOptions::default()
    };
    let parts: &[(&str, &[u8])] = match kind % 4 {
        0 => &[("xl/workbook.xml", WORKBOOK), ("xl/_rels/workbook.xml.rels", RELATIONS), ("xl/worksheets/sheet1.xml", bytes)],
        1 => &[("content.xml", bytes)],
        2 => &[("xl/workbook.xml", bytes), ("xl/_rels/workbook.xml.rels", bytes), ("xl/styles.xml", bytes)],
        _ => {
            let _ = read("fuzz.xls", Cursor::new([b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes].concat()), &options);
            return;
        }
    };
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        if archive.start_file(*name, SimpleFileOptions::default()).is_err() || archive.write_all(bytes).is_err() {
            return;
        }
    }
    if let Ok(file) = archive.finish() {
        let _ = read("fuzz.xlsx", Cursor::new(file.into_inner()), &options);
    }
});
