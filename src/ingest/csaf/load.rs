//! Advisory files of any number: read in one thread, parsed in all, given in order.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::document::read_document;
use super::error::ReadError;
use super::schema::check_schema;
use super::warning::CsafWarning;
use crate::domain::advisory::Advisory;
use crate::ingest::archive::{AdvisoryFile, ArchiveError, Limits, read_path};

/// Files that are parsed together. Three batches are in memory at most: one read, one waiting, one parsed.
const BATCH_BYTES: usize = 16 << 20;
const BATCH_FILES: usize = 512;

/// How to load.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    pub limits: Limits,
    /// Keep the bytes of each document beside what was read from it.
    pub keep_bytes: bool,
    /// Hold each document against its schema as well, as [`read_checked`] does.
    pub check_schema: bool,
}

/// One document as found, read or not.
#[derive(Clone, Debug)]
pub struct Document {
    /// As a person would write it; the third document of a stream ends in `#3`.
    pub name: String,
    /// Of the bytes as found.
    pub sha256: [u8; 32],
    pub size_bytes: usize,
    /// The bytes as found, if they were asked for.
    pub bytes: Option<Vec<u8>>,
    pub result: Result<ReadAdvisory, ReadError>,
}

/// An advisory and what was odd about its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAdvisory {
    pub advisory: Advisory,
    /// In the order of the document; those of the schema last.
    pub warnings: Vec<CsafWarning>,
}

/// Reads a document and holds it against the schema of its edition.
///
/// # Errors
///
/// As [`read_document`].
pub fn read_checked(bytes: &[u8]) -> Result<ReadAdvisory, ReadError> {
    let (advisory, mut warnings) = read_document(bytes)?;
    warnings.extend(check_schema(bytes, &advisory.csaf_version));
    Ok(ReadAdvisory { advisory, warnings })
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// In the order of the paths, then of names or entries.
    pub documents: Vec<Document>,
    /// Files and archives that could not be read at all, or not to their end.
    pub failures: Vec<ArchiveError>,
    /// Files of another kind, such as signatures and digests.
    pub n_passed_over: usize,
}

/// What [`load_each`] comes upon.
#[derive(Debug)]
pub enum Found {
    Document(Box<Document>),
    Failure(ArchiveError),
}

/// How far loading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub n_documents: usize,
    pub n_bytes: u64,
}

/// Loads all documents under `paths`; `progress` hears of every batch.
pub fn load(paths: &[PathBuf], options: &LoadOptions, progress: &mut dyn FnMut(Progress)) -> Loaded {
    let mut loaded = Loaded::default();
    let mut so_far = Progress::default();
    loaded.n_passed_over = load_each(paths, options, &mut |found| {
        match found {
            Found::Document(document) => {
                so_far.n_documents += 1;
                so_far.n_bytes += document.size_bytes as u64;
                loaded.documents.push(*document);
            }
            Found::Failure(failure) => loaded.failures.push(failure),
        }
        progress(so_far);
        ControlFlow::Continue(())
    });
    loaded
}

/// Gives every document under `paths` to `each` in order, until `each` breaks, and holds only a few at a time.
///
/// Answers how many files were passed over because they are of another kind.
pub fn load_each(paths: &[PathBuf], options: &LoadOptions, each: &mut dyn FnMut(Found) -> ControlFlow<()>) -> usize {
    std::thread::scope(|scope| {
        let (sender, batches) = sync_channel::<Vec<Result<AdvisoryFile, ArchiveError>>>(1);
        let reader = scope.spawn(move || {
            let mut n_passed_over = 0;
            let (mut batch, mut batch_bytes) = (Vec::new(), 0);
            for path in paths {
                n_passed_over += read_path(path, &options.limits, &mut |file| {
                    batch_bytes += file.as_ref().map_or(0, |file| file.bytes.len());
                    batch.push(file);
                    if batch.len() >= BATCH_FILES || batch_bytes >= BATCH_BYTES {
                        batch_bytes = 0;
                        // Nobody listens any more when `each` has broken off.
                        if sender.send(std::mem::take(&mut batch)).is_err() {
                            return ControlFlow::Break(());
                        }
                    }
                    ControlFlow::Continue(())
                });
            }
            // As above: without a listener the rest is not wanted.
            let _ = sender.send(batch);
            n_passed_over
        });
        'batches: for batch in batches {
            let found: Vec<Vec<Found>> = batch.into_par_iter().map(|file| parse(file, options)).collect();
            for found in found.into_iter().flatten() {
                if each(found).is_break() {
                    break 'batches;
                }
            }
        }
        reader.join().unwrap_or_default()
    })
}

