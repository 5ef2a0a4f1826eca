//! A small model of the relay, as `frame.rs` documents it: in memory, synchronous, and able to
//! misbehave. The real relay is tested against real cores in the workspace's `tests/`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, Entry, RelayFrame, Secret, Subject, pass_id};
use campana_protocol::id::{
    BlobId, ChannelId, Hash, MailboxId, PublicKey, PushKey, ReceiptToken, RecordId, RegistrationId, RestoreId,
};
use campana_protocol::limits::ENTRY_TTL_MS;
use campana_protocol::push::{Subscription, ring_id};

#[derive(Clone, Default)]
pub(crate) struct Channel {
    pub(crate) owners: Vec<PublicKey>,
    /// Access keys and the seq of the entry that retired each.
    pub(crate) access: Vec<(PublicKey, Option<u64>)>,
    pub(crate) log: Vec<Entry>,
    /// Entries that are there no more.
    pub(crate) expired: BTreeSet<u64>,
    /// The channel whose members alone append alerts.
    pub(crate) guard: Option<ChannelId>,
    /// It was restored, and no owner has put the access key in force anew.
    pub(crate) restored: bool,
    blobs: BTreeMap<(BlobId, u16), (u16, Vec<u8>)>,
}

#[derive(Clone, Default)]
pub(crate) struct Mailbox {
    opened: bool,
    pub(crate) keep_ms: Option<u64>,
    /// Record, when it arrived, body.
    posts: BTreeMap<u64, (RecordId, u64, Vec<u8>)>,
    next: u64,
}

#[derive(Clone, Default)]
struct Connection {
    keys: BTreeMap<Subject, PublicKey>,
    channels: BTreeMap<ChannelId, u64>,
    mailboxes: BTreeMap<MailboxId, u64>,
}

#[derive(Clone, Default)]
pub(crate) struct Relay {
    pub(crate) channels: BTreeMap<ChannelId, Channel>,
    pub(crate) mailboxes: BTreeMap<MailboxId, Mailbox>,
    connections: BTreeMap<usize, Connection>,
    /// Appends refused as stale so far.
    pub(crate) stale: usize,
    /// Control entries appended by others than owners.
    pub(crate) members_commits: usize,
    /// The class of which it takes no more for now, and how many it has put off.
    pub(crate) rationed: Option<Class>,
    pub(crate) put_off: usize,
    /// Takes no blobs for now.
    pub(crate) blobs_rationed: bool,
    /// How often a guard was set.
    pub(crate) guards_set: usize,
    /// Does not know of what was added to the protocol later.
    pub(crate) old: bool,
    /// Channels whose new entries are kept from these connections.
    pub(crate) withheld: BTreeSet<(usize, ChannelId)>,
    /// When the relay says that posts arrived, whenever they did.
    pub(crate) post_time: Option<u64>,
    /// The key it pushes with; without one it is a relay that does not push.
    pub(crate) push_key: Option<PushKey>,
    /// Which restoring it goes on from.
    pub(crate) restored: Option<RestoreId>,
    /// Entries put back so far.
    pub(crate) put_back: usize,
    /// What each registration holds, and the access key it was made under.
    pub(crate) registrations: BTreeMap<RegistrationId, Registration>,
    /// Endpoints it does not send to.
    pub(crate) refuses: Option<String>,
    /// Registrations that their push service has ended.
    pub(crate) ended: BTreeSet<RegistrationId>,
    /// Registrations whose push service does not take what is pushed, and since when.
    pub(crate) unreached: BTreeMap<RegistrationId, u64>,
    /// Passes, and whether each was used.
    pub(crate) passes: BTreeMap<Hash, bool>,
    /// Somebody floods all mailboxes: it takes no post without a pass but owners'.
    pub(crate) flooded: bool,
    /// What is registered for mailboxes.
    pub(crate) on_call: BTreeMap<RegistrationId, OnCall>,
    /// When each held ring is due; none: it was withdrawn.
    pub(crate) held: BTreeMap<Hash, Option<u64>>,
    /// Tests asked for: registration and nonce.
    pub(crate) tests: Vec<(RegistrationId, u32)>,
    pub(crate) receipts: BTreeMap<u64, BTreeSet<ReceiptToken>>,
    /// Frames that it refuses, with what, and how often it has.
    pub(crate) refusing: Option<(Refuses, Code)>,
    pub(crate) refused: usize,
}

