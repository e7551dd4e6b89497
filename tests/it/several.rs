//! Several servers on one database, behind a proxy that sends each request to another one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use nameplate::config::Config;
use nameplate::domain::account::{Role, SiteScope};
use nameplate::services::accounts::{account_named, add_account, make_setup_code};
use nameplate::services::sample_plant::load_sample_plant;
use nameplate::store::Db;
use nameplate::web::{self, AppState};
use reqwest::{Client, Method, Response, StatusCode};
use tempfile::TempDir;

use crate::database::{TestDatabase, on_both};
use crate::doors::{PASSPHRASE, location};
use crate::upload::{encode, form};

on_both!(
    whichever_server_answers_logins_limits_and_rights_are_the_same,
    an_upload_goes_on_at_another_server_and_its_job_is_seen_from_both,
    an_old_server_goes_on_beside_a_newer_schema_and_none_starts_on_it,
);

/// Servers on one database, each asked in its turn.
struct Servers {
    dbs: Vec<Db>,
    addresses: Vec<String>,
    client: Client,
    turn: AtomicUsize,
    _folder: TempDir,
}

impl Servers {
    async fn start(database: &TestDatabase, n: usize) -> Servers {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // What is uploaded lies in a folder that all servers share.
        let folder = TempDir::new().unwrap();
        let (mut dbs, mut addresses) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let db = Db::open(&database.url).await.unwrap();
            let listener = web::bind("127.0.0.1:0").await.unwrap();
            addresses.push(format!("http://{}", listener.local_addr().unwrap()));
            let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
            let state = AppState::new(db.clone(), config, Timestamp::now());
            tokio::spawn(web::serve(listener, None, state, std::future::pending()));
            dbs.push(db);
        }
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Servers { dbs, addresses, client, turn: AtomicUsize::new(0), _folder: folder }
    }

    /// Sends a request to the next server, as a proxy does that does not know who asks.
    async fn send(&self, method: Method, path: &str, cookie: &str, kind: &str, body: Vec<u8>) -> Response {
        let at = self.turn.fetch_add(1, Ordering::SeqCst) % self.addresses.len();
        let mut request = self.client.request(method, format!("{}{path}", self.addresses[at]));
        if !cookie.is_empty() {
            request = request.header("cookie", cookie);
        }
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        request
            .header("x-forwarded-for", "10.0.0.9")
            .header("sec-fetch-site", "same-origin")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    async fn get(&self, path: &str, cookie: &str) -> Response {
        self.send(Method::GET, path, cookie, "", Vec::new()).await
    }

    async fn post(&self, path: &str, cookie: &str, form: &str) -> Response {
        self.send(Method::POST, path, cookie, "application/x-www-form-urlencoded", form.as_bytes().to_vec()).await
    }
}

fn session(response: &Response) -> String {
    response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn whichever_server_answers_logins_limits_and_rights_are_the_same(database: &TestDatabase) {
    let servers = Servers::start(database, 2).await;
    let code = make_setup_code(&servers.dbs[0], Timestamp::now()).await.unwrap().unwrap();
    assert_eq!(location(&servers.get("/", "").await), "/first-account");
    let form = format!("name=M.+Okafor&passphrase={}&code={code}", PASSPHRASE.replace(' ', "+"));
    let made = servers.post("/first-account", "", &form).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER, "the code of one server counts at the other");
    let okafor = session(&made);
    for _ in 0..4 {
        assert_eq!(servers.get("/accounts", &okafor).await.status(), StatusCode::OK);
        assert!(location(&servers.get("/assets", "").await).starts_with("/login"), "both know that there are accounts");
    }
    // Rights that change at one server change at the other.
    let db = &servers.dbs[0];
    let lee =
        add_account(db, "test", "Lee", Some(PASSPHRASE), Role::Viewer, SiteScope::All, Timestamp::now()).await.unwrap();
    let form = format!("name=Lee&passphrase={}", PASSPHRASE.replace(' ', "+"));
    let lees = session(&servers.post("/login", "", &form).await);
    assert_eq!(servers.post("/rescans", &lees, "").await.status(), StatusCode::FORBIDDEN);
    let rights = format!("act=rights&account={lee}&role=admin&scope=all");
    assert_eq!(servers.post("/accounts", &okafor, &rights).await.status(), StatusCode::SEE_OTHER);
    for _ in 0..2 {
        assert_eq!(servers.get("/accounts", &lees).await.status(), StatusCode::OK);
    }
    assert_eq!(
        servers.post("/accounts", &okafor, &format!("act=close&account={lee}")).await.status(),
        StatusCode::SEE_OTHER
    );
    for _ in 0..2 {
        assert_eq!(
            servers.get("/assets", &lees).await.status(),
            StatusCode::SEE_OTHER,
            "a closed account is out everywhere"
        );
    }
    // A logout at one is a logout at the other, and failed logins are counted over both.
    servers.post("/logout", &okafor, "").await;
    for _ in 0..2 {
        assert_eq!(servers.get("/assets", &okafor).await.status(), StatusCode::SEE_OTHER);
    }
    let mut told = Vec::new();
    for _ in 0..7 {
        told.push(servers.post("/login", "", "name=M.+Okafor&passphrase=a+wrong+one").await.status().as_u16());
    }
    assert_eq!(told, [401, 401, 401, 401, 401, 429, 429]);
    assert_eq!(account_named(&servers.dbs[1], "M. Okafor").await.unwrap().role, Role::Admin);
}

