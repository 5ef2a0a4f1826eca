//! What a device keeps for a relay that is restored from a backup: the end of each log as the relay sent
//! it, and the sealed posts and blobs that this device sent. Sealed bytes whose keys are gone, and the own
//! events in plain, which are what the outbox held.

use campana_derive::{Decode, Encode};
use campana_protocol::frame::{Class, Entry};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{PublicKey, RecordId};

use crate::core::Core;
use crate::limits::{KEPT_TTL, MAX_KEPT, MAX_KEPT_BYTES, MAX_KEPT_BYTES_OWNER};
use crate::rows::Row;
use crate::state::Job;

/// An entry that this device has processed.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Kept {
    /// When, Unix milliseconds by this device's clock.
    #[n(0)]
    pub(crate) at: u64,
    #[n(1)]
    pub(crate) record: RecordId,
    #[n(2)]
    pub(crate) class: Class,
    /// The last control entry before it.
    #[n(3)]
    pub(crate) control_seq: u64,
    /// The member access key that it put in force, as far as its members can tell.
    #[n(4)]
    pub(crate) rotate: Option<PublicKey>,
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) body: Vec<u8>,
    /// What it said, if this device said it.
    #[n(6)]
    pub(crate) said: Option<Words>,
}

/// An event of this device.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Words {
    #[n(0)]
    event: u16,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    payload: Vec<u8>,
}

/// A post or a part of a blob that the relay has taken.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Mailed {
    #[n(0)]
    at: u64,
    #[n(1)]
    pub(crate) job: Job,
}

impl Mailed {
    fn size(&self) -> usize {
        match &self.job {
            Job::Post { body, .. } | Job::Blob { body, .. } => body.len(),
            _ => 0,
        }
    }
}

impl Kept {
    pub(crate) fn is(&self, entry: &Entry) -> bool {
        self.record == entry.record && self.body[..] == entry.body[..]
    }
}

/// How many of the oldest make room, of sizes and times in order.
fn beyond(now: u64, room: usize, kept: impl DoubleEndedIterator<Item = (u64, usize)>) -> usize {
    let (mut count, mut bytes, mut gone) = (0, 0, 0);
    for (at, size) in kept.rev() {
        bytes += size;
        let stays = gone == 0
            && count < MAX_KEPT
            && bytes <= room
            // A clock that was set back makes nothing older.
            && now.saturating_sub(at) < KEPT_TTL;
        if stays {
            count += 1;
        } else {
            gone += 1;
        }
    }
    gone
}

impl Core {
    /// What our event of this number said, before its job is done.
    pub(crate) fn words(&self, job: Option<u64>) -> Option<Words> {
        match self.outbox.get(&job?) {
            Some(Job::Event { event, payload, .. }) => {
                Some(Words { event: *event, payload: payload.clone() })
            }
            _ => None,
        }
    }

    /// Keeps an entry that has just been processed; the oldest make room.
    pub(crate) fn keep_entry(&mut self, kind: ChannelKind, seq: u64, kept: Kept) {
        let now = kept.at;
        self.kept.insert((kind, seq), kept);
        self.mark(Row::Kept(kind, seq));
        self.limit_kept(now, kind);
    }

    fn kept_room(&self) -> usize {
        if self.owns(ChannelKind::Broadcast) { MAX_KEPT_BYTES_OWNER } else { MAX_KEPT_BYTES }
    }

    fn limit_kept(&mut self, now: u64, kind: ChannelKind) {
        let room = self.kept_room();
        let of_kind: Vec<(u64, u64, usize)> = self
            .kept
            .iter()
            .filter(|((other, _), _)| *other == kind)
            .map(|((_, seq), kept)| (*seq, kept.at, kept.body.len()))
            .collect();
        let gone = beyond(now, room, of_kind.iter().map(|(_, at, size)| (*at, *size)));
        for (seq, ..) in of_kind.into_iter().take(gone) {
            self.kept.remove(&(kind, seq));
            self.mark(Row::Kept(kind, seq));
        }
    }

    /// Nothing of a channel's log is kept any more: it is left, or goes on without what is kept.
    pub(crate) fn forget_kept(&mut self, kind: ChannelKind) {
        let of_kind = self.kept.keys().filter(|(other, _)| *other == kind).copied().collect::<Vec<_>>();
        for (kind, seq) in of_kind {
            self.kept.remove(&(kind, seq));
            self.mark(Row::Kept(kind, seq));
        }
    }

    /// The log has gone on without what this device said lately: that is said again.
    pub(crate) fn say_kept_again(&mut self, now: u64, kind: ChannelKind) {
        let said = self
            .kept
            .iter()
            .filter(|((other, _), kept)| *other == kind && now.saturating_sub(kept.at) < KEPT_TTL);
        let said: Vec<(Words, Class)> =
            said.filter_map(|(_, kept)| Some((kept.said.clone()?, kept.class))).collect();
        for (Words { event, payload }, class) in said {
            self.push_job(Job::Event { kind, event, payload, class, attempt: None });
        }
    }

    /// Keeps a post or a part of a blob that the relay has taken.
    pub(crate) fn keep_mail(&mut self, now: u64, id: u64, job: Job) {
        self.mailed.insert(id, Mailed { at: now, job });
        self.mark(Row::Mailed(id));
        self.limit_mailed(now);
    }

    fn limit_mailed(&mut self, now: u64) {
        let room = self.kept_room();
        let mailed: Vec<(u64, u64, usize)> =
            self.mailed.iter().map(|(id, mailed)| (*id, mailed.at, mailed.size())).collect();
        let gone = beyond(now, room, mailed.iter().map(|(_, at, size)| (*at, *size)));
        for (id, ..) in mailed.into_iter().take(gone) {
            self.forget_mailed(id);
        }
    }

    pub(crate) fn forget_mailed(&mut self, id: u64) {
        self.mailed.remove(&id);
        self.mark(Row::Mailed(id));
    }

    /// At the beginning of each connection: what is too old goes.
    pub(crate) fn limit_all_kept(&mut self, now: u64) {
        ChannelKind::ALL.into_iter().for_each(|kind| self.limit_kept(now, kind));
        self.limit_mailed(now);
    }
}
