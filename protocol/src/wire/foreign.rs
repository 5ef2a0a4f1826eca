//! Our types within those that `minicbor`'s own derives write and read: the relay's rows, and tests.

use minicbor::encode::{Error as Unwritten, Write};
use minicbor::{Decoder, Encoder, decode};

use super::{Decode, Encode, Reader, Unread, encode};

/// What `minicbor::Encode` does for our types.
///
/// # Errors
/// The writer's.
pub fn encode_item<T: Encode, W: Write>(
    value: &T,
    encoder: &mut Encoder<W>,
) -> Result<(), Unwritten<W::Error>> {
    encoder.writer_mut().write_all(&encode(value)).map_err(Unwritten::write)
}

/// What `minicbor::Decode` does for our types.
///
/// # Errors
/// [`Unread`], as `minicbor` says it.
pub fn decode_item<T: Decode>(decoder: &mut Decoder<'_>) -> Result<T, decode::Error> {
    let mut reader = Reader::at(decoder.input(), decoder.position());
    let read = T::read(&mut reader);
    decoder.set_position(reader.position());
    read.map_err(|unread| match unread {
        Unread::Malformed => decode::Error::message("malformed"),
        Unread::Ends => decode::Error::end_of_input(),
        // Which one it is was never told.
        Unread::Later => decode::Error::unknown_variant(-1),
    })
}

/// Implements `minicbor`'s traits by ours, which are written by hand.
macro_rules! foreign {
    ($name:ty) => {
        impl<C> ::minicbor::Encode<C> for $name {
            fn encode<W: ::minicbor::encode::Write>(
                &self,
                encoder: &mut ::minicbor::Encoder<W>,
                _: &mut C,
            ) -> ::core::result::Result<(), ::minicbor::encode::Error<W::Error>> {
                $crate::wire::encode_item(self, encoder)
            }
        }

        impl<'bytes, C> ::minicbor::Decode<'bytes, C> for $name {
            fn decode(
                decoder: &mut ::minicbor::Decoder<'bytes>,
                _: &mut C,
            ) -> ::core::result::Result<Self, ::minicbor::decode::Error> {
                $crate::wire::decode_item(decoder)
            }
        }
    };
}
pub(crate) use foreign;
