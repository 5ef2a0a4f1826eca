//! The desk's bell: who registers for a mailbox, who holds and withdraws rings.

use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, RelayFrame, Secret, Subject};
use campana_protocol::id::{Hash, MailboxId, PushAuth, PushKey, RegistrationId};
use campana_protocol::limits::MAX_HOLD_MS;
use campana_protocol::push::{Subscription, ring_id};

use super::rig::{Device, Rig, channel, key, public};
use crate::limits::HOLD_BURST;
use crate::store::Store;

const READER: u8 = 77;
const GUARD: u8 = 9;
const SECRET: Secret = Secret([8; 32]);

fn mailbox() -> MailboxId {
    MailboxId::of(&public(&key(READER)))
}

fn register() -> ClientFrame {
    let subscription = Subscription {
        endpoint: "https://fcm.googleapis.com/fcm/send/x".to_owned(),
        key: PushKey::from_slice(&campana_sink::Phone::new().key()).expect("65 bytes"),
        auth: PushAuth([5; 16]),
    };
    let (mailbox, registration) = (mailbox(), RegistrationId([6; 16]));
    ClientFrame::RegisterMailbox {
        request: 1,
        mailbox,
        registration,
        subscription,
        proved_at: 0,
        cover: true,
    }
}

fn unregister() -> ClientFrame {
    ClientFrame::UnregisterMailbox { request: 1, mailbox: mailbox(), registration: RegistrationId([6; 16]) }
}

fn hold(subject: Subject, id: Hash, after_ms: u64) -> ClientFrame {
    ClientFrame::HoldRing { request: 1, subject, id, after_ms }
}

fn withdraw(subject: Subject) -> ClientFrame {
    ClientFrame::WithdrawRing { request: 1, subject, secret: SECRET }
}

/// A member that reads the mailbox.
fn reader(rig: &mut Rig) -> Device {
    let device = rig.member();
    rig.prove_mailbox(&device, READER);
    device
}

fn post(rig: &mut Rig, device: &Device) {
    let record = rig.record();
    rig.done(
        device,
        ClientFrame::Post { request: 1, mailbox: mailbox(), record, body: vec![7].into(), pass: None },
    );
}

#[test]
fn a_post_owes_a_ring_to_the_readers_that_registered() {
    let (mut rig, owner) = Rig::pushing();
    let device = reader(&mut rig);
    rig.done(&device, register());
    post(&mut rig, &owner);
    let store = |rig: &Rig| rig.relay.shared().store().owed_rings().expect("read");
    assert_eq!(store(&rig), [mailbox()]);
    rig.done(&device, unregister());
    rig.done(&device, unregister());
    assert!(rig.relay.shared().store().covers().expect("read").is_empty());
}

#[test]
fn only_a_member_that_reads_a_mailbox_registers_for_it() {
    let (mut rig, owner) = Rig::pushing();
    rig.refused(&owner, register(), Code::Forbidden);
    rig.refused(&owner, unregister(), Code::Forbidden);
    let mailbox = Subject::Mailbox(mailbox());
    rig.refused(&owner, hold(mailbox, ring_id(&SECRET), 1), Code::Forbidden);
    // A key of one's own is soon made.
    let stranger = rig.connect();
    rig.prove_mailbox(&stranger, READER);
    rig.refused(&stranger, register(), Code::Forbidden);
    rig.refused(&stranger, hold(mailbox, ring_id(&SECRET), 1), Code::Forbidden);
    rig.refused(&stranger, withdraw(mailbox), Code::Forbidden);

    let (mut silent, _) = Rig::with_channel();
    let device = reader(&mut silent);
    silent.refused(&device, register(), Code::Unsupported);
    silent.refused(&device, hold(mailbox, ring_id(&SECRET), 1), Code::Unsupported);
}

#[test]
fn what_a_secret_hides_is_withdrawn_by_it_alone() {
    let (mut rig, _) = Rig::pushing();
    let device = reader(&mut rig);
    let subject = Subject::Mailbox(mailbox());
    rig.done(&device, hold(subject, ring_id(&SECRET), 5_000));
    rig.done(&device, hold(subject, Hash([9; 32]), 5_000));
    rig.refused(&device, hold(subject, Hash([3; 32]), MAX_HOLD_MS + 1), Code::Malformed);
    rig.done(&device, withdraw(subject));
    let held = rig.relay.shared().store().held_rings().expect("read");
    assert_eq!(held.iter().map(|ring| ring.id).collect::<Vec<_>>(), [Hash([9; 32])]);
}

#[test]
fn a_channel_is_rung_by_whoever_may_append_alerts_there() {
    let (mut rig, owner) = Rig::pushing();
    let subject = Subject::Channel(channel());
    let member = rig.member();
    rig.done(&member, hold(subject, Hash([1; 32]), 5_000));
    // Guarded by another channel, of which the member knows nothing.
    let create = rig.create(&owner, super::rig::FOUNDER, GUARD);
    rig.done(&owner, create);
    let guard = campana_protocol::id::ChannelId::of(&public(&key(GUARD)));
    rig.done(&owner, ClientFrame::SetGuard { request: 1, channel: channel(), guard });
    rig.refused(&member, hold(subject, Hash([2; 32]), 5_000), Code::Forbidden);
    rig.refused(&member, withdraw(subject), Code::Forbidden);
    rig.done(&owner, hold(subject, Hash([2; 32]), 5_000));
    let prove = rig.authenticate(&member, super::rig::ACCESS, Subject::Channel(guard));
    rig.done(&member, prove);
    rig.done(&member, hold(subject, Hash([3; 32]), 5_000));
}

#[test]
fn whoever_holds_many_rings_leaves_some_to_the_others() {
    let (mut rig, _) = Rig::pushing();
    let subject = Subject::Mailbox(mailbox());
    let (one, other) = (reader(&mut rig), reader(&mut rig));
    let held = (0..HOLD_BURST).take_while(|number| {
        let id = Hash([u8::try_from(*number).expect("few"); 32]);
        matches!(rig.ask(&one, hold(subject, id, 5_000))[..], [RelayFrame::Done { .. }])
    });
    assert_eq!(held.count(), HOLD_BURST as usize / 2);
    rig.refused(&one, hold(subject, Hash([0xff; 32]), 5_000), Code::Busy);
    rig.done(&other, hold(subject, Hash([0xff; 32]), 5_000));
}
