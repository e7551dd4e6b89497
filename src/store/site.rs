//! Sites, and how their assets stand.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::error::StoreError;
use super::text::{clean, digest, read_count, time};
use super::{BATCH, Db, Tx};
use crate::domain::asset::Standing;
use crate::domain::site::{Site, SiteSummary, UncheckedAsset};

/// All sites, by name.
pub async fn list_sites(db: &Db) -> Result<Vec<Site>, StoreError> {
    let rows = sql!(
        db,
        all(i64, String, i64),
        "select s.site_id, s.name, count(a.asset_id) \
         from site s left join asset a on a.site_id = s.site_id and a.retired_at is null \
         group by s.site_id, s.name order by s.name"
    )?;
    Ok(rows.into_iter().map(|(site_id, name, n)| Site { site_id, name, n_assets: read_count(n) }).collect())
}

/// The site of this name, which must be exact.
pub async fn find_site(db: &Db, name: &str) -> Result<Option<Site>, StoreError> {
    let row = sql!(
        db,
        opt(i64, String, i64),
        "select s.site_id, s.name, \
            (select count(*) from asset a where a.site_id = s.site_id and a.retired_at is null) \
         from site s where s.name_digest = $1",
        digest(&[clean(name)])
    )?;
    Ok(row.map(|(site_id, name, n)| Site { site_id, name, n_assets: read_count(n) }))
}

/// Makes sure that `known` holds the ids of all these names; new sites are inserted.
pub(super) async fn save_sites<'a>(
    tx: &mut Tx,
    names: impl Iterator<Item = &'a str>,
    known: &mut FxHashMap<String, i64>,
) -> Result<(), StoreError> {
    let mut new: Vec<&str> = names.filter(|name| !known.contains_key(*name)).collect();
    new.sort_unstable();
    new.dedup();
    for batch in new.chunks(BATCH) {
        insert!(
            tx,
            "insert into site (name_digest, name)",
            batch,
            |b, name| b.push_bind(digest(&[*name])).push_bind(*name),
            "on conflict (name_digest) do nothing"
        )?;
        let rows: Vec<(String, i64)> = for_list!(tx tx, all (String, i64),
            "select name, site_id from site where name_digest in",
            batch.iter().map(|name| digest(&[*name])),
            "")?;
        known.extend(rows);
    }
    Ok(())
}

/// How the assets of every site stood at this moment, by name of the site. The six places add up to the assets that
/// the site had then; an asset that was not judged yet counts as "cannot be checked". Sites without assets are left
/// out.
///
/// Exploited is what the list of exploited vulnerabilities had added by that day.
pub async fn site_summaries_at(db: &Db, as_of: Timestamp) -> Result<Vec<SiteSummary>, StoreError> {
    // The worst of what holds for the variant and what holds for this asset alone. `min` finds the worst verdict,
    // because `affected` sorts before `possible`.
    let places = sql!(
        db,
        all(String, String, i64),
        "with own as ( \
            select asset_id, variant_id, min(verdict) as verdict from ( \
                select asset_id, variant_id, verdict from exposure \
                where asset_id is not null and changed_at <= $1 and (closed_at is null or closed_at > $1) \
                union all \
                select e.asset_id, e.variant_id, h.verdict \
                from exposure_history h join exposure e on e.exposure_id = h.exposure_id \
                where e.asset_id is not null and h.since <= $1 and h.until > $1 \
            ) as told group by asset_id, variant_id \
         ), marked as ( \
            select asset_id, advisory_id, fingerprint_digest from remediation \
            where cve = '' and (status = 'done' or reason = 'risk_accepted') and (expires_on = '' or expires_on >= $2) \
                and since <= $1 and (until is null or until > $1) \
         ), holder as ( \
            select p.asset_id, p.variant_id from asset_variant p \
            where p.asset_id in (select asset_id from marked) \
                and p.since <= $1 and (p.until is null or p.until > $1) \
         ), told as ( \
            select variant_id, asset_id, advisory_id, fingerprint_digest from exposure \
            where variant_id in (select variant_id from holder) \
                and changed_at <= $1 and (closed_at is null or closed_at > $1) \
            union all \
            select e.variant_id, e.asset_id, e.advisory_id, h.fingerprint_digest \
            from exposure_history h join exposure e on e.exposure_id = h.exposure_id \
            where e.variant_id in (select variant_id from holder) and h.since <= $1 and h.until > $1 \
         ), handled as ( \
            select holder.asset_id from holder \
            join told on told.variant_id = holder.variant_id \
                and (told.asset_id is null or told.asset_id = holder.asset_id) \
            left join marked m on m.asset_id = holder.asset_id and m.advisory_id = told.advisory_id \
                and m.fingerprint_digest = told.fingerprint_digest \
            group by holder.asset_id having count(*) = count(m.asset_id) \
         ) \
         select s.name, \
            case when handled.asset_id is not null then 'handled' \
                 when own.verdict = 'affected' then 'affected' \
                 when own.verdict = 'possible' and coalesce(t.standing, '') <> 'affected' then 'possible' \
                 else coalesce(t.standing, 'cannot_be_checked') end as standing, \
            count(*) \
         from asset_variant p \
         join asset a on a.asset_id = p.asset_id \
         join site s on s.site_id = a.site_id \
         left join variant_standing t \
            on t.variant_id = p.variant_id and t.since <= $1 and (t.until is null or t.until > $1) \
         left join own on own.asset_id = p.asset_id and own.variant_id = p.variant_id \
         left join handled on handled.asset_id = p.asset_id \
         where p.since <= $1 and (p.until is null or p.until > $1) \
         group by 1, 2 order by 1",
        time(as_of),
        day(as_of)
    )?;
    let mut summaries: Vec<SiteSummary> = Vec::new();
    for (site, standing, n) in places {
        let standing = Standing::from_word(&standing).ok_or_else(|| StoreError::Damaged {
            column: "variant_standing.standing",
            expected: "one of the six places",
            found: standing.clone(),
        })?;
        if summaries.last().is_none_or(|last| last.site != site) {
            summaries.push(SiteSummary { site, ..SiteSummary::default() });
        }
        if let Some(summary) = summaries.last_mut() {
            summary.n_by_standing[standing as usize] += read_count(n);
            summary.n_assets += read_count(n);
        }
    }
    for (site, n_affecting, n_exploited) in count_affecting_at(db, as_of).await? {
        if let Some(summary) = summaries.iter_mut().find(|summary| summary.site == site) {
            summary.n_advisories_affecting = read_count(n_affecting);
            summary.n_advisories_exploited = read_count(n_exploited);
        }
    }
    Ok(summaries)
}

