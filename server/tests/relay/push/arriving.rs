//! What arrives, and that it tells nothing.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::RecordId;
use campana_protocol::limits::MAX_ALERT_BODY;
use campana_protocol::push::Push;
use campana_sink::{Arrival, Behaviour};

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
    let forms: Vec<_> = arrivals.iter().map(Form::of).collect();
    assert!(forms.iter().all(|form| *form == forms[0]), "{forms:#?}");
    assert_ne!(arrivals[0].headers["topic"], arrivals[1].headers["topic"]);

    // Three at once, then one a minute or so.
    owner.done(test(78)).await;
    owner.done(test(79)).await;
    let answer = ask(&mut owner, test(80)).await;
    assert!(matches!(answer, RelayFrame::Refused { code: Code::Busy, .. }), "{answer:?}");
    assert_eq!(sink.connections(), 1);
}

/// What a push service sees of a push: every header by name and value, and every length; all but
/// the address itself and what is in the topic, the signature and the ciphertext.
#[derive(Debug, PartialEq, Eq)]
struct Form {
    headers: Vec<(String, String)>,
    body: usize,
}

impl Form {
    fn of(arrival: &Arrival) -> Self {
        let headers = arrival.headers.iter().map(|(name, value)| {
            let value = value.to_str().expect("text");
            let shown = match name.as_str() {
                "topic" | "authorization" => format!("{} characters", value.len()),
                _ => value.to_owned(),
            };
            (name.to_string(), shown)
        });
        Self { headers: headers.collect(), body: arrival.body.len() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_pushed_and_to_whom_looks_the_same_to_the_push_service() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    // One who may do everything, and one who may read: to the relay that is all there is of roles.
    let (verifier, member) = (Phone::new(), Phone::new());
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let mut other = Device::member(process.address).await;
    owner.done(register(1, verifier.subscription(sink.endpoint("v")))).await;
    other.done(register(2, member.subscription(sink.endpoint("m")))).await;

    // An alert, an all clear (shorter), a long one, each some time after the last.
    let mut pushed = Vec::new();
    for (record, length) in [(1, 1_290), (2, 180), (3, MAX_ALERT_BODY)] {
        alert(&mut owner, record, length).await;
        let count = pushed.len() + 2;
        assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == count).await);
        pushed = sink.arrivals();
        tokio::time::sleep(core::time::Duration::from_millis(1_100)).await;
    }
    // One that reaches its service late looks no different from one that does not.
    sink.behave(|_| Behaviour::Later(503, 2));
    alert(&mut owner, 4, 1_290).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 8).await);
    sink.behave(|_| Behaviour::Answer(201));
    let late = |arrivals: &[Arrival]| arrivals[6..].iter().filter(|at| at.status == Some(201)).count() == 2;
    assert!(sink.wait(PATIENCE, late).await);
    let before = sink.count();
    for (device, number) in [(&mut owner, 1), (&mut other, 2)] {
        let test = ClientFrame::TestPush {
            request: 5,
            channel: channel(),
            registration: id(number),
            delay_ms: 10,
            nonce: u32::MAX - number,
        };
        device.done(test).await;
    }
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == before + 2).await);

    let arrivals = sink.arrivals();
    let forms: Vec<_> = arrivals.iter().map(Form::of).collect();
    assert!(forms.iter().all(|form| *form == forms[0]), "{forms:#?}");
    let names: Vec<_> = forms[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    let all =
        ["ttl", "urgency", "topic", "content-encoding", "content-type", "authorization", "content-length"];
    assert_eq!(names, all);
    assert_eq!(arrivals[0].headers["ttl"], "14400");
    // Nor do the signatures differ: one is used for hours.
    assert!(arrivals.iter().all(|at| at.headers["authorization"] == arrivals[0].headers["authorization"]));
    // Each push has a topic of its own: what it is about shows in none.
    let topics: std::collections::HashSet<_> = arrivals.iter().map(|at| &at.headers["topic"]).collect();
    assert_eq!(topics.len(), 10);
    for name in ["v", "m"] {
        let one = arrivals.iter().find(|at| at.path == format!("/push/{name}")).expect("pushed");
        println!("POST {} HTTP/2, {} bytes\n{:#?}", one.path, one.body.len(), one.headers);
    }
}
