//! `nameplate rescan`: judges everything in the database anew and says what changed.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::bars::Bars;
use super::{Context, Outcome};
use crate::domain::exposure::{ExposureKey, Finding};
use crate::domain::rescan::{Scope, Trigger};
use crate::domain::verdict::Verdict;
use crate::services::rescan::{Rescanned, rescan_part, rescan_pending};
use crate::store::{self, Db};

/// Match the devices of the database against its advisories, and say only what changed
///
/// Stopped at any moment, it leaves the last result as it was. A run of a part leaves there what a run of all would.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate rescan
  nameplate rescan --advisory ICSA-23-229-03
  nameplate rescan --quiet && nameplate report --format html -o report.html")]
pub struct Arguments {
    /// List every change, however many
    #[arg(long)]
    full: bool,
    /// Only these advisories (tracking id); may come again
    #[arg(long, value_name = "ID", conflicts_with = "new")]
    advisory: Vec<String>,
    /// Only these assets (tag); may come again
    #[arg(long, value_name = "TAG", conflicts_with_all = ["advisory", "new"])]
    asset: Vec<String>,
    /// Only what is new: advisories that came or changed, devices that no run has judged
    #[arg(long)]
    new: bool,
}

/// Changes of one kind that are listed unless all are asked for.
const MAX_LISTED: usize = 20;

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let bars = Bars::new(context.quiet);
    if arguments.new {
        let runs = rescan_pending(&db, &bars).await?;
        for done in &runs {
            print!("{}", in_words(done, arguments.full));
        }
        if runs.is_empty() {
            println!("Nothing is new since the last run.");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let scope = scope(arguments, &db).await?;
    let done = tokio::select! {
        done = rescan_part(&db, &scope, Trigger::Manual, &bars) => done?,
        _ = tokio::signal::ctrl_c() => return Err("stopped; the last result stays valid".into()),
    };
    for warning in &done.warnings {
        context.say(format_args!("warning: {warning}"));
    }
    print!("{}", in_words(&done, arguments.full));
    Ok(ExitCode::SUCCESS)
}

/// What a person wants to have judged.
async fn scope(arguments: &Arguments, db: &Db) -> Result<Scope, Box<dyn std::error::Error>> {
    if !arguments.advisory.is_empty() {
        let mut keys = Vec::new();
        for id in &arguments.advisory {
            let found = store::advisory::list_advisories_by_id(db, id).await?;
            if found.is_empty() {
                return Err(format!("cannot rescan the advisory `{id}`: the database has none of this id").into());
            }
            keys.extend(found.into_iter().map(|revision| revision.key));
        }
        return Ok(Scope::Advisories(keys));
    }
    if arguments.asset.is_empty() {
        return Ok(Scope::All);
    }
    let mut ids = Vec::new();
    for tag in &arguments.asset {
        let found = store::asset::list_assets_by_tag(db, tag, None).await?;
        if found.is_empty() {
            return Err(format!("cannot rescan the asset `{tag}`: the database has none of this tag").into());
        }
        ids.extend(found.into_iter().map(|known| known.asset_id));
    }
    Ok(Scope::Assets(ids))
}

/// What a run changed, for people.
fn in_words(done: &Rescanned, full: bool) -> String {
    let run = &done.rescan;
    let seconds = run.started_at.duration_until(run.finished_at).as_secs_f64();
    let mut text = format!(
        "{} assets in {} variants against {} advisories in {seconds:.1} s.\n",
        run.n_assets, run.n_variants, run.n_advisories
    );
    let changes = &done.changes;
    if changes.is_empty() {
        text.push_str(&format!("Nothing changed. {} exposures stay as they were.\n", changes.n_same));
    } else {
        text.push_str(&format!(
            "New {}, changed {}, closed {}, same {}.\n",
            run.n_opened, run.n_changed, run.n_closed, run.n_same
        ));
        section(&mut text, "New", changes.opened.iter().map(|(key, now)| (key, told(now))), full);
        let changed =
            changes.changed.iter().map(|(key, before, now)| (key, format!("{} (was: {})", told(now), told(before))));
        section(&mut text, "Changed", changed, full);
        section(&mut text, "Closed", changes.closed.iter().map(|(key, before)| (key, told(before))), full);
    }
    if run.n_not_judged > 0 {
        text.push_str(&format!("{} variants could not be judged and keep what they had.\n", run.n_not_judged));
    }
    text
}

/// Lists changes by advisory, equal sentences once with their number.
fn section<'a>(text: &mut String, title: &str, changes: impl Iterator<Item = (&'a ExposureKey, String)>, full: bool) {
    let mut by_sentence: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (key, sentence) in changes {
        *by_sentence.entry((key.advisory.id.clone(), sentence)).or_default() += 1;
    }
    if by_sentence.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}\n"));
    let shown = if full { by_sentence.len() } else { MAX_LISTED };
    for ((advisory, sentence), n) in by_sentence.iter().take(shown) {
        text.push_str(&format!("  {n:>5} × {advisory}  {sentence}\n"));
    }
    if by_sentence.len() > shown {
        text.push_str(&format!(
            "  … and {} more kinds of change; see `nameplate report` or --full\n",
            by_sentence.len() - shown
        ));
    }
}

fn told(finding: &Finding) -> String {
    let label = match finding.verdict {
        Verdict::Affected => "affected",
        Verdict::Possible => "possible",
        Verdict::NotAffected => "not affected",
    };
    format!("{label}: {}", finding.reason)
}
