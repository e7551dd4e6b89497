//! What goes wrong beside the program: a full disk, a server that goes and comes back, a damaged file, a slow disk. Each
//! time nothing is lost, the message says what is the matter, and work goes on without anybody's hand.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nameplate::config::Config;
use nameplate::domain::rescan::Trigger;
use nameplate::services::import_inventory::{ImportRequest, import_inventory};
use nameplate::services::progress::{Progress, Silent};
use nameplate::services::rescan::{RescanError, rescan};
use nameplate::services::sample_plant::load_sample_plant;
use nameplate::store::{Db, asset, exposure};
use nameplate::web::{self, AppState};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::database::{Engine, TestDatabase, on_both, run, running_as_root, server_programs};

on_both!(
    a_full_disk_takes_nothing_and_the_same_import_works_when_there_is_room,
    a_slow_disk_delays_writers_and_no_reader,
);

/// A list of so many devices of some hundred nameplates.
fn fleet(path: &Path, n: usize) {
    let mut text = String::from("Tag,Site,Vendor,Model,Firmware,Serial number\n");
    for i in 0..n {
        let model = ["PM8000", "ION9000", "ION7400", "SENTRON PAC3200"][i % 4];
        let vendor = if i % 4 == 3 { "Siemens" } else { "Schneider Electric" };
        text.push_str(&format!("T{i},Site {},{vendor},{model},{}.{}.0,S{i}\n", i % 5, i % 6, i % 40));
    }
    fs::write(path, text).unwrap();
}

