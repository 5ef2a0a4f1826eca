//! An entry of the log, read when it is wanted: its file is open until then, deleted or not.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use campana_protocol::frame::Entry;
use campana_protocol::id::ChannelId;

use super::frame;
use super::index::Place;
use super::segment::Segment;

/// An entry that is in the log, to be read.
#[derive(Debug)]
pub(crate) struct Located {
    segment: Arc<Segment>,
    place: Place,
    channel: ChannelId,
}

impl Located {
    pub(super) fn new(channel: ChannelId, (place, segment): (Place, Arc<Segment>)) -> Self {
        Self { segment, place, channel }
    }

    /// Its position.
    pub(crate) fn seq(&self) -> u64 {
        self.place.seq
    }

    /// The entry; `None` if it is damaged.
    ///
    /// # Errors
    /// If the disk failed.
    pub(crate) fn read(&self) -> io::Result<Option<Entry>> {
        let mut bytes = vec![0; self.place.len as usize];
        match self.segment.file.read_exact_at(&mut bytes, u64::from(self.place.offset)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let found = frame::read(self.segment.mark, &bytes)
            .filter(|found| found.frame.channel == self.channel && found.frame.seq == self.place.seq);
        Ok(found.map(|found| found.frame.entry()))
    }
}
