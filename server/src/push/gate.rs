//! How many requests may be under way to one push service: one until it has answered, then many;
//! after failures in a row none for a while, then one again.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::client::{Answer, Outcome};
use crate::limits::{
    FAILURES_TO_SHUT, MAX_ORIGINS, MAX_RETRY_AFTER_MS, MAX_SHUT_MS, MIN_SHUT_MS, PUSH_COLD_MS, PUSH_STREAMS,
    PUSH_STREAMS_HTTP1,
};

/// The gates of all services.
#[derive(Debug, Default)]
pub(super) struct Gates {
    by_host: Mutex<HashMap<String, Arc<Gate>>>,
}

impl Gates {
    pub(super) fn of(&self, host: &str) -> Arc<Gate> {
        let mut gates = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(host) {
            return Arc::clone(gate);
        }
        // Names under a wildcard are the devices' to choose: those nobody waits at are forgotten.
        if gates.len() >= MAX_ORIGINS {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        let gate = Arc::new(Gate::new());
        gates.insert(host.to_owned(), Arc::clone(&gate));
        gate
    }

    /// How many are shut now.
    pub(super) fn shut(&self) -> usize {
        let gates = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        gates.values().filter(|gate| gate.is_shut()).count()
    }
}

/// The way to one push service.
#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    width: usize,
    under_way: usize,
    failures: u32,
    /// How often it has been shut since the last good answer.
    times_shut: u32,
    shut_until: Option<Instant>,
    answered_at: Instant,
}

/// Leave to make one request. Dropped without an answer it counts for nothing.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
}

