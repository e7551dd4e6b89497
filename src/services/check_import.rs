//! A look at a file before it is imported: how its columns are read, what is doubtful and which doubts change an
//! answer, and what an import would change. Rows are looked at in batches, so a file of any length needs little memory.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::advisory::AdvisoryKey;
use crate::domain::asset::AssetEdit;
use crate::domain::inventory::{
    AssetKey, CellPlace, Contradiction, Field, ImportPreview, Inventory, InventoryReading, InventoryRow, RejectedRow,
    RowWarning, RowWarningKind,
};
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::{DoubtKind, Verdict};
use crate::ingest::spreadsheet::{self, Mapping, ReadOptions};
use crate::services::aliases::catalogue_of;
use crate::services::assets::AssetMaker;
use crate::services::column_choice::{Chosen, choose, mapping_to_toml};
use crate::services::firmware_doubt::FirmwareDoubt;
use crate::services::import_inventory::{ImportError, ImportRequest, digest, new_inventory, refuse};
use crate::services::judge::{Judged, Question, judge};
use crate::services::progress::{Progress, Silent};
use crate::store::inventory::{self, Import};
use crate::store::{self, Db, StoreError};

/// Values of a column that are shown.
const N_VALUES: usize = 3;
/// Rows that are kept to be shown as they were read.
const N_ROWS: usize = 20;
/// Rows whose values are looked at for the columns.
const N_LOOKED_AT: usize = 2_000;
/// Warnings of a kind and rejected rows that are listed.
const N_LISTED: usize = 100;
/// Entries of each list of the preview.
const N_PREVIEWED: u32 = 500;
/// Groups of doubtful cells that are judged and listed.
const N_DOUBTS: usize = 1_000;
/// Cells of a group that are named.
const N_PLACES: usize = 5_000;

/// How the columns of a file are read.
pub struct Looked {
    /// Columns, skipped sheets and remarks, without rows.
    pub reading: InventoryReading,
    /// For each column its first values, in the order of the columns.
    pub values: Vec<Vec<String>>,
    /// The first rows as they were read.
    pub rows: Vec<InventoryRow>,
    /// Devices of each sheet, in the order of the file.
    pub n_by_sheet: Vec<(String, u64)>,
    pub n_devices: u64,
    pub n_rejected: u64,
    /// Warnings by kind.
    pub n_by_kind: BTreeMap<RowWarningKind, u64>,
    pub key: AssetKey,
    /// The mapping in force; `None` when the columns were recognised.
    pub mapping: Option<Mapping>,
    /// The columns as a mapping (TOML) that can be changed.
    pub mapping_toml: String,
    /// The same bytes were imported for the same site before.
    pub already_imported: Option<Inventory>,
}

/// A file looked through to its end and compared with what is known.
pub struct Checked {
    pub looked: Looked,
    /// Doubtful firmware: those that change an answer first, then by number.
    pub doubts: Vec<DoubtGroup>,
    /// Warnings by kind with the first of each, in the order in which their kinds matter.
    pub warnings: Vec<WarningGroup>,
    /// The first rejected rows.
    pub rejected: Vec<RejectedRow>,
    /// Sites that the devices stand at, by name.
    pub sites: Vec<SiteInFile>,
    pub preview: ImportPreview,
    /// Values that people typed in and that the import would overwrite, among the changes that are listed.
    pub contradictions: Vec<Contradiction>,
}

impl Checked {
    /// Warnings that change an answer, in cells.
    pub fn n_changing(&self) -> u64 {
        self.doubts.iter().filter(|group| group.changes).map(|group| group.n).sum()
    }
}

