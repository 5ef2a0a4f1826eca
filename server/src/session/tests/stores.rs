//! One member, or strangers, against all others: what they have the relay keep.

use std::sync::Arc;

use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, Pass, RelayFrame, Secret, Subject, pass_id};
use campana_protocol::id::{BlobId, MailboxId, PublicKey, PushAuth, PushKey, ReceiptToken, RegistrationId};
use campana_protocol::limits::{DESK_TTL_MS, MAX_BLOB_PART, MAX_POST_BODY};
use campana_protocol::push::Subscription;

use super::floods::refusal;
use super::rig::{ACCESS, Device, Rig, channel, key, public};
use crate::ConnectionId;
use crate::limits::{
    AUTHENTICATE_MS, BLOB_BYTE_BURST, BLOB_BYTES_PER_MINUTE, BYTE_BURST, LANE_BYTES, LANE_POSTS,
    MAX_WAITING_TESTS, MEMBERS_POST_BYTES, POST_BURST, POSTS_PER_MINUTE, REGISTRATION_BURST,
    REGISTRATIONS_PER_MINUTE, STRANGERS_POST_BYTES, UNOPENED_BYTE_BURST, UNOPENED_BYTES_PER_MINUTE,
    WAITING_MS,
};
use crate::session::{Session, Standing};
use crate::store::Store;

const DESK: u8 = 60;
/// A report with words.
const REPORT: usize = 1_200;

fn desk() -> MailboxId {
    MailboxId::of(&public(&key(DESK)))
}

/// With a desk that keeps its posts and is closed to strangers.
fn with_desk() -> (Rig, Device) {
    let (mut rig, owner) = Rig::with_channel();
    let (reader, keep_ms): (PublicKey, u64) = (public(&key(DESK)), DESK_TTL_MS);
    rig.done(&owner, ClientFrame::KeepMailbox { request: 1, channel: channel(), reader, keep_ms });
    (rig, owner)
}

fn open(rig: &mut Rig, owner: &Device) {
    rig.done(owner, ClientFrame::OpenMailbox { request: 1, channel: channel(), reader: public(&key(DESK)) });
}

fn post(rig: &mut Rig, device: &Device, mailbox: MailboxId, body: &[u8]) -> Option<Code> {
    let record = rig.record();
    refusal(&rig.ask(
        device,
        ClientFrame::Post { request: 9, mailbox, record, body: body.to_vec().into(), pass: None },
    ))
}

/// Posts until it is refused. How many were taken.
fn flood(rig: &mut Rig, device: &Device, mailbox: MailboxId, length: usize) -> u64 {
    let body = vec![7; length];
    let taken = (0..2_000).take_while(|_| post(rig, device, mailbox, &body).is_none()).count();
    assert!(taken < 2_000, "never refused");
    taken as u64
}

/// All posts that the desk is given from the beginning on.
fn read(rig: &mut Rig) -> Vec<Vec<u8>> {
    let reader = rig.connect();
    rig.prove_mailbox(&reader, DESK);
    let frames = rig.ask(&reader, ClientFrame::ReadMailbox { request: 1, mailbox: desk(), after: 0 });
    let body = |frame| match frame {
        RelayFrame::Post { body, .. } => Some(body.to_vec()),
        _ => None,
    };
    frames.into_iter().filter_map(body).collect()
}

#[test]
fn a_report_passes_at_once_while_a_member_floods_the_desk() {
    for length in [1, REPORT, MAX_POST_BODY] {
        let (mut rig, _) = with_desk();
        let flooders = [rig.member(), rig.member(), rig.member()];
        let mut bytes = 0;
        for second in 0..60 {
            for flooder in &flooders {
                bytes += flood(&mut rig, flooder, desk(), length) * length as u64;
            }
            if second % 5 == 0 {
                let reporter = rig.member();
                assert_eq!(post(&mut rig, &reporter, desk(), &[1; REPORT]), None, "in second {second}");
            }
            rig.now += 1_000;
        }
        // What a verifier's phone has to fetch.
        let most = u64::from(POST_BURST + POSTS_PER_MINUTE) * MEMBERS_POST_BYTES;
        assert!(bytes <= most, "{bytes} bytes of {length} each");
    }
}

