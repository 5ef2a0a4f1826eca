//! Stores of earlier formats: their rows are copied into a fresh store, which then takes their place.
//!
//! Fresh, because an engine's file keeps what was deleted in it: bodies were in there until format 5.
//! The old store is untouched until the new one is durable and has its name, so a conversion that
//! is interrupted, or finds no room, begins anew with the next opening.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::bodies::{Bodies, Pending, Place};
use super::engine::{Change, Engine as _, EngineError};
use super::error::OpenError;
use super::key::{Key, Kind};
use super::row::{self, StoredEntry, StoredPart, StoredPost};
use super::rows::{FORMAT, format_of, format_value};
use super::sled::{Sled, SledOptions};

/// Until format 5 each value began with one of these; long ones were in pieces beside it.
const INLINE: u8 = 0;
const PIECES: u8 = 1;
/// Above every kind of key.
const PIECE_KEY: u8 = 0xff;
/// Until format 4 each registration without an answer had a row of this kind.
const SINGLE_UNSETTLED: u8 = 15;

/// Bytes of bodies, and rows, that are copied at a time.
const BATCH_BYTES: usize = 4 * 1_048_576;
const BATCH_ROWS: usize = 4_096;

/// Puts things right after a conversion that was interrupted.
///
/// # Errors
/// The disk's.
pub(super) fn resume(directory: &Path) -> io::Result<()> {
    let (fresh, old) = (beside(directory, "new"), beside(directory, "old"));
    if old.exists() && !directory.exists() {
        fs::rename(&old, directory)?;
    }
    for left in [fresh, old] {
        if left.exists() {
            fs::remove_dir_all(left)?;
        }
    }
    Ok(())
}

/// Converts the store in `directory`, which `old` is, if it is of an earlier format. `None`: it was, and
/// has to be opened again.
///
/// # Errors
/// [`OpenError`]. The store is as it was.
pub(super) fn convert(old: Sled, directory: &Path, options: &SledOptions) -> Result<Option<Sled>, OpenError> {
    let failed = |error| match error {
        EngineError::Io(source) => OpenError::Unconverted { path: directory.to_path_buf(), source },
        other => OpenError::Damaged { path: directory.to_path_buf(), reason: other.to_string() },
    };
    match old.get(&Key::Format.encode()).map_err(failed)?.and_then(|value| format_of(&value)) {
        Some(format) if format < FORMAT => {
            tracing::info!(from = format, to = FORMAT, "the store is being converted");
        }
        _ => return Ok(Some(old)),
    }
    let fresh = beside(directory, "new");
    let damaged = rebuild(&old, directory, &fresh, options).map_err(failed)?;
    if damaged > 0 {
        tracing::error!(rows = damaged, "damaged rows were left out");
    }
    drop(old);
    replace(directory, &fresh).map_err(|source| failed(source.into()))?;
    Ok(None)
}

/// Copies a store. How many rows were damaged.
fn rebuild(old: &Sled, directory: &Path, fresh: &Path, options: &SledOptions) -> Result<u64, EngineError> {
    let engine = Sled::open(fresh, options).map_err(|error| match error {
        OpenError::Io { source, .. } => EngineError::Io(source),
        other => EngineError::Failed(other.to_string()),
    })?;
    let bodies = Bodies::open(&fresh.join("bodies"))?;
    let mut changes = vec![Change::Put(Key::Format.encode(), format_value(FORMAT))];
    let (mut pending, mut bytes, mut damaged) = (Pending::default(), 0, 0);
    for row in old.db().iter() {
        let (key, stored) = row.map_err(super::sled::engine_error)?;
        if matches!(key.first(), Some(&(PIECE_KEY | SINGLE_UNSETTLED))) || key[..] == Key::Format.encode() {
            continue;
        }
        let Some(value) = whole(old.db(), &key, &stored)? else {
            damaged += 1;
            continue;
        };
        bytes += value.len();
        let value = beside_row(&key, value, |expires_at, body| bodies.add(&mut pending, expires_at, body));
        changes.push(Change::Put(key.to_vec(), value));
        if bytes >= BATCH_BYTES || changes.len() >= BATCH_ROWS {
            bodies.write_many(core::mem::take(&mut pending))?;
            engine.apply(&core::mem::take(&mut changes))?;
            bytes = 0;
        }
    }
    bodies.write_many(pending)?;
    Bodies::open(&fresh.join("bodies"))?;
    engine.apply(&changes)?;
    link(&directory.join("log"), &fresh.join("log"))?;
    File::open(fresh)?.sync_all()?;
    Ok(damaged)
}

