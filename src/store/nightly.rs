//! The nightly runs and their steps.

use jiff::Timestamp;

use super::error::StoreError;
use super::text::{clean, count, digest, read_count, read_time, read_time_if_any, time};
use super::{Alone, Db, lease};
use crate::domain::nightly::{NightlyRun, Outcome, StartedBy, Step, StepDone};

/// The name of the lease that a process holds while it runs the chain.
pub const LEASE: &str = "nightly";

/// Since when the schedule holds: slots before it are not missed.
const SINCE: &str = "nightly.since";

#[derive(sqlx::FromRow)]
struct Row {
    nightly_run_id: i64,
    slot_at: Option<String>,
    started_by: String,
    started_at: String,
    finished_at: Option<String>,
    n_missed: i64,
    error: Option<String>,
}

#[derive(sqlx::FromRow)]
struct StepRow {
    step: String,
    started_at: String,
    finished_at: String,
    outcome: String,
    told: String,
}

macro_rules! select_run {
    ($tail:literal) => {
        concat!(
            "select nightly_run_id, slot_at, started_by, started_at, finished_at, n_missed, error from nightly_run ",
            $tail
        )
    };
}

impl Row {
    async fn into_domain(self, db: &Db) -> Result<(i64, NightlyRun), StoreError> {
        let run = NightlyRun {
            slot_at: read_time_if_any("nightly_run.slot_at", self.slot_at.as_deref())?,
            started_by: StartedBy::from_word(&self.started_by).ok_or(StoreError::Damaged {
                column: "nightly_run.started_by",
                expected: "who started it",
                found: self.started_by,
            })?,
            started_at: read_time("nightly_run.started_at", &self.started_at)?,
            finished_at: read_time_if_any("nightly_run.finished_at", self.finished_at.as_deref())?,
            n_missed: read_count(self.n_missed),
            error: self.error,
            steps: list_steps(db, self.nightly_run_id).await?,
        };
        Ok((self.nightly_run_id, run))
    }
}

async fn list_steps(db: &Db, run_id: i64) -> Result<Vec<StepDone>, StoreError> {
    let rows = sql!(db, all StepRow,
        "select step, started_at, finished_at, outcome, told from nightly_step where nightly_run_id = $1 \
         order by nightly_step_id", run_id)?;
    rows.into_iter()
        .map(|row| {
            let damaged =
                |column, found: &str| StoreError::Damaged { column, expected: "a known word", found: found.to_owned() };
            Ok(StepDone {
                step: Step::from_word(&row.step).ok_or_else(|| damaged("nightly_step.step", &row.step))?,
                started_at: read_time("nightly_step.started_at", &row.started_at)?,
                finished_at: read_time("nightly_step.finished_at", &row.finished_at)?,
                outcome: Outcome::from_word(&row.outcome)
                    .ok_or_else(|| damaged("nightly_step.outcome", &row.outcome))?,
                told: row.told,
            })
        })
        .collect()
}

/// At most `limit` runs, the latest first.
pub async fn list_nightly_runs(db: &Db, limit: u32) -> Result<Vec<(i64, NightlyRun)>, StoreError> {
    let rows = sql!(db, all Row, select_run!("order by nightly_run_id desc limit $1"), i64::from(limit))?;
    let mut runs = Vec::with_capacity(rows.len());
    for row in rows {
        runs.push(row.into_domain(db).await?);
    }
    Ok(runs)
}

/// The run with this id.
pub async fn find_nightly_run(db: &Db, run_id: i64) -> Result<Option<(i64, NightlyRun)>, StoreError> {
    match sql!(db, opt Row, select_run!("where nightly_run_id = $1"), run_id)? {
        Some(row) => Ok(Some(row.into_domain(db).await?)),
        None => Ok(None),
    }
}

/// The latest run when it never came to its end: it is under way, or was killed.
pub async fn find_unfinished(db: &Db) -> Result<Option<(i64, NightlyRun)>, StoreError> {
    let row = sql!(db, opt Row, select_run!(
        "where finished_at is null and nightly_run_id = (select max(nightly_run_id) from nightly_run)"))?;
    match row {
        Some(row) => Ok(Some(row.into_domain(db).await?)),
        None => Ok(None),
    }
}

/// When the last run that came to its end finished.
pub async fn find_last_finished(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    read_time_if_any(
        "nightly_run.finished_at",
        sql!(db, val Option<String>, "select max(finished_at) from nightly_run")?.as_deref(),
    )
}

/// The latest slot that a run was started for.
pub async fn find_last_slot(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    read_time_if_any(
        "nightly_run.slot_at",
        sql!(db, val Option<String>, "select max(slot_at) from nightly_run")?.as_deref(),
    )
}

/// Since when the schedule holds; `None` when it was never looked at.
pub async fn find_since(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    read_time_if_any("setting.value", super::setting::find_setting(db, SINCE).await?.as_deref())
}

/// Since when the schedule holds; it is set to `now` when it is asked for first.
pub async fn schedule_since(db: &Db, now: Timestamp) -> Result<Timestamp, StoreError> {
    // The clock is looked at often, and a look should not wait for whoever writes.
    if let Some(since) = find_since(db).await? {
        return Ok(since);
    }
    sql!(
        db,
        exec(),
        "insert into setting (name, value, changed_at) values ($1, $2, $2) on conflict (name) do nothing",
        SINCE,
        time(now)
    )?;
    Ok(find_since(db).await?.unwrap_or(now))
}

/// Starts a run. `None` when its slot was served before. `holder` must hold the lease [`LEASE`].
///
/// # Errors
///
/// `Conflict` when the lease was lost.
pub async fn save_start(
    db: &Db,
    holder: &str,
    slot_at: Option<Timestamp>,
    started_by: StartedBy,
    n_missed: u64,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let mut tx = db.begin(Alone::Nightly).await?;
    lease::hold(&mut tx, LEASE, holder).await?;
    let slot = slot_at.map(time);
    let id = sql!(tx &mut tx, opt (i64,),
        "insert into nightly_run (slot_digest, slot_at, started_by, started_at, n_missed) values ($1, $2, $3, $4, $5) \
         on conflict (slot_digest) do nothing returning nightly_run_id",
        slot.as_ref().map(|slot| digest(&[slot])), slot.as_deref(), started_by.word(), time(now), count(n_missed))?;
    tx.commit().await?;
    Ok(id.map(|(id,)| id))
}

/// Keeps what a step came to. `holder` must hold the lease [`LEASE`].
///
/// # Errors
///
/// `Conflict` when the lease was lost: another process has gone on with the run.
pub async fn save_step(db: &Db, holder: &str, run_id: i64, done: &StepDone) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Nightly).await?;
    lease::hold(&mut tx, LEASE, holder).await?;
    sql!(tx &mut tx, exec (),
        "insert into nightly_step (nightly_run_id, step, started_at, finished_at, outcome, told) \
         values ($1, $2, $3, $4, $5, $6)",
        run_id, done.step.word(), time(done.started_at), time(done.finished_at), done.outcome.word(),
        clean(&done.told).as_ref())?;
    tx.commit().await
}

/// Marks a run as finished, with the first step that failed. `holder` must hold the lease [`LEASE`].
///
/// # Errors
///
/// `Conflict` when the lease was lost.
pub async fn save_end(
    db: &Db,
    holder: &str,
    run_id: i64,
    error: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Nightly).await?;
    lease::hold(&mut tx, LEASE, holder).await?;
    sql!(tx &mut tx, exec (), "update nightly_run set finished_at = $2, error = $3 where nightly_run_id = $1",
        run_id, time(now), error.map(clean).as_deref())?;
    tx.commit().await
}
