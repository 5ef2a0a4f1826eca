//! What an operator does: invites, packages, watches.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::process::{BINARY, Process};

fn run(arguments: &[&str], data: &Path) -> Output {
    Command::new(BINARY).args(arguments).arg("--data-dir").arg(data).output().expect("runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_invitation_for_no_relay_is_refused_and_leaves_nothing() {
    let root = tempfile::tempdir().expect("a directory");
    let typo = root.path().join("typo");
    for command in ["invite", "holdings", "forget-registrations"] {
        let said = run(&[command], &typo);
        assert!(!said.status.success());
        assert!(text(&said.stderr).contains("there is no store in"), "{command}: {said:?}");
    }
    assert!(!typo.exists());
}

#[test]
fn a_link_leads_to_the_relay_that_it_was_made_for() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let process =
        Process::start_with(Command::new(BINARY), &data, &["--public-url", "https://relay.example"]);
    let said = run(&["invite"], &data);
    assert!(text(&said.stdout).contains("https://relay.example/#operator="), "{said:?}");
    assert_eq!(text(&said.stderr), "");
    drop(process);
    // The lock is let go of a moment after the process has ended.
    let said = loop {
        let said = run(&["invite"], &data);
        if said.stderr.is_empty() || !text(&said.stderr).contains("does not take") {
            break said;
        }
    };
    assert!(text(&said.stdout).contains("https://relay.example/#operator="), "{said:?}");
    assert!(text(&said.stderr).contains("is not running"), "{said:?}");
}

#[test]
fn no_invitation_stands_in_the_journal() {
    let root = tempfile::tempdir().expect("a directory");
    let (data, journal) = (root.path().join("data"), root.path().join("journal"));
    let file = File::create(&journal).expect("a file");
    let about = file.metadata().expect("known");
    let mut relay = Command::new(BINARY)
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&data)
        .env("JOURNAL_STREAM", format!("{}:{}", about.dev(), about.ino()))
        .stdout(file)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the relay starts");
    let said = loop {
        let said = std::fs::read_to_string(&journal).expect("readable");
        if said.contains("invite") {
            break said;
        }
        assert!(relay.try_wait().expect("known").is_none(), "it ended");
        std::thread::yield_now();
    };
    relay.kill().expect("ends");
    let mut log = String::new();
    relay.stderr.take().expect("piped").read_to_string(&mut log).expect("text");
    relay.wait().expect("ends");
    assert!(!said.contains("#operator=") && !log.contains("#operator="), "{said}{log}");
    let command = format!("campana-relay --data-dir {} invite", data.display());
    assert!(said.contains(&command), "{said}");
    assert!(!data.join("invitations").exists());
}

/// As root only, as in containers and on the project's machines.
#[test]
fn roots_commands_leave_no_file_that_the_relay_cannot_write() {
    const NOBODY: u32 = 65_534;
    let root = tempfile::tempdir().expect("a directory");
    if root.path().metadata().expect("known").uid() != 0 {
        return;
    }
    let data = root.path().join("data");
    drop(Process::start(&data));
    let binary = root.path().join("campana-relay");
    std::fs::copy(BINARY, &binary).expect("copied");
    for path in all(root.path()) {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
    }
    let backup = data.join("backup");
    for arguments in [&["invite"][..], &["holdings"], &["backup", backup.to_str().expect("a path")]] {
        let said = Command::new(&binary).args(arguments).arg("--data-dir").arg(&data).output().expect("runs");
        assert!(said.status.success(), "{arguments:?}: {said:?}");
    }
    for path in all(root.path()) {
        assert_eq!(path.metadata().expect("known").uid(), NOBODY, "{}", path.display());
    }
}

fn all(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![directory.to_path_buf()];
    for file in std::fs::read_dir(directory).expect("readable") {
        let path = file.expect("readable").path();
        if path.is_dir() { found.extend(all(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn what_watches_the_relay_names_what_it_counts() {
    let root = tempfile::tempdir().expect("a directory");
    let counted = Process::start(&root.path().join("data")).metrics();
    let mut named = 0;
    for file in [
        include_str!("../../packaging/monitoring/alerts.yml"),
        include_str!("../../packaging/monitoring/alerts.test.yml"),
        include_str!("../../packaging/monitoring/grafana.json"),
    ] {
        let names = file.match_indices("campana_relay_").map(|(at, _)| {
            let rest = &file[at..];
            let end = rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
            &rest[..end.unwrap_or(rest.len())]
        });
        for name in names {
            // Shown by a relay with a certificate alone (tests/edge).
            let certificate = name == "campana_relay_certificate_not_after_seconds";
            assert!(certificate || counted.contains(&format!("\n{name} ")), "{name} is not counted");
            named += 1;
        }
    }
    assert!(named > 40, "{named}");
}

#[test]
fn the_packaged_settings_are_settings() {
    let settings = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/campana-relay.toml");
    let root = tempfile::tempdir().expect("a directory");
    let said = run(&["holdings", "--config", settings], &root.path().join("data"));
    assert!(text(&said.stderr).contains("there is no store in"), "{said:?}");
}
