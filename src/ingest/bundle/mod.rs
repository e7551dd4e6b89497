//! Bundles as files: a tar archive, packed with Zstandard, that begins with a signed manifest.
//!
//! Nothing is believed before the signature of the manifest and the digest of each file were checked, and one file is
//! in memory at a time.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::bundle::{BUNDLE_FORMAT, BUNDLE_VERSION, BundleFile, BundleKey, Manifest};

pub mod minisign;

use minisign::{Checked, KeyError, SecretKey, check};

/// The files in front, in this order.
const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.json.minisig";

/// What a manifest may be long: some 150,000 documents.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;
const MAX_SIGNATURE_BYTES: u64 = 8 << 10;
/// What one file may be long: the largest document that every consumer should take, with room for long lists.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Documents compress well at this level without taking minutes.
const COMPRESSION_LEVEL: i32 = 9;

/// Why a bundle cannot be written or is refused.
#[derive(Debug, Error)]
pub enum BundleError {
    #[error("cannot write the bundle: {0}")]
    Write(io::Error),
    #[error("cannot sign the bundle: {0}")]
    Key(#[from] KeyError),
    #[error("cannot read the bundle: {0}")]
    Read(io::Error),
    #[error(
        "cannot load the bundle: expected `{MANIFEST}` at its beginning, found {found}\nhint: `nameplate bundle make` writes such files"
    )]
    NotBundle { found: String },
    #[error(
        "cannot load the bundle: it is not signed\nhint: make it anew with a key; an unsigned bundle could come from anybody"
    )]
    Unsigned,
    #[error(
        "cannot load the bundle: it is signed with key {id}, which is not trusted\nhint: get the public key from whoever made the bundle and name it with --key, or trust it for good with `nameplate bundle trust`"
    )]
    UnknownKey { id: String },
    #[error(
        "cannot load the bundle: `{file}` was changed: {what}\nhint: carry the bundle over again; if it stays so, somebody tampered with it"
    )]
    Tampered { file: String, what: String },
    #[error(
        "cannot load the bundle: it is of form {found}, this program reads form {BUNDLE_VERSION} and earlier ones\nhint: update this program"
    )]
    Newer { found: u32 },
}

impl BundleError {
    fn tampered(file: &str, what: impl Into<String>) -> BundleError {
        BundleError::Tampered { file: file.to_owned(), what: what.into() }
    }
}

/// Writes a bundle: the manifest, its signature, and then the files of the manifest as they are asked for with `next`.
///
/// # Errors
///
/// Writing fails, or a file has other bytes than its manifest says.
pub struct BundleWriter<W: Write> {
    archive: tar::Builder<zstd::stream::write::Encoder<'static, W>>,
    files: std::vec::IntoIter<BundleFile>,
    /// Seconds since 1970 that stand beside every file, so that the same content gives the same bytes.
    made_at: u64,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle with its manifest and signature.
    ///
    /// # Errors
    ///
    /// Writing or signing fails.
    pub fn begin(out: W, manifest: &Manifest, key: &SecretKey) -> Result<BundleWriter<W>, BundleError> {
        let packer = zstd::stream::write::Encoder::new(out, COMPRESSION_LEVEL).map_err(BundleError::Write)?;
        let made_at = u64::try_from(manifest.made_at.as_second()).unwrap_or(0);
        let mut writer =
            BundleWriter { archive: tar::Builder::new(packer), files: manifest.files.clone().into_iter(), made_at };
        let text = serde_json::to_vec_pretty(manifest).map_err(|e| BundleError::Write(e.into()))?;
        let comment = format!("{} made {} by {}", BUNDLE_FORMAT, manifest.made_at, manifest.made_by);
        let signature = key.sign(&text, &comment)?;
        writer.append(MANIFEST, &text)?;
        writer.append(SIGNATURE, signature.as_bytes())?;
        Ok(writer)
    }

    /// Writes the next file of the manifest.
    ///
    /// # Errors
    ///
    /// Writing fails, or the bytes are not those that the manifest names next.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        let next = self.files.next().ok_or_else(|| BundleError::tampered("the bundle", "more files than announced"))?;
        if next.sha256 != sha256(bytes) {
            return Err(BundleError::tampered(&next.path, "its digest is another one than in the database"));
        }
        self.append(&next.path, bytes)
    }

    fn append(&mut self, path: &str, bytes: &[u8]) -> Result<(), BundleError> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(self.made_at);
        self.archive.append_data(&mut header, path, bytes).map_err(BundleError::Write)
    }

    /// Ends the bundle and gives back what it was written to.
    ///
    /// # Errors
    ///
    /// Writing fails, or files of the manifest are missing.
    pub fn finish(mut self) -> Result<W, BundleError> {
        if let Some(missing) = self.files.next() {
            return Err(BundleError::tampered(&missing.path, "it is gone from the database"));
        }
        let packer = self.archive.into_inner().map_err(BundleError::Write)?;
        packer.finish().map_err(BundleError::Write)
    }
}

/// The digest of these bytes, 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A bundle whose manifest was signed with a key that was given.
#[derive(Clone, Debug)]
pub struct SignedManifest {
    pub manifest: Manifest,
    pub key: BundleKey,
    /// The comment that is signed with it.
    pub comment: String,
}

