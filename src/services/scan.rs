//! The one-shot scan: inventory files and advisories in, a report out, nothing stored.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::domain::catalogue::Catalogue;
use crate::domain::inventory::{AssetKey, RowWarningKind};
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::Verdict;
use crate::ingest::spreadsheet::{self, Batch, ReadError, ReadOptions};
use crate::report::row::{Report, ReportAsset};
use crate::services::aliases::{AliasError, catalogue_with_pack};
use crate::services::assets::{AssetMaker, RowRules};
use crate::services::firmware_doubt::{FirmwareCell, FirmwareRivals};
use crate::services::judge::{Judged, Question, judge};
use crate::services::load_advisories::Advisories;
use crate::services::load_epss::{LoadEpssError, load_epss};
use crate::services::load_kev::{LoadKevError, load_kev};
use crate::services::progress::Progress;
use crate::services::report_rows::{JudgedFleet, Threats, fleet_rows, report_asset};

/// What to scan.
pub struct ScanRequest {
    pub files: Vec<PathBuf>,
    /// Site of the devices for which a file states none; `None` takes the file's name.
    pub site: Option<String>,
    pub kev: Option<PathBuf>,
    pub epss: Option<PathBuf>,
    /// Alias pack that lies over the catalogue.
    pub aliases: Option<PathBuf>,
    /// Verdicts to list as rows; the six places are always counted over all assets.
    pub verdicts: Vec<Verdict>,
    pub judged_at: Timestamp,
}

