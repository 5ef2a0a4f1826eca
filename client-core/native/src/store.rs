//! The file store: the core's sealed rows and a generation number, one atomic and durable
//! transaction per turn.
//!
//! Several processes may use one store: a `watch` in one terminal and a `report` from another.
//! A [`Session`] holds the file `lock` exclusively for one turn or a short burst of them. The
//! database is open only inside a session, so it never sees two writers; the generation tells a
//! process that another one has written since.
//!
//! | file | content |
//! |---|---|
//! | `store.redb` | rows, generation, format version |
//! | `lock` | locked during a session; its first 8 bytes repeat the generation, the next 8 tell when the store last held all that the relay has (Unix milliseconds): both are hints only |
//! | `vault.key` or `vault.locked` | what the rows are sealed under (see [`crate::vault`]) |

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use campana_core::Change;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition,
};

use crate::files;

/// The format this version writes. A newer one is refused, not guessed at.
pub const FORMAT: u64 = 1;

/// How long to wait for another process's turn. A turn takes milliseconds; the slowest, a large
/// admission on an old disk, some seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Memory for cached pages: a device's whole state is a few megabytes.
const CACHE: usize = 16 * 1_048_576;

/// Every file of a store, keys first.
const FILES: [&str; 7] =
    ["vault.key", "vault.locked", "vault.key.new", "vault.new", "store.redb", "watch.lock", "lock"];

/// Where in `lock` stands when the store last held all that the relay has.
const CAUGHT_UP: u64 = 8;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

/// A row as it is stored.
pub type Row = (Vec<u8>, Vec<u8>);

/// A store that can't be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory or a file in it can't be read or made.
    #[error("can't use the store at {}: {source}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A newer version wrote it.
    #[error(
        "this store was written by a newer version of Campana (format {found}): update, then open it again"
    )]
    Newer {
        /// Its format.
        found: u64,
    },
    /// Not a store, or damaged.
    #[error("the store at {} is damaged ({detail}): restore a copy of the whole directory, or move it away and join again with a new invite", .path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What the database says.
        detail: String,
    },
    /// Another process holds the lock for too long.
    #[error("another Campana process has kept this store busy for {} seconds: stop it, then try again", PATIENCE.as_secs())]
    Busy,
    /// The transaction could not be written. What was there before is still there.
    #[error("can't write to the store: {0}; nothing was changed, make room and try again")]
    Write(String),
}

impl StoreError {
    /// The stable word for scripts and message keys.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "store-unreadable",
            Self::Newer { .. } => "store-newer",
            Self::Damaged { .. } => "store-damaged",
            Self::Busy => "store-busy",
            Self::Write(_) => "store-write",
        }
    }

    /// Every word.
    pub const WORDS: &'static [&'static str] =
        &["store-unreadable", "store-newer", "store-damaged", "store-busy", "store-write"];
}

/// A store's place.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    lock: File,
}

impl Store {
    /// Opens the store in a directory, which is made if need be, and checks its integrity.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let unreadable = |source| StoreError::Unreadable { path: directory.to_owned(), source };
        files::private_directory(directory).map_err(unreadable)?;
        let lock = files::open_private(&directory.join("lock")).map_err(unreadable)?;
        let store = Self { directory: directory.to_owned(), lock };
        store.begin_checked(true)?;
        Ok(store)
    }

    /// Erases the store in a directory: keys first, then rows; the directory too if nothing else is in it.
    /// It need not be one that opens.
    ///
    /// # Errors
    /// [`StoreError`]: the keys may be gone already; erase again.
    pub fn erase(directory: &Path) -> Result<(), StoreError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Unreadable { path, source }
        };
        let place = directory.join("lock");
        let lock = files::open_private(&place).map_err(unreadable(&place))?;
        let _held = Guard::take(&lock).map_err(|_| StoreError::Busy)?;
        for name in FILES {
            let path = directory.join(name);
            match files::erase(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(unreadable(&path)(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        // Somebody else's files keep the directory.
        let _ = std::fs::remove_dir(directory);
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes the lock and opens the database. Keep the session as short as a turn.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin(&self) -> Result<Session<'_>, StoreError> {
        self.begin_checked(false)
    }

    /// The generation that was last written, without taking the lock: good enough to know when
    /// to look, never to decide on.
    #[must_use]
    pub fn hint(&self) -> u64 {
        let mut bytes = [0; 8];
        let mut file = &self.lock;
        match file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut bytes)) {
            Ok(()) => u64::from_be_bytes(bytes),
            Err(_) => 0,
        }
    }

    /// When this store last held all that the relay has, Unix milliseconds; `None`: never, or unknown.
    #[must_use]
    pub fn caught_up_at(&self) -> Option<u64> {
        let mut bytes = [0; 8];
        let mut file = &self.lock;
        file.seek(SeekFrom::Start(CAUGHT_UP)).and_then(|_| file.read_exact(&mut bytes)).ok()?;
        Some(u64::from_be_bytes(bytes)).filter(|at| *at > 0)
    }

    /// Notes that the store holds all that the relay has.
    pub(crate) fn note_caught_up(&self, at: u64) {
        let mut file = &self.lock;
        // A hint for the reader of a list: losing it makes the list look older, never newer.
        let _ = file.seek(SeekFrom::Start(CAUGHT_UP)).and_then(|_| file.write_all(&at.to_be_bytes()));
    }

    fn begin_checked(&self, integrity: bool) -> Result<Session<'_>, StoreError> {
        let guard = Guard::take(&self.lock).map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::Busy,
            TryLockError::Error(source) => {
                StoreError::Unreadable { path: self.directory.join("lock"), source }
            }
        })?;
        let path = self.directory.join("store.redb");
        if !path.exists() {
            files::open_private(&path)
                .and_then(|_| files::sync_directory(&self.directory))
                .map_err(|source| StoreError::Unreadable { path: path.clone(), source })?;
        }
        let opened = guarded(&path, || {
            Builder::new().set_cache_size(CACHE).set_check_integrity_on_open(integrity).create(&path)
        })?;
        let database = opened.map_err(|error| from_open(&path, error))?;
        let mut session = Session { store: self, guard, path, database: Some(database), generation: 0 };
        session.read_meta()?;
        Ok(session)
    }
}

