//! What blobs that expire leave behind, on the disk and in memory: the store alone, in this process.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Instant;

use campana_protocol::frame::Class;
use campana_protocol::id::{BlobId, ChannelId, Hash, PublicKey, RecordId};
use campana_protocol::limits::{BLOB_TTL_MS, MAX_BLOB_PART};
use campana_relay::store::{Append, Keys, SledOptions, SledStore, Store, Write};
use serde_json::{Value, json};

use super::{median, rounded};

const MIB: u64 = 1_048_576;

/// Stores so many MiB of blobs, reads them, and lets them expire.
pub(crate) fn store(mib: u64) -> Result<Value, Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("store");
    let options = SledOptions::default();
    let store = SledStore::open_directory(&path, &options)?;
    let (owner, founder, invitation) = (PublicKey([1; 32]), PublicKey([2; 32]), Hash([3; 32]));
    let channel = ChannelId::of(&owner);
    let found = [
        Write::Invite { invitation, expires_at: u64::MAX },
        Write::Redeem { invitation, founder },
        Write::Create { founder, owner, access: PublicKey([4; 32]) },
    ];
    done(&store, 0, &found)?;
    let alert_ms = alerts(&store, channel, owner)?;
    let (before, rss_before) = (taken(&path)?, memory("VmRSS:")?);
    let parts = u128::from(mib * MIB / MAX_BLOB_PART as u64);
    let blob = |number: u128| BlobId(number.to_be_bytes());
    let began = Instant::now();
    for number in 0..parts {
        let by = Keys { owner: Some(owner), member: None };
        let body = vec![number as u8; MAX_BLOB_PART];
        done(&store, 1, &[Write::PutBlob { channel, by, blob: blob(number), part: 0, of: 1, body }])?;
    }
    let stored = began.elapsed();
    for number in 0..parts {
        store.blob_part(&channel, &blob(number), 0)?;
    }
    let full = taken(&path)?;
    let began = Instant::now();
    let mut most = full;
    while store.trim(BLOB_TTL_MS * 2)?.more {
        most = most.max(taken(&path)?);
    }
    Ok(json!({
        "alert_commit_ms": rounded(alert_ms),
        "blobs_mib": mib,
        "stored_mib_per_second": rounded(mib as f64 / stored.as_secs_f64()),
        "disk_before_mib": in_mib(before),
        "disk_full_mib": in_mib(full),
        "disk_most_while_expiring_mib": in_mib(most),
        "disk_after_mib": in_mib(taken(&path)?),
        "expired_ms": rounded(began.elapsed().as_secs_f64() * 1_000.0),
        "cache_mib": in_mib(options.cache_bytes),
        "rss_before_mib": in_mib(rss_before),
        "rss_peak_mib": in_mib(memory("VmHWM:")?),
    }))
}

/// The median time of a commit of one alert: its body is in a file, the rest in rows.
fn alerts(store: &SledStore, channel: ChannelId, owner: PublicKey) -> io::Result<f64> {
    const ALERTS: u128 = 500;
    let mut taken = Vec::new();
    for number in 0..ALERTS {
        let alert = Append {
            channel,
            by: Keys { owner: Some(owner), member: None },
            in_guard: Keys::default(),
            record: RecordId(number.to_be_bytes()),
            class: Class::Alert,
            control_seq: 0,
            rotate: None,
            place: None,
            body: vec![7; 1_300],
        };
        let began = Instant::now();
        done(store, 1, &[Write::Append(alert)])?;
        taken.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(&taken))
}

fn done(store: &SledStore, now: u64, writes: &[Write]) -> io::Result<()> {
    store.commit(now, writes).into_iter().try_for_each(|result| result.map(drop).map_err(io::Error::other))
}

fn in_mib(bytes: u64) -> f64 {
    rounded(bytes as f64 / MIB as f64)
}

/// Bytes that the files under a directory take of the disk.
fn taken(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for file in fs::read_dir(directory)? {
        let file = file?;
        bytes +=
            if file.file_type()?.is_dir() { taken(&file.path())? } else { file.metadata()?.blocks() * 512 };
    }
    Ok(bytes)
}

/// A line of this process's status, in bytes.
fn memory(name: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.map(|kib| kib * 1_024).ok_or_else(|| io::Error::other("the system does not say"))
}
