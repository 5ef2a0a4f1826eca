//! Sends what is to be pushed: one task per alert, one per test.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use campana_protocol::id::{ChannelId, RegistrationId};
use campana_protocol::limits::PUSH_TTL_MS;
use campana_protocol::push::Subscription;
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::client::{Answer, Client, Outcome};
use super::endpoint::{Service, Target};
use super::gate::{Gate, Gates, Pass};
use super::job::End;
use super::message::{MessageError, Messages};
use super::resolve::{Pin, Resolver};
use super::turns::{Candidate, Name, choose};
use super::{Push, Test, cover, job, trial};
use crate::limits::{COVER_LOOK_MS, LOOK_MS, MAX_OPEN_JOBS, MAX_PROBES, MAX_PUSH_JOBS, MAX_WAITING_TESTS};
use crate::metrics::count;
use crate::serve::now;
use crate::shared::Shared;
use crate::store::{PushJob, Registration, Store, Write};

pub use super::client::TrustError;

/// How pushes are sent.
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_structs, reason = "settings")]
pub struct Settings {
    /// Hosts whose addresses the operator says.
    pub pins: Vec<Pin>,
    /// Certificates to trust beside the public ones.
    pub ca: Option<PathBuf>,
    /// Whom a push service can turn to (RFC 8292's `sub`).
    pub subject: String,
    /// Where the app is: what a notification opens.
    pub navigate: String,
}

/// What all jobs send with.
pub(super) struct Outfit<S> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) push: Arc<Push>,
    pub(super) gates: Gates,
    pub(super) navigate: String,
    /// By service: how many hosts under a wildcard may be tried at once.
    probes: Vec<Semaphore>,
    client: Client,
    messages: Messages,
    /// That a clock is wrong is logged once.
    clock_warned: AtomicBool,
}

/// One thing that is pushed to many.
pub(super) struct Pushed {
    pub(super) channel: ChannelId,
    plain: Vec<u8>,
    /// Tells it from everything else that is pushed to the same registration.
    name: Vec<u8>,
    since: u64,
}

/// What became of a push.
pub(super) enum Attempt {
    /// There was a request: how it ended, and what it was sent to.
    Answered { outcome: Outcome, to: Registration },
    /// There is nothing to send to, or nothing to send any more.
    Void,
    /// It leads to another host than the one that the gate is of.
    Moved,
    /// The store could not be read.
    Unread,
}

/// What a job is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// To go on.
    No,
    /// To make room; it goes on when there is some.
    Park,
    /// The relay stops.
    Now,
}

impl Pushed {
    pub(super) fn entry(name: &Name, plain: Vec<u8>) -> Self {
        let Name { channel, seq, created_at } = *name;
        Self { channel, plain, name: seq.to_be_bytes().to_vec(), since: created_at }
    }

    pub(super) fn test(test: &Test, plain: Vec<u8>, now: u64) -> Self {
        let name = [&b"test"[..], &test.nonce.to_be_bytes()].concat();
        Self { channel: test.channel, plain, name, since: now }
    }

    /// Its name is its time: no two are pushed to one registration in a millisecond.
    pub(super) fn cover(channel: ChannelId, plain: Vec<u8>, now: u64) -> Self {
        let name = [&b"cover"[..], &now.to_be_bytes()].concat();
        Self { channel, plain, name, since: now }
    }
}

