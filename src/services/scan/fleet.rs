//! The fleet of a one-shot scan, kept small: some 60 bytes an asset, and once what many of them share.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use rustc_hash::FxHashMap;

use super::file_name;
use crate::domain::catalogue::Catalogue;
use crate::domain::inventory::{AssetKey, CellPlace, Field, InventoryRow, RowWarningKind};
use crate::domain::nameplate::Variant;
use crate::domain::site::UncheckedAsset;
use crate::ingest::spreadsheet::{self, DeviceBatch, DeviceRow, ReadError, ReadOptions};
use crate::report::row::ReportAsset;
use crate::services::assets::{fold_into, key_parts, variant};
use crate::services::firmware_doubt::{FirmwareCell, FirmwareRivals};
use crate::services::progress::Progress;
use crate::services::report_rows::FleetAssets;

/// Batches of rows that were read and not yet taken.
const BATCHES_WAITING: usize = 2;

/// Assets read from files, over their distinct variants.
#[derive(Default)]
pub struct Fleet {
    assets: Vec<ScannedAsset>,
    /// Tags and serial numbers of all assets, one behind the other.
    own: String,
    /// Sites, areas, sheets and what else many assets share.
    words: Words,
    pub variants: Vec<Variant>,
    /// Vendor, model, order number, firmware and hardware revision of each variant.
    plates: Vec<[Arc<str>; 5]>,
    /// For each asset its place in `variants`.
    pub variant_of: Vec<u32>,
    /// What a reader must know of the files, one sentence each.
    pub warnings: Vec<String>,
}

/// What one asset has of its own; the numbers are those of words.
struct ScannedAsset {
    /// Where its serial number ends in `own`; its tag begins where that of the asset before it ends.
    end: u64,
    tag_bytes: u32,
    row: u32,
    file: u32,
    sheet: u32,
    site: u32,
    area: u32,
    criticality: u32,
    zone: u32,
}

impl Fleet {
    /// Reads inventory files. `site` is that of devices for which a file states none, by default the file's name.
    pub(super) fn read(
        files: &[PathBuf],
        site: Option<&str>,
        catalogue: &Catalogue,
        progress: &dyn Progress,
    ) -> Result<Fleet, ReadError> {
        let mut fleet = Fleet::default();
        let mut known = FxHashMap::default();
        for path in files {
            progress.begin("Reading the inventory", None);
            let read = fleet.read_file(path, site, catalogue, &mut known);
            progress.end();
            read?;
        }
        Ok(fleet)
    }

    /// Reads one file. `known` has the place of each variant.
    fn read_file(
        &mut self,
        path: &Path,
        site: Option<&str>,
        catalogue: &Catalogue,
        known: &mut FxHashMap<Variant, u32>,
    ) -> Result<(), ReadError> {
        let name = file_name(path);
        let stem = path.file_stem().map_or_else(|| name.clone(), |s| s.to_string_lossy().into_owned());
        let mut rows = Rows::new(site.unwrap_or(&stem), self.words.number(&name), catalogue);
        let first = self.assets.len();
        let options = ReadOptions::default();
        let file = spreadsheet::open(path)?;
        // Rows are read while those before them are taken.
        std::thread::scope(|scope| {
            let (hand_over, batches) = mpsc::sync_channel::<DeviceBatch>(BATCHES_WAITING);
            let (rows, fleet) = (&mut rows, &mut *self);
            scope.spawn(move || {
                for batch in batches {
                    rows.remarks.note(&batch);
                    for row in &batch.rows {
                        rows.take(row, fleet);
                    }
                }
            });
            // Whoever takes the batches ends before its time only by a panic, which the scope passes on.
            let read = spreadsheet::read_devices(&path.display().to_string(), file, &options, |batch| {
                let _ = hand_over.send(batch);
            });
            drop(hand_over);
            read
        })?;
        rows.remarks.tell(&name, &mut self.warnings);
        let (stated, cells) = (in_order(rows.stated), in_order(rows.cells));
        let judged_as: Vec<String> = cells.iter().map(|cell| rows.rivals.judged(cell)).collect();
        let mut open = rows.open.into_iter().peekable();
        let mut place_of: Vec<Option<u32>> = vec![None; stated.len()];
        for at in first..self.assets.len() {
            let stated_at = self.variant_of[at] as usize;
            let firmware = open.next_if(|(row, _)| *row == at).map(|(_, cell)| &judged_as[cell as usize]);
            self.variant_of[at] = match firmware.filter(|firmware| **firmware != stated[stated_at].firmware) {
                Some(firmware) => {
                    let variant = Variant { firmware: firmware.clone(), ..stated[stated_at].clone() };
                    self.variant(known, &variant)
                }
                None => match place_of[stated_at] {
                    Some(place) => place,
                    None => *place_of[stated_at].insert(self.variant(known, &stated[stated_at])),
                },
            };
        }
        Ok(())
    }

