//! Assets, the variant that each has, and what imports changed of them.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::error::StoreError;
use super::search_words::{asset_words, save_asset_words};
use super::text::{clean, digest, json, read_json, read_time, read_time_if_any};
use super::variant::VariantRow;
use super::{BATCH, Db, Tx};
use crate::domain::asset::{Asset, AssetChange, KnownAsset};
use crate::domain::inventory::{AssetLabel, ChangedAsset, Field, ImportCounts};
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
    pub zone: String,
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
         a.mac_address, a.quantity, a.criticality, a.zone, a.notes, a.unmapped, a.place, a.first_seen_at, a.last_seen_at, \
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

    pub(super) fn into_domain(self) -> Result<KnownAsset, StoreError> {
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
                zone: self.zone,
                notes: self.notes,
                unmapped: read_json("asset.unmapped", &self.unmapped)?,
                place: self.place,
            },
        })
    }
}

/// The number of assets that are not retired.
pub async fn count_assets(db: &Db) -> Result<u64, StoreError> {
    // A retired asset has no open stretch; these stand in an index of their own.
    let n = sql!(db, val i64, "select count(*) from asset_variant where until is null")?;
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
        clean(tag).as_ref(), site.map(|name| digest(&[clean(name)])))?
    .into_iter()
    .map(AssetRow::into_domain)
    .collect()
}

/// At most `limit` assets with an id above `after`, by id; of one site or of all. Retired ones are left out.
pub async fn list_assets(db: &Db, site: Option<&str>, after: i64, limit: u32) -> Result<Vec<KnownAsset>, StoreError> {
    sql!(db, all AssetRow,
        select_asset!("where a.asset_id > $1 and a.retired_at is null \
            and (cast($2 as text) is null or s.name_digest = $2) order by a.asset_id limit $3"),
        after, site.map(|name| digest(&[clean(name)])), i64::from(limit))?
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
    /// No asset was known before it.
    pub is_first: bool,
}

/// A known asset that stands in the file again.
#[derive(sqlx::FromRow)]
struct Before {
    identity_digest: String,
    asset_id: i64,
    site_id: i64,
    /// The variant it has, or had last when it was retired.
    variant_id: i64,
    tag: String,
    name: String,
    area: String,
    serial_number: String,
    ip_address: String,
    mac_address: String,
    quantity: String,
    criticality: String,
    zone: String,
    notes: String,
    unmapped: String,
    not_seen_since: Option<String>,
    retired_at: Option<String>,
}

