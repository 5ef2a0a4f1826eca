//! What followers of one channel or mailbox share: its head, a ring of frames encoded once, and
//! a bell for each of them.
//!
//! A follower owns only its cursor. Following costs it one shared read lock and a reference count
//! per frame; nothing is queued for it, so nothing of its can overflow. One that falls off the
//! ring reads the store.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;

use crate::bell::Bell;
use crate::limits::{LIVE_RING, RING_BYTES, RING_ENTRIES};
use crate::session::ConnectionId;

/// One channel or mailbox that is being followed.
#[derive(Debug)]
pub struct Topic {
    window: RwLock<Window>,
    bells: Mutex<BTreeMap<ConnectionId, Bell>>,
}

#[derive(Debug)]
struct Window {
    /// Changes whenever somebody's rights may have.
    version: u64,
    /// The last durable seq.
    head: u64,
    /// The frames of the last seqs up to `head`.
    ring: VecDeque<Bytes>,
    ring_bytes: usize,
    /// Number of the next live body.
    live_next: u64,
    live: VecDeque<(ConnectionId, Bytes)>,
}

/// Where a follower is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a plain position")]
pub struct Place {
    /// The last seq it was given.
    pub seq: u64,
    /// Number of the next live body it is given.
    pub live: u64,
}

/// What following gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a follower acts on each")]
pub enum Followed {
    /// Rights may have changed: find out, then follow with this version.
    Changed(u64),
    /// The ring no longer holds what comes next: read the store up to here.
    Behind(u64),
    /// All that there is, or as much as was asked for, has been given.
    Given,
}

impl Topic {
    pub(crate) fn new(head: u64) -> Self {
        Self {
            window: RwLock::new(Window {
                version: 0,
                head,
                ring: VecDeque::new(),
                ring_bytes: 0,
                live_next: 0,
                live: VecDeque::new(),
            }),
            bells: Mutex::default(),
        }
    }

    /// Adds a follower, and says where live bodies begin for it.
    pub fn join(&self, connection: ConnectionId, bell: &Bell) -> u64 {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).insert(connection, bell.clone());
        self.read().live_next
    }

    /// Removes a follower.
    pub fn leave(&self, connection: ConnectionId) {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection);
    }

    /// Rings everybody's bell.
    pub fn ring(&self) {
        for bell in self.bells.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bell.ring();
        }
    }

    /// The entry at `seq` is durable; `frame` is what followers are sent. Does not ring.
    pub fn publish(&self, seq: u64, frame: Bytes, changes_rights: bool) {
        let mut window = self.write();
        if changes_rights {
            window.version += 1;
        }
        if seq <= window.head {
            return;
        }
        if seq != window.head + 1 {
            window.forget();
        }
        window.head = seq;
        window.ring_bytes += frame.len();
        window.ring.push_back(frame);
        while window.ring.len() > RING_ENTRIES || window.ring_bytes > RING_BYTES {
            let Some(oldest) = window.ring.pop_front() else { break };
            window.ring_bytes -= oldest.len();
        }
    }

    /// There is something durable up to `seq` to be read from the store. Does not ring.
    pub fn advance(&self, seq: u64) {
        let mut window = self.write();
        window.head = window.head.max(seq);
        window.forget();
    }

    /// Rights may have changed. Does not ring.
    pub fn rights_changed(&self) {
        self.write().version += 1;
    }

    /// Empties the ring: some of it has expired.
    pub fn forget(&self) {
        self.write().forget();
    }

    /// Fans out a live body. Does not ring.
    pub fn live(&self, from: ConnectionId, frame: Bytes) {
        let mut window = self.write();
        window.live_next += 1;
        window.live.push_back((from, frame));
        if window.live.len() > LIVE_RING {
            window.live.pop_front();
        }
    }

    /// The last durable seq.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.read().head
    }

    /// Gives `connection` what comes after `place`, up to `limit` of the head and about
    /// `max_bytes`, if rights are still as in `version`. Live bodies come only to those who are
    /// not behind; the others lose them.
    pub fn follow(
        &self,
        connection: ConnectionId,
        version: u64,
        place: &mut Place,
        limit: impl Fn(u64) -> u64,
        max_bytes: usize,
        out: &mut Vec<Bytes>,
    ) -> Followed {
        let window = self.read();
        if window.version != version {
            return Followed::Changed(window.version);
        }
        let limit = limit(window.head);
        if place.seq < limit {
            let missing = window.head - place.seq;
            let Some(first) = (window.ring.len() as u64).checked_sub(missing) else {
                return Followed::Behind(limit);
            };
            let mut bytes = 0;
            // The ring is short: its positions fit any usize.
            for frame in window.ring.range(first as usize..).take((limit - place.seq) as usize) {
                if bytes >= max_bytes {
                    return Followed::Given;
                }
                bytes += frame.len();
                out.push(frame.clone());
                place.seq += 1;
            }
        }
        if place.live < window.live_next {
            if limit >= window.head {
                let held = window.live.len() as u64;
                let skip = held.saturating_sub(window.live_next - place.live) as usize;
                let others = window.live.iter().skip(skip).filter(|(from, _)| *from != connection);
                out.extend(others.map(|(_, frame)| frame.clone()));
            }
            place.live = window.live_next;
        }
        Followed::Given
    }

    fn read(&self) -> RwLockReadGuard<'_, Window> {
        self.window.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Window> {
        self.window.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn forget(&mut self) {
        self.ring.clear();
        self.ring_bytes = 0;
    }
}
