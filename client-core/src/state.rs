//! What a device keeps: one type per kind of row.

use std::sync::OnceLock;

use campana_derive::{Decode, Encode};
use campana_protocol::event::{Invite, Owner};
use campana_protocol::frame::{Class, Secret};
use campana_protocol::governance::{Approval, ChannelKind, SignedStatement};
use campana_protocol::handshake::Plea;
use campana_protocol::id::{
    BlobId, ChannelId, Hash, IncidentId, MailboxId, NetworkId, PublicKey, RecordId, RestoreId, hash,
};
use campana_protocol::link::Invitation;
use campana_protocol::mailbox::{Refusal, ReturnAddress, SignedJoin, Welcome};
use campana_protocol::report::{Signed, SignedReport};
use zeroize::Zeroizing;

use crate::footing::Footing;
use crate::keys::{KeyPair, MailboxKeys};
use crate::skips::Skip;
use crate::unread::Unread;

/// Version of the rows written here.
pub(crate) const VERSION: u16 = 1;

/// The device itself.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Device {
    #[n(0)]
    pub(crate) version: u16,
    #[n(1)]
    pub(crate) next_item: u64,
    #[n(2)]
    pub(crate) membership: Option<Membership>,
}

impl Device {
    pub(crate) const fn new() -> Self {
        Self { version: VERSION, next_item: 1, membership: None }
    }
}

/// The one network this device belongs to, or wants to.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Membership {
    #[n(0)]
    pub(crate) standing: Standing,
    #[n(1)]
    pub(crate) relay: String,
    /// The secret that all of this device's own keys are derived from.
    #[n(2)]
    pub(crate) secret: Secret,
    #[n(3)]
    pub(crate) reply_cursor: u64,
    #[n(4)]
    pub(crate) handle: String,
    #[n(5)]
    pub(crate) network: NetworkId,
    #[n(6)]
    pub(crate) name: String,
    /// What was joined with; the founder has none.
    #[n(7)]
    pub(crate) invitation: Option<Invitation>,
    /// Desk mailboxes read here, newest first.
    #[n(8)]
    pub(crate) desks: Vec<Reading>,
    /// The join mailbox; committee only.
    #[n(9)]
    pub(crate) join: Option<Reading>,
    /// Welcomes whose snapshot has not been fetched yet.
    #[n(10)]
    pub(crate) welcomes: Vec<Welcome>,
    /// Reports from leaves that this device has not seen admitted yet.
    #[n(11)]
    pub(crate) early_reports: Vec<EarlyReport>,
    #[n(12)]
    pub(crate) forked: bool,
    #[n(13)]
    pub(crate) forged: bool,
    /// Channels that this device was let into and could not read how.
    #[n(14)]
    #[cbor(default)]
    pub(crate) shut_out: Vec<ShutOut>,
    /// When it was let in, by the relay's clock, Unix milliseconds; 0: from the beginning, or not known.
    #[n(15)]
    #[cbor(default)]
    pub(crate) joined_at: u64,
    /// Entries of class alert that this device could not read.
    #[cbor(n(20), default)]
    pub(crate) unread: Unread,
    /// As [`Reading::doubt`], of the reply mailbox.
    #[n(21)]
    pub(crate) reply_doubt: Option<Doubt>,
    /// The relay's clock less this device's when they last spoke, milliseconds; none: they have not.
    #[n(24)]
    pub(crate) clock: Option<i64>,
    /// Attestations of reports that this device has not read yet.
    #[n(25)]
    #[cbor(default)]
    pub(crate) early_attestations: Vec<Signed>,
    /// What stands behind `forged` and `forked`.
    #[n(26)]
    pub(crate) forgeries: Option<Suspicion>,
    #[n(27)]
    pub(crate) forks: Option<Suspicion>,
    /// Passes that were not used, and when they were asked for, by the relay's clock; 0: not yet.
    #[n(50)]
    #[cbor(default)]
    pub(crate) passes: Vec<Secret>,
    #[n(51)]
    #[cbor(default)]
    pub(crate) passes_at: u64,
    /// The restoring of the relay that posts have been sent again after.
    #[n(40)]
    pub(crate) restored: Option<RestoreId>,
    /// Derived when first asked for: it is asked for in every turn, and costs a phone a
    /// millisecond.
    #[cbor(skip)]
    pub(crate) role_key: OnceLock<PublicKey>,
}

