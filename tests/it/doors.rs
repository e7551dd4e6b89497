//! Who gets through which door: the login, and every route of the table for somebody who may not.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use nameplate::config::Config;
use nameplate::domain::account::{Role, SiteScope};
use nameplate::services::accounts::{TokenWish, account_named, add_account, add_token, make_setup_code};
use nameplate::store::{self, Db};
use nameplate::web::{self, AppState};
use reqwest::{Client, Method, Response, StatusCode};

use crate::database::{TestDatabase, on_both};

on_both!(
    without_accounts_only_this_machine_is_let_in,
    a_login_opens_the_pages_and_a_logout_closes_them,
    no_route_is_open_but_the_way_in,
    a_reader_changes_nothing_whatever_the_route,
    nobody_reads_of_a_site_outside_the_own_scope_whatever_the_route,
);

pub const PASSPHRASE: &str = "seven meters in a row";

pub struct Server {
    pub db: Db,
    pub address: String,
    pub client: Client,
}

impl Server {
    pub async fn start(database: &TestDatabase) -> Server {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let db = Db::open(&database.url).await.unwrap();
        let listener = web::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let folder = std::env::temp_dir().join(format!("nameplate-doors-{}", std::process::id()));
        let config = Config { data_dir: Some(folder), ..Config::default() };
        let state = AppState::new(db.clone(), config, Timestamp::now());
        tokio::spawn(web::serve(listener, None, state, std::future::pending()));
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Server { db, address, client }
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned());
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send(Method::GET, path, headers, "").await
    }

    pub async fn account(&self, name: &str, role: Role, sites: SiteScope) {
        add_account(&self.db, "test", name, Some(PASSPHRASE), role, sites, Timestamp::now()).await.unwrap();
    }

    pub async fn token(&self, name: &str) -> String {
        let account = account_named(&self.db, name).await.unwrap();
        let now = Timestamp::now();
        let end = now.checked_add(SignedDuration::from_hours(1)).unwrap();
        let wish = TokenWish { name: "test", role: Role::Admin, sites: SiteScope::All, expires_at: end };
        let (_, secret) = add_token(&self.db, name, &account, wish, now).await.unwrap();
        format!("Bearer {secret}")
    }
}

