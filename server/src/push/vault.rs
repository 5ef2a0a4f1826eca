//! Sealing what the store must not be able to read (XChaCha20-Poly1305). Each sealed value names
//! its key, so that keys can be changed.

use campana_protocol::id::hash;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const ID: usize = 4;
const NONCE: usize = 24;

/// The keys there are: the first seals, all open.
pub struct Vault {
    keys: Vec<Key>,
}

struct Key {
    id: [u8; ID],
    cipher: XChaCha20Poly1305,
}

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Sealed under a key that is not here.
    #[error("it is sealed under a key that is not here")]
    UnknownKey,
    /// Not what was sealed for this row.
    #[error("it is not what was sealed for this row")]
    Damaged,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

impl core::fmt::Debug for Vault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Vault({} keys)", self.keys.len())
    }
}

impl Vault {
    /// With these keys; the first is the one in use.
    pub(super) fn new(keys: &[Zeroizing<[u8; 32]>]) -> Self {
        let key = |key: &Zeroizing<[u8; 32]>| Key {
            id: hash("campana registration key", &[&key[..]]).0[..ID].try_into().unwrap_or_default(),
            cipher: XChaCha20Poly1305::new((&**key).into()),
        };
        Self { keys: keys.iter().map(key).collect() }
    }

    pub(super) fn ephemeral() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut key[..]).map_err(|_| SealError::NoRandomness)?;
        Ok(Self::new(&[key]))
    }

    /// Whether `sealed` is under the key in use.
    pub(super) fn current(&self, sealed: &[u8]) -> bool {
        self.keys.first().is_some_and(|key| sealed.starts_with(&key.id))
    }

    pub(super) fn has_older(&self) -> bool {
        self.keys.len() > 1
    }

    /// Seals `plain` for the row named `row`.
    pub(super) fn seal(&self, row: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.keys.first().ok_or(SealError::UnknownKey)?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let payload = Payload { msg: plain, aad: row };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        Ok([&key.id[..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the row named `row`.
    pub(super) fn open(&self, row: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, rest) = sealed.split_first_chunk::<ID>().ok_or(SealError::Damaged)?;
        let (nonce, msg) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Damaged)?;
        let mut outcome = Err(SealError::UnknownKey);
        // Two keys may have the same short id: both are tried.
        for key in self.keys.iter().filter(|key| key.id == *id) {
            match key.cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad: row }) {
                Ok(plain) => return Ok(Zeroizing::new(plain)),
                Err(_) => outcome = Err(SealError::Damaged),
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vault(seeds: &[u8]) -> Vault {
        Vault::new(&seeds.iter().map(|seed| Zeroizing::new([*seed; 32])).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_for_its_row_only(plain: Vec<u8>, row: Vec<u8>, other: Vec<u8>) {
            let vault = vault(&[1]);
            let sealed = vault.seal(&row, &plain).expect("sealed");
            prop_assert_eq!(&**vault.open(&row, &sealed).expect("opens"), &plain);
            if row != other {
                prop_assert_eq!(vault.open(&other, &sealed), Err(SealError::Damaged));
            }
        }

        #[test]
        fn any_bytes_open_or_do_not(bytes: Vec<u8>, at: usize, bit in 0..8u8) {
            let vault = vault(&[1]);
            prop_assert!(vault.open(b"row", &bytes).is_err());
            let mut sealed = vault.seal(b"row", b"plain").expect("sealed");
            let at = at % sealed.len();
            sealed[at] ^= 1 << bit;
            prop_assert!(vault.open(b"row", &sealed).is_err());
        }
    }

    #[test]
    fn an_older_key_opens_and_the_first_seals() {
        let (old, both, new) = (vault(&[1]), vault(&[2, 1]), vault(&[2]));
        let sealed = old.seal(b"row", b"plain").expect("sealed");
        assert!(!both.current(&sealed));
        assert_eq!(&**both.open(b"row", &sealed).expect("opens"), b"plain");
        assert_eq!(new.open(b"row", &sealed), Err(SealError::UnknownKey));
        let anew = both.seal(b"row", b"plain").expect("sealed");
        assert!(both.current(&anew) && new.open(b"row", &anew).is_ok());
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        assert_eq!(format!("{:?}", vault(&[0x41])), "Vault(1 keys)");
    }
}
