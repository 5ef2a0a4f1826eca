//! One publisher, N subscribers: from the publish to the last receipt, against bare TCP.
//!
//! In each round the relay and the bare server take turns, each with fresh connections, so that
//! what else the machine does falls on both. A publish to the relay is durable before anybody is
//! sent it, and bare TCP has nothing to make durable: so the time an append takes when nobody
//! listens (`durable_ms`) is taken off for `ratio`; `ratio_with_durability` leaves it in.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::RecordId;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::ceiling::MESSAGE;
use super::client::{Blocking, channel, lengths, subscriber, tcp};
use super::process::Process;
use super::{median, quantile, rounded};

/// What to measure.
pub(crate) struct Args {
    /// Subscribers.
    pub(crate) subscribers: usize,
    /// Messages per round.
    pub(crate) messages: usize,
    /// Rounds; medians are over them.
    pub(crate) rounds: usize,
}

/// Bytes of an entry's body.
const BODY: usize = 512;

/// Measures; see the module.
pub(crate) fn fanout(args: &Args) -> Result<Value, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut relay = Relay::start(args.subscribers)?;
    let durable_ms = relay.durable_ms(50)?;
    let mut rounds = Vec::new();
    let mut rss = None;
    for round in 0..args.rounds {
        let before = relay.process.rss()?;
        let subscribers = relay.subscribers(&runtime, args.subscribers)?;
        std::thread::sleep(Duration::from_secs(1));
        // Only the first round's connections are new memory; later ones use what was freed.
        let grown = relay.process.rss()?.saturating_sub(before) / args.subscribers as u64;
        let idle = *rss.get_or_insert(grown);
        let relayed = relay.publish(&subscribers, args.messages)?;
        drop(subscribers);
        let tasks = bare(&runtime, args, false)?;
        let one_loop = bare(&runtime, args, true)?;
        eprintln!(
            "round {round}: relay {:.1} ms, bare TCP {:.1} ms, bare loop {:.1} ms, {idle} B/connection",
            median(&relayed.last),
            median(&tasks.last),
            median(&one_loop.last)
        );
        rounds.push((relayed, tasks, one_loop));
    }
    let over =
        |value: &dyn Fn(&(Run, Run, Run)) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>());
    Ok(json!({
        "subscribers": args.subscribers,
        "messages": args.messages * args.rounds,
        "body_bytes": BODY,
        "durable_ms": rounded(durable_ms),
        "append_ms": rounded(over(&|r| median(&r.0.acked))),
        "p50_ms": rounded(over(&|r| median(&r.0.p50))),
        "p99_ms": rounded(over(&|r| median(&r.0.p99))),
        "last_ms": rounded(over(&|r| median(&r.0.last))),
        "tcp_last_ms": rounded(over(&|r| median(&r.1.last))),
        "tcp_loop_last_ms": rounded(over(&|r| median(&r.2.last))),
        "ratio": rounded(over(&|r| (median(&r.0.last) - durable_ms) / median(&r.1.last))),
        "ratio_with_durability": rounded(over(&|r| median(&r.0.last) / median(&r.1.last))),
        "ratio_to_loop": rounded(over(&|r| (median(&r.0.last) - durable_ms) / median(&r.2.last))),
        "cpu_us_per_delivery": rounded(over(&|r| r.0.cpu_us)),
        "tcp_cpu_us_per_delivery": rounded(over(&|r| r.1.cpu_us)),
        "rss_per_connection_bytes": rss,
    }))
}

/// One turn of one server: per message.
#[derive(Default)]
struct Run {
    acked: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    last: Vec<f64>,
    cpu_us: f64,
}

/// What all subscribers of a server report to.
struct Board {
    began: Instant,
    /// When each received the message that is out, in microseconds since `began`.
    at: Vec<AtomicU64>,
    missing: AtomicUsize,
    all: Notify,
}

/// Subscribers that read until dropped.
struct Subscribers {
    board: Arc<Board>,
    tasks: tokio::task::JoinSet<()>,
    runtime: tokio::runtime::Handle,
}

impl Subscribers {
    fn new(runtime: &tokio::runtime::Runtime, streams: Vec<TcpStream>, fixed: Option<usize>) -> Self {
        let board = Arc::new(Board {
            began: Instant::now(),
            at: streams.iter().map(|_| AtomicU64::new(0)).collect(),
            missing: AtomicUsize::new(0),
            all: Notify::new(),
        });
        let mut tasks = tokio::task::JoinSet::new();
        for (index, stream) in streams.into_iter().enumerate() {
            tasks.spawn_on(receive(stream, fixed, index, Arc::clone(&board)), runtime.handle());
        }
        Self { board, tasks, runtime: runtime.handle().clone() }
    }

    /// Publishes by `publish`, waits for all, adds to `run`.
    fn measure(&self, run: &mut Run, publish: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let count = self.board.at.len();
        self.board.missing.store(count, Ordering::SeqCst);
        let began = self.board.began.elapsed().as_micros() as u64;
        publish()?;
        run.acked.push((self.board.began.elapsed().as_micros() as u64 - began) as f64 / 1_000.0);
        self.runtime.block_on(async {
            let all = async {
                while self.board.missing.load(Ordering::SeqCst) > 0 {
                    let _ = tokio::time::timeout(Duration::from_millis(500), self.board.all.notified()).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(60), all).await
        })?;
        let since = |at: &AtomicU64| at.load(Ordering::SeqCst).saturating_sub(began) as f64 / 1_000.0;
        let mut times: Vec<f64> = self.board.at.iter().map(since).collect();
        times.sort_by(f64::total_cmp);
        run.p50.push(quantile(&times, 0.5));
        run.p99.push(quantile(&times, 0.99));
        run.last.push(quantile(&times, 1.0));
        Ok(())
    }
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        self.tasks.abort_all();
        self.runtime.block_on(async { while self.tasks.join_next().await.is_some() {} });
    }
}

