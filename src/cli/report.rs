//! `nameplate report`: the exposure report from the database; and the formats that `scan` writes too.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::bars::Bars;
use super::output::write_out;
use super::{Context, Outcome};
use crate::report::pdf::{Paper, write_pdf};
use crate::report::row::Report;
use crate::report::text::{Style, write_text};
use crate::report::{self, Format};
use crate::services::stored_report::{ReportRequest, stored_report};

/// Write the exposure report of one site or of all, for now or for a past day
///
/// Shows what the last rescan found. A past day shows what was known on that day; exposures are closed, never deleted.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate report
  nameplate report --site Riverside --format html -o riverside.html
  nameplate report --site Riverside --format pdf --paper letter -o riverside.pdf
  nameplate report --as-of 2026-01-03 --format csv -o january.csv")]
pub struct Arguments {
    /// One site [default: all]
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// A day (2026-01-03, its end in the local time zone) or a moment (2026-01-03T12:00:00Z) [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_moment)]
    as_of: Option<Timestamp>,
    /// Form of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = format_parser())]
    format: Format,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Sheets that a PDF is set for
    #[arg(long, value_name = "PAPER", default_value = "a4", value_parser = paper_parser())]
    paper: Paper,
    /// List all nameplates in the text form, however many
    #[arg(long)]
    full: bool,
}

/// Reads the word of a size of paper; the help lists the known ones.
pub fn paper_parser() -> impl TypedValueParser<Value = Paper> {
    PossibleValuesParser::new(Paper::ALL.map(Paper::word)).map(|word| Paper::from_word(&word).unwrap_or_default())
}

/// Reads the word of a format; the help lists the known ones.
pub fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::word))
        .map(|word| Format::from_word(&word).unwrap_or(Format::Text))
}

/// A moment, or the last moment of a day in the local time zone.
pub fn parse_moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let day: Date =
        text.parse().map_err(|_| "expected a day like 2026-01-03 or a moment like 2026-01-03T12:00:00Z".to_owned())?;
    day.to_zoned(TimeZone::system())
        .and_then(|start| start.end_of_day())
        .map(|end| end.timestamp())
        .map_err(|e| e.to_string())
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let request = ReportRequest { site: arguments.site.clone(), as_of: arguments.as_of };
    let report = stored_report(&db, &request, &Bars::new(context.quiet)).await?;
    let form = Form { format: arguments.format, paper: arguments.paper, full: arguments.full };
    write_report(&report, form, arguments.output.as_deref(), context)?;
    Ok(ExitCode::SUCCESS)
}

/// The form of a report that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    pub format: Format,
    /// For a PDF.
    pub paper: Paper,
    /// For the text form: all nameplates, however many.
    pub full: bool,
}

/// Writes a report in the form that was asked for.
///
/// # Errors
///
/// The place cannot be written to.
pub fn write_report(report: &Report, form: Form, output: Option<&Path>, context: &Context) -> Result<(), String> {
    let style = match output {
        None => context.style_of_stdout(form.full),
        Some(_) => Style { full: true, ..Style::PIPE },
    };
    write_out(output, form.format.is_binary(), |out| match form.format {
        Format::Text => write_text(report, &style, out),
        Format::Pdf => write_pdf(report, form.paper, out),
        other => report::write(report, other, out),
    })?;
    if let Some(path) = output {
        context.say(format_args!("wrote {}", path.display()));
    }
    Ok(())
}
