//! Importing through the pages as a browser without a script does it: forms are read from the page, filled in and sent.

use std::path::Path;

use jiff::Timestamp;
use nameplate::config::Config;
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::progress::Silent;
use nameplate::store::{self, Db};
use nameplate::web::{self, AppState};
use reqwest::{Client, Response, StatusCode};
use tempfile::TempDir;

use crate::database::{TestDatabase, on_both};

on_both!(
    check_6_a_german_list_reaches_its_columns_in_two_clicks_and_no_asset_exists_before_import,
    check_7_a_doubt_that_changes_an_answer_is_flagged_unknown_and_possible,
    check_16_and_31_an_import_without_a_script_is_done_and_taken_back,
    check_32_missing_assets_stay_as_not_seen_and_nothing_is_doubled,
    check_33_rejected_rows_come_back_with_their_reason_and_import_after_repair,
    check_34_files_that_are_no_inventory_say_so_each_in_its_own_words_and_leave_no_trace,
    a_column_is_put_right_and_remembered_for_the_next_file_with_the_same_headers,
);

struct Site {
    folder: TempDir,
    db: Db,
    address: String,
    client: Client,
}

/// A page that was answered, after its redirects.
struct Page {
    status: StatusCode,
    path: String,
    html: String,
}

impl Site {
    async fn start(database: &TestDatabase) -> Site {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = TempDir::new().unwrap();
        let db = Db::open(&database.url).await.unwrap();
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
        add_advisories(&db, &[samples], &Silent).await.unwrap();
        let listener = web::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
        let state = AppState::new(db.clone(), config, Timestamp::now());
        tokio::spawn(web::serve(listener, None, state, std::future::pending()));
        Site { folder, db, address, client: Client::new() }
    }

    async fn page(&self, answer: Response) -> Page {
        let status = answer.status();
        let path = answer.url().path().to_owned();
        Page { status, path, html: answer.text().await.unwrap() }
    }

    /// The page of a path, once the work that it shows the progress of is done.
    async fn get(&self, path: &str) -> Page {
        let page = self.look(path).await;
        self.settled(page).await
    }

    async fn look(&self, path: &str) -> Page {
        let answer = self.client.get(format!("{}{path}", self.address)).send().await.unwrap();
        self.page(answer).await
    }

