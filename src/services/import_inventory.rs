//! Importing an inventory file: all of its devices or none, and the same file twice is a no-op.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::audit::Act;
use crate::domain::inventory::{
    AssetKey, ImportPreview, Inventory, InventoryReading, NewInventory, OnMissing, REJECT_REASON, RowWarning,
};
use crate::domain::inventory_draft::CellChoice;
use crate::ingest::spreadsheet::{self, Batch, Mapping, ReadError, ReadOptions};
use crate::services::aliases::catalogue_of;
use crate::services::assets::{AssetMaker, RowRules};
use crate::services::column_choice::{ChoiceError, Chosen, Wish, choose, is_reject_file, mapping_to_toml};
use crate::services::note_act::{Deed, note};
use crate::services::progress::Progress;
use crate::services::scan::file_name;
use crate::store::inventory::{self, Import, Imported};
use crate::store::{Db, StoreError};

/// What to import, and how.
#[derive(Clone, Debug, Default)]
pub struct ImportRequest {
    pub path: PathBuf,
    /// What the file is called, where that is not the end of its path.
    pub name: Option<String>,
    /// Site of the devices for which the file states none; `None` takes the file's name.
    pub site: Option<String>,
    /// Whether the name of a sheet is the site of its devices that state none, before `site`.
    pub sheet_is_site: bool,
    /// Sites as the file calls them, with the names they shall have.
    pub site_names: Vec<(String, String)>,
    /// What stands in single cells, instead of what the file shows.
    pub cells: Vec<CellChoice>,
    /// The user's word on columns, header row and sheets; `None` takes what is remembered for the same headers.
    pub mapping: Option<Mapping>,
    /// By what assets are known again; `None` takes what is remembered for the same headers.
    pub key: Option<AssetKey>,
    /// Read the columns anew, and forget what is remembered for these headers.
    pub forget_choice: bool,
    pub on_missing: OnMissing,
    /// The sites that the importing person may change, by name; `None` for all, and for new ones.
    pub only_sites: Option<Vec<String>>,
    /// Import nothing when a row is rejected.
    pub all_or_nothing: bool,
    /// Import even if the same bytes were imported for the same site before.
    pub again: bool,
    /// It is the sample plant, which is taken away with one click.
    pub is_sample: bool,
}

impl ImportRequest {
    pub(super) fn wish(&self) -> Wish {
        Wish {
            name: self.shown(),
            mapping: self.mapping.clone(),
            key: self.key,
            forget: self.forget_choice,
            keep_rejected: self.all_or_nothing,
        }
    }

    /// What the file is called: `plant.xlsx`.
    pub fn file_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| file_name(&self.path))
    }

    /// What messages call the file.
    pub(super) fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.path.display().to_string())
    }

    /// The site of devices for which the file states none.
    pub fn default_site(&self) -> String {
        let name = self.file_name();
        let stem = || Path::new(&name).file_stem().map_or_else(|| name.clone(), |s| s.to_string_lossy().into_owned());
        self.site.clone().unwrap_or_else(stem)
    }

    /// Refuses rows at sites that the importing person may not change.
    pub(super) fn refuse_foreign_sites(&self, import: &Import) -> Result<(), ImportError> {
        let Some(own) = &self.only_sites else { return Ok(()) };
        match import.site_names().find(|site| !own.iter().any(|own| own == site)) {
            Some(site) => Err(ImportError::NotYours { file: self.shown(), site: site.to_owned() }),
            None => Ok(()),
        }
    }

    /// What is said of the file beyond what stands in it.
    pub fn rules(&self) -> RowRules {
        RowRules::new(&self.default_site(), self.sheet_is_site, &self.site_names, &self.cells)
    }

    /// A file of rejected rows is a part of the list it came from, and says nothing about the other devices.
    pub(super) fn on_missing(&self, reading: &InventoryReading) -> OnMissing {
        if is_reject_file(&reading.columns) { OnMissing::Ignore } else { self.on_missing }
    }
}

/// What an import ended with.
pub enum ImportResult {
    /// The same bytes were imported for the same site before; nothing was written.
    AlreadyImported(Inventory),
    Done(Box<DoneImport>),
}

