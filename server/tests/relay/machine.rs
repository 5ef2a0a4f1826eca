//! What a machine does to a relay for a while: no room, no inodes, no descriptors, a signal. None of it
//! lasts longer than its cause, and whoever asks is told.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::Hash;
use campana_relay::store::{SledOptions, SledStore, Store as _, Write};

use crate::device::{Device, entry};
use crate::disk::Disk;
use crate::process::{BINARY, Process};

/// An alert: its commit is one of rows and bodies.
async fn alert(device: &mut Device, record: u32) -> Result<u64, Code> {
    let mut frame = entry(record, record.into(), 300);
    if let ClientFrame::Append { class, .. } = &mut frame {
        *class = Class::Alert;
    }
    device.send(&frame).await.expect("sent");
    match device.hear().await {
        Some(RelayFrame::Appended { seq, .. }) => Ok(seq),
        Some(RelayFrame::Refused { code, .. }) => Err(code),
        other => panic!("{other:?}"),
    }
}

/// Waits until the process has ended by itself: as a failure, for a supervisor to see.
fn ends(process: &mut Process) {
    let began = Instant::now();
    while process.ended().is_none() {
        assert!(began.elapsed() < Duration::from_secs(60), "it goes on:\n{}", process.log());
        std::thread::yield_now();
    }
    assert!(!process.wait().success());
}

/// A store with rows enough that opening it writes something.
fn large_store(directory: &Path) {
    let options = SledOptions { cache_bytes: 16 << 20, min_free_bytes: 0 };
    let store = SledStore::open_directory(directory, &options).expect("opens");
    for batch in 0..100u16 {
        let invite = |number: u16| {
            let mut invitation = [0; 32];
            invitation[..2].copy_from_slice(&batch.to_be_bytes());
            invitation[2..4].copy_from_slice(&number.to_be_bytes());
            Write::Invite { invitation: Hash(invitation), expires_at: u64::MAX }
        };
        let writes: Vec<_> = (0..512).map(invite).collect();
        assert!(store.commit(0, &writes).iter().all(Result::is_ok));
    }
}

