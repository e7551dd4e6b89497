//! The nightly chain: fetch, enrich, rescan, alerts, reports, outbox; once a slot of the schedule, over all processes
//! and machines on one database.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::domain::nightly::{Outcome, Standing, StartedBy, Step, StepDone};
use crate::domain::rescan::Rescan;
use crate::domain::schedule::{Due, Schedule};
use crate::domain::source::SourceKind;
use crate::services::fetch_advisories::fetch_advisories;
use crate::services::lease::{self, Taken};
use crate::services::outlets::{Outlets, deliver};
use crate::services::progress::Progress;
use crate::services::rescan::{RescanError, Rescanned, has_news, rescan_nightly, rescan_pending};
use crate::services::retention::Retention;
use crate::services::scheduled_reports::make_reports;
use crate::services::send_alerts::send_alerts;
use crate::services::sources::FetchSettings;
use crate::store::{self, Db, StoreError};

/// What the chain works with.
pub struct Chain<'a> {
    pub db: &'a Db,
    pub outlets: &'a Outlets,
    pub fetching: &'a FetchSettings,
    /// Where reports that go out by mail are kept; `None` makes none.
    pub data_dir: Option<&'a std::path::Path>,
    /// How long what is past is kept.
    pub retention: Retention,
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    pub progress: &'a dyn Progress,
}

/// Why no run came about.
#[derive(Debug, Error)]
pub enum NightlyError {
    #[error(
        "cannot run: another run is under way since {since} (`{holder}`)\nhint: wait until it is done; a run that died on another machine frees the way after a minute"
    )]
    Busy { holder: String, since: Timestamp },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A run that came to its end.
#[derive(Clone, Debug)]
pub struct NightlyDone {
    pub nightly_run_id: i64,
    pub slot_at: Option<Timestamp>,
    /// The run was begun by a process that ended before it did.
    pub was_resumed: bool,
    pub n_missed: u64,
    pub steps: Vec<StepDone>,
}

impl NightlyDone {
    /// The first step that failed, in words.
    pub fn error(&self) -> Option<&str> {
        self.steps.iter().find(|step| step.outcome == Outcome::Failed).map(|step| step.told.as_str())
    }
}

/// Time that a run may take before its slot counts as missed.
const GRACE: SignedDuration = SignedDuration::from_mins(90);

/// The slot that is due now; `None` when the last one was served. Slots before the schedule was first looked at are
/// nobody's fault.
///
/// # Errors
///
/// The database fails.
pub async fn due_slot(db: &Db, schedule: &Schedule, now: Timestamp) -> Result<Option<Due>, StoreError> {
    let since = store::nightly::schedule_since(db, now).await?;
    let served = store::nightly::find_last_slot(db).await?.unwrap_or(since);
    Ok(schedule.due(served.max(since), now))
}

/// How the runs stand, for banner, metrics and `doctor`.
///
/// # Errors
///
/// The database fails.
pub async fn standing(db: &Db, schedule: Option<&Schedule>, now: Timestamp) -> Result<Standing, StoreError> {
    let last = store::nightly::list_nightly_runs(db, 1).await?.pop();
    let mut standing = Standing {
        last_finished_at: store::nightly::find_last_finished(db).await?,
        error: last.and_then(|(_, run)| run.error),
        ..Standing::default()
    };
    if let Some(schedule) = schedule {
        standing.next_at = schedule.next(now);
        let late = now.checked_sub(GRACE).unwrap_or(Timestamp::MIN);
        // A run out of turn makes up for what was missed before it.
        let since = store::nightly::find_since(db).await?;
        let served = [store::nightly::find_last_slot(db).await?, standing.last_finished_at, since];
        let due = served.into_iter().flatten().max().and_then(|served| schedule.due(served, late));
        standing.n_missed = due.map_or(0, |due| due.n_missed + 1);
    }
    Ok(standing)
}

