//! Bundles: what one site makes, another loads to the same result; a changed one is refused with the file named.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use nameplate::domain::source::Trust;
use nameplate::ingest::bundle::BundleError;
use nameplate::services::bundle::{
    CarryError, list_trusted_keys, load_bundle, make_bundle, make_key, read_key_file, read_secret_key, trust_key,
};
use nameplate::services::progress::Silent;
use nameplate::store::{self, Db, advisory};

use crate::database::{TestDatabase, on_both};
use crate::documents::document;
use crate::revisions::Plant;

on_both!(a_bundle_gives_the_same_result_as_the_documents_themselves);

const KEV: &str = r#"{"catalogVersion":"2026.11.01","dateReleased":"2026-11-01T12:00:00Z","count":1,"vulnerabilities":[
    {"cveID":"CVE-2024-1111","vendorProject":"Feldbus","product":"Gateway","vulnerabilityName":"Gateway \"flaw\"",
     "dateAdded":"2024-05-01","dueDate":"2024-05-22","knownRansomwareCampaignUse":"Known"}]}"#;
const EPSS: &str = "#model_version:v2025.03.14,score_date:2026-11-01T00:00:00+0000\ncve,epss,percentile\n\
    CVE-2024-1111,0.00123,0.45678\nCVE-2024-2222,0.97,1.0\n";

/// The rows of a question on both databases must be alike.
async fn same(a: &TestDatabase, b: &TestDatabase, question: &str) {
    assert_eq!(a.texts(question).await, b.texts(question).await, "{question}");
}

async fn a_bundle_gives_the_same_result_as_the_documents_themselves(database: &TestDatabase) {
    let Some(other) = TestDatabase::new(database.engine).await else { return };
    let connected = Plant::new(database);
    for (n, (id, version)) in [("FB-1", "1"), ("FB-1", "2"), ("FB-2", "1"), ("FB-3", "1")].into_iter().enumerate() {
        connected.write(&format!("{n}.json"), document(id, version).to_string());
        connected.ok(&["advisory", "add", &format!("{n}.json")]);
    }
    connected.write("broken.json", "{ \"document\": ");
    connected.write("kev.json", KEV);
    connected.write("epss.csv", EPSS);
    connected.ok(&["advisory", "add", "--kev", "kev.json", "--epss", "epss.csv", "broken.json", "0.json"]);
    connected.ok(&["alias", "add", "--vendor-alias", "SchE=SE", "--author", "ada"]);
    database
        .execute("update advisory_revision set trust = 'verified', trust_reason = 'key A' where version = '2'")
        .await;
    connected.ok(&["rescan"]);
    connected.ok(&["bundle", "key", "bundle.key"]);
    let made = connected.ok(&["bundle", "make", "out.bundle", "--key", "bundle.key"]);
    assert!(made.contains("4 documents"), "{made}");

    let island = Plant::new(&other);
    for name in ["out.bundle", "bundle.pub"] {
        fs::copy(connected.folder.path().join(name), island.folder.path().join(name)).unwrap();
    }
    let refused = island.fails(&["bundle", "load", "out.bundle"]);
    assert!(refused.contains("which is not trusted"), "{refused}");
    assert_eq!(other.texts("select sha256 from advisory_revision").await, Vec::<String>::new());
    let loaded = island.ok(&["bundle", "load", "out.bundle", "--key", "bundle.pub"]);
    assert!(loaded.contains("Added 4, known already 0, unreadable 1."), "{loaded}");
    island.ok(&["rescan"]);
    for question in [
        "select sha256 || version || source || trust || trust_reason || title from advisory_revision order by sha256",
        "select sha256 from advisory_revision where is_current order by sha256",
        "select sha256 || name || error from advisory_unreadable order by 1",
        "select cve || date_added || due_date || name || vendor || product from kev order by cve",
        "select cve || cast(probability_ppm as text) || '/' || cast(percentile_ppm as text) from epss_score order by cve",
        "select kind || entry || author || dated from alias_entry order by 1",
        "select v.model || v.firmware || d.tracking_id || e.verdict || e.doubts || e.confidence || e.reason || \
         e.product_pointer || e.cves || coalesce(e.fix, '') || e.advisory_version from exposure e \
         join advisory d on d.advisory_id = e.advisory_id join variant v on v.variant_id = e.variant_id order by 1",
    ] {
        same(database, &other, question).await;
    }
    let (here, there) = (Db::open(&database.url).await.unwrap(), Db::open(&other.url).await.unwrap());
    for (a, b) in advisory::list_current_advisory_documents(&here)
        .await
        .unwrap()
        .iter()
        .zip(&advisory::list_current_advisory_documents(&there).await.unwrap())
    {
        assert!(a.key == b.key && a.bytes().unwrap() == b.bytes().unwrap(), "byte for byte");
    }
    assert_eq!(store::kev::find_kev(&here).await.unwrap(), store::kev::find_kev(&there).await.unwrap());
    assert_eq!(store::epss::find_epss(&here).await.unwrap(), store::epss::find_epss(&there).await.unwrap());

    island.ok(&["bundle", "trust", "bundle.pub", "--comment", "office"]);
    let again = island.ok(&["bundle", "load", "out.bundle"]);
    assert!(again.contains("Added 0, known already 4"), "{again}");
    let id = island.ok(&["bundle", "keys"]).split('\t').next().unwrap().to_owned();
    assert_eq!(island.ok(&["bundle", "keys", "--remove", &id]), "");
    assert!(island.fails(&["bundle", "load", "out.bundle"]).contains(&id));
    here.close().await;
    there.close().await;
    other.remove().await;
}

