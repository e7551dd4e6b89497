//! Taking an import back. What was true between the import and now stays told: periods are ended and begun, values are
//! changed back with a history of their own, and only assets that no report can have named are removed.

use jiff::Timestamp;

use super::error::StoreError;
use super::inventory::{Row, select_inventory};
use super::search_words::refresh_asset_words;
use super::text::{read_count, read_time, time};
use super::{Alone, Db, Tx};
use crate::domain::inventory::{AssetLabel, Field, Inventory, UndoCounts, UndoRefusal};

/// Whether an import can be taken back, and what that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    Refused(Inventory, UndoRefusal),
    Done(Inventory, UndoCounts),
}

/// What taking this import back would do; nothing is written. `None` when there is no such import.
pub async fn plan_undo(db: &Db, inventory_id: i64, now: Timestamp) -> Result<Option<Undo>, StoreError> {
    let mut tx = db.begin(Alone::Import).await?;
    undo(&mut tx, inventory_id, now).await
}

/// Takes this import back, or tells why not. `None` when there is no such import.
pub async fn save_undo(db: &Db, inventory_id: i64, now: Timestamp) -> Result<Option<Undo>, StoreError> {
    let mut tx = db.begin(Alone::Import).await?;
    let undone = undo(&mut tx, inventory_id, now).await?;
    if matches!(undone, Some(Undo::Done(..))) {
        tx.commit().await?;
    }
    Ok(undone)
}

async fn undo(tx: &mut Tx, id: i64, now: Timestamp) -> Result<Option<Undo>, StoreError> {
    let Some(inventory) = sql!(tx &mut *tx, opt Row, select_inventory!("where inventory_id = $1"), id)?
        .map(Row::into_domain)
        .transpose()?
    else {
        return Ok(None);
    };
    if let Some(refusal) = refusal(tx, &inventory).await? {
        return Ok(Some(Undo::Refused(inventory, refusal)));
    }
    // As for imports: a clock that was put back must not make periods end before they began.
    let latest = sql!(tx &mut *tx, val Option<String>,
        "select max(times.at) from (select imported_at as at from inventory \
            union all select undone_at as at from inventory) as times")?;
    let at = latest.unwrap_or_default().max(time(now));
    let at = at.as_str();

    let n_restored = restored(tx, id).await?;
    save_variants_back(tx, id, at).await?;
    let n_unmarked = save_unmarked(tx, id, at).await?;
    save_values_back(tx, id).await?;
    sql!(tx &mut *tx, exec (),
        "update asset set last_seen_inventory_id = previous_inventory_id, \
            last_seen_at = (select i.imported_at from inventory i where i.inventory_id = previous_inventory_id), \
            place = coalesce(previous_place, place), previous_inventory_id = null, previous_place = null \
         where last_seen_inventory_id = $1 and first_seen_inventory_id <> $1", id)?;
    // The way back is history too.
    sql!(tx &mut *tx, exec (),
        "insert into asset_history (asset_id, inventory_id, changed_at, field, value_before, value_after) \
         select asset_id, inventory_id, $2, field, value_after, value_before from asset_history \
         where inventory_id = $1 order by asset_history_id", id, at)?;
    let (n_removed, n_retired) = save_new_gone(tx, id, &time(inventory.imported_at), at).await?;
    sql!(tx &mut *tx, exec (), "delete from column_choice where inventory_id = $1", id)?;
    sql!(tx &mut *tx, exec (), "update inventory set undone_at = $2 where inventory_id = $1", id, at)?;
    Ok(Some(Undo::Done(inventory, UndoCounts { n_removed, n_retired, n_restored, n_unmarked })))
}

