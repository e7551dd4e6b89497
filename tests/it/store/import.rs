//! Imports: what becomes of the rows of a file.

use jiff::Timestamp;
use nameplate::domain::asset::{Asset, ImportedAsset};
use nameplate::domain::inventory::{
    CellPlace, ImportCounts, NewInventory, OnMissing, RejectedRow, RowWarning, RowWarningKind,
};
use nameplate::domain::nameplate::{Nameplate, Variant};
use nameplate::store::inventory::{self, FileRows, ImportOutcome, Imported, begin_import, save_import};
use nameplate::store::{Db, asset, site, variant};

use crate::database::{TestDatabase, on_both};

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn file(name: &str, at: &str) -> NewInventory {
    NewInventory {
        file_name: name.to_owned(),
        sha256: format!("{name:0>64}"),
        site: None,
        imported_at: time(at),
        remarks: vec!["read as UTF-8".to_owned()],
        is_sample: false,
    }
}

pub fn meter(site: &str, tag: &str, model: &str, firmware: &str) -> ImportedAsset {
    ImportedAsset {
        identity: format!("{site}\u{1f}{tag}"),
        asset: Asset {
            tag: tag.to_owned(),
            site: site.to_owned(),
            variant: Variant {
                nameplate: Nameplate {
                    vendor: "Schneider Electric".to_owned(),
                    model: model.to_owned(),
                    ..Nameplate::default()
                },
                firmware: firmware.to_owned(),
                notes: String::new(),
            },
            place: format!("Meters!row {tag}"),
            ..Asset::default()
        },
    }
}

/// Tag, firmware, and whether it is marked as not seen, of all assets that are not retired.
async fn fleet(db: &Db) -> Vec<(String, String, bool)> {
    let assets = asset::list_assets(db, None, 0, 100).await.unwrap();
    assets.into_iter().map(|a| (a.asset.tag, a.asset.variant.firmware, a.not_seen_since.is_some())).collect()
}

/// What imports changed of the asset with this tag, the latest first.
async fn changes(db: &Db, tag: &str) -> Vec<(String, String, String)> {
    let found = asset::list_assets_by_tag(db, tag, None).await.unwrap();
    assert_eq!(found.len(), 1, "{tag}");
    let changes = asset::list_asset_changes(db, found[0].asset_id).await.unwrap();
    changes.into_iter().map(|c| (c.field, c.before, c.after)).collect()
}

pub async fn import(db: &Db, new: &NewInventory, assets: &[ImportedAsset]) -> Imported {
    let rows = FileRows { assets, warnings: &[], rejected: &[] };
    match save_import(db, new, rows, OnMissing::Keep, false).await.unwrap() {
        ImportOutcome::Imported(imported) => imported,
        ImportOutcome::AlreadyImported(known) => panic!("already imported: {known:?}"),
    }
}

on_both!(
    an_import_tells_new_changed_same_and_not_seen,
    the_same_file_for_the_same_site_is_imported_once,
    an_import_that_is_not_finished_leaves_nothing,
    two_imports_at_once_come_one_after_the_other,
    of_rows_with_one_identity_the_first_counts_and_the_rest_are_told,
    missing_assets_can_be_retired_and_come_back,
    every_value_of_an_asset_comes_back_as_written,
    nul_characters_are_left_out_everywhere,
    warnings_and_rejected_rows_come_in_the_order_of_the_file,
    a_clock_that_went_back_spoils_no_import,
    serial_numbers_are_told_for_the_variants_that_ask,
);

