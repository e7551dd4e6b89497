//! Taking an act back: what it changed is again as it was, and that is an act of its own.

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::account::SiteScope;
use crate::domain::asset::{AssetEdit, HandEdit};
use crate::domain::audit::{Act, AuditEntry, NewAudit};
use crate::domain::inventory::Field;
use crate::services::decide_match::{DecideError, take_back};
use crate::services::edit_assets::{EditError, edit_as};
use crate::services::listing::follow_up;
use crate::services::progress::{Progress, ToTheEnd};
use crate::store::audit::Seen;
use crate::store::remediation::Of;
use crate::store::{self, Db, StoreError};

/// Why an act was not taken back.
#[derive(Debug, Error)]
pub enum UndoError {
    #[error("cannot take back act {audit_id}: there is none of this number")]
    Unknown { audit_id: i64 },
    #[error("cannot take back act {audit_id}: it was taken back by act {by}")]
    Undone { audit_id: i64, by: i64 },
    #[error("cannot take back act {audit_id}: it took another one back\nhint: do again what was taken back")]
    IsUndo { audit_id: i64 },
    #[error(
        "cannot take back act {audit_id}: it is no answer, mark or typed-in value\nhint: do the opposite where it was done"
    )]
    Opposite { audit_id: i64 },
    #[error(transparent)]
    Decide(#[from] DecideError),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An act that was taken back.
#[derive(Clone, Debug)]
pub struct Undone {
    /// The act that took it back.
    pub audit_id: i64,
    pub undone: AuditEntry,
    /// One sentence.
    pub told: String,
}

/// Takes an act back. Values that somebody changed since stay as they are. An act that reached beyond `sites` is not
/// known to a person of these.
///
/// # Errors
///
/// The act is not known, was taken back before, took another one back, or is none that can be taken back.
pub async fn undo_act(
    db: &Db,
    audit_id: i64,
    who: &str,
    sites: &SiteScope,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Undone, UndoError> {
    let seen = Seen { sites, accounts: *sites == SiteScope::All };
    let act = store::audit::find_audit(db, audit_id, seen).await?.ok_or(UndoError::Unknown { audit_id })?;
    // Half of an act taken back would be worse than all of it.
    let progress = &ToTheEnd(progress);
    if let Some(by) = act.undone_by {
        return Err(UndoError::Undone { audit_id, by });
    }
    let audit = NewAudit {
        who: who.to_owned(),
        act: Act::Undo,
        what: format!("taken back: {}", act.entry.what),
        before: act.entry.after.clone(),
        after: act.entry.before.clone(),
        undoes: Some(audit_id),
    };
    if !act.entry.act.can_be_taken_back() && act.entry.act != Act::Undo {
        return Err(UndoError::Opposite { audit_id });
    }
    let undo_id = match act.entry.act {
        Act::Undo => return Err(UndoError::IsUndo { audit_id }),
        Act::Answer => {
            let answers = store::review::list_answers_of_act(db, audit_id).await?;
            if answers.is_empty() {
                return Err(UndoError::Unknown { audit_id });
            }
            take_back(db, &answers, &audit, now, progress).await?
        }
        Act::EditAssets | Act::MarkRemediation => {
            let edits = back(&store::asset_edit::list_edits_of_act(db, audit_id).await?, db).await?;
            let begun = edit_as(db, &edits, &audit, now, progress).await?.audit_id;
            let of = begun.map_or(Of::New(&audit), Of::Begun);
            let at = if begun.is_some() { Timestamp::now() } else { now };
            let undo_id = store::remediation::save_marks_taken_back(db, audit_id, of, at).await?.0;
            // What was handled by these marks is open again.
            follow_up(db, at).await;
            undo_id
        }
        _ => return Err(UndoError::Opposite { audit_id }),
    };
    Ok(Undone { audit_id: undo_id, told: format!("Taken back: {}.", act.entry.what), undone: act })
}

/// The edits that bring back what was, for the values that still are as the act left them.
async fn back(edits: &[HandEdit], db: &Db) -> Result<Vec<AssetEdit>, StoreError> {
    let mut back: Vec<AssetEdit> = Vec::new();
    for of_asset in edits.chunk_by(|a, b| a.asset_id == b.asset_id) {
        let asset_id = of_asset[0].asset_id;
        let Some(known) = store::asset::find_asset(db, asset_id).await? else { continue };
        let (asset, plate) = (&known.asset, &known.asset.variant.nameplate);
        let mut values = Vec::new();
        for edit in of_asset {
            let Some(field) = AssetEdit::FIELDS.into_iter().find(|field| field.word() == edit.field) else { continue };
            let now = match field {
                Field::Vendor => &plate.vendor,
                Field::Model => &plate.model,
                Field::PartNumber => &plate.part_number,
                Field::HardwareRevision => &plate.hardware_revision,
                Field::Firmware => &asset.variant.firmware,
                _ => &asset.serial_number,
            };
            if *now == edit.after {
                values.push((field, edit.before.clone()));
            }
        }
        if !values.is_empty() {
            back.push(AssetEdit { asset_id, values });
        }
    }
    Ok(back)
}
