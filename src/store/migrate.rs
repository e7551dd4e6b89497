//! The migrations of the folder `migrations/`, built into the program and run when a database is opened.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::error::StoreError;
use super::text::{digest, time};
use super::{Alone, Db};

/// All migrations in order; the place in this list, counted from 1, is the number in the file's name.
const MIGRATIONS: [(&str, &str); 6] = [
    ("0001_assets", include_str!("../../migrations/0001_assets.sql")),
    ("0002_advisories", include_str!("../../migrations/0002_advisories.sql")),
    ("0003_exposures", include_str!("../../migrations/0003_exposures.sql")),
    ("0004_housekeeping", include_str!("../../migrations/0004_housekeeping.sql")),
    ("0005_columns", include_str!("../../migrations/0005_columns.sql")),
    ("0006_knowledge", include_str!("../../migrations/0006_knowledge.sql")),
];

#[derive(sqlx::FromRow)]
struct Applied {
    migration_id: i64,
    sha256: String,
}

/// Applies what is missing, all of it in one transaction that no other process can run beside.
///
/// # Errors
///
/// The database was written by a newer program, or a migration that was applied reads otherwise here.
pub(super) async fn migrate(db: &Db) -> Result<(), StoreError> {
    // The usual case, a database that is up to date, must not wait for another process that writes.
    if db.has_table("migration").await? {
        let applied = sql!(db, all Applied, "select migration_id, sha256 from migration order by migration_id")?;
        if missing(db, &applied)?.is_empty() {
            return Ok(());
        }
    }
    let mut tx = db.begin(Alone::Migrate).await?;
    sql!(tx &mut tx, exec (), "create table if not exists migration (\
            migration_id bigint not null primary key, \
            name text not null, \
            sha256 text not null, \
            applied_at text not null, \
            program_version text not null)")?;
    let applied = sql!(tx &mut tx, all Applied, "select migration_id, sha256 from migration order by migration_id")?;
    for number in missing(db, &applied)? {
        let (name, text) = MIGRATIONS[number];
        let mut statements = text.to_owned();
        for (token, word) in db.tokens() {
            statements = statements.replace(token, word);
        }
        on!(tx &mut tx, c => sqlx::raw_sql(AssertSqlSafe(statements)).execute(c).await.map(drop)).map_err(|e| {
            StoreError::Open { database: db.name().to_owned(), problem: format!("migration `{name}`: {e}") }
        })?;
        sql!(tx &mut tx, exec (),
            "insert into migration (migration_id, name, sha256, applied_at, program_version) values ($1, $2, $3, $4, $5)",
            number as i64 + 1, name, sha256(text), time(Timestamp::now()), env!("CARGO_PKG_VERSION"))?;
    }
    tx.commit().await
}

/// The places in [`MIGRATIONS`] that are not applied, in order.
fn missing(db: &Db, applied: &[Applied]) -> Result<Vec<usize>, StoreError> {
    let applied: BTreeMap<i64, &str> = applied.iter().map(|a| (a.migration_id, a.sha256.as_str())).collect();
    let known = MIGRATIONS.len() as i64;
    if let Some((&found, _)) = applied.last_key_value().filter(|(id, _)| **id > known) {
        return Err(StoreError::Newer { database: db.name().to_owned(), known, found });
    }
    let mut missing = Vec::new();
    for (number, (name, text)) in MIGRATIONS.iter().enumerate() {
        match applied.get(&(number as i64 + 1)) {
            None => missing.push(number),
            Some(as_applied) if *as_applied == sha256(text) => {}
            Some(_) => {
                return Err(StoreError::Rewritten { database: db.name().to_owned(), name: (*name).to_owned() });
            }
        }
    }
    Ok(missing)
}

/// The digest of a migration; line ends of a Windows checkout do not count.
fn sha256(text: &str) -> String {
    digest(&[text.replace("\r\n", "\n")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_1_without_gap_and_say_why() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
            .collect();
        files.sort();
        let built_in: Vec<&str> = MIGRATIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(built_in, files);
        for (number, (name, text)) in MIGRATIONS.iter().enumerate() {
            assert!(name.starts_with(&format!("{:04}_", number + 1)), "{name}");
            assert!(text.starts_with("-- "), "{name} does not begin with its reason");
        }
    }
}
