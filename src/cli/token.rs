//! `nameplate token`: keys for programs that call the API.

use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};

use super::mark::who;
use super::user::{RoleWord, scope};
use super::{Context, Outcome};
use crate::report::visible::visible_line;
use crate::services::accounts::{TokenWish, account_named, add_token, end_token};
use crate::store;

/// Make and end keys for programs that call the API
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Add(AddArguments),
    /// List the tokens, one line each: number, account, what for, role, until when
    #[command(after_long_help = "\
Examples:
  nameplate token list
  nameplate token list | grep 'good until'")]
    List,
    Revoke(RevokeArguments),
}

/// Make a token for an account; it is printed once
///
/// A token never sees or does more than its account.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate token add Lee --name 'nightly upload' --role engineer --site Riverside --days 90 > token.txt
  nameplate token add Lee --name dashboard")]
pub struct AddArguments {
    /// The account it speaks for
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// What it is for
    #[arg(long, value_name = "NAME")]
    name: String,
    #[arg(long, value_name = "ROLE", default_value = "viewer")]
    role: RoleWord,
    /// A site that it sees; may be given more than once [default: those of the account]
    #[arg(long, value_name = "SITE")]
    site: Vec<String>,
    /// Days until it ends, at most 366
    #[arg(long, value_name = "N", default_value_t = 90)]
    days: u16,
}

/// End a token for good
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate token list
  nameplate token revoke 3")]
pub struct RevokeArguments {
    /// The number of the token, as `token list` shows it
    #[arg(value_name = "ID")]
    id: i64,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let now = Timestamp::now();
    match command {
        Command::Add(arguments) => {
            let account = account_named(&db, &arguments.account).await?;
            let sites = scope(&db, &arguments.site).await?;
            let end = now.checked_add(SignedDuration::from_hours(i64::from(arguments.days) * 24))?;
            let wish = TokenWish { name: &arguments.name, role: arguments.role.into(), sites, expires_at: end };
            let (id, secret) = add_token(&db, &who(None), &account, wish, now).await?;
            println!("{secret}");
            context.say(format_args!(
                "token {id} is good until {}; it is not kept and cannot be shown again",
                end.strftime("%Y-%m-%d")
            ));
        }
        Command::List => {
            let accounts = store::account::list_accounts(&db).await?;
            for token in store::account::list_api_tokens(&db, None).await? {
                let account = accounts.iter().find(|account| account.account_id == token.account_id);
                let state = match token.revoked_at {
                    Some(at) => at.strftime("revoked %Y-%m-%d").to_string(),
                    None if token.expires_at <= now => token.expires_at.strftime("ended %Y-%m-%d").to_string(),
                    None => token.expires_at.strftime("good until %Y-%m-%d").to_string(),
                };
                println!(
                    "{}\t{}\t{}\t{}\t{state}",
                    token.api_token_id,
                    account.map_or("–".into(), |account| visible_line(&account.name)),
                    visible_line(&token.name),
                    token.role.word()
                );
            }
        }
        Command::Revoke(arguments) => {
            let has_ended = end_token(&db, &who(None), arguments.id, now).await?;
            if !has_ended {
                return Err(format!("cannot end the token `{}`: there is none of that number that is good\nhint: `nameplate token list` shows them", arguments.id).into());
            }
            context.say(format_args!("token {} has ended", arguments.id));
        }
    }
    Ok(ExitCode::SUCCESS)
}
