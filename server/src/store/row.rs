//! What is in each row, as CBOR. Fields are only ever added, with a default.

use campana_derive::{Decode, Encode};
use campana_protocol::frame::{Class, Entry};
use campana_protocol::id::{ChannelId, PublicKey, RecordId, RegistrationId};
use campana_protocol::wire;
use minicbor::bytes::{ByteArray, ByteVec};

use super::bodies::Place;

/// Who may do what on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Channel {
    #[n(0)]
    pub(crate) owners: Vec<PublicKey>,
    #[n(1)]
    pub(crate) access: PublicKey,
    /// The channel whose members alone append alerts here.
    #[n(2)]
    pub(crate) guard: Option<ChannelId>,
    /// The store was restored, and no owner has put the access key in force anew.
    #[n(3)]
    #[cbor(default)]
    pub(crate) restored: bool,
}

/// Counters of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Head {
    #[n(0)]
    pub(crate) seq: u64,
    #[n(1)]
    pub(crate) last_control: u64,
    #[n(2)]
    pub(crate) blob_bytes: u64,
    #[n(3)]
    pub(crate) mailboxes: u32,
    /// Entries of the log up to and including this seq have expired.
    #[cbor(n(4), default)]
    pub(crate) log_expired: u64,
    /// Passes, used or not.
    #[cbor(n(5), default)]
    pub(crate) passes: u32,
}

/// An access key that is no longer current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Older {
    /// Seq of the entry that rotated it: the last that it may read.
    #[n(0)]
    pub(crate) until: u64,
    #[n(1)]
    pub(crate) expires_at: u64,
}

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StoredEntry {
    #[n(0)]
    pub(crate) expires_at: u64,
    #[n(1)]
    pub(crate) entry: Entry,
    #[n(2)]
    pub(crate) rotate: Option<PublicKey>,
    /// Where its body is, if it is not in the row.
    #[cbor(n(3), default)]
    pub(crate) place: Option<Place>,
}

impl StoredEntry {
    /// Whether `class`, `rotate` and `body` are what this entry was made of.
    pub(crate) fn is(&self, class: Class, rotate: Option<&PublicKey>, body: &[u8]) -> bool {
        let same = self.entry.class == class && self.rotate.as_ref() == rotate;
        same && holds(self.place.as_ref(), &self.entry.body, body)
    }
}

/// Whether a row with that place or body stands for `body`.
fn holds(place: Option<&Place>, inline: &[u8], body: &[u8]) -> bool {
    place.map_or_else(|| inline == body, |place| place.holds(body))
}

/// Counters of a mailbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Mailbox {
    /// Strangers may post.
    #[n(0)]
    pub(crate) opened: bool,
    /// Seq of the last post.
    #[n(1)]
    pub(crate) head: u64,
    #[n(2)]
    pub(crate) posts: u64,
    #[n(3)]
    pub(crate) bytes: u64,
    /// How long its posts are kept, if not as long as any.
    #[n(4)]
    pub(crate) keep_ms: Option<u64>,
    /// Of the posts, those by members.
    #[cbor(n(5), default)]
    pub(crate) member_posts: u64,
    /// Of the bytes, those of members' posts.
    #[cbor(n(6), default)]
    pub(crate) member_bytes: u64,
}

impl Mailbox {
    /// Whether it is there when it is empty: something was said of it.
    pub(crate) fn stays(&self) -> bool {
        self.opened || self.keep_ms.is_some()
    }

    /// Posts and bytes by members, or by strangers.
    pub(crate) fn lane(&self, insider: bool) -> (u64, u64) {
        let members = (self.member_posts, self.member_bytes);
        let others = (self.posts.saturating_sub(members.0), self.bytes.saturating_sub(members.1));
        if insider { members } else { others }
    }

    /// One more post.
    pub(crate) fn add(&mut self, insider: bool, bytes: u64) {
        self.posts += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if insider {
            self.member_posts += 1;
            self.member_bytes = self.member_bytes.saturating_add(bytes);
        }
    }

    /// One less.
    pub(crate) fn subtract(&mut self, insider: bool, bytes: u64) {
        self.posts = self.posts.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        if insider {
            self.member_posts = self.member_posts.saturating_sub(1);
            self.member_bytes = self.member_bytes.saturating_sub(bytes);
        }
    }
}

