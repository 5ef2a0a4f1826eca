//! The relay is put back to an earlier copy of itself. Its devices are not: they put back what it has
//! lost, and whoever can't be followed is told and let in again.

use campana_core::view::{PersonState, Stage, Status, Warning};
use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, RelayFrame};
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::id::IncidentId;
use campana_protocol::report::Finding;

use super::network;
use super::relay::Relay;
use super::rig::{World, attest, report};
use crate::command::{Command, Reply};
use crate::turn::NoticeKind;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;
const MINUTES: u64 = 60_000;

/// The relay goes on from a copy; every device that is online connects anew.
fn restore(world: &mut World, copy: &Relay) {
    world.relay.restore(copy.clone());
    for id in 0..world.devices.len() {
        if world.devices[id].online {
            world.disconnect(id);
            world.connect(id);
        }
    }
    world.settle();
}

fn warns(world: &World, id: usize, warning: Warning) -> bool {
    world.view(id).warnings.contains(&warning)
}

/// A report that two verifiers confirm.
fn alert(world: &mut World, reporter: usize, verifiers: [usize; 2]) -> IncidentId {
    let incident = report(world, reporter, false);
    verifiers.into_iter().for_each(|verifier| attest(world, verifier, incident, Finding::Confirmed));
    world.pass(MINUTES);
    incident
}

fn rings(world: &World, id: usize, incident: IncidentId) -> usize {
    let rung =
        |notice: &&crate::turn::NoticeId| (notice.incident, notice.kind) == (incident, NoticeKind::Alert);
    world.devices[id].notices.iter().filter(rung).count()
}

fn has(world: &World, id: usize, incident: IncidentId, status: Status) -> bool {
    let incident = incident.to_string();
    world.view(id).incidents.iter().any(|known| known.id == incident && known.status == status)
}

/// Everybody is where everybody else is, nobody warns, and a new alert rings everywhere once.
fn goes_on(world: &mut World, ids: &[usize], reporter: usize, verifiers: [usize; 2]) {
    let quiet = |w: &Warning| !matches!(w, Warning::SingleCommittee);
    for id in ids {
        let warnings: Vec<Warning> = world.view(*id).warnings.into_iter().filter(quiet).collect();
        assert_eq!(warnings, [], "device {id}");
    }
    world.assert_converged(ids);
    let incident = alert(world, reporter, verifiers);
    for id in ids {
        assert!(has(world, *id, incident, Status::Verified), "device {id}");
        assert_eq!(rings(world, *id, incident), 1, "device {id}");
    }
    world.assert_converged(ids);
}

#[test]
fn an_alert_that_a_restored_relay_lost_reaches_who_had_not_read_it_and_rings_nobody_twice() {
    let (mut world, ids) = network();
    let asleep = ids[7];
    world.disconnect(asleep);
    let copy = world.relay.clone();
    let incident = alert(&mut world, ids[5], [ids[3], ids[4]]);
    restore(&mut world, &copy);
    assert!(warns(&world, ids[6], Warning::RelayRestored), "it is said at once");
    world.pass(10 * MINUTES);
    world.connect(asleep);
    world.pass(MINUTES);
    for id in &ids {
        assert!(has(&world, *id, incident, Status::Verified), "device {id}");
        assert_eq!(rings(&world, *id, incident), 1, "device {id}");
    }
    goes_on(&mut world, &ids, ids[6], [ids[3], ids[4]]);
}

#[test]
fn a_role_that_a_restored_relay_lost_is_there_again() {
    let (mut world, ids) = network();
    let copy = world.relay.clone();
    world.grant(&ids[..2], ids[5], Role::Verifier);
    restore(&mut world, &copy);
    world.pass(10 * MINUTES);
    goes_on(&mut world, &ids, ids[6], [ids[3], ids[5]]);
}

