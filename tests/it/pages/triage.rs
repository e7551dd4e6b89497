//! The pages on which people decide: the checks by their number in the acceptance list.

use super::{document, in_browser};
use nameplate::services::progress::Silent;
use nameplate::services::rescan::rescan_pending;

/// Fourteen meters of one kind in three spellings at two sites; no advisory names them for sure.
const LEGACY: &str = "Vendor,Model,Tag,Site\n\
    SE,ION 7550,L-01,North\nSE,ION 7550,L-02,North\nSE,ION 7550,L-03,North\nSE,ION 7550,L-04,North\n\
    SE,ION 7550,L-05,North\nSE,ION 7550,L-06,North\nSE,ION 7550,L-07,North\nSE,ION 7550,L-08,North\n\
    Schneider,ION7550,L-09,South\nSchneider,ION7550,L-10,South\nSchneider,ION7550,L-11,South\n\
    Schneider,ION7550,L-12,South\nSchneider Elec.,ION-7550,L-13,South\nSchneider Elec.,ION-7550,L-14,South\n";

const METERS: &str = "ICSA-23-229-03";

#[test]
fn check_08_and_09_one_key_decides_for_fourteen_meters_and_undo_brings_all_back() {
    in_browser(true, true, async |plant, browser| {
        plant.import("legacy.csv", LEGACY).await;
        let before = plant.open(METERS).await;
        let of_legacy = |rows: &[String], verdict: &str| {
            rows.iter().filter(|row| row.starts_with("L-") && row.ends_with(verdict)).count()
        };
        assert_eq!((of_legacy(&before, " possible"), of_legacy(&before, " affected")), (14, 0));
        browser.open(&plant.page("/review")).await;
        for _ in 0..10 {
            if browser.text_of(".question h2").await.contains("7550") {
                break;
            }
            browser.press("\u{E014}").await;
        }
        let card = browser.text_of(".question").await;
        assert!(card.contains("14 assets") && card.contains("2 sites"), "{card}");
        for spelling in ["ION 7550", "ION7550", "ION-7550"] {
            assert!(card.contains(spelling), "{spelling}: {card}");
        }
        browser.screenshot("review").await;
        browser.press("s").await;
        browser.wait_for("14 assets now affected").await;
        assert_eq!(of_legacy(&plant.open(METERS).await, " affected"), 14);
        browser.client.refresh().await.unwrap();
        assert!(browser.text_of(".status-bar").await.contains("14 assets now affected"), "it stays");
        browser.screenshot("review_answered").await;

        browser.press("u").await;
        browser.wait_for("Taken back").await;
        assert_eq!(plant.open(METERS).await, before);
        browser.open(&plant.page("/review?tab=decided")).await;
        let text = browser.text_of("main table").await;
        assert!(text.contains("7550") && text.contains("taken back"), "{text}");
        assert_eq!(text.matches("local").count(), 2, "who answered and who took it back: {text}");
        browser.screenshot("review_decided").await;
    });
}

#[test]
fn check_10_an_update_that_is_marked_as_done_changes_the_firmware_and_closes_the_exposure() {
    in_browser(true, true, async |plant, browser| {
        let id = plant.asset("MTR-0412").await;
        browser.open(&plant.page(&format!("/assets/{id}"))).await;
        browser.follow("Mark remediation…").await;
        browser.click("input[value=firmware_updated]").await;
        browser.fill("input[name=firmware]", "4.0.0").await;
        browser.screenshot("mark").await;
        browser.click("main form button.primary").await;
        browser.wait_for("marked as firmware updated to 4.0.0").await;
        let text = browser.text().await;
        assert!(text.contains("Affected by 0"), "{text}");
        let history = browser.text_of("section[aria-labelledby=history]").await;
        assert!(history.contains("3.1.2") && history.contains("4.0.0") && history.contains("local"), "{history}");
        assert!(history.contains("firmware updated to 4.0.0"), "{history}");
        assert!(!plant.open(METERS).await.iter().any(|row| row.starts_with("MTR-0412")));
        browser.screenshot("asset_updated").await;
    });
}

