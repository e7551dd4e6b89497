//! The committed sample inventories are what `examples/make_samples` makes.

#[path = "../examples/make_samples/main.rs"]
mod make_samples;

#[test]
fn the_committed_samples_are_what_the_maker_makes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_inventories");
    for (name, made) in make_samples::files().unwrap() {
        let committed = std::fs::read(folder.join(name)).unwrap();
        assert!(
            committed == made,
            "`{name}` differs from what is made now\nhint: run `cargo run --example make_samples` and commit the result"
        );
    }
}

#[test]
fn every_sample_advisory_reads_without_a_warning() {
    for (name, bytes) in nameplate::ingest::samples::SAMPLE_ADVISORIES {
        let (advisory, warnings) = nameplate::ingest::csaf::document::read_document(bytes).unwrap();
        assert!(warnings.is_empty(), "{name}: {warnings:#?}");
        assert!(!advisory.products.is_empty(), "{name}");
    }
}
