//! Fetching from a provider on this machine: what is new is kept, what fails is held apart, what stops goes on.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nameplate::config::Config;
use nameplate::domain::source::{Accepts, DocumentState, Pull, Source, SourceDocument, SourceKind, Trust};
use nameplate::ingest::source::client::Timing;
use nameplate::services::add_advisory_url::add_advisory_from_url;
use nameplate::services::fetch_advisories::trial::try_source;
use nameplate::services::fetch_advisories::{FetchAdvisoriesError, fetch_advisories};
use nameplate::services::progress::Silent;
use nameplate::services::sources::{FetchSettings, SourceChoices, discover, enable_source, find_source, save_source};
use nameplate::store::{self, Db, source};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::database::{TestDatabase, on_both};
use crate::provider::{Key, Page, Provider, document};

on_both!(
    what_is_good_is_kept_and_what_is_not_is_held_apart_with_its_reason,
    a_second_fetch_asks_only_whether_the_lists_changed,
    a_document_that_changes_becomes_a_new_revision,
    a_key_that_comes_later_raises_what_waited_for_it,
    lists_of_exploited_vulnerabilities_and_probabilities_are_sources_too,
);

/// Patient enough for a busy machine, but not for long.
fn settings() -> FetchSettings {
    let timing = Timing {
        idle: Duration::from_secs(5),
        back_off: Duration::from_millis(10),
        n_attempts: 2,
        ..Timing::default()
    };
    FetchSettings { requests_per_second: 0, timing, ..FetchSettings::default() }
}

async fn configure(db: &Db, provider: &Provider, choices: SourceChoices) {
    let choices = SourceChoices {
        url: choices.url.or_else(|| Some(provider.url("/provider-metadata.json"))),
        allows_private: choices.allows_private.or(Some(true)),
        ca_file: provider.ca_file().to_str().map(ToOwned::to_owned),
        ..choices
    };
    save_source(db, "acme", choices, "test", Timestamp::now()).await.unwrap();
}

async fn fetch(db: &Db) -> Pull {
    fetch_with(db, &settings()).await
}

async fn fetch_with(db: &Db, settings: &FetchSettings) -> Pull {
    let mut fetched = fetch_advisories(db, settings, &["acme".to_owned()], Timestamp::now(), &Silent).await.unwrap();
    fetched.remove(0).pull
}

async fn not_kept(db: &Db) -> Vec<SourceDocument> {
    let (id, _) = source::find_source(db, "acme").await.unwrap().unwrap();
    source::list_documents_not_kept(db, id, 0, 1_000).await.unwrap().into_iter().map(|(_, d)| d).collect()
}

/// Tracking id, version and trust of all advisories.
async fn advisories(db: &Db) -> Vec<(String, String, Trust)> {
    let all = store::advisory::list_advisories(db, None, 10_000).await.unwrap();
    all.into_iter().map(|r| (r.key.id, r.version, r.trust)).collect()
}

async fn sqlite() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&format!("sqlite://{}", folder.path().join("nameplate.db").display())).await.unwrap();
    (folder, db)
}

