//! What arrives, and that it tells nothing.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::RecordId;
use campana_protocol::limits::MAX_ALERT_BODY;
use campana_protocol::push::Push;

use super::{PATIENCE, Phone, World, alert, ask, id, register};
use crate::device::{Device, channel, entry};

#[tokio::test(flavor = "multi_thread")]
async fn alerts_tests_and_long_alerts_arrive_and_differ_in_nothing() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.done(register(1, phone.subscription(sink.endpoint("one")))).await;

    let seq = alert(&mut owner, 1, 700).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 1).await);
    let long = alert(&mut owner, 2, MAX_ALERT_BODY).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 2).await);
    let test = |nonce| ClientFrame::TestPush {
        request: 5,
        channel: channel(),
        registration: id(1),
        delay_ms: 10,
        nonce,
    };
    owner.done(test(77)).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 3).await);
    // An update is not pushed: the third is the last.
    owner.send(&entry(9, 3, 100)).await.expect("sent");
    assert!(matches!(owner.hear().await, Some(RelayFrame::Appended { .. })));

    let arrivals = sink.arrivals();
    match phone.read(&arrivals[0]) {
        Push::Entry { channel: to, entry } => {
            assert_eq!((to, entry.seq, entry.class, entry.body.len()), (channel(), seq, Class::Alert, 700));
            assert_eq!(entry.record, RecordId(1u128.to_be_bytes()));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(phone.read(&arrivals[1]), Push::Place { channel: channel(), seq: long });
    assert_eq!(phone.read(&arrivals[2]), Push::Test { channel: channel(), nonce: 77 });
    for arrival in &arrivals {
        assert_eq!(arrival.body.len(), arrivals[0].body.len());
        let mut names: Vec<_> = arrival.headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "authorization",
                "content-encoding",
                "content-length",
                "content-type",
                "topic",
                "ttl",
                "urgency"
            ]
        );
        let header = |name: &str| arrival.headers[name].to_str().expect("text");
        assert_eq!((header("content-encoding"), header("urgency")), ("aes128gcm", "high"));
        let ttl: u64 = header("ttl").parse().expect("seconds");
        assert!((4 * 3_600 - 30..=4 * 3_600).contains(&ttl), "{ttl}");
        assert_eq!(header("topic").len(), 22);
        assert_eq!(header("authorization").len(), arrivals[0].headers["authorization"].len());
    }
    assert_ne!(arrivals[0].headers["topic"], arrivals[1].headers["topic"]);

    // Three at once, then one a minute or so.
    owner.done(test(78)).await;
    owner.done(test(79)).await;
    let answer = ask(&mut owner, test(80)).await;
    assert!(matches!(answer, RelayFrame::Refused { code: Code::Busy, .. }), "{answer:?}");
    assert_eq!(sink.connections(), 1);
}
