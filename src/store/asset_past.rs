//! What assets were at earlier moments, and which imports a site knows.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::asset::{AssetRow, asset_columns};
use super::error::StoreError;
use super::inventory::{Row as InventoryRow, select_inventory};
use super::text::{read_count, read_time, read_time_if_any, time};
use super::variant::VariantRow;
use super::{BATCH, Db};
use crate::domain::asset::AssetChange;
use crate::domain::asset_past::AssetPast;
use crate::domain::inventory::Inventory;
use crate::domain::nameplate::Variant;

/// The latest `limit` imports that brought assets of this site and were not taken back, the latest first, each with the
/// number of assets that it brought there.
pub async fn list_inventories_of_site(db: &Db, site_id: i64, limit: u32) -> Result<Vec<(Inventory, u64)>, StoreError> {
    let counts: FxHashMap<i64, u64> =
        sql!(db, all(i64, i64), "select inventory_id, n_assets from inventory_site where site_id = $1", site_id)?
            .into_iter()
            .map(|(id, n)| (id, read_count(n)))
            .collect();
    let rows = sql!(db, all InventoryRow,
        select_inventory!("where undone_at is null and inventory_id in \
            (select inventory_id from inventory_site where site_id = $1) order by inventory_id desc limit $2"),
        site_id, i64::from(limit))?;
    rows.into_iter()
        .map(|row| {
            let inventory = row.into_domain()?;
            let n = counts.get(&inventory.inventory_id).copied().unwrap_or(0);
            Ok((inventory, n))
        })
        .collect()
}

/// The ids of the assets that were at this site by either of two imports and may differ between them, sorted.
pub async fn list_assets_touched_between(
    db: &Db,
    site_id: i64,
    before: &Inventory,
    after: &Inventory,
) -> Result<Vec<i64>, StoreError> {
    let rows = sql!(
        db,
        all(i64,),
        "select a.asset_id from asset a where a.site_id = $1 \
            and ((a.first_seen_inventory_id > $2 and a.first_seen_inventory_id <= $3) \
                or (a.not_seen_inventory_id > $2 and a.not_seen_inventory_id <= $3)) \
         union \
         select h.asset_id from asset_history h join asset a on a.asset_id = h.asset_id \
         where h.inventory_id in (select i.inventory_id from inventory i \
                where (i.inventory_id > $2 and i.inventory_id <= $3) or (i.undone_at > $4 and i.undone_at <= $5)) \
            and h.changed_at > $4 and h.changed_at <= $5 \
            and (a.site_id = $1 or exists (select 1 from asset_history m \
                where m.asset_id = h.asset_id and m.field = 'site')) \
         union \
         select h.asset_id from asset_history h join asset a on a.asset_id = h.asset_id \
         where h.inventory_id > $3 and h.field = 'not_seen_since' and h.value_before > $4 and h.value_before <= $5 \
            and a.site_id = $1 \
         union \
         select e.asset_id from asset_edit e join asset a on a.asset_id = e.asset_id \
         where a.site_id = $1 and e.changed_at > $4 and e.changed_at <= $5 \
         order by 1",
        site_id,
        before.inventory_id,
        after.inventory_id,
        time(before.imported_at),
        time(after.imported_at)
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A variant that an asset had.
#[derive(sqlx::FromRow)]
struct StretchRow {
    asset_id: i64,
    since: String,
    until: Option<String>,
    #[sqlx(flatten)]
    variant: VariantRow,
}

type Changes = FxHashMap<i64, Vec<AssetChange>>;
type Variants = FxHashMap<i64, Vec<(Timestamp, Option<Timestamp>, Variant)>>;

/// These assets with what is kept of their past, by id. Retired ones are among them.
pub async fn list_pasts(db: &Db, asset_ids: &[i64]) -> Result<Vec<AssetPast>, StoreError> {
    let mut pasts = Vec::with_capacity(asset_ids.len());
    for batch in asset_ids.chunks(BATCH) {
        let mut changes = Changes::default();
        // What imports changed and what people typed in stand in two tables; together they are in the order of time.
        let rows = for_list!(
            db,
            all(i64, i64, String, String, String, String),
            "select asset_id, inventory_id, changed_at, field, value_before, value_after from asset_history \
             where asset_id in",
            batch.iter().copied(),
            "order by asset_history_id"
        )?;
        let edits = for_list!(
            db,
            all(i64, i64, String, String, String, String),
            "select asset_id, cast(0 as bigint) as inventory_id, changed_at, field, value_before, value_after \
             from asset_edit where asset_id in",
            batch.iter().copied(),
            "order by asset_edit_id"
        )?;
        for (asset_id, inventory_id, at, field, before, after) in rows.into_iter().chain(edits) {
            let changed_at = read_time("asset_history.changed_at", &at)?;
            let change = AssetChange { inventory_id, changed_at, field, before, after };
            changes.entry(asset_id).or_default().push(change);
        }
        let mut variants = Variants::default();
        let stretches = for_list!(db, all StretchRow,
            "select p.asset_id, p.since, p.until, v.variant_id, v.vendor, v.model, v.part_number, \
                v.hardware_revision, v.firmware, v.notes as variant_notes \
             from asset_variant p join variant v on v.variant_id = p.variant_id where p.asset_id in",
            batch.iter().copied(), "order by p.asset_variant_id")?;
        for row in stretches {
            let since = read_time("asset_variant.since", &row.since)?;
            let until = read_time_if_any("asset_variant.until", row.until.as_deref())?;
            variants.entry(row.asset_id).or_default().push((since, until, row.variant.into_domain()));
        }
        let known = for_list!(db, all AssetRow,
            concat!("select ", asset_columns!(), " from asset a join site s on s.site_id = a.site_id \
                join asset_variant p on p.asset_variant_id = \
                    (select max(q.asset_variant_id) from asset_variant q where q.asset_id = a.asset_id) \
                join variant v on v.variant_id = p.variant_id where a.asset_id in"),
            batch.iter().copied(), "order by a.asset_id")?;
        for row in known {
            let known = row.into_domain()?;
            let mut changes = changes.remove(&known.asset_id).unwrap_or_default();
            changes.sort_by_key(|change| change.changed_at);
            let variants = variants.remove(&known.asset_id).unwrap_or_default();
            pasts.push(AssetPast { known, changes, variants });
        }
    }
    Ok(pasts)
}
