//! What came in a period and which assets there were: the ground of the record of evaluation.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::Db;
use super::error::StoreError;
use super::text::{clean, digest, read_count, read_time, read_time_if_any, time};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::rescan::{Rescan, Trigger};

/// A revision that came in a period.
pub struct ArrivedRevision {
    pub key: AdvisoryKey,
    pub version: String,
    pub sha256: String,
    pub title: String,
    /// Where it came from, in words.
    pub source: String,
    pub released_at: Option<Timestamp>,
    pub added_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    namespace: String,
    tracking_id: String,
    version: String,
    sha256: String,
    title: String,
    source: String,
    released_at: Option<String>,
    added_at: String,
}

/// The revisions that came after `from` and up to `to`, by source, id and time.
pub async fn list_arrived_revisions(
    db: &Db,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<ArrivedRevision>, StoreError> {
    sql!(db, all Row,
        "select d.namespace, d.tracking_id, r.version, r.sha256, r.title, r.source, r.released_at, r.added_at \
         from advisory_revision r join advisory d on d.advisory_id = r.advisory_id \
         where r.added_at > $1 and r.added_at <= $2 \
         order by r.source, d.tracking_id, r.added_at, r.advisory_revision_id",
        time(from), time(to))?
    .into_iter()
    .map(|row| {
        Ok(ArrivedRevision {
            key: AdvisoryKey { namespace: row.namespace, id: row.tracking_id },
            version: row.version,
            sha256: row.sha256,
            title: row.title,
            source: row.source,
            released_at: read_time_if_any("advisory_revision.released_at", row.released_at.as_deref())?,
            added_at: read_time("advisory_revision.added_at", &row.added_at)?,
        })
    })
    .collect()
}

/// The runs whose results were saved after `from` and up to `to`, oldest first.
pub async fn list_runs_between(db: &Db, from: Timestamp, to: Timestamp) -> Result<Vec<(i64, Rescan)>, StoreError> {
    let rows = sql!(
        db,
        all(i64, String, String, String, String, String, i64, i64),
        "select rescan_id, started_by, scope, scope_names, finished_at, matcher_version, n_advisories, n_assets from rescan \
         where error is null and finished_at > $1 and finished_at <= $2 order by finished_at, rescan_id",
        time(from),
        time(to)
    )?;
    rows.into_iter()
        .map(|(rescan_id, started_by, scope, scope_names, finished_at, matcher_version, n_advisories, n_assets)| {
            let at = read_time("rescan.finished_at", &finished_at)?;
            let trigger = Trigger::from_word(&started_by).ok_or(StoreError::Damaged {
                column: "rescan.started_by",
                expected: "a trigger",
                found: started_by,
            })?;
            let run = Rescan {
                trigger,
                scope: super::rescan::read_scope(&scope, &scope_names)?,
                started_at: at,
                finished_at: at,
                matcher_version,
                whole_because: String::new(),
                n_assets: read_count(n_assets),
                n_variants: 0,
                n_advisories: read_count(n_advisories),
                n_opened: 0,
                n_changed: 0,
                n_closed: 0,
                n_same: 0,
                n_not_judged: 0,
                error: None,
            };
            Ok((rescan_id, run))
        })
        .collect()
}

/// How many assets of each vendor there were at this moment, by the vendor's name as written.
pub async fn count_assets_by_vendor_at(
    db: &Db,
    as_of: Timestamp,
    site: Option<&str>,
) -> Result<FxHashMap<String, u64>, StoreError> {
    let rows = sql!(
        db,
        all(String, i64),
        "select v.vendor, count(*) from asset_variant p \
         join asset a on a.asset_id = p.asset_id \
         join site s on s.site_id = a.site_id \
         join variant v on v.variant_id = p.variant_id \
         where p.since <= $1 and (p.until is null or p.until > $1) and (cast($2 as text) is null or s.name_digest = $2) \
         group by v.vendor",
        time(as_of),
        site.map(|name| digest(&[clean(name)]))
    )?;
    Ok(rows.into_iter().map(|(vendor, n)| (vendor, read_count(n))).collect())
}
