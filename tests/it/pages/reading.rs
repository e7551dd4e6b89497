//! The pages that are read: the checks by their number in the acceptance list.

use fantoccini::Locator;

use super::{in_browser, on_server};
use nameplate::domain::account::SiteScope;
use nameplate::store;

/// The advisory of the sample meters.
const METERS: &str = "/advisories/nameplate/icsa-23-229-03";

#[test]
fn check_01_an_affected_meter_is_three_clicks_away_and_says_why() {
    in_browser(true, true, async |plant, browser| {
        browser.open(&plant.page("/")).await;
        browser.screenshot("overview").await;
        browser.follow("Riverside").await;
        browser.screenshot("site").await;
        let id = plant.asset("MTR-0412").await;
        browser.open(&plant.page(&format!("/assets/{id}"))).await;
        browser.screenshot("asset").await;
        let text = browser.text().await;
        assert!(text.contains("Affected") && text.contains("3.1.2 is below 4.0.0"), "{text}");
    });
}

#[test]
fn check_02_and_03_the_advisory_page_shows_own_assets_above_all_facts() {
    in_browser(true, true, async |plant, browser| {
        browser.open(&plant.page("/advisories/cisa/icsa-23-229-03")).await;
        assert!(browser.client.current_url().await.unwrap().path().ends_with(METERS), "it moved to its publisher");
        browser.screenshot("advisory").await;
        let source = browser.client.source().await.unwrap();
        for fact in
            ["ICSA-23-229-03", "2023-08-17", "8.8", "High", "CVE-2022-46680", "Energy", "below 4.0.0", "all versions"]
        {
            assert!(source.contains(fact), "{fact}");
        }
        assert!(source.find("Your assets").unwrap() < source.find("Remedies").unwrap());
        let text = browser.text().await;
        for reason in ["3.1.2 is below 4.0.0", "all versions", "firmware not stated", "possible", "ruled out"] {
            assert!(text.contains(reason), "{reason}: {text}");
        }
    });
}

#[test]
fn check_04_and_05_the_six_places_add_up_and_no_source_is_no_safety() {
    on_server(async |plant| {
        let totals = store::listing::sums::list_site_totals(&plant.db, &SiteScope::All).await.unwrap();
        assert_eq!(
            totals.iter().map(|t| t.n_assets()).sum::<u64>(),
            store::asset::count_assets(&plant.db).await.unwrap()
        );
        let as_judged = store::site::site_summaries_at(&plant.db, jiff::Timestamp::now()).await.unwrap();
        for total in totals.iter().filter(|total| total.n_assets() > 0) {
            let judged = as_judged.iter().find(|s| s.site == total.name).unwrap();
            assert_eq!(judged.n_by_standing, total.n_by_standing, "{}", total.name);
            assert_eq!(judged.n_advisories_affecting, total.n_affecting, "{}", total.name);
            assert_eq!(total.affected_by_severity.iter().sum::<u64>(), total.n_by_standing[0], "{}", total.name);
        }
        let id = plant.asset("MTR-0450").await;
        let page = get(&plant.page(&format!("/assets/{id}"))).await;
        assert!(page.1.contains("Cannot be checked"), "{}", page.1);
    });
}

#[test]
fn check_12_every_count_of_a_rescan_opens_its_lines() {
    in_browser(true, true, async |plant, browser| {
        browser.open(&plant.page("/rescans/latest")).await;
        browser.screenshot("rescan").await;
        let text = browser.text().await;
        assert!(text.contains("advisory revision"), "{text}");
        let chips = browser.client.find_all(Locator::Css(".chips .chip")).await.unwrap();
        let mut links = Vec::new();
        for chip in chips {
            let words = chip.text().await.unwrap();
            let n: usize = words.split_whitespace().last().unwrap().replace(',', "").parse().unwrap();
            links.push((n, chip.attr("href").await.unwrap().unwrap()));
        }
        assert_eq!(links.len(), 5);
        for (n, href) in links {
            browser.open(&plant.page(&href)).await;
            assert_eq!(browser.count("tbody tr").await, n, "{href}");
        }
    });
}

