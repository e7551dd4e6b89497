//! Reports that the nightly run makes again and again.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::json::{Page, Problem as ProblemJson, ReportScheduleEntry, ReportScheduleRequest};
use crate::services::scheduled_reports::{add_scheduled_report, change_scheduled_report, delete_scheduled_report};
use crate::web::error::Problem;
use crate::web::pages::schedules::all;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// All scheduled reports with the files that each made last; they are for those who see all sites
#[utoipa::path(get, path = "/api/v1/report-schedules", tag = "reports", responses(
    (status = 200, body = Page<ReportScheduleEntry>),
    (status = 403, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(State(state): State<AppState>, viewer: Viewer) -> Result<Json<Page<ReportScheduleEntry>>, Problem> {
    viewer.seeing_all("the scheduled reports")?;
    let items = all(&state).await?.into_iter().map(ReportScheduleEntry::from).collect();
    Ok(Json(Page { items, next: None }))
}

/// Schedules a report; for administrators
#[utoipa::path(post, path = "/api/v1/report-schedules", tag = "reports", request_body = ReportScheduleRequest, responses(
    (status = 201, body = ReportScheduleEntry),
    (status = 400, body = ProblemJson),
    (status = 403, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn add(
    State(state): State<AppState>,
    viewer: Viewer,
    Json(asked): Json<ReportScheduleRequest>,
) -> Result<(StatusCode, Json<ReportScheduleEntry>), Problem> {
    let viewer = viewer.administrating()?;
    let id = add_scheduled_report(state.db(), &asked.schedule(state.now()), &viewer.name).await?;
    Ok((StatusCode::CREATED, Json(one(&state, id).await?)))
}

/// Changes a scheduled report; what it made before stays as it is
#[utoipa::path(put, path = "/api/v1/report-schedules/{schedule_id}", tag = "reports", params(
    ("schedule_id" = i64, Path)
), request_body = ReportScheduleRequest, responses(
    (status = 200, body = ReportScheduleEntry),
    (status = 400, body = ProblemJson),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(schedule_id): Path<i64>,
    Json(asked): Json<ReportScheduleRequest>,
) -> Result<Json<ReportScheduleEntry>, Problem> {
    let viewer = viewer.administrating()?;
    let (now, schedule) = (state.now(), asked.schedule(state.now()));
    change_scheduled_report(state.db(), schedule_id, &schedule, &viewer.name, now).await?;
    Ok(Json(one(&state, schedule_id).await?))
}

/// Deletes a scheduled report; its files are kept for their days
#[utoipa::path(delete, path = "/api/v1/report-schedules/{schedule_id}", tag = "reports", params(
    ("schedule_id" = i64, Path)
), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn delete(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(schedule_id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let viewer = viewer.administrating()?;
    delete_scheduled_report(state.db(), schedule_id, &viewer.name, state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn one(state: &AppState, id: i64) -> Result<ReportScheduleEntry, Problem> {
    let found = all(state).await?.into_iter().find(|one| one.id == id);
    let gone = || Problem::not_found(format!("cannot find the scheduled report {id}"));
    found.map(ReportScheduleEntry::from).ok_or_else(gone)
}