#[test]
fn a_flood_by_members_pushes_no_unread_report_out() {
    let (mut rig, _) = with_desk();
    let reporter = rig.member();
    assert_eq!(post(&mut rig, &reporter, desk(), b"a report of the evening"), None);
    let flooders = [rig.member(), rig.member(), rig.member()];
    for minute in 0..8 * 60 {
        for flooder in &flooders {
            flood(&mut rig, flooder, desk(), MAX_POST_BODY);
        }
        if minute % 60 == 30 {
            let reporter = rig.member();
            assert_eq!(post(&mut rig, &reporter, desk(), b"a report of the night"), None);
        }
        rig.now += 60_000;
    }
    let there = read(&mut rig);
    assert_eq!(there[0], b"a report of the evening");
    assert_eq!(there.iter().filter(|body| body.as_slice() == b"a report of the night").count(), 8);
    let bytes: u64 = there.iter().map(|body| body.len() as u64).sum();
    assert!(bytes <= LANE_BYTES && bytes > LANE_BYTES - 2 * MAX_POST_BODY as u64, "{bytes}");
}

#[test]
fn many_connections_push_no_unread_report_out_and_one_that_is_read_makes_room() {
    let (mut rig, _) = with_desk();
    let reporter = rig.member();
    assert_eq!(post(&mut rig, &reporter, desk(), b"a report"), None);
    let mut full = None;
    for _ in 0..=LANE_POSTS {
        rig.now += 60_000;
        let one_more = rig.member();
        full = post(&mut rig, &one_more, desk(), b"junk");
        rig.relay.disconnect(one_more.id);
    }
    assert_eq!(full, Some(Code::MailboxFull));
    assert_eq!(read(&mut rig)[0], b"a report");
    // Now that the desk has been given them, they make room.
    let reporter = rig.member();
    assert_eq!(post(&mut rig, &reporter, desk(), b"the next"), None);
}

#[test]
fn a_pass_gets_one_post_through_whatever_many_connections_do() {
    let (mut rig, owner) = with_desk();
    for _ in 0..=LANE_POSTS {
        rig.now += 60_000;
        let one_more = rig.member();
        post(&mut rig, &one_more, desk(), b"junk");
        rig.relay.disconnect(one_more.id);
    }
    let secrets = [1, 2, 3].map(|number| Secret([number; 32]));
    let passes: Vec<_> = secrets.iter().map(pass_id).collect();
    let add = ClientFrame::AddPasses { request: 1, channel: channel(), passes };
    let member = rig.member();
    assert_eq!(refusal(&rig.ask(&member, add.clone())), Some(Code::Forbidden), "owners alone");
    rig.done(&owner, add.clone());
    let with = |rig: &mut Rig, device: &Device, secret: &Secret, length: usize| {
        let pass = Some(Pass { channel: channel(), secret: secret.clone() });
        let (record, body) = (rig.record(), vec![1; length].into());
        let post = ClientFrame::Post { request: 9, mailbox: desk(), record, body, pass };
        refusal(&rig.ask(device, post))
    };
    assert_eq!(with(&mut rig, &member, &Secret([9; 32]), REPORT), Some(Code::MailboxFull), "made up");
    assert_eq!(with(&mut rig, &member, &secrets[0], MAX_POST_BODY), Some(Code::MailboxFull), "too long");
    let stranger = rig.connect();
    assert!(with(&mut rig, &stranger, &secrets[0], REPORT).is_some(), "who has proved nothing");
    assert_eq!(with(&mut rig, &member, &secrets[0], REPORT), None);
    rig.done(&owner, add);
    assert_eq!(with(&mut rig, &member, &secrets[0], REPORT), Some(Code::MailboxFull), "once");
    // Nor does a flood of the ration keep it out.
    for _ in 0..100 {
        let flooder = rig.member();
        flood(&mut rig, &flooder, desk(), MAX_POST_BODY);
        rig.relay.disconnect(flooder.id);
    }
    assert_eq!(with(&mut rig, &member, &secrets[1], REPORT), None);
}

