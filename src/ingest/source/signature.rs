//! Detached OpenPGP signatures beside a document, and which keys and signatures are good enough.
//!
//! The library computes; the policy is here: what is expired, revoked, not bound to its key, made with a weak hash or a
//! short key proves nothing.

use jiff::Timestamp;
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{PublicKey, PublicSubkey, Signature, SignatureType, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PublicParams, Tag};

use super::digest::hexadecimal;

/// A signature needs far less; a key with many certifications of others may need this much.
pub const SIGNATURE_LIMIT_BYTES: usize = 64 << 10;
pub const KEY_LIMIT_BYTES: usize = 2 << 20;

/// How long a signature must stay valid: a warning up to the first number of days, an error up to the second.
///
/// # Source
///
/// CSAF 2.1, section 7.1.19.
const WARN_DAYS: i64 = 90;
const LEAST_DAYS: i64 = 30;

/// Below this a key can be broken with effort (NIST SP 800-57, part 1).
const LEAST_RSA_BITS: u16 = 2048;

/// How far the clock of a signer may run ahead.
const CLOCK_SKEW_S: i64 = 86_400;

const DAY_S: i64 = 86_400;

/// What a signature says about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// It is valid; who signed, and what is odd.
    Verified { fingerprint: String, warning: Option<String> },
    /// The key that made it is not among those of the provider.
    KeyMissing(String),
    /// Why it proves nothing, in words.
    Fails(String),
}

/// The keys of a provider, judged at one moment.
#[derive(Debug)]
pub struct Keyring {
    now_s: i64,
    signers: Vec<Signer>,
}

/// One key that may have made signatures.
#[derive(Debug)]
struct Signer {
    key: Key,
    fingerprint: String,
    /// Until when it may be used, in seconds since 1970, or why it must not be used.
    usable: Result<Option<i64>, String>,
}

#[derive(Debug)]
enum Key {
    Primary(PublicKey),
    Sub(PublicSubkey),
}

impl Keyring {
    /// A ring without keys, for this moment.
    pub fn new(now: Timestamp) -> Keyring {
        Keyring { now_s: now.as_second(), signers: Vec::new() }
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.signers.is_empty()
    }

    /// The fingerprints of all keys and keys below them, in the order in which they were added.
    pub fn fingerprints(&self) -> Vec<&str> {
        self.signers.iter().map(|signer| signer.fingerprint.as_str()).collect()
    }

    /// Adds the keys of a file, armoured or not. With a fingerprint only the key that has it is taken: metadata name the
    /// fingerprint, and the file may come from elsewhere.
    ///
    /// # Errors
    ///
    /// The file holds no such key; the sentence says what was found.
    pub fn add(&mut self, file: &[u8], fingerprint: Option<&str>) -> Result<(), String> {
        let wanted =
            fingerprint.map(|text| text.replace([' ', ':'], "").to_ascii_lowercase()).filter(|f| !f.is_empty());
        let unreadable = |e: pgp::errors::Error| format!("expected an OpenPGP key, found something else ({e})");
        let (keys, _) = SignedPublicKey::from_reader_many(file).map_err(unreadable)?;
        let mut found = Vec::new();
        for key in keys {
            let key = key.map_err(unreadable)?;
            let own = hexadecimal(key.fingerprint().as_bytes());
            let subkeys = key.public_subkeys.iter().map(|sub| hexadecimal(sub.key.fingerprint().as_bytes()));
            if wanted.as_ref().is_none_or(|wanted| *wanted == own || subkeys.into_iter().any(|sub| *wanted == sub)) {
                self.add_signers(&key);
                return Ok(());
            }
            found.push(own);
        }
        Err(match (wanted, found.is_empty()) {
            (Some(wanted), false) => format!("expected the key {wanted}, found {}", found.join(", ")),
            _ => "expected an OpenPGP key, found none".to_owned(),
        })
    }