/// Runs the chain for a slot, or out of turn when there is none. A run that was killed is gone on with: its steps that
/// were done are not done again. `None` when the slot was served before.
///
/// Killed at any moment nothing is lost: what was fetched is kept, the rescan saves all or nothing, changes are told
/// in the transaction that marks them, and the outbox keeps what was not sent.
///
/// # Errors
///
/// Another run is under way, or the database fails. A step that fails is no error: it is kept with the run, and the
/// steps after it are done.
pub async fn run_nightly(
    chain: &Chain<'_>,
    due: Option<Due>,
    started_by: StartedBy,
) -> Result<Option<NightlyDone>, NightlyError> {
    let held = match lease::take(chain.db, store::nightly::LEASE).await? {
        Taken::Held(held) => held,
        Taken::By(holder, since) => return Err(NightlyError::Busy { holder, since }),
    };
    let result = run_held(chain, held.holder(), due, started_by).await;
    let freed = held.give_back().await;
    let done = result?;
    freed?;
    Ok(done)
}

async fn run_held(
    chain: &Chain<'_>,
    holder: &str,
    due: Option<Due>,
    started_by: StartedBy,
) -> Result<Option<NightlyDone>, NightlyError> {
    let db = chain.db;
    let unfinished = store::nightly::find_unfinished(db).await?;
    let mut done = match unfinished {
        Some((nightly_run_id, run)) => NightlyDone {
            nightly_run_id,
            slot_at: run.slot_at,
            was_resumed: true,
            n_missed: run.n_missed,
            steps: run.steps,
        },
        None => {
            let (slot, n_missed) = (due.map(|due| due.slot), due.map_or(0, |due| due.n_missed));
            let now = (chain.clock)();
            let Some(id) = store::nightly::save_start(db, holder, slot, started_by, n_missed, now).await? else {
                return Ok(None);
            };
            NightlyDone { nightly_run_id: id, slot_at: slot, was_resumed: false, n_missed, steps: Vec::new() }
        }
    };
    for (step, word) in Step::ALL {
        if done.steps.iter().any(|before| before.step == step) {
            continue;
        }
        let started_at = (chain.clock)();
        tracing::info!(run = done.nightly_run_id, step = word, "nightly: begins");
        let (outcome, told) = match do_step(chain, step).await {
            Ok(said) => said,
            Err(problem) => (Outcome::Failed, problem),
        };
        tracing::info!(run = done.nightly_run_id, step = word, outcome = outcome.word(), "nightly: {told}");
        let finished_at = (chain.clock)().max(started_at);
        let step = StepDone { step, started_at, finished_at, outcome, told };
        store::nightly::save_step(db, holder, done.nightly_run_id, &step).await?;
        done.steps.push(step);
    }
    store::nightly::save_end(db, holder, done.nightly_run_id, done.error(), (chain.clock)()).await?;
    Ok(Some(done))
}

/// Does one step; gives what it came to with a sentence of counts, or the problem.
async fn do_step(chain: &Chain<'_>, step: Step) -> Result<(Outcome, String), String> {
    let done = |text: String| Ok((Outcome::Done, text));
    let skipped = |text: &str| Ok((Outcome::Skipped, text.to_owned()));
    let in_words = |e: StoreError| e.to_string();
    match step {
        Step::Fetch => fetch_step(chain, |kind| !is_list(kind), "no source of advisories is enabled").await,
        Step::Enrich => {
            fetch_step(chain, is_list, "no source of exploited vulnerabilities or exploit probabilities is enabled")
                .await
        }
        Step::Rescan => {
            if store::variant::count_variants(chain.db).await.map_err(in_words)? == 0 {
                return skipped("no devices are imported");
            }
            let runs = rescan_nightly(chain.db, chain.progress).await.map_err(|e| e.to_string())?;
            done(runs_in_words(&runs))
        }
        Step::Alert => {
            let told = send_alerts(chain.db, &chain.outlets.wording, (chain.clock)()).await.map_err(in_words)?;
            match told.n_rules {
                0 => skipped("no alert rule is on"),
                n => done(format!(
                    "{n} rules: {} messages with {} items{}",
                    told.n_messages,
                    told.n_items,
                    if told.n_held > 0 {
                        format!("; {} changes of the matcher wait for a confirmation", told.n_held)
                    } else {
                        String::new()
                    }
                )),
            }
        }
        Step::Report => {
            let (outcome, told) = report_step(chain).await?;
            let cleared = chain.retention.clear(chain.db, (chain.clock)()).await.map_err(in_words)?;
            match cleared.in_words() {
                Some(cleared) => done(format!("{told}; {cleared} were kept long enough and are removed")),
                None => Ok((outcome, told)),
            }
        }
        Step::Deliver => deliver_step(chain).await,
    }
}

