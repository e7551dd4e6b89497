//! Imports: one file, one transaction. Until [`Import::finish`] nothing is there; killed or dropped, nothing stays.

use std::borrow::Cow;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::asset::{self, By, NewAsset};
use super::error::StoreError;
use super::text::{clean, clean_all, count, digest, json, read_count, read_json, read_time, read_time_if_any, time};
use super::variant::{as_kept, save_variants};
use super::{Alone, BATCH, Db, Tx, site};
use crate::domain::account::SiteScope;
use crate::domain::asset::{ImportedAsset, Standing};
use crate::domain::inventory::{
    AssetKey, CellPlace, ColumnReading, Field, ImportCounts, ImportPreview, Inventory, NewInventory, OnMissing,
    RejectedRow, RowWarning, RowWarningKind,
};
use crate::domain::nameplate::Variant;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
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
pub(super) use select_inventory;

impl Row {
    pub(super) fn into_domain(self) -> Result<Inventory, StoreError> {
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

/// At most `limit` imports with an id below `before` that brought assets of these sites and no others, the latest first.
pub async fn list_inventories_before(
    db: &Db,
    before: Option<i64>,
    scope: &SiteScope,
    limit: u32,
) -> Result<Vec<Inventory>, StoreError> {
    let visible = list_visible(db, scope).await?;
    let (mut before, mut found) = (before.unwrap_or(i64::MAX), Vec::new());
    loop {
        let page = sql!(db, all Row,
            select_inventory!("where inventory_id < $1 order by inventory_id desc limit $2"), before, i64::from(limit))?;
        let is_last = page.len() < limit as usize;
        before = page.last().map_or(before, |row| row.inventory_id);
        for row in page {
            if visible.as_ref().is_none_or(|ids| ids.contains(&row.inventory_id)) {
                found.push(row.into_domain()?);
            }
        }
        if is_last || found.len() >= limit as usize {
            found.truncate(limit as usize);
            return Ok(found);
        }
    }
}

/// The import with this id, if it brought assets of these sites and no others.
pub async fn find_visible_inventory(
    db: &Db,
    inventory_id: i64,
    scope: &SiteScope,
) -> Result<Option<Inventory>, StoreError> {
    let visible = list_visible(db, scope).await?;
    if visible.is_some_and(|ids| !ids.contains(&inventory_id)) {
        return Ok(None);
    }
    find_inventory(db, inventory_id).await
}

/// The imports that brought assets of these sites and of no others; `None` when all are seen. What an import says of
/// its rows is not told apart by site, so one that brought more is not shown at all.
async fn list_visible(db: &Db, scope: &SiteScope) -> Result<Option<FxHashSet<i64>>, StoreError> {
    if *scope == SiteScope::All {
        return Ok(None);
    }
    let all = sql!(
        db,
        all(i64, i64, i64),
        "select distinct site_id, first_seen_inventory_id, last_seen_inventory_id from asset"
    )?;
    let ids = |is_own: bool| {
        let of = all.iter().filter(move |(site_id, ..)| scope.covers(*site_id) == is_own);
        of.flat_map(|(_, first, last)| [*first, *last]).collect::<FxHashSet<i64>>()
    };
    Ok(Some(ids(true).difference(&ids(false)).copied().collect()))
}

/// The sites of the assets that this import first or last brought, as (id, name) by name.
pub async fn list_sites_of(db: &Db, inventory_id: i64) -> Result<Vec<(i64, String)>, StoreError> {
    Ok(sql!(
        db,
        all(i64, String),
        "select s.site_id, s.name from site s where exists (select 1 from asset a where a.site_id = s.site_id \
            and (a.first_seen_inventory_id = $1 or a.last_seen_inventory_id = $1)) order by s.name",
        inventory_id
    )?)
}

/// The imports of the sample plant that were not taken back, the latest first.
pub async fn list_sample_inventories(db: &Db) -> Result<Vec<i64>, StoreError> {
    let rows = sql!(
        db,
        all(i64,),
        "select inventory_id from inventory where is_sample and undone_at is null order by inventory_id desc"
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The records of an import that were not imported, in the order of the file.
pub async fn list_rejected_rows(db: &Db, inventory_id: i64) -> Result<Vec<RejectedRow>, StoreError> {
    sql!(
        db,
        all(String, i64, i64, String, String, String, String, String),
        "select sheet, row_no, column_no, cells, why, headers, site, area from rejected_row \
         where inventory_id = $1 order by rejected_row_id",
        inventory_id
    )?
    .into_iter()
    .map(|(sheet, row, column, cells, why, headers, site, area)| {
        let headers: Vec<String> = read_json("rejected_row.headers", &headers)?;
        let cells = read_json("rejected_row.cells", &cells)?;
        Ok(RejectedRow { place: place(sheet, row, column), cells, why, headers: headers.into(), site, area })
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

/// How the columns of an import were read, in the order of the file.
pub async fn list_columns(db: &Db, inventory_id: i64) -> Result<Vec<ColumnReading>, StoreError> {
    sql!(
        db,
        all(String, String, String, String),
        "select sheet, header, fields, how from inventory_column where inventory_id = $1 \
         order by inventory_column_id",
        inventory_id
    )?
    .into_iter()
    .map(|(sheet, header, fields, how)| {
        let words: Vec<String> = read_json("inventory_column.fields", &fields)?;
        let fields = words
            .into_iter()
            .map(|word| {
                Field::from_word(&word).ok_or(StoreError::Damaged {
                    column: "inventory_column.fields",
                    expected: "words of fields",
                    found: word,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(ColumnReading { sheet, header, fields, how })
    })
    .collect()
}

/// How many rows of each kind of warning an import has, by kind.
pub async fn count_row_warnings(db: &Db, inventory_id: i64) -> Result<Vec<(String, u64)>, StoreError> {
    let rows = sql!(
        db,
        all(String, i64),
        "select kind, count(*) from row_warning where inventory_id = $1 group by kind order by kind",
        inventory_id
    )?;
    Ok(rows.into_iter().map(|(kind, n)| (kind, read_count(n))).collect())
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
    /// Whether no asset was known before it.
    is_first: bool,
    /// How many assets it brought to each site.
    n_brought: FxHashMap<i64, u64>,
}

/// Begins an import. Another one waits until this one is finished or dropped.
pub async fn begin_import(db: &Db, new: &NewInventory) -> Result<Import, StoreError> {
    let mut tx = db.begin(Alone::Import).await?;
    // A clock that was put back must not make an asset's periods end before they began.
    let latest = sql!(tx &mut tx, val Option<String>,
        "select max(times.at) from (select imported_at as at from inventory \
            union all select undone_at as at from inventory) as times")?;
    let at = latest.unwrap_or_default().max(time(new.imported_at));
    let site = new.site.as_deref().map(|name| clean(name).into_owned()).filter(|name| !name.is_empty());
    let inventory_id = sql!(tx &mut tx, val i64,
        "insert into inventory (file_name, sha256, site_name, imported_at, remarks, is_sample, \
            n_new, n_changed, n_same, n_not_seen, n_rejected, n_warnings) \
         values ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, 0) returning inventory_id",
        clean(&new.file_name).as_ref(), new.sha256.as_str(), site.as_deref(), at.as_str(),
        json(&clean_all(&new.remarks)), new.is_sample)?;
    let is_first = !asset::has_any(&mut tx).await?;
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
        is_first,
        n_brought: FxHashMap::default(),
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
                *self.n_brought.entry(site_id).or_default() += 1;
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
                let by = By { inventory_id: self.inventory_id, at: &self.at, is_first: self.is_first };
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
                    .push_bind(clean(&w.detail).as_ref())
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
                "insert into rejected_row (inventory_id, sheet, row_no, column_no, cells, why, headers, site, area)",
                batch,
                |b, r| b
                    .push_bind(self.inventory_id)
                    .push_bind(clean(&r.place.sheet).as_ref())
                    .push_bind(i64::from(r.place.row))
                    .push_bind(i64::from(r.place.column))
                    .push_bind(json(&clean_all(&r.cells)))
                    .push_bind(clean(&r.why).as_ref())
                    .push_bind(json(&clean_all(&r.headers)))
                    .push_bind(clean(&r.site).as_ref())
                    .push_bind(clean(&r.area).as_ref())
            )?;
        }
        self.counts.n_rejected += rejected.len() as u64;
        Ok(())
    }

    /// Keeps how the file was read.
    pub async fn save_reading(&mut self, remarks: &[String], columns: &[ColumnReading]) -> Result<(), StoreError> {
        sql!(tx &mut self.tx, exec (), "update inventory set remarks = $2 where inventory_id = $1",
            self.inventory_id, json(&clean_all(remarks)))?;
        for batch in columns.chunks(BATCH) {
            insert!(
                &mut self.tx,
                "insert into inventory_column (inventory_id, sheet, header, fields, how)",
                batch,
                |b, c| b
                    .push_bind(self.inventory_id)
                    .push_bind(clean(&c.sheet).as_ref())
                    .push_bind(clean(&c.header).as_ref())
                    .push_bind(json(&c.fields.iter().map(|field| field.word()).collect::<Vec<_>>()))
                    .push_bind(clean(&c.how).as_ref())
            )?;
        }
        Ok(())
    }

    /// Remembers what was chosen for these headers instead of what was chosen before; `None` forgets it.
    pub async fn save_column_choice(
        &mut self,
        headers_digest: &str,
        choice: Option<(Option<&str>, AssetKey)>,
    ) -> Result<(), StoreError> {
        sql!(tx &mut self.tx, exec (), "delete from column_choice where headers_digest = $1", headers_digest)?;
        if let Some((mapping, key)) = choice {
            sql!(tx &mut self.tx, exec (),
                "insert into column_choice (headers_digest, mapping, asset_key, chosen_at, inventory_id) \
                 values ($1, $2, $3, $4, $5)",
                headers_digest, mapping.map(|text| clean(text).into_owned()), key.word(), self.at.as_str(),
                self.inventory_id)?;
        }
        Ok(())
    }

    /// How many tags of assets that this import brings first are tags at another site too, and one of them as (tag, its
    /// site, the other site). Only where the tag is the key: a name or a row number says nothing.
    pub async fn find_tags_elsewhere(&mut self) -> Result<Option<(u64, String, String, String)>, StoreError> {
        let n_sites = sql!(tx &mut self.tx, val i64, "select count(*) from site")?;
        if self.counts.n_new == 0 || n_sites < 2 {
            return Ok(None);
        }
        // One pass over all assets. A join would have to guess how many rows this transaction has written, and with a
        // bad guess it compares each with each.
        let (n, tag) = sql!(tx &mut self.tx, opt(i64, Option<String>),
            "select count(*), min(t.tag) from ( \
                select tag from asset where retired_at is null and identity like 'tag | %' group by tag \
                having count(distinct site_id) > 1 \
                    and max(case when first_seen_inventory_id = $1 then 1 else 0 end) = 1 \
                    and min(case when first_seen_inventory_id = $1 then 1 else 0 end) = 0) as t",
            self.inventory_id)?
        .unwrap_or_default();
        let Some(tag) = tag else { return Ok(None) };
        let sites = sql!(tx &mut self.tx, all(String, i64),
            "select s.name, a.first_seen_inventory_id from asset a join site s on s.site_id = a.site_id \
             where a.tag = $1 and a.retired_at is null and a.identity like 'tag | %' order by s.name",
            tag.as_str())?;
        let site = |is_new: bool| sites.iter().find(|(_, first)| (*first == self.inventory_id) == is_new);
        let (Some((site, _)), Some((other, _))) = (site(true), site(false)) else { return Ok(None) };
        Ok(Some((read_count(n), tag, site.clone(), other.clone())))
    }

    /// The names of the sites that the rows saved so far stand at.
    pub fn site_names(&self) -> impl Iterator<Item = &str> {
        self.sites.keys().map(String::as_str)
    }

    /// The sites of the file with the number of assets there that it did not bring; those with none are left out. By
    /// counting: an index knows how many a site has, and finding out which ones reads all of them.
    async fn sites_with_missing(&mut self) -> Result<Vec<(i64, u64)>, StoreError> {
        let mut sites: Vec<i64> = self.sites.values().copied().collect();
        sites.sort_unstable();
        let mut missing = Vec::new();
        for site_id in sites {
            let n_brought = self.n_brought.get(&site_id).copied().unwrap_or(0);
            let n = asset::count_at_site(&mut self.tx, site_id).await?.saturating_sub(n_brought);
            if n > 0 {
                missing.push((site_id, n));
            }
        }
        Ok(missing)
    }

    /// What the import would do if it were finished now, and then drops it. At most `limit` entries in each list.
    pub async fn preview(mut self, on_missing: OnMissing, limit: u32) -> Result<ImportPreview, StoreError> {
        let mut preview = ImportPreview { counts: self.counts, ..ImportPreview::default() };
        let missing = if on_missing == OnMissing::Ignore { Vec::new() } else { self.sites_with_missing().await? };
        let by = By { inventory_id: self.inventory_id, at: &self.at, is_first: self.is_first };
        for (site_id, n) in missing {
            preview.counts.n_not_seen += n;
            preview.not_in_file.extend(asset::list_not_seen(&mut self.tx, by, site_id, limit).await?);
        }
        preview.not_in_file.truncate(limit as usize);
        preview.new = asset::list_new(&mut self.tx, by, limit).await?;
        preview.changed = asset::list_changed(&mut self.tx, by, limit).await?;
        Ok(preview)
    }

    /// Looks after the assets of the same sites that the file does not have, and makes all of it valid at once.
    pub async fn finish(mut self, on_missing: OnMissing) -> Result<Imported, StoreError> {
        let missing = if on_missing == OnMissing::Ignore { Vec::new() } else { self.sites_with_missing().await? };
        let by = By { inventory_id: self.inventory_id, at: &self.at, is_first: self.is_first };
        for (site_id, n) in missing {
            self.counts.n_not_seen += n;
            match on_missing {
                OnMissing::Keep => asset::save_not_seen(&mut self.tx, by, site_id).await?,
                OnMissing::Retire => asset::save_retired(&mut self.tx, by, site_id).await?,
                OnMissing::Ignore => {}
            }
        }
        let n = self.counts;
        sql!(tx &mut self.tx, exec (),
            "update inventory set n_new = $2, n_changed = $3, n_same = $4, n_not_seen = $5, n_rejected = $6, \
                n_warnings = $7 where inventory_id = $1",
            self.inventory_id, count(n.n_new), count(n.n_changed), count(n.n_same), count(n.n_not_seen),
            count(n.n_rejected), count(n.n_warnings))?;
        let mut brought: Vec<(i64, u64)> = self.n_brought.iter().map(|(site_id, n)| (*site_id, *n)).collect();
        brought.sort_unstable();
        for batch in brought.chunks(BATCH) {
            insert!(
                &mut self.tx,
                "insert into inventory_site (inventory_id, site_id, n_assets)",
                batch,
                |b, (site_id, n)| b.push_bind(self.inventory_id).push_bind(*site_id).push_bind(count(*n))
            )?;
        }
        self.tx.refresh_statistics(&["asset", "asset_variant", "variant"]).await?;
        self.tx.commit().await?;
        Ok(Imported { inventory_id: self.inventory_id, counts: self.counts, repeated: self.repeated })
    }
}

/// How the assets of this import that no later one brought again stand now, in the order of the six places. An asset
/// that was not judged yet counts as "cannot be checked".
pub async fn count_standings(db: &Db, inventory_id: i64) -> Result<Vec<(Standing, u64)>, StoreError> {
    // As in `site_summaries_at`: `min` finds the worst verdict, because `affected` sorts before `possible`.
    let rows = sql!(
        db,
        all(String, i64),
        "with own as ( \
            select asset_id, variant_id, min(verdict) as verdict from exposure \
            where asset_id is not null and closed_at is null group by asset_id, variant_id \
         ) \
         select case when own.verdict = 'affected' then 'affected' \
                when own.verdict = 'possible' and coalesce(t.standing, '') <> 'affected' then 'possible' \
                else coalesce(t.standing, 'cannot_be_checked') end as standing, \
            count(*) \
         from asset a \
         join asset_variant p on p.asset_id = a.asset_id and p.until is null \
         left join variant_standing t on t.variant_id = p.variant_id and t.until is null \
         left join own on own.asset_id = p.asset_id and own.variant_id = p.variant_id \
         where a.last_seen_inventory_id = $1 and a.retired_at is null \
         group by 1",
        inventory_id
    )?;
    let mut counts: Vec<(Standing, u64)> = Standing::ALL.into_iter().map(|standing| (standing, 0)).collect();
    for (word, n) in rows {
        let standing = Standing::from_word(&word).ok_or(StoreError::Damaged {
            column: "variant_standing.standing",
            expected: "one of the six places",
            found: word,
        })?;
        counts[standing as usize].1 += read_count(n);
    }
    Ok(counts)
}

/// When the latest import was; `None` before the first.
pub async fn find_latest_import_time(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    let latest = sql!(db, val Option<String>, "select max(imported_at) from inventory where undone_at is null")?;
    read_time_if_any("inventory.imported_at", latest.as_deref())
}
