//! Working with advisories: finding, reading, noting, taking away.

use nameplate::domain::advisory::AdvisoryKey;
use nameplate::domain::advisory_search::{AdvisoryFilter, AdvisorySort};
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::progress::Silent;
use nameplate::services::search_advisories::{AdvisoryPage, refresh_search, search_advisories};
use nameplate::services::show_advisory::find_shown_advisories;
use nameplate::store::{Db, advisory_note};
use serde_json::{Value, json};

use crate::database::{TestDatabase, on_both};

on_both!(
    documents_are_found_by_each_field_and_sorted,
    pages_follow_each_other_in_every_order,
    a_later_revision_is_unread_and_counts,
    the_schema_check_is_kept_with_each_document,
    comments_stay_over_revisions,
    deleting_says_what_goes_and_leaves_the_revision_before,
);

/// A document of a vendor about one product below 2.0.
pub fn document(id: &str, version: &str) -> Value {
    json!({
        "document": {
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "title": format!("Feldbus gateway {id}"),
            "distribution": { "tlp": { "label": "WHITE" } },
            "publisher": { "category": "vendor", "name": "Feldbus GmbH", "namespace": "https://feldbus.example" },
            "tracking": {
                "id": id,
                "version": version,
                "status": "final",
                "initial_release_date": "2024-01-01T00:00:00Z",
                "current_release_date": format!("2024-02-0{}T00:00:00Z", version.len()),
                "generator": { "engine": { "name": "Quill" } },
                "revision_history": [{ "number": version, "date": "2024-01-01T00:00:00Z", "summary": "First issue" }]
            }
        },
        "product_tree": { "branches": [{ "category": "vendor", "name": "Feldbus GmbH", "branches": [
            { "category": "product_name", "name": "Gateway GW-100", "branches": [
                { "category": "product_version_range", "name": "< 2.0", "product": {
                    "product_id": "P1", "name": "Feldbus GmbH Gateway GW-100 < 2.0",
                    "product_identification_helper": { "model_numbers": ["GW-100-?"] } } } ] } ] }] },
        "vulnerabilities": [{
            "cve": "CVE-2024-1111",
            "product_status": { "known_affected": ["P1"] },
            "scores": [{ "products": ["P1"], "cvss_v3": { "version": "3.1", "baseScore": 9.8,
                "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" } }],
            "remediations": [{ "category": "vendor_fix", "details": "Update to 2.0", "product_ids": ["P1"] }]
        }]
    })
}

/// Adds these documents from files of their own.
pub async fn add(db: &Db, documents: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    for (n, document) in documents.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{n:03}.json")), document.to_string()).unwrap();
    }
    let added = add_advisories(db, &[folder.path().to_owned()], &Silent).await.unwrap();
    assert_eq!(added.unreadable, Vec::<String>::new());
}

fn key(id: &str) -> AdvisoryKey {
    AdvisoryKey { namespace: "https://feldbus.example".to_owned(), id: id.to_owned() }
}

async fn search(db: &Db, words: &[&str], sort: &str) -> AdvisoryPage {
    let conditions = words.iter().map(|word| AdvisoryFilter::read_condition(word).unwrap()).collect();
    let filter = AdvisoryFilter { conditions, ..AdvisoryFilter::default() };
    search_advisories(db, &filter, AdvisorySort::read(sort).unwrap(), None, 100, "ada", &Silent).await.unwrap()
}

async fn found(db: &Db, words: &[&str], sort: &str) -> Vec<String> {
    search(db, words, sort).await.advisories.into_iter().map(|a| a.revision.key.id).collect()
}

