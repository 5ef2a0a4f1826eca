//! Times as a person reads them: by the clock of the machine, and how long ago.

use chrono::{DateTime, Local, TimeZone};
use fluent_bundle::FluentValue;

use crate::device::now;
use crate::words::Words;

const DAY_MS: u64 = 86_400_000;

/// `14:05 (3 min ago)`; with the date if it was not within a day.
pub(crate) fn when(words: &Words, at: u64) -> String {
    let date = now().abs_diff(at) >= DAY_MS;
    format!("{} ({})", time(&Local, at, date), age(words, at))
}

fn time<Z: TimeZone>(zone: &Z, at: u64, date: bool) -> String
where
    Z::Offset: core::fmt::Display,
{
    let utc = i64::try_from(at).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    let form = if date { "%Y-%m-%d %H:%M" } else { "%H:%M" };
    utc.with_timezone(zone).format(form).to_string()
}

/// How long ago.
pub(crate) fn age(words: &Words, at: u64) -> String {
    let minutes = now().saturating_sub(at) / 60_000;
    let say = |key, n: u64| words.with(key, [("n", FluentValue::from(n))]);
    match minutes {
        0 => words.say("age-now"),
        1..60 => say("age-minutes", minutes),
        60..1_440 => say("age-hours", minutes / 60),
        _ => say("age-days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;
    use crate::words::Language;

    #[test]
    fn a_time_is_read_by_the_clock_on_the_wall() {
        let boston = FixedOffset::west_opt(5 * 3_600).expect("a zone");
        assert_eq!(time(&boston, 1_796_137_500_000, false), "10:05");
        assert_eq!(time(&boston, 1_796_137_500_000, true), "2026-12-01 10:05");
        assert_eq!(time(&boston, u64::MAX, false), "19:00", "no time at all is no panic");
        let words = Words::new(Language::Es);
        assert!(when(&words, now() - 185_000).ends_with("(hace 3 min)"));
        assert!(when(&words, 0).starts_with("19"), "an old time has its date");
    }
}
