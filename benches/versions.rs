//! How long it takes to read version texts and firmwares, and to compare them.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nameplate::domain::firmware::Firmware;
use nameplate::domain::version_range::{DeviceReading, VersionRange};
use std::hint::black_box;

/// Version texts of every notation beside product names that repeat them in prose.
const TEXTS: [(&str, &str); 12] = [
    ("vers:all/*", "RUGGEDCOM APE1808"),
    ("vers:all/<V2.9.7", "SIMATIC S7-1500 CPU 1516-3 PN/DP (6ES7516-3AN02-0AB0)"),
    ("< 4.3", "InterNiche stack: All versions prior to v4.3"),
    (">= V2.0 < V2.1.4", "SCALANCE SC646-2C (6GK5646-2GS00-2AC2)"),
    ("< V16 Update 5", "SIMATIC WinCC V16"),
    ("<= 3.3.8 Build 16102416", "IE-SW-PL08M-6TX-2SCS firmware: v3.3.8 Build 16102416 and prior"),
    ("<v36.011_v35.013_v34.014", "CompactLogix 5480: <v36.011_v35.013_v34.014"),
    ("6.00 | 6.10 | 6.11", "FactoryTalk Linx software: Versions 6.00 6.10 and 6.11"),
    ("11.3.x", "DeltaV DCS: 11.3.x"),
    ("<=the_first_5_digits_of_serial_number_22081", "Q03UDECPU: <=the_first_5_digits_of_serial_number_22081"),
    ("1766-L32BXB", "MicroLogix 1400 Controllers: 1766-L32BXB"),
    ("<= V2.3.0 and Function State (FS) <= 3", "S7-200 SMART CPU CR30s: <= V2.3.0 and Function State (FS) <= 3"),
];

const FIRMWARES: [&str; 8] =
    ["V2.9.4", "FW 31.011", "15.2(6)E0a", "CPCI85 V05.20", "V16 Upd4", "01.09.18(13)", "3.3.4 Build 15121018", ""];

fn versions(c: &mut Criterion) {
    let mut group = c.benchmark_group("versions");
    group.throughput(Throughput::Elements(TEXTS.len() as u64));
    group.bench_function("read texts", |b| {
        b.iter(|| TEXTS.iter().map(|(text, name)| VersionRange::read(black_box(text), name)).collect::<Vec<_>>());
    });
    group.throughput(Throughput::Elements(FIRMWARES.len() as u64));
    group.bench_function("read firmwares", |b| {
        b.iter(|| FIRMWARES.iter().map(|text| Firmware::read(black_box(text))).collect::<Vec<_>>());
    });
    let ranges: Vec<VersionRange> = TEXTS.iter().map(|(text, name)| VersionRange::read(text, name)).collect();
    let firmwares: Vec<Firmware> = FIRMWARES.iter().map(|text| Firmware::read(text)).collect();
    group.throughput(Throughput::Elements((ranges.len() * firmwares.len()) as u64));
    group.bench_function("place", |b| {
        b.iter(|| {
            let mut n_inside = 0;
            for range in &ranges {
                for firmware in &firmwares {
                    let device = DeviceReading { firmware, serial_number: "", hardware_revision: "" };
                    n_inside += range.place(black_box(device)) as usize;
                }
            }
            n_inside
        });
    });
    group.bench_function("answer in words", |b| {
        b.iter(|| {
            for range in &ranges {
                for firmware in &firmwares {
                    let device = DeviceReading { firmware, serial_number: "", hardware_revision: "" };
                    black_box(range.answer(black_box(device)));
                }
            }
        });
    });
    group.finish();
}

criterion_group!(benches, versions);
criterion_main!(benches);
