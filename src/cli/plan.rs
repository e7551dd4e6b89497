//! `nameplate plan`: shutdown plans, from the proposal to what was read back.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::bars::Bars;
use super::mark::who;
use super::output::write_out;
use super::report::paper_parser;
use super::{Context, Outcome};
use crate::domain::plan::{NewPlan, PlanAssetState};
use crate::report::pdf::Paper;
use crate::report::plan::{
    news_text, progress_text, proposal_json, sites_text, window_text, work_json, write_proposal, write_work,
};
use crate::report::visible::{counted, visible_line};
use crate::report::work_order::{write_work_order, write_work_order_html, write_work_order_pdf};
use crate::services::plan_shutdown::{Choice, Reading, choose, find_plan, freeze, make_plan, propose, read_back, work};
use crate::store;

/// Plan a shutdown: which firmware to install where, the work order, and what was read back
///
/// A draft proposes steps from what is open now: each takes all devices of one nameplate and firmware to a target
/// version and says how many exposures that closes, judged with that version. Frozen, it becomes a work order that no
/// later advisory changes; what is read back after the work closes exposures by evidence.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    New(NewArguments),
    List(ListArguments),
    Show(ShowArguments),
    Target(TargetArguments),
    LeaveOut(LeaveOutArguments),
    Freeze(FreezeArguments),
    WorkOrder(WorkOrderArguments),
    ReadBack(ReadBackArguments),
}

/// Make a plan for a window, and show what it could close
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate plan new 'Winter outage' --site Riverside --from '2026-12-01 06:00' --to '2026-12-02 18:00'
  nameplate plan new Revision --from '2027-04-05 00:00' --to '2027-04-19 00:00' --zone Europe/Berlin --by 'M. Okafor'")]
pub struct NewArguments {
    #[arg(value_name = "NAME")]
    name: String,
    /// A site of the plan; may be repeated [default: all]
    #[arg(long, value_name = "SITE")]
    site: Vec<String>,
    /// Start of the window in the zone of the plant: 2026-12-01 06:00
    #[arg(long, value_name = "TIME")]
    from: DateTime,
    /// End of the window
    #[arg(long, value_name = "TIME")]
    to: DateTime,
    /// Time zone of the plant, as in Europe/Berlin [default: that of this machine]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Who plans [default: the user of the system]
    #[arg(long, value_name = "WHO", env = "NAMEPLATE_USER")]
    by: Option<String>,
}

/// List the plans, the latest first
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate plan list
  nameplate plan list | grep draft")]
pub struct ListArguments {}

/// Show a plan: the proposal of a draft, or how far a frozen one is
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate plan show 3
  nameplate plan show 3 --format json | jq '.steps[0]'")]