/// Something that no honest member does, as often as it was done.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Suspicion {
    #[n(0)]
    pub(crate) count: u32,
    /// When last, by the relay's clock, Unix milliseconds; 0: not known.
    #[n(1)]
    pub(crate) at: u64,
    /// The leaf that did it last, of the broadcast channel or of a working group.
    #[n(2)]
    pub(crate) leaf: Option<PublicKey>,
}

impl Suspicion {
    pub(crate) fn once_more(known: Option<&Self>, at: u64, leaf: Option<PublicKey>) -> Self {
        Self { count: known.map_or(0, |known| known.count).saturating_add(1), at, leaf }
    }
}

/// Where a device stands in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Standing {
    #[n(0)]
    Waiting,
    #[n(1)]
    Member,
    #[n(2)]
    Refused(#[n(0)] Refusal),
    #[n(3)]
    Removed,
    #[n(4)]
    InvitationRefused,
}

/// A channel that this device was let into, but what the Welcome pointed to could not be had.
#[derive(Clone, Encode, Decode)]
pub(crate) struct ShutOut {
    #[n(0)]
    pub(crate) kind: ChannelKind,
    #[n(1)]
    pub(crate) channel: ChannelId,
    /// When the committee was last asked, Unix milliseconds; 0: never.
    #[n(2)]
    pub(crate) asked_at: u64,
    /// How often.
    #[n(3)]
    pub(crate) asked: u8,
}

/// A mailbox read here and how far.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Reading {
    #[n(0)]
    pub(crate) secret: Secret,
    #[n(1)]
    pub(crate) cursor: u64,
    /// Where this device was before a post from the future.
    #[n(2)]
    pub(crate) doubt: Option<Doubt>,
    /// This device is of the committee and has not seen yet that the desk was told this secret.
    #[n(3)]
    #[cbor(default)]
    pub(crate) untold: bool,
}

/// A place in a mailbox before a post from the future: a clock was wrong, or the relay lied to lead
/// this device past others. Later connections read from here again.
#[derive(Clone, Copy, Encode, Decode)]
pub(crate) struct Doubt {
    #[n(0)]
    pub(crate) after: u64,
    /// Connections that have read from there again and were shown one from the future.
    #[n(1)]
    pub(crate) tries: u8,
}

impl Reading {
    pub(crate) const fn new(secret: Secret) -> Self {
        Self { secret, cursor: 0, doubt: None, untold: false }
    }

    pub(crate) fn keys(&self) -> MailboxKeys {
        MailboxKeys::derive(&self.secret)
    }
}

/// A report that waits for its reporter's admission to be seen.
#[derive(Clone, Encode, Decode)]
pub(crate) struct EarlyReport {
    #[n(0)]
    pub(crate) report: SignedReport,
    #[n(1)]
    pub(crate) received_at: u64,
}

impl Membership {
    pub(crate) fn role(&self) -> KeyPair {
        KeyPair::derive(&self.secret, "campana role v1")
    }

    pub(crate) fn role_key(&self) -> PublicKey {
        *self.role_key.get_or_init(|| self.role().public())
    }

    /// Who this device is in a kind of channel ([`Channel::person`]).
    ///
    /// [`Channel::person`]: crate::channel::Channel::person
    pub(crate) fn person(&self, kind: ChannelKind) -> KeyPair {
        match kind {
            ChannelKind::Broadcast => KeyPair::from_seed(&self.member_seed()),
            _ => self.role(),
        }
    }

