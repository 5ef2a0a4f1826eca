//! A relay and devices that say anything, with keys that open something: it answers what was asked and
//! nothing else, gives every channel one dense order, shows nobody what no key of theirs opens, and
//! starts again on what it committed.

use std::collections::{BTreeMap, BTreeSet};

use campana_protocol::frame::{
    Class, ClientFrame, Entry, Pass, RelayFrame, Secret, Subject, challenge, creation, pass_id,
};
use campana_protocol::id::{
    BlobId, ChannelId, MailboxId, PublicKey, PushAuth, PushKey, ReceiptToken, RecordId, RegistrationId,
    Signature,
};
use campana_protocol::push::Subscription;
use campana_relay::store::{MemoryStore, Store};
use campana_relay::{ConnectionId, Relay};
use ed25519_dalek::{Signer, SigningKey};

/// Connections at once.
const CONNECTIONS: usize = 3;
/// Steps that one input makes at most.
const MAX_STEPS: usize = 300;
/// Keys there are; the first are those of the channels that are there beforehand.
const KEYS: u8 = 8;
const FOUNDER: u8 = 0;
/// Owner and first access key of each of the two channels.
const CHANNELS: [(u8, u8); 2] = [(1, 2), (3, 4)];
const INVITATION: Secret = Secret([1; 32]);

/// What came of a session: tests see by it that sessions do anything at all.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) appended: usize,
    pub(crate) alerts: usize,
    pub(crate) read: usize,
    pub(crate) refused: usize,
    pub(crate) rotated: usize,
    pub(crate) guarded: usize,
    pub(crate) posts: usize,
    pub(crate) blobs: usize,
}

/// Reads an input byte by byte.
struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or_default()
    }

    fn seed(&mut self) -> u8 {
        self.next() % KEYS
    }

    fn key(&mut self) -> PublicKey {
        public(self.seed())
    }

    /// Mostly one that is there.
    fn channel(&mut self) -> ChannelId {
        let byte = self.next();
        match byte % 8 {
            7 => ChannelId::of(&public(byte % KEYS)),
            other => channel(usize::from(other % 2)),
        }
    }

    /// The reader of one of two mailboxes.
    fn reader(&mut self) -> u8 {
        self.next() % 2
    }

    fn mailbox(&mut self) -> MailboxId {
        MailboxId::of(&public(self.reader()))
    }

    fn body(&mut self) -> minicbor::bytes::ByteVec {
        let length = usize::from(self.next()) * usize::from(self.next() % 16);
        vec![7; length].into()
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed + 1; 32])
}

fn public(seed: u8) -> PublicKey {
    PublicKey(key(seed).verifying_key().to_bytes())
}

fn sign(seed: u8, message: &[u8]) -> Signature {
    Signature(key(seed).sign(message).to_bytes())
}

fn channel(index: usize) -> ChannelId {
    ChannelId::of(&public(CHANNELS[index].0))
}

fn nonce(connection: usize) -> Secret {
    Secret([connection as u8; 32])
}

/// Who may do what, as the answers say.
#[derive(Default)]
struct Model {
    channels: BTreeMap<ChannelId, Known>,
    /// What each connection has proved.
    proved: BTreeMap<ConnectionId, BTreeSet<(Subject, PublicKey)>>,
    asked: BTreeMap<(ConnectionId, u32), ClientFrame>,
    /// The last seq each subscription was given.
    cursors: BTreeMap<(ConnectionId, Subject), u64>,
    seen: Seen,
}

#[derive(Default)]
struct Known {
    owners: Vec<PublicKey>,
    access: Option<PublicKey>,
    /// Until which seq each older access key reads.
    older: BTreeMap<PublicKey, u64>,
    guard: Option<ChannelId>,
    records: BTreeMap<RecordId, u64>,
    /// What stood at each seq, wherever it was shown.
    log: BTreeMap<u64, (RecordId, Vec<u8>)>,
}

