//! A store that is only looked at: opening one writes, so a copy is opened.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::error::OpenError;
use super::sled::{SledOptions, SledStore};

/// A copy of a store without its bodies, deleted when this is dropped.
#[derive(Debug)]
pub struct Look {
    store: Option<SledStore>,
    directory: PathBuf,
}

impl Look {
    /// Copies the store in `directory`, which no relay may have open, and opens the copy.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn at(directory: &Path, options: &SledOptions) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: directory.to_path_buf(), source };
        let _lock = lock(directory)?;
        let mut look = Self { store: None, directory: temporary().map_err(failed)? };
        let store = look.directory.join("store");
        copy(directory, &store).map_err(failed)?;
        look.store = Some(SledStore::open_directory(&store, options)?);
        Ok(look)
    }

    /// The copy. It has no bodies.
    #[must_use]
    pub fn store(&self) -> Option<&SledStore> {
        self.store.as_ref()
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        drop(self.store.take());
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Whether a relay has the store in `directory` open.
///
/// # Errors
/// [`OpenError`]: that there is none, mostly.
pub fn in_use(directory: &Path) -> Result<bool, OpenError> {
    match lock(directory) {
        Ok(_) => Ok(false),
        Err(OpenError::InUse(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Keeps relays from opening the store for as long as the file is open.
fn lock(directory: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Io { path: directory.to_path_buf(), source };
    let lock = match File::open(directory.join("db")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::Missing(directory.to_path_buf()));
        }
        Err(error) => return Err(failed(error)),
    };
    match flock(&lock, FlockOperation::NonBlockingLockShared) {
        Err(rustix::io::Errno::WOULDBLOCK) => return Err(OpenError::InUse(directory.to_path_buf())),
        locked => locked.map_err(|error| failed(error.into()))?,
    }
    Ok(lock)
}

/// A directory for us alone.
fn temporary() -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let path = std::env::temp_dir().join(format!("campana-relay-{:016x}", u64::from_ne_bytes(random)));
    DirBuilder::new().mode(0o700).create(&path)?;
    Ok(path)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        let to = to.join(file.file_name());
        if !file.file_type()?.is_dir() {
            fs::copy(file.path(), to)?;
        } else if file.file_name() != "bodies" {
            copy(&file.path(), &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use campana_protocol::frame::Class;

    use super::*;
    use crate::store::Store as _;
    use crate::store::conformance::{Bench, Fixture, owner};

    const OPTIONS: SledOptions = SledOptions { cache_bytes: 8 * 1_048_576, min_free_bytes: 0 };

    struct Kept(Option<SledStore>);

    impl Fixture for Kept {
        type Store = SledStore;

        fn new() -> Self {
            Self(None)
        }

        fn store(&self) -> &SledStore {
            self.0.as_ref().expect("open")
        }

        fn reopen(&mut self) {}
    }

    /// Each file with its bytes and when it was changed.
    fn all(directory: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
        let mut found = Vec::new();
        for file in fs::read_dir(directory).expect("readable") {
            let path = file.expect("readable").path();
            if path.is_dir() {
                found.extend(all(&path));
            } else {
                let changed = fs::metadata(&path).and_then(|about| about.modified()).expect("known");
                found.push((path.clone(), fs::read(&path).expect("readable"), changed));
            }
        }
        found.sort();
        found
    }

    #[test]
    fn looking_changes_nothing_and_counts_bodies() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut b = Bench::with_channel(Kept(SledStore::open_directory(directory.path(), &OPTIONS).ok()));
        b.append(owner(), Class::Control, &[7; 5_000]);
        b.append(owner(), Class::Update, &[7; 5_000]);
        let open = Look::at(directory.path(), &OPTIONS).expect_err("a relay has it open");
        assert!(matches!(open, OpenError::InUse(_)), "{open}");
        drop(b);
        let before = all(directory.path());
        let look = loop {
            // The engine keeps its lock for a moment.
            match Look::at(directory.path(), &OPTIONS) {
                Err(OpenError::InUse(_)) => std::thread::yield_now(),
                look => break look.expect("opens"),
            }
        };
        let holdings = look.store().expect("open").holdings().expect("readable");
        let entries = holdings.iter().find(|held| held.kind == "sealed entries").expect("a kind");
        assert!(entries.rows == 2 && entries.bytes > 10_000, "{entries:?}");
        let copy = look.directory.clone();
        drop(look);
        assert!(!copy.exists());
        assert_eq!(all(directory.path()), before);
    }

    #[test]
    fn looking_at_a_mistyped_path_makes_nothing_there() {
        let root = tempfile::tempdir().expect("a directory");
        let typo = root.path().join("typo");
        for error in [
            Look::at(&typo, &OPTIONS).map(drop).expect_err("nothing is there"),
            SledStore::open_existing(&typo, &OPTIONS).map(drop).expect_err("nothing is there"),
        ] {
            assert!(matches!(&error, OpenError::Missing(path) if *path == typo), "{error}");
        }
        assert!(!typo.exists());
    }
}
