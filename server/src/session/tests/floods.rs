//! One member against all others: what it appends. What it posts and stores is in `stores`.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Subject};
use campana_protocol::id::{BlobId, ChannelId};
use campana_protocol::limits::{MAX_CONTROL_BODY, MAX_UPDATE_BODY};

use super::rig::{ACCESS, Device, FOUNDER, Rig, channel, key, public};
use crate::limits::{
    ALERT_BURST, CONTROL_BURST, LIVE_BYTE_BURST, UPDATE_BYTE_BURST, UPDATE_BYTES_PER_MINUTE,
};

/// Seeds of the guard's keys.
const GUARD_OWNER: u8 = 20;
const GUARD_ACCESS: u8 = 3;
const NEXT_ACCESS: u8 = 22;

pub(super) fn refusal(answers: &[RelayFrame]) -> Option<Code> {
    match answers {
        [RelayFrame::Refused { code, .. }] => Some(*code),
        [RelayFrame::Appended { .. } | RelayFrame::Done { .. }] => None,
        other => panic!("{other:?}"),
    }
}

/// Appends until it is refused. How many were appended, and why no more.
fn flood(rig: &mut Rig, device: &Device, class: Class, body: &[u8]) -> (u32, Code) {
    let mut appended = 0;
    loop {
        let control = rig.relay_head().last_control;
        let frame = rig.entry(class, control, body);
        match refusal(&rig.ask(device, frame)) {
            None => appended += 1,
            Some(code) => return (appended, code),
        }
        assert!(appended < 1_000, "never refused");
    }
}

/// The channel gets a guard: a channel whose owner's seed and member's are these.
fn guarded() -> (Rig, Device, ChannelId) {
    let (mut rig, owner) = Rig::with_channel();
    let create = rig.create(&owner, FOUNDER, GUARD_OWNER);
    rig.done(&owner, create);
    let guard = ChannelId::of(&public(&key(GUARD_OWNER)));
    rig.done(&owner, ClientFrame::SetGuard { request: 1, channel: channel(), guard });
    (rig, owner, guard)
}

#[test]
fn a_member_that_floods_control_entries_does_not_stop_the_others() {
    let (mut rig, owner) = Rig::with_channel();
    let (flooder, second, honest) = (rig.member(), rig.member(), rig.member());
    assert_eq!(flood(&mut rig, &flooder, Class::Control, b"junk"), (CONTROL_BURST / 2, Code::Busy));
    // It is the channel's ration and not the connection's: each is given half of what is free.
    assert_eq!(flood(&mut rig, &second, Class::Control, b"junk"), (CONTROL_BURST / 4, Code::Busy));
    // Somebody's swap still passes.
    assert_eq!(flood(&mut rig, &honest, Class::Control, b"a swap"), (CONTROL_BURST / 8, Code::Busy));
    // Everybody else appends, and owners commit.
    for _ in 0..100 {
        let control = rig.relay_head().last_control;
        rig.append(&honest, Class::Update, control, b"honest");
    }
    for _ in 0..=CONTROL_BURST {
        let control = rig.relay_head().last_control;
        rig.append(&owner, Class::Control, control, b"a commit");
    }
    rig.now += 10_000;
    assert_eq!(flood(&mut rig, &flooder, Class::Control, b"junk"), (0, Code::Busy));
    rig.now += 150_000;
    assert_eq!(flood(&mut rig, &flooder, Class::Control, b"junk"), (CONTROL_BURST / 2, Code::Busy));
}

#[test]
fn a_members_updates_cost_each_phone_little_and_others_go_on() {
    for body in [20, 1_000, MAX_UPDATE_BODY] {
        let (mut rig, owner) = Rig::with_channel();
        let flooders = [rig.member(), rig.member(), rig.member()];
        let mut bytes = 0;
        for second in 0..60_u64 {
            for flooder in &flooders {
                let (taken, _) = flood(&mut rig, flooder, Class::Update, &vec![7; body]);
                bytes += u64::from(taken) * body as u64;
            }
            // A plea or an attestation of a phone that opens the app now, and the committee's events.
            if second % 10 == 0 {
                let honest = rig.member();
                rig.append(&honest, Class::Update, 0, &[1; 1_200]);
                rig.append(&owner, Class::Update, 0, &[2; 20_000]);
            }
            rig.now += 1_000;
        }
        assert!(bytes <= UPDATE_BYTE_BURST + UPDATE_BYTES_PER_MINUTE, "{bytes} bytes of {body} each");
        // Once it stops everybody has all of it again before long.
        rig.now += 100_000;
        let after = rig.member();
        assert!(flood(&mut rig, &after, Class::Update, &[1; 1_200]).0 >= 20);
    }
}