/// Which frames a relay refuses.
pub(crate) type Refuses = fn(&ClientFrame) -> bool;

#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) access: PublicKey,
    pub(crate) subscription: Subscription,
    pub(crate) proved_at: u64,
    pub(crate) renewed: u32,
}

#[derive(Clone)]
pub(crate) struct OnCall {
    pub(crate) mailbox: MailboxId,
    pub(crate) subscription: Subscription,
    pub(crate) proved_at: u64,
    pub(crate) cover: bool,
}

impl Relay {
    /// How many connections follow a channel.
    pub(crate) fn followers(&self, channel: &ChannelId) -> usize {
        self.connections.values().filter(|connection| connection.channels.contains_key(channel)).count()
    }

    pub(crate) fn connect(&mut self, id: usize, now: u64) -> RelayFrame {
        self.connections.insert(id, Connection::default());
        RelayFrame::Hello {
            version: 1,
            nonce: Secret([id as u8; 32]),
            now,
            push_key: self.push_key,
            restored: self.restored,
        }
    }

    /// Goes on from an earlier copy of itself, as after a backup was put back.
    pub(crate) fn restore(&mut self, copy: Self) {
        let restored = RestoreId([self.restored.map_or(1, |known| known.0[0] + 1); 16]);
        *self = Self { restored: Some(restored), connections: BTreeMap::new(), put_back: 0, ..copy };
        self.channels.values_mut().for_each(|channel| channel.restored = true);
    }

    pub(crate) fn disconnect(&mut self, id: usize) {
        self.connections.remove(&id);
    }

    pub(crate) fn handle(&mut self, id: usize, now: u64, frame: ClientFrame) -> Vec<RelayFrame> {
        if let (Some((refuses, code)), Some(request)) = (self.refusing, refusable(&frame))
            && refuses(&frame)
        {
            self.refused += 1;
            return vec![RelayFrame::Refused { request, code }];
        }
        match self.answer(id, now, frame) {
            Ok(frames) => frames,
            Err((request, code)) => vec![RelayFrame::Refused { request, code }],
        }
    }

    /// What is to be sent to a connection now.
    pub(crate) fn stream(&mut self, id: usize) -> Vec<RelayFrame> {
        let mut frames = Vec::new();
        let Some(connection) = self.connections.get_mut(&id) else { return frames };
        let mut ended = Vec::new();
        for (channel, cursor) in &mut connection.channels {
            if self.withheld.contains(&(id, *channel)) {
                continue;
            }
            let Some(known) = self.channels.get(channel) else { continue };
            let key = connection.keys.get(&Subject::Channel(*channel));
            let until = key.map_or(0, |key| known.readable(key));
            let mut expired = None;
            for entry in known.log.iter().filter(|entry| entry.seq > *cursor && entry.seq <= until) {
                if known.expired.contains(&entry.seq) {
                    expired = Some(entry.seq);
                    continue;
                }
                let skipped =
                    expired.take().map(|through| RelayFrame::Skipped { channel: *channel, through });
                frames.extend(skipped);
                frames.push(RelayFrame::Entry { channel: *channel, entry: entry.clone() });
            }
            frames.extend(expired.map(|through| RelayFrame::Skipped { channel: *channel, through }));
            *cursor = (*cursor).max(until.min(known.log.len() as u64));
            if *cursor >= until {
                frames.push(RelayFrame::Rotated { channel: *channel, seq: until });
                ended.push(*channel);
            }
        }
        connection.channels.retain(|channel, _| !ended.contains(channel));
        for (mailbox, cursor) in &mut connection.mailboxes {
            let Some(known) = self.mailboxes.get(mailbox) else { continue };
            for (seq, (_, received_at, body)) in known.posts.range((Excluded(*cursor), Unbounded)) {
                let body = body.clone().into();
                frames.push(RelayFrame::Post {
                    mailbox: *mailbox,
                    seq: *seq,
                    received_at: *received_at,
                    body,
                });
                *cursor = *seq;
            }
        }
        frames
    }

