//! Advisory files from wherever people keep them: a file, a folder, a .zip, .tar, .tar.gz, .tar.zst, .json.gz, .json.zst.
//!
//! Nothing is written to disk, so a name inside an archive is only a label. What an archive may unpack to is bounded
//! by [`Limits`], and one document is in memory at a time.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use thiserror::Error;

mod bounded;

use bounded::Bounded;

/// What an archive may cost. The defaults let every mirror of an OT publisher pass with room to spare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One document, unpacked. CSAF 2.1, appendix C.1, names 150 MiB as what every consumer should take.
    pub document_bytes: u64,
    /// One archive, unpacked.
    pub archive_bytes: u64,
    /// How many times its packed size an archive may unpack to, once it unpacks to more than `free_bytes`.
    /// Packed advisories shrink to between a tenth and a hundredth.
    pub ratio: u64,
    /// What any archive may unpack to, however small it is.
    pub free_bytes: u64,
    /// Entries in one archive.
    pub n_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            document_bytes: 150 << 20,
            archive_bytes: 8 << 30,
            ratio: 200,
            free_bytes: 256 << 20,
            n_entries: 1_000_000,
        }
    }
}

impl Limits {
    fn unpacked_bytes(&self, packed_bytes: u64) -> u64 {
        packed_bytes.saturating_mul(self.ratio).max(self.free_bytes).min(self.archive_bytes)
    }
}

/// The bytes of one file that may be an advisory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisoryFile {
    /// As a person would write it: `advisories/x.json`, `mirror.zip!white/2023/x.json`.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A file or archive that could not be read, or not to its end.
#[derive(Debug, Error)]
pub enum ArchiveError {
    #[error("cannot read `{name}`: {cause}")]
    Unreadable { name: String, cause: io::Error },
    #[error("cannot unpack `{name}`: {cause}")]
    Damaged { name: String, cause: String },
    #[error("cannot unpack `{name}`: expected .zip, .tar, .gz or .zst, found {found}")]
    UnknownFormat { name: String, found: &'static str },
    #[error("cannot unpack `{name}`: expected documents, found an archive inside the archive")]
    Nested { name: String },
    #[error("cannot read `{name}`: expected a document of at most {}, found a larger one", size(*limit_bytes))]
    DocumentTooLarge { name: String, limit_bytes: u64 },
    #[error("cannot unpack `{name}`: expected at most {} from {} packed, found more", size(*limit_bytes), size(*packed_bytes))]
    UnpacksTooFar { name: String, packed_bytes: u64, limit_bytes: u64 },
    #[error("cannot unpack `{name}`: expected at most {limit} entries, found more")]
    TooManyEntries { name: String, limit: usize },
}

impl ArchiveError {
    /// The file, as a person would write it.
    pub fn name(&self) -> &str {
        match self {
            ArchiveError::Unreadable { name, .. }
            | ArchiveError::Damaged { name, .. }
            | ArchiveError::UnknownFormat { name, .. }
            | ArchiveError::Nested { name }
            | ArchiveError::DocumentTooLarge { name, .. }
            | ArchiveError::UnpacksTooFar { name, .. }
            | ArchiveError::TooManyEntries { name, .. } => name,
        }
    }

    /// Advice in one line, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ArchiveError::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                Some("give a CSAF file, a folder, a .zip, .tar.gz or .tar.zst")
            }
            ArchiveError::Unreadable { .. } => None,
            ArchiveError::Damaged { .. } => Some("fetch the archive again; what stood before the damage was read"),
            ArchiveError::UnknownFormat { .. } => Some("pack it as .zip, .tar.gz or .tar.zst, or give the folder"),
            ArchiveError::Nested { .. } => Some("unpack the outer archive and give the folder"),
            ArchiveError::DocumentTooLarge { .. } => None,
            ArchiveError::UnpacksTooFar { .. } | ArchiveError::TooManyEntries { .. } => Some(
                "this looks like an archive made to fill the memory; if you trust it, unpack it and give the folder",
            ),
        }
    }
}

