//! The API as programs use it, and its document held against it.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use nameplate::config::Config;
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::progress::Silent;
use nameplate::store::Db;
use nameplate::web::{self, AppState};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::{Engine, TestDatabase, on_both, run};

on_both!(
    a_list_is_uploaded_judged_read_and_taken_back,
    the_same_upload_sent_twice_is_one,
    lists_are_paged_by_a_cursor_without_gaps_or_repeats,
    what_is_not_understood_is_told_in_one_shape,
    no_request_that_the_document_allows_or_forbids_fails_the_server,
    what_people_do_on_pages_programs_do_too,
    plans_alerts_and_files_are_made_by_programs,
);

struct Api {
    _folder: TempDir,
    db: Db,
    address: String,
    client: Client,
}

impl Api {
    async fn start(database: &TestDatabase) -> Api {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = TempDir::new().unwrap();
        let db = Db::open(&database.url).await.unwrap();
        let listener = web::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
        let state = AppState::new(db.clone(), config, Timestamp::now());
        tokio::spawn(web::serve(listener, None, state, std::future::pending()));
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Api { _folder: folder, db, address, client }
    }

    async fn with_samples(database: &TestDatabase) -> Api {
        let api = Api::start(database).await;
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
        add_advisories(&api.db, &[samples], &Silent).await.unwrap();
        api
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.address)).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        // Files are files; what goes wrong is always told in the one shape.
        if status == StatusCode::NO_CONTENT || (status.is_success() && !kind.starts_with("application/json")) {
            return (status, Value::Null);
        }
        let text = answer.text().await.unwrap();
        if text.is_empty() && status.is_success() {
            return (status, Value::Null);
        }
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON for {path}: {text}")))
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, value) =
            self.send(Method::POST, path, &[("content-type", "application/json")], body.to_string().as_bytes()).await;
        assert!(status.is_success(), "{path}: {status} {value}");
        value
    }

    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.send(Method::GET, path, &[], b"").await;
        assert_eq!(status, StatusCode::OK, "{path}: {value}");
        value
    }

    /// Uploads and waits; gives the job as it ended.
    async fn import(&self, query: &str, headers: &[(&str, &str)], file: &str) -> Value {
        let (status, started) =
            self.send(Method::POST, &format!("/inventories?{query}"), headers, file.as_bytes()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{started}");
        self.wait(started["job_id"].as_i64().unwrap()).await
    }

    async fn wait(&self, job_id: i64) -> Value {
        for _ in 0..1_200 {
            let job = self.get(&format!("/jobs/{job_id}")).await;
            if !["waiting", "running"].contains(&job["state"].as_str().unwrap()) {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("job {job_id} does not end");
    }
}

const METERS: &str = "Vendor,Model,Firmware,Tag,Site\n\
    Schneider Electric,PM8000,3.1.2,M1,Riverside\n\
    Schneider Electric,PM8000,4.0.1,M2,Riverside\n\
    Schneider Electric,ION8650,,M3,Kraftwerk Süd\n\
    ,,,M4,Riverside\n";

async fn a_list_is_uploaded_judged_read_and_taken_back(database: &TestDatabase) {
    let api = Api::with_samples(database).await;
    let job = api.import("file_name=meters.csv", &[], METERS).await;
    assert_eq!(job["state"], "done", "{job}");
    let message = job["message"].as_str().unwrap();
    assert!(message.starts_with("3 assets imported, judged in ") && message.contains("2 affected"), "{message}");
    let import = api.get(job["result"].as_str().unwrap().trim_start_matches("/api/v1")).await;
    assert_eq!(
        (&import["n_new"], &import["n_rejected"], &import["standing"]["affected"]),
        (&json!(3), &json!(1), &json!(2))
    );
    let id = import["inventory_id"].as_i64().unwrap();
    let rejected = api.get(&format!("/inventories/{id}/rejected")).await;
    assert_eq!(rejected["items"][0]["cells"], json!(["", "", "", "M4", "Riverside"]));

    let sites = api.get("/sites").await;
    let names: Vec<&str> = sites["items"].as_array().unwrap().iter().map(|s| s["site"].as_str().unwrap()).collect();
    assert_eq!(names, ["kraftwerk-süd", "riverside"]);
    assert_eq!(api.get("/sites/riverside").await["standing"]["affected"], 1);

    let open = api.get("/exposures?verdict=affected&site=riverside").await;
    assert_eq!(open["items"].as_array().unwrap().len(), 1, "{open}");
    let first = &open["items"][0];
    assert_eq!(
        (&first["tag"], &first["advisory"]["id"], &first["severity"]),
        (&json!("M1"), &json!("ICSA-23-229-03"), &json!("high"))
    );
    assert_eq!(first["reason"], "3.1.2 is below 4.0.0");
    let asset_id = first["asset_id"].as_i64().unwrap();
    assert_eq!(api.get(&format!("/assets/{asset_id}")).await["nameplate"]["firmware"], "3.1.2");
    assert_eq!(api.get(&format!("/assets/{asset_id}/exposures")).await["items"][0]["verdict"], "affected");
    assert_eq!(api.get("/assets?tag=M2").await["items"][0]["nameplate"]["firmware"], "4.0.1");

    let plate = json!({"vendor": "Schneider Electric", "model": "PM8000", "firmware": "3.1.2"}).to_string();
    let (status, judged) =
        api.send(Method::POST, "/check", &[("content-type", "application/json")], plate.as_bytes()).await;
    assert_eq!((status, &judged["standing"]), (StatusCode::OK, &json!("affected")));

    let (status, started) = api.send(Method::POST, &format!("/inventories/{id}/undo"), &[], b"").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{started}");
    let undone = api.wait(started["job_id"].as_i64().unwrap()).await;
    assert_eq!(undone["state"], "done", "{undone}");
    assert!(api.get("/assets").await["items"].as_array().unwrap().is_empty());
    assert!(!api.get(&format!("/inventories/{id}")).await["undone_at"].is_null());
}

async fn the_same_upload_sent_twice_is_one(database: &TestDatabase) {
    let api = Api::start(database).await;
    let key = [("idempotency-key", "monday")];
    let first = api.import("file_name=meters.csv", &key, METERS).await;
    let again = api.import("file_name=meters.csv", &key, METERS).await;
    assert_eq!(first["job_id"], again["job_id"], "the key tells");
    let third = api.import("file_name=meters.csv", &[], METERS).await;
    assert_ne!(first["job_id"], third["job_id"]);
    assert_eq!(third["result"], first["result"], "the bytes tell");
    assert!(third["message"].as_str().unwrap().contains("imported before"), "{third}");
    assert_eq!(api.get("/inventories").await["items"].as_array().unwrap().len(), 1);
    let forced = api.import("file_name=meters.csv&again=true", &[], METERS).await;
    assert_ne!(forced["result"], first["result"]);
}

async fn lists_are_paged_by_a_cursor_without_gaps_or_repeats(database: &TestDatabase) {
    let api = Api::with_samples(database).await;
    let mut list = "Vendor,Model,Firmware,Tag\n".to_owned();
    for n in 0..25 {
        list.push_str(&format!("Schneider Electric,PM8000,3.1.{},T{n}\n", n % 3));
    }
    api.import("file_name=many.csv", &[], &list).await;
    for (path, id, n) in [("/assets", "asset_id", 25), ("/exposures", "asset_id", 25), ("/advisories", "id", 17)] {
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let page = api.get(&format!("{path}?limit=4{after}")).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 4);
            seen.extend(items.iter().map(|item| item[id].to_string()));
            match page["next"].as_str() {
                Some(next) => {
                    after = format!("&after={}", next.replace('\n', "%0A").replace(':', "%3A").replace('/', "%2F"))
                }
                None => break,
            }
        }
        let n_seen = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((n_seen, seen.len()), (n, n), "{path}");
    }
}

