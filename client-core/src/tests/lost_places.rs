//! Devices that lost their place in a group, in the orders of events that the simulation found
//! (docs/SIMULATION.md): each gets back in, and is heard.

use campana_core::view::{Stage, Status, Warning};
use campana_protocol::frame::{ClientFrame, RelayFrame, Secret};
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::report::Finding;

use super::network;
use super::rig::{Rows, World, attest, form, report};
use crate::command::{Command, Reply};
use crate::state::Job;
use crate::turn::Input;

/// Restores a device from `rows` and lets it read its log until it sees that it was rolled back,
/// with entries still to come: its plea is queued and cannot be appended yet. Then it loses its
/// connection.
fn queue_a_plea(world: &mut World, id: usize, rows: Rows) {
    world.disconnect(id);
    world.restart(id, rows);
    world.connect(id);
    for _ in 0..4 {
        world.step(id);
    }
    for frame in world.relay.stream(id) {
        world.turn(id, Input::Received(vec![frame.encode()]));
        if world.view(id).warnings.contains(&Warning::RolledBack) {
            break;
        }
    }
    world.disconnect(id);
    assert_eq!(world.view(id).warnings, [Warning::RolledBack]);
    assert!(world.core(id).outbox.values().any(|job| matches!(job, Job::Plead { .. })), "queued");
}

/// Two of the committee take the verifier's role back. The second signs last, and commits.
fn revoke(world: &mut World, committee: [usize; 2], verifier: usize) {
    let person = world.key(verifier);
    let revoke = Command::Revoke { person, role: Role::Verifier };
    let Ok(Reply::Draft(draft)) = world.command(committee[0], revoke) else { panic!("a draft") };
    world.settle();
    world.command(committee[1], Command::Approve(draft)).unwrap();
}

/// Delivers everything until a device owes the desk something; then takes the device off the network
/// before that has reached the relay. The job that it owes.
fn cut_off_owing_the_desk(world: &mut World, from: usize) -> u64 {
    let desk = world.channel_id(ChannelKind::Desk);
    for _ in 0..100 {
        for id in 0..world.devices.len() {
            let entries = world.relay.channels[&desk].log.len();
            for frame in world.relay.stream(id) {
                world.turn(id, Input::Received(vec![frame.encode()]));
            }
            let owed = |job: &Job| matches!(job, Job::Event { kind: ChannelKind::Desk, .. });
            let job = world.core(from).outbox.iter().find(|(_, job)| owed(job)).map(|(id, _)| *id);
            if let Some(job) = job {
                world.disconnect(from);
                let log = &mut world.relay.channels.get_mut(&desk).expect("a desk").log;
                log.truncate(entries);
                return job;
            }
            world.step(id);
        }
    }
    panic!("nothing is owed to the desk");
}

#[test]
fn the_desk_learns_where_its_mailbox_is_though_the_committer_is_gone() {
    let (mut world, ids) = network();
    let (verifier, other) = (ids[3], ids[4]);
    revoke(&mut world, [ids[0], ids[1]], other);
    let job = cut_off_owing_the_desk(&mut world, ids[1]);
    // Its disk loses its last write.
    world.core(ids[1]).finish_job(job);
    world.pass(60_000);
    let incident = report(&mut world, ids[5], false);
    let known = |id| world.view(id).incidents.iter().any(|known| known.id == incident.to_string());
    assert!(known(verifier), "the report reaches the desk");
    assert!(!known(other), "and nobody who has left it");
}

/// Seed 700016: the secret of the first of two moves came after the second.
#[test]
fn a_report_posted_between_two_moves_of_the_desk_reaches_it() {
    let (mut world, ids) = network();
    let (verifier, first, second) = (ids[3], ids[4], ids[6]);
    world.grant(&ids[..2], second, Role::Verifier);
    revoke(&mut world, [ids[0], ids[1]], first);
    cut_off_owing_the_desk(&mut world, ids[1]);
    world.settle();
    let incident = report(&mut world, ids[5], false);
    revoke(&mut world, [ids[0], ids[2]], second);
    world.settle();
    world.connect(ids[1]);
    world.pass(60_000);
    let known = |id| world.view(id).incidents.iter().any(|known| known.id == incident.to_string());
    assert!(known(verifier), "the report reaches the desk");
    assert!(!known(first) && !known(second), "and nobody who has left it");
}

