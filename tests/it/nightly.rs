//! The nightly chain from a new revision to the mail in somebody's inbox, and what happens when it is killed.

mod outlets;
mod smtp;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use smtp::{Answer, Relay};

use crate::database::{TestDatabase, on_both};

on_both!(
    a_new_revision_is_one_mail_with_the_right_counts_and_the_second_run_sends_none,
    killed_at_any_point_no_change_is_lost_and_no_mail_is_doubled,
    a_relay_that_says_later_is_asked_again_and_one_that_says_never_is_not,
    what_only_another_matcher_changed_is_told_after_a_confirmation_and_once,
    who_stopped_the_messages_gets_no_more,
    a_report_is_made_once_a_night_and_removed_after_its_days,
);

/// An installation of its own: database, data folder, relay.
struct Plant<'a> {
    database: &'a TestDatabase,
    folder: tempfile::TempDir,
    relay: Relay,
}

const ADVISORY: &str = r#"{
  "document": {
    "category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Meters of Example",
    "publisher": {"category": "vendor", "name": "Example", "namespace": "https://example.com"},
    "tracking": {"id": "EX-1", "status": "final", "version": "VERSION",
      "initial_release_date": "2026-11-20T10:00:00Z", "current_release_date": "2026-11-2VERSIONT10:00:00Z",
      "generator": {"engine": {"name": "test"}},
      "revision_history": [{"number": "VERSION", "date": "2026-11-20T10:00:00Z", "summary": "first"}]}
  },
  "product_tree": {"branches": [{"category": "vendor", "name": "Schneider Electric", "branches": [
    {"category": "product_name", "name": "PowerLogic PM8000", "branches": [
      {"category": "product_version_range", "name": "RANGE", "product": {"product_id": "P1", "name": "Schneider Electric PowerLogic PM8000 RANGE"}}]}]}]},
  "vulnerabilities": [{"cve": "CVE-2026-0001", "product_status": {"known_affected": ["P1"]},
    "scores": [{"products": ["P1"], "cvss_v3": {"version": "3.1", "baseScore": 8.8, "baseSeverity": "HIGH",
      "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"}}],
    "remediations": [{"category": "vendor_fix", "details": "Update.", "product_ids": ["P1"]}]}]
}"#;

/// Three devices of two firmwares: revision 1 affects the older one, revision 2 both.
const METERS: &str = "asset_id,site,vendor,model,firmware\n\
    M1,Riverside,Schneider Electric,PowerLogic PM8000,3.1.2\n\
    M2,Riverside,Schneider Electric,PowerLogic PM8000,4.0.1\n\
    M3,Hillside,Schneider Electric,PowerLogic PM8000,4.0.1\n";

