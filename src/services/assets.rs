//! From the rows of an inventory file to assets, each with the key by which it is known again.

use rustc_hash::FxHashMap;

use crate::domain::asset::{Asset, ImportedAsset};
use crate::domain::catalogue::Catalogue;
use crate::domain::inventory::{AssetKey, CellPlace, Field, InventoryRow, REJECT_REASON, RowWarning, RowWarningKind};
use crate::domain::nameplate::{Nameplate, Variant, telling_notes};
use crate::services::firmware_doubt::FirmwareRivals;

/// Makes assets of rows, one file at a time, because a shared key is numbered within its file.
pub struct AssetMaker<'a> {
    file_name: String,
    /// For devices of which the file states no site.
    default_site: String,
    catalogue: &'a Catalogue,
    key: AssetKey,
    rivals: FirmwareRivals,
    /// How many rows have a key, and the place of the first.
    n_with_key: FxHashMap<String, (u32, CellPlace)>,
}

/// The asset of a row, and what is doubtful about which asset it is.
pub struct MadeAsset {
    pub imported: ImportedAsset,
    /// An earlier row of the file has the same key.
    pub shared_key: Option<RowWarning>,
}

impl<'a> AssetMaker<'a> {
    /// `file_name` is told as the place of each asset; `rivals` must have seen all rows of the file.
    pub fn new(
        file_name: &str,
        default_site: &str,
        catalogue: &'a Catalogue,
        key: AssetKey,
        rivals: FirmwareRivals,
    ) -> AssetMaker<'a> {
        AssetMaker {
            file_name: file_name.to_owned(),
            default_site: default_site.to_owned(),
            catalogue,
            key,
            rivals,
            n_with_key: FxHashMap::default(),
        }
    }

    /// The asset of this row, with its key (`docs/adr/0005`).
    pub fn make(&mut self, row: &InventoryRow) -> MadeAsset {
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
            variant: Variant { nameplate, firmware: self.rivals.firmware(row), notes },
            serial_number: text(Field::SerialNumber),
            ip_address: text(Field::IpAddress),
            mac_address: text(Field::MacAddress),
            quantity: text(Field::Quantity),
            criticality: text(Field::Criticality),
            notes: text(Field::Notes),
            // Why a row was rejected once says nothing of the device.
            unmapped: row.unmapped.iter().filter(|(header, _)| header != REJECT_REASON).cloned().collect(),
            place: format!("{} of {}", row.place.label(), self.file_name),
        };
        let (kind, mut identity) = identity(self.key, row.value(Field::AssetId), &asset);
        let (n, first) = self.n_with_key.entry(identity.clone()).or_insert_with(|| (0, row.place.clone()));
        *n += 1;
        let mut shared_key = None;
        if *n > 1 {
            identity.push_str(&format!(" #{n}"));
            asset.tag.push_str(&format!(" #{n}"));
            shared_key = Some(RowWarning {
                kind: RowWarningKind::SharedKey,
                place: row.place.clone(),
                detail: format!(
                    "the same {kind} as {}; both are kept, this one as `{}` by the order of the rows",
                    first.label(),
                    asset.tag
                ),
            });
        }
        MadeAsset { imported: ImportedAsset { identity, asset }, shared_key }
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

