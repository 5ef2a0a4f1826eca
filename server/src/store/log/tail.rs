//! The end of the file that is written to.
//!
//! An fsync that makes a file longer waits for the file system's journal too, and that takes about
//! as long as the bytes themselves. So zeros are written ahead of the frames, many commits' worth
//! at a time, and a commit writes over them: its fsync changes nothing but bytes. (Reserving space
//! without writing it does not help: its first write is a change to the journal again.) Where the
//! zeros begin the log ends: no frame begins with one, and whoever opens the log cuts them off.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use super::mark::Mark;
use super::segment::Segment;
use crate::limits::LOG_AHEAD_BYTES;

static ZEROS: [u8; 65_536] = [0; 65_536];

/// The file that is written to, and where.
#[derive(Debug)]
pub(super) struct Tail {
    segment: Arc<Segment>,
    /// Bytes in it, all durable.
    bytes: u32,
    /// Its length: frames, then zeros.
    length: u32,
}

impl Tail {
    /// Of a file with so many bytes.
    pub(super) fn new(segment: Arc<Segment>, bytes: u32) -> Self {
        Self { segment, bytes, length: bytes }
    }

    pub(super) fn mark(&self) -> Mark {
        self.segment.mark
    }

    pub(super) fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Writes frames behind those that are there, and returns once they are durable.
    ///
    /// # Errors
    /// If writing fails: how much of them is there is unknown.
    pub(super) fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        // A file is never longer than its limit, one commit and what is written ahead.
        let end = self.bytes + frames.len() as u32;
        if end > self.length {
            self.lengthen(end)?;
        }
        self.segment.file.write_all_at(frames, u64::from(self.bytes))?;
        // The length is all that reading needs to know of the file beside its bytes.
        self.segment.file.sync_data()?;
        self.bytes = end;
        Ok(())
    }

    /// Takes off the zeros once nothing more comes here. They need no room for a week.
    pub(super) fn cut(self) -> io::Result<()> {
        self.segment.file.set_len(u64::from(self.bytes))
    }

    /// Zeros until `end` and so much further.
    fn lengthen(&mut self, end: u32) -> io::Result<()> {
        let wanted = end + LOG_AHEAD_BYTES as u32;
        while self.length < wanted {
            let count = ZEROS.len().min((wanted - self.length) as usize);
            self.segment.file.write_all_at(&ZEROS[..count], u64::from(self.length))?;
            self.length += count as u32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::mark::Mark;
    use super::*;

    fn tail(path: &std::path::Path) -> Tail {
        let file = fs::File::options().read(true).write(true).create_new(true).open(path);
        Tail::new(Arc::new(Segment { file: file.expect("made"), mark: Mark::OLD }), 0)
    }

    #[test]
    fn frames_follow_each_other_and_zeros_follow_them_until_they_are_cut_off() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        let mut tail = tail(&path);
        let mut expected = Vec::new();
        // Shorter than what is written ahead, longer, and one that ends exactly with it.
        for (byte, len) in [(1, 100), (2, LOG_AHEAD_BYTES - 100), (3, 100), (4, 3 * LOG_AHEAD_BYTES)] {
            let frames = vec![byte; len];
            tail.append(&frames).expect("written");
            expected.extend(frames);
            assert_eq!(tail.bytes() as usize, expected.len());
            let there = fs::read(&path).expect("readable");
            assert_eq!(there[..expected.len()], expected);
            assert!(there[expected.len()..].iter().all(|byte| *byte == 0));
        }
        tail.cut().expect("cut");
        assert_eq!(fs::read(&path).expect("readable"), expected);
    }

    #[test]
    fn most_commits_do_not_make_the_file_longer() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        let mut tail = tail(&path);
        tail.append(&[1; 1_000]).expect("written");
        let length = fs::metadata(&path).expect("there").len();
        for _ in 0..LOG_AHEAD_BYTES / 1_000 {
            tail.append(&[1; 1_000]).expect("written");
            assert_eq!(fs::metadata(&path).expect("there").len(), length);
        }
        tail.append(&[1; 1_000]).expect("written");
        assert!(fs::metadata(&path).expect("there").len() > length);
    }
}
