//! What is posted to mailboxes: sealed by HPKE (RFC 9180) to the owner's key, padded inside.

use campana_derive::{Decode, Encode};

use crate::frame::Secret;
use crate::governance::{ChannelKind, SignedStatement};
use crate::handshake::{Checkpoint, Plea};
use crate::id::{
    BlobId, ChannelId, Hash, InviteId, MailboxId, NetworkId, PublicKey, SealingKey, Signature, hash,
};
use crate::report::SignedReport;

/// HPKE info of every sealed post: a post of one mailbox opens as nothing else.
pub const SEAL_INFO: &str = "campana post v1";

/// Where an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ReturnAddress {
    /// The mailbox.
    #[n(0)]
    pub mailbox: MailboxId,
    /// The key it is sealed to.
    #[n(1)]
    pub sealing: SealingKey,
}

/// The content of a post.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[allow(clippy::large_enum_variant)]
pub enum Post {
    /// To the join mailbox: somebody with an invite asks to be admitted.
    #[n(0)]
    Join(#[n(0)] SignedJoin),
    /// To a return mailbox: the way into a channel.
    #[n(1)]
    Welcome(#[n(0)] Welcome),
    /// To a return mailbox: not admitted.
    #[n(2)]
    Refusal(#[n(0)] Refusal),
    /// To the desk mailbox.
    #[n(3)]
    Report(#[n(0)] SignedReport),
    /// To the join mailbox: a member's new key packages for working groups.
    #[n(4)]
    KeyPackages(#[n(0)] SignedJoin),
    /// To the join mailbox: somebody who was let into this kind of channel and could not read how
    /// asks for a fresh leaf in the place of the one that is there.
    #[n(5)]
    Plea(#[n(0)] ChannelKind, #[n(1)] Plea),
    /// To the join mailbox: a member asks an owner to let its passes in.
    #[n(6)]
    Passes(#[n(0)] SignedPasses),
}

/// A member's [`Passes`] as they were signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedPasses {
    /// The encoded [`Passes`].
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub passes: Vec<u8>,
    /// The role key's, over [`passes_digest`].
    #[n(1)]
    pub signature: Signature,
}

/// Passes that a member wants let in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Passes {
    /// The member's role key.
    #[n(0)]
    pub role_key: PublicKey,
    /// The ids ([`crate::frame::pass_id`]); at most [`crate::limits::PASSES_EACH`].
    #[n(1)]
    pub passes: Vec<Hash>,
}

/// What a member signs to ask for passes.
#[must_use]
pub fn passes_digest(network: &NetworkId, passes: &[u8]) -> Hash {
    hash("campana passes v1", &[&network.0, passes])
}

/// A join request as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedJoin {
    /// The encoded [`Join`].
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub join: Vec<u8>,
    /// The role key's, over [`join_digest`].
    #[n(1)]
    pub signature: Signature,
}

/// A request to be admitted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Join {
    /// Which invite.
    #[n(0)]
    pub invite: InviteId,
    /// [`invite_proof`].
    #[n(1)]
    pub proof: Hash,
    /// What the committee calls this person; at most [`crate::limits::MAX_NAME`] characters.
    #[n(2)]
    pub handle: String,
    /// The device's role key.
    #[n(3)]
    pub role_key: PublicKey,
    /// Key packages, one for each kind of channel the device may be added to.
    #[n(4)]
    pub key_packages: Vec<KeyPackageFor>,
    /// Where the answer goes.
    #[n(5)]
    pub reply: ReturnAddress,
}

/// A key package and the kind of channel it is for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KeyPackageFor {
    /// The kind of channel.
    #[n(0)]
    pub kind: ChannelKind,
    /// The MLS key package.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub key_package: Vec<u8>,
}

/// The way into a channel, for one device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Welcome {
    /// Which kind.
    #[n(0)]
    pub kind: ChannelKind,
    /// The channel.
    #[n(1)]
    pub channel: ChannelId,
    /// The MLS Welcome for this device alone, without the tree.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub welcome: Vec<u8>,
    /// The [`Snapshot`] that all joiners of this commit share.
    #[n(3)]
    pub snapshot: BlobPointer,
    /// The channel's access secret.
    #[n(4)]
    pub access: Secret,
    /// Seq of the commit that added the device: it reads on from there.
    #[n(5)]
    pub seq: u64,
    /// The log's running hash at that seq.
    #[n(6)]
    pub log_hash: Hash,
    /// The desk's secret, for the desk and the committee.
    #[n(7)]
    pub desk: Option<Secret>,
    /// The join mailbox's secret, for the committee.
    #[n(8)]
    pub join: Option<Secret>,
    /// Where the committee device that made this stands after that commit: whoever is let in knows
    /// that the group is the committee's. Any member may answer a plea; only then there is none.
    #[n(9)]
    pub checkpoint: Option<Checkpoint>,
}

/// A sealed blob of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct BlobPointer {
    /// Its id.
    #[n(0)]
    pub blob: BlobId,
    /// Its parts.
    #[n(1)]
    pub parts: u16,
    /// The key it is sealed under; used once.
    #[n(2)]
    pub key: Secret,
}

/// What all joiners of one commit need, stored once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Snapshot {
    /// The encoded [`crate::governance::Charter`].
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub charter: Vec<u8>,
    /// The governance chain.
    #[n(1)]
    pub statements: Vec<SignedStatement>,
    /// The MLS ratchet tree after the commit.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub tree: Vec<u8>,
    /// Past events, each as its kind and payload: what a new committee device needs, and what a
    /// device that rejoins has missed.
    #[n(3)]
    pub events: Vec<minicbor::bytes::ByteVec>,
}

/// Why somebody was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Refusal {
    /// The invite has expired: ask for a new one.
    #[n(0)]
    InviteExpired,
    /// The invite was revoked: ask for a new one.
    #[n(1)]
    InviteRevoked,
    /// The committee declined.
    #[n(2)]
    Declined,
}

/// What a [`SignedJoin`] signature covers.
#[must_use]
pub fn join_digest(join: &[u8]) -> Hash {
    hash("campana join v1", &[join])
}

/// Proves that the joiner held the invite, to those who made it.
#[must_use]
pub fn invite_proof(secret: &Secret, role_key: &PublicKey) -> Hash {
    hash("campana invite proof v1", &[&secret.0, role_key.as_bytes()])
}