async fn what_is_not_understood_is_told_in_one_shape(database: &TestDatabase) {
    let api = Api::start(database).await;
    for (method, path, status, part) in [
        (Method::GET, "/sites/nowhere", 404, "cannot find site `nowhere`"),
        (Method::GET, "/assets?limit=0", 400, "`limit` from 1 to 1000"),
        (Method::GET, "/assets?colour=red", 400, "cannot read the request"),
        (Method::GET, "/exposures?verdict=wrong", 400, "`affected`"),
        (Method::GET, "/exposures?colour=red", 400, "`verdict`"),
        (Method::GET, "/exposures?after=x", 400, "`next`"),
        (Method::GET, "/jobs/999", 404, "cannot find job 999"),
        (Method::POST, "/inventories?file_name=a.csv&key=shoe", 400, "`serial`"),
        (Method::POST, "/inventories?file_name=a.csv&cells=F=1", 400, "Meters!F41=1.10"),
        (Method::GET, "/nothing", 404, "there is no such page"),
        (Method::DELETE, "/sites", 405, "does not take this method"),
    ] {
        let (found, body) = api.send(method, path, &[], b"").await;
        let error = &body["error"];
        assert_eq!((found.as_u16(), error["status"].as_u64()), (status, Some(u64::from(status))), "{path}: {body}");
        assert!(error["message"].as_str().unwrap().contains(part), "{path}: {body}");
        assert_eq!(error["code"].as_str().map(str::len), Some(12), "{path}: {body}");
    }
    let empty = api.import("file_name=empty.csv", &[], "").await;
    assert_eq!(empty["state"], "failed");
    assert!(empty["error"].as_str().unwrap().contains("is empty"), "{empty}");
}

