//! Whether the program is up, and which one it is; for machines.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::state::AppState;

/// Answer of `/version`.
#[derive(Serialize)]
pub struct Version {
    name: &'static str,
    version: &'static str,
}

/// Answer of `/health` and `/ready`.
#[derive(Serialize)]
pub struct Health {
    status: &'static str,
    database: &'static str,
}

/// `GET /version`.
pub async fn version() -> Json<Version> {
    Json(Version { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") })
}

/// `GET /health`: 200 when the database answers, 503 when it does not.
pub async fn health(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    match state.db().ping().await {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ok", database: "ok" })),
        Err(error) => {
            tracing::error!("the database does not answer: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "failing", database: "no answer" }))
        }
    }
}

/// `GET /ready`: whether requests may be sent here. The schema is brought up to date before the port is opened, so the
/// database decides alone.
pub async fn ready(state: State<AppState>) -> (StatusCode, Json<Health>) {
    health(state).await
}
