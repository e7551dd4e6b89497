//! Plans and alerts in a browser: the checks by their number in the acceptance list.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use nameplate::config::Config;

use super::harness::{Browser, Plant};
use super::reading::get;
use super::{in_browser, in_browser_at};

/// Makes a plan for the site of the sample meters; the browser is on its page then.
async fn plan(plant: &Plant, browser: &Browser) {
    browser.open(&plant.page("/plans")).await;
    browser.fill("input[name=name]", "Winter outage").await;
    browser.click("input[name=site][value=Riverside]").await;
    // A typed time depends on the language of the browser; its value does not.
    browser
        .run(
            "document.querySelector('[name=from]').value = '2026-12-01T06:00'; \
             document.querySelector('[name=to]').value = '2026-12-02T18:00'",
        )
        .await;
    browser.click("main form button.primary").await;
    browser.wait_for("in the plan").await;
}

/// The row of the step of the sample meters.
const STEP: &str = "//tr[th[contains(., 'PM8000')] and td[contains(., '3.1.2')]]";

#[test]
fn check_23_a_plan_says_what_a_step_closes_and_why_and_another_target_changes_the_numbers_in_place() {
    in_browser(true, true, async |plant, browser| {
        plan(plant, browser).await;
        let page = browser.client.current_url().await.unwrap();
        let step = async || browser.client.find(Locator::XPath(STEP)).await.unwrap();
        let before = step().await.text().await.unwrap();
        assert!(before.contains("4.0.0") && before.contains("first version outside the range of"), "{before}");
        let headline = async || browser.text_of("main > p:nth-of-type(3)").await;
        let (told, rest) = (headline().await, browser.text().await);
        assert!(told.contains("closes") && told.contains("leaves"), "{told}: {rest}");
        browser.screenshot("plan").await;

        step().await.find(Locator::Css("summary")).await.unwrap().click().await.unwrap();
        step().await.find(Locator::Css("input[name=typed]")).await.unwrap().send_keys("3.2.0").await.unwrap();
        step().await.find(Locator::Css("form.fields button")).await.unwrap().click().await.unwrap();
        browser.wait_for("3.2.0").await;
        assert_eq!(browser.client.current_url().await.unwrap(), page, "it is the same page");
        let after = step().await.text().await.unwrap();
        assert!(after.contains("3.2.0") && after.contains("typed") && after != before, "{after}");
        assert_ne!(headline().await, told, "3.2.0 is below 4.0.0 and closes less");
    });
}

#[test]
fn check_24_a_frozen_plan_prints_a_block_per_asset_and_a_read_back_closes_exposures() {
    in_browser(true, true, async |plant, browser| {
        plan(plant, browser).await;
        browser.click("form.actions button.primary").await;
        browser.wait_for("frozen").await;
        browser.screenshot("plan_frozen").await;
        let page = browser.client.current_url().await.unwrap();
        let n_assets = browser.count("tbody tr").await;
        let (_, paper) = get(&format!("{page}/work-order?kind=html")).await;
        assert_eq!(paper.matches("<article").count(), n_assets);
        for step in ["backup made", "source and checksum of the file verified", "installed", "firmware read back"] {
            assert_eq!(paper.matches(step).count(), n_assets, "{step}");
        }
        let is_open = async || plant.open("ICSA-23-229-03").await.iter().any(|row| row.starts_with("MTR-0412 "));
        assert!(is_open().await);
        let field = "//tr[th[contains(., 'MTR-0412')]]//input[@name='firmware']";
        browser.client.find(Locator::XPath(field)).await.unwrap().send_keys("4.0.0").await.unwrap();
        browser.click("p.actions button.primary").await;
        browser.wait_for("1 of").await;
        assert!(!is_open().await, "it closed by what was read");
        let row = "//tr[th[contains(., 'MTR-0412')]]";
        let row = browser.client.find(Locator::XPath(row)).await.unwrap().text().await.unwrap();
        assert!(row.contains("4.0.0 ✓") && row.contains("local"), "{row}");
    });
}

#[test]
fn check_25_a_back_test_names_messages_before_saving_and_a_test_message_counts_as_the_page_of_the_run() {
    in_browser_at(
        async |folder, _| {
            let config = Config {
                data_dir: Some(folder.clone()),
                mail_from: Some("nameplate@plant.example".to_owned()),
                mail_folder: Some(folder.join("mails")),
                ..Config::default()
            };
            (config, None, folder.join("mails"))
        },
        async |plant, browser, mails| {
            browser.open(&plant.page("/rescans/latest")).await;
            let chip = |word: &'static str| async move {
                let css = format!("//a[contains(@class, 'chip')][b[text()='{word}']]");
                let text = browser.client.find(Locator::XPath(&css)).await.unwrap().text().await.unwrap();
                text.split_whitespace().last().unwrap().replace(',', "").parse::<u64>().unwrap()
            };
            let (new, closed) = (chip("New").await, chip("Closed").await);
            assert!(new > 0, "the sample has something to tell");

            browser.open(&plant.page("/alerts")).await;
            browser.fill("#name", "Everything").await;
            browser.fill("#to", "ot-team@example.org").await;
            browser.client.find(Locator::Css("#severity")).await.unwrap().select_by_value("").await.unwrap();
            for event in ["worse", "closed"] {
                let css = format!("input[name=on][value={event}]");
                if !browser.client.find(Locator::Css(&css)).await.unwrap().is_selected().await.unwrap() {
                    browser.click(&css).await;
                }
            }
            browser.click("button[name=try]").await;
            browser.wait_for("would have sent").await;
            let told = browser.text_of("#tried").await;
            assert!(told.contains("message") && told.contains("item") && told.contains("[Everything]"), "{told}");
            assert!(browser.text().await.contains("No alerts"), "nothing was saved by trying");
            browser.screenshot("alert_back_test").await;
            browser.click("button[value=add]").await;
            browser.wait_for("The alert is saved").await;
            browser.click("button[value=test]").await;
            browser.wait_for("Test messages").await;
            let deadline = Instant::now() + Duration::from_secs(60);
            let mail = loop {
                let files = std::fs::read_dir(mails).into_iter().flatten().flatten();
                let text: String = files
                    .map(|entry| String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned())
                    .collect();
                if text.contains("Subject:") {
                    break text;
                }
                assert!(Instant::now() < deadline, "no mail arrives");
                tokio::time::sleep(Duration::from_millis(200)).await;
            };
            let subject = mail.lines().find(|line| line.starts_with("Subject:")).unwrap();
            assert!(subject.contains(&format!("{new} new")), "{subject}: {new} new, {closed} closed on the page");
            assert_eq!(subject.contains("closed"), closed > 0, "{subject}");
            assert!(mail.contains("ot-team@example.org"), "{mail}");
        },
    );
}
