//! Against `mls-rs-crypto-rustcrypto`: the same outputs, the same refusals, and each opens what the
//! other seals.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use mls_rs_core::crypto::{
    CipherSuite, CipherSuiteProvider, CryptoProvider, HpkeContextR, HpkeContextS, HpkePsk, HpkePublicKey,
    HpkeSecretKey, SignaturePublicKey, SignatureSecretKey,
};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;

use super::{Provider, SUITE, Suite};

type Theirs = <RustCryptoProvider as CryptoProvider>::CipherSuiteProvider;

fn both() -> (Suite, Theirs) {
    (Suite::new(), RustCryptoProvider::new().cipher_suite_provider(SUITE).unwrap())
}

const LENGTHS: [usize; 10] = [0, 1, 15, 16, 31, 32, 33, 64, 100, 5000];

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + length) as u8).collect()
}

#[test]
fn one_suite() {
    assert_eq!(Provider.supported_cipher_suites(), [CipherSuite::CURVE25519_CHACHA]);
    for suite in CipherSuite::all().filter(|suite| *suite != SUITE) {
        assert!(Provider.cipher_suite_provider(suite).is_none(), "{suite:?}");
    }
    let (ours, theirs) = (Provider.cipher_suite_provider(SUITE).unwrap(), both().1);
    assert_eq!(ours.cipher_suite(), theirs.cipher_suite());
    assert_eq!(ours.aead_key_size(), theirs.aead_key_size());
    assert_eq!(ours.aead_nonce_size(), theirs.aead_nonce_size());
    assert_eq!(ours.kdf_extract_size(), theirs.kdf_extract_size());
}

#[test]
fn hashes_and_keys_are_derived_alike() {
    let (ours, theirs) = both();
    for length in LENGTHS {
        let data = bytes(length);
        assert_eq!(ours.hash(&data).unwrap(), theirs.hash(&data).unwrap());
        for other in LENGTHS {
            let key = bytes(other);
            assert_eq!(ours.mac(&key, &data).unwrap(), theirs.mac(&key, &data).unwrap());
            assert_eq!(ours.kdf_extract(&key, &data).ok(), theirs.kdf_extract(&key, &data).ok());
            for wanted in [0, 1, 32, 100, 255 * 32, 255 * 32 + 1] {
                let expanded = ours.kdf_expand(&key, &data, wanted).ok();
                assert_eq!(expanded, theirs.kdf_expand(&key, &data, wanted).ok(), "{other} {wanted}");
            }
        }
    }
}

#[test]
fn messages_are_sealed_alike() {
    let (ours, theirs) = both();
    let aads = [None, Some(&b""[..]), Some(b"associated")];
    for (length, aad) in LENGTHS.into_iter().flat_map(|length| aads.map(|aad| (length, aad))) {
        let data = bytes(length);
        for (key, nonce) in [(32, 12), (31, 12), (33, 12), (0, 12), (32, 11), (32, 13), (32, 24), (32, 0)] {
            let (key, nonce) = (bytes(key), bytes(nonce));
            let sealed = ours.aead_seal(&key, &data, aad, &nonce).ok();
            assert_eq!(sealed, theirs.aead_seal(&key, &data, aad, &nonce).ok());
            let sealed = sealed.unwrap_or(data.clone());
            let opened = ours.aead_open(&key, &sealed, aad, &nonce).ok();
            assert_eq!(opened, theirs.aead_open(&key, &sealed, aad, &nonce).ok());
        }
        if let Ok(mut sealed) = ours.aead_seal(&bytes(32), &data, aad, &bytes(12)) {
            sealed[length / 2] ^= 1;
            assert!(ours.aead_open(&bytes(32), &sealed, aad, &bytes(12)).is_err());
        }
    }
}

#[test]
fn signatures_are_the_same() {
    let (ours, theirs) = both();
    let (secret, public) = ours.signature_key_generate().unwrap();
    let (others, _) = theirs.signature_key_generate().unwrap();
    for key in [&secret, &others] {
        let public = ours.signature_key_derive_public(key).unwrap();
        assert_eq!(public, theirs.signature_key_derive_public(key).unwrap());
        for length in LENGTHS {
            let data = bytes(length);
            let signature = ours.sign(key, &data).unwrap();
            assert_eq!(signature, theirs.sign(key, &data).unwrap());
            ours.verify(&public, &signature, &data).unwrap();
            theirs.verify(&public, &signature, &data).unwrap();
            assert!(ours.verify(&public, &signature, b"else").is_err());
        }
    }
    let signature = ours.sign(&secret, b"data").unwrap();
    for at in 0..signature.len() {
        let mut changed = signature.clone();
        changed[at] ^= 0x80;
        assert!(ours.verify(&public, &changed, b"data").is_err(), "byte {at}");
    }
    let halves = [&secret.as_bytes()[..32], &others.as_bytes()[32..]].concat();
    for refused in [bytes(0), bytes(32), bytes(63), bytes(65), halves] {
        let refused = SignatureSecretKey::from(refused);
        assert!(ours.sign(&refused, b"data").is_err() && theirs.sign(&refused, b"data").is_err());
        assert!(ours.signature_key_derive_public(&refused).is_err());
    }
}

