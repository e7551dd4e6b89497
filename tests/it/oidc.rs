//! The login at an OpenID provider, against one on this machine that answers rightly or wrongly, as a test wants it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use nameplate::config::Config;
use nameplate::domain::account::{Role, SiteScope};
use nameplate::services::accounts::{account_named, add_account, set_open};
use nameplate::store::Db;
use nameplate::web::{self, AppState};
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::database::{TestDatabase, on_both};
use crate::pages::{Plant, in_browser_at};
use crate::provider::serve_tls;

on_both!(
    a_login_at_the_provider_gives_a_session_and_what_is_wrong_gives_none,
    the_groups_of_the_provider_give_role_and_sites,
);

const CLIENT: &str = "nameplate";
const CLIENT_SECRET: &str = "between us";

/// Whom the provider identifies next, and what is wrong about it.
#[derive(Clone, Default)]
struct Next {
    /// Claims beside the usual ones, or in place of them.
    claims: HashMap<&'static str, Value>,
    /// `None`: signed well.
    forgery: Option<Forgery>,
}

#[derive(Clone, Copy, PartialEq)]
enum Forgery {
    /// Signed by a key that the provider does not publish.
    OtherKey,
    /// Not signed, and the header says so.
    Unsigned,
    /// Signed well, then changed.
    Changed,
}

struct Attempt {
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

struct Shared {
    issuer: String,
    key: EcdsaKeyPair,
    other_key: EcdsaKeyPair,
    next: Next,
    attempts: HashMap<String, Attempt>,
}

/// An OpenID provider; it ends with this value.
pub struct OpenIdProvider {
    shared: Arc<Mutex<Shared>>,
    pub issuer: String,
    folder: tempfile::TempDir,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap()
}

impl OpenIdProvider {
    pub async fn start() -> OpenIdProvider {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared {
            issuer: String::new(),
            key: new_key(),
            other_key: new_key(),
            next: Next::default(),
            attempts: HashMap::new(),
        };
        let shared = Arc::new(Mutex::new(shared));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/jwks", get(keys))
            .with_state(shared.clone());
        let (port, server) = serve_tls(router, folder.path()).await;
        let issuer = format!("https://127.0.0.1:{port}");
        shared.lock().unwrap().issuer.clone_from(&issuer);
        OpenIdProvider { shared, issuer, folder, server }
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What a server is told to let people log in here.
    pub fn config(&self, base_url: &str, config: Config) -> Config {
        let secret = self.folder.path().join("secret.txt");
        std::fs::write(&secret, format!("{CLIENT_SECRET}\n")).unwrap();
        Config {
            base_url: Some(base_url.to_owned()),
            oidc_issuer: Some(self.issuer.clone()),
            oidc_client_id: Some(CLIENT.to_owned()),
            oidc_client_secret_file: Some(secret),
            extra_ca: Some(self.ca_file()),
            ..config
        }
    }

    fn identify(&self, next: Next) {
        self.shared.lock().unwrap().next = next;
    }
}

type World = State<Arc<Mutex<Shared>>>;

async fn discovery(State(shared): World) -> Json<Value> {
    let issuer = shared.lock().unwrap().issuer.clone();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["ES256"]
    }))
}

async fn keys(State(shared): World) -> Json<Value> {
    let point = shared.lock().unwrap().key.public_key().as_ref().to_vec();
    Json(json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k1",
        "x": encoded(&point[1..33]), "y": encoded(&point[33..])}]}))
}

/// A person would be asked for a password here; this provider knows who it is.
async fn authorize(State(shared): World, Query(query): Query<HashMap<String, String>>) -> Response {
    let of = |name: &str| query.get(name).cloned().unwrap_or_default();
    let is_asked_well = of("response_type") == "code"
        && of("client_id") == CLIENT
        && of("scope").split(' ').any(|scope| scope == "openid")
        && of("code_challenge_method") == "S256";
    if !is_asked_well {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut shared = shared.lock().unwrap();
    let code = format!("code-{}", shared.attempts.len());
    let mut back = Url::parse(&of("redirect_uri")).unwrap();
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &of("state"));
    let attempt = Attempt { nonce: of("nonce"), challenge: of("code_challenge"), redirect_uri: of("redirect_uri") };
    shared.attempts.insert(code, attempt);
    Redirect::to(back.as_str()).into_response()
}

