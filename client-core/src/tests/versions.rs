//! Old apps in new networks. A device never goes deaf in silence: what it does not know it keeps and
//! says, and where it cannot judge any more it stops, says so, and goes on once it is updated.

use campana_core::view::{Status, Warning};
use campana_protocol::frame::Class;
use campana_protocol::governance::{
    Approval, ChannelKind, Operation, RULES, SignedStatement, Statement, statement_digest,
};
use campana_protocol::handshake::{Authority, commit_digest};
use campana_protocol::report::Finding;
use campana_protocol::wire;

use super::network;
use super::rig::{World, attest, report};
use crate::command::{Command, CommandError};
use crate::governance::FOLLOWS;
use crate::governance::tests::later_operation;
use crate::mls::Change;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

/// A statement that the committee of a newer version has signed, committed by one of its devices.
fn committed(world: &mut World, ids: &[usize], operations: Vec<Operation>, rule: Option<u16>) {
    let chain = &world.channel(0, BROADCAST).governance;
    let (network, drafted_at) = (chain.network(), chain.height());
    let statement = wire::encode(&Statement { network, nonce: [0xAB; 16], drafted_at, operations, rule });
    let digest = statement_digest(&statement);
    let approve = |id: &usize| {
        let role = world.role(*id);
        Approval { key: role.public(), signature: role.sign_hash(&digest) }
    };
    let signed = SignedStatement { signatures: ids[..2].iter().map(approve).collect(), statement };
    let role = world.role(ids[0]);
    let channel = world.channel(ids[0], BROADCAST);
    let (mut newer, id, epoch) = (channel.group.clone(), channel.id, channel.group.epoch());
    let mut after = channel.governance.clone();
    after.apply(&signed).expect("well signed");
    let context = wire::encode(&after.context(BROADCAST));
    let change = Change { context: Some(&context), ..Change::default() };
    let body = world.handshake(&mut newer, BROADCAST, &change, |_, commit| {
        let signature = role.sign_hash(&commit_digest(&id, epoch, commit, &after.head()));
        Authority::Committee { statements: vec![signed], key: role.public(), signature }
    });
    world.put(BROADCAST, Class::Control, &body);
}

fn verified(world: &mut World, ids: &[usize]) -> usize {
    let reporter = *ids.last().expect("a member");
    let incident = report(world, reporter, false);
    attest(world, ids[3], incident, Finding::Confirmed);
    attest(world, ids[4], incident, Finding::Confirmed);
    world.pass(60_000);
    let has = |id: &&usize| world.incident(**id).is_some_and(|seen| seen.status == Status::Verified);
    ids.iter().filter(has).count()
}

#[test]
fn an_operation_of_a_later_version_is_followed_and_said() {
    let (mut world, ids) = network();
    let before = world.epochs(BROADCAST);
    committed(&mut world, &ids, vec![later_operation()], None);
    let skipped = world.settle_and_see();
    assert!(skipped[1..].iter().all(Vec::is_empty), "nobody skips it");
    let after = world.epochs(BROADCAST);
    assert!(after[1..].iter().zip(&before[1..]).all(|(after, before)| *after == before + 1));
    for id in &ids[1..] {
        assert!(world.view(*id).warnings.contains(&Warning::UpdateNeeded), "device {id}");
    }
}

#[test]
fn a_device_stops_at_rules_it_does_not_follow_and_goes_on_once_it_is_updated() {
    let (mut world, ids) = network();
    let behind = ids[6];
    world.disconnect(behind);
    FOLLOWS.set(RULES + 1);
    let zones = || vec![Operation::Zones { zones: Vec::new() }];
    committed(&mut world, &ids, zones(), Some(RULES + 1));
    world.pass(60_000);
    let newer: Vec<usize> = ids.iter().copied().filter(|id| *id != behind).collect();
    assert_eq!(verified(&mut world, &newer), newer.len(), "the new ones go on");
    for id in &newer {
        world.disconnect(*id);
    }

    FOLLOWS.set(RULES);
    let cursor = world.channel(behind, BROADCAST).meta.cursor;
    world.connect(behind);
    world.settle();
    world.pass(60_000);
    let view = world.view(behind);
    assert!(view.warnings.contains(&Warning::UpdateNeeded), "{:?}", view.warnings);
    assert!(!view.caught_up, "and it never says that it is");
    assert_eq!(world.channel(behind, BROADCAST).meta.cursor, cursor, "it stays before what it cannot judge");
    assert!(world.nobody_lost());

    FOLLOWS.set(RULES + 1);
    let rows = world.devices[behind].rows.clone();
    world.restart(behind, rows);
    world.settle();
    let view = world.view(behind);
    assert!(!view.warnings.contains(&Warning::UpdateNeeded) && view.caught_up);
    assert_eq!(world.incident(behind).map(|seen| seen.status), Some(Status::Verified), "late, not never");
    world.assert_converged(&[behind, ids[0]]);
    FOLLOWS.set(RULES);
}

#[test]
fn junk_that_names_a_later_rule_stops_nobody() {
    let (mut world, ids) = network();
    let one = [ids[0], ids[0]];
    let insider = ids[0];
    let before = world.epochs(BROADCAST);
    // One signature where two are needed: the statement does not count, so its rule does not either.
    let chain = world.channel(insider, BROADCAST).governance.clone();
    let statement = wire::encode(&Statement {
        network: chain.network(),
        nonce: [1; 16],
        drafted_at: chain.height(),
        operations: vec![Operation::Zones { zones: Vec::new() }],
        rule: Some(u16::MAX),
    });
    let digest = statement_digest(&statement);
    let approve = |id: &usize| {
        let role = world.role(*id);
        Approval { key: role.public(), signature: role.sign_hash(&digest) }
    };
    let signed = SignedStatement { signatures: one.iter().map(approve).collect(), statement };
    let mut double = world.channel(insider, BROADCAST).group.clone();
    let role = world.role(insider);
    let channel = world.channel_id(BROADCAST);
    let epoch = double.epoch();
    let change = Change { path: true, ..Change::default() };
    let body = world.handshake(&mut double, BROADCAST, &change, |_, commit| {
        let signature = role.sign_hash(&commit_digest(&channel, epoch, commit, &chain.head()));
        Authority::Committee { statements: vec![signed], key: role.public(), signature }
    });
    world.put(BROADCAST, Class::Control, &body);
    world.pass(60_000);
    assert_eq!(world.epochs(BROADCAST), before);
    assert_eq!(verified(&mut world, &ids), ids.len());
    assert!(ids.iter().all(|id| !world.view(*id).warnings.contains(&Warning::UpdateNeeded)));
}

#[test]
fn the_committee_raises_the_rules_by_a_statement_that_all_see() {
    let (mut world, ids) = network();
    assert_eq!(world.channel(ids[6], BROADCAST).governance.rule(), RULES, "a new network begins with them");
    assert_eq!(world.command(ids[0], Command::RaiseRules), Err(CommandError::AlreadyDone));
    assert_eq!(world.view(ids[0]).committee.expect("committee").new_rules, None);
}

#[test]
fn a_committee_of_one_raises_its_networks_rules_by_itself() {
    let mut world = World::new();
    let ids = world.network(1, 1, 2);
    world.pass(60_000);
    for id in ids {
        assert_eq!(world.channel(id, BROADCAST).governance.rule(), RULES, "device {id}");
    }
}
