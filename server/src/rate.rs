//! Token buckets: what may be asked for at once and for long.

use crate::limits;

/// Rates of one connection, and of one channel or mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "settings an operator has")]
pub struct Rates {
    /// Requests of a connection at once.
    pub request_burst: u32,
    /// Requests a second for long.
    pub requests_per_second: u32,
    /// Body bytes at once.
    pub byte_burst: u32,
    /// Body bytes a second for long.
    pub bytes_per_second: u32,
    /// Alerts of a channel at once.
    pub alert_burst: u32,
    /// Alerts of a channel a minute for long.
    pub alerts_per_minute: u32,
    /// Posts to a mailbox at once, by others than its reader.
    pub post_burst: u32,
    /// Posts to a mailbox a minute for long.
    pub posts_per_minute: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            request_burst: limits::REQUEST_BURST,
            requests_per_second: limits::REQUESTS_PER_SECOND,
            byte_burst: limits::BYTE_BURST,
            bytes_per_second: limits::BYTES_PER_SECOND,
            alert_burst: limits::ALERT_BURST,
            alerts_per_minute: limits::ALERTS_PER_MINUTE,
            post_burst: limits::POST_BURST,
            posts_per_minute: limits::POSTS_PER_MINUTE,
        }
    }
}

/// Holds up to `burst` tokens, refilled at `per_second`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    /// Thousandths of a token: one token a second is one thousandth a millisecond.
    level: u64,
    burst: u64,
    per_second: u64,
    at: u64,
}

impl Bucket {
    pub(crate) fn new(now: u64, burst: u64, per_second: u32) -> Self {
        let burst = burst.saturating_mul(1_000);
        Self { level: burst, burst, per_second: per_second.into(), at: now }
    }

    /// Takes `tokens` if they are there.
    pub(crate) fn take(&mut self, now: u64, tokens: u32) -> bool {
        self.refill(now);
        match self.level.checked_sub(u64::from(tokens) * 1_000) {
            Some(left) => {
                self.level = left;
                true
            }
            None => false,
        }
    }

    fn refill(&mut self, now: u64) {
        let refill = now.saturating_sub(self.at).saturating_mul(self.per_second);
        self.level = self.level.saturating_add(refill).min(self.burst);
        // A clock that was set back must not stop the refill until it has caught up.
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_then_its_rate() {
        let mut bucket = Bucket::new(1_000, 3, 2);
        assert!((0..3).all(|_| bucket.take(1_000, 1)));
        assert!(!bucket.take(1_000, 1));
        assert!(!bucket.take(1_499, 1));
        assert!(bucket.take(1_500, 1));
        assert!(!bucket.take(1_500, 1));
        assert!(bucket.take(9_999, 3));
    }

    #[test]
    fn a_clock_set_back_neither_fills_nor_blocks() {
        let mut bucket = Bucket::new(10_000, 1, 1);
        assert!(bucket.take(10_000, 1));
        assert!(!bucket.take(5_000, 1));
        assert!(bucket.take(6_000, 1));
    }
}
