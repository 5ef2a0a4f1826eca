//! One committee device, or one at the desk, against all the others.

use campana_core::view::{OperationView, Status};
use campana_protocol::event::{Approve, DeskSecret, Draft, Event, Owner};
use campana_protocol::frame::{Class, Secret};
use campana_protocol::governance::{
    Approval, ChannelKind, Operation, Role, SignedStatement, Statement, Zone, statement_digest,
};
use campana_protocol::handshake::{Authority, commit_digest};
use campana_protocol::report::Finding;
use campana_protocol::wire;

use super::network;
use super::rig::{World, attest, form, report};
use crate::command::{Command, CommandError, Reply, ReportForm, ZoneChange};
use crate::keys::KeyPair;
use crate::mls::Change;
use crate::turn::Input;

const COMMITTEE: ChannelKind = ChannelKind::Committee;

fn zones(world: &mut World, by: usize, name: &str) -> Vec<u8> {
    let chain = world.core(by).chain().expect("a committee device");
    let zones = vec![Zone { code: 1, name: name.into() }];
    wire::encode(&Statement {
        network: chain.network(),
        nonce: core::array::from_fn(|i| name.as_bytes()[i % name.len()]),
        drafted_at: chain.height(),
        operations: vec![Operation::Zones { zones }],
        rule: None,
    })
}

fn approval(key: &KeyPair, statement: &[u8]) -> Approval {
    Approval { key: key.public(), signature: key.sign_hash(&statement_digest(statement)) }
}

fn draft(world: &mut World, by: usize, key: &KeyPair, statement: &[u8]) {
    let approval = approval(key, statement);
    let draft = Event::Draft(Draft { statement: statement.to_vec(), approval, desk: None });
    world.say(by, COMMITTEE, draft.kind(), draft.payload());
}

fn approve(world: &mut World, through: usize, key: &KeyPair, statement: &[u8]) {
    let approval = approval(key, statement);
    let approve = Event::Approve(Approve { statement: statement_digest(statement), approval });
    world.say(through, COMMITTEE, approve.kind(), approve.payload());
}

fn zone(world: &World, id: usize) -> Option<String> {
    world.view(id).network.expect("a network").zones.into_iter().next().map(|zone| zone.name)
}

#[test]
fn statements_applied_in_another_order_stop_nobody() {
    let (mut world, mut ids) = network();
    let insider = ids.remove(2);
    // The committee decides two statements; before the others have committed them, the insider
    // commits the second alone.
    let Ok(Reply::Draft(own)) =
        world.command(ids[0], Command::ChangeZones(vec![ZoneChange::Add("waits".into())]))
    else {
        panic!()
    };
    world.settle();
    let [first, second] = ["first", "second"].map(|name| zones(&mut world, ids[0], name));
    let signer = world.role(ids[1]);
    for statement in [&first, &second] {
        draft(&mut world, insider, &signer, statement);
        let last = world.role(insider);
        approve(&mut world, insider, &last, statement);
    }
    assert_eq!(world.core(ids[0]).registry.complete.len(), 5, "and nobody has committed them");
    let signatures = [ids[0], ids[1]].map(|id| approval(&world.role(id), &second)).to_vec();
    let statement = SignedStatement { statement: second, signatures };
    let channel = world.channel(insider, COMMITTEE);
    let mut double = channel.group.clone();
    let (id, epoch, mut after) = (channel.id, channel.group.epoch(), channel.governance.clone());
    after.apply(&statement).expect("it is well signed");
    let context = wire::encode(&after.context(COMMITTEE));
    let change = Change { context: Some(&context), ..Change::default() };
    let role = world.role(insider);
    let body = world.handshake(&mut double, COMMITTEE, &change, |_, commit| {
        let signature = role.sign_hash(&commit_digest(&id, epoch, commit, &after.head()));
        Authority::Committee { statements: vec![statement], key: role.public(), signature }
    });
    world.put(COMMITTEE, Class::Control, &body);
    world.pass(120_000);
    for id in &ids[..2] {
        let chain = world.core(*id).chain().expect("the committee goes on");
        assert_eq!(chain.height(), world.view(*id).network.unwrap().governance_height);
    }
    world.command(ids[1], Command::Approve(own)).expect("a draft that waits");
    world.pass(120_000);
    for id in &ids {
        assert_eq!(zone(&world, *id).as_deref(), Some("waits"), "device {id}");
    }
    world.assert_converged(&ids);
}

