//! `/inventories/12`: what an import brought, its rejected rows, and taking it back.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use super::check::title;
use super::columns::label;
use super::{InventoryId, draft_of};
use crate::domain::asset::Standing;
use crate::domain::filter::query_text::encode;
use crate::domain::inventory::{AssetLabel, Field, Inventory, RejectedRow, RowWarningKind, UndoCounts};
use crate::domain::job::{JobKind, NewJob};
use crate::domain::site;
use crate::services::compare_inventories::imports_of_site;
use crate::services::import_rejects::{rejects_of_draft, rejects_of_import};
use crate::services::jobs::{JobDone, JobRun};
use crate::services::undo_import::{UndoError, look_at_undo, undo_and_judge};
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::partials::Sentence;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Warnings and rejected rows that the page lists.
const N_LISTED: u32 = 200;

/// Sites of an import that lead to their comparison with the import before.
const MAX_COMPARISONS: usize = 10;

/// The page.
#[derive(Template)]
#[template(path = "inventory.html")]
struct InventoryPage {
    frame: Frame,
    import: Inventory,
    standings: Vec<(Standing, u64)>,
    /// (sheet, header, what it was read as, how).
    columns: Vec<(String, String, String, String)>,
    kinds: Vec<(String, u64)>,
    /// (place, kind, detail).
    warnings: Vec<(String, &'static str, String)>,
    rejected: Vec<RejectedRow>,
    /// The sites of its assets: (address, name).
    sites: Vec<(String, String)>,
    /// Where it is compared with the import before, for each site that has one: (address, name of the site).
    comparisons: Vec<(String, String)>,
    may_undo: bool,
    step: u8,
}

impl InventoryPage {
    fn n_judged(&self) -> u64 {
        self.standings.iter().map(|(_, n)| n).sum()
    }
}

/// The page that says what taking an import back does.
#[derive(Template)]
#[template(path = "inventory_undo.html")]
struct UndoPage {
    frame: Frame,
    counts: Option<UndoCounts>,
    refusal: String,
    inventory_id: i64,
    /// What was typed in since: (asset, field and value, who, when).
    typed: Vec<(String, String, String, jiff::Timestamp)>,
}

/// The import of an address, if the viewer may see it.
async fn import_of(state: &AppState, viewer: &Viewer, id: &str) -> Result<Inventory, Problem> {
    let missing =
        || Problem::not_found(format!("cannot find import `{id}`: there is none\nhint: /inventories lists them all"));
    let InventoryId::Import(inventory_id) = InventoryId::read(id)? else { return Err(missing()) };
    store::inventory::find_visible_inventory(state.db(), inventory_id, &viewer.sites).await?.ok_or_else(missing)
}

/// `GET /inventories/{id}`.
pub async fn show(State(state): State<AppState>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, Problem> {
    if let InventoryId::Draft(draft_id) = InventoryId::read(&id)? {
        return Ok(match draft_of(&state, &viewer, &id).await? {
            Ok(_) => Redirect::to(&format!("/inventories/draft-{draft_id}/columns")).into_response(),
            Err(elsewhere) => elsewhere,
        });
    }
    let import = import_of(&state, &viewer, &id).await?;
    let db = state.db();
    let frame = Frame::load(&state, &viewer, Nav::Imports, format!("Import of {}", import.file_name)).await?;
    let columns = store::inventory::list_columns(db, import.inventory_id).await?.into_iter().map(|column| {
        let fields: Vec<&str> = column.fields.iter().map(|field| label(*field)).collect();
        let read_as = if fields.is_empty() { "kept as a note".to_owned() } else { fields.join(", ") };
        (column.sheet, column.header, read_as, column.how)
    });
    let kind_of = |word: &str| RowWarningKind::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind);
    let kinds = store::inventory::count_row_warnings(db, import.inventory_id).await?.into_iter();
    let kinds = kinds.map(|(word, n)| (kind_of(&word).map_or(word, |kind| title(kind).to_owned()), n)).collect();
    let warnings = store::inventory::list_row_warnings(db, import.inventory_id, 0, N_LISTED).await?.into_iter();
    let mut rejected = store::inventory::list_rejected_rows(db, import.inventory_id).await?;
    rejected.truncate(N_LISTED as usize);
    let sites = store::inventory::list_sites_of(db, import.inventory_id).await?;
    let mut comparisons = Vec::new();
    // A file with very many sites has none of its own; they are compared from their pages.
    for (site_id, name) in sites.iter().take(if import.undone_at.is_none() { MAX_COMPARISONS } else { 0 }) {
        let known = imports_of_site(db, *site_id).await?;
        let earlier = known.iter().map(|(known, _)| known.inventory_id).find(|id| *id < import.inventory_id);
        if let Some(earlier) = earlier {
            let word = encode(&site::word(name));
            let href = format!("/compare?site={word}&before={earlier}&after={}", import.inventory_id);
            comparisons.push((href, name.clone()));
        }
    }
    render(&InventoryPage {
        frame,
        standings: store::inventory::count_standings(db, import.inventory_id).await?,
        columns: columns.collect(),
        kinds,
        warnings: warnings.map(|w| (w.place.label(), title(w.kind), w.detail)).collect(),
        rejected,
        sites: sites.into_iter().map(|(_, name)| (site::word(&name), name)).collect(),
        comparisons,
        may_undo: viewer.may_edit() && import.undone_at.is_none(),
        import,
        step: 4,
    })
}

/// `GET /inventories/{id}/rejects.csv`: the rows that were not imported, to put right and import.
pub async fn rejects(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let bytes = match InventoryId::read(&id)? {
        InventoryId::Draft(_) => match draft_of(&state, &viewer, &id).await? {
            Ok(draft) => {
                let request =
                    state.drafts().request(&draft).map_err(|fault| Problem::bad_request(fault.to_string()))?;
                rejects_of_draft(state.db(), &request).await.map_err(Problem::internal)?
            }
            Err(elsewhere) => return Ok(elsewhere),
        },
        InventoryId::Import(_) => {
            let import = import_of(&state, &viewer, &id).await?;
            rejects_of_import(state.db(), &import).await?
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"rejected_rows.csv\""),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /inventories/{id}/undo`: what taking the import back would do.
pub async fn look(State(state): State<AppState>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let known = import_of(&state, &viewer, &id).await?;
    let frame = Frame::load(&state, &viewer, Nav::Imports, format!("Undo import of {}", known.file_name)).await?;
    let inventory_id = known.inventory_id;
    let typed = store::undo::list_typed_since(state.db(), inventory_id, N_LISTED).await?;
    let told = |(asset, field, value, who, at): (AssetLabel, String, String, String, _)| {
        let field = Field::from_word(&field).map_or(field, |field| label(field).to_owned());
        let value = if value.is_empty() { "not stated".to_owned() } else { value };
        (format!("{} {}", asset.tag, asset.site), format!("{field} {value}"), who, at)
    };
    let mine = store::listing::sums::list_site_names(state.db(), &viewer.sites).await?;
    let is_mine = |asset: &AssetLabel| mine.iter().any(|(_, name)| *name == asset.site);
    let typed = typed.into_iter().filter(|(asset, ..)| is_mine(asset)).map(told).collect();
    let page = match look_at_undo(state.db(), inventory_id).await {
        Ok((_, counts)) => UndoPage { frame, counts: Some(counts), refusal: String::new(), inventory_id, typed },
        Err(UndoError::Store(error)) => return Err(error.into()),
        Err(refused) => {
            let refusal = refused.to_string().replace("\nhint: ", ". ");
            UndoPage { frame, counts: None, refusal, inventory_id, typed }
        }
    };
    render(&page)
}

/// `POST /inventories/{id}/undo`: takes the import back and judges anew, as a job.
pub async fn undo(State(state): State<AppState>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let import = import_of(&state, &viewer, &id).await?;
    let job_id = start_undo(&state, &viewer, &import).await?;
    Ok(Redirect::to(&format!("/jobs/{job_id}")).into_response())
}

/// Starts the job that takes an import back; gives its id.
pub async fn start_undo(state: &AppState, viewer: &Viewer, import: &Inventory) -> Result<i64, Problem> {
    let sites = store::inventory::list_sites_of(state.db(), import.inventory_id).await?;
    if sites.iter().any(|(site_id, _)| !viewer.sites.covers(*site_id)) {
        return Err(Problem::forbidden("cannot undo the import: it brought assets of sites that are not yours"));
    }
    let (db, inventory_id, who) = (state.db().clone(), import.inventory_id, viewer.name.clone());
    let new = NewJob {
        kind: JobKind::Undo,
        title: format!("Undo import {inventory_id} of {}", import.file_name),
        who: viewer.name.clone(),
        once: Some(format!("undo import {inventory_id}")),
    };
    let work = async move |run: Arc<JobRun>| {
        let message = undo_and_judge(&db, inventory_id, &who, run.as_ref()).await.map_err(|error| error.to_string())?;
        Ok(JobDone { message, result_path: Some(format!("/inventories/{inventory_id}")) })
    };
    Ok(state.jobs().start(new, work).await?.job_id())
}
