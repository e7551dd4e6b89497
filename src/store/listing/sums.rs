//! The sums of sites and the order of work of exposures: what they are made of, and keeping them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::error::StoreError;
use super::super::text::{count, read_count, read_json};
use super::super::{Alone, BATCH, Db};
use crate::domain::account::SiteScope;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::asset::Standing;
use crate::domain::listing::{SiteTotal, Standpoint};
use crate::domain::rescan::RunMark;
use crate::domain::verdict::{Confidence, Verdict};

/// An open exposure whose place in the order of work is missing or of an earlier telling.
#[derive(Clone, Debug)]
pub struct UnlistedExposure {
    pub exposure_id: i64,
    pub variant_id: i64,
    pub advisory_id: i64,
    pub advisory: AdvisoryKey,
    pub advisory_version: String,
    /// The site of the asset, where the exposure is that of one asset alone.
    pub site_id: Option<i64>,
    pub verdict: Verdict,
    pub confidence: Confidence,
    pub product_pointer: String,
    pub cves: Vec<String>,
    pub has_fix: bool,
    /// As the database writes it.
    pub told_at: String,
    /// The order of work and the site with which it is listed as it is told now; `None` when it is not.
    pub listed: Option<(i64, Option<i64>)>,
}

#[derive(sqlx::FromRow)]
struct UnlistedRow {
    exposure_id: i64,
    variant_id: i64,
    advisory_id: i64,
    namespace: String,
    tracking_id: String,
    advisory_version: String,
    site_id: Option<i64>,
    verdict: String,
    confidence: String,
    product_pointer: String,
    cves: String,
    has_fix: bool,
    told_at: String,
    listed_at: Option<String>,
    work_order: Option<i64>,
    listed_site_id: Option<i64>,
}

/// Which open exposures are to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unplaced {
    All,
    /// Those that runs after this one opened or told otherwise.
    After(i64),
}

/// Open exposures that are to be placed, by advisory: at most `limit`, with an advisory and id after `after`.
pub async fn list_unlisted(
    db: &Db,
    which: Unplaced,
    after: (i64, i64),
    limit: u32,
) -> Result<Vec<UnlistedExposure>, StoreError> {
    macro_rules! select_unlisted {
        ($which:literal) => {
            concat!(
                "select e.exposure_id, e.variant_id, e.advisory_id, d.namespace, d.tracking_id, e.advisory_version, \
                    a.site_id, e.verdict, e.confidence, e.product_pointer, e.cves, (e.fix is not null) as has_fix, \
                    e.changed_at as told_at, l.told_at as listed_at, l.work_order, l.site_id as listed_site_id \
                 from exposure e join advisory d on d.advisory_id = e.advisory_id \
                 left join asset a on a.asset_id = e.asset_id \
                 left join exposure_listing l on l.exposure_id = e.exposure_id \
                 where e.closed_at is null and (e.advisory_id, e.exposure_id) > ($1, $2) ",
                $which,
                " order by e.advisory_id, e.exposure_id limit $3"
            )
        };
    }
    let limit = i64::from(limit);
    let rows = match which {
        Unplaced::All => sql!(db, all UnlistedRow, select_unlisted!(""), after.0, after.1, limit)?,
        Unplaced::After(rescan_id) => sql!(db, all UnlistedRow,
            select_unlisted!("and e.exposure_id in (select exposure_id from exposure where opened_rescan_id > $4 \
                union select exposure_id from exposure_history where rescan_id > $4)"),
            after.0, after.1, limit, rescan_id)?,
    };
    rows.into_iter()
        .map(|row| {
            Ok(UnlistedExposure {
                exposure_id: row.exposure_id,
                variant_id: row.variant_id,
                advisory_id: row.advisory_id,
                advisory: AdvisoryKey { namespace: row.namespace, id: row.tracking_id },
                advisory_version: row.advisory_version,
                site_id: row.site_id,
                verdict: Verdict::from_word(&row.verdict).unwrap_or(Verdict::Possible),
                confidence: Confidence::from_word(&row.confidence).unwrap_or(Confidence::Possible),
                product_pointer: row.product_pointer,
                cves: read_json("exposure.cves", &row.cves)?,
                has_fix: row.has_fix,
                listed: row
                    .work_order
                    .filter(|_| row.listed_at.as_ref() == Some(&row.told_at))
                    .map(|work_order| (work_order, row.listed_site_id)),
                told_at: row.told_at,
            })
        })
        .collect()
}