/// Cells with the same text for the same model.
pub struct DoubtGroup {
    pub doubt: FirmwareDoubt,
    /// The nameplate as written: vendor, model, order number.
    pub device: String,
    /// The cells in the order of the file, up to a bound.
    pub places: Vec<CellPlace>,
    /// How many cells there are.
    pub n: u64,
    /// What each version would mean, in the order of [`FirmwareDoubt::may_be`].
    pub answers: Vec<Answer>,
    /// What holds until somebody says more.
    pub until_then: Answer,
    /// Whether the versions have different answers, or the answer hangs on a version that is lost.
    pub changes: bool,
    /// What was chosen for all its cells; `None` for nothing, or for different things.
    pub chosen: Option<String>,
}

/// What advisories say of one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub n_affected: u64,
    pub n_possible: u64,
}

impl Answer {
    /// The answer in words: "affected by 2, possible 1", "not affected".
    pub fn in_words(&self) -> String {
        match (self.n_affected, self.n_possible) {
            (0, 0) => "not affected".to_owned(),
            (affected, 0) => format!("affected by {affected}"),
            (0, possible) => format!("possible for {possible}"),
            (affected, possible) => format!("affected by {affected}, possible for {possible}"),
        }
    }
}

/// Warnings of one kind.
pub struct WarningGroup {
    pub kind: RowWarningKind,
    pub n: u64,
    /// The first of them.
    pub first: Vec<RowWarning>,
}

/// A site that devices of the file stand at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteInFile {
    pub name: String,
    pub n_assets: u64,
    /// Whether there is such a site already.
    pub is_known: bool,
}

/// Looks at the columns of a file.
///
/// # Errors
///
/// The file cannot be read to its end, holds no device, or the database fails.
pub async fn look_at_file(db: &Db, request: &ImportRequest, progress: &dyn Progress) -> Result<Looked, ImportError> {
    let mut chosen = choose(Some(db), &request.path, &request.wish(), progress).await?;
    let mut looked = look(db, request, &mut chosen).await?;
    read(request, chosen.mapping.as_ref(), &mut looked, progress, |_, _| Ok(()))?;
    Ok(looked)
}

async fn look(db: &Db, request: &ImportRequest, chosen: &mut Chosen) -> Result<Looked, ImportError> {
    let (sha256, _) = tokio::task::block_in_place(|| digest(request))?;
    let already_imported = inventory::find_inventory_of_file(db, &sha256, request.site.as_deref()).await?;
    // Rejected rows are no reason to stop before the person has seen them.
    refuse(&ImportRequest { all_or_nothing: false, ..request.clone() }, chosen)?;
    let mut reading = std::mem::take(&mut chosen.survey.reading);
    reading.remarks.append(&mut chosen.remarks);
    let mapping_toml = mapping_to_toml(&reading.columns, chosen.mapping.as_ref(), &request.file_name());
    Ok(Looked {
        values: vec![Vec::new(); reading.columns.len()],
        reading,
        rows: Vec::new(),
        n_by_sheet: Vec::new(),
        n_devices: 0,
        n_rejected: 0,
        n_by_kind: BTreeMap::new(),
        key: chosen.key,
        mapping: chosen.mapping.clone(),
        mapping_toml,
        already_imported,
    })
}

/// Reads the file once more and hands over each batch after it was counted.
fn read(
    request: &ImportRequest,
    mapping: Option<&Mapping>,
    looked: &mut Looked,
    progress: &dyn Progress,
    mut on_batch: impl FnMut(&mut Looked, spreadsheet::Batch) -> Result<(), StoreError>,
) -> Result<(), ImportError> {
    let options = ReadOptions { mapping: mapping.cloned(), ..ReadOptions::default() };
    let mut failure = None;
    progress.begin("Looking at the rows", Some(0));
    let read = tokio::task::block_in_place(|| {
        spreadsheet::read_rows(&request.shown(), spreadsheet::open(&request.path)?, &options, |batch| {
            if failure.is_some() || progress.is_cancelled() {
                return;
            }
            looked.n_rejected += batch.rejected.len() as u64;
            for row in &batch.rows {
                count(looked, row);
            }
            progress.advance(batch.rows.len() as u64);
            failure = on_batch(looked, batch).err();
        })
    });
    progress.end();
    read?;
    if progress.is_cancelled() {
        return Err(ImportError::Cancelled);
    }
    failure.map_or(Ok(()), |error| Err(error.into()))
}

