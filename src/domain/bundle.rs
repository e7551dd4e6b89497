//! A bundle: one signed file that carries what a site without a network needs.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The word in front of every manifest.
pub const BUNDLE_FORMAT: &str = "nameplate-bundle";

/// The form of the manifest; a program reads its own and earlier ones.
pub const BUNDLE_VERSION: u32 = 1;

/// What lies in a bundle and how it is known to be whole. The manifest is signed; it holds the digest of every other
/// file, so that the signature covers all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`BUNDLE_FORMAT`].
    pub format: String,
    pub version: u32,
    #[serde(with = "as_text")]
    pub made_at: Timestamp,
    /// Program and version.
    pub made_by: String,
    /// The newest date among the documents, if any has one.
    #[serde(with = "as_text_if_any")]
    pub newest_document: Option<Timestamp>,
    /// The date of the list of exploited vulnerabilities, as the list writes it; blank without one.
    pub kev_date: String,
    /// The date of the list of exploit probabilities; blank without one.
    pub epss_date: String,
    /// In the order in which they lie in the file.
    pub files: Vec<BundleFile>,
}

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleFile {
    pub path: String,
    pub kind: BundleFileKind,
    pub size_bytes: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
    /// Where a document came from when it was added; blank for lists.
    #[serde(default)]
    pub source: String,
    /// The word of the trust state that the document had; blank for lists.
    #[serde(default)]
    pub trust: String,
    #[serde(default)]
    pub trust_reason: String,
}

/// What a file of a bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BundleFileKind {
    /// A revision of an advisory.
    Document,
    /// A document that could not be read where the bundle was made.
    Unreadable,
    Kev,
    Epss,
    /// The alias pack.
    Aliases,
}

impl Manifest {
    /// The number of advisory documents.
    pub fn n_documents(&self) -> u64 {
        self.files.iter().filter(|file| file.kind == BundleFileKind::Document).count() as u64
    }

    /// The bytes of all files.
    pub fn size_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }
}

/// Who signs bundles: the public half of a key, with the number that signatures name it by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleKey {
    pub number: [u8; 8],
    /// Ed25519.
    pub key: [u8; 32],
}

impl BundleKey {
    /// The number as tools for such keys print it: 16 hexadecimal digits.
    pub fn id(&self) -> String {
        key_id(self.number)
    }
}

/// The number of a key as tools for such keys print it: 16 hexadecimal digits, the last byte first.
pub fn key_id(number: [u8; 8]) -> String {
    format!("{:016X}", u64::from_le_bytes(number))
}

impl fmt::Debug for BundleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BundleKey({})", self.id())
    }
}

/// A key whose bundles are loaded without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedKey {
    /// The text of the public key, one line of Base64.
    pub key: String,
    /// What the person who trusted it wrote beside it.
    pub comment: String,
    #[serde(with = "as_text")]
    pub trusted_at: Timestamp,
}

/// Moments as RFC 3339 text.
mod as_text {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// As [`as_text`], for a moment that may be missing.
mod as_text_if_any {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.collect_str(at),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
