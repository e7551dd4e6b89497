//! `nameplate fetch`: new and changed advisories from the enabled sources.

use std::process::ExitCode;

use jiff::Timestamp;

use super::bars::Bars;
use super::{COULD_NOT, Context, Outcome};
use crate::report::visible::visible_line;
use crate::services::fetch_advisories::{Fetched, fetch_advisories};
use crate::services::sources::FetchSettings;

/// Fetch new and changed advisories from sources
///
/// Each document is checked against its digest and its signature before anything in it is read; what fails is kept apart
/// and shown by `source show`. Stopped at any moment, the next fetch goes on where it was. What is known is not fetched
/// again. Exit status 2 when a source could not be fetched to its end.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate source enable cisa siemens kev && nameplate fetch
  nameplate fetch siemens && nameplate rescan")]
pub struct Arguments {
    /// Names of sources [default: all that are enabled]
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let settings = FetchSettings::of_config(&context.config)?;
    let db = context.open_database().await?;
    let bars = Bars::new(context.quiet);
    let fetched = fetch_advisories(&db, &settings, &arguments.sources, Timestamp::now(), &bars).await?;
    if fetched.is_empty() {
        return Err("cannot fetch: expected at least one enabled source, found none\n\
             hint: `nameplate source list --all` shows what is known, `nameplate source enable cisa` takes one"
            .into());
    }
    for one in &fetched {
        tell(one, context);
    }
    if fetched.iter().any(|one| one.pull.n_added > 0) {
        context.say("hint: `nameplate rescan` judges your devices anew");
    }
    Ok(if fetched.iter().all(|one| one.pull.is_good()) { ExitCode::SUCCESS } else { ExitCode::from(COULD_NOT) })
}

fn tell(one: &Fetched, context: &Context) {
    let Fetched { source, pull, .. } = one;
    println!("{}\t{}", source.name, pull.summary());
    for warning in &pull.warnings {
        context.say(format_args!("warning: {}: {}", source.name, visible_line(warning)));
    }
    for line in pull.error.lines() {
        eprintln!("error: {}: {}", source.name, visible_line(line));
    }
    if pull.n_held > 0 {
        context.say(format_args!("hint: `nameplate source show {}` says what is held apart and why", source.name));
    }
}
