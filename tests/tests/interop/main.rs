//! Every exchange of the MLS module with a second, independent implementation as a member: OpenMLS.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod exchanges;
mod other;
mod refusals;
mod walk;
