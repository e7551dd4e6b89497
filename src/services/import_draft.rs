//! Uploaded files on their way to an import: kept in the data folder, looked at, checked and imported as jobs. Pages
//! and the API share this; nothing of a file is an asset before it is imported.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::account::SiteScope;
use crate::domain::inventory_draft::{DraftSettings, InventoryDraft, NewDraft};
use crate::domain::job::{JobKind, NewJob};
use crate::ingest::spreadsheet::{Mapping, ReadFault};
use crate::services::check_import::{Checked, Looked, check_import, look_at_file};
use crate::services::import_inventory::{ImportError, ImportRequest, ImportResult, import_inventory, note_import};
use crate::services::jobs::{JobDone, JobRun, Jobs, Started};
use crate::services::knowledge::KnowledgeCache;
use crate::services::progress::Progress;
use crate::services::rescan::rescan_pending;
use crate::store::{self, Db, StoreError};

/// The largest file that can be uploaded.
pub const MAX_UPLOAD_BYTES: u64 = 200_000_000;

/// How long an upload waits to be imported.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Looks and checks that are kept in memory; what falls out is made anew.
const N_KEPT: usize = 8;

/// How long a page waits for a short piece of work before it shows its progress instead.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Why a file was not taken. The upload is gone.
#[derive(Debug, Error)]
pub enum UploadError {
    #[error("the file is larger than {} MB\nhint: split the list, or send only the columns that identify the devices", MAX_UPLOAD_BYTES / 1_000_000)]
    TooLarge,
    #[error("no file was sent\nhint: choose a file first")]
    NoFile,
    #[error("cannot keep the file in the data folder: {0}")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was asked of a draft that is not there, or no longer a draft.
#[derive(Debug, Error)]
pub enum DraftError {
    #[error("cannot find upload {0}: it was discarded, or not changed for a week\nhint: upload the file again")]
    Unknown(i64),
    #[error("upload {0} was imported already, as import {1}")]
    Imported(i64, i64),
    #[error("cannot use these settings: {0}")]
    Settings(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a look or a check that was asked for.
pub enum Worked<T> {
    Done(Arc<T>),
    /// It takes longer: the job tells how far it is.
    UnderWay(i64),
    /// It cannot be done, as a person can act on it.
    Failed(Failure),
}

/// Why a file cannot be looked at or checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub message: String,
    /// Whether the columns or the header row can be named to read the file all the same.
    pub can_be_mapped: bool,
}

/// The uploads of one data folder. Cloning it is cheap.
#[derive(Clone)]
pub struct Drafts {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    jobs: Jobs,
    knowledge: Arc<KnowledgeCache>,
    /// Where the files lie.
    folder: PathBuf,
    looked: Kept<Looked>,
    checked: Kept<Checked>,
}

/// Of which draft, as it was set when, something was found out.
type Of = (i64, Timestamp);

/// What was found out lately, the latest first.
type Kept<T> = Mutex<VecDeque<(Of, Result<Arc<T>, Failure>)>>;

/// A file that is being received; dropped before it is kept, it leaves nothing.
pub struct Upload {
    path: Option<PathBuf>,
    file: File,
    hasher: Sha256,
    n_bytes: u64,
}

impl Upload {
    /// Takes the next bytes of the file.
    ///
    /// # Errors
    ///
    /// The file is too large, or the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        self.n_bytes += bytes.len() as u64;
        if self.n_bytes > MAX_UPLOAD_BYTES {
            return Err(UploadError::TooLarge);
        }
        self.hasher.update(bytes);
        tokio::task::block_in_place(|| self.file.write_all(bytes))?;
        Ok(())
    }

    /// Where the bytes lie as long as this value lives; `None` once they are kept as a draft.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The bytes that were taken.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            remove(path);
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("an uploaded file could not be removed: {error}");
    }
}

impl Drafts {
    /// The uploads in this data folder.
    pub fn new(db: Db, jobs: Jobs, knowledge: Arc<KnowledgeCache>, data_folder: &Path) -> Drafts {
        let (looked, checked) = (Mutex::default(), Mutex::default());
        let folder = data_folder.join("uploads");
        Drafts { inner: Arc::new(Inner { db, jobs, knowledge, folder, looked, checked }) }
    }

