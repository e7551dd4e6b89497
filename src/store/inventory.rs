//! Imports: one file, one transaction. Until [`Import::finish`] nothing is there; killed or dropped, nothing stays.

use std::borrow::Cow;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::asset::{self, By, NewAsset};
use super::error::StoreError;
use super::text::{clean, clean_all, count, digest, json, read_count, read_json, read_time, read_time_if_any, time};
use super::variant::{as_kept, save_variants};
use super::{Alone, BATCH, Db, Tx, site};
use crate::domain::asset::ImportedAsset;
use crate::domain::inventory::{
    CellPlace, ImportCounts, Inventory, NewInventory, OnMissing, RejectedRow, RowWarning, RowWarningKind,
};
use crate::domain::nameplate::Variant;

#[derive(sqlx::FromRow)]
struct Row {
    inventory_id: i64,
    file_name: String,
    sha256: String,
    site_name: Option<String>,
    imported_at: String,
    remarks: String,
    is_sample: bool,
    n_new: i64,
    n_changed: i64,
    n_same: i64,
    n_not_seen: i64,
    n_rejected: i64,
    n_warnings: i64,
    undone_at: Option<String>,
}

macro_rules! select_inventory {
    ($tail:literal) => {
        concat!(
            "select inventory_id, file_name, sha256, site_name, imported_at, remarks, is_sample, n_new, n_changed, \
             n_same, n_not_seen, n_rejected, n_warnings, undone_at from inventory ",
            $tail
        )
    };
}

impl Row {
    fn into_domain(self) -> Result<Inventory, StoreError> {
        Ok(Inventory {
            inventory_id: self.inventory_id,
            file_name: self.file_name,
            sha256: self.sha256,
            site: self.site_name,
            imported_at: read_time("inventory.imported_at", &self.imported_at)?,
            remarks: read_json("inventory.remarks", &self.remarks)?,
            is_sample: self.is_sample,
            counts: ImportCounts {
                n_new: read_count(self.n_new),
                n_changed: read_count(self.n_changed),
                n_same: read_count(self.n_same),
                n_not_seen: read_count(self.n_not_seen),
                n_rejected: read_count(self.n_rejected),
                n_warnings: read_count(self.n_warnings),
            },
            undone_at: read_time_if_any("inventory.undone_at", self.undone_at.as_deref())?,
        })
    }
}

/// The import with this id.
pub async fn find_inventory(db: &Db, inventory_id: i64) -> Result<Option<Inventory>, StoreError> {
    sql!(db, opt Row, select_inventory!("where inventory_id = $1"), inventory_id)?.map(Row::into_domain).transpose()
}

/// The latest import of a file with these bytes for this site that was not taken back.
pub async fn find_inventory_of_file(
    db: &Db,
    sha256: &str,
    site: Option<&str>,
) -> Result<Option<Inventory>, StoreError> {
    sql!(db, opt Row,
        select_inventory!("where sha256 = $1 and coalesce(site_name, '') = $2 and undone_at is null \
            order by inventory_id desc limit 1"),
        sha256, clean(site.unwrap_or("")).as_ref())?
    .map(Row::into_domain)
    .transpose()
}

/// All imports, the latest first.
pub async fn list_inventories(db: &Db) -> Result<Vec<Inventory>, StoreError> {
    sql!(db, all Row, select_inventory!("order by inventory_id desc"))?.into_iter().map(Row::into_domain).collect()
}

/// The records of an import that were not imported, in the order of the file.
pub async fn list_rejected_rows(db: &Db, inventory_id: i64) -> Result<Vec<RejectedRow>, StoreError> {
    sql!(
        db,
        all(String, i64, i64, String, String),
        "select sheet, row_no, column_no, cells, why from rejected_row where inventory_id = $1 \
         order by rejected_row_id",
        inventory_id
    )?
    .into_iter()
    .map(|(sheet, row, column, cells, why)| {
        Ok(RejectedRow { place: place(sheet, row, column), cells: read_json("rejected_row.cells", &cells)?, why })
    })
    .collect()
}

/// At most `limit` warnings of an import after the first `skip`, in the order of the file.
pub async fn list_row_warnings(
    db: &Db,
    inventory_id: i64,
    skip: u64,
    limit: u32,
) -> Result<Vec<RowWarning>, StoreError> {
    sql!(
        db,
        all(String, i64, i64, String, String),
        "select sheet, row_no, column_no, kind, detail from row_warning where inventory_id = $1 \
         order by row_warning_id limit $2 offset $3",
        inventory_id,
        i64::from(limit),
        count(skip)
    )?
    .into_iter()
    .map(|(sheet, row, column, kind, detail)| {
        let known = RowWarningKind::ALL.iter().find(|(_, word)| *word == kind).map(|(known, _)| *known);
        let kind = known.ok_or(StoreError::Damaged {
            column: "row_warning.kind",
            expected: "a kind of warning",
            found: kind,
        })?;
        Ok(RowWarning { kind, place: place(sheet, row, column), detail })
    })
    .collect()
}

