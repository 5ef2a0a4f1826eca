//! Frames between a device and the relay: one CBOR value per binary WebSocket message.
//!
//! A device sends [`ClientFrame`]s. Each that carries a `request` number gets exactly one answer
//! with that number: the [`RelayFrame`] named in its documentation, or [`RelayFrame::Refused`].
//! Everything a frame carries in `body` is opaque to the relay.

use campana_derive::{Decode, Encode};
use minicbor::bytes::ByteVec;

use crate::code::Code;
use crate::id::{
    BlobId, ChannelId, Hash, MailboxId, PublicKey, PushKey, ReceiptToken, RecordId, RegistrationId,
    RestoreId, Signature, hash,
};
use crate::limits;
use crate::push::Subscription;
use crate::wire::{self, Bytes, Reader, Unread, WireError, Writer, foreign};

/// How an entry is kept and delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Class {
    /// MLS handshake: kept for the offline horizon ([`limits::CONTROL_TTL_MS`]).
    #[n(0)]
    Control,
    /// Stored and pushed.
    #[n(1)]
    Alert,
    /// Stored, not pushed.
    #[n(2)]
    Update,
}

impl Class {
    /// Largest body of this class, in bytes.
    #[must_use]
    pub const fn max_body(self) -> usize {
        match self {
            Self::Control => limits::MAX_CONTROL_BODY,
            Self::Alert => limits::MAX_ALERT_BODY,
            Self::Update => limits::MAX_UPDATE_BODY,
        }
    }

    /// How long an entry of this class is kept, in milliseconds.
    #[must_use]
    pub const fn ttl_ms(self) -> u64 {
        match self {
            Self::Control => limits::CONTROL_TTL_MS,
            Self::Alert | Self::Update => limits::ENTRY_TTL_MS,
        }
    }
}

