//! Scheduled reports: their page, their API, and what the nightly run makes of them.

use fantoccini::Locator;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nameplate::domain::account::{Role, SiteScope};
use nameplate::services::accounts::add_account;
use nameplate::services::progress::Silent;
use nameplate::services::scheduled_reports::make_reports;
use nameplate::store;
use nameplate::store::audit::Seen;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::harness::Plant;
use super::reading::get;
use super::{in_browser, on_server};

/// Makes what is due a day from now.
async fn night(plant: &Plant) {
    let tomorrow = Timestamp::now() + SignedDuration::from_hours(24);
    let made = make_reports(&plant.db, plant.folder.path(), &TimeZone::UTC, tomorrow, &Silent).await.unwrap();
    assert_eq!((made.n_made, made.problems), (1, vec![]));
}

/// What the audit says of schedules, the first act first.
async fn acts(plant: &Plant) -> Vec<String> {
    let seen = Seen { sites: &SiteScope::All, accounts: true };
    let acts = store::audit::list_audit(&plant.db, seen, None, 50).await.unwrap();
    let told = acts.into_iter().rev().filter(|act| act.entry.what.starts_with("scheduled report"));
    told.map(|act| format!("{}: {} → {}", act.entry.what, act.entry.before, act.entry.after)).collect()
}

#[test]
fn a_scheduled_report_is_made_changed_and_removed_on_its_page() {
    in_browser(true, false, async |plant, browser| {
        browser.open(&plant.page("/reports")).await;
        browser.follow("Scheduled reports").await;
        assert!(browser.text().await.contains("No report is scheduled"));
        browser.open(&plant.page("/reports?filter=severity%3Dhigh%26status%3Dopen")).await;
        browser.follow("Make it every night or week").await;
        let choose = async |css: &str, value: &str| {
            browser.client.find(Locator::Css(css)).await.unwrap().select_by_value(value).await.unwrap();
        };
        choose("#format", "csv").await;
        choose("#site", "Riverside").await;
        browser.click("input[name=when][value=daily]").await;
        browser.click("button[value=add]").await;
        browser.wait_for("The report is scheduled").await;
        browser.screenshot("schedules").await;
        let text = browser.text().await;
        for told in [
            "Exposure report, CSV",
            "Riverside",
            "Severity: high or above",
            "every night",
            "the list of reports",
            "400 days",
            "not yet",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }

        night(plant).await;
        browser.open(&plant.page("/reports/schedules")).await;
        let file = browser.client.find(Locator::Css("td[data-label='Last made'] a")).await.unwrap();
        let href = file.attr("href").await.unwrap().unwrap();
        let (status, csv) = get(&plant.page(&href)).await;
        assert!(status == 200 && csv.contains("MTR-0412"), "{status}: {csv}");

        browser.click("a[href*='edit=1']").await;
        assert!(browser.text().await.contains("Change report 1"));
        browser.fill("#to", "https://hook.example/").await;
        browser.click("button[value=change]").await;
        assert!(browser.text().await.contains("expected a mail address or"), "{}", browser.text().await);
        browser.open(&plant.page("/reports/schedules?edit=1")).await;
        browser.click("input[name=when][value=monthly]").await;
        browser.fill("#keep_days", "30").await;
        browser.click("button[value=change]").await;
        browser.wait_for("is changed").await;
        let text = browser.text().await;
        assert!(text.contains("the first night of a month") && text.contains("30 days"), "{text}");
        browser.click("button[value=delete]").await;
        browser.wait_for("is deleted").await;
        let (status, _) = get(&plant.page(&href)).await;
        assert_eq!(status, 200, "its file is kept for its days");
        let kept = "to the list of files, kept for";
        assert_eq!(
            acts(plant).await,
            [
                format!(
                    "scheduled report 1 added:  → csv of Riverside (severity=high&status=open), daily, {kept} 400 days"
                ),
                format!(
                    "scheduled report 1 changed: csv of Riverside (severity=high&status=open), daily, {kept} 400 days → csv of Riverside (severity=high&status=open), monthly, {kept} 30 days"
                ),
                format!(
                    "scheduled report 1 removed: csv of Riverside (severity=high&status=open), monthly, {kept} 30 days → "
                ),
            ]
        );
    });
}

