//! The shell: a listener, a committer, a ticker, and an orderly end.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};

use crate::app::App;
use crate::bell::Bell;
use crate::clock::{Verdict, Watch};
use crate::config::Config;
use crate::metrics::count;
use crate::patience::{Counted, out_of_patience};
use crate::places::{Place, Places};
use crate::push::{Push, sender};
use crate::session::ConnectionId;
use crate::shared::Shared;
use crate::store::{Health, Store, WriteError};
use crate::tls::door::{Door, speaks_tls};
use crate::tls::held::Held;
use crate::tls::{Tls, lan, plain};
use crate::{backup, http, invitation, limits};

/// What a relay listens on.
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "the listeners there are")]
pub struct Listeners {
    /// For devices.
    pub devices: TcpListener,
    /// For the operator.
    pub metrics: Option<TcpListener>,
    /// For those who come without TLS: they are sent to https.
    pub plain: Option<TcpListener>,
}

/// What all connections' tasks share.
#[derive(Debug)]
pub(crate) struct Server<S> {
    pub(crate) shared: Arc<Shared<S>>,
    pub(crate) app: App,
    /// The certificate, where the relay has one.
    pub(crate) held: Option<Arc<Held>>,
    connected: AtomicU64,
    stopping: AtomicBool,
    open: Mutex<HashMap<ConnectionId, Bell>>,
}

