//! `nameplate bundle`: advisories for sites without a network.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::bars::Bars;
use super::mark::who;
use super::{Context, Outcome};
use crate::domain::bundle::{BundleKey, Manifest};
use crate::services::bundle::{
    distrust_key, list_trusted_keys, load_bundle, make_bundle, make_key, read_key_file, read_secret_key, show_bundle,
    trust_key,
};

/// Carry advisories, lists and aliases to a site without a network, in one signed file
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Key(KeyArguments),
    Make(MakeArguments),
    Show(FileArguments),
    Load(LoadArguments),
    Trust(TrustArguments),
    Keys(KeysArguments),
}

/// Make a key to sign bundles with
///
/// Writes the secret half to FILE, which only you may read, and the public half beside it as .pub. The form is that of
/// minisign. Give the public half to the sites that load your bundles.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate bundle key bundle.key
  nameplate bundle key /etc/nameplate/bundle.key")]
pub struct KeyArguments {
    #[arg(value_name = "FILE")]
    path: PathBuf,
}

/// Write all advisories with their trust, the lists and the aliases into one signed file
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate bundle make /media/usb/advisories.bundle --key bundle.key
  nameplate bundle make november.bundle --key /etc/nameplate/bundle.key")]
pub struct MakeArguments {
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// The secret key that `bundle key` made
    #[arg(long, value_name = "FILE", env = "NAMEPLATE_BUNDLE_KEY")]
    key: PathBuf,
}

/// Say what a bundle holds and how old it is, when its signature holds
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate bundle show /media/usb/advisories.bundle
  nameplate bundle show november.bundle --key bundle.pub")]
pub struct FileArguments {
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// A public key to believe this once, beside those that are trusted
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
}

/// Check a bundle and take in what it holds
///
/// A bundle that is not signed, signed by a key that is not trusted, or changed in any part is refused whole.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate bundle load /media/usb/advisories.bundle
  nameplate bundle load november.bundle --key bundle.pub")]
pub struct LoadArguments {
    #[command(flatten)]
    file: FileArguments,
}

/// Trust the bundles of a key from now on
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate bundle trust bundle.pub --comment 'security office'
  nameplate bundle trust bundle.pub")]
pub struct TrustArguments {
    /// The public key
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Whose key it is
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
}

/// List the trusted keys, or trust one no longer
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate bundle keys
  nameplate bundle keys --remove 5A1BC0D2E3F40912")]
pub struct KeysArguments {
    /// The id of the key that is trusted no longer
    #[arg(long, value_name = "ID")]
    remove: Option<String>,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::Key(arguments) => {
            let (key, public) = make_key(&arguments.path)?;
            println!(
                "Key {}: secret half `{}`, public half `{}`.",
                key.id(),
                arguments.path.display(),
                public.display()
            );
        }
        Command::Make(arguments) => make(arguments, context).await?,
        Command::Show(arguments) => {
            let keys = keys_for(arguments, context).await?;
            let signed = tokio::task::block_in_place(|| show_bundle(&arguments.path, &keys))?;
            print!("{}", manifest_text(&signed.manifest, Timestamp::now()));
            println!("Signed with key {}: {}.", signed.key.id(), signed.comment);
        }
        Command::Load(arguments) => load(arguments, context).await?,
        Command::Trust(arguments) => {
            let key = read_key_file(&arguments.path)?;
            let db = context.open_database().await?;
            let is_new = trust_key(&db, &key, &arguments.comment, &who(None), Timestamp::now()).await?;
            println!("Key {} {}.", key.id(), if is_new { "is trusted" } else { "was trusted already" });
        }
        Command::Keys(arguments) => keys(arguments, context).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys that were named, and those that are trusted.
async fn keys_for(arguments: &FileArguments, context: &Context) -> Result<Vec<BundleKey>, Box<dyn std::error::Error>> {
    let mut keys = Vec::new();
    for path in &arguments.key {
        keys.push(read_key_file(path)?);
    }
    if let Some(db) = context.open_database_if_there().await? {
        keys.extend(list_trusted_keys(&db).await?.into_iter().map(|(key, _)| key));
    }
    Ok(keys)
}

async fn make(arguments: &MakeArguments, context: &Context) -> Result<(), Box<dyn std::error::Error>> {
    let key = read_secret_key(&arguments.key)?;
    let db = context.open_database().await?;
    let made = make_bundle(&db, &arguments.path, &key, Timestamp::now(), &Bars::new(context.quiet)).await?;
    print!("{}", manifest_text(&made.manifest, made.manifest.made_at));
    let mib = made.size_bytes as f64 / f64::from(1 << 20);
    println!("Written to `{}`, {mib:.1} MiB, signed with key {}.", arguments.path.display(), made.key.id());
    Ok(())
}

async fn load(arguments: &LoadArguments, context: &Context) -> Result<(), Box<dyn std::error::Error>> {
    let keys = keys_for(&arguments.file, context).await?;
    // Before a database is made: a refused bundle must leave nothing behind.
    tokio::task::block_in_place(|| show_bundle(&arguments.file.path, &keys))?;
    let db = context.open_database().await?;
    let now = Timestamp::now();
    let loaded = load_bundle(&db, &arguments.file.path, &keys, &who(None), now, &Bars::new(context.quiet)).await?;
    print!("{}", manifest_text(&loaded.manifest, now));
    println!("Added {}, known already {}, unreadable {}.", loaded.n_added, loaded.n_known, loaded.n_unreadable);
    if let Some(n) = loaded.n_kev {
        println!("Exploited vulnerabilities: {n}.");
    }
    if let Some(n) = loaded.n_epss {
        println!("Exploit probabilities: {n}.");
    }
    if loaded.n_aliases > 0 {
        println!("Aliases added: {}.", loaded.n_aliases);
    }
    for sentence in &loaded.kept {
        println!("Kept: {sentence}.");
    }
    context.say("hint: `nameplate rescan` judges your devices anew");
    Ok(())
}

async fn keys(arguments: &KeysArguments, context: &Context) -> Result<(), Box<dyn std::error::Error>> {
    let db = context.open_database().await?;
    if let Some(id) = &arguments.remove
        && !distrust_key(&db, id, &who(None), Timestamp::now()).await?
    {
        return Err(format!("cannot remove key `{id}`: it is not among the trusted ones").into());
    }
    for (key, trusted) in list_trusted_keys(&db).await? {
        println!("{}\t{}\t{}", key.id(), trusted.trusted_at.strftime("%Y-%m-%d"), trusted.comment);
    }
    Ok(())
}

/// What a bundle holds and how old it is at this moment.
fn manifest_text(manifest: &Manifest, now: Timestamp) -> String {
    let age = |at: Timestamp| now.duration_since(at).as_hours() / 24;
    let mut text = format!(
        "Bundle of {}, {} days old: {} documents",
        manifest.made_at.strftime("%Y-%m-%d %H:%M UTC"),
        age(manifest.made_at),
        manifest.n_documents()
    );
    if let Some(newest) = manifest.newest_document {
        text.push_str(&format!(", the newest of {} ({} days)", newest.strftime("%Y-%m-%d"), age(newest)));
    }
    text.push_str(".\n");
    for (name, date) in
        [("Exploited vulnerabilities", &manifest.kev_date), ("Exploit probabilities", &manifest.epss_date)]
    {
        if !date.is_empty() {
            text.push_str(&format!("{name}: list of {date}.\n"));
        }
    }
    text
}
