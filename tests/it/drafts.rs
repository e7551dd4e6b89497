//! From an uploaded file to an import, as pages and the API do it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nameplate::domain::account::SiteScope;
use nameplate::domain::inventory_draft::{CellChoice, DraftSettings, InventoryDraft};
use nameplate::domain::job::{Job, JobState};
use nameplate::services::add_advisories::add_advisories;
use nameplate::services::check_import::{Checked, Looked};
use nameplate::services::import_draft::{DraftError, Drafts, UploadError, Worked};
use nameplate::services::jobs::Jobs;
use nameplate::services::progress::Silent;
use nameplate::store::{self, Db};
use tempfile::TempDir;

use crate::database::{TestDatabase, on_both};

on_both!(
    a_file_is_seen_whole_before_anything_of_it_is_stored_and_then_imported,
    a_doubt_that_changes_an_answer_stands_first_and_a_choice_settles_it,
    sites_of_the_file_can_be_called_otherwise,
    a_file_that_gives_nothing_says_what_it_is,
    the_same_key_of_a_program_uploads_once,
    what_was_discarded_or_forgotten_leaves_no_file,
);

struct Plant {
    folder: TempDir,
    db: Db,
    jobs: Jobs,
    drafts: Drafts,
}

impl Plant {
    async fn new(database: &TestDatabase) -> Plant {
        let folder = TempDir::new().unwrap();
        let db = Db::open(&database.url).await.unwrap();
        let jobs = Jobs::new(db.clone());
        let drafts = Drafts::new(db.clone(), jobs.clone(), Arc::default(), folder.path());
        Plant { folder, db, jobs, drafts }
    }

    async fn upload(&self, name: &str, text: &str, settings: DraftSettings) -> InventoryDraft {
        let mut upload = self.drafts.begin_upload().unwrap();
        for part in text.as_bytes().chunks(7) {
            upload.write(part).unwrap();
        }
        let draft_id = self.drafts.finish_upload(upload, name, settings, None, "okafor").await.unwrap();
        self.drafts.find(draft_id).await.unwrap()
    }

    async fn import(&self, draft: &InventoryDraft) -> Job {
        let started = self.drafts.import(draft, &SiteScope::All).await.unwrap();
        assert!(self.jobs.wait_for_all(Duration::from_secs(120)).await);
        self.jobs.find(started.job_id()).await.unwrap().unwrap()
    }

    async fn n_assets(&self) -> u64 {
        store::asset::count_assets(&self.db).await.unwrap()
    }

    fn n_files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("uploads")).map_or(0, Iterator::count)
    }
}

/// What comes out in the end, however long it takes on a busy machine: what was found, or why nothing was.
async fn outcome<T>(mut ask: impl AsyncFnMut() -> Worked<T>) -> Result<Arc<T>, String> {
    for _ in 0..60 {
        match ask().await {
            Worked::Done(found) => return Ok(found),
            Worked::Failed(failure) => return Err(failure.message),
            Worked::UnderWay(_) => {}
        }
    }
    panic!("it takes too long");
}

impl Plant {
    async fn look(&self, draft: &InventoryDraft) -> Result<Arc<Looked>, String> {
        outcome(async || self.drafts.look(draft).await.unwrap()).await
    }

    async fn check(&self, draft: &InventoryDraft) -> Result<Arc<Checked>, String> {
        outcome(async || self.drafts.check(draft, &SiteScope::All).await.unwrap()).await
    }
}

const GERMAN: &str = "Hersteller;Typ;FW-Stand;Inventarnummer;Standort;Kostenstelle\n\
    Schneider Electric;PM8000;3.1.2;M1;Riverside;4711\n\
    Schneider Electric;PM8000;4.0.1;M2;Riverside;4712\n\
    ;;;M3;Riverside;4711\n";

