//! This device's alerts: the push subscription its owner wants, what the platform says of it, what
//! the relay knows of it, and whether pushes have been seen to arrive (docs/PUSH.md).

mod bell;
mod former;
mod hold;

use campana_derive::{Decode, Encode};
use campana_protocol::code::{Action, Code};
use campana_protocol::frame::{ClientFrame, Subject};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{
    ChannelId, Hash, IncidentId, PublicKey, PushKey, ReceiptToken, RegistrationId, hash,
};
use campana_protocol::limits::{MAX_TEST_DELAY_MS, PROOF_MS, REGISTRATION_TTL_MS};
use campana_protocol::push::Push;
use campana_protocol::wire;

pub(crate) use self::bell::Registered as BellRegistered;
use self::former::Registration;
use crate::command::{CommandError, Reply};
use crate::core::Core;
use crate::limits::{MAX_FORGOTTEN, MAX_RECEIPTS, PROOF_NEWS, RENEW_AFTER, TEST_PATIENCE, TURNING_ON};
use crate::rows::Row;
use crate::session::Asked;
use crate::turn::{Arrival, Effect, Permission, Platform, Pushed};
use crate::view::{AlertsState, AlertsView, TestView};

/// What a device keeps about its alerts.
#[derive(Clone, Default, Encode, Decode)]
pub(crate) struct Alerts {
    /// The owner wants them.
    #[n(0)]
    wanted: bool,
    #[n(1)]
    registration: Option<RegistrationId>,
    /// The relay's, as it said last.
    #[n(2)]
    push_key: Option<PushKey>,
    #[n(3)]
    platform: Platform,
    #[n(4)]
    registered: Option<Registered>,
    /// The relay does not send there: this subscription is not offered again.
    #[n(5)]
    refused: Option<Hash>,
    /// When a push last arrived while no window was in sight, Unix milliseconds; 0: never. One that
    /// finds the app open proves nothing of a phone in a pocket.
    #[n(6)]
    proved_at: u64,
    #[n(7)]
    test: Option<Test>,
    /// Alerts that the relay has not been told of.
    #[n(8)]
    receipts: Vec<u64>,
    /// The push service has ended this subscription, whatever the platform says of it.
    #[n(9)]
    ended: Option<Hash>,
    /// Since when they are on their way to the relay, Unix milliseconds; 0: they are not.
    #[n(10)]
    #[cbor(default)]
    turning_since: u64,
    /// Registrations of former memberships, until the relay has ended them: no alert comes twice.
    #[n(11)]
    #[cbor(default)]
    former: Vec<Registration>,
    /// Since when the push service has not taken pushes for this phone, as the relay said last.
    #[n(12)]
    #[cbor(default)]
    refused_at: Option<u64>,
    /// The subscription that `proved_at` is of; none: unknown (older stores).
    #[n(13)]
    #[cbor(default)]
    proved_for: Option<Hash>,
    /// Alerts that this device has had and forgotten, oldest first.
    #[n(20)]
    #[cbor(default)]
    forgotten: Vec<IncidentId>,
    /// Alerts from before this device was let in, as whoever let it in says, oldest first.
    #[n(21)]
    #[cbor(default)]
    before: Vec<IncidentId>,
    #[n(14)]
    #[cbor(default)]
    bell: bell::Bell,
    /// The relay has taken a registration of this device, at any time.
    #[n(22)]
    #[cbor(default)]
    ran: bool,
}

/// What the relay was last told, and answered.
#[derive(Clone, Encode, Decode)]
struct Registered {
    #[n(0)]
    at: u64,
    #[n(1)]
    access: PublicKey,
    #[n(2)]
    subscription: Hash,
    #[n(3)]
    proved_at: u64,
}

#[derive(Clone, Encode, Decode)]
struct Test {
    #[n(0)]
    nonce: u32,
    #[n(1)]
    asked_at: u64,
    #[n(2)]
    delay_ms: u32,
    /// The relay has taken it on.
    #[n(3)]
    sent: bool,
    #[n(4)]
    arrived_at: Option<u64>,
    /// It arrived while no window was in sight.
    #[n(5)]
    closed: bool,
}

impl Test {
    /// It won't come any more, Unix milliseconds.
    fn lost_at(&self) -> u64 {
        self.asked_at.saturating_add(u64::from(self.delay_ms)).saturating_add(TEST_PATIENCE)
    }
}

impl Alerts {
    pub(crate) fn has_forgotten(&self, id: &IncidentId) -> bool {
        self.forgotten.contains(id)
    }

    pub(crate) fn was_before(&self, id: &IncidentId) -> bool {
        self.before.contains(id)
    }

