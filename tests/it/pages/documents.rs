//! Documents that are odd, large or no longer stand, and lists that are long: the checks by their number.

use std::fmt::Write as _;

use fantoccini::Locator;
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::bundle::{make_bundle, make_key, read_secret_key};
use nameplate::services::progress::Silent;
use nameplate::services::rescan::rescan_pending;
use nameplate::store::{self, Db};
use serde_json::{Value, json};
use sqlx::Connection;

use super::reading::get;
use super::{document, in_browser, on_server};

#[test]
fn check_30_every_page_of_a_long_list_is_small_and_leads_on() {
    on_server(async |plant| {
        let mut list = "Vendor,Model,Firmware,Tag,Site\n".to_owned();
        for n in 0..2_500 {
            let _ = writeln!(list, "Schneider Electric,PM8000,3.{}.{},P-{n:05},Site {}", n % 7, n / 7 % 50, n % 3);
        }
        plant.import("many.csv", &list).await;
        for (path, least) in [("/assets", 25), ("/exposures?view=asset", 25), ("/assets?group=nameplate", 3)] {
            let (mut next, mut n_pages, mut seen) = (path.to_owned(), 0, std::collections::BTreeSet::new());
            loop {
                let (status, page) = get(&plant.page(&next)).await;
                assert_eq!(status, 200, "{next}");
                assert!(page.len() < 250_000, "{next}: {} bytes", page.len());
                for row in page.split("<th scope=\"row\"").skip(1) {
                    let row = row.split("</tr>").next().unwrap();
                    assert!(seen.insert(row.to_owned()), "twice: {row}");
                }
                n_pages += 1;
                match page.split("rel=\"next\" href=\"").nth(1) {
                    Some(rest) => next = rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&"),
                    None => break,
                }
            }
            assert!(n_pages >= least, "{path}: {n_pages} pages");
        }
    });
}

#[test]
fn check_36_a_withdrawn_advisory_says_so_in_words_and_its_old_matches_stay_as_history() {
    in_browser(true, true, async |plant, browser| {
        let products = [("PowerLogic PM8000", "< 4.0.0")];
        plant.advise(&document("T-36", "1", "Taken back later", &products, &["CVE-2026-3601"])).await;
        let n = plant.open("T-36").await.len();
        assert!(n >= 4);
        let mut withdrawn = document("T-36", "2", "Taken back", &products, &["CVE-2026-3601"]);
        withdrawn["document"]["category"] = json!("csaf_withdrawn");
        withdrawn["document"]["notes"] = json!([{"category": "description", "title": "Reasoning for Withdrawal", "text": "It was no vulnerability."}]);
        plant.advise(&withdrawn).await;
        assert!(plant.open("T-36").await.is_empty());
        browser.open(&plant.page("/advisories/tests/t-36")).await;
        browser.screenshot("advisory_withdrawn").await;
        let banner = browser.text_of("main .banner").await;
        assert!(banner.to_lowercase().contains("withdrawn") && banner.contains("It was no vulnerability"), "{banner}");
        let text = browser.text().await;
        assert!(text.contains("Exposures that ended"), "{text}");
        browser.open(&plant.page("/advisories")).await;
        assert!(browser.text_of("main table").await.contains("withdrawn"));
        // A document that cannot be read is a row too, with its reason.
        let path = plant.folder.path().join("broken.json");
        std::fs::write(&path, "{\"document\": {\"title\": \"half").unwrap();
        let added = add_advisories(&plant.db, &[path], &Silent).await.unwrap();
        assert_eq!(added.n_unreadable, 1);
        browser.open(&plant.page("/advisories")).await;
        let text = browser.text().await;
        assert!(text.contains("could not be read") && text.contains("broken.json"), "{text}");
    });
}

/// A document as large as the largest that are published: 404 CVEs, 424 products, names of 764 and 140 characters.
fn largest() -> Value {
    let cves: Vec<String> = (0..404).map(|n| format!("CVE-2026-{:05}", 20_000 + n)).collect();
    let cves: Vec<&str> = cves.iter().map(String::as_str).collect();
    let long = format!("PowerLogic {}", "Energiemessgerät/主変電所-".repeat(40)).chars().take(764).collect::<String>();
    let mut products: Vec<(String, &str)> = vec![("PowerLogic PM8000".to_owned(), "< 4.0.0"), (long, "vers:all/*")];
    products.extend((0..422).map(|n| (format!("PowerLogic Gateway {n:03} for 19-inch racks"), "< 2.0.0")));
    let products: Vec<(&str, &str)> = products.iter().map(|(name, range)| (name.as_str(), *range)).collect();
    let title = "A title of one hundred and forty characters ".repeat(4).chars().take(140).collect::<String>();
    document("T-37", "1", &title, &products, &cves)
}

#[test]
fn check_37_the_largest_advisory_fits_its_page_and_own_assets_stand_above_the_fold() {
    in_browser(true, true, async |plant, browser| {
        plant.advise(&largest()).await;
        for (width, look) in [(1280, "desk"), (320, "phone")] {
            browser.resize(width, 900).await;
            browser.open(&plant.page("/advisories/tests/t-37")).await;
            browser.screenshot(&format!("{look}_largest_advisory")).await;
            let fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
            assert_eq!(browser.run(fits).await, Value::Bool(true), "{width} px");
            let source = browser.client.source().await.unwrap();
            assert!(source.contains("Show all 404") && source.contains("Show all 424"));
            if width == 1280 {
                let top = "return document.querySelector('#own').getBoundingClientRect().bottom < innerHeight";
                assert_eq!(browser.run(top).await, Value::Bool(true), "own assets are seen at once");
            }
            for path in ["/advisories", "/exposures?advisory=T-37", "/search?q=T-37"] {
                browser.open(&plant.page(path)).await;
                assert_eq!(browser.run(fits).await, Value::Bool(true), "{path} at {width} px");
            }
        }
        assert_eq!(store::advisory::list_advisories_by_id(&plant.db, "T-37").await.unwrap().len(), 1);
    });
}

