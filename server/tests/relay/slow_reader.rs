//! A reader that stalls delays nobody, and gets everything in order afterwards.

use core::time::Duration;
use std::time::Instant;

use campana_protocol::frame::RelayFrame;

use crate::device::{Device, entry};
use crate::process::Process;

/// More than sockets and ring can hold between them.
const ENTRIES: u64 = 400;
const LENGTH: usize = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_reader_gets_everything_in_order_and_delays_nobody() {
    let stall = std::env::var("CAMPANA_STALL_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let root = tempfile::tempdir().expect("a directory");
    let process = Process::start(&root.path().join("data"));
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let mut slow = Device::member(process.address).await;
    let mut fast = Device::member(process.address).await;
    slow.subscribe(0).await;
    fast.subscribe(0).await;
    let began = Instant::now();
    let author = tokio::spawn(async move {
        for record in 1..=ENTRIES {
            owner.send(&entry(record as u32, record.into(), LENGTH)).await.expect("sent");
            assert!(matches!(owner.hear().await, Some(RelayFrame::Appended { .. })));
        }
        owner
    });
    read(&mut fast).await;
    let fast_took = began.elapsed();
    let _owner = author.await.expect("appended");
    tokio::time::sleep(Duration::from_secs(stall).saturating_sub(began.elapsed())).await;
    read(&mut slow).await;
    println!("the fast reader had everything after {fast_took:?}");
    assert!(fast_took < Duration::from_secs(60), "delayed by the slow one: {fast_took:?}");
    let metrics = process.page("/metrics");
    let reads = metrics.lines().find_map(|line| line.strip_prefix("campana_relay_catch_up_reads_total "));
    assert!(reads.is_some_and(|reads| reads != "0"), "the slow reader should have read the store");
}

async fn read(device: &mut Device) {
    for expected in 1..=ENTRIES {
        match tokio::time::timeout(Duration::from_secs(30), device.hear()).await {
            Ok(Some(RelayFrame::Entry { entry, .. })) => assert_eq!(entry.seq, expected),
            other => panic!("{other:?} instead of {expected}"),
        }
    }
}