    /// The secret of the leaf that is admitted to the broadcast channel.
    pub(crate) fn member_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hash("campana member v1", &[&self.secret.0]).0)
    }

    pub(crate) fn founder(&self) -> KeyPair {
        KeyPair::derive(&self.secret, "campana founder v1")
    }

    pub(crate) fn owner(&self, kind: ChannelKind) -> KeyPair {
        owner(&self.secret, kind)
    }

    /// The record id of an append of ours: only this device can make it, before and after a
    /// rollback, and nobody else can tell it from a random one.
    pub(crate) fn record(&self, channel: &ChannelId, body: &[u8]) -> RecordId {
        let digest = hash("campana record v1", &[&self.secret.0, channel.as_bytes(), body]);
        RecordId(core::array::from_fn(|i| digest.0[i]))
    }

    pub(crate) fn reply(&self) -> MailboxKeys {
        MailboxKeys::derive(&Secret(hash("campana reply v1", &[&self.secret.0]).0))
    }
}

/// The owner key of a device for one kind of channel.
pub(crate) fn owner(secret: &Secret, kind: ChannelKind) -> KeyPair {
    let label = match kind {
        ChannelKind::Broadcast => "campana owner broadcast v1",
        ChannelKind::Desk => "campana owner desk v1",
        ChannelKind::Committee => "campana owner committee v1",
    };
    KeyPair::derive(secret, label)
}

/// A channel, without its group, tree and statements.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Meta {
    /// Our signing key in this channel.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) leaf: Vec<u8>,
    #[n(1)]
    pub(crate) access: Secret,
    /// Seq of the last entry processed.
    #[n(2)]
    pub(crate) cursor: u64,
    /// Running hash there.
    #[n(3)]
    pub(crate) log_hash: Hash,
    /// Seq of the last control entry processed, valid or not.
    #[n(4)]
    pub(crate) last_control: u64,
    /// Nothing is sent under this leaf any more: the log holds something of it that we never sent
    /// (we were rolled back), or has gone on where we can't follow.
    #[n(5)]
    pub(crate) lost: bool,
    /// Where we were when control entries were said to have expired since the last one processed:
    /// we may be an epoch behind.
    #[n(6)]
    pub(crate) gap: Option<Place>,
    /// Pleas of others that wait for a commit.
    #[n(7)]
    pub(crate) pleas: Vec<Plea>,
    /// Our own messages of this epoch that were seen in the log: when the relay shows one again,
    /// it is a replay and not a sign that we were rolled back.
    #[n(8)]
    pub(crate) sent: Vec<RecordId>,
    /// Entries had expired before we read them, so `log_hash` can't be compared with anybody's.
    #[n(9)]
    pub(crate) unanchored: bool,
    /// When we last pleaded, Unix milliseconds; 0: never.
    #[n(10)]
    pub(crate) pleaded_at: u64,
    /// Leaves that gave their place to another of the same person, oldest first.
    #[n(11)]
    #[cbor(default)]
    pub(crate) former: Vec<Former>,
    /// Access secrets before `access`, newest first: whoever lost their place before a removal pleads
    /// under the one they know.
    #[n(12)]
    #[cbor(default)]
    pub(crate) older: Vec<Secret>,
    /// What speaks for and against this group being the others'.
    #[cbor(n(20), default)]
    pub(crate) footing: Footing,
    /// Parts of the log that the relay said had expired, oldest first.
    #[cbor(n(21), default)]
    pub(crate) skips: Vec<Skip>,
    /// Running hash before the entry at `cursor`; none: that entry was not read here.
    #[n(40)]
    pub(crate) before: Option<Hash>,
    /// The restoring of the relay that the entry at `cursor` was seen to stand after.
    #[n(41)]
    pub(crate) restored: Option<RestoreId>,
    /// The relay was restored, and the log has gone on without what this device has processed.
    #[cbor(n(42), default)]
    pub(crate) log_lost: bool,
}

/// A leaf that is in the group no more, because its person has another.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Former {
    #[n(0)]
    pub(crate) leaf: PublicKey,
    #[n(1)]
    pub(crate) person: PublicKey,
    /// When this device saw it go, Unix milliseconds.
    #[n(2)]
    pub(crate) at: u64,
}

