//! `nameplate advisory`: the documents that devices are matched against.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;

use super::bars::Bars;
use super::mark::who;
use super::output::write_out;
use super::{Context, Outcome};
use crate::domain::audit::Act;
use crate::domain::source::{Source, SourceKind};
use crate::report::advisory_text::advisory_text;
use crate::report::lint::{write_lint, write_lint_json};
use crate::report::visible::counted;
use crate::services::add_advisories::{add_advisories, replace_epss, replace_kev};
use crate::services::add_advisory_url::add_advisory_from_url;
use crate::services::lint_advisories::{lint_database, lint_paths};
use crate::services::load_epss::load_epss;
use crate::services::load_kev::load_kev;
use crate::services::note_act::{Deed, note};
use crate::services::report_rows::range_in_words;
use crate::services::show_advisory::find_shown_advisories;
use crate::services::sources::FetchSettings;

mod documents;

/// Add, find, show, compare, note, check and delete advisories
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Add(AddArguments),
    List(documents::ListArguments),
    Show(ShowArguments),
    Lint(LintArguments),
    Diff(documents::DiffArguments),
    Comment(documents::CommentArguments),
    Read(documents::ReadArguments),
    Unread(documents::UnreadArguments),
    Delete(documents::DeleteArguments),
}

/// Add CSAF documents to the database
///
/// PATH is a CSAF file, a folder (with all folders in it), a .zip, .tar.gz or .tar.zst, or the https:// address of one
/// document. Documents that are known already
/// are left alone; older revisions are kept; a document that cannot be read is kept with its error.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate advisory add csaf_files/OT/white
  nameplate advisory add https://example.com/csaf/white/2024/ab-2024-001.json
  nameplate advisory add bundle.tar.zst --kev known_exploited_vulnerabilities.json
  nameplate advisory add --epss epss_scores-current.csv.gz")]
pub struct AddArguments {
    #[arg(required_unless_present_any = ["kev", "epss"], value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// CISA's list of known exploited vulnerabilities (JSON or CSV); replaces the one in the database
    #[arg(long, value_name = "FILE")]
    kev: Option<PathBuf>,
    /// FIRST's list of exploit probabilities (CSV, also as .gz); replaces the one in the database
    #[arg(long, value_name = "FILE")]
    epss: Option<PathBuf>,
}

/// Show one advisory: products with their ranges in words, remedies, vulnerabilities, revisions
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate advisory show ICSA-23-229-03
  nameplate advisory show icsa-23-229-03 | less")]
pub struct ShowArguments {
    /// The tracking id of the document; case does not matter
    #[arg(value_name = "ID")]
    id: String,
}

/// Say what is odd about advisories: with file, kind and JSON pointer, and which version texts are not understood
///
/// Looks at the documents under PATH, else at the current revisions of the database. A version text of which a part is
/// not understood makes a device possible at most; the sums at the end say how many there are.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate advisory lint csaf_files/OT/white
  nameplate advisory lint icsa-23-229-03.json --format json | jq .by_kind")]
pub struct LintArguments {
    /// CSAF files, folders (with all folders in them), .zip, .tar.gz or .tar.zst [default: the database's]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: LintForm,
}

/// The forms of the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LintForm {
    Text,
    Json,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::Add(arguments) => add(arguments, context).await,
        Command::List(arguments) => documents::list(arguments, context).await,
        Command::Show(arguments) => show(arguments, context).await,
        Command::Lint(arguments) => lint(arguments, context).await,
        Command::Diff(arguments) => documents::diff(arguments, context).await,
        Command::Comment(arguments) => documents::comment(arguments, context).await,
        Command::Read(arguments) => documents::read(arguments, context).await,
        Command::Unread(arguments) => documents::unread(arguments, context).await,
        Command::Delete(arguments) => documents::delete(arguments, context).await,
    }
}

