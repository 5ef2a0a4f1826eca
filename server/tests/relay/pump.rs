//! Appends as fast as the relay takes them until it is gone, and what must be true afterwards.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::MailboxId;
use campana_relay::limits::MAX_PUSH_JOBS;

use crate::committer;
use crate::device::{Device, body, channel, entry, post, post_to, public};
use crate::process::Process;

/// What the relay has said aloud: these must never be otherwise again.
#[derive(Default)]
pub(crate) struct Promised {
    /// Record per seq: acknowledged to its author, or shown to a subscriber.
    records: BTreeMap<u64, u128>,
    /// Parts of blobs.
    blobs: Vec<u128>,
    pub(crate) alerts: u64,
    pub(crate) acknowledged: u64,
}

/// What one connection was told.
#[derive(Default)]
pub(crate) struct Said {
    /// Seq and record of each entry acknowledged or shown.
    pub(crate) entries: Vec<(u64, u128)>,
    pub(crate) blobs: Vec<u128>,
    pub(crate) alerts: u64,
    /// Entries that it appended itself.
    acknowledged: u64,
}

/// The relay has died.
#[derive(Debug)]
pub(crate) struct Gone;

/// The seed of the key that reads a mailbox whose posts expire at once: they are trimmed all along.
const SHORT: u8 = 77;

fn short() -> MailboxId {
    MailboxId::of(&public(SHORT))
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
    let mut owner = Device::owner(address, invitation).await;
    let reader = public(SHORT);
    owner.done(ClientFrame::KeepMailbox { request: 6, channel: channel(), reader, keep_ms: 1 }).await;
    let (said, last) = committer::begin(address, records).await;
    promised.take(said);
    let last = Arc::new(AtomicU64::new(last));
    // Owners read on whatever is rotated.
    let mut subscriber = Device::owner(address, None).await;
    subscriber.subscribe(head).await;
    tasks.spawn(async move {
        let mut said = Said::default();
        while let Some(frame) = subscriber.hear().await {
            match frame {
                RelayFrame::Entry { entry, .. } => {
                    said.entries.push((entry.seq, u128::from_be_bytes(entry.record.0)))
                }
                other => panic!("a subscriber was sent {other:?}"),
            }
        }
        said
    });
    for _ in 0..authors {
        let device = Device::owner(address, None).await;
        tasks.spawn(author(device, Arc::clone(records), Arc::clone(&last)));
    }
    tasks.spawn(poster(owner, Arc::clone(records)));
    // Its own connection: it waits for the answers in turn.
    tasks.spawn(committer::commit(Device::owner(address, None).await, Arc::clone(records), last));
    end.await;
    while let Some(ended) = tasks.join_next().await {
        promised.take(ended.expect("no panic"));
    }
}

impl Promised {
    fn take(&mut self, said: Said) {
        self.acknowledged += said.acknowledged;
        self.alerts += said.alerts;
        self.blobs.extend(said.blobs);
        for (seq, record) in said.entries {
            let before = self.records.insert(seq, record);
            assert!(before.is_none_or(|before| before == record), "seq {seq} was promised to two records");
        }
    }
}

async fn author(mut device: Device, records: Arc<AtomicU64>, last: Arc<AtomicU64>) -> Said {
    let mut under_way = BTreeMap::new();
    let (mut said, mut request) = (Said::default(), 10);
    loop {
        while under_way.len() < WINDOW {
            let record = u128::from(records.fetch_add(1, Ordering::Relaxed)) + 1;
            let last = last.load(Ordering::SeqCst);
            if device.send(&entry_after(last, request, record)).await.is_err() {
                break;
            }
            under_way.insert(request, record);
            request += 1;
        }
        match device.hear().await {
            Some(RelayFrame::Appended { request, seq }) => {
                said.entries.push((seq, under_way.remove(&request).expect("asked")));
                said.acknowledged += 1;
            }
            // Behind a commit: it is not there, and nobody was told that it is.
            Some(RelayFrame::Refused { request, code: Code::Stale }) => {
                under_way.remove(&request).expect("asked");
            }
            Some(other) => panic!("an author was sent {other:?}"),
            None => return said,
        }
    }
}

fn entry_after(last: u64, request: u32, record: u128) -> ClientFrame {
    let mut frame = entry(request, record, length(record, Class::Update));
    if let ClientFrame::Append { control_seq, .. } = &mut frame {
        *control_seq = last;
    }
    frame
}

/// Posts now and then, so that some commits are of rows and some of the log.
async fn poster(mut device: Device, records: Arc<AtomicU64>) -> Said {
    loop {
        let record = u128::from(records.fetch_add(1, Ordering::Relaxed)) + 1;
        // Every other to a mailbox of its own: none gets full.
        let frame = if record.is_multiple_of(2) { post(record) } else { post_to(short(), record) };
        let asked = device.send(&frame).await;
        match device.hear().await {
            Some(RelayFrame::Done { .. }) if asked.is_ok() => {}
            Some(other) => panic!("a poster was sent {other:?}"),
            None => return Said::default(),
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
}

/// Mostly small, now and then one that the store keeps in pieces.
pub(crate) fn length(record: u128, class: Class) -> usize {
    let pieces = record.is_multiple_of(97) && class != Class::Alert;
    if pieces { 40_000 } else { 200 + (record % 800) as usize }
}

/// Reads the whole log after `verified`: dense, each body its record's, all promises kept, and so are
/// those of blobs and of alerts to be pushed. The new head.
pub(crate) async fn verify(process: &Process, promised: &Promised, verified: u64) -> u64 {
    let mut device = Device::owner(process.address, None).await;
    for record in promised.blobs.iter().rev().take(20) {
        committer::check_blob(&mut device, *record).await;
    }
    let head = device.subscribe(verified).await;
    let last = promised.records.last_key_value().map_or(0, |(seq, _)| *seq);
    assert!(head >= last, "the log ends at {head}, but {last} was promised");
    for expected in verified + 1..=head {
        let frame = tokio::time::timeout(Duration::from_secs(20), device.hear()).await.expect("in time");
        let Some(RelayFrame::Entry { entry, .. }) = frame else { panic!("{frame:?} instead of {expected}") };
        assert_eq!(entry.seq, expected);
        let record = u128::from_be_bytes(entry.record.0);
        assert_eq!(
            entry.body.as_slice(),
            body(record, length(record, entry.class)),
            "the body of {expected}"
        );
        if let Some(promise) = promised.records.get(&expected) {
            assert_eq!(record, *promise, "seq {expected} was promised to another record");
        }
    }
    if promised.alerts > 0 {
        let jobs = promised.alerts.min(MAX_PUSH_JOBS as u64);
        assert!(
            reaches(process, "push_jobs", jobs).await,
            "fewer than {jobs} alerts are being pushed:\n{}",
            process.metrics()
        );
    }
    head
}

/// Whether a number of the relay's comes to that before long.
async fn reaches(process: &Process, name: &str, wanted: u64) -> bool {
    let name = format!("campana_relay_{name} ");
    for _ in 0..500 {
        let page = process.metrics();
        let said = page.lines().find_map(|line| line.strip_prefix(&name)).expect("a metric");
        if said.parse::<u64>().expect("a number") >= wanted {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// After all that: what expires is trimmed.
pub(crate) async fn verify_trimming(process: &Process) {
    let mut owner = Device::owner(process.address, None).await;
    owner.done(post_to(short(), u128::MAX)).await;
    assert!(reaches(process, "trimmed_total", 1).await, "nothing was trimmed");
}
