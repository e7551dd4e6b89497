//! The other ways out of the house, and what people see of the nights: webhooks, syslog, encrypted mail, the outbox, the
//! banner, looks at the sources between two nights, backup and restore.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nameplate::config::Config;
use nameplate::domain::schedule::Schedule;
use nameplate::services::fetch_advisories::fetch_advisories;
use nameplate::services::nightly::{Chain, poll};
use nameplate::services::outlets::{Outlets, deliver};
use nameplate::services::progress::Silent;
use nameplate::services::retention::Retention;
use nameplate::services::sources::{FetchSettings, SourceChoices, enable_source, save_source};
use nameplate::services::watch::{Rota, tick};
use nameplate::store::Db;
use nameplate::web::{self, AppState};
use serde_json::{Value, json};

use super::Plant;
use super::smtp::{Answer, Relay};
use crate::database::{TestDatabase, on_both};
use crate::provider::Provider;

on_both!(
    a_webhook_is_signed_and_asked_again_until_it_answers,
    syslog_gets_a_line_an_item_and_one_with_the_counts,
    mail_is_encrypted_or_not_sent,
    what_comes_between_two_nights_is_mailed_at_once,
    the_outbox_and_missed_nights_are_seen_on_the_pages,
    what_is_older_than_it_is_kept_goes_and_reports_say_so,
    each_night_runs_once_whatever_the_clock_does,
);

/// The head and the body of each request, in order.
type Heard = Vec<(HeaderMap, Vec<u8>)>;

/// What a receiver of webhooks heard, and what it answers.
#[derive(Clone, Default)]
struct Receiver {
    heard: Arc<Mutex<Heard>>,
    answer: Arc<Mutex<u16>>,
}

impl Receiver {
    async fn start(&self) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hear = async |State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes| {
            receiver.heard.lock().unwrap().push((headers, body.to_vec()));
            StatusCode::from_u16(*receiver.answer.lock().unwrap()).unwrap()
        };
        let router = Router::new().route("/hook", post(hear)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        port
    }

    fn answers(&self, status: u16) {
        *self.answer.lock().unwrap() = status;
    }

    fn heard(&self) -> Vec<(HeaderMap, Vec<u8>)> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

async fn a_webhook_is_signed_and_asked_again_until_it_answers(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let receiver = Receiver::default();
    let port = receiver.start().await;
    plant.ok(&["alert", "delete", "1", "--yes"]);
    let url = format!("http://127.0.0.1:{port}/hook");
    plant.ok(&["alert", "add", "--name", "Chat", "--to", &url]);
    plant.revision(2, "&lt;4.1.0");
    plant.ok(&["advisory", "add", "r2.json"]);
    let night = |hosts: &str| {
        let mut command = plant.command(&["nightly"]);
        command.env("NAMEPLATE_WEBHOOK_SECRET", "s3cret").env("NAMEPLATE_WEBHOOK_HOSTS", hosts);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    receiver.answers(503);
    assert!(night("").contains("which webhooks may reach only when `webhook_hosts` names the host"));
    assert!(receiver.heard().is_empty());
    database.execute("update outbox set try_at = '2026-01-01T00:00:00.000Z'").await;
    assert!(night("127.0.0.1").contains("answered 503"));
    receiver.answers(204);
    night("127.0.0.1");
    assert_eq!(receiver.heard().len(), 1, "its pause is not over");
    database.execute("update outbox set try_at = '2026-01-01T00:00:00.000Z'").await;
    night("127.0.0.1");
    night("127.0.0.1");
    let heard = receiver.heard();
    let [(headers, body)] = heard.as_slice() else { panic!("{} posts", heard.len()) };
    let payload: Value = serde_json::from_slice(body).unwrap();
    assert_eq!((&payload["rule"], &payload["counts"]["new"]["items"]), (&json!("Chat"), &json!(1)));
    assert_eq!(payload["items"][0]["advisory"], "EX-1");
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let signature = header("nameplate-signature");
    let (at, tag) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"s3cret");
    let signed = [at.as_bytes(), b".", body.as_slice()].concat();
    let expected: String = ring::hmac::sign(&key, &signed).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tag, expected);
    assert!(!header("nameplate-id").is_empty());
}