/// Sole use of a store, until dropped.
#[derive(Debug)]
pub struct Session<'a> {
    store: &'a Store,
    guard: Guard<'a>,
    path: PathBuf,
    database: Option<Database>,
    generation: u64,
}

impl Session<'_> {
    /// How many transactions this store has seen.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The store's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.store.directory
    }

    /// Every row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rows(&self) -> Result<Vec<Row>, StoreError> {
        let read = |database: &Database| -> Result<Vec<Row>, redb::Error> {
            let transaction = database.begin_read()?;
            let table = match transaction.open_table(ROWS) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                table => table?,
            };
            table.iter()?.map(|row| row.map(own).map_err(Into::into)).collect()
        };
        self.with(read)?.map_err(|error| self.damaged(&error))
    }

    /// Writes all changes or none, durably, and returns the new generation.
    ///
    /// # Errors
    /// [`StoreError::Write`]: the database may know only after a reopening whether the
    /// transaction stands; drop the session and load again.
    pub fn commit(&mut self, changes: &[Change]) -> Result<u64, StoreError> {
        let generation = self.generation + 1;
        let write = |database: &Database| -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            {
                let mut meta = transaction.open_table(META)?;
                meta.insert("format", FORMAT)?;
                meta.insert("generation", generation)?;
                let mut rows = transaction.open_table(ROWS)?;
                for change in changes {
                    match &change.value {
                        Some(value) => drop(rows.insert(change.key.as_slice(), value.as_slice())?),
                        None => drop(rows.remove(change.key.as_slice())?),
                    }
                }
            }
            transaction.commit()?;
            Ok(())
        };
        self.with(write)?.map_err(|error| StoreError::Write(error.to_string()))?;
        self.generation = generation;
        self.guard.hint(generation);
        Ok(generation)
    }

    fn read_meta(&mut self) -> Result<(), StoreError> {
        let read = |database: &Database| -> Result<(u64, u64), redb::Error> {
            let transaction = database.begin_read()?;
            let meta = match transaction.open_table(META) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok((FORMAT, 0)),
                meta => meta?,
            };
            let number = |name| meta.get(name).map(|value| value.map_or(0, |value| value.value()));
            Ok((number("format")?, number("generation")?))
        };
        let (format, generation) = self.with(read)?.map_err(|error| self.damaged(&error))?;
        if format > FORMAT {
            return Err(StoreError::Newer { found: format });
        }
        self.generation = generation;
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> T) -> Result<T, StoreError> {
        let database = self.database.as_ref().expect("the database is taken out only when the session ends");
        guarded(&self.path, || work(database))
    }

    fn damaged(&self, error: &redb::Error) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), detail: error.to_string() }
    }
}

impl Drop for Session<'_> {
    /// The database closes before the lock is released.
    fn drop(&mut self) {
        if let Some(database) = self.database.take() {
            // A close that fails leaves a file that the next opening repairs.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
        }
    }
}

/// The lock, released when dropped.
#[derive(Debug)]
struct Guard<'a>(&'a File);

impl<'a> Guard<'a> {
    fn take(file: &'a File) -> Result<Self, TryLockError> {
        let until = Instant::now() + PATIENCE;
        let mut pause = Duration::from_micros(200);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(pause),
                Err(error) => return Err(error),
            }
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }

    fn hint(&self, generation: u64) {
        let mut file = self.0;
        // Only a hint: every session reads the true generation.
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&generation.to_be_bytes()));
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn own((key, value): (redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>)) -> Row {
    (key.value().to_vec(), value.value().to_vec())
}

/// A damaged file can make the database library panic; that is this store's error, not our end.
fn guarded<T>(path: &Path, work: impl FnOnce() -> T) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| StoreError::Damaged {
        path: path.to_owned(),
        detail: panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "unreadable page".into()),
    })
}

fn from_open(path: &Path, error: DatabaseError) -> StoreError {
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::Busy,
        DatabaseError::Storage(StorageError::Io(source))
            if !matches!(source.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
        {
            StoreError::Unreadable { path, source }
        }
        other => StoreError::Damaged { path, detail: other.to_string() },
    }
}