/// What the runs of a night came to, and how much they looked at.
fn runs_in_words(runs: &[Rescanned]) -> String {
    let numbers: Vec<String> = runs.iter().map(|run| run.rescan_id.to_string()).collect();
    let sum = |count: fn(&Rescan) -> u64| runs.iter().map(|run| count(&run.rescan)).sum::<u64>();
    let word = if runs.len() == 1 { "run" } else { "runs" };
    let looked_at = match runs {
        [whole] if !whole.rescan.whole_because.is_empty() => {
            format!("everything was judged, because {}", whole.rescan.whole_because)
        }
        _ => format!("{} variants judged, for which something is new", sum(|run| run.n_variants)),
    };
    let last = runs.last().map(|run| &run.rescan);
    format!(
        "{word} {}: {} opened, {} changed, {} closed, {} same; {} advisories are known; {looked_at}",
        numbers.join(" and "),
        sum(|run| run.n_opened),
        sum(|run| run.n_changed),
        sum(|run| run.n_closed),
        sum(|run| run.n_same),
        last.map_or(0, |run| run.n_advisories),
    )
}

async fn report_step(chain: &Chain<'_>) -> Result<(Outcome, String), String> {
    let Some(data_dir) = chain.data_dir else {
        return Ok((Outcome::Skipped, "there is no data folder".to_owned()));
    };
    let zone = &chain.outlets.wording.zone;
    let made =
        make_reports(chain.db, data_dir, zone, (chain.clock)(), chain.progress).await.map_err(|e| e.to_string())?;
    if made.n_schedules == 0 && made.n_removed == 0 {
        return Ok((Outcome::Skipped, "no report is scheduled".to_owned()));
    }
    let told = format!("{} of {} reports made, {} old files removed", made.n_made, made.n_schedules, made.n_removed);
    if made.problems.is_empty() {
        Ok((Outcome::Done, told))
    } else {
        Err(format!("{told}; {}", made.problems.join("; ")))
    }
}

/// Whether a source gives lists about vulnerabilities, no advisories.
fn is_list(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::Kev | SourceKind::Epss)
}

/// Visits the enabled sources of these kinds. Fails when one could not be pulled; what the others gave is kept.
async fn fetch_step(
    chain: &Chain<'_>,
    is_meant: impl Fn(SourceKind) -> bool,
    nothing: &str,
) -> Result<(Outcome, String), String> {
    let sources = store::source::list_sources(chain.db).await.map_err(|e| e.to_string())?;
    let names: Vec<String> = sources
        .into_iter()
        .map(|(_, source)| source)
        .filter(|source| source.is_enabled && source.is_fetched() && is_meant(source.kind))
        .map(|source| source.name)
        .collect();
    if names.is_empty() {
        return Ok((Outcome::Skipped, nothing.to_owned()));
    }
    let fetched = fetch_advisories(chain.db, chain.fetching, &names, (chain.clock)(), chain.progress)
        .await
        .map_err(|e| e.to_string())?;
    let n_added: u64 = fetched.iter().map(|one| one.pull.n_added).sum();
    let told: Vec<String> = fetched.iter().map(|one| format!("{}: {}", one.source.name, one.pull.summary())).collect();
    let told = format!("{n_added} new; {}", told.join("; "));
    if fetched.iter().all(|one| one.pull.is_good()) { Ok((Outcome::Done, told)) } else { Err(told) }
}

