//! Encrypted groups: MLS (RFC 9420) and sealed boxes (HPKE, RFC 9180).
//!
//! This module is the only one that knows the MLS library. Everything that enters or leaves it is
//! bytes in their standard wire encoding, so another implementation can stand in its place; the
//! test suite runs every exchange against one.
//!
//! What the rest of the core may rely on:
//! - **An error changes nothing.** After a failed [`Group::open`] or [`Group::stage`] the group is
//!   what it was before; a tampered copy does not spoil the genuine message.
//! - **A commit is judged before it is taken.** [`Group::stage`] works on a copy; the caller keeps
//!   or drops it. A commit of ours is taken by [`Group::apply`], when it is seen in the log.
//! - **Only additions, removals and our one context extension**, by value, from members. Any other
//!   proposal, and any commit from outside, is [`MlsError::Invalid`] for everybody alike.
//!   The library is built without proposals by reference.
//! - **No clock.** Lifetimes inside key packages are written wide and never compared with now.
//! - **Only the current epoch.** Keys of past epochs are gone once the next one begins.

mod change;
mod context;
mod earlier;
mod error;
mod group;
mod heard;
mod host;
mod key_package;
mod leaf;
mod message;
mod provider;
mod rules;
mod saved;
mod sealed;
mod spoil;
mod stage;
#[cfg(test)]
pub(crate) mod tests;
mod tree;

pub use change::{Change, Prepared};
pub use error::MlsError;
pub use group::{Group, Member};
pub(crate) use key_package::claimed_key;
pub use key_package::{KeyPackage, KeyPackageSecret, Newcomer, inspect_key_package, key_package};
pub use leaf::Leaf;
pub use message::Opened;
pub use saved::{Changes, ChunkChange, Saved};
pub use sealed::{SealingSecret, open_sealed, seal};
#[cfg(any(test, feature = "testing"))]
pub(crate) use spoil::spoiling_path_for;
pub(crate) use spoil::spoils;
pub use stage::Staged;

/// Type of the one group context extension a group of ours has (private use range).
pub const CONTEXT_EXTENSION: u16 = 0xF0CA;
