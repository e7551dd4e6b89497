//! Long work that goes on by itself: once at a time, with its progress, and honest about its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nameplate::domain::job::{Job, JobEnd, JobKind, JobState, NewJob};
use nameplate::services::jobs::{JobDone, JobRun, Jobs, Started};
use nameplate::services::progress::Progress;
use nameplate::store::{Db, job};

use crate::database::{TestDatabase, on_both};

on_both!(
    a_job_tells_how_far_it_is_and_what_came_out,
    the_same_work_is_under_way_once_over_all_processes,
    a_job_is_cancelled_from_here_and_from_another_process,
    work_that_fails_or_panics_is_a_failed_job_and_others_go_on,
    the_end_of_the_program_is_told_of_its_jobs,
    a_process_that_died_leaves_stopped_jobs,
    more_jobs_than_turns_wait_and_all_are_done,
);

fn new(title: &str, once: Option<&str>) -> NewJob {
    NewJob { kind: JobKind::Import, title: title.to_owned(), who: "okafor".to_owned(), once: once.map(str::to_owned) }
}

fn done(message: &str) -> Result<JobDone, String> {
    Ok(JobDone { message: message.to_owned(), result_path: Some("/inventories/1".to_owned()) })
}

/// Works until it is asked to end, as an import does between two batches.
async fn work_until_asked(run: Arc<JobRun>) -> Result<JobDone, String> {
    run.begin("Counting", None);
    while !run.is_cancelled() {
        run.advance(1);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Err("asked to end".to_owned())
}

async fn find(jobs: &Jobs, started: Started) -> Job {
    jobs.find(started.job_id()).await.unwrap().unwrap()
}

async fn wait_for(jobs: &Jobs, started: Started, state: JobState) -> Job {
    for _ in 0..2_000 {
        let job = find(jobs, started).await;
        if job.state == state {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("expected {state:?}, found {:?}", find(jobs, started).await);
}

async fn a_job_tells_how_far_it_is_and_what_came_out(database: &TestDatabase) {
    let jobs = Jobs::new(Db::open(&database.url).await.unwrap());
    let go_on = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&go_on);
    let started = jobs
        .start(new("Import plant.xlsx", None), async move |run: Arc<JobRun>| {
            run.begin("Importing devices", Some(400));
            run.advance(100);
            while !gate.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            run.advance(300);
            done("400 assets imported")
        })
        .await
        .unwrap();
    let running = wait_for(&jobs, started, JobState::Running).await;
    assert_eq!((running.title.as_str(), running.who.as_str()), ("Import plant.xlsx", "okafor"));
    let mut progress = running.progress;
    while progress.stage.is_empty() || progress.n_done == 0 {
        progress = find(&jobs, started).await.progress;
    }
    assert_eq!((progress.stage.as_str(), progress.percent()), ("Importing devices", Some(25)));
    assert!(running.finished_at.is_none());
    go_on.store(true, Ordering::Relaxed);
    let ended = wait_for(&jobs, started, JobState::Done).await;
    assert_eq!(ended.message, "400 assets imported");
    assert_eq!(ended.result_path.as_deref(), Some("/inventories/1"));
    assert_eq!((ended.progress.percent(), ended.error.as_deref()), (Some(100), None));
    assert!(ended.started_at.unwrap() <= ended.finished_at.unwrap());
    assert_eq!(jobs.list(None, 10).await.unwrap(), [ended]);
    assert_eq!(jobs.list(Some(started.job_id()), 10).await.unwrap(), []);
}

async fn the_same_work_is_under_way_once_over_all_processes(database: &TestDatabase) {
    let here = Jobs::new(Db::open(&database.url).await.unwrap());
    let there = Jobs::new(Db::open(&database.url).await.unwrap());
    let first = here.start(new("Rescan", Some("rescan")), work_until_asked).await.unwrap();
    assert_eq!(first, Started::New(first.job_id()));
    let second = there.start(new("Rescan", Some("rescan")), work_until_asked).await.unwrap();
    assert_eq!(second, Started::UnderWay(first.job_id()));
    let other = there.start(new("Import", Some("draft 1")), work_until_asked).await.unwrap();
    assert_ne!(other.job_id(), first.job_id());
    assert!(here.cancel(first.job_id()).await.unwrap());
    wait_for(&here, first, JobState::Cancelled).await;
    let third = there.start(new("Rescan", Some("rescan")), work_until_asked).await.unwrap();
    assert!(matches!(third, Started::New(_)), "what has ended may begin again");
    there.stop().await;
}

async fn a_job_is_cancelled_from_here_and_from_another_process(database: &TestDatabase) {
    let here = Jobs::new(Db::open(&database.url).await.unwrap());
    let there = Jobs::new(Db::open(&database.url).await.unwrap());
    for by in [&here, &there] {
        let started = here.start(new("Import", None), work_until_asked).await.unwrap();
        wait_for(&here, started, JobState::Running).await;
        assert!(by.cancel(started.job_id()).await.unwrap());
        let ended = wait_for(&there, started, JobState::Cancelled).await;
        assert_eq!((ended.message.as_str(), ended.error, ended.result_path), ("", None, None));
        assert!(!by.cancel(started.job_id()).await.unwrap(), "it has ended");
    }
    assert!(!here.cancel(999).await.unwrap(), "there is none");
}

async fn work_that_fails_or_panics_is_a_failed_job_and_others_go_on(database: &TestDatabase) {
    let jobs = Jobs::new(Db::open(&database.url).await.unwrap());
    let failed = jobs
        .start(new("Import", Some("x")), async |_| Err("cannot read `plant.xlsx`: it is empty".to_owned()))
        .await
        .unwrap();
    assert_eq!(
        wait_for(&jobs, failed, JobState::Failed).await.error.as_deref(),
        Some("cannot read `plant.xlsx`: it is empty")
    );
    let panicked = jobs.start(new("Import", Some("x")), async |_| panic!("for the test")).await.unwrap();
    let job = wait_for(&jobs, panicked, JobState::Failed).await;
    assert!(job.error.unwrap().contains("the program failed"));
    let fine = jobs.start(new("Import", Some("x")), async |_| done("1 asset imported")).await.unwrap();
    wait_for(&jobs, fine, JobState::Done).await;
}

async fn the_end_of_the_program_is_told_of_its_jobs(database: &TestDatabase) {
    let jobs = Jobs::new(Db::open(&database.url).await.unwrap());
    let started = jobs.start(new("Import", None), work_until_asked).await.unwrap();
    wait_for(&jobs, started, JobState::Running).await;
    jobs.stop().await;
    assert_eq!(find(&jobs, started).await.state, JobState::Stopped);
}

async fn a_process_that_died_leaves_stopped_jobs(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let began = Timestamp::now().checked_sub(SignedDuration::from_mins(5)).unwrap();
    let (job_id, _) =
        job::save_new_job(&db, &new("Import", Some("draft 1")), "a process that died", began).await.unwrap();
    assert!(job::save_job_started(&db, job_id, "a process that died", began).await.unwrap());
    let soon = began.checked_add(SignedDuration::from_secs(50)).unwrap();
    let stop = async |holder: &str, now| job::save_silent_jobs_stopped(&db, holder, now).await.unwrap();
    assert_eq!(stop("another process", soon).await, 0, "50 s of silence say nothing");
    assert_eq!(stop("a process that died", Timestamp::now()).await, 0, "a process does not give up itself");
    let jobs = Jobs::new(db.clone());
    let watch = tokio::spawn(jobs.clone().watch());
    let stopped = wait_for(&jobs, Started::New(job_id), JobState::Stopped).await;
    watch.abort();
    assert!(stopped.finished_at.is_some());
    let again = jobs.start(new("Import", Some("draft 1")), async |_| done("done")).await.unwrap();
    assert!(matches!(again, Started::New(_)), "what stopped can be begun again");
    // The process was only slow: how its work really ended is what counts.
    let end = JobEnd::Done { message: "412 assets imported".to_owned(), result_path: None };
    job::save_job_end(&db, job_id, "a process that died", &Default::default(), &end, Timestamp::now()).await.unwrap();
    assert_eq!(find(&jobs, Started::New(job_id)).await.state, JobState::Done);
    wait_for(&jobs, again, JobState::Done).await;
    let later = Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap();
    assert_eq!(job::delete_jobs_before(&db, later).await.unwrap(), 2);
}

async fn more_jobs_than_turns_wait_and_all_are_done(database: &TestDatabase) {
    let jobs = Jobs::new(Db::open(&database.url).await.unwrap());
    let running = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut all = Vec::new();
    for n in 0..6 {
        let running = Arc::clone(&running);
        let work = async move |_| {
            assert!(running.fetch_add(1, Ordering::SeqCst) < 2, "two at a time");
            tokio::time::sleep(Duration::from_millis(30)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            done("done")
        };
        all.push(jobs.start(new(&format!("Import {n}"), None), work).await.unwrap());
    }
    assert!(jobs.wait_for_all(Duration::from_secs(60)).await);
    for started in all {
        assert_eq!(find(&jobs, started).await.state, JobState::Done);
    }
}
