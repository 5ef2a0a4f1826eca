//! Rows at rest: sealed with XChaCha20-Poly1305 under the vault key, bound to their own key so
//! that rows can't be exchanged.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::ZeroizeOnDrop;

use crate::random::Random;

const NONCE: usize = 24;

/// The key that rows are sealed under at rest. The shell keeps it away from the rows.
#[derive(Clone, ZeroizeOnDrop)]
pub struct VaultKey(pub [u8; 32]);

/// Tells what a row was sealed as from all else it ever was: its nonce.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(Option<[u8; NONCE]>);

impl Version {
    pub(crate) fn of(sealed: &[u8]) -> Self {
        Self(sealed.first_chunk().copied())
    }
}

impl VaultKey {
    pub(crate) fn seal(&self, random: &mut Random, row: &[u8], content: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = random.bytes();
        seal(&self.0, &nonce, row, content)
    }

    pub(crate) fn open(&self, row: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        open(&self.0, row, sealed)
    }
}

/// Seals `content` under `key`; the nonce goes in front.
pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; NONCE], aad: &[u8], content: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(key.into());
    let mut sealed = nonce.to_vec();
    let encrypted = cipher.encrypt(&XNonce::from(*nonce), Payload { msg: content, aad });
    sealed.extend(encrypted.expect("contents are far below the cipher's limit of 256 GiB"));
    sealed
}

/// Opens what [`seal`] made; `None` for anything else.
pub(crate) fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, encrypted) = sealed.split_first_chunk::<NONCE>()?;
    XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), Payload { msg: encrypted, aad }).ok()
}
