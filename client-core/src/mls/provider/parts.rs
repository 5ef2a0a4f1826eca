//! What HPKE and MLS are made of in suite 0x0003, as the library asks for it.

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};
use hkdf::SimpleHkdf;
use mls_rs_core::crypto::{HpkePublicKey, HpkeSecretKey};
use mls_rs_crypto_traits::{AeadId, AeadType, DhType, KdfId, KdfType, SamplingMethod};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::Refused;

const KEY: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
const HASH: usize = 32;

/// ChaCha20-Poly1305 (RFC 8439): keys of 32 bytes, nonces of 12, tags of 16. Nothing that MLS
/// encrypts is empty, so an empty plaintext is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mls) struct Chacha;

impl Chacha {
    fn cipher(key: &[u8]) -> Result<ChaCha20Poly1305, Refused> {
        ChaCha20Poly1305::new_from_slice(key).map_err(|_| Refused)
    }
}

impl AeadType for Chacha {
    type Error = Refused;

    fn aead_id(&self) -> u16 {
        AeadId::Chacha20Poly1305 as u16
    }

    fn seal(&self, key: &[u8], data: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Result<Vec<u8>, Refused> {
        if data.is_empty() {
            return Err(Refused);
        }
        let nonce = nonce.try_into().map_err(|_| Refused)?;
        let payload = Payload { msg: data, aad: aad.unwrap_or_default() };
        Self::cipher(key)?.encrypt(nonce, payload).map_err(|_| Refused)
    }

    fn open(
        &self,
        key: &[u8],
        ciphertext: &[u8],
        aad: Option<&[u8]>,
        nonce: &[u8],
    ) -> Result<Vec<u8>, Refused> {
        if ciphertext.len() <= TAG {
            return Err(Refused);
        }
        let nonce = nonce.try_into().map_err(|_| Refused)?;
        let payload = Payload { msg: ciphertext, aad: aad.unwrap_or_default() };
        Self::cipher(key)?.decrypt(nonce, payload).map_err(|_| Refused)
    }

    fn key_size(&self) -> usize {
        KEY
    }

    fn nonce_size(&self) -> usize {
        NONCE
    }
}

/// HKDF with SHA-256 (RFC 5869). Keys to expand have at least 32 bytes; nothing is extracted from
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mls) struct Sha256Kdf;

impl KdfType for Sha256Kdf {
    type Error = Refused;

    fn kdf_id(&self) -> u16 {
        KdfId::HkdfSha256 as u16
    }

    fn expand(&self, prk: &[u8], info: &[u8], len: usize) -> Result<Vec<u8>, Refused> {
        let kdf = SimpleHkdf::<Sha256>::from_prk(prk).map_err(|_| Refused)?;
        let mut output = vec![0; len];
        kdf.expand(info, &mut output).map_err(|_| Refused)?;
        Ok(output)
    }

    fn extract(&self, salt: &[u8], ikm: &[u8]) -> Result<Vec<u8>, Refused> {
        if ikm.is_empty() {
            return Err(Refused);
        }
        let salt = if salt.is_empty() { None } else { Some(salt) };
        Ok(SimpleHkdf::<Sha256>::extract(salt, ikm).0.to_vec())
    }

    fn extract_size(&self) -> usize {
        HASH
    }
}

/// X25519 (RFC 7748). Any 32 bytes are a secret, any 32 bytes a public key. RFC 9180, section 7.1.4,
/// refuses a shared secret of zeros; as in the provider this stands for, it is taken: whoever
/// publishes such a key gives away what is sealed to it, which its owner could do anyhow, and a
/// refusal would let one member make everybody else's commits fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mls) struct X25519;

impl DhType for X25519 {
    type Error = Refused;

    fn dh(&self, secret: &HpkeSecretKey, public: &HpkePublicKey) -> Result<Vec<u8>, Refused> {
        Ok(static_secret(secret)?.diffie_hellman(&public_key(public)?).to_bytes().to_vec())
    }

    fn generate(&self) -> Result<(HpkeSecretKey, HpkePublicKey), Refused> {
        let mut secret = Zeroizing::new([0; KEY]);
        getrandom::fill(secret.as_mut()).map_err(|_| Refused)?;
        let secret = HpkeSecretKey::from(secret.to_vec());
        let public = self.to_public(&secret)?;
        Ok((secret, public))
    }

    fn to_public(&self, secret: &HpkeSecretKey) -> Result<HpkePublicKey, Refused> {
        Ok(PublicKey::from(&static_secret(secret)?).to_bytes().to_vec().into())
    }

    fn bitmask_for_rejection_sampling(&self) -> SamplingMethod {
        SamplingMethod::HpkeWithoutBitmask
    }

    fn secret_key_size(&self) -> usize {
        KEY
    }

    fn public_key_size(&self) -> usize {
        KEY
    }

    fn public_key_validate(&self, key: &HpkePublicKey) -> Result<(), Refused> {
        public_key(key).map(|_| ())
    }
}

fn static_secret(bytes: &HpkeSecretKey) -> Result<StaticSecret, Refused> {
    let bytes: &[u8; KEY] = bytes.as_ref().try_into().map_err(|_| Refused)?;
    Ok(StaticSecret::from(*bytes))
}

fn public_key(bytes: &HpkePublicKey) -> Result<PublicKey, Refused> {
    let bytes: &[u8; KEY] = bytes.as_ref().try_into().map_err(|_| Refused)?;
    Ok(PublicKey::from(*bytes))
}