/// Looks at the sources between two nights. When something new came, it is judged, and alerts go out at once.
/// Gives the number of new documents; 0 also when another process is at it.
///
/// # Errors
///
/// The database fails. That a source fails is kept with its pull.
pub async fn poll(chain: &Chain<'_>) -> Result<u64, StoreError> {
    let held = match lease::take(chain.db, store::nightly::LEASE).await? {
        Taken::Held(held) => held,
        Taken::By(..) => return Ok(0),
    };
    let result = poll_held(chain).await;
    let freed = held.give_back().await;
    let n_new = result?;
    freed?;
    Ok(n_new)
}

async fn poll_held(chain: &Chain<'_>) -> Result<u64, StoreError> {
    let fetched = match fetch_advisories(chain.db, chain.fetching, &[], (chain.clock)(), chain.progress).await {
        Ok(fetched) => fetched,
        Err(e) => {
            tracing::warn!("the sources could not be looked at: {e}");
            return Ok(0);
        }
    };
    let n_new = fetched.iter().map(|one| one.pull.n_added).sum();
    if n_new > 0 {
        // Only what is new is judged; the night judges everything.
        match rescan_pending(chain.db, chain.progress).await {
            Ok(runs) => tracing::info!(n_runs = runs.len(), "{n_new} new documents were judged"),
            Err(e) => tracing::warn!("{n_new} new documents could not be judged: {e}"),
        }
        send_alerts(chain.db, &chain.outlets.wording, (chain.clock)()).await?;
    }
    Ok(n_new)
}

/// Judges what came since the last run, whoever brought it: a page, a command, another process. Alerts go out at once.
/// Gives the number of runs; 0 also when another process is at it.
///
/// # Errors
///
/// The database fails.
pub async fn judge_news(chain: &Chain<'_>) -> Result<u64, StoreError> {
    if !has_news(chain.db).await? {
        return Ok(0);
    }
    let held = match lease::take(chain.db, store::nightly::LEASE).await? {
        Taken::Held(held) => held,
        Taken::By(..) => return Ok(0),
    };
    let result = judge_news_held(chain).await;
    let freed = held.give_back().await;
    let n_runs = result?;
    freed?;
    Ok(n_runs)
}

async fn judge_news_held(chain: &Chain<'_>) -> Result<u64, StoreError> {
    let runs = match rescan_pending(chain.db, chain.progress).await {
        Ok(runs) => runs,
        // The run that is under way, or the next look, judges it.
        Err(RescanError::Busy { .. }) => return Ok(0),
        Err(e) => {
            tracing::warn!("what came since the last run could not be judged: {e}");
            return Ok(0);
        }
    };
    if runs.iter().any(|run| !run.changes.is_empty()) {
        send_alerts(chain.db, &chain.outlets.wording, (chain.clock)()).await?;
    }
    Ok(runs.len() as u64)
}

async fn deliver_step(chain: &Chain<'_>) -> Result<(Outcome, String), String> {
    let delivered = deliver(chain.db, chain.outlets, chain.clock).await.map_err(|e| e.to_string())?;
    if delivered.is_busy {
        return Ok((Outcome::Skipped, "another process is sending".to_owned()));
    }
    if delivered.n_sent + delivered.n_later + delivered.n_given_up == 0 {
        return Ok((Outcome::Skipped, "nothing waits to be sent".to_owned()));
    }
    let counts = format!(
        "{} sent, {} to be tried again, {} given up",
        delivered.n_sent, delivered.n_later, delivered.n_given_up
    );
    match delivered.problems.first() {
        // What is tried again is no failure of the night; what was given up is.
        Some(problem) if delivered.n_given_up > 0 => Err(format!("{counts}: {problem}")),
        Some(problem) => Ok((Outcome::Done, format!("{counts}: {problem}"))),
        None => Ok((Outcome::Done, counts)),
    }
}
