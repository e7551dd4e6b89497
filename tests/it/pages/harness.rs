//! A server with the sample plant, and a browser that looks at it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use jiff::Timestamp;
use nameplate::config::Config;
use nameplate::domain::account::SiteScope;
use nameplate::domain::filter::Filter;
use nameplate::domain::listing::{ListSort, ListView, ListedExposure};
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::import_inventory::{ImportRequest, import_inventory};
use nameplate::services::progress::Silent;
use nameplate::services::rescan::rescan_pending;
use nameplate::services::sample_plant::load_sample_plant;
use nameplate::store::Db;
use nameplate::store::listing::exposures::{ExposureList, list_exposures};
use nameplate::web::{self, AppState};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

/// A server with the sample plant loaded, on a port and with a database of its own.
pub struct Plant {
    pub db: Db,
    /// `http://127.0.0.1:41234`.
    pub url: String,
    pub folder: TempDir,
}

impl Plant {
    /// Starts a server; without `sample` its database is empty.
    pub async fn start(sample: bool) -> Plant {
        let folder = TempDir::new().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("nameplate.db").display())).await.unwrap();
        if sample {
            load_sample_plant(&db).await.unwrap();
        }
        let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
        let listener = web::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = AppState::new(db.clone(), config, Timestamp::now());
        tokio::spawn(web::serve(listener, None, state, std::future::pending()));
        Plant { db, url, folder }
    }

    /// Starts a server with the sample plant as `set_up` wants it, which is given its data folder and its address
    /// without the scheme.
    pub async fn start_at<T>(
        set_up: impl AsyncFnOnce(PathBuf, String) -> (Config, Option<TlsAcceptor>, T),
    ) -> (Plant, T) {
        let folder = TempDir::new().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("nameplate.db").display())).await.unwrap();
        load_sample_plant(&db).await.unwrap();
        let listener = web::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (config, tls, kept) = set_up(folder.path().to_owned(), address.clone()).await;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = AppState::new(db.clone(), config, Timestamp::now());
        tokio::spawn(web::serve(listener, tls, state, std::future::pending()));
        (Plant { db, url: format!("{scheme}://{address}"), folder }, kept)
    }

    /// Where the database of the server is.
    pub fn database_url(&self) -> String {
        format!("sqlite://{}", self.folder.path().join("nameplate.db").display())
    }

    /// The address of a page: `plant.page("/assets")`.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Imports this list and judges it.
    pub async fn import(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        import_inventory(&self.db, &ImportRequest { path, ..ImportRequest::default() }, &Silent).await.unwrap();
        rescan_pending(&self.db, &Silent).await.unwrap();
    }

    /// Adds this document without judging it.
    pub async fn add(&self, document: &Value) {
        let id = document["document"]["tracking"]["id"].as_str().unwrap();
        let version = document["document"]["tracking"]["version"].as_str().unwrap();
        let path = self.folder.path().join(format!("{id}-{version}.json"));
        std::fs::write(&path, serde_json::to_vec(document).unwrap()).unwrap();
        let added = add_advisories(&self.db, &[path], &Silent).await.unwrap();
        assert_eq!((added.n_added, added.n_unreadable), (1, 0), "{:?}", added.unreadable);
    }

    /// Adds this document and judges it.
    pub async fn advise(&self, document: &Value) {
        self.add(document).await;
        rescan_pending(&self.db, &Silent).await.unwrap();
    }

    /// What is open of this advisory, as `tag verdict`, sorted.
    pub async fn open(&self, advisory: &str) -> Vec<String> {
        let filter = Filter { advisories: vec![advisory.to_owned()], ..Filter::default() };
        let list = ExposureList {
            filter: &filter,
            sites: SiteScope::All,
            view: ListView::Asset,
            sort: ListSort::Work,
            variant_id: None,
            asset_id: None,
            advisory: None,
        };
        let lines = list_exposures(&self.db, &list, None, 10_000).await.unwrap();
        let told = |line: ListedExposure| format!("{} {}", line.asset.unwrap().tag, line.finding.verdict.word());
        let mut open: Vec<String> = lines.into_iter().map(told).collect();
        open.sort();
        open
    }

    /// The page of the nameplate of this asset.
    pub async fn nameplate_page(&self, asset_id: i64) -> String {
        let variants = nameplate::store::variant::list_variants_of_assets(&self.db, &[asset_id]).await.unwrap();
        format!("/nameplates/{}", variants[0])
    }

    /// The id of the asset with this tag.
    pub async fn asset(&self, tag: &str) -> i64 {
        let found = nameplate::store::asset::list_assets_by_tag(&self.db, tag, None).await.unwrap();
        found.first().unwrap_or_else(|| panic!("no asset `{tag}`")).asset_id
    }
}

/// Runs a test that needs no browser against a server with the sample plant.
pub fn on_server(body: impl AsyncFnOnce(&Plant)) {
    runtime().block_on(async {
        let plant = Plant::start(true).await;
        body(&plant).await;
    });
}

/// Runs a test in a browser, or says that it is skipped. `script` says whether pages may run theirs.
pub fn in_browser(sample: bool, script: bool, body: impl AsyncFnOnce(&Plant, &Browser)) {
    in_some_browser(sample, script, false, body);
}

/// Runs a test with the sample plant in a browser whose person prefers dark pages.
pub fn in_dark_browser(body: impl AsyncFnOnce(&Plant, &Browser)) {
    in_some_browser(true, true, true, body);
}

fn in_some_browser(sample: bool, script: bool, dark: bool, body: impl AsyncFnOnce(&Plant, &Browser)) {
    let Some(driver) = Driver::start() else { return };
    runtime().block_on(async {
        let plant = Plant::start(sample).await;
        let browser = driver.browser(script, dark).await;
        body(&plant, &browser).await;
        browser.client.clone().close().await.unwrap();
    });
}

