//! Running other programs.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::beat::Beat;

/// What went wrong, in a sentence.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo, in the project's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    // What cargo tells a running program about its package, build scripts take for a change (ring's
    // does) and everything above them is compiled again.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Goes through ./setup, which finds what this machine lacks before anything is compiled and comes back
/// here, unless it is where this process comes from.
pub(crate) fn set_up(task: &str, arguments: &[String]) -> Outcome {
    if std::env::var_os("SETUP_DONE").is_some() {
        return Ok(());
    }
    let error = Command::new(root().join("setup")).arg(task).args(arguments).exec();
    Err(Failure(format!("./setup could not be started: {error}")))
}

/// Runs to the end, saying first what is done and about how long it takes, and every ten seconds that it
/// still is.
pub(crate) fn step(what: &str, about: &str, command: &mut Command) -> Outcome {
    println!("{what} (about {about})");
    let beat = Beat::start(what);
    let outcome = run(command);
    drop(beat);
    outcome
}

/// Runs to the end; a failure names the command.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let name = describe(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure(format!("`{name}` failed ({status})"))),
        Err(error) => Err(Failure(format!("`{name}` could not be started: {error}"))),
    }
}

/// Runs to the end, showing and returning its standard output. Whether it succeeded comes with it.
pub(crate) fn watch(command: &mut Command) -> Outcome<(bool, Vec<String>)> {
    let name = describe(command);
    let failure = |error| Failure(format!("`{name}` could not be run: {error}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failure)?;
    let mut lines = Vec::new();
    let beat = Beat::start("the tests");
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            println!("{line}");
            beat.heard();
            lines.push(line);
        }
    }
    let status = child.wait().map_err(failure)?;
    Ok((status.success(), lines))
}

/// Runs to the end; what it said on its standard output.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let name = describe(command);
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Failure(format!("`{name}` could not be started: {error}")))?;
    if !output.status.success() {
        return Err(Failure(format!("`{name}` failed ({})", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program answers.
pub(crate) fn exists(program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
