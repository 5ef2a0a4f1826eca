//! How many requests may be under way to one push service: one until it has answered, then many;
//! after failures in a row none for a while, then one again. Who waits is let in by turns, whichever
//! alert they are for.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use super::client::{Answer, Outcome};
use crate::limits::{
    FAILURES_TO_SHUT, MAX_ORIGINS, MAX_RETRY_AFTER_MS, MAX_SHUT_MS, MIN_SHUT_MS, PUSH_COLD_MS, PUSH_STREAMS,
    PUSH_STREAMS_HTTP1, THROTTLED_TO_SHUT,
};
use crate::store::EndpointTag;

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
    /// It was shut: who waits looks for how long.
    shut: Notify,
}

#[derive(Debug)]
struct State {
    width: usize,
    under_way: usize,
    /// Who waits, first come first served.
    queue: VecDeque<oneshot::Sender<Pass>>,
    failures: u32,
    /// The endpoints that were answered 429 since the last good answer.
    throttled: Vec<EndpointTag>,
    /// How often it has been shut since the last good answer.
    times_shut: u32,
    shut_until: Option<Instant>,
    answered_at: Instant,
    /// It has answered, and not failed in a row since.
    answers: bool,
}

/// Leave to make one request. Dropped without an answer it counts for nothing.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
}

impl Gate {
    fn new(host: Arc<str>, wild: bool) -> Self {
        let state = State {
            width: 1,
            under_way: 0,
            queue: VecDeque::new(),
            failures: 0,
            throttled: Vec::new(),
            times_shut: 0,
            shut_until: None,
            answered_at: Instant::now(),
            answers: false,
        };
        Self { host, wild, state: Mutex::new(state), shut: Notify::new() }
    }

    pub(super) fn host(&self) -> &Arc<str> {
        &self.host
    }

    /// Waits for leave to make a request, behind those who waited before.
    pub(super) async fn enter(self: Arc<Self>) -> Pass {
        loop {
            let mut place = self.line_up();
            loop {
                let mut shut = core::pin::pin!(self.shut.notified());
                shut.as_mut().enable();
                let until = self.admit(Instant::now());
                tokio::select! {
                    biased;
                    pass = &mut place => match pass {
                        Ok(pass) => return pass,
                        Err(_) => break,
                    },
                    () = shut => {}
                    () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
                }
            }
        }
    }

    fn line_up(&self) -> oneshot::Receiver<Pass> {
        let (give, place) = oneshot::channel();
        let mut state = self.lock();
        if state.queue.len() >= MANY_WAITING {
            state.queue.retain(|waiting| !waiting.is_closed());
        }
        state.queue.push_back(give);
        place
    }

    /// Lets in as many of those who wait as may be. Until when it is shut, if it is.
    fn admit(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        loop {
            let give = {
                let mut state = self.lock();
                if let Some(until) = state.shut_until.filter(|until| now < *until) {
                    return Some(until);
                }
                if !state.has_room(now) {
                    return None;
                }
                let give = loop {
                    match state.queue.pop_front() {
                        Some(give) if give.is_closed() => {}
                        Some(give) => break give,
                        None => return None,
                    }
                };
                state.under_way += 1;
                give
            };
            // Who has gone this moment gives it back by dropping it.
            let _ = give.send(Pass { gate: Arc::clone(self) });
        }
    }

    /// Whether it is shut, or has been and nothing has come through since.
    pub(super) fn is_shut(&self) -> bool {
        self.lock().failures >= FAILURES_TO_SHUT
    }

    /// Whether it has answered and goes on doing so.
    pub(super) fn answers(&self) -> bool {
        self.lock().answers
    }

