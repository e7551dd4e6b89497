//! The life of exposures: opened, changed, closed, and told for any past moment.

use jiff::Timestamp;
use nameplate::domain::advisory::{AdvisoryKey, AdvisoryRevision};
use nameplate::domain::asset::Standing;
use nameplate::domain::exposure::{ExposureChanges, ExposureFilter, ExposureKey, ExposureRow, Finding, diff};
use nameplate::domain::priority::{KevCatalogue, KevEntry};
use nameplate::domain::rescan::{Rescan, RescanResult, Scope, Trigger, VariantStanding};
use nameplate::domain::site::SiteSummary;
use nameplate::domain::source::Trust;
use nameplate::domain::verdict::{Confidence, Doubt, DoubtKind, Verdict};
use nameplate::store::{Db, StoreError, advisory, asset, exposure, kev, lease, rescan, site, variant};

use super::import::{file, import, meter, time};
use crate::database::{TestDatabase, on_both};

const HOLDER: &str = "this process";

fn key(variant_id: i64, id: &str) -> ExposureKey {
    let advisory = AdvisoryKey { namespace: "https://example.com".to_owned(), id: id.to_owned() };
    ExposureKey { variant_id, asset_id: None, advisory }
}

fn affected(reason: &str) -> Finding {
    Finding {
        verdict: Verdict::Affected,
        doubts: Vec::new(),
        confidence: Confidence::Certain,
        reason: reason.to_owned(),
        product_pointer: "/product_tree/branches/0".to_owned(),
        cves: vec!["CVE-2022-46680".to_owned()],
        fix: Some("4.0.0".to_owned()),
        advisory_version: "1".to_owned(),
        fingerprint: String::new(),
        question: String::new(),
    }
}

fn possible(detail: &str) -> Finding {
    Finding {
        verdict: Verdict::Possible,
        doubts: vec![
            Doubt::new(DoubtKind::VersionUnknown, detail),
            Doubt::new(DoubtKind::Condition, "module X \"fitted\""),
        ],
        confidence: Confidence::Likely,
        cves: Vec::new(),
        fix: None,
        ..affected("firmware not stated")
    }
}

fn run_at(at: Timestamp, changes: &ExposureChanges) -> Rescan {
    Rescan {
        trigger: Trigger::Manual,
        scope: Scope::All,
        started_at: at,
        finished_at: at,
        matcher_version: "0.1.0".to_owned(),
        whole_because: String::new(),
        n_assets: 4,
        n_variants: 3,
        n_advisories: 2,
        n_opened: changes.opened.len() as u64,
        n_changed: changes.changed.len() as u64,
        n_closed: changes.closed.len() as u64,
        n_same: changes.n_same,
        n_not_judged: 0,
        error: None,
    }
}

fn result(changes: &ExposureChanges, standings: &[VariantStanding]) -> RescanResult {
    RescanResult { changes: changes.clone(), standings: standings.to_vec(), ..RescanResult::default() }
}

fn stands(variant_id: i64, standing: Standing) -> VariantStanding {
    let why = if standing == Standing::CannotBeChecked { "no source for this vendor" } else { "" };
    VariantStanding { variant_id, standing, why: why.to_owned() }
}

/// Rescans as a service does: compares what is open with what is found now, and saves the difference.
async fn rescan_at(
    db: &Db,
    at: &str,
    after: &[(ExposureKey, Finding)],
    standings: &[VariantStanding],
) -> ExposureChanges {
    let mut after = after.to_vec();
    after.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(lease::save_lease(db, rescan::LEASE, HOLDER, time(at)).await.unwrap());
    let changes = diff(&exposure::list_open_exposures(db).await.unwrap(), &after);
    rescan::save_rescan(db, HOLDER, &run_at(time(at), &changes), &result(&changes, standings)).await.unwrap();
    assert_eq!(exposure::list_open_exposures(db).await.unwrap(), after, "what was found is what is open");
    changes
}

