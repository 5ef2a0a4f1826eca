//! Padding to buckets, applied to what is sealed so that only the bucket shows.

use crate::limits::{BUCKET_STEP, BUCKETS};
use crate::wire::WireError;

const PREFIX: usize = 4;

/// `content` with its length in front (4 bytes, big-endian) and zeros behind, as long as the
/// smallest bucket that holds it.
#[must_use]
pub fn pad(content: &[u8]) -> Vec<u8> {
    let needed = content.len() + PREFIX;
    let mut padded = Vec::with_capacity(bucket(needed));
    padded.extend_from_slice(&(content.len() as u32).to_be_bytes());
    padded.extend_from_slice(content);
    padded.resize(bucket(needed), 0);
    padded
}

/// The content of a padded value.
///
/// # Errors
/// [`WireError::Malformed`] unless it is exactly what [`pad`] makes: one content, one encoding.
pub fn unpad(padded: &[u8]) -> Result<&[u8], WireError> {
    let (prefix, rest) = padded.split_first_chunk::<PREFIX>().ok_or(WireError::Malformed)?;
    let length = u32::from_be_bytes(*prefix) as usize;
    if length > rest.len() || padded.len() != bucket(length + PREFIX) {
        return Err(WireError::Malformed);
    }
    let (content, zeros) = rest.split_at(length);
    if zeros.iter().any(|&byte| byte != 0) {
        return Err(WireError::Malformed);
    }
    Ok(content)
}

fn bucket(needed: usize) -> usize {
    BUCKETS
        .into_iter()
        .find(|&size| size >= needed)
        .unwrap_or_else(|| needed.div_ceil(BUCKET_STEP) * BUCKET_STEP)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_content_comes_back_from_a_bucket(content in proptest::collection::vec(any::<u8>(), 0..70_000)) {
            let padded = pad(&content);
            prop_assert!(BUCKETS.contains(&padded.len()) || padded.len().is_multiple_of(BUCKET_STEP));
            prop_assert_eq!(unpad(&padded), Ok(content.as_slice()));
        }

        #[test]
        fn any_bytes_are_content_or_malformed(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            if let Ok(content) = unpad(&bytes) {
                prop_assert_eq!(pad(content), bytes);
            }
        }
    }

    #[test]
    fn hidden_bytes_in_the_padding_are_refused() {
        let mut padded = pad(b"x");
        padded[511] = 1;
        assert_eq!(unpad(&padded), Err(WireError::Malformed));
    }
}
