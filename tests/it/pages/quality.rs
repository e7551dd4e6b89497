//! Every kind of page against what others have written down: axe-core for those who see, hear or touch differently,
//! light and dark, and the rules of HTML. Both are development tools that `.ci/run` installs; the folder with them is
//! named by `NAMEPLATE_PAGE_CHECKS`. Without it the tests say that they are skipped, and with
//! `NAMEPLATE_REQUIRE_PAGE_CHECKS` they fail.

use std::path::PathBuf;
use std::process::Command;

use jiff::Timestamp;
use nameplate::domain::account::{Role, SiteScope};
use nameplate::services::accounts::add_account;
use serde_json::{Value, json};

use super::harness::{Browser, Plant};
use super::{document, in_browser, in_dark_browser, on_server};

const PASSPHRASE: &str = "seventeen wet pumps";

/// The folder of the tools; `None` says that the test is skipped.
fn tools() -> Option<PathBuf> {
    let found = std::env::var_os("NAMEPLATE_PAGE_CHECKS").map(PathBuf::from);
    let found = found.filter(|folder| folder.join("node_modules/axe-core/axe.min.js").exists());
    if found.is_none() {
        assert!(
            std::env::var_os("NAMEPLATE_REQUIRE_PAGE_CHECKS").is_none(),
            "no axe-core under NAMEPLATE_PAGE_CHECKS, and NAMEPLATE_REQUIRE_PAGE_CHECKS is set"
        );
        eprintln!("SKIPPED: NAMEPLATE_PAGE_CHECKS names no folder with axe-core");
    }
    found
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Sends a form; gives the path that it led to.
async fn send(plant: &Plant, path: &str, form: &str) -> String {
    let request = client().post(plant.page(path)).header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(form.to_owned()).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.url().path().to_owned()
}

/// Uploads a list; gives the path of its draft.
async fn upload(plant: &Plant, name: &str, text: &str) -> String {
    let body = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n--edge--\r\n"
    );
    let request = client().post(plant.page("/inventories/new"));
    let answer = request.header("content-type", "multipart/form-data; boundary=edge").body(body).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.url().path().trim_end_matches("/columns").trim_end_matches("/check").to_owned()
}

/// Every kind of page, with something on each.
async fn pages(plant: &Plant) -> Vec<String> {
    let products = [("PowerLogic PM8000", "< 4.0.0")];
    plant.advise(&document("T-1", "1", "As first told", &products, &["CVE-2026-0001"])).await;
    plant.advise(&document("T-1", "2", "Told anew", &[("PowerLogic PM8000", "< 4.1.0")], &["CVE-2026-0001"])).await;
    plant.import("mine.csv", "Vendor,Model,Firmware,Tag,Site\nABB,AC500,2.1,A-1,Riverside\n").await;
    let draft = upload(
        plant,
        "new.csv",
        "Hersteller;Typ;FW-Stand;Kennzeichen;Standort;Kostenstelle\n\
         Schneider Electric;PM8000;1.1;MTR-0412;Riverside;4711\nSchneider Electric;PM8000;1.10;N-2;Riverside;4711\n\
         ;;;N-3;Riverside;4711\n",
    )
    .await;
    let window = "from=2026-12-01T06%3A00&to=2026-12-02T18%3A00&zone=Europe%2FBerlin";
    let plan = send(plant, "/plans", &format!("name=Winter&site=Riverside&{window}")).await;
    let frozen = send(plant, "/plans", &format!("name=Spring&site=Riverside&{window}")).await;
    send(plant, &frozen, "act=freeze").await;
    let id = plant.asset("MTR-0412").await;
    send(plant, &format!("/assets/{id}"), "act=edit&v-firmware=3.1.3").await;
    let row = format!("a{id}~https%3A%2F%2Ftests.example~T-1");
    send(plant, "/remediation", &format!("row={row}&reason=planned&note=in+May&back=%2Facts")).await;
    send(plant, "/advisories/tests/t-1", "act=comment&text=The+integrator+patches+in+June").await;
    send(plant, "/alerts", "act=add&name=Meters&rhythm=run&on=new&to=ot%40example.org&severity=high").await;
    send(plant, "/reports/schedules", "act=add&format=pdf&when=weekly&keep_days=400&to=ot%40example.org").await;
    let question = nameplate::store::review::list_questions(
        &plant.db,
        nameplate::store::review::Queue::Waiting(nameplate::domain::review::QuestionKind::Reading),
        &SiteScope::All,
        0,
        1,
    );
    let question = question.await.unwrap().remove(0).question.digest;
    let inventory = nameplate::store::inventory::list_inventories(&plant.db).await.unwrap().remove(0).inventory_id;
    let nameplate = plant.nameplate_page(id).await;
    let mut all: Vec<String> = [
        "/",
        "/start",
        "/first-account",
        "/sites",
        "/sites/riverside",
        "/sites/riverside?print=1",
        "/exposures?verdict=affected&severity=high",
        "/exposures?view=asset&sort=-severity",
        "/exposures?view=advisory",
        "/exposures?text=nothing+has+this",
        "/review",
        "/review?tab=read",
        "/review?tab=decided",
        "/acts",
        "/plans",
        "/advisories",
        "/advisories/nameplate/icsa-23-229-03",
        "/advisories/tests/t-1",
        "/advisories/tests/t-1/compare",
        "/advisories/tests/t-1/delete",
        "/advisories/tests/t-1/document",
        "/assets",
        "/assets?group=nameplate",
        "/inventories",
        "/inventories/new",
        "/rescans",
        "/rescans/latest",
        "/reports",
        "/compare",
        "/reports/schedules",
        "/reports/schedules?edit=1",
        "/compare?site=riverside&before=1&after=2",
        "/sources",
        "/alerts",
        "/alerts/stop?token=x",
        "/search?q=CVE-2022-46680",
        "/check?vendor=Schneider&model=PM8000&firmware=3.1.2",
        "/settings",
        "/help",
        "/jobs",
        "/api/v1",
        "/nowhere",
    ]
    .map(str::to_owned)
    .to_vec();
    all.extend([
        plan,
        frozen,
        format!("{draft}/columns"),
        format!("{draft}/check"),
        format!("/inventories/{inventory}"),
        format!("/inventories/{inventory}/undo"),
        format!("/assets/{id}"),
        nameplate,
        format!("/remediation?row={row}"),
        format!("/review/read/{question}"),
    ]);
    all
}

