//! The connection to the relay: what has been proved, subscribed and asked on it. Nothing here
//! is stored; a new connection starts from nothing.

use campana_protocol::code::{Action, Code};
use campana_protocol::frame::{ClientFrame, RelayFrame, Secret, Subject, challenge};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{
    BlobId, ChannelId, Hash, IncidentId, MailboxId, PublicKey, RegistrationId, RestoreId,
};
use campana_protocol::limits::FRAME_VERSION;

use crate::alerts::{BellRegistered, Told};
use crate::core::Core;
use crate::coverage::Coverage;
use crate::keys::{KeyPair, access_key};
use crate::limits::{FIRST_HOLD, FIRST_PAUSE, LAST_HOLD, LAST_PAUSE};
use crate::restored::Waits;
use crate::sorted::{Map, Set};
use crate::state::Setting;
use crate::turn::Effect;

/// The state of one connection.
#[derive(Default)]
pub(crate) struct Session {
    /// The relay's challenge; `None` until it said hello.
    pub(crate) nonce: Option<Secret>,
    /// The time of the turn that is being taken, Unix milliseconds.
    pub(crate) turn_at: u64,
    next_request: u32,
    pub(crate) requests: Map<u32, Asked>,
    pub(crate) streams: Map<ChannelKind, Stream>,
    /// What membership of a channel was last proved with.
    proved_with: Map<ChannelKind, Secret>,
    /// Mailboxes being read.
    pub(crate) mailboxes: Set<MailboxId>,
    /// Jobs that wait for an answer.
    pub(crate) in_flight: Set<u64>,
    /// Jobs whose append the relay has acknowledged; done when seen in the log.
    pub(crate) acknowledged: Set<u64>,
    /// Jobs that the relay does not take as they are: until when each waits, and how long that was.
    pub(crate) held: Map<u64, (u64, u64)>,
    pub(crate) retry_at: Option<u64>,
    pub(crate) pause: u64,
    pub(crate) clock_off: bool,
    /// Whoever signs on this connection has been told that the clocks are apart.
    pub(crate) told_of_clocks: bool,
    /// The relay's clock when it said hello, Unix milliseconds.
    pub(crate) relay_at: Option<u64>,
    /// The relay's clock and this device's are as far apart as on the connection before: neither has
    /// jumped meanwhile, and what the relay says of times can be told from what has passed.
    pub(crate) times_hold: bool,
    pub(crate) relay_full: bool,
    /// Channels that the relay does not let this device into, until it does.
    pub(crate) refused: Set<ChannelKind>,
    pub(crate) update_needed: bool,
    /// What this turn made due is done by this device without waiting for others.
    pub(crate) at_once: bool,
    /// How long this device leaves a plea to others, ms.
    pub(crate) patience: u64,
    /// The last time slot in which this device drew whether it re-keys, and whether it does.
    pub(crate) rekey_slot: u64,
    pub(crate) rekeys: bool,
    /// Our own commit, between its place in the log and the next entry.
    pub(crate) own_commit: Option<(u64, crate::state::PreparedCommit)>,
    /// Parts of snapshots fetched so far.
    pub(crate) parts: Map<BlobId, Map<u16, Vec<u8>>>,
    /// The relay pushes, and counts.
    pub(crate) pushes: bool,
    /// The platform has been asked for what is wanted of it.
    pub(crate) wished: bool,
    /// When the relay last said that this device's registration stands, Unix milliseconds.
    pub(crate) registered_at: Option<u64>,
    /// When former registrations are tried to be ended again.
    pub(crate) former_at: u64,
    /// The relay has no bell, or not for this device.
    pub(crate) bell_unknown: bool,
    /// It has said on this connection that what is registered for the desk's mailbox stands.
    pub(crate) bell_stands: bool,
    /// Reports that it has been asked to hold or withdraw a ring for.
    pub(crate) rings_held: Set<IncidentId>,
    pub(crate) rings_withdrawn: Set<IncidentId>,
    pub(crate) coverage: Coverage,
    /// What the relay has been told about channels and mailboxes on this connection.
    pub(crate) settings: Set<Setting>,
    /// Channels of which parts that were passed over are read again on this connection.
    pub(crate) rereads: Set<ChannelKind>,
    /// How far each mailbox has been read on this connection.
    pub(crate) mail_cursors: Map<MailboxId, u64>,
    /// Commits for which the owner's key was tried: a device that is not an owner yet commits as a
    /// member.
    pub(crate) tried_as_owner: Set<u64>,
    /// Which restoring of its store the relay goes on from.
    pub(crate) restored: Option<RestoreId>,
    /// Channels that wait to be put back.
    pub(crate) waits: Map<ChannelKind, Waits>,
    /// Channels that the relay does not know our access key of, and how many former ones were tried.
    pub(crate) former_keys: Map<ChannelKind, usize>,
    /// Channels whose relay did not take our owner key.
    pub(crate) refused_owner: Set<ChannelKind>,
    /// Jobs that the relay has put off, and the passes that they go with since.
    pub(crate) put_off: Set<u64>,
    pub(crate) passing: Map<u64, Secret>,
    /// The relay knows nothing of passes.
    pub(crate) passes_unknown: bool,
    /// How long this device waits to ask for passes, so that not all do at once.
    pub(crate) passes_in: u64,
}

