//! Durable appends a second: the store, and the whole relay, against a bare file that is written
//! to and fsynced with the same batches. And, as the log writes over zeros and does not make its
//! file longer at each fsync, against a bare file that does so too: the harder ceiling.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::frame::{Class, ClientFrame};
use campana_protocol::id::{ChannelId, Hash, PublicKey, RecordId};
use campana_relay::store::{Append, Keys, SledOptions, SledStore, Store, Write};
use serde_json::{Value, json};

use super::client::{Blocking, channel};
use super::process::Process;
use super::{median, quantile, rounded};

/// What to measure.
pub(crate) struct Args {
    /// Seconds per measurement.
    pub(crate) seconds: usize,
}

/// Bytes of an entry's body.
const BODY: usize = 512;
/// Bytes of zeros the harder of the two bare files is lengthened by at a time.
const AHEAD: usize = 524_288;
/// Rounds in which store and file take turns; the ratio is the median over them.
const ROUNDS: usize = 5;

/// Measures; see the module.
pub(crate) fn append(args: &Args) -> Result<Value, Box<dyn std::error::Error>> {
    let time = Duration::from_secs(args.seconds as u64);
    let mut report = json!({ "body_bytes": BODY });
    for appenders in [1, 64] {
        let (mut stored, mut bare, mut zeroed) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            stored.push(store(appenders, time / ROUNDS as u32)?);
            bare.push(file(appenders, time / ROUNDS as u32, 0)?);
            zeroed.push(file(appenders, time / ROUNDS as u32, AHEAD)?);
        }
        let rate = |runs: &[Measured]| median(&runs.iter().map(|run| run.per_second).collect::<Vec<_>>());
        let p99 = |runs: &[Measured]| median(&runs.iter().map(|run| run.p99_ms).collect::<Vec<_>>());
        let ratio = |bare: &[Measured]| {
            median(&stored.iter().zip(bare).map(|(s, b)| s.per_second / b.per_second).collect::<Vec<_>>())
        };
        let process = process(appenders, time)?;
        report[format!("appenders_{appenders}")] = json!({
            "store_per_second": rounded(rate(&stored)),
            "store_p99_ms": rounded(p99(&stored)),
            "file_per_second": rounded(rate(&bare)),
            "file_p99_ms": rounded(p99(&bare)),
            "ratio": rounded(ratio(&bare)),
            "zeroed_file_per_second": rounded(rate(&zeroed)),
            "zeroed_ratio": rounded(ratio(&zeroed)),
            "process_per_second": rounded(process.per_second),
            "process_p99_ms": rounded(process.p99_ms),
            "process_ratio": rounded(process.per_second / rate(&bare)),
        });
    }
    Ok(report)
}

struct Measured {
    per_second: f64,
    p99_ms: f64,
}

/// Repeats `batch` of `size` appends for `time`.
fn repeat(size: usize, time: Duration, mut batch: impl FnMut() -> io::Result<()>) -> io::Result<Measured> {
    let began = Instant::now();
    let mut taken = Vec::new();
    while began.elapsed() < time {
        let at = Instant::now();
        batch()?;
        taken.push(at.elapsed().as_secs_f64() * 1_000.0);
    }
    let per_second = (taken.len() * size) as f64 / began.elapsed().as_secs_f64();
    taken.sort_by(f64::total_cmp);
    Ok(Measured { per_second, p99_ms: quantile(&taken, 0.99) })
}

/// With so many appenders that each wait for their acknowledgement, this many share a commit.
fn store(appenders: usize, time: Duration) -> Result<Measured, Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = SledStore::open_directory(&directory.path().join("store"), &SledOptions::default())?;
    let (owner, founder, invitation) = (PublicKey([1; 32]), PublicKey([2; 32]), Hash([3; 32]));
    let channel = ChannelId::of(&owner);
    let found = [
        Write::Invite { invitation, expires_at: u64::MAX },
        Write::Redeem { invitation, founder },
        Write::Create { founder, owner, access: PublicKey([4; 32]) },
    ];
    for result in store.commit(0, &found) {
        result?;
    }
    let mut number = 0u128;
    let mut next = || {
        number += 1;
        Write::Append(Append {
            channel,
            by: Keys { owner: Some(owner), member: None },
            in_guard: Keys::default(),
            record: RecordId((number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_0c3d)).to_be_bytes()),
            class: Class::Update,
            control_seq: 0,
            rotate: None,
            place: None,
            body: vec![7; BODY],
        })
    };
    Ok(repeat(appenders, time, || {
        let writes: Vec<_> = (0..appenders).map(|_| next()).collect();
        for result in store.commit(1, &writes) {
            result.map_err(io::Error::other)?;
        }
        Ok(())
    })?)
}

/// `ahead`: bytes of zeros the file is lengthened by at a time (0: each write makes it longer).
fn file(appenders: usize, time: Duration, ahead: usize) -> io::Result<Measured> {
    let directory = tempfile::tempdir()?;
    let mut file = File::create(directory.path().join("log"))?;
    let (bytes, zeros) = (vec![7; BODY * appenders], vec![0; ahead]);
    let mut left = 0;
    repeat(appenders, time, || {
        if ahead > 0 && left < bytes.len() {
            let at = file.stream_position()?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(&zeros)?;
            file.seek(SeekFrom::Start(at))?;
            left += ahead;
        }
        left = left.saturating_sub(bytes.len());
        file.write_all(&bytes)?;
        if ahead > 0 { file.sync_data() } else { file.sync_all() }
    })
}

/// So many connections to the real process, each with one append under way.
fn process(appenders: usize, time: Duration) -> Result<Measured, Box<dyn std::error::Error>> {
    let process = Process::relay(appenders)?;
    let mut first = Blocking::connect(process.address)?;
    let secret = process.invitation.as_deref().ok_or("no invitation")?;
    first.found(URL_SAFE_NO_PAD.decode(secret)?.try_into().map_err(|_| "not a secret")?)?;
    let address = process.address;
    let threads: Vec<_> = (0..appenders)
        .map(|author| {
            std::thread::spawn(move || -> io::Result<Measured> {
                let mut connection = Blocking::connect(address)?;
                connection.prove()?;
                let mut number = (author as u128) << 64;
                repeat(1, time, || {
                    number += 1;
                    let frame = ClientFrame::Append {
                        request: 1,
                        channel: channel(),
                        record: RecordId(number.to_be_bytes()),
                        class: Class::Update,
                        control_seq: 0,
                        rotate: None,
                        body: vec![7; BODY].into(),
                    };
                    connection.ask(&frame).map(|_| ())
                })
            })
        })
        .collect();
    let mut all = Measured { per_second: 0.0, p99_ms: 0.0 };
    for thread in threads {
        let one = thread.join().map_err(|_| "an author panicked")??;
        all.per_second += one.per_second;
        all.p99_ms = all.p99_ms.max(one.p99_ms);
    }
    Ok(all)
}
