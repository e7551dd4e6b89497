//! `nameplate outbox`: messages on their way out.

use std::process::ExitCode;

use jiff::Timestamp;

use super::{Context, Outcome};
use crate::domain::alert::Target;
use crate::domain::outbox::State;
use crate::report::visible::visible_line;
use crate::services::outlets::{Outlets, deliver, retry};
use crate::store;

/// See what was sent, what waits and what was given up
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArguments),
    Retry(RetryArguments),
}

/// List messages, the latest first: number, state, when, to whom, subject, how long it took from publication
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate outbox list
  nameplate outbox list --state given_up")]
pub struct ListArguments {
    /// Only those in this state
    #[arg(long, value_name = "WORD", value_parser = ["waiting", "sent", "given_up"])]
    state: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

/// Try again at once: one message, or all that were given up
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate outbox retry 17
  nameplate outbox retry --all")]
pub struct RetryArguments {
    /// The number of the message, as `outbox list` shows it
    #[arg(value_name = "ID", required_unless_present = "all")]
    id: Option<i64>,
    /// All that were given up
    #[arg(long, conflicts_with = "id")]
    all: bool,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let outlets = Outlets::of(&context.config, |name| std::env::var(name).ok())?;
    match command {
        Command::List(arguments) => {
            let state = [State::Waiting, State::Sent, State::GivenUp]
                .into_iter()
                .find(|state| Some(state.word()) == arguments.state.as_deref());
            for (id, message) in store::outbox::list_outbox(&db, state, arguments.limit).await? {
                let zone = outlets.wording.zone.clone();
                let at = message
                    .sent_at
                    .unwrap_or(message.created_at)
                    .to_zoned(zone)
                    .strftime("%Y-%m-%d %H:%M %Z")
                    .to_string();
                let to = Target::read(&message.new.target).map_or_else(|_| message.new.target.clone(), |to| to.shown());
                let mut more = message.timing();
                if let Some(error) = &message.error {
                    more = format!("{} tries, last: {error}", message.n_tries);
                }
                println!(
                    "{id}\t{}\t{at}\t{}\t{}\t{}",
                    message.state().word(),
                    visible_line(&to),
                    visible_line(&message.new.subject),
                    visible_line(&more)
                );
            }
        }
        Command::Retry(arguments) => {
            let n = retry(&db, arguments.id, Timestamp::now()).await?;
            let delivered = deliver(&db, &outlets, &Timestamp::now).await?;
            println!("{n} messages tried again, {} sent.", delivered.n_sent);
            for problem in &delivered.problems {
                context.say(format_args!("warning: {}", visible_line(problem)));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
