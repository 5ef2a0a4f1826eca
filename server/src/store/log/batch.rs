//! One commit on its way into the log.

use campana_protocol::id::{ChannelId, RecordId};

use super::frame::{self, Frame};
use super::index::Place;
use super::mark::Mark;
use super::name::{ByName, Name};

/// Entries on their way into the log, in one commit.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The file it goes to, and how much of that is durable.
    pub(super) number: u32,
    base: u32,
    mark: Mark,
    pub(super) bytes: Vec<u8>,
    pub(super) places: Vec<(ChannelId, Place)>,
    records: ByName<usize>,
}

impl Batch {
    /// For so many entries and bytes of frames at most. The first argument is the file's
    /// number, length and mark.
    pub(super) fn new((number, base, mark): (u32, u32, Mark), entries: usize, bytes: usize) -> Self {
        Self {
            number,
            base,
            mark,
            bytes: Vec::with_capacity(bytes),
            places: Vec::with_capacity(entries),
            records: ByName::with_capacity_and_hasher(entries, Default::default()),
        }
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, frame: &Frame<'_>, name: Name) {
        let at = self.bytes.len();
        frame.write(self.mark, self.base, &mut self.bytes);
        // A file is never longer than its limit: its places fit.
        let place =
            Place::of(frame, name, self.number, self.base + at as u32, (self.bytes.len() - at) as u32);
        self.records.insert(name, at);
        self.places.push((frame.channel, place));
    }

    /// The entry of this batch that `record`, known by `name`, stands for.
    pub(crate) fn first(&self, channel: &ChannelId, record: &RecordId, name: Name) -> Option<Frame<'_>> {
        let at = *self.records.get(&name)?;
        let frame = frame::read(self.mark, &self.bytes[at..])?.frame;
        (frame.channel == *channel && frame.record == *record).then_some(frame)
    }
}
