//! What is not a frame, what is too long, who comes too many; the pages; the commands.

use std::process::Command;

use campana_protocol::code::Code;
use campana_protocol::frame::RelayFrame;
use campana_protocol::limits::MAX_FRAME;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::device::{Device, entry};
use crate::process::{BINARY, Process};

#[tokio::test(flavor = "multi_thread")]
async fn text_and_garbage_end_a_connection_with_the_codes_number() {
    let root = tempfile::tempdir().expect("a directory");
    let process = Process::start(&root.path().join("data"));
    for message in [Message::text("hello"), Message::binary(vec![0xff; 30])] {
        let mut device = Device::connect(process.address).await;
        device.socket.send(message).await.expect("sent");
        let refused = device.hear().await;
        assert!(
            matches!(refused, Some(RelayFrame::Refused { request: 0, code: Code::Malformed })),
            "{refused:?}"
        );
        match device.socket.next().await {
            Some(Ok(Message::Close(Some(close)))) => assert_eq!(u16::from(close.code), 4300),
            other => panic!("{other:?}"),
        }
    }
    let mut device = Device::connect(process.address).await;
    let _ = device.socket.send(Message::binary(vec![0; MAX_FRAME + 1])).await;
    assert_eq!(device.hear().await, None);
    assert!(process.metrics().contains("campana_relay_malformed_total 2\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_are_made_beside_a_running_relay() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let process = Process::start(&data);
    let said =
        Command::new(BINARY).args(["invite", "--json", "--data-dir"]).arg(&data).output().expect("runs");
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let link = said["invitation"].as_str().expect("a link").to_owned();
    let secret = link.split_once("#operator=").expect("a secret").1;
    let mut owner = Device::owner(process.address, Some(secret)).await;
    owner.send(&entry(9, 1, 100)).await.expect("sent");
    assert!(matches!(owner.hear().await, Some(RelayFrame::Appended { seq: 1, .. })));
    // While it runs its holdings are its own.
    let holdings =
        || Command::new(BINARY).args(["holdings", "--data-dir"]).arg(&data).output().expect("runs");
    let said = holdings();
    assert!(!said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("in use"), "{said:?}");
    process.terminate();
    drop(process);
    let said = String::from_utf8(holdings().stdout).expect("text");
    let entries = said.lines().find(|line| line.starts_with("sealed entries")).expect("a line");
    assert_eq!(entries.split_whitespace().nth(2), Some("1"), "{said}");
}
