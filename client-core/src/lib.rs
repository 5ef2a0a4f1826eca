//! The member's side of Campana: keys, rules and state, without I/O.
//!
//! One idea: the **turn**. `core.turn(now, input)` is synchronous and total. It takes one input
//! and returns [`Turn`]: rows to write, effects to carry out, when to wake. The shell
//! 1. calls `turn` while it alone holds the store (a lock for liveness, a generation number
//!    for safety: reload with [`Core::reload`] if the stored generation is not the one it knows),
//! 2. writes `changes` in **one** atomic, durable transaction, raising the generation,
//! 3. only then carries out `effects`, in order,
//! 4. calls again with [`Input::Tick`] at `wake`.
//!
//! If the write fails or the process dies, nothing has happened: drop the core and load it
//! again; [`Input::Resume`] brings out every effect that is still owed. The same input twice
//! changes nothing. Any bytes from outside give an outcome; a panic is our own fault and costs
//! only the core in memory.
//!
//! Time is an argument (Unix milliseconds). So is the seed of all randomness but the MLS
//! library's own keys.

#[cfg(test)]
extern crate self as campana_core;

mod alerts;
mod channel;
mod clocks;
pub mod command;
mod commit;
mod committee;
mod core;
mod coverage;
mod duty;
mod execute;
mod footing;
mod governance;
mod incident;
mod judge;
mod kept;
mod keys;
mod limits;
mod lockout;
mod log;
pub mod mls;
mod outbox;
mod passes;
mod persist;
mod pin;
mod post;
mod present;
mod random;
mod rekey;
mod report;
mod restored;
mod rows;
mod session;
mod settings;
mod signing;
mod skips;
mod snapshot;
pub mod sorted;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod turn;
mod unread;
mod vault;
pub mod view;
mod welcome;
mod zones;

#[cfg(feature = "testing")]
pub use crate::core::Opened;
pub use crate::core::{Core, Position};
pub use command::{Command, CommandError, Reply};
pub use persist::LoadError;
pub use pin::{GuessCost, PinError};
pub use turn::{
    Change, Effect, Input, NoticeId, NoticeKind, Permission, Platform, Pushed, SkipReason, SkippedEntry,
    Subscribed, Turn,
};
pub use vault::VaultKey;
pub use view::View;