pub fn location(response: &Response) -> String {
    response.headers().get("location").map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

async fn without_accounts_only_this_machine_is_let_in(database: &TestDatabase) {
    let server = Server::start(database).await;
    let code = make_setup_code(&server.db, Timestamp::now()).await.unwrap().unwrap();
    assert_eq!(server.get("/help", &[]).await.status(), StatusCode::OK);
    for foreign in [("host", "evil.example"), ("x-forwarded-for", "10.0.0.9")] {
        let answer = server.get("/", &[foreign]).await;
        assert_eq!(
            (answer.status(), location(&answer).as_str()),
            (StatusCode::SEE_OTHER, "/first-account"),
            "{foreign:?}"
        );
        assert_eq!(server.get("/api/v1/sites", &[foreign]).await.status(), StatusCode::UNAUTHORIZED);
    }
    let form = |code: &str| format!("name=M.+Okafor&passphrase={}&code={code}", PASSPHRASE.replace(' ', "+"));
    let wrong = server.send(Method::POST, "/first-account", &[], &form("2222-2222")).await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert!(wrong.text().await.unwrap().contains("setup code"));
    let made = server.send(Method::POST, "/first-account", &[], &form(&code)).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let cookie = made.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let session = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(server.get("/help", &[("cookie", &session)]).await.status(), StatusCode::OK);
    assert_eq!(server.get("/", &[]).await.status(), StatusCode::SEE_OTHER, "this machine must log in as well now");
    assert_eq!(server.send(Method::POST, "/first-account", &[], &form(&code)).await.status(), StatusCode::BAD_REQUEST);
}

async fn a_login_opens_the_pages_and_a_logout_closes_them(database: &TestDatabase) {
    let server = Server::start(database).await;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    let sent_away = server.get("/exposures?verdict=affected", &[]).await;
    assert_eq!(location(&sent_away), "/login?next=%2Fexposures%3Fverdict%3Daffected");
    let page = server.get("/login?next=%2Fexposures", &[]).await.text().await.unwrap();
    assert!(page.contains("name=\"next\" value=\"/exposures\""), "{page}");
    let form = |passphrase: &str, next: &str| {
        format!("name=M.+Okafor&passphrase={}&next={next}", passphrase.replace(' ', "+"))
    };
    let wrong = server.send(Method::POST, "/login", &[], &form("not this one at all", "/")).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let text = wrong.text().await.unwrap();
    assert!(text.contains("value=\"M. Okafor\"") && !text.contains("not this one"), "{text}");
    let entered = server.send(Method::POST, "/login", &[], &form(PASSPHRASE, "//evil.example")).await;
    assert_eq!(location(&entered), "/", "never to another site");
    let entered = server.send(Method::POST, "/login", &[], &form(PASSPHRASE, "/exposures")).await;
    assert_eq!(location(&entered), "/exposures");
    let session = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let as_okafor = [("cookie", session.as_str())];
    assert!(server.get("/account", &as_okafor).await.text().await.unwrap().contains("M. Okafor"));
    let foreign = [("cookie", session.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(server.send(Method::POST, "/logout", &foreign, "").await.status(), StatusCode::FORBIDDEN);
    let left = server.send(Method::POST, "/logout", &as_okafor, "").await;
    assert_eq!(location(&left), "/login");
    assert_eq!(server.get("/account", &as_okafor).await.status(), StatusCode::SEE_OTHER);
}

/// Every route of the tables of the server: the path as it is written there, and whether it takes GET.
pub fn routes() -> Vec<(String, bool, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for part in text.split(".route(").skip(1) {
                let Some(route) = part.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                    continue;
                };
                let methods = part.split(".route(").next().unwrap_or_default();
                let takes = |words: &[&str]| words.iter().any(|word| methods.contains(&format!("{word}(")));
                found.push((route.to_owned(), takes(&["get"]), takes(&["post", "put", "patch", "delete"])));
            }
        }
    }
    // The API says itself what it has.
    let api = serde_json::to_value(nameplate::web::api::document()).unwrap();
    for (route, methods) in api["paths"].as_object().unwrap() {
        let takes = |words: &[&str]| words.iter().any(|word| methods.get(*word).is_some());
        found.push((route.clone(), takes(&["get"]), takes(&["post", "put", "patch", "delete"])));
    }
    found.sort();
    found
}

/// The path with every parameter filled in.
pub fn filled(route: &str, id: &str) -> String {
    let mut path = String::new();
    let mut rest = route;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push_str(id);
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    path + rest
}

/// Open to everybody: the way in, and what machines ask.
pub const OPEN: &[&str] = &[
    "/login",
    "/login/oidc",
    "/login/oidc/back",
    "/first-account",
    "/health",
    "/ready",
    "/version",
    "/alerts/stop",
    "/static/{file}",
];

