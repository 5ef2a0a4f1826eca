//! Concurrency limit and circuit breaker of one push host: 1 request until the first answer, then N.
//!
//! Registrations whose last push failed have a queue of their own. It holds a small part of the slots,
//! and it alone is shut after failures: a phone that answers badly delays no other. Failures are
//! counted by different registrations, because one phone's say nothing of its service. Within a queue
//! alerts take turns.

use core::time::Duration;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use campana_protocol::id::RegistrationId;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use super::client::{Answer, Outcome};
use crate::limits::{
    FAILURES_TO_SHUT, MAX_FAILING, MAX_ORIGINS, MAX_SHUT_MS, MIN_SHUT_MS, PUSH_COLD_MS, PUSH_PROBE_MS,
    PUSH_STREAMS, PUSH_STREAMS_HTTP1, RETRY_SHARE,
};

/// Waiting places after which those that were left are looked for.
const MANY_WAITING: usize = 64;

/// The gates of all hosts.
#[derive(Debug, Default)]
pub(super) struct Gates {
    by_host: Mutex<HashMap<Arc<str>, Arc<Gate>>>,
}

impl Gates {
    /// The gate of a host. `wild`: its name is the devices' to choose.
    pub(super) fn of(&self, host: &str, wild: bool) -> Arc<Gate> {
        let mut gates = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(host) {
            return Arc::clone(gate);
        }
        // Of those under a wildcard the ones nobody waits at are forgotten, if possible not one
        // that has answered.
        if gates.len() >= MAX_ORIGINS {
            let waited_at = |gate: &Arc<Gate>| !gate.wild || Arc::strong_count(gate) > 1;
            gates.retain(|_, gate| waited_at(gate) || gate.answers());
            if gates.len() >= MAX_ORIGINS {
                gates.retain(|_, gate| waited_at(gate));
            }
        }
        let host: Arc<str> = host.into();
        let gate = Arc::new(Gate::new(Arc::clone(&host), wild));
        gates.insert(host, Arc::clone(&gate));
        gate
    }

    /// How many are shut now.
    pub(super) fn shut(&self) -> usize {
        let gates = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        gates.values().filter(|gate| gate.is_shut()).count()
    }
}

/// The way to one host.
#[derive(Debug)]
pub(super) struct Gate {
    host: Arc<str>,
    wild: bool,
    state: Mutex<State>,
    /// Room comes later than it seemed: whoever waits looks when.
    later: Notify,
}

/// Which queue a push waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Queue {
    /// The registration has not failed, or not since its last good answer.
    Fresh,
    /// The last push to the registration failed.
    Retry,
}

#[derive(Debug)]
struct State {
    width: usize,
    fresh: Waiting,
    retries: Waiting,
    /// Different registrations that have failed since the last good answer of any.
    in_a_row: HashSet<RegistrationId>,
    /// Registrations whose last answer was a failure, as many as are remembered.
    failing: HashSet<RegistrationId>,
    /// How often it has been shut since the last good answer.
    times_shut: u32,
    /// Until when no push is retried.
    shut_until: Option<Instant>,
    answered_at: Instant,
    /// When a fresh push was let in last.
    let_in_at: Option<Instant>,
    /// It has answered, and not failed in a row since.
    answers: bool,
}

/// The pushes of one queue.
#[derive(Debug, Default)]
struct Waiting {
    under_way: usize,
    /// First come, first served.
    queue: VecDeque<oneshot::Sender<Pass>>,
}

/// Leave to make one request. Dropped without an answer it counts for nothing.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
    queue: Queue,
}

impl Gate {
    fn new(host: Arc<str>, wild: bool) -> Self {
        let state = State {
            width: 1,
            fresh: Waiting::default(),
            retries: Waiting::default(),
            in_a_row: HashSet::new(),
            failing: HashSet::new(),
            times_shut: 0,
            shut_until: None,
            answered_at: Instant::now(),
            let_in_at: None,
            answers: false,
        };
        Self { host, wild, state: Mutex::new(state), later: Notify::new() }
    }

    pub(super) fn host(&self) -> &Arc<str> {
        &self.host
    }

    /// The queue for a push to this registration.
    pub(super) fn queue_of(&self, registration: &RegistrationId) -> Queue {
        if self.lock().failing.contains(registration) { Queue::Retry } else { Queue::Fresh }
    }

