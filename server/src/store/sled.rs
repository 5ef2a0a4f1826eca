//! The default engine: sled, used so that an acknowledged write survives a power cut.
//!
//! sled's own `flush` uses `sync_file_range`, which makes neither metadata nor the device's cache
//! durable. So: its flush timer is off, each batch is flushed, then its files and their directory
//! are fsynced, and only then is the batch durable. Values over [`LONG_VALUE`] are stored in
//! pieces: a page of them would be put in a file of its own, outside that discipline.

use core::ops::ControlFlow;
use core::time::Duration;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::engine::{Change, Engine, EngineError, LONG_VALUE, Visit};
use super::error::OpenError;
use super::log::Log;
use super::rows::{FORMAT, FormatError, RowStore};

/// A store on disk.
pub type SledStore = RowStore<Sled>;

/// How a [`SledStore`] is opened.
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_structs, reason = "the two settings an operator has")]
pub struct SledOptions {
    /// Memory it may use as cache.
    pub cache_bytes: u64,
    /// Free disk space below which it takes no more writes.
    pub min_free_bytes: u64,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { cache_bytes: crate::limits::CACHE_BYTES, min_free_bytes: crate::limits::MIN_FREE_BYTES }
    }
}

impl SledStore {
    /// Opens the store in `directory`, creating it if there is none.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open_directory(directory: &Path, options: &SledOptions) -> Result<Self, OpenError> {
        let path = || directory.to_path_buf();
        // First the engine: it sees to it that nobody else has the directory open.
        let sled = Sled::open(directory, options)?;
        let damaged = |reason: String| OpenError::Damaged { path: path(), reason };
        let rows = Self::open(sled).map_err(|error| match error {
            FormatError::Newer(found) => OpenError::Newer { path: path(), found, known: FORMAT },
            other => damaged(other.to_string()),
        })?;
        let log = Log::open(&directory.join("log"), |channel, seq| rows.head_beside(channel, seq))
            .map_err(|source| OpenError::Io { path: path(), source })?;
        rows.with_log(log).map_err(|error| damaged(error.to_string()))
    }
}

/// sled, made durable.
#[derive(Debug)]
pub struct Sled {
    db: sled::Db,
    directory: PathBuf,
    min_free_bytes: u64,
    files: Mutex<Files>,
}

/// sled's files, as far as they have been made durable.
#[derive(Debug)]
struct Files {
    db: File,
    durable: BTreeSet<PathBuf>,
}

/// A quarter of this is sled's largest page in its log; a page holds some 27 values at most.
const SEGMENT_BYTES: usize = 4 * 1_048_576;

const INLINE: u8 = 0;
const PIECES: u8 = 1;
/// Above every kind of key.
const PIECE_KEY: u8 = 0xff;

