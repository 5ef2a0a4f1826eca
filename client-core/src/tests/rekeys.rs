//! Re-keying: a large group's members make its removals short, and never while something is on.

use campana_protocol::frame::Class;
use campana_protocol::governance::ChannelKind;
use campana_protocol::handshake::Authority;
use campana_protocol::report::Finding;

use super::network;
use super::rig::{DAY, World, attest, report};
use crate::limits::REKEY_SLOT;
use crate::mls::Change;
use crate::rekey::LEAST;
use crate::turn::{Input, SkipReason};

const BROADCAST: ChannelKind = ChannelKind::Broadcast;
const BLOCK: u32 = 4;

/// A network of two blocks, which is large enough.
fn large() -> (World, Vec<usize>) {
    let (mut world, ids) = network();
    LEAST.set((8, BLOCK));
    ids.iter().for_each(|id| drop(world.turn(*id, Input::Tick)));
    (world, ids)
}

fn blank(world: &mut World, ids: &[usize]) -> usize {
    ids.iter().filter(|id| world.channel(**id, BROADCAST).group.blank_above(BLOCK)).count()
}

/// Bytes of a commit with a path.
fn path(world: &mut World, by: usize) -> usize {
    let mut group = world.channel(by, BROADCAST).group.clone();
    group.commit(&Change { path: true, ..Change::default() }).unwrap().commit.len()
}

#[test]
fn members_rekey_while_it_is_quiet_and_paths_become_short() {
    let (mut world, ids) = large();
    assert!(blank(&mut world, &ids) >= 4, "nobody has re-keyed in the members' block");
    let before = path(&mut world, ids[0]);
    for _ in 0..30 {
        world.pass(REKEY_SLOT);
    }
    assert_eq!(blank(&mut world, &ids), 0, "one of each block has");
    assert!(path(&mut world, ids[0]) < before, "the committee's path holds one secret for all of it");
    let settled = world.epochs(BROADCAST);
    for _ in 0..30 {
        world.pass(REKEY_SLOT);
    }
    assert_eq!(world.epochs(BROADCAST), settled, "and nobody does again");
    assert!(world.nobody_lost());
    world.assert_converged(&ids);
}

#[test]
fn nobody_rekeys_while_an_incident_is_on() {
    let (mut world, ids) = large();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    world.settle();
    let epochs = world.epochs(BROADCAST);
    for _ in 0..30 {
        world.pass(REKEY_SLOT);
    }
    assert_eq!(world.epochs(BROADCAST), epochs);
    world.pass(DAY);
    for _ in 0..30 {
        world.pass(REKEY_SLOT);
    }
    assert_eq!(blank(&mut world, &ids), 0, "a day later they do");
}

#[test]
fn a_member_who_rekeys_can_change_nothing_else() {
    let (mut world, ids) = network();
    let insider = ids[5];
    let victim = world.channel(ids[6], BROADCAST).group.own_index();
    let epochs = world.epochs(BROADCAST);
    let mut double = world.channel(insider, BROADCAST).group.clone();
    let removes = Change { remove: &[victim], ..Change::default() };
    let body = world.handshake(&mut double, BROADCAST, &removes, |_, _| Authority::Rekey);
    world.disconnect(insider);
    world.put(BROADCAST, Class::Control, &body);
    for (id, skipped) in world.settle_and_see().into_iter().enumerate().filter(|(id, _)| *id != insider) {
        assert_eq!(skipped, [SkipReason::Unentitled], "device {id}");
    }
    world.connect(insider);
    world.settle();
    assert_eq!(world.epochs(BROADCAST)[0], epochs[0]);
    assert!(world.channel(ids[0], BROADCAST).group.member(victim).is_some());
}

#[test]
fn all_skip_it_alike_in_a_working_group_and_before_the_rule() {
    let (mut world, ids) = network();
    world.first_rules();
    for (kind, insider) in [(BROADCAST, ids[5]), (ChannelKind::Desk, ids[3])] {
        let epochs = world.epochs(kind);
        let mut double = world.channel(insider, kind).group.clone();
        let path = Change { path: true, ..Change::default() };
        let body = world.handshake(&mut double, kind, &path, |_, _| Authority::Rekey);
        world.disconnect(insider);
        world.put(kind, Class::Control, &body);
        let skipped = world.settle_and_see();
        let others = skipped.iter().enumerate().filter(|(id, _)| *id != insider);
        let seen = others.filter(|(_, skipped)| **skipped == [SkipReason::Malformed]).count();
        assert_eq!(seen + 1, epochs.len(), "{kind:?}: each that is in it skips it");
        world.connect(insider);
        world.settle();
        assert_eq!(world.epochs(kind), epochs);
    }
}
