//! Rings that wait for their time, counted down by monotonic time: a clock that jumps rings nothing
//! early and keeps nothing back. How much is left is written down now and then, so that a restart
//! goes on from there.

use std::collections::HashMap;

use campana_protocol::frame::Subject;
use campana_protocol::id::Hash;

use crate::limits::RING_AGAIN_MS;
use crate::store::HeldRing;

/// All that are held.
#[derive(Debug, Default)]
pub(super) struct HeldRings {
    left: HashMap<(Subject, Hash), u64>,
    /// Time has passed since what is left was last taken to be written down.
    moved: bool,
}

impl HeldRings {
    /// One is held. Again: the first stays.
    pub(super) fn hold(&mut self, ring: HeldRing) {
        self.left.entry((ring.subject, ring.id)).or_insert(ring.left_ms);
    }

    /// One has rung, or was withdrawn.
    pub(super) fn end(&mut self, subject: Subject, id: Hash) {
        self.left.remove(&(subject, id));
    }

    /// So much time has passed. Those that are due; each is said again after a while unless it ends.
    pub(super) fn pass(&mut self, ms: u64) -> Vec<(Subject, Hash)> {
        let mut due = Vec::new();
        self.moved |= !self.left.is_empty();
        for (ring, left) in &mut self.left {
            *left = left.saturating_sub(ms);
            if *left == 0 {
                due.push(*ring);
                *left = RING_AGAIN_MS;
            }
        }
        due
    }

    /// What is left of each, if that has changed since it was last asked.
    pub(super) fn changed(&mut self) -> Vec<HeldRing> {
        if !core::mem::take(&mut self.moved) {
            return Vec::new();
        }
        let ring = |((subject, id), left): (&(Subject, Hash), &u64)| HeldRing {
            subject: *subject,
            id: *id,
            left_ms: *left,
        };
        self.left.iter().map(ring).collect()
    }
}

#[cfg(test)]
mod tests {
    use campana_protocol::id::MailboxId;

    use super::*;

    const SUBJECT: Subject = Subject::Mailbox(MailboxId([1; 32]));
    const ID: Hash = Hash([2; 32]);

    fn ring(left_ms: u64) -> HeldRing {
        HeldRing { subject: SUBJECT, id: ID, left_ms }
    }

    #[test]
    fn a_ring_is_due_once_its_time_has_passed_and_not_before() {
        let mut held = HeldRings::default();
        held.hold(ring(1_000));
        held.hold(ring(1));
        assert!(held.pass(999).is_empty());
        assert_eq!(held.pass(1), [(SUBJECT, ID)]);
        assert!(held.pass(RING_AGAIN_MS - 1).is_empty(), "it is on its way");
        assert_eq!(held.pass(1), [(SUBJECT, ID)], "that was lost");
        held.end(SUBJECT, ID);
        assert!(held.pass(u64::MAX).is_empty());
    }

    #[test]
    fn a_restart_goes_on_from_what_was_written_down() {
        let mut held = HeldRings::default();
        held.hold(ring(1_000));
        assert!(held.changed().is_empty());
        held.pass(400);
        let written = held.changed();
        assert_eq!(written, [ring(600)]);
        assert!(held.changed().is_empty(), "nothing new to write");
        let mut held = HeldRings::default();
        written.into_iter().for_each(|ring| held.hold(ring));
        assert!(held.pass(599).is_empty());
        assert_eq!(held.pass(1), [(SUBJECT, ID)]);
    }
}
