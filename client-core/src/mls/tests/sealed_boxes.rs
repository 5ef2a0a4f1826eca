//! HPKE.

use mls_rs_core::crypto::{CipherSuiteProvider, HpkeCiphertext};

use crate::mls::{MlsError, SealingSecret, open_sealed, provider::Suite, seal};

#[test]
fn only_the_owner_opens() {
    let secret = SealingSecret::from_seed(&[7; 32]).unwrap();
    assert_eq!(secret.public(), SealingSecret::from_seed(&[7; 32]).unwrap().public());
    let sealed = seal(&secret.public(), b"info", b"words").unwrap();
    assert_eq!(sealed.len(), 32 + 5 + 16);
    assert_eq!(open_sealed(&secret, b"info", &sealed).unwrap().as_slice(), b"words");

    let other = SealingSecret::from_seed(&[8; 32]).unwrap();
    assert_eq!(open_sealed(&other, b"info", &sealed), Err(MlsError::Undecryptable));
    assert_eq!(open_sealed(&secret, b"else", &sealed), Err(MlsError::Undecryptable));
    assert_eq!(open_sealed(&secret, b"info", &sealed[..31]), Err(MlsError::Invalid));
    for i in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[i] ^= 1;
        assert_eq!(open_sealed(&secret, b"info", &changed), Err(MlsError::Undecryptable), "byte {i}");
    }
}

/// RFC 9180, appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.
#[test]
fn the_rfc_vector_opens() {
    let seed = hex("1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df");
    let info = hex("4f6465206f6e2061204772656369616e2055726e");
    let secret = SealingSecret::from_seed(&seed.clone().try_into().unwrap()).unwrap();
    assert_eq!(
        secret.public().as_bytes(),
        hex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a")
    );
    let sealed = hex(concat!(
        "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    ));
    // The vector's first message has associated data, which our boxes never have: opened below them.
    let (kem_output, ciphertext) = sealed.split_at(32);
    let sealed = HpkeCiphertext { kem_output: kem_output.to_vec(), ciphertext: ciphertext.to_vec() };
    let (private, public) = Suite::new().kem_derive(&seed).unwrap();
    let opened = Suite::new().hpke_open(&sealed, &private, &public, &info, Some(b"Count-0")).unwrap();
    assert_eq!(opened.as_slice(), b"Beauty is truth, truth beauty");
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}