#[test]
fn live_bodies_of_a_member_do_not_fill_the_others_lines() {
    let (mut rig, owner) = Rig::with_channel();
    rig.subscribe(&owner, 0);
    let flooders = [rig.member(), rig.member(), rig.member()];
    let live = |body: &[u8]| ClientFrame::Live { channel: channel(), body: body.to_vec().into() };
    let mut bytes = 0;
    let heard = |rig: &mut Rig| {
        let bytes = |frame: &RelayFrame| match frame {
            RelayFrame::Live { body, .. } => body.len() as u64,
            _ => 0,
        };
        rig.frames(owner.id).iter().map(bytes).sum::<u64>()
    };
    for _ in 0..60 {
        for flooder in &flooders {
            for _ in 0..8 {
                rig.ask(flooder, live(&[7; 1_024]));
            }
        }
        bytes += heard(&mut rig);
        rig.now += 1_000;
    }
    assert!(bytes <= LIVE_BYTE_BURST + 130_000, "{bytes}");
    let honest = rig.member();
    rig.ask(&honest, live(&[1; 200]));
    assert_eq!(heard(&mut rig), 200);
}

#[test]
fn large_control_entries_use_up_the_ration_sooner() {
    let (mut rig, _) = Rig::with_channel();
    let flooder = rig.member();
    let body = vec![7; MAX_CONTROL_BODY];
    assert_eq!(flood(&mut rig, &flooder, Class::Control, &body), (1, Code::Busy));
}

#[test]
fn guesses_at_what_comes_next_do_not_pass_by_the_ration() {
    let (mut rig, _) = Rig::with_channel();
    let flooder = rig.member();
    // One after the other before any of them is committed.
    for control in 0..2 * u64::from(CONTROL_BURST) {
        let frame = rig.entry(Class::Control, control, b"junk");
        rig.relay.receive(rig.now, flooder.id, &frame.encode());
    }
    rig.relay.commit(rig.now);
    let answers = rig.frames(flooder.id);
    let appended = answers.iter().filter(|answer| matches!(answer, RelayFrame::Appended { .. })).count();
    assert_eq!(appended, CONTROL_BURST as usize / 2);
}

#[test]
fn what_cannot_be_appended_uses_up_nothing() {
    let (mut rig, owner) = Rig::with_channel();
    let (member, removed) = (rig.member(), rig.member());
    rig.append(&owner, Class::Control, 0, b"1");
    for _ in 0..50 {
        let stale = rig.entry(Class::Control, 0, b"junk");
        rig.refused(&member, stale, Code::Stale);
    }
    rig.rotate(&owner, 1, NEXT_ACCESS);
    for class in [Class::Control, Class::Alert] {
        for _ in 0..50 {
            let frame = rig.entry(class, 2, b"junk");
            rig.refused(&removed, frame, Code::Forbidden);
        }
    }
    rig.prove(&member, NEXT_ACCESS);
    assert_eq!(flood(&mut rig, &member, Class::Alert, b"junk"), (ALERT_BURST / 2, Code::Busy));
    assert_eq!(flood(&mut rig, &member, Class::Control, b"junk"), (CONTROL_BURST / 2, Code::Busy));
}

#[test]
fn a_channel_takes_so_many_alerts_and_one_device_leaves_half_to_the_others() {
    let (mut rig, owner) = Rig::with_channel();
    let flooder = rig.member();
    assert_eq!(flood(&mut rig, &flooder, Class::Alert, b"junk"), (ALERT_BURST / 2, Code::Busy));
    for _ in 0..60 {
        rig.now += 60_000;
        flood(&mut rig, &flooder, Class::Alert, b"junk");
    }
    // Whoever is not part of the flood is not held up by it.
    assert_eq!(flood(&mut rig, &owner, Class::Alert, b"alert"), (ALERT_BURST / 4, Code::Busy));
}