/// One session.
pub(crate) fn relay_session(data: &[u8]) -> Seen {
    let mut bytes = Bytes(data.iter());
    let mut now = 1_800_000_000_000;
    let mut relay = Relay::new(MemoryStore::new());
    let _ = relay.invite(&INVITATION, now + 1_000_000);
    relay.commit(now);
    let mut model = Model::default();
    let mut connections = connect(&mut relay, now);
    for (number, frame) in beginning(data.len().is_multiple_of(2)).into_iter().enumerate() {
        ask(&mut relay, &mut model, now, connections[frame.0], u32::MAX - number as u32, frame.1);
        relay.commit(now);
        check(&mut relay, &mut model, &connections);
    }
    for step in 1..=MAX_STEPS as u32 {
        if bytes.0.len() == 0 {
            break;
        }
        let number = usize::from(bytes.next()) % CONNECTIONS;
        match bytes.next() % 32 {
            0 => {
                now += u64::from(bytes.next() % 64) * 3_600_000;
                let _ = relay.tick(now);
            }
            1 if bytes.next().is_multiple_of(4) => {
                let engine = relay.shared().store().engine().clone();
                relay = Relay::new(MemoryStore::on(engine));
                connections = connect(&mut relay, now);
                model.proved.clear();
                model.asked.clear();
                model.cursors.clear();
            }
            // What is a frame is asked in the ordinary way: the model must know of it.
            2 if ClientFrame::decode(data).is_err() => relay.receive(now, connections[number], data),
            _ => {
                now += u64::from(bytes.next());
                let frame = frame(&mut bytes, &relay, &model, number, step);
                ask(&mut relay, &mut model, now, connections[number], step, frame);
            }
        }
        relay.commit(now);
        check(&mut relay, &mut model, &connections);
    }
    model.seen
}

fn connect(relay: &mut Relay<MemoryStore>, now: u64) -> Vec<ConnectionId> {
    (0..CONNECTIONS).map(|number| relay.connect(now, nonce(number))).collect()
}

fn ask(
    relay: &mut Relay<MemoryStore>,
    model: &mut Model,
    now: u64,
    connection: ConnectionId,
    request: u32,
    frame: ClientFrame,
) {
    relay.receive(now, connection, &frame.encode());
    model.asked.insert((connection, request), frame);
}

/// A frame that only needs its request's number.
type Asking = Box<dyn Fn(u32) -> ClientFrame>;

/// Two channels, of which one may guard the other; the first connection owns both, the second is a
/// member of the first.
fn beginning(guarded: bool) -> Vec<(usize, ClientFrame)> {
    let mut frames: Vec<(usize, Asking)> = vec![(
        0,
        Box::new(|request| ClientFrame::Redeem { request, invitation: INVITATION, founder: public(FOUNDER) }),
    )];
    for (owner, access) in CHANNELS {
        frames.push((0, Box::new(move |request| create(request, 0, owner, access))));
        frames.push((0, Box::new(move |request| authenticate(request, 0, owner, channel_of(owner)))));
    }
    if guarded {
        let (channel, guard) = (channel(0), channel(1));
        frames.push((0, Box::new(move |request| ClientFrame::SetGuard { request, channel, guard })));
    }
    let (owner, access) = CHANNELS[0];
    frames.push((1, Box::new(move |request| authenticate(request, 1, access, channel_of(owner)))));
    let numbered = frames.into_iter().enumerate();
    numbered.map(|(number, (connection, frame))| (connection, frame(u32::MAX - number as u32))).collect()
}

fn channel_of(owner: u8) -> Subject {
    Subject::Channel(ChannelId::of(&public(owner)))
}

fn create(request: u32, connection: usize, owner: u8, access: u8) -> ClientFrame {
    let signature = sign(FOUNDER, &creation(&nonce(connection), &public(owner)));
    let (founder, owner, access) = (public(FOUNDER), public(owner), public(access));
    ClientFrame::Create { request, founder, signature, owner, access }
}

fn authenticate(request: u32, connection: usize, seed: u8, subject: Subject) -> ClientFrame {
    let signature = sign(seed, &challenge(&nonce(connection), &subject));
    ClientFrame::Authenticate {
        request,
        subject,
        key: public(seed),
        signature,
        clock: (seed == 1).then_some(0),
    }
}

