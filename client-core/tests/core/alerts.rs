//! Alerts of a device: subscribing, registering, pushes that arrive, receipts and their count.

use campana_core::view::{AlertsState, CoverageView, ReachView, Stage};
use campana_core::{
    Command, CommandError, Effect, Input, NoticeKind, Permission, Platform, Reply, Subscribed,
};
use campana_protocol::frame::Class;
use campana_protocol::governance::Role;
use campana_protocol::id::{ChannelId, PushAuth, PushKey};
use campana_protocol::limits::{DAY_MS, MAX_PUSH_BODY, PROOF_MS};
use campana_protocol::push::{Push, Subscription};
use campana_protocol::report::{Finding, FollowUpKind};

use super::rig::{World, attest, report};

const KEY: PushKey = PushKey([4; 65]);
const NEW_KEY: PushKey = {
    let mut key = [5; 65];
    key[0] = 4;
    PushKey(key)
};

/// Two committee devices of which one signs, verifiers 2 and 3, members 4 to 6; a relay that pushes.
pub(crate) fn network() -> (World, Vec<usize>) {
    let mut world = World::new();
    world.relay.push_key = Some(KEY);
    let ids = world.network(2, 1, 5);
    for verifier in [ids[2], ids[3]] {
        world.grant(&ids[..1], verifier, Role::Verifier);
    }
    (world, ids)
}

pub(crate) fn subscribed(name: &str, made_for: PushKey) -> Platform {
    let endpoint = format!("https://push.example/{name}");
    let subscription = Subscription { endpoint, key: KEY, auth: PushAuth([7; 16]) };
    let subscription = Some(Subscribed { subscription, made_for: Some(made_for) });
    Platform { permission: Permission::Granted, subscription, failed: false, ..Platform::default() }
}

fn allowed() -> Platform {
    Platform { permission: Permission::Granted, ..Platform::default() }
}

fn state(world: &World, id: usize) -> AlertsState {
    world.view(id).alerts.state
}

/// As the shell does it: permission, then the wish, then the subscription it was asked for.
pub(crate) fn turn_on(world: &mut World, id: usize) {
    world.turn(id, Input::Platform(allowed()));
    world.command(id, Command::Alerts(true)).expect("a member");
    assert_eq!(world.devices[id].wishes.pop(), Some(Effect::Subscribe(KEY)));
    world.turn(id, Input::Platform(subscribed(&format!("phone-{id}"), KEY)));
    world.settle();
}

/// The push of the entry at the end of the broadcast log.
fn last_push(world: &World) -> Push {
    let (channel, log) = world
        .relay
        .channels
        .iter()
        .find_map(|(id, channel)| {
            let entry = channel.log.iter().rev().find(|entry| entry.class == Class::Alert)?;
            Some((*id, entry.clone()))
        })
        .expect("an alert");
    Push::Entry { channel, entry: log }
}

pub(crate) fn push(world: &mut World, id: usize, push: &Push, in_sight: bool) -> campana_core::Pushed {
    match world.turn(id, Input::Pushed { push: push.encode(), in_sight, arrived_at: None }) {
        Some(Ok(Reply::Pushed(pushed))) => pushed,
        other => panic!("{other:?}"),
    }
}

fn verified(world: &mut World, ids: &[usize]) {
    let incident = report(world, ids[6], false);
    attest(world, ids[2], incident, Finding::Confirmed);
    attest(world, ids[3], incident, Finding::Confirmed);
}

