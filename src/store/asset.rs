//! Assets, the variant that each has, and what imports changed of them.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::error::StoreError;
use super::text::{clean, digest, json, read_json, read_time, read_time_if_any};
use super::variant::VariantRow;
use super::{BATCH, Db, Tx};
use crate::domain::asset::{Asset, AssetChange, KnownAsset};
use crate::domain::inventory::{Field, ImportCounts};
use crate::domain::nameplate::Variant;

/// An asset with its variant, as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct AssetRow {
    pub asset_id: i64,
    pub identity: String,
    pub site: String,
    pub tag: String,
    pub name: String,
    pub area: String,
    pub serial_number: String,
    pub ip_address: String,
    pub mac_address: String,
    pub quantity: String,
    pub criticality: String,
    pub notes: String,
    pub unmapped: String,
    pub place: String,
    pub first_seen_at: String,
    pub last_seen_at: String,
    pub not_seen_since: Option<String>,
    pub retired_at: Option<String>,
    #[sqlx(flatten)]
    pub variant: VariantRow,
}

/// The columns of [`AssetRow`] with `a` for asset, `s` for site and `v` for variant.
macro_rules! asset_columns {
    () => {
        "a.asset_id, a.identity, s.name as site, a.tag, a.name, a.area, a.serial_number, a.ip_address, \
         a.mac_address, a.quantity, a.criticality, a.notes, a.unmapped, a.place, a.first_seen_at, a.last_seen_at, \
         a.not_seen_since, a.retired_at, v.variant_id, v.vendor, v.model, v.part_number, v.hardware_revision, \
         v.firmware, v.notes as variant_notes"
    };
}
pub(super) use asset_columns;

/// Every asset with its variant; a retired asset with the last one it had.
macro_rules! select_asset {
    ($tail:literal) => {
        concat!(
            "select ",
            asset_columns!(),
            " from asset a join site s on s.site_id = a.site_id \
              join asset_variant p on p.asset_variant_id = \
                (select max(q.asset_variant_id) from asset_variant q where q.asset_id = a.asset_id) \
              join variant v on v.variant_id = p.variant_id ",
            $tail
        )
    };
}

impl AssetRow {
    pub(super) fn into_asset(self) -> Result<Asset, StoreError> {
        Ok(self.into_domain()?.asset)
    }

    fn into_domain(self) -> Result<KnownAsset, StoreError> {
        Ok(KnownAsset {
            asset_id: self.asset_id,
            variant_id: self.variant.variant_id,
            identity: self.identity,
            first_seen_at: read_time("asset.first_seen_at", &self.first_seen_at)?,
            last_seen_at: read_time("asset.last_seen_at", &self.last_seen_at)?,
            not_seen_since: read_time_if_any("asset.not_seen_since", self.not_seen_since.as_deref())?,
            retired_at: read_time_if_any("asset.retired_at", self.retired_at.as_deref())?,
            asset: Asset {
                tag: self.tag,
                name: self.name,
                site: self.site,
                area: self.area,
                variant: self.variant.into_domain(),
                serial_number: self.serial_number,
                ip_address: self.ip_address,
                mac_address: self.mac_address,
                quantity: self.quantity,
                criticality: self.criticality,
                notes: self.notes,
                unmapped: read_json("asset.unmapped", &self.unmapped)?,
                place: self.place,
            },
        })
    }
}

/// The number of assets that are not retired.
pub async fn count_assets(db: &Db) -> Result<u64, StoreError> {
    let n = sql!(db, val i64, "select count(*) from asset where retired_at is null")?;
    Ok(super::text::read_count(n))
}

/// The asset with this id.
pub async fn find_asset(db: &Db, asset_id: i64) -> Result<Option<KnownAsset>, StoreError> {
    sql!(db, opt AssetRow, select_asset!("where a.asset_id = $1"), asset_id)?.map(AssetRow::into_domain).transpose()
}

/// The assets with this tag, which must be exact, by site and id; of one site or of all. Retired ones come last.
pub async fn list_assets_by_tag(db: &Db, tag: &str, site: Option<&str>) -> Result<Vec<KnownAsset>, StoreError> {
    sql!(db, all AssetRow,
        select_asset!("where a.tag = $1 and (cast($2 as text) is null or s.name_digest = $2) \
            order by case when a.retired_at is null then 0 else 1 end, s.name, a.asset_id"),
        tag, site.map(|name| digest(&[name])))?
    .into_iter()
    .map(AssetRow::into_domain)
    .collect()
}

