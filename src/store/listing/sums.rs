//! The sums of sites and the order of work of exposures: what they are made of, and keeping them.

use rustc_hash::FxHashMap;

use super::super::error::StoreError;
use super::super::text::{count, read_count, read_json};
use super::super::{Alone, BATCH, Db};
use crate::domain::account::SiteScope;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::asset::Standing;
use crate::domain::listing::{SiteTotal, Standpoint};
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
}

/// Open exposures that are not listed as they are told now, by advisory; all open ones with `all`. At most `limit` with
/// an advisory and id after `after`.
pub async fn list_unlisted(
    db: &Db,
    all: bool,
    after: (i64, i64),
    limit: u32,
) -> Result<Vec<UnlistedExposure>, StoreError> {
    let rows = sql!(
        db,
        all UnlistedRow,
        "select e.exposure_id, e.variant_id, e.advisory_id, d.namespace, d.tracking_id, e.advisory_version, a.site_id, \
            e.verdict, e.confidence, e.product_pointer, e.cves, (e.fix is not null) as has_fix, e.changed_at as told_at \
         from exposure e join advisory d on d.advisory_id = e.advisory_id \
         left join asset a on a.asset_id = e.asset_id \
         left join exposure_listing l on l.exposure_id = e.exposure_id \
         where e.closed_at is null and ($1 or l.exposure_id is null or l.told_at <> e.changed_at) \
            and (e.advisory_id > $2 or (e.advisory_id = $2 and e.exposure_id > $3)) \
         order by e.advisory_id, e.exposure_id limit $4",
        all,
        after.0,
        after.1,
        i64::from(limit)
    )?;
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
                told_at: row.told_at,
            })
        })
        .collect()
}

/// Keeps where these exposures stand, and forgets those that are no longer open.
pub async fn save_listings(db: &Db, listings: &[(UnlistedExposure, Standpoint)]) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Listing).await?;
    sql!(
        tx & mut tx,
        exec(),
        "delete from exposure_listing where exposure_id in \
            (select l.exposure_id from exposure_listing l join exposure e on e.exposure_id = l.exposure_id \
             where e.closed_at is not null)"
    )?;
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
    tx.refresh_statistics(&["exposure_listing"]).await?;
    tx.commit().await
}

/// Where an exposure stands for the sums: variant, advisory, site of the single asset, severity rank, exploited,
/// affected.
pub type ListedPoint = (i64, i64, Option<i64>, i64, bool, bool);

/// What the sums of sites are made of, at one moment.
pub struct SumParts {
    /// Site, variant, assets.
    pub site_variants: Vec<(i64, i64, u64)>,
    /// Where each variant stands.
    pub standings: FxHashMap<i64, Standing>,
    pub exposures: Vec<ListedPoint>,
    /// Exposures of single assets: (site, asset, variant, affected, severity rank).
    pub own: Vec<(i64, i64, i64, bool, i64)>,
}

/// Counts the assets of each variant of each site anew and gives what the sums are made of. Of these sites or of all.
pub async fn save_site_variants(db: &Db, site_ids: Option<&[i64]>) -> Result<SumParts, StoreError> {
    let mut tx = db.begin(Alone::Listing).await?;
    match site_ids {
        None => {
            sql!(tx &mut tx, exec (), "delete from site_variant")?;
            sql!(tx &mut tx, exec (),
                "insert into site_variant (site_id, variant_id, n_assets) \
                 select a.site_id, p.variant_id, count(*) from asset_variant p \
                 join asset a on a.asset_id = p.asset_id where p.until is null group by a.site_id, p.variant_id")?;
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
    tx.commit().await?;
    let wanted = |site_id: i64| site_ids.is_none_or(|ids| ids.contains(&site_id));
    let rows = sql!(db, all(i64, i64, i64), "select site_id, variant_id, n_assets from site_variant")?;
    let site_variants =
        rows.into_iter().filter(|row| wanted(row.0)).map(|(site, variant, n)| (site, variant, read_count(n))).collect();
    let standings = super::super::rescan::list_variant_standings(db)
        .await?
        .into_iter()
        .map(|standing| (standing.variant_id, standing.standing))
        .collect();
    let exposures = sql!(
        db,
        all(i64, i64, Option<i64>, i64, bool, bool),
        "select variant_id, advisory_id, site_id, severity, is_exploited, is_affected from exposure_listing"
    )?;
    let own = sql!(
        db,
        all(i64, i64, i64, bool, i64),
        "select a.site_id, a.asset_id, l.variant_id, l.is_affected, l.severity \
         from exposure_listing l join exposure e on e.exposure_id = l.exposure_id \
         join asset a on a.asset_id = e.asset_id \
         join asset_variant p on p.asset_id = a.asset_id and p.variant_id = l.variant_id \
         where l.site_id is not null and p.until is null order by a.asset_id"
    )?;
    Ok(SumParts { site_variants, standings, exposures, own: own.into_iter().filter(|row| wanted(row.0)).collect() })
}

/// Keeps which assets are handled, in place of what was kept.
pub async fn save_handled(db: &Db, asset_ids: &[i64]) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Listing).await?;
    sql!(tx &mut tx, exec (), "delete from handled_asset")?;
    for batch in asset_ids.chunks(BATCH) {
        insert!(&mut tx, "insert into handled_asset (asset_id)", batch, |b, id| b.push_bind(*id), "")?;
    }
    tx.commit().await
}

/// Keeps the sums of these sites in place of the earlier ones; with `all` those of other sites go away.
pub async fn save_site_totals(db: &Db, totals: &[SiteTotal], all: bool) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Listing).await?;
    if all {
        sql!(tx &mut tx, exec (), "delete from site_total")?;
    }
    for batch in totals.chunks(BATCH) {
        for_list!(tx &mut tx, exec, "delete from site_total where site_id in", batch.iter().map(|t| t.site_id), "")?;
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
