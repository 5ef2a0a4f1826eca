//! Lies of a relay that must not outlast it: where a mailbox or a log ends, and what has expired.

use campana_core::view::{Status, Warning};
use campana_protocol::frame::{Class, RelayFrame};
use campana_protocol::governance::ChannelKind;
use campana_protocol::report::Finding;

use super::network;
use super::rig::{DAY, World, attest, report};
use crate::limits::MAX_DOUBTS;
use crate::session::Asked;
use crate::turn::{Input, NoticeKind};

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

fn raid(world: &mut World, ids: &[usize]) {
    let incident = report(world, ids[7], false);
    attest(world, ids[3], incident, Finding::Confirmed);
    attest(world, ids[4], incident, Finding::Confirmed);
}

fn rang(world: &World, id: usize) -> usize {
    world.devices[id].notices.iter().filter(|notice| notice.kind == NoticeKind::Alert).count()
}

#[test]
fn a_post_from_the_end_of_time_blinds_nobody_for_good() {
    let (mut world, ids) = network();
    let desk = world.channel(ids[0], BROADCAST).governance.desk().mailbox;
    let post = |seq| RelayFrame::Post { mailbox: desk, seq, received_at: 0, body: vec![0; 99].into() };
    for verifier in [ids[3], ids[4]] {
        for lie in [u64::MAX / 2, u64::MAX] {
            world.turn(verifier, Input::Received(vec![post(lie).encode()]));
        }
        // The relay is an honest one again.
        let rows = world.devices[verifier].rows.clone();
        world.restart(verifier, rows);
    }
    world.settle();
    let incident = report(&mut world, ids[7], false);
    for verifier in [ids[3], ids[4]] {
        assert_eq!(world.incident(verifier).map(|i| i.status), Some(Status::Unverified));
    }
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    assert_eq!(rang(&world, ids[6]), 1);
}

/// A relay numbers posts by its clock: where that is a year ahead, a mailbox is not read again for ever.
#[test]
fn a_relay_whose_clock_is_wrong_is_believed_in_the_end() {
    let (mut world, ids) = network();
    let desk = world.channel(ids[0], BROADCAST).governance.desk().mailbox;
    let verifier = ids[3];
    let seq = world.now + 365 * DAY;
    let ahead = RelayFrame::Post { mailbox: desk, seq, received_at: 0, body: vec![0; 99].into() };
    world.turn(verifier, Input::Received(vec![ahead.encode()]));
    for connection in 1..=MAX_DOUBTS {
        world.connect(verifier);
        for _ in 0..4 {
            world.step(verifier);
        }
        assert!(world.core(verifier).membership().unwrap().desks[0].doubt.is_some(), "{connection}");
        world.turn(verifier, Input::Received(vec![ahead.encode()]));
    }
    assert!(world.core(verifier).membership().unwrap().desks[0].doubt.is_none());
}

#[test]
fn an_alert_that_was_said_to_have_expired_comes_with_the_next_connection() {
    let (mut world, ids) = network();
    let (victim, id) = (ids[6], world.channel_id(BROADCAST));
    world.disconnect(victim);
    raid(&mut world, &ids);
    let seq = world.relay.channels[&id].log.last().unwrap().seq;
    world.relay.channels.get_mut(&id).unwrap().expired.insert(seq);
    world.connect(victim);
    world.settle();
    assert!(world.incident(victim).is_none());
    world.relay.channels.get_mut(&id).unwrap().expired.clear();
    world.connect(victim);
    world.settle();
    assert_eq!(rang(&world, victim), 1, "nothing was read since: it begins where it was");
}

