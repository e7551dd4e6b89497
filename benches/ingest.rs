//! How long reading and indexing advisories takes, beside what `serde_json` needs to parse the same bytes into `Value`.
//!
//! `NAMEPLATE_CORPUS` names a folder or archive of CSAF documents; without it the sample advisories are read.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nameplate::domain::catalogue::Catalogue;
use nameplate::domain::product_index::ProductIndex;
use nameplate::ingest::archive::{Limits, read_path};
use nameplate::ingest::csaf::document::read_document;
use nameplate::ingest::csaf::load::{LoadOptions, load, read_checked};
use rayon::prelude::*;

/// The allocator of the binary; parsing is mostly allocation.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn corpus() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("NAMEPLATE_CORPUS") {
        return Some(path.into());
    }
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    samples.is_dir().then_some(samples)
}

fn ingest(criterion: &mut Criterion) {
    let Some(path) = corpus() else {
        println!("nothing to read: set NAMEPLATE_CORPUS to a folder or archive of CSAF documents");
        return;
    };
    let mut files = Vec::new();
    read_path(&path, &Limits::default(), &mut |file| {
        match file {
            Ok(file) => files.push(file.bytes),
            Err(error) => println!("{error}"),
        }
        ControlFlow::Continue(())
    });
    let n_bytes: usize = files.iter().map(Vec::len).sum();
    println!("{} documents, {n_bytes} bytes, {} threads", files.len(), rayon::current_num_threads());

    let mut group = criterion.benchmark_group("ingest");
    group.sample_size(20).measurement_time(Duration::from_secs(8)).throughput(Throughput::Bytes(n_bytes as u64));
    group.bench_function("serde_json_value_one_thread", |bencher| {
        bencher.iter(|| {
            for bytes in &files {
                let _ = black_box(serde_json::from_slice::<serde_json::Value>(bytes));
            }
        });
    });
    group.bench_function("read_checked_one_thread", |bencher| {
        bencher.iter(|| {
            for bytes in &files {
                let _ = black_box(read_checked(bytes));
            }
        });
    });
    group.bench_function("read_document_one_thread", |bencher| {
        bencher.iter(|| {
            for bytes in &files {
                let _ = black_box(read_document(bytes));
            }
        });
    });
    group.bench_function("read_document_all_threads", |bencher| {
        bencher.iter(|| files.par_iter().for_each(|bytes| drop(black_box(read_document(bytes)))));
    });
    let catalogue = Arc::new(Catalogue::built_in());
    group.bench_function("read_and_index_all_threads", |bencher| {
        bencher.iter(|| {
            let read = files.par_iter().filter_map(|bytes| Some(Arc::new(read_document(bytes).ok()?.0))).collect();
            black_box(ProductIndex::build(read, catalogue.clone()))
        });
    });
    group.bench_function("catalogue", |bencher| bencher.iter(|| black_box(Catalogue::built_in())));
    let paths = [path];
    group.bench_function("load_with_unpacking_and_digests", |bencher| {
        bencher.iter(|| black_box(load(&paths, &LoadOptions::default(), &mut |_| {})));
    });
    group.finish();
}

criterion_group!(benches, ingest);
criterion_main!(benches);
