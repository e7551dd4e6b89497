//! Long work that goes on while its page is left: each piece is a row that says how far it is and how it ended.
//!
//! A job is run by the process that was asked for it; a piece of work that is under way anywhere on the same database
//! is not begun a second time. A process that dies leaves rows which another one, or its next start, closes honestly.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, Semaphore};

use crate::domain::job::{Job, JobEnd, JobProgress, JobState, NewJob};
use crate::services::progress::Progress;
use crate::store::{self, Db, StoreError};

/// Jobs that one process runs at a time; the others wait. Each may use all cores and much memory.
const AT_A_TIME: usize = 2;

/// How often a row is told how far its job is.
const TELL: Duration = Duration::from_millis(500);

/// How often a row is told that its process lives, far below the silence after which it counts as gone.
const HEARTBEAT: SignedDuration = SignedDuration::from_secs(10);

/// How often rows of processes that died are closed.
const WATCH: Duration = Duration::from_secs(20);

/// How long a job is told of after its end.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// How long the end of the program waits for its jobs.
const FAREWELL: Duration = Duration::from_secs(10);

/// What a job ends with when it did what it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobDone {
    /// One sentence of counts: "412 assets imported".
    pub message: String,
    /// The page that shows what came out, `/inventories/12`.
    pub result_path: Option<String>,
}

/// Whether a job was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    New(i64),
    /// The same work is under way already, as this job.
    UnderWay(i64),
}

impl Started {
    /// The job that does the work.
    pub fn job_id(self) -> i64 {
        match self {
            Started::New(job_id) | Started::UnderWay(job_id) => job_id,
        }
    }
}

/// The jobs of this process, and a look at those of all. Cloning it is cheap.
#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    /// Names this process in the rows of its jobs.
    holder: String,
    turns: Semaphore,
    live: Mutex<HashMap<i64, Arc<JobRun>>>,
    /// A job ended.
    ended: Notify,
}

/// A job while it runs: hears how far the work is, and tells the work when it shall end.
#[derive(Default)]
pub struct JobRun {
    stage: Mutex<(String, Option<u64>)>,
    n_done: AtomicU64,
    cancelled: AtomicBool,
    stopped: AtomicBool,
    asked: Notify,
}

impl JobRun {
    /// How far the work is.
    pub fn so_far(&self) -> JobProgress {
        let (stage, n_total) = lock(&self.stage).clone();
        JobProgress { stage, n_done: self.n_done.load(Ordering::Relaxed), n_total }
    }

    /// Ends when somebody asked for the end of the job. For work that may be dropped at any point.
    pub async fn asked_to_end(&self) {
        loop {
            let asked = self.asked.notified();
            if self.is_cancelled() {
                return;
            }
            asked.await;
        }
    }

    fn ask_to_end(&self, is_stop: bool) {
        self.stopped.fetch_or(is_stop, Ordering::Relaxed);
        self.cancelled.store(true, Ordering::Relaxed);
        self.asked.notify_waiters();
    }
}

impl Progress for JobRun {
    fn begin(&self, stage: &str, total: Option<u64>) {
        *lock(&self.stage) = (stage.to_owned(), total);
        self.n_done.store(0, Ordering::Relaxed);
    }

    fn advance(&self, by: u64) {
        self.n_done.fetch_add(by, Ordering::Relaxed);
    }

