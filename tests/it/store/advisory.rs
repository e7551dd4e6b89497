//! Advisories, their revisions, and documents that could not be read.

use nameplate::domain::advisory::{AdvisoryKey, AdvisoryRevision, UnreadableAdvisory};
use nameplate::domain::source::Trust;
use nameplate::store::advisory::{self, SavedRevisions};
use nameplate::store::{Db, StoreError};

use super::import::time;
use crate::database::{TestDatabase, on_both};

on_both!(
    the_same_bytes_twice_are_kept_once,
    the_latest_version_counts_in_whatever_order_revisions_come,
    a_correction_without_a_new_version_counts,
    one_tracking_id_of_two_publishers_is_two_advisories,
    every_value_comes_back_and_documents_byte_for_byte,
    texts_of_any_length_and_kind_are_kept,
    advisories_are_listed_page_by_page,
    what_could_not_be_read_is_kept_until_it_can,
    two_who_add_the_same_add_it_once,
    a_damaged_document_is_told_by_its_id,
);

fn key(id: &str) -> AdvisoryKey {
    AdvisoryKey { namespace: "https://example.com".to_owned(), id: id.to_owned() }
}

pub fn revision(id: &str, version: &str) -> (AdvisoryRevision, Vec<u8>) {
    let document = format!("{{\"id\": \"{id}\", \"version\": \"{version}\"}}");
    let revision = AdvisoryRevision {
        key: key(id),
        version: version.to_owned(),
        sha256: format!("{:0>64}", format!("{id}.{version}")),
        title: format!("About {id}"),
        publisher: "Example".to_owned(),
        status: "final".to_owned(),
        released_at: Some(time("2023-08-17T06:00:00Z")),
        updated_at: None,
        source: "samples".to_owned(),
        added_at: time("2026-11-01T00:00:00Z"),
        cves: vec!["CVE-2022-46680".to_owned()],
        n_warnings: 2,
        trust: Trust::Unsigned,
        trust_reason: String::new(),
        source_id: None,
    };
    (revision, document.into_bytes())
}

async fn save(db: &Db, revisions: &[(AdvisoryRevision, Vec<u8>)]) -> (u64, u64, u64) {
    let SavedRevisions { n_new, n_known, n_current_changed } =
        advisory::save_advisory_revisions(db, revisions.to_vec()).await.unwrap();
    (n_new, n_known, n_current_changed)
}

/// The versions of an advisory, the one that counts first.
async fn versions(db: &Db, id: &str) -> Vec<String> {
    let revisions = advisory::list_advisory_revisions(db, &key(id)).await.unwrap();
    let versions: Vec<String> = revisions.into_iter().map(|r| r.version).collect();
    let current = advisory::find_advisory(db, &key(id)).await.unwrap().map(|r| r.version);
    assert_eq!(versions.first(), current.as_ref());
    versions
}

async fn the_same_bytes_twice_are_kept_once(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let (one, two) = (revision("A-1", "1"), revision("A-2", "1"));
    assert_eq!(save(&db, &[one.clone(), two.clone(), one.clone()]).await, (2, 1, 2), "within one set");
    let before = database.n_rows().await;
    assert_eq!(save(&db, &[one, two]).await, (0, 2, 0), "and later");
    assert_eq!(database.n_rows().await, before);
    assert_eq!(save(&db, &[]).await, (0, 0, 0));
    assert_eq!(advisory::count_advisories(&db).await.unwrap(), 2);
}

async fn the_latest_version_counts_in_whatever_order_revisions_come(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    assert_eq!(save(&db, &[revision("A-1", "9")]).await, (1, 0, 1));
    assert_eq!(save(&db, &[revision("A-1", "10")]).await, (1, 0, 1), "10 is after 9");
    assert_eq!(save(&db, &[revision("A-1", "2")]).await, (1, 0, 0), "an older one is kept and does not count");
    assert_eq!(versions(&db, "A-1").await, ["10", "2", "9"]);
    assert_eq!(
        save(&db, &[revision("A-2", "1.0.0"), revision("A-2", "1.0.0-rc.1"), revision("A-2", "0.9.9")]).await.2,
        1
    );
    assert_eq!(versions(&db, "A-2").await[0], "1.0.0");
    assert_eq!(advisory::list_current_advisory_documents(&db).await.unwrap().len(), 2);
}

async fn a_correction_without_a_new_version_counts(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let first = revision("A-1", "1");
    let mut second = first.clone();
    second.0.sha256 = "f".repeat(64);
    second.0.title = "Corrected".to_owned();
    save(&db, &[first]).await;
    assert_eq!(save(&db, &[second]).await, (1, 0, 1));
    assert_eq!(advisory::find_advisory(&db, &key("A-1")).await.unwrap().unwrap().title, "Corrected");
}

async fn one_tracking_id_of_two_publishers_is_two_advisories(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let first = revision("A-1", "1");
    let mut second = first.clone();
    second.0.key.namespace = "https://another.example".to_owned();
    assert_eq!(save(&db, &[first.clone(), second]).await, (2, 0, 2), "even with the same bytes");
    let found = advisory::list_advisories_by_id(&db, "a-1").await.unwrap();
    let namespaces: Vec<&str> = found.iter().map(|r| r.key.namespace.as_str()).collect();
    assert_eq!(namespaces, ["https://another.example", "https://example.com"]);
    assert_eq!(advisory::list_advisories_by_id(&db, "A-9").await.unwrap(), []);
    assert_eq!(advisory::list_advisory_digests(&db).await.unwrap(), [first.0.sha256]);
}