#[test]
fn strangers_and_members_do_not_starve_each_other() {
    let (mut rig, owner) = with_desk();
    // Until it is opened strangers neither post nor use up anything.
    let stranger = rig.connect();
    for _ in 0..60 {
        assert_eq!(post(&mut rig, &stranger, desk(), b"junk"), Some(Code::Unknown));
    }
    open(&mut rig, &owner);
    rig.now += 60_000;
    let each = flood(&mut rig, &stranger, desk(), 2_000);
    assert!(each >= 20, "{each}");
    for _ in 0..100 {
        let stranger = rig.connect();
        flood(&mut rig, &stranger, desk(), MAX_POST_BODY);
        rig.relay.disconnect(stranger.id);
    }
    let member = rig.member();
    assert_eq!(post(&mut rig, &member, desk(), &[1; REPORT]), None);
    for _ in 0..100 {
        let flooder = rig.member();
        flood(&mut rig, &flooder, desk(), MAX_POST_BODY);
        rig.relay.disconnect(flooder.id);
    }
    rig.now += 60_000;
    let stranger = rig.connect();
    assert_eq!(post(&mut rig, &stranger, desk(), &[1; 2_000]), None);
    // Its reader and owners are not rationed.
    let own = rig.connect();
    rig.prove_mailbox(&own, DESK);
    for _ in 0..200 {
        assert_eq!(post(&mut rig, &own, desk(), b"x"), None);
        assert_eq!(post(&mut rig, &owner, desk(), b"x"), None);
        rig.now += 20;
    }
}

#[test]
fn a_hall_full_of_people_joins_at_once() {
    let (mut rig, owner) = with_desk();
    open(&mut rig, &owner);
    for _ in 0..POST_BURST {
        let newcomer = rig.connect();
        assert_eq!(post(&mut rig, &newcomer, desk(), &[1; STRANGERS_POST_BYTES as usize - 300]), None);
        rig.relay.disconnect(newcomer.id);
    }
}

#[test]
fn mailboxes_that_nobody_opened_have_one_small_ration_together() {
    let (mut rig, owner) = Rig::with_channel();
    let flooders = [rig.member(), rig.member(), rig.member()];
    let (mut bytes, mut number) = (0, 0_u64);
    for _ in 0..60 {
        for flooder in &flooders {
            loop {
                number += 1;
                let mut mailbox = [9; 32];
                mailbox[..8].copy_from_slice(&number.to_be_bytes());
                if post(&mut rig, flooder, MailboxId(mailbox), &[7; MAX_POST_BODY]).is_some() {
                    break;
                }
                bytes += MAX_POST_BODY as u64;
            }
        }
        rig.now += 1_000;
    }
    assert!(bytes <= UNOPENED_BYTE_BURST + UNOPENED_BYTES_PER_MINUTE, "{bytes}");
    // Welcomes after a swap, and those of the committee after a large admission.
    let honest = rig.member();
    assert_eq!(post(&mut rig, &honest, MailboxId([1; 32]), &[7; 4_200]), None);
    for number in 0..250 {
        assert_eq!(post(&mut rig, &owner, MailboxId([number; 32]), &[7; 4_200]), None);
        rig.now += 20;
    }
}

fn put(rig: &mut Rig, device: &Device, number: u64, length: usize) -> Option<Code> {
    let mut blob = [0; 16];
    blob[..8].copy_from_slice(&number.to_be_bytes());
    let (blob, body) = (BlobId(blob), vec![7; length].into());
    refusal(
        &rig.ask(device, ClientFrame::PutBlob { request: 1, channel: channel(), blob, part: 0, of: 1, body }),
    )
}