/// A request that waits for its answer.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Prove(ChannelKind, As),
    /// From this seq on.
    Subscribe(ChannelKind, u64),
    Read(MailboxId),
    /// Proves a channel we have a Welcome for, to fetch its snapshot.
    ProveWelcome(BlobId),
    Part(BlobId, u16),
    Job(u64),
    /// The entry of this seq.
    PutBack(ChannelKind, u64),
    Register(Told),
    Unregister,
    /// Proves the channel of a former membership, to end what is registered there.
    ProveFormer(RegistrationId),
    EndFormer(RegistrationId),
    Test(u32),
    /// Registers for the desk's mailbox.
    Bell(BellRegistered),
    EndBell,
    /// Holds a ring for a report.
    Hold(IncidentId),
    Withdraw(IncidentId),
    Receipt(u64),
    Coverage(u64),
    /// Whether the push service takes what the relay pushes here.
    Refusal,
    Passes(Vec<Hash>),
    Setting(Setting),
    /// Nothing depends on the answer.
    Nothing,
}

/// Which key a channel was proved with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    Owner,
    Member,
}

/// A subscription.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    pub(crate) proved: As,
    pub(crate) subscribed: bool,
    /// The relay's head when we subscribed.
    pub(crate) head: u64,
    /// Its last control entry then.
    pub(crate) last_control: u64,
    /// Whether we may append.
    pub(crate) current: bool,
    /// The member access key in force, as the relay says when we subscribe.
    pub(crate) access: Option<PublicKey>,
    /// The channel was restored from a backup, and no owner has ended that.
    pub(crate) restored: bool,
}

impl Session {
    pub(crate) fn ask(&mut self, asked: Asked) -> u32 {
        self.next_request += 1;
        self.requests.insert(self.next_request, asked);
        self.next_request
    }

    /// Jobs may have been finished by another context; streams go on where they are.
    pub(crate) fn after_reload(&mut self) {
        self.in_flight.clear();
        self.acknowledged.clear();
        self.requests.retain(|_, asked| !matches!(asked, Asked::Job(_)));
    }

    pub(crate) fn asked_for(&self, what: impl Fn(&Asked) -> bool) -> bool {
        self.requests.values().any(what)
    }

    pub(crate) fn leave(&mut self, kind: ChannelKind) {
        self.streams.remove(&kind);
    }

    pub(crate) fn forget_job(&mut self, id: u64) {
        self.in_flight.remove(&id);
        self.acknowledged.remove(&id);
        self.held.remove(&id);
    }

    /// A job waits, longer each time.
    pub(crate) fn hold(&mut self, now: u64, id: u64) {
        let pause = self.held.get(&id).map_or(FIRST_HOLD, |(_, pause)| (pause * 2).min(LAST_HOLD));
        self.held.insert(id, (now.saturating_add(pause), pause));
    }

