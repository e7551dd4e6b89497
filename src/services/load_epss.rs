//! Reading the list of exploit probabilities from a file.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::domain::priority::EpssList;
use crate::ingest::epss::{EpssError, read_epss};

/// Why the list could not be read.
#[derive(Debug, Error)]
pub enum LoadEpssError {
    #[error("cannot read the list of exploit probabilities `{}`: {problem}", path.display())]
    Unreadable { path: PathBuf, problem: std::io::Error },
    #[error("cannot read the list of exploit probabilities `{}`: {problem}\nhint: {}", path.display(), problem.hint())]
    NotEpss { path: PathBuf, problem: EpssError },
}

/// Reads FIRST's list, plain or compressed, with a sentence about what could not be used.
///
/// # Errors
///
/// The file cannot be read or is no such list.
pub fn load_epss(path: &Path) -> Result<(EpssList, Vec<String>), LoadEpssError> {
    let bytes = std::fs::read(path).map_err(|problem| LoadEpssError::Unreadable { path: path.to_owned(), problem })?;
    read_epss(&bytes).map_err(|problem| LoadEpssError::NotEpss { path: path.to_owned(), problem })
}
