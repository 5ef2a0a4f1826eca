//! What a member says with a program of its own.

use campana_core::view::{Stage, Status, Warning};
use campana_protocol::event::{DeskSecret, Event};
use campana_protocol::frame::{Class, ClientFrame, Secret};
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::handshake::EntryBody;
use campana_protocol::id::{IncidentId, NetworkId, RecordId};
use campana_protocol::mailbox::{Post, SEAL_INFO};
use campana_protocol::padding::pad;
use campana_protocol::report::{
    ATTESTATION, Alert, Attestation, Finding, FollowUp, FollowUpKind, Method, PrivateReport, PublicReport,
    Signed, SignedReport, private_hash, report_digest,
};
use campana_protocol::wire;

use super::network;
use super::rig::{World, attest, report};
use crate::command::{Command, Reply};
use crate::incident::{Incident, signed_digest};
use crate::keys::KeyPair;
use crate::mls::{Leaf, seal};
use crate::turn::{Input, SkipReason};

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

#[test]
fn nobody_can_make_a_device_believe_that_it_was_rolled_back() {
    let (mut world, ids) = network();
    // Every member can derive what names a sender; only the content's signature can't be forged.
    for victim in &ids {
        let mut double = world.channel(*victim, BROADCAST).group.clone();
        let mut message = double.encrypt(&[0; 512]).expect("a member encrypts");
        *message.last_mut().unwrap() ^= 1;
        world.put(BROADCAST, Class::Update, &EntryBody::Application(message));
    }
    let skipped = world.settle_and_see();
    for id in &ids {
        let replayed = skipped[*id].iter().filter(|why| **why == SkipReason::Replayed).count();
        assert_eq!((replayed, skipped[*id].len()), (1, ids.len()), "device {id}");
    }
    assert!(world.nobody_lost());
    world.pass(600_000);
    world.assert_converged(&ids);
}

#[test]
fn a_message_of_ours_with_another_tail_is_a_replay() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    let desk = world.channel_id(ChannelKind::Desk);
    let entry = world.relay.channels[&desk].log.last().expect("an attestation").clone();
    let mut body = entry.body.to_vec();
    *body.last_mut().unwrap() ^= 1;
    world.put_bytes(ChannelKind::Desk, entry.class, body);
    // The very same again, under its own record id.
    let log = &mut world.relay.channels.get_mut(&desk).unwrap().log;
    let seq = log.len() as u64 + 1;
    log.push(campana_protocol::frame::Entry { seq, ..entry });
    let skipped = world.settle_and_see();
    assert_eq!(skipped[ids[3]], [SkipReason::Replayed; 2]);
    assert_eq!(skipped[ids[4]], [SkipReason::Unopened; 2]);
    assert!(world.nobody_lost());
}

/// The relay keeps an attestation until the channel is an epoch further, and says that it is done.
#[test]
fn what_its_place_makes_unreadable_its_author_says_again() {
    let (mut world, ids) = network();
    let (author, desk) = (ids[3], ChannelKind::Desk);
    let incident = report(&mut world, ids[7], false);
    let method = Method::InPerson;
    let attests = Command::Attest { incident, finding: Finding::Confirmed, method };
    world.command(author, attests).expect("a verifier");
    let id = world.channel_id(desk);
    let kept = world.relay.channels.get_mut(&id).unwrap().log.pop().expect("the attestation");
    let epoch = world.channel(author, desk).group.epoch();
    world.grant(&ids[..2], ids[5], Role::Verifier);
    assert!(world.channel(author, desk).group.epoch() > epoch, "a commit has come between");
    let log = &mut world.relay.channels.get_mut(&id).unwrap().log;
    let seq = log.len() as u64 + 1;
    log.push(campana_protocol::frame::Entry { seq, ..kept });
    world.pass(60_000);
    for id in [ids[0], author, ids[4], ids[5]] {
        let seen = world.core(id).incidents.get(&incident).map_or(0, |known| known.attestations.len());
        assert_eq!(seen, 1, "device {id}");
    }
    assert!(world.nobody_lost());
}

