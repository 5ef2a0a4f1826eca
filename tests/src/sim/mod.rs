//! The whole system on virtual time: hundreds of real cores and the real relay's own code over a
//! network that delays, holds back, resets, repeats and falls apart, with devices and the relay killed
//! at any point, while people report, verify, correct, lose roles and are removed.
//!
//! One seed decides everything. After every step the safety checks run; then the faults stop and
//! everybody has to converge: every report that was acknowledged is with every verifier, every one that
//! was confirmed has rung on every member's device, and whoever was to leave has left. In some worlds
//! clocks are off and jump, insiders run a changed program, or apps are of another version.

mod check;
mod device;
mod faults;
mod insiders;
mod people;
mod relay;
mod rings;
mod seeds;
mod troubles;
mod world;

use std::time::Instant;

pub use check::Violation;
pub use faults::Faults;
pub use seeds::{Known, fresh, known};
pub use world::{Outcome, Size};

/// Plays one seed.
///
/// # Errors
/// The first [`Violation`].
pub fn play(seed: u64, size: Size) -> Result<Outcome, Violation> {
    play_explained(seed, size).map_err(|failed| failed.0)
}

/// Plays one seed; a violation comes with what happened before it and how every device ended.
///
/// # Errors
/// The first [`Violation`], and its history.
pub fn play_explained(seed: u64, size: Size) -> Result<Outcome, (Violation, Vec<String>)> {
    let mut world = world::World::new(seed, size);
    let started = Instant::now();
    match world.play() {
        Ok(mut outcome) => {
            outcome.seconds = started.elapsed().as_secs_f64();
            Ok(outcome)
        }
        Err(violation) => Err((violation, world.explain())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A world where nobody reports passes every other check.
    #[test]
    fn a_world_in_which_nothing_is_verified_fails() {
        let size = Size { reports: 0, ..Size::of(8) };
        assert_eq!(play(1, size).err(), Some(Violation::NothingVerified { reports: 0 }));
    }
}
