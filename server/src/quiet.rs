//! A log that nothing can fill the disk with: of each kind of warning and failure a few lines a minute.
//!
//! What fails for want of descriptors or of room fails again at each request and each tick.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

use crate::limits::{LINES_OF_A_KIND, LINES_OF_A_KIND_MS};

/// Lets through what is not said too often.
#[derive(Debug, Default)]
pub struct Quiet(Mutex<HashMap<Identifier, Said>>);

#[derive(Debug)]
struct Said {
    since: Instant,
    lines: u32,
}

impl Quiet {
    fn lets(&self, kind: Identifier, now: Instant) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = all.entry(kind).or_insert(Said { since: now, lines: 0 });
        if now.saturating_duration_since(said.since) >= Duration::from_millis(LINES_OF_A_KIND_MS) {
            *said = Said { since: now, lines: 0 };
        }
        said.lines = said.lines.saturating_add(1);
        said.lines <= LINES_OF_A_KIND
    }
}

impl<S> Filter<S> for Quiet {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let about = event.metadata();
        // What is said for information comes from the relay's own course, and debugging is asked for.
        *about.level() > Level::WARN || self.lets(about.callsite(), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn one_kind_of_failure_neither_floods_the_log_nor_hides_another() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let log = tracing_subscriber::registry().with(layer.with_filter(Quiet::default()));
        tracing::subscriber::with_default(log, || {
            for number in 0..1_000 {
                tracing::error!(number, "a row could not be read");
                tracing::info!("something else");
            }
            tracing::warn!("a clock is off");
        });
        let text = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("text");
        let count = |what| text.lines().filter(|line| line.contains(what)).count();
        assert_eq!(count("a row"), LINES_OF_A_KIND as usize);
        assert_eq!((count("something else"), count("a clock")), (1_000, 1));
    }

    #[test]
    fn after_a_minute_it_is_said_again() {
        let (quiet, began) = (Quiet::default(), Instant::now());
        let kind = || Identifier(&CALL);
        static CALL: tracing::callsite::DefaultCallsite = {
            static ABOUT: Metadata<'static> = Metadata::new(
                "a line",
                "campana_relay",
                Level::ERROR,
                None,
                None,
                None,
                tracing::field::FieldSet::new(&[], Identifier(&CALL)),
                tracing::metadata::Kind::EVENT,
            );
            tracing::callsite::DefaultCallsite::new(&ABOUT)
        };
        let lines = |at| (0..100).filter(|_| quiet.lets(kind(), began + Duration::from_millis(at))).count();
        assert_eq!(lines(0), LINES_OF_A_KIND as usize);
        assert_eq!(lines(LINES_OF_A_KIND_MS - 1), 0);
        assert_eq!(lines(LINES_OF_A_KIND_MS), LINES_OF_A_KIND as usize);
    }
}
