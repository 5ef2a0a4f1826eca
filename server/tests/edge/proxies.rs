//! The files of `server/proxy`, each in the real proxy before the real relay.

use core::time::Duration;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use campana_protocol::frame::RelayFrame;
use rcgen::{CertificateParams, KeyPair};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::device::{ACCESS, Device, entry};
use crate::process::{BINARY, Process};
use crate::programs::{Running, free_port, listening};
use crate::trust::trusting;

const HOST: &str = "relay.example";
/// Longer than any time-out in the files, and than the relay waits for a sign of life.
const SILENT: Duration = Duration::from_secs(100);
/// Where these clients come from: found again wherever it was written.
const CLIENT: &str = "127.0.0.9";
const SPOOFED: &str = "203.0.113.66";

struct Proxy {
    folder: PathBuf,
    https: SocketAddr,
    http: SocketAddr,
    trust: Arc<ClientConfig>,
    /// Runs it before the relay that is at this address.
    start: fn(&Self, SocketAddr) -> Running,
}

fn local(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

impl Proxy {
    fn new(folder: &Path, start: fn(&Self, SocketAddr) -> Running) -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![HOST.to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("signed");
        std::fs::write(folder.join("cert.pem"), certificate.pem()).expect("written");
        std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("written");
        std::fs::write(folder.join("both.pem"), certificate.pem() + &key.serialize_pem()).expect("written");
        let trust = trusting(certificate.der().clone());
        let (https, http) = (local(free_port()), local(free_port()));
        Self { folder: folder.to_path_buf(), https, http, trust, start }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("a path").to_owned()
    }

    /// A file of `server/proxy` with some of its lines changed. Each must be there.
    fn configured(&self, name: &str, relay: SocketAddr, changes: &[(&str, String)]) -> String {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy").join(name);
        let mut text = std::fs::read_to_string(file).expect("read");
        for (from, to) in changes.iter().chain([&("127.0.0.1:7800", relay.to_string())]) {
            assert!(text.contains(from), "{name} has no {from:?}");
            text = text.replace(from, to);
        }
        std::fs::write(self.folder.join(name), text).expect("written");
        self.path(name)
    }

    fn run(&self, mut command: Command, package: &str) -> Running {
        let said = std::fs::File::create(self.folder.join("said")).expect("a log");
        command.stdout(said.try_clone().expect("a log")).stderr(said).env("HOME", &self.folder);
        let mut running = Running::start(command, package);
        for address in [self.https, self.http] {
            listening(address, &mut running, &self.folder.join("said"));
        }
        running
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        let name = ServerName::try_from(HOST).expect("a name");
        let stream = from_client(self.https).await;
        TlsConnector::from(Arc::clone(&self.trust)).connect(name, stream).await.expect("a session")
    }

    async fn ask(&self, request: String) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        answer(stream).await
    }
}

async fn from_client(to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{CLIENT}:0").parse().expect("an address")).expect("bound");
    socket.connect(to).await.expect("connects")
}

async fn answer(mut stream: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut bytes = Vec::new();
    // A proxy may close without TLS's own farewell.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{more}Connection: close\r\n\r\n")
}

fn nginx(proxy: &Proxy, relay: SocketAddr) -> Running {
    let listen = |address: SocketAddr, tls: &str| format!("listen {address}{tls};");
    let site = proxy.configured(
        "nginx.conf",
        relay,
        &[
            ("listen 80;", listen(proxy.http, "")),
            ("listen [::]:80;", String::new()),
            ("listen 443 ssl;", listen(proxy.https, " ssl")),
            ("listen [::]:443 ssl;", String::new()),
            ("/etc/letsencrypt/live/relay.example/fullchain.pem", proxy.path("cert.pem")),
            ("/etc/letsencrypt/live/relay.example/privkey.pem", proxy.path("key.pem")),
        ],
    );
    // Debian's own file around it, without what is not about this. Its logs are on, as there.
    let around = format!(
        "daemon off; pid nginx.pid; user root; error_log error.log;\n\
         events {{ worker_connections 768; }}\n\
         http {{ access_log access.log; client_body_temp_path body; proxy_temp_path proxy; \
         fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi; include {site}; }}\n"
    );
    let main = proxy.folder.join("main.conf");
    std::fs::write(&main, around).expect("written");
    let mut command = Command::new("nginx");
    command.arg("-p").arg(&proxy.folder).arg("-e").arg(proxy.path("error.log")).arg("-c").arg(main);
    proxy.run(command, "nginx")
}

fn caddy(proxy: &Proxy, relay: SocketAddr) -> Running {
    let own = format!(
        "{{\n\tadmin off\n\tskip_install_trust\n\thttp_port {}\n\thttps_port {}\n",
        proxy.http.port(),
        proxy.https.port()
    );
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| proxy.path(name));
    let config = proxy.configured(
        "Caddyfile",
        relay,
        &[
            ("here.\n{\n", format!("here.\n{own}")),
            ("\nrelay.example {\n", format!("\nrelay.example {{\n\ttls {cert} {key}\n")),
        ],
    );
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config", &config]);
    command.env("XDG_DATA_HOME", &proxy.folder).env("XDG_CONFIG_HOME", &proxy.folder);
    proxy.run(command, "caddy")
}

