//! What one verifier or anybody else at the desk signs cannot keep a true alert from being said, and
//! what is kept of a report names nobody for longer than its words.

use campana_core::NoticeKind;
use campana_core::view::{Status, Warning};
use campana_protocol::code::Code;
use campana_protocol::event::Event;
use campana_protocol::frame::{Class, ClientFrame, Secret};
use campana_protocol::governance::{ChannelKind, Operation, Role, Statement};
use campana_protocol::id::{Hash, IncidentId};
use campana_protocol::limits::{MAX_ALERT_BODY, MAX_SIGNED_CONTENT};
use campana_protocol::report::{
    ATTESTATION, Alert, Attestation, FOLLOW_UP, Finding, FollowUp, FollowUpKind, Method, Signed,
    private_hash, reporter_tag,
};
use campana_protocol::wire;

use super::network;
use super::rig::{DAY, World, attest, report};
use crate::command::{Command, CommandError, Suspicious};
use crate::incident::signed_digest;
use crate::keys::KeyPair;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;
const DESK: ChannelKind = ChannelKind::Desk;

fn alerts_in_log(world: &World) -> usize {
    let log = &world.relay.channels[&world.channel_id(BROADCAST)].log;
    log.iter().filter(|entry| entry.class == Class::Alert).count()
}

/// An attestation as a program of one's own makes it: any time, any length.
fn attestation(world: &World, by: usize, incident: &IncidentId, at: u64, extra: usize) -> Signed {
    let known = &world.devices[by].core.incidents[incident];
    let mut content = wire::encode(&Attestation {
        network: known.public_report().unwrap().network,
        incident: *incident,
        digest: known.digest().unwrap(),
        finding: Finding::Confirmed,
        method: Method::InPerson,
        at,
    });
    if extra > 0 {
        // One field more, as a later version may have: 6 fields become 7.
        assert_eq!(content[0], 0x86);
        content[0] = 0x87;
        content.extend(wire::encode(&minicbor::bytes::ByteVec::from(vec![0; extra])));
    }
    let role = world.role(by);
    let signature = role.sign_hash(&signed_digest(ATTESTATION, &content));
    Signed { content, key: role.public(), signature }
}

fn refuse_long_alerts(world: &mut World) {
    // As the relay does.
    let too_long: fn(&ClientFrame) -> bool = |frame| matches!(frame, ClientFrame::Append { class: Class::Alert, body, .. } if body.len() > MAX_ALERT_BODY);
    world.relay.refusing = Some((too_long, Code::TooLong));
}

#[test]
fn a_long_attestation_is_no_veto() {
    for first_rules in [false, true] {
        for extra in [20_000, 10] {
            let (mut world, ids) = network();
            world.grant(&ids[..2], ids[5], Role::Verifier);
            if first_rules {
                world.first_rules();
            }
            refuse_long_alerts(&mut world);
            let incident = report(&mut world, ids[7], false);
            let now = world.now;
            let veto = attestation(&world, ids[3], &incident, now, extra);
            world.say(ids[3], DESK, 200, wire::encode(&veto));
            world.disconnect(ids[3]);
            attest(&mut world, ids[4], incident, Finding::Confirmed);
            assert_eq!(alerts_in_log(&world), 0, "it does not count");
            attest(&mut world, ids[5], incident, Finding::Confirmed);
            assert_eq!((alerts_in_log(&world), world.relay.refused), (1, 0));
            assert_eq!(world.incident(ids[7]).unwrap().status, Status::Verified);
        }
    }
}

/// The alert of an incident that one verifier has confirmed, with another's attestation.
fn completed(world: &World, by: usize, incident: &IncidentId, second: Signed) -> Event {
    let known = &world.devices[by].core.incidents[incident];
    Event::Alert(Alert {
        public: known.public.clone().unwrap(),
        private: known.private_hash.unwrap(),
        attestations: vec![known.attestations[0].clone(), second],
    })
}

