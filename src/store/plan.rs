//! Shutdown plans, the work they froze, and what is done about devices that get no fix.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::error::StoreError;
use super::text::{clean, clean_all, digest, json, read_json, read_time, read_time_if_any, time};
use super::variant::VariantRow;
use super::{Alone, BATCH, Db, Tx};
use crate::domain::plan::{Frozen, Mitigation, NewPlan, Origin, Plan, PlanAsset, ReadBack};

#[derive(sqlx::FromRow)]
struct Row {
    plan_id: i64,
    name: String,
    starts_at: String,
    ends_at: String,
    time_zone: String,
    made_by: String,
    made_at: String,
    frozen_by: Option<String>,
    frozen_at: Option<String>,
}

macro_rules! select_plan {
    ($tail:literal) => {
        concat!(
            "select plan_id, name, starts_at, ends_at, time_zone, made_by, made_at, frozen_by, frozen_at from plan ",
            $tail
        )
    };
}

impl Row {
    fn into_domain(self, sites: Vec<String>) -> Result<Plan, StoreError> {
        let frozen_at = read_time_if_any("plan.frozen_at", self.frozen_at.as_deref())?;
        Ok(Plan {
            plan_id: self.plan_id,
            name: self.name,
            sites,
            from: read_time("plan.starts_at", &self.starts_at)?,
            to: read_time("plan.ends_at", &self.ends_at)?,
            time_zone: self.time_zone,
            made_by: self.made_by,
            made_at: read_time("plan.made_at", &self.made_at)?,
            frozen: frozen_at.map(|at| Frozen { by: self.frozen_by.unwrap_or_default(), at }),
        })
    }
}

/// At most `limit` plans with an id below `before`, the latest first.
pub async fn list_plans(db: &Db, before: Option<i64>, limit: u32) -> Result<Vec<Plan>, StoreError> {
    let rows = sql!(db, all Row, select_plan!("where plan_id < $1 order by plan_id desc limit $2"),
        before.unwrap_or(i64::MAX), i64::from(limit))?;
    let mut plans = Vec::with_capacity(rows.len());
    for row in rows {
        let sites = list_plan_sites(db, row.plan_id).await?;
        plans.push(row.into_domain(sites)?);
    }
    Ok(plans)
}

/// The plan with this id.
pub async fn find_plan(db: &Db, plan_id: i64) -> Result<Option<Plan>, StoreError> {
    match sql!(db, opt Row, select_plan!("where plan_id = $1"), plan_id)? {
        Some(row) => Ok(Some(row.into_domain(list_plan_sites(db, plan_id).await?)?)),
        None => Ok(None),
    }
}