/// A place in a log.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Place {
    #[n(0)]
    pub(crate) cursor: u64,
    #[n(1)]
    pub(crate) log_hash: Hash,
    #[n(2)]
    pub(crate) last_control: u64,
    #[n(3)]
    pub(crate) unanchored: bool,
}

/// A signing key and key package of ours that a Welcome may come for.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Spare {
    #[n(0)]
    pub(crate) kind: ChannelKind,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) leaf: Vec<u8>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) secret: Vec<u8>,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) key_package: Vec<u8>,
}

/// What a committee device keeps for the committee.
#[derive(Clone, Default, Encode, Decode)]
pub(crate) struct Registry {
    #[n(0)]
    pub(crate) invites: Vec<InviteRecord>,
    #[n(1)]
    pub(crate) owners: Vec<Owner>,
    /// Owners this device has set at the relay.
    #[n(2)]
    pub(crate) set_owners: Vec<OwnersOf>,
    #[n(3)]
    pub(crate) drafts: Vec<DraftRecord>,
    /// Complete statements in the order in which the committee's log completed them: the
    /// chain that every channel follows.
    #[n(4)]
    pub(crate) complete: Vec<SignedStatement>,
    /// Join requests whose invite has not been seen yet.
    #[n(5)]
    pub(crate) early_joins: Vec<EarlyJoin>,
    /// Requests with an invite that does not hold any more, until one device has answered.
    #[n(7)]
    #[cbor(default)]
    pub(crate) refusals: Vec<OwedRefusal>,
    /// Of those, whom another device has answered: it said so before this one read the request.
    #[n(8)]
    #[cbor(default)]
    pub(crate) refused: Vec<PublicKey>,
    /// People that a snapshot calls members and whose admission this device has not seen yet.
    #[cbor(n(9), default)]
    pub(crate) unseen: Vec<SignedJoin>,
    /// Channels whose relay has taken this device's owner key.
    #[cbor(n(10), default)]
    pub(crate) owned: Vec<ChannelKind>,
    /// What the relay has been told about the network's channels and mailboxes, and has taken in.
    #[cbor(n(6), default)]
    pub(crate) settings: Vec<Setting>,
    /// Passes that the relay has not let in yet, and since when the first of them is here.
    #[cbor(n(50), default)]
    pub(crate) passes: Vec<Hash>,
    #[cbor(n(51), default)]
    pub(crate) passes_since: u64,
}

/// Something the relay is told once about a channel or a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) enum Setting {
    /// Only the desk appends alerts.
    #[n(0)]
    Guard,
    /// How long a desk's posts are kept. Named by a hash of its secret: to derive its keys costs too
    /// much for every turn.
    #[n(1)]
    Keep(#[n(0)] Hash),
}

/// A refusal that is owed to somebody.
#[derive(Clone, Encode, Decode)]
pub(crate) struct OwedRefusal {
    #[n(0)]
    pub(crate) role_key: PublicKey,
    #[n(1)]
    pub(crate) reply: ReturnAddress,
    #[n(2)]
    pub(crate) refusal: Refusal,
}

/// A join request that waits for its invite to be seen.
#[derive(Clone, Encode, Decode)]
pub(crate) struct EarlyJoin {
    #[n(0)]
    pub(crate) seq: u64,
    #[n(1)]
    pub(crate) received_at: u64,
    #[n(2)]
    pub(crate) join: SignedJoin,
}

/// The owners of one channel.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OwnersOf {
    #[n(0)]
    pub(crate) kind: ChannelKind,
    #[n(1)]
    pub(crate) owners: Vec<PublicKey>,
}

/// An invite and whether it was revoked.
#[derive(Clone, Encode, Decode)]
pub(crate) struct InviteRecord {
    #[n(0)]
    pub(crate) invite: Invite,
    #[n(1)]
    pub(crate) revoked: bool,
}

