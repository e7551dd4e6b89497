//! Advisories that change: later revisions, withdrawn and superseded documents, several documents on one finding.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::{TestDatabase, on_both};
use crate::documents::document;

on_both!(
    a_withdrawn_document_closes_its_exposures_and_says_why,
    a_superseded_document_points_to_what_stands_for_it,
    a_later_revision_is_compared_first_for_the_devices,
    a_deleted_document_closes_its_exposures_and_keeps_history,
    vendor_and_coordinator_are_witnesses_of_one_finding,
);

/// A folder of its own, and the database of the test, worked on with the real binary.
pub struct Plant<'a> {
    pub folder: TempDir,
    database: &'a TestDatabase,
}

/// A gateway below the fix, one at it, and a device of somebody else.
const DEVICES: &str = "asset_id,site,vendor,model,firmware\n\
    G-1,Riverside,Feldbus GmbH,Gateway GW-100,1.5\n\
    G-2,Riverside,Feldbus GmbH,Gateway GW-100,1.5\n\
    G-3,Riverside,Feldbus GmbH,Gateway GW-100,2.5\n\
    P-1,Riverside,Another AG,Pump P1,1.0\n";

impl<'a> Plant<'a> {
    pub fn new(database: &'a TestDatabase) -> Plant<'a> {
        let plant = Plant { folder: TempDir::new().unwrap(), database };
        plant.write("plant.csv", DEVICES);
        plant.ok(&["import", "plant.csv"]);
        plant
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
        command.current_dir(self.folder.path()).env_clear().args(arguments);
        command.env("NAMEPLATE_DATA_DIR", self.folder.path().join("data"));
        command.env("NAMEPLATE_DATABASE", &self.database.url).output().unwrap()
    }

    /// Runs a command that must succeed and gives what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must end with status 2 and gives all that it said.
    pub fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    /// Adds a document and judges anew; gives what the run said.
    fn add(&self, document: &Value) -> String {
        self.write("next.json", document.to_string());
        self.ok(&["advisory", "add", "next.json"]);
        self.ok(&["rescan"])
    }
}

async fn a_withdrawn_document_closes_its_exposures_and_says_why(database: &TestDatabase) {
    let plant = Plant::new(database);
    assert!(plant.add(&document("FB-1", "1")).contains("New 1, changed 0, closed 0"), "one kind of device");
    let mut withdrawn = document("FB-1", "2");
    withdrawn["document"]["category"] = json!("csaf_withdrawn");
    withdrawn["document"]["notes"] = json!([
        { "category": "summary", "text": "About gateways" },
        { "category": "description", "title": "Reasoning for Withdrawal", "text": "The finding was a false alarm." }
    ]);
    // The tree is still there, against the standard: it must not be matched all the same.
    assert!(plant.add(&withdrawn).contains("New 0, changed 0, closed 1"));
    let shown = plant.ok(&["advisory", "show", "FB-1"]);
    assert!(shown.contains("1 × withdrawn by its publisher: The finding was a false alarm."), "{shown}");
    assert_eq!(plant.ok(&["advisory", "list", "fate=withdrawn"]).lines().count(), 1);
    let kept = database.texts("select advisory_version from exposure where closed_at is not null").await;
    assert_eq!(kept, ["1"], "history stays");
    let report = plant.ok(&["report", "--format", "json"]);
    assert!(!report.contains("FB-1"), "{report}");
}

async fn a_superseded_document_points_to_what_stands_for_it(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.add(&document("FB-2024-1", "1"));
    let mut superseded = document("FB-2024-1", "2");
    superseded["document"]["category"] = json!("csaf_superseded");
    superseded["document"]["references"] =
        json!([{ "category": "external", "url": "https://feldbus.example/csaf/fb-2024-2.json", "summary": "next" }]);
    superseded.as_object_mut().unwrap().retain(|key, _| key == "document");
    plant.write("successor.json", document("FB-2024-2", "1").to_string());
    plant.ok(&["advisory", "add", "successor.json"]);
    assert!(plant.add(&superseded).contains("New 1, changed 0, closed 1"), "the exposure goes on under the new id");
    let shown = plant.ok(&["advisory", "show", "FB-2024-1"]);
    let expected = "superseded by https://feldbus.example/csaf/fb-2024-2.json (in this database: FB-2024-2)";
    assert!(shown.contains(expected), "{shown}");
}

async fn a_later_revision_is_compared_first_for_the_devices(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.add(&document("FB-1", "1"));
    let mut second = document("FB-1", "2");
    second["product_tree"]["branches"][0]["branches"][0]["branches"][0]["name"] = json!("< 3.0");
    second["vulnerabilities"][0]["remediations"][0]["details"] = json!("Update to 3.0");
    let run = plant.add(&second);
    assert!(run.contains("New 1, changed 1, closed 0"), "{run}");
    let diff = plant.ok(&["advisory", "diff", "fb-1"]);
    let devices = diff.split("differences in the document").next().unwrap();
    assert!(devices.contains("FB-1: revision 1 → 2"), "{diff}");
    assert!(devices.contains("1 × Feldbus GmbH Gateway GW-100 2.5: new: affected"), "{diff}");
    assert!(diff.contains("versions of Feldbus GmbH › Gateway GW-100: `< 2.0` → `< 3.0`"), "{diff}");
    assert!(diff.contains("- Update to 2.0") && diff.contains("+ Update to 3.0"), "{diff}");
    let back = plant.ok(&["advisory", "diff", "FB-1", "2", "1"]);
    assert!(back.contains("GW-100 2.5: affected → not affected"), "{back}");
    assert!(plant.fails(&["advisory", "diff", "FB-1", "7"]).contains("no revision `7` is kept; there are `2`, `1`"));
    plant.ok(&["advisory", "delete", "FB-1", "--revision", "1", "--yes"]);
    assert!(plant.fails(&["advisory", "diff", "FB-1"]).contains("expected two revisions, found one (2)"));
}

async fn a_deleted_document_closes_its_exposures_and_keeps_history(database: &TestDatabase) {
    let plant = Plant::new(database);
    plant.add(&document("FB-1", "1"));
    plant.ok(&["advisory", "comment", "FB-1", "ask the integrator", "--author", "ada"]);
    plant.ok(&["advisory", "read", "FB-1"]);
    assert_eq!(plant.ok(&["advisory", "list", "--unread"]), "");
    plant.ok(&["advisory", "unread", "FB-1"]);
    assert_eq!(plant.ok(&["advisory", "list", "--unread", "--mine"]).lines().count(), 1);
    let said = plant.fails(&["advisory", "delete", "FB-1"]);
    assert!(said.contains("Would go away: FB-1 revision 1, 1 comments, 0 read marks"), "{said}");
    assert!(said.contains("1 open ones are judged anew") && said.contains("--yes"), "{said}");
    assert!(plant.ok(&["advisory", "list"]).contains("FB-1"), "nothing happens without --yes");
    assert!(plant.ok(&["advisory", "delete", "FB-1", "--yes"]).contains("Exposures closed 1"));
    assert_eq!(plant.ok(&["advisory", "list"]), "");
    let why = database.texts("select closed_because from exposure").await;
    assert_eq!(why, ["the document was deleted from this database"]);
    assert!(plant.fails(&["advisory", "delete", "FB-1"]).contains("no advisory of the database has this id"));
}

async fn vendor_and_coordinator_are_witnesses_of_one_finding(database: &TestDatabase) {
    let plant = Plant::new(database);
    let mut national = document("NC-2024-77", "1");
    national["document"]["publisher"] =
        json!({ "category": "coordinator", "name": "National CERT", "namespace": "https://cert.example" });
    national["document"]["references"] =
        json!([{ "category": "external", "url": "https://feldbus.example/csaf/fb-2024-1.json", "summary": "vendor" }]);
    national["product_tree"]["branches"][0]["branches"][0]["branches"][0]["name"] = json!("< 3.0");
    plant.add(&national);
    let run = plant.add(&document("FB-2024-1", "1"));
    assert!(run.contains("New 1"), "both stay exposures of their own: {run}");
    for (id, other, role) in
        [("FB-2024-1", "NC-2024-77", "This document leads"), ("NC-2024-77", "FB-2024-1", "Another document leads")]
    {
        let shown = plant.ok(&["advisory", "show", id]);
        assert!(shown.contains(&format!("Witnesses of the same finding (1). {role}.")), "{shown}");
        assert!(shown.contains(other), "{shown}");
    }
    let told = plant.ok(&["explain", "--asset", "G-1"]);
    assert!(told.contains("Witnesses of one finding: FB-2024-1 (leads), NC-2024-77"), "{told}");
    assert!(told.contains("FB-2024-1 means versions below 2.0 and NC-2024-77 means versions below 3.0"), "{told}");
    let told = plant.ok(&["explain", "--asset", "G-3"]);
    assert!(told.contains("FB-2024-1 says not affected, NC-2024-77 says affected"), "{told}");
}
