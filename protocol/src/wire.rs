//! Strict CBOR (RFC 8949): one value, nothing after it, errors that hold no content.

use minicbor::data::Type;
use minicbor::decode::Error;
use minicbor::{Decode, Decoder, Encode};

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
    let mut decoder = Decoder::new(bytes);
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

/// The items of an array, of a known length or not: what `campana_derive::Decode` reads fields with.
#[derive(Debug)]
pub struct Fields {
    length: Option<u64>,
    next: u64,
}

impl Fields {
    /// Begins an array.
    ///
    /// # Errors
    /// It is none.
    pub fn of(decoder: &mut Decoder<'_>) -> Result<Self, Error> {
        Ok(Self { length: decoder.array()?, next: 0 })
    }

    /// The next item's place; none: the array ends here.
    ///
    /// # Errors
    /// The bytes end.
    pub fn next(&mut self, decoder: &mut Decoder<'_>) -> Result<Option<u64>, Error> {
        let ends = match self.length {
            Some(length) => self.next == length,
            None => decoder.datatype()? == Type::Break,
        };
        if ends {
            if self.length.is_none() {
                decoder.skip()?;
            }
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(self.next - 1))
    }

    /// Passes over a whole array.
    ///
    /// # Errors
    /// It is none, or holds what is no CBOR.
    pub fn skip(decoder: &mut Decoder<'_>) -> Result<(), Error> {
        let mut fields = Self::of(decoder)?;
        while fields.next(decoder)?.is_some() {
            decoder.skip()?;
        }
        Ok(())
    }
}

/// Begins an enum: an array of two, the variant's number and its fields.
///
/// # Errors
/// It is none.
pub fn variant(decoder: &mut Decoder<'_>) -> Result<(), Error> {
    if decoder.array()? == Some(2) { Ok(()) } else { Err(Error::message("an enum")) }
}

/// A field that could not be read: passed over if it is of a variant of later versions and may be absent.
///
/// # Errors
/// `error`, if not.
#[inline(never)]
pub fn forgive(error: Error, may_be_absent: bool, decoder: &mut Decoder<'_>) -> Result<(), Error> {
    if may_be_absent && error.is_unknown_variant() { decoder.skip() } else { Err(error) }
}

/// A field is not there.
#[must_use]
#[inline(never)]
pub fn missing() -> Error {
    Error::message("a field is missing")
}
