//! `cargo xtask ci`: what must pass before a change lands.

use crate::command::{Outcome, cargo, exists, run};

/// The version that the machines of the project agree on.
const CARGO_DENY: &str = "0.20.2";

/// Built for WebAssembly alone.
const WASM: &str = "campana-wasm-check";

pub(crate) fn ci() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    let native =
        ["clippy", "--workspace", "--exclude", WASM, "--all-targets", "--locked", "--", "--deny", "warnings"];
    run(&mut cargo(&native))?;
    let target = "wasm32-unknown-unknown";
    run(&mut cargo(&["clippy", "--package", WASM, "--target", target, "--", "--deny", "warnings"]))?;
    if !exists("cargo-deny", "--version") {
        run(&mut cargo(&["install", "cargo-deny", "--version", CARGO_DENY, "--locked"]))?;
    }
    run(&mut cargo(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]))?;
    // The release build of the app: what it downloads is held to its budget, and what is
    // generated and kept must be what this source generates.
    crate::pwa::check()?;
    crate::test::test(&crate::test::Options::default())
}
