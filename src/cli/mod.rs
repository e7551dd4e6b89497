//! The command line: one subcommand a file. Data goes to standard output, talk to standard error.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::config::Config;
use crate::report::text::Style;
use crate::services::load_advisories::{Advisories, AdvisorySource, load_advisories};
use crate::store::Db;

use bars::Bars;

mod advisory;
mod alert;
mod alias;
mod asset;
mod backup;
mod bars;
mod bundle;
mod compare;
mod completions;
mod evidence;
mod explain;
mod fetch;
mod import;
mod mark;
mod migrate;
mod move_database;
mod nightly;
mod outbox;
mod output;
mod plan;
mod report;
mod report_file;
mod rescan;
mod scan;
mod scheduled_report;
mod serve;
mod source;
mod token;
mod unfixed;
mod user;
mod vex;
mod worklist;

/// Exit code of a command that could not do what it was asked.
const COULD_NOT: u8 = 2;

/// What a command ends with: an exit code, or a message for the person who called it.
type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

/// Tells a plant which of its installed devices are hit by a published security advisory, why, and what to do.
#[derive(Debug, Parser)]
#[command(name = "nameplate", version, propagate_version = true, max_term_width = 100, after_long_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  Which of my devices are affected? (one shot, nothing is stored)
      nameplate scan plant.xlsx --advisories csaf/
  Keep inventory and advisories, and see what changed
      nameplate import plant.xlsx && nameplate advisory add csaf/ && nameplate rescan

Exit status: 0 done, 1 only when asked for with --fail-on, 2 could not do it.";

/// Settings that every command takes; the same keys stand in the configuration file and the environment.
#[derive(Debug, Args)]
struct Settings {
    /// Configuration file (TOML) [default: config.toml in the data folder, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "NAMEPLATE_CONFIG")]
    config: Option<PathBuf>,
    /// Database URL: sqlite:///path/to/file.db or postgres://user@host/name
    ///
    /// Default: nameplate.db in the data folder, created on first use. A password belongs in the environment
    /// (NAMEPLATE_DATABASE or PGPASSWORD) or the configuration file, never in a flag that others can see.
    #[arg(long, global = true, value_name = "URL", env = "NAMEPLATE_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Folder for what the program keeps [default: the data folder of the user]
    #[arg(long, global = true, value_name = "DIR", env = "NAMEPLATE_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// What to log on standard error, as in `info` or `nameplate=debug`
    #[arg(long, global = true, value_name = "FILTER", env = "NAMEPLATE_LOG")]
    log: Option<String>,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

/// When output carries colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Scan(scan::Arguments),
    Import(import::Arguments),
    #[command(subcommand)]
    Asset(asset::Command),
    #[command(subcommand)]
    Advisory(advisory::Command),
    #[command(subcommand)]
    Alias(alias::Command),
    #[command(subcommand)]
    Bundle(bundle::Command),
    #[command(subcommand)]
    Source(source::Command),
    Fetch(fetch::Arguments),
    Mark(mark::Arguments),
    Undo(mark::UndoArguments),
    Rescan(rescan::Arguments),
    Report(report::Arguments),
    #[command(subcommand)]
    ReportFile(report_file::Command),
    Explain(explain::Arguments),
    Worklist(worklist::Arguments),
    #[command(subcommand)]
    Unfixed(unfixed::Command),
    #[command(subcommand)]
    Plan(plan::Command),
    Nightly(nightly::Arguments),
    #[command(subcommand)]
    ScheduledReport(scheduled_report::Command),
    #[command(subcommand)]
    Alert(alert::Command),
    #[command(subcommand)]
    Outbox(outbox::Command),
    Vex(vex::Arguments),
    Compare(compare::Arguments),
    Evidence(evidence::Arguments),
    Serve(serve::Arguments),
    #[command(subcommand)]
    User(user::Command),
    #[command(subcommand)]
    Token(token::Command),
    Migrate(migrate::Arguments),
    Move(move_database::Arguments),
    Backup(backup::BackupArguments),
    Restore(backup::RestoreArguments),
    Retention(backup::RetentionArguments),
    Doctor(backup::DoctorArguments),
    Completions(completions::Arguments),
    Man(completions::ManArguments),
}

/// What every command is given: the settings in force and how to talk.
struct Context {
    config: Config,
    color: Color,
    quiet: bool,
    /// The database that the command opened, to be closed when it is done.
    opened: OnceLock<Db>,
}

