//! The pushes of one alert to one service: as many at once as the gate of each of its hosts lets
//! through, each again until it is settled. Nearly all services are one host; of those under a
//! wildcard each waits for its own gate, so that none of them waits for another.

use core::cmp::Reverse;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use campana_protocol::id::RegistrationId;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::client::Outcome;
use super::endpoint::Service;
use super::gate::{Gate, Pass, Queue, pause};
use super::sender::{Attempt, Outfit, Pushed, Stop};
use crate::limits::FAILURES_TO_NOTE;
use crate::store::Store;

/// Where a lane's work comes from and goes to.
pub(super) struct Lane<S> {
    pub(super) outfit: Arc<Outfit<S>>,
    pub(super) pushed: Arc<Pushed>,
    pub(super) service: Service,
    pub(super) inbox: mpsc::UnboundedReceiver<(RegistrationId, Arc<Gate>)>,
    pub(super) events: mpsc::UnboundedSender<Event>,
    /// How many wait for a time of their own.
    pub(super) put_off: Arc<AtomicUsize>,
    pub(super) stop: watch::Receiver<Stop>,
}

/// What a lane says about a registration.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// It needs nothing more.
    Settled(RegistrationId),
    /// It leads to another host than it did.
    Moved(RegistrationId),
}

/// A registration and how often it has failed.
type Due = (RegistrationId, u32);

/// When a registration is due again, and at which gate.
struct Later {
    at: Instant,
    due: Due,
    gate: Arc<Gate>,
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.due) == (other.at, other.due)
    }
}

impl Eq for Later {}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.at, self.due).cmp(&(other.at, other.due))
    }
}

/// Those that wait for the gates of their hosts; each queue of a host with any waits once.
struct Ready<F> {
    by_host: HashMap<(Arc<str>, Queue), VecDeque<Due>>,
    entering: FuturesUnordered<F>,
}

impl<S: Store> Lane<S> {
    /// Until its inbox is closed and all are settled, or it is to stop and what is under way is
    /// answered.
    pub(super) async fn run(mut self) {
        let enter = Gate::enter;
        let mut ready = Ready { by_host: HashMap::new(), entering: FuturesUnordered::new() };
        let mut later: BinaryHeap<Reverse<Later>> = BinaryHeap::new();
        let mut under_way = FuturesUnordered::new();
        let (mut open, mut stopping) = (true, *self.stop.borrow() != Stop::No);
        loop {
            let now = Instant::now();
            while later.peek().is_some_and(|Reverse(later)| later.at <= now)
                && let Some(Reverse(Later { due, gate, .. })) = later.pop()
            {
                self.put_off.fetch_sub(1, Ordering::Relaxed);
                ready.push(due, gate, enter);
            }
            let idle = !open && ready.by_host.is_empty() && later.is_empty();
            if under_way.is_empty() && (idle || stopping) {
                return;
            }
            let next = later.peek().map(|Reverse(later)| later.at);
            tokio::select! {
                biased;
                _ = self.stop.changed(), if !stopping => {
                    stopping = true;
                    ready.entering.clear();
                }
                Some((due, gate, attempt)) = under_way.next(), if !under_way.is_empty() => {
                    if let Some((wait, due)) = self.settle(due, attempt) {
                        self.put_off.fetch_add(1, Ordering::Relaxed);
                        later.push(Reverse(Later { at: Instant::now() + wait, due, gate }));
                    }
                }
                Some(pass) = ready.entering.next(), if !stopping && !ready.entering.is_empty() => {
                    if let Some(due) = ready.pop(&pass, enter) {
                        under_way.push(self.send(due, pass));
                    }
                }
                heard = self.inbox.recv(), if open => match heard {
                    Some((registration, gate)) => ready.push((registration, 0), gate, enter),
                    None => open = false,
                },
                () = sleep_until(next.unwrap_or(now)), if next.is_some() && !stopping => {}
            }
        }
    }

    fn send(&self, due: Due, pass: Pass) -> impl Future<Output = (Due, Arc<Gate>, Attempt)> + use<S> {
        let (outfit, pushed, service) = (Arc::clone(&self.outfit), Arc::clone(&self.pushed), self.service);
        async move {
            let gate = Arc::clone(pass.gate());
            let attempt = outfit.send(&pushed, &due.0, service, pass).await;
            (due, gate, attempt)
        }
    }

    /// How long until it is to be tried again, if it is.
    fn settle(&self, (registration, failures): Due, attempt: Attempt) -> Option<(Duration, Due)> {
        let again = |after: Option<Duration>| {
            let wait = pause(failures).max(after.unwrap_or_default());
            Some((wait, (registration, failures.saturating_add(1))))
        };
        let event = match attempt {
            Attempt::Unread => return again(None),
            Attempt::Moved => Event::Moved(registration),
            Attempt::Void => Event::Settled(registration),
            Attempt::Answered { outcome, to } => {
                self.outfit.count(&outcome);
                match outcome {
                    Outcome::Later { .. } | Outcome::Throttled { .. } | Outcome::Unauthorised => {
                        if failures >= FAILURES_TO_NOTE {
                            self.outfit.note(&self.pushed, to, true);
                        }
                        let after = match outcome {
                            Outcome::Later { after } | Outcome::Throttled { after } => after,
                            _ => None,
                        };
                        return again(after);
                    }
                    Outcome::Gone => self.outfit.end(&self.pushed, to),
                    Outcome::Delivered => self.outfit.note(&self.pushed, to, false),
                    Outcome::Refused(_) => self.outfit.note(&self.pushed, to, true),
                }
                Event::Settled(registration)
            }
        };
        // Nobody listens any more: the job has ended.
        let _ = self.events.send(event);
        None
    }
}

impl<F: Future<Output = Pass>> Ready<F> {
    fn push(&mut self, due: Due, gate: Arc<Gate>, enter: impl Fn(Arc<Gate>, Queue) -> F) {
        let queue = gate.queue_of(&due.0);
        match self.by_host.get_mut(&(Arc::clone(gate.host()), queue)) {
            Some(waiting) => waiting.push_back(due),
            None => {
                self.by_host.insert((Arc::clone(gate.host()), queue), VecDeque::from([due]));
                self.entering.push(enter(gate, queue));
            }
        }
    }

    /// The next of those that `pass` is for.
    fn pop(&mut self, pass: &Pass, enter: impl Fn(Arc<Gate>, Queue) -> F) -> Option<Due> {
        let key = (Arc::clone(pass.gate().host()), pass.queue());
        let waiting = self.by_host.get_mut(&key)?;
        let due = waiting.pop_front();
        if waiting.is_empty() {
            self.by_host.remove(&key);
        } else {
            self.entering.push(enter(Arc::clone(pass.gate()), pass.queue()));
        }
        due
    }
}
