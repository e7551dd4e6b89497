//! What became different between two runs, with its cause. Nothing is stored for it: exposures are closed, never
//! deleted, and keep how they were told, so that every stretch of time can be asked for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::error::StoreError;
use super::exposure::{FindingRow, finding_columns};
use super::text::{read_time, time};
use super::variant::VariantRow;
use super::{Db, Tx};
use crate::domain::change::{Cause, Change, Facts, Stretch, add_net};
use crate::domain::exposure::{ExposureKey, Finding};
use crate::domain::nameplate::Variant;
use crate::domain::verdict::Verdict;

/// The latest run whose results were saved, by its number.
pub async fn find_latest_rescan_id(db: &Db) -> Result<Option<i64>, StoreError> {
    Ok(sql!(db, val Option<i64>, "select max(rescan_id) from rescan where error is null")?)
}

/// The stretch after one run and up to another. `after_rescan_id` may be 0, or a run that failed.
///
/// # Errors
///
/// `NotFound` when the later run is not known.
pub async fn find_stretch(db: &Db, after_rescan_id: i64, up_to_rescan_id: i64) -> Result<Stretch, StoreError> {
    let began = async |rescan_id: i64| {
        sql!(db, opt(String,), "select started_at from rescan where rescan_id = $1", rescan_id)?
            .map(|(at,)| read_time("rescan.started_at", &at))
            .transpose()
    };
    let until =
        began(up_to_rescan_id).await?.ok_or_else(|| StoreError::NotFound(format!("the rescan {up_to_rescan_id}")))?;
    let from = began(after_rescan_id).await?.unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Stretch { after_rescan_id, up_to_rescan_id, from, until })
}

/// The stretch of one run: since the run before it whose results were saved.
///
/// # Errors
///
/// `NotFound` when the run is not known.
pub async fn find_stretch_of(db: &Db, rescan_id: i64) -> Result<Stretch, StoreError> {
    let before = sql!(db, val Option<i64>,
        "select max(rescan_id) from rescan where error is null and rescan_id < $1", rescan_id)?;
    find_stretch(db, before.unwrap_or(0), rescan_id).await
}

/// An exposure that something happened to.
#[derive(sqlx::FromRow)]
struct Row {
    exposure_id: i64,
    opened_rescan_id: i64,
    closed_rescan_id: Option<i64>,
    #[sqlx(flatten)]
    row: FindingRow,
}

/// How an exposure was told until a run.
#[derive(sqlx::FromRow)]
struct Earlier {
    exposure_id: i64,
    rescan_id: i64,
    #[sqlx(flatten)]
    row: FindingRow,
}

const EXPOSURE_COLUMNS: &str = concat!(
    "select e.exposure_id, e.opened_rescan_id, e.closed_rescan_id, e.variant_id, e.asset_id as exposure_asset_id, \
     d.namespace, d.tracking_id, e.opened_at, e.changed_at as told_since, ",
    finding_columns!("e."),
    " from exposure e join advisory d on d.advisory_id = e.advisory_id "
);

/// Reads what is different after a stretch from before it: exposures that opened, closed, or are told in another way,
/// one a key, sorted by variant and advisory. Opened and closed again within the stretch is nothing.
///
/// It is read in batches, so that memory is bounded by the exposures that were told anew; those that opened are not
/// held, however many.
pub struct ChangeReader {
    stretch: Stretch,
    /// Exposures that something happened to, in the order in which they are read.
    exposure_ids: std::vec::IntoIter<i64>,
    earlier: FxHashMap<i64, BTreeMap<i64, Finding>>,
    causes: Causes,
    /// The last change of the batch before; the next one may be about the same key.
    held: Vec<Change>,
}

