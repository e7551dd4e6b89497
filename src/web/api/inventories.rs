//! Importing lists of devices.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use futures_util::StreamExt;
use serde::Deserialize;
use utoipa::IntoParams;

use super::json::{
    Import, ImportWithStandings, JobStarted, Page, Problem as ProblemJson, Rejected, Standings, Warning,
};
use super::page::PageQuery;
use crate::domain::inventory::{AssetKey, Inventory, OnMissing};
use crate::domain::inventory_draft::{CellChoice, DraftSettings};
use crate::services::import_draft::UploadError;
use crate::services::jobs::Started;
use crate::store;
use crate::web::error::Problem;
use crate::web::pages::inventories::show::start_undo;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The longest key that a program may give an upload.
const LONGEST_KEY: usize = 200;

/// Imports that the viewer may see, the latest first
#[utoipa::path(get, path = "/api/v1/inventories", tag = "inventories", params(PageQuery), responses(
    (status = 200, body = Page<Import>),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Import>>, Problem> {
    let limit = query.limit()?;
    let found = store::inventory::list_inventories_before(state.db(), query.after_id()?, &viewer.sites, limit).await?;
    let next = (found.len() == limit as usize).then(|| found.last().map(|i| i.inventory_id.to_string())).flatten();
    Ok(Json(Page { items: found.into_iter().map(Import::from).collect(), next }))
}

/// How a file is to be imported.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UploadQuery {
    /// What the file is called, as `plant.xlsx`.
    pub file_name: String,
    /// Site of the devices for which the file states none; the file's name when left out.
    pub site: Option<String>,
    /// Let the name of a sheet be the site of its devices that state none.
    #[serde(default)]
    pub sheet_is_site: bool,
    /// By what a device is known again: `auto`, `tag`, `serial` or `place`; as last time for the same headers when left out.
    pub key: Option<String>,
    /// What becomes of assets of the same sites that do not stand in the file: `keep`, `retire` or `ignore`.
    pub on_missing: Option<String>,
    /// Import nothing when a row names no device.
    #[serde(default)]
    pub all_or_nothing: bool,
    /// Import even if the same bytes were imported for the same site before.
    #[serde(default)]
    pub again: bool,
    /// Cells that were damaged with what they say, divided by `;`: `Meters!F41=1.10;Meters!F88=2.9`.
    pub cells: Option<String>,
}

impl UploadQuery {
    fn settings(&self) -> Result<DraftSettings, Problem> {
        let unknown = |word: &str, known: &str, found: &str| {
            Problem::bad_request(format!("cannot import: expected `{word}` to be one of {known}, found `{found}`"))
        };
        let key = match &self.key {
            Some(text) => Some(
                AssetKey::from_word(text).ok_or_else(|| unknown("key", "`auto`, `tag`, `serial`, `place`", text))?,
            ),
            None => None,
        };
        let on_missing = match &self.on_missing {
            Some(text) => {
                OnMissing::from_word(text).ok_or_else(|| unknown("on_missing", "`keep`, `retire`, `ignore`", text))?
            }
            None => OnMissing::Keep,
        };
        let texts = self.cells.as_deref().unwrap_or_default().split(';').filter(|text| !text.trim().is_empty());
        let cells = texts
            .map(|text| {
                CellChoice::from_text(text)
                    .ok_or_else(|| unknown("cells", "a cell and its value as `Meters!F41=1.10`", text))
            })
            .collect::<Result<_, _>>()?;
        Ok(DraftSettings {
            site: self.site.clone().filter(|site| !site.trim().is_empty()),
            sheet_is_site: self.sheet_is_site,
            key,
            on_missing,
            all_or_nothing: self.all_or_nothing,
            again: self.again,
            cells,
            ..DraftSettings::default()
        })
    }
}