fn nameplate(folder: &Path, url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nameplate"))
        .current_dir(folder)
        .env_clear()
        .env("NAMEPLATE_DATA_DIR", folder.join("data"))
        .env("NAMEPLATE_DATABASE", url)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn ok(folder: &Path, url: &str, arguments: &[&str]) -> String {
    let output = nameplate(folder, url, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command that could not do its work said.
fn fails(folder: &Path, url: &str, arguments: &[&str]) -> String {
    let output = nameplate(folder, url, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// A disk of its own, in memory; it is taken away with this value.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None` where this process may not mount.
    fn new(size: &str) -> Option<SmallDisk> {
        let disk = SmallDisk { folder: TempDir::new().unwrap() };
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(disk.folder.path())
            .stderr(Stdio::null())
            .status();
        if done.is_ok_and(|status| status.success()) {
            return Some(disk);
        }
        eprintln!("SKIPPED: a disk of its own cannot be mounted here");
        std::mem::forget(disk);
        None
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn grow(&self, size: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(self.path()).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server may take a moment to let go of its files.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn on_server(url: &str, statement: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The same server, another database.
fn other_database(url: &str, name: &str) -> String {
    let (before, rest) = url.rsplit_once('/').map_or((url, ""), |(before, rest)| (before, rest));
    // The folder of the socket stands behind the question mark and holds slashes.
    let (before, rest) = match url.split_once('?') {
        Some((base, options)) => (base.rsplit_once('/').unwrap().0, format!("?{options}")),
        None => (before, rest.split_once('?').map_or(String::new(), |(_, options)| format!("?{options}"))),
    };
    format!("{before}/{name}{rest}")
}

async fn a_full_disk_takes_nothing_and_the_same_import_works_when_there_is_room(database: &TestDatabase) {
    let Some(disk) = SmallDisk::new(if database.engine == Engine::Sqlite { "6m" } else { "24m" }) else { return };
    let folder = TempDir::new().unwrap();
    // A server of its own: while one of its disks is full, a server does no checkpoint, so nobody else could make or drop
    // a database on it.
    let (url, _server) = match database.engine {
        Engine::Sqlite => (format!("sqlite://{}", disk.path().join("nameplate.db").display()), None),
        Engine::Postgresql => {
            let Some(server) = OwnServer::start() else { return };
            if running_as_root() {
                assert!(Command::new("chown").arg("postgres").arg(disk.path()).status().unwrap().success());
            }
            on_server(&server.url(), &format!("create tablespace small location '{}'", disk.path().display())).await;
            on_server(&server.url(), "create database small tablespace small").await;
            (other_database(&server.url(), "small"), Some(server))
        }
    };
    let small = folder.path().join("small.csv");
    fleet(&small, 40);
    let large = folder.path().join("large.csv");
    fleet(&large, 60_000);
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    ok(folder.path(), &url, &["advisory", "add", samples.to_str().unwrap()]);
    ok(folder.path(), &url, &["import", "small.csv"]);
    ok(folder.path(), &url, &["rescan"]);
    let listed = ok(folder.path(), &url, &["import", "list"]);

    let said = fails(folder.path(), &url, &["import", "large.csv"]);
    assert!(said.contains("full"), "{said}");
    if database.engine == Engine::Postgresql {
        // A server without room for the few kilobytes of its own start files may let nobody in, not even to read.
        disk.grow("26m");
    }
    assert_eq!(ok(folder.path(), &url, &["import", "list"]), listed, "nothing of it is kept");

    disk.grow("900m");
    let said = ok(folder.path(), &url, &["import", "large.csv"]);
    assert!(said.contains("60000 devices") || said.contains("60,000 devices"), "{said}");
    assert_eq!(ok(folder.path(), &url, &["import", "list"]).lines().count(), listed.lines().count() + 1);
}

/// A PostgreSQL server of its own, which can be killed and started.
struct OwnServer {
    folder: PathBuf,
    programs: PathBuf,
}

impl OwnServer {
    fn start() -> Option<OwnServer> {
        let Some(programs) = server_programs().filter(|programs| programs.join("pg_ctl").is_file()) else {
            eprintln!("SKIPPED on PostgreSQL: no server programs found");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("nameplate-pg-").tempdir().unwrap().keep();
        if running_as_root() {
            assert!(Command::new("chown").arg("postgres").arg(&folder).status().unwrap().success());
        }
        let server = OwnServer { folder, programs };
        server.run("initdb", &["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"]);
        server.begin();
        Some(server)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        assert!(self.try_run(program, arguments), "{program} {arguments:?}");
    }

    fn try_run(&self, program: &str, arguments: &[&str]) -> bool {
        let mut command = if running_as_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
            command.arg(self.programs.join(program));
            command
        } else {
            Command::new(self.programs.join(program))
        };
        let status =
            command.current_dir(&self.folder).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    fn begin(&self) {
        let options = format!("-k {} -h '' -c fsync=off", self.folder.display());
        self.run("pg_ctl", &["-D", "data", "-w", "-l", "server.log", "-o", &options, "start"]);
    }

    /// As a power failure leaves it.
    fn kill(&self) {
        self.run("pg_ctl", &["-D", "data", "-m", "immediate", "-w", "stop"]);
    }

    fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.folder.display())
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // A test that failed may leave it stopped.
        self.try_run("pg_ctl", &["-D", "data", "-m", "immediate", "-w", "stop"]);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Does something once, in the middle of a piece of work.
struct InTheMiddle<F: Fn() + Sync> {
    stage: &'static str,
    is_there: AtomicBool,
    is_done: AtomicBool,
    act: F,
}

impl<F: Fn() + Sync> InTheMiddle<F> {
    fn of(stage: &'static str, act: F) -> Self {
        InTheMiddle { stage, is_there: AtomicBool::new(false), is_done: AtomicBool::new(false), act }
    }

    fn was_done(&self) -> bool {
        self.is_done.load(Ordering::SeqCst)
    }
}

impl<F: Fn() + Sync> Progress for InTheMiddle<F> {
    fn begin(&self, stage: &str, _total: Option<u64>) {
        self.is_there.store(stage == self.stage, Ordering::SeqCst);
    }

    fn advance(&self, _by: u64) {
        if self.is_there.load(Ordering::SeqCst) && !self.is_done.swap(true, Ordering::SeqCst) {
            (self.act)();
        }
    }

    fn end(&self) {}
}

const IMPORTING: &str = "Importing devices";
const MATCHING: &str = "Matching nameplates";

async fn rescan_when_free(db: &Db) {
    // The run that failed could not say that it ended; its silence says so.
    let deadline = Instant::now() + Duration::from_secs(100);
    loop {
        match rescan(db, Trigger::Manual, &Silent).await {
            Ok(_) => return,
            Err(RescanError::Busy { .. }) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// What a run over this database comes to, to compare with.
async fn standing(db: &Db) -> (u64, u64) {
    (asset::count_assets(db).await.unwrap(), exposure::count_open_exposures(db).await.unwrap())
}

/// An import and a rescan are cut in the middle by `cut`; `mend` brings the server back. Then both are done by the same
/// open database, and give what they give elsewhere.
async fn cut_and_mended(db: &Db, cut: impl Fn() + Sync, mend: impl Fn()) {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("fleet.csv");
    fleet(&list, 12_000);
    load_sample_plant(db).await.unwrap();
    let before = standing(db).await;
    let request = ImportRequest { path: list, ..ImportRequest::default() };

    let importing = InTheMiddle::of(IMPORTING, &cut);
    let began = Instant::now();
    let error = import_inventory(db, &request, &importing).await.err().map(|error| error.to_string());
    assert!(importing.was_done(), "the import ended before it was cut");
    let error = error.expect("the import was cut");
    assert!(error.contains("cannot use the database"), "{error}");
    assert!(error.contains("server") || error.contains("connection"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(90), "{:?}", began.elapsed());
    mend();
    assert_eq!(standing(db).await, before, "nothing of it is kept, and the database answers again by itself");
    import_inventory(db, &request, &Silent).await.unwrap();

    let matching = InTheMiddle::of(MATCHING, &cut);
    let cut_run = rescan(db, Trigger::Manual, &matching).await;
    assert!(matching.was_done(), "the rescan ended before it was cut");
    mend();
    // A run whose connections broke while none was in use saves all the same; one that failed saved nothing.
    if let Err(error) = cut_run {
        let error = error.to_string();
        assert!(error.contains("cannot use the database"), "{error}");
        assert_eq!(standing(db).await.1, before.1, "{error}");
    }
    rescan_when_free(db).await;
    let after = standing(db).await;
    assert_eq!(after.0, before.0 + 12_000);

    let elsewhere = TempDir::new().unwrap();
    let clean = Db::open(&format!("sqlite://{}", elsewhere.path().join("clean.db").display())).await.unwrap();
    load_sample_plant(&clean).await.unwrap();
    import_inventory(&clean, &request, &Silent).await.unwrap();
    rescan(&clean, Trigger::Manual, &Silent).await.unwrap();
    assert_eq!(standing(&clean).await, after, "as if nothing had happened");
    assert!(after.1 > before.1, "{before:?} {after:?}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_server_that_goes_and_comes_back_loses_nothing_and_needs_no_hand() {
    let Some(server) = OwnServer::start() else { return };
    runtime().block_on(async {
        let db = Db::open(&server.url()).await.unwrap();
        cut_and_mended(&db, || server.kill(), || server.begin()).await;

        // A server of pages says so while it is away, and goes on when it is back.
        let listener = web::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let folder = TempDir::new().unwrap();
        let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
        let state = AppState::new(db.clone(), config, Timestamp::now());
        tokio::spawn(web::serve(listener, None, state, std::future::pending()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let get = async |path: &str| {
            let answer = reqwest::get(format!("{address}{path}")).await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        assert_eq!(get("/health").await.0, 200);
        server.kill();
        let began = Instant::now();
        let (status, text) = get("/health").await;
        assert_eq!(status, 503, "{text}");
        assert!(began.elapsed() < Duration::from_secs(10), "a probe is answered in time: {:?}", began.elapsed());
        let (status, page) = get("/assets").await;
        assert!((500..600).contains(&status), "{status} {page}");
        assert!(!page.contains("nameplate-pg-"), "a page names no folder of the server: {page}");
        server.begin();
        assert_eq!(get("/health").await.0, 200);
        assert_eq!(get("/assets").await.0, 200);
    });
}

/// Ends all connections of a database, as a server does that hands over to another one.
fn end_connections(url: &str) {
    let url = url.to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let others = "select pg_terminate_backend(pid) from pg_stat_activity \
            where datname = current_database() and pid <> pg_backend_pid()";
        runtime.block_on(on_server(&url, others));
    })
    .join()
    .unwrap();
}

#[test]
fn connections_that_a_fail_over_ends_are_made_again() {
    run(Engine::Postgresql, async |database| {
        let db = Db::open(&database.url).await.unwrap();
        cut_and_mended(&db, || end_connections(&database.url), || ()).await;
        db.close().await;
    });
}

#[test]
fn a_damaged_file_is_named_with_the_way_back() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("nameplate.db");
    let url = format!("sqlite://{}", file.display());
    let samples = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (advisories, list) = (samples.join("sample_advisories"), samples.join("sample_inventories/riverside.xlsx"));
    ok(folder.path(), &url, &["advisory", "add", advisories.to_str().unwrap()]);
    ok(folder.path(), &url, &["import", list.to_str().unwrap()]);
    ok(folder.path(), &url, &["rescan"]);
    ok(folder.path(), &url, &["backup", "copy.db"]);
    let listed = ok(folder.path(), &url, &["import", "list"]);

    let mut damaged = fs::OpenOptions::new().write(true).open(&file).unwrap();
    let n_pages = fs::metadata(&file).unwrap().len() / 4096;
    assert!(n_pages > 60, "{n_pages}");
    // What stands in front stays readable, so that the file still opens.
    for page in (20..n_pages).step_by(2) {
        damaged.seek(SeekFrom::Start(page * 4096)).unwrap();
        damaged.write_all(&[0xa5; 4096]).unwrap();
    }
    drop(damaged);

    for command in [&["doctor"][..], &["rescan"], &["backup", "second.db"]] {
        let said = fails(folder.path(), &url, command);
        assert!(said.contains("damaged"), "{command:?}: {said}");
    }
    let said = fails(folder.path(), &url, &["doctor"]);
    assert!(said.contains("hint: ") && said.contains("nameplate restore"), "{said}");

    ok(folder.path(), &url, &["restore", "copy.db", "--replace"]);
    assert_eq!(ok(folder.path(), &url, &["import", "list"]), listed);
    ok(folder.path(), &url, &["rescan"]);
    assert!(!String::from_utf8_lossy(&nameplate(folder.path(), &url, &["doctor"]).stdout).contains("damaged"));
}

/// Holds the way to write for some time, as a disk does that takes its time.
async fn hold_writers(database: &TestDatabase, seconds: u64) {
    let pause = Duration::from_secs(seconds);
    match database.engine {
        Engine::Sqlite => {
            let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
            sqlx::raw_sql("begin immediate").execute(&mut connection).await.unwrap();
            tokio::time::sleep(pause).await;
            sqlx::raw_sql("rollback").execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Engine::Postgresql => {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            let statement = "begin; lock table asset, inventory, setting in exclusive mode";
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
            tokio::time::sleep(pause).await;
            sqlx::raw_sql("rollback").execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

async fn a_slow_disk_delays_writers_and_no_reader(database: &TestDatabase) {
    const HELD: u64 = 6;
    let db = Db::open(&database.url).await.unwrap();
    load_sample_plant(&db).await.unwrap();
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("fleet.csv");
    fleet(&list, 50);
    let listener = web::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
    let state = AppState::new(db.clone(), config, Timestamp::now());
    tokio::spawn(web::serve(listener, None, state, std::future::pending()));
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Once before, so that what is made once does not count.
    reqwest::get(format!("{address}/assets")).await.unwrap();

    let began = Instant::now();
    let request = ImportRequest { path: list, ..ImportRequest::default() };
    let hold = hold_writers(database, HELD);
    let read = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for path in ["/", "/assets", "/exposures", "/sites", "/health"] {
            let answer = reqwest::get(format!("{address}{path}")).await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.bytes().await.unwrap();
        }
        began.elapsed()
    };
    let write = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        import_inventory(&db, &request, &Silent).await.unwrap();
        began.elapsed()
    };
    let ((), read, write) = tokio::join!(hold, read, write);
    assert!(write >= Duration::from_secs(HELD), "the import waited for its turn: {write:?}");
    assert!(read < write, "pages wait for no writer: {read:?} {write:?}");
}
