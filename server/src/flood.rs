//! What one channel or mailbox takes from all who write to it together. The rates of a connection
//! bound what one device can do; these bound what any number of them can do to the others.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use campana_protocol::id::{ChannelId, MailboxId};

use crate::limits;
use crate::rate::{Bucket, Rates};

/// What is rationed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ration {
    /// Control entries of a channel that no owner appends: each makes everybody's next append stale.
    Control(ChannelId),
    /// Alerts of a channel: each rings every phone.
    Alerts(ChannelId),
    /// Posts to a mailbox by others than its reader: beyond what it holds the oldest give way.
    Posts(MailboxId),
}

/// What is left of each ration that has been drawn on. One that is not here is whole.
#[derive(Debug)]
pub(crate) struct Rations {
    rates: Rates,
    left: Mutex<HashMap<Ration, Left>>,
}

#[derive(Debug)]
struct Left {
    /// In sixtieths, so that rates are per minute.
    count: Bucket,
    /// Bodies, where their size matters.
    bytes: Option<Bucket>,
}

const SIXTIETHS: u32 = 60;

impl Rations {
    pub(crate) fn new(rates: Rates) -> Self {
        Self { rates, left: Mutex::default() }
    }

    /// Takes one, of so many bytes, if it is there.
    pub(crate) fn take(&self, now: u64, ration: Ration, bytes: usize) -> bool {
        let mut rations = self.lock();
        if rations.len() >= limits::MAX_RATIONS && !rations.contains_key(&ration) {
            rations.retain(|_, left| !left.whole(now));
            // To refuse would let whoever draws on many rations stop all others: they begin anew.
            if rations.len() >= limits::MAX_RATIONS {
                rations.clear();
            }
        }
        // A body is far shorter than 4 GiB.
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        rations.entry(ration).or_insert_with(|| self.whole(now, ration)).take(now, bytes)
    }

    /// Forgets those that are whole again.
    pub(crate) fn sweep(&self, now: u64) {
        self.lock().retain(|_, left| !left.whole(now));
    }

    fn whole(&self, now: u64, ration: Ration) -> Left {
        let rates = &self.rates;
        let (burst, per_minute) = match ration {
            Ration::Control(_) => (limits::CONTROL_BURST, limits::CONTROL_PER_MINUTE),
            Ration::Alerts(_) => (rates.alert_burst, rates.alerts_per_minute),
            Ration::Posts(_) => (rates.post_burst, rates.posts_per_minute),
        };
        let bytes = matches!(ration, Ration::Control(_))
            .then(|| Bucket::new(now, limits::CONTROL_BYTE_BURST.into(), limits::CONTROL_BYTES_PER_SECOND));
        Left { count: Bucket::new(now, u64::from(burst) * u64::from(SIXTIETHS), per_minute), bytes }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Ration, Left>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Left {
    /// Both or neither.
    fn take(&mut self, now: u64, bytes: u32) -> bool {
        let room = self.bytes.as_mut().is_none_or(|bucket| bucket.holds(now, bytes));
        room && self.count.take(now, SIXTIETHS)
            && self.bytes.as_mut().is_none_or(|bucket| bucket.take(now, bytes))
    }

    fn whole(&mut self, now: u64) -> bool {
        self.count.is_full(now) && self.bytes.as_mut().is_none_or(|bucket| bucket.is_full(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTROL: Ration = Ration::Control(ChannelId([1; 32]));

    fn taken(rations: &Rations, now: u64, ration: Ration, bytes: usize) -> usize {
        (0..1_000).take_while(|_| rations.take(now, ration, bytes)).count()
    }

    #[test]
    fn a_ration_is_a_burst_then_its_rate() {
        let rations = Rations::new(Rates::default());
        assert_eq!(taken(&rations, 1_000, CONTROL, 10), 16);
        assert_eq!(taken(&rations, 10_999, CONTROL, 10), 0);
        assert_eq!(taken(&rations, 11_000, CONTROL, 10), 1);
        assert_eq!(taken(&rations, 31_000, CONTROL, 10), 2);
        let alerts = Ration::Alerts(ChannelId([1; 32]));
        assert_eq!(taken(&rations, 1_000, alerts, 0), 32);
        assert_eq!(taken(&rations, 11_000, alerts, 0), 1);
        let posts = Ration::Posts(MailboxId([1; 32]));
        assert_eq!(taken(&rations, 1_000, posts, 0), 256);
        assert_eq!(taken(&rations, 2_000, posts, 0), 2);
        // Another channel has its own.
        assert!(rations.take(31_000, Ration::Control(ChannelId([2; 32])), 10));
    }

    #[test]
    fn large_bodies_use_up_the_bytes_first_and_take_nothing_when_they_do_not_fit() {
        let rations = Rations::new(Rates::default());
        assert_eq!(taken(&rations, 0, CONTROL, 1 << 20), 4);
        assert!(!rations.take(0, CONTROL, 1));
        // 2 KiB a second. What was refused has used up no count.
        assert_eq!(taken(&rations, 1_000, CONTROL, 128), 12);
    }

    #[test]
    fn what_is_whole_again_is_forgotten() {
        let rations = Rations::new(Rates::default());
        rations.take(0, CONTROL, 0);
        rations.sweep(9_999);
        assert_eq!(rations.lock().len(), 1);
        rations.sweep(10_000);
        assert_eq!(rations.lock().len(), 0);
    }

    #[test]
    fn rations_need_bounded_memory_and_are_never_refused_for_want_of_it() {
        let rations = Rations::new(Rates::default());
        for number in 0..=limits::MAX_RATIONS as u64 {
            let mut mailbox = [0; 32];
            mailbox[..8].copy_from_slice(&number.to_be_bytes());
            assert!(rations.take(0, Ration::Posts(MailboxId(mailbox)), 0));
        }
        assert!(rations.lock().len() <= limits::MAX_RATIONS);
    }
}
