//! The rules of `migrations/README.md`, checked on the schema that the migrations make.

// Shared with the tests in `it`, which use more of it.
#[allow(dead_code)]
#[path = "it/database.rs"]
mod database;

use std::collections::BTreeSet;

use database::{Engine, TestDatabase, on_both};
use nameplate::store::Db;

on_both!(names_are_lower_case_and_fit_every_database);

async fn names_are_lower_case_and_fit_every_database(database: &TestDatabase) {
    Db::open(&database.url).await.unwrap().close().await;
    let names = match database.engine {
        Engine::Sqlite => "select name from sqlite_master where name not like 'sqlite_%'",
        Engine::Postgresql => {
            "select relname::text from pg_class where relnamespace = 'public'::regnamespace \
             union select attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid \
             where c.relnamespace = 'public'::regnamespace and attnum > 0"
        }
    };
    let names = database.texts(names).await;
    assert!(names.len() > 30, "{names:?}");
    let wrong: Vec<&String> = names
        .iter()
        // PostgreSQL cuts names at 63 bytes, without a word.
        .filter(|name| {
            name.len() > 60 || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Runs a question about the catalogue of PostgreSQL, whose answers are what breaks a rule.
fn nothing_breaks(rule: &str, question: &str) {
    database::run(Engine::Postgresql, async |database| {
        Db::open(&database.url).await.unwrap().close().await;
        let wrong = database.texts(question).await;
        assert!(wrong.is_empty(), "{rule}: {wrong:?}");
    });
}

#[test]
fn every_foreign_key_is_indexed() {
    nothing_breaks(
        "foreign keys without an index that begins with their column",
        "select c.conname::text from pg_constraint c \
         where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists ( \
            select 1 from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])",
    );
}

#[test]
fn every_constraint_is_named_after_its_table() {
    nothing_breaks(
        "constraints without a name of ours",
        "select c.conname::text from pg_constraint c join pg_class t on t.oid = c.conrelid \
         where c.connamespace = 'public'::regnamespace and t.relname <> 'migration' \
            and (c.conname not like t.relname || '\\_%' or c.conname ~ '_(key|check|fkey|check[0-9]+)$')",
    );
}

#[test]
fn every_foreign_key_is_called_after_what_it_refers_to() {
    nothing_breaks(
        "foreign keys whose column does not end in the key of the table",
        "select c.conname::text from pg_constraint c \
         join pg_class there on there.oid = c.confrelid \
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] \
         where c.contype = 'f' and a.attname not like '%' || there.relname || '\\_id'",
    );
}

#[test]
fn every_text_sorts_by_its_bytes() {
    nothing_breaks(
        "texts without the collation C",
        "select table_name || '.' || column_name from information_schema.columns \
         where table_schema = 'public' and table_name <> 'migration' and data_type = 'text' \
            and collation_name is distinct from 'C'",
    );
}

#[test]
fn every_type_is_one_that_both_databases_have() {
    nothing_breaks(
        "columns of another type",
        "select table_name || '.' || column_name from information_schema.columns \
         where table_schema = 'public' and data_type not in ('text', 'bigint', 'boolean', 'bytea')",
    );
}

#[test]
fn no_text_from_outside_is_in_an_index() {
    // Words of the program, its times, digests, hexadecimal digests and checked CVEs. All others can be of any length.
    nothing_breaks(
        "indexes on texts of any length",
        "select i.indexrelid::regclass::text from pg_index i \
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey::int2[]) \
         join pg_class t on t.oid = i.indrelid \
         where t.relnamespace = 'public'::regnamespace and a.atttypid = 'text'::regtype \
            and a.attname not like '%\\_digest' and a.attname not in ('sha256', 'cve', 'since', 'until') \
            and a.attname not like '%\\_at' \
            and t.relname not in ('lease', 'setting')",
    );
}

#[test]
fn tables_are_in_the_singular() {
    nothing_breaks(
        "tables whose name ends in s",
        "select tablename::text from pg_tables where schemaname = 'public' and tablename like '%s'",
    );
}

#[test]
fn periods_have_a_start_and_an_end() {
    nothing_breaks(
        "tables with since but no until",
        "select table_name::text from information_schema.columns where table_schema = 'public' \
            and column_name in ('since', 'until') group by table_name having count(*) <> 2",
    );
}

/// The words of each migration that are types, constraints or tokens must be the same on both, so one text must make
/// the same tables. Compared by name, because SQLite knows no types.
#[test]
fn both_databases_get_the_same_tables_columns_and_indexes() {
    let mut schemas: Vec<BTreeSet<String>> = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgresql] {
        let question = match engine {
            Engine::Sqlite => {
                "select m.name || '.' || c.name from sqlite_master m join pragma_table_info(m.name) c \
                 where m.type = 'table' \
                 union select 'index ' || name from sqlite_master where type = 'index' and name not like 'sqlite_%'"
            }
            Engine::Postgresql => {
                "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public' \
                 union select 'index ' || indexname from pg_indexes where schemaname = 'public' \
                    and indexname not in (select conname from pg_constraint)"
            }
        };
        let mut found = Vec::new();
        database::run(engine, async |database| {
            Db::open(&database.url).await.unwrap().close().await;
            found = database.texts(question).await;
        });
        if !found.is_empty() {
            schemas.push(found.into_iter().collect());
        }
    }
    if let [sqlite, postgresql] = schemas.as_slice() {
        let different: Vec<&String> = sqlite.symmetric_difference(postgresql).collect();
        assert!(different.is_empty(), "{different:?}");
    }
}
