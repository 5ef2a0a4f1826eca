//! Commits that somebody made by hand.

use campana_core::view::Stage;
use campana_protocol::frame::Class;
use campana_protocol::governance::ChannelKind;
use campana_protocol::handshake::{EntryBody, Plea, plea_digest};
use campana_protocol::id::{MailboxId, SealingKey};
use campana_protocol::mailbox::ReturnAddress;
use campana_protocol::padding::pad;
use campana_protocol::wire;

use super::network;
use super::rig::World;
use crate::keys::plea_key;
use crate::mls::{Change, Leaf, key_package};
use crate::vault;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

#[test]
fn nobody_can_make_a_device_believe_that_it_committed() {
    let (mut world, ids) = network();
    let (insider, victim) = (ids[0], ids[5]);
    let epochs = world.epochs(ChannelKind::Broadcast);
    let mut double = world.channel(victim, ChannelKind::Broadcast).group.clone();
    let change = Change { path: true, ..Change::default() };
    let authority = |world: &mut World, commit: &mut Vec<u8>| {
        *commit.last_mut().unwrap() ^= 1;
        world.signed_by(insider, ChannelKind::Broadcast, commit)
    };
    let body = world.handshake(&mut double, ChannelKind::Broadcast, &change, authority);
    world.put(ChannelKind::Broadcast, Class::Control, &body);
    world.settle();
    assert!(world.nobody_lost());
    assert_eq!(world.epochs(ChannelKind::Broadcast), epochs);
    world.assert_converged(&ids);
}

/// Puts a plea into the log as a member can.
fn plead(world: &mut World, leaf: &Leaf, key_package: Vec<u8>, kind: ChannelKind) {
    let channel = world.channel(0, kind);
    let (id, access) = (channel.id, channel.meta.access.clone());
    let reply = ReturnAddress { mailbox: MailboxId([8; 32]), sealing: SealingKey([9; 32]) };
    let signature = leaf.sign(plea_digest(&id, &key_package, &reply).as_bytes());
    let plea = wire::encode(&Plea { leaf: leaf.public(), key_package, reply, signature });
    let sealed = vault::seal(&plea_key(&access), &[6; 24], id.as_bytes(), &pad(&plea));
    world.put(kind, Class::Update, &EntryBody::Plea(sealed));
    world.settle();
}

fn own_leaf(world: &mut World, id: usize, kind: ChannelKind) -> Leaf {
    Leaf::from_bytes(&world.channel(id, kind).meta.leaf).expect("a leaf")
}

#[test]
fn a_plea_that_cannot_be_committed_stops_nobody_else() {
    let (mut world, ids) = network();
    let (insider, second) =
        (own_leaf(&mut world, ids[5], BROADCAST), own_leaf(&mut world, ids[6], BROADCAST));
    // A key that is in the group already, and somebody else's encryption key.
    let twice = key_package(&second, &[]).unwrap().public;
    plead(&mut world, &insider, twice, BROADCAST);
    let doubled = super::doubled_encryption_key(&mut world, ids[7]);
    plead(&mut world, &second, doubled, BROADCAST);
    let link = world.invite(ids[0], false);
    let later = world.join(&link, "later");
    world.admit_all(ids[0]);
    world.pass(600_000);
    assert_eq!(world.view(later).stage, Stage::Member);
    world.assert_converged(&[ids, vec![later]].concat());
}