impl ChangeReader {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn open(db: &Db, stretch: &Stretch) -> Result<ChangeReader, StoreError> {
        let mut tx = db.begin_read().await?;
        let earlier = list_earlier(&mut tx, stretch).await?;
        let causes = Causes::find(&mut tx, stretch).await?;
        // The asset stands before the run, so that the lives of one key are beside each other.
        let ids = sql!(tx &mut tx, all (i64,),
            "select e.exposure_id from exposure e join advisory d on d.advisory_id = e.advisory_id \
             where e.exposure_id in ( \
                select exposure_id from exposure where opened_rescan_id > $1 and opened_rescan_id <= $2 \
                union all \
                select exposure_id from exposure where closed_rescan_id > $1 and closed_rescan_id <= $2 \
                union all \
                select exposure_id from exposure_history where rescan_id > $1 and rescan_id <= $2) \
             order by e.variant_id, d.namespace, d.tracking_id, e.asset_id nulls first, e.opened_rescan_id, e.exposure_id",
            stretch.after_rescan_id, stretch.up_to_rescan_id)?;
        let exposure_ids: Vec<i64> = ids.into_iter().map(|(id,)| id).collect();
        Ok(ChangeReader {
            stretch: *stretch,
            exposure_ids: exposure_ids.into_iter(),
            earlier,
            causes,
            held: Vec::new(),
        })
    }

    /// The next changes, some hundred at most; none at the end.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn next(&mut self, db: &Db) -> Result<Vec<Change>, StoreError> {
        let mut done: Vec<Change> = Vec::new();
        while done.is_empty() {
            let batch: Vec<i64> = self.exposure_ids.by_ref().take(super::BATCH).collect();
            if batch.is_empty() {
                return Ok(std::mem::take(&mut self.held));
            }
            let mut rows: FxHashMap<i64, Row> = list_rows(db, &batch).await?;
            for id in &batch {
                let Some(row) = rows.remove(id) else { continue };
                let Some(change) = self.change(row)? else { continue };
                if self.held.last().is_some_and(|last| last.key != change.key) {
                    done.append(&mut self.held);
                }
                add_net(&mut self.held, change);
            }
        }
        Ok(done)
    }

    fn change(&self, row: Row) -> Result<Option<Change>, StoreError> {
        let told = row.row.into_domain()?;
        let lives = self.earlier.get(&row.exposure_id);
        let at = |rescan_id: i64| -> Option<Finding> {
            if row.opened_rescan_id > rescan_id || row.closed_rescan_id.is_some_and(|closed| closed <= rescan_id) {
                return None;
            }
            let next = lives.and_then(|lives| lives.range(rescan_id + 1..).next());
            Some(next.map_or_else(|| told.finding.clone(), |(_, finding)| finding.clone()))
        };
        let (before, after) = (at(self.stretch.after_rescan_id), at(self.stretch.up_to_rescan_id));
        if before == after {
            return Ok(None);
        }
        // The last run of the stretch that touched it.
        let up_to = self.stretch.up_to_rescan_id;
        let retold = lives.and_then(|lives| lives.range(..=up_to).next_back()).map(|(run, _)| *run);
        let run = [Some(row.opened_rescan_id), retold, row.closed_rescan_id.filter(|closed| *closed <= up_to)];
        let run = run.into_iter().flatten().max().unwrap_or(up_to);
        let cause = self.causes.cause(&told.key, run, before.as_ref(), after.as_ref());
        Ok(Some(Change { key: told.key, before, after, cause }))
    }
}

async fn list_rows(db: &Db, exposure_ids: &[i64]) -> Result<FxHashMap<i64, Row>, StoreError> {
    let rows = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(EXPOSURE_COLUMNS);
        query.push("where e.exposure_id in (");
        let mut values = query.separated(", ");
        for id in exposure_ids {
            values.push_bind(*id);
        }
        query.push(")");
        query.build_query_as::<Row>().persistent(false).fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|row| (row.exposure_id, row)).collect())
}

/// A variant with the places where its assets are.
pub struct PlacedVariant {
    pub variant: Variant,
    /// (site, area, number of assets), by site and area.
    pub places: Vec<(String, String, u64)>,
}

