//! What monitors read about the work of the program: runs, ages, queues.

use jiff::Timestamp;

use crate::domain::nightly::Outcome;
use crate::domain::schedule::Schedule;
use crate::services::nightly::standing;
use crate::store::{self, Db, StoreError};

/// One number with what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// `outbox_waiting`; units stand at its end.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What tells it apart from others of the name.
    pub label: Option<(&'static str, String)>,
    pub value: f64,
}

/// Collects the measures; those of one name stand beside each other.
struct Measures(Vec<Measure>);

impl Measures {
    fn add(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.0.push(Measure { name, help, label: None, value });
    }

    fn add_time(&mut self, name: &'static str, help: &'static str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.add(name, help, at.as_second() as f64);
        }
    }

    fn add_of(&mut self, name: &'static str, help: &'static str, label: (&'static str, &str), value: f64) {
        self.0.push(Measure { name, help, label: Some((label.0, label.1.to_owned())), value });
    }
}

/// How the work stands. A time is in seconds since 1970; what never was is left out.
///
/// # Errors
///
/// The database fails.
pub async fn measure(db: &Db, schedule: Option<&Schedule>, now: Timestamp) -> Result<Vec<Measure>, StoreError> {
    let mut measures = Measures(Vec::new());
    let rescan = store::rescan::find_rescan_at(db, now).await?.map(|(_, rescan)| rescan);
    measures.add_time(
        "last_rescan_timestamp_seconds",
        "When the last rescan ended well.",
        rescan.as_ref().map(|rescan| rescan.finished_at),
    );
    if let Some(rescan) = &rescan {
        let took = rescan.finished_at.duration_since(rescan.started_at).as_secs_f64();
        measures.add("last_rescan_duration_seconds", "How long the last rescan took.", took);
        for (word, n) in [("opened", rescan.n_opened), ("changed", rescan.n_changed), ("closed", rescan.n_closed)] {
            let help = "Exposures of variants that the last rescan opened, changed and closed.";
            measures.add_of("last_rescan_exposures", help, ("turn", word), n as f64);
        }
    }
    measures.add_time(
        "newest_advisory_timestamp_seconds",
        "The newest date among the advisories.",
        store::change::find_newest_advisory_at(db).await?,
    );
    nightly(db, schedule, now, &mut measures).await?;
    let (n_waiting, n_given_up) = store::outbox::count_unsent(db).await?;
    measures.add("outbox_waiting", "Messages that wait to be sent.", n_waiting as f64);
    measures.add("outbox_given_up", "Messages that were given up.", n_given_up as f64);
    for (state, n) in store::job::count_active_jobs(db).await? {
        measures.add_of("jobs_active", "Jobs that wait or run.", ("state", state.word()), n as f64);
    }
    let sources = store::source::list_sources(db).await?;
    let health = store::source::list_source_health(db).await?;
    let of = |source_id: i64| health.iter().find(|(id, _)| *id == source_id).map(|(_, health)| health);
    let enabled = || sources.iter().filter(|(_, source)| source.is_enabled && source.is_fetched());
    for (id, source) in enabled() {
        if let Some(at) = of(*id).and_then(|health| health.last_good_at) {
            let help = "When the last good visit of the source began.";
            let name = "source_last_good_timestamp_seconds";
            measures.add_of(name, help, ("source", &source.name), at.as_second() as f64);
        }
    }
    for (id, source) in enabled() {
        let fails = of(*id).is_some_and(|health| health.error().is_some());
        let help = "Whether the last visit of the source failed.";
        measures.add_of("source_failing", help, ("source", &source.name), f64::from(u8::from(fails)));
    }
    for (id, source) in enabled() {
        let n = of(*id).map_or(0, |health| health.n_documents());
        let help = "Documents of the source that became advisories.";
        measures.add_of("source_documents", help, ("source", &source.name), n as f64);
    }
    Ok(measures.0)
}

async fn nightly(
    db: &Db,
    schedule: Option<&Schedule>,
    now: Timestamp,
    measures: &mut Measures,
) -> Result<(), StoreError> {
    let standing = standing(db, schedule, now).await?;
    measures.add_time(
        "nightly_last_finished_timestamp_seconds",
        "When the last nightly run came to its end.",
        standing.last_finished_at,
    );
    measures.add_time("nightly_next_timestamp_seconds", "When the next nightly run is due.", standing.next_at);
    measures.add("nightly_missed", "Nights that passed since without a run.", standing.n_missed as f64);
    let Some((_, last)) = store::nightly::list_nightly_runs(db, 1).await?.pop() else { return Ok(()) };
    for step in &last.steps {
        let took = step.finished_at.duration_since(step.started_at).as_secs_f64();
        let help = "How long the steps of the last nightly run took.";
        measures.add_of("nightly_step_duration_seconds", help, ("step", step.step.word()), took);
    }
    for step in &last.steps {
        let failed = f64::from(u8::from(step.outcome == Outcome::Failed));
        let help = "Whether the steps of the last nightly run failed.";
        measures.add_of("nightly_step_failed", help, ("step", step.step.word()), failed);
    }
    Ok(())
}