async fn an_import_tells_new_changed_same_and_not_seen(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let first = [
        meter("Riverside", "PM-1", "PM8000", "3.1.2"),
        meter("Riverside", "PM-2", "PM8000", "3.1.2"),
        meter("Riverside", "PM-3", "ION7400", ""),
        meter("Hillside", "PM-1", "PM8000", "3.1.2"),
    ];
    let done = import(&db, &file("a.xlsx", "2026-11-01T00:00:00Z"), &first).await;
    assert_eq!(done.counts, ImportCounts { n_new: 4, ..ImportCounts::default() });
    assert_eq!(variant::count_variants(&db).await.unwrap(), 2, "twins share a variant");

    let mut moved_row = meter("Riverside", "PM-2", "PM8000", "3.1.2");
    moved_row.asset.place = "Meters!row 99".to_owned();
    let second = [meter("Riverside", "PM-1", "PM8000", "4.0.0"), moved_row, meter("Riverside", "PM-4", "ION7400", "")];
    let done = import(&db, &file("b.xlsx", "2026-11-02T00:00:00Z"), &second).await;
    let expected = ImportCounts { n_new: 1, n_changed: 1, n_same: 1, n_not_seen: 1, ..ImportCounts::default() };
    assert_eq!(done.counts, expected, "Hillside is not in the file and not missed");
    let expected = [
        ("PM-1", "4.0.0", false),
        ("PM-2", "3.1.2", false),
        ("PM-3", "", true),
        ("PM-1", "3.1.2", false),
        ("PM-4", "", false),
    ];
    assert_eq!(fleet(&db).await, expected.map(|(tag, firmware, missed)| (tag.to_owned(), firmware.to_owned(), missed)));
    let pm2 = &asset::list_assets_by_tag(&db, "PM-2", Some("Riverside")).await.unwrap()[0];
    assert_eq!(pm2.asset.place, "Meters!row 99");
    assert_eq!((pm2.first_seen_at, pm2.last_seen_at), (time("2026-11-01T00:00:00Z"), time("2026-11-02T00:00:00Z")));
    let pm1 = &asset::list_assets_by_tag(&db, "PM-1", Some("Riverside")).await.unwrap()[0];
    let history = asset::list_asset_changes(&db, pm1.asset_id).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(
        (history[0].field.as_str(), history[0].before.as_str(), history[0].after.as_str()),
        ("firmware", "3.1.2", "4.0.0")
    );
    assert_eq!((history[0].inventory_id, history[0].changed_at), (done.inventory_id, time("2026-11-02T00:00:00Z")));
    let sites: Vec<(String, u64)> =
        site::list_sites(&db).await.unwrap().into_iter().map(|s| (s.name, s.n_assets)).collect();
    assert_eq!(sites, [("Hillside".to_owned(), 1), ("Riverside".to_owned(), 4)]);
}

