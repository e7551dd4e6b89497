//! `nameplate compare`: two days or two imports of the database, or two inventory files, side by side.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use jiff::Timestamp;

use super::bars::Bars;
use super::output::write_out;
use super::report::parse_moment;
use super::{Context, Outcome};
use crate::domain::verdict::Verdict;
use crate::report::comparison::{Comparison, comparison_json, write_comparison, write_comparison_csv};
use crate::report::row::Report;
use crate::services::compare_inventories::compare_inventories;
use crate::services::scan::{ScanRequest, scan};
use crate::services::stored_report::{ReportRequest, stored_report};

/// Compare two days of one site or of all, two imports of a site, or two inventory files: what is new, closed, changed
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate compare --from 2026-10-01 --to 2026-11-01 --site Riverside
  nameplate compare --imports 3 7 --site Riverside
  nameplate compare before.xlsx after.xlsx --advisories csaf/ --format csv -o difference.csv")]
pub struct Arguments {
    /// Two inventory files [default: the database]
    #[arg(value_name = "FILE", num_args = 2, required_unless_present_any = ["from", "imports"])]
    files: Vec<PathBuf>,
    /// Earlier day or moment
    #[arg(long, value_name = "DATE", value_parser = parse_moment, conflicts_with = "files")]
    from: Option<Timestamp>,
    /// Later day or moment [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_moment, requires = "from")]
    to: Option<Timestamp>,
    /// Two imports of a site by their numbers
    #[arg(long, value_names = ["BEFORE", "AFTER"], num_args = 2, requires = "site", conflicts_with_all = ["files", "from"])]
    imports: Vec<i64>,
    /// One site [default: all]
    #[arg(long, value_name = "SITE", conflicts_with = "files")]
    site: Option<String>,
    /// For files: a CSAF file, a folder of them, a .zip, .tar.gz or .tar.zst [default: the database's, else the samples]
    #[arg(long, value_name = "PATH", requires = "files")]
    advisories: Vec<PathBuf>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// List all rows in the text form, however many
    #[arg(long)]
    full: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Csv,
    Json,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if let ([before, after], Some(site)) = (arguments.imports.as_slice(), &arguments.site) {
        let db = context.open_database().await?;
        let bars = Bars::new(context.quiet);
        let compared = compare_inventories(&db, site, (*before, *after), Timestamp::now(), &bars).await?;
        write(&compared.comparison(), arguments)?;
    } else {
        let (before, after) = match arguments.files.as_slice() {
            [before, after] => of_files(before, after, arguments, context).await?,
            _ => of_days(arguments, context).await?,
        };
        write(&Comparison::of(&before, &after), arguments)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(compared: &Comparison<'_>, arguments: &Arguments) -> Result<(), String> {
    let full = arguments.full || arguments.output.is_some();
    write_out(arguments.output.as_deref(), false, |out| match arguments.format {
        Form::Text => write_comparison(compared, full, out),
        Form::Csv => write_comparison_csv(compared, out),
        Form::Json => writeln!(out, "{:#}", comparison_json(compared)),
    })
}

async fn of_days(arguments: &Arguments, context: &Context) -> Result<(Report, Report), Box<dyn std::error::Error>> {
    let db = context.open_database().await?;
    let bars = Bars::new(context.quiet);
    let request = |as_of: Option<Timestamp>| ReportRequest { site: arguments.site.clone(), as_of };
    let before = stored_report(&db, &request(arguments.from), &bars).await?;
    let after = stored_report(&db, &request(arguments.to), &bars).await?;
    Ok((before, after))
}

async fn of_files(
    before: &std::path::Path,
    after: &std::path::Path,
    arguments: &Arguments,
    context: &Context,
) -> Result<(Report, Report), Box<dyn std::error::Error>> {
    let bars = Bars::new(context.quiet);
    let advisories = context.advisories(&arguments.advisories, &bars).await?;
    let judged_at = Timestamp::now();
    let report = |file: &std::path::Path| {
        let request = ScanRequest {
            files: vec![file.to_owned()],
            site: None,
            kev: None,
            epss: None,
            aliases: None,
            verdicts: vec![Verdict::Affected, Verdict::Possible],
            judged_at,
        };
        tokio::task::block_in_place(|| scan(&request, &advisories, &bars))
    };
    Ok((report(before)?, report(after)?))
}
