//! Variants: each distinct nameplate with a firmware is kept once.

use rustc_hash::FxHashMap;

use super::error::StoreError;
use super::search_words::save_variant_words;
use super::text::{clean, digest};
use super::{BATCH, Db, Tx};
use crate::domain::nameplate::{Nameplate, Variant};
use crate::domain::rescan::RunMark;

/// The columns of a variant where it is read; ends up in [`VariantRow`].
#[derive(Debug, sqlx::FromRow)]
pub(super) struct VariantRow {
    pub variant_id: i64,
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub hardware_revision: String,
    pub firmware: String,
    pub variant_notes: String,
}

impl VariantRow {
    pub(super) fn into_domain(self) -> Variant {
        Variant {
            nameplate: Nameplate {
                vendor: self.vendor,
                model: self.model,
                part_number: self.part_number,
                hardware_revision: self.hardware_revision,
            },
            firmware: self.firmware,
            notes: self.variant_notes,
        }
    }
}

/// All variants that an asset has now, by id. This is what a rescan judges.
pub async fn list_variants_for_rescan(db: &Db) -> Result<Vec<(i64, Variant)>, StoreError> {
    let rows = sql!(db, all VariantRow,
        "select variant_id, vendor, model, part_number, hardware_revision, firmware, notes as variant_notes \
         from variant v \
         where exists (select 1 from asset_variant p where p.variant_id = v.variant_id and p.until is null) \
         order by variant_id")?;
    Ok(rows.into_iter().map(|row| (row.variant_id, row.into_domain())).collect())
}

/// The assets that have these variants now, as (variant, asset, serial number), by variant and asset. For variants
/// whose answer depends on the serial number; it is blank where none is stated.
pub async fn list_serial_numbers(db: &Db, variant_ids: &[i64]) -> Result<Vec<(i64, i64, String)>, StoreError> {
    let mut found = Vec::new();
    for batch in variant_ids.chunks(BATCH) {
        let mut rows = for_list!(
            db,
            all(i64, i64, String),
            "select p.variant_id, a.asset_id, a.serial_number \
             from asset_variant p join asset a on a.asset_id = p.asset_id \
             where p.until is null and p.variant_id in",
            batch.iter().copied(),
            ""
        )?;
        found.append(&mut rows);
    }
    found.sort_unstable();
    Ok(found)
}

/// The number of assets that have each of these variants now; a variant that none has is left out.
pub async fn count_assets_of_variants(db: &Db, variant_ids: &[i64]) -> Result<FxHashMap<i64, u64>, StoreError> {
    let mut counts = FxHashMap::default();
    for batch in variant_ids.chunks(BATCH) {
        let rows = for_list!(
            db,
            all(i64, i64),
            "select variant_id, count(*) from asset_variant where until is null and variant_id in",
            batch.iter().copied(),
            "group by variant_id"
        )?;
        counts.extend(rows.into_iter().map(|(id, n)| (id, super::text::read_count(n))));
    }
    Ok(counts)
}

/// An asset that has a variant now, with all of it that an answer can depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
pub struct VariantHolder {
    pub variant_id: i64,
    pub asset_id: i64,
    /// Blank when none is stated.
    pub serial_number: String,
    pub site: String,
    /// As it is kept: UTC, RFC 3339 with milliseconds.
    pub first_seen_at: String,
}

/// The assets that have these variants now, by variant and asset.
pub async fn list_holders(db: &Db, variant_ids: &[i64]) -> Result<Vec<VariantHolder>, StoreError> {
    let mut found: Vec<VariantHolder> = Vec::new();
    for batch in variant_ids.chunks(BATCH) {
        found.extend(for_list!(
            db,
            all VariantHolder,
            "select p.variant_id, a.asset_id, a.serial_number, s.name as site, a.first_seen_at \
             from asset_variant p join asset a on a.asset_id = p.asset_id join site s on s.site_id = a.site_id \
             where p.until is null and p.variant_id in",
            batch.iter().copied(),
            ""
        )?);
    }
    found.sort_unstable();
    Ok(found)
}

