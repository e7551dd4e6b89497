//! From the rows of an inventory file to assets, each with the key by which it is known again.

use rustc_hash::FxHashMap;

use crate::domain::asset::{Asset, ImportedAsset};
use crate::domain::catalogue::Catalogue;
use crate::domain::inventory::{Field, InventoryRow};
use crate::domain::nameplate::{Nameplate, Variant, telling_notes};

/// Makes assets of rows, one file at a time, because a shared key is numbered within its file.
pub struct AssetMaker<'a> {
    file_name: String,
    /// For devices of which the file states no site.
    default_site: String,
    catalogue: &'a Catalogue,
    n_with_key: FxHashMap<String, u32>,
}

impl<'a> AssetMaker<'a> {
    /// `file_name` is told as the place of each asset.
    pub fn new(file_name: &str, default_site: &str, catalogue: &'a Catalogue) -> AssetMaker<'a> {
        AssetMaker {
            file_name: file_name.to_owned(),
            default_site: default_site.to_owned(),
            catalogue,
            n_with_key: FxHashMap::default(),
        }
    }

    /// The asset of this row, with its key (`docs/adr/0005`).
    pub fn make(&mut self, row: &InventoryRow) -> ImportedAsset {
        let text = |field| row.value(field).to_owned();
        let site = if row.value(Field::Site).is_empty() { self.default_site.clone() } else { text(Field::Site) };
        let nameplate = Nameplate {
            vendor: text(Field::Vendor),
            model: text(Field::Model),
            part_number: text(Field::PartNumber),
            hardware_revision: text(Field::HardwareRevision),
        };
        let notes = telling_notes(row.value(Field::Notes), self.catalogue);
        let mut asset = Asset {
            tag: tag(row),
            name: text(Field::Name),
            site,
            area: text(Field::Area),
            variant: Variant { nameplate, firmware: text(Field::Firmware), notes },
            serial_number: text(Field::SerialNumber),
            ip_address: text(Field::IpAddress),
            mac_address: text(Field::MacAddress),
            quantity: text(Field::Quantity),
            criticality: text(Field::Criticality),
            notes: text(Field::Notes),
            unmapped: row.unmapped.clone(),
            place: format!("{} of {}", row.place.label(), self.file_name),
        };
        let mut identity = identity(row.value(Field::AssetId), &asset);
        let n = self.n_with_key.entry(identity.clone()).or_insert(0);
        *n += 1;
        if *n > 1 {
            identity.push_str(&format!(" #{n}"));
            asset.tag.push_str(&format!(" #{n}"));
        }
        ImportedAsset { identity, asset }
    }
}

/// What the owner calls the device: the asset tag, else its name, else its place in the file.
fn tag(row: &InventoryRow) -> String {
    [Field::AssetId, Field::Name]
        .into_iter()
        .map(|field| row.value(field))
        .find(|value| !value.is_empty())
        .map_or_else(|| row.place.label(), str::to_owned)
}

/// The key by which the asset is known again: site and asset tag, else serial number, else place. Case, and how
/// often blanks stand, are noise.
fn identity(asset_tag: &str, asset: &Asset) -> String {
    let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let plate = &asset.variant.nameplate;
    let parts: Vec<&str> = if !asset_tag.is_empty() {
        vec!["tag", &asset.site, asset_tag]
    } else if !asset.serial_number.is_empty() {
        vec!["serial", &asset.site, &asset.serial_number]
    } else {
        vec!["place", &asset.site, &asset.area, &asset.name, &plate.vendor, &plate.model, &plate.part_number]
    };
    // The bar keeps "a b" + "c" apart from "a" + "b c"; one inside a text is doubled.
    parts.into_iter().map(|part| fold(part).replace('|', "||")).collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[(Field, &str)]) -> InventoryRow {
        InventoryRow { fields: values.iter().map(|(f, v)| (*f, (*v).to_owned())).collect(), ..InventoryRow::default() }
    }

    fn keys(rows: &[InventoryRow]) -> Vec<String> {
        let catalogue = Catalogue::built_in();
        let mut maker = AssetMaker::new("plant.csv", "Riverside", &catalogue);
        rows.iter().map(|r| maker.make(r).identity).collect()
    }

    #[test]
    fn the_key_is_the_tag_else_the_serial_number_else_the_place() {
        let all = [
            row(&[(Field::AssetId, "MTR-1"), (Field::SerialNumber, "S1"), (Field::Model, "PM8000")]),
            row(&[(Field::SerialNumber, "S1"), (Field::Model, "PM8000")]),
            row(&[(Field::Area, "Hall 1"), (Field::Model, "PM8000"), (Field::Site, "North")]),
        ];
        assert_eq!(
            keys(&all),
            ["tag | riverside | mtr-1", "serial | riverside | s1", "place | north | hall 1 |  |  | pm8000 | "]
        );
    }

    #[test]
    fn a_new_firmware_is_the_same_asset_and_case_and_blanks_are_noise() {
        let before = row(&[(Field::AssetId, "MTR 1"), (Field::Firmware, "3.1.2")]);
        let after = row(&[(Field::AssetId, "mtr  1"), (Field::Firmware, "4.0.0")]);
        assert_eq!(keys(&[before]), keys(&[after]));
    }

    #[test]
    fn devices_that_share_a_tag_are_all_kept_and_numbered() {
        let shared = row(&[(Field::AssetId, "K1"), (Field::Model, "750-881")]);
        assert_eq!(keys(&[shared.clone(), shared]), ["tag | riverside | k1", "tag | riverside | k1 #2"]);
    }

    #[test]
    fn an_asset_without_tag_and_name_is_called_after_its_place() {
        let mut unnamed = row(&[(Field::Model, "PM8000")]);
        unnamed.place.sheet = "Meters".to_owned();
        unnamed.place.row = 17;
        let catalogue = Catalogue::built_in();
        let asset = AssetMaker::new("plant.xlsx", "Riverside", &catalogue).make(&unnamed).asset;
        assert_eq!((asset.tag.as_str(), asset.place.as_str()), ("Meters!row 17", "Meters!row 17 of plant.xlsx"));
    }
}