#[test]
fn of_a_guarded_channel_only_the_guards_members_append_alerts() {
    let (mut rig, owner, guard) = guarded();
    let (member, desk) = (rig.member(), rig.member());
    let alert = rig.entry(Class::Alert, 0, b"junk");
    rig.refused(&member, alert, Code::Forbidden);
    let prove = |rig: &Rig, device: &Device, seed| rig.authenticate(device, seed, Subject::Channel(guard));
    // To have proved the guard on another connection, or to be its owner elsewhere, is of no use.
    let frame = prove(&rig, &desk, GUARD_ACCESS);
    rig.done(&desk, frame);
    let alert = rig.entry(Class::Alert, 0, b"junk");
    rig.refused(&member, alert, Code::Forbidden);
    assert_eq!(rig.append(&desk, Class::Alert, 0, b"alert"), 1);
    assert_eq!(rig.append(&owner, Class::Alert, 0, b"alert"), 2);
    assert_eq!(rig.append(&member, Class::Update, 0, b"words"), 3);
    // What the member was refused has used up nothing.
    let (taken, why) = flood(&mut rig, &desk, Class::Alert, b"alert");
    assert_eq!((taken, why), (ALERT_BURST / 2 - 2, Code::Busy));
    // A member of the guard that was removed from it.
    let of_guard = rig.connect();
    let frame = prove(&rig, &of_guard, GUARD_OWNER);
    rig.done(&of_guard, frame);
    let (record, rotate, body) = (rig.record(), Some(public(&key(NEXT_ACCESS))), b"r".to_vec().into());
    let class = Class::Control;
    let rotation =
        ClientFrame::Append { request: 5, channel: guard, record, class, control_seq: 0, rotate, body };
    assert_eq!(refusal(&rig.ask(&of_guard, rotation)), None);
    rig.now += 60_000;
    let alert = rig.entry(Class::Alert, 0, b"junk");
    rig.refused(&desk, alert, Code::Forbidden);
    let frame = prove(&rig, &desk, NEXT_ACCESS);
    rig.done(&desk, frame);
    rig.append(&desk, Class::Alert, 0, b"alert");
}

#[test]
fn only_owners_set_a_guard_that_is_there() {
    let (mut rig, owner, guard) = guarded();
    let member = rig.member();
    let set = |guard| ClientFrame::SetGuard { request: 1, channel: channel(), guard };
    rig.refused(&member, set(channel()), Code::Forbidden);
    rig.refused(&owner, set(ChannelId([0; 32])), Code::Unknown);
    let stranger = rig.connect();
    rig.refused(&stranger, set(guard), Code::Forbidden);
    rig.done(&owner, set(channel()));
    rig.append(&member, Class::Alert, 0, b"x");
}

#[test]
fn who_was_admitted_before_a_rotation_still_fetches_the_snapshot() {
    let (mut rig, owner) = Rig::with_channel();
    let blob = BlobId([1; 16]);
    let (part, of, body) = (0, 1, b"snapshot".to_vec().into());
    rig.done(&owner, ClientFrame::PutBlob { request: 1, channel: channel(), blob, part, of, body });
    rig.rotate(&owner, 0, NEXT_ACCESS);
    let late = rig.member();
    let get = ClientFrame::GetBlob { request: 2, channel: channel(), blob, part };
    let answer = rig.ask(&late, get.clone());
    assert!(
        matches!(&answer[..], [RelayFrame::BlobPart { body, .. }] if body.as_slice() == b"snapshot"),
        "{answer:?}"
    );
    // It reads, and no more than that.
    let (blob, body) = (BlobId([2; 16]), b"x".to_vec().into());
    rig.refused(
        &late,
        ClientFrame::PutBlob { request: 3, channel: channel(), blob, part, of, body },
        Code::Forbidden,
    );
    // Once the key is forgotten it opens nothing.
    rig.now += campana_protocol::limits::CONTROL_TTL_MS;
    while rig.relay.tick(rig.now).expect("trims").more {}
    rig.refused(&late, get, Code::Forbidden);
    assert_eq!(ACCESS, GUARD_ACCESS, "every channel of the rig is created with it");
}
