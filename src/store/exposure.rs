//! Exposures: what is open, what was open at a given moment, and how it came to be so.

use jiff::Timestamp;

use super::advisory::key_digest;
use super::error::StoreError;
use super::text::{clean, digest, json, read_json, read_time, time};
use super::{Db, Tx};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::exposure::{ExposureFilter, ExposureKey, Finding};
use crate::domain::verdict::{Confidence, Doubt, DoubtKind, Verdict};

/// The columns of a finding, in the order of [`FindingRow`], each behind this prefix.
macro_rules! finding_columns {
    ($of:literal) => {
        concat!(
            $of,
            "verdict, ",
            $of,
            "doubts, ",
            $of,
            "confidence, ",
            $of,
            "reason, ",
            $of,
            "product_pointer, ",
            $of,
            "cves, ",
            $of,
            "fix, ",
            $of,
            "advisory_version, ",
            $of,
            "fingerprint_digest, ",
            $of,
            "question_digest"
        )
    };
}
pub(super) use finding_columns;

/// An exposure as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct FindingRow {
    pub variant_id: i64,
    exposure_asset_id: Option<i64>,
    namespace: String,
    tracking_id: String,
    verdict: String,
    doubts: String,
    confidence: String,
    reason: String,
    product_pointer: String,
    cves: String,
    fix: Option<String>,
    advisory_version: String,
    fingerprint_digest: String,
    question_digest: String,
    opened_at: String,
    told_since: String,
}

/// An exposure as it was told at some moment.
pub(super) struct Told {
    pub key: ExposureKey,
    pub finding: Finding,
    pub opened_at: Timestamp,
    /// Since when it was told so.
    pub told_since: Timestamp,
}

impl FindingRow {
    pub(super) fn into_domain(self) -> Result<Told, StoreError> {
        let damaged = |column, expected, found: &str| StoreError::Damaged { column, expected, found: found.to_owned() };
        let doubts: Vec<(String, String)> = read_json("exposure.doubts", &self.doubts)?;
        let doubts = doubts
            .into_iter()
            .map(|(kind, detail)| {
                let kind =
                    DoubtKind::from_word(&kind).ok_or_else(|| damaged("exposure.doubts", "a kind of doubt", &kind))?;
                Ok(Doubt { kind, detail })
            })
            .collect::<Result<_, StoreError>>()?;
        let key = ExposureKey {
            variant_id: self.variant_id,
            asset_id: self.exposure_asset_id,
            advisory: AdvisoryKey { namespace: self.namespace, id: self.tracking_id },
        };
        let finding = Finding {
            verdict: Verdict::from_word(&self.verdict)
                .ok_or_else(|| damaged("exposure.verdict", "a verdict", &self.verdict))?,
            doubts,
            confidence: Confidence::from_word(&self.confidence)
                .ok_or_else(|| damaged("exposure.confidence", "a confidence", &self.confidence))?,
            reason: self.reason,
            product_pointer: self.product_pointer,
            cves: read_json("exposure.cves", &self.cves)?,
            fix: self.fix,
            advisory_version: self.advisory_version,
            fingerprint: self.fingerprint_digest,
            question: self.question_digest,
        };
        Ok(Told {
            key,
            finding,
            opened_at: read_time("exposure.opened_at", &self.opened_at)?,
            told_since: read_time("exposure.changed_at", &self.told_since)?,
        })
    }
}

/// The doubts as their column.
pub(super) fn doubts_column(doubts: &[Doubt]) -> String {
    json(&doubts.iter().map(|doubt| (doubt.kind.word(), clean(&doubt.detail))).collect::<Vec<_>>())
}

/// The columns of [`FindingRow`] with `e` for exposure and `d` for advisory; the finding and since when it is told so
/// behind these prefixes.
macro_rules! select_told {
    ($of:literal, $since:literal) => {
        concat!(
            "select e.variant_id, e.asset_id as exposure_asset_id, d.namespace, d.tracking_id, ",
            finding_columns!($of),
            ", e.opened_at, ",
            $since,
            " as told_since from exposure e join advisory d on d.advisory_id = e.advisory_id "
        )
    };
}

/// What is open now, sorted by key.
pub async fn list_open_exposures(db: &Db) -> Result<Vec<(ExposureKey, Finding)>, StoreError> {
    sql!(db, all FindingRow,
        concat!(select_told!("e.", "e.changed_at"),
            "where e.closed_at is null \
             order by e.variant_id, e.asset_id nulls first, d.namespace, d.tracking_id"))?
    .into_iter()
    .map(|row| row.into_domain().map(|told| (told.key, told.finding)))
    .collect()
}

