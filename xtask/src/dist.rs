//! `cargo xtask dist`: what is handed out, in `target/handout`: static binaries, a Debian package, the
//! folder that a container's image is made of, and the hashes of the files.
//!
//! The same source gives the same files: paths of the building machine are left out, and what has a time
//! has that of the last commit. `dpkg-deb` builds the package, because whoever installs one has it, and it
//! is the reference.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::command::{Failure, Outcome, cargo, exists, output, root, run, target};
use crate::pwa;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What to build for [default: this machine's processor, with musl].
    #[arg(long)]
    target: Option<String>,
}

/// Names of processors: Rust's, Debian's.
const ARCHITECTURES: [(&str, &str); 2] = [("x86_64", "amd64"), ("aarch64", "arm64")];

const BINARIES: [&str; 2] = ["campana-relay", "campana"];

/// Where a file goes in the package, and where it is in the source.
const PACKAGED: [(&str, &str); 7] = [
    ("etc/campana-relay.toml", "server/packaging/campana-relay.toml"),
    ("usr/lib/systemd/system/campana-relay.service", "server/packaging/campana-relay.service"),
    ("usr/lib/sysusers.d/campana-relay.conf", "server/packaging/sysusers.conf"),
    ("usr/lib/sysctl.d/60-campana-relay.conf", "server/packaging/sysctl.conf"),
    ("usr/share/doc/campana-relay/OPERATIONS.md", "docs/OPERATIONS.md"),
    ("usr/share/doc/campana-relay/copyright", "LICENSE-MIT"),
    ("usr/share/doc/campana-relay/LICENSE-APACHE", "LICENSE-APACHE"),
];

/// What makes the unit one of several: settings and a directory of its own.
const ONE_OF_SEVERAL: [(&str, &str); 3] = [
    ("Description=Campana relay\n", "Description=Campana relay of the network %i\n"),
    ("/etc/campana-relay.toml", "/etc/campana-relay-%i.toml"),
    ("StateDirectory=campana\n", "StateDirectory=campana-%i\n"),
];

const MONITORING: [&str; 4] = ["prometheus.yml", "alerts.yml", "alerts.test.yml", "grafana.json"];

/// Where the image's user is, who owns `/var/lib/campana` in it.
const PASSWD: &str = "campana:x:65532:65532:Campana relay:/var/lib/campana:/sbin/nologin\n";
const GROUP: &str = "campana:x:65532:\n";

pub(crate) fn dist(options: &Options) -> Outcome {
    let triple = match &options.target {
        Some(triple) => triple.clone(),
        None => format!("{}-unknown-linux-musl", std::env::consts::ARCH),
    };
    for (program, package) in [("dpkg-deb", "dpkg"), ("musl-gcc", "musl-tools"), ("sha256sum", "coreutils")] {
        if !exists(program, "--version") {
            return Err(Failure(format!("{program} is missing: apt-get install {package}")));
        }
    }
    let release = Release::of(&triple)?;
    pwa::build_if_changed()?;
    let built = build(&triple, &release)?;

    let out = target().join("handout");
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|error| about(&out, &error))?;
    }
    let mut files = Vec::new();
    for name in BINARIES {
        is_static(&built.join(name))?;
        place(&built.join(name), &out.join(name), 0o755)?;
        files.push(name.to_owned());
    }
    files.push(package(&out, &release)?);
    image(&out)?;
    let sums = output(Command::new("sha256sum").args(&files).current_dir(&out))?;
    write(&out.join("SHA256SUMS"), &sums, 0o644)?;
    println!("The app's release: {}", pwa::release()?);
    println!("{sums}\nIn {}", out.display());
    Ok(())
}

/// What this is a release of.
struct Release {
    version: String,
    architecture: &'static str,
    /// When its last commit was made, Unix seconds.
    at: String,
}

impl Release {
    fn of(triple: &str) -> Outcome<Self> {
        let known = ARCHITECTURES.iter().find(|(rust, _)| triple.split('-').next() == Some(rust));
        let architecture = known
            .map(|(_, debian)| *debian)
            .ok_or_else(|| Failure(format!("no packages are built for {triple}")))?;
        let git = |format: &str| {
            let mut git = Command::new("git");
            git.args(["log", "-1", "--date=format-local:%Y%m%d%H%M%S", format]).env("TZ", "UTC");
            output(git.current_dir(root())).map(|line| line.trim().to_owned())
        };
        // Ordered by time, so that what is built later is an upgrade.
        let version = format!("{}+{}", env!("CARGO_PKG_VERSION"), git("--format=%cd.%h")?);
        Ok(Self { version, architecture, at: git("--format=%ct")? })
    }
}

/// Builds the binaries. Where they are.
fn build(triple: &str, release: &Release) -> Outcome<PathBuf> {
    let installed = output(cargo_rustc().args(["--print", "target-libdir", "--target", triple]))?;
    if !Path::new(installed.trim()).exists() {
        println!("Rust's library for {triple} is missing: rustup installs it");
        run(Command::new("rustup").args(["target", "add", triple]).current_dir(root()))?;
    }
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=/campana", root().display())];
    let mut c_flags = String::new();
    if let Some(home) = home {
        flags.push(format!("--remap-path-prefix={}=/cargo", home.display()));
        c_flags = format!("-ffile-prefix-map={}=/cargo", home.display());
    }
    let mut command = cargo(&["build", "--profile", "dist", "--locked", "--target", triple]);
    command.args(["--package", "campana-relay", "--package", "campana-native"]);
    command.args(["--features", "campana-relay/app"]);
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    command.env(format!("CFLAGS_{}", triple.replace('-', "_")), c_flags);
    command.env("SOURCE_DATE_EPOCH", &release.at);
    run(&mut command)?;
    Ok(target().join(triple).join("dist"))
}