async fn an_upload_goes_on_at_another_server_and_its_job_is_seen_from_both(database: &TestDatabase) {
    let servers = Servers::start(database, 3).await;
    let now = Timestamp::now();
    add_account(&servers.dbs[0], "test", "M. Okafor", Some(PASSPHRASE), Role::Admin, SiteScope::All, now)
        .await
        .unwrap();
    let who = format!("name=M.+Okafor&passphrase={}", PASSPHRASE.replace(' ', "+"));
    let okafor = session(&servers.post("/login", "", &who).await);
    let edge = "edge4F7K92";
    let list = "asset tag,site,vendor,model,firmware\nM1,Riverside,Schneider Electric,PM8000,3.1.2\nM2,Riverside,Siemens,S7-1500,2.8\n";
    let body = format!(
        "--{edge}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\r\n{list}\r\n--{edge}--\r\n"
    );
    let kind = format!("multipart/form-data; boundary={edge}");
    let mut at = location(&servers.send(Method::POST, "/inventories/new", &okafor, &kind, body.into_bytes()).await);
    let mut seen = Vec::new();
    for _ in 0..400 {
        seen.push(at.clone());
        if at.starts_with("/jobs/") {
            // Whoever is asked knows how far it is.
            let page = servers.get(&at, &okafor).await.text().await.unwrap();
            match page.split_once("data-result=\"") {
                Some((_, rest)) => at = rest.split('"').next().unwrap().to_owned(),
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        } else if at.ends_with("/columns") || at.ends_with("/check") {
            let page = servers.get(&at, &okafor).await;
            let next = location(&page);
            if !next.is_empty() {
                at = next;
                continue;
            }
            let html = page.text().await.unwrap();
            let (step, button) = if at.ends_with("/columns") { ("/columns", "check") } else { ("/check", "import") };
            let (target, mut fields) = form(&html, step);
            fields.push(("action".to_owned(), button.to_owned()));
            let sent: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
            let answer = servers.post(&target, &okafor, &sent.join("&")).await;
            let next = location(&answer);
            assert!(!next.is_empty() && next != at, "{target}: {}", answer.text().await.unwrap());
            at = next;
        } else {
            break;
        }
    }
    assert!(at.starts_with("/inventories/") && !at.contains("draft"), "{seen:#?}");
    assert!(seen.iter().any(|path| path.ends_with("/check")), "{seen:#?}");
    for _ in 0..3 {
        let page = servers.get("/assets", &okafor).await.text().await.unwrap();
        assert!(page.contains("M1") && page.contains("M2"), "{page}");
    }
}

async fn an_old_server_goes_on_beside_a_newer_schema_and_none_starts_on_it(database: &TestDatabase) {
    let servers = Servers::start(database, 1).await;
    load_sample_plant(&servers.dbs[0]).await.unwrap();
    let now = Timestamp::now();
    add_account(&servers.dbs[0], "test", "M. Okafor", Some(PASSPHRASE), Role::Admin, SiteScope::All, now)
        .await
        .unwrap();
    let form = format!("name=M.+Okafor&passphrase={}", PASSPHRASE.replace(' ', "+"));
    let okafor = session(&servers.post("/login", "", &form).await);
    assert_eq!(servers.get("/assets", &okafor).await.status(), StatusCode::OK);
    // What a newer program does when it is started beside this one: it adds, in one transaction.
    database
        .execute(
            "begin; create table thing_of_tomorrow (thing_id bigint not null); \
             alter table asset add column colour text; \
             insert into migration (migration_id, name, sha256, applied_at, program_version) \
                values (9999, '9999_tomorrow', 'x', '2027-01-01T00:00:00.000Z', '9.9.9'); commit",
        )
        .await;
    for path in ["/", "/assets", "/exposures", "/sites", "/health", "/rescans"] {
        assert_eq!(servers.get(path, &okafor).await.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(servers.post("/rescans", &okafor, "").await.status(), StatusCode::SEE_OTHER, "it works, too");
    let refused = Db::open(&database.url).await.unwrap_err().to_string();
    assert!(refused.contains("a newer version of nameplate has written it"), "{refused}");
    // No old program begins on it, and the one that runs still answers.
    assert_eq!(servers.get("/assets", &okafor).await.status(), StatusCode::OK);
}
