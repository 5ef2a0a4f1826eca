//! A record of a channel as one number: hashed once per append, looked up in several places.

use core::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::collections::HashMap;
use std::collections::hash_map::RandomState;

use campana_protocol::id::{ChannelId, RecordId};

/// A keyed hash of channel and record id. In a full log two of them are the same with a
/// probability below 2⁻²⁹; what is found by one is compared with the record id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub(super) u64);

/// Makes names. Keyed at random: who chooses record ids cannot choose where they fall.
#[derive(Debug, Default)]
pub(super) struct Names(RandomState);

impl Names {
    pub(super) fn of(&self, channel: &ChannelId, record: &RecordId) -> Name {
        Name(self.0.hash_one((channel.0, record.0)))
    }
}

/// What is known by name.
pub(super) type ByName<T> = HashMap<Name, T, BuildHasherDefault<Hashed>>;

/// Takes a name as it is, for it is a hash.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
