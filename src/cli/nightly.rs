//! `nameplate nightly`: the nightly chain, for cron and timers.

use std::process::ExitCode;

use jiff::Timestamp;

use super::bars::Bars;
use super::{Context, Outcome};
use crate::domain::nightly::{Outcome as StepOutcome, StartedBy};
use crate::report::visible::visible_line;
use crate::services::nightly::{Chain, due_slot, run_nightly};
use crate::services::outlets::Outlets;
use crate::services::retention::Retention;
use crate::services::sources::FetchSettings;
use crate::services::watch::schedule;
use crate::store;

/// Fetch advisories, judge everything anew, tell who asked to hear of it, write scheduled reports
///
/// One run at a time over all processes and machines on one database. A run that was killed is gone on with by the next
/// call. Run twice, it tells nothing twice. `serve` does the same by itself; see `schedule` in the configuration.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate nightly
  nameplate nightly --if-due
  nameplate nightly --list")]
pub struct Arguments {
    /// Only when a slot of the schedule is due that no process has served
    #[arg(long)]
    if_due: bool,
    /// Show the last runs instead
    #[arg(long, conflicts_with = "if_due")]
    list: bool,
}

/// Runs that are listed.
const LISTED: u32 = 14;

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let outlets = Outlets::of(&context.config, |name| std::env::var(name).ok())?;
    if arguments.list {
        return list(&db, &outlets).await;
    }
    let now = Timestamp::now();
    let due = match schedule(&context.config)? {
        Some(schedule) => due_slot(&db, &schedule, now).await?,
        None => None,
    };
    let is_unfinished = store::nightly::find_unfinished(&db).await?.is_some();
    if arguments.if_due && due.is_none() && !is_unfinished {
        context.say("no slot of the schedule is due");
        return Ok(ExitCode::SUCCESS);
    }
    let bars = Bars::new(context.quiet);
    let clock = Timestamp::now;
    let fetching = FetchSettings::of_config(&context.config)?;
    let data_dir = context.config.data_dir().ok();
    let chain = Chain {
        db: &db,
        outlets: &outlets,
        fetching: &fetching,
        data_dir: data_dir.as_deref(),
        retention: Retention::of(&context.config)?,
        clock: &clock,
        progress: &bars,
    };
    let done = tokio::select! {
        done = run_nightly(&chain, due, StartedBy::Command) => done?,
        _ = tokio::signal::ctrl_c() => return Err("stopped; what was done stays, the next run goes on from there".into()),
    };
    let Some(done) = done else {
        context.say("the slot was served by another process");
        return Ok(ExitCode::SUCCESS);
    };
    if done.was_resumed {
        context.say(format_args!("went on with run {}, which was not finished", done.nightly_run_id));
    }
    for step in &done.steps {
        let seconds = step.started_at.duration_until(step.finished_at).as_secs_f64();
        println!("{:<8}{:<9}{seconds:>7.1} s  {}", step.step.word(), step.outcome.word(), visible_line(&step.told));
    }
    match done.error() {
        Some(error) => Err(format!("a step failed: {error}").into()),
        None => Ok(ExitCode::SUCCESS),
    }
}

async fn list(db: &store::Db, outlets: &Outlets) -> Outcome {
    for (id, run) in store::nightly::list_nightly_runs(db, LISTED).await? {
        let at = run.started_at.to_zoned(outlets.wording.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
        let end = match run.finished_at {
            Some(end) => format!("{:.1} s", run.started_at.duration_until(end).as_secs_f64()),
            None => "not finished".to_owned(),
        };
        let missed = if run.n_missed > 0 { format!(", {} missed before", run.n_missed) } else { String::new() };
        println!("{id}\t{at}\t{}\t{end}{missed}", run.started_by.word());
        for step in run.steps.iter().filter(|step| step.outcome != StepOutcome::Skipped) {
            println!("\t{}\t{}\t{}", step.step.word(), step.outcome.word(), visible_line(&step.told));
        }
    }
    Ok(ExitCode::SUCCESS)
}
