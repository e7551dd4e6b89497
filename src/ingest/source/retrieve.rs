//! One document with what lies beside it: fetched, and checked before anything in it is read.

use tokio::sync::OwnedSemaphorePermit;

use super::client::{Answer, Ask, Client};
use super::digest::{DIGEST_LIMIT_BYTES, DigestCheck, check_digest};
use super::error::FetchError;
use super::signature::{Keyring, SIGNATURE_LIMIT_BYTES, SignatureCheck};
use crate::domain::source::{Trust, Validator};

/// # Source
///
/// CSAF 2.1, appendix C.
pub const DOCUMENT_LIMIT_BYTES: usize = 150 << 20;

/// A document as a list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub url: String,
    /// The date in the list, as written; blank without one.
    pub listed_at: String,
    pub beside: Beside,
}

/// Where digest and signature lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The list says so.
    Named { digests: Vec<String>, signature: Option<String> },
    /// Where the standard puts them: `.sha512`, `.sha256` and `.asc` behind the name (CSAF 2.1, sections 7.1.18, 7.1.19).
    ByRule,
}

/// What fetching a document came to.
#[derive(Debug)]
pub enum Retrieved {
    /// It is as it was.
    Unchanged,
    /// It is listed, but cannot be had; why, in words.
    Missing(String),
    Document(Checked),
}

/// A document whose digest and signature were checked.
#[derive(Debug)]
pub struct Checked {
    pub bytes: Vec<u8>,
    pub validator: Validator,
    pub trust: Trust,
    /// What was checked, in words.
    pub reason: String,
    /// What is odd, one sentence each.
    pub warnings: Vec<String>,
    /// Kept as long as a large document is in memory.
    pub large: Option<OwnedSemaphorePermit>,
}

/// Fetches a document, unless it is as it was at `known`, and checks it.
///
/// # Errors
///
/// The network or the server failed, so that nothing can be said about the document.
pub async fn retrieve(
    client: &Client,
    keyring: &Keyring,
    listed: &Listed,
    known: Option<&Validator>,
    allows_short_validity: bool,
) -> Result<Retrieved, FetchError> {
    let ask = Ask { validator: known, ..Ask::new(&listed.url, DOCUMENT_LIMIT_BYTES) };
    let body = match client.get(&ask).await {
        Ok(Answer::NotModified) => return Ok(Retrieved::Unchanged),
        Ok(Answer::Body(body)) => body,
        Err(e) if e.is_passing() => return Err(e),
        Err(e) => return Ok(Retrieved::Missing(e.to_string())),
    };
    if body.is_html() {
        return Ok(Retrieved::Missing(format!("`{}` answered with a page for people instead of JSON", listed.url)));
    }
    let (validator, warnings) = (body.validator.clone(), body.warnings.clone());
    let (bytes, large) = body.into_parts();
    let (digests, signature) = match &listed.beside {
        Beside::Named { digests, signature } => (strongest_first(digests), signature.clone()),
        Beside::ByRule => {
            let beside = |ending: &str| format!("{}.{ending}", listed.url);
            (vec![beside("sha512"), beside("sha256")], Some(beside("asc")))
        }
    };
    let (digest, signature) =
        tokio::join!(first_file(client, &digests, DIGEST_LIMIT_BYTES), signature_file(client, signature.as_deref()));
    let (digest, signature) = (digest?, signature?);
    let mut checked = Checked { bytes, validator, trust: Trust::Unsigned, reason: String::new(), warnings, large };
    // A large document keeps a core busy for a while; others shall go on meanwhile.
    tokio::task::block_in_place(|| check(&mut checked, keyring, digest, signature, allows_short_validity));
    Ok(Retrieved::Document(checked))
}

/// A file beside a document.
struct SideFile {
    url: String,
    bytes: Vec<u8>,
}

fn check(
    document: &mut Checked,
    keyring: &Keyring,
    digest: Option<SideFile>,
    signature: Option<SideFile>,
    allows_short_validity: bool,
) {
    let by_digest = match digest.map(|file| check_digest(&document.bytes, &file.bytes, &file.url)) {
        Some(DigestCheck::Fails(why)) => {
            (document.trust, document.reason) = (Trust::Failed, why);
            return;
        }
        Some(DigestCheck::Agrees(algorithm)) => format!("{algorithm} agrees"),
        None => "no digest".to_owned(),
    };
    let Some(signature) = signature else {
        document.reason = format!("{by_digest}, no signature");
        return;
    };
    let (trust, by_signature) = match keyring.check(&document.bytes, &signature.bytes, allows_short_validity) {
        SignatureCheck::Verified { fingerprint, warning } => {
            document.warnings.extend(warning);
            (Trust::Verified, format!("{by_digest}, signed with key {fingerprint}"))
        }
        SignatureCheck::KeyMissing(why) => (Trust::KeyMissing, format!("{by_digest}, {why}")),
        SignatureCheck::Fails(why) => (Trust::Failed, why),
    };
    (document.trust, document.reason) = (trust, by_signature);
}

async fn signature_file(client: &Client, url: Option<&str>) -> Result<Option<SideFile>, FetchError> {
    match url {
        Some(url) => first_file(client, &[url.to_owned()], SIGNATURE_LIMIT_BYTES).await,
        None => Ok(None),
    }
}

/// The first of these files that is there. A page for people says that it is not.
async fn first_file(client: &Client, urls: &[String], limit_bytes: usize) -> Result<Option<SideFile>, FetchError> {
    for url in urls {
        match client.get_body(url, limit_bytes).await {
            Ok(body) if !body.is_html() => return Ok(Some(SideFile { url: url.clone(), bytes: body.bytes })),
            Err(e) if e.is_passing() => return Err(e),
            // Not there, or not to be had in a way that the source allows.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(None)
}

/// SHA-512 before SHA-256 before what is not known.
fn strongest_first(digests: &[String]) -> Vec<String> {
    let mut sorted = digests.to_vec();
    sorted.sort_by_key(|url| if url.ends_with("512") { 0 } else { 1 });
    sorted
}
