//! `nameplate migrate`: brings the database to this program's form.

use std::process::ExitCode;

use super::{Context, Outcome};

/// Bring the database to the form that this version needs
///
/// Every command that opens the database does the same by itself; this one does only that, for upgrades in a
/// maintenance window.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate migrate
  nameplate migrate --database postgres://nameplate@db.example/nameplate")]
pub struct Arguments {}

pub async fn run(_arguments: &Arguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    context.say(format_args!("{} has the form that nameplate {} needs", db.name(), env!("CARGO_PKG_VERSION")));
    Ok(ExitCode::SUCCESS)
}