impl<S: Store> Outfit<S> {
    /// Pushes to one registration.
    pub(super) async fn send(
        &self,
        pushed: &Pushed,
        id: &RegistrationId,
        service: Service,
        pass: Pass,
    ) -> Attempt {
        let Ok(found) = self.shared.store().registration(&pushed.channel, id, now()) else {
            return Attempt::Unread;
        };
        let Some(registration) = found else { return Attempt::Void };
        let Some((target, subscription)) = self.target(&pushed.channel, &registration) else {
            return Attempt::Void;
        };
        // A member who changes where it leads does not make another service pay for it.
        if *target.host != **pass.gate().host() {
            return Attempt::Moved;
        }
        if now().saturating_sub(pushed.since) >= PUSH_TTL_MS {
            return Attempt::Void;
        }
        let probe = match self.probes.get(service.line) {
            Some(probes) if service.wild && !pass.gate().answers() => probes.acquire().await.ok(),
            _ => None,
        };
        let answer = match self.post(pushed, id, (&target, &subscription)).await {
            Ok((answer, true)) if answer.outcome == Outcome::Unauthorised => {
                self.post(pushed, id, (&target, &subscription)).await.map_or(answer, |(second, _)| second)
            }
            Ok((answer, _)) => answer,
            Err(MessageError) => return Attempt::Void,
        };
        drop(probe);
        match answer.outcome {
            Outcome::Refused(status) => {
                tracing::warn!(service = target.host, status = status.as_u16(), "a push was refused");
            }
            Outcome::Later { .. } | Outcome::Throttled { .. } => {
                tracing::debug!(service = target.host, "a push is to be tried again");
            }
            Outcome::Unauthorised => {
                tracing::debug!(service = target.host, "a push service does not accept this relay's token");
            }
            Outcome::Delivered | Outcome::Gone => {}
        }
        pass.report(&answer, *id);
        Attempt::Answered { outcome: answer.outcome, to: registration }
    }

    /// One request, and whether there is another token to try if its own was not accepted.
    async fn post(
        &self,
        pushed: &Pushed,
        id: &RegistrationId,
        (target, subscription): (&Target, &Subscription),
    ) -> Result<(Answer, bool), MessageError> {
        let secret = &self.push.secret;
        let topic = secret.topic(&pushed.channel, &pushed.name, id);
        let to = (target, subscription);
        let (request, token) = self.messages.request(secret, to, &pushed.plain, &topic, now())?;
        let answer = self.client.post(request).await;
        let far = answer.date.and_then(|date| self.messages.dated(&target.host, date, now()));
        if let Some(date) = answer.date.filter(|_| !target.service.wild) {
            self.shared.witnesses.service(&target.host, date, now());
        }
        // Names under a wildcard are the devices' to choose: their clocks are nobody's.
        if let Some(ahead) = far.filter(|_| !target.service.wild) {
            count(&self.shared.metrics.push_clocks_off_total);
            if !self.clock_warned.swap(true, Ordering::Relaxed) {
                let seconds = ahead / 1_000;
                tracing::error!(
                    service = target.host,
                    seconds,
                    "this machine's clock is wrong, or a push service's: theirs is ahead of ours by so much"
                );
            }
        }
        let again =
            answer.outcome == Outcome::Unauthorised && self.messages.rejected(&target.host, token, now());
        Ok((answer, again))
    }

    /// Where a registration leads. `None`: its seal does not open, or this relay does not send there.
    pub(super) fn target(
        &self,
        channel: &ChannelId,
        registration: &Registration,
    ) -> Option<(Target, Subscription)> {
        let subscription = self.push.open(channel, &registration.registration, &registration.sealed)?;
        Some((self.push.policy.judge(&subscription.endpoint).ok()?, subscription))
    }

    /// The gate of where a registration leads.
    pub(super) fn gate(&self, target: &Target) -> Arc<Gate> {
        self.gates.of(&target.host, target.service.wild)
    }

    /// The service says that there is no such subscription.
    pub(super) fn end(&self, pushed: &Pushed, to: Registration) {
        let Registration { registration, sealed, .. } = to;
        // If the queue is full, the next push finds out again.
        let _ = self.shared.submit(Write::End { channel: pushed.channel, registration, sealed });
    }

