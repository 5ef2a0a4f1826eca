//! One committee device against all others at the relay: what it can change there alone is seen by whom it
//! shuts out, and undone.

use campana_core::view::{Status, Warning};
use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{PublicKey, RecordId};
use campana_protocol::report::Finding;

use super::network;
use super::rig::{World, attest, report};
use crate::command::{Command, Reply};

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

/// A committee device puts a key in force that nobody has.
fn rotate(world: &mut World, thief: usize) {
    world.connect(thief);
    world.settle();
    let channel = world.channel(thief, BROADCAST);
    let (channel, control_seq) = (channel.id, channel.meta.last_control);
    let frame = ClientFrame::Append {
        request: 1_000,
        channel,
        record: RecordId([9; 16]),
        class: Class::Control,
        control_seq,
        rotate: Some(PublicKey([9; 32])),
        body: b"nothing".to_vec().into(),
    };
    let answer = world.relay.handle(thief, world.now, frame);
    assert!(matches!(answer[..], [RelayFrame::Appended { .. }]), "{answer:?}");
}

/// The committee removes a member, which makes the next access key.
fn remove(world: &mut World, ids: &[usize]) {
    ids[..3].iter().for_each(|id| world.connect(*id));
    world.settle();
    let person = world.key(ids[5]);
    let Ok(Reply::Draft(id)) = world.command(ids[0], Command::Remove { person }) else { panic!("a draft") };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a signature");
}

fn warned(world: &World, id: usize, warning: Warning) -> bool {
    world.view(id).warnings.contains(&warning)
}

#[test]
fn a_key_that_no_decision_explains_is_seen_by_all_and_put_right_by_any_owner() {
    let (mut world, ids) = network();
    // Of the honest owners one is there, and it has read on all along.
    world.disconnect(ids[0]);
    world.connect(ids[1]);
    world.settle();
    rotate(&mut world, ids[2]);
    world.settle();
    for id in [ids[1], ids[3], ids[4], ids[7]] {
        assert!(warned(&world, id, Warning::LockedOut), "device {id}");
    }
    world.pass(120_000);
    for id in &ids[1..] {
        assert!(!warned(&world, *id, Warning::LockedOut), "device {id}");
    }
    let incident = report(&mut world, ids[7], false);
    for verifier in [ids[3], ids[4]] {
        attest(&mut world, verifier, incident, Finding::Confirmed);
    }
    world.pass(60_000);
    for id in &ids[1..] {
        assert_eq!(world.incident(*id).map(|seen| seen.status), Some(Status::Verified), "device {id}");
    }
    world.connect(ids[0]);
    world.pass(60_000);
    world.assert_converged(&ids);
}

#[test]
fn an_owner_that_was_away_sees_it_when_it_comes_back() {
    let (mut world, ids) = network();
    for owner in &ids[..2] {
        world.disconnect(*owner);
    }
    rotate(&mut world, ids[2]);
    // The thief's program does nothing about it.
    world.disconnect(ids[2]);
    world.pass(300_000);
    assert!(warned(&world, ids[7], Warning::LockedOut), "for as long as it lasts");
    world.connect(ids[1]);
    world.pass(120_000);
    assert!(!warned(&world, ids[7], Warning::LockedOut));
    assert!(world.nobody_lost());
}

#[test]
fn a_key_that_an_owner_restores_in_time_costs_no_plea() {
    let (mut world, ids) = network();
    ids[..2].iter().for_each(|owner| world.disconnect(*owner));
    rotate(&mut world, ids[2]);
    world.disconnect(ids[2]);
    world.pass(300_000);
    assert!(world.channel(ids[7], BROADCAST).meta.footing.is_cut());
    world.connect(ids[1]);
    world.pass(20 * 60_000);
    let meta = &world.channel(ids[7], BROADCAST).meta;
    assert!(!meta.footing.is_cut() && meta.pleaded_at == 0);
    assert!(world.nobody_lost());
}

#[test]
fn a_key_that_nobody_restores_has_members_plead_by_mail() {
    let (mut world, ids) = network();
    ids[..2].iter().for_each(|owner| world.disconnect(*owner));
    rotate(&mut world, ids[2]);
    world.disconnect(ids[2]);
    world.pass(20 * 60_000);
    assert!(world.core(ids[7]).membership().is_some_and(|membership| !membership.shut_out.is_empty()));
    world.connect(ids[1]);
    world.pass(20 * 60_000);
    assert!(!warned(&world, ids[7], Warning::LockedOut));
    assert!(world.core(ids[7]).membership().is_some_and(|membership| membership.shut_out.is_empty()));
    assert!(world.nobody_lost());
}