async fn what_is_good_is_kept_and_what_is_not_is_held_apart_with_its_reason(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let provider = Provider::start().await;
    let (key, stranger) = (Key::new(), Key::new());
    let mut entries = vec![
        provider.put_document("/verified.json", &document("A-1", 1, 0), Some(&key)),
        provider.put_document("/unsigned.json", &document("A-2", 1, 0), None),
        provider.put_document("/stranger.json", &document("A-3", 1, 0), Some(&stranger)),
        provider.put_document("/digest.json", &document("A-4", 1, 0), Some(&key)),
        provider.put_document("/signature.json", &document("A-5", 1, 0), Some(&key)),
        provider.put_document("/broken.json", b"{\"document\":", Some(&key)),
        provider.put_document("/page-as-digest.json", &document("A-6", 1, 0), None),
        provider.put_document("/busy.json", &document("A-7", 1, 0), None),
        provider.put_document("/moved.json", &document("A-8", 1, 0), None),
    ];
    entries.extend(
        ["/gone.json", "/page.json", "/circle.json"].map(|path| provider.entry(path, "2026-11-01T00:00:00Z", true)),
    );
    entries.push(json!({"id": "entry without an address"}));
    provider.put_bytes("/digest.json.sha512", "0".repeat(128));
    provider.put_bytes("/signature.json.asc", key.sign(b"something else"));
    provider.put("/page.json", Page::Html);
    provider.put("/circle.json", Page::Redirect("/circle.json".to_owned()));
    for ending in ["sha256", "sha512"] {
        provider.put(&format!("/page-as-digest.json.{ending}"), Page::Html);
    }
    provider.put("/busy.json", Page::Busy(429, Box::new(Page::Bytes(document("A-7", 1, 0)))));
    provider.put_bytes("/elsewhere/moved.json", document("A-8", 1, 0));
    provider.put("/moved.json", Page::Redirect("/elsewhere/moved.json".to_owned()));
    provider.put_feed("/feed.json", &entries);
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[&key]);
    configure(&db, &provider, SourceChoices::default()).await;

    let pull = fetch(&db).await;
    assert_eq!(pull.error, "");
    assert!(pull.is_good());
    assert_eq!((pull.n_listed, pull.n_added, pull.n_held, pull.n_unreadable, pull.n_missing), (12, 6, 2, 1, 3));
    assert!(pull.warnings.iter().any(|w| w.contains("names no document")), "{:?}", pull.warnings);
    let of = |id: &str, trust: Trust| (id.to_owned(), "1".to_owned(), trust);
    assert_eq!(
        advisories(&db).await,
        [
            of("A-1", Trust::Verified),
            of("A-2", Trust::Unsigned),
            of("A-3", Trust::KeyMissing),
            of("A-6", Trust::Unsigned),
            of("A-7", Trust::Unsigned),
            of("A-8", Trust::Unsigned),
        ]
    );
    let revision = store::advisory::list_advisories_by_id(&db, "A-1").await.unwrap().remove(0);
    assert!(revision.trust_reason.contains(&key.fingerprint()), "{}", revision.trust_reason);
    assert!(revision.trust_reason.contains("SHA-512 agrees"), "{}", revision.trust_reason);
    assert!(revision.source_id.is_some());

    let told: Vec<(String, DocumentState, Trust, String)> = not_kept(&db)
        .await
        .into_iter()
        .map(|d| (d.url.rsplit('/').next().unwrap_or_default().to_owned(), d.state, d.trust, d.reason))
        .collect();
    let about = |name: &str| told.iter().find(|(n, ..)| n == name).unwrap_or_else(|| panic!("{name}: {told:?}"));
    for (name, state, trust, word) in [
        ("digest.json", DocumentState::Held, Trust::Failed, "SHA-512 differs"),
        ("signature.json", DocumentState::Held, Trust::Failed, "does not fit the document"),
        ("broken.json", DocumentState::Unreadable, Trust::Verified, "expected JSON"),
        ("gone.json", DocumentState::Missing, Trust::Unsigned, "status 404"),
        ("page.json", DocumentState::Missing, Trust::Unsigned, "a page for people"),
        ("circle.json", DocumentState::Missing, Trust::Unsigned, "at most 20 redirects"),
    ] {
        let (_, found_state, found_trust, reason) = about(name);
        assert_eq!((found_state, found_trust), (&state, &trust), "{name}");
        assert!(reason.contains(word), "{name}: {reason}");
    }

    // What failed is mended, and taken with the next fetch although nothing changed in the feed.
    provider.put_document("/digest.json", &document("A-4", 1, 0), Some(&key));
    // And a plant that wants the other one all the same says so.
    configure(&db, &provider, SourceChoices { accepts: Some(Accepts::All), ..SourceChoices::default() }).await;
    let pull = fetch(&db).await;
    assert_eq!((pull.n_added, pull.n_held, pull.n_unchanged), (2, 0, 6), "{pull:?}");
    let again = advisories(&db).await;
    assert!(again.contains(&of("A-4", Trust::Verified)) && again.contains(&of("A-5", Trust::Failed)), "{again:?}");
}

