//! `cargo xtask pwa`: the browser app, into `pwa/dist`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use clap::Args;

use crate::command::{Failure, Outcome, root, run, step};
use crate::wasm;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Skip the slow shrinking of the WebAssembly: for trying things out.
    #[arg(long)]
    quick: bool,
}

/// Most bytes, compressed with brotli, of what a phone downloads: the core, of which docs/MEASUREMENTS.md says what it
/// weighs.
const CORE_BUDGET: u64 = 360 * 1024;
/// What the first screen needs, with the words of one language, the longer.
const SHELL_BUDGET: u64 = 54 * 1024;
/// All of it, as the service worker stores it: icons, the worker, what makes and reads codes, and the guide's text too.
const INSTALL_BUDGET: u64 = 620 * 1024;

/// Scripts that come after the first screen: what only members see, codes, and what comes with the core: the store,
/// turns and the connection.
const LATER: [&str; 3] = ["Inside", "lazy-", "device-"];

/// What the screens say, in each language: a phone needs one of them.
const WORDS: [&str; 2] = ["en-", "es-"];

pub(crate) fn pwa(options: &Options) -> Outcome {
    build(options.quick)
}

/// Where the built app is.
pub(crate) fn dist() -> PathBuf {
    root().join("pwa/dist")
}

/// Builds all of it.
pub(crate) fn build(quick: bool) -> Outcome {
    packages()?;
    wasm::build()?;
    if !quick {
        wasm::shrink()?;
    }
    step("Building the app's shell", "20 s", &mut npm(&["run", "build"]))?;
    // Quick builds are not what phones download.
    if !quick {
        budgets()?;
    }
    println!("The app's release: {}", release()?);
    Ok(())
}

/// The version and the fingerprint of what a phone installs, as the app shows them.
pub(crate) fn release() -> Outcome<String> {
    let path = dist().join("version.txt");
    let line = fs::read_to_string(&path).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
    Ok(line.trim().to_owned())
}

/// Builds the release app unless nothing it is made of is newer.
pub(crate) fn build_if_changed() -> Outcome {
    let built = changed(&dist().join("version.txt"));
    let sources =
        ["pwa/src", "pwa/messages", "pwa/public", "pwa/build", "pwa/index.html", "pwa/vite.config.ts"];
    let sources = sources.into_iter().chain([
        "docs/guide",
        "pwa/package-lock.json",
        "client-core/src",
        "client-core/wasm",
        "protocol/src",
        "Cargo.lock",
    ]);
    let newest = sources.filter_map(|source| newest(&root().join(source))).max();
    if built.is_some() && built >= newest { Ok(()) } else { build(false) }
}

/// When the newest file under a path was changed; what is generated does not count.
fn newest(path: &Path) -> Option<SystemTime> {
    if path.ends_with("generated") {
        return None;
    }
    match fs::read_dir(path) {
        Ok(entries) => entries.filter_map(|entry| newest(&entry.ok()?.path())).max(),
        Err(_) => changed(path),
    }
}

/// Builds the release app and checks all of it.
pub(crate) fn check() -> Outcome {
    let kept = wasm::kept()?;
    build(false)?;
    if wasm::kept()? != kept {
        return Err(Failure(
            "pwa/src/core/generated has changed: commit what `cargo xtask pwa` has written there".into(),
        ));
    }
    run(&mut npm(&["run", "--silent", "check"]))
}

/// npm, in the app's folder.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(root().join("pwa"));
    command
}

/// Installs what package-lock.json names, unless that has been done.
pub(crate) fn packages() -> Outcome {
    let pwa = root().join("pwa");
    let installed = changed(&pwa.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= changed(&pwa.join("package-lock.json")) {
        return Ok(());
    }
    step("Installing what the app's build needs", "30 s", &mut npm(&["ci", "--no-audit", "--no-fund"]))
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// The build leaves a brotli copy beside each file: what a phone downloads is known exactly.
fn budgets() -> Outcome {
    let (mut core, mut shell, mut words, mut all) = (0, 0, 0, 0);
    for path in files(&dist())? {
        // With its pictures it is for whoever opens its pages.
        if path.starts_with(dist().join("guide")) {
            continue;
        }
        let bytes = downloaded(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        all += bytes;
        // The core and its glue come after the first screen.
        match path.parent().is_some_and(|folder| folder.ends_with("assets")) {
            true if name.starts_with("core") => core += bytes,
            true if WORDS.iter().any(|words| name.starts_with(words)) => words = words.max(bytes),
            true if LATER.iter().any(|later| name.starts_with(later)) => {}
            true => shell += bytes,
            false if name == "index.html" => shell += bytes,
            false => {}
        }
    }
    shell += words;
    println!("core {core} B, shell {shell} B, all {all} B (brotli)");
    if core > CORE_BUDGET || shell > SHELL_BUDGET || all > INSTALL_BUDGET {
        return Err(Failure(format!(
            "too much to download: core {core} of {CORE_BUDGET} B, shell {shell} of {SHELL_BUDGET} B, all {all} of {INSTALL_BUDGET} B"
        )));
    }
    Ok(())
}

/// Every file of the app, without the compressed copies.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure(format!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_none_or(|ending| ending != "br") {
            found.push(path);
        }
    }
    Ok(found)
}

/// How many bytes of a file are sent.
fn downloaded(path: &Path) -> Result<u64, Failure> {
    let mut compressed = path.as_os_str().to_owned();
    compressed.push(".br");
    let compressed = PathBuf::from(compressed);
    size(if compressed.exists() { &compressed } else { path })
}

fn size(path: &Path) -> Outcome<u64> {
    fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(|error| Failure(format!("{}: {error}", path.display())))
}
