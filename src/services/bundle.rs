//! Carrying advisories to where no network is: one signed file out, the same file in.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::advisory::{AdvisoryRevision, UnreadableAdvisory};
use crate::domain::audit::Act;
use crate::domain::bundle::{
    BUNDLE_FORMAT, BUNDLE_VERSION, BundleFile, BundleFileKind, BundleKey, Manifest, TrustedKey,
};
use crate::domain::priority::{EpssList, KevCatalogue};
use crate::domain::source::{Pull, Source, SourceKind, Trust};
use crate::ingest::bundle::minisign::{KeyError, SecretKey, public_key_line, read_public_key, write_public_key};
use crate::ingest::bundle::{BundleError, BundleWriter, SignedManifest, read_manifest, sha256, walk};
use crate::ingest::csaf::document::read_document;
use crate::ingest::csaf::load::ReadAdvisory;
use crate::ingest::epss::{EpssError, read_epss};
use crate::ingest::kev::{KevError, read_kev};
use crate::services::add_advisories::{replace_epss, replace_kev, revision};
use crate::services::aliases::{AliasError, export_aliases, import_alias_text};
use crate::services::note_act::{Deed, note};
use crate::services::progress::Progress;
use crate::store::{self, Db, StoreError};

/// Documents and bytes that are read and saved together, so that memory stays bounded.
const BATCH_FILES: usize = 500;
const BATCH_BYTES: usize = 16 << 20;

/// The setting that holds the trusted keys.
const TRUSTED_KEYS: &str = "bundle_keys";

/// The setting that remembers the bundle that was loaded last.
const LAST_LOADED: &str = "bundle_loaded";

/// The name of the source that loaded bundles are told under.
const SOURCE: &str = "bundle";

