//! Exposures: what is open, what was open at a given moment, and how it came to be so.

use futures_util::TryStreamExt;
use jiff::Timestamp;

use super::Db;
use super::advisory::key_digest;
use super::asset::{AssetRow, asset_columns};
use super::error::StoreError;
use super::text::{clean, digest, json, read_json, read_time, time};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::exposure::{ExposureFilter, ExposureKey, ExposureRow, Finding};
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
            "advisory_version"
        )
    };
}
pub(super) use finding_columns;

/// How every exposure was told at the moment `$1`: as it is told now, or as the history has it.
macro_rules! told_at {
    () => {
        concat!(
            "with told as ( \
                select variant_id, asset_id, advisory_id, opened_at, changed_at, ",
            finding_columns!(""),
            " from exposure where changed_at <= $1 and (closed_at is null or closed_at > $1) \
                union all \
                select e.variant_id, e.asset_id, e.advisory_id, e.opened_at, h.since, ",
            finding_columns!("h."),
            " from exposure_history h join exposure e on e.exposure_id = h.exposure_id \
                where h.since <= $1 and h.until > $1 \
             ) "
        )
    };
}

#[derive(sqlx::FromRow)]
struct FindingRow {
    variant_id: i64,
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
}

impl FindingRow {
    fn into_domain(self) -> Result<(ExposureKey, Finding), StoreError> {
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
        };
        Ok((key, finding))
    }
}

/// The doubts as their column.
pub(super) fn doubts_column(doubts: &[Doubt]) -> String {
    json(&doubts.iter().map(|doubt| (doubt.kind.word(), clean(&doubt.detail))).collect::<Vec<_>>())
}

/// What is open now, sorted by key.
pub async fn list_open_exposures(db: &Db) -> Result<Vec<(ExposureKey, Finding)>, StoreError> {
    sql!(db, all FindingRow,
        concat!("select e.variant_id, e.asset_id as exposure_asset_id, d.namespace, d.tracking_id, ",
            finding_columns!("e."),
            " from exposure e join advisory d on d.advisory_id = e.advisory_id where e.closed_at is null \
              order by e.variant_id, e.asset_id nulls first, d.namespace, d.tracking_id"))?
    .into_iter()
    .map(FindingRow::into_domain)
    .collect()
}

/// What was open at this moment, as it was told then, sorted by key. Exposures of variants that no asset had then are
/// among them.
pub async fn list_exposures_at(db: &Db, as_of: Timestamp) -> Result<Vec<(ExposureKey, Finding)>, StoreError> {
    sql!(db, all FindingRow,
        concat!(told_at!(),
            "select t.variant_id, t.asset_id as exposure_asset_id, d.namespace, d.tracking_id, ",
            finding_columns!("t."),
            " from told t join advisory d on d.advisory_id = t.advisory_id \
              order by t.variant_id, t.asset_id nulls first, d.namespace, d.tracking_id"),
        time(as_of))?
    .into_iter()
    .map(FindingRow::into_domain)
    .collect()
}

/// The number of exposures that are open now.
pub async fn count_open_exposures(db: &Db) -> Result<u64, StoreError> {
    Ok(super::text::read_count(sql!(db, val i64, "select count(*) from exposure where closed_at is null")?))
}

#[derive(sqlx::FromRow)]
struct ReportRow {
    exposed_since: String,
    told_since: String,
    #[sqlx(flatten)]
    asset: AssetRow,
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
}

impl ReportRow {
    fn into_domain(self) -> Result<ExposureRow, StoreError> {
        let (key, finding) = FindingRow {
            variant_id: self.asset.variant.variant_id,
            exposure_asset_id: self.exposure_asset_id,
            namespace: self.namespace,
            tracking_id: self.tracking_id,
            verdict: self.verdict,
            doubts: self.doubts,
            confidence: self.confidence,
            reason: self.reason,
            product_pointer: self.product_pointer,
            cves: self.cves,
            fix: self.fix,
            advisory_version: self.advisory_version,
        }
        .into_domain()?;
        Ok(ExposureRow {
            asset_id: self.asset.asset_id,
            opened_at: read_time("exposure.opened_at", &self.exposed_since)?,
            changed_at: read_time("exposure.changed_at", &self.told_since)?,
            asset: self.asset.into_asset()?,
            key,
            finding,
        })
    }
}

