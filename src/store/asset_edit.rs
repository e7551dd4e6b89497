//! Values of assets that people typed in, with their history. What an import brings later is compared with them.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::audit::save_audit;
use super::error::StoreError;
use super::search_words::refresh_asset_words;
use super::text::{clean, read_time, time};
use super::variant::{VariantRow, as_kept, save_variants};
use super::{Alone, BATCH, Db, Tx};
use crate::domain::asset::{AssetEdit, HandEdit};
use crate::domain::audit::NewAudit;
use crate::domain::inventory::Field;
use crate::domain::nameplate::Variant;

#[derive(sqlx::FromRow)]
struct Before {
    asset_id: i64,
    serial_number: String,
    #[sqlx(flatten)]
    variant: VariantRow,
}

/// What an edit changes of one asset: (field, before, after).
type Changes = Vec<(Field, String, String)>;

/// Writes what was typed in, all or nothing: a new variant where the nameplate or the firmware changed, the serial
/// number, and the history. Assets that are retired or say so already are left alone. Gives the number of the act,
/// `None` when nothing changed, and the assets that changed.
pub async fn save_edits(
    db: &Db,
    edits: &[AssetEdit],
    audit: &NewAudit,
    at: Timestamp,
) -> Result<(Option<i64>, Vec<i64>), StoreError> {
    let mut tx = db.begin(Alone::Import).await?;
    let mut work: Vec<(i64, Variant, Variant, String, Changes)> = Vec::new();
    for batch in edits.chunks(BATCH) {
        let before: FxHashMap<i64, Before> = for_list!(tx &mut tx, all Before,
            "select a.asset_id, a.serial_number, v.variant_id, v.vendor, v.model, v.part_number, v.hardware_revision, \
                v.firmware, v.notes as variant_notes \
             from asset a join asset_variant p on p.asset_id = a.asset_id and p.until is null \
             join variant v on v.variant_id = p.variant_id where a.asset_id in",
            batch.iter().map(|edit| edit.asset_id), "")?
        .into_iter()
        .map(|row: Before| (row.asset_id, row))
        .collect();
        let mut before = before;
        for edit in batch {
            let Some(row) = before.remove(&edit.asset_id) else { continue };
            let was = row.variant.into_domain();
            let mut is = was.clone();
            let mut serial_number = row.serial_number.clone();
            for (field, value) in &edit.values {
                match field {
                    Field::Vendor => is.nameplate.vendor.clone_from(value),
                    Field::Model => is.nameplate.model.clone_from(value),
                    Field::PartNumber => is.nameplate.part_number.clone_from(value),
                    Field::HardwareRevision => is.nameplate.hardware_revision.clone_from(value),
                    Field::Firmware => is.firmware.clone_from(value),
                    Field::SerialNumber => clean(value).trim().clone_into(&mut serial_number),
                    _ => {}
                }
            }
            let is = as_kept(&is);
            let changes = changes(&was, &is, &row.serial_number, &serial_number);
            if !changes.is_empty() {
                work.push((row.asset_id, was, is, serial_number, changes));
            }
        }
    }
    if work.is_empty() {
        return Ok((None, Vec::new()));
    }
    let audit_id = save_audit(&mut tx, audit, at).await?;
    let at = time(at);
    let mut variants: FxHashMap<Variant, i64> = FxHashMap::default();
    save_variants(&mut tx, work.iter().map(|(_, _, is, ..)| is), &mut variants).await?;
    let mut moved: Vec<(i64, i64)> = Vec::new();
    for (asset_id, was, is, ..) in &work {
        if was != is {
            let id = variants.get(is).ok_or_else(|| StoreError::Conflict("a variant was not written".to_owned()))?;
            moved.push((*asset_id, *id));
        }
    }
    save_variant_of(&mut tx, &moved, &at).await?;
    for (asset_id, _, _, serial_number, changes) in &work {
        if changes.iter().any(|(field, ..)| *field == Field::SerialNumber) {
            sql!(tx &mut tx, exec (), "update asset set serial_number = $2 where asset_id = $1",
                *asset_id, serial_number.as_str())?;
            refresh_asset_words(&mut tx, &[*asset_id]).await?;
        }
    }
    let rows: Vec<(i64, &(Field, String, String))> =
        work.iter().flat_map(|(asset_id, .., changes)| changes.iter().map(|change| (*asset_id, change))).collect();
    for batch in rows.chunks(BATCH) {
        insert!(
            &mut tx,
            "insert into asset_edit (asset_id, audit_entry_id, changed_at, field, value_before, value_after)",
            batch,
            |b, (asset_id, (field, before, after))| b
                .push_bind(*asset_id)
                .push_bind(audit_id)
                .push_bind(at.as_str())
                .push_bind(field.word())
                .push_bind(before.as_str())
                .push_bind(after.as_str())
        )?;
    }
    tx.commit().await?;
    Ok((Some(audit_id), work.into_iter().map(|(asset_id, ..)| asset_id).collect()))
}

