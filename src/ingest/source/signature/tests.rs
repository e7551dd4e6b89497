use pgp::composed::{KeyType, SecretKeyParamsBuilder, SignedSecretKey, SubkeyParamsBuilder};
use pgp::packet::{KeyFlags, SignatureConfig, Subpacket};
use pgp::types::{Password, SignedUser, SigningKey, Timestamp as KeyTime};

use super::*;

const DOCUMENT: &[u8] = br#"{"document": {}}"#;

/// 2026-01-01.
const MADE_S: u32 = 1_767_225_600;

fn at(days_after: i64) -> Timestamp {
    Timestamp::from_second(i64::from(MADE_S) + days_after * DAY_S).unwrap()
}

fn secret(with_subkey: bool) -> SignedSecretKey {
    let mut subkey = SubkeyParamsBuilder::default();
    subkey.key_type(KeyType::Ed25519Legacy).can_sign(true).created_at(KeyTime::from_secs(MADE_S));
    let mut params = SecretKeyParamsBuilder::default();
    params
        .key_type(KeyType::Ed25519Legacy)
        .can_certify(true)
        .can_sign(!with_subkey)
        .created_at(KeyTime::from_secs(MADE_S))
        .primary_user_id("PSIRT <psirt@vendor.example>".to_owned())
        .subkeys(if with_subkey { vec![subkey.build().unwrap()] } else { Vec::new() });
    params.build().unwrap().generate(rand::thread_rng()).unwrap()
}

/// Data that go into the signed part of a signature made in the moment `MADE_S`.
fn subpackets(key: &impl SigningKey, more: Vec<SubpacketData>) -> Vec<Subpacket> {
    let always = [
        SubpacketData::SignatureCreationTime(KeyTime::from_secs(MADE_S)),
        SubpacketData::IssuerFingerprint(key.fingerprint()),
    ];
    always.into_iter().chain(more).map(|data| Subpacket::regular(data).unwrap()).collect()
}

/// The public half, whose self-signature is made with this hash and says this of the key.
fn certificate(secret: &SignedSecretKey, hash: HashAlgorithm, says: Vec<SubpacketData>) -> SignedPublicKey {
    let mut public = SignedPublicKey::from(secret.clone());
    let mut config = SignatureConfig::v4(SignatureType::CertPositive, secret.primary_key.algorithm(), hash);
    config.hashed_subpackets = subpackets(&secret.primary_key, says);
    let id = public.details.users[0].id.clone();
    let signature = config
        .sign_certification(&secret.primary_key, &public.primary_key, &Password::empty(), Tag::UserId, &id)
        .unwrap();
    public.details.users = vec![SignedUser::new(id, vec![signature])];
    public
}

fn valid_for_days(days: u32) -> Vec<SubpacketData> {
    vec![SubpacketData::KeyExpirationTime(pgp::types::Duration::from_secs(days * 86_400))]
}

fn sign(key: &impl SigningKey, hash: HashAlgorithm, says: Vec<SubpacketData>) -> Vec<u8> {
    let mut config = SignatureConfig::v4(SignatureType::Binary, key.algorithm(), hash);
    config.hashed_subpackets = subpackets(key, says);
    let signature = config.sign(key, &Password::empty(), DOCUMENT).unwrap();
    DetachedSignature::new(signature).to_armored_bytes(None.into()).unwrap()
}

fn ring(certificate: &SignedPublicKey, now: Timestamp) -> Keyring {
    let mut ring = Keyring::new(now);
    ring.add(&certificate.to_armored_bytes(None.into()).unwrap(), None).unwrap();
    ring
}

#[track_caller]
fn assert_fails(check: SignatureCheck, word: &str) {
    assert!(matches!(&check, SignatureCheck::Fails(why) if why.contains(word)), "{check:?}");
}

#[track_caller]
fn assert_verified(check: SignatureCheck, warned: bool) {
    assert!(matches!(&check, SignatureCheck::Verified { warning, .. } if warning.is_some() == warned), "{check:?}");
}

