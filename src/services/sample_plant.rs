//! The sample plant: three sites with sixty devices and the sample advisories, to try the program without a network, and
//! to be taken away again without a trace in one's own data.

use std::path::PathBuf;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::audit::Act;
use crate::domain::rescan::Trigger;
use crate::ingest::samples::SAMPLE_ADVISORIES;
use crate::services::add_advisories::add_advisories;
use crate::services::import_inventory::{ImportError, ImportRequest, ImportResult, import_inventory};
use crate::services::listing::refresh_listing;
use crate::services::note_act::{Deed, note};
use crate::services::progress::Silent;
use crate::services::rescan::{RescanError, rescan};
use crate::services::undo_import::{UndoError, undo_import};
use crate::store::{self, Db, StoreError};

/// The inventory of the sample plant, as a workbook.
const SAMPLE_INVENTORY: &[u8] = include_bytes!("../../sample_inventories/riverside.xlsx");

/// What the file of the sample plant is called.
const FILE_NAME: &str = "riverside.xlsx";

/// Samples that come with the second run, so that there is something that changed.
const LATER: [&str; 2] = ["icsa-20-308-01.json", "icsa-23-222-07.json"];

/// Why the sample plant could not be loaded or removed.
#[derive(Debug, Error)]
pub enum SampleError {
    #[error("cannot load the sample plant: it is loaded\nhint: remove the sample data first")]
    Loaded,
    #[error("cannot remove the sample data: none is loaded")]
    NotLoaded,
    #[error("cannot load the sample plant: {0}")]
    Temporary(std::io::Error),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Undo(#[from] UndoError),
    #[error(transparent)]
    Rescan(#[from] RescanError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadedSample {
    pub n_assets: u64,
    pub n_advisories: u64,
    /// The last run, which has something to tell.
    pub rescan_id: i64,
}

/// Loads the sample plant and judges it twice.
///
/// # Errors
///
/// It is loaded, another rescan is running, or the database fails.
pub async fn load_sample_plant(db: &Db) -> Result<LoadedSample, SampleError> {
    if !store::inventory::list_sample_inventories(db).await?.is_empty() {
        return Err(SampleError::Loaded);
    }
    let (later, first): (Vec<_>, Vec<_>) = SAMPLE_ADVISORIES.iter().partition(|(name, _)| LATER.contains(name));
    let folder = temporary_folder().map_err(SampleError::Temporary)?;
    let write = |name: &str, bytes: &[u8]| -> Result<PathBuf, SampleError> {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).map_err(SampleError::Temporary)?;
        Ok(path)
    };
    let first: Vec<PathBuf> = first.into_iter().map(|(name, bytes)| write(name, bytes)).collect::<Result<_, _>>()?;
    let later: Vec<PathBuf> = later.into_iter().map(|(name, bytes)| write(name, bytes)).collect::<Result<_, _>>()?;
    let path = write(FILE_NAME, SAMPLE_INVENTORY)?;
    let mut n_advisories = add_advisories(db, &first, &Silent).await?.n_added;
    let request = ImportRequest {
        path,
        name: Some(FILE_NAME.to_owned()),
        is_sample: true,
        again: true,
        ..ImportRequest::default()
    };
    let n_assets = match import_inventory(db, &request, &Silent).await? {
        ImportResult::Done(done) => done.imported.counts.n_new,
        ImportResult::AlreadyImported(_) => 0,
    };
    rescan(db, Trigger::Import, &Silent).await?;
    n_advisories += add_advisories(db, &later, &Silent).await?.n_added;
    let rescan_id = rescan(db, Trigger::Advisory, &Silent).await?.rescan_id;
    Ok(LoadedSample { n_assets, n_advisories, rescan_id })
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemovedSample {
    pub n_assets: u64,
    pub n_advisories: u64,
}

/// Removes what [`load_sample_plant`] loaded, and nothing else.
///
/// # Errors
///
/// It is not loaded, a later import touched its assets, another rescan is running, or the database fails.
pub async fn remove_sample_plant(db: &Db, who: &str, now: Timestamp) -> Result<RemovedSample, SampleError> {
    let inventories = store::inventory::list_sample_inventories(db).await?;
    if inventories.is_empty() {
        return Err(SampleError::NotLoaded);
    }
    let mut removed = RemovedSample::default();
    for inventory_id in inventories {
        let counts = undo_import(db, inventory_id, who).await?.1;
        // Assets that were judged are retired, so that reports of those days stay as they were.
        removed.n_assets += counts.n_removed + counts.n_retired;
    }
    let sample = SAMPLE_ADVISORIES.iter().filter_map(|(_, bytes)| {
        crate::ingest::csaf::document::read_document(bytes).ok().map(|(advisory, _)| advisory.key())
    });
    let mut keys: Vec<_> = sample.collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        removed.n_advisories += u64::from(store::advisory_note::delete_advisory(db, &key, &[]).await?.is_some());
    }
    rescan(db, Trigger::Manual, &Silent).await?;
    refresh_listing(db, now).await?;
    let what = format!("sample plant removed: {} assets, {} advisories", removed.n_assets, removed.n_advisories);
    note(db, Deed::new(who, Act::Sample, what), now).await?;
    Ok(removed)
}

/// A folder of its own that goes away with the value.
fn temporary_folder() -> std::io::Result<TemporaryFolder> {
    let path = std::env::temp_dir().join(format!(
        "nameplate-sample-{}-{}",
        std::process::id(),
        Timestamp::now().as_nanosecond()
    ));
    std::fs::create_dir(&path)?;
    Ok(TemporaryFolder(path))
}

struct TemporaryFolder(std::path::PathBuf);

impl TemporaryFolder {
    fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is a small file in the folder for temporary ones.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The number of sample advisories, each once however many revisions it has.
pub fn n_sample_advisories() -> usize {
    SAMPLE_ADVISORIES.iter().filter(|(name, _)| !name.contains("-revision-")).count()
}
