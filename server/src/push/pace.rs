//! When the registrations of a mailbox are rung for what is posted there: once a minute at most, and
//! each pause twice the one before for as long as nobody reads the mailbox.
//!
//! Time is monotonic milliseconds, and an argument. Nothing of it is stored: after a restart what is
//! owed rings at once, so that no clock and no crash holds a ring back.

use std::collections::HashMap;

use campana_protocol::id::MailboxId;

use crate::limits::{MAX_PACES, RING_AGAIN_MS, RING_LAST_PAUSE_MS, RING_PAUSE_MS};

/// The paces of all mailboxes that are rung, or were lately.
#[derive(Debug, Default)]
pub(super) struct Paces(HashMap<MailboxId, Pace>);

#[derive(Debug, Default)]
struct Pace {
    /// Something was posted since it last rang.
    owed: bool,
    /// When the ring was asked for that has not been made durable yet.
    asked_at: Option<u64>,
    rung_at: Option<u64>,
    /// The least time from one ring to the next.
    pause: u64,
}

impl Pace {
    fn due(&self, now: u64) -> bool {
        let asked = self.asked_at.is_some_and(|at| now < at + RING_AGAIN_MS);
        self.owed && !asked && self.rung_at.is_none_or(|at| now >= at + self.pause)
    }

    fn over(&self, now: u64) -> bool {
        !self.owed && self.rung_at.is_none_or(|at| now >= at + RING_LAST_PAUSE_MS)
    }
}

impl Paces {
    /// A ring is owed.
    pub(super) fn owe(&mut self, now: u64, mailbox: MailboxId) {
        if self.0.len() >= MAX_PACES && !self.0.contains_key(&mailbox) {
            self.0.retain(|_, pace| !pace.over(now));
            // Full of what was rung lately: their pauses begin anew, no ring is lost.
            if self.0.len() >= MAX_PACES {
                self.0.retain(|_, pace| pace.owed);
            }
        }
        self.0.entry(mailbox).or_default().owed = true;
    }

    /// Somebody reads the mailbox: the next pause is the shortest.
    pub(super) fn read(&mut self, mailbox: &MailboxId) {
        if let Some(pace) = self.0.get_mut(mailbox) {
            pace.pause = pace.pause.min(RING_PAUSE_MS);
        }
    }

    /// Those that ring now; each is said again after a while unless [`Self::rang`] says that it has.
    pub(super) fn due(&mut self, now: u64) -> Vec<MailboxId> {
        let due = self.0.iter_mut().filter(|(_, pace)| pace.due(now));
        due.map(|(mailbox, pace)| {
            pace.asked_at = Some(now);
            *mailbox
        })
        .collect()
    }

    /// Its ring is a push job now. What is posted from here on is owed the next.
    pub(super) fn rang(&mut self, now: u64, mailbox: &MailboxId, owed: bool) {
        let Some(pace) = self.0.get_mut(mailbox) else { return };
        let doubled = (pace.pause * 2).clamp(RING_PAUSE_MS, RING_LAST_PAUSE_MS);
        *pace = Pace { owed, asked_at: None, rung_at: Some(now), pause: doubled };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: MailboxId = MailboxId([1; 32]);
    const MINUTE: u64 = 60_000;

    /// Posts every second for so many minutes; the minutes in which it rang.
    fn flood(paces: &mut Paces, from: u64, minutes: u64, mut each: impl FnMut(&mut Paces)) -> Vec<u64> {
        let mut rang = Vec::new();
        for second in 0..minutes * 60 {
            let now = from + second * 1_000;
            paces.owe(now, BOX);
            for mailbox in paces.due(now) {
                paces.rang(now, &mailbox, false);
                rang.push(second / 60);
                each(paces);
            }
        }
        rang
    }

    #[test]
    fn a_flood_rings_with_growing_pauses_while_nobody_reads() {
        let mut paces = Paces::default();
        assert_eq!(flood(&mut paces, 5, 61, |_| ()), [0, 1, 3, 7, 15, 30, 45, 60]);
    }

    #[test]
    fn a_flood_rings_once_a_minute_while_somebody_reads() {
        let mut paces = Paces::default();
        let rang = flood(&mut paces, 5, 20, |paces| paces.read(&BOX));
        assert_eq!(rang, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_reads_after_a_long_pause_is_rung_within_a_minute() {
        let mut paces = Paces::default();
        flood(&mut paces, 0, 40, |_| ());
        paces.read(&BOX);
        paces.owe(40 * MINUTE, BOX);
        assert_eq!(paces.due(40 * MINUTE), [BOX], "the last ring was ten minutes ago");
    }

    #[test]
    fn a_first_post_rings_at_once_and_a_quiet_mailbox_not_at_all() {
        let mut paces = Paces::default();
        assert!(paces.due(0).is_empty());
        paces.owe(7, BOX);
        assert_eq!(paces.due(7), [BOX]);
        paces.rang(7, &BOX, false);
        assert!(paces.due(u64::MAX / 2).is_empty(), "nothing was posted since");
    }

    #[test]
    fn a_ring_that_was_not_stored_is_asked_for_again() {
        let mut paces = Paces::default();
        paces.owe(0, BOX);
        assert_eq!(paces.due(0), [BOX]);
        assert!(paces.due(RING_AGAIN_MS - 1).is_empty(), "it is on its way");
        assert_eq!(paces.due(RING_AGAIN_MS), [BOX]);
        // What was posted while the ring was on its way is owed another.
        paces.rang(RING_AGAIN_MS, &BOX, true);
        assert_eq!(paces.due(RING_AGAIN_MS + RING_PAUSE_MS), [BOX]);
    }

    #[test]
    fn many_mailboxes_need_bounded_memory_and_lose_no_ring() {
        let mut paces = Paces::default();
        for number in 0..=MAX_PACES as u64 {
            let mut mailbox = [0; 32];
            mailbox[..8].copy_from_slice(&number.to_be_bytes());
            paces.owe(0, MailboxId(mailbox));
            for due in paces.due(0) {
                paces.rang(0, &due, false);
            }
        }
        assert!(paces.0.len() <= MAX_PACES);
    }
}