#[test]
fn what_is_signed_loosely_counts_in_no_alert_from_the_strict_rules_on() {
    for (first_rules, extra, counts) in
        [(false, 0, true), (false, 10, false), (false, 200, false), (true, 10, true), (true, 200, true)]
    {
        let (mut world, ids) = network();
        let incident = report(&mut world, ids[7], false);
        attest(&mut world, ids[3], incident, Finding::Confirmed);
        if first_rules {
            world.first_rules();
        }
        let now = world.now;
        let second = attestation(&world, ids[4], &incident, now, extra);
        let alert = completed(&world, ids[4], &incident, second);
        let body = world.encrypted(ids[4], BROADCAST, alert.kind(), alert.payload());
        world.put(BROADCAST, Class::Alert, &body);
        world.settle();
        let seen = world.incident(ids[6]).is_some_and(|seen| seen.status == Status::Verified);
        assert_eq!(seen, counts, "first rules: {first_rules}, {extra} bytes more");
    }
}

#[test]
fn all_that_is_signed_fits_its_bound() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    let now = world.now;
    let found = attestation(&world, ids[3], &incident, now, 0);
    let follow_up = FollowUp {
        network: world.core(0).membership().unwrap().network,
        incident,
        kind: FollowUpKind::AllClear,
        at: u64::MAX,
    };
    assert!(found.content.len() + 20 <= MAX_SIGNED_CONTENT);
    assert!(wire::encode(&follow_up).len() + 20 <= MAX_SIGNED_CONTENT);
}

#[test]
fn an_alert_that_the_relay_refuses_is_tried_again_in_pauses_and_its_sender_is_told() {
    let (mut world, ids) = network();
    let all: fn(&ClientFrame) -> bool =
        |frame| matches!(frame, ClientFrame::Append { class: Class::Alert, .. });
    world.relay.refusing = Some((all, Code::TooLong));
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    assert_eq!(world.relay.refused, 1, "once, and not without end");
    assert!(world.view(ids[4]).warnings.contains(&Warning::AlertRefused));
    world.pass(10 * 60_000);
    assert!(world.relay.refused < 80, "{} in ten minutes, by five devices", world.relay.refused);
    world.relay.refusing = None;
    world.pass(5 * 60_000);
    for id in &ids {
        assert_eq!(world.incident(*id).unwrap().status, Status::Verified);
        assert!(!world.view(*id).warnings.contains(&Warning::AlertRefused));
    }
    assert_eq!(alerts_in_log(&world), 1, "nobody says it again");
}

#[test]
fn a_refused_alert_holds_up_no_other() {
    let (mut world, ids) = network();
    let first: fn(&ClientFrame) -> bool =
        |frame| matches!(frame, ClientFrame::Append { class: Class::Alert, .. });
    world.relay.refusing = Some((first, Code::TooLong));
    let refused = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], refused, Finding::Confirmed);
    attest(&mut world, ids[4], refused, Finding::Confirmed);
    world.relay.refusing = None;
    let second = report(&mut world, ids[6], false);
    attest(&mut world, ids[3], second, Finding::Confirmed);
    attest(&mut world, ids[4], second, Finding::Confirmed);
    assert!(world.core(ids[5]).incidents[&second].alert.is_some());
}

#[test]
fn an_alert_counts_in_class_alert_alone() {
    for (first_rules, pushed) in [(false, 1), (true, 0)] {
        let (mut world, ids) = network();
        let incident = report(&mut world, ids[7], false);
        attest(&mut world, ids[3], incident, Finding::Confirmed);
        if first_rules {
            world.first_rules();
        }
        let now = world.now;
        let second = attestation(&world, ids[4], &incident, now, 0);
        let alert = completed(&world, ids[4], &incident, second.clone());
        let body = world.encrypted(ids[4], BROADCAST, alert.kind(), alert.payload());
        world.put(BROADCAST, Class::Update, &body);
        world.settle();
        // The confirmation itself, so that others can make the alert of it.
        world.say(ids[4], DESK, 200, wire::encode(&second));
        world.pass(60_000);
        for id in ids.iter().filter(|id| **id != ids[4]) {
            assert_eq!(world.incident(*id).unwrap().status, Status::Verified);
            let rang = world.devices[*id].notices.iter().filter(|n| n.kind == NoticeKind::Alert).count();
            assert_eq!(rang, 1);
        }
        assert_eq!(alerts_in_log(&world), pushed);
    }
}

