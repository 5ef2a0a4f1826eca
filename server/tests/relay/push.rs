//! Pushes, from a real relay to push services on this machine.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::{PushAuth, PushKey, ReceiptToken, RecordId, RegistrationId};
use campana_protocol::limits::{MAX_ALERT_BODY, PUSH_BYTES};
use campana_protocol::push::{Push, Subscription};
use campana_sink::{Arrival, Authority, Behaviour, Sink};
use ece::EcKeyComponents;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
        if process.page("/metrics").lines().any(|said| said == line) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_everybody_is_reached_and_nobody_more_than_twice() {
    const PHONES: u32 = 2_000;
    let mut world = World::new();
    let (one, two) = (world.sink("one.example.org").await, world.sink("two.example.org").await);
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    register_all(&mut owner, devices(PHONES, &phone, &[&one, &two])).await;
    alert(&mut owner, 1, 700).await;
    let some = |arrivals: &[Arrival]| arrivals.len() >= 300;
    assert!(one.wait(PATIENCE, some).await);
    process.kill();
    let before = one.count() + two.count();
    assert!(before < PHONES as usize, "it was to be killed in the middle");
    let process = world.start();
    assert!(
        wait_for_all(&[&one, &two], PHONES as usize).await,
        "of {before} and {}",
        one.count() + two.count()
    );
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    for sink in [&one, &two] {
        let counts = by_path(&sink.arrivals());
        assert!(counts.values().all(|count| *count <= 2), "{:?}", counts.values().max());
        // A repeated push replaces its first copy at the service.
        let mut topics = HashMap::new();
        for arrival in sink.arrivals() {
            let topic = arrival.headers["topic"].clone();
            assert_eq!(*topics.entry(arrival.path.clone()).or_insert(topic.clone()), topic);
        }
    }
    // And once it is done, it is done: another start pushes nothing.
    let after = one.count() + two.count();
    process.terminate();
    drop(process);
    let process = world.start();
    let mut member = Device::member(process.address).await;
    assert_eq!(registered(&mut member).await, u64::from(PHONES));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(one.count() + two.count(), after);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_in_the_middle_the_rest_follows_and_nothing_is_repeated() {
    let mut world = World::new();
    let sink = Sink::start(&world.authority, "push.example.org", Duration::from_millis(20)).await;
    world.allow(&sink.host, &sink.pin());
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    register_all(&mut owner, devices(2_000, &phone, &[&sink])).await;
    alert(&mut owner, 1, 700).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() >= 200).await);
    process.terminate();
    assert!(process.wait().success());
    assert!(sink.count() < 2_000, "it was to be stopped in the middle");
    let process = world.start();
    assert!(wait_for_all(&[&sink], 2_000).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    assert_eq!(sink.count(), 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_404_and_410_end_a_registration_and_the_busy_are_asked_again() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let names = ["gone", "unknown", "refused", "busy", "failing", "fine", "moved"];
    let endpoints = names.iter().map(|name| phone.subscription(sink.endpoint(name)));
    register_all(&mut owner, endpoints.collect()).await;
    let first = std::sync::Mutex::new(std::collections::HashSet::new());
    let elsewhere = world.sink("elsewhere.example.org").await;
    let target = elsewhere.endpoint("moved");
    sink.behave(move |path| {
        let again = !first.lock().expect("not poisoned").insert(path.to_owned());
        match path.rsplit('/').next() {
            Some("gone") => Behaviour::Answer(410),
            Some("unknown") => Behaviour::Answer(404),
            Some("refused") => Behaviour::Answer(403),
            Some("moved") => Behaviour::Redirect(target.clone()),
            Some("busy") if !again => Behaviour::Later(429, 2),
            Some("failing") if !again => Behaviour::Answer(503),
            _ => Behaviour::Answer(201),
        }
    });
    alert(&mut owner, 1, 700).await;
    let done = |arrivals: &[Arrival]| arrivals.iter().filter(|at| at.status == Some(201)).count() == 3;
    assert!(sink.wait(PATIENCE, done).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    let arrivals = sink.arrivals();
    let counts = by_path(&arrivals);
    for (name, times) in names.iter().zip([1, 1, 1, 2, 2, 1, 1]) {
        assert_eq!(counts[&format!("/push/{name}")], times, "{name}");
    }
    let busy: Vec<_> = arrivals.iter().filter(|at| at.path.ends_with("busy")).map(|at| at.at).collect();
    assert!(busy[1] - busy[0] >= Duration::from_secs(2), "Retry-After");
    assert_eq!((registered(&mut owner).await, elsewhere.count()), (5, 0));
    // The next alert finds the deleted ones gone.
    sink.behave(|_| Behaviour::Answer(201));
    sink.clear();
    alert(&mut owner, 2, 700).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() >= 5).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    assert_eq!(sink.count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_service_delays_no_other_and_is_reached_when_it_is_back() {
    let mut world = World::new();
    let (dead, well) = (world.sink("dead.example.org").await, world.sink("well.example.org").await);
    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    // Many more than may wait for a lane that is open.
    register_all(&mut owner, devices(6_000, &phone, &[&dead, &well])).await;
    for (record, behaviour) in
        [Behaviour::Close, Behaviour::Answer(500), Behaviour::Hang].into_iter().enumerate()
    {
        let broken = behaviour.clone();
        dead.behave(move |_| broken.clone());
        well.clear();
        alert(&mut owner, record as u128 + 1, 700).await;
        let all = well.wait(PATIENCE, |arrivals| arrivals.len() >= 3_000).await;
        assert!(all, "{behaviour:?}: {} of 3000", well.count());
    }
    dead.clear();
    dead.behave(|_| Behaviour::Answer(201));
    let reached = |arrivals: &[Arrival]| {
        arrivals.iter().filter(|arrival| arrival.status == Some(201)).count() >= 3 * 3_000
    };
    assert!(dead.wait(3 * PATIENCE, reached).await, "{} of 9000", dead.count());
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    assert!(wait_for_metric(&process, "campana_relay_push_lanes_shut 0").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_answers_are_bounded_and_hold_up_nobody() {
    let mut world = World::new();
    let well = world.sink("well.example.org").await;
    let old = Sink::start_http1(&world.authority, "old.example.org").await;
    world.allow(&old.host, &old.pin());
    // Answers and never stops talking.
    let said = Arc::new(AtomicU64::new(0));
    let talking = Arc::clone(&said);
    let endless = campana_sink::raw(&world.authority, "endless.example.org", move |mut stream| {
        let said = Arc::clone(&talking);
        async move {
            read_some(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 201 Created\r\n\r\n").await;
            while stream.write_all(&[b'x'; 16_384]).await.is_ok() {
                said.fetch_add(16_384, Ordering::Relaxed);
            }
        }
    })
    .await;
    world.allow("endless.example.org", &format!("endless.example.org={endless}"));
    // Answers a letter at a time.
    let loris = campana_sink::raw(&world.authority, "loris.example.org", |mut stream| async move {
        read_some(&mut stream).await;
        for letter in b"HTTP/1.1 201 Created\r\nX-Padding: ".iter().chain(core::iter::repeat(&b'x')) {
            if stream.write_all(&[*letter]).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    world.allow("loris.example.org", &format!("loris.example.org={loris}"));
    // A certificate by nobody that the relay trusts.
    let stranger = Sink::start(&Authority::new(), "stranger.example.org", Duration::ZERO).await;
    world.allow(&stranger.host, &stranger.pin());

    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let endpoints = [
        well.endpoint("one"),
        old.endpoint("two"),
        "https://endless.example.org/x".to_owned(),
        "https://loris.example.org/x".to_owned(),
        stranger.endpoint("three"),
    ];
    register_all(&mut owner, endpoints.map(|endpoint| phone.subscription(endpoint)).to_vec()).await;
    alert(&mut owner, 1, 700).await;
    assert!(wait_for_all(&[&well, &old], 2).await);
    assert!(wait_for_metric(&process, "campana_relay_pushes_delivered_total 3").await);
    // Sockets' buffers hold some; what is read is little.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let said = said.load(Ordering::Relaxed);
    assert!(said < 16 * 1_048_576, "{said} bytes were taken");
    let metrics = process.page("/metrics");
    let deferred = metrics.lines().find_map(|line| line.strip_prefix("campana_relay_pushes_deferred_total "));
    // The stranger's several times, the slow one's once by now.
    assert!(deferred.expect("a line").parse::<u64>().expect("a number") >= 3, "{metrics}");
    assert_eq!(stranger.count(), 0);
}

async fn read_some(stream: &mut (impl tokio::io::AsyncRead + Unpin)) {
    let mut request = [0; 16_384];
    let _ = stream.read(&mut request).await;
}

/// All bytes of a directory's files, and of the log beside it.
fn everything(directory: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(directory).expect("readable") {
        let path = file.expect("a file").path();
        if path.is_dir() {
            bytes.extend(everything(&path));
        } else {
            bytes.extend(std::fs::read(path).expect("readable"));
        }
    }
    bytes
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|at| at == what)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_without_the_key_and_the_log_name_no_endpoint_and_no_key() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let endpoints = ["canary-taken", "canary-gone", "canary-refused"].map(|name| sink.endpoint(name));
    register_all(&mut owner, endpoints.map(|endpoint| phone.subscription(endpoint)).to_vec()).await;
    owner.done(register(0, phone.subscription(sink.endpoint("canary-taken")))).await;
    sink.behave(|path| match path {
        "/push/canary-gone" => Behaviour::Answer(410),
        "/push/canary-refused" => Behaviour::Answer(400),
        _ => Behaviour::Answer(201),
    });
    let seq = alert(&mut owner, 1, 700).await;
    let token = ReceiptToken([3; 16]);
    owner.done(ClientFrame::Receipt { request: 4, channel: channel(), seq, token }).await;
    assert!(wait_for_all(&[&sink], 3).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    let metrics = process.page("/metrics");
    process.terminate();
    assert!(process.wait().success());
    let log = process.log();
    assert!(log.contains("a push was refused"), "{log}");
    let key = std::fs::read_to_string(world.root.path().join("data.key")).expect("a key file");
    let raw_key = URL_SAFE_NO_PAD.decode(key.trim()).expect("base64url");
    let written = [everything(&world.data()), log.into_bytes(), metrics.into_bytes()].concat();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes).into_bytes();
    for secret in [
        b"canary-".to_vec(),
        b"/push/".to_vec(),
        phone.key.0.to_vec(),
        phone.auth.0.to_vec(),
        text(&phone.key.0),
        text(&phone.auth.0),
        raw_key,
        key.trim().as_bytes().to_vec(),
    ] {
        assert!(!holds(&written, &secret), "{}", String::from_utf8_lossy(&secret));
    }
    for name in [id(0).to_string(), channel().to_string()] {
        assert!(!holds(process.log().as_bytes(), name.as_bytes()), "the log names {name}");
    }
}

/// What the relay says when it does not start.
fn refusal(world: &World) -> String {
    let mut command = Command::new(BINARY);
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(world.data());
    let said = command.output().expect("runs");
    assert!(!said.status.success());
    String::from_utf8(said.stderr).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused_by_name_and_a_lost_one_costs_the_registrations() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.done(register(1, phone.subscription(sink.endpoint("one")))).await;
    process.kill();
    let file = world.root.path().join("data.key");
    let right = std::fs::read_to_string(&file).expect("a key");
    std::fs::write(&file, URL_SAFE_NO_PAD.encode([9; 32])).expect("written");
    let said = refusal(&world);
    for part in ["data.key", "forget-registrations", "every phone must open the app"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains(&URL_SAFE_NO_PAD.encode([9; 32])));
    // A missing file is not replaced by a key that opens nothing.
    std::fs::remove_file(&file).expect("removed");
    assert!(refusal(&world).contains("data.key"));
    assert!(!file.exists());
    // In the environment it is as good as in the file.
    let mut command = Command::new(BINARY);
    command.env("CAMPANA_RELAY_REGISTRATION_KEY", right.trim());
    let mut process = world.start_with(command);
    let mut member = Device::member(process.address).await;
    assert_eq!(registered(&mut member).await, 1);
    process.kill();

    let said = Command::new(BINARY).args(["forget-registrations", "--data-dir"]).arg(world.data()).output();
    let said = said.expect("runs");
    assert!(said.status.success(), "{said:?}");
    assert!(String::from_utf8_lossy(&said.stdout).starts_with("1 registrations"), "{said:?}");
    let process = world.start();
    let mut member = Device::member(process.address).await;
    assert_eq!(registered(&mut member).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_rotated_and_the_older_one_needed_no_longer() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    register_all(&mut owner, devices(1_500, &phone, &[&sink])).await;
    let said =
        Command::new(BINARY).args(["rotate-registration-key", "--data-dir"]).arg(world.data()).output();
    assert!(said.expect("runs").status.success());
    process.kill();
    let file = world.root.path().join("data.key");
    let keys = std::fs::read_to_string(&file).expect("keys");
    let (new, old) = keys.trim().split_once('\n').expect("two keys");
    // The new one alone opens nothing yet.
    std::fs::write(&file, new).expect("written");
    assert!(refusal(&world).contains("forget-registrations"));
    std::fs::write(&file, [new, old].join("\n")).expect("written");
    let mut process = world.start();
    let log = process.log();
    assert!(log.contains("sealed anew") && log.contains("registrations=1500"), "{log}");
    assert!(log.contains("no longer needed"), "{log}");
    assert!(!log.contains(new) && !log.contains(old));
    process.kill();
    std::fs::write(&file, new).expect("written");
    let process = world.start();
    let mut owner = Device::owner(process.address, None).await;
    alert(&mut owner, 1, 700).await;
    assert!(wait_for_all(&[&sink], 1_500).await);
}
