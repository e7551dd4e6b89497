//! `/check`: one typed nameplate, judged; nothing is stored.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::asset::explanations;
use crate::domain::nameplate::{Nameplate, Variant};
use crate::services::explain_match::ExplainRequest;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::partials::Why;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The fields of the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    vendor: String,
    model: String,
    part_number: String,
    firmware: String,
    hardware_revision: String,
    serial_number: String,
}

/// The page.
#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    frame: Frame,
    typed: Typed,
    is_asked: bool,
    matches: Vec<Why>,
    ruled_out: Vec<Why>,
    unchecked: Option<String>,
}

/// `GET /check`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(typed): Query<Typed>,
) -> Result<Response, Problem> {
    let trimmed = |text: &str| text.trim().to_owned();
    let variant = Variant {
        nameplate: Nameplate {
            vendor: trimmed(&typed.vendor),
            model: trimmed(&typed.model),
            part_number: trimmed(&typed.part_number),
            hardware_revision: trimmed(&typed.hardware_revision),
        },
        firmware: trimmed(&typed.firmware),
        notes: String::new(),
    };
    let is_asked = variant != Variant::default();
    let (matches, ruled_out, unchecked) = if is_asked {
        let serial_number = typed.serial_number.trim().to_owned();
        explanations(&state, &ExplainRequest { variant, serial_number, ..ExplainRequest::default() }).await?
    } else {
        (Vec::new(), Vec::new(), None)
    };
    let frame = Frame::load(&state, &viewer, Nav::None, "Check one nameplate").await?;
    render(&CheckPage { frame, typed, is_asked, matches, ruled_out, unchecked })
}
