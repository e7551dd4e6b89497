//! Digest files beside a document.

use pgp::crypto::hash::HashAlgorithm;
use sha2::{Digest, Sha256, Sha512};

/// A digest and a file name need far less.
pub const DIGEST_LIMIT_BYTES: usize = 16 << 10;

/// What a digest file says about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigestCheck {
    /// It agrees, by this algorithm.
    Agrees(&'static str),
    /// Why it does not, in words.
    Fails(String),
}

/// Compares a document with the file beside it: its first word is the digest, in hexadecimal digits. The algorithm
/// follows from the file's ending and the number of digits; MD5 and SHA-1 are refused, as anybody can forge them.
///
/// # Source
///
/// CSAF 2.1, section 7.1.18.
pub fn check_digest(document: &[u8], file: &[u8], url: &str) -> DigestCheck {
    let text = String::from_utf8_lossy(file);
    let stated = text.trim_start_matches('\u{feff}').split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    if stated.is_empty() || !stated.bytes().all(|b| b.is_ascii_hexdigit()) {
        let short: String = stated.chars().take(20).collect();
        return DigestCheck::Fails(format!("the digest file holds no digest, but `{short}`"));
    }
    let ending = url.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_sha3 = ending.starts_with("sha3-") || ending.starts_with("sha3_");
    let (name, found) = match (stated.len(), is_sha3) {
        (64, false) => ("SHA-256", hexadecimal(&Sha256::digest(document))),
        (128, false) => ("SHA-512", hexadecimal(&Sha512::digest(document))),
        (64, true) => ("SHA3-256", sha3(HashAlgorithm::Sha3_256, document)),
        (128, true) => ("SHA3-512", sha3(HashAlgorithm::Sha3_512, document)),
        (32 | 40, _) => return DigestCheck::Fails("the digest is MD5 or SHA-1, which prove nothing".to_owned()),
        (n, _) => return DigestCheck::Fails(format!("the digest has {n} digits; expected 64 or 128")),
    };
    if found == stated {
        DigestCheck::Agrees(name)
    } else {
        DigestCheck::Fails(format!("{name} differs: expected {}…, found {}…", &stated[..16], prefix(&found)))
    }
}

fn sha3(algorithm: HashAlgorithm, document: &[u8]) -> String {
    algorithm.digest(document).map(|digest| hexadecimal(&digest)).unwrap_or_default()
}

fn prefix(digits: &str) -> &str {
    digits.get(..16).unwrap_or(digits)
}

/// Lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC_256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const ABC_512: &str = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                           2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    const ABC_SHA3_256: &str = "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532";

    fn check(file: &str, url: &str) -> DigestCheck {
        check_digest(b"abc", file.as_bytes(), url)
    }

    #[test]
    fn the_first_word_counts_and_the_number_of_digits_tells_the_algorithm() {
        for (file, url, algorithm) in [
            (format!("{ABC_256}  abc.json\n"), "https://v.example/abc.json.sha256", "SHA-256"),
            (format!("{ABC_512} *abc.json"), "https://v.example/abc.json.sha512", "SHA-512"),
            (ABC_512.to_uppercase(), "https://v.example/hash", "SHA-512"),
            (format!("\u{feff}{ABC_256}"), "https://v.example/abc.json.sha256", "SHA-256"),
            (ABC_SHA3_256.to_owned(), "https://v.example/abc.json.sha3-256", "SHA3-256"),
        ] {
            assert_eq!(check(&file, url), DigestCheck::Agrees(algorithm), "{file}");
        }
    }

    #[test]
    fn everything_else_fails_with_a_reason() {
        let wrong = ABC_256.replace('b', "c");
        for (file, word) in [
            (wrong.as_str(), "SHA-256 differs"),
            (ABC_SHA3_256, "SHA-256 differs"),
            ("900150983cd24fb0d6963f7d28e17f72", "MD5 or SHA-1"),
            ("a9993e364706816aba3e25717850c26c9cd0d89d", "MD5 or SHA-1"),
            ("", "no digest"),
            ("SHA512(abc.json)= ddaf", "no digest"),
            ("abcdef", "6 digits"),
        ] {
            let DigestCheck::Fails(why) = check(file, "https://v.example/abc.json.sha256") else { panic!("{file}") };
            assert!(why.contains(word), "{file}: {why}");
        }
    }
}
