//! The relay's process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_campana-relay");

pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    metrics: SocketAddr,
    /// Where people are sent to https.
    pub(crate) redirect: Option<SocketAddr>,
    /// Of the authority that phones on the same Wi-Fi have to trust.
    #[allow(dead_code, reason = "one of two test binaries reads it")]
    pub(crate) fingerprint: Option<String>,
    /// The secret of the invitation link, on a first start.
    pub(crate) invitation: Option<String>,
    log: PathBuf,
}

impl Process {
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::start_with(Command::new(BINARY), data_dir, &[])
    }

    /// With the registration key in a file of its own: where the data directory moves.
    pub(crate) fn start_keyed(command: Command, data_dir: &Path, key: &Path, flags: &[&str]) -> Self {
        let key = ["--registration-key-file", key.to_str().expect("a path")];
        Self::start_with(command, data_dir, &[flags, &key].concat())
    }

    /// `command` ends in the relay's binary.
    pub(crate) fn start_with(mut command: Command, data_dir: &Path, flags: &[&str]) -> Self {
        let log = data_dir.with_extension("log");
        let stderr = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        if !flags.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command
            .args(["--metrics-listen", "127.0.0.1:0", "--json", "--log", "debug"])
            .args(["--request-burst", "1000000", "--requests-per-second", "1000000"])
            .args(["--alert-burst", "1000000", "--post-burst", "1000000"])
            .arg("--data-dir")
            .arg(data_dir)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut child = command.spawn().expect("the relay starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!("no start line but {line:?}; log: {}", std::fs::read_to_string(&log).unwrap_or_default())
        });
        let address = said["listening"].as_str().expect("an address").parse().expect("an address");
        let metrics = said["metrics"].as_str().expect("an address").parse().expect("an address");
        let redirect = said["redirect"].as_str().map(|text| text.parse().expect("an address"));
        let fingerprint = said["fingerprint"].as_str().map(str::to_owned);
        let link = said["invitation"].as_str();
        let invitation = link.map(|link| link.split_once("#operator=").expect("a secret").1.to_owned());
        Self { child, address, metrics, redirect, fingerprint, invitation, log }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("it ends");
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs").success());
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().expect("known")
    }

    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("it ends")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// The counters.
    pub(crate) fn metrics(&self) -> String {
        get(self.metrics, "/metrics").1
    }

    /// The status and body of the operator's own question.
    pub(crate) fn health(&self) -> (u16, String) {
        get(self.metrics, "/healthz")
    }

    /// The body of a page.
    pub(crate) fn page(&self, path: &str) -> String {
        get(self.address, path).1
    }

    /// The status of a page.
    pub(crate) fn status(&self, path: &str) -> u16 {
        get(self.address, path).0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("connects");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n").expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// How often to crash.
pub(crate) fn cycles() -> u32 {
    std::env::var("CAMPANA_CRASH_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}
