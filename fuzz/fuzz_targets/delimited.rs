//! Any bytes as an inventory in a text file: it is read or refused, and reading whole and in pieces agree.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use nameplate::ingest::spreadsheet::{ReadOptions, read, read_rows};

fuzz_target!(|bytes: &[u8]| {
    let options = ReadOptions::default();
    let Ok(whole) = read("fuzz.csv", Cursor::new(bytes), &options) else { return };
    let mut n_rows = 0;
    let pieces = read_rows("fuzz.csv", Cursor::new(bytes), &options, |batch| n_rows += batch.rows.len());
    assert_eq!(whole.rows.len(), n_rows);
    assert_eq!(whole.columns, pieces.expect("read as good before").columns);
});
