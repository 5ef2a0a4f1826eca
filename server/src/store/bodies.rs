//! Bodies of entries, posts and blob parts: plain files, one for each hour in which bodies expire.
//!
//! A row says where its body is ([`Place`]). Deleting rows takes an engine room and leaves their
//! bytes on the disk; deleting an hour's file takes none, gives its space back, and what was in it
//! can be read no more. A body is durable before its row is written, so whatever follows the last
//! body that a row knows is of a commit that never was: nothing needs to be recovered, and the next
//! commit after an opening begins behind it.

use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use campana_derive::{Decode, Encode};
use minicbor::bytes::ByteArray;
use rustix::fs::{FallocateFlags, fallocate};
use sha2::{Digest as _, Sha256};

use crate::limits::{BODY_FILE_MS, OPEN_BODY_FILES};

/// Where a body is, and which one: what a row holds in its stead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Place {
    /// The file: its bodies have all expired at the end of that hour.
    #[n(0)]
    hour: u32,
    #[n(1)]
    offset: u64,
    #[n(2)]
    len: u32,
    #[n(3)]
    digest: ByteArray<16>,
}

impl Place {
    /// Bytes of the body.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether this is the place of such a body, without looking.
    pub(crate) fn holds(&self, body: &[u8]) -> bool {
        self.len() == body.len() && self.digest == digest(body)
    }
}

/// What is found at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Body(Vec<u8>),
    /// It has expired, though its row is still there.
    Expired,
    /// Something else than was put there.
    Damaged,
}

/// Bodies of one commit, on their way.
#[derive(Debug, Default)]
pub(crate) struct Pending(BTreeMap<u32, (u64, Vec<u8>)>);

/// The files.
#[derive(Debug)]
pub(crate) struct Bodies {
    path: PathBuf,
    directory: File,
    files: Mutex<Files>,
    /// The last hour whose file was deleted.
    expired: AtomicU32,
}

#[derive(Debug, Default)]
struct Files {
    /// Where the next body goes in each file there is.
    ends: BTreeMap<u32, u64>,
    /// Those that are open: some, so that a network of many hours needs no descriptor for each.
    open: HashMap<u32, Arc<File>>,
}