    pub(crate) fn forget_incident(&mut self, id: IncidentId) {
        keep_id(&mut self.forgotten, id);
    }

    pub(crate) fn remember_before(&mut self, id: IncidentId) {
        keep_id(&mut self.before, id);
    }

    /// Alerts that this device knows of by their ids alone, newest first.
    pub(crate) fn known_by_id(&self) -> impl Iterator<Item = IncidentId> {
        self.forgotten.iter().rev().chain(self.before.iter().rev()).copied()
    }

    fn digest(&self) -> Option<Hash> {
        let subscription = &self.platform.subscription.as_ref()?.subscription;
        Some(hash("campana subscription v1", &[&wire::encode(subscription)]))
    }

    /// What stays when a device joins anew: its owner's wish, what the platform said, and what is
    /// still to be ended.
    pub(crate) fn of_a_new_membership(self) -> Self {
        Self { wanted: self.wanted, platform: self.platform, former: self.former, ..Self::default() }
    }

    /// What the platform has to be asked to do.
    fn wish(&self) -> Option<Effect> {
        let subscribed = self.platform.subscription.as_ref();
        if !self.wanted {
            return subscribed.map(|_| Effect::Unsubscribe);
        }
        let key = self.push_key.filter(|_| self.platform.permission == Permission::Granted)?;
        // Whoever made it without a key (UnifiedPush) has no other to make.
        let fits = |made: PushKey| made == key && !self.has_ended();
        let fits = subscribed.is_some_and(|subscribed| subscribed.made_for.is_none_or(fits));
        (!fits).then_some(Effect::Subscribe(key))
    }

    /// When a push last arrived for this subscription, Unix milliseconds; 0: never. One that came for
    /// another proves nothing of this one.
    fn proof(&self) -> u64 {
        if self.proved_for.is_some() && self.proved_for != self.digest() { 0 } else { self.proved_at }
    }

    fn has_ended(&self) -> bool {
        self.ended.is_some() && self.ended == self.digest()
    }

    /// The platform can make another subscription, without its owner.
    fn can_subscribe(&self) -> bool {
        self.platform.subscription.as_ref().is_none_or(|subscribed| subscribed.made_for.is_some())
    }

    /// When the relay is to be asked whether it still pushes here although it said so before: on
    /// each connection, and when a test has not arrived. Unix milliseconds.
    fn doubted_at(&self, now: u64) -> u64 {
        let lost = |test: &&Test| test.arrived_at.is_none() && now >= test.lost_at();
        self.test.as_ref().filter(lost).map_or(0, Test::lost_at)
    }

    fn state(&self, now: u64) -> AlertsState {
        let overdue = self.turning_since > 0 && now >= self.turning_since.saturating_add(TURNING_ON);
        let turning = if overdue { AlertsState::Stopped } else { AlertsState::TurningOn };
        self.settled(now).unwrap_or(turning)
    }

    /// How they stand; `None`: on their way to the relay.
    fn settled(&self, now: u64) -> Option<AlertsState> {
        let registered = self.registered.as_ref().filter(|registered| {
            now < registered.at.saturating_add(REGISTRATION_TTL_MS)
                && Some(registered.subscription) == self.digest()
        });
        let state = match (self.platform.permission, registered) {
            (Permission::Unsupported, _) => AlertsState::Unsupported,
            (Permission::NeedsInstall, _) => AlertsState::NeedsInstall,
            _ if self.push_key.is_none() => AlertsState::Unavailable,
            (Permission::Denied, _) => AlertsState::Blocked,
            _ if !self.wanted => AlertsState::Off,
            (Permission::NotAsked, _) => AlertsState::Stopped,
            (Permission::Granted, None) if self.platform.failed => AlertsState::Stopped,
            (Permission::Granted, None) if self.refused.is_some() && self.refused == self.digest() => {
                AlertsState::Stopped
            }
            (Permission::Granted, None) if self.has_ended() && !self.can_subscribe() => AlertsState::Stopped,
            (Permission::Granted, None) => return None,
            (Permission::Granted, Some(_)) if self.refused_at.is_some() => AlertsState::Refused,
            (Permission::Granted, Some(_)) if self.proof() == 0 => AlertsState::Untested,
            (Permission::Granted, Some(_)) if now.saturating_sub(self.proof()) > PROOF_MS => {
                AlertsState::Unproved
            }
            (Permission::Granted, Some(_)) => AlertsState::On,
        };
        Some(state)
    }
}

