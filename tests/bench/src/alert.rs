//! N real cores, each with its own connection, against the real relay's process: how long from
//! the deciding attestation until the last device has decrypted and checked the alert.
//!
//! Cores, sockets and relay share this machine's processors, so the split tells what a network of
//! phones would not share: `relay_ms` until the last device had the alert's bytes, `core_ms` the
//! time of one core's turn, `scheduling_ms` what is left.

use std::sync::Arc;
use std::time::{Duration, Instant};

use campana_core::command::Who;
use campana_core::view::{PersonState, Stage, Status};
use campana_core::{Command, NoticeKind, Reply, View};
use campana_protocol::governance::Role;
use campana_protocol::id::{IncidentId, PublicKey};
use campana_protocol::report::{Finding, Method};
use campana_tests::rig::Relay;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use crate::device::{Device, Shown, device, form};

/// Measures `alerts` alerts in a network of `members` devices.
pub(crate) fn alert(members: usize, alerts: usize) -> Value {
    let directory = tempfile::tempdir().expect("a directory");
    let relay = Relay::start_for_a_crowd(directory.path());
    let link = relay.invitation.clone().expect("a fresh relay has an invitation");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(&relay.listening, link, members, alerts))
}

async fn measure(address: &str, link: String, members: usize, alerts: usize) -> Value {
    let (shown, mut seen) = mpsc::unbounded_channel();
    // Joining is heavy and not what is measured: a few at a time.
    let gate = Arc::new(Semaphore::new(64));
    let start = |seed| device(address.to_owned(), seed, shown.clone(), gate.clone());
    let founder = start(0);
    let network =
        Command::Start { link, name: "Bench".into(), committee_size: 1, threshold: 1, verify_threshold: 2 };
    founder.command(network).await;
    founder.until("the network", |view| view.stage == Stage::Member && view.unsent == 0).await;
    let invite = Command::Invite { lifetime_ms: 86_400_000, committee: false };
    let Some(Reply::Invite { link, .. }) = founder.command(invite).await else { panic!("an invite") };
    let others: Vec<Device> = (1..members as u64).map(start).collect();
    for (number, other) in others.iter().enumerate() {
        other.command(Command::Join { link: link.clone(), handle: format!("member {number}") }).await;
    }
    let expected = members - 1;
    let waiting = move |view: &View| {
        let people = view.committee.as_ref().map_or(&[][..], |committee| &committee.people);
        people.iter().filter(|person| person.state == PersonState::Waiting).count() == expected
    };
    founder.until("everybody's request", waiting).await;
    let admission = Instant::now();
    founder.command(Command::Admit(Who::Everybody)).await;
    for other in &others {
        other.until("an admission", |view| view.stage == Stage::Member && view.caught_up).await;
    }
    let admitted_s = admission.elapsed().as_secs_f64();
    for verifier in &others[..2] {
        let person = verifier.view().await.me.as_deref().and_then(PublicKey::parse).expect("a key");
        founder.command(Command::Grant { person, role: Role::Verifier }).await;
        verifier.until("a role", |view| view.roles == ["verifier"] && view.caught_up).await;
    }
    for other in &others {
        other.until("quiet", |view| view.caught_up && view.unsent == 0).await;
    }

    let mut runs = Vec::new();
    for _ in 0..alerts {
        let Some(Reply::Incident(incident)) = others[2].command(Command::Report(form())).await else {
            panic!("a report")
        };
        for verifier in &others[..2] {
            verifier.until("the report", move |view| has(view, incident, Status::Unverified)).await;
        }
        let attest = Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson };
        others[0].command(attest.clone()).await;
        others[1]
            .until("the first confirmation", move |view| {
                view.incidents.iter().any(|other| other.id == incident.to_string() && other.missing == 1)
            })
            .await;
        let decided = Instant::now();
        others[1].command(attest).await;
        let mut all = Vec::with_capacity(members);
        while all.len() < members {
            let next = tokio::time::timeout(Duration::from_secs(120), seen.recv()).await;
            let next = next.expect("every device shows the alert").expect("the devices run");
            if next.kind == NoticeKind::Alert {
                all.push(next);
            }
        }
        runs.push(split(decided, &all));
    }
    let median = |name: &str| {
        let mut values: Vec<f64> = runs.iter().filter_map(|run: &Value| run[name].as_f64()).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    json!({
        "bench": "alert",
        "members": members,
        "admitted_s": round(admitted_s),
        "last_ms": median("last_ms"),
        "p50_ms": median("p50_ms"),
        "p99_ms": median("p99_ms"),
        "relay_ms": median("relay_ms"),
        "core_us": median("core_us"),
        "core_all_ms": median("core_all_ms"),
        "scheduling_ms": median("scheduling_ms"),
        "runs": runs,
    })
}

fn split(decided: Instant, all: &[Shown]) -> Value {
    let ms = |moment: Instant| (moment - decided).as_secs_f64() * 1e3;
    let mut done: Vec<f64> = all.iter().map(|shown| ms(shown.done)).collect();
    done.sort_by(f64::total_cmp);
    let last = done.last().copied().unwrap_or_default();
    let received = all.iter().map(|shown| ms(shown.received)).fold(0.0, f64::max);
    let core: f64 = all.iter().map(|shown| shown.turn.as_secs_f64() * 1e3).sum();
    json!({
        "last_ms": round(last),
        "p50_ms": round(done[done.len() / 2]),
        "p99_ms": round(done[done.len() * 99 / 100]),
        // Until the last device had the bytes; other devices' turns ran meanwhile.
        "relay_ms": round(received),
        "core_us": round(core * 1e3 / all.len() as f64),
        "core_all_ms": round(core),
        "scheduling_ms": round((last - received).max(0.0)),
    })
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn has(view: &View, incident: IncidentId, status: Status) -> bool {
    view.incidents.iter().any(|other| other.id == incident.to_string() && other.status == status)
}
