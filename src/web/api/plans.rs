//! Shutdown plans: what to do in a window, and what was read back after it.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use utoipa::IntoParams;

use super::json::{
    Page, PlanDetail, PlanEntry, PlanRequest, Problem as ProblemJson, ReadBackResult, ReadBacks, StepChoice,
};
use super::page::PageQuery;
use crate::domain::plan::NewPlan;
use crate::services::plan_shutdown::{self, Choice, Reading};
use crate::services::progress::Silent;
use crate::services::write_report::write_work_order_file;
use crate::store;
use crate::web::error::Problem;
use crate::web::pages::plans::{is_visible, plan_of};
use crate::web::pages::reports::{download, may_see, plan_problem, problem};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Plans that the viewer may see, the latest first
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans", params(PageQuery), responses(
    (status = 200, body = Page<PlanEntry>),
    (status = "default", body = ProblemJson)
))]
pub async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<PlanEntry>>, Problem> {
    let limit = query.limit()?;
    let found = store::plan::list_plans(state.db(), query.after_id()?, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.plan_id.to_string());
    let sites = store::site::list_sites(state.db()).await?;
    let items = found.into_iter().filter(|plan| is_visible(plan, &viewer, &sites)).map(PlanEntry::from).collect();
    Ok(Json(Page { items, next }))
}

/// Makes a plan
#[utoipa::path(post, path = "/api/v1/plans", tag = "plans", request_body = PlanRequest, responses(
    (status = 201, body = PlanEntry),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn make(
    State(state): State<AppState>,
    viewer: Viewer,
    Json(asked): Json<PlanRequest>,
) -> Result<(StatusCode, Json<PlanEntry>), Problem> {
    let viewer = viewer.editing()?;
    may_see(&state, &viewer, &asked.sites).await?;
    let time_zone = if asked.time_zone.is_empty() { "UTC".to_owned() } else { asked.time_zone };
    if TimeZone::get(&time_zone).is_err() {
        return Err(Problem::bad_request(format!(
            "cannot make the plan: expected a zone like `Europe/Berlin`, found `{time_zone}`"
        )));
    }
    let moment = |name: &str, text: &str| {
        text.parse::<Timestamp>().map_err(|_| {
            Problem::bad_request(format!("cannot make the plan: expected RFC 3339 in `{name}`, found `{text}`"))
        })
    };
    let new = NewPlan {
        name: asked.name,
        from: moment("from", &asked.from)?,
        to: moment("to", &asked.to)?,
        sites: asked.sites,
        time_zone,
        made_by: viewer.name,
        made_at: state.now(),
    };
    let plan_id = plan_shutdown::make_plan(state.db(), &new).await.map_err(|e| plan_problem(&e))?;
    let plan = plan_shutdown::find_plan(state.db(), plan_id).await.map_err(|e| plan_problem(&e))?;
    Ok((StatusCode::CREATED, Json(plan.into())))
}

/// One plan: its steps while it is a draft, its work once it is frozen
#[utoipa::path(get, path = "/api/v1/plans/{plan_id}", tag = "plans", params(("plan_id" = i64, Path)), responses(
    (status = 200, body = PlanDetail),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(plan_id): Path<i64>,
) -> Result<Json<PlanDetail>, Problem> {
    detail(&state, &viewer, plan_id).await
}

async fn detail(state: &AppState, viewer: &Viewer, plan_id: i64) -> Result<Json<PlanDetail>, Problem> {
    let plan = plan_of(state, viewer, plan_id).await?;
    if plan.frozen.is_some() {
        let work = plan_shutdown::work(state.db(), plan_id).await.map_err(|e| plan_problem(&e))?;
        return Ok(Json(PlanDetail::new(plan, None, work.assets)));
    }
    let proposal = plan_shutdown::propose(state.db(), plan_id, state.now(), &Silent).await;
    Ok(Json(PlanDetail::new(plan, Some(proposal.map_err(|e| plan_problem(&e))?), Vec::new())))
}

