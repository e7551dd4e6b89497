//! From the rows of an inventory file to assets, each with the key by which it is known again.

use rustc_hash::FxHashMap;

use crate::domain::asset::{Asset, ImportedAsset};
use crate::domain::catalogue::Catalogue;
use crate::domain::identifier::identifiers_in_columns;
use crate::domain::inventory::{AssetKey, CellPlace, Field, InventoryRow, REJECT_REASON, RowWarning, RowWarningKind};
use crate::domain::inventory_draft::CellChoice;
use crate::domain::nameplate::{Nameplate, Variant, telling_notes};
use crate::services::firmware_doubt::FirmwareRivals;

/// Makes assets of rows, one file at a time, because a shared key is numbered within its file.
pub struct AssetMaker<'a> {
    file_name: String,
    rules: RowRules,
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
        rules: RowRules,
        catalogue: &'a Catalogue,
        key: AssetKey,
        rivals: FirmwareRivals,
    ) -> AssetMaker<'a> {
        AssetMaker { file_name: file_name.to_owned(), rules, catalogue, key, rivals, n_with_key: FxHashMap::default() }
    }

    /// The asset of this row, with its key (`docs/adr/0005`).
    pub fn make(&mut self, row: &InventoryRow) -> MadeAsset {
        let chosen = self.rules.with_chosen_cells(row);
        let firmware = match &chosen {
            // What a person said is no longer in doubt.
            Some((row, true)) => row.value(Field::Firmware).to_owned(),
            _ => self.rivals.firmware(row),
        };
        let row = chosen.as_ref().map_or(row, |(row, _)| row);
        let text = |field| row.value(field).to_owned();
        let site = self.rules.site(row);
        let mut asset = Asset {
            tag: tag(row),
            name: text(Field::Name),
            site,
            area: text(Field::Area),
            variant: variant(row, firmware, self.catalogue),
            serial_number: text(Field::SerialNumber),
            ip_address: text(Field::IpAddress),
            mac_address: text(Field::MacAddress),
            quantity: text(Field::Quantity),
            criticality: text(Field::Criticality),
            zone: text(Field::Zone),
            notes: text(Field::Notes),
            // Why a row was rejected once says nothing of the device.
            unmapped: row.unmapped.iter().filter(|(header, _)| header != REJECT_REASON).cloned().collect(),
            place: format!("{} of {}", row.place.label(), self.file_name),
        };
        let (kind, mut identity) = identity(self.key, &asset.site, row);
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

/// What the caller says of a file, beyond what stands in it.
#[derive(Clone, Debug, Default)]
pub struct RowRules {
    /// For devices of which the file states no site.
    default_site: String,
    /// Whether the sheet's name goes before the default.
    sheet_is_site: bool,
    /// Sites by their folded name in the file.
    site_names: FxHashMap<String, String>,
    /// What stands in cells, by sheet and row, as (column, value).
    cells: FxHashMap<(String, u32), Vec<(u32, String)>>,
}

impl RowRules {
    /// Devices without a site stand at this one.
    pub fn of_site(default_site: &str) -> RowRules {
        RowRules { default_site: default_site.to_owned(), ..RowRules::default() }
    }

    /// The rules of an import.
    pub fn new(
        default_site: &str,
        sheet_is_site: bool,
        site_names: &[(String, String)],
        cells: &[CellChoice],
    ) -> RowRules {
        let site_names = site_names.iter().map(|(from, to)| (fold(from), to.trim().to_owned())).collect();
        let mut by_row: FxHashMap<(String, u32), Vec<(u32, String)>> = FxHashMap::default();
        for cell in cells {
            let row = by_row.entry((cell.place.sheet.clone(), cell.place.row)).or_default();
            row.push((cell.place.column, cell.value.clone()));
        }
        RowRules { default_site: default_site.to_owned(), sheet_is_site, site_names, cells: by_row }
    }

    /// The site of a row.
    fn site(&self, row: &InventoryRow) -> String {
        let stated = row.value(Field::Site);
        let site = if !stated.is_empty() {
            stated
        } else if self.sheet_is_site && !row.place.sheet.is_empty() {
            &row.place.sheet
        } else {
            &self.default_site
        };
        self.site_names.get(&fold(site)).filter(|name| !name.is_empty()).map_or(site, String::as_str).to_owned()
    }

    /// The row with what a person said of its cells, and whether that says its firmware. `None` without a choice.
    fn with_chosen_cells(&self, row: &InventoryRow) -> Option<(InventoryRow, bool)> {
        if self.cells.is_empty() {
            return None;
        }
        let cells = self.cells.get(&(row.place.sheet.clone(), row.place.row))?;
        let mut row = row.clone();
        let mut says_firmware = false;
        for (column, value) in cells {
            // A cell that holds several fields is in doubt for its firmware, else for its order number.
            let field = [Field::Firmware, Field::PartNumber]
                .into_iter()
                .chain(Field::ALL.iter().map(|(field, _)| *field))
                .find(|field| row.columns.get(field) == Some(column));
            let Some(field) = field else { continue };
            says_firmware |= field == Field::Firmware;
            if value.is_empty() {
                row.fields.remove(&field);
            } else {
                row.fields.insert(field, value.clone());
            }
        }
        Some((row, says_firmware))
    }
}

fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(&mut folded, text);
    folded
}

/// What the owner calls the device: the asset tag, else its name, else its place in the file.
fn tag(row: &InventoryRow) -> String {
    [Field::AssetId, Field::Name]
        .into_iter()
        .map(|field| row.value(field))
        .find(|value| !value.is_empty())
        .map_or_else(|| row.place.label(), str::to_owned)
}

