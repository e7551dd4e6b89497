//! `/advisories/{publisher}/{id}/document` and `/file`: the document as it was published.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::find;
use crate::services::show_advisory::ShownAdvisory;
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links;
use crate::web::partials::Identifier;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The query of the page of a document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DocumentQuery {
    /// A JSON pointer.
    at: String,
    /// The digest of a revision; blank for the one that counts.
    sha256: String,
}

/// The page of a document.
#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage {
    frame: Frame,
    href: String,
    id: String,
    at: String,
    text: String,
    sha256: String,
    is_cut: bool,
}

/// Characters of a document that its page shows; the file has all.
const MAX_SHOWN: usize = 200_000;

async fn bytes_of(state: &AppState, shown: &ShownAdvisory, sha256: &str) -> Result<(String, Vec<u8>), Problem> {
    let gone = || Problem::not_found("cannot show the document: there is no such revision");
    let revision = shown.revisions.iter().find(|r| sha256.is_empty() || r.sha256 == sha256).ok_or_else(gone)?;
    let document =
        store::advisory::find_advisory_document(state.db(), &revision.key, &revision.sha256).await?.ok_or_else(gone)?;
    Ok((revision.sha256.clone(), document.bytes()?))
}

/// `GET /advisories/{publisher}/{id}/document`: the document at one place.
pub async fn document(
    State(state): State<AppState>,
    viewer: Viewer,
    Path((publisher, id)): Path<(String, String)>,
    Query(query): Query<DocumentQuery>,
) -> Result<Response, Problem> {
    let shown = match find(&state, &publisher, &id).await? {
        Ok(found) => found,
        Err(href) => return Ok(Redirect::to(&format!("{href}/document")).into_response()),
    };
    let (sha256, bytes) = bytes_of(&state, &shown, &query.sha256).await?;
    let whole: serde_json::Value = serde_json::from_slice(&bytes).map_err(Problem::internal)?;
    let node = whole.pointer(&query.at).ok_or_else(|| {
        Problem::not_found(format!("cannot show the document at `{}`: it has no such place", query.at))
    })?;
    let mut text = serde_json::to_string_pretty(node).map_err(Problem::internal)?;
    let is_cut = text.len() > MAX_SHOWN;
    if is_cut {
        let end = (0..=MAX_SHOWN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    let frame = Frame::load(&state, &viewer, Nav::Advisories, format!("{} as published", shown.advisory.id)).await?;
    let href = links::advisory(&shown.advisory.key());
    render(&DocumentPage { frame, href, id: shown.advisory.id, at: query.at, text, sha256, is_cut })
}

/// `GET /advisories/{publisher}/{id}/file`: the document as it came.
pub async fn file(
    State(state): State<AppState>,
    _viewer: Viewer,
    Path((publisher, id)): Path<(String, String)>,
    Query(query): Query<DocumentQuery>,
) -> Result<Response, Problem> {
    let shown = match find(&state, &publisher, &id).await? {
        Ok(found) => found,
        Err(href) => return Ok(Redirect::to(&format!("{href}/file")).into_response()),
    };
    let (_, bytes) = bytes_of(&state, &shown, &query.sha256).await?;
    let name: String = shown
        .advisory
        .id
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "+-".contains(c) { c } else { '_' })
        .collect();
    Ok((
        [
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.json\"")),
        ],
        bytes,
    )
        .into_response())
}
