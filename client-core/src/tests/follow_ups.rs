//! One person's word ends no alert, and closes no report.

use campana_core::NoticeKind;
use campana_core::view::{IncidentView, Status};
use campana_protocol::governance::Role;
use campana_protocol::id::IncidentId;
use campana_protocol::report::{Finding, FollowUpKind, Method};

use super::network;
use super::rig::{World, attest, report};
use crate::command::{Command, CommandError};

fn verified(world: &mut World, ids: &[usize]) -> IncidentId {
    let incident = report(world, ids[7], false);
    attest(world, ids[3], incident, Finding::Confirmed);
    attest(world, ids[4], incident, Finding::Confirmed);
    incident
}

fn say(world: &mut World, by: usize, incident: IncidentId, kind: FollowUpKind) {
    world.command(by, Command::FollowUp { incident, kind }).expect("somebody at the desk");
    world.settle();
}

fn kinds(world: &World, id: usize) -> Vec<NoticeKind> {
    world.devices[id].notices.iter().map(|notice| notice.kind).collect()
}

fn said(view: &IncidentView) -> Vec<(&'static str, usize, usize, bool)> {
    view.said.iter().map(|said| (said.kind, said.count, said.missing, said.mine)).collect()
}

#[test]
fn one_persons_word_ends_no_alert_and_as_many_as_verify_one_do() {
    for (kind, word, one, all, status) in [
        (
            FollowUpKind::FalseAlarm,
            "false-alarm",
            NoticeKind::SaidFalseAlarm,
            NoticeKind::FalseAlarm,
            Status::FalseAlarm,
        ),
        (
            FollowUpKind::AllClear,
            "all-clear",
            NoticeKind::SaidAllClear,
            NoticeKind::AllClear,
            Status::AllClear,
        ),
    ] {
        let (mut world, ids) = network();
        let incident = verified(&mut world, &ids);
        say(&mut world, ids[3], incident, kind);
        for id in &ids {
            let view = world.incident(*id).unwrap();
            assert_eq!((view.status, view.notice), (Status::Verified, Some(NoticeKind::Alert)));
            assert_eq!(said(&view), [(word, 1, 1, *id == ids[3])]);
            assert_eq!(kinds(&world, *id)[kinds(&world, *id).len() - 2..], [NoticeKind::Alert, one]);
        }
        // The same again, by the same person: no second one.
        let again = Command::FollowUp { incident, kind };
        assert_eq!(world.command(ids[3], again), Err(CommandError::AlreadyDone));
        assert!(world.incident(ids[4]).unwrap().may_follow_up);
        say(&mut world, ids[4], incident, kind);
        for id in &ids {
            let view = world.incident(*id).unwrap();
            assert_eq!((view.status, said(&view).len()), (status, 0));
            assert_eq!(kinds(&world, *id).last(), Some(&all));
            let rows = world.devices[*id].rows.clone();
            let before = kinds(&world, *id);
            world.restart(*id, rows);
            assert_eq!(kinds(&world, *id), before, "nothing is shown again");
        }
    }
}

#[test]
fn a_word_that_comes_with_the_alert_takes_nothing_from_it() {
    let (mut world, ids) = network();
    let late = ids[6];
    world.disconnect(late);
    let incident = verified(&mut world, &ids);
    say(&mut world, ids[3], incident, FollowUpKind::FalseAlarm);
    world.connect(late);
    world.settle();
    assert_eq!(kinds(&world, late), [NoticeKind::Alert, NoticeKind::SaidFalseAlarm]);
    // A phone whose notice of the word was shown first, and that died then, still owes the alert.
    let core = world.core(late);
    let known = core.incidents.get_mut(&incident).unwrap();
    known.shown = None;
    world.devices[late].notices.clear();
    world.turn(late, crate::turn::Input::Resume);
    assert_eq!(kinds(&world, late), [NoticeKind::Alert]);
}

#[test]
fn two_who_say_different_things_end_nothing() {
    let (mut world, ids) = network();
    let incident = verified(&mut world, &ids);
    say(&mut world, ids[3], incident, FollowUpKind::AllClear);
    say(&mut world, ids[4], incident, FollowUpKind::FalseAlarm);
    let view = world.incident(ids[6]).unwrap();
    assert_eq!(view.status, Status::Verified);
    assert_eq!(said(&view), [("false-alarm", 1, 1, false), ("all-clear", 1, 1, false)]);
}

