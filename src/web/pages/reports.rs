//! `/reports`: files to take away, of one site or of all, for now or for a past day.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::account::SiteScope;
use crate::domain::site::Site;
use crate::services::evaluation_record::EvidenceError;
use crate::services::plan_shutdown::PlanError;
use crate::services::progress::Silent;
use crate::services::stored_report::ReportError;
use crate::services::worklist::WorklistError;
use crate::services::write_report::{FileError, FileRequest, KINDS, Written, write_file};
use crate::store;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    frame: Frame,
    /// Those that the viewer sees.
    sites: Vec<Site>,
    sees_all: bool,
    kinds: [(&'static str, &'static str); 13],
}

/// `GET /reports`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::Reports, "Reports").await?;
    let mut sites = store::site::list_sites(state.db()).await?;
    sites.retain(|site| viewer.sites.covers(site.site_id));
    render(&ReportsPage { frame, sites, sees_all: viewer.sites == SiteScope::All, kinds: KINDS })
}

/// `GET /reports/file?kind=pdf&site=Riverside&as_of=2026-11-22&paper=a4`.
pub async fn file(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let site = Some(fields.get("site").to_owned()).filter(|site| !site.is_empty());
    may_see(&state, &viewer, site.as_slice()).await?;
    let request = FileRequest {
        kind: fields.get("kind").to_owned(),
        paper: fields.get("paper").to_owned(),
        site,
        as_of: end_of_day(fields.get("as_of"))?,
    };
    let written = write_file(state.db(), &request, state.now(), &Silent).await.map_err(problem)?;
    Ok(download(written))
}

/// Refuses sites that the viewer does not see; none means all.
///
/// # Errors
///
/// 404 where a site is not known or not the viewer's, 403 for all sites.
pub async fn may_see(state: &AppState, viewer: &Viewer, sites: &[String]) -> Result<(), Problem> {
    if sites.is_empty() && viewer.sites != SiteScope::All {
        return Err(Problem::forbidden("cannot show all sites: you see some of them\nhint: choose one of your sites"));
    }
    for name in sites {
        let site = store::site::find_site(state.db(), name).await?;
        if site.is_none_or(|site| !viewer.sites.covers(site.site_id)) {
            return Err(Problem::not_found(format!("cannot find the site `{name}`")));
        }
    }
    Ok(())
}

/// The last moment of a day in UTC; `None` for a blank field.
fn end_of_day(text: &str) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::bad_request(format!("cannot read the day: expected one like 2026-01-03, found `{text}`"));
    let day: Date = text.parse().map_err(|_| wrong())?;
    let end = day.to_zoned(TimeZone::UTC).and_then(|start| start.end_of_day()).map_err(|_| wrong())?;
    Ok(Some(end.timestamp()))
}

/// The file as an answer that a browser saves.
pub fn download(written: Written) -> Response {
    let disposition = format!("attachment; filename=\"{}\"", written.name);
    ([(CONTENT_TYPE, written.content_type.to_owned()), (CONTENT_DISPOSITION, disposition)], written.bytes)
        .into_response()
}

/// What went wrong, as an answer.
pub fn problem(error: FileError) -> Problem {
    match &error {
        FileError::Kind { .. } | FileError::Paper(_) => Problem::bad_request(error.to_string()),
        FileError::Plan(plan) => plan_problem(plan),
        FileError::Report(ReportError::UnknownSite { .. })
        | FileError::Worklist(WorklistError::UnknownSite { .. })
        | FileError::Evidence(EvidenceError::Report(ReportError::UnknownSite { .. })) => {
            Problem::not_found(error.to_string())
        }
        FileError::Report(ReportError::NotJudged | ReportError::TooEarly { .. })
        | FileError::Evidence(EvidenceError::Report(ReportError::NotJudged | ReportError::TooEarly { .. }))
        | FileError::Evidence(EvidenceError::Days(_))
        | FileError::Worklist(WorklistError::Nothing { .. }) => Problem::bad_request(error.to_string()),
        _ => Problem::internal(error),
    }
}

/// What went wrong with a plan, as an answer.
pub fn plan_problem(error: &PlanError) -> Problem {
    match error {
        PlanError::UnknownPlan { .. } | PlanError::UnknownStep { .. } | PlanError::UnknownSite { .. } => {
            Problem::not_found(error.to_string())
        }
        PlanError::EndsBeforeItStarts { .. } | PlanError::NoName | PlanError::Empty { .. } => {
            Problem::bad_request(error.to_string())
        }
        PlanError::Frozen { .. } | PlanError::Draft { .. } => Problem::conflict(error.to_string()),
        PlanError::Load(_) | PlanError::Store(_) => Problem::internal(error),
    }
}
