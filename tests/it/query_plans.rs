//! Pages, lists and the API read indexes and stop when they are full: the databases themselves say so.
//!
//! SQLite is asked how it would run every statement that the server runs for these pages; PostgreSQL, which plans by how
//! large a table is, tells how many rows it has really read.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use nameplate::domain::rescan::Trigger;
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::import_inventory::{ImportRequest, import_inventory};
use nameplate::services::listing::refresh_listing_if_missing;
use nameplate::services::progress::Silent;
use nameplate::services::rescan::rescan;
use nameplate::store::Db;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use crate::database::{Engine, TestDatabase, run};

const N_ASSETS: usize = 4_000;

/// Tables that grow with the fleet or with its history. `asset_search` and `variant_search` are left out:
/// they are there to be walked by a search.
const LARGE: [&str; 12] = [
    "asset",
    "asset_variant",
    "asset_history",
    "variant",
    "variant_standing",
    "exposure",
    "exposure_history",
    "exposure_listing",
    "site_variant",
    "row_warning",
    "rejected_row",
    "advisory_search",
];

/// What is read: every list of the product, its filters and its depths.
const PAGES: [&str; 30] = [
    "/",
    "/sites",
    "/sites/Plant%201",
    "/exposures",
    "/exposures?view=asset",
    "/exposures?view=advisory",
    "/exposures?verdict=possible",
    "/exposures?severity=critical",
    "/exposures?kev=yes",
    "/exposures?site=Plant%201",
    "/exposures?status=done",
    "/assets",
    "/assets?site=Plant%201",
    "/assets?standing=affected",
    "/assets?text=S17",
    "/assets/1",
    "/advisories",
    "/advisories?q=schneider",
    "/review",
    "/inventories",
    "/rescans",
    "/rescans/1",
    "/sources",
    "/search?q=S17",
    "/search?q=CVE-2022-46680",
    "/search?q=PM8000",
    "/acts",
    "/api/v1/exposures",
    "/api/v1/assets",
    "/api/v1/sites",
];

/// The lists that people open every day, which PostgreSQL must not read more rows for the larger a fleet is.
const DAILY: [&str; 7] =
    ["/", "/sites", "/exposures", "/exposures?view=asset", "/exposures?view=advisory", "/assets", "/rescans"];

/// Statements that do walk a large table, by what they begin with, and why.
const KNOWN: [(&str, &str); 7] = [
    ("select l.variant_id, l.advisory_id, l.site_id from exposure_listing l", "counting stops at a number of pairs"),
    ("select v.vendor, coalesce(t.why", "blind spots are summed over the nameplates of each site"),
    ("select variant_id from variant_standing", "what no run has judged is looked for behind the pages"),
    ("select variant_id, vendor, model", "nameplates are read whole to be judged"),
    ("with own as", "sums of a past day read what was open then"),
    ("with told as", "sums of a past day read what was open then"),
    ("with held as", "sums of a past day read what was open then"),
];