/// What a key is proved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Subject {
    /// A channel: the key is an owner's or the member access key (the current one, or an older
    /// one, which reads up to and including the entry that rotated it).
    #[n(0)]
    Channel(#[n(0)] ChannelId),
    /// A mailbox: the key is its reader's.
    #[n(1)]
    Mailbox(#[n(0)] MailboxId),
}

/// What a device says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ClientFrame {
    /// Proves a key for a subject; `signature` is over [`challenge`]. Answer: `Done`.
    /// May be sent again for the same subject with another key.
    #[n(1)]
    Authenticate {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// What the key opens.
        #[n(1)]
        subject: Subject,
        /// The key.
        #[n(2)]
        key: PublicKey,
        /// Its signature over the connection's challenge and the subject.
        #[n(3)]
        signature: Signature,
        /// The clock of an owner of a channel, Unix milliseconds: the relay may compare its own.
        #[n(4)]
        clock: Option<u64>,
    },
    /// Redeems an operator's invitation for a founder key, which may then create channels.
    /// Again with the same key: no change. Answer: `Done`.
    #[n(2)]
    Redeem {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The secret of the invitation link. The relay keeps only its hash.
        #[n(1)]
        invitation: Secret,
        /// The key that the invitation now belongs to.
        #[n(2)]
        founder: PublicKey,
    },
    /// Creates the channel [`ChannelId::of`]`(owner)`. If it exists with this first owner: no
    /// change. `signature` is the founder's over [`creation`]. Answer: `Done`.
    #[n(3)]
    Create {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The founder key that redeemed an invitation.
        #[n(1)]
        founder: PublicKey,
        /// Its signature over the connection's challenge and the owner key.
        #[n(2)]
        signature: Signature,
        /// The first owner key of the new channel.
        #[n(3)]
        owner: PublicKey,
        /// The first member access key.
        #[n(4)]
        access: PublicKey,
    },
    /// Replaces the owners of a channel (its first owner may be left out). Only an owner may, and
    /// only with more than half of the present owners: the one that asks and those whose signatures over
    /// [`owners_change`] it brings. The same owners again: no change. Answer: `Done`.
    #[n(4)]
    SetOwners {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// All owners from now on; 1 to [`limits::MAX_OWNERS`].
        #[n(2)]
        owners: Vec<PublicKey>,
        /// Other owners who agree; at most [`limits::MAX_OWNERS`].
        #[n(3)]
        approvals: Option<Vec<OwnerApproval>>,
    },
    /// Appends an entry. Owners and holders of the current access key may; `rotate` only owners,
    /// and only with `Control`; an `Alert` in a guarded channel ([`Self::SetGuard`]) only who has
    /// also proved a current key of the guard, or an owner's of the channel. Refused as [`Code::Stale`] unless `control_seq` is the seq of the
    /// channel's last control entry (0: none yet). The same record id again returns the first
    /// seq without appending, whatever `control_seq` says. In a restored channel ([`Code::Restored`]) only an
    /// owner's with `rotate` is taken, which ends that. Answer, once durable: `Appended`.
    #[n(5)]
    Append {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// Chosen by the author; the same at each attempt.
        #[n(2)]
        record: RecordId,
        /// How it is kept and delivered.
        #[n(3)]
        class: Class,
        /// Seq of the last control entry the author has processed.
        #[n(4)]
        control_seq: u64,
        /// A new member access key, in force from this entry on.
        #[n(5)]
        rotate: Option<PublicKey>,
        /// The sealed entry.
        #[n(6)]
        body: ByteVec,
    },
    /// Streams the entries after `after`, then new ones as they come. Again for the same
    /// channel: restarts there. Answer: `Subscribed`, before the first entry.
    #[n(6)]
    Subscribe {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// The last seq the device holds.
        #[n(2)]
        after: u64,
    },
    /// Fans out to the channel's present subscribers (not back to this connection), never
    /// stored, dropped for the slow. No answer.
    #[n(7)]
    Live {
        /// The channel.
        #[n(0)]
        channel: ChannelId,
        /// The sealed body.
        #[n(1)]
        body: ByteVec,
    },
    /// Lets strangers post to the mailbox [`MailboxId::of`]`(reader)`. Only for an owner or
    /// current member of `channel`. Again: no change. Answer: `Done`.
    #[n(8)]
    OpenMailbox {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// A channel this connection is an owner or current member of.
        #[n(1)]
        channel: ChannelId,
        /// The key that reads the mailbox.
        #[n(2)]
        reader: PublicKey,
    },
    /// Posts to a mailbox. A connection that is owner or current member of some channel may post
    /// to any; others only to opened ones. In a full mailbox the oldest posts give way. The same
    /// record id again: no change. Answer: `Done`, once durable.
    #[n(9)]
    Post {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The mailbox.
        #[n(1)]
        mailbox: MailboxId,
        /// Chosen by the author at random.
        #[n(2)]
        record: RecordId,
        /// The sealed post.
        #[n(3)]
        body: ByteVec,
        /// A pass of a channel whose current key this connection has proved: while the mailbox takes no
        /// more from others, it takes this post. One that does not hold is as none.
        #[n(4)]
        pass: Option<Pass>,
    },
    /// Streams the posts after `after`, then new ones as they come. Only for the proved reader.
    /// Answer: `Done`, before the first post.
    #[n(10)]
    ReadMailbox {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The mailbox.
        #[n(1)]
        mailbox: MailboxId,
        /// The last seq the device holds.
        #[n(2)]
        after: u64,
    },
    /// Deletes the posts up to and including `through`. Only for the proved reader.
    /// Answer: `Done`.
    #[n(11)]
    TrimMailbox {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The mailbox.
        #[n(1)]
        mailbox: MailboxId,
        /// The last seq deleted.
        #[n(2)]
        through: u64,
    },
    /// Stores one part of a blob of a channel. Owners and current members may. The same part
    /// again with the same bytes: no change. Answer: `Done`, once durable.
    #[n(12)]
    PutBlob {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// Chosen by the author at random.
        #[n(2)]
        blob: BlobId,
        /// Index of this part, from 0.
        #[n(3)]
        part: u16,
        /// Parts in all, 1 to [`limits::MAX_BLOB_PARTS`].
        #[n(4)]
        of: u16,
        /// The sealed part.
        #[n(5)]
        body: ByteVec,
    },
    /// Reads one part of a blob. Whoever may read any of the channel may: somebody who was admitted
    /// before the access key was rotated still fetches what the Welcome points to. Answer: `BlobPart`.
    #[n(13)]
    GetBlob {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// The blob.
        #[n(2)]
        blob: BlobId,
        /// Index of the part, from 0.
        #[n(3)]
        part: u16,
    },
    /// Asks for a push at each alert of the channel from now on. Only current members may. The
    /// same registration again replaces and renews it ([`limits::REGISTRATION_TTL_MS`]). Answer:
    /// `Done`, once durable.
    #[n(14)]
    Register {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// Chosen by the device at random, once per channel.
        #[n(2)]
        registration: RegistrationId,
        /// Where pushes go.
        #[n(3)]
        subscription: Subscription,
        /// When a push last arrived there, Unix milliseconds (0: never).
        #[n(4)]
        proved_at: u64,
    },
    /// Ends a registration. Answer: `Done`, once durable, also if there was none.
    #[n(15)]
    Unregister {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// The registration.
        #[n(2)]
        registration: RegistrationId,
    },
    /// Asks for one push to this registration, to prove that it arrives. Answer: `Done`; the push
    /// follows after `delay_ms`, or never if the relay restarts meanwhile.
    #[n(16)]
    TestPush {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// The registration.
        #[n(2)]
        registration: RegistrationId,
        /// Time to lock the phone; at most [`limits::MAX_TEST_DELAY_MS`].
        #[n(3)]
        delay_ms: u32,
        /// Comes back with the push.
        #[n(4)]
        nonce: u32,
    },
    /// Says that some device has the alert at `seq`. Only current members may. The same token
    /// again: no change. Answer: `Done`, once durable.
    #[n(17)]
    Receipt {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// The alert.
        #[n(2)]
        seq: u64,
        /// The device's token for it.
        #[n(3)]
        token: ReceiptToken,
    },
    /// Asks how many devices have the alert at `seq` (0: only about registrations). Only current
    /// members may. Answer: `Coverage`.
    #[n(18)]
    ReadCoverage {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// The alert.
        #[n(2)]
        seq: u64,
    },
    /// From now on only current members and owners of `guard`, and owners of `channel`, append
    /// alerts to `channel`. Naming the channel itself lets all its members again. Only an owner of
    /// `channel` may. Answer: `Done`, once durable.
    #[n(19)]
    SetGuard {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel that is guarded.
        #[n(1)]
        channel: ChannelId,
        /// The channel whose members may.
        #[n(2)]
        guard: ChannelId,
    },
    /// Says how long the mailbox [`MailboxId::of`]`(reader)` keeps its posts, without opening it to
    /// strangers. Only for an owner or current member of `channel`. Said once it stands. Answer: `Done`.
    #[n(20)]
    KeepMailbox {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// A channel this connection is an owner or current member of.
        #[n(1)]
        channel: ChannelId,
        /// The key that reads the mailbox.
        #[n(2)]
        reader: PublicKey,
        /// How long posts that come from now on are kept; at most [`limits::MAILBOX_TTL_MS`].
        #[n(3)]
        keep_ms: u64,
    },
    /// Asks what the relay knows of a registration. Only current members may, if they know its id.
    /// Asked after it was renewed; older relays answer `Unsupported`. Answer: `Registration`.
    #[n(21)]
    ReadRegistration {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// The registration.
        #[n(2)]
        registration: RegistrationId,
    },
    /// Lets as many posts through as there are passes ([`Pass`]), once each. Only for owners; one that is
    /// known changes nothing. Answer: `Done`, once durable.
    #[n(22)]
    AddPasses {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel whose members hold them.
        #[n(1)]
        channel: ChannelId,
        /// Their ids ([`pass_id`]); at most [`limits::MAX_PASSES`].
        #[n(2)]
        passes: Vec<Hash>,
    },
    /// Asks for a push when something is posted to a mailbox, from now on. Only for the proved reader, on
    /// a connection that is owner or current member of some channel. The same registration again
    /// replaces and renews it ([`limits::REGISTRATION_TTL_MS`]). Answer: `Done`, once durable.
    #[n(30)]
    RegisterMailbox {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The mailbox.
        #[n(1)]
        mailbox: MailboxId,
        /// Chosen by the device at random, once per mailbox.
        #[n(2)]
        registration: RegistrationId,
        /// Where pushes go.
        #[n(3)]
        subscription: Subscription,
        /// When a push last arrived there, Unix milliseconds (0: never).
        #[n(4)]
        proved_at: u64,
        /// It is pushed to at random times too.
        #[n(5)]
        cover: bool,
    },
    /// Ends a mailbox's registration. Only for the proved reader. Answer: `Done`, once durable, also if
    /// there was none.
    #[n(31)]
    UnregisterMailbox {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The mailbox.
        #[n(1)]
        mailbox: MailboxId,
        /// The registration.
        #[n(2)]
        registration: RegistrationId,
    },
    /// Has all registrations of a subject pushed to after some time, unless that is withdrawn before. For
    /// a mailbox its proved reader may, on a connection that is owner or current member of some
    /// channel; for a channel whoever may append alerts there. An id that has been held before: no
    /// change, also after it was withdrawn or has rung. Answer: `Done`, once durable.
    #[n(32)]
    HoldRing {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// Whose registrations.
        #[n(1)]
        subject: Subject,
        /// [`crate::push::ring_id`] of a secret.
        #[n(2)]
        id: Hash,
        /// How long from now; at most [`limits::MAX_HOLD_MS`].
        #[n(3)]
        after_ms: u64,
    },
    /// Withdraws a ring by the secret behind its id, before it is held, too. Whoever may hold it may.
    /// Answer: `Done`, once durable.
    #[n(33)]
    WithdrawRing {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// Whose registrations it is for.
        #[n(1)]
        subject: Subject,
        /// The secret.
        #[n(2)]
        secret: Secret,
    },
    /// Appends an entry anew that a restored relay has lost, at the place that it had: refused as
    /// [`Code::Stale`] if that is not the next one. Otherwise as `Append`, and taken where that is refused as
    /// [`Code::Restored`]. Answer, once durable: `Appended`.
    #[n(40)]
    PutBack {
        /// Number of this request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// Where the entry was.
        #[n(2)]
        seq: u64,
        /// As it was.
        #[n(3)]
        record: RecordId,
        /// As it was.
        #[n(4)]
        class: Class,
        /// Seq of the last control entry before it.
        #[n(5)]
        control_seq: u64,
        /// The member access key that it put in force; only owners may.
        #[n(6)]
        rotate: Option<PublicKey>,
        /// The sealed entry, as it was.
        #[n(7)]
        body: ByteVec,
    },
}

