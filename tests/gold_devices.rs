//! Scores the matcher on labelled pairs of devices and advisories.
//!
//! Runs when `NAMEPLATE_GOLD` names a folder with `devices/inventory.csv` and `devices/truth.jsonl`, and
//! `NAMEPLATE_CORPUS` a folder of CSAF documents. `NAMEPLATE_GOLD_OUT` keeps the answers as NDJSON.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use nameplate::domain::advisory::Advisory;
use nameplate::domain::catalogue::Catalogue;
use nameplate::domain::matching::match_variant;
use nameplate::domain::nameplate::{Nameplate, Variant, telling_notes};
use nameplate::domain::product_index::ProductIndex;
use nameplate::domain::verdict::Verdict;
use nameplate::ingest::csaf::load::{LoadOptions, load};

struct Device {
    asset_id: String,
    variant: Variant,
    serial_number: String,
}

fn advisories(folder: &str) -> Vec<Arc<Advisory>> {
    let loaded = load(&[PathBuf::from(folder)], &LoadOptions::default(), &mut |_| {});
    loaded.documents.into_iter().filter_map(|d| d.result.ok()).map(|r| Arc::new(r.advisory)).collect()
}

fn devices(path: &str, catalogue: &Catalogue) -> Vec<Device> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let cell =
            |name: &str| headers.iter().position(|h| h == name).and_then(|n| record.get(n)).unwrap_or("").to_owned();
        found.push(Device {
            asset_id: cell("asset_id"),
            serial_number: cell("serial_number"),
            variant: Variant {
                nameplate: Nameplate {
                    vendor: cell("vendor"),
                    model: cell("model"),
                    part_number: cell("part_number"),
                    hardware_revision: cell("hardware_revision"),
                },
                firmware: cell("firmware"),
                notes: telling_notes(&cell("notes"), catalogue),
            },
        });
    }
    found
}

/// Everything that a floor is set for.
struct Score {
    precision: f64,
    recall: f64,
    missed: usize,
    n_affected: usize,
    surfaced_recall: f64,
    alarm: f64,
    exact: f64,
}

fn score(truth: &BTreeMap<(String, String), Verdict>, found: &BTreeMap<(String, String), Verdict>) -> Score {
    let up = |v: Option<&Verdict>| matches!(v, Some(Verdict::Affected | Verdict::Possible));
    let mut keys: Vec<_> = truth.keys().chain(found.keys()).collect();
    keys.sort();
    keys.dedup();
    let count = |test: &dyn Fn(Option<&Verdict>, Option<&Verdict>) -> bool| {
        keys.iter().filter(|k| test(truth.get(**k), found.get(**k))).count()
    };
    let affected = Some(&Verdict::Affected);
    let ratio = |a: usize, b: usize| if b == 0 { 1.0 } else { a as f64 / b as f64 };
    let both = count(&|t, f| t == affected && f == affected);
    Score {
        precision: ratio(both, count(&|_, f| f == affected)),
        recall: ratio(both, count(&|t, _| t == affected)),
        missed: count(&|t, f| t == affected && !up(f)),
        n_affected: count(&|t, _| t == affected),
        surfaced_recall: ratio(count(&|t, f| up(t) && up(f)), count(&|t, _| up(t))),
        alarm: count(&|t, f| up(f) && !up(t)) as f64 / count(&|_, f| up(f)).max(1) as f64,
        exact: ratio(count(&|t, f| t == f), keys.len()),
    }
}

#[test]
fn labelled_devices_are_judged_as_a_careful_engineer_would() {
    let (Ok(gold), Ok(corpus)) = (std::env::var("NAMEPLATE_GOLD"), std::env::var("NAMEPLATE_CORPUS")) else { return };
    let catalogue = Arc::new(Catalogue::built_in());
    let index = ProductIndex::build(advisories(&corpus), Arc::clone(&catalogue));
    let inventory =
        std::env::var("NAMEPLATE_GOLD_INVENTORY").unwrap_or_else(|_| format!("{gold}/devices/inventory.csv"));
    let mut found = BTreeMap::new();
    let mut lines = String::new();
    for device in devices(&inventory, &catalogue) {
        for answer in match_variant(&index, &device.variant, &device.serial_number) {
            let advisory = &index.advisories()[answer.advisory as usize];
            let product = &advisory.products[answer.product as usize];
            found.insert((device.asset_id.clone(), advisory.id.to_uppercase()), answer.verdict);
            let line = serde_json::json!({
                "asset_id": device.asset_id, "advisory_id": advisory.id, "verdict": answer.verdict.word(),
                "reason": answer.reason, "product": product.name, "confidence": answer.confidence.word(),
                "evidence": answer.evidence.iter().map(|e| format!("{}: {}", e.part.label(), e.rule)).collect::<Vec<_>>(),
                "fix": answer.fix,
            });
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
    }
    if let Ok(out) = std::env::var("NAMEPLATE_GOLD_OUT") {
        std::fs::write(out, &lines).unwrap();
    }
    if std::env::var("NAMEPLATE_GOLD_INVENTORY").is_ok() {
        return;
    }
    let mut truth = BTreeMap::new();
    for line in std::fs::read_to_string(format!("{gold}/devices/truth.jsonl")).unwrap().lines() {
        let pair: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| pair[name].as_str().unwrap().to_owned();
        let verdict = Verdict::from_word(&text("verdict")).unwrap();
        truth.insert((text("asset_id"), text("advisory").to_uppercase()), verdict);
    }
    let score = score(&truth, &found);
    println!(
        "precision {:.4} recall {:.4} missed {}/{} surfaced {:.4} alarm {:.4} exact {:.4}",
        score.precision, score.recall, score.missed, score.n_affected, score.surfaced_recall, score.alarm, score.exact
    );
    assert!(score.precision >= 0.99, "precision {}", score.precision);
    assert!(score.recall >= 0.995, "recall {}", score.recall);
    assert!(score.surfaced_recall >= 0.995, "surfaced recall {}", score.surfaced_recall);
    assert!(score.alarm <= 0.01, "alarm {}", score.alarm);
    assert!(score.exact >= 0.99, "exact {}", score.exact);
    assert!(score.missed == 0, "missed {} of {}", score.missed, score.n_affected);
}