impl Bodies {
    /// Opens the files in a directory, making it if there is none.
    ///
    /// # Errors
    /// If it cannot be made or read.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let mut ends = BTreeMap::new();
        for file in fs::read_dir(path)? {
            let file = file?;
            let hour = file.file_name().to_str().and_then(|name| u32::from_str_radix(name, 16).ok());
            if let Some(hour) = hour {
                // Rows say that what is in it is there. Whoever restored it may not have seen to that.
                let file = File::open(file.path())?;
                file.sync_all()?;
                ends.insert(hour, file.metadata()?.len());
            }
        }
        let files = Mutex::new(Files { ends, open: HashMap::new() });
        let directory = File::open(path)?;
        directory.sync_all()?;
        if let Some(parent) = path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { path: path.to_path_buf(), directory, files, expired: AtomicU32::new(0) })
    }

    /// Gives a body that expires then its place among those of a commit.
    pub(crate) fn add(&self, pending: &mut Pending, expires_at: u64, body: &[u8]) -> Place {
        let hour = hour(expires_at);
        let end = || self.files().ends.get(&hour).copied().unwrap_or(0);
        let (base, bytes) = pending.0.entry(hour).or_insert_with(|| (end(), Vec::new()));
        let offset = *base + bytes.len() as u64;
        bytes.extend_from_slice(body);
        // Bodies are far below 4 GiB: the protocol's limit.
        Place { hour, offset, len: body.len() as u32, digest: digest(body) }
    }

    /// Makes the bodies of a commit durable.
    ///
    /// # Errors
    /// If writing fails: no row may say that they are there.
    pub(crate) fn write(&self, pending: Pending) -> io::Result<()> {
        for (hour, (base, bytes)) in pending.0 {
            let (file, new) = self.put(hour, base, &bytes)?;
            file.sync_data()?;
            if new {
                self.directory.sync_all()?;
            }
        }
        Ok(())
    }

    /// Writes bodies that are durable once the files are opened again: many at a time, of many hours.
    ///
    /// # Errors
    /// If writing fails.
    pub(crate) fn write_many(&self, pending: Pending) -> io::Result<()> {
        pending.0.into_iter().try_for_each(|(hour, (base, bytes))| self.put(hour, base, &bytes).map(drop))
    }

    /// The file, and whether it is new.
    fn put(&self, hour: u32, base: u64, bytes: &[u8]) -> io::Result<(Arc<File>, bool)> {
        let file = self.file(hour, true)?;
        file.write_all_at(bytes, base)?;
        let before = self.files().ends.insert(hour, base + bytes.len() as u64);
        Ok((file, before.is_none()))
    }

    /// The body at a place.
    ///
    /// # Errors
    /// If the disk failed.
    pub(crate) fn read(&self, place: &Place) -> io::Result<Found> {
        let missing = || {
            if place.hour <= self.expired.load(Ordering::SeqCst) { Found::Expired } else { Found::Damaged }
        };
        let file = match self.file(place.hour, false) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(missing()),
            Err(error) => return Err(error),
        };
        let mut body = vec![0; place.len()];
        match file.read_exact_at(&mut body, place.offset) {
            Ok(()) if digest(&body) == place.digest => Ok(Found::Body(body)),
            Ok(()) => Ok(Found::Damaged),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(missing()),
            Err(error) => Err(error),
        }
    }

    /// Takes a body out of its file whose row is gone before its time. What cannot be taken out goes
    /// with its hour.
    pub(crate) fn erase(&self, place: &Place) {
        if place.len == 0 {
            return;
        }
        let erased = self.file(place.hour, false).and_then(|file| {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            match fallocate(&*file, flags, place.offset, u64::from(place.len)) {
                Err(rustix::io::Errno::OPNOTSUPP) => file.write_all_at(&vec![0; place.len()], place.offset),
                done => done.map_err(Into::into),
            }
        });
        match erased {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a body that was deleted stays in its file until it expires");
            }
            _ => {}
        }
    }

    /// The files, and how much of each is of commits.
    pub(crate) fn lengths(&self) -> Vec<(PathBuf, u64)> {
        self.files().ends.iter().map(|(hour, end)| (self.path_of(*hour), *end)).collect()
    }

    /// Deletes the files in which everything has expired. How many.
    pub(crate) fn expire(&self, now: u64) -> usize {
        let mut files = self.files();
        // The hour that ends now, or ended last.
        let last = u32::try_from(now / BODY_FILE_MS).unwrap_or(u32::MAX);
        let due: Vec<u32> = files.ends.range(..=last).map(|(hour, _)| *hour).collect();
        for hour in &due {
            // Readers are to know before it is gone.
            self.expired.fetch_max(*hour, Ordering::SeqCst);
            files.open.remove(hour);
            match fs::remove_file(self.path_of(*hour)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::error!(%error, "an expired file of bodies cannot be deleted");
                }
                _ => drop(files.ends.remove(hour)),
            }
        }
        due.len()
    }

    fn file(&self, hour: u32, write: bool) -> io::Result<Arc<File>> {
        let mut files = self.files();
        if let Some(file) = files.open.get(&hour) {
            return Ok(Arc::clone(file));
        }
        let path = self.path_of(hour);
        let file = OpenOptions::new().read(true).write(true).create(write).truncate(false).open(path)?;
        if files.open.len() >= OPEN_BODY_FILES {
            files.open.clear();
        }
        Ok(Arc::clone(files.open.entry(hour).or_insert(Arc::new(file))))
    }

    fn path_of(&self, hour: u32) -> PathBuf {
        self.path.join(format!("{hour:08x}"))
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hour at whose end what expires then has expired.
fn hour(expires_at: u64) -> u32 {
    u32::try_from(expires_at.div_ceil(BODY_FILE_MS)).unwrap_or(u32::MAX)
}

fn digest(body: &[u8]) -> ByteArray<16> {
    let mut digest = [0; 16];
    digest.copy_from_slice(&Sha256::digest(body)[..16]);
    digest.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = BODY_FILE_MS;

    fn put(bodies: &Bodies, expires_at: u64, all: &[&[u8]]) -> Vec<Place> {
        let mut pending = Pending::default();
        let places = all.iter().map(|body| bodies.add(&mut pending, expires_at, body)).collect();
        bodies.write(pending).expect("written");
        places
    }

    #[test]
    fn bodies_come_back_until_the_hour_in_which_they_expire_has_ended() {
        let directory = tempfile::tempdir().expect("a directory");
        let bodies = Bodies::open(directory.path()).expect("opens");
        let early = put(&bodies, 5 * HOUR, &[b"one", b"two"]);
        let late = put(&bodies, 5 * HOUR + 1, &[b"three"]);
        let more = put(&bodies, 4 * HOUR + 1, &[b"", b"four"]);
        let bodies = Bodies::open(directory.path()).expect("opens again");
        let read = |place: &Place| bodies.read(place).expect("readable");
        let body = |body: &[u8]| Found::Body(body.to_vec());
        assert_eq!(early.iter().map(read).collect::<Vec<_>>(), [body(b"one"), body(b"two")]);
        assert_eq!(more.iter().map(read).collect::<Vec<_>>(), [body(b""), body(b"four")]);
        assert_eq!(bodies.expire(5 * HOUR - 1), 0);
        assert_eq!(bodies.expire(5 * HOUR), 1);
        assert_eq!(read(&early[0]), Found::Expired);
        assert_eq!(read(&late[0]), body(b"three"));
        assert_eq!(fs::read_dir(directory.path()).expect("listed").count(), 1);
    }

    #[test]
    fn a_body_that_is_erased_is_in_no_file_and_its_neighbours_are() {
        let directory = tempfile::tempdir().expect("a directory");
        let bodies = Bodies::open(directory.path()).expect("opens");
        let places = put(&bodies, HOUR, &[&[1; 10_000], &[2; 10_000], &[3; 10_000]]);
        bodies.erase(&places[1]);
        assert!(!fs::read(directory.path().join("00000001")).expect("there").contains(&2));
        assert_eq!(bodies.read(&places[0]).expect("readable"), Found::Body(vec![1; 10_000]));
        assert_eq!(bodies.read(&places[1]).expect("readable"), Found::Damaged);
        assert_eq!(bodies.read(&places[2]).expect("readable"), Found::Body(vec![3; 10_000]));
    }

    #[test]
    fn what_a_commit_that_never_was_has_left_is_no_body() {
        let directory = tempfile::tempdir().expect("a directory");
        let bodies = Bodies::open(directory.path()).expect("opens");
        let kept = put(&bodies, HOUR, &[b"kept"]);
        fs::write(directory.path().join("00000001"), b"keptrest").expect("written");
        let bodies = Bodies::open(directory.path()).expect("opens again");
        let next = put(&bodies, HOUR, &[b"next"]);
        assert_eq!(bodies.read(&kept[0]).expect("readable"), Found::Body(b"kept".to_vec()));
        assert_eq!(bodies.read(&next[0]).expect("readable"), Found::Body(b"next".to_vec()));
    }

    #[test]
    fn damage_is_told_from_expiry() {
        let directory = tempfile::tempdir().expect("a directory");
        let bodies = Bodies::open(directory.path()).expect("opens");
        let places = [put(&bodies, 2 * HOUR, &[b"body"]), put(&bodies, 3 * HOUR, &[b"body"])].concat();
        fs::write(directory.path().join("00000003"), b"bodz").expect("written");
        assert_eq!(bodies.read(&places[1]).expect("readable"), Found::Damaged);
        fs::write(directory.path().join("00000003"), b"bo").expect("written");
        assert_eq!(bodies.read(&places[1]).expect("readable"), Found::Damaged);
        bodies.expire(2 * HOUR);
        assert_eq!(bodies.read(&places[0]).expect("readable"), Found::Expired);
        assert_eq!(bodies.read(&places[1]).expect("readable"), Found::Damaged);
    }
}