fn cargo_rustc() -> Command {
    let mut command = Command::new("rustc");
    command.current_dir(root());
    command
}

/// A binary that needs no library of the machine that it is copied to.
fn is_static(binary: &Path) -> Outcome {
    let needs = output(Command::new("readelf").args(["--dynamic", "--program-headers"]).arg(binary))?;
    if needs.contains("(NEEDED)") || needs.contains("INTERP") {
        return Err(Failure(format!("{} is not static:\n{needs}", binary.display())));
    }
    Ok(())
}

/// Makes the Debian package. Its name.
fn package(out: &Path, release: &Release) -> Outcome<String> {
    let tree = target().join("package");
    if tree.exists() {
        fs::remove_dir_all(&tree).map_err(|error| about(&tree, &error))?;
    }
    place(&out.join("campana-relay"), &tree.join("usr/bin/campana-relay"), 0o755)?;
    for (to, from) in PACKAGED {
        place(&root().join(from), &tree.join(to), 0o644)?;
    }
    let mut unit = read(&root().join("server/packaging/campana-relay.service"))?;
    for (alone, one_of_several) in ONE_OF_SEVERAL {
        if unit.matches(alone).count() != 1 {
            return Err(Failure(format!("the unit does not say `{}` once", alone.trim())));
        }
        unit = unit.replace(alone, one_of_several);
    }
    write(&tree.join("usr/lib/systemd/system/campana-relay@.service"), unit, 0o644)?;
    for name in MONITORING {
        let to = tree.join("usr/share/doc/campana-relay/monitoring").join(name);
        place(&root().join("server/packaging/monitoring").join(name), &to, 0o644)?;
    }
    let control = root().join("server/packaging/deb");
    for script in ["postinst", "prerm", "postrm"] {
        place(&control.join(script), &tree.join("DEBIAN").join(script), 0o755)?;
    }
    place(&control.join("conffiles"), &tree.join("DEBIAN/conffiles"), 0o644)?;
    let size = size(&tree)?.div_ceil(1_024);
    let text = read(&control.join("control"))?
        .replace("@VERSION@", &release.version)
        .replace("@ARCHITECTURE@", release.architecture)
        .replace("@SIZE@", &size.to_string());
    write(&tree.join("DEBIAN/control"), &text, 0o644)?;
    open_to_all(&tree)?;
    let name = format!("campana-relay_{}_{}.deb", release.version, release.architecture);
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zxz", "--build"]).arg(&tree).arg(out.join(&name));
    run(build.env("SOURCE_DATE_EPOCH", &release.at))?;
    Ok(name)
}

/// The folder that a container's image is made of, and how.
fn image(out: &Path) -> Outcome {
    let tree = out.join("oci/root");
    place(&out.join("campana-relay"), &tree.join("usr/bin/campana-relay"), 0o755)?;
    // All addresses of the container: which of them are reached is said when it is run. A container's output
    // is kept as a journal is.
    let settings = read(&root().join("server/packaging/campana-relay.toml"))?
        .replace("#listen = \"127.0.0.1:", "listen = \"0.0.0.0:")
        .replace("\"127.0.0.1:", "\"0.0.0.0:")
        .replace("metrics_listen", "show_invitation = false\nmetrics_listen");
    write(&tree.join("etc/campana-relay.toml"), &settings, 0o644)?;
    write(&tree.join("etc/passwd"), PASSWD, 0o644)?;
    write(&tree.join("etc/group"), GROUP, 0o644)?;
    open_to_all(&tree)?;
    for (directory, mode) in [("tmp", 0o1777), ("var/lib/campana", 0o700)] {
        let directory = tree.join(directory);
        fs::create_dir_all(&directory).map_err(|error| about(&directory, &error))?;
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(&directory, mode).map_err(|error| about(&directory, &error))?;
    }
    place(&root().join("server/packaging/Containerfile"), &out.join("oci/Containerfile"), 0o644)
}

fn place(from: &Path, to: &Path, mode: u32) -> Outcome {
    let bytes = fs::read(from).map_err(|error| about(from, &error))?;
    write(to, bytes, mode)
}

fn write(to: &Path, bytes: impl AsRef<[u8]>, mode: u32) -> Outcome {
    let written = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(to, bytes));
    let written = written.and_then(|()| fs::set_permissions(to, fs::Permissions::from_mode(mode)));
    written.map_err(|error| about(to, &error))
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|error| about(path, &error))
}

/// Whatever the builder's umask is: everybody may go through a package's folders.
fn open_to_all(folder: &Path) -> Outcome {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(|error| about(folder, &error))?;
    for entry in fs::read_dir(folder).map_err(|error| about(folder, &error))? {
        let path = entry.map_err(|error| about(folder, &error))?.path();
        if path.is_dir() {
            open_to_all(&path)?;
        }
    }
    Ok(())
}

/// Bytes of all files below a path.
fn size(path: &Path) -> Outcome<u64> {
    let metadata = fs::metadata(path).map_err(|error| about(path, &error))?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    let mut all = 0;
    for entry in fs::read_dir(path).map_err(|error| about(path, &error))? {
        all += size(&entry.map_err(|error| about(path, &error))?.path())?;
    }
    Ok(all)
}

fn about(path: &Path, error: &std::io::Error) -> Failure {
    Failure(format!("{}: {error}", path.display()))
}