/// The facts line of the bundle that was loaded last, and the line of the page that says as of when.
async fn bundle_and_age(browser: &super::harness::Browser) -> (String, String) {
    (browser.text_of("section[aria-labelledby=bundles] .facts").await, browser.text_of(".as-of").await)
}

#[test]
fn check_35_a_bundle_changes_counts_signature_and_age_and_a_tampered_one_is_refused_with_the_file_named() {
    in_browser(true, true, async |plant, browser| {
        // Another machine, which has a network and a key.
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let office = Db::open(&format!("sqlite://{}", path("office.db").display())).await.unwrap();
        let mut newest = document("T-35", "1", "Carried in", &[("PowerLogic PM8000", "< 4.0.0")], &["CVE-2026-3501"]);
        let today = jiff::Timestamp::now().strftime("%Y-%m-%dT00:00:00Z").to_string();
        for date in ["initial_release_date", "current_release_date"] {
            newest["document"]["tracking"][date] = json!(today);
        }
        std::fs::write(path("t-35.json"), newest.to_string()).unwrap();
        add_advisories(&office, &[path("t-35.json")], &Silent).await.unwrap();
        make_key(&path("office.key")).unwrap();
        let key = read_secret_key(&path("office.key")).unwrap();
        make_bundle(&office, &path("good.bundle"), &key, jiff::Timestamp::now(), &Silent).await.unwrap();
        office.close().await;
        // One byte of the document differs.
        let tar = zstd::stream::decode_all(std::fs::File::open(path("good.bundle")).unwrap()).unwrap();
        let at = tar.windows(10).position(|part| part == b"Carried in").unwrap();
        let mut changed = tar.clone();
        changed[at] = b'B';
        std::fs::write(path("bad.bundle"), zstd::bulk::compress(&changed, 3).unwrap()).unwrap();

        let load = async |name: &str| {
            browser.open(&plant.page("/sources")).await;
            let field = browser.client.find(Locator::Css("input[type=file]")).await.unwrap();
            field.send_keys(path(name).to_str().unwrap()).await.unwrap();
            browser.click("form[action='/sources/bundle'] button").await;
        };
        browser.open(&plant.page("/sources")).await;
        assert!(browser.text().await.contains("None was loaded yet"));
        let n_before = store::advisory::count_advisories(&plant.db).await.unwrap();
        let (_, age_before) = bundle_and_age(browser).await;
        load("good.bundle").await;
        browser.wait_for("which is not trusted").await;
        assert_eq!(store::advisory::count_advisories(&plant.db).await.unwrap(), n_before, "nobody vouched for it");

        browser.open(&plant.page("/sources")).await;
        let public = std::fs::read_to_string(path("office.pub")).unwrap();
        browser.fill("textarea[name=key]", &public).await;
        browser.fill("input[name=comment]", "security office").await;
        browser.click("button[value=trust]").await;
        browser.wait_for("security office").await;
        browser.screenshot("sources_key").await;
        load("bad.bundle").await;
        browser.wait_for("documents/000001.json").await;
        browser.screenshot("bundle_refused").await;
        assert_eq!(store::advisory::count_advisories(&plant.db).await.unwrap(), n_before, "nothing of it was taken in");
        assert!(plant.open("T-35").await.is_empty());

        load("good.bundle").await;
        browser.wait_for("signature of key").await;
        let (bundle, age) = bundle_and_age(browser).await;
        assert!(
            bundle.contains("verified") && bundle.contains("1 documents") && bundle.contains("0 days old"),
            "{bundle}"
        );
        assert_ne!(age, age_before, "the advisories reach to today");
        assert!(age.contains(&format!("advisories to {}", &today[..10])), "{age}");
        assert!(browser.text_of("main table").await.contains("signature of the bundle verified"));
        browser.screenshot("bundle_loaded").await;
        assert_eq!(store::advisory::count_advisories(&plant.db).await.unwrap(), n_before + 1);
        assert!(!plant.open("T-35").await.is_empty(), "what came was judged");
    });
}

#[test]
fn check_36_a_failed_signature_and_an_invalid_document_are_said_in_words_and_old_matches_stay() {
    in_browser(true, true, async |plant, browser| {
        let products = [("PowerLogic PM8000", "< 4.0.0")];
        plant.advise(&document("T-36F", "1", "As first told", &products, &["CVE-2026-3602"])).await;
        let before = plant.open("T-36F").await;
        assert!(!before.is_empty());
        // The next revision is what its publisher did not sign; the plant has said that it takes such documents.
        plant.add(&document("T-36F", "2", "Told by somebody", &products, &["CVE-2026-3602"])).await;
        let told = "update advisory_revision set trust = 'failed', trust_reason = 'the signature is not of this document' \
            where version = '2'";
        let mut connection = sqlx::SqliteConnection::connect(&plant.database_url()).await.unwrap();
        sqlx::raw_sql(told).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rescan_pending(&plant.db, &Silent).await.unwrap();
        browser.open(&plant.page("/advisories/tests/t-36f")).await;
        browser.screenshot("advisory_failed").await;
        let banner = browser.text_of("main .banner").await;
        assert!(banner.contains("failed") && banner.contains("the signature is not of this document"), "{banner}");
        assert_eq!(plant.open("T-36F").await, before, "its matches stay");
        assert!(browser.text_of("main").await.contains("PM8000"));
        browser.open(&plant.page("/advisories?q=T-36F")).await;
        assert!(browser.text_of("main table").await.contains("failed"));
    });
}
