//! Backup of the database while it is in use, restore with a check, and how long history of the program's own work is
//! kept.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::store::backup::{Checked, check_file, copy_to, delete_nightly_runs_before};
use crate::store::{self, Db, StoreError};

/// Why there is no backup, or why it was not restored.
#[derive(Debug, Error)]
pub enum BackupError {
    #[error(
        "cannot write the backup `{0}`: expected a new file, found one\nhint: name another file, or remove that one first"
    )]
    IsThere(PathBuf),
    #[error(
        "cannot back up {0}: it is kept by a PostgreSQL server, which has its own tools\nhint: `pg_dump --format=custom --file=nameplate.dump DATABASE`, and `pg_restore` to bring it back"
    )]
    Server(String),
    #[error("cannot {what} `{path}`: {source}")]
    File { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error(
        "cannot restore to `{0}`: expected no database there, found one\nhint: --replace keeps it beside the new one as `.before-restore`"
    )]
    Occupied(PathBuf),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies the database into a new file, reads the copy from end to end, and says what stands in it.
///
/// The copy is one state of the database, although others go on writing; it takes its place only when it was checked.
///
/// # Errors
///
/// The file is there already, cannot be written, or the database is on a PostgreSQL server.
pub async fn backup(db: &Db, target: &Path) -> Result<Checked, BackupError> {
    if target.exists() {
        return Err(BackupError::IsThere(target.to_owned()));
    }
    let partial = beside(target, "part");
    remove_if_there(&partial)?;
    if !copy_to(db, &partial).await? {
        return Err(BackupError::Server(db.name().to_owned()));
    }
    make_private(&partial)?;
    let checked = check_file(&partial).await?;
    rename(&partial, target)?;
    Ok(checked)
}

/// Puts a backup in the place of a database, after it was read from end to end. With `replaces`, a database that is
/// there is kept beside it.
///
/// # Errors
///
/// The backup is damaged or no database of this program, or there is a database and it shall not be replaced.
pub async fn restore(backup: &Path, target: &Path, replaces: bool) -> Result<(Checked, Option<PathBuf>), BackupError> {
    let checked = check_file(backup).await?;
    if target.exists() && !replaces {
        return Err(BackupError::Occupied(target.to_owned()));
    }
    let partial = beside(target, "part");
    remove_if_there(&partial)?;
    std::fs::copy(backup, &partial).map_err(|source| BackupError::File {
        what: "copy the backup to",
        path: partial.clone(),
        source,
    })?;
    make_private(&partial)?;
    check_file(&partial).await?;
    let mut kept = None;
    if target.exists() {
        let old = beside(target, "before-restore");
        for ending in ["", "-wal", "-shm"] {
            let (from, to) = (with_ending(target, ending), with_ending(&old, ending));
            remove_if_there(&to)?;
            if from.exists() {
                rename(&from, &to)?;
            }
        }
        kept = Some(old);
    }
    rename(&partial, target)?;
    Ok((checked, kept))
}

/// What was removed because it is older than it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub n_messages: u64,
    pub n_runs: u64,
}

/// Removes messages that were sent, and nightly runs, older than so many days. Exposures, their history, advisories
/// and decisions are evidence and stay.
///
/// # Errors
///
/// The database fails.
pub async fn remove_old(db: &Db, days: i64, now: Timestamp) -> Result<Removed, StoreError> {
    let before = now.checked_sub(SignedDuration::from_hours(24 * days.max(1))).unwrap_or(Timestamp::MIN);
    Ok(Removed {
        n_messages: store::outbox::delete_sent_before(db, before).await?,
        n_runs: delete_nightly_runs_before(db, before).await?,
    })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    with_ending(path, &format!(".{ending}"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> Result<(), BackupError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(BackupError::File { what: "remove", path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    std::fs::rename(from, to).map_err(|source| BackupError::File { what: "write", path: to.to_owned(), source })
}

/// A database holds what no other user of the machine may read.
fn make_private(path: &Path) -> Result<(), BackupError> {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(|source| BackupError::File { what: "protect", path: path.to_owned(), source })?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
