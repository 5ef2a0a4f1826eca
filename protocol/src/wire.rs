//! Strict CBOR (RFC 8949): one value, nothing after it, errors that hold no content.

use minicbor::{Decode, Encode};

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
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    match minicbor::to_vec(value) {
        Ok(bytes) => bytes,
        // The writer is a Vec (infallible) and no Encode of this workspace returns its own error.
        Err(_) => unreachable!("encoding into memory"),
    }
}

/// Decodes exactly one value from `bytes`.
///
/// # Errors
/// [`WireError`]: malformed, or followed by anything.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, WireError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().map_err(|_| WireError::Malformed)?;
    if decoder.position() == bytes.len() { Ok(value) } else { Err(WireError::Trailing) }
}

/// [`decode`], after checking that `bytes` is not longer than `limit`.
///
/// # Errors
/// [`WireError`].
pub fn decode_within<'b, T: Decode<'b, ()>>(bytes: &'b [u8], limit: usize) -> Result<T, WireError> {
    if bytes.len() > limit {
        return Err(WireError::TooLong);
    }
    decode(bytes)
}
