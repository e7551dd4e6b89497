//! Accounts, nights and large fleets in a browser: the checks by their number in the acceptance list.

use std::path::Path;
use std::time::{Duration, Instant};

use fantoccini::Locator;
use jiff::{SignedDuration, Timestamp};
use nameplate::config::Config;
use nameplate::domain::account::{Role, SiteScope};
use nameplate::domain::rescan::Trigger;
use nameplate::domain::review::QuestionKind;
use nameplate::services::accounts::add_account;
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::import_inventory::{ImportRequest, import_inventory};
use nameplate::services::listing::refresh_listing_if_missing;
use nameplate::services::nightly::due_slot;
use nameplate::services::progress::Silent;
use nameplate::services::rescan::rescan;
use nameplate::services::watch::schedule;
use nameplate::store::{self, Db};

use super::harness::{Browser, Plant};
use super::in_browser_at;

const PASSPHRASE: &str = "seven meters in a row";

async fn log_in(plant: &Plant, browser: &Browser, name: &str) {
    browser.client.delete_all_cookies().await.unwrap();
    browser.open(&plant.page("/login")).await;
    for (field, text) in [("#name", name), ("#passphrase", PASSPHRASE)] {
        browser.client.find(Locator::Css(field)).await.unwrap().send_keys(text).await.unwrap();
    }
    browser.click("button.primary").await;
    assert!(!browser.text().await.contains("cannot log in"));
}

async fn account(db: &Db, name: &str, role: Role, sites: SiteScope) {
    add_account(db, "test", name, Some(PASSPHRASE), role, sites, Timestamp::now()).await.unwrap();
}

/// Twins of one nameplate at two sites, of which it cannot be told whether an advisory means them: the digest of the
/// question, and the ids of the sites.
async fn twins(db: &Db, folder: &Path) -> (String, i64, i64) {
    let path = folder.join("twins.csv");
    let list = "tag,site,vendor,model,firmware\n\
        N1,North,SE,ION 7330,3.0.0\nN2,North,Schneider Electric,ION7330,3.0.0\n\
        S1,South,Schneider Electric,ION-7330,3.0.0\n";
    std::fs::write(&path, list).unwrap();
    import_inventory(db, &ImportRequest { path, ..ImportRequest::default() }, &Silent).await.unwrap();
    rescan(db, Trigger::Manual, &Silent).await.unwrap();
    let known = store::site::list_sites(db).await.unwrap();
    let site = |name: &str| known.iter().find(|site| site.name == name).unwrap().site_id;
    let (north, south) = (site("North"), site("South"));
    let queue = store::review::Queue::Waiting(QuestionKind::Product);
    for open in store::review::list_questions(db, queue, &SiteScope::All, 0, 200).await.unwrap() {
        let digest = open.question.digest;
        if n_waiting(db, &digest, north).await > 0 && n_waiting(db, &digest, south).await > 0 {
            return (digest, north, south);
        }
    }
    panic!("nothing is asked about the twins");
}

async fn n_waiting(db: &Db, question: &str, site: i64) -> usize {
    let only = SiteScope::Only([site].into());
    store::review::list_question_assets(db, question, &only, 0, 1_000).await.unwrap().len()
}

#[test]
fn check_26_an_answer_of_one_site_leaves_the_other_its_question_with_the_answer_as_a_proposal() {
    in_browser_at(
        async |folder, _| (Config { data_dir: Some(folder), ..Config::default() }, None, ()),
        async |plant, browser, ()| {
            let folder = tempfile::tempdir().unwrap();
            let (question, here, there) = twins(&plant.db, folder.path()).await;
            account(&plant.db, "M. Okafor", Role::Admin, SiteScope::All).await;
            account(&plant.db, "Lee", Role::Engineer, SiteScope::Only([here].into())).await;
            account(&plant.db, "Sato", Role::Engineer, SiteScope::Only([there].into())).await;
            let before = n_waiting(&plant.db, &question, there).await;
            assert!(before > 0 && n_waiting(&plant.db, &question, here).await > 0);

            log_in(plant, browser, "Lee").await;
            go_to_question(plant, browser, &question).await;
            browser.screenshot("review_of_one_site").await;
            browser.click("button[value=same]").await;
            let told = browser.text().await;
            assert!(told.contains("now affected"), "{told}");
            assert_eq!(n_waiting(&plant.db, &question, here).await, 0, "answered here");
            assert_eq!(n_waiting(&plant.db, &question, there).await, before, "and not there");

            log_in(plant, browser, "Sato").await;
            go_to_question(plant, browser, &question).await;
            let text = browser.text().await;
            browser.screenshot("review_with_proposal").await;
            assert!(text.contains("Answered for another site") && text.contains("Lee"), "{text}");
            browser.click("button[value=same]").await;
            let told = browser.text().await;
            assert!(told.contains("now affected"), "{told}");
            assert_eq!(n_waiting(&plant.db, &question, there).await, 0);
            // Neither is shown, nor can take back, what was done at the site of the other.
            browser.open(&plant.page("/acts")).await;
            let acts = browser.text().await;
            assert!(acts.contains("Sato") && !acts.contains("Lee"), "{acts}");
        },
    );
}

