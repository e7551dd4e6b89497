//! Sources, visits and listed documents.

use jiff::Timestamp;
use nameplate::domain::source::{Accepts, DocumentState, Pull, Source, SourceDocument, SourceKind, Trust, Validator};
use nameplate::store::{Db, source};

use crate::database::{TestDatabase, on_both};

on_both!(
    a_source_is_kept_once_and_its_choices_are_replaced,
    only_a_good_pull_moves_the_mark,
    what_is_not_kept_is_listed_and_held_bytes_come_back,
);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn vendor() -> Source {
    Source::new("vendor", SourceKind::Csaf, "https://vendor.example/provider-metadata.json", at("2026-11-01T00:00:00Z"))
}

async fn a_source_is_kept_once_and_its_choices_are_replaced(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let id = source::save_source(&db, &vendor()).await.unwrap();
    let changed = Source {
        is_enabled: true,
        accepts: Accepts::Verified,
        token_file: Some("/etc/nameplate/token".to_owned()),
        ..vendor()
    };
    assert_eq!(source::save_source(&db, &changed).await.unwrap(), id);
    assert_eq!(source::list_sources(&db).await.unwrap(), [(id, changed.clone())]);
    assert_eq!(source::find_source(&db, "vendor").await.unwrap(), Some((id, changed)));
    assert_eq!(source::find_source(&db, "Vendor").await.unwrap(), None);
    assert_eq!(source::find_source_by_id(&db, id + 1).await.unwrap(), None);
}

async fn only_a_good_pull_moves_the_mark(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let id = source::save_source(&db, &vendor()).await.unwrap();
    let feed = (
        "https://vendor.example/feed.json".to_owned(),
        Validator { etag: "\"1\"".to_owned(), last_modified: String::new() },
    );
    let mut pull = Pull { n_added: 3, ..Pull::begun(at("2026-11-20T02:00:00Z")) };
    let key = source::save_pull_begun(&db, id, pull.started_at).await.unwrap();
    let health = |all: Vec<(i64, _)>| -> nameplate::domain::source::SourceHealth {
        all.into_iter().find(|(of, _)| *of == id).unwrap().1
    };
    let running = health(source::list_source_health(&db).await.unwrap());
    assert!(running.error().unwrap().contains("broken off"));
    pull.finished_at = Some(at("2026-11-20T02:01:00Z"));
    source::save_pull(&db, key, &pull, std::slice::from_ref(&feed)).await.unwrap();
    assert_eq!(source::list_validators(&db, id).await.unwrap(), std::slice::from_ref(&feed));

    let mut bad = Pull { error: "no answer within 30 s".to_owned(), ..Pull::begun(at("2026-11-21T02:00:00Z")) };
    let key = source::save_pull_begun(&db, id, bad.started_at).await.unwrap();
    bad.finished_at = Some(at("2026-11-21T02:00:30Z"));
    source::save_pull(&db, key, &bad, &[]).await.unwrap();

    let now = health(source::list_source_health(&db).await.unwrap());
    assert_eq!(now.last_good_at, Some(pull.started_at));
    assert_eq!(now.error(), Some("no answer within 30 s"));
    assert_eq!(now.silent_days(at("2026-11-23T03:00:00Z")), Some(3));
    assert_eq!(source::list_validators(&db, id).await.unwrap(), [feed], "a bad visit forgets nothing");
    assert_eq!(source::list_pulls(&db, id, Timestamp::MIN, 10).await.unwrap(), [bad.clone(), pull]);
    assert_eq!(source::list_pulls(&db, id, at("2026-11-20T12:00:00Z"), 10).await.unwrap(), [bad]);

    let moved = Source { url: "https://mirror.example/provider-metadata.json".to_owned(), ..vendor() };
    source::save_source(&db, &moved).await.unwrap();
    assert_eq!(source::list_validators(&db, id).await.unwrap(), []);
}

async fn what_is_not_kept_is_listed_and_held_bytes_come_back(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let id = source::save_source(&db, &vendor()).await.unwrap();
    let document = |name: &str, state: DocumentState, trust: Trust| SourceDocument {
        url: format!("https://vendor.example/{name}.json"),
        state,
        trust,
        reason: "the digest differs".to_owned(),
        listed_at: "2026-11-01T00:00:00Z".to_owned(),
        validator: Validator::default(),
        sha256: Some("ab".repeat(32)),
        size_bytes: 5,
        checked_at: at("2026-11-20T02:00:00Z"),
        n_tries: 0,
    };
    let good = document("good", DocumentState::Kept, Trust::Verified);
    let bad = document("bad", DocumentState::Held, Trust::Failed);
    let rows = [(good.clone(), Some(b"bytes".to_vec())), (bad.clone(), Some(b"bytes".to_vec()))];
    source::save_source_documents(&db, id, &rows).await.unwrap();
    source::save_source_documents(&db, id, &rows).await.unwrap();

    let not_kept = source::list_documents_not_kept(&db, id, 0, 10).await.unwrap();
    let [(key, held)] = not_kept.as_slice() else { panic!("{not_kept:?}") };
    assert_eq!(held, &SourceDocument { n_tries: 2, ..bad.clone() }, "it was looked for twice");
    assert_eq!(source::find_held_document(&db, *key).await.unwrap().as_deref(), Some(&b"bytes"[..]));
    assert_eq!(source::list_documents_not_kept(&db, id, *key, 10).await.unwrap(), []);
    let found =
        source::list_source_documents(&db, id, &[&good.url, "https://vendor.example/other.json"]).await.unwrap();
    assert_eq!(found, [good]);
    let (_, health) = source::list_source_health(&db).await.unwrap().remove(0);
    assert_eq!((health.n_documents(), health.count(DocumentState::Held)), (1, 1));
    assert_eq!(health.lowest_trust(), Some(Trust::Verified));

    // Its second copy is good: it is no longer held, and its bytes are gone from here.
    let mended = document("bad", DocumentState::Kept, Trust::Verified);
    source::save_source_documents(&db, id, &[(mended, Some(b"bytes".to_vec()))]).await.unwrap();
    assert_eq!(source::list_documents_not_kept(&db, id, 0, 10).await.unwrap(), []);
    assert_eq!(source::find_held_document(&db, *key).await.unwrap(), None);
}