#[cfg_attr(test, test)]
fn alerts_are_on_once_a_push_has_arrived() {
    let (mut world, ids) = network();
    let phone = ids[4];
    assert_eq!(state(&world, phone), AlertsState::Off);
    assert_eq!(world.command(phone, Command::TestAlerts { delay_ms: 0 }), Err(CommandError::AlertsOff));
    turn_on(&mut world, phone);
    assert_eq!(state(&world, phone), AlertsState::Untested);

    world.command(phone, Command::TestAlerts { delay_ms: 0 }).expect("they are on");
    world.settle();
    let (registration, nonce) = world.relay.tests.pop().expect("asked for");
    assert_eq!(
        world.relay.registrations[&registration].subscription.endpoint,
        "https://push.example/phone-4"
    );
    let test = Push::Test { channel: ChannelId([1; 32]), nonce };
    assert!(push(&mut world, phone, &test, true).test);
    let seen = world.view(phone).alerts.test.expect("a test");
    assert!(seen.arrived_at.is_some() && !seen.closed, "it came while the app was in sight");
    assert_eq!(world.view(phone).alerts.proved_at, None, "which proves nothing of a phone in a pocket");
    assert_eq!(state(&world, phone), AlertsState::Untested);
    push(&mut world, phone, &test, false);
    push(&mut world, phone, &test, true);
    assert!(world.view(phone).alerts.test.expect("a test").closed);
    assert_eq!(state(&world, phone), AlertsState::On);
    world.settle();
    assert!(world.relay.registrations[&registration].proved_at > 0, "the relay counts it as proved");

    world.pass(PROOF_MS + 1);
    assert_eq!(state(&world, phone), AlertsState::Unproved);
}

#[cfg_attr(test, test)]
fn a_push_that_was_refused_is_told_to_its_owner_at_the_next_opening() {
    let (mut world, ids) = network();
    let phone = ids[4];
    let test = Push::Test { channel: ChannelId([1; 32]), nonce: 7 };
    turn_on(&mut world, phone);
    push(&mut world, phone, &test, false);
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::On);
    let registration = *world.relay.registrations.keys().next().expect("registered");
    world.disconnect(phone);
    world.relay.unreached.insert(registration, world.now);
    world.connect(phone);
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::Refused);
    let rows = world.devices[phone].rows.clone();
    world.restart(phone, rows);
    assert_eq!(state(&world, phone), AlertsState::Refused);
    // What arrives was not refused.
    push(&mut world, phone, &test, true);
    assert_eq!(state(&world, phone), AlertsState::On);
    // Nor does it stay when the relay knows better.
    world.connect(phone);
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::Refused);
    world.relay.unreached.clear();
    world.connect(phone);
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::On);
}

#[cfg_attr(test, test)]
fn an_older_relay_that_knows_no_refusals_is_no_trouble() {
    let (mut world, ids) = network();
    world.relay.old = true;
    turn_on(&mut world, ids[4]);
    assert_eq!(state(&world, ids[4]), AlertsState::Untested);
    assert!(world.view(ids[4]).warnings.is_empty(), "nor one to be updated for");
}

#[cfg_attr(test, test)]
fn a_proof_is_of_one_subscription_and_of_no_other() {
    let (mut world, ids) = network();
    let phone = ids[4];
    let test = Push::Test { channel: ChannelId([1; 32]), nonce: 7 };
    turn_on(&mut world, phone);
    push(&mut world, phone, &test, false);
    world.settle();
    let proved = |world: &World| world.relay.registrations.values().map(|known| known.proved_at).max();
    assert!(proved(&world) > Some(0));
    // The browser has ended the subscription and made another.
    world.turn(phone, Input::Platform(subscribed("another", KEY)));
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::Untested);
    assert_eq!(proved(&world), Some(0), "nothing has come through it yet");
    world.turn(phone, Input::Platform(subscribed(&format!("phone-{phone}"), KEY)));
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::On, "the old one is proved");
    world.turn(phone, Input::Platform(subscribed("another", KEY)));
    push(&mut world, phone, &test, false);
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::On);
    assert!(proved(&world) > Some(0));
}

#[cfg_attr(test, test)]
fn a_test_that_was_lost_on_its_way_is_asked_for_again() {
    let (mut world, ids) = network();
    let phone = ids[4];
    turn_on(&mut world, phone);
    world.command(phone, Command::TestAlerts { delay_ms: 0 }).expect("they are on");
    world.disconnect(phone);
    // The relay's answer did not come: nobody knows whether it has heard.
    assert!(!world.view(phone).alerts.test.expect("a test").sent);
    let heard = world.relay.tests.len();
    world.connect(phone);
    world.settle();
    assert_eq!(world.relay.tests.len(), heard + 1);
    assert!(world.view(phone).alerts.test.expect("a test").sent);
    world.disconnect(phone);
    world.connect(phone);
    world.settle();
    assert_eq!(world.relay.tests.len(), heard + 1, "and once it was taken on, not again");
}