#[test]
fn a_report_that_a_restored_relay_lost_is_posted_again() {
    let (mut world, ids) = network();
    let desk = [ids[0], ids[1], ids[2], ids[3], ids[4]];
    desk.into_iter().for_each(|id| world.disconnect(id));
    let copy = world.relay.clone();
    let incident = report(&mut world, ids[5], false);
    assert!(has(&world, ids[5], incident, Status::Sent));
    restore(&mut world, &copy);
    world.pass(5 * MINUTES);
    desk.into_iter().for_each(|id| world.connect(id));
    world.pass(10 * MINUTES);
    for verifier in [ids[3], ids[4]] {
        assert!(has(&world, verifier, incident, Status::Unverified));
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    world.pass(MINUTES);
    assert!(has(&world, ids[6], incident, Status::Verified));
    goes_on(&mut world, &ids, ids[6], [ids[3], ids[4]]);
}

fn remove(world: &mut World, committee: &[usize], whom: usize) {
    let person = world.key(whom);
    let Ok(Reply::Draft(draft)) = world.command(committee[0], Command::Remove { person }) else {
        panic!("a draft")
    };
    world.settle();
    for other in &committee[1..] {
        world.command(*other, Command::Approve(draft)).expect("a signature");
        world.settle();
    }
    world.pass(MINUTES);
}

#[test]
fn a_removal_that_a_restored_relay_lost_lets_nobody_back_in() {
    let (mut world, ids) = network();
    let (out, stays) = (ids[7], &ids[..7]);
    let copy = world.relay.clone();
    let before = world.channel(out, BROADCAST).access();
    let rows = world.devices[out].rows.clone();
    remove(&mut world, &ids[..2], out);
    let after = world.channel(ids[5], BROADCAST).access();
    assert_ne!(before, after);
    // Whoever was removed goes on from a copy that knows nothing of it.
    world.restart(out, rows);
    world.disconnect(out);
    restore(&mut world, &copy);
    world.connect(out);
    world.settle();
    let channel = world.channel_id(BROADCAST);
    world.pass(10 * MINUTES);
    assert_eq!(world.relay.channels[&channel].access.last().expect("a key").0, after);
    assert_eq!(world.view(out).stage, Stage::Removed);
    goes_on(&mut world, stays, ids[6], [ids[3], ids[4]]);
    assert!(world.view(out).incidents.is_empty());
}

#[test]
fn nothing_of_a_member_goes_out_before_a_lost_removal_is_back() {
    let (mut world, ids) = network();
    let (out, stays) = (ids[7], &ids[..7]);
    let copy = world.relay.clone();
    remove(&mut world, &ids[..2], out);
    let incident = report(&mut world, ids[5], false);
    let committee = [ids[0], ids[1], ids[2]];
    committee.into_iter().for_each(|id| world.disconnect(id));
    restore(&mut world, &copy);
    let log = |world: &World| world.relay.channels[&world.channel_id(BROADCAST)].log.len();
    let short = log(&world);
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    world.settle();
    assert_eq!(log(&world), short, "it waits");
    // Members put back what was there, and send nothing of their own.
    world.pass(30 * MINUTES);
    let channel = world.channel_id(BROADCAST);
    assert_eq!(log(&world) as u64, world.channel(ids[5], BROADCAST).meta.cursor);
    assert!(world.relay.channels[&channel].restored);
    assert!(!has(&world, ids[5], incident, Status::Verified));
    assert!(warns(&world, ids[5], Warning::RelayRestored));
    committee.into_iter().for_each(|id| world.connect(id));
    world.pass(10 * MINUTES);
    assert!(has(&world, ids[5], incident, Status::Verified));
    goes_on(&mut world, stays, ids[6], [ids[3], ids[4]]);
}

#[test]
fn somebody_whose_admission_a_restored_relay_lost_comes_in() {
    let (mut world, mut ids) = network();
    let link = world.invite(ids[0], false);
    let copy = world.relay.clone();
    let late = world.join(&link, "late");
    world.disconnect(late);
    world.admit_all(ids[0]);
    world.pass(MINUTES);
    restore(&mut world, &copy);
    world.connect(late);
    world.pass(10 * MINUTES);
    assert_eq!(world.view(late).stage, Stage::Member);
    ids.push(late);
    goes_on(&mut world, &ids, ids[6], [ids[3], ids[4]]);
    let people = world.view(ids[0]).committee.expect("committee").people;
    assert!(people.iter().all(|person| person.state != PersonState::Waiting));
}

#[test]
fn what_its_sender_can_not_put_back_any_more_others_do() {
    let (mut world, ids) = network();
    let copy = world.relay.clone();
    let incident = report(&mut world, ids[5], false);
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    world.pass(MINUTES);
    world.grant(&ids[..2], ids[6], Role::Verifier);
    // Both verifiers and those who signed the role are gone.
    for gone in [ids[0], ids[1], ids[3], ids[4], ids[5]] {
        world.disconnect(gone);
    }
    restore(&mut world, &copy);
    world.pass(10 * MINUTES);
    for id in [ids[2], ids[6], ids[7]] {
        assert!(has(&world, id, incident, Status::Verified));
        assert!(!warns(&world, id, Warning::RelayRestored));
    }
    for id in &ids {
        world.connect(*id);
    }
    world.pass(10 * MINUTES);
    goes_on(&mut world, &ids, ids[7], [ids[6], ids[4]]);
}

/// Those who know what is lost come back when the log has gone on without it.
#[test]
fn whoever_the_log_went_on_without_is_told_and_let_in_again() {
    let (mut world, ids) = network();
    let copy = world.relay.clone();
    let committee = [ids[0], ids[1], ids[2]];
    committee.into_iter().for_each(|id| world.disconnect(id));
    let away = [ids[3], ids[4], ids[5], ids[6]];
    let incident = report(&mut world, ids[5], false);
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    world.pass(MINUTES);
    assert!(has(&world, ids[6], incident, Status::Verified));
    away.into_iter().for_each(|id| world.disconnect(id));
    world.disconnect(ids[7]);
    world.relay.restore(copy);
    committee.into_iter().for_each(|id| world.connect(id));
    world.pass(10 * MINUTES);
    // The committee's devices know of nothing that is missing, and another alert has the place.
    away.into_iter().for_each(|id| world.connect(id));
    world.connect(ids[7]);
    world.settle();
    assert!(warns(&world, ids[6], Warning::LogLost));
    assert!(!warns(&world, ids[6], Warning::Forked));
    world.pass(30 * MINUTES);
    for id in &ids {
        assert!(has(&world, *id, incident, Status::Verified), "device {id}: it is said again");
        assert!(rings(&world, *id, incident) <= 1, "device {id}");
    }
    goes_on(&mut world, &ids, ids[6], [ids[3], ids[4]]);
}

#[test]
fn a_relay_can_be_restored_twice_in_a_row_and_while_it_is_put_back() {
    let (mut world, ids) = network();
    let first = world.relay.clone();
    let one = alert(&mut world, ids[5], [ids[3], ids[4]]);
    let second = world.relay.clone();
    let two = alert(&mut world, ids[6], [ids[3], ids[4]]);
    restore(&mut world, &second);
    world.pass(20_000);
    restore(&mut world, &first);
    world.pass(10 * MINUTES);
    restore(&mut world, &first);
    world.pass(10 * MINUTES);
    for id in &ids {
        for incident in [one, two] {
            assert!(has(&world, *id, incident, Status::Verified), "device {id}");
            assert_eq!(rings(&world, *id, incident), 1, "device {id}");
        }
    }
    goes_on(&mut world, &ids, ids[6], [ids[3], ids[4]]);
}

/// An owner that is behind has queued what ends an earlier restoring.
#[test]
fn what_ended_one_restoring_ends_no_other() {
    let (mut world, ids) = network();
    let copy = world.relay.clone();
    let behind = ids[2];
    world.disconnect(behind);
    let incident = alert(&mut world, ids[5], [ids[3], ids[4]]);
    ids.iter().filter(|id| **id != behind).for_each(|id| world.disconnect(*id));
    world.core(behind).push_job(crate::state::Job::Restore { kind: BROADCAST, attempt: None });
    world.relay.restore(copy);
    world.connect(behind);
    world.pass(MINUTES);
    let channel = world.channel_id(BROADCAST);
    assert!(world.relay.channels[&channel].restored);
    ids.iter().for_each(|id| world.connect(*id));
    world.pass(10 * MINUTES);
    assert!(ids.iter().all(|id| has(&world, *id, incident, Status::Verified)));
    goes_on(&mut world, &ids, ids[6], [ids[3], ids[4]]);
}

/// A device that is to be let in again is let in though the relay is restored once more.
#[test]
fn a_device_that_lost_its_place_is_let_in_after_another_restoring() {
    let (mut world, ids) = network();
    let copy = world.relay.clone();
    let ahead = ids[6];
    ids.iter().filter(|id| **id != ahead).for_each(|id| world.disconnect(*id));
    report(&mut world, ahead, false);
    let control = world.channel(ahead, BROADCAST).meta.last_control;
    let body = campana_protocol::handshake::EntryBody::Application(vec![1]);
    world.put(BROADCAST, campana_protocol::frame::Class::Update, &body);
    world.settle();
    assert_eq!(world.channel(ahead, BROADCAST).meta.last_control, control);
    world.disconnect(ahead);
    world.relay.restore(copy);
    let committee = [ids[0], ids[1], ids[2]];
    committee.into_iter().for_each(|id| world.connect(id));
    world.pass(5 * MINUTES);
    committee.into_iter().for_each(|id| world.disconnect(id));
    world.connect(ahead);
    world.settle();
    assert!(warns(&world, ahead, Warning::LogLost));
    let again = world.relay.clone();
    restore(&mut world, &again);
    ids.iter().for_each(|id| world.connect(*id));
    world.pass(30 * MINUTES);
    goes_on(&mut world, &ids, ahead, [ids[3], ids[4]]);
}

#[test]
fn each_entry_is_put_back_once_though_everybody_could() {
    let (mut world, ids) = network();
    let copy = world.relay.clone();
    alert(&mut world, ids[5], [ids[3], ids[4]]);
    let entries = |relay: &Relay| relay.channels.values().map(|channel| channel.log.len()).sum::<usize>();
    let lost = entries(&world.relay) - entries(&copy);
    let logs: Vec<_> = world.relay.channels.values().map(|channel| channel.log.clone()).collect();
    restore(&mut world, &copy);
    world.pass(MINUTES);
    assert_eq!(world.relay.put_back, lost);
    for (channel, before) in world.relay.channels.values().zip(logs) {
        let same = channel.log.iter().zip(&before).all(|(now, then)| {
            (now.seq, now.class, now.record, &now.body) == (then.seq, then.class, then.record, &then.body)
        });
        assert!(same && channel.log.len() == before.len());
    }
    let tries = world
        .sent
        .iter()
        .filter(|(_, _, bytes)| matches!(ClientFrame::decode(bytes), Ok(ClientFrame::PutBack { .. })));
    assert!(tries.count() < 4 * lost, "the others see that it is done");
}

/// "Restored" makes devices send again, and take nothing that they would not take otherwise.
#[test]
fn a_relay_that_says_that_it_was_restored_puts_no_other_entry_at_a_place() {
    let (mut world, ids) = network();
    let reader = ids[6];
    let incident = alert(&mut world, ids[5], [ids[3], ids[4]]);
    let channel = world.channel_id(BROADCAST);
    let place = world.channel(reader, BROADCAST).meta.cursor;
    for id in &ids {
        world.disconnect(*id);
    }
    let copy = world.relay.clone();
    world.relay.restore(copy);
    let log = &mut world.relay.channels.get_mut(&channel).expect("a channel").log;
    let last = log.last_mut().expect("an entry");
    (last.record.0[0], last.body) = (1, b"another".to_vec().into());
    world.connect(reader);
    world.settle();
    let meta = &world.channel(reader, BROADCAST).meta;
    assert!(meta.log_lost && meta.lost && meta.cursor == place);
    assert!(warns(&world, reader, Warning::LogLost));
    assert!(has(&world, reader, incident, Status::Verified));
    assert_eq!(world.relay.put_back, 0);
}

/// A log that is shorter at a relay that was not restored is a fork, as ever.
#[test]
fn a_log_that_gets_shorter_without_a_restoring_is_a_fork() {
    let (mut world, ids) = network();
    let channel = world.channel_id(BROADCAST);
    alert(&mut world, ids[5], [ids[3], ids[4]]);
    world.disconnect(ids[6]);
    world.relay.channels.get_mut(&channel).expect("a channel").log.pop();
    world.connect(ids[6]);
    world.settle();
    assert!(warns(&world, ids[6], Warning::Forked));
    let meta = &world.channel(ids[6], BROADCAST).meta;
    assert!(!meta.lost && !meta.log_lost);
}

/// What nobody has any more is gone; a decision among it leads nobody back to before it.
#[test]
fn a_lost_decision_that_nobody_can_put_back_is_said_to_whom_it_concerns() {
    let (mut world, ids) = network();
    let copy = world.relay.clone();
    // A committee device and a member that know of nothing.
    let behind = [ids[2], ids[7]];
    behind.into_iter().for_each(|id| world.disconnect(id));
    world.grant(&ids[..2], ids[5], Role::Verifier);
    let ahead: Vec<usize> = ids.iter().copied().filter(|id| !behind.contains(id)).collect();
    ahead.iter().for_each(|id| world.disconnect(*id));
    world.relay.restore(copy);
    behind.into_iter().for_each(|id| world.connect(id));
    world.pass(10 * MINUTES);
    ahead.iter().for_each(|id| world.connect(*id));
    world.pass(30 * MINUTES);
    for id in &ahead {
        assert!(warns(&world, *id, Warning::LogLost), "device {id}");
        let head = world.channel(*id, BROADCAST).governance.head();
        let other = world.channel(ids[2], BROADCAST).governance.head();
        assert_ne!(head, other, "device {id} forgets no decision");
    }
}

#[test]
fn a_member_with_a_former_key_puts_back_and_nothing_else() {
    let (mut world, ids) = network();
    let copy = world.relay.clone();
    remove(&mut world, &ids[..2], ids[7]);
    for id in &ids {
        world.disconnect(*id);
    }
    world.relay.restore(copy);
    world.connect(ids[6]);
    world.settle();
    assert!(world.core(ids[6]).session.former_keys.contains_key(&BROADCAST));
    world.pass(10 * MINUTES);
    let channel = world.channel_id(BROADCAST);
    let cursor = world.channel(ids[6], BROADCAST).meta.cursor;
    assert_eq!(world.relay.channels[&channel].log.len() as u64, cursor);
    let append = ClientFrame::Append {
        request: 9_000,
        channel,
        record: campana_protocol::id::RecordId([7; 16]),
        class: campana_protocol::frame::Class::Update,
        control_seq: world.channel(ids[6], BROADCAST).meta.last_control,
        rotate: None,
        body: vec![1].into(),
    };
    let answer = world.relay.handle(ids[6], world.now, append);
    assert!(matches!(answer[..], [RelayFrame::Refused { code: Code::Restored, .. }]), "{answer:?}");
}