#[test]
fn a_false_alarm_after_an_all_clear_is_shown_to_whoever_saw_the_all_clear() {
    let (mut world, ids) = network();
    world.grant(&ids[..2], ids[5], Role::Dispatcher);
    let incident = verified(&mut world, &ids);
    for by in [ids[3], ids[5]] {
        say(&mut world, by, incident, FollowUpKind::AllClear);
    }
    assert_eq!(kinds(&world, ids[6]).last(), Some(&NoticeKind::AllClear));
    say(&mut world, ids[4], incident, FollowUpKind::FalseAlarm);
    assert_eq!(kinds(&world, ids[6]).last(), Some(&NoticeKind::SaidFalseAlarm));
    say(&mut world, ids[3], incident, FollowUpKind::FalseAlarm);
    assert_eq!(kinds(&world, ids[6]).last(), Some(&NoticeKind::FalseAlarm));
    assert_eq!(world.incident(ids[6]).unwrap().status, Status::FalseAlarm);
}

#[test]
fn whoever_has_lost_the_role_ends_nothing() {
    let (mut world, ids) = network();
    world.grant(&ids[..2], ids[5], Role::Dispatcher);
    let incident = verified(&mut world, &ids);
    say(&mut world, ids[3], incident, FollowUpKind::AllClear);
    let person = world.key(ids[3]);
    let revoke = Command::Revoke { person, role: Role::Verifier };
    let Ok(crate::command::Reply::Draft(id)) = world.command(ids[0], revoke) else { panic!("a draft") };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    say(&mut world, ids[4], incident, FollowUpKind::AllClear);
    assert_eq!(world.incident(ids[6]).unwrap().status, Status::Verified);
    say(&mut world, ids[5], incident, FollowUpKind::AllClear);
    assert_eq!(world.incident(ids[6]).unwrap().status, Status::AllClear);
}

#[test]
fn one_is_enough_under_the_first_rules_as_it_was() {
    let (mut world, ids) = network();
    let incident = verified(&mut world, &ids);
    world.first_rules();
    say(&mut world, ids[3], incident, FollowUpKind::AllClear);
    for id in &ids {
        assert_eq!(world.incident(*id).unwrap().status, Status::AllClear);
        assert_eq!(kinds(&world, *id).last(), Some(&NoticeKind::AllClear));
    }
}

#[test]
fn a_device_that_comes_back_learns_what_was_said() {
    let (mut world, ids) = network();
    let incident = verified(&mut world, &ids);
    let back = ids[6];
    let yesterday = world.devices[back].rows.clone();
    world.pass(60_000);
    say(&mut world, ids[3], incident, FollowUpKind::AllClear);
    let events =
        world.core(ids[0]).snapshot_events(campana_protocol::governance::ChannelKind::Broadcast, true);
    world.restart(back, yesterday);
    let now = world.now;
    let core = world.core(back);
    core.incidents.clear();
    core.take_snapshot_events(now, campana_protocol::governance::ChannelKind::Broadcast, &events);
    assert_eq!(said(&world.incident(back).unwrap()), [("all-clear", 1, 1, false)]);
}

#[test]
fn one_who_finds_nothing_closes_no_report_and_can_take_it_back() {
    let (mut world, ids) = network();
    world.grant(&ids[..2], ids[5], Role::Dispatcher);
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Nothing);
    for id in [ids[3], ids[4], ids[5]] {
        let view = world.incident(id).unwrap();
        assert_eq!(view.status, Status::Unverified, "it stays in the queue of device {id}");
        assert_eq!((view.may_attest, view.may_change), (id == ids[4], id == ids[3]));
    }
    attest(&mut world, ids[4], incident, Finding::Nothing);
    assert_eq!(world.incident(ids[5]).unwrap().status, Status::NotConfirmed);
    assert!(world.incident(ids[4]).unwrap().may_change, "and there is a way back");
    // Both look again.
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    assert_eq!(world.incident(ids[5]).unwrap().status, Status::Unverified);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    assert_eq!(world.incident(ids[6]).unwrap().status, Status::Verified);
    let back = Command::Attest { incident, finding: Finding::Nothing, method: Method::InPerson };
    assert_eq!(world.command(ids[3], back), Err(CommandError::AlreadyDone));
}