#[cfg_attr(test, test)]
fn a_push_that_was_kept_counts_from_when_it_came() {
    let (mut world, ids) = network();
    let phone = ids[4];
    turn_on(&mut world, phone);
    let came = world.now;
    world.pass(DAY_MS);
    let test = Push::Test { channel: ChannelId([1; 32]), nonce: 7 };
    let kept =
        |arrived_at| Input::Pushed { push: test.encode(), in_sight: false, arrived_at: Some(arrived_at) };
    world.turn(phone, kept(came));
    assert_eq!(world.view(phone).alerts.proved_at, Some(came));
    // A clock that was set back since makes nothing younger than now.
    world.turn(phone, kept(world.now + DAY_MS));
    assert_eq!(world.view(phone).alerts.proved_at, Some(world.now));
    world.turn(phone, kept(came));
    assert_eq!(world.view(phone).alerts.proved_at, Some(world.now), "the last is the newest");
}

#[cfg_attr(test, test)]
fn a_locked_phone_rings_from_the_push_alone() {
    let (mut world, ids) = network();
    let phone = ids[4];
    turn_on(&mut world, phone);
    world.disconnect(phone);
    verified(&mut world, &ids);
    let alert = last_push(&world);
    let Push::Entry { entry, .. } = &alert else { unreachable!() };
    assert!(entry.body.len() <= MAX_PUSH_BODY, "{} bytes do not travel within a push", entry.body.len());

    let pushed = push(&mut world, phone, &alert, false);
    assert!(!pushed.behind);
    let incident = pushed.incident.expect("the incident");
    assert_eq!(world.devices[phone].notices.iter().map(|n| n.kind).collect::<Vec<_>>(), [NoticeKind::Alert]);
    // The same again, and again after the process died.
    for _ in 0..2 {
        assert_eq!(push(&mut world, phone, &alert, false).incident, Some(incident));
        let rows = world.devices[phone].rows.clone();
        world.restart(phone, rows);
    }
    assert_eq!(world.devices[phone].notices.len(), 1, "shown once");

    world.command(ids[2], Command::FollowUp { incident, kind: FollowUpKind::AllClear }).expect("a verifier");
    world.settle();
    let word = last_push(&world);
    assert_eq!(push(&mut world, phone, &word, false).incident, Some(incident));
    assert_eq!(world.devices[phone].notices.last().map(|n| n.kind), Some(NoticeKind::SaidAllClear));
    world.command(ids[3], Command::FollowUp { incident, kind: FollowUpKind::AllClear }).expect("a verifier");
    world.settle();
    let all_clear = last_push(&world);
    assert_eq!(push(&mut world, phone, &all_clear, false).incident, Some(incident));
    assert_eq!(world.devices[phone].notices.last().map(|n| n.kind), Some(NoticeKind::AllClear));
    world.connect(phone);
    world.settle();
    assert_eq!(world.devices[phone].notices.len(), 3, "the log brings nothing anew");
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn what_a_push_cannot_tell_is_read_from_the_log() {
    let (mut world, ids) = network();
    let phone = ids[4];
    turn_on(&mut world, phone);
    world.disconnect(phone);
    verified(&mut world, &ids);
    let first = last_push(&world);
    verified(&mut world, &ids);
    let second = last_push(&world);
    // Out of order, and one too long to travel with its push.
    assert!(push(&mut world, phone, &second, false).behind);
    let Push::Entry { channel, entry } = &second else { unreachable!() };
    assert!(push(&mut world, phone, &Push::Place { channel: *channel, seq: entry.seq }, false).behind);
    assert!(world.devices[phone].notices.is_empty());
    push(&mut world, phone, &first, false);
    assert_eq!(world.devices[phone].notices.len(), 1);
    world.connect(phone);
    world.settle();
    assert_eq!(world.devices[phone].notices.len(), 2);
    assert!(!push(&mut world, phone, &second, false).behind);
    for garbage in [&b""[..], &[0xff; 40], &[0; 4_000]] {
        let told =
            world.turn(phone, Input::Pushed { push: garbage.to_vec(), in_sight: false, arrived_at: None });
        assert!(matches!(told, Some(Ok(Reply::Pushed(pushed))) if pushed.behind));
    }
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn a_subscription_that_died_is_made_anew() {
    let (mut world, ids) = network();
    let phone = ids[4];
    turn_on(&mut world, phone);
    // The browser has lost it.
    world.turn(phone, Input::Platform(allowed()));
    assert_eq!(state(&world, phone), AlertsState::TurningOn);
    assert_eq!(world.devices[phone].wishes.pop(), Some(Effect::Subscribe(KEY)));
    world.turn(phone, Input::Platform(subscribed("again", KEY)));
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::Untested);
    assert_eq!(world.relay.registrations.len(), 1, "the same registration");
    // The relay has lost its key.
    world.relay.push_key = Some(NEW_KEY);
    world.connect(phone);
    world.settle();
    assert_eq!(world.devices[phone].wishes.pop(), Some(Effect::Subscribe(NEW_KEY)));
    world.turn(phone, Input::Platform(subscribed("third", NEW_KEY)));
    world.settle();
    let known = world.relay.registrations.values().next().expect("one");
    assert_eq!(known.subscription.endpoint, "https://push.example/third");
    // Its owner takes the permission back.
    world.turn(phone, Input::Platform(Platform::default()));
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::Stopped);
    assert!(world.view(phone).alerts.ran, "what has stopped ran before");
    assert!(world.relay.registrations.is_empty());
    assert_eq!(world.devices[phone].wishes, []);
}

