//! A relay that does not take what it is sent: it is asked again, ever more seldom.

use campana_core::view::{Status, Warning};
use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame};
use campana_protocol::report::Finding;

use super::network;
use super::rig::{attest, report};
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
