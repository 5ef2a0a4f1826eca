//! What one channel or mailbox takes from all who write to it together. The rates of a connection
//! bound what one device can do; these bound what any number of them can do to the others, and share it
//! among connections ([`Fair`]).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use campana_protocol::frame::Subject;
use campana_protocol::id::{ChannelId, MailboxId};

use crate::fair::{Fair, Size};
use crate::limits;
use crate::rate::Rates;
use crate::session::ConnectionId;

/// What is rationed. An owner's connection draws on [`Ration::Alerts`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ration {
    /// Control entries of a channel that no owner appends: each makes everybody's next append stale.
    Control(ChannelId),
    /// Alerts of a channel: each rings every phone.
    Alerts(ChannelId),
    /// Updates of a channel: every phone fetches them.
    Updates(ChannelId),
    /// Live bodies of a channel: every phone that is connected gets them.
    Live(ChannelId),
    /// Parts of blobs: room that a channel has for its snapshots.
    Blobs(ChannelId),
    /// Posts by current members to a mailbox of which something was said.
    MembersPosts(MailboxId),
    /// Posts to it by anybody else.
    StrangersPosts(MailboxId),
    /// Posts that a channel's members send to mailboxes of which nothing was said, all of them together.
    UnopenedPosts(ChannelId),
    /// New registrations of a channel: room for everybody's phone.
    Registrations(ChannelId),
    /// Receipts of a channel: a row each, for a week.
    Receipts(ChannelId),
    /// Test pushes of a channel: the relay has so many at a time.
    Tests(ChannelId),
    /// Rings that are held for a mailbox or channel.
    Holds(Subject),
}

/// What is left of each ration that has been drawn on. One that is not here is whole.
#[derive(Debug)]
pub(crate) struct Rations {
    rates: Rates,
    left: Mutex<HashMap<Ration, Left>>,
}

#[derive(Debug)]
struct Left {
    /// Of things, where each costs the others something whatever its size.
    count: Option<Fair>,
    /// Of bytes, where their size matters.
    bytes: Option<Fair>,
}

impl Rations {
    pub(crate) fn new(rates: Rates) -> Self {
        Self { rates, left: Mutex::default() }
    }

    /// Takes one, of so many bytes, for a connection, if it is there for it.
    pub(crate) fn take(&self, now: u64, ration: Ration, by: ConnectionId, bytes: usize) -> bool {
        let mut rations = self.lock();
        if rations.len() >= limits::MAX_RATIONS && !rations.contains_key(&ration) {
            rations.retain(|_, left| !left.whole(now));
            // To refuse would let whoever draws on many rations stop all others: they begin anew.
            if rations.len() >= limits::MAX_RATIONS {
                rations.clear();
            }
        }
        rations.entry(ration).or_insert_with(|| self.whole(now, ration)).take(now, by, bytes as u64)
    }

    /// Forgets those that are whole again.
    pub(crate) fn sweep(&self, now: u64) {
        self.lock().retain(|_, left| !left.whole(now));
    }