/// These variants, each with where its assets are now; where none has it any more, where those were that had it until
/// after `left_after`.
///
/// # Errors
///
/// The database fails.
pub async fn list_placed_variants(
    db: &Db,
    variant_ids: &[i64],
    left_after: Timestamp,
) -> Result<FxHashMap<i64, PlacedVariant>, StoreError> {
    let mut placed: FxHashMap<i64, PlacedVariant> = FxHashMap::default();
    for batch in variant_ids.chunks(super::BATCH) {
        let variants = for_list!(
            db,
            all VariantRow,
            "select variant_id, vendor, model, part_number, hardware_revision, firmware, notes as variant_notes \
             from variant where variant_id in",
            batch.iter().copied(),
            ""
        )?;
        for row in variants {
            placed.insert(row.variant_id, PlacedVariant { variant: row.into_domain(), places: Vec::new() });
        }
        let now = for_list!(
            db,
            all(i64, String, String, i64),
            "select p.variant_id, s.name, a.area, count(*) from asset_variant p \
             join asset a on a.asset_id = p.asset_id join site s on s.site_id = a.site_id \
             where p.until is null and p.variant_id in",
            batch.iter().copied(),
            "group by p.variant_id, s.name, a.area order by p.variant_id, s.name, a.area"
        )?;
        add_places(&mut placed, now);
        let left: Vec<i64> =
            batch.iter().copied().filter(|id| placed.get(id).is_some_and(|one| one.places.is_empty())).collect();
        if left.is_empty() {
            continue;
        }
        let past = on!(db, c => {
            let mut query = sqlx::QueryBuilder::new(
                "select p.variant_id, s.name, a.area, count(*) from asset_variant p \
                 join asset a on a.asset_id = p.asset_id join site s on s.site_id = a.site_id where p.until > ");
            query.push_bind(time(left_after)).push(" and p.variant_id in (");
            let mut values = query.separated(", ");
            for id in &left {
                values.push_bind(*id);
            }
            query.push(") group by p.variant_id, s.name, a.area order by p.variant_id, s.name, a.area");
            query.build_query_as::<(i64, String, String, i64)>().persistent(false).fetch_all(c).await
        })?;
        add_places(&mut placed, past);
    }
    Ok(placed)
}

fn add_places(placed: &mut FxHashMap<i64, PlacedVariant>, rows: Vec<(i64, String, String, i64)>) {
    for (variant_id, site, area, n) in rows {
        if let Some(one) = placed.get_mut(&variant_id) {
            one.places.push((site, area, super::text::read_count(n)));
        }
    }
}

/// How exposures were told before runs after the stretch began, by exposure and run.
async fn list_earlier(tx: &mut Tx, stretch: &Stretch) -> Result<FxHashMap<i64, BTreeMap<i64, Finding>>, StoreError> {
    let rows = sql!(tx tx, all Earlier,
        concat!("select h.exposure_id, h.rescan_id, e.variant_id, e.asset_id as exposure_asset_id, d.namespace, \
             d.tracking_id, e.opened_at, h.since as told_since, ", finding_columns!("h."),
            " from exposure_history h join exposure e on e.exposure_id = h.exposure_id \
             join advisory d on d.advisory_id = e.advisory_id where h.rescan_id > $1"),
        stretch.after_rescan_id)?;
    let mut earlier: FxHashMap<i64, BTreeMap<i64, Finding>> = FxHashMap::default();
    for row in rows {
        earlier.entry(row.exposure_id).or_default().insert(row.rescan_id, row.row.into_domain()?.finding);
    }
    Ok(earlier)
}

/// What speaks for each cause within a stretch.
struct Causes {
    /// Advisories of which a revision came.
    revised: FxHashSet<(String, String)>,
    /// Variants that were judged for the first time, or that no asset has any more.
    other_inventory: FxHashSet<i64>,
    /// Runs that another version of the program did than the run before.
    other_matcher: FxHashSet<i64>,
    is_decided: bool,
    /// Questions that were answered, or whose answer was taken back.
    answered: FxHashSet<String>,
}

/// Runs of another version than the run before, as (run before, run).
fn other_matcher(versions: &[(i64, String)]) -> Vec<(i64, i64)> {
    let pairs = versions.windows(2).filter_map(|pair| match pair {
        [(before, old), (run, new)] if old != new => Some((*before, *run)),
        _ => None,
    });
    pairs.collect()
}

