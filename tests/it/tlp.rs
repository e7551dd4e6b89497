//! The Traffic Light Protocol where the program tells something by itself: messages and scheduled reports.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::database::{TestDatabase, on_both};

on_both!(what_is_for_named_people_only_leaves_neither_in_messages_nor_in_scheduled_reports,);

const ADVISORY: &str = r#"{
  "document": {
    "category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Title of NAME",
    "distribution": {"tlp": {"label": "LABEL"}},
    "publisher": {"category": "vendor", "name": "Example", "namespace": "https://example.com"},
    "tracking": {"id": "NAME", "status": "final", "version": "1",
      "initial_release_date": "2026-11-20T10:00:00Z", "current_release_date": "2026-11-20T10:00:00Z",
      "revision_history": [{"number": "1", "date": "2026-11-20T10:00:00Z", "summary": "first"}]}
  },
  "product_tree": {"branches": [{"category": "vendor", "name": "Schneider Electric", "branches": [
    {"category": "product_name", "name": "PowerLogic PM8000", "branches": [
      {"category": "product_version_range", "name": "<9.9.9", "product": {"product_id": "P1", "name": "PM8000 <9.9.9"}}]}]}]},
  "vulnerabilities": [{"cve": "CVE-2026-0001", "product_status": {"known_affected": ["P1"]},
    "remediations": [{"category": "vendor_fix", "details": "Update.", "product_ids": ["P1"]}]}]
}"#;

struct Plant<'a> {
    database: &'a TestDatabase,
    folder: tempfile::TempDir,
}

impl Plant<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
        command.current_dir(self.folder.path()).env_clear().args(arguments).stdin(Stdio::null());
        command.env("NAMEPLATE_DATA_DIR", self.path("data")).env("NAMEPLATE_DATABASE", &self.database.url);
        command.env("NAMEPLATE_MAIL_FROM", "nameplate@plant.example");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// All that was written into a folder, as one text.
    fn written(&self, folder: &str) -> String {
        let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).replace("=\r\n", "");
        let entries = std::fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        entries.map(|entry| read(&entry.path())).collect()
    }
}

async fn what_is_for_named_people_only_leaves_neither_in_messages_nor_in_scheduled_reports(database: &TestDatabase) {
    let plant = Plant { database, folder: tempfile::tempdir().unwrap() };
    let list = "asset_id,site,vendor,model,firmware\nM1,Riverside,Schneider Electric,PowerLogic PM8000,3.1.2\n";
    std::fs::write(plant.path("meters.csv"), list).unwrap();
    for (name, label) in [("DOC-FREE", "WHITE"), ("DOC-AMBER", "AMBER"), ("DOC-RED", "RED"), ("DOC-ODD", "PURPLE")] {
        let text = ADVISORY.replace("NAME", name).replace("LABEL", label);
        std::fs::write(plant.path(&format!("{name}.json")), text).unwrap();
    }
    plant.ok(&["import", "meters.csv"]);
    plant.ok(&["advisory", "add", "DOC-FREE.json"]);
    plant.ok(&["rescan"]);
    let mails = format!("folder:{}", plant.path("mails").display());
    plant.ok(&["alert", "add", "--name", "All", "--to", &mails]);
    let reports = format!("folder:{}", plant.path("reports").display());
    plant.ok(&["scheduled-report", "add", "--format", "csv", "--when", "daily", "--to", &reports]);
    plant.ok(&["scheduled-report", "add", "--format", "html", "--when", "daily", "--to", &reports]);
    database.execute("update report_schedule set created_at = '2026-01-01T00:00:00.000Z'").await;
    plant.ok(&["advisory", "add", "DOC-AMBER.json", "DOC-RED.json", "DOC-ODD.json"]);
    let told = plant.ok(&["nightly"]);

    let mail = plant.written("mails");
    assert!(mail.contains("3 new"), "that there is something is told: {mail}\n{told}");
    assert!(mail.contains("[TLP:AMBER] Title of DOC-AMBER"), "{mail}");
    assert!(mail.contains("TLP:RED"), "{mail}");
    let report = plant.written("reports");
    assert!(report.contains("DOC-FREE") && report.contains("[TLP:AMBER] Title of DOC-AMBER"), "{report}");
    assert!(report.contains("2 exposures to documents under TLP:RED are left out"), "{report}");
    // A label that nobody knows is kept as strictly as the strictest.
    for (what, text) in [("mail", &mail), ("report", &report)] {
        for name in ["DOC-RED", "DOC-ODD"] {
            assert!(!text.contains(name), "{what} tells of {name}: {text}");
        }
    }
    // Whoever asks for a report is somebody who may read it, and sees the label.
    let asked = plant.ok(&["report", "--format", "csv"]);
    assert!(asked.contains("[TLP:RED] Title of DOC-RED"), "{asked}");
}
