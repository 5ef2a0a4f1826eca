//! Safety: what must hold after every step.

use std::collections::BTreeMap;

use campana_core::{Position, SkipReason, SkippedEntry};
use campana_protocol::id::{ChannelId, Hash};

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
    logs: BTreeMap<(ChannelId, u64), Hash>,
    epochs: BTreeMap<(ChannelId, u64), u64>,
}

impl Agreement {
    /// Compares a device's positions with all seen before.
    pub(super) fn check(&mut self, device: usize, positions: &[Position]) -> Result<(), Violation> {
        for position in positions {
            let (channel, cursor) = (position.channel, position.cursor);
            let log_hash = *self.logs.entry((channel, cursor)).or_insert(position.log_hash);
            if log_hash != position.log_hash {
                return Err(Violation::LogsDiffer { device, channel, cursor });
            }
            if position.whole {
                let expected = *self.epochs.entry((channel, cursor)).or_insert(position.epoch);
                if expected != position.epoch {
                    let epoch = position.epoch;
                    return Err(Violation::EpochsDiffer { device, channel, cursor, epoch, expected });
                }
            }
        }
        Ok(())
    }
}

/// Entries that a whole device skipped; in this world nobody is hostile.
pub(super) fn check_skipped(
    device: usize,
    skipped: &[SkippedEntry],
    positions: &[Position],
) -> Result<(), Violation> {
    let whole =
        |entry: &SkippedEntry| positions.iter().any(|position| position.kind == entry.kind && position.whole);
    match skipped.iter().find(|entry| entry.why != SkipReason::Replayed && whole(entry)) {
        Some(entry) => Err(Violation::Unusable { device, entry: *entry }),
        None => Ok(()),
    }
}