/// Why this import cannot be taken back; `None` when it can.
async fn refusal(tx: &mut Tx, inventory: &Inventory) -> Result<Option<UndoRefusal>, StoreError> {
    let id = inventory.inventory_id;
    if let Some(undone_at) = inventory.undone_at {
        return Ok(Some(UndoRefusal::Undone(undone_at)));
    }
    // Assets that a later import brought again, marked as missing, or brought back after this one had marked them.
    let later = sql!(tx &mut *tx, opt(i64, i64, i64),
        "select max(t.later), count(distinct t.asset_id), min(t.asset_id) from ( \
            select asset_id, last_seen_inventory_id as later from asset \
            where last_seen_inventory_id > $1 and (first_seen_inventory_id = $1 or previous_inventory_id = $1) \
            union all \
            select asset_id, not_seen_inventory_id from asset \
            where last_seen_inventory_id = $1 and not_seen_inventory_id > $1 \
            union all \
            select h.asset_id, l.inventory_id from asset_history h \
            join asset_history l on l.asset_id = h.asset_id and l.inventory_id > h.inventory_id \
            join inventory i on i.inventory_id = l.inventory_id and i.undone_at is null \
            where h.inventory_id = $1 \
            union all \
            select l.asset_id, l.inventory_id from asset_history l \
            join inventory i on i.inventory_id = l.inventory_id and i.undone_at is null \
            where l.inventory_id > $1 and l.field = 'not_seen_since' and l.value_before = $2 \
         ) as t having count(*) > 0",
        id, time(inventory.imported_at))?;
    let n_here = read_count(sql!(tx &mut *tx, val i64,
        "select count(*) from asset where last_seen_inventory_id = $1", id)?);
    let n_gone = inventory.counts.n_assets().saturating_sub(n_here);
    let (later, n_assets, asset_id) = match later {
        Some((later, n_assets, asset_id)) => (later, read_count(n_assets).max(n_gone), asset_id),
        // Several imports later brought them all again without a change: only the number tells.
        None if n_gone > 0 => {
            let latest = sql!(tx &mut *tx, val Option<i64>,
                "select max(inventory_id) from inventory where inventory_id > $1 and undone_at is null", id)?;
            (latest.unwrap_or(id), n_gone, 0)
        }
        None => {
            let n_assets = read_count(sql!(tx &mut *tx, val i64,
                "select count(*) from asset \
                 where last_seen_inventory_id = $1 and first_seen_inventory_id <> $1 and previous_inventory_id is null",
                id)?);
            return Ok((n_assets > 0).then_some(UndoRefusal::Forgotten { n_assets }));
        }
    };
    let asset = sql!(tx &mut *tx, opt(String, String),
        "select s.name, a.tag from asset a join site s on s.site_id = a.site_id where a.asset_id = $1", asset_id)?
    .map(|(site, tag)| AssetLabel { site, tag })
    .unwrap_or_default();
    let later = sql!(tx &mut *tx, opt Row, select_inventory!("where inventory_id = $1"), later)?
        .map(Row::into_domain)
        .transpose()?
        .ok_or_else(|| StoreError::NotFound(format!("import {later}")))?;
    Ok(Some(UndoRefusal::TouchedLater {
        inventory_id: later.inventory_id,
        file_name: later.file_name,
        imported_at: later.imported_at,
        n_assets,
        asset,
    }))
}

/// How many known assets got other values by this import.
async fn restored(tx: &mut Tx, id: i64) -> Result<u64, StoreError> {
    let n = sql!(tx tx, val i64,
        "select count(distinct asset_id) from asset_history \
         where inventory_id = $1 and field not in ('not_seen_since', 'retired_at')", id)?;
    Ok(read_count(n))
}

/// What people typed in after the import `$1` and nobody took back: the fields stay as they were typed.
macro_rules! typed_since {
    ($columns:literal, $tail:literal) => {
        concat!(
            "select ",
            $columns,
            " from asset_edit e join audit_entry u on u.audit_entry_id = e.audit_entry_id \
             join inventory i on i.inventory_id = $1 and e.changed_at >= i.imported_at \
             where u.undoes_audit_entry_id is null \
                and not exists (select 1 from audit_entry w where w.undoes_audit_entry_id = u.audit_entry_id) ",
            $tail
        )
    };
}

