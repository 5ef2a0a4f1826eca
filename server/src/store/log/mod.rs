//! Entries as they come, one file after the other: what a burst of appends costs is one write
//! and one fsync.
//!
//! An engine of rows pays for each row, and a commit of 64 appends is 192 of them. So a commit
//! that holds nothing but appends of ordinary entries goes here and changes no row; every other
//! commit goes to the rows, entries and all. A commit is in one place or the other and durable
//! there before the next begins, so nothing needs to be atomic over both. Each entry of a channel
//! is in the log or in a row; the head is the larger of what either says.
//!
//! Where an entry is, and which record it was, is in memory, and is made again from the files
//! when the store opens. Both are bounded by [`limits::MAX_LOG_ENTRIES`] and
//! [`limits::MAX_LOG_BYTES`]: beyond them entries go to the rows, which is slower and right.
//! Ordinary entries are kept equally long, so they expire in order: a channel's log loses its
//! beginning, the `Head` row says durably up to where, and a file goes when its last entry has.

mod batch;
mod frame;
mod index;
mod located;
mod mark;
mod name;
mod segment;
mod sieve;
mod tail;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use campana_protocol::id::{ChannelId, RecordId};

pub(crate) use self::batch::Batch;
pub(crate) use self::frame::{Frame, OVERHEAD};
use self::index::{Index, Place};
pub(crate) use self::located::Located;
use self::mark::Mark;
pub(crate) use self::name::Name;
use self::name::Names;
use self::sieve::Sieve;
use self::tail::Tail;
use crate::limits;

/// The log of a store.
#[derive(Debug)]
pub(crate) struct Log {
    directory: PathBuf,
    index: RwLock<Index>,
    writer: Mutex<Writer>,
    names: Names,
    /// Records that may have a row.
    rows: Sieve,
    damaged: u64,
}

/// The file that is written to.
#[derive(Debug)]
struct Writer {
    current: Option<Current>,
    next: u32,
}

#[derive(Debug)]
struct Current {
    number: u32,
    tail: Tail,
    /// When the first entry in it expires.
    expires_at: u64,
}

