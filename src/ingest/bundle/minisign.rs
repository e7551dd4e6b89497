//! Keys and signatures in the form of the tool minisign, so that a bundle can be checked without this program.
//!
//! # Source
//!
//! minisign, description of its file formats: Ed25519 over the BLAKE2b-512 digest of the file (`ED`), or over the file
//! itself (`Ed`, older); the comment is signed together with the signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use thiserror::Error;

use crate::domain::bundle::{BundleKey, key_id};

/// Why a key or a signature cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("expected a key of two lines, a comment and Base64, found another text")]
    Form,
    #[error("expected an Ed25519 key, found another kind")]
    Kind,
    #[error("the key is locked with a password, which this program does not ask for")]
    Locked,
    #[error("the key is damaged: its checksum differs")]
    Checksum,
    #[error("no random numbers can be had from this machine")]
    Random,
}

/// A secret key. It is never printed.
pub struct SecretKey {
    number: [u8; 8],
    seed: [u8; 32],
    public: [u8; 32],
}

impl SecretKey {
    /// A new key from the random numbers of the machine.
    ///
    /// # Errors
    ///
    /// The machine gives none.
    pub fn generate() -> Result<SecretKey, KeyError> {
        let random = SystemRandom::new();
        let (mut number, mut seed) = ([0; 8], [0; 32]);
        random.fill(&mut number).map_err(|_| KeyError::Random)?;
        random.fill(&mut seed).map_err(|_| KeyError::Random)?;
        SecretKey::from_seed(number, seed)
    }

    fn from_seed(number: [u8; 8], seed: [u8; 32]) -> Result<SecretKey, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Kind)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Kind)?;
        Ok(SecretKey { number, seed, public })
    }

    /// The public half.
    pub fn public(&self) -> BundleKey {
        BundleKey { number: self.number, key: self.public }
    }

    /// The text of the secret key file, without a password.
    pub fn write(&self) -> String {
        let mut bytes = Vec::with_capacity(158);
        // Kinds: Ed25519, no password, BLAKE2b checksum; salt and limits of a password are zero.
        bytes.extend(b"Ed\0\0B2");
        bytes.extend([0; 48]);
        bytes.extend(self.number);
        bytes.extend(self.seed);
        bytes.extend(self.public);
        bytes.extend(self.checksum());
        format!("untrusted comment: nameplate secret key {}\n{}\n", self.public().id(), STANDARD.encode(bytes))
    }

    fn checksum(&self) -> [u8; 32] {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"Ed");
        hash.update(self.number);
        hash.update(self.seed);
        hash.update(self.public);
        hash.finalize().into()
    }

    /// Reads a secret key file that has no password.
    ///
    /// # Errors
    ///
    /// The text is no such key, is locked with a password, or is damaged.
    pub fn read(text: &str) -> Result<SecretKey, KeyError> {
        let bytes = second_line(text)?;
        let bytes: &[u8; 158] = bytes.as_slice().try_into().map_err(|_| KeyError::Form)?;
        if &bytes[..2] != b"Ed" || &bytes[4..6] != b"B2" {
            return Err(KeyError::Kind);
        }
        if bytes[2..4] != [0, 0] {
            return Err(KeyError::Locked);
        }
        let part = |from: usize| -> [u8; 32] { std::array::from_fn(|n| bytes[from + n]) };
        let key = SecretKey::from_seed(std::array::from_fn(|n| bytes[54 + n]), part(62))?;
        if key.public != part(94) || key.checksum() != part(126) {
            return Err(KeyError::Checksum);
        }
        Ok(key)
    }

    /// The text of a signature file over these bytes, with a comment that is signed as well.
    ///
    /// # Errors
    ///
    /// The key cannot be used.
    pub fn sign(&self, bytes: &[u8], trusted_comment: &str) -> Result<String, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&self.seed).map_err(|_| KeyError::Kind)?;
        let signature = pair.sign(&Blake2b512::digest(bytes));
        let mut head = b"ED".to_vec();
        head.extend(self.number);
        head.extend(signature.as_ref());
        let comment: String = trusted_comment.chars().filter(|c| !c.is_control()).collect();
        let whole = pair.sign(&[signature.as_ref(), comment.as_bytes()].concat());
        Ok(format!(
            "untrusted comment: signature of key {}\n{}\ntrusted comment: {comment}\n{}\n",
            self.public().id(),
            STANDARD.encode(head),
            STANDARD.encode(whole.as_ref())
        ))
    }
}

/// The text of the public key file.
pub fn write_public_key(key: &BundleKey) -> String {
    format!("untrusted comment: nameplate public key {}\n{}\n", key.id(), public_key_line(key))
}

/// The public key as one line of Base64.
pub fn public_key_line(key: &BundleKey) -> String {
    STANDARD.encode([b"Ed".as_slice(), &key.number, &key.key].concat())
}