async fn token(State(shared): World, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let of = |name: &str| form.get(name).cloned().unwrap_or_default();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}")));
    let mut shared = shared.lock().unwrap();
    // A code is good once.
    let attempt = shared.attempts.get_mut(&of("code")).map(|attempt| (std::mem::take(&mut attempt.challenge), attempt));
    let refused = (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
    let Some((challenge, attempt)) = attempt else { return refused };
    let is_for_the_code = challenge == encoded(Sha256::digest(of("code_verifier")))
        && of("redirect_uri") == attempt.redirect_uri
        && headers.get("authorization").is_some_and(|value| *value == *basic);
    if !is_for_the_code {
        return refused;
    }
    let nonce = attempt.nonce.clone();
    Json(json!({"access_token": "x", "token_type": "Bearer", "id_token": shared.id_token(&nonce)})).into_response()
}

impl Shared {
    fn id_token(&self, nonce: &str) -> String {
        let now = Timestamp::now().as_second();
        let mut claims = json!({"iss": self.issuer, "sub": "u-17", "aud": CLIENT, "exp": now + 300, "iat": now,
            "nonce": nonce, "name": "Sato Hanako", "preferred_username": "sato"});
        for (name, value) in &self.next.claims {
            claims[*name] = value.clone();
        }
        let alg = if self.next.forgery == Some(Forgery::Unsigned) { "none" } else { "ES256" };
        let header = encoded(json!({"alg": alg, "kid": "k1", "typ": "JWT"}).to_string());
        let signed = format!("{header}.{}", encoded(claims.to_string()));
        let key = if self.next.forgery == Some(Forgery::OtherKey) { &self.other_key } else { &self.key };
        let signature = match self.next.forgery {
            Some(Forgery::Unsigned) => String::new(),
            _ => encoded(key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap()),
        };
        if self.next.forgery == Some(Forgery::Changed) {
            claims["sub"] = json!("u-1");
            return format!("{header}.{}.{signature}", encoded(claims.to_string()));
        }
        format!("{signed}.{signature}")
    }
}

/// Nameplate, the provider, and a browser that keeps cookies by hand.
struct Here {
    db: Db,
    url: String,
    provider: OpenIdProvider,
    client: reqwest::Client,
}

/// Where a login ended.
struct Ended {
    status: u16,
    /// The session that was given; blank for none.
    session: String,
    text: String,
}

