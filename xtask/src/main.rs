//! The project's only entry points: `cargo xtask run | pwa | guide | dist | test | sim | fuzz | bench | ci`.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod beat;
mod bench;
mod ci;
mod command;
mod dist;
mod fuzz;
mod guide;
mod mute;
mod pwa;
mod run;
mod sim;
mod test;
mod wasm;

use std::process::ExitCode;

use clap::Parser;

/// Runs, tests and measures Campana.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Builds and starts the relay with its store in ./data, and prints its address and the
    /// operator's one-time invitation.
    Run(run::Options),
    /// Builds the browser app into pwa/dist.
    Pwa(pwa::Options),
    /// Draws the app's screens and puts the guide's pictures beside it.
    Guide(guide::Options),
    /// Builds what is handed out: static binaries, a Debian package, a container's root, hashes.
    Dist(dist::Options),
    /// Runs every test; ends with a line `N passed, N failed`.
    Test(test::Options),
    /// Simulates whole networks with faults on virtual time.
    Sim(sim::Options),
    /// Fuzzes the parsers of outside bytes (needs cargo-fuzz; installs it if missing).
    Fuzz(fuzz::Options),
    /// Measures.
    Bench(bench::Options),
    /// All that must pass before a change lands.
    Ci,
}

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::Run(options) => run::run(&options),
        Task::Pwa(options) => pwa::pwa(&options),
        Task::Guide(options) => guide::guide(&options),
        Task::Dist(options) => dist::dist(&options),
        Task::Test(options) => test::test(&options),
        Task::Sim(options) => sim::sim(&options),
        Task::Fuzz(options) => fuzz::fuzz(&options),
        Task::Bench(options) => bench::bench(&options),
        Task::Ci => ci::ci(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
