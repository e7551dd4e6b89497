//! The only place with SQL. Functions take a [`Db`] and give back domain values: `find_` an `Option`, `list_` a `Vec`
//! in a stated order, `count_` a number; `save_` and `delete_` are one transaction each.
//!
//! This file is the only one that knows SQLite from PostgreSQL. Each statement is written once and compiled for both
//! drivers; see `docs/adr/0001-one-code-base-for-sqlite-and-postgresql.md`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Runs one body on whichever driver is behind a [`Db`], or behind a [`Tx`] when `tx` stands in front.
macro_rules! on {
    (tx $tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::store::Tx::Lite(t) => {
                let $c = &mut **t;
                $body
            }
            $crate::store::Tx::Pg(t) => {
                let $c = &mut **t;
                $body
            }
        }
    };
    ($db:expr, $c:ident => $body:expr) => {
        match &$db.pool {
            $crate::store::Pool::Lite($c) => $body,
            $crate::store::Pool::Pg($c) => $body,
        }
    };
}

/// One statement with its values: `sql!(db, all Row, "select … $1", site_id)`. `all` gives the rows, `opt` at most
/// one row, `val` one value, `exec` the number of rows touched.
macro_rules! sql {
    (@run all $t:ty, $c:ident, $q:expr $(, $b:expr)*) => {
        sqlx::query_as::<_, $t>($q)$(.bind($b))*.fetch_all($c).await
    };
    (@run opt $t:ty, $c:ident, $q:expr $(, $b:expr)*) => {
        sqlx::query_as::<_, $t>($q)$(.bind($b))*.fetch_optional($c).await
    };
    (@run val $t:ty, $c:ident, $q:expr $(, $b:expr)*) => {
        sqlx::query_scalar::<_, $t>($q)$(.bind($b))*.fetch_one($c).await
    };
    (@run exec $t:ty, $c:ident, $q:expr $(, $b:expr)*) => {
        sqlx::query($q)$(.bind($b))*.execute($c).await.map(|done| done.rows_affected())
    };
    (tx $tx:expr, $how:ident $t:ty, $q:expr $(, $b:expr)* $(,)?) => {
        on!(tx $tx, c => sql!(@run $how $t, c, $q $(, $b)*))
    };
    ($db:expr, $how:ident $t:ty, $q:expr $(, $b:expr)* $(,)?) => {
        on!($db, c => sql!(@run $how $t, c, $q $(, $b)*))
    };
}

/// One `insert` of many rows; gives the number of rows touched, or the rows of `returning`. At most [`BATCH`] rows at a time.
///
/// PostgreSQL's `copy` takes as long for so many rows: indexes and checks of foreign keys are what costs (docs/performance.md).
macro_rules! insert {
    ($tx:expr, $head:expr, $rows:expr, |$b:ident, $row:pat_param| $push:expr) => {
        insert!($tx, $head, $rows, |$b, $row| $push, "")
    };
    ($tx:expr, $head:expr, $rows:expr, |$b:ident, $row:pat_param| $push:expr, $tail:expr) => {
        on!(tx $tx, c => {
            let mut query = sqlx::QueryBuilder::new($head);
            query.push(" ");
            query.push_values($rows, |mut $b, $row| { $push; });
            query.push(" ");
            query.push($tail);
            query.build().execute(c).await.map(|done| done.rows_affected())
        })
    };
    ($tx:expr, $head:expr, $rows:expr, |$b:ident, $row:pat_param| $push:expr, $tail:expr, returning $t:ty) => {
        on!(tx $tx, c => {
            let mut query = sqlx::QueryBuilder::new($head);
            query.push(" ");
            query.push_values($rows, |mut $b, $row| { $push; });
            query.push(" ");
            query.push($tail);
            query.build_query_as::<$t>().fetch_all(c).await
        })
    };
}