async fn syslog_gets_a_line_an_item_and_one_with_the_counts(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    plant.ok(&["alert", "delete", "1", "--yes"]);
    let target = format!("syslog://127.0.0.1:{}", socket.local_addr().unwrap().port());
    plant.ok(&["alert", "add", "--name", "SIEM", "--to", &target]);
    plant.revision(2, "&lt;4.1.0");
    plant.ok(&["advisory", "add", "r2.json"]);
    plant.ok(&["nightly"]);
    let mut lines = Vec::new();
    let mut buffer = vec![0_u8; 65_536];
    while let Ok(received) = tokio::time::timeout(Duration::from_millis(500), socket.recv(&mut buffer)).await {
        lines.push(String::from_utf8(buffer[..received.unwrap()].to_vec()).unwrap());
    }
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with('<') && line.contains("CEF:0|")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("EX-1")), "{lines:?}");
}

async fn mail_is_encrypted_or_not_sent(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let relay = Relay::start_with_tls().await;
    plant.revision(2, "&lt;4.1.0");
    plant.ok(&["advisory", "add", "r2.json"]);
    let night = |relays: String| {
        let mut command = plant.command(&["nightly"]);
        command.env("NAMEPLATE_MAIL_RELAYS", relays).env("NAMEPLATE_MAIL_PASSWORD", "s3cret");
        command.env("NAMEPLATE_MAIL_CA_FILE", relay.ca_file());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    // A relay that offers no encryption gets neither password nor mail.
    let told = night(format!("smtp://ot@localhost:{}", plant.relay.port));
    assert!(told.contains("1 to be tried again"), "{told}");
    assert_eq!(plant.relay.mails().len(), 0);
    database.execute("update outbox set try_at = '2026-01-01T00:00:00.000Z'").await;
    let told = night(format!("smtp://ot@localhost:{}", relay.port));
    assert!(told.contains("1 sent"), "{told}");
    assert_eq!(relay.mails().len(), 1);
    assert_eq!(relay.logins(), [base64_of("\0ot\0s3cret")], "the password came after the encryption");
}

/// Base64, as a relay hears it.
fn base64_of(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * n)) as usize & 63];
            out.push(if n > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

async fn what_comes_between_two_nights_is_mailed_at_once(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let provider = Provider::start().await;
    let read = |version: u32, range: &str| {
        plant.revision(version, range);
        std::fs::read(plant.path(&format!("r{version}.json"))).unwrap()
    };
    provider.put_bytes("/ex-1.json", read(1, "&lt;4.0.0"));
    provider.put_bytes("/index.txt", "ex-1.json\n");
    provider.put_bytes("/changes.csv", "\"ex-1.json\",\"2026-11-21T10:00:00Z\"\n");
    let db = Db::open(&database.url).await.unwrap();
    let choices = SourceChoices {
        kind: Some(nameplate::domain::source::SourceKind::Directory),
        url: Some(provider.url("/")),
        allows_private: Some(true),
        ca_file: provider.ca_file().to_str().map(ToOwned::to_owned),
        ..SourceChoices::default()
    };
    save_source(&db, "example", choices, "test", Timestamp::now()).await.unwrap();
    enable_source(&db, "example", true, "test", Timestamp::now()).await.unwrap();
    let fetching = FetchSettings { requests_per_second: 0, ..FetchSettings::default() };
    fetch_advisories(&db, &fetching, &[], Timestamp::now(), &Silent).await.unwrap();
    let config = Config {
        mail_from: Some("nameplate@plant.example".to_owned()),
        mail_relays: Some(format!("smtp+plain://127.0.0.1:{}", plant.relay.port)),
        time_zone: Some("UTC".to_owned()),
        ..Config::default()
    };
    let outlets = Outlets::of(&config, |_| None).unwrap();
    let clock = Timestamp::now;
    let chain = Chain {
        db: &db,
        outlets: &outlets,
        fetching: &fetching,
        data_dir: None,
        retention: Retention::default(),
        clock: &clock,
        progress: &Silent,
    };
    assert_eq!(poll(&chain).await.unwrap(), 0, "nothing new came");
    provider.put_bytes("/ex-1.json", read(2, "&lt;4.1.0"));
    provider.put_bytes("/changes.csv", "\"ex-1.json\",\"2026-11-22T10:00:00Z\"\n");
    assert_eq!(poll(&chain).await.unwrap(), 1);
    deliver(&db, &outlets, &clock).await.unwrap();
    let mails = plant.relay.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("Subject: [All sites] 1 new since "), "{}", mails[0]);
    assert_eq!(poll(&chain).await.unwrap(), 0);
    deliver(&db, &outlets, &clock).await.unwrap();
    assert_eq!(plant.relay.mails().len(), 1, "it is told once");
}