    fn end(&self) {}

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// What is behind a lock is whole after every step, so a thread that failed while it held the lock harms nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// The jobs of this process on this database.
    pub fn new(db: Db) -> Jobs {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let holder = format!(
            "process {} at {} ({})",
            std::process::id(),
            Timestamp::now(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let (live, ended) = (Mutex::default(), Notify::new());
        Jobs { inner: Arc::new(Inner { db, holder, turns: Semaphore::new(AT_A_TIME), live, ended }) }
    }

    /// Begins a job, unless the same work is under way. `work` gets the run to tell its progress to, and looks there
    /// whether it shall end; what it gives back as an error is shown to people.
    ///
    /// # Errors
    ///
    /// The database fails; nothing was begun.
    pub async fn start<W, F>(&self, new: NewJob, work: W) -> Result<Started, StoreError>
    where
        W: FnOnce(Arc<JobRun>) -> F + Send + 'static,
        F: Future<Output = Result<JobDone, String>> + Send + 'static,
    {
        let inner = &self.inner;
        let (job_id, is_new) = store::job::save_new_job(&inner.db, &new, &inner.holder, Timestamp::now()).await?;
        if !is_new {
            return Ok(Started::UnderWay(job_id));
        }
        let run = Arc::new(JobRun::default());
        lock(&inner.live).insert(job_id, Arc::clone(&run));
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            let heart = tokio::spawn(beat(Arc::clone(&inner), job_id, Arc::clone(&run)));
            let end = inner.run(job_id, &run, work).await;
            heart.abort();
            tracing::info!(job_id, state = end.state().word(), "a job ended");
            let (progress, now) = (run.so_far(), Timestamp::now());
            let saved = store::job::save_job_end(&inner.db, job_id, &inner.holder, &progress, &end, now).await;
            if let Err(error) = saved {
                tracing::error!(job_id, "how a job ended could not be kept: {error}");
            }
            lock(&inner.live).remove(&job_id);
            inner.ended.notify_waiters();
        });
        Ok(Started::New(job_id))
    }

    /// A job, with how far it is at this moment when it runs here.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn find(&self, job_id: i64) -> Result<Option<Job>, StoreError> {
        let job = store::job::find_job(&self.inner.db, job_id).await?;
        Ok(job.map(|job| self.with_progress(job)))
    }

    /// A job once it ended, or as it is after `at_most`: a page need not show the progress of what is done at once.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn find_ended(&self, job_id: i64, at_most: Duration) -> Result<Option<Job>, StoreError> {
        let until = Instant::now() + at_most;
        loop {
            let is_live = lock(&self.inner.live).contains_key(&job_id);
            if !is_live || Instant::now() >= until {
                return self.find(job_id).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// At most `limit` jobs with an id below `before`, the latest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn list(&self, before: Option<i64>, limit: u32) -> Result<Vec<Job>, StoreError> {
        let jobs = store::job::list_jobs(&self.inner.db, before, limit).await?;
        Ok(jobs.into_iter().map(|job| self.with_progress(job)).collect())
    }

    /// SQLite has one writer at a time, and during an import that is the import: its row stands still meanwhile.
    fn with_progress(&self, mut job: Job) -> Job {
        if let Some(run) = lock(&self.inner.live).get(&job.job_id).filter(|_| job.state.is_active()) {
            job.progress = run.so_far();
            if !job.progress.stage.is_empty() {
                job.state = JobState::Running;
            }
            if run.is_cancelled() && job.cancel_asked_at.is_none() {
                job.cancel_asked_at = Some(Timestamp::now());
            }
        }
        job
    }

    /// Asks a job to end; it does so at its next safe point. False when it has ended or there is none.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn cancel(&self, job_id: i64) -> Result<bool, StoreError> {
        let run = lock(&self.inner.live).get(&job_id).map(Arc::clone);
        if let Some(run) = run {
            run.ask_to_end(false);
            return Ok(true);
        }
        store::job::save_job_cancel_asked(&self.inner.db, job_id, Timestamp::now()).await
    }

    /// Waits until no job of this process runs, or `at_most` has passed; says which.
    pub async fn wait_for_all(&self, at_most: Duration) -> bool {
        let all = async {
            loop {
                let ended = self.inner.ended.notified();
                if lock(&self.inner.live).is_empty() {
                    return;
                }
                ended.await;
            }
        };
        tokio::time::timeout(at_most, all).await.is_ok()
    }

    /// Asks all jobs of this process to end because the program does, and waits for them a while.
    pub async fn stop(&self) {
        let runs: Vec<(i64, Arc<JobRun>)> =
            lock(&self.inner.live).iter().map(|(id, run)| (*id, Arc::clone(run))).collect();
        runs.iter().for_each(|(_, run)| run.ask_to_end(true));
        if self.wait_for_all(FAREWELL).await {
            return;
        }
        let left: Vec<i64> = lock(&self.inner.live).keys().copied().collect();
        for (job_id, run) in runs.iter().filter(|(id, _)| left.contains(id)) {
            let (db, holder, progress) = (&self.inner.db, &self.inner.holder, run.so_far());
            let saved = store::job::save_job_end(db, *job_id, holder, &progress, &JobEnd::Stopped, Timestamp::now());
            // A long transaction may hold the database; then the next start of the program closes the row.
            let _ = tokio::time::timeout(Duration::from_secs(1), saved).await;
        }
    }

    /// Closes the rows of processes that died, at once and then again and again. Never ends by itself.
    pub async fn watch(self) {
        loop {
            let now = Timestamp::now();
            match store::job::save_silent_jobs_stopped(&self.inner.db, &self.inner.holder, now).await {
                Ok(0) => {}
                Ok(n) => tracing::warn!(n, "jobs stopped because the program that ran them ended"),
                Err(error) => tracing::warn!("jobs of programs that ended could not be closed: {error}"),
            }
            if let Err(error) =
                store::job::delete_jobs_before(&self.inner.db, now.checked_sub(KEPT).unwrap_or(Timestamp::MIN)).await
            {
                tracing::warn!("old jobs could not be forgotten: {error}");
            }
            tokio::time::sleep(WATCH).await;
        }
    }
}

