//! The migrations of the folder `migrations/`, built into the program and run when a database is opened.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::error::StoreError;
use super::text::{digest, time};
use super::{Alone, Db};

/// A migration by the name of its file, with its text built in.
macro_rules! migration {
    ($name:literal) => {
        ($name, include_str!(concat!("../../migrations/", $name, ".sql")))
    };
}

/// All migrations in order; the number in front of a name is the key under which it is remembered as applied.
const MIGRATIONS: &[(&str, &str)] = &[
    migration!("0001_assets"),
    migration!("0002_advisories"),
    migration!("0003_exposures"),
    migration!("0004_housekeeping"),
    migration!("0005_columns"),
    migration!("0006_knowledge"),
    migration!("0010_sources"),
    migration!("0011_trust"),
    migration!("0013_documents"),
    migration!("0014_closed_because"),
    migration!("0016_listing"),
    migration!("0020_triage"),
    migration!("0021_review"),
    migration!("0023_jobs"),
    migration!("0024_import_drafts"),
    migration!("0026_plans"),
    migration!("0030_nightly"),
    migration!("0031_alerts"),
    migration!("0032_scheduled_reports"),
    migration!("0035_accounts"),
    migration!("0040_zone"),
    migration!("0041_speed"),
    migration!("0045_report_files"),
    migration!("0046_document_tries"),
    migration!("0048_append_only"),
    migration!("0053_lists"),
    migration!("0054_asset_search"),
    migration!("0055_schema_check"),
    migration!("0056_search_words_and_questions"),
    migration!("0057_inventory_sites"),
    migration!("0065_schedule_filter"),
];

/// The number in front of the name of a migration.
fn number(name: &str) -> i64 {
    name.split('_').next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

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
    for (name, text) in missing(db, &applied)? {
        let statements = in_dialect(db, text);
        on!(tx &mut tx, c => sqlx::raw_sql(AssertSqlSafe(statements)).execute(c).await.map(drop)).map_err(|e| {
            StoreError::Open { database: db.name().to_owned(), problem: format!("migration `{name}`: {e}") }
        })?;
        sql!(tx &mut tx, exec (),
            "insert into migration (migration_id, name, sha256, applied_at, program_version) values ($1, $2, $3, $4, $5)",
            number(name), name, sha256(text), time(Timestamp::now()), env!("CARGO_PKG_VERSION"))?;
    }
    tx.commit().await
}

/// A migration as this database reads it.
fn in_dialect(db: &Db, text: &str) -> String {
    let mut statements = text.to_owned();
    for (token, word) in db.tokens() {
        statements = statements.replace(token, word);
    }
    while let Some((before, rest)) = statements.split_once("{{append_only ")
        && let Some((table, after)) = rest.split_once("}}")
    {
        statements = format!("{before}{}{after}", db.append_only(table));
    }
    statements
}

/// The migrations that are not applied, in order.
fn missing(db: &Db, applied: &[Applied]) -> Result<Vec<(&'static str, &'static str)>, StoreError> {
    let applied: BTreeMap<i64, &str> = applied.iter().map(|a| (a.migration_id, a.sha256.as_str())).collect();
    let known = MIGRATIONS.last().map_or(0, |(name, _)| number(name));
    if let Some((&found, _)) = applied.last_key_value().filter(|(id, _)| **id > known) {
        return Err(StoreError::Newer { database: db.name().to_owned(), known, found });
    }
    let mut missing = Vec::new();
    for (name, text) in MIGRATIONS {
        match applied.get(&number(name)) {
            None => missing.push((*name, *text)),
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
    fn migrations_have_rising_numbers_and_say_why() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
            .collect();
        files.sort();
        let built_in: Vec<&str> = MIGRATIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(built_in, files);
        assert!(MIGRATIONS.windows(2).all(|pair| number(pair[0].0) < number(pair[1].0)), "{built_in:?}");
        for (name, text) in MIGRATIONS {
            assert!(number(name) > 0, "{name} does not begin with a number");
            assert!(text.starts_with("-- "), "{name} does not begin with its reason");
        }
    }
}
