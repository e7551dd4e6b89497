//! Reading inventories, beside what the bare readers of the formats take for the same bytes.
//!
//! `NAMEPLATE_BENCH_ROWS=1000000 cargo bench --bench import` measures a large list; the default is small.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Cursor;

use calamine::Reader as _;
use criterion::{Criterion, criterion_group, criterion_main};
use nameplate::ingest::spreadsheet::{ReadOptions, read_rows};
use rust_xlsxwriter::Workbook;

const HEADER: [&str; 10] =
    ["Asset ID", "Name", "Site", "Vendor", "Model", "Order number", "Serial number", "Firmware", "IP", "Remarks"];

fn row(i: usize) -> [String; 10] {
    [
        format!("A-{i}"),
        format!("Pump {}", i % 977),
        format!("Site {}", i % 40),
        "Siemens".to_owned(),
        format!("CPU 15{}-1 PN", i % 17 + 10),
        format!("6ES7 5{}-1AK02-0AB0", i % 17 + 10),
        format!("S C-{i:08X}"),
        format!("V2.{}.{}", i % 10, i % 7),
        format!("10.{}.{}.{}", i >> 16 & 255, i >> 8 & 255, i & 255),
        String::new(),
    ]
}

fn csv_of(rows: usize) -> Vec<u8> {
    let mut text = HEADER.join(";");
    text.push('\n');
    for i in 0..rows {
        let _ = writeln!(text, "{}", row(i).join(";"));
    }
    text.into_bytes()
}

fn xlsx_of(rows: usize) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, HEADER).expect("a header fits");
    for i in 0..rows {
        sheet.write_row(i as u32 + 1, 0, row(i)).expect("a row fits");
    }
    workbook.save_to_buffer().expect("a workbook can be made")
}

fn import(c: &mut Criterion) {
    let rows: usize = std::env::var("NAMEPLATE_BENCH_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000);
    let options = ReadOptions::default();
    let ours = |bytes: &[u8]| {
        let mut n = 0;
        read_rows("bench", Cursor::new(bytes), &options, |batch| n += batch.rows.len()).expect("the list is good");
        assert_eq!(n, rows);
    };
    let mut group = c.benchmark_group("import");
    group.sample_size(10);
    let csv = csv_of(rows);
    group.bench_function("csv", |b| b.iter(|| ours(&csv)));
    group.bench_function("csv, bare reader", |b| {
        b.iter(|| {
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(csv.as_slice());
            reader.records().map_while(Result::ok).map(|r| black_box(r).len()).sum::<usize>()
        });
    });
    let xlsx = xlsx_of(rows.min(100_000));
    let xlsx_rows = rows.min(100_000);
    group.bench_function("xlsx", |b| {
        b.iter(|| {
            let mut n = 0;
            read_rows("bench", Cursor::new(&xlsx), &options, |batch| n += batch.rows.len()).expect("the list is good");
            assert_eq!(n, xlsx_rows);
        });
    });
    group.bench_function("xlsx, bare reader", |b| {
        b.iter(|| {
            let mut workbook = calamine::Xlsx::new(Cursor::new(&xlsx)).expect("the workbook is good");
            black_box(workbook.worksheet_range_at(0).expect("one sheet").expect("the sheet is good").get_size())
        });
    });
    group.finish();
}

criterion_group!(benches, import);
criterion_main!(benches);
