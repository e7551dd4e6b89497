//! Triage: questions and answers, marks and typed-in values, and runs of a part, on both databases.

use jiff::Timestamp;
use nameplate::domain::account::SiteScope;
use nameplate::domain::advisory::AdvisoryKey;
use nameplate::domain::asset::{Asset, AssetEdit, ImportedAsset, Standing};
use nameplate::domain::exposure::ExposureFilter;
use nameplate::domain::inventory::{Field, NewInventory, OnMissing};
use nameplate::domain::mark::{Mark, MarkReason};
use nameplate::domain::nameplate::{Nameplate, Variant};
use nameplate::domain::priority::{KevCatalogue, KevEntry};
use nameplate::domain::remediation::RemediationStatus;
use nameplate::domain::rescan::{Scope, Trigger};
use nameplate::domain::review::{Answer, QuestionKind};
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::decide_match::{Decide, DecideError, For, decide, preview};
use nameplate::services::edit_assets::edit_assets;
use nameplate::services::progress::Silent;
use nameplate::services::rescan::{rescan, rescan_nightly, rescan_part, rescan_pending};
use nameplate::services::set_remediation::{MarkRequest, MarkScope, MarkedRow, preview_marks, set_remediation};
use nameplate::services::undo_act::undo_act;
use nameplate::store::inventory::{FileRows, save_import};
use nameplate::store::review::Queue;
use nameplate::store::{Db, asset, asset_edit, audit, exposure, kev, remediation, review, site};
use serde_json::{Value, json};

use crate::database::{TestDatabase, on_both};

const WHO: &str = "M. Okafor";

/// A plant with its database.
struct Plant {
    db: Db,
    folder: tempfile::TempDir,
}

/// Product name, version range, remedy.
type Product<'a> = (&'a str, &'a str, &'a str);

impl Plant {
    async fn new(database: &TestDatabase) -> Plant {
        Plant { db: Db::open(&database.url).await.unwrap(), folder: tempfile::TempDir::new().unwrap() }
    }

    /// Imports rows of site, tag, vendor, model, firmware.
    async fn import(&self, name: &str, rows: &[[&str; 5]]) {
        let rows: Vec<[&str; 6]> = rows.iter().map(|[a, b, c, d, e]| [*a, *b, *c, *d, *e, ""]).collect();
        self.import_with_serials(name, &rows, OnMissing::Keep).await;
    }

    /// Imports rows of site, tag, vendor, model, firmware, serial number.
    async fn import_with_serials(&self, name: &str, rows: &[[&str; 6]], on_missing: OnMissing) {
        let assets: Vec<ImportedAsset> = rows
            .iter()
            .map(|[site, tag, vendor, model, firmware, serial_number]| ImportedAsset {
                identity: format!("{site}\u{1f}{tag}"),
                asset: Asset {
                    tag: (*tag).to_owned(),
                    site: (*site).to_owned(),
                    serial_number: (*serial_number).to_owned(),
                    variant: Variant {
                        nameplate: Nameplate {
                            vendor: (*vendor).to_owned(),
                            model: (*model).to_owned(),
                            ..Nameplate::default()
                        },
                        firmware: (*firmware).to_owned(),
                        notes: String::new(),
                    },
                    ..Asset::default()
                },
            })
            .collect();
        let new = NewInventory {
            file_name: name.to_owned(),
            sha256: format!("{name:0>64}"),
            site: None,
            imported_at: Timestamp::now(),
            remarks: Vec::new(),
            is_sample: false,
        };
        let rows = FileRows { assets: &assets, warnings: &[], rejected: &[] };
        save_import(&self.db, &new, rows, on_missing, false).await.unwrap();
    }

