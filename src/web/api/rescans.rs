//! Runs of the matcher.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;

use super::json::{ChangeEntry, Changes, JobStarted, Page, Problem as ProblemJson, Run};
use super::page::read_limit;
use crate::domain::change::Turn;
use crate::domain::rescan::Scope;
use crate::services::jobs::Started;
use crate::services::start_rescan::start_rescan;
use crate::services::what_changed::{Wanted, WhatChanged, what_changed};
use crate::store;
use crate::web::error::Problem;
use crate::web::pages::rescans as pages;
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

/// What of a run is asked for.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    /// Only `new`, `worse`, `better`, `closed` or `retold`.
    pub turn: Option<String>,
    /// Only by `advisory`, `inventory`, `decision`, `exploited`, `matcher` or `judgement`.
    pub cause: Option<String>,
    /// What changed after this earlier run; left out: after the run before.
    pub since: Option<i64>,
    /// How many items of each turn, up to 1000; 100 when left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// What a run changed at your sites, and why
#[utoipa::path(get, path = "/api/v1/rescans/{rescan_id}/changes", tag = "rescans", params(
    ("rescan_id" = i64, Path), ChangesQuery
), responses(
    (status = 200, body = Changes),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn changes(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(rescan_id): Path<i64>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Changes>, Problem> {
    let run = store::rescan::find_rescan(state.db(), rescan_id).await?;
    let Some((_, run)) = run else {
        return Err(Problem::not_found(format!("cannot find rescan {rescan_id}: there is none")));
    };
    let wanted = Wanted {
        sites: viewer.sites.clone(),
        turn: query.turn.as_deref().map(pages::read_turn).transpose()?,
        cause: query.cause.as_deref().map(pages::read_cause).transpose()?,
        max: read_limit(query.limit)? as usize,
    };
    let changed = match (run.error.is_none(), query.since) {
        (false, _) => WhatChanged::default(),
        (true, Some(since)) => {
            if !(0..rescan_id).contains(&since) {
                return Err(Problem::bad_request(format!(
                    "cannot list changes: expected `since` to be the number of an earlier run, found `{since}`"
                )));
            }
            what_changed(state.db(), &store::change::find_stretch(state.db(), since, rescan_id).await?, &wanted).await?
        }
        (true, None) => {
            what_changed(state.db(), &store::change::find_stretch_of(state.db(), rescan_id).await?, &wanted).await?
        }
    };
    Ok(Json(Changes {
        n_new: changed.n(Turn::New),
        n_worse: changed.n(Turn::Worse),
        n_better: changed.n(Turn::Better),
        n_closed: changed.n(Turn::Closed),
        n_retold: changed.n(Turn::Retold),
        items: changed.kept.into_iter().map(ChangeEntry::from).collect(),
    }))
}

/// What is to be judged.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct StartQuery {
    /// Ids of advisories with commas between: these against all assets.
    pub advisories: Option<String>,
    /// Numbers of assets with commas between: these against all advisories.
    pub assets: Option<String>,
}

async fn scope_of(state: &AppState, viewer: &Viewer, query: &StartQuery) -> Result<Scope, Problem> {
    let parts = |text: &Option<String>| -> Vec<String> {
        let parts = text.iter().flat_map(|text| text.split(',')).map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (advisories, assets) = (parts(&query.advisories), parts(&query.assets));
    match (advisories.is_empty(), assets.is_empty()) {
        (true, true) => Ok(Scope::All),
        (false, false) => Err(Problem::bad_request("cannot rescan: expected `advisories` or `assets`, found both")),
        (false, true) => {
            let mut keys = Vec::new();
            for id in &advisories {
                let found = store::advisory::list_advisories_by_id(state.db(), id).await?;
                if found.is_empty() {
                    return Err(Problem::not_found(format!("cannot find advisory `{id}`: there is none")));
                }
                keys.extend(found.into_iter().map(|revision| revision.key));
            }
            Ok(Scope::Advisories(keys))
        }
        (true, false) => {
            let mut ids = Vec::new();
            for text in &assets {
                ids.push(text.parse::<i64>().map_err(|_| {
                    Problem::bad_request(format!("cannot rescan: expected the number of an asset, found `{text}`"))
                })?);
            }
            let visible = store::listing::assets::list_visible(state.db(), &viewer.sites, &ids).await?;
            match ids.iter().find(|id| !visible.contains(id)) {
                Some(id) => Err(Problem::not_found(format!("cannot find asset {id}: there is none"))),
                None => Ok(Scope::Assets(visible)),
            }
        }
    }
}

/// Judges everything anew, or some advisories or assets, as a job
#[utoipa::path(post, path = "/api/v1/rescans", tag = "rescans", params(StartQuery), responses(
    (status = 202, body = JobStarted),
    (status = 403, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn start(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<StartQuery>,
) -> Result<(StatusCode, Json<JobStarted>), Problem> {
    let viewer = viewer.editing()?;
    let scope = scope_of(&state, &viewer, &query).await?;
    let started = start_rescan(state.jobs(), state.db(), scope, &viewer.name).await?;
    Ok((StatusCode::ACCEPTED, Json(JobStarted::new(started.job_id(), matches!(started, Started::New(_))))))
}
