//! The default engine: sled, used so that an acknowledged write survives a power cut.
//!
//! sled's own `flush` uses `sync_file_range`, which makes neither metadata nor the device's cache
//! durable. So: its flush timer is off, each batch is flushed, then its file is fsynced, and only then
//! is the batch durable. It makes other files only while it opens, and those are made durable
//! then. (A page of very long values would get a file of its own: no value is that long.)

use core::ops::ControlFlow;
use core::time::Duration;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::bodies::Bodies;
use super::convert;
use super::engine::{Change, Engine, EngineError, LONGEST_VALUE, Visit};
use super::error::OpenError;
use super::log::Log;
use super::rows::{FORMAT, FormatError, RowStore};
use crate::limits::MIN_FREE_INODES;

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
    /// Opens the store in `directory`, creating it if there is none, and converting one of an earlier
    /// version.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open_directory(directory: &Path, options: &SledOptions) -> Result<Self, OpenError> {
        let path = || directory.to_path_buf();
        let io = |source| OpenError::Io { path: path(), source };
        convert::resume(directory).map_err(io)?;
        let written_at = written_at(&directory.join("db"));
        // First the engine: it sees to it that nobody else has the directory open.
        let sled = match convert::convert(Sled::open(directory, options)?, directory, options)? {
            Some(sled) => sled,
            None => Sled::open(directory, options)?,
        };
        let damaged = |reason: String| OpenError::Damaged { path: path(), reason };
        let rows = Self::open(sled).map_err(|error| match error {
            FormatError::Newer(found) => OpenError::Newer { path: path(), found, known: FORMAT },
            FormatError::Engine(EngineError::Io(source)) => io(source),
            other => damaged(other.to_string()),
        })?;
        let log =
            Log::open(&directory.join("log"), |channel, seq| rows.head_beside(channel, seq)).map_err(io)?;
        let bodies = Bodies::open(&directory.join("bodies")).map_err(io)?;
        rows.with(log, bodies, written_at).map_err(|error| damaged(error.to_string()))
    }

    /// Opens the store in `directory`, if there is one.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open_existing(directory: &Path, options: &SledOptions) -> Result<Self, OpenError> {
        if !directory.join("db").exists() {
            return Err(OpenError::Missing(directory.to_path_buf()));
        }
        Self::open_directory(directory, options)
    }
}

/// When a file was last written to.
fn written_at(file: &Path) -> Option<u64> {
    let since = fs::metadata(file).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

/// sled, made durable.
#[derive(Debug)]
pub struct Sled {
    db: sled::Db,
    /// sled's file and its directory, held open: a commit needs no further descriptor.
    file: File,
    directory: File,
    min_free_bytes: u64,
}

/// A quarter of this is sled's largest page in its log; a page holds some 27 values at most.
const SEGMENT_BYTES: usize = 4 * 1_048_576;

impl Sled {
    pub(super) fn open(directory: &Path, options: &SledOptions) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: directory.to_path_buf(), source };
        let damaged = |reason: String| OpenError::Damaged { path: directory.to_path_buf(), reason };
        fs::create_dir_all(directory).map_err(failed)?;
        forget_failed_opening(directory).map_err(failed)?;
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
        db.flush().map_err(|error| match engine_error(error) {
            EngineError::Io(error) => failed(error),
            other => damaged(other.to_string()),
        })?;
        sync_all(directory).map_err(failed)?;
        Ok(Self {
            db,
            file: File::open(directory.join("db")).map_err(failed)?,
            directory: File::open(directory).map_err(failed)?,
            min_free_bytes: options.min_free_bytes,
        })
    }

    pub(super) fn db(&self) -> &sled::Db {
        &self.db
    }
}

/// An opening that failed, on a full disk, leaves half a snapshot. sled would believe it, and call the
/// store damaged for ever.
fn forget_failed_opening(directory: &Path) -> io::Result<()> {
    for file in fs::read_dir(directory)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Makes all that sled has beside its rows durable, names included: settings, snapshots.
fn sync_all(directory: &Path) -> io::Result<()> {
    for directory in [&directory.join("blobs"), directory] {
        for file in fs::read_dir(directory)? {
            let path = file?.path();
            if path.is_file() {
                File::open(path)?.sync_all()?;
            }
        }
        File::open(directory)?.sync_all()?;
    }
    match directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
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
        guarded(|| Ok(self.db.get(key).map_err(engine_error)?.map(|value| value.to_vec())))
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), EngineError> {
        guarded(|| {
            if from >= to {
                return Ok(());
            }
            for row in self.db.range(from.to_vec()..to.to_vec()) {
                let (key, value) = row.map_err(engine_error)?;
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
                match change {
                    Change::Put(_, value) if value.len() > LONGEST_VALUE => {
                        return Err(EngineError::Failed("a value is too long for a row".to_owned()));
                    }
                    Change::Put(key, value) => batch.insert(key.as_slice(), value.as_slice()),
                    Change::Delete(key) => batch.remove(key.as_slice()),
                }
            }
            self.db.apply_batch(batch).map_err(engine_error)?;
            // flush, then fsync: only after both is anything durable.
            self.db.flush().map_err(engine_error)?;
            Ok(self.file.sync_data()?)
        })
    }

    fn fresh(&self, directory: &Path) -> Result<Self, EngineError> {
        const CACHE_BYTES: u64 = 8 * 1_048_576;
        let options = SledOptions { cache_bytes: CACHE_BYTES, min_free_bytes: 0 };
        Self::open(directory, &options).map_err(|error| EngineError::Failed(error.to_string()))
    }

    fn has_room(&self, bytes: u64) -> bool {
        match rustix::fs::fstatvfs(&self.directory) {
            Ok(fs) => {
                let free = fs.f_bavail.saturating_mul(fs.f_frsize);
                // Some file systems have as many inodes as it takes, and say none.
                let inodes = fs.f_files == 0 || fs.f_favail >= MIN_FREE_INODES;
                free >= self.min_free_bytes.max(bytes) && inodes
            }
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

pub(super) fn engine_error(error: sled::Error) -> EngineError {
    match error {
        sled::Error::Io(error) => EngineError::Io(error),
        sled::Error::Corruption { .. } => EngineError::Damaged(error.to_string()),
        other => EngineError::Failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use campana_protocol::frame::Class;

    use super::*;
    use crate::store::Store;
    use crate::store::conformance::{self, Fixture};
    use crate::store::rows::format_value;

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
        let newer = format_value(FORMAT + 1);
        sled.apply(&[Change::Put(crate::store::key::Key::Format.encode(), newer)]).expect("written");
        drop(sled);
        let error = SledStore::open_directory(directory.path(), &options()).expect_err("newer");
        assert!(matches!(error, OpenError::Newer { found, .. } if found == FORMAT + 1), "{error}");
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
    fn a_store_knows_when_it_was_written_to_before_it_was_opened() {
        let mut on_disk = OnDisk::new();
        assert_eq!(on_disk.store().written_at(), None);
        drop(on_disk.store.take());
        let file = File::options().write(true).open(on_disk.directory.path().join("db")).expect("there");
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).expect("set");
        on_disk.reopen();
        assert_eq!(on_disk.store().written_at(), Some(1_700_000_000_000));
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
