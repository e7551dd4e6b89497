//! Opening a database and bringing its schema up to date.

use nameplate::store::{Db, StoreError};

use crate::database::{TestDatabase, on_both};

on_both!(
    migrating_twice_changes_nothing,
    several_at_once_migrate_once,
    a_database_of_a_newer_program_is_refused_and_left_alone,
    a_migration_that_was_edited_is_refused,
    a_gap_in_the_migrations_is_filled,
    texts_sort_by_their_bytes,
);

/// The numbers of the migrations of the folder, which are built into the program.
fn migrations() -> Vec<i64> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter_map(|name| name.to_str()?.strip_suffix(".sql")?.split('_').next()?.parse().ok()).collect()
}

fn n_migrations() -> i64 {
    migrations().len() as i64
}

fn newest_migration() -> i64 {
    migrations().into_iter().max().unwrap()
}

async fn migrating_twice_changes_nothing(database: &TestDatabase) {
    Db::open(&database.url).await.unwrap().close().await;
    let first =
        (database.n_rows().await, database.texts("select applied_at from migration order by migration_id").await);
    assert!(first.0.contains(&format!("migration {}", n_migrations())), "{first:?}");
    Db::open(&database.url).await.unwrap().close().await;
    let second =
        (database.n_rows().await, database.texts("select applied_at from migration order by migration_id").await);
    assert_eq!(first, second);
}

async fn several_at_once_migrate_once(database: &TestDatabase) {
    let (a, b, c) = tokio::join!(Db::open(&database.url), Db::open(&database.url), Db::open(&database.url));
    for db in [a, b, c] {
        db.unwrap().close().await;
    }
    assert_eq!(database.texts("select cast(count(*) as text) from migration").await, [n_migrations().to_string()]);
}

async fn a_database_of_a_newer_program_is_refused_and_left_alone(database: &TestDatabase) {
    Db::open(&database.url).await.unwrap().close().await;
    database
        .execute("insert into migration values (99, '0099_future', 'x', '2030-01-01T00:00:00.000Z', '9.0.0')")
        .await;
    let error = Db::open(&database.url).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { known, found: 99, .. } if known == newest_migration()), "{error}");
    assert!(error.to_string().contains("hint: a newer version of nameplate"), "{error}");
    assert_eq!(
        database.texts("select cast(count(*) as text) from migration").await,
        [(n_migrations() + 1).to_string()]
    );
}

async fn a_migration_that_was_edited_is_refused(database: &TestDatabase) {
    Db::open(&database.url).await.unwrap().close().await;
    database.execute("update migration set sha256 = 'edited' where migration_id = 2").await;
    let error = Db::open(&database.url).await.unwrap_err();
    assert!(matches!(&error, StoreError::Rewritten { name, .. } if name == "0002_advisories"), "{error}");
}

async fn a_gap_in_the_migrations_is_filled(database: &TestDatabase) {
    Db::open(&database.url).await.unwrap().close().await;
    database.execute("drop table lease; drop table setting; delete from migration where migration_id = 4").await;
    Db::open(&database.url).await.unwrap().close().await;
    assert!(database.n_rows().await.contains(&"setting 0".to_owned()));
}

async fn texts_sort_by_their_bytes(database: &TestDatabase) {
    Db::open(&database.url).await.unwrap().close().await;
    for (n, name) in ["a", "B", "Ä", "主変電所", "b", "A"].iter().enumerate() {
        database.execute(&format!("insert into site (name_digest, name) values ('{n}', '{name}')")).await;
    }
    assert_eq!(database.texts("select name from site order by name").await, ["A", "B", "a", "b", "Ä", "主変電所"]);
}

/// The message of a URL that cannot be opened.
fn problem(url: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(Db::open(url)).unwrap_err();
    format!("{error}\n{error:?}")
}

#[test]
fn a_password_is_never_shown() {
    for url in [
        "postgres://anna:geheim@127.0.0.1:1/plant",
        "postgres://anna:ge/heim@127.0.0.1:1/plant",
        "postgres://anna:geheim@127.0.0.1:notaport/plant",
        "postgres://127.0.0.1:1/plant?user=anna&password=geheim",
        "postgres://anna:geheim@127.0.0.1:1/plant?sslmode=geheim",
        "mysql://anna:geheim@127.0.0.1/plant",
    ] {
        let problem = problem(url);
        assert!(!problem.contains("heim"), "{url}: {problem}");
        assert!(problem.starts_with("cannot open the database"), "{url}: {problem}");
    }
}

#[test]
fn a_url_of_another_kind_is_refused_with_the_known_ones() {
    for url in ["mysql://localhost/x", "nameplate.db", ""] {
        let problem = problem(url);
        assert!(problem.contains("`sqlite://` or `postgres://`"), "{problem}");
    }
    assert!(problem("sqlite://").contains("the path of a file"));
    assert!(problem("sqlite::memory:").contains("the path of a file"));
    assert!(problem("sqlite://x.db?mode=rwc").contains("without options"));
}

#[test]
fn a_file_of_another_kind_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plant.xlsx");
    let text = "not a database, but long enough to be taken for one. ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    let problem = problem(&format!("sqlite://{}", path.display()));
    assert!(problem.contains("expected a SQLite database, found a file of another kind"), "{problem}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[cfg(unix)]
#[test]
fn a_new_file_and_its_folder_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("data/Süd 100% #1");
    let url = format!("sqlite://{}/nameplate.db", below.display());
    runtime.block_on(async {
        let db = Db::open(&url).await.unwrap();
        for name in ["nameplate.db", "nameplate.db-wal", "nameplate.db-shm"] {
            let mode = std::fs::metadata(below.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        db.close().await;
    });
    assert_eq!(std::fs::metadata(&below).unwrap().permissions().mode() & 0o777, 0o700);
}