/// The runs of a stretch that another version of the program did than the run before, as (run before, run).
///
/// # Errors
///
/// The database fails.
pub async fn list_matcher_runs(db: &Db, stretch: &Stretch) -> Result<Vec<(i64, i64)>, StoreError> {
    let versions = sql!(
        db,
        all(i64, String),
        "select rescan_id, matcher_version from rescan where error is null and rescan_id >= $1 and rescan_id <= $2 \
         order by rescan_id",
        stretch.after_rescan_id,
        stretch.up_to_rescan_id
    )?;
    Ok(other_matcher(&versions))
}

impl Causes {
    async fn find(tx: &mut Tx, stretch: &Stretch) -> Result<Causes, StoreError> {
        let (from, until) = (time(stretch.from), time(stretch.until));
        let revised = sql!(tx tx, all (String, String),
            "select distinct d.namespace, d.tracking_id from advisory_revision r \
             join advisory d on d.advisory_id = r.advisory_id where r.added_at > $1", &from)?;
        // A variant's first standing is of the run that judged it first; what closed may have no asset any more.
        let other_inventory = sql!(tx tx, all (i64,),
            "select t.variant_id from variant_standing t where t.rescan_id > $1 and not exists ( \
                select 1 from variant_standing u where u.variant_id = t.variant_id and u.rescan_id <= $1) \
             union select e.variant_id from exposure e where e.closed_rescan_id > $1 and not exists ( \
                select 1 from asset_variant p where p.variant_id = e.variant_id and p.until is null)",
            stretch.after_rescan_id)?;
        let versions = sql!(tx tx, all (i64, String),
            "select rescan_id, matcher_version from rescan where error is null and rescan_id >= $1 and rescan_id <= $2 \
             order by rescan_id", stretch.after_rescan_id, stretch.up_to_rescan_id)?;
        let n_decided = sql!(tx tx, val i64,
            "select count(*) from alias_entry where (added_at > $1 and added_at <= $2) \
             or (removed_at > $1 and removed_at <= $2)", &from, &until)?;
        let answered = sql!(tx tx, all (String,),
            "select question_digest from review_answer where (answered_at > $1 and answered_at <= $2) \
             or (taken_back_at > $1 and taken_back_at <= $2)", &from, &until)?;
        Ok(Causes {
            answered: answered.into_iter().map(|(digest,)| digest).collect(),
            revised: revised.into_iter().collect(),
            other_inventory: other_inventory.into_iter().map(|(id,)| id).collect(),
            other_matcher: other_matcher(&versions).into_iter().map(|(_, run)| run).collect(),
            is_decided: n_decided > 0,
        })
    }

    fn cause(&self, key: &ExposureKey, run: i64, before: Option<&Finding>, after: Option<&Finding>) -> Cause {
        let judged = |finding: Option<&Finding>| finding.map(|f| f.advisory_version.clone());
        let is_other_revision = before.is_some() && after.is_some() && judged(before) != judged(after);
        let of_advisory = (key.advisory.namespace.clone(), key.advisory.id.clone());
        Facts {
            is_revised: is_other_revision || self.revised.contains(&of_advisory),
            // What depends on one asset's serial number changes with that asset.
            is_other_inventory: (before.is_none() || after.is_none())
                && (key.asset_id.is_some() || self.other_inventory.contains(&key.variant_id)),
            is_other_matcher: self.other_matcher.contains(&run),
            is_decided: self.is_decided,
            is_answered: [before, after].into_iter().flatten().any(|finding| self.answered.contains(&finding.question)),
        }
        .cause()
    }
}

/// Assets that came to a variant within the stretch, as (variant now, variant before or `None` for a new asset, n),
/// where no run within the stretch opened the exposures of the variant: its devices are exposed by having come.
///
/// # Errors
///
/// The database fails.
pub async fn list_moves(db: &Db, stretch: &Stretch) -> Result<Vec<(i64, Option<i64>, u64)>, StoreError> {
    let rows = sql!(
        db,
        all(i64, Option<i64>, i64),
        "select now.variant_id, past.variant_id, count(*) from asset_variant now \
         left join asset_variant past on past.asset_id = now.asset_id and past.until = now.since \
         where now.until is null and now.since > $1 and now.since <= $2 \
         group by now.variant_id, past.variant_id order by now.variant_id, past.variant_id",
        time(stretch.from),
        time(stretch.until)
    )?;
    Ok(rows.into_iter().map(|(now, past, n)| (now, past, super::text::read_count(n))).collect())
}