#[test]
fn a_start_on_a_full_disk_harms_nothing() {
    let root = tempfile::tempdir().expect("a directory");
    let Some(disk) = Disk::new(root.path(), "size=128m") else { return };
    let (data, key) = (disk.path.join("data"), root.path().join("registration.key"));
    let store = root.path().join("store");
    large_store(&store);
    fs::create_dir(disk.inside(&data)).expect("made");
    let copied = Command::new("cp").arg("-r").arg(&store).arg(disk.inside(&data)).status();
    assert!(copied.expect("cp runs").success());
    let files = |directory: &Path| fs::read_dir(directory).expect("readable").count();
    let (before, mut failed) = (files(&disk.inside(&data).join("store")), 0);
    for leave in [0, 4_096, 65_536] {
        let filler = disk.fill(leave);
        let mut relay = disk.relay();
        relay
            .args(["--listen", "127.0.0.1:0", "--registration-key-file"])
            .arg(&key)
            .arg("--data-dir")
            .arg(&data);
        let mut started = relay.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("runs");
        let began = Instant::now();
        while started.try_wait().expect("known").is_none() && began.elapsed() < Duration::from_secs(3) {
            std::thread::yield_now();
        }
        let _ = started.kill();
        let said = started.wait_with_output().expect("ended");
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        if said.contains("cannot be opened") {
            failed += 1;
            assert!(!said.contains("damaged") && !said.contains("panicked"), "{said}");
        }
        fs::remove_file(filler).expect("removed");
    }
    assert!(failed > 0, "the disk was never full");
    let process = Process::start_keyed(disk.relay(), &data, &key, &[]);
    assert_eq!(process.page("/healthz"), r#"{"status":"ok"}"#);
    assert_eq!(process.invitation, None, "the store is the one that was there");
    assert!(files(&disk.inside(&data).join("store")) <= before + 2, "nothing is left of the failures");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_inodes_writes_are_refused_and_with_them_taken_again() {
    let root = tempfile::tempdir().expect("a directory");
    let Some(disk) = Disk::new(root.path(), "size=128m,nr_inodes=200") else { return };
    let (data, key) = (disk.path.join("data"), root.path().join("registration.key"));
    let process = Process::start_keyed(disk.relay(), &data, &key, &["--min-free-mib", "8"]);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    assert_eq!(alert(&mut owner, 1).await, Ok(1));
    let many = disk.inside(&disk.path).join("many");
    fs::create_dir(&many).expect("made");
    while fs::File::create(many.join(rand_name())).is_ok() {}
    assert_eq!(alert(&mut owner, 2).await, Err(Code::ReadOnly));
    assert_eq!(process.status("/healthz"), 503);
    fs::remove_dir_all(&many).expect("removed");
    assert_eq!(alert(&mut owner, 2).await, Ok(2));
    assert_eq!(process.status("/healthz"), 200);
}

fn rand_name() -> String {
    use core::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_ends_the_relay_for_its_supervisor_and_the_next_start_goes_on() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let mut process = Process::start(&data);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.send(&entry(1, 1, 300)).await.expect("sent");
    assert!(matches!(owner.hear().await, Some(RelayFrame::Appended { seq: 1, .. })));
    // No file can be opened any more: the first body needs one.
    limit_files(&process, 0);
    assert_eq!(alert(&mut owner, 2).await, Err(Code::ReadOnly));
    ends(&mut process);
    let process = Process::start(&data);
    let mut owner = Device::owner(process.address, None).await;
    assert_eq!(owner.subscribe(0).await, 1);
    assert!(matches!(owner.hear().await, Some(RelayFrame::Entry { .. })));
    let mut owner = Device::owner(process.address, None).await;
    assert_eq!(alert(&mut owner, 2).await, Ok(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_descriptors_it_says_so_once_and_serves_those_who_are_connected() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let process = Process::start(&data);
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    // Its hour's file of bodies is open from now on.
    assert_eq!(alert(&mut owner, 1).await, Ok(1));
    limit_files(&process, 0);
    let kept_out = std::net::TcpStream::connect(process.address).expect("in the queue");
    while !process.log().contains("cannot be accepted") {
        tokio::task::yield_now().await;
    }
    // As often as it was said in as many seconds before: twenty times.
    for record in 2..40 {
        assert_eq!(alert(&mut owner, record).await, Ok(record.into()));
    }
    assert_eq!(process.log().matches("cannot be accepted").count(), 1, "{}", process.log());
    limit_files(&process, 1_000);
    drop(kept_out);
    assert_eq!(process.page("/healthz"), r#"{"status":"ok"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_does_not_end_it() {
    let root = tempfile::tempdir().expect("a directory");
    let process = Process::start(&root.path().join("data"));
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    process.signal("HUP");
    while !process.log().contains("SIGHUP") {
        tokio::task::yield_now().await;
    }
    assert_eq!(alert(&mut owner, 1).await, Ok(1));
}

#[test]
fn holdings_of_a_mistyped_directory_say_so_and_make_nothing() {
    let root = tempfile::tempdir().expect("a directory");
    let typo = root.path().join("typo");
    let holdings = Command::new(BINARY).arg("holdings").arg("--data-dir").arg(&typo).output().expect("runs");
    let said = String::from_utf8_lossy(&holdings.stderr).into_owned();
    assert!(!holdings.status.success() && said.contains("there is no store in"), "{said}");
    assert!(!typo.exists());
}

#[test]
fn an_empty_variable_of_the_environment_is_none() {
    let root = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(BINARY);
    for name in ["CONFIG", "PUBLIC_URL", "CACHE_MIB", "PUSH_CA"] {
        command.env(format!("CAMPANA_RELAY_{name}"), "");
    }
    let process = Process::start_with(command, &root.path().join("data"), &[]);
    assert_eq!(process.page("/healthz"), r#"{"status":"ok"}"#);
}

/// Lets a process open files up to that number, those that are open staying so.
fn limit_files(process: &Process, files: u32) {
    let mut command = Command::new("prlimit");
    command.arg("--pid").arg(process.pid().to_string()).arg(format!("--nofile={files}:"));
    assert!(command.status().expect("prlimit runs").success());
}
