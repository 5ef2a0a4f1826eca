//! Counters that identify nobody: totals only, no ids, no addresses, no sizes of one thing.
//!
//! One report, join request or alert is not to be seen in them either: counters that rise with what single
//! people do are shown in steps of [`STEP`].

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering};

/// What a counter that is shown coarsely is rounded down to a multiple of: more than one incident makes.
const STEP: u64 = 256;

/// The kind of those.
const COARSE: &str = "coarse";

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident $kind:literal,)+) => {
        /// What the relay counts.
        #[derive(Debug, Default)]
        #[non_exhaustive]
        pub struct Metrics { $($(#[doc = $doc])+ pub $name: AtomicU64,)+ }

        impl Metrics {
            /// In the Prometheus text format.
            #[must_use]
            pub fn text(&self) -> String {
                let mut out = String::new();
                $(line(&mut out, stringify!($name), $kind, concat!($($doc),+), self.$name.load(Ordering::Relaxed));)+
                out
            }
        }
    };
}

counters! {
    /// Connections open now.
    connections "gauge",
    /// Connections accepted.
    connections_total "counter",
    /// Connections refused because there were too many.
    connections_refused_total "coarse",
    /// Requests received.
    requests_total "coarse",
    /// Requests refused, whatever the reason.
    refused_total "coarse",
    /// Frames that could not be read.
    malformed_total "counter",
    /// Entries appended.
    appended_total "coarse",
    /// Posts stored.
    posted_total "coarse",
    /// Posts that gave way to others in full mailboxes.
    displaced_total "counter",
    /// Requests put off because their channel or mailbox had taken too much from members or strangers.
    rationed_total "counter",
    /// Live bodies fanned out.
    live_total "coarse",
    /// Frames given to connections.
    frames_out_total "coarse",
    /// Reads of the store by followers that had fallen off the ring.
    catch_up_reads_total "counter",
    /// Commits of the store.
    commits_total "coarse",
    /// Writes in those commits.
    writes_total "coarse",
    /// Milliseconds spent in those commits.
    commit_ms_total "coarse",
    /// Expired rows deleted.
    trimmed_total "counter",
    /// Pushes that a push service has taken.
    pushes_delivered_total "counter",
    /// Registrations that a push service no longer knows.
    pushes_gone_total "counter",
    /// Pushes put off: the service was busy, failed, or could not be reached.
    pushes_deferred_total "counter",
    /// Pushes that cannot be sent: refused by the service, or with nothing to send to.
    pushes_refused_total "coarse",
    /// Pushes put off because a push service did not accept the relay's own token (401, 403).
    pushes_unauthorised_total "counter",
    /// Answers of push services whose clock differs from the relay's by more than five minutes.
    push_clocks_off_total "counter",
    /// Alerts being pushed now.
    push_jobs "gauge",
    /// Orders of a certificate that failed.
    certificate_failures_total "counter",
    /// Push services that are left alone for now because they failed.
    push_lanes_shut "gauge",
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// One metric with its help.
pub(crate) fn line(out: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    let (kind, value) = if kind == COARSE { ("counter", value - value % STEP) } else { (kind, value) };
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "# HELP campana_relay_{name} {}\n# TYPE campana_relay_{name} {kind}\ncampana_relay_{name} {value}",
        help.trim()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_report_makes_rise_is_not_seen() {
        let metrics = Metrics::default();
        let before = metrics.text();
        for counter in [&metrics.posted_total, &metrics.requests_total, &metrics.writes_total] {
            counter.fetch_add(5, Ordering::Relaxed);
        }
        assert_eq!(metrics.text(), before);
        metrics.posted_total.fetch_add(600, Ordering::Relaxed);
        assert!(
            metrics
                .text()
                .contains("# TYPE campana_relay_posted_total counter\ncampana_relay_posted_total 512\n")
        );
    }
}
