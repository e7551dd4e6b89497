//! Where advisories come from.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::json::{JobStarted, NewSource, Page, Problem as ProblemJson, Source, Switch};
use crate::domain::source::SourceHealth;
use crate::services::jobs::Started;
use crate::services::source_jobs::start_trial;
use crate::services::sources::{enable_source, find_source};
use crate::store;
use crate::web::error::Problem;
use crate::web::sources as shared;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// All sources with how they do
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", responses(
    (status = 200, body = Page<Source>),
    (status = "default", body = ProblemJson)
))]
pub async fn list(State(state): State<AppState>, _: Viewer) -> Result<Json<Page<Source>>, Problem> {
    let sources = store::source::list_sources(state.db()).await?;
    let health = store::source::list_source_health(state.db()).await?;
    let (silent, now) = (SourceHealth::default(), state.now());
    let items = sources.into_iter().map(|(source_id, source)| {
        let health = health.iter().find(|(id, _)| *id == source_id).map_or(&silent, |(_, health)| health);
        let n_documents = shared::n_documents(&source, health);
        Source::of(source, health, n_documents, now)
    });
    Ok(Json(Page { items: items.collect(), next: None }))
}

/// Adds a source, which is not enabled yet, or changes the choices of one
///
/// Files of the server (tokens, certificates, keys) are named on its command line only.
#[utoipa::path(post, path = "/api/v1/sources", tag = "sources", request_body = NewSource, responses(
    (status = 201, body = Source),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn add(
    State(state): State<AppState>,
    viewer: Viewer,
    Json(new): Json<NewSource>,
) -> Result<(StatusCode, Json<Source>), Problem> {
    let viewer = viewer.administrating()?;
    let (name, choices) = new.choices()?;
    let source = shared::add(&state, &name, choices, &viewer.name).await?;
    Ok((StatusCode::CREATED, Json(Source::of(source, &SourceHealth::default(), 0, state.now()))))
}

/// Turns a source on or off
#[utoipa::path(put, path = "/api/v1/sources/{name}", tag = "sources", params(
    ("name" = String, Path)
), request_body = Switch, responses(
    (status = 204, description = "It is so"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn switch(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(name): Path<String>,
    Json(wanted): Json<Switch>,
) -> Result<StatusCode, Problem> {
    let viewer = viewer.administrating()?;
    enable_source(state.db(), &name, wanted.is_enabled, &viewer.name, state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tries a source as a job: metadata, keys, lists and one document; nothing is kept
#[utoipa::path(post, path = "/api/v1/sources/{name}/test", tag = "sources", params(("name" = String, Path)), responses(
    (status = 202, body = JobStarted),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn test(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<JobStarted>), Problem> {
    let viewer = viewer.administrating()?;
    let source = find_source(state.db(), &name, state.now()).await?;
    let settings = shared::fetch_settings(&state)?;
    started(start_trial(state.jobs(), settings, source, &viewer.name).await?)
}

/// Visits a source as a job, and judges what came
#[utoipa::path(post, path = "/api/v1/sources/{name}/fetch", tag = "sources", params(("name" = String, Path)), responses(
    (status = 202, body = JobStarted),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn fetch(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<JobStarted>), Problem> {
    let viewer = viewer.administrating()?;
    if name.trim().is_empty() {
        return Err(Problem::bad_request("cannot fetch: expected the name of a source, found none"));
    }
    started(shared::start_fetching(&state, name.trim(), &viewer.name).await?)
}

fn started(job: Started) -> Result<(StatusCode, Json<JobStarted>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(JobStarted::new(job.job_id(), matches!(job, Started::New(_))))))
}