/// A number of bytes as people read it: `900 bytes`, `2.5 MiB`.
fn size(n_bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    match n_bytes {
        n if n < MIB => format!("{n} bytes"),
        n if n % MIB == 0 => format!("{} MiB", n / MIB),
        n => format!("{:.1} MiB", n as f64 / MIB as f64),
    }
}

/// Gives every advisory file under `path` to `each`, folders and archives in the order of their names or entries,
/// until `each` breaks. A file that cannot be read is given as an error, and the next one follows.
///
/// Answers how many files were passed over because they are of another kind (signatures, digests, lists).
pub fn read_path(
    path: &Path,
    limits: &Limits,
    each: &mut dyn FnMut(Result<AdvisoryFile, ArchiveError>) -> ControlFlow<()>,
) -> usize {
    let mut walk = Walk { limits, each, n_passed_over: 0, folders: BTreeSet::new() };
    // A break only says that the caller has had enough.
    let _ = walk.path(path);
    walk.n_passed_over
}

struct Walk<'a> {
    limits: &'a Limits,
    each: &'a mut dyn FnMut(Result<AdvisoryFile, ArchiveError>) -> ControlFlow<()>,
    n_passed_over: usize,
    /// Folders walked so far, links resolved, so that a link upwards does not lead in a circle.
    folders: BTreeSet<PathBuf>,
}

/// What the name of a file says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameKind {
    Document,
    PackedDocument,
    Archive,
    Other,
}

fn kind_of_name(name: &str) -> NameKind {
    let name = name.to_ascii_lowercase();
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let ends = |endings: &[&str]| endings.iter().any(|ending| base.ends_with(ending));
    // macOS writes a shadow of each file into archives.
    if base.starts_with("._") || name.starts_with("__macosx/") {
        NameKind::Other
    } else if ends(&[".json", ".json-seq"]) {
        NameKind::Document
    } else if ends(&[".json.gz", ".json.zst"]) {
        NameKind::PackedDocument
    } else if ends(&[".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"]) {
        NameKind::Archive
    } else {
        NameKind::Other
    }
}