#[test]
fn the_document_of_the_api_is_the_one_that_is_kept() {
    let found = serde_json::to_string_pretty(&web::api::document()).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    if std::env::var_os("NAMEPLATE_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == found, "docs/openapi.json differs from the program; NAMEPLATE_WRITE_OPENAPI=1 writes it anew");
}

#[test]
fn the_api_is_a_page_that_needs_no_script_and_no_other_machine() {
    run(Engine::Sqlite, async |database| {
        let api = Api::start(database).await;
        let page = api.client.get(format!("{}/api/v1", api.address)).send().await.unwrap().text().await.unwrap();
        let document = serde_json::to_value(web::api::document()).unwrap();
        for path in document["paths"].as_object().unwrap().keys() {
            assert!(page.contains(path.as_str()), "{path}");
        }
        assert!(page.contains("Idempotency-Key"));
        assert!(!page.contains("src=\"http") && !page.contains("href=\"http"));
        let asked = api.client.get(format!("{}/api/v1/openapi.json", api.address));
        let tag = asked.send().await.unwrap().headers()["etag"].to_str().unwrap().to_owned();
        let again = api.client.get(format!("{}/api/v1/openapi.json", api.address)).header("if-none-match", tag);
        assert_eq!(again.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
    });
}

/// Numbers that look random and are the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len())]
    }
}

/// Texts that break what was not thought of.
const TEXTS: &[&str] = &[
    "",
    "1",
    "0",
    "-1",
    "7",
    "99999999999999999999999",
    "9223372036854775807",
    "1.5",
    "true",
    "null",
    "riverside",
    "affected",
    "affected,possible",
    "%00",
    "%FF%FE",
    "%2e%2e%2f",
    "a%0Ab",
    "'%20or%201=1--",
    "%F0%9F%94%A5",
    "keep",
    "tag",
    "%5B1%5D",
    "12.7",
    "ICSA-23-229-03",
    "{id}",
    "%26x%3D1",
    "F1=2",
    "..",
    "%C3%BC",
];