#[test]
fn check_13_a_second_rescan_changes_nothing() {
    in_browser(true, true, async |plant, browser| {
        browser.open(&plant.page("/rescans")).await;
        browser.click("main form button").await;
        let text = browser.text().await;
        assert!(text.contains("Nothing changed for your assets"), "{text}");
    });
}

#[test]
fn check_15_the_sample_plant_is_one_click_from_an_empty_start() {
    in_browser(false, true, async |plant, browser| {
        browser.open(&plant.page("/")).await;
        assert!(browser.client.current_url().await.unwrap().path().ends_with("/start"));
        browser.screenshot("start").await;
        browser.click("main button.primary").await;
        let text = browser.text().await;
        assert!(text.contains("Riverside") && text.contains("60 assets"), "{text}");
    });
}

#[test]
fn check_16_lists_work_without_a_script() {
    in_browser(true, false, async |plant, browser| {
        browser.open(&plant.page("/exposures?verdict=possible")).await;
        let n = browser.count("tbody tr").await;
        assert!(n > 3);
        browser.click(".chips a.chip").await;
        assert!(browser.count("tbody tr").await > n);
        browser.open(&plant.page(METERS)).await;
        browser.client.find(Locator::Css("details.fold summary")).await.unwrap().click().await.unwrap();
        assert!(browser.count("details.fold[open]").await > 0);
    });
}

#[test]
fn check_17_an_export_has_as_many_rows_as_the_count_line_says() {
    on_server(async |plant| {
        let (_, page) = get(&plant.page("/exposures?verdict=affected")).await;
        let line = page.split("id=\"count\">").nth(1).unwrap().split('<').next().unwrap();
        let n: usize = line.split(' ').next().unwrap().replace(',', "").parse().unwrap();
        let (status, csv) = get(&plant.page("/exports/exposures.csv?verdict=affected")).await;
        assert_eq!(status, 200);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(reader.records().count(), n, "{line}");
    });
}

#[test]
fn check_18_and_19_search_answers_a_cve_in_a_sentence_and_ignores_blanks_and_dashes() {
    on_server(async |plant| {
        let (_, page) = get(&plant.page("/search?q=CVE-2022-46680")).await;
        assert!(page.contains("affected,") && page.contains("ruled out."), "{page}");
        for typed in ["6ES7515", "6es7 515", "6ES7-515"] {
            let (_, page) = get(&plant.page(&format!("/search?q={}", typed.replace(' ', "%20")))).await;
            assert!(page.replace("<wbr>", "").contains("PLC-101"), "{typed}");
        }
    });
}

#[test]
fn check_20_every_page_says_as_of_when() {
    on_server(async |plant| {
        let id = plant.asset("MTR-0412").await;
        for path in pages(id) {
            let (status, page) = get(&plant.page(&path)).await;
            assert_eq!(status, 200, "{path}");
            assert!(page.contains("Judged <time") && page.contains("days old"), "{path}");
            assert!(page.len() < 250_000, "{path}: {} bytes", page.len());
        }
    });
}

#[test]
fn check_21_an_address_shows_the_same_rows_and_unknown_values_are_refused() {
    on_server(async |plant| {
        let address = plant.page("/exposures?verdict=affected&severity=high&view=asset&cols=firmware");
        let rows = |page: &str| page.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap().to_owned();
        assert_eq!(rows(&get(&address).await.1), rows(&get(&address).await.1));
        for (path, known) in [
            ("/exposures?verdict=vulnerable", "`not_affected`"),
            ("/exposures?colour=red", "`verdict`"),
            ("/exposures?site=nowhere", "`riverside`"),
            ("/sites/riverside?view=map", "`nameplate`"),
        ] {
            let (status, page) = get(&plant.page(path)).await;
            assert_eq!(status, 400, "{path}");
            assert!(page.contains(known), "{path}: {page}");
        }
        assert_eq!(get(&plant.page("/nowhere")).await.0, 404);
    });
}

#[test]
fn check_22_the_page_for_paper_has_no_forms_and_says_filter_and_rows() {
    on_server(async |plant| {
        let (status, page) = get(&plant.page("/sites/riverside?print=1")).await;
        assert_eq!(status, 200);
        assert!(!page.contains("<form") && !page.contains("<script"), "no control on paper");
        assert!(page.contains("Filter:") && page.contains("exposures ·"), "{page}");
    });
}

