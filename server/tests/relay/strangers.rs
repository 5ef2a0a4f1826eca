//! Strangers who hold every place there is: a member is in all the same.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Instant;

use campana_protocol::frame::{ClientFrame, RelayFrame, Subject};
use campana_protocol::id::MailboxId;
use futures_util::StreamExt;
use tokio_tungstenite::connect_async;

use crate::device::{Device, entry, public};
use crate::process::{BINARY, Process};

const PLACES: usize = 40;
/// What is asked for.
const SOON: Duration = Duration::from_secs(10);

struct Stage {
    process: Process,
    /// A member of before, who must not be cut off by any of this.
    member: Device,
    _root: tempfile::TempDir,
}

/// A relay with so many places, and a page of so many bytes.
async fn stage(page: usize) -> Stage {
    let root = tempfile::tempdir().expect("a directory");
    let app = root.path().join("app");
    std::fs::create_dir(&app).expect("made");
    std::fs::write(app.join("index.html"), vec![b'x'; page]).expect("written");
    let flags = ["--max-connections", "40", "--app-dir", app.to_str().expect("a path")];
    let process = Process::start_with(Command::new(BINARY), &root.path().join("data"), &flags);
    drop(Device::owner(process.address, process.invitation.as_deref()).await);
    let member = Device::member(process.address).await;
    Stage { process, member, _root: root }
}

impl Stage {
    /// A member who comes now is in, and stays; the one of before is still there.
    async fn a_member_is_in(&mut self) {
        let began = Instant::now();
        let entering = Device::member(self.process.address);
        let mut newcomer = tokio::time::timeout(SOON, entering).await.expect("in within ten seconds");
        println!("a member was in after {:?}", began.elapsed());
        for device in [&mut newcomer, &mut self.member] {
            device.send(&entry(9, 1, 100)).await.expect("sent");
            assert!(matches!(device.hear().await, Some(RelayFrame::Appended { .. })));
        }
    }
}

fn http(address: SocketAddr, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the relay listens");
    stream.write_all(request).expect("sent");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_in_though_strangers_hold_all_places_by_keys_of_their_own() {
    let mut stage = stage(10).await;
    let mut strangers = Vec::new();
    for seed in 0..PLACES as u8 {
        let mut stranger = Device::connect(stage.process.address).await;
        let seed = 100 + seed;
        let mailbox = MailboxId::of(&public(seed));
        // Some have lost their place to the next by then.
        stranger.prove_for(seed, Subject::Mailbox(mailbox)).await;
        strangers.push(stranger);
    }
    stage.a_member_is_in().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_in_though_strangers_hold_all_places_by_silence() {
    let mut stage = stage(10).await;
    let mut strangers = Vec::new();
    for number in 0..PLACES {
        // A WebSocket without a proof, a request that never ends, and nothing at all.
        match number % 3 {
            0 => strangers.push((None, Some(Device::connect(stage.process.address).await))),
            1 => strangers.push((Some(http(stage.process.address, b"GET / HTTP/1.1\r\nHost: re")), None)),
            _ => strangers.push((Some(http(stage.process.address, b"")), None)),
        }
    }
    stage.a_member_is_in().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_in_though_strangers_hold_all_places_by_reading_slowly() {
    // More than sockets hold between them.
    let mut stage = stage(24 << 20).await;
    let page = b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n";
    let mut strangers: Vec<_> = (0..PLACES).map(|_| http(stage.process.address, page)).collect();
    for stranger in &mut strangers {
        // The answer has begun, unless its place is gone.
        stranger.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        let _ = stranger.read(&mut [0; 64]);
    }
    stage.a_member_is_in().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_to_be_let_in_stays_and_hears_of_it() {
    let mut stage = stage(10).await;
    const SEED: u8 = 90;
    let mailbox = MailboxId::of(&public(SEED));
    let mut newcomer = Device::connect(stage.process.address).await;
    newcomer.prove_for(SEED, Subject::Mailbox(mailbox)).await;
    newcomer.done(ClientFrame::ReadMailbox { request: 5, mailbox, after: 0 }).await;
    let mut strangers = Vec::new();
    for seed in 0..PLACES as u8 {
        let mut stranger = Device::connect(stage.process.address).await;
        let seed = 100 + seed;
        stranger.prove_for(seed, Subject::Mailbox(MailboxId::of(&public(seed)))).await;
        strangers.push(stranger);
    }
    stage.member.done(crate::device::post_to(mailbox, 7)).await;
    let heard = tokio::time::timeout(SOON, newcomer.hear()).await.expect("heard");
    assert!(matches!(heard, Some(RelayFrame::Post { .. })), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn places_that_members_hold_are_not_taken_from_them() {
    let root = tempfile::tempdir().expect("a directory");
    let command = Command::new(BINARY);
    let process = Process::start_with(command, &root.path().join("data"), &["--max-connections", "2"]);
    let one = Device::owner(process.address, process.invitation.as_deref()).await;
    let mut two = Device::member(process.address).await;
    assert!(connect_async(format!("ws://{}/v1/relay", process.address)).await.is_err());
    drop(one);
    // The place is given back once its connection has ended.
    for _ in 0..500 {
        match connect_async(format!("ws://{}/v1/relay", process.address)).await {
            Ok((mut socket, _)) => {
                assert!(socket.next().await.is_some_and(|hello| hello.is_ok()));
                two.done(crate::device::post(3)).await;
                return;
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("the place was not given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_is_not_waited_for() {
    let stage = stage(10).await;
    let mut half = http(stage.process.address, b"GET / HTTP/1.1\r\nHost: re");
    half.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    let began = Instant::now();
    let mut answer = Vec::new();
    half.read_to_end(&mut answer).expect("closed by the relay");
    assert!(began.elapsed() < Duration::from_secs(15));
    // And whoever asks for nothing more after an answer goes too.
    let mut idle = http(stage.process.address, b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n");
    idle.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    idle.read_to_end(&mut answer).expect("closed by the relay");
    assert!(answer.ends_with(b"xxxxxxxxxx"));
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_the_operators_alone() {
    let stage = stage(10).await;
    assert_eq!(stage.process.status("/metrics"), 404);
    assert_eq!(stage.process.status("/healthz"), 200);
    assert!(stage.process.metrics().contains("campana_relay_connections "));
}
