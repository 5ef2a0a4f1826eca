//! N real cores, each with its own connection, against the real relay's process: how long from
//! the deciding attestation until the last device has decrypted and checked the alert.
//!
//! Cores, sockets and relay share this machine's processors, so the split tells what a network of
//! phones would not share: `relay_ms` until the last device had the alert's bytes, `core_ms` the
//! time of one core's turn, `scheduling_ms` what is left.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use campana_core::command::{ReportForm, Who};
use campana_core::view::{PersonState, Stage, Status};
use campana_core::{Command, Core, Effect, Input, NoticeKind, Reply, Turn, VaultKey, View};
use campana_protocol::governance::Role;
use campana_protocol::id::{IncidentId, PublicKey};
use campana_protocol::report::{Activity, Finding, Method, Setting, Size, Unit, When};
use campana_tests::rig::Relay;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

/// A device's answer to [`Ask`].
enum Ask {
    Command(Command, oneshot::Sender<Option<Reply>>),
    View(oneshot::Sender<View>),
}

/// The alert as one device saw it.
struct Shown {
    received: Instant,
    done: Instant,
    turn: Duration,
}

#[derive(Clone)]
struct Device(mpsc::Sender<Ask>);

impl Device {
    async fn command(&self, command: Command) -> Option<Reply> {
        let (answer, reply) = oneshot::channel();
        self.0.send(Ask::Command(command, answer)).await.expect("the device runs");
        reply.await.expect("the device answers")
    }

    async fn view(&self) -> View {
        let (answer, view) = oneshot::channel();
        self.0.send(Ask::View(answer)).await.expect("the device runs");
        view.await.expect("the device answers")
    }

    async fn until(&self, what: &str, holds: impl Fn(&View) -> bool) {
        let until = Instant::now() + Duration::from_secs(1_800);
        while !holds(&self.view().await) {
            assert!(Instant::now() < until, "{what} never happened");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Measures `alerts` alerts in a network of `members` devices.
pub(crate) fn alert(members: usize, alerts: usize) -> Value {
    let directory = tempfile::tempdir().expect("a directory");
    let relay = Relay::start(directory.path());
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
            all.push(next.expect("every device shows the alert").expect("the devices run"));
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

fn form() -> ReportForm {
    ReportForm {
        drill: false,
        size: Size::Few,
        activities: vec![Activity::Detaining],
        setting: Setting::Work,
        zone: 0,
        units: vec![Unit::Ice],
        when: When::Now,
        equipment: Vec::new(),
        words: "the farm gate".into(),
    }
}

/// A device with its rows in memory (a phone's store is measured elsewhere).
fn device(address: String, seed: u64, shown: mpsc::UnboundedSender<Shown>, gate: Arc<Semaphore>) -> Device {
    let (ask, mut asked) = mpsc::channel::<Ask>(4);
    tokio::spawn(async move {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let mut core = Core::new(VaultKey([3; 32]), bytes);
        let permit = gate.acquire().await.expect("the gate is never closed");
        let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/v1/relay"))
            .await
            .expect("the relay answers");
        drop(permit);
        let mut wake: Option<u64> = None;
        let mut greeted = false;
        loop {
            let pause =
                wake.map_or(Duration::from_secs(3_600), |at| Duration::from_millis(at.saturating_sub(now())));
            let mut received = None;
            let turn = tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(frame))) => {
                        received = Some(Instant::now());
                        turn(&mut core, Input::Received(vec![frame.to_vec()]))
                    }
                    Some(Ok(_)) => continue,
                    _ => panic!("device {seed}: the relay hung up"),
                },
                ask = asked.recv() => match ask {
                    Some(Ask::Command(command, answer)) => {
                        let fresh = matches!(command, Command::Start { .. } | Command::Join { .. });
                        let mut first = turn(&mut core, Input::Command(command));
                        let _ = answer.send(first.0.reply.take().and_then(Result::ok));
                        if fresh && !greeted {
                            // A network to belong to: say hello again, now with keys to prove.
                            greeted = true;
                            let again = tokio_tungstenite::connect_async(format!("ws://{address}/v1/relay")).await;
                            socket = again.expect("the relay answers").0;
                            let _ = core.turn(now(), Input::Connected);
                        }
                        first
                    }
                    Some(Ask::View(answer)) => {
                        let _ = answer.send(core.view(now()));
                        continue;
                    }
                    None => return,
                },
                () = tokio::time::sleep(pause) => turn(&mut core, Input::Tick),
            };
            let (Turn { effects, wake: next, .. }, took) = turn;
            wake = next;
            for effect in effects {
                match effect {
                    Effect::Send(frame) => {
                        socket.send(Message::binary(frame)).await.expect("the relay listens")
                    }
                    Effect::Notify(notice) => {
                        if notice.kind == NoticeKind::Alert {
                            let done = Instant::now();
                            let _ =
                                shown.send(Shown { received: received.unwrap_or(done), done, turn: took });
                        }
                        wake = turn_quietly(&mut core, Input::Shown(notice)).or(wake);
                    }
                    Effect::Reconnect => panic!("device {seed}: refused"),
                }
            }
        }
    });
    Device(ask)
}

fn turn(core: &mut Core, input: Input) -> (Turn, Duration) {
    let start = Instant::now();
    (core.turn(now(), input), start.elapsed())
}

fn turn_quietly(core: &mut Core, input: Input) -> Option<u64> {
    core.turn(now(), input).wake
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
