//! Moving everything from one database to another: nothing is lost, and the other one goes on where this one stopped.

use std::path::Path;
use std::process::{Command, Output};

use crate::database::{Engine, TestDatabase, on_both};

on_both!(everything_is_moved_to_the_other_kind_of_database_and_goes_on_there);

fn run(folder: &Path, url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nameplate"))
        .env_clear()
        .env("NAMEPLATE_DATA_DIR", folder)
        .env("NAMEPLATE_DATABASE", url)
        .args(arguments)
        .output()
        .unwrap()
}

fn ok(folder: &Path, url: &str, arguments: &[&str]) -> String {
    let output = run(folder, url, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn everything_is_moved_to_the_other_kind_of_database_and_goes_on_there(database: &TestDatabase) {
    let other = match database.engine {
        Engine::Sqlite => Engine::Postgresql,
        Engine::Postgresql => Engine::Sqlite,
    };
    let Some(other) = TestDatabase::new(other).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sheet = root.join("sample_inventories/riverside.xlsx");
    let sheet = sheet.to_str().unwrap();
    let advisories = root.join("sample_advisories");
    ok(folder, &database.url, &["advisory", "add", advisories.to_str().unwrap()]);
    ok(folder, &database.url, &["import", sheet]);
    ok(folder, &database.url, &["rescan"]);
    ok(folder, &database.url, &["user", "add", "M. Okafor", "--role", "admin", "--site", "Riverside"]);
    let report = |url: &str| ok(folder, url, &["report", "--format", "ndjson"]);
    let before = report(&database.url);
    assert!(before.lines().count() > 10, "{before}");

    let told = ok(folder, &database.url, &["move", "--from", &database.url, "--to", &other.url]);
    assert!(told.lines().any(|line| line.starts_with("asset\t")), "{told}");
    assert_eq!(database.n_rows().await, other.n_rows().await);
    assert_eq!(report(&other.url), before);

    // A second move would mix two plants.
    let again = run(folder, &database.url, &["move", "--from", &database.url, "--to", &other.url]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("expected an empty database"));

    // Keys go on behind those that were moved.
    let csv = folder.join("more.csv");
    std::fs::write(&csv, "site,vendor,model,firmware\nNew site,Schneider Electric,PM8000,3.1.2\n").unwrap();
    ok(folder, &other.url, &["import", csv.to_str().unwrap()]);
    ok(folder, &other.url, &["rescan"]);
    assert!(report(&other.url).lines().count() > before.lines().count());
    other.remove().await;
}
