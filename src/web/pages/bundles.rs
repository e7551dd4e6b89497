//! Bundles on the page of sources: loading one, and whose bundles are believed. All of it is for administrators, since it
//! decides for all sites what is known.

use axum::extract::{Multipart, RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::jobs;
use crate::services::bundle::{CarryError, distrust_key, read_key_text, trust_key};
use crate::services::import_draft::UploadError;
use crate::services::source_jobs::start_load_bundle;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::state::AppState;
use crate::web::upload::{NextPart, receive};
use crate::web::viewer::Viewer;

/// `POST /sources/bundle`: takes a bundle, checks it, and loads what it holds, as a job.
pub async fn load(State(state): State<AppState>, viewer: Viewer, mut form: Multipart) -> Result<Response, Problem> {
    let viewer = viewer.administrating()?;
    let mut sent = None;
    while let Some(part) = form.next_part().await? {
        if part.name() == Some("file") {
            let name = part.file_name().unwrap_or_default().to_owned();
            sent = Some((name, receive(&state, part).await.map_err(problem)?));
        }
    }
    let Some((name, upload)) = sent.filter(|(_, upload)| upload.n_bytes() > 0) else {
        return Err(problem(UploadError::NoFile));
    };
    let name: String = name.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(100).collect();
    let started = start_load_bundle(state.jobs(), state.db(), upload, &name, &viewer.name).await?;
    jobs::lead_to(&state, started.job_id()).await
}

fn problem(error: UploadError) -> Problem {
    match error {
        UploadError::TooLarge | UploadError::NoFile => {
            let text = error.to_string();
            Problem::bad_request(format!(
                "cannot load the bundle: {}\nhint: a larger one is loaded with `nameplate bundle load`",
                text.split("\nhint:").next().unwrap_or_default()
            ))
        }
        UploadError::Store(error) => error.into(),
        UploadError::Disk(_) | UploadError::Import(_) => Problem::internal(error),
    }
}

/// `POST /sources/keys`: `act=trust` with the text of a public key, or `distrust` with the id of one.
pub async fn keys(State(state): State<AppState>, viewer: Viewer, RawForm(form): RawForm) -> Result<Response, Problem> {
    let viewer = viewer.administrating()?;
    let (db, now, fields) = (state.db(), state.now(), Fields::read(&form));
    match fields.get("act") {
        "trust" => {
            let key = read_key_text(fields.get("key")).map_err(key_problem)?;
            trust_key(db, &key, fields.get("comment").trim(), &viewer.name, now).await?;
        }
        "distrust" => {
            let id = fields.get("id");
            if !distrust_key(db, id, &viewer.name, now).await? {
                return Err(Problem::not_found(format!("cannot remove key `{id}`: it is not among the trusted ones")));
            }
        }
        other => return Err(Problem::bad_request(format!("cannot read the form: found the unknown act `{other}`"))),
    }
    Ok(Redirect::to("/sources#bundles").into_response())
}

fn key_problem(error: CarryError) -> Problem {
    match error {
        CarryError::Store(error) => error.into(),
        error => Problem::bad_request(format!(
            "{error}\nhint: paste the two lines of the file that ends in .pub beside the key of whoever makes the bundles"
        )),
    }
}