#[test]
fn a_device_that_others_of_its_fragment_vouch_for_pleads_once_it_has_been_cut_for_long() {
    let (mut world, ids) = network();
    let away = ids[7];
    world.disconnect(away);
    remove(&mut world, &ids);
    world.pass(60_000);
    // The device has skipped each entry up to the log's end, and a committee device of its fragment vouched for it.
    let meta = &world.channel(ids[0], BROADCAST).meta;
    let (cursor, log_hash) = (meta.cursor, meta.log_hash);
    let meta = &mut world.channel(away, BROADCAST).meta;
    (meta.cursor, meta.log_hash) = (cursor, log_hash);
    world.connect(away);
    world.settle();
    assert!(warned(&world, away, Warning::LockedOut));
    world.pass(9 * 60_000);
    assert!(warned(&world, away, Warning::LockedOut), "its key might be in force again any minute");
    world.pass(10 * 60_000);
    assert!(!warned(&world, away, Warning::LockedOut));
    let rest: Vec<usize> = ids.iter().copied().filter(|id| *id != ids[5]).collect();
    world.assert_converged(&rest);
}

#[test]
fn a_removal_is_no_lockout() {
    let (mut world, ids) = network();
    remove(&mut world, &ids);
    for _ in 0..60 {
        world.pass(2_000);
        assert!(ids.iter().all(|id| !warned(&world, *id, Warning::LockedOut)));
    }
    ids[..3].iter().for_each(|id| world.connect(*id));
    world.settle();
    assert!(ids.iter().all(|id| !warned(&world, *id, Warning::LockedOut)));
}

#[test]
fn one_owner_takes_nobodys_place_and_an_older_relay_is_seen_to_let_it() {
    let (mut world, ids) = network();
    ids[..3].iter().for_each(|id| world.connect(*id));
    world.settle();
    let own = world.core(ids[2]).membership().expect("a member").owner(BROADCAST).public();
    let take = ClientFrame::SetOwners {
        request: 1_000,
        channel: world.channel_id(BROADCAST),
        owners: vec![own],
        approvals: None,
    };
    let answer = world.relay.handle(ids[2], world.now, take.clone());
    assert!(matches!(answer[..], [RelayFrame::Refused { code: Code::Forbidden, .. }]), "{answer:?}");
    world.relay.old = true;
    let answer = world.relay.handle(ids[2], world.now, take);
    assert!(matches!(answer[..], [RelayFrame::Done { .. }]), "{answer:?}");
    for id in &ids[..2] {
        world.connect(*id);
        world.settle();
        assert!(warned(&world, *id, Warning::OwnerReplaced), "device {id}");
    }
    assert!(!warned(&world, ids[2], Warning::OwnerReplaced));
}

#[test]
fn an_owner_to_be_is_not_robbed_of_what_it_never_had() {
    let (mut world, ids) = network();
    world.connect(ids[0]);
    world.settle();
    let keys = |world: &mut World, of: &[usize]| -> Vec<_> {
        of.iter()
            .map(|id| world.core(*id).membership().expect("a member").owner(BROADCAST).public())
            .collect()
    };
    let (founder, all) = (keys(&mut world, &ids[..1]), keys(&mut world, &ids[..3]));
    let channel = world.channel_id(BROADCAST);
    let set = |world: &mut World, owners| {
        let frame = ClientFrame::SetOwners { request: 1_000, channel, owners, approvals: None };
        let answer = world.relay.handle(ids[0], world.now, frame);
        assert!(matches!(answer[..], [RelayFrame::Done { .. }]), "{answer:?}");
    };
    // It connects before the others have named it.
    world.relay.old = true;
    set(&mut world, founder);
    world.disconnect(ids[1]);
    let owned = std::mem::take(&mut world.core(ids[1]).registry.owned);
    world.connect(ids[1]);
    world.settle();
    set(&mut world, all);
    // Another context on its store connects after that, and is taken for an owner.
    world.core(ids[1]).registry.owned = owned;
    report(&mut world, ids[7], false);
    world.pass(60_000);
    assert!(!warned(&world, ids[1], Warning::OwnerReplaced));
    assert_eq!(world.core(ids[1]).session.proved(BROADCAST), Some(crate::session::As::Owner));
}