    fn add_signers(&mut self, key: &SignedPublicKey) {
        let primary = self.judge_primary(key);
        for sub in &key.public_subkeys {
            let usable = match &primary {
                Ok(of_primary) => self.judge_subkey(key, sub).map(|until| earlier(until, of_primary.until)),
                Err(why) => Err(why.clone()),
            };
            let fingerprint = hexadecimal(sub.key.fingerprint().as_bytes());
            self.signers.push(Signer { key: Key::Sub(sub.key.clone()), fingerprint, usable });
        }
        let usable = match primary {
            Ok(Primary { may_sign: false, .. }) => Err("is not meant for signatures".to_owned()),
            Ok(primary) => is_strong(key.primary_key.public_params()).map(|()| primary.until),
            Err(why) => Err(why),
        };
        let fingerprint = hexadecimal(key.primary_key.fingerprint().as_bytes());
        self.signers.push(Signer { key: Key::Primary(key.primary_key.clone()), fingerprint, usable });
    }

    /// Whether the main key holds at all: not revoked, and bound by a signature of its own.
    fn judge_primary(&self, key: &SignedPublicKey) -> Result<Primary, String> {
        let own = &key.primary_key;
        if key.details.revocation_signatures.iter().any(|s| s.verify_key(own).is_ok()) {
            return Err("was revoked".to_owned());
        }
        let direct = key.details.direct_signatures.iter().filter(|s| s.verify_key(own).is_ok());
        let certified = key.details.users.iter().flat_map(|user| {
            let holds = |s: &&Signature| s.verify_certification(own, Tag::UserId, &user.id).is_ok();
            let is_revocation = |s: &&Signature| s.typ() == Some(SignatureType::CertRevocation);
            let revoked = user.signatures.iter().filter(is_revocation).any(|s| holds(&s));
            user.signatures.iter().filter(move |s| !revoked && !is_revocation(s) && holds(s))
        });
        let newest = self.newest(direct.chain(certified)).ok_or("is not bound by a signature of its own that holds")?;
        Ok(Primary { until: self.key_end(own.created_at().as_secs(), newest)?, may_sign: may_sign(newest) })
    }

    /// Whether a key below the main key holds: bound by it, bound back, meant for signatures, not revoked.
    fn judge_subkey(&self, key: &SignedPublicKey, sub: &SignedPublicSubKey) -> Result<Option<i64>, String> {
        let own = &key.primary_key;
        is_strong(sub.key.public_params())?;
        let holds = |s: &&Signature| s.verify_subkey_binding(own, &sub.key).is_ok();
        let is_revocation = |s: &&Signature| s.typ() == Some(SignatureType::SubkeyRevocation);
        if sub.signatures.iter().filter(is_revocation).any(|s| holds(&s)) {
            return Err("was revoked".to_owned());
        }
        let binding = self
            .newest(sub.signatures.iter().filter(|s| !is_revocation(s) && holds(s)))
            .ok_or("is not bound to the key of the provider")?;
        if !binding.key_flags().sign() {
            return Err("is not meant for signatures".to_owned());
        }
        // Without it, anybody could claim the key of another as his own.
        let bound_back =
            binding.embedded_signature().is_some_and(|back| back.verify_primary_key_binding(&sub.key, own).is_ok());
        if !bound_back {
            return Err("does not confirm the key it belongs to".to_owned());
        }
        self.key_end(sub.key.created_at().as_secs(), binding)
    }

