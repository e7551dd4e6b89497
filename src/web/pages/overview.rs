//! `/`: what is wrong, where, and what changed.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The page.
#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
}

/// `GET /`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::Overview, "Overview").await?;
    render(&OverviewPage { frame })
}
