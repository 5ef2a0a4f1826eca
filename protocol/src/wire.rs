//! Strict CBOR (RFC 8949): one value, nothing after it, errors that hold no content.
//!
//! Structs and enums are written and read by `campana_derive`'s `Encode` and `Decode`, whose traits are here: as
//! `minicbor`'s derives do it, to the bit, in a third of the WebAssembly.

mod foreign;
mod read;
mod write;

pub(crate) use foreign::foreign;
pub use foreign::{decode_item, encode_item};
pub use read::{Bytes, Decode, Fields, Reader, Unread};
pub use write::{Encode, Writer};

/// Bytes that are not what they should be. Holds no content: it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not a well-formed value of the expected shape; drop it.
    #[error("malformed bytes: drop them")]
    Malformed,
    /// A well-formed value followed by more bytes; drop it.
    #[error("bytes after the end of the value: drop them")]
    Trailing,
    /// Longer than its limit; drop it unread.
    #[error("longer than the limit: send less")]
    TooLong,
}

/// Encodes `value`. Encoding into memory cannot fail.
pub fn encode<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    let mut writer = Writer::default();
    value.write(&mut writer);
    writer.finish()
}

/// Decodes exactly one value from `bytes`.
///
/// # Errors
/// [`WireError`]: malformed, or followed by anything.
pub fn decode<T: Decode>(bytes: &[u8]) -> Result<T, WireError> {
    let mut reader = Reader::new(bytes);
    let value = T::read(&mut reader).map_err(|_| WireError::Malformed)?;
    if reader.position() == bytes.len() { Ok(value) } else { Err(WireError::Trailing) }
}

/// [`decode`], after checking that `bytes` is not longer than `limit`.
///
/// # Errors
/// [`WireError`].
pub fn decode_within<T: Decode>(bytes: &[u8], limit: usize) -> Result<T, WireError> {
    if bytes.len() > limit {
        return Err(WireError::TooLong);
    }
    decode(bytes)
}
