//! `/jobs`: long work, how far it is and how it ended.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use crate::domain::job::{Job, JobState};
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Jobs that the list shows.
const N_LISTED: u32 = 100;

/// The list.
#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    frame: Frame,
    jobs: Vec<Job>,
}

/// One job.
#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    frame: Frame,
    job: Job,
    silent: Option<i64>,
}

/// What of the page of a job changes while it runs; a script asks for it again and again.
#[derive(Template)]
#[template(path = "_progress.html")]
struct Progress {
    job: Job,
    silent: Option<i64>,
}

impl JobPage {
    fn amount(&self) -> String {
        amount(&self.job)
    }
}

impl Progress {
    fn amount(&self) -> String {
        amount(&self.job)
    }
}

/// "1,200 of 4,000", in units of the stage.
fn amount(job: &Job) -> String {
    match (job.progress.n_done, job.progress.n_total) {
        (0, None) => String::new(),
        (n, None | Some(0)) => grouped(n),
        (n, Some(total)) => format!("{} of {}", grouped(n.min(total)), grouped(total)),
    }
}

/// With a comma at each thousand.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether the viewer may see a job: its owner and who may do everything.
pub fn is_visible(job: &Job, viewer: &Viewer) -> bool {
    viewer.may_administrate() || job.who == viewer.name
}

/// The job with this id, if the viewer may see it.
///
/// # Errors
///
/// 404: there is none.
pub async fn job_of(state: &AppState, viewer: &Viewer, job_id: i64) -> Result<Job, Problem> {
    let job = state.jobs().find(job_id).await?.filter(|job| is_visible(job, viewer));
    job.ok_or_else(|| {
        Problem::not_found(format!(
            "cannot find job {job_id}: there is none, or it ended long ago\nhint: /jobs lists those that are known"
        ))
    })
}

/// How long an answer waits for a job before it shows the progress instead.
const PATIENCE: Duration = Duration::from_secs(3);

/// Leads to what a job made when that is there soon, else to its progress.
///
/// # Errors
///
/// The database fails.
pub async fn lead_to(state: &AppState, job_id: i64) -> Result<Response, Problem> {
    let path = match state.jobs().find_ended(job_id, PATIENCE).await? {
        Some(Job { state: JobState::Done, result_path: Some(path), .. }) => path,
        _ => format!("/jobs/{job_id}"),
    };
    Ok(Redirect::to(&path).into_response())
}

/// Seconds for which nothing was heard of a job that counts as running, once that is longer than a beat of its process
/// can be late.
fn silent_seconds(job: &Job, now: Timestamp) -> Option<i64> {
    const LATE: i64 = 25;
    let silent = now.duration_since(job.heartbeat_at).as_secs();
    (job.state.is_active() && silent > LATE).then_some(silent)
}

/// `GET /jobs`.
pub async fn list(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::None, "Jobs").await?;
    let mut jobs = state.jobs().list(None, N_LISTED).await?;
    jobs.retain(|job| is_visible(job, &viewer));
    render(&JobsPage { frame, jobs })
}

/// `GET /jobs/{id}`: the page; for a script that asks for a fragment only what changes.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(job_id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let job = job_of(&state, &viewer, job_id).await?;
    let silent = silent_seconds(&job, state.now());
    if headers.contains_key("x-fragment") {
        return render(&Progress { job, silent });
    }
    // What is done is shown where it is, unless the person came to look at the job.
    let frame = Frame::load(&state, &viewer, Nav::None, job.title.clone()).await?;
    render(&JobPage { frame, job, silent })
}

/// `POST /jobs/{id}/cancel`.
pub async fn cancel(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(job_id): Path<i64>,
) -> Result<Response, Problem> {
    let job = job_of(&state, &viewer.editing()?, job_id).await?;
    state.jobs().cancel(job.job_id).await?;
    Ok(Redirect::to(&format!("/jobs/{job_id}")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(n), text);
        }
    }
}
