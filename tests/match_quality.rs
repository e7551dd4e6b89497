//! How well the matcher answers a labelled set of the project's own, and, where `NAMEPLATE_GOLD` names a folder with
//! larger labelled sets, those too.
//!
//! The labels were written by reading, each with its reason, and say what `docs/matching.md` says a verdict means. A
//! change of the matcher may raise the floors below; it must not lower them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use nameplate::domain::advisory::{Advisory, AdvisoryKey};
use nameplate::domain::catalogue::Catalogue;
use nameplate::domain::matching::match_variant;
use nameplate::domain::nameplate::{Nameplate, Variant};
use nameplate::domain::product_index::ProductIndex;
use nameplate::domain::verdict::Verdict;
use nameplate::ingest::csaf::document::read_document;
use nameplate::ingest::csaf::load::{LoadOptions, load};
use nameplate::ingest::samples::SAMPLE_ADVISORIES;
use serde::Deserialize;
use serde_json::json;

/// What a set must reach. `missed` counts truly affected pairs that are neither affected nor possible.
struct Floors {
    precision: f64,
    recall: f64,
    surfaced: f64,
    alarm_at_most: f64,
    missed_at_most: usize,
    exact: f64,
}

const DEVICES: Floors =
    Floors { precision: 0.99, recall: 0.99, surfaced: 0.99, alarm_at_most: 0.01, missed_at_most: 0, exact: 0.99 };
const VERSIONS: Floors =
    Floors { precision: 0.995, recall: 0.985, surfaced: 0.995, alarm_at_most: 0.012, missed_at_most: 0, exact: 0.985 };
const SHARED_DEVICES: Floors =
    Floors { precision: 0.99, recall: 0.995, surfaced: 0.995, alarm_at_most: 0.01, missed_at_most: 0, exact: 0.99 };
const SHARED_VERSIONS: Floors =
    Floors { precision: 0.995, recall: 0.995, surfaced: 0.995, alarm_at_most: 0.005, missed_at_most: 0, exact: 0.995 };

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::built_in()));

/// Verdicts by (asset, advisory); a pair that is not in it is about another product.
type Verdicts = BTreeMap<(String, String), Verdict>;

#[derive(Deserialize)]
struct Label {
    asset_id: String,
    advisory: String,
    verdict: String,
    why: String,
}

/// A device of an inventory with a column for each thing that the matcher looks at.
#[derive(Deserialize)]
struct Device {
    asset_id: String,
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    model: String,
    #[serde(default)]
    part_number: String,
    #[serde(default)]
    firmware: String,
    #[serde(default)]
    hardware_revision: String,
    #[serde(default)]
    serial_number: String,
    #[serde(default)]
    notes: String,
}

/// One version text with the firmwares that are held against it.
#[derive(Deserialize)]
struct VersionCase {
    range: String,
    /// The full product name where it says more than the range.
    name: Option<String>,
    vendor: Option<String>,
    product: Option<String>,
    device_part: Option<String>,
    pairs: Vec<VersionPair>,
}

#[derive(Deserialize)]
struct VersionPair {
    firmware: String,
    #[serde(default)]
    serial: String,
    verdict: String,
    why: String,
}

#[test]
fn own_devices_get_the_verdicts_of_their_labels() {
    let documents = SAMPLE_ADVISORIES.iter().map(|(_, bytes)| bytes.to_vec()).chain(files_of("advisories"));
    let index = index_of(documents.map(|bytes| read_document(&bytes).expect("a CSAF document").0).collect());
    let devices = read_inventory(&data("inventory.csv"));
    let labels = read_labels(&data("devices.jsonl"));
    assert!(devices.len() >= 150, "the set holds {} devices", devices.len());

    let found = judge(&index, &devices);
    check("own devices", &labels, &found, &DEVICES);
}

#[test]
fn own_version_texts_get_the_verdicts_of_their_labels() {
    let text = std::fs::read_to_string(data("versions.jsonl")).unwrap();
    let (mut labels, mut found) = (BTreeMap::new(), Verdicts::new());
    for (n, line) in text.lines().enumerate() {
        let case: VersionCase = serde_json::from_str(line).unwrap_or_else(|error| panic!("line {}: {error}", n + 1));
        let id = format!("V-{:03}", n + 1);
        let index = index_of(vec![probe_advisory(&id, &case)]);
        for pair in &case.pairs {
            let device = Device {
                asset_id: format!("{id} `{}` against `{}`", case.range, pair.firmware),
                vendor: case.vendor.clone().unwrap_or_else(|| "Probe".to_owned()),
                model: case.product.clone().unwrap_or_else(|| "PX 900".to_owned()),
                part_number: case.device_part.clone().unwrap_or_default(),
                firmware: pair.firmware.clone(),
                hardware_revision: String::new(),
                serial_number: pair.serial.clone(),
                notes: String::new(),
            };
            let key = (format!("{} sn `{}`", device.asset_id, pair.serial), id.clone());
            if let Some(verdict) = judge(&index, &[device]).into_values().next() {
                found.insert(key.clone(), verdict);
            }
            let verdict = Verdict::from_word(&pair.verdict).expect("a verdict word");
            assert!(labels.insert(key, (verdict, pair.why.clone())).is_none(), "`{}` is there twice", case.range);
        }
    }
    assert!(labels.len() >= 300, "the set holds {} pairs", labels.len());
    check("own version texts", &labels, &found, &VERSIONS);
}