fn place(sheet: String, row: i64, column: i64) -> CellPlace {
    CellPlace { sheet, row: u32::try_from(row).unwrap_or(0), column: u32::try_from(column).unwrap_or(0) }
}

/// What an import ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// The same bytes were imported for the same site before; nothing was written.
    AlreadyImported(Inventory),
    Imported(Imported),
}

/// A finished import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub inventory_id: i64,
    pub counts: ImportCounts,
    /// Rows whose identity stood in the file before them, as (identity, place). The first row counts; these were not
    /// saved as assets.
    pub repeated: Vec<(String, String)>,
}

/// A file as it was read, ready to be saved.
#[derive(Clone, Copy, Debug)]
pub struct FileRows<'a> {
    pub assets: &'a [ImportedAsset],
    pub warnings: &'a [RowWarning],
    pub rejected: &'a [RejectedRow],
}

/// Saves one import whole, or nothing of it. The same bytes for the same site are not imported twice, unless `again`.
pub async fn save_import(
    db: &Db,
    new: &NewInventory,
    rows: FileRows<'_>,
    on_missing: OnMissing,
    again: bool,
) -> Result<ImportOutcome, StoreError> {
    if !again && let Some(known) = find_inventory_of_file(db, &new.sha256, new.site.as_deref()).await? {
        return Ok(ImportOutcome::AlreadyImported(known));
    }
    let mut import = begin_import(db, new).await?;
    if !again {
        // Another process may have imported it between the first look and the lock.
        if let Some(known) = import.same_file().await? {
            return Ok(ImportOutcome::AlreadyImported(known));
        }
    }
    import.save_assets(rows.assets).await?;
    import.save_warnings(rows.warnings).await?;
    import.save_rejected(rows.rejected).await?;
    Ok(ImportOutcome::Imported(import.finish(on_missing).await?))
}

/// An import under way: rows are written in batches, so that a file of any length needs bounded memory.
pub struct Import {
    tx: Tx,
    inventory_id: i64,
    sha256: String,
    site: Option<String>,
    at: String,
    sites: FxHashMap<String, i64>,
    variants: FxHashMap<Variant, i64>,
    seen: FxHashSet<String>,
    counts: ImportCounts,
    repeated: Vec<(String, String)>,
}

/// Begins an import. Another one waits until this one is finished or dropped.
pub async fn begin_import(db: &Db, new: &NewInventory) -> Result<Import, StoreError> {
    let mut tx = db.begin(Alone::Import).await?;
    // A clock that was put back must not make an asset's periods end before they began.
    let latest = sql!(tx &mut tx, val Option<String>, "select max(imported_at) from inventory")?;
    let at = latest.unwrap_or_default().max(time(new.imported_at));
    let site = new.site.as_deref().map(|name| clean(name).into_owned()).filter(|name| !name.is_empty());
    let inventory_id = sql!(tx &mut tx, val i64,
        "insert into inventory (file_name, sha256, site_name, imported_at, remarks, is_sample, \
            n_new, n_changed, n_same, n_not_seen, n_rejected, n_warnings) \
         values ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, 0) returning inventory_id",
        clean(&new.file_name).as_ref(), new.sha256.as_str(), site.as_deref(), at.as_str(),
        json(&clean_all(&new.remarks)), new.is_sample)?;
    let mut sites = FxHashMap::default();
    site::save_sites(&mut tx, site.as_deref().into_iter(), &mut sites).await?;
    Ok(Import {
        tx,
        inventory_id,
        sha256: new.sha256.clone(),
        site,
        at,
        sites,
        variants: FxHashMap::default(),
        seen: FxHashSet::default(),
        counts: ImportCounts::default(),
        repeated: Vec::new(),
    })
}

impl Import {
    /// An earlier import of the same bytes for the same site.
    pub async fn same_file(&mut self) -> Result<Option<Inventory>, StoreError> {
        sql!(tx &mut self.tx, opt Row,
            select_inventory!("where sha256 = $1 and coalesce(site_name, '') = $2 and undone_at is null \
                and inventory_id <> $3 order by inventory_id desc limit 1"),
            self.sha256.as_str(), self.site.as_deref().unwrap_or(""), self.inventory_id)?
        .map(Row::into_domain)
        .transpose()
    }

