//! Identifiers and public keys: fixed-size byte strings that say what they are.

use core::fmt;

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::wire::{Bytes, Decode, Encode, Reader, Unread, Writer, foreign};

macro_rules! bytes_type {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// From a slice of exactly [`Self::LEN`] bytes.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// From the text made by `Display` (base64url, no padding).
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::from_slice(&base64url::decode(text)?)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base64url::encode(&self.0))
            }
        }

        /// The first four bytes only: enough to tell two apart in a test, too few to follow one.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:02x}{:02x}{:02x}{:02x}..)", stringify!($name), self.0[0], self.0[1], self.0[2], self.0[3])
            }
        }

        impl Encode for $name {
            fn write(&self, writer: &mut Writer) {
                writer.bytes(&self.0);
            }
        }

        impl Decode for $name {
            fn read(reader: &mut Reader<'_>) -> Result<Self, Unread> {
                <[u8; $len] as Bytes>::read(reader).map(Self)
            }
        }

        foreign!($name);
    };
}

bytes_type!(
    /// A channel: the hash of its first owner key, so there is nothing to register or race for.
    ChannelId, 32
);
bytes_type!(
    /// A mailbox: the hash of the key that reads it.
    MailboxId, 32
);
bytes_type!(
    /// A record chosen by its author: a retry of an append finds the first one.
    RecordId, 16
);
bytes_type!(
    /// Names the last time that a relay's store was restored from a backup.
    RestoreId, 16
);
bytes_type!(
    /// A blob of a channel.
    BlobId, 16
);
bytes_type!(
    /// A device's Web Push registration for one channel, chosen by it at random and told to nobody
    /// but the relay: whoever knows it may replace it.
    RegistrationId, 16
);
bytes_type!(
    /// Marks that one device has an alert: different for every alert, so that receipts can be
    /// counted and not be joined.
    ReceiptToken, 16
);
bytes_type!(
    /// An uncompressed P-256 point (SEC 1): a VAPID key (RFC 8292) or a subscription's `p256dh`
    /// (RFC 8291).
    PushKey, 65
);
bytes_type!(
    /// A subscription's authentication secret (RFC 8291).
    PushAuth, 16
);
bytes_type!(
    /// A network: the hash of its genesis charter.
    NetworkId, 32
);
bytes_type!(
    /// An incident: the thread that report, attestations, alert, correction and all clear hang on.
    IncidentId, 16
);
bytes_type!(
    /// An invitation to join a network.
    InviteId, 16
);
bytes_type!(
    /// An Ed25519 public key (RFC 8032).
    PublicKey, 32
);
bytes_type!(
    /// An X25519 public key that sealed posts are encrypted to (HPKE, RFC 9180).
    SealingKey, 32
);
bytes_type!(
    /// An Ed25519 signature (RFC 8032).
    Signature, 64
);
bytes_type!(
    /// A SHA-256 hash.
    Hash, 32
);

/// SHA-256 over a domain label and parts, each preceded by its length: no two lists of parts
/// collide and no two uses of the hash can be confused.
#[must_use]
pub fn hash(label: &str, parts: &[&[u8]]) -> Hash {
    let mut digest = Sha256::new();
    for part in core::iter::once(&label.as_bytes()).chain(parts) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    Hash(digest.finalize().into())
}

impl ChannelId {
    /// The id of the channel whose first owner key is `owner`.
    #[must_use]
    pub fn of(owner: &PublicKey) -> Self {
        Self(hash("campana channel", &[&owner.0]).0)
    }
}

impl MailboxId {
    /// The id of the mailbox that `reader` reads.
    #[must_use]
    pub fn of(reader: &PublicKey) -> Self {
        Self(hash("campana mailbox", &[&reader.0]).0)
    }
}
