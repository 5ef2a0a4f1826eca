//! Counters that identify nobody: totals only, no ids, no addresses, no sizes of one thing.

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering};

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
    connections_refused_total "counter",
    /// Requests received.
    requests_total "counter",
    /// Requests refused, whatever the reason.
    refused_total "counter",
    /// Frames that could not be read.
    malformed_total "counter",
    /// Entries appended.
    appended_total "counter",
    /// Posts stored.
    posted_total "counter",
    /// Older posts that gave way to new ones in full mailboxes.
    displaced_total "counter",
    /// Appends and posts put off because their channel or mailbox had taken too many.
    rationed_total "counter",
    /// Live bodies fanned out.
    live_total "counter",
    /// Frames given to connections.
    frames_out_total "counter",
    /// Reads of the store by followers that had fallen off the ring.
    catch_up_reads_total "counter",
    /// Commits of the store.
    commits_total "counter",
    /// Writes in those commits.
    writes_total "counter",
    /// Milliseconds spent in those commits.
    commit_ms_total "counter",
    /// Expired rows deleted.
    trimmed_total "counter",
    /// Pushes that a push service has taken.
    pushes_delivered_total "counter",
    /// Registrations that a push service no longer knows.
    pushes_gone_total "counter",
    /// Pushes put off: the service was busy, failed, or could not be reached.
    pushes_deferred_total "counter",
    /// Pushes that cannot be sent: refused by the service, or with nothing to send to.
    pushes_refused_total "counter",
    /// Pushes put off because a push service did not accept the relay's own token (401, 403).
    pushes_unauthorised_total "counter",
    /// Answers of push services whose clock differs from the relay's by more than five minutes.
    push_clocks_off_total "counter",
    /// Alerts being pushed now.
    push_jobs "gauge",
    /// Push services that are left alone for now because they failed.
    push_lanes_shut "gauge",
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// One metric with its help.
pub(crate) fn line(out: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "# HELP campana_relay_{name} {}\n# TYPE campana_relay_{name} {kind}\ncampana_relay_{name} {value}",
        help.trim()
    );
}
