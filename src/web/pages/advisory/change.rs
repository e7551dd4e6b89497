//! What people do with an advisory: note something, mark it as read, rescan it, take it away.

use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::find;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::advisory_note::Deletion;
use crate::domain::rescan::Scope;
use crate::services::advisory_notes;
use crate::store;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links;
use crate::web::pages::rescans;
use crate::web::partials::counted;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Characters of a comment.
const MAX_COMMENT: usize = 10_000;

/// `POST /advisories/{publisher}/{id}`: `act=comment`, `uncomment`, `read`, `unread`, `rescan` or `delete`.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    Path((publisher, id)): Path<(String, String)>,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let Ok(shown) = find(&state, &publisher, &id).await? else {
        return Err(Problem::not_found(format!(
            "cannot change `{id}`: no publisher `{publisher}` has an advisory of this id"
        )));
    };
    let (db, now, fields) = (state.db(), state.now(), Fields::read(&form));
    let key = shown.advisory.key();
    let back = links::advisory(&key);
    match fields.get("act") {
        "comment" => {
            let text = check_comment(fields.get("text"))?;
            advisory_notes::comment(db, &key, &viewer.name, text, now).await?;
            Ok(Redirect::to(&format!("{back}#comments")).into_response())
        }
        "uncomment" => {
            let number = fields.number("comment")?;
            let comments = store::advisory_note::list_advisory_comments(db, &key).await?;
            let Some(comment) = comments.into_iter().find(|comment| comment.comment_id == number) else {
                return Err(Problem::not_found(format!(
                    "cannot remove comment {number}: `{}` has none of this number",
                    key.id
                )));
            };
            if comment.author != viewer.name && !viewer.may_administrate() {
                return Err(Problem::forbidden(format!(
                    "cannot remove comment {number}: it is of `{}`",
                    comment.author
                )));
            }
            advisory_notes::remove_comment(db, &comment, &viewer.name, now).await?;
            Ok(Redirect::to(&format!("{back}#comments")).into_response())
        }
        "read" | "unread" => {
            let is_read = fields.get("act") == "read";
            advisory_notes::mark_read(db, &key, &viewer.name, is_read, now).await?;
            let to = if is_read { "/advisories?unread=1" } else { &back };
            Ok(Redirect::to(to).into_response())
        }
        "rescan" => rescan_advisories(&state, &viewer, vec![key]).await,
        "delete" => {
            let viewer = viewer.administrating()?;
            advisory_notes::remove_advisory(db, &key, &[], &viewer.name, now).await?;
            // The exposures close in a run of their own.
            rescan_advisories(&state, &viewer, vec![key]).await
        }
        other => Err(Problem::bad_request(format!(
            "cannot change the advisory: expected `act` to be comment, uncomment, read, unread, rescan or delete, found `{other}`"
        ))),
    }
}

/// The text of a comment without blanks around it.
///
/// # Errors
///
/// 400 when it is blank or too long.
pub fn check_comment(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    match text.chars().count() {
        1..=MAX_COMMENT => Ok(text),
        n => Err(Problem::bad_request(format!(
            "cannot note this: expected a text of 1 to {MAX_COMMENT} characters, found {n}"
        ))),
    }
}

/// Judges these advisories against all assets and leads to the page of the run.
///
/// # Errors
///
/// The database fails.
pub async fn rescan_advisories(state: &AppState, viewer: &Viewer, keys: Vec<AdvisoryKey>) -> Result<Response, Problem> {
    rescans::start(state, viewer, Scope::Advisories(keys)).await
}

#[derive(Template)]
#[template(path = "advisory_delete.html")]
struct DeletePage {
    frame: Frame,
    href: String,
    plan: Deletion,
}

impl DeletePage {
    fn counted(&self, n: &u64, one: &str, many: &str) -> String {
        counted(*n, one, many)
    }
}

/// `GET /advisories/{publisher}/{id}/delete`: what would go away with it.
pub async fn ask_to_delete(
    State(state): State<AppState>,
    viewer: Viewer,
    Path((publisher, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let viewer = viewer.administrating()?;
    let shown = match find(&state, &publisher, &id).await? {
        Ok(found) => found,
        Err(href) => return Ok(Redirect::to(&format!("{href}/delete")).into_response()),
    };
    let key = shown.advisory.key();
    let Some(plan) = store::advisory_note::plan_deletion(state.db(), &key, &[]).await? else {
        return Err(Problem::not_found(format!("cannot delete `{id}`: no revision is kept")));
    };
    let frame = Frame::load(&state, &viewer, Nav::Advisories, format!("Delete {}", key.id)).await?;
    render(&DeletePage { frame, href: links::advisory(&key), plan })
}
