//! The core.

use zeroize::ZeroizeOnDrop;

use crate::turn::{Input, Turn};
use crate::view::View;

/// The key that rows are sealed under at rest. The shell keeps it away from the rows.
#[derive(Clone, ZeroizeOnDrop)]
pub struct VaultKey(pub [u8; 32]);

/// A store that can't be loaded. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Written by a newer version.
    #[error("this store was written by a newer version of Campana: update, then open it again")]
    Newer,
    /// A row does not open or decode.
    #[error("this store is damaged or its key is another: restore a copy, or join again with a new invite")]
    Damaged,
}

/// The member's side: one device's state and rules.
pub struct Core {}

impl Core {
    /// An empty device. `seed`: 32 fresh random bytes.
    #[must_use]
    pub fn new(_vault: VaultKey, _seed: [u8; 32]) -> Self {
        Self {}
    }

    /// A device from its stored rows.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(
        vault: VaultKey,
        seed: [u8; 32],
        _rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<Self, LoadError> {
        Ok(Self::new(vault, seed))
    }

    /// Takes over rows that another context has written meanwhile; the connection's state stays.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn reload(&mut self, _rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<(), LoadError> {
        Ok(())
    }

    /// One turn; see the crate's documentation for the contract. `now`: Unix milliseconds.
    pub fn turn(&mut self, _now: u64, _input: Input) -> Turn {
        Turn::default()
    }

    /// What a screen needs.
    #[must_use]
    pub fn view(&self, _now: u64) -> View {
        todo!()
    }

    /// Address of the relay this device belongs to, such as `https://relay.example`.
    #[must_use]
    pub fn relay(&self) -> Option<&str> {
        None
    }
}
