//! `/inventories/new`: a file comes in.

use askama::Template;
use axum::extract::State;
use axum::extract::multipart::Multipart;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::size;
use crate::domain::inventory::Field;
use crate::domain::inventory_draft::DraftSettings;
use crate::services::column_choice::mapping_of;
use crate::services::import_draft::{Failure, MAX_UPLOAD_BYTES, Upload, UploadError, Worked};
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::state::AppState;
use crate::web::upload::{NextPart, receive, short_text};
use crate::web::viewer::Viewer;

/// The page.
#[derive(Template)]
#[template(path = "inventory_new.html")]
struct NewPage {
    frame: Frame,
    sites: Vec<String>,
    site: String,
    limit: String,
    /// Why the file that was sent is no inventory, and its name.
    refused: Option<(String, Failure)>,
}

/// `GET /inventories/new`.
pub async fn form(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    page(&state, viewer.editing()?, String::new(), None).await
}

async fn page(
    state: &AppState,
    viewer: Viewer,
    site: String,
    refused: Option<(String, Failure)>,
) -> Result<Response, Problem> {
    let frame = Frame::load(state, &viewer, Nav::Imports, "Import an inventory").await?;
    let sites = store::site::list_sites(state.db()).await?;
    let sites = sites.into_iter().filter(|s| viewer.sites.covers(s.site_id)).map(|s| s.name).collect();
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = render(&NewPage { frame, sites, site, limit: size(MAX_UPLOAD_BYTES), refused })?;
    Ok((status, page).into_response())
}

/// What was sent with the file.
#[derive(Default)]
struct Sent {
    site: String,
    sheet_is_site: bool,
    map_anyway: bool,
    header_row: String,
    model_column: String,
}

impl Sent {
    /// The field that this part of the form is.
    fn field(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "site" => Some(&mut self.site),
            "header_row" => Some(&mut self.header_row),
            "model_column" => Some(&mut self.model_column),
            _ => None,
        }
    }

    fn settings(&self) -> Result<DraftSettings, Problem> {
        let header_row = match self.header_row.trim() {
            "" => None,
            text => Some(text.parse().ok().filter(|row| *row > 0).ok_or_else(|| {
                Problem::bad_request(format!(
                    "cannot read the file: expected the number of the header row, found `{text}`"
                ))
            })?),
        };
        let column = self.model_column.trim();
        let columns = if column.is_empty() { Vec::new() } else { vec![(column.to_owned(), vec![Field::Model])] };
        let is_mapped = self.map_anyway || header_row.is_some() || !columns.is_empty();
        Ok(DraftSettings {
            site: Some(self.site.trim().to_owned()).filter(|site| !site.is_empty()),
            sheet_is_site: self.sheet_is_site,
            mapping: is_mapped.then(|| mapping_of(columns, header_row, Vec::new())),
            ..DraftSettings::default()
        })
    }
}

/// `POST /inventories/new`: takes the file, looks at it, and goes on to its columns. A file that is no inventory is gone
/// again before the answer says so.
pub async fn upload(State(state): State<AppState>, viewer: Viewer, mut form: Multipart) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let mut sent = Sent::default();
    let mut file: Option<(String, Upload)> = None;
    while let Some(part) = form.next_part().await? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" => {
                let file_name = part.file_name().unwrap_or_default().to_owned();
                match receive(&state, part).await {
                    Ok(upload) => file = Some((file_name, upload)),
                    Err(error) => return refuse(&state, viewer, sent.site, file_name, error).await,
                }
            }
            "sheet_is_site" => sent.sheet_is_site = true,
            "map_anyway" => sent.map_anyway = true,
            other => {
                let text = short_text(part).await?;
                if let Some(field) = sent.field(other) {
                    *field = text;
                }
            }
        }
    }
    let settings = sent.settings()?;
    let Some((file_name, upload)) = file else {
        return refuse(&state, viewer, sent.site, String::new(), UploadError::NoFile).await;
    };
    let drafts = state.drafts();
    let draft_id = match drafts.finish_upload(upload, &file_name, settings, None, &viewer.name).await {
        Ok(draft_id) => draft_id,
        Err(error) => return refuse(&state, viewer, sent.site, file_name, error).await,
    };
    let draft = drafts.find(draft_id).await?;
    match drafts.look(&draft).await? {
        Worked::Failed(failure) => {
            drafts.discard(draft_id).await?;
            page(&state, viewer, sent.site, Some((file_name, failure))).await
        }
        Worked::UnderWay(job_id) => Ok(Redirect::to(&format!("/jobs/{job_id}")).into_response()),
        // The same headers as last time: there is nothing to map.
        Worked::Done(looked) if looked.mapping.is_some() && draft.settings.mapping.is_none() => {
            Ok(Redirect::to(&format!("/inventories/draft-{draft_id}/check")).into_response())
        }
        Worked::Done(_) => Ok(Redirect::to(&format!("/inventories/draft-{draft_id}/columns")).into_response()),
    }
}

async fn refuse(
    state: &AppState,
    viewer: Viewer,
    site: String,
    file_name: String,
    error: UploadError,
) -> Result<Response, Problem> {
    match error {
        UploadError::TooLarge | UploadError::NoFile => {
            let text = error.to_string();
            let (text, hint) = text.split_once("\nhint:").unwrap_or((&text, ""));
            let message = format!("{}. {}.", capital(text), capital(hint.trim()));
            page(state, viewer, site, Some((file_name, Failure { message, can_be_mapped: false }))).await
        }
        UploadError::Store(error) => Err(error.into()),
        UploadError::Disk(_) | UploadError::Import(_) => Err(Problem::internal(error)),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}
