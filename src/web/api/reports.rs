//! Files to take away: reports, evidence, and the rows that fit a filter.

use axum::extract::{Path, Query, RawQuery, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::json::Problem as ProblemJson;
use crate::domain::filter::Filter;
use crate::services::progress::Silent;
use crate::services::write_report::{FileRequest, VexIdentity, write_file};
use crate::web::error::Problem;
use crate::web::exports::export;
use crate::web::pages::reports::{download, end_of_day, may_see, problem};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// What a report is about.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    /// Name of a site; left out: all.
    pub site: Option<String>,
    /// What was known at the end of this day, `2026-11-22`; left out: now.
    #[serde(default)]
    pub as_of: String,
    /// The earlier day that a comparison begins with, `2026-10-22`.
    #[serde(default)]
    pub since: String,
    /// For a comparison of two imports of the site instead of two days: the number of the earlier one.
    pub before: Option<i64>,
    /// The number of the later one.
    pub after: Option<i64>,
    /// `a4` or `letter`.
    #[serde(default)]
    pub paper: String,
}

/// A report as a file
///
/// Kinds: `pdf`, `html`, `xlsx`, `csv`, `json`, `ndjson`, `tickets`, `worklist.pdf`, `worklist.csv`, `unfixed.pdf`,
/// `unfixed.csv`, `comparison.csv`, `comparison.json`, `evidence.pdf`, `evidence.json`, `csaf-vex.json`,
/// `cyclonedx-vex.json`.
#[utoipa::path(get, path = "/api/v1/reports/{kind}", tag = "reports", params(
    ("kind" = String, Path), ReportQuery
), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 400, body = ProblemJson),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn report(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(kind): Path<String>,
    Query(query): Query<ReportQuery>,
) -> Result<Response, Problem> {
    let site = query.site.filter(|site| !site.is_empty());
    may_see(&state, &viewer, site.as_slice()).await?;
    let request = FileRequest {
        kind,
        paper: query.paper,
        site,
        as_of: end_of_day(&query.as_of)?,
        since: end_of_day(&query.since)?,
        imports: imports(query.before, query.after)?,
        filter: Filter::default(),
        vex: VexIdentity::of(state.config()),
    };
    let written = write_file(state.db(), &request, state.now(), &Silent).await.map_err(problem)?;
    Ok(download(written))
}

fn imports(before: Option<i64>, after: Option<i64>) -> Result<Option<(i64, i64)>, Problem> {
    match (before, after) {
        (None, None) => Ok(None),
        (Some(before), Some(after)) => Ok(Some((before, after))),
        _ => Err(Problem::bad_request("cannot compare: expected both `before` and `after`, found one of them")),
    }
}

/// The open exposures that fit a filter as a file; the filter has the words of the addresses of pages
#[utoipa::path(get, path = "/api/v1/exports/{format}", tag = "reports", params(
    ("format" = String, Path, description = "`xlsx`, `csv`, `json`, `ndjson` or `html`"),
    ("site" = Option<String>, Query, description = "Sites by word or name"),
    ("verdict" = Option<String>, Query, description = "`affected`, `possible`"),
    ("severity" = Option<String>, Query, description = "This severity or a higher one"),
    ("kev" = Option<String>, Query, description = "`yes`: a vulnerability is known to be exploited"),
    ("status" = Option<String>, Query, description = "What has been done: `open`, `not_remediated`, `in_progress`, `done`"),
    ("vendor" = Option<String>, Query, description = "A part of the vendor's name"),
    ("sure" = Option<String>, Query, description = "The product was identified at least so surely"),
    ("fix" = Option<String>, Query, description = "`yes`: a version that fixes it is named"),
    ("advisory" = Option<String>, Query, description = "Ids of advisories"),
    ("cve" = Option<String>, Query, description = "Ids of CVEs"),
    ("area" = Option<String>, Query, description = "Areas as the inventory writes them"),
    ("text" = Option<String>, Query, description = "A part of what is written of device or advisory")
), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 400, body = ProblemJson),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn exposures(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(format): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    export(&state, &viewer, &format, query.as_deref()).await
}
