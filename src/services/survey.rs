//! One look through a whole file before anything is written: what its columns are, whether it can be read to its end,
//! and what the firmware texts of all rows say about each other.

use std::path::Path;

use crate::domain::inventory::{InventoryReading, RejectedRow};
use crate::ingest::spreadsheet::{self, Mapping, ReadError, ReadOptions};
use crate::services::firmware_doubt::FirmwareRivals;
use crate::services::progress::Progress;

/// What one look through a file told; needs little memory for a file of any length.
pub struct Survey {
    /// Columns, skipped sheets and remarks, without rows.
    pub reading: InventoryReading,
    pub n_devices: u64,
    pub n_rejected: u64,
    pub rivals: FirmwareRivals,
    /// The rejected rows, where they were asked for; else at most the first.
    pub rejected: Vec<RejectedRow>,
}

/// Looks through the file, which messages call `name`. `keep_rejected` keeps all rejected rows.
///
/// # Errors
///
/// The file cannot be read to its end.
pub fn survey(
    path: &Path,
    name: &str,
    mapping: Option<&Mapping>,
    keep_rejected: bool,
    progress: &dyn Progress,
) -> Result<Survey, ReadError> {
    let options = ReadOptions { mapping: mapping.cloned(), ..ReadOptions::default() };
    let (mut n_devices, mut n_rejected, mut rivals, mut rejected) = (0, 0, FirmwareRivals::default(), Vec::new());
    progress.begin("Looking through the file", None);
    let reading = spreadsheet::read_rows(name, spreadsheet::open(path)?, &options, |batch| {
        n_devices += batch.rows.len() as u64;
        n_rejected += batch.rejected.len() as u64;
        progress.advance(batch.rows.len() as u64);
        batch.rows.iter().for_each(|row| rivals.note(row));
        if keep_rejected || rejected.is_empty() {
            rejected.extend(batch.rejected);
            rejected.truncate(if keep_rejected { usize::MAX } else { 1 });
        }
    });
    progress.end();
    Ok(Survey { reading: reading?, n_devices, n_rejected, rivals, rejected })
}
