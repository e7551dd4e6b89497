//! A night over a large fleet: twenty advisories changed since the last one, and everything else is as it was.
//!
//! `NAMEPLATE_CORPUS=<folder> cargo bench --bench nightly`. A million assets in 50,000 variants at 500 sites, or as many
//! assets as `NAMEPLATE_BENCH_ASSETS` says. `NAMEPLATE_BENCH_DB` is the URL of the database; one that has assets is gone
//! on with, so that the import need not be repeated. Without it a file in a temporary folder serves.

#[path = "common/fleet.rs"]
mod fleet;

use std::path::Path;

use fleet::{Clock, Size};
use nameplate::domain::rescan::Trigger;
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::import_inventory::{ImportRequest, import_inventory};
use nameplate::services::progress::Silent;
use nameplate::services::rescan::{Rescanned, rescan, rescan_nightly, rescan_pending};
use nameplate::store::{self, Db};
use serde_json::{Value, json};

/// Advisories that change before the night.
const CHANGED: usize = 20;

type Failure = Box<dyn std::error::Error>;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    runtime.block_on(measure(folder.path())).expect("a night passes");
}

async fn measure(folder: &Path) -> Result<(), Failure> {
    let url = std::env::var("NAMEPLATE_BENCH_DB").unwrap_or_else(|_| format!("sqlite://{}/bench.db", folder.display()));
    let size = Size::asked();
    let mut clock = Clock::start();
    let db = Db::open(&url).await?;
    if store::asset::count_assets(&db).await? == 0 {
        prepare(&db, folder, size).await?;
        clock = Clock::start();
        tell("first run, of everything", &mut clock, &[rescan(&db, Trigger::Manual, &Silent).await?]);
    } else {
        tell("what is new in the database", &mut clock, &rescan_nightly(&db, &Silent).await?);
    }
    tell("a night without news", &mut clock, &rescan_nightly(&db, &Silent).await?);
    change_advisories(&db, folder).await?;
    clock.lap(&format!("add new revisions of {CHANGED} advisories"));
    tell("a night with them", &mut clock, &rescan_nightly(&db, &Silent).await?);
    tell("a run of everything, which must change nothing", &mut clock, &[rescan(&db, Trigger::Manual, &Silent).await?]);
    import_more(&db, folder).await?;
    clock.lap("import a file with another firmware of 100 devices");
    tell("a run of what came", &mut clock, &rescan_pending(&db, &Silent).await?);
    db.close().await;
    Ok(())
}

async fn prepare(db: &Db, folder: &Path, size: Size) -> Result<(), Failure> {
    let corpus = fleet::corpus();
    let file = folder.join("fleet.csv");
    let mut clock = Clock::start();
    fleet::write_fleet(&file, size, &fleet::advisories(&corpus))?;
    clock.lap(&format!("make a fleet of {size:?}"));
    let added = add_advisories(db, &[corpus], &Silent).await?;
    clock.lap(&format!("add {} advisories", added.n_added));
    import_inventory(db, &ImportRequest { path: file, ..ImportRequest::default() }, &Silent).await?;
    clock.lap("import the fleet");
    Ok(())
}

fn tell(what: &str, clock: &mut Clock, runs: &[Rescanned]) {
    clock.lap(what);
    for done in runs {
        let run = &done.rescan;
        println!(
            "            {} of {} variants judged: {} opened, {} changed, {} closed, {} same {}",
            run.scope.word(),
            run.n_variants,
            run.n_opened,
            run.n_changed,
            run.n_closed,
            run.n_same,
            run.whole_because
        );
    }
}

/// Adds a later revision of some advisories: half of them say one product less, the others one remedy more.
async fn change_advisories(db: &Db, folder: &Path) -> Result<(), Failure> {
    let documents = store::advisory::list_current_advisory_documents(db).await?;
    let mut paths = Vec::new();
    for (n, document) in documents.iter().step_by((documents.len() / CHANGED).max(1)).take(CHANGED).enumerate() {
        let mut json: Value = serde_json::from_slice(&document.bytes()?)?;
        let tracking = &mut json["document"]["tracking"];
        let version = tracking["version"].as_str().unwrap_or("1").to_owned();
        let next = match version.split_once('.') {
            Some((major, _)) => format!("{}.0.0", major.parse::<u64>().unwrap_or(0) + 1),
            None => (version.parse::<u64>().unwrap_or(0) + 1).to_string(),
        };
        tracking["version"] = json!(next);
        tracking["current_release_date"] = json!("2030-01-01T00:00:00Z");
        if let Some(history) = tracking["revision_history"].as_array_mut() {
            history
                .push(json!({"number": next, "date": "2030-01-01T00:00:00Z", "summary": "changed for a measurement"}));
        }
        for vulnerability in json["vulnerabilities"].as_array_mut().into_iter().flatten() {
            match vulnerability["product_status"]["known_affected"].as_array_mut() {
                Some(affected) if n % 2 == 0 && affected.len() > 1 => drop(affected.pop()),
                _ => {
                    let remedy = json!({"category": "mitigation", "details": format!("Remedy of revision {next}.")});
                    match vulnerability["remediations"].as_array_mut() {
                        Some(remedies) => remedies.push(remedy),
                        None => vulnerability["remediations"] = json!([remedy]),
                    }
                }
            }
        }
        let path = folder.join(format!("{n}-{next}.json"));
        std::fs::write(&path, serde_json::to_vec(&json)?)?;
        paths.push(path);
    }
    add_advisories(db, &paths, &Silent).await?;
    Ok(())
}

async fn import_more(db: &Db, folder: &Path) -> Result<(), Failure> {
    let path = folder.join(format!("more-{}.csv", std::process::id()));
    let mut text = "asset_id,site,vendor,model,firmware\n".to_owned();
    for n in 0..100 {
        text.push_str(&format!("N{n},Site 0001,Siemens,SIMATIC S7-1500 CPU 1515-2 PN,V{}.{n}\n", std::process::id()));
    }
    std::fs::write(&path, text)?;
    let on_missing = nameplate::domain::inventory::OnMissing::Ignore;
    import_inventory(db, &ImportRequest { path, on_missing, ..ImportRequest::default() }, &Silent).await?;
    Ok(())
}
