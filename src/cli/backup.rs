//! `nameplate backup`, `restore`, `retention`, `doctor`: keeping the program itself in order.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;

use super::{COULD_NOT, Context, Outcome};
use crate::report::visible::visible_line;
use crate::services::backup::{backup, restore};
use crate::services::doctor::{State, examine};
use crate::services::outlets::Outlets;
use crate::services::retention::{Retention, SHORTEST_HISTORY};
use crate::store::backup::Checked;

/// Copy the database into a new file while it is in use, and check the copy
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate backup /var/backups/nameplate-2026-11-22.db
  nameplate backup \"nameplate-$(date +%F).db\"")]
pub struct BackupArguments {
    /// The new file; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Put a backup in the place of the database, after checking it; stop the server first
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate restore /var/backups/nameplate-2026-11-22.db
  nameplate restore nameplate-2026-11-22.db --replace")]
pub struct RestoreArguments {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the database that is there; it is kept beside as `.before-restore`
    #[arg(long)]
    replace: bool,
}

/// Remove messages that were sent and nightly runs that are older than so many days; with --history-days history too
///
/// Exposures, their history, advisories and decisions are evidence and stay, unless --history-days says how long: then
/// closed exposures, earlier wordings and revisions of advisories that no longer count go, and no report tells a day
/// before. The keys `retention_days` and `history_days` have the nightly run do it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate retention --days 400 --yes
  nameplate retention --days 400 --history-days 1200 --yes
  nameplate retention --days 90")]
pub struct RetentionArguments {
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(i64).range(1..=36_500))]
    days: i64,
    /// Days that history is kept [default: for ever]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(SHORTEST_HISTORY..=36_500))]
    history_days: Option<i64>,
    /// Do it; without this, only say so
    #[arg(long)]
    yes: bool,
}

/// Look over configuration, database, disk, sources, runs, mail, outbox and clock
///
/// Each part is told with what was found and what to do. Nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate doctor
  nameplate doctor || logger -t nameplate 'needs attention'

Exit status: 0 all is well or wants a look, 2 a part fails.")]
pub struct DoctorArguments {}

pub async fn run_backup(arguments: &BackupArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let checked = backup(&db, &arguments.file).await?;
    println!("Wrote `{}`: {}.", arguments.file.display(), in_words(&checked));
    Ok(ExitCode::SUCCESS)
}

pub async fn run_restore(arguments: &RestoreArguments, context: &Context) -> Outcome {
    let url = context.config.database_url()?;
    let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) else {
        return Err("cannot restore: the database is kept by a PostgreSQL server, which has its own tools\n\
             hint: `pg_restore --clean --dbname=DATABASE nameplate.dump`"
            .into());
    };
    let target = PathBuf::from(path);
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        super::create_private_folder(folder)?;
    }
    let (checked, kept) = restore(&arguments.file, &target, arguments.replace).await?;
    println!("Restored `{}`: {}.", target.display(), in_words(&checked));
    if let Some(kept) = kept {
        context.say(format_args!("the database that was there is kept as `{}`", kept.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(checked: &Checked) -> String {
    let judged = checked.last_rescan_at.map_or_else(|| "never judged".to_owned(), |at| format!("judged {at:.0}"));
    format!(
        "{} assets, {} advisories, {} exposures, {judged}, every page checked",
        checked.n_assets, checked.n_advisories, checked.n_exposures
    )
}

pub async fn run_retention(arguments: &RetentionArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    if !arguments.yes {
        let history = match arguments.history_days {
            Some(days) => format!(", and history of more than {days} days ago,"),
            None => String::new(),
        };
        return Err(format!(
            "messages that were sent and nightly runs of more than {} days ago{history} would be removed\nhint: add --yes to do it",
            arguments.days
        )
        .into());
    }
    let retention = Retention { days: Some(arguments.days), history_days: arguments.history_days };
    let cleared = retention.clear(&db, Timestamp::now()).await?;
    println!("Removed {}.", cleared.in_words().unwrap_or_else(|| "nothing: all is younger".to_owned()));
    Ok(ExitCode::SUCCESS)
}

pub async fn run_doctor(_: &DoctorArguments, context: &Context) -> Outcome {
    let outlets = Outlets::of(&context.config, |name| std::env::var(name).ok())?;
    let db = context.open_database().await?;
    let parts = examine(&db, &context.config, &outlets, Timestamp::now()).await?;
    for part in &parts {
        println!("{:<6}{:<15}{}", part.state.word(), part.name, visible_line(&part.found));
        if part.state != State::Well && !part.hint.is_empty() {
            println!("{:21}hint: {}", "", part.hint);
        }
    }
    let fails = parts.iter().any(|part| part.state == State::Failing);
    Ok(if fails { ExitCode::from(COULD_NOT) } else { ExitCode::SUCCESS })
}