fn count(looked: &mut Looked, row: &InventoryRow) {
    looked.n_devices += 1;
    match looked.n_by_sheet.last_mut() {
        Some((sheet, n)) if *sheet == row.place.sheet => *n += 1,
        _ => looked.n_by_sheet.push((row.place.sheet.clone(), 1)),
    }
    for warning in &row.warnings {
        *looked.n_by_kind.entry(warning.kind).or_default() += 1;
    }
    if looked.rows.len() < N_ROWS {
        looked.rows.push(row.clone());
    }
    if looked.n_devices > N_LOOKED_AT as u64 {
        return;
    }
    for (column, values) in looked.reading.columns.iter().zip(&mut looked.values) {
        if values.len() >= N_VALUES || column.sheet != row.place.sheet {
            continue;
        }
        let value = match column.fields[..] {
            [] => {
                let own = row.unmapped.iter().find(|(header, _)| *header == column.header);
                own.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            _ => {
                let parts: Vec<&str> =
                    column.fields.iter().map(|field| row.value(*field)).filter(|value| !value.is_empty()).collect();
                parts.join(" / ")
            }
        };
        if !value.is_empty() && !values.contains(&value) {
            values.push(value);
        }
    }
}

/// Reads the file as an import would, judges what its doubtful cells may mean, and compares it with what is known, in a
/// transaction that is dropped.
///
/// # Errors
///
/// As [`look_at_file`], or the work was cancelled.
pub async fn check_import(
    db: &Db,
    request: &ImportRequest,
    index: Option<&ProductIndex>,
    progress: &dyn Progress,
) -> Result<Checked, ImportError> {
    let mut chosen = choose(Some(db), &request.path, &request.wish(), progress).await?;
    let mut looked = look(db, request, &mut chosen).await?;
    let known: FxHashSet<String> = store::site::list_sites(db).await?.into_iter().map(|site| site.name).collect();
    let (catalogue, _) = catalogue_of(db).await?;
    let rivals = std::mem::take(&mut chosen.survey.rivals);
    let mut maker = AssetMaker::new(&request.file_name(), request.rules(), &catalogue, chosen.key, rivals.clone());
    let (sha256, _) = tokio::task::block_in_place(|| digest(request))?;
    let mut import = inventory::begin_import(db, &new_inventory(request, sha256)).await?;
    let mut rows = Rows::default();
    let runtime = tokio::runtime::Handle::current();
    read(request, chosen.mapping.as_ref(), &mut looked, progress, |_, batch| {
        let mut assets = Vec::with_capacity(batch.rows.len());
        for row in &batch.rows {
            let made = maker.make(row);
            if let Some(doubt) = rivals.doubt(row) {
                rows.doubt(doubt, row, &made.imported.asset.variant);
            }
            rows.learn_columns(row);
            rows.warn(row.warnings.iter().chain(&made.shared_key));
            *rows.n_by_site.entry(made.imported.asset.site.clone()).or_default() += 1;
            assets.push(made.imported);
        }
        let room = N_LISTED.saturating_sub(rows.rejected.len());
        rows.rejected.extend(batch.rejected.into_iter().take(room));
        runtime.block_on(import.save_assets(&assets))
    })?;
    // Before anything is told of assets that the rows would change.
    request.refuse_foreign_sites(&import)?;
    let preview = preview(import, request, &looked, rows.n_warnings()).await?;
    let contradictions = contradictions(db, &preview, &rows.columns).await?;
    let Rows { doubts, warnings, rejected, n_by_site, .. } = rows;
    let doubts = tokio::task::block_in_place(|| judge_doubts(doubts, index, request));
    let sites = n_by_site
        .into_iter()
        .map(|(name, n_assets)| SiteInFile { is_known: known.contains(&name), name, n_assets })
        .collect();
    let mut warnings: Vec<WarningGroup> =
        warnings.into_iter().map(|(kind, (n, first))| WarningGroup { kind, n, first }).collect();
    warnings.sort_by_key(|group| (weight(group.kind), std::cmp::Reverse(group.n)));
    Ok(Checked { looked, doubts, warnings, rejected, sites, preview, contradictions })
}

/// What people typed in and the file would overwrite.
async fn contradictions(
    db: &Db,
    preview: &ImportPreview,
    columns: &FxHashMap<(String, Field), u32>,
) -> Result<Vec<Contradiction>, StoreError> {
    let ids: Vec<i64> = preview.changed.iter().map(|changed| changed.asset_id).collect();
    let mut found = Vec::new();
    for edit in store::asset_edit::list_standing_edits(db, &ids).await? {
        let Some(changed) = preview.changed.iter().find(|changed| changed.asset_id == edit.asset_id) else { continue };
        let change = changed.changes.iter().find(|(field, ..)| *field == edit.field);
        let (Some((_, typed, after)), Some(field)) = (change, Field::from_word(&edit.field)) else { continue };
        let row = changed.place.split(" of ").next().and_then(CellPlace::row_from_label);
        let cell = row.and_then(|row| {
            let column = *columns.get(&(row.sheet.clone(), field))?;
            Some(CellPlace { column, ..row })
        });
        found.push(Contradiction {
            asset: changed.asset.clone(),
            field,
            typed: typed.clone(),
            found: after.clone(),
            who: edit.who,
            typed_at: edit.changed_at,
            cell,
        });
    }
    Ok(found)
}

async fn preview(
    import: Import,
    request: &ImportRequest,
    looked: &Looked,
    n_warnings: u64,
) -> Result<ImportPreview, StoreError> {
    let mut preview = import.preview(request.on_missing(&looked.reading), N_PREVIEWED).await?;
    preview.counts.n_rejected = looked.n_rejected;
    preview.counts.n_warnings = n_warnings;
    Ok(preview)
}

/// What of the rows is kept while they pass by.
#[derive(Default)]
struct Rows {
    doubts: FxHashMap<(FirmwareDoubt, String), (Variant, Vec<CellPlace>, u64)>,
    warnings: BTreeMap<RowWarningKind, (u64, Vec<RowWarning>)>,
    rejected: Vec<RejectedRow>,
    n_by_site: BTreeMap<String, u64>,
    /// The column of each field in each sheet.
    columns: FxHashMap<(String, Field), u32>,
}

impl Rows {
    fn learn_columns(&mut self, row: &InventoryRow) {
        for (field, column) in &row.columns {
            if AssetEdit::FIELDS.contains(field) {
                self.columns.entry((row.place.sheet.clone(), *field)).or_insert(*column);
            }
        }
    }

    fn doubt(&mut self, doubt: FirmwareDoubt, row: &InventoryRow, variant: &Variant) {
        let plate = &variant.nameplate;
        let parts = [plate.vendor.as_str(), &plate.model, &plate.part_number];
        let device = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let n_groups = self.doubts.len();
        let key = (doubt, device);
        if n_groups >= N_DOUBTS && !self.doubts.contains_key(&key) {
            return;
        }
        let (_, places, n) = self.doubts.entry(key).or_insert_with(|| (variant.clone(), Vec::new(), 0));
        *n += 1;
        if places.len() < N_PLACES {
            places.push(row.place_of(Field::Firmware));
        }
    }

    fn warn<'a>(&mut self, warnings: impl Iterator<Item = &'a RowWarning>) {
        for warning in warnings {
            let (n, first) = self.warnings.entry(warning.kind).or_default();
            *n += 1;
            if first.len() < N_LISTED {
                first.push(warning.clone());
            }
        }
    }

    fn n_warnings(&self) -> u64 {
        self.warnings.values().map(|(n, _)| n).sum()
    }
}