    async fn upload(&self, name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Page {
        let edge = "----edge4F7K92";
        let mut body = Vec::new();
        for (field, value) in fields {
            let part = format!("--{edge}\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!("--{edge}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{edge}--\r\n").as_bytes());
        let request = self.client.post(format!("{}/inventories/new", self.address));
        let kind = format!("multipart/form-data; boundary={edge}");
        let answer = request.header("content-type", kind).body(body).send().await.unwrap();
        self.settled(self.page(answer).await).await
    }

    /// Sends the form of the page whose action ends so, as it stands but for these fields.
    async fn submit(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let (target, mut form) = form(&page.html, action);
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            form.push(((*name).to_owned(), (*value).to_owned()));
        }
        let encoded: Vec<String> = form.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        let request = self.client.post(format!("{}{target}", self.address));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(encoded.join("&"));
        let answer = request.send().await.unwrap();
        self.settled(self.page(answer).await).await
    }

    /// Follows the page of a job as a person does who presses Refresh and then the result.
    async fn settled(&self, mut page: Page) -> Page {
        for _ in 0..600 {
            if !page.path.starts_with("/jobs/") {
                return page;
            }
            if let Some(at) = page.html.find("data-result=\"") {
                let path: String = page.html[at + 13..].chars().take_while(|c| *c != '"').collect();
                return self.look(&path).await;
            }
            assert!(!page.html.contains("data-state=\"failed\""), "{}", page.html);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            page = self.look(&page.path.clone()).await;
        }
        panic!("the job does not end: {}", page.html);
    }

    async fn firmware(&self, tag: &str) -> String {
        let assets = store::asset::list_assets_by_tag(&self.db, tag, None).await.unwrap();
        assert_eq!(assets.len(), 1, "{tag}");
        assets[0].asset.variant.firmware.clone()
    }

    async fn n_assets(&self) -> u64 {
        store::asset::count_assets(&self.db).await.unwrap()
    }

    fn n_files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("uploads")).map_or(0, Iterator::count)
    }
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn decode(html: &str) -> String {
    html.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

/// The value of an attribute of a tag, as written between its angle brackets.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    Some(decode(&tag[at..at + tag[at..].find('"')?]))
}

/// Where the form is sent, and what its fields say as they stand.
pub fn form(html: &str, action: &str) -> (String, Vec<(String, String)>) {
    let start = html
        .match_indices("<form")
        .map(|(at, _)| at)
        .find(|at| attribute(html[*at..].split('>').next().unwrap(), "action").is_some_and(|a| a.ends_with(action)))
        .unwrap_or_else(|| panic!("no form `{action}` in {html}"));
    let body = &html[start..start + html[start..].find("</form>").unwrap()];
    let target = attribute(body.split('>').next().unwrap(), "action").unwrap();
    let mut fields = Vec::new();
    let mut select: Option<String> = None;
    for part in body.split('<').skip(1) {
        let tag = part.split('>').next().unwrap_or_default();
        let has = |word: &str| tag.split_whitespace().any(|own| own == word);
        if tag.starts_with("input") {
            let kind = attribute(tag, "type").unwrap_or_default();
            let is_box = kind == "radio" || kind == "checkbox";
            if let Some(name) = attribute(tag, "name").filter(|_| !is_box || has("checked")) {
                let usual = if is_box { "on" } else { "" };
                fields.push((name, attribute(tag, "value").unwrap_or_else(|| usual.to_owned())));
            }
        } else if tag.starts_with("select") {
            select = attribute(tag, "name");
        } else if tag.starts_with("/select") {
            select = None;
        } else if let Some(name) = select.as_ref().filter(|_| tag.starts_with("option")) {
            let value = attribute(tag, "value").unwrap_or_default();
            // A list without a chosen option sends its first.
            if has("selected") {
                fields.retain(|(known, _)| known != name);
            }
            if has("selected") || !fields.iter().any(|(known, _)| known == name) {
                fields.push((name.clone(), value));
            }
        }
    }
    (target, fields)
}

/// The text of a page without its tags, blanks folded.
fn text(html: &str) -> String {
    let shown: String =
        html.split('<').map(|part| part.split_once('>').map_or(part, |(_, rest)| rest)).collect::<Vec<_>>().join(" ");
    decode(&shown).split_whitespace().collect::<Vec<_>>().join(" ")
}

const GERMAN: &str = "Hersteller;Typ;FW-Stand;Inventarnummer;Standort;Kostenstelle\n\
    Schneider Electric;PM8000;3.1.2;M1;Riverside;4711\n\
    Schneider Electric;PM8000;4.0.1;M2;Riverside;4712\n\
    Schneider Electric;ION9000;;M3;Riverside;4711\n";

async fn check_6_a_german_list_reaches_its_columns_in_two_clicks_and_no_asset_exists_before_import(
    database: &TestDatabase,
) {
    let site = Site::start(database).await;
    // Click 1 is "Import inventory", click 2 the upload.
    assert!(site.get("/inventories").await.html.contains("href=\"/inventories/new\""));
    let columns = site.upload("zähler.csv", GERMAN.as_bytes(), &[]).await;
    assert_eq!((columns.status, columns.path.as_str()), (StatusCode::OK, "/inventories/draft-1/columns"));
    let (_, fields) = form(&columns.html, "/columns");
    let read: Vec<&str> =
        fields.iter().filter(|(name, _)| name.starts_with("field-")).map(|(_, value)| value.as_str()).collect();
    assert_eq!(read, ["vendor", "model", "firmware", "asset_id", "site", ""]);
    assert!(text(&columns.html).contains("3.1.2 · 4.0.1"), "{}", text(&columns.html));
    let check = site.submit(&columns, "/columns", &[("action", "check")]).await;
    assert_eq!(check.path, "/inventories/draft-1/check");
    assert!(text(&check.html).contains("3 of 3 rows can be imported"), "{}", text(&check.html));
    assert_eq!(site.n_assets().await, 0);
    assert!(store::site::list_sites(&site.db).await.unwrap().is_empty());
}

async fn check_7_a_doubt_that_changes_an_answer_is_flagged_unknown_and_possible(database: &TestDatabase) {
    let site = Site::start(database).await;
    // What stands for 4.0.0 here is a bound between the number and its longer form.
    let list = "Vendor,Model,Firmware,Tag\nSchneider Electric,PM8000,02-Sep,M1\nSchneider Electric,PM8000,02-Sep,M2\n\
        Schneider Electric,PM8000,3.1,M3\nSchneider Electric,PM8000,3.10,M4\n";
    site.upload("meters.csv", list.as_bytes(), &[]).await;
    let check = site.get("/inventories/draft-1/check").await;
    let shown = text(&check.html);
    assert!(shown.contains("2 of these change an answer"), "{shown}");
    assert!(shown.contains("2.9 : affected by 1 9.2 : not affected until you choose: possible for 1"), "{shown}");
    let (_, fields) = form(&check.html, "/check");
    let choice = |fields: &[(String, String)]| fields.iter().find(|(n, _)| n == "doubt-0").map(|(_, v)| v.clone());
    assert_eq!(choice(&fields).as_deref(), Some(""), "unknown until somebody chooses");
    // One choice is kept, for both cells alike; going back loses nothing.
    let kept = site.submit(&check, "/check", &[("doubt-0", "9.2"), ("action", "back")]).await;
    assert_eq!(kept.path, "/inventories/draft-1/columns");
    let check = site.get("/inventories/draft-1/check").await;
    assert_eq!(choice(&form(&check.html, "/check").1).as_deref(), Some("9.2"));
    let unknown = site.submit(&check, "/check", &[("doubt-0", ""), ("action", "import")]).await;
    assert!(unknown.path.starts_with("/inventories/") && !unknown.path.contains("draft"), "{}", unknown.path);
    assert_eq!(site.firmware("M1").await, "? (02-Sep)");
    assert!(text(&unknown.html).contains("2 possible"), "{}", text(&unknown.html));
}

async fn check_16_and_31_an_import_without_a_script_is_done_and_taken_back(database: &TestDatabase) {
    let site = Site::start(database).await;
    let columns = site.upload("meters.csv", GERMAN.as_bytes(), &[]).await;
    let check = site.submit(&columns, "/columns", &[("action", "check")]).await;
    let result = site.submit(&check, "/check", &[("action", "import")]).await;
    let shown = text(&result.html);
    assert!(shown.contains("3 assets imported") && shown.contains("1 affected"), "{shown}");
    assert!(result.html.contains("href=\"/sites/riverside\""));
    assert_eq!((site.n_assets().await, site.n_files()), (3, 0));
    // The second import changes one and is taken back: the values before come back.
    let changed = GERMAN.replace("3.1.2", "4.0.2");
    site.upload("meters.csv", changed.as_bytes(), &[]).await;
    let check = site.get("/inventories/draft-2/check").await;
    let shown = text(&check.html);
    assert!(shown.contains("New 0 · Changed 1 · Same 2 · Not in this file 0"), "{shown}");
    assert!(shown.contains("Firmware: 3.1.2 → 4.0.2"), "{shown}");
    let result = site.submit(&check, "/check", &[("action", "import")]).await;
    assert_eq!(site.firmware("M1").await, "4.0.2");
    let undo = format!("{}/undo", result.path);
    let question = site.get(&undo).await;
    assert!(text(&question.html).contains("1 asset gets back the values"), "{}", text(&question.html));
    let undone = site.submit(&question, "/undo", &[]).await;
    assert!(text(&undone.html).contains("was taken back"), "{}", text(&undone.html));
    assert_eq!(site.firmware("M1").await, "3.1.2");
    assert!(text(&site.get(&undo).await.html).contains("it was taken back at"));
}

async fn check_32_missing_assets_stay_as_not_seen_and_nothing_is_doubled(database: &TestDatabase) {
    let site = Site::start(database).await;
    let list = |n: usize| {
        let rows: String = (1..=n).map(|n| format!("Schneider Electric,PM8000,3.1.2,M{n},Riverside\n")).collect();
        format!("Vendor,Model,Firmware,Tag,Site\n{rows}")
    };
    site.upload("all.csv", list(10).as_bytes(), &[]).await;
    let check = site.get("/inventories/draft-1/check").await;
    site.submit(&check, "/check", &[("action", "import")]).await;
    site.upload("less.csv", list(4).as_bytes(), &[]).await;
    let check = site.get("/inventories/draft-2/check").await;
    assert!(text(&check.html).contains("New 0 · Changed 0 · Same 4 · Not in this file 6"), "{}", text(&check.html));
    site.submit(&check, "/check", &[("action", "import")]).await;
    assert_eq!(site.n_assets().await, 10);
    let gone = store::asset::list_assets_by_tag(&site.db, "M9", None).await.unwrap();
    assert!(gone[0].not_seen_since.is_some() && gone[0].retired_at.is_none());
    // The other choice: the same file once more, and those that are missing are retired.
    site.upload("less.csv", list(4).as_bytes(), &[]).await;
    let check = site.get("/inventories/draft-3/check").await;
    assert!(text(&check.html).contains("The same file was imported on"), "{}", text(&check.html));
    site.submit(&check, "/check", &[("on_missing", "retire"), ("action", "import")]).await;
    assert_eq!(site.n_assets().await, 4);
}

async fn check_33_rejected_rows_come_back_with_their_reason_and_import_after_repair(database: &TestDatabase) {
    let site = Site::start(database).await;
    let list = "Werk;Hersteller;Typ;Inventarnummer;Farbe\nNord;Siemens;S7-1500;P1;rot\nNord;;;P2;=blau\n";
    site.upload("liste.csv", list.as_bytes(), &[]).await;
    let check = site.get("/inventories/draft-1/check").await;
    assert!(text(&check.html).contains("Left out (1)"), "{}", text(&check.html));
    let rejects = site.get("/inventories/draft-1/rejects.csv").await.html;
    assert!(rejects.contains("Werk,Hersteller,Typ,Inventarnummer,Farbe,reason not imported"), "{rejects}");
    assert!(rejects.contains("Nord,,,P2,'=blau,"), "{rejects}");
    let result = site.submit(&check, "/check", &[("action", "import")]).await;
    assert_eq!(site.get(&format!("{}/rejects.csv", result.path)).await.html, rejects);
    let repaired = rejects.replace("Nord,,,P2", "Nord,Siemens,S7-1200,P2");
    site.upload("rejected_rows.csv", repaired.as_bytes(), &[]).await;
    let check = site.get("/inventories/draft-2/check").await;
    assert!(text(&check.html).contains("New 1 · Changed 0 · Same 0 · Not in this file 0"), "{}", text(&check.html));
    site.submit(&check, "/check", &[("action", "import")]).await;
    assert_eq!(site.n_assets().await, 2);
    let asset = store::asset::list_assets_by_tag(&site.db, "P2", Some("Nord")).await.unwrap().remove(0).asset;
    assert_eq!(asset.unmapped, [("Farbe".to_owned(), "=blau".to_owned())]);
}

async fn check_34_files_that_are_no_inventory_say_so_each_in_its_own_words_and_leave_no_trace(database: &TestDatabase) {
    let site = Site::start(database).await;
    // An encrypted workbook is a compound file with the stream of its package.
    let whole = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_inventories/riverside.xlsx")).unwrap();
    let cut = &whole[..whole.len() / 2];
    let mut told = Vec::new();
    for (name, bytes, part) in [
        ("empty.csv", &b""[..], "The file is empty."),
        ("cut.xlsx", cut, "The file ends too early"),
        ("prices.csv", b"Model,Price EUR\nPM8000,1200\nPM5560,900\n", "This looks like a price list"),
        ("letter.txt", b"Dear colleague\nsee you on Monday\n", "This looks like no inventory"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "expected a list of devices"),
    ] {
        let page = site.upload(name, bytes, &[]).await;
        let shown = text(&page.html);
        assert_eq!((page.status, page.path.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "/inventories/new"), "{name}");
        assert!(shown.contains(part) && shown.contains(name), "{name}: {shown}");
        assert!(shown.contains("Nothing of it was kept"), "{name}: {shown}");
        told.push(shown.split("Nothing of it").next().unwrap().to_owned());
    }
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 5, "each has its own message");
    let nothing = site.upload("", b"", &[]).await;
    assert!(text(&nothing.html).contains("No file was sent"), "{}", text(&nothing.html));
    assert_eq!((site.n_assets().await, site.n_files()), (0, 0));
    assert!(store::inventory_draft::list_drafts(&site.db, 10).await.unwrap().is_empty());
    // The price list is a list of devices all the same when a person says so.
    let mapped = site.upload("prices.csv", b"Model,Price EUR\nPM8000,1200\n", &[("map_anyway", "on")]).await;
    assert!(mapped.path.ends_with("/columns"), "{}", text(&mapped.html));
}

