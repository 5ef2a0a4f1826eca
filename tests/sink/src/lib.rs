//! A push service on this machine, for tests and benches: TLS by an authority of its own, HTTP/2
//! and HTTP/1.1, and it does what it is told to.

mod phone;

use core::convert::Infallible;
use core::net::SocketAddr;
use core::time::Duration;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{LOCATION, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use self::phone::Phone;

/// A certificate authority that lives as long as a test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl core::fmt::Debug for Authority {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Authority(..)")
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// If the system gives no randomness.
    #[must_use]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("signed").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes its certificate, for `--push-ca`.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, &self.pem).expect("written");
    }

    fn config(&self, host: &str, protocols: &[&str]) -> ServerConfig {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .expect("a certificate");
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

/// The longest body that Mozilla's push service bridges to Firefox for Android: the least that any
/// service takes.
pub const LONGEST_BODY: usize = 3_015;

/// A request that came.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Arrival {
    /// Path and query.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// When it had come whole.
    pub at: Instant,
    /// How it was answered (`None`: not at all).
    pub status: Option<u16>,
}

/// What is done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "what a test can ask for")]
pub enum Behaviour {
    /// Answers with a status.
    Answer(u16),
    /// Answers with a status and `Retry-After`, seconds.
    Later(u16, u64),
    /// Answers 302 to this address.
    Redirect(String),
    /// Never answers.
    Hang,
    /// Closes the connection.
    Close,
}

type Rule = Arc<dyn Fn(&str) -> Behaviour + Send + Sync>;

/// A running push service.
pub struct Sink {
    /// Its host name.
    pub host: String,
    /// Where it really is.
    pub address: SocketAddr,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

struct Inner {
    latency: Duration,
    rule: Mutex<Rule>,
    arrivals: Mutex<Vec<Arrival>>,
    connections: Mutex<u64>,
    changed: Notify,
}

impl core::fmt::Debug for Sink {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Sink({})", self.host)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sink {
    /// One that takes everything, `latency` after it came.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(authority: &Authority, host: &str, latency: Duration) -> Self {
        Self::serve(authority, host, latency, &["h2", "http/1.1"]).await
    }

    /// One that speaks HTTP/1.1 only.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start_http1(authority: &Authority, host: &str) -> Self {
        Self::serve(authority, host, Duration::ZERO, &["http/1.1"]).await
    }

    async fn serve(authority: &Authority, host: &str, latency: Duration, protocols: &[&str]) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(authority.config(host, protocols)));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner {
            latency,
            rule: Mutex::new(Arc::new(|_| Behaviour::Answer(201))),
            arrivals: Mutex::default(),
            connections: Mutex::new(0),
            changed: Notify::new(),
        });
        let serving = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(Arc::clone(&serving), acceptor.clone(), stream));
            }
        });
        Self { host: host.to_owned(), address, inner, task }
    }

    /// What is done with requests from now on, by path.
    pub fn behave(&self, rule: impl Fn(&str) -> Behaviour + Send + Sync + 'static) {
        *lock(&self.inner.rule) = Arc::new(rule);
    }

    /// `HOST=ADDRESS:PORT`, for `--push-resolve`.
    #[must_use]
    pub fn pin(&self) -> String {
        format!("{}={}", self.host, self.address)
    }

    /// An endpoint here.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> String {
        format!("https://{}/push/{name}", self.host)
    }

    /// All that has come so far.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        lock(&self.inner.arrivals).clone()
    }

    /// How many have come so far.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.inner.arrivals).len()
    }

    /// Forgets what has come.
    pub fn clear(&self) {
        lock(&self.inner.arrivals).clear();
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        *lock(&self.inner.connections)
    }

    /// Waits until `enough` says so of what has come. Whether it did within `limit`.
    pub async fn wait(&self, limit: Duration, enough: impl Fn(&[Arrival]) -> bool) -> bool {
        let waiting = async {
            loop {
                let mut changed = core::pin::pin!(self.inner.changed.notified());
                changed.as_mut().enable();
                if enough(&lock(&self.inner.arrivals)) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(limit, waiting).await.is_ok()
    }
}

/// A TLS server that does with each connection what it likes. Its address.
///
/// # Panics
/// If no port is free.
pub async fn raw<F>(
    authority: &Authority,
    host: &str,
    handle: impl Fn(TlsStream<TcpStream>) -> F + Send + Sync + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(Arc::new(authority.config(host, &["http/1.1"])));
    let socket = TcpSocket::new_v4().expect("a socket");
    // What is written is nearly what the other side has taken.
    socket.set_send_buffer_size(65_536).expect("set");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let listener = socket.listen(64).expect("listens");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(handle(stream));
            }
        }
    });
    address
}

async fn connection(inner: Arc<Inner>, acceptor: TlsAcceptor, stream: TcpStream) {
    *lock(&inner.connections) += 1;
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let closing = Arc::new(Notify::new());
    let (serving, close) = (Arc::clone(&inner), Arc::clone(&closing));
    let service = service_fn(move |request| answer(Arc::clone(&serving), Arc::clone(&close), request));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(256).initial_stream_window_size(65_536);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = serving => {}
        () = closing.notified() => {}
    }
}

async fn answer(
    inner: Arc<Inner>,
    closing: Arc<Notify>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let at = Instant::now();
    let rule = Arc::clone(&lock(&inner.rule));
    let behaviour = if body.len() > LONGEST_BODY { Behaviour::Answer(413) } else { rule(&path) };
    let status = match &behaviour {
        Behaviour::Answer(status) | Behaviour::Later(status, _) => Some(*status),
        Behaviour::Redirect(_) => Some(302),
        Behaviour::Hang | Behaviour::Close => None,
    };
    lock(&inner.arrivals).push(Arrival { path, headers: head.headers, body, at, status });
    inner.changed.notify_waiters();
    tokio::time::sleep(inner.latency).await;
    let mut response = Response::new(Full::default());
    *response.status_mut() =
        status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    match behaviour {
        Behaviour::Answer(_) => {}
        Behaviour::Later(_, seconds) => drop(response.headers_mut().insert(RETRY_AFTER, seconds.into())),
        Behaviour::Redirect(to) => {
            let to = to.parse().expect("an address");
            response.headers_mut().insert(LOCATION, to);
        }
        Behaviour::Close => {
            closing.notify_one();
            core::future::pending::<()>().await;
        }
        Behaviour::Hang => core::future::pending().await,
    }
    Ok(response)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
