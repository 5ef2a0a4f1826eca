//! Pauses between attempts: exponential, with jitter, so that two thousand phones do not come
//! back to a restarted relay in the same second.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);

/// The next pause.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// A pause between half of the present step and the whole of it; `random` in 0..=255.
    pub fn pause(&mut self, random: u8) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(MOST);
        step / 2 + step / 2 * u32::from(random) / 255
    }

    /// The connection has proved good: start small again.
    pub fn reset(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_start_again() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.pause(255), FIRST);
        assert_eq!(backoff.pause(0), FIRST);
        for _ in 0..10 {
            backoff.pause(9);
        }
        assert_eq!(backoff.pause(255), MOST);
        backoff.reset();
        assert!(backoff.pause(128) <= FIRST);
    }
}