/// A value of this schema; `odd` ones are of another type at times.
fn value_of(schema: &Value, document: &Value, dice: &mut Dice, odd: bool, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return value_of(&document["components"]["schemas"][name], document, dice, odd, depth);
    }
    if odd && dice.roll(6) == 0 {
        return [Value::Null, json!(-1), json!([]), json!({"a": 1}), json!("x".repeat(2_000))][dice.roll(5)].clone();
    }
    if let Some(parts) = schema["oneOf"].as_array() {
        return value_of(&parts[dice.roll(parts.len())], document, dice, odd, depth);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[dice.roll(kinds.len())].as_str().unwrap_or("null"),
        kind => kind.as_str().unwrap_or("object"),
    };
    match kind {
        "string" => json!(dice.of(&[
            "",
            "a",
            "affected",
            "firmware_updated",
            "mitigation_applied",
            "risk_accepted",
            "2027-03-01",
            "4.0.0",
            "verdict=affected",
            "status=open",
            "colour=red",
            "same",
            "different",
            "cannot_tell",
            "holds",
            "run",
            "weekly",
            "new",
            "closed",
            "high",
            "ICSA-23-229-03",
            "2026-12-01T06:00:00Z",
            "2026-12-02T06:00:00Z",
            "Europe/Berlin",
            "someone@example.org",
            "https://hooks.example/x",
            "Riverside",
            "nowhere",
            "M1",
            "\u{0}",
            "ß主 ' or 1=1 --",
            "CVE-2022-46680",
            "PM8000",
            "Schneider Electric",
        ])),
        "integer" => json!([1, 2, 3, 0, -1, i64::MAX, i64::MIN][dice.roll(7)]),
        "number" => json!(1.5),
        "boolean" => json!(dice.roll(2) == 0),
        "null" => Value::Null,
        "array" if depth < 3 => {
            (0..dice.roll(3)).map(|_| value_of(&schema["items"], document, dice, odd, depth + 1)).collect()
        }
        "array" => json!([]),
        _ => {
            let needed: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let mut object = serde_json::Map::new();
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                if (needed.contains(&name.as_str()) && (!odd || dice.roll(5) > 0)) || dice.roll(2) == 0 {
                    object.insert(name.clone(), value_of(field, document, dice, odd, depth + 1));
                }
            }
            Value::Object(object)
        }
    }
}