#[test]
fn shared_sets_get_the_verdicts_of_their_labels() {
    let Some(gold) = std::env::var_os("NAMEPLATE_GOLD").map(PathBuf::from) else {
        eprintln!("skipped: NAMEPLATE_GOLD does not name a folder with the shared sets");
        return;
    };
    let corpus = gold.with_file_name("corpus").join("cisa-ot.tar.zst");
    let devices = read_inventory(&gold.join("devices/inventory.csv"));
    let found = judge(&index_of(load_path(&corpus)), &devices);
    check("shared devices", &read_labels(&gold.join("devices/truth.jsonl")), &found, &SHARED_DEVICES);

    let labels = read_labels(&gold.join("versions/truth.jsonl"));
    let devices = read_inventory(&gold.join("versions/inventory.csv"));
    let mut found = judge(&index_of(load_path(&gold.join("versions/advisories.tar.zst"))), &devices);
    found.retain(|key, _| labels.contains_key(key));
    check("shared version texts", &labels, &found, &SHARED_VERSIONS);
}

#[test]
fn each_labelled_pair_names_a_device_and_an_advisory_of_the_set() {
    let devices: BTreeSet<String> =
        read_inventory(&data("inventory.csv")).into_iter().map(|device| device.asset_id).collect();
    let documents = SAMPLE_ADVISORIES.iter().map(|(_, bytes)| bytes.to_vec()).chain(files_of("advisories"));
    let advisories: BTreeSet<String> =
        documents.map(|bytes| read_document(&bytes).expect("a CSAF document").0.id).collect();
    for (asset_id, advisory) in read_labels(&data("devices.jsonl")).into_keys() {
        assert!(devices.contains(&asset_id), "no device `{asset_id}`");
        assert!(advisories.contains(&advisory), "no advisory `{advisory}`");
    }
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/match_quality").join(name)
}

fn files_of(folder: &str) -> impl Iterator<Item = Vec<u8>> {
    let entries = std::fs::read_dir(data(folder)).unwrap();
    let paths: BTreeSet<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.into_iter().map(|path| std::fs::read(path).unwrap())
}

fn read_inventory(path: &Path) -> Vec<Device> {
    csv::Reader::from_path(path).unwrap().deserialize().map(|row| row.unwrap()).collect()
}

fn read_labels(path: &Path) -> BTreeMap<(String, String), (Verdict, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let labels = text.lines().map(|line| serde_json::from_str::<Label>(line).unwrap());
    labels
        .map(|label| {
            let verdict = Verdict::from_word(&label.verdict).expect("a verdict word");
            ((label.asset_id, label.advisory), (verdict, label.why))
        })
        .collect()
}

fn load_path(path: &Path) -> Vec<Advisory> {
    let loaded = load(&[path.to_owned()], &LoadOptions::default(), &mut |_| {});
    assert!(loaded.failures.is_empty(), "{:?}", loaded.failures);
    loaded.documents.into_iter().filter_map(|document| document.result.ok()).map(|read| read.advisory).collect()
}

/// An advisory with one product that has this version text.
fn probe_advisory(id: &str, case: &VersionCase) -> Advisory {
    let vendor = case.vendor.as_deref().unwrap_or("Probe");
    let product = case.product.as_deref().unwrap_or("PX 900");
    let name = case.name.clone().unwrap_or_else(|| format!("{vendor} {product} {}", case.range));
    let document = json!({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": format!("{vendor} {product}"),
            "publisher": {"category": "other", "name": "Nameplate tests", "namespace": "https://nameplate.example/tests"},
            "tracking": {
                "id": id, "version": "1", "status": "final",
                "initial_release_date": "2026-05-01T00:00:00Z", "current_release_date": "2026-05-01T00:00:00Z",
                "revision_history": [{"number": "1", "date": "2026-05-01T00:00:00Z", "summary": "First edition"}],
            },
        },
        "product_tree": {"branches": [{"category": "vendor", "name": vendor, "branches": [
            {"category": "product_name", "name": product, "branches": [
                {"category": "product_version_range", "name": case.range,
                 "product": {"product_id": "P1", "name": name}},
            ]},
        ]}]},
        "vulnerabilities": [{"product_status": {"known_affected": ["P1"]}}],
    });
    read_document(document.to_string().as_bytes()).expect("a CSAF document").0
}