/// Reads the manifest of a bundle and checks that one of these keys signed it. Nothing else is looked at.
///
/// # Errors
///
/// The file is no bundle, or its signature does not hold.
pub fn read_manifest(path: &Path, keys: &[BundleKey]) -> Result<SignedManifest, BundleError> {
    let mut archive = open(path)?;
    let mut entries = archive.entries().map_err(BundleError::Read)?;
    signed_manifest(&mut entries, keys)
}

/// What a walk through a bundle does with a file and its bytes.
pub type Visit<'a, E> = &'a mut dyn FnMut(&BundleFile, Vec<u8>) -> Result<(), E>;

/// Goes through a bundle: gives every file with its bytes to `each`, in the order of the manifest, after its digest was
/// checked. A bundle whose last file was not checked may be tampered with: go through it once without believing
/// anything, then again.
///
/// # Errors
///
/// As [`read_manifest`]; a file was changed, is missing or was put in; or what `each` gives back.
pub fn walk<E: From<BundleError>>(path: &Path, keys: &[BundleKey], each: Visit<'_, E>) -> Result<SignedManifest, E> {
    let mut archive = open(path)?;
    let mut entries = archive.entries().map_err(BundleError::Read)?;
    let signed = signed_manifest(&mut entries, keys)?;
    let mut files = signed.manifest.files.iter();
    loop {
        let expected = files.next();
        // Damage to the packed bytes shows wherever it lies, most often in the file that comes next.
        let place = || expected.map_or("the end of the bundle", |file| file.path.as_str());
        let damaged =
            |e: io::Error| BundleError::tampered(place(), format!("the bytes of the bundle are damaged ({e})"));
        let mut entry = match (entries.next().transpose().map_err(damaged)?, expected) {
            (None, None) => return Ok(signed),
            (None, Some(missing)) => return Err(BundleError::tampered(&missing.path, "it is missing").into()),
            (Some(extra), None) => {
                let name = String::from_utf8_lossy(&extra.path_bytes()).into_owned();
                return Err(BundleError::tampered(&name, "the manifest does not name it").into());
            }
            (Some(entry), Some(_)) => entry,
        };
        let Some(expected) = expected else { continue };
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if name != expected.path {
            return Err(BundleError::tampered(&expected.path, format!("`{name}` lies in its place")).into());
        }
        if entry.size() != expected.size_bytes || expected.size_bytes > MAX_FILE_BYTES {
            let what = format!("expected {} bytes, found {}", expected.size_bytes, entry.size());
            return Err(BundleError::tampered(&expected.path, what).into());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(expected.size_bytes).unwrap_or(0));
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        if sha256(&bytes) != expected.sha256 {
            return Err(BundleError::tampered(&expected.path, "its digest differs").into());
        }
        each(expected, bytes)?;
    }
}

type Unpacked = zstd::stream::read::Decoder<'static, BufReader<File>>;

fn open(path: &Path) -> Result<tar::Archive<Unpacked>, BundleError> {
    let file = File::open(path)
        .map_err(|e| BundleError::Read(io::Error::new(e.kind(), format!("`{}`: {e}", path.display()))))?;
    let unpacker = zstd::stream::read::Decoder::new(file).map_err(BundleError::Read)?;
    Ok(tar::Archive::new(unpacker))
}

fn signed_manifest<R: Read>(
    entries: &mut tar::Entries<'_, R>,
    keys: &[BundleKey],
) -> Result<SignedManifest, BundleError> {
    let not_bundle = |found: String| BundleError::NotBundle { found };
    let (name, text) = next_file(entries, MAX_MANIFEST_BYTES).map_err(|e| not_bundle(e.to_string()))?;
    if name != MANIFEST {
        return Err(not_bundle(if name.is_empty() { "nothing".to_owned() } else { format!("`{name}`") }));
    }
    let (name, signature) =
        next_file(entries, MAX_SIGNATURE_BYTES).map_err(|e| BundleError::tampered(SIGNATURE, e.to_string()))?;
    if name != SIGNATURE {
        return Err(BundleError::Unsigned);
    }
    let (key, comment) = match check(&text, &String::from_utf8_lossy(&signature), keys) {
        Checked::Good { key, trusted_comment } => (key, trusted_comment),
        Checked::UnknownKey { id } => return Err(BundleError::UnknownKey { id }),
        Checked::NoSignature => return Err(BundleError::Unsigned),
        Checked::Bad => return Err(BundleError::tampered(MANIFEST, "its signature does not hold")),
    };
    // From here on the text is known to come from the holder of the key.
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|e| not_bundle(format!("a manifest that cannot be read: {e}")))?;
    if manifest.format != BUNDLE_FORMAT {
        return Err(not_bundle(format!("the format `{}`", manifest.format)));
    }
    if manifest.version > BUNDLE_VERSION {
        return Err(BundleError::Newer { found: manifest.version });
    }
    Ok(SignedManifest { manifest, key, comment })
}

/// Name and bytes of the next file; blank at the end.
fn next_file<R: Read>(entries: &mut tar::Entries<'_, R>, limit_bytes: u64) -> io::Result<(String, Vec<u8>)> {
    let Some(entry) = entries.next() else { return Ok((String::new(), Vec::new())) };
    let entry = entry?;
    let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    if entry.size() > limit_bytes {
        return Err(io::Error::other(format!("`{name}` is longer than {limit_bytes} bytes")));
    }
    let mut bytes = Vec::new();
    entry.take(limit_bytes).read_to_end(&mut bytes)?;
    Ok((name, bytes))
}
