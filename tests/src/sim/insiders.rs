//! Insiders: devices that everybody takes for members, with a changed program. Each goes on as an honest
//! one does, and besides does one thing that no honest one would. What still must hold for the others:
//! nobody is cut off in silence, every alert that was confirmed rings or a warning is shown, and nothing
//! that was acknowledged is lost.

use std::collections::BTreeSet;

use campana_core::{Core, Position};
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{BlobId, ChannelId, Hash, MailboxId, RecordId, hash};
use campana_protocol::limits::{MAX_BLOB_PART, MAX_CONTROL_BODY, MAX_POST_BODY, MAX_UPDATE_BODY};
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// How often an insider's program does something of its own.
pub(super) const PAUSE: u64 = 7_000;

/// Numbers of requests that no core comes to: their answers stand for nothing that it asked.
const REQUESTS: u32 = 1 << 30;

/// A device with a changed program.
#[derive(Debug, Clone)]
pub(super) struct Insider {
    pub(super) device: usize,
    pub(super) act: Act,
}

/// What a changed program does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// It reads, and never sends some of what it owes.
    Withhold(Withheld),
    /// It sends what is as large as the relay takes.
    Bloat,
    /// What it commits opens for none of some devices, or for nobody, now and then.
    Fragment {
        /// How many in a hundred of the others can't follow.
        percent: u64,
    },
    /// It sends without end: appends, posts, blobs, and events that say nothing.
    Flood,
}

/// What an insider keeps to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Withheld {
    /// All that it would append or post.
    Everything,
    /// All that it would post: whoever it lets in gets no Welcome.
    Posts,
    /// Alerts that it would say.
    Alerts,
    /// Commits that it would make.
    Commits,
}

impl Act {
    pub(super) fn draw(rng: &mut ChaCha8Rng, committee: bool) -> Self {
        match rng.next_u64() % 4 {
            0 => Self::Withhold(match rng.next_u64() % 4 {
                0 => Withheld::Everything,
                1 => Withheld::Posts,
                2 => Withheld::Alerts,
                _ => Withheld::Commits,
            }),
            1 => Self::Bloat,
            // A member's commits are others' pleas alone: those of the committee come first.
            2 if committee => Self::Fragment { percent: [10, 30, 60, 100][rng.next_u64() as usize % 4] },
            2 => Self::Fragment { percent: 30 },
            _ => Self::Flood,
        }
    }

    /// Whether a device with this program keeps a frame to itself.
    pub(super) fn withholds(&self, bytes: &[u8]) -> bool {
        let Self::Withhold(what) = self else { return false };
        let Ok(frame) = ClientFrame::decode(bytes) else { return false };
        let posts = matches!(frame, ClientFrame::Post { .. } | ClientFrame::PutBlob { .. });
        let appended = if let ClientFrame::Append { class, .. } = frame { Some(class) } else { None };
        match what {
            Withheld::Everything => posts || appended.is_some(),
            Withheld::Posts => posts,
            Withheld::Alerts => appended == Some(Class::Alert),
            Withheld::Commits => appended == Some(Class::Control),
        }
    }
}

/// Frames that a changed program sends over the connection that its core has proved itself on.
pub(super) fn junk(act: &Act, core: &Core, rng: &mut ChaCha8Rng) -> Vec<Vec<u8>> {
    let channels = core.positions();
    let frames = match act {
        Act::Flood => {
            let most = 1 + rng.next_u64() as usize % 24;
            (0..most).filter_map(|_| any(core, &channels, &core.others_mailboxes(), rng)).collect()
        }
        // A megabyte to each device now and then: more of them would be a test of this machine.
        Act::Bloat if rng.next_u64().is_multiple_of(6) => large(core, &channels, rng).into_iter().collect(),
        Act::Bloat | Act::Fragment { .. } | Act::Withhold(_) => Vec::new(),
    };
    frames.iter().map(ClientFrame::encode).collect()
}

/// Events that a member can encrypt and no program of ours means: their kind, class, number and content.
pub(super) fn nonsense(rng: &mut ChaCha8Rng) -> (ChannelKind, Class, u16, Vec<u8>) {
    let kind = ChannelKind::ALL[rng.next_u64() as usize % 3];
    let class = if rng.next_u64().is_multiple_of(4) { Class::Alert } else { Class::Update };
    let number = [100, 101, 308, 777][rng.next_u64() as usize % 4];
    let size = rng.next_u64() as usize % 700;
    (kind, class, number, bytes(rng, size))
}

