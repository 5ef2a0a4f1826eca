//! Hands inside a device, for the simulation: what a changed program knows and does, and programs of other
//! versions.

use campana_protocol::frame::Class;
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::MailboxId;

use crate::core::Core;
use crate::governance::FOLLOWS;
use crate::mls::spoiling_path_for;
use crate::state::Job;

/// Runs a program that follows the rules up to this number.
pub fn following<T>(rule: u16, play: impl FnOnce() -> T) -> T {
    let before = FOLLOWS.replace(rule);
    let played = play();
    FOLLOWS.set(before);
    played
}

/// Runs a program whose commits open for nobody who has one of these encryption keys.
pub fn spoiling<T>(keys: Vec<Vec<u8>>, play: impl FnOnce() -> T) -> T {
    spoiling_path_for(keys, play)
}

impl Core {
    /// This device's own encryption key in a group.
    #[must_use]
    pub fn encryption_key(&self, kind: ChannelKind) -> Option<Vec<u8>> {
        let group = &self.channels.get(&kind)?.group;
        Some(group.encryption_key(group.own_index()))
    }

    /// Queues a commit that nothing is due for. It is made if this device [spoils](spoiling) what it commits.
    pub fn commit_for_nothing(&mut self, kind: ChannelKind) {
        if self.channels.contains_key(&kind) {
            self.push_job(Job::Commit { kind, attempt: None, prepared: None });
        }
    }

    /// Seq of the last control entry that this device has processed.
    #[must_use]
    pub fn last_control(&self, kind: ChannelKind) -> u64 {
        self.channels.get(&kind).map_or(0, |channel| channel.meta.last_control)
    }

    /// Queues an event of any number and content: every member can encrypt what it likes.
    pub fn say_anything(&mut self, kind: ChannelKind, class: Class, event: u16, payload: Vec<u8>) {
        if self.channels.contains_key(&kind) {
            self.push_job(Job::Event { kind, event, payload, class, attempt: None });
        }
    }

    /// Mailboxes that this device knows of and others read: the desk's, and where it asked to join.
    #[must_use]
    pub fn others_mailboxes(&self) -> Vec<MailboxId> {
        let desk = self.broadcast_governance().map(|governance| governance.desk().mailbox);
        let join = self.membership().and_then(|membership| membership.invitation.as_ref());
        desk.into_iter().chain(join.map(|invitation| invitation.mailbox)).collect()
    }

    /// Whether this device has stopped in a channel, before rules that its program does not follow.
    #[must_use]
    pub fn stopped(&self, kind: ChannelKind) -> bool {
        self.halted(kind)
    }
}