async fn the_outbox_and_missed_nights_are_seen_on_the_pages(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    plant.relay.answer(Answer::Never);
    plant.run(&["alert", "test", "1"]);
    let db = Db::open(&database.url).await.unwrap();
    let three_days_ago = Timestamp::now() - SignedDuration::from_hours(72);
    database.execute("delete from setting where name like 'nightly%'").await;
    nameplate::store::nightly::schedule_since(&db, three_days_ago).await.unwrap();
    let config = Config {
        data_dir: Some(plant.path("data")),
        schedule: Some("0 2 * * *".to_owned()),
        time_zone: Some("UTC".to_owned()),
        ..Config::default()
    };
    let listener = web::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let state = AppState::new(db, config, Timestamp::now());
    tokio::spawn(web::serve(listener, None, state, std::future::pending()));
    // Another test may have said so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| client.get(format!("{url}{path}")).send().await.unwrap().text().await.unwrap();
    let page = get("/alerts").await;
    assert!(page.contains("given up") && page.contains("no such user"), "{page}");
    for path in ["/", "/alerts", "/reports"] {
        assert!(get(path).await.contains("No nightly run yet"), "{path}");
    }
    let metrics = get("/metrics").await;
    for line in
        ["nameplate_outbox_given_up 1", "nameplate_outbox_waiting 0", "nameplate_jobs_active{state=\"running\"} 0"]
    {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let missed = metrics.lines().find_map(|line| line.strip_prefix("nameplate_nightly_missed ")).unwrap();
    assert!(missed.parse::<f64>().unwrap() >= 2.0, "{missed}");
    plant.relay.answer(Answer::Take);
    plant.ok(&["nightly"]);
    assert!(!get("/reports").await.contains("No nightly run yet"), "the run made up for it");
    let metrics = get("/metrics").await;
    assert!(metrics.contains("nameplate_nightly_missed 0"), "{metrics}");
    assert!(metrics.contains("nameplate_nightly_step_failed{step=\"rescan\"} 0"), "{metrics}");
}

async fn what_is_older_than_it_is_kept_goes_and_reports_say_so(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    // Revision 2 takes back what revision 1 said, long ago.
    plant.revision(2, "&lt;1.0.0");
    plant.ok(&["advisory", "add", "r2.json"]);
    plant.ok(&["nightly"]);
    for (table, columns) in [
        ("exposure", &["opened_at", "changed_at", "closed_at"][..]),
        ("advisory_revision", &["added_at"]),
        ("rescan", &["started_at", "finished_at"]),
        ("asset_variant", &["since"]),
    ] {
        for column in columns {
            database
                .execute(&format!(
                    "update {table} set {column} = '2026-01-01T00:00:00.000Z' where {column} is not null"
                ))
                .await;
        }
    }
    assert!(plant.ok(&["report", "--as-of", "2026-01-02", "--format", "json"]).contains("\"n_rows\""));
    let refused = plant.run(&["retention", "--history-days", "60"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("history of more than 60 days ago"));
    let mut command = plant.command(&["nightly"]);
    let output = command.env("NAMEPLATE_HISTORY_DAYS", "60").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("1 closed exposures") && told.contains("1 revisions of advisories"), "{told}");
    let early = plant.run(&["report", "--as-of", "2026-01-02", "--format", "json"]);
    assert_eq!(early.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&early.stderr).contains("expected a rescan that old"));
    plant.ok(&["report", "--format", "json"]);
    assert_eq!(database.texts("select cast(count(*) as text) from exposure").await, ["0"]);
}