/// A pass that an owner has let in: what its id hides. It shows that some member posts and which of them is
/// known to nobody but the owner's device that let it in, which forgets it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Pass {
    /// The channel.
    #[n(0)]
    pub channel: ChannelId,
    /// The secret.
    #[n(1)]
    pub secret: Secret,
}

/// The id of the pass that `secret` opens.
#[must_use]
pub fn pass_id(secret: &Secret) -> Hash {
    hash("campana pass v1", &[&secret.0])
}

/// An owner agrees to a change of a channel's owners.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OwnerApproval {
    /// Its key.
    #[n(0)]
    pub key: PublicKey,
    /// Over [`owners_change`].
    #[n(1)]
    pub signature: Signature,
}

/// What an owner signs to agree that `after` own a channel in place of `before`, in any order: once
/// they do, the same signature changes nothing more.
#[must_use]
pub fn owners_change(channel: &ChannelId, before: &[PublicKey], after: &[PublicKey]) -> Vec<u8> {
    let list = |keys: &[PublicKey]| {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        keys.iter().flat_map(|key| key.0).collect::<Vec<u8>>()
    };
    let digest = hash("campana owners v1", &[channel.as_bytes(), &list(before), &list(after)]);
    digest.0.to_vec()
}

/// A secret that redeems something: 32 random bytes, wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, zeroize::ZeroizeOnDrop)]
pub struct Secret(pub [u8; 32]);

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl wire::Encode for Secret {
    fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.0);
    }
}