#[test]
fn the_hotlines_number_is_on_every_phone_once_the_committee_has_signed_it() {
    let (mut world, ids) = network();
    let number = "+1 413-555-0100";
    let hotline = |world: &World, id: usize| world.view(id).network.and_then(|network| network.hotline);
    let say = |text: &str| Command::SetHotline(text.into());
    assert_eq!(world.command(ids[0], say("ask Ana")), Err(CommandError::BadTelephone));
    assert_eq!(world.command(ids[0], say(" ")), Err(CommandError::AlreadyDone));
    assert_eq!(world.command(ids[6], say(number)), Err(CommandError::NotCommittee));
    let Ok(Reply::Draft(id)) = world.command(ids[0], say(number)) else { panic!() };
    world.pass(60_000);
    assert!(ids.iter().all(|id| hotline(&world, *id).is_none()), "one signature is not enough");
    let drafts = world.view(ids[1]).committee.expect("committee").drafts;
    assert_eq!(drafts[0].operations, [OperationView::Hotline(number.into())]);
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    assert!(ids.iter().all(|id| hotline(&world, *id).as_deref() == Some(number)));
    assert_eq!(world.command(ids[0], say(number)), Err(CommandError::AlreadyDone));
    let Ok(Reply::Draft(id)) = world.command(ids[2], say("")) else { panic!() };
    world.settle();
    world.command(ids[0], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    assert!(ids.iter().all(|id| hotline(&world, *id).is_none()));
}

#[test]
fn a_retired_zone_keeps_its_name_with_what_was_reported_there() {
    let (mut world, ids) = network();
    let decide = |world: &mut World, changes: Vec<ZoneChange>| {
        let Ok(Reply::Draft(id)) = world.command(ids[0], Command::ChangeZones(changes)) else { panic!() };
        world.settle();
        world.command(ids[1], Command::Approve(id)).expect("a draft");
        world.pass(60_000);
    };
    decide(&mut world, ["north", "centre", "south"].map(|name| ZoneChange::Add(name.into())).to_vec());
    let form = ReportForm { zone: 2, ..form(false) };
    let Ok(Reply::Incident(incident)) = world.command(ids[6], Command::Report(form)) else { panic!() };
    world.settle();
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    decide(&mut world, vec![ZoneChange::Retire(2)]);
    decide(&mut world, vec![ZoneChange::Add("west".into())]);
    for id in &ids {
        let view = world.view(*id);
        let offered = view.network.unwrap().zones.into_iter().map(|zone| (zone.code, zone.name));
        let expected = [(1, "north"), (3, "south"), (4, "west")].map(|(code, name)| (code, name.to_owned()));
        assert_eq!(offered.collect::<Vec<_>>(), expected, "device {id}");
        let place = world.incident(*id).unwrap().report.unwrap().zone_name;
        assert_eq!(place.as_deref(), Some("centre"), "device {id}");
    }
    let retired = world.view(ids[2]).committee.unwrap().retired_zones;
    assert_eq!(retired.iter().map(|zone| zone.code).collect::<Vec<_>>(), [2]);
    let unknown = world.command(ids[0], Command::ChangeZones(vec![ZoneChange::Retire(2)]));
    assert_eq!(unknown, Err(CommandError::UnknownZone));
}

#[test]
fn signatures_that_count_for_nothing_are_no_veto() {
    let (mut world, ids) = network();
    let Ok(Reply::Draft(id)) =
        world.command(ids[0], Command::ChangeZones(vec![ZoneChange::Add("north".into())]))
    else {
        panic!()
    };
    world.settle();
    let statement = world.core(ids[1]).registry.drafts.last().expect("the draft").statement.clone();
    for seed in 0..40 {
        let nobody = KeyPair::derive(&Secret([seed; 32]), "nobody");
        approve(&mut world, ids[2], &nobody, &statement);
    }
    assert_eq!(world.view(ids[0]).committee.unwrap().drafts[0].signatures, 1);
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    assert!(ids.iter().all(|id| zone(&world, *id).as_deref() == Some("north")));
}

#[test]
fn a_flood_of_drafts_leaves_room_for_the_others() {
    let (mut world, ids) = network();
    for number in 0..70 {
        let statement = zones(&mut world, ids[2], &format!("flood {number}"));
        let key = world.role(ids[2]);
        draft(&mut world, ids[2], &key, &statement);
    }
    assert_eq!(world.core(ids[0]).registry.drafts.len(), 64);
    let Ok(Reply::Draft(id)) =
        world.command(ids[0], Command::ChangeZones(vec![ZoneChange::Add("north".into())]))
    else {
        panic!()
    };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    assert!(ids.iter().all(|id| zone(&world, *id).as_deref() == Some("north")));
}

#[test]
fn drafts_of_strangers_and_unsigned_ones_are_not_kept() {
    let (mut world, ids) = network();
    let statement = zones(&mut world, ids[2], "forged");
    let nobody = KeyPair::derive(&Secret([1; 32]), "nobody");
    let mut forged = approval(&world.role(ids[2]), &statement);
    forged.signature.0[0] ^= 1;
    for approval in [approval(&nobody, &statement), forged] {
        let draft = Event::Draft(Draft { statement: statement.clone(), approval, desk: None });
        world.say(ids[2], COMMITTEE, draft.kind(), draft.payload());
    }
    assert!(world.core(ids[0]).registry.drafts.iter().all(|draft| draft.statement != statement));
}

#[test]
fn nobody_speaks_for_another_committee_device() {
    let (mut world, ids) = network();
    let honest = world.core(ids[0]).registry.owners.clone();
    let nobody = KeyPair::derive(&Secret([1; 32]), "nobody");
    for owner in &honest {
        let stolen = Event::Owner(Owner { owner: nobody.public(), ..owner.clone() });
        if owner.role_key != world.role(ids[2]).public() {
            world.say(ids[2], COMMITTEE, stolen.kind(), stolen.payload());
        }
    }
    assert!(world.core(ids[0]).registry.owners == honest);
}

#[test]
fn nobody_at_the_desk_can_blind_the_others() {
    let (mut world, ids) = network();
    for seed in 0..8 {
        let false_secret = Event::DeskSecret(DeskSecret { secret: Secret([seed; 32]) });
        world.say(ids[3], ChannelKind::Desk, false_secret.kind(), false_secret.payload());
    }
    report(&mut world, ids[6], false);
    assert_eq!(world.incident(ids[4]).expect("a report").status, Status::Unverified);
}

#[test]
fn the_desk_follows_its_mailbox_even_if_nobody_has_to_leave() {
    let (mut world, ids) = network();
    let person = world.key(ids[5]);
    for committee in &ids[..3] {
        world.core(*committee).people.get_mut(&person).expect("a person").packages.clear();
    }
    // Granted, but never in the desk's group; so its revocation removes nobody.
    world.grant(&ids[..2], ids[5], Role::Dispatcher);
    let Ok(Reply::Draft(id)) = world.command(ids[0], Command::Revoke { person, role: Role::Dispatcher })
    else {
        panic!()
    };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    report(&mut world, ids[6], false);
    for verifier in [ids[3], ids[4]] {
        assert_eq!(world.incident(verifier).expect("a report").status, Status::Unverified);
    }
}

#[test]
fn what_was_to_be_said_at_a_desk_that_one_is_let_into_no_more_is_dropped() {
    let (mut world, ids) = network();
    let person = world.key(ids[4]);
    let Ok(Reply::Draft(id)) = world.command(ids[0], Command::Revoke { person, role: Role::Verifier }) else {
        panic!()
    };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    // Of two devices that are not at the desk, one was, and signed when it did not know better; the
    // other one only waits for its Welcome.
    world.grant(&ids[..2], ids[5], Role::Dispatcher);
    world.core(ids[5]).drop_channel(ChannelKind::Desk);
    for at in [ids[4], ids[5]] {
        assert!(!world.core(at).channels.contains_key(&ChannelKind::Desk));
        let secret = Event::DeskSecret(DeskSecret { secret: Secret([1; 32]) });
        world.core(at).say(ChannelKind::Desk, &secret, Class::Update);
        world.turn(at, Input::Tick);
    }
    assert_eq!(world.view(ids[4]).unsent, 0, "it can never be said");
    assert_eq!(world.view(ids[5]).unsent, 1, "it waits");
}
