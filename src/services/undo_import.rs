//! Taking an import back: what it would do, and doing it.

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::audit::Act;
use crate::domain::inventory::{Inventory, UndoCounts, UndoRefusal};
use crate::services::listing::follow_up;
use crate::services::note_act::{Deed, note};
use crate::services::progress::Progress;
use crate::services::rescan::rescan_pending;
use crate::store::undo::{Undo, plan_undo, save_undo};
use crate::store::{Db, StoreError};

/// Why an import was not taken back; nothing was changed.
#[derive(Debug, Error)]
pub enum UndoError {
    #[error("cannot undo import {0}: there is no such import\nhint: `nameplate import list` shows them all")]
    Unknown(i64),
    #[error("cannot undo import {} (`{}`): {}", inventory.inventory_id, inventory.file_name, in_words(refusal))]
    Refused { inventory: Box<Inventory>, refusal: UndoRefusal },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What taking this import back would do.
///
/// # Errors
///
/// There is no such import, it was taken back before, or something later touched its assets.
pub async fn look_at_undo(db: &Db, inventory_id: i64) -> Result<(Inventory, UndoCounts), UndoError> {
    answer(inventory_id, plan_undo(db, inventory_id, Timestamp::now()).await?)
}

/// Takes this import back. Assets get back their values, variants and marks; exposures follow on the next rescan.
///
/// # Errors
///
/// As [`look_at_undo`].
pub async fn undo_import(db: &Db, inventory_id: i64, who: &str) -> Result<(Inventory, UndoCounts), UndoError> {
    let now = Timestamp::now();
    let done = answer(inventory_id, save_undo(db, inventory_id, now).await?)?;
    let (import, n) = &done;
    let what = format!("import {inventory_id} of {} taken back", import.file_name);
    let after = format!("{} removed, {} retired, {} with their earlier values", n.n_removed, n.n_retired, n.n_restored);
    note(db, Deed::new(who, Act::UndoImport, what).changing("", after), now).await?;
    follow_up(db, now).await;
    Ok(done)
}

/// Takes this import back and judges what changed by it; gives one sentence of counts. A failure of the rescan is told, not
/// raised: the import is taken back.
///
/// # Errors
///
/// As [`look_at_undo`].
pub async fn undo_and_judge(
    db: &Db,
    inventory_id: i64,
    who: &str,
    progress: &dyn Progress,
) -> Result<String, UndoError> {
    progress.begin("Taking the import back", None);
    let (_, n) = undo_import(db, inventory_id, who).await?;
    progress.end();
    let judged = match rescan_pending(db, progress).await {
        Ok(_) => "judged anew".to_owned(),
        Err(error) => format!("not judged: {error}"),
    };
    Ok(format!(
        "{} assets removed, {} retired, {} with their earlier values, {} no longer missing; {judged}",
        n.n_removed, n.n_retired, n.n_restored, n.n_unmarked
    ))
}

fn answer(inventory_id: i64, undo: Option<Undo>) -> Result<(Inventory, UndoCounts), UndoError> {
    match undo {
        None => Err(UndoError::Unknown(inventory_id)),
        Some(Undo::Refused(inventory, refusal)) => Err(UndoError::Refused { inventory: Box::new(inventory), refusal }),
        Some(Undo::Done(inventory, counts)) => Ok((inventory, counts)),
    }
}

fn in_words(refusal: &UndoRefusal) -> String {
    match refusal {
        UndoRefusal::Undone(at) => format!("it was taken back at {at:.0}"),
        UndoRefusal::TouchedLater { inventory_id, file_name, imported_at, n_assets, asset } => {
            let named = if asset.tag.is_empty() {
                String::new()
            } else {
                format!(", one of them is `{}` at `{}`", asset.tag, asset.site)
            };
            format!(
                "import {inventory_id} (`{file_name}`, {imported_at:.0}) touched {n_assets} of its assets since{named}\n\
                 hint: undo import {inventory_id} first, or import a corrected file"
            )
        }
        UndoRefusal::Forgotten { n_assets } => format!(
            "a later import of {n_assets} of its assets was taken back, and one step back is all that is kept\n\
             hint: import the earlier file again with --again"
        ),
    }
}
