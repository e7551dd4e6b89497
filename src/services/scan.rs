//! The one-shot scan: inventory files and advisories in, a report out, nothing stored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::catalogue::Catalogue;
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::Verdict;
use crate::ingest::spreadsheet::ReadError;
use crate::report::row::Report;
use crate::services::aliases::{AliasError, catalogue_with_pack};
use crate::services::judge::{Judged, Question, judge};
use crate::services::load_advisories::Advisories;
use crate::services::load_epss::{LoadEpssError, load_epss};
use crate::services::load_kev::{LoadKevError, load_kev};
use crate::services::progress::Progress;
use crate::services::report_rows::{FleetAssets as _, JudgedFleet, Threats, fleet_rows};

mod fleet;

pub use fleet::Fleet;

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
            assets: &self.fleet,
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
    let mut fleet = Fleet::read(&request.files, request.site.as_deref(), &catalogue, progress)?;
    fleet.warnings.extend(of_lists);
    let index = ProductIndex::build(advisories.advisories.clone(), catalogue);
    let judged = judge_fleet(&index, &fleet, progress);
    Ok(JudgedScan { fleet, index, judged, threats })
}

/// Judges every variant, and where a match asks for serial numbers, with those of its assets.
fn judge_fleet(index: &ProductIndex, fleet: &Fleet, progress: &dyn Progress) -> Vec<Judged> {
    let ask = |variant: &Variant| Question { variant: variant.clone(), serial_numbers: Vec::new() };
    let questions: Vec<Question> = fleet.variants.iter().map(ask).collect();
    let mut judged = judge(index, &questions, progress);
    let depends = |judged: &Judged| match judged {
        Judged::Done(judgement) => judgement.matches.iter().any(|found| found.depends_on_serial),
        Judged::Failed(_) => false,
    };
    let mut by_variant: BTreeMap<u32, Question> = (0..)
        .zip(&judged)
        .filter(|(_, judged)| depends(judged))
        .map(|(at, _): (u32, _)| (at, questions[at as usize].clone()))
        .collect();
    if by_variant.is_empty() {
        return judged;
    }
    for (at, variant) in fleet.variant_of.iter().enumerate() {
        let serial_number = fleet.serial_number(at);
        if let Some(question) = by_variant.get_mut(variant).filter(|_| !serial_number.is_empty()) {
            question.serial_numbers.push(serial_number.to_owned());
        }
    }
    let (places, mut again): (Vec<u32>, Vec<Question>) = by_variant.into_iter().unzip();
    for question in &mut again {
        question.serial_numbers.sort();
        question.serial_numbers.dedup();
    }
    for (place, answer) in places.into_iter().zip(judge(index, &again, progress)) {
        judged[place as usize] = answer;
    }
    judged
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
