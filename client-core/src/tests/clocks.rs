//! Whatever anybody's clock shows, a new alert rings, and one that was there before does not.

use campana_core::NoticeKind;
use campana_core::view::Status;
use campana_protocol::event::Event;
use campana_protocol::frame::Class;
use campana_protocol::governance::ChannelKind;
use campana_protocol::handshake::EntryBody;
use campana_protocol::id::IncidentId;
use campana_protocol::push::Push;
use campana_protocol::report::{Alert, Finding, Method};
use proptest::prelude::*;

use super::network;
use super::rig::{DAY, World, attest, report};
use crate::command::{Command, Reply};
use crate::limits::MAX_INCIDENTS;
use crate::turn::{Input, Pushed};

const BROADCAST: ChannelKind = ChannelKind::Broadcast;
const HOUR: u64 = 3_600_000;

pub(super) fn rang(world: &World, id: usize) -> usize {
    world.devices[id].notices.iter().filter(|notice| notice.kind == NoticeKind::Alert).count()
}

/// A verifier whose clock the relay disputes is told so first, and says it again.
pub(super) fn insist(world: &mut World, by: usize, incident: IncidentId) {
    let confirms = Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson };
    if world.command(by, confirms.clone()).is_err() {
        world.command(by, confirms).expect("a verifier");
    }
    world.settle();
}

/// The alert of an incident, as anybody at the desk can say it again.
fn say_again(world: &mut World, by: usize, knows: usize, incident: &IncidentId) {
    let known = &world.devices[knows].core.incidents[incident];
    let alert = Event::Alert(Alert {
        public: known.public.clone().unwrap(),
        private: known.private_hash.unwrap(),
        attestations: known.alert.clone().expect("an alert"),
    });
    world.say_alert(by, &alert);
}

fn push_last(world: &mut World, phone: usize) -> Pushed {
    let channel = world.channel_id(BROADCAST);
    let entry = world.relay.channels[&channel].log.last().unwrap().clone();
    assert_eq!(entry.class, Class::Alert);
    let push = Push::Entry { channel, entry }.encode();
    let reply = world.turn(phone, Input::Pushed { push, in_sight: false, arrived_at: None });
    let Some(Ok(Reply::Pushed(pushed))) = reply else { panic!("a reply") };
    pushed
}

#[test]
fn a_verifier_with_a_slow_clock_silences_nobody() {
    let (mut world, ids) = network();
    world.devices[ids[3]].clock = -7 * 3_600_000;
    world.connect(ids[3]);
    let incident = report(&mut world, ids[7], false);
    insist(&mut world, ids[3], incident);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    for id in &ids {
        assert_eq!(world.incident(*id).unwrap().status, Status::Verified);
        assert_eq!(rang(&world, *id), 1, "device {id}");
    }
}

#[test]
fn two_confirmations_hours_apart_ring_when_the_second_comes() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    world.pass(6 * HOUR + 60_000);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    for id in &ids {
        assert_eq!(rang(&world, *id), 1, "device {id}");
    }
}

#[test]
fn a_push_of_a_true_alert_rings_whatever_the_clocks_of_verifier_and_phone() {
    for clock in [-7 * 3_600_000, 7 * 3_600_000] {
        let (mut world, ids) = network();
        let phone = ids[6];
        world.disconnect(phone);
        for id in [ids[3], phone] {
            world.devices[id].clock = clock;
        }
        world.connect(ids[3]);
        let incident = report(&mut world, ids[7], false);
        insist(&mut world, ids[3], incident);
        attest(&mut world, ids[4], incident, Finding::Confirmed);
        let pushed = push_last(&mut world, phone);
        assert_eq!((pushed.behind, pushed.unread, pushed.incident), (false, false, Some(incident)));
        assert_eq!(rang(&world, phone), 1);
    }
}

