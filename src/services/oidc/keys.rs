//! The signature of an ID token: a JSON Web Signature (RFC 7515) by one of the keys that the provider publishes (RFC 7517).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// The keys of a provider.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    /// Of an RSA key.
    n: Option<String>,
    e: Option<String>,
    /// Of a key on a curve.
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; none is.
    crit: Option<serde_json::Value>,
}

/// The ways of signing that are taken. `none` and those with a shared secret are not among them.
#[derive(Clone, Copy)]
enum Signing {
    Rsa(&'static RsaParameters),
    P256,
}

/// The claims of a signed token, not read yet.
///
/// # Errors
///
/// It is no signed token, is signed in a way that is not taken, or by none of these keys; in words.
pub(super) fn signed_claims(token: &str, keys: &KeySet) -> Result<Vec<u8>, String> {
    let (signed, signature) = token.rsplit_once('.').ok_or("expected an ID token, found something else")?;
    let (header, payload) = signed.split_once('.').ok_or("expected an ID token, found something else")?;
    let header: Header = decoded(header)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or("expected an ID token, found something else")?;
    let signing = match header.alg.as_str() {
        "RS256" => Signing::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        "PS256" => Signing::Rsa(&RSA_PSS_2048_8192_SHA256),
        "ES256" => Signing::P256,
        other => {
            let other: String = other.chars().filter(|c| c.is_ascii_alphanumeric()).take(20).collect();
            return Err(format!("expected a token signed by RS256, PS256 or ES256, found `{other}`"));
        }
    };
    if header.crit.is_some() {
        return Err("the token demands an extension that is not known".to_owned());
    }
    let signature = decoded(signature).ok_or("expected a signature, found something else")?;
    let is_signed = keys
        .keys
        .iter()
        .filter(|key| key.purpose.as_deref().is_none_or(|purpose| purpose == "sig"))
        .filter(|key| header.kid.is_none() || key.kid.is_none() || key.kid == header.kid)
        .any(|key| key.has_signed(signing, signed.as_bytes(), &signature));
    if !is_signed {
        return Err("the signature of the token is of none of the provider's keys".to_owned());
    }
    decoded(payload).ok_or_else(|| "expected an ID token, found something else".to_owned())
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()
}

impl Key {
    fn has_signed(&self, signing: Signing, message: &[u8], signature: &[u8]) -> bool {
        let part = |text: &Option<String>| text.as_deref().and_then(decoded);
        match signing {
            Signing::Rsa(parameters) if self.kty == "RSA" => {
                let (Some(n), Some(e)) = (part(&self.n), part(&self.e)) else { return false };
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }
            Signing::P256 if self.kty == "EC" && self.crv.as_deref() == Some("P-256") => {
                let (Some(x), Some(y)) = (part(&self.x), part(&self.y)) else { return false };
                // An uncompressed point (SEC 1, section 2.3.3).
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    fn encoded(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    #[test]
    fn only_a_token_that_a_key_of_the_provider_signed_is_read() {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
        let point = key.public_key().as_ref().to_vec();
        let published = |kid: &str, purpose: &str| -> KeySet {
            let (x, y) = (encoded(&point[1..33]), encoded(&point[33..]));
            let key = json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": purpose, "x": x, "y": y});
            // A key of another kind, and one without its parts, stand beside it.
            serde_json::from_value(json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA"}, key]})).unwrap()
        };
        let sign = |header: serde_json::Value, payload: &str| {
            let signed = format!("{}.{}", encoded(header.to_string()), encoded(payload));
            let signature = key.sign(&random, signed.as_bytes()).unwrap();
            format!("{signed}.{}", encoded(signature.as_ref()))
        };
        let good = sign(json!({"alg": "ES256", "kid": "a"}), "{}");
        assert_eq!(signed_claims(&good, &published("a", "sig")).unwrap(), b"{}");
        let other = sign(json!({"alg": "ES256", "kid": "a"}), r#"{"sub":"x"}"#);
        let swapped = format!("{}.{}", other.rsplit_once('.').unwrap().0, good.rsplit_once('.').unwrap().1);
        let unsigned = format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded("{}"));
        for (token, keys, expected) in [
            (good.clone(), published("b", "sig"), "none of the provider's keys"),
            (good.clone(), published("a", "enc"), "none of the provider's keys"),
            (good.clone(), KeySet::default(), "none of the provider's keys"),
            (swapped, published("a", "sig"), "none of the provider's keys"),
            (unsigned, published("a", "sig"), "found `none`"),
            (sign(json!({"alg": "HS256"}), "{}"), published("a", "sig"), "found `HS256`"),
            (sign(json!({"alg": "RS256"}), "{}"), published("a", "sig"), "none of the provider's keys"),
            (sign(json!({"alg": "ES256", "crit": ["exp"]}), "{}"), published("a", "sig"), "extension"),
            (String::new(), published("a", "sig"), "expected an ID token"),
            ("a.b".to_owned(), published("a", "sig"), "expected an ID token"),
            ("..".to_owned(), published("a", "sig"), "expected an ID token"),
        ] {
            let error = signed_claims(&token, &keys).unwrap_err();
            assert!(error.contains(expected), "{token}: {error}");
        }
    }

    /// A key and two tokens made once with OpenSSL; the private half is gone.
    #[test]
    fn tokens_signed_with_rsa_are_read_in_both_paddings() {
        let n = "mtScI8GtaqW-z-NEsc8AmNMpX-SkDkZCT8XAGkP6n9hh2Fw3NBpttvno5G4oOFa5ZhzRvXBcu7qbaTuEfQ78TZKXusJXHUdSkJGC\
             lcwts5W4pXWDYpUSPiJyjR3XdLjFGbRSFGC-o7MIX7QUA1WcDcnHkhXcFW-vFYcnhtcwXDgrEa7y239CKIYE4-aBmMDwfuytPY__\
             NFCPx7R5Qa7at8mf5qeyX2Kj1bOkdburSC9df5KtiOoGXt9jxYztat3FMe_p4zMkLk-QgDOVWs5gWjt7CkEnJTC9KBE_qUTV05Bq\
             Xx27nv6Up4tAbbDPFo0Xck8X_mTNPBW1znVp9KIFFQ";
        let pkcs1 = "gj6dWZRkrRnKU6F5NOkDW78oKVvs-ZqOxaepnt7gyVXa_pMIaDnDJsEsCIkA3I2FY97l5x3vhiHSyzifpUAZKHkbcCDYCVQs3D_9\
             i5Zto6nNHuzEaiW_y1Hg-1Zj1D7pEHRqo-0Z2U8jzOPZiZuzaXxQulO3LlP_dSgrnmVJkP3qtrv_odcU-RPJhzCZRyOxvGrQcDMi\
             Zczp7QO35XaZI2bbySyGuUMSCMMGsVtV38nlFhEQeNum2d5gslv294WUpqMa_vCxuczNRusyWtjhioCkNv897OKgwdwdh99D4mmd\
             ilEoBfAhD05QsMdP0jDsxgXi0wV0bI5cBuBDSwPjRQ";
        let pss = "ASK7gEJOEoB54pLuMh0C4f5tD4GHIvKnIXs7s5_3zdwc--EwOAC9PmjFYzyoUcJyFaxe_tdk7gj9bCmOTeAD_mh0O-DAUvRYc-xR\
             5AjmDW2tEMT2W6wfyYKaYCLPw6iXligHfmbKM7YUKs8PcHI09pRlDqBA5-KtBK2y88TbPgKkNmZsBGUXboAndCRCTrSgx-cBWI8b\
             OMY-LGT7LIG1PwpmEjnTxoIw4Sp3RaoozNAPsa_Y4hxV7kYfWC4vg2ZfFFO0C9o5N3ENmZyHlECq0h-h351cZQfSorUmQ6xDW5go\
             Wh3U-Yw3K0y4t-UOL9LvBET83JbcmyQimrT5MLvvoQ";
        let keys: KeySet =
            serde_json::from_value(json!({"keys": [{"kty": "RSA", "kid": "r", "n": n, "e": "AQAB"}]})).unwrap();
        for (alg, signature) in [("RS256", pkcs1), ("PS256", pss)] {
            let header = encoded(format!(r#"{{"alg":"{alg}","kid":"r"}}"#));
            let token = |claims: &str| format!("{header}.{}.{signature}", encoded(claims));
            assert_eq!(signed_claims(&token(r#"{"sub":"u-17"}"#), &keys).unwrap(), br#"{"sub":"u-17"}"#, "{alg}");
            assert!(signed_claims(&token(r#"{"sub":"u-18"}"#), &keys).is_err(), "{alg}");
        }
    }
}
