//! `cargo xtask bench`: each prints what it measured; `--json` on one line.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod alert;
mod onboard;

use clap::{Parser, Subcommand};
use serde_json::Value;

/// Measures Campana. Every figure is of this machine and this run.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Options {
    /// One line of JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Taking in many members at once, and what each of them pays.
    Onboard {
        /// Members of the group.
        #[arg(long, default_value_t = 2_000)]
        members: usize,
    },
    /// From the deciding attestation to the last decrypted alert, with real cores and the real
    /// relay's process.
    Alert {
        /// Devices, the founder and two verifiers included.
        #[arg(long, default_value_t = 2_000)]
        members: usize,
        /// Alerts measured.
        #[arg(long, default_value_t = 5)]
        alerts: usize,
    },
}

fn main() {
    let options = Options::parse();
    let measured = match options.what {
        What::Onboard { members } => onboard::onboard(members),
        What::Alert { members, alerts } => alert::alert(members, alerts),
    };
    print(options.json, &measured);
}

fn print(json: bool, measured: &Value) {
    if json { println!("{measured}") } else { println!("{measured:#}") }
}
