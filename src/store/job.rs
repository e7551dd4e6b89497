//! Jobs: how far long work is, and how it ended.

use jiff::Timestamp;

use super::error::StoreError;
use super::lease::SILENCE;
use super::text::{clean, count, digest, read_count, read_time, read_time_if_any, time};
use super::{Alone, Db};
use crate::domain::job::{Job, JobEnd, JobKind, JobProgress, JobState, NewJob};

#[derive(sqlx::FromRow)]
struct Row {
    job_id: i64,
    kind: String,
    title: String,
    who: String,
    state: String,
    stage: String,
    n_done: i64,
    n_total: Option<i64>,
    message: String,
    result_path: Option<String>,
    error: Option<String>,
    created_at: String,
    started_at: Option<String>,
    heartbeat_at: String,
    cancel_asked_at: Option<String>,
    finished_at: Option<String>,
}

macro_rules! select_job {
    ($tail:literal) => {
        concat!(
            "select job_id, kind, title, who, state, stage, n_done, n_total, message, result_path, error, created_at, \
             started_at, heartbeat_at, cancel_asked_at, finished_at from job ",
            $tail
        )
    };
}

impl Row {
    fn into_domain(self) -> Result<Job, StoreError> {
        let kind = JobKind::from_word(&self.kind);
        let state = JobState::from_word(&self.state);
        Ok(Job {
            job_id: self.job_id,
            kind: kind.ok_or(StoreError::Damaged {
                column: "job.kind",
                expected: "a kind of job",
                found: self.kind,
            })?,
            title: self.title,
            who: self.who,
            state: state.ok_or(StoreError::Damaged { column: "job.state", expected: "a state", found: self.state })?,
            progress: JobProgress {
                stage: self.stage,
                n_done: read_count(self.n_done),
                n_total: self.n_total.map(read_count),
            },
            message: self.message,
            result_path: self.result_path,
            error: self.error,
            created_at: read_time("job.created_at", &self.created_at)?,
            started_at: read_time_if_any("job.started_at", self.started_at.as_deref())?,
            heartbeat_at: read_time("job.heartbeat_at", &self.heartbeat_at)?,
            cancel_asked_at: read_time_if_any("job.cancel_asked_at", self.cancel_asked_at.as_deref())?,
            finished_at: read_time_if_any("job.finished_at", self.finished_at.as_deref())?,
        })
    }
}

/// The job with this id.
pub async fn find_job(db: &Db, job_id: i64) -> Result<Option<Job>, StoreError> {
    sql!(db, opt Row, select_job!("where job_id = $1"), job_id)?.map(Row::into_domain).transpose()
}

/// At most `limit` jobs with an id below `before`, the latest first.
pub async fn list_jobs(db: &Db, before: Option<i64>, limit: u32) -> Result<Vec<Job>, StoreError> {
    sql!(db, all Row, select_job!("where job_id < $1 order by job_id desc limit $2"),
        before.unwrap_or(i64::MAX), i64::from(limit))?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// How many jobs wait and how many run, of all processes.
pub async fn count_active_jobs(db: &Db) -> Result<Vec<(JobState, u64)>, StoreError> {
    let rows = sql!(db, all(String, i64), "select state, count(*) from job where finished_at is null group by state")?;
    let n = |state: JobState| rows.iter().find(|(word, _)| word == state.word()).map_or(0, |(_, n)| read_count(*n));
    Ok([JobState::Waiting, JobState::Running].map(|state| (state, n(state))).to_vec())
}

/// Begins a job that waits for its turn; gives its id and true. While another job works on the same thing, gives the id
/// of that one and false.
pub async fn save_new_job(db: &Db, new: &NewJob, holder: &str, now: Timestamp) -> Result<(i64, bool), StoreError> {
    let mut tx = db.begin(Alone::Job).await?;
    let once = new.once.as_deref().map(|once| digest(&[clean(once)]));
    if let Some(once) = &once {
        let active = sql!(tx &mut tx, val Option<i64>,
            "select max(job_id) from job where once_digest = $1 and finished_at is null", once.as_str())?;
        if let Some(job_id) = active {
            return Ok((job_id, false));
        }
    }
    let job_id = sql!(tx &mut tx, val i64,
        "insert into job (kind, title, who, state, once_digest, holder, stage, n_done, message, created_at, heartbeat_at) \
         values ($1, $2, $3, 'waiting', $4, $5, '', 0, '', $6, $6) returning job_id",
        new.kind.word(), clean(&new.title).as_ref(), clean(&new.who).as_ref(), once, holder, time(now))?;
    tx.commit().await?;
    Ok((job_id, true))
}

/// Says that the job runs now. False when it is no longer the holder's to run.
pub async fn save_job_started(db: &Db, job_id: i64, holder: &str, now: Timestamp) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        exec(),
        "update job set state = 'running', started_at = $3, heartbeat_at = $3 \
         where job_id = $1 and holder = $2 and state = 'waiting'",
        job_id,
        holder,
        time(now)
    )?;
    Ok(n == 1)
}

