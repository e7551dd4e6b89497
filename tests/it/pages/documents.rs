//! Documents that are odd, large or no longer stand, and lists that are long: the checks by their number.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::reading::get;
use super::{document, in_browser, on_server};
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::progress::Silent;
use nameplate::store;

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
