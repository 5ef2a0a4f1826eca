//! One raid, from the founding of the network to the all clear.

use campana_core::view::{Stage, Status};
use campana_core::{Command, CommandError, NoticeKind, Reply};
use campana_protocol::governance::Role;
use campana_protocol::report::{Finding, FollowUpKind};

use super::rig::{World, attest, report};

#[cfg_attr(test, test)]
fn a_raid_is_reported_verified_told_to_all_and_cleared() {
    let mut world = World::new();
    let ids = world.network(3, 2, 5);
    let [founder, second, _third, ana, beto, carla, reporter, other] = ids[..] else { panic!("eight") };
    world.assert_converged(&ids);
    assert!(ids.iter().all(|id| world.view(*id).stage == Stage::Member));

    let person = world.key(ana);
    let Ok(Reply::Draft(draft)) = world.command(founder, Command::Grant { person, role: Role::Verifier })
    else {
        panic!("a draft")
    };
    world.pass(60_000);
    assert!(ids.iter().all(|id| !world.view(*id).roles.contains(&"verifier")), "one of two changes nothing");
    world.command(second, Command::Approve(draft)).expect("a signature");
    world.pass(1_000);
    assert_eq!(world.view(ana).roles, ["verifier"]);
    world.grant(&[second, founder], beto, Role::Verifier);
    world.grant(&[founder, second], carla, Role::Dispatcher);
    world.assert_converged(&ids);

    let incident = report(&mut world, reporter, false);
    for id in [ana, beto, carla] {
        assert_eq!(world.incident(id).expect("at the desk").status, Status::Unverified);
        assert_eq!(world.incident(id).unwrap().words.as_deref(), Some("the farm gate on River Road"));
    }
    for id in [founder, second, other] {
        assert_eq!(world.incident(id), None, "nobody else sees a report");
    }
    assert_eq!(world.incident(reporter).unwrap().status, Status::Sent);

    attest(&mut world, ana, incident, Finding::Confirmed);
    assert_eq!(world.incident(other), None, "one confirmation is not two");
    attest(&mut world, beto, incident, Finding::Confirmed);
    for id in &ids {
        let view = world.incident(*id).expect("everybody has the alert");
        assert_eq!((view.status, view.attestations.len()), (Status::Verified, 2));
        let alerts = world.devices[*id].notices.iter().filter(|notice| notice.kind == NoticeKind::Alert);
        assert_eq!(alerts.count(), 1, "device {id}");
    }
    assert_eq!(world.incident(other).unwrap().words, None, "words stay at the desk");

    let clear = Command::FollowUp { incident, kind: FollowUpKind::AllClear };
    assert_eq!(world.command(other, clear.clone()), Err(CommandError::NeedsRole(Role::Dispatcher)));
    world.command(carla, clear.clone()).expect("a dispatcher");
    world.settle();
    for id in &ids {
        assert_eq!(world.incident(*id).unwrap().status, Status::Verified, "one person's word ends nothing");
        assert_eq!(world.devices[*id].notices.last().unwrap().kind, NoticeKind::SaidAllClear);
    }
    world.command(ana, clear).expect("a verifier");
    world.settle();
    for id in &ids {
        assert_eq!(world.incident(*id).unwrap().status, Status::AllClear);
        assert_eq!(world.devices[*id].notices.last().unwrap().kind, NoticeKind::AllClear);
    }
    world.pass(3_600_000);
    world.assert_converged(&ids);
    assert!(
        ids.iter().all(|id| world.incident(*id).unwrap().recent),
        "whoever looks again sees that it is over"
    );
    world.pass(6 * 3_600_000);
    assert!(ids.iter().all(|id| !world.incident(*id).unwrap().recent), "and not for ever");
    assert!(ids.iter().all(|id| world.view(*id).warnings.is_empty()), "nobody has anything to worry about");
}

super::scenarios![a_raid_is_reported_verified_told_to_all_and_cleared];