/// Forgets the places of exposures that are no longer open.
pub async fn delete_closed_listings(db: &Db, which: Unplaced) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Listing).await?;
    match which {
        Unplaced::All => sql!(tx &mut tx, exec (),
            "delete from exposure_listing where exposure_id in \
                (select l.exposure_id from exposure_listing l join exposure e on e.exposure_id = l.exposure_id \
                 where e.closed_at is not null)")?,
        Unplaced::After(rescan_id) => sql!(tx &mut tx, exec (),
            "delete from exposure_listing where exposure_id in \
                (select exposure_id from exposure where closed_rescan_id > $1)", rescan_id)?,
    };
    tx.commit().await
}

/// Keeps where these exposures stand.
pub async fn save_listings(db: &Db, listings: &[(UnlistedExposure, Standpoint)]) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Listing).await?;
    for batch in listings.chunks(BATCH) {
        insert!(
            &mut tx,
            "insert into exposure_listing (exposure_id, variant_id, advisory_id, site_id, work_order, severity, \
                cvss_tenths, is_exploited, is_affected, confidence, has_fix, told_at)",
            batch,
            |b, (e, at)| b
                .push_bind(e.exposure_id)
                .push_bind(e.variant_id)
                .push_bind(e.advisory_id)
                .push_bind(e.site_id)
                .push_bind(at.work_order())
                .push_bind(at.severity_rank())
                .push_bind(at.cvss_tenths())
                .push_bind(at.is_exploited)
                .push_bind(at.verdict == Verdict::Affected)
                .push_bind(at.confidence as i64)
                .push_bind(at.has_fix)
                .push_bind(e.told_at.as_str()),
            "on conflict (exposure_id) do update set site_id = excluded.site_id, work_order = excluded.work_order, \
                severity = excluded.severity, cvss_tenths = excluded.cvss_tenths, \
                is_exploited = excluded.is_exploited, is_affected = excluded.is_affected, \
                confidence = excluded.confidence, has_fix = excluded.has_fix, told_at = excluded.told_at"
        )?;
    }
    if listings.len() > BATCH {
        tx.refresh_statistics(&["exposure_listing"]).await?;
    }
    tx.commit().await
}

/// Whether a run after this one opened, closed or told any exposure otherwise, or found a variant at another place.
pub async fn has_run_changed_since(db: &Db, rescan_id: i64) -> Result<bool, StoreError> {
    let changed = sql!(
        db,
        opt(i64,),
        "select rescan_id from rescan r where r.rescan_id > $1 and ( \
            exists (select 1 from exposure where opened_rescan_id = r.rescan_id) \
            or exists (select 1 from exposure where closed_rescan_id = r.rescan_id) \
            or exists (select 1 from exposure_history h where h.rescan_id = r.rescan_id) \
            or exists (select 1 from variant_standing t where t.rescan_id = r.rescan_id)) limit 1",
        rescan_id
    )?;
    Ok(changed.is_some())
}

/// The number of the last run whose results were saved, 0 without any.
pub async fn find_last_saved_run(db: &Db) -> Result<i64, StoreError> {
    Ok(sql!(db, val Option<i64>, "select max(rescan_id) from rescan where error is null")?.unwrap_or(0))
}

/// What the sums of sites are made of, at one moment.
#[derive(Default)]
pub struct SumParts {
    /// By site: its variants with the number of assets.
    pub sites: Vec<(i64, Vec<(i64, u64)>)>,
    /// Where each variant stands.
    pub standings: FxHashMap<i64, Standing>,
    /// By variant.
    pub exposures: Vec<(i64, Vec<ListedPoint>)>,
    /// Exposures of single assets, by asset: (site, asset, variant, affected, severity rank).
    pub own: Vec<(i64, i64, i64, bool, i64)>,
}

