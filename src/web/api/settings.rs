//! What was chosen for the whole installation.

use axum::Json;
use axum::extract::State;

use super::json::{Problem as ProblemJson, Settings};
use crate::store;
use crate::web::error::Problem;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The settings that people see on the page; secrets and folders are not among them
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", responses(
    (status = 200, body = Settings),
    (status = "default", body = ProblemJson)
))]
pub async fn show(State(state): State<AppState>, _: Viewer) -> Result<Json<Settings>, Problem> {
    let config = state.config();
    Ok(Json(Settings {
        time_zone: store::setting::find_setting(state.db(), store::listing::TIME_ZONE).await?.unwrap_or_default(),
        schedule: config.schedule.clone().unwrap_or_default(),
        has_mail: config.mail_from.is_some(),
        has_accounts: state.has_accounts().await?,
        version: env!("CARGO_PKG_VERSION"),
    }))
}
