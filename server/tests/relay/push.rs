//! Pushes, from a real relay to push services on this machine.

use core::time::Duration;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::{PushAuth, PushKey, ReceiptToken, RecordId, RegistrationId};
use campana_protocol::limits::{MAX_ALERT_BODY, PUSH_BYTES};
use campana_protocol::push::{Push, Subscription};
use campana_sink::{Arrival, Authority, Behaviour, Sink};
use ece::{EcKeyComponents, LocalKeyPair};

use crate::device::{Device, channel, entry};
use crate::process::{BINARY, Process};

const PATIENCE: Duration = Duration::from_secs(20);

/// What a phone keeps to read its pushes.
struct Phone {
    keys: EcKeyComponents,
    key: PushKey,
    auth: PushAuth,
}

impl Phone {
    fn new() -> Self {
        let (pair, auth) = ece::generate_keypair_and_auth_secret().expect("keys");
        let key = PushKey::from_slice(&pair.pub_as_raw().expect("a point")).expect("65 bytes");
        Self { keys: pair.raw_components().expect("keys"), key, auth: PushAuth(auth) }
    }

    fn subscription(&self, endpoint: String) -> Subscription {
        Subscription { endpoint, key: self.key, auth: self.auth }
    }

    fn read(&self, arrival: &Arrival) -> Push {
        let plain = ece::decrypt(&self.keys, &self.auth.0, &arrival.body).expect("for this phone");
        assert_eq!(plain.len(), PUSH_BYTES);
        let json: serde_json::Value = serde_json::from_slice(&plain).expect("JSON");
        let text = json["notification"]["data"]["m"].as_str().expect("a message");
        Push::decode(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("a push")
    }
}

/// A relay that pushes to sinks, in a directory of its own.
struct World {
    root: tempfile::TempDir,
    authority: Authority,
    flags: Vec<String>,
}

impl World {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        let ca = root.path().join("ca.pem");
        authority.write(&ca);
        let flags = vec!["--push-ca".to_owned(), ca.to_str().expect("a path").to_owned()];
        Self { root, authority, flags }
    }

    async fn sink(&mut self, host: &str) -> Sink {
        let sink = Sink::start(&self.authority, host, Duration::ZERO).await;
        self.allow(host, &sink.pin());
        sink
    }

    fn allow(&mut self, host: &str, pin: &str) {
        self.flags.extend(["--push-host", host, "--push-resolve", pin].map(str::to_owned));
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    fn start(&self) -> Process {
        self.start_with(Command::new(BINARY))
    }

    fn start_with(&self, command: Command) -> Process {
        let flags: Vec<_> = self.flags.iter().map(String::as_str).collect();
        Process::start_with(command, &self.data(), &flags)
    }
}

fn id(number: u32) -> RegistrationId {
    let mut id = [0; 16];
    // Spread over the whole range, as random ones are.
    id[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    RegistrationId(id)
}

fn register(number: u32, subscription: Subscription) -> ClientFrame {
    let registration = id(number);
    ClientFrame::Register { request: number, channel: channel(), registration, subscription, proved_at: 0 }
}

async fn register_all(device: &mut Device, subscriptions: Vec<Subscription>) {
    for (at, chunk) in subscriptions.chunks(32).enumerate() {
        for (index, subscription) in chunk.iter().enumerate() {
            let number = u32::try_from(at * 32 + index).expect("few");
            device.send(&register(number, subscription.clone())).await.expect("sent");
        }
        for _ in chunk {
            let answer = device.hear().await;
            assert!(matches!(answer, Some(RelayFrame::Done { .. })), "{answer:?}");
        }
    }
}

async fn alert(device: &mut Device, record: u128, length: usize) -> u64 {
    let ClientFrame::Append { request, channel, record, control_seq, rotate, body, .. } =
        entry(9, record, length)
    else {
        unreachable!()
    };
    let class = Class::Alert;
    device
        .send(&ClientFrame::Append { request, channel, record, class, control_seq, rotate, body })
        .await
        .expect("sent");
    match device.hear().await {
        Some(RelayFrame::Appended { seq, .. }) => seq,
        other => panic!("not appended: {other:?}"),
    }
}

async fn ask(device: &mut Device, frame: ClientFrame) -> RelayFrame {
    device.send(&frame).await.expect("sent");
    device.hear().await.expect("an answer")
}

fn by_path(arrivals: &[Arrival]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for arrival in arrivals {
        *counts.entry(arrival.path.clone()).or_default() += 1;
    }
    counts
}

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
