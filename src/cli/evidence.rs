//! `nameplate evidence`: the record that advisories were evaluated, source by source.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use jiff::Timestamp;

use super::bars::Bars;
use super::output::write_out;
use super::report::{paper_parser, parse_moment};
use super::{Context, Outcome};
use crate::report::evidence::{write_evidence, write_evidence_json, write_evidence_pdf};
use crate::report::pdf::Paper;
use crate::services::evaluation_record::{EvidenceRequest, evaluation_record};

/// Write the 35-day record: what came from each source, when it was evaluated, what is applicable and why not
///
/// The record of a past period is made again from kept history and carries a checksum. It shows what the program did;
/// a table says which parts of NERC CIP-007 R2 it covers and what it does not. It claims no compliance.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate evidence
  nameplate evidence --as-of 2026-10-31 --format pdf -o october.pdf")]
pub struct Arguments {
    /// One site [default: all]
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// End of the period: a day or a moment [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_moment)]
    as_of: Option<Timestamp>,
    /// Length of the period in days
    #[arg(long, value_name = "DAYS", default_value_t = 35)]
    days: u32,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,
    /// Sheets that a PDF is set for
    #[arg(long, value_name = "PAPER", default_value = "a4", value_parser = paper_parser())]
    paper: Paper,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
    Pdf,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let request = EvidenceRequest {
        site: arguments.site.clone(),
        to: arguments.as_of.unwrap_or_else(Timestamp::now),
        days: arguments.days,
    };
    let evidence = evaluation_record(&db, &request, &Bars::new(context.quiet)).await?;
    write_out(arguments.output.as_deref(), arguments.format == Form::Pdf, |out| match arguments.format {
        Form::Text => write_evidence(&evidence, out),
        Form::Json => write_evidence_json(&evidence, out),
        Form::Pdf => write_evidence_pdf(&evidence, arguments.paper, out),
    })?;
    Ok(ExitCode::SUCCESS)
}