/// Where an exposure of a variant stands for the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedPoint {
    pub advisory_id: i64,
    /// The site of the single asset that it is of; `None` when it holds for all assets.
    pub site_id: Option<i64>,
    pub severity_rank: i64,
    pub is_exploited: bool,
    pub is_affected: bool,
}

/// The sites whose assets are other ones, or of other variants, than at this mark; `None` when that is not known or
/// they are many.
pub async fn list_sites_changed_since(db: &Db, mark: &RunMark) -> Result<Option<Vec<i64>>, StoreError> {
    let moved = sql!(
        db,
        opt(i64,),
        "select asset_history_id from asset_history where asset_history_id > $1 and field = 'site' limit 1",
        mark.history_no
    )?;
    let now = super::super::rescan::find_mark_now(db).await?;
    if moved.is_some() || now.period_no - mark.period_no > MANY {
        return Ok(None);
    }
    let rows = sql!(
        db,
        all(i64,),
        "select a.site_id from asset_variant p cross join asset a \
         where p.asset_variant_id > $1 and a.asset_id = p.asset_id \
         union select a.site_id from asset_history h cross join asset a \
         where h.asset_history_id > $2 and a.asset_id = h.asset_id",
        mark.period_no,
        mark.history_no
    )?;
    Ok(Some(rows.into_iter().map(|(site_id,)| site_id).collect()))
}

/// Stretches of assets from which on counting all sites anew is cheaper than finding out which.
const MANY: i64 = 100_000;

/// The imports that were taken back, as a text that differs whenever another one is.
pub async fn state_of_undone(db: &Db) -> Result<String, StoreError> {
    let undone = sql!(
        db,
        opt(i64, Option<String>),
        "select count(*), max(undone_at) from inventory where undone_at is not null"
    )?;
    let (n, last) = undone.unwrap_or_default();
    Ok(format!("{n} {}", last.unwrap_or_default()))
}

/// Counts the assets of each variant of each site anew. Of these sites or of all.
pub async fn save_site_variants(db: &Db, site_ids: Option<&[i64]>) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Listing).await?;
    match site_ids {
        None => {
            sql!(tx &mut tx, exec (), "delete from site_variant")?;
            // Assets as they lie in their table, and their stretches, which lie in the same order. The index by site
            // would lead to stretches all over the table, so nothing here is to suggest it: the order of tables is given,
            // a column is asked for that the index has not (no import is numbered 0), and the sites are a sum.
            sql!(tx &mut tx, exec (),
                "insert into site_variant (site_id, variant_id, n_assets) \
                 select a.site_id + 0, p.variant_id, count(*) from asset a cross join asset_variant p \
                 where p.asset_id = a.asset_id and p.until is null and a.last_seen_inventory_id > 0 \
                 group by 1, 2")?;
        }
        Some(site_ids) => {
            for site_id in site_ids {
                sql!(tx &mut tx, exec (), "delete from site_variant where site_id = $1", *site_id)?;
                sql!(tx &mut tx, exec (),
                    "insert into site_variant (site_id, variant_id, n_assets) \
                     select a.site_id, p.variant_id, count(*) from asset a \
                     join asset_variant p on p.asset_id = a.asset_id \
                     where p.until is null and a.site_id = $1 group by a.site_id, p.variant_id", *site_id)?;
            }
        }
    }
    tx.refresh_statistics(&["site_variant"]).await?;
    tx.commit().await
}