fn parse(file: Result<AdvisoryFile, ArchiveError>, options: &LoadOptions) -> Vec<Found> {
    let AdvisoryFile { name, bytes } = match file {
        Ok(file) => file,
        Err(failure) => return vec![Found::Failure(failure)],
    };
    match split_stream(&bytes) {
        None => vec![Found::Document(Box::new(parse_one(name, bytes, options)))],
        Some(records) => records
            .into_iter()
            .enumerate()
            .map(|(i, record)| parse_one(format!("{name}#{}", i + 1), record.to_vec(), options))
            .map(|document| Found::Document(Box::new(document)))
            .collect(),
    }
}

fn parse_one(name: String, bytes: Vec<u8>, options: &LoadOptions) -> Document {
    let result = if options.check_schema {
        read_checked(&bytes)
    } else {
        read_document(&bytes).map(|(advisory, warnings)| ReadAdvisory { advisory, warnings })
    };
    Document {
        name,
        sha256: Sha256::digest(&bytes).into(),
        size_bytes: bytes.len(),
        result,
        bytes: options.keep_bytes.then_some(bytes),
    }
}

/// The documents of a stream in which each begins with a record separator (RFC 7464); `None` for a plain file.
/// The separator cannot stand inside JSON, where control characters are escaped.
///
/// # Source
///
/// CSAF 2.1, section 5.2.
fn split_stream(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    const RECORD_SEPARATOR: u8 = 0x1E;
    let rest = bytes.strip_prefix(&[RECORD_SEPARATOR])?;
    let records = rest.split(|byte| *byte == RECORD_SEPARATOR).map(<[u8]>::trim_ascii);
    Some(records.filter(|record| !record.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DOCUMENT: &[u8] = include_bytes!("../../../tests/data/csaf/complete_2_0.json");

    #[test]
    fn documents_come_in_the_order_of_their_names_however_many_there_are() {
        let folder = tempfile::tempdir().unwrap();
        for i in 0..600 {
            let text = String::from_utf8_lossy(DOCUMENT).replace("FB-2024-0001", &format!("FB-{i:03}"));
            fs::write(folder.path().join(format!("{i:03}.json")), text).unwrap();
        }
        fs::write(folder.path().join("300.json.asc"), "signature").unwrap();
        let mut last = Progress::default();
        let loaded = load(&[folder.path().to_owned()], &LoadOptions::default(), &mut |progress| last = progress);
        let ids: Vec<_> = loaded.documents.iter().map(|d| d.result.as_ref().unwrap().advisory.id.clone()).collect();
        assert_eq!(ids, (0..600).map(|i| format!("FB-{i:03}")).collect::<Vec<_>>());
        assert_eq!((loaded.n_passed_over, loaded.failures.len(), last.n_documents), (1, 0, 600));
        assert!(loaded.documents.iter().all(|document| document.bytes.is_none()));
    }

    #[test]
    fn a_document_that_cannot_be_read_keeps_its_name_digest_and_bytes() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), "{}").unwrap();
        fs::write(folder.path().join("b.json"), DOCUMENT).unwrap();
        let options = LoadOptions { keep_bytes: true, ..LoadOptions::default() };
        let paths = [folder.path().to_owned(), folder.path().join("missing")];
        let loaded = load(&paths, &options, &mut |_| {});
        assert!(loaded.documents[0].name.ends_with("a.json"));
        assert!(loaded.documents[0].result.is_err());
        assert_eq!(loaded.documents[0].bytes.as_deref(), Some(&b"{}"[..]));
        // SHA-256 of the two bytes `{}`.
        assert_eq!(loaded.documents[0].sha256[..4], [0x44, 0x13, 0x6f, 0xa3]);
        assert!(loaded.documents[1].result.is_ok());
        assert_eq!(loaded.documents[1].bytes.as_deref(), Some(DOCUMENT));
        assert_eq!(loaded.failures.len(), 1);
    }

    #[test]
    fn a_stream_gives_each_of_its_documents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stream.json-seq");
        let stream = [b"\x1E".as_slice(), DOCUMENT, b"\n\x1E{}\n\x1E\n\x1E", DOCUMENT].concat();
        fs::write(&path, stream).unwrap();
        let loaded = load(&[path], &LoadOptions::default(), &mut |_| {});
        let read: Vec<_> = loaded.documents.iter().map(|d| (d.name.rsplit('/').next(), d.result.is_ok())).collect();
        assert_eq!(
            read,
            [(Some("stream.json-seq#1"), true), (Some("stream.json-seq#2"), false), (Some("stream.json-seq#3"), true)]
        );
    }

    #[test]
    fn loading_ends_when_the_caller_has_had_enough() {
        let folder = tempfile::tempdir().unwrap();
        for i in 0..2000 {
            fs::write(folder.path().join(format!("{i}.json")), "{}").unwrap();
        }
        let mut n = 0;
        load_each(&[folder.path().to_owned()], &LoadOptions::default(), &mut |_| {
            n += 1;
            ControlFlow::Break(())
        });
        assert_eq!(n, 1);
    }
}