#[test]
fn check_09_the_second_of_two_people_takes_an_answer_back_and_the_decided_tab_names_both_with_the_time() {
    in_browser_at(
        async |folder, _| (Config { data_dir: Some(folder), ..Config::default() }, None, ()),
        async |plant, browser, ()| {
            let folder = tempfile::tempdir().unwrap();
            let (question, here, there) = twins(&plant.db, folder.path()).await;
            account(&plant.db, "M. Okafor", Role::Admin, SiteScope::All).await;
            account(&plant.db, "Lee", Role::Engineer, SiteScope::All).await;
            let verdicts = async || plant.open("ICSA-23-229-03").await;
            let before = verdicts().await;
            let waiting = [n_waiting(&plant.db, &question, here).await, n_waiting(&plant.db, &question, there).await];

            log_in(plant, browser, "Lee").await;
            go_to_question(plant, browser, &question).await;
            browser.click("button[value=same]").await;
            browser.wait_for("now affected").await;
            assert_ne!(verdicts().await, before);

            log_in(plant, browser, "M. Okafor").await;
            browser.open(&plant.page("/review?tab=decided")).await;
            let decided = browser.text_of("main table").await;
            assert!(decided.contains("Lee"), "{decided}");
            browser.click("main table form button").await;
            browser.wait_for("Taken back").await;
            assert_eq!(verdicts().await, before, "every verdict is as it was, at both sites");
            let now = [n_waiting(&plant.db, &question, here).await, n_waiting(&plant.db, &question, there).await];
            assert_eq!(now, waiting, "the question is asked again");
            browser.open(&plant.page("/review?tab=decided")).await;
            browser.screenshot("review_taken_back_by_another").await;
            let decided = browser.text_of("main table").await;
            assert!(
                decided.contains("Lee") && decided.contains("taken back") && decided.contains("M. Okafor"),
                "{decided}"
            );
            assert!(browser.count("main table time").await >= 2, "when it was decided, and when it was taken back");
        },
    );
}

/// Skips until the card of this question is shown.
async fn go_to_question(plant: &Plant, browser: &Browser, question: &str) {
    for at in 0..100 {
        browser.open(&plant.page(&format!("/review?at={at}"))).await;
        if browser.count(&format!("input[name=question][value=\"{question}\"]")).await > 0 {
            return;
        }
    }
    panic!("the question is not asked: {}", browser.text().await);
}

