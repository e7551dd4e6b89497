//! The one-shot scan: inventory files and advisories in, a report out, nothing stored.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::domain::asset::Asset;
use crate::domain::catalogue::Catalogue;
use crate::domain::inventory::{AssetKey, InventoryReading};
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::Verdict;
use crate::ingest::spreadsheet::{self, ReadError, ReadOptions};
use crate::report::row::Report;
use crate::services::aliases::{AliasError, catalogue_with_pack};
use crate::services::assets::{AssetMaker, RowRules};
use crate::services::firmware_doubt::FirmwareRivals;
use crate::services::judge::{Judged, Question, judge};
use crate::services::load_advisories::Advisories;
use crate::services::load_epss::{LoadEpssError, load_epss};
use crate::services::load_kev::{LoadKevError, load_kev};
use crate::services::progress::Progress;
use crate::services::report_rows::{JudgedFleet, Threats, fleet_rows};

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
    pub assets: Vec<Asset>,
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
    let mut known: FxHashMap<Variant, u32> = FxHashMap::default();
    for path in files {
        progress.begin("Reading the inventory", None);
        let reading = spreadsheet::read_path(path, &ReadOptions::default());
        progress.end();
        let reading = reading?;
        let name = file_name(path);
        fleet.warnings.extend(remarks_of(&name, &reading));
        let stem = path.file_stem().map_or_else(|| name.clone(), |s| s.to_string_lossy().into_owned());
        let mut rivals = FirmwareRivals::default();
        reading.rows.iter().for_each(|row| rivals.note(row));
        let mut maker =
            AssetMaker::new(&name, RowRules::of_site(site.unwrap_or(&stem)), catalogue, AssetKey::Auto, rivals);
        for row in &reading.rows {
            let asset = maker.make(row).imported.asset;
            let at = *known.entry(asset.variant.clone()).or_insert_with(|| {
                fleet.questions.push(Question { variant: asset.variant.clone(), serial_numbers: Vec::new() });
                (fleet.questions.len() - 1) as u32
            });
            if !asset.serial_number.is_empty() {
                fleet.questions[at as usize].serial_numbers.push(asset.serial_number.clone());
            }
            fleet.variant_of.push(at);
            fleet.assets.push(asset);
        }
    }
    for question in &mut fleet.questions {
        question.serial_numbers.sort();
        question.serial_numbers.dedup();
    }
    Ok(fleet)
}

/// What a reader of the result must know of the file: rejected rows and damaged values, counted.
fn remarks_of(name: &str, reading: &InventoryReading) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(first) = reading.rejected.first() {
        remarks.push(format!(
            "{name}: {} rows with data name no device, the first is {}: {}",
            reading.rejected.len(),
            first.place.label(),
            first.why
        ));
    }
    let mut by_kind: std::collections::BTreeMap<_, (u64, String)> = std::collections::BTreeMap::new();
    for warning in reading.rows.iter().flat_map(|row| &row.warnings) {
        let entry = by_kind
            .entry(warning.kind)
            .or_insert_with(|| (0, format!("{}: {}", warning.place.label(), warning.detail)));
        entry.0 += 1;
    }
    remarks
        .extend(by_kind.into_iter().map(|(kind, (n, first))| format!("{name}: {} × {n}, first {first}", kind.word())));
    remarks
}