    /// Waits for leave to make a request, behind those who waited before in the same queue.
    pub(super) async fn enter(self: Arc<Self>, queue: Queue) -> Pass {
        loop {
            let mut place = self.line_up(queue);
            loop {
                let mut later = core::pin::pin!(self.later.notified());
                later.as_mut().enable();
                let until = self.admit(queue, Instant::now());
                tokio::select! {
                    biased;
                    pass = &mut place => match pass {
                        Ok(pass) => return pass,
                        Err(_) => break,
                    },
                    () = later => {}
                    () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
                }
            }
        }
    }

    fn line_up(&self, queue: Queue) -> oneshot::Receiver<Pass> {
        let (give, place) = oneshot::channel();
        let mut state = self.lock();
        let waiting = &mut state.of(queue).queue;
        if waiting.len() >= MANY_WAITING {
            waiting.retain(|waiting| !waiting.is_closed());
        }
        waiting.push_back(give);
        place
    }

    /// Lets in as many of those who wait in a queue as may be. When there is room for the next, if
    /// that is a matter of time.
    fn admit(self: &Arc<Self>, queue: Queue, now: Instant) -> Option<Instant> {
        loop {
            let give = {
                let mut state = self.lock();
                let waiting = &mut state.of(queue).queue;
                while waiting.front().is_some_and(oneshot::Sender::is_closed) {
                    waiting.pop_front();
                }
                if waiting.is_empty() {
                    return None;
                }
                match state.room(queue, now) {
                    Room::Now => {}
                    Room::At(until) => return Some(until),
                    Room::AfterAnAnswer => return None,
                }
                if queue == Queue::Fresh {
                    state.let_in_at = Some(now);
                }
                let waiting = state.of(queue);
                let give = waiting.queue.pop_front()?;
                waiting.under_way += 1;
                give
            };
            // Who has gone this moment gives it back by dropping it.
            let _ = give.send(Pass { gate: Arc::clone(self), queue });
        }
    }

    /// Whether pushes are not retried for now, or one at a time.
    pub(super) fn is_shut(&self) -> bool {
        self.lock().is_shut()
    }

    /// Whether it has answered and goes on doing so.
    pub(super) fn answers(&self) -> bool {
        self.lock().answers
    }

