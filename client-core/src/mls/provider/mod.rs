//! The cryptography the MLS library works with: suite 0x0003 and nothing else.
//!
//! Only wiring. Ciphers, curves and hashes are RustCrypto's and dalek's; HPKE (RFC 9180) is the
//! library's own, over the [`parts`] it is made of. It behaves as `mls-rs-crypto-rustcrypto` does
//! for this suite, which brings the other suites' curves and ciphers to every phone; the tests
//! compare the two.

mod parts;
#[cfg(test)]
mod tests;

use core::convert::Infallible;

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use hmac::{KeyInit, Mac, SimpleHmac};
use mls_rs_core::crypto::{
    CipherSuite, CipherSuiteProvider, CryptoProvider, HpkeCiphertext, HpkePsk, HpkePublicKey, HpkeSecretKey,
    SignaturePublicKey, SignatureSecretKey,
};
use mls_rs_core::error::IntoAnyError;
use mls_rs_crypto_hpke::{
    context::{ContextR, ContextS},
    dhkem::DhKem,
    hpke::{Hpke, HpkeError},
};
use mls_rs_crypto_traits::{AeadType, KdfType, KemId};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use parts::{Chacha, Sha256Kdf, X25519};

/// X25519, ChaCha20-Poly1305, SHA-256, Ed25519 (0x0003).
pub(super) const SUITE: CipherSuite = CipherSuite::CURVE25519_CHACHA;

/// Gives out [`Suite`] for [`SUITE`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Provider;

impl CryptoProvider for Provider {
    type CipherSuiteProvider = Suite;

    fn supported_cipher_suites(&self) -> Vec<CipherSuite> {
        vec![SUITE]
    }

    fn cipher_suite_provider(&self, suite: CipherSuite) -> Option<Suite> {
        (suite == SUITE).then(Suite::new)
    }
}

/// Suite 0x0003. Holds no key.
#[derive(Clone)]
pub(super) struct Suite {
    hpke: Hpke<DhKem<X25519, Sha256Kdf>, Sha256Kdf, Chacha>,
}

/// A key, signature, ciphertext or length that the suite refuses, or no randomness. The library
/// tells these apart by the operation; more would only be words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

impl IntoAnyError for Refused {}

impl From<HpkeError> for Refused {
    fn from(_: HpkeError) -> Self {
        Self
    }
}

impl From<Infallible> for Refused {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Suite {
    pub(super) fn new() -> Self {
        let id = KemId::DhKemX25519Sha256;
        let kem = DhKem::new(X25519, Sha256Kdf, id as u16, id.n_secret());
        Self { hpke: Hpke::new(kem, Sha256Kdf, Some(Chacha)) }
    }
}

impl CipherSuiteProvider for Suite {
    type Error = Refused;
    type HpkeContextS = ContextS<Sha256Kdf, Chacha>;
    type HpkeContextR = ContextR<Sha256Kdf, Chacha>;

    fn cipher_suite(&self) -> CipherSuite {
        SUITE
    }

    fn hash(&self, data: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(Sha256::digest(data).to_vec())
    }