impl<S: Store> Server<S> {
    pub(crate) fn enter(&self) -> ConnectionId {
        count(&self.shared.metrics.connections_total);
        self.shared.metrics.connections.fetch_add(1, Ordering::Relaxed);
        ConnectionId(self.connected.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Registers the bell that is rung when the relay stops.
    pub(crate) fn stay(&self, connection: ConnectionId, bell: Bell) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(connection, bell);
    }

    pub(crate) fn leave(&self, connection: ConnectionId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection);
        self.shared.metrics.connections.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        for bell in self.open.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bell.ring();
        }
    }

    fn nobody_left(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// The system's clock, Unix milliseconds.
#[must_use]
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Serves on `listeners` until `stop` resolves, then ends in order: no new connection, every
/// waiting write made durable and answered, every connection closed as going away.
///
/// # Errors
/// If the app or the certificates of push services cannot be read, or the commits or the listener
/// stopped working.
pub async fn serve<S: Store>(
    listeners: Listeners,
    tls: Option<Tls>,
    store: S,
    push: Arc<Push>,
    config: &Config,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let app = match &config.app_dir {
        Some(directory) => App::in_directory(directory)?,
        None => App::built_in(),
    };
    let shared = Arc::new(Shared::with_push(store, config.rates, Some(Arc::clone(&push))));
    let Listeners { devices, metrics, plain } = listeners;
    let public_url = config.public_url(devices.local_addr()?);
    let settings = config.push.sender(&public_url);
    let sender = sender::prepare(Arc::clone(&shared), push, &settings).map_err(io::Error::other)?;
    let server = Arc::new(Server {
        shared,
        app,
        held: tls.as_ref().map(Tls::held),
        connected: AtomicU64::new(0),
        stopping: AtomicBool::new(false),
        open: Mutex::default(),
    });
    let committer = tokio::spawn(commit(Arc::clone(&server.shared)));
    let abort_committer = committer.abort_handle();
    let (stop_sending, stopped) = watch::channel(false);
    let sender = tokio::spawn(sender.run(stopped));
    let ticker = tokio::spawn(tick(Arc::clone(&server.shared), config.data_dir.clone()));
    let to_https = match tls.as_ref().and_then(Tls::lan) {
        Some(lan) => lan::router(lan, &public_url),
        None => plain::redirecting(&public_url),
    };
    let entrance = Entrance {
        router: http::router(Arc::clone(&server), tls.as_ref().is_some_and(Tls::strict)),
        tls: tls.as_ref().map(|tls| (tls.door(), plain::redirecting(&public_url))),
    };
    let outcome = tokio::select! {
        () = stop => Ok(()),
        () = accept(devices, entrance, Arc::clone(&server), config.max_connections) => Ok(()),
        () = send_to_https(plain, to_https) => Ok(()),
        () = keep_fresh(tls, &server.shared) => Ok(()),
        () = failed(&server.shared) => Err(io::Error::other(
            "a write to the store failed, for which there is room now: ending, so that a supervisor starts the \
             relay again and the store is opened anew",
        )),
        () = measure(metrics, Arc::clone(&server)) => Ok(()),
        ended = committer => Err(io::Error::other(match ended {
            Ok(()) => "the committer ended".to_owned(),
            Err(error) => format!("the committer failed: {error}"),
        })),
    };
    tracing::info!("stopping");
    ticker.abort();
    server.stop();
    let _ = stop_sending.send(true);
    let deadline = Instant::now() + Duration::from_millis(limits::DRAIN_MS);
    while !server.nobody_left() && Instant::now() < deadline {
        sleep(Duration::from_millis(10)).await;
    }
    if timeout_at(deadline, sender).await.is_err() {
        tracing::error!("pushing did not end in time");
    }
    abort_committer.abort();
    // What came in too late for its connection to see the answer is still made durable.
    let shared = Arc::clone(&server.shared);
    let last = tokio::task::spawn_blocking(move || while shared.commit_waiting(now()) > 0 {});
    if timeout_at(deadline + Duration::from_millis(limits::DRAIN_MS), last).await.is_err() {
        tracing::error!("the last commit did not end in time");
    }
    outcome
}

/// Resolves once a write has failed and opening the store again may help. Without room it would not:
/// until there is some, reads are served.
async fn failed<S: Store>(shared: &Shared<S>) {
    let mut looks = interval(Duration::from_millis(limits::TICK_MS));
    while shared.store().health() != Health::Failed {
        looks.tick().await;
    }
}

/// One commit after the other: while one is on its way to disk, the next batch gathers.
async fn commit<S: Store>(shared: Arc<Shared<S>>) {
    loop {
        shared.work().rung().await;
        loop {
            let batch = shared.take_batch();
            if batch.is_empty() {
                break;
            }
            let on_disk = Arc::clone(&shared);
            let committing = tokio::task::spawn_blocking(move || {
                let began = Instant::now();
                let committed = on_disk.commit(now(), batch);
                let spent = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                on_disk.metrics.commit_ms_total.fetch_add(spent, Ordering::Relaxed);
                committed
            });
            match committing.await {
                Ok(committed) => shared.settle(committed),
                // The store turns an engine's panic into an error: this one is ours.
                Err(error) => {
                    tracing::error!(%error, "a commit panicked");
                    return;
                }
            }
        }
    }
}

async fn tick<S: Store>(shared: Arc<Shared<S>>, data_dir: std::path::PathBuf) {
    let mut ticks = interval(Duration::from_millis(limits::TICK_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut clock = Watch::after(shared.store().written_at());
    let mut said_far = false;
    loop {
        ticks.tick().await;
        let now = now();
        let verdict = clock.look(now);
        let far = shared.witnesses.look(now, std::time::Instant::now());
        if far && !said_far {
            tracing::error!(
                "push services or the owners of channels say that this machine's clock is more than 12 hours \
                 off: nothing that has expired is deleted until it is set right"
            );
        }
        said_far = far;
        if verdict == Verdict::Jumped {
            tracing::error!(
                "the clock jumped: nothing that has expired is deleted until it has run on for a day"
            );
        }
        let (shared, data_dir) = (Arc::clone(&shared), data_dir.clone());
        let ticking = tokio::task::spawn_blocking(move || {
            take_invitations(shared.store(), &data_dir);
            backup::answer_request(shared.store(), &data_dir);
            if far || verdict != Verdict::Trusted {
                return;
            }
            match shared.trim(now) {
                Ok(trimmed) if trimmed.rows > 0 => tracing::info!(rows = trimmed.rows, "trimmed"),
                Ok(_) => {}
                // It has been said, when the write failed.
                Err(_) if shared.store().health() != Health::Writable => {}
                Err(error) => tracing::error!(%error, "trimming failed"),
            }
        });
        if let Err(error) = ticking.await {
            tracing::error!(%error, "a tick panicked");
        }
    }
}

/// Takes invitations that were left into the store. Their files go once they are durable.
pub fn take_invitations<S: Store>(store: &S, data_dir: &std::path::Path) {
    let left = match invitation::left(data_dir) {
        Ok(left) => left,
        Err(error) => return tracing::error!(%error, "invitations that were left cannot be read"),
    };
    if left.is_empty() {
        return;
    }
    let (writes, files): (Vec<_>, Vec<_>) = left.into_iter().map(|left| (left.write, left.file)).unzip();
    let results: Vec<Result<_, WriteError>> = store.commit(now(), &writes);
    for (result, file) in results.iter().zip(files) {
        let removed = match result {
            Ok(_) => std::fs::remove_file(file).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = removed {
            tracing::error!(%error, "an invitation that was left cannot be taken in");
        }
    }
}

/// The certificate's renewal. Without one it waits for ever.
async fn keep_fresh<S: Store>(tls: Option<Tls>, shared: &Shared<S>) {
    match tls {
        Some(tls) => tls.keep_fresh(&shared.metrics).await,
        None => core::future::pending().await,
    }
}

/// How a connection of a device is answered.
#[derive(Clone)]
struct Entrance {
    router: axum::Router,
    /// Where there is a certificate: who shows it, and what those are answered who come without TLS.
    tls: Option<(Door, axum::Router)>,
}

async fn accept<S: Store>(
    listener: TcpListener,
    entrance: Entrance,
    server: Arc<Server<S>>,
    max_connections: u32,
) {
    // A u32 fits usize on every machine this runs on.
    let places = Places::new(max_connections as usize);
    let mut failures = Failures::default();
    loop {
        // The peer's address is dropped here: nothing after this line could store or log it.
        let stream = match listener.accept().await {
            Ok((stream, _)) => {
                failures = Failures::default();
                stream
            }
            Err(error) => {
                // Out of file descriptors, mostly: those who are connected go on.
                if failures.first() {
                    tracing::warn!(kind = %error.kind(), "connections cannot be accepted for now");
                }
                sleep(failures.pause()).await;
                continue;
            }
        };
        match places.enter() {
            Some(place) => serve_connection(stream, entrance.clone(), place),
            None => count(&server.shared.metrics.connections_refused_total),
        }
    }
}

/// Connections in a row that could not be accepted.
#[derive(Debug, Default)]
struct Failures(u32);

impl Failures {
    /// Whether this is the first: one line a time is enough in a log.
    fn first(&mut self) -> bool {
        self.0 = self.0.saturating_add(1);
        self.0 == 1
    }

    /// Backs off, up to a second.
    fn pause(&self) -> Duration {
        Duration::from_millis(limits::ACCEPT_AGAIN_MS << self.0.min(5))
    }
}

/// The operator's own listener. Without one it waits for ever.
async fn measure<S: Store>(listener: Option<TcpListener>, server: Arc<Server<S>>) {
    let Some(listener) = listener else { return core::future::pending().await };
    answer(listener, http::metrics_router(server), limits::MAX_METRICS_CONNECTIONS).await;
}

/// The listener for those who come without TLS. Without one it waits for ever.
async fn send_to_https(listener: Option<TcpListener>, router: axum::Router) {
    let Some(listener) = listener else { return core::future::pending().await };
    answer(listener, router, limits::MAX_PLAIN_CONNECTIONS).await;
}

/// A listener beside that of devices, with places of its own.
async fn answer(listener: TcpListener, router: axum::Router, most: usize) {
    let entrance = Entrance { router, tls: None };
    let places = Places::new(most);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Some(place) = places.enter() {
                    serve_connection(stream, entrance.clone(), place);
                }
            }
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

fn serve_connection(stream: TcpStream, entrance: Entrance, place: Place) {
    // Alerts are small and must not wait for more to be sent with them.
    let _ = stream.set_nodelay(true);
    let (stream, taken) = Counted::new(stream);
    let place = Arc::new(place);
    let Entrance { router, tls } = entrance;
    let router = router.layer(axum::Extension(Arc::clone(&place)));
    tokio::spawn(async move {
        let serving = async {
            match tls {
                None => serve_http(stream, router).await,
                Some((door, to_https)) => match speaks_tls(stream.inner()).await {
                    Some(true) => {
                        if let Some(stream) = door.open(stream).await {
                            serve_http(stream, router).await;
                        }
                    }
                    // An address typed without its scheme, mostly.
                    Some(false) => serve_http(stream, to_https).await,
                    None => {}
                },
            }
        };
        // The place is held from the first byte, so that a handshake that never ends gives way as a request
        // that never ends does. A connection that becomes a WebSocket is served elsewhere, and has its own
        // patience.
        tokio::select! {
            () = serving => {}
            () = place.gives_way() => {}
            () = out_of_patience(taken) => {}
        }
    });
}

async fn serve_http<IO>(stream: IO, router: axum::Router)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits::HANDSHAKE_MS))
        .max_buf_size(8_192)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    // A connection that breaks is its peer's business.
    let _ = serving.await;
}
