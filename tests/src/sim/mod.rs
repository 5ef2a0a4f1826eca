//! The whole system on virtual time: hundreds of real cores and the real relay's own code over a
//! network that delays, resets and repeats, with devices and the relay killed at any point.
//!
//! One seed decides everything. After every step the safety checks run; then the faults stop and
//! everybody has to converge.

mod check;
mod device;
mod faults;
mod people;
mod relay;
mod world;

use std::time::Instant;

pub use check::Violation;
pub use faults::Faults;
pub use world::{Outcome, Size};

/// Plays one seed.
///
/// # Errors
/// The first [`Violation`].
pub fn play(seed: u64, size: Size) -> Result<Outcome, Violation> {
    let mut world = world::World::new(seed, size);
    let started = Instant::now();
    let mut outcome = world.play()?;
    outcome.seconds = started.elapsed().as_secs_f64();
    Ok(outcome)
}
