//! `cargo xtask fuzz`: libFuzzer by cargo-fuzz. The committed corpus is also run by
//! `cargo xtask test`, without it.

use clap::Args;

use crate::command::{Outcome, cargo, exists, root, run};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// One target only.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

pub(crate) fn fuzz(options: &Options) -> Outcome {
    if !exists("cargo-fuzz", "--version") {
        run(&mut cargo(&["install", "cargo-fuzz"]))?;
    }
    for target in targets() {
        if options.target.as_ref().is_some_and(|only| *only != target) {
            continue;
        }
        let limit = format!("-max_total_time={}", options.seconds);
        // The sanitizers' flags are unstable; the toolchain is the project's own.
        run(
            cargo(&["fuzz", "run", "--sanitizer", "none", &target, "--", &limit]).env("RUSTC_BOOTSTRAP", "1")
        )?;
    }
    Ok(())
}

fn targets() -> Vec<String> {
    let files = std::fs::read_dir(root().join("fuzz/fuzz_targets")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.path().file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort_unstable();
    names
}