/// Counts messages: of `fixed` length, or WebSocket messages.
async fn receive(mut stream: TcpStream, fixed: Option<usize>, index: usize, board: Arc<Board>) {
    let mut buffer = [0; 1_024];
    let mut held = 0;
    while let Ok(got) = stream.read(&mut buffer[held..]).await {
        if got == 0 {
            return;
        }
        held += got;
        let whole = match fixed {
            Some(length) => Some(length),
            None => lengths(&buffer[..held]).map(|(header, body)| header + body),
        };
        if let Some(whole) = whole
            && held >= whole
        {
            buffer.copy_within(whole..held, 0);
            held -= whole;
            board.at[index].store(board.began.elapsed().as_micros() as u64, Ordering::SeqCst);
            if board.missing.fetch_sub(1, Ordering::SeqCst) == 1 {
                board.all.notify_one();
            }
        }
    }
}

/// The relay with its publisher.
struct Relay {
    process: Process,
    publisher: Blocking,
    published: u64,
}

impl Relay {
    fn start(connections: usize) -> Result<Self, Box<dyn std::error::Error>> {
        let process = Process::relay(connections)?;
        let mut publisher = Blocking::connect(process.address)?;
        let secret = process.invitation.as_deref().ok_or("no invitation")?;
        let secret = URL_SAFE_NO_PAD.decode(secret)?.try_into().map_err(|_| "not a secret")?;
        publisher.found(secret)?;
        publisher.prove()?;
        Ok(Self { process, publisher, published: 0 })
    }

    /// How long an append takes to be acknowledged while nobody listens: the median.
    fn durable_ms(&mut self, times: usize) -> io::Result<f64> {
        let mut taken = Vec::new();
        for _ in 0..times {
            let began = Instant::now();
            self.append()?;
            taken.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
        Ok(median(&taken))
    }

    fn append(&mut self) -> io::Result<()> {
        self.published += 1;
        let frame = ClientFrame::Append {
            request: 9,
            channel: channel(),
            record: RecordId(u128::from(self.published).to_be_bytes()),
            class: Class::Update,
            control_seq: 0,
            rotate: None,
            body: vec![7; BODY].into(),
        };
        match self.publisher.ask(&frame)? {
            RelayFrame::Appended { .. } => Ok(()),
            other => Err(io::Error::other(format!("not appended: {other:?}"))),
        }
    }

    fn subscribers(&self, runtime: &tokio::runtime::Runtime, count: usize) -> io::Result<Subscribers> {
        let (address, after) = (self.process.address, self.published);
        let streams = connect(runtime, count, || subscriber(address, after))?;
        Ok(Subscribers::new(runtime, streams, None))
    }

    fn publish(&mut self, subscribers: &Subscribers, messages: usize) -> io::Result<Run> {
        let mut run = Run::default();
        let before = self.process.cpu_us()?;
        for _ in 0..messages {
            subscribers.measure(&mut run, || self.append())?;
        }
        let spent = self.process.cpu_us()? - before;
        run.cpu_us = spent as f64 / (messages * subscribers.board.at.len()) as f64;
        Ok(run)
    }
}

/// A turn of bare TCP.
fn bare(runtime: &tokio::runtime::Runtime, args: &Args, in_a_loop: bool) -> io::Result<Run> {
    let process = Process::ceiling(in_a_loop)?;
    let address = process.address;
    let streams = connect(runtime, args.subscribers, || async move {
        let mut stream = tcp(address).await?;
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"S").await?;
        stream.read_u8().await?;
        Ok(stream)
    })?;
    let subscribers = Subscribers::new(runtime, streams, Some(MESSAGE));
    let mut publisher = std::net::TcpStream::connect(address)?;
    publisher.set_nodelay(true)?;
    publisher.write_all(b"P")?;
    let mut run = Run::default();
    let before = process.cpu_us()?;
    for _ in 0..args.messages {
        subscribers.measure(&mut run, || publisher.write_all(&[7; MESSAGE]))?;
    }
    let spent = process.cpu_us()? - before;
    run.cpu_us = spent as f64 / (args.messages * args.subscribers) as f64;
    Ok(run)
}

/// Connects `count` times, some at once.
fn connect<F>(
    runtime: &tokio::runtime::Runtime,
    count: usize,
    one: impl Fn() -> F,
) -> io::Result<Vec<TcpStream>>
where
    F: Future<Output = io::Result<TcpStream>> + Send + 'static,
{
    const AT_ONCE: usize = 64;
    runtime.block_on(async {
        let mut streams = Vec::with_capacity(count);
        for begin in (0..count).step_by(AT_ONCE) {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in begin..count.min(begin + AT_ONCE) {
                tasks.spawn(one());
            }
            while let Some(connected) = tasks.join_next().await {
                streams.push(connected.map_err(io::Error::other)??);
            }
        }
        Ok(streams)
    })
}