/// How long the end of a command waits for the database to be closed; what is written is written in any case.
const CLOSING: Duration = Duration::from_secs(5);

impl Context {
    /// How text is set on standard output: for a terminal of its width, or plain for a pipe.
    fn style_of_stdout(&self, full: bool) -> Style {
        let is_terminal = std::io::stdout().is_terminal();
        let colour = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        // 80 columns is what a terminal has that does not tell its width.
        let width = is_terminal.then(|| comfy_table::Table::new().width().unwrap_or(80));
        Style { width, colour, full: full || !is_terminal }
    }

    /// Says one line to the person who called, on standard error.
    fn say(&self, line: impl std::fmt::Display) {
        if !self.quiet {
            eprintln!("{line}");
        }
    }
}

impl Context {
    /// Opens the database in force and brings it to this program's form; creates the default one on first use.
    async fn open_database(&self) -> Result<Db, Box<dyn std::error::Error>> {
        let url = self.config.database_url()?;
        if self.config.database.is_none() {
            let folder = self.config.data_dir()?;
            create_private_folder(&folder)
                .map_err(|e| format!("cannot make the data folder `{}`: {e}", folder.display()))?;
        }
        let db = Db::open(&url).await?;
        // A command opens it once.
        let _ = self.opened.set(db.clone());
        Ok(db)
    }

    /// Closes what the command opened, so that a SQLite file is complete by itself for whoever copies it.
    async fn close_database(&self) {
        if let Some(db) = self.opened.get() {
            let _ = tokio::time::timeout(CLOSING, db.close()).await;
        }
    }

    /// The database in force if there is one already; a SQLite file that does not exist is not made.
    async fn open_database_if_there(&self) -> Result<Option<Db>, Box<dyn std::error::Error>> {
        let is_there = match &self.config.database {
            Some(url) => url.strip_prefix("sqlite://").is_none_or(|path| Path::new(path).exists()),
            None => self.config.data_dir().is_ok_and(|folder| folder.join("nameplate.db").exists()),
        };
        if is_there { Ok(Some(self.open_database().await?)) } else { Ok(None) }
    }

    /// The advisories under these paths; where none is named those of the database in force, else the samples. Says
    /// which.
    async fn advisories(&self, paths: &[PathBuf], bars: &Bars) -> Result<Advisories, Box<dyn std::error::Error>> {
        let source = if !paths.is_empty() {
            AdvisorySource::Paths(paths.to_vec())
        } else if let Some(db) = self.open_database_if_there().await? {
            AdvisorySource::DatabaseElseSamples(db)
        } else {
            AdvisorySource::Samples
        };
        let advisories = load_advisories(source, bars).await?;
        self.say(format_args!("Advisories: {}", advisories.sources.join("; ")));
        Ok(advisories)
    }
}

/// Makes a folder that only its owner may enter, with the folders above it.
fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Reads the arguments, does what they say, and tells how it ended.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(e) => e.exit(),
    };
    // A flag is seen by everybody who can list processes; the environment and the file are not.
    let from_flag = matches.value_source("database") == Some(ValueSource::CommandLine);
    if from_flag && cli.settings.database.as_deref().is_some_and(has_password) {
        return fail(
            "cannot take a password from the flag --database\nhint: set NAMEPLATE_DATABASE or PGPASSWORD, or the key `database` of the configuration file",
        );
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(e) => return fail(format_args!("cannot start: {e}")),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(e) => fail(e),
    }
}

/// Whether a database URL carries a password: `scheme://user:password@host/name`.
fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || rest.contains("password=")
}

fn fail(message: impl std::fmt::Display) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(COULD_NOT)
}

async fn run(cli: Cli) -> Outcome {
    let context = Context {
        config: settle(&cli.settings)?,
        color: cli.settings.color,
        quiet: cli.settings.quiet,
        opened: OnceLock::new(),
    };
    log_to_stderr(context.config.log.as_deref().unwrap_or(DEFAULT_LOG), context.config.log_format.as_deref())?;
    let outcome = carry_out(&cli.command, &context).await;
    context.close_database().await;
    outcome
}