/// What the row says of the device as such, with this firmware.
pub fn variant(row: &InventoryRow, firmware: String, catalogue: &Catalogue) -> Variant {
    let text = |field| row.value(field).to_owned();
    let columns = row.unmapped.iter().map(|(header, text)| (header.as_str(), text.as_str()));
    // A CPE beside a model is taken for a description, which is a name.
    let mut telling = identifiers_in_columns(columns.chain([("", row.value(Field::Name))]));
    telling.insert(0, text(Field::Notes));
    let nameplate = Nameplate {
        vendor: text(Field::Vendor),
        model: text(Field::Model),
        part_number: text(Field::PartNumber),
        hardware_revision: text(Field::HardwareRevision),
    };
    Variant { nameplate, firmware, notes: telling_notes(&telling.join("; "), catalogue) }
}

/// The key by which the asset is known again, with what it is made of in words.
fn identity(key: AssetKey, site: &str, row: &InventoryRow) -> (&'static str, String) {
    let (kind, parts) = key_parts(key, site, |field| row.value(field));
    let mut identity = String::new();
    for (n, part) in parts.into_iter().enumerate() {
        // The bar keeps "a b" + "c" apart from "a" + "b c"; one inside a text is doubled.
        identity.push_str(if n > 0 { " | " } else { "" });
        let mut folded = String::new();
        fold_into(&mut folded, part);
        identity.push_str(&folded.replace('|', "||"));
    }
    (kind, identity)
}

/// The texts by which a device at this site is known again, and in words what they are. They are compared as
/// [`fold_into`] writes them.
pub fn key_parts<'a>(
    key: AssetKey,
    site: &'a str,
    value: impl Fn(Field) -> &'a str,
) -> (&'static str, impl Iterator<Item = &'a str>) {
    let (asset_tag, serial_number) = (value(Field::AssetId), value(Field::SerialNumber));
    let by_tag = matches!(key, AssetKey::Auto | AssetKey::Tag) && !asset_tag.is_empty();
    let by_serial = matches!(key, AssetKey::Auto | AssetKey::Serial) && !serial_number.is_empty();
    let (kind, word, fields): (_, _, &[Field]) = if by_tag {
        ("site and asset tag", "tag", &[Field::AssetId])
    } else if by_serial {
        ("site and serial number", "serial", &[Field::SerialNumber])
    } else {
        let fields = &[Field::Area, Field::Name, Field::Vendor, Field::Model, Field::PartNumber];
        ("place (site, area, name, vendor, model, order number)", "place", fields)
    };
    (kind, [word, site].into_iter().chain(fields.iter().map(move |field| value(*field))))
}

/// Appends a text as keys and names of sites are compared: case, and how often blanks stand, are noise.
pub fn fold_into(out: &mut String, text: &str) {
    for (n, word) in text.split_whitespace().enumerate() {
        out.push_str(if n > 0 { " " } else { "" });
        if word.is_ascii() {
            out.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            out.push_str(&word.to_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[(Field, &str)]) -> InventoryRow {
        InventoryRow { fields: values.iter().map(|(f, v)| (*f, (*v).to_owned())).collect(), ..InventoryRow::default() }
    }

    fn make(key: AssetKey, rows: &[InventoryRow]) -> Vec<MadeAsset> {
        let catalogue = Catalogue::built_in();
        let mut maker =
            AssetMaker::new("plant.csv", RowRules::of_site("Riverside"), &catalogue, key, FirmwareRivals::default());
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
    fn a_site_is_what_the_row_says_else_its_sheet_else_the_default_and_can_be_renamed() {
        let names = [("Rivrside".to_owned(), "Riverside".to_owned()), ("Meters".to_owned(), "Hall 2".to_owned())];
        for (sheet_is_site, stated, sheet, want) in [
            (false, "North", "Meters", "North"),
            (false, "", "Meters", "plant"),
            (true, "", "Meters", "Hall 2"),
            (true, "", "PLC", "PLC"),
            (true, "", "", "plant"),
            (true, "rivrside ", "PLC", "Riverside"),
        ] {
            let rules = RowRules::new("plant", sheet_is_site, &names, &[]);
            let mut row = row(&[(Field::Site, stated)]);
            row.place.sheet = sheet.to_owned();
            assert_eq!(rules.site(&row), want, "{stated} {sheet} {sheet_is_site}");
        }
    }

    #[test]
    fn what_a_person_said_of_a_cell_is_its_value() {
        let mut lost = row(&[(Field::Firmware, "1.1"), (Field::Model, "PM8000"), (Field::PartNumber, "6.0E+12")]);
        lost.place.row = 41;
        lost.columns = [(Field::Model, 2), (Field::PartNumber, 3), (Field::Firmware, 6)].into();
        let mut rivals = FirmwareRivals::default();
        rivals.note(&row(&[(Field::Firmware, "1.10"), (Field::Model, "PM8000")]));
        let catalogue = Catalogue::built_in();
        for (cells, firmware, part_number) in [
            (vec![], "1.1 or 1.10", "6.0E+12"),
            (vec!["F41=1.10"], "1.10", "6.0E+12"),
            (vec!["F41="], "", "6.0E+12"),
            (vec!["F40=1.10", "C41="], "1.1 or 1.10", ""),
            (vec!["F41=1.1", "C41=METSEPM8210", "Z41=no column"], "1.1", "METSEPM8210"),
        ] {
            let cells: Vec<CellChoice> = cells.into_iter().filter_map(CellChoice::from_text).collect();
            let rules = RowRules::new("plant", false, &[], &cells);
            let mut maker = AssetMaker::new("plant.csv", rules, &catalogue, AssetKey::Auto, rivals.clone());
            let variant = maker.make(&lost).imported.asset.variant;
            assert_eq!((variant.firmware.as_str(), variant.nameplate.part_number.as_str()), (firmware, part_number));
        }
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
