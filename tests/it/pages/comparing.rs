//! Two imports, or two days, of a site side by side.

use fantoccini::Locator;
use nameplate::services::compare_inventories::compare_inventories;
use nameplate::services::progress::Silent;
use nameplate::store;

use super::harness::Plant;
use super::reading::get;
use super::{in_browser, on_server};

const HEAD: &str = "Tag,Vendor,Model,Firmware,Area,Serial number,Site";

/// Two imports of a site of its own: one meter is updated, one renamed, one gone, one new, one stays. Gives their numbers.
async fn two_imports(plant: &Plant) -> (i64, i64) {
    let se = "Schneider Electric,PowerLogic PM8000";
    plant
        .import(
            "before.csv",
            &format!("{HEAD}\nM-1,{se},3.1.2,Hall 1,S1,Mill\nM-2,{se},3.1.2,Hall 1,S2,Mill\nM-3,{se},3.1.2,Hall 1,S3,Mill\nM-4,ABB,AC500,2.1,Hall 1,S4,Mill\n"),
        )
        .await;
    plant
        .import(
            "after.csv",
            &format!("{HEAD}\nM-1,{se},4.0.1,Hall 1,S1,Mill\nM-2,{se},3.1.2,Hall 2,S2,Mill\nM-4,ABB,AC500,2.1,Hall 1,S4,Mill\nM-5,{se},3.0.0,Hall 1,S5,Mill\n"),
        )
        .await;
    let site = store::site::find_site(&plant.db, "Mill").await.unwrap().unwrap();
    let imports = store::asset_past::list_inventories_of_site(&plant.db, site.site_id, 10).await.unwrap();
    let told: Vec<(&str, u64)> = imports.iter().map(|(i, n)| (i.file_name.as_str(), *n)).collect();
    assert_eq!(told, [("after.csv", 4), ("before.csv", 4)]);
    (imports[1].0.inventory_id, imports[0].0.inventory_id)
}

#[test]
fn two_imports_of_a_site_are_compared_from_its_page() {
    in_browser(true, true, async |plant, browser| {
        let (before, after) = two_imports(plant).await;
        browser.open(&plant.page("/sites/mill")).await;
        browser.follow("Compare two imports or two days").await;
        browser.click("form[aria-label='Two imports'] button").await;
        let text = browser.text().await;
        for told in [
            "1 asset was added",
            "1 asset was removed",
            "2 assets changed",
            "firmware 3.1.2 → 4.0.1",
            "area Hall 1 → Hall 2",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
        browser.screenshot("compare_imports").await;
        let closed = "//h3[starts-with(., 'Closed')]/following-sibling::table[1]/tbody/tr";
        let closed = browser.client.find_all(Locator::XPath(closed)).await.unwrap();
        let mut rows = Vec::new();
        for row in closed {
            rows.push(row.text().await.unwrap());
        }
        assert!(rows.iter().any(|row| row.contains("M-1") && row.contains("ICSA-23-229-03")), "{rows:?}");
        assert!(rows.iter().any(|row| row.contains("M-3")), "what is removed is closed: {rows:?}");
        assert!(!rows.iter().any(|row| row.contains("M-2")), "another area closes nothing: {rows:?}");

        let kind = |kind: &str| format!("/reports/file?kind={kind}&site=Mill&before={before}&after={after}");
        let (status, csv) = get(&plant.page(&kind("comparison.csv"))).await;
        assert_eq!(status, 200, "{csv}");
        let n = |word: &str| csv.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!([n("asset_added,"), n("asset_removed,"), n("asset_changed,")], [1, 1, 2], "{csv}");
        assert_eq!(n("closed,"), rows.len(), "the page and the file say the same");
        // The API gives the same file.
        let api = format!("/api/v1/reports/comparison.json?site=Mill&before={before}&after={after}");
        let (status, json) = get(&plant.page(&api)).await;
        assert_eq!(status, 200, "{json}");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["assets"]["n_changed"], 2);
        assert_eq!(json["n_closed"], rows.len());

        browser.open(&plant.page(&format!("/inventories/{after}"))).await;
        browser.follow("Compare with the import before").await;
        assert!(browser.text().await.contains("2 assets changed"));
    });
}

#[test]
fn two_days_of_a_site_are_compared_on_the_same_page() {
    in_browser(true, true, async |plant, browser| {
        two_imports(plant).await;
        let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        browser.open(&plant.page(&format!("/compare?site=mill&from={today}"))).await;
        let text = browser.text().await;
        assert!(text.contains("Nothing opened, closed or changed"), "{text}");
        assert!(!text.contains("assets changed"), "two days compare exposures: {text}");
        browser.screenshot("compare_days").await;
    });
}

#[test]
fn what_cannot_be_compared_is_refused_in_words() {
    on_server(async |plant| {
        let (before, after) = two_imports(plant).await;
        for (query, status, told) in [
            ("site=nowhere".to_owned(), 404, "expected one of"),
            (format!("site=mill&before={before}&after={before}"), 400, "with itself"),
            (format!("site=riverside&before={before}&after={after}"), 404, "is none of `Riverside`"),
            (format!("site=mill&before={before}"), 400, "expected a number"),
            ("site=mill&from=yesterday".to_owned(), 400, "cannot read the day"),
            ("site=mill&from=2001-01-01".to_owned(), 400, "expected a rescan that old"),
        ] {
            let (found, text) = get(&plant.page(&format!("/compare?{query}"))).await;
            assert_eq!(found, status, "{query}: {text}");
            assert!(text.contains(told), "{query}: {text}");
        }
        let (status, text) = get(&plant.page("/compare")).await;
        assert_eq!(status, 200);
        assert!(text.contains("Choose site"), "{text}");
    });
}

#[test]
fn an_import_between_that_was_taken_back_makes_no_difference() {
    on_server(async |plant| {
        let (before, after) = two_imports(plant).await;
        plant
            .import("wrong.csv", &format!("{HEAD}\nM-2,Schneider Electric,PowerLogic PM8000,9.9,Hall 2,S2,Mill\n"))
            .await;
        let wrong = store::inventory::list_inventories(&plant.db).await.unwrap()[0].inventory_id;
        nameplate::services::undo_import::undo_and_judge(&plant.db, wrong, "tester", &Silent).await.unwrap();
        plant
            .import("last.csv", &format!("{HEAD}\nM-1,Schneider Electric,PowerLogic PM8000,4.0.1,Hall 1,S1,Mill\n"))
            .await;
        let last = store::inventory::list_inventories(&plant.db).await.unwrap()[0].inventory_id;
        let now = jiff::Timestamp::now();
        let compared = compare_inventories(&plant.db, "Mill", (after, last), now, &Silent).await.unwrap();
        let compared = compared.comparison();
        let assets = compared.assets.unwrap();
        let tags = |list: &[nameplate::report::row::ReportAsset]| {
            list.iter().map(|asset| asset.asset_id.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((tags(&assets.added), tags(&assets.removed)), (String::new(), "M-2 M-4 M-5".to_owned()));
        assert!(assets.changed.is_empty(), "{:?}", assets.changed);
        assert!(
            compare_inventories(&plant.db, "Mill", (before, wrong), now, &Silent).await.is_err(),
            "it was taken back"
        );
        // The other way round is the same.
        let turned = compare_inventories(&plant.db, "Mill", (last, after), now, &Silent).await.unwrap();
        assert_eq!(turned.comparison().assets.unwrap(), assets);
    });
}