#[test]
fn attestations_of_nothing_push_out_no_report() {
    let (mut world, ids) = network();
    let waiting = report(&mut world, ids[7], false);
    let network = world.core(0).membership().unwrap().network;
    let nobody = KeyPair::derive(&Secret([1; 32]), "nobody");
    let verifier = world.role(ids[3]);
    world.now += 1_000;
    let at = world.now;
    for number in 0..1_100u16 {
        let incident = IncidentId(core::array::from_fn(|i| number.to_be_bytes()[i % 2]));
        let found = Attestation {
            network,
            incident,
            digest: Hash([0; 32]),
            finding: Finding::Confirmed,
            method: Method::InPerson,
            at,
        };
        let content = wire::encode(&found);
        let by = if number % 2 == 0 { &nobody } else { &verifier };
        let signature = by.sign_hash(&signed_digest(ATTESTATION, &content));
        let signed = Signed { content, key: by.public(), signature };
        let body = world.encrypted(ids[3], DESK, 200, wire::encode(&signed));
        world.put(DESK, Class::Update, &body);
    }
    world.settle();
    for id in [ids[0], ids[1], ids[2], ids[4]] {
        let core = world.core(id);
        assert!(core.incidents.contains_key(&waiting) && core.incidents.len() == 1, "device {id}");
        assert!(core.membership().unwrap().early_attestations.len() <= 8);
    }
    attest(&mut world, ids[4], waiting, Finding::Confirmed);
    assert_eq!(world.core(ids[0]).incidents[&waiting].attestations.len(), 1);
}

#[test]
fn an_attestation_that_comes_before_its_report_waits_for_it() {
    let (mut world, ids) = network();
    let late = ids[0];
    let desk = world.channel(late, BROADCAST).governance.desk().mailbox;
    let incident = report(&mut world, ids[7], false);
    let now = world.now;
    let second = attestation(&world, ids[3], &incident, now, 0);
    // As if the desk's log was read before its mailbox.
    world.core(late).incidents.remove(&incident).expect("it was read");
    for reading in &mut world.core(late).device.membership.as_mut().unwrap().desks {
        reading.cursor = 0;
    }
    world.say(ids[3], DESK, 200, wire::encode(&second));
    assert!(!world.core(late).incidents.contains_key(&incident));
    assert!(world.relay.posts_of(&desk) > 0);
    world.connect(late);
    world.settle();
    assert_eq!(world.core(late).incidents[&incident].attestations.len(), 1);
    assert!(world.core(late).membership().unwrap().early_attestations.is_empty());
}

#[test]
fn a_verifier_whose_time_is_off_is_left_out_and_told() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    let at = world.now - 7 * 3_600_000;
    let slow = attestation(&world, ids[3], &incident, at, 0);
    world.say(ids[3], DESK, 200, wire::encode(&slow));
    assert!(world.core(ids[4]).incidents[&incident].attestations.is_empty());
    // With this program: the clock is compared, said to be off, and the finding signed with the relay's time.
    world.devices[ids[4]].clock = -7 * 3_600_000;
    world.connect(ids[4]);
    world.settle();
    let confirms = Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson };
    assert_eq!(world.command(ids[4], confirms.clone()), Err(CommandError::ClockOff));
    world.command(ids[4], confirms).expect("somebody who insists");
    world.settle();
    assert_eq!(world.core(ids[0]).incidents[&incident].attestations.len(), 1);
    assert!(!world.incident(ids[4]).unwrap().disputed);
}

#[test]
fn a_clock_that_jumps_before_a_finding_is_learned_and_the_finding_said_again() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    world.devices[ids[3]].clock = 3 * 3_600_000;
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    assert_eq!(world.core(ids[4]).incidents[&incident].attestations.len(), 1);
    assert!(!world.incident(ids[3]).unwrap().disputed);
    // What waits for a connection is signed when it is sent.
    world.disconnect(ids[4]);
    let confirms = Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson };
    world.command(ids[4], confirms).expect("a verifier");
    world.pass(3 * 3_600_000);
    world.connect(ids[4]);
    world.settle();
    assert_eq!(world.incident(ids[6]).unwrap().status, Status::Verified);
}

