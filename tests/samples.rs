//! The committed samples are what the maker makes, and they read as their READMEs say.

#[path = "../examples/make_samples/main.rs"]
mod make_samples;

use nameplate::domain::inventory::{Field, InventoryReading};
use nameplate::ingest::spreadsheet::{ReadOptions, read_path};

#[test]
fn the_committed_samples_are_what_the_maker_makes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_inventories");
    for (name, made) in make_samples::files().unwrap() {
        let committed = std::fs::read(folder.join(name)).unwrap();
        assert!(
            committed == made,
            "`{name}` differs from what is made now\nhint: run `cargo run --example make_samples` and commit the result"
        );
    }
}

#[test]
fn every_sample_advisory_reads_without_a_warning() {
    for (name, bytes) in nameplate::ingest::samples::SAMPLE_ADVISORIES {
        let (advisory, warnings) = nameplate::ingest::csaf::document::read_document(bytes).unwrap();
        assert!(warnings.is_empty(), "{name}: {warnings:#?}");
        assert!(!advisory.products.is_empty(), "{name}");
    }
}

#[test]
fn every_sample_inventory_reads_as_its_readme_says() {
    for (name, n_rows, n_rejected) in [
        ("riverside.xlsx", 60, 0),
        ("riverside_after_outage.xlsx", 60, 0),
        ("werk_lahnberg.csv", 31, 1),
        ("discovery_export.csv", 36, 1),
        ("three_sites.csv", 200, 0),
    ] {
        let reading = read_inventory(name);
        assert_eq!((reading.rows.len(), reading.rejected.len()), (n_rows, n_rejected), "{name}");
    }
}

#[test]
fn riverside_keeps_the_place_the_shown_decimals_and_both_scripts() {
    let reading = read_inventory("riverside.xlsx");
    let row = |tag: &str| reading.rows.iter().find(|row| row.fields[&Field::AssetId].starts_with(tag)).unwrap();
    assert_eq!(row("MTR-0412").place.row, 17);
    assert_eq!(row("MTR-0412").columns[&Field::Firmware], 6);
    assert_eq!(row("MTR-0440").fields[&Field::Firmware], "3.10");
    assert_eq!(row("=KWS").fields[&Field::AssetId].chars().count(), 80);
    assert_eq!(row("=KWS").fields[&Field::Site], "Kraftwerk Süd / 主変電所");
    assert_eq!(row("PLC-101").fields[&Field::HardwareRevision], "FS 4");
    let skipped: Vec<&str> = reading.skipped_sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(skipped, ["Cover", "Lists"]);
}

fn read_inventory(name: &str) -> InventoryReading {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_inventories").join(name);
    read_path(&path, &ReadOptions::default()).unwrap()
}
