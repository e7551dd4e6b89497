//! Importing as people do it: the real binary on both databases, from the first look at a file to taking it back.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use nameplate::services::import_inventory::{ImportError, ImportRequest, import_inventory};
use nameplate::services::progress::Progress;
use nameplate::store::Db;
use tempfile::TempDir;

use crate::database::{TestDatabase, on_both};

/// A folder of its own, and the database of the test.
struct Plant<'a> {
    folder: TempDir,
    database: &'a TestDatabase,
}

impl<'a> Plant<'a> {
    fn new(database: &'a TestDatabase) -> Plant<'a> {
        Plant { folder: TempDir::new().unwrap(), database }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
        command.current_dir(self.folder.path()).env_clear().args(arguments).stdin(Stdio::null());
        command.env("NAMEPLATE_DATA_DIR", self.path("data")).env("NAMEPLATE_DATABASE", &self.database.url);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed and gives what it printed.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that must end with status 2 and gives what it said.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// The number of the latest import. PostgreSQL leaves numbers out for what was dropped.
    fn latest(&self) -> String {
        self.ok(&["import", "list"]).split('\t').next().unwrap().to_owned()
    }

    /// All that is kept of the assets that are not retired, and of the variant that each has now, by key.
    async fn fleet(&self) -> Vec<String> {
        self.database
            .texts(
                "select a.identity || '; ' || s.name || '; ' || a.tag || '; ' || a.name || '; ' || a.area || '; ' || \
                 a.serial_number || '; ' || a.ip_address || '; ' || a.notes || '; ' || a.unmapped || '; ' || a.place \
                 || '; ' || a.last_seen_at || '; ' || cast(a.last_seen_inventory_id as text) || '; ' || \
                 coalesce(a.not_seen_since, '') || '; ' || coalesce(cast(a.not_seen_inventory_id as text), '') \
                 || '; ' || coalesce(v.vendor || ' ' || v.model || ' ' || v.firmware, 'no variant') \
                 from asset a join site s on s.site_id = a.site_id \
                 left join asset_variant p on p.asset_id = a.asset_id and p.until is null \
                 left join variant v on v.variant_id = p.variant_id \
                 where a.retired_at is null order by 1",
            )
            .await
    }

    /// Key, firmware and mark of the assets that are not retired, by key.
    async fn marks(&self) -> Vec<String> {
        self.database
            .texts(
                "select a.identity || ' ' || v.firmware || case when a.not_seen_since is null then '' else ' missing' end \
                 from asset a join asset_variant p on p.asset_id = a.asset_id and p.until is null \
                 join variant v on v.variant_id = p.variant_id where a.retired_at is null order by 1",
            )
            .await
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const FIRST: &str = "Tag,Site,Area,Vendor,Model,Serial number,Firmware,Colour\n\
    M1,Riverside,Hall 1,Schneider Electric,PowerLogic PM8000,S1,3.1.2,red\n\
    M2,Riverside,Hall 1,Schneider Electric,PowerLogic PM8000,S2,3.1.2,red\n\
    M3,Riverside,Hall 2,Siemens,SENTRON PAC3200,S3,2.4.0,\n\
    M4,Riverside,Hall 2,Siemens,SENTRON PAC3200,S4,2.4.0,\n";

/// M1 got a new firmware, M2 another place, serial number and colour, M3 is gone, M5 is new.
const SECOND: &str = "Tag,Site,Area,Vendor,Model,Serial number,Firmware,Colour\n\
    M5,Riverside,Hall 3,Siemens,SENTRON PAC3200,S5,2.4.0,\n\
    M1,Riverside,Hall 1,Schneider Electric,PowerLogic PM8000,S1,4.0.1,red\n\
    M2,Riverside,Hall 9,Schneider Electric,PowerLogic PM8000,S22,3.1.2,blue\n\
    M4,Riverside,Hall 2,Siemens,SENTRON PAC3200,S4,2.4.0,\n";

on_both!(
    an_import_that_is_taken_back_leaves_the_assets_as_they_were,
    what_was_judged_before_an_import_was_taken_back_stays_told,
    retired_assets_come_back_when_the_import_that_retired_them_is_taken_back,
    an_import_that_something_touched_later_is_not_taken_back,
    a_dry_run_tells_new_changed_same_and_missing_and_stores_nothing,
    rejected_rows_are_put_right_and_imported_and_nobody_else_is_missed,
    all_or_nothing_stores_nothing_when_a_row_is_rejected,
    a_mapping_is_remembered_for_the_same_headers_until_it_is_forgotten,
    a_mapping_is_remembered_for_a_file_that_cannot_be_read_without_it,
    the_key_is_chosen_and_remembered,
    devices_with_the_tag_of_another_site_are_assets_of_their_own_and_it_is_said,
    a_killed_import_leaves_nothing_and_the_next_one_works,
    a_file_that_is_replaced_while_it_is_read_is_not_imported,
);

/// What a search finds assets by follows from their rows.
async fn words_are_those_of_assets(database: &TestDatabase) {
    let of_rows =
        "select lower(a.tag || ' ' || replace(a.name, ' ', '') || ' ' || a.serial_number) from asset a order by 1";
    let kept = "select w.words from asset_search w order by 1";
    assert_eq!(database.texts(kept).await, database.texts(of_rows).await);
}

async fn an_import_that_is_taken_back_leaves_the_assets_as_they_were(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.write("first.csv", FIRST);
    plant.write("second.csv", SECOND);
    plant.ok(&["import", "first.csv"]);
    let (before, n_before) = (plant.fleet().await, database.texts("select count(*) || '' from asset").await);
    plant.ok(&["import", "second.csv"]);
    assert_ne!(plant.fleet().await, before);
    words_are_those_of_assets(database).await;

    let said = plant.fails(&["import", "undo", "2"]);
    assert!(said.contains("This takes back import 2") && said.contains("--yes"), "{said}");
    let done = plant.ok(&["import", "undo", "2", "--yes"]);
    let counts = "removed 1, retired 0, with their earlier values 2, no longer marked as missing 1";
    assert!(done.contains(counts), "{done}");
    assert_eq!(plant.fleet().await, before);
    assert_eq!(database.texts("select count(*) || '' from asset").await, n_before);
    words_are_those_of_assets(database).await;

    assert!(plant.ok(&["import", "list"]).contains("taken back at"));
    let history = plant.ok(&["asset", "show", "M1"]);
    for part in ["firmware: `3.1.2` → `4.0.1`", "firmware: `4.0.1` → `3.1.2`"] {
        assert!(history.contains(part), "{history}");
    }
    assert!(plant.fails(&["import", "undo", "2", "--yes"]).contains("it was taken back at"));
    assert!(plant.fails(&["import", "undo", "77", "--yes"]).contains("no such import"));
    // The same file can be imported again, and taken back again.
    assert!(plant.ok(&["import", "second.csv"]).contains("new 1, changed 2, same 1"));
    plant.ok(&["import", "undo", "3", "--yes"]);
    assert_eq!(plant.fleet().await, before);
}

async fn what_was_judged_before_an_import_was_taken_back_stays_told(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.write("first.csv", FIRST);
    plant.write("second.csv", SECOND);
    let advisories = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    plant.ok(&["advisory", "add", advisories.to_str().unwrap()]);
    plant.ok(&["import", "first.csv"]);
    plant.ok(&["rescan"]);
    let rows = |printed: &str| {
        let rows = printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let mut rows: Vec<String> =
            rows.map(|r| format!("{} {} {}", r["asset_id"], r["advisory_id"], r["verdict"])).collect();
        rows.sort();
        rows
    };
    let first = rows(&plant.ok(&["report", "--format", "ndjson"]));
    assert!(first.iter().any(|row| row.contains("M1") && row.contains("affected")), "{first:?}");
    plant.ok(&["import", "second.csv"]);
    plant.ok(&["rescan"]);
    let second = rows(&plant.ok(&["report", "--format", "ndjson"]));
    assert_ne!(second, first);
    let exposures = "select count(*) || '' from exposure";
    let n_exposures = database.texts(exposures).await;

    let done = plant.ok(&["import", "undo", "2", "--yes"]);
    assert!(done.contains("removed 0, retired 1"), "{done}");
    assert_eq!(database.texts(exposures).await, n_exposures, "no exposure is lost");
    plant.ok(&["rescan"]);
    assert_eq!(rows(&plant.ok(&["report", "--format", "ndjson"])), first);
    // An asset that was retired like this comes back with a later import.
    plant.ok(&["import", "second.csv", "--again"]);
    assert!(plant.marks().await.contains(&"tag | riverside | m5 2.4.0".to_owned()));
}

async fn retired_assets_come_back_when_the_import_that_retired_them_is_taken_back(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.write("first.csv", FIRST);
    plant.write("second.csv", SECOND);
    plant.write("third.csv", FIRST.replace("2.4.0", "2.5.0"));
    plant.ok(&["import", "first.csv"]);
    let before = plant.fleet().await;
    plant.ok(&["import", "second.csv", "--on-missing", "retire"]);
    let retired = plant.fleet().await;
    assert!(!retired.iter().any(|row| row.starts_with("tag | riverside | m3")), "{retired:?}");
    // M3 comes back with another firmware, and goes again.
    plant.ok(&["import", "third.csv"]);
    assert!(plant.marks().await.contains(&"tag | riverside | m3 2.5.0".to_owned()));
    plant.ok(&["import", "undo", "3", "--yes"]);
    assert!(!plant.marks().await.iter().any(|row| row.starts_with("tag | riverside | m3")));
    assert!(plant.ok(&["asset", "show", "M3"]).contains("2.4.0\tretired at"));
    // One step back is kept; what would need two is said.
    let said = plant.fails(&["import", "undo", "2", "--yes"]);
    assert!(said.contains("one step back is all that is kept"), "{said}");

    let other = TestDatabase::new(database.engine).await.unwrap();
    let plant = Plant { database: &other, ..plant };
    plant.ok(&["import", "first.csv"]);
    let n_open = plant.fleet().await.len();
    plant.ok(&["import", "second.csv", "--on-missing", "retire"]);
    plant.ok(&["import", "undo", "2", "--yes"]);
    let strip = |rows: Vec<String>| -> Vec<String> {
        // The two databases were filled at other times.
        rows.into_iter().map(|row| row.split("2026-").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(plant.fleet().await.len(), n_open);
    assert_eq!(strip(plant.fleet().await).len(), strip(before).len());
    assert!(plant.marks().await.contains(&"tag | riverside | m3 2.4.0".to_owned()));
    drop(plant);
    other.remove().await;
}

async fn an_import_that_something_touched_later_is_not_taken_back(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.write("first.csv", FIRST);
    plant.write("second.csv", SECOND);
    plant.write("same.csv", FIRST.replace("Colour", "Color"));
    plant.write("elsewhere.csv", FIRST.replace("Riverside", "Hillside"));
    plant.ok(&["import", "first.csv"]);
    plant.ok(&["import", "second.csv"]);
    let said = plant.fails(&["import", "undo", "1", "--yes"]);
    for part in ["import 2 (`second.csv`", "touched 4 of its assets", "at `Riverside`", "hint: undo import 2 first"] {
        assert!(said.contains(part), "`{part}` is not in {said}");
    }
    // Another site is another matter.
    plant.ok(&["import", "elsewhere.csv"]);
    plant.ok(&["import", "undo", "2", "--yes"]);
    plant.ok(&["import", "undo", "1", "--yes"]);
    assert_eq!(plant.marks().await.len(), 4, "Hillside stays");
    // Twice touched without a change is touched as well.
    plant.ok(&["import", "first.csv"]);
    plant.ok(&["import", "same.csv"]);
    plant.write("same.csv", FIRST.replace("Colour", "COLOR"));
    plant.ok(&["import", "same.csv"]);
    assert!(plant.fails(&["import", "undo", "4", "--yes"]).contains("touched 4 of its assets"));
}

async fn a_dry_run_tells_new_changed_same_and_missing_and_stores_nothing(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.write("first.csv", FIRST);
    plant.write("second.csv", SECOND);
    plant.ok(&["import", "first.csv"]);
    let before = database.n_rows().await;
    let said = plant.ok(&["import", "second.csv", "--dry-run"]);
    for part in [
        "New 1 · Changed 2 · Same 1 · Not in this file 1",
        "new      M5 at Riverside",
        "changed  M1 at Riverside: firmware `3.1.2` → `4.0.1`",
        "area `Hall 1` → `Hall 9`",
        "missing  M3 at Riverside",
        "Nothing was stored.",
    ] {
        assert!(said.contains(part), "`{part}` is not in {said}");
    }
    let json = plant.json(&["import", "second.csv", "--dry-run", "--format", "json"]);
    assert_eq!(json["preview"]["n_changed"], 2);
    assert_eq!(json["preview"]["changed"][0]["changes"][0]["field"], "firmware");
    assert_eq!(json["rows"].as_array().unwrap().len(), 4);
    assert_eq!(database.n_rows().await, before);
    assert!(plant.ok(&["import", "first.csv", "--dry-run"]).contains("The same file was imported at"));
    assert!(plant.ok(&["import", "first.csv"]).contains("(import 1); nothing was stored"));
    assert_eq!(database.n_rows().await, before);
}

/// Rows under a band that names their site, two of which name no device.
const BANDS: &str = "Tag;Hersteller;Modell;Firmware;Bemerkung\r\n\
    Standort: Nord;;;;\r\n\
    A1;Siemens;SENTRON PAC3200;2.4.0;\r\n\
    A2;;;2.4.0;-\r\n\
    Standort: Süd;;;;\r\n\
    B1;Siemens;SENTRON PAC3200;2.4.0;\r\n\
    B2;;;2.4.0;=cmd\r\n";

async fn rejected_rows_are_put_right_and_imported_and_nobody_else_is_missed(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.write("plant.csv", BANDS);
    let said = plant.ok(&["import", "plant.csv", "--rejects", "repair.csv"]);
    assert!(said.contains("Rejected rows 2"), "{said}");
    let rejects = plant.read("repair.csv");
    let lines: Vec<&str> = rejects.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], "Tag,Hersteller,Modell,Firmware,Bemerkung,site,reason not imported");
    assert!(lines[1].starts_with("A2,,,2.4.0,-,Nord,") && lines[2].starts_with("B2,,,2.4.0,'=cmd,Süd,"), "{rejects}");
    // Kept with the import, they can be had later as well.
    plant.ok(&["import", "show", "1", "--rejects", "later.csv"]);
    assert_eq!(plant.read("later.csv"), rejects);

    plant.write("repair.csv", rejects.replace(",,,2.4.0", ",Siemens,SENTRON PAC3200,2.4.0"));
    let said = plant.ok(&["import", "repair.csv", "--all-or-nothing"]);
    assert!(said.contains("2 devices: new 2, changed 0, same 0. Not in this file 0. Rejected rows 0"), "{said}");
    let repaired = plant.marks().await;
    assert_eq!(repaired.len(), 4);
    assert!(!repaired.iter().any(|row| row.contains("missing")), "{repaired:?}");
    assert_eq!(database.texts("select notes from asset where tag = 'B2'").await, ["=cmd"]);
    assert_eq!(database.texts("select unmapped from asset where tag = 'B2'").await, ["[]"]);

    // They are the assets that the whole file would have brought.
    plant.write("whole.csv", BANDS.replace(";;;2.4.0", ";Siemens;SENTRON PAC3200;2.4.0"));
    let said = plant.ok(&["import", "whole.csv"]);
    assert!(said.contains("new 0, changed 0, same 4"), "{said}");
}

async fn all_or_nothing_stores_nothing_when_a_row_is_rejected(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.write("plant.csv", BANDS);
    plant.ok(&["migrate"]);
    let before = database.n_rows().await;
    let said = plant.fails(&["import", "plant.csv", "--all-or-nothing", "--rejects", "repair.csv"]);
    assert!(said.contains("found 2 that do not, the first at row 4"), "{said}");
    assert_eq!(database.n_rows().await, before);
    assert_eq!(plant.read("repair.csv").lines().count(), 3);
    assert!(plant.ok(&["import", "plant.csv"]).contains("2 devices: new 2"));
}

async fn a_mapping_is_remembered_for_the_same_headers_until_it_is_forgotten(database: &TestDatabase) {
    let plant = Plant::new(database);
    let november =
        "Tag,Vendor,Model,Rev A,Rev B\nM1,Siemens,SENTRON PAC3200,2.4.0,7\nM2,Siemens,SENTRON PAC3200,2.4.1,7\n";
    plant.write("november.csv", november);
    plant.write("december.csv", november.replace("2.4.1", "2.4.2"));
    plant.write("january.csv", november.replace("2.4.1", "2.4.3"));
    plant.write("columns.toml", "[columns]\n\"Rev A\" = \"notes\"\n\"Rev B\" = \"firmware\"\n");
    plant.ok(&["import", "november.csv", "--site", "X", "--mapping", "columns.toml", "--save-mapping", "saved.toml"]);
    assert_eq!(plant.marks().await, ["tag | x | m1 7", "tag | x | m2 7"]);
    assert!(plant.read("saved.toml").contains("\"Rev B\" = \"firmware\""));

    let json = plant.json(&["import", "december.csv", "--site", "X", "--dry-run", "--format", "json"]);
    assert_eq!(json["columns"]["Rev B"], "firmware", "a dry run reads as the import will");
    let said = plant.ok(&["import", "december.csv", "--site", "X"]);
    assert!(said.contains("columns are read as chosen on") && said.contains("(import 1)"), "{said}");
    assert_eq!(plant.marks().await, ["tag | x | m1 7", "tag | x | m2 7"]);

    let said = plant.ok(&["import", "january.csv", "--site", "X", "--forget-mapping"]);
    assert!(!said.contains("as chosen on"), "{said}");
    plant.write("february.csv", november.replace("2.4.1", "2.4.4"));
    assert!(!plant.ok(&["import", "february.csv", "--site", "X"]).contains("as chosen on"), "it is forgotten");

    // An import that is taken back takes its choice with it.
    plant.write("march.csv", november.replace("2.4.1", "2.4.5"));
    plant.write("april.csv", november.replace("2.4.1", "2.4.6"));
    plant.ok(&["import", "march.csv", "--site", "X", "--mapping", "saved.toml"]);
    plant.ok(&["import", "undo", &plant.latest(), "--yes"]);
    assert!(!plant.ok(&["import", "april.csv", "--site", "X"]).contains("as chosen on"));
    assert!(plant.fails(&["import", "april.csv", "--mapping", "nowhere.toml"]).contains("nowhere.toml"));
}

async fn a_mapping_is_remembered_for_a_file_that_cannot_be_read_without_it(database: &TestDatabase) {
    let plant = Plant::new(database);
    let file = "alpha,beta,gamma\nM1,x,SENTRON one\nM2,y,SENTRON two\n";
    plant.write("one.csv", file);
    plant.write("two.csv", file.replace(",y,", ",z,"));
    assert!(plant.fails(&["import", "one.csv"]).contains("expected a header row"));
    plant
        .write("columns.toml", "header_row = 1\n[columns]\nalpha = \"asset_id\"\nbeta = \"area\"\ngamma = \"model\"\n");
    plant.ok(&["import", "one.csv", "--site", "X", "--mapping", "columns.toml"]);
    let said = plant.ok(&["import", "two.csv", "--site", "X"]);
    assert!(said.contains("as chosen on") && said.contains("changed 1, same 1"), "{said}");
}

async fn the_key_is_chosen_and_remembered(database: &TestDatabase) {
    let plant = Plant::new(database);
    let file = "Tag,Vendor,Model,Serial number\nM1,Siemens,SENTRON PAC3200,S1\nM2,Siemens,SENTRON PAC3200,S2\n";
    plant.write("one.csv", file);
    plant.write("two.csv", file.replace("M1", "N1"));
    let said = plant.ok(&["import", "one.csv", "--site", "X", "--key", "serial"]);
    assert!(said.contains("the same site and serial number, else place"), "{said}");
    let said = plant.ok(&["import", "two.csv", "--site", "X"]);
    assert!(said.contains("changed 1, same 1. Not in this file 0"), "{said}");
    assert!(said.contains("assets are known again as chosen on"), "{said}");
    assert!(plant.ok(&["asset", "show", "N1"]).contains("asset_id: `M1` → `N1`"));
}

async fn devices_with_the_tag_of_another_site_are_assets_of_their_own_and_it_is_said(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.write("first.csv", FIRST);
    plant.write("elsewhere.csv", FIRST.replace("Riverside", "Hillside"));
    assert!(!plant.ok(&["import", "first.csv"]).contains("known at another site"));
    let said = plant.ok(&["import", "elsewhere.csv"]);
    assert!(said.contains("4 tags of new assets are known at another site, as `M1` at `Hillside` and `Riverside`"));
    assert_eq!(plant.marks().await.len(), 8);
    assert!(plant.ok(&["import", "show", "2"]).contains("known at another site"), "the remark is kept");
}

async fn a_killed_import_leaves_nothing_and_the_next_one_works(database: &TestDatabase) {
    const ROWS: usize = 60_000;
    let plant = Plant::new(database);
    let mut file = String::from("Tag,Site,Vendor,Model,Firmware,Serial number\n");
    for n in 0..ROWS {
        file.push_str(&format!("T{n},Site {},Siemens,SENTRON PAC{},2.{}.0,S{n}\n", n % 5, n % 700, n % 40));
    }
    plant.write("large.csv", file);
    plant.ok(&["migrate"]);
    let before = database.n_rows().await;

    let mut command = plant.command(&["import", "large.csv"]);
    command.env("NAMEPLATE_LOG", "nameplate=debug").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    // The third batch is written, and most of the file is still to come.
    let in_the_middle = said.by_ref().filter(|line| line.contains("rows of the import are written")).nth(2);
    assert!(in_the_middle.is_some(), "the import ended before it could be killed");
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "it was killed");
    assert_eq!(database.n_rows().await, before, "a killed import leaves nothing");

    let said = plant.ok(&["import", "large.csv"]);
    assert!(said.contains(&format!("{ROWS} devices: new {ROWS}, changed 0, same 0")), "{said}");
    assert_eq!(plant.ok(&["import", "list"]).lines().count(), 1);
}

/// Replaces the file as soon as its first rows are written.
struct Replacing {
    path: PathBuf,
    writing: AtomicBool,
}

impl Progress for Replacing {
    fn begin(&self, stage: &str, _total: Option<u64>) {
        self.writing.store(stage == "Importing devices", Ordering::Relaxed);
    }

    fn advance(&self, _by: u64) {
        if self.writing.swap(false, Ordering::Relaxed) {
            std::fs::write(&self.path, format!("{FIRST}M9,Riverside,,Siemens,SENTRON PAC3200,,,\n")).unwrap();
        }
    }

    fn end(&self) {}
}

async fn a_file_that_is_replaced_while_it_is_read_is_not_imported(database: &TestDatabase) {
    let plant = Plant::new(database);
    let db = Db::open(&database.url).await.unwrap();
    let before = database.n_rows().await;
    let path = plant.write("first.csv", FIRST);
    let request = ImportRequest { path: path.clone(), ..ImportRequest::default() };
    let replacing = Replacing { path, writing: AtomicBool::new(false) };
    let Err(error) = import_inventory(&db, &request, &replacing).await else { panic!("it was imported") };
    assert!(matches!(error, ImportError::Replaced { .. }), "{error}");
    assert_eq!(database.n_rows().await, before);
}

/// An advisory about one product, affected below 1.9.
const BELOW_1_9: &str = r#"{"document":{"category":"csaf_base","csaf_version":"2.0","title":"T",
    "publisher":{"category":"vendor","name":"P","namespace":"https://p.example"},
    "tracking":{"id":"TEST-1","status":"final","version":"1","initial_release_date":"2026-01-01T00:00:00Z",
    "current_release_date":"2026-01-01T00:00:00Z",
    "revision_history":[{"date":"2026-01-01T00:00:00Z","number":"1","summary":"first"}]}},
    "product_tree":{"branches":[{"category":"vendor","name":"Schneider Electric","branches":[
    {"category":"product_name","name":"PowerLogic PM8000","branches":[
    {"category":"product_version_range","name":"<1.9","product":{"name":"PowerLogic PM8000 <1.9","product_id":"P1"}}]}]}]},
    "vulnerabilities":[{"cve":"CVE-2026-0001","product_status":{"known_affected":["P1"]}}]}"#;

/// Asset, firmware and verdict of a scan, by asset.
fn verdicts(plant: &Plant<'_>, file: &str) -> Vec<String> {
    let printed = plant.ok(&[
        "scan",
        file,
        "--advisories",
        "advisory.json",
        "--format",
        "ndjson",
        "--verdict",
        "affected,possible,not_affected",
    ]);
    let rows = printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let word = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    let mut rows: Vec<String> = rows
        .map(|r| format!("{}: {} is {}", word(&r, "asset_id"), word(&r, "firmware"), word(&r, "verdict")))
        .collect();
    rows.sort();
    rows
}

#[test]
fn a_firmware_that_a_spreadsheet_damaged_is_possible_where_the_answer_depends_on_it() {
    crate::database::run(crate::database::Engine::Sqlite, async |database| {
        let plant = Plant::new(database);
        plant.write("advisory.json", BELOW_1_9);
        let head = "Tag,Vendor,Model,Firmware\n";
        let row = |tag: &str, firmware: &str| format!("{tag},Schneider Electric,PowerLogic PM8000,{firmware}\n");
        // Without a rival 1.1 is what it says.
        plant.write("plain.csv", format!("{head}{}{}", row("A", "1.1"), row("B", "2.10")));
        assert_eq!(verdicts(&plant, "plain.csv"), ["A: 1.1 is affected", "B: 2.10 is not_affected"]);
        let damaged = [
            row("A", "1.1"),
            row("B", "1.10"),
            row("C", "02-Sep"),
            row("D", "1.2E+03"),
            row("E", "2.1"),
            row("F", "2.10"),
        ];
        plant.write("damaged.csv", format!("{head}{}", damaged.concat()));
        let want = [
            "A: 1.1 or 1.10 is possible",
            "B: 1.10 is not_affected",
            "C: ? (02-Sep) is possible",
            "D: ? (1.2E+03) is possible",
            "E: 2.1 or 2.10 is not_affected",
            "F: 2.10 is not_affected",
        ];
        assert_eq!(verdicts(&plant, "damaged.csv"), want);

        // A workbook tells numbers from texts: a text 1.1 is certain.
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (column, header) in ["Tag", "Vendor", "Model", "Firmware"].iter().enumerate() {
            sheet.write(0, column as u16, *header).unwrap();
        }
        for (at, tag) in ["A", "B", "C"].iter().enumerate() {
            let at = at as u32 + 1;
            sheet.write(at, 0, *tag).unwrap();
            sheet.write(at, 1, "Schneider Electric").unwrap();
            sheet.write(at, 2, "PowerLogic PM8000").unwrap();
        }
        sheet.write(1, 3, 1.1).unwrap();
        sheet.write(2, 3, "1.1").unwrap();
        sheet.write(3, 3, "1.10").unwrap();
        workbook.save(plant.path("damaged.xlsx")).unwrap();
        let want = ["A: 1.1 or 1.10 is possible", "B: 1.1 is affected", "C: 1.10 is not_affected"];
        assert_eq!(verdicts(&plant, "damaged.xlsx"), want);

        // What is stored is judged and told in the same way.
        plant.ok(&["advisory", "add", "advisory.json"]);
        plant.ok(&["import", "damaged.csv"]);
        plant.ok(&["rescan"]);
        let told = plant.ok(&["explain", "--asset", "A"]);
        assert!(told.contains("1.1: affected, 1.10: not affected"), "{told}");
    });
}

#[test]
fn a_saved_mapping_reads_every_sample_as_it_was_read() {
    crate::database::run(crate::database::Engine::Sqlite, async |database| {
        let plant = Plant::new(database);
        let samples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample_inventories");
        let mut n_checked = 0;
        for entry in std::fs::read_dir(samples).unwrap() {
            let path = entry.unwrap().path();
            let file = path.to_str().unwrap();
            if file.ends_with(".md") {
                continue;
            }
            let dry = ["import", file, "--dry-run", "--format", "json"];
            let as_found = plant.json(&[&dry[..], &["--save-mapping", "saved.toml"]].concat());
            let mapped = plant.json(&[&dry[..], &["--mapping", "saved.toml"]].concat());
            assert_eq!(mapped["columns"], as_found["columns"], "{file}");
            assert_eq!(mapped["rows"], as_found["rows"], "{file}");
            n_checked += 1;
        }
        assert!(n_checked > 3);
    });
}
