//! `nameplate rescan`: judges everything in the database anew and says what changed.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::bars::Bars;
use super::{Context, Outcome};
use crate::domain::exposure::{ExposureKey, Finding};
use crate::domain::rescan::Trigger;
use crate::domain::verdict::Verdict;
use crate::services::rescan::{Rescanned, rescan};

/// Match all devices of the database against all its advisories, and say only what changed
///
/// Stopped at any moment, it leaves the last result as it was.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate rescan
  nameplate rescan --quiet && nameplate report --format html -o report.html")]
pub struct Arguments {
    /// List every change, however many
    #[arg(long)]
    full: bool,
}

/// Changes of one kind that are listed unless all are asked for.
const MAX_LISTED: usize = 20;

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let bars = Bars::new(context.quiet);
    let done = tokio::select! {
        done = rescan(&db, Trigger::Manual, &bars) => done?,
        _ = tokio::signal::ctrl_c() => return Err("stopped; the last result stays valid".into()),
    };
    for warning in &done.warnings {
        context.say(format_args!("warning: {warning}"));
    }
    print!("{}", in_words(&done, arguments.full));
    Ok(ExitCode::SUCCESS)
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