/// Reads a public key: the file, or its line of Base64 alone.
///
/// # Errors
///
/// The text is no such key.
pub fn read_public_key(text: &str) -> Result<BundleKey, KeyError> {
    let bytes = match STANDARD.decode(text.trim()) {
        Ok(bytes) => bytes,
        Err(_) => second_line(text)?,
    };
    let bytes: &[u8; 42] = bytes.as_slice().try_into().map_err(|_| KeyError::Form)?;
    if &bytes[..2] != b"Ed" {
        return Err(KeyError::Kind);
    }
    Ok(BundleKey { number: std::array::from_fn(|n| bytes[2 + n]), key: std::array::from_fn(|n| bytes[10 + n]) })
}

fn second_line(text: &str) -> Result<Vec<u8>, KeyError> {
    let mut lines = text.lines();
    let (Some(comment), Some(line)) = (lines.next(), lines.next()) else { return Err(KeyError::Form) };
    if !comment.starts_with("untrusted comment:") {
        return Err(KeyError::Form);
    }
    STANDARD.decode(line.trim()).map_err(|_| KeyError::Form)
}

/// What the check of a signature came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Of this key, over these bytes.
    Good { key: BundleKey, trusted_comment: String },
    /// No key with this id is among those that were given.
    UnknownKey { id: String },
    /// The bytes, the comment or the signature were changed.
    Bad,
    /// The text is no signature.
    NoSignature,
}

/// Checks the text of a signature file over these bytes with these keys.
pub fn check(bytes: &[u8], signature: &str, keys: &[BundleKey]) -> Checked {
    let mut lines = signature.lines();
    let (Some(first), Some(head), Some(comment), Some(whole)) =
        (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        return Checked::NoSignature;
    };
    let Some(comment) = comment.strip_prefix("trusted comment: ") else { return Checked::NoSignature };
    let (Ok(head), Ok(whole)) = (STANDARD.decode(head.trim()), STANDARD.decode(whole.trim())) else {
        return Checked::NoSignature;
    };
    if !first.starts_with("untrusted comment:") || head.len() != 74 || whole.len() != 64 {
        return Checked::NoSignature;
    }
    let number: [u8; 8] = std::array::from_fn(|n| head[2 + n]);
    let Some(key) = keys.iter().find(|key| key.number == number) else {
        return Checked::UnknownKey { id: key_id(number) };
    };
    let public = UnparsedPublicKey::new(&ED25519, key.key);
    let is_good = match &head[..2] {
        b"ED" => public.verify(&Blake2b512::digest(bytes), &head[10..]).is_ok(),
        b"Ed" => public.verify(bytes, &head[10..]).is_ok(),
        _ => return Checked::NoSignature,
    };
    let of_comment = [&head[10..], comment.as_bytes()].concat();
    if is_good && public.verify(&of_comment, &whole).is_ok() {
        Checked::Good { key: *key, trusted_comment: comment.to_owned() }
    } else {
        Checked::Bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_files() {
        let key = SecretKey::generate().unwrap();
        let text = key.write();
        let read = SecretKey::read(&text).unwrap();
        assert_eq!((read.public(), read.seed), (key.public(), key.seed));
        assert_eq!(read_public_key(&write_public_key(&key.public())), Ok(key.public()));
        assert_eq!(read_public_key(&public_key_line(&key.public())), Ok(key.public()));
        for text in
            ["", "x", "untrusted comment: x\n", "untrusted comment: x\nAAAA\n", &write_public_key(&key.public())]
        {
            assert!(SecretKey::read(text).is_err(), "{text}");
        }
        let mut bytes = STANDARD.decode(text.lines().nth(1).unwrap()).unwrap();
        bytes[130] ^= 1;
        let damaged = format!("untrusted comment: x\n{}\n", STANDARD.encode(&bytes));
        assert_eq!(SecretKey::read(&damaged).err(), Some(KeyError::Checksum));
        bytes[2] = b'S';
        assert_eq!(
            SecretKey::read(&format!("untrusted comment: x\n{}\n", STANDARD.encode(&bytes))).err(),
            Some(KeyError::Locked)
        );
    }

    #[test]
    fn a_signature_holds_for_these_bytes_this_comment_and_this_key() {
        let key = SecretKey::generate().unwrap();
        let other = SecretKey::generate().unwrap();
        let signature = key.sign(b"manifest", "made on 2026-11-03").unwrap();
        let good = Checked::Good { key: key.public(), trusted_comment: "made on 2026-11-03".to_owned() };
        assert_eq!(check(b"manifest", &signature, &[other.public(), key.public()]), good);
        assert_eq!(check(b"manifesT", &signature, &[key.public()]), Checked::Bad);
        assert_eq!(check(b"manifest", &signature.replace("11-03", "11-04"), &[key.public()]), Checked::Bad);
        assert_eq!(check(b"manifest", &signature, &[other.public()]), Checked::UnknownKey { id: key.public().id() });
        // Another key that claims the number of the right one.
        let forged = BundleKey { number: key.public().number, key: other.public().key };
        assert_eq!(check(b"manifest", &signature, &[forged]), Checked::Bad);
        for text in ["", "untrusted comment: x\nAAAA\ntrusted comment: \nAAAA\n"] {
            assert_eq!(check(b"manifest", text, &[key.public()]), Checked::NoSignature);
        }
    }
}
