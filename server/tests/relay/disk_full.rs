//! A full disk: writes are refused, reads served, health says so; room again, writes again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use campana_protocol::code::Code;
use campana_protocol::frame::RelayFrame;

use crate::device::{Device, entry};
use crate::process::{BINARY, Process};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_and_serves_reads() {
    let root = tempfile::tempdir().expect("a directory");
    let Some(disk) = small_disk(root.path()) else { return };
    let data = disk.join("data");
    let process = Process::start_with(on_small_disk(&disk), &data, &["--min-free-mib", "16"]);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    assert_eq!(process.page("/healthz"), r#"{"status":"ok"}"#);
    assert_eq!(append(&mut owner, 1).await, Ok(1));

    let filler = inside(&process, &disk).join("filler");
    fs::write(&filler, vec![0; 40 << 20]).expect("filled");
    assert_eq!(append(&mut owner, 2).await, Err(Code::ReadOnly));
    assert_eq!(process.page("/healthz"), r#"{"status":"degraded","store":"full"}"#);
    assert_eq!(Device::member(process.address).await.subscribe(0).await, 1);

    fs::remove_file(&filler).expect("removed");
    assert_eq!(append(&mut owner, 2).await, Ok(2));
    assert_eq!(process.page("/healthz"), r#"{"status":"ok"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_in_the_middle_of_a_write_loses_nothing_acknowledged() {
    let root = tempfile::tempdir().expect("a directory");
    let Some(disk) = small_disk(root.path()) else { return };
    let data = disk.join("data");
    // No reserve: the engine itself runs into the end of the disk.
    let key = root.path().join("registration.key");
    let mut process = Process::start_keyed(on_small_disk(&disk), &data, &key, &["--min-free-mib", "0"]);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let mut acknowledged = 0;
    let refused = loop {
        match append(&mut owner, acknowledged as u32 + 1).await {
            Ok(seq) => acknowledged = seq,
            // What one connection may send at once is less than this disk takes.
            Err(Code::Busy) => owner = Device::owner(process.address, None).await,
            Err(code) => break code,
        }
        assert!(acknowledged < 10_000, "the disk never filled");
    };
    assert_eq!(refused, Code::ReadOnly);
    assert!(acknowledged > 0);
    assert_eq!(process.page("/healthz"), r#"{"status":"degraded","store":"full"}"#);
    assert_eq!(process.status("/healthz"), 503);
    let mut reader = Device::member(process.address).await;
    assert_eq!(reader.subscribe(0).await, acknowledged);
    // The engine may be unable to give back the page that its failed write was about: then the
    // connection is closed. What it does give is right. With the usual reserve of free space this
    // is not reached (the test above).
    for expected in 1..=acknowledged {
        match reader.hear().await {
            Some(RelayFrame::Entry { entry, .. }) => assert_eq!(entry.seq, expected),
            None => break,
            other => panic!("{other:?} instead of {expected}"),
        }
    }

    // On a larger disk it opens and goes on.
    let moved = root.path().join("moved");
    let copied = Command::new("cp").arg("-r").arg(inside(&process, &data)).arg(&moved).status();
    assert!(copied.expect("cp runs").success());
    // Otherwise the relay takes it for a copy, and waits for what that lacks.
    let run = inside(&process, &data.with_extension("run"));
    fs::copy(run, moved.with_extension("run")).expect("copied");
    // As soon as there is room where it is, it ends, so that it is started again.
    let mut room = Command::new("nsenter");
    room.args(["-m", "-t", &process.pid().to_string(), "mount", "-o", "remount,size=128m"]).arg(&disk);
    assert!(room.status().is_ok_and(|status| status.success()));
    assert!(!process.wait().success());
    let process = Process::start_keyed(Command::new(BINARY), &moved, &key, &[]);
    let head = Device::member(process.address).await.subscribe(0).await;
    assert!(head >= acknowledged, "{acknowledged} were acknowledged, {head} are there");
    let mut owner = Device::owner(process.address, None).await;
    assert!(append(&mut owner, 1_000_000).await.is_ok());
}

async fn append(device: &mut Device, record: u32) -> Result<u64, Code> {
    device.send(&entry(record, record.into(), 60_000)).await.expect("sent");
    match device.hear().await {
        Some(RelayFrame::Appended { seq, .. }) => Ok(seq),
        Some(RelayFrame::Refused { code, .. }) => Err(code),
        other => panic!("{other:?}"),
    }
}

/// Where a small disk can be mounted. `None`: it can't, for want of the right to mount in a namespace,
/// and nobody said (`CI`) that everything must be tested.
fn small_disk(root: &Path) -> Option<PathBuf> {
    let disk = root.join("disk");
    fs::create_dir(&disk).expect("made");
    let mut trial = Command::new("unshare");
    trial.args(["-m", "sh", "-c", "mount -t tmpfs -o size=1m none \"$0\""]).arg(&disk);
    let mounts = trial.status().is_ok_and(|status| status.success());
    assert!(mounts || std::env::var_os("CI").is_none(), "a small disk cannot be mounted here");
    if !mounts {
        println!("skipped: a small disk cannot be mounted here");
    }
    mounts.then_some(disk)
}

/// The relay with a disk of 48 MiB that only it sees, and that ends with it.
fn on_small_disk(disk: &Path) -> Command {
    let mut command = Command::new("unshare");
    let script = "mount -t tmpfs -o size=48m none \"$0\" && relay=$1 && shift && exec \"$relay\" \"$@\"";
    command.args(["-m", "sh", "-c", script]).arg(disk).arg(BINARY);
    command
}

/// A path as the relay's process sees it.
fn inside(process: &Process, path: &Path) -> PathBuf {
    let path = path.strip_prefix("/").expect("absolute");
    PathBuf::from(format!("/proc/{}/root", process.pid())).join(path)
}
