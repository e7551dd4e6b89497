//! Every route that changes something leaves an act in the audit, or stands in a list with the reason why not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nameplate::domain::account::SiteScope;
use nameplate::domain::audit::{Act, AuditEntry};
use nameplate::domain::review::QuestionKind;
use nameplate::services::accounts::make_setup_code;
use nameplate::services::bundle::{make_bundle, make_key, read_secret_key};
use nameplate::services::progress::Silent;
use nameplate::store::audit::{Seen, list_audit};
use nameplate::store::review::{Queue, list_questions};
use nameplate::store::{self};
use reqwest::Method;
use serde_json::{Value, json};

use crate::database::{TestDatabase, on_both};
use crate::doors::{PASSPHRASE, Server, location, routes};

on_both!(every_change_of_every_route_is_an_act_with_who_and_when,);

/// Routes that send something and leave no act, each with the reason.
const NO_ACTS: &[(&str, &str)] = &[
    ("/login", "a session is no act; logins that are held up are one"),
    ("/logout", "a session is no act"),
    ("/inventories/new", "an upload is no import; nothing is an asset before it is confirmed"),
    ("/inventories/{id}/columns", "an upload is no import"),
    ("/inventories/{id}/discard", "an upload is no import"),
    ("/jobs/{id}/cancel", "the job says how it ended"),
    ("/advisories", "read marks are one's own; runs have pages that stay"),
    ("/assets", "runs have pages that stay"),
    ("/rescans", "runs have pages that stay"),
    ("/rescans/seen", "what one has looked at is one's own"),
    ("/api/v1/advisories/{id}/read", "read marks are one's own"),
    ("/api/v1/alerts/back-test", "nothing is kept"),
    ("/api/v1/alerts/{alert_id}/test", "the message stands in the outbox"),
    ("/api/v1/check", "nothing is kept"),
    ("/api/v1/jobs/{job_id}/cancel", "the job says how it ended"),
    ("/api/v1/remediation/preview", "nothing is kept"),
    ("/api/v1/rescans", "runs have pages that stay"),
    ("/api/v1/sources/{name}/fetch", "each visit is kept with its source"),
    ("/api/v1/sources/{name}/test", "nothing is kept"),
];

