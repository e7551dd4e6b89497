//! `nameplate mark`: says what is done about exposures; `nameplate undo`: takes an act back.

use std::process::ExitCode;

use jiff::Timestamp;

use super::bars::Bars;
use super::{Context, Outcome};
use crate::domain::account::SiteScope;
use crate::domain::filter::Filter;
use crate::domain::mark::{Mark, MarkReason};
use crate::report::visible::{counted, visible_line};
use crate::services::set_remediation::{MarkRequest, MarkScope, preview_marks, set_remediation};
use crate::services::undo_act::undo_act;

/// Mark what is done about open exposures: all that fit a filter, after a look at how many they are
///
/// The filter has the words of the pages' addresses, for example `site=riverside&advisory=ICSA-23-229-03`. Without
/// --yes nothing is written. An updated firmware is written to the assets, which are judged again: what closes by that
/// is done, what stays open is told.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate mark 'advisory=ICSA-23-229-03' --reason planned --note 'outage in May'
  nameplate mark 'site=riverside&severity=low' --reason risk_accepted --until 2027-03-01 --yes")]
pub struct Arguments {
    /// Which exposures are meant
    #[arg(value_name = "FILTER")]
    filter: String,
    /// no_decision, risk_accepted, waiting_for_fix, planned, firmware_updated, mitigation_applied, replaced or removed
    #[arg(long, value_name = "WORD")]
    reason: String,
    /// Last day of an accepted risk, as 2027-03-01
    #[arg(long, value_name = "DAY", default_value = "")]
    until: String,
    /// The firmware that was installed
    #[arg(long, value_name = "VERSION", default_value = "")]
    firmware: String,
    /// This vulnerability alone; may come again
    #[arg(long, value_name = "CVE")]
    cve: Vec<String>,
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Who says so [default: the user of the system]
    #[arg(long, value_name = "NAME", env = "NAMEPLATE_USER")]
    user: Option<String>,
    /// Write it
    #[arg(long)]
    yes: bool,
}

/// Take an act back: an answer, a mark, or values that were typed in
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate undo 12
  nameplate undo 12 --user 'M. Okafor'")]
pub struct UndoArguments {
    /// The number of the act
    #[arg(value_name = "ACT")]
    act: i64,
    /// Who takes it back [default: the user of the system]
    #[arg(long, value_name = "NAME", env = "NAMEPLATE_USER")]
    user: Option<String>,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let reason = MarkReason::ALL.into_iter().find(|reason| reason.word() == arguments.reason).ok_or_else(|| {
        let known: Vec<String> = MarkReason::ALL.iter().map(|reason| format!("`{}`", reason.word())).collect();
        format!("cannot mark: expected --reason to be one of {}, found `{}`", known.join(", "), arguments.reason)
    })?;
    let request = MarkRequest {
        scope: MarkScope { filter: Filter::parse(&arguments.filter)?, ..MarkScope::default() },
        cves: arguments.cve.clone(),
        mark: Mark {
            reason,
            note: arguments.note.clone(),
            expires_on: arguments.until.clone(),
            firmware: arguments.firmware.clone(),
        },
    };
    let (db, now) = (context.open_database().await?, Timestamp::now());
    if !arguments.yes {
        let preview = preview_marks(&db, &request, &SiteScope::All, now, &Bars::new(context.quiet)).await?;
        let [open, begun, done] = preview.n_by_status;
        println!(
            "{} of {} would be marked: {open} not remediated, {begun} in progress, {done} done.",
            counted(preview.n_exposures, "exposure", "exposures"),
            counted(preview.n_assets, "asset", "assets")
        );
        for (site, n) in &preview.by_site {
            println!("  {}\t{n}", visible_line(site));
        }
        context.say("hint: --yes writes it");
        return Ok(ExitCode::SUCCESS);
    }
    let who = who(arguments.user.as_deref());
    let marked = set_remediation(&db, &request, &who, &SiteScope::All, now, &Bars::new(context.quiet)).await?;
    println!("{}", visible_line(&marked.told));
    context.say(format_args!("hint: `nameplate undo {}` takes it back", marked.audit_id));
    Ok(ExitCode::SUCCESS)
}

pub async fn run_undo(arguments: &UndoArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let who = who(arguments.user.as_deref());
    let undone =
        undo_act(&db, arguments.act, &who, &SiteScope::All, Timestamp::now(), &Bars::new(context.quiet)).await?;
    println!("{}", visible_line(&undone.told));
    Ok(ExitCode::SUCCESS)
}

/// The name that is given, else that of the user of the system; blank when it has none.
pub(super) fn who(given: Option<&str>) -> String {
    let of_system = || ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    given.map(str::to_owned).or_else(of_system).unwrap_or_default()
}
