//! Imports: what becomes of the rows of a file.

use jiff::Timestamp;
use nameplate::domain::asset::{Asset, ImportedAsset};
use nameplate::domain::inventory::{ImportCounts, NewInventory, OnMissing};
use nameplate::domain::nameplate::{Nameplate, Variant};
use nameplate::store::inventory::{FileRows, ImportOutcome, Imported, save_import};
use nameplate::store::{Db, asset, site, variant};

use crate::database::on_both;

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
            place: format!("Meters!row {}", tag.len()),
            ..Asset::default()
        },
    }
}

pub async fn import(db: &Db, new: &NewInventory, assets: &[ImportedAsset]) -> Imported {
    let rows = FileRows { assets, warnings: &[], rejected: &[] };
    match save_import(db, new, rows, OnMissing::Keep, false).await.unwrap() {
        ImportOutcome::Imported(imported) => imported,
        ImportOutcome::AlreadyImported(known) => panic!("already imported: {known:?}"),
    }
}

on_both! {
    async fn an_import_tells_new_changed_same_and_not_seen(database) {
        let db = Db::open(&database.url).await.unwrap();
        let first = [meter("Riverside", "PM-1", "PM8000", "3.1.2"), meter("Riverside", "PM-2", "PM8000", "3.1.2"),
            meter("Riverside", "PM-3", "ION7400", "")];
        let done = import(&db, &file("a.xlsx", "2026-11-01T00:00:00Z"), &first).await;
        assert_eq!(done.counts, ImportCounts { n_new: 3, ..ImportCounts::default() });
        assert_eq!(variant::count_variants(&db).await.unwrap(), 2);

        let second = [meter("Riverside", "PM-1", "PM8000", "4.0.0"), meter("Riverside", "PM-2", "PM8000", "3.1.2"),
            meter("Riverside", "PM-4", "ION7400", "")];
        let done = import(&db, &file("b.xlsx", "2026-11-02T00:00:00Z"), &second).await;
        let expected = ImportCounts { n_new: 1, n_changed: 1, n_same: 1, n_not_seen: 1, ..ImportCounts::default() };
        assert_eq!(done.counts, expected);
        let sites = site::list_sites(&db).await.unwrap();
        assert_eq!(sites.len(), 1);
        assert_eq!(sites[0].n_assets, 4);
        let found = asset::list_assets(&db, Some("Riverside"), 0, 10).await.unwrap();
        let tags: Vec<(&str, &str, bool)> = found
            .iter()
            .map(|a| (a.asset.tag.as_str(), a.asset.variant.firmware.as_str(), a.not_seen_since.is_some()))
            .collect();
        assert_eq!(tags, [("PM-1", "4.0.0", false), ("PM-2", "3.1.2", false), ("PM-3", "", true), ("PM-4", "", false)]);
        let changes = asset::list_asset_changes(&db, found[0].asset_id).await.unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].field.as_str(), changes[0].before.as_str(), changes[0].after.as_str()),
            ("firmware", "3.1.2", "4.0.0"));
    }
}