async fn add_advisories(db: &Db, ids: &[(&str, &[&str])]) {
    let revisions = ids
        .iter()
        .map(|(id, cves)| {
            let revision = AdvisoryRevision {
                key: key(0, id).advisory,
                version: "1".to_owned(),
                sha256: format!("{id:0>64}"),
                title: format!("About {id}"),
                publisher: "Example".to_owned(),
                status: "final".to_owned(),
                released_at: None,
                updated_at: None,
                source: "test".to_owned(),
                added_at: time("2026-10-01T00:00:00Z"),
                cves: cves.iter().map(|cve| (*cve).to_owned()).collect(),
                n_warnings: 0,
                trust: Trust::Unsigned,
                trust_reason: String::new(),
                source_id: None,
            };
            (revision, id.as_bytes().to_vec())
        })
        .collect();
    advisory::save_advisory_revisions(db, revisions).await.unwrap();
}

/// A plant of four assets: two twins at Riverside, one with another firmware at Hillside, one of another make. Gives the
/// ids of the variants in that order.
async fn plant(db: &Db) -> [i64; 3] {
    let rows = [
        meter("Riverside", "PM-1", "PM8000", "3.1.2"),
        meter("Riverside", "PM-2", "PM8000", "3.1.2"),
        meter("Hillside", "PM-3", "PM8000", ""),
        meter("Hillside", "X-1", "Unheard-of", ""),
    ];
    import(db, &file("a.xlsx", "2026-11-01T00:00:00Z"), &rows).await;
    add_advisories(db, &[("A-1", &["CVE-2022-46680"]), ("A-2", &["CVE-2021-1", "not a cve"])]).await;
    let variants = variant::list_variants_for_rescan(db).await.unwrap();
    let id = |model: &str, firmware: &str| {
        variants.iter().find(|(_, v)| v.nameplate.model == model && v.firmware == firmware).unwrap().0
    };
    [id("PM8000", "3.1.2"), id("PM8000", ""), id("Unheard-of", "")]
}

async fn rows_at(db: &Db, at: &str) -> Vec<ExposureRow> {
    exposure::list_exposure_rows_at(db, time(at), &ExposureFilter::default()).await.unwrap()
}

/// Tag, advisory and reason of each row.
async fn told_at(db: &Db, at: &str) -> Vec<(String, String, String)> {
    let rows = rows_at(db, at).await;
    rows.iter().map(|r| (r.asset.tag.clone(), r.key.advisory.id.clone(), r.finding.reason.clone())).collect()
}

