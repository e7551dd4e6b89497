//! How long pages take with a large fleet, and how large they are: several readers at once, each on its own connection.
//!
//! `NAMEPLATE_BENCH_DB=<url> cargo bench --bench web`, on a database that `--bench nightly` has filled. It fails when a
//! page takes longer than 300 ms at the 95th percentile or is larger than 250 KB.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nameplate::config::Config;
use nameplate::store::Db;
use nameplate::web::{self, AppState};
use reqwest::Client;

/// Readers at once, and the pages that each reads of a kind.
const READERS: usize = 4;
const READS: usize = 50;

const LIMIT: Duration = Duration::from_millis(300);
const LIMIT_BYTES: usize = 250_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let is_good = runtime.block_on(measure()).expect("the server answers");
    if !is_good {
        std::process::exit(1);
    }
}

async fn measure() -> Result<bool, Failure> {
    let Ok(url) = std::env::var("NAMEPLATE_BENCH_DB") else {
        eprintln!("NAMEPLATE_BENCH_DB names no database; nothing is measured");
        return Ok(true);
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let db = Db::open(&url).await?;
    let folder = tempfile::tempdir()?;
    let config = Config { data_dir: Some(folder.path().to_path_buf()), ..Config::default() };
    let listener = web::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let state = AppState::new(db, config, Timestamp::now());
    tokio::spawn(web::serve(listener, None, state, std::future::pending()));
    let pages = pages(&address).await?;
    println!("{READERS} readers, {READS} pages each\n     p50      p95      max   size KB  page");
    let mut is_good = true;
    for (name, paths) in pages {
        if !paths.is_empty() {
            is_good &= read(&address, &name, &paths).await?;
        }
    }
    Ok(is_good)
}

/// What is measured: a name, and addresses that the readers take in turn.
async fn pages(address: &str) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let client = Client::new();
    let mut pages: Vec<(String, Vec<String>)> = Vec::new();
    let one = |path: &str| (path.to_owned(), vec![path.to_owned()]);
    for path in [
        "/",
        "/sites",
        "/exposures",
        "/exposures?view=asset",
        "/exposures?view=advisory",
        "/exposures?severity=critical",
        "/exposures?kev=yes",
        "/exposures?text=siemens",
        "/assets",
        "/assets?text=SN0000",
        "/assets?standing=affected",
        "/advisories",
        "/advisories?q=siemens",
        "/review",
        "/rescans",
        "/sources",
        "/search?q=1515",
        "/search?q=SN000007919",
        "/search?q=CVE-2022-38465",
        "/search?q=ICSA",
        "/remediation",
        "/api/v1/exposures",
        "/api/v1/assets",
        "/api/v1/sites",
    ] {
        pages.push(one(path));
    }
    for (list, prefix) in [
        ("/sites", "/sites/"),
        ("/assets", "/assets/"),
        ("/exposures", "/nameplates/"),
        ("/advisories", "/advisories/"),
        ("/exposures?view=advisory", "/advisories/"),
    ] {
        let text = client.get(format!("{address}{list}")).send().await?.text().await?;
        let found: BTreeSet<String> = text
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split(['"', '#']).next())
            .filter(|href| href.len() > prefix.len() && href.starts_with(prefix))
            .map(|href| href.replace("&amp;", "&"))
            .collect();
        pages.push((format!("{prefix}… of {list}"), found.into_iter().take(40).collect()));
    }
    Ok(pages)
}

/// Reads the pages and tells how long it took; whether that was within the limits.
async fn read(address: &str, name: &str, paths: &[String]) -> Result<bool, Failure> {
    // The first reader may find nothing in memory; the others are the rule.
    let first = Instant::now();
    get(&Client::new(), address, &paths[0]).await?;
    let first = first.elapsed();
    let mut readers = Vec::new();
    for reader in 0..READERS {
        let (address, paths) = (address.to_owned(), paths.to_vec());
        readers.push(tokio::spawn(async move {
            let client = Client::new();
            let mut took = Vec::with_capacity(READS);
            let mut largest = 0;
            for n in 0..READS {
                let begun = Instant::now();
                largest = largest.max(get(&client, &address, &paths[(reader + n * READERS) % paths.len()]).await?);
                took.push(begun.elapsed());
            }
            Ok::<_, Failure>((took, largest))
        }));
    }
    let mut took = Vec::new();
    let mut largest = 0;
    for reader in readers {
        let (more, size) = reader.await??;
        took.extend(more);
        largest = largest.max(size);
    }
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    let is_good = at(95) <= LIMIT && largest <= LIMIT_BYTES;
    println!(
        "{:>5} ms {:>5} ms {:>5} ms  {:>7}  {name}{}{}",
        at(50).as_millis(),
        at(95).as_millis(),
        at(100).as_millis(),
        largest / 1000,
        if first > LIMIT { format!("  (first {} ms)", first.as_millis()) } else { String::new() },
        if is_good { "" } else { "  OVER THE LIMIT" }
    );
    Ok(is_good)
}

/// The size of the page.
async fn get(client: &Client, address: &str, path: &str) -> Result<usize, Failure> {
    let answer = client.get(format!("{address}{path}")).send().await?;
    let status = answer.status();
    let size = answer.bytes().await?.len();
    if status.is_success() { Ok(size) } else { Err(format!("{path} answers {status}").into()) }
}
