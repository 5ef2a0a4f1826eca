//! kill -9 in the middle of appends: nothing acknowledged or shown is lost, the store opens.

use core::sync::atomic::AtomicU64;
use core::time::Duration;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::committer::FLAGS;
use crate::process::{BINARY, Process, cycles};
use crate::pump::{Promised, pump, verify, verify_trimming};

fn start(data: &Path) -> Process {
    Process::start_with(Command::new(BINARY), data, &FLAGS)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_killed() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let (mut promised, records) = (Promised::default(), Arc::new(AtomicU64::new(0)));
    let mut verified = 0;
    for cycle in 0..cycles() {
        let mut process = start(&data);
        verified = match verified {
            0 if cycle == 0 => 0,
            _ => verify(&process, &promised, verified).await,
        };
        let (address, invitation) = (process.address, process.invitation.clone());
        let end = async {
            tokio::time::sleep(Duration::from_millis(60 + u64::from(cycle * 37 % 200))).await;
            process.kill();
        };
        pump(address, invitation.as_deref(), 4, &mut promised, &records, end).await;
    }
    let process = start(&data);
    let head = verify(&process, &promised, 0).await;
    verify_trimming(&process).await;
    assert!(promised.acknowledged > 0);
    println!("{} cycles, {} acknowledged, head {head}, nothing lost", cycles(), promised.acknowledged);
}
