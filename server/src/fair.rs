//! A ration that many connections draw on, none of which can take it from the others.
//!
//! What has been drawn drains away at a rate, in equal parts from all connections that have drawn. A
//! connection is given more only while it has drawn no more than is still free (dynamic thresholds, as
//! switches share a buffer). So `n` connections that take all they can leave one part in `n + 1` free, and a
//! connection that has drawn nothing is given up to half of what is free, at once. The relay cannot tell people apart: whoever opens
//! many connections is many here.

use std::collections::BTreeMap;

use crate::session::ConnectionId;

/// How much a ration gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Units at once, to all connections together.
    pub(crate) burst: u64,
    /// Units a minute for long.
    pub(crate) per_minute: u64,
    /// Units at once to one connection, unless its first draw is larger.
    pub(crate) each: u64,
}

/// What connections have drawn of one ration and what has not drained away yet.
#[derive(Debug)]
pub(crate) struct Fair {
    size: Size,
    /// In [`PARTS`] of a unit, so that low rates drain too.
    drawn: BTreeMap<ConnectionId, u64>,
    total: u64,
    at: u64,
}

/// A minute in milliseconds: a unit a minute is one part a millisecond.
const PARTS: u64 = 60_000;

impl Fair {
    pub(crate) fn new(now: u64, size: Size) -> Self {
        Self { size, drawn: BTreeMap::new(), total: 0, at: now }
    }

    /// Whether `by` may draw `units` now.
    pub(crate) fn gives(&mut self, now: u64, by: ConnectionId, units: u64) -> bool {
        // Not for less than a unit: ten thousand phones that send a receipt at once are looked at by turns.
        self.drain(now, PARTS);
        let (burst, units) = (self.size.burst.saturating_mul(PARTS), units.saturating_mul(PARTS));
        let total = self.total.saturating_add(units);
        // What is larger than a connection's part must still be possible when nobody else draws.
        if self.drawn.is_empty() {
            return total <= burst;
        }
        let own = self.drawn.get(&by).copied().unwrap_or(0);
        let after = own.saturating_add(units);
        let each = own == 0 || after <= self.size.each.saturating_mul(PARTS);
        each && total <= burst && after <= burst - total
    }

    /// Draws; [`Self::gives`] was asked.
    pub(crate) fn draw(&mut self, by: ConnectionId, units: u64) {
        let parts = units.saturating_mul(PARTS);
        *self.drawn.entry(by).or_insert(0) += parts;
        self.total = self.total.saturating_add(parts);
    }

    /// Whether nothing is drawn.
    pub(crate) fn is_whole(&mut self, now: u64) -> bool {
        self.drain(now, 1);
        self.drawn.is_empty()
    }

    /// Lets drain what has become due, unless that is less than `least`.
    fn drain(&mut self, now: u64, least: u64) {
        let mut left = now.saturating_sub(self.at).saturating_mul(self.size.per_minute);
        if left < least && now >= self.at {
            return;
        }
        // A clock that was set back must not stop the draining until it has caught up.
        self.at = now;
        while left > 0 && !self.drawn.is_empty() {
            let part = (left / self.drawn.len() as u64).max(1);
            let total = &mut self.total;
            self.drawn.retain(|_, own| {
                let gone = part.min(*own).min(left);
                *own -= gone;
                *total -= gone;
                left -= gone;
                *own > 0
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { burst: 120, per_minute: 60, each: 120 };

    fn taken(fair: &mut Fair, now: u64, by: u64, units: u64) -> u64 {
        let by = ConnectionId(by);
        (0..1_000)
            .take_while(|_| {
                let gives = fair.gives(now, by, units);
                gives.then(|| fair.draw(by, units)).is_some()
            })
            .count() as u64
    }

    #[test]
    fn it_gives_its_burst_then_its_rate() {
        let mut fair = Fair::new(0, SIZE);
        let all: u64 = (0..200).map(|by| taken(&mut fair, 0, by, 1)).sum();
        assert_eq!(all, 119, "nobody is given the last of it");
        assert_eq!((200..300).map(|by| taken(&mut fair, 1_000, by, 1)).sum::<u64>(), 1);
        assert!(!fair.is_whole(119_999));
        assert!(fair.is_whole(120_000));
    }

    #[test]
    fn those_who_take_all_they_can_leave_a_part_free_for_the_next() {
        let mut fair = Fair::new(0, SIZE);
        for now in (0..60_000).step_by(100) {
            for flooder in 1..=3 {
                taken(&mut fair, now, flooder, 1);
            }
        }
        // About a quarter of the whole is still there for a fourth, of which it is given half.
        assert!(fair.drawn.values().all(|own| *own <= 41 * PARTS), "{fair:?}");
        assert!(SIZE.burst * PARTS - fair.total >= 27 * PARTS, "{fair:?}");
        assert!((13..=16).contains(&taken(&mut fair, 60_000, 9, 1)));
    }

    #[test]
    fn a_first_draw_is_given_whatever_its_size_and_a_second_within_its_part() {
        let mut fair = Fair::new(0, Size { each: 10, ..SIZE });
        assert_eq!(taken(&mut fair, 0, 1, 90), 1);
        assert_eq!(taken(&mut fair, 0, 2, 1), 10);
        assert_eq!(taken(&mut fair, 0, 3, 12), 0);
        assert_eq!(taken(&mut fair, 120_000, 3, 121), 0);
    }

    #[test]
    fn a_clock_set_back_neither_fills_nor_blocks() {
        let mut fair = Fair::new(100_000, SIZE);
        assert_eq!(taken(&mut fair, 100_000, 1, 120), 1);
        assert_eq!(taken(&mut fair, 5_000, 2, 1), 0);
        assert!(fair.is_whole(125_000));
    }
}
