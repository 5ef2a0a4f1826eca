//! The core as WebAssembly, with its glue, its TypeScript types and the lists of its codes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use campana_core::CommandError;
use campana_protocol::governance::Role;
use campana_protocol::report::{
    Activity, Equipment, Finding, FollowUpKind, Method, Setting, Size, Unit, When,
};
use wasm_bindgen_cli_support::Bindgen;

use crate::command::{Failure, Outcome, cargo, root, step, target};
use crate::mute::{blank, mute};

/// Where the shell finds what is made here.
pub(crate) fn generated() -> PathBuf {
    root().join("pwa/src/core/generated")
}

/// What is generated and kept in the repository: types and codes.
pub(crate) fn kept() -> Outcome<Vec<Vec<u8>>> {
    let read = |name| {
        let path = generated().join(name);
        fs::read(&path).map_err(|error| Failure(format!("{}: {error}", path.display())))
    };
    ["core.d.ts", "codes.ts"].into_iter().map(read).collect()
}

/// Builds the core and writes `core.js`, `core_bg.wasm`, `core.d.ts` and `codes.ts`.
pub(crate) fn build() -> Outcome {
    let package = ["build", "--package", "campana-wasm", "--target", "wasm32-unknown-unknown"];
    let core = &mut cargo(&package);
    step("Compiling the core for browsers", "3 minutes", core.args(["--profile", "wasm"]))?;
    let module = target().join("wasm32-unknown-unknown/wasm/campana_wasm.wasm");
    bind(&module, &generated())?;
    write(&generated().join("codes.ts"), codes().as_bytes())
}

/// The bindings' version is the lock file's: no tool to install, nothing to drift apart.
fn bind(module: &Path, to: &Path) -> Outcome {
    let failed = |error: String| Failure(format!("binding {}: {error}", module.display()));
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .typescript(true)
        .omit_default_module_path(true)
        .reset_state_function(true)
        .out_name("core");
    bindgen.web(true).map_err(|error| failed(format!("{error:#}")))?;
    let mut output = bindgen.generate_output().map_err(|error| failed(format!("{error:#}")))?;
    let muted = mute(output.wasm_mut());
    let blanked = blank(output.wasm_mut());
    println!(
        "{muted} functions that panic or print errors are muted, {blanked} B of what they read are blank"
    );
    output.emit(to).map_err(|error| failed(format!("{error:#}")))
}

/// Makes the module as small as wasm-opt can. The features are those that every browser with
/// module workers has: never "all", which browsers refuse.
pub(crate) fn shrink() -> Outcome {
    let module = generated().join("core_bg.wasm");
    let small = generated().join("core_small.wasm");
    let mut node = std::process::Command::new("node");
    let command = node
        .arg(root().join("pwa/node_modules/binaryen/bin/wasm-opt"))
        .args(["-Oz", "--converge", "--strip-debug", "--strip-producers"])
        .args(["--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext"])
        .args(["--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue"])
        .arg(&module)
        .arg("-o")
        .arg(&small);
    step("Making it small", "1 minute", command)?;
    fs::rename(&small, &module).map_err(|error| Failure(format!("{}: {error}", module.display())))
}

/// Every code there is, for the screens and for the check that each has words.
fn codes() -> String {
    let mut text =
        String::from("// Written by `cargo xtask pwa` from the protocol's codes. Not to be edited.\n\n");
    let mut list = |name: &str, words: Vec<&str>| {
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let _ = writeln!(text, "export const {name} = [{}] as const;", quoted.join(", "));
    };
    list("SIZES", Size::ALL.iter().map(|code| code.word()).collect());
    list("ACTIVITIES", Activity::ALL.iter().map(|code| code.word()).collect());
    list("SETTINGS", Setting::ALL.iter().map(|code| code.word()).collect());
    list("UNITS", Unit::ALL.iter().map(|code| code.word()).collect());
    list("WHENS", When::ALL.iter().map(|code| code.word()).collect());
    list("EQUIPMENT", Equipment::ALL.iter().map(|code| code.word()).collect());
    list("FINDINGS", Finding::ALL.iter().map(|code| code.word()).collect());
    list("METHODS", Method::ALL.iter().map(|code| code.word()).collect());
    list("FOLLOW_UPS", FollowUpKind::ALL.iter().map(|code| code.word()).collect());
    list("ROLES", Role::ALL.iter().map(|code| code.word()).collect());
    list("REFUSALS", CommandError::WORDS.to_vec());
    text
}

fn write(path: &Path, bytes: &[u8]) -> Outcome {
    fs::write(path, bytes).map_err(|error| Failure(format!("{}: {error}", path.display())))
}