#[test]
fn a_good_signature_is_verified_and_one_flipped_bit_is_not() {
    let secret = secret(false);
    let ring = ring(&certificate(&secret, HashAlgorithm::Sha512, Vec::new()), at(1));
    let signature = sign(&secret.primary_key, HashAlgorithm::Sha512, Vec::new());
    assert_verified(ring.check(DOCUMENT, &signature, false), false);
    let mut flipped = DOCUMENT.to_vec();
    flipped[3] ^= 1;
    assert_fails(ring.check(&flipped, &signature, true), "does not fit");
}

#[test]
fn the_end_of_a_key_is_told_early_and_then_refused() {
    let secret = secret(false);
    let certificate = certificate(&secret, HashAlgorithm::Sha512, valid_for_days(200));
    let signature = sign(&secret.primary_key, HashAlgorithm::Sha512, Vec::new());
    let check = |day: i64, allows: bool| ring(&certificate, at(day)).check(DOCUMENT, &signature, allows);
    assert_verified(check(109, false), false);
    assert_verified(check(110, false), true);
    assert_verified(check(169, false), true);
    assert_fails(check(170, false), "30 days more");
    assert_verified(check(170, true), true);
    assert_verified(check(199, true), true);
    assert_fails(check(200, true), "expired on 2026-07-20");
}

#[test]
fn the_end_of_a_signature_counts_as_well() {
    let secret = secret(false);
    let certificate = certificate(&secret, HashAlgorithm::Sha512, valid_for_days(2000));
    let says = vec![SubpacketData::SignatureExpirationTime(pgp::types::Duration::from_secs(50 * 86_400))];
    let signature = sign(&secret.primary_key, HashAlgorithm::Sha512, says);
    assert_verified(ring(&certificate, at(1)).check(DOCUMENT, &signature, false), true);
    assert_fails(ring(&certificate, at(50)).check(DOCUMENT, &signature, true), "signature expired on 2026-02-20");
    assert_fails(ring(&certificate, at(-3)).check(DOCUMENT, &signature, true), "");
}

#[test]
fn a_signature_from_the_future_is_refused() {
    let secret = secret(false);
    let certificate = certificate(&secret, HashAlgorithm::Sha512, Vec::new());
    let signature = sign(&secret.primary_key, HashAlgorithm::Sha512, Vec::new());
    assert_fails(ring(&certificate, at(-2)).check(DOCUMENT, &signature, true), "in the future");
}

#[test]
fn a_revoked_key_signs_nothing_any_more() {
    let secret = secret(false);
    let mut certificate = certificate(&secret, HashAlgorithm::Sha512, Vec::new());
    let signature = sign(&secret.primary_key, HashAlgorithm::Sha512, Vec::new());
    let mut config =
        SignatureConfig::v4(SignatureType::KeyRevocation, secret.primary_key.algorithm(), HashAlgorithm::Sha512);
    config.hashed_subpackets = subpackets(&secret.primary_key, Vec::new());
    let revocation = config.sign_key(&secret.primary_key, &Password::empty(), &certificate.primary_key).unwrap();
    assert_verified(ring(&certificate, at(1)).check(DOCUMENT, &signature, false), false);
    certificate.details.revocation_signatures.push(revocation);
    assert_fails(ring(&certificate, at(1)).check(DOCUMENT, &signature, true), "was revoked");
}

#[test]
fn a_key_that_is_not_at_hand_is_missing_and_not_wrong() {
    let (own, other) = (secret(false), secret(false));
    let signature = sign(&other.primary_key, HashAlgorithm::Sha512, Vec::new());
    let ring = ring(&certificate(&own, HashAlgorithm::Sha512, Vec::new()), at(1));
    for ring in [ring, Keyring::new(at(1))] {
        let check = ring.check(DOCUMENT, &signature, false);
        let fingerprint = hexadecimal(other.fingerprint().as_bytes());
        assert!(matches!(&check, SignatureCheck::KeyMissing(why) if why.contains(&fingerprint)), "{check:?}");
    }
}