#[cfg_attr(test, test)]
fn a_push_service_that_cannot_be_had_is_asked_again_at_the_next_opening() {
    let (mut world, ids) = network();
    let phone = ids[4];
    world.turn(phone, Input::Platform(allowed()));
    world.command(phone, Command::Alerts(true)).expect("a member");
    world.devices[phone].wishes.clear();
    world.turn(phone, Input::Platform(Platform { failed: true, ..allowed() }));
    assert_eq!((state(&world, phone), world.devices[phone].wishes.len()), (AlertsState::Stopped, 0));
    world.turn(phone, Input::Platform(allowed()));
    assert_eq!(world.devices[phone].wishes.pop(), Some(Effect::Subscribe(KEY)));
}

#[cfg_attr(test, test)]
fn turning_alerts_off_ends_the_registration() {
    let (mut world, ids) = network();
    turn_on(&mut world, ids[4]);
    world.command(ids[4], Command::Alerts(false)).expect("a member");
    world.settle();
    assert!(world.relay.registrations.is_empty());
    assert_eq!(world.devices[ids[4]].wishes.pop(), Some(Effect::Unsubscribe));
    world.turn(ids[4], Input::Platform(allowed()));
    assert_eq!(state(&world, ids[4]), AlertsState::Off);
}

#[cfg_attr(test, test)]
fn an_endpoint_that_the_relay_refuses_is_said_and_not_offered_again() {
    let (mut world, ids) = network();
    world.relay.refuses = Some(format!("https://push.example/phone-{}", ids[4]));
    turn_on(&mut world, ids[4]);
    assert_eq!(state(&world, ids[4]), AlertsState::Stopped);
    assert!(!world.view(ids[4]).alerts.ran);
    world.relay.refuses = None;
    world.pass(DAY_MS);
    assert!(world.relay.registrations.is_empty());
    world.turn(ids[4], Input::Platform(subscribed("another", KEY)));
    world.settle();
    assert_eq!(state(&world, ids[4]), AlertsState::Untested);
}