/// The variants that these assets have now, each once, sorted.
pub async fn list_variants_of_assets(db: &Db, asset_ids: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut found: Vec<i64> = Vec::new();
    for batch in asset_ids.chunks(BATCH) {
        let rows: Vec<(i64,)> = for_list!(
            db,
            all(i64,),
            "select distinct variant_id from asset_variant where until is null and asset_id in",
            batch.iter().copied(),
            ""
        )?;
        found.extend(rows.into_iter().map(|(id,)| id));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The variants that a run must judge because of their assets, each with one of these, by asset: those that no run has judged yet;
/// those of assets that came, moved or changed after this mark, because an answer can depend on the single asset; and
/// those with an exposure of an asset that has another variant by now.
pub async fn list_variants_to_judge(db: &Db, mark: &RunMark) -> Result<Vec<(i64, i64)>, StoreError> {
    let of_variants = sql!(
        db,
        all(i64, Option<i64>),
        "select v.variant_id, \
            (select min(p.asset_id) from asset_variant p where p.variant_id = v.variant_id and p.until is null) \
         from variant v where not exists \
            (select 1 from variant_standing t where t.variant_id = v.variant_id and t.until is null) \
         union all select e.variant_id, \
            (select min(p.asset_id) from asset_variant p where p.variant_id = e.variant_id and p.until is null) \
         from exposure e where e.closed_at is null and e.asset_id is not null and not exists \
            (select 1 from asset_variant h where h.asset_id = e.asset_id and h.variant_id = e.variant_id \
                and h.until is null)"
    )?;
    let mut asset_of: FxHashMap<i64, i64> =
        of_variants.into_iter().filter_map(|(variant, asset)| Some((variant, asset?))).collect();
    // The order of the tables is given (`cross join`), and what is grouped by is an expression that no index has: the
    // new numbers are few, and every other way reads a million stretches.
    let of_assets = sql!(
        db,
        all(i64, i64),
        "select variant_id + 0, min(asset_id) from asset_variant \
         where asset_variant_id > $1 and until is null group by variant_id + 0 \
         union all select p.variant_id, min(p.asset_id) from asset_history h cross join asset_variant p \
         where h.asset_history_id > $2 and h.field in ('serial_number', 'site') \
            and p.asset_id = h.asset_id and p.until is null group by p.variant_id \
         union all select p.variant_id, min(p.asset_id) from asset_edit h cross join asset_variant p \
         where h.asset_edit_id > $3 and h.field = 'serial_number' \
            and p.asset_id = h.asset_id and p.until is null group by p.variant_id",
        mark.period_no,
        mark.history_no,
        mark.edit_no
    )?;
    for (variant, asset) in of_assets {
        asset_of.entry(variant).or_insert(asset);
    }
    let mut variants: Vec<(i64, i64)> = asset_of.into_iter().collect();
    variants.sort_unstable_by_key(|(_, asset_id)| *asset_id);
    Ok(variants)
}

/// The number of variants that an asset has now.
pub async fn count_variants(db: &Db) -> Result<u64, StoreError> {
    let n = sql!(db, val i64, "select count(distinct variant_id) from asset_variant where until is null")?;
    Ok(super::text::read_count(n))
}

/// A variant as it is kept: without NUL characters and without blanks around its texts, otherwise as written.
pub(super) fn as_kept(variant: &Variant) -> Variant {
    let kept = |text: &str| clean(text).trim().to_owned();
    Variant {
        nameplate: Nameplate {
            vendor: kept(&variant.nameplate.vendor),
            model: kept(&variant.nameplate.model),
            part_number: kept(&variant.nameplate.part_number),
            hardware_revision: kept(&variant.nameplate.hardware_revision),
        },
        firmware: kept(&variant.firmware),
        notes: kept(&variant.notes),
    }
}

/// Makes sure that `known` holds the ids of all these variants, which must be [`as_kept`]; new ones are inserted.
pub(super) async fn save_variants<'a>(
    tx: &mut Tx,
    variants: impl Iterator<Item = &'a Variant>,
    known: &mut FxHashMap<Variant, i64>,
) -> Result<(), StoreError> {
    let mut new: FxHashMap<String, &Variant> = FxHashMap::default();
    for variant in variants {
        if !known.contains_key(variant) {
            let plate = &variant.nameplate;
            let texts = [
                &plate.vendor,
                &plate.model,
                &plate.part_number,
                &plate.hardware_revision,
                &variant.firmware,
                &variant.notes,
            ];
            new.insert(digest(&texts), variant);
        }
    }
    // In a stable order, so that equal imports give equal ids.
    let mut new: Vec<(String, &Variant)> = new.into_iter().collect();
    new.sort_unstable_by(|a, b| a.1.cmp(b.1));
    for batch in new.chunks(BATCH) {
        insert!(
            tx,
            "insert into variant \
             (variant_digest, vendor, model, part_number, hardware_revision, firmware, notes)",
            batch,
            |b, (digest, v)| b
                .push_bind(digest.as_str())
                .push_bind(v.nameplate.vendor.as_str())
                .push_bind(v.nameplate.model.as_str())
                .push_bind(v.nameplate.part_number.as_str())
                .push_bind(v.nameplate.hardware_revision.as_str())
                .push_bind(v.firmware.as_str())
                .push_bind(v.notes.as_str()),
            "on conflict (variant_digest) do nothing"
        )?;
        let rows: Vec<(String, i64)> = for_list!(tx tx, all (String, i64),
            "select variant_digest, variant_id from variant where variant_digest in",
            batch.iter().map(|(digest, _)| digest.as_str()),
            "")?;
        let ids: FxHashMap<String, i64> = rows.into_iter().collect();
        let kept: Vec<(i64, &Variant)> =
            batch.iter().filter_map(|(digest, variant)| Some((*ids.get(digest)?, *variant))).collect();
        save_variant_words(tx, &kept).await?;
        known.extend(kept.into_iter().map(|(id, variant)| (variant.clone(), id)));
    }
    Ok(())
}