#[test]
fn a_subkey_signs_for_its_key_when_both_say_so() {
    let secret = secret(true);
    // The bindings of the library are dated by its own clock.
    let now = Timestamp::now();
    let flags = || {
        let mut flags = KeyFlags::default();
        flags.set_certify(true);
        vec![SubpacketData::KeyFlags(flags)]
    };
    let certificate = certificate(&secret, HashAlgorithm::Sha512, flags());
    let signature = sign(&secret.secret_subkeys[0].key, HashAlgorithm::Sha512, Vec::new());
    assert_verified(ring(&certificate, now).check(DOCUMENT, &signature, false), false);

    let by_primary = sign(&secret.primary_key, HashAlgorithm::Sha512, Vec::new());
    assert_fails(ring(&certificate, now).check(DOCUMENT, &by_primary, false), "not meant for signatures");

    // Somebody claims the subkey of another as his own: the binding does not hold for his key.
    let thief = self::secret(false);
    let mut stolen = self::certificate(&thief, HashAlgorithm::Sha512, Vec::new());
    stolen.public_subkeys = certificate.public_subkeys.clone();
    assert_fails(ring(&stolen, now).check(DOCUMENT, &signature, false), "not bound");
}

/// One test for all that needs an RSA key, because making one takes seconds. Other kinds refuse weak hashes by themselves.
#[test]
fn a_short_rsa_key_and_weak_hashes_prove_nothing() {
    let mut params = SecretKeyParamsBuilder::default();
    params
        .key_type(KeyType::Rsa(2048))
        .can_certify(true)
        .can_sign(true)
        .created_at(KeyTime::from_secs(MADE_S))
        .primary_user_id("PSIRT <psirt@vendor.example>".to_owned());
    let secret = params.build().unwrap().generate(rand::thread_rng()).unwrap();
    let strong = certificate(&secret, HashAlgorithm::Sha256, Vec::new());
    let check = |certificate: &SignedPublicKey, hash: HashAlgorithm| {
        let signature = sign(&secret.primary_key, hash, Vec::new());
        ring(certificate, at(1)).check(DOCUMENT, &signature, false)
    };
    assert_verified(check(&strong, HashAlgorithm::Sha256), false);
    assert_fails(check(&strong, HashAlgorithm::Sha1), "SHA1");
    assert_fails(check(&strong, HashAlgorithm::Sha224), "SHA224");
    let weak = certificate(&secret, HashAlgorithm::Sha1, Vec::new());
    assert_fails(check(&weak, HashAlgorithm::Sha256), "not bound");

    let mut short = strong.primary_key.public_params().clone();
    if let PublicParams::RSA(rsa) = &mut short {
        // The modulus of a key of 1,024 bits, as far as its length matters.
        let mut bytes = vec![0x04, 0x00];
        bytes.extend([0xff; 128]);
        bytes.extend([0, 17, 1, 0, 1]);
        *rsa = pgp::types::RsaPublicParams::try_from_reader(&bytes[..]).unwrap();
    }
    assert!(is_strong(&short).unwrap_err().contains("1024 bits"));
}

#[test]
fn only_the_key_with_the_stated_fingerprint_is_taken() {
    let secret = secret(true);
    let file = SignedPublicKey::from(secret.clone()).to_armored_bytes(None.into()).unwrap();
    let own = hexadecimal(secret.fingerprint().as_bytes());
    let spaced = own.to_uppercase().as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
    for fingerprint in [None, Some(""), Some(own.as_str()), Some(&spaced)] {
        let mut ring = Keyring::new(at(1));
        assert_eq!(ring.add(&file, fingerprint), Ok(()), "{fingerprint:?}");
        assert!(!ring.is_empty());
    }
    let mut ring = Keyring::new(at(1));
    let message = ring.add(&file, Some(&"ab".repeat(20))).unwrap_err();
    assert!(message.contains("expected the key abab") && message.contains(&own), "{message}");
    assert!(ring.is_empty());
}

#[test]
fn what_is_no_signature_or_key_is_said_to_be_none() {
    let ring = Keyring::new(at(1));
    for bytes in
        [&b""[..], b"hello", b"\xff\xff\xff", b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----"]
    {
        assert_fails(ring.check(DOCUMENT, bytes, true), "");
        assert!(Keyring::new(at(1)).add(bytes, None).is_err());
    }
}
