//! Where what rings the desk is kept among what rings a channel.

use campana_protocol::frame::Subject;
use campana_protocol::id::{ChannelId, Hash, MailboxId};

/// A ring that waits for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldRing {
    /// Whose registrations are pushed to.
    pub subject: Subject,
    /// The hash of what withdraws it.
    pub id: Hash,
    /// How much time is left, as far as it was counted.
    pub left_ms: u64,
}

/// Why a ring is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Something was posted.
    Mail,
    /// A held ring is due.
    Held,
}

const RING: u64 = 1 << 63;
const HELD: u64 = 1 << 62;
const MAILBOX: u64 = 1 << 61;
const TIME: u64 = MAILBOX - 1;

/// The registrations of a mailbox are rows of a channel whose id is the mailbox's: both are hashes of
/// keys, under different labels, so that no mailbox is ever a channel. Sealing, expiry, ends and jobs
/// are one for both.
#[must_use]
pub fn place(subject: &Subject) -> ChannelId {
    match subject {
        Subject::Channel(channel) => *channel,
        Subject::Mailbox(mailbox) => ChannelId(mailbox.0),
    }
}

/// The seq of a ring's push job. Entries are dense from 1 and never come here.
pub(crate) fn seq(sort: Sort, subject: &Subject, now: u64) -> u64 {
    let sort = if sort == Sort::Held { HELD } else { 0 };
    let subject = if matches!(subject, Subject::Mailbox(_)) { MAILBOX } else { 0 };
    RING | sort | subject | (now & TIME)
}

/// What the push job of this seq is about; `None`: an entry.
pub(crate) fn ring_of(place: &ChannelId, seq: u64) -> Option<(Sort, Subject)> {
    if seq & RING == 0 {
        return None;
    }
    let sort = if seq & HELD == 0 { Sort::Mail } else { Sort::Held };
    let mailbox = seq & MAILBOX != 0;
    let subject = if mailbox { Subject::Mailbox(MailboxId(place.0)) } else { Subject::Channel(*place) };
    Some((sort, subject))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_ring_is_known_by_its_jobs_seq(id: [u8; 32], now: u64, held: bool, mailbox: bool) {
            let sort = if held { Sort::Held } else { Sort::Mail };
            let subject =
                if mailbox { Subject::Mailbox(MailboxId(id)) } else { Subject::Channel(ChannelId(id)) };
            prop_assert_eq!(ring_of(&place(&subject), seq(sort, &subject, now)), Some((sort, subject)));
        }

        #[test]
        fn an_entry_is_no_ring(id: [u8; 32], seq in 0..RING) {
            prop_assert_eq!(ring_of(&ChannelId(id), seq), None);
        }
    }
}