/// A post of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StoredPost {
    #[n(0)]
    pub(crate) expires_at: u64,
    #[n(1)]
    pub(crate) received_at: u64,
    #[n(2)]
    pub(crate) record: RecordId,
    #[n(3)]
    pub(crate) body: ByteVec,
    /// Where its body is, if it is not in the row.
    #[cbor(n(4), default)]
    pub(crate) place: Option<Place>,
    /// By a member. Those of before this was kept count as strangers'.
    #[cbor(n(5), default)]
    pub(crate) insider: bool,
    /// How much its author had posted lately.
    #[cbor(n(6), default)]
    pub(crate) weight: u16,
}

impl StoredPost {
    /// Whether it was made of `body`.
    pub(crate) fn is(&self, body: &[u8]) -> bool {
        holds(self.place.as_ref(), &self.body, body)
    }

    /// Bytes of its body.
    pub(crate) fn len(&self) -> usize {
        self.place.map_or(self.body.len(), |place| place.len())
    }
}

/// A part of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StoredPart {
    #[n(0)]
    pub(crate) expires_at: u64,
    #[n(1)]
    pub(crate) of: u16,
    #[n(2)]
    pub(crate) body: ByteVec,
    /// Where its body is, if it is not in the row.
    #[cbor(n(3), default)]
    pub(crate) place: Option<Place>,
}

impl StoredPart {
    /// Whether it was made of these.
    pub(crate) fn is(&self, of: u16, body: &[u8]) -> bool {
        self.of == of && holds(self.place.as_ref(), &self.body, body)
    }

    /// Bytes of its body.
    pub(crate) fn len(&self) -> usize {
        self.place.map_or(self.body.len(), |place| place.len())
    }
}

/// An operator's invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Invitation {
    #[n(0)]
    pub(crate) expires_at: u64,
    #[n(1)]
    pub(crate) redeemed_by: Option<PublicKey>,
}

/// Someone who redeemed an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Founder {
    #[n(0)]
    pub(crate) channels_left: u32,
}

/// A push registration.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StoredRegistration {
    #[n(0)]
    pub(crate) expires_at: u64,
    /// The channel's access key when it was made or last renewed.
    #[n(1)]
    pub(crate) access: PublicKey,
    /// When a push last arrived (0: never).
    #[n(2)]
    pub(crate) proved_at: u64,
    /// The subscription, sealed under a key that the store does not hold.
    #[n(3)]
    pub(crate) sealed: ByteVec,
    /// What its endpoint is known by on the channel (`None`: made before that was kept).
    #[cbor(n(4), default)]
    pub(crate) endpoint: Option<ByteArray<16>>,
    /// Since when its push service has not taken its pushes.
    #[cbor(n(5), default)]
    pub(crate) refused_at: Option<u64>,
}

/// An alert that is being pushed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StoredJob {
    #[n(0)]
    pub(crate) created_at: u64,
    // What is before 4 is of older versions: a job that one of them left in the middle begins anew.
    /// All registrations up to this one are settled, on an `Unsettled` page, or are for one of
    /// `lanes`. The order is the sender's.
    #[cbor(n(4), default)]
    pub(crate) cursor: Option<RegistrationId>,
    /// Services that are read for separately.
    #[cbor(n(5), default)]
    pub(crate) lanes: Vec<StoredLane>,
    /// How many `Unsettled` pages it has.
    #[cbor(n(6), default)]
    pub(crate) pages: u16,
}

/// A ring that is held, or the mark of one that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StoredHeld {
    /// How much time is left (`None`: it has rung, or was withdrawn).
    #[n(0)]
    pub(crate) left_ms: Option<u64>,
}

/// A push service that a job reads for separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StoredLane {
    /// Tells it from the others of the job, and says nothing else.
    #[n(0)]
    pub(crate) tag: u64,
    /// As the job's, for this service alone.
    #[n(1)]
    pub(crate) cursor: Option<RegistrationId>,
}

/// The run of the relay that the store is of.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StoredRun {
    #[n(0)]
    pub(crate) name: ByteArray<16>,
    /// How often the store was restored.
    #[n(1)]
    pub(crate) restored: u64,
    /// The name of the run that noticed the last restoring.
    #[n(2)]
    pub(crate) since: Option<ByteArray<16>>,
}

/// The value of a row.
pub(crate) fn encode<T: wire::Encode>(row: &T) -> Vec<u8> {
    wire::encode(row)
}

