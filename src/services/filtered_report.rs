//! The exposure report of the rows that fit a filter, in any format: what a list shows, as a file.

use std::collections::BTreeSet;

use crate::domain::filter::{Filter, FilterRow};
use crate::domain::remediation::RemediationStatus;
use crate::report::row::ReportRow;
use crate::report::{Format, write};
use crate::services::progress::Progress;
use crate::services::stored_report::{ReportError, ReportRequest, stored_report};
use crate::store::Db;

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct FilteredReportRequest {
    pub filter: Filter,
    /// The sites by name that are meant and may be seen; `None` means all.
    pub sites: Option<BTreeSet<String>>,
}

/// Makes the report of what is open now and fits.
///
/// # Errors
///
/// As [`stored_report`].
pub async fn filtered_report(
    db: &Db,
    request: &FilteredReportRequest,
    format: Format,
    progress: &dyn Progress,
) -> Result<Vec<u8>, ReportError> {
    let only = request.sites.as_ref().filter(|sites| sites.len() == 1).and_then(|sites| sites.first().cloned());
    let mut report = stored_report(db, &ReportRequest { site: only, ..ReportRequest::default() }, progress).await?;
    let seen = |site: &str| request.sites.as_ref().is_none_or(|sites| sites.contains(site));
    report.rows.retain(|row| seen(&row.asset.site) && fits(&request.filter, row));
    report.sites.retain(|site| seen(&site.site));
    report.unchecked.retain(|asset| seen(&asset.site));
    if !request.filter.is_empty() {
        report.filter = format!("{}; {}", report.filter, request.filter.in_words());
    }
    let mut bytes = Vec::new();
    tokio::task::block_in_place(|| write(&report, format, &mut bytes))
        .map_err(|error| ReportError::Unwritten(error.to_string()))?;
    Ok(bytes)
}

/// Whether the filter means this row. The sites were looked at before.
fn fits(filter: &Filter, row: &ReportRow) -> bool {
    let (asset, finding) = (&row.asset, &row.finding);
    Filter { sites: Vec::new(), ..filter.clone() }.fits(&FilterRow {
        site: &asset.site,
        area: &asset.area,
        vendor: &asset.vendor,
        verdict: finding.verdict,
        severity: finding.severity,
        is_exploited: finding.is_exploited(),
        status: RemediationStatus::NotRemediated,
        confidence: finding.confidence,
        has_fix: finding.fix.is_some(),
        advisory: &finding.advisory.advisory_id,
        cves: &finding.cves,
        texts: &[
            &asset.vendor,
            &asset.model,
            &asset.part_number,
            &asset.firmware,
            &asset.asset_id,
            &asset.serial_number,
            &finding.advisory.advisory_id,
        ],
    })
}