async fn add(arguments: &AddArguments, context: &Context) -> Outcome {
    // The lists are read first: a mistyped name must not be noticed only after a long load.
    let kev = arguments.kev.as_deref().map(load_kev).transpose()?;
    let epss = arguments.epss.as_deref().map(load_epss).transpose()?;
    let db = context.open_database().await?;
    if !arguments.paths.is_empty() {
        let is_url = |path: &&PathBuf| path.to_str().is_some_and(|text| text.contains("://"));
        let (urls, paths): (Vec<&PathBuf>, Vec<&PathBuf>) = arguments.paths.iter().partition(is_url);
        let paths: Vec<PathBuf> = paths.into_iter().cloned().collect();
        let mut added = add_advisories(&db, &paths, &Bars::new(context.quiet)).await?;
        if !urls.is_empty() {
            let settings = FetchSettings::of_config(&context.config)?;
            for url in urls {
                let now = Timestamp::now();
                let source = Source::new("by-hand", SourceKind::Csaf, &url.to_string_lossy(), now);
                let one = add_advisory_from_url(&db, &settings, &source, now).await?;
                for why in &one.warnings {
                    context.say(format_args!("warning: {why}"));
                }
                println!("{} revision {}: {} ({})", one.key.id, one.version, one.trust.text(), one.reason);
                added.n_added += u64::from(one.is_new);
                added.n_known += u64::from(!one.is_new);
            }
        }
        for why in &added.unreadable {
            context.say(format_args!("warning: {why}"));
        }
        println!("Added {}, known already {}, unreadable {}.", added.n_added, added.n_known, added.n_unreadable);
        if added.n_added > 0 {
            let what = format!("{} added by hand", counted(added.n_added, "advisory document", "advisory documents"));
            note(&db, Deed::new(&who(None), Act::ChangeAdvisory, what), Timestamp::now()).await?;
        }
        if added.n_questionable > 0 {
            context.say(format_args!(
                "{} of them with an oddity that can change a verdict; `nameplate advisory lint` tells them",
                added.n_questionable
            ));
        }
        for (kind, n) in &added.warnings {
            println!("  {n:>6} × {}", kind.word());
        }
        if added.n_added + added.n_known == 0 {
            return Err(
                "no CSAF document was found\nhint: name a CSAF file, a folder of them, a .zip, .tar.gz or .tar.zst"
                    .into(),
            );
        }
    }
    if let Some((list, warnings)) = kev {
        for warning in warnings {
            context.say(format_args!("warning: {warning}"));
        }
        println!("Exploited vulnerabilities: {} in list {}.", list.entries.len(), list.version);
        replace_kev(&db, &list).await?;
    }
    if let Some((list, warnings)) = epss {
        for warning in warnings {
            context.say(format_args!("warning: {warning}"));
        }
        let date = if list.date.is_empty() { "no stated date" } else { &list.date };
        println!("Exploit probabilities: {} of {date}, model {}.", list.entries.len(), list.model);
        replace_epss(&db, &list).await?;
    }
    context.say("hint: `nameplate rescan` judges your devices anew");
    Ok(ExitCode::SUCCESS)
}

async fn show(arguments: &ShowArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    for shown in find_shown_advisories(&db, &arguments.id).await? {
        print!("{}", advisory_text(&shown.advisory, range_in_words));
        println!("\nQuality: {}", shown.quality.line());
        if !shown.witnesses.is_empty() {
            let role = if shown.leads { "This document leads" } else { "Another document leads" };
            println!("\nWitnesses of the same finding ({}). {role}.", shown.witnesses.len());
            for witness in &shown.witnesses {
                println!("  {}  {}  {}", witness.key.id, witness.publisher, witness.title);
            }
        }
        if !shown.closings.is_empty() {
            println!("\nExposures that ended");
            for (at, why, n) in &shown.closings {
                let why = why.as_deref().unwrap_or("the device or its judgement changed");
                println!("  {}  {n} × {why}", at.strftime("%Y-%m-%d"));
            }
        }
        println!("\nKept revisions ({})", shown.revisions.len());
        for revision in &shown.revisions {
            println!("  {}  added {} from {}", revision.version, revision.added_at, revision.source);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn lint(arguments: &LintArguments, context: &Context) -> Outcome {
    let bars = Bars::new(context.quiet);
    let report = if arguments.paths.is_empty() {
        lint_database(&context.open_database().await?, &bars).await?
    } else {
        tokio::task::block_in_place(|| lint_paths(&arguments.paths, &bars))
    };
    if report.n_documents == 0 {
        let reasons: String = report.findings.iter().take(3).map(|why| format!("\n  {}", why.detail)).collect();
        return Err(format!(
            "cannot check advisories: expected at least one CSAF document, found none{reasons}\n\
             hint: name a CSAF file, a folder of them, a .zip, .tar.gz or .tar.zst"
        )
        .into());
    }
    write_out(None, false, |out| match arguments.format {
        LintForm::Text => write_lint(&report, out),
        LintForm::Json => write_lint_json(&report, out),
    })?;
    Ok(ExitCode::SUCCESS)
}
