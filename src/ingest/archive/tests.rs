//! Files, folders and archives as people have them, made in a folder of their own.

use std::fs;
use std::io::Write;

use tempfile::TempDir;

use super::*;

/// Names (below the folder) and texts of what was read, errors as their messages, and the number passed over.
fn read(folder: &TempDir, path: &str, limits: &Limits) -> (Vec<String>, usize) {
    let prefix = format!("{}/", folder.path().display());
    let mut found = Vec::new();
    let n_passed_over = read_path(&folder.path().join(path), limits, &mut |file| {
        found.push(match file {
            Ok(file) => format!("{} {}", file.name, String::from_utf8_lossy(&file.bytes)).replace(&prefix, ""),
            Err(error) => {
                assert!(error.hint().is_some() || matches!(error, ArchiveError::DocumentTooLarge { .. }), "{error}");
                error.to_string().replace(&prefix, "")
            }
        });
        ControlFlow::Continue(())
    });
    (found, n_passed_over)
}

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Written header by header, so that names may be what no honest tool writes.
fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const FILES: &[(&str, &[u8])] = &[
    ("b/2.json", b"{2}"),
    ("b/2.json.asc", b"signature"),
    ("../../a.JSON", b"{1}"),
    ("c.json.gz", b""),
    ("__MACOSX/._a.json", b"shadow"),
    ("inner.zip", b"PK"),
    ("index.txt", b"list"),
];

#[test]
fn all_forms_of_an_archive_give_the_same_documents() {
    let packed_document = gz(b"{3}");
    let files: Vec<(&str, &[u8])> =
        FILES.iter().map(|(n, b)| (*n, if n.ends_with(".gz") { packed_document.as_slice() } else { *b })).collect();
    let tar = tar_of(&files);
    let folder = folder_with(&[
        ("x.zip", &zip_of(&files)),
        ("x.tar", &tar),
        ("x.tar.gz", &gz(&tar)),
        ("x.tar.zst", &zst(&tar)),
        // The content counts, not the name.
        ("download", &zst(&tar)),
    ]);
    for name in ["x.zip", "x.tar", "x.tar.gz", "x.tar.zst", "download"] {
        let (found, n_passed_over) = read(&folder, name, &Limits::default());
        let expected = [
            format!("{name}!b/2.json {{2}}"),
            format!("{name}!../../a.JSON {{1}}"),
            format!("{name}!c.json.gz {{3}}"),
            format!("cannot unpack `{name}!inner.zip`: expected documents, found an archive inside the archive"),
        ];
        assert_eq!(found, expected, "{name}");
        assert_eq!(n_passed_over, 3, "{name}");
    }
}