#[test]
fn check_29_no_page_scrolls_sideways_on_a_phone() {
    in_browser(true, true, async |plant, browser| {
        let id = plant.asset("MTR-0412").await;
        for (width, look) in [(320, "phone"), (1280, "desk")] {
            browser.resize(width, 900).await;
            for path in pages(id) {
                browser.open(&plant.page(&path)).await;
                let name: String = path.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
                browser.screenshot(&format!("{look}{name}")).await;
                let fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
                let fits = browser.client.execute(fits, Vec::new()).await.unwrap();
                assert_eq!(fits, serde_json::Value::Bool(true), "{path} at {width} px");
            }
        }
    });
}

#[test]
fn a_page_of_a_row_leads_on_to_its_neighbours_in_the_list_and_keys_can_be_switched_off() {
    in_browser(true, true, async |plant, browser| {
        browser.open(&plant.page("/assets")).await;
        let tags = "return [...document.querySelectorAll('tbody a.name')].map(a => a.textContent.trim()).join(' ')";
        let listed = browser.run(tags).await.as_str().unwrap().to_owned();
        let listed: Vec<&str> = listed.split(' ').collect();
        browser.click("tbody tr:nth-child(2) a.name").await;
        assert_eq!(browser.text_of("h1").await, listed[1]);
        browser.press("]").await;
        browser.wait_for(listed[2]).await;
        assert_eq!(browser.text_of("h1").await, listed[2]);
        browser.press("[").await;
        browser.wait_for(listed[1]).await;
        browser.follow("Previous in the list").await;
        assert_eq!(browser.text_of("h1").await, listed[0]);
        assert_eq!(browser.count("[data-neighbour='[']").await, 0, "the first row has none before it");
        // Letters in a field are letters, and no page is left.
        browser.fill("input[name=q]", "]?[").await;
        assert_eq!(browser.text_of("h1").await, listed[0]);

        browser.open(&plant.page("/settings")).await;
        browser.click("[data-keys-switch]").await;
        browser.open(&plant.page("/assets")).await;
        browser.click("tbody tr:nth-child(2) a.name").await;
        browser.press("]").await;
        browser.press("?").await;
        assert_eq!(browser.text_of("h1").await, listed[1], "keys are off");
        assert_eq!(browser.count("[data-neighbour=']']").await, 1, "the link stays");
    });
}

#[test]
fn a_list_of_assets_is_sorted_by_its_columns_a_page_at_a_time() {
    in_browser(true, false, async |plant, browser| {
        let list: String = (0..130).map(|n| format!("Acme,Box,T{n},Site {},S{:03}\n", n % 3, (n * 7) % 130)).collect();
        plant.import("boxes.csv", &format!("Vendor,Model,Tag,Site,Serial number\n{list}")).await;
        let serials = "return [...document.querySelectorAll('td[data-label=\"Serial number\"]')].map(c => c.textContent).join(' ')";
        browser.open(&plant.page("/assets?vendor=acme")).await;
        browser.click("th a[href*='serial']").await;
        let first = browser.run(serials).await.as_str().unwrap().to_owned();
        assert_eq!(browser.count("th[aria-sort=ascending]").await, 1);
        browser.follow("Next 100").await;
        let second = browser.run(serials).await.as_str().unwrap().to_owned();
        let wanted: Vec<String> = (0..130).map(|n| format!("S{n:03}")).collect();
        assert_eq!(format!("{first} {second}"), wanted.join(" "));
        browser.click("th a[href*='serial']").await;
        assert!(browser.run(serials).await.as_str().unwrap().starts_with("S129 S128 S127"));
        browser.follow("In the order in which they were first seen").await;
        assert!(browser.run(serials).await.as_str().unwrap().starts_with("S000 S007 S014"));
        for sort in ["tag", "-site", "nameplate", "-standing"] {
            let (status, text) = get(&plant.page(&format!("/assets?sort={sort}"))).await;
            assert_eq!(status, 200, "{sort}: {text}");
        }
        let (status, text) = get(&plant.page("/assets?sort=colour")).await;
        assert!(status == 400 && text.contains("nameplate"), "{text}");
    });
}