impl Core {
    /// The owner turns alerts on or off.
    pub(crate) fn want_alerts(&mut self, wanted: bool) -> Result<Reply, CommandError> {
        self.membership().ok_or(CommandError::NotInANetwork)?;
        self.alerts.wanted = wanted;
        self.alerts.turning_since = 0;
        self.alerts.refused = None;
        self.mark(Row::Alerts);
        self.session.wished = false;
        Ok(Reply::Accepted)
    }

    /// Asks the relay for a push to this device alone.
    pub(crate) fn test_alerts(&mut self, now: u64, delay_ms: u32) -> Result<Reply, CommandError> {
        if self.alerts.registered.is_none() {
            return Err(CommandError::AlertsOff);
        }
        let nonce = u32::from_be_bytes(self.random.bytes());
        let delay_ms = delay_ms.min(MAX_TEST_DELAY_MS);
        let test = Test { nonce, asked_at: now, delay_ms, sent: false, arrived_at: None, closed: false };
        self.alerts.test = Some(test);
        self.mark(Row::Alerts);
        Ok(Reply::Accepted)
    }

    /// What the platform says of permission and subscription, at every open and on each push.
    pub(crate) fn platform(&mut self, platform: Platform) {
        self.session.wished = platform.failed;
        if self.alerts.platform != platform {
            if self.alerts.proved_at > 0 && self.alerts.proved_for.is_none() {
                self.alerts.proved_for = self.alerts.digest();
            }
            self.alerts.platform = platform;
            self.alerts.turning_since = 0;
            self.mark(Row::Alerts);
        }
    }

    /// A push arrived. What it brings is judged like anything in the log.
    pub(crate) fn pushed(&mut self, now: u64, bytes: &[u8], arrival: Arrival) -> Pushed {
        let mut pushed =
            Pushed { incident: None, test: false, behind: true, unread: false, desk: false, held: false };
        let Ok(push) = Push::decode(bytes) else { return pushed };
        // Whatever it is about: it came through the push service, so pushes arrive.
        if !arrival.in_sight {
            self.alerts.proved_at = self.alerts.proof().max(arrival.at);
            self.alerts.proved_for = self.alerts.digest();
        }
        self.alerts.refused_at = None;
        self.mark(Row::Alerts);
        match push {
            // What was posted is in the mailbox.
            Push::Mail { .. } => pushed.desk = true,
            Push::Ring { subject } => {
                pushed.desk = matches!(subject, Subject::Mailbox(_));
                pushed.held = true;
            }
            Push::Entry { channel, entry } => {
                let next = |core: &Self| {
                    let kind = core.kind_of(&channel)?;
                    core.channels.get(&kind).map(|channel| channel.meta.cursor + 1)
                };
                let seq = entry.seq;
                let fits = next(self).is_some_and(|next| next == seq);
                if fits {
                    self.entry(now, channel, entry);
                }
                pushed.behind = next(self).is_none_or(|next| next <= seq);
                pushed.incident = self.incident_at(seq);
                pushed.unread = self.membership().is_some_and(|m| m.unread.holds(seq));
            }
            Push::Place { channel, seq } => {
                let kind = self.kind_of(&channel);
                let cursor = kind.and_then(|kind| self.channels.get(&kind)).map(|c| c.meta.cursor);
                pushed.behind = cursor.is_none_or(|cursor| cursor < seq);
                pushed.incident = self.incident_at(seq);
                pushed.unread = self.membership().is_some_and(|m| m.unread.holds(seq));
            }
            Push::Test { nonce, .. } => {
                pushed = Pushed { test: true, behind: false, ..pushed };
                if let Some(test) = self.alerts.test.as_mut().filter(|test| test.nonce == nonce) {
                    test.arrived_at = Some(arrival.at);
                    test.closed |= !arrival.in_sight;
                }
            }
        }
        pushed
    }

    fn incident_at(&self, seq: u64) -> Option<IncidentId> {
        let said = |incident: &&crate::incident::Incident| incident.seqs.contains(&seq);
        self.incidents.values().find(said).map(|incident| incident.id)
    }

    /// The relay has said which key it pushes with, if it does.
    pub(crate) fn relay_pushes(&mut self, key: Option<PushKey>) {
        self.session.pushes = key.is_some();
        if key.is_some() && self.alerts.push_key != key {
            self.alerts.push_key = key;
            self.mark(Row::Alerts);
        }
    }

    /// This device has an alert: the relay counts those who do.
    pub(crate) fn owe_receipt(&mut self, seq: u64) {
        if !self.alerts.receipts.contains(&seq) {
            if self.alerts.receipts.len() >= MAX_RECEIPTS {
                self.alerts.receipts.remove(0);
            }
            self.alerts.receipts.push(seq);
            self.mark(Row::Alerts);
        }
    }

