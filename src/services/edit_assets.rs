//! Values that a person read off devices and typed in: written with their history, and judged at once.

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::asset::AssetEdit;
use crate::domain::audit::{Act, NewAudit};
use crate::domain::rescan::{Scope, Trigger};
use crate::services::progress::Progress;
use crate::services::rescan::{RescanError, Rescanned, rescan_part};
use crate::store::{self, Db, StoreError};

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum EditError {
    #[error("cannot change the asset: expected values of {}, found `{field}`", fields())]
    Field { field: String },
    #[error("cannot change the assets: nobody said who\nhint: name yourself with --user or the key `user`")]
    Nobody,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rescan(#[from] RescanError),
}

fn fields() -> String {
    AssetEdit::FIELDS.iter().map(|field| field.word()).collect::<Vec<_>>().join(", ")
}

/// What an edit did.
pub struct Edited {
    /// The act, for taking it back; `None` when everything was so already.
    pub audit_id: Option<i64>,
    pub assets: Vec<i64>,
    pub rescanned: Option<Rescanned>,
}

/// Writes these values and judges the assets again. Assets that are not known or retired are left alone.
///
/// # Errors
///
/// A field cannot be typed in, nobody says who, or the database fails; then nothing is written. Where only judging
/// fails, the values are written and the next run judges them.
pub async fn edit_assets(
    db: &Db,
    edits: &[AssetEdit],
    who: &str,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Edited, EditError> {
    let audit = NewAudit {
        who: who.to_owned(),
        act: Act::EditAssets,
        what: in_words(edits),
        before: String::new(),
        after: String::new(),
        undoes: None,
    };
    edit_as(db, edits, &audit, now, progress).await
}

/// As [`edit_assets`], as the act that is given.
pub(super) async fn edit_as(
    db: &Db,
    edits: &[AssetEdit],
    audit: &NewAudit,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Edited, EditError> {
    if audit.who.trim().is_empty() {
        return Err(EditError::Nobody);
    }
    let wrong = edits.iter().flat_map(|edit| &edit.values).find(|(field, _)| !AssetEdit::FIELDS.contains(field));
    if let Some((field, _)) = wrong {
        return Err(EditError::Field { field: field.word().to_owned() });
    }
    let (audit_id, assets) = store::asset_edit::save_edits(db, edits, audit, now).await?;
    let rescanned = if assets.is_empty() {
        None
    } else {
        Some(rescan_part(db, &Scope::Assets(assets.clone()), Trigger::Edit, progress).await?)
    };
    Ok(Edited { audit_id, assets, rescanned })
}

fn in_words(edits: &[AssetEdit]) -> String {
    let mut fields: Vec<&str> = edits.iter().flat_map(|e| &e.values).map(|(field, _)| field.word()).collect();
    fields.sort_unstable();
    fields.dedup();
    let of = if edits.len() == 1 { "1 asset".to_owned() } else { format!("{} assets", edits.len()) };
    format!("typed in {} of {of}", fields.join(", "))
}