pub struct ShowArguments {
    #[arg(value_name = "PLAN")]
    plan: i64,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ShowForm,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShowForm {
    Text,
    Json,
}

/// Give a step another target, and show what that changes
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate plan target 3 217 4.1.0
  nameplate plan target 3 217 --proposed")]
pub struct TargetArguments {
    #[arg(value_name = "PLAN")]
    plan: i64,
    /// The number of the step, as `plan show` gives it
    #[arg(value_name = "STEP")]
    step: i64,
    /// Firmware to go to
    #[arg(value_name = "FIRMWARE", required_unless_present = "proposed")]
    firmware: Option<String>,
    /// Go back to the target that is proposed
    #[arg(long, conflicts_with = "firmware")]
    proposed: bool,
}

/// Leave a step out of the plan; it stays in the list, and `plan target` takes it in again
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate plan leave-out 3 217
  nameplate plan leave-out 3 217 && nameplate plan show 3")]
pub struct LeaveOutArguments {
    #[arg(value_name = "PLAN")]
    plan: i64,
    #[arg(value_name = "STEP")]
    step: i64,
}

/// Freeze a plan: each device of its steps becomes a piece of work that nothing changes any more
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate plan freeze 3 --by 'M. Okafor'
  nameplate plan freeze 3 && nameplate plan work-order 3 --format pdf -o order.pdf")]
pub struct FreezeArguments {
    #[arg(value_name = "PLAN")]
    plan: i64,
    /// Who freezes it [default: the user of the system]
    #[arg(long, value_name = "WHO", env = "NAMEPLATE_USER")]
    by: Option<String>,
}

/// Write the work order of a frozen plan: boxes to tick for each device, and a line for what it then shows
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate plan work-order 3
  nameplate plan work-order 3 --format pdf --paper letter -o order.pdf")]
pub struct WorkOrderArguments {
    #[arg(value_name = "PLAN")]
    plan: i64,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OrderForm,
    /// Sheets that a PDF is set for
    #[arg(long, value_name = "PAPER", default_value = "a4", value_parser = paper_parser())]
    paper: Paper,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OrderForm {
    Text,
    Html,
    Pdf,
}

/// Enter what the devices show after the work, judge them again, and say what is left
///
/// Readings are TAG=FIRMWARE, or lines of a CSV file with the columns asset, firmware and, where a tag is not unique,
/// site. Blank firmwares are passed over. A reading that is not the target is kept as it is read.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate plan read-back 3 MTR-0412=4.0.0 MTR-0413=4.0.0 --by 'M. Okafor'
  nameplate plan read-back 3 --file readings.csv")]
pub struct ReadBackArguments {
    #[arg(value_name = "PLAN")]
    plan: i64,
    #[arg(value_name = "TAG=FIRMWARE", required_unless_present = "file", value_parser = parse_reading)]
    readings: Vec<Reading>,
    /// CSV file of readings
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Who read them [default: the user of the system]
    #[arg(long, value_name = "WHO", env = "NAMEPLATE_USER")]
    by: Option<String>,
}

fn parse_reading(text: &str) -> Result<Reading, String> {
    let (tag, firmware) = text.rsplit_once('=').ok_or("expected TAG=FIRMWARE, as in MTR-0412=4.0.0")?;
    if tag.trim().is_empty() || firmware.trim().is_empty() {
        return Err("expected a tag and a firmware, as in MTR-0412=4.0.0".to_owned());
    }
    Ok(Reading { site: String::new(), tag: tag.trim().to_owned(), firmware: firmware.trim().to_owned() })
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::New(arguments) => run_new(arguments, context).await,
        Command::List(_) => run_list(context).await,
        Command::Show(arguments) => run_show(arguments, context).await,
        Command::Target(arguments) => {
            let choice = match &arguments.firmware {
                Some(firmware) => Choice::Target(firmware.clone()),
                None => Choice::Proposed,
            };
            run_choice(arguments.plan, arguments.step, &choice, context).await
        }
        Command::LeaveOut(arguments) => run_choice(arguments.plan, arguments.step, &Choice::LeaveOut, context).await,
        Command::Freeze(arguments) => run_freeze(arguments, context).await,
        Command::WorkOrder(arguments) => run_work_order(arguments, context).await,
        Command::ReadBack(arguments) => run_read_back(arguments, context).await,
    }
}

async fn run_new(arguments: &NewArguments, context: &Context) -> Outcome {
    let zone = match &arguments.zone {
        Some(name) => TimeZone::get(name)
            .map_err(|_| format!("cannot make the plan: expected a time zone like `Europe/Berlin`, found `{name}`"))?,
        None => TimeZone::system(),
    };
    let at = |time: DateTime| time.to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
    let new = NewPlan {
        name: arguments.name.clone(),
        sites: arguments.site.clone(),
        from: at(arguments.from)?,
        to: at(arguments.to)?,
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        made_by: who(arguments.by.as_deref()),
        made_at: Timestamp::now(),
    };
    let db = context.open_database().await?;
    let plan_id = make_plan(&db, &new).await?;
    show(&db, plan_id, ShowForm::Text, None, context).await
}

async fn run_list(context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let mut before = None;
    loop {
        let plans = store::plan::list_plans(&db, before, 200).await?;
        let Some(last) = plans.last() else { break };
        before = Some(last.plan_id);
        write_out(None, false, |out| {
            plans.iter().try_for_each(|plan| {
                let state = if plan.frozen.is_some() { "frozen" } else { "draft" };
                let name = visible_line(&plan.name);
                writeln!(out, "{}  {state}  {name}  {}  {}", plan.plan_id, sites_text(plan), window_text(plan))
            })
        })?;
    }
    if before.is_none() {
        context.say("No plan yet. `nameplate plan new` turns fixes into one work order per window.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_show(arguments: &ShowArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    show(&db, arguments.plan, arguments.format, arguments.output.as_deref(), context).await
}

async fn show(
    db: &store::Db,
    plan_id: i64,
    form: ShowForm,
    output: Option<&std::path::Path>,
    context: &Context,
) -> Outcome {
    let plan = find_plan(db, plan_id).await?;
    if plan.frozen.is_some() {
        let work = work(db, plan_id).await?;
        write_out(output, false, |out| match form {
            ShowForm::Text => write_work(&work, out),
            ShowForm::Json => writeln!(out, "{:#}", work_json(&work)),
        })?;
    } else {
        let proposal = propose(db, plan_id, Timestamp::now(), &Bars::new(context.quiet)).await?;
        write_out(output, false, |out| match form {
            ShowForm::Text => write_proposal(&plan, &proposal, out),
            ShowForm::Json => writeln!(out, "{:#}", proposal_json(&plan, &proposal)),
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_choice(plan_id: i64, step: i64, choice: &Choice, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let proposal = choose(&db, plan_id, step, choice, &who(None), Timestamp::now(), &Bars::new(context.quiet)).await?;
    let plan = find_plan(&db, plan_id).await?;
    write_out(None, false, |out| write_proposal(&plan, &proposal, out))?;
    Ok(ExitCode::SUCCESS)
}

async fn run_freeze(arguments: &FreezeArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let now = Timestamp::now();
    let done = freeze(&db, arguments.plan, &who(arguments.by.as_deref()), now, &Bars::new(context.quiet)).await?;
    context.say(format_args!(
        "plan {} is frozen: {}, {} marked as planned",
        arguments.plan,
        counted(done.n_assets, "asset", "assets"),
        counted(done.n_planned, "exposure", "exposures")
    ));
    if !done.problem.is_empty() {
        context.say(format_args!("nothing was marked as planned: {}", done.problem));
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_work_order(arguments: &WorkOrderArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let work = work(&db, arguments.plan).await?;
    let is_binary = arguments.format == OrderForm::Pdf;
    write_out(arguments.output.as_deref(), is_binary, |out| match arguments.format {
        OrderForm::Text => write_work_order(&work, out),
        OrderForm::Html => write_work_order_html(&work, out),
        OrderForm::Pdf => write_work_order_pdf(&work, arguments.paper, out),
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn run_read_back(arguments: &ReadBackArguments, context: &Context) -> Outcome {
    let mut readings = arguments.readings.clone();
    if let Some(path) = &arguments.file {
        readings.extend(readings_of(path)?);
    }
    let db = context.open_database().await?;
    let progress = Bars::new(context.quiet);
    let done =
        read_back(&db, arguments.plan, &readings, &who(arguments.by.as_deref()), Timestamp::now(), &progress).await?;
    context.say(format_args!("{} read back", counted(done.n_read, "asset", "assets")));
    if done.is_judged {
        context.say(format_args!("judged again: {} closed, {} opened", done.n_closed, done.n_opened));
    } else if !done.problem.is_empty() {
        context.say(format_args!("not judged again yet, the next run does: {}", done.problem));
    }
    let work = work(&db, arguments.plan).await?;
    write_out(None, false, |out| {
        writeln!(out, "{}", progress_text(&work))?;
        done.refused.iter().try_for_each(|refused| writeln!(out, "not taken: {}", visible_line(refused)))?;
        let news = news_text(&work);
        if news.is_empty() { Ok(()) } else { writeln!(out, "{news}") }
    })?;
    let is_left = work.n(PlanAssetState::Open) > 0;
    if is_left {
        context.say("What is open is proposed again by a new plan for the same sites.");
    }
    Ok(if done.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(super::COULD_NOT) })
}

/// The readings of a CSV file: columns `asset` (or `tag`), `firmware`, and `site` where it is there.
fn readings_of(path: &std::path::Path) -> Result<Vec<Reading>, String> {
    let failed = |why: String| format!("cannot read `{}`: {why}", path.display());
    let file = File::open(path).map_err(|e| failed(e.to_string()))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
    let headers = reader.headers().map_err(|e| failed(e.to_string()))?.clone();
    let place = |names: &[&str]| {
        headers.iter().position(|header| names.contains(&header.trim_start_matches('\u{feff}').to_lowercase().as_str()))
    };
    let tag = place(&["asset", "tag", "asset_id"]).ok_or_else(|| failed("expected a column `asset`".to_owned()))?;
    let firmware = place(&["firmware"]).ok_or_else(|| failed("expected a column `firmware`".to_owned()))?;
    let site = place(&["site"]);
    let mut readings = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| failed(e.to_string()))?;
        let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
        readings.push(Reading { site: site.map(cell).unwrap_or_default(), tag: cell(tag), firmware: cell(firmware) });
    }
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_a_tag_and_a_firmware() {
        for (text, read) in [
            ("MTR-0412=4.0.0", Ok(("MTR-0412", "4.0.0"))),
            ("A=B=1.2", Ok(("A=B", "1.2"))),
            ("MTR-0412", Err(())),
            ("=4.0.0", Err(())),
            ("MTR-0412= ", Err(())),
        ] {
            let found = parse_reading(text);
            match read {
                Ok((tag, firmware)) => {
                    let found = found.unwrap();
                    assert_eq!((found.tag.as_str(), found.firmware.as_str()), (tag, firmware));
                }
                Err(()) => assert!(found.is_err(), "{text}"),
            }
        }
    }
}
