//! Everything that changes a store, as values: a batch of them is one commit.

use campana_protocol::frame::Class;
use campana_protocol::id::{BlobId, ChannelId, Hash, MailboxId, PublicKey, RecordId};

use super::Keys;

/// One change. Authority is judged when it is carried out, not when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Write {
    /// Records an operator's invitation. Again: no change.
    Invite {
        /// Hash of its secret.
        invitation: Hash,
        /// Until when it can be redeemed.
        expires_at: u64,
    },
    /// Binds an invitation to a founder.
    Redeem {
        /// Hash of its secret.
        invitation: Hash,
        /// The founder's key.
        founder: PublicKey,
    },
    /// Creates the channel of an owner.
    Create {
        /// Who pays: a founder whose signature has been checked.
        founder: PublicKey,
        /// The first owner.
        owner: PublicKey,
        /// The first access key.
        access: PublicKey,
    },
    /// Replaces a channel's owners.
    SetOwners {
        /// The channel.
        channel: ChannelId,
        /// Who asks.
        by: Keys,
        /// From now on; not empty.
        owners: Vec<PublicKey>,
    },
    /// Appends to a channel.
    Append(Append),
    /// Opens a mailbox for strangers.
    OpenMailbox {
        /// The channel that vouches for it.
        channel: ChannelId,
        /// Who asks.
        by: Keys,
        /// The mailbox.
        mailbox: MailboxId,
    },
    /// Posts to a mailbox.
    Post {
        /// The mailbox.
        mailbox: MailboxId,
        /// The author is owner or current member of some channel.
        insider: bool,
        /// Chosen by the author.
        record: RecordId,
        /// The sealed post.
        body: Vec<u8>,
    },
    /// Deletes posts.
    TrimMailbox {
        /// The mailbox.
        mailbox: MailboxId,
        /// The last seq deleted.
        through: u64,
    },
    /// Stores a part of a blob.
    PutBlob {
        /// The channel.
        channel: ChannelId,
        /// Who asks.
        by: Keys,
        /// The blob.
        blob: BlobId,
        /// Index of the part.
        part: u16,
        /// Parts in all.
        of: u16,
        /// The sealed part.
        body: Vec<u8>,
    },
}

/// An entry to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The channel.
    pub channel: ChannelId,
    /// Who asks.
    pub by: Keys,
    /// Chosen by the author.
    pub record: RecordId,
    /// How it is kept.
    pub class: Class,
    /// The last control entry the author has processed.
    pub control_seq: u64,
    /// A new access key.
    pub rotate: Option<PublicKey>,
    /// The sealed entry.
    pub body: Vec<u8>,
}

impl Write {
    /// Roughly how many bytes it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        const ENVELOPE: usize = 256;
        ENVELOPE
            + match self {
                Self::Append(append) => append.body.len(),
                Self::Post { body, .. } | Self::PutBlob { body, .. } => body.len(),
                _ => 0,
            }
    }
}

/// What a carried-out write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "every outcome has an answer of its own")]
pub enum Written {
    /// It is done, or was already.
    Done,
    /// The entry is at `seq`.
    Appended {
        /// Its position.
        seq: u64,
        /// When it was stored, unless it was there already.
        received_at: Option<u64>,
    },
    /// The post is at `seq`.
    Posted {
        /// Its position.
        seq: u64,
    },
}
