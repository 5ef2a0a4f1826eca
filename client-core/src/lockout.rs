//! One committee device owns the channels at the relay like the others: with its key, or a changed
//! program, it can put a member access key in force that nobody has, or (at an older relay) take the
//! other owners' places. Every device that this shuts out sees it, and any owner undoes the first.
//!
//! A member sees it by its own key: the log that it has read to the end of that key's time holds no
//! removal that would have made another. An owner reads on, and compares the key that the relay names.

use campana_protocol::governance::ChannelKind;
use campana_protocol::id::ChannelId;

use crate::core::Core;
use crate::duty::Duty;
use crate::limits::{KNOCK_AGAIN, STEP};
use crate::rows::Row;
use crate::session::{As, Asked};
use crate::state::Job;

impl Core {
    /// A member access key is in force that nothing in the log explains.
    pub(crate) fn access_changed(&self, kind: ChannelKind) -> bool {
        let (Some(channel), Some(stream)) = (self.channels.get(&kind), self.session.streams.get(&kind))
        else {
            return false;
        };
        let proving = |asked: &Asked| matches!(asked, Asked::Prove(other, _) | Asked::Subscribe(other, _) if *other == kind);
        // Who has put it back from a backup, and who is led on by a former key, is told otherwise.
        if stream.restored || self.session.former_keys.contains_key(&kind) {
            return false;
        }
        let other = match stream.proved {
            As::Owner => stream.access.is_some_and(|access| access != channel.access()),
            As::Member => !stream.current,
        };
        other
            && self.caught_up(kind)
            && !channel.meta.lost
            && channel.meta.gap.is_none()
            && (stream.proved == As::Owner || !self.session.asked_for(proving))
    }

    /// This device was an owner of a channel, the committee's chain says that it is still to be one, and
    /// the relay does not take its key.
    pub(crate) fn owner_replaced(&self) -> bool {
        ChannelKind::ALL.into_iter().any(|kind| {
            self.session.refused_owner.contains(&kind)
                && self.registry.owned.contains(&kind)
                && self.owns(kind)
        })
    }

    pub(crate) fn owner_proved(&mut self, kind: ChannelKind) {
        self.session.refused_owner.remove(&kind);
        if !self.registry.owned.contains(&kind) {
            self.registry.owned.push(kind);
            self.mark(Row::Registry);
        }
    }

    /// The key of a stream is not in force any more, and nothing more comes. Whoever has read the entry
    /// that made the next key proves that one already.
    pub(crate) fn rotated(&mut self, channel: ChannelId, seq: u64) {
        let Some(kind) = self.kind_of(&channel) else { return };
        if let Some(stream) = self.session.streams.get_mut(&kind).filter(|s| s.proved == As::Member) {
            stream.current = false;
            stream.head = stream.head.max(seq);
        }
        // It was a former key: the present one may be in force again.
        if self.session.former_keys.remove(&kind).is_some() {
            self.prove(kind);
        }
    }

    /// Members knock until their key is in force again; owners put it in force, one after the other.
    pub(crate) fn lockout_duty(&mut self, now: u64) {
        for kind in ChannelKind::ALL {
            let duty = Duty::Access(kind);
            if !self.access_changed(kind) {
                self.waiting.remove(&duty);
                continue;
            }
            let owner = self.session.proved(kind) == Some(As::Owner);
            let patience = if owner { STEP * self.rank().unwrap_or(0) as u64 } else { KNOCK_AGAIN };
            let restores = |job: &Job| matches!(job, Job::Restore { kind: other, .. } if *other == kind);
            if self.outbox.values().any(restores) || !self.my_turn(now, duty, patience) {
                continue;
            }
            self.waiting.remove(&duty);
            if owner {
                self.push_job(Job::Restore { kind, attempt: None });
            } else {
                self.prove(kind);
            }
        }
    }
}