/// A statement on its way.
#[derive(Clone, Encode, Decode)]
pub(crate) struct DraftRecord {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) statement: Vec<u8>,
    #[n(1)]
    pub(crate) approvals: Vec<Approval>,
    #[n(2)]
    pub(crate) desk: Option<Secret>,
    /// Complete, or void.
    #[n(3)]
    pub(crate) decided: bool,
    /// Its author has taken it back: this device signs it no more.
    #[n(4)]
    #[cbor(default)]
    pub(crate) withdrawn: bool,
    /// Who has taken their signature back: it counts again when their own device says so.
    #[n(5)]
    #[cbor(default)]
    pub(crate) unsigned: Vec<PublicKey>,
}

impl DraftRecord {
    /// Waits for signatures.
    pub(crate) fn open(&self) -> bool {
        !self.decided && !self.withdrawn
    }

    /// Whose draft it is: the first that signed it.
    pub(crate) fn author(&self) -> Option<&PublicKey> {
        self.approvals.first().map(|approval| &approval.key)
    }
}

/// A person, as the committee keeps them.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Person {
    #[n(0)]
    pub(crate) join: SignedJoin,
    #[n(1)]
    pub(crate) role_key: PublicKey,
    #[n(2)]
    pub(crate) handle: String,
    /// The leaf of the broadcast channel that they are admitted with, whatever leaf they have later.
    #[n(3)]
    pub(crate) leaf: PublicKey,
    #[n(4)]
    pub(crate) committee: bool,
    /// This device has been told to admit them.
    #[n(5)]
    pub(crate) approved: bool,
    #[n(6)]
    pub(crate) declined: bool,
    /// A commit that admitted them was seen.
    #[n(7)]
    pub(crate) member: bool,
    /// Unused key packages.
    #[n(8)]
    pub(crate) packages: Vec<Package>,
    #[n(9)]
    pub(crate) reply: ReturnAddress,
    /// Position in the join mailbox: who came first is shown first.
    #[n(10)]
    pub(crate) order: u64,
    /// When they last asked for passes, by the relay's clock; 0: never.
    #[n(11)]
    #[cbor(default)]
    pub(crate) passes_at: u64,
}

/// A key package of somebody else.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Package {
    #[n(0)]
    pub(crate) kind: ChannelKind,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) key_package: Vec<u8>,
}

/// Something owed to the relay, in order of its number.
#[derive(Clone, Encode, Decode)]
pub(crate) enum Job {
    #[n(0)]
    Redeem {
        #[n(0)]
        invitation: Secret,
    },
    #[n(1)]
    Create {
        #[n(0)]
        kind: ChannelKind,
    },
    #[n(2)]
    OpenMailbox {
        #[n(0)]
        reader: PublicKey,
    },
    #[n(3)]
    SetOwners {
        #[n(0)]
        owners: OwnersOf,
    },
    /// An event for a channel.
    #[n(4)]
    Event {
        #[n(0)]
        kind: ChannelKind,
        #[n(1)]
        event: u16,
        #[n(2)]
        #[cbor(with = "minicbor::bytes")]
        payload: Vec<u8>,
        #[n(3)]
        class: Class,
        #[n(4)]
        attempt: Option<Attempt>,
    },
    /// Whatever a commit is due for in a channel; decided when it is made.
    #[n(5)]
    Commit {
        #[n(0)]
        kind: ChannelKind,
        #[n(1)]
        attempt: Option<Attempt>,
        #[n(2)]
        prepared: Option<PreparedCommit>,
    },
    /// Our own plea.
    #[n(6)]
    Plead {
        #[n(0)]
        kind: ChannelKind,
        #[n(1)]
        attempt: Option<Attempt>,
    },
    /// Where this committee device is in a channel.
    #[n(10)]
    Checkpoint {
        #[n(0)]
        kind: ChannelKind,
        #[n(1)]
        attempt: Option<Attempt>,
    },
    #[n(7)]
    Post {
        #[n(0)]
        mailbox: MailboxId,
        #[n(1)]
        record: RecordId,
        #[n(2)]
        #[cbor(with = "minicbor::bytes")]
        body: Vec<u8>,
    },
    /// Our report; sealed to the desk mailbox in force when it is sent.
    #[n(8)]
    Report {
        #[n(0)]
        incident: IncidentId,
        #[n(1)]
        report: SignedReport,
        #[n(2)]
        posting: Option<Posting>,
    },
    #[n(9)]
    Blob {
        #[n(0)]
        kind: ChannelKind,
        #[n(1)]
        blob: BlobId,
        #[n(2)]
        part: u16,
        #[n(3)]
        of: u16,
        #[n(4)]
        #[cbor(with = "minicbor::bytes")]
        body: Vec<u8>,
    },
    /// Puts the members' access key in force again that somebody has changed.
    #[n(11)]
    Restore {
        #[n(0)]
        kind: ChannelKind,
        #[n(1)]
        attempt: Option<Attempt>,
    },
}

