//! A server's process, and what it costs.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

pub(super) struct Process {
    child: Child,
    pub(super) address: SocketAddr,
    /// The operator's secret, base64url, if it printed one.
    pub(super) invitation: Option<String>,
    _data: Option<tempfile::TempDir>,
}

impl Process {
    /// The relay, built for release, on an empty directory.
    pub(super) fn relay(connections: usize) -> io::Result<Self> {
        Self::relay_with(connections, &[])
    }

    /// With further flags.
    pub(super) fn relay_with(connections: usize, flags: &[String]) -> io::Result<Self> {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(relay_binary()?);
        command
            .args(["--listen", "127.0.0.1:0", "--json", "--log", "warn"])
            .args(["--request-burst", "100000000", "--requests-per-second", "100000000"])
            .args(["--alert-burst", "100000000", "--post-burst", "100000000"])
            .arg("--max-connections")
            .arg((connections + 256).to_string())
            .arg("--data-dir")
            .arg(data.path().join("data"))
            .args(flags);
        Self::start(command, Some(data))
    }

    /// Bare TCP: this program again.
    pub(super) fn ceiling(in_a_loop: bool) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("ceiling");
        if in_a_loop {
            command.arg("--loop");
        }
        Self::start(command, None)
    }

    fn start(mut command: Command, data: Option<tempfile::TempDir>) -> io::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?;
        BufReader::new(stdout).read_line(&mut line)?;
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let address = said["listening"].as_str().and_then(|text| text.parse().ok());
        let address = address.ok_or_else(|| io::Error::other("no address in the start line"))?;
        let invitation = said["invitation"].as_str().and_then(|link| link.split_once("#operator="));
        let invitation = invitation.map(|(_, secret)| secret.to_owned());
        Ok(Self { child, address, invitation, _data: data })
    }

    /// Resident memory, bytes.
    pub(super) fn rss(&self) -> io::Result<u64> {
        self.status("VmRSS:")
    }

    /// The most memory that has been resident, bytes.
    pub(super) fn peak_rss(&self) -> io::Result<u64> {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kib.ok_or_else(|| io::Error::other("no such line in the process's status"))? * 1_024)
    }

    /// Processor time used so far, in microseconds.
    pub(super) fn cpu_us(&self) -> io::Result<u64> {
        // Clock ticks are hundredths of a second on Linux.
        const TICK_US: u64 = 10_000;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok());
        Ok(ticks.sum::<u64>() * TICK_US)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Beside this program; `cargo xtask bench` builds both.
fn relay_binary() -> io::Result<PathBuf> {
    let ours = std::env::current_exe()?;
    Ok(ours.with_file_name("campana-relay"))
}