async fn list_plan_sites(db: &Db, plan_id: i64) -> Result<Vec<String>, StoreError> {
    let rows = sql!(
        db,
        all(String,),
        "select s.name from plan_site p join site s on s.site_id = p.site_id where p.plan_id = $1 order by s.name",
        plan_id
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Keeps a new plan, and gives its id.
///
/// # Errors
///
/// `NotFound` when there is no site of one of the names.
pub async fn save_plan(db: &Db, new: &NewPlan) -> Result<i64, StoreError> {
    let mut tx = db.begin(Alone::Plans).await?;
    let plan_id = sql!(tx &mut tx, val i64,
        "insert into plan (name, starts_at, ends_at, time_zone, made_by, made_at) \
         values ($1, $2, $3, $4, $5, $6) returning plan_id",
        clean(&new.name).as_ref(), time(new.from), time(new.to), clean(&new.time_zone).as_ref(),
        clean(&new.made_by).as_ref(), time(new.made_at))?;
    for site in &new.sites {
        let n = sql!(tx &mut tx, exec (),
            "insert into plan_site (plan_id, site_id) select $1, site_id from site where name_digest = $2",
            plan_id, digest(&[clean(site)]))?;
        if n == 0 {
            return Err(StoreError::NotFound(format!("the site `{site}`")));
        }
    }
    tx.commit().await?;
    Ok(plan_id)
}

/// What was chosen for the steps of a plan, by variant: the target where it is not the proposed one, and whether the
/// step is left out.
pub async fn list_plan_choices(db: &Db, plan_id: i64) -> Result<BTreeMap<i64, (Option<String>, bool)>, StoreError> {
    let rows = sql!(
        db,
        all(i64, Option<String>, bool),
        "select variant_id, target, is_left_out from plan_choice where plan_id = $1 order by variant_id",
        plan_id
    )?;
    Ok(rows.into_iter().map(|(variant_id, target, is_left_out)| (variant_id, (target, is_left_out))).collect())
}

/// Keeps what was chosen for one step.
///
/// # Errors
///
/// `Conflict` when the plan is frozen, `NotFound` when there is none.
pub async fn save_plan_choice(
    db: &Db,
    plan_id: i64,
    variant_id: i64,
    target: Option<&str>,
    is_left_out: bool,
) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Plans).await?;
    expect_draft(&mut tx, plan_id).await?;
    sql!(tx &mut tx, exec (),
        "insert into plan_choice (plan_id, variant_id, target, is_left_out) values ($1, $2, $3, $4) \
         on conflict (plan_id, variant_id) do update \
         set target = excluded.target, is_left_out = excluded.is_left_out",
        plan_id, variant_id, target.map(clean).as_deref(), is_left_out)?;
    tx.commit().await
}

async fn expect_draft(tx: &mut Tx, plan_id: i64) -> Result<(), StoreError> {
    let found =
        sql!(tx tx, opt (i64, Option<String>), "select plan_id, frozen_at from plan where plan_id = $1", plan_id)?;
    match found {
        None => Err(StoreError::NotFound(format!("plan {plan_id}"))),
        Some((_, Some(at))) => Err(StoreError::Conflict(format!("plan {plan_id} is frozen since {at}"))),
        Some((_, None)) => Ok(()),
    }
}

/// The assets that have one of these variants now at the sites of the plan, as (asset, variant).
async fn list_holders(tx: &mut Tx, plan_id: i64, variants: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut holders = Vec::new();
    let n_sites = sql!(tx tx, val i64, "select count(*) from plan_site where plan_id = $1", plan_id)?;
    for batch in variants.chunks(BATCH) {
        let rows: Vec<(i64, i64)> = on!(tx tx, c => {
            let mut query = sqlx::QueryBuilder::new(
                "select p.asset_id, p.variant_id from asset_variant p join asset a on a.asset_id = p.asset_id \
                 where p.until is null and p.variant_id in (");
            let mut values = query.separated(", ");
            for variant_id in batch {
                values.push_bind(*variant_id);
            }
            query.push(")");
            if n_sites > 0 {
                query.push(" and a.site_id in (select site_id from plan_site where plan_id = ");
                query.push_bind(plan_id).push(")");
            }
            query.push(" order by p.asset_id");
            query.build_query_as().persistent(false).fetch_all(c).await
        })?;
        holders.extend(rows);
    }
    Ok(holders)
}

/// One step as it is frozen.
pub struct FrozenStep {
    pub variant_id: i64,
    /// The assets that have something to close.
    pub assets: FxHashSet<i64>,
    pub target: String,
    pub origin: Origin,
    /// Tracking ids of what it closes.
    pub advisories: Vec<String>,
}

