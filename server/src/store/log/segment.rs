//! A file of the log, made and read again when the store opens.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::frame::{self, Frame};
use super::mark::{HEADER, Mark};

/// A file of the log, open.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) file: File,
    pub(super) mark: Mark,
}

/// Makes one. What its frames are told by is durable before there are any.
///
/// # Errors
/// If it is there, or cannot be made durable.
pub(super) fn create(path: &Path) -> io::Result<Segment> {
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
    let (mark, header) = Mark::fresh().map_err(io::Error::other)?;
    file.write_all(&header)?;
    file.sync_all()?;
    Ok(Segment { file, mark })
}

/// Bytes of a file that was just made.
pub(super) const EMPTY: u32 = HEADER as u32;

/// A frame as it was found.
pub(super) struct Recovery<'a> {
    pub(super) offset: u32,
    pub(super) len: u32,
    pub(super) frame: Frame<'a>,
    /// How many entries are missing before it at most, in this file: 0 unless some of it is damaged.
    pub(super) missing: u64,
}

/// What a file held.
pub(super) struct Recovered {
    pub(super) segment: Segment,
    /// Its length, once what an interrupted commit left has been cut off.
    pub(super) bytes: u64,
    /// Places in it that were durable once and can no longer be read.
    pub(super) damaged: u64,
}

/// Reads a file and shows each entry to `visit` with its place.
///
/// Zeros written ahead (`tail`) are a hole with nothing behind it.
///
/// A commit that was interrupted leaves frames that are not whole, and perhaps whole ones behind
/// them: all that follows the first hole is cut off, for none of it was acknowledged. Unless a
/// frame behind the hole says that the hole was durable when it was written: then the hole is
/// damage, and only what is in it is lost.
///
/// # Errors
/// If it cannot be read, shortened or made durable.
pub(super) fn recover(path: &Path, mut visit: impl FnMut(&Recovery<'_>)) -> io::Result<Recovered> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let Some((mark, mut at)) = Mark::read(&bytes) else {
        // Nothing in it can be read. There was nothing if it had only just been made.
        let (segment, damaged) = (Segment { file, mark: Mark::OLD }, u64::from(bytes.len() > HEADER));
        return Ok(Recovered { segment, bytes: bytes.len() as u64, damaged });
    };
    let (mut damaged, mut missing) = (0, 0);
    while at < bytes.len() {
        if let Some(found) = frame::read(mark, &bytes[at..]) {
            // A file is never longer than its limit and one commit: its places fit.
            let (offset, len) = (at as u32, found.len as u32);
            visit(&Recovery { offset, len, frame: found.frame, missing });
            at += found.len;
        } else if let Some(next) = durable_behind(mark, &bytes, at) {
            damaged += 1;
            missing += ((next - at) / frame::OVERHEAD) as u64;
            at = next;
        } else {
            break;
        }
    }
    if at < bytes.len() {
        file.set_len(at as u64)?;
    }
    // Whoever reads it from now on must read what stays: a killed process can have left bytes
    // that no fsync has followed.
    file.sync_all()?;
    Ok(Recovered { segment: Segment { file, mark }, bytes: at as u64, damaged })
}

/// The first frame behind the hole at `hole`, if any frame behind it was written when the hole
/// was durable.
fn durable_behind(mark: Mark, bytes: &[u8], hole: usize) -> Option<usize> {
    let first = hole + frame::find(mark, &bytes[hole..])?;
    let mut at = first;
    loop {
        match frame::read(mark, &bytes[at..]) {
            Some(found) if found.durable as usize > hole => return Some(first),
            Some(found) => at += found.len,
            None => at += 1 + frame::find(mark, bytes.get(at + 1..)?)?,
        }
    }
}

/// The name of a file of the log.
pub(super) fn path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{number:08x}"))
}

