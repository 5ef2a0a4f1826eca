//! Real relay and client processes, as their users run them.
//!
//! `cargo test -p campana-tests --test e2e`. The binaries are built first; `CAMPANA_BINARIES`
//! names a directory of finished ones instead.
#![allow(clippy::indexing_slicing, reason = "tests")]

mod bad_input;
mod chaos;
mod raid;
mod removal;
mod restored;
mod seized;
mod terminal;
mod time_travel;
