//! Entries of class alert that this device could not read. One of them may be a true alert: so it
//! rings without saying what for, once until something opens again, and says how many there were.

use campana_derive::{Decode, Encode};
use campana_protocol::id::IncidentId;

use crate::core::Core;
use crate::limits::MAX_UNREAD;
use crate::turn::{Effect, NoticeId, NoticeKind};

/// The incident that such a notice names: none.
pub(crate) const NO_INCIDENT: IncidentId = IncidentId([0; 16]);

/// What was not read.
#[derive(Clone, Default, Encode, Decode)]
pub(crate) struct Unread {
    /// Seqs of the latest of them, until their owner dismisses them, a Welcome brings what they were,
    /// or they open after all.
    #[n(0)]
    seqs: Vec<u64>,
    /// Seq of the latest entry of class alert that was processed, read or not: none counts twice,
    /// although a device that was behind reads a part of the log again.
    #[n(1)]
    processed: u64,
    /// This device has rung for them; again only after something has opened.
    #[n(2)]
    rung: bool,
}

impl Unread {
    pub(crate) fn count(&self) -> usize {
        self.seqs.len()
    }

    pub(crate) fn holds(&self, seq: u64) -> bool {
        self.seqs.contains(&seq)
    }

    fn saw(&mut self, seq: u64, read: bool) {
        if read {
            self.seqs.retain(|known| *known != seq);
            self.rung = false;
        } else if seq > self.processed {
            if self.seqs.len() >= MAX_UNREAD {
                self.seqs.remove(0);
            }
            self.seqs.push(seq);
        }
        self.processed = self.processed.max(seq);
    }
}

impl Core {
    /// An entry of class alert in the broadcast channel was processed.
    pub(crate) fn alert_entry(&mut self, seq: u64, read: bool) {
        let Some(membership) = self.membership_mut() else { return };
        membership.unread.saw(seq, read);
    }

    /// The same for one that was passed over before.
    pub(crate) fn late_alert(&mut self, seq: u64, read: bool) {
        let Some(membership) = self.membership_mut() else { return };
        let processed = core::mem::take(&mut membership.unread.processed);
        membership.unread.saw(seq, read);
        membership.unread.processed = processed.max(seq);
    }

    /// Their owner has seen that they came; or a Welcome has brought what was missed.
    pub(crate) fn dismiss_unread(&mut self) {
        if let Some(membership) = self.membership_mut() {
            membership.unread.seqs.clear();
            membership.unread.rung = false;
        }
    }

    pub(crate) fn unread_notice(&mut self) {
        let notice = NoticeId { incident: NO_INCIDENT, kind: NoticeKind::Unread };
        let owed = self.membership().is_some_and(|m| m.unread.count() > 0 && !m.unread.rung);
        if !owed {
            self.notified.remove(&notice);
        } else if self.notified.insert(notice) {
            self.effects.push(Effect::Notify(notice));
        }
    }

    pub(crate) fn unread_shown(&mut self) {
        if let Some(membership) = self.membership_mut() {
            membership.unread.rung = true;
        }
    }
}