impl Gate {
    fn new() -> Self {
        let state = State {
            width: 1,
            under_way: 0,
            failures: 0,
            times_shut: 0,
            shut_until: None,
            answered_at: Instant::now(),
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits for leave to make a request.
    pub(super) async fn enter(self: &Arc<Self>) -> Pass {
        loop {
            let mut changed = core::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let until = match self.try_enter(Instant::now()) {
                Ok(()) => return Pass { gate: Arc::clone(self) },
                Err(until) => until,
            };
            match until {
                Some(until) => tokio::select! { () = sleep_until(until) => {} () = changed => {} },
                None => changed.await,
            }
        }
    }

    /// Whether it is shut, or has been and nothing has come through since.
    pub(super) fn is_shut(&self) -> bool {
        self.lock().failures >= FAILURES_TO_SHUT
    }

    fn try_enter(&self, now: Instant) -> Result<(), Option<Instant>> {
        let mut state = self.lock();
        if let Some(until) = state.shut_until.filter(|until| now < *until) {
            return Err(Some(until));
        }
        // By now the pool has let its connections go: the next request opens one for all.
        if state.under_way == 0 && now - state.answered_at >= Duration::from_millis(PUSH_COLD_MS) {
            state.width = 1;
        }
        let width = if state.failures >= FAILURES_TO_SHUT { 1 } else { state.width };
        if state.under_way >= width {
            return Err(None);
        }
        state.under_way += 1;
        Ok(())
    }

    fn heard(&self, answer: &Answer, now: Instant) {
        let mut state = self.lock();
        match answer.multiplexed {
            Some(true) => state.width = PUSH_STREAMS,
            Some(false) => state.width = PUSH_STREAMS_HTTP1,
            // The connection may be gone: not all of them are to open a new one at once.
            None => state.width = 1,
        }
        state.answered_at = now;
        let Outcome::Later { after } = answer.outcome else {
            state.failures = 0;
            state.times_shut = 0;
            state.shut_until = None;
            return;
        };
        state.failures = state.failures.saturating_add(1);
        // What was under way when it was shut does not shut it again.
        let open = state.shut_until.is_none_or(|until| until <= now);
        if state.failures >= FAILURES_TO_SHUT && open {
            let pause = pause(state.times_shut).max(after.unwrap_or_default());
            state.times_shut = state.times_shut.saturating_add(1);
            state.shut_until = Some(now + pause.min(Duration::from_millis(MAX_RETRY_AFTER_MS)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// What came of the request.
    pub(super) fn report(self, answer: &Answer) {
        self.gate.heard(answer, Instant::now());
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.under_way = state.under_way.saturating_sub(1);
        drop(state);
        self.gate.changed.notify_waiters();
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

    fn entered(gate: &Gate, now: Instant) -> usize {
        (0..1_000).take_while(|_| gate.try_enter(now).is_ok()).count()
    }

    fn leave(gate: &Gate, times: usize) {
        gate.lock().under_way -= times;
    }

    #[test]
    fn one_until_the_first_answer_then_many() {
        let (gate, now) = (Gate::new(), Instant::now());
        assert_eq!(entered(&gate, now), 1);
        gate.heard(&GOOD, now);
        leave(&gate, 1);
        assert_eq!(entered(&gate, now), PUSH_STREAMS);
        leave(&gate, PUSH_STREAMS);
        gate.heard(&Answer { multiplexed: Some(false), ..GOOD }, now);
        assert_eq!(entered(&gate, now), PUSH_STREAMS_HTTP1);
        leave(&gate, PUSH_STREAMS_HTTP1);
        // A connection that broke, or that has been idle, is opened by one.
        gate.heard(&Answer { multiplexed: None, ..BAD }, now);
        assert_eq!(entered(&gate, now), 1);
        leave(&gate, 1);
        gate.heard(&GOOD, now);
        assert_eq!(entered(&gate, now + Duration::from_millis(PUSH_COLD_MS)), 1);
    }

    #[test]
    fn four_failures_in_a_row_shut_it_and_one_good_answer_opens_it() {
        let (gate, mut now) = (Gate::new(), Instant::now());
        gate.heard(&GOOD, now);
        for _ in 1..FAILURES_TO_SHUT {
            gate.heard(&BAD, now);
        }
        assert!(!gate.is_shut());
        gate.heard(&GOOD, now);
        let mut shut_for = Vec::new();
        for _ in 0..FAILURES_TO_SHUT {
            gate.heard(&BAD, now);
        }
        for _ in 0..12 {
            assert!(gate.is_shut());
            let until = gate.try_enter(now).expect_err("shut").expect("for a time");
            shut_for.push(until - now);
            // The others that were under way change nothing.
            gate.heard(&BAD, now);
            assert_eq!(gate.try_enter(now), Err(Some(until)));
            now = until;
            assert_eq!(entered(&gate, now), 1, "half open for one");
            leave(&gate, 1);
            gate.heard(&BAD, now);
        }
        let (first, last) = (shut_for[0], shut_for[11]);
        assert!(first <= Duration::from_millis(MIN_SHUT_MS), "{shut_for:?}");
        assert!(last >= Duration::from_millis(MAX_SHUT_MS / 2), "{shut_for:?}");
        assert!(last <= Duration::from_millis(MAX_SHUT_MS), "{shut_for:?}");
        gate.heard(&GOOD, now);
        assert_eq!(entered(&gate, now), PUSH_STREAMS);
    }

    #[test]
    fn a_service_says_for_how_long() {
        let (gate, now) = (Gate::new(), Instant::now());
        let wait = |seconds| Some(Duration::from_secs(seconds));
        let busy = Answer { outcome: Outcome::Later { after: wait(90) }, multiplexed: Some(true) };
        gate.heard(&busy, now);
        // One device's endpoint may be asked too often: that is not the others' concern.
        assert!(gate.try_enter(now).is_ok());
        for _ in 1..FAILURES_TO_SHUT {
            gate.heard(&busy, now);
        }
        assert_eq!(gate.try_enter(now), Err(Some(now + Duration::from_secs(90))));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_let_in_when_another_leaves() {
        let gates = Gates::default();
        let gate = gates.of("push.example.org");
        let pass = gate.enter().await;
        let mut waiting = core::pin::pin!(gate.enter());
        assert!(tokio::time::timeout(Duration::from_secs(1), &mut waiting).await.is_err());
        pass.report(&GOOD);
        drop(waiting.await);
        assert_eq!(gates.shut(), 0);
    }
}