async fn documents_are_found_by_each_field_and_sorted(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let mut third = document("FB-3", "10");
    third["document"]["aggregate_severity"] = json!({ "text": "Moderate 100%" });
    third["document"]["publisher"]["category"] = json!("coordinator");
    third["vulnerabilities"][0]["cve"] = json!("CVE-2024-2222");
    let cvss = &mut third["vulnerabilities"][0]["scores"][0]["cvss_v3"];
    cvss["baseScore"] = json!(10.0);
    cvss["vectorString"] = json!("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H");
    third["document"]["distribution"]["tlp"]["label"] = json!("AMBER");
    add(&db, &[document("FB-1", "2"), document("FB-2", "9"), third]).await;
    for (words, expected) in [
        (&["GATEWAY  gw-100"][..], &["FB-1", "FB-2", "FB-3"][..]),
        (&["id=fb-2"], &["FB-2"]),
        (&["id:fb", "cve=CVE-2024-2222"], &["FB-3"]),
        (&["cve:CVE-2024-1111"], &["FB-1", "FB-2"]),
        (&["tlp=clear"], &["FB-1", "FB-2"]),
        (&["severity:100%"], &["FB-3"]),
        (&["severity:1%0"], &[]),
        (&["publisher_category=coordinator"], &["FB-3"]),
        (&["model_number=gw-100-?"], &["FB-1", "FB-2", "FB-3"]),
        (&["product_version:< 2"], &["FB-1", "FB-2", "FB-3"]),
        (&["branch_category=product_version_range", "product_id=p1", "generator:quill"], &["FB-1", "FB-2", "FB-3"]),
        (
            &["revision_summary:first", "status=final", "csaf_version=2.0", "category:security"],
            &["FB-1", "FB-2", "FB-3"],
        ),
        (&["cvss>=9.9"], &["FB-3"]),
        (&["cvss<=9.8"], &["FB-1", "FB-2"]),
        (&["version>=9"], &["FB-2", "FB-3"]),
        (&["updated>=2024-02-02"], &["FB-3"]),
        (&["updated<=2024-02-01"], &["FB-1", "FB-2"]),
        (&["released<=2023"], &[]),
        (&["fate=withdrawn"], &[]),
        (&["product_status=known_affected", "vendor=feldbus gmbh"], &["FB-1", "FB-2", "FB-3"]),
    ] {
        assert_eq!(found(&db, words, "id").await, expected, "{words:?}");
    }
    for (sort, expected) in [
        ("-id", ["FB-3", "FB-2", "FB-1"]),
        ("version", ["FB-1", "FB-2", "FB-3"]),
        ("-cvss", ["FB-3", "FB-2", "FB-1"]),
        ("-severity", ["FB-3", "FB-2", "FB-1"]),
        ("tlp", ["FB-3", "FB-1", "FB-2"]),
        ("cve", ["FB-1", "FB-2", "FB-3"]),
    ] {
        assert_eq!(found(&db, &[], sort).await, expected, "{sort}");
    }
    let page = search(&db, &["id=fb-3"], "id").await;
    let row = &page.advisories[0];
    assert_eq!(
        (row.category.as_str(), row.tlp.as_str(), row.aggregate_severity.as_str(), row.cvss, row.fate.as_str()),
        ("csaf_security_advisory", "AMBER", "moderate 100%", Some(10.0), "stands")
    );
    assert_eq!(refresh_search(&db, &Silent).await.unwrap(), 0, "texts are worked out once");
}