#[test]
fn what_was_pushed_as_an_alert_and_cannot_be_read_is_not_nothing() {
    let (mut world, ids) = network();
    let phone = ids[6];
    world.disconnect(phone);
    let event = world.encrypted(ids[3], BROADCAST, 199, vec![1]);
    for body in [EntryBody::Application(vec![7; 600]), event] {
        world.put(BROADCAST, Class::Alert, &body);
        let pushed = push_last(&mut world, phone);
        assert_eq!((pushed.behind, pushed.unread, pushed.incident), (false, true, None));
        // The same push again, after the window has read it and the worker was started anew.
        let rows = world.devices[phone].rows.clone();
        world.restart(phone, rows);
        assert!(push_last(&mut world, phone).unread);
    }
    world.put(BROADCAST, Class::Alert, &EntryBody::Plea(vec![1]));
    assert!(push_last(&mut world, phone).unread);
}

#[test]
fn a_past_alert_that_is_pushed_says_what_it_is() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    let link = world.invite(ids[0], false);
    let newcomer = world.join(&link, "newcomer");
    world.admit_all(ids[0]);
    say_again(&mut world, ids[4], ids[5], &incident);
    let shown = world.incident(newcomer).expect("it is shown");
    assert!(shown.past && rang(&world, newcomer) == 0);
    assert_eq!(shown.notice, Some(NoticeKind::Alert), "a worker that has to show something shows this");
}

#[test]
fn an_age_is_told_by_the_relays_clock_and_by_nobody_elses() {
    let (mut world, ids) = network();
    let (reporter, reader) = (ids[7], ids[6]);
    world.devices[reporter].clock = -3 * 3_600_000;
    world.devices[reader].clock = 2 * 3_600_000;
    for id in [reporter, reader] {
        world.connect(id);
    }
    world.settle();
    let incident = report(&mut world, reporter, false);
    let reported = world.now;
    world.pass(60_000);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    let alerted = world.now;
    for (id, at) in [(ids[3], reported), (reporter, reported), (reader, alerted)] {
        let clock = world.devices[id].clock;
        let at = at.saturating_add_signed(clock);
        assert_eq!(world.incident(id).unwrap().at, at, "device {id}");
    }
}

#[test]
fn an_alert_that_this_device_has_forgotten_does_not_ring_again() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    let phone = ids[6];
    world.pass(HOUR);
    // So many later alerts that this one makes room.
    let now = world.now;
    let core = world.core(phone);
    let known = core.incidents[&incident].clone();
    for number in 0..MAX_INCIDENTS as u16 {
        let id = IncidentId(core::array::from_fn(|i| number.to_be_bytes()[i % 2]));
        let mut other = known.clone();
        (other.id, other.updated_at) = (id, now);
        core.incidents.insert(id, other);
    }
    world.turn(phone, Input::Tick);
    assert!(!world.core(phone).incidents.contains_key(&incident));
    let rows = world.devices[phone].rows.clone();
    world.restart(phone, rows);
    let before = rang(&world, phone);
    say_again(&mut world, ids[4], ids[5], &incident);
    assert!(world.core(phone).incidents[&incident].past);
    assert_eq!(rang(&world, phone), before);
}