impl<'a> Plant<'a> {
    /// Devices, revision 1 judged, and a rule that mails every change.
    async fn new(database: &'a TestDatabase) -> Plant<'a> {
        let plant = Plant { database, folder: tempfile::tempdir().unwrap(), relay: Relay::start().await };
        plant.write("meters.csv", METERS);
        plant.revision(1, "&lt;4.0.0");
        plant.ok(&["import", "meters.csv"]);
        plant.ok(&["advisory", "add", "r1.json"]);
        plant.ok(&["rescan"]);
        plant.ok(&["alert", "add", "--name", "All sites", "--severity", "high", "--to", "ot-team@example.org"]);
        plant
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn revision(&self, version: u32, range: &str) {
        let text = ADVISORY.replace("VERSION", &version.to_string()).replace("RANGE", &range.replace("&lt;", "<"));
        self.write(&format!("r{version}.json"), &text);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
        command.current_dir(self.folder.path()).env_clear();
        command.env("NAMEPLATE_DATA_DIR", self.path("data")).env("NAMEPLATE_DATABASE", &self.database.url);
        command.env("NAMEPLATE_TIME_ZONE", "Europe/Berlin").env("NAMEPLATE_MAIL_FROM", "nameplate@plant.example");
        command.env("NAMEPLATE_MAIL_RELAYS", format!("smtp+plain://127.0.0.1:{}", self.relay.port));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

async fn a_new_revision_is_one_mail_with_the_right_counts_and_the_second_run_sends_none(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    plant.ok(&["nightly"]);
    assert_eq!(plant.relay.mails().len(), 0, "nothing changed since the rule was made");

    plant.revision(2, "&lt;4.1.0");
    plant.ok(&["advisory", "add", "r2.json"]);
    let told = plant.ok(&["nightly"]);
    assert!(told.contains("1 opened"), "{told}");
    let mails = plant.relay.mails();
    assert_eq!(mails.len(), 1, "{told}");
    let mail = mails[0].replace("=\r\n", "");
    for part in [
        "To: ot-team@example.org\r\n",
        "Subject: [All sites] 1 new since ",
        "2 x Schneider Electric PowerLogic PM8000 4.0.1, Hillside and Riverside",
        "high 8.8  EX-1: Meters of Example",
        "Cause: advisory revision",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(mail.contains(part), "`{part}` is not in\n{mail}");
    }
    plant.ok(&["nightly"]);
    assert_eq!(plant.relay.mails().len(), 1, "the second run sends none");
    let outbox = plant.ok(&["outbox", "list"]);
    assert!(outbox.contains("\tsent\t") && outbox.contains("after publication"), "{outbox}");

    let tested = plant.ok(&["alert", "test", "1"]);
    assert!(tested.contains("1 sent."), "{tested}");
    let back = plant.ok(&["alert", "back-test", "--name", "x", "--severity", "high"]);
    assert!(back.contains("would have sent 2 messages with 2 items"), "{back}");
}

/// Each round brings a revision that turns both firmwares on or off, and kills the chain at another moment; in the end
/// the mails together tell every change once.
async fn killed_at_any_point_no_change_is_lost_and_no_mail_is_doubled(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    plant.ok(&["alert", "add", "--name", "Closed too", "--on", "new,closed", "--to", "log@example.org"]);
    // How long a whole chain takes decides where the moments lie.
    let began = Instant::now();
    plant.ok(&["nightly"]);
    let whole = began.elapsed();
    for round in 0..12_u32 {
        let version = round + 2;
        let range = if round % 2 == 0 { "&lt;4.1.0" } else { "&lt;4.0.0" };
        plant.revision_at(version, range);
        plant.ok(&["advisory", "add", &format!("r{version}.json")]);
        let mut child = plant.command(&["nightly"]).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(f64::from(round * 7 % 12) / 12.0));
        // SIGKILL: nothing is cleaned up.
        child.kill().unwrap();
        child.wait().unwrap();
        let after = plant.ok(&["nightly"]);
        assert!(!after.contains("failed"), "round {round}: {after}");
    }
    plant.ok(&["nightly"]);
    let mut subjects = std::collections::BTreeMap::<String, usize>::new();
    let mut ids = std::collections::BTreeSet::new();
    for mail in plant.relay.mails() {
        let header = |name: &str| {
            let line = mail.split("\r\n").find(|line| line.starts_with(name)).unwrap_or_default();
            line[name.len()..].to_owned()
        };
        // A relay that was told `DATA` and whose client died before it heard the answer gets the mail again, with the
        // same id: that is one mail.
        if ids.insert(header("Message-ID: ")) {
            let subject = header("Subject: ");
            *subjects.entry(subject.split(" since").next().unwrap().to_owned()).or_default() += 1;
        }
    }
    let expected = [("[All sites] 1 new", 6), ("[Closed too] 1 closed", 6), ("[Closed too] 1 new", 6)];
    let expected = expected.map(|(subject, n)| (subject.to_owned(), n));
    assert_eq!(subjects.into_iter().collect::<Vec<_>>(), expected);
    let runs = database.texts("select cast(count(*) as text) from nightly_run where finished_at is null").await;
    assert_eq!(runs, ["0"], "every run came to its end");
}

async fn a_relay_that_says_later_is_asked_again_and_one_that_says_never_is_not(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    plant.revision(2, "&lt;4.1.0");
    plant.ok(&["advisory", "add", "r2.json"]);
    plant.relay.answer(Answer::Later);
    let told = plant.ok(&["nightly"]);
    assert!(told.contains("1 to be tried again"), "{told}");
    assert!(plant.ok(&["outbox", "list"]).contains("waiting"));
    // Its pause is not over.
    plant.relay.answer(Answer::Take);
    plant.ok(&["nightly"]);
    assert_eq!(plant.relay.mails().len(), 0);
    plant.ok(&["outbox", "retry", "1"]);
    assert_eq!(plant.relay.mails().len(), 1);

    plant.relay.answer(Answer::Never);
    plant.ok(&["alert", "test", "1"]);
    let outbox = plant.ok(&["outbox", "list", "--state", "given_up"]);
    assert!(outbox.contains("no such user"), "{outbox}");
}

async fn what_only_another_matcher_changed_is_told_after_a_confirmation_and_once(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    plant.ok(&["nightly"]);
    // As if an older program had judged the same facts with a doubt.
    database.execute("update rescan set matcher_version = '0.0.9', knowledge = ''").await;
    database.execute("update setting set value = '0.0.9' where name = 'alert.confirmed_matcher'").await;
    database.execute("update exposure set verdict = 'possible'").await;
    let told = plant.ok(&["nightly"]);
    assert!(told.contains("1 changes of the matcher wait for a confirmation"), "{told}");
    plant.ok(&["nightly"]);
    assert_eq!(plant.relay.mails().len(), 0, "nobody is mailed before it was looked at");
    let shown = plant.ok(&["alert", "confirm"]);
    assert!(shown.contains("EX-1") && shown.contains("possible → affected"), "{shown}");
    plant.ok(&["alert", "confirm", "--yes"]);
    plant.ok(&["nightly"]);
    plant.ok(&["nightly"]);
    let mails = plant.relay.mails();
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains("Subject: [All sites] 1 worse") && mails[0].contains("Cause: matcher version"),
        "{}",
        mails[0]
    );
}

async fn who_stopped_the_messages_gets_no_more(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let tokens = database.texts("select token from alert_recipient").await;
    let db = nameplate::store::Db::open(&database.url).await.unwrap();
    let now = jiff::Timestamp::now();
    assert!(!nameplate::services::edit_alerts::stop_recipient(&db, "guessed", now).await.unwrap());
    assert!(nameplate::services::edit_alerts::stop_recipient(&db, &tokens[0], now).await.unwrap());
    db.close().await;
    plant.revision(2, "&lt;4.1.0");
    plant.ok(&["advisory", "add", "r2.json"]);
    plant.ok(&["nightly"]);
    assert_eq!(plant.relay.mails().len(), 0);
    assert!(plant.ok(&["alert", "list"]).contains("(stopped)"));
    plant.ok(&["alert", "resume", "1", "ot-team@example.org"]);
    plant.revision(3, "&lt;4.0.0");
    plant.ok(&["advisory", "add", "r3.json"]);
    plant.revision(4, "&lt;4.1.0");
    plant.ok(&["advisory", "add", "r4.json"]);
    plant.ok(&["nightly"]);
    assert_eq!(plant.relay.mails().len(), 0, "on, off and on again between two runs is nothing");
}

async fn a_report_is_made_once_a_night_and_removed_after_its_days(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let folder = format!("folder:{}", plant.path("reports").display());
    plant.ok(&[
        "scheduled-report",
        "add",
        "--site",
        "Riverside",
        "--format",
        "csv",
        "--when",
        "daily",
        "--to",
        &folder,
        "--keep-days",
        "7",
    ]);
    plant.ok(&["scheduled-report", "add", "--format", "pdf", "--when", "daily", "--to", "boss@example.org"]);
    let files = || std::fs::read_dir(plant.path("reports")).map_or(0, Iterator::count);
    assert!(plant.ok(&["nightly"]).contains("0 of 2 reports made"), "their first night is still to come");
    database.execute("update report_schedule set created_at = '2026-01-01T00:00:00.000Z'").await;
    assert!(plant.ok(&["nightly"]).contains("2 of 2 reports made"));
    assert!(plant.ok(&["nightly"]).contains("0 of 2 reports made"));
    assert_eq!((files(), plant.relay.mails().len()), (1, 1));
    assert!(plant.relay.mails()[0].contains("application/pdf"));
    database.execute("update report_file set made_at = '2026-01-01T00:00:00.000Z'").await;
    assert!(plant.ok(&["nightly"]).contains("1 old files removed"), "the other one is kept for longer");
    assert_eq!(files(), 0);
}

impl Plant<'_> {
    /// As [`Plant::revision`], for versions of two digits.
    fn revision_at(&self, version: u32, range: &str) {
        let text = ADVISORY
            .replace("2026-11-2VERSIONT10:00:00Z", &format!("2026-11-21T10:{version:02}:00Z"))
            .replace("VERSION", &version.to_string())
            .replace("RANGE", &range.replace("&lt;", "<"));
        self.write(&format!("r{version}.json"), &text);
    }
}

/// Two servers on one database: each slot is run once.
#[test]
fn two_processes_on_one_postgresql_run_each_slot_once() {
    crate::database::run(crate::database::Engine::Postgresql, async |database| {
        let plant = Plant::new(database).await;
        // Every minute, so that a slot comes while somebody waits for it.
        let mut servers: Vec<_> = (0..2)
            .map(|_| {
                let mut command = plant.command(&["serve", "--listen", "127.0.0.1:0"]);
                command.env("NAMEPLATE_SCHEDULE", "* * * * *").env("NAMEPLATE_SCHEDULE_JITTER_MINUTES", "0");
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let done = database.texts("select slot_at from nightly_run where finished_at is not null").await;
            if !done.is_empty() || Instant::now() > deadline {
                break;
            }
        }
        // The other server looks at the clock every 15 seconds.
        tokio::time::sleep(Duration::from_secs(20)).await;
        for server in &mut servers {
            server.kill().unwrap();
            server.wait().unwrap();
        }
        let slots = database.texts("select slot_at from nightly_run order by nightly_run_id").await;
        let mut distinct = slots.clone();
        distinct.dedup();
        assert!(!slots.is_empty(), "{slots:?}");
        assert_eq!(slots, distinct);
        let rescans = database.texts("select cast(count(*) as text) from rescan where started_by = 'nightly'").await;
        let n_rescans: usize = rescans[0].parse().unwrap();
        assert!(n_rescans <= slots.len(), "{n_rescans} rescans for {slots:?}");
    });
}
