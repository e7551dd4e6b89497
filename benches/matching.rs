//! How long it takes to compile advisories into the index and to judge variants against it.
//!
//! `NAMEPLATE_CORPUS` names a folder of CSAF documents to measure on; without it the built-in samples serve. A list of
//! `NAMEPLATE_BENCH_VARIANTS` variants is judged, 50,000 without it.

#[allow(dead_code)]
#[path = "common/fleet.rs"]
mod fleet;

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use nameplate::domain::advisory::Advisory;
use nameplate::domain::catalogue::Catalogue;
use nameplate::domain::matching::match_variant;
use nameplate::domain::nameplate::{Nameplate, NameplateReading, Variant};
use nameplate::domain::product_index::ProductIndex;
use nameplate::ingest::csaf::document::read_document;
use nameplate::ingest::csaf::load::{LoadOptions, load};
use nameplate::ingest::samples::SAMPLE_ADVISORIES;
use rayon::prelude::*;

/// Nameplates of many kinds; each is varied in its firmware.
const PLATES: [(&str, &str, &str); 16] = [
    ("Siemens", "CPU 1511-1 PN", "6ES7 511-1AK02-0AB0"),
    ("Siemens", "S7-1200 CPU 1214C DC/DC/DC", "6ES7-214-1AG40-0XB0"),
    ("Siemens", "SCALANCE XC208", "6GK5 208-0BA00-2AC2"),
    ("Siemens", "SENTRON PAC3200", "7KM2112-0BA00-3AA0"),
    ("", "CPU 414-3 PN/DP", "6ES74143EM060AB0"),
    ("SE", "PM8240", "METSEPM8240"),
    ("Telemecanique", "Modicon M340 CPU BMX P34 2020", "BMX P34 2020"),
    ("AB", "ControlLogix L83E", "1756-L83E/B"),
    ("Rockwell", "PowerFlex 525", "25B-D4P0N104"),
    ("Mitsubishi Electric", "MELSEC iQ-R R04CPU", ""),
    ("Mitsubishi Electric", "FX5U 32MT/ES", ""),
    ("OMRON", "CJ2M-CPU33", "CJ2M-CPU33"),
    ("Moxa", "NPort 5110", ""),
    ("Hitachi Energy", "RTU530", "530CID01 R0003"),
    ("Wago", "750-8212", "750-8212"),
    ("Nobody's", "Unheard-of meter 77", "UM-77-A"),
];

fn advisories() -> Vec<Arc<Advisory>> {
    match std::env::var("NAMEPLATE_CORPUS") {
        Ok(folder) => load(&[PathBuf::from(folder)], &LoadOptions::default(), &mut |_| {})
            .documents
            .into_iter()
            .filter_map(|d| d.result.ok())
            .map(|r| Arc::new(r.advisory))
            .collect(),
        Err(_) => SAMPLE_ADVISORIES
            .iter()
            .filter_map(|(_, bytes)| read_document(bytes).ok())
            .map(|(advisory, _)| Arc::new(advisory))
            .collect(),
    }
}

fn variants(n: usize) -> Vec<Variant> {
    (0..n)
        .map(|i| {
            let (vendor, model, part_number) = PLATES[i % PLATES.len()];
            Variant {
                nameplate: Nameplate {
                    vendor: vendor.to_owned(),
                    model: model.to_owned(),
                    part_number: part_number.to_owned(),
                    hardware_revision: String::new(),
                },
                firmware: format!("V{}.{}.{}", i % 7, i % 31, i / PLATES.len()),
                notes: String::new(),
            }
        })
        .collect()
}

fn matching(c: &mut Criterion) {
    let catalogue = Arc::new(Catalogue::built_in());
    let advisories = advisories();
    // Before anything else, because what a measurement gives back would hide it.
    let documents = advisories.clone();
    let before = fleet::resident_mb();
    let index = ProductIndex::build(documents, Arc::clone(&catalogue));
    println!("the index takes {} MB beside the {before} MB that are in use", fleet::resident_mb() - before);
    let mut group = c.benchmark_group("matching");
    group.sample_size(10);
    group.bench_function("read the catalogue", |b| b.iter(Catalogue::built_in));
    group.throughput(Throughput::Elements(advisories.len() as u64));
    group.bench_function("build the index", |b| {
        b.iter_batched(
            || advisories.clone(),
            |advisories| ProductIndex::build(advisories, Arc::clone(&catalogue)),
            BatchSize::LargeInput,
        );
    });
    let n = std::env::var("NAMEPLATE_BENCH_VARIANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(50_000);
    let variants = variants(n);
    group.throughput(Throughput::Elements(1_600));
    group.bench_function("read 1,600 nameplates", |b| {
        b.iter(|| {
            for variant in &variants[..1_600] {
                black_box(NameplateReading::read(variant, &catalogue));
            }
        });
    });
    group.throughput(Throughput::Elements(variants.len() as u64));
    group.bench_function(format!("judge {n} variants on all cores"), |b| {
        b.iter(|| variants.par_iter().map(|v| match_variant(&index, v, "").len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