impl Walk<'_> {
    fn path(&mut self, path: &Path) -> ControlFlow<()> {
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => self.folder(path),
            Ok(metadata) => self.file(path, metadata.len()),
            Err(cause) => (self.each)(Err(ArchiveError::Unreadable { name: label(path), cause })),
        }
    }

    fn folder(&mut self, path: &Path) -> ControlFlow<()> {
        if !path.canonicalize().is_ok_and(|real| self.folders.insert(real)) {
            return ControlFlow::Continue(());
        }
        let entries = path.read_dir().and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries: Vec<PathBuf> = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
            Err(cause) => return (self.each)(Err(ArchiveError::Unreadable { name: label(path), cause })),
        };
        entries.sort();
        for entry in entries {
            let is_wanted = entry.is_dir() || kind_of_name(&entry.to_string_lossy()) != NameKind::Other;
            if is_wanted {
                self.path(&entry)?;
            } else {
                self.n_passed_over += 1;
            }
        }
        ControlFlow::Continue(())
    }

    fn file(&mut self, path: &Path, packed_bytes: u64) -> ControlFlow<()> {
        let name = label(path);
        let opened = File::open(path).and_then(|mut file| Ok((peek(&mut file)?, file)));
        let (head, mut file) = match opened {
            Ok(opened) => opened,
            Err(cause) => return (self.each)(Err(ArchiveError::Unreadable { name, cause })),
        };
        let limit_bytes = self.limits.unpacked_bytes(packed_bytes);
        match Format::of(&head) {
            Format::Zip => match file.seek(SeekFrom::Start(0)) {
                Ok(_) => self.zip(&name, file, packed_bytes),
                Err(cause) => (self.each)(Err(ArchiveError::Unreadable { name, cause })),
            },
            Format::Gzip => {
                let unpacked = flate2::read::MultiGzDecoder::new(Cursor::new(head).chain(file));
                self.unpacked(name, Bounded::new(unpacked, limit_bytes), packed_bytes)
            }
            Format::Zstd => match zstd::Decoder::new(Cursor::new(head).chain(file)) {
                Ok(unpacked) => self.unpacked(name, Bounded::new(unpacked, limit_bytes), packed_bytes),
                Err(cause) => (self.each)(Err(ArchiveError::Damaged { name, cause: cause.to_string() })),
            },
            Format::Tar => {
                let reader = Bounded::new(Cursor::new(head).chain(file), u64::MAX);
                self.tar(&name, reader, packed_bytes)
            }
            Format::Foreign(found) => (self.each)(Err(ArchiveError::UnknownFormat { name, found })),
            Format::Document => {
                let read = read_document(&name, Cursor::new(head).chain(file), self.limits.document_bytes);
                let read = read.map_err(|error| match error {
                    ArchiveError::Damaged { name, cause } => {
                        ArchiveError::Unreadable { name, cause: io::Error::other(cause) }
                    }
                    other => other,
                });
                (self.each)(read)
            }
        }
    }

    /// A tar or one document, out of a .gz or .zst.
    fn unpacked<R: Read>(&mut self, name: String, mut reader: Bounded<R>, packed_bytes: u64) -> ControlFlow<()> {
        let head = match peek(&mut reader) {
            Ok(head) => head,
            Err(cause) => return (self.each)(Err(ArchiveError::Damaged { name, cause: cause.to_string() })),
        };
        match Format::of(&head) {
            Format::Tar => self.tar(&name, reader.with_head(head), packed_bytes),
            Format::Document => {
                let read = read_document(&name, reader.with_head(head), self.limits.document_bytes);
                (self.each)(read)
            }
            Format::Zip | Format::Gzip | Format::Zstd | Format::Foreign(_) => {
                (self.each)(Err(ArchiveError::Nested { name }))
            }
        }
    }

    fn tar<R: Read>(&mut self, name: &str, reader: Bounded<R>, packed_bytes: u64) -> ControlFlow<()> {
        let limit_bytes = reader.limit_bytes();
        let is_exceeded = reader.exceeded();
        let failure = |cause: io::Error| {
            if is_exceeded.get() {
                ArchiveError::UnpacksTooFar { name: name.to_owned(), packed_bytes, limit_bytes }
            } else {
                ArchiveError::Damaged { name: name.to_owned(), cause: cause.to_string() }
            }
        };
        let mut archive = tar::Archive::new(reader);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(cause) => return (self.each)(Err(failure(cause))),
        };
        for (n, entry) in entries.enumerate() {
            if n >= self.limits.n_entries {
                let limit = self.limits.n_entries;
                return (self.each)(Err(ArchiveError::TooManyEntries { name: name.to_owned(), limit }));
            }
            let mut entry = match entry {
                Ok(entry) => entry,
                // The places of later entries are unknown now.
                Err(cause) => return (self.each)(Err(failure(cause))),
            };
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let inner = inner_label(name, &String::from_utf8_lossy(&entry.path_bytes()));
            let read = self.entry(inner, &mut entry);
            if is_exceeded.get() {
                return (self.each)(Err(failure(io::Error::other("too large"))));
            }
            self.give(read)?;
        }
        ControlFlow::Continue(())
    }

    fn zip(&mut self, name: &str, file: File, packed_bytes: u64) -> ControlFlow<()> {
        let limit_bytes = self.limits.unpacked_bytes(packed_bytes);
        let damaged =
            |cause: zip::result::ZipError| ArchiveError::Damaged { name: name.to_owned(), cause: cause.to_string() };
        let mut archive = match zip::ZipArchive::new(io::BufReader::new(file)) {
            Ok(archive) => archive,
            Err(cause) => return (self.each)(Err(damaged(cause))),
        };
        if archive.len() > self.limits.n_entries {
            let limit = self.limits.n_entries;
            return (self.each)(Err(ArchiveError::TooManyEntries { name: name.to_owned(), limit }));
        }
        let mut left_bytes = limit_bytes;
        for i in 0..archive.len() {
            let entry = match archive.by_index(i) {
                Ok(entry) => entry,
                Err(cause) => {
                    (self.each)(Err(damaged(cause)))?;
                    continue;
                }
            };
            if !entry.is_file() {
                continue;
            }
            let inner = match entry.name() {
                Ok(inner) => inner_label(name, &inner),
                Err(_) => inner_label(name, &String::from_utf8_lossy(entry.name_raw())),
            };
            let mut reader = Bounded::new(entry, left_bytes);
            let read = self.entry(inner, &mut reader);
            left_bytes = reader.left_bytes();
            if reader.exceeded().get() {
                let name = name.to_owned();
                return (self.each)(Err(ArchiveError::UnpacksTooFar { name, packed_bytes, limit_bytes }));
            }
            self.give(read)?;
        }
        ControlFlow::Continue(())
    }

    fn give(&mut self, read: Option<Result<AdvisoryFile, ArchiveError>>) -> ControlFlow<()> {
        match read {
            Some(read) => (self.each)(read),
            None => {
                self.n_passed_over += 1;
                ControlFlow::Continue(())
            }
        }
    }

    /// One entry of an archive; `None` when it is of another kind.
    fn entry(&self, name: String, reader: &mut dyn Read) -> Option<Result<AdvisoryFile, ArchiveError>> {
        let limit_bytes = self.limits.document_bytes;
        match kind_of_name(name.rsplit('!').next().unwrap_or_default()) {
            NameKind::Document => Some(read_document(&name, reader, limit_bytes)),
            NameKind::PackedDocument => Some(read_packed(name, reader, limit_bytes)),
            NameKind::Archive => Some(Err(ArchiveError::Nested { name })),
            NameKind::Other => None,
        }
    }
}

