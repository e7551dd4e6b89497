//! How long a first fetch of a whole corpus takes, beside reading and indexing it from disk and beside what the network
//! costs by itself.
//!
//! `NAMEPLATE_CORPUS` names a folder of CSAF documents; it is served over HTTPS on this machine with digests of all of
//! them, and with signatures as they lie beside the documents. Prints three times; the fetch should take at most three
//! times the reading, plus the network's own.

#[allow(dead_code)]
#[path = "../tests/it/provider.rs"]
mod provider;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use nameplate::domain::catalogue::Catalogue;
use nameplate::domain::product_index::ProductIndex;
use nameplate::domain::source::{Source, SourceKind};
use nameplate::ingest::source::client::{Client, ClientOptions};
use nameplate::ingest::source::pace::Pace;
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::fetch_advisories::fetch_advisories;
use nameplate::services::load_advisories::from_database;
use nameplate::services::progress::Silent;
use nameplate::services::sources::{FetchSettings, SourceChoices, save_source};
use nameplate::store::Db;
use sha2::{Digest, Sha512};
use tokio::task::JoinSet;

use provider::{Provider, hexadecimal};

/// The allocator of the binary; parsing is mostly allocation.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let Some(folder) = std::env::var_os("NAMEPLATE_CORPUS").map(PathBuf::from) else {
        println!("nothing to fetch: set NAMEPLATE_CORPUS to a folder of CSAF documents");
        return;
    };
    tokio::runtime::Runtime::new().unwrap().block_on(measure(&folder));
}

fn files(folder: &Path, root: &Path, found: &mut HashMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, root, found);
        } else {
            let name = format!("/{}", path.strip_prefix(root).unwrap().display());
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

async fn database(folder: &Path, name: &str) -> Db {
    Db::open(&format!("sqlite://{}", folder.join(name).display())).await.unwrap()
}

async fn index(db: &Db) -> usize {
    let loaded = from_database(db, &Silent).await.unwrap();
    ProductIndex::build(loaded.advisories, Arc::new(Catalogue::built_in())).advisories().len()
}

async fn measure(folder: &Path) {
    let mut all = HashMap::new();
    files(folder, folder, &mut all);
    let mut documents: Vec<String> = all.keys().filter(|name| name.ends_with(".json")).cloned().collect();
    documents.sort();
    let digests: HashMap<String, Vec<u8>> = documents
        .iter()
        .map(|name| (format!("{name}.sha512"), hexadecimal(&Sha512::digest(&all[name])).into_bytes()))
        .collect();
    all.extend(digests);
    let n_bytes: usize = documents.iter().map(|name| all[name].len()).sum();
    println!("{} documents, {:.1} MB", documents.len(), n_bytes as f64 / 1e6);
    let scratch = tempfile::tempdir().unwrap();

    let began = Instant::now();
    let db = database(scratch.path(), "disk.db").await;
    add_advisories(&db, &[folder.to_owned()], &Silent).await.unwrap();
    let n_indexed = index(&db).await;
    let disk = began.elapsed();
    println!("read from disk, saved and indexed ({n_indexed} advisories): {disk:.2?}");
    db.close().await;

    let provider = Provider::start().await;
    let entries: Vec<_> = documents
        .iter()
        .map(|name| provider.entry(name, "2026-01-01T00:00:00Z", all.contains_key(&format!("{name}.asc"))))
        .collect();
    provider.put_feed("/feed.json", &entries);
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[]);
    let urls: Vec<String> = documents.iter().map(|name| provider.url(name)).collect();
    let all = Arc::new(all);
    let served = all.clone();
    provider.make(move |path| served.get(path).cloned());

    let options =
        ClientOptions { allows_private: true, ca_files: vec![provider.ca_file()], ..ClientOptions::default() };
    let client = Arc::new(Client::new(options, Arc::new(Pace::new(0))).unwrap());
    let began = Instant::now();
    let mut under_way = JoinSet::new();
    for url in urls {
        while under_way.len() >= 8 {
            under_way.join_next().await.unwrap().unwrap();
        }
        let client = client.clone();
        under_way.spawn(async move {
            for url in [url.clone(), format!("{url}.sha512"), format!("{url}.asc")] {
                // A document without a signature answers with 404, which costs as much.
                let _ = client.get_body(&url, 1 << 26).await;
            }
        });
    }
    while under_way.join_next().await.is_some() {}
    let network = began.elapsed();
    println!("the same files over the network, thrown away: {network:.2?}");

    let began = Instant::now();
    let db = database(scratch.path(), "fetch.db").await;
    let choices = SourceChoices {
        url: Some(provider.url("/provider-metadata.json")),
        kind: Some(SourceKind::Csaf),
        allows_private: Some(true),
        ca_file: provider.ca_file().to_str().map(ToOwned::to_owned),
        ..SourceChoices::default()
    };
    let (_, source): (i64, Source) = save_source(&db, "corpus", choices, "bench", Timestamp::now()).await.unwrap();
    let settings = FetchSettings { requests_per_second: 0, ..FetchSettings::default() };
    let names = [source.name];
    let fetched = fetch_advisories(&db, &settings, &names, Timestamp::now(), &Silent).await.unwrap();
    let n_indexed = index(&db).await;
    let fetch = began.elapsed();
    println!(
        "fetched, checked, saved and indexed ({n_indexed} advisories): {fetch:.2?}; {}",
        fetched[0].pull.summary()
    );
    let own = fetch.saturating_sub(network);
    println!("without the network {own:.2?}, {:.2} × reading from disk", own.as_secs_f64() / disk.as_secs_f64());

    let began = Instant::now();
    let again = fetch_advisories(&db, &settings, &names, Timestamp::now(), &Silent).await.unwrap();
    println!("again: {:.2?}; {}, {} requests", began.elapsed(), again[0].pull.summary(), again[0].pull.n_requests);
}
