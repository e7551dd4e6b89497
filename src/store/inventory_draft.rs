//! Uploaded files on their way to an import.

use jiff::Timestamp;

use super::error::StoreError;
use super::text::{clean, count, digest, json, read_count, read_json, read_time, time};
use super::{Alone, Db};
use crate::domain::inventory::{AssetKey, CellPlace, OnMissing};
use crate::domain::inventory_draft::{CellChoice, DraftSettings, InventoryDraft, NewDraft};

#[derive(sqlx::FromRow)]
struct Row {
    inventory_draft_id: i64,
    file_name: String,
    stored_name: String,
    sha256: String,
    n_bytes: i64,
    who: String,
    created_at: String,
    changed_at: String,
    site_name: Option<String>,
    sheet_is_site: bool,
    site_names: String,
    mapping: Option<String>,
    asset_key: Option<String>,
    forget_choice: bool,
    on_missing: String,
    all_or_nothing: bool,
    again: bool,
    cells: String,
    job_id: Option<i64>,
    inventory_id: Option<i64>,
}

macro_rules! select_draft {
    ($tail:literal) => {
        concat!(
            "select inventory_draft_id, file_name, stored_name, sha256, n_bytes, who, created_at, changed_at, \
             site_name, sheet_is_site, site_names, mapping, asset_key, forget_choice, on_missing, all_or_nothing, \
             again, cells, job_id, inventory_id from inventory_draft ",
            $tail
        )
    };
}

impl Row {
    fn into_domain(self) -> Result<InventoryDraft, StoreError> {
        let damaged = |column, expected, found| StoreError::Damaged { column, expected, found };
        let key = match self.asset_key {
            None => None,
            Some(word) => {
                let known = AssetKey::from_word(&word);
                Some(known.ok_or_else(|| damaged("inventory_draft.asset_key", "a key", word))?)
            }
        };
        let on_missing = OnMissing::from_word(&self.on_missing);
        let on_missing = on_missing
            .ok_or_else(|| damaged("inventory_draft.on_missing", "keep, retire or ignore", self.on_missing))?;
        let cells: Vec<(String, String)> = read_json("inventory_draft.cells", &self.cells)?;
        let cells = cells
            .into_iter()
            .map(|(place, value)| match CellPlace::from_label(&place) {
                Some(place) => Ok(CellChoice { place, value }),
                None => Err(damaged("inventory_draft.cells", "places of cells", place)),
            })
            .collect::<Result<_, _>>()?;
        Ok(InventoryDraft {
            draft_id: self.inventory_draft_id,
            file_name: self.file_name,
            stored_name: self.stored_name,
            sha256: self.sha256,
            n_bytes: read_count(self.n_bytes),
            who: self.who,
            created_at: read_time("inventory_draft.created_at", &self.created_at)?,
            changed_at: read_time("inventory_draft.changed_at", &self.changed_at)?,
            settings: DraftSettings {
                site: self.site_name,
                sheet_is_site: self.sheet_is_site,
                site_names: read_json("inventory_draft.site_names", &self.site_names)?,
                mapping: self.mapping,
                key,
                forget_choice: self.forget_choice,
                on_missing,
                all_or_nothing: self.all_or_nothing,
                again: self.again,
                cells,
            },
            job_id: self.job_id,
            inventory_id: self.inventory_id,
        })
    }
}

/// The columns of settings as texts: site, site names, mapping, cells.
fn texts(settings: &DraftSettings) -> (Option<String>, String, Option<String>, String) {
    let pairs: Vec<(String, String)> =
        settings.site_names.iter().map(|(from, to)| (clean(from).into_owned(), clean(to).into_owned())).collect();
    let cells: Vec<(String, String)> = settings
        .cells
        .iter()
        .map(|cell| (clean(&cell.place.label()).into_owned(), clean(&cell.value).into_owned()))
        .collect();
    (
        settings.site.as_deref().map(|site| clean(site).into_owned()),
        json(&pairs),
        settings.mapping.as_deref().map(|toml| clean(toml).into_owned()),
        json(&cells),
    )
}

/// The draft with this id.
pub async fn find_draft(db: &Db, draft_id: i64) -> Result<Option<InventoryDraft>, StoreError> {
    sql!(db, opt Row, select_draft!("where inventory_draft_id = $1"), draft_id)?.map(Row::into_domain).transpose()
}

