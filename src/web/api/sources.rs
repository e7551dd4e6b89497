//! Where advisories come from.

use axum::Json;
use axum::extract::State;

use super::json::{Page, Problem as ProblemJson, Source, at};
use crate::domain::source::SourceHealth;
use crate::store;
use crate::web::error::Problem;
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
    let silent = SourceHealth::default();
    let items = sources.into_iter().map(|(source_id, source)| {
        let health = health.iter().find(|(id, _)| *id == source_id).map_or(&silent, |(_, health)| health);
        Source {
            name: source.name,
            title: source.title,
            kind: source.kind.word(),
            url: source.url,
            is_enabled: source.is_enabled,
            last_good_at: health.last_good_at.map(at),
            silent_days: health.silent_days(state.now()),
            n_documents: health.n_documents(),
        }
    });
    Ok(Json(Page { items: items.collect(), next: None }))
}
