//! What is known of time. A phone's clock may be hours or years off, and may jump; so may anybody
//! else's. Only two times of the same clock are compared: the relay's time of an entry with the relay's
//! time of its hello. What is not known to be old is new.

use crate::core::Core;
use crate::incident::Incident;
use crate::limits::{CLOCK_DRIFT, CLOCK_TOLERANCE, PAST};

/// Where an alert comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    /// When the relay had it, by the relay's clock; 0: nobody knows.
    pub(crate) received_at: u64,
    /// It came into the log after this device had subscribed: whatever any clock says, it is new here.
    pub(crate) live: bool,
}

impl Core {
    /// The relay has said hello, and what its clock shows.
    pub(crate) fn compare_clocks(&mut self, now: u64, relay_now: u64) {
        let milliseconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        let clock = milliseconds(relay_now) - milliseconds(now);
        let before = self.membership().and_then(|membership| membership.clock);
        self.session.clock_off = now.abs_diff(relay_now) > CLOCK_TOLERANCE;
        self.session.relay_at = Some(relay_now);
        self.session.times_hold =
            before.map_or(!self.session.clock_off, |before| before.abs_diff(clock) <= CLOCK_TOLERANCE);
        let moved = before.is_none_or(|before| before.abs_diff(clock) > CLOCK_DRIFT);
        if moved
            && self.membership().is_some()
            && let Some(membership) = self.membership_mut()
        {
            membership.clock = Some(clock);
        }
    }

    /// The relay has just had something of ours, and says when.
    pub(crate) fn learn_clock(&mut self, now: u64, relay_now: u64) {
        let times_hold = self.session.times_hold;
        let relay_at = self.session.relay_at;
        self.compare_clocks(now, relay_now);
        (self.session.times_hold, self.session.relay_at) = (times_hold, relay_at);
    }

    /// What the relay's clock shows now, as far as this device can tell.
    pub(crate) fn relay_time(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.membership().and_then(|membership| membership.clock).unwrap_or(0))
    }

    /// A time of the relay's by this device's clock: what a screen compares with its own.
    pub(crate) fn own_time(&self, relay_time: u64) -> u64 {
        let clock = self.membership().and_then(|membership| membership.clock).unwrap_or(0);
        relay_time.saturating_add_signed(-clock)
    }

    /// How long the relay had had something when it said hello, as far as that is known. 0, if either
    /// clock has jumped since the connection before.
    pub(crate) fn known_age(&self, received_at: u64) -> u64 {
        let hello = self.session.relay_at.filter(|_| self.session.times_hold);
        hello.map_or(0, |hello| hello.saturating_sub(received_at))
    }

    /// Whether an alert that has just come is one to ring for. Its first place in the log decides: an
    /// alert that was there before this device was let in, that this device has had before, or that the
    /// relay has had for hours when this device comes back, is past.
    pub(crate) fn age(&self, now: u64, incident: &mut Incident, placed: Placed) {
        let Some(governance) = self.broadcast_governance() else { return };
        // What an earlier version put into a snapshot has no place: the newest of its signatures stands in.
        let newest = incident.attested_at().max().unwrap_or(0);
        let received_at = if placed.received_at > 0 { placed.received_at } else { newest };
        let old = !placed.live && self.known_age(received_at) >= PAST;
        let forgotten = self.alerts.has_forgotten(&incident.id);
        // Whoever let this device in said that it was there. Verifiers who say otherwise are believed: k of
        // them could make any alert, and one committer must not silence one.
        let joined_at = self.membership().map_or(0, |membership| membership.joined_at);
        let before = self.alerts.was_before(&incident.id)
            && incident.verified_at(governance) <= joined_at.saturating_add(CLOCK_TOLERANCE);
        incident.past = old || forgotten || before;
        incident.alerted_at = received_at;
        incident.updated_at = if incident.past { self.own_time(received_at).min(now) } else { now };
    }
}