/// Imports a file and judges its devices, as a job
///
/// The body is the file itself, up to 200 MB. The same bytes for the same site are imported once: asked again, the job
/// ends at once and leads to the import that is there. With the header `Idempotency-Key` the same request sent twice is
/// one upload and one job.
#[utoipa::path(post, path = "/api/v1/inventories", tag = "inventories", params(
    UploadQuery,
    ("Idempotency-Key" = Option<String>, Header, description = "The same key is one upload, however often it is sent", max_length = 200)
), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 202, body = JobStarted),
    (status = 400, body = ProblemJson),
    (status = 413, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn upload(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<UploadQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<JobStarted>), Problem> {
    let viewer = viewer.editing()?;
    let settings = query.settings()?;
    let key = match headers.get("idempotency-key").map(|value| value.to_str()) {
        Some(Ok(key)) if (1..=LONGEST_KEY).contains(&key.len()) => Some(format!("{}: {key}", viewer.name)),
        Some(_) => {
            return Err(Problem::bad_request(format!(
                "cannot import: expected an `Idempotency-Key` of 1 to {LONGEST_KEY} characters"
            )));
        }
        None => None,
    };
    if let Some(key) = &key
        && let Some(known) = store::inventory_draft::find_draft_of_key(state.db(), key).await?
        && let Some(job_id) = known.job_id
    {
        return Ok((StatusCode::ACCEPTED, Json(JobStarted::new(job_id, false))));
    }
    let mut upload = state.drafts().begin_upload().map_err(problem)?;
    let mut body = body.into_data_stream();
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|error| Problem::bad_request(format!("cannot read the file: {error}")))?;
        upload.write(&bytes).map_err(problem)?;
    }
    let draft_id =
        state.drafts().finish_upload(upload, &query.file_name, settings, key, &viewer.name).await.map_err(problem)?;
    let draft = state.drafts().find(draft_id).await?;
    let started = state.drafts().import(&draft, &viewer.sites).await?;
    Ok((StatusCode::ACCEPTED, Json(JobStarted::new(started.job_id(), matches!(started, Started::New(_))))))
}

fn problem(error: UploadError) -> Problem {
    match error {
        UploadError::TooLarge => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("cannot import: {error}")),
        UploadError::NoFile => Problem::bad_request(format!("cannot import: {error}")),
        UploadError::Store(error) => error.into(),
        UploadError::Disk(_) | UploadError::Import(_) => Problem::internal(error),
    }
}

async fn import_of(state: &AppState, viewer: &Viewer, inventory_id: i64) -> Result<Inventory, Problem> {
    let found = store::inventory::find_visible_inventory(state.db(), inventory_id, &viewer.sites).await?;
    found.ok_or_else(|| Problem::not_found(format!("cannot find import {inventory_id}: there is none")))
}

/// One import, with where its assets stand
#[utoipa::path(get, path = "/api/v1/inventories/{inventory_id}", tag = "inventories", params(("inventory_id" = i64, Path)), responses(
    (status = 200, body = ImportWithStandings),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(inventory_id): Path<i64>,
) -> Result<Json<ImportWithStandings>, Problem> {
    let import = import_of(&state, &viewer, inventory_id).await?;
    let counts = store::inventory::count_standings(state.db(), inventory_id).await?;
    let n = |standing| counts.iter().find(|(known, _)| *known == standing).map_or(0, |(_, n)| *n);
    Ok(Json(ImportWithStandings { import: import.into(), standing: Standings::of(n) }))
}

/// What was doubtful about the values of an import, in the order of the file
#[utoipa::path(get, path = "/api/v1/inventories/{inventory_id}/warnings", tag = "inventories", params(
    ("inventory_id" = i64, Path), PageQuery
), responses(
    (status = 200, body = Page<Warning>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn warnings(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(inventory_id): Path<i64>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Warning>>, Problem> {
    import_of(&state, &viewer, inventory_id).await?;
    let limit = query.limit()?;
    let skip = u64::try_from(query.after_id()?.unwrap_or(0)).unwrap_or(0);
    let found = store::inventory::list_row_warnings(state.db(), inventory_id, skip, limit).await?;
    let next = (found.len() == limit as usize).then(|| skip.saturating_add(u64::from(limit)).to_string());
    Ok(Json(Page { items: found.into_iter().map(Warning::from).collect(), next }))
}

/// The rows of an import that were not imported, with the reasons
#[utoipa::path(get, path = "/api/v1/inventories/{inventory_id}/rejected", tag = "inventories", params(("inventory_id" = i64, Path)), responses(
    (status = 200, body = Page<Rejected>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn rejected(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(inventory_id): Path<i64>,
) -> Result<Json<Page<Rejected>>, Problem> {
    import_of(&state, &viewer, inventory_id).await?;
    let found = store::inventory::list_rejected_rows(state.db(), inventory_id).await?;
    Ok(Json(Page { items: found.into_iter().map(Rejected::from).collect(), next: None }))
}

/// Takes an import back and judges anew, as a job
#[utoipa::path(post, path = "/api/v1/inventories/{inventory_id}/undo", tag = "inventories", params(("inventory_id" = i64, Path)), responses(
    (status = 202, body = JobStarted),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn undo(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(inventory_id): Path<i64>,
) -> Result<(StatusCode, Json<JobStarted>), Problem> {
    let viewer = viewer.editing()?;
    let import = import_of(&state, &viewer, inventory_id).await?;
    let job_id = start_undo(&state, &viewer, &import).await?;
    Ok((StatusCode::ACCEPTED, Json(JobStarted::new(job_id, true))))
}