    /// The newest signature that is strong and in force now.
    fn newest<'s>(&self, signatures: impl Iterator<Item = &'s Signature>) -> Option<&'s Signature> {
        signatures
            .filter(|s| is_strong_hash(s) && self.in_force(s).is_ok())
            .max_by_key(|s| s.created().map(|at| at.as_secs()))
    }

    /// The end of a key, or that it is over.
    fn key_end(&self, created_s: u32, binding: &Signature) -> Result<Option<i64>, String> {
        let until = binding.key_expiration_time().map(|d| d.as_secs()).filter(|s| *s > 0);
        let until = until.map(|s| i64::from(created_s) + i64::from(s));
        match until.filter(|until| *until <= self.now_s) {
            Some(until) => Err(format!("expired on {}", day(until))),
            None => Ok(until),
        }
    }

    /// The end of a signature, or why it is not in force.
    fn in_force(&self, signature: &Signature) -> Result<Option<i64>, String> {
        let created = i64::from(signature.created().ok_or("the signature has no date")?.as_secs());
        if created > self.now_s + CLOCK_SKEW_S {
            return Err(format!("the signature is dated {}, in the future", day(created)));
        }
        let until = signature.signature_expiration_time().map(|d| d.as_secs()).filter(|s| *s > 0);
        let until = until.map(|s| created + i64::from(s));
        match until.filter(|until| *until <= self.now_s) {
            Some(until) => Err(format!("the signature expired on {}", day(until))),
            None => Ok(until),
        }
    }

    /// Checks a document against the file beside it. Of several signatures one that is valid is enough.
    ///
    /// `allows_short_validity` takes a signature that ends within 30 days as well.
    pub fn check(&self, document: &[u8], file: &[u8], allows_short_validity: bool) -> SignatureCheck {
        let no_signature =
            |e: &dyn std::fmt::Display| SignatureCheck::Fails(format!("the signature file holds no signature ({e})"));
        let signatures = match DetachedSignature::from_reader_many(file) {
            Ok((signatures, _)) => signatures,
            Err(e) => return no_signature(&e),
        };
        let mut worst = None;
        for signature in signatures {
            let check = match signature {
                Ok(signature) => self.check_one(document, &signature.signature, allows_short_validity),
                Err(e) => no_signature(&e),
            };
            match (&check, &worst) {
                (SignatureCheck::Verified { .. }, _) => return check,
                // A signature that is wrong weighs more than one that cannot be judged.
                (SignatureCheck::Fails(_), Some(SignatureCheck::Fails(_))) => {}
                (SignatureCheck::KeyMissing(_), Some(_)) => {}
                _ => worst = Some(check),
            }
        }
        worst.unwrap_or_else(|| no_signature(&"it is empty"))
    }

    fn check_one(&self, document: &[u8], signature: &Signature, allows_short_validity: bool) -> SignatureCheck {
        let fails = |why: String| SignatureCheck::Fails(why);
        if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
            return fails("the signature is not one of a document".to_owned());
        }
        if !is_strong_hash(signature) {
            let hash = signature.hash_alg().map_or_else(|| "an unknown hash".to_owned(), |hash| hash.to_string());
            return fails(format!("the signature is made with {hash}, which proves nothing"));
        }
        if has_unknown_demand(signature) {
            return fails("the signature makes a demand that is not known here".to_owned());
        }
        let of_signature = match self.in_force(signature) {
            Ok(until) => until,
            Err(why) => return fails(why),
        };
        let mut why_not = None;
        for signer in self.signers.iter().filter(|signer| signer.is_meant_by(signature)) {
            let of_key = match &signer.usable {
                Ok(until) => *until,
                Err(why) => {
                    why_not = Some(format!("the key {} {why}", signer.fingerprint));
                    continue;
                }
            };
            let verified = match &signer.key {
                Key::Primary(key) => signature.verify(key, document),
                Key::Sub(key) => signature.verify(key, document),
            };
            match verified {
                Ok(()) => return self.end_of(signer, earlier(of_signature, of_key), allows_short_validity),
                Err(_) => {
                    why_not = Some(format!("the signature of key {} does not fit the document", signer.fingerprint));
                }
            }
        }
        match why_not {
            Some(why) => fails(why),
            None => SignatureCheck::KeyMissing(format!("signed with key {}, which is not at hand", issuer(signature))),
        }
    }

    fn end_of(&self, signer: &Signer, until: Option<i64>, allows_short_validity: bool) -> SignatureCheck {
        let fingerprint = signer.fingerprint.clone();
        let Some(until) = until else { return SignatureCheck::Verified { fingerprint, warning: None } };
        let days = (until - self.now_s) / DAY_S;
        let told = format!("the signature of key {fingerprint} is valid only until {}, {days} days more", day(until));
        match days {
            ..=LEAST_DAYS if !allows_short_validity => SignatureCheck::Fails(told),
            ..=WARN_DAYS => SignatureCheck::Verified { fingerprint, warning: Some(told) },
            _ => SignatureCheck::Verified { fingerprint, warning: None },
        }
    }
}

