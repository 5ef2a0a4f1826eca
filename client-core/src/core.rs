//! The core: everything a device knows, in memory.

use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{ChannelId, Hash, IncidentId, PublicKey};

use crate::alerts::Alerts;
use crate::channel::Channel;
use crate::incident::Incident;
use crate::kept::{Kept, Mailed};
use crate::limits::MAX_UNKNOWN_BYTES;
use crate::random::Random;
use crate::rows::{self, Row};
use crate::session::Session;
use crate::sorted::{Map, Set};
use crate::state::{Device, Job, Membership, Person, Registry, Spare};
use crate::turn::{Effect, NoticeId, SkippedEntry};
use crate::vault::{VaultKey, Version};

/// How far a device has read a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Which channel.
    pub kind: ChannelKind,
    /// Its id.
    pub channel: ChannelId,
    /// Seq of the last entry processed.
    pub cursor: u64,
    /// Running hash there: equal on all devices at the same cursor.
    pub log_hash: Hash,
    /// MLS epoch.
    pub epoch: u64,
    /// False: this state was rolled back and waits to be let in again, or a commit failed here that
    /// others may have taken.
    pub whole: bool,
    /// False: a Welcome let it in that no committee device has vouched for yet. A better one may come.
    pub confirmed: bool,
}

/// Which key opened a message of somebody else's. No two messages may have all but `seq` in common.
#[cfg(feature = "testing")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Which channel.
    pub channel: ChannelId,
    /// Which epoch.
    pub epoch: u64,
    /// Of which group: after a commit that opens for some alone there are two of one number.
    pub group: Hash,
    /// The sender's leaf.
    pub leaf: u32,
    /// Which of the leaf's keys in that epoch.
    pub generation: u32,
    /// The message's place in the log.
    pub seq: u64,
}

/// The member's side: one device's state and rules.
pub struct Core {
    pub(crate) vault: VaultKey,
    pub(crate) random: Random,
    pub(crate) device: Device,
    pub(crate) channels: Map<ChannelKind, Channel>,
    pub(crate) spares: Vec<Spare>,
    pub(crate) registry: Registry,
    pub(crate) people: Map<PublicKey, Person>,
    pub(crate) incidents: Map<IncidentId, Incident>,
    pub(crate) outbox: Map<u64, Job>,
    /// The end of each log, and what was posted lately, in case that the relay loses it.
    pub(crate) kept: Map<(ChannelKind, u64), Kept>,
    pub(crate) mailed: Map<u64, Mailed>,
    pub(crate) alerts: Alerts,
    /// Rows in the store.
    pub(crate) stored: Map<Vec<u8>, Version>,
    pub(crate) dirty: Set<Row>,
    /// Channels whose group is another than the stored one.
    pub(crate) replaced: Set<ChannelKind>,
    /// Events of kinds unknown here, kept for a later version.
    pub(crate) unknown: Vec<(ChannelKind, u64, Vec<u8>)>,
    pub(crate) session: Session,
    /// Notices handed to the shell since it loaded this core.
    pub(crate) notified: Set<NoticeId>,
    /// When duties that wait for somebody else first were seen.
    pub(crate) waiting: Map<crate::duty::Duty, u64>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) skipped: Vec<SkippedEntry>,
    /// The entry being processed holds something that this version can read.
    pub(crate) read: bool,
    pub(crate) wake: Option<u64>,
    #[cfg(feature = "testing")]
    pub(crate) opened: Vec<Opened>,
}

impl Core {
    /// An empty device. `seed`: 32 fresh random bytes.
    #[must_use]
    pub fn new(vault: VaultKey, seed: [u8; 32]) -> Self {
        Self {
            vault,
            random: Random::new(seed),
            device: Device::new(),
            channels: Map::new(),
            spares: Vec::new(),
            registry: Registry::default(),
            people: Map::new(),
            incidents: Map::new(),
            outbox: Map::new(),
            kept: Map::new(),
            mailed: Map::new(),
            alerts: Alerts::default(),
            stored: Map::new(),
            dirty: Set::new(),
            replaced: Set::new(),
            unknown: Vec::new(),
            session: Session::default(),
            notified: Set::new(),
            waiting: Map::new(),
            effects: Vec::new(),
            skipped: Vec::new(),
            read: false,
            wake: None,
            #[cfg(feature = "testing")]
            opened: Vec::new(),
        }
    }

