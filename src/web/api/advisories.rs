//! Security advisories as they are kept.

use axum::Json;
use axum::extract::{Path, Query, State};

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::json::{Advisory, Comment, NewComment, Page, Problem as ProblemJson};
use super::page::PageQuery;
use crate::domain::advisory::AdvisoryKey;
use crate::services::advisory_notes;
use crate::store;
use crate::web::error::Problem;
use crate::web::pages::advisory::check_comment;
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

/// Which publisher is meant where several use an id.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PublisherQuery {
    /// The publisher's namespace; needed where several publishers use the id.
    #[serde(default)]
    pub namespace: String,
}

/// The advisory that an id means, with its publisher's namespace where that is needed.
///
/// # Errors
///
/// 404 when there is none, 400 when there are several; or the database fails.
pub async fn key_of(state: &AppState, id: &str, namespace: &str) -> Result<AdvisoryKey, Problem> {
    let mut found = store::advisory::list_advisories_by_id(state.db(), id).await?;
    found.retain(|revision| namespace.is_empty() || revision.key.namespace == namespace);
    match found.len() {
        0 => Err(Problem::not_found(format!("cannot find advisory `{id}`: there is none"))),
        1 => Ok(found.swap_remove(0).key),
        n => Err(Problem::bad_request(format!(
            "cannot find advisory `{id}`: {n} publishers use this id\nhint: name one with `namespace`"
        ))),
    }
}

/// The document of the revision that counts, as it was published
#[utoipa::path(get, path = "/api/v1/advisories/{id}/document", tag = "advisories", params(
    ("id" = String, Path), PublisherQuery
), responses(
    (status = 200, body = Vec<u8>, content_type = "application/json"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn document(
    State(state): State<AppState>,
    _: Viewer,
    Path(id): Path<String>,
    Query(query): Query<PublisherQuery>,
) -> Result<Response, Problem> {
    let key = key_of(&state, &id, &query.namespace).await?;
    let gone = || Problem::not_found(format!("cannot find advisory `{id}`: its document is gone"));
    let current = store::advisory::find_advisory(state.db(), &key).await?.ok_or_else(gone)?;
    let document =
        store::advisory::find_advisory_document(state.db(), &key, &current.sha256).await?.ok_or_else(gone)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document.bytes().map_err(Problem::from)?).into_response())
}

/// What people noted about an advisory, the oldest first
#[utoipa::path(get, path = "/api/v1/advisories/{id}/comments", tag = "advisories", params(
    ("id" = String, Path), PublisherQuery
), responses(
    (status = 200, body = Page<Comment>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn comments(
    State(state): State<AppState>,
    _: Viewer,
    Path(id): Path<String>,
    Query(query): Query<PublisherQuery>,
) -> Result<Json<Page<Comment>>, Problem> {
    let key = key_of(&state, &id, &query.namespace).await?;
    let comments = store::advisory_note::list_advisory_comments(state.db(), &key).await?;
    Ok(Json(Page { items: comments.into_iter().map(Comment::from).collect(), next: None }))
}

/// Notes something about an advisory
#[utoipa::path(post, path = "/api/v1/advisories/{id}/comments", tag = "advisories", params(
    ("id" = String, Path), PublisherQuery
), request_body = NewComment, responses(
    (status = 201, body = Page<Comment>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn comment(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<PublisherQuery>,
    Json(new): Json<NewComment>,
) -> Result<(StatusCode, Json<Page<Comment>>), Problem> {
    let viewer = viewer.editing()?;
    let key = key_of(&state, &id, &query.namespace).await?;
    let text = check_comment(&new.text)?;
    advisory_notes::comment(state.db(), &key, &viewer.name, text, state.now()).await?;
    let comments = store::advisory_note::list_advisory_comments(state.db(), &key).await?;
    let items = comments.into_iter().map(Comment::from).collect();
    Ok((StatusCode::CREATED, Json(Page { items, next: None })))
}

/// Marks the revision that counts as read by you
#[utoipa::path(put, path = "/api/v1/advisories/{id}/read", tag = "advisories", params(
    ("id" = String, Path), PublisherQuery
), responses(
    (status = 204, description = "It is marked"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn read(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<PublisherQuery>,
) -> Result<StatusCode, Problem> {
    set_read(&state, &viewer, &id, &query.namespace, true).await
}

/// Marks the revision that counts as not read by you
#[utoipa::path(delete, path = "/api/v1/advisories/{id}/read", tag = "advisories", params(
    ("id" = String, Path), PublisherQuery
), responses(
    (status = 204, description = "It is no longer marked"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn unread(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<PublisherQuery>,
) -> Result<StatusCode, Problem> {
    set_read(&state, &viewer, &id, &query.namespace, false).await
}

async fn set_read(
    state: &AppState,
    viewer: &Viewer,
    id: &str,
    namespace: &str,
    is_read: bool,
) -> Result<StatusCode, Problem> {
    let key = key_of(state, id, namespace).await?;
    advisory_notes::mark_read(state.db(), &key, &viewer.name, is_read, state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
