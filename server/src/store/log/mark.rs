//! What tells the frames of one file from everything else that could be in it.

/// Begins a file that has a mark. On disk: changes only with the store's format.
const MAGIC: [u8; 8] = *b"CampLog3";
/// Magic, salt, checksum of both.
pub(super) const HEADER: usize = 8 + 16 + 4;

/// The mark of a file: 63 random bits in all. The checksum alone would be 32, and is linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Begins each of its frames. Never with a zero: zeros are written ahead of frames.
    pub(super) begin: [u8; 4],
    /// What checksums go on from.
    pub(super) checksum: u32,
}

impl Mark {
    /// Of the files from before there were marks.
    pub(super) const OLD: Self = Self { begin: *b"CLf1", checksum: 0 };

    fn of(salt: [u8; 16]) -> Self {
        let [a, b, c, d, rest @ ..] = salt;
        Self { begin: [a | 1, b, c, d], checksum: crc32fast::hash(&rest) }
    }

    /// A fresh one, and what a file of it begins with.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub(super) fn fresh() -> Result<(Self, [u8; HEADER]), getrandom::Error> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&MAGIC);
        header[8..24].copy_from_slice(&salt);
        let checksum = crc32fast::hash(&header[..24]);
        header[24..].copy_from_slice(&checksum.to_be_bytes());
        Ok((Self::of(salt), header))
    }

    /// The mark of a file with these bytes, and where its frames begin. `None`: it has one and it
    /// cannot be read, so that nothing in the file can be told from anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        if !bytes.starts_with(&MAGIC) {
            return Some((Self::OLD, 0));
        }
        let (header, _) = bytes.split_first_chunk::<HEADER>()?;
        let (said, checksum) = header.split_first_chunk::<24>()?;
        let salt = said.last_chunk::<16>()?;
        (crc32fast::hash(said).to_be_bytes() == *checksum).then_some((Self::of(*salt), HEADER))
    }

    pub(super) fn checksum(self, bytes: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.checksum);
        hasher.update(bytes);
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_from_the_beginning_of_its_file() {
        let (mark, header) = Mark::fresh().expect("randomness");
        let bytes = [&header[..], b"frames"].concat();
        assert_eq!(Mark::read(&bytes), Some((mark, HEADER)));
        assert_ne!(Mark::fresh().expect("randomness").0, mark);
        assert_ne!(mark.begin[0], 0);
    }

    #[test]
    fn a_damaged_mark_is_not_taken_for_another() {
        let (_, header) = Mark::fresh().expect("randomness");
        for bit in 8 * 8..HEADER * 8 {
            let mut damaged = header;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Mark::read(&damaged), None, "{bit}");
        }
        assert_eq!(Mark::read(&header[..HEADER - 1]), None);
    }

    #[test]
    fn a_file_from_before_is_read_as_it_was() {
        for bytes in [&b""[..], b"CLf1....", &[0; 100]] {
            assert_eq!(Mark::read(bytes), Some((Mark::OLD, 0)));
        }
        assert_eq!(Mark::OLD.checksum(b"entry"), crc32fast::hash(b"entry"));
    }
}
