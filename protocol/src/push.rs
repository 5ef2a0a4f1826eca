//! Web Push: where pushes go and what is in them (RFC 8030, 8291).

use campana_derive::{Decode, Encode};

use crate::frame::{Entry, Secret, Subject};
use crate::id::{ChannelId, Hash, MailboxId, PushAuth, PushKey, hash};
use crate::limits::MAX_ENDPOINT;
use crate::wire::{self, WireError};

/// A push subscription as the browser (or a UnifiedPush distributor) made it. The endpoint is a
/// secret: whoever knows it can name the device to its push service.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Subscription {
    /// Where to post; at most [`MAX_ENDPOINT`] bytes.
    #[n(0)]
    pub endpoint: String,
    /// The device's key (`p256dh`).
    #[n(1)]
    pub key: PushKey,
    /// Its authentication secret.
    #[n(2)]
    pub auth: PushAuth,
}

impl core::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Subscription(..)")
    }
}

impl Subscription {
    /// Whether it has the form of one. Where it leads is the relay's to judge.
    #[must_use]
    pub fn well_formed(&self) -> bool {
        (1..=MAX_ENDPOINT).contains(&self.endpoint.len()) && self.key.0[0] == 4
    }
}

/// What a push brings.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Push {
    /// The entry itself.
    #[n(0)]
    Entry {
        /// The channel.
        #[n(0)]
        channel: ChannelId,
        /// The entry.
        #[n(1)]
        entry: Entry,
    },
    /// Where an entry is that is too long for a push.
    #[n(1)]
    Place {
        /// The channel.
        #[n(0)]
        channel: ChannelId,
        /// The entry.
        #[n(1)]
        seq: u64,
    },
    /// What was asked for with [`crate::frame::ClientFrame::TestPush`].
    #[n(2)]
    Test {
        /// The channel.
        #[n(0)]
        channel: ChannelId,
        /// As it was asked with.
        #[n(1)]
        nonce: u32,
    },
    /// Something was posted to a mailbox: read it.
    #[n(3)]
    Mail {
        /// The mailbox.
        #[n(0)]
        mailbox: MailboxId,
    },
    /// A ring that was held ([`crate::frame::ClientFrame::HoldRing`]) is due, or nothing is: read the log.
    #[n(4)]
    Ring {
        /// Whose registrations are pushed to.
        #[n(0)]
        subject: Subject,
    },
}

/// The id of the held ring that `secret` withdraws.
#[must_use]
pub fn ring_id(secret: &Secret) -> Hash {
    hash("campana held ring v1", &[&secret.0])
}

impl Push {
    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }

    /// Decodes it.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        wire::decode_within(bytes, crate::limits::PUSH_BYTES)
    }
}
