//! One member against the others, and somebody who was admitted just before another was removed.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::{BlobId, PublicKey};

use crate::device::{ACCESS, Device, channel, entry, public};
use crate::process::Process;

/// The seed of the access key that comes after the first.
const NEXT: u8 = 4;

fn control(record: u128, last: u64, next: Option<PublicKey>) -> ClientFrame {
    let mut frame = entry(9, record, 100);
    if let ClientFrame::Append { class, control_seq, rotate, .. } = &mut frame {
        (*class, *control_seq, *rotate) = (Class::Control, last, next);
    }
    frame
}

async fn append(device: &mut Device, frame: &ClientFrame) -> Result<u64, Code> {
    device.send(frame).await.expect("sent");
    match device.hear().await {
        Some(RelayFrame::Appended { seq, .. }) => Ok(seq),
        Some(RelayFrame::Refused { code, .. }) => Err(code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_commits_one_after_the_other_stops_nobody() {
    let root = tempfile::tempdir().expect("a directory");
    let process = Process::start(&root.path().join("data"));
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let mut flooder = Device::member(process.address).await;
    let (mut last, mut record) = (0, 0);
    let refused = loop {
        record += 1;
        match append(&mut flooder, &control(record, last, None)).await {
            Ok(seq) => last = seq,
            Err(code) => break code,
        }
        assert!(record < 1_000, "never refused");
    };
    assert_eq!(refused, Code::Busy);
    last = append(&mut owner, &control(1_000, last, None)).await.expect("an owner's commit");
    let mut words = entry(9, 1_001, 100);
    if let ClientFrame::Append { control_seq, .. } = &mut words {
        *control_seq = last;
    }
    append(&mut Device::member(process.address).await, &words).await.expect("an honest member's words");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_off_when_the_access_key_was_rotated_fetches_the_snapshot() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let mut process = Process::start(&data);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let (blob, part, of) = (BlobId([7; 16]), 0, 1);
    let body = vec![7; 5_000];
    let put = body.clone().into();
    owner.done(ClientFrame::PutBlob { request: 5, channel: channel(), blob, part, of, body: put }).await;
    append(&mut owner, &control(1, 0, Some(public(NEXT)))).await.expect("a rotation");
    process.kill();
    let process = Process::start(&data);
    // With the key of the Welcome: it reads the log up to the rotation, and what joiners need.
    let mut admitted = Device::connect(process.address).await;
    admitted.prove(ACCESS).await;
    admitted.send(&ClientFrame::GetBlob { request: 6, channel: channel(), blob, part }).await.expect("sent");
    match admitted.hear().await {
        Some(RelayFrame::BlobPart { body: there, .. }) => assert_eq!(there.as_slice(), body),
        other => panic!("{other:?}"),
    }
    assert_eq!(append(&mut admitted, &entry(9, 2, 100)).await, Err(Code::Forbidden));
}