/// At most `limit` assets with an id above `after`, by id; of one site or of all. Retired ones are left out.
pub async fn list_assets(db: &Db, site: Option<&str>, after: i64, limit: u32) -> Result<Vec<KnownAsset>, StoreError> {
    sql!(db, all AssetRow,
        select_asset!("where a.asset_id > $1 and a.retired_at is null \
            and (cast($2 as text) is null or s.name_digest = $2) order by a.asset_id limit $3"),
        after, site.map(|name| digest(&[name])), i64::from(limit))?
    .into_iter()
    .map(AssetRow::into_domain)
    .collect()
}

/// What imports changed of this asset, the latest first.
pub async fn list_asset_changes(db: &Db, asset_id: i64) -> Result<Vec<AssetChange>, StoreError> {
    sql!(
        db,
        all(i64, String, String, String, String),
        "select inventory_id, changed_at, field, value_before, value_after from asset_history \
         where asset_id = $1 order by asset_history_id desc",
        asset_id
    )?
    .into_iter()
    .map(|(inventory_id, at, field, before, after)| {
        Ok(AssetChange { inventory_id, changed_at: read_time("asset_history.changed_at", &at)?, field, before, after })
    })
    .collect()
}

/// One asset of an import, ready to be written.
pub(super) struct NewAsset<'a> {
    pub identity: Cow<'a, str>,
    pub identity_digest: String,
    pub site_id: i64,
    pub site: Cow<'a, str>,
    pub asset: &'a Asset,
    pub variant: Variant,
    pub variant_id: i64,
}

impl NewAsset<'_> {
    fn unmapped(&self) -> String {
        let pairs: Vec<_> = self.asset.unmapped.iter().map(|(header, value)| (clean(header), clean(value))).collect();
        json(&pairs)
    }
}

/// The import that writes.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    pub inventory_id: i64,
    /// Time of the import as text.
    pub at: &'a str,
}

/// A known asset that stands in the file again.
#[derive(sqlx::FromRow)]
struct Before {
    identity_digest: String,
    /// Null when it was retired and has no variant now.
    open_variant_id: Option<i64>,
    #[sqlx(flatten)]
    row: AssetRow,
}