/// One statement about a list of values, which stands between `head` and `tail` as `(v1, v2, …)`. At most [`BATCH`]
/// values at a time. `exec` gives the number of rows touched, `all` the rows.
///
/// Its plan is made anew each time (`persistent(false)`), here and wherever rows are looked up by a list: PostgreSQL
/// keeps a plan after five executions, and one that was made while the table was empty reads the whole table for each
/// batch of an import. Forbidding kept plans altogether costs more, as it also slows down the checks of foreign keys.
macro_rules! for_list {
    (@build $head:expr, $list:expr, $tail:expr) => {{
        let mut query = sqlx::QueryBuilder::new($head);
        query.push(" (");
        let mut values = query.separated(", ");
        for value in $list {
            values.push_bind(value);
        }
        query.push(") ");
        query.push($tail);
        query
    }};
    (tx $tx:expr, exec, $head:expr, $list:expr, $tail:expr) => {
        on!(tx $tx, c => {
            let mut query = for_list!(@build $head, $list, $tail);
            query.build().persistent(false).execute(c).await.map(|done| done.rows_affected())
        })
    };
    (tx $tx:expr, all $t:ty, $head:expr, $list:expr, $tail:expr) => {
        on!(tx $tx, c => {
            let mut query = for_list!(@build $head, $list, $tail);
            query.build_query_as::<$t>().persistent(false).fetch_all(c).await
        })
    };
    ($db:expr, all $t:ty, $head:expr, $list:expr, $tail:expr) => {
        on!($db, c => {
            let mut query = for_list!(@build $head, $list, $tail);
            query.build_query_as::<$t>().persistent(false).fetch_all(c).await
        })
    };
}

pub mod account;
pub mod advisory;
pub mod advisory_note;
pub mod advisory_search;
pub mod alert;
pub mod alias;
pub mod asset;
pub mod asset_edit;
pub mod asset_past;
pub mod audit;
pub mod backup;
pub mod change;
pub mod column_choice;
pub mod epss;
mod error;
pub mod evidence;
pub mod exposure;
pub mod exposure_page;
mod exposure_row;
pub mod inventory;
pub mod inventory_draft;
pub mod job;
pub mod kev;
pub mod lease;
pub mod listing;
mod migrate;
pub mod nightly;
pub mod outbox;
pub mod plan;
pub mod remediation;
pub mod report_file;
pub mod report_schedule;
pub mod rescan;
pub mod retention;
pub mod review;
mod search_words;
pub mod setting;
pub mod site;
pub mod source;
mod text;
pub mod transfer;
pub mod trend;
pub mod undo;
pub mod variant;

pub use error::StoreError;

/// Rows per statement: the fastest size measured that stays far below the 32,766 values that SQLite allows.
const BATCH: usize = 500;

/// The oldest PostgreSQL that is supported, as `server_version_num`.
const OLDEST_POSTGRESQL: i32 = 150_000;

/// An open database with the schema of this program. Cloning it is cheap; the connections are shared.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    /// What it is called in messages; never holds a password.
    name: String,
}

#[derive(Clone)]
enum Pool {
    Lite(SqlitePool),
    Pg(PgPool),
}

/// A transaction. Dropped without `commit`, it leaves nothing behind.
enum Tx {
    Lite(Transaction<'static, Sqlite>),
    Pg(Transaction<'static, Postgres>),
}

/// What only one transaction may do at a time.
#[derive(Clone, Copy)]
enum Alone {
    Migrate = 1,
    Import = 2,
    Rescan = 3,
    Advisories = 4,
    Job = 5,
    Accounts = 6,
    Plans = 26,
    Listing = 7,
    Nightly = 30,
    Alerts = 31,
}

/// What a connection of SQLite keeps in memory: 32 MiB.
const CACHE: &str = "pragma cache_size = -32768";

/// What it keeps during an import: 256 MiB. Keys of assets come in no order, so their index is written everywhere at
/// once; with less memory than it has pages, each of them is written out and read again thousands of times.
const IMPORT_CACHE: &str = "pragma cache_size = -262144";

/// `nmpl`: keeps our locks on a PostgreSQL server apart from those of other programs.
const LOCK_SPACE: i32 = 0x6e6d_706c;

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({})", self.name)
    }
}