async fn a_second_fetch_asks_only_whether_the_lists_changed(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let provider = Provider::start().await;
    let entries: Vec<_> = (0..2_000)
        .map(|i| provider.put_document(&format!("/{i}.json"), &document(&format!("B-{i}"), 1, 0), None))
        .collect();
    provider.put_feed("/feed-1.json", &entries[..1_200]);
    provider.put_feed("/feed-2.json", &entries[1_000..]);
    provider.put_metadata(&provider.rolie(&["/feed-1.json", "/feed-2.json"]), &[]);
    configure(&db, &provider, SourceChoices::default()).await;

    let pull = fetch(&db).await;
    assert_eq!((pull.n_listed, pull.n_added, pull.error.as_str()), (2_000, 2_000, ""));
    assert_eq!(provider.hits().len() as u64, pull.n_requests);

    let pull = fetch(&db).await;
    assert_eq!(provider.hits(), ["/provider-metadata.json", "/feed-1.json", "/feed-2.json"]);
    assert_eq!((pull.n_added, pull.n_requests, pull.is_good()), (0, 3, true));
    assert!(pull.size_bytes < 10_000, "the feeds were not sent again: {}", pull.size_bytes);

    // A feed that names one more: only that one is fetched.
    let mut more = entries[1_000..].to_vec();
    more.push(provider.put_document("/new.json", &document("B-new", 1, 0), None));
    provider.put_feed("/feed-2.json", &more);
    let pull = fetch(&db).await;
    let documents: Vec<String> = provider.hits().into_iter().filter(|path| path.contains("new")).collect();
    assert_eq!(documents, ["/new.json", "/new.json.sha512"]);
    assert_eq!((pull.n_added, pull.n_unchanged), (1, 1_000));
}

async fn a_document_that_changes_becomes_a_new_revision(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let provider = Provider::start().await;
    // A folder without a feed; its list is not sorted, and it is quoted.
    for (name, id) in [("2025/old.json", "C-1"), ("2026/new.json", "C-2")] {
        provider.put_document(&format!("/white/{name}"), &document(id, 1, 0), None);
    }
    let changes = |new: &str| format!("\"2025/old.json\",\"2025-01-01T00:00:00Z\"\r\n\"2026/new.json\",\"{new}\"");
    provider.put_bytes("/white/changes.csv", changes("2026-01-01T00:00:00Z"));
    provider.put_metadata(&json!([{"directory_url": provider.url("/white")}]), &[]);
    configure(&db, &provider, SourceChoices::default()).await;
    let pull = fetch(&db).await;
    assert_eq!((pull.n_added, pull.error.as_str()), (2, ""), "{pull:?}");

    provider.put_document("/white/2026/new.json", &document("C-2", 2, 0), None);
    provider.put_bytes("/white/changes.csv", changes("2026-02-01T00:00:00Z"));
    provider.hits();
    let pull = fetch(&db).await;
    assert_eq!((pull.n_added, pull.n_unchanged), (1, 1));
    assert!(!provider.hits().iter().any(|path| path.contains("old")));
    let versions: Vec<(String, String)> = advisories(&db).await.into_iter().map(|(id, v, _)| (id, v)).collect();
    assert_eq!(versions, [("C-1".into(), "1".into()), ("C-2".into(), "2".into())]);

    // A newer date, but the server says that the document is the same: noted, not fetched.
    provider.put_bytes("/white/changes.csv", changes("2026-03-01T00:00:00Z"));
    let pull = fetch(&db).await;
    assert_eq!((pull.n_added, pull.n_known, pull.n_unchanged), (0, 0, 2));

    // Without dates the index is enough, and each document is asked about.
    provider.put("/white/changes.csv", Page::Html);
    provider.put_bytes("/white/index.txt", "2025/old.json\n2026/new.json");
    let pull = fetch(&db).await;
    assert_eq!((pull.n_listed, pull.n_added, pull.n_unchanged, pull.error.as_str()), (2, 0, 2, ""));
}

async fn a_key_that_comes_later_raises_what_waited_for_it(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let provider = Provider::start().await;
    let key = Key::new();
    let entry = provider.put_document("/a.json", &document("D-1", 1, 0), Some(&key));
    provider.put_feed("/feed.json", &[entry]);
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[&key]);
    provider.put("/key-0.asc", Page::Status(404));
    configure(&db, &provider, SourceChoices::default()).await;
    let pull = fetch(&db).await;
    assert!(pull.warnings.iter().any(|w| w.contains("key-0.asc")), "{:?}", pull.warnings);
    assert_eq!(advisories(&db).await[0].2, Trust::KeyMissing);

    provider.put_bytes("/key-0.asc", Key::new().public());
    let pull = fetch(&db).await;
    assert!(pull.warnings.iter().any(|w| w.contains("expected the key")), "{:?}", pull.warnings);
    assert_eq!(advisories(&db).await[0].2, Trust::KeyMissing, "a key with another fingerprint is not used");

    provider.put_bytes("/key-0.asc", key.public());
    fetch(&db).await;
    assert_eq!(advisories(&db).await[0].2, Trust::Verified);
    provider.hits();
    fetch(&db).await;
    assert!(!provider.hits().contains(&"/a.json".to_owned()));
}

