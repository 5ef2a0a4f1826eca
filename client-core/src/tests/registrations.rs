//! What a device is registered for at the relay, and owes it.

use campana_core::view::Stage;
use campana_protocol::code::Code;
use campana_protocol::frame::ClientFrame;
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{PushAuth, PushKey};
use campana_protocol::push::Subscription;

use super::network;
use super::rig::{World, report};
use crate::command::Command;
use crate::limits::MAX_RECEIPTS;
use crate::turn::{Input, Permission, Platform, Subscribed};

const KEY: PushKey = PushKey([4; 65]);

fn turn_on(world: &mut World, id: usize) {
    let subscription =
        Subscription { endpoint: format!("https://push.example/{id}"), key: KEY, auth: PushAuth([7; 16]) };
    let subscription = Some(Subscribed { subscription, made_for: Some(KEY) });
    world.command(id, Command::Alerts(true)).expect("a member");
    world.turn(
        id,
        Input::Platform(Platform {
            permission: Permission::Granted,
            subscription,
            failed: false,
            ..Platform::default()
        }),
    );
    world.settle();
}

/// A relay that pushes, and everybody connected to it.
fn pushing() -> (World, Vec<usize>) {
    let (mut world, ids) = network();
    world.relay.push_key = Some(KEY);
    ids.iter().for_each(|id| world.connect(*id));
    world.settle();
    (world, ids)
}

#[test]
fn nobody_is_pushed_twice_after_joining_anew() {
    let (mut world, ids) = pushing();
    let phone = ids[5];
    turn_on(&mut world, phone);
    let first = *world.relay.registrations.keys().next().expect("registered");
    let link = world.invite(ids[0], false);
    world.channel(phone, ChannelKind::Broadcast).meta.lost = true;
    // Its process dies as soon as it has asked.
    world.devices[phone].online = false;
    world.command(phone, Command::Join { link, handle: "again".into() }).expect("it is shut out");
    let rows = world.devices[phone].rows.clone();
    world.restart(phone, rows);
    assert_eq!(world.relay.registrations.len(), 1);
    world.connect(phone);
    world.settle();
    assert!(!world.relay.registrations.contains_key(&first), "while it waits already");
    world.admit_all(ids[0]);
    world.pass(60_000);
    assert_eq!(world.relay.registrations.len(), 1);
    assert!(!world.relay.registrations.contains_key(&first));
}

#[test]
fn what_could_not_be_ended_before_is_ended_once_it_is_in_again() {
    let (mut world, ids) = pushing();
    let phone = ids[5];
    turn_on(&mut world, phone);
    let first = *world.relay.registrations.keys().next().expect("registered");
    let link = world.invite(ids[0], false);
    world.channel(phone, ChannelKind::Broadcast).meta.lost = true;
    let unregister = |frame: &ClientFrame| matches!(frame, ClientFrame::Unregister { .. });
    world.relay.refusing = Some((unregister, Code::Busy));
    world.command(phone, Command::Join { link, handle: "again".into() }).expect("it is shut out");
    world.pass(60_000);
    world.admit_all(ids[0]);
    world.pass(60_000);
    assert_eq!(world.view(phone).stage, Stage::Member);
    assert_eq!(world.relay.registrations.len(), 2);
    assert!(world.relay.refused < 30, "{} requests in two minutes", world.relay.refused);
    // By the key of now, which stays proved.
    world.relay.refusing = None;
    world.pass(300_000);
    assert_eq!(world.relay.registrations.len(), 1);
    assert!(!world.relay.registrations.contains_key(&first));
    let incident = report(&mut world, phone, false);
    assert!(world.core(ids[3]).incidents.contains_key(&incident));
    world.assert_converged(&ids);
}

#[test]
fn receipts_that_find_no_room_push_out_the_oldest() {
    let (mut world, ids) = network();
    let core = world.core(ids[6]);
    for seq in 1..=MAX_RECEIPTS as u64 + 6 {
        core.owe_receipt(seq);
    }
    world.relay.push_key = Some(KEY);
    world.connect(ids[6]);
    world.settle();
    let told: Vec<u64> = world.relay.receipts.keys().copied().collect();
    assert_eq!(told, (7..=MAX_RECEIPTS as u64 + 6).collect::<Vec<_>>());
}
