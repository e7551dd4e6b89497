//! `/start`: how to begin: the sample plant, one's own inventory, or one nameplate.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::audit::Act;
use crate::services::note_act::{Deed, note};
use crate::services::sample_plant::{SampleError, load_sample_plant, remove_sample_plant};
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::partials::grouped;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The page.
#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    frame: Frame,
    n_advisories: u64,
    /// That the sample plant brought.
    n_assets: u64,
    n_samples: usize,
}

impl StartPage {
    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }
}

/// `GET /start`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::None, "How do you want to begin?").await?;
    let n_advisories = store::advisory::count_advisories(state.db()).await?;
    let mut n_assets = 0;
    for inventory_id in store::inventory::list_sample_inventories(state.db()).await? {
        let import = store::inventory::find_inventory(state.db(), inventory_id).await?;
        n_assets += import.map_or(0, |import| import.counts.n_new);
    }
    let n_samples = crate::services::sample_plant::n_sample_advisories();
    render(&StartPage { frame, n_advisories, n_assets, n_samples })
}

/// `POST /start/sample`: loads the sample plant.
pub async fn load(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let loaded = load_sample_plant(state.db()).await.map_err(problem)?;
    let what = format!("sample plant loaded: {} assets, {} advisories", loaded.n_assets, loaded.n_advisories);
    note(state.db(), Deed::new(&viewer.name, Act::Sample, what), state.now()).await?;
    Ok(Redirect::to("/").into_response())
}

/// `POST /start/sample/remove`: removes it.
pub async fn remove(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    remove_sample_plant(state.db(), &viewer.name, state.now()).await.map_err(problem)?;
    Ok(Redirect::to("/start").into_response())
}

fn problem(error: SampleError) -> Problem {
    match error {
        SampleError::Loaded | SampleError::NotLoaded | SampleError::Undo(_) | SampleError::Rescan(_) => {
            Problem::conflict(error.to_string())
        }
        _ => Problem::internal(error),
    }
}
