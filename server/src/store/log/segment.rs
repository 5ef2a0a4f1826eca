//! A file of the log, read again when the store opens.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::frame::{self, Frame};

/// What a file held.
pub(super) struct Recovered {
    pub(super) file: File,
    /// Its length, once what an interrupted commit left has been cut off.
    pub(super) bytes: u64,
    /// Places in it that were durable once and can no longer be read.
    pub(super) damaged: u64,
}

/// Reads a file and shows each entry to `visit` with its place: offset and length.
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
pub(super) fn recover(path: &Path, mut visit: impl FnMut(u32, u32, &Frame<'_>)) -> io::Result<Recovered> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let (mut at, mut damaged) = (0, 0);
    while at < bytes.len() {
        if let Some(found) = frame::read(&bytes[at..]) {
            // A file is never longer than its limit and one commit: its places fit.
            visit(at as u32, found.len as u32, &found.frame);
            at += found.len;
        } else if let Some(next) = durable_behind(&bytes, at) {
            damaged += 1;
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
    Ok(Recovered { file, bytes: at as u64, damaged })
}

/// The first frame behind the hole at `hole`, if any frame behind it was written when the hole
/// was durable.
fn durable_behind(bytes: &[u8], hole: usize) -> Option<usize> {
    let first = hole + frame::find(&bytes[hole..])?;
    let mut at = first;
    loop {
        match frame::read(&bytes[at..]) {
            Some(found) if found.durable as usize > hole => return Some(first),
            Some(found) => at += found.len,
            None => at += 1 + frame::find(bytes.get(at + 1..)?)?,
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

    /// Four frames, the first two of one commit, the others of one each.
    fn four() -> Vec<u8> {
        let mut bytes = Vec::new();
        for (seq, durable) in [(1, 0), (2, 0), (3, 2 * LEN), (4, 3 * LEN)] {
            let (channel, record) = (ChannelId([1; 32]), RecordId([seq as u8; 16]));
            let class = Class::Update;
            Frame { channel, record, seq, expires_at: 9, received_at: 1, class, body: b"body" }
                .write(durable as u32, &mut bytes);
        }
        bytes
    }

    /// The seqs found in a file of `bytes`, its length afterwards, and the damage.
    fn recovered(bytes: &[u8]) -> (Vec<u64>, u64, u64) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = path(directory.path(), 1);
        std::fs::write(&path, bytes).expect("written");
        let mut seqs = Vec::new();
        let recovered = recover(&path, |_, _, frame| seqs.push(frame.seq)).expect("readable");
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
}