fn any(
    core: &Core,
    channels: &[Position],
    mailboxes: &[MailboxId],
    rng: &mut ChaCha8Rng,
) -> Option<ClientFrame> {
    let request = REQUESTS + (rng.next_u64() % (1 << 30)) as u32;
    let position = channels.get(rng.next_u64() as usize % channels.len().max(1))?;
    let (channel, kind) = (position.channel, position.kind);
    let frame = match rng.next_u64() % 6 {
        0 => append(core, request, channel, kind, (Class::Control, 300), rng),
        1 => append(core, request, channel, kind, (Class::Alert, 600), rng),
        2 | 3 => append(core, request, channel, kind, (Class::Update, 9_000), rng),
        4 => {
            let any = MailboxId(core::array::from_fn(|_| rng.next_u64() as u8));
            let known = mailboxes.get(rng.next_u64() as usize % (mailboxes.len() + 1)).copied();
            let size = 1 + rng.next_u64() as usize % 3_000;
            let (record, body) = (record(rng), bytes(rng, size).into());
            ClientFrame::Post { request, mailbox: known.unwrap_or(any), record, body, pass: None }
        }
        _ => blob(request, channel, 20_000, rng),
    };
    Some(frame)
}

fn large(core: &Core, channels: &[Position], rng: &mut ChaCha8Rng) -> Option<ClientFrame> {
    let request = REQUESTS + (rng.next_u64() % (1 << 30)) as u32;
    let position = channels.get(rng.next_u64() as usize % channels.len().max(1))?;
    let (channel, kind) = (position.channel, position.kind);
    Some(match rng.next_u64() % 4 {
        0 => append(core, request, channel, kind, (Class::Control, MAX_CONTROL_BODY), rng),
        1 => append(core, request, channel, kind, (Class::Update, MAX_UPDATE_BODY), rng),
        2 => {
            let mailbox = core.others_mailboxes().first().copied()?;
            let (record, body) = (record(rng), bytes(rng, MAX_POST_BODY).into());
            ClientFrame::Post { request, mailbox, record, body, pass: None }
        }
        _ => blob(request, channel, MAX_BLOB_PART, rng),
    })
}

fn append(
    core: &Core,
    request: u32,
    channel: ChannelId,
    kind: ChannelKind,
    (class, size): (Class, usize),
    rng: &mut ChaCha8Rng,
) -> ClientFrame {
    let (record, body) = (record(rng), bytes(rng, size).into());
    let control_seq = core.last_control(kind);
    ClientFrame::Append { request, channel, record, class, control_seq, rotate: None, body }
}

fn blob(request: u32, channel: ChannelId, size: usize, rng: &mut ChaCha8Rng) -> ClientFrame {
    let blob = BlobId(core::array::from_fn(|_| rng.next_u64() as u8));
    ClientFrame::PutBlob { request, channel, blob, part: 0, of: 1, body: bytes(rng, size).into() }
}

fn record(rng: &mut ChaCha8Rng) -> RecordId {
    RecordId(core::array::from_fn(|_| rng.next_u64() as u8))
}

fn bytes(rng: &mut ChaCha8Rng, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Entries whose authors answer for nothing: insiders', and those of devices that a commit had cut off.
#[derive(Default)]
pub(super) struct Suspects {
    bodies: BTreeSet<Hash>,
    places: BTreeSet<(ChannelId, u64)>,
}

impl Suspects {
    /// Notes what such a device appends.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        if let Ok(ClientFrame::Append { body, .. }) = ClientFrame::decode(bytes) {
            self.bodies.insert(digest(&body));
        }
    }

    /// Notes where in its log that comes to stand.
    pub(super) fn served(&mut self, bytes: &[u8]) {
        if self.bodies.is_empty() {
            return;
        }
        if let Ok(RelayFrame::Entry { channel, entry }) = RelayFrame::decode(bytes)
            && self.bodies.contains(&digest(&entry.body))
        {
            self.places.insert((channel, entry.seq));
        }
    }

    /// Whether there is any.
    pub(super) fn any(&self) -> bool {
        !self.bodies.is_empty()
    }

    pub(super) fn wrote(&self, channel: ChannelId, seq: u64) -> bool {
        self.places.contains(&(channel, seq))
    }
}

fn digest(body: &[u8]) -> Hash {
    hash("campana simulation body", &[body])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_withholds_alerts_sends_all_else() {
        let append = |class| {
            let (channel, record) = (ChannelId([1; 32]), RecordId([2; 16]));
            let body = vec![3].into();
            ClientFrame::Append { request: 1, channel, record, class, control_seq: 0, rotate: None, body }
                .encode()
        };
        let act = Act::Withhold(Withheld::Alerts);
        assert!(act.withholds(&append(Class::Alert)));
        assert!(!act.withholds(&append(Class::Update)));
        assert!(!Act::Flood.withholds(&append(Class::Alert)));
    }
}