/// Why a bundle was not made or loaded.
#[derive(Debug, Error)]
pub enum CarryError {
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot {what} `{}`: {problem}", path.display())]
    File { what: &'static str, path: PathBuf, problem: io::Error },
    #[error("cannot use the key `{}`: {problem}", path.display())]
    Key { path: PathBuf, problem: KeyError },
    #[error("cannot load the bundle: its alias pack is of no use: {0}")]
    Aliases(#[from] AliasError),
    #[error("cannot load the bundle: its list of exploited vulnerabilities is of no use: {0}")]
    Kev(#[from] KevError),
    #[error("cannot load the bundle: its list of exploit probabilities is of no use: {0}")]
    Epss(#[from] EpssError),
    #[error(
        "cannot make a bundle: nothing is kept yet\nhint: `nameplate advisory add PATH` or `nameplate fetch` first"
    )]
    Nothing,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct MadeBundle {
    pub manifest: Manifest,
    pub key: BundleKey,
    pub size_bytes: u64,
}

/// What loading did.
#[derive(Clone, Debug)]
pub struct LoadedBundle {
    pub manifest: Manifest,
    pub key: BundleKey,
    pub n_added: u64,
    pub n_known: u64,
    pub n_unreadable: u64,
    pub n_aliases: u64,
    /// Entries of the lists that were taken; `None` when the bundle has none or the database has a newer one.
    pub n_kev: Option<u64>,
    pub n_epss: Option<u64>,
    /// What was left as it was because it is newer than the bundle, one sentence each.
    pub kept: Vec<String>,
}

/// Makes a key: the secret half in `path`, which only its owner may read, the public half beside it as `.pub`. Gives the
/// path of the public half.
///
/// # Errors
///
/// One of the files is there already or cannot be written.
pub fn make_key(path: &Path) -> Result<(BundleKey, PathBuf), CarryError> {
    let key = SecretKey::generate().map_err(|problem| CarryError::Key { path: path.to_owned(), problem })?;
    let public = path.with_extension("pub");
    write_new(path, &key.write(), true)?;
    write_new(&public, &write_public_key(&key.public()), false)?;
    Ok((key.public(), public))
}

fn write_new(path: &Path, text: &str, is_secret: bool) -> Result<(), CarryError> {
    let failed = |problem| CarryError::File { what: "write", path: path.to_owned(), problem };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_secret { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = is_secret;
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// Reads a secret key file.
///
/// # Errors
///
/// It cannot be read, or is no key without a password.
pub fn read_secret_key(path: &Path) -> Result<SecretKey, CarryError> {
    let text = read_text(path)?;
    SecretKey::read(&text).map_err(|problem| CarryError::Key { path: path.to_owned(), problem })
}

/// Reads the text of a public key, as a person pastes it.
///
/// # Errors
///
/// It is no key.
pub fn read_key_text(text: &str) -> Result<BundleKey, CarryError> {
    read_public_key(text).map_err(|problem| CarryError::Key { path: PathBuf::from("the text"), problem })
}

/// Reads a public key file.
///
/// # Errors
///
/// It cannot be read or is no key.
pub fn read_key_file(path: &Path) -> Result<BundleKey, CarryError> {
    let text = read_text(path)?;
    read_public_key(&text).map_err(|problem| CarryError::Key { path: path.to_owned(), problem })
}

fn read_text(path: &Path) -> Result<String, CarryError> {
    fs::read_to_string(path).map_err(|problem| CarryError::File { what: "read", path: path.to_owned(), problem })
}

/// The keys whose bundles are loaded without asking, in the order in which they were trusted.
///
/// # Errors
///
/// The database fails.
pub async fn list_trusted_keys(db: &Db) -> Result<Vec<(BundleKey, TrustedKey)>, StoreError> {
    let text = store::setting::find_setting(db, TRUSTED_KEYS).await?.unwrap_or_else(|| "[]".to_owned());
    let keys: Vec<TrustedKey> = serde_json::from_str(&text).map_err(|_| StoreError::Damaged {
        column: "setting.value",
        expected: "a list of keys",
        found: TRUSTED_KEYS.to_owned(),
    })?;
    Ok(keys.into_iter().filter_map(|trusted| Some((read_public_key(&trusted.key).ok()?, trusted))).collect())
}

/// Trusts a key for good; says whether it was not trusted before.
///
/// # Errors
///
/// The database fails.
pub async fn trust_key(db: &Db, key: &BundleKey, comment: &str, who: &str, now: Timestamp) -> Result<bool, StoreError> {
    let known = list_trusted_keys(db).await?;
    if known.iter().any(|(of, _)| of == key) {
        return Ok(false);
    }
    let mut keys: Vec<TrustedKey> = known.into_iter().map(|(_, trusted)| trusted).collect();
    keys.push(TrustedKey { key: public_key_line(key), comment: comment.to_owned(), trusted_at: now });
    save_keys(db, &keys, now).await?;
    let deed = Deed::new(who, Act::TrustKey, format!("key {} of bundles trusted", key.id()));
    note(db, deed.changing("", comment), now).await?;
    Ok(true)
}

/// Trusts the key with this id no longer; says whether it was trusted.
///
/// # Errors
///
/// The database fails.
pub async fn distrust_key(db: &Db, id: &str, who: &str, now: Timestamp) -> Result<bool, StoreError> {
    let known = list_trusted_keys(db).await?;
    let n_known = known.len();
    let left: Vec<TrustedKey> =
        known.into_iter().filter(|(key, _)| !key.id().eq_ignore_ascii_case(id)).map(|(_, trusted)| trusted).collect();
    let was_trusted = left.len() < n_known;
    if was_trusted {
        save_keys(db, &left, now).await?;
        note(db, Deed::new(who, Act::TrustKey, format!("key {id} of bundles trusted no longer")), now).await?;
    }
    Ok(was_trusted)
}

async fn save_keys(db: &Db, keys: &[TrustedKey], now: Timestamp) -> Result<(), StoreError> {
    let text = serde_json::to_string(keys).map_err(|e| StoreError::Database(e.to_string()))?;
    store::setting::save_setting(db, TRUSTED_KEYS, &text, now).await
}

/// Writes all documents with their trust states, the lists and the alias pack of the database into one signed file. The
/// file appears whole or not at all.
///
/// # Errors
///
/// The database is empty or fails, or the file cannot be written.
pub async fn make_bundle(
    db: &Db,
    path: &Path,
    key: &SecretKey,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<MadeBundle, CarryError> {
    let revisions = store::advisory::list_all_revisions(db).await?;
    let mut files: Vec<BundleFile> =
        revisions.iter().enumerate().map(|(n, (_, revision, size))| document_file(n, revision, *size)).collect();
    let unreadable = store::advisory::list_unreadable_documents(db).await?;
    files.extend(unreadable.iter().enumerate().map(|(n, (kept, bytes))| BundleFile {
        source: kept.name.clone(),
        ..list_file(format!("unreadable/{:06}.json", n + 1), BundleFileKind::Unreadable, bytes)
    }));
    let mut lists: Vec<Vec<u8>> = Vec::new();
    let (kev, epss) = (store::kev::find_kev(db).await?, store::epss::find_whole_epss(db).await?);
    if let Some(kev) = &kev {
        let bytes = kev_json(kev);
        files.push(list_file("kev.json".to_owned(), BundleFileKind::Kev, &bytes));
        lists.push(bytes);
    }
    if let Some(epss) = &epss {
        let bytes = epss_csv(epss);
        files.push(list_file("epss.csv".to_owned(), BundleFileKind::Epss, &bytes));
        lists.push(bytes);
    }
    if !store::alias::list_aliases_in_force(db).await?.is_empty() {
        let bytes = export_aliases(db).await?.into_bytes();
        files.push(list_file("aliases.toml".to_owned(), BundleFileKind::Aliases, &bytes));
        lists.push(bytes);
    }
    if files.is_empty() {
        return Err(CarryError::Nothing);
    }
    let manifest = Manifest {
        format: BUNDLE_FORMAT.to_owned(),
        version: BUNDLE_VERSION,
        made_at: now,
        made_by: format!("nameplate {}", env!("CARGO_PKG_VERSION")),
        newest_document: revisions.iter().filter_map(|(_, r, _)| r.updated_at.or(r.released_at)).max(),
        kev_date: kev.map(|kev| kev.version).unwrap_or_default(),
        epss_date: epss.map(|epss| epss.date).unwrap_or_default(),
        files,
    };
    let failed = |problem| CarryError::File { what: "write", path: path.to_owned(), problem };
    let partial = path.with_extension("partial");
    let out = BufWriter::new(fs::File::create(&partial).map_err(failed)?);
    progress.begin("Writing the bundle", Some(manifest.files.len() as u64));
    let mut writer = BundleWriter::begin(out, &manifest, key)?;
    let ids: Vec<i64> = revisions.iter().map(|(id, ..)| *id).collect();
    for batch in ids.chunks(50) {
        let documents = store::advisory::list_documents_by_number(db, batch.to_vec()).await?;
        tokio::task::block_in_place(|| -> Result<(), CarryError> {
            for (_, document) in &documents {
                writer.add(&document.bytes()?)?;
                progress.advance(1);
            }
            Ok(())
        })?;
    }
    for bytes in unreadable.iter().map(|(_, bytes)| bytes).chain(&lists) {
        writer.add(bytes)?;
        progress.advance(1);
    }
    let file = writer.finish()?.into_inner().map_err(|e| failed(e.into_error()))?;
    file.sync_all().map_err(failed)?;
    let size_bytes = file.metadata().map_err(failed)?.len();
    fs::rename(&partial, path).map_err(failed)?;
    progress.end();
    Ok(MadeBundle { manifest, key: key.public(), size_bytes })
}

fn document_file(n: usize, revision: &AdvisoryRevision, size_bytes: u64) -> BundleFile {
    BundleFile {
        path: format!("documents/{:06}.json", n + 1),
        kind: BundleFileKind::Document,
        size_bytes,
        sha256: revision.sha256.clone(),
        source: revision.source.clone(),
        trust: revision.trust.word().to_owned(),
        trust_reason: revision.trust_reason.clone(),
    }
}

fn list_file(path: String, kind: BundleFileKind, bytes: &[u8]) -> BundleFile {
    BundleFile {
        path,
        kind,
        size_bytes: bytes.len() as u64,
        sha256: sha256(bytes),
        source: String::new(),
        trust: String::new(),
        trust_reason: String::new(),
    }
}

/// The list in the form in which it is published, so that one reader reads both.
fn kev_json(list: &KevCatalogue) -> Vec<u8> {
    let vulnerabilities: Vec<serde_json::Value> = list
        .entries
        .iter()
        .map(|entry| {
            serde_json::json!({
                "cveID": entry.cve,
                "vendorProject": entry.vendor,
                "product": entry.product,
                "vulnerabilityName": entry.name,
                "dateAdded": entry.date_added,
                "dueDate": entry.due_date,
                "knownRansomwareCampaignUse": if entry.is_ransomware { "Known" } else { "Unknown" },
            })
        })
        .collect();
    serde_json::json!({
        "catalogVersion": list.version,
        "dateReleased": list.released_at.map(|at| at.to_string()),
        "count": vulnerabilities.len(),
        "vulnerabilities": vulnerabilities,
    })
    .to_string()
    .into_bytes()
}

fn epss_csv(list: &EpssList) -> Vec<u8> {
    let mut text = format!("#model_version:{},score_date:{}\ncve,epss,percentile\n", list.model, list.date);
    let decimal = |ppm: u32| format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000);
    for entry in &list.entries {
        text.push_str(&format!("{},{},{}\n", entry.cve, decimal(entry.probability_ppm), decimal(entry.percentile_ppm)));
    }
    text.into_bytes()
}

/// Reads what a bundle says of itself, when one of these keys signed it.
///
/// # Errors
///
/// The file is no bundle, or its signature does not hold.
pub fn show_bundle(path: &Path, keys: &[BundleKey]) -> Result<SignedManifest, CarryError> {
    Ok(read_manifest(path, keys)?)
}

/// Checks the whole bundle, then takes in what it holds. A bundle of which one byte differs changes nothing.
///
/// Documents that are known are left alone. A list that is older than the one of the database is not taken.
///
/// # Errors
///
/// The bundle is refused, or the database fails; what was saved before stays, and loading again is harmless.
pub async fn load_bundle(
    db: &Db,
    path: &Path,
    keys: &[BundleKey],
    who: &str,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<LoadedBundle, CarryError> {
    progress.begin("Checking the bundle", None);
    let checked = tokio::task::block_in_place(|| {
        walk::<BundleError>(path, keys, &mut |_, _| {
            progress.advance(1);
            Ok(())
        })
    });
    progress.end();
    let signed = checked?;
    let source_id = source_of_bundles(db, now).await?;
    let mut loading = Loading {
        db,
        who,
        source_id,
        now,
        batch: Vec::new(),
        batch_bytes: 0,
        loaded: LoadedBundle {
            manifest: signed.manifest,
            key: signed.key,
            n_added: 0,
            n_known: 0,
            n_unreadable: 0,
            n_aliases: 0,
            n_kev: None,
            n_epss: None,
            kept: Vec::new(),
        },
    };
    let runtime = tokio::runtime::Handle::current();
    progress.begin("Loading the bundle", Some(loading.loaded.manifest.files.len() as u64));
    // Only the key that was checked: a file that is exchanged meanwhile is refused as well.
    let only = [signed.key];
    let walked = tokio::task::block_in_place(|| {
        walk::<CarryError>(path, &only, &mut |file, bytes| {
            progress.advance(1);
            runtime.block_on(loading.take(file, bytes))
        })
    });
    progress.end();
    walked?;
    loading.save().await?;
    let loaded = loading.loaded;
    if let Some(source_id) = source_id {
        let mut pull = Pull::begun(now);
        pull.finished_at = Some(Timestamp::now().max(now));
        pull.n_listed = loaded.manifest.n_documents();
        pull.n_added = loaded.n_added;
        pull.n_known = loaded.n_known;
        pull.n_unreadable = loaded.n_unreadable;
        pull.size_bytes = loaded.manifest.size_bytes();
        pull.warnings = loaded.kept.clone();
        let pull_id = store::source::save_pull_begun(db, source_id, now).await?;
        store::source::save_pull(db, pull_id, &pull, &[]).await?;
    }
    let of = LoadedOf {
        key: loaded.key.id(),
        comment: signed.comment,
        made_at: loaded.manifest.made_at.to_string(),
        newest_document: loaded.manifest.newest_document.map(|at| at.to_string()),
        n_documents: loaded.manifest.n_documents(),
        loaded_at: now.to_string(),
    };
    let text = serde_json::to_string(&of).map_err(|e| StoreError::Database(e.to_string()))?;
    store::setting::save_setting(db, LAST_LOADED, &text, now).await?;
    let what = format!(
        "bundle of {} loaded, signed with key {}: {} documents new, {} known",
        loaded.manifest.made_at.strftime("%Y-%m-%d"),
        of.key,
        loaded.n_added,
        loaded.n_known
    );
    note(db, Deed::new(who, Act::LoadBundle, what), now).await?;
    Ok(loaded)
}

/// What is remembered of the bundle that was loaded last.
#[derive(Serialize, Deserialize)]
struct LoadedOf {
    key: String,
    comment: String,
    made_at: String,
    newest_document: Option<String>,
    n_documents: u64,
    loaded_at: String,
}

/// The bundle that was loaded last: whose signature held, and how old it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastBundle {
    /// The id of the key that signed it.
    pub key: String,
    /// What was signed beside it.
    pub comment: String,
    pub made_at: Timestamp,
    pub newest_document: Option<Timestamp>,
    pub n_documents: u64,
    pub loaded_at: Timestamp,
}

/// The bundle that was loaded last; `None` before the first.
///
/// # Errors
///
/// The database fails, or what it remembers cannot be read.
pub async fn last_bundle(db: &Db) -> Result<Option<LastBundle>, StoreError> {
    let Some(text) = store::setting::find_setting(db, LAST_LOADED).await? else { return Ok(None) };
    let damaged = || StoreError::Damaged {
        column: "setting.value",
        expected: "a bundle that was loaded",
        found: LAST_LOADED.to_owned(),
    };
    let of: LoadedOf = serde_json::from_str(&text).map_err(|_| damaged())?;
    let at = |text: &str| text.parse::<Timestamp>().map_err(|_| damaged());
    Ok(Some(LastBundle {
        made_at: at(&of.made_at)?,
        newest_document: of.newest_document.as_deref().map(at).transpose()?,
        loaded_at: at(&of.loaded_at)?,
        key: of.key,
        comment: of.comment,
        n_documents: of.n_documents,
    }))
}

/// The source that stands for bundles among the others; `None` when a person gave its name to something else.
async fn source_of_bundles(db: &Db, now: Timestamp) -> Result<Option<i64>, StoreError> {
    match store::source::find_source(db, SOURCE).await? {
        Some((id, source)) if source.kind == SourceKind::Bundle => Ok(Some(id)),
        Some(_) => Ok(None),
        None => {
            let mut source = Source::new(SOURCE, SourceKind::Bundle, "", now);
            source.title = "Bundles loaded by hand".to_owned();
            source.is_enabled = true;
            store::source::save_source(db, &source).await.map(Some)
        }
    }
}

/// The state of loading.
struct Loading<'a> {
    db: &'a Db,
    who: &'a str,
    source_id: Option<i64>,
    now: Timestamp,
    batch: Vec<(BundleFile, Vec<u8>)>,
    batch_bytes: usize,
    loaded: LoadedBundle,
}

impl Loading<'_> {
    async fn take(&mut self, file: &BundleFile, bytes: Vec<u8>) -> Result<(), CarryError> {
        match file.kind {
            BundleFileKind::Document | BundleFileKind::Unreadable => {
                self.batch_bytes += bytes.len();
                self.batch.push((file.clone(), bytes));
                if self.batch.len() >= BATCH_FILES || self.batch_bytes >= BATCH_BYTES {
                    self.save().await?;
                }
            }
            BundleFileKind::Kev => {
                let list = read_kev(&bytes)?.0;
                let known = store::kev::find_kev(self.db).await?;
                if known.is_some_and(|known| known.released_at > list.released_at) {
                    self.loaded.kept.push("the list of exploited vulnerabilities here is newer and stays".to_owned());
                } else {
                    replace_kev(self.db, &list).await?;
                    self.loaded.n_kev = Some(list.entries.len() as u64);
                }
            }
            BundleFileKind::Epss => {
                let list = read_epss(&bytes)?.0;
                let known = store::epss::find_epss(self.db).await?;
                if known.is_some_and(|known| known.date > list.date) {
                    self.loaded.kept.push("the list of exploit probabilities here is newer and stays".to_owned());
                } else {
                    replace_epss(self.db, &list).await?;
                    self.loaded.n_epss = Some(list.entries.len() as u64);
                }
            }
            BundleFileKind::Aliases => {
                let text = String::from_utf8_lossy(&bytes);
                self.loaded.n_aliases = import_alias_text(self.db, &file.path, &text, self.who).await?.n_added;
            }
        }
        Ok(())
    }

    /// Reads the documents that were collected and saves them.
    async fn save(&mut self) -> Result<(), CarryError> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        let (source_id, now) = (self.source_id, self.now);
        type Read = Result<(AdvisoryRevision, Vec<u8>), (UnreadableAdvisory, Option<Vec<u8>>)>;
        let read: Vec<Read> = batch
            .into_par_iter()
            .map(|(file, bytes)| match read_document(&bytes) {
                Ok((advisory, warnings)) => {
                    let read = ReadAdvisory { advisory, warnings };
                    let kept = AdvisoryRevision {
                        trust: Trust::from_word(&file.trust).unwrap_or(Trust::Unsigned),
                        trust_reason: file.trust_reason,
                        source_id,
                        ..revision(read, file.sha256, file.source, now)
                    };
                    Ok((kept, bytes))
                }
                Err(e) => {
                    let kept = UnreadableAdvisory {
                        name: file.source,
                        sha256: file.sha256,
                        error: e.to_string(),
                        added_at: now,
                    };
                    Err((kept, Some(bytes)))
                }
            })
            .collect();
        let (mut revisions, mut unreadable) = (Vec::new(), Vec::new());
        for one in read {
            match one {
                Ok(revision) => revisions.push(revision),
                Err(document) => unreadable.push(document),
            }
        }
        self.loaded.n_unreadable += unreadable.len() as u64;
        store::advisory::save_unreadable_advisories(self.db, &unreadable).await?;
        let saved = store::advisory::save_advisory_revisions(self.db, revisions).await?;
        self.loaded.n_added += saved.n_new;
        self.loaded.n_known += saved.n_known;
        Ok(())
    }
}