/// The row with its body where bodies are.
fn beside_row(key: &[u8], value: Vec<u8>, put: impl FnOnce(u64, &[u8]) -> Place) -> Vec<u8> {
    match key.first() {
        Some(&kind) if kind == Kind::Entry as u8 => row::decode(&value).map(|mut row: StoredEntry| {
            row.place =
                Some(put(row.expires_at, &core::mem::replace(&mut row.entry.body, Vec::new().into())));
            row::encode(&row)
        }),
        Some(&kind) if kind == Kind::Post as u8 => row::decode(&value).map(|mut row: StoredPost| {
            row.place = Some(put(row.expires_at, &core::mem::replace(&mut row.body, Vec::new().into())));
            row::encode(&row)
        }),
        Some(&kind) if kind == Kind::BlobPart as u8 => row::decode(&value).map(|mut row: StoredPart| {
            row.place = Some(put(row.expires_at, &core::mem::replace(&mut row.body, Vec::new().into())));
            row::encode(&row)
        }),
        _ => None,
    }
    // A row that cannot be read stays as it is: whoever needs it is told.
    .unwrap_or(value)
}

/// A value without its tag, from its pieces if it is in pieces. `None`: it is damaged.
fn whole(db: &sled::Db, key: &[u8], stored: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
    let count = match stored.split_first() {
        Some((&INLINE, value)) => return Ok(Some(value.to_vec())),
        Some((&PIECES, count)) => count.try_into().map(u16::from_be_bytes),
        _ => return Ok(None),
    };
    let Ok(count) = count else { return Ok(None) };
    let mut value = Vec::new();
    for index in 0..count {
        let key = [&[PIECE_KEY], key, &index.to_be_bytes()].concat();
        match db.get(key).map_err(super::sled::engine_error)? {
            Some(piece) => value.extend_from_slice(&piece),
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// The same files under another directory.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    if from.exists() {
        for file in fs::read_dir(from)? {
            let file = file?;
            fs::hard_link(file.path(), to.join(file.file_name()))?;
        }
    }
    File::open(to)?.sync_all()
}

/// Puts a store in the place of another, if there is one.
///
/// # Errors
/// The disk's. One of the two is there, or [`resume`] puts the old one back.
pub(super) fn replace(directory: &Path, fresh: &Path) -> io::Result<()> {
    let old = beside(directory, "old");
    if directory.exists() {
        fs::rename(directory, &old)?;
    }
    fs::rename(fresh, directory)?;
    if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent)?.sync_all()?;
    }
    if old.exists() { fs::remove_dir_all(old) } else { Ok(()) }
}