/// A report that was never made, and an alert of it with these attestations.
fn made_up(world: &World, attestations: Vec<Signed>) -> Alert {
    let id = IncidentId([0xEE; 16]);
    let genuine = world.devices[3].core.incidents.values().next().expect("an incident");
    let report = PublicReport { incident: id, ..genuine.public_report().expect("a report").clone() };
    Alert { public: wire::encode(&report), private: private_hash(b"nothing"), attestations }
}

fn confirm(world: &World, alert: &Alert, by: &KeyPair) -> Signed {
    let report = PublicReport::decode(&alert.public).unwrap();
    let content = wire::encode(&Attestation {
        network: report.network,
        incident: report.incident,
        digest: report_digest(&alert.public, &alert.private),
        finding: Finding::Confirmed,
        method: Method::InPerson,
        at: world.now,
    });
    let signature = by.sign_hash(&signed_digest(ATTESTATION, &content));
    Signed { content, key: by.public(), signature }
}

#[test]
fn a_forged_alert_rings_nowhere_and_is_called_forged() {
    for forgery in 0..5 {
        let (mut world, ids) = network();
        let (insider, verifier) = (ids[5], world.role(ids[3]));
        let genuine = report(&mut world, ids[7], false);
        attest(&mut world, ids[3], genuine, Finding::Confirmed);
        attest(&mut world, ids[4], genuine, Finding::Confirmed);
        let stolen = world.core(ids[6]).incidents[&genuine].alert.clone().expect("the alert");
        let nothing = made_up(&world, Vec::new());
        let one = confirm(&world, &nothing, &verifier);
        let attestations = match forgery {
            0 => Vec::new(),
            1 => stolen,
            2 => vec![one; 4],
            3 => {
                let own = world.role(insider);
                vec![one, confirm(&world, &nothing, &own)]
            }
            // A verifier who was one: the role ends before the alert.
            _ => {
                let person = world.key(ids[4]);
                let revoke = Command::Revoke { person, role: Role::Verifier };
                let Ok(Reply::Draft(id)) = world.command(ids[0], revoke) else { panic!("a draft") };
                world.settle();
                world.command(ids[1], Command::Approve(id)).expect("a draft");
                world.pass(60_000);
                let former = world.role(ids[4]);
                vec![one, confirm(&world, &nothing, &former)]
            }
        };
        let alert = Event::Alert(Alert { attestations, ..nothing });
        let body = world.encrypted(insider, BROADCAST, alert.kind(), alert.payload());
        world.put(BROADCAST, Class::Alert, &body);
        let notices: Vec<usize> = world.devices.iter().map(|device| device.notices.len()).collect();
        world.pass(60_000);
        for id in ids.iter().filter(|id| **id != insider) {
            assert_eq!(world.view(*id).incidents.len(), 1, "forgery {forgery}, device {id}");
            assert_eq!(world.devices[*id].notices.len(), notices[*id]);
            assert!(world.view(*id).warnings.contains(&Warning::ForgedAlert));
        }
        world.assert_converged(&ids);
    }
}

#[test]
fn events_count_only_in_the_channel_they_belong_to() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    let known = world.core(ids[4]).incidents[&incident].clone();
    let verifier = world.role(ids[4]);
    let alert = Alert {
        public: known.public.clone().unwrap(),
        private: known.private_hash.unwrap(),
        attestations: Vec::new(),
    };
    let second = confirm(&world, &alert, &verifier);
    let attestations = [known.attestations.clone(), vec![second.clone()]].concat();
    let alert = Event::Alert(Alert { attestations, ..alert });
    let attestation = Event::Attestation(second);
    let secret = Event::DeskSecret(DeskSecret { secret: Secret([1; 32]) });
    let clear = FollowUp {
        network: known.public_report().unwrap().network,
        incident,
        kind: FollowUpKind::FalseAlarm,
        at: world.now,
    };
    let clear = wire::encode(&clear);
    let signature = verifier.sign_hash(&signed_digest(campana_protocol::report::FOLLOW_UP, &clear));
    let clear = Event::FollowUp(Signed { content: clear, key: verifier.public(), signature });
    let misplaced = [
        (ChannelKind::Desk, &alert),
        (ChannelKind::Desk, &clear),
        (BROADCAST, &attestation),
        (BROADCAST, &secret),
        (BROADCAST, &clear),
    ];
    for (kind, event) in misplaced {
        let body = world.encrypted(ids[4], kind, event.kind(), event.payload());
        world.put(kind, Class::Alert, &body);
        world.settle();
    }
    world.pass(60_000);
    for id in &ids {
        assert!(world.core(*id).incidents.values().all(|i| i.alert.is_none() && i.follow_up.is_none()));
        assert!(world.core(*id).incidents.values().all(|i| i.attestations.len() <= 1), "device {id}");
    }
    // In its place it counts, and nothing that came before keeps it from anybody.
    world.say_alert(ids[4], &alert);
    for id in ids.iter().filter(|id| **id != ids[4]) {
        assert_eq!(world.incident(*id).expect("the alert").status, Status::Verified);
    }
}