    /// Writes these rows: new assets are added, known ones changed. Can be called many times.
    pub async fn save_assets(&mut self, assets: &[ImportedAsset]) -> Result<(), StoreError> {
        for batch in assets.chunks(BATCH) {
            let mut fresh: Vec<(&ImportedAsset, Cow<'_, str>, String, Variant)> = Vec::with_capacity(batch.len());
            for imported in batch {
                let identity = clean(&imported.identity);
                let identity_digest = digest(&[identity.as_ref()]);
                if self.seen.insert(identity_digest.clone()) {
                    fresh.push((imported, identity, identity_digest, as_kept(&imported.asset.variant)));
                } else {
                    self.repeated.push((identity.into_owned(), imported.asset.place.clone()));
                }
            }
            let names: Vec<Cow<'_, str>> = fresh.iter().map(|(imported, ..)| clean(&imported.asset.site)).collect();
            site::save_sites(&mut self.tx, names.iter().map(AsRef::as_ref), &mut self.sites).await?;
            save_variants(&mut self.tx, fresh.iter().map(|(.., variant)| variant), &mut self.variants).await?;
            let mut rows = Vec::with_capacity(fresh.len());
            for ((imported, identity, identity_digest, variant), site) in fresh.into_iter().zip(names) {
                let (Some(&site_id), Some(&variant_id)) = (self.sites.get(site.as_ref()), self.variants.get(&variant))
                else {
                    return Err(StoreError::Conflict(format!("the site or variant of `{identity}` was not written")));
                };
                rows.push(NewAsset {
                    identity,
                    identity_digest,
                    site_id,
                    site,
                    asset: &imported.asset,
                    variant,
                    variant_id,
                });
            }
            if !rows.is_empty() {
                let by = By { inventory_id: self.inventory_id, at: &self.at };
                asset::save_assets(&mut self.tx, by, &rows, &mut self.counts).await?;
            }
        }
        Ok(())
    }

    /// Keeps what was doubtful about the rows. Can be called many times.
    pub async fn save_warnings(&mut self, warnings: &[RowWarning]) -> Result<(), StoreError> {
        for batch in warnings.chunks(BATCH) {
            insert!(
                &mut self.tx,
                "insert into row_warning (inventory_id, sheet, row_no, column_no, kind, detail)",
                batch,
                |b, w| b
                    .push_bind(self.inventory_id)
                    .push_bind(clean(&w.place.sheet).as_ref())
                    .push_bind(i64::from(w.place.row))
                    .push_bind(i64::from(w.place.column))
                    .push_bind(w.kind.word())
                    .push_bind(clean(&w.detail).as_ref()),
                ""
            )?;
        }
        self.counts.n_warnings += warnings.len() as u64;
        Ok(())
    }

    /// Keeps the records that were not imported. Can be called many times.
    pub async fn save_rejected(&mut self, rejected: &[RejectedRow]) -> Result<(), StoreError> {
        for batch in rejected.chunks(BATCH) {
            insert!(
                &mut self.tx,
                "insert into rejected_row (inventory_id, sheet, row_no, column_no, cells, why)",
                batch,
                |b, r| b
                    .push_bind(self.inventory_id)
                    .push_bind(clean(&r.place.sheet).as_ref())
                    .push_bind(i64::from(r.place.row))
                    .push_bind(i64::from(r.place.column))
                    .push_bind(json(&clean_all(&r.cells)))
                    .push_bind(clean(&r.why).as_ref()),
                ""
            )?;
        }
        self.counts.n_rejected += rejected.len() as u64;
        Ok(())
    }

    /// Looks after the assets of the same sites that the file does not have, and makes all of it valid at once.
    pub async fn finish(mut self, on_missing: OnMissing) -> Result<Imported, StoreError> {
        let by = By { inventory_id: self.inventory_id, at: &self.at };
        for &site_id in self.sites.values() {
            self.counts.n_not_seen += asset::count_not_seen(&mut self.tx, by, site_id).await?;
            match on_missing {
                OnMissing::Keep => asset::save_not_seen(&mut self.tx, by, site_id).await?,
                OnMissing::Retire => asset::save_retired(&mut self.tx, by, site_id).await?,
            }
        }
        let n = self.counts;
        sql!(tx &mut self.tx, exec (),
            "update inventory set n_new = $2, n_changed = $3, n_same = $4, n_not_seen = $5, n_rejected = $6, \
                n_warnings = $7 where inventory_id = $1",
            self.inventory_id, count(n.n_new), count(n.n_changed), count(n.n_same), count(n.n_not_seen),
            count(n.n_rejected), count(n.n_warnings))?;
        self.tx.commit().await?;
        Ok(Imported { inventory_id: self.inventory_id, counts: self.counts, repeated: self.repeated })
    }
}

/// When the latest import was; `None` before the first.
pub async fn find_latest_import_time(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    let latest = sql!(db, val Option<String>, "select max(imported_at) from inventory where undone_at is null")?;
    read_time_if_any("inventory.imported_at", latest.as_deref())
}
