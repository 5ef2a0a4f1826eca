//! One plain member against its network: a flood of blobs, updates, posts and registrations over several
//! connections, while others report, verify, and are let in. Real cores, the real relay's process with the
//! limits it has by itself.
//!
//! The same reports, alerts and admission are measured before the flood, and each device's bytes of then are
//! taken off: `phone_bytes` is what the flood cost the phone that it cost most.

mod flood;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use campana_core::command::Who;
use campana_core::view::{PersonState, Stage, Status};
use campana_core::{Command, NoticeKind, Reply, View};
use campana_protocol::governance::Role;
use campana_protocol::id::PublicKey;
use campana_protocol::report::{Finding, Method};
use campana_tests::rig::Relay;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use crate::device::{Device, Shown, device, form};

/// How often somebody reports: as many alerts in a minute as a channel takes for long.
const EVERY: Duration = Duration::from_secs(10);

/// How long anything is waited for before it counts as prevented.
const PREVENTED: Duration = Duration::from_secs(60);

/// Measures a flood of so many seconds and connections.
pub(crate) fn insider(seconds: u64, connections: usize) -> Value {
    let directory = tempfile::tempdir().expect("a directory");
    // What it registers leads nowhere.
    let flags = ["--push-host", "push.invalid", "--push-resolve", "push.invalid=127.0.0.1:9"];
    let relay = Relay::start_with(directory.path(), &flags);
    let link = relay.invitation.clone().expect("a fresh relay has an invitation");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(&relay, link, seconds, connections))
}

/// A network: who does what.
struct Network {
    founder: Device,
    verifiers: [Device; 2],
    reporter: Device,
    /// All honest devices, a plain phone among them.
    honest: Vec<Device>,
    invite: String,
    shown: mpsc::UnboundedReceiver<Shown>,
}

async fn measure(relay: &Relay, link: String, seconds: u64, connections: usize) -> Value {
    let address = relay.listening.as_str();
    let (shown, seen) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(8));
    let start = |seed| device(address.to_owned(), seed, shown.clone(), gate.clone());
    // The flooder's own phone is not counted among those that an alert reaches.
    let (unseen, _) = mpsc::unbounded_channel();
    let flooder = device(address.to_owned(), 5, unseen, gate.clone());
    let mut network = found(&start, link, seen, &flooder).await;
    let rounds = (Duration::from_secs(seconds).as_millis() / EVERY.as_millis()).max(1) as usize;

    let before: Vec<u64> = network.honest.iter().map(Device::received).collect();
    let calm = network.rounds(rounds, Duration::ZERO).await;
    network.admits(&start(10)).await;
    // Between the two parts everybody comes to rest, and the alerts' ration with them.
    sleep(EVERY).await;
    let between: Vec<u64> = network.honest.iter().map(Device::received).collect();
    let disk = on_disk(&relay.place.data);

    let going_on = Arc::new(AtomicBool::new(true));
    let target = flood::Target::of(&flooder.rows().await, &network.invite);
    let floods: Vec<_> = (0..connections)
        .map(|number| {
            let (address, target) = (address.to_owned(), target.clone());
            tokio::spawn(flood::flood(address, target, number, Arc::clone(&going_on)))
        })
        .collect();
    let end = Instant::now() + Duration::from_secs(seconds);
    let loud = network.rounds(rounds, EVERY).await;
    // Who has not asked yet proves nothing, and the relay keeps no place for long.
    let admitted = network.admits(&start(11)).await;
    tokio::time::sleep_until(end.into()).await;
    going_on.store(false, Ordering::Relaxed);
    let mut done = flood::Done::default();
    for flood in floods {
        done.add(&flood.await.expect("a flood ends"));
    }
    // What the last of it costs is still on its way.
    sleep(Duration::from_secs(2)).await;
    let cost = |((device, before), between): ((&Device, &u64), &u64)| {
        (device.received() - between).saturating_sub(between - before)
    };
    let phones: Vec<u64> = network.honest.iter().zip(&before).zip(&between).map(cost).collect();
    json!({
        "bench": "insider",
        "seconds": seconds,
        "connections": connections,
        "alert_last_ms": loud.alert_ms,
        "report_last_ms": loud.report_ms,
        "phone_bytes": phones.iter().max(),
        "relay_bytes": on_disk(&relay.place.data).saturating_sub(disk),
        "admitted": admitted,
        "alerts": rounds,
        "calm_alert_last_ms": calm.alert_ms,
        "calm_report_last_ms": calm.report_ms,
        "phones_bytes": phones,
        "flood": { "requests": done.asked, "taken": done.taken, "put_off": done.put_off, "bytes": done.bytes },
    })
}

