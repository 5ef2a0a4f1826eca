//! What others' clocks say of the system's.
//!
//! Expiry deletes by the wall clock, and a clock that has been wrong for long never jumps: only somebody
//! else's clock tells. Push services say theirs with every answer, and owners of channels when they prove
//! their keys. A service's word counts before owners', for its certificate names it; of a channel's owners
//! more than half have to agree, so that one device that lies or is wrong itself changes nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use campana_protocol::id::{ChannelId, PublicKey};

use crate::limits::{CLOCK_FAR_MS, MAX_CLOCK_WITNESSES, WITNESS_MS};

/// The clocks of others, as they differed from ours when they were heard of.
#[derive(Debug, Default)]
pub(crate) struct Witnesses {
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    services: BTreeMap<String, Word>,
    owners: BTreeMap<(ChannelId, PublicKey), Word>,
    /// Our two clocks at the last look.
    looked: Option<(u64, Instant)>,
}

#[derive(Debug, Clone, Copy)]
struct Word {
    far: bool,
    at: u64,
    /// Of how many owners this is one.
    of: usize,
}

impl Witnesses {
    /// A push service dated an answer. All times: Unix milliseconds.
    pub(crate) fn service(&self, host: &str, theirs: u64, now: u64) {
        let mut heard = self.lock();
        if heard.services.len() < MAX_CLOCK_WITNESSES || heard.services.contains_key(host) {
            heard.services.insert(host.to_owned(), Word::new(theirs, now, 1));
        }
    }

    /// One of a channel's `of` owners proved its key and said what its clock shows.
    pub(crate) fn owner(&self, channel: ChannelId, owner: PublicKey, of: usize, theirs: u64, now: u64) {
        let mut heard = self.lock();
        if heard.owners.len() < MAX_CLOCK_WITNESSES || heard.owners.contains_key(&(channel, owner)) {
            heard.owners.insert((channel, owner), Word::new(theirs, now, of));
        }
    }

    /// Whether the system's clock is far off, as far as anybody said so within the last day.
    pub(crate) fn far(&self) -> bool {
        self.lock().far()
    }

    /// Looks at our clocks. Words from before the wall clock was set say nothing of how it is now.
    pub(crate) fn look(&self, now: u64, monotonic: Instant) -> bool {
        let mut heard = self.lock();
        if let Some((wall, ticks)) = heard.looked {
            let ran = u64::try_from(monotonic.duration_since(ticks).as_millis()).unwrap_or(u64::MAX);
            if now.abs_diff(wall.saturating_add(ran)) > CLOCK_FAR_MS / 2 {
                heard.services.clear();
                heard.owners.clear();
            }
        }
        heard.looked = Some((now, monotonic));
        let recent = |word: &Word| now.abs_diff(word.at) <= WITNESS_MS;
        heard.services.retain(|_, word| recent(word));
        heard.owners.retain(|_, word| recent(word));
        heard.far()
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn far(&self) -> bool {
        if !self.services.is_empty() {
            return 2 * self.services.values().filter(|word| word.far).count() > self.services.len();
        }
        // The owners of a channel who said far and near, and of how many.
        let mut channels = BTreeMap::<ChannelId, [usize; 3]>::new();
        for ((channel, _), word) in &self.owners {
            let said = channels.entry(*channel).or_default();
            said[usize::from(!word.far)] += 1;
            said[2] = word.of;
        }
        channels.values().any(|[far, _, of]| 2 * far > *of)
            && !channels.values().any(|[_, near, of]| 2 * near > *of)
    }
}

impl Word {
    const fn new(theirs: u64, now: u64, of: usize) -> Self {
        Self { far: theirs.abs_diff(now) > CLOCK_FAR_MS, at: now, of }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use campana_protocol::limits::DAY_MS;

    use super::*;

    const NOW: u64 = 1_700_000_000_000;
    const FAR: u64 = NOW + CLOCK_FAR_MS + 1;
    const CHANNEL: ChannelId = ChannelId([1; 32]);

    fn owner(number: u8) -> PublicKey {
        PublicKey([number; 32])
    }

    #[test]
    fn nobody_is_no_witness() {
        assert!(!Witnesses::default().far());
    }

    #[test]
    fn one_owner_of_three_condemns_no_clock() {
        let witnesses = Witnesses::default();
        witnesses.owner(CHANNEL, owner(1), 3, FAR, NOW);
        assert!(!witnesses.far());
        witnesses.owner(CHANNEL, owner(1), 3, FAR, NOW);
        assert!(!witnesses.far(), "however often it says so");
        witnesses.owner(CHANNEL, owner(2), 3, FAR, NOW);
        assert!(witnesses.far());
        // Nor do those of one network against another's.
        let other = ChannelId([2; 32]);
        witnesses.owner(other, owner(3), 1, NOW, NOW);
        assert!(!witnesses.far());
    }

    #[test]
    fn a_service_is_believed_before_owners() {
        let witnesses = Witnesses::default();
        witnesses.owner(CHANNEL, owner(1), 1, FAR, NOW);
        assert!(witnesses.far());
        witnesses.service("push.example", NOW + 1_000, NOW);
        assert!(!witnesses.far());
        witnesses.service("push.example", FAR, NOW);
        assert!(witnesses.far());
        witnesses.service("another.example", NOW, NOW);
        assert!(!witnesses.far(), "one against one");
    }

    #[test]
    fn a_word_is_worth_a_day_and_nothing_after_the_clock_was_set() {
        let began = Instant::now();
        let at = |ms: u64| began + Duration::from_millis(ms);
        let witnesses = Witnesses::default();
        assert!(!witnesses.look(NOW, at(0)));
        witnesses.service("push.example", FAR, NOW);
        assert!(witnesses.look(NOW + 1_000, at(1_000)));
        assert!(witnesses.look(NOW + DAY_MS, at(DAY_MS)));
        assert!(!witnesses.look(NOW + DAY_MS + 2_000, at(DAY_MS + 2_000)));
        let now = NOW + DAY_MS + 3_000;
        witnesses.service("push.example", now + CLOCK_FAR_MS + 1, now);
        // Somebody sets it right.
        assert!(!witnesses.look(now + CLOCK_FAR_MS + 1, at(DAY_MS + 4_000)));
    }

    #[test]
    fn witnesses_are_bounded() {
        let witnesses = Witnesses::default();
        for number in 0..2 * MAX_CLOCK_WITNESSES {
            witnesses.service(&number.to_string(), NOW, NOW);
        }
        assert_eq!(witnesses.lock().services.len(), MAX_CLOCK_WITNESSES);
    }
}