/// Keys of small order, keys that are no point, and signatures of any length: judged alike.
#[test]
fn odd_signatures_are_judged_alike() {
    let (ours, theirs) = both();
    let mut keys: Vec<Vec<u8>> = LENGTHS.map(bytes).to_vec();
    keys.extend((0..=255).map(|byte| [&[byte][..], &[0; 31]].concat()));
    keys.extend((0..=255).map(|byte| [&[byte][..], &[0xFF; 30], &[0x7F]].concat()));
    let mut signatures: Vec<Vec<u8>> = LENGTHS.map(bytes).to_vec();
    signatures.push(vec![0; 64]);
    signatures.push([&[1][..], &[0; 63]].concat());
    for (key, signature) in keys.iter().flat_map(|key| signatures.iter().map(move |s| (key, s))) {
        let public = SignaturePublicKey::from(key.clone());
        let (mine, yours) =
            (ours.verify(&public, signature, b"data"), theirs.verify(&public, signature, b"data"));
        assert_eq!(mine.is_ok(), yours.is_ok(), "{key:02x?} {signature:02x?}");
    }
}

#[test]
fn key_pairs_are_derived_alike() {
    let (ours, theirs) = both();
    for length in LENGTHS.into_iter().skip(1) {
        assert_eq!(ours.kem_derive(&bytes(length)).unwrap(), theirs.kem_derive(&bytes(length)).unwrap());
        let key = HpkePublicKey::from(bytes(length));
        assert_eq!(ours.kem_public_key_validate(&key).is_ok(), length == 32);
        assert_eq!(theirs.kem_public_key_validate(&key).is_ok(), length == 32);
    }
    let (one, other) = (ours.kem_generate().unwrap(), ours.kem_generate().unwrap());
    assert!(one.0.as_ref() != other.0.as_ref() && one.0.len() == 32 && one.1.len() == 32);
    let mut random = [[0; 32]; 2];
    random.iter_mut().for_each(|bytes| ours.random_bytes(bytes).unwrap());
    assert!(random[0] != random[1] && random[0] != [0; 32]);
}

#[test]
fn each_opens_what_the_other_seals() {
    let (ours, theirs) = both();
    crossing(&ours, &theirs);
    crossing(&theirs, &ours);
}

fn crossing(sender: &impl CipherSuiteProvider, receiver: &impl CipherSuiteProvider) {
    let (secret, public) = receiver.kem_generate().unwrap();
    let (psk, short) = (bytes(32), bytes(31));
    let with = |value| HpkePsk { id: b"id", value };
    for aad in [None, Some(&b"associated"[..])] {
        let sealed = sender.hpke_seal(&public, b"info", aad, b"words").unwrap();
        let opened = receiver.hpke_open(&sealed, &secret, &public, b"info", aad).unwrap();
        assert_eq!(opened.as_slice(), b"words");
        assert!(receiver.hpke_open(&sealed, &secret, &public, b"else", aad).is_err());
        assert!(receiver.hpke_open(&sealed, &secret, &public, b"info", Some(b"else")).is_err());

        let sealed = sender.hpke_seal_psk(&public, b"info", aad, b"words", with(&psk)).unwrap();
        let opened = receiver.hpke_open_psk(&sealed, &secret, &public, b"info", aad, with(&psk)).unwrap();
        assert_eq!(opened.as_slice(), b"words");
        assert!(receiver.hpke_open(&sealed, &secret, &public, b"info", aad).is_err());
        assert!(sender.hpke_seal_psk(&public, b"info", aad, b"words", with(&short)).is_err());
    }
    let (encapsulated, mut from) = sender.hpke_setup_s(&public, b"info").unwrap();
    let mut to = receiver.hpke_setup_r(&encapsulated, &secret, &public, b"info").unwrap();
    for number in 0..3u8 {
        let sealed = from.seal(Some(&[number]), b"words").unwrap();
        assert_eq!(to.open(Some(&[number]), &sealed).unwrap().as_slice(), b"words");
    }
    assert_eq!(from.export(b"context", 48).unwrap(), to.export(b"context", 48).unwrap());
}

/// A key that makes every shared secret zero is taken by both, and the box opens for both.
#[test]
fn keys_of_small_order_are_judged_alike() {
    let (ours, theirs) = both();
    let (low, secret) = (HpkePublicKey::from(vec![0; 32]), HpkeSecretKey::from(bytes(32)));
    let sealed = ours.hpke_seal(&low, b"", None, b"words").unwrap();
    theirs.hpke_seal(&low, b"", None, b"words").unwrap();
    let mut zero = sealed;
    zero.kem_output = vec![0; 32];
    let opened = ours.hpke_open(&zero, &secret, &low, b"", None).is_ok();
    assert_eq!(opened, theirs.hpke_open(&zero, &secret, &low, b"", None).is_ok());
    for length in [0, 31, 33] {
        let (short, secret) = (HpkePublicKey::from(bytes(length)), HpkeSecretKey::from(bytes(length)));
        assert!(ours.hpke_seal(&short, b"", None, b"words").is_err());
        assert!(ours.hpke_open(&zero, &secret, &low, b"", None).is_err());
    }
}