    fn whole(&self, now: u64, ration: Ration) -> Left {
        let rates = &self.rates;
        let shared = |burst, per_minute, parts| Size { burst, per_minute, each: burst / parts };
        let posts = |bytes: u64| {
            let (burst, per_minute) = (u64::from(rates.post_burst), u64::from(rates.posts_per_minute));
            shared(burst * bytes, per_minute * bytes, limits::POST_PARTS)
        };
        let (count, bytes) = match ration {
            Ration::Control(_) => (
                Some(shared(limits::CONTROL_BURST.into(), limits::CONTROL_PER_MINUTE.into(), 1)),
                Some(shared(limits::CONTROL_BYTE_BURST, limits::CONTROL_BYTES_PER_MINUTE, 1)),
            ),
            Ration::Alerts(_) => {
                (Some(shared(rates.alert_burst.into(), rates.alerts_per_minute.into(), 1)), None)
            }
            Ration::Updates(_) => {
                let (burst, per_minute) = (limits::UPDATE_BYTE_BURST, limits::UPDATE_BYTES_PER_MINUTE);
                (None, Some(shared(burst, per_minute, limits::UPDATE_PARTS)))
            }
            Ration::Live(_) => {
                (None, Some(shared(limits::LIVE_BYTE_BURST, limits::LIVE_BYTES_PER_MINUTE, 2)))
            }
            Ration::Blobs(_) => {
                (None, Some(shared(limits::BLOB_BYTE_BURST, limits::BLOB_BYTES_PER_MINUTE, 1)))
            }
            Ration::MembersPosts(_) => (None, Some(posts(limits::MEMBERS_POST_BYTES))),
            Ration::StrangersPosts(_) => (None, Some(posts(limits::STRANGERS_POST_BYTES))),
            Ration::UnopenedPosts(_) => {
                let (burst, per_minute) = (limits::UNOPENED_BYTE_BURST, limits::UNOPENED_BYTES_PER_MINUTE);
                (None, Some(shared(burst, per_minute, 4)))
            }
            Ration::Registrations(_) => {
                let (burst, per_minute) = (limits::REGISTRATION_BURST, limits::REGISTRATIONS_PER_MINUTE);
                (Some(Size { burst, per_minute, each: limits::REGISTRATIONS_EACH }), None)
            }
            Ration::Receipts(_) => {
                let (burst, per_minute) = (limits::RECEIPT_BURST, limits::RECEIPTS_PER_MINUTE);
                (Some(Size { burst, per_minute, each: limits::RECEIPTS_EACH }), None)
            }
            Ration::Holds(_) => {
                let (burst, per_minute) = (limits::HOLD_BURST, limits::HOLDS_PER_MINUTE);
                (Some(shared(burst.into(), per_minute.into(), 2)), None)
            }
            Ration::Tests(_) => {
                let (burst, per_minute) = (limits::CHANNEL_TEST_BURST, limits::CHANNEL_TESTS_PER_MINUTE);
                (Some(Size { burst, per_minute, each: limits::TEST_BURST.into() }), None)
            }
        };
        Left { count: count.map(|size| Fair::new(now, size)), bytes: bytes.map(|size| Fair::new(now, size)) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Ration, Left>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Left {
    /// Both or neither.
    fn take(&mut self, now: u64, by: ConnectionId, bytes: u64) -> bool {
        let bytes = bytes.max(limits::LEAST_BYTES);
        let gives =
            |fair: &mut Option<Fair>, units| fair.as_mut().is_none_or(|fair| fair.gives(now, by, units));
        if !gives(&mut self.count, 1) || !gives(&mut self.bytes, bytes) {
            return false;
        }
        if let Some(count) = &mut self.count {
            count.draw(by, 1);
        }
        if let Some(left) = &mut self.bytes {
            left.draw(by, bytes);
        }
        true
    }

    fn whole(&mut self, now: u64) -> bool {
        let whole = |fair: &mut Option<Fair>| fair.as_mut().is_none_or(|fair| fair.is_whole(now));
        whole(&mut self.count) && whole(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: ChannelId = ChannelId([1; 32]);
    const CONTROL: Ration = Ration::Control(CHANNEL);

    fn taken(rations: &Rations, now: u64, ration: Ration, by: u64, bytes: usize) -> usize {
        (0..2_000).take_while(|_| rations.take(now, ration, ConnectionId(by), bytes)).count()
    }

    #[test]
    fn a_connection_is_given_half_of_a_ration_and_what_drains_away() {
        let rations = Rations::new(Rates::default());
        assert_eq!(taken(&rations, 1_000, CONTROL, 1, 10), 8);
        assert_eq!(taken(&rations, 10_999, CONTROL, 1, 10), 0);
        let alerts = Ration::Alerts(CHANNEL);
        assert_eq!(taken(&rations, 1_000, alerts, 1, 0), 16);
        assert_eq!(taken(&rations, 1_000, alerts, 2, 0), 8);
        assert_eq!(taken(&rations, 11_000, alerts, 3, 0), 4);
        // Another channel has its own.
        assert!(rations.take(31_000, Ration::Control(ChannelId([2; 32])), ConnectionId(1), 10));
    }

    #[test]
    fn large_bodies_use_up_the_bytes_first_and_take_nothing_when_they_do_not_fit() {
        let rations = Rations::new(Rates::default());
        assert_eq!(taken(&rations, 0, CONTROL, 1, 1 << 20), 1);
        assert!(!rations.take(0, CONTROL, ConnectionId(2), 1));
        // 2 KiB a second. What was refused has used up no count.
        assert_eq!(taken(&rations, 4_000, CONTROL, 2, 1_024), 4);
    }

    #[test]
    fn of_what_three_flooders_leave_a_fourth_is_served_at_once() {
        let mailbox = MailboxId([1; 32]);
        let (small, large) = (1_200, 16_384);
        for (ration, most) in [
            (Ration::Updates(CHANNEL), 350_000),
            (Ration::MembersPosts(mailbox), 300_000),
            (Ration::UnopenedPosts(CHANNEL), 180_000),
        ] {
            for body in [small, large] {
                let rations = Rations::new(Rates::default());
                let mut bytes = 0;
                for now in (0..60_000).step_by(100) {
                    for flooder in 0..3 {
                        bytes += taken(&rations, now, ration, flooder, body) * body;
                    }
                    let honest = now / 10_000 + 10;
                    if now % 10_000 == 0 {
                        assert!(
                            rations.take(now, ration, ConnectionId(honest), small),
                            "{ration:?} at {now}"
                        );
                    }
                }
                assert!(bytes < most, "{ration:?}: {bytes} bytes in a minute");
            }
        }
    }

    #[test]
    fn what_is_whole_again_is_forgotten() {
        let rations = Rations::new(Rates::default());
        rations.take(0, CONTROL, ConnectionId(1), 0);
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
            assert!(rations.take(0, Ration::StrangersPosts(MailboxId(mailbox)), ConnectionId(1), 0));
        }
        assert!(rations.lock().len() <= limits::MAX_RATIONS);
    }
}
