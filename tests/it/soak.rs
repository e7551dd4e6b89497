//! Imports, rescans, pages and exports at once, for as many minutes as `NAMEPLATE_SOAK_MINUTES` says (one by default):
//! no request fails, and memory does not grow.
//!
//! `NAMEPLATE_SOAK_MINUTES=30 cargo test --release --test it -- --ignored soak --nocapture`, on SQLite and PostgreSQL.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use tempfile::TempDir;

use crate::database::{Engine, TestDatabase, run};

/// A server as people start it; it is stopped with this value.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(folder: &Path, url: &str) -> Process {
        let mut command = nameplate(folder, url, &["serve", "--listen", "127.0.0.1:0"]);
        command.env("NAMEPLATE_SCHEDULE", "off").env("NAMEPLATE_POLL_MINUTES", "off");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines
            .find_map(|line| line.split_once("listening on ").map(|(_, rest)| rest.trim().to_owned()))
            .expect("it says where it listens");
        std::thread::spawn(move || lines.for_each(|line| eprintln!("serve: {line}")));
        Process { child, address }
    }

    /// Memory that the process holds, in KiB.
    fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nameplate(folder: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
    command.current_dir(folder).env_clear().args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    command.env("NAMEPLATE_DATA_DIR", folder.join("data")).env("NAMEPLATE_DATABASE", url);
    command
}

/// The list of one round: the same devices, some of them with another firmware than the round before.
fn list(round: u64, n: u64) -> String {
    let mut text = String::from("Tag,Site,Vendor,Model,Firmware,Serial number\n");
    for i in 0..n {
        let model = ["PM8000", "ION9000", "ION7400", "ION8650"][(i % 4) as usize];
        let firmware = if i % 10 == round % 10 { (round % 5) + 1 } else { i % 5 + 1 };
        text.push_str(&format!("T{i},Plant {},Schneider Electric,{model},{firmware}.{}.0,S{i}\n", i % 4, i % 30));
    }
    text
}

#[derive(Default)]
struct Tally {
    n_pages: AtomicU64,
    n_exports: AtomicU64,
    n_imports: AtomicU64,
    n_rescans: AtomicU64,
    failed: Mutex<Vec<String>>,
}

struct Load {
    client: Client,
    address: String,
    end: Instant,
    tally: Tally,
}

impl Load {
    async fn ask(&self, method: Method, path: &str, body: String) -> Option<serde_json::Value> {
        let what = format!("{method} {path}");
        let request = self.client.request(method, format!("{}{path}", self.address)).body(body);
        let failed = |why: String| self.tally.failed.lock().unwrap().push(format!("{what}: {why}"));
        match request.send().await {
            Err(error) => failed(error.to_string()),
            Ok(answer) => {
                let status = answer.status();
                match answer.bytes().await {
                    Err(error) => failed(error.to_string()),
                    Ok(_) if !status.is_success() => failed(status.to_string()),
                    Ok(bytes) => return Some(serde_json::from_slice(&bytes).unwrap_or(serde_json::Value::Null)),
                }
            }
        }
        None
    }

    fn goes_on(&self) -> bool {
        Instant::now() < self.end
    }

    /// Waits until a job has ended, and demands that it ended well.
    async fn wait_for(&self, started: Option<serde_json::Value>) {
        let Some(id) = started.and_then(|job| job["job_id"].as_i64()) else {
            self.tally.failed.lock().unwrap().push("a job was not begun".to_owned());
            return;
        };
        loop {
            let job = self.ask(Method::GET, &format!("/api/v1/jobs/{id}"), String::new()).await.unwrap_or_default();
            match job["state"].as_str().unwrap_or_default() {
                "done" => return,
                "waiting" | "running" => tokio::time::sleep(Duration::from_millis(100)).await,
                _ => {
                    self.tally.failed.lock().unwrap().push(format!("{job}"));
                    return;
                }
            }
        }
    }
}

