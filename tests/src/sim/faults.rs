//! What goes wrong, and how often. Each seed draws its own mix, and leaves some kinds out
//! altogether: that finds what a steady mix of everything hides.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// How often things go wrong, in parts per 10,000 of the occasions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Longest delay of a frame, ms.
    pub delay: u64,
    /// A frame is lost with its connection.
    pub reset: u64,
    /// A frame is delivered twice.
    pub duplicate: u64,
    /// A device dies within a turn.
    pub kill: u64,
    /// A device that dies loses its last write too: its disk lied.
    pub lying_disk: u64,
    /// The relay dies and starts again.
    pub relay_kill: u64,
    /// A device is put back to a copy of its store, when its owner next looks at it.
    pub restore: u64,
    /// A device goes offline for a while, when its owner next looks at it.
    pub away: u64,
    /// A group of devices, or the whole committee, is cut off from the relay for minutes; per second.
    pub partition: u64,
    /// The relay goes on from its last backup, some minutes old; per second.
    pub relay_restore: u64,
    /// What the relay has for a device is held back for up to minutes, and the line stays open.
    pub withhold: u64,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        delay: 50,
        reset: 0,
        duplicate: 0,
        kill: 0,
        lying_disk: 0,
        relay_kill: 0,
        restore: 0,
        away: 0,
        partition: 0,
        relay_restore: 0,
        withhold: 0,
    };

    /// A mix drawn from the seed.
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let mut some = |most: u64| if rng.next_u64().is_multiple_of(3) { 0 } else { rng.next_u64() % most };
        let drawn = Self {
            delay: 20 + some(2_000),
            reset: some(150),
            duplicate: some(500),
            kill: some(400),
            lying_disk: some(3_000),
            relay_kill: some(60),
            restore: some(500),
            away: some(1_000),
            partition: some(60),
            withhold: some(40),
            relay_restore: 0,
        };
        // One world in four. Devices' stores stay whole there: what a device and the relay both have
        // forgotten is gone.
        if !rng.next_u64().is_multiple_of(4) {
            return drawn;
        }
        Self { relay_restore: 5 + rng.next_u64() % 20, restore: 0, lying_disk: 0, ..drawn }
    }
}

/// Whether something with this many parts per 10,000 happens now.
pub(super) fn happens(rng: &mut ChaCha8Rng, parts: u64) -> bool {
    rng.next_u64() % 10_000 < parts
}