fn haproxy(proxy: &Proxy, relay: SocketAddr) -> Running {
    let config = proxy.configured(
        "haproxy.cfg",
        relay,
        &[
            ("bind :::80 v4v6", format!("bind {}", proxy.http)),
            ("bind :::443 v4v6", format!("bind {}", proxy.https)),
            ("/etc/haproxy/relay.example.pem", proxy.path("both.pem")),
        ],
    );
    let mut command = Command::new("haproxy");
    command.args(["-db", "-f", &config]);
    proxy.run(command, "haproxy")
}

/// A member who says nothing for longer than any time-out, and is still there.
async fn a_member_stays(proxy: &Proxy) {
    let mut member = Device::over(proxy.connect().await).await;
    member.prove(ACCESS).await;
    assert!(tokio::time::timeout(SILENT, member.hear()).await.is_err(), "cut off, or something was said");
    member.send(&entry(9, rand(proxy), 60_000)).await.expect("sent");
    assert!(matches!(member.hear().await, Some(RelayFrame::Appended { .. })));
}

/// A record that no other proxy's member has written.
fn rand(proxy: &Proxy) -> u128 {
    proxy.https.port().into()
}

async fn carries_the_relay(start: fn(&Proxy, SocketAddr) -> Running) {
    let root = tempfile::tempdir().expect("a directory");
    let (app, folder) = (root.path().join("app"), root.path().join("proxy"));
    for folder in [&app, &folder] {
        std::fs::create_dir(folder).expect("made");
    }
    std::fs::write(app.join("index.html"), "the app").expect("written");
    let flags = ["--public-url", "https://relay.example", "--app-dir", app.to_str().expect("a path")];
    let relay = Process::start_with(Command::new(BINARY), &root.path().join("data"), &flags);
    let proxy = Proxy::new(&folder, start);
    let running = (proxy.start)(&proxy, relay.address);

    let page = proxy.ask(get("/", "")).await;
    assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("the app"), "{page}");
    let strict = page.to_ascii_lowercase().matches("strict-transport-security: max-age=31536000").count();
    assert_eq!(strict, 1, "{page}");
    let mut plain = from_client(proxy.http).await;
    plain.write_all(get("/?fbclid=x", "").as_bytes()).await.expect("sent");
    let sent = answer(plain).await;
    assert!(sent.starts_with("HTTP/1.1 308"), "{sent}");
    let to = sent.to_ascii_lowercase();
    assert!(to.contains("location: https://relay.example") && to.contains("/?fbclid=x\r\n"), "{sent}");
    let body = format!(
        "POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n{}",
        "x".repeat(100_000)
    );
    let refused = proxy.ask(body).await;
    // 413; Caddy notices while it sends it on, and says 502.
    assert!(
        ["413", "502"].iter().any(|status| refused.starts_with(&format!("HTTP/1.1 {status}"))),
        "{refused}"
    );

    drop(Device::over(proxy.connect().await).await.owning(relay.invitation.as_deref()).await);
    a_member_stays(&proxy).await;

    // The relay is gone: that too must not write down who asked.
    drop(relay);
    let gone = proxy.ask(get("/", "")).await;
    assert!(gone.starts_with("HTTP/1.1 50"), "{gone}");
    drop(running);
    names_no_client(&folder);

    // What a relay is told of a client, who says of itself that it is somebody else.
    let heard = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let _running = (proxy.start)(&proxy, heard.local_addr().expect("an address"));
    let asking = proxy.ask(get("/", &format!("X-Forwarded-For: {SPOOFED}\r\nForwarded: for={SPOOFED}\r\n")));
    let listening = async {
        let (mut stream, _) = heard.accept().await.expect("a request");
        let mut request = vec![0; 8_192];
        let length = stream.read(&mut request).await.expect("read");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.expect("sent");
        String::from_utf8_lossy(&request[..length]).into_owned()
    };
    let both = async { tokio::join!(asking, listening) };
    let (_, request) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("a request");
    println!("{request}");
    assert!(request.starts_with("GET / HTTP/1.1"), "{request}");
    assert!(!request.contains(CLIENT) && !request.contains(SPOOFED), "{request}");
}

fn names_no_client(folder: &Path) {
    let files = std::fs::read_dir(folder).expect("there").map(|file| file.expect("a file").path());
    for file in files.filter(|file| file.is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("read")).into_owned();
        assert!(!text.contains(CLIENT), "{} names a client: {text}", file.display());
    }
}

async fn within(carrying: impl Future<Output = ()>) {
    tokio::time::timeout(SILENT + Duration::from_secs(60), carrying).await.expect("in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_carries_the_relay() {
    within(carries_the_relay(nginx)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caddy_carries_the_relay() {
    within(carries_the_relay(caddy)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_carries_the_relay() {
    within(carries_the_relay(haproxy)).await;
}