/// The index over the latest revision of each advisory.
fn index_of(advisories: Vec<Advisory>) -> ProductIndex {
    let mut latest: BTreeMap<AdvisoryKey, Advisory> = BTreeMap::new();
    for advisory in advisories {
        match latest.get(&advisory.key()) {
            Some(other) if other.compare_revisions(&advisory).is_ge() => {}
            _ => {
                latest.insert(advisory.key(), advisory);
            }
        }
    }
    ProductIndex::build(latest.into_values().map(Arc::new).collect(), CATALOGUE.clone())
}

fn judge(index: &ProductIndex, devices: &[Device]) -> Verdicts {
    let mut found = Verdicts::new();
    for device in devices {
        let variant = Variant {
            nameplate: Nameplate {
                vendor: device.vendor.clone(),
                model: device.model.clone(),
                part_number: device.part_number.clone(),
                hardware_revision: device.hardware_revision.clone(),
            },
            firmware: device.firmware.clone(),
            notes: device.notes.clone(),
        };
        for hit in match_variant(index, &variant, &device.serial_number) {
            let advisory = &index.advisories()[hit.advisory as usize];
            found.insert((device.asset_id.clone(), advisory.id.clone()), hit.verdict);
        }
    }
    found
}

/// What was counted over all pairs that stand on either side.
#[derive(Default)]
struct Score {
    n_pairs: usize,
    exact: usize,
    truly_affected: usize,
    said_affected: usize,
    both_affected: usize,
    truly_up: usize,
    said_up: usize,
    both_up: usize,
    missed: usize,
}

impl Score {
    fn of(truth: &BTreeMap<(String, String), (Verdict, String)>, found: &Verdicts) -> Score {
        let mut score = Score::default();
        let keys: BTreeSet<_> = truth.keys().chain(found.keys()).collect();
        for key in keys {
            let (truly, said) = (truth.get(key).map(|(verdict, _)| *verdict), found.get(key).copied());
            let affected = |verdict| verdict == Some(Verdict::Affected);
            let up = |verdict: Option<Verdict>| verdict.is_some_and(|v| v >= Verdict::Possible);
            score.n_pairs += 1;
            score.exact += usize::from(truly == said);
            score.truly_affected += usize::from(affected(truly));
            score.said_affected += usize::from(affected(said));
            score.both_affected += usize::from(affected(truly) && affected(said));
            score.truly_up += usize::from(up(truly));
            score.said_up += usize::from(up(said));
            score.both_up += usize::from(up(truly) && up(said));
            score.missed += usize::from(affected(truly) && !up(said));
        }
        score
    }

    fn precision(&self) -> f64 {
        share(self.both_affected, self.said_affected)
    }

    fn recall(&self) -> f64 {
        share(self.both_affected, self.truly_affected)
    }

    fn surfaced(&self) -> f64 {
        share(self.both_up, self.truly_up)
    }

    fn alarm(&self) -> f64 {
        1.0 - share(self.both_up, self.said_up)
    }

    fn exact(&self) -> f64 {
        share(self.exact, self.n_pairs)
    }

    fn reaches(&self, floors: &Floors) -> bool {
        self.precision() >= floors.precision
            && self.recall() >= floors.recall
            && self.surfaced() >= floors.surfaced
            && self.alarm() <= floors.alarm_at_most
            && self.missed <= floors.missed_at_most
            && self.exact() >= floors.exact
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} pairs, affected precision {:.3} recall {:.3}, surfaced {:.3}, alarm {:.3}, missed {}, exact {:.3}",
            self.n_pairs,
            self.precision(),
            self.recall(),
            self.surfaced(),
            self.alarm(),
            self.missed,
            self.exact()
        )
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Fails with each difference and its reason when the floors are not reached; prints the score either way.
fn check(set: &str, truth: &BTreeMap<(String, String), (Verdict, String)>, found: &Verdicts, floors: &Floors) {
    let score = Score::of(truth, found);
    println!("{set}: {score}");
    let word = |verdict: Option<Verdict>| verdict.map_or("no answer", Verdict::word);
    let keys: BTreeSet<_> = truth.keys().chain(found.keys()).collect();
    let mut differences = String::new();
    for key in keys {
        let (label, said) = (truth.get(key), found.get(key).copied());
        if label.map(|(verdict, _)| *verdict) != said {
            let why = label.map_or("another product", |(_, why)| why);
            let expected = word(label.map(|(verdict, _)| *verdict));
            differences.push_str(&format!("  {} {}: {expected} ({why}), found {}\n", key.0, key.1, word(said)));
        }
    }
    assert!(score.reaches(floors), "{set} is below its floors: {score}\n{differences}");
    println!("{differences}");
}