/// Where a store is while another takes its place.
pub(super) fn beside(directory: &Path, what: &str) -> PathBuf {
    let mut name = directory.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(what);
    directory.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use core::ops::ControlFlow;

    use campana_protocol::frame::Class;
    use campana_protocol::id::{BlobId, MailboxId, PublicKey};
    use campana_protocol::limits::CONTROL_TTL_MS;

    use super::*;
    use crate::store::conformance::{Bench, Fixture, NOW, channel, member, owner};
    use crate::store::expiry::holding;
    use crate::store::{SledStore, Store};

    const OPTIONS: SledOptions = SledOptions { cache_bytes: 8 * 1_048_576, min_free_bytes: 0 };

    /// What format 4 wrote: entries of all classes in rows and log, one in pieces; a mailbox that keeps its
    /// posts for an hour; a part of a blob in pieces; a job.
    fn format_4(directory: &Path) {
        let mut file = (PathBuf::new(), Vec::new());
        for line in include_str!("../../tests/fixtures/store-format-4.txt").lines().skip(1) {
            let (first, second) = line.trim_start().split_once(' ').expect("two words");
            if line.starts_with(' ') {
                let at = usize::from_str_radix(first, 16).expect("an offset");
                let bytes = second.as_bytes().chunks(2).map(|byte| {
                    u8::from_str_radix(str::from_utf8(byte).expect("ascii"), 16).expect("a byte")
                });
                for (to, byte) in file.1[at..].iter_mut().zip(bytes) {
                    *to = byte;
                }
            } else {
                write(&file);
                file = (directory.join(first), vec![0; second.parse().expect("a length")]);
            }
        }
        write(&file);
        fs::create_dir_all(directory.join("blobs")).expect("made");
    }

    fn write((path, bytes): &(PathBuf, Vec<u8>)) {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("made");
            fs::write(path, bytes).expect("written");
        }
    }

    struct Converted {
        directory: PathBuf,
        store: Option<SledStore>,
        _root: tempfile::TempDir,
    }

    impl Converted {
        fn of(make: impl FnOnce(&Path)) -> Self {
            let root = tempfile::tempdir().expect("a directory");
            let directory = root.path().join("store");
            make(&directory);
            let store = Some(SledStore::open_directory(&directory, &OPTIONS).expect("converted"));
            Self { directory, store, _root: root }
        }
    }

    impl Fixture for Converted {
        type Store = SledStore;

        fn new() -> Self {
            Self::of(format_4)
        }

        fn store(&self) -> &SledStore {
            self.store.as_ref().expect("open between calls")
        }

        fn reopen(&mut self) {
            drop(self.store.take());
            self.store = Some(SledStore::open_directory(&self.directory, &OPTIONS).expect("opens"));
        }
    }

    /// To go on behind the seven records of the fixture.
    fn after(converted: Converted) -> Bench<Converted> {
        let mut b = Bench::empty(converted);
        for _ in 0..7 {
            b.record();
        }
        b
    }

    #[test]
    fn a_store_of_format_4_goes_on_and_what_expires_in_it_is_in_no_file() {
        let mut b = after(Converted::new());
        let mut long = vec![0; 40_000];
        long[39_980..39_991].copy_from_slice(b"canary long");
        let entries = [
            b"canary control 1".to_vec(),
            b"canary update 2".to_vec(),
            b"canary rotation 3".to_vec(),
            b"canary alert 4".to_vec(),
            b"canary update 5".to_vec(),
            long,
            b"canary update 7".to_vec(),
        ];
        for _ in 0..2 {
            assert_eq!(b.bodies(0, 7), (1..).zip(entries.clone()).collect::<Vec<_>>());
            let posts = b.store().read_posts(&MailboxId([6; 32]), 0, u64::MAX, usize::MAX).expect("a page");
            let posts: Vec<_> = posts.items.into_iter().map(|post| post.body).collect();
            assert_eq!(posts, [b"canary post 1", b"canary post 2"]);
            let part = b.store().blob_part(&channel(), &BlobId([5; 16]), 0).expect("a part");
            assert_eq!((part.body.len(), &part.body[..11]), (50_000, &b"canary blob"[..]));
            assert!(b.store().push_job(&channel(), 4).expect("read").is_some());
            assert_eq!(b.store().coverage(&channel(), 4, NOW).expect("read").receipts, 1);
            b.fixture.reopen();
        }
        assert_eq!(b.append(member(PublicKey([7; 32])), Class::Update, b"8"), 8);
        b.append(owner(), Class::Control, b"9");
        let root = b.fixture.directory.parent().expect("a root").to_path_buf();
        assert_eq!(fs::read_dir(&root).expect("readable").count(), 1, "nothing is left of the old store");
        assert!(!holding(&root, b"canary").is_empty());
        let later = NOW + CONTROL_TTL_MS + 3_600_000;
        while b.store().trim(later).expect("trims").more {}
        assert_eq!(holding(&root, b"canary"), Vec::<PathBuf>::new());
        assert_eq!(b.store().corrupt_rows(), 0);
    }

    #[test]
    fn a_conversion_that_was_interrupted_begins_anew() {
        let converted = Converted::of(|directory| {
            format_4(directory);
            // Between the two names, with the new store not all there.
            fs::rename(directory, beside(directory, "old")).expect("renamed");
            fs::create_dir_all(beside(directory, "new").join("bodies")).expect("made");
            fs::write(beside(directory, "new").join("db"), b"half").expect("written");
        });
        assert_eq!(Bench::empty(converted).bodies(0, 7).len(), 7);
    }

    #[test]
    fn a_conversion_that_was_done_but_for_the_old_files_is_kept() {
        let mut b = after(Converted::new());
        assert_eq!(b.append(owner(), Class::Update, b"8"), 8);
        let old = beside(&b.fixture.directory, "old");
        format_4(&old);
        b.fixture.reopen();
        assert_eq!(b.bodies(7, 8), [(8, b"8".to_vec())]);
        assert!(!old.exists());
    }

    #[test]
    fn a_job_that_a_version_without_pages_left_in_the_middle_begins_anew() {
        let seq = 4;
        let converted = Converted::of(|directory| {
            format_4(directory);
            // As format 3 wrote them: the cursor at 2, a row for each without an answer.
            let mut job = minicbor::Encoder::new(vec![INLINE]);
            job.array(4)
                .and_then(|e| e.u64(5))
                .and_then(|e| e.null())
                .and_then(|e| e.bytes(&[9; 16]))
                .and_then(|e| e.array(0))
                .expect("memory");
            let sled = Sled::open(directory, &OPTIONS).expect("opens");
            let put = |key: Vec<u8>, value: Vec<u8>| drop(sled.db().insert(key, value).expect("written"));
            put(Key::PushJob(channel(), seq).encode(), job.into_writer());
            put(Key::Format.encode(), vec![INLINE, 0, 3]);
            for number in 0..3_000u16 {
                let id = [&[0; 14][..], &number.to_be_bytes()].concat();
                let row = [&[SINGLE_UNSETTLED][..], &channel().0, &seq.to_be_bytes(), &id].concat();
                put(row, vec![INLINE]);
            }
        });
        let store = converted.store();
        let job = store.push_job(&channel(), seq).expect("read").expect("a job");
        assert_eq!((job.created_at, job.cursor, job.lanes), (5, None, Vec::new()));
        assert_eq!(store.unsettled(&channel(), seq), Ok(Some(Vec::new())));
        let mut left = 0;
        let count = &mut |_: &[u8], _: &[u8]| {
            left += 1;
            ControlFlow::Continue(())
        };
        store.engine().scan(&[SINGLE_UNSETTLED], &[SINGLE_UNSETTLED + 1], count).expect("read");
        assert_eq!(left, 0);
    }
}
