//! A relay that does not take what it is sent: it is asked again, ever more seldom.

use campana_core::view::{Status, Warning};
use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame};
use campana_protocol::governance::Role;
use campana_protocol::report::{Finding, FollowUpKind};

use super::network;
use super::rig::{attest, report};
use crate::command::{Command, CommandError, Reply, ZoneChange};
use crate::duty::Duty;

#[test]
fn what_needs_an_update_waits_and_is_not_hammered_at() {
    let (mut world, ids) = network();
    world.relay.refusing = Some((|frame| matches!(frame, ClientFrame::Post { .. }), Code::Unsupported));
    report(&mut world, ids[7], false);
    assert!(world.view(ids[7]).warnings.contains(&Warning::UpdateNeeded));
    assert_eq!(world.relay.refused, 1, "not in the same breath");
    world.pass(3_600_000);
    assert!((5..=25).contains(&world.relay.refused), "{} requests in an hour", world.relay.refused);
    world.relay.refusing = None;
    world.pass(300_000);
    assert_eq!(world.view(ids[7]).unsent, 0);
    assert_eq!(world.incident(ids[3]).expect("the report").status, Status::Unverified);
}

#[test]
fn a_commit_that_is_refused_is_made_anew_ever_more_seldom() {
    let (mut world, ids) = network();
    let control = |frame: &ClientFrame| matches!(frame, ClientFrame::Append { class: Class::Control, .. });
    world.relay.refusing = Some((control, Code::TooLong));
    let link = world.invite(ids[0], false);
    world.join(&link, "late");
    world.disconnect(ids[1]);
    world.disconnect(ids[2]);
    world.admit_all(ids[0]);
    world.pass(3_600_000);
    assert!((5..=25).contains(&world.relay.refused), "{} commits in an hour", world.relay.refused);
    world.relay.refusing = None;
    world.pass(300_000);
    assert_eq!(world.view(ids[0]).network.expect("a network").members, ids.len() + 1);
}

#[test]
fn whose_turn_it_is_does_not_hang_on_a_clock_that_was_set_back() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    // The one whose turn it is can't, and goes; the next one has waited since tomorrow.
    let alerts = |frame: &ClientFrame| matches!(frame, ClientFrame::Append { class: Class::Alert, .. });
    world.relay.refusing = Some((alerts, Code::Busy));
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    for id in [ids[0], ids[1], ids[2], ids[4]] {
        world.disconnect(id);
    }
    world.relay.refusing = None;
    let tomorrow = world.now + super::rig::DAY;
    let waiting = &mut world.core(ids[3]).waiting;
    assert!(waiting.insert(Duty::Alert(incident), tomorrow).is_some(), "it waits");
    world.pass(60_000);
    assert_eq!(world.incident(ids[6]).expect("the alert").status, Status::Verified);
}

#[test]
fn nothing_follows_twice_while_it_is_on_its_way() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    world.disconnect(ids[3]);
    let follow = |kind| Command::FollowUp { incident, kind };
    world.command(ids[3], follow(FollowUpKind::AllClear)).expect("a verifier");
    assert_eq!(world.command(ids[3], follow(FollowUpKind::AllClear)), Err(CommandError::AlreadyDone));
    assert!(!world.incident(ids[3]).expect("the alert").may_follow_up);
    world.command(ids[3], follow(FollowUpKind::FalseAlarm)).expect("outranks it");
    for kind in [FollowUpKind::AllClear, FollowUpKind::FalseAlarm] {
        assert_eq!(world.command(ids[3], follow(kind)), Err(CommandError::AlreadyDone));
    }
    assert_eq!(world.view(ids[3]).unsent, 2);
    world.connect(ids[3]);
    world.settle();
    world.command(ids[4], follow(FollowUpKind::FalseAlarm)).expect("a verifier");
    world.settle();
    assert_eq!(world.incident(ids[6]).expect("the alert").status, Status::FalseAlarm);
    assert_eq!(world.command(ids[4], follow(FollowUpKind::AllClear)), Err(CommandError::AlreadyDone));
}

#[test]
fn the_same_draft_again_is_no_second_one() {
    let (mut world, ids) = network();
    let person = world.key(ids[5]);
    let commands = [
        Command::Grant { person, role: Role::Responder },
        Command::ChangeZones(vec![ZoneChange::Add("North".into())]),
        Command::Remove { person: world.key(ids[3]) },
    ];
    for (done, command) in (1..).zip(commands) {
        world.devices[ids[0]].online = false;
        let Ok(Reply::Draft(first)) = world.command(ids[0], command.clone()) else { panic!("a draft") };
        // While it is on its way, and when it is there.
        assert_eq!(world.command(ids[0], command.clone()), Ok(Reply::Draft(first)));
        world.devices[ids[0]].online = true;
        world.connect(ids[0]);
        world.settle();
        assert_eq!(world.command(ids[0], command.clone()), Ok(Reply::Draft(first)));
        world.settle();
        let drafts = world.view(ids[1]).committee.expect("a committee device").drafts;
        assert_eq!(drafts.iter().map(|draft| draft.signatures).collect::<Vec<_>>(), [1], "{command:?}");
        // Whoever wants the same signs it.
        assert_eq!(world.command(ids[1], command.clone()), Ok(Reply::Draft(first)));
        world.pass(60_000);
        assert!(world.view(ids[1]).committee.expect("a committee device").drafts.is_empty());
        assert_eq!(world.view(ids[6]).network.expect("a network").governance_height, 3 + done);
    }
    assert_eq!(world.view(ids[6]).network.expect("a network").zones.len(), 1);
}