impl Inner {
    async fn run<W, F>(&self, job_id: i64, run: &Arc<JobRun>, work: W) -> JobEnd
    where
        W: FnOnce(Arc<JobRun>) -> F + Send + 'static,
        F: Future<Output = Result<JobDone, String>> + Send + 'static,
    {
        let turn = tokio::select! {
            turn = self.turns.acquire() => turn,
            () = run.asked_to_end() => return Inner::early_end(run),
        };
        // The semaphore is never closed.
        let Ok(_turn) = turn else { return Inner::early_end(run) };
        match store::job::save_job_started(&self.db, job_id, &self.holder, Timestamp::now()).await {
            Ok(true) => {}
            Ok(false) => return JobEnd::Stopped,
            Err(error) => return JobEnd::Failed(error.to_string()),
        }
        // A task of its own: a panic in the work is the end of the job, not of what looks after it.
        match tokio::spawn(work(Arc::clone(run))).await {
            Ok(Ok(done)) => JobEnd::Done { message: done.message, result_path: done.result_path },
            Ok(Err(_)) if run.is_cancelled() => Inner::early_end(run),
            Ok(Err(error)) => JobEnd::Failed(error),
            Err(failed) => {
                tracing::error!(job_id, "a job failed: {failed}");
                JobEnd::Failed("the program failed while it worked on this; its log says where".to_owned())
            }
        }
    }

    fn early_end(run: &JobRun) -> JobEnd {
        if run.stopped.load(Ordering::Relaxed) { JobEnd::Stopped } else { JobEnd::Cancelled }
    }
}

/// Tells the row of a job how far it is, and hears there whether another process asked for its end.
async fn beat(inner: Arc<Inner>, job_id: i64, run: Arc<JobRun>) {
    let (mut told, mut told_at) = (JobProgress::default(), Timestamp::now());
    loop {
        tokio::time::sleep(TELL).await;
        let (progress, now) = (run.so_far(), Timestamp::now());
        if progress == told && now.duration_since(told_at) < HEARTBEAT {
            continue;
        }
        match store::job::save_job_progress(&inner.db, job_id, &inner.holder, &progress, now).await {
            Ok(true) => run.ask_to_end(false),
            Ok(false) => {}
            Err(error) => tracing::warn!(job_id, "how far a job is could not be kept: {error}"),
        }
        (told, told_at) = (progress, now);
    }
}
