//! What can go wrong, sorted by what the caller does about it.

use mls_rs::error::MlsError as Library;

/// A failed group operation. Holds no content and no secret: it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MlsError {
    /// A message of our own leaf, which nobody can open but the others. Not authenticated: compare
    /// the bytes with what was sent before concluding anything.
    #[error("a message of our own leaf")]
    OwnMessage,
    /// Made for another epoch than the current one; catch up or drop it.
    #[error("a message for another epoch: catch up or drop it")]
    WrongEpoch,
    /// Not encrypted to this group as it is now, tampered with, or seen before; drop it.
    #[error("cannot be decrypted: drop it")]
    Undecryptable,
    /// Too many earlier messages of its sender are missing. Catch up and try again; in log order,
    /// drop it.
    #[error("too many earlier messages of its sender are missing: catch up")]
    TooFarAhead,
    /// Malformed, badly signed or against the rules; drop it.
    #[error("malformed or against the rules: drop it")]
    Invalid,
    /// Our own stored bytes do not load; rejoin with a fresh leaf.
    #[error("stored group state does not load: rejoin")]
    Corrupt,
    /// The library failed where it must not; a bug.
    #[error("bug in the use of the MLS library: {0}")]
    Library(&'static str),
}

impl MlsError {
    /// For bytes that came from outside.
    pub(super) fn outside(error: &Library) -> Self {
        match error {
            Library::CantProcessMessageFromSelf => Self::OwnMessage,
            Library::InvalidEpoch | Library::EpochNotFound => Self::WrongEpoch,
            Library::CryptoProviderError(_)
            | Library::KeyMissing(_)
            | Library::InvalidFutureGeneration(_)
            | Library::InvalidLeafConsumption => Self::Undecryptable,
            _ => Self::Invalid,
        }
    }
}