/// One change that is about to be written: (asset, field, before, after).
type Change = (i64, &'static str, String, String);

/// Inserts or updates these assets, at most [`BATCH`], each identity once. Adds to the counts.
pub(super) async fn save_assets(
    tx: &mut Tx,
    by: By<'_>,
    assets: &[NewAsset<'_>],
    counts: &mut ImportCounts,
) -> Result<(), StoreError> {
    let before: FxHashMap<String, Before> = for_list!(tx tx, all Before,
        concat!("select a.identity_digest, o.variant_id as open_variant_id, ", asset_columns!(),
            " from asset a join site s on s.site_id = a.site_id \
              join asset_variant p on p.asset_variant_id = \
                (select max(q.asset_variant_id) from asset_variant q where q.asset_id = a.asset_id) \
              join variant v on v.variant_id = p.variant_id \
              left join asset_variant o on o.asset_id = a.asset_id and o.until is null \
              where a.identity_digest in"),
        assets.iter().map(|a| a.identity_digest.as_str()),
        "")?
    .into_iter()
    .map(|row| (row.identity_digest.clone(), row))
    .collect();

    let ids: FxHashMap<String, i64> = upsert(tx, by, assets).await?.into_iter().collect();
    let mut changes: Vec<Change> = Vec::new();
    let mut to_close: Vec<i64> = Vec::new();
    let mut to_open: Vec<(i64, i64)> = Vec::new();
    for asset in assets {
        let Some(&asset_id) = ids.get(&asset.identity_digest) else {
            return Err(StoreError::Conflict(format!("the asset `{}` was not written", asset.identity)));
        };
        let Some(before) = before.get(&asset.identity_digest) else {
            counts.n_new += 1;
            to_open.push((asset_id, asset.variant_id));
            continue;
        };
        let n_before = changes.len();
        compare(before, asset, asset_id, &mut changes);
        if changes.len() > n_before {
            counts.n_changed += 1;
        } else {
            counts.n_same += 1;
        }
        // Not a change of the device, but needed to take the import back.
        for (field, value) in [("not_seen_since", &before.row.not_seen_since), ("retired_at", &before.row.retired_at)] {
            if let Some(value) = value {
                changes.push((asset_id, field, value.clone(), String::new()));
            }
        }
        if before.open_variant_id != Some(asset.variant_id) {
            to_close.extend(before.open_variant_id.map(|_| asset_id));
            to_open.push((asset_id, asset.variant_id));
        }
    }
    if !to_close.is_empty() {
        on!(tx tx, c => {
            let mut query = sqlx::QueryBuilder::new("update asset_variant set until = ");
            query.push_bind(by.at).push(" where until is null and asset_id in (");
            let mut values = query.separated(", ");
            for asset_id in to_close {
                values.push_bind(asset_id);
            }
            query.push(")");
            query.build().execute(c).await.map(drop)
        })?;
    }
    if !to_open.is_empty() {
        insert!(
            tx,
            "insert into asset_variant (asset_id, variant_id, since)",
            to_open,
            |b, (asset_id, variant_id)| b.push_bind(asset_id).push_bind(variant_id).push_bind(by.at),
            ""
        )?;
    }
    save_changes(tx, by, &changes).await
}

async fn upsert(tx: &mut Tx, by: By<'_>, assets: &[NewAsset<'_>]) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(insert!(
        tx,
        "insert into asset (identity_digest, identity, site_id, tag, name, area, serial_number, ip_address, \
         mac_address, quantity, criticality, notes, unmapped, place, first_seen_inventory_id, first_seen_at, \
         last_seen_inventory_id, last_seen_at)",
        assets,
        |b, a| b
            .push_bind(a.identity_digest.as_str())
            .push_bind(a.identity.as_ref())
            .push_bind(a.site_id)
            .push_bind(clean(&a.asset.tag).as_ref())
            .push_bind(clean(&a.asset.name).as_ref())
            .push_bind(clean(&a.asset.area).as_ref())
            .push_bind(clean(&a.asset.serial_number).as_ref())
            .push_bind(clean(&a.asset.ip_address).as_ref())
            .push_bind(clean(&a.asset.mac_address).as_ref())
            .push_bind(clean(&a.asset.quantity).as_ref())
            .push_bind(clean(&a.asset.criticality).as_ref())
            .push_bind(clean(&a.asset.notes).as_ref())
            .push_bind(a.unmapped())
            .push_bind(clean(&a.asset.place).as_ref())
            .push_bind(by.inventory_id)
            .push_bind(by.at)
            .push_bind(by.inventory_id)
            .push_bind(by.at),
        "on conflict (identity_digest) do update set \
            site_id = excluded.site_id, tag = excluded.tag, name = excluded.name, area = excluded.area, \
            serial_number = excluded.serial_number, ip_address = excluded.ip_address, \
            mac_address = excluded.mac_address, quantity = excluded.quantity, \
            criticality = excluded.criticality, notes = excluded.notes, unmapped = excluded.unmapped, \
            previous_place = asset.place, place = excluded.place, \
            previous_inventory_id = asset.last_seen_inventory_id, \
            last_seen_inventory_id = excluded.last_seen_inventory_id, last_seen_at = excluded.last_seen_at, \
            not_seen_inventory_id = null, not_seen_since = null, retired_at = null \
         returning identity_digest, asset_id",
        returning(String, i64)
    )?)
}