    /// Begins to receive a file.
    ///
    /// # Errors
    ///
    /// The data folder cannot be written to.
    pub fn begin_upload(&self) -> Result<Upload, UploadError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = &self.inner.folder;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let now = Timestamp::now().as_nanosecond();
        let name = format!("upload-{now}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = folder.join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok(Upload { path: Some(path), file, hasher: Sha256::new(), n_bytes: 0 })
    }

    /// Keeps a received file as a draft; gives its id, or that of the draft that came under the same key.
    ///
    /// # Errors
    ///
    /// No byte was received, or disk or database fail.
    pub async fn finish_upload(
        &self,
        mut upload: Upload,
        file_name: &str,
        settings: DraftSettings,
        idempotency_key: Option<String>,
        who: &str,
    ) -> Result<i64, UploadError> {
        tokio::task::block_in_place(|| upload.file.sync_all())?;
        let sha256 = upload.hasher.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let stored_name =
            upload.path.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let Some(stored_name) = stored_name.filter(|_| !file_name.trim().is_empty() || upload.n_bytes > 0) else {
            return Err(UploadError::NoFile);
        };
        let new = NewDraft {
            file_name: base_name(file_name),
            stored_name,
            sha256,
            n_bytes: upload.n_bytes,
            who: who.to_owned(),
            idempotency_key: idempotency_key.clone(),
            settings,
        };
        match store::inventory_draft::save_new_draft(&self.inner.db, &new, Timestamp::now()).await {
            Ok(draft_id) => {
                upload.path = None;
                Ok(draft_id)
            }
            Err(StoreError::Conflict(why)) => match idempotency_key {
                Some(key) => {
                    let known = store::inventory_draft::find_draft_of_key(&self.inner.db, &key).await?;
                    known.map(|draft| draft.draft_id).ok_or(UploadError::Store(StoreError::Conflict(why)))
                }
                None => Err(StoreError::Conflict(why).into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// The draft with this id.
    ///
    /// # Errors
    ///
    /// There is none, or it became an import.
    pub async fn find(&self, draft_id: i64) -> Result<InventoryDraft, DraftError> {
        let draft = store::inventory_draft::find_draft(&self.inner.db, draft_id).await?;
        let draft = draft.ok_or(DraftError::Unknown(draft_id))?;
        match draft.inventory_id {
            Some(inventory_id) => Err(DraftError::Imported(draft_id, inventory_id)),
            None => Ok(draft),
        }
    }

    /// The drafts that wait for a person, the latest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn list(&self) -> Result<Vec<InventoryDraft>, StoreError> {
        store::inventory_draft::list_drafts(&self.inner.db, 50).await
    }

    /// Keeps what was chosen.
    ///
    /// # Errors
    ///
    /// The mapping cannot be read, or there is no such draft.
    pub async fn set(&self, draft_id: i64, settings: &DraftSettings) -> Result<(), DraftError> {
        mapping_of(settings).map_err(|fault| DraftError::Settings(fault.to_string()))?;
        let before = self.find(draft_id).await?;
        if before.settings == *settings {
            return Ok(());
        }
        if !store::inventory_draft::save_draft_settings(&self.inner.db, draft_id, settings, Timestamp::now()).await? {
            return Err(DraftError::Unknown(draft_id));
        }
        Ok(())
    }

    /// Forgets a draft and its file.
    ///
    /// # Errors
    ///
    /// There is no such draft, or the database fails.
    pub async fn discard(&self, draft_id: i64) -> Result<(), DraftError> {
        let draft = self.find(draft_id).await?;
        store::inventory_draft::delete_draft(&self.inner.db, draft_id).await?;
        remove(&self.inner.folder.join(&draft.stored_name));
        Ok(())
    }

    /// Forgets drafts that nobody came back to, and files that belong to none.
    ///
    /// # Errors
    ///
    /// Disk or database fail.
    pub async fn clean(&self, now: Timestamp) -> Result<(), UploadError> {
        let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        store::inventory_draft::delete_drafts_before(&self.inner.db, before).await?;
        let known = store::inventory_draft::list_stored_names(&self.inner.db).await?;
        let Ok(entries) = fs::read_dir(&self.inner.folder) else { return Ok(()) };
        for entry in entries {
            let entry = entry?;
            let is_known = known.iter().any(|name| entry.file_name() == name.as_str());
            // A file that is being received has no draft yet.
            let is_old = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > Duration::from_secs(3600)));
            if !is_known && is_old {
                remove(&entry.path());
            }
        }
        Ok(())
    }

    /// Cleans up again and again; see [`Drafts::clean`]. Never ends by itself.
    pub async fn watch(self) {
        loop {
            if let Err(error) = self.clean(Timestamp::now()).await {
                tracing::warn!("uploads that nobody came back to could not be removed: {error}");
            }
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    }

    /// What an import of this draft is asked to do.
    ///
    /// # Errors
    ///
    /// The mapping cannot be read.
    pub fn request(&self, draft: &InventoryDraft) -> Result<ImportRequest, ReadFault> {
        let s = &draft.settings;
        Ok(ImportRequest {
            is_sample: false,
            path: self.inner.folder.join(&draft.stored_name),
            name: Some(draft.file_name.clone()),
            site: s.site.clone(),
            sheet_is_site: s.sheet_is_site,
            site_names: s.site_names.clone(),
            cells: s.cells.clone(),
            mapping: mapping_of(s)?,
            key: s.key,
            forget_choice: s.forget_choice,
            on_missing: s.on_missing,
            only_sites: None,
            all_or_nothing: s.all_or_nothing,
            again: s.again,
        })
    }

    /// How the columns of a draft are read.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn look(&self, draft: &InventoryDraft) -> Result<Worked<Looked>, StoreError> {
        let work = async |inner: Arc<Inner>, request: ImportRequest, run: Arc<JobRun>| {
            let looked = look_at_file(&inner.db, &request, run.as_ref()).await?;
            Ok((format!("{} devices found", looked.n_devices), looked))
        };
        self.find_out(draft, None, |inner| &inner.looked, ("Read", "columns"), work).await
    }

    /// What an import of a draft would bring and change.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn check(&self, draft: &InventoryDraft, scope: &SiteScope) -> Result<Worked<Checked>, StoreError> {
        let work = async |inner: Arc<Inner>, request: ImportRequest, run: Arc<JobRun>| {
            // An import can be checked without advisories to judge doubtful cells by.
            let knowledge = inner.knowledge.get(&inner.db).await.ok();
            let index = knowledge.as_ref().map(|knowledge| &knowledge.index);
            let checked = check_import(&inner.db, &request, index, run.as_ref()).await?;
            Ok((format!("{} devices checked", checked.looked.n_devices), checked))
        };
        let only_sites = self.only_sites(scope).await?;
        self.find_out(draft, only_sites, |inner| &inner.checked, ("Check", "check"), work).await
    }

