//! The doors for browsers and programs.
//!
//! A page is a file in `pages/` with a typed struct, a template of the same name in `templates/`, and a line in
//! `routes.rs`. Its handler parses, calls a service or reads the store, and renders, and takes a [`viewer::Viewer`] whose
//! sites it keeps to. What goes wrong is a [`error::Problem`].

use thiserror::Error;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub mod access;
pub mod api;
pub mod assets;
pub mod columns;
pub mod error;
pub mod exports;
pub mod form;
pub mod frame;
pub mod guard;
pub mod links;
pub mod metrics;
pub mod pages;
pub mod partials;
pub mod probe;
pub mod query;
pub mod routes;
pub mod sources;
pub mod state;
pub mod tls;
pub mod upload;
pub mod viewer;

pub use state::AppState;

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
    tls: Option<TlsAcceptor>,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let jobs = state.jobs().clone();
    let watches = [tokio::spawn(jobs.clone().watch()), tokio::spawn(state.drafts().clone().watch())];
    let service = routes::routes(state).into_make_service_with_connect_info::<tls::Peer>();
    let served = match tls {
        Some(tls) => {
            let listener = tls::TlsListener::new(listener, tls).map_err(ServeError::Stopped)?;
            axum::serve(listener, service).with_graceful_shutdown(stop).await
        }
        None => axum::serve(listener, service).with_graceful_shutdown(stop).await,
    };
    watches.iter().for_each(tokio::task::JoinHandle::abort);
    jobs.stop().await;
    served.map_err(ServeError::Stopped)
}
