//! The relay's memory: the store's cache and little more, whatever it has stored.

use std::fs;

use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, RelayFrame};
use campana_protocol::id::BlobId;
use campana_protocol::limits::MAX_BLOB_PART;

use crate::device::{Device, channel};
use crate::process::Process;

const CACHE_MIB: u64 = 8;
/// What the relay may take beside its cache.
const BESIDE_MIB: u64 = 128;
const PARTS: u32 = 700;

async fn put(device: &mut Device, number: u32) -> Result<(), Code> {
    let blob = BlobId(u128::from(number).to_be_bytes());
    let body = vec![number as u8; MAX_BLOB_PART].into();
    let frame = ClientFrame::PutBlob { request: 9, channel: channel(), blob, part: 0, of: 1, body };
    device.send(&frame).await.expect("sent");
    match device.hear().await {
        Some(RelayFrame::Done { .. }) => Ok(()),
        Some(RelayFrame::Refused { code, .. }) => Err(code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_do_not_stay_in_memory() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let mut process = Process::start_with(
        std::process::Command::new(crate::process::BINARY),
        &data,
        &["--cache-mib", &CACHE_MIB.to_string()],
    );
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    for number in 0..PARTS {
        while let Err(code) = put(&mut owner, number).await {
            // What one connection may send at once is less than this.
            assert_eq!(code, Code::Busy);
            owner = Device::owner(process.address, None).await;
        }
    }
    let peak = peak_mib(&process);
    println!("{PARTS} parts: {peak} MiB at most");
    assert!(peak < CACHE_MIB + BESIDE_MIB, "{peak} MiB");
    process.terminate();
    process.wait();
}

/// The most memory that a process has had.
fn peak_mib(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid())).expect("readable");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1_024
}
