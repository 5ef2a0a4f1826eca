//! The binaries: found beside the running one and brought up to date.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Where the binaries are.
#[derive(Debug)]
pub struct Programs {
    /// `campana`.
    pub client: PathBuf,
    /// `campana-relay`.
    pub relay: PathBuf,
}

impl Programs {
    /// The binaries, built if they are missing or old. `CAMPANA_BINARIES` names a directory of
    /// finished ones instead.
    pub fn find() -> &'static Self {
        static FOUND: OnceLock<Programs> = OnceLock::new();
        FOUND.get_or_init(|| {
            let directory = std::env::var_os("CAMPANA_BINARIES").map_or_else(build, PathBuf::from);
            let found = Self { client: directory.join("campana"), relay: directory.join("campana-relay") };
            assert!(found.client.exists(), "{} is missing", found.client.display());
            assert!(found.relay.exists(), "{} is missing", found.relay.display());
            found
        })
    }
}

fn build() -> PathBuf {
    let exe = std::env::current_exe().expect("a running program has a path");
    let beside = exe.parent().expect("a file has a directory");
    let directory = if beside.ends_with("deps") { beside.parent().expect("deps is inside") } else { beside };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    // The same packages as the tests' own build, so that features unify alike and little is built.
    cargo.args(["build", "--quiet", "--bin", "campana", "--bin", "campana-relay"]);
    cargo.args(["-p", "campana-native", "-p", "campana-relay"]);
    cargo.env("CARGO_TARGET_DIR", directory.parent().expect("a profile's directory is inside"));
    if directory.ends_with("release") {
        cargo.arg("--release");
    }
    // What cargo tells a running test about its package, build scripts take for a change (ring's
    // does) and everything above them is compiled again.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            cargo.env_remove(name);
        }
    }
    assert!(cargo.status().expect("cargo runs").success(), "the binaries do not build");
    directory.to_owned()
}