#[test]
fn a_folder_is_read_by_name_with_its_archives() {
    let folder = folder_with(&[
        ("in/z.json", b"{z}"),
        ("in/a/2.json", b"{2}"),
        ("in/a/1.json", b"{1}"),
        ("in/a/1.json.sha512", b"digest"),
        ("in/changes.csv", b"list"),
        ("in/m.zip", &zip_of(&[("d.json", b"{d}")])),
        ("in/n.json.zst", &zst(b"{n}")),
        ("in/o.json.gz", &gz(b"{o}")),
    ]);
    let (found, n_passed_over) = read(&folder, "in", &Limits::default());
    assert_eq!(
        found,
        [
            "in/a/1.json {1}",
            "in/a/2.json {2}",
            "in/m.zip!d.json {d}",
            "in/n.json.zst {n}",
            "in/o.json.gz {o}",
            "in/z.json {z}"
        ]
    );
    assert_eq!(n_passed_over, 2);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_upwards_ends() {
    let folder = folder_with(&[("in/a.json", b"{}")]);
    std::os::unix::fs::symlink(folder.path().join("in"), folder.path().join("in/up")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("nowhere"), folder.path().join("in/broken.json")).unwrap();
    let (found, _) = read(&folder, "in", &Limits::default());
    assert_eq!(found, ["in/a.json {}", "cannot read `in/broken.json`: No such file or directory (os error 2)"]);
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let tar = tar_of(&[("a.json", b"{a}"), ("b.json", b"{b}")]);
    let packed = zst(&tar);
    let folder = folder_with(&[
        ("cut.tar", &tar[..1300]),
        ("cut.tar.zst", &packed[..packed.len() - 6]),
        ("cut.zip", &zip_of(&[("a.json", b"{a}")])[..30]),
        ("x.7z", b"7z\xBC\xAF\x27\x1C rest"),
        ("x.tar.xz", b"\xFD7zXZ\0 rest"),
        ("any.txt", b"{a}"),
        ("empty.zip", &zip_of(&[])),
    ]);
    let (cut, _) = read(&folder, "cut.tar", &Limits::default());
    assert_eq!(cut.len(), 2, "{cut:?}");
    assert!(cut[0] == "cut.tar!a.json {a}" && cut[1].starts_with("cannot unpack `cut.tar"), "{cut:?}");
    for (name, expected) in [
        ("cut.tar.zst", "cannot unpack `cut.tar.zst"),
        ("cut.zip", "cannot unpack `cut.zip`"),
        ("x.7z", "cannot unpack `x.7z`: expected .zip, .tar, .gz or .zst, found a .7z archive"),
        ("x.tar.xz", "cannot unpack `x.tar.xz`: expected .zip, .tar, .gz or .zst, found an .xz archive"),
        ("missing", "cannot read `missing`: No such file or directory (os error 2)"),
        ("any.txt", "any.txt {a}"),
    ] {
        let (found, _) = read(&folder, name, &Limits::default());
        assert!(found.len() == 1 && found[0].starts_with(expected), "{name}: {found:?}");
    }
    assert_eq!(read(&folder, "empty.zip", &Limits::default()), (Vec::new(), 0));
}

#[test]
fn an_archive_that_unpacks_without_end_is_stopped() {
    let limits = Limits { document_bytes: 1000, free_bytes: 100_000, ratio: 2, ..Limits::default() };
    let large = vec![b' '; 40_000];
    let small = vec![b' '; 900];
    let many: Vec<(String, &[u8])> = (0..200).map(|i| (format!("{i}.json"), small.as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let folder = folder_with(&[
        ("large.zip", &zip_of(&[("1.json", &large), ("2.json", b"{2}")])),
        ("large.tar.gz", &gz(&tar_of(&[("1.json", &large), ("2.json", b"{2}")]))),
        ("large.json.gz", &gz(&large)),
        ("large.json", &large),
        ("many.zip", &zip_of(&many)),
        ("many.tar.zst", &zst(&tar_of(&many))),
    ]);
    for name in ["large.zip", "large.tar.gz"] {
        let (found, _) = read(&folder, name, &limits);
        let too_large =
            format!("cannot read `{name}!1.json`: expected a document of at most 1000 bytes, found a larger one");
        assert_eq!(found, [too_large, format!("{name}!2.json {{2}}")]);
    }
    for name in ["large.json.gz", "large.json"] {
        let (found, _) = read(&folder, name, &limits);
        assert_eq!(
            found,
            [format!("cannot read `{name}`: expected a document of at most 1000 bytes, found a larger one")]
        );
    }
    for name in ["many.zip", "many.tar.zst"] {
        let (found, _) = read(&folder, name, &limits);
        let packed_bytes = fs::metadata(folder.path().join(name)).unwrap().len();
        let limit_bytes = (packed_bytes * 2).max(100_000);
        let last = format!(
            "cannot unpack `{name}`: expected at most {limit_bytes} bytes from {packed_bytes} bytes packed, found more"
        );
        assert_eq!(found.last(), Some(&last));
        assert!((50..150).contains(&found.len()), "{name}: {}", found.len());
    }
    let limits = Limits { n_entries: 3, ..Limits::default() };
    for (name, n_read) in [("many.zip", 0), ("many.tar.zst", 3)] {
        let (found, _) = read(&folder, name, &limits);
        assert_eq!(found.last(), Some(&format!("cannot unpack `{name}`: expected at most 3 entries, found more")));
        assert_eq!(found.len(), n_read + 1, "{name}");
    }
}

#[test]
fn sizes_are_told_as_people_read_them() {
    for (n_bytes, expected) in [(900, "900 bytes"), (150 << 20, "150 MiB"), ((5 << 19) + 1, "2.5 MiB")] {
        assert_eq!(size(n_bytes), expected);
    }
}

#[test]
fn a_name_cannot_steer_a_terminal() {
    let folder = folder_with(&[("x.zip", &zip_of(&[("a\u{1b}[2J.json", b"{}")]))]);
    assert_eq!(read(&folder, "x.zip", &Limits::default()).0, ["x.zip!a\u{FFFD}[2J.json {}"]);
}

#[test]
fn a_caller_that_breaks_off_gets_no_more() {
    let folder = folder_with(&[("x.zip", &zip_of(&[("1.json", b""), ("2.json", b"")])), ("y.json", b"")]);
    let mut n = 0;
    read_path(folder.path(), &Limits::default(), &mut |_| {
        n += 1;
        ControlFlow::Break(())
    });
    assert_eq!(n, 1);
}