/// One change that is about to be written: (asset, field, before, after).
type Change = (i64, &'static str, String, String);

/// Those of these assets that are known, by the digest of their identity.
async fn find_before(tx: &mut Tx, assets: &[NewAsset<'_>]) -> Result<FxHashMap<String, Before>, StoreError> {
    let rows = for_list!(tx tx, all Before,
        "select a.identity_digest, a.asset_id, a.site_id, a.tag, a.name, a.area, a.serial_number, a.ip_address, \
            a.mac_address, a.quantity, a.criticality, a.zone, a.notes, a.unmapped, a.not_seen_since, a.retired_at, \
            (select p.variant_id from asset_variant p where p.asset_id = a.asset_id \
                order by p.asset_variant_id desc limit 1) as variant_id \
         from asset a \
         where a.identity_digest in",
        assets.iter().map(|a| a.identity_digest.as_str()),
        "")?;
    Ok(rows.into_iter().map(|row| (row.identity_digest.clone(), row)).collect())
}

/// Inserts or updates these assets, at most [`BATCH`], each identity once. Adds to the counts.
pub(super) async fn save_assets(
    tx: &mut Tx,
    by: By<'_>,
    assets: &[NewAsset<'_>],
    counts: &mut ImportCounts,
) -> Result<(), StoreError> {
    let before = if by.is_first { FxHashMap::default() } else { find_before(tx, assets).await? };
    let variants = earlier_variants(tx, &before, assets).await?;
    let sites = earlier_sites(tx, &before, assets).await?;

    let mut to_write: Vec<&NewAsset<'_>> = Vec::new();
    let mut seen_again: Vec<(i64, &str)> = Vec::new();
    let mut changes: Vec<Change> = Vec::new();
    let mut to_close: Vec<i64> = Vec::new();
    let mut to_open: Vec<(i64, i64)> = Vec::new();
    for asset in assets {
        let Some(before) = before.get(&asset.identity_digest) else {
            counts.n_new += 1;
            to_write.push(asset);
            continue;
        };
        let n_before = changes.len();
        compare(before, asset, variants.get(&before.variant_id), sites.get(&before.site_id), &mut changes);
        if changes.len() > n_before {
            counts.n_changed += 1;
            to_write.push(asset);
        } else {
            counts.n_same += 1;
            seen_again.push((before.asset_id, &asset.asset.place));
        }
        // Not a change of the device, but needed to take the import back.
        for (field, value) in [("not_seen_since", &before.not_seen_since), ("retired_at", &before.retired_at)] {
            if let Some(value) = value {
                changes.push((before.asset_id, field, value.clone(), String::new()));
            }
        }
        if before.retired_at.is_some() {
            to_open.push((before.asset_id, asset.variant_id));
        } else if before.variant_id != asset.variant_id {
            to_close.push(before.asset_id);
            to_open.push((before.asset_id, asset.variant_id));
        }
    }
    if !to_write.is_empty() {
        let ids: FxHashMap<String, i64> = upsert(tx, by, &to_write).await?.into_iter().collect();
        let mut words = Vec::with_capacity(to_write.len());
        for asset in to_write {
            let Some(&asset_id) = ids.get(&asset.identity_digest) else {
                return Err(StoreError::Conflict(format!("the asset `{}` was not written", asset.identity)));
            };
            if !before.contains_key(&asset.identity_digest) {
                to_open.push((asset_id, asset.variant_id));
            }
            let [tag, name, serial_number] =
                [&asset.asset.tag, &asset.asset.name, &asset.asset.serial_number].map(|text| clean(text));
            words.push((asset_id, asset_words(&tag, &name, &serial_number)));
        }
        save_asset_words(tx, &words).await?;
    }
    if !seen_again.is_empty() {
        save_seen_again(tx, by, &seen_again).await?;
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
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
    }
    if !to_open.is_empty() {
        insert!(
            tx,
            "insert into asset_variant (asset_id, variant_id, since)",
            to_open,
            |b, (asset_id, variant_id)| b.push_bind(asset_id).push_bind(variant_id).push_bind(by.at)
        )?;
    }
    save_changes(tx, by, &changes).await
}

/// The variants that assets had and have no longer, by id.
async fn earlier_variants(
    tx: &mut Tx,
    before: &FxHashMap<String, Before>,
    assets: &[NewAsset<'_>],
) -> Result<FxHashMap<i64, Variant>, StoreError> {
    let left = |asset: &NewAsset<'_>| {
        before.get(&asset.identity_digest).map(|b| b.variant_id).filter(|id| *id != asset.variant_id)
    };
    let ids: FxHashSet<i64> = assets.iter().filter_map(left).collect();
    if ids.is_empty() {
        return Ok(FxHashMap::default());
    }
    let rows = for_list!(tx tx, all VariantRow,
        "select variant_id, vendor, model, part_number, hardware_revision, firmware, notes as variant_notes \
         from variant where variant_id in",
        ids, "")?;
    Ok(rows.into_iter().map(|row| (row.variant_id, row.into_domain())).collect())
}

/// The names of the sites that assets were at and are no longer, by id. Only a key without the site allows that.
async fn earlier_sites(
    tx: &mut Tx,
    before: &FxHashMap<String, Before>,
    assets: &[NewAsset<'_>],
) -> Result<FxHashMap<i64, String>, StoreError> {
    let left =
        |asset: &NewAsset<'_>| before.get(&asset.identity_digest).map(|b| b.site_id).filter(|id| *id != asset.site_id);
    let ids: FxHashSet<i64> = assets.iter().filter_map(left).collect();
    if ids.is_empty() {
        return Ok(FxHashMap::default());
    }
    let rows = for_list!(tx tx, all (i64, String), "select site_id, name from site where site_id in", ids, "")?;
    Ok(rows.into_iter().collect())
}

/// Notes that these assets, of which nothing else changed, stand in the file at this place.
async fn save_seen_again(tx: &mut Tx, by: By<'_>, seen: &[(i64, &str)]) -> Result<(), StoreError> {
    on!(tx tx, c => {
        let mut query = sqlx::QueryBuilder::new(
            "update asset set previous_inventory_id = last_seen_inventory_id, previous_place = place, \
             not_seen_inventory_id = null, not_seen_since = null, retired_at = null, place = seen.column2, \
             last_seen_inventory_id = ");
        query.push_bind(by.inventory_id).push(", last_seen_at = ").push_bind(by.at).push(" from (");
        query.push_values(seen, |mut b, (asset_id, place)| {
            b.push_bind(*asset_id).push_bind(clean(place).as_ref());
        });
        query.push(") as seen where asset.asset_id = seen.column1");
        query.build().persistent(false).execute(c).await.map(drop)
    })?;
    Ok(())
}

async fn upsert(tx: &mut Tx, by: By<'_>, assets: &[&NewAsset<'_>]) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(insert!(
        tx,
        "insert into asset (identity_digest, identity, site_id, tag, name, area, serial_number, ip_address, \
         mac_address, quantity, criticality, zone, notes, unmapped, place, first_seen_inventory_id, first_seen_at, \
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
            .push_bind(clean(&a.asset.zone).as_ref())
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
            criticality = excluded.criticality, zone = excluded.zone, notes = excluded.notes, unmapped = excluded.unmapped, \
            previous_place = asset.place, place = excluded.place, \
            previous_inventory_id = asset.last_seen_inventory_id, \
            last_seen_inventory_id = excluded.last_seen_inventory_id, last_seen_at = excluded.last_seen_at, \
            not_seen_inventory_id = null, not_seen_since = null, retired_at = null \
         returning identity_digest, asset_id",
        returning(String, i64)
    )?)
}

/// Adds what differs between the asset as it was and as the file has it. Its place is not compared: a row that moved
/// is no change of the device. The earlier variant and site are given where they are others than now.
fn compare(
    before: &Before,
    after: &NewAsset<'_>,
    earlier_variant: Option<&Variant>,
    earlier_site: Option<&String>,
    changes: &mut Vec<Change>,
) {
    let new = after.asset;
    let mut add = |field: &'static str, old: &str, new: &str| {
        if old != new {
            changes.push((before.asset_id, field, old.to_owned(), new.to_owned()));
        }
    };
    add(Field::AssetId.word(), &before.tag, &clean(&new.tag));
    add(Field::Name.word(), &before.name, &clean(&new.name));
    if let Some(earlier_site) = earlier_site {
        add(Field::Site.word(), earlier_site, &after.site);
    }
    add(Field::Area.word(), &before.area, &clean(&new.area));
    if let Some(earlier) = earlier_variant {
        let (was, is) = (&earlier.nameplate, &after.variant.nameplate);
        add(Field::Vendor.word(), &was.vendor, &is.vendor);
        add(Field::Model.word(), &was.model, &is.model);
        add(Field::PartNumber.word(), &was.part_number, &is.part_number);
        add(Field::HardwareRevision.word(), &was.hardware_revision, &is.hardware_revision);
        add(Field::Firmware.word(), &earlier.firmware, &after.variant.firmware);
        // Follows from the notes, but is what is judged; so its history must not have a gap.
        add("variant_notes", &earlier.notes, &after.variant.notes);
    }
    add(Field::SerialNumber.word(), &before.serial_number, &clean(&new.serial_number));
    add(Field::IpAddress.word(), &before.ip_address, &clean(&new.ip_address));
    add(Field::MacAddress.word(), &before.mac_address, &clean(&new.mac_address));
    add(Field::Quantity.word(), &before.quantity, &clean(&new.quantity));
    add(Field::Criticality.word(), &before.criticality, &clean(&new.criticality));
    add(Field::Zone.word(), &before.zone, &clean(&new.zone));
    add(Field::Notes.word(), &before.notes, &clean(&new.notes));
    add("unmapped", &before.unmapped, &after.unmapped());
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
                .push_bind(after.as_str())
        )?;
    }
    Ok(())
}