/// Why nothing could be scanned.
#[derive(Debug, Error)]
pub enum ScanError {
    #[error(transparent)]
    Inventory(#[from] ReadError),
    #[error(transparent)]
    Kev(#[from] LoadKevError),
    #[error(transparent)]
    Epss(#[from] LoadEpssError),
    #[error(transparent)]
    Aliases(#[from] AliasError),
}

/// Assets read from files, over their distinct variants.
pub struct Fleet {
    pub assets: Vec<Arc<ReportAsset>>,
    /// For each asset its place in `questions`.
    pub variant_of: Vec<u32>,
    pub questions: Vec<Question>,
    /// What a reader must know of the files, one sentence each.
    pub warnings: Vec<String>,
}

/// A fleet and what was judged of it.
pub struct JudgedScan {
    pub fleet: Fleet,
    pub index: ProductIndex,
    pub judged: Vec<Judged>,
    pub threats: Threats,
}

impl JudgedScan {
    /// The fleet as reports and lists take it.
    pub fn judged_fleet(&self) -> JudgedFleet<'_> {
        JudgedFleet {
            assets: &self.fleet.assets,
            variant_of: &self.fleet.variant_of,
            judged: &self.judged,
            index: &self.index,
            threats: &self.threats,
        }
    }
}

/// Scans the files and makes the report.
///
/// # Errors
///
/// An inventory file or the KEV list cannot be read; the message names file and place.
pub fn scan(request: &ScanRequest, advisories: &Advisories, progress: &dyn Progress) -> Result<Report, ScanError> {
    let scan = judge_files(request, advisories, progress)?;
    let rows = fleet_rows(&scan.judged_fleet(), &request.verdicts);
    let mut warnings = advisories.unreadable.clone();
    warnings.extend(scan.fleet.warnings);
    if rows.n_not_judged > 0 {
        warnings.push(format!(
            "{} nameplates could not be judged; see the assets that cannot be checked",
            rows.n_not_judged
        ));
    }
    let names: Vec<String> = request.files.iter().map(|f| file_name(f)).collect();
    Ok(Report {
        title: format!("Exposure report: {}", names.join(", ")),
        judged_at: request.judged_at,
        advisories_up_to: advisories.up_to(),
        n_advisories: advisories.advisories.len() as u64,
        sources: advisories.sources.clone(),
        are_samples: advisories.are_samples,
        filter: verdicts_in_words(&request.verdicts),
        sites: rows.sites,
        rows: rows.rows,
        unchecked: rows.unchecked,
        warnings,
        trend: None,
        time_zone: jiff::tz::TimeZone::system(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Reads the files and judges every variant in them.
///
/// # Errors
///
/// As [`scan`].
pub fn judge_files(
    request: &ScanRequest,
    advisories: &Advisories,
    progress: &dyn Progress,
) -> Result<JudgedScan, ScanError> {
    let mut of_lists = Vec::new();
    let mut kev = None;
    if let Some(path) = &request.kev {
        let (list, warnings) = load_kev(path)?;
        kev = Some(list);
        of_lists.extend(warnings);
    }
    let mut epss = None;
    if let Some(path) = &request.epss {
        let (list, warnings) = load_epss(path)?;
        epss = Some(list);
        of_lists.extend(warnings);
    }
    let threats = Threats::of(kev, epss);
    let catalogue = match &request.aliases {
        Some(pack) => catalogue_with_pack(pack)?,
        None => Catalogue::built_in(),
    };
    let catalogue = Arc::new(catalogue);
    let mut fleet = read_fleet(&request.files, request.site.as_deref(), &catalogue, progress)?;
    fleet.warnings.extend(of_lists);
    let index = ProductIndex::build(advisories.advisories.clone(), catalogue);
    let judged = judge(&index, &fleet.questions, progress);
    Ok(JudgedScan { fleet, index, judged, threats })
}

/// The filter in words, as every report states it.
pub fn verdicts_in_words(verdicts: &[Verdict]) -> String {
    let words: Vec<String> = verdicts.iter().map(|v| v.label().to_lowercase()).collect();
    format!("verdict {}", words.join(" or "))
}

/// The last part of a path.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Reads inventory files into assets over distinct variants.
fn read_fleet(
    files: &[PathBuf],
    site: Option<&str>,
    catalogue: &Catalogue,
    progress: &dyn Progress,
) -> Result<Fleet, ReadError> {
    let mut fleet = Fleet { assets: Vec::new(), variant_of: Vec::new(), questions: Vec::new(), warnings: Vec::new() };
    let mut known = FxHashMap::default();
    for path in files {
        progress.begin("Reading the inventory", None);
        let read = read_file(path, site, catalogue, &mut fleet, &mut known);
        progress.end();
        read?;
    }
    for question in &mut fleet.questions {
        question.serial_numbers.sort();
        question.serial_numbers.dedup();
    }
    Ok(fleet)
}

/// Reads one file, keeping of each row only what a report shows. `known` has the place of each variant among the
/// questions.
fn read_file(
    path: &Path,
    site: Option<&str>,
    catalogue: &Catalogue,
    fleet: &mut Fleet,
    known: &mut FxHashMap<Variant, u32>,
) -> Result<(), ReadError> {
    let name = file_name(path);
    let stem = path.file_stem().map_or_else(|| name.clone(), |s| s.to_string_lossy().into_owned());
    let rules = RowRules::of_site(site.unwrap_or(&stem));
    let mut maker = AssetMaker::new(&name, rules, catalogue, AssetKey::Auto, FirmwareRivals::default());
    let (mut rivals, mut remarks) = (FirmwareRivals::default(), Remarks::default());
    let first = fleet.assets.len();
    // As the rows state them; what a firmware is judged as may depend on rows further down.
    let (mut stated, mut stated_of): (FxHashMap<Variant, u32>, Vec<u32>) = (FxHashMap::default(), Vec::new());
    let (mut cells, mut open): (FxHashMap<FirmwareCell, u32>, Vec<(u32, u32)>) = (FxHashMap::default(), Vec::new());
    let options = ReadOptions::default();
    spreadsheet::read_rows(&path.display().to_string(), spreadsheet::open(path)?, &options, |batch| {
        remarks.note(&batch);
        for row in &batch.rows {
            rivals.note(row);
            let asset = maker.make(row).imported.asset;
            let cell = FirmwareCell::of(row);
            if cell.is_open() {
                open.push((stated_of.len() as u32, number_of(&mut cells, cell)));
            }
            fleet.assets.push(Arc::new(report_asset(&asset)));
            stated_of.push(number_of(&mut stated, asset.variant));
        }
    })?;
    remarks.tell(&name, &mut fleet.warnings);
    let (stated, cells) = (in_order(stated), in_order(cells));
    let judged_as: Vec<String> = cells.iter().map(|cell| rivals.judged(cell)).collect();
    let mut open = open.into_iter().peekable();
    let mut place_of: Vec<Option<u32>> = vec![None; stated.len()];
    for (at, variant) in (0..).zip(stated_of) {
        let asset = &mut fleet.assets[first + at as usize];
        let firmware = open.next_if(|(row, _)| *row == at).map(|(_, cell)| &judged_as[cell as usize]);
        let place = match firmware.filter(|firmware| **firmware != asset.firmware) {
            Some(firmware) => {
                Arc::make_mut(asset).firmware.clone_from(firmware);
                let variant = Variant { firmware: firmware.clone(), ..stated[variant as usize].clone() };
                fleet.question(known, &variant)
            }
            None => match place_of[variant as usize] {
                Some(place) => place,
                None => *place_of[variant as usize].insert(fleet.question(known, &stated[variant as usize])),
            },
        };
        let serial_number = &fleet.assets[first + at as usize].serial_number;
        if !serial_number.is_empty() {
            fleet.questions[place as usize].serial_numbers.push(serial_number.clone());
        }
        fleet.variant_of.push(place);
    }
    Ok(())
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

impl Fleet {
    /// The place of the question about this variant.
    fn question(&mut self, known: &mut FxHashMap<Variant, u32>, variant: &Variant) -> u32 {
        if let Some(place) = known.get(variant) {
            return *place;
        }
        let place = self.questions.len() as u32;
        self.questions.push(Question { variant: variant.clone(), serial_numbers: Vec::new() });
        known.insert(variant.clone(), place);
        place
    }
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
    fn note(&mut self, batch: &Batch) {
        if let Some(first) = batch.rejected.first().filter(|_| self.n_rejected == 0) {
            self.first_rejected = format!("{}: {}", first.place.label(), first.why);
        }
        self.n_rejected += batch.rejected.len();
        for warning in batch.rows.iter().flat_map(|row| &row.warnings) {
            let of_kind = self.by_kind.entry(warning.kind);
            of_kind.or_insert_with(|| (0, format!("{}: {}", warning.place.label(), warning.detail))).0 += 1;
        }
    }

    fn tell(self, name: &str, warnings: &mut Vec<String>) {
        if self.n_rejected > 0 {
            warnings.push(format!(
                "{name}: {} rows with data name no device, the first is {}",
                self.n_rejected, self.first_rejected
            ));
        }
        let of_kind = |(kind, (n, first)): (RowWarningKind, (u64, String))| {
            format!("{name}: {} × {n}, first {first}", kind.word())
        };
        warnings.extend(self.by_kind.into_iter().map(of_kind));
    }
}