/// Freezes a draft with these steps: each asset of a step that has its variant now, at the sites of the plan, becomes a
/// piece of work. Gives their number.
///
/// # Errors
///
/// `Conflict` when the plan is frozen already, `NotFound` when there is none.
pub async fn save_frozen_plan(
    db: &Db,
    plan_id: i64,
    steps: &[FrozenStep],
    by: &str,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let mut tx = db.begin(Alone::Plans).await?;
    expect_draft(&mut tx, plan_id).await?;
    let of: FxHashMap<i64, &FrozenStep> = steps.iter().map(|step| (step.variant_id, step)).collect();
    let variants: Vec<i64> = steps.iter().map(|step| step.variant_id).collect();
    let holders = list_holders(&mut tx, plan_id, &variants).await?;
    let work: Vec<(i64, i64, &FrozenStep)> = holders
        .into_iter()
        .filter_map(|(asset_id, variant_id)| Some((asset_id, variant_id, *of.get(&variant_id)?)))
        .filter(|(asset_id, _, step)| step.assets.contains(asset_id))
        .collect();
    for batch in work.chunks(BATCH) {
        insert!(
            &mut tx,
            "insert into plan_asset (plan_id, asset_id, variant_id, target, origin, advisories)",
            batch,
            |b, (asset_id, variant_id, step)| b
                .push_bind(plan_id)
                .push_bind(*asset_id)
                .push_bind(*variant_id)
                .push_bind(clean(&step.target).as_ref())
                .push_bind(step.origin.word())
                .push_bind(json(&clean_all(&step.advisories)))
        )?;
    }
    sql!(tx &mut tx, exec (), "update plan set frozen_by = $1, frozen_at = $2 where plan_id = $3",
        clean(by).as_ref(), time(at), plan_id)?;
    tx.commit().await?;
    Ok(work.len() as u64)
}

#[derive(sqlx::FromRow)]
struct AssetRow {
    asset_id: i64,
    site: String,
    area: String,
    tag: String,
    serial_number: String,
    target: String,
    origin: String,
    advisories: String,
    read_back: Option<String>,
    read_back_by: Option<String>,
    read_back_at: Option<String>,
    #[sqlx(flatten)]
    variant: VariantRow,
}

impl AssetRow {
    fn into_domain(self) -> Result<PlanAsset, StoreError> {
        let read_at = read_time_if_any("plan_asset.read_back_at", self.read_back_at.as_deref())?;
        let read_back = self.read_back.zip(read_at).map(|(firmware, at)| ReadBack {
            firmware,
            by: self.read_back_by.unwrap_or_default(),
            at,
        });
        Ok(PlanAsset {
            asset_id: self.asset_id,
            site: self.site,
            area: self.area,
            tag: self.tag,
            serial_number: self.serial_number,
            variant: self.variant.into_domain(),
            target: self.target,
            origin: Origin::from_word(&self.origin).ok_or(StoreError::Damaged {
                column: "plan_asset.origin",
                expected: "an origin",
                found: self.origin,
            })?,
            advisories: read_json("plan_asset.advisories", &self.advisories)?,
            read_back,
        })
    }
}

/// The work of a frozen plan, by site, area, nameplate, tag.
pub async fn list_plan_assets(db: &Db, plan_id: i64) -> Result<Vec<PlanAsset>, StoreError> {
    sql!(db, all AssetRow,
        "select w.asset_id, s.name as site, a.area, a.tag, a.serial_number, w.target, w.origin, w.advisories, \
            w.read_back, w.read_back_by, w.read_back_at, v.variant_id, v.vendor, v.model, v.part_number, \
            v.hardware_revision, v.firmware, v.notes as variant_notes \
         from plan_asset w \
         join asset a on a.asset_id = w.asset_id \
         join site s on s.site_id = a.site_id \
         join variant v on v.variant_id = w.variant_id \
         where w.plan_id = $1 \
         order by s.name, a.area, v.vendor, v.model, v.part_number, a.tag, a.asset_id",
        plan_id)?
    .into_iter()
    .map(AssetRow::into_domain)
    .collect()
}

