//! The relay as a real process: started, spoken to, killed, starved, stopped.
//!
//! `CI`: what cannot be tested on this machine fails instead of being left out.
//! `CAMPANA_CRASH_CYCLES` (default 10) says how often it is killed or its power cut;
//! `CAMPANA_STALL_SECONDS` (default 3) how long a slow reader reads nothing.

#![allow(clippy::print_stdout, reason = "a run says what it did")]

mod backup;
mod clock;
mod committer;
mod device;
mod disk;
mod disk_full;
mod https;
mod insider;
mod kill;
mod log_hygiene;
mod machine;
mod memory;
mod operating;
mod power_cut;
mod process;
mod pump;
mod push;
mod shutdown;
mod slow_reader;
mod speaking;
mod strangers;
mod trust;