    fn mac(&self, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Refused> {
        let mac = SimpleHmac::<Sha256>::new_from_slice(key).map_err(|_| Refused)?;
        Ok(mac.chain_update(data).finalize().into_bytes().to_vec())
    }

    fn aead_seal(
        &self,
        key: &[u8],
        data: &[u8],
        aad: Option<&[u8]>,
        nonce: &[u8],
    ) -> Result<Vec<u8>, Refused> {
        Chacha.seal(key, data, aad, nonce)
    }

    fn aead_open(
        &self,
        key: &[u8],
        ciphertext: &[u8],
        aad: Option<&[u8]>,
        nonce: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        Chacha.open(key, ciphertext, aad, nonce).map(Zeroizing::new)
    }

    fn aead_key_size(&self) -> usize {
        Chacha.key_size()
    }

    fn aead_nonce_size(&self) -> usize {
        Chacha.nonce_size()
    }

    fn kdf_extract(&self, salt: &[u8], ikm: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
        Sha256Kdf.extract(salt, ikm).map(Zeroizing::new)
    }

    fn kdf_expand(&self, prk: &[u8], info: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        Sha256Kdf.expand(prk, info, len).map(Zeroizing::new)
    }

    fn kdf_extract_size(&self) -> usize {
        Sha256Kdf.extract_size()
    }

    fn hpke_seal(
        &self,
        remote_key: &HpkePublicKey,
        info: &[u8],
        aad: Option<&[u8]>,
        pt: &[u8],
    ) -> Result<HpkeCiphertext, Refused> {
        #[cfg(any(test, feature = "testing"))]
        if super::spoil::spoilt(remote_key) {
            // Well encrypted, and another secret than the path's.
            return Ok(self.hpke.seal(remote_key, info, None, aad, &vec![0x55; pt.len()])?);
        }
        Ok(self.hpke.seal(remote_key, info, None, aad, pt)?)
    }

    fn hpke_seal_psk(
        &self,
        remote_key: &HpkePublicKey,
        info: &[u8],
        aad: Option<&[u8]>,
        pt: &[u8],
        psk: HpkePsk<'_>,
    ) -> Result<HpkeCiphertext, Refused> {
        Ok(self.hpke.seal(remote_key, info, Some(psk), aad, pt)?)
    }

    fn hpke_open(
        &self,
        ciphertext: &HpkeCiphertext,
        local_secret: &HpkeSecretKey,
        local_public: &HpkePublicKey,
        info: &[u8],
        aad: Option<&[u8]>,
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        Ok(self.hpke.open(ciphertext, local_secret, local_public, info, None, aad)?)
    }

    fn hpke_open_psk(
        &self,
        ciphertext: &HpkeCiphertext,
        local_secret: &HpkeSecretKey,
        local_public: &HpkePublicKey,
        info: &[u8],
        aad: Option<&[u8]>,
        psk: HpkePsk<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        Ok(self.hpke.open(ciphertext, local_secret, local_public, info, Some(psk), aad)?)
    }

    fn hpke_setup_s(
        &self,
        remote_key: &HpkePublicKey,
        info: &[u8],
    ) -> Result<(Vec<u8>, Self::HpkeContextS), Refused> {
        Ok(self.hpke.setup_sender(remote_key, info, None)?)
    }

    fn hpke_setup_r(
        &self,
        kem_output: &[u8],
        local_secret: &HpkeSecretKey,
        local_public: &HpkePublicKey,
        info: &[u8],
    ) -> Result<Self::HpkeContextR, Refused> {
        Ok(self.hpke.setup_receiver(kem_output, local_secret, local_public, info, None)?)
    }

    fn kem_derive(&self, ikm: &[u8]) -> Result<(HpkeSecretKey, HpkePublicKey), Refused> {
        Ok(self.hpke.derive(ikm)?)
    }

    fn kem_generate(&self) -> Result<(HpkeSecretKey, HpkePublicKey), Refused> {
        Ok(self.hpke.generate()?)
    }

    fn kem_public_key_validate(&self, key: &HpkePublicKey) -> Result<(), Refused> {
        Ok(self.hpke.public_key_validate(key)?)
    }

    fn random_bytes(&self, out: &mut [u8]) -> Result<(), Refused> {
        getrandom::fill(out).map_err(|_| Refused)
    }

    fn signature_key_generate(&self) -> Result<(SignatureSecretKey, SignaturePublicKey), Refused> {
        let mut seed = Zeroizing::new([0; 32]);
        self.random_bytes(seed.as_mut())?;
        let key = SigningKey::from_bytes(&seed);
        Ok((key.to_keypair_bytes().to_vec().into(), key.verifying_key().to_bytes().to_vec().into()))
    }

    fn signature_key_derive_public(&self, key: &SignatureSecretKey) -> Result<SignaturePublicKey, Refused> {
        Ok(signing_key(key)?.verifying_key().to_bytes().to_vec().into())
    }

    fn sign(&self, key: &SignatureSecretKey, data: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(signing_key(key)?.sign(data).to_bytes().to_vec())
    }

    /// Not strict: what MLS asks for, and what other implementations do (RFC 8032, section 5.1.7).
    /// Members who judged the same signature differently would part ways.
    fn verify(&self, key: &SignaturePublicKey, signature: &[u8], data: &[u8]) -> Result<(), Refused> {
        let key: &[u8; 32] = key.as_bytes().try_into().map_err(|_| Refused)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| Refused)?;
        let signature = Signature::from_slice(signature).map_err(|_| Refused)?;
        key.verify(data, &signature).map_err(|_| Refused)
    }
}

/// The pair from its 64 bytes, secret then public: refused unless they belong together.
fn signing_key(bytes: &SignatureSecretKey) -> Result<SigningKey, Refused> {
    let bytes: &[u8; 64] = bytes.as_bytes().try_into().map_err(|_| Refused)?;
    SigningKey::from_keypair_bytes(bytes).map_err(|_| Refused)
}
