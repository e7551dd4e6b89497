//! `nameplate scan`: one shot, in memory, no database needed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::bars::Bars;
use super::output::write_file;
use super::report::{Form, format_parser, paper_parser, write_report};
use super::{Context, Outcome};
use crate::domain::verdict::Verdict;
use crate::report::Format;
use crate::report::html::write_html;
use crate::report::pdf::Paper;
use crate::report::row::Report;
use crate::services::scan::{ScanRequest, scan};

/// Match inventory files against advisories, once, without storing anything
///
/// Reads each FILE (CSV, XLSX, XLSM, XLSB, XLS, ODS), finds its table, matches every device against the advisories
/// and prints per site what is affected, possible, ruled out, not named and not checkable, then the exposures by
/// nameplate, worst first. The text form also writes an HTML report into the current folder.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate scan plant.xlsx
  nameplate scan plant.xlsx --advisories csaf/ --kev known_exploited_vulnerabilities.json
  nameplate scan north.csv south.csv --advisories bundle.zip --format xlsx -o exposure.xlsx
  nameplate scan plant.csv --verdict all --format ndjson | jq .reason")]
pub struct Arguments {
    /// Inventory files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A CSAF file, a folder of them, a .zip, .tar.gz or .tar.zst [default: the database's, else the samples]
    #[arg(long, value_name = "PATH")]
    advisories: Vec<PathBuf>,
    /// CISA's list of known exploited vulnerabilities (JSON or CSV)
    #[arg(long, value_name = "FILE")]
    kev: Option<PathBuf>,
    /// FIRST's list of exploit probabilities (CSV, also as .gz)
    #[arg(long, value_name = "FILE")]
    epss: Option<PathBuf>,
    /// Alias pack to lay over the built-in catalogue; see `nameplate alias export`
    #[arg(long, value_name = "PACK")]
    aliases: Option<PathBuf>,
    /// Site of the devices for which the file states none [default: the file's name]
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = format_parser())]
    format: Format,
    /// Sheets that a PDF is set for
    #[arg(long, value_name = "PAPER", default_value = "a4", value_parser = paper_parser())]
    paper: Paper,
    /// Verdicts to list: affected, possible, not_affected, separated by commas, or `all`
    #[arg(long, value_name = "VERDICTS", default_value = "affected,possible", value_parser = parse_verdicts)]
    verdict: Verdicts,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// End with status 1 when any device is affected, or at least possibly affected
    #[arg(long, value_name = "VERDICT")]
    fail_on: Option<FailOn>,
    /// List all nameplates in the text form, however many
    #[arg(long)]
    full: bool,
}

/// A set of verdicts as given on the command line.
#[derive(Clone, Debug)]
struct Verdicts(Vec<Verdict>);

fn parse_verdicts(text: &str) -> Result<Verdicts, String> {
    if text == "all" {
        return Ok(Verdicts(Verdict::ALL.to_vec()));
    }
    text.split(',')
        .map(|word| {
            Verdict::from_word(word.trim())
                .ok_or_else(|| format!("`{word}` is no verdict; known are affected, possible, not_affected, all"))
        })
        .collect::<Result<_, _>>()
        .map(Verdicts)
}

/// The weakest verdict that makes the command end with status 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Affected,
    Possible,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let bars = Bars::new(context.quiet);
    let advisories = context.advisories(&arguments.advisories, &bars).await?;
    let request = ScanRequest {
        files: arguments.files.clone(),
        site: arguments.site.clone(),
        kev: arguments.kev.clone(),
        epss: arguments.epss.clone(),
        aliases: arguments.aliases.clone(),
        verdicts: arguments.verdict.0.clone(),
        judged_at: jiff::Timestamp::now(),
    };
    // Matching is pure and runs on all cores; it must not hold up the async runtime.
    let report = tokio::task::block_in_place(|| scan(&request, &advisories, &bars))?;
    if arguments.format != Format::Text {
        // The text form tells them by itself.
        for warning in &report.warnings {
            context.say(format_args!("warning: {warning}"));
        }
    }
    let form = Form { format: arguments.format, paper: arguments.paper, full: arguments.full };
    write_report(&report, form, arguments.output.as_deref(), context)?;
    if arguments.format == Format::Text && arguments.output.is_none() {
        write_html_beside(&report, &arguments.files[0], context);
    }
    Ok(status(&report, arguments.fail_on))
}

/// Writes the HTML report into the current folder. Its failing does not undo what was printed, so it only warns.
fn write_html_beside(report: &Report, first_file: &Path, context: &Context) {
    let stem = first_file.file_stem().map_or("inventory".into(), |s| s.to_string_lossy());
    let path = PathBuf::from(format!("nameplate-{stem}.html"));
    match write_file(&path, |out| write_html(report, out)) {
        Ok(()) => context.say(format_args!("HTML report: {}", path.display())),
        Err(e) => context.say(format_args!("warning: no HTML report: {e}")),
    }
}

fn status(report: &Report, fail_on: Option<FailOn>) -> ExitCode {
    use crate::domain::asset::Standing;
    let n = |standing| report.sites.iter().map(|site| site.n(standing)).sum::<u64>();
    let failed = match fail_on {
        None => false,
        Some(FailOn::Affected) => n(Standing::Affected) > 0,
        Some(FailOn::Possible) => n(Standing::Affected) + n(Standing::Possible) > 0,
    };
    if failed { ExitCode::from(1) } else { ExitCode::SUCCESS }
}
