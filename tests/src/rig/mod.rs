//! Real processes: the relay and clients as their users run them, and what they print.

mod client;
mod cluster;
mod insider;
mod line;
mod programs;
mod relay;
mod scan;

pub use client::{Client, Life, Out};
pub use cluster::{Cluster, PATIENCE, until};
pub use insider::{Insider, Key};
pub use line::Line;
pub use programs::Programs;
pub use relay::{Relay, RelayPlace};
pub use scan::{Canaries, Found, files, memory};
