//! `nameplate serve`: the server.

use std::process::ExitCode;

use jiff::Timestamp;

use super::{Context, Outcome};
use crate::services::accounts::make_setup_code;
use crate::services::listing::refresh_listing_if_missing;
use crate::services::outlets::Outlets;
use crate::services::progress::Silent;
use crate::services::sources::FetchSettings;
use crate::services::watch::{Rota, watch};
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
    let tls = match (&context.config.tls_certificate, &context.config.tls_key) {
        (Some(certificate), Some(key)) => Some(web::tls::acceptor(certificate, key)?),
        (None, None) => None,
        _ => {
            return Err(
                "cannot serve over TLS: expected both `tls_certificate` and `tls_key`, found one of them".into()
            );
        }
    };
    refresh_listing_if_missing(&db, Timestamp::now()).await?;
    let listener = web::bind(address).await?;
    let bound = listener.local_addr()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    context.say(format_args!("listening on {scheme}://{bound}"));
    let now = Timestamp::now();
    if let Some(code) = make_setup_code(&db, now).await? {
        context.say(format_args!(
            "nobody has an account: this machine is let in, others make the first account with the setup code {code}"
        ));
    }
    if tls.is_none() && !bound.ip().is_loopback() {
        context.say("warning: passphrases cross the network readable; set tls_certificate and tls_key, or put a proxy with TLS in front");
    }
    let outlets = Outlets::of(&context.config, |name| std::env::var(name).ok())?;
    let fetching = FetchSettings::of_config(&context.config)?;
    let rota = Rota::of(&context.config, db.name())?;
    let watching = tokio::spawn(watch(db.clone(), outlets, fetching, context.config.data_dir().ok(), rota, &Silent));
    let state = web::AppState::new(db, context.config.clone(), now);
    web::serve(listener, tls, state, stop_signal()).await?;
    // What it does can be stopped at any moment and is gone on with at the next start.
    watching.abort();
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