impl Db {
    /// Opens the database of this URL and brings its schema up to date: `sqlite://path`, where everything after the
    /// slashes is the path of a file that is made when it is missing, or `postgres://user:password@host:port/name`.
    ///
    /// # Errors
    ///
    /// The URL is of another kind, the database cannot be reached or is no database, PostgreSQL is older than 15 or
    /// does not keep Unicode, or a newer version of the program has written it. Messages never show the password.
    pub async fn open(url: &str) -> Result<Db, StoreError> {
        let db = if let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            Db::open_sqlite(path).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Db::open_postgresql(url).await?
        } else {
            let scheme = url.split_once(':').map_or("no scheme", |(scheme, _)| scheme);
            return Err(StoreError::Url {
                problem: format!("expected a URL that begins with `sqlite://` or `postgres://`, found `{scheme}`"),
                hint: "for a file write `sqlite://nameplate.db` or `sqlite:///path/to/nameplate.db`".to_owned(),
            });
        };
        migrate::migrate(&db).await?;
        Ok(db)
    }

    /// What the database is called in messages; never holds a password.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the database for an answer.
    ///
    /// # Errors
    ///
    /// It gives none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on!(self, c => sqlx::query("select 1").execute(c).await.map(|_| ()))?;
        Ok(())
    }

    /// Waits until all connections are closed. A SQLite file is then complete without its `-wal` file.
    pub async fn close(&self) {
        on!(self, c => c.close().await);
    }

    async fn open_sqlite(path: &str) -> Result<Db, StoreError> {
        if path.is_empty() || path.starts_with(":memory:") || path.contains('?') {
            return Err(StoreError::Url {
                problem: format!("expected the path of a file after `sqlite://`, found `{path}`"),
                hint: "write `sqlite://nameplate.db` or `sqlite:///path/to/nameplate.db`, without options".to_owned(),
            });
        }
        let path = PathBuf::from(path);
        let name = format!("`{}`", path.display());
        let failed = |problem: String| StoreError::Open { database: name.clone(), problem };
        make_private_file(&path).map_err(|e| failed(e.to_string()))?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL this can lose the last transaction on power failure, but never tear one.
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            // A large import holds the write lock for seconds; waiting is better than failing.
            .busy_timeout(Duration::from_secs(60))
            .pragma("temp_store", "memory");
        let pool = SqlitePoolOptions::new()
            .max_connections(8)
            .after_connect(|connection, _| Box::pin(async { sqlx::raw_sql(CACHE).execute(connection).await.map(drop) }))
            .after_release(|connection, _| {
                Box::pin(async { sqlx::raw_sql(CACHE).execute(connection).await.map(|_| true) })
            })
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(options)
            .await
            .map_err(|e| failed(error::in_words(&e)))?;
        Ok(Db { pool: Pool::Lite(pool), name })
    }

    async fn open_postgresql(url: &str) -> Result<Db, StoreError> {
        // The parser's own message is left out: it may quote a part of the URL.
        let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Url {
            problem: "expected a PostgreSQL URL, found one that cannot be read (not shown, it may hold a password)".to_owned(),
            hint: "write `postgres://user:password@host:5432/name`; in a password, `@` is `%40`, `/` is `%2F`, `#` is `%23`"
                .to_owned(),
        })?;
        let options = options.application_name("nameplate");
        let host = options.get_socket().map_or(options.get_host().to_owned(), |s| s.display().to_string());
        let name = format!("`{}` on `{host}`", options.get_database().unwrap_or(options.get_username()));
        let failed = |problem: String| StoreError::Open { database: name.clone(), problem };
        // A pool would knock for a minute at a server that is not there; one connection tells at once.
        let mut first = tokio::time::timeout(Duration::from_secs(15), options.connect())
            .await
            .map_err(|_| failed("no answer within 15 s".to_owned()))?
            .map_err(|e| failed(error::in_words(&e)))?;
        let (version, encoding): (i32, String) = sqlx::query_as(
            "select cast(current_setting('server_version_num') as integer), current_setting('server_encoding')",
        )
        .fetch_one(&mut first)
        .await?;
        first.close().await?;
        if version < OLDEST_POSTGRESQL {
            return Err(failed(format!("expected PostgreSQL 15 or newer, found {}", version / 10_000)));
        }
        if encoding != "UTF8" {
            return Err(failed(format!("expected the encoding `UTF8`, found `{encoding}`")));
        }
        let pool =
            PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(60)).connect_lazy_with(options);
        Ok(Db { pool: Pool::Pg(pool), name })
    }

    /// Begins a transaction that nothing else of the same kind runs beside.
    ///
    /// SQLite has one writer at a time. `begin immediate` waits for its turn at once; a plain `begin` that reads first
    /// and writes later fails without waiting when another writer came between.
    async fn begin(&self, alone: Alone) -> Result<Tx, StoreError> {
        Ok(match &self.pool {
            Pool::Lite(pool) => {
                let mut tx = pool.begin_with("begin immediate").await?;
                if matches!(alone, Alone::Import) {
                    sqlx::raw_sql(IMPORT_CACHE).execute(&mut *tx).await?;
                }
                Tx::Lite(tx)
            }
            Pool::Pg(pool) => {
                let mut tx = pool.begin().await?;
                sqlx::query("select pg_advisory_xact_lock($1, $2)")
                    .bind(LOCK_SPACE)
                    .bind(alone as i32)
                    .execute(&mut *tx)
                    .await?;
                Tx::Pg(tx)
            }
        })
    }

    /// Begins a transaction that only reads and sees one state of the database throughout.
    async fn begin_read(&self) -> Result<Tx, StoreError> {
        Ok(match &self.pool {
            Pool::Lite(pool) => Tx::Lite(pool.begin().await?),
            Pool::Pg(pool) => Tx::Pg(pool.begin_with("begin isolation level repeatable read, read only").await?),
        })
    }

    /// Whether the schema has this table.
    async fn has_table(&self, table: &str) -> Result<bool, StoreError> {
        let n = match &self.pool {
            Pool::Lite(pool) => {
                sqlx::query_scalar::<_, i64>("select count(*) from sqlite_master where type = 'table' and name = $1")
                    .bind(table)
                    .fetch_one(pool)
                    .await?
            }
            Pool::Pg(pool) => {
                sqlx::query_scalar::<_, i64>(
                    "select count(*) from pg_tables where schemaname = current_schema() and tablename = $1",
                )
                .bind(table)
                .fetch_one(pool)
                .await?
            }
        };
        Ok(n > 0)
    }

    /// The words of a migration that differ: (token, what stands for it here).
    fn tokens(&self) -> [(&'static str, &'static str); 3] {
        match self.pool {
            Pool::Lite(_) => [("{{id}}", "integer not null primary key"), ("{{text}}", "text"), ("{{bytes}}", "blob")],
            // Keys and texts sort by their bytes, as in SQLite and in Rust, whatever the locale of the server.
            Pool::Pg(_) => [
                ("{{id}}", "bigint not null generated by default as identity primary key"),
                ("{{text}}", "text collate \"C\""),
                ("{{bytes}}", "bytea"),
            ],
        }
    }

    /// What makes the database refuse to change or remove rows of a table.
    fn append_only(&self, table: &str) -> String {
        match self.pool {
            Pool::Lite(_) => ["update", "delete"]
                .map(|verb| {
                    format!(
                        "create trigger {table}_no_{verb} before {verb} on {table} \
                         begin select raise(abort, '{table} is only added to'); end;\n"
                    )
                })
                .concat(),
            Pool::Pg(_) => format!(
                "create function {table}_refuse() returns trigger language plpgsql as \
                 $$ begin raise exception '{table} is only added to'; end $$;\n\
                 create trigger {table}_append_only before update or delete or truncate on {table} \
                 for each statement execute function {table}_refuse();\n"
            ),
        }
    }
}

impl Tx {
    /// Tells the planner of PostgreSQL what has become of these tables. Its own housekeeping comes by a minute later,
    /// and until then it plans for tables as small as they were. SQLite looks rows up by index in any case.
    async fn refresh_statistics(&mut self, tables: &[&'static str]) -> Result<(), StoreError> {
        if let Tx::Pg(tx) = self {
            let statement = format!("analyze {}", tables.join(", "));
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut **tx).await?;
        }
        Ok(())
    }

    async fn commit(self) -> Result<(), StoreError> {
        match self {
            Tx::Lite(tx) => tx.commit().await?,
            Tx::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Makes the file, and the folder above it, readable by its owner alone; what is there stays as it is. SQLite gives
/// its `-wal` and `-shm` files the rights of this one.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty() && !f.exists()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
