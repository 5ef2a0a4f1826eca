//! Each refusal, once.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Secret, Subject};
use campana_protocol::id::{BlobId, ChannelId, Signature};
use campana_protocol::limits::{
    MAX_ALERT_BODY, MAX_AUTHENTICATIONS, MAX_BLOB_PARTS, MAX_CHANNELS_PER_INVITATION, MAX_OWNERS,
    MAX_UPDATE_BODY,
};

use super::rig::{ACCESS, FOUNDER, INVITATION, NOW, OWNER, Rig, channel, key, public};
use crate::limits::{MAX_OUTSTANDING, REQUEST_BURST};

#[test]
fn a_bad_signature_is_refused() {
    let (mut rig, device) = Rig::with_channel();
    let other = rig.connect();
    // Signed for another connection's nonce, by another key, for another subject, not at all.
    let frame = rig.authenticate(&device, OWNER, Subject::Channel(channel()));
    rig.refused(&other, frame.clone(), Code::BadSignature);
    let ClientFrame::Authenticate { signature, .. } = frame else { unreachable!() };
    let subject = Subject::Channel(channel());
    for (key_seed, subject, signature) in [
        (ACCESS, subject, signature),
        (OWNER, Subject::Channel(ChannelId([0; 32])), signature),
        (OWNER, subject, Signature([0; 64])),
    ] {
        let key = public(&key(key_seed));
        let frame = ClientFrame::Authenticate { request: 1, subject, key, signature, clock: None };
        rig.refused(&device, frame, Code::BadSignature);
    }
    let create = rig.create(&other, FOUNDER, 50);
    rig.refused(&device, create, Code::BadSignature);
}

#[test]
fn a_key_that_opens_nothing_is_refused() {
    let (mut rig, _) = Rig::with_channel();
    let stranger = rig.connect();
    let frame = rig.authenticate(&stranger, 99, Subject::Channel(channel()));
    rig.refused(&stranger, frame, Code::Forbidden);
    let frame = rig.authenticate(&stranger, 99, Subject::Channel(ChannelId([0; 32])));
    rig.refused(&stranger, frame, Code::Unknown);
    let frame = rig.entry(Class::Update, 0, b"x");
    rig.refused(&stranger, frame, Code::Forbidden);
    rig.refused(
        &stranger,
        ClientFrame::Subscribe { request: 1, channel: channel(), after: 0 },
        Code::Forbidden,
    );
    let (blob, part) = (BlobId([1; 16]), 0);
    rig.refused(
        &stranger,
        ClientFrame::GetBlob { request: 1, channel: channel(), blob, part },
        Code::Forbidden,
    );
    let reader = public(&key(60));
    rig.refused(
        &stranger,
        ClientFrame::OpenMailbox { request: 1, channel: channel(), reader },
        Code::Forbidden,
    );
}

#[test]
fn a_stale_append_is_refused_and_a_conflict_too() {
    let (mut rig, owner) = Rig::with_channel();
    assert_eq!(rig.append(&owner, Class::Control, 0, b"1"), 1);
    let stale = rig.entry(Class::Update, 0, b"2");
    rig.refused(&owner, stale, Code::Stale);
    let first = rig.entry(Class::Update, 1, b"2");
    assert!(matches!(rig.ask(&owner, first.clone())[0], RelayFrame::Appended { seq: 2, .. }));
    assert!(matches!(rig.ask(&owner, first.clone())[0], RelayFrame::Appended { seq: 2, .. }));
    let ClientFrame::Append { request, channel, record, class, control_seq, rotate, .. } = first else {
        unreachable!()
    };
    let body = b"other".to_vec().into();
    let other = ClientFrame::Append { request, channel, record, class, control_seq, rotate, body };
    rig.refused(&owner, other, Code::Conflict);
}

#[test]
fn too_long_a_body_is_refused_by_class() {
    let (mut rig, owner) = Rig::with_channel();
    for (class, most) in [(Class::Alert, MAX_ALERT_BODY), (Class::Update, MAX_UPDATE_BODY)] {
        let frame = rig.entry(class, 0, &vec![0; most + 1]);
        rig.refused(&owner, frame, Code::TooLong);
        rig.append(&owner, class, 0, &vec![0; most]);
    }
}

#[test]
fn only_owners_rotate_and_only_with_control() {
    let (mut rig, owner) = Rig::with_channel();
    let member = rig.member();
    let rotation = |rig: &mut Rig, class| {
        let (record, rotate) = (rig.record(), Some(public(&key(7))));
        let body = b"r".to_vec().into();
        ClientFrame::Append { request: 1, channel: channel(), record, class, control_seq: 0, rotate, body }
    };
    let frame = rotation(&mut rig, Class::Control);
    rig.refused(&member, frame, Code::Forbidden);
    let frame = rotation(&mut rig, Class::Alert);
    rig.refused(&owner, frame, Code::Malformed);
    let set = |owners| ClientFrame::SetOwners { request: 1, channel: channel(), owners, approvals: None };
    rig.refused(&member, set(vec![public(&key(ACCESS))]), Code::Forbidden);
    rig.refused(&owner, set(vec![]), Code::Malformed);
    rig.refused(&owner, set(vec![public(&key(OWNER)); MAX_OWNERS + 1]), Code::TooMany);
}

