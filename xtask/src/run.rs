//! `cargo xtask run`.

use std::process::Command;

use clap::Args;

use crate::command::{Outcome, cargo, root, run as run_command, target};
use crate::pwa;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// More settings for the relay (see `campana-relay --help`).
    #[arg(last = true)]
    relay: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Outcome {
    pwa::build_if_changed()?;
    run_command(&mut cargo(&["build", "--release", "--package", "campana-relay", "--features", "app"]))?;
    run_command(&mut cargo(&["build", "--release", "--package", "campana-native"]))?;
    let binaries = target().join("release");
    println!("The native client is {}", binaries.join("campana").display());
    run_command(
        Command::new(binaries.join("campana-relay"))
            .args(["--data-dir", "data"])
            .args(&options.relay)
            .current_dir(root()),
    )
}