/// What the sums of all sites are made of. A site comes as one text and a variant as another, because a driver takes
/// longer for a row than the database for reading it.
pub async fn list_sum_parts(db: &Db) -> Result<SumParts, StoreError> {
    let mut parts = SumParts::default();
    let rows = sql!(
        db,
        all(i64, String),
        "select site_id, string_agg(cast(variant_id as text) || ' ' || cast(n_assets as text), ' ') \
         from site_variant group by site_id"
    )?;
    for (site_id, text) in rows {
        let numbers = numbers(&text);
        parts.sites.push((site_id, numbers.chunks_exact(2).map(|pair| (pair[0], read_count(pair[1]))).collect()));
    }
    parts.standings = super::super::rescan::list_variant_standings(db)
        .await?
        .into_iter()
        .map(|standing| (standing.variant_id, standing.standing))
        .collect();
    let rows = sql!(
        db,
        all(i64, String),
        "select variant_id, string_agg(cast(advisory_id as text) || ' ' || cast(coalesce(site_id, 0) as text) || ' ' || \
            cast(severity as text) || case when is_exploited then ' 1 ' else ' 0 ' end || \
            case when is_affected then '1' else '0' end, ' ') \
         from exposure_listing group by variant_id"
    )?;
    for (variant_id, text) in rows {
        let points = numbers(&text)
            .chunks_exact(5)
            .map(|point| ListedPoint {
                advisory_id: point[0],
                site_id: (point[1] != 0).then_some(point[1]),
                severity_rank: point[2],
                is_exploited: point[3] == 1,
                is_affected: point[4] == 1,
            })
            .collect();
        parts.exposures.push((variant_id, points));
    }
    parts.own = sql!(
        db,
        all(i64, i64, i64, bool, i64),
        "select a.site_id, a.asset_id, l.variant_id, l.is_affected, l.severity \
         from exposure_listing l join exposure e on e.exposure_id = l.exposure_id \
         join asset a on a.asset_id = e.asset_id \
         join asset_variant p on p.asset_id = a.asset_id and p.variant_id = l.variant_id \
         where l.site_id is not null and p.until is null order by a.asset_id"
    )?;
    Ok(parts)
}

/// The whole numbers of a text, which stand between blanks.
fn numbers(text: &str) -> Vec<i64> {
    text.split(' ').filter_map(|number| number.parse().ok()).collect()
}

/// Keeps which assets are handled, in place of what was kept.
pub async fn save_handled(db: &Db, asset_ids: &[i64]) -> Result<(), StoreError> {
    let kept = sql!(db, all(i64,), "select asset_id from handled_asset")?;
    let kept: FxHashSet<i64> = kept.into_iter().map(|(id,)| id).collect();
    let now: FxHashSet<i64> = asset_ids.iter().copied().collect();
    if kept == now {
        return Ok(());
    }
    let gone: Vec<i64> = kept.difference(&now).copied().collect();
    let new: Vec<i64> = now.difference(&kept).copied().collect();
    let mut tx = db.begin(Alone::Listing).await?;
    for batch in gone.chunks(BATCH) {
        for_list!(tx &mut tx, exec, "delete from handled_asset where asset_id in", batch.iter().copied(), "")?;
    }
    for batch in new.chunks(BATCH) {
        insert!(
            &mut tx,
            "insert into handled_asset (asset_id)",
            batch,
            |b, id| b.push_bind(*id),
            "on conflict do nothing"
        )?;
    }
    tx.commit().await
}

/// Keeps the sums of all sites in place of the earlier ones.
pub async fn save_site_totals(db: &Db, totals: &[SiteTotal]) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Listing).await?;
    sql!(tx &mut tx, exec (), "delete from site_total")?;
    for batch in totals.chunks(BATCH) {
        insert!(
            &mut tx,
            "insert into site_total (site_id, n_affected, n_possible, n_handled, n_ruled_out, n_not_named, n_unchecked, \
                n_critical, n_high, n_medium, n_low, n_none, n_unscored, n_affecting, n_exploited, n_exposures, \
                n_nameplates, n_speaking)",
            batch,
            |b, t| {
                b.push_bind(t.site_id);
                for n in t.n_by_standing.iter().chain(&t.affected_by_severity) {
                    b.push_bind(count(*n));
                }
                for n in [t.n_affecting, t.n_exploited, t.n_exposures, t.n_nameplates, t.n_speaking] {
                    b.push_bind(count(n));
                }
            },
            ""
        )?;
    }
    tx.refresh_statistics(&["site_total"]).await?;
    tx.commit().await
}