fn frame(
    bytes: &mut Bytes<'_>,
    relay: &Relay<MemoryStore>,
    model: &Model,
    connection: usize,
    request: u32,
) -> ClientFrame {
    let channel = bytes.channel();
    match bytes.next() % 36 {
        0 | 19 | 20 => {
            let seed = bytes.seed();
            // Mostly one that opens the channel now, if there is one.
            let good =
                (0..KEYS).map(|more| (seed + more) % KEYS).find(|seed| model.opens(&channel, &public(*seed)));
            let seed = good.filter(|_| !bytes.next().is_multiple_of(4)).unwrap_or(seed);
            authenticate(request, connection, seed, Subject::Channel(channel))
        }
        1 => {
            let seed = bytes.reader();
            authenticate(request, connection, seed, Subject::Mailbox(MailboxId::of(&public(seed))))
        }
        2 => ClientFrame::Authenticate {
            request,
            subject: Subject::Channel(channel),
            key: bytes.key(),
            signature: Signature([bytes.next(); 64]),
            clock: None,
        },
        3 => {
            ClientFrame::Redeem { request, invitation: Secret([bytes.next() % 2; 32]), founder: bytes.key() }
        }
        4 => create(request, connection, bytes.seed(), bytes.seed()),
        5 => ClientFrame::SetOwners { request, channel, owners: owners(bytes), approvals: None },
        6 | 21..=30 => {
            let class = [Class::Control, Class::Alert, Class::Update][usize::from(bytes.next() % 3)];
            let record = RecordId([bytes.next(); 16]);
            let last = relay.shared().store().head(&channel).map_or(0, |head| head.last_control);
            let control_seq = match bytes.next() {
                guess @ 0..32 => guess.into(),
                _ => last,
            };
            let rotate =
                bytes.next().is_multiple_of(4).then(|| bytes.key()).filter(|_| class == Class::Control);
            let body = bytes.body();
            ClientFrame::Append { request, channel, record, class, control_seq, rotate, body }
        }
        31 => {
            let passes = (0..bytes.next() % 3).map(|number| pass_id(&Secret([number; 32]))).collect();
            ClientFrame::AddPasses { request, channel, passes }
        }
        7 | 32..=34 => ClientFrame::Subscribe { request, channel, after: u64::from(bytes.next() % 16) },
        8 => ClientFrame::OpenMailbox { request, channel, reader: public(bytes.reader()) },
        9 => {
            let (mailbox, record) = (bytes.mailbox(), RecordId([bytes.next(); 16]));
            let secret = Secret([bytes.next() % 4; 32]);
            let pass = bytes.next().is_multiple_of(2).then(|| Pass { channel, secret });
            ClientFrame::Post { request, mailbox, record, body: bytes.body(), pass }
        }
        10 => ClientFrame::ReadMailbox { request, mailbox: bytes.mailbox(), after: u64::from(bytes.next()) },
        11 => {
            ClientFrame::TrimMailbox { request, mailbox: bytes.mailbox(), through: u64::from(bytes.next()) }
        }
        12 => {
            let (blob, part) = (BlobId([bytes.next() % 2; 16]), u16::from(bytes.next() % 2));
            ClientFrame::PutBlob { request, channel, blob, part, of: 2, body: bytes.body() }
        }
        13 => {
            let (blob, part) = (BlobId([bytes.next() % 2; 16]), u16::from(bytes.next() % 2));
            ClientFrame::GetBlob { request, channel, blob, part }
        }
        14 => {
            let subscription = Subscription {
                endpoint: "https://fcm.googleapis.com/fcm/send/x".to_owned(),
                key: PushKey([4; 65]),
                auth: PushAuth([5; 16]),
            };
            let registration = RegistrationId([bytes.next(); 16]);
            ClientFrame::Register { request, channel, registration, subscription, proved_at: 0 }
        }
        15 => ClientFrame::Unregister { request, channel, registration: RegistrationId([bytes.next(); 16]) },
        16 => {
            let (registration, delay_ms) = (RegistrationId([bytes.next(); 16]), u32::from(bytes.next()));
            ClientFrame::TestPush { request, channel, registration, delay_ms, nonce: 7 }
        }
        17 => {
            let (seq, token) = (u64::from(bytes.next() % 16), ReceiptToken([bytes.next(); 16]));
            ClientFrame::Receipt { request, channel, seq, token }
        }
        18 => match bytes.next() % 2 {
            0 => ClientFrame::ReadCoverage { request, channel, seq: u64::from(bytes.next() % 16) },
            _ => ClientFrame::Live { channel, body: bytes.body() },
        },
        _ => match bytes.next() % 2 {
            0 => ClientFrame::SetGuard { request, channel, guard: bytes.channel() },
            _ => {
                let (reader, keep_ms) = (public(bytes.reader()), u64::from(bytes.next()) * 3_600_000);
                ClientFrame::KeepMailbox { request, channel, reader, keep_ms }
            }
        },
    }
}

/// Mostly with a first owner among them: nothing more comes of a channel that nobody owns.
fn owners(bytes: &mut Bytes<'_>) -> Vec<PublicKey> {
    let kept = bytes.next();
    let first = public(CHANNELS[usize::from(kept % 2)].0);
    [bytes.key()].into_iter().chain((!kept.is_multiple_of(8)).then_some(first)).collect()
}