/// Keeps how far the job is, and that its process lives. Gives whether somebody asked for its end.
pub async fn save_job_progress(
    db: &Db,
    job_id: i64,
    holder: &str,
    progress: &JobProgress,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let asked = sql!(
        db,
        opt(i64, Option<String>),
        "update job set stage = $3, n_done = $4, n_total = $5, heartbeat_at = $6 \
         where job_id = $1 and holder = $2 and finished_at is null returning job_id, cancel_asked_at",
        job_id,
        holder,
        clean(&progress.stage).into_owned(),
        count(progress.n_done),
        progress.n_total.map(count),
        time(now)
    )?;
    Ok(asked.is_some_and(|(_, at)| at.is_some()))
}

/// Asks a job to end. False when it has ended or there is none.
pub async fn save_job_cancel_asked(db: &Db, job_id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        exec(),
        "update job set cancel_asked_at = coalesce(cancel_asked_at, $2) where job_id = $1 and finished_at is null",
        job_id,
        time(now)
    )?;
    Ok(n == 1)
}

/// Says how the job ended. The process that ran it has the last word, also when others gave it up for gone.
pub async fn save_job_end(
    db: &Db,
    job_id: i64,
    holder: &str,
    progress: &JobProgress,
    end: &JobEnd,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (message, result_path, error) = match end {
        JobEnd::Done { message, result_path } => (message.as_str(), result_path.as_deref(), None),
        JobEnd::Failed(error) => ("", None, Some(error.as_str())),
        JobEnd::Cancelled | JobEnd::Stopped => ("", None, None),
    };
    sql!(
        db,
        exec(),
        "update job set state = $3, message = $4, result_path = $5, error = $6, stage = $7, n_done = $8, n_total = $9, \
            heartbeat_at = $10, finished_at = $10 \
         where job_id = $1 and holder = $2 and state in ('waiting', 'running', 'stopped')",
        job_id,
        holder,
        end.state().word(),
        clean(message).into_owned(),
        result_path,
        error.map(|error| clean(error).into_owned()),
        clean(&progress.stage).into_owned(),
        count(progress.n_done),
        progress.n_total.map(count),
        time(now)
    )?;
    Ok(())
}

/// Says of the jobs of other processes that were silent for longer than a minute that they stopped with them; gives
/// their number. `holder` knows itself that it lives, also where a long import kept it from saying so.
pub async fn save_silent_jobs_stopped(db: &Db, holder: &str, now: Timestamp) -> Result<u64, StoreError> {
    let gone = now.checked_sub(SILENCE).unwrap_or(Timestamp::MIN);
    Ok(sql!(
        db,
        exec(),
        "update job set state = 'stopped', finished_at = $1 \
         where finished_at is null and heartbeat_at < $2 and holder <> $3",
        time(now),
        time(gone),
        holder
    )?)
}

/// Forgets the jobs that ended before this moment; gives their number.
pub async fn delete_jobs_before(db: &Db, before: Timestamp) -> Result<u64, StoreError> {
    Ok(sql!(db, exec(), "delete from job where finished_at < $1", time(before))?)
}