fn told(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    rows.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

/// Affected, possible, handled, ruled out, not named, cannot be checked; and advisories: affecting, exploited.
async fn places_at(db: &Db, at: &str) -> Vec<(String, [u64; 6], u64, u64)> {
    let summaries = site::site_summaries_at(db, time(at)).await.unwrap();
    for SiteSummary { n_assets, n_by_standing, .. } in &summaries {
        assert_eq!(*n_assets, n_by_standing.iter().sum::<u64>(), "the six places add up");
    }
    summaries
        .into_iter()
        .map(|s| (s.site, s.n_by_standing, s.n_advisories_affecting, s.n_advisories_exploited))
        .collect()
}

on_both!(
    an_exposure_opens_changes_closes_and_opens_again,
    a_rescan_twice_in_a_row_changes_nothing_but_the_list_of_runs,
    an_asset_has_the_exposures_of_the_variant_it_had_then,
    the_six_places_add_up_on_every_day,
    an_answer_that_depends_on_the_serial_number_is_kept_for_its_asset_alone,
    rows_are_chosen_by_site_verdict_advisory_variant_and_asset,
    without_the_lease_nothing_is_saved,
    a_rescan_that_cannot_be_saved_whole_leaves_the_last_result,
    many_exposures_are_changed_and_closed_in_batches,
    a_failed_run_is_kept_and_is_no_result,
    a_clock_that_went_back_spoils_no_rescan,
);

async fn an_exposure_opens_changes_closes_and_opens_again(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, blank, _] = plant(&db).await;
    assert!(blank < old, "variants of one import are numbered in their own order");
    let first =
        [(key(blank, "A-1"), possible("firmware not stated")), (key(old, "A-1"), affected("3.1.2 is below 4.0.0"))];
    let changes = rescan_at(&db, "2026-11-02T00:00:00Z", &first, &[]).await;
    assert_eq!((changes.opened.len(), changes.changed.len(), changes.closed.len()), (2, 0, 0));

    let mut revised = affected("3.1.2 is below 4.1.0");
    revised.advisory_version = "2".to_owned();
    let second = [(key(blank, "A-1"), possible("firmware `?` not stated")), (key(old, "A-1"), revised.clone())];
    let changes = rescan_at(&db, "2026-11-03T00:00:00Z", &second, &[]).await;
    assert_eq!((changes.opened.len(), changes.changed.len(), changes.closed.len()), (0, 2, 0));
    let causes = database.texts("select cause from exposure_history order by cause").await;
    assert_eq!(causes, ["advisory", "judgement"]);

    let changes = rescan_at(&db, "2026-11-04T00:00:00Z", &second[1..], &[]).await;
    assert_eq!((changes.opened.len(), changes.changed.len(), changes.closed.len()), (0, 0, 1));
    let changes = rescan_at(&db, "2026-11-05T00:00:00Z", &second, &[]).await;
    assert_eq!((changes.opened.len(), changes.changed.len(), changes.closed.len()), (1, 0, 0));
    let n = database.texts("select cast(count(*) as text) from exposure").await;
    assert_eq!(n, ["3"], "the return is a new exposure, nothing is deleted");

    let before = Vec::new();
    let first_told = told(&[
        ("PM-1", "A-1", "3.1.2 is below 4.0.0"),
        ("PM-2", "A-1", "3.1.2 is below 4.0.0"),
        ("PM-3", "A-1", "firmware not stated"),
    ]);
    let hillside_first = |rows: &[(String, String, String)]| [&rows[2..], &rows[..2]].concat();
    let second_told = told(&[
        ("PM-3", "A-1", "firmware not stated"),
        ("PM-1", "A-1", "3.1.2 is below 4.1.0"),
        ("PM-2", "A-1", "3.1.2 is below 4.1.0"),
    ]);
    for (at, expected) in [
        ("2026-11-01T23:59:59.999Z", before),
        ("2026-11-02T00:00:00Z", hillside_first(&first_told)),
        ("2026-11-02T23:59:59.999Z", hillside_first(&first_told)),
        ("2026-11-03T00:00:00Z", second_told.clone()),
        ("2026-11-04T00:00:00Z", second_told[1..].to_vec()),
        ("2026-11-05T00:00:00Z", second_told.clone()),
        ("2030-01-01T00:00:00Z", second_told),
    ] {
        assert_eq!(told_at(&db, at).await, expected, "{at}");
    }
    let row = &rows_at(&db, "2026-11-02T12:00:00Z").await[1];
    assert_eq!((&*row.key, &*row.finding), (&key(old, "A-1"), &first[1].1));
    assert_eq!((row.opened_at, row.changed_at), (time("2026-11-02T00:00:00Z"), time("2026-11-02T00:00:00Z")));
    let row = &rows_at(&db, "2026-11-06T00:00:00Z").await[1];
    assert_eq!((row.opened_at, row.changed_at), (time("2026-11-02T00:00:00Z"), time("2026-11-03T00:00:00Z")));
    assert_eq!(*row.finding, revised);
    assert_eq!(*rows_at(&db, "2026-11-06T00:00:00Z").await[0].finding, possible("firmware `?` not stated"));
    assert_eq!(exposure::list_exposures_at(&db, time("2026-11-02T12:00:00Z")).await.unwrap(), first);
    assert_eq!(exposure::list_exposures_at(&db, time("2026-11-04T12:00:00Z")).await.unwrap(), second[1..]);
}