    /// Blobs that are there and say something else.
    pub(crate) fn spoil_blobs(&mut self) {
        let blobs = self.channels.values_mut().flat_map(|channel| channel.blobs.values_mut());
        blobs.for_each(|(_, body)| body[30] ^= 1);
    }

    /// How many posts a mailbox holds.
    pub(crate) fn posts_of(&self, mailbox: &MailboxId) -> usize {
        self.mailboxes.get(mailbox).map_or(0, |known| known.posts.len())
    }

    /// Whether a connection has proved a key of a channel's: one that opens it now, or also one that
    /// it was rotated from.
    fn rights(&self, id: usize, request: u32, channel: ChannelId, now: bool) -> Result<(), (u32, Code)> {
        let key = self.connections.get(&id).and_then(|c| c.keys.get(&Subject::Channel(channel)));
        let allowed = self.channels.get(&channel).zip(key).is_some_and(|(known, key)| {
            known.owners.contains(key) || if now { known.current(key) } else { known.knows(key) }
        });
        if allowed { Ok(()) } else { Err((request, Code::Forbidden)) }
    }

    /// Blobs are kept for a week.
    pub(crate) fn expire_blobs(&mut self) {
        self.channels.values_mut().for_each(|channel| channel.blobs.clear());
    }

    /// So is what is no control entry.
    pub(crate) fn expire_entries(&mut self, now: u64) {
        for channel in self.channels.values_mut() {
            let old =
                |entry: &&Entry| entry.class != Class::Control && entry.received_at + ENTRY_TTL_MS <= now;
            channel.expired.extend(channel.log.iter().filter(old).map(|entry| entry.seq));
        }
    }