/// The same, after more of the log has been read.
#[test]
fn an_alert_that_was_passed_over_is_read_late() {
    let (mut world, ids) = network();
    let (victim, id) = (ids[6], world.channel_id(BROADCAST));
    world.disconnect(victim);
    raid(&mut world, &ids);
    let seq = world.relay.channels[&id].log.last().unwrap().seq;
    world.relay.channels.get_mut(&id).unwrap().expired.insert(seq);
    world.connect(victim);
    world.settle();
    raid(&mut world, &ids);
    assert_eq!(rang(&world, victim), 1, "the second alone");
    world.relay.channels.get_mut(&id).unwrap().expired.clear();
    world.connect(victim);
    world.settle();
    assert_eq!(rang(&world, victim), 2);
    assert!(world.view(victim).warnings.is_empty(), "{:?}", world.view(victim).warnings);
    let cursor = world.channel(victim, BROADCAST).meta.cursor;
    assert_eq!(cursor, world.relay.channels[&id].log.last().unwrap().seq);
    assert!(world.channel(victim, BROADCAST).meta.skips.is_empty());
    // What was read late comes once.
    world.connect(victim);
    world.settle();
    assert_eq!(rang(&world, victim), 2);
}

/// A device that has passed something over can tell a fork all the same, from the next message on.
#[test]
fn whoever_was_away_for_a_week_can_tell_a_fork() {
    let (mut world, ids) = network();
    let (victim, id) = (ids[6], world.channel_id(BROADCAST));
    world.disconnect(victim);
    raid(&mut world, &ids);
    let seq = world.relay.channels[&id].log.last().unwrap().seq;
    world.relay.channels.get_mut(&id).unwrap().expired.insert(seq);
    world.connect(victim);
    world.settle();
    raid(&mut world, &ids);
    assert!(!world.channel(victim, BROADCAST).meta.unanchored, "anchored by what its author had seen");
    // The relay shows it another log than the others from here on.
    let second = report(&mut world, ids[7], false);
    world.relay.withheld.insert((victim, id));
    attest(&mut world, ids[3], second, Finding::Confirmed);
    attest(&mut world, ids[4], second, Finding::Confirmed);
    world.relay.withheld.clear();
    world.relay.channels.get_mut(&id).unwrap().log.pop().expect("the alert");
    let again = report(&mut world, ids[7], false);
    world.disconnect(ids[5]);
    attest(&mut world, ids[3], again, Finding::Confirmed);
    attest(&mut world, ids[4], again, Finding::Confirmed);
    assert!(world.view(victim).warnings.contains(&Warning::Forked));
}

#[test]
fn a_log_that_is_said_to_be_endless_deafens_nobody_for_good() {
    let (mut world, ids) = network();
    let (victim, id) = (ids[6], world.channel_id(BROADCAST));
    world.connect(victim);
    // Hello, proof: up to the question from where on.
    for _ in 0..2 {
        world.step(victim);
    }
    let asked = world.core(victim).session.requests.iter().find_map(|(request, asked)| match asked {
        Asked::Subscribe(BROADCAST, _) => Some(*request),
        _ => None,
    });
    let request = asked.expect("it subscribes");
    let last_control = world.channel(victim, BROADCAST).meta.last_control;
    let lies = [
        RelayFrame::Subscribed {
            request,
            channel: id,
            head: u64::MAX,
            last_control,
            current: true,
            access: None,
            restored: None,
        },
        RelayFrame::Skipped { channel: id, through: 1 << 40 },
        RelayFrame::Skipped { channel: id, through: u64::MAX - 1 },
    ];
    world.turn(victim, Input::Received(lies.iter().map(RelayFrame::encode).collect()));
    let rows = world.devices[victim].rows.clone();
    world.restart(victim, rows);
    world.settle();
    raid(&mut world, &ids);
    assert_eq!(rang(&world, victim), 1);
    world.pass(DAY);
    assert!(world.view(victim).caught_up);
}

/// A skip that holds for a week is believed: a log is not read again for ever.
#[test]
fn what_has_expired_is_forgotten_in_the_end() {
    let (mut world, ids) = network();
    let (victim, id) = (ids[6], world.channel_id(BROADCAST));
    world.disconnect(victim);
    raid(&mut world, &ids);
    let log = &mut world.relay.channels.get_mut(&id).unwrap();
    let seq = log.log.iter().rev().find(|entry| entry.class == Class::Alert).unwrap().seq;
    log.expired.insert(seq);
    world.connect(victim);
    world.settle();
    raid(&mut world, &ids);
    for _ in 0..9 {
        world.connect(victim);
        world.pass(DAY);
    }
    assert!(world.channel(victim, BROADCAST).meta.skips.is_empty());
}
