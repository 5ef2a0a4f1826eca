//! Registrations, receipts, tests and coverage, and each of their refusals.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Secret};
use campana_protocol::id::{ChannelId, PushAuth, PushKey, ReceiptToken, RegistrationId};
use campana_protocol::limits::{MAX_ENDPOINT, MAX_TEST_DELAY_MS};
use campana_protocol::push::Subscription;

use super::rig::{Device, OWNER, Rig, channel};
use crate::limits::{REQUEST_BURST, SIGNATURE_COST, TEST_BURST, TEST_SECONDS};
use crate::store::Store;

const ENDPOINT: &str = "https://fcm.googleapis.com/fcm/send/secret-endpoint";

/// A point of the curve, as a browser's key is.
fn key() -> PushKey {
    PushKey::from_slice(&campana_sink::Phone::new().key()).expect("65 bytes")
}

fn subscription(endpoint: &str) -> Subscription {
    Subscription { endpoint: endpoint.to_owned(), key: key(), auth: PushAuth([5; 16]) }
}

fn register(subscription: Subscription) -> ClientFrame {
    let registration = RegistrationId([6; 16]);
    ClientFrame::Register { request: 1, channel: channel(), registration, subscription, proved_at: 0 }
}

fn unregister() -> ClientFrame {
    ClientFrame::Unregister { request: 1, channel: channel(), registration: RegistrationId([6; 16]) }
}

fn test(delay_ms: u32) -> ClientFrame {
    let registration = RegistrationId([6; 16]);
    ClientFrame::TestPush { request: 1, channel: channel(), registration, delay_ms, nonce: 7 }
}

fn receipt(seq: u64, token: u8) -> ClientFrame {
    ClientFrame::Receipt { request: 1, channel: channel(), seq, token: ReceiptToken([token; 16]) }
}

fn coverage(rig: &mut Rig, device: &Device, seq: u64) -> (u64, u64, u64) {
    let ask = ClientFrame::ReadCoverage { request: 1, channel: channel(), seq };
    match rig.ask(device, ask)[..] {
        [RelayFrame::Coverage { request: 1, receipts, registered, proved }] => (receipts, registered, proved),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_relay_that_pushes_says_its_key_and_one_that_does_not_says_so() {
    let (mut rig, device) = Rig::with_channel();
    rig.refused(&device, register(subscription(ENDPOINT)), Code::Unsupported);
    rig.refused(&device, test(0), Code::Unsupported);
    // Nothing to send, and yet nothing to refuse.
    rig.done(&device, unregister());
    assert_eq!(coverage(&mut rig, &device, 0), (0, 0, 0));

    let (mut rig, _) = Rig::pushing();
    let id = rig.relay.connect(rig.now, Secret([9; 32]));
    let said = rig.frames(id);
    let key = rig.relay.shared().push().expect("pushes").key();
    assert!(
        matches!(&said[..], [RelayFrame::Hello { push_key: Some(said), .. }] if *said == key),
        "{said:?}"
    );
}

#[test]
fn members_register_report_and_ask() {
    let (mut rig, _) = Rig::pushing();
    let member = rig.member();
    rig.done(&member, register(subscription(ENDPOINT)));
    let seq = rig.append(&member, Class::Alert, 0, b"alert");
    assert_eq!(rig.relay.shared().store().push_jobs().expect("jobs").len(), 1);
    for token in [1, 2, 2] {
        rig.done(&member, receipt(seq, token));
    }
    rig.refused(&member, receipt(seq + 1, 1), Code::Unknown);
    assert_eq!(coverage(&mut rig, &member, seq), (2, 1, 0));
    // The store holds where pushes go, and not in clear.
    let found = rig.relay.shared().store().registration(&channel(), &RegistrationId([6; 16]), rig.now);
    let sealed = found.expect("read").expect("there").sealed;
    assert!(!sealed.windows(15).any(|at| at == b"secret-endpoint"));
    rig.done(&member, unregister());
    assert_eq!(coverage(&mut rig, &member, seq), (2, 0, 0));
}

#[test]
fn a_stranger_and_an_older_key_may_nothing() {
    let (mut rig, owner) = Rig::pushing();
    let member = rig.member();
    rig.done(&member, register(subscription(ENDPOINT)));
    let stranger = rig.connect();
    let read = ClientFrame::ReadCoverage { request: 1, channel: channel(), seq: 0 };
    for frame in [register(subscription(ENDPOINT)), unregister(), test(0), receipt(1, 1), read.clone()] {
        rig.refused(&stranger, frame, Code::Forbidden);
    }
    rig.rotate(&owner, 0, 7);
    for frame in [register(subscription(ENDPOINT)), test(0), receipt(1, 1), read] {
        rig.refused(&member, frame, Code::Forbidden);
    }
    // To be left alone is everybody's to ask for.
    rig.done(&member, unregister());
    let elsewhere = ClientFrame::Unregister {
        request: 1,
        channel: ChannelId([0; 32]),
        registration: RegistrationId([6; 16]),
    };
    rig.refused(&member, elsewhere, Code::Forbidden);
}

#[test]
fn an_endpoint_that_is_no_push_services_is_refused() {
    let (mut rig, owner) = Rig::pushing();
    let long = format!("https://fcm.googleapis.com/{}", "a".repeat(MAX_ENDPOINT));
    for endpoint in [
        "",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:444/x",
        "https://169.254.169.254/latest/meta-data",
        "https://user@fcm.googleapis.com/x",
        "https://intranet.example/x",
        &long,
    ] {
        rig.refused(&owner, register(subscription(endpoint)), Code::EndpointRefused);
    }
    // A key that no message can be made for: not a point, not even of the right form.
    for key in [[4; 65], [0; 65]] {
        let broken = Subscription { key: PushKey(key), ..subscription(ENDPOINT) };
        rig.refused(&owner, register(broken), Code::EndpointRefused);
    }
    assert_eq!(coverage(&mut rig, &owner, 0), (0, 0, 0));
}

#[test]
fn tests_are_few_and_of_ones_own_registrations() {
    let (mut rig, owner) = Rig::pushing();
    rig.refused(&owner, test(0), Code::Unknown);
    rig.done(&owner, register(subscription(ENDPOINT)));
    rig.refused(&owner, test(MAX_TEST_DELAY_MS + 1), Code::Malformed);
    for _ in 0..TEST_BURST {
        rig.done(&owner, test(MAX_TEST_DELAY_MS));
    }
    rig.refused(&owner, test(0), Code::Busy);
    rig.now += u64::from(TEST_SECONDS) * 1_000;
    rig.done(&owner, test(0));
    rig.refused(&owner, test(0), Code::Busy);
}

#[test]
fn registering_costs_what_a_signature_costs() {
    let (mut rig, _) = Rig::pushing();
    let device = rig.connect();
    rig.prove(&device, OWNER);
    // One that is refused, so that nothing but requests is used up.
    let frame = register(subscription("http://not.a.push.service.example/"));
    // What proving has left of the burst.
    for _ in 0..(REQUEST_BURST - 1 - SIGNATURE_COST) / (1 + SIGNATURE_COST) {
        rig.refused(&device, frame.clone(), Code::EndpointRefused);
    }
    rig.refused(&device, frame, Code::Busy);
}