#[test]
fn check_11_status_differs_per_cve_and_asset_and_the_counts_follow_at_once() {
    in_browser(true, true, async |plant, browser| {
        let cves = ["CVE-2026-1001", "CVE-2026-1002"];
        plant.advise(&document("T-11", "1", "Two of them", &[("PowerLogic PM8000", "< 4.0.0")], &cves)).await;
        let page = plant.page("/advisories/tests/t-11");
        browser.open(&page).await;
        let n = plant.open("T-11").await.len();
        assert!(n >= 4, "{n}");
        assert!(browser.text_of("#statuses").await.contains(&format!("{n} not remediated")));
        // One asset alone, from its own page.
        let id = plant.asset("MTR-0413").await;
        let row = format!("a{id}~https%3A%2F%2Ftests.example~T-11");
        browser.open(&plant.page(&format!("/remediation?row={row}&back=%2Fadvisories%2Ftests%2Ft-11"))).await;
        browser.click("input[value=mitigation_applied]").await;
        browser.click("main form button.primary").await;
        browser.wait_for("marked as mitigation applied").await;
        let statuses = browser.text_of("#statuses").await;
        assert!(statuses.contains(&format!("{} not remediated", n - 1)) && statuses.contains("1 done"), "{statuses}");
        // One vulnerability alone, at all that are not done.
        browser.click(".marking button.link").await;
        browser.click("main details summary").await;
        browser.click("input[name=cve_only][value=CVE-2026-1002]").await;
        browser.click("input[value=planned]").await;
        browser.click("main form button.primary").await;
        browser.wait_for("marked as planned").await;
        let statuses = browser.text_of("#statuses").await;
        assert!(!statuses.contains("0 in progress") && statuses.contains("CVE-2026-1002"), "{statuses}");
        browser.screenshot("advisory_statuses").await;
    });
}

#[test]
fn check_14_a_revision_that_changes_nothing_keeps_the_status_and_is_one_folded_line() {
    in_browser(true, true, async |plant, browser| {
        let products = [("PowerLogic PM8000", "< 4.0.0")];
        plant.advise(&document("T-14", "1", "As first told", &products, &["CVE-2026-1401"])).await;
        browser.open(&plant.page("/advisories/tests/t-14")).await;
        browser.click(".marking button.link").await;
        browser.click("input[value=waiting_for_fix]").await;
        browser.fill("input[name=note]", "ask the integrator").await;
        browser.click("main form button.primary").await;
        browser.wait_for("marked as waiting for a fix").await;
        let before = plant.open("T-14").await;

        plant.add(&document("T-14", "2", "Told better", &products, &["CVE-2026-1401"])).await;
        rescan_pending(&plant.db, &Silent).await.unwrap();
        assert_eq!(plant.open("T-14").await, before);
        browser.open(&plant.page("/rescans/latest")).await;
        let text = browser.text().await;
        assert!(text.contains("1 revision changed nothing for you"), "{text}");
        browser.screenshot("rescan_quiet").await;
        let id = plant.asset("MTR-0412").await;
        browser.open(&plant.page(&format!("/assets/{id}"))).await;
        let source = browser.client.source().await.unwrap();
        assert!(source.contains("waiting for a fix, local"), "the mark still holds");
        assert!(!source.contains("no longer holds"), "the mark still holds");
        browser.open(&plant.page("/advisories/tests/t-14/compare")).await;
        let text = browser.text().await;
        assert!(text.contains("Nothing changes for your devices") && text.contains("Told better"), "{text}");
        browser.screenshot("compare").await;
    });
}

#[test]
fn check_27_ten_questions_are_answered_by_keyboard_alone() {
    in_browser(true, true, async |plant, browser| {
        let models = [7300, 7330, 7350, 7500, 7550, 7600, 7700, 8300, 8400, 8500, 8600, 8700];
        let mut list = "Vendor,Model,Tag,Site\n".to_owned();
        for model in models {
            list.push_str(&format!("Schneider Electric,ION{model}X,K-{model},North\n"));
        }
        plant.import("old.csv", &list).await;
        browser.open(&plant.page("/review")).await;
        let has_focus = "return document.activeElement.closest('[data-keys]') !== null \
            && getComputedStyle(document.activeElement).outlineStyle !== 'none'";
        let heading = async || browser.text_of(".question h2").await;
        let n_asked = browser.text_of(".headline b").await.parse::<usize>().unwrap();
        assert!(n_asked >= 10, "{n_asked}");
        // Letters in the note are letters.
        let first = heading().await;
        browser.fill("input[name=note]", "sdcu").await;
        assert_eq!((heading().await, browser.text_of(".status-bar").await), (first, String::new()));
        browser.open(&plant.page("/review")).await;
        for n in 0..10 {
            let asked = heading().await;
            browser.press("\u{E004}").await;
            assert_eq!(browser.run(has_focus).await, serde_json::Value::Bool(true), "question {n}: {asked}");
            browser.press(["d", "s", "c"][n % 3]).await;
            for _ in 0..200 {
                if !browser.text_of(".question h2").await.is_empty() && heading().await != asked {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            assert_ne!(heading().await, asked, "question {n}");
            let told = browser.run("return document.activeElement.tagName").await;
            assert_eq!(told, "H2", "the next question is announced");
        }
    });
}
