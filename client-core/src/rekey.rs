//! Re-keying: members fill the ratchet tree of a large broadcast group, so that a removal is short.
//!
//! A commit with a path holds a secret for each node beside the path, and where such a node is blank, for
//! each leaf below it. Admissions leave all nodes blank: in a network of 10,000 a removal is then 821 KB for
//! every phone. One path in each block of leaves makes it 12 KB.

use campana_protocol::governance::ChannelKind;

use crate::channel::Channel;
use crate::core::Core;
use crate::limits::{REKEY_AT_ONCE, REKEY_BLOCK, REKEY_MEMBERS, REKEY_QUIET, REKEY_RULE, REKEY_SLOT};

impl Core {
    /// Draws once in each time slot whether this device re-keys in it.
    pub(crate) fn draw_rekey(&mut self, now: u64) {
        let slot = now / REKEY_SLOT;
        let channel = self.channels.get(&ChannelKind::Broadcast).filter(|channel| wanted(channel));
        let members = channel.map(|channel| channel.group.len() as u64);
        let Some(members) = members.filter(|_| self.caught_up(ChannelKind::Broadcast)) else {
            self.session.rekeys = false;
            return;
        };
        self.wake_at((slot + 1).saturating_mul(REKEY_SLOT));
        if slot != self.session.rekey_slot {
            let one_in = members / REKEY_AT_ONCE;
            self.session.rekey_slot = slot;
            self.session.rekeys = self.random.below(one_in) == 0;
        }
    }

    /// Whether this device has drawn it, and may: an alert must find everybody where they are.
    pub(crate) fn rekeys(&self, now: u64, kind: ChannelKind) -> bool {
        let broadcast = kind == ChannelKind::Broadcast && self.session.rekeys;
        let Some(channel) = self.channels.get(&kind).filter(|channel| broadcast && wanted(channel)) else {
            return false;
        };
        let unread = self.membership().is_none_or(|membership| membership.unread.count() > 0);
        let quiet = self.incidents.values().all(|incident| {
            let age = now.saturating_sub(incident.updated_at);
            incident.past || age >= REKEY_QUIET
        });
        let sound = !channel.meta.lost && !channel.meta.footing.in_doubt(now);
        self.caught_up(kind) && sound && quiet && !unread
    }
}

/// Whether somebody in this device's block should.
fn wanted(channel: &Channel) -> bool {
    channel.governance.rule() >= REKEY_RULE
        && channel.group.len() >= least().0
        && channel.group.blank_above(least().1)
}

/// Members that re-key at least, and leaves of a block.
#[cfg(not(test))]
const fn least() -> (usize, u32) {
    (REKEY_MEMBERS, REKEY_BLOCK)
}

/// Tests have small networks.
#[cfg(test)]
fn least() -> (usize, u32) {
    LEAST.get()
}

#[cfg(test)]
thread_local! {
    pub(crate) static LEAST: core::cell::Cell<(usize, u32)> = const { core::cell::Cell::new((REKEY_MEMBERS, REKEY_BLOCK)) };
}
