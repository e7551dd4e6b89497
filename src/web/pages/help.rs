//! `/help`: what the words mean.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::domain::asset::Standing;
use crate::domain::verdict::{Confidence, DoubtKind, Verdict};
use crate::report::vocabulary::{
    confidence_label, confidence_meaning, doubt_label, doubt_meaning, standing_meaning, verdict_meaning,
};
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::partials::VerdictBadge;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The page.
#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    frame: Frame,
    verdicts: [(VerdictBadge, &'static str); 3],
    standings: [(&'static str, &'static str); 6],
    doubts: [(&'static str, &'static str); 4],
    confidences: [(&'static str, &'static str); 3],
}

/// `GET /help`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::None, "Help").await?;
    render(&HelpPage {
        frame,
        verdicts: Verdict::ALL.map(|verdict| (VerdictBadge { verdict }, verdict_meaning(verdict))),
        standings: Standing::ALL.map(|standing| (standing.label(), standing_meaning(standing))),
        doubts: DoubtKind::ALL.map(|kind| (doubt_label(kind), doubt_meaning(kind))),
        confidences: [Confidence::Certain, Confidence::Likely, Confidence::Possible]
            .map(|c| (confidence_label(c), confidence_meaning(c))),
    })
}
