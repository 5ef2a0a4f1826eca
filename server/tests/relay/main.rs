//! The relay as a real process: started, spoken to, killed, starved, stopped.
//!
//! `CAMPANA_CRASH_CYCLES` (default 10) says how often it is killed or its power cut;
//! `CAMPANA_STALL_SECONDS` (default 3) how long a slow reader reads nothing.

#![allow(clippy::print_stdout, reason = "a run says what it did")]

mod device;
mod disk_full;
mod kill;
mod log_hygiene;
mod insider;
mod power_cut;
mod process;
mod pump;
mod push;
mod shutdown;
mod slow_reader;
mod speaking;
