//! Importing an inventory file: all of its devices or none, and the same file twice is a no-op.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::catalogue::Catalogue;
use crate::domain::inventory::{Inventory, InventoryReading, NewInventory, OnMissing};
use crate::ingest::spreadsheet::{self, Batch, Mapping, ReadError, ReadOptions};
use crate::services::assets::AssetMaker;
use crate::services::progress::Progress;
use crate::services::scan::file_name;
use crate::store::inventory::{self, Import, Imported};
use crate::store::{Db, StoreError};

/// What to import, and how.
#[derive(Clone, Debug, Default)]
pub struct ImportRequest {
    pub path: PathBuf,
    /// Site of the devices for which the file states none; `None` takes the file's name.
    pub site: Option<String>,
    /// The user's word on columns, header row and sheets.
    pub mapping: Option<Mapping>,
    pub on_missing: OnMissing,
    /// Import even if the same bytes were imported for the same site before.
    pub again: bool,
}

/// What an import ended with.
pub enum ImportResult {
    /// The same bytes were imported for the same site before; nothing was written.
    AlreadyImported(Inventory),
    /// The devices are saved. The reading has columns, skipped sheets and remarks, and no rows.
    Done(Imported, InventoryReading),
}

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("cannot import `{}`: it was replaced while it was read\nhint: import it again when it is no longer written to", path.display())]
    Replaced { path: PathBuf },
    #[error("cannot import `{}`: expected at least one device, found none in {n_rejected} rows\nhint: `nameplate import --dry-run` shows how each row and column was read", path.display())]
    NoDevice { path: PathBuf, n_rejected: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports a file in one transaction, row by row in bounded memory. An error or a kill leaves nothing of it.
///
/// # Errors
///
/// The file cannot be read, holds no device, or changes under the reader; or the database fails.
pub async fn import_inventory(
    db: &Db,
    request: &ImportRequest,
    progress: &dyn Progress,
) -> Result<ImportResult, ImportError> {
    let path = &request.path;
    let (sha256, seen) = tokio::task::block_in_place(|| digest(path))?;
    if !request.again
        && let Some(known) = inventory::find_inventory_of_file(db, &sha256, request.site.as_deref()).await?
    {
        return Ok(ImportResult::AlreadyImported(known));
    }
    let name = file_name(path);
    let stem = path.file_stem().map_or_else(|| name.clone(), |s| s.to_string_lossy().into_owned());
    let new = NewInventory {
        file_name: name.clone(),
        sha256,
        site: request.site.clone(),
        imported_at: Timestamp::now(),
        remarks: Vec::new(),
        is_sample: false,
    };
    let catalogue = Catalogue::built_in();
    let mut maker = AssetMaker::new(&name, request.site.as_deref().unwrap_or(&stem), &catalogue);
    let mut import = inventory::begin_import(db, &new).await?;
    if !request.again
        && let Some(known) = import.same_file().await?
    {
        return Ok(ImportResult::AlreadyImported(known));
    }
    let options = ReadOptions { mapping: request.mapping.clone(), ..ReadOptions::default() };
    progress.begin("Importing devices", None);
    let runtime = tokio::runtime::Handle::current();
    let (mut n_devices, mut n_rejected, mut failure) = (0, 0, None);
    let reading = tokio::task::block_in_place(|| {
        spreadsheet::read_rows(&path.display().to_string(), spreadsheet::open(path)?, &options, |batch| {
            n_devices += batch.rows.len() as u64;
            n_rejected += batch.rejected.len() as u64;
            progress.advance(batch.rows.len() as u64);
            if failure.is_none() {
                failure = runtime.block_on(save_batch(&mut import, &mut maker, &batch)).err();
            }
        })
    });
    progress.end();
    let reading = reading?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    if n_devices == 0 {
        return Err(ImportError::NoDevice { path: path.clone(), n_rejected });
    }
    if tokio::task::block_in_place(|| look(path))? != seen {
        return Err(ImportError::Replaced { path: path.clone() });
    }
    let imported = import.finish(request.on_missing).await?;
    Ok(ImportResult::Done(imported, reading))
}

/// Reads a file as an import would, and stores nothing.
///
/// # Errors
///
/// The file cannot be read.
pub fn read_inventory(
    path: &Path,
    site: Option<&str>,
    mapping: Option<Mapping>,
) -> Result<InventoryReading, ReadError> {
    let options = ReadOptions { site: site.map(str::to_owned), mapping, ..ReadOptions::default() };
    spreadsheet::read_path(path, &options)
}

async fn save_batch(import: &mut Import, maker: &mut AssetMaker<'_>, batch: &Batch) -> Result<(), StoreError> {
    let assets: Vec<_> = batch.rows.iter().map(|row| maker.make(row)).collect();
    let warnings: Vec<_> = batch.rows.iter().flat_map(|row| row.warnings.iter().cloned()).collect();
    import.save_assets(&assets).await?;
    import.save_warnings(&warnings).await?;
    import.save_rejected(&batch.rejected).await
}

/// Length and time of change: what tells that a file is no longer the one that was looked at.
type Look = (u64, Option<SystemTime>);

fn look(path: &Path) -> Result<Look, ImportError> {
    let metadata =
        std::fs::metadata(path).map_err(|source| ImportError::Unreadable { path: path.to_owned(), source })?;
    Ok((metadata.len(), metadata.modified().ok()))
}

/// The SHA-256 of the file as 64 hexadecimal digits, and how the file looked.
fn digest(path: &Path) -> Result<(String, Look), ImportError> {
    let failed = |source| ImportError::Unreadable { path: path.to_owned(), source };
    let seen = look(path)?;
    let mut file = spreadsheet::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer).map_err(failed)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
    }
    Ok((hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), seen))
}