/// Keeps what was read off assets of a frozen plan; a later reading replaces the one before. Gives the number of
/// assets.
///
/// # Errors
///
/// `NotFound` when an asset is not in the plan.
pub async fn save_read_backs(
    db: &Db,
    plan_id: i64,
    readings: &[(i64, String)],
    by: &str,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let mut tx = db.begin(Alone::Plans).await?;
    for (asset_id, firmware) in readings {
        let n = sql!(tx &mut tx, exec (),
            "update plan_asset set read_back = $1, read_back_by = $2, read_back_at = $3 \
             where plan_id = $4 and asset_id = $5",
            clean(firmware).as_ref(), clean(by).as_ref(), time(at), plan_id, *asset_id)?;
        if n == 0 {
            return Err(StoreError::NotFound(format!("asset {asset_id} in plan {plan_id}")));
        }
    }
    tx.commit().await?;
    Ok(readings.len() as u64)
}

/// How many assets of a frozen plan have an exposure that was opened after it was frozen, by advisory: (tracking id,
/// assets), most assets first.
pub async fn list_plan_news(db: &Db, plan_id: i64) -> Result<Vec<(String, u64)>, StoreError> {
    let rows = sql!(
        db,
        all(String, i64),
        "select d.tracking_id, count(distinct w.asset_id) as n \
         from plan_asset w \
         join plan q on q.plan_id = w.plan_id \
         join asset_variant p on p.asset_id = w.asset_id and p.until is null \
         join exposure e on e.variant_id = p.variant_id and (e.asset_id is null or e.asset_id = w.asset_id) \
         join advisory d on d.advisory_id = e.advisory_id \
         where w.plan_id = $1 and e.closed_at is null and e.opened_at > q.frozen_at and w.read_back is null \
         group by d.advisory_id, d.tracking_id order by n desc, d.tracking_id",
        plan_id
    )?;
    Ok(rows.into_iter().map(|(id, n)| (id, super::text::read_count(n))).collect())
}

#[derive(sqlx::FromRow)]
struct MitigationRow {
    site: String,
    variant_id: i64,
    measure: String,
    review_on: String,
    replace_in: String,
    decided_by: String,
    decided_at: String,
}

/// What is in force for devices without a fix, by (site, variant).
pub async fn list_mitigations(db: &Db) -> Result<BTreeMap<(String, i64), Mitigation>, StoreError> {
    sql!(db, all MitigationRow,
        "select s.name as site, m.variant_id, m.measure, m.review_on, m.replace_in, m.decided_by, m.decided_at \
         from mitigation m join site s on s.site_id = m.site_id where m.ended_at is null \
         order by s.name, m.variant_id")?
    .into_iter()
    .map(|row| {
        let mitigation = Mitigation {
            measure: row.measure,
            review_on: row.review_on,
            replace_in: row.replace_in,
            decided_by: row.decided_by,
            decided_at: Some(read_time("mitigation.decided_at", &row.decided_at)?),
        };
        Ok(((row.site, row.variant_id), mitigation))
    })
    .collect()
}

/// Keeps what is done about a variant at a site from now on; what was decided before is ended, not deleted.
///
/// # Errors
///
/// `NotFound` when there is no such site.
pub async fn save_mitigation(
    db: &Db,
    site: &str,
    variant_id: i64,
    mitigation: &Mitigation,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Plans).await?;
    let site_id =
        sql!(tx &mut tx, opt (i64,), "select site_id from site where name_digest = $1", digest(&[clean(site)]))?;
    let Some((site_id,)) = site_id else { return Err(StoreError::NotFound(format!("the site `{site}`"))) };
    sql!(tx &mut tx, exec (),
        "update mitigation set ended_at = $1 where site_id = $2 and variant_id = $3 and ended_at is null",
        time(at), site_id, variant_id)?;
    sql!(tx &mut tx, exec (),
        "insert into mitigation (site_id, variant_id, measure, review_on, replace_in, decided_by, decided_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        site_id, variant_id, clean(&mitigation.measure).as_ref(), clean(&mitigation.review_on).as_ref(),
        clean(&mitigation.replace_in).as_ref(), clean(&mitigation.decided_by).as_ref(), time(at))?;
    tx.commit().await
}