async fn a_column_is_put_right_and_remembered_for_the_next_file_with_the_same_headers(database: &TestDatabase) {
    let site = Site::start(database).await;
    let list = "Tag,Typ,Hersteller\nM1,PM8000,Schneider Electric\nM2,PM5560,Schneider Electric\n";
    let columns = site.upload("a.csv", list.as_bytes(), &[]).await;
    let columns = site.submit(&columns, "/columns", &[("field-1", "part_number"), ("action", "read")]).await;
    assert!(text(&columns.html).contains("your choice"), "{}", text(&columns.html));
    let columns = site.submit(&columns, "/columns", &[("action", "recognise")]).await;
    assert!(!text(&columns.html).contains("your choice"), "{}", text(&columns.html));
    let columns = site.submit(&columns, "/columns", &[("field-1", "part_number"), ("action", "read")]).await;
    let check = site.submit(&columns, "/columns", &[("action", "check")]).await;
    site.submit(&check, "/check", &[("action", "import")]).await;
    assert_eq!(site.n_assets().await, 2);
    let next = site.upload("b.csv", list.replace("M1", "M3").as_bytes(), &[]).await;
    assert!(next.path.ends_with("/check"), "the same headers as last time, so there is nothing to map: {}", next.path);
    // A header that nobody knows is named in the form of the upload.
    let strange = "Tag,Bauart\nM4,PM8000\nM5,PM5560\n".as_bytes();
    assert_eq!(site.upload("c.csv", strange, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let named = site.upload("c.csv", strange, &[("model_column", "Bauart"), ("header_row", "1")]).await;
    assert!(named.path.ends_with("/columns"), "{}", text(&named.html));
}