/// Takes what every connection is sent: first the answers, which say who may do what, then what was
/// shown, by whoever is allowed to see it now.
fn check(relay: &mut Relay<MemoryStore>, model: &mut Model, connections: &[ConnectionId]) {
    let mut shown = Vec::new();
    for connection in connections {
        loop {
            let outgoing = relay.poll(*connection);
            for bytes in &outgoing.frames {
                let frame = RelayFrame::decode(bytes).expect("the relay sends frames");
                if !model.answer(*connection, &frame) {
                    shown.push((*connection, frame));
                }
            }
            if outgoing.frames.is_empty() || outgoing.close.is_some() {
                break;
            }
        }
    }
    for (connection, frame) in shown {
        model.shown(connection, frame);
    }
}

impl Model {
    /// Whether the frame is an answer. What it means is taken in.
    fn answer(&mut self, connection: ConnectionId, frame: &RelayFrame) -> bool {
        let (request, refused) = match frame {
            RelayFrame::Refused { request: 0, .. } => return true,
            RelayFrame::Refused { request, .. } => (*request, true),
            RelayFrame::Done { request }
            | RelayFrame::Appended { request, .. }
            | RelayFrame::Subscribed { request, .. }
            | RelayFrame::BlobPart { request, .. }
            | RelayFrame::Coverage { request, .. } => (*request, false),
            _ => return false,
        };
        // What is no frame may have a number all the same, and is refused under it.
        if refused {
            self.seen.refused += 1;
            return true;
        }
        let Some(asked) = self.asked.get(&(connection, request)).cloned() else {
            panic!("an answer to nothing: {frame:?}")
        };
        match (asked, frame) {
            (ClientFrame::Authenticate { subject, key, .. }, _) => {
                self.proved.entry(connection).or_default().insert((subject, key));
            }
            (ClientFrame::Create { owner, access, .. }, _) => {
                let known = self.channels.entry(ChannelId::of(&owner)).or_default();
                if known.access.is_none() {
                    (known.owners, known.access) = (vec![owner], Some(access));
                }
            }
            (ClientFrame::SetOwners { channel, owners, .. }, _) => {
                assert!(self.owns(connection, &channel), "owners were set by somebody who is none");
                let known = &mut self.channels.entry(channel).or_default().owners;
                let same = known.iter().all(|owner| owners.contains(owner))
                    && owners.iter().all(|owner| known.contains(owner));
                assert!(same || known.len() == 1, "owners were set by one of several");
                // Each counts once, however often it is named.
                known.clear();
                for owner in owners {
                    if !known.contains(&owner) {
                        known.push(owner);
                    }
                }
            }
            (ClientFrame::SetGuard { channel, guard, .. }, _) => {
                assert!(self.owns(connection, &channel), "a guard was set by somebody who is no owner");
                self.seen.guarded += 1;
                self.channels.entry(channel).or_default().guard = (guard != channel).then_some(guard);
            }
            (
                ClientFrame::Append { channel, record, class, rotate, body, .. },
                RelayFrame::Appended { seq, .. },
            ) => {
                self.appended(connection, channel, (record, *seq), class, rotate, &body);
            }
            (ClientFrame::Subscribe { channel, after, .. }, RelayFrame::Subscribed { head, .. }) => {
                assert!(self.reads(connection, &channel, *head), "a head beyond what may be read");
                self.cursors.insert((connection, Subject::Channel(channel)), after.min(*head));
            }
            (ClientFrame::ReadMailbox { mailbox, after, .. }, _) => {
                assert!(self.proved_reader(connection, &mailbox), "a mailbox is read by a stranger");
                self.cursors.insert((connection, Subject::Mailbox(mailbox)), after);
            }
            (ClientFrame::GetBlob { channel, .. }, _) => {
                assert!(self.reads(connection, &channel, 1), "a blob for a stranger");
                self.seen.blobs += 1;
            }
            _ => {}
        }
        true
    }

