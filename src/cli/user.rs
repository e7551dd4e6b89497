//! `nameplate user`: who may log in, and what each may see and do.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use jiff::Timestamp;

use super::mark::who;
use super::{Context, Outcome};
use crate::domain::account::{Role, SiteScope};
use crate::report::visible::visible_line;
use crate::services::accounts::{account_named, add_account, secret, set_open, set_passphrase, set_rights};
use crate::store::{self, Db};

/// Say who may log in, and what each may see and do
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Add(AddArguments),
    /// List the accounts, one line each: name, role, sites, last login
    #[command(after_long_help = "\
Examples:
  nameplate user list
  nameplate user list | grep admin")]
    List,
    Rights(RightsArguments),
    Passphrase(PassphraseArguments),
    Disable(NameArguments),
    Enable(NameArguments),
}

/// What an account may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RoleWord {
    /// Reads and exports
    Viewer,
    /// Imports, decides, marks and plans
    Engineer,
    /// Everything, settings and accounts included
    Admin,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Role {
        match word {
            RoleWord::Viewer => Role::Viewer,
            RoleWord::Engineer => Role::Engineer,
            RoleWord::Admin => Role::Admin,
        }
    }
}

/// Make an account
///
/// Without --passphrase-file a passphrase is made and printed once.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate user add 'M. Okafor' --role admin
  nameplate user add Lee --role engineer --site Riverside --passphrase-file lee.txt
  nameplate user add sato@example.org --role viewer --at-provider")]
pub struct AddArguments {
    #[arg(value_name = "NAME")]
    name: String,
    #[arg(long, value_name = "ROLE", default_value = "viewer")]
    role: RoleWord,
    /// A site that the account sees; may be given more than once [default: all sites]
    #[arg(long, value_name = "SITE")]
    site: Vec<String>,
    /// File whose first line is the passphrase; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "at_provider")]
    passphrase_file: Option<PathBuf>,
    /// No passphrase: whom the OpenID provider knows by this name gets the account at the first login
    #[arg(long)]
    at_provider: bool,
}

/// Change what an account may see and do
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate user rights Lee --role viewer
  nameplate user rights Lee --role engineer --site Riverside --site 'Kraftwerk Süd'")]
pub struct RightsArguments {
    #[arg(value_name = "NAME")]
    name: String,
    #[arg(long, value_name = "ROLE")]
    role: RoleWord,
    /// A site that the account sees; may be given more than once [default: all sites]
    #[arg(long, value_name = "SITE")]
    site: Vec<String>,
}

/// Set another passphrase, which ends the sessions of the account
///
/// Without --passphrase-file one is made and printed once.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate user passphrase Lee
  nameplate user passphrase Lee --passphrase-file -")]
pub struct PassphraseArguments {
    #[arg(value_name = "NAME")]
    name: String,
    /// File whose first line is the passphrase; `-` is standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Close or open an account; it is never deleted, because what it did names it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate user disable Lee
  nameplate user enable Lee")]
pub struct NameArguments {
    #[arg(value_name = "NAME")]
    name: String,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let (now, who) = (Timestamp::now(), who(None));
    match command {
        Command::Add(arguments) if arguments.at_provider => {
            let sites = scope(&db, &arguments.site).await?;
            add_account(&db, &who, &arguments.name, None, arguments.role.into(), sites, now).await?;
            context.say(format_args!("{} gets the account at the first login at the provider", arguments.name));
        }
        Command::Add(arguments) => {
            let sites = scope(&db, &arguments.site).await?;
            let (passphrase, was_made) = passphrase(arguments.passphrase_file.as_ref())?;
            add_account(&db, &who, &arguments.name, Some(&passphrase), arguments.role.into(), sites, now).await?;
            told(&arguments.name, &passphrase, was_made, context);
        }
        Command::List => list(&db).await?,
        Command::Rights(arguments) => {
            let account = account_named(&db, &arguments.name).await?;
            let sites = scope(&db, &arguments.site).await?;
            set_rights(&db, &who, account.account_id, arguments.role.into(), &sites, now).await?;
            context.say(format_args!("{} is {} now", account.name, Role::from(arguments.role).word()));
        }
        Command::Passphrase(arguments) => {
            let account = account_named(&db, &arguments.name).await?;
            let (passphrase, was_made) = passphrase(arguments.passphrase_file.as_ref())?;
            set_passphrase(&db, &who, &account, &passphrase, now).await?;
            told(&account.name, &passphrase, was_made, context);
        }
        Command::Disable(arguments) => {
            let account = account_named(&db, &arguments.name).await?;
            set_open(&db, &who, account.account_id, false, now).await?;
            context.say(format_args!("{} is closed, its sessions and tokens have ended", account.name));
        }
        Command::Enable(arguments) => {
            let account = account_named(&db, &arguments.name).await?;
            set_open(&db, &who, account.account_id, true, now).await?;
            context.say(format_args!("{} is open", account.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A passphrase that was made goes to standard output and nowhere else.
fn told(name: &str, passphrase: &str, was_made: bool, context: &Context) {
    if was_made {
        println!("{passphrase}");
        context.say(format_args!("the passphrase of {name} stands above; it is not kept and cannot be shown again"));
    } else {
        context.say(format_args!("the passphrase of {name} is set"));
    }
}

/// The first line of the file, or a new passphrase; and whether it was made.
fn passphrase(file: Option<&PathBuf>) -> Result<(String, bool), Box<dyn std::error::Error>> {
    let Some(path) = file else { return Ok((secret()?.chars().take(20).collect(), true)) };
    let mut line = String::new();
    if path.as_os_str() == "-" {
        if std::io::stdin().is_terminal() {
            eprintln!("Passphrase (what you type is shown):");
        }
        std::io::stdin().lock().take(4096).read_line(&mut line)?;
    } else {
        let file = std::fs::File::open(path)
            .map_err(|e| format!("cannot read the passphrase from `{}`: {e}", path.display()))?;
        std::io::BufReader::new(file.take(4096)).read_line(&mut line)?;
    }
    Ok((line.trim_end_matches(['\r', '\n']).to_owned(), false))
}

/// The sites of these names; all when none is named.
pub(super) async fn scope(db: &Db, names: &[String]) -> Result<SiteScope, Box<dyn std::error::Error>> {
    if names.is_empty() {
        return Ok(SiteScope::All);
    }
    let known = store::site::list_sites(db).await?;
    let mut sites = BTreeSet::new();
    for name in names {
        let Some(site) = known.iter().find(|site| site.name == *name) else {
            let known: Vec<String> = known.iter().take(20).map(|site| visible_line(&site.name).into_owned()).collect();
            return Err(format!("cannot find the site `{name}`\nhint: known sites are {}", known.join(", ")).into());
        };
        sites.insert(site.site_id);
    }
    Ok(SiteScope::Only(sites))
}

async fn list(db: &Db) -> Result<(), Box<dyn std::error::Error>> {
    let sites = store::site::list_sites(db).await?;
    for account in store::account::list_accounts(db).await? {
        let scope = match &account.sites {
            SiteScope::All => "all sites".to_owned(),
            SiteScope::Only(only) => sites
                .iter()
                .filter(|site| only.contains(&site.site_id))
                .map(|site| visible_line(&site.name).into_owned())
                .collect::<Vec<_>>()
                .join(", "),
        };
        let seen = account.last_login_at.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
        let closed =
            account.disabled_at.map_or_else(String::new, |at| at.strftime("\tclosed since %Y-%m-%d").to_string());
        println!("{}\t{}\t{scope}\tlast login {seen}{closed}", visible_line(&account.name), account.role.word());
    }
    Ok(())
}
