//! SIGTERM: what came in is made durable and answered, then everybody is told.

use campana_protocol::code::Code;
use campana_protocol::frame::RelayFrame;
use futures_util::StreamExt;
use tokio_tungstenite::tungstenite::Message;

use crate::device::{Device, entry};
use crate::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_orderly() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let mut process = Process::start(&data);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let mut idle = Device::member(process.address).await;
    idle.subscribe(0).await;
    for record in 1..=32u32 {
        owner.send(&entry(record, record.into(), 300)).await.expect("sent");
    }
    // One answer shows that the requests before it have been read.
    let mut appended = 0;
    while appended < 8 {
        assert!(matches!(owner.hear().await, Some(RelayFrame::Appended { .. })));
        appended += 1;
    }
    process.terminate();
    let mut closed = None;
    while let Some(Ok(message)) = owner.socket.next().await {
        match message {
            Message::Binary(bytes) => {
                assert!(matches!(RelayFrame::decode(&bytes), Ok(RelayFrame::Appended { .. })));
                appended += 1;
            }
            Message::Close(frame) => closed = frame.map(|frame| u16::from(frame.code)),
            _ => {}
        }
    }
    assert_eq!(closed, Some(Code::GoingAway.number()));
    let mut idle_closed = None;
    while let Some(Ok(message)) = idle.socket.next().await {
        if let Message::Close(frame) = message {
            idle_closed = frame.map(|frame| u16::from(frame.code));
        }
    }
    assert_eq!(idle_closed, Some(Code::GoingAway.number()));
    assert!(process.wait().success());

    let process = Process::start(&data);
    assert_eq!(process.invitation, None, "an invitation is printed once");
    let head = Device::member(process.address).await.subscribe(0).await;
    assert!(head >= appended, "{appended} were acknowledged, {head} are there");
}