#[test]
fn check_38_a_missed_night_is_said_on_every_page_and_in_an_alert_until_it_is_made_up_for() {
    in_browser_at(
        async |folder, _| {
            let config = Config {
                data_dir: Some(folder),
                schedule: Some("0 2 * * *".to_owned()),
                time_zone: Some("UTC".to_owned()),
                mail_from: Some("nameplate@plant.example".to_owned()),
                ..Config::default()
            };
            (config.clone(), None, config)
        },
        async |plant, browser, config: &Config| {
            let folder = config.data_dir.clone().unwrap().join("mails");
            // The schedule was first looked at four days ago, and nothing has run since.
            let schedule = schedule(config).unwrap().unwrap();
            let then = Timestamp::now().checked_sub(SignedDuration::from_hours(4 * 24)).unwrap();
            assert_eq!(due_slot(&plant.db, &schedule, then).await.unwrap(), None);
            browser.open(&plant.page("/alerts")).await;
            for (field, text) in
                [("input[name=name]", "Nights".to_owned()), ("[name=to]", format!("folder:{}", folder.display()))]
            {
                browser.client.find(Locator::Css(field)).await.unwrap().send_keys(&text).await.unwrap();
            }
            browser.click("button[value=add]").await;
            assert!(browser.text().await.contains("Nights"));
            for page in [
                "/",
                "/sites",
                "/exposures",
                "/assets",
                "/advisories",
                "/review",
                "/plans",
                "/reports",
                "/sources",
                "/alerts",
                "/search",
                "/help",
            ] {
                browser.open(&plant.page(page)).await;
                let text = browser.text().await;
                assert!(text.contains("missed)") && text.contains("Run now"), "{page}: {text}");
            }
            browser.screenshot("missed_night").await;
            browser.click("button[value=run]").await;
            let deadline = Instant::now() + Duration::from_secs(120);
            loop {
                browser.open(&plant.page("/")).await;
                if !browser.text().await.contains("missed)") {
                    break;
                }
                assert!(Instant::now() < deadline, "the run does not make up for it");
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            let told = loop {
                let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
                let mails: String = files
                    .map(|entry| String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned())
                    .collect();
                if !mails.is_empty() || Instant::now() > deadline {
                    break mails;
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            };
            assert!(told.contains("missed run"), "{told}");
        },
    );
}

/// On the database that `NAMEPLATE_LARGE_DATABASE` names (a million assets, judged, and a program built for release) the
/// times of the check hold; without it a fleet of some thousand shows that no page grows with it and that a deep page
/// is reached.
#[test]
fn check_30_pages_of_a_large_fleet_are_small_and_a_deep_page_is_reached() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let large = std::env::var("NAMEPLATE_LARGE_DATABASE").ok();
        let own = format!("sqlite://{}", folder.path().join("nameplate.db").display());
        let db = Db::open(large.as_deref().unwrap_or(&own)).await.unwrap();
        if large.is_none() {
            fleet(&db, folder.path(), 12_000).await;
        }
        let listener = nameplate::web::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
        let state = nameplate::web::AppState::new(db.clone(), config, Timestamp::now());
        tokio::spawn(nameplate::web::serve(listener, None, state, std::future::pending()));
        let site = store::site::list_sites(&db).await.unwrap().swap_remove(0).name;
        let site = format!("/sites/{}", nameplate::domain::site::word(&site));
        let client = reqwest::Client::new();
        let get = async |path: &str| {
            let began = Instant::now();
            let answer = client.get(format!("{address}{path}")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            let html = answer.text().await.unwrap();
            assert!(html.len() < 250_000, "{path}: {} bytes", html.len());
            (html, began.elapsed())
        };
        for path in ["/", site.as_str(), "/assets", "/exposures", "/exposures?view=asset", "/search?q=PM8000"] {
            get(path).await;
            let mut times = Vec::new();
            for _ in 0..20 {
                times.push(get(path).await.1);
            }
            times.sort();
            println!("{path}: 95 of 100 within {:?}", times[18]);
            assert!(large.is_none() || times[18] < Duration::from_millis(300), "{path}: {:?}", times[18]);
        }
        // "Next 100" again and again: keyset paging makes the last page as cheap as the first.
        let mut path = "/assets".to_owned();
        let mut n_pages = 1;
        let wanted = if large.is_some() { 5_000 } else { 100 };
        while n_pages < wanted {
            let (html, _) = get(&path).await;
            let Some(next) = html.split("href=\"").find(|rest| {
                rest.starts_with("/assets?")
                    && rest.contains("after=")
                    && rest.split('"').next().is_some_and(|href| href.contains("after="))
            }) else {
                break;
            };
            path = next.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
            n_pages += 1;
        }
        assert_eq!(n_pages, wanted, "{path}");
        assert!(get(&path).await.0.contains("PM8000"));
        db.close().await;
    });
}

async fn fleet(db: &Db, folder: &Path, n: usize) {
    let mut text = String::from("Tag,Site,Vendor,Model,Firmware,Serial number\n");
    for i in 0..n {
        text.push_str(&format!("T{i},Plant {},Schneider Electric,PM8000,3.{}.{},S{i}\n", i % 7, i % 9, i % 50));
    }
    let path = folder.join("fleet.csv");
    std::fs::write(&path, text).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    add_advisories(db, &[samples], &Silent).await.unwrap();
    import_inventory(db, &ImportRequest { path, ..ImportRequest::default() }, &Silent).await.unwrap();
    rescan(db, Trigger::Manual, &Silent).await.unwrap();
    refresh_listing_if_missing(db, Timestamp::now()).await.unwrap();
}
