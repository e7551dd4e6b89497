//! `nameplate alert`: who hears of what changes.

use std::process::ExitCode;

use jiff::Timestamp;

use super::mark::who;
use super::{Context, Outcome};
use crate::domain::alert::{AlertEvent, AlertRule, Rhythm};
use crate::report::visible::visible_line;
use crate::services::edit_alerts::{add_rule, confirm_matcher, held, remove_rule, set_enabled, start_recipient};
use crate::services::outlets::{Outlets, deliver};
use crate::services::send_alerts::{back_test, send_test};
use crate::store;
use crate::store::alert::SEVERITIES;

/// Say who hears of which changes, and try it on the last month
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArguments),
    Add(Box<AddArguments>),
    Test(TestArguments),
    BackTest(BackTestArguments),
    Enable(EnableArguments),
    Disable(DisableArguments),
    Resume(ResumeArguments),
    Delete(DeleteArguments),
    Confirm(ConfirmArguments),
}

/// List the alert rules: number, name, what, when, to whom
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert list
  nameplate alert list | grep weekly")]
pub struct ListArguments {}

/// What a rule is about; also for a back-test before it is saved.
#[derive(Debug, clap::Args)]
pub struct RuleArguments {
    /// What the rule is called; stands in the subject of its messages
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Words of the exposure list, as in its address: site=riverside&vendor=siemens
    #[arg(long, value_name = "WORDS", default_value = "")]
    filter: String,
    /// At least this severity; what is exploited or has no score always passes
    #[arg(long, value_name = "WORD", value_parser = ["low", "medium", "high", "critical"])]
    severity: Option<String>,
    /// What to tell about
    #[arg(long, value_name = "EVENTS", value_delimiter = ',',
        value_parser = ["new", "worse", "fix_named", "closed", "run_missed", "source_silent"],
        default_value = "new,worse,fix_named,run_missed,source_silent")]
    on: Vec<String>,
    /// When: after each run that changed something, in the morning, or on Monday morning
    #[arg(long, value_name = "WORD", value_parser = ["run", "daily", "weekly"], default_value = "run")]
    when: String,
    /// Numbers and links only; no names of devices or sites
    #[arg(long)]
    counts_only: bool,
    /// No message a week when nothing changed
    #[arg(long)]
    no_sign_of_life: bool,
}

impl RuleArguments {
    fn rule(&self) -> AlertRule {
        AlertRule {
            name: self.name.clone(),
            filter: self.filter.clone(),
            severity: self.severity.as_deref().and_then(|word| SEVERITIES.into_iter().find(|s| s.word() == word)),
            events: self.on.iter().filter_map(|word| AlertEvent::from_word(word)).collect(),
            rhythm: Rhythm::from_word(&self.when).unwrap_or(Rhythm::Run),
            is_counts_only: self.counts_only,
            has_sign_of_life: !self.no_sign_of_life,
            is_enabled: true,
        }
    }
}

/// Add a rule; it tells what changes from the last rescan on
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert add --name 'All sites' --severity high --to ot-team@example.org
  nameplate alert add --name 'Riverside meters' --filter 'site=riverside&vendor=schneider' --when daily --to ot@example.org
  nameplate alert add --name SIEM --to syslog://siem.example:514 --to https://chat.example/hooks/ot")]
pub struct AddArguments {
    #[command(flatten)]
    rule: RuleArguments,
    /// Mail address, https:// webhook, folder:PATH or syslog://HOST:PORT; may be given several times
    #[arg(long, value_name = "RECIPIENT", required = true)]
    to: Vec<String>,
}

/// Send a test message to the recipients of a rule: what it would have told of the last rescan
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert test 3
  nameplate alert test 3 && nameplate outbox list")]
pub struct TestArguments {
    /// The number of the rule, as `alert list` shows it
    #[arg(value_name = "ID")]
    id: i64,
}

/// Show what a rule would have sent in the last 30 days, before it is added
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert back-test --name 'All sites' --severity high
  nameplate alert back-test --name Meters --filter vendor=schneider --when weekly --days 90")]
pub struct BackTestArguments {
    #[command(flatten)]
    rule: RuleArguments,
    /// How many days to look back
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=400))]
    days: i64,
}

/// Turn a rule on; it tells what changes from now on
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert enable 3
  nameplate alert enable 3 && nameplate alert test 3")]
pub struct EnableArguments {
    #[arg(value_name = "ID")]
    id: i64,
}

/// Turn a rule off; it is kept
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert disable 3
  nameplate alert disable 3 && nameplate alert list")]
pub struct DisableArguments {
    #[arg(value_name = "ID")]
    id: i64,
}

/// Let messages flow again to a recipient who stopped them
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert resume 3 ot-team@example.org
  nameplate alert resume 3 folder:/var/spool/alerts")]
pub struct ResumeArguments {
    #[arg(value_name = "ID")]
    id: i64,
    #[arg(value_name = "RECIPIENT")]
    recipient: String,
}

/// Delete a rule, and what waits in the outbox for it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert delete 3
  nameplate alert delete 3 --yes")]
pub struct DeleteArguments {
    #[arg(value_name = "ID")]
    id: i64,
    /// Do it; without this, only say what would be deleted
    #[arg(long)]
    yes: bool,
}

/// Confirm what another version of the matcher judges differently, so that the next run tells it
///
/// After an update of the program the same facts may be judged differently. Such changes are shown, counted in
/// messages, and told only once somebody has looked at them.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alert confirm
  nameplate alert confirm --yes && nameplate nightly")]
