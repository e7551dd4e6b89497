//! `nameplate serve`: the server.

use std::process::ExitCode;

use jiff::Timestamp;

use super::{Context, Outcome};
use crate::web;

/// Run the server: pages and API for browsers and programs on this machine
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate serve
  nameplate serve --listen 127.0.0.1:9000 --database postgres://nameplate@db.example/nameplate")]
pub struct Arguments {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "NAMEPLATE_LISTEN")]
    listen: Option<String>,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let address = arguments.listen.as_deref().unwrap_or_else(|| context.config.listen());
    let db = context.open_database().await?;
    let listener = web::bind(address).await?;
    context.say(format_args!("listening on http://{}", listener.local_addr()?));
    let state = web::AppState::new(db, context.config.clone(), Timestamp::now());
    web::serve(listener, state, stop_signal()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Ends on Ctrl-C and, on Unix, on SIGTERM.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = interrupt.await;
}