    /// Until when a job waits, if it does. A clock that was set back makes no job wait for longer.
    pub(crate) fn held_until(&self, now: u64, id: u64) -> Option<u64> {
        let (until, pause) = self.held.get(&id)?;
        (now < *until && until - now <= *pause).then_some(*until)
    }

    /// The access secret that membership was last proved with.
    pub(crate) fn proved_with(&self, kind: ChannelKind) -> Option<&Secret> {
        self.proved_with.get(&kind)
    }

    pub(crate) fn proved(&self, kind: ChannelKind) -> Option<As> {
        self.streams.get(&kind).map(|stream| stream.proved)
    }
}

impl Core {
    pub(crate) fn disconnected(&mut self) {
        let pause = self.session.pause;
        let wished = self.session.wished;
        // A late answer, or one that a relay gives twice, must not stand for a request of later.
        let next_request = self.session.next_request;
        let turn_at = self.session.turn_at;
        self.session = Session { pause, wished, turn_at, next_request, ..Session::default() };
    }

    /// One frame from the relay.
    pub(crate) fn frame(&mut self, now: u64, bytes: &[u8]) {
        let Ok(frame) = RelayFrame::decode(bytes) else { return };
        match frame {
            RelayFrame::Hello { version, nonce, now: relay_now, push_key, restored } => {
                self.hello(now, version, nonce, relay_now, restored);
                self.relay_pushes(push_key);
            }
            RelayFrame::Done { request } => self.done(now, request),
            // An append is done when its entry is seen in the log.
            RelayFrame::Appended { request, seq } => {
                self.session.pause = 0;
                match self.session.requests.remove(&request) {
                    Some(Asked::Job(id)) => {
                        self.session.relay_full = false;
                        self.session.in_flight.remove(&id);
                        self.session.acknowledged.insert(id);
                    }
                    Some(Asked::PutBack(kind, place)) if seq == place => self.came_back(now, kind, seq),
                    Some(Asked::PutBack(kind, _)) => self.not_put_back(now, kind, Code::Stale),
                    _ => {}
                }
            }
            RelayFrame::Subscribed { request, channel, head, last_control, current, access, restored } => {
                let restored = restored == Some(true);
                self.subscribed(now, request, channel, [head, last_control], (current, restored), access);
            }
            RelayFrame::Entry { channel, entry } => self.entry(now, channel, entry),
            RelayFrame::Skipped { channel, through } => self.expired(channel, through),
            RelayFrame::Post { mailbox, seq, received_at, body } => {
                self.post(now, mailbox, seq, received_at, &body);
            }
            RelayFrame::BlobPart { request, of, body } => {
                if let Some(Asked::Part(blob, part)) = self.session.requests.remove(&request) {
                    self.part(now, blob, part, of, body.to_vec());
                }
            }
            RelayFrame::Coverage { request, receipts, registered, proved } => {
                self.covered(request, receipts, registered, proved);
            }
            RelayFrame::Registration { request, refused_at } => self.refusal(request, refused_at),
            RelayFrame::Refused { request, code } => self.refused(now, request, code),
            RelayFrame::Rotated { channel, seq } => self.rotated(channel, seq),
            RelayFrame::Live { .. } => {}
        }
    }

    fn hello(&mut self, now: u64, version: u16, nonce: Secret, relay_now: u64, restored: Option<RestoreId>) {
        self.disconnected();
        self.session.restored = restored;
        self.session.update_needed = version > FRAME_VERSION;
        self.compare_clocks(now, relay_now);
        self.session.nonce = Some(nonce);
        self.relay_restored(now);
        for kind in ChannelKind::ALL {
            self.go_back(kind);
            self.doubt_skips(now, kind);
            self.prove(kind);
        }
        self.read_mailboxes();
        let welcomes = self.membership().into_iter().flat_map(|membership| &membership.welcomes);
        let blobs: Vec<BlobId> = welcomes.map(|welcome| welcome.snapshot.blob).collect();
        for blob in blobs {
            self.fetch_snapshot(blob);
        }
    }