async fn a_file_is_seen_whole_before_anything_of_it_is_stored_and_then_imported(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let draft = plant.upload(r"C:\lists\zähler.csv", GERMAN, DraftSettings::default()).await;
    assert_eq!((draft.file_name.as_str(), draft.n_bytes), ("zähler.csv", GERMAN.len() as u64));
    let looked = plant.look(&draft).await.unwrap();
    let columns: Vec<(String, String, String)> = looked
        .reading
        .columns
        .iter()
        .zip(&looked.values)
        .map(|(c, v)| (c.header.clone(), c.fields.iter().map(|f| f.word()).collect(), v.join(" · ")))
        .collect();
    let text = |(a, b, c): &(String, String, String)| format!("{a} {b} {c}");
    assert_eq!(
        columns.iter().map(text).collect::<Vec<_>>(),
        [
            "Hersteller vendor Schneider Electric",
            "Typ model PM8000",
            "FW-Stand firmware 3.1.2 · 4.0.1",
            "Inventarnummer asset_id M1 · M2",
            "Standort site Riverside",
            "Kostenstelle  4711 · 4712",
        ]
    );
    assert_eq!((looked.n_devices, looked.n_rejected), (2, 1));
    let checked = plant.check(&draft).await.unwrap();
    assert_eq!((checked.preview.counts.n_new, checked.rejected.len()), (2, 1));
    assert_eq!(
        checked.sites.iter().map(|s| (s.name.as_str(), s.n_assets, s.is_known)).collect::<Vec<_>>(),
        [("Riverside", 2, false)]
    );
    assert_eq!(plant.n_assets().await, 0, "nothing before the person says so");
    assert!(store::inventory::list_inventories(&plant.db).await.unwrap().is_empty());

    let job = plant.import(&draft).await;
    assert_eq!(job.state, JobState::Done, "{:?}", job.error);
    assert!(job.message.starts_with("2 assets imported, judged in "), "{}", job.message);
    let import = store::inventory::list_inventories(&plant.db).await.unwrap().remove(0);
    assert_eq!(job.result_path, Some(format!("/inventories/{}", import.inventory_id)));
    assert_eq!(import.file_name, "zähler.csv");
    assert_eq!((plant.n_assets().await, plant.n_files()), (2, 0));
    let again = plant.drafts.find(draft.draft_id).await;
    assert!(matches!(again, Err(DraftError::Imported(_, id)) if id == import.inventory_id));
}