#[test]
fn reports_of_nobody_reach_no_desk() {
    let (mut world, ids) = network();
    let network = world.core(ids[0]).membership().unwrap().network;
    let member = Leaf::from_bytes(&world.channel(ids[6], BROADCAST).meta.leaf).unwrap();
    let stranger = Leaf::generate().unwrap();
    let desk = *world.channel(ids[0], BROADCAST).governance.desk();
    let mut seed = 0;
    let mut post = |world: &mut World, network: NetworkId, leaf: &Leaf, spoil: bool| {
        seed += 1;
        let report = public_report(network, IncidentId([seed; 16]));
        let private = wire::encode(&PrivateReport { salt: [0; 16], words: "here".into() });
        let digest = report_digest(&report, &private_hash(&private));
        let mut signature = leaf.sign(digest.as_bytes());
        signature.0[9] ^= u8::from(spoil);
        let post = Post::Report(SignedReport { public: report, private, leaf: leaf.public(), signature });
        let body = seal(&desk.sealing, SEAL_INFO.as_bytes(), &pad(&wire::encode(&post))).unwrap();
        let (mailbox, record) = (desk.mailbox, RecordId([seed; 16]));
        world.relay.handle(
            ids[6],
            world.now,
            ClientFrame::Post { request: 1, mailbox, record, body: body.into(), pass: None },
        );
        world.settle();
    };
    post(&mut world, network, &stranger, false);
    post(&mut world, network, &member, true);
    post(&mut world, NetworkId([1; 32]), &member, false);
    assert_eq!(world.incident(ids[3]), None);
    post(&mut world, network, &member, false);
    assert!(world.incident(ids[3]).is_some());
}

pub(super) fn public_report(network: NetworkId, incident: IncidentId) -> Vec<u8> {
    use campana_protocol::report::{Setting, Size, When};
    wire::encode(&PublicReport {
        network,
        incident,
        reported_at: 0,
        drill: false,
        size: Size::One,
        activities: Vec::new(),
        setting: Setting::Home,
        zone: 0,
        units: Vec::new(),
        when: When::Now,
        equipment: Vec::new(),
        reporter: campana_protocol::id::Hash([0; 32]),
    })
}

#[test]
fn a_removed_member_goes_on_in_vain() {
    let (mut world, ids) = network();
    let leaver = ids[5];
    let before = world.channel(leaver, BROADCAST).clone();
    let person = world.key(leaver);
    let Ok(Reply::Draft(id)) = world.command(ids[0], Command::Remove { person }) else { panic!("a draft") };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    assert_eq!(world.view(leaver).stage, Stage::Removed);
    let mut group = before.group;
    let message = group.encrypt(&pad(b"still here")).unwrap();
    world.put(BROADCAST, Class::Update, &EntryBody::Application(message.clone()));
    let skipped = world.settle_and_see();
    for id in ids.iter().filter(|id| **id != leaver) {
        assert_eq!(skipped[*id], [SkipReason::Unopened]);
    }
    // With the access key it had, the relay takes nothing from it and shows it nothing new.
    let access = crate::keys::access_key(&before.meta.access);
    let subject = campana_protocol::frame::Subject::Channel(before.id);
    let signature = access.sign(b"the model relay does not look");
    let prove =
        ClientFrame::Authenticate { request: 1, subject, key: access.public(), signature, clock: None };
    world.relay.handle(77, world.now, prove);
    let control_seq = world.channel(ids[0], BROADCAST).meta.last_control;
    let append = ClientFrame::Append {
        request: 2,
        channel: before.id,
        record: RecordId([77; 16]),
        class: Class::Update,
        control_seq,
        rotate: None,
        body: message.into(),
    };
    let answers = world.relay.handle(77, world.now, append);
    assert!(matches!(answers[..], [campana_protocol::frame::RelayFrame::Refused { .. }]));
    let stay: Vec<usize> = ids.iter().copied().filter(|id| *id != leaver).collect();
    world.assert_converged(&stay);
}