async fn what_people_do_on_pages_programs_do_too(database: &TestDatabase) {
    let api = Api::with_samples(database).await;
    api.import("file_name=meters.csv", &[], METERS).await;
    api.import(
        "file_name=old.csv",
        &[],
        "Vendor,Model,Tag,Site\nSE,ION 7550,L1,Riverside\nSchneider,ION7550,L2,North\n",
    )
    .await;
    let id_of =
        async |tag: &str| api.get(&format!("/assets?tag={tag}")).await["items"][0]["asset_id"].as_i64().unwrap();
    let m1 = id_of("M1").await;

    // Marks: looked at, made, told with each exposure, filtered by, exported, taken back.
    let marking = json!({"exposures": [{"asset_id": m1, "advisory": {"id": "ICSA-23-229-03"}}],
        "reason": "mitigation_applied", "note": "behind a firewall"});
    let preview = api.post("/remediation/preview", &marking).await;
    assert_eq!((&preview["n_exposures"], &preview["status"]["not_remediated"]), (&json!(1), &json!(1)));
    let marked = api.post("/remediation", &marking).await;
    assert!(marked["told"].as_str().unwrap().contains("marked as mitigation applied"), "{marked}");
    let done = api.get("/exposures?status=done").await;
    assert_eq!(done["items"].as_array().unwrap().len(), 1);
    assert_eq!((&done["items"][0]["tag"], &done["items"][0]["status"]), (&json!("M1"), &json!("done")));
    let open = api.get("/exposures?status=open").await;
    assert!(open["items"].as_array().unwrap().iter().all(|item| item["tag"] != "M1"));
    let csv = api.client.get(format!("{}/api/v1/exports/csv?status=done", api.address)).send().await.unwrap();
    let csv = csv.text().await.unwrap();
    assert_eq!(csv::Reader::from_reader(csv.as_bytes()).records().count(), 1, "{csv}");
    let marks = api.get(&format!("/assets/{m1}/remediation")).await;
    assert_eq!((&marks["items"][0]["note"], &marks["items"][0]["who"]), (&json!("behind a firewall"), &json!("local")));
    api.post(&format!("/acts/{}/undo", marked["audit_id"]), &json!({})).await;
    assert!(api.get("/exposures?status=done").await["items"].as_array().unwrap().is_empty());

    // A reading is written and judged at once.
    let read = api.post(&format!("/assets/{m1}/readings"), &json!({"firmware": "4.0.0"})).await;
    assert!(read["audit_id"].is_i64(), "{read}");
    assert_eq!(api.get(&format!("/assets/{m1}")).await["nameplate"]["firmware"], "4.0.0");
    assert!(api.get(&format!("/assets/{m1}/exposures")).await["items"].as_array().unwrap().is_empty());

    // A question is answered for both spellings, and the answer taken back.
    let asked = api.get("/questions").await;
    let question =
        asked["items"].as_array().unwrap().iter().find(|q| q["n_assets"] == 2).expect("one for both").clone();
    let digest = question["question"].as_str().unwrap();
    let waiting = api.get(&format!("/questions/{digest}/assets")).await;
    assert_eq!(waiting["items"].as_array().unwrap().len(), 2);
    let answer = json!({"answer": "different", "fingerprint": question["fingerprint"], "for_later": true});
    let decided = api.post(&format!("/questions/{digest}/answer"), &answer).await;
    assert!(api.get("/exposures?text=7550").await["items"].as_array().unwrap().is_empty(), "{decided}");
    assert_eq!(api.get("/answers").await["items"][0]["answer"], "different");
    api.post(&format!("/acts/{}/undo", decided["audit_id"]), &json!({})).await;
    assert_eq!(api.get("/exposures?text=7550").await["items"].as_array().unwrap().len(), 2);
    assert_eq!(api.get("/acts").await["items"][0]["act"], "undo");

    // Notes, read marks, runs of a part, and what they changed.
    api.post("/advisories/ICSA-23-229-03/comments", &json!({"text": "the integrator patches in June"})).await;
    let comments = api.get("/advisories/ICSA-23-229-03/comments").await;
    assert_eq!(comments["items"][0]["author"], "local");
    assert_eq!(api.get("/advisories/ICSA-23-229-03/document").await["document"]["tracking"]["id"], "ICSA-23-229-03");
    for method in [Method::PUT, Method::DELETE] {
        let (status, _) = api.send(method, "/advisories/ICSA-23-229-03/read", &[], b"").await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
    let job = api.post("/rescans?advisories=ICSA-23-229-03", &json!({})).await;
    assert_eq!(api.wait(job["job_id"].as_i64().unwrap()).await["state"], "done");
    let runs = api.get("/rescans?limit=1").await;
    let changes = api.get(&format!("/rescans/{}/changes", runs["items"][0]["rescan_id"])).await;
    assert_eq!((&changes["n_new"], &changes["n_closed"]), (&json!(0), &json!(0)));
    let changes = api.get(&format!("/rescans/{}/changes?since=0", runs["items"][0]["rescan_id"])).await;
    assert!(changes["n_new"].as_u64().unwrap() >= 3, "{changes}");
}

async fn plans_alerts_and_files_are_made_by_programs(database: &TestDatabase) {
    let api = Api::with_samples(database).await;
    api.import("file_name=meters.csv", &[], METERS).await;
    let made = api
        .post(
            "/plans",
            &json!({"name": "Winter outage", "sites": ["Riverside"], "from": "2026-12-01T06:00:00Z",
                "to": "2026-12-02T18:00:00Z", "time_zone": "Europe/Berlin"}),
        )
        .await;
    let plan = format!("/plans/{}", made["plan_id"]);
    let draft = api.get(&plan).await;
    let step = &draft["steps"][0];
    assert_eq!((&step["nameplate"]["model"], &step["options"][0]["firmware"]), (&json!("PM8000"), &json!("4.0.0")));
    let chosen = api.post(&format!("{plan}/choices"), &json!({"step": step["step"], "target": "4.1.0"})).await;
    assert_eq!(chosen["steps"][0]["options"][0]["firmware"], "4.1.0");
    let frozen = api.post(&format!("{plan}/freeze"), &json!({})).await;
    assert_eq!((&frozen["work"][0]["tag"], &frozen["work"][0]["state"]), (&json!("M1"), &json!("open")));
    let read = api.post(&format!("{plan}/readings"), &json!({"readings": [{"tag": "M1", "firmware": "4.1.0"}]})).await;
    assert_eq!((&read["n_read"], &api.get(&plan).await["work"][0]["state"]), (&json!(1), &json!("done")));
    assert_eq!(api.get("/plans").await["items"][0]["frozen_by"], "local");

    let rule = json!({"name": "Riverside meters", "filter": "site=riverside", "severity": "high",
        "to": ["ot-team@example.org"]});
    let tried = api.post("/alerts/back-test", &rule).await;
    assert!(tried["n_messages"].is_u64(), "{tried}");
    let kept = api.post("/alerts", &rule).await;
    let alert = format!("/alerts/{}", kept["alert_id"]);
    let json_type = [("content-type", "application/json")];
    let (status, _) = api.send(Method::PUT, &alert, &json_type, br#"{"is_enabled": false}"#).await;
    assert_eq!((status, &api.get("/alerts").await["items"][0]["is_enabled"]), (StatusCode::NO_CONTENT, &json!(false)));
    let (status, _) = api.send(Method::DELETE, &alert, &[], b"").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(api.get("/alerts").await["items"].as_array().unwrap().is_empty());

    for path in ["/reports/csv?site=Riverside", "/reports/worklist.csv", "/exports/xlsx?verdict=affected"] {
        let answer = api.client.get(format!("{}/api/v1{path}", api.address)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let name = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(name.starts_with("attachment; filename="), "{path}: {name}");
        assert!(!answer.bytes().await.unwrap().is_empty());
    }
    let (status, refused) = api.send(Method::GET, "/reports/docx", &[], b"").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
}

async fn no_request_that_the_document_allows_or_forbids_fails_the_server(database: &TestDatabase) {
    let api = Api::with_samples(database).await;
    api.import("file_name=meters.csv", &[], METERS).await;
    let document = serde_json::to_value(web::api::document()).unwrap();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let long = "x".repeat(3_000);
    let (mut n_sent, mut n_ok) = (0, 0);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            for round in 0..25 {
                let mut url = path.trim_start_matches("/api/v1").to_owned();
                let (mut query, mut headers) = (Vec::new(), Vec::new());
                for parameter in call["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().unwrap();
                    let mut value = if dice.roll(30) == 0 { long.as_str() } else { dice.of(TEXTS) };
                    match parameter["in"].as_str().unwrap() {
                        "path" => {
                            // A blank part of a path is another path.
                            if value.is_empty() || value == ".." || dice.roll(3) == 0 {
                                value = "1";
                            }
                            url = url.replace(&format!("{{{name}}}"), value);
                        }
                        "query" if name == "file_name" || dice.roll(3) == 0 => query.push(format!("{name}={value}")),
                        "header" if dice.roll(2) == 0 && !value.contains('%') => headers.push((name, value)),
                        _ => {}
                    }
                }
                if dice.roll(8) == 0 {
                    query.push(format!("{}={}", dice.of(TEXTS).replace('=', ""), dice.of(TEXTS)));
                }
                if !query.is_empty() {
                    url = format!("{url}?{}", query.join("&"));
                }
                let content = &call["requestBody"]["content"];
                let body: Vec<u8> = if content["application/json"].is_object() {
                    headers.push(("content-type", if round % 7 == 0 { "text/plain" } else { "application/json" }));
                    match dice.roll(6) {
                        0 => dice.of(TEXTS).as_bytes().to_vec(),
                        1 => json!({"colour": dice.of(TEXTS)}).to_string().into_bytes(),
                        n => {
                            let schema = &content["application/json"]["schema"];
                            value_of(schema, &document, &mut dice, n == 2, 0).to_string().into_bytes()
                        }
                    }
                } else if content.is_object() {
                    (0..dice.roll(200)).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect()
                } else {
                    Vec::new()
                };
                let name = method.to_uppercase();
                let (status, answer) = api.send(name.parse().unwrap(), &url, &headers, &body).await;
                n_sent += 1;
                n_ok += usize::from(status.is_success());
                assert!(!status.is_server_error(), "{name} {url}: {status} {answer}");
                if status.is_client_error() {
                    let message = answer["error"]["message"].as_str();
                    assert!(message.is_some_and(|m| !m.is_empty()), "{name} {url}: {answer}");
                }
            }
        }
    }
    assert!(n_sent > 1_200 && n_ok > 150, "{n_ok} of {n_sent} were understood");
}