/// What stands before the filter in each half of the question: what is told now, and what the history has. Two joins
/// instead of one over their union, because SQLite finds the rows of one asset or site by index only that way. `$1`
/// is the moment.
const HALVES: [&str; 2] = [
    concat!(
        "select ",
        asset_columns!(),
        ", e.asset_id as exposure_asset_id, d.namespace, d.tracking_id, ",
        finding_columns!("e."),
        ", \
         case when e.opened_at > p.since then e.opened_at else p.since end as exposed_since, \
         e.changed_at as told_since \
         from asset_variant p \
         join exposure e on e.variant_id = p.variant_id and (e.asset_id is null or e.asset_id = p.asset_id) \
         join asset a on a.asset_id = p.asset_id \
         join site s on s.site_id = a.site_id \
         join variant v on v.variant_id = p.variant_id \
         join advisory d on d.advisory_id = e.advisory_id \
         where p.since <= $1 and (p.until is null or p.until > $1) \
            and e.changed_at <= $1 and (e.closed_at is null or e.closed_at > $1)"
    ),
    concat!(
        "select ",
        asset_columns!(),
        ", e.asset_id as exposure_asset_id, d.namespace, d.tracking_id, ",
        finding_columns!("h."),
        ", \
         case when e.opened_at > p.since then e.opened_at else p.since end as exposed_since, \
         h.since as told_since \
         from asset_variant p \
         join exposure e on e.variant_id = p.variant_id and (e.asset_id is null or e.asset_id = p.asset_id) \
         join exposure_history h on h.exposure_id = e.exposure_id \
         join asset a on a.asset_id = p.asset_id \
         join site s on s.site_id = a.site_id \
         join variant v on v.variant_id = p.variant_id \
         join advisory d on d.advisory_id = e.advisory_id \
         where p.since <= $1 and (p.until is null or p.until > $1) and h.since <= $1 and h.until > $1"
    ),
];

/// Gives each asset with each exposure that it had at this moment to `row`, one after the other, however many there
/// are. By site, variant, advisory, tag and asset, so that equal data always come in equal order.
///
/// # Errors
///
/// Those of the database, and the first that `row` gives back.
pub async fn each_exposure_row_at<E: From<StoreError>>(
    db: &Db,
    as_of: Timestamp,
    filter: &ExposureFilter,
    mut row: impl FnMut(ExposureRow) -> Result<(), E>,
) -> Result<(), E> {
    let at = time(as_of);
    on!(db, c => {
        let mut query = sqlx::QueryBuilder::new("select * from (");
        for (number, half) in HALVES.iter().enumerate() {
            if number > 0 {
                query.push(" union all ");
            }
            // SQLite does not mix numbered and unnumbered values, so the moment is bound wherever it stands.
            for (n, piece) in half.split("$1").enumerate() {
                if n > 0 {
                    query.push_bind(at.as_str());
                }
                query.push(piece);
            }
            if let Some(site) = &filter.site {
                query.push(" and s.name_digest = ").push_bind(digest(&[site]));
            }
            if let Some(advisory) = &filter.advisory {
                query.push(" and d.key_digest = ").push_bind(key_digest(advisory));
            }
            if let Some(variant_id) = filter.variant_id {
                query.push(" and p.variant_id = ").push_bind(variant_id);
            }
            if let Some(asset_id) = filter.asset_id {
                query.push(" and p.asset_id = ").push_bind(asset_id);
            }
            if !filter.verdicts.is_empty() {
                query.push(if number == 0 { " and e.verdict in (" } else { " and h.verdict in (" });
                let mut verdicts = query.separated(", ");
                for verdict in &filter.verdicts {
                    verdicts.push_bind(verdict.word());
                }
                query.push(")");
            }
        }
        query.push(
            ") as told order by site, variant_id, tracking_id, namespace, tag, asset_id, exposure_asset_id nulls first",
        );
        let mut rows = query.build_query_as::<ReportRow>().fetch(c);
        while let Some(found) = rows.try_next().await.map_err(StoreError::from)? {
            row(found.into_domain()?)?;
        }
        Ok(())
    })
}

/// The rows of [`each_exposure_row_at`] as a list, for questions with short answers: one asset, one variant.
pub async fn list_exposure_rows_at(
    db: &Db,
    as_of: Timestamp,
    filter: &ExposureFilter,
) -> Result<Vec<ExposureRow>, StoreError> {
    let mut rows = Vec::new();
    each_exposure_row_at(db, as_of, filter, |row| {
        rows.push(row);
        Ok::<(), StoreError>(())
    })
    .await?;
    Ok(rows)
}
