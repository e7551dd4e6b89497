//! `nameplate scheduled-report`: reports that are made at night.

use std::process::ExitCode;

use jiff::Timestamp;

use super::mark::who;
use super::report::format_parser;
use super::{Context, Outcome};
use crate::domain::filter::Filter;
use crate::report::Format;
use crate::report::visible::visible_line;
use crate::services::scheduled_reports::{add_scheduled_report, delete_scheduled_report};
use crate::store;
use crate::store::report_schedule::ReportSchedule;

/// Have reports made at night, to a folder or by mail
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArguments),
    Add(AddArguments),
    Delete(DeleteArguments),
}

/// List the scheduled reports
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate scheduled-report list
  nameplate scheduled-report list | grep monthly")]
pub struct ListArguments {}

/// Add a report; the nightly run makes it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate scheduled-report add --site Riverside --format pdf --when weekly --to plant-manager@example.org
  nameplate scheduled-report add --format xlsx --when daily --to folder:/srv/reports --keep-days 30
  nameplate scheduled-report add --filter 'severity=critical&status=open' --format csv --when daily --to ot@example.org")]
pub struct AddArguments {
    /// One site [default: all]
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// Only what fits, in the words of the exposure list and its address
    #[arg(long, value_name = "FILTER", default_value = "")]
    filter: String,
    #[arg(long, value_name = "FORMAT", default_value = "pdf", value_parser = format_parser())]
    format: Format,
    /// Every night, Monday's, or that of the first of a month
    #[arg(long, value_name = "WORD", value_parser = ["daily", "weekly", "monthly"], default_value = "weekly")]
    when: String,
    /// Mail address or folder:PATH
    #[arg(long, value_name = "RECIPIENT")]
    to: String,
    /// Days that its files are kept
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(i64).range(1..=36_500))]
    keep_days: i64,
}

/// Delete a scheduled report; what it made is kept for its days
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate scheduled-report delete 2
  nameplate scheduled-report delete 2 && nameplate scheduled-report list")]
pub struct DeleteArguments {
    #[arg(value_name = "ID")]
    id: i64,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    match command {
        Command::List(_) => {
            for (id, schedule) in store::report_schedule::list_report_schedules(&db).await? {
                let site = schedule.site.as_deref().map_or_else(|| "all sites".into(), visible_line);
                let filter = match schedule.filter.as_str() {
                    "" => String::new(),
                    filter => format!(", {}", visible_line(filter)),
                };
                let last = schedule
                    .last_slot_at
                    .map_or_else(|| "never made".to_owned(), |at| format!("made for {}", at.strftime("%Y-%m-%d")));
                println!(
                    "{id}\t{site}{filter}\t{}\t{}\t{}\tkept {} days\t{last}",
                    schedule.format,
                    schedule.rhythm,
                    if schedule.target.is_empty() { "kept only".into() } else { visible_line(&schedule.target) },
                    schedule.keep_days
                );
            }
        }
        Command::Add(arguments) => {
            let schedule = ReportSchedule {
                site: arguments.site.clone(),
                filter: Filter::parse(arguments.filter.trim_start_matches('?'))?.to_string(),
                format: arguments.format.word().to_owned(),
                target: arguments.to.clone(),
                rhythm: arguments.when.clone(),
                keep_days: arguments.keep_days,
                created_at: Timestamp::now(),
                last_slot_at: None,
            };
            let id = add_scheduled_report(&db, &schedule, &who(None)).await?;
            println!("Report {id} is made by the nightly run, {}.", arguments.when);
        }
        Command::Delete(arguments) => {
            delete_scheduled_report(&db, arguments.id, &who(None), Timestamp::now()).await?;
            println!("Deleted scheduled report {}; what it made is kept for its days.", arguments.id);
        }
    }
    Ok(ExitCode::SUCCESS)
}