/// A server that notes which routes were sent something, and what that left in the audit.
struct Witness<'a> {
    server: &'a Server,
    headers: Vec<(&'static str, String)>,
    acts: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Witness<'_> {
    async fn audit(&self) -> Vec<AuditEntry> {
        list_audit(&self.server.db, Seen { sites: &SiteScope::All, accounts: true }, None, 1_000).await.unwrap()
    }

    /// Sends something to a path of this route, which must leave one act at least; gives where the answer leads and
    /// what it says.
    async fn send(&mut self, route: &str, method: Method, path: &str, kind: &str, body: &[u8]) -> (String, String) {
        let n_before = self.audit().await.len();
        let mut request = self.server.client.request(method, format!("{}{path}", self.server.address));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        let answer = request.body(body.to_vec()).send().await.unwrap();
        let (status, to) = (answer.status(), location(&answer));
        let text = answer.text().await.unwrap();
        assert!(status.is_success() || status.is_redirection(), "{route} {path}: {status} {text}");
        // What is done by a job is done a little later.
        for _ in 0..400 {
            if self.audit().await.len() > n_before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let now = self.audit().await;
        assert!(now.len() > n_before, "{route} {path} left no act: {status} {to} {text}");
        for act in &now[..now.len() - n_before] {
            assert!(!act.entry.who.is_empty() && !act.entry.what.is_empty(), "{route}: {act:?}");
            self.acts.entry(route.to_owned()).or_default().insert(act.entry.act.word());
        }
        (to, text)
    }

    async fn form(&mut self, route: &str, path: &str, body: &str) -> String {
        self.send(route, Method::POST, path, "application/x-www-form-urlencoded", body.as_bytes()).await.0
    }

    async fn json(&mut self, route: &str, method: Method, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let kind = if body.is_empty() { "" } else { "application/json" };
        let (_, text) = self.send(&format!("/api/v1{route}"), method, &format!("/api/v1{path}"), kind, &body).await;
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// A file as a browser sends it.
    fn file(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut body = format!("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n")
            .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        body
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.server.client.get(format!("{}{path}", self.server.address)).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null)
    }

    async fn settled(&self) {
        for _ in 0..400 {
            let jobs = self.get("/api/v1/jobs").await;
            let jobs = jobs["items"].as_array().unwrap();
            if jobs.iter().all(|job| !["waiting", "running"].contains(&job["state"].as_str().unwrap())) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a job does not end");
    }

    async fn last_act(&self, act: Act) -> i64 {
        self.audit().await.into_iter().find(|entry| entry.entry.act == act).unwrap().audit_id
    }

    async fn question(&self, kind: QuestionKind) -> (String, String) {
        let open = list_questions(&self.server.db, Queue::Waiting(kind), &SiteScope::All, 0, 1).await.unwrap();
        let question = open.into_iter().next().expect("a question").question;
        (question.digest, question.fingerprint)
    }

    async fn asset(&self, tag: &str) -> i64 {
        store::asset::list_assets_by_tag(&self.server.db, tag, None).await.unwrap()[0].asset_id
    }
}

const MULTIPART: &str = "multipart/form-data; boundary=edge";
const WINDOW: &str = "from=2026-12-01T06%3A00&to=2026-12-02T18%3A00&zone=UTC";
const METERS: &str = "ICSA-23-229-03";

async fn every_change_of_every_route_is_an_act_with_who_and_when(database: &TestDatabase) {
    let server = Server::start(database).await;
    let mut on = Witness { server: &server, headers: Vec::new(), acts: BTreeMap::new() };
    on.form("/start/sample", "/start/sample", "").await;

    // What people decide.
    let (question, fingerprint) = on.question(QuestionKind::Product).await;
    on.form("/review", "/review", &format!("question={question}&fingerprint={fingerprint}&answer=same&whom=all")).await;
    let act = on.last_act(Act::Answer).await;
    on.form("/acts/{audit_id}/undo", &format!("/acts/{act}/undo?back=/acts"), "").await;
    on.json(
        "/questions/{question}/answer",
        Method::POST,
        &format!("/questions/{question}/answer"),
        &json!({"answer": "same", "for_later": true}),
    )
    .await;
    let act = on.last_act(Act::Answer).await;
    on.json("/acts/{audit_id}/undo", Method::POST, &format!("/acts/{act}/undo"), &Value::Null).await;
    let meter = on.asset("MTR-0412").await;
    let row = format!("row=a{meter}~https%3A%2F%2Fnameplate.example%2Fsamples~{METERS}");
    on.form("/remediation", "/remediation", &format!("{row}&reason=planned&back=%2Facts")).await;
    on.json(
        "/remediation",
        Method::POST,
        "/remediation",
        &json!({"filter": format!("advisory={METERS}"), "reason": "waiting_for_fix"}),
    )
    .await;
    let (reading, _) = on.question(QuestionKind::Reading).await;
    let waiting = store::review::list_question_assets(&server.db, &reading, &SiteScope::All, 0, 1).await.unwrap();
    let typed = format!("v-{}-firmware=9.9.9", waiting[0].0);
    on.form("/review/read/{question}", &format!("/review/read/{reading}"), &typed).await;
    on.form("/assets/{id}", &format!("/assets/{meter}"), "act=edit&v-firmware=3.1.9").await;
    on.json(
        "/assets/{asset_id}/readings",
        Method::POST,
        &format!("/assets/{meter}/readings"),
        &json!({"firmware": "3.1.8"}),
    )
    .await;
    let pack = "[[vendor]]\nname = \"Schneider Electric\"\naliases = [\"Schn. El.\"]\nsource = \"list\"\nauthor = \"ada\"\ndate = \"2026-11-01\"\n";
    on.form("/review/aliases", "/review/aliases", &format!("pack={}", encoded(pack))).await;
    on.settled().await;

    // What people note about documents.
    let page = "/advisories/nameplate/icsa-23-229-03";
    on.form("/advisories/{publisher}/{id}", page, "act=comment&text=in+May").await;
    on.json(
        "/advisories/{id}/comments",
        Method::POST,
        &format!("/advisories/{METERS}/comments"),
        &json!({"text": "in June"}),
    )
    .await;

    // Plans.
    let plan = on.form("/plans", "/plans", &format!("name=Winter&site=Riverside&{WINDOW}")).await;
    on.form("/plans/{id}", &plan, "act=freeze").await;
    let window =
        json!({"name": "Spring", "sites": ["Riverside"], "from": "2027-03-01T06:00:00Z", "to": "2027-03-02T06:00:00Z"});
    let id = on.json("/plans", Method::POST, "/plans", &window).await["plan_id"].as_i64().unwrap();
    let steps = on.get(&format!("/api/v1/plans/{id}")).await;
    let steps: Vec<i64> = steps["steps"].as_array().unwrap().iter().map(|s| s["step"].as_i64().unwrap()).collect();
    on.json("/plans/{plan_id}/choices", Method::POST, &format!("/plans/{id}/choices"), &json!({"step": steps[0]}))
        .await;
    let frozen = on.json("/plans/{plan_id}/freeze", Method::POST, &format!("/plans/{id}/freeze"), &Value::Null).await;
    let work = &frozen["work"][0];
    let read = json!({"readings": [{"site": work["site"], "tag": work["tag"], "firmware": "9.0.0"}]});
    on.json("/plans/{plan_id}/readings", Method::POST, &format!("/plans/{id}/readings"), &read).await;

    // Alerts, and the link in their messages.
    on.form("/alerts", "/alerts", "act=add&name=Meters&rhythm=run&on=new&to=ot%40example.org").await;
    let rule = store::alert::list_rules(&server.db).await.unwrap().remove(0);
    on.form("/alerts/stop", &format!("/alerts/stop?token={}", rule.recipients[0].token), "").await;
    let alert = json!({"name": "Drives", "events": ["new"], "to": ["ot@example.org"]});
    let id = on.json("/alerts", Method::POST, "/alerts", &alert).await["alert_id"].as_i64().unwrap();
    on.json("/alerts/{alert_id}", Method::PUT, &format!("/alerts/{id}"), &json!({"is_enabled": false})).await;
    on.json("/alerts/{alert_id}", Method::DELETE, &format!("/alerts/{id}"), &Value::Null).await;

    // Sources, bundles, settings.
    on.form("/sources", "/sources", "act=add&name=cisa").await;
    on.form("/sources", "/sources", "act=enable&name=cisa").await;
    on.json("/sources", Method::POST, "/sources", &json!({"name": "acme", "url": "acme.example"})).await;
    on.json("/sources/{name}", Method::PUT, "/sources/acme", &json!({"is_enabled": true})).await;
    let folder = tempfile::tempdir().unwrap();
    let (key, public) = (folder.path().join("k.key"), folder.path().join("k.pub"));
    make_key(&key).unwrap();
    let text = std::fs::read_to_string(public).unwrap();
    on.form("/sources/keys", "/sources/keys", &format!("act=trust&comment=office&key={}", encoded(&text))).await;
    let bundle = folder.path().join("b.bundle");
    let key = read_secret_key(&key).unwrap();
    make_bundle(&server.db, &bundle, &key, jiff::Timestamp::now(), &Silent).await.unwrap();
    let body = Witness::file("b.bundle", &std::fs::read(&bundle).unwrap());
    on.send("/sources/bundle", Method::POST, "/sources/bundle", MULTIPART, &body).await;
    on.settled().await;
    on.form("/settings", "/settings", "time_zone=Asia%2FTokyo").await;

    // Imports and files.
    let list = "Vendor,Model,Firmware,Tag,Site\nSchneider Electric,PM8000,3.1.2,N-1,North\n";
    let body = Witness::file("north.csv", list.as_bytes());
    let request = server.client.post(format!("{}/inventories/new", server.address)).header("content-type", MULTIPART);
    let draft = location(&request.body(body).send().await.unwrap());
    let draft = draft.trim_end_matches("/columns").trim_end_matches("/check").to_owned();
    on.form("/inventories/{id}/check", &format!("{draft}/check"), "action=import").await;
    on.settled().await;
    let latest = store::inventory::list_inventories(&server.db).await.unwrap();
    let latest = latest.iter().map(|inventory| inventory.inventory_id).max().unwrap();
    on.form("/inventories/{id}/undo", &format!("/inventories/{latest}/undo"), "").await;
    on.settled().await;
    let route = "/api/v1/inventories";
    let path = format!("{route}?file_name=south.csv");
    on.send(route, Method::POST, &path, "text/csv", list.replace("North", "South").as_bytes()).await;
    on.settled().await;
    let latest = store::inventory::list_inventories(&server.db).await.unwrap();
    let latest = latest.iter().map(|inventory| inventory.inventory_id).max().unwrap();
    let route = "/inventories/{inventory_id}/undo";
    on.json(route, Method::POST, &format!("/inventories/{latest}/undo"), &Value::Null).await;
    on.settled().await;
    let schedule = "format=csv&when=daily&keep_days=30";
    on.form("/reports/schedules", "/reports/schedules", &format!("act=add&{schedule}")).await;
    on.form("/reports/schedules", "/reports/schedules", &format!("act=change&schedule=1&{schedule}")).await;
    on.form("/reports/schedules", "/reports/schedules", "act=delete&schedule=1").await;
    let schedule = json!({"format": "csv", "rhythm": "daily"});
    let id = on.json("/report-schedules", Method::POST, "/report-schedules", &schedule).await;
    let path = format!("/report-schedules/{}", id["schedule_id"]);
    on.json("/report-schedules/{schedule_id}", Method::PUT, &path, &schedule).await;
    on.json("/report-schedules/{schedule_id}", Method::DELETE, &path, &Value::Null).await;
    on.form("/reports", "/reports", "kind=csv&site=Riverside").await;
    on.settled().await;
    let (file, _) = store::report_file::list_report_files_before(&server.db, None, 1).await.unwrap().remove(0);
    on.form("/reports/files/{id}/delete", &format!("/reports/files/{file}/delete"), "").await;
    on.form("/start/sample/remove", "/start/sample/remove", "").await;
    on.settled().await;

    // The first account; from then on everybody is somebody.
    let code = make_setup_code(&server.db, jiff::Timestamp::now()).await.unwrap().unwrap();
    let form = format!("name=M.+Okafor&passphrase={}&code={code}", PASSPHRASE.replace(' ', "+"));
    on.form("/first-account", "/first-account", &form).await;
    on.headers = vec![("authorization", server.token("M. Okafor").await)];
    let lee = format!("act=add&name=Lee&role=viewer&scope=all&passphrase={}", PASSPHRASE.replace(' ', "+"));
    on.form("/accounts", "/accounts", &lee).await;
    on.form("/account", "/account", "act=token&name=nightly&days=7&role=viewer").await;
    let kim = json!({"name": "Kim", "passphrase": PASSPHRASE, "role": "viewer"});
    let id = on.json("/accounts", Method::POST, "/accounts", &kim).await["account_id"].as_i64().unwrap();
    let engineer = json!({"role": "engineer", "sites": [1]});
    on.json("/accounts/{account_id}/rights", Method::PUT, &format!("/accounts/{id}/rights"), &engineer).await;
    let token = json!({"name": "script", "days": 3, "role": "viewer"});
    let token = on.json("/accounts/{account_id}/tokens", Method::POST, &format!("/accounts/{id}/tokens"), &token).await;
    let path = format!("/accounts/{id}/tokens/{}", token["token_id"]);
    on.json("/accounts/{account_id}/tokens/{token_id}", Method::DELETE, &path, &Value::Null).await;
    on.json("/accounts/{account_id}", Method::PUT, &format!("/accounts/{id}"), &json!({"is_enabled": false})).await;

    let sent: BTreeSet<String> = on.acts.keys().cloned().collect();
    let spared: BTreeSet<String> = NO_ACTS.iter().map(|(route, _)| (*route).to_owned()).collect();
    let all: BTreeSet<String> = routes().into_iter().filter(|(.., sends)| *sends).map(|(route, ..)| route).collect();
    let known: BTreeSet<String> = sent.union(&spared).cloned().collect();
    assert_eq!(known, all, "routes that send, and those that were tried or spared");
    assert!(sent.is_disjoint(&spared), "{:?}", sent.intersection(&spared));
    // Nothing of it can be changed or taken away, and every kind of act that pages know was seen.
    assert!(database.try_execute("update audit_entry set who = 'nobody'").await.is_err());
    assert!(database.try_execute("delete from audit_entry").await.is_err());
    let seen: BTreeSet<&str> = on.acts.values().flatten().copied().collect();
    for act in
        [Act::ChangeSource, Act::LoadBundle, Act::TrustKey, Act::ChangeAlert, Act::ChangeSetting, Act::ChangeAlias]
    {
        assert!(seen.contains(act.word()), "{act:?}: {seen:?}");
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