async fn found(
    start: &impl Fn(u64) -> Device,
    link: String,
    shown: mpsc::UnboundedReceiver<Shown>,
    flooder: &Device,
) -> Network {
    let founder = start(0);
    let network =
        Command::Start { link, name: "Bench".into(), committee_size: 1, threshold: 1, verify_threshold: 2 };
    founder.command(network).await;
    founder.until("the network", |view| view.stage == Stage::Member && view.unsent == 0).await;
    let invite = Command::Invite { lifetime_ms: 86_400_000, committee: false };
    let Some(Reply::Invite { link: invite, .. }) = founder.command(invite).await else { panic!("an invite") };
    let [one, two, reporter, phone] = [1, 2, 3, 4].map(start);
    let everybody = [&one, &two, &reporter, &phone, flooder];
    for (number, device) in everybody.iter().enumerate() {
        let handle = format!("member {number}");
        device.command(Command::Join { link: invite.clone(), handle }).await;
    }
    founder.until("everybody's request", |view| waiting(view) == everybody.len()).await;
    founder.command(Command::Admit(Who::Everybody)).await;
    for device in everybody {
        device.until("an admission", |view| view.stage == Stage::Member && view.caught_up).await;
    }
    for verifier in [&one, &two] {
        let person = verifier.view().await.me.as_deref().and_then(PublicKey::parse).expect("a key");
        founder.command(Command::Grant { person, role: Role::Verifier }).await;
        verifier.until("a role", |view| view.roles == ["verifier"] && view.caught_up).await;
    }
    for device in everybody {
        device.until("quiet", |view| view.caught_up && view.unsent == 0).await;
    }
    let honest = vec![founder.clone(), one.clone(), two.clone(), reporter.clone(), phone];
    Network { founder, verifiers: [one, two], reporter, honest, invite, shown }
}

fn waiting(view: &View) -> usize {
    let people = view.committee.as_ref().map_or(&[][..], |committee| &committee.people);
    people.iter().filter(|person| person.state == PersonState::Waiting).count()
}

/// The slowest of some rounds.
#[derive(Default)]
struct Slowest {
    report_ms: f64,
    alert_ms: f64,
}

impl Network {
    /// Reports and alerts, one after the other, each begun so long after the one before.
    async fn rounds(&mut self, rounds: usize, every: Duration) -> Slowest {
        let mut slowest = Slowest::default();
        for _ in 0..rounds {
            let next = Instant::now() + every;
            let (report, alert) = self.round().await;
            slowest.report_ms = slowest.report_ms.max(report);
            slowest.alert_ms = slowest.alert_ms.max(alert);
            tokio::time::sleep_until(next.into()).await;
        }
        slowest
    }

    /// From a report until both verifiers have it; from the deciding attestation until the last phone rings.
    async fn round(&mut self) -> (f64, f64) {
        let began = Instant::now();
        let Some(Reply::Incident(incident)) = self.reporter.command(Command::Report(form())).await else {
            panic!("a report")
        };
        let has = move |view: &View, holds: &dyn Fn(&campana_core::view::IncidentView) -> bool| {
            view.incidents.iter().any(|other| other.id == incident.to_string() && holds(other))
        };
        let unverified = |view: &View| has(view, &|seen| seen.status == Status::Unverified);
        for verifier in &self.verifiers {
            if !within(verifier, &unverified).await {
                return (ms(PREVENTED), ms(PREVENTED));
            }
        }
        let reported = began.elapsed();
        let attest = Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson };
        self.verifiers[0].command(attest.clone()).await;
        if !within(&self.verifiers[1], &|view: &View| has(view, &|seen| seen.missing == 1)).await {
            return (ms(reported), ms(PREVENTED));
        }
        let decided = Instant::now();
        self.verifiers[1].command(attest).await;
        let mut last = decided;
        for _ in 0..self.honest.len() {
            match timeout(PREVENTED, next_alert(&mut self.shown)).await {
                Ok(Some(shown)) => last = last.max(shown.done),
                _ => return (ms(reported), ms(PREVENTED)),
            }
        }
        (ms(reported), ms(last - decided))
    }

    /// Whether somebody who asks is let in. From then on they count as one of those who are alerted.
    async fn admits(&self, newcomer: &Device) -> bool {
        let join = Command::Join { link: self.invite.clone(), handle: "a newcomer".into() };
        newcomer.command(join).await;
        if !within(&self.founder, &|view: &View| waiting(view) > 0).await {
            return false;
        }
        self.founder.command(Command::Admit(Who::Everybody)).await;
        within(newcomer, &|view: &View| view.stage == Stage::Member && view.caught_up).await
    }
}

async fn within(device: &Device, holds: &dyn Fn(&View) -> bool) -> bool {
    let until = Instant::now() + PREVENTED;
    while !holds(&device.view().await) {
        if Instant::now() > until {
            return false;
        }
        sleep(Duration::from_millis(20)).await;
    }
    true
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}

/// What the files of a directory take up.
fn on_disk(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => on_disk(&entry.path()),
        // Files that the store deletes meanwhile take up nothing.
        about => about.map_or(0, |about| about.blocks() * 512),
    };
    entries.filter_map(Result::ok).map(size).sum()
}

/// What a device shows of an alert, and not of a report.
async fn next_alert(shown: &mut mpsc::UnboundedReceiver<Shown>) -> Option<Shown> {
    loop {
        let next = shown.recv().await?;
        if next.kind == NoticeKind::Alert {
            return Some(next);
        }
    }
}