    /// Proves the best key we have for a channel.
    pub(crate) fn prove(&mut self, kind: ChannelKind) {
        self.prove_as(kind, if self.owns(kind) { As::Owner } else { As::Member });
    }

    /// Another context on the same store may have read the entry that rotated a key. This one's
    /// stream ends with that entry, until the new key is proved here too. Or it was taken for an owner,
    /// which this one was not yet when it connected.
    pub(crate) fn prove_rotated(&mut self) {
        for kind in ChannelKind::ALL {
            if self.session.proved(kind) == Some(As::Member)
                && self.registry.owned.contains(&kind)
                && !self.session.refused_owner.contains(&kind)
                && !self.session.asked_for(|asked| matches!(asked, Asked::Prove(other, _) if *other == kind))
                && self.owns(kind)
            {
                self.prove_as(kind, As::Owner);
                continue;
            }
            let (Some(channel), Some(known)) =
                (self.channels.get(&kind), self.session.proved_with.get(&kind))
            else {
                continue;
            };
            let former = self.session.former_keys.contains_key(&kind);
            if !former && *known != channel.meta.access && self.session.proved(kind) == Some(As::Member) {
                self.prove_as(kind, As::Member);
            }
        }
    }

    pub(crate) fn prove_as(&mut self, kind: ChannelKind, role: As) {
        let (Some(channel), Some(membership)) = (self.channels.get(&kind), self.membership()) else { return };
        let former = self.session.former_keys.get(&kind).and_then(|tried| tried.checked_sub(1));
        let former = former.and_then(|number| channel.meta.older.get(number));
        let access = former.unwrap_or(&channel.meta.access);
        let key = match role {
            As::Owner => membership.owner(kind),
            As::Member => access_key(access),
        };
        let subject = Subject::Channel(channel.id);
        if role == As::Member {
            self.session.proved_with.insert(kind, access.clone());
        }
        self.authenticate(subject, &key, Asked::Prove(kind, role));
    }

    /// Whether this device is one of the committee's, whose keys are to own a channel.
    pub(crate) fn owns(&self, kind: ChannelKind) -> bool {
        let (Some(channel), Some(membership)) = (self.channels.get(&kind), self.membership()) else {
            return false;
        };
        channel.governance.committee().contains(&membership.role_key())
    }

    pub(crate) fn authenticate(&mut self, subject: Subject, key: &KeyPair, asked: Asked) {
        let Some(nonce) = self.session.nonce.clone() else { return };
        let signature = key.sign(&challenge(&nonce, &subject));
        let clock = matches!(asked, Asked::Prove(_, As::Owner)).then_some(self.session.turn_at);
        let request = self.session.ask(asked);
        self.send(&ClientFrame::Authenticate { request, subject, key: key.public(), signature, clock });
    }

    /// Starts reading every mailbox of ours that is not being read yet.
    pub(crate) fn read_mailboxes(&mut self) {
        let Some(membership) = self.membership() else { return };
        let mut keys = vec![membership.reply()];
        keys.extend(membership.desks.iter().chain(&membership.join).map(crate::state::Reading::keys));
        for key in keys {
            let mailbox = key.id();
            if self.session.nonce.is_some() && self.session.mailboxes.insert(mailbox) {
                self.authenticate(Subject::Mailbox(mailbox), &key.reader, Asked::Read(mailbox));
            }
        }
    }

