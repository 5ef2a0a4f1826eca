//! Insiders and a hostile relay: refused, or shown as what it is.

use campana_core::view::{Stage, Status, Warning};
use campana_core::{Command, CommandError, Input, NoticeKind};
use campana_protocol::code::Code;
use campana_protocol::frame::{Class, Entry, RelayFrame, Secret};
use campana_protocol::governance::Role;
use campana_protocol::id::{ChannelId, MailboxId};
use campana_protocol::limits::{DAY_MS, MAX_FRAME};
use campana_protocol::report::{Finding, FollowUpKind, Method};

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
    replayed.push(Entry { body: vec![1, 2, 3].into(), ..replayed[0].clone() });
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

/// Everything a relay could say and an honest one does not.
fn lies(world: &World, id: ChannelId) -> Vec<Vec<u8>> {
    let log = &world.relay.channels[&id].log;
    let entry = |seq: u64| RelayFrame::Entry { channel: id, entry: Entry { seq, ..log[0].clone() } };
    let unknown = ChannelId([0xEE; 32]);
    let mut frames = vec![
        entry(0),
        entry(u64::MAX),
        entry(log.len() as u64 + 2),
        RelayFrame::Entry { channel: unknown, entry: log[0].clone() },
        RelayFrame::Skipped { channel: id, through: 0 },
        RelayFrame::Skipped { channel: id, through: 1 },
        RelayFrame::Skipped { channel: id, through: log.len() as u64 + 1 },
        RelayFrame::Skipped { channel: id, through: u64::MAX },
        RelayFrame::Skipped { channel: unknown, through: 5 },
        RelayFrame::Rotated { channel: id, seq: u64::MAX },
        RelayFrame::Live { channel: id, body: vec![0; 9].into() },
        RelayFrame::Post { mailbox: MailboxId([1; 32]), seq: 1, received_at: 0, body: vec![2; 99].into() },
    ];
    for request in [0, 77_777, u32::MAX] {
        frames.extend([
            RelayFrame::Done { request },
            RelayFrame::Appended { request, seq: u64::MAX },
            RelayFrame::Subscribed {
                request,
                channel: id,
                head: 0,
                last_control: u64::MAX,
                current: false,
                access: None,
                restored: None,
            },
            RelayFrame::BlobPart { request, of: u16::MAX, body: Vec::new().into() },
            RelayFrame::Refused { request, code: Code::Stale },
            RelayFrame::Refused { request, code: Code::Forbidden },
            RelayFrame::Refused { request, code: Code::Other(9_999) },
        ]);
    }
    frames.extend((0..2).map(|i| RelayFrame::Hello {
        version: i,
        nonce: Secret([9; 32]),
        now: u64::MAX,
        push_key: None,
        restored: None,
    }));
    // In the wrong order and again.
    frames.extend((1..=log.len() as u64).rev().map(entry));
    let mut bytes: Vec<Vec<u8>> = frames.iter().map(RelayFrame::encode).collect();
    bytes.extend([Vec::new(), vec![0; 64], vec![0xff; 2 * MAX_FRAME], vec![0x9f; 4_096]]);
    bytes
}

#[cfg_attr(test, test)]
fn whatever_the_relay_says_nothing_of_it_stays() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    let id = broadcast(&world);
    for device in &ids {
        let before = world.view(*device);
        for lie in lies(&world, id) {
            world.turn(*device, Input::Received(vec![lie]));
        }
        let all = lies(&world, id);
        world.turn(*device, Input::Received(all));
        world.connect(*device);
        world.settle();
        assert_eq!(world.view(*device), before, "device {device}");
        let rows = world.devices[*device].rows.clone();
        world.restart(*device, rows);
        world.settle();
        assert_eq!(world.view(*device), before, "device {device}, from its store");
    }
    let again = report(&mut world, ids[6], false);
    attest(&mut world, ids[3], again, Finding::Confirmed);
    attest(&mut world, ids[4], again, Finding::Confirmed);
    world.pass(60_000);
    assert!(ids.iter().all(|id| world.view(*id).incidents.len() == 2));
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn an_append_is_not_done_because_the_relay_says_so() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    world.devices[ids[3]].online = false;
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    for request in 0..99 {
        world.turn(ids[3], Input::Received(vec![RelayFrame::Done { request }.encode()]));
    }
    assert_eq!(world.view(ids[3]).unsent, 1);
    world.connect(ids[3]);
    world.settle();
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    assert_eq!(world.incident(ids[6]).expect("the alert").status, Status::Verified);
}

/// The channel that everybody follows.
fn broadcast(world: &World) -> ChannelId {
    let channels = world.relay.channels.keys();
    *channels.max_by_key(|channel| world.relay.followers(channel)).expect("a channel")
}

/// The channel that guards the broadcast channel's alerts, and the desk: which are to be the same.
fn guard(world: &World) -> (Option<ChannelId>, usize) {
    let guards: Vec<_> = world.relay.channels.values().filter_map(|channel| channel.guard).collect();
    (guards.first().copied(), guards.len())
}

