//! Sends what is to be pushed: one task per alert, one per test.

use core::cmp::Reverse;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use campana_protocol::id::{ChannelId, RegistrationId};
use campana_protocol::limits::PUSH_TTL_MS;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::client::{Answer, Client, Outcome};
use super::gate::Gates;
use super::message::{Envelope, Messages};
use super::resolve::{Pin, Resolver};
use super::{Push, Test, job, trial};
use crate::limits::{MAX_PUSH_JOBS, MAX_WAITING_TESTS};
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
    client: Client,
    messages: Messages,
}

/// One thing that is pushed to many.
pub(super) struct Pushed {
    pub(super) channel: ChannelId,
    plain: Vec<u8>,
    /// Tells it from everything else that is pushed to the same registration.
    name: Vec<u8>,
    since: u64,
}

/// A request that was made.
pub(super) struct Sent {
    pub(super) answer: Answer,
    /// What it was sent to, sealed.
    pub(super) sealed: Vec<u8>,
}

impl Pushed {
    pub(super) fn entry(job: &PushJob, plain: Vec<u8>) -> Self {
        let name = job.seq.to_be_bytes().to_vec();
        Self { channel: job.channel, plain, name, since: job.created_at }
    }

    pub(super) fn test(test: &Test, plain: Vec<u8>, now: u64) -> Self {
        let name = [&b"test"[..], &test.nonce.to_be_bytes()].concat();
        Self { channel: test.channel, plain, name, since: now }
    }
}

impl<S: Store> Outfit<S> {
    /// Pushes to one registration. `None`: there is nothing to send to or nothing to send any more.
    pub(super) async fn send(&self, pushed: &Pushed, id: &RegistrationId) -> Option<Sent> {
        let registration = self.shared.store().registration(&pushed.channel, id, now()).ok()??;
        let subscription = self.push.open(&pushed.channel, id, &registration.sealed)?;
        let target = self.push.policy.judge(&subscription.endpoint).ok()?;
        let left = PUSH_TTL_MS.checked_sub(now().saturating_sub(pushed.since)).filter(|left| *left > 0)?;
        let topic = self.push.secret.topic(&pushed.channel, &pushed.name, id);
        let envelope = Envelope { ttl: Duration::from_millis(left), topic };
        let secret = &self.push.secret;
        let request = self.messages.request(secret, &target, &subscription, &pushed.plain, &envelope).ok()?;
        let answer = self.client.post(request).await;
        match answer.outcome {
            Outcome::Refused(status) => {
                tracing::warn!(service = target.host, status = status.as_u16(), "a push was refused");
            }
            Outcome::Later { .. } => tracing::debug!(service = target.host, "a push is to be tried again"),
            Outcome::Delivered | Outcome::Gone => {}
        }
        Some(Sent { answer, sealed: registration.sealed })
    }

    /// The service that a registration is pushed through.
    pub(super) fn host(&self, channel: &ChannelId, registration: &Registration) -> Option<String> {
        let subscription = self.push.open(channel, &registration.registration, &registration.sealed)?;
        Some(self.push.policy.judge(&subscription.endpoint).ok()?.host)
    }

    /// The service says that there is no such subscription.
    pub(super) fn end(&self, pushed: &Pushed, registration: RegistrationId, sealed: Vec<u8>) {
        // If the queue is full, the next push finds out again.
        let _ = self.shared.submit(Write::End { channel: pushed.channel, registration, sealed });
    }