async fn soak(database: &TestDatabase) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let minutes: u64 = std::env::var("NAMEPLATE_SOAK_MINUTES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let folder = TempDir::new().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    let ok = |arguments: &[&str]| {
        assert!(nameplate(folder.path(), &database.url, arguments).status().unwrap().success(), "{arguments:?}");
    };
    ok(&["advisory", "add", samples.to_str().unwrap()]);
    std::fs::write(folder.path().join("list.csv"), list(0, 3_000)).unwrap();
    ok(&["import", "list.csv"]);
    ok(&["rescan"]);
    let process = Process::start(folder.path(), &database.url);
    let load = Arc::new(Load {
        client: Client::new(),
        address: process.address.clone(),
        end: Instant::now() + Duration::from_secs(60 * minutes),
        tally: Tally::default(),
    });
    let pages = async {
        let paths = [
            "/",
            "/sites",
            "/assets",
            "/exposures",
            "/exposures?view=asset",
            "/review",
            "/rescans",
            "/search?q=PM8000",
            "/advisories",
            "/jobs",
        ];
        let mut n = 0;
        while load.goes_on() {
            load.ask(Method::GET, paths[n % paths.len()], String::new()).await;
            load.tally.n_pages.fetch_add(1, Ordering::Relaxed);
            n += 1;
        }
    };
    let exports = async {
        let mut n = 0;
        while load.goes_on() {
            let format = ["csv", "xlsx", "json"][n % 3];
            load.ask(Method::GET, &format!("/exports/exposures.{format}"), String::new()).await;
            load.tally.n_exports.fetch_add(1, Ordering::Relaxed);
            n += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let imports = async {
        let mut round = 1;
        while load.goes_on() {
            let path = "/api/v1/inventories?file_name=list.csv&again=true";
            let started = load.ask(Method::POST, path, list(round, 3_000)).await;
            load.wait_for(started).await;
            load.tally.n_imports.fetch_add(1, Ordering::Relaxed);
            round += 1;
        }
    };
    let rescans = async {
        while load.goes_on() {
            let started = load.ask(Method::POST, "/api/v1/rescans", String::new()).await;
            load.wait_for(started).await;
            load.tally.n_rescans.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let watch = async {
        let mut memory = Vec::new();
        while load.goes_on() {
            tokio::time::sleep(Duration::from_secs(2)).await;
            memory.push(process.memory_kib());
        }
        memory
    };
    let ((), (), (), (), memory) = tokio::join!(pages, exports, imports, rescans, watch);
    let tally = &load.tally;
    let count = |n: &AtomicU64| n.load(Ordering::Relaxed);
    // The first third warms up: caches fill, and the pool opens its connections.
    let highest = |part: &[u64]| part.iter().copied().max().unwrap_or(0) / 1024;
    let third = memory.len() / 3;
    let (middle, last) = (highest(&memory[third..2 * third]), highest(&memory[2 * third..]));
    println!(
        "{:?}, {minutes} min: {} pages, {} exports, {} imports, {} rescans; memory at most {} MiB, then {middle} MiB, then {last} MiB",
        database.engine,
        count(&tally.n_pages),
        count(&tally.n_exports),
        count(&tally.n_imports),
        count(&tally.n_rescans),
        highest(&memory[..third]),
    );
    let failed = tally.failed.lock().unwrap().clone();
    assert!(failed.is_empty(), "{} failed, the first: {:#?}", failed.len(), &failed[..failed.len().min(5)]);
    assert!(last <= middle + middle / 10 + 16, "memory grew from {middle} MiB to {last} MiB");
}

#[test]
#[ignore = "takes minutes; see the head of the file"]
fn soak_on_sqlite() {
    run(Engine::Sqlite, async |database| soak(database).await);
}

#[test]
#[ignore = "takes minutes; see the head of the file"]
fn soak_on_postgresql() {
    run(Engine::Postgresql, async |database| soak(database).await);
}
