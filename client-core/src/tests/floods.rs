//! One who sends without end: what others have sent stays.

use campana_core::view::PersonState;
use campana_protocol::frame::{Class, ClientFrame};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{IncidentId, RecordId};
use campana_protocol::mailbox::{Post, SEAL_INFO};
use campana_protocol::padding::pad;
use campana_protocol::report::{PrivateReport, SignedReport, private_hash, report_digest};
use campana_protocol::wire;

use super::alerts::public_report;
use super::network;
use super::rig::{World, report};
use crate::limits::{
    MAX_EARLY_REPORTS, MAX_EARLY_REPORTS_OF_ONE, MAX_UNKNOWN, MAX_UNKNOWN_BYTES, MAX_UNVERIFIED, MAX_WAITING,
};
use crate::mls::{Leaf, seal};
use crate::turn::Input;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

/// A report as it was made, `number` to tell it from others.
fn signed_report(world: &mut World, number: u16, leaf: &Leaf) -> SignedReport {
    let network = world.core(0).membership().unwrap().network;
    let number = number.to_be_bytes();
    let public = public_report(network, IncidentId(core::array::from_fn(|i| number[i % 2])));
    let private = wire::encode(&PrivateReport { salt: [0; 16], words: "here".into() });
    let signature = leaf.sign(report_digest(&public, &private_hash(&private)).as_bytes());
    SignedReport { public, private, leaf: leaf.public(), signature }
}

fn post_report(world: &mut World, report: &SignedReport) {
    let desk = *world.channel(0, BROADCAST).governance.desk();
    let post = pad(&wire::encode(&Post::Report(report.clone())));
    let body = seal(&desk.sealing, SEAL_INFO.as_bytes(), &post).unwrap();
    let record = RecordId(core::array::from_fn(|i| body[i]));
    let post = ClientFrame::Post { request: 1, mailbox: desk.mailbox, record, body: body.into(), pass: None };
    world.relay.handle(6, world.now, post);
}

fn leaf(world: &mut World, id: usize) -> Leaf {
    Leaf::from_bytes(&world.channel(id, BROADCAST).meta.leaf).unwrap()
}

#[test]
fn whoever_floods_the_desk_loses_their_own_reports_first() {
    let (mut world, ids) = network();
    let honest = report(&mut world, ids[7], false);
    let flooder = leaf(&mut world, ids[5]);
    for number in 0..3 * MAX_UNVERIFIED as u16 {
        world.now += 1_000;
        let report = signed_report(&mut world, number, &flooder);
        post_report(&mut world, &report);
    }
    world.settle();
    let kept = &world.core(ids[3]).incidents;
    assert!(kept.contains_key(&honest));
    assert_eq!(kept.len(), MAX_UNVERIFIED + 1);
    let newest = (3 * MAX_UNVERIFIED as u16 - 1).to_be_bytes();
    assert!(kept.contains_key(&IncidentId(core::array::from_fn(|i| newest[i % 2]))));
}

#[test]
fn reports_that_wait_for_an_admission_are_not_pushed_out_by_one_leaf() {
    let (mut world, ids) = network();
    let (waits, flooder) = (Leaf::generate().unwrap(), Leaf::generate().unwrap());
    let early = signed_report(&mut world, 9_999, &waits);
    post_report(&mut world, &early);
    for number in 0..2 * MAX_EARLY_REPORTS as u16 {
        let report = signed_report(&mut world, number, &flooder);
        post_report(&mut world, &report);
    }
    world.settle();
    let kept = &world.core(ids[3]).membership().unwrap().early_reports;
    assert_eq!(kept.len(), 1 + MAX_EARLY_REPORTS_OF_ONE);
    assert!(kept.iter().any(|kept| kept.report == early));
}

#[test]
fn events_of_kinds_to_come_are_kept_within_bounds_and_go_with_the_membership() {
    let (mut world, ids) = network();
    let unknown = |world: &World| -> Vec<Vec<u8>> {
        world.devices[ids[6]].rows.keys().filter(|key| key[0] == b'u').cloned().collect()
    };
    for number in 0..MAX_UNKNOWN + 20 {
        let body = world.encrypted(ids[5], BROADCAST, 777, vec![number as u8; 9]);
        world.put(BROADCAST, Class::Update, &body);
        // Some in one turn, some one by one.
        if number % 7 == 0 {
            world.settle();
        }
    }
    world.say(ids[5], BROADCAST, 778, vec![0; MAX_UNKNOWN_BYTES]);
    let kept = unknown(&world);
    assert_eq!(kept.len(), MAX_UNKNOWN, "the oldest made room, and the large one was not kept");
    let log = world.relay.channels[&world.channel_id(BROADCAST)].log.len() as u64;
    let newest = crate::rows::Row::Unknown(BROADCAST, log - 1).key();
    assert!(kept.contains(&newest));
    world.core(ids[6]).forget_everything();
    world.turn(ids[6], Input::Tick);
    assert!(unknown(&world).is_empty());
}

#[test]
fn those_who_ask_to_join_are_bounded_and_the_declined_make_room() {
    let (mut world, ids) = network();
    let link = world.invite(ids[0], false);
    let core = world.core(ids[0]);
    let template = core.people.values().next().expect("somebody").clone();
    for number in 0..MAX_WAITING as u64 {
        let mut key = [0xEE; 32];
        key[..8].copy_from_slice(&number.to_be_bytes());
        let mut person = template.clone();
        person.role_key = campana_protocol::id::PublicKey(key);
        person.leaf = person.role_key;
        (person.member, person.approved, person.declined) = (false, false, number == 77);
        person.order = 1_000 + number;
        person.packages.clear();
        core.people.insert(person.role_key, person);
    }
    let waiting = |world: &World| -> Vec<(String, PersonState)> {
        let people = world.view(ids[0]).committee.expect("a committee device").people;
        let waits = |state| matches!(state, PersonState::Waiting | PersonState::Declined);
        people.into_iter().filter(|p| waits(p.state)).map(|p| (p.handle, p.state)).collect()
    };
    world.join(&link, "first");
    let kept = waiting(&world);
    assert_eq!(kept.len(), MAX_WAITING);
    assert!(kept.iter().all(|(_, state)| *state == PersonState::Waiting), "the declined made room");
    // This one's place in the mailbox is before all that were made up: it has waited longest.
    assert!(kept.iter().any(|(handle, _)| handle == "first"));
    world.join(&link, "second");
    assert_eq!(waiting(&world).len(), MAX_WAITING);
    let members = world.view(ids[0]).committee.expect("a committee device").people;
    assert_eq!(members.iter().filter(|p| p.state == PersonState::Member).count(), ids.len() - 1);
}