/// What axe finds on the page that is open, serious or worse, one line each.
async fn faults(browser: &Browser, axe: &str) -> Vec<String> {
    browser.client.execute(axe, Vec::new()).await.unwrap();
    let run = "const done = arguments[arguments.length - 1]; \
        axe.run(document, { resultTypes: ['violations'] }).then((r) => done(r.violations), (e) => done(String(e)))";
    let found = browser.client.execute_async(run, Vec::new()).await.unwrap();
    let Value::Array(found) = found else { panic!("axe did not run: {found}") };
    found
        .iter()
        .filter(|fault| ["serious", "critical"].contains(&fault["impact"].as_str().unwrap_or_default()))
        .map(|fault| {
            let nodes = fault["nodes"].as_array().unwrap();
            let first: Vec<String> =
                nodes.iter().take(4).map(|node| format!("{} {}", node["target"], node["failureSummary"])).collect();
            format!("{} ({} places): {}", fault["id"], nodes.len(), first.join(" | ").replace('\n', " "))
        })
        .collect()
}

fn name_of(path: &str) -> String {
    path.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

async fn all_pages(plant: &Plant, browser: &Browser, look: &str) {
    let Some(tools) = tools() else { return };
    let axe = std::fs::read_to_string(tools.join("node_modules/axe-core/axe.min.js")).unwrap();
    let mut found = Vec::new();
    for path in pages(plant).await {
        browser.open(&plant.page(&path)).await;
        browser.screenshot(&format!("{look}{}", name_of(&path))).await;
        found.extend(faults(browser, &axe).await.into_iter().map(|fault| format!("{path}: {fault}")));
    }
    // Once somebody has an account everybody must log in.
    let now = Timestamp::now();
    add_account(&plant.db, "okafor", "okafor", Some(PASSPHRASE), Role::Admin, SiteScope::All, now).await.unwrap();
    browser.open(&plant.page("/login")).await;
    found.extend(faults(browser, &axe).await.into_iter().map(|fault| format!("/login: {fault}")));
    browser.fill("#name", "okafor").await;
    browser.fill("#passphrase", PASSPHRASE).await;
    browser.click("main button.primary").await;
    browser.wait_for("Overview").await;
    for path in ["/account", "/accounts"] {
        browser.open(&plant.page(path)).await;
        browser.screenshot(&format!("{look}{}", name_of(path))).await;
        found.extend(faults(browser, &axe).await.into_iter().map(|fault| format!("{path}: {fault}")));
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn check_28_axe_finds_nothing_serious_on_any_page_in_light() {
    in_browser(true, true, async |plant, browser| {
        let dark = browser.run("return matchMedia('(prefers-color-scheme: dark)').matches").await;
        assert_eq!(dark, json!(false));
        all_pages(plant, browser, "light").await;
    });
}

#[test]
fn check_28_axe_finds_nothing_serious_on_any_page_in_dark() {
    in_dark_browser(async |plant, browser| {
        let dark = browser.run("return matchMedia('(prefers-color-scheme: dark)').matches").await;
        assert_eq!(dark, json!(true));
        all_pages(plant, browser, "dark").await;
    });
}

#[test]
fn every_page_is_html_as_it_should_be() {
    let Some(tools) = tools() else { return };
    on_server(async |plant| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/pages");
        std::fs::create_dir_all(&folder).unwrap();
        let mut files = Vec::new();
        for path in pages(plant).await {
            let answer = client().get(plant.page(&path)).send().await.unwrap();
            let file = folder.join(format!("{}.html", name_of(&path)));
            std::fs::write(&file, answer.text().await.unwrap()).unwrap();
            files.push(file);
        }
        let checked = Command::new("node").arg(tools.join("validate.mjs")).args(&files).output().unwrap();
        let told = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{told}{}", String::from_utf8_lossy(&checked.stderr));
    });
}