/// The open exposures of these variants that hold for all their assets, by variant; as (advisory, finding, run that
/// opened it). For what a device is exposed to because it came to a variant.
///
/// # Errors
///
/// The database fails.
pub async fn list_open_of(
    db: &Db,
    variant_ids: &[i64],
) -> Result<FxHashMap<i64, Vec<(ExposureKey, Finding, i64)>>, StoreError> {
    let mut open: FxHashMap<i64, Vec<(ExposureKey, Finding, i64)>> = FxHashMap::default();
    for batch in variant_ids.chunks(super::BATCH) {
        let rows = on!(db, c => {
            let mut query = sqlx::QueryBuilder::new(EXPOSURE_COLUMNS);
            query.push("where e.closed_at is null and e.asset_id is null and e.variant_id in (");
            let mut values = query.separated(", ");
            for id in batch {
                values.push_bind(*id);
            }
            query.push(") order by e.variant_id, d.namespace, d.tracking_id");
            query.build_query_as::<Row>().persistent(false).fetch_all(c).await
        })?;
        for row in rows {
            let opened = row.opened_rescan_id;
            let told = row.row.into_domain()?;
            open.entry(told.key.variant_id).or_default().push((told.key, told.finding, opened));
        }
    }
    Ok(open)
}

/// Open exposures with a vulnerability that became known as exploited within this time, with the CVEs that did.
///
/// # Errors
///
/// The database fails.
pub async fn list_newly_exploited(
    db: &Db,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<(ExposureKey, Finding)>, StoreError> {
    let arrived: FxHashSet<String> = sql!(
        db,
        all(String,),
        "select cve from kev_arrival where seen_at > $1 and seen_at <= $2",
        time(after),
        time(until)
    )?
    .into_iter()
    .map(|(cve,)| cve)
    .collect();
    if arrived.is_empty() {
        return Ok(Vec::new());
    }
    // Few vulnerabilities become exploited in a day, so the advisories that name one are found first.
    let mut found = Vec::new();
    let arrived: Vec<String> = arrived.into_iter().collect();
    let mut advisory_ids: Vec<i64> = Vec::new();
    for batch in arrived.chunks(super::BATCH) {
        let rows = for_list!(
            db,
            all(i64,),
            "select distinct r.advisory_id from advisory_cve k \
             join advisory_revision r on r.advisory_revision_id = k.advisory_revision_id and r.is_current \
             where k.cve in",
            batch.iter().map(String::as_str),
            ""
        )?;
        advisory_ids.extend(rows.into_iter().map(|(id,)| id));
    }
    advisory_ids.sort_unstable();
    advisory_ids.dedup();
    for batch in advisory_ids.chunks(super::BATCH) {
        let rows = on!(db, c => {
            let mut query = sqlx::QueryBuilder::new(EXPOSURE_COLUMNS);
            query.push("where e.closed_at is null and e.advisory_id in (");
            let mut values = query.separated(", ");
            for id in batch {
                values.push_bind(*id);
            }
            query.push(") order by e.variant_id, d.namespace, d.tracking_id, e.asset_id nulls first");
            query.build_query_as::<Row>().persistent(false).fetch_all(c).await
        })?;
        for row in rows {
            let told = row.row.into_domain()?;
            if told.finding.cves.iter().any(|cve| arrived.contains(cve)) && told.finding.verdict >= Verdict::Possible {
                found.push((told.key, told.finding));
            }
        }
    }
    Ok(found)
}

/// The newest date among the current revisions of all advisories.
///
/// # Errors
///
/// The database fails.
pub async fn find_newest_advisory_at(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    let at = sql!(db, val Option<String>,
        "select max(coalesce(updated_at, released_at)) from advisory_revision where is_current")?;
    super::text::read_time_if_any("advisory_revision.updated_at", at.as_deref())
}
