//! Whether the program is up, and which one it is; for machines.

use std::time::Duration;

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

/// How long the database may take to answer; whoever asks whether we live does not wait for long.
const PATIENCE: Duration = Duration::from_secs(5);

/// `GET /health`: 200 when the database answers, 503 when it does not.
pub async fn health(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let problem = match tokio::time::timeout(PATIENCE, state.db().ping()).await {
        Ok(Ok(())) => return (StatusCode::OK, Json(Health { status: "ok", database: "ok" })),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    tracing::error!("the database does not answer: {problem}");
    (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "failing", database: "no answer" }))
}

/// `GET /ready`: whether requests may be sent here. The schema is brought up to date before the port is opened, so the
/// database decides alone.
pub async fn ready(state: State<AppState>) -> (StatusCode, Json<Health>) {
    health(state).await
}
