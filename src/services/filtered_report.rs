//! The exposure report of the rows that fit a filter, in any format: what a list shows, as a file.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::filter::{Filter, FilterRow};
use crate::domain::site;
use crate::report::row::{Report, ReportRow};
use crate::report::{Format, write};
use crate::services::progress::Progress;
use crate::services::stored_report::{ReportError, ReportRequest, stored_report};
use crate::store::{self, Db};

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct FilteredReportRequest {
    pub filter: Filter,
    /// The sites by name that are meant and may be seen; `None` means all.
    pub sites: Option<BTreeSet<String>>,
    /// The moment to report on; `None` means now.
    pub as_of: Option<Timestamp>,
}

impl FilteredReportRequest {
    /// What fits the filter, of one site where it is named. A report of one site names it by itself.
    ///
    /// # Errors
    ///
    /// As [`sites_of`].
    pub async fn of(
        db: &Db,
        site: Option<String>,
        mut filter: Filter,
        as_of: Option<Timestamp>,
    ) -> Result<FilteredReportRequest, ReportError> {
        filter.sites.extend(site);
        let sites = sites_of(db, &filter).await?;
        if sites.as_ref().is_some_and(|sites| sites.len() == 1) {
            filter.sites.clear();
        }
        Ok(FilteredReportRequest { filter, sites, as_of })
    }
}

/// Makes the report of what is open and fits, in this format.
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
    let report = report_of(db, request, progress).await?;
    let mut bytes = Vec::new();
    tokio::task::block_in_place(|| write(&report, format, &mut bytes))
        .map_err(|error| ReportError::Unwritten(error.to_string()))?;
    Ok(bytes)
}

/// Makes the report of what is open and fits.
///
/// # Errors
///
/// As [`stored_report`].
pub async fn report_of(
    db: &Db,
    request: &FilteredReportRequest,
    progress: &dyn Progress,
) -> Result<Report, ReportError> {
    let only = request.sites.as_ref().filter(|sites| sites.len() == 1).and_then(|sites| sites.first().cloned());
    let mut report = stored_report(db, &ReportRequest { site: only, as_of: request.as_of }, progress).await?;
    let seen = |site: &str| request.sites.as_ref().is_none_or(|sites| sites.contains(site));
    report.rows.retain(|row| seen(&row.asset.site) && fits(&request.filter, row));
    report.sites.retain(|site| seen(&site.site));
    report.unchecked.retain(|asset| seen(&asset.site));
    if let Some(sites) = request.sites.as_ref().filter(|sites| sites.len() != 1) {
        report.title = format!("Exposure report: {} sites", sites.len());
    }
    if !request.filter.is_empty() {
        report.filter = format!("{}; {}", report.filter, request.filter.in_words());
    }
    Ok(report)
}

/// The names of the sites that a filter means; `None` when it asks for none.
///
/// # Errors
///
/// A site is not known, or the database fails.
pub async fn sites_of(db: &Db, filter: &Filter) -> Result<Option<BTreeSet<String>>, ReportError> {
    if filter.sites.is_empty() {
        return Ok(None);
    }
    let known: Vec<(i64, String)> =
        store::site::list_sites(db).await?.into_iter().map(|site| (site.site_id, site.name)).collect();
    let mut names = BTreeSet::new();
    for wanted in &filter.sites {
        let Some((_, name)) = site::find(&known, wanted) else {
            let known: Vec<String> = known.iter().map(|(_, name)| format!("`{name}`")).collect();
            return Err(ReportError::UnknownSite { site: wanted.clone(), known: known.join(", ") });
        };
        names.insert(name.clone());
    }
    Ok(Some(names))
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
        status: row.status(),
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