/// The numbers of the files that are there, in order.
pub(super) fn numbers(directory: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for file in std::fs::read_dir(directory)? {
        let name = file?.file_name();
        numbers.extend(name.to_str().and_then(|name| u32::from_str_radix(name, 16).ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use campana_protocol::frame::Class;
    use campana_protocol::id::{ChannelId, RecordId};

    use super::*;

    const LEN: usize = frame::OVERHEAD + 4;

    fn written(mark: Mark, seq: u64, durable: usize, body: &[u8]) -> Vec<u8> {
        let (channel, record) = (ChannelId([1; 32]), RecordId([seq as u8; 16]));
        let (class, mut bytes) = (Class::Update, Vec::new());
        Frame { channel, record, seq, expires_at: 9, received_at: 1, class, body }.write(
            mark,
            durable as u32,
            &mut bytes,
        );
        bytes
    }

    /// Four frames, the first two of one commit, the others of one each.
    fn four() -> Vec<u8> {
        let of = |(seq, durable)| written(Mark::OLD, seq, durable, b"body");
        [(1, 0), (2, 0), (3, 2 * LEN), (4, 3 * LEN)].map(of).concat()
    }

    /// The seqs found in a file of `bytes`, its length afterwards, and the damage.
    fn recovered(bytes: &[u8]) -> (Vec<u64>, u64, u64) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = path(directory.path(), 1);
        std::fs::write(&path, bytes).expect("written");
        let mut seqs = Vec::new();
        let recovered = recover(&path, |found| seqs.push(found.frame.seq)).expect("readable");
        assert_eq!(std::fs::metadata(&path).expect("there").len(), recovered.bytes);
        (seqs, recovered.bytes, recovered.damaged)
    }

    #[test]
    fn a_whole_file_is_read_to_its_end() {
        assert_eq!(recovered(&four()), (vec![1, 2, 3, 4], 4 * LEN as u64, 0));
        assert_eq!(recovered(&[]), (vec![], 0, 0));
    }

    #[test]
    fn what_an_interrupted_commit_left_is_cut_off_wherever_it_ends() {
        let bytes = four();
        for end in 3 * LEN..4 * LEN {
            assert_eq!(recovered(&bytes[..end]), (vec![1, 2, 3], 3 * LEN as u64, 0), "{end}");
        }
    }

    #[test]
    fn zeros_written_ahead_are_cut_off_and_so_is_a_commit_among_them() {
        let bytes = four();
        let zeros = vec![0; 10_000];
        assert_eq!(recovered(&[&bytes, &zeros[..]].concat()), (vec![1, 2, 3, 4], 4 * LEN as u64, 0));
        assert_eq!(recovered(&zeros), (vec![], 0, 0));
        // Of the last commit, only its end or only its beginning came before the power went.
        for torn in 0..LEN {
            let mut begun = [&bytes, &zeros[..]].concat();
            begun[3 * LEN + torn..4 * LEN].fill(0);
            assert_eq!(recovered(&begun), (vec![1, 2, 3], 3 * LEN as u64, 0), "{torn}");
            let mut ended = [&bytes, &zeros[..]].concat();
            ended[3 * LEN..=3 * LEN + torn].fill(0);
            assert_eq!(recovered(&ended), (vec![1, 2, 3], 3 * LEN as u64, 0), "{torn}");
        }
    }

    #[test]
    fn of_a_commit_with_a_hole_only_what_is_before_the_hole_stays() {
        // Both frames are of one commit: the second says nothing of the first.
        let mut bytes = four();
        bytes.truncate(2 * LEN);
        bytes[10] ^= 1;
        assert_eq!(recovered(&bytes), (vec![], 0, 0));
    }

    #[test]
    fn damage_to_what_was_durable_costs_only_what_is_damaged() {
        let mut bytes = four();
        bytes[LEN + 40] ^= 1;
        assert_eq!(recovered(&bytes), (vec![1, 3, 4], 4 * LEN as u64, 1));
        bytes[2 * LEN] ^= 1;
        assert_eq!(recovered(&bytes), (vec![1, 4], 4 * LEN as u64, 1));
    }

    /// A file with a mark, in which one durable frame was damaged whose body holds `inside`, and another
    /// follows.
    fn damaged_around(mark: Mark, header: &[u8], inside: &[u8]) -> Vec<u8> {
        let mut bytes = header.to_vec();
        bytes.extend(written(mark, 1, bytes.len(), inside));
        let end = bytes.len();
        bytes[header.len() + 20] ^= 1;
        bytes.extend(written(mark, 2, end, b"body"));
        bytes
    }

    #[test]
    fn a_body_that_imitates_a_frame_is_no_entry_behind_a_hole() {
        let (mark, header) = Mark::fresh().expect("randomness");
        // Says that the hole was durable, as a frame behind damage does.
        let imitation = written(Mark::OLD, 99, 60_000_000, b"forged");
        let bytes = damaged_around(mark, &header, &imitation);
        assert_eq!(recovered(&bytes), (vec![2], bytes.len() as u64, 1));
        // Which is what the mark is for: without one, it would be.
        let bytes = damaged_around(Mark::OLD, &[], &imitation);
        assert_eq!(recovered(&bytes).0, [99, 2]);
    }

    #[test]
    fn a_file_begins_with_its_mark_and_is_read_by_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = path(directory.path(), 1);
        let mark = create(&path).expect("made").mark;
        let header = std::fs::read(&path).expect("readable");
        assert_eq!(header.len(), EMPTY as usize);
        let mut bytes = header;
        for seq in 1..=3 {
            let durable = bytes.len();
            bytes.extend(written(mark, seq, durable, b"body"));
        }
        assert_eq!(recovered(&bytes), (vec![1, 2, 3], bytes.len() as u64, 0));
        let whole = bytes.len() as u64;
        bytes.extend([0; 5_000]);
        assert_eq!(recovered(&bytes), (vec![1, 2, 3], whole, 0));
        // Torn before anything was committed.
        assert_eq!(recovered(&bytes[..EMPTY as usize]), (vec![], u64::from(EMPTY), 0));
        // A mark that cannot be read: nothing is made up.
        bytes[12] ^= 1;
        assert_eq!(recovered(&bytes), (vec![], bytes.len() as u64, 1));
        let half = EMPTY as usize / 2;
        assert_eq!(recovered(&bytes[..half]), (vec![], half as u64, 0));
    }

    #[test]
    fn it_is_said_how_much_may_be_missing_before_an_entry() {
        let mut bytes = four();
        bytes[LEN + 40] ^= 1;
        bytes[2 * LEN] ^= 1;
        let directory = tempfile::tempdir().expect("a directory");
        let path = path(directory.path(), 1);
        std::fs::write(&path, bytes).expect("written");
        let mut found = Vec::new();
        recover(&path, |entry| found.push((entry.frame.seq, entry.missing))).expect("readable");
        assert_eq!(found, [(1, 0), (4, 2)]);
    }
}