async fn pages_follow_each_other_in_every_order(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let all: Vec<Value> = (0..25).map(|n| document(&format!("FB-{n:02}"), &format!("{}", 1 + n % 3))).collect();
    add(&db, &all).await;
    for sort in ["id", "-id", "title", "-version", "publisher", "sharing_group"] {
        let sort = AdvisorySort::read(sort).unwrap();
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page =
                search_advisories(&db, &AdvisoryFilter::default(), sort, after.as_ref(), 7, "", &Silent).await.unwrap();
            ids.extend(page.advisories.into_iter().map(|a| a.revision.key.id));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(ids.len(), 25, "{sort:?}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 25, "{sort:?}");
    }
}

async fn a_later_revision_is_unread_and_counts(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    add(&db, &[document("FB-1", "1"), document("FB-2", "1")]).await;
    let unread = async |reader: &str| {
        let filter = AdvisoryFilter { unread: Some((reader.to_owned(), true)), ..AdvisoryFilter::default() };
        let page = search_advisories(&db, &filter, AdvisorySort::default(), None, 9, reader, &Silent).await.unwrap();
        page.advisories.into_iter().map(|a| a.revision.key.id).collect::<Vec<_>>()
    };
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    assert!(advisory_note::save_advisory_read(&db, &key("FB-1"), "ada", now).await.unwrap());
    assert!(!advisory_note::save_advisory_read(&db, &key("FB-1"), "ada", now).await.unwrap());
    assert_eq!(
        (unread("ada").await, unread("bob").await),
        (vec!["FB-2".to_owned()], vec!["FB-1".into(), "FB-2".into()])
    );
    assert!(search(&db, &["id=fb-1"], "id").await.advisories[0].is_read);
    add(&db, &[document("FB-1", "2")]).await;
    assert_eq!(unread("ada").await, ["FB-1", "FB-2"]);
    assert_eq!(search(&db, &["id=fb-1"], "id").await.advisories[0].revision.version, "2");
    let filter = AdvisoryFilter { all_revisions: true, ..AdvisoryFilter::default() };
    let page = search_advisories(&db, &filter, AdvisorySort::default(), None, 9, "", &Silent).await.unwrap();
    assert_eq!(page.advisories.iter().filter(|a| a.is_current).count(), 2);
    assert_eq!(page.advisories.len(), 3);
    advisory_note::save_advisory_read(&db, &key("FB-1"), "ada", now).await.unwrap();
    assert!(advisory_note::delete_advisory_read(&db, &key("FB-1"), "ada").await.unwrap());
    assert!(!advisory_note::delete_advisory_read(&db, &key("FB-1"), "ada").await.unwrap());
}

async fn the_schema_check_is_kept_with_each_document(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let mut sound = document("FB-2", "1");
    sound["vulnerabilities"][0]["scores"][0]["cvss_v3"]["baseSeverity"] = "CRITICAL".into();
    let mut other = document("FB-3", "1");
    other["document"]["title"] = 7.into();
    add(&db, &[document("FB-1", "1"), sound, other]).await;
    let page = search(&db, &[], "id").await;
    let kept: Vec<_> = page.advisories.iter().map(|a| (a.revision.key.id.as_str(), a.quality.n_schema)).collect();
    assert_eq!(kept, [("FB-1", 1), ("FB-2", 0), ("FB-3", 2)]);
    assert_eq!(found(&db, &["oddity=schema"], "id").await, ["FB-1", "FB-3"]);
    let shown = find_shown_advisories(&db, "FB-1").await.unwrap();
    assert!(shown[0].quality.line().ends_with("1 deviation from the schema of the standard"), "{:?}", shown[0].quality);
}

async fn comments_stay_over_revisions(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    add(&db, &[document("FB-1", "1")]).await;
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    let save = async |id: &str, text: &str| {
        advisory_note::save_advisory_comment(&db, &key(id), "ada", text, now).await.unwrap()
    };
    let first = save("FB-1", "ask\0 the integrator").await.unwrap();
    assert_eq!(save("FB-9", "nobody").await, None);
    add(&db, &[document("FB-1", "2")]).await;
    let comments = advisory_note::list_advisory_comments(&db, &key("FB-1")).await.unwrap();
    assert_eq!(
        comments.iter().map(|c| (c.author.as_str(), c.text.as_str())).collect::<Vec<_>>(),
        [("ada", "ask the integrator")]
    );
    assert_eq!(search(&db, &[], "id").await.advisories[0].n_comments, 1);
    assert!(advisory_note::delete_advisory_comment(&db, first).await.unwrap());
    assert!(!advisory_note::delete_advisory_comment(&db, first).await.unwrap());
}

async fn deleting_says_what_goes_and_leaves_the_revision_before(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    add(&db, &[document("FB-1", "1"), document("FB-1", "2"), document("FB-2", "1")]).await;
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    advisory_note::save_advisory_comment(&db, &key("FB-1"), "ada", "note", now).await.unwrap();
    advisory_note::save_advisory_read(&db, &key("FB-1"), "ada", now).await.unwrap();
    refresh_search(&db, &Silent).await.unwrap();
    let latest = search(&db, &["id=fb-1"], "id").await.advisories.remove(0).revision;
    let one = std::slice::from_ref(&latest.sha256);
    let plan = advisory_note::plan_deletion(&db, &key("FB-1"), one).await.unwrap().unwrap();
    assert_eq!(
        (plan.versions.clone(), plan.version_left.as_deref(), plan.n_comments, plan.n_read_marks),
        (vec!["2".to_owned()], Some("1"), 0, 1)
    );
    assert_eq!(advisory_note::delete_advisory(&db, &key("FB-1"), one).await.unwrap(), Some(plan));
    assert_eq!(search(&db, &["id=fb-1"], "id").await.advisories[0].revision.version, "1");
    let rest = advisory_note::delete_advisory(&db, &key("FB-1"), &[]).await.unwrap().unwrap();
    assert_eq!((rest.version_left, rest.n_comments), (None, 1));
    assert_eq!(found(&db, &[], "id").await, ["FB-2"]);
    assert_eq!(nameplate::store::advisory::count_advisories(&db).await.unwrap(), 1);
    assert_eq!(advisory_note::delete_advisory(&db, &key("FB-1"), &[]).await.unwrap(), None);
    add(&db, &[document("FB-1", "2")]).await;
    assert_eq!(found(&db, &[], "id").await, ["FB-1", "FB-2"], "what was deleted can be added again");
}