    fn answer(&mut self, id: usize, now: u64, frame: ClientFrame) -> Result<Vec<RelayFrame>, (u32, Code)> {
        let (frame, place) = match frame {
            ClientFrame::PutBack { request, channel, seq, record, class, control_seq, rotate, body } => (
                ClientFrame::Append { request, channel, record, class, control_seq, rotate, body },
                Some(seq),
            ),
            other => (other, None),
        };
        let connection = self.connections.entry(id).or_default();
        let done = |request| Ok(vec![RelayFrame::Done { request }]);
        match frame {
            ClientFrame::Authenticate { request, subject, key, .. } => {
                let allowed = match subject {
                    Subject::Channel(channel) => {
                        self.channels.get(&channel).is_some_and(|channel| channel.knows(&key))
                    }
                    Subject::Mailbox(mailbox) => mailbox == MailboxId::of(&key),
                };
                if !allowed {
                    return Err((request, Code::Forbidden));
                }
                connection.keys.insert(subject, key);
                done(request)
            }
            ClientFrame::Redeem { request, .. } => done(request),
            ClientFrame::Create { request, owner, access, .. } => {
                let channel = self.channels.entry(ChannelId::of(&owner)).or_default();
                if channel.owners.is_empty() {
                    channel.owners = vec![owner];
                    channel.access = vec![(access, None)];
                }
                done(request)
            }
            ClientFrame::SetOwners { request, channel, owners, .. } => {
                let key = connection.keys.get(&Subject::Channel(channel));
                let known = self.channels.get_mut(&channel).ok_or((request, Code::Unknown))?;
                let same = owners.iter().all(|owner| known.owners.contains(owner));
                let alone = known.owners.len() > 1 && !(same && owners.len() == known.owners.len());
                // An older relay does what any one owner says.
                if !key.is_some_and(|key| known.owners.contains(key)) || (alone && !self.old) {
                    return Err((request, Code::Forbidden));
                }
                known.owners = owners;
                done(request)
            }
            ClientFrame::Append { request, channel, record, class, control_seq, rotate, body } => {
                let key = connection.keys.get(&Subject::Channel(channel));
                let known = self.channels.get(&channel).ok_or((request, Code::Unknown))?;
                let guards = known.guard.is_none_or(|guard| {
                    let key = connection.keys.get(&Subject::Channel(guard));
                    key.zip(self.channels.get(&guard))
                        .is_some_and(|(key, guard)| guard.owners.contains(key) || guard.current(key))
                });
                let known = self.channels.get_mut(&channel).ok_or((request, Code::Unknown))?;
                let owner = key.is_some_and(|key| known.owners.contains(key));
                let member = key.is_some_and(|key| known.current(key));
                if !owner && (!member || rotate.is_some()) {
                    return Err((request, Code::Forbidden));
                }
                if let Some(entry) = known.log.iter().find(|entry| entry.record == record) {
                    return Ok(vec![RelayFrame::Appended { request, seq: entry.seq }]);
                }
                if known.restored && place.is_none() && rotate.is_none() {
                    return Err((request, Code::Restored));
                }
                if known.last_control() != control_seq
                    || place.is_some_and(|seq| seq != known.log.len() as u64 + 1)
                {
                    self.stale += 1;
                    return Err((request, Code::Stale));
                }
                if class == Class::Alert && !owner && !guards {
                    return Err((request, Code::Forbidden));
                }
                if self.rationed == Some(class) {
                    self.put_off += 1;
                    return Err((request, Code::Busy));
                }
                if class == Class::Control && !owner {
                    self.members_commits += 1;
                }
                let seq = known.log.len() as u64 + 1;
                known.restored &= place.is_some();
                self.put_back += usize::from(place.is_some());
                known.log.push(Entry { seq, class, received_at: now, record, body });
                if let Some(rotate) = rotate {
                    known.access.iter_mut().for_each(|(_, until)| *until = until.or(Some(seq)));
                    known.access.push((rotate, None));
                }
                Ok(vec![RelayFrame::Appended { request, seq }])
            }
            ClientFrame::Subscribe { request, channel, after } => {
                let key =
                    connection.keys.get(&Subject::Channel(channel)).ok_or((request, Code::Forbidden))?;
                let known = self.channels.get(&channel).ok_or((request, Code::Unknown))?;
                let head = known.readable(key).min(known.log.len() as u64);
                let current = known.owners.contains(key) || known.current(key);
                connection.channels.insert(channel, after.min(head));
                let last_control = known.last_control().min(head);
                let access = known.access.last().map(|(key, _)| *key).filter(|_| current && !self.old);
                let restored = known.restored.then_some(true);
                Ok(vec![RelayFrame::Subscribed {
                    request,
                    channel,
                    head,
                    last_control,
                    current,
                    access,
                    restored,
                }])
            }
            // Taken as an append above.
            ClientFrame::Live { .. } | ClientFrame::PutBack { .. } => Ok(Vec::new()),
            ClientFrame::OpenMailbox { request, channel, reader } => {
                self.rights(id, request, channel, true)?;
                self.mailboxes.entry(MailboxId::of(&reader)).or_default().opened = true;
                done(request)
            }
            ClientFrame::Post { request, mailbox, record, body, pass } => {
                let channels = connection.keys.iter().filter_map(|(subject, key)| match subject {
                    Subject::Channel(channel) => Some((self.channels.get(channel)?, key)),
                    Subject::Mailbox(_) => None,
                });
                let member = channels
                    .into_iter()
                    .any(|(channel, key)| channel.owners.contains(key) || channel.current(key));
                let received_at = self.post_time.unwrap_or(now);
                let known = self.mailboxes.entry(mailbox).or_default();
                if !member && !known.opened {
                    return Err((request, Code::Unknown));
                }
                let new = known.posts.values().all(|(other, ..)| *other != record);
                let owner = connection
                    .keys
                    .values()
                    .any(|key| self.channels.values().any(|channel| channel.owners.contains(key)));
                if new && self.flooded && !owner {
                    let unused = pass.filter(|pass| self.channels.contains_key(&pass.channel));
                    let unused = unused.and_then(|pass| self.passes.get_mut(&pass_id(&pass.secret)));
                    let unused = unused.filter(|used| !**used).ok_or((request, Code::MailboxFull))?;
                    *unused = true;
                }
                if new {
                    known.next += 1;
                    known.posts.insert(known.next, (record, received_at, body.into()));
                }
                done(request)
            }
            ClientFrame::AddPasses { request, .. } if self.old => Err((request, Code::Unsupported)),
            ClientFrame::AddPasses { request, channel, passes } => {
                let owner = connection.keys.get(&Subject::Channel(channel));
                let known = self.channels.get(&channel).ok_or((request, Code::Unknown))?;
                if !owner.is_some_and(|key| known.owners.contains(key)) {
                    return Err((request, Code::Forbidden));
                }
                for pass in passes {
                    self.passes.entry(pass).or_default();
                }
                done(request)
            }
            ClientFrame::ReadMailbox { request, mailbox, after } => {
                connection.keys.get(&Subject::Mailbox(mailbox)).ok_or((request, Code::Forbidden))?;
                connection.mailboxes.insert(mailbox, after);
                done(request)
            }
            ClientFrame::TrimMailbox { request, mailbox, through } => {
                if let Some(known) = self.mailboxes.get_mut(&mailbox) {
                    known.posts.retain(|seq, _| *seq > through);
                }
                done(request)
            }
            ClientFrame::PutBlob { request, channel, blob, part, of, body } => {
                self.rights(id, request, channel, true)?;
                if self.blobs_rationed {
                    self.put_off += 1;
                    return Err((request, Code::Busy));
                }
                let known = self.channels.get_mut(&channel).ok_or((request, Code::Unknown))?;
                known.blobs.insert((blob, part), (of, body.into()));
                done(request)
            }
            ClientFrame::GetBlob { request, channel, blob, part } => {
                self.rights(id, request, channel, false)?;
                let known = self.channels.get(&channel).ok_or((request, Code::Unknown))?;
                let (of, body) = known.blobs.get(&(blob, part)).ok_or((request, Code::Unknown))?;
                Ok(vec![RelayFrame::BlobPart { request, of: *of, body: body.clone().into() }])
            }
            ClientFrame::Register { request, channel, registration, subscription, proved_at } => {
                let access = *connection
                    .keys
                    .get(&Subject::Channel(channel))
                    .filter(|key| {
                        let known = self.channels.get(&channel);
                        known.is_some_and(|known| known.owners.contains(key) || known.current(key))
                    })
                    .ok_or((request, Code::Forbidden))?;
                if self.refuses.as_ref() == Some(&subscription.endpoint) {
                    return Err((request, Code::EndpointRefused));
                }
                if self.ended.contains(&registration) {
                    return Err((request, Code::SubscriptionEnded));
                }
                let renewed = self.registrations.get(&registration).map_or(0, |known| known.renewed + 1);
                let new = Registration { access, subscription, proved_at, renewed };
                self.registrations.insert(registration, new);
                done(request)
            }
            ClientFrame::Unregister { request, registration, .. } => {
                self.registrations.remove(&registration);
                done(request)
            }
            ClientFrame::TestPush { request, registration, nonce, .. } => {
                self.tests.push((registration, nonce));
                done(request)
            }
            ClientFrame::Receipt { request, seq, token, .. } => {
                self.receipts.entry(seq).or_default().insert(token);
                done(request)
            }
            ClientFrame::SetGuard { request, .. }
            | ClientFrame::KeepMailbox { request, .. }
            | ClientFrame::ReadRegistration { request, .. }
                if self.old =>
            {
                Err((request, Code::Unsupported))
            }
            ClientFrame::ReadRegistration { request, registration, .. } => {
                let refused_at = self.unreached.get(&registration).copied().unwrap_or(0);
                Ok(vec![RelayFrame::Registration { request, refused_at }])
            }
            ClientFrame::SetGuard { request, channel, guard } => {
                let key = connection.keys.get(&Subject::Channel(channel));
                if !self.channels.contains_key(&guard) {
                    return Err((request, Code::Unknown));
                }
                let known = self.channels.get_mut(&channel).ok_or((request, Code::Unknown))?;
                if !key.is_some_and(|key| known.owners.contains(key)) {
                    return Err((request, Code::Forbidden));
                }
                known.guard = Some(guard);
                self.guards_set += 1;
                done(request)
            }
            ClientFrame::KeepMailbox { request, reader, keep_ms, .. } => {
                let known = self.mailboxes.entry(MailboxId::of(&reader)).or_default();
                known.keep_ms = known.keep_ms.or(Some(keep_ms));
                done(request)
            }
            ClientFrame::RegisterMailbox { request, .. }
            | ClientFrame::UnregisterMailbox { request, .. }
            | ClientFrame::HoldRing { request, .. }
            | ClientFrame::WithdrawRing { request, .. }
                if self.old =>
            {
                Err((request, Code::Unsupported))
            }
            ClientFrame::RegisterMailbox {
                request,
                mailbox,
                registration,
                subscription,
                proved_at,
                cover,
            } => {
                connection.keys.get(&Subject::Mailbox(mailbox)).ok_or((request, Code::Forbidden))?;
                if self.ended.contains(&registration) {
                    return Err((request, Code::SubscriptionEnded));
                }
                let new = OnCall { mailbox, subscription, proved_at, cover };
                self.on_call.insert(registration, new);
                done(request)
            }
            ClientFrame::UnregisterMailbox { request, mailbox, registration } => {
                connection.keys.get(&Subject::Mailbox(mailbox)).ok_or((request, Code::Forbidden))?;
                self.on_call.remove(&registration);
                done(request)
            }
            ClientFrame::HoldRing { request, id, after_ms, .. } => {
                self.held.entry(id).or_insert(Some(now + after_ms));
                done(request)
            }
            ClientFrame::WithdrawRing { request, secret, .. } => {
                self.held.insert(ring_id(&secret), None);
                done(request)
            }
            ClientFrame::ReadCoverage { request, seq, .. } => {
                let receipts = self.receipts.get(&seq).map_or(0, BTreeSet::len) as u64;
                let registered = self.registrations.len() as u64;
                let fresh =
                    |known: &&Registration| now < known.proved_at + campana_protocol::limits::PROOF_MS;
                let proved = self.registrations.values().filter(fresh).count() as u64;
                Ok(vec![RelayFrame::Coverage { request, receipts, registered, proved }])
            }
        }
    }
}

impl Channel {
    fn knows(&self, key: &PublicKey) -> bool {
        self.owners.contains(key) || self.access.iter().any(|(known, _)| known == key)
    }

    fn current(&self, key: &PublicKey) -> bool {
        self.access.iter().any(|(known, until)| known == key && until.is_none())
    }

    fn readable(&self, key: &PublicKey) -> u64 {
        if self.owners.contains(key) {
            return u64::MAX;
        }
        let access = self.access.iter().rev().find(|(known, _)| known == key);
        access.map_or(0, |(_, until)| until.unwrap_or(u64::MAX))
    }

    fn last_control(&self) -> u64 {
        self.log.iter().rev().find(|entry| entry.class == Class::Control).map_or(0, |entry| entry.seq)
    }
}

fn refusable(frame: &ClientFrame) -> Option<u32> {
    match frame {
        ClientFrame::Append { request, .. }
        | ClientFrame::Post { request, .. }
        | ClientFrame::Unregister { request, .. } => Some(*request),
        _ => None,
    }
}
