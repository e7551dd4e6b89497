//! What the page on security promises, tried: each test is an attack that is listed there.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use nameplate::domain::account::{Role, SiteScope};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::database::{TestDatabase, on_both};
use crate::doors::{OPEN, PASSPHRASE, Server, filled, location, routes};

on_both!(
    no_text_of_an_advisory_or_a_list_becomes_markup_on_any_page,
    a_session_that_somebody_else_chose_is_never_taken_over,
    guesses_at_the_login_page_are_slowed_down_and_cannot_be_spread_over_addresses_that_are_made_up,
    a_request_that_is_nested_without_end_or_too_large_is_refused,
);

fn nameplate(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
    command.current_dir(folder).env_clear().args(arguments).stdin(Stdio::null());
    command.env("NAMEPLATE_DATA_DIR", folder.join("data"));
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn ok(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    said(&output)
}

/// Markup that runs where it is taken for markup; in an attribute too.
const MARKUP: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}";

/// Keys whose values are words of the standard, references within the document, or read as numbers and dates.
const NOT_PROSE: &[&str] = &[
    "category",
    "csaf_version",
    "cve",
    "cvss_v3",
    "cvss_v2",
    "cvss_v4",
    "current_release_date",
    "date",
    "initial_release_date",
    "product_id",
    "product_ids",
    "product_status",
    "status",
    "version",
    "number",
    "lang",
    "label",
    "namespace",
    "algorithm",
    "scores",
    "metrics",
    "group_ids",
    "group_id",
    "product_reference",
    "relates_to_product_reference",
    "id",
];

/// Puts markup behind every text that people read, and a script into every address.
fn poison(value: &mut Value, n: &mut usize) {
    match value {
        Value::Object(map) => {
            let is_branch = map.contains_key("branches") || map.contains_key("product");
            for (key, inner) in map.iter_mut() {
                match inner {
                    // A name in the tree decides what is matched; the ranges below it are read as versions.
                    Value::String(_) if is_branch && key == "name" => {}
                    Value::String(text) if key == "url" => {
                        *n += 1;
                        *text = format!("javascript:alert('{MARKUP}')");
                    }
                    Value::String(text) if !NOT_PROSE.contains(&key.as_str()) => {
                        *n += 1;
                        text.push_str(MARKUP);
                    }
                    _ if NOT_PROSE.contains(&key.as_str()) && !inner.is_array() => {}
                    _ => poison(inner, n),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| poison(inner, n)),
        _ => {}
    }
}

/// What in a page would run, or lead to something that runs.
fn what_would_run(html: &str) -> Option<String> {
    let small = html.to_lowercase().replace("<wbr>", "");
    ["<script>alert", "<img src=x", "href=\"javascript:", "href='javascript:", "src=\"javascript:", "49"]
        .into_iter()
        // `49` would be the sum of a template that reads what it shows.
        .filter(|word| *word != "49")
        .find_map(|word| {
            let at = small.find(word)?;
            Some(small[at.saturating_sub(60)..].chars().take(200).collect())
        })
}

async fn no_text_of_an_advisory_or_a_list_becomes_markup_on_any_page(database: &TestDatabase) {
    let folder = TempDir::new().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    let mut n_poisoned = 0;
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let Ok(mut document) = serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()) else { continue };
        poison(&mut document, &mut n_poisoned);
        let publisher = document["document"]["publisher"]["name"].as_str().unwrap_or_default().to_owned();
        let id = document["document"]["tracking"]["id"].as_str().unwrap_or_default().to_owned();
        names.insert((publisher, id));
        std::fs::write(folder.path().join(path.file_name().unwrap()), document.to_string()).unwrap();
    }
    assert!(n_poisoned > 100, "{n_poisoned}");
    let csv = folder.path().join("list.csv");
    let cell = MARKUP.replace('"', "\"\"");
    let mut list = csv::WriterBuilder::new().from_path(&csv).unwrap();
    list.write_record(["site", "asset tag", "vendor", "model", "firmware", "serial number", "area"]).unwrap();
    for (n, model) in ["PM8000", "ION9000", "ION7400", MARKUP].iter().enumerate() {
        let (site, tag) = (format!("Site {MARKUP}"), format!("T{n}{MARKUP}"));
        list.write_record([&site, &tag, "Schneider Electric", model, &format!("3.1.2{cell}"), MARKUP, MARKUP]).unwrap();
        list.write_record([&site, &format!("U{n}"), "Schneider Electric", model, "3.1.2", MARKUP, MARKUP]).unwrap();
    }
    list.flush().unwrap();
    drop(list);
    for arguments in [
        &["advisory", "add", "."][..],
        &["import", "list.csv"],
        &["rescan"],
        &["mark", "text=PM8000", "--reason", "planned", "--note", MARKUP, "--user", MARKUP, "--yes"],
    ] {
        ok(nameplate(folder.path(), arguments).env("NAMEPLATE_DATABASE", &database.url));
    }

    let server = Server::start(database).await;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    let token = server.token("M. Okafor").await;
    let mut paths: BTreeSet<String> = BTreeSet::new();
    for (route, gets, _) in routes() {
        if !gets || route.starts_with("/static/") || OPEN.contains(&route.as_str()) {
            continue;
        }
        for id in ["1", "2", "5"] {
            for query in ["", "?view=asset", "?view=advisory", "?print=1", "?text=PM8000"] {
                paths.insert(format!("{}{query}", filled(&route, id)));
            }
        }
    }
    // The pages that these link to: advisories, sites, nameplates, files.
    let bearer = [("authorization", token.as_str())];
    let mut wrong = Vec::new();
    let (mut n_pages, mut n_with_text) = (0, 0);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for round in 0..2 {
        let mut further: BTreeSet<String> = BTreeSet::new();
        for path in std::mem::take(&mut paths) {
            if !seen.insert(path.clone()) || seen.len() > 900 {
                continue;
            }
            let answer = server.get(&path, &bearer).await;
            let kind = answer.headers().get("content-type").map(|v| v.to_str().unwrap_or_default().to_owned());
            let policy = answer.headers().get("content-security-policy").is_some();
            let text = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
            if !kind.unwrap_or_default().starts_with("text/html") {
                continue;
            }
            n_pages += 1;
            n_with_text +=
                usize::from(text.contains("&lt;script&gt;alert(1)") || text.contains("&#60;script&#62;alert(1)"));
            if let Some(found) = what_would_run(&text) {
                wrong.push(format!("{path}: {found}"));
            }
            if !policy {
                wrong.push(format!("{path}: no policy"));
            }
            if round == 0 {
                let links = text.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next());
                further.extend(
                    links
                        .filter(|link| {
                            ["advisories/", "sites/", "nameplates/", "assets/", "reports"]
                                .iter()
                                .any(|page| link.starts_with(page))
                        })
                        .map(|link| format!("/{}", link.replace("&amp;", "&").replace("&#38;", "&")))
                        .take(30),
                );
            }
        }
        paths = further;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(n_pages > 60 && n_with_text > 15, "{n_with_text} of {n_pages} pages show the text");

    // Files that leave: the page for people, and cells that a spreadsheet would run.
    for format in ["html", "csv"] {
        let mut command = nameplate(folder.path(), &["report", "--format", format, "-o", "out"]);
        command.env("NAMEPLATE_DATABASE", &database.url);
        ok(&mut command);
        let text = std::fs::read_to_string(folder.path().join("out")).unwrap();
        std::fs::remove_file(folder.path().join("out")).unwrap();
        assert!(text.contains("alert(1)"), "{format}");
        if format == "html" {
            assert_eq!(what_would_run(&text), None);
        }
    }
    drop(names);
}

