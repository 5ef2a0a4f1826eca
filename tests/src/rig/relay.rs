//! The relay's process.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Programs;

/// Where a relay keeps its things; outlives its processes.
#[derive(Debug, Clone)]
pub struct RelayPlace {
    /// Its data.
    pub data: PathBuf,
    /// What it writes to standard output and error, at its most talkative.
    pub log: PathBuf,
}

/// A running relay.
#[derive(Debug)]
pub struct Relay {
    child: Child,
    /// Its place.
    pub place: RelayPlace,
    /// `127.0.0.1:PORT`.
    pub listening: String,
    /// An operator's link.
    pub invitation: Option<String>,
}

impl Relay {
    /// Starts one in a directory, on a free port.
    pub fn start(directory: &Path) -> Self {
        Self::launch(place(directory), "127.0.0.1:0", &[])
    }

    /// Starts one with further flags.
    pub fn start_with(directory: &Path, flags: &[&str]) -> Self {
        Self::launch(place(directory), "127.0.0.1:0", flags)
    }

    /// One that takes from a crowd in a minute what comes to a mailbox or channel in days.
    pub fn start_for_a_crowd(directory: &Path) -> Self {
        Self::launch(
            place(directory),
            "127.0.0.1:0",
            &["--alert-burst", "1000000", "--post-burst", "1000000", "--request-burst", "1000000"],
        )
    }

    fn launch(place: RelayPlace, listen: &str, flags: &[&str]) -> Self {
        let mut child = Command::new(&Programs::find().relay)
            .args(["--listen", listen, "--json", "--log", "debug", "--data-dir"])
            .arg(&place.data)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log(&place))
            .spawn()
            .expect("the relay starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = lines.next().and_then(Result::ok).expect("the relay says where it listens");
        let said: Value = serde_json::from_str(&first).expect("a line of JSON");
        let mut copy = log(&place);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(copy, "{line}");
            }
        });
        let text = |name: &str| said[name].as_str().map(str::to_owned);
        let listening = text("listening").expect("an address");
        let relay = Self { child, place, listening, invitation: text("invitation") };
        relay.wait();
        relay
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&self.listening).is_err() {
            assert!(Instant::now() < until, "the relay does not listen");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }

    /// Starts it again after [`Self::kill`], on the same port and data.
    pub fn restart(&mut self) {
        let invitation = self.invitation.take();
        let again = Self::launch(self.place.clone(), &self.listening, &[]);
        *self = again;
        self.invitation = invitation.or(self.invitation.take());
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn place(directory: &Path) -> RelayPlace {
    RelayPlace { data: directory.join("relay"), log: directory.join("relay.log") }
}

fn log(place: &RelayPlace) -> File {
    OpenOptions::new().create(true).append(true).open(&place.log).expect("a log can be written")
}
