//! The desk's bell: being on call, reports that ring, who knows of it, and rings that are held.

use campana_core::view::{BellDuty, DeskView};
use campana_core::{Command, CommandError, NoticeKind, Platform};
use campana_protocol::event::Duty;
use campana_protocol::frame::Subject;
use campana_protocol::governance::Role;
use campana_protocol::id::MailboxId;
use campana_protocol::limits::{DAY_MS, PROOF_MS};
use campana_protocol::push::Push;
use campana_protocol::report::Finding;

use super::alerts::{network, push, subscribed, turn_on};
use super::rig::{World, attest, report};

const KEY: campana_protocol::id::PushKey = campana_protocol::id::PushKey([4; 65]);
const MINUTE: u64 = 60_000;
const ALL_DAY: (u16, u16) = (0, 0);

fn go(world: &mut World, id: usize, duty: Duty, (from, to): (u16, u16)) {
    world.command(id, Command::OnCall { duty, from, to }).expect("at the desk, with alerts on");
    world.settle();
}

/// A verifier whose phone has been reached while it was locked.
fn on_call() -> (World, Vec<usize>, usize) {
    let (mut world, ids) = network();
    let phone = ids[2];
    turn_on(&mut world, phone);
    go(&mut world, phone, Duty::OnCall, ALL_DAY);
    let (_, nonce) = *world.relay.tests.last().expect("going on call asks for a test");
    push(&mut world, phone, &Push::Test { channel: campana_protocol::id::ChannelId([1; 32]), nonce }, false);
    world.settle();
    (world, ids, phone)
}

fn desk(world: &World, id: usize) -> DeskView {
    world.view(id).desk.expect("at the desk")
}

fn mailbox(world: &World) -> MailboxId {
    let (mut all, mut boxes) = (world.relay.on_call.values(), Vec::new());
    boxes.extend(all.next().map(|known| known.mailbox));
    assert!(all.all(|known| boxes.contains(&known.mailbox)));
    boxes[0]
}

fn reports_shown(world: &World, id: usize) -> usize {
    world.devices[id].notices.iter().filter(|notice| notice.kind == NoticeKind::Report).count()
}

#[cfg_attr(test, test)]
fn going_on_call_registers_for_the_desks_mailbox_and_going_off_ends_it() {
    let (mut world, ids, phone) = on_call();
    let known = world.relay.on_call.values().next().expect("registered").clone();
    assert_eq!(known.subscription.endpoint, format!("https://push.example/phone-{phone}"));
    assert!(!known.cover && known.proved_at > 0, "and the relay knows that it was reached");
    let seen = desk(&world, phone);
    assert_eq!((seen.duty, seen.registered, seen.rings), (BellDuty::OnCall, true, true));
    // Again each day, under the same id.
    world.pass(DAY_MS + MINUTE);
    assert_eq!(world.relay.on_call.len(), 1);
    go(&mut world, phone, Duty::Cover, ALL_DAY);
    assert!(world.relay.on_call.values().all(|known| known.cover));
    assert!(!desk(&world, phone).rings);
    go(&mut world, phone, Duty::Off, ALL_DAY);
    assert!(world.relay.on_call.is_empty());
    assert!(!desk(&world, phone).registered);
    // Nor is whoever turned their alerts off rung.
    go(&mut world, phone, Duty::OnCall, ALL_DAY);
    world.command(phone, Command::Alerts(false)).expect("a member");
    world.settle();
    assert!(world.relay.on_call.is_empty());
    assert_eq!(desk(&world, ids[3]).on_call, 0, "and its colleagues know");
}

#[cfg_attr(test, test)]
fn only_the_desk_is_on_call_and_only_with_a_phone_that_rings() {
    let (mut world, ids) = network();
    let order = || Command::OnCall { duty: Duty::OnCall, from: 0, to: 0 };
    assert_eq!(world.command(ids[4], order()), Err(CommandError::NeedsRole(Role::Verifier)));
    assert_eq!(world.command(ids[2], order()), Err(CommandError::AlertsOff));
    assert_eq!(world.view(ids[4]).desk, None);
}

#[cfg_attr(test, test)]
fn a_report_rings_a_phone_that_was_locked() {
    let (mut world, ids, phone) = on_call();
    world.disconnect(phone);
    report(&mut world, ids[5], false);
    assert_eq!(reports_shown(&world, phone), 0);
    let mail = Push::Mail { mailbox: mailbox(&world) };
    let pushed = push(&mut world, phone, &mail, false);
    assert!(pushed.desk && pushed.behind && !pushed.held, "the mailbox has to be read");
    world.connect(phone);
    world.settle();
    assert_eq!(reports_shown(&world, phone), 1);
    assert_eq!(desk(&world, phone).waiting, 1);
    let incident = world.incident(phone).expect("a report");
    assert!(!incident.quiet && incident.may_attest);
    attest(&mut world, phone, incident.id.parse_id(), Finding::Nothing);
    assert_eq!(desk(&world, phone).waiting, 0);
    let ring = Push::Ring { subject: Subject::Mailbox(mailbox(&world)) };
    let pushed = push(&mut world, phone, &ring, false);
    assert!(pushed.desk && pushed.held);
}