#[derive(sqlx::FromRow)]
struct TotalRow {
    site_id: i64,
    name: String,
    n_affected: i64,
    n_possible: i64,
    n_handled: i64,
    n_ruled_out: i64,
    n_not_named: i64,
    n_unchecked: i64,
    n_critical: i64,
    n_high: i64,
    n_medium: i64,
    n_low: i64,
    n_none: i64,
    n_unscored: i64,
    n_affecting: i64,
    n_exploited: i64,
    n_exposures: i64,
    n_nameplates: i64,
    n_speaking: i64,
}

/// The sums of the sites that have assets, by name, as far as they are in the scope.
pub async fn list_site_totals(db: &Db, scope: &SiteScope) -> Result<Vec<SiteTotal>, StoreError> {
    let rows = sql!(
        db,
        all TotalRow,
        "select s.name, t.* from site_total t join site s on s.site_id = t.site_id order by s.name, s.site_id"
    )?;
    Ok(rows
        .into_iter()
        .filter(|row| scope.covers(row.site_id))
        .map(|row| SiteTotal {
            site_id: row.site_id,
            name: row.name,
            n_by_standing: [
                row.n_affected,
                row.n_possible,
                row.n_handled,
                row.n_ruled_out,
                row.n_not_named,
                row.n_unchecked,
            ]
            .map(read_count),
            affected_by_severity: [row.n_critical, row.n_high, row.n_medium, row.n_low, row.n_none, row.n_unscored]
                .map(read_count),
            n_affecting: read_count(row.n_affecting),
            n_exploited: read_count(row.n_exploited),
            n_exposures: read_count(row.n_exposures),
            n_nameplates: read_count(row.n_nameplates),
            n_speaking: read_count(row.n_speaking),
        })
        .collect())
}

/// The ids and names of all sites of the scope, by name.
pub async fn list_site_names(db: &Db, scope: &SiteScope) -> Result<Vec<(i64, String)>, StoreError> {
    let mut sites = sql!(db, all(i64, String), "select site_id, name from site order by name, site_id")?;
    sites.retain(|(site_id, _)| scope.covers(*site_id));
    Ok(sites)
}

/// The calendar date in UTC of the newest revision that counts; `None` without any.
pub async fn find_newest_advisory(db: &Db) -> Result<Option<String>, StoreError> {
    let newest = sql!(db, val Option<String>,
        "select max(coalesce(updated_at, released_at)) from advisory_revision where is_current")?;
    Ok(newest.map(|at| at.chars().take(10).collect()))
}

/// The assets of which every open exposure is done or accepted on this calendar date, as (site, asset, variant).
pub async fn list_handled(db: &Db, today: &str) -> Result<Vec<(i64, i64, i64)>, StoreError> {
    if !db.has_table("remediation").await? {
        return Ok(Vec::new());
    }
    Ok(sql!(
        db,
        all(i64, i64, i64),
        "with marked as ( \
            select asset_id, advisory_id from remediation \
            where until is null and cve = '' and (status = 'done' \
               or (reason = 'risk_accepted' and (expires_on = '' or expires_on >= $1))) \
         ) \
         select a.site_id, a.asset_id, p.variant_id \
         from (select distinct asset_id from marked) m \
         join asset a on a.asset_id = m.asset_id \
         join asset_variant p on p.asset_id = a.asset_id and p.until is null \
         where not exists ( \
            select 1 from exposure_listing l join exposure e on e.exposure_id = l.exposure_id \
            where l.variant_id = p.variant_id and (e.asset_id is null or e.asset_id = a.asset_id) \
               and not exists (select 1 from marked k where k.asset_id = a.asset_id and k.advisory_id = l.advisory_id))",
        today
    )?)
}