#[test]
fn a_member_does_not_fill_the_room_for_snapshots() {
    let (mut rig, owner) = Rig::with_channel();
    let flooders = [rig.member(), rig.member(), rig.member()];
    let (mut bytes, mut number) = (0, 0);
    for _ in 0..600 {
        for flooder in &flooders {
            number += 1;
            bytes += if put(&mut rig, flooder, number, MAX_BLOB_PART).is_none() {
                MAX_BLOB_PART as u64
            } else {
                0
            };
        }
        rig.now += 1_000;
    }
    assert!(bytes <= BLOB_BYTE_BURST + 10 * BLOB_BYTES_PER_MINUTE, "{bytes}");
    // A swap's snapshot passes, and an admission's whatever its size.
    let honest = rig.member();
    assert_eq!(put(&mut rig, &honest, 1_000_000, MAX_BLOB_PART), None);
    for part in 0..64 {
        assert_eq!(put(&mut rig, &owner, 2_000_000 + part, MAX_BLOB_PART), None);
        rig.now += 200;
    }
}

#[test]
fn a_loop_of_blobs_is_given_as_many_bytes_as_it_may_send() {
    let (mut rig, owner) = Rig::with_channel();
    assert_eq!(put(&mut rig, &owner, 0, MAX_BLOB_PART), None);
    let member = rig.member();
    let get = ClientFrame::GetBlob { request: 2, channel: channel(), blob: BlobId([0; 16]), part: 0 };
    let given = |rig: &mut Rig| matches!(rig.ask(&member, get.clone())[..], [RelayFrame::BlobPart { .. }]);
    let parts = (0..200).take_while(|_| given(&mut rig)).count();
    assert_eq!(parts, BYTE_BURST as usize / MAX_BLOB_PART);
    rig.now += 1_000;
    assert!(given(&mut rig));
}

fn subscription(number: u64, key: PushKey) -> Subscription {
    let endpoint = format!("https://fcm.googleapis.com/fcm/send/{number}");
    Subscription { endpoint, key, auth: PushAuth([5; 16]) }
}

fn register(number: u64, key: PushKey) -> ClientFrame {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    let (registration, subscription) = (RegistrationId(id), subscription(number, key));
    ClientFrame::Register { request: 1, channel: channel(), registration, subscription, proved_at: u64::MAX }
}

fn push_key() -> PushKey {
    PushKey::from_slice(&campana_sink::Phone::new().key()).expect("65 bytes")
}

#[test]
fn a_member_does_not_take_all_registrations() {
    let (mut rig, _) = Rig::pushing();
    let key = push_key();
    let flooders = [rig.member(), rig.member(), rig.member()];
    let (mut taken, mut number) = (0, 0);
    for minute in 0..10_u64 {
        for flooder in &flooders {
            for _ in 0..30 {
                number += 1;
                taken += u64::from(refusal(&rig.ask(flooder, register(number, key))).is_none());
            }
        }
        // A phone that turns alerts on, and says later that a push has come.
        let honest = rig.member();
        rig.done(&honest, register(1_000_000 + minute, key));
        rig.done(&honest, register(1_000_000 + minute, key));
        rig.now += 60_000;
    }
    assert!(taken <= 12 + 10 * REGISTRATIONS_PER_MINUTE, "{taken}");
    // A hall full of people turns alerts on.
    let (mut rig, _) = Rig::pushing();
    for number in 1..REGISTRATION_BURST {
        let phone = rig.member();
        rig.done(&phone, register(number, key));
        rig.relay.disconnect(phone.id);
    }
}

#[test]
fn a_loop_of_renewals_is_put_off() {
    let (mut rig, _) = Rig::pushing();
    let (key, member) = (push_key(), rig.member());
    let taken = (0..100).take_while(|_| refusal(&rig.ask(&member, register(1, key))).is_none()).count();
    assert_eq!(taken, 9);
    rig.now += 20_000;
    rig.done(&member, register(1, key));
}

