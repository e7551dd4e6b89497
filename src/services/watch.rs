//! What `serve` does on its own: the nightly chain when a slot is due, looks at the sources in between, and sending what
//! waits.

use std::path::PathBuf;
use std::time::Instant;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::Config;
use crate::domain::nightly::StartedBy;
use crate::domain::schedule::{DEFAULT_CRON, Due, Schedule};
use crate::services::nightly::{Chain, NightlyError, due_slot, judge_news, poll, run_nightly};
use crate::services::outlets::{OutletError, Outlets, deliver, time_zone};
use crate::services::progress::Progress;
use crate::services::retention::Retention;
use crate::services::sources::FetchSettings;
use crate::store::{self, Db, StoreError};

/// When to do what.
#[derive(Clone, Debug)]
pub struct Rota {
    /// `None` when the schedule is off.
    pub schedule: Option<Schedule>,
    /// How long after its slot a run begins here.
    pub jitter: SignedDuration,
    /// `None` when sources are looked at only at night.
    pub poll: Option<SignedDuration>,
    pub retention: Retention,
}

/// Minutes between two looks at the sources unless said otherwise.
const POLL_MINUTES: i64 = 30;
/// Minutes over which starts are spread unless said otherwise.
const JITTER_MINUTES: i64 = 10;

impl Rota {
    /// What the configuration says. Starts are spread by the name of the database, so that one installation begins at
    /// the same minute each night.
    ///
    /// # Errors
    ///
    /// A key cannot be understood.
    pub fn of(config: &Config, database: &str) -> Result<Rota, OutletError> {
        let minutes = |key: &'static str, value: &Option<String>, usual: i64| match value.as_deref().map(str::trim) {
            None => Ok(Some(usual)),
            Some("off") => Ok(None),
            Some(text) => match text.parse::<i64>() {
                Ok(minutes) if (0..=10_080).contains(&minutes) => Ok(Some(minutes)),
                _ => Err(OutletError::Key {
                    key,
                    expected: "a number of minutes, or `off`",
                    found: text.to_owned(),
                    hint: "for example `30`",
                }),
            },
        };
        let jitter = minutes("schedule_jitter_minutes", &config.schedule_jitter_minutes, JITTER_MINUTES)?.unwrap_or(0);
        // The sum of the bytes is as good as any other number that stays the same.
        let spread = database.bytes().fold(0_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 86_400);
        Ok(Rota {
            retention: Retention::of(config)?,
            schedule: schedule(config)?,
            jitter: if jitter == 0 { SignedDuration::ZERO } else { SignedDuration::from_secs(spread % (jitter * 60)) },
            poll: minutes("poll_minutes", &config.poll_minutes, POLL_MINUTES)?
                .filter(|minutes| *minutes > 0)
                .map(SignedDuration::from_mins),
        })
    }
}

/// The schedule of the configuration; `None` when it is off.
///
/// # Errors
///
/// The expression or the time zone cannot be understood.
pub fn schedule(config: &Config) -> Result<Option<Schedule>, OutletError> {
    let zone: TimeZone = time_zone(config)?;
    match config.schedule.as_deref().map(str::trim) {
        Some("off") => Ok(None),
        text => {
            Schedule::read(text.unwrap_or(DEFAULT_CRON), zone).map(Some).map_err(|e| OutletError::Relay(e.to_string()))
        }
    }
}

/// What one look at the clock came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// The nightly run that was done or gone on with.
    pub nightly_run_id: Option<i64>,
    pub n_sent: u64,
}

/// Does what is due by the clock: goes on with a run that was killed, runs a slot, sends what waits. Safe to call from
/// many processes and after any jump of the clock: a slot is run once.
///
/// # Errors
///
/// The database fails.
pub async fn tick(chain: &Chain<'_>, rota: &Rota) -> Result<Ticked, StoreError> {
    let mut ticked = Ticked::default();
    let now = (chain.clock)();
    let due = match &rota.schedule {
        Some(schedule) => {
            let late = now.checked_sub(rota.jitter).unwrap_or(now);
            due_slot(chain.db, schedule, late).await?
        }
        None => None,
    };
    let was_killed = store::nightly::find_unfinished(chain.db).await?.is_some();
    if due.is_some() || was_killed {
        ticked.nightly_run_id = run(chain, due).await?;
    }
    ticked.n_sent = deliver(chain.db, chain.outlets, chain.clock).await?.n_sent;
    Ok(ticked)
}

async fn run(chain: &Chain<'_>, due: Option<Due>) -> Result<Option<i64>, StoreError> {
    match run_nightly(chain, due, StartedBy::Schedule).await {
        Ok(done) => Ok(done.map(|done| done.nightly_run_id)),
        // Another process is at it.
        Err(NightlyError::Busy { .. }) => Ok(None),
        Err(NightlyError::Store(e)) => Err(e),
    }
}

/// How often the clock is looked at. Short, because a clock may jump and a machine may sleep.
const LOOK: std::time::Duration = std::time::Duration::from_secs(15);

/// Does what is due until it is dropped.
pub async fn watch(
    db: Db,
    outlets: Outlets,
    fetching: FetchSettings,
    data_dir: Option<PathBuf>,
    rota: Rota,
    progress: &'static (dyn Progress + Send + Sync),
) {
    let clock = Timestamp::now;
    let chain = Chain {
        db: &db,
        outlets: &outlets,
        fetching: &fetching,
        data_dir: data_dir.as_deref(),
        retention: rota.retention,
        clock: &clock,
        progress,
    };
    let mut polled_at = Instant::now();
    loop {
        let done = tick(&chain, &rota).await;
        if matches!(&done, Ok(Ticked { nightly_run_id: Some(_), .. })) {
            // The night has looked at the sources.
            polled_at = Instant::now();
        }
        if let Err(e) = done {
            tracing::error!("what was due could not be done: {e}");
        }
        // Measured by a clock that nobody sets.
        if rota.poll.is_some_and(|every| polled_at.elapsed() >= every.unsigned_abs()) {
            polled_at = Instant::now();
            match poll(&chain).await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(e) => tracing::error!("the sources could not be looked at: {e}"),
            }
        }
        // What a page or a command brought is judged without being asked for.
        if let Err(e) = judge_news(&chain).await {
            tracing::error!("what came since the last run could not be judged: {e}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(schedule: &str, jitter: &str, poll: &str) -> Config {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Config {
            schedule: some(schedule),
            schedule_jitter_minutes: some(jitter),
            poll_minutes: some(poll),
            time_zone: Some("UTC".to_owned()),
            ..Config::default()
        }
    }

    #[test]
    fn the_rota_is_read_and_starts_are_spread_but_stay() {
        let usual = Rota::of(&config("", "", ""), "`a.db`").unwrap();
        assert_eq!(usual.schedule.unwrap().text(), "0 2 * * *");
        assert!(usual.jitter < SignedDuration::from_mins(10));
        assert_eq!(usual.jitter, Rota::of(&config("", "", ""), "`a.db`").unwrap().jitter);
        assert_eq!(usual.poll, Some(SignedDuration::from_mins(30)));
        let off = Rota::of(&config("off", "0", "off"), "x").unwrap();
        assert!(off.schedule.is_none() && off.poll.is_none() && off.jitter.is_zero());
        for wrong in [config("nightly", "", ""), config("", "soon", ""), config("", "", "-5")] {
            assert!(Rota::of(&wrong, "x").unwrap_err().to_string().contains("hint: "));
        }
    }
}
