//! Everything that changes a store, as values: a batch of them is one commit.

use campana_protocol::frame::{Class, Subject};
use campana_protocol::id::{
    BlobId, ChannelId, Hash, MailboxId, PublicKey, ReceiptToken, RecordId, RegistrationId,
};

use super::{EndpointTag, HeldRing, Keys, LaneTag, Run};

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
        /// Who else agrees: their signatures over this change have been checked.
        approved: Vec<PublicKey>,
        /// From now on, each once; not empty.
        owners: Vec<PublicKey>,
    },
    /// Lets only the members of another channel append alerts, or (the channel itself) all again.
    SetGuard {
        /// The channel.
        channel: ChannelId,
        /// Who asks.
        by: Keys,
        /// The channel whose members may.
        guard: ChannelId,
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
    /// Says how long a mailbox keeps its posts, unless it has been said.
    KeepMailbox {
        /// The channel that vouches for it.
        channel: ChannelId,
        /// Who asks.
        by: Keys,
        /// The mailbox.
        mailbox: MailboxId,
        /// How long.
        keep_ms: u64,
    },
    /// Posts to a mailbox.
    Post {
        /// The mailbox.
        mailbox: MailboxId,
        /// The author is owner or current member of some channel.
        insider: bool,
        /// How much its author has posted lately: in a full mailbox the heavy give way to the light.
        weight: u16,
        /// All up to this one have been given to a reader: in a full mailbox they give way first.
        read: u64,
        /// Chosen by the author.
        record: RecordId,
        /// The sealed post.
        body: Vec<u8>,
        /// A pass that is good for it: it takes up room that others' posts leave free.
        pass: Option<(ChannelId, Hash)>,
    },
    /// Lets passes in.
    AddPasses {
        /// The channel.
        channel: ChannelId,
        /// Who asks.
        by: Keys,
        /// Their ids.
        passes: Vec<Hash>,
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
    /// Makes or renews a push registration.
    Register {
        /// The channel.
        channel: ChannelId,
        /// Who asks.
        by: Keys,
        /// The registration.
        registration: RegistrationId,
        /// The sealed subscription.
        sealed: Vec<u8>,
        /// Its endpoint: an older registration with the same one is replaced.
        endpoint: EndpointTag,
        /// When a push last arrived (0: never).
        proved_at: u64,
    },
    /// Ends a push registration.
    Unregister {
        /// The channel.
        channel: ChannelId,
        /// The registration.
        registration: RegistrationId,
    },
    /// Counts a device that has an alert.
    Receipt {
        /// The channel.
        channel: ChannelId,
        /// Who asks.
        by: Keys,
        /// The alert.
        seq: u64,
        /// The device's token for it.
        token: ReceiptToken,
    },
    /// Writes down how far a push job has come.
    PushProgress(PushProgress),
    /// Ends a registration whose push service says that it is gone, if it still is what was
    /// pushed to. Its id can't be registered again.
    End {
        /// The channel.
        channel: ChannelId,
        /// The registration.
        registration: RegistrationId,
        /// What was pushed to.
        sealed: Vec<u8>,
    },
    /// Notes whether the push service takes what is pushed to a registration, if it still is what was
    /// pushed to. A refusal lasts until a push is taken, or the registration leads elsewhere.
    Refused {
        /// The channel.
        channel: ChannelId,
        /// The registration.
        registration: RegistrationId,
        /// What was pushed to.
        sealed: Vec<u8>,
        /// It does not.
        refused: bool,
    },
    /// Seals a registration anew, if it still is what was read.
    Reseal {
        /// The channel.
        channel: ChannelId,
        /// The registration.
        registration: RegistrationId,
        /// What was read.
        from: Vec<u8>,
        /// The same under another key.
        to: Vec<u8>,
    },
    /// Makes or renews a mailbox's registration.
    RegisterMailbox(MailboxRegistration),
    /// The ring that a mailbox's registrations are owed is due: it becomes a push job.
    Ring {
        /// The mailbox.
        mailbox: MailboxId,
    },
    /// Holds a ring, unless there is or was one of this id.
    HoldRing {
        /// Whose registrations.
        subject: Subject,
        /// The hash of what withdraws it.
        id: Hash,
        /// How long.
        after_ms: u64,
    },
    /// Withdraws a held ring, also one that is not held yet.
    WithdrawRing {
        /// Whose registrations it is for.
        subject: Subject,
        /// The hash of what was revealed.
        id: Hash,
    },
    /// A held ring is due: it becomes a push job.
    RingHeld {
        /// Whose registrations.
        subject: Subject,
        /// Which.
        id: Hash,
    },
    /// Writes down how much time held rings have left.
    CountDown(Vec<HeldRing>),
    /// Keeps the relay's own VAPID key.
    KeepPushSecret {
        /// Sealed.
        sealed: Vec<u8>,
    },
    /// Notes which run of the relay the store is of.
    Begin {
        /// This one.
        run: Run,
    },
    /// Deletes registrations and push jobs, some at a time, and at last the VAPID key.
    ForgetPush,
}

/// How far a push job has come since the last of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushProgress {
    /// The channel.
    pub channel: ChannelId,
    /// The alert.
    pub seq: u64,
    /// The last registration that was read for all services (`None`: none yet).
    pub cursor: Option<RegistrationId>,
    /// The services that are read for separately, each with the last that was read for it.
    pub lanes: Vec<(LaneTag, Option<RegistrationId>)>,
    /// All that are dispatched and not settled.
    pub unsettled: Vec<RegistrationId>,
    /// All are settled: the job ends.
    pub done: bool,
}

/// A registration for what is posted to a mailbox. That its device reads the mailbox has been proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRegistration {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The registration.
    pub registration: RegistrationId,
    /// The sealed subscription.
    pub sealed: Vec<u8>,
    /// Its endpoint: an older registration with the same one is replaced.
    pub endpoint: EndpointTag,
    /// When a push last arrived (0: never).
    pub proved_at: u64,
    /// It is pushed to at random times too.
    pub cover: bool,
}

/// An entry to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The channel.
    pub channel: ChannelId,
    /// Who asks.
    pub by: Keys,
    /// Who asks, in the channel that guards this one's alerts: of no account for other classes.
    pub in_guard: Keys,
    /// Chosen by the author.
    pub record: RecordId,
    /// How it is kept.
    pub class: Class,
    /// The last control entry the author has processed.
    pub control_seq: u64,
    /// A new access key.
    pub rotate: Option<PublicKey>,
    /// The place that it had before the store was restored, if it is put back; none: it is new.
    pub place: Option<u64>,
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
                Self::Register { sealed, .. } | Self::End { sealed, .. } | Self::Refused { sealed, .. } => {
                    sealed.len()
                }
                Self::Reseal { from, to, .. } => from.len() + to.len(),
                Self::PushProgress(progress) => progress.unsettled.len() * RegistrationId::LEN,
                Self::RegisterMailbox(new) => new.sealed.len(),
                Self::CountDown(left) => left.len() * size_of::<HeldRing>(),
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
        /// How many older ones gave way to it.
        displaced: u64,
    },
    /// A ring is a push job now.
    Rang {
        /// Where the registrations are ([`super::place`]).
        channel: ChannelId,
        /// The job's seq.
        seq: u64,
        /// When.
        created_at: u64,
    },
}