/// Seeds 700033, 700114, 700388 and 90263.
#[test]
fn a_plea_queued_before_the_access_key_rotated_goes_by_mail() {
    let (mut world, ids) = network();
    let (verifier, other) = (ids[3], ids[4]);
    let incident = report(&mut world, ids[5], false);
    let yesterday = world.devices[verifier].rows.clone();
    attest(&mut world, verifier, incident, Finding::Confirmed);
    attest(&mut world, other, incident, Finding::Nothing);
    // Put back once, it rejoins with a fresh leaf; put back again, it can't follow from there on.
    world.restart(verifier, yesterday.clone());
    world.pass(300_000);
    assert!(world.view(verifier).warnings.is_empty());
    queue_a_plea(&mut world, verifier, yesterday);
    // Meanwhile somebody leaves the desk: its access key rotates.
    revoke(&mut world, [ids[0], ids[1]], other);
    world.pass(60_000);
    world.connect(verifier);
    world.pass(600_000);
    let view = world.view(verifier);
    assert_eq!((view.stage, view.warnings), (Stage::Member, vec![]));
    assert!(!world.channel(verifier, ChannelKind::Desk).meta.lost, "at the desk again");
}

/// The committee's device that comes first may answer a plea and keep the Welcome to itself.
#[test]
fn a_committee_device_that_withholds_welcomes_keeps_nobody_out() {
    let (mut world, ids) = network();
    let first = ids[..3].iter().copied().find(|id| world.devices[*id].core.rank() == Some(0));
    let first = first.expect("one comes first");
    world.devices[first].posts_nothing = true;
    let (verifier, others) = (ids[3], [ids[4], ids[5], ids[6], ids[7]]);
    let yesterday = world.devices[verifier].rows.clone();
    let incident = report(&mut world, ids[5], false);
    // Members answer too, later than the committee: not while they are away.
    others.iter().for_each(|other| world.disconnect(*other));
    attest(&mut world, verifier, incident, Finding::Confirmed);
    world.pass(60_000);
    world.restart(verifier, yesterday);
    world.pass(3_600_000);
    let view = world.view(verifier);
    assert_eq!((view.stage, view.warnings), (Stage::Member, vec![]));
    assert!(!world.channel(verifier, ChannelKind::Desk).meta.lost, "at the desk again");
}

/// The same for a plea that goes by mail: it is made again before the day is over.
#[test]
fn a_plea_by_mail_whose_answer_was_withheld_is_made_again_within_the_hour() {
    let mut withheld = 0;
    for insider in 0..3 {
        let (mut world, ids) = network();
        let (verifier, other) = (ids[3], ids[4]);
        let incident = report(&mut world, ids[5], false);
        let yesterday = world.devices[verifier].rows.clone();
        attest(&mut world, verifier, incident, Finding::Confirmed);
        world.restart(verifier, yesterday.clone());
        world.pass(300_000);
        queue_a_plea(&mut world, verifier, yesterday);
        revoke(&mut world, [ids[0], ids[1]], other);
        world.pass(60_000);
        world.devices[ids[insider]].posts_nothing = true;
        world.connect(verifier);
        world.pass(60_000);
        withheld += usize::from(world.channel(verifier, ChannelKind::Desk).meta.lost);
        world.pass(3_600_000);
        assert!(!world.channel(verifier, ChannelKind::Desk).meta.lost, "at the desk again");
    }
    assert_eq!(withheld, 1, "one of them answers first");
}

