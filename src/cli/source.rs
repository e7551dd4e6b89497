//! `nameplate source`: the places that advisories come from.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};

use super::mark::who;
use super::{COULD_NOT, Context, Outcome};
use crate::domain::source::{Accepts, DocumentState, Source, SourceKind};
use crate::report::visible::visible_line;
use crate::services::fetch_advisories::trial::try_source;
use crate::services::sources::{self, FetchSettings, SourceChoices, SourceLine};
use crate::store;

/// Choose, try and look at the sources that advisories come from
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArguments),
    Add(AddArguments),
    Enable(NamesArguments),
    Disable(NamesArguments),
    Test(NameArguments),
    Show(ShowArguments),
    Discover(DiscoverArguments),
}

/// List the sources with their health, one line each
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate source list
  nameplate source list --all | grep certvde")]
pub struct ListArguments {
    /// Also those that the program knows of and this plant does not use
    #[arg(long)]
    all: bool,
}

/// Configure a source, or change the choices of one
///
/// For a source that the program knows, NAME alone is enough; with a URL it is used from there, for example from a mirror
/// of your own. A new source is not used until `source enable`. Choices that are not named stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate source add siemens https://mirror.plant.example/siemens/provider-metadata.json --allow-private
  nameplate source add acme acme.example --accept verified
  nameplate source add epss /srv/transfer/epss_scores-current.csv.gz")]
