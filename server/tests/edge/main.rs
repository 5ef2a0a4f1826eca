//! The relay beside real programs of others: an ACME authority, proxies, browsers.
//!
//! Each has to be installed; a test whose program is missing fails and names Debian's package. Not in every
//! run: `cargo xtask test --long`, or `cargo test --package campana-relay --features edge --test edge`.

#![allow(clippy::print_stdout, reason = "a run says what it did")]

mod acme;
mod browsers;
#[path = "../relay/device.rs"]
#[allow(dead_code, reason = "the other test binary uses the rest")]
mod device;
mod lan;
#[path = "../relay/process.rs"]
#[allow(dead_code, reason = "the other test binary uses the rest")]
mod process;
mod programs;
mod proxies;
#[path = "../relay/trust.rs"]
mod trust;