    /// The service does not take what is pushed to a registration, or does again: its device is told.
    pub(super) fn note(&self, pushed: &Pushed, to: Registration, refused: bool) {
        let Registration { registration, sealed, refused_at } = to;
        if refused_at.is_some() != refused {
            // If the queue is full, the next push finds out again.
            let _ =
                self.shared.submit(Write::Refused { channel: pushed.channel, registration, sealed, refused });
        }
    }

    pub(super) fn count(&self, outcome: &Outcome) {
        let metrics = &self.shared.metrics;
        count(match outcome {
            Outcome::Delivered => &metrics.pushes_delivered_total,
            Outcome::Gone => &metrics.pushes_gone_total,
            Outcome::Later { .. } | Outcome::Throttled { .. } => &metrics.pushes_deferred_total,
            Outcome::Unauthorised => &metrics.pushes_unauthorised_total,
            Outcome::Refused(_) => &metrics.pushes_refused_total,
        });
    }

    /// Its seal does not open, or it leads to where this relay does not send any more.
    pub(super) fn count_unusable(&self) {
        count(&self.shared.metrics.pushes_refused_total);
    }
}

/// Makes the sender; it sends once it is run.
///
/// # Errors
/// [`TrustError`].
pub(crate) fn prepare<S: Store>(
    shared: Arc<Shared<S>>,
    push: Arc<Push>,
    settings: &Settings,
) -> Result<Sender<S>, TrustError> {
    let resolver = Resolver::new(settings.pins.clone());
    prepare_with(shared, push, settings, resolver)
}

/// With a resolver that need not ask the system.
pub(super) fn prepare_with<S: Store>(
    shared: Arc<Shared<S>>,
    push: Arc<Push>,
    settings: &Settings,
    resolver: Resolver,
) -> Result<Sender<S>, TrustError> {
    let client = Client::new(resolver, settings.ca.as_deref())?;
    let messages = Messages::new(settings.subject.clone());
    let navigate = settings.navigate.clone();
    let probes = (0..push.policy.services()).map(|_| Semaphore::new(MAX_PROBES)).collect();
    let (gates, clock_warned) = (Gates::default(), AtomicBool::new(false));
    let outfit = Outfit { shared, push, gates, navigate, probes, client, messages, clock_warned };
    Ok(Sender { outfit: Arc::new(outfit) })
}

/// Sends what is to be pushed.
pub(crate) struct Sender<S> {
    outfit: Arc<Outfit<S>>,
}

/// The jobs there are.
#[derive(Default)]
struct Jobs {
    tasks: JoinSet<End>,
    names: HashMap<Id, Name>,
    open: HashMap<Name, Open>,
    /// The store may know of others.
    look: bool,
}

/// A job that has not ended.
#[derive(Default)]
struct Open {
    /// When its last turn began.
    turn: Option<Instant>,
    /// By which its task is told, while it has one.
    stop: Option<watch::Sender<Stop>>,
}