#[test]
fn an_invitation_is_used_expired_unknown_or_exhausted() {
    let (mut rig, device) = Rig::with_channel();
    let redeem =
        |invitation, founder| ClientFrame::Redeem { request: 1, invitation, founder: public(&key(founder)) };
    rig.done(&device, redeem(INVITATION, FOUNDER));
    rig.refused(&device, redeem(INVITATION, 60), Code::InvitationUsed);
    rig.refused(&device, redeem(Secret([1; 32]), FOUNDER), Code::InvitationUnknown);
    rig.relay.invite(&Secret([1; 32]), NOW).expect("queued");
    rig.relay.commit(NOW);
    rig.refused(&device, redeem(Secret([1; 32]), FOUNDER), Code::InvitationExpired);
    let create = rig.create(&device, 60, 61);
    rig.refused(&device, create, Code::InvitationUnknown);
    for channel in 1..MAX_CHANNELS_PER_INVITATION {
        let create = rig.create(&device, FOUNDER, 100 + channel as u8);
        rig.done(&device, create);
    }
    let create = rig.create(&device, FOUNDER, 99);
    rig.refused(&device, create, Code::InvitationExhausted);
}

#[test]
fn blobs_are_checked() {
    let (mut rig, owner) = Rig::with_channel();
    let put = |part, of, body: &[u8]| ClientFrame::PutBlob {
        request: 1,
        channel: channel(),
        blob: BlobId([1; 16]),
        part,
        of,
        body: body.to_vec().into(),
    };
    rig.refused(&owner, put(1, 1, b"x"), Code::Malformed);
    rig.refused(&owner, put(0, MAX_BLOB_PARTS + 1, b"x"), Code::Malformed);
    rig.done(&owner, put(0, 1, b"x"));
    rig.refused(&owner, put(0, 1, b"y"), Code::Conflict);
    let get = |part| ClientFrame::GetBlob { request: 1, channel: channel(), blob: BlobId([1; 16]), part };
    assert!(
        matches!(&rig.ask(&owner, get(0))[0], RelayFrame::BlobPart { of: 1, body, .. } if body.as_slice() == b"x")
    );
    rig.refused(&owner, get(1), Code::Unknown);
}

#[test]
fn what_is_not_a_frame_ends_the_connection() {
    for bytes in [&b""[..], b"hello", &[0x82, 0x01], &[0xff; 40]] {
        let mut rig = Rig::new();
        let device = rig.connect();
        rig.send(&device, bytes);
        let frames = rig.frames(device.id);
        assert!(
            matches!(frames[..], [RelayFrame::Refused { request: 0, code: Code::Malformed }]),
            "{bytes:?}"
        );
        assert_eq!(rig.closing(&device), Some(Code::Malformed));
    }
}

#[test]
fn a_kind_of_the_future_is_unsupported_and_the_connection_goes_on() {
    let (mut rig, device) = Rig::with_channel();
    // [99, [7, "x"]]
    rig.send(&device, &[0x82, 0x18, 99, 0x82, 7, 0x61, b'x']);
    assert_eq!(rig.frames(device.id), [RelayFrame::Refused { request: 7, code: Code::Unsupported }]);
    assert_eq!(rig.closing(&device), None);
    rig.append(&device, Class::Update, 0, b"x");
}

#[test]
fn too_many_requests_are_refused_as_busy_until_time_passes() {
    let (mut rig, owner) = Rig::with_channel();
    let ask = ClientFrame::GetBlob { request: 9, channel: channel(), blob: BlobId([1; 16]), part: 0 };
    let mut busy = false;
    for _ in 0..REQUEST_BURST {
        busy |= matches!(rig.ask(&owner, ask.clone())[0], RelayFrame::Refused { code: Code::Busy, .. });
    }
    assert!(busy);
    rig.refused(&owner, ask.clone(), Code::Busy);
    rig.now += 1_000;
    rig.refused(&owner, ask, Code::Unknown);
}

#[test]
fn too_many_writes_at_once_are_refused_as_busy() {
    let (mut rig, owner) = Rig::with_channel();
    for _ in 0..=MAX_OUTSTANDING {
        let frame = rig.entry(Class::Update, 0, b"x").encode();
        rig.relay.receive(rig.now, owner.id, &frame);
    }
    rig.relay.commit(NOW);
    let frames = rig.frames(owner.id);
    let appended = frames.iter().filter(|frame| matches!(frame, RelayFrame::Appended { .. })).count();
    let busy =
        frames.iter().filter(|frame| matches!(frame, RelayFrame::Refused { code: Code::Busy, .. })).count();
    assert_eq!((appended, busy), (MAX_OUTSTANDING, 1));
}

#[test]
fn too_many_keys_are_refused() {
    let mut rig = Rig::new();
    let device = rig.connect();
    for seed in 0..MAX_AUTHENTICATIONS as u8 {
        rig.prove_mailbox(&device, seed);
    }
    let mailbox = campana_protocol::id::MailboxId::of(&public(&key(200)));
    let frame = rig.authenticate(&device, 200, Subject::Mailbox(mailbox));
    rig.refused(&device, frame, Code::TooMany);
}
