//! Messy files and what a careful person reads in them. Each file in `tests/data/inventories` has its reading beside it
//! as `<file>.expected`; workbooks are made by the tests.

use std::fmt::Write as _;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use super::*;

mod binary;
mod hostile;
mod workbooks;

/// A reading as short text: remarks, columns, one line per device, rejected rows and skipped sheets.
fn shown(result: &Result<InventoryReading, ReadError>) -> String {
    let reading = match result {
        Ok(reading) => reading,
        Err(e) => return format!("cannot be read: {}\n", e.fault),
    };
    let mut out = String::new();
    for column in &reading.columns {
        let fields: Vec<&str> = column.fields.iter().map(|f| f.word()).collect();
        let _ = writeln!(
            out,
            "column {}: {}",
            column.header,
            if fields.is_empty() { "-".to_owned() } else { fields.join("+") }
        );
    }
    for row in &reading.rows {
        let _ = write!(out, "{} |", row.place.label());
        for (field, value) in &row.fields {
            let _ = write!(out, " {}={value} |", field.word());
        }
        let mut kinds: Vec<&str> = row.warnings.iter().map(|w| w.kind.word()).collect();
        kinds.dedup();
        let _ = writeln!(out, "{}", kinds.iter().map(|k| format!(" !{k}")).collect::<String>());
    }
    for row in &reading.rejected {
        let _ = writeln!(out, "rejected {}: {}", row.place.label(), row.why);
    }
    for sheet in &reading.skipped_sheets {
        let _ = writeln!(out, "skipped {}: {}", sheet.name, sheet.why);
    }
    out
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inventories")
}

#[test]
fn messy_files_are_read_as_a_careful_person_reads_them() {
    let mut wrong = String::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.extension().is_none_or(|e| e != "expected" && e != "md"));
    files.sort();
    assert!(files.len() >= 25, "found {} files", files.len());
    for path in files {
        let expected_path = PathBuf::from(format!("{}.expected", path.display()));
        let got = shown(&read_path(&path, &ReadOptions::default()));
        if std::env::var_os("NAMEPLATE_WRITE_EXPECTED").is_some() {
            std::fs::write(&expected_path, &got).unwrap();
        }
        let want = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if got != want {
            let _ =
                writeln!(wrong, "--- {} expected\n{want}--- read\n{got}", path.file_name().unwrap().to_string_lossy());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_mapping_overrules_what_the_headers_say() {
    let text = "Was,Wer,Womit\nPump PLC,Siemens,S7-1200\n";
    let mapping = Mapping::from_toml("[columns]\nWas = \"name\"\nWer = \"vendor\"\nWomit = \"model\"\n").unwrap();
    let options = ReadOptions {
        mapping: Some(Mapping { header_row: Some(1), ..mapping }),
        site: Some("Bonn".to_owned()),
        ..ReadOptions::default()
    };
    let reading = read("x.csv", Cursor::new(text), &options).unwrap();
    assert_eq!(reading.rows[0].value(Field::Model), "S7-1200");
    assert_eq!(reading.rows[0].value(Field::Site), "Bonn");
    assert_eq!(reading.columns[2].how, "your choice");
}

#[test]
fn reading_in_pieces_gives_the_same_rows_as_reading_whole() {
    let mut text = String::from("Tag;Vendor;Model;Firmware\n");
    for i in 0..10_000 {
        let _ = writeln!(text, "T-{i};Siemens;CPU 15{:02}-1 PN;V2.{}", i % 90 + 10, i % 10);
    }
    let whole = read("x.csv", Cursor::new(&text), &ReadOptions::default()).unwrap();
    let (mut rows, mut largest) = (Vec::new(), 0);
    read_rows("x.csv", Cursor::new(&text), &ReadOptions::default(), |batch| {
        largest = largest.max(batch.rows.len());
        rows.extend(batch.rows);
    })
    .unwrap();
    assert_eq!(whole.rows, rows);
    assert_eq!(rows.len(), 10_000);
    assert!(largest <= table::BATCH);
}

#[test]
fn a_mapping_of_a_list_on_its_side_names_its_labels() {
    let text = "Typ;7SJ82;REF615\nHersteller;Siemens;ABB\nKommentar;a;b\nFirmware;V9.20;5.1.20\n";
    let mapping = Mapping::from_toml("[columns]\nTyp = \"model\"\nKommentar = \"name\"\n").unwrap();
    let options = ReadOptions { mapping: Some(mapping), ..ReadOptions::default() };
    let got = shown(&read("x.csv", Cursor::new(text), &options));
    assert!(got.contains("row 2 | name=a | vendor=Siemens | model=7SJ82 | firmware=V9.20 | !turned"), "{got}");
    assert!(got.contains("row 3 | name=b | vendor=ABB | model=REF615 | firmware=5.1.20 | !turned"), "{got}");
}
