//! Bodies of log entries, and the authority that a commit carries.

use campana_derive::{Decode, Encode};

use crate::governance::{ChannelKind, SignedStatement};
use crate::id::{ChannelId, Hash, NetworkId, PublicKey, Signature, hash};
use crate::mailbox::ReturnAddress;
use crate::wire;

/// The body of an entry. Which kind it is shows to the relay; nothing else does.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum EntryBody {
    /// A padded [`Handshake`], sealed under a key of the epoch it ends.
    #[n(0)]
    Handshake(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    /// An MLS PrivateMessage over a padded [`crate::event::Envelope`].
    #[n(1)]
    Application(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    /// A padded [`Plea`], sealed under the channel's access secret.
    #[n(2)]
    Plea(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    /// A padded [`Checkpoint`], sealed under the channel's access secret. A version that does not
    /// know it skips it.
    #[n(3)]
    Checkpoint(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
}

/// Where a committee device is in a channel, under its role key.
///
/// RFC 9420 section 16.12: whoever commits can hand chosen members path secrets that they can't use.
/// They are left behind in an epoch that nobody else is in. A checkpoint tells them, and whoever was
/// just let in learns from one that the group is the committee's.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Checkpoint {
    /// Seq of the last entry that it had processed.
    #[n(0)]
    pub seq: u64,
    /// The log's running hash there.
    #[n(1)]
    pub log_hash: Hash,
    /// Its MLS epoch.
    #[n(2)]
    pub epoch: u64,
    /// Hash of the epoch authenticator (RFC 9420 section 8.7): equal for two members exactly when
    /// they share this epoch and its whole history.
    #[n(3)]
    pub authenticator: Hash,
    /// The committee device's role key.
    #[n(4)]
    pub key: PublicKey,
    /// Over [`checkpoint_digest`].
    #[n(5)]
    pub signature: Signature,
}

/// A commit and what entitles it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Handshake {
    /// The MLS commit (RFC 9420 section 12.4).
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub commit: Vec<u8>,
    /// Why it is allowed.
    #[n(1)]
    pub authority: Authority,
}

/// Why a commit is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Authority {
    /// A committee device's: it may admit, apply statements, and remove whom they remove.
    #[n(0)]
    Committee {
        /// Statements applied by this commit, in order.
        #[n(0)]
        statements: Vec<SignedStatement>,
        /// The committee device's role key.
        #[n(1)]
        key: PublicKey,
        /// Over [`commit_digest`].
        #[n(2)]
        signature: Signature,
    },
    /// Replaces the leaf of a device that lost its state by a fresh one of the same person. Any
    /// member may commit it; that person's signature entitles it.
    #[n(1)]
    Rejoin {
        /// The device's own request.
        #[n(0)]
        plea: Plea,
    },
    /// A member refreshes the keys above their own leaf in the broadcast channel and changes nothing
    /// else: membership entitles them. From rule 2 on.
    #[n(60)]
    Rekey,
}

/// A device whose state was rolled back asks to be replaced by a fresh leaf of its own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Plea {
    /// Whose leaf goes, whichever it is by now: in the broadcast channel the key of the leaf that
    /// was admitted, in a working group the role key.
    #[n(0)]
    pub person: PublicKey,
    /// An MLS key package of the fresh leaf.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub key_package: Vec<u8>,
    /// Where the Welcome goes.
    #[n(2)]
    pub reply: ReturnAddress,
    /// `person`'s, over [`plea_digest`].
    #[n(3)]
    pub signature: Signature,
}

/// The credential of a broadcast leaf that took an earlier one's place. The credential of a leaf
/// that the committee admitted is empty: neither names anybody. So a statement that removes
/// somebody removes whatever leaf they have by then.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct MemberCredential {
    /// The key of the leaf that was admitted.
    #[n(0)]
    pub member: PublicKey,
    /// When the plea was made, Unix milliseconds by its author's clock: later than the one before,
    /// so that no plea counts twice.
    #[n(1)]
    pub since: u64,
}

/// The credential of a leaf in a working group: which role key it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RoleCredential {
    /// The role key.
    #[n(0)]
    pub role_key: PublicKey,
    /// 0 if the committee let it in; else as in [`MemberCredential::since`].
    #[n(1)]
    pub since: u64,
    /// The role key's, over [`credential_digest`].
    #[n(2)]
    pub signature: Signature,
}

/// What an [`Authority::Committee`] signature covers.
#[must_use]
pub fn commit_digest(channel: &ChannelId, epoch: u64, commit: &[u8], head_after: &Hash) -> Hash {
    hash("campana commit v1", &[channel.as_bytes(), &epoch.to_be_bytes(), commit, head_after.as_bytes()])
}

/// What a [`Checkpoint`] signature covers.
#[must_use]
pub fn checkpoint_digest(
    channel: &ChannelId,
    seq: u64,
    log_hash: &Hash,
    epoch: u64,
    authenticator: &Hash,
) -> Hash {
    let (seq, epoch) = (seq.to_be_bytes(), epoch.to_be_bytes());
    hash(
        "campana checkpoint v1",
        &[channel.as_bytes(), &seq, log_hash.as_bytes(), &epoch, authenticator.as_bytes()],
    )
}

/// What a [`Plea`] signature covers.
#[must_use]
pub fn plea_digest(channel: &ChannelId, key_package: &[u8], reply: &ReturnAddress) -> Hash {
    hash("campana plea v1", &[channel.as_bytes(), key_package, &wire::encode(reply)])
}

/// What a [`RoleCredential`] signature covers.
#[must_use]
pub fn credential_digest(network: &NetworkId, kind: ChannelKind, leaf: &PublicKey, since: u64) -> Hash {
    let parts = [network.as_bytes(), &[kind as u8], leaf.as_bytes(), &since.to_be_bytes()];
    hash("campana role credential v1", &parts)
}
