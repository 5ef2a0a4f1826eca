//! `cargo xtask bench`: each prints what it measured; `--json` on one line.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod alert;
mod crowd;
mod desk;
mod device;
mod insider;
mod onboard;
mod rekey;
mod relay;

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
    /// From a publish to the last of N subscribers, against bare TCP in the same run.
    Fanout {
        /// Subscribers.
        #[arg(long, default_value_t = 1_000)]
        subscribers: usize,
        /// Messages per round.
        #[arg(long, default_value_t = 10)]
        messages: usize,
        /// Rounds; medians are over them.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Durable appends with 1 and 64 appenders, against bare write and fsync with the same
    /// batching.
    Append {
        /// How long each measurement runs.
        #[arg(long, default_value_t = 3)]
        seconds: usize,
    },
    /// From an appended alert to the last of N push registrations, against the encryption alone;
    /// and with one of three push services failing.
    Push {
        /// Registrations.
        #[arg(long, default_value_t = 2_000)]
        registrations: u32,
        /// Registrations while one of three services fails: more for each than one lane holds.
        #[arg(long, default_value_t = 8_000)]
        disturbed: u32,
        /// Registrations for measuring memory.
        #[arg(long, default_value_t = 100_000)]
        many: u32,
        /// Alerts measured.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// What blobs that expire leave behind, on the disk and in memory.
    Store {
        /// MiB of blobs.
        #[arg(long, default_value_t = 400)]
        mib: u64,
    },
    /// Bare TCP: the other process of `fanout`.
    #[command(hide = true)]
    Ceiling {
        /// Writes in a plain loop.
        #[arg(long = "loop")]
        in_a_loop: bool,
    },
    /// Taking in many members at once, and what each of them pays.
    Onboard {
        /// Members of the group.
        #[arg(long, default_value_t = 2_000)]
        members: usize,
    },
    /// A network of N for a phone to be measured in: `cargo xtask bench phone` talks to it.
    #[command(hide = true)]
    Crowd {
        /// Members, the founder, a verifier and a reporter included.
        #[arg(long, default_value_t = 2_000)]
        members: usize,
    },
    /// What a flood by one plain member costs the others: with real cores and the real relay's process.
    Insider {
        /// How long the flood goes on.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Connections of the flood.
        #[arg(long, default_value_t = 3)]
        connections: usize,
    },
    /// From a tapped report to the notice in each verifier's open app.
    Desk {
        /// Devices, the founder included.
        #[arg(long, default_value_t = 50)]
        members: usize,
        /// Verifiers among them.
        #[arg(long, default_value_t = 5)]
        verifiers: usize,
        /// Reports measured.
        #[arg(long, default_value_t = 100)]
        reports: usize,
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let measured = match options.what {
        What::Fanout { subscribers, messages, rounds } => {
            relay::fanout::fanout(&relay::fanout::Args { subscribers, messages, rounds })?
        }
        What::Append { seconds } => relay::append::append(&relay::append::Args { seconds })?,
        What::Push { registrations, disturbed, many, rounds } => {
            relay::push::push(&relay::push::Args { registrations, disturbed, many, rounds })?
        }
        What::Store { mib } => relay::store::store(mib)?,
        What::Ceiling { in_a_loop } => return Ok(relay::ceiling::serve(in_a_loop)?),
        What::Crowd { members } => return crowd::crowd(members),
        What::Insider { seconds, connections } => insider::insider(seconds, connections),
        What::Onboard { members } => onboard::onboard(members),
        What::Desk { members, verifiers, reports } => desk::desk(members, verifiers, reports),
        What::Alert { members, alerts } => alert::alert(members, alerts),
    };
    print(options.json, &measured);
    Ok(())
}

fn print(json: bool, measured: &Value) {
    if json { println!("{measured}") } else { println!("{measured:#}") }
}