/// What people typed in of assets of this import after it, the latest first, at most `limit`: (asset, field, value, who,
/// when). Taking the import back leaves it as it is.
pub async fn list_typed_since(
    db: &Db,
    inventory_id: i64,
    limit: u32,
) -> Result<Vec<(AssetLabel, String, String, String, Timestamp)>, StoreError> {
    sql!(
        db,
        all(String, String, String, String, String, String),
        concat!(
            "select s.name, a.tag, t.field, t.value_after, t.who, t.changed_at from (",
            typed_since!("e.asset_edit_id, e.asset_id, e.field, e.value_after, u.who, e.changed_at", ""),
            ") as t join asset a on a.asset_id = t.asset_id join site s on s.site_id = a.site_id \
             where t.asset_id in (select h.asset_id from asset_history h where h.inventory_id = $1) \
             order by t.asset_edit_id desc limit $2"
        ),
        inventory_id,
        i64::from(limit)
    )?
    .into_iter()
    .map(|(site, tag, field, value, who, at)| {
        Ok((AssetLabel { site, tag }, field, value, who, read_time("asset_edit.changed_at", &at)?))
    })
    .collect()
}

/// Gives assets back the variant that they had before this import, except where a person has typed in another since.
async fn save_variants_back(tx: &mut Tx, id: i64, at: &str) -> Result<(), StoreError> {
    // Those that it brought back from retirement go there again, so their open period ends as well.
    sql!(tx &mut *tx, exec (),
        concat!("update asset_variant set until = $2 where until is null and asset_id in ( \
            select h.asset_id from asset_history h where h.inventory_id = $1 \
                and ((h.field in ('vendor', 'model', 'part_number', 'hardware_revision', 'firmware', 'variant_notes') \
                      and h.asset_id not in (", typed_since!("e.asset_id", "and e.field <> 'serial_number'"), ")) \
                     or (h.field = 'retired_at' and h.value_before <> '')))"), id, at)?;
    // A retired asset gets a period of no length: it is told with the last variant it had.
    sql!(tx &mut *tx, exec (),
        concat!("insert into asset_variant (asset_id, variant_id, since, until) \
         select c.asset_id, \
            (select q.variant_id from asset_variant q where q.asset_id = c.asset_id \
                and q.since < (select i.imported_at from inventory i where i.inventory_id = $1) \
             order by q.asset_variant_id desc limit 1), \
            $2, \
            case when exists (select 1 from asset_history r where r.asset_id = c.asset_id and r.inventory_id = $1 \
                and r.field = 'retired_at' and r.value_before <> '') then $2 end \
         from (select distinct h.asset_id from asset_history h where h.inventory_id = $1 \
            and h.field in ('vendor', 'model', 'part_number', 'hardware_revision', 'firmware', 'variant_notes') \
            and h.asset_id not in (", typed_since!("e.asset_id", "and e.field <> 'serial_number'"), ")) as c \
         order by c.asset_id"), id, at)?;
    Ok(())
}

/// Takes back what this import said about assets that it did not have; gives their number.
async fn save_unmarked(tx: &mut Tx, id: i64, at: &str) -> Result<u64, StoreError> {
    sql!(tx &mut *tx, exec (),
        "insert into asset_variant (asset_id, variant_id, since) \
         select h.asset_id, \
            (select q.variant_id from asset_variant q where q.asset_id = h.asset_id \
             order by q.asset_variant_id desc limit 1), $2 \
         from asset_history h \
         where h.inventory_id = $1 and h.field = 'retired_at' and h.value_after <> '' order by h.asset_id", id, at)?;
    let n_back = sql!(tx &mut *tx, exec (),
        "update asset set retired_at = null where not_seen_inventory_id <> $1 and asset_id in ( \
            select h.asset_id from asset_history h \
            where h.inventory_id = $1 and h.field = 'retired_at' and h.value_after <> '')", id)?;
    let n_seen = sql!(tx &mut *tx, exec (),
        "update asset set not_seen_since = null, not_seen_inventory_id = null, \
            retired_at = case when exists (select 1 from asset_history h where h.asset_id = asset.asset_id \
                and h.inventory_id = $1 and h.field = 'retired_at' and h.value_after <> '') then null \
                else retired_at end \
         where not_seen_inventory_id = $1", id)?;
    Ok(n_back + n_seen)
}

