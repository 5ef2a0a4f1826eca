//! Which records may have a row: spares an append looking for rows that are not there.

use core::sync::atomic::{AtomicU64, Ordering};

use super::name::Name;

/// 512 KB: of 200,000 rows it is wrong about one record in a hundred.
const BITS: usize = 1 << 22;

/// Knows of every record it was given, and takes a few others for them (a Bloom filter).
#[derive(Debug)]
pub(super) struct Sieve(Box<[AtomicU64]>);

impl Sieve {
    pub(super) fn new() -> Self {
        Self((0..BITS / 64).map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn add(&self, name: Name) {
        for bit in places(name) {
            self.0[bit / 64].fetch_or(1 << (bit % 64), Ordering::Relaxed);
        }
    }

    /// `false`: it was not given.
    pub(super) fn may_hold(&self, name: Name) -> bool {
        let set = |bit: usize| self.0[bit / 64].load(Ordering::Relaxed) & (1 << (bit % 64)) != 0;
        places(name).into_iter().all(set)
    }
}

/// Two independent halves; each covers more than [`BITS`].
fn places(Name(hash): Name) -> [usize; 2] {
    [(hash >> 32) as usize % BITS, (hash & 0xffff_ffff) as usize % BITS]
}

#[cfg(test)]
mod tests {
    use campana_protocol::id::{ChannelId, RecordId};

    use super::super::name::Names;
    use super::*;

    #[test]
    fn what_was_added_may_be_there_and_hardly_anything_else() {
        let (sieve, names) = (Sieve::new(), Names::default());
        let name = |number: u32| names.of(&ChannelId([1; 32]), &RecordId(u128::from(number).to_be_bytes()));
        (0..10_000).for_each(|number| sieve.add(name(number)));
        assert!((0..10_000).all(|number| sieve.may_hold(name(number))));
        let wrong = (10_000..20_000).filter(|number| sieve.may_hold(name(*number))).count();
        assert!(wrong < 10, "{wrong} of 10,000");
    }
}
