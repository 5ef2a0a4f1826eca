//! Keys of rows: what a device's store is made of. Keys are not secret; contents are sealed.

use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{IncidentId, PublicKey};

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    /// `d`: the device and its membership.
    Device,
    /// `a`: the network's charter.
    Charter,
    /// `r`: the committee's invites, owners, drafts.
    Registry,
    /// `k`: unused signing keys and key packages.
    Spares,
    /// `m` kind: a channel's cursor, access secret, flags.
    Meta(ChannelKind),
    /// `g` kind: a channel's MLS state without the tree.
    Group(ChannelKind),
    /// `t` kind number: a part of the tree.
    Chunk(ChannelKind, u32),
    /// `s` kind number: a statement of the chain. Marked dirty: this and all after it.
    Statement(ChannelKind, u64),
    /// `p` role key: a person, for the committee.
    Person(PublicKey),
    /// `i` incident.
    Incident(IncidentId),
    /// `o` number: something owed to the relay.
    Job(u64),
    /// `n`: alerts of this device.
    Alerts,
    /// `l` kind seq: an entry as the relay sent it, in case that it loses it.
    Kept(ChannelKind, u64),
    /// `q` number: a post or blob part that the relay has taken.
    Mailed(u64),
    /// `u` kind seq: an event of a kind unknown here.
    Unknown(ChannelKind, u64),
}

impl Row {
    pub(crate) fn key(self) -> Vec<u8> {
        let (letter, rest): (u8, Vec<u8>) = match self {
            Self::Device => (b'd', Vec::new()),
            Self::Charter => (b'a', Vec::new()),
            Self::Registry => (b'r', Vec::new()),
            Self::Spares => (b'k', Vec::new()),
            Self::Meta(kind) => (b'm', vec![kind as u8]),
            Self::Group(kind) => (b'g', vec![kind as u8]),
            Self::Chunk(kind, number) => (b't', numbered(kind, u64::from(number))),
            Self::Statement(kind, number) => (b's', numbered(kind, number)),
            Self::Person(key) => (b'p', key.0.to_vec()),
            Self::Incident(id) => (b'i', id.0.to_vec()),
            Self::Job(id) => (b'o', id.to_be_bytes().to_vec()),
            Self::Alerts => (b'n', Vec::new()),
            Self::Kept(kind, seq) => (b'l', numbered(kind, seq)),
            Self::Mailed(id) => (b'q', id.to_be_bytes().to_vec()),
            Self::Unknown(kind, seq) => (b'u', numbered(kind, seq)),
        };
        [&[letter][..], &rest].concat()
    }
}

impl Row {
    /// The channel that this row is a part of.
    pub(crate) const fn channel(self) -> Option<ChannelKind> {
        match self {
            Self::Meta(kind) | Self::Group(kind) | Self::Chunk(kind, _) | Self::Statement(kind, _) => {
                Some(kind)
            }
            _ => None,
        }
    }

    /// An event that a later version may know.
    pub(crate) const fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown(..))
    }

    /// Whether there may be hundreds like it, each for itself.
    pub(crate) const fn is_one_of_many(self) -> bool {
        matches!(
            self,
            Self::Person(_)
                | Self::Incident(_)
                | Self::Job(_)
                | Self::Unknown(..)
                | Self::Kept(..)
                | Self::Mailed(_)
        )
    }
}

/// The row with this key.
pub(crate) fn parse(key: &[u8]) -> Option<Row> {
    let (&letter, rest) = key.split_first()?;
    let row = match (letter, rest) {
        (b'd', []) => Row::Device,
        (b'a', []) => Row::Charter,
        (b'r', []) => Row::Registry,
        (b'k', []) => Row::Spares,
        (b'm', [kind]) => Row::Meta(kind_of(*kind)?),
        (b'g', [kind]) => Row::Group(kind_of(*kind)?),
        (b't', [kind, number @ ..]) => Row::Chunk(kind_of(*kind)?, number_of(number)?.try_into().ok()?),
        (b's', [kind, number @ ..]) => Row::Statement(kind_of(*kind)?, number_of(number)?),
        (b'p', key) => Row::Person(PublicKey::from_slice(key)?),
        (b'i', id) => Row::Incident(IncidentId::from_slice(id)?),
        (b'n', []) => Row::Alerts,
        (b'o', number) => Row::Job(number_of(number)?),
        (b'l', [kind, seq @ ..]) => Row::Kept(kind_of(*kind)?, number_of(seq)?),
        (b'q', number) => Row::Mailed(number_of(number)?),
        (b'u', [kind, seq @ ..]) => Row::Unknown(kind_of(*kind)?, number_of(seq)?),
        _ => return None,
    };
    Some(row)
}

pub(crate) fn chunk_prefix(kind: ChannelKind) -> [u8; 2] {
    [b't', kind as u8]
}

pub(crate) fn unknown_prefix(kind: ChannelKind) -> [u8; 2] {
    [b'u', kind as u8]
}

pub(crate) fn statement_prefix(kind: ChannelKind) -> [u8; 2] {
    [b's', kind as u8]
}

fn numbered(kind: ChannelKind, number: u64) -> Vec<u8> {
    [&[kind as u8][..], &number.to_be_bytes()].concat()
}

fn kind_of(byte: u8) -> Option<ChannelKind> {
    ChannelKind::ALL.into_iter().find(|kind| *kind as u8 == byte)
}

fn number_of(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_comes_back() {
        let kind = ChannelKind::Desk;
        let rows = [
            Row::Device,
            Row::Charter,
            Row::Registry,
            Row::Spares,
            Row::Meta(kind),
            Row::Group(kind),
            Row::Chunk(kind, 7),
            Row::Statement(kind, 8),
            Row::Person(PublicKey([9; 32])),
            Row::Incident(IncidentId([1; 16])),
            Row::Job(3),
            Row::Alerts,
            Row::Unknown(kind, 4),
            Row::Kept(kind, 5),
            Row::Mailed(6),
        ];
        for row in rows {
            assert_eq!(parse(&row.key()), Some(row));
        }
    }
}