    /// The place of this variant.
    fn variant(&mut self, known: &mut FxHashMap<Variant, u32>, variant: &Variant) -> u32 {
        if let Some(place) = known.get(variant) {
            return *place;
        }
        let place = self.variants.len() as u32;
        let plate = &variant.nameplate;
        let texts = [&plate.vendor, &plate.model, &plate.part_number, &variant.firmware, &plate.hardware_revision];
        self.plates.push(texts.map(|text| text.as_str().into()));
        self.variants.push(variant.clone());
        known.insert(variant.clone(), place);
        place
    }

    /// Tag and serial number of the asset at this place.
    fn own(&self, at: usize) -> (&str, &str) {
        let asset = &self.assets[at];
        let start = at.checked_sub(1).map_or(0, |before| self.assets[before].end as usize);
        self.own[start..asset.end as usize].split_at(asset.tag_bytes as usize)
    }
}

impl FleetAssets for Fleet {
    fn n_assets(&self) -> usize {
        self.assets.len()
    }

    fn site(&self, at: usize) -> &str {
        self.words.word(self.assets[at].site)
    }

    fn serial_number(&self, at: usize) -> &str {
        self.own(at).1
    }

    fn unchecked(&self, at: usize, why: Arc<str>) -> UncheckedAsset {
        let [vendor, model, ..] = &self.plates[self.variant_of[at] as usize];
        UncheckedAsset {
            site: self.words.words[self.assets[at].site as usize].clone(),
            asset_id: self.own(at).0.into(),
            vendor: vendor.clone(),
            model: model.clone(),
            why,
        }
    }

    fn asset(&self, at: usize) -> Arc<ReportAsset> {
        let (asset, (tag, serial_number)) = (&self.assets[at], self.own(at));
        let [vendor, model, part_number, firmware, hardware_revision] = &self.plates[self.variant_of[at] as usize];
        let word = |number: u32| self.words.words[number as usize].clone();
        let place = CellPlace { sheet: word(asset.sheet).to_string(), row: asset.row, column: 0 };
        Arc::new(ReportAsset {
            site: word(asset.site),
            area: word(asset.area),
            asset_id: tag.into(),
            vendor: vendor.clone(),
            model: model.clone(),
            part_number: part_number.clone(),
            serial_number: serial_number.into(),
            firmware: firmware.clone(),
            hardware_revision: hardware_revision.clone(),
            criticality: word(asset.criticality),
            zone: word(asset.zone),
            place: format!("{} of {}", place.label(), word(asset.file)).into(),
        })
    }
}

/// The rows of one file while it is read.
struct Rows<'a> {
    default_site: String,
    file: u32,
    catalogue: &'a Catalogue,
    rivals: FirmwareRivals,
    remarks: Remarks,
    /// As the rows state them; what a firmware is judged as may depend on rows further down.
    stated: FxHashMap<Variant, u32>,
    cells: FxHashMap<FirmwareCell, u32>,
    /// Places of assets whose firmware is not settled, with the number of the cell.
    open: Vec<(usize, u32)>,
    /// What was made of rows that others are like, by where they stand in memory; they are held so that they stay there.
    made: FxHashMap<usize, (Arc<InventoryRow>, Made)>,
    n_with_key: KeyCounts,
}

/// Numbers of the variant and of a firmware cell that is not settled.
type Made = (u32, Option<u32>);