#[cfg_attr(test, test)]
fn one_reporters_flood_falls_silent_and_another_reporter_still_rings() {
    let (mut world, ids, phone) = on_call();
    let mut loud = 0;
    for _ in 0..20 {
        report(&mut world, ids[5], false);
        world.pass(10_000);
    }
    loud += world.view(phone).incidents.iter().filter(|incident| !incident.quiet).count();
    assert_eq!(loud, 3, "at once, after one minute, and after two more");
    assert_eq!(desk(&world, phone).waiting, 20);
    let other = report(&mut world, ids[6], false);
    let seen = world.view(phone).incidents;
    let other = seen.iter().find(|incident| incident.id == other.to_string()).expect("there");
    assert!(!other.quiet, "a new reporter is told from the flood");
}

#[cfg_attr(test, test)]
fn the_hours_are_the_phones_own() {
    let (mut world, _, phone) = on_call();
    // It is two hours ahead, and 22:00 to 07:00 there is 20:00 to 05:00.
    world.turn(
        phone,
        campana_core::Input::Platform(Platform {
            utc_offset: 120,
            ..subscribed(&format!("phone-{phone}"), KEY)
        }),
    );
    go(&mut world, phone, Duty::OnCall, (22 * 60, 7 * 60));
    let midnight = world.now - world.now % DAY_MS + DAY_MS;
    for (hour, rings) in [(19, false), (20, true), (23, true)] {
        world.pass(midnight + hour * 60 * MINUTE + 1 - world.now);
        assert_eq!(desk(&world, phone).rings, rings, "{hour}");
        assert_eq!(desk(&world, phone).on_call, usize::from(rings), "the desk counts by the same hours");
        assert!(desk(&world, phone).registered, "neither relay nor push service learns of them");
    }
}

#[cfg_attr(test, test)]
fn the_desk_knows_whose_phones_ring_and_who_comes_later_too() {
    let (mut world, ids, phone) = on_call();
    let others = [ids[0], ids[1], ids[3]];
    for id in others {
        let seen = desk(&world, id);
        assert_eq!((seen.on_call, seen.proved), (1, 1), "device {id}");
    }
    world.grant(&ids[..1], ids[5], Role::Dispatcher);
    assert_eq!(desk(&world, ids[5]).on_call, 1);
    // A phone that nothing has reached for three days is no proved one.
    world.pass(PROOF_MS + MINUTE);
    let seen = desk(&world, ids[3]);
    assert_eq!((seen.on_call, seen.proved), (1, 0));
    // One that is not heard of is not counted at all.
    world.disconnect(phone);
    world.pass(4 * DAY_MS);
    assert_eq!(desk(&world, ids[3]).on_call, 0);
}

#[cfg_attr(test, test)]
fn a_subscription_that_has_ended_is_registered_anew() {
    let (mut world, _, phone) = on_call();
    let id = *world.relay.on_call.keys().next().expect("registered");
    world.relay.on_call.clear();
    world.relay.ended.insert(id);
    world.connect(phone);
    world.settle();
    assert_eq!(world.relay.on_call.len(), 1);
    assert!(!world.relay.on_call.contains_key(&id), "under another id");
}

#[cfg_attr(test, test)]
fn a_report_that_nobody_answers_has_a_ring_held_and_an_answer_withdraws_it() {
    let (mut world, ids, phone) = on_call();
    let incident = report(&mut world, ids[5], false);
    assert_eq!(world.relay.held.len(), 1, "one, whoever of the desk reads it");
    let due = world.relay.held.values().next().copied().flatten().expect("held");
    assert_eq!(due, world.now + 5 * MINUTE);
    world.connect(phone);
    world.settle();
    assert_eq!(world.relay.held.values().next().copied().flatten(), Some(due));
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    assert!(world.relay.held.values().all(Option::is_none), "withdrawn");
}

#[cfg_attr(test, test)]
fn a_relay_that_has_no_bell_is_left_alone() {
    let (mut world, ids) = network();
    world.relay.old = true;
    let phone = ids[2];
    turn_on(&mut world, phone);
    go(&mut world, phone, Duty::OnCall, ALL_DAY);
    report(&mut world, ids[5], false);
    let seen = world.view(phone);
    assert!(!seen.desk.expect("at the desk").registered);
    assert_eq!(seen.warnings, []);
    assert_eq!(reports_shown(&world, phone), 1);
    assert_eq!(desk(&world, ids[3]).on_call, 0, "nobody says what is not so");
}

trait ParseId {
    fn parse_id(&self) -> campana_protocol::id::IncidentId;
}

impl ParseId for String {
    fn parse_id(&self) -> campana_protocol::id::IncidentId {
        campana_protocol::id::IncidentId::parse(self).expect("an id")
    }
}

super::scenarios!(
    going_on_call_registers_for_the_desks_mailbox_and_going_off_ends_it,
    only_the_desk_is_on_call_and_only_with_a_phone_that_rings,
    a_report_rings_a_phone_that_was_locked,
    one_reporters_flood_falls_silent_and_another_reporter_still_rings,
    the_hours_are_the_phones_own,
    the_desk_knows_whose_phones_ring_and_who_comes_later_too,
    a_subscription_that_has_ended_is_registered_anew,
    a_report_that_nobody_answers_has_a_ring_held_and_an_answer_withdraws_it,
    a_relay_that_has_no_bell_is_left_alone,
);