async fn a_rescan_twice_in_a_row_changes_nothing_but_the_list_of_runs(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, blank, other] = plant(&db).await;
    let found = [(key(old, "A-1"), affected("x")), (key(blank, "A-1"), possible("y"))];
    let standings =
        [stands(blank, Standing::Possible), stands(old, Standing::Affected), stands(other, Standing::CannotBeChecked)];
    assert!(blank < old && old < other);
    rescan_at(&db, "2026-11-02T00:00:00Z", &found, &standings).await;
    let before: Vec<String> = database.n_rows().await.into_iter().filter(|t| !t.starts_with("rescan ")).collect();
    let changes = rescan_at(&db, "2026-11-03T00:00:00Z", &found, &standings).await;
    assert!(changes.is_empty() && changes.n_same == 2);
    let after: Vec<String> = database.n_rows().await.into_iter().filter(|t| !t.starts_with("rescan ")).collect();
    assert_eq!(before, after);
    let runs = rescan::list_rescans(&db, 10).await.unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0].1, run_at(time("2026-11-03T00:00:00Z"), &changes));
    assert_eq!(rescan::find_rescan(&db, runs[1].0).await.unwrap().as_ref(), Some(&runs[1]));
    assert_eq!(rescan::find_first_rescan(&db).await.unwrap().as_ref(), Some(&runs[1]));
    assert_eq!(rescan::find_rescan_at(&db, time("2026-11-02T12:00:00Z")).await.unwrap().as_ref(), Some(&runs[1]));
    assert_eq!(rescan::find_rescan_at(&db, time("2026-11-01T12:00:00Z")).await.unwrap(), None);
    assert_eq!(rescan::list_variant_standings(&db).await.unwrap(), standings);
}

async fn an_asset_has_the_exposures_of_the_variant_it_had_then(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, ..] = plant(&db).await;
    let found = [(key(old, "A-1"), affected("below"))];
    rescan_at(&db, "2026-11-02T00:00:00Z", &found, &[stands(old, Standing::Affected)]).await;
    // PM-2 gets the fixed firmware; a twin of PM-1 is built in; X-1 and PM-3 stay away.
    let rows = [
        meter("Riverside", "PM-1", "PM8000", "3.1.2"),
        meter("Riverside", "PM-2", "PM8000", "4.0.0"),
        meter("Riverside", "PM-9", "PM8000", "3.1.2"),
    ];
    import(&db, &file("b.xlsx", "2026-11-10T00:00:00Z"), &rows).await;
    assert_eq!(told_at(&db, "2026-11-09T00:00:00Z").await, told(&[("PM-1", "A-1", "below"), ("PM-2", "A-1", "below")]));
    let after = told(&[("PM-1", "A-1", "below"), ("PM-9", "A-1", "below")]);
    assert_eq!(told_at(&db, "2026-11-11T00:00:00Z").await, after);
    let rows = rows_at(&db, "2026-11-11T00:00:00Z").await;
    assert_eq!(
        (rows[0].opened_at, rows[1].opened_at),
        (time("2026-11-02T00:00:00Z"), time("2026-11-10T00:00:00Z")),
        "the new asset is exposed since it is there"
    );
    let before = rows_at(&db, "2026-11-09T00:00:00Z").await;
    assert_eq!(before[1].asset.variant.firmware, "3.1.2", "told with the firmware of that day");
    assert_eq!(
        places_at(&db, "2026-11-09T00:00:00Z").await,
        [("Hillside".to_owned(), [0, 0, 0, 0, 0, 2], 0, 0), ("Riverside".to_owned(), [2, 0, 0, 0, 0, 0], 1, 0)]
    );
    assert_eq!(
        places_at(&db, "2026-11-11T00:00:00Z").await,
        [("Hillside".to_owned(), [0, 0, 0, 0, 0, 2], 0, 0), ("Riverside".to_owned(), [2, 0, 0, 0, 0, 1], 1, 0)]
    );
    let unchecked = site::list_unchecked_at(&db, time("2026-11-11T00:00:00Z"), Some("Riverside")).await.unwrap();
    assert_eq!(unchecked.len(), 1);
    assert_eq!((&*unchecked[0].asset_id, &*unchecked[0].why), ("PM-2", "not judged yet"));
}

