//! How long the store takes with a large fleet: `cargo bench --bench store`. Runs on a SQLite file in a temporary
//! folder, or on the empty PostgreSQL database whose URL is in `NAMEPLATE_BENCH_POSTGRES`.
//!
//! Each step takes seconds and changes the database, so it is timed once and not repeated.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use nameplate::domain::advisory::{AdvisoryKey, AdvisoryRevision};
use nameplate::domain::asset::{Asset, ImportedAsset, Standing};
use nameplate::domain::exposure::{ExposureChanges, ExposureFilter, ExposureKey, Finding, diff};
use nameplate::domain::inventory::{NewInventory, OnMissing};
use nameplate::domain::nameplate::{Nameplate, Variant};
use nameplate::domain::rescan::{Rescan, RescanResult, Scope, Trigger, VariantStanding};
use nameplate::domain::source::Trust;
use nameplate::domain::verdict::{Confidence, Verdict};
use nameplate::store::inventory::{FileRows, save_import};
use nameplate::store::{Db, StoreError, advisory, exposure, lease, rescan, site, variant};

const ASSETS: usize = 200_000;
const VARIANTS: usize = 20_000;
const ADVISORIES: usize = 1_700;
/// Exposures of each variant.
const EXPOSURES: usize = 5;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let url = std::env::var("NAMEPLATE_BENCH_POSTGRES")
        .unwrap_or_else(|_| format!("sqlite://{}/bench.db", folder.path().display()));
    runtime.block_on(measure(&url)).expect("the store works");
}

/// Prints how long a step took, and how much of it this process was at work; the rest is the server, or waiting.
struct Clock(Instant, u64);

impl Clock {
    fn start() -> Clock {
        Clock(Instant::now(), cpu_ms())
    }

    fn lap(&mut self, step: &str) {
        println!("{:>8} ms  {:>8} ms at work  {step}", self.0.elapsed().as_millis(), cpu_ms() - self.1);
        *self = Clock::start();
    }
}

/// The processor time of this process so far, where the system tells it (Linux, in its usual ticks of 10 ms).
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

async fn measure(url: &str) -> Result<(), StoreError> {
    let db = Db::open(url).await?;
    println!("{}: {ASSETS} assets, {VARIANTS} variants, {} exposures", db.name(), VARIANTS * EXPOSURES);
    let assets = assets();
    let start = Timestamp::now();
    let day = |n: i64| start + SignedDuration::from_hours(24 * n);
    let mut clock = Clock::start();
    import(&db, "first", &assets, day(0)).await?;
    clock.lap("import, all new");
    import(&db, "second", &assets, day(1)).await?;
    clock.lap("import of another file, all the same");
    let mut changed = assets.clone();
    for imported in changed.iter_mut().step_by(10) {
        imported.asset.variant.firmware.push_str(".1");
    }
    clock = Clock::start();
    import(&db, "third", &changed, day(2)).await?;
    clock.lap("import, one in ten with another firmware");

    let revisions = (0..ADVISORIES).map(revision).collect();
    clock = Clock::start();
    advisory::save_advisory_revisions(&db, revisions).await?;
    clock.lap("save advisories of 30 kB each");
    let documents = advisory::list_current_advisory_documents(&db).await?;
    let n_bytes: usize = documents.iter().map(|d| d.bytes().map_or(0, |b| b.len())).sum();
    clock.lap(&format!("list and unpack {} documents, {} MB", documents.len(), n_bytes / 1_000_000));

    let variants = variant::list_variants_for_rescan(&db).await?;
    clock.lap(&format!("list {} variants", variants.len()));
    let variant_ids: Vec<i64> = variants.iter().take(VARIANTS).map(|(id, _)| *id).collect();
    let standings: Vec<VariantStanding> = variants
        .iter()
        .map(|(variant_id, _)| VariantStanding {
            variant_id: *variant_id,
            standing: Standing::Affected,
            why: String::new(),
        })
        .collect();
    let first = findings(&variant_ids, "3.1.2 is below 4.0.0");
    let second = findings(&variant_ids, "3.1.2 is below 4.1.0");
    lease::save_lease(&db, rescan::LEASE, "bench", start).await?;

    clock = Clock::start();
    save(&db, day(3), &diff(&[], &first), &standings).await?;
    clock.lap("save a rescan that opens all");
    let open = exposure::list_open_exposures(&db).await?;
    clock.lap(&format!("list {} open exposures", open.len()));
    let same = diff(&open, &first);
    assert!(same.is_empty(), "what was saved is what is listed");
    save(&db, day(4), &same, &standings).await?;
    clock.lap("save a rescan that changes nothing");
    save(&db, day(5), &diff(&open, &second), &standings).await?;
    clock.lap("save a rescan that changes all");

    for (name, as_of) in [("now", day(6)), ("before the change", day(4))] {
        clock = Clock::start();
        let sites = site::site_summaries_at(&db, as_of).await?;
        clock.lap(&format!("the six places of {} sites, {name}", sites.len()));
        let mut n = 0;
        exposure::each_exposure_row_at(&db, as_of, &ExposureFilter::default(), |_| {
            n += 1;
            Ok::<(), StoreError>(())
        })
        .await?;
        clock.lap(&format!("all {n} rows of a report, {name}"));
        let filter = ExposureFilter { site: Some("Site 07".to_owned()), ..ExposureFilter::default() };
        let n = exposure::list_exposure_rows_at(&db, as_of, &filter).await?.len();
        clock.lap(&format!("{n} rows of one site, {name}"));
        let filter = ExposureFilter { asset_id: Some(77), ..ExposureFilter::default() };
        let n = exposure::list_exposure_rows_at(&db, as_of, &filter).await?.len();
        clock.lap(&format!("{n} rows of one asset, {name}"));
    }
    let mut clock = Clock::start();
    save(&db, day(7), &diff(&second, &[]), &standings).await?;
    clock.lap("save a rescan that closes all");
    db.close().await;
    Ok(())
}

