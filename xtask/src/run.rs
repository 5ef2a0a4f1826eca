//! `cargo xtask run`.

use std::process::Command;

use clap::Args;

use crate::command::{Outcome, cargo, root, run as run_command, set_up, step, target};
use crate::pwa;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// More settings for the relay (see `campana-relay --help`).
    #[arg(last = true)]
    relay: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let rest = if options.relay.is_empty() { &[][..] } else { &["--".to_owned()] };
    set_up("run", &[rest, &options.relay].concat())?;
    pwa::build_if_changed()?;
    // Not where benches and tests build a relay without the app.
    let folder = target().join("run");
    let relay = ["build", "--release", "--package", "campana-relay", "--features", "app", "--target-dir"];
    step("Compiling the relay with the app in it", "4 minutes", cargo(&relay).arg(&folder))?;
    let client = ["build", "--release", "--package", "campana-native", "--target-dir"];
    step("Compiling the terminal's client", "2 minutes", cargo(&client).arg(&folder))?;
    let binaries = folder.join("release");
    println!("The terminal's client is {}", binaries.join("campana").display());
    println!("What the relay stores is in {}. Ctrl-C stops it.", root().join("data").display());
    run_command(
        Command::new(binaries.join("campana-relay"))
            .args(["--data-dir", "data"])
            .args(&options.relay)
            .current_dir(root()),
    )
}
