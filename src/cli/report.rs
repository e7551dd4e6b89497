//! `nameplate report`: the exposure report from the database; and the formats that `scan` writes too.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::task::JoinSet;

use super::bars::Bars;
use super::output::{write_file, write_out};
use super::{Context, Outcome};
use crate::domain::filter::Filter;
use crate::report::pdf::{Paper, write_pdf};
use crate::report::row::Report;
use crate::report::text::{Style, write_text};
use crate::report::visible::counted;
use crate::report::{self, Format};
use crate::services::filtered_report::{FilteredReportRequest, report_of};
use crate::services::stored_report::ReportBase;
use crate::services::write_report::slug;
use crate::store::Db;

/// Write the exposure report of one site or of all, for now or for a past day
///
/// Shows what the last rescan found. A past day shows what was known on that day; exposures are closed, never deleted.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate report
  nameplate report --site Riverside --format html -o riverside.html
  nameplate report --site Riverside --format pdf --paper letter -o riverside.pdf
  nameplate report --each-site reports/ --format pdf
  nameplate report --as-of 2026-01-03 --format csv -o january.csv
  nameplate report --filter 'severity=high&status=open' --format xlsx -o open.xlsx")]
pub struct Arguments {
    /// One site [default: all]
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// A day (2026-01-03, its end in the local time zone) or a moment (2026-01-03T12:00:00Z) [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_moment)]
    as_of: Option<Timestamp>,
    /// Only what fits, in the words of the exposure list and its address
    ///
    /// Words: site, verdict, severity, kev, status, vendor, sure, fix, advisory, cve, area, text.
    #[arg(long, value_name = "FILTER", default_value = "", conflicts_with = "each_site")]
    filter: String,
    /// Form of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = format_parser())]
    format: Format,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Sheets that a PDF is set for
    #[arg(long, value_name = "PAPER", default_value = "a4", value_parser = paper_parser())]
    paper: Paper,
    /// Write one file for each site into this folder, several at a time
    #[arg(long, value_name = "DIR", conflicts_with_all = ["site", "output"])]
    each_site: Option<PathBuf>,
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
    if let Some(folder) = &arguments.each_site {
        return write_each_site(&db, arguments, folder, context).await;
    }
    let filter = Filter::parse(arguments.filter.trim_start_matches('?'))?;
    let request = FilteredReportRequest::of(&db, arguments.site.clone(), filter, arguments.as_of).await?;
    let report = report_of(&db, &request, &Bars::new(context.quiet)).await?;
    let form = Form { format: arguments.format, paper: arguments.paper, full: arguments.full };
    write_report(&report, form, arguments.output.as_deref(), context)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes one file for each site, as many at a time as there are processors; advisories are read once for all.
async fn write_each_site(db: &Db, arguments: &Arguments, folder: &Path, context: &Context) -> Outcome {
    let base = Arc::new(ReportBase::load(db, arguments.as_of, &Bars::new(context.quiet)).await?);
    std::fs::create_dir_all(folder).map_err(|e| format!("cannot make the folder `{}`: {e}", folder.display()))?;
    let sites: Vec<String> = base.sites().map(str::to_owned).collect();
    let n_sites = sites.len();
    let started = Instant::now();
    let (format, paper) = (arguments.format, arguments.paper);
    let n_parallel = std::thread::available_parallelism().map_or(2, usize::from);
    let mut waiting = (1..).zip(sites);
    let mut running: JoinSet<Result<(), String>> = JoinSet::new();
    loop {
        while running.len() < n_parallel
            && let Some((number, site)) = waiting.next()
        {
            let base = base.clone();
            let path = folder.join(format!("{number:04}-{}.{}", slug(&site), format.extension()));
            running.spawn(async move {
                let report = base.of_site(&site).await.map_err(|e| e.to_string())?;
                tokio::task::block_in_place(|| {
                    write_file(&path, |out| match format {
                        Format::Pdf => write_pdf(&report, paper, out),
                        other => report::write(&report, other, out),
                    })
                })
            });
        }
        match running.join_next().await {
            None => break,
            Some(written) => written.map_err(|e| format!("cannot write a report: {e}"))??,
        }
    }
    let (seconds, each) = (started.elapsed().as_secs_f64(), started.elapsed().as_millis() / (n_sites.max(1) as u128));
    let reports = counted(n_sites as u64, "report", "reports");
    context.say(format_args!("wrote {reports} into {} in {seconds:.1} s, {each} ms each", folder.display()));
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
