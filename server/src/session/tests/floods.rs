//! One member against all others: what it floods costs them nothing, and what it may not it can't.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Subject};
use campana_protocol::id::{BlobId, ChannelId, MailboxId, PublicKey};
use campana_protocol::limits::MAX_CONTROL_BODY;

use super::rig::{ACCESS, Device, FOUNDER, Rig, channel, key, public};
use crate::limits::{ALERT_BURST, CONTROL_BURST, POST_BURST};

/// Seeds of the guard's keys.
const GUARD_OWNER: u8 = 20;
const GUARD_ACCESS: u8 = 3;
const NEXT_ACCESS: u8 = 22;

fn refusal(answers: &[RelayFrame]) -> Option<Code> {
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
    assert_eq!(flood(&mut rig, &flooder, Class::Control, b"junk"), (CONTROL_BURST, Code::Busy));
    // It is the channel's ration and not the connection's.
    assert_eq!(flood(&mut rig, &second, Class::Control, b"junk"), (0, Code::Busy));
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
    assert_eq!(flood(&mut rig, &flooder, Class::Control, b"junk"), (1, Code::Busy));
}

#[test]
fn large_control_entries_use_up_the_ration_sooner() {
    let (mut rig, _) = Rig::with_channel();
    let flooder = rig.member();
    let body = vec![7; MAX_CONTROL_BODY];
    assert_eq!(flood(&mut rig, &flooder, Class::Control, &body), (4, Code::Busy));
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
    assert_eq!(appended, CONTROL_BURST as usize);
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
    assert_eq!(flood(&mut rig, &member, Class::Alert, b"junk"), (ALERT_BURST, Code::Busy));
    assert_eq!(flood(&mut rig, &member, Class::Control, b"junk"), (CONTROL_BURST, Code::Busy));
}

#[test]
fn a_channel_takes_so_many_alerts() {
    let (mut rig, owner) = Rig::with_channel();
    let member = rig.member();
    assert_eq!(flood(&mut rig, &member, Class::Alert, b"junk"), (ALERT_BURST, Code::Busy));
    assert_eq!(flood(&mut rig, &owner, Class::Alert, b"alert"), (0, Code::Busy));
    rig.now += 30_000;
    assert_eq!(flood(&mut rig, &owner, Class::Alert, b"alert"), (3, Code::Busy));
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
    assert_eq!((taken, why), (ALERT_BURST - 2, Code::Busy));
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
fn whoever_floods_a_mailbox_does_not_keep_others_out_of_it_for_long() {
    let (mut rig, owner) = Rig::with_channel();
    let reader: PublicKey = public(&key(60));
    let mailbox = MailboxId::of(&reader);
    let post = |rig: &mut Rig, mailbox| {
        let record = rig.record();
        ClientFrame::Post { request: 9, mailbox, record, body: b"junk".to_vec().into() }
    };
    // Until it is opened strangers neither post nor use up anything.
    let flooder = rig.connect();
    for _ in 0..60 {
        let frame = post(&mut rig, mailbox);
        rig.refused(&flooder, frame, Code::Unknown);
    }
    rig.done(&owner, ClientFrame::OpenMailbox { request: 1, channel: channel(), reader });
    rig.now += 60_000;
    for _ in 0..POST_BURST {
        let frame = post(&mut rig, mailbox);
        assert_eq!(refusal(&rig.ask(&flooder, frame)), None);
    }
    for device in [rig.connect(), rig.member()] {
        let frame = post(&mut rig, mailbox);
        rig.refused(&device, frame, Code::Busy);
    }
    // Its reader is not rationed, and other mailboxes have their own.
    let own = rig.connect();
    rig.prove_mailbox(&own, 60);
    for (device, mailbox) in [(&own, mailbox), (&rig.member(), MailboxId([9; 32]))] {
        let frame = post(&mut rig, mailbox);
        rig.done(device, frame);
    }
    rig.now += 1_000;
    for busy in [None, None, Some(Code::Busy)] {
        let frame = post(&mut rig, mailbox);
        assert_eq!(refusal(&rig.ask(&flooder, frame)), busy);
    }
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