#[test]
fn whoever_lets_a_device_in_cannot_silence_what_is_verified_later() {
    let (mut world, ids) = network();
    let incident = report(&mut world, ids[7], false);
    // A committer with a program of its own names a report that waits among the alerts of the past.
    world.core(ids[0]).alerts.remember_before(incident);
    let link = world.invite(ids[0], false);
    let newcomer = world.join(&link, "newcomer");
    world.admit_all(ids[0]);
    assert!(world.core(newcomer).alerts.was_before(&incident));
    world.pass(HOUR);
    attest(&mut world, ids[3], incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    assert_eq!(rang(&world, newcomer), 1);
}

#[test]
fn a_fast_desk_keeps_words_for_a_day_and_is_told_of_reports() {
    let (mut world, ids) = network();
    let fast = ids[3];
    world.devices[fast].clock = 3 * DAY as i64;
    world.connect(fast);
    let incident = report(&mut world, ids[7], false);
    assert_eq!(world.devices[fast].notices.len(), 1, "it rings");
    world.pass(DAY - HOUR);
    assert!(world.core(fast).incidents[&incident].private.is_some());
    world.pass(HOUR);
    assert!(world.core(fast).incidents[&incident].private.is_none());
}

#[test]
fn an_invite_lasts_as_long_as_it_says_whatever_clock_made_it() {
    let (mut world, ids) = network();
    world.devices[ids[0]].clock = -365 * DAY as i64;
    world.connect(ids[0]);
    world.settle();
    let link = world.invite(ids[0], false);
    let newcomer = world.join(&link, "newcomer");
    world.admit_all(ids[0]);
    assert_eq!(world.view(newcomer).stage, campana_core::view::Stage::Member);
}

#[test]
fn a_clock_that_is_set_back_keeps_nothing_from_being_sent() {
    let (mut world, ids) = network();
    let verifier = ids[4];
    let incident = report(&mut world, ids[7], false);
    world.relay.rationed = Some(Class::Update);
    let confirms = Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson };
    world.command(verifier, confirms).expect("a verifier");
    world.settle();
    assert!(world.relay.put_off > 0, "it is to be tried again in a moment");
    world.devices[verifier].clock = -10 * 365 * DAY as i64;
    world.relay.rationed = None;
    world.turn(verifier, Input::Tick);
    world.settle();
    assert_eq!(world.core(ids[3]).incidents[&incident].attestations.len(), 1);
}

/// Up to ten years, either way.
fn clock() -> impl Strategy<Value = i64> {
    const YEARS: i64 = 10 * 365 * DAY as i64;
    prop_oneof![Just(0), -YEARS..=YEARS, -10 * HOUR as i64..=10 * HOUR as i64]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 4,
        ..ProptestConfig::with_cases(12)
    })]

    #[test]
    fn whatever_the_clocks_a_new_alert_rings_once_and_one_from_before_does_not(
        clocks in prop::collection::vec(clock(), 9),
        jumps in prop::collection::vec(clock(), 9),
        apart in 0u64..12 * HOUR,
    ) {
        let (mut world, ids) = network();
        let everybody: Vec<usize> = (0..ids.len()).collect();
        let set = |world: &mut World, clocks: &[i64]| {
            for (id, clock) in everybody.iter().zip(clocks) {
                world.devices[*id].clock = *clock;
            }
        };
        set(&mut world, &clocks);
        for id in &everybody {
            world.connect(*id);
        }
        world.settle();
        let [ana, beto, phone, reporter] = [ids[3], ids[4], ids[6], ids[7]];
        world.disconnect(phone);
        let first = report(&mut world, reporter, false);
        insist(&mut world, ana, first);
        world.pass(apart);
        // Clocks jump in the middle of it, on connections that stand.
        set(&mut world, &jumps);
        insist(&mut world, beto, first);
        for id in everybody.iter().filter(|id| **id != phone) {
            prop_assert_eq!(rang(&world, *id), 1, "device {}", id);
        }
        let pushed = push_last(&mut world, phone);
        prop_assert_eq!((pushed.incident, rang(&world, phone)), (Some(first), 1));
        world.connect(phone);
        world.settle();
        prop_assert_eq!(rang(&world, phone), 1, "shown already");
        // Somebody who comes later, and is told of it again. (Whoever invites compares clocks first: an
        // invite's end is the relay's time.)
        world.connect(ids[0]);
        world.settle();
        let link = world.invite(ids[0], false);
        let newcomer = world.join(&link, "newcomer");
        world.admit_all(ids[0]);
        world.devices[newcomer].clock = clocks[8];
        say_again(&mut world, beto, ids[5], &first);
        for id in &everybody {
            prop_assert_eq!(rang(&world, *id), 1);
        }
        prop_assert_eq!(rang(&world, newcomer), 0);
        let second = report(&mut world, reporter, false);
        insist(&mut world, beto, second);
        insist(&mut world, ana, second);
        prop_assert_eq!(rang(&world, newcomer), 1);
        for id in &everybody {
            prop_assert_eq!(rang(&world, *id), 2, "device {}", id);
        }
    }
}
