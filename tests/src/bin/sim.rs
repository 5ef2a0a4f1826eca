//! Plays worlds on virtual time: `sim --seeds N` or, to replay one, `sim --seed S`.

use std::process::ExitCode;

use campana_tests::sim::{Size, play};
use clap::Parser;

/// Simulates whole networks with faults, one world for each seed.
#[derive(Debug, Parser)]
struct Options {
    /// How many worlds.
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// The first seed; with `--seeds 1`, replays one world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Devices in each world.
    #[arg(long, default_value_t = 30)]
    devices: usize,
    /// Plays each world twice and compares the traces.
    #[arg(long)]
    twice: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut failed = 0;
    for seed in options.seed..options.seed + options.seeds {
        let size = Size::of(options.devices);
        let result = play(seed, size);
        let result = result.and_then(|first| {
            if options.twice {
                play(seed, size).map(|second| (first, Some(second)))
            } else {
                Ok((first, None))
            }
        });
        match result {
            Ok((first, Some(second))) if first.trace != second.trace => {
                failed += 1;
                report(&format!("seed {seed}: FAILED, two runs took two courses"));
            }
            Ok((outcome, _)) => report(&format!(
                "seed {seed}: ok, {} steps, {} deaths, {} relay deaths, {} rollbacks, {} of {} reports, \
                 {} keys, {} verified, {:.1} s",
                outcome.steps,
                outcome.deaths[0],
                outcome.deaths[1],
                outcome.deaths[2],
                outcome.reports[0],
                outcome.reports[1],
                outcome.keys,
                outcome.verified,
                outcome.seconds
            )),
            Err(violation) => {
                failed += 1;
                report(&format!("seed {seed}: FAILED, {violation}"));
                report(&format!(
                    "  replay: cargo xtask sim --seeds 1 --seed {seed} --devices {}",
                    options.devices
                ));
            }
        }
    }
    report(&format!("{} passed, {failed} failed", options.seeds - failed));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn report(line: &str) {
    println!("{line}");
}