    pub(super) fn count(&self, outcome: &Outcome) {
        let metrics = &self.shared.metrics;
        count(match outcome {
            Outcome::Delivered => &metrics.pushes_delivered_total,
            Outcome::Gone => &metrics.pushes_gone_total,
            Outcome::Later { .. } => &metrics.pushes_deferred_total,
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
    let client = Client::new(Resolver::new(settings.pins.clone()), settings.ca.as_deref())?;
    let messages = Messages::new(settings.subject.clone());
    let navigate = settings.navigate.clone();
    let outfit = Outfit { shared, push, gates: Gates::default(), navigate, client, messages };
    Ok(Sender { outfit: Arc::new(outfit) })
}

/// Sends what is to be pushed.
pub(crate) struct Sender<S> {
    outfit: Arc<Outfit<S>>,
}

/// Which alert a job is for.
type Name = (ChannelId, u64);

/// A job's task.
struct Running {
    name: Name,
    stop: watch::Sender<bool>,
    /// It was told to stop to make room, and goes on when there is some.
    parked: bool,
}

/// The jobs there are.
#[derive(Default)]
struct Jobs {
    tasks: JoinSet<()>,
    running: HashMap<Id, Running>,
    /// Their last write may still be waiting for its commit.
    ended: HashSet<Name>,
}

impl<S: Store> Sender<S> {
    /// Until `stop` is set; then what is under way is answered or left for the next start.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut jobs = Jobs::default();
        let mut tests = JoinSet::new();
        let mut looks = interval(Duration::from_secs(1));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.outfit.push.work().ring();
        loop {
            tokio::select! {
                _ = stop.changed() => break,
                () = self.outfit.push.work().rung() => {
                    for test in self.outfit.push.take_tests() {
                        if tests.len() < MAX_WAITING_TESTS {
                            tests.spawn(trial::run(Arc::clone(&self.outfit), test));
                        }
                    }
                    jobs.start(&self.outfit);
                }
                Some(done) = jobs.tasks.join_next_with_id() => {
                    jobs.joined(done);
                    jobs.start(&self.outfit);
                }
                Some(_) = tests.join_next() => {}
                _ = looks.tick() => {
                    let shut = u64::try_from(self.outfit.gates.shut()).unwrap_or(u64::MAX);
                    self.outfit.shared.metrics.push_lanes_shut.store(shut, Ordering::Relaxed);
                }
            }
        }
        tests.abort_all();
        for job in jobs.running.values() {
            let _ = job.stop.send(true);
        }
        while jobs.tasks.join_next().await.is_some() {}
    }
}

impl Jobs {
    /// Runs the newest jobs and parks the others: an old one that waits for a service which is
    /// down has had its time.
    fn start<S: Store>(&mut self, outfit: &Arc<Outfit<S>>) {
        let Ok(mut open) = outfit.shared.store().push_jobs() else {
            return;
        };
        open.sort_unstable_by_key(|job| Reverse((job.created_at, job.seq)));
        let names: HashSet<Name> = open.iter().map(|job| (job.channel, job.seq)).collect();
        self.ended.retain(|name| names.contains(name));
        open.retain(|job| !self.ended.contains(&(job.channel, job.seq)));
        outfit.shared.metrics.push_jobs.store(open.len() as u64, Ordering::Relaxed);
        open.truncate(MAX_PUSH_JOBS);
        let wanted: HashSet<Name> = open.iter().map(|job| (job.channel, job.seq)).collect();
        for job in self.running.values_mut().filter(|job| !wanted.contains(&job.name)) {
            job.parked = true;
            let _ = job.stop.send(true);
        }
        let started: HashSet<Name> = self.running.values().map(|job| job.name).collect();
        for job in open.into_iter().filter(|job| !started.contains(&(job.channel, job.seq))) {
            let (stop, stopped) = watch::channel(false);
            let name = (job.channel, job.seq);
            let task = self.tasks.spawn(job::run(Arc::clone(outfit), job, stopped));
            self.running.insert(task.id(), Running { name, stop, parked: false });
        }
    }

    fn joined(&mut self, done: Result<(Id, ()), JoinError>) {
        let id = match done {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!("a push job panicked: it goes on at the next start");
                error.id()
            }
        };
        if let Some(job) = self.running.remove(&id)
            && !job.parked
        {
            self.ended.insert(job.name);
        }
    }
}