/// Chooses the target of a step of a draft, or leaves the step out
#[utoipa::path(post, path = "/api/v1/plans/{plan_id}/choices", tag = "plans", params(
    ("plan_id" = i64, Path)
), request_body = StepChoice, responses(
    (status = 200, body = PlanDetail),
    (status = 404, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn choose(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(plan_id): Path<i64>,
    Json(chosen): Json<StepChoice>,
) -> Result<Json<PlanDetail>, Problem> {
    let viewer = viewer.editing()?;
    plan_of(&state, &viewer, plan_id).await?;
    let choice = match (chosen.leave_out, chosen.target.filter(|target| !target.trim().is_empty())) {
        (true, _) => Choice::LeaveOut,
        (false, Some(target)) => Choice::Target(target),
        (false, None) => Choice::Proposed,
    };
    plan_shutdown::choose(state.db(), plan_id, chosen.step, &choice, &viewer.name, state.now(), &Silent)
        .await
        .map_err(|e| plan_problem(&e))?;
    detail(&state, &viewer, plan_id).await
}

/// Freezes a draft: each asset of its steps becomes a piece of work
#[utoipa::path(post, path = "/api/v1/plans/{plan_id}/freeze", tag = "plans", params(
    ("plan_id" = i64, Path)
), responses(
    (status = 200, body = PlanDetail),
    (status = 400, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn freeze(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(plan_id): Path<i64>,
) -> Result<Json<PlanDetail>, Problem> {
    let viewer = viewer.editing()?;
    plan_of(&state, &viewer, plan_id).await?;
    plan_shutdown::freeze(state.db(), plan_id, &viewer.name, state.now(), &Silent)
        .await
        .map_err(|e| plan_problem(&e))?;
    detail(&state, &viewer, plan_id).await
}

/// Keeps what was read off the devices of a frozen plan and judges them again
#[utoipa::path(post, path = "/api/v1/plans/{plan_id}/readings", tag = "plans", params(
    ("plan_id" = i64, Path)
), request_body = ReadBacks, responses(
    (status = 200, body = ReadBackResult),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn read_back(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(plan_id): Path<i64>,
    Json(given): Json<ReadBacks>,
) -> Result<Json<ReadBackResult>, Problem> {
    let viewer = viewer.editing()?;
    plan_of(&state, &viewer, plan_id).await?;
    let readings: Vec<Reading> = given
        .readings
        .into_iter()
        .map(|one| Reading { site: one.site, tag: one.tag, firmware: one.firmware })
        .collect();
    let done = plan_shutdown::read_back(state.db(), plan_id, &readings, &viewer.name, state.now(), &Silent).await;
    let done = done.map_err(|e| plan_problem(&e))?;
    if !done.problem.is_empty() {
        tracing::warn!("what was read back is judged by the next run: {}", done.problem);
    }
    Ok(Json(ReadBackResult { n_read: done.n_read, refused: done.refused }))
}

/// How the work order is written.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WorkOrderQuery {
    /// `pdf` (when left out), `html`, `csv` or another form that the message of a refusal names.
    #[serde(default)]
    pub kind: String,
    /// `a4` or `letter`.
    #[serde(default)]
    pub paper: String,
}

/// The work order of a frozen plan as a file
#[utoipa::path(get, path = "/api/v1/plans/{plan_id}/work-order", tag = "plans", params(
    ("plan_id" = i64, Path), WorkOrderQuery
), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn work_order(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(plan_id): Path<i64>,
    Query(query): Query<WorkOrderQuery>,
) -> Result<Response, Problem> {
    plan_of(&state, &viewer, plan_id).await?;
    let kind = if query.kind.is_empty() { "pdf" } else { &query.kind };
    let written = write_work_order_file(state.db(), plan_id, kind, &query.paper).await.map_err(problem)?;
    Ok(download(written))
}
