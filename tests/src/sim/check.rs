//! Safety: what must hold after every step.

use std::collections::BTreeMap;

use campana_core::{Opened, Position, SkipReason, SkippedEntry};
use campana_protocol::id::{ChannelId, Hash};

use super::insiders::Suspects;

/// Something that must never happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Two devices read two logs.
    #[error("device {device} has another log of {channel:?} at {cursor} than others")]
    LogsDiffer {
        /// Which device.
        device: usize,
        /// Which channel.
        channel: ChannelId,
        /// Where.
        cursor: u64,
    },
    /// Two devices are in two epochs at the same place of the log: cursor and ratchet disagree.
    #[error("device {device} is in epoch {epoch} of {channel:?} at {cursor}, others in {expected}")]
    EpochsDiffer {
        /// Which device.
        device: usize,
        /// Which channel.
        channel: ChannelId,
        /// Where.
        cursor: u64,
        /// Its epoch.
        epoch: u64,
        /// Theirs.
        expected: u64,
    },
    /// An honest device's entry could not be opened: a key was used twice, or in the wrong epoch.
    #[error("device {device} could not use entry {entry:?} of an honest device")]
    Unusable {
        /// Which device.
        device: usize,
        /// Which entry.
        entry: SkippedEntry,
    },
    /// Two messages were encrypted under one key: same channel, epoch, leaf and generation.
    #[error(
        "leaf {leaf} used generation {generation} of epoch {epoch} of {channel:?} at {first} and at {second}"
    )]
    KeyUsedTwice {
        /// Which channel.
        channel: ChannelId,
        /// Which epoch.
        epoch: u64,
        /// Whose leaf.
        leaf: u32,
        /// Which of its keys.
        generation: u32,
        /// Where in the log first.
        first: u64,
        /// Where again.
        second: u64,
    },
    /// A notice was shown twice.
    #[error("device {device} showed {notice} twice")]
    ShownTwice {
        /// Which device.
        device: usize,
        /// What.
        notice: String,
    },
    /// An alert without the findings behind it, or a drill shown as an alert.
    #[error("device {device} showed an alert that {why}")]
    FalseAlert {
        /// Which device.
        device: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Plaintext reached the relay.
    #[error("device {device} sent plaintext to the relay")]
    Plaintext {
        /// Which device.
        device: usize,
    },
    /// A stored state did not load.
    #[error("the rows of device {device} do not load: {why}")]
    Unloadable {
        /// Which device.
        device: usize,
        /// Why.
        why: String,
    },
    /// A world in which nothing was verified says nothing about alerts.
    #[error("no incident was verified: {reports} reports were acknowledged")]
    NothingVerified {
        /// Reports whose reporters were told that they are kept.
        reports: usize,
    },
    /// An app that does not follow the network's rules says nothing of it.
    #[error("device {device} stopped before rules that its app does not follow, and {why}")]
    StoppedInSilence {
        /// Which device.
        device: usize,
        /// What it says, or does not.
        why: &'static str,
    },
    /// After the faults stopped, not everybody converged.
    #[error("not converged {minutes} virtual minutes after the faults stopped: {why}")]
    NotConverged {
        /// How long it had.
        minutes: u64,
        /// What is missing.
        why: String,
    },
}

/// What all devices have to agree on.
#[derive(Default)]
pub(super) struct Agreement {
    /// How often the relay was restored: as many other logs there may have been, whose ends nobody could put
    /// back.
    pub(super) restored: usize,
    logs: BTreeMap<(ChannelId, u64), Vec<Hash>>,
    epochs: BTreeMap<(ChannelId, u64, Hash), u64>,
    /// Where in its log the message is that used a key: channel, group, leaf, generation.
    keys: BTreeMap<(ChannelId, Hash, u32, u32), u64>,
}

impl Agreement {
    /// Compares a device's positions with all seen before.
    pub(super) fn check(&mut self, device: usize, positions: &[Position]) -> Result<(), Violation> {
        for position in positions {
            let (channel, cursor) = (position.channel, position.cursor);
            // Whoever a restored log went on without reads on from where they were, until they are let in again.
            if !position.whole && self.restored > 0 {
                continue;
            }
            let known = self.logs.entry((channel, cursor)).or_default();
            if !known.contains(&position.log_hash) {
                if known.len() > self.restored {
                    return Err(Violation::LogsDiffer { device, channel, cursor });
                }
                known.push(position.log_hash);
            }
            if position.whole {
                let expected =
                    *self.epochs.entry((channel, cursor, position.log_hash)).or_insert(position.epoch);
                if expected != position.epoch {
                    let epoch = position.epoch;
                    return Err(Violation::EpochsDiffer { device, channel, cursor, epoch, expected });
                }
            }
        }
        Ok(())
    }

    /// Compares the keys of messages that a device opened with all that anybody has.
    pub(super) fn check_keys(&mut self, opened: &[Opened]) -> Result<(), Violation> {
        for message in opened {
            let Opened { channel, epoch, group, leaf, generation, seq } = *message;
            let first = *self.keys.entry((channel, group, leaf, generation)).or_insert(seq);
            // The same bytes: their author did not know that they had been read before the relay lost them.
            if first != seq && self.restored == 0 {
                return Err(Violation::KeyUsedTwice { channel, epoch, leaf, generation, first, second: seq });
            }
        }
        Ok(())
    }

    /// Messages whose keys were compared.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }
}

/// Entries that a whole device skipped, and that nobody wrote who answers for nothing.
pub(super) fn check_skipped(
    device: usize,
    skipped: &[SkippedEntry],
    positions: &[Position],
    suspects: &Suspects,
    restored: bool,
) -> Result<(), Violation> {
    // What ends that a relay is restored says nothing, nor does an owner that puts back an access key which
    // an insider has changed.
    let ends = |entry: &SkippedEntry| (restored || suspects.any()) && entry.why == SkipReason::Malformed;
    let honest = |entry: &SkippedEntry| {
        let at = |position: &&Position| position.kind == entry.kind && position.whole && position.confirmed;
        positions.iter().find(at).is_some_and(|position| !suspects.wrote(position.channel, entry.seq))
    };
    match skipped.iter().find(|entry| entry.why != SkipReason::Replayed && !ends(entry) && honest(entry)) {
        Some(entry) => Err(Violation::Unusable { device, entry: *entry }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_open_one_message_and_no_other() {
        let (channel, group) = (ChannelId([1; 32]), Hash([6; 32]));
        let first = Opened { channel, epoch: 2, group, leaf: 3, generation: 4, seq: 5 };
        let mut agreement = Agreement::default();
        assert_eq!(agreement.check_keys(&[first, first]), Ok(()), "two devices open the same");
        let others = [
            Opened { group: Hash([7; 32]), ..first },
            Opened { leaf: 4, ..first },
            Opened { generation: 5, ..first },
        ];
        assert_eq!(agreement.check_keys(&others), Ok(()));
        assert_eq!(agreement.keys(), 4);
        let again = agreement.check_keys(&[Opened { seq: 6, ..first }]);
        assert!(matches!(again, Err(Violation::KeyUsedTwice { first: 5, second: 6, .. })), "{again:?}");
    }
}