/// How much a kind of warning matters: what can change an answer first, then what can change which asset it is.
fn weight(kind: RowWarningKind) -> u8 {
    use RowWarningKind::*;
    match kind {
        ScientificNotation | CellError | SeveralDevices => 0,
        FirmwareDate | FirmwareNumber => 1,
        InferredFromDescription | LookAlike | Encoding => 2,
        SharedKey | RoundedSerial | LeadingZeros => 3,
        RaggedRow | Repeated | Turned | Hidden => 4,
        NotStatedWord => 5,
    }
}

/// Judges what each version of each doubtful cell would mean. Without an index nothing is judged.
fn judge_doubts(
    doubts: FxHashMap<(FirmwareDoubt, String), (Variant, Vec<CellPlace>, u64)>,
    index: Option<&ProductIndex>,
    request: &ImportRequest,
) -> Vec<DoubtGroup> {
    let chosen: FxHashMap<&CellPlace, &str> =
        request.cells.iter().map(|cell| (&cell.place, cell.value.as_str())).collect();
    let mut groups: Vec<DoubtGroup> = Vec::with_capacity(doubts.len());
    let mut questions = Vec::new();
    for ((doubt, device), (variant, places, n)) in doubts {
        let firmwares = std::iter::once(&doubt.judged).chain(&doubt.may_be);
        questions.extend(firmwares.map(|firmware| Question {
            variant: Variant { firmware: firmware.clone(), ..variant.clone() },
            serial_numbers: Vec::new(),
        }));
        let mut of_cells = places.iter().map(|place| chosen.get(place).copied());
        let first = of_cells.next().flatten();
        let chosen = if of_cells.all(|other| other == first) { first.map(str::to_owned) } else { None };
        groups.push(DoubtGroup {
            doubt,
            device,
            places,
            n,
            answers: Vec::new(),
            until_then: Answer::default(),
            changes: false,
            chosen,
        });
    }
    let mut judged = index.map(|index| (index, judge(index, &questions, &Silent).into_iter()));
    for group in &mut groups {
        let Some((index, judged)) = &mut judged else { break };
        let mut verdicts = judged.by_ref().take(1 + group.doubt.may_be.len()).map(|judged| verdicts(index, &judged));
        let (until_then, hangs) = verdicts.next().unwrap_or_default();
        let of_versions: Vec<_> = verdicts.map(|(verdicts, _)| verdicts).collect();
        group.changes = match of_versions.split_first() {
            Some((first, others)) => others.iter().any(|other| other != first),
            None => hangs,
        };
        group.until_then = answer(&until_then);
        group.answers = of_versions.iter().map(answer).collect();
    }
    groups
        .sort_by(|a, b| (b.changes, b.n).cmp(&(a.changes, a.n)).then_with(|| a.places.first().cmp(&b.places.first())));
    groups
}

type Verdicts = BTreeMap<AdvisoryKey, Verdict>;

/// What each advisory says, and whether one of them would say more if it knew the version.
fn verdicts(index: &ProductIndex, judged: &Judged) -> (Verdicts, bool) {
    let Judged::Done(judgement) = judged else { return Default::default() };
    let matches = || judgement.matches.iter().filter(|m| m.verdict >= Verdict::Possible);
    let hangs = matches().any(|m| {
        m.verdict == Verdict::Possible && m.doubts.iter().any(|doubt| doubt.kind == DoubtKind::VersionUnknown)
    });
    (matches().map(|m| (index.advisories()[m.advisory as usize].key(), m.verdict)).collect(), hangs)
}

fn answer(verdicts: &Verdicts) -> Answer {
    let n = |wanted: Verdict| verdicts.values().filter(|verdict| **verdict == wanted).count() as u64;
    Answer { n_affected: n(Verdict::Affected), n_possible: n(Verdict::Possible) }
}
