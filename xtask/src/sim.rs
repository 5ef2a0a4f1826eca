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
}

pub(crate) fn sim(options: &Options) -> Outcome {
    let mut command =
        cargo(&["run", "--release", "--quiet", "--package", "campana-tests", "--bin", "sim", "--"]);
    command.args(["--seeds", &options.seeds.to_string()]);
    command.args(["--seed", &options.seed.to_string()]);
    command.args(["--devices", &options.devices.to_string()]);
    command.args(options.twice.then_some("--twice"));
    run(&mut command)
}