/// Per site: advisories that affect an asset, and those of them with an exploited vulnerability.
async fn count_affecting_at(db: &Db, as_of: Timestamp) -> Result<Vec<(String, i64, i64)>, StoreError> {
    Ok(sql!(
        db,
        all(String, i64, i64),
        "with told as ( \
            select variant_id, asset_id, advisory_id from exposure \
            where verdict = 'affected' and changed_at <= $1 and (closed_at is null or closed_at > $1) \
            union all \
            select e.variant_id, e.asset_id, e.advisory_id \
            from exposure_history h join exposure e on e.exposure_id = h.exposure_id \
            where h.verdict = 'affected' and h.since <= $1 and h.until > $1 \
         ), held as ( \
            select distinct p.variant_id, a.site_id from asset_variant p join asset a on a.asset_id = p.asset_id \
            where p.since <= $1 and (p.until is null or p.until > $1) \
         ), affecting as ( \
            select held.site_id, told.advisory_id \
            from told join held on held.variant_id = told.variant_id where told.asset_id is null \
            union \
            select a.site_id, told.advisory_id \
            from told join asset a on a.asset_id = told.asset_id \
            join asset_variant p on p.asset_id = told.asset_id and p.variant_id = told.variant_id \
            where p.since <= $1 and (p.until is null or p.until > $1) \
         ), exploited as ( \
            select distinct r.advisory_id from advisory_revision r \
            join advisory_cve c on c.advisory_revision_id = r.advisory_revision_id \
            join kev on kev.cve = c.cve \
            where r.is_current and kev.date_added <= $2 \
         ) \
         select s.name, count(*), count(exploited.advisory_id) \
         from affecting join site s on s.site_id = affecting.site_id \
         left join exploited on exploited.advisory_id = affecting.advisory_id \
         group by s.name",
        time(as_of),
        day(as_of)
    )?)
}

/// The assets that could not be checked at this moment and why, by site, nameplate and tag; of one site or of all.
pub async fn list_unchecked_at(
    db: &Db,
    as_of: Timestamp,
    site: Option<&str>,
) -> Result<Vec<UncheckedAsset>, StoreError> {
    let rows = sql!(
        db,
        all(String, String, String, String, Option<String>),
        "select s.name, a.tag, v.vendor, v.model, t.why \
         from asset_variant p \
         join asset a on a.asset_id = p.asset_id \
         join site s on s.site_id = a.site_id \
         join variant v on v.variant_id = p.variant_id \
         left join variant_standing t \
            on t.variant_id = p.variant_id and t.since <= $1 and (t.until is null or t.until > $1) \
         where p.since <= $1 and (p.until is null or p.until > $1) \
            and coalesce(t.standing, 'cannot_be_checked') = 'cannot_be_checked' \
            and (cast($2 as text) is null or s.name_digest = $2) \
            and not exists ( \
                select 1 from exposure e where e.asset_id = p.asset_id and e.variant_id = p.variant_id \
                and e.opened_at <= $1 and (e.closed_at is null or e.closed_at > $1)) \
         order by s.name, v.vendor, v.model, a.tag, a.asset_id",
        time(as_of),
        site.map(|name| digest(&[clean(name)]))
    )?;
    Ok(rows
        .into_iter()
        .map(|(site, asset_id, vendor, model, why)| UncheckedAsset {
            site: site.into(),
            asset_id: asset_id.into(),
            vendor: vendor.into(),
            model: model.into(),
            why: why.unwrap_or_else(|| "not judged yet".to_owned()).into(),
        })
        .collect())
}

/// The calendar day in UTC, `2026-11-22`.
fn day(at: Timestamp) -> String {
    time(at).chars().take(10).collect()
}
