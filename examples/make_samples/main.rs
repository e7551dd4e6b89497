//! Writes the files of `sample_inventories/`, so that a reviewer can see what is in the binary ones.
//!
//! `cargo run --example make_samples` writes them anew; the same run gives the same bytes, and
//! `tests/samples.rs` checks that what is committed is what this makes.

mod discovery_export;
mod riverside;
mod three_sites;
mod werk_lahnberg;

use std::path::Path;

/// All sample inventories as (file name, bytes).
///
/// # Errors
///
/// Only when the workbook writer refuses a cell, which the fixed data never makes it do.
pub fn files() -> Result<Vec<(&'static str, Vec<u8>)>, rust_xlsxwriter::XlsxError> {
    Ok(vec![
        ("riverside.xlsx", riverside::workbook(false)?),
        ("riverside_after_outage.xlsx", riverside::workbook(true)?),
        ("werk_lahnberg.csv", werk_lahnberg::csv()),
        ("discovery_export.csv", discovery_export::csv()),
        ("three_sites.csv", three_sites::csv()),
    ])
}

#[allow(dead_code)] // the test that compares the files uses this module without it
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_inventories");
    for (name, bytes) in files()? {
        std::fs::write(folder.join(name), &bytes)?;
        println!("{name}: {} bytes", bytes.len());
    }
    Ok(())
}