/// The nights in which clocks change, a clock that is put back, and one that jumps ahead.
async fn each_night_runs_once_whatever_the_clock_does(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let config = Config { time_zone: Some("Europe/Berlin".to_owned()), ..Config::default() };
    let (outlets, fetching) = (Outlets::of(&config, |_| None).unwrap(), FetchSettings::default());
    let seconds = AtomicI64::new(0);
    let clock = || Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap();
    let chain = Chain {
        db: &db,
        outlets: &outlets,
        fetching: &fetching,
        data_dir: None,
        retention: Retention::default(),
        clock: &clock,
        progress: &Silent,
    };
    let rota = Rota {
        schedule: Some(Schedule::read("30 2 * * *", TimeZone::get("Europe/Berlin").unwrap()).unwrap()),
        jitter: SignedDuration::ZERO,
        poll: None,
        retention: Retention::default(),
    };
    let slots = async || database.texts("select slot_at from nightly_run order by nightly_run_id").await;
    // Looks every half hour from one time to another.
    let live = async |from: &str, to: &str| {
        let second = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        for at in (second(from)..=second(to)).step_by(1_800) {
            seconds.store(at, Ordering::Relaxed);
            tick(&chain, &rota).await.unwrap();
        }
    };
    live("2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z").await;
    // On 29 March there is no half past two; the slot comes at the end of the missing hour.
    let spring = ["2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"];
    let found = slots().await;
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!([&found[0], &found[2]], [spring[0], spring[2]], "{found:?}");
    assert!(found[1].starts_with("2026-03-29T01:"), "{found:?}");
    // Put back, the clock gives no night a second time.
    live("2026-03-29T00:00:00Z", "2026-03-30T13:00:00Z").await;
    assert_eq!(slots().await.len(), 3);
    // It jumps ahead: one run makes up for what was missed, and says so.
    live("2026-04-04T12:00:00Z", "2026-04-04T14:00:00Z").await;
    assert_eq!(slots().await.len(), 4);
    let missed = database.texts("select cast(max(n_missed) as text) from nightly_run").await;
    assert_eq!(missed, ["4"]);
    // On 25 October there are two half past twos.
    live("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z").await;
    let found = slots().await;
    assert_eq!(found.len(), 7, "{found:?}");
    assert_eq!(found.iter().filter(|slot| slot.starts_with("2026-10-25")).count(), 1, "{found:?}");
}

/// A copy that is made while the database is in use is the database of that moment.
#[test]
fn a_backup_is_put_back_whole() {
    crate::database::run(crate::database::Engine::Sqlite, async |database| {
        let plant = Plant::new(database).await;
        let told = plant.ok(&["backup", "copy.db"]);
        assert!(told.contains("3 assets, 1 advisories"), "{told}");
        let before = plant.ok(&["report", "--format", "csv"]);
        plant.revision(2, "&lt;4.1.0");
        plant.ok(&["advisory", "add", "r2.json"]);
        plant.ok(&["rescan"]);
        assert_ne!(plant.ok(&["report", "--format", "csv"]), before);
        let refused = plant.run(&["restore", "copy.db"]);
        assert_eq!(refused.status.code(), Some(2), "a database is not replaced without a word");
        std::fs::write(plant.path("broken.db"), b"SQLite format 3\0 and then nothing").unwrap();
        assert_eq!(plant.run(&["restore", "broken.db", "--replace"]).status.code(), Some(2));
        plant.ok(&["restore", "copy.db", "--replace"]);
        assert_eq!(plant.ok(&["report", "--format", "csv"]), before);
    });
}
