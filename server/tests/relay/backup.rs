//! A backup that is taken while the relay works, and a relay that is started on it.

use std::fs;
use std::path::Path;
use std::process::Command;

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::PublicKey;

use crate::device::{Device, body, entry};
use crate::process::{BINARY, Process};

async fn append(device: &mut Device, record: u128, with: Class) -> u64 {
    let mut frame = entry(9, record, 300);
    if let ClientFrame::Append { class, .. } = &mut frame {
        *class = with;
    }
    device.send(&frame).await.expect("sent");
    match device.hear().await {
        Some(RelayFrame::Appended { seq, .. }) => seq,
        other => panic!("{other:?}"),
    }
}

fn back_up(data: &Path, to: &Path) {
    let mut command = Command::new(BINARY);
    let done = command.arg("backup").arg(to).arg("--data-dir").arg(data).output().expect("runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn restored(process: &Process) -> bool {
    process.metrics().contains("\ncampana_relay_restored 1\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_on_a_backup_has_what_was_there_then_and_says_that_it_was_restored() {
    let root = tempfile::tempdir().expect("a directory");
    let (data, backup) = (root.path().join("data"), root.path().join("backup"));
    let mut process = Process::start(&data);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    assert_eq!(append(&mut owner, 1, Class::Update).await, 1);
    assert_eq!(append(&mut owner, 2, Class::Alert).await, 2);
    back_up(&data, &backup);
    assert_eq!(append(&mut owner, 3, Class::Update).await, 3);
    // Once more to the same place: it is replaced.
    back_up(&data, &backup);
    assert_eq!(append(&mut owner, 4, Class::Alert).await, 4);
    assert!(!restored(&process));
    process.kill();
    assert_eq!(fs::read_dir(&backup).expect("readable").count(), 1);

    fs::rename(&data, root.path().join("away")).expect("renamed");
    fs::create_dir(&data).expect("made");
    fs::rename(backup.join("store"), data.join("store")).expect("renamed");
    let mut process = Process::start(&data);
    assert!(restored(&process) && process.log().contains("was restored"), "{}", process.log());
    let mut owner = Device::owner(process.address, None).await;
    assert_eq!(owner.subscribe(0).await, 3);
    for record in 1..=3 {
        match owner.hear().await {
            Some(RelayFrame::Entry { entry, .. }) => assert_eq!(entry.body.as_slice(), body(record, 300)),
            other => panic!("{other:?}"),
        }
    }
    // Nobody takes the place of what the backup lacks, until an owner has put an access key in force.
    let mut owner = Device::owner(process.address, None).await;
    owner.send(&entry(9, 5, 300)).await.expect("sent");
    let refused = owner.hear().await;
    assert!(matches!(refused, Some(RelayFrame::Refused { code: Code::Restored, .. })), "{refused:?}");
    let mut ends = entry(9, 6, 300);
    if let ClientFrame::Append { class, rotate, .. } = &mut ends {
        (*class, *rotate) = (Class::Control, Some(PublicKey([7; 32])));
    }
    owner.send(&ends).await.expect("sent");
    let ended = owner.hear().await;
    assert!(matches!(ended, Some(RelayFrame::Appended { seq: 4, .. })), "{ended:?}");

    // It is said until it is restored again, and not once more for each start.
    process.terminate();
    process.wait();
    let process = Process::start(&data);
    assert!(restored(&process));
    assert_eq!(process.log().matches("was restored").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_without_a_relay_is_one_too_and_of_nothing_there_is_none() {
    let root = tempfile::tempdir().expect("a directory");
    let (data, backup) = (root.path().join("data"), root.path().join("backup"));
    let mut command = Command::new(BINARY);
    let nothing = command.arg("backup").arg(&backup).arg("--data-dir").arg(&data).output().expect("runs");
    assert!(!nothing.status.success() && !data.exists());
    let mut process = Process::start(&data);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    assert_eq!(append(&mut owner, 1, Class::Control).await, 1);
    process.terminate();
    process.wait();
    back_up(&data, &backup);
    assert!(backup.join("store/db").exists() && backup.join("store/bodies").exists());
}