#[cfg_attr(test, test)]
fn a_removal_leaves_the_others_registered_and_the_removed_behind() {
    let (mut world, ids) = network();
    turn_on(&mut world, ids[4]);
    turn_on(&mut world, ids[5]);
    world.disconnect(ids[5]);
    let person = world.key(ids[5]);
    world.command(ids[0], Command::Remove { person }).expect("a draft");
    world.settle();
    world.pass(60_000);
    let mut access: Vec<_> = world.relay.registrations.values().map(|known| known.access).collect();
    access.dedup();
    assert_eq!(access.len(), 2, "only the member's was renewed under the new key");
    assert_eq!(world.relay.registrations.values().filter(|known| known.renewed > 0).count(), 1);
    // As soon as it knows, it ends its own: the relay would have in a week.
    world.connect(ids[5]);
    world.settle();
    assert_eq!(world.view(ids[5]).stage, Stage::Removed);
    assert_eq!(world.relay.registrations.len(), 1);
    assert!(world.relay.registrations.values().all(|known| known.subscription.endpoint.ends_with("phone-4")));
}

#[cfg_attr(test, test)]
fn turning_alerts_on_ends_one_way_or_the_other() {
    let (mut world, ids) = network();
    let phone = ids[4];
    // A platform that never answers.
    world.turn(phone, Input::Platform(allowed()));
    world.command(phone, Command::Alerts(true)).expect("a member");
    assert_eq!(state(&world, phone), AlertsState::TurningOn);
    world.pass(29_000);
    assert_eq!(state(&world, phone), AlertsState::TurningOn);
    let turns = world.turns;
    world.pass(1_000);
    assert!(world.turns > turns, "it wakes to say so");
    assert_eq!(state(&world, phone), AlertsState::Stopped);
    let rows = world.devices[phone].rows.clone();
    world.restart(phone, rows);
    assert_eq!(state(&world, phone), AlertsState::Stopped);
    // Tried again; a relay that is not to be had.
    world.command(phone, Command::Alerts(true)).expect("a member");
    assert_eq!(state(&world, phone), AlertsState::TurningOn);
    world.disconnect(phone);
    world.turn(phone, Input::Platform(subscribed("phone", KEY)));
    world.pass(30_000);
    assert_eq!(state(&world, phone), AlertsState::Stopped);
    world.connect(phone);
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::Untested);
}

#[cfg_attr(test, test)]
fn a_registration_is_renewed_on_each_connection_and_once_a_day() {
    let (mut world, ids) = network();
    turn_on(&mut world, ids[4]);
    let renewed = |world: &World| world.relay.registrations.values().map(|known| known.renewed).sum::<u32>();
    world.pass(60_000);
    assert_eq!(renewed(&world), 0);
    for connections in 1..=3 {
        world.connect(ids[4]);
        world.pass(60_000);
        assert_eq!(renewed(&world), connections);
    }
    world.pass(DAY_MS);
    assert_eq!(renewed(&world), 4);
}

#[cfg_attr(test, test)]
fn a_subscription_that_its_push_service_has_ended_is_made_anew_whatever_the_platform_says() {
    let (mut world, ids) = network();
    let phone = ids[4];
    turn_on(&mut world, phone);
    end_registration(&mut world);
    // The platform believes in it still; the relay says otherwise at the next opening.
    world.connect(phone);
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::TurningOn);
    assert_eq!(world.devices[phone].wishes.pop(), Some(Effect::Subscribe(KEY)));
    world.turn(phone, Input::Platform(subscribed("another", KEY)));
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::Untested);
    assert_eq!(world.relay.registrations.len(), 1);

    // A test that does not arrive is asked about, too.
    world.command(phone, Command::TestAlerts { delay_ms: 0 }).expect("they are on");
    world.settle();
    end_registration(&mut world);
    world.pass(4 * 60_000);
    assert!(world.view(phone).alerts.test.expect("a test").lost);
    assert_eq!(world.devices[phone].wishes.pop(), Some(Effect::Subscribe(KEY)));

    // Where nobody but its owner can make another one, its owner is told.
    let Platform { permission, subscription, failed, .. } = subscribed("distributor", KEY);
    let subscription = subscription.map(|subscribed| Subscribed { made_for: None, ..subscribed });
    world.turn(phone, Input::Platform(Platform { permission, subscription, failed, ..Platform::default() }));
    world.settle();
    end_registration(&mut world);
    world.connect(phone);
    world.settle();
    assert_eq!(state(&world, phone), AlertsState::Stopped);
    assert_eq!(world.devices[phone].wishes, []);
}

