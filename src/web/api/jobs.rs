//! Long work: how far it is and how it ended.

use axum::Json;
use axum::extract::{Path, Query, State};

use super::json::{Job, Page, Problem as ProblemJson};
use super::page::PageQuery;
use crate::web::error::Problem;
use crate::web::pages::jobs::{is_visible, job_of};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Jobs, the latest first
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(PageQuery), responses(
    (status = 200, body = Page<Job>),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Job>>, Problem> {
    let limit = query.limit()?;
    let jobs = state.jobs().list(query.after_id()?, limit).await?;
    let next = (jobs.len() == limit as usize).then(|| jobs.last().map(|job| job.job_id.to_string())).flatten();
    let items = jobs.into_iter().filter(|job| is_visible(job, &viewer)).map(Job::from).collect();
    Ok(Json(Page { items, next }))
}

/// One job
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}", tag = "jobs", params(("job_id" = i64, Path)), responses(
    (status = 200, body = Job),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(job_id): Path<i64>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(job_of(&state, &viewer, job_id).await?.into()))
}

/// Asks a job to end; it does so at its next safe point
#[utoipa::path(post, path = "/api/v1/jobs/{job_id}/cancel", tag = "jobs", params(("job_id" = i64, Path)), responses(
    (status = 200, body = Job),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn cancel(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(job_id): Path<i64>,
) -> Result<Json<Job>, Problem> {
    let viewer = viewer.editing()?;
    let job = job_of(&state, &viewer, job_id).await?;
    state.jobs().cancel(job.job_id).await?;
    Ok(Json(job_of(&state, &viewer, job_id).await?.into()))
}
