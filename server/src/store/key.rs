//! Where each row lives: one kind byte, then fixed-width big-endian fields, so that the bytes
//! sort as the fields do.

use campana_protocol::frame::Subject;
use campana_protocol::id::{
    BlobId, ChannelId, Hash, MailboxId, PublicKey, ReceiptToken, RecordId, RegistrationId,
};

use super::EndpointTag;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal),+ $(,)?) => {
        /// What a row is. The numbers are on disk: never reused, never changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Kind { $($(#[$doc])* $name = $number),+ }

        impl Kind {
            /// All kinds, in key order.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

kinds! {
    /// Store format version. One row, written once. Key: nothing. Value: version, u16.
    Format = 0,
    /// Owners and current access key of a channel. Rewritten. Key: channel. Value: [`super::row::Channel`].
    Channel = 1,
    /// Counters of a channel. Rewritten at each append. Key: channel. Value: [`super::row::Head`].
    Head = 2,
    /// An older access key. Kept as long as the entry that rotated it. Key: channel, access key.
    /// Value: [`super::row::Older`].
    Older = 3,
    /// An entry. Written once. Key: channel, seq. Value: [`super::row::StoredEntry`].
    Entry = 4,
    /// The seq of a record id. Kept as long as its entry. Key: channel, record. Value: seq, u64.
    Record = 5,
    /// Counters of a mailbox. Rewritten. Key: mailbox. Value: [`super::row::Mailbox`].
    Mailbox = 6,
    /// A post. Written once. Key: mailbox, seq. Value: [`super::row::StoredPost`].
    Post = 7,
    /// The seq of a post's record id. Kept as long as its post. Key: mailbox, record. Value: seq, u64.
    PostRecord = 8,
    /// A part of a blob. Written once. Key: channel, blob, part. Value: [`super::row::StoredPart`].
    BlobPart = 9,
    /// An operator's invitation. Key: hash of its secret. Value: [`super::row::Invitation`].
    Invitation = 10,
    /// A founder. Key: its key. Value: [`super::row::Founder`].
    Founder = 11,
    /// When a row expires. Key: time, then the key of the row. Value: nothing.
    Expiry = 12,
    /// A push registration. Replaced when it is renewed. Key: channel, registration.
    /// Value: [`super::row::StoredRegistration`].
    Registration = 13,
    /// An alert that is being pushed. Rewritten as the push gets on. Key: channel, seq.
    /// Value: [`super::row::StoredJob`].
    PushJob = 14,
    // 15 was a row for each unsettled registration, until format 4.
    /// Some device has an alert. Key: channel, seq, token. Value: nothing.
    Receipt = 16,
    /// How many registrations (seq 0) or receipts of an alert there are. Rewritten. Key: channel,
    /// seq. Value: count, u64.
    Tally = 17,
    /// The relay's own VAPID key, sealed. One row. Key: nothing. Value: bytes.
    PushSecret = 18,
    /// A registration whose push service says that there is no such subscription: its device is
    /// told. Key: channel, registration. Value: nothing.
    Ended = 19,
    /// The registration of an endpoint. Kept as long as it. Key: channel, what the endpoint is known
    /// by there. Value: registration.
    Endpoint = 20,
    /// Registrations that a job has come past without an answer yet, some thousand to a page: a row
    /// each takes the engine ten times their bytes. Rewritten as the push gets on. Key: channel, seq,
    /// page. Value: ids, one after the other.
    Unsettled = 21,
    /// The run of the relay that the store is of. One row, rewritten at each start. Key: nothing. Value:
    /// [`super::row::StoredRun`].
    Run = 22,
    /// A mailbox whose registrations are owed a ring. Key: mailbox. Value: since when, u64.
    OwedRing = 40,
    /// A ring that is held. Rewritten as time passes. Key: subject, id. Value: [`super::row::StoredHeld`].
    HeldRing = 41,
    /// A mailbox's registration that is pushed to at random times too. Kept as long as it. Key: mailbox,
    /// registration. Value: nothing.
    Cover = 42,
    /// A pass. Kept until it expires, used or not. Key: channel, its id. Value: whether it was used, bool.
    Pass = 43,
}

/// The key of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Format,
    Channel(ChannelId),
    Head(ChannelId),
    Older(ChannelId, PublicKey),
    Entry(ChannelId, u64),
    Record(ChannelId, RecordId),
    Mailbox(MailboxId),
    Post(MailboxId, u64),
    PostRecord(MailboxId, RecordId),
    BlobPart(ChannelId, BlobId, u16),
    Invitation(Hash),
    Founder(PublicKey),
    Expiry(u64, Box<Self>),
    Registration(ChannelId, RegistrationId),
    PushJob(ChannelId, u64),
    Receipt(ChannelId, u64, ReceiptToken),
    Tally(ChannelId, u64),
    PushSecret,
    Ended(ChannelId, RegistrationId),
    Endpoint(ChannelId, EndpointTag),
    Unsettled(ChannelId, u64, u16),
    Run,
    OwedRing(MailboxId),
    HeldRing(Subject, Hash),
    Cover(MailboxId, RegistrationId),
    Pass(ChannelId, Hash),
}

impl Key {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        self.encode_into(&mut out);
        out
    }

    fn encode_into(&self, out: &mut Vec<u8>) {
        out.push(self.kind() as u8);
        match self {
            Self::Format | Self::PushSecret | Self::Run => {}
            Self::Channel(id) | Self::Head(id) => out.extend(id.0),
            Self::Older(id, key) => put(out, &[&id.0, &key.0]),
            Self::Entry(id, seq) => put(out, &[&id.0, &seq.to_be_bytes()]),
            Self::Record(id, record) => put(out, &[&id.0, &record.0]),
            Self::Mailbox(id) | Self::OwedRing(id) => out.extend(id.0),
            Self::HeldRing(subject, id) => {
                put_subject(out, subject);
                out.extend(id.0);
            }
            Self::Pass(id, pass) => put(out, &[&id.0, &pass.0]),
            Self::Cover(id, registration) => put(out, &[&id.0, &registration.0]),
            Self::Post(id, seq) => put(out, &[&id.0, &seq.to_be_bytes()]),
            Self::PostRecord(id, record) => put(out, &[&id.0, &record.0]),
            Self::BlobPart(id, blob, part) => put(out, &[&id.0, &blob.0, &part.to_be_bytes()]),
            Self::Invitation(hash) => out.extend(hash.0),
            Self::Founder(key) => out.extend(key.0),
            Self::Expiry(at, key) => {
                out.extend(at.to_be_bytes());
                key.encode_into(out);
            }
            Self::Registration(id, registration) | Self::Ended(id, registration) => {
                put(out, &[&id.0, &registration.0])
            }
            Self::Endpoint(id, tag) => put(out, &[&id.0, tag]),
            Self::PushJob(id, seq) | Self::Tally(id, seq) => put(out, &[&id.0, &seq.to_be_bytes()]),
            Self::Unsettled(id, seq, page) => {
                put(out, &[&id.0, &seq.to_be_bytes(), &page.to_be_bytes()]);
            }
            Self::Receipt(id, seq, token) => put(out, &[&id.0, &seq.to_be_bytes(), &token.0]),
        }
    }

    /// `None`: not a key of this format.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, mut rest) = bytes.split_first()?;
        let kind = Kind::ALL.iter().copied().find(|known| *known as u8 == *kind)?;
        let r = &mut rest;
        let key = match kind {
            Kind::Format => Self::Format,
            Kind::Channel => Self::Channel(ChannelId(take(r)?)),
            Kind::Head => Self::Head(ChannelId(take(r)?)),
            Kind::Older => Self::Older(ChannelId(take(r)?), PublicKey(take(r)?)),
            Kind::Entry => Self::Entry(ChannelId(take(r)?), u64::from_be_bytes(take(r)?)),
            Kind::Record => Self::Record(ChannelId(take(r)?), RecordId(take(r)?)),
            Kind::Mailbox => Self::Mailbox(MailboxId(take(r)?)),
            Kind::Post => Self::Post(MailboxId(take(r)?), u64::from_be_bytes(take(r)?)),
            Kind::PostRecord => Self::PostRecord(MailboxId(take(r)?), RecordId(take(r)?)),
            Kind::BlobPart => {
                Self::BlobPart(ChannelId(take(r)?), BlobId(take(r)?), u16::from_be_bytes(take(r)?))
            }
            Kind::Invitation => Self::Invitation(Hash(take(r)?)),
            Kind::Founder => Self::Founder(PublicKey(take(r)?)),
            Kind::Expiry => {
                let at = u64::from_be_bytes(take(r)?);
                // One level only: a row that says when an expiry row expires is not a key.
                if r.first() == Some(&(Kind::Expiry as u8)) {
                    return None;
                }
                let key = Self::decode(r)?;
                *r = &[];
                Self::Expiry(at, Box::new(key))
            }
            Kind::Registration => Self::Registration(ChannelId(take(r)?), RegistrationId(take(r)?)),
            Kind::PushJob => Self::PushJob(ChannelId(take(r)?), u64::from_be_bytes(take(r)?)),
            Kind::Unsettled => {
                let (channel, seq) = (ChannelId(take(r)?), u64::from_be_bytes(take(r)?));
                Self::Unsettled(channel, seq, u16::from_be_bytes(take(r)?))
            }
            Kind::Receipt => {
                let (channel, seq) = (ChannelId(take(r)?), u64::from_be_bytes(take(r)?));
                Self::Receipt(channel, seq, ReceiptToken(take(r)?))
            }
            Kind::Tally => Self::Tally(ChannelId(take(r)?), u64::from_be_bytes(take(r)?)),
            Kind::PushSecret => Self::PushSecret,
            Kind::Run => Self::Run,
            Kind::Ended => Self::Ended(ChannelId(take(r)?), RegistrationId(take(r)?)),
            Kind::Endpoint => Self::Endpoint(ChannelId(take(r)?), take(r)?),
            Kind::Pass => Self::Pass(ChannelId(take(r)?), Hash(take(r)?)),
            Kind::OwedRing => Self::OwedRing(MailboxId(take(r)?)),
            Kind::HeldRing => Self::HeldRing(take_subject(r)?, Hash(take(r)?)),
            Kind::Cover => Self::Cover(MailboxId(take(r)?), RegistrationId(take(r)?)),
        };
        rest.is_empty().then_some(key)
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Format => Kind::Format,
            Self::Channel(_) => Kind::Channel,
            Self::Head(_) => Kind::Head,
            Self::Older(..) => Kind::Older,
            Self::Entry(..) => Kind::Entry,
            Self::Record(..) => Kind::Record,
            Self::Mailbox(_) => Kind::Mailbox,
            Self::Post(..) => Kind::Post,
            Self::PostRecord(..) => Kind::PostRecord,
            Self::BlobPart(..) => Kind::BlobPart,
            Self::Invitation(_) => Kind::Invitation,
            Self::Founder(_) => Kind::Founder,
            Self::Expiry(..) => Kind::Expiry,
            Self::Registration(..) => Kind::Registration,
            Self::PushJob(..) => Kind::PushJob,
            Self::Unsettled(..) => Kind::Unsettled,
            Self::Run => Kind::Run,
            Self::Receipt(..) => Kind::Receipt,
            Self::Tally(..) => Kind::Tally,
            Self::PushSecret => Kind::PushSecret,
            Self::Ended(..) => Kind::Ended,
            Self::Endpoint(..) => Kind::Endpoint,
            Self::OwedRing(_) => Kind::OwedRing,
            Self::Pass(..) => Kind::Pass,
            Self::HeldRing(..) => Kind::HeldRing,
            Self::Cover(..) => Kind::Cover,
        }
    }

    /// From a subject's first possible held ring to after its last.
    pub(crate) fn held_rings(subject: &Subject) -> (Vec<u8>, Vec<u8>) {
        let from = Self::HeldRing(*subject, Hash([0; 32])).encode();
        (from, [Self::HeldRing(*subject, Hash([0xff; 32])).encode(), vec![0]].concat())
    }
}

