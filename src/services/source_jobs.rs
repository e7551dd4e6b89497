//! What takes long about sources, as jobs: fetching, trying one, and taking in a bundle that was sent.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::job::{JobKind, NewJob};
use crate::domain::source::Source;
use crate::services::bundle::{LoadedBundle, list_trusted_keys, load_bundle};
use crate::services::fetch_advisories::trial::{Trial, try_source};
use crate::services::fetch_advisories::{Fetched, fetch_advisories};
use crate::services::import_draft::Upload;
use crate::services::jobs::{JobDone, JobRun, Jobs, Started};
use crate::services::progress::Progress;
use crate::services::rescan::rescan_pending;
use crate::services::sources::FetchSettings;
use crate::store::{Db, StoreError};

/// Begins to visit the sources of these names, or all that are enabled when none is named, and then judges what came.
///
/// # Errors
///
/// The database fails; nothing was begun.
pub async fn start_fetch(
    jobs: &Jobs,
    db: &Db,
    settings: FetchSettings,
    names: Vec<String>,
    who: &str,
) -> Result<Started, StoreError> {
    let title = if names.is_empty() { "Fetch all sources".to_owned() } else { format!("Fetch {}", names.join(", ")) };
    let new = NewJob { kind: JobKind::Fetch, title, who: who.to_owned(), once: Some(format!("fetch {names:?}")) };
    let db = db.clone();
    let work = async move |run: Arc<JobRun>| {
        let fetched = fetch_advisories(&db, &settings, &names, Timestamp::now(), run.as_ref()).await;
        let fetched = fetched.map_err(|error| error.to_string())?;
        if fetched.is_empty() {
            return Err("no source is enabled".to_owned());
        }
        let judged = judge(&db, run.as_ref()).await;
        let told = fetched.iter().map(in_words).collect::<Vec<_>>().join("; ");
        if fetched.iter().all(|one| !one.pull.is_good()) {
            return Err(told);
        }
        Ok(JobDone { message: format!("{told}; {judged}"), result_path: Some("/sources".to_owned()) })
    };
    jobs.start(new, work).await
}

fn in_words(fetched: &Fetched) -> String {
    let (name, pull) = (&fetched.source.name, &fetched.pull);
    match pull.error.lines().next() {
        None => format!("{name}: {}", pull.summary()),
        Some(error) => format!("{name} failed: {error}"),
    }
}

/// Judges what is new. A failure is told, not raised: what was taken in stays, and the next run judges it.
async fn judge(db: &Db, progress: &dyn Progress) -> String {
    match rescan_pending(db, progress).await {
        Ok(runs) if runs.is_empty() => "nothing to judge".to_owned(),
        Ok(runs) => {
            let n = |count: fn(&crate::domain::rescan::Rescan) -> u64| -> u64 {
                runs.iter().map(|run| count(&run.rescan)).sum()
            };
            format!("judged: {} exposures opened, {} closed", n(|run| run.n_opened), n(|run| run.n_closed))
        }
        Err(error) => format!("not judged: {error}"),
    }
}

/// Begins to try a source; nothing of what it has is kept.
///
/// # Errors
///
/// The database fails; nothing was begun.
pub async fn start_trial(
    jobs: &Jobs,
    settings: FetchSettings,
    source: Source,
    who: &str,
) -> Result<Started, StoreError> {
    let new = NewJob {
        kind: JobKind::Fetch,
        title: format!("Try the source {}", source.name),
        who: who.to_owned(),
        once: Some(format!("try {}", source.name)),
    };
    let work = async move |run: Arc<JobRun>| {
        run.begin("Metadata, keys, lists and one document", None);
        let trial = try_source(&settings, &source, Timestamp::now()).await.map_err(|error| error.to_string())?;
        let told = steps_in_words(&trial);
        if trial.is_good() { Ok(JobDone { message: told, result_path: None }) } else { Err(told) }
    };
    jobs.start(new, work).await
}

fn steps_in_words(trial: &Trial) -> String {
    let steps = trial.steps.iter().map(|step| match &step.outcome {
        Ok(found) => format!("{}: {found}", step.what),
        Err(why) => format!("{} failed: {}", step.what, why.lines().next().unwrap_or_default()),
    });
    steps.chain(trial.warnings.iter().map(|warning| format!("odd: {warning}"))).collect::<Vec<_>>().join("; ")
}

/// Begins to check a bundle that was sent, to take in what it holds, and to judge what is new by that.
///
/// # Errors
///
/// The database fails; nothing was begun.
pub async fn start_load_bundle(
    jobs: &Jobs,
    db: &Db,
    bundle: Upload,
    file_name: &str,
    who: &str,
) -> Result<Started, StoreError> {
    let new = NewJob {
        kind: JobKind::Bundle,
        title: format!("Load the bundle {file_name}"),
        who: who.to_owned(),
        once: Some("load a bundle".to_owned()),
    };
    let (db, who) = (db.clone(), who.to_owned());
    let work = async move |run: Arc<JobRun>| {
        let keys = list_trusted_keys(&db).await.map_err(|error| error.to_string())?;
        let keys: Vec<_> = keys.into_iter().map(|(key, _)| key).collect();
        // The file lies there until `bundle` is dropped, which is when the job ends.
        let Some(path) = bundle.path() else { return Err("the bundle is gone".to_owned()) };
        let loaded = load_bundle(&db, path, &keys, &who, Timestamp::now(), run.as_ref()).await;
        let loaded = loaded.map_err(|error| error.to_string())?;
        let judged = judge(&db, run.as_ref()).await;
        Ok(JobDone {
            message: format!("{}; {judged}", loaded_in_words(&loaded)),
            result_path: Some("/sources#bundles".to_owned()),
        })
    };
    jobs.start(new, work).await
}

/// "4 documents added, 2 known already, signed with key 5A1BC0D2E3F40912".
fn loaded_in_words(loaded: &LoadedBundle) -> String {
    let mut told = vec![format!("{} documents added", loaded.n_added), format!("{} known already", loaded.n_known)];
    if loaded.n_unreadable > 0 {
        told.push(format!("{} unreadable", loaded.n_unreadable));
    }
    if loaded.n_aliases > 0 {
        told.push(format!("{} aliases added", loaded.n_aliases));
    }
    told.push(format!("signed with key {}", loaded.key.id()));
    told.extend(loaded.kept.iter().cloned());
    told.join(", ")
}