impl Log {
    /// Opens the log in `directory`, making it if there is none. `head` says where a channel's log ends
    /// by its rows; `None`: there is no such channel, or a row has that seq.
    ///
    /// # Errors
    /// If it cannot be read, or not be made durable.
    pub(crate) fn open(directory: &Path, head: impl Fn(&ChannelId, u64) -> Option<u64>) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let names = Names::default();
        let (mut index, mut damaged, mut next) = (Index::default(), 0, 0);
        for number in segment::numbers(directory)? {
            let path = segment::path(directory, number);
            let (mut found, mut missing) = (Vec::new(), Vec::new());
            let recovered = segment::recover(&path, |entry| {
                let name = names.of(&entry.frame.channel, &entry.frame.record);
                let place = Place::of(&entry.frame, name, number, entry.offset, entry.len);
                found.push((entry.frame.channel, place));
                missing.push(entry.missing);
            })?;
            damaged += recovered.damaged;
            index.add_file(number, Arc::new(recovered.segment), recovered.bytes);
            // Entries of this file that damage has been found to explain the want of.
            let mut explained = 0;
            for ((channel, place), missing) in found.into_iter().zip(missing) {
                let next =
                    missing == 0 || follows(&index, &head, &channel, place.seq, missing, &mut explained);
                damaged += u64::from(!(next && index.add(channel, place)));
            }
            next = number.saturating_add(1);
        }
        File::open(directory)?.sync_all()?;
        if let Some(parent) = directory.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self {
            directory: directory.to_path_buf(),
            index: RwLock::new(index),
            writer: Mutex::new(Writer { current: None, next }),
            names,
            rows: Sieve::new(),
            damaged,
        })
    }

    /// Whether so many entries with so many bytes of bodies, which expire then, may come here.
    ///
    /// What would expire before what is here may not: it would wait behind it. That is so after
    /// the clock was set back.
    pub(crate) fn takes(&self, expires_at: u64, entries: usize, bytes: usize) -> bool {
        let (index, bytes) = (self.reading(), (bytes + entries * OVERHEAD) as u64);
        expires_at >= index.newest()
            && index.entries() + entries <= limits::MAX_LOG_ENTRIES
            && index.bytes() + bytes <= limits::MAX_LOG_BYTES
    }

    /// The seq of the last entry of `channel` in the log (0: none).
    pub(crate) fn last(&self, channel: &ChannelId) -> u64 {
        self.reading().last(channel)
    }

    /// What the other calls know `record` by.
    pub(crate) fn name(&self, channel: &ChannelId, record: &RecordId) -> Name {
        self.names.of(channel, record)
    }

    /// The record gets a row.
    pub(crate) fn add_row(&self, name: Name) {
        self.rows.add(name);
    }

    /// `false`: the record has no row.
    pub(crate) fn may_be_row(&self, name: Name) -> bool {
        self.rows.may_hold(name)
    }

    /// The entry that `record`, known by `name`, stands for.
    pub(crate) fn first(&self, channel: &ChannelId, record: &RecordId, name: Name) -> Option<Located> {
        let index = self.reading();
        let seq = index.seq_of(name)?;
        let found = index.places(channel, seq - 1, seq, 1).pop()?;
        (found.0.record == *record).then(|| Located::new(*channel, found))
    }

    /// The first `limit` entries after `after` up to and including `through`.
    pub(crate) fn entries(
        &self,
        channel: &ChannelId,
        after: u64,
        through: u64,
        limit: usize,
    ) -> Vec<Located> {
        let found = self.reading().places(channel, after, through, limit);
        found.into_iter().map(|found| Located::new(*channel, found)).collect()
    }

    /// Begins a commit of at most so many bytes of frames, whose first entry expires then.
    ///
    /// # Errors
    /// If a new file is due and cannot be made, or the old one not be cut to its length.
    pub(crate) fn begin(&self, expires_at: u64, entries: usize, bytes: usize) -> io::Result<Batch> {
        let mut writer = self.writing();
        let bytes = bytes + entries * OVERHEAD;
        let goes_on = writer.current.as_ref().is_some_and(|current| {
            expires_at < current.expires_at.saturating_add(limits::LOG_FILE_MS)
                && current.tail.bytes() as usize + bytes <= limits::LOG_FILE_BYTES
        });
        if !goes_on && let Some(current) = writer.current.take() {
            current.tail.cut()?;
        }
        let current = match &writer.current {
            Some(current) => (current.number, current.tail.bytes(), current.tail.mark()),
            None => self.create(&mut writer, expires_at)?,
        };
        Ok(Batch::new(current, entries, bytes))
    }

    /// Makes a batch durable; only then is any of it seen.
    ///
    /// # Errors
    /// If writing fails: how much of it is there is unknown until the store is opened again.
    pub(crate) fn append(&self, batch: Batch) -> io::Result<()> {
        if batch.bytes.is_empty() {
            return Ok(());
        }
        let mut writer = self.writing();
        let current = writer.current.as_mut().filter(|current| current.number == batch.number);
        let current = current.ok_or_else(|| io::Error::other("the batch was begun for another file"))?;
        current.tail.append(&batch.bytes)?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.grew(batch.number, batch.bytes.len() as u64);
        for (channel, place) in batch.places {
            index.add(channel, place);
        }
        Ok(())
    }

    /// Up to which seq each channel's entries have expired, some `limit` entries at most.
    pub(crate) fn expired(&self, now: u64, limit: usize) -> Vec<(ChannelId, u64)> {
        self.reading().expired(now, limit)
    }

    /// Forgets entries of a channel up to and including a seq, once a row says so durably. How
    /// many there were.
    pub(crate) fn forget(&self, channel: &ChannelId, through: u64) -> usize {
        self.replacing().forget(channel, through)
    }

    /// Deletes the files in which no entry is left. One that stays is tried again when the store
    /// is opened.
    pub(crate) fn sweep(&self) {
        let mut writer = self.writing();
        let empty = self.replacing().take_empty();
        for number in empty {
            if writer.current.as_ref().is_some_and(|current| current.number == number) {
                writer.current = None;
            }
            if let Err(error) = fs::remove_file(segment::path(&self.directory, number)) {
                tracing::error!(%error, "an expired file of the log cannot be deleted");
            }
        }
    }

    /// The files, and how much of each is of commits.
    pub(crate) fn lengths(&self) -> Vec<(PathBuf, u64)> {
        let index = self.reading();
        index.lengths().map(|(number, bytes)| (segment::path(&self.directory, number), bytes)).collect()
    }

    /// The channels that have entries here.
    pub(crate) fn channels(&self) -> Vec<ChannelId> {
        self.reading().channels()
    }

    /// Entries held and their bytes.
    pub(crate) fn held(&self) -> (u64, u64) {
        self.reading().held()
    }

    /// Places that could not be read when the log was opened.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Its number, length and mark.
    fn create(&self, writer: &mut Writer, expires_at: u64) -> io::Result<(u32, u32, Mark)> {
        let number = writer.next;
        writer.next = number.checked_add(1).ok_or_else(|| io::Error::other("no numbers are left"))?;
        let segment = Arc::new(segment::create(&segment::path(&self.directory, number))?);
        File::open(&self.directory)?.sync_all()?;
        self.replacing().add_file(number, Arc::clone(&segment), segment::EMPTY.into());
        let mark = segment.mark;
        writer.current = Some(Current { number, tail: Tail::new(segment, segment::EMPTY), expires_at });
        Ok((number, segment::EMPTY, mark))
    }

    fn reading(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn replacing(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an entry found behind damage can be one of its channel: seqs are dense, so only so many are
/// wanting as the damage can have held. `explained`: those that were wanting so far.
fn follows(
    index: &Index,
    head: impl Fn(&ChannelId, u64) -> Option<u64>,
    channel: &ChannelId,
    seq: u64,
    missing: u64,
    explained: &mut u64,
) -> bool {
    let Some(head) = head(channel, seq) else { return false };
    let wanting = seq.saturating_sub(index.last(channel).max(head).saturating_add(1));
    if *explained + wanting > missing {
        return false;
    }
    *explained += wanting;
    true
}

#[cfg(test)]
mod tests {
    use campana_protocol::frame::Class;

    use super::*;

    const CHANNEL: ChannelId = ChannelId([1; 32]);

    fn frame(channel: ChannelId, seq: u64, durable: usize, body: &[u8]) -> Vec<u8> {
        let (record, class, mut bytes) = (RecordId([seq as u8; 16]), Class::Update, Vec::new());
        Frame { channel, record, seq, expires_at: 9, received_at: 1, class, body }.write(
            Mark::OLD,
            durable as u32,
            &mut bytes,
        );
        bytes
    }

    /// A log of before marks: entries 1 and 2, then 3, which is damaged and whose body is `inside`, then 4.
    /// The seqs that are there when it is opened, and the damage.
    fn opened(inside: &[u8], head: impl Fn(&ChannelId, u64) -> Option<u64>) -> (Vec<u64>, u64) {
        let directory = tempfile::tempdir().expect("a directory");
        let mut bytes = Vec::new();
        for (seq, body) in [(1, &b"body"[..]), (2, b"body"), (3, inside), (4, b"body")] {
            bytes.extend(frame(CHANNEL, seq, bytes.len(), body));
        }
        bytes[2 * (OVERHEAD + 4) + 20] ^= 1;
        fs::write(segment::path(directory.path(), 0), bytes).expect("written");
        let log = Log::open(directory.path(), head).expect("readable");
        let seqs = log.entries(&CHANNEL, 0, u64::MAX, 100).iter().map(Located::seq).collect();
        (seqs, log.damaged())
    }

    #[test]
    fn behind_damage_the_next_entries_are_taken() {
        assert_eq!(opened(b"body", |_, _| Some(0)), (vec![1, 2, 4], 1));
    }

    #[test]
    fn what_cannot_be_the_next_of_its_channel_is_damage() {
        let known = |channel: &ChannelId, _: u64| (*channel == CHANNEL).then_some(0);
        // Far ahead; of a channel that is not there; where another entry is.
        for forged in [(CHANNEL, 99), (ChannelId([2; 32]), 1), (CHANNEL, 2)] {
            let inside = frame(forged.0, forged.1, 60_000_000, b"forged");
            assert_eq!(opened(&inside, known), (vec![1, 2, 4], 2), "{forged:?}");
        }
        // A row has that seq.
        assert_eq!(opened(b"body", |_, seq| (seq != 4).then_some(4)), (vec![1, 2], 2));
        // Rows between make up for what is not in the log.
        let ahead = frame(CHANNEL, 9, 60_000_000, b"body");
        assert_eq!(opened(&ahead, |_, _| Some(8)).0, [1, 2, 9]);
    }
}