/// The key by which the asset is known again, with what it is made of in words. Case, and how often blanks stand, are
/// noise.
fn identity(key: AssetKey, asset_tag: &str, asset: &Asset) -> (&'static str, String) {
    let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let plate = &asset.variant.nameplate;
    let by_tag = matches!(key, AssetKey::Auto | AssetKey::Tag) && !asset_tag.is_empty();
    let by_serial = matches!(key, AssetKey::Auto | AssetKey::Serial) && !asset.serial_number.is_empty();
    let (kind, parts): (_, Vec<&str>) = if by_tag {
        ("site and asset tag", vec!["tag", &asset.site, asset_tag])
    } else if by_serial {
        ("site and serial number", vec!["serial", &asset.site, &asset.serial_number])
    } else {
        let place = [&asset.site, &asset.area, &asset.name, &plate.vendor, &plate.model, &plate.part_number];
        let parts = std::iter::once("place").chain(place.into_iter().map(String::as_str)).collect();
        ("place (site, area, name, vendor, model, order number)", parts)
    };
    // The bar keeps "a b" + "c" apart from "a" + "b c"; one inside a text is doubled.
    (kind, parts.into_iter().map(|part| fold(part).replace('|', "||")).collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[(Field, &str)]) -> InventoryRow {
        InventoryRow { fields: values.iter().map(|(f, v)| (*f, (*v).to_owned())).collect(), ..InventoryRow::default() }
    }

    fn make(key: AssetKey, rows: &[InventoryRow]) -> Vec<MadeAsset> {
        let catalogue = Catalogue::built_in();
        let mut maker = AssetMaker::new("plant.csv", "Riverside", &catalogue, key, FirmwareRivals::default());
        rows.iter().map(|r| maker.make(r)).collect()
    }

    fn keys(key: AssetKey, rows: &[InventoryRow]) -> Vec<String> {
        make(key, rows).into_iter().map(|made| made.imported.identity).collect()
    }

    #[test]
    fn the_key_is_the_tag_else_the_serial_number_else_the_place() {
        let all = [
            row(&[(Field::AssetId, "MTR-1"), (Field::SerialNumber, "S1"), (Field::Model, "PM8000")]),
            row(&[(Field::SerialNumber, "S1"), (Field::Model, "PM8000")]),
            row(&[(Field::Area, "Hall 1"), (Field::Model, "PM8000"), (Field::Site, "North")]),
        ];
        assert_eq!(
            keys(AssetKey::Auto, &all),
            ["tag | riverside | mtr-1", "serial | riverside | s1", "place | north | hall 1 |  |  | pm8000 | "]
        );
    }

    #[test]
    fn a_new_firmware_is_the_same_asset_and_case_and_blanks_are_noise() {
        let before = row(&[(Field::AssetId, "MTR 1"), (Field::Firmware, "3.1.2")]);
        let after = row(&[(Field::AssetId, "mtr  1"), (Field::Firmware, "4.0.0")]);
        assert_eq!(keys(AssetKey::Auto, &[before]), keys(AssetKey::Auto, &[after]));
    }

    #[test]
    fn devices_that_share_a_tag_are_all_kept_and_numbered() {
        let shared = row(&[(Field::AssetId, "K1"), (Field::Model, "750-881")]);
        let made = make(AssetKey::Auto, &[shared.clone(), shared]);
        let keys: Vec<&str> = made.iter().map(|m| m.imported.identity.as_str()).collect();
        assert_eq!(keys, ["tag | riverside | k1", "tag | riverside | k1 #2"]);
        assert_eq!(made[1].imported.asset.tag, "K1 #2");
        assert!(made[0].shared_key.is_none());
        let warning = made[1].shared_key.as_ref().unwrap();
        assert_eq!(warning.kind, RowWarningKind::SharedKey);
        assert!(warning.detail.contains("the same site and asset tag as row 0"), "{}", warning.detail);
    }

    #[test]
    fn the_key_can_be_chosen() {
        let all = row(&[(Field::AssetId, "MTR-1"), (Field::SerialNumber, "S1"), (Field::Model, "PM8000")]);
        let unnamed = row(&[(Field::SerialNumber, "S1"), (Field::Model, "PM8000")]);
        for (key, of_all, of_unnamed) in [
            (AssetKey::Auto, "tag | riverside | mtr-1", "serial | riverside | s1"),
            (AssetKey::Tag, "tag | riverside | mtr-1", "place | riverside |  |  |  | pm8000 | "),
            (AssetKey::Serial, "serial | riverside | s1", "serial | riverside | s1"),
            (AssetKey::Place, "place | riverside |  |  |  | pm8000 | ", "place | riverside |  |  |  | pm8000 | "),
        ] {
            assert_eq!(keys(key, std::slice::from_ref(&all)), [of_all], "{key:?}");
            assert_eq!(keys(key, std::slice::from_ref(&unnamed)), [of_unnamed], "{key:?}");
        }
    }

    #[test]
    fn an_asset_without_tag_and_name_is_called_after_its_place() {
        let mut unnamed = row(&[(Field::Model, "PM8000")]);
        unnamed.place.sheet = "Meters".to_owned();
        unnamed.place.row = 17;
        let asset = make(AssetKey::Auto, &[unnamed]).remove(0).imported.asset;
        assert_eq!((asset.tag.as_str(), asset.place.as_str()), ("Meters!row 17", "Meters!row 17 of plant.csv"));
    }
}
