//! A relay, a founding committee and members, all real processes in one temporary directory.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{Client, Relay};

/// How long anything may take before it counts as not happening. Generous: two slow cores run
/// everything at once in continuous integration.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds.
pub fn until(what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !holds() {
        assert!(Instant::now() < end, "did not happen in {patience:?}: {what}");
        thread::sleep(Duration::from_millis(25));
    }
}

/// A network of processes.
#[derive(Debug)]
pub struct Cluster {
    /// Its relay.
    pub relay: Relay,
    /// Founder first, then the committee, then members in the order they joined.
    pub clients: Vec<Client>,
    /// Where everything is; deleted at the end.
    pub directory: TempDir,
}

impl Cluster {
    /// A relay alone.
    pub fn new() -> Self {
        let directory =
            tempfile::Builder::new().prefix("campana-e2e-").tempdir().expect("a temporary directory");
        let relay = Relay::start(directory.path());
        Self { relay, clients: Vec::new(), directory }
    }

    /// A constituted network of `names.len()` committee devices of which `threshold` sign.
    pub fn founded(network: &str, names: &[&str], threshold: usize) -> Self {
        let mut cluster = Self::new();
        cluster.found(network, names, threshold);
        cluster
    }

    /// Founds a network; every committee device watches.
    pub fn found(&mut self, network: &str, names: &[&str], threshold: usize) {
        let invitation = self.relay.invitation.clone().expect("a new relay prints an invitation");
        let (n, k) = (names.len().to_string(), threshold.to_string());
        let founder = self.client(names[0]);
        self.clients[founder].done(&[
            "start",
            "--name",
            network,
            "--committee",
            &n,
            "--threshold",
            &k,
            &invitation,
        ]);
        self.clients[founder].watch();
        for name in &names[1..] {
            let link = self.invite(founder, &["--committee"]);
            let joiner = self.client(name);
            self.clients[joiner].done(&["join", &link, "--handle", name]);
            self.clients[joiner].watch();
            self.clients[founder].done(&["admit", name]);
        }
        for index in 0..names.len() {
            self.clients[index].wait_for_status("is on a complete committee", |status| {
                status["stage"] == "member" && roles(status).contains(&"committee".to_owned())
            });
        }
    }

    /// A new client, in no network.
    pub fn client(&mut self, name: &str) -> usize {
        self.clients.push(Client::new(self.directory.path(), name));
        self.clients.len() - 1
    }

    /// An invite's link.
    pub fn invite(&self, by: usize, options: &[&str]) -> String {
        let made = self.clients[by].done(&[&["invite"], options].concat());
        made["link"].as_str().expect("an invite has a link").to_owned()
    }

    /// New members, admitted all at once by the founder; all watch.
    pub fn members(&mut self, names: &[&str]) -> Vec<usize> {
        let link = self.invite(0, &[]);
        let joined: Vec<usize> = names
            .iter()
            .map(|name| {
                let id = self.client(name);
                self.clients[id].done(&["join", &link, "--handle", name]);
                self.clients[id].watch();
                id
            })
            .collect();
        for name in names {
            self.wait_for_request(0, name);
        }
        self.clients[0].done(&["admit", "--all"]);
        for id in &joined {
            self.clients[*id].wait_for_status("is a member", |status| status["stage"] == "member");
        }
        joined
    }

    /// Waits until a committee device's watch has somebody's request.
    pub fn wait_for_request(&self, committee: usize, handle: &str) {
        until(&format!("{handle}'s request arrives"), PATIENCE, || {
            let queue = self.clients[committee].events("queue").pop().unwrap_or_default();
            queue["people"]
                .as_array()
                .is_some_and(|people| people.iter().any(|person| person["handle"] == handle))
        });
    }

    /// Grants a role with these committee devices' signatures, and waits until its holder has it.
    pub fn grant(&self, committee: &[usize], to: usize, role: &str) {
        let holder = &self.clients[to];
        let drafted = self.clients[committee[0]].done(&["grant", &holder.name, role]);
        let draft = drafted["drafts"][0]["draft"].as_str().expect("a draft").to_owned();
        for other in &committee[1..] {
            self.clients[*other].done(&["approve", &draft]);
        }
        if holder.watches() {
            holder.wait_for_status(&format!("is {role}"), |status| roles(status).contains(&role.to_owned()));
        }
    }

    /// Reports and returns the incident's id.
    pub fn report(&self, by: usize, words: &str, drill: bool) -> String {
        let zones = self.clients[by].view()["network"]["zones"].as_array().map_or(0, Vec::len);
        let zone = if zones > 0 { "1" } else { "0" };
        let mut line =
            vec!["report", "--activity", "detaining", "--size", "2-5", "--zone", zone, "--words", words];
        line.extend(drill.then_some("--drill"));
        let made = self.clients[by].done(&line);
        made["incident"].as_str().expect("a report has an incident").to_owned()
    }

    /// Signs a finding.
    pub fn attest(&self, by: usize, incident: &str, finding: &str, method: &str) {
        self.clients[by].done(&["attest", incident, "--finding", finding, "--method", method]);
    }

    /// Waits until all these watches stand at the same place of the same history, with nothing
    /// left to send.
    pub fn wait_until_converged(&self, ids: &[usize]) {
        let same = || {
            let stands: Vec<Option<Value>> =
                ids.iter().map(|id| stand(&self.clients[*id].status())).collect();
            stands[0].is_some() && stands.iter().all(|stand| *stand == stands[0])
        };
        let end = Instant::now() + PATIENCE * 2;
        while !same() {
            if Instant::now() > end {
                for id in ids {
                    eprintln!("{}: {}", self.clients[*id].name, self.clients[*id].status());
                }
                panic!("the clients do not converge");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Every client's index.
    pub fn all(&self) -> Vec<usize> {
        (0..self.clients.len()).collect()
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self::new()
    }
}

fn stand(status: &Value) -> Option<Value> {
    // A network of one committee device is warned about for ever, and rightly.
    let calm = |warnings: &Vec<Value>| warnings.iter().all(|warning| warning == "single-committee");
    let settled = status["unsent"] == 0
        && status["caught_up"] == true
        && status["warnings"].as_array().is_some_and(calm);
    let network = &status["network"];
    settled.then(|| {
        serde_json::json!([
            network["cursor"],
            network["log_hash"],
            network["epoch"],
            network["governance_head"],
            network["members"]
        ])
    })
}

fn roles(status: &Value) -> Vec<String> {
    let roles = status["roles"].as_array().cloned().unwrap_or_default();
    roles.iter().filter_map(|role| role.as_str().map(str::to_owned)).collect()
}
