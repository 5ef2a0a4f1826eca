//! From a report that is tapped to the notice of each verifier's open app, over WebSocket, with real
//! cores and the real relay's process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use campana_core::command::Who;
use campana_core::view::{PersonState, Stage};
use campana_core::{Command, NoticeKind, Reply, View};
use campana_protocol::governance::Role;
use campana_protocol::id::PublicKey;
use campana_tests::rig::Relay;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use crate::device::{Device, device, form};

/// Measures so many reports in a network of `members` devices of which some verify.
pub(crate) fn desk(members: usize, verifiers: usize, reports: usize) -> Value {
    let directory = tempfile::tempdir().expect("a directory");
    let relay = Relay::start_for_a_crowd(directory.path());
    let link = relay.invitation.clone().expect("a fresh relay has an invitation");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(&relay.listening, link, (members, verifiers, reports)))
}

async fn measure(address: &str, link: String, (members, verifiers, reports): (usize, usize, usize)) -> Value {
    assert!(members >= verifiers + 2, "a founder and a reporter besides the verifiers");
    let (shown, mut seen) = mpsc::unbounded_channel();
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
    founder.command(Command::Admit(Who::Everybody)).await;
    for other in &others {
        other.until("an admission", |view| view.stage == Stage::Member && view.caught_up).await;
    }
    for verifier in &others[..verifiers] {
        let person = verifier.view().await.me.as_deref().and_then(PublicKey::parse).expect("a key");
        founder.command(Command::Grant { person, role: Role::Verifier }).await;
        verifier.until("a role", |view| view.roles == ["verifier"] && view.caught_up).await;
    }
    for other in &others {
        other.until("quiet", |view| view.caught_up && view.unsent == 0).await;
    }

    let mut times = Vec::new();
    // Each reporter so many that none of their own gives way.
    let reporters = &others[verifiers..];
    for number in 0..reports {
        let tapped = Instant::now();
        let Some(Reply::Incident(_)) =
            reporters[number % reporters.len()].command(Command::Report(form())).await
        else {
            panic!("a report")
        };
        for _ in 0..verifiers {
            let next = tokio::time::timeout(Duration::from_secs(60), async {
                loop {
                    let shown: crate::device::Shown = seen.recv().await.expect("devices run");
                    if shown.kind == NoticeKind::Report {
                        return shown;
                    }
                }
            });
            let notified = next.await.expect("each verifier is notified");
            times.push((notified.done - tapped).as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    json!({
        "bench": "desk",
        "members": members,
        "verifiers": verifiers,
        "reports": reports,
        "report_to_notified_p50_ms": at(50).round(),
        "report_to_notified_p95_ms": at(95).round(),
        "report_to_notified_last_ms": at(100).round(),
    })
}