async fn import(db: &Db, name: &str, assets: &[ImportedAsset], imported_at: Timestamp) -> Result<(), StoreError> {
    let new = NewInventory {
        file_name: name.to_owned(),
        sha256: name.to_owned(),
        site: None,
        imported_at,
        remarks: Vec::new(),
        is_sample: false,
    };
    let rows = FileRows { assets, warnings: &[], rejected: &[] };
    save_import(db, &new, rows, OnMissing::Keep, false).await.map(drop)
}

async fn save(
    db: &Db,
    finished_at: Timestamp,
    changes: &ExposureChanges,
    standings: &[VariantStanding],
) -> Result<(), StoreError> {
    let run = Rescan {
        trigger: Trigger::Nightly,
        scope: Scope::All,
        started_at: finished_at,
        finished_at,
        matcher_version: "bench".to_owned(),
        whole_because: String::new(),
        n_assets: ASSETS as u64,
        n_variants: VARIANTS as u64,
        n_advisories: ADVISORIES as u64,
        n_opened: changes.opened.len() as u64,
        n_changed: changes.changed.len() as u64,
        n_closed: changes.closed.len() as u64,
        n_same: changes.n_same,
        n_not_judged: 0,
        error: None,
    };
    let result = RescanResult { changes: changes.clone(), standings: standings.to_vec(), ..RescanResult::default() };
    rescan::save_rescan(db, "bench", &run, &result).await.map(drop)
}

fn assets() -> Vec<ImportedAsset> {
    (0..ASSETS)
        .map(|n| {
            let site = format!("Site {:02}", n % 50);
            let tag = format!("PLC-{n:06}");
            let variant = n % VARIANTS;
            ImportedAsset {
                identity: format!("{site}\u{1f}{tag}"),
                asset: Asset {
                    name: format!("Pump controller {n}"),
                    area: format!("Hall {}", n % 7),
                    variant: Variant {
                        nameplate: Nameplate {
                            vendor: format!("Vendor {}", variant % 40),
                            model: format!("Model {}", variant % 2_000),
                            part_number: format!("6ES7 {variant:05}-0AB0"),
                            hardware_revision: "FS 4".to_owned(),
                        },
                        firmware: format!("V2.{}.{}", variant % 9, variant % 13),
                        notes: String::new(),
                    },
                    serial_number: format!("SN{n:09}"),
                    ip_address: format!("10.{}.{}.{}", n / 65_536, n / 256 % 256, n % 256),
                    place: format!("Assets!row {} of fleet.xlsx", n + 5),
                    tag,
                    site,
                    ..Asset::default()
                },
            }
        })
        .collect()
}

fn key(n: usize) -> AdvisoryKey {
    AdvisoryKey { namespace: "https://example.com".to_owned(), id: format!("EX-{n:05}") }
}

fn revision(n: usize) -> (AdvisoryRevision, Vec<u8>) {
    let revision = AdvisoryRevision {
        key: key(n),
        version: "1".to_owned(),
        sha256: format!("{n:064}"),
        title: format!("Advisory {n}"),
        publisher: "Example".to_owned(),
        status: "final".to_owned(),
        released_at: None,
        updated_at: None,
        source: "bench".to_owned(),
        added_at: Timestamp::UNIX_EPOCH,
        cves: vec![format!("CVE-2026-{n:05}")],
        n_warnings: 0,
        trust: Trust::Unsigned,
        trust_reason: String::new(),
        source_id: None,
    };
    let document: String =
        (0..600).map(|line| format!("{{\"product_id\": \"CSAFPID-{:08}\", \"n\": {n}}}\n", line * n)).collect();
    (revision, document.into_bytes())
}

fn findings(variant_ids: &[i64], reason: &str) -> Vec<(ExposureKey, Finding)> {
    let mut all = Vec::with_capacity(variant_ids.len() * EXPOSURES);
    for &variant_id in variant_ids {
        for n in 0..EXPOSURES {
            let advisory = key((variant_id as usize * 7 + n * 331) % ADVISORIES);
            let finding = Finding {
                verdict: if n == 0 { Verdict::Possible } else { Verdict::Affected },
                doubts: Vec::new(),
                confidence: Confidence::Certain,
                reason: reason.to_owned(),
                product_pointer: "/product_tree/branches/0/branches/0/branches/0/product".to_owned(),
                cves: vec!["CVE-2026-00001".to_owned(), "CVE-2026-00002".to_owned()],
                fix: Some("4.0.0".to_owned()),
                advisory_version: "1".to_owned(),
                fingerprint: String::new(),
                question: String::new(),
            };
            all.push((ExposureKey { variant_id, asset_id: None, advisory }, finding));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