/// Writes back each value that this import changed.
async fn save_values_back(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    macro_rules! back {
        ($($column:literal from $field:expr),* $(,)?) => {
            $(sql!(tx &mut *tx, exec (),
                concat!("update asset set ", $column, " = h.value_before from asset_history h \
                    where h.inventory_id = $1 and h.field = $2 and h.asset_id = asset.asset_id \
                        and not exists (", typed_since!("1", "and e.asset_id = h.asset_id and e.field = h.field"), ")"),
                id, $field)?;)*
        };
    }
    back!(
        "tag" from Field::AssetId.word(),
        "name" from Field::Name.word(),
        "area" from Field::Area.word(),
        "serial_number" from Field::SerialNumber.word(),
        "ip_address" from Field::IpAddress.word(),
        "mac_address" from Field::MacAddress.word(),
        "quantity" from Field::Quantity.word(),
        "criticality" from Field::Criticality.word(),
        "zone" from Field::Zone.word(),
        "notes" from Field::Notes.word(),
        "unmapped" from "unmapped",
    );
    sql!(tx &mut *tx, exec (),
        "update asset set site_id = s.site_id from asset_history h join site s on s.name = h.value_before \
         where h.inventory_id = $1 and h.field = $2 and h.asset_id = asset.asset_id",
        id, Field::Site.word())?;
    sql!(tx &mut *tx, exec (),
        "update asset set retired_at = h.value_before from asset_history h \
         where h.inventory_id = $1 and h.field = 'retired_at' and h.value_before <> '' \
            and h.asset_id = asset.asset_id", id)?;
    sql!(tx &mut *tx, exec (),
        "update asset set not_seen_since = h.value_before, not_seen_inventory_id = \
            (select max(i.inventory_id) from inventory i where i.imported_at = h.value_before and i.inventory_id < $1) \
         from asset_history h \
         where h.inventory_id = $1 and h.field = 'not_seen_since' and h.value_before <> '' \
            and h.asset_id = asset.asset_id", id)?;
    let renamed = sql!(tx &mut *tx, all (i64,),
        "select distinct asset_id from asset_history where inventory_id = $1 and field in ($2, $3, $4)",
        id, Field::AssetId.word(), Field::Name.word(), Field::SerialNumber.word())?;
    refresh_asset_words(tx, &renamed.into_iter().map(|(asset_id,)| asset_id).collect::<Vec<_>>()).await
}

/// Removes the assets that this import brought first, or retires them when they were judged since. Gives both numbers.
async fn save_new_gone(tx: &mut Tx, id: i64, imported_at: &str, at: &str) -> Result<(u64, u64), StoreError> {
    let n_rescans = sql!(tx &mut *tx, val i64, "select count(*) from rescan where finished_at >= $1", imported_at)?;
    if n_rescans > 0 {
        sql!(tx &mut *tx, exec (),
            "update asset_variant set until = $2 where until is null and asset_id in \
                (select asset_id from asset where first_seen_inventory_id = $1)", id, at)?;
        sql!(tx &mut *tx, exec (),
            "insert into asset_history (asset_id, inventory_id, changed_at, field, value_before, value_after) \
             select asset_id, $1, $2, 'retired_at', '', $2 from asset where first_seen_inventory_id = $1", id, at)?;
        let n_retired = sql!(tx &mut *tx, exec (),
            "update asset set retired_at = $2 where first_seen_inventory_id = $1", id, at)?;
        return Ok((0, n_retired));
    }
    for statement in [
        "delete from asset_history where asset_id in (select asset_id from asset where first_seen_inventory_id = $1)",
        "delete from asset_search where asset_id in (select asset_id from asset where first_seen_inventory_id = $1)",
        "delete from asset_variant where asset_id in (select asset_id from asset where first_seen_inventory_id = $1)",
    ] {
        sql!(tx &mut *tx, exec (), statement, id)?;
    }
    let n_removed = sql!(tx &mut *tx, exec (), "delete from asset where first_seen_inventory_id = $1", id)?;
    Ok((n_removed, 0))
}