/// An append as it was sent, so that a retry sends the same bytes.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Attempt {
    #[n(0)]
    pub(crate) record: RecordId,
    #[n(1)]
    pub(crate) control_seq: u64,
    #[n(2)]
    pub(crate) rotate: Option<PublicKey>,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) body: Vec<u8>,
}

/// What a commit of ours needs once it is seen in the log.
#[derive(Clone, Encode, Decode)]
pub(crate) struct PreparedCommit {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) secrets: Vec<u8>,
    #[n(1)]
    pub(crate) statements: Vec<SignedStatement>,
    #[n(2)]
    pub(crate) joiners: Vec<Joiner>,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) tree: Vec<u8>,
    /// The new access secret, if it rotates.
    #[n(4)]
    pub(crate) access: Option<Secret>,
    /// Leaves that it removes and adds.
    #[n(5)]
    pub(crate) removed: Vec<PublicKey>,
    #[n(6)]
    pub(crate) added: Vec<PublicKey>,
    #[n(7)]
    pub(crate) rejoin: bool,
}

/// Somebody that a commit adds.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Joiner {
    #[n(0)]
    pub(crate) reply: ReturnAddress,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) welcome: Vec<u8>,
}

/// A report as it was posted.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Posting {
    #[n(0)]
    pub(crate) mailbox: MailboxId,
    #[n(1)]
    pub(crate) record: RecordId,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) body: Vec<u8>,
}

impl Job {
    /// What kind it is; for diagnosis.
    #[cfg(feature = "testing")]
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Redeem { .. } => "Redeem",
            Self::Create { .. } => "Create",
            Self::OpenMailbox { .. } => "OpenMailbox",
            Self::SetOwners { .. } => "SetOwners",
            Self::Event { .. } => "Event",
            Self::Commit { .. } => "Commit",
            Self::Plead { .. } => "Plead",
            Self::Checkpoint { .. } => "Checkpoint",
            Self::Post { .. } => "Post",
            Self::Report { .. } => "Report",
            Self::Blob { .. } => "Blob",
            Self::Restore { .. } => "Restore",
        }
    }

    /// The channel this appends to.
    pub(crate) const fn appends_to(&self) -> Option<ChannelKind> {
        match self {
            Self::Event { kind, .. }
            | Self::Commit { kind, .. }
            | Self::Plead { kind, .. }
            | Self::Checkpoint { kind, .. }
            | Self::Restore { kind, .. } => Some(*kind),
            _ => None,
        }
    }

    pub(crate) const fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Event { attempt, .. }
            | Self::Commit { attempt, .. }
            | Self::Plead { attempt, .. }
            | Self::Checkpoint { attempt, .. }
            | Self::Restore { attempt, .. } => attempt.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn forget_attempt(&mut self) {
        match self {
            Self::Event { attempt, .. }
            | Self::Plead { attempt, .. }
            | Self::Checkpoint { attempt, .. }
            | Self::Restore { attempt, .. } => {
                *attempt = None;
            }
            Self::Commit { attempt, prepared, .. } => {
                *attempt = None;
                *prepared = None;
            }
            _ => {}
        }
    }
}
