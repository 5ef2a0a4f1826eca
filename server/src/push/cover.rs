//! Pushes at random times to those who are cover: so that a push service can't tell by its being pushed
//! to that a phone is on call.
//!
//! Each time is drawn anew and depends on no other, so nothing of it has to be remembered.

use campana_protocol::id::{MailboxId, RegistrationId};

use crate::limits::{COVER_LOOK_MS, COVER_MEAN_MS};

/// Those that are pushed to now, of all that are cover.
pub(super) fn draw(covers: Vec<(MailboxId, RegistrationId)>) -> Vec<(MailboxId, RegistrationId)> {
    covers.into_iter().filter(|_| random().is_some_and(drawn)).collect()
}

/// Without randomness nobody is pushed to.
fn random() -> Option<u64> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).ok()?;
    Some(u64::from_le_bytes(random))
}

fn drawn(random: u64) -> bool {
    random < u64::MAX / (COVER_MEAN_MS / COVER_LOOK_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cover_is_pushed_to_about_as_often_as_it_should_be() {
        let looks = 1_000_000;
        let step = u64::MAX / looks;
        let times = (0..looks).filter(|at| drawn(at * step)).count() as u64;
        let expected = looks * COVER_LOOK_MS / COVER_MEAN_MS;
        assert!(times.abs_diff(expected) <= 2, "{times} of {expected}");
        let everybody = vec![(MailboxId([1; 32]), RegistrationId([2; 16])); 36_000];
        let drawn = draw(everybody).len();
        assert!((50..=150).contains(&drawn), "{drawn} of 100");
    }
}
