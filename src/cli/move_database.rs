//! `nameplate move`: everything from one database into another.

use std::process::ExitCode;

use super::{Context, Outcome, has_password};
use crate::services::move_database::move_database;
use crate::store::Db;

/// Copy everything into another, empty database, for example from SQLite to PostgreSQL
///
/// Each table is read back and compared by count and digest before anything is kept. The first database stays as it
/// is; stop the program on it before, so that nothing is written meanwhile. A password belongs in PGPASSWORD.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate move --from sqlite:///var/lib/nameplate/nameplate.db --to postgres://nameplate@db.plant/nameplate
  nameplate move --from sqlite://nameplate.db --to sqlite://copy.db")]
pub struct Arguments {
    /// URL of the database that has everything
    #[arg(long, value_name = "URL")]
    from: String,
    /// URL of the empty database
    #[arg(long, value_name = "URL")]
    to: String,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if has_password(&arguments.from) || has_password(&arguments.to) {
        return Err("cannot take a password from a flag, where others can see it\nhint: set PGPASSWORD".into());
    }
    if let Some(path) = arguments.from.strip_prefix("sqlite://").filter(|path| !std::path::Path::new(path).exists()) {
        return Err(format!("cannot find the database `{path}`").into());
    }
    let (from, to) = (Db::open(&arguments.from).await?, Db::open(&arguments.to).await?);
    let copied = move_database(&from, &to, |table| {
        println!("{}\t{}\t{}", table.table, table.n_rows, table.sha256);
    })
    .await?;
    let n_rows: u64 = copied.iter().map(|table| table.n_rows).sum();
    context.say(format_args!(
        "{n_rows} rows of {} tables are in {}; counts and digests agree",
        copied.len(),
        to.name()
    ));
    to.close().await;
    Ok(ExitCode::SUCCESS)
}