    fn done(&mut self, now: u64, request: u32) {
        self.session.pause = 0;
        match self.session.requests.remove(&request) {
            Some(Asked::Prove(kind, role)) => {
                let stream = Stream {
                    proved: role,
                    subscribed: false,
                    head: 0,
                    last_control: 0,
                    current: false,
                    access: None,
                    restored: false,
                };
                self.session.streams.insert(kind, stream);
                if role == As::Owner {
                    self.owner_proved(kind);
                }
                self.subscribe(kind);
            }
            Some(Asked::Read(mailbox)) => {
                if let Some(after) = self.begin_mailbox(&mailbox) {
                    let request = self.session.ask(Asked::Nothing);
                    self.send(&ClientFrame::ReadMailbox { request, mailbox, after });
                }
            }
            Some(Asked::ProveWelcome(blob)) => self.ask_parts(blob),
            // An append is done when it is seen in the log, whatever the relay says.
            Some(Asked::Job(id)) if self.outbox.get(&id).is_some_and(|job| job.appends_to().is_some()) => {
                self.session.in_flight.remove(&id);
                self.session.acknowledged.insert(id);
            }
            Some(Asked::Job(id)) => {
                self.session.relay_full = false;
                self.job_done(now, id);
            }
            Some(
                asked @ (Asked::Register(_)
                | Asked::Unregister
                | Asked::ProveFormer(_)
                | Asked::EndFormer(_)
                | Asked::Test(_)
                | Asked::Bell(_)
                | Asked::EndBell
                | Asked::Receipt(_)),
            ) => self.alerts_done(asked),
            Some(Asked::Setting(setting)) => self.told(setting),
            Some(Asked::Passes(passes)) => self.passes_settled(&passes),
            Some(
                Asked::Subscribe(..)
                | Asked::Part(..)
                | Asked::PutBack(..)
                | Asked::Hold(_)
                | Asked::Withdraw(_)
                | Asked::Coverage(_)
                | Asked::Refusal
                | Asked::Nothing,
            )
            | None => {}
        }
    }

    pub(crate) fn subscribe(&mut self, kind: ChannelKind) {
        let Some(channel) = self.channels.get(&kind) else { return };
        let reread = channel.first_skip().filter(|_| self.session.rereads.contains(&kind));
        let (id, after) = (channel.id, reread.unwrap_or(channel.meta.cursor));
        let after = self.place_to_check(kind).map_or(after, |place| after.min(place));
        if let Some(stream) = self.session.streams.get_mut(&kind) {
            stream.subscribed = false;
        }
        let request = self.session.ask(Asked::Subscribe(kind, after));
        self.send(&ClientFrame::Subscribe { request, channel: id, after });
    }

    fn subscribed(
        &mut self,
        now: u64,
        request: u32,
        channel: ChannelId,
        ends: [u64; 2],
        (current, restored): (bool, bool),
        access: Option<PublicKey>,
    ) {
        let Some(Asked::Subscribe(kind, after)) = self.session.requests.remove(&request) else { return };
        if self.channels.get(&kind).is_none_or(|known| known.id != channel) {
            return;
        }
        let [head, last_control] = ends;
        self.session.refused.remove(&kind);
        if let Some(stream) = self.session.streams.get_mut(&kind) {
            *stream = Stream { subscribed: true, head, last_control, current, access, restored, ..*stream };
            let stream = *stream;
            if self.restored_log(now, kind, stream) {
                return;
            }
        }
        // A log never gets shorter: this is another one than we had read when we asked. (Another
        // context on the same store may have read on meanwhile.)
        if head < after {
            self.suspect_fork(self.session.relay_at.unwrap_or(0), None);
        }
    }

    /// Whether all that the relay had when we subscribed has been processed.
    pub(crate) fn caught_up(&self, kind: ChannelKind) -> bool {
        let cursor = self.channels.get(&kind).map_or(0, |channel| channel.meta.cursor);
        !self.halted(kind)
            && self
                .session
                .streams
                .get(&kind)
                .is_some_and(|stream| stream.subscribed && cursor >= stream.head)
    }

