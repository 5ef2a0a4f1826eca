//! Where in the log each entry is: in memory, made again when the store opens.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use campana_protocol::id::{ChannelId, RecordId};

use super::frame::Frame;
use super::name::{ByName, Name};
use super::segment::Segment;

/// Where one entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) expires_at: u64,
    pub(super) record: RecordId,
    pub(super) name: Name,
    /// Number of its file.
    pub(super) file: u32,
    pub(super) offset: u32,
    pub(super) len: u32,
}

impl Place {
    pub(super) fn of(frame: &Frame<'_>, name: Name, file: u32, offset: u32, len: u32) -> Self {
        let Frame { seq, expires_at, record, .. } = *frame;
        Self { seq, expires_at, record, name, file, offset, len }
    }
}

/// A file with entries that somebody may still want.
#[derive(Debug)]
struct Kept {
    segment: Arc<Segment>,
    bytes: u64,
    entries: usize,
}

/// The entries of one channel, by seq. Seqs between them are in rows, or gone.
type Channel = VecDeque<Place>;

/// All channels and files.
#[derive(Debug, Default)]
pub(super) struct Index {
    channels: HashMap<ChannelId, Channel>,
    /// The seq of each record.
    records: ByName<u64>,
    files: HashMap<u32, Kept>,
    entries: usize,
    /// When the last of all entries so far expires.
    newest: u64,
}

impl Index {
    pub(super) fn add_file(&mut self, number: u32, segment: Arc<Segment>, bytes: u64) {
        self.files.insert(number, Kept { segment, bytes, entries: 0 });
    }

    /// Adds an entry of a file that has been added. `false`: it is not after the last one.
    pub(super) fn add(&mut self, channel: ChannelId, place: Place) -> bool {
        let known = self.channels.entry(channel).or_default();
        if known.back().is_some_and(|last| last.seq >= place.seq) {
            return false;
        }
        known.push_back(place);
        self.records.insert(place.name, place.seq);
        if let Some(kept) = self.files.get_mut(&place.file) {
            kept.entries += 1;
        }
        self.entries += 1;
        self.newest = self.newest.max(place.expires_at);
        true
    }

    pub(super) fn grew(&mut self, file: u32, bytes: u64) {
        if let Some(kept) = self.files.get_mut(&file) {
            kept.bytes += bytes;
        }
    }

    /// The seq of the last entry in the log (0: none).
    pub(super) fn last(&self, channel: &ChannelId) -> u64 {
        let known = self.channels.get(channel).and_then(VecDeque::back);
        known.map_or(0, |place| place.seq)
    }

    pub(super) fn seq_of(&self, name: Name) -> Option<u64> {
        self.records.get(&name).copied()
    }

    /// The first `limit` places after `after` up to and including `through`, each with its file.
    pub(super) fn places(
        &self,
        channel: &ChannelId,
        after: u64,
        through: u64,
        limit: usize,
    ) -> Vec<(Place, Arc<Segment>)> {
        let Some(known) = self.channels.get(channel) else {
            return Vec::new();
        };
        let first = known.partition_point(|place| place.seq <= after);
        let wanted = known.range(first..).take_while(|place| place.seq <= through).take(limit);
        wanted.filter_map(|place| Some((*place, Arc::clone(&self.files.get(&place.file)?.segment)))).collect()
    }

    /// Up to which seq each channel's entries have expired, some `limit` entries at most.
    pub(super) fn expired(&self, now: u64, mut limit: usize) -> Vec<(ChannelId, u64)> {
        let mut expired = Vec::new();
        for (channel, known) in &self.channels {
            let old = known.iter().take(limit).take_while(|place| place.expires_at <= now);
            let (count, last) = old.fold((0, None), |(count, _), place| (count + 1, Some(place.seq)));
            limit -= count;
            expired.extend(last.map(|seq| (*channel, seq)));
        }
        expired
    }

    /// Forgets the entries of `channel` up to and including `through`. How many there were.
    pub(super) fn forget(&mut self, channel: &ChannelId, through: u64) -> usize {
        let Some(known) = self.channels.get_mut(channel) else {
            return 0;
        };
        let before = self.entries;
        while let Some(place) = known.pop_front_if(|place| place.seq <= through) {
            // The same record may have been appended again since.
            if self.records.get(&place.name) == Some(&place.seq) {
                self.records.remove(&place.name);
            }
            if let Some(kept) = self.files.get_mut(&place.file) {
                kept.entries -= 1;
            }
            self.entries -= 1;
        }
        if known.is_empty() {
            self.channels.remove(channel);
        }
        before - self.entries
    }

    /// Takes out the files in which no entry is left.
    pub(super) fn take_empty(&mut self) -> Vec<u32> {
        let empty: Vec<u32> =
            self.files.iter().filter(|(_, kept)| kept.entries == 0).map(|(n, _)| *n).collect();
        for number in &empty {
            self.files.remove(number);
        }
        empty
    }

    pub(super) fn channels(&self) -> Vec<ChannelId> {
        self.channels.keys().copied().collect()
    }

    /// Entries and bytes of frames that are held.
    pub(super) fn held(&self) -> (u64, u64) {
        let places = self.channels.values().flatten();
        (self.entries as u64, places.map(|place| u64::from(place.len)).sum())
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn entries(&self) -> usize {
        self.entries
    }

    /// The bytes of each file.
    pub(super) fn lengths(&self) -> impl Iterator<Item = (u32, u64)> {
        self.files.iter().map(|(number, kept)| (*number, kept.bytes))
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.values().map(|kept| kept.bytes).sum()
    }
}