    fn heard(&self, answer: &Answer, from: EndpointTag, now: Instant) {
        let mut state = self.lock();
        match answer.multiplexed {
            Some(true) => state.width = PUSH_STREAMS,
            Some(false) => state.width = PUSH_STREAMS_HTTP1,
            // The connection may be gone: not all of them are to open a new one at once.
            None => state.width = 1,
        }
        state.answered_at = now;
        let wait = match answer.outcome {
            Outcome::Later { after } => after,
            // Said of one device: it takes many of them in a row to say something of the service,
            // and for how long each is to be left alone does not.
            Outcome::Throttled { .. } => {
                if state.throttled.contains(&from) {
                    return;
                }
                state.throttled.push(from);
                if state.throttled.len() < THROTTLED_TO_SHUT && state.failures < FAILURES_TO_SHUT {
                    return;
                }
                state.failures = state.failures.max(FAILURES_TO_SHUT - 1);
                None
            }
            Outcome::Delivered | Outcome::Gone | Outcome::Refused(_) => {
                state.failures = 0;
                state.throttled.clear();
                state.times_shut = 0;
                state.shut_until = None;
                state.answers = true;
                return;
            }
        };
        state.failures = state.failures.saturating_add(1);
        // What was under way when it was shut does not shut it again.
        let open = state.shut_until.is_none_or(|until| until <= now);
        if state.failures >= FAILURES_TO_SHUT && open {
            let pause = pause(state.times_shut).max(wait.unwrap_or_default());
            state.times_shut = state.times_shut.saturating_add(1);
            state.shut_until = Some(now + pause.min(Duration::from_millis(MAX_RETRY_AFTER_MS)));
            state.throttled.clear();
            state.answers = false;
            drop(state);
            self.shut.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&mut self, now: Instant) -> bool {
        // By now the pool has let its connections go: the next request opens one for all.
        if self.under_way == 0 && now - self.answered_at >= Duration::from_millis(PUSH_COLD_MS) {
            self.width = 1;
        }
        self.under_way < if self.failures >= FAILURES_TO_SHUT { 1 } else { self.width }
    }
}

impl Pass {
    /// The way it is for.
    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// What came of the request to an endpoint.
    pub(super) fn report(self, answer: &Answer, from: EndpointTag) {
        self.gate.heard(answer, from, Instant::now());
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.under_way = state.under_way.saturating_sub(1);
        drop(state);
        let _ = self.gate.admit(Instant::now());
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

    const GOOD: Answer = Answer { outcome: Outcome::Delivered, multiplexed: Some(true) };
    const BAD: Answer = Answer { outcome: Outcome::Later { after: None }, multiplexed: Some(true) };
    const FROM: EndpointTag = [1; 16];

    fn gate() -> Arc<Gate> {
        Gates::default().of("push.example.org", false)
    }

    /// How many are let in, each of whom stays.
    fn entered(gate: &Arc<Gate>, now: Instant) -> usize {
        let places: Vec<_> = (0..1_000).map(|_| gate.line_up()).collect();
        let _ = gate.admit(now);
        let passes = places.into_iter().filter_map(|mut place| place.try_recv().ok());
        passes.map(core::mem::forget).count()
    }

    fn leave(gate: &Gate, times: usize) {
        gate.lock().under_way -= times;
    }

    #[test]
    fn one_until_the_first_answer_then_many() {
        let (gate, now) = (gate(), Instant::now());
        assert_eq!(entered(&gate, now), 1);
        gate.heard(&GOOD, FROM, now);
        leave(&gate, 1);
        assert_eq!(entered(&gate, now), PUSH_STREAMS);
        leave(&gate, PUSH_STREAMS);
        gate.heard(&Answer { multiplexed: Some(false), ..GOOD }, FROM, now);
        assert_eq!(entered(&gate, now), PUSH_STREAMS_HTTP1);
        leave(&gate, PUSH_STREAMS_HTTP1);
        // A connection that broke, or that has been idle, is opened by one.
        gate.heard(&Answer { multiplexed: None, ..BAD }, FROM, now);
        assert_eq!(entered(&gate, now), 1);
        leave(&gate, 1);
        gate.heard(&GOOD, FROM, now);
        assert_eq!(entered(&gate, now + Duration::from_millis(PUSH_COLD_MS)), 1);
    }

    #[test]
    fn four_failures_in_a_row_shut_it_and_one_good_answer_opens_it() {
        let (gate, mut now) = (gate(), Instant::now());
        gate.heard(&GOOD, FROM, now);
        assert!(gate.answers());
        for _ in 1..FAILURES_TO_SHUT {
            gate.heard(&BAD, FROM, now);
        }
        assert!(!gate.is_shut());
        gate.heard(&GOOD, FROM, now);
        let mut shut_for = Vec::new();
        for _ in 0..FAILURES_TO_SHUT {
            gate.heard(&BAD, FROM, now);
        }
        assert!(!gate.answers());
        for _ in 0..12 {
            assert!(gate.is_shut());
            let until = gate.admit(now).expect("shut");
            shut_for.push(until - now);
            // The others that were under way change nothing.
            gate.heard(&BAD, FROM, now);
            assert_eq!(gate.admit(now), Some(until));
            now = until;
            assert_eq!(entered(&gate, now), 1, "half open for one");
            leave(&gate, 1);
            gate.heard(&BAD, FROM, now);
        }
        let (first, last) = (shut_for[0], shut_for[11]);
        assert!(first <= Duration::from_millis(MIN_SHUT_MS), "{shut_for:?}");
        assert!(last >= Duration::from_millis(MAX_SHUT_MS / 2), "{shut_for:?}");
        assert!(last <= Duration::from_millis(MAX_SHUT_MS), "{shut_for:?}");
        gate.heard(&GOOD, FROM, now);
        assert_eq!(entered(&gate, now), PUSH_STREAMS);
    }

    #[test]
    fn a_service_says_for_how_long() {
        let (gate, now) = (gate(), Instant::now());
        let after = Some(Duration::from_secs(90));
        let down = Answer { outcome: Outcome::Later { after }, multiplexed: Some(true) };
        for _ in 1..FAILURES_TO_SHUT {
            gate.heard(&down, FROM, now);
            assert_eq!(gate.admit(now), None);
        }
        gate.heard(&down, FROM, now);
        assert_eq!(gate.admit(now), Some(now + Duration::from_secs(90)));
    }

    #[test]
    fn one_device_that_is_asked_too_often_shuts_nobody_out_and_several_only_for_a_moment() {
        let (gate, now) = (gate(), Instant::now());
        let after = Some(Duration::from_secs(600));
        let busy = Answer { outcome: Outcome::Throttled { after }, multiplexed: Some(true) };
        for _ in 0..100 {
            gate.heard(&busy, FROM, now);
        }
        assert!(!gate.is_shut());
        for other in 2..THROTTLED_TO_SHUT {
            gate.heard(&busy, [u8::try_from(other).expect("few"); 16], now);
        }
        assert!(!gate.is_shut());
        gate.heard(&busy, [99; 16], now);
        let until = gate.admit(now).expect("shut");
        assert!(until - now <= Duration::from_millis(MIN_SHUT_MS), "not for as long as they are to wait");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_let_in_when_another_leaves() {
        let gates = Gates::default();
        let gate = gates.of("push.example.org", false);
        let pass = Arc::clone(&gate).enter().await;
        let mut waiting = core::pin::pin!(Arc::clone(&gate).enter());
        assert!(tokio::time::timeout(Duration::from_secs(1), &mut waiting).await.is_err());
        pass.report(&GOOD, FROM);
        drop(waiting.await);
        assert_eq!((gates.shut(), gate.lock().under_way), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_are_let_in_by_turns_and_who_has_gone_takes_no_turn() {
        let gate = gate();
        let first = Arc::clone(&gate).enter().await;
        let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let wait = |name: &'static str, times: usize| {
            let (gate, said) = (Arc::clone(&gate), said.clone());
            tokio::spawn(async move {
                for _ in 0..times {
                    let pass = Arc::clone(&gate).enter().await;
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
        assert_eq!(gate.lock().under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_when_it_is_shut_is_let_in_after_the_pause() {
        let gate = gate();
        let pass = Arc::clone(&gate).enter().await;
        let waiting = tokio::spawn(Arc::clone(&gate).enter());
        tokio::task::yield_now().await;
        for _ in 0..FAILURES_TO_SHUT {
            gate.heard(&BAD, FROM, Instant::now());
        }
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