async fn a_session_that_somebody_else_chose_is_never_taken_over(database: &TestDatabase) {
    let server = Server::start(database).await;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    let chosen = "nameplate_session=chosen-by-somebody-else-0123456789abcdefghijk";
    let form = format!("name=M.+Okafor&passphrase={}", PASSPHRASE.replace(' ', "+"));
    let entered = server.send(Method::POST, "/login", &[("cookie", chosen)], &form).await;
    assert_eq!(location(&entered), "/");
    let given = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(given, chosen);
    assert_eq!(server.get("/account", &[("cookie", chosen)]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(server.get("/account", &[("cookie", &given)]).await.status(), StatusCode::OK);
    // Each login is a session of its own; one that ends leaves the other.
    let again = server.send(Method::POST, "/login", &[("cookie", &given)], &form).await;
    let second = again.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(second, given);
    server.send(Method::POST, "/logout", &[("cookie", &second)], "").await;
    assert_eq!(server.get("/account", &[("cookie", &second)]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(server.get("/account", &[("cookie", &given)]).await.status(), StatusCode::OK);
}

async fn guesses_at_the_login_page_are_slowed_down_and_cannot_be_spread_over_addresses_that_are_made_up(
    database: &TestDatabase,
) {
    let server = Server::start(database).await;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    let mut told = Vec::new();
    for n in 0..7 {
        let from = format!("10.0.0.{n}");
        let answer = server
            .send(Method::POST, "/login", &[("x-forwarded-for", &from)], "name=M.+Okafor&passphrase=a+wrong+one")
            .await;
        told.push(answer.status().as_u16());
    }
    assert_eq!(told, [401, 401, 401, 401, 401, 429, 429]);
}

async fn a_request_that_is_nested_without_end_or_too_large_is_refused(database: &TestDatabase) {
    let server = Server::start(database).await;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    let token = server.token("M. Okafor").await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let large = format!("{{\"vendor\":\"{}\"}}", "x".repeat(40 << 20));
    for (what, body) in [("deep", deep), ("large", large)] {
        let request = server.client.post(format!("{}/api/v1/check", server.address));
        let request = request.header("authorization", &token).header("content-type", "application/json");
        // A server that has seen enough may close before all is sent.
        if let Ok(answer) = request.body(body).send().await {
            assert!(answer.status().is_client_error(), "{what}: {}", answer.status());
        }
    }
    assert_eq!(server.get("/health", &[]).await.status(), StatusCode::OK);
}

/// A server as people start it, whose log is read here.
struct Process {
    child: std::process::Child,
    port: u16,
    log: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Process {
    fn start(folder: &Path, log_format: &str) -> Process {
        let mut command = nameplate(folder, &["serve", "--listen", "127.0.0.1:0"]);
        command.env("NAMEPLATE_LOG", "info").env("NAMEPLATE_LOG_FORMAT", log_format).env("NAMEPLATE_SCHEDULE", "off");
        let mut child = command.env("NAMEPLATE_POLL_MINUTES", "off").stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let log = Arc::new(std::sync::Mutex::new(Vec::new()));
        let port = lines
            .find_map(|line| {
                line.split_once("listening on http://127.0.0.1:").and_then(|(_, rest)| rest.trim().parse().ok())
            })
            .expect("it says where it listens");
        let kept = log.clone();
        std::thread::spawn(move || lines.for_each(|line| kept.lock().unwrap().push(line)));
        Process { child, port, log }
    }

    fn send(&self, request: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        // Some requests are so wrong that they get no answer.
        let _ = stream.read_to_end(&mut answer);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn no_line_of_the_log_is_forged_and_no_secret_stands_in_it() {
    for format in ["text", "json"] {
        let folder = TempDir::new().unwrap();
        let process = Process::start(folder.path(), format);
        let forged = "%0a2026-11-22T10:00:00Z ERROR forged".replace(' ', "%20");
        let get = |path: &str, more: &str| {
            process
                .send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n").as_bytes());
        };
        get(&format!("/sites/{forged}"), "");
        get(&format!("/search?q={forged}&token=npt_secret_of_somebody"), "");
        get("/assets", "user-agent: \u{1b}[31mforged\r\n");
        get("/account", "authorization: Bearer npt_secret_of_somebody\r\ncookie: nameplate_session=secret-session\r\n");
        let form = "name=M.%0aERROR+forged+Okafor&passphrase=my+secret+passphrase";
        process.send(
            format!(
                "POST /login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
                form.len()
            )
            .as_bytes(),
        );
        let deadline = Instant::now() + Duration::from_secs(20);
        let n_requests = || process.log.lock().unwrap().iter().filter(|line| line.contains("duration_ms")).count();
        while n_requests() < 4 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut log = process.log.lock().unwrap().clone();
        // What the console is told is no log line.
        log.retain(|line| !line.starts_with("nobody has an account"));
        assert!(log.iter().filter(|line| line.contains("duration_ms")).count() >= 4, "{log:#?}");
        for line in &log {
            let begins_well = match format {
                "json" => serde_json::from_str::<Value>(line).is_ok(),
                _ => line.trim_start().starts_with("2") && line.contains("Z ") && !line.starts_with("ERROR"),
            };
            assert!(begins_well, "{format}: {line:?}");
            assert!(!line.contains('\u{1b}') && !line.contains("ERROR forged"), "{format}: {line:?}");
            for secret in ["npt_secret", "secret-session", "my secret", "my+secret"] {
                assert!(!line.contains(secret), "{format}: {line:?}");
            }
        }
    }
}

/// All files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                _ = found.insert(path.strip_prefix(folder).unwrap().to_owned())
            }
        }
    }
    found
}

#[test]
fn no_name_from_outside_leads_out_of_a_folder() {
    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("a/b/c");
    std::fs::create_dir_all(&folder).unwrap();
    // A list whose sites are paths, an archive whose files are, and an upload whose name is.
    std::fs::write(
        folder.join("list.csv"),
        "site,asset tag,vendor,model,firmware\n../../../evil,T1,Schneider Electric,PM8000,3.1.2\n\
         /evil,../../evil,Schneider Electric,PM8000,3.1.2\n..\\..\\evil,T3,Schneider Electric,PM8000,3.1.2\n",
    )
    .unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    let document = std::fs::read_dir(&sample)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|p| p.extension().is_some_and(|e| e == "json"))
        .unwrap();
    let bytes = std::fs::read(document).unwrap();
    let mut archive = zip::ZipWriter::new(std::fs::File::create(folder.join("documents.zip")).unwrap());
    for name in ["../../../evil.json", "/evil.json", "..\\..\\evil.json"] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap();
    ok(&mut nameplate(&folder, &["advisory", "add", "documents.zip"]));
    ok(&mut nameplate(&folder, &["import", "list.csv"]));
    ok(&mut nameplate(&folder, &["rescan"]));
    ok(&mut nameplate(&folder, &["backup", "copy.db"]));
    for site in ["../../../evil", "/evil", "..\\..\\evil"] {
        ok(&mut nameplate(
            &folder,
            &["scheduled-report", "add", "--site", site, "--format", "csv", "--when", "daily", "--to", "folder:made"],
        ));
    }
    let url = format!("sqlite://{}", folder.join("data/nameplate.db").display());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        use sqlx::Connection;
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql("update report_schedule set created_at = '2026-01-01T00:00:00.000Z'")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
    let told = ok(&mut nameplate(&folder, &["nightly"]));
    assert!(told.contains("3 of 3 reports made"), "{told}");
    assert_eq!(std::fs::read_dir(folder.join("made")).unwrap().count(), 3);

    let process = Process::start(&folder, "text");
    let edge = "edge4F7K92";
    for name in ["../../../evil.csv", "/tmp/evil-nameplate.csv", "..\\\\..\\\\evil.csv"] {
        let body = format!(
            "--{edge}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\ntag,vendor,model\nT9,Schneider Electric,PM8000\n\r\n--{edge}--\r\n"
        );
        process.send(
            format!(
                "POST /inventories/new HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary={edge}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        );
    }
    drop(process);
    let found = files(outer.path());
    assert!(
        found.iter().filter(|path| path.starts_with("a/b/c/data/uploads")).count() >= 3,
        "the uploads came: {found:#?}"
    );
    let wrong: Vec<&PathBuf> =
        found.iter().filter(|path| !path.starts_with("a/b/c") || path.to_string_lossy().contains("..")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for name in ["/evil.json", "/evil", "/tmp/evil-nameplate.csv"] {
        assert!(!Path::new(name).exists(), "{name}");
    }
}

/// A server that counts who knocks, and what it says.
async fn knocked(
    answer: impl Fn() -> axum::response::Response + Clone + Send + Sync + 'static,
) -> (u16, Arc<AtomicUsize>) {
    let n = Arc::new(AtomicUsize::new(0));
    let counted = n.clone();
    let router = Router::new().fallback(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let answer = answer();
        async move { answer }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, n)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_reaches_no_machine_of_the_house_and_follows_no_redirect() {
    let (inner, n_inner) = knocked(|| StatusCode::OK.into_response()).await;
    let (outer, n_outer) =
        knocked(move || Redirect::temporary(&format!("http://127.0.0.1:{inner}/inner")).into_response()).await;
    let folder = TempDir::new().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_inventories/riverside.xlsx");
    ok(&mut nameplate(folder.path(), &["advisory", "add", samples.to_str().unwrap()]));
    ok(&mut nameplate(folder.path(), &["import", list.to_str().unwrap()]));
    ok(&mut nameplate(folder.path(), &["rescan"]));
    let hook = format!("http://127.0.0.1:{outer}/hook");
    let by_name = format!("http://localhost:{outer}/hook");
    ok(&mut nameplate(folder.path(), &["alert", "add", "--name", "hook", "--to", &hook, "--to", &by_name]));
    // By default an address of the house is refused, by number and by name.
    let test = |hosts: &str| {
        let mut command = nameplate(folder.path(), &["alert", "test", "1"]);
        command.env("NAMEPLATE_WEBHOOK_SECRET", "between us").env("NAMEPLATE_WEBHOOK_HOSTS", hosts);
        said(&command.output().unwrap())
    };
    let told = test("");
    assert_eq!(n_outer.load(Ordering::SeqCst), 0, "{told}");
    let outbox = ok(&mut nameplate(folder.path(), &["outbox", "list"]));
    assert!(outbox.contains("private"), "{outbox}");
    // One that is allowed is asked, and where it points to is not.
    let told = test("127.0.0.1");
    assert!(n_outer.load(Ordering::SeqCst) > 0, "{told}");
    assert_eq!(n_inner.load(Ordering::SeqCst), 0, "no redirect is followed");
}

/// Every test that the page on security names is there, so that what it promises cannot quietly lose its proof.
#[test]
fn every_test_that_the_page_on_security_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for folder in ["src", "tests"] {
        for file in files(&root.join(folder)) {
            if file.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(root.join(folder).join(file)).unwrap();
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
            known.extend(names.map(|name| name.trim().to_owned()));
        }
    }
    let rows: Vec<&str> = page
        .split("## Who can try what")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .unwrap_or_default()
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .collect();
    assert!(rows.len() > 25, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        if names.len() != 1 || !known.contains(names[0]) {
            wrong.push(format!("{names:?} in {row}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
