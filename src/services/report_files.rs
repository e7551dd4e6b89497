//! Files that people have made: kept for some days in a folder, with their checksum in the database.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::alert::relay::write_whole;
use crate::domain::audit::Act;
use crate::services::note_act::{Deed, note};
use crate::services::progress::Progress;
use crate::services::write_report::{FileError, FileRequest, write_file};
use crate::store::report_file::ReportFile;
use crate::store::{self, Db, StoreError};

/// Days that a file is kept when nothing else is said.
pub const KEEP_DAYS: i64 = 90;

/// Why there is no file.
#[derive(Debug, Error)]
pub enum ReportFileError {
    #[error(transparent)]
    Make(#[from] FileError),
    #[error("cannot keep the file: {0}")]
    Keep(String),
    #[error("cannot find the file {0}\nhint: `nameplate report-file list` shows those that were made")]
    Unknown(i64),
    #[error("cannot give out the file {id}: it was removed on {at}\nhint: make it again as of the same day")]
    Removed { id: i64, at: String },
    #[error(
        "cannot read the file {id} at `{path}`: {problem}\nhint: it is kept by the machine that made it; make it again here"
    )]
    Gone { id: i64, path: String, problem: std::io::Error },
    #[error(
        "cannot give out the file {id}: its SHA-256 is {found}, expected {expected}; it was changed since it was made"
    )]
    Changed { id: i64, expected: String, found: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where files are kept below the data folder.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("reports")
}

/// Lower case hex of the SHA-256.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a file and keeps it for so many days; gives its number. The nightly run removes it after them.
///
/// # Errors
///
/// The file cannot be made or kept.
pub async fn make_report_file(
    db: &Db,
    data_dir: &Path,
    request: &FileRequest,
    who: &str,
    keep_days: i64,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<(i64, ReportFile), ReportFileError> {
    progress.begin("Making the report", None);
    let written = write_file(db, request, now, progress).await?;
    progress.end();
    let sha256 = sha256_hex(&written.bytes);
    // Two files of one second that differ have two names; those that do not are one.
    let kept_as = format!("{}-{}-{}", now.strftime("%Y%m%dT%H%M%S"), &sha256[..8], written.name);
    let folder = folder(data_dir);
    let file = ReportFile {
        name: written.name,
        path: folder.join(&kept_as).display().to_string(),
        kind: request.kind.clone(),
        site: request.site.clone(),
        as_of: request.as_of,
        filter: request.filter.to_string(),
        made_by: who.to_owned(),
        made_at: now,
        sha256,
        n_bytes: written.bytes.len() as u64,
        keep_days,
        removed_at: None,
    };
    tokio::task::spawn_blocking(move || write_whole(&folder, &kept_as, &written.bytes))
        .await
        .map_err(|e| ReportFileError::Keep(e.to_string()))?
        .map_err(|e| ReportFileError::Keep(e.problem))?;
    let id = store::report_file::save_report_file(db, None, &file).await?;
    let deed = Deed::new(who, Act::ReportFile, format!("report file {id} made"));
    note(db, deed.changing("", format!("{}, sha256 {}", file.name, file.sha256)), now).await?;
    Ok((id, file))
}

/// The bytes of a file, compared with its checksum.
///
/// # Errors
///
/// There is no such file, it was removed, cannot be read here, or is not what was made.
pub async fn read_report_file(db: &Db, id: i64) -> Result<(ReportFile, Vec<u8>), ReportFileError> {
    let file = store::report_file::find_report_file(db, id).await?.ok_or(ReportFileError::Unknown(id))?;
    if let Some(at) = file.removed_at {
        return Err(ReportFileError::Removed { id, at: at.strftime("%Y-%m-%d").to_string() });
    }
    let path = file.path.clone();
    let bytes = tokio::task::spawn_blocking(move || std::fs::read(path))
        .await
        .map_err(|e| ReportFileError::Keep(e.to_string()))?
        .map_err(|problem| ReportFileError::Gone { id, path: file.path.clone(), problem })?;
    let found = sha256_hex(&bytes);
    // Files of a program that did not keep checksums yet have none.
    if !file.sha256.is_empty() && file.sha256 != found {
        return Err(ReportFileError::Changed { id, expected: file.sha256, found });
    }
    Ok((file, bytes))
}

/// Removes a file before its days are over; what it was stays in the list.
///
/// # Errors
///
/// There is no such file, it cannot be removed, or the database fails.
pub async fn delete_report_file(db: &Db, id: i64, who: &str, now: Timestamp) -> Result<(), ReportFileError> {
    let file = store::report_file::find_report_file(db, id).await?.ok_or(ReportFileError::Unknown(id))?;
    match std::fs::remove_file(&file.path) {
        Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
            return Err(ReportFileError::Gone { id, path: file.path, problem });
        }
        _ => {}
    }
    store::report_schedule::save_file_removed(db, id, now).await?;
    let deed = Deed::new(who, Act::ReportFile, format!("report file {id} removed"));
    Ok(note(db, deed.changing(format!("{}, sha256 {}", file.name, file.sha256), ""), now).await?)
}
