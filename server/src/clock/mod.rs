//! Whether the system's clock can be trusted to delete by.
//!
//! A clock that jumps a year ahead makes everything look expired, and what was deleted does not come
//! back when it is set right. So after a jump nothing is deleted until the clock has run on steadily for
//! [`limits::CLOCK_TRIAL_MS`]: that costs some disk, and gives time to set it right.

mod witnesses;

pub(crate) use witnesses::Witnesses;

use crate::limits;

/// Compares the clock with itself, tick by tick.
#[derive(Debug, Default)]
pub struct Watch {
    last: Option<u64>,
    /// On trial since then.
    doubted: Option<u64>,
}

/// What the clock did since the last tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a caller acts on each")]
pub enum Verdict {
    /// It has run on: delete what has expired.
    Trusted,
    /// It has just jumped: delete nothing, and say so.
    Jumped,
    /// It jumped not long ago: delete nothing.
    OnTrial,
}

impl Watch {
    /// Of a relay that starts on a store which was last written to then, if that is known. Bodies go by
    /// the hour, so a clock that is wrong at boot would delete all of them with its first tick.
    #[must_use]
    pub fn after(written_at: Option<u64>) -> Self {
        Self { last: written_at, doubted: None }
    }

    /// Looks at the clock. A relay that starts on an empty store has nothing to compare it with and trusts it.
    pub fn look(&mut self, now: u64) -> Verdict {
        let last = self.last.replace(now).unwrap_or(now);
        let ahead = now.saturating_sub(last) > limits::MAX_CLOCK_AHEAD_MS;
        // It is earlier than what has been stored says: one of the two is wrong.
        let back = last.saturating_sub(now) > limits::MAX_CLOCK_BACK_MS;
        if ahead || back {
            self.doubted = Some(now);
            return Verdict::Jumped;
        }
        match self.doubted {
            Some(since) if now < since.saturating_add(limits::CLOCK_TRIAL_MS) => Verdict::OnTrial,
            _ => {
                self.doubted = None;
                Verdict::Trusted
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use campana_protocol::limits::DAY_MS;

    use super::*;

    const NOW: u64 = 1_700_000_000_000;
    const HOUR: u64 = DAY_MS / 24;

    /// Hours of a steady clock until it is trusted.
    fn trial(watch: &mut Watch, now: &mut u64) -> u64 {
        (0..1_000)
            .take_while(|_| {
                *now += HOUR;
                watch.look(*now) == Verdict::OnTrial
            })
            .count() as u64
    }

    #[test]
    fn a_clock_that_runs_on_is_trusted_from_the_start() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(NOW), Verdict::Trusted);
        assert_eq!(watch.look(NOW + limits::TICK_MS), Verdict::Trusted);
        // A machine that slept over night, and one whose clock is corrected by a little.
        assert_eq!(watch.look(NOW + 10 * HOUR), Verdict::Trusted);
        assert_eq!(watch.look(NOW + 10 * HOUR - 1_000), Verdict::Trusted);
    }

    #[test]
    fn a_relay_that_starts_compares_its_clock_with_what_was_written_last() {
        assert_eq!(Watch::after(Some(NOW)).look(NOW + 10 * HOUR), Verdict::Trusted);
        assert_eq!(Watch::after(None).look(NOW), Verdict::Trusted);
        for now in [NOW + 30 * DAY_MS, NOW - HOUR] {
            let mut watch = Watch::after(Some(NOW));
            assert_eq!(watch.look(now), Verdict::Jumped);
            assert_eq!(trial(&mut watch, &mut now.clone()), 23);
        }
    }

    #[test]
    fn after_a_jump_it_is_on_trial_for_a_day() {
        for jump in [365 * DAY_MS as i64, -(365 * DAY_MS as i64), DAY_MS as i64 + 1] {
            let mut watch = Watch::default();
            watch.look(NOW);
            let mut now = NOW.saturating_add_signed(jump);
            assert_eq!(watch.look(now), Verdict::Jumped, "{jump}");
            assert_eq!(trial(&mut watch, &mut now), 23, "{jump}");
        }
    }

    #[test]
    fn a_clock_that_is_set_right_within_the_trial_has_had_nothing_deleted() {
        let mut watch = Watch::default();
        watch.look(NOW);
        assert_eq!(watch.look(NOW + 365 * DAY_MS), Verdict::Jumped);
        assert_eq!(watch.look(NOW + 365 * DAY_MS + HOUR), Verdict::OnTrial);
        let mut now = NOW + 2 * HOUR;
        assert_eq!(watch.look(now), Verdict::Jumped);
        assert_eq!(trial(&mut watch, &mut now), 23);
    }
}