    fn refused(&mut self, now: u64, request: u32, code: Code) {
        self.session.relay_full = code == Code::ReadOnly;
        let asked = self.session.requests.remove(&request).unwrap_or(Asked::Nothing);
        // Without these it works as it did before there were any.
        let bell = matches!(asked, Asked::Bell(_) | Asked::EndBell | Asked::Hold(_) | Asked::Withdraw(_));
        let spared = bell || matches!(asked, Asked::Setting(_) | Asked::Refusal | Asked::Passes(_));
        self.session.update_needed |= code.action() == Action::Update && !spared;
        if code.action() == Action::Retry {
            // A full disk or a store that ends takes no pass either.
            if let (Asked::Job(id), Code::Busy | Code::MailboxFull) = (&asked, code) {
                self.put_off(*id);
            }
            return self.refused_for_now(now, asked);
        }
        match asked {
            Asked::Prove(kind, As::Owner) => {
                // One that never owned it is not robbed: it may be about to be named.
                if self.registry.owned.contains(&kind) {
                    self.session.refused_owner.insert(kind);
                }
                self.prove_as(kind, As::Member);
            }
            // A channel that is not created yet is proved again when it is.
            Asked::Prove(kind, As::Member) => {
                let creating = self.outbox.values().any(
                    |job| matches!(job, crate::state::Job::Create { kind: created } if *created == kind),
                );
                if !creating && !self.prove_former(kind) {
                    self.session.refused.insert(kind);
                }
            }
            Asked::Subscribe(kind, _) => {
                self.session.refused.insert(kind);
            }
            Asked::Job(id) => self.job_refused(now, id, code),
            Asked::PutBack(kind, _) => self.not_put_back(now, kind, code),
            Asked::ProveWelcome(blob) | Asked::Part(blob, _) => self.snapshot_refused(blob),
            Asked::Register(_)
            | Asked::Unregister
            | Asked::ProveFormer(_)
            | Asked::EndFormer(_)
            | Asked::Test(_)
            | Asked::Bell(_)
            | Asked::EndBell
            | Asked::Receipt(_) => {
                self.alerts_refused(&asked, code);
            }
            // Not on this connection.
            Asked::Setting(_) => {}
            Asked::Hold(_) | Asked::Withdraw(_) => {
                self.session.bell_unknown |= code.action() == Action::Update
            }
            Asked::Passes(_) if code.action() == Action::Update => self.session.passes_unknown = true,
            Asked::Passes(passes) => self.passes_settled(&passes),
            Asked::Read(_) | Asked::Coverage(_) | Asked::Refusal | Asked::Nothing => {}
        }
    }

    fn refused_for_now(&mut self, now: u64, asked: Asked) {
        // The relay rations members' blobs: one that waits must not hold up reports.
        if let Asked::Job(id) = asked
            && matches!(self.outbox.get(&id), Some(crate::state::Job::Blob { .. }))
        {
            self.session.in_flight.remove(&id);
            return self.session.hold(now, id);
        }
        // Everything under way is refused at once: that is one reason to wait longer, not many.
        if self.session.retry_at.is_none_or(|at| at <= now) {
            let pause = (self.session.pause * 2).clamp(FIRST_PAUSE, LAST_PAUSE);
            self.session.pause = pause;
            self.session.retry_at = Some(now + pause + self.random.below(pause));
        }
        match asked {
            Asked::Job(id) => {
                self.session.in_flight.remove(&id);
            }
            // Asked again after the pause: they are owed by state.
            Asked::ProveFormer(_) | Asked::EndFormer(_) => self.session.former_at = now + LAST_HOLD,
            Asked::Register(_) | Asked::Unregister | Asked::Receipt(_) | Asked::Coverage(_) => {}
            Asked::Setting(setting) => {
                self.session.settings.remove(&setting);
            }
            Asked::Hold(_) | Asked::Withdraw(_) => self.hold_again(&asked),
            Asked::PutBack(kind, _) => self.not_put_back(now, kind, Code::Busy),
            Asked::Test(_)
            | Asked::Bell(_)
            | Asked::EndBell
            | Asked::Refusal
            | Asked::Passes(_)
            | Asked::Nothing => {}
            // What a connection rests on could not be had: begin again.
            _ => self.effects.push(Effect::Reconnect),
        }
    }

    pub(crate) fn send(&mut self, frame: &ClientFrame) {
        self.effects.push(Effect::Send(frame.encode()));
    }
}