#[test]
fn the_api_schedules_reports_as_the_page_does() {
    on_server(async |plant| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let all = plant.page("/api/v1/report-schedules");
        let send = async |request: reqwest::RequestBuilder, body: Value| {
            let request = request.header("content-type", "application/json").body(body.to_string());
            let answer = request.send().await.unwrap();
            let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
            (status, serde_json::from_str::<Value>(&text).unwrap_or(Value::String(text)))
        };
        let (status, made) =
            send(client.post(&all), json!({ "format": "csv", "rhythm": "daily", "site": "Riverside" })).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!((&made["schedule_id"], &made["keep_days"], &made["to"]), (&json!(1), &json!(400), &json!("")));
        assert!(made["next"].as_str().unwrap() > Timestamp::now().strftime("%Y-%m-%d").to_string().as_str(), "{made}");
        night(plant).await;
        let (_, text) = get(&all).await;
        let listed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(listed["items"][0]["files"].as_array().unwrap().len(), 1, "{listed}");
        for (wrong, told) in [
            (json!({ "format": "docx", "rhythm": "daily" }), "docx"),
            (json!({ "format": "csv", "rhythm": "hourly" }), "hourly"),
            (json!({ "format": "csv", "rhythm": "daily", "site": "Nowhere" }), "Nowhere"),
            (json!({ "format": "csv", "rhythm": "daily", "filter": "site=Nowhere" }), "Nowhere"),
            (json!({ "format": "csv", "rhythm": "daily", "filter": "colour=red" }), "colour"),
            (json!({ "format": "csv", "rhythm": "daily", "keep_days": 0 }), "1 to 36,500"),
        ] {
            let (status, problem) = send(client.put(format!("{all}/1")), wrong).await;
            assert_eq!(status, 400, "{problem}");
            assert!(problem.to_string().contains(told), "{told}: {problem}");
        }
        let (status, changed) = send(
            client.put(format!("{all}/1")),
            json!({ "format": "pdf", "rhythm": "weekly", "to": "ot@example.org" }),
        )
        .await;
        assert_eq!((status, &changed["site"], &changed["to"]), (200, &Value::Null, &json!("ot@example.org")));
        assert_eq!(client.delete(format!("{all}/1")).send().await.unwrap().status().as_u16(), 204);
        assert_eq!(client.delete(format!("{all}/1")).send().await.unwrap().status().as_u16(), 404);
        assert_eq!(acts(plant).await.len(), 3);
    });
}

#[test]
fn only_administrators_change_schedules_and_only_those_of_all_sites_see_them() {
    on_server(async |plant| {
        const PASSPHRASE: &str = "eleven quiet feeders";
        for (name, role, sites) in [
            ("ada", Role::Admin, SiteScope::All),
            ("zoe", Role::Engineer, SiteScope::All),
            ("ron", Role::Engineer, SiteScope::Only([1].into())),
        ] {
            add_account(&plant.db, "test", name, Some(PASSPHRASE), role, sites, Timestamp::now()).await.unwrap();
        }
        let form = "act=add&format=csv&when=daily&keep_days=30";
        for (name, sees, adds) in [("ada", 200, 303), ("zoe", 200, 403), ("ron", 403, 403)] {
            // It is told where it is led to, so that the cookie of the way in is seen.
            let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
            let post = async |path: &str, cookie: &str, form: String| {
                let request = client.post(plant.page(path)).header("content-type", "application/x-www-form-urlencoded");
                request.header("cookie", cookie).body(form).send().await.unwrap()
            };
            let entered = post("/login", "", format!("name={name}&passphrase={}", PASSPHRASE.replace(' ', "+"))).await;
            let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
            let page = client.get(plant.page("/reports/schedules")).header("cookie", &cookie).send().await.unwrap();
            assert_eq!(page.status().as_u16(), sees, "{name}");
            let text = page.text().await.unwrap();
            assert_eq!(text.contains("Schedule report"), adds == 303, "{name}: what a role cannot do is absent");
            let added = post("/reports/schedules", &cookie, form.to_owned()).await;
            assert_eq!(added.status().as_u16(), adds, "{name}");
        }
        assert_eq!(store::report_schedule::list_report_schedules(&plant.db).await.unwrap().len(), 1);
    });
}