    /// Adds a document of Schneider Electric with these CVEs, which all hold for all products.
    async fn advise(&self, id: &str, version: &str, title: &str, products: &[Product<'_>], cves: &[&str]) {
        let branches: Vec<Value> = products
            .iter()
            .enumerate()
            .map(|(n, (name, range, _))| {
                json!({"category": "product_name", "name": name, "branches": [{
                    "category": "product_version_range", "name": range,
                    "product": {"name": format!("Schneider Electric {name} {range}"), "product_id": format!("P{n}")}
                }]})
            })
            .collect();
        let ids: Vec<String> = (0..products.len()).map(|n| format!("P{n}")).collect();
        let remedies: Vec<Value> = products
            .iter()
            .enumerate()
            .map(|(n, (.., remedy))| json!({"category": "vendor_fix", "details": remedy, "product_ids": [format!("P{n}")]}))
            .collect();
        let vulnerabilities: Vec<Value> = cves
            .iter()
            .map(|cve| json!({"cve": cve, "product_status": {"known_affected": ids}, "remediations": remedies}))
            .collect();
        let document = json!({
            "document": {
                "category": "csaf_security_advisory", "csaf_version": "2.0", "title": title,
                "publisher": {"category": "other", "name": "Tests", "namespace": "https://example.com"},
                "tracking": {
                    "id": id, "version": version, "status": "final",
                    "initial_release_date": "2026-10-01T00:00:00Z", "current_release_date": "2026-10-01T00:00:00Z",
                    "revision_history": [{"number": version, "date": "2026-10-01T00:00:00Z", "summary": "as it is"}]
                }
            },
            "product_tree": {"branches": [{"category": "vendor", "name": "Schneider Electric", "branches": branches}]},
            "vulnerabilities": vulnerabilities
        });
        let path = self.folder.path().join(format!("{id}-{version}.json"));
        std::fs::write(&path, serde_json::to_vec(&document).unwrap()).unwrap();
        let added = add_advisories(&self.db, &[path], &Silent).await.unwrap();
        assert_eq!((added.n_added, added.n_unreadable), (1, 0), "{:?}", added.unreadable);
    }

    async fn rescan(&self) -> [u64; 3] {
        let run = rescan(&self.db, Trigger::Manual, &Silent).await.unwrap().rescan;
        [run.n_opened, run.n_changed, run.n_closed]
    }

    /// Tag, advisory and verdict of all that is open, sorted.
    async fn open(&self) -> Vec<String> {
        let rows =
            exposure::list_exposure_rows_at(&self.db, Timestamp::now(), &ExposureFilter::default()).await.unwrap();
        let mut open: Vec<String> =
            rows.iter().map(|r| format!("{} {} {}", r.asset.tag, r.key.advisory.id, r.finding.verdict)).collect();
        open.sort();
        open
    }

    async fn asset(&self, tag: &str) -> i64 {
        asset::list_assets_by_tag(&self.db, tag, None).await.unwrap()[0].asset_id
    }

    async fn answer(
        &self,
        answer: Answer,
        whom: For,
    ) -> Result<nameplate::services::decide_match::Decided, DecideError> {
        let open = self.questions().await;
        let question = &open.first().expect("a question").question;
        let given = Decide {
            question: question.digest.clone(),
            fingerprint: question.fingerprint.clone(),
            answer,
            whom,
            for_later: true,
            note: String::new(),
        };
        decide(&self.db, &given, WHO, &SiteScope::All, Timestamp::now(), &Silent).await
    }

    async fn questions(&self) -> Vec<nameplate::domain::review::OpenQuestion> {
        let queue = Queue::Waiting(QuestionKind::Product);
        review::list_questions(&self.db, queue, &SiteScope::All, 0, 10).await.unwrap()
    }
}

fn key(id: &str) -> AdvisoryKey {
    AdvisoryKey { namespace: "https://example.com".to_owned(), id: id.to_owned() }
}

/// Fourteen twins of one nameplate in three spellings at two sites, which an entry names only vaguely.
const TWINS: [[&str; 5]; 6] = [
    ["North", "T1", "SE", "ION 7330", "3.0.0"],
    ["North", "T2", "Schneider", "ION7330", "3.0.0"],
    ["South", "T3", "Schneider Electric", "ION-7330", ""],
    ["South", "T4", "SE", "ION 7330", "5.0.0"],
    ["South", "T5", "Schneider Electric", "ION7330", "3.0.0"],
    ["South", "X1", "Schneider Electric", "PM8000", "3.1.2"],
];

async fn vague(plant: &Plant) {
    plant.import("a.xlsx", &TWINS).await;
    let products =
        [("Legacy ION products", "< 4.0.0", "Update to 4.0.0"), ("PowerLogic PM8000", "< 4.0.0", "Update to 4.0.0")];
    plant.advise("A-1", "1", "About meters", &products, &["CVE-2026-0001", "CVE-2026-0002"]).await;
    plant.rescan().await;
}

async fn one_answer_settles_all_spellings_and_undo_brings_exactly_back(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    let before = plant.open().await;
    let asked = plant.questions().await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!((asked[0].n_assets, asked[0].n_exposures, asked[0].n_sites), (4, 4, 2), "5.0.0 is outside in any case");
    let spellings = review::list_spellings(&plant.db, &asked[0].question.digest, &SiteScope::All, 10).await.unwrap();
    assert_eq!(spellings.iter().map(|s| s.n_assets).sum::<u64>(), 4);
    let sites = review::list_question_sites(&plant.db, &asked[0].question.digest, &SiteScope::All).await.unwrap();
    assert_eq!(sites.len(), 2, "{sites:?}");
    let nowhere = SiteScope::Only([-7].into());
    let sites = review::list_question_sites(&plant.db, &asked[0].question.digest, &nowhere).await.unwrap();
    assert!(sites.is_empty(), "{sites:?}");
    let effects = preview(&plant.db, &asked[0].question, &spellings, &Silent).await.unwrap();
    assert_eq!(effects.map(|e| [e.n_affected, e.n_possible, e.n_left]), [[3, 1, 0], [0, 0, 4]]);

    let decided = plant.answer(Answer::Same, For::All).await.unwrap();
    assert_eq!((decided.n_affected, decided.n_possible, decided.n_left), (3, 1, 0), "{}", decided.told);
    assert!(decided.told.ends_with("3 assets now affected, 1 asset possible."), "{}", decided.told);
    let after = plant.open().await;
    for tag in ["T1", "T2", "T5"] {
        assert!(after.contains(&format!("{tag} A-1 affected")), "{after:?}");
    }
    assert!(plant.questions().await.is_empty());
    assert_eq!(review::list_answers(&plant.db, None, None, 10).await.unwrap()[0].who, WHO);

    undo_act(&plant.db, decided.audit_id, "J. Doe", &SiteScope::All, Timestamp::now(), &Silent).await.unwrap();
    assert_eq!(plant.open().await, before);
    assert_eq!(plant.questions().await.len(), 1);
    let acts =
        audit::list_audit(&plant.db, audit::Seen { sites: &SiteScope::All, accounts: false }, None, 10).await.unwrap();
    assert_eq!(acts.iter().map(|a| a.entry.who.as_str()).collect::<Vec<_>>(), ["J. Doe", WHO]);
    assert_eq!(acts[1].undone_by, Some(acts[0].audit_id));
    assert!(
        undo_act(&plant.db, decided.audit_id, WHO, &SiteScope::All, Timestamp::now(), &Silent).await.is_err(),
        "taken back once"
    );
}

async fn an_answer_for_one_site_leaves_the_question_at_the_others(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    let decided = plant.answer(Answer::Different, For::Site("North".to_owned())).await.unwrap();
    assert_eq!((decided.n_affected, decided.n_possible, decided.n_left), (0, 0, 2), "{}", decided.told);
    let after = plant.open().await;
    assert!(!after.iter().any(|row| row.starts_with("T1") || row.starts_with("T2")), "{after:?}");
    assert!(after.contains(&"T3 A-1 possible".to_owned()) && after.contains(&"T5 A-1 possible".to_owned()));
    let asked = plant.questions().await;
    assert_eq!((asked[0].n_assets, asked[0].n_sites), (2, 1));
    // A run of all changes nothing of it.
    assert_eq!(plant.rescan().await, [0, 0, 0]);
    undo_act(&plant.db, decided.audit_id, WHO, &SiteScope::All, Timestamp::now(), &Silent).await.unwrap();
    assert_eq!(plant.questions().await[0].n_assets, 4);
}

async fn an_answer_for_several_sites_is_one_act_and_one_undo_takes_all_of_it_back(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    let known = site::list_sites(&plant.db).await.unwrap();
    let two: std::collections::BTreeSet<i64> = known.iter().take(2).map(|site| site.site_id).collect();
    assert_eq!(two.len(), 2, "{known:?}");
    let mine = SiteScope::Only(two);
    let before = (plant.open().await, plant.questions().await[0].n_assets);
    let given = Decide {
        question: plant.questions().await.remove(0).question.digest,
        fingerprint: String::new(),
        answer: Answer::Different,
        whom: For::All,
        for_later: true,
        note: String::new(),
    };
    let decided = decide(&plant.db, &given, WHO, &mine, Timestamp::now(), &Silent).await.unwrap();
    let answers = review::list_answers_of_act(&plant.db, decided.audit_id).await.unwrap();
    let mut sites: Vec<&str> = answers.iter().map(|answer| answer.site.as_str()).collect();
    sites.sort_unstable();
    let mut wanted: Vec<&str> = known.iter().take(2).map(|site| site.name.as_str()).collect();
    wanted.sort_unstable();
    assert_eq!(sites, wanted, "one answer a site, all of one act");
    assert!(answers.iter().all(|answer| !answer.effect.is_empty()), "{answers:?}");
    assert_ne!(plant.open().await, before.0);
    undo_act(&plant.db, decided.audit_id, WHO, &mine, Timestamp::now(), &Silent).await.unwrap();
    assert_eq!((plant.open().await, plant.questions().await[0].n_assets), before);
    let answers = review::list_answers_of_act(&plant.db, decided.audit_id).await.unwrap();
    assert!(answers.iter().all(|answer| answer.taken_back_at.is_some()), "{answers:?}");
    // Whoever answers for a site first keeps it; the others of a later answer are decided.
    plant.answer(Answer::Same, For::Site(wanted[0].to_owned())).await.unwrap();
    let later = decide(&plant.db, &given, WHO, &mine, Timestamp::now(), &Silent).await.unwrap();
    let answers = review::list_answers_of_act(&plant.db, later.audit_id).await.unwrap();
    assert_eq!(answers.iter().map(|answer| answer.site.as_str()).collect::<Vec<_>>(), [wanted[1]]);
}

async fn a_question_is_asked_again_only_when_product_or_range_changed(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    plant.answer(Answer::Different, For::All).await.unwrap();
    let products = |range| {
        [("Legacy ION products", range, "Update to 4.0.0"), ("PowerLogic PM8000", "< 4.0.0", "Update to 4.0.0")]
    };
    plant
        .advise("A-1", "2", "About meters, told better", &products("< 4.0.0"), &["CVE-2026-0001", "CVE-2026-0002"])
        .await;
    plant.advise("A-2", "1", "Another one", &[("Legacy ION products", "< 3.5.0", "")], &["CVE-2026-0003"]).await;
    assert_eq!(rescan_pending(&plant.db, &Silent).await.unwrap().len(), 1);
    assert!(plant.questions().await.is_empty(), "a new title and a new advisory are no reason");
    plant
        .advise("A-1", "3", "About meters, told better", &products("< 4.1.0"), &["CVE-2026-0001", "CVE-2026-0002"])
        .await;
    rescan_pending(&plant.db, &Silent).await.unwrap();
    let asked = plant.questions().await;
    assert_eq!(asked.len(), 1);
    let earlier = asked[0].asked_again.as_ref().expect("the answer of then");
    assert_eq!((earlier.answer, earlier.who.as_str()), (Answer::Different, WHO));
    plant.answer(Answer::Different, For::All).await.unwrap();
    assert!(plant.questions().await.is_empty());
}

async fn what_cannot_be_told_waits_for_a_reading(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    let before = plant.open().await;
    plant.answer(Answer::CannotTell, For::All).await.unwrap();
    assert_eq!(plant.open().await, before);
    assert!(plant.questions().await.is_empty());
    let (n, n_exposures) = review::count_questions(&plant.db, Queue::CannotTell, &SiteScope::All).await.unwrap();
    assert_eq!((n, n_exposures), (1, 4));
    plant.rescan().await;
    assert!(plant.questions().await.is_empty());
}

async fn an_answer_to_a_page_that_is_no_longer_true_is_refused(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    let question = plant.questions().await.remove(0).question;
    let given = Decide {
        question: question.digest.clone(),
        fingerprint: "another".to_owned(),
        answer: Answer::Same,
        whom: For::All,
        for_later: true,
        note: String::new(),
    };
    let say = async |given: &Decide| decide(&plant.db, given, WHO, &SiteScope::All, Timestamp::now(), &Silent).await;
    assert!(matches!(say(&given).await, Err(DecideError::Changed)));
    let holds = Decide { answer: Answer::Holds, fingerprint: String::new(), ..given.clone() };
    assert!(say(&holds).await.unwrap_err().to_string().contains("expected one of `same`, `different`, `cannot_tell`"));
    say(&Decide { fingerprint: String::new(), ..given.clone() }).await.unwrap();
    let error = say(&Decide { fingerprint: String::new(), ..given }).await.unwrap_err();
    assert!(matches!(error, DecideError::Gone), "{error}");
}

async fn firmware_that_was_updated_closes_by_evidence_and_undo_opens_again(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    let before = plant.open().await;
    let id = plant.asset("X1").await;
    let update = |to: &str| MarkRequest {
        scope: MarkScope { only: vec![MarkedRow::Asset(id, key("A-1"))], ..MarkScope::default() },
        mark: Mark { reason: MarkReason::FirmwareUpdated, firmware: to.to_owned(), ..Mark::default() },
        ..MarkRequest::default()
    };
    let mark = async |to: &str| {
        set_remediation(&plant.db, &update(to), WHO, &SiteScope::All, Timestamp::now(), &Silent).await.unwrap()
    };
    let claimed = mark("3.9.0").await;
    assert_eq!((claimed.n_marked, claimed.n_still_open), (0, 1), "{}", claimed.told);
    assert!(claimed.told.contains("3.9.0 is still in a range"), "{}", claimed.told);
    let marked = mark("4.0.0").await;
    assert_eq!((marked.n_marked, marked.n_still_open), (1, 0), "{}", marked.told);
    assert!(!plant.open().await.iter().any(|row| row.starts_with("X1")));
    let known = asset::find_asset(&plant.db, id).await.unwrap().unwrap();
    assert_eq!(known.asset.variant.firmware, "4.0.0");
    let edits = asset_edit::list_edits_of_asset(&plant.db, id).await.unwrap();
    let told: Vec<[&str; 3]> = edits.iter().map(|e| [&*e.field, &*e.before, &*e.after]).collect();
    assert_eq!(told, [["firmware", "3.9.0", "4.0.0"], ["firmware", "3.1.2", "3.9.0"]]);
    let counts = remediation::count_by_status(&plant.db, &key("A-1"), "2026-11-22").await.unwrap();
    assert_eq!((counts.n_by_status, counts.n_closed_done), ([4, 0, 0], 1));
    for act in [marked.audit_id, claimed.audit_id] {
        undo_act(&plant.db, act, WHO, &SiteScope::All, Timestamp::now(), &Silent).await.unwrap();
    }
    assert_eq!(plant.open().await, before);
    assert_eq!(asset::find_asset(&plant.db, id).await.unwrap().unwrap().asset.variant.firmware, "3.1.2");
}

async fn status_differs_per_cve_and_asset_and_the_counts_follow(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    let scope = |tags: &[i64]| MarkScope {
        only: tags.iter().map(|id| MarkedRow::Asset(*id, key("A-1"))).collect(),
        ..MarkScope::default()
    };
    let (x1, t1, t2) = (plant.asset("X1").await, plant.asset("T1").await, plant.asset("T2").await);
    let now = Timestamp::now();
    let say = async |assets: &[i64], cves: &[&str], reason| {
        let mark = Mark { reason, ..Mark::default() };
        let cves = cves.iter().map(|cve| (*cve).to_owned()).collect();
        let request = MarkRequest { scope: scope(assets), cves, mark };
        set_remediation(&plant.db, &request, WHO, &SiteScope::All, Timestamp::now(), &Silent).await.unwrap()
    };
    let counts = async || {
        let counts = remediation::count_by_status(&plant.db, &key("A-1"), "2026-11-22").await.unwrap();
        counts.n_by_status
    };
    let preview = preview_marks(
        &plant.db,
        &MarkRequest { scope: scope(&[]), ..MarkRequest::default() },
        &SiteScope::All,
        now,
        &Silent,
    )
    .await
    .unwrap();
    assert_eq!((preview.n_exposures, preview.n_assets, preview.n_advisories), (5, 5, 1));
    assert_eq!(preview.by_site.into_iter().collect::<Vec<_>>(), [("North".to_owned(), 2), ("South".to_owned(), 3)]);
    assert_eq!(counts().await, [5, 0, 0]);
    say(&[x1], &["CVE-2026-0001"], MarkReason::MitigationApplied).await;
    assert_eq!(counts().await, [4, 1, 0], "one of two is done");
    let second = say(&[x1], &["CVE-2026-0002"], MarkReason::MitigationApplied).await;
    assert_eq!(counts().await, [4, 0, 1]);
    say(&[t1, t2], &[], MarkReason::Planned).await;
    assert_eq!(counts().await, [2, 2, 1]);
    undo_act(&plant.db, second.audit_id, WHO, &SiteScope::All, Timestamp::now(), &Silent).await.unwrap();
    assert_eq!(counts().await, [2, 3, 0]);
    let marks = remediation::list_marks(&plant.db, &[x1], None).await.unwrap();
    assert_eq!(marks.iter().map(|m| m.cve.as_str()).collect::<Vec<_>>(), ["", "CVE-2026-0001"]);
}

async fn marks_outlive_revisions_that_change_nothing_and_no_others(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    plant.import("a.xlsx", &TWINS[5..]).await;
    let doc = async |version: &str, title: &str, range: &str, remedy: &str| {
        plant.advise("A-1", version, title, &[("PowerLogic PM8000", range, remedy)], &["CVE-2026-0001"]).await;
        rescan_pending(&plant.db, &Silent).await.unwrap();
    };
    let counts = async |day: &str| remediation::count_by_status(&plant.db, &key("A-1"), day).await.unwrap().n_by_status;
    let say = async |reason, expires_on: &str| {
        let mark = Mark { reason, expires_on: expires_on.to_owned(), ..Mark::default() };
        let request = MarkRequest { mark, ..MarkRequest::default() };
        set_remediation(&plant.db, &request, WHO, &SiteScope::All, Timestamp::now(), &Silent).await.unwrap()
    };
    doc("1", "About meters", "< 4.0.0", "Update to 4.0.0").await;
    say(MarkReason::Planned, "").await;
    assert_eq!(counts("2026-11-22").await, [0, 1, 0]);
    doc("2", "About meters, told better", "< 4.0.0", "Update to 4.0.0").await;
    assert_eq!(counts("2026-11-22").await, [0, 1, 0], "the title is no reason");
    doc("3", "About meters, told better", "< 4.0.0", "Update to 4.0.1").await;
    assert_eq!(counts("2026-11-22").await, [1, 0, 0], "the remedy changed");
    say(MarkReason::Planned, "").await;
    doc("4", "About meters, told better", "< 4.1.0", "Update to 4.0.1").await;
    assert_eq!(counts("2026-11-22").await, [1, 0, 0], "the range changed");
    // An accepted risk is handled until its day is over.
    let standing = async || {
        let summary = site::site_summaries_at(&plant.db, Timestamp::now()).await.unwrap();
        Standing::ALL.into_iter().find(|standing| summary[0].n(*standing) == 1).unwrap()
    };
    assert_eq!(standing().await, Standing::Affected);
    say(MarkReason::RiskAccepted, "2999-12-31").await;
    assert_eq!(standing().await, Standing::Handled);
    let marks = remediation::list_marks(&plant.db, &[plant.asset("X1").await], None).await.unwrap();
    assert!(marks[0].is_handled() && marks[0].status == RemediationStatus::NotRemediated);
    assert!(!marks[0].holds(&marks[0].fingerprint, "3000-01-01"));
}

/// All that runs leave: what is open, where variants stand, the questions, what was judged, lists and sums.
async fn left_by_runs(database: &TestDatabase) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for question in [
        "select cast(variant_id as text) || '|' || coalesce(cast(asset_id as text), '') || '|' || \
            cast(advisory_id as text) || '|' || verdict || '|' || doubts || '|' || reason || '|' || product_pointer || '|' \
            || cves || '|' || coalesce(fix, '') || '|' || advisory_version || '|' || fingerprint_digest || '|' || \
            question_digest from exposure where closed_at is null order by 1",
        "select cast(variant_id as text) || '|' || standing || '|' || why from variant_standing \
            where until is null order by 1",
        "select question_digest || '|' || kind || '|' || vendor || '|' || model || '|' || product || '|' || \
            detail || '|' || ranges || '|' || fingerprint_digest || '|' || cast(cvss_tenths as text) || '|' || \
            cast(n_advisories as text) from review_question order by 1",
        "select question_digest || '|' || cast(site_id as text) || '|' || cast(n_assets as text) || '|' || \
            cast(n_exposures as text) from review_site order by 1",
        "select cast(advisory_id as text) || '|' || sha256 from advisory_judged order by 1",
        "select cast(l.variant_id as text) || '|' || cast(l.advisory_id as text) || '|' || \
            coalesce(cast(l.site_id as text), '') || '|' || cast(l.work_order as text) || '|' || \
            cast(l.severity as text) || '|' || coalesce(cast(l.cvss_tenths as text), '') || '|' || \
            case when l.is_exploited then 'x' else '' end || case when l.is_affected then 'a' else '' end || \
            case when l.has_fix then 'f' else '' end || cast(l.confidence as text) || l.told_at \
            from exposure_listing l order by 1",
        "select cast(site_id as text) || '|' || cast(variant_id as text) || '|' || cast(n_assets as text) \
            from site_variant order by 1",
        "select cast(site_id as text) || '|' || cast(n_affected as text) || '|' || cast(n_possible as text) || '|' || \
            cast(n_handled as text) || '|' || cast(n_ruled_out as text) || '|' || cast(n_not_named as text) || '|' || \
            cast(n_unchecked as text) || '|' || cast(n_unscored as text) || '|' || cast(n_exposures as text) || '|' || \
            cast(n_nameplates as text) || '|' || cast(n_speaking as text) || '|' || cast(n_affecting as text) \
            from site_total order by 1",
    ] {
        all.push(database.texts(question).await);
    }
    all
}