/// Adds what differs between the asset as it was and as the file has it. Its place is not compared: a row that moved
/// is no change of the device.
fn compare(before: &Before, after: &NewAsset<'_>, asset_id: i64, changes: &mut Vec<Change>) {
    let (old, new) = (&before.row, after.asset);
    let (was, is) = (&old.variant, &after.variant);
    let pairs: [(Field, &str, Cow<'_, str>); 15] = [
        (Field::AssetId, &old.tag, clean(&new.tag)),
        (Field::Name, &old.name, clean(&new.name)),
        (Field::Site, &old.site, Cow::Borrowed(after.site.as_ref())),
        (Field::Area, &old.area, clean(&new.area)),
        (Field::Vendor, &was.vendor, Cow::Borrowed(&is.nameplate.vendor)),
        (Field::Model, &was.model, Cow::Borrowed(&is.nameplate.model)),
        (Field::PartNumber, &was.part_number, Cow::Borrowed(&is.nameplate.part_number)),
        (Field::SerialNumber, &old.serial_number, clean(&new.serial_number)),
        (Field::Firmware, &was.firmware, Cow::Borrowed(&is.firmware)),
        (Field::HardwareRevision, &was.hardware_revision, Cow::Borrowed(&is.nameplate.hardware_revision)),
        (Field::IpAddress, &old.ip_address, clean(&new.ip_address)),
        (Field::MacAddress, &old.mac_address, clean(&new.mac_address)),
        (Field::Quantity, &old.quantity, clean(&new.quantity)),
        (Field::Criticality, &old.criticality, clean(&new.criticality)),
        (Field::Notes, &old.notes, clean(&new.notes)),
    ];
    for (field, old, new) in pairs {
        if old != new {
            changes.push((asset_id, field.word(), old.to_owned(), new.into_owned()));
        }
    }
    // Follows from the notes, but is what is judged; so its history must not have a gap.
    if was.variant_notes != is.notes {
        changes.push((asset_id, "variant_notes", was.variant_notes.clone(), is.notes.clone()));
    }
    let unmapped = after.unmapped();
    if old.unmapped != unmapped {
        changes.push((asset_id, "unmapped", old.unmapped.clone(), unmapped));
    }
}

async fn save_changes(tx: &mut Tx, by: By<'_>, changes: &[Change]) -> Result<(), StoreError> {
    for batch in changes.chunks(BATCH) {
        insert!(
            tx,
            "insert into asset_history (asset_id, inventory_id, changed_at, field, value_before, value_after)",
            batch,
            |b, (asset_id, field, before, after)| b
                .push_bind(*asset_id)
                .push_bind(by.inventory_id)
                .push_bind(by.at)
                .push_bind(*field)
                .push_bind(before.as_str())
                .push_bind(after.as_str()),
            ""
        )?;
    }
    Ok(())
}

/// How many assets of this site the import did not bring; retired ones do not count.
pub(super) async fn count_not_seen(tx: &mut Tx, by: By<'_>, site_id: i64) -> Result<u64, StoreError> {
    let n = sql!(tx tx, val i64,
        "select count(*) from asset \
         where site_id = $1 and last_seen_inventory_id <> $2 and retired_at is null",
        site_id, by.inventory_id)?;
    Ok(super::text::read_count(n))
}

/// Marks the assets of this site that the import did not bring.
pub(super) async fn save_not_seen(tx: &mut Tx, by: By<'_>, site_id: i64) -> Result<(), StoreError> {
    sql!(tx tx, exec (),
        "update asset set not_seen_since = $3, not_seen_inventory_id = $2 \
         where site_id = $1 and last_seen_inventory_id <> $2 and retired_at is null and not_seen_since is null",
        site_id, by.inventory_id, by.at)?;
    Ok(())
}

/// Retires the assets of this site that the import did not bring: their variant ends, their history stays.
pub(super) async fn save_retired(tx: &mut Tx, by: By<'_>, site_id: i64) -> Result<(), StoreError> {
    save_not_seen(tx, by, site_id).await?;
    sql!(tx tx, exec (),
        "insert into asset_history (asset_id, inventory_id, changed_at, field, value_before, value_after) \
         select asset_id, $2, $3, 'retired_at', '', $3 from asset \
         where site_id = $1 and last_seen_inventory_id <> $2 and retired_at is null",
        site_id, by.inventory_id, by.at)?;
    sql!(tx tx, exec (),
        "update asset_variant set until = $3 where until is null and asset_id in ( \
            select asset_id from asset \
            where site_id = $1 and last_seen_inventory_id <> $2 and retired_at is null)",
        site_id, by.inventory_id, by.at)?;
    sql!(tx tx, exec (),
        "update asset set retired_at = $3 where site_id = $1 and last_seen_inventory_id <> $2 and retired_at is null",
        site_id, by.inventory_id, by.at)?;
    Ok(())
}
