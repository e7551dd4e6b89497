//! A database of its own for every test, on SQLite and on PostgreSQL.
//!
//! PostgreSQL is the server of `NAMEPLATE_TEST_POSTGRES` (a URL whose user may create databases), else one that is
//! started here from the server programs of the machine and stopped with the test process. Without either, the
//! PostgreSQL tests say that they are skipped; with `NAMEPLATE_REQUIRE_POSTGRES=1` they fail instead.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgresql,
}

/// An empty database that goes away with this value.
pub struct TestDatabase {
    pub engine: Engine,
    pub url: String,
    /// The folder of the SQLite file.
    _folder: Option<tempfile::TempDir>,
}

/// Makes two tests of each of these functions, `<name>::sqlite` and `<name>::postgresql`. A function that is left out
/// of the list is dead code, which the lints refuse.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        $(mod $name {
            #[test]
            fn sqlite() {
                $crate::database::run($crate::database::Engine::Sqlite, async |database| super::$name(database).await);
            }

            #[test]
            fn postgresql() {
                $crate::database::run($crate::database::Engine::Postgresql, async |database| {
                    super::$name(database).await
                });
            }
        })*
    };
}
pub(crate) use on_both;

/// Runs a test on an empty database, or says that it is skipped.
pub fn run(engine: Engine, body: impl AsyncFnOnce(&TestDatabase)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let Some(database) = TestDatabase::new(engine).await else { return };
        body(&database).await;
        database.remove().await;
    });
}

impl TestDatabase {
    /// `None` when the machine has no PostgreSQL and none is demanded.
    pub async fn new(engine: Engine) -> Option<TestDatabase> {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", folder.path().join("nameplate.db").display());
                Some(TestDatabase { engine, url, _folder: Some(folder) })
            }
            Engine::Postgresql => {
                let Some(server) = SERVER.as_ref() else {
                    assert!(
                        std::env::var_os("NAMEPLATE_REQUIRE_POSTGRES").is_none_or(|value| value != "1"),
                        "NAMEPLATE_REQUIRE_POSTGRES is 1, but no PostgreSQL server programs were found"
                    );
                    eprintln!("SKIPPED on PostgreSQL: no server programs found and NAMEPLATE_TEST_POSTGRES is not set");
                    return None;
                };
                static NEXT: AtomicU32 = AtomicU32::new(0);
                let name = format!("nameplate_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                execute(&server.url_of("postgres"), &format!("create database {name}")).await;
                Some(TestDatabase { engine, url: server.url_of(&name), _folder: None })
            }
        }
    }

    /// Runs a statement past the store.
    pub async fn execute(&self, statement: &str) {
        match self.engine {
            Engine::Postgresql => execute(&self.url, statement).await,
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Runs a statement past the store that the database may refuse; gives what it says then.
    pub async fn try_execute(&self, statement: &str) -> Result<(), String> {
        let statement = AssertSqlSafe(statement.to_owned());
        match self.engine {
            Engine::Postgresql => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                let done = sqlx::raw_sql(statement).execute(&mut connection).await;
                connection.close().await.unwrap();
                done.map(drop).map_err(|e| e.to_string())
            }
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                let done = sqlx::raw_sql(statement).execute(&mut connection).await;
                connection.close().await.unwrap();
                done.map(drop).map_err(|e| e.to_string())
            }
        }
    }

    /// The texts of the first column of a question put past the store.
    pub async fn texts(&self, question: &str) -> Vec<String> {
        let question = AssertSqlSafe(question.to_owned());
        match self.engine {
            Engine::Postgresql => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                let texts = sqlx::query_scalar(question).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                texts
            }
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                let texts = sqlx::query_scalar(question).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                texts
            }
        }
    }

    /// The rows of every table of the schema, as `table n`, by table.
    pub async fn n_rows(&self) -> Vec<String> {
        let tables = match self.engine {
            Engine::Postgresql => "select tablename::text from pg_tables where schemaname = 'public' order by 1",
            Engine::Sqlite => "select name from sqlite_master where type = 'table' order by 1",
        };
        let mut counts = Vec::new();
        for table in self.texts(tables).await {
            let question = format!("select '{table} ' || cast(count(*) as text) from {table}");
            counts.extend(self.texts(&question).await);
        }
        counts
    }

    pub async fn remove(self) {
        if let (Engine::Postgresql, Some(server)) = (self.engine, SERVER.as_ref()) {
            let name = server.name_in(&self.url);
            execute(&server.url_of("postgres"), &format!("drop database if exists {name} with (force)")).await;
        }
    }
}