#[test]
fn no_member_can_test_who_reported() {
    let (mut world, ids) = network();
    world.grant(&ids[..2], ids[5], Role::Responder);
    let incident = report(&mut world, ids[5], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    let channel = world.channel(ids[7], BROADCAST);
    let operations = channel
        .statements
        .iter()
        .flat_map(|signed| wire::decode::<Statement>(&signed.statement).unwrap().operations);
    let mut named: Vec<_> = operations
        .filter_map(|operation| match operation {
            Operation::Grant { role_key, .. } | Operation::Remove { role_key, .. } => Some(role_key),
            _ => None,
        })
        .collect();
    named.push(world.key(ids[5]));
    let tag = world.core(ids[7]).incidents[&incident].public_report().unwrap().reporter;
    assert!(named.iter().all(|key| reporter_tag(&incident, key) != tag));
    assert!(!world.core(ids[7]).incidents[&incident].reported_by(&named[named.len() - 1]));
    // The desk can compare: an attestation by the reporter's key makes no alert.
    let own = report(&mut world, ids[3], false);
    let reporter = world.key(ids[3]);
    assert!(world.core(ids[4]).incidents[&own].reported_by(&reporter));
    let now = world.now;
    let by_reporter = attestation(&world, ids[3], &own, now, 0);
    world.say(ids[3], DESK, 200, wire::encode(&by_reporter));
    attest(&mut world, ids[4], own, Finding::Confirmed);
    world.pass(60_000);
    assert_eq!(world.core(ids[6]).incidents.get(&own).map(|_| ()), None);
}

#[test]
fn who_reported_is_forgotten_with_the_words() {
    let (mut world, ids) = network();
    let unverified = report(&mut world, ids[6], false);
    let verified = report(&mut world, ids[5], false);
    attest(&mut world, ids[3], verified, Finding::Confirmed);
    attest(&mut world, ids[4], verified, Finding::Confirmed);
    assert!(world.core(ids[2]).incidents[&unverified].reporter.is_some());
    world.pass(DAY + 1);
    for id in &ids {
        for incident in world.core(*id).incidents.values() {
            assert!(incident.private.is_none() && incident.reporter.is_none(), "device {id}");
        }
    }
}

fn junk() -> Event {
    Event::Alert(Alert { public: vec![1], private: private_hash(b""), attestations: vec![] })
}

#[test]
fn a_forgery_names_who_and_when_is_counted_and_can_be_put_away() {
    let (mut world, ids) = network();
    let (forger, reader) = (ids[5], ids[6]);
    let leaf = world.channel(forger, BROADCAST).group.own_key();
    for count in 1..=3 {
        world.pass(60_000);
        world.say(forger, BROADCAST, junk().kind(), junk().payload());
        let view = world.view(reader);
        assert!(view.warnings.contains(&Warning::ForgedAlert));
        let [known] = &view.suspicions[..] else { panic!("one") };
        assert_eq!((known.warning, known.count, known.at), (Warning::ForgedAlert, count, Some(world.now)));
        assert_eq!((known.leaf.as_deref(), &known.name), (Some(&leaf.to_string()[..]), &None));
    }
    assert_eq!(world.view(ids[0]).suspicions[0].name.as_deref(), Some("member 2"), "the committee knows");
    let rows = world.devices[reader].rows.clone();
    world.restart(reader, rows);
    world.command(reader, Command::Dismiss(Suspicious::ForgedAlert)).expect("it is there");
    assert!(world.view(reader).warnings.is_empty() && world.view(reader).suspicions.is_empty());
    let again = world.command(reader, Command::Dismiss(Suspicious::ForgedAlert));
    assert_eq!(again, Err(CommandError::AlreadyDone));
    world.say(forger, BROADCAST, junk().kind(), junk().payload());
    assert_eq!(world.view(reader).suspicions[0].count, 1, "the next one is news");
}

#[test]
fn a_follow_up_in_class_update_ends_nothing() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    let network = world.core(0).membership().unwrap().network;
    for by in [ids[3], ids[4]] {
        let at = world.now;
        let content = wire::encode(&FollowUp { network, incident, kind: FollowUpKind::FalseAlarm, at });
        let role = world.role(by);
        let signature = role.sign_hash(&signed_digest(FOLLOW_UP, &content));
        let event = Event::FollowUp(Signed { content, key: role.public(), signature });
        world.say(by, BROADCAST, event.kind(), event.payload());
    }
    assert_eq!(world.incident(ids[6]).unwrap().status, Status::Verified);
}
