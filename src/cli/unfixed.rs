//! `nameplate unfixed`: what no firmware closes, and what is done about it instead.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::Date;

use super::bars::Bars;
use super::output::write_out;
use super::report::paper_parser;
use super::{Context, Outcome};
use crate::domain::plan::Mitigation;
use crate::report::pdf::Paper;
use crate::report::without_fix::{without_json, write_without_fix, write_without_fix_csv, write_without_fix_pdf};
use crate::services::plan_shutdown::{list_without_fix, mitigate};

/// List what gets no fix, and keep what is done instead
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArguments),
    Mitigate(MitigateArguments),
}

/// List the exposures for which no fix is named: none planned, none available, or mitigations only
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate unfixed list --site Riverside
  nameplate unfixed list --format pdf -o never-fixed.pdf")]
pub struct ListArguments {
    /// A site; may be repeated [default: all]
    #[arg(long, value_name = "SITE")]
    site: Vec<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,
    /// Sheets that a PDF is set for
    #[arg(long, value_name = "PAPER", default_value = "a4", value_parser = paper_parser())]
    paper: Paper,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// The forms of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Csv,
    Json,
    Pdf,
}

/// Keep what is done about a nameplate at a site instead of a fix; it replaces what was decided before
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate unfixed mitigate 217 --site Riverside --measure 'segment from the business network' --review-on 2027-03-01
  nameplate unfixed mitigate 217 --site Riverside --measure 'replace' --replace-in 2029 --by 'M. Okafor'")]
pub struct MitigateArguments {
    /// The number of the nameplate with its firmware, as `unfixed list` shows it
    #[arg(value_name = "VARIANT")]
    variant: i64,
    #[arg(long, value_name = "SITE")]
    site: String,
    /// What is done
    #[arg(long, value_name = "TEXT")]
    measure: String,
    /// When it is looked at again
    #[arg(long, value_name = "DATE")]
    review_on: Option<Date>,
    /// Year or date of replacement
    #[arg(long, value_name = "WHEN", default_value = "")]
    replace_in: String,
    /// Who decided
    #[arg(long, value_name = "WHO", default_value = "")]
    by: String,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let now = Timestamp::now();
    match command {
        Command::List(arguments) => {
            let list = list_without_fix(&db, &arguments.site, now, &Bars::new(context.quiet)).await?;
            write_out(arguments.output.as_deref(), arguments.format == Form::Pdf, |out| match arguments.format {
                Form::Text => write_without_fix(&list, out),
                Form::Csv => write_without_fix_csv(&list, out),
                Form::Json => {
                    let list: Vec<serde_json::Value> = list.iter().map(without_json).collect();
                    writeln!(out, "{:#}", serde_json::Value::Array(list))
                }
                Form::Pdf => write_without_fix_pdf(&list, now, arguments.paper, out),
            })?;
        }
        Command::Mitigate(arguments) => {
            let mitigation = Mitigation {
                measure: arguments.measure.clone(),
                review_on: arguments.review_on.map(|date| date.to_string()).unwrap_or_default(),
                replace_in: arguments.replace_in.clone(),
                decided_by: arguments.by.clone(),
                decided_at: Some(now),
            };
            mitigate(&db, &arguments.site, arguments.variant, &mitigation, now).await?;
            context.say(format_args!("kept for variant {} at {}", arguments.variant, arguments.site));
        }
    }
    Ok(ExitCode::SUCCESS)
}