/// As the relay does when a push service answers that there is no such subscription.
fn end_registration(world: &mut World) {
    let ended = world.relay.registrations.pop_first().expect("a registration").0;
    world.relay.ended.insert(ended);
}

#[cfg_attr(test, test)]
fn receipts_are_counted_and_cannot_be_joined() {
    let (mut world, ids) = network();
    world.disconnect(ids[5]);
    verified(&mut world, &ids);
    verified(&mut world, &ids);
    world.pass(10_000);
    let tokens: Vec<_> = world.relay.receipts.values().cloned().collect();
    assert_eq!(tokens.len(), 2);
    assert!(tokens.iter().all(|tokens| tokens.len() == ids.len() - 1), "all but the one who is off");
    assert!(tokens[0].is_disjoint(&tokens[1]), "no device's token comes twice");
    for (id, seen) in [(ids[0], true), (ids[2], true), (ids[4], false)] {
        let coverage = world.incident(id).expect("the alert").coverage;
        assert_eq!(coverage, seen.then_some(CoverageView { phones: ids.len() - 1, members: ids.len() }));
    }
    world.connect(ids[5]);
    world.pass(10_000);
    let coverage = world.incident(ids[0]).expect("the alert").coverage.expect("the committee sees it");
    assert_eq!(coverage.phones, ids.len());
    // Sent again after a crash: the same tokens.
    let rows = world.devices[ids[5]].rows.clone();
    world.restart(ids[5], rows);
    world.settle();
    assert!(world.relay.receipts.values().all(|tokens| tokens.len() == ids.len()));
}

#[cfg_attr(test, test)]
fn the_committee_sees_how_many_phones_ring() {
    let (mut world, ids) = network();
    turn_on(&mut world, ids[4]);
    turn_on(&mut world, ids[5]);
    verified(&mut world, &ids);
    let alert = last_push(&world);
    push(&mut world, ids[4], &alert, false);
    world.pass(10_000);
    assert_eq!(world.view(ids[0]).reach, Some(ReachView { members: ids.len(), registered: 2, proved: 1 }));
    assert_eq!(world.view(ids[4]).reach, None);
}

#[cfg_attr(test, test)]
fn a_relay_that_does_not_push_is_asked_for_nothing() {
    let mut world = World::new();
    let ids = world.network(2, 1, 2);
    world.turn(ids[2], Input::Platform(allowed()));
    world.command(ids[2], Command::Alerts(true)).expect("a member");
    world.pass(60_000);
    assert_eq!(state(&world, ids[2]), AlertsState::Unavailable);
    assert_eq!(world.devices[ids[2]].wishes, []);
    assert!(world.relay.receipts.is_empty());
    assert_eq!(world.view(ids[2]).warnings, []);
}

super::scenarios![
    alerts_are_on_once_a_push_has_arrived,
    a_locked_phone_rings_from_the_push_alone,
    what_a_push_cannot_tell_is_read_from_the_log,
    a_subscription_that_died_is_made_anew,
    a_push_service_that_cannot_be_had_is_asked_again_at_the_next_opening,
    turning_alerts_off_ends_the_registration,
    an_endpoint_that_the_relay_refuses_is_said_and_not_offered_again,
    a_removal_leaves_the_others_registered_and_the_removed_behind,
    turning_alerts_on_ends_one_way_or_the_other,
    a_registration_is_renewed_on_each_connection_and_once_a_day,
    a_subscription_that_its_push_service_has_ended_is_made_anew_whatever_the_platform_says,
    receipts_are_counted_and_cannot_be_joined,
    the_committee_sees_how_many_phones_ring,
    a_test_that_was_lost_on_its_way_is_asked_for_again,
    a_push_that_was_kept_counts_from_when_it_came,
    a_relay_that_does_not_push_is_asked_for_nothing,
    a_push_that_was_refused_is_told_to_its_owner_at_the_next_opening,
    an_older_relay_that_knows_no_refusals_is_no_trouble,
    a_proof_is_of_one_subscription_and_of_no_other
];
