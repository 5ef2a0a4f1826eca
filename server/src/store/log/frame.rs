//! One entry in a file of the log: a header that tells damage from an interrupted write, then
//! fixed-width big-endian fields, then the body.
//!
//! Behind damage frames are looked for among bytes that may be the inside of a body, and bodies are
//! others' words. So each file has a mark, random and known to nobody who cannot read the disk: how its
//! frames begin and where their checksums start. What is not of the file's mark is no frame of it.

use campana_protocol::frame::{Class, Entry};
use campana_protocol::id::{ChannelId, RecordId};

use campana_protocol::limits::MAX_UPDATE_BODY;

use super::mark::Mark;

/// Magic, length of what follows the header, checksum, durable.
const HEADER: usize = 16;
/// What the checksum covers begins here: durable, then all that follows the header.
const CHECKED: usize = 12;
/// Channel, record, seq, expires_at, received_at, class.
const FIELDS: usize = 32 + 16 + 8 + 8 + 8 + 1;

/// Bytes a frame takes beside its body.
pub(crate) const OVERHEAD: usize = HEADER + FIELDS;

/// No frame is longer: only updates are in the log. Bounds what one false beginning costs.
const MAX_LEN: usize = OVERHEAD + MAX_UPDATE_BODY;

/// An entry in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) channel: ChannelId,
    pub(crate) record: RecordId,
    pub(crate) seq: u64,
    pub(crate) expires_at: u64,
    pub(crate) received_at: u64,
    pub(crate) class: Class,
    pub(crate) body: &'a [u8],
}

/// A frame as it was read.
pub(super) struct Found<'a> {
    /// Its bytes in all.
    pub(super) len: usize,
    /// How much of its file was durable before the commit that wrote it.
    pub(super) durable: u32,
    pub(super) frame: Frame<'a>,
}

impl Frame<'_> {
    /// Appends it to `out`. `durable`: how much of the file is durable before this commit.
    pub(super) fn write(&self, mark: Mark, durable: u32, out: &mut Vec<u8>) {
        let begin = out.len();
        // Bodies are far below 4 GiB: the protocol's limit.
        let len = (FIELDS + self.body.len()) as u32;
        out.extend_from_slice(&mark.begin);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&durable.to_be_bytes());
        out.extend_from_slice(&self.channel.0);
        out.extend_from_slice(&self.record.0);
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.expires_at.to_be_bytes());
        out.extend_from_slice(&self.received_at.to_be_bytes());
        out.push(number(self.class));
        out.extend_from_slice(self.body);
        let checksum = mark.checksum(&out[begin + CHECKED..]);
        out[begin + 8..begin + CHECKED].copy_from_slice(&checksum.to_be_bytes());
    }

    /// As the protocol has it.
    pub(crate) fn entry(&self) -> Entry {
        Entry {
            seq: self.seq,
            class: self.class,
            received_at: self.received_at,
            record: self.record,
            body: self.body.to_vec().into(),
        }
    }
}

/// The frame of this mark at the beginning of `bytes`; `None` if there is no whole and undamaged one.
pub(super) fn read(mark: Mark, bytes: &[u8]) -> Option<Found<'_>> {
    let mut rest = bytes.strip_prefix(&mark.begin)?;
    let r = &mut rest;
    let len = HEADER.checked_add(usize::try_from(u32::from_be_bytes(take(r)?)).ok()?)?;
    let checksum = u32::from_be_bytes(take(r)?);
    if !(OVERHEAD..=MAX_LEN).contains(&len) || mark.checksum(bytes.get(CHECKED..len)?) != checksum {
        return None;
    }
    let durable = u32::from_be_bytes(take(r)?);
    let mut frame = Frame {
        channel: ChannelId(take(r)?),
        record: RecordId(take(r)?),
        seq: u64::from_be_bytes(take(r)?),
        expires_at: u64::from_be_bytes(take(r)?),
        received_at: u64::from_be_bytes(take(r)?),
        class: class(u8::from_be_bytes(take(r)?))?,
        body: &[],
    };
    frame.body = bytes.get(OVERHEAD..len)?;
    Some(Found { len, durable, frame })
}

/// Where in `bytes` the next undamaged frame begins.
pub(super) fn find(mark: Mark, bytes: &[u8]) -> Option<usize> {
    let begins = bytes.windows(mark.begin.len()).enumerate().filter(|(_, window)| **window == mark.begin);
    begins.map(|(at, _)| at).find(|at| read(mark, &bytes[*at..]).is_some())
}

const fn number(class: Class) -> u8 {
    match class {
        Class::Control => 0,
        Class::Alert => 1,
        Class::Update => 2,
    }
}

fn class(number: u8) -> Option<Class> {
    [Class::Control, Class::Alert, Class::Update].get(usize::from(number)).copied()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(seq: u64, body: &[u8]) -> Frame<'_> {
        Frame {
            channel: ChannelId([1; 32]),
            record: RecordId([2; 16]),
            seq,
            expires_at: 7,
            received_at: 5,
            class: Class::Alert,
            body,
        }
    }

    const MARK: Mark = Mark { begin: *b"mark", checksum: 77 };

    proptest! {
        #[test]
        fn a_frame_comes_back_from_its_bytes(
            seq in any::<u64>(), durable in any::<u32>(), body in any::<Vec<u8>>(), after in any::<Vec<u8>>(),
        ) {
            let mut bytes = Vec::new();
            frame(seq, &body).write(MARK, durable, &mut bytes);
            let len = bytes.len();
            bytes.extend(after);
            let found = read(MARK, &bytes).expect("a frame");
            prop_assert_eq!((found.len, found.durable, found.frame), (len, durable, frame(seq, &body)));
        }

        #[test]
        fn a_changed_bit_is_noticed(body in any::<Vec<u8>>(), at in any::<proptest::sample::Index>()) {
            let mut bytes = Vec::new();
            frame(1, &body).write(MARK, 3, &mut bytes);
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(read(MARK, &bytes).is_none());
        }

        #[test]
        fn any_bytes_are_a_frame_or_not(bytes in any::<Vec<u8>>()) {
            prop_assert!(read(MARK, &bytes).is_none());
            prop_assert!(read(MARK, &[&MARK.begin[..], &bytes].concat()).is_none());
        }
    }

    #[test]
    fn the_next_frame_is_found_behind_damage() {
        let mut bytes = [b"..".as_slice(), &MARK.begin, b"not a frame"].concat();
        let begin = bytes.len();
        frame(1, b"body").write(MARK, 0, &mut bytes);
        assert_eq!(find(MARK, &bytes), Some(begin));
        assert_eq!(find(MARK, &bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn a_frame_of_another_mark_is_none() {
        let mut bytes = Vec::new();
        frame(1, b"body").write(MARK, 0, &mut bytes);
        // Knowing how frames begin is not enough, and neither is knowing the checksum.
        for other in [Mark { checksum: 78, ..MARK }, Mark { begin: *b"Mark", ..MARK }, Mark::OLD] {
            assert!(read(other, &bytes).is_none());
            assert_eq!(find(other, &bytes), None);
        }
    }

    #[test]
    fn false_beginnings_cost_no_more_than_the_longest_frame_each() {
        // Each says that it is as long as all that follows.
        let mut bytes = Vec::new();
        while bytes.len() < 4 << 20 {
            bytes.extend(MARK.begin);
            bytes.extend((3u32 << 20).to_be_bytes());
        }
        let began = std::time::Instant::now();
        assert_eq!(find(MARK, &bytes), None);
        // Half a million checksums over 3 MiB would take minutes; refused by their length they take none.
        assert!(began.elapsed() < core::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