impl Kind {
    /// The first key of this kind and the first after it.
    pub(crate) fn range(self) -> (Vec<u8>, Vec<u8>) {
        (vec![self as u8], vec![self as u8 + 1])
    }
}

/// The expiry rows up to and including `now`.
pub(crate) fn expired(now: u64) -> (Vec<u8>, Vec<u8>) {
    let end = match now.checked_add(1) {
        Some(next) => [&[Kind::Expiry as u8][..], &next.to_be_bytes()].concat(),
        None => Kind::Expiry.range().1,
    };
    (Kind::Expiry.range().0, end)
}

fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn put_subject(out: &mut Vec<u8>, subject: &Subject) {
    match subject {
        Subject::Channel(id) => put(out, &[&[0], &id.0]),
        Subject::Mailbox(id) => put(out, &[&[1], &id.0]),
    }
}

fn take_subject(rest: &mut &[u8]) -> Option<Subject> {
    match take(rest)? {
        [0] => Some(Subject::Channel(ChannelId(take(rest)?))),
        [1] => Some(Subject::Mailbox(MailboxId(take(rest)?))),
        _ => None,
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain() -> impl Strategy<Value = Key> {
        // Few distinct ids, so that the ordering of the later fields is exercised too.
        let id = || prop_oneof![Just([0u8; 32]), Just([7; 32]), any::<[u8; 32]>()];
        let short = || any::<[u8; 16]>();
        prop_oneof![
            Just(Key::Format),
            id().prop_map(|i| Key::Channel(ChannelId(i))),
            id().prop_map(|i| Key::Head(ChannelId(i))),
            (id(), id()).prop_map(|(i, k)| Key::Older(ChannelId(i), PublicKey(k))),
            (id(), any::<u64>()).prop_map(|(i, s)| Key::Entry(ChannelId(i), s)),
            (id(), short()).prop_map(|(i, r)| Key::Record(ChannelId(i), RecordId(r))),
            id().prop_map(|i| Key::Mailbox(MailboxId(i))),
            (id(), any::<u64>()).prop_map(|(i, s)| Key::Post(MailboxId(i), s)),
            (id(), short()).prop_map(|(i, r)| Key::PostRecord(MailboxId(i), RecordId(r))),
            (id(), short(), any::<u16>()).prop_map(|(i, b, p)| Key::BlobPart(ChannelId(i), BlobId(b), p)),
            id().prop_map(|i| Key::Invitation(Hash(i))),
            id().prop_map(|i| Key::Founder(PublicKey(i))),
            (id(), short()).prop_map(|(i, r)| Key::Registration(ChannelId(i), RegistrationId(r))),
            (id(), any::<u64>()).prop_map(|(i, s)| Key::PushJob(ChannelId(i), s)),
            (id(), any::<u64>(), any::<u16>()).prop_map(|(i, s, p)| Key::Unsettled(ChannelId(i), s, p)),
            (id(), any::<u64>(), short()).prop_map(|(i, s, t)| Key::Receipt(
                ChannelId(i),
                s,
                ReceiptToken(t)
            )),
            (id(), any::<u64>()).prop_map(|(i, s)| Key::Tally(ChannelId(i), s)),
            Just(Key::PushSecret),
            Just(Key::Run),
            (id(), short()).prop_map(|(i, r)| Key::Ended(ChannelId(i), RegistrationId(r))),
            (id(), short()).prop_map(|(i, tag)| Key::Endpoint(ChannelId(i), tag)),
            id().prop_map(|i| Key::OwedRing(MailboxId(i))),
            (id(), id()).prop_map(|(i, pass)| Key::Pass(ChannelId(i), Hash(pass))),
            (id(), id()).prop_map(|(i, h)| Key::HeldRing(Subject::Channel(ChannelId(i)), Hash(h))),
            (id(), id()).prop_map(|(i, h)| Key::HeldRing(Subject::Mailbox(MailboxId(i)), Hash(h))),
            (id(), short()).prop_map(|(i, r)| Key::Cover(MailboxId(i), RegistrationId(r))),
        ]
    }

    fn any_key() -> impl Strategy<Value = Key> {
        prop_oneof![plain(), (any::<u64>(), plain()).prop_map(|(at, key)| Key::Expiry(at, Box::new(key)))]
    }

    proptest! {
        #[test]
        fn a_key_comes_back_from_its_bytes(key in any_key()) {
            prop_assert_eq!(Key::decode(&key.encode()), Some(key));
        }

        #[test]
        fn bytes_sort_as_keys_do(a in any_key(), b in any_key()) {
            prop_assert_eq!(a.encode().cmp(&b.encode()), a.cmp(&b));
        }

        #[test]
        fn any_bytes_decode_or_do_not(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Some(key) = Key::decode(&bytes) {
                prop_assert_eq!(key.encode(), bytes);
            }
        }

        #[test]
        fn the_expired_are_those_up_to_now(at in any::<u64>(), now in any::<u64>(), key in plain()) {
            let bytes = Key::Expiry(at, Box::new(key)).encode();
            let (from, to) = expired(now);
            prop_assert_eq!(from <= bytes && bytes < to, at <= now);
        }
    }
}
