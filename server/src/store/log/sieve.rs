//! Which record ids may have a row: spares an append looking for rows that are not there.

use core::hash::BuildHasher;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::hash_map::RandomState;

use campana_protocol::id::{ChannelId, RecordId};

/// 512 KB: of 200,000 rows it is wrong about one id in a hundred.
const BITS: usize = 1 << 22;

/// Knows of every id it was given, and takes a few others for them (a Bloom filter). Keyed at
/// random: who chooses record ids cannot choose where they fall.
#[derive(Debug)]
pub(crate) struct Sieve {
    words: Box<[AtomicU64]>,
    keys: RandomState,
}

impl Sieve {
    pub(super) fn new() -> Self {
        Self { words: (0..BITS / 64).map(|_| AtomicU64::new(0)).collect(), keys: RandomState::new() }
    }

    /// Its row is there, or may soon be.
    pub(crate) fn add(&self, channel: &ChannelId, record: &RecordId) {
        for bit in self.places(channel, record) {
            self.words[bit / 64].fetch_or(1 << (bit % 64), Ordering::Relaxed);
        }
    }

    /// `false`: there is no such row.
    pub(crate) fn may_hold(&self, channel: &ChannelId, record: &RecordId) -> bool {
        let set = |bit: usize| self.words[bit / 64].load(Ordering::Relaxed) & (1 << (bit % 64)) != 0;
        self.places(channel, record).into_iter().all(set)
    }

    fn places(&self, channel: &ChannelId, record: &RecordId) -> [usize; 2] {
        let hash = self.keys.hash_one((channel.0, record.0));
        // Two independent halves; each covers more than `BITS`.
        [(hash >> 32) as usize % BITS, (hash & 0xffff_ffff) as usize % BITS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_may_be_there_and_hardly_anything_else() {
        let (sieve, channel) = (Sieve::new(), ChannelId([1; 32]));
        let id = |number: u32| RecordId(u128::from(number).to_be_bytes());
        (0..10_000).for_each(|number| sieve.add(&channel, &id(number)));
        assert!((0..10_000).all(|number| sieve.may_hold(&channel, &id(number))));
        let wrong = (10_000..20_000).filter(|number| sieve.may_hold(&channel, &id(*number))).count();
        assert!(wrong < 10, "{wrong} of 10,000");
    }
}
