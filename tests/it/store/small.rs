//! Settings, leases and the list of exploited vulnerabilities.

use nameplate::domain::catalogue::pack::{Alias, AliasKind};
use nameplate::domain::priority::{EpssEntry, EpssList, KevCatalogue, KevEntry};
use nameplate::store::{Db, alias, epss, kev, lease, setting};

use super::import::time;
use crate::database::{TestDatabase, on_both};

on_both!(
    a_setting_is_set_changed_and_forgotten,
    a_lease_has_one_holder_until_it_is_silent,
    of_many_who_want_a_lease_one_gets_it,
    the_list_of_exploited_vulnerabilities_is_replaced_whole,
    an_alias_is_in_force_once_and_removed_ones_are_kept,
    the_list_of_exploit_probabilities_is_replaced_whole_and_read_as_far_as_it_is_named,
);

async fn a_setting_is_set_changed_and_forgotten(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let at = time("2026-11-01T00:00:00Z");
    assert_eq!(setting::find_setting(&db, "samples").await.unwrap(), None);
    setting::save_setting(&db, "samples", "loaded", at).await.unwrap();
    setting::save_setting(&db, "samples", "re\0moved", at).await.unwrap();
    assert_eq!(setting::find_setting(&db, "samples").await.unwrap().as_deref(), Some("removed"));
    setting::delete_setting(&db, "samples").await.unwrap();
    assert_eq!(setting::find_setting(&db, "samples").await.unwrap(), None);
}

async fn a_lease_has_one_holder_until_it_is_silent(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let save = async |holder: &str, at: &str| lease::save_lease(&db, "rescan", holder, time(at)).await.unwrap();
    let holder =
        async || lease::find_lease(&db, "rescan").await.unwrap().map(|(holder, since)| (holder, since.to_string()));
    assert_eq!(holder().await, None);
    assert!(save("a", "2026-11-01T00:00:00Z").await);
    assert!(!save("b", "2026-11-01T00:00:30Z").await, "a was heard 30 s ago");
    assert!(save("a", "2026-11-01T00:00:50Z").await, "a renews");
    assert!(!save("b", "2026-11-01T00:01:40Z").await, "a was heard 50 s ago");
    assert_eq!(holder().await, Some(("a".to_owned(), "2026-11-01T00:00:00Z".to_owned())), "since it was taken");
    assert!(save("b", "2026-11-01T00:01:51Z").await, "a is gone");
    assert!(!save("a", "2026-11-01T00:01:52Z").await);
    lease::delete_lease(&db, "rescan", "a").await.unwrap();
    assert_eq!(holder().await, Some(("b".to_owned(), "2026-11-01T00:01:51Z".to_owned())));
    lease::delete_lease(&db, "rescan", "b").await.unwrap();
    assert_eq!(holder().await, None);
}

async fn of_many_who_want_a_lease_one_gets_it(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let at = time("2026-11-01T00:00:00Z");
    let mut tasks = Vec::new();
    for n in 0..8 {
        let db = db.clone();
        tasks.push(tokio::spawn(async move { lease::save_lease(&db, "rescan", &n.to_string(), at).await.unwrap() }));
    }
    let mut n_got = 0;
    for task in tasks {
        n_got += u32::from(task.await.unwrap());
    }
    assert_eq!(n_got, 1);
}

async fn the_list_of_exploited_vulnerabilities_is_replaced_whole(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    assert_eq!(kev::find_kev(&db).await.unwrap(), None);
    let entry = |cve: &str| KevEntry {
        cve: cve.to_owned(),
        date_added: "2023-03-30".to_owned(),
        name: "Ω".to_owned(),
        is_ransomware: true,
        ..KevEntry::default()
    };
    let list = |version: &str, cves: &[&str]| KevCatalogue {
        version: version.to_owned(),
        released_at: Some(time("2026-11-20T17:00:01.5Z")),
        entries: cves.iter().map(|cve| entry(cve)).collect(),
    };
    let at = time("2026-11-21T00:00:00Z");
    kev::save_kev(&db, &list("1", &["CVE-2022-2", "CVE-2022-1", "CVE-2022-1"]), at).await.unwrap();
    assert_eq!(kev::find_kev(&db).await.unwrap(), Some(list("1", &["CVE-2022-1", "CVE-2022-2"])));
    kev::save_kev(&db, &list("2", &["CVE-2023-9"]), at).await.unwrap();
    assert_eq!(kev::find_kev(&db).await.unwrap(), Some(list("2", &["CVE-2023-9"])));
    let empty = KevCatalogue::default();
    kev::save_kev(&db, &empty, at).await.unwrap();
    assert_eq!(kev::find_kev(&db).await.unwrap(), Some(empty));
}

async fn an_alias_is_in_force_once_and_removed_ones_are_kept(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let entry = |name: &str| Alias {
        kind: AliasKind::Vendor,
        text: format!("[[vendor]]\nname = \"{name}\"\n"),
        author: "M. Okafor".to_owned(),
        date: "2026-11-03".to_owned(),
        place: "pack.toml:1".to_owned(),
    };
    let at = time("2026-11-03T00:00:00Z");
    assert_eq!(alias::save_aliases(&db, &[entry("A"), entry("B")], at).await.unwrap(), 2);
    assert_eq!(alias::save_aliases(&db, &[entry("B"), entry("C")], at).await.unwrap(), 1);
    let first = alias::list_aliases(&db).await.unwrap().remove(0);
    assert_eq!((first.alias.text, first.alias.author.as_str()), (entry("A").text, "M. Okafor"));
    assert_eq!(first.alias.place, format!("alias {}", first.alias_id));
    assert!(alias::delete_alias(&db, first.alias_id, at).await.unwrap());
    assert!(!alias::delete_alias(&db, first.alias_id, at).await.unwrap(), "it is removed already");
    assert_eq!(alias::list_aliases_in_force(&db).await.unwrap().len(), 2);
    assert_eq!(alias::find_alias(&db, first.alias_id).await.unwrap().unwrap().removed_at, Some(at));
    assert_eq!(alias::save_aliases(&db, &[entry("A")], at).await.unwrap(), 1, "it may come back");
    assert_eq!(alias::list_aliases(&db).await.unwrap().len(), 4);
}

async fn the_list_of_exploit_probabilities_is_replaced_whole_and_read_as_far_as_it_is_named(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    assert_eq!(epss::find_epss(&db).await.unwrap(), None);
    let entry = |cve: &str| EpssEntry { cve: cve.to_owned(), probability_ppm: 420_130, percentile_ppm: 940_000 };
    let list = |date: &str, cves: &[&str]| EpssList {
        model: "v2025.03.14".to_owned(),
        date: date.to_owned(),
        entries: cves.iter().map(|cve| entry(cve)).collect(),
    };
    let at = time("2026-11-21T00:00:00Z");
    epss::save_epss(&db, &list("2026-11-19", &["CVE-2022-1", "CVE-2022-1"]), at).await.unwrap();
    epss::save_epss(&db, &list("2026-11-20", &["CVE-2022-2", "CVE-2022-3"]), at).await.unwrap();
    assert_eq!(epss::find_epss(&db).await.unwrap(), Some(list("2026-11-20", &[])), "no advisory names them");
    let revision = super::advisory::revision("A", "1");
    nameplate::store::advisory::save_advisory_revisions(&db, vec![revision]).await.unwrap();
    epss::save_epss(&db, &list("2026-11-21", &["CVE-2022-3", "CVE-2022-46680"]), at).await.unwrap();
    assert_eq!(epss::find_epss(&db).await.unwrap(), Some(list("2026-11-21", &["CVE-2022-46680"])));
}
