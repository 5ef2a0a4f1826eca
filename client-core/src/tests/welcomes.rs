//! Ways in that lead nowhere, and how whoever was let in comes in all the same.

use campana_core::view::{PersonState, Stage};
use campana_protocol::frame::Class;
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::handshake::EntryBody;
use campana_protocol::report::Finding;
use campana_protocol::wire;

use super::network;
use super::rig::{DAY, World, attest, form, report};
use crate::command::{Command, CommandError, Reply};
use crate::limits::MAX_ASKS;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

/// Somebody who asked and went offline, and was admitted then.
fn admitted_while_off(world: &mut World, by: usize) -> usize {
    let link = world.invite(by, false);
    let joiner = world.join(&link, "joiner");
    world.disconnect(joiner);
    world.admit_all(by);
    joiner
}

fn remove(world: &mut World, ids: &[usize], whom: usize) {
    let person = world.key(whom);
    let Ok(Reply::Draft(id)) = world.command(ids[0], Command::Remove { person }) else { panic!("a draft") };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
}

#[test]
fn who_was_admitted_before_the_access_was_rotated_comes_in_and_follows() {
    let (mut world, ids) = network();
    let joiner = admitted_while_off(&mut world, ids[0]);
    for gone in [ids[6], ids[7]] {
        remove(&mut world, &ids, gone);
    }
    world.connect(joiner);
    world.settle();
    assert_eq!(world.view(joiner).stage, Stage::Member);
    world.assert_converged(&[&ids[..6], &[joiner]].concat());
    let incident = report(&mut world, joiner, false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    assert!(world.incident(joiner).is_some() && world.view(joiner).unsent == 0);
}

#[test]
fn who_finds_the_snapshot_gone_asks_again_and_comes_in() {
    let (mut world, ids) = network();
    let joiner = admitted_while_off(&mut world, ids[0]);
    // With the access rotated since, and so no way to plead in the channel.
    remove(&mut world, &ids, ids[7]);
    world.relay.expire_blobs();
    world.now += 8 * DAY;
    world.connect(joiner);
    world.settle();
    assert_eq!(world.view(joiner).stage, Stage::Waiting);
    assert!(world.core(joiner).membership().unwrap().welcomes.is_empty());
    world.pass(60_000);
    assert_eq!(world.view(joiner).stage, Stage::Member, "the committee answered");
    assert!(world.core(joiner).membership().unwrap().shut_out.is_empty());
    world.assert_converged(&[&ids[..7], &[joiner]].concat());
    let people = world.view(ids[1]).committee.unwrap().people;
    assert_eq!(people.iter().filter(|p| p.handle == "joiner" && p.state == PersonState::Member).count(), 1);
}

#[test]
fn who_is_not_answered_asks_three_times_the_first_day_and_once_a_day_for_a_month() {
    let (mut world, ids) = network();
    let joiner = admitted_while_off(&mut world, ids[0]);
    world.relay.expire_blobs();
    ids.iter().for_each(|id| world.disconnect(*id));
    let asked = world.relay.posts_of(&join_mailbox(&world, joiner));
    world.connect(joiner);
    for day in 1..=33 {
        world.pass(DAY);
        let rows = world.devices[joiner].rows.clone();
        world.restart(joiner, rows);
        let posts = world.relay.posts_of(&join_mailbox(&world, joiner));
        assert_eq!(posts - asked, (day + 2).min(usize::from(MAX_ASKS)), "day {day}");
    }
    ids.iter().for_each(|id| world.connect(*id));
    world.pass(60_000);
    assert_eq!(world.view(joiner).stage, Stage::Member);
    world.assert_converged(&[ids, vec![joiner]].concat());
}

/// Where `id` asked to join.
fn join_mailbox(world: &World, id: usize) -> campana_protocol::id::MailboxId {
    let membership = world.devices[id].core.membership().expect("a membership");
    membership.invitation.as_ref().expect("an invite").mailbox
}

#[test]
fn a_verifier_who_finds_the_desks_snapshot_gone_comes_in() {
    let (mut world, ids) = network();
    let verifier = ids[5];
    world.disconnect(verifier);
    world.grant(&ids[..2], verifier, Role::Verifier);
    world.relay.expire_blobs();
    world.connect(verifier);
    world.pass(60_000);
    assert!(world.core(verifier).channels.contains_key(&ChannelKind::Desk));
    let incident = report(&mut world, ids[6], false);
    attest(&mut world, verifier, incident, Finding::Confirmed);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    assert!(world.incident(ids[7]).is_some());
}

#[test]
fn a_snapshot_that_is_not_what_it_should_be_is_asked_for_again() {
    let (mut world, ids) = network();
    let joiner = admitted_while_off(&mut world, ids[0]);
    world.relay.spoil_blobs();
    world.connect(joiner);
    world.settle();
    assert_eq!(world.view(joiner).stage, Stage::Waiting);
    world.pass(60_000);
    assert_eq!(world.view(joiner).stage, Stage::Member);
    world.assert_converged(&[ids, vec![joiner]].concat());
}

#[test]
fn whoever_waits_may_take_another_link_or_leave() {
    let (mut world, ids) = network();
    let link = world.invite(ids[0], false);
    let joiner = world.join(&link, "first");
    let second = world.invite(ids[0], false);
    world.command(joiner, Command::Join { link: second, handle: "second".into() }).expect("it waits");
    world.settle();
    let people = world.view(ids[0]).committee.unwrap().people;
    assert!(people.iter().any(|p| p.handle == "second" && p.state == PersonState::Waiting));
    world.command(joiner, Command::Cancel).expect("it waits");
    world.settle();
    assert_eq!(world.view(joiner).stage, Stage::Nowhere);
    let rows: Vec<u8> = world.devices[joiner].rows.keys().map(|key| key[0]).collect();
    assert!(rows.iter().all(|letter| b"dnrk".contains(letter)), "nothing of the request stays: {rows:?}");
    assert_eq!(world.command(joiner, Command::Cancel), Err(CommandError::NotInANetwork));
    assert_eq!(world.command(joiner, Command::Report(form(false))), Err(CommandError::NotInANetwork));
    let rows = world.devices[joiner].rows.clone();
    world.restart(joiner, rows);

    world.command(joiner, Command::Join { link, handle: "third".into() }).expect("a link");
    world.connect(joiner);
    world.settle();
    world.admit_all(ids[0]);
    assert_eq!(world.view(joiner).stage, Stage::Member);
    assert_eq!(world.command(joiner, Command::Cancel), Err(CommandError::AlreadyInANetwork));
}

#[test]
fn a_member_that_a_plea_removed_is_not_let_in_by_another() {
    let (mut world, ids) = network();
    let joiner = admitted_while_off(&mut world, ids[0]);
    remove(&mut world, &ids, joiner);
    world.relay.expire_blobs();
    world.connect(joiner);
    world.pass(600_000);
    assert_eq!(world.view(joiner).stage, Stage::Waiting);
    assert!(world.channel(ids[0], BROADCAST).meta.pleas.is_empty());
    let members = world.view(ids[0]).network.unwrap().members;
    assert_eq!(members, ids.len());
    let log = &world.relay.channels[&world.channel_id(BROADCAST)].log;
    // Nothing but the committee's checkpoint follows the removal.
    let after = log.iter().rev().take_while(|entry| entry.class != Class::Control);
    let checkpoint = |body: &[u8]| matches!(wire::decode(body), Ok(EntryBody::Checkpoint(_)));
    assert!(after.into_iter().all(|entry| checkpoint(&entry.body)));
}
