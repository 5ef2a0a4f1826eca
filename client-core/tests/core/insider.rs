//! Insiders and a hostile relay: refused, or shown as what it is.

use campana_core::view::{Stage, Status, Warning};
use campana_core::{Command, CommandError, NoticeKind};
use campana_protocol::governance::Role;
use campana_protocol::report::{Finding, Method};

use super::rig::{World, attest, report};

fn network() -> (World, Vec<usize>) {
    let mut world = World::new();
    let ids = world.network(3, 2, 5);
    for verifier in [ids[3], ids[4]] {
        world.grant(&ids[..2], verifier, Role::Verifier);
    }
    (world, ids)
}

#[cfg_attr(test, test)]
fn one_stolen_committee_device_can_grant_nothing() {
    let (mut world, ids) = network();
    let person = world.key(ids[5]);
    world.command(ids[2], Command::Grant { person, role: Role::Verifier }).expect("a draft");
    world.pass(3_600_000);
    assert!(world.view(ids[5]).roles.is_empty());
    assert_eq!(world.view(ids[0]).committee.unwrap().drafts[0].signatures, 1);
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn a_member_can_use_no_power_of_the_committee_or_of_verifiers() {
    let (mut world, ids) = network();
    let (member, person) = (ids[5], world.key(ids[6]));
    let incident = report(&mut world, ids[6], false);
    let refused = [
        (Command::Grant { person, role: Role::Verifier }, CommandError::NotCommittee),
        (Command::Remove { person }, CommandError::NotCommittee),
        (Command::Invite { lifetime_ms: 1, committee: false }, CommandError::NotCommittee),
        (
            Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson },
            CommandError::NeedsRole(Role::Verifier),
        ),
    ];
    for (command, error) in refused {
        assert_eq!(world.command(member, command), Err(error));
    }
}

#[cfg_attr(test, test)]
fn whoever_reports_cannot_verify_it() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[3], false);
    let own = Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson };
    assert_eq!(world.command(ids[3], own), Err(CommandError::OwnReport));
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    world.pass(60_000);
    assert_eq!(world.incident(ids[6]), None);
}

#[cfg_attr(test, test)]
fn a_drill_stays_a_drill() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[5], true);
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    for id in &ids {
        assert!(world.incident(*id).unwrap().drill);
        let kinds: Vec<NoticeKind> = world.devices[*id].notices.iter().map(|notice| notice.kind).collect();
        assert!(kinds.contains(&NoticeKind::Drill) && !kinds.contains(&NoticeKind::Alert));
    }
}

#[cfg_attr(test, test)]
fn a_relay_that_forks_two_views_is_found_out() {
    let (mut world, ids) = network();
    let (left_out, reader) = (ids[5], ids[6]);
    let id = broadcast(&world);
    // One alert is hidden from one member, and the log goes on for them as if it had not been.
    let incident = report(&mut world, ids[7], false);
    world.relay.withheld.insert((left_out, id));
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    assert_eq!(world.incident(reader).unwrap().status, Status::Verified);
    world.relay.withheld.clear();
    world.relay.channels.get_mut(&id).unwrap().log.pop().expect("the alert");
    let again = report(&mut world, ids[7], false);
    world.disconnect(reader);
    attest(&mut world, ids[3], again, Finding::Confirmed);
    attest(&mut world, ids[4], again, Finding::Confirmed);
    assert!(
        world.view(left_out).warnings.contains(&Warning::Forked),
        "the author of the next event had seen another log"
    );
}

#[cfg_attr(test, test)]
fn a_relay_that_replays_invents_or_reorders_changes_nothing() {
    let (mut world, ids) = network();
    let id = broadcast(&world);
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    world.settle();
    let epoch = world.view(ids[0]).network.unwrap().epoch;
    // Every entry once more, at the end, and one made up.
    let log = &mut world.relay.channels.get_mut(&id).unwrap().log;
    let mut replayed = log.clone();
    replayed.push(campana_protocol::frame::Entry { body: vec![1, 2, 3].into(), ..replayed[0].clone() });
    for mut entry in replayed {
        entry.seq = log.len() as u64 + 1;
        log.push(entry);
    }
    world.pass(60_000);
    for id in &ids {
        assert_eq!(world.view(*id).stage, Stage::Member);
        let alerts = world.devices[*id].notices.iter().filter(|notice| notice.kind == NoticeKind::Alert);
        assert_eq!(alerts.count(), 1, "device {id}");
        assert!(
            !world.view(*id).warnings.contains(&Warning::RolledBack),
            "device {id}: a replay is not a rollback"
        );
    }
    assert_eq!(world.view(ids[0]).network.unwrap().epoch, epoch, "nobody had to rejoin");
    world.assert_converged(&ids);
}

/// The channel that everybody follows.
fn broadcast(world: &World) -> campana_protocol::id::ChannelId {
    let channels = world.relay.channels.keys();
    *channels.max_by_key(|channel| world.relay.followers(channel)).expect("a channel")
}

super::scenarios![
    one_stolen_committee_device_can_grant_nothing,
    a_member_can_use_no_power_of_the_committee_or_of_verifiers,
    whoever_reports_cannot_verify_it,
    a_drill_stays_a_drill,
    a_relay_that_forks_two_views_is_found_out,
    a_relay_that_replays_invents_or_reorders_changes_nothing
];