    /// Gives what is known of a draft, or starts the job that finds it out and waits for it a short while. `work` gives
    /// a sentence of counts and what it found; `words` are its verb and the step whose page shows it.
    async fn find_out<T, W, F>(
        &self,
        draft: &InventoryDraft,
        only_sites: Option<Vec<String>>,
        kept: fn(&Inner) -> &Kept<T>,
        words: (&str, &'static str),
        work: W,
    ) -> Result<Worked<T>, StoreError>
    where
        T: Send + Sync + 'static,
        W: FnOnce(Arc<Inner>, ImportRequest, Arc<JobRun>) -> F + Send + 'static,
        F: Future<Output = Result<(String, T), ImportError>> + Send,
    {
        let of = (draft.draft_id, draft.changed_at);
        if let Some(known) = recall(kept(&self.inner), of) {
            return Ok(known.map_or_else(Worked::Failed, Worked::Done));
        }
        let request = match self.request(draft) {
            Ok(request) => ImportRequest { only_sites, ..request },
            Err(fault) => return Ok(Worked::Failed(Failure { message: fault.to_string(), can_be_mapped: true })),
        };
        let (verb, step) = words;
        let inner = Arc::clone(&self.inner);
        let work = async move |run: Arc<JobRun>| {
            let found = work(Arc::clone(&inner), request, Arc::clone(&run)).await;
            if run.is_cancelled() {
                return Err("cancelled".to_owned());
            }
            let result_path = Some(format!("/inventories/draft-{}/{step}", of.0));
            match found {
                Ok((message, found)) => {
                    keep(kept(&inner), of, Ok(Arc::new(found)));
                    Ok(JobDone { message, result_path })
                }
                Err(error) => {
                    let failure = failure(&error);
                    keep(kept(&inner), of, Err(failure.clone()));
                    Err(failure.message)
                }
            }
        };
        let started = self.start(draft, &format!("{verb} {}", draft.file_name), step, work).await?;
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(found) = recall(kept(&self.inner), of) {
                return Ok(found.map_or_else(Worked::Failed, Worked::Done));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Worked::UnderWay(started.job_id()))
    }

    /// Imports a draft and judges what it brought, as a job, which fails when a device stands at a site outside `scope`.
    ///
    /// # Errors
    ///
    /// The draft is no draft any more, its mapping cannot be read, or the database fails.
    pub async fn import(&self, draft: &InventoryDraft, scope: &SiteScope) -> Result<Started, DraftError> {
        let mut request = self.request(draft).map_err(|fault| DraftError::Settings(fault.to_string()))?;
        request.only_sites = self.only_sites(scope).await?;
        let drafts = self.clone();
        let (draft_id, stored_name) = (draft.draft_id, draft.stored_name.clone());
        let (who, file_name) = (draft.who.clone(), draft.file_name.clone());
        let work = async move |run: Arc<JobRun>| {
            let imported = import_inventory(&drafts.inner.db, &request, run.as_ref()).await;
            let done = match imported.map_err(|error| error.to_string())? {
                ImportResult::AlreadyImported(known) => {
                    drafts.inner.became(draft_id, known.inventory_id, &stored_name).await;
                    return Ok(JobDone {
                        message: format!("The same file was imported before, as import {}", known.inventory_id),
                        result_path: Some(format!("/inventories/{}", known.inventory_id)),
                    });
                }
                ImportResult::Done(done) => done,
            };
            let inventory_id = done.imported.inventory_id;
            drafts.inner.became(draft_id, inventory_id, &stored_name).await;
            let n = done.imported.counts.n_assets();
            note_import(&drafts.inner.db, &who, &file_name, &done.imported).await.map_err(|error| error.to_string())?;
            let judged = drafts.inner.judge(inventory_id, run.as_ref()).await;
            Ok(JobDone {
                message: format!("{n} assets imported, {judged}"),
                result_path: Some(format!("/inventories/{inventory_id}")),
            })
        };
        Ok(self.start(draft, &format!("Import {}", draft.file_name), "import", work).await?)
    }

    /// The names of the sites that a person may change; `None` for all.
    async fn only_sites(&self, scope: &SiteScope) -> Result<Option<Vec<String>>, StoreError> {
        if *scope == SiteScope::All {
            return Ok(None);
        }
        let sites = store::site::list_sites(&self.inner.db).await?;
        Ok(Some(sites.into_iter().filter(|site| scope.covers(site.site_id)).map(|site| site.name).collect()))
    }

    /// Starts a job for a draft; one of each kind of work at a time.
    async fn start<W, F>(&self, draft: &InventoryDraft, title: &str, what: &str, work: W) -> Result<Started, StoreError>
    where
        W: FnOnce(Arc<JobRun>) -> F + Send + 'static,
        F: Future<Output = Result<JobDone, String>> + Send + 'static,
    {
        let new = NewJob {
            kind: JobKind::Import,
            title: title.to_owned(),
            who: draft.who.clone(),
            once: Some(format!("{what} of draft {} at {}", draft.draft_id, draft.changed_at)),
        };
        let started = self.inner.jobs.start(new, work).await?;
        store::inventory_draft::save_draft_job(&self.inner.db, draft.draft_id, started.job_id()).await?;
        Ok(started)
    }
}

impl Inner {
    /// Says of a draft that it was imported, and removes its file. Failing at it undoes no import.
    async fn became(&self, draft_id: i64, inventory_id: i64, stored_name: &str) {
        remove(&self.folder.join(stored_name));
        if let Err(error) = store::inventory_draft::save_draft_imported(&self.db, draft_id, inventory_id).await {
            tracing::warn!(draft_id, "what an upload became could not be kept: {error}");
        }
    }

