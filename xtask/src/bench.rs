//! `cargo xtask bench`: the benches are a crate of their own, built with optimisation.

use std::process::Command;

use clap::Args;

use crate::command::{Outcome, cargo, root, run, target};
use crate::pwa;

#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// What to measure and how; `cargo xtask bench --help` lists it.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn bench(options: &Options) -> Outcome {
    if let Some((first, rest)) = options.arguments.split_first() {
        match first.as_str() {
            "phone" => return browser("phone.mjs", rest),
            "wake" => return browser("wake.mjs", rest),
            "lighthouse" => return lighthouse(),
            _ => {}
        }
    }
    // The relay under test is a process of its own.
    run(&mut cargo(&["build", "--release", "--quiet", "--package", "campana-relay"]))?;
    run(cargo(&["run", "--release", "--quiet", "--package", "campana-bench", "--"]).args(&options.arguments))
}

/// A browser in a network of 2,000: on an old phone (`phone`), woken by a push (`wake`).
fn browser(script: &str, arguments: &[String]) -> Outcome {
    pwa::build_if_changed()?;
    run(&mut cargo(&[
        "build",
        "--release",
        "--quiet",
        "--package",
        "campana-relay",
        "--package",
        "campana-bench",
    ]))?;
    let mut node = Command::new("node");
    node.arg(root().join("pwa/bench").join(script))
        .args(arguments.iter().filter(|argument| *argument != "--json"));
    run(node.env("CAMPANA_CROWD", target().join("release/campana-bench")))
}

/// What Lighthouse says of the app, with a Node of its own.
fn lighthouse() -> Outcome {
    pwa::build_if_changed()?;
    run(&mut cargo(&["build", "--release", "--quiet", "--package", "campana-relay"]))?;
    run(&mut pwa::npm(&["ci", "--prefix", "lighthouse", "--no-audit", "--no-fund"]))?;
    let mut node = Command::new("node");
    node.arg(root().join("pwa/lighthouse/run.mjs"));
    run(node.env("CAMPANA_BINARIES", target().join("release")))
}
