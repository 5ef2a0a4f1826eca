//! The desk's bell, between sessions, commits and the sender: what is owed and what is held, and the
//! writes that turn what is due into push jobs.

use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use campana_protocol::frame::Subject;
use campana_protocol::id::{ChannelId, Hash, MailboxId};
use campana_protocol::push::Push;
use tokio::time::Instant;

use super::held::HeldRings;
use super::pace::Paces;
use super::payload;
use crate::limits::COUNT_DOWN_MS;
use crate::shared::Shared;
use crate::store::ring::{Sort, ring_of};
use crate::store::{HeldRing, ReadError, Store, Write};

/// What rings, and when.
#[derive(Debug)]
pub(super) struct Rings {
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    paces: Paces,
    held: HeldRings,
    /// Until when held rings have been counted down, and written.
    counted: Duration,
    written: Duration,
}

impl Default for Rings {
    fn default() -> Self {
        Self { began: Instant::now(), state: Mutex::default() }
    }
}

impl Rings {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Something was posted to a mailbox whose registrations are owed a ring for it.
    pub(super) fn owe(&self, mailbox: MailboxId) {
        self.state().paces.owe(self.now(), mailbox);
    }

    pub(super) fn read(&self, mailbox: &MailboxId) {
        self.state().paces.read(mailbox);
    }

    /// `owed`: something was posted since that ring was made.
    pub(super) fn rang(&self, mailbox: &MailboxId, owed: bool) {
        self.state().paces.rang(self.now(), mailbox, owed);
    }

    /// What has passed since the last look is none of its time.
    pub(super) fn hold(&self, ring: HeldRing) {
        let mut state = self.state();
        let passed = self.began.elapsed().saturating_sub(state.counted);
        let passed = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        state.held.hold(HeldRing { left_ms: ring.left_ms.saturating_add(passed + 1), ..ring });
    }

    pub(super) fn end(&self, subject: Subject, id: Hash) {
        self.state().held.end(subject, id);
    }

    /// What an earlier start has left.
    pub(super) fn load<S: Store>(&self, store: &S) -> Result<(), ReadError> {
        let (owed, held) = (store.owed_rings()?, store.held_rings()?);
        owed.into_iter().for_each(|mailbox| self.owe(mailbox));
        held.into_iter().for_each(|ring| self.hold(ring));
        Ok(())
    }

    /// Asks for what is due to become push jobs. If the queue is full, it is asked for again.
    pub(super) fn look<S: Store>(&self, shared: &Shared<S>) {
        let elapsed = self.began.elapsed();
        let mut state = self.state();
        for mailbox in state.paces.due(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)) {
            let _ = shared.submit(Write::Ring { mailbox });
        }
        let passed = elapsed.saturating_sub(state.counted);
        let whole = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        state.counted += Duration::from_millis(whole);
        for (subject, id) in state.held.pass(whole) {
            let _ = shared.submit(Write::RingHeld { subject, id });
        }
        if elapsed.saturating_sub(state.written) >= Duration::from_millis(COUNT_DOWN_MS) {
            state.written = elapsed;
            let left = state.held.changed();
            if !left.is_empty() {
                let _ = shared.submit(Write::CountDown(left));
            }
        }
    }
}

/// What the push job of a ring brings: that there is something to read. `None`: the job is an entry's.
pub(super) fn plain(place: &ChannelId, seq: u64, navigate: &str) -> Option<Vec<u8>> {
    let push = match ring_of(place, seq)? {
        (Sort::Mail, Subject::Mailbox(mailbox)) => Push::Mail { mailbox },
        (_, subject) => Push::Ring { subject },
    };
    Some(payload::of(&push, navigate))
}
