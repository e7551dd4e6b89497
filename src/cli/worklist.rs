//! `nameplate worklist`: which readings at which devices would turn "possible" into yes or no.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::bars::Bars;
use super::output::write_out;
use super::report::paper_parser;
use super::{Context, Outcome};
use crate::report::pdf::Paper;
use crate::report::worklist::{write_worklist, write_worklist_csv, write_worklist_json, write_worklist_pdf};
use crate::services::scan::{ScanRequest, judge_files};
use crate::services::worklist::{stored_worklist, worklist};

/// List the firmwares, order numbers and serial numbers to read, those first that settle most
///
/// A device whose firmware or order number the inventory leaves blank is often only possibly affected. The list says
/// which values to read off which devices, and how many exposures each reading turns into yes or no. It judges the
/// assets of the database, or those of inventory files, without storing anything.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate worklist --site Riverside
  nameplate worklist --format csv -o walk.csv
  nameplate worklist plant.xlsx --advisories csaf/")]
pub struct Arguments {
    /// Inventory files [default: the assets of the database]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// For files: a CSAF file, a folder of them, a .zip, .tar.gz or .tar.zst [default: the database's, else the samples]
    #[arg(long, value_name = "PATH", requires = "files")]
    advisories: Vec<PathBuf>,
    /// For files: alias pack to lay over the built-in catalogue
    #[arg(long, value_name = "PACK", requires = "files")]
    aliases: Option<PathBuf>,
    /// Only this site [default: all]
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,
    /// Sheets that a PDF is set for
    #[arg(long, value_name = "PAPER", default_value = "a4", value_parser = paper_parser())]
    paper: Paper,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// List all devices in the text form, however many
    #[arg(long)]
    full: bool,
}

/// The forms of a walk list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Csv,
    Json,
    Pdf,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let bars = Bars::new(context.quiet);
    let site = arguments.site.as_deref();
    let list = if arguments.files.is_empty() {
        stored_worklist(&context.open_database().await?, site, &bars).await?
    } else {
        let advisories = context.advisories(&arguments.advisories, &bars).await?;
        let request = ScanRequest {
            files: arguments.files.clone(),
            site: None,
            kev: None,
            epss: None,
            aliases: arguments.aliases.clone(),
            verdicts: Vec::new(),
            judged_at: jiff::Timestamp::now(),
        };
        let judged = tokio::task::block_in_place(|| judge_files(&request, &advisories, &bars))?;
        for warning in &judged.fleet.warnings {
            context.say(format_args!("warning: {warning}"));
        }
        worklist(&judged.judged_fleet(), site)?
    };
    let is_binary = arguments.format == Form::Pdf;
    write_out(arguments.output.as_deref(), is_binary, |out| match arguments.format {
        Form::Text => write_worklist(&list, arguments.full || arguments.output.is_some(), out),
        Form::Csv => write_worklist_csv(&list, out),
        Form::Json => write_worklist_json(&list, out),
        Form::Pdf => write_worklist_pdf(&list, jiff::Timestamp::now(), arguments.paper, out),
    })?;
    Ok(ExitCode::SUCCESS)
}
