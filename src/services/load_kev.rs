//! Reading the list of exploited vulnerabilities from a file.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::domain::priority::KevCatalogue;
use crate::ingest::kev::{KevError, read_kev};

/// Why the list could not be read.
#[derive(Debug, Error)]
pub enum LoadKevError {
    #[error("cannot read the list of exploited vulnerabilities `{}`: {problem}", path.display())]
    Unreadable { path: PathBuf, problem: std::io::Error },
    #[error("cannot read the list of exploited vulnerabilities `{}`: {problem}\nhint: {}", path.display(), problem.hint())]
    NotKev { path: PathBuf, problem: KevError },
}

/// Reads CISA's list, JSON or CSV, with one sentence for each entry that could not be used.
///
/// # Errors
///
/// The file cannot be read or is no such list.
pub fn load_kev(path: &Path) -> Result<(KevCatalogue, Vec<String>), LoadKevError> {
    let bytes = std::fs::read(path).map_err(|problem| LoadKevError::Unreadable { path: path.to_owned(), problem })?;
    read_kev(&bytes).map_err(|problem| LoadKevError::NotKev { path: path.to_owned(), problem })
}
