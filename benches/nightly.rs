//! A night over a large fleet: twenty advisories changed since the last one, and everything else is as it was.
//!
//! `NAMEPLATE_CORPUS=<folder> cargo bench --bench nightly`. A million assets in 50,000 variants at 500 sites, or as many
//! assets as `NAMEPLATE_BENCH_ASSETS` says. `NAMEPLATE_BENCH_DB` is the URL of the database; one that has assets is gone
//! on with, so that the import need not be repeated. Without it a file in a temporary folder serves.
//! `NAMEPLATE_BENCH_NIGHTS=1095` lets three years of nights pass at the end.

#[path = "common/fleet.rs"]
mod fleet;

use std::path::Path;
use std::time::{Duration, Instant};

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
    let mut advisories = Advisories::of(&db).await?;
    advisories.change(&db, folder, 0).await?;
    clock.lap(&format!("add new revisions of {CHANGED} advisories"));
    tell("a night with them", &mut clock, &rescan_nightly(&db, &Silent).await?);
    tell("a run of everything, which must change nothing", &mut clock, &[rescan(&db, Trigger::Manual, &Silent).await?]);
    import_more(&db, folder).await?;
    clock.lap("import a file with another firmware of 100 devices");
    tell("a run of what came", &mut clock, &rescan_pending(&db, &Silent).await?);
    pass_nights(&db, folder, &mut advisories).await?;
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

/// The advisories of the database as they were at first, and how many revisions of each were added.
struct Advisories {
    documents: Vec<(Vec<u8>, u64)>,
}

impl Advisories {
    async fn of(db: &Db) -> Result<Advisories, Failure> {
        let documents = store::advisory::list_current_advisory_documents(db).await?;
        let documents = documents.iter().map(|document| Ok((document.bytes()?, 0))).collect::<Result<_, Failure>>()?;
        Ok(Advisories { documents })
    }

    /// Adds a later revision of some of them, of others each night. Half of them say one product less than at first, or
    /// again as many; the others one remedy more.
    async fn change(&mut self, db: &Db, folder: &Path, night: usize) -> Result<(), Failure> {
        let step = (self.documents.len() / CHANGED).max(1);
        let mut paths = Vec::new();
        for (n, (first, n_added)) in
            self.documents.iter_mut().skip(night % step).step_by(step).take(CHANGED).enumerate()
        {
            *n_added += 1;
            let path = folder.join(format!("{n}.json"));
            std::fs::write(&path, serde_json::to_vec(&revised(first, *n_added, n % 2 == 0)?)?)?;
            paths.push(path);
        }
        add_advisories(db, &paths, &Silent).await?;
        Ok(())
    }
}

/// A revision that comes so many after this document.
fn revised(first: &[u8], n_later: u64, changes_products: bool) -> Result<Value, Failure> {
    let mut json: Value = serde_json::from_slice(first)?;
    let tracking = &mut json["document"]["tracking"];
    let version = tracking["version"].as_str().unwrap_or("1").to_owned();
    let (major, rest) = version.split_once('.').map_or((version.as_str(), ""), |(major, _)| (major, ".0.0"));
    let next = format!("{}{rest}", major.parse::<u64>().unwrap_or(0) + n_later);
    tracking["version"] = json!(next);
    tracking["current_release_date"] = json!("2030-01-01T00:00:00Z");
    if let Some(history) = tracking["revision_history"].as_array_mut() {
        history.push(json!({"number": next, "date": "2030-01-01T00:00:00Z", "summary": "changed for a measurement"}));
    }
    for vulnerability in json["vulnerabilities"].as_array_mut().into_iter().flatten() {
        match vulnerability["product_status"]["known_affected"].as_array_mut() {
            Some(affected) if changes_products && affected.len() > 1 => {
                if n_later % 2 == 1 {
                    affected.pop();
                }
            }
            _ => {
                let remedy = json!({"category": "mitigation", "details": format!("Remedy of revision {next}.")});
                match vulnerability["remediations"].as_array_mut() {
                    Some(remedies) => remedies.push(remedy),
                    None => vulnerability["remediations"] = json!([remedy]),
                }
            }
        }
    }
    Ok(json)
}

/// Night after night with changed advisories, as many as `NAMEPLATE_BENCH_NIGHTS` says: how a night grows with history.
async fn pass_nights(db: &Db, folder: &Path, advisories: &mut Advisories) -> Result<(), Failure> {
    let n_nights = std::env::var("NAMEPLATE_BENCH_NIGHTS").ok().and_then(|n| n.parse().ok()).unwrap_or(0_usize);
    let told_each = (n_nights / 10).max(1);
    let (mut changed, mut spent, mut longest) = (0, Duration::ZERO, Duration::ZERO);
    for night in 1..=n_nights {
        advisories.change(db, folder, night).await?;
        let begun = Instant::now();
        for done in rescan_nightly(db, &Silent).await? {
            changed += done.rescan.n_opened + done.rescan.n_changed + done.rescan.n_closed;
        }
        spent += begun.elapsed();
        longest = longest.max(begun.elapsed());
        if night % told_each == 0 {
            let mean = spent / told_each as u32;
            println!("night {night}: {changed} exposures changed so far; {mean:.1?} a night, {longest:.1?} at most");
            (spent, longest) = (Duration::ZERO, Duration::ZERO);
        }
    }
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