/// The server as people start it, with every statement that it puts to the database.
struct Server {
    child: Child,
    address: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(folder: &Path, url: &str) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
        command.current_dir(folder).env_clear().args(["serve", "--listen", "127.0.0.1:0"]);
        command.env("NAMEPLATE_DATA_DIR", folder.join("data")).env("NAMEPLATE_DATABASE", url);
        command.env("NAMEPLATE_SCHEDULE", "off").env("NAMEPLATE_POLL_MINUTES", "off");
        command.env("NAMEPLATE_LOG", "warn,sqlx::query=trace").env("NAMEPLATE_LOG_FORMAT", "json");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = told
            .find_map(|line| line.split_once("listening on ").map(|(_, rest)| rest.trim().to_owned()))
            .expect("it says where it listens");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = lines.clone();
        std::thread::spawn(move || told.for_each(|line| kept.lock().unwrap().push(line)));
        Server { child, address, lines }
    }

    async fn read(&self, pages: &[&str]) {
        let client = reqwest::Client::new();
        for page in pages {
            let answer = client.get(format!("{}{page}", self.address)).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{page}");
            answer.bytes().await.unwrap();
        }
    }

    /// Each statement once.
    fn statements(&self) -> BTreeSet<String> {
        let lines = self.lines.lock().unwrap();
        let fields = lines.iter().filter_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            (line["target"] == "sqlx::query").then_some(line)
        });
        let whole = fields.map(|fields| match fields["db.statement"].as_str().map(str::trim) {
            Some(statement) if !statement.is_empty() => statement.to_owned(),
            // A short one is told as its own summary.
            _ => fields["summary"].as_str().unwrap_or_default().to_owned(),
        });
        whole.filter(|statement| statement.starts_with("select") || statement.starts_with("with")).collect()
    }

    /// Stops it as a service manager does, so that it says good-bye to the database.
    fn stop(mut self) {
        let stopped = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(stopped.success());
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn fill(db: &Db, folder: &Path) {
    let mut text = String::from("Tag,Site,Vendor,Model,Firmware,Serial number\n");
    for i in 0..N_ASSETS {
        let model = ["PM8000", "ION9000", "ION7400", "Unheard-of 7"][i % 4];
        text.push_str(&format!("T{i},Plant {},Schneider Electric,{model},{}.{}.0,S{i}\n", i % 5, i % 6, i % 70));
    }
    let path = folder.join("fleet.csv");
    std::fs::write(&path, text).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    add_advisories(db, &[samples], &Silent).await.unwrap();
    import_inventory(db, &ImportRequest { path, ..ImportRequest::default() }, &Silent).await.unwrap();
    rescan(db, Trigger::Manual, &Silent).await.unwrap();
    refresh_listing_if_missing(db, Timestamp::now()).await.unwrap();
}

#[test]
fn sqlite_walks_no_large_table_for_a_page() {
    run(Engine::Sqlite, async |database| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&database.url).await.unwrap();
        fill(&db, folder.path()).await;
        db.close().await;
        let server = Server::start(folder.path(), &database.url);
        server.read(&PAGES).await;
        let statements = server.statements();
        server.stop();
        assert!(statements.len() > 60, "only {} statements were seen", statements.len());
        let mut walks = Vec::new();
        let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
        for statement in &statements {
            let question = AssertSqlSafe(format!("explain query plan {statement}"));
            let plan = sqlx::query(question).fetch_all(&mut connection).await.unwrap();
            let steps: Vec<String> = plan.iter().map(|step| step.get::<String, _>("detail")).collect();
            for step in &steps {
                let is_known = KNOWN.iter().any(|(start, _)| statement.starts_with(start));
                if let Some(table) = walked(step, statement).filter(|_| !is_known) {
                    walks.push(format!("{table} in {step:?}\n    {}", statement.replace('\n', " ")));
                }
            }
        }
        connection.close().await.unwrap();
        assert!(walks.is_empty(), "{} walks\n{}", walks.len(), walks.join("\n"));
    });
}

/// The large table that this step of a plan reads from its first row to its last. One that is read in the order of an
/// index by a statement with a limit stops when it has enough.
fn walked<'a>(step: &str, statement: &'a str) -> Option<&'a str> {
    let name = step.strip_prefix("SCAN ")?.split_whitespace().next()?;
    let words: Vec<&'a str> =
        statement.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    // The plan calls a table by its other name where it has one.
    let table = words
        .iter()
        .enumerate()
        .filter(|(_, word)| **word == name)
        .filter_map(|(at, word)| {
            let before = words[..at].iter().rev().find(|word| **word != "as")?;
            [*before, *word].into_iter().find(|word| LARGE.contains(word))
        })
        .next()?;
    let stops = step.contains("USING") && statement.contains("limit");
    (!stops).then_some(table)
}

#[test]
fn postgresql_reads_few_rows_for_a_page() {
    run(Engine::Postgresql, async |database| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&database.url).await.unwrap();
        fill(&db, folder.path()).await;
        db.close().await;
        database.execute("analyze").await;
        let before = rows_read(database).await;
        let server = Server::start(folder.path(), &database.url);
        server.read(&DAILY).await;
        // What a connection has read is told when it ends.
        server.stop();
        let mut told = Vec::new();
        for ((table, n_before), (_, n_after)) in before.iter().zip(&rows_read(database).await) {
            let n = (n_after - n_before) / DAILY.len() as i64;
            println!("{table}: {n} rows for a page");
            // The overview counts the devices, which is one look at each in seven pages.
            if n > N_ASSETS as i64 / 6 {
                told.push(format!("{table}: {n} rows for a page"));
            }
        }
        assert!(told.is_empty(), "{}", told.join("\n"));
    });
}

/// The rows that were read of each large table so far.
async fn rows_read(database: &TestDatabase) -> Vec<(String, i64)> {
    let question = "select relname || ' ' || cast(seq_tup_read + coalesce(idx_tup_fetch, 0) as text) \
                    from pg_stat_user_tables order by relname";
    let counts = database.texts(question).await;
    let counts = counts.iter().filter_map(|line| line.split_once(' '));
    counts.filter(|(table, _)| LARGE.contains(table)).map(|(table, n)| (table.to_owned(), n.parse().unwrap())).collect()
}