async fn execute(url: &str, statement: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The PostgreSQL server of this test process.
struct Server {
    /// What stands before and after the name of a database in its URL.
    before: String,
    after: String,
}

static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| match std::env::var("NAMEPLATE_TEST_POSTGRES") {
    Ok(url) => Some(Server::of_url(&url)),
    Err(_) => Server::start(),
});

impl Server {
    /// A running server: `postgres://user:password@host:5432/any?options`.
    fn of_url(url: &str) -> Server {
        let (rest, options) = url.split_once('?').map_or((url, String::new()), |(rest, o)| (rest, format!("?{o}")));
        let start = rest.find("://").map_or(0, |at| at + 3);
        let end = rest[start..].find('/').map_or(rest.len(), |at| start + at);
        Server { before: format!("{}/", &rest[..end]), after: options }
    }

    fn url_of(&self, database: &str) -> String {
        format!("{}{database}{}", self.before, self.after)
    }

    fn name_in<'a>(&self, url: &'a str) -> &'a str {
        url.strip_prefix(&self.before).and_then(|rest| rest.strip_suffix(&self.after)).unwrap()
    }

    /// Starts a server in a folder of its own that only answers on a socket in it. A shell keeps watch on a pipe: when
    /// this process ends, however it ends, the pipe closes, and the shell stops the server and removes the folder.
    fn start() -> Option<Server> {
        let programs = server_programs()?;
        let folder = tempfile::Builder::new().prefix("nameplate-pg-").tempdir().unwrap().keep();
        // The server refuses to run as root.
        let user = if running_as_root() { Some("postgres") } else { None };
        if let Some(user) = user {
            let owner = Command::new("chown").arg(user).arg(&folder).status().unwrap();
            assert!(owner.success(), "cannot give {} to the user `{user}`", folder.display());
        }
        // A locale other than C shows whether the order of texts depends on the server.
        let script = r#"
            cd "$FOLDER" || exit 1
            "$PROGRAMS/initdb" -D data -U postgres -A trust -E UTF8 --no-sync --locale=C.UTF-8 \
                --locale-provider=icu --icu-locale=en-US >init.log 2>&1 ||
            { rm -rf data; "$PROGRAMS/initdb" -D data -U postgres -A trust -E UTF8 --no-sync --locale=C >init.log 2>&1; } || exit 1
            "$PROGRAMS/postgres" -D data -k "$FOLDER" -h '' -c fsync=off -c synchronous_commit=off \
                -c full_page_writes=off -c max_connections=300 >server.log 2>&1 &
            server=$!
            cat >/dev/null
            # At once: a statement that still runs would hold up an orderly stop, and nothing here is worth keeping.
            kill -QUIT $server
            wait $server
            cd / && rm -rf "$FOLDER"
        "#;
        let mut command = match user {
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid", user, "--clear-groups", "sh", "-c", script]);
                command
            }
            None => {
                let mut command = Command::new("sh");
                command.args(["-c", script]);
                command
            }
        };
        // A group of its own, so that whoever stops the tests with all their children leaves the watch alive.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .env("FOLDER", &folder)
            .env("PROGRAMS", &programs)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("postgres://postgres@localhost/postgres?host={}", folder.display());
        let server = Server::of_url(&url);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !answers(&folder) {
            if Instant::now() > deadline || child.try_wait().unwrap().is_some() {
                let log = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
                panic!("PostgreSQL did not start:\n{}{}", log("init.log"), log("server.log"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // Held until the process ends; closing it stops the server.
        static WATCH: Mutex<Vec<std::process::Child>> = Mutex::new(Vec::new());
        if let Some(pipe) = child.stdin.as_mut() {
            pipe.flush().unwrap();
        }
        WATCH.lock().unwrap().push(child);
        Some(server)
    }
}

fn answers(folder: &Path) -> bool {
    let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    log.contains("ready to accept connections")
}

pub fn running_as_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"))
}

/// The folder with `initdb` and `postgres`: on the path, else the newest of a Debian machine.
pub fn server_programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    let mut folders: Vec<PathBuf> = on_path;
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    debian.sort();
    folders.extend(debian.into_iter().rev().map(|(_, folder)| folder));
    folders.into_iter().find(|folder| ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file()))
}
