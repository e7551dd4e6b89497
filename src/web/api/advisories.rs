//! Security advisories as they are kept.

use axum::Json;
use axum::extract::{Path, Query, State};

use super::json::{Advisory, Page, Problem as ProblemJson};
use super::page::PageQuery;
use crate::domain::advisory::AdvisoryKey;
use crate::store;
use crate::web::error::Problem;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The revision that counts of each advisory, by id
#[utoipa::path(get, path = "/api/v1/advisories", tag = "advisories", params(PageQuery), responses(
    (status = 200, body = Page<Advisory>),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(
    State(state): State<AppState>,
    _: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Advisory>>, Problem> {
    let limit = query.limit()?;
    // An id holds no line break, a namespace is a URL without one.
    let after = query.after.as_deref().map(|cursor| {
        let (id, namespace) = cursor.split_once('\n').unwrap_or((cursor, ""));
        AdvisoryKey { namespace: namespace.to_owned(), id: id.to_owned() }
    });
    let found = store::advisory::list_advisories(state.db(), after.as_ref(), limit).await?;
    let next = (found.len() == limit as usize)
        .then(|| found.last().map(|last| format!("{}\n{}", last.key.id, last.key.namespace)))
        .flatten();
    Ok(Json(Page { items: found.into_iter().map(Advisory::from).collect(), next }))
}

/// The advisories with this id, whoever published them
#[utoipa::path(get, path = "/api/v1/advisories/{id}", tag = "advisories", params(("id" = String, Path)), responses(
    (status = 200, body = Page<Advisory>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn show(
    State(state): State<AppState>,
    _: Viewer,
    Path(id): Path<String>,
) -> Result<Json<Page<Advisory>>, Problem> {
    let found = store::advisory::list_advisories_by_id(state.db(), &id).await?;
    if found.is_empty() {
        return Err(Problem::not_found(format!("cannot find advisory `{id}`: there is none")));
    }
    Ok(Json(Page { items: found.into_iter().map(Advisory::from).collect(), next: None }))
}
