//! Reports, plans, exchange and evidence as people make them: the real binary on both databases.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::database::{TestDatabase, on_both};

on_both!(
    all_formats_of_the_sample_plant_count_the_same,
    a_plan_is_proposed_frozen_worked_on_and_closes_by_evidence,
    exchange_documents_are_accepted_by_their_validators,
    a_comparison_of_two_days_is_made_and_kept_as_a_file,
    two_imports_of_a_site_are_compared_by_their_numbers,
    what_owners_do_reaches_reports_exchange_and_plans,
    files_are_kept_with_their_checksum_until_they_are_removed,
    a_past_period_gives_the_same_record_again,
);

struct Plant<'a> {
    folder: TempDir,
    database: &'a TestDatabase,
}

impl<'a> Plant<'a> {
    /// The sample plant, judged.
    fn judged(database: &'a TestDatabase) -> Plant<'a> {
        let plant = Plant { folder: TempDir::new().unwrap(), database };
        let samples = Path::new(env!("CARGO_MANIFEST_DIR"));
        let advisories = samples.join("sample_advisories");
        let inventory = samples.join("sample_inventories/three_sites.csv");
        plant.ok(&["advisory", "add", advisories.to_str().unwrap()]);
        plant.ok(&["import", inventory.to_str().unwrap()]);
        plant.ok(&["rescan"]);
        plant
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_nameplate"))
            .current_dir(self.folder.path())
            .env_clear()
            .env("NAMEPLATE_DATA_DIR", self.path("data"))
            .env("NAMEPLATE_DATABASE", &self.database.url)
            .env("TZ", "UTC")
            .args(["-q"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

const SITE: &str = "Dairy Westbrook";

async fn all_formats_of_the_sample_plant_count_the_same(database: &TestDatabase) {
    let plant = Plant::judged(database);
    let json = plant.json(&["report", "--format", "json"]);
    let n_rows = json["n_rows"].as_u64().unwrap();
    assert!(n_rows > 50);
    let csv = plant.ok(&["report", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    assert_eq!(reader.records().count() as u64, n_rows, "csv");
    assert_eq!(plant.ok(&["report", "--format", "ndjson"]).lines().count() as u64, n_rows, "ndjson");
    let html = plant.ok(&["report", "--format", "html"]);
    assert!(html.contains(&format!("{n_rows} rows")), "html");
    for paper in ["a4", "letter"] {
        let file = plant.path(paper);
        plant.ok(&["report", "--format", "pdf", "--paper", paper, "-o", file.to_str().unwrap()]);
        assert!(std::fs::read(file).unwrap().starts_with(b"%PDF-1.7"), "{paper}");
    }
    // The sites one by one hold the rows of all.
    let sites = json["sites"].as_array().unwrap();
    let of_sites: u64 = sites
        .iter()
        .map(|site| {
            let site = site["site"].as_str().unwrap();
            plant.json(&["report", "--site", site, "--format", "json"])["n_rows"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(of_sites, n_rows);
    // What is open in the course of things is what the rows say.
    let trend = json["trend"]["points"].as_array().unwrap();
    let open: u64 = trend.last().unwrap()["open"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(open, n_rows);
}

async fn a_plan_is_proposed_frozen_worked_on_and_closes_by_evidence(database: &TestDatabase) {
    let plant = Plant::judged(database);
    let new = ["plan", "new", "Outage", "--site", SITE, "--from", "2026-12-01 06:00", "--to"];
    let error = plant.refused(&[&new[..], &["2026-12-01 05:00"]].concat());
    assert!(error.contains("the window ends before it starts"), "{error}");
    plant.ok(&[&new[..], &["2026-12-02 18:00", "--zone", "Europe/Berlin", "--by", "Okafor"]].concat());

    let draft = plant.json(&["plan", "show", "1", "--format", "json"]);
    let closes = draft["n_closed"].as_u64().unwrap();
    assert!(closes > 0);
    assert_eq!(draft["n_exposures"].as_u64().unwrap(), closes + draft["n_left"].as_u64().unwrap());
    let step = &draft["steps"][0];
    assert!(step["options"][0]["because"].as_str().unwrap().contains("ICSA-"));
    let number = step["step"].to_string();
    // A target that fixes nothing closes nothing, and the plan says so.
    plant.ok(&["plan", "target", "1", &number, "0.0.1"]);
    let worse = plant.json(&["plan", "show", "1", "--format", "json"]);
    assert!(worse["n_closed"].as_u64().unwrap() < closes);
    plant.ok(&["plan", "target", "1", &number, "--proposed"]);
    plant.ok(&["plan", "leave-out", "1", &number]);
    assert!(plant.json(&["plan", "show", "1", "--format", "json"])["n_closed"].as_u64().unwrap() < closes);
    plant.ok(&["plan", "target", "1", &number, "--proposed"]);

    plant.ok(&["plan", "freeze", "1", "--by", "Okafor"]);
    assert!(plant.refused(&["plan", "freeze", "1"]).contains("frozen since"));
    assert!(plant.refused(&["plan", "target", "1", &number, "9"]).contains("frozen since"));
    let order = plant.ok(&["plan", "work-order", "1"]);
    let work = plant.json(&["plan", "show", "1", "--format", "json"]);
    let assets = work["assets"].as_array().unwrap();
    assert_eq!(order.matches("firmware read back: ____").count(), assets.len());
    for form in ["html", "pdf"] {
        let file = plant.path(form);
        plant.ok(&["plan", "work-order", "1", "--format", form, "-o", file.to_str().unwrap()]);
        assert!(std::fs::metadata(file).unwrap().len() > 1_000, "{form}");
    }

    // What is to be worked on is in progress, as far as a report can tell.
    let planned = plant.json(&["report", "--site", SITE, "--format", "json", "--filter", "status=in_progress"]);
    assert_eq!(planned["n_rows"].as_u64().unwrap(), closes);
    assert_eq!(planned["rows"][0]["decision"], "planned");
    assert_eq!(planned["rows"][0]["decided_by"], "Okafor");

    let before = plant.json(&["report", "--site", SITE, "--format", "json"])["n_rows"].as_u64().unwrap();
    let readings: Vec<String> = assets
        .iter()
        .map(|asset| format!("{}={}", asset["asset_id"].as_str().unwrap(), asset["target"].as_str().unwrap()))
        .collect();
    let mut arguments = vec!["plan", "read-back", "1", "--by", "Kim"];
    arguments.extend(readings.iter().map(String::as_str));
    plant.ok(&arguments);
    let done = plant.json(&["plan", "show", "1", "--format", "json"]);
    assert_eq!(done["n_done"], done["n_assets"]);
    let after = plant.json(&["report", "--site", SITE, "--format", "json"])["n_rows"].as_u64().unwrap();
    assert_eq!(before - after, closes, "what was read back closes what the plan said");
    let unknown = plant.run(&["plan", "read-back", "1", "NOBODY=1.0"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stdout).contains("`NOBODY` is no asset of plan 1"));

    // What is decided about a device without a fix stays with it.
    let list = plant.json(&["unfixed", "list", "--site", SITE, "--format", "json"]);
    let variant = list[0]["variant"].to_string();
    for measure in ["segment it", "replace it"] {
        plant.ok(&["unfixed", "mitigate", &variant, "--site", SITE, "--measure", measure, "--replace-in", "2029"]);
    }
    let list = plant.json(&["unfixed", "list", "--site", SITE, "--format", "json"]);
    assert_eq!(list[0]["mitigations"].as_array().unwrap().len(), 1);
    assert_eq!(list[0]["mitigations"][0]["measure"], "replace it");
}

async fn exchange_documents_are_accepted_by_their_validators(database: &TestDatabase) {
    let plant = Plant::judged(database);
    let site = ["vex", "--site", SITE, "--publisher", "Example Water", "--namespace", "https://water.example"];
    let csaf = plant.json(&site);
    assert_eq!(csaf["document"]["category"], "csaf_vex");
    assert!(csaf["vulnerabilities"].as_array().unwrap().len() > 3);
    let cyclonedx = plant.json(&[&site[..], &["--format", "cyclonedx"]].concat());
    assert_eq!(cyclonedx["specVersion"], "1.6");
    assert!(plant.refused(&["vex", "--site", SITE, "--publisher", "X", "--namespace", "no uri"]).contains("URI"));
    // A folder with the validators of `.ci/validators/`, installed; see docs/reports.md.
    let Some(folder) = std::env::var_os("NAMEPLATE_CSAF_VALIDATOR") else {
        eprintln!("SKIPPED: the validators are not installed (NAMEPLATE_CSAF_VALIDATOR is not set)");
        return;
    };
    for (kind, document) in [("csaf", &csaf), ("cyclonedx", &cyclonedx)] {
        let file = plant.path(kind);
        std::fs::write(&file, document.to_string()).unwrap();
        let script = Path::new(&folder).join("validate.mjs");
        let output = Command::new("node").arg(script).arg(kind).arg(&file).output().unwrap();
        assert!(output.status.success(), "{kind}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

async fn a_comparison_of_two_days_is_made_and_kept_as_a_file(database: &TestDatabase) {
    let plant = Plant::judged(database);
    let refused = plant.refused(&["report-file", "make", "comparison.json", "--site", SITE]);
    assert!(refused.contains("the earlier day"), "{refused}");
    let since = jiff::Timestamp::now().to_string();
    plant.ok(&["report-file", "make", "comparison.json", "--site", SITE, "--since", &since]);
    let list = plant.ok(&["report-file", "list"]);
    let id = list.split('\t').next().unwrap();
    assert!(list.contains("\tcomparison.json\t"), "{list}");
    let compared: Value = serde_json::from_str(&plant.ok(&["report-file", "get", id])).unwrap();
    let by_hand = plant.json(&["compare", "--from", &since, "--site", SITE, "--format", "json"]);
    assert_eq!(compared["n_same"], by_hand["n_same"]);
    assert!(compared["n_same"].as_u64().unwrap() > 3, "{compared}");
}

async fn two_imports_of_a_site_are_compared_by_their_numbers(database: &TestDatabase) {
    let plant = Plant::judged(database);
    let import = |name: &str, rows: &[&str]| {
        let file = plant.path(name);
        std::fs::write(&file, format!("Tag,Site,Vendor,Model,Firmware\n{}\n", rows.join("\n"))).unwrap();
        plant.ok(&["import", file.to_str().unwrap()]);
    };
    let meter = |tag: &str, firmware: &str| format!("{tag},Mill,Schneider Electric,PowerLogic PM8000,{firmware}");
    let (old, kept, gone, new) =
        (meter("M-1", "3.1.2"), meter("M-2", "3.1.2"), meter("M-3", "3.1.2"), meter("M-4", "3.1.2"));
    import("before.csv", &[&old, &kept, &gone]);
    import("after.csv", &[&meter("M-1", "4.0.1"), &kept, &new]);
    plant.ok(&["rescan"]);
    let compare = ["compare", "--imports", "2", "3", "--site", "Mill", "--format"];
    let compared = plant.json(&[&compare[..], &["json"]].concat());
    let n = |name: &str| compared["assets"][name].as_u64().unwrap();
    assert_eq!((n("n_added"), n("n_removed"), n("n_changed")), (1, 1, 1), "{compared}");
    let closed: Vec<&str> =
        compared["rows"].as_array().unwrap().iter().filter_map(|row| row["asset_id"].as_str()).collect();
    assert!(closed.contains(&"M-1") && closed.contains(&"M-4") && !closed.contains(&"M-2"), "{compared}");
    let told = plant.ok(&[&compare[..], &["text"]].concat());
    assert!(told.contains("3.1.2 → 4.0.1"), "{told}");
    let refused = plant.refused(&["compare", "--imports", "2", "99", "--site", "Mill"]);
    assert!(refused.contains("99"), "{refused}");
}

async fn what_owners_do_reaches_reports_exchange_and_plans(database: &TestDatabase) {
    let plant = Plant::judged(database);
    let report = |filter: &str| plant.json(&["report", "--site", SITE, "--format", "json", "--filter", filter]);
    let all = report("");
    let (n_rows, first) = (all["n_rows"].as_u64().unwrap(), &all["rows"][0]);
    assert_eq!((first["verdict"].as_str(), first["status"].as_str()), (Some("affected"), Some("not_remediated")));
    let advisory = first["advisory_id"].as_str().unwrap();
    let filter = format!("site=dairy-westbrook&advisory={advisory}");
    let n_marked = report(&format!("advisory={advisory}"))["n_rows"].as_u64().unwrap();
    let mark = ["mark", &filter, "--user", "Kim", "--yes", "--reason"];
    plant.ok(&["plan", "new", "Outage", "--site", SITE, "--from", "2026-12-01 06:00", "--to", "2026-12-02 06:00"]);
    let proposed = || plant.json(&["plan", "show", "1", "--format", "json"]);
    let n_work = proposed()["n_exposures"].as_u64().unwrap();
    assert_eq!(n_work, n_rows);

    plant.ok(&[&mark[..], &["mitigation_applied", "--note", "own network segment"]].concat());
    let done = report("status=done");
    assert_eq!(done["n_rows"].as_u64().unwrap(), n_marked);
    assert_eq!(report("status=open")["n_rows"].as_u64().unwrap(), n_rows - n_marked);
    for row in done["rows"].as_array().unwrap() {
        assert_eq!((&row["decision"], &row["decided_by"]), (&"mitigation applied".into(), &"Kim".into()));
        assert_eq!(row["decision_note"], "own network segment");
    }
    let html = plant.ok(&["report", "--site", SITE, "--format", "html"]);
    assert!(html.contains("done: mitigation applied"));
    let tickets = plant.ok(&["report", "--site", SITE, "--format", "tickets", "--filter", "status=done"]);
    assert!(tickets.contains("done: mitigation applied"));
    // What is done is no open work.
    let after = proposed();
    assert_eq!(after["n_exposures"].as_u64().unwrap(), n_work - n_marked);
    assert_eq!(after["n_handled"].as_u64().unwrap(), n_marked);

    let vex = |format| {
        let site = ["vex", "--site", SITE, "--publisher", "X", "--namespace", "https://x.example", "--format", format];
        plant.json(&site)
    };
    let remedies = |document: &Value| -> Vec<(String, String)> {
        let all = document["vulnerabilities"].as_array().unwrap().iter();
        let remedies = all.flat_map(|v| v["remediations"].as_array().cloned().unwrap_or_default());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        remedies.map(|r| (text(&r["category"]), text(&r["details"]))).collect()
    };
    let told = |document: &Value| -> Vec<String> {
        let told = remedies(document).into_iter().filter(|(_, details)| details.contains("own network segment"));
        told.map(|(category, _)| category).collect()
    };
    let csaf = vex("csaf");
    assert!(!told(&csaf).is_empty() && told(&csaf).iter().all(|category| category == "mitigation"));
    let analyses = vex("cyclonedx")["vulnerabilities"].clone();
    let mitigated =
        |analysis: &&Value| analysis["analysis"]["detail"].as_str().unwrap_or_default().contains("own network segment");
    let analysis = analyses.as_array().unwrap().iter().find(mitigated).unwrap();
    assert_eq!(analysis["analysis"]["state"], "exploitable", "a mitigation does not take the fault away");

    // A device that is gone is not affected, and says why.
    plant.ok(&[&mark[..], &["removed"]].concat());
    let gone = vex("csaf");
    assert!(told(&gone).is_empty());
    let flags = |document: &Value, label: &str| {
        let all = document["vulnerabilities"].as_array().unwrap().iter();
        let flags = all.flat_map(|v| v["flags"].as_array().cloned().unwrap_or_default());
        flags.filter(|flag| flag["label"] == label).flat_map(|f| f["product_ids"].as_array().cloned().unwrap()).count()
    };
    assert!(flags(&gone, "component_not_present") > flags(&csaf, "component_not_present"));
}

async fn files_are_kept_with_their_checksum_until_they_are_removed(database: &TestDatabase) {
    let plant = Plant::judged(database);
    let made = plant.ok(&["report-file", "make", "csv", "--site", SITE, "--filter", "verdict=affected", "--by", "Kim"]);
    let (path, told) = made.trim_end().split_once('\t').unwrap().1.split_once("\tsha256 ").unwrap();
    let kept = std::fs::read(path).unwrap();
    assert_eq!(nameplate::services::report_files::sha256_hex(&kept), told);
    assert_eq!(plant.ok(&["report-file", "get", "1"]).into_bytes(), kept);
    let list = plant.ok(&["report-file", "list"]);
    for part in ["Kim", "csv", SITE, "verdict=affected", told, path] {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(plant.refused(&["report-file", "make", "evidence.json", "--filter", "kev=yes"]).contains("only exposure"));
    assert!(plant.refused(&["report-file", "make", "csaf-vex.json", "--site", SITE]).contains("vex_publisher"));

    // A file that was changed is not given out.
    std::fs::write(path, "nothing here").unwrap();
    assert!(plant.refused(&["report-file", "get", "1"]).contains("it was changed since it was made"));
    plant.ok(&["report-file", "delete", "1"]);
    assert!(!Path::new(path).exists());
    assert!(plant.refused(&["report-file", "get", "1"]).contains("it was removed on"));
    assert!(plant.ok(&["report-file", "list"]).contains("removed 20"), "its line stays");
}

async fn a_past_period_gives_the_same_record_again(database: &TestDatabase) {
    let plant = Plant::judged(database);
    let now = jiff::Timestamp::now().to_string();
    let record = || plant.json(&["evidence", "--as-of", &now, "--format", "json"]);
    let first = record();
    plant.ok(&["rescan"]);
    assert_eq!(first, record());
    assert_eq!(first["sha256"].as_str().unwrap().len(), 64);
    let documents: Vec<&Value> = first["record"]["sources"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|source| source["documents"].as_array().unwrap())
        .collect();
    assert_eq!(documents.len(), 18);
    for document in documents {
        assert_eq!(document["sha256"].as_str().unwrap().len(), 64);
        assert!(document["evaluated_at"].is_string() && !document["why"].as_str().unwrap().is_empty());
    }
    let compared = plant.json(&["compare", "--from", &now, "--format", "json"]);
    assert_eq!((compared["n_new"].as_u64(), compared["n_closed"].as_u64()), (Some(0), Some(0)));
}
