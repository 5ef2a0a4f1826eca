//! Whole networks again, this time with hands inside a device: what an insider with a changed
//! program, a hostile relay, or both could put in front of everybody else.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::unwrap_used)]

mod alerts;
mod attestations;
mod clocks;
mod commits;
mod committee;
mod floods;
mod follow_ups;
mod fragments;
mod joins;
mod lies;
mod lockout;
mod lost_places;
mod passes;
mod refusals;
mod registrations;
mod rekeys;
#[allow(dead_code, reason = "shared with the scenarios")]
#[path = "../../tests/core/relay.rs"]
mod relay;
mod restored;
#[allow(dead_code, reason = "shared with the scenarios")]
#[path = "../../tests/core/rig.rs"]
mod rig;
mod signing;
mod stores;
mod versions;
mod welcomes;

use campana_protocol::event::{Envelope, Event};
use campana_protocol::frame::{Class, Entry};
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::handshake::{Authority, EntryBody, Handshake, commit_digest};
use campana_protocol::id::{ChannelId, RecordId};
use campana_protocol::padding::pad;
use campana_protocol::wire;

use crate::channel::{Channel, handshake_key};
use crate::core::Core;
use crate::keys::KeyPair;
use crate::mls::{Change, Group};
use crate::turn::SkipReason;
use crate::vault;
use rig::World;

/// Three committee devices (two sign), two verifiers, three members.
fn network() -> (World, Vec<usize>) {
    let mut world = World::new();
    let ids = world.network(3, 2, 5);
    for verifier in [ids[3], ids[4]] {
        world.grant(&ids[..2], verifier, Role::Verifier);
    }
    (world, ids)
}

impl World {
    /// As before the committee raised the rules.
    fn first_rules(&mut self) {
        for channel in self.devices.iter_mut().flat_map(|device| device.core.channels.values_mut()) {
            channel.governance = channel.governance.clone().with_first_rules();
        }
    }

    fn core(&mut self, id: usize) -> &mut Core {
        &mut self.devices[id].core
    }

    fn channel(&mut self, id: usize, kind: ChannelKind) -> &mut Channel {
        self.core(id).channels.get_mut(&kind).expect("a channel")
    }

    fn role(&self, id: usize) -> KeyPair {
        self.devices[id].core.membership().expect("a membership").role()
    }

    fn channel_id(&self, kind: ChannelKind) -> ChannelId {
        self.devices[0].core.channels[&kind].id
    }

    /// Puts a body into a log, as whoever holds the access key can.
    fn put(&mut self, kind: ChannelKind, class: Class, body: &EntryBody) -> u64 {
        self.put_bytes(kind, class, wire::encode(body))
    }

    fn put_bytes(&mut self, kind: ChannelKind, class: Class, body: Vec<u8>) -> u64 {
        let id = self.channel_id(kind);
        let log = &mut self.relay.channels.get_mut(&id).expect("a channel").log;
        let seq = log.len() as u64 + 1;
        let record = RecordId([seq as u8; 16]);
        log.push(Entry { seq, class, received_at: self.now, record, body: body.into() });
        seq
    }

    /// What `by` would encrypt with a program of its own.
    fn encrypted(&mut self, by: usize, kind: ChannelKind, event: u16, payload: Vec<u8>) -> EntryBody {
        let channel = self.channel(by, kind);
        let (seen, log_hash) = (channel.meta.cursor, channel.meta.log_hash);
        let envelope = wire::encode(&Envelope { seen, log_hash, kind: event, payload });
        EntryBody::Application(channel.group.encrypt(&pad(&envelope)).expect("a member encrypts"))
    }

    /// `by` says something that its program would not; everybody reads it.
    fn say(&mut self, by: usize, kind: ChannelKind, event: u16, payload: Vec<u8>) {
        let body = self.encrypted(by, kind, event, payload);
        self.put(kind, Class::Update, &body);
        self.settle();
    }

    /// The same, as what is pushed.
    fn say_alert(&mut self, by: usize, event: &Event) {
        let body = self.encrypted(by, ChannelKind::Broadcast, event.kind(), event.payload());
        self.put(ChannelKind::Broadcast, Class::Alert, &body);
        self.settle();
    }

    /// A commit of `group`, sealed for the members, with an authority made from the commit.
    fn handshake(
        &mut self,
        group: &mut Group,
        kind: ChannelKind,
        change: &Change<'_>,
        authority: impl FnOnce(&mut Self, &mut Vec<u8>) -> Authority,
    ) -> EntryBody {
        let id = self.channel_id(kind);
        let mut commit = group.commit(change).expect("a commit").commit;
        let authority = authority(self, &mut commit);
        let handshake = wire::encode(&Handshake { commit, authority });
        let key = handshake_key(group, &id).expect("a key");
        EntryBody::Handshake(vault::seal(&key, &[7; 24], id.as_bytes(), &pad(&handshake)))
    }

    /// What a committee device signs about a commit that applies nothing.
    fn signed_by(&mut self, committee: usize, kind: ChannelKind, commit: &[u8]) -> Authority {
        let role = self.role(committee);
        let channel = self.channel(committee, kind);
        let head = channel.governance.head();
        let digest = commit_digest(&channel.id, channel.group.epoch(), commit, &head);
        Authority::Committee {
            statements: Vec::new(),
            key: role.public(),
            signature: role.sign_hash(&digest),
        }
    }

    /// Reads what is new and says what each device skipped of it.
    fn settle_and_see(&mut self) -> Vec<Vec<SkipReason>> {
        self.devices.iter_mut().for_each(|device| device.skipped.clear());
        self.settle();
        self.devices.iter().map(|d| d.skipped.iter().map(|entry| entry.why).collect()).collect()
    }

    /// Epochs of a channel, on all devices that have it.
    fn epochs(&self, kind: ChannelKind) -> Vec<u64> {
        self.devices.iter().filter_map(|d| d.core.channels.get(&kind).map(|c| c.group.epoch())).collect()
    }

    fn nobody_lost(&self) -> bool {
        self.devices.iter().all(|device| device.core.channels.values().all(|channel| !channel.meta.lost))
    }
}

/// A key package of a fresh leaf, well signed, with the encryption key of a member: it looks right
/// and no group with that member can take it in.
fn doubled_encryption_key(world: &mut World, member: usize, credential: &[u8]) -> Vec<u8> {
    let group = &world.channel(member, ChannelKind::Broadcast).group;
    let theirs = group.encryption_key(group.own_index());
    crate::mls::tests::forge::key_package_with(
        &crate::mls::Leaf::generate().expect("a leaf"),
        credential,
        &theirs,
    )
}
