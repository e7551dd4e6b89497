//! Runs of the matcher.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;

use super::json::{JobStarted, Page, Problem as ProblemJson, Run};
use super::page::read_limit;
use crate::domain::job::{JobKind, NewJob};
use crate::domain::rescan::Trigger;
use crate::services::jobs::{JobDone, JobRun, Started};
use crate::services::rescan::rescan;
use crate::store;
use crate::web::error::Problem;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// What a program asks of the list of runs.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RunsQuery {
    /// How many of the latest runs, up to 1000; 100 when left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// The latest runs, the latest first
#[utoipa::path(get, path = "/api/v1/rescans", tag = "rescans", params(RunsQuery), responses(
    (status = 200, body = Page<Run>),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<RunsQuery>,
) -> Result<Json<Page<Run>>, Problem> {
    // A run counts the assets of all sites.
    viewer.seeing_all("the runs")?;
    let runs = store::rescan::list_rescans(state.db(), read_limit(query.limit)?).await?;
    Ok(Json(Page { items: runs.into_iter().map(Run::from).collect(), next: None }))
}

/// One run
#[utoipa::path(get, path = "/api/v1/rescans/{rescan_id}", tag = "rescans", params(("rescan_id" = i64, Path)), responses(
    (status = 200, body = Run),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(rescan_id): Path<i64>,
) -> Result<Json<Run>, Problem> {
    viewer.seeing_all("the runs")?;
    let run = store::rescan::find_rescan(state.db(), rescan_id).await?;
    run.map(|run| Json(run.into()))
        .ok_or_else(|| Problem::not_found(format!("cannot find rescan {rescan_id}: there is none")))
}

/// Judges everything anew, as a job
#[utoipa::path(post, path = "/api/v1/rescans", tag = "rescans", responses(
    (status = 202, body = JobStarted),
    (status = 403, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn start(State(state): State<AppState>, viewer: Viewer) -> Result<(StatusCode, Json<JobStarted>), Problem> {
    let viewer = viewer.editing()?;
    let new =
        NewJob { kind: JobKind::Rescan, title: "Rescan".to_owned(), who: viewer.name, once: Some("rescan".to_owned()) };
    let db = state.db().clone();
    let work = async move |run: Arc<JobRun>| {
        let done = rescan(&db, Trigger::Manual, run.as_ref()).await.map_err(|error| error.to_string())?;
        let n = &done.rescan;
        Ok(JobDone {
            message: format!(
                "{} opened, {} changed, {} closed, {} same",
                n.n_opened, n.n_changed, n.n_closed, n.n_same
            ),
            result_path: Some(format!("/rescans/{}", done.rescan_id)),
        })
    };
    let started = state.jobs().start(new, work).await?;
    Ok((StatusCode::ACCEPTED, Json(JobStarted::new(started.job_id(), matches!(started, Started::New(_))))))
}