    /// Judges what is new and says how the assets of this import stand. A failure is told, not raised: the import
    /// itself is done.
    async fn judge(&self, inventory_id: i64, progress: &dyn Progress) -> String {
        let began = Instant::now();
        if let Err(error) = rescan_pending(&self.db, progress).await {
            tracing::warn!(inventory_id, "an import could not be judged: {error}");
            return format!("not judged: {error}");
        }
        let seconds = began.elapsed().as_secs_f64();
        match store::inventory::count_standings(&self.db, inventory_id).await {
            Ok(standings) => format!("judged in {seconds:.1} s: {}", standings_in_words(&standings)),
            Err(error) => format!("judged in {seconds:.1} s ({error})"),
        }
    }
}

/// The six places with their numbers, those that hold nothing left out.
pub fn standings_in_words(standings: &[(crate::domain::asset::Standing, u64)]) -> String {
    let parts: Vec<String> =
        standings.iter().filter(|(_, n)| *n > 0).map(|(standing, n)| format!("{n} {}", standing.label())).collect();
    if parts.is_empty() { "no asset left".to_owned() } else { parts.join(", ") }
}

fn mapping_of(settings: &DraftSettings) -> Result<Option<Mapping>, ReadFault> {
    settings.mapping.as_deref().map(Mapping::from_toml).transpose()
}

fn failure(error: &ImportError) -> Failure {
    Failure {
        message: in_words(error),
        can_be_mapped: matches!(
            error,
            ImportError::Read(read)
                if matches!(read.fault, ReadFault::NoTable { .. } | ReadFault::PriceList { .. } | ReadFault::Mapping(_))
        ) || matches!(error, ImportError::NoDevice { .. }),
    }
}

/// The error for a person in front of a page, who knows which file it is about and has no command line.
pub fn in_words(error: &ImportError) -> String {
    let text = match error {
        ImportError::Read(read) => match &read.fault {
            ReadFault::Empty { .. } => "The file is empty.".to_owned(),
            ReadFault::Password => {
                "The workbook is protected with a password. Save a copy without one and upload that.".to_owned()
            }
            ReadFault::PriceList { columns } => format!(
                "This looks like a price list: it has the columns {columns}, and no serial number, firmware, site or tag."
            ),
            ReadFault::NoTable { found } => format!(
                "This looks like no inventory: no row names a model, an order number or a description ({found})."
            ),
            ReadFault::Truncated { detail } => {
                format!("The file ends too early: {detail}. It was not copied or downloaded whole; copy it again.")
            }
            fault => format!("The file cannot be read: {fault}. {}", sentence(fault.hint())),
        },
        ImportError::NoDevice { n_rejected, .. } => format!(
            "No row names a device: {n_rejected} rows have data, none has a model or an order number in the columns as they are read."
        ),
        other => {
            let text = other.to_string();
            text.split("\nhint:").next().unwrap_or_default().to_owned()
        }
    };
    sentence(&text)
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let stop = if text.is_empty() || text.ends_with(['.', '?', ')']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// The name without folders, which some browsers send along.
fn base_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    if name.is_empty() { "inventory".to_owned() } else { name }
}

fn recall<T>(kept: &Kept<T>, of: Of) -> Option<Result<Arc<T>, Failure>> {
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().find(|(known, _)| *known == of).map(|(_, found)| found.clone())
}

fn keep<T>(kept: &Kept<T>, of: Of, found: Result<Arc<T>, Failure>) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|((draft_id, _), _)| *draft_id != of.0);
    kept.push_front((of, found));
    kept.truncate(N_KEPT);
}