impl<'a> Rows<'a> {
    fn new(default_site: &str, file: u32, catalogue: &'a Catalogue) -> Rows<'a> {
        Rows {
            default_site: default_site.to_owned(),
            file,
            catalogue,
            rivals: FirmwareRivals::default(),
            remarks: Remarks::default(),
            stated: FxHashMap::default(),
            cells: FxHashMap::default(),
            open: Vec::new(),
            made: FxHashMap::default(),
            n_with_key: KeyCounts::default(),
        }
    }

    fn take(&mut self, row: &DeviceRow, fleet: &mut Fleet) {
        let (stated, cell) = self.made_of(row);
        if let Some(cell) = cell {
            self.open.push((fleet.assets.len(), cell));
        }
        let site = match row.value(Field::Site) {
            "" => self.default_site.as_str(),
            stated => stated,
        };
        let n = self.n_with_key.count(row, site);
        let site = fleet.words.number(site);
        let start = fleet.own.len();
        match [Field::AssetId, Field::Name].map(|field| row.value(field)).into_iter().find(|tag| !tag.is_empty()) {
            Some(tag) => fleet.own.push_str(tag),
            None => fleet.own.push_str(&row.place().label()),
        }
        if n > 1 {
            fleet.own.push_str(&format!(" #{n}"));
        }
        let tag_bytes = (fleet.own.len() - start) as u32;
        fleet.own.push_str(row.value(Field::SerialNumber));
        fleet.assets.push(ScannedAsset {
            end: fleet.own.len() as u64,
            tag_bytes,
            row: row.number,
            file: self.file,
            sheet: fleet.words.number(&row.shared.place.sheet),
            site,
            area: fleet.words.number(row.value(Field::Area)),
            criticality: fleet.words.number(row.value(Field::Criticality)),
            zone: fleet.words.number(row.value(Field::Zone)),
        });
        fleet.variant_of.push(stated);
    }

    /// What the device of this row is; worked out once for rows alike.
    fn made_of(&mut self, row: &DeviceRow) -> Made {
        if let Some((_, made)) = self.made.get(&Arc::as_ptr(&row.shared).addr()) {
            return *made;
        }
        self.rivals.note(&row.shared);
        let cell = FirmwareCell::of(&row.shared);
        let firmware = FirmwareRivals::default().judged(&cell);
        let open = cell.is_open().then(|| number_of(&mut self.cells, cell));
        let made = (number_of(&mut self.stated, variant(&row.shared, firmware, self.catalogue)), open);
        if row.is_like_others {
            self.made.insert(Arc::as_ptr(&row.shared).addr(), (row.shared.clone(), made));
        }
        made
    }
}

/// How many rows have a key, by its hash: two of a million are taken for one about once in forty million files, and then
/// a tag ends in ` #2`.
#[derive(Default)]
struct KeyCounts {
    by_hash: FxHashMap<u64, u32>,
    part: String,
}

impl KeyCounts {
    /// How many rows so far have the key of this one, it included.
    fn count(&mut self, row: &DeviceRow, site: &str) -> u32 {
        let (_, parts) = key_parts(AssetKey::Auto, site, |field| row.value(field));
        let mut hasher = DefaultHasher::new();
        for part in parts {
            self.part.clear();
            fold_into(&mut self.part, part);
            self.part.hash(&mut hasher);
        }
        let n = self.by_hash.entry(hasher.finish()).or_insert(0);
        *n += 1;
        *n
    }
}

/// Texts that many assets share, each once. The first is the blank one.
struct Words {
    numbers: FxHashMap<Arc<str>, u32>,
    words: Vec<Arc<str>>,
}

impl Default for Words {
    fn default() -> Words {
        Words { numbers: FxHashMap::default(), words: vec!["".into()] }
    }
}

impl Words {
    fn number(&mut self, word: &str) -> u32 {
        if word.is_empty() {
            return 0;
        }
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let (number, word) = (self.words.len() as u32, Arc::<str>::from(word));
        self.words.push(word.clone());
        self.numbers.insert(word, number);
        number
    }

    fn word(&self, number: u32) -> &str {
        &self.words[number as usize]
    }
}

/// The number of a value, counted from 0 in the order in which they came.
fn number_of<T: Hash + Eq>(known: &mut FxHashMap<T, u32>, value: T) -> u32 {
    let next = known.len() as u32;
    *known.entry(value).or_insert(next)
}

/// The values by their numbers.
fn in_order<T>(known: FxHashMap<T, u32>) -> Vec<T> {
    let mut values: Vec<(T, u32)> = known.into_iter().collect();
    values.sort_unstable_by_key(|(_, number)| *number);
    values.into_iter().map(|(value, _)| value).collect()
}

/// What a reader of the result must know of a file: rejected rows and damaged values, counted.
#[derive(Default)]
struct Remarks {
    n_rejected: usize,
    first_rejected: String,
    /// How many, and the first.
    by_kind: BTreeMap<RowWarningKind, (u64, String)>,
}

impl Remarks {
    fn note(&mut self, batch: &DeviceBatch) {
        if let Some(first) = batch.rejected.first().filter(|_| self.n_rejected == 0) {
            self.first_rejected = format!("{}: {}", first.place.label(), first.why);
        }
        self.n_rejected += batch.rejected.len();
        for warning in batch.rows.iter().filter(|row| row.is_doubtful()).flat_map(DeviceRow::warnings) {
            let of_kind = self.by_kind.entry(warning.kind);
            of_kind.or_insert_with(|| (0, format!("{}: {}", warning.place.label(), warning.detail))).0 += 1;
        }
    }

    fn tell(&mut self, name: &str, warnings: &mut Vec<String>) {
        if self.n_rejected > 0 {
            warnings.push(format!(
                "{name}: {} rows with data name no device, the first is {}",
                self.n_rejected, self.first_rejected
            ));
        }
        let of_kind = |(kind, (n, first)): (RowWarningKind, (u64, String))| {
            format!("{name}: {} × {n}, first {first}", kind.word())
        };
        warnings.extend(std::mem::take(&mut self.by_kind).into_iter().map(of_kind));
    }
}