#[cfg_attr(test, test)]
fn the_desk_guards_the_alerts_and_the_relay_is_told_once() {
    let (mut world, ids) = network();
    let (desk, guarded) = guard(&world);
    assert_eq!(guarded, 1, "the broadcast channel, and no other");
    // It is the channel that the verifiers alone are in beside the committee.
    let desk = &world.relay.channels[&desk.expect("a guard")];
    assert!(desk.guard.is_none() && !desk.log.is_empty());
    let told = world.relay.guards_set;
    for id in &ids {
        let rows = world.devices[*id].rows.clone();
        world.restart(*id, rows);
    }
    world.pass(60_000);
    // Each committee device tells it once in its life.
    assert!(world.relay.guards_set <= 3 && told >= 1, "{told}, {}", world.relay.guards_set);

    // Alerts, corrections and drills of the desk pass.
    for drill in [false, true] {
        let incident = report(&mut world, ids[5], drill);
        for verifier in [ids[3], ids[4]] {
            attest(&mut world, verifier, incident, Finding::Confirmed);
        }
        world.pass(60_000);
        for by in [ids[3], ids[4]] {
            world
                .command(by, Command::FollowUp { incident, kind: FollowUpKind::FalseAlarm })
                .expect("a verifier");
        }
        world.pass(60_000);
        let view = world.view(ids[6]).incidents.into_iter().find(|view| view.drill == drill);
        assert_eq!(view.expect("the alert has come").status, Status::FalseAlarm, "drill: {drill}");
    }
}

#[cfg_attr(test, test)]
fn reports_stay_at_the_desk_for_two_days_only() {
    let (world, _) = network();
    let kept: Vec<_> = world.relay.mailboxes.values().filter_map(|mailbox| mailbox.keep_ms).collect();
    assert_eq!(kept, [2 * DAY_MS]);
}

#[cfg_attr(test, test)]
fn a_relay_that_knows_of_no_guards_is_left_alone_until_it_does() {
    let mut world = World::new();
    world.relay.old = true;
    let ids = world.network(3, 2, 2);
    assert_eq!(guard(&world), (None, 0));
    assert!(!world.view(ids[0]).warnings.contains(&Warning::UpdateNeeded), "nothing is the matter");
    world.relay.old = false;
    world.connect(ids[0]);
    world.pass(60_000);
    assert_eq!(guard(&world).1, 1);
}

#[cfg_attr(test, test)]
fn the_committee_commits_as_owner_and_is_not_rationed_as_members_are() {
    let (mut world, ids) = network();
    // Whoever joined the committee in this session had proved itself as a member.
    let before = world.relay.members_commits;
    for by in &ids[..3] {
        let link = world.invite(*by, false);
        world.join(&link, "one more");
        world.admit_all(*by);
        world.pass(60_000);
    }
    assert_eq!(world.relay.members_commits, before, "commits that members pay for");
}

#[cfg_attr(test, test)]
fn what_the_relay_puts_off_is_sent_later() {
    let (mut world, ids) = network();
    // A commit.
    let link = world.invite(ids[0], false);
    let late = world.join(&link, "late");
    world.relay.rationed = Some(Class::Control);
    world.admit_all(ids[0]);
    world.pass(60_000);
    assert!(world.relay.put_off > 0);
    assert_eq!(world.view(late).stage, Stage::Waiting);
    world.relay.rationed = None;
    world.pass(120_000);
    assert_eq!(world.view(late).stage, Stage::Member);
    // An alert.
    let before = world.relay.put_off;
    world.relay.rationed = Some(Class::Alert);
    let incident = report(&mut world, ids[5], false);
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    world.pass(60_000);
    assert!(world.relay.put_off > before);
    assert!(world.incident(ids[6]).is_none());
    world.relay.rationed = None;
    world.pass(120_000);
    assert_eq!(world.incident(ids[6]).expect("the alert").status, Status::Verified);
    // Whoever on the desk had it in hand sends it now; each phone rings once.
    let rang = world.devices[ids[6]].notices.iter().filter(|notice| notice.kind == NoticeKind::Alert);
    assert_eq!(rang.count(), 1);
}

#[cfg_attr(test, test)]
fn a_report_does_not_wait_for_blobs_that_the_relay_puts_off() {
    let (mut world, ids) = network();
    let link = world.invite(ids[0], false);
    let late = world.join(&link, "late");
    world.relay.blobs_rationed = true;
    world.admit_all(ids[0]);
    // Long enough for its pauses to have grown.
    world.pass(10 * 60_000);
    assert!(world.relay.put_off > 0);
    let incident = report(&mut world, ids[0], false);
    world.pass(1_000);
    assert!(world.incident(ids[3]).is_some_and(|seen| seen.id == incident.to_string()));
    world.relay.blobs_rationed = false;
    world.pass(10 * 60_000);
    assert_eq!(world.view(late).stage, Stage::Member);
}

super::scenarios![
    one_stolen_committee_device_can_grant_nothing,
    a_member_can_use_no_power_of_the_committee_or_of_verifiers,
    whoever_reports_cannot_verify_it,
    a_drill_stays_a_drill,
    a_relay_that_forks_two_views_is_found_out,
    a_relay_that_replays_invents_or_reorders_changes_nothing,
    whatever_the_relay_says_nothing_of_it_stays,
    an_append_is_not_done_because_the_relay_says_so,
    the_desk_guards_the_alerts_and_the_relay_is_told_once,
    reports_stay_at_the_desk_for_two_days_only,
    a_relay_that_knows_of_no_guards_is_left_alone_until_it_does,
    the_committee_commits_as_owner_and_is_not_rationed_as_members_are,
    what_the_relay_puts_off_is_sent_later,
    a_report_does_not_wait_for_blobs_that_the_relay_puts_off,
];