#[test]
fn a_list_of_nameplates_is_sorted_by_its_columns_a_page_at_a_time() {
    on_server(async |plant| {
        // 120 types, of which each has one to three assets.
        let row = |n: usize, twin: usize| format!("Acme,Box {:03},T{n}-{twin},Site {twin}\n", (n * 7) % 120);
        let list: String = (0..120).flat_map(|n| (0..=n % 3).map(move |twin| row(n, twin))).collect();
        plant.import("types.csv", &format!("Vendor,Model,Tag,Site\n{list}")).await;
        let page = async |address: &str| {
            let (status, text) = get(&plant.page(address)).await;
            assert_eq!(status, 200, "{address}: {text}");
            text
        };
        let models = |text: &str| -> Vec<usize> {
            text.split("<bdi>Box ").skip(1).map(|rest| rest[..3].parse().unwrap()).collect()
        };
        for (sort, wanted) in
            [("nameplate", (0..120).collect::<Vec<usize>>()), ("-nameplate", (0..120).rev().collect())]
        {
            let first = page(&format!("/assets?vendor=acme&group=nameplate&sort={sort}")).await;
            let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
            let second = page(&next.replace("&amp;", "&").replace("&#38;", "&")).await;
            assert_eq!([models(&first), models(&second)].concat(), wanted, "{sort}");
        }
        let most = page("/assets?vendor=acme&group=nameplate&sort=-assets").await;
        let counts: Vec<&str> =
            most.split("data-label=\"Assets\">").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
        assert_eq!((counts[0], counts[39], counts[40], counts[80]), ("3", "3", "2", "1"), "{counts:?}");
        page("/assets?group=nameplate&sort=standing").await;
        let (status, text) = get(&plant.page("/assets?group=nameplate&sort=serial")).await;
        assert!(status == 400 && text.contains("assets") && text.contains("standing"), "{text}");
    });
}

#[test]
fn check_39_a_time_zone_moves_runs_and_no_advisory_date() {
    in_browser(true, true, async |plant, browser| {
        browser.open(&plant.page("/settings")).await;
        let field = browser.client.find(Locator::Css("input[name=time_zone]")).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys("Asia/Tokyo").await.unwrap();
        browser.click("main form button").await;
        browser.open(&plant.page(METERS)).await;
        let text = browser.text().await;
        assert!(text.contains("JST") && text.contains("Published 2023-08-17"), "{text}");
    });
}

#[test]
fn check_40_removing_the_sample_leaves_nothing_of_it() {
    in_browser(true, true, async |plant, browser| {
        browser.open(&plant.page("/start")).await;
        browser.click("main form button").await;
        browser.wait_for("Load the sample plant").await;
        assert_eq!(store::asset::count_assets(&plant.db).await.unwrap(), 0);
        assert_eq!(store::exposure::count_open_exposures(&plant.db).await.unwrap(), 0);
        assert_eq!(store::advisory::count_advisories(&plant.db).await.unwrap(), 0);
        let totals = store::listing::sums::list_site_totals(&plant.db, &SiteScope::All).await.unwrap();
        assert!(totals.iter().all(|total| total.n_assets() == 0));
    });
}

#[test]
fn a_page_of_another_site_cannot_change_anything() {
    on_server(async |plant| {
        let client = reqwest();
        let answer = client.post(plant.page("/rescans")).header("sec-fetch-site", "cross-site").send().await.unwrap();
        assert_eq!(answer.status(), 403);
        let answer = client.get(plant.page("/")).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    });
}

/// Every page that is read, with the sample plant.
fn pages(asset_id: i64) -> Vec<String> {
    ["/", "/start", "/sites", "/sites/riverside", "/exposures", "/exposures?view=asset", "/exposures?view=advisory"]
        .into_iter()
        .chain(["/advisories", METERS, "/assets", "/assets?group=nameplate", "/rescans", "/rescans/latest"])
        .chain([
            "/sources",
            "/search?q=ION",
            "/check?vendor=Schneider&model=PM8000&firmware=3.1.2",
            "/settings",
            "/help",
        ])
        .map(str::to_owned)
        .chain([format!("/assets/{asset_id}")])
        .collect()
}

fn reqwest() -> reqwest::Client {
    // Another test may have chosen the same provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Status and text of a page.
pub async fn get(url: &str) -> (u16, String) {
    let answer = reqwest().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