/// The draft that a program uploaded under this key.
pub async fn find_draft_of_key(db: &Db, idempotency_key: &str) -> Result<Option<InventoryDraft>, StoreError> {
    let key = digest(&[clean(idempotency_key)]);
    sql!(db, opt Row, select_draft!("where idempotency_digest = $1"), key)?.map(Row::into_domain).transpose()
}

/// The drafts that became no import yet, the latest first.
pub async fn list_drafts(db: &Db, limit: u32) -> Result<Vec<InventoryDraft>, StoreError> {
    sql!(db, all Row,
        select_draft!("where inventory_id is null order by inventory_draft_id desc limit $1"), i64::from(limit))?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// Keeps an upload; gives its id.
///
/// # Errors
///
/// `Conflict` when another upload came under the same key.
pub async fn save_new_draft(db: &Db, new: &NewDraft, now: Timestamp) -> Result<i64, StoreError> {
    let (site, site_names, mapping, cells) = texts(&new.settings);
    let s = &new.settings;
    Ok(sql!(
        db,
        val i64,
        "insert into inventory_draft (file_name, stored_name, sha256, n_bytes, who, idempotency_digest, created_at, \
            changed_at, site_name, sheet_is_site, site_names, mapping, asset_key, forget_choice, on_missing, \
            all_or_nothing, again, cells) \
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
         returning inventory_draft_id",
        clean(&new.file_name).into_owned(),
        new.stored_name.as_str(),
        new.sha256.as_str(),
        count(new.n_bytes),
        clean(&new.who).into_owned(),
        new.idempotency_key.as_deref().map(|key| digest(&[clean(key)])),
        time(now),
        site,
        s.sheet_is_site,
        site_names,
        mapping,
        s.key.map(AssetKey::word),
        s.forget_choice,
        s.on_missing.word(),
        s.all_or_nothing,
        s.again,
        cells
    )?)
}

/// Keeps what was chosen. False when there is no such draft or it became an import.
pub async fn save_draft_settings(
    db: &Db,
    draft_id: i64,
    settings: &DraftSettings,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (site, site_names, mapping, cells) = texts(settings);
    let n = sql!(
        db,
        exec(),
        "update inventory_draft set changed_at = $2, site_name = $3, sheet_is_site = $4, site_names = $5, \
            mapping = $6, asset_key = $7, forget_choice = $8, on_missing = $9, all_or_nothing = $10, again = $11, \
            cells = $12 \
         where inventory_draft_id = $1 and inventory_id is null",
        draft_id,
        time(now),
        site,
        settings.sheet_is_site,
        site_names,
        mapping,
        settings.key.map(AssetKey::word),
        settings.forget_choice,
        settings.on_missing.word(),
        settings.all_or_nothing,
        settings.again,
        cells
    )?;
    Ok(n == 1)
}

/// Says which job works on the draft.
pub async fn save_draft_job(db: &Db, draft_id: i64, job_id: i64) -> Result<(), StoreError> {
    sql!(db, exec(), "update inventory_draft set job_id = $2 where inventory_draft_id = $1", draft_id, job_id)?;
    Ok(())
}

/// Says which import the draft became.
pub async fn save_draft_imported(db: &Db, draft_id: i64, inventory_id: i64) -> Result<(), StoreError> {
    sql!(
        db,
        exec(),
        "update inventory_draft set inventory_id = $2 where inventory_draft_id = $1",
        draft_id,
        inventory_id
    )?;
    Ok(())
}

/// Forgets a draft; false when there is none.
pub async fn delete_draft(db: &Db, draft_id: i64) -> Result<bool, StoreError> {
    Ok(sql!(db, exec(), "delete from inventory_draft where inventory_draft_id = $1", draft_id)? == 1)
}

/// Forgets the drafts that were last changed before this moment; gives the names of their files.
pub async fn delete_drafts_before(db: &Db, before: Timestamp) -> Result<Vec<String>, StoreError> {
    let mut tx = db.begin(Alone::Job).await?;
    let names = sql!(tx &mut tx, all(i64, String),
        "select inventory_draft_id, stored_name from inventory_draft where changed_at < $1", time(before))?;
    sql!(tx &mut tx, exec (), "delete from inventory_draft where changed_at < $1", time(before))?;
    tx.commit().await?;
    Ok(names.into_iter().map(|(_, name)| name).collect())
}

/// The names of the files of all drafts.
pub async fn list_stored_names(db: &Db) -> Result<Vec<String>, StoreError> {
    let names = sql!(db, all(i64, String), "select inventory_draft_id, stored_name from inventory_draft")?;
    Ok(names.into_iter().map(|(_, name)| name).collect())
}