async fn the_same_file_for_the_same_site_is_imported_once(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let rows = [meter("", "PM-1", "PM8000", "3.1.2")];
    let new = file("a.xlsx", "2026-11-01T00:00:00Z");
    let first = import(&db, &new, &rows).await;
    let before = database.n_rows().await;
    let later =
        NewInventory { file_name: "copy.xlsx".to_owned(), imported_at: time("2026-11-02T00:00:00Z"), ..new.clone() };
    let rows_of = |assets| FileRows { assets, warnings: &[], rejected: &[] };
    match save_import(&db, &later, rows_of(&rows), OnMissing::Retire, false).await.unwrap() {
        ImportOutcome::AlreadyImported(known) => {
            assert_eq!((known.inventory_id, known.file_name.as_str()), (first.inventory_id, "a.xlsx"));
            assert_eq!(known.imported_at, time("2026-11-01T00:00:00Z"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(database.n_rows().await, before);

    let elsewhere = NewInventory { site: Some("Hillside".to_owned()), ..later.clone() };
    let outcome = save_import(&db, &elsewhere, rows_of(&rows), OnMissing::Keep, false).await.unwrap();
    assert!(matches!(outcome, ImportOutcome::Imported(_)), "another site is another import");
    let outcome = save_import(&db, &later, rows_of(&rows), OnMissing::Keep, true).await.unwrap();
    assert!(matches!(outcome, ImportOutcome::Imported(Imported { counts: ImportCounts { n_same: 1, .. }, .. })));
}

async fn an_import_that_is_not_finished_leaves_nothing(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    import(&db, &file("a.xlsx", "2026-11-01T00:00:00Z"), &[meter("Riverside", "PM-1", "PM8000", "3.1.2")]).await;
    let before = (database.n_rows().await, fleet(&db).await);
    let rows: Vec<ImportedAsset> =
        (0..1_200).map(|n| meter("Hillside", &format!("X-{n}"), "ION7400", &format!("1.{n}"))).collect();
    let mut half = begin_import(&db, &file("b.xlsx", "2026-11-02T00:00:00Z")).await.unwrap();
    half.save_assets(&rows).await.unwrap();
    half.save_assets(&[meter("Riverside", "PM-1", "PM8000", "9.9.9")]).await.unwrap();
    drop(half);
    assert_eq!((database.n_rows().await, fleet(&db).await), before);
    // And the next one works.
    let done = import(&db, &file("b.xlsx", "2026-11-02T00:00:00Z"), &rows).await;
    assert_eq!(done.counts.n_new, 1_200);
}

async fn two_imports_at_once_come_one_after_the_other(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let rows: Vec<ImportedAsset> = (0..700).map(|n| meter("Riverside", &format!("X-{n}"), "ION7400", "1")).collect();
    let import_as = async |name: &str| import(&db, &file(name, "2026-11-02T00:00:00Z"), &rows).await.counts;
    let (a, b) = tokio::join!(import_as("a"), import_as("b"));
    assert_eq!((a.n_new + b.n_new, a.n_same + b.n_same), (700, 700));
    let same_file = async || {
        let rows = FileRows { assets: &rows, warnings: &[], rejected: &[] };
        save_import(&db, &file("c", "2026-11-03T00:00:00Z"), rows, OnMissing::Keep, false).await.unwrap()
    };
    let (a, b) = tokio::join!(same_file(), same_file());
    let n_imported = [a, b].iter().filter(|outcome| matches!(outcome, ImportOutcome::Imported(_))).count();
    assert_eq!(n_imported, 1);
}

async fn of_rows_with_one_identity_the_first_counts_and_the_rest_are_told(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let mut second = meter("Riverside", "PM-1", "PM8000", "4.0.0");
    second.asset.place = "Meters!row 7".to_owned();
    let rows = [meter("Riverside", "PM-1", "PM8000", "3.1.2"), second.clone()];
    let done = import(&db, &file("a.xlsx", "2026-11-01T00:00:00Z"), &rows).await;
    assert_eq!(done.counts.n_new, 1);
    assert_eq!(done.repeated, [(second.identity, "Meters!row 7".to_owned())]);
    assert_eq!(fleet(&db).await, [("PM-1".to_owned(), "3.1.2".to_owned(), false)]);
}

async fn missing_assets_can_be_retired_and_come_back(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let both = [meter("Riverside", "PM-1", "PM8000", "3.1.2"), meter("Riverside", "PM-2", "PM8000", "3.1.3")];
    import(&db, &file("a.xlsx", "2026-11-01T00:00:00Z"), &both).await;
    let rows = FileRows { assets: &both[..1], warnings: &[], rejected: &[] };
    save_import(&db, &file("b.xlsx", "2026-11-02T00:00:00Z"), rows, OnMissing::Retire, false).await.unwrap();
    assert_eq!(asset::count_assets(&db).await.unwrap(), 1);
    assert_eq!(variant::list_variants_for_rescan(&db).await.unwrap().len(), 1, "a retired asset is not judged");
    let retired = &asset::list_assets_by_tag(&db, "PM-2", None).await.unwrap()[0];
    assert_eq!(retired.retired_at, Some(time("2026-11-02T00:00:00Z")));
    assert_eq!(retired.asset.variant.firmware, "3.1.3", "it keeps what it was");

    import(&db, &file("c.xlsx", "2026-11-03T00:00:00Z"), &both).await;
    assert_eq!(asset::count_assets(&db).await.unwrap(), 2);
    let back = &asset::list_assets_by_tag(&db, "PM-2", None).await.unwrap()[0];
    assert_eq!((back.retired_at, back.not_seen_since, back.asset_id), (None, None, retired.asset_id));
    let at = "2026-11-02T00:00:00.000Z".to_owned();
    let expected = [
        ("retired_at".to_owned(), at.clone(), String::new()),
        ("not_seen_since".to_owned(), at.clone(), String::new()),
        ("retired_at".to_owned(), String::new(), at),
    ];
    assert_eq!(changes(&db, "PM-2").await, expected);
}

async fn every_value_of_an_asset_comes_back_as_written(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let long = |text: &str| text.chars().cycle().take(800).collect::<String>();
    let mut written = ImportedAsset {
        identity: long("主変電所\u{1f}ABC"),
        asset: Asset {
            tag: long("ÄÖÜ-"),
            name: "\"quoted\" 'and' \\u0000 %_".to_owned(),
            site: long("Kraftwerk Süd / 主変電所 "),
            area: "  Hall 3  ".to_owned(),
            variant: Variant {
                nameplate: Nameplate {
                    vendor: long("Ω"),
                    model: long("😀x"),
                    part_number: "6ES7 515-2AM01-0AB0".to_owned(),
                    hardware_revision: "FS 4".to_owned(),
                },
                firmware: "V2.9.4".to_owned(),
                notes: "EN100 4.33".to_owned(),
            },
            serial_number: "007".to_owned(),
            ip_address: "10.0.0.1".to_owned(),
            mac_address: "00:11:22:33:44:55".to_owned(),
            quantity: "1".to_owned(),
            criticality: "high".to_owned(),
            zone: "L2".to_owned(),
            notes: "a\nb\tc".to_owned(),
            unmapped: vec![("Kaufdatum".to_owned(), "2019".to_owned()), ("x\"".to_owned(), "\\u0000".to_owned())],
            place: "Zähler!F17 of plänt.xlsx".to_owned(),
        },
    };
    import(&db, &file("a.xlsx", "2026-11-01T00:00:00Z"), std::slice::from_ref(&written)).await;
    let read = asset::list_assets(&db, Some(&written.asset.site), 0, 10).await.unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((&read[0].identity, &read[0].asset), (&written.identity, &written.asset));
    assert_eq!(asset::find_asset(&db, read[0].asset_id).await.unwrap().as_ref(), Some(&read[0]));
    let done = import(&db, &file("b.xlsx", "2026-11-02T00:00:00Z"), std::slice::from_ref(&written)).await;
    assert_eq!(done.counts.n_same, 1);

    // Only the blanks around the texts that a verdict depends on are taken away, so that they make no variants.
    written.asset.variant.firmware = "  V2.9.4\t".to_owned();
    let done = import(&db, &file("c.xlsx", "2026-11-03T00:00:00Z"), std::slice::from_ref(&written)).await;
    assert_eq!(done.counts.n_same, 1);
    assert_eq!(variant::count_variants(&db).await.unwrap(), 1);
    written.asset.variant.firmware = "v2.9.4".to_owned();
    import(&db, &file("d.xlsx", "2026-11-04T00:00:00Z"), std::slice::from_ref(&written)).await;
    assert_eq!(changes(&db, &written.asset.tag).await.len(), 1, "another spelling is kept as written");
}

async fn nul_characters_are_left_out_everywhere(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let nul = |text: &str| text.replace('_', "\0");
    let imported = ImportedAsset {
        identity: nul("Riv_erside PM_1"),
        asset: Asset {
            tag: nul("PM_1"),
            name: nul("_"),
            site: nul("Riv_erside"),
            variant: Variant {
                nameplate: Nameplate { vendor: nul("_ACME"), model: nul("PM_8000"), ..Nameplate::default() },
                firmware: nul("3.1_"),
                notes: nul("_"),
            },
            unmapped: vec![(nul("he_ader"), nul("va_lue"))],
            place: nul("M_eters!F17"),
            ..Asset::default()
        },
    };
    let place = CellPlace { sheet: nul("M_eters"), row: 7, column: 0 };
    let warnings = [RowWarning { kind: RowWarningKind::Encoding, place: place.clone(), detail: nul("a_b") }];
    let rejected = [RejectedRow {
        place,
        cells: vec![nul("x_y"), "\\u0000".to_owned()],
        why: nul("n_o"),
        ..RejectedRow::default()
    }];
    let new = NewInventory {
        file_name: nul("pl_ant.csv"),
        remarks: vec![nul("r_ead")],
        site: Some(nul("Riv_erside")),
        ..file("a", "2026-11-01T00:00:00Z")
    };
    let rows = FileRows { assets: std::slice::from_ref(&imported), warnings: &warnings, rejected: &rejected };
    let ImportOutcome::Imported(done) = save_import(&db, &new, rows, OnMissing::Keep, false).await.unwrap() else {
        panic!("it is new");
    };
    assert_eq!((done.counts.n_warnings, done.counts.n_rejected), (1, 1));
    let known = inventory::find_inventory(&db, done.inventory_id).await.unwrap().unwrap();
    assert_eq!((known.file_name.as_str(), known.remarks[0].as_str()), ("plant.csv", "read"));
    assert_eq!((known.site.as_deref(), known.counts), (Some("Riverside"), done.counts));
    let found = &asset::list_assets_by_tag(&db, "PM1", Some("Riverside")).await.unwrap()[0];
    assert_eq!(found.identity, "Riverside PM1");
    assert_eq!(found.asset.variant.nameplate.model, "PM8000");
    assert_eq!(found.asset.unmapped, [("header".to_owned(), "value".to_owned())]);
    let place = CellPlace { sheet: "Meters".to_owned(), row: 7, column: 0 };
    assert_eq!(
        inventory::list_row_warnings(&db, done.inventory_id, 0, 10).await.unwrap(),
        [RowWarning { kind: RowWarningKind::Encoding, place: place.clone(), detail: "ab".to_owned() }]
    );
    assert_eq!(
        inventory::list_rejected_rows(&db, done.inventory_id).await.unwrap(),
        [RejectedRow {
            place,
            cells: vec!["xy".to_owned(), "\\u0000".to_owned()],
            why: "no".to_owned(),
            ..RejectedRow::default()
        }]
    );
    let again = save_import(&db, &new, rows, OnMissing::Keep, false).await.unwrap();
    assert!(matches!(again, ImportOutcome::AlreadyImported(_)), "a site with a NUL is the same site");
}

async fn warnings_and_rejected_rows_come_in_the_order_of_the_file(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let place = |row: u32| CellPlace { sheet: "Meters".to_owned(), row, column: 6 };
    let warnings: Vec<RowWarning> = (0..1_100)
        .map(|row| RowWarning { kind: RowWarningKind::FirmwareDate, place: place(row), detail: row.to_string() })
        .collect();
    let rejected: Vec<RejectedRow> = (0..1_100)
        .map(|row| RejectedRow {
            place: place(row),
            cells: vec![row.to_string(); 3],
            why: "no model".to_owned(),
            ..RejectedRow::default()
        })
        .collect();
    let rows = FileRows { assets: &[], warnings: &warnings, rejected: &rejected };
    let new = file("a.xlsx", "2026-11-01T00:00:00Z");
    let ImportOutcome::Imported(done) = save_import(&db, &new, rows, OnMissing::Keep, false).await.unwrap() else {
        panic!("it is new");
    };
    assert_eq!(inventory::list_rejected_rows(&db, done.inventory_id).await.unwrap(), rejected);
    let page = inventory::list_row_warnings(&db, done.inventory_id, 500, 20).await.unwrap();
    assert_eq!(page, warnings[500..520]);
    assert_eq!(inventory::list_inventories(&db).await.unwrap().len(), 1);
}

async fn a_clock_that_went_back_spoils_no_import(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    import(&db, &file("a.xlsx", "2026-11-05T00:00:00Z"), &[meter("Riverside", "PM-1", "PM8000", "3.1.2")]).await;
    import(&db, &file("b.xlsx", "2026-11-01T00:00:00Z"), &[meter("Riverside", "PM-1", "PM8000", "4.0.0")]).await;
    assert_eq!(fleet(&db).await, [("PM-1".to_owned(), "4.0.0".to_owned(), false)]);
    assert_eq!(inventory::find_latest_import_time(&db).await.unwrap(), Some(time("2026-11-05T00:00:00Z")));
}

async fn serial_numbers_are_told_for_the_variants_that_ask(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let mut rows = [
        meter("Riverside", "PM-1", "PM8000", "3.1.2"),
        meter("Riverside", "PM-2", "PM8000", "3.1.2"),
        meter("Riverside", "PM-3", "ION7400", ""),
    ];
    rows[0].asset.serial_number = "MT-1".to_owned();
    import(&db, &file("a.xlsx", "2026-11-05T00:00:00Z"), &rows).await;
    let variants = variant::list_variants_for_rescan(&db).await.unwrap();
    let (pm8000, judged) = variants.iter().find(|(_, v)| v.nameplate.model == "PM8000").unwrap();
    assert_eq!(*judged, rows[0].asset.variant);
    let found = variant::list_serial_numbers(&db, &[*pm8000]).await.unwrap();
    let found: Vec<(i64, &str)> = found.iter().map(|(variant, _, serial)| (*variant, serial.as_str())).collect();
    assert_eq!(found, [(*pm8000, "MT-1"), (*pm8000, "")]);
}
