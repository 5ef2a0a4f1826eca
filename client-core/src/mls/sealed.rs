//! Sealed boxes: HPKE in base mode (RFC 9180), DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//! ChaCha20-Poly1305. A box is the 32 bytes of the encapsulated key, then the ciphertext.

use campana_protocol::id::SealingKey;
use core::fmt;
use mls_rs_core::crypto::{CipherSuiteProvider, HpkeCiphertext, HpkePublicKey, HpkeSecretKey};
use zeroize::Zeroizing;

use super::{MlsError, provider::Suite};

const ENCAPSULATED: usize = 32;

/// The key that opens sealed boxes. Zeroized on drop.
#[derive(Clone)]
pub struct SealingSecret {
    secret: HpkeSecretKey,
    public: SealingKey,
}

impl SealingSecret {
    /// The key pair that RFC 9180 derives from `seed`, which must be secret and random. The caller
    /// keeps the seed.
    ///
    /// # Errors
    /// [`MlsError::Library`].
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, MlsError> {
        let (secret, public) =
            Suite::new().kem_derive(seed).map_err(|_| MlsError::Library("deriving a sealing key"))?;
        let public = SealingKey::from_slice(&public).ok_or(MlsError::Library("size of a sealing key"))?;
        Ok(Self { secret, public })
    }

    /// The key to seal to.
    #[must_use]
    pub fn public(&self) -> SealingKey {
        self.public
    }
}

impl fmt::Debug for SealingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SealingSecret").field(&self.public).finish()
    }
}

/// Seals `plaintext` so that only the owner of `to` opens it, and only with the same `info`.
///
/// # Errors
/// [`MlsError::Invalid`] when `to` is not a usable public key.
pub fn seal(to: &SealingKey, info: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, MlsError> {
    let to = HpkePublicKey::from(to.as_bytes().to_vec());
    let sealed = Suite::new().hpke_seal(&to, info, None, plaintext).map_err(|_| MlsError::Invalid)?;
    let mut bytes = sealed.kem_output;
    if bytes.len() != ENCAPSULATED {
        return Err(MlsError::Library("size of an encapsulated key"));
    }
    bytes.extend_from_slice(&sealed.ciphertext);
    Ok(bytes)
}

/// Opens a box made by [`seal`].
///
/// # Errors
/// [`MlsError::Invalid`] when it is too short to be one, [`MlsError::Undecryptable`] when it is
/// for another key or `info`, or was changed.
pub fn open_sealed(
    secret: &SealingSecret,
    info: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, MlsError> {
    let (kem_output, ciphertext) = sealed.split_at_checked(ENCAPSULATED).ok_or(MlsError::Invalid)?;
    let sealed = HpkeCiphertext { kem_output: kem_output.to_vec(), ciphertext: ciphertext.to_vec() };
    let public = HpkePublicKey::from(secret.public.as_bytes().to_vec());
    Suite::new().hpke_open(&sealed, &secret.secret, &public, info, None).map_err(|_| MlsError::Undecryptable)
}
