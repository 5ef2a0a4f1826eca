//! Appends as fast as the relay takes them until it is gone, and what must be true afterwards.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use campana_protocol::frame::RelayFrame;

use crate::device::{Device, body, entry, post};
use crate::process::Process;

/// What the relay has said aloud: these must never be otherwise again.
#[derive(Default)]
pub(crate) struct Promised {
    /// Record per seq: acknowledged to its author, or shown to a subscriber.
    records: BTreeMap<u64, u128>,
    pub(crate) acknowledged: u64,
}

/// Requests under way per author.
const WINDOW: usize = 16;

/// Appends with `authors` connections while one subscriber follows; `end` is when the relay dies.
pub(crate) async fn pump(
    address: SocketAddr,
    invitation: Option<&str>,
    authors: usize,
    promised: &mut Promised,
    records: &Arc<AtomicU64>,
    end: impl Future<Output = ()>,
) {
    let head = promised.records.last_key_value().map_or(0, |(seq, _)| *seq);
    let mut tasks = tokio::task::JoinSet::new();
    drop(Device::owner(address, invitation).await);
    let mut subscriber = Device::member(address).await;
    subscriber.subscribe(head).await;
    tasks.spawn(async move {
        let mut seen = Vec::new();
        while let Some(frame) = subscriber.hear().await {
            match frame {
                RelayFrame::Entry { entry, .. } => {
                    seen.push((entry.seq, u128::from_be_bytes(entry.record.0)))
                }
                other => panic!("a subscriber was sent {other:?}"),
            }
        }
        (seen, 0)
    });
    for _ in 0..authors {
        let device = Device::member(address).await;
        tasks.spawn(author(device, Arc::clone(records)));
    }
    tasks.spawn(poster(Device::member(address).await, Arc::clone(records)));
    end.await;
    while let Some(ended) = tasks.join_next().await {
        let (seen, acknowledged) = ended.expect("no panic");
        promised.acknowledged += acknowledged;
        for (seq, record) in seen {
            let before = promised.records.insert(seq, record);
            assert!(before.is_none_or(|before| before == record), "seq {seq} was promised to two records");
        }
    }
}

async fn author(mut device: Device, records: Arc<AtomicU64>) -> (Vec<(u64, u128)>, u64) {
    let mut under_way = BTreeMap::new();
    let (mut acknowledged, mut request) = (Vec::new(), 10);
    loop {
        while under_way.len() < WINDOW {
            let record = u128::from(records.fetch_add(1, Ordering::Relaxed)) + 1;
            if device.send(&entry(request, record, length(record))).await.is_err() {
                break;
            }
            under_way.insert(request, record);
            request += 1;
        }
        match device.hear().await {
            Some(RelayFrame::Appended { request, seq }) => {
                acknowledged.push((seq, under_way.remove(&request).expect("asked")));
            }
            Some(RelayFrame::Refused { code, .. }) => panic!("refused: {code:?}"),
            Some(other) => panic!("an author was sent {other:?}"),
            None => {
                let count = acknowledged.len() as u64;
                return (acknowledged, count);
            }
        }
    }
}

/// Posts now and then, so that some commits are of rows and some of the log.
async fn poster(mut device: Device, records: Arc<AtomicU64>) -> (Vec<(u64, u128)>, u64) {
    loop {
        // Each to a mailbox of its own: none gets full.
        let record = u128::from(records.fetch_add(1, Ordering::Relaxed)) + 1;
        let asked = device.send(&post(record)).await;
        match device.hear().await {
            Some(RelayFrame::Done { .. }) if asked.is_ok() => {}
            Some(other) => panic!("a poster was sent {other:?}"),
            None => return (Vec::new(), 0),
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
}

/// Mostly small, now and then one that the store keeps in pieces.
fn length(record: u128) -> usize {
    if record.is_multiple_of(97) { 40_000 } else { 200 + (record % 800) as usize }
}

/// Reads the whole log after `verified`: dense, each body its record's, all promises kept. The
/// new head.
pub(crate) async fn verify(process: &Process, promised: &Promised, verified: u64) -> u64 {
    let mut device = Device::member(process.address).await;
    let head = device.subscribe(verified).await;
    let last = promised.records.last_key_value().map_or(0, |(seq, _)| *seq);
    assert!(head >= last, "the log ends at {head}, but {last} was promised");
    for expected in verified + 1..=head {
        let frame = tokio::time::timeout(Duration::from_secs(20), device.hear()).await.expect("in time");
        let Some(RelayFrame::Entry { entry, .. }) = frame else { panic!("{frame:?} instead of {expected}") };
        assert_eq!(entry.seq, expected);
        let record = u128::from_be_bytes(entry.record.0);
        assert_eq!(entry.body.as_slice(), body(record, length(record)), "the body of {expected}");
        if let Some(promise) = promised.records.get(&expected) {
            assert_eq!(record, *promise, "seq {expected} was promised to another record");
        }
    }
    head
}