#[test]
fn receipts_that_a_member_makes_up_are_few_and_each_phones_passes() {
    let (mut rig, owner) = Rig::with_channel();
    rig.append(&owner, campana_protocol::frame::Class::Alert, 0, b"alert");
    let mut token = 0_u128;
    let mut receipt = |rig: &mut Rig, device: &Device| {
        token += 1;
        let frame = ClientFrame::Receipt {
            request: 1,
            channel: channel(),
            seq: 1,
            token: ReceiptToken(token.to_be_bytes()),
        };
        refusal(&rig.ask(device, frame)).is_none()
    };
    let flooders = [rig.member(), rig.member(), rig.member()];
    for _ in 0..60 {
        for flooder in &flooders {
            for _ in 0..40 {
                receipt(&mut rig, flooder);
            }
        }
        rig.now += 1_000;
    }
    let made_up = rig.relay.shared().store().coverage(&channel(), 1, rig.now).expect("counts").receipts;
    assert!(made_up <= 3 * 128 + 960, "{made_up}");
    for _ in 0..500 {
        let phone = rig.member();
        assert!(receipt(&mut rig, &phone));
        rig.relay.disconnect(phone.id);
    }
}

#[test]
fn a_member_does_not_take_all_test_pushes() {
    let (mut rig, _) = Rig::pushing();
    let key = push_key();
    let test = |number: u64| {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        let (registration, delay_ms, nonce) = (RegistrationId(id), 60_000, 7);
        ClientFrame::TestPush { request: 1, channel: channel(), registration, delay_ms, nonce }
    };
    let mut taken = 0;
    for number in 0..20 {
        let flooder = rig.member();
        rig.done(&flooder, register(number, key));
        taken += (0..10).take_while(|_| refusal(&rig.ask(&flooder, test(number))).is_none()).count();
    }
    assert!(taken < MAX_WAITING_TESTS / 4, "{taken}");
    let honest = rig.member();
    rig.done(&honest, register(1_000, key));
    rig.done(&honest, test(1_000));
}

#[test]
fn settings_of_others_are_not_a_members_to_change() {
    let (mut rig, owner) = with_desk();
    let member = rig.member();
    let set = ClientFrame::SetGuard { request: 1, channel: channel(), guard: channel() };
    for _ in 0..20 {
        rig.refused(&member, set.clone(), Code::Forbidden);
    }
    // Whoever says first how long a mailbox keeps its posts knows the key that reads it; later nobody changes it.
    let reader = public(&key(DESK));
    rig.done(&member, ClientFrame::KeepMailbox { request: 1, channel: channel(), reader, keep_ms: 1 });
    assert_eq!(post(&mut rig, &member, desk(), b"a report"), None);
    rig.now += DESK_TTL_MS - 1;
    while rig.relay.tick(rig.now).expect("trims").more {}
    assert_eq!(read(&mut rig), [b"a report"]);
    let _ = owner;
}

#[test]
fn a_connection_whose_key_was_rotated_has_proved_nothing_that_keeps_a_place() {
    let (mut rig, owner) = with_desk();
    let shared = Arc::clone(rig.relay.shared());
    let (id, nonce) = (ConnectionId(9_999), Secret([9; 32]));
    let mut session = Session::new(rig.now, id, nonce.clone(), &shared);
    let device = Device { id, nonce };
    let prove = |session: &mut Session, rig: &Rig, seed, subject| {
        session.receive(&shared, rig.now, &rig.authenticate(&device, seed, subject).encode());
        let mut frames = Vec::new();
        session.poll(&shared, &mut frames);
        let last = RelayFrame::decode(frames.last().expect("an answer")).expect("a frame");
        assert!(matches!(last, RelayFrame::Done { .. }), "{last:?}");
        session.standing()
    };
    assert_eq!(session.must_prove_by(), Some(rig.now + AUTHENTICATE_MS));
    // A mailbox of one's own, as whoever waits to be let in has and any stranger can make.
    let own = MailboxId::of(&public(&key(70)));
    assert_eq!(prove(&mut session, &rig, 70, Subject::Mailbox(own)), Standing::Waiting);
    assert_eq!(session.must_prove_by(), Some(rig.now + WAITING_MS));
    assert_eq!(prove(&mut session, &rig, ACCESS, Subject::Channel(channel())), Standing::Proved);
    assert_eq!(session.must_prove_by(), None);
    rig.rotate(&owner, 0, 8);
    session.judge_again(&shared);
    assert_eq!(session.standing(), Standing::Waiting);
    // The mailbox of a desk is one that somebody has said something of.
    assert_eq!(prove(&mut session, &rig, DESK, Subject::Mailbox(desk())), Standing::Proved);
}
