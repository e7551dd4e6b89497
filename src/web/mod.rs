//! The door for browsers and programs: whether the program is up, and which one it is.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde::Serialize;
use thiserror::Error;
use tokio::net::TcpListener;

use crate::store::Db;

/// Why the server could not run.
#[derive(Debug, Error)]
pub enum ServeError {
    #[error(
        "cannot listen on `{address}`: {source}\nhint: another program may hold the port; choose one with --listen"
    )]
    Listen { address: String, source: std::io::Error },
    #[error("the server stopped: {0}")]
    Stopped(std::io::Error),
}

/// Answer of `/version`.
#[derive(Serialize)]
struct Version {
    name: &'static str,
    version: &'static str,
}

/// Answer of `/health`.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    database: &'static str,
}

/// Every path of the server.
pub fn routes(db: Db) -> Router {
    Router::new().route("/health", get(health)).route("/version", get(version)).with_state(db)
}

async fn version() -> Json<Version> {
    Json(Version { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") })
}

/// 200 when the database answers, 503 when it does not.
async fn health(State(db): State<Db>) -> (StatusCode, Json<Health>) {
    match db.ping().await {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ok", database: "ok" })),
        Err(error) => {
            tracing::error!("the database does not answer: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "failing", database: "no answer" }))
        }
    }
}

/// Opens the port, so that a failure is told before the program says that it listens.
///
/// # Errors
///
/// The address is none, or the port is taken.
pub async fn bind(address: &str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address: address.to_owned(), source })
}

/// Serves until `stop` ends, then finishes what is under way.
///
/// # Errors
///
/// The listener fails for good.
pub async fn serve(
    listener: TcpListener,
    db: Db,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    axum::serve(listener, routes(db)).with_graceful_shutdown(stop).await.map_err(ServeError::Stopped)
}
