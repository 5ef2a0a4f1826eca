//! Real cores with connections of their own, for benches.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use campana_core::command::ReportForm;
use campana_core::{Command, Core, Effect, Input, NoticeKind, Reply, Turn, VaultKey, View};
use campana_protocol::report::{Activity, Setting, Size, Unit, When};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

/// What a device is asked.
pub(crate) enum Ask {
    Command(Command, oneshot::Sender<Option<Reply>>),
    View(oneshot::Sender<View>),
    Rows(oneshot::Sender<Rows>),
}

/// What a device has stored, sealed with [`VAULT`].
pub(crate) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

pub(crate) const VAULT: [u8; 32] = [3; 32];

/// A notice as one device saw it.
pub(crate) struct Shown {
    pub(crate) kind: NoticeKind,
    pub(crate) received: Instant,
    pub(crate) done: Instant,
    pub(crate) turn: Duration,
}

/// A device at work.
#[derive(Clone)]
pub(crate) struct Device(mpsc::Sender<Ask>, Arc<AtomicU64>);

impl Device {
    pub(crate) async fn command(&self, command: Command) -> Option<Reply> {
        let (answer, reply) = oneshot::channel();
        self.0.send(Ask::Command(command, answer)).await.expect("the device runs");
        reply.await.expect("the device answers")
    }

    pub(crate) async fn view(&self) -> View {
        let (answer, view) = oneshot::channel();
        self.0.send(Ask::View(answer)).await.expect("the device runs");
        view.await.expect("the device answers")
    }

    pub(crate) async fn rows(&self) -> Rows {
        let (answer, rows) = oneshot::channel();
        self.0.send(Ask::Rows(answer)).await.expect("the device runs");
        rows.await.expect("the device answers")
    }

    /// Bytes of frames that the relay has sent it.
    pub(crate) fn received(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&View) -> bool) {
        let until = Instant::now() + Duration::from_secs(1_800);
        while !holds(&self.view().await) {
            assert!(Instant::now() < until, "{what} never happened");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(crate) fn form() -> ReportForm {
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
pub(crate) fn device(
    address: String,
    seed: u64,
    shown: mpsc::UnboundedSender<Shown>,
    gate: Arc<Semaphore>,
) -> Device {
    let (ask, mut asked) = mpsc::channel::<Ask>(4);
    let bytes_received = Arc::<AtomicU64>::default();
    let count = Arc::clone(&bytes_received);
    tokio::spawn(async move {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let mut core = Core::new(VaultKey(VAULT), bytes);
        let mut rows = Rows::new();
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
                        count.fetch_add(frame.len() as u64, Ordering::Relaxed);
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
                    Some(Ask::Rows(answer)) => {
                        let _ = answer.send(rows.clone());
                        continue;
                    }
                    None => return,
                },
                () = tokio::time::sleep(pause) => turn(&mut core, Input::Tick),
            };
            let (Turn { changes, effects, wake: next, .. }, took) = turn;
            for change in changes {
                match change.value {
                    Some(value) => rows.insert(change.key, value),
                    None => rows.remove(&change.key),
                };
            }
            wake = next;
            for effect in effects {
                match effect {
                    Effect::Send(frame) => {
                        socket.send(Message::binary(frame)).await.expect("the relay listens")
                    }
                    Effect::Notify(notice) => {
                        let (kind, done) = (notice.kind, Instant::now());
                        let received = received.unwrap_or(done);
                        let _ = shown.send(Shown { kind, received, done, turn: took });
                        wake = turn_quietly(&mut core, Input::Shown(notice)).or(wake);
                    }
                    // What the old connection had proved belongs to a membership that is over.
                    Effect::Reconnect => {
                        let again =
                            tokio_tungstenite::connect_async(format!("ws://{address}/v1/relay")).await;
                        socket = again.expect("the relay answers").0;
                        let _ = core.turn(now(), Input::Connected);
                    }
                    // Nobody turns alerts on here.
                    Effect::Subscribe(_) | Effect::Unsubscribe => {}
                }
            }
        }
    });
    Device(ask, bytes_received)
}

pub(crate) fn turn(core: &mut Core, input: Input) -> (Turn, Duration) {
    let start = Instant::now();
    (core.turn(now(), input), start.elapsed())
}

fn turn_quietly(core: &mut Core, input: Input) -> Option<u64> {
    core.turn(now(), input).wake
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