    fn appended(
        &mut self,
        connection: ConnectionId,
        channel: ChannelId,
        (record, seq): (RecordId, u64),
        class: Class,
        rotate: Option<PublicKey>,
        body: &[u8],
    ) {
        let (owns, current) = (self.owns(connection, &channel), self.current(connection, &channel));
        let guard = self.channels.get(&channel).and_then(|known| known.guard);
        let guards =
            guard.is_none_or(|guard| self.owns(connection, &guard) || self.current(connection, &guard));
        let known = self.channels.get_mut(&channel).expect("an append to a channel that is there");
        if known.records.get(&record) == Some(&seq) {
            return;
        }
        assert!(owns || current, "appended by somebody who may not");
        assert!(class != Class::Alert || owns || guards, "an alert by somebody whom the guard does not know");
        let last = known.records.values().max().copied().unwrap_or(0);
        assert_eq!(seq, last + 1, "seqs are dense");
        known.records.insert(record, seq);
        let before = known.log.insert(seq, (record, body.to_vec()));
        assert!(before.is_none(), "a seq was given twice");
        if let Some(next) = rotate {
            assert!(owns, "rotated by somebody who is no owner");
            self.seen.rotated += 1;
            if let Some(old) = known.access.replace(next).filter(|old| *old != next) {
                known.older.insert(old, seq);
            }
        }
        self.seen.appended += 1;
        self.seen.alerts += usize::from(class == Class::Alert);
    }

    fn shown(&mut self, connection: ConnectionId, frame: RelayFrame) {
        match frame {
            RelayFrame::Entry { channel, entry } => self.entry(connection, channel, entry),
            RelayFrame::Skipped { channel, through } => {
                let cursor = self.cursors.get_mut(&(connection, Subject::Channel(channel)));
                let cursor = cursor.expect("skipped in a subscription");
                assert!(through > *cursor, "skipped what was shown");
                *cursor = through;
            }
            RelayFrame::Post { mailbox, seq, .. } => {
                let cursor = self.cursors.get_mut(&(connection, Subject::Mailbox(mailbox)));
                let cursor = cursor.expect("a post in a mailbox that is read");
                assert!(seq > *cursor, "a post came twice");
                *cursor = seq;
                self.seen.posts += 1;
            }
            RelayFrame::Live { channel, .. } => {
                assert!(self.reads(connection, &channel, 1), "a live body for a stranger");
            }
            RelayFrame::Hello { .. } | RelayFrame::Rotated { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    fn entry(&mut self, connection: ConnectionId, channel: ChannelId, entry: Entry) {
        let seq = entry.seq;
        assert!(self.reads(connection, &channel, seq), "an entry beyond what its keys open");
        let cursor = self.cursors.get_mut(&(connection, Subject::Channel(channel)));
        let cursor = cursor.expect("an entry in a subscription");
        assert_eq!(seq, *cursor + 1, "an entry out of order");
        *cursor = seq;
        let known = self.channels.get(&channel).and_then(|known| known.log.get(&seq));
        assert_eq!(known, Some(&(entry.record, entry.body.to_vec())), "another entry than was appended");
        self.seen.read += 1;
    }

    fn proves(
        &self,
        connection: ConnectionId,
        channel: &ChannelId,
        test: impl Fn(&PublicKey) -> bool,
    ) -> bool {
        let proved = self.proved.get(&connection).into_iter().flatten();
        let subject = Subject::Channel(*channel);
        proved.filter(|(of, _)| *of == subject).any(|(_, key)| test(key))
    }

    fn owns(&self, connection: ConnectionId, channel: &ChannelId) -> bool {
        let known = self.channels.get(channel);
        known.is_some_and(|known| self.proves(connection, channel, |key| known.owners.contains(key)))
    }

    fn current(&self, connection: ConnectionId, channel: &ChannelId) -> bool {
        let known = self.channels.get(channel);
        known.is_some_and(|known| self.proves(connection, channel, |key| known.access == Some(*key)))
    }

    fn reads(&self, connection: ConnectionId, channel: &ChannelId, seq: u64) -> bool {
        let older = |known: &Known, key: &PublicKey| known.older.get(key).is_some_and(|until| seq <= *until);
        let known = self.channels.get(channel);
        self.owns(connection, channel)
            || self.current(connection, channel)
            || known.is_some_and(|known| self.proves(connection, channel, |key| older(known, key)))
    }

    fn opens(&self, channel: &ChannelId, key: &PublicKey) -> bool {
        let known = self.channels.get(channel);
        known.is_some_and(|known| known.owners.contains(key) || known.access == Some(*key))
    }

    fn proved_reader(&self, connection: ConnectionId, mailbox: &MailboxId) -> bool {
        let proved = self.proved.get(&connection).into_iter().flatten();
        proved.into_iter().any(|(of, _)| *of == Subject::Mailbox(*mailbox))
    }
}
