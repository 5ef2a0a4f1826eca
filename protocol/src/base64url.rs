//! base64url without padding (RFC 4648, section 5), each text the only one of its bytes.
//!
//! Our own thirty lines, because phones download them: the library that servers use is 6 KB of WebAssembly.

const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text of some bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut bits = 0;
        for at in 0..3 {
            bits = bits << 8 | u32::from(chunk.get(at).copied().unwrap_or_default());
        }
        for at in 0..=chunk.len() {
            text.push(char::from(SYMBOLS[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text
}

/// The bytes of a text: none if it holds another symbol, padding, or bits beyond its last byte.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut free) = (0_u32, 0);
    for symbol in text.bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        free += 6;
        if free >= 8 {
            free -= 8;
            bytes.push((bits >> free) as u8);
            bits &= (1 << free) - 1;
        }
    }
    // Six bits left over are a symbol too many.
    (free < 6 && bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_make_the_same_text_as_with_the_library(bytes: Vec<u8>) {
            prop_assert_eq!(encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn a_text_is_taken_if_the_library_takes_it(text in "[A-Za-z0-9_-]{0,12}|[A-D=+/_ é-]{0,6}") {
            prop_assert_eq!(decode(&text), URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }
}