pub struct AddArguments {
    /// Lower-case letters, digits and dashes
    #[arg(value_name = "NAME")]
    name: String,
    /// Address of the metadata, the list or the feed; a domain; for kev and epss also the whole path of a file
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// What stands at the URL [default: that of the known source, else csaf]
    #[arg(long, value_name = "KIND")]
    kind: Option<KindWord>,
    /// How it is called on pages
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// From which trust state on documents are matched; the others are held apart
    #[arg(long, value_name = "TRUST")]
    accept: Option<AcceptWord>,
    /// Take `http` as well
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_http: Option<bool>,
    /// Connect to addresses of private networks and of this machine as well
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_private: Option<bool>,
    /// Take signatures that end within 30 days, and metadata that nobody maintains any more
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_short_validity: Option<bool>,
    /// Certificates (PEM) to trust beside those of the machine
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Client certificate with its key (PEM), for closed circles
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,
    /// Token, sent to the host of the URL, for closed circles
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// OpenPGP keys to use instead of those that the provider names
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Names of sources
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate source enable cisa siemens schneider-electric
  nameplate source disable cisa")]
pub struct NamesArguments {
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

/// Try a source: metadata, keys, lists and one document; nothing is kept
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate source test siemens
  nameplate source test cisa && nameplate source enable cisa")]
pub struct NameArguments {
    #[arg(value_name = "NAME")]
    name: String,
}

/// Show a source: its choices, its last visits, and the documents that did not become advisories
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate source show cisa
  nameplate source show siemens | grep held")]
pub struct ShowArguments {
    #[arg(value_name = "NAME")]
    name: String,
}

/// Look for the CSAF metadata of a provider on a domain or at an address
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate source discover vendor.example
  nameplate source discover https://wid.cert-bund.de/.well-known/csaf-aggregator/aggregator.json")]
pub struct DiscoverArguments {
    #[arg(value_name = "DOMAIN|URL")]
    place: String,
    /// Take `http` as well
    #[arg(long)]
    allow_http: bool,
    /// Connect to addresses of private networks and of this machine as well
    #[arg(long)]
    allow_private: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum KindWord {
    Csaf,
    Aggregator,
    Rolie,
    Directory,
    Kev,
    Epss,
}

impl From<KindWord> for SourceKind {
    fn from(word: KindWord) -> SourceKind {
        match word {
            KindWord::Csaf => SourceKind::Csaf,
            KindWord::Aggregator => SourceKind::Aggregator,
            KindWord::Rolie => SourceKind::Rolie,
            KindWord::Directory => SourceKind::Directory,
            KindWord::Kev => SourceKind::Kev,
            KindWord::Epss => SourceKind::Epss,
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum AcceptWord {
    /// Only documents with a valid signature
    Verified,
    /// All but those whose check failed
    NotFailed,
    /// Whatever the check said
    All,
}

impl From<AcceptWord> for Accepts {
    fn from(word: AcceptWord) -> Accepts {
        match word {
            AcceptWord::Verified => Accepts::Verified,
            AcceptWord::NotFailed => Accepts::NotFailed,
            AcceptWord::All => Accepts::All,
        }
    }
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::List(arguments) => list(arguments, context).await,
        Command::Add(arguments) => add(arguments, context).await,
        Command::Enable(arguments) => enable(arguments, true, context).await,
        Command::Disable(arguments) => enable(arguments, false, context).await,
        Command::Test(arguments) => test(arguments, context).await,
        Command::Show(arguments) => show(arguments, context).await,
        Command::Discover(arguments) => discover(arguments, context).await,
    }
}

async fn list(arguments: &ListArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let now = Timestamp::now();
    let lines = sources::list_source_lines(&db).await?;
    let shown = lines.iter().filter(|line| arguments.all || line.configured.is_some());
    let mut n_shown = 0;
    for line in shown {
        n_shown += 1;
        println!("{}", in_one_line(line, now));
    }
    if n_shown == 0 {
        context.say("no source is configured\nhint: `nameplate source list --all` shows what is known, `nameplate source enable cisa` takes one");
    }
    Ok(ExitCode::SUCCESS)
}

fn in_one_line(line: &SourceLine, now: Timestamp) -> String {
    let Some((_, source)) = &line.configured else {
        let Some(known) = line.known else { return String::new() };
        return format!("{}\tnot used\t{}\t{}", known.name, visible_line(&known.title), visible_line(&known.url));
    };
    let health = &line.health;
    let pulled = match (health.silent_days(now), source.is_fetched()) {
        (_, false) => "loaded by hand".to_owned(),
        (None, _) => "never fetched".to_owned(),
        (Some(0), _) => "fetched today".to_owned(),
        (Some(1), _) => "silent for 1 day".to_owned(),
        (Some(days), _) => format!("silent for {days} days"),
    };
    let mut told = vec![
        source.name.clone(),
        if source.is_enabled { "enabled" } else { "disabled" }.to_owned(),
        visible_line(&source.title).into_owned(),
        pulled,
    ];
    if health.n_documents() > 0 {
        let trust = health.lowest_trust().map_or("", |trust| trust.text());
        told.push(format!("{} documents, lowest trust {trust}", health.n_documents()));
    }
    for (state, word) in [
        (DocumentState::Held, "held apart"),
        (DocumentState::Unreadable, "unreadable"),
        (DocumentState::Missing, "missing"),
    ] {
        if health.count(state) > 0 {
            told.push(format!("{} {word}", health.count(state)));
        }
    }
    if let Some(error) = health.error() {
        told.push(visible_line(error.lines().next().unwrap_or_default()).into_owned());
    }
    told.join("\t")
}

async fn add(arguments: &AddArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let choices = SourceChoices {
        url: arguments.url.clone(),
        title: arguments.title.clone(),
        kind: arguments.kind.map(Into::into),
        accepts: arguments.accept.map(Into::into),
        allows_http: arguments.allow_http,
        allows_private: arguments.allow_private,
        allows_short_validity: arguments.allow_short_validity,
        ca_file: whole_path(arguments.ca_file.as_deref())?,
        identity_file: whole_path(arguments.identity_file.as_deref())?,
        token_file: whole_path(arguments.token_file.as_deref())?,
        key_file: whole_path(arguments.key_file.as_deref())?,
    };
    let (_, source) = sources::save_source(&db, &arguments.name, choices, &who(None), Timestamp::now()).await?;
    println!("{}\t{}\t{}", source.name, source.kind.word(), visible_line(&source.url));
    if !source.is_enabled {
        context.say(format_args!(
            "hint: `nameplate source test {0}` tries it, `nameplate source enable {0}` uses it",
            source.name
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The path as it holds from any folder: a fetch may run elsewhere.
fn whole_path(path: Option<&Path>) -> Result<Option<String>, String> {
    let Some(path) = path else { return Ok(None) };
    let whole = std::fs::canonicalize(path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
    match whole.to_str() {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(format!("cannot use `{}`: expected a path in UTF-8", path.display())),
    }
}

async fn enable(arguments: &NamesArguments, is_enabled: bool, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let now = Timestamp::now();
    // A mistyped name must not leave half of the list done.
    for name in &arguments.names {
        sources::find_source(&db, name, now).await?;
    }
    for name in &arguments.names {
        let (_, source) = sources::enable_source(&db, name, is_enabled, &who(None), now).await?;
        println!("{}\t{}\t{}", source.name, if is_enabled { "enabled" } else { "disabled" }, visible_line(&source.url));
    }
    Ok(ExitCode::SUCCESS)
}

async fn test(arguments: &NameArguments, context: &Context) -> Outcome {
    let settings = FetchSettings::of_config(&context.config)?;
    let db = context.open_database().await?;
    let now = Timestamp::now();
    let source = sources::find_source(&db, &arguments.name, now).await?;
    let trial = try_source(&settings, &source, now).await?;
    for step in &trial.steps {
        match &step.outcome {
            Ok(found) => println!("ok\t{}\t{}", step.what, visible_line(found)),
            Err(why) => println!("failed\t{}\t{}", step.what, visible_line(why)),
        }
    }
    for warning in &trial.warnings {
        context.say(format_args!("warning: {}", visible_line(warning)));
    }
    Ok(if trial.is_good() { ExitCode::SUCCESS } else { ExitCode::from(COULD_NOT) })
}

/// Visits that are shown, and days that are looked back.
const MOST_PULLS: u32 = 35;
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(35 * 24);

/// Documents that are fetched from the database at a time.
const PAGE: u32 = 500;

async fn show(arguments: &ShowArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let now = Timestamp::now();
    let source = sources::find_source(&db, &arguments.name, now).await?;
    print_choices(&source);
    let Some((source_id, _)) = store::source::find_source(&db, &arguments.name).await? else {
        println!("\nNot used by this plant");
        return Ok(ExitCode::SUCCESS);
    };
    println!("\nVisits of the last 35 days");
    let since = now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    for pull in store::source::list_pulls(&db, source_id, since, MOST_PULLS).await? {
        let how = match (pull.is_good(), pull.finished_at) {
            (true, _) => "good",
            (false, Some(_)) => "failed",
            (false, None) => "broken off",
        };
        println!("  {}\t{how}\t{}", pull.started_at.strftime("%Y-%m-%d %H:%MZ"), pull.summary());
        for line in pull.error.lines() {
            println!("    {}", visible_line(line));
        }
    }
    println!("\nDocuments that did not become advisories");
    let mut after = 0;
    loop {
        let page = store::source::list_documents_not_kept(&db, source_id, after, PAGE).await?;
        for (_, document) in &page {
            let (state, trust) = (document.state.word(), document.trust.text());
            println!("  {state}\t{trust}\t{}\t{}", visible_line(&document.url), visible_line(&document.reason));
        }
        match page.last() {
            Some((key, _)) => after = *key,
            None => return Ok(ExitCode::SUCCESS),
        }
    }
}

fn print_choices(source: &Source) {
    println!("{}\t{}", source.name, visible_line(&source.title));
    println!("  {}\t{}", source.kind.word(), visible_line(&source.url));
    println!(
        "  {}, takes documents that are {}",
        if source.is_enabled { "enabled" } else { "not enabled" },
        match source.accepts {
            Accepts::Verified => "verified",
            Accepts::NotFailed => "not failed",
            Accepts::All => "checked or not",
        }
    );
    for (allowed, what) in [
        (source.allows_http, "http"),
        (source.allows_private, "private addresses"),
        (source.allows_short_validity, "signatures that end within 30 days"),
    ] {
        if allowed {
            println!("  allows {what}");
        }
    }
    for (file, what) in [
        (&source.ca_file, "certificates to trust"),
        (&source.identity_file, "client certificate"),
        (&source.token_file, "token"),
        (&source.key_file, "OpenPGP keys"),
    ] {
        if let Some(file) = file {
            println!("  {what}\t{}", visible_line(file));
        }
    }
}

async fn discover(arguments: &DiscoverArguments, context: &Context) -> Outcome {
    let settings = FetchSettings::of_config(&context.config)?;
    let source = Source {
        allows_http: arguments.allow_http,
        allows_private: arguments.allow_private,
        ..Source::new("discover", SourceKind::Csaf, &arguments.place, Timestamp::now())
    };
    let looked = sources::discover(&settings, &source).await?;
    for place in &looked.places {
        match &place.outcome {
            Ok(found) => println!("found\t{}\t{}\t{}", place.way, visible_line(&place.url), visible_line(found)),
            Err(why) => println!("nothing\t{}\t{}\t{}", place.way, visible_line(&place.url), visible_line(why)),
        }
        for line in &place.details {
            println!("\t{}", visible_line(line));
        }
    }
    if looked.places.iter().any(|place| place.outcome.is_ok()) {
        context.say("hint: `nameplate source add NAME URL` takes one of them");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(COULD_NOT))
}
