//! All randomness but the MLS library's own: one stream from the shell's seed, so that a
//! simulation takes the same decisions twice.

use campana_protocol::frame::Secret;
use chacha20::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

pub(crate) struct Random(ChaCha20Rng);

impl Random {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    pub(crate) fn secret(&mut self) -> Secret {
        Secret(self.bytes())
    }

    /// A number below `bound` (which is small: the bias does not matter for pauses).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound.max(1)
    }
}