/// Each plea has to ask for a later leaf than the ones before, which a device that was put back does not
/// know of: of two from the same state the second was never taken while the first leaf was in the future.
#[test]
fn whoever_came_back_with_a_fast_clock_and_is_put_back_twice_gets_in() {
    let (mut world, ids) = network();
    let verifier = ids[3];
    let incidents = [5, 6].map(|reporter| report(&mut world, ids[reporter], false));
    let rows = world.devices[verifier].rows.clone();
    attest(&mut world, verifier, incidents[0], Finding::Confirmed);
    world.devices[verifier].clock = 30 * 86_400_000;
    world.restart(verifier, rows);
    world.pass(600_000);
    world.disconnect(verifier);
    world.devices[verifier].clock = 0;
    world.connect(verifier);
    world.settle();
    let rows = world.devices[verifier].rows.clone();
    attest(&mut world, verifier, incidents[1], Finding::Confirmed);
    for times in 1..=2 {
        world.restart(verifier, rows.clone());
        world.pass(1_200_000);
        assert!(!world.channel(verifier, ChannelKind::Desk).meta.lost, "put back {times} times");
    }
    assert!(world.view(verifier).warnings.is_empty());
}

/// A device that can't follow the desk's log never opens the entry that removes it there.
#[test]
fn whoever_lost_the_role_while_astray_at_the_desk_is_done_with_it() {
    let (mut world, ids) = network();
    let verifier = ids[3];
    let incident = report(&mut world, ids[5], false);
    let yesterday = world.devices[verifier].rows.clone();
    attest(&mut world, verifier, incident, Finding::Confirmed);
    // Put back once, it comes back with a fresh leaf; put back again, it reads nothing from there on.
    world.restart(verifier, yesterday.clone());
    world.pass(300_000);
    world.disconnect(verifier);
    revoke(&mut world, [ids[0], ids[1]], verifier);
    world.restart(verifier, yesterday);
    world.connect(verifier);
    world.pass(600_000);
    let view = world.view(verifier);
    assert_eq!((view.stage, view.warnings, view.caught_up), (Stage::Member, vec![], true));
    assert!(!world.core(verifier).channels.contains_key(&ChannelKind::Desk), "it has left");
    // And it comes back with the role.
    world.grant(&ids[..2], verifier, Role::Verifier);
    world.pass(60_000);
    assert!(world.core(verifier).channels.contains_key(&ChannelKind::Desk), "at the desk again");
}

/// The request that a device last posted a report with.
fn last_post(world: &World, by: usize) -> u32 {
    let sent = world.sent.iter().rev().filter(|(id, _, bytes)| *id == by && !bytes.is_empty());
    let mut posts = sent.filter_map(|(_, _, bytes)| match ClientFrame::decode(bytes) {
        Ok(ClientFrame::Post { request, .. }) => Some(request),
        _ => None,
    });
    posts.next().expect("a post")
}

/// A connection that said hello twice numbered its requests anew.
#[test]
fn a_late_answer_confirms_no_later_request() {
    let (mut world, ids) = network();
    let reporter = ids[5];
    world.connect(reporter);
    world.settle();
    report(&mut world, reporter, false);
    let first = last_post(&world, reporter);
    let hello = RelayFrame::Hello {
        version: 1,
        nonce: Secret([9; 32]),
        now: world.now,
        push_key: None,
        restored: None,
    };
    world.connect(reporter);
    world.turn(reporter, Input::Received(vec![hello.encode()]));
    world.settle();
    let Ok(Reply::Incident(second)) = world.command(reporter, Command::Report(form(false))) else {
        panic!("a report")
    };
    let late = RelayFrame::Done { request: first };
    world.turn(reporter, Input::Received(vec![late.encode()]));
    let view = world.view(reporter);
    let own = view.incidents.iter().find(|incident| incident.id == second.to_string()).unwrap();
    assert_eq!(own.status, Status::WaitingToSend, "the relay has not answered yet");
}