/// A run of everything that makes lists and sums from nothing must leave what is there.
async fn is_whole(plant: &Plant, database: &TestDatabase, what: &str) {
    let part = left_by_runs(database).await;
    for statement in [
        "delete from setting where name like 'listing_%'",
        "delete from exposure_listing",
        "delete from site_variant",
        "delete from site_total",
    ] {
        database.execute(statement).await;
    }
    assert_eq!(plant.rescan().await, [0, 0, 0], "{what}");
    assert_eq!(part, left_by_runs(database).await, "{what}");
}

async fn a_night_judges_what_is_new_and_says_when_it_judged_everything(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    let night = async |what: &str| {
        let runs = rescan_nightly(&plant.db, &Silent).await.unwrap();
        assert!(runs.iter().all(|run| run.rescan.trigger == Trigger::Nightly), "{what}");
        runs.into_iter().map(|run| (run.rescan.scope.word(), run.rescan.whole_because)).collect::<Vec<_>>()
    };
    let part = |scopes: &[&'static str]| scopes.iter().map(|scope| (*scope, String::new())).collect::<Vec<_>>();
    let whole = |why: &str| vec![("all", format!("changed since the last run: {why}"))];

    assert_eq!(night("nothing").await, part(&["advisories"]), "a night without news tells that it looked");
    let early = "<=the_first_5_digits_of_serial_number_22031";
    plant.advise("A-2", "1", "About serial numbers", &[("PowerLogic PM8000", early, "")], &["CVE-2026-0009"]).await;
    assert_eq!(night("an advisory").await, part(&["advisories"]));
    is_whole(&plant, database, "an answer depends on the serial number").await;

    // One more device of a known variant, and another serial number of a known device.
    let device = |tag, firmware, serial| ["South", tag, "Schneider Electric", "PM8000", firmware, serial];
    plant.import_with_serials("b.xlsx", &[device("X2", "3.1.2", "22030999")], OnMissing::Ignore).await;
    assert_eq!(night("a device").await, part(&["advisories", "assets"]));
    assert!(plant.open().await.contains(&"X2 A-2 affected".to_owned()), "{:?}", plant.open().await);
    is_whole(&plant, database, "another device of a known variant").await;
    plant.import_with_serials("c.xlsx", &[device("X2", "3.1.2", "22040001")], OnMissing::Ignore).await;
    assert_eq!(night("a serial number").await, part(&["advisories", "assets"]));
    assert!(!plant.open().await.contains(&"X2 A-2 affected".to_owned()), "{:?}", plant.open().await);
    is_whole(&plant, database, "another serial number").await;
    plant.import_with_serials("d.xlsx", &[device("X2", "3.1.2", "22030001")], OnMissing::Ignore).await;
    night("it was a mistake").await;

    // Devices leave a variant, the advisory changes meanwhile, and one comes back.
    let newer = [device("X1", "9.0.0", ""), device("X2", "9.0.0", "22030001")];
    plant.import_with_serials("e.xlsx", &newer, OnMissing::Ignore).await;
    night("an update").await;
    is_whole(&plant, database, "nobody has the variant any more").await;
    plant.advise("A-2", "2", "About serial numbers", &[("PowerLogic PM8000", "< 3.0.0", "")], &["CVE-2026-0009"]).await;
    assert_eq!(night("another revision").await, part(&["advisories"]));
    plant.import_with_serials("f.xlsx", &[device("X2", "3.1.2", "22030001")], OnMissing::Ignore).await;
    assert_eq!(night("back again").await, part(&["advisories", "assets"]));
    is_whole(&plant, database, "back at a variant of which an advisory changed").await;

    // What verdicts rest on beside advisories and devices.
    plant.answer(Answer::Different, For::All).await.unwrap();
    assert_eq!(night("a decision that was judged").await, part(&["advisories"]));
    is_whole(&plant, database, "a decision").await;
    database.execute("update alias_entry set removed_at = added_at").await;
    assert_eq!(night("a decision that nobody judged").await, whole("the decisions"));
    assert_eq!(night("nothing more").await, part(&["advisories"]));
    let listed = KevCatalogue {
        entries: vec![KevEntry { cve: "CVE-2026-0001".to_owned(), ..KevEntry::default() }],
        ..KevCatalogue::default()
    };
    kev::save_kev(&plant.db, &listed, Timestamp::now()).await.unwrap();
    rescan_pending(&plant.db, &Silent).await.unwrap();
    assert_eq!(night("an exploited one").await, whole("the list of exploited vulnerabilities"));
    kev::save_kev(&plant.db, &listed, Timestamp::now()).await.unwrap();
    assert_eq!(night("the same list again").await, part(&["advisories"]));
    is_whole(&plant, database, "at the end").await;
}

async fn a_run_of_a_part_leaves_what_a_run_of_all_would_leave(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    vague(&plant).await;
    // A vendor that nobody covers yet, a poor plate, and one that is named nowhere.
    let more = [
        ["North", "C1", "Schneider Electric", "ION9000", "3.0.0"],
        ["North", "C2", "Acme Meters", "Wattmaster 500", "1.0"],
        ["North", "C3", "Schneider Electric", "?", ""],
        ["North", "C4", "Schneider Electric", "PowerLogic PM5560", "1.0"],
    ];
    plant.import("b.xlsx", &[&TWINS[..], &more[..]].concat()).await;
    let is_whole = async |what: &str| is_whole(&plant, database, what).await;
    assert_eq!(rescan_pending(&plant.db, &Silent).await.unwrap().len(), 1);
    is_whole("new devices").await;
    let meters = |range| {
        [("Legacy ION products", range, ""), ("PowerLogic ION9000", range, ""), ("PowerLogic PM8000", "< 3.0.0", "")]
    };
    for (id, version, products) in [
        ("A-2", "1", &meters("< 4.0.0")[..]),
        ("A-2", "2", &meters("< 2.0.0")),
        ("A-1", "2", &[("PowerLogic PM5560", "< 2.0.0", "")]),
        ("A-2", "3", &[("PowerLogic ION9000", "vers:all/*", "")]),
    ] {
        plant.advise(id, version, "About meters", products, &["CVE-2026-0009"]).await;
        let runs = rescan_pending(&plant.db, &Silent).await.unwrap();
        assert_eq!(runs.len(), 1);
        assert_eq!(
            (runs[0].rescan.trigger, &runs[0].rescan.scope),
            (Trigger::Advisory, &Scope::Advisories(vec![key(id)]))
        );
        is_whole(&format!("{id} {version}")).await;
    }
    let ids = [plant.asset("C1").await, plant.asset("C2").await];
    let values = vec![(Field::Firmware, "9.9.9".to_owned())];
    let edits = ids.map(|asset_id| AssetEdit { asset_id, values: values.clone() });
    edit_assets(&plant.db, &edits, WHO, Timestamp::now(), &Silent).await.unwrap();
    is_whole("typed in").await;
    rescan_part(&plant.db, &Scope::Assets(ids.to_vec()), Trigger::Manual, &Silent).await.unwrap();
    is_whole("some assets").await;
    assert!(rescan_pending(&plant.db, &Silent).await.unwrap().is_empty());
}

on_both!(
    one_answer_settles_all_spellings_and_undo_brings_exactly_back,
    an_answer_for_one_site_leaves_the_question_at_the_others,
    an_answer_for_several_sites_is_one_act_and_one_undo_takes_all_of_it_back,
    a_question_is_asked_again_only_when_product_or_range_changed,
    what_cannot_be_told_waits_for_a_reading,
    an_answer_to_a_page_that_is_no_longer_true_is_refused,
    firmware_that_was_updated_closes_by_evidence_and_undo_opens_again,
    status_differs_per_cve_and_asset_and_the_counts_follow,
    marks_outlive_revisions_that_change_nothing_and_no_others,
    a_run_of_a_part_leaves_what_a_run_of_all_would_leave,
    a_night_judges_what_is_new_and_says_when_it_judged_everything,
);
