//! Campana's native client: the thin edge of `campana-core` over a WebSocket and a file store.
//!
//! It does no thinking. [`store`] keeps the core's rows, [`device`] takes one turn at a time on
//! them, [`edge`] carries out what a turn asked for, [`cli`] turns a command line into commands
//! and a view into words ([`words`]).

pub mod backoff;
pub mod cli;
pub mod device;
mod dial;
pub mod edge;
mod files;
mod limits;
mod socket;
pub mod store;
pub mod vault;
pub mod words;
