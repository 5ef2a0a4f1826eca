//! A device's signing key in one channel.

use campana_protocol::id::{PublicKey, Signature};
use core::fmt;
use ed25519_dalek::{Signer, SigningKey};
use mls_rs_core::crypto::SignatureSecretKey;
use zeroize::Zeroizing;

use super::MlsError;

/// One device's signing key in one channel: a fresh pseudonym. The caller keeps it.
#[derive(Clone)]
pub struct Leaf(SigningKey);

impl Leaf {
    /// A fresh key.
    ///
    /// # Errors
    /// [`MlsError::Library`] when the system gives no randomness.
    pub fn generate() -> Result<Self, MlsError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| MlsError::Library("no randomness"))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The key others know this leaf by.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// For the store: 32 secret bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.as_bytes().to_vec())
    }

    /// From [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`MlsError::Corrupt`] unless there are exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MlsError> {
        let seed = Zeroizing::new(<[u8; 32]>::try_from(bytes).map_err(|_| MlsError::Corrupt)?);
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Signs `message` as it is: the caller separates its domains.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }

    pub(super) fn library_key(&self) -> SignatureSecretKey {
        self.0.to_keypair_bytes().to_vec().into()
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leaf").field(&self.public()).finish()
    }
}
