//! Sites and how their assets stand.

use axum::Json;
use axum::extract::{Path, State};

use super::json::{Page, Problem as ProblemJson, Site};
use crate::domain::site;
use crate::store;
use crate::web::error::Problem;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// All sites with the six places of each
#[utoipa::path(get, path = "/api/v1/sites", tag = "sites", responses(
    (status = 200, body = Page<Site>),
    (status = "default", body = ProblemJson)
))]
pub async fn list(State(state): State<AppState>, viewer: Viewer) -> Result<Json<Page<Site>>, Problem> {
    Ok(Json(Page { items: visible(&state, &viewer).await?, next: None }))
}

/// One site by its word or name
#[utoipa::path(get, path = "/api/v1/sites/{site}", tag = "sites", params(("site" = String, Path)), responses(
    (status = 200, body = Site),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(wanted): Path<String>,
) -> Result<Json<Site>, Problem> {
    let sites = visible(&state, &viewer).await?;
    let found = sites.into_iter().find(|site| site.site == wanted || site.name == wanted);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("cannot find site `{wanted}`: there is none")))
}

async fn visible(state: &AppState, viewer: &Viewer) -> Result<Vec<Site>, Problem> {
    let summaries = store::site::site_summaries_at(state.db(), state.now()).await?;
    let known = store::site::list_sites(state.db()).await?;
    let sites = known.into_iter().filter(|site| viewer.sites.covers(site.site_id)).map(|known| {
        let summary = summaries.iter().find(|summary| summary.site == known.name);
        summary.cloned().map_or_else(
            || Site::from(site::SiteSummary { site: known.name.clone(), ..site::SiteSummary::default() }),
            Site::from,
        )
    });
    Ok(sites.collect())
}
