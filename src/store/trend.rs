//! How long exposures lived and what was known of assets when, counted: what trends are made of.

use jiff::Timestamp;

use super::Db;
use super::error::StoreError;
use super::text::{clean, digest, read_count, read_time, read_time_if_any, time};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::trend::{Knowledge, Life};

/// When the runs finished whose results were saved, at or before this moment, oldest first.
pub async fn list_run_times(db: &Db, as_of: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    sql!(
        db,
        all(String,),
        "select finished_at from rescan where error is null and finished_at <= $1 order by finished_at, rescan_id",
        time(as_of)
    )?
    .into_iter()
    .map(|(at,)| read_time("rescan.finished_at", &at))
    .collect()
}

#[derive(sqlx::FromRow)]
struct LifeRow {
    namespace: String,
    tracking_id: String,
    product_pointer: String,
    opened_at: String,
    closed_at: Option<String>,
    n: i64,
}

/// The lives of all exposures up to this moment, as assets had them: with the advisory, and the entry that says so. An
/// asset has an exposure while it has the variant and the exposure is open. The severity is not filled in.
pub async fn list_lives(
    db: &Db,
    as_of: Timestamp,
    site: Option<&str>,
) -> Result<Vec<(AdvisoryKey, String, Life)>, StoreError> {
    let rows = sql!(db, all LifeRow,
        "with life as ( \
            select e.advisory_id, e.product_pointer, \
                case when p.since > e.opened_at then p.since else e.opened_at end as opened_at, \
                case when p.until is null then e.closed_at when e.closed_at is null then p.until \
                     when p.until < e.closed_at then p.until else e.closed_at end as closed_at \
            from exposure e \
            join asset_variant p on p.variant_id = e.variant_id and (e.asset_id is null or e.asset_id = p.asset_id) \
            join asset a on a.asset_id = p.asset_id \
            join site s on s.site_id = a.site_id \
            where e.opened_at <= $1 and p.since <= $1 and (cast($2 as text) is null or s.name_digest = $2) \
         ) \
         select d.namespace, d.tracking_id, l.product_pointer, l.opened_at, \
            case when l.closed_at <= $1 then l.closed_at end as closed_at, count(*) as n \
         from life l join advisory d on d.advisory_id = l.advisory_id \
         where l.closed_at is null or l.closed_at > l.opened_at \
         group by 1, 2, 3, 4, 5 order by 4, 2, 3",
        time(as_of), site.map(|name| digest(&[clean(name)])))?;
    rows.into_iter()
        .map(|row| {
            let life = Life {
                opened_at: read_time("exposure.opened_at", &row.opened_at)?,
                closed_at: read_time_if_any("exposure.closed_at", row.closed_at.as_deref())?,
                severity: None,
                n: read_count(row.n),
            };
            let key = AdvisoryKey { namespace: row.namespace, id: row.tracking_id };
            Ok((key, row.product_pointer, life))
        })
        .collect()
}

/// What was known of assets from when to when, up to this moment.
pub async fn list_knowledge(db: &Db, as_of: Timestamp, site: Option<&str>) -> Result<Vec<Knowledge>, StoreError> {
    let rows = sql!(
        db,
        all(String, Option<String>, bool, bool, i64),
        "select p.since, case when p.until <= $1 then p.until end as until, \
            v.firmware <> '' as has_firmware, v.part_number <> '' as has_part_number, count(*) \
         from asset_variant p \
         join asset a on a.asset_id = p.asset_id \
         join site s on s.site_id = a.site_id \
         join variant v on v.variant_id = p.variant_id \
         where p.since <= $1 and (cast($2 as text) is null or s.name_digest = $2) \
         group by 1, 2, 3, 4 order by 1",
        time(as_of),
        site.map(|name| digest(&[clean(name)]))
    )?;
    rows.into_iter()
        .map(|(since, until, has_firmware, has_part_number, n)| {
            Ok(Knowledge {
                since: read_time("asset_variant.since", &since)?,
                until: read_time_if_any("asset_variant.until", until.as_deref())?,
                has_firmware,
                has_part_number,
                n: read_count(n),
            })
        })
        .collect()
}
