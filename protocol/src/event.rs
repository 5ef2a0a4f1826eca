//! Events: what members say to each other inside a channel, and the envelope they travel in.

use campana_derive::{Decode, Encode};

use crate::frame::Secret;
use crate::governance::Approval;
use crate::id::{ChannelId, Hash, IncidentId, InviteId, PublicKey, hash};
use crate::mailbox::SignedJoin;
use crate::report::{Alert, Signed};
use crate::wire::{self, WireError};

/// An event and what its author had seen of the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Envelope {
    /// Seq of the last entry its author had processed.
    #[n(0)]
    pub seen: u64,
    /// The log's running hash there: a relay that shows two members two logs is found out by
    /// the first event that crosses.
    #[n(1)]
    pub log_hash: Hash,
    /// Kind of the event.
    #[n(2)]
    pub kind: u16,
    /// The encoded event. Unknown kinds are kept and ignored.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub payload: Vec<u8>,
}

/// A known event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Broadcast: what phones ring for.
    Alert(Alert),
    /// Broadcast: a signed [`crate::report::FollowUp`].
    FollowUp(Signed),
    /// Broadcast, in snapshots alone: which alerts there have been.
    Known(KnownAlerts),
    /// Desk: a signed [`crate::report::Attestation`].
    Attestation(Signed),
    /// Desk: the new desk secret, after somebody left.
    DeskSecret(DeskSecret),
    /// Desk: whether its author's phone rings for reports.
    OnCall(OnCall),
    /// Committee: a statement to sign.
    Draft(Draft),
    /// Committee: one signature.
    Approve(Approve),
    /// Committee: an invite was made.
    Invite(Invite),
    /// Committee: an invite was revoked.
    RevokeInvite(InviteId),
    /// Committee: somebody was admitted to the broadcast channel.
    Admitted(Admitted),
    /// Committee: somebody's request was declined.
    Declined(PublicKey),
    /// Committee: this device's owner keys.
    Owner(Owner),
    /// Committee: the author of a draft takes it back ([`crate::governance::statement_digest`]). Devices
    /// that know this event sign it no more; the signatures that it has stay good.
    Withdrawn(Hash),
    /// Committee: somebody takes their signature on a draft back. Devices that know this event count it
    /// no more; whoever holds it can still use it.
    Unsigned(Hash),
}

/// Alerts that were in the log before somebody was let in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KnownAlerts {
    /// Newest first.
    #[n(0)]
    pub alerts: Vec<KnownAlert>,
}

/// An alert by its id alone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KnownAlert {
    /// The incident.
    #[n(0)]
    pub incident: IncidentId,
    /// The relay's time of its first place in the log, Unix milliseconds, for a device that gets the
    /// alert besides; 0: not said.
    #[n(1)]
    pub received_at: u64,
}

/// A new desk secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DeskSecret {
    /// The secret that the reading and sealing keys are derived from.
    #[n(0)]
    pub secret: Secret,
}

/// Whether somebody's phone rings when a report comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Duty {
    /// It is not pushed to.
    #[default]
    #[n(0)]
    Off,
    /// It rings, in some hours.
    #[n(1)]
    OnCall,
    /// It is pushed to as one that rings is, and at random times; it makes no noise.
    #[n(2)]
    Cover,
}

/// What somebody at the desk says of their phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct OnCall {
    /// Whether it rings.
    #[n(0)]
    pub duty: Duty,
    /// From this minute of the day, UTC.
    #[n(1)]
    pub from: u16,
    /// To this one; the same: all day.
    #[n(2)]
    pub to: u16,
    /// When a push last reached the phone while the app was out of sight, Unix milliseconds (0: never).
    #[n(3)]
    pub proved_at: u64,
}

/// A statement that waits for signatures.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Draft {
    /// The encoded [`crate::governance::Statement`].
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub statement: Vec<u8>,
    /// Its author's signature.
    #[n(1)]
    pub approval: Approval,
    /// The desk secret behind its [`crate::governance::Operation::Desk`], if it has one.
    #[n(2)]
    pub desk: Option<Secret>,
}

/// One more signature on a draft.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Approve {
    /// [`crate::governance::statement_digest`] of the draft.
    #[n(0)]
    pub statement: Hash,
    /// The signature.
    #[n(1)]
    pub approval: Approval,
}

/// An invite, as the committee keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Invite {
    /// Its id.
    #[n(0)]
    pub invite: InviteId,
    /// Its secret.
    #[n(1)]
    pub secret: Secret,
    /// Unix milliseconds.
    #[n(2)]
    pub expires_at: u64,
    /// For committee devices.
    #[n(3)]
    pub committee: bool,
}

/// Somebody who was admitted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Admitted {
    /// The join request.
    #[n(0)]
    pub join: SignedJoin,
}

/// The owner key of a committee device for one channel.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Owner {
    /// The channel.
    #[n(0)]
    pub channel: ChannelId,
    /// The device's role key.
    #[n(1)]
    pub role_key: PublicKey,
    /// Its owner key.
    #[n(2)]
    pub owner: PublicKey,
}

macro_rules! kinds {
    ($($variant:ident = $number:literal),+ $(,)?) => {
        impl Event {
            /// The number of this kind; append-only. 1xx broadcast, 2xx desk, 3xx committee.
            #[must_use]
            pub const fn kind(&self) -> u16 {
                match self { $(Self::$variant(_) => $number),+ }
            }

            /// Encodes the event without its kind.
            #[must_use]
            pub fn payload(&self) -> Vec<u8> {
                match self { $(Self::$variant(value) => wire::encode(value)),+ }
            }

            /// Decodes a payload of this kind; `None`: a kind this version does not know.
            ///
            /// # Errors
            /// [`WireError`]: a known kind that is malformed.
            pub fn decode(kind: u16, payload: &[u8]) -> Result<Option<Self>, WireError> {
                match kind {
                    $($number => wire::decode(payload).map(|value| Some(Self::$variant(value))),)+
                    _ => Ok(None),
                }
            }
        }
    };
}

kinds! {
    Alert = 100,
    FollowUp = 101,
    Known = 102,
    Attestation = 200,
    DeskSecret = 201,
    OnCall = 220,
    Draft = 300,
    Approve = 301,
    Invite = 302,
    RevokeInvite = 303,
    Admitted = 304,
    Declined = 305,
    Owner = 306,
    Withdrawn = 307,
    Unsigned = 308,
}

/// The running hash of a log before its first entry.
#[must_use]
pub fn empty_log(channel: &ChannelId) -> Hash {
    hash("campana log v1", &[channel.as_bytes()])
}

/// The running hash of a log after the entry at `seq`.
#[must_use]
pub fn extend_log(before: &Hash, seq: u64, body: &[u8]) -> Hash {
    hash("campana log v1", &[before.as_bytes(), &seq.to_be_bytes(), body])
}