impl wire::Decode for Secret {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Unread> {
        Bytes::read(reader).map(Self)
    }
}

foreign!(Secret);

/// One entry of a channel's log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Position, dense from 1.
    #[n(0)]
    pub seq: u64,
    /// How it is kept and delivered.
    #[n(1)]
    pub class: Class,
    /// When the relay stored it, Unix milliseconds. The relay's word only.
    #[n(2)]
    pub received_at: u64,
    /// Its author's record id.
    #[n(3)]
    pub record: RecordId,
    /// The sealed entry.
    #[n(4)]
    pub body: ByteVec,
}

/// What the relay says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RelayFrame {
    /// First on every connection.
    #[n(0)]
    Hello {
        /// [`limits::FRAME_VERSION`] of the relay.
        #[n(0)]
        version: u16,
        /// Fresh random bytes that this connection's signatures cover.
        #[n(1)]
        nonce: Secret,
        /// The relay's clock, Unix milliseconds.
        #[n(2)]
        now: u64,
        /// The key that subscriptions are made for (VAPID, RFC 8292), if this relay pushes.
        #[n(3)]
        push_key: Option<PushKey>,
        /// Which restoring of its store from a backup this relay goes on from, if there was one: what devices
        /// had sent after the backup may be gone. Relays did not say it at first.
        #[n(4)]
        restored: Option<RestoreId>,
    },
    /// The request is done, and durable if it stored something.
    #[n(1)]
    Done {
        /// Number of the request.
        #[n(0)]
        request: u32,
    },
    /// The entry is durable.
    #[n(2)]
    Appended {
        /// Number of the request.
        #[n(0)]
        request: u32,
        /// Its position.
        #[n(1)]
        seq: u64,
    },
    /// The subscription stands; entries follow.
    #[n(3)]
    Subscribed {
        /// Number of the request.
        #[n(0)]
        request: u32,
        /// The channel.
        #[n(1)]
        channel: ChannelId,
        /// Seq of the last entry this key may read now (0: none).
        #[n(2)]
        head: u64,
        /// Seq of the last control entry this key may read now (0: none).
        #[n(3)]
        last_control: u64,
        /// Whether this key may append (an owner's or the current access key).
        #[n(4)]
        current: bool,
        /// The member access key in force, so that owners see who changed it; only to owners and current
        /// members. Relays did not say it at first.
        #[n(5)]
        access: Option<PublicKey>,
        /// The channel was restored from a backup, and no owner has put the access key in force anew: only
        /// [`ClientFrame::PutBack`] appends. Relays did not say it at first.
        #[n(6)]
        restored: Option<bool>,
    },
    /// An entry. In order of seq per subscription, none left out but by `Skipped`.
    #[n(4)]
    Entry {
        /// The channel.
        #[n(0)]
        channel: ChannelId,
        /// The entry.
        #[n(1)]
        entry: Entry,
    },
    /// The entries up to and including `through` that were not sent have expired.
    #[n(5)]
    Skipped {
        /// The channel.
        #[n(0)]
        channel: ChannelId,
        /// The last of them.
        #[n(1)]
        through: u64,
    },
    /// The key proved for this channel has been rotated: nothing more follows for it.
    #[n(6)]
    Rotated {
        /// The channel.
        #[n(0)]
        channel: ChannelId,
        /// Seq of the entry that rotated it, already sent.
        #[n(1)]
        seq: u64,
    },
    /// A live body.
    #[n(7)]
    Live {
        /// The channel.
        #[n(0)]
        channel: ChannelId,
        /// The sealed body.
        #[n(1)]
        body: ByteVec,
    },
    /// A post of a mailbox.
    #[n(8)]
    Post {
        /// The mailbox.
        #[n(0)]
        mailbox: MailboxId,
        /// Position, increasing.
        #[n(1)]
        seq: u64,
        /// When the relay stored it, Unix milliseconds.
        #[n(2)]
        received_at: u64,
        /// The sealed post.
        #[n(3)]
        body: ByteVec,
    },
    /// One part of a blob.
    #[n(9)]
    BlobPart {
        /// Number of the request.
        #[n(0)]
        request: u32,
        /// Parts in all.
        #[n(1)]
        of: u16,
        /// The sealed part.
        #[n(2)]
        body: ByteVec,
    },
    /// The request was refused, and nothing was stored; the code's range says what to do.
    #[n(10)]
    Refused {
        /// Number of the request (0: a frame that could not be read).
        #[n(0)]
        request: u32,
        /// Why.
        #[n(1)]
        code: Code,
    },
    /// How far an alert has come.
    #[n(11)]
    Coverage {
        /// Number of the request.
        #[n(0)]
        request: u32,
        /// Devices that have the alert.
        #[n(1)]
        receipts: u64,
        /// Registrations of the channel.
        #[n(2)]
        registered: u64,
        /// Registrations where a push has arrived within [`limits::PROOF_MS`] and none was refused since.
        #[n(3)]
        proved: u64,
    },
    /// What the relay knows of a registration. Sent to nobody who did not ask for it.
    #[n(12)]
    Registration {
        /// Number of the request.
        #[n(0)]
        request: u32,
        /// Since when its push service has not taken its pushes, Unix milliseconds (0: it took the last
        /// one, or there was none).
        #[n(1)]
        refused_at: u64,
    },
}

impl ClientFrame {
    /// Decodes one frame.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        wire::decode_within(bytes, limits::MAX_FRAME)
    }

    /// Encodes the frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }
}

impl RelayFrame {
    /// Decodes one frame.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        wire::decode_within(bytes, limits::MAX_FRAME)
    }

    /// Encodes the frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }
}

/// What an [`ClientFrame::Authenticate`] signature covers.
#[must_use]
pub fn challenge(nonce: &Secret, subject: &Subject) -> Vec<u8> {
    signed("campana authenticate v1", nonce, &wire::encode(subject))
}

/// What a [`ClientFrame::Create`] signature covers.
#[must_use]
pub fn creation(nonce: &Secret, owner: &PublicKey) -> Vec<u8> {
    signed("campana create v1", nonce, owner.as_bytes())
}

fn signed(label: &str, nonce: &Secret, subject: &[u8]) -> Vec<u8> {
    [label.as_bytes(), &[0], &nonce.0, subject].concat()
}