    /// What state owes the platform and the relay.
    pub(crate) fn alert_settings_duty(&mut self, now: u64) {
        self.watch_turning_on(now);
        self.end_former_registrations(now);
        if let Some(wish) = self.alerts.wish().filter(|_| !self.session.wished) {
            self.session.wished = true;
            self.effects.push(wish);
        }
        let current = self.session.streams.get(&ChannelKind::Broadcast).is_some_and(|stream| stream.current);
        let lost = self.channels.get(&ChannelKind::Broadcast).is_none_or(|channel| channel.meta.lost);
        if !self.session.pushes || !current || lost || self.session.retry_at.is_some() {
            return;
        }
        let Some((channel, access)) =
            self.channels.get(&ChannelKind::Broadcast).map(|channel| (channel.id, channel.access()))
        else {
            return;
        };
        self.send_registration(now, channel, access);
        self.send_test(now, channel);
        self.send_receipts(channel);
        self.bell_duty(now);
        self.hold_duty(now);
    }

    /// Turning on comes to an end, one way or the other.
    fn watch_turning_on(&mut self, now: u64) {
        let since = match self.alerts.settled(now) {
            Some(_) => 0,
            None if (1..=now).contains(&self.alerts.turning_since) => self.alerts.turning_since,
            None => now,
        };
        if since != self.alerts.turning_since {
            self.alerts.turning_since = since;
            self.mark(Row::Alerts);
        }
        let end = since.saturating_add(TURNING_ON);
        if since > 0 && now < end {
            self.wake_at(end);
        }
    }

    fn send_registration(&mut self, now: u64, channel: ChannelId, access: PublicKey) {
        if self.session.asked_for(|asked| matches!(asked, Asked::Register(_) | Asked::Unregister)) {
            return;
        }
        let subscription = self.alerts.digest();
        if !self.alerts.wanted || subscription.is_none() {
            if let (Some(registration), Some(_)) = (self.alerts.registration, &self.alerts.registered) {
                let request = self.session.ask(Asked::Unregister);
                self.send(&ClientFrame::Unregister { request, channel, registration });
            }
            return;
        }
        let proved_at = self.alerts.proof();
        let fresh = self.alerts.registered.as_ref().is_some_and(|known| {
            Some(known.subscription) == subscription
                && known.access == access
                && (known.at..known.at.saturating_add(RENEW_AFTER)).contains(&now)
                && proved_at < known.proved_at.saturating_add(PROOF_NEWS)
        });
        let doubted = self.alerts.doubted_at(now);
        if fresh && self.session.registered_at.is_some_and(|at| at >= doubted) {
            let renewal = self.alerts.registered.as_ref().map(|known| known.at.saturating_add(RENEW_AFTER));
            let doubt = self.alerts.test.as_ref().filter(|test| test.arrived_at.is_none()).map(Test::lost_at);
            for at in [renewal, doubt.filter(|at| *at > now)].into_iter().flatten() {
                self.wake_at(at);
            }
            return;
        }
        let (Some(digest), Some(made)) = (subscription, self.alerts.platform.subscription.clone()) else {
            return;
        };
        if self.alerts.refused == subscription || self.alerts.has_ended() {
            return;
        }
        let random = RegistrationId(self.random.bytes());
        let registration = *self.alerts.registration.get_or_insert(random);
        self.mark(Row::Alerts);
        let told = Told { at: now, access, subscription: digest, proved_at };
        let request = self.session.ask(Asked::Register(told));
        let subscription = made.subscription;
        self.send(&ClientFrame::Register { request, channel, registration, subscription, proved_at });
    }

    fn send_test(&mut self, now: u64, channel: ChannelId) {
        let (Some(registration), Some(test)) = (self.alerts.registration, &mut self.alerts.test) else {
            return;
        };
        let under_way =
            self.session.asked_for(|asked| matches!(asked, Asked::Test(nonce) if *nonce == test.nonce));
        if test.sent || under_way || self.alerts.registered.is_none() {
            return;
        }
        test.asked_at = now;
        let (delay_ms, nonce) = (test.delay_ms, test.nonce);
        self.mark(Row::Alerts);
        let request = self.session.ask(Asked::Test(nonce));
        self.send(&ClientFrame::TestPush { request, channel, registration, delay_ms, nonce });
    }