async fn every_value_comes_back_and_documents_byte_for_byte(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let (mut written, _) = revision("ICSA-23-229-03", "1");
    written.cves = vec!["CVE-2022-46680".to_owned(), "CVE-2023-1".to_owned()];
    written.updated_at = Some(time("2023-09-01T01:02:03.004Z"));
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 1_009 * 31 % 251) as u8).collect();
    save(&db, &[(written.clone(), bytes.clone())]).await;
    assert_eq!(advisory::find_advisory(&db, &written.key).await.unwrap(), Some(written.clone()));
    let document = advisory::find_advisory_document(&db, &written.key, &written.sha256).await.unwrap().unwrap();
    assert_eq!((document.key.clone(), document.version.as_str()), (written.key.clone(), "1"));
    assert!(document.bytes().unwrap() == bytes);
    let documents = advisory::list_current_advisory_documents(&db).await.unwrap();
    assert!(documents.len() == 1 && documents[0].bytes().unwrap() == bytes);
    assert!(advisory::find_advisory_document(&db, &written.key, "0").await.unwrap().is_none());
}

async fn texts_of_any_length_and_kind_are_kept(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let long: String = "主\0変ÄΩ😀".chars().cycle().take(5_000).collect();
    let (mut hostile, bytes) = revision(&long, &long);
    hostile.key.namespace = long.clone();
    hostile.sha256 = "a".repeat(64);
    hostile.title = long.clone();
    hostile.cves = vec![long.clone(), format!("CVE-{}", "9".repeat(5_000)), "CVE-2022-46680".to_owned(), String::new()];
    save(&db, &[(hostile.clone(), bytes), revision("A-1", "1")]).await;
    let found = advisory::find_advisory(&db, &hostile.key).await.unwrap().unwrap();
    assert_eq!(found.title, long.replace('\0', ""));
    assert_eq!(found.cves, ["CVE-2022-46680"], "only what is a CVE can be searched");
    assert_eq!(advisory::count_advisories(&db).await.unwrap(), 2);
}

async fn advisories_are_listed_page_by_page(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let all: Vec<_> = (0..120).map(|n| revision(&format!("A-{n:03}"), "1")).collect();
    save(&db, &all).await;
    let mut found = Vec::new();
    let mut after: Option<AdvisoryKey> = None;
    loop {
        let page = advisory::list_advisories(&db, after.as_ref(), 50).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        found.extend(page);
    }
    assert_eq!(found, all.into_iter().map(|(revision, _)| revision).collect::<Vec<_>>());
}

async fn what_could_not_be_read_is_kept_until_it_can(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let (readable, bytes) = revision("A-1", "1");
    let unreadable = |name: &str, sha256: &str, error: &str| UnreadableAdvisory {
        name: name.to_owned(),
        sha256: sha256.to_owned(),
        error: error.to_owned(),
        added_at: time("2026-11-01T00:00:00Z"),
    };
    let one = unreadable("b.json", &readable.sha256, "expected\0 a CSAF document");
    let two = unreadable("a.json", "x", "the file ends in the middle");
    let documents = [(one.clone(), Some(bytes.clone())), (two.clone(), None), (two.clone(), None)];
    advisory::save_unreadable_advisories(&db, &documents).await.unwrap();
    let listed = advisory::list_unreadable_advisories(&db).await.unwrap();
    assert_eq!(listed[0], two);
    assert_eq!(listed[1].error, "expected a CSAF document");
    let later =
        UnreadableAdvisory { error: "another".to_owned(), added_at: time("2026-11-09T00:00:00Z"), ..two.clone() };
    advisory::save_unreadable_advisories(&db, &[(later, None)]).await.unwrap();
    let listed = advisory::list_unreadable_advisories(&db).await.unwrap();
    assert_eq!((listed.len(), listed[0].error.as_str(), listed[0].added_at), (2, "another", two.added_at));
    save(&db, &[(readable, bytes)]).await;
    let names: Vec<String> =
        advisory::list_unreadable_advisories(&db).await.unwrap().into_iter().map(|u| u.name).collect();
    assert_eq!(names, ["a.json"], "the same bytes were read after all");
}

async fn two_who_add_the_same_add_it_once(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let all: Vec<_> = (0..120).map(|n| revision(&format!("A-{n:03}"), "1")).collect();
    let (a, b) = tokio::join!(save(&db, &all), save(&db, &all));
    assert_eq!((a.0 + b.0, a.1 + b.1, a.2 + b.2), (120, 120, 120));
}

async fn a_damaged_document_is_told_by_its_id(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    save(&db, &[revision("A-1", "1")]).await;
    database.execute("update advisory_revision set size_bytes = 3").await;
    let documents = advisory::list_current_advisory_documents(&db).await.unwrap();
    let error = documents[0].bytes().unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { .. }));
    assert!(error.to_string().contains("A-1"), "{error}");
}