/// What was saved.
pub struct DoneImport {
    pub imported: Imported,
    /// Columns, skipped sheets and remarks, without rows.
    pub reading: InventoryReading,
    /// How the columns were read, as a mapping (TOML) that can be changed and given with the next import.
    pub mapping: String,
}

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cannot read `{file}`: {source}")]
    Unreadable { file: String, source: std::io::Error },
    #[error(
        "cannot import `{file}`: it was replaced while it was read\nhint: import it again when it is no longer written to"
    )]
    Replaced { file: String },
    #[error(
        "cannot import `{file}`: expected at least one device, found none in {n_rejected} rows\nhint: `nameplate import --dry-run` shows how each row and column was read"
    )]
    NoDevice { file: String, n_rejected: u64 },
    #[error(
        "cannot import `{file}`: it has assets of the site `{site}`, which is not yours to change\nhint: take its rows out of the list, or ask somebody who may change that site"
    )]
    NotYours { file: String, site: String },
    #[error("the import was cancelled; nothing of the file was stored")]
    Cancelled,
    #[error(
        "cannot import `{file}`: expected that every row names a device, found {} that do not, the first at {}: {}\n\
         hint: put them right, or import the other {n_devices} devices without --all-or-nothing",
        reading.rejected.len(), first_place(reading), first_reason(reading)
    )]
    Rejected {
        file: String,
        n_devices: u64,
        /// Columns and rejected rows, without devices.
        reading: Box<InventoryReading>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ChoiceError> for ImportError {
    fn from(error: ChoiceError) -> ImportError {
        match error {
            ChoiceError::Read(error) => ImportError::Read(error),
            ChoiceError::Store(error) => ImportError::Store(error),
        }
    }
}

fn first_place(reading: &InventoryReading) -> String {
    reading.rejected.first().map(|row| row.place.label()).unwrap_or_default()
}

fn first_reason(reading: &InventoryReading) -> &str {
    reading.rejected.first().map_or("", |row| &row.why)
}

/// Imports a file in one transaction, row by row in bounded memory. An error or a kill leaves nothing of it.
///
/// # Errors
///
/// The file cannot be read, holds no device, has rejected rows where none are wanted, or changes under the reader; or
/// the database fails.
pub async fn import_inventory(
    db: &Db,
    request: &ImportRequest,
    progress: &dyn Progress,
) -> Result<ImportResult, ImportError> {
    let (sha256, seen) = tokio::task::block_in_place(|| digest(request))?;
    if !request.again
        && let Some(known) = inventory::find_inventory_of_file(db, &sha256, request.site.as_deref()).await?
    {
        return Ok(ImportResult::AlreadyImported(known));
    }
    let mut chosen = choose(Some(db), &request.path, &request.wish(), progress).await?;
    refuse(request, &mut chosen)?;
    if progress.is_cancelled() {
        return Err(ImportError::Cancelled);
    }
    // What a note tells depends on the components that people added.
    let (catalogue, _) = catalogue_of(db).await?;
    let mut import = inventory::begin_import(db, &new_inventory(request, sha256)).await?;
    if !request.again
        && let Some(known) = import.same_file().await?
    {
        return Ok(ImportResult::AlreadyImported(known));
    }
    let rivals = std::mem::take(&mut chosen.survey.rivals);
    let mut maker = AssetMaker::new(&request.file_name(), request.rules(), &catalogue, chosen.key, rivals);
    progress.begin("Importing devices", Some(chosen.survey.n_devices));
    let reading = save_rows(&mut import, &mut maker, request, chosen.mapping.as_ref(), progress).await;
    progress.end();
    let mut reading = reading?;
    if tokio::task::block_in_place(|| look(request))? != seen {
        return Err(ImportError::Replaced { file: request.shown() });
    }
    if progress.is_cancelled() {
        return Err(ImportError::Cancelled);
    }
    request.refuse_foreign_sites(&import)?;
    reading.remarks.append(&mut chosen.remarks);
    if !request.cells.is_empty() {
        let cells: Vec<String> =
            request.cells.iter().map(|cell| format!("{} as `{}`", cell.place.label(), cell.value)).collect();
        reading.remarks.push(format!("{} cells are read as chosen: {}", cells.len(), cells.join(", ")));
    }
    if is_reject_file(&reading.columns) {
        reading.remarks.push(format!(
            "the column `{REJECT_REASON}` says that these are rows of another file: devices that are not among them stay as they are"
        ));
    }
    if let Some((n, tag, site, other)) = import.find_tags_elsewhere().await? {
        reading.remarks.push(format!(
            "{n} tags of new assets are known at another site, as `{tag}` at `{site}` and `{other}`; each site has an asset of its own"
        ));
    }
    import.save_reading(&reading.remarks, &reading.columns).await?;
    remember(&mut import, request, &chosen).await?;
    let imported = import.finish(request.on_missing(&reading)).await?;
    let mapping = mapping_to_toml(&reading.columns, chosen.mapping.as_ref(), &request.file_name());
    Ok(ImportResult::Done(Box::new(DoneImport { imported, reading, mapping })))
}

/// Keeps in the audit who imported the file of this name.
///
/// # Errors
///
/// The database fails.
pub async fn note_import(db: &Db, who: &str, file: &str, imported: &Imported) -> Result<(), StoreError> {
    let n = imported.counts;
    let what = format!("import {} of {file}: {} assets", imported.inventory_id, n.n_assets());
    let after =
        format!("{} new, {} changed, {} the same, {} not in the file", n.n_new, n.n_changed, n.n_same, n.n_not_seen);
    note(db, Deed::new(who, Act::Import, what).changing("", after), Timestamp::now()).await
}

/// What an import would do, with everything that it reads.
pub struct Previewed {
    pub reading: InventoryReading,
    /// `None` without a database, and for a file that was imported before or would not be imported.
    pub preview: Option<ImportPreview>,
    pub already_imported: Option<Inventory>,
    /// Rows whose key an earlier row has.
    pub shared_keys: Vec<RowWarning>,
    /// See [`DoneImport::mapping`].
    pub mapping: String,
}

/// Reads a file as an import would and compares it with what is known, in a transaction that is dropped. Without a
/// database it only reads. At most `limit` entries stand in each list of the preview.
///
/// # Errors
///
/// As [`import_inventory`], but rejected rows are no error.
pub async fn preview_inventory(
    db: Option<&Db>,
    request: &ImportRequest,
    limit: u32,
    progress: &dyn Progress,
) -> Result<Previewed, ImportError> {
    let path = &request.path;
    let chosen = match db {
        Some(_) => Some(choose(db, path, &request.wish(), progress).await?),
        None => None,
    };
    let mapping = chosen.as_ref().map_or_else(|| request.mapping.clone(), |chosen| chosen.mapping.clone());
    let options = ReadOptions { site: request.site.clone(), mapping, ..ReadOptions::default() };
    let reading = tokio::task::block_in_place(|| spreadsheet::read_path(path, &options))?;
    let mapping = mapping_to_toml(&reading.columns, options.mapping.as_ref(), &request.file_name());
    let mut previewed = Previewed { reading, preview: None, already_imported: None, shared_keys: Vec::new(), mapping };
    let (Some(db), Some(mut chosen)) = (db, chosen) else { return Ok(previewed) };
    previewed.reading.remarks.append(&mut chosen.remarks);
    let (sha256, _) = tokio::task::block_in_place(|| digest(request))?;
    if !request.again {
        previewed.already_imported = inventory::find_inventory_of_file(db, &sha256, request.site.as_deref()).await?;
    }
    let refused = request.all_or_nothing && !previewed.reading.rejected.is_empty();
    if previewed.already_imported.is_some() || previewed.reading.rows.is_empty() || refused {
        return Ok(previewed);
    }
    let (catalogue, _) = catalogue_of(db).await?;
    let rivals = chosen.survey.rivals;
    let mut maker = AssetMaker::new(&request.file_name(), request.rules(), &catalogue, chosen.key, rivals);
    let mut import = inventory::begin_import(db, &new_inventory(request, sha256)).await?;
    for rows in previewed.reading.rows.chunks(PREVIEW_BATCH) {
        let mut assets = Vec::with_capacity(rows.len());
        for row in rows {
            let made = maker.make(row);
            assets.push(made.imported);
            previewed.shared_keys.extend(made.shared_key);
        }
        import.save_assets(&assets).await?;
    }
    let mut preview = import.preview(request.on_missing(&previewed.reading), limit).await?;
    preview.counts.n_rejected = previewed.reading.rejected.len() as u64;
    preview.counts.n_warnings = previewed.reading.rows.iter().map(|row| row.warnings.len() as u64).sum::<u64>()
        + previewed.shared_keys.len() as u64;
    previewed.preview = Some(preview);
    Ok(previewed)
}

/// Rows that a preview turns into assets at a time.
const PREVIEW_BATCH: usize = 4096;

pub(super) fn new_inventory(request: &ImportRequest, sha256: String) -> NewInventory {
    NewInventory {
        file_name: request.file_name(),
        sha256,
        site: request.site.clone(),
        imported_at: Timestamp::now(),
        remarks: Vec::new(),
        is_sample: request.is_sample,
    }
}

/// Refuses a file that gives nothing to import, before anything is written.
pub(super) fn refuse(request: &ImportRequest, chosen: &mut Chosen) -> Result<(), ImportError> {
    let file = request.shown();
    let survey = &mut chosen.survey;
    if survey.n_devices == 0 {
        return Err(ImportError::NoDevice { file, n_rejected: survey.n_rejected });
    }
    if request.all_or_nothing && survey.n_rejected > 0 {
        let mut reading = Box::new(std::mem::take(&mut survey.reading));
        reading.rejected = std::mem::take(&mut survey.rejected);
        return Err(ImportError::Rejected { file, n_devices: survey.n_devices, reading });
    }
    Ok(())
}

/// Reads the file and writes its rows, batch by batch.
async fn save_rows(
    import: &mut Import,
    maker: &mut AssetMaker<'_>,
    request: &ImportRequest,
    mapping: Option<&Mapping>,
    progress: &dyn Progress,
) -> Result<InventoryReading, ImportError> {
    let options = ReadOptions { mapping: mapping.cloned(), ..ReadOptions::default() };
    let runtime = tokio::runtime::Handle::current();
    let (mut n_written, mut failure) = (0, None);
    let reading = tokio::task::block_in_place(|| {
        spreadsheet::read_rows(&request.shown(), spreadsheet::open(&request.path)?, &options, |batch| {
            if failure.is_some() || progress.is_cancelled() {
                return;
            }
            failure = runtime.block_on(save_batch(import, maker, &batch)).err();
            n_written += batch.rows.len() as u64;
            progress.advance(batch.rows.len() as u64);
            tracing::debug!(n_written, "rows of the import are written");
        })
    });
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(reading?),
    }
}