    fn send_receipts(&mut self, channel: ChannelId) {
        let Some(secret) = self.membership().map(|membership| membership.secret.clone()) else { return };
        for seq in self.alerts.receipts.clone() {
            if self.session.asked_for(|asked| matches!(asked, Asked::Receipt(other) if *other == seq)) {
                continue;
            }
            let digest = hash("campana receipt v1", &[&secret.0, channel.as_bytes(), &seq.to_be_bytes()]);
            let token = ReceiptToken(core::array::from_fn(|i| digest.0[i]));
            let request = self.session.ask(Asked::Receipt(seq));
            self.send(&ClientFrame::Receipt { request, channel, seq, token });
        }
    }

    /// The relay has done what was asked.
    pub(crate) fn alerts_done(&mut self, asked: Asked) {
        match asked {
            Asked::Register(Told { at, access, subscription, proved_at }) => {
                self.session.registered_at = Some(at);
                self.alerts.registered = Some(Registered { at, access, subscription, proved_at });
                self.alerts.refused = None;
                self.alerts.ran = true;
                self.ask_refusal();
            }
            Asked::Unregister => self.alerts.registered = None,
            Asked::Receipt(seq) => self.alerts.receipts.retain(|owed| *owed != seq),
            Asked::Test(nonce) => {
                if let Some(test) = self.alerts.test.as_mut().filter(|test| test.nonce == nonce) {
                    test.sent = true;
                }
            }
            Asked::ProveFormer(registration) => self.end_former(registration),
            Asked::EndFormer(ended) => self.forget_former(ended),
            Asked::Bell(_) | Asked::EndBell => self.bell_done(&asked),
            _ => return,
        }
        self.mark(Row::Alerts);
    }

    /// Asks whether the push service takes what the relay pushes here. Older relays do not know, and we
    /// carry on.
    fn ask_refusal(&mut self) {
        let channel = self.channels.get(&ChannelKind::Broadcast).map(|channel| channel.id);
        if let (Some(channel), Some(registration)) = (channel, self.alerts.registration) {
            let request = self.session.ask(Asked::Refusal);
            self.send(&ClientFrame::ReadRegistration { request, channel, registration });
        }
    }

    /// The relay has said whether it does.
    pub(crate) fn refusal(&mut self, request: u32, refused_at: u64) {
        let refused_at = Some(refused_at).filter(|at| *at > 0);
        if let Some(Asked::Refusal) = self.session.requests.remove(&request)
            && self.alerts.refused_at != refused_at
        {
            self.alerts.refused_at = refused_at;
            self.mark(Row::Alerts);
        }
    }

    /// The relay has refused for good.
    pub(crate) fn alerts_refused(&mut self, asked: &Asked, code: Code) {
        match asked {
            Asked::Register(told) if code == Code::SubscriptionEnded => {
                // What was registered under that id is over; what came after it may not be.
                let known = self.alerts.registered.take();
                self.alerts.ended = known
                    .filter(|known| known.subscription == told.subscription)
                    .map(|known| known.subscription);
                self.alerts.registration = None;
                self.session.wished = false;
            }
            Asked::Register(told) if code.action() == Action::Reject => {
                self.alerts.registered = None;
                self.alerts.refused = Some(told.subscription);
            }
            Asked::Unregister => self.alerts.registered = None,
            Asked::Test(_) => {
                self.alerts.test = None;
                self.session.registered_at = None;
            }
            // It has expired, or this relay does not count.
            Asked::Receipt(seq) => self.alerts.receipts.retain(|owed| owed != seq),
            // Its channel is gone, and it with that.
            Asked::ProveFormer(gone) | Asked::EndFormer(gone) => self.forget_former(*gone),
            Asked::Bell(_) | Asked::EndBell => self.bell_refused(code),
            _ => return,
        }
        self.mark(Row::Alerts);
    }

    pub(crate) fn alerts_view(&self, now: u64) -> AlertsView {
        let alerts = &self.alerts;
        AlertsView {
            state: alerts.state(now),
            proved_at: Some(alerts.proof()).filter(|at| *at > 0),
            ran: alerts.ran || alerts.proved_at > 0 || alerts.registered.is_some(),
            test: alerts.test.as_ref().map(|test| TestView {
                asked_at: test.asked_at,
                sent: test.sent,
                arrived_at: test.arrived_at,
                closed: test.closed,
                lost: test.arrived_at.is_none() && now >= test.lost_at(),
            }),
            push_key: alerts.push_key,
        }
    }
}

fn keep_id(ids: &mut Vec<IncidentId>, id: IncidentId) {
    if !ids.contains(&id) {
        if ids.len() >= MAX_FORGOTTEN {
            ids.remove(0);
        }
        ids.push(id);
    }
}

/// What a registration says, until the relay has answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    at: u64,
    access: PublicKey,
    subscription: Hash,
    proved_at: u64,
}