impl Sled {
    fn open(directory: &Path, options: &SledOptions) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: directory.to_path_buf(), source };
        let damaged = |reason: String| OpenError::Damaged { path: directory.to_path_buf(), reason };
        fs::create_dir_all(directory).map_err(failed)?;
        let config = sled::Config::new()
            .path(directory)
            .cache_capacity(options.cache_bytes)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(None);
        let db = open_patiently(&config).map_err(|failure| match failure {
            OpenFailure::InUse => OpenError::InUse(directory.to_path_buf()),
            OpenFailure::Io(error) => failed(error),
            OpenFailure::Damaged(reason) => damaged(reason),
        })?;
        let file = File::open(directory.join("db")).map_err(failed)?;
        let files = Files { db: file, durable: BTreeSet::new() };
        let opened = Self {
            db,
            directory: directory.to_path_buf(),
            min_free_bytes: options.min_free_bytes,
            files: Mutex::new(files),
        };
        opened.make_durable().map_err(|error| match error {
            EngineError::Io(error) => failed(error),
            other => damaged(other.to_string()),
        })?;
        if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
        }
        Ok(opened)
    }

    /// flush, then fsync: only after both is anything durable.
    fn make_durable(&self) -> Result<(), EngineError> {
        self.db.flush().map_err(engine_error)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.db.sync_all()?;
        let present = self.files_present()?;
        if present != files.durable {
            for path in present.difference(&files.durable) {
                match File::open(path) {
                    Ok(file) => file.sync_all()?,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error.into()),
                }
            }
            File::open(self.directory.join("blobs"))?.sync_all()?;
            File::open(&self.directory)?.sync_all()?;
            files.durable = present;
        }
        Ok(())
    }

    /// Everything sled keeps beside its log: settings, snapshots, oversized pages.
    fn files_present(&self) -> io::Result<BTreeSet<PathBuf>> {
        let mut present = BTreeSet::new();
        for directory in [&self.directory, &self.directory.join("blobs")] {
            for file in fs::read_dir(directory)? {
                let path = file?.path();
                if path.is_file() {
                    present.insert(path);
                }
            }
        }
        Ok(present)
    }

    fn whole(&self, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, EngineError> {
        match stored.split_first() {
            Some((&INLINE, value)) => Ok(value.to_vec()),
            Some((&PIECES, count)) => {
                let mut value = Vec::new();
                for index in 0..piece_count(count)? {
                    let piece = self.db.get(piece_key(key, index)).map_err(engine_error)?;
                    value.extend_from_slice(
                        &piece.ok_or_else(|| EngineError::Damaged("a piece is missing".into()))?,
                    );
                }
                Ok(value)
            }
            _ => Err(EngineError::Damaged("a value without a tag".into())),
        }
    }

    fn add(&self, batch: &mut sled::Batch, change: &Change) -> Result<(), EngineError> {
        match change {
            Change::Put(key, value) if value.len() <= LONG_VALUE => {
                batch.insert(key.as_slice(), [&[INLINE], value.as_slice()].concat());
            }
            Change::Put(key, value) => {
                let mut count = 0u16;
                for piece in value.chunks(LONG_VALUE) {
                    batch.insert(piece_key(key, count), piece);
                    count += 1;
                }
                batch.insert(key.as_slice(), [&[PIECES], &count.to_be_bytes()[..]].concat());
            }
            Change::Delete(key) => {
                if let Some((&PIECES, count)) =
                    self.db.get(key).map_err(engine_error)?.as_deref().and_then(<[u8]>::split_first)
                {
                    for index in 0..piece_count(count)? {
                        batch.remove(piece_key(key, index));
                    }
                }
                batch.remove(key.as_slice());
            }
        }
        Ok(())
    }
}

enum OpenFailure {
    InUse,
    Io(io::Error),
    Damaged(String),
}

/// sled's own threads keep its lock for a moment after the last handle is dropped, and a relay
/// that is being replaced for a moment after its last answer: waits a little for both.
fn open_patiently(config: &sled::Config) -> Result<sled::Db, OpenFailure> {
    const TRIES: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(20);
    for _ in 0..TRIES {
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains("acquire lock") => {
                std::thread::sleep(PAUSE);
            }
            Ok(Err(sled::Error::Io(error))) => return Err(OpenFailure::Io(error)),
            Ok(Err(other)) => return Err(OpenFailure::Damaged(other.to_string())),
            Err(_) => return Err(OpenFailure::Damaged("the engine panicked while opening".to_owned())),
        }
    }
    Err(OpenFailure::InUse)
}

