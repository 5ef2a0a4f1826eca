//! What has expired: in no file any more, and its space given back.

use std::fs;
use std::path::{Path, PathBuf};

use campana_protocol::frame::Class;
use campana_protocol::id::{BlobId, MailboxId, RecordId};
use campana_protocol::limits::{BLOB_TTL_MS, CONTROL_TTL_MS, ENTRY_TTL_MS, MAX_BLOB_PART};

use super::conformance::{Bench, Fixture, NOW, channel, owner};
use super::{Health, SledOptions, SledStore, Store, Write, Written};
use crate::limits::BODY_FILE_MS;

/// A store in a directory of its own.
struct OnDisk {
    directory: tempfile::TempDir,
    store: Option<SledStore>,
}

fn opened(directory: &Path) -> Option<SledStore> {
    let options = SledOptions { cache_bytes: 8 * 1_048_576, min_free_bytes: 0 };
    Some(SledStore::open_directory(directory, &options).expect("opens"))
}

impl Fixture for OnDisk {
    type Store = SledStore;

    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let store = opened(directory.path());
        Self { directory, store }
    }

    fn store(&self) -> &SledStore {
        self.store.as_ref().expect("open between calls")
    }

    fn reopen(&mut self) {
        drop(self.store.take());
        self.store = opened(self.directory.path());
    }
}

/// The files under a directory in which the bytes are.
pub(super) fn holding(directory: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in files(directory) {
        if fs::read(&path).expect("readable").windows(bytes.len()).any(|window| window == bytes) {
            found.push(path);
        }
    }
    found
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in fs::read_dir(directory).expect("readable") {
        let path = file.expect("readable").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Bytes that the files take of the disk.
fn taken(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    files(directory).iter().map(|path| 512 * fs::metadata(path).expect("there").blocks()).sum()
}

fn trim(store: &SledStore, now: u64) {
    while store.trim(now).expect("trims").more {}
}

const MAILBOX: MailboxId = MailboxId([6; 32]);

fn post(number: u8, body: &[u8]) -> Write {
    Write::Post {
        mailbox: MAILBOX,
        insider: true,
        weight: 1,
        read: 0,
        record: RecordId([number; 16]),
        body: body.to_vec(),
        pass: None,
    }
}

fn part(number: u128, body: Vec<u8>) -> Write {
    let blob = BlobId(number.to_be_bytes());
    Write::PutBlob { channel: channel(), by: owner(), blob, part: 0, of: 1, body }
}

#[test]
fn what_has_expired_is_in_no_file_within_the_hour() {
    const KEPT: u64 = 2 * 86_400_000;
    let mut b = Bench::with_channel(OnDisk::new());
    b.done(Write::KeepMailbox { channel: channel(), by: owner(), mailbox: MAILBOX, keep_ms: KEPT });
    b.append(owner(), Class::Update, b"canary of the log");
    b.append(owner(), Class::Control, b"canary of a control entry");
    b.append(owner(), Class::Alert, b"canary of an alert");
    // In the rows, since an alert is in the same commit.
    let mixed = [(Class::Alert, b"canary of a row"), (Class::Update, b"canary of a row")];
    let mixed = mixed.map(|(class, body)| Write::Append(b.entry(owner(), class, body)));
    assert!(b.store().commit(NOW, &mixed).iter().all(Result::is_ok));
    assert!(b.write(post(1, b"canary of a report")).is_ok());
    b.done(part(1, [vec![1; 100_000], b"canary of a blob".to_vec()].concat()));
    let dated: [(u64, &[&[u8]]); 4] = [
        (0, &[]),
        (KEPT, &[b"canary of a report"]),
        (
            ENTRY_TTL_MS.max(BLOB_TTL_MS),
            &[b"canary of the log", b"canary of an alert", b"canary of a row", b"canary of a blob"],
        ),
        (CONTROL_TTL_MS, &[b"canary of a control entry"]),
    ];
    for (index, (kept, _)) in dated.iter().enumerate() {
        trim(b.store(), NOW + kept + BODY_FILE_MS);
        for (expires, canaries) in &dated {
            for canary in *canaries {
                let found = holding(b.fixture.directory.path(), canary);
                assert_eq!(found.is_empty(), expires <= kept, "{canary:?} after {kept} ms: {found:?}");
            }
        }
        if index % 2 == 0 {
            b.fixture.reopen();
        }
    }
    assert_eq!(b.store().corrupt_rows(), 0);
    assert_eq!(b.append(owner(), Class::Update, b"on"), 6);
}

#[test]
fn what_is_deleted_before_it_expires_is_in_no_file_at_once() {
    let b = Bench::with_channel(OnDisk::new());
    for number in 1..=3 {
        assert!(b.write(post(number, &[b"canary ".as_slice(), &[b'0' + number]].concat())).is_ok());
    }
    let posts = b.store().read_posts(&MAILBOX, 0, u64::MAX, usize::MAX).expect("a page").items;
    b.done(Write::TrimMailbox { mailbox: MAILBOX, through: posts[1].seq });
    let directory = b.fixture.directory.path();
    assert!(holding(directory, b"canary 1").is_empty() && holding(directory, b"canary 2").is_empty());
    assert_eq!(holding(directory, b"canary 3").len(), 1);
    let left = b.store().read_posts(&MAILBOX, 0, u64::MAX, usize::MAX).expect("a page").items;
    assert_eq!(left.iter().map(|post| post.body.as_slice()).collect::<Vec<_>>(), [b"canary 3"]);
    assert_eq!(b.store().corrupt_rows(), 0);
}

#[test]
fn blobs_that_expire_give_their_space_back() {
    const PARTS: u128 = 160;
    let b = Bench::with_channel(OnDisk::new());
    let directory = b.fixture.directory.path();
    let empty = taken(directory);
    for number in 0..PARTS {
        b.done(part(number, vec![number as u8; MAX_BLOB_PART]));
    }
    let full = taken(directory);
    let bodies = PARTS as u64 * MAX_BLOB_PART as u64;
    assert!(full - empty >= bodies && full - empty < bodies + bodies / 8, "{empty}, {full} for {bodies}");
    // Trimming never takes more than there was.
    let later = NOW + BLOB_TTL_MS + BODY_FILE_MS;
    while b.store().trim(later).expect("trims").more {
        assert!(taken(directory) <= full);
    }
    let left = taken(directory);
    assert!(left < empty + bodies / 8, "{left} are taken, {empty} were at the beginning");
    assert_eq!(b.store().health(), Health::Writable);
}

#[test]
fn an_expired_body_is_left_out_though_its_row_is_still_there() {
    let mut b = Bench::with_channel(OnDisk::new());
    // More rows than one trim deletes: behind them, rows stay whose bodies are gone.
    let many: Vec<_> = (0..1_500).map(|_| Write::Append(b.entry(owner(), Class::Alert, b"x"))).collect();
    for batch in many.chunks(500) {
        assert!(
            b.store().commit(NOW, batch).iter().all(|result| matches!(result, Ok(Written::Appended { .. })))
        );
    }
    let later = NOW + ENTRY_TTL_MS + BODY_FILE_MS;
    assert!(b.store().trim(later).expect("trims").more);
    assert_eq!(b.bodies(0, 1_500), []);
    trim(b.store(), later);
    assert_eq!((b.bodies(0, 1_500), b.store().corrupt_rows()), (Vec::new(), 0));
}
