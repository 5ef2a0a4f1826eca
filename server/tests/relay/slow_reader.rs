//! A reader that stalls delays nobody, and gets everything in order afterwards.

use core::time::Duration;
use std::time::Instant;

use campana_protocol::frame::RelayFrame;

use crate::device::{Device, body, entry};
use crate::process::Process;

/// More than sockets and ring can hold between them.
const ENTRIES: u64 = 400;
const LENGTH: usize = 60_000;
/// How often somebody says something small while the reader stalls on.
const PAUSE: Duration = Duration::from_millis(50);
const READERS: usize = 3;

/// `CAMPANA_STALL_SECONDS` makes it stall longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_reader_gets_everything_in_order_and_delays_nobody() {
    let stall = std::env::var("CAMPANA_STALL_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let stall = Duration::from_secs(stall);
    let root = tempfile::tempdir().expect("a directory");
    let process = Process::start(&root.path().join("data"));
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let mut slow = Device::member(process.address).await;
    slow.subscribe(0).await;
    let mut others = Vec::new();
    for _ in 0..READERS {
        let mut other = Device::member(process.address).await;
        other.subscribe(0).await;
        others.push(other);
    }

    // Nothing more is said before everybody else has what was said last: whoever waited for the
    // stalled one would wait for ever.
    let began = Instant::now();
    let (mut last, mut longest) = (0, Duration::ZERO);
    while last < ENTRIES || began.elapsed() < stall {
        last += 1;
        let length = if last <= ENTRIES { LENGTH } else { 1_000 };
        let said = Instant::now();
        owner.send(&entry(last as u32, last.into(), length)).await.expect("sent");
        let answer = owner.hear().await;
        assert!(matches!(answer, Some(RelayFrame::Appended { seq, .. }) if seq == last), "{answer:?}");
        for other in &mut others {
            next(other, last).await;
        }
        longest = longest.max(said.elapsed());
        if last > ENTRIES {
            tokio::time::sleep(PAUSE).await;
        }
    }
    println!(
        "{last} entries in {:?} of stalling; the slowest was with {READERS} readers after {longest:?}",
        began.elapsed()
    );
    assert_eq!(catch_up_reads(&process), 0, "nobody but the stalled one should fall off the ring");

    for expected in 1..=last {
        next(&mut slow, expected).await;
    }
    assert_ne!(catch_up_reads(&process), 0, "the slow reader should have read the store");
}

fn catch_up_reads(process: &Process) -> u64 {
    let metrics = process.metrics();
    let reads = metrics.lines().find_map(|line| line.strip_prefix("campana_relay_catch_up_reads_total "));
    reads.and_then(|reads| reads.parse().ok()).expect("a metric")
}

/// The next entry, which is this one, whole.
async fn next(device: &mut Device, expected: u64) {
    match tokio::time::timeout(Duration::from_secs(30), device.hear()).await {
        Ok(Some(RelayFrame::Entry { entry, .. })) => {
            assert_eq!(entry.seq, expected);
            assert_eq!(entry.body[..], body(expected.into(), entry.body.len()), "entry {expected}");
        }
        other => panic!("{other:?} instead of {expected}"),
    }
}