async fn the_six_places_add_up_on_every_day(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, blank, other] = plant(&db).await;
    assert_eq!(places_at(&db, "2026-10-31T00:00:00Z").await, [], "nothing was there yet");
    assert_eq!(
        places_at(&db, "2026-11-01T12:00:00Z").await,
        [("Hillside".to_owned(), [0, 0, 0, 0, 0, 2], 0, 0), ("Riverside".to_owned(), [0, 0, 0, 0, 0, 2], 0, 0)],
        "what was not judged cannot be called safe"
    );
    let found =
        [(key(old, "A-1"), affected("x")), (key(old, "A-2"), affected("x")), (key(blank, "A-1"), possible("y"))];
    let first =
        [stands(old, Standing::Affected), stands(blank, Standing::Possible), stands(other, Standing::CannotBeChecked)];
    rescan_at(&db, "2026-11-02T00:00:00Z", &found, &first).await;
    let second =
        [stands(old, Standing::RuledOut), stands(blank, Standing::Affected), stands(other, Standing::NotNamed)];
    let now = [(key(blank, "A-2"), affected("z"))];
    rescan_at(&db, "2026-11-03T00:00:00Z", &now, &second).await;
    let entry =
        KevEntry { cve: "CVE-2022-46680".to_owned(), date_added: "2026-11-02".to_owned(), ..KevEntry::default() };
    let list = KevCatalogue { version: "1".to_owned(), released_at: None, entries: vec![entry] };
    kev::save_kev(&db, &list, time("2026-11-04T00:00:00Z")).await.unwrap();

    assert_eq!(
        places_at(&db, "2026-11-02T12:00:00Z").await,
        [("Hillside".to_owned(), [0, 1, 0, 0, 0, 1], 0, 0), ("Riverside".to_owned(), [2, 0, 0, 0, 0, 0], 2, 1)]
    );
    assert_eq!(
        places_at(&db, "2026-11-03T12:00:00Z").await,
        [("Hillside".to_owned(), [1, 0, 0, 0, 1, 0], 1, 0), ("Riverside".to_owned(), [0, 0, 0, 2, 0, 0], 0, 0)]
    );
    let why = site::list_unchecked_at(&db, time("2026-11-02T12:00:00Z"), None).await.unwrap();
    assert_eq!(why.len(), 1);
    assert_eq!(
        (&*why[0].site, &*why[0].asset_id, &*why[0].model, &*why[0].why),
        ("Hillside", "X-1", "Unheard-of", "no source for this vendor")
    );
    assert_eq!(site::list_unchecked_at(&db, time("2026-11-03T12:00:00Z"), None).await.unwrap(), []);
}

async fn an_answer_that_depends_on_the_serial_number_is_kept_for_its_asset_alone(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, ..] = plant(&db).await;
    let pm1 = asset::list_assets_by_tag(&db, "PM-1", None).await.unwrap()[0].asset_id;
    let own = ExposureKey { asset_id: Some(pm1), ..key(old, "A-1") };
    let found = [(own.clone(), affected("serial 5 is in 1-9")), (key(old, "A-2"), possible("y"))];
    rescan_at(&db, "2026-11-02T00:00:00Z", &found, &[stands(old, Standing::Possible)]).await;
    let rows = told_at(&db, "2026-11-02T00:00:00Z").await;
    let expected = told(&[
        ("PM-1", "A-1", "serial 5 is in 1-9"),
        ("PM-1", "A-2", "firmware not stated"),
        ("PM-2", "A-2", "firmware not stated"),
    ]);
    assert_eq!(rows, expected);
    assert_eq!(
        places_at(&db, "2026-11-02T00:00:00Z").await[1],
        ("Riverside".to_owned(), [1, 1, 0, 0, 0, 0], 1, 0),
        "the asset's own exposure raises where it stands, its twin's not"
    );
    // Told otherwise for this asset, then closed for it; each day as it was.
    let second = [(own.clone(), possible("z")), (key(old, "A-2"), possible("y"))];
    rescan_at(&db, "2026-11-03T00:00:00Z", &second, &[stands(old, Standing::RuledOut)]).await;
    rescan_at(&db, "2026-11-04T00:00:00Z", &[], &[stands(old, Standing::RuledOut)]).await;
    assert_eq!(places_at(&db, "2026-11-02T12:00:00Z").await[1].1, [1, 1, 0, 0, 0, 0]);
    assert_eq!(places_at(&db, "2026-11-03T12:00:00Z").await[1].1, [0, 1, 0, 1, 0, 0]);
    assert_eq!(places_at(&db, "2026-11-04T12:00:00Z").await[1].1, [0, 0, 0, 2, 0, 0]);
    // Another firmware: the asset's own exposure of the earlier variant no longer counts for it.
    rescan_at(&db, "2026-11-05T00:00:00Z", &found, &[stands(old, Standing::RuledOut)]).await;
    import(&db, &file("b", "2026-11-06T00:00:00Z"), &[meter("Riverside", "PM-1", "PM8000", "4.0.0")]).await;
    assert_eq!(places_at(&db, "2026-11-06T00:00:00Z").await[1], ("Riverside".to_owned(), [0, 0, 0, 1, 0, 1], 0, 0));
}