struct Primary {
    until: Option<i64>,
    may_sign: bool,
}

impl Signer {
    /// Whether the signature says that this key made it; one that names no key may be of any.
    fn is_meant_by(&self, signature: &Signature) -> bool {
        let (ids, fingerprints) = (signature.issuer_key_id(), signature.issuer_fingerprint());
        if ids.is_empty() && fingerprints.is_empty() {
            return true;
        }
        let (own_id, own) = match &self.key {
            Key::Primary(key) => (key.legacy_key_id(), key.fingerprint()),
            Key::Sub(key) => (key.legacy_key_id(), key.fingerprint()),
        };
        ids.contains(&&own_id) || fingerprints.contains(&&own)
    }
}

/// The key that a signature names.
fn issuer(signature: &Signature) -> String {
    match (signature.issuer_fingerprint().first(), signature.issuer_key_id().first()) {
        (Some(fingerprint), _) => hexadecimal(fingerprint.as_bytes()),
        (None, Some(id)) => hexadecimal(id.as_ref()),
        (None, None) => "that it does not name".to_owned(),
    }
}

fn is_strong_hash(signature: &Signature) -> bool {
    matches!(
        signature.hash_alg(),
        Some(
            HashAlgorithm::Sha256
                | HashAlgorithm::Sha384
                | HashAlgorithm::Sha512
                | HashAlgorithm::Sha3_256
                | HashAlgorithm::Sha3_512
        )
    )
}

/// Whether the signature carries something marked as critical that this program does not know; it must then be taken
/// for invalid (RFC 9580, section 5.2.3.7).
fn has_unknown_demand(signature: &Signature) -> bool {
    let subpackets = signature.config().into_iter().flat_map(|config| config.hashed_subpackets());
    subpackets.into_iter().any(|s| {
        let unknown =
            matches!(s.data, SubpacketData::Other(..) | SubpacketData::Experimental(..) | SubpacketData::Notation(..));
        s.is_critical && unknown
    })
}

/// A key whose signature says nothing of its uses, as old ones do, may sign.
fn may_sign(binding: &Signature) -> bool {
    let mut subpackets = binding.config().into_iter().flat_map(|config| config.hashed_subpackets());
    let has_flags = subpackets.any(|s| matches!(s.data, SubpacketData::KeyFlags(_)));
    !has_flags || binding.key_flags().sign()
}

fn is_strong(params: &PublicParams) -> Result<(), String> {
    match params {
        PublicParams::RSA(rsa) => {
            // The modulus comes first, its length in bits before it (RFC 9580, section 3.2).
            let bytes = rsa.to_bytes().unwrap_or_default();
            let bits = bytes.first_chunk().map_or(0, |length| u16::from_be_bytes(*length));
            if bits >= LEAST_RSA_BITS { Ok(()) } else { Err(format!("is an RSA key of {bits} bits, too short")) }
        }
        PublicParams::ECDSA(_) | PublicParams::EdDSALegacy(_) | PublicParams::Ed25519(_) | PublicParams::Ed448(_) => {
            Ok(())
        }
        _ => Err("is of a kind that is not taken for signatures".to_owned()),
    }
}

fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn day(second: i64) -> String {
    Timestamp::from_second(second).map_or_else(|_| second.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests;