/// How many assets this site has; retired ones do not count.
pub(super) async fn count_at_site(tx: &mut Tx, site_id: i64) -> Result<u64, StoreError> {
    let n = sql!(tx tx, val i64, "select count(*) from asset where site_id = $1 and retired_at is null", site_id)?;
    Ok(super::text::read_count(n))
}

/// Whether any asset is known.
pub(super) async fn has_any(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(sql!(tx tx, opt(i64,), "select asset_id from asset limit 1")?.is_some())
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

/// The assets of this site that the import did not bring, by id, at most `limit`.
pub(super) async fn list_not_seen(
    tx: &mut Tx,
    by: By<'_>,
    site_id: i64,
    limit: u32,
) -> Result<Vec<AssetLabel>, StoreError> {
    let rows = sql!(tx tx, all(String, String),
        "select s.name, a.tag from asset a join site s on s.site_id = a.site_id \
         where a.site_id = $1 and a.last_seen_inventory_id <> $2 and a.retired_at is null \
         order by a.asset_id limit $3",
        site_id, by.inventory_id, i64::from(limit))?;
    Ok(rows.into_iter().map(|(site, tag)| AssetLabel { site, tag }).collect())
}

/// The assets that the import brings first, by id, at most `limit`.
pub(super) async fn list_new(tx: &mut Tx, by: By<'_>, limit: u32) -> Result<Vec<AssetLabel>, StoreError> {
    let rows = sql!(tx tx, all(String, String),
        "select s.name, a.tag from asset a join site s on s.site_id = a.site_id \
         where a.first_seen_inventory_id = $1 order by a.asset_id limit $2",
        by.inventory_id, i64::from(limit))?;
    Ok(rows.into_iter().map(|(site, tag)| AssetLabel { site, tag }).collect())
}

/// The known assets of which the import changes a value, in the order of the file, at most `limit`.
pub(super) async fn list_changed(tx: &mut Tx, by: By<'_>, limit: u32) -> Result<Vec<ChangedAsset>, StoreError> {
    // An asset has at most one change per field, so this many rows hold the first `limit` assets.
    let n_fields = i64::try_from(Field::ALL.len() + 2).unwrap_or(0);
    let rows = sql!(tx tx, all(i64, String, String, String, String, String, String),
        "select h.asset_id, s.name, a.tag, a.place, h.field, h.value_before, h.value_after from asset_history h \
         join asset a on a.asset_id = h.asset_id join site s on s.site_id = a.site_id \
         where h.inventory_id = $1 and h.field not in ('not_seen_since', 'retired_at', 'variant_notes') \
         order by h.asset_history_id limit $2",
        by.inventory_id, i64::from(limit) * n_fields)?;
    let mut changed: Vec<ChangedAsset> = Vec::new();
    for (asset_id, site, tag, place, field, before, after) in rows {
        if changed.last().is_none_or(|last| last.asset_id != asset_id) {
            if changed.len() == limit as usize {
                break;
            }
            changed.push(ChangedAsset { asset_id, asset: AssetLabel { site, tag }, place, changes: Vec::new() });
        }
        if let Some(last) = changed.last_mut() {
            last.changes.push((field, before, after));
        }
    }
    Ok(changed)
}
