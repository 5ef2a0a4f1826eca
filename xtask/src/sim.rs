//! `cargo xtask sim`.

use clap::Args;

use crate::command::{Outcome, cargo, run};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many worlds, one for each seed.
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Devices in each world.
    #[arg(long, default_value_t = 30)]
    devices: usize,
    /// Plays each world twice and compares the traces.
    #[arg(long)]
    twice: bool,
    /// Says of a world that failed what happened in it, and how every device ended.
    #[arg(long)]
    explain: bool,
    /// Plays this many worlds from seeds that the clock decides, and prints the seeds.
    #[arg(long, conflicts_with_all = ["seed", "seeds"])]
    fresh: Option<u64>,
    /// Starts no further world after so many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// Plays the worlds that once failed, as `tests/src/sim/seeds.txt` lists them.
    #[arg(long, conflicts_with_all = ["seed", "seeds", "fresh", "devices"])]
    known: bool,
}

pub(crate) fn sim(options: &Options) -> Outcome {
    let mut command =
        cargo(&["run", "--release", "--quiet", "--package", "campana-tests", "--bin", "sim", "--"]);
    if options.known {
        command.arg("--known");
    } else if let Some(fresh) = options.fresh {
        command.args(["--fresh", &fresh.to_string()]);
    } else {
        command.args(["--seeds", &options.seeds.to_string()]);
        command.args(["--seed", &options.seed.to_string()]);
    }
    if !options.known {
        command.args(["--devices", &options.devices.to_string()]);
    }
    if let Some(minutes) = options.minutes {
        command.args(["--minutes", &minutes.to_string()]);
    }
    command.args(options.twice.then_some("--twice"));
    command.args(options.explain.then_some("--explain"));
    run(&mut command)
}