#[test]
fn a_flood_of_reports_pushes_out_no_alert() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[5], false);
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    let now = world.now;
    let core = world.core(ids[3]);
    for number in 0..2_000u16 {
        let id = IncidentId(core::array::from_fn(|i| number.to_be_bytes()[i % 2]));
        core.incidents.insert(id, Incident::new(id, now + u64::from(number)));
    }
    world.turn(ids[3], Input::Tick);
    let kept = &world.core(ids[3]).incidents;
    assert_eq!(kept.len(), 1_024);
    assert!(kept.contains_key(&incident), "an alert stays, though it is older");
    assert!(
        kept.values().all(|kept| kept.alert.is_some() || kept.updated_at >= now + 900),
        "the newest stay"
    );
}

/// The alert of an incident, as anybody who has it can say it again.
fn alert_of(world: &World, id: usize, incident: &IncidentId) -> Event {
    let known = &world.devices[id].core.incidents[incident];
    let attestations = known.alert.clone().expect("an alert");
    Event::Alert(Alert {
        public: known.public.clone().unwrap(),
        private: known.private_hash.unwrap(),
        attestations,
    })
}

fn rung(world: &World, id: usize) -> usize {
    world.devices[id].notices.len()
}

#[test]
fn an_alert_of_hours_ago_is_shown_and_rings_nowhere() {
    const HOUR: u64 = 3_600_000;
    for (hours, rings) in [(5, 1), (7, 0)] {
        let (mut world, ids) = network();
        let (late, early) = (ids[6], ids[5]);
        world.disconnect(late);
        let incident = report(&mut world, ids[7], false);
        attest(&mut world, ids[3], incident, Finding::Confirmed);
        attest(&mut world, ids[4], incident, Finding::Confirmed);
        let verified = world.now;
        assert_eq!(rung(&world, early), 1);
        // The relay keeps it back, or the phone was off: it can't tell, nor can anybody act on it.
        world.pass(hours * HOUR);
        world.connect(late);
        world.settle();
        assert_eq!(rung(&world, late), rings, "after {hours} hours");
        let shown = world.incident(late).expect("the alert");
        assert_eq!((shown.status, shown.past), (Status::Verified, rings == 0));
        if rings == 0 {
            assert_eq!(shown.updated_at, verified, "with its age");
        }
        // What follows it is no news either, to whoever it did not ring for.
        let clear = Command::FollowUp { incident, kind: FollowUpKind::AllClear };
        for by in [ids[3], ids[4]] {
            world.command(by, clear.clone()).expect("a verifier");
            world.settle();
        }
        // The alert, one person's word, and the end.
        assert_eq!(rung(&world, late), 3 * rings);
        assert_eq!(world.incident(late).expect("the alert").status, Status::AllClear);
    }
}

/// As when it has made room for others.
fn forget(world: &mut World, id: usize, incident: IncidentId) {
    let core = world.core(id);
    core.incidents.remove(&incident).expect("it is known");
    core.alerts.forget_incident(incident);
}