/// Unpacks a bundle into its files, in their order.
fn unpack(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = zstd::stream::decode_all(fs::File::open(path).unwrap()).unwrap();
    let mut archive = tar::Archive::new(bytes.as_slice());
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        })
        .collect()
}

fn pack(path: &Path, files: &[(String, Vec<u8>)]) {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    let packed = zstd::bulk::compress(&archive.into_inner().unwrap(), 3).unwrap();
    fs::File::create(path).unwrap().write_all(&packed).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_changed_part_is_refused_with_the_file_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let db = Db::open(&format!("sqlite://{}", path("a.db").display())).await.unwrap();
    crate::documents::add(&db, &[document("FB-1", "1"), document("FB-2", "1")]).await;
    fs::write(path("kev.json"), KEV).unwrap();
    let kev = nameplate::services::load_kev::load_kev(&path("kev.json")).unwrap().0;
    nameplate::services::add_advisories::replace_kev(&db, &kev).await.unwrap();
    let (public, public_path) = make_key(&path("k.key")).unwrap();
    assert!(make_key(&path("k.key")).is_err(), "a key is never overwritten");
    assert_eq!(read_key_file(&public_path).unwrap(), public);
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path("k.key")).unwrap().permissions()) & 0o777,
        0o600
    );
    let secret = read_secret_key(&path("k.key")).unwrap();
    let now = "2026-11-03T00:00:00Z".parse().unwrap();
    let made = make_bundle(&db, &path("b"), &secret, now, &Silent).await.unwrap();
    make_bundle(&db, &path("b2"), &secret, now, &Silent).await.unwrap();
    assert_eq!(fs::read(path("b")).unwrap(), fs::read(path("b2")).unwrap(), "the same content gives the same file");
    assert_eq!(made.manifest.files.len(), 3);

    let target = Db::open(&format!("sqlite://{}", path("b.db").display())).await.unwrap();
    let refused = async |keys: &[_]| {
        let error = load_bundle(&target, &path("changed"), keys, "test", now, &Silent).await.unwrap_err();
        assert_eq!(advisory::count_advisories(&target).await.unwrap(), 0, "nothing is taken in: {error}");
        assert!(store::kev::find_kev(&target).await.unwrap().is_none());
        error
    };
    let files = unpack(&path("b"));
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["manifest.json", "manifest.json.minisig", "documents/000001.json", "documents/000002.json", "kev.json"]
    );
    // One byte of each file.
    for (at, name) in names.iter().enumerate() {
        let mut changed = files.clone();
        let middle = changed[at].1.len() / 2;
        changed[at].1[middle] ^= 1;
        pack(&path("changed"), &changed);
        let error = refused(&[public]).await;
        let told = error.to_string();
        let expected = if at == 1 { "manifest.json" } else { name };
        let is_signature = at == 1 && (told.contains("not signed") || told.contains("is not trusted"));
        assert!(is_signature || told.contains(expected), "{name}: {told}");
    }
    // A file that is missing, put in, or in another order.
    for (edit, named) in [
        ((|files: &mut Vec<(String, Vec<u8>)>| drop(files.remove(4))) as fn(&mut Vec<_>), "kev.json"),
        (|files| drop(files.remove(2)), "documents/000001.json"),
        (|files| files.push(("aliases.toml".to_owned(), b"x".to_vec())), "aliases.toml"),
        (|files| files.swap(2, 3), "documents/000001.json"),
        (|files| files[3].1.push(b' '), "documents/000002.json"),
    ] {
        let mut changed = files.clone();
        edit(&mut changed);
        pack(&path("changed"), &changed);
        let error = refused(&[public]).await;
        assert!(matches!(&error, CarryError::Bundle(BundleError::Tampered { file, .. }) if file == named), "{error}");
    }
    // Without a signature, and with the file cut off.
    let mut unsigned = files.clone();
    unsigned.remove(1);
    pack(&path("changed"), &unsigned);
    assert!(matches!(refused(&[public]).await, CarryError::Bundle(BundleError::Unsigned)));
    let whole = fs::read(path("b")).unwrap();
    for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(path("changed"), &whole[..cut]).unwrap();
        refused(&[public]).await;
    }
    fs::write(path("changed"), b"no bundle at all").unwrap();
    refused(&[public]).await;
    // Signed by somebody else.
    make_key(&path("other.key")).unwrap();
    let other = read_secret_key(&path("other.key")).unwrap();
    make_bundle(&db, &path("changed"), &other, now, &Silent).await.unwrap();
    assert!(matches!(refused(&[public]).await, CarryError::Bundle(BundleError::UnknownKey { .. })));
    assert!(matches!(refused(&[]).await, CarryError::Bundle(BundleError::UnknownKey { .. })));

    let loaded = load_bundle(&target, &path("b"), &[public], "test", now, &Silent).await.unwrap();
    assert_eq!((loaded.n_added, loaded.n_kev, loaded.n_epss), (2, Some(1), None));
    let revisions = advisory::list_advisories(&target, None, 9).await.unwrap();
    assert!(revisions.iter().all(|r| r.trust == Trust::Unsigned && r.source_id.is_some()));
    assert!(trust_key(&target, &public, "office", "test", now).await.unwrap());
    assert!(!trust_key(&target, &public, "office", "test", now).await.unwrap());
    assert_eq!(list_trusted_keys(&target).await.unwrap()[0].0, public);
}