/// `None`: not a value of that kind.
pub(crate) fn decode<T: wire::Decode>(bytes: &[u8]) -> Option<T> {
    wire::decode(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back_from_their_bytes(
            a in any::<u64>(), b in any::<u64>(), c in any::<u32>(), key in any::<[u8; 32]>(),
            record in any::<[u8; 16]>(), some in any::<bool>(), bytes in any::<Vec<u8>>(),
        ) {
            let key = PublicKey(key);
            let maybe = some.then_some(key);
            let entry = Entry {
                seq: a, class: Class::Update, received_at: b, record: RecordId(record), body: bytes.clone().into(),
            };
            let guard = some.then_some(ChannelId(key.0));
            same(&Channel { owners: vec![key; c as usize % 4], access: key, guard, restored: some })?;
            same(&Head { seq: a, last_control: b, blob_bytes: a, mailboxes: c, log_expired: b, passes: c })?;
            same(&Older { until: a, expires_at: b })?;
            same(&StoredEntry { expires_at: a, entry, rotate: maybe, place: None })?;
            same(&Mailbox {
                opened: some, head: a, posts: b, bytes: a, keep_ms: some.then_some(b), member_posts: b, member_bytes: a,
            })?;
            same(&StoredPost {
                expires_at: a, received_at: b, record: RecordId(record), body: bytes.clone().into(), place: None,
                insider: some, weight: a as u16,
            })?;
            same(&StoredPart { expires_at: a, of: 7, body: bytes.clone().into(), place: None })?;
            let endpoint = some.then_some(record.into());
            same(&StoredRegistration {
                expires_at: a, access: key, proved_at: b, sealed: bytes.into(), endpoint,
                refused_at: some.then_some(a),
            })?;
            same(&Invitation { expires_at: a, redeemed_by: maybe })?;
            same(&Founder { channels_left: c })?;
            same(&StoredRun { name: record.into(), restored: a, since: some.then_some(record.into()) })?;
            let cursor = some.then_some(RegistrationId(record));
            let lanes = vec![StoredLane { tag: b, cursor }; c as usize % 4];
            same(&StoredJob { created_at: a, cursor, lanes, pages: (a % 7) as u16 })?;
            same(&StoredHeld { left_ms: some.then_some(b) })?;
        }

        #[test]
        fn a_channel_from_before_guards_has_none(key in any::<[u8; 32]>()) {
            let key = PublicKey(key);
            let without = Channel { owners: vec![key], access: key, guard: None, restored: false };
            prop_assert_eq!(decode::<Channel>(&wire::encode(&(vec![key], key))), Some(without));
        }

        #[test]
        fn a_registration_from_before_refusals_has_none(key in any::<[u8; 32]>(), at in any::<u64>()) {
            let (access, sealed, endpoint) = (PublicKey(key), ByteVec::from(vec![1]), Some([2; 16].into()));
            let before = wire::encode(&(at, access, at, sealed.clone(), endpoint));
            let row = StoredRegistration {
                expires_at: at, access, proved_at: at, sealed, endpoint, refused_at: None,
            };
            prop_assert_eq!(decode::<StoredRegistration>(&before), Some(row));
        }

        #[test]
        fn posts_from_before_lanes_are_strangers_and_weigh_nothing(a in any::<u64>(), bytes in any::<Vec<u8>>()) {
            let (record, body): (_, ByteVec) = (RecordId([1; 16]), bytes.into());
            let before = wire::encode(&(a, a, record, body.clone()));
            let post = StoredPost { expires_at: a, received_at: a, record, body, place: None, insider: false, weight: 0 };
            prop_assert_eq!(decode::<StoredPost>(&before), Some(post));
            let mailbox = Mailbox { head: a, posts: 7, bytes: 9, ..Mailbox::default() };
            let before = wire::encode(&(false, a, 7_u64, 9_u64, None::<u64>));
            prop_assert_eq!(decode::<Mailbox>(&before), Some(mailbox));
        }

        #[test]
        fn any_bytes_decode_or_do_not(bytes in any::<Vec<u8>>()) {
            let _ = decode::<StoredEntry>(&bytes);
            let _ = decode::<Channel>(&bytes);
        }
    }

    fn same<T>(row: &T) -> Result<(), TestCaseError>
    where
        T: wire::Encode + wire::Decode + PartialEq + core::fmt::Debug,
    {
        let back = decode::<T>(&encode(row));
        prop_assert_eq!(back.as_ref(), Some(row));
        Ok(())
    }
}
