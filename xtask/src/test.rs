//! `cargo xtask test`: every test there is, and one line at the end that says how many.

use std::process::Command;

use clap::Args;

use crate::command::{Failure, Outcome, cargo, exists, root, set_up, step, target, watch};
use crate::pwa;

#[derive(Debug, Default, Clone, Copy, Args)]
pub(crate) struct Options {
    /// Plays 2,000 fresh worlds and 200 crashes of each store besides everything else, and puts the relay beside
    /// real proxies and an ACME authority, which have to be installed; takes hours.
    #[arg(long)]
    long: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    passed: u64,
    failed: u64,
}

pub(crate) fn test(options: &Options) -> Outcome {
    let long = if options.long { vec!["--long".to_owned()] } else { Vec::new() };
    set_up("test", &long)?;
    let mut count = Count::default();
    let suites: [fn(&Options) -> Outcome<Count>; 5] = [workspace, simulation, wasm, browsers, edge];
    for suite in suites {
        let suite = suite(options)?;
        count.passed += suite.passed;
        count.failed += suite.failed;
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed == 0 { Ok(()) } else { Err(Failure("some tests failed".into())) }
}

/// Unit, property, interoperability and real-process tests of every crate.
fn workspace(options: &Options) -> Outcome<Count> {
    // With the same choice of packages and targets features unify alike: nothing is compiled twice.
    let all = &mut cargo(&["build", "--workspace", "--bins", "--tests"]);
    step("Compiling every crate and its tests", "8 minutes", all)?;
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.env("CAMPANA_BINARIES", target().join("debug"));
    command.envs(options.long.then_some(("CAMPANA_CRASH_CYCLES", "200")));
    let (ok, lines) = watch(&mut command)?;
    finish("cargo test", ok, tally(&lines))
}

/// A few worlds; `cargo xtask sim` plays more.
fn simulation(options: &Options) -> Outcome<Count> {
    let mut count = Count::default();
    // Twelve new worlds or a minute of them, whichever is over first; sixty with troubles once 2,000 in a row
    // have come to rest: one of some 300 does not yet (docs/SIMULATION.md).
    let fresh: &[&str] = if options.long {
        &["--fresh", "2000", "--threads", "2"]
    } else {
        &["--fresh", "12", "--minutes", "1", "--threads", "2", "--no-troubles"]
    };
    // Small worlds with two runs each, one of the size of a town, and those that once failed.
    for arguments in [
        ["--seeds", "12", "--devices", "16", "--twice"].as_slice(),
        &["--seeds", "1", "--devices", "300"],
        &["--known"],
        fresh,
    ] {
        let mut command =
            cargo(&["run", "--release", "--quiet", "--package", "campana-tests", "--bin", "sim", "--"]);
        let (ok, lines) = watch(command.args(arguments))?;
        let worlds = finish("simulation", ok, tally(&lines))?;
        count.passed += worlds.passed;
        count.failed += worlds.failed;
    }
    Ok(count)
}

/// The core's scenarios as WebAssembly, under node.
fn wasm(_: &Options) -> Outcome<Count> {
    if !exists("node", "--version") {
        return Err(Failure(
            "the tests on WebAssembly need node: install it, then run the tests again".into(),
        ));
    }
    let scenarios = ["build", "--package", "campana-wasm-check", "--target", "wasm32-unknown-unknown"];
    step("Compiling the core's scenarios for WebAssembly", "1 minute", &mut cargo(&scenarios))?;
    let module = target().join("wasm32-unknown-unknown/debug/campana_wasm_check.wasm");
    let script = root().join("tests/wasm/run.mjs");
    let (ok, lines) = watch(Command::new("node").arg(script).arg(module))?;
    finish("wasm", ok, tally(&lines))
}

/// The app in real browsers, against the real relay and beside the real native client.
fn browsers(_: &Options) -> Outcome<Count> {
    for browser in ["chromium", "firefox-esr"] {
        if !exists(browser, "--version") {
            return Err(Failure(format!(
                "the tests in browsers need {browser}: apt-get install {browser}, then run the tests again"
            )));
        }
    }
    pwa::build_if_changed()?;
    let mut command = pwa::npm(&["test", "--silent"]);
    let (ok, lines) = watch(command.env("CAMPANA_BINARIES", target().join("debug")))?;
    finish("browsers", ok, tally(&lines))
}

/// The relay beside programs of others.
fn edge(options: &Options) -> Outcome<Count> {
    if !options.long {
        return Ok(Count::default());
    }
    let arguments = ["test", "--package", "campana-relay", "--features", "edge", "--test", "edge"];
    let (ok, lines) = watch(&mut cargo(&arguments))?;
    finish("edge", ok, tally(&lines))
}

/// Adds up the closing lines: node's `# pass 3` and `# fail 0`, cargo's `test result: ok. 3 passed; 0 failed; ...` and our own
/// `3 passed, 0 failed`.
fn tally(lines: &[String]) -> Count {
    let mut count = Count::default();
    for line in lines {
        let counted = |kind: &str| line.strip_prefix(kind).and_then(|number| number.parse::<u64>().ok());
        count.passed += counted("# pass ").unwrap_or(0);
        count.failed += counted("# fail ").unwrap_or(0);
        let summary = line.strip_prefix("test result: ").unwrap_or(line);
        let ours = summary.len() == line.len();
        let words: Vec<&str> = summary.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
        let number = |unit: &str| {
            let place = words.iter().position(|word| *word == unit)?;
            words.get(place.checked_sub(1)?)?.parse::<u64>().ok()
        };
        if ours && !(words.len() == 4 && words[1] == "passed") {
            continue;
        }
        if let (Some(passed), Some(failed)) = (number("passed"), number("failed")) {
            count.passed += passed;
            count.failed += failed;
        }
    }
    count
}

/// A suite that failed without saying which test did counts as one failure.
fn finish(suite: &str, ok: bool, mut count: Count) -> Outcome<Count> {
    if !ok && count.failed == 0 {
        count.failed = 1;
    }
    if ok && count.passed == 0 {
        return Err(Failure(format!("{suite} ran no test")));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_both_kinds_are_added_up() {
        let lines = [
            "test result: ok. 17 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 4.24s",
            "test result: FAILED. 2 passed; 1 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "seed 3: ok, 4243 steps, 0 deaths",
            "12 passed, 2 failed",
        ];
        let count = tally(&lines.map(String::from));
        assert_eq!((count.passed, count.failed), (31, 3));
    }

    #[test]
    fn a_suite_that_ran_nothing_is_a_failure() {
        assert!(finish("none", true, Count::default()).is_err());
        assert_eq!(finish("crashed", false, Count::default()).map(|count| count.failed).ok(), Some(1));
    }
}