#[test]
fn an_old_alert_said_again_rings_nowhere_be_it_forgotten_or_from_before() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    let alert = alert_of(&world, ids[5], &incident);
    world.pass(600_000);
    // Somebody who came after it, and later somebody who has forgotten it.
    let link = world.invite(ids[0], false);
    let newcomer = world.join(&link, "newcomer");
    world.admit_all(ids[0]);
    world.say_alert(ids[5], &alert);
    assert_eq!(rung(&world, newcomer), 0);
    assert!(world.incident(newcomer).expect("it is shown").past);
    world.pass(7 * 3_600_000);
    forget(&mut world, ids[6], incident);
    let before = rung(&world, ids[6]);
    world.say_alert(ids[5], &alert);
    assert_eq!(rung(&world, ids[6]), before);
    assert!(world.incident(ids[6]).expect("it is shown").past);
    // One verifier alone makes it no younger.
    let Event::Alert(mut again) = alert else { unreachable!() };
    let verifier = world.role(ids[3]);
    let other = again.attestations.iter().position(|signed| signed.key != verifier.public()).unwrap();
    again.attestations = vec![again.attestations[other].clone(), confirm(&world, &again, &verifier)];
    forget(&mut world, ids[6], incident);
    let again = Event::Alert(again);
    world.say_alert(ids[5], &again);
    assert_eq!(rung(&world, ids[6]), before);
    assert!(world.incident(ids[6]).expect("it is shown").past);
    // A fresh one rings with all of them.
    let fresh = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], fresh, Finding::Confirmed);
    attest(&mut world, ids[4], fresh, Finding::Confirmed);
    assert_eq!((rung(&world, newcomer), rung(&world, ids[6])), (1, before + 1));
}

#[test]
fn a_desk_that_reads_a_month_back_keeps_no_words_and_calls_nothing_new() {
    const DAY: u64 = super::rig::DAY;
    let (mut world, ids) = network();
    for verifier in [ids[3], ids[4]] {
        world.disconnect(verifier);
    }
    let old = report(&mut world, ids[7], false);
    world.pass(20 * DAY);
    let made = world.now;
    let young = report(&mut world, ids[7], false);
    world.pass(DAY / 2);
    world.connect(ids[3]);
    world.settle();
    let known = world.core(ids[3]).incidents.clone();
    assert!(known[&old].at_desk && known[&old].private.is_none());
    assert!(known[&young].private.is_some());
    let told: Vec<IncidentId> = world.devices[ids[3]].notices.iter().map(|notice| notice.incident).collect();
    assert_eq!(told, [young]);
    // Half a day later, and not a day: the relay has had it for one.
    world.pass(made + DAY - world.now + 1);
    assert!(world.core(ids[3]).incidents[&young].private.is_none());
}

#[test]
fn a_report_is_read_though_its_reporter_has_another_leaf_by_then() {
    let (mut world, ids) = network();
    let reporter = ids[6];
    let yesterday = world.devices[reporter].rows.clone();
    for reader in [ids[3], ids[4]] {
        world.disconnect(reader);
    }
    world.pass(1_000);
    let before = world.channel(reporter, BROADCAST).group.own_key();
    let acknowledged = report(&mut world, reporter, false);
    // Something of its own in the log that an older copy of it does not know.
    let (channel, membership) =
        (world.channel_id(BROADCAST), world.core(reporter).membership().unwrap().clone());
    let body = wire::encode(&world.encrypted(reporter, BROADCAST, 999, Vec::new()));
    let record = membership.record(&channel, &body);
    let log = &mut world.relay.channels.get_mut(&channel).unwrap().log;
    let seq = log.len() as u64 + 1;
    let entry = campana_protocol::frame::Entry {
        seq,
        class: Class::Update,
        received_at: 0,
        record,
        body: body.into(),
    };
    log.push(entry);
    world.restart(reporter, yesterday);
    world.settle();
    // Made by a leaf that is lost, and not sent before it has another.
    let method = Method::InPerson;
    world.disconnect(reporter);
    let unsent = report(&mut world, reporter, false);
    world.connect(reporter);
    world.pass(600_000);
    assert_ne!(world.channel(reporter, BROADCAST).group.own_key(), before, "it has a fresh leaf");
    assert_eq!(world.view(reporter).unsent, 0);
    for reader in [ids[3], ids[4]] {
        world.connect(reader);
    }
    world.settle();
    for incident in [acknowledged, unsent] {
        assert!(world.core(ids[3]).incidents.contains_key(&incident), "{incident}");
    }
    let attests = Command::Attest { incident: acknowledged, finding: Finding::Confirmed, method };
    world.command(ids[3], attests).expect("a report at the desk");
}