/// Reads a .json.gz or .json.zst that lies in an archive.
fn read_packed(name: String, reader: &mut dyn Read, limit_bytes: u64) -> Result<AdvisoryFile, ArchiveError> {
    let head = match peek(reader) {
        Ok(head) => head,
        Err(cause) => return Err(ArchiveError::Damaged { name, cause: cause.to_string() }),
    };
    let format = Format::of(&head);
    let reader = Cursor::new(head).chain(reader);
    match format {
        Format::Gzip => read_document(&name, flate2::read::MultiGzDecoder::new(reader), limit_bytes),
        Format::Zstd => match zstd::Decoder::new(reader) {
            Ok(reader) => read_document(&name, reader, limit_bytes),
            Err(cause) => Err(ArchiveError::Damaged { name, cause: cause.to_string() }),
        },
        _ => read_document(&name, reader, limit_bytes),
    }
}

/// Reads a document whole, but never more than its limit.
fn read_document(name: &str, reader: impl Read, limit_bytes: u64) -> Result<AdvisoryFile, ArchiveError> {
    let mut bytes = Vec::new();
    let name = name.to_owned();
    match reader.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes) {
        Ok(n) if n as u64 > limit_bytes => Err(ArchiveError::DocumentTooLarge { name, limit_bytes }),
        Ok(_) => Ok(AdvisoryFile { name, bytes }),
        Err(cause) => Err(ArchiveError::Damaged { name, cause: cause.to_string() }),
    }
}

/// The first bytes, enough to know the format.
fn peek(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    reader.take(512).read_to_end(&mut head)?;
    Ok(head)
}

/// What the first bytes of a file say of it; more to be trusted than its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Zip,
    Gzip,
    Zstd,
    Tar,
    /// An archive of a kind that is not read, in words.
    Foreign(&'static str),
    Document,
}

impl Format {
    fn of(head: &[u8]) -> Format {
        match head {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Format::Zip,
            [0x1F, 0x8B, ..] => Format::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Format::Zstd,
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Format::Foreign("an .xz archive"),
            [b'B', b'Z', b'h', ..] => Format::Foreign("a .bz2 archive"),
            [b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => Format::Foreign("a .7z archive"),
            [b'R', b'a', b'r', b'!', ..] => Format::Foreign("a .rar archive"),
            _ if head.get(257..262) == Some(b"ustar") => Format::Tar,
            _ => Format::Document,
        }
    }
}

fn label(path: &Path) -> String {
    printable(&path.display().to_string())
}

fn inner_label(archive: &str, entry: &str) -> String {
    format!("{archive}!{}", printable(entry))
}

/// The name without characters that could steer a terminal.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests;
