//! Pushes, from a real relay to push services on this machine.

mod arriving;
mod crashing;
mod failing;
mod hostile;
mod ringing;
mod secrets;

use core::time::Duration;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::{PushAuth, PushKey, RegistrationId};
use campana_protocol::limits::PUSH_BYTES;
use campana_protocol::push::{Push, Subscription};
use campana_sink::{Arrival, Authority, Sink};

use crate::device::{Device, channel, entry};
use crate::process::{BINARY, Process};

const PATIENCE: Duration = Duration::from_secs(20);

/// A phone that knows the forms of the project.
struct Phone(campana_sink::Phone);

impl Phone {
    fn new() -> Self {
        Self(campana_sink::Phone::new())
    }

    fn subscription(&self, endpoint: String) -> Subscription {
        let key = PushKey::from_slice(&self.0.key()).expect("65 bytes");
        Subscription { endpoint, key, auth: PushAuth(self.0.auth()) }
    }

    fn read(&self, arrival: &Arrival) -> Push {
        let plain = self.0.open(&arrival.body).expect("for this phone");
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

fn devices(count: u32, phone: &Phone, sinks: &[&Sink]) -> Vec<Subscription> {
    let endpoint = |number: u32| sinks[number as usize % sinks.len()].endpoint(&number.to_string());
    (0..count).map(|number| phone.subscription(endpoint(number))).collect()
}

/// Waits until all sinks together have been asked for that many different paths.
async fn wait_for_all(sinks: &[&Sink], paths: usize) -> bool {
    let waiting = async {
        while sinks.iter().map(|sink| by_path(&sink.arrivals()).len()).sum::<usize>() < paths {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.is_ok()
}

async fn registered(device: &mut Device) -> u64 {
    match ask(device, ClientFrame::ReadCoverage { request: 8, channel: channel(), seq: 0 }).await {
        RelayFrame::Coverage { registered, .. } => registered,
        other => panic!("{other:?}"),
    }
}

/// The relay's store is opened by the next process: until then nobody waits for its jobs.
async fn wait_for_metric(process: &Process, line: &str) -> bool {
    for _ in 0..500 {
        if process.metrics().lines().any(|said| said == line) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}