    /// The messages that the last turn opened.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn opened(&self) -> &[Opened] {
        &self.opened
    }

    /// Mailboxes of the desk that this device reads, newest first, and how far.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn desks(&self) -> Vec<(campana_protocol::id::MailboxId, u64)> {
        let desks = self.membership().into_iter().flat_map(|membership| &membership.desks);
        desks.map(|reading| (reading.keys().id(), reading.cursor)).collect()
    }

    /// What is owed to the relay, by kind; and whether it is under way on this connection.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn owed(&self) -> Vec<(&'static str, bool)> {
        let under_way =
            |id: &u64| self.session.in_flight.contains(id) || self.session.acknowledged.contains(id);
        self.outbox.iter().map(|(id, job)| (job.name(), under_way(id))).collect()
    }

    /// Address of the relay this device belongs to, such as `https://relay.example`.
    #[must_use]
    pub fn relay(&self) -> Option<&str> {
        self.device.membership.as_ref().map(|membership| membership.relay.as_str())
    }

    /// How far each channel has been read: cursor, running hash and MLS epoch, to compare devices.
    #[must_use]
    pub fn positions(&self) -> Vec<Position> {
        let position = |(kind, channel): (&ChannelKind, &Channel)| Position {
            kind: *kind,
            channel: channel.id,
            cursor: channel.meta.cursor,
            log_hash: channel.meta.log_hash,
            epoch: channel.group.epoch(),
            whole: !channel.meta.lost && !channel.meta.footing.has_failed(),
            confirmed: !channel.meta.footing.unconfirmed,
        };
        self.channels.iter().map(position).collect()
    }

    pub(crate) fn membership(&self) -> Option<&Membership> {
        self.device.membership.as_ref()
    }

    /// The membership, to change it.
    pub(crate) fn membership_mut(&mut self) -> Option<&mut Membership> {
        self.dirty.insert(Row::Device);
        self.device.membership.as_mut()
    }

    pub(crate) fn mark(&mut self, row: Row) {
        self.dirty.insert(row);
    }

    /// Marks all that a processed entry changes in a channel.
    pub(crate) fn mark_channel(&mut self, kind: ChannelKind) {
        self.dirty.insert(Row::Meta(kind));
        self.dirty.insert(Row::Group(kind));
    }

    pub(crate) fn keep_unknown(&mut self, kind: ChannelKind, seq: u64, content: Vec<u8>) {
        if content.len() <= MAX_UNKNOWN_BYTES {
            self.unknown.push((kind, seq, content));
        }
    }

    pub(crate) fn push_job(&mut self, job: Job) -> u64 {
        let id = self.device.next_item;
        self.device.next_item += 1;
        self.dirty.insert(Row::Device);
        self.outbox.insert(id, job);
        self.dirty.insert(Row::Job(id));
        id
    }

    pub(crate) fn finish_job(&mut self, id: u64) {
        self.outbox.remove(&id);
        self.session.forget_job(id);
        self.dirty.insert(Row::Job(id));
    }

    /// Forgets a channel and all its rows.
    pub(crate) fn drop_channel(&mut self, kind: ChannelKind) {
        if kind == ChannelKind::Broadcast {
            self.part_with_registration();
        }
        self.channels.remove(&kind);
        self.forget_kept(kind);
        self.session.leave(kind);
        self.mark_channel(kind);
        let appends: Vec<u64> =
            self.outbox.iter().filter(|(_, job)| job.appends_to() == Some(kind)).map(|(id, _)| *id).collect();
        for id in appends {
            self.finish_job(id);
        }
        self.dirty.insert(Row::Statement(kind, 0));
    }

    /// Before joining anew: nothing of the former membership stays.
    pub(crate) fn forget_everything(&mut self) {
        // What this connection has proved belongs to it, too.
        if self.session.nonce.is_some() {
            self.effects.push(Effect::Reconnect);
        }
        for kind in ChannelKind::ALL {
            self.drop_channel(kind);
        }
        for id in self.outbox.keys().copied().collect::<Vec<_>>() {
            self.finish_job(id);
        }
        for key in core::mem::take(&mut self.people).into_keys() {
            self.mark(Row::Person(key));
        }
        for id in core::mem::take(&mut self.incidents).into_keys() {
            self.mark(Row::Incident(id));
        }
        self.mailed.keys().copied().collect::<Vec<_>>().into_iter().for_each(|id| self.forget_mailed(id));
        let unknown: Vec<Row> =
            self.stored.keys().filter_map(|key| rows::parse(key)).filter(|row| row.is_unknown()).collect();
        unknown.into_iter().for_each(|row| self.mark(row));
        self.unknown.clear();
        self.registry = Registry::default();
        self.mark(Row::Registry);
        // What was registered, and all receipts, belong to the former membership.
        self.alerts = core::mem::take(&mut self.alerts).of_a_new_membership();
        self.mark(Row::Alerts);
        self.session = Session::default();
        self.notified.clear();
        self.waiting.clear();
    }

    /// A group that replaces another has its own tree: every stored part of the old one goes.
    pub(crate) fn forget_chunks(&mut self, kind: ChannelKind) {
        self.replaced.insert(kind);
    }

    pub(crate) fn wake_at(&mut self, at: u64) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }
}
