//! The command line as people call it: the real binary, its output, its exit status.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder of its own for each test: data folder, current folder, files.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
        command.current_dir(self.folder.path()).env_clear();
        command.env("NAMEPLATE_DATA_DIR", self.path("data")).args(arguments).output().unwrap()
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
        assert_eq!(text(&output.stdout), "", "data was printed although nothing could be done");
        text(&output.stderr)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_inventories").join(name).to_str().unwrap().to_owned()
}

/// One affected meter and one that is not.
const TWO_METERS: &str = "asset_id,site,vendor,model,firmware\n\
    M1,Riverside,Schneider Electric,PowerLogic PM8000,3.1.2\n\
    M2,Riverside,Schneider Electric,PowerLogic PM8000,4.0.1\n";

#[test]
fn a_scan_of_the_sample_needs_nothing_and_says_what_is_affected_and_why() {
    let place = Place::new();
    let output = place.run(&["scan", &sample("riverside.xlsx")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for part in ["Riverside", "3.1.2 is below 4.0.0", "ICSA-23-229-03", "cannot be checked", "sample"] {
        assert!(said.contains(part), "`{part}` is not in\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "a pipe gets no colour");
    assert!(text(&output.stderr).contains("HTML report: nameplate-riverside.html"));
    let page = std::fs::read_to_string(place.path("nameplate-riverside.html")).unwrap();
    assert!(page.contains("<!doctype html>") || page.contains("<!DOCTYPE html>"));
    assert!(!place.path("data").exists(), "a scan stores nothing");
}

#[test]
fn ndjson_has_one_object_a_line_with_the_fields_that_are_promised() {
    let place = Place::new();
    let file = place.write("meters.csv", TWO_METERS);
    let printed = place.ok(&["scan", file.to_str().unwrap(), "--format", "ndjson", "--verdict", "all"]);
    let rows: Vec<serde_json::Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let verdict = |asset: &str| {
        let row = rows.iter().find(|r| r["asset_id"] == asset && r["advisory_id"] == "ICSA-23-229-03").unwrap();
        row["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!((verdict("M1").as_str(), verdict("M2").as_str()), ("affected", "not_affected"));
    for field in [
        "asset_id",
        "advisory_id",
        "verdict",
        "site",
        "vendor",
        "model",
        "part_number",
        "firmware",
        "title",
        "cves",
        "cvss",
        "kev",
        "confidence",
        "doubts",
        "evidence",
        "product",
        "remediation",
    ] {
        assert!(rows[0].get(field).is_some(), "`{field}` is missing");
    }
}

#[test]
fn status_1_only_when_asked_for() {
    let place = Place::new();
    let file = place.write("meters.csv", TWO_METERS);
    let file = file.to_str().unwrap();
    assert_eq!(place.run(&["scan", file]).status.code(), Some(0));
    assert_eq!(place.run(&["scan", file, "--fail-on", "affected"]).status.code(), Some(1));
    let fine = place.write("fine.csv", TWO_METERS.replace("3.1.2", "4.0.0"));
    assert_eq!(place.run(&["scan", fine.to_str().unwrap(), "--fail-on", "possible"]).status.code(), Some(0));
}

#[test]
fn import_rescan_and_report_agree_with_a_scan_and_a_second_rescan_changes_nothing() {
    let place = Place::new();
    let file = place.write("meters.csv", TWO_METERS);
    let file = file.to_str().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    let scanned = place.ok(&["scan", file, "--format", "ndjson"]);

    let imported = place.ok(&["import", file]);
    assert!(imported.contains("2 devices: new 2"), "{imported}");
    assert!(place.ok(&["import", file]).contains("The same file was imported"));
    place.ok(&["advisory", "add", samples.to_str().unwrap()]);
    assert!(place.ok(&["advisory", "add", samples.to_str().unwrap()]).starts_with("Added 0,"));
    assert!(place.ok(&["advisory", "list"]).contains("ICSA-23-229-03"));
    assert!(place.ok(&["advisory", "show", "icsa-23-229-03"]).contains("below 4.0.0"));
    let first = place.ok(&["rescan"]);
    assert!(first.contains("3.1.2 is below 4.0.0"), "{first}");
    let second = place.ok(&["rescan"]);
    assert!(second.contains("Nothing changed."), "{second}");

    let reported = place.ok(&["report", "--format", "ndjson"]);
    let rows = |printed: &str| -> Vec<(String, String, String, String)> {
        let field = |row: &serde_json::Value, name: &str| row[name].to_string();
        printed
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|r| (field(&r, "asset_id"), field(&r, "advisory_id"), field(&r, "verdict"), field(&r, "reason")))
            .collect()
    };
    assert_eq!(rows(&reported), rows(&scanned));
    assert!(place.fails(&["report", "--site", "Nowhere"]).contains("expected one of `Riverside`"));
    assert!(place.fails(&["report", "--as-of", "2001-01-01"]).contains("the oldest is of"));
    let explained = place.ok(&["explain", "--asset", "M1"]);
    assert!(explained.contains("3.1.2 is below 4.0.0"), "{explained}");
}

#[test]
fn explain_takes_a_typed_nameplate_and_tells_the_no_as_well() {
    let place = Place::new();
    let affected = place.ok(&["explain", "--model", "PM8240", "--firmware", "3.1.2", "--advisory", "icsa-23-229-03"]);
    assert!(affected.contains("Affected: "), "{affected}");
    let json = place.ok(&["explain", "--vendor", "SE", "--model", "PM8000", "--firmware", "4.0.1", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["matches"][0]["verdict"], "not_affected");
    assert!(place.fails(&["explain", "--model", "PM8000", "--advisory", "ICSA-99-999-99"]).contains("none of the"));
}

#[test]
fn the_walk_list_of_files_and_of_the_database_are_the_same() {
    let place = Place::new();
    let file = place.write("meters.csv", TWO_METERS.replace("3.1.2", ""));
    let file = file.to_str().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    let samples = samples.to_str().unwrap();
    assert!(place.fails(&["worklist"]).contains("nameplate import FILE"));
    let of_files = place.ok(&["worklist", file, "--advisories", samples]);
    assert!(of_files.contains("read the firmware of 1 × Schneider Electric PowerLogic PM8000"), "{of_files}");
    place.ok(&["import", file]);
    place.ok(&["advisory", "add", samples]);
    assert_eq!(place.ok(&["worklist", "--site", "Riverside"]), of_files);
    let json: serde_json::Value = serde_json::from_str(&place.ok(&["worklist", "--format", "json"])).unwrap();
    assert_eq!(json["items"][0]["assets"][0]["asset_id"], "M1");
    assert!(place.ok(&["worklist", "--format", "csv"]).contains("Riverside,,M1,"));
    assert!(place.fails(&["worklist", "--site", "Nowhere"]).contains("expected one of `Riverside`"));
    let explained = place.ok(&["explain", "--asset", "M1"]);
    assert!(explained.contains("Read the firmware off the device; affected is below 4.0.0."), "{explained}");
}

#[test]
fn lint_names_what_is_odd_in_files_and_in_the_database_and_how_much_is_understood() {
    let place = Place::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    let good = std::fs::read_to_string(samples.join("icsa-23-229-03.json")).unwrap();
    let odd = good.replace(r#""name": "< 4.0.0""#, r#""name": ">= 1.31 | <= 1.4 | frobnicated""#);
    assert_ne!(odd, good, "the sample's range is written otherwise");
    place.write("odd.json", odd);
    place.write("broken.json", r#"{"document": "#);
    let said = place.ok(&["advisory", "lint", "odd.json", "broken.json"]);
    assert!(said.contains("odd.json: unread_version: "), "{said}");
    assert!(said.contains("broken.json: unreadable: "), "{said}");
    assert!(said.contains(" at `/product_tree/") && said.contains("not understood wholly"), "{said}");
    let json: serde_json::Value =
        serde_json::from_str(&place.ok(&["advisory", "lint", "odd.json", "--format", "json"])).unwrap();
    assert!(json["by_kind"]["unread_version"].as_u64().unwrap() > 0);
    assert!(place.fails(&["advisory", "lint", "missing.json"]).contains("missing.json"));
    assert!(place.fails(&["advisory", "lint"]).contains("found none"));
    place.ok(&["advisory", "add", samples.to_str().unwrap()]);
    assert!(place.ok(&["advisory", "lint"]).contains("0 of "), "the samples are understood wholly");
}

#[test]
fn a_decision_holds_until_it_is_removed_and_shows_its_author() {
    let place = Place::new();
    let file = place.write("meters.csv", format!("{TWO_METERS}M3,Riverside,Schneider Electric,Meter type 7,3.1.2\n"));
    let file = file.to_str().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    place.ok(&["import", file]);
    place.ok(&["advisory", "add", samples.to_str().unwrap()]);
    place.ok(&["rescan"]);
    let verdicts = |asset: &str| -> Vec<String> {
        let rows = place.ok(&["report", "--format", "ndjson"]);
        let rows = rows.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        rows.filter(|row| row["asset_id"] == asset).map(|row| row["verdict"].as_str().unwrap().to_owned()).collect()
    };
    let none: [&str; 0] = [];
    assert_eq!((verdicts("M1").as_slice(), verdicts("M3").as_slice()), (&["affected".to_owned()][..], &[][..]));

    let decide = |word: &'static str, model: &'static str| {
        let product = ["--product-vendor", "Schneider Electric", "--product", "PowerLogic PM8000"];
        let mut arguments =
            vec!["alias", "add", "--decision", word, "--vendor", "Schneider Electric", "--model", model];
        arguments.extend(product);
        arguments.extend(["--author", "M. Okafor"]);
        place.ok(&arguments)
    };
    assert!(decide("same", "Meter type 7").contains("Added 1, in force already 0."));
    assert!(decide("same", "Meter type 7").contains("Added 0, in force already 1."));
    decide("different", "PowerLogic PM8000");
    place.ok(&["rescan"]);
    assert_eq!(verdicts("M3"), ["affected"]);
    assert_eq!(verdicts("M1"), none, "the decision says that it is another product");
    let explained = place.ok(&["explain", "--asset", "M3"]);
    assert!(explained.contains("decided by M. Okafor, 20"), "{explained}");
    assert!(place.ok(&["explain", "--asset", "M1"]).contains("M. Okafor decided on 20"));

    let pack = place.path("pack.toml");
    let pack = pack.to_str().unwrap();
    place.ok(&["alias", "export", "-o", pack]);
    assert!(place.ok(&["alias", "import", pack]).contains("Added 0, in force already 2."));
    let scanned = place.ok(&["scan", file, "--aliases", pack, "--format", "ndjson"]);
    assert!(scanned.contains("\"M3\"") && !scanned.contains("\"M1\""), "{scanned}");

    let listed = place.ok(&["alias", "list"]);
    let id = listed.lines().next().unwrap().split('\t').next().unwrap().to_owned();
    place.ok(&["alias", "remove", &id]);
    assert!(place.fails(&["alias", "remove", &id]).contains("it was removed on"));
    assert_eq!(place.ok(&["alias", "list"]).lines().count(), 1);
    assert!(place.ok(&["alias", "list", "--all"]).contains("removed 20"));
    place.ok(&["rescan"]);
    assert_eq!(verdicts("M3"), none);
    place.ok(&["alias", "restore", &id]);
    place.ok(&["rescan"]);
    assert_eq!(verdicts("M3"), ["affected"]);
    assert!(place.fails(&["alias", "restore", "99"]).contains("none has this number"));
}

#[test]
fn a_pack_with_a_wrong_entry_is_refused_whole_with_its_line() {
    let place = Place::new();
    let good = "[[vendor]]\nname = \"Siemens\"\naliases = [\"Siemi\"]\nsource = \"s\"\nauthor = \"A\"\ndate = \"2026-11-03\"\n";
    let wrong = good.replace("\"Siemi\"", "\"Siemo\"").replace("2026-11-03", "soon");
    let pack = place.write("pack.toml", format!("{good}\n{wrong}"));
    let said = place.fails(&["alias", "import", pack.to_str().unwrap()]);
    assert!(said.contains("pack.toml:8: expected a `date` like 2026-11-03, found `soon`"), "{said}");
    assert_eq!(place.ok(&["alias", "list"]), "");
    assert!(place.ok(&["alias", "add", "--vendor-alias", "SchE=SE", "--author", "A"]).contains("Schneider Electric"));
    let listed = place.ok(&["alias", "list"]);
    assert!(listed.contains("`SchE` means Schneider Electric"), "{listed}");
    for (alias, part) in [("SE", "no `=`"), ("X=Nobody at all", "expected a vendor that the catalogue knows")] {
        assert!(place.fails(&["alias", "add", "--vendor-alias", alias, "--author", "A"]).contains(part), "{alias}");
    }
    let explained = place.ok(&["explain", "--vendor", "SchE", "--model", "PM8000", "--firmware", "3.1.2"]);
    assert!(explained.contains("by the alias of A, 20"), "{explained}");
}

#[test]
fn exploited_then_probable_then_critical_comes_first_and_says_so() {
    let place = Place::new();
    let meters = "asset_id,site,vendor,model,firmware,criticality,Purdue level\n\
        M1,Riverside,Schneider Electric,PowerLogic PM8000,3.1.2,low,L1\n\
        M2,Riverside,Schneider Electric,PowerLogic PM8000,3.1.2,2 - hoch,L1\n\
        M3,Riverside,Schneider Electric,PowerLogic PM8000,3.1.2,ask Werner,\n\
        M4,Riverside,Schneider Electric,PowerLogic PM8000,3.1.2,low,L3.5 DMZ\n";
    let file = place.write("meters.csv", meters);
    let file = file.to_str().unwrap();
    let list = "#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\n\
        cve,epss,percentile\nCVE-2022-46680,0.42013,0.94121\n";
    let epss = place.write("epss.csv", list);
    let epss = epss.to_str().unwrap();
    let scanned = place.ok(&["scan", file, "--epss", epss, "--format", "ndjson"]);
    let rows: Vec<serde_json::Value> = scanned.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |asset: &str| rows.iter().find(|row| row["asset_id"] == asset).unwrap();
    let order: Vec<&str> = rows.iter().map(|row| row["asset_id"].as_str().unwrap()).collect();
    assert_eq!(order, ["M2", "M4", "M1", "M3"], "the critical asset comes first, a word without a place last");
    assert_eq!(of("M4")["zone"].as_str(), Some("L3.5 DMZ"));
    assert!(of("M4")["priority"].as_str().unwrap().ends_with("criticality low; zone level 3.5 (`L3.5 DMZ`)"));
    assert_eq!((of("M2")["epss"].as_f64(), of("M2")["criticality"].as_str()), (Some(0.42013), Some("2 - hoch")));
    let why = of("M2")["priority"].as_str().unwrap();
    assert!(
        why.contains("EPSS 0.42 (94th percentile, 2026-11-20); criticality high (`2 - hoch`); zone level 1 (`L1`)"),
        "{why}"
    );

    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    place.ok(&["import", file]);
    let added = place.ok(&["advisory", "add", samples.to_str().unwrap(), "--epss", epss]);
    assert!(added.contains("Exploit probabilities: 1 of 2026-11-20, model v2025.03.14."), "{added}");
    place.ok(&["rescan"]);
    let reported = place.ok(&["report", "--format", "ndjson"]);
    let priorities = |text: &str| -> Vec<String> {
        let rows = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        rows.map(|row| row["priority"].to_string()).collect()
    };
    assert_eq!(priorities(&reported), priorities(&scanned));
    assert!(place.ok(&["explain", "--asset", "M1"]).contains("EPSS 0.42"));
    assert!(place.fails(&["scan", file, "--epss", file]).contains("`cve` and `epss`"));
}

#[test]
fn what_cannot_be_read_is_told_and_leaves_nothing_behind() {
    let place = Place::new();
    let zip = |entries: &[(&str, &[u8])]| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    let whole = std::fs::read(sample("riverside.xlsx")).unwrap();
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("empty.csv", Vec::new(), "empty"),
        ("truncated.xlsx", whole[..whole.len() / 2].to_vec(), "truncated.xlsx"),
        ("prices.csv", b"Item,Price,Currency\nBolt M8,0.12,EUR\nNut M8,0.08,EUR\n".to_vec(), "prices.csv"),
        ("picture.xlsx", b"\x89PNG\r\n\x1a\n not a workbook".to_vec(), "picture.xlsx"),
    ];
    for (name, bytes, part) in cases {
        let path = place.write(name, bytes);
        for command in ["scan", "import"] {
            let said = place.fails(&[command, path.to_str().unwrap()]);
            assert!(said.contains(part) && said.contains("error: "), "{command} {name}: {said}");
            assert!(said.lines().count() <= 6, "{command} {name} says too much: {said}");
        }
    }
    assert!(place.fails(&["report"]).contains("nothing has been judged yet"));

    let meters = place.write("meters.csv", TWO_METERS);
    let meters = meters.to_str().unwrap();
    let nested = 30;
    let leaf = r#"{"category":"product_version_range","name":"<4.0.0","product":{"name":"PowerLogic PM8000","product_id":"P1"}}"#;
    let tree = (0..nested).fold(leaf.to_owned(), |inner, _| {
        format!(r#"{{"category":"product_family","name":"PowerLogic PM8000","branches":[{inner}]}}"#)
    });
    let deep = format!(
        r#"{{"document":{{"category":"csaf_base","csaf_version":"2.0","title":"Deep","publisher":{{"category":"vendor","name":"P","namespace":"https://p.example"}},
        "tracking":{{"id":"DEEP-1","status":"final","version":"1","initial_release_date":"2026-01-01T00:00:00Z","current_release_date":"2026-01-01T00:00:00Z",
        "revision_history":[{{"date":"2026-01-01T00:00:00Z","number":"1","summary":"first"}}]}}}},
        "product_tree":{{"branches":[{{"category":"vendor","name":"Schneider Electric","branches":[{tree}]}}]}},
        "vulnerabilities":[{{"cve":"CVE-2026-0001","product_status":{{"known_affected":["P1"]}}}}]}}"#
    );
    let deep = place.write("deep.json", deep);
    let printed = place.ok(&["scan", meters, "--advisories", deep.to_str().unwrap(), "--format", "ndjson"]);
    assert!(printed.contains("DEEP-1"), "a tree of 30 levels is read: {printed}");

    let bomb = zip(&[("bomb.json", &vec![b' '; 64 << 20])]);
    let bomb = place.write("bomb.zip", bomb);
    let said = place.fails(&["scan", meters, "--advisories", bomb.to_str().unwrap()]);
    assert!(said.contains("bomb.zip"), "{said}");
    let other = place.write("other.json", br#"{"vulnerabilities":[],"title":"a list"}"#);
    let said = place.fails(&["scan", meters, "--advisories", other.to_str().unwrap()]);
    assert!(said.contains("other.json") && said.contains("document"), "{said}");
}

#[test]
fn doors_are_strict() {
    let place = Place::new();
    let config = place.write("config.toml", "databse = \"x\"\n");
    let said = place.fails(&["migrate", "--config", config.to_str().unwrap()]);
    assert!(said.contains("known keys are database, data_dir, listen, "), "{said}");
    let said = place.fails(&["migrate", "--database", "postgres://me:secret@localhost/x"]);
    assert!(said.contains("hint:") && !said.contains("secret"), "{said}");
    let said = place.fails(&["scan", "x.csv", "--verdict", "vulnerable"]);
    assert!(said.contains("affected, possible, not_affected"), "{said}");
}

#[test]
fn shells_and_man_are_served() {
    let place = Place::new();
    assert!(place.ok(&["completions", "bash"]).contains("nameplate"));
    assert!(place.ok(&["man"]).contains(".TH nameplate"));
    place.ok(&["man", "--output", "."]);
    assert!(place.path("nameplate-scan.1").exists());
}