impl<S: Store> Sender<S> {
    /// Until `stop` is set; then what is under way is answered or left for the next start.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut jobs = Jobs { look: true, ..Jobs::default() };
        let mut tests = JoinSet::new();
        let mut looks = interval(Duration::from_millis(LOOK_MS));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.outfit.push.work().ring();
        let mut rings_loaded = false;
        let mut covers = interval(Duration::from_millis(COVER_LOOK_MS));
        covers.set_missed_tick_behavior(MissedTickBehavior::Delay);
        covers.reset();
        loop {
            tokio::select! {
                _ = stop.changed() => break,
                () = self.outfit.push.work().rung() => {
                    self.outfit.push.rings.look(&self.outfit.shared);
                    for test in self.outfit.push.take_tests() {
                        if tests.len() < MAX_WAITING_TESTS {
                            tests.spawn(trial::run(Arc::clone(&self.outfit), test));
                        }
                    }
                    let alerts = self.outfit.push.take_alerts();
                    jobs.look |= alerts.more;
                    alerts.names.into_iter().for_each(|name| jobs.add(name));
                    if jobs.few() {
                        jobs.start(&self.outfit);
                    }
                }
                Some(done) = jobs.tasks.join_next_with_id() => jobs.joined(done),
                Some(_) = tests.join_next() => {}
                _ = covers.tick() => {
                    let all = self.outfit.shared.store().covers().unwrap_or_default();
                    for (mailbox, registration) in cover::draw(all) {
                        if tests.len() < MAX_WAITING_TESTS {
                            tests.spawn(trial::cover(Arc::clone(&self.outfit), mailbox, registration));
                        }
                    }
                }
                _ = looks.tick() => {
                    if !rings_loaded {
                        let loaded = self.outfit.push.rings.load(self.outfit.shared.store());
                        rings_loaded = loaded.is_ok();
                    }
                    self.outfit.push.rings.look(&self.outfit.shared);
                    jobs.start(&self.outfit);
                    let shut = u64::try_from(self.outfit.gates.shut()).unwrap_or(u64::MAX);
                    self.outfit.shared.metrics.push_lanes_shut.store(shut, Ordering::Relaxed);
                }
            }
            self.outfit.shared.metrics.push_jobs.store(jobs.open.len() as u64, Ordering::Relaxed);
        }
        tests.abort_all();
        for stop in jobs.open.values().filter_map(|job| job.stop.as_ref()) {
            stop.send_replace(Stop::Now);
        }
        while jobs.tasks.join_next().await.is_some() {}
    }
}

impl Jobs {
    /// Whether all can run: then none waits to be chosen.
    fn few(&self) -> bool {
        self.open.len() <= MAX_PUSH_JOBS
    }

    fn add(&mut self, name: Name) {
        if self.open.len() < MAX_OPEN_JOBS {
            self.open.entry(name).or_default();
        } else {
            self.look = true;
        }
    }

    /// Runs those whose turn it is and parks the others.
    fn start<S: Store>(&mut self, outfit: &Arc<Outfit<S>>) {
        if self.look && self.open.len() <= MAX_OPEN_JOBS / 2 {
            match outfit.shared.store().push_jobs() {
                Ok(found) => {
                    self.look = false;
                    for PushJob { channel, seq, created_at, .. } in found {
                        self.add(Name { created_at, channel, seq });
                    }
                }
                Err(error) => tracing::error!(%error, "the alerts to be pushed cannot be read"),
            }
        }
        let now = Instant::now();
        let candidates: Vec<_> = self.open.iter().map(|(name, job)| job.candidate(*name)).collect();
        let chosen = choose(&candidates, now);
        let mut running = self.tasks.len();
        for (name, job) in &mut self.open {
            match (&job.stop, chosen.contains(name)) {
                (Some(stop), false) => {
                    stop.send_if_modified(|stop| core::mem::replace(stop, Stop::Park) == Stop::No);
                }
                // Those that make room keep their places until they have come to a stop.
                (None, true) if running < MAX_PUSH_JOBS => {
                    running += 1;
                    job.turn = Some(now);
                    let (stop, stopped) = watch::channel(Stop::No);
                    job.stop = Some(stop);
                    let task = self.tasks.spawn(job::run(Arc::clone(outfit), *name, stopped));
                    self.names.insert(task.id(), *name);
                }
                _ => {}
            }
        }
    }

    fn joined(&mut self, done: Result<(Id, End), JoinError>) {
        let (id, end) = match done {
            Ok((id, end)) => (id, Some(end)),
            Err(error) => {
                tracing::error!("a push job panicked: it goes on at the next start");
                (error.id(), None)
            }
        };
        let Some(name) = self.names.remove(&id) else { return };
        match (end, self.open.get_mut(&name)) {
            (Some(End::Parked), Some(job)) => job.stop = None,
            _ => drop(self.open.remove(&name)),
        }
    }
}

impl Open {
    fn candidate(&self, name: Name) -> Candidate {
        Candidate { name, turn: self.turn, running: self.stop.is_some() }
    }
}