async fn a_doubt_that_changes_an_answer_stands_first_and_a_choice_settles_it(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    add_advisories(&plant.db, &[samples], &Silent).await.unwrap();
    // Below 4.0.0 a PM8000 is affected by ICSA-23-229-03; 4.1 and 4.10 are not, 3.1 and 3.10 both are.
    let text = "Vendor,Model,Firmware,Tag\n\
        Schneider Electric,PM8000,3.1,M1\nSchneider Electric,PM8000,3.10,M2\nSchneider Electric,PM8000,3.1,M3\n\
        Schneider Electric,PM8000,02-Sep,M4\nSchneider Electric,PM8000,01-Apr,M5\n";
    let mut settings = DraftSettings::default();
    let draft = plant.upload("meters.csv", text, settings.clone()).await;
    let checked = plant.check(&draft).await.unwrap();
    let told: Vec<String> = checked
        .doubts
        .iter()
        .map(|group| {
            let answers: Vec<String> =
                group.doubt.may_be.iter().zip(&group.answers).map(|(v, a)| format!("{v}: {}", a.in_words())).collect();
            format!("{} {} {} {}", group.changes, group.n, group.doubt.found, answers.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "true 1 02-Sep 2.9: affected by 1, 9.2: not affected",
            "true 1 01-Apr 1.4: affected by 1, 4.1: not affected",
            "false 2 3.1 3.1: affected by 1, 3.10: affected by 1",
        ]
    );
    assert_eq!(checked.n_changing(), 2);
    settings.cells = ["C5=9.2", "C6=1.4"].into_iter().filter_map(CellChoice::from_text).collect();
    plant.drafts.set(draft.draft_id, &settings).await.unwrap();
    let draft = plant.drafts.find(draft.draft_id).await.unwrap();
    let checked = plant.check(&draft).await.unwrap();
    assert_eq!(checked.doubts[0].chosen.as_deref(), Some("9.2"));
    plant.import(&draft).await;
    let firmware = async |tag: &str| {
        let assets = store::asset::list_assets_by_tag(&plant.db, tag, None).await.unwrap();
        assets[0].asset.variant.firmware.clone()
    };
    assert_eq!((firmware("M4").await, firmware("M5").await), ("9.2".to_owned(), "1.4".to_owned()));
    assert_eq!(firmware("M1").await, "3.1 or 3.10", "what nobody chose stays in doubt");
    let import = store::inventory::list_inventories(&plant.db).await.unwrap().remove(0);
    assert!(
        import.remarks.iter().any(|r| r == "2 cells are read as chosen: C5 as `9.2`, C6 as `1.4`"),
        "{:?}",
        import.remarks
    );
}

async fn sites_of_the_file_can_be_called_otherwise(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let text = "Site,Model,Tag\nRivrside,PM8000,M1\n,PM8000,M2\n";
    let settings = DraftSettings {
        site: Some("Kraftwerk Süd".to_owned()),
        site_names: vec![("rivrside".to_owned(), "Riverside".to_owned())],
        ..DraftSettings::default()
    };
    let draft = plant.upload("meters.csv", text, settings).await;
    let job = plant.import(&draft).await;
    assert_eq!(job.state, JobState::Done, "{:?}", job.error);
    let sites: Vec<String> = store::site::list_sites(&plant.db).await.unwrap().into_iter().map(|s| s.name).collect();
    assert_eq!(sites, ["Kraftwerk Süd", "Riverside"]);
}

async fn a_file_that_gives_nothing_says_what_it_is(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let mut draft = plant.upload("empty.csv", "", DraftSettings::default()).await;
    for (name, text, want) in [
        ("empty.csv", "", "The file is empty."),
        (
            "prices.csv",
            "Model,Price €\nPM8000,1.200\nPM5560,900\n",
            "This looks like a price list: it has the columns `Price €`",
        ),
        ("letter.csv", "Dear colleague\nsee you on Monday\n", "This looks like no inventory"),
        ("blank.csv", "Model,Tag\n,T1\n,T2\n", "No row names a device: 2 rows have data"),
    ] {
        draft = plant.upload(name, text, DraftSettings::default()).await;
        let told = plant.look(&draft).await.err().unwrap();
        assert!(told.starts_with(want), "{name}: {told}");
        assert_eq!(plant.check(&draft).await.err().unwrap(), told);
    }
    // A price list is read all the same when a person says so.
    let mapped = DraftSettings { mapping: Some(String::new()), ..DraftSettings::default() };
    let prices = plant.upload("prices.csv", "Model,Price €\nPM8000,1.200\n", mapped).await;
    assert_eq!(plant.look(&prices).await.unwrap().n_devices, 1);
    let wrong =
        DraftSettings { mapping: Some("[columns]\nTag = \"nothing\"\n".to_owned()), ..DraftSettings::default() };
    let refused = plant.drafts.set(draft.draft_id, &wrong).await.unwrap_err().to_string();
    assert!(refused.contains("`nothing`"), "{refused}");
}

async fn the_same_key_of_a_program_uploads_once(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let mut ids = Vec::new();
    for key in ["monday", "monday", "tuesday"] {
        let mut upload = plant.drafts.begin_upload().unwrap();
        upload.write(GERMAN.as_bytes()).unwrap();
        let settings = DraftSettings::default();
        ids.push(plant.drafts.finish_upload(upload, "a.csv", settings, Some(key.to_owned()), "script").await.unwrap());
    }
    assert_eq!((ids[0] == ids[1], ids[1] == ids[2]), (true, false));
    assert_eq!(plant.n_files(), 2);
}

async fn what_was_discarded_or_forgotten_leaves_no_file(database: &TestDatabase) {
    let plant = Plant::new(database).await;
    let nothing = plant.drafts.begin_upload().unwrap();
    let refused = plant.drafts.finish_upload(nothing, "", DraftSettings::default(), None, "okafor").await;
    assert!(matches!(refused, Err(UploadError::NoFile)));
    drop(plant.drafts.begin_upload().unwrap());
    assert_eq!(plant.n_files(), 0, "an upload that broke off leaves nothing");
    let kept = plant.upload("a.csv", GERMAN, DraftSettings::default()).await;
    let gone = plant.upload("b.csv", GERMAN, DraftSettings::default()).await;
    plant.drafts.discard(gone.draft_id).await.unwrap();
    assert_eq!(plant.n_files(), 1);
    assert!(matches!(plant.drafts.find(gone.draft_id).await, Err(DraftError::Unknown(_))));
    plant.drafts.clean(Timestamp::now()).await.unwrap();
    assert_eq!(plant.drafts.list().await.unwrap().len(), 1, "not yet old");
    plant.drafts.clean(Timestamp::now().checked_add(SignedDuration::from_hours(24 * 8)).unwrap()).await.unwrap();
    assert!(matches!(plant.drafts.find(kept.draft_id).await, Err(DraftError::Unknown(_))));
}