async fn rows_are_chosen_by_site_verdict_advisory_variant_and_asset(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, blank, _] = plant(&db).await;
    let found =
        [(key(old, "A-1"), affected("a")), (key(old, "A-2"), possible("b")), (key(blank, "A-1"), possible("c"))];
    rescan_at(&db, "2026-11-02T00:00:00Z", &found, &[]).await;
    let changed =
        [(key(old, "A-1"), affected("a2")), (key(old, "A-2"), affected("b2")), (key(blank, "A-1"), possible("c2"))];
    rescan_at(&db, "2026-11-03T00:00:00Z", &changed, &[]).await;
    let pm2 = asset::list_assets_by_tag(&db, "PM-2", None).await.unwrap()[0].asset_id;
    let all = ExposureFilter::default();
    for (filter, n_before, n_now) in [
        (all.clone(), 5, 5),
        (ExposureFilter { site: Some("Riverside".to_owned()), ..all.clone() }, 4, 4),
        (ExposureFilter { site: Some("Nowhere".to_owned()), ..all.clone() }, 0, 0),
        (ExposureFilter { verdicts: vec![Verdict::Affected], ..all.clone() }, 2, 4),
        (ExposureFilter { verdicts: vec![Verdict::Affected, Verdict::Possible], ..all.clone() }, 5, 5),
        (ExposureFilter { verdicts: vec![Verdict::NotAffected], ..all.clone() }, 0, 0),
        (ExposureFilter { advisory: Some(key(0, "A-2").advisory), ..all.clone() }, 2, 2),
        (ExposureFilter { variant_id: Some(blank), ..all.clone() }, 1, 1),
        (ExposureFilter { asset_id: Some(pm2), ..all.clone() }, 2, 2),
        (ExposureFilter { asset_id: Some(pm2), verdicts: vec![Verdict::Affected], ..all.clone() }, 1, 2),
    ] {
        for (at, expected) in [("2026-11-02T12:00:00Z", n_before), ("2026-11-03T12:00:00Z", n_now)] {
            let rows = exposure::list_exposure_rows_at(&db, time(at), &filter).await.unwrap();
            assert_eq!(rows.len(), expected, "{filter:?} at {at}");
        }
    }
    assert_eq!(exposure::count_open_exposures(&db).await.unwrap(), 3);
    let stopped: Result<(), StoreError> =
        exposure::each_exposure_row_at(&db, time("2026-11-03T12:00:00Z"), &all, |_| {
            Err(StoreError::NotFound("the disk".to_owned()))
        })
        .await;
    assert!(stopped.is_err(), "the reader can stop it");
}

async fn without_the_lease_nothing_is_saved(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, ..] = plant(&db).await;
    let at = time("2026-11-02T00:00:00Z");
    assert!(lease::save_lease(&db, rescan::LEASE, "another", at).await.unwrap());
    let changes = diff(&[], &[(key(old, "A-1"), affected("x"))]);
    let before = database.n_rows().await;
    let error = rescan::save_rescan(&db, HOLDER, &run_at(at, &changes), &result(&changes, &[])).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    assert_eq!(database.n_rows().await, before);
}

