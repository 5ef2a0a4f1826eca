//! `cargo xtask bench`: the benches are a crate of their own, built with optimisation.

use clap::Args;

use crate::command::{Outcome, cargo, run};

#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// What to measure and how; `cargo xtask bench --help` lists it.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn bench(options: &Options) -> Outcome {
    // The relay under test is a process of its own.
    run(&mut cargo(&["build", "--release", "--quiet", "--package", "campana-relay"]))?;
    run(cargo(&["run", "--release", "--quiet", "--package", "campana-bench", "--"]).args(&options.arguments))
}