async fn no_route_is_open_but_the_way_in(database: &TestDatabase) {
    let server = Server::start(database).await;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    let routes = routes();
    assert!(routes.len() > 30, "{routes:?}");
    let mut wrong = Vec::new();
    for (route, gets, sends) in routes.iter().filter(|(route, ..)| !OPEN.contains(&route.as_str())) {
        let path = filled(route, "1");
        if *gets {
            let answer = server.get(&path, &[]).await;
            let expected = if path.starts_with("/api/") { 401 } else { 303 };
            if answer.status() != expected || (expected == 303 && !location(&answer).starts_with("/login")) {
                wrong.push(format!("GET {path}: {}", answer.status()));
            }
        }
        if *sends {
            let answer = server.send(Method::POST, &path, &[], "a=b").await;
            if answer.status() != 401 {
                wrong.push(format!("POST {path}: {}", answer.status()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a reader may send, since nothing of it changes what others see.
pub const READERS_MAY_SEND: &[&str] = &["/logout", "/account", "/check", "/api/v1/check", "/settings", "/rescans/seen"];

async fn a_reader_changes_nothing_whatever_the_route(database: &TestDatabase) {
    let server = Server::start(database).await;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    server.account("Lee", Role::Viewer, SiteScope::All).await;
    let token = server.token("Lee").await;
    let mut wrong = Vec::new();
    for (route, _, sends) in routes() {
        if !sends || OPEN.contains(&route.as_str()) || READERS_MAY_SEND.contains(&route.as_str()) {
            continue;
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = server.send(method.clone(), &filled(&route, "1"), &[("authorization", &token)], "a=b").await;
            if answer.status() != StatusCode::FORBIDDEN {
                wrong.push(format!("{method} {route}: {}", answer.status()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(server.get("/accounts", &[("authorization", &token)]).await.status(), StatusCode::FORBIDDEN);
}

/// Words that stand only in what belongs to the other site.
const OF_THE_OTHER_SITE: &[&str] = &["Verborgen", "ZZ-4711", "SN-ZZ-1"];

async fn nobody_reads_of_a_site_outside_the_own_scope_whatever_the_route(database: &TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("two_sites.csv");
    std::fs::write(
        &csv,
        "site,asset tag,vendor,model,firmware,serial number\n\
         Riverside,MTR-1,Schneider Electric,PM8000,3.1.2,SN-1\n\
         Verborgen,ZZ-4711,Schneider Electric,ION9000,3.1.2,SN-ZZ-1\n",
    )
    .unwrap();
    let nameplate = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_nameplate"))
            .env_clear()
            .env("NAMEPLATE_DATA_DIR", folder.path())
            .env("NAMEPLATE_DATABASE", &database.url)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let advisories = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    nameplate(&["advisory", "add", advisories.to_str().unwrap()]);
    nameplate(&["import", csv.to_str().unwrap()]);
    nameplate(&["rescan"]);

    let server = Server::start(database).await;
    let sites = store::site::list_sites(&server.db).await.unwrap();
    let riverside = sites.iter().find(|site| site.name == "Riverside").unwrap().site_id;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    server.account("Lee", Role::Engineer, SiteScope::Only([riverside].into())).await;
    let (lee, okafor) = (server.token("Lee").await, server.token("M. Okafor").await);
    let mut wrong = Vec::new();
    let mut seen_by_okafor = BTreeSet::new();
    for (route, gets, _) in routes() {
        if !gets || OPEN.contains(&route.as_str()) || route == "/static/{file}" {
            continue;
        }
        // Ids of this small database; and a name, where a path wants one.
        let ids: &[&str] = if route.contains('{') { &["1", "2", "Verborgen", "ZZ-4711"] } else { &[""] };
        for id in ids {
            for query in ["", "?q=ZZ-4711", "?q=ION9000", "?site=Verborgen"] {
                let path = format!("{}{query}", filled(&route, id));
                let text = |answer: Response| async { answer.text().await.unwrap_or_default().replace("<wbr>", "") };
                // What somebody asked for may be shown back; what was found may not.
                let asked = OF_THE_OTHER_SITE.iter().any(|word| path.contains(word));
                let told = text(server.get(&path, &[("authorization", &lee)]).await).await;
                let leaked: Vec<&&str> = OF_THE_OTHER_SITE
                    .iter()
                    .filter(|word| told.contains(**word) && !(asked && path.contains(**word)))
                    .collect();
                if !leaked.is_empty() {
                    wrong.push(format!("{path}: {leaked:?}"));
                }
                if !asked && text(server.get(&path, &[("authorization", &okafor)]).await).await.contains("ZZ-4711") {
                    seen_by_okafor.insert(route.clone());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The words are told to somebody who sees all sites, or nothing was proved.
    for route in ["/api/v1/assets", "/api/v1/exposures", "/assets", "/search"] {
        assert!(seen_by_okafor.contains(route), "{route}: {seen_by_okafor:?}");
    }
}
