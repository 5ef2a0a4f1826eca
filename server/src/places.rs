//! Who may be connected when there are more who want to be than places.
//!
//! A connection has a place from its first byte. Those that have proved nothing, and those whose proof anybody
//! can make (people who wait to be let in have no better one), may not hold all places: a share is kept for
//! connections that have proved a channel's key or an opened mailbox's. When places are short the others give
//! way to a newcomer, which may be a member: first those without a proof, the oldest first, for an honest
//! device proves its key within a second or two; then those that wait, the newest proof first. The peer's address
//! plays no part: it is not known here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bell::Bell;
use crate::limits::{PROVED_PART, WAITING_PART};
use crate::session::Standing;

/// All places.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    /// By number: the order in which they came.
    all: BTreeMap<u64, Holder>,
    proofs: u64,
    waiting: usize,
    proved: usize,
}

#[derive(Debug)]
struct Holder {
    standing: Standing,
    /// The order in which they proved something.
    proof: u64,
    gives_way: Bell,
}

/// The place of one connection; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    number: u64,
    /// Rung when the connection has to end.
    gives_way: Bell,
}

impl Places {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), held: Mutex::default() })
    }

    /// A place for a newcomer, if there is one or somebody gives way. `None`: all are held by those who have
    /// proved.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Place> {
        let mut held = self.lock();
        let kept = if self.most > 1 { (self.most / PROVED_PART).max(1) } else { 0 };
        let short = held.all.len() >= self.most || held.all.len() - held.proved >= self.most - kept;
        if short && !held.one_gives_way() {
            return None;
        }
        held.next += 1;
        let (number, gives_way) = (held.next, Bell::default());
        let holder = Holder { standing: Standing::Unproved, proof: 0, gives_way: gives_way.clone() };
        held.all.insert(number, holder);
        drop(held);
        Some(Place { places: Arc::clone(self), number, gives_way })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn one_gives_way(&mut self) -> bool {
        let unproved = self.all.iter().find(|(_, holder)| holder.standing == Standing::Unproved);
        match unproved.map(|(number, _)| *number).or_else(|| self.newest_waiting(u64::MAX)) {
            Some(number) => {
                self.leave(number);
                true
            }
            None => false,
        }
    }

    fn newest_waiting(&self, but: u64) -> Option<u64> {
        let waiting = self
            .all
            .iter()
            .filter(|(number, holder)| holder.standing == Standing::Waiting && **number != but);
        waiting.max_by_key(|(_, holder)| holder.proof).map(|(number, _)| *number)
    }

    fn leave(&mut self, number: u64) {
        let Some(holder) = self.all.remove(&number) else { return };
        self.waiting -= usize::from(holder.standing == Standing::Waiting);
        self.proved -= usize::from(holder.standing == Standing::Proved);
        holder.gives_way.ring();
    }

    fn set(&mut self, number: u64, standing: Standing) {
        self.proofs += 1;
        let proof = self.proofs;
        let Some(holder) = self.all.get_mut(&number).filter(|holder| holder.standing != standing) else {
            return;
        };
        self.proved -= usize::from(holder.standing == Standing::Proved);
        self.waiting -= usize::from(holder.standing == Standing::Waiting);
        (holder.standing, holder.proof) = (standing, proof);
        self.waiting += usize::from(standing == Standing::Waiting);
        self.proved += usize::from(standing == Standing::Proved);
    }
}

impl Place {
    /// Its connection has proved something, or what it had proved counts no longer.
    pub(crate) fn set(&self, standing: Standing) {
        let mut held = self.places.lock();
        held.set(self.number, standing);
        // The newcomer has time to read what was sent to it; those who came long before stay.
        if standing == Standing::Waiting
            && held.waiting > (self.places.most / WAITING_PART).max(1)
            && let Some(newest) = held.newest_waiting(self.number)
        {
            held.leave(newest);
        }
    }

    /// Waits until the connection has to end. One task at a time.
    pub(crate) async fn gives_way(&self) {
        self.gives_way.rung().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(places: &Arc<Places>, standing: Standing) -> Place {
        let place = places.enter().expect("a place");
        place.set(standing);
        place
    }

    fn ended(place: &Place) -> bool {
        place.gives_way.take()
    }

    #[test]
    fn those_who_have_proved_keep_their_places_and_take_all_there_are() {
        let places = Places::new(8);
        let members: Vec<Place> = (0..8).map(|_| entered(&places, Standing::Proved)).collect();
        assert!(places.enter().is_none());
        assert!(!members.iter().any(ended));
        drop(members);
        assert!(places.enter().is_some());
    }

    #[test]
    fn strangers_do_not_hold_all_places_and_the_oldest_gives_way() {
        let places = Places::new(8);
        let strangers: Vec<Place> = (0..8).map(|_| entered(&places, Standing::Unproved)).collect();
        assert_eq!(
            strangers.iter().map(ended).collect::<Vec<_>>(),
            [true, true, false, false, false, false, false, false]
        );
        let members: Vec<Place> = (0..8).map(|_| entered(&places, Standing::Proved)).collect();
        assert!(strangers[2..].iter().all(ended));
        assert!(!members.iter().any(ended));
    }

    #[test]
    fn who_waits_gives_way_after_the_strangers_and_the_newest_first() {
        let places = Places::new(16);
        let waiting: Vec<Place> = (0..4).map(|_| entered(&places, Standing::Waiting)).collect();
        let strangers: Vec<Place> = (0..8).map(|_| entered(&places, Standing::Unproved)).collect();
        let members: Vec<Place> = (0..12).map(|_| entered(&places, Standing::Proved)).collect();
        assert!(strangers.iter().all(ended) && !waiting.iter().any(ended));
        let more = entered(&places, Standing::Proved);
        assert_eq!(waiting.iter().map(ended).collect::<Vec<_>>(), [false, false, false, true]);
        assert!(!members.iter().chain([&more]).any(ended));
    }

    #[test]
    fn those_who_wait_hold_a_part_and_whoever_was_there_first_stays() {
        let places = Places::new(16);
        let honest = entered(&places, Standing::Waiting);
        let strangers: Vec<Place> = (0..40).map(|_| entered(&places, Standing::Waiting)).collect();
        assert!(!ended(&honest));
        assert_eq!(strangers.iter().filter(|stranger| !ended(stranger)).count(), 3);
        assert!(!ended(strangers.last().expect("the last")), "the newcomer reads its mailbox");
    }

    #[test]
    fn a_key_that_counts_no_longer_keeps_no_place() {
        let places = Places::new(8);
        let removed: Vec<Place> = (0..8).map(|_| entered(&places, Standing::Proved)).collect();
        assert!(places.enter().is_none());
        removed.iter().for_each(|place| place.set(Standing::Waiting));
        let members: Vec<Place> = (0..8).map(|_| entered(&places, Standing::Proved)).collect();
        assert!(removed.iter().all(ended) && !members.iter().any(ended));
    }

    #[test]
    fn a_proof_after_giving_way_counts_for_nothing() {
        let places = Places::new(1);
        let first = places.enter().expect("a place");
        let second = entered(&places, Standing::Proved);
        assert!(ended(&first));
        first.set(Standing::Proved);
        drop(first);
        assert!(places.enter().is_none());
        drop(second);
        assert!(places.enter().is_some());
    }
}
