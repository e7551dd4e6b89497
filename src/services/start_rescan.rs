//! Judging anew because somebody asked for it: a job, so that its page can be left, and looked at again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::job::{JobKind, NewJob};
use crate::domain::rescan::{Scope, Trigger};
use crate::services::jobs::{JobDone, JobRun, Jobs, Started};
use crate::services::progress::Progress;
use crate::services::rescan::{RescanError, Rescanned, rescan_part};
use crate::store::{Db, StoreError};

/// How long a run waits for one that is under way elsewhere: longer than a lost server keeps the way closed.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often a run that waits looks whether the way is free.
const LOOK: Duration = Duration::from_millis(500);

/// Begins to judge everything anew, or some advisories or assets. Everything is judged by one job at a time.
///
/// # Errors
///
/// The database fails; nothing was begun.
pub async fn start_rescan(jobs: &Jobs, db: &Db, scope: Scope, who: &str) -> Result<Started, StoreError> {
    let new = NewJob {
        kind: JobKind::Rescan,
        title: title(&scope),
        who: who.to_owned(),
        once: (scope == Scope::All).then(|| "rescan".to_owned()),
    };
    let db = db.clone();
    let work = async move |run: Arc<JobRun>| {
        let done = rescan_when_free(&db, &scope, &run).await.map_err(|error| error.to_string())?;
        let n = &done.rescan;
        Ok(JobDone {
            message: format!(
                "{} opened, {} changed, {} closed, {} same",
                n.n_opened, n.n_changed, n.n_closed, n.n_same
            ),
            result_path: Some(format!("/rescans/{}", done.rescan_id)),
        })
    };
    jobs.start(new, work).await
}

fn title(scope: &Scope) -> String {
    let of =
        |n: usize, one: &str, many: &str| if n == 1 { format!("Rescan 1 {one}") } else { format!("Rescan {n} {many}") };
    match scope {
        Scope::All => "Rescan all assets".to_owned(),
        Scope::Advisories(keys) => of(keys.len(), "advisory", "advisories"),
        Scope::Assets(ids) => of(ids.len(), "asset", "assets"),
    }
}

async fn rescan_when_free(db: &Db, scope: &Scope, run: &JobRun) -> Result<Rescanned, RescanError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match rescan_part(db, scope, Trigger::Manual, run).await {
            Err(RescanError::Busy { .. }) if Instant::now() < until && !run.is_cancelled() => {
                run.begin("Waiting for another rescan; one whose server was lost is given up after a minute", None);
                tokio::time::sleep(LOOK).await;
            }
            Err(RescanError::Busy { .. }) if run.is_cancelled() => return Err(RescanError::Cancelled),
            ended => return ended,
        }
    }
}
