//! How many messages of each sender are missing.
//!
//! The library keeps the keys of messages that were skipped, without a limit on how many. Alerts
//! arrive ahead of the log, so some must be kept; but a member who skips on purpose would otherwise
//! make everybody's stored state grow with each message.

use mls_rs::mls_rs_codec::{MlsDecode, MlsEncode};

use super::MlsError;
use crate::sorted::Map;

/// Keys kept for missing messages of one sender: some 14 KB, until the epoch ends.
const MISSING: u32 = 256;

/// Messages opened in this epoch, by sender.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Heard(Map<u32, Sender>);

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sender {
    /// One more than the latest generation opened.
    next: u32,
    opened: u32,
}

impl Heard {
    /// Counts a message, or refuses it and counts nothing.
    pub(super) fn count(&mut self, sender: u32, generation: u32) -> Result<(), MlsError> {
        let known = self.0.get(&sender).copied().unwrap_or_default();
        let counted = Sender {
            next: known.next.max(generation.saturating_add(1)),
            opened: known.opened.saturating_add(1),
        };
        if counted.next.saturating_sub(counted.opened) > MISSING {
            return Err(MlsError::TooFarAhead);
        }
        self.0.insert(sender, counted);
        Ok(())
    }

    /// Appends: how many senders, then place, next and opened of each.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        let senders = self.0.iter().flat_map(|(place, sender)| [*place, sender.next, sender.opened]);
        let count = u32::try_from(self.0.len()).expect("a group has fewer than 2^32 members");
        for number in core::iter::once(count).chain(senders) {
            number.mls_encode(bytes).expect("a number in memory encodes");
        }
    }

    /// Takes what [`Self::encode`] appended from the front of `bytes`.
    pub(super) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let mut number = || u32::mls_decode(bytes).ok();
        let count = number()?;
        let mut senders = Map::new();
        for _ in 0..count {
            senders.insert(number()?, Sender { next: number()?, opened: number()? });
        }
        Some(Self(senders))
    }

    pub(super) fn encoded_len(&self) -> usize {
        4 + 12 * self.0.len()
    }
}