async fn lists_of_exploited_vulnerabilities_and_probabilities_are_sources_too(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let provider = Provider::start().await;
    let kev = json!({"catalogVersion": "2026.11.20", "dateReleased": "2026-11-20T12:00:00Z", "count": 1,
        "vulnerabilities": [{"cveID": "CVE-2026-0001", "vendorProject": "Acme", "product": "Controller",
            "vulnerabilityName": "x", "dateAdded": "2026-11-19", "dueDate": "2026-12-10",
            "knownRansomwareCampaignUse": "Unknown"}]});
    provider.put_json("/kev.json", &kev);
    let choices =
        SourceChoices { url: Some(provider.url("/kev.json")), kind: Some(SourceKind::Kev), ..SourceChoices::default() };
    configure(&db, &provider, choices).await;
    let pull = fetch(&db).await;
    assert_eq!((pull.n_listed, pull.error.as_str()), (1, ""));
    let kept = store::kev::find_kev(&db).await.unwrap().unwrap();
    assert_eq!((kept.version.as_str(), kept.entries.len()), ("2026.11.20", 1));
    assert_eq!(fetch(&db).await.n_unchanged, 1);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("epss.csv");
    std::fs::write(
        &file,
        "#model_version:v2026.01.01,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\nCVE-2026-0001,0.5,0.9\n",
    )
    .unwrap();
    let choices = SourceChoices {
        url: file.to_str().map(ToOwned::to_owned),
        kind: Some(SourceKind::Epss),
        ..SourceChoices::default()
    };
    configure(&db, &provider, choices).await;
    let pull = fetch(&db).await;
    assert_eq!((pull.n_listed, pull.error.as_str()), (1, ""));
    assert!(store::epss::find_epss(&db).await.unwrap().unwrap().date.starts_with("2026-11-20"));

    std::fs::write(&file, "<html>").unwrap();
    let pull = fetch(&db).await;
    assert!(!pull.is_good() && pull.error.contains("cannot use"), "{pull:?}");
    assert!(store::epss::find_epss(&db).await.unwrap().is_some(), "the list that was there stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_breaks_moves_no_mark_and_says_why() {
    let (_folder, db) = sqlite().await;
    let provider = Provider::start().await;
    let good = provider.put_document("/good.json", &document("E-1", 1, 0), None);
    let cut = provider.entry("/cut.json", "2026-11-01T00:00:00Z", false);
    provider.put("/cut.json", Page::Cut(b"{\"document\": {".to_vec()));
    provider.put_feed("/feed.json", &[good, cut]);
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[]);
    configure(&db, &provider, SourceChoices::default()).await;
    let pull = fetch(&db).await;
    assert!(!pull.is_good() && pull.error.contains("/cut.json"), "{pull:?}");
    assert_eq!(pull.n_added, 1, "what came is kept");
    let health = |all: Vec<(i64, _)>| -> nameplate::domain::source::SourceHealth { all.into_iter().next().unwrap().1 };
    let now = health(source::list_source_health(&db).await.unwrap());
    assert_eq!((now.last_good_at, now.n_documents()), (None, 1));

    provider.put_document("/cut.json", &document("E-2", 1, 0), None);
    provider.hits();
    let pull = fetch(&db).await;
    assert_eq!((pull.n_added, pull.n_unchanged, pull.is_good()), (1, 1, true));
    assert!(!provider.hits().contains(&"/good.json".to_owned()), "what was kept is not fetched again");
    let kept = health(source::list_source_health(&db).await.unwrap()).last_good_at.unwrap();
    assert_eq!(kept.as_millisecond(), pull.started_at.as_millisecond(), "the mark is the start of the good visit");

    let hasty = FetchSettings {
        timing: Timing { idle: Duration::from_millis(200), n_attempts: 1, ..settings().timing },
        ..settings()
    };
    provider.put("/feed.json", Page::Silent);
    let pull = fetch_with(&db, &hasty).await;
    assert!(pull.error.contains("/feed.json") && pull.error.contains("in time"), "{pull:?}");
    provider.put("/feed.json", Page::Html);
    assert!(fetch(&db).await.error.contains("a page for people"));
    provider.put("/provider-metadata.json", Page::Endless);
    let pull = fetch(&db).await;
    assert!(pull.error.contains("at most 8388608 bytes"), "{}", pull.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_key_proves_nothing() {
    let (_folder, db) = sqlite().await;
    let provider = Provider::start().await;
    let key = Key::new();
    let entry = provider.put_document("/a.json", &document("F-1", 1, 0), Some(&key));
    provider.put_feed("/feed.json", &[entry]);
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[&key]);
    provider.put_bytes("/key-0.asc", crate::provider::short_lived(&key, 20));
    configure(&db, &provider, SourceChoices::default()).await;
    let pull = fetch(&db).await;
    assert_eq!((pull.n_added, pull.n_held), (0, 1), "{pull:?}");
    assert!(not_kept(&db).await[0].reason.contains("days more"), "{:?}", not_kept(&db).await);

    // The same in 21 days, when the key is over: even a patient plant cannot take it.
    let choices = SourceChoices { allows_short_validity: Some(true), ..SourceChoices::default() };
    configure(&db, &provider, choices).await;
    let later = Timestamp::now() + jiff::SignedDuration::from_hours(21 * 24);
    fetch_advisories(&db, &settings(), &["acme".to_owned()], later, &Silent).await.unwrap();
    assert!(not_kept(&db).await[0].reason.contains("expired on"), "{:?}", not_kept(&db).await);
    let pull = fetch(&db).await;
    assert_eq!((pull.n_added, advisories(&db).await[0].2), (1, Trust::Verified));
    assert!(pull.warnings.iter().any(|w| w.contains("valid only until")), "{:?}", pull.warnings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_found_by_the_rules_of_the_standard() {
    let (_folder, db) = sqlite().await;
    let provider = Provider::start().await;
    // Missing paths answer with a page, the plain well-known path leads elsewhere, security.txt names two places.
    provider.put_feed("/feed.json", &[provider.put_document("/a.json", &document("G-1", 1, 0), None)]);
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[]);
    for version in ["v2.1/", "v2.0/"] {
        provider.put(&format!("/.well-known/csaf/{version}provider-metadata.json"), Page::Html);
    }
    let well_known = "/.well-known/csaf/provider-metadata.json";
    provider.put(well_known, Page::Redirect("/provider-metadata.json".to_owned()));
    let fields = format!(
        "Contact: mailto:x@acme.example\nCSAF: {}\nCSAF: {}\n",
        provider.url("/nothing.json"),
        provider.url("/provider-metadata.json")
    );
    provider.put_bytes("/.well-known/security.txt", fields);
    let domain = format!("localhost:{}", provider.port);
    configure(&db, &provider, SourceChoices { url: Some(domain), ..SourceChoices::default() }).await;
    let source = find_source(&db, "acme", Timestamp::now()).await.unwrap();

    let found = discover(&settings(), &source).await.unwrap();
    let told: Vec<(&str, bool)> = found.places.iter().map(|p| (p.way, p.outcome.is_ok())).collect();
    assert_eq!(
        told,
        [
            ("well-known path", false),
            ("well-known path", false),
            ("well-known path", false),
            ("security.txt", false),
            ("security.txt", true),
        ]
    );
    let why = |i: usize| found.places[i].outcome.clone().unwrap_err();
    assert!(why(0).contains("HTML") && why(2).contains("redirect") && why(3).contains("404"), "{found:?}");
    assert_eq!(fetch(&db).await.n_added, 1);
    let trial = try_source(&settings(), &source, Timestamp::now()).await.unwrap();
    assert!(trial.is_good() && trial.steps.len() == 4, "{trial:?}");

    // Valid metadata at the well-known path end the search.
    provider.put_json(well_known, &provider.metadata(&provider.rolie(&["/feed.json"]), &[]));
    let found = discover(&settings(), &source).await.unwrap();
    assert_eq!((found.places.len(), found.places[2].outcome.is_ok()), (3, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_providers_of_an_aggregator_are_visited_one_by_one() {
    let (_folder, db) = sqlite().await;
    let provider = Provider::start().await;
    provider.put_feed("/feed.json", &[provider.put_document("/a.json", &document("H-1", 1, 0), None)]);
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[]);
    let listed = |name: &str, path: &str| json!({"metadata": {"publisher": {"name": name}, "role": "csaf_provider", "last_updated": "2026-11-01T00:00:00Z", "url": provider.url(path)}});
    provider.put_json("/aggregator.json", &json!({"aggregator": {"category": "lister", "name": "Lister", "namespace": "https://l.example"},
        "aggregator_version": "2.0", "canonical_url": provider.url("/aggregator.json"), "last_updated": "2026-11-01T00:00:00Z",
        "csaf_providers": [listed("Gone", "/gone/provider-metadata.json"), listed("Acme", "/provider-metadata.json")]}));
    let choices = SourceChoices {
        url: Some(provider.url("/aggregator.json")),
        kind: Some(SourceKind::Aggregator),
        ..SourceChoices::default()
    };
    configure(&db, &provider, choices).await;
    let pull = fetch(&db).await;
    assert_eq!(pull.n_added, 1);
    assert!(!pull.is_good() && pull.error.starts_with("Gone: "), "{}", pull.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_circles_are_read_with_a_token_that_only_their_host_sees() {
    let (folder, db) = sqlite().await;
    let provider = Provider::start().await;
    let other = Provider::start().await;
    let away = other.put_document("/away.json", &document("I-2", 1, 0), None);
    provider.put_feed("/amber.json", &[provider.put_document("/own.json", &document("I-1", 1, 0), None), away]);
    provider.put_metadata(
        &json!([{"rolie": {"feeds": [{"tlp_label": "AMBER", "url": provider.url("/amber.json")}]}}]),
        &[],
    );
    configure(&db, &provider, SourceChoices::default()).await;
    let pull = fetch(&db).await;
    assert!(pull.error.contains("no list that can be read"), "{pull:?}");
    assert!(pull.warnings.iter().any(|w| w.contains("AMBER")), "{:?}", pull.warnings);

    let token = folder.path().join("token");
    std::fs::write(&token, "s3cret\n").unwrap();
    let both = folder.path().join("both.pem");
    std::fs::write(
        &both,
        [std::fs::read(provider.ca_file()).unwrap(), std::fs::read(other.ca_file()).unwrap()].concat(),
    )
    .unwrap();
    configure(
        &db,
        &provider,
        SourceChoices { token_file: token.to_str().map(ToOwned::to_owned), ..SourceChoices::default() },
    )
    .await;
    let settings = FetchSettings { ca_files: vec![both], ..settings() };
    provider.hits();
    let pull = fetch_with(&db, &settings).await;
    assert_eq!((pull.n_added, pull.error.as_str()), (2, ""));
    assert!(provider.hits_with_tokens().iter().all(|(_, token)| token == "Bearer s3cret"));
    let elsewhere = other.hits_with_tokens();
    assert!(!elsewhere.is_empty() && elsewhere.iter().all(|(_, token)| token.is_empty()), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_circle_is_read_with_a_certificate() {
    let (_folder, db) = sqlite().await;
    let provider = Provider::start_with_client_certificates().await;
    provider.put_feed("/amber.json", &[provider.put_document("/own.json", &document("J-1", 1, 0), None)]);
    provider.put_metadata(
        &json!([{"rolie": {"feeds": [{"tlp_label": "AMBER", "url": provider.url("/amber.json")}]}}]),
        &[],
    );
    configure(&db, &provider, SourceChoices::default()).await;
    let pull = fetch(&db).await;
    assert!(!pull.is_good() && pull.n_added == 0, "{pull:?}");
    assert_eq!(provider.n_hits(), 0, "nobody comes in without a certificate");

    let identity_file = provider.identity_file().to_str().map(ToOwned::to_owned);
    configure(&db, &provider, SourceChoices { identity_file, ..SourceChoices::default() }).await;
    let pull = fetch(&db).await;
    assert_eq!((pull.n_added, pull.error.as_str()), (1, ""), "{pull:?}");
    assert_eq!(advisories(&db).await[0].0, "J-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_links_are_looked_for_ever_more_seldom() {
    let (_folder, db) = sqlite().await;
    let provider = Provider::start().await;
    let dead = provider.put_document("/dead.json", &document("K-2", 1, 0), None);
    let alive = provider.put_document("/alive.json", &document("K-1", 1, 0), None);
    provider.put("/dead.json", Page::Status(404));
    provider.put_feed("/feed.json", &[alive, dead]);
    provider
        .put_metadata(&json!([{"rolie": {"feeds": [{"tlp_label": "WHITE", "url": provider.url("/feed.json")}]}}]), &[]);
    configure(&db, &provider, SourceChoices::default()).await;
    let mut n_asked = Vec::new();
    for _ in 0..4 {
        fetch(&db).await;
        n_asked.push(provider.hits().iter().filter(|path| *path == "/dead.json").count());
    }
    assert_eq!(n_asked, [1, 1, 0, 0], "twice at once, then after half an hour");
    assert_eq!(not_kept(&db).await.len(), 1, "it is still told");
}

/// A proxy that leads every name to one port of this machine, so that a public name can be played here.
async fn proxy(port: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leads_into_the_own_network_unless_the_source_allows_it() {
    let (_folder, db) = sqlite().await;
    let provider = Provider::start().await;
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[]);
    let careful = |url: Option<String>| SourceChoices { url, allows_private: Some(false), ..SourceChoices::default() };
    configure(&db, &provider, careful(None)).await;
    let pull = fetch(&db).await;
    assert!(pull.error.contains("not public") && pull.error.contains("--allow-private"), "{}", pull.error);
    assert_eq!(provider.n_hits(), 0);

    // A public name, reached through a proxy, redirects to the machine itself; and so does a link in a feed.
    let settings = FetchSettings { proxy: Some(proxy(provider.port).await), ..settings() };
    let place = "https://vendor.example/provider-metadata.json".to_owned();
    configure(&db, &provider, careful(Some(place))).await;
    provider.put("/feed.json", Page::Redirect(format!("https://127.0.0.1:{}/secret.json", provider.port)));
    provider.put_json(
        "/provider-metadata.json",
        &provider.metadata(
            &json!([{"rolie": {"feeds": [{"tlp_label": "WHITE", "url": "https://vendor.example/feed.json"}]}}]),
            &[],
        ),
    );
    let pull = fetch_with(&db, &settings).await;
    assert!(pull.error.contains("127.0.0.1, an address that is not public"), "{}", pull.error);
    assert!(!provider.hits().contains(&"/secret.json".to_owned()));

    let inside = json!({"id": "x", "updated": "2026-11-01T00:00:00Z", "content": {"src": "https://[::1]/inside.json"}});
    let plain =
        json!({"id": "y", "updated": "2026-11-01T00:00:00Z", "content": {"src": "http://vendor.example/plain.json"}});
    provider.put_feed("/feed.json", &[inside, plain]);
    let pull = fetch_with(&db, &settings).await;
    assert_eq!(pull.n_missing, 2, "{pull:?}");
    let reasons: Vec<String> = not_kept(&db).await.into_iter().map(|d| d.reason).collect();
    assert!(
        reasons.iter().any(|r| r.contains("::1")) && reasons.iter().any(|r| r.contains("expected `https`")),
        "{reasons:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_configured_is_refused_and_nothing_is_enabled_by_itself() {
    let (_folder, db) = sqlite().await;
    let now = Timestamp::now();
    let fetched = fetch_advisories(&db, &settings(), &[], now, &Silent).await.unwrap();
    assert!(fetched.is_empty());
    let error = fetch_advisories(&db, &settings(), &["siemens".to_owned()], now, &Silent).await.unwrap_err();
    assert!(error.to_string().contains("`siemens`"), "{error}");
    let (_, source) = enable_source(&db, "siemens", true, "test", now).await.unwrap();
    assert!(source.is_enabled && source.url.starts_with("https://cert-portal.siemens.com/"));
    assert!(enable_source(&db, "nobody", true, "test", now).await.is_err());

    store::lease::save_lease(&db, "fetch", "another process", Timestamp::now()).await.unwrap();
    let error = fetch_advisories(&db, &settings(), &[], now, &Silent).await.unwrap_err();
    assert!(matches!(error, FetchAdvisoriesError::Busy { .. }), "{error}");
    assert_eq!(FetchSettings::of_config(&Config::default()).unwrap().requests_per_second, 50);
}

/// The program as a process of its own.
struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
        command.env_clear().env("NAMEPLATE_DATA_DIR", self.folder.path()).args(arguments);
        command.env("NAMEPLATE_FETCH_REQUESTS_PER_SECOND", "0");
        command
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_is_killed_goes_on_where_it_was_and_memory_stays_bounded() {
    let provider = Provider::start().await;
    // 2,000 documents of 100 kB each, made when they are asked for: 200 MB in all.
    let entries: Vec<_> =
        (0..2_000).map(|i| provider.entry(&format!("/{i}.json"), "2026-11-01T00:00:00Z", false)).collect();
    provider.put_feed("/feed.json", &entries);
    provider.put_metadata(&provider.rolie(&["/feed.json"]), &[]);
    provider.make(|path| {
        let number = path.strip_prefix('/')?.strip_suffix(".json")?;
        number.parse::<u32>().is_ok().then(|| document(&format!("K-{number}"), 1, 100_000))
    });
    let program = Program { folder: tempfile::tempdir().unwrap() };
    let ca_file = provider.ca_file();
    let url = provider.url("/provider-metadata.json");
    tokio::task::block_in_place(|| {
        let ca_file = ca_file.to_str().unwrap();
        program.ok(&["source", "add", "acme", &url, "--allow-private", "--ca-file", ca_file]);
        program.ok(&["source", "enable", "acme"]);

        let mut first = program.start(&["fetch"]);
        let deadline = Instant::now() + Duration::from_secs(120);
        while provider.n_hits() < 900 {
            assert!(Instant::now() < deadline && first.try_wait().unwrap().is_none(), "it ended before it was killed");
            std::thread::sleep(Duration::from_millis(5));
        }
        // SIGKILL: nothing can be tidied up.
        first.kill().unwrap();
        first.wait().unwrap();
        let shown = program.ok(&["source", "show", "acme"]);
        assert!(shown.contains("broken off"), "{shown}");
        provider.hits();

        // The lease of the dead process is still there for a moment.
        let database = format!("sqlite://{}", program.folder.path().join("nameplate.db").display());
        tokio::runtime::Handle::current().block_on(async {
            let db = Db::open(&database).await.unwrap();
            let (holder, _) = store::lease::find_lease(&db, "fetch").await.unwrap().unwrap();
            store::lease::delete_lease(&db, "fetch", &holder).await.unwrap();
            db.close().await;
        });
        let mut second = program.start(&["fetch"]);
        let mut peak_kb = 0;
        while second.try_wait().unwrap().is_none() {
            peak_kb = peak_kb.max(peak_memory_kb(second.id()));
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = second.wait_with_output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        let n_fetched = provider.hits().iter().filter(|path| path.ends_with(".json")).count();
        assert!((500..1_950).contains(&n_fetched), "{n_fetched} documents were fetched after the first run was killed");
        assert!(told.contains("unchanged"), "{told}");
        // A debug build has 53 MB before it begins; copies of two batches and of what is under way come to 200 MB.
        assert!(peak_kb < 320_000, "{peak_kb} kB for 170 MB of documents");
        let listed = program.ok(&["advisory", "list"]);
        assert_eq!(listed.lines().filter(|line| line.contains("K-")).count(), 2_000);
    });
}

/// The most memory that a process had so far; 0 where the system does not tell.
fn peak_memory_kb(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_document_is_added_from_its_address() {
    let (folder, db) = sqlite().await;
    let provider = Provider::start().await;
    let key = Key::new();
    provider.put_document("/a.json", &document("L-1", 1, 0), Some(&key));
    let keys = folder.path().join("key.asc");
    std::fs::write(&keys, key.public()).unwrap();
    let source = |path: &str| Source {
        allows_private: true,
        ca_file: provider.ca_file().to_str().map(ToOwned::to_owned),
        key_file: keys.to_str().map(ToOwned::to_owned),
        ..Source::new("once", SourceKind::Csaf, &provider.url(path), Timestamp::now())
    };
    let add = async |path: &str| add_advisory_from_url(&db, &settings(), &source(path), Timestamp::now()).await;
    let added = add("/a.json").await.unwrap();
    assert_eq!((added.key.id.as_str(), added.trust, added.is_new), ("L-1", Trust::Verified, true));
    assert!(!add("/a.json").await.unwrap().is_new);
    provider.put_bytes("/a.json.sha512", "0".repeat(128));
    assert!(add("/a.json").await.unwrap_err().to_string().contains("SHA-512 differs"));
    assert!(add("/b.json").await.unwrap_err().to_string().contains("404"));
    assert_eq!(advisories(&db).await.len(), 1);
}
