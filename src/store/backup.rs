//! Copies of a SQLite database while it is in use, and a look into such a copy.

use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::error::{StoreError, in_words};
use super::text::{read_count, read_time_if_any, time};
use super::{Db, Pool};

/// What stands in a database file that was looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub n_assets: u64,
    pub n_advisories: u64,
    pub n_exposures: u64,
    pub last_rescan_at: Option<Timestamp>,
    /// The highest number of the migrations that were applied.
    pub schema: i64,
}

/// Copies the database into a new file, as it is at this moment, while others read and write. False when the database
/// is none that is kept in a file.
///
/// # Errors
///
/// The file is there already, or cannot be written.
pub async fn copy_to(db: &Db, path: &Path) -> Result<bool, StoreError> {
    let Pool::Lite(pool) = &db.pool else { return Ok(false) };
    sqlx::query("vacuum into $1").bind(path.to_string_lossy().into_owned()).execute(pool).await?;
    Ok(true)
}

/// Reads a database file from end to end and says what stands in it; nothing is changed.
///
/// # Errors
///
/// It is no database, is damaged, or is none of this program.
pub async fn check_file(path: &Path) -> Result<Checked, StoreError> {
    let name = format!("`{}`", path.display());
    let failed = |problem: String| StoreError::Open { database: name.clone(), problem };
    let options = SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
    let mut connection: SqliteConnection = options.connect().await.map_err(|e| failed(in_words(&e)))?;
    let found: Vec<String> = sqlx::query_scalar("pragma integrity_check(5)")
        .fetch_all(&mut connection)
        .await
        .map_err(|e| failed(in_words(&e)))?;
    if found != ["ok"] {
        return Err(failed(format!("the file is damaged: {}", found.join("; "))));
    }
    let is_ours: i64 =
        sqlx::query_scalar("select count(*) from sqlite_master where type = 'table' and name = 'migration'")
            .fetch_one(&mut connection)
            .await?;
    if is_ours == 0 {
        return Err(failed("expected a database of nameplate, found another one".to_owned()));
    }
    let (n_assets, n_advisories, n_exposures, last, schema): (i64, i64, i64, Option<String>, i64) = sqlx::query_as(
        "select (select count(*) from asset), (select count(*) from advisory), (select count(*) from exposure), \
            (select max(finished_at) from rescan where error is null), \
            (select coalesce(max(migration_id), 0) from migration)",
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    Ok(Checked {
        n_assets: read_count(n_assets),
        n_advisories: read_count(n_advisories),
        n_exposures: read_count(n_exposures),
        last_rescan_at: read_time_if_any("rescan.finished_at", last.as_deref())?,
        schema,
    })
}

/// Looks at every page of a SQLite database while it is in use; gives what is damaged, at most five places. Always none
/// on PostgreSQL, which checks its pages as it reads them.
///
/// # Errors
///
/// The database fails, which a damaged one may do as well.
pub async fn list_damage(db: &Db) -> Result<Vec<String>, StoreError> {
    let Pool::Lite(pool) = &db.pool else { return Ok(Vec::new()) };
    let mut found: Vec<String> = sqlx::query_scalar("pragma quick_check(5)").fetch_all(pool).await?;
    found.retain(|line| line != "ok");
    Ok(found)
}

/// Removes nightly runs with their steps that began before this moment. Gives their number.
///
/// # Errors
///
/// The database fails.
pub async fn delete_nightly_runs_before(db: &Db, before: Timestamp) -> Result<u64, StoreError> {
    let mut tx = db.begin(super::Alone::Nightly).await?;
    // The latest one stays: it says which slot was served last.
    let latest = sql!(tx &mut tx, val Option<i64>, "select max(nightly_run_id) from nightly_run")?.unwrap_or(0);
    sql!(tx &mut tx, exec (),
        "delete from nightly_step where nightly_run_id in ( \
            select nightly_run_id from nightly_run where started_at < $1 and nightly_run_id < $2)",
        time(before), latest)?;
    let n = sql!(tx &mut tx, exec (), "delete from nightly_run where started_at < $1 and nightly_run_id < $2",
        time(before), latest)?;
    tx.commit().await?;
    Ok(n)
}

/// The newest moment that the database holds of its own work; a clock that is behind it was put back.
///
/// # Errors
///
/// The database fails.
pub async fn find_newest_moment(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    let newest = sql!(db, val Option<String>,
        "select max(at) from (select max(finished_at) as at from rescan union all select max(started_at) from nightly_run \
         union all select max(added_at) from advisory_revision) moments")?;
    read_time_if_any("rescan.finished_at", newest.as_deref())
}

/// Bytes that the database takes where it is kept.
///
/// # Errors
///
/// The database fails.
pub async fn find_size_bytes(db: &Db) -> Result<u64, StoreError> {
    let n: i64 = match &db.pool {
        Pool::Lite(pool) => {
            sqlx::query_scalar("select page_count * page_size from pragma_page_count(), pragma_page_size()")
                .fetch_one(pool)
                .await?
        }
        Pool::Pg(pool) => sqlx::query_scalar("select pg_database_size(current_database())").fetch_one(pool).await?,
    };
    Ok(read_count(n))
}