fn changes(was: &Variant, is: &Variant, serial_before: &str, serial_after: &str) -> Changes {
    let pairs = [
        (Field::Vendor, was.nameplate.vendor.as_str(), is.nameplate.vendor.as_str()),
        (Field::Model, &was.nameplate.model, &is.nameplate.model),
        (Field::PartNumber, &was.nameplate.part_number, &is.nameplate.part_number),
        (Field::HardwareRevision, &was.nameplate.hardware_revision, &is.nameplate.hardware_revision),
        (Field::Firmware, &was.firmware, &is.firmware),
        (Field::SerialNumber, serial_before, serial_after),
    ];
    let differ = pairs.into_iter().filter(|(_, before, after)| before != after);
    differ.map(|(field, before, after)| (field, before.to_owned(), after.to_owned())).collect()
}

/// Gives these assets these variants from this moment on.
async fn save_variant_of(tx: &mut Tx, moved: &[(i64, i64)], at: &str) -> Result<(), StoreError> {
    for batch in moved.chunks(BATCH) {
        on!(tx &mut *tx, c => {
            let mut query = sqlx::QueryBuilder::new("update asset_variant set until = ");
            query.push_bind(at).push(" where until is null and asset_id in (");
            let mut values = query.separated(", ");
            for (asset_id, _) in batch {
                values.push_bind(*asset_id);
            }
            query.push(")");
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
        insert!(&mut *tx, "insert into asset_variant (asset_id, variant_id, since)", batch, |b,
                                                                                             (
            asset_id,
            variant_id,
        )| b
            .push_bind(*asset_id)
            .push_bind(*variant_id)
            .push_bind(at))?;
    }
    Ok(())
}

type Row = (i64, i64, String, String, String, String, String);

fn into_domain((asset_id, audit_id, at, field, before, after, who): Row) -> Result<HandEdit, StoreError> {
    Ok(HandEdit { asset_id, audit_id, changed_at: read_time("asset_edit.changed_at", &at)?, field, before, after, who })
}

/// What people typed in of this asset, the latest first.
pub async fn list_edits_of_asset(db: &Db, asset_id: i64) -> Result<Vec<HandEdit>, StoreError> {
    sql!(
        db,
        all(i64, i64, String, String, String, String, String),
        "select e.asset_id, e.audit_entry_id, e.changed_at, e.field, e.value_before, e.value_after, u.who \
         from asset_edit e join audit_entry u on u.audit_entry_id = e.audit_entry_id \
         where e.asset_id = $1 order by e.asset_edit_id desc",
        asset_id
    )?
    .into_iter()
    .map(into_domain)
    .collect()
}

/// What an act typed in, by asset.
pub async fn list_edits_of_act(db: &Db, audit_id: i64) -> Result<Vec<HandEdit>, StoreError> {
    sql!(
        db,
        all(i64, i64, String, String, String, String, String),
        "select e.asset_id, e.audit_entry_id, e.changed_at, e.field, e.value_before, e.value_after, u.who \
         from asset_edit e join audit_entry u on u.audit_entry_id = e.audit_entry_id \
         where e.audit_entry_id = $1 order by e.asset_id, e.asset_edit_id",
        audit_id
    )?
    .into_iter()
    .map(into_domain)
    .collect()
}

/// The last value that a person typed into each field of these assets, where no import has changed it since; by asset
/// and field. An import that brings another value contradicts a person.
pub async fn list_standing_edits(db: &Db, asset_ids: &[i64]) -> Result<Vec<HandEdit>, StoreError> {
    let mut found = Vec::new();
    for batch in asset_ids.chunks(BATCH) {
        let rows = for_list!(db, all Row,
            "select e.asset_id, e.audit_entry_id, e.changed_at, e.field, e.value_before, e.value_after, u.who \
             from asset_edit e join audit_entry u on u.audit_entry_id = e.audit_entry_id \
             where not exists (select 1 from asset_edit l where l.asset_id = e.asset_id and l.field = e.field \
                    and l.asset_edit_id > e.asset_edit_id) \
                and not exists (select 1 from asset_history h where h.asset_id = e.asset_id and h.field = e.field \
                    and h.changed_at > e.changed_at) \
                and e.asset_id in",
            batch.iter().copied(), "order by e.asset_id, e.field")?;
        for row in rows {
            found.push(into_domain(row)?);
        }
    }
    Ok(found)
}