impl Engine for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        guarded(|| match self.db.get(key).map_err(engine_error)? {
            Some(stored) => self.whole(key, &stored).map(Some),
            None => Ok(None),
        })
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), EngineError> {
        guarded(|| {
            if from >= to {
                return Ok(());
            }
            for row in self.db.range(from.to_vec()..to.to_vec()) {
                let (key, stored) = row.map_err(engine_error)?;
                let value = self.whole(&key, &stored)?;
                if let ControlFlow::Break(()) = visit(&key, &value) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn apply(&self, changes: &[Change]) -> Result<(), EngineError> {
        guarded(|| {
            let mut batch = sled::Batch::default();
            for change in changes {
                self.add(&mut batch, change)?;
            }
            self.db.apply_batch(batch).map_err(engine_error)?;
            self.make_durable()
        })
    }

    fn has_room(&self) -> bool {
        match rustix::fs::statvfs(&self.directory) {
            Ok(fs) => fs.f_bavail.saturating_mul(fs.f_frsize) >= self.min_free_bytes,
            // Not knowing is not a reason to refuse: the write itself will tell.
            Err(_) => true,
        }
    }
}

/// sled panics on some damage; a panic there is an error here.
fn guarded<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(EngineError::Failed("the engine panicked".to_owned())))
}

fn engine_error(error: sled::Error) -> EngineError {
    match error {
        sled::Error::Io(error) => EngineError::Io(error),
        sled::Error::Corruption { .. } => EngineError::Damaged(error.to_string()),
        other => EngineError::Failed(other.to_string()),
    }
}

fn piece_key(key: &[u8], index: u16) -> Vec<u8> {
    [&[PIECE_KEY], key, &index.to_be_bytes()].concat()
}

fn piece_count(bytes: &[u8]) -> Result<u16, EngineError> {
    let bytes = bytes.try_into().map_err(|_| EngineError::Damaged("a count of pieces".into()))?;
    Ok(u16::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use campana_protocol::frame::Class;

    use super::*;
    use crate::store::Store;
    use crate::store::conformance::{self, Fixture};

    struct OnDisk {
        directory: tempfile::TempDir,
        store: Option<SledStore>,
    }

    fn options() -> SledOptions {
        SledOptions { cache_bytes: 8 * 1_048_576, min_free_bytes: 0 }
    }

    impl Fixture for OnDisk {
        type Store = SledStore;

        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let store = SledStore::open_directory(directory.path(), &options()).expect("opens");
            Self { directory, store: Some(store) }
        }

        fn store(&self) -> &SledStore {
            self.store.as_ref().expect("open between calls")
        }

        fn reopen(&mut self) {
            drop(self.store.take());
            self.store = Some(SledStore::open_directory(self.directory.path(), &options()).expect("opens"));
        }
    }

    crate::conformance_tests!(super::OnDisk);

    #[test]
    fn a_store_of_a_newer_version_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let sled = Sled::open(directory.path(), &options()).expect("opens");
        let newer = (FORMAT + 1).to_be_bytes().to_vec();
        sled.apply(&[Change::Put(crate::store::key::Key::Format.encode(), newer)]).expect("written");
        drop(sled);
        let error = SledStore::open_directory(directory.path(), &options()).expect_err("newer");
        assert!(matches!(error, OpenError::Newer { found, .. } if found == FORMAT + 1), "{error}");
    }

    #[test]
    fn a_store_of_before_the_log_goes_on() {
        use crate::store::conformance::Bench;
        let mut b = Bench::with_channel(OnDisk::new());
        b.append(conformance::owner(), Class::Control, b"1");
        let older = 1u16.to_be_bytes().to_vec();
        let change = Change::Put(crate::store::key::Key::Format.encode(), older);
        b.store().engine().apply(&[change]).expect("written");
        b.fixture.reopen();
        b.append(conformance::owner(), Class::Update, b"2");
        assert_eq!(b.bodies(0, 2), [(1, b"1".to_vec()), (2, b"2".to_vec())]);
    }

    #[test]
    fn a_job_that_a_version_without_pages_left_in_the_middle_begins_anew() {
        use crate::store::conformance::{Bench, channel};
        let mut b = Bench::with_channel(OnDisk::new());
        b.done(conformance::pushes::register(conformance::owner(), 1, b"x"));
        let seq = b.append(conformance::owner(), Class::Alert, b"pushed");
        // As format 3 wrote them: the cursor at 2, a row for each without an answer.
        let mut job = minicbor::Encoder::new(Vec::new());
        job.array(4)
            .and_then(|e| e.u64(5))
            .and_then(|e| e.null())
            .and_then(|e| e.bytes(&[9; 16]))
            .and_then(|e| e.array(0))
            .expect("memory");
        let key = crate::store::key::Key::PushJob(channel(), seq).encode();
        let mut rows = vec![
            Change::Put(key, job.into_writer()),
            Change::Put(crate::store::key::Key::Format.encode(), 3u16.to_be_bytes().to_vec()),
        ];
        let single = |number: u16| {
            [&[15][..], &channel().0, &seq.to_be_bytes(), &[0; 14], &number.to_be_bytes()].concat()
        };
        rows.extend((0..3_000).map(|number| Change::Put(single(number), Vec::new())));
        b.store().engine().apply(&rows).expect("written");
        b.fixture.reopen();
        let job = b.store().push_job(&channel(), seq).expect("read").expect("a job");
        assert_eq!((job.created_at, job.cursor, job.lanes), (5, None, Vec::new()));
        assert_eq!(b.store().unsettled(&channel(), seq), Ok(Some(Vec::new())));
        let mut left = 0;
        let count = &mut |_: &[u8], _: &[u8]| {
            left += 1;
            ControlFlow::Continue(())
        };
        b.store().engine().scan(&[15], &[16], count).expect("read");
        assert_eq!(left, 0);
    }

    #[test]
    fn what_is_damaged_of_a_job_is_said_and_stops_no_other() {
        use crate::store::PushProgress;
        use crate::store::conformance::pushes::{id, progress, register};
        use crate::store::conformance::{Bench, channel};
        let mut b = Bench::with_channel(OnDisk::new());
        b.done(register(conformance::owner(), 1, b"x"));
        let alerts = [(); 2].map(|()| b.append(conformance::owner(), Class::Alert, b"pushed"));
        for seq in alerts {
            b.done(PushProgress { unsettled: vec![id(1)], ..progress(seq) }.into());
        }
        let page = crate::store::key::Key::Unsettled(channel(), alerts[0], 0).encode();
        b.store().engine().apply(&[Change::Put(page, vec![0xff])]).expect("written");
        b.fixture.reopen();
        assert_eq!(b.store().unsettled(&channel(), alerts[0]), Ok(None));
        assert_eq!(b.store().unsettled(&channel(), alerts[1]), Ok(Some(vec![id(1)])));
        b.done(PushProgress { done: true, ..progress(alerts[0]) }.into());
        assert_eq!(b.store().unsettled(&channel(), alerts[0]), Ok(Some(Vec::new())));
    }

    #[test]
    fn a_damaged_entry_of_the_log_hides_no_other() {
        use crate::store::conformance::Bench;
        let mut b = Bench::with_channel(OnDisk::new());
        for body in 1..=3 {
            b.append(conformance::owner(), Class::Update, &[body; 100]);
        }
        let file = b.fixture.directory.path().join("log/00000000");
        let mut bytes = fs::read(&file).expect("readable");
        // Zeros written ahead follow the frames.
        let frames = 1 + bytes.iter().rposition(|byte| *byte != 0).expect("frames");
        bytes[frames / 2] ^= 1;
        fs::write(&file, bytes).expect("written");
        let rest = [(1, vec![1; 100]), (3, vec![3; 100])];
        assert_eq!(b.bodies(0, 3), rest);
        assert_eq!(b.store().corrupt_rows(), 1);
        b.fixture.reopen();
        assert_eq!(b.bodies(0, 3), rest);
        assert_eq!(b.store().corrupt_rows(), 1);
        assert_eq!(b.append(conformance::owner(), Class::Update, b"4"), 4);
    }

    #[test]
    fn a_second_process_is_told_that_the_store_is_in_use() {
        let on_disk = OnDisk::new();
        let error = SledStore::open_directory(on_disk.directory.path(), &options()).expect_err("in use");
        assert!(matches!(error, OpenError::InUse(_)), "{error}");
    }

    #[test]
    fn damaged_files_are_an_error_that_says_what_to_do() {
        let mut on_disk = OnDisk::new();
        drop(on_disk.store.take());
        fs::write(on_disk.directory.path().join("conf"), b"not a configuration").expect("written");
        let error = SledStore::open_directory(on_disk.directory.path(), &options()).expect_err("damaged");
        assert!(error.to_string().contains(on_disk.directory.path().to_str().expect("a path")), "{error}");
    }

    #[test]
    fn without_room_writes_are_refused_and_reads_served() {
        use crate::store::error::StoreError;
        use crate::store::{Health, Write};
        let mut on_disk = OnDisk::new();
        let invite = Write::Invite { invitation: campana_protocol::id::Hash([1; 32]), expires_at: 5 };
        assert!(on_disk.store().commit(0, core::slice::from_ref(&invite))[0].is_ok());
        drop(on_disk.store.take());
        let full = SledOptions { min_free_bytes: u64::MAX, ..options() };
        let store = SledStore::open_directory(on_disk.directory.path(), &full).expect("opens");
        assert_eq!(store.health(), Health::Full);
        assert_eq!(store.commit(0, &[invite]), [Err(StoreError::Full.into())]);
        assert_eq!(store.has_invitation(), Ok(true));
    }
}