    fn heard(&self, answer: &Answer, from: RegistrationId, now: Instant) {
        let mut state = self.lock();
        match answer.multiplexed {
            Some(true) => state.width = PUSH_STREAMS,
            Some(false) => state.width = PUSH_STREAMS_HTTP1,
            // The connection may be gone: not all of them are to open a new one at once.
            None => state.width = 1,
        }
        state.answered_at = now;
        match answer.outcome {
            // About this relay's own token: it says nothing of the service or the registration.
            Outcome::Unauthorised => {}
            Outcome::Delivered | Outcome::Gone | Outcome::Refused(_) => {
                state.failing.remove(&from);
                state.in_a_row.clear();
                state.times_shut = 0;
                state.shut_until = None;
                state.answers = true;
            }
            Outcome::Later { .. } | Outcome::Throttled { .. } => {
                if state.failing.len() < MAX_FAILING {
                    state.failing.insert(from);
                }
                if state.in_a_row.len() < FAILURES_TO_SHUT {
                    state.in_a_row.insert(from);
                }
                // What was under way when it was shut does not shut it again.
                let open = state.shut_until.is_none_or(|until| until <= now);
                if state.is_shut() && open {
                    state.shut_until = Some(now + pause(state.times_shut));
                    state.times_shut = state.times_shut.saturating_add(1);
                    state.answers = false;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When there is room for one more.
enum Room {
    Now,
    At(Instant),
    AfterAnAnswer,
}

impl State {
    fn of(&mut self, queue: Queue) -> &mut Waiting {
        match queue {
            Queue::Fresh => &mut self.fresh,
            Queue::Retry => &mut self.retries,
        }
    }

    fn is_shut(&self) -> bool {
        self.in_a_row.len() >= FAILURES_TO_SHUT
    }

    fn room(&mut self, queue: Queue, now: Instant) -> Room {
        let under_way = self.fresh.under_way + self.retries.under_way;
        // By now the pool has let its connections go: the next request opens one for all.
        if under_way == 0 && now - self.answered_at >= Duration::from_millis(PUSH_COLD_MS) {
            self.width = 1;
        }
        match queue {
            Queue::Fresh if !self.is_shut() && self.fresh.under_way < self.width => Room::Now,
            // One that hangs, or fails, does not speak for those behind it.
            Queue::Fresh if under_way < PUSH_STREAMS => {
                let next = self.let_in_at.map(|at| at + Duration::from_millis(PUSH_PROBE_MS));
                next.filter(|next| *next > now).map_or(Room::Now, Room::At)
            }
            Queue::Retry => match self.shut_until.filter(|until| *until > now) {
                Some(until) => Room::At(until),
                None => {
                    let most = if self.is_shut() { 1 } else { (self.width / RETRY_SHARE).max(1) };
                    if self.retries.under_way < most { Room::Now } else { Room::AfterAnAnswer }
                }
            },
            Queue::Fresh => Room::AfterAnAnswer,
        }
    }
}

impl Pass {
    /// The way it is for.
    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// The queue that it was waited for in.
    pub(super) fn queue(&self) -> Queue {
        self.queue
    }

    /// What came of the request to a registration.
    pub(super) fn report(self, answer: &Answer, from: RegistrationId) {
        self.gate.heard(answer, from, Instant::now());
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        let waiting = state.of(self.queue);
        waiting.under_way = waiting.under_way.saturating_sub(1);
        drop(state);
        let now = Instant::now();
        if [Queue::Fresh, Queue::Retry].map(|queue| self.gate.admit(queue, now)).iter().any(Option::is_some) {
            self.gate.later.notify_waiters();
        }
    }
}

/// Doubles with each time up to a limit; a random half of it keeps many from coming back at once.
pub(super) fn pause(times: u32) -> Duration {
    let full = MIN_SHUT_MS.saturating_mul(1 << times.min(20)).min(MAX_SHUT_MS);
    let mut random = [0; 8];
    // Without randomness all wait for the whole pause.
    let share = match getrandom::fill(&mut random) {
        Ok(()) => u64::from_le_bytes(random) % (full / 2 + 1),
        Err(_) => full / 2,
    };
    Duration::from_millis(full / 2 + share)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Answer = Answer { outcome: Outcome::Delivered, multiplexed: Some(true), date: None };
    const BAD: Answer = Answer { outcome: Outcome::Later { after: None }, ..GOOD };
    const FROM: RegistrationId = RegistrationId([0xff; 16]);

    fn gate() -> Arc<Gate> {
        Gates::default().of("push.example.org", false)
    }

    fn phone(number: usize) -> RegistrationId {
        RegistrationId((number as u128).to_be_bytes())
    }

    /// How many are let in, each of whom stays.
    fn entered(gate: &Arc<Gate>, queue: Queue, now: Instant) -> usize {
        let places: Vec<_> = (0..1_000).map(|_| gate.line_up(queue)).collect();
        let _ = gate.admit(queue, now);
        let passes = places.into_iter().filter_map(|mut place| place.try_recv().ok());
        passes.map(core::mem::forget).count()
    }

    fn leave(gate: &Gate, queue: Queue, times: usize) {
        gate.lock().of(queue).under_way -= times;
    }

    fn shut(gate: &Gate, now: Instant) {
        for number in 0..FAILURES_TO_SHUT {
            gate.heard(&BAD, phone(number), now);
        }
    }

    #[test]
    fn one_until_the_first_answer_then_many() {
        let (gate, now) = (gate(), Instant::now());
        assert_eq!(entered(&gate, Queue::Fresh, now), 1);
        gate.heard(&GOOD, FROM, now);
        leave(&gate, Queue::Fresh, 1);
        assert_eq!(entered(&gate, Queue::Fresh, now), PUSH_STREAMS);
        leave(&gate, Queue::Fresh, PUSH_STREAMS);
        gate.heard(&Answer { multiplexed: Some(false), ..GOOD }, FROM, now);
        assert_eq!(entered(&gate, Queue::Fresh, now), PUSH_STREAMS_HTTP1);
        leave(&gate, Queue::Fresh, PUSH_STREAMS_HTTP1);
        // A connection that broke, or that has been idle, is opened by one.
        gate.heard(&Answer { multiplexed: None, ..BAD }, FROM, now);
        assert_eq!(entered(&gate, Queue::Fresh, now), 1);
        leave(&gate, Queue::Fresh, 1);
        gate.heard(&GOOD, FROM, now);
        assert_eq!(entered(&gate, Queue::Fresh, now + Duration::from_millis(PUSH_COLD_MS)), 1);
    }

    #[test]
    fn one_phone_that_fails_for_ever_shuts_nobody_out() {
        let (gate, now) = (gate(), Instant::now());
        for answer in [BAD, Answer { outcome: Outcome::Throttled { after: None }, ..BAD }] {
            for _ in 0..1_000 {
                gate.heard(&answer, FROM, now);
            }
        }
        assert!(!gate.is_shut());
        assert_eq!(gate.queue_of(&FROM), Queue::Retry);
        assert_eq!(gate.queue_of(&phone(1)), Queue::Fresh);
        assert_eq!(entered(&gate, Queue::Retry, now), PUSH_STREAMS / RETRY_SHARE);
        assert_eq!(entered(&gate, Queue::Fresh, now), PUSH_STREAMS, "retries take no place of theirs");
        gate.heard(&GOOD, FROM, now);
        assert_eq!(gate.queue_of(&FROM), Queue::Fresh);
    }

    #[test]
    fn a_push_that_hangs_holds_up_the_next_one_for_a_moment_only() {
        let (gate, mut now) = (gate(), Instant::now());
        assert_eq!(entered(&gate, Queue::Fresh, now), 1);
        for _ in 0..5 {
            assert_eq!(entered(&gate, Queue::Fresh, now), 0);
            now += Duration::from_millis(PUSH_PROBE_MS);
            assert_eq!(entered(&gate, Queue::Fresh, now), 1);
        }
        // One that failed before hangs in a place of its own.
        assert_eq!(entered(&gate, Queue::Retry, now), 1);
        now += Duration::from_millis(PUSH_PROBE_MS);
        assert_eq!(entered(&gate, Queue::Fresh, now), 1);
    }

    #[test]
    fn many_phones_that_fail_shut_it_for_retries_and_one_good_answer_opens_it() {
        let (gate, mut now) = (gate(), Instant::now());
        gate.heard(&GOOD, FROM, now);
        assert!(gate.answers());
        for number in 1..FAILURES_TO_SHUT {
            gate.heard(&BAD, phone(number), now);
        }
        assert!(!gate.is_shut());
        gate.heard(&GOOD, FROM, now);
        shut(&gate, now);
        assert!(!gate.answers());
        let mut shut_for = Vec::new();
        for _ in 0..12 {
            assert!(gate.is_shut());
            drop(gate.line_up(Queue::Retry));
            let place = gate.line_up(Queue::Retry);
            let until = gate.admit(Queue::Retry, now).expect("shut");
            shut_for.push(until - now);
            // The others that were under way change nothing.
            gate.heard(&BAD, phone(1), now);
            assert_eq!(gate.admit(Queue::Retry, now), Some(until));
            drop(place);
            now = until;
            assert_eq!(entered(&gate, Queue::Retry, now), 1, "half open for one");
            leave(&gate, Queue::Retry, 1);
            gate.heard(&BAD, phone(1), now);
        }
        let (first, last) = (shut_for[0], shut_for[11]);
        assert!(first <= Duration::from_millis(MIN_SHUT_MS), "{shut_for:?}");
        assert!(last >= Duration::from_millis(MAX_SHUT_MS / 2), "{shut_for:?}");
        assert!(last <= Duration::from_millis(MAX_SHUT_MS), "{shut_for:?}");
        // Whoever has not failed is tried all the while, one after the other.
        let next = now + Duration::from_millis(PUSH_PROBE_MS);
        assert_eq!((entered(&gate, Queue::Fresh, now), entered(&gate, Queue::Fresh, now)), (1, 0));
        assert_eq!(entered(&gate, Queue::Fresh, next), 1);
        gate.heard(&GOOD, FROM, now);
        leave(&gate, Queue::Fresh, 2);
        assert_eq!(entered(&gate, Queue::Fresh, now), PUSH_STREAMS);
    }

    #[test]
    fn an_answer_about_the_relay_itself_counts_for_nobody() {
        let (gate, now) = (gate(), Instant::now());
        let answer = Answer { outcome: Outcome::Unauthorised, ..GOOD };
        for number in 0..1_000 {
            gate.heard(&answer, phone(number), now);
        }
        assert!(!gate.is_shut());
        shut(&gate, now);
        gate.heard(&answer, phone(1), now);
        assert!(gate.is_shut(), "nor does it open what others have shut");
    }

    #[test]
    fn what_is_remembered_of_failures_is_bounded() {
        let (gate, now) = (gate(), Instant::now());
        for number in 0..2 * MAX_FAILING {
            gate.heard(&BAD, phone(number), now);
        }
        let state = gate.lock();
        assert_eq!((state.failing.len(), state.in_a_row.len()), (MAX_FAILING, FAILURES_TO_SHUT));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_let_in_when_another_leaves() {
        let gates = Gates::default();
        let gate = gates.of("push.example.org", false);
        let pass = Arc::clone(&gate).enter(Queue::Fresh).await;
        let mut waiting = core::pin::pin!(Arc::clone(&gate).enter(Queue::Fresh));
        let moment = Duration::from_millis(PUSH_PROBE_MS / 2);
        assert!(tokio::time::timeout(moment, &mut waiting).await.is_err());
        pass.report(&GOOD, FROM);
        drop(tokio::time::timeout(moment / 2, waiting).await.expect("at once"));
        assert_eq!((gates.shut(), gate.lock().fresh.under_way), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_let_in_although_nobody_leaves() {
        let gate = gate();
        let hangs = Arc::clone(&gate).enter(Queue::Fresh).await;
        let began = Instant::now();
        drop(Arc::clone(&gate).enter(Queue::Fresh).await);
        assert_eq!(began.elapsed().as_millis(), u128::from(PUSH_PROBE_MS));
        // A connection broke while many were under way: room comes later than they were told.
        gate.heard(&GOOD, FROM, Instant::now());
        let many =
            futures_util::future::join_all((1..PUSH_STREAMS).map(|_| Arc::clone(&gate).enter(Queue::Fresh)));
        let mut many = many.await;
        let waiting = tokio::spawn(Arc::clone(&gate).enter(Queue::Fresh));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        let broken = many.pop().expect("many");
        broken.report(&Answer { multiplexed: None, ..BAD }, phone(1));
        drop(tokio::time::timeout(2 * Duration::from_millis(PUSH_PROBE_MS), waiting).await.expect("soon"));
        drop((hangs, many));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_are_let_in_by_turns_and_who_has_gone_takes_no_turn() {
        let gate = gate();
        let first = Arc::clone(&gate).enter(Queue::Fresh).await;
        let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let wait = |name: &'static str, times: usize| {
            let (gate, said) = (Arc::clone(&gate), said.clone());
            tokio::spawn(async move {
                for _ in 0..times {
                    let pass = Arc::clone(&gate).enter(Queue::Fresh).await;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    said.send(name).expect("heard");
                    drop(pass);
                }
            })
        };
        let mut tasks = vec![wait("long", 100)];
        tokio::task::yield_now().await;
        let gone = wait("gone", 1);
        tokio::task::yield_now().await;
        gone.abort();
        tasks.push(wait("new", 3));
        tokio::task::yield_now().await;
        drop(first);
        let mut order = Vec::new();
        for _ in 0..6 {
            order.push(heard.recv().await.expect("said"));
        }
        assert_eq!(order, ["long", "new", "long", "new", "long", "new"]);
        for task in tasks {
            task.await.expect("ends");
        }
        assert_eq!(gate.lock().fresh.under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_that_waits_when_it_is_shut_is_let_in_after_the_pause() {
        let gate = gate();
        let pass = Arc::clone(&gate).enter(Queue::Retry).await;
        let waiting = tokio::spawn(Arc::clone(&gate).enter(Queue::Retry));
        tokio::task::yield_now().await;
        shut(&gate, Instant::now());
        let began = Instant::now();
        drop(pass);
        drop(waiting.await.expect("let in"));
        assert!(began.elapsed() >= Duration::from_millis(MIN_SHUT_MS / 2));
    }

    #[test]
    fn names_that_devices_choose_do_not_drive_out_a_service() {
        let gates = Gates::default();
        let known = Arc::downgrade(&gates.of("fcm.googleapis.com", false));
        let answering = gates.of("wns2-am3p.notify.windows.com", true);
        answering.heard(&GOOD, FROM, Instant::now());
        let answering = Arc::downgrade(&answering);
        for number in 0..3 * MAX_ORIGINS {
            let _ = gates.of(&format!("junk{number}.notify.windows.com"), true);
        }
        assert!(known.upgrade().is_some() && answering.upgrade().is_some());
        assert!(gates.by_host.lock().expect("not poisoned").len() <= MAX_ORIGINS);
    }
}
