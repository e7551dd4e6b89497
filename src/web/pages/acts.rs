//! What people did: the bar that names the last act with its undo, taking an act back, and the list of all acts.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use crate::domain::audit::AuditEntry;
use crate::domain::job::{JobKind, NewJob};
use crate::services::decide_match::DecideError;
use crate::services::edit_assets::EditError;
use crate::services::jobs::{JobDone, JobRun};
use crate::services::progress::Silent;
use crate::services::set_remediation::MANY;
use crate::services::undo_act::{UndoError, undo_act};
use crate::store;
use crate::store::audit::Seen;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, StatusBar, render};
use crate::web::pages::jobs;
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The bar for the act with this number, as a page shows it after a form was sent; `None` for an unknown number.
pub async fn bar(
    state: &AppState,
    viewer: &Viewer,
    did: Option<&str>,
    back: &str,
) -> Result<Option<StatusBar>, Problem> {
    let Some(audit_id) = did.and_then(|did| did.parse::<i64>().ok()) else { return Ok(None) };
    let Some(act) = store::audit::find_audit(state.db(), audit_id, seen(viewer)).await? else { return Ok(None) };
    let mut text = sentence(&act.entry.what);
    if let Some(answer) = store::review::list_answers_of_act(state.db(), audit_id).await?.first() {
        text = format!("{text} {}", answer.effect);
    }
    let can_undo = viewer.may_edit() && act.entry.act.can_be_taken_back() && act.undone_by.is_none();
    let undo =
        can_undo.then(|| format!("/acts/{audit_id}/undo?back={}", crate::domain::filter::query_text::encode(back)));
    Ok(Some(StatusBar { text, undo }))
}

/// The acts that this person is shown.
pub fn seen(viewer: &Viewer) -> Seen<'_> {
    Seen { sites: &viewer.sites, accounts: viewer.may_administrate() }
}

/// With a capital letter in front and a full stop behind.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// `POST /acts/{audit_id}/undo?back=`.
pub async fn undo(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(audit_id): Path<i64>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let query = Fields::read(query.as_deref().unwrap_or_default().as_bytes());
    if let Some(job_id) = start_undo(&state, &viewer, audit_id, query.get("back")).await? {
        return jobs::lead_to(&state, job_id).await;
    }
    let undone =
        undo_act(state.db(), audit_id, &viewer.name, &viewer.sites, state.now(), &Silent).await.map_err(problem)?;
    Ok(Redirect::to(&back_with(query.get("back"), undone.audit_id)).into_response())
}

/// Begins to take back an act that touched many assets as a job, and gives its id; `None` for one that is taken back at
/// once, or that this person does not know.
///
/// # Errors
///
/// The database fails.
pub async fn start_undo(state: &AppState, viewer: &Viewer, audit_id: i64, back: &str) -> Result<Option<i64>, Problem> {
    let Some(act) = store::audit::find_audit(state.db(), audit_id, seen(viewer)).await? else { return Ok(None) };
    if act.undone_by.is_some() || store::remediation::count_touched(state.db(), audit_id).await? <= MANY {
        return Ok(None);
    }
    let new = NewJob {
        kind: JobKind::Undo,
        title: format!("Take back: {}", act.entry.what),
        who: viewer.name.clone(),
        once: Some(format!("take back act {audit_id}")),
    };
    let (db, viewer, back) = (state.db().clone(), viewer.clone(), back.to_owned());
    let work = async move |run: Arc<JobRun>| {
        let now = Timestamp::now();
        let undone = undo_act(&db, audit_id, &viewer.name, &viewer.sites, now, run.as_ref()).await;
        let undone = undone.map_err(|error| error.to_string())?;
        Ok(JobDone {
            message: undone.told.trim_end_matches('.').to_owned(),
            result_path: Some(back_with(&back, undone.audit_id)),
        })
    };
    Ok(Some(state.jobs().start(new, work).await?.job_id()))
}

/// The address to go back to, with the act that was done; `/review` when it is no path of ours.
pub fn back_with(back: &str, audit_id: i64) -> String {
    let back = if back.starts_with('/') && !back.starts_with("//") && !back.contains('\\') { back } else { "/review" };
    let (path, query) = back.split_once('?').unwrap_or((back, ""));
    let kept: Vec<&str> = query.split('&').filter(|word| !word.is_empty() && !word.starts_with("did=")).collect();
    let kept: String = kept.iter().map(|word| format!("{word}&")).collect();
    format!("{path}?{kept}did={audit_id}")
}

/// What a page says when an act is not taken back.
pub fn problem(error: UndoError) -> Problem {
    match error {
        UndoError::Unknown { .. } => Problem::not_found(error.to_string()),
        UndoError::Undone { .. } | UndoError::IsUndo { .. } | UndoError::Opposite { .. } => {
            Problem::conflict(error.to_string())
        }
        UndoError::Decide(error) => decide_problem(error),
        UndoError::Edit(error) => edit_problem(error),
        UndoError::Store(error) => error.into(),
    }
}

/// What a page says when an answer is not taken.
pub fn decide_problem(error: DecideError) -> Problem {
    match error {
        DecideError::Gone | DecideError::Changed | DecideError::Faster(_) => Problem::conflict(error.to_string()),
        DecideError::Store(error) => error.into(),
        DecideError::Load(_) | DecideError::Rescan(_) => Problem::internal(error),
        _ => Problem::bad_request(error.to_string()),
    }
}

/// What a page says when values are not taken.
pub fn edit_problem(error: EditError) -> Problem {
    match error {
        EditError::Store(error) => error.into(),
        EditError::Rescan(error) => Problem::conflict(format!(
            "the values are written, but the devices could not be judged again: {error}\nhint: the next rescan judges them"
        )),
        _ => Problem::bad_request(error.to_string()),
    }
}

/// Acts on a page of the list.
const PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "acts.html")]
struct ActsPage {
    frame: Frame,
    acts: Vec<AuditEntry>,
    next: Option<String>,
}

/// `GET /acts`: who did what when, the latest first.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &["after", "did"])?;
    let before = query.after().and_then(|after| after.parse().ok());
    let acts = store::audit::list_audit(state.db(), seen(&viewer), before, PAGE).await?;
    let next = acts.last().filter(|_| acts.len() == PAGE as usize).map(|last| format!("/acts?after={}", last.audit_id));
    let mut frame = Frame::load(&state, &viewer, Nav::None, "What was done").await?;
    frame.done = bar(&state, &viewer, query.value("did"), "/acts").await?;
    render(&ActsPage { frame, acts, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_to_our_own_pages_only() {
        for (back, to) in [
            ("/review?tab=decided&did=3", "/review?tab=decided&did=7"),
            ("/sites/riverside", "/sites/riverside?did=7"),
            ("//evil.example", "/review?did=7"),
            ("https://evil.example", "/review?did=7"),
            ("/\\evil.example", "/review?did=7"),
            ("", "/review?did=7"),
        ] {
            assert_eq!(back_with(back, 7), to);
        }
        assert_eq!(sentence("3 exposures marked"), "3 exposures marked.");
    }
}