async fn save_batch(import: &mut Import, maker: &mut AssetMaker<'_>, batch: &Batch) -> Result<(), StoreError> {
    let mut assets = Vec::with_capacity(batch.rows.len());
    let mut warnings: Vec<RowWarning> = Vec::new();
    for row in &batch.rows {
        let made = maker.make(row);
        assets.push(made.imported);
        warnings.extend(row.warnings.iter().cloned());
        warnings.extend(made.shared_key);
    }
    import.save_assets(&assets).await?;
    import.save_warnings(&warnings).await?;
    import.save_rejected(&batch.rejected).await
}

/// Keeps what was chosen with this import for the next file with the same headers.
async fn remember(import: &mut Import, request: &ImportRequest, chosen: &Chosen) -> Result<(), StoreError> {
    let given = request.mapping.is_some() || request.key.is_some();
    if !given && !request.forget_choice {
        return Ok(());
    }
    let mapping = chosen.mapping.as_ref().map(Mapping::to_toml);
    let choice = given.then_some((mapping.as_deref(), chosen.key));
    import.save_column_choice(&chosen.headers_digest, choice).await
}

/// Length and time of change: what tells that a file is no longer the one that was looked at.
pub(super) type Look = (u64, Option<SystemTime>);

fn look(request: &ImportRequest) -> Result<Look, ImportError> {
    let metadata =
        std::fs::metadata(&request.path).map_err(|source| ImportError::Unreadable { file: request.shown(), source })?;
    Ok((metadata.len(), metadata.modified().ok()))
}

/// The SHA-256 of the file as 64 hexadecimal digits, and how the file looked.
pub(super) fn digest(request: &ImportRequest) -> Result<(String, Look), ImportError> {
    let failed = |source| ImportError::Unreadable { file: request.shown(), source };
    let seen = look(request)?;
    let mut file = spreadsheet::open(&request.path)?;
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