impl Here {
    async fn start(database: &TestDatabase, groups_claim: Option<&str>) -> Here {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let provider = OpenIdProvider::start().await;
        let db = Db::open(&database.url).await.unwrap();
        let listener = web::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let folder = provider.folder.path().to_owned();
        let config =
            Config { data_dir: Some(folder), oidc_groups_claim: groups_claim.map(str::to_owned), ..Config::default() };
        let state = AppState::new(db.clone(), provider.config(&url, config), Timestamp::now());
        tokio::spawn(web::serve(listener, None, state, std::future::pending()));
        let ca = reqwest::Certificate::from_pem_bundle(&std::fs::read(provider.ca_file()).unwrap()).unwrap();
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).tls_certs_merge(ca).build().unwrap();
        let okafor = add_account(&db, "test", "M. Okafor", None, Role::Admin, SiteScope::All, Timestamp::now()).await;
        okafor.unwrap();
        Here { db, url, provider, client }
    }

    /// Goes to the provider and comes back: the address that it sends back to, and the cookie of the attempt.
    async fn go(&self) -> (Url, String) {
        let away = self.client.get(format!("{}/login/oidc", self.url)).send().await.unwrap();
        assert_eq!(away.status(), 303);
        let cookie = away.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let there = away.headers()["location"].to_str().unwrap().to_owned();
        assert!(!there.contains(cookie.split(['=', ';']).nth(1).unwrap()), "the secret stays in the browser");
        let back = self.client.get(there).send().await.unwrap();
        assert_eq!(back.status(), 303);
        let back = Url::parse(back.headers()["location"].to_str().unwrap()).unwrap();
        (back, cookie.split(';').next().unwrap().to_owned())
    }

    async fn come_back(&self, back: Url, cookie: &str) -> Ended {
        let answer = self.client.get(back).header("cookie", cookie).send().await.unwrap();
        let session = answer
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find(|value| value.starts_with("nameplate_session="))
            .map_or_else(String::new, |value| value.split(';').next().unwrap().to_owned());
        Ended { status: answer.status().as_u16(), session, text: answer.text().await.unwrap() }
    }

    async fn log_in(&self, next: Next) -> Ended {
        self.provider.identify(next);
        let (back, cookie) = self.go().await;
        self.come_back(back, &cookie).await
    }

    async fn page(&self, path: &str, session: &str) -> (u16, String) {
        let answer = self.client.get(format!("{}{path}", self.url)).header("cookie", session).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

fn claims(claims: &[(&'static str, Value)]) -> Next {
    Next { claims: claims.iter().cloned().collect(), forgery: None }
}

async fn a_login_at_the_provider_gives_a_session_and_what_is_wrong_gives_none(database: &TestDatabase) {
    let here = Here::start(database, None).await;
    let unknown = here.log_in(Next::default()).await;
    assert_eq!((unknown.status, unknown.session.as_str()), (403, ""));
    assert!(unknown.text.contains("Sato Hanako") && unknown.text.contains("has no account here"), "{}", unknown.text);

    add_account(&here.db, "test", "sato", None, Role::Viewer, SiteScope::All, Timestamp::now()).await.unwrap();
    let known = here.log_in(Next::default()).await;
    assert_eq!(known.status, 303, "{}", known.text);
    let (status, page) = here.page("/account", &known.session).await;
    assert!(status == 200 && page.contains("sato"), "{status} {page}");

    let long_ago = Timestamp::now().checked_sub(SignedDuration::from_mins(10)).unwrap().as_second();
    let forged = |forgery| Next { forgery: Some(forgery), ..Next::default() };
    for (what, next, status, told) in [
        ("nonce of another attempt", claims(&[("nonce", json!("another"))]), 401, "another attempt"),
        ("no nonce", claims(&[("nonce", Value::Null)]), 401, "another attempt"),
        ("ended", claims(&[("exp", json!(long_ago))]), 502, "the token has ended"),
        ("for another program", claims(&[("aud", json!("another"))]), 502, "for another program"),
        ("for several", claims(&[("aud", json!([CLIENT, "another"]))]), 502, "for another program"),
        ("of another issuer", claims(&[("iss", json!("https://other.example"))]), 502, "expected a token of"),
        ("of nobody", claims(&[("sub", json!(""))]), 502, "names nobody"),
        ("signed by another key", forged(Forgery::OtherKey), 502, "none of the provider"),
        ("changed after signing", forged(Forgery::Changed), 502, "none of the provider"),
        ("not signed", forged(Forgery::Unsigned), 502, "found `none`"),
        ("somebody else", claims(&[("sub", json!("u-18")), ("preferred_username", json!("sato"))]), 403, "no account"),
    ] {
        let ended = here.log_in(next).await;
        assert_eq!((ended.status, ended.session.as_str()), (status, ""), "{what}: {}", ended.text);
        assert!(ended.text.contains(told), "{what}: {}", ended.text);
    }

    here.provider.identify(Next::default());
    let (back, cookie) = here.go().await;
    let mut other_state = back.clone();
    other_state.set_query(Some(&back.query().unwrap().replace("state=", "state=x")));
    let mut refused = back.clone();
    refused.set_query(Some("error=access_denied"));
    for (what, back, cookie, told) in [
        ("another state", other_state, cookie.as_str(), "another attempt"),
        ("another browser", back.clone(), "nameplate_attempt=stolen", "another attempt"),
        ("no cookie", back.clone(), "a=b", "another attempt"),
        ("refused there", refused, cookie.as_str(), "access_denied"),
    ] {
        let ended = here.come_back(back, cookie).await;
        assert_eq!((ended.status, ended.session.as_str()), (401, ""), "{what}");
        assert!(ended.text.contains(told), "{what}: {}", ended.text);
    }
    assert_eq!(here.come_back(back.clone(), &cookie).await.status, 303, "what failed cost the attempt nothing");
    let again = here.come_back(back, &cookie).await;
    assert_eq!((again.status, again.session.as_str()), (401, ""), "a code is good once");
    assert!(again.text.contains("invalid_grant"), "{}", again.text);

    let sato = account_named(&here.db, "sato").await.unwrap();
    set_open(&here.db, "test", sato.account_id, false, Timestamp::now()).await.unwrap();
    let closed = here.log_in(Next::default()).await;
    assert_eq!((closed.status, closed.session.as_str()), (401, ""), "{}", closed.text);
}

async fn the_groups_of_the_provider_give_role_and_sites(database: &TestDatabase) {
    let here = Here::start(database, Some("groups")).await;
    nameplate::services::sample_plant::load_sample_plant(&here.db).await.unwrap();
    let of = |groups: &[&str]| claims(&[("groups", json!(groups))]);
    assert_eq!(here.log_in(of(&["staff"])).await.status, 403);
    let engineer = here.log_in(of(&["nameplate-engineer", "nameplate-site-riverside"])).await;
    assert_eq!(engineer.status, 303, "{}", engineer.text);
    let (_, sites) = here.page("/api/v1/sites", &engineer.session).await;
    let names: Vec<String> = serde_json::from_str::<Value>(&sites).unwrap()["items"]
        .as_array()
        .unwrap_or_else(|| panic!("{sites}"))
        .iter()
        .map(|site| site["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(names, ["Riverside"], "{sites}");
    assert_eq!(here.page("/accounts", &engineer.session).await.0, 403);
    let admin = here.log_in(of(&["nameplate-admin", "nameplate-all-sites"])).await;
    assert_eq!(here.page("/accounts", &admin.session).await.0, 200);
    // The session that was begun with fewer rights is of the same account, which has these now.
    assert_eq!(here.page("/accounts", &engineer.session).await.0, 200);
}

#[test]
fn in_a_browser_one_click_leads_to_the_provider_and_back_inside() {
    in_browser_at(
        async |folder, address| {
            let url = format!("http://{address}");
            let provider = OpenIdProvider::start().await;
            let config = Config { data_dir: Some(folder), ..Config::default() };
            let config = provider.config(&url, Config { oidc_new_accounts: Some("viewer".to_owned()), ..config });
            (config, None, provider)
        },
        async |plant: &Plant, browser, provider: &OpenIdProvider| {
            let now = Timestamp::now();
            add_account(&plant.db, "test", "M. Okafor", None, Role::Admin, SiteScope::All, now).await.unwrap();
            browser.open(&plant.page("/assets")).await;
            browser.screenshot("login_with_provider").await;
            let host = provider.issuer.trim_start_matches("https://");
            browser.follow(&format!("Log in at {host}")).await;
            let text = browser.text().await;
            browser.screenshot("login_came_back").await;
            assert_eq!(browser.client.current_url().await.unwrap().path(), "/", "{text}");
            assert!(!text.contains("cannot log in"), "{text}");
            browser.open(&plant.page("/account")).await;
            assert!(browser.text().await.contains("Sato Hanako"));
        },
    );
}
