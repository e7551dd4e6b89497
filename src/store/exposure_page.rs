//! Open exposures asset by asset, page by page: what programs read.

use jiff::Timestamp;

use super::Db;
use super::error::StoreError;
use super::text::{read_json, read_time};
use crate::domain::account::SiteScope;
use crate::domain::verdict::{Confidence, Verdict};

/// One open exposure of one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenExposure {
    pub exposure_id: i64,
    pub asset_id: i64,
    pub site_id: i64,
    pub site: String,
    pub area: String,
    pub tag: String,
    pub serial_number: String,
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub hardware_revision: String,
    pub firmware: String,
    /// Namespace and tracking id of the advisory.
    pub namespace: String,
    pub advisory: String,
    pub verdict: Verdict,
    pub confidence: Confidence,
    pub reason: String,
    pub cves: Vec<String>,
    pub fix: Option<String>,
    pub product_pointer: String,
    pub opened_at: Timestamp,
    /// See [`crate::domain::exposure::Finding::fingerprint`].
    pub fingerprint: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    exposure_id: i64,
    asset_id: i64,
    site_id: i64,
    site: String,
    area: String,
    tag: String,
    serial_number: String,
    vendor: String,
    model: String,
    part_number: String,
    hardware_revision: String,
    firmware: String,
    namespace: String,
    tracking_id: String,
    verdict: String,
    confidence: String,
    reason: String,
    cves: String,
    fix: Option<String>,
    product_pointer: String,
    opened_at: String,
    fingerprint_digest: String,
}

impl Row {
    fn into_domain(self) -> Result<OpenExposure, StoreError> {
        let (verdict, confidence) = (Verdict::from_word(&self.verdict), Confidence::from_word(&self.confidence));
        Ok(OpenExposure {
            exposure_id: self.exposure_id,
            asset_id: self.asset_id,
            site_id: self.site_id,
            site: self.site,
            area: self.area,
            tag: self.tag,
            serial_number: self.serial_number,
            vendor: self.vendor,
            model: self.model,
            part_number: self.part_number,
            hardware_revision: self.hardware_revision,
            firmware: self.firmware,
            namespace: self.namespace,
            advisory: self.tracking_id,
            verdict: verdict.ok_or(StoreError::Damaged {
                column: "exposure.verdict",
                expected: "a verdict",
                found: self.verdict,
            })?,
            confidence: confidence.ok_or(StoreError::Damaged {
                column: "exposure.confidence",
                expected: "how sure it is",
                found: self.confidence,
            })?,
            reason: self.reason,
            cves: read_json("exposure.cves", &self.cves)?,
            fix: self.fix,
            product_pointer: self.product_pointer,
            opened_at: read_time("exposure.opened_at", &self.opened_at)?,
            fingerprint: self.fingerprint_digest,
        })
    }
}

// The order of the tables is given (`cross join`): SQLite would begin with the sites and sort all exposures for a page.
macro_rules! select_open {
    ($tail:literal) => {
        concat!(
            "select e.exposure_id, a.asset_id, s.site_id, s.name as site, a.area, a.tag, a.serial_number, v.vendor, \
                v.model, v.part_number, v.hardware_revision, v.firmware, d.namespace, d.tracking_id, e.verdict, \
                e.confidence, e.reason, e.cves, e.fix, e.product_pointer, e.opened_at, e.fingerprint_digest \
             from exposure e cross join asset_variant p cross join asset a cross join site s cross join variant v \
                cross join advisory d \
             where p.variant_id = e.variant_id and p.until is null and (e.asset_id is null or e.asset_id = p.asset_id) \
                and a.asset_id = p.asset_id and s.site_id = a.site_id and v.variant_id = e.variant_id \
                and d.advisory_id = e.advisory_id and e.closed_at is null and ",
            $tail
        )
    };
}

/// At most `limit` open exposures after this one, by exposure and asset.
pub async fn list_open_after(
    db: &Db,
    (exposure_id, asset_id): (i64, i64),
    limit: u32,
) -> Result<Vec<OpenExposure>, StoreError> {
    // The first condition lets the index be used; the second sorts out what of the first exposure was told already.
    sql!(db, all Row,
        select_open!("e.exposure_id >= $1 and (e.exposure_id > $1 or a.asset_id > $2) \
            order by e.exposure_id, a.asset_id limit $3"),
        exposure_id, asset_id, i64::from(limit))?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// The open exposures of one asset, by exposure; none when it stands outside the scope.
pub async fn list_open_of_asset(db: &Db, asset_id: i64, scope: &SiteScope) -> Result<Vec<OpenExposure>, StoreError> {
    let rows = sql!(db, all Row, select_open!("p.asset_id = $1 order by e.exposure_id"), asset_id)?;
    rows.into_iter().filter(|row| scope.covers(row.site_id)).map(Row::into_domain).collect()
}
