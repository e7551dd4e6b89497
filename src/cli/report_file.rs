//! `nameplate report-file`: files that were made, with their checksums.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;

use super::bars::Bars;
use super::mark::who;
use super::output::write_out;
use super::report::{paper_parser, parse_moment};
use super::{Context, Outcome};
use crate::domain::filter::Filter;
use crate::report::pdf::Paper;
use crate::report::visible::visible_line;
use crate::services::report_files::{KEEP_DAYS, delete_report_file, make_report_file, read_report_file};
use crate::services::write_report::{FileRequest, KINDS, VexIdentity};
use crate::store;

/// Make files of reports that are kept with their checksum, as the page `Reports` does
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArguments),
    Make(Box<MakeArguments>),
    Get(GetArguments),
    Delete(DeleteArguments),
}

/// List the files that were made, the latest first
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate report-file list
  nameplate report-file list --limit 10")]
pub struct ListArguments {
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Make a file and keep it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate report-file make pdf --site Riverside
  nameplate report-file make xlsx --filter 'severity=high&status=open' --as-of 2026-11-22
  nameplate report-file make comparison.csv --site Riverside --since 2026-10-22
  nameplate report-file make evidence.pdf --keep-days 1200")]
pub struct MakeArguments {
    /// What is made
    #[arg(value_name = "KIND", value_parser = kind_parser())]
    kind: String,
    /// One site [default: all]
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// A day (2026-01-03, its end in the local time zone) or a moment [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_moment)]
    as_of: Option<Timestamp>,
    /// The earlier day or moment that a comparison begins with
    #[arg(long, value_name = "DATE", value_parser = parse_moment)]
    since: Option<Timestamp>,
    /// Only what fits, in the words of the exposure list; for exposure reports
    #[arg(long, value_name = "FILTER", default_value = "")]
    filter: String,
    #[arg(long, value_name = "PAPER", default_value = "a4", value_parser = paper_parser())]
    paper: Paper,
    /// Days that it is kept
    #[arg(long, value_name = "N", default_value_t = KEEP_DAYS, value_parser = clap::value_parser!(i64).range(1..=36_500))]
    keep_days: i64,
    /// Who has it made [default: the user of the system]
    #[arg(long, value_name = "WHO", env = "NAMEPLATE_USER")]
    by: Option<String>,
}

/// Write a file that was made to another place, after comparing its checksum
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate report-file get 3 -o riverside.pdf
  nameplate report-file get 3 > riverside.pdf")]
pub struct GetArguments {
    #[arg(value_name = "ID")]
    id: i64,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// Remove a file before its days are over; its line in the list stays
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate report-file delete 3
  nameplate report-file delete 3 && nameplate report-file list")]
pub struct DeleteArguments {
    #[arg(value_name = "ID")]
    id: i64,
}

fn kind_parser() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(KINDS.iter().map(|(word, what)| clap::builder::PossibleValue::new(*word).help(*what)))
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    match command {
        Command::List(arguments) => {
            let files = store::report_file::list_report_files_before(&db, None, arguments.limit).await?;
            write_out(None, false, |out| {
                for (id, file) in &files {
                    let site = file.site.as_deref().map_or_else(|| "all sites".into(), visible_line);
                    let state = match file.removed_at {
                        Some(at) => format!("removed {}", at.strftime("%Y-%m-%d")),
                        None => visible_line(&file.path).into_owned(),
                    };
                    writeln!(
                        out,
                        "{id}\t{}\t{}\t{}\t{site}\t{}\t{} bytes\tsha256 {}\t{state}",
                        file.made_at.strftime("%Y-%m-%d %H:%M:%SZ"),
                        visible_line(&file.made_by),
                        file.kind,
                        visible_line(&file.filter),
                        file.n_bytes,
                        file.sha256,
                    )?;
                }
                Ok::<(), std::io::Error>(())
            })?;
            if files.is_empty() {
                context.say("No file yet. `nameplate report-file make pdf` makes one and keeps it.");
            }
        }
        Command::Make(arguments) => {
            let request = FileRequest {
                kind: arguments.kind.clone(),
                paper: arguments.paper.word().to_owned(),
                site: arguments.site.clone(),
                as_of: arguments.as_of,
                since: arguments.since,
                imports: None,
                filter: Filter::parse(arguments.filter.trim_start_matches('?'))?,
                vex: VexIdentity::of(&context.config),
            };
            let by = who(arguments.by.as_deref());
            let progress = Bars::new(context.quiet);
            let data_dir = context.config.data_dir()?;
            let now = Timestamp::now();
            let (id, file) =
                make_report_file(&db, &data_dir, &request, &by, arguments.keep_days, now, &progress).await?;
            println!("{id}\t{}\tsha256 {}", visible_line(&file.path), file.sha256);
        }
        Command::Get(arguments) => {
            let (file, bytes) = read_report_file(&db, arguments.id).await?;
            let is_binary = !file.kind.ends_with("csv") && !file.kind.ends_with("json");
            write_out(arguments.output.as_deref(), is_binary, |out| out.write_all(&bytes))?;
        }
        Command::Delete(arguments) => {
            delete_report_file(&db, arguments.id, &who(None), Timestamp::now()).await?;
            context.say(format_args!("file {} is removed; its line in the list stays", arguments.id));
        }
    }
    Ok(ExitCode::SUCCESS)
}