async fn a_rescan_that_cannot_be_saved_whole_leaves_the_last_result(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, blank, _] = plant(&db).await;
    rescan_at(&db, "2026-11-02T00:00:00Z", &[(key(old, "A-1"), affected("x"))], &[stands(old, Standing::Affected)])
        .await;
    let before = (database.n_rows().await, exposure::list_open_exposures(&db).await.unwrap());
    let at = time("2026-11-03T00:00:00Z");
    let close_a1 = (key(old, "A-1"), affected("x"));
    let (open_a1, open_a2) = ((key(old, "A-1"), affected("x")), (key(old, "A-2"), affected("y")));
    let not_open = (key(blank, "A-1"), possible("y"));
    let unknown = (key(old, "A-99"), affected("z"));
    let no_variant = (key(999_999, "A-2"), affected("z"));
    for (what, changes) in [
        (
            "opens what is open",
            ExposureChanges { opened: vec![open_a2.clone(), open_a1], ..ExposureChanges::default() },
        ),
        (
            "closes what is not open",
            ExposureChanges {
                opened: vec![open_a2.clone()],
                closed: vec![close_a1.clone(), not_open.clone()],
                ..ExposureChanges::default()
            },
        ),
        (
            "changes what is not open",
            ExposureChanges {
                closed: vec![close_a1.clone()],
                changed: vec![(not_open.0, not_open.1.clone(), not_open.1)],
                ..ExposureChanges::default()
            },
        ),
        (
            "names an unknown advisory",
            ExposureChanges { closed: vec![close_a1.clone()], opened: vec![unknown], ..ExposureChanges::default() },
        ),
        (
            "names an unknown variant",
            ExposureChanges { closed: vec![close_a1], opened: vec![no_variant], ..ExposureChanges::default() },
        ),
    ] {
        let standings = [stands(old, Standing::NotNamed)];
        let error =
            rescan::save_rescan(&db, HOLDER, &run_at(at, &changes), &result(&changes, &standings)).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{what}: {error}");
        let after = (database.n_rows().await, exposure::list_open_exposures(&db).await.unwrap());
        assert_eq!(after, before, "{what}");
    }
}

async fn many_exposures_are_changed_and_closed_in_batches(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let rows: Vec<_> = (0..1_300).map(|n| meter("Riverside", &format!("X-{n}"), "PM8000", &n.to_string())).collect();
    import(&db, &file("a.xlsx", "2026-11-01T00:00:00Z"), &rows).await;
    add_advisories(&db, &[("A-1", &[])]).await;
    let variants = variant::list_variants_for_rescan(&db).await.unwrap();
    assert_eq!(variants.len(), 1_300);
    let found = |reason: &str| -> Vec<(ExposureKey, Finding)> {
        variants.iter().map(|(id, v)| (key(*id, "A-1"), affected(&format!("{} {reason}", v.firmware)))).collect()
    };
    let standings = |s: Standing| -> Vec<VariantStanding> { variants.iter().map(|(id, _)| stands(*id, s)).collect() };
    rescan_at(&db, "2026-11-02T00:00:00Z", &found("is old"), &standings(Standing::Affected)).await;
    rescan_at(&db, "2026-11-03T00:00:00Z", &found("is very old"), &standings(Standing::Affected)).await;
    assert_eq!(exposure::list_exposures_at(&db, time("2026-11-02T12:00:00Z")).await.unwrap(), found("is old"));
    rescan_at(&db, "2026-11-04T00:00:00Z", &found("x")[..10], &standings(Standing::NotNamed)).await;
    assert_eq!(places_at(&db, "2026-11-03T12:00:00Z").await[0].1, [1_300, 0, 0, 0, 0, 0]);
    assert_eq!(places_at(&db, "2026-11-04T12:00:00Z").await[0].1, [0, 0, 0, 0, 1_300, 0]);
}

async fn a_failed_run_is_kept_and_is_no_result(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let at = time("2026-11-02T00:00:00Z");
    let failed = Rescan { error: Some("disk\0 full".to_owned()), ..run_at(at, &ExposureChanges::default()) };
    rescan::save_failed_rescan(&db, &failed).await.unwrap();
    assert_eq!(rescan::list_rescans(&db, 10).await.unwrap()[0].1.error.as_deref(), Some("disk full"));
    assert_eq!(rescan::find_rescan_at(&db, time("2030-01-01T00:00:00Z")).await.unwrap(), None);
    assert_eq!(rescan::find_first_rescan(&db).await.unwrap(), None);
}

async fn a_clock_that_went_back_spoils_no_rescan(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let [old, ..] = plant(&db).await;
    rescan_at(&db, "2026-11-05T00:00:00Z", &[(key(old, "A-1"), affected("x"))], &[stands(old, Standing::Affected)])
        .await;
    rescan_at(&db, "2026-11-04T00:00:00Z", &[], &[stands(old, Standing::RuledOut)]).await;
    assert_eq!(told_at(&db, "2026-11-05T00:00:00Z").await, [], "opened and closed in the same moment");
}