pub struct ConfirmArguments {
    /// Do it; without this, only say what waits
    #[arg(long)]
    yes: bool,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let outlets = Outlets::of(&context.config, |name| std::env::var(name).ok())?;
    let now = Timestamp::now();
    match command {
        Command::List(_) => list(&db).await?,
        Command::Add(arguments) => {
            let id = add_rule(&db, &arguments.rule.rule(), &arguments.to, &who(None), now).await?;
            println!("Alert {id} tells what changes from the last rescan on.");
            let needs_mail = arguments.to.iter().any(|to| to.contains('@') && !to.contains("://"));
            if needs_mail && outlets.mailer.is_none() {
                context.say("warning: mail is not set up; the rule is kept, and nothing is sent");
                context
                    .say("hint: set `mail_from` and `mail_relays`, or `mail_folder`; `nameplate doctor` checks them");
            }
        }
        Command::Test(arguments) => {
            let (subject, n) = send_test(&db, arguments.id, &outlets.wording, now).await?;
            let delivered = deliver(&db, &outlets, &Timestamp::now).await?;
            println!("{}", visible_line(&subject));
            println!("{n} messages written, {} sent.", delivered.n_sent);
            for problem in &delivered.problems {
                context.say(format_args!("warning: {}", visible_line(problem)));
            }
            if delivered.n_sent < n {
                context.say("hint: `nameplate outbox list` shows what waits and why");
            }
        }
        Command::BackTest(arguments) => {
            let rule = crate::services::edit_alerts::check_rule(&arguments.rule.rule())?;
            let sent = back_test(&db, &rule, arguments.days, &outlets.wording, now).await?;
            for message in &sent {
                let at = message.at.to_zoned(outlets.wording.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
                println!("{at}\t{} items\t{}", message.n_items, visible_line(&message.subject));
            }
            println!(
                "In the last {} days this rule would have sent {} messages with {} items.",
                arguments.days,
                sent.len(),
                sent.iter().map(|message| message.n_items).sum::<u64>()
            );
        }
        Command::Enable(arguments) => {
            set_enabled(&db, arguments.id, true, &who(None), now).await?;
            println!("Alert {} is on and tells what changes from now on.", arguments.id);
        }
        Command::Disable(arguments) => {
            set_enabled(&db, arguments.id, false, &who(None), now).await?;
            println!("Alert {} is off.", arguments.id);
        }
        Command::Resume(arguments) => {
            start_recipient(&db, arguments.id, &arguments.recipient, &who(None), now).await?;
            println!("Messages flow again to {}.", visible_line(&arguments.recipient));
        }
        Command::Delete(arguments) => {
            let stored = store::alert::find_rule(&db, arguments.id)
                .await?
                .ok_or(crate::services::edit_alerts::AlertError::Unknown(arguments.id))?;
            let name = visible_line(&stored.rule.name).into_owned();
            if !arguments.yes {
                return Err(format!(
                    "alert {} (`{name}`) with {} recipients would be deleted\nhint: add --yes to do it",
                    arguments.id,
                    stored.recipients.len()
                )
                .into());
            }
            remove_rule(&db, arguments.id, &who(None), now).await?;
            println!("Deleted alert {} (`{name}`).", arguments.id);
        }
        Command::Confirm(arguments) => confirm(&db, arguments.yes, context, now).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(db: &store::Db) -> Result<(), Box<dyn std::error::Error>> {
    for stored in store::alert::list_rules(db).await? {
        let rule = &stored.rule;
        let state = if rule.is_enabled { "on" } else { "off" };
        let severity = rule.severity.map_or_else(|| "all".to_owned(), |severity| format!("{}+", severity.word()));
        let events: Vec<&str> = rule.events.iter().map(|event| event.word()).collect();
        let filter = if rule.filter.is_empty() { "-" } else { rule.filter.as_str() };
        let recipients: Vec<String> = stored
            .recipients
            .iter()
            .map(|recipient| {
                let stopped = if recipient.stopped_at.is_some() { " (stopped)" } else { "" };
                format!("{}{stopped}", visible_line(&recipient.target.shown()))
            })
            .collect();
        println!(
            "{}\t{state}\t{}\t{}\t{severity}\t{}\t{}\t{}",
            stored.alert_rule_id,
            visible_line(&rule.name),
            visible_line(filter),
            events.join(","),
            rule.rhythm.word(),
            recipients.join(", ")
        );
    }
    Ok(())
}

async fn confirm(
    db: &store::Db,
    yes: bool,
    context: &Context,
    now: Timestamp,
) -> Result<(), Box<dyn std::error::Error>> {
    let waiting = held(db, now).await?;
    if waiting.is_confirmed {
        println!(
            "Nothing waits: the version `{}` of the matcher is confirmed.",
            visible_line(&waiting.matcher_version)
        );
        return Ok(());
    }
    for (after, up_to) in &waiting.stretches {
        let stretch = store::change::find_stretch(db, *after, *up_to).await?;
        let mut reader = store::change::ChangeReader::open(db, &stretch).await?;
        loop {
            let changes = reader.next(db).await?;
            if changes.is_empty() {
                break;
            }
            for change in changes.iter().filter(|c| c.cause == crate::domain::change::Cause::Matcher) {
                let reason = change.told().map(|finding| finding.reason.clone()).unwrap_or_default();
                println!(
                    "{}\tvariant {}\t{}\t{}",
                    change.key.advisory.id,
                    change.key.variant_id,
                    change.in_words(),
                    visible_line(&reason)
                );
            }
        }
    }
    if yes {
        let confirmed = confirm_matcher(db, &who(None), now).await?;
        println!(
            "Confirmed: the next run tells what the version `{}` judges differently.",
            visible_line(&confirmed.matcher_version)
        );
    } else {
        context.say(format_args!(
            "The version `{}` judges these differently.\nhint: add --yes to have the next run tell them",
            visible_line(&waiting.matcher_version)
        ));
    }
    Ok(())
}