async fn carry_out(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::Scan(arguments) => scan::run(arguments, context).await,
        Command::Import(arguments) => import::run(arguments, context).await,
        Command::Asset(command) => asset::run(command, context).await,
        Command::Advisory(command) => advisory::run(command, context).await,
        Command::Alias(command) => alias::run(command, context).await,
        Command::Bundle(command) => bundle::run(command, context).await,
        Command::Source(command) => source::run(command, context).await,
        Command::Fetch(arguments) => fetch::run(arguments, context).await,
        Command::Mark(arguments) => mark::run(arguments, context).await,
        Command::Undo(arguments) => mark::run_undo(arguments, context).await,
        Command::Rescan(arguments) => rescan::run(arguments, context).await,
        Command::Report(arguments) => report::run(arguments, context).await,
        Command::ReportFile(command) => report_file::run(command, context).await,
        Command::Explain(arguments) => explain::run(arguments, context).await,
        Command::Worklist(arguments) => worklist::run(arguments, context).await,
        Command::Unfixed(command) => unfixed::run(command, context).await,
        Command::Plan(command) => plan::run(command, context).await,
        Command::Nightly(arguments) => nightly::run(arguments, context).await,
        Command::ScheduledReport(command) => scheduled_report::run(command, context).await,
        Command::Alert(command) => alert::run(command, context).await,
        Command::Outbox(command) => outbox::run(command, context).await,
        Command::Vex(arguments) => vex::run(arguments, context).await,
        Command::Compare(arguments) => compare::run(arguments, context).await,
        Command::Evidence(arguments) => evidence::run(arguments, context).await,
        Command::Serve(arguments) => serve::run(arguments, context).await,
        Command::User(command) => user::run(command, context).await,
        Command::Token(command) => token::run(command, context).await,
        Command::Migrate(arguments) => migrate::run(arguments, context).await,
        Command::Move(arguments) => move_database::run(arguments, context).await,
        Command::Backup(arguments) => backup::run_backup(arguments, context).await,
        Command::Restore(arguments) => backup::run_restore(arguments, context).await,
        Command::Retention(arguments) => backup::run_retention(arguments, context).await,
        Command::Doctor(arguments) => backup::run_doctor(arguments, context).await,
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => completions::run_man(arguments),
    }
}

/// The settings in force: flags and environment (clap joins them) over the configuration file.
fn settle(settings: &Settings) -> Result<Config, Box<dyn std::error::Error>> {
    let given = Config {
        database: settings.database.clone(),
        data_dir: settings.data_dir.clone(),
        log: settings.log.clone(),
        ..Config::from_environment(|name| std::env::var(name).ok())
    };
    let file = match &settings.config {
        Some(path) => Some(path.clone()),
        None => given.data_dir().ok().map(|folder| folder.join("config.toml")).filter(|path| path.exists()),
    };
    Ok(match file {
        Some(path) => given.over(Config::from_file(&path)?),
        None => given,
    })
}

/// Warnings; that a statement took longer than a second is told to those who ask for more.
const DEFAULT_LOG: &str = "warn,sqlx=error";

fn log_to_stderr(filter: &str, format: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).map_err(|e| {
        format!("cannot use the log filter `{filter}`: {e}\nhint: for example `info` or `nameplate=debug`")
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    match format {
        None | Some("text") => lines.init(),
        Some("json") => lines.json().flatten_event(true).init(),
        Some(other) => {
            return Err(format!("cannot use the log format `{other}`: expected `text` or `json`").into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_password_in_a_database_url_is_noticed() {
        for url in ["postgres://me:secret@db/x", "postgresql://me:@db", "postgres://db/x?user=me&password=secret"] {
            assert!(has_password(url), "{url}");
        }
        for url in ["postgres://me@db:5432/x", "postgres:///x?host=/run", "sqlite:///a:b@c/d.db", "nonsense"] {
            assert!(!has_password(url), "{url}");
        }
    }

    #[test]
    fn every_command_has_two_examples_in_its_long_help() {
        fn check(command: &clap::Command, n_checked: &mut usize) {
            for sub in command.get_subcommands() {
                if sub.get_subcommands().next().is_some() {
                    check(sub, n_checked);
                    continue;
                }
                let help = sub.get_after_long_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.matches("\n  nameplate ").count() >= 2, "`{}` has {help:?}", sub.get_name());
                *n_checked += 1;
            }
        }
        let mut n_checked = 0;
        check(&Cli::command(), &mut n_checked);
        assert!(n_checked >= 10);
    }
}