/// What is open now for these variants, and for variants that no asset has any more; sorted by key.
pub async fn list_open_exposures_of(db: &Db, variant_ids: &[i64]) -> Result<Vec<(ExposureKey, Finding)>, StoreError> {
    let mut rows: Vec<FindingRow> = sql!(db, all FindingRow,
        concat!(select_told!("e.", "e.changed_at"),
            "where e.closed_at is null and e.variant_id in (select open.variant_id from \
                (select distinct variant_id from exposure where closed_at is null) as open where not exists \
                (select 1 from asset_variant p where p.variant_id = open.variant_id and p.until is null))"))?;
    for batch in variant_ids.chunks(super::BATCH) {
        rows.extend(for_list!(db, all FindingRow,
            concat!(select_told!("e.", "e.changed_at"), "where e.closed_at is null and e.variant_id in"),
            batch.iter().copied(), "")?);
    }
    let mut open = rows
        .into_iter()
        .map(|row| row.into_domain().map(|told| (told.key, told.finding)))
        .collect::<Result<Vec<_>, _>>()?;
    open.sort_by(|a, b| a.0.cmp(&b.0));
    open.dedup_by(|a, b| a.0 == b.0);
    Ok(open)
}

/// The variants for which one of these advisories is open, each once, sorted.
pub async fn list_variants_exposed_to(db: &Db, advisories: &[AdvisoryKey]) -> Result<Vec<i64>, StoreError> {
    let mut found: Vec<i64> = Vec::new();
    for batch in advisories.chunks(super::BATCH) {
        let rows: Vec<(i64,)> = for_list!(
            db,
            all(i64,),
            "select distinct e.variant_id from exposure e join advisory d on d.advisory_id = e.advisory_id \
             where e.closed_at is null and d.key_digest in",
            batch.iter().map(key_digest),
            ""
        )?;
        found.extend(rows.into_iter().map(|(id,)| id));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What was open at this moment, as it was told then, sorted by key. Exposures of variants that no asset had then are
/// among them.
pub async fn list_exposures_at(db: &Db, as_of: Timestamp) -> Result<Vec<(ExposureKey, Finding)>, StoreError> {
    let mut tx = db.begin_read().await?;
    let told = list_told_at(&mut tx, as_of, &ExposureFilter::default()).await?;
    let mut told: Vec<(ExposureKey, Finding)> = told.into_iter().map(|told| (told.key, told.finding)).collect();
    told.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(told)
}

/// How exposures to this advisory ended: when, why as far as the document is the reason, and how many; the latest
/// first, at most `limit`.
pub async fn list_closings(
    db: &Db,
    key: &AdvisoryKey,
    limit: u32,
) -> Result<Vec<(Timestamp, Option<String>, u64)>, StoreError> {
    sql!(
        db,
        all(String, Option<String>, i64),
        "select e.closed_at, e.closed_because, count(*) from exposure e \
         join advisory d on d.advisory_id = e.advisory_id \
         where d.key_digest = $1 and e.closed_at is not null \
         group by e.closed_at, e.closed_because order by e.closed_at desc, e.closed_because limit $2",
        key_digest(key),
        i64::from(limit)
    )?
    .into_iter()
    .map(|(at, why, n)| Ok((read_time("exposure.closed_at", &at)?, why, super::text::read_count(n))))
    .collect()
}

/// The number of exposures that are open now.
pub async fn count_open_exposures(db: &Db) -> Result<u64, StoreError> {
    Ok(super::text::read_count(sql!(db, val i64, "select count(*) from exposure where closed_at is null")?))
}

/// What was open at this moment for the variants that the filter can be about, in no order.
pub(super) async fn list_told_at(
    tx: &mut Tx,
    as_of: Timestamp,
    filter: &ExposureFilter,
) -> Result<Vec<Told>, StoreError> {
    let at = time(as_of);
    let rows: Vec<FindingRow> = on!(tx tx, c => {
        let mut query = sqlx::QueryBuilder::new("");
        for of in ["e", "h"] {
            if of == "e" {
                query.push(concat!(select_told!("e.", "e.changed_at"), "where e.changed_at <= "));
                query.push_bind(at.as_str());
                query.push(" and (e.closed_at is null or e.closed_at > ").push_bind(at.as_str()).push(")");
            } else {
                query.push(concat!(" union all ", select_told!("h.", "h.since"),
                    "join exposure_history h on h.exposure_id = e.exposure_id where h.since <= "));
                query.push_bind(at.as_str());
                query.push(" and h.until > ").push_bind(at.as_str());
            }
            if let Some(site) = &filter.site {
                query.push(
                    " and e.variant_id in (select p.variant_id from asset_variant p \
                     join asset a on a.asset_id = p.asset_id join site s on s.site_id = a.site_id \
                     where s.name_digest = ");
                query.push_bind(digest(&[clean(site)])).push(")");
            }
            if let Some(advisory) = &filter.advisory {
                query.push(" and d.key_digest = ").push_bind(key_digest(advisory));
            }
            if let Some(variant_id) = filter.variant_id {
                query.push(" and e.variant_id = ").push_bind(variant_id);
            }
            if let Some(asset_id) = filter.asset_id {
                query.push(" and e.variant_id in (select p.variant_id from asset_variant p where p.asset_id = ");
                query.push_bind(asset_id).push(")");
            }
            if !filter.verdicts.is_empty() {
                query.push(" and ").push(of).push(".verdict in (");
                let mut verdicts = query.separated(", ");
                for verdict in &filter.verdicts {
                    verdicts.push_bind(verdict.word());
                }
                query.push(")");
            }
        }
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    rows.into_iter().map(FindingRow::into_domain).collect()
}

pub use super::exposure_row::{each_exposure_row_at, list_exposure_rows_at};
