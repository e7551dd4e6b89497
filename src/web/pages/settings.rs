//! `/settings`: what people choose.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::services::settings::{SettingError, set_time_zone};
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, When, render};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Zones that the field offers; any other name of the time zone database is taken as well.
const ZONES: [&str; 24] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Rome",
    "Europe/Warsaw",
    "Europe/Istanbul",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Sao_Paulo",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
];

/// The page.
#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    zone: String,
    zones: [&'static str; 24],
    now: When,
    database: String,
}

/// The form.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    time_zone: String,
}

/// `GET /settings`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::Settings, "Settings").await?;
    let zone = store::setting::find_setting(state.db(), store::listing::TIME_ZONE).await?.unwrap_or_default();
    let now = frame.zone.when(state.now());
    render(&SettingsPage { zone, zones: ZONES, now, database: state.db().name().trim_matches('`').to_owned(), frame })
}

/// `POST /settings`.
pub async fn save(
    State(state): State<AppState>,
    viewer: Viewer,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    if !viewer.may_administrate() {
        return Err(Problem::forbidden("cannot change settings: your role is not that of an administrator"));
    }
    match set_time_zone(state.db(), &chosen.time_zone, &viewer.name, state.now()).await {
        Ok(()) => Ok(Redirect::to("/settings").into_response()),
        Err(error @ SettingError::UnknownZone(_)) => Err(Problem::bad_request(error.to_string())),
        Err(SettingError::Store(error)) => Err(error.into()),
    }
}