/// As [`in_browser`], with a server as `set_up` wants it; see [`Plant::start_at`].
pub fn in_browser_at<T>(
    set_up: impl AsyncFnOnce(PathBuf, String) -> (Config, Option<TlsAcceptor>, T),
    body: impl AsyncFnOnce(&Plant, &Browser, &T),
) {
    let Some(driver) = Driver::start() else { return };
    runtime().block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (plant, kept) = Plant::start_at(set_up).await;
        let browser = driver.browser(true, false).await;
        body(&plant, &browser, &kept).await;
        browser.client.clone().close().await.unwrap();
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// `chromedriver`, which ends with this value.
struct Driver {
    process: Child,
    url: String,
    folder: TempDir,
    /// One browser at a time: several at once only wait for each other.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Driver {
    fn start() -> Option<Driver> {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut process) = started else {
            assert!(
                std::env::var_os("NAMEPLATE_REQUIRE_BROWSER").is_none(),
                "no chromedriver, and NAMEPLATE_REQUIRE_BROWSER is set"
            );
            eprintln!("SKIPPED: no chromedriver was found");
            return None;
        };
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| line.rsplit_once("successfully on port ").map(|(_, rest)| rest.to_owned()))
            .expect("chromedriver says its port");
        let url = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        Some(Driver { process, url, folder: TempDir::new().unwrap(), _alone: alone })
    }

    async fn browser(&self, script: bool, dark: bool) -> Browser {
        let mut arguments: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-sync",
            "--window-size=1280,900",
            "--disable-background-networking",
            "--disable-component-update",
            "--force-prefers-reduced-motion",
            // Nothing but this machine can be reached.
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", self.folder.path().join("profile").display()));
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut options = serde_json::json!({ "args": arguments });
        if !script {
            options["prefs"] = serde_json::json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        // Certificates of tests are nobody's.
        capabilities.insert("acceptInsecureCerts".to_owned(), true.into());
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.url)
            .await
            .expect("a browser starts");
        Browser { client }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The driver closes its browsers when it is asked to end; it may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser.
pub struct Browser {
    pub client: Client,
}

impl Browser {
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The text of the page as a reader sees it.
    pub async fn text(&self) -> String {
        // While one page gives way to the next, the body that was found may be gone already.
        for _ in 0..100 {
            if let Ok(body) = self.client.find(Locator::Css("body")).await
                && let Ok(text) = body.text().await
            {
                return text;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the page has no body that stays");
    }

    /// Clicks the first thing that this selector means.
    pub async fn click(&self, css: &str) {
        // As with the text of a page: what was found may be gone before it is clicked.
        for _ in 0..100 {
            let found = self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("`{css}`: {e}"));
            match found.click().await {
                Err(e) if e.is_stale_element_reference() => {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                clicked => return clicked.unwrap(),
            }
        }
        panic!("`{css}` does not stay");
    }

    /// Clicks the link with this text.
    pub async fn follow(&self, text: &str) {
        let link = self.client.find(Locator::LinkText(text)).await;
        link.unwrap_or_else(|e| panic!("link `{text}`: {e}")).click().await.unwrap();
    }

    /// Types into the first thing that this selector means, instead of what stands there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("`{css}`: {e}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// What this script gives back.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// The text of the first thing that this selector means; blank when there is none.
    pub async fn text_of(&self, css: &str) -> String {
        match self.client.find(Locator::Css(css)).await {
            Ok(found) => found.text().await.unwrap(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page says this.
    pub async fn wait_for(&self, words: &str) {
        for _ in 0..200 {
            if self.text().await.contains(words) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the page never says `{words}`: {}", self.text().await);
    }

    /// How many things this selector means.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    /// Keeps what is seen as `target/screenshots/<name>.png`.
    pub async fn screenshot(&self, name: &str) {
        let bytes = self.client.screenshot().await.unwrap();
        let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

/// A document of Schneider Electric about these products (name, version range); every CVE holds for all of them.
pub fn document(id: &str, version: &str, title: &str, products: &[(&str, &str)], cves: &[&str]) -> Value {
    let branches: Vec<Value> = products
        .iter()
        .enumerate()
        .map(|(n, (name, range))| {
            json!({"category": "product_name", "name": name, "branches": [{
                "category": "product_version_range", "name": range,
                "product": {"name": format!("{name} {range}"), "product_id": format!("P{n}")}
            }]})
        })
        .collect();
    let ids: Vec<String> = (0..products.len()).map(|n| format!("P{n}")).collect();
    let vulnerability = |cve: &&str| {
        json!({"cve": cve, "product_status": {"known_affected": ids},
            "remediations": [{"category": "mitigation", "details": "Keep it behind a firewall.", "product_ids": ids}],
            "scores": [{"products": ids, "cvss_v3": {"version": "3.1", "baseScore": 7.5, "baseSeverity": "HIGH",
                "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}]})
    };
    json!({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": title,
            "publisher": {"category": "other", "name": "Tests", "namespace": "https://tests.example"},
            "tracking": {
                "id": id, "version": version, "status": "final",
                "initial_release_date": "2026-10-01T00:00:00Z", "current_release_date": "2026-10-01T00:00:00Z",
                "revision_history": [{"number": version, "date": "2026-10-01T00:00:00Z", "summary": "as it is"}]
            }
        },
        "product_tree": {"branches": [{"category": "vendor", "name": "Schneider Electric", "branches": branches}]},
        "vulnerabilities": cves.iter().map(vulnerability).collect::<Vec<_>>()
    })
}
