//! The relay with a certificate of its own.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use campana_protocol::frame::RelayFrame;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::device::{Device, entry};
use crate::process::{BINARY, Process};
use crate::trust::trusting;

const HOST: &str = "relay.example";
const PLACES: usize = 40;

struct Stage {
    process: Process,
    root: tempfile::TempDir,
    trust: Arc<ClientConfig>,
}

/// A certificate that trusts itself, for so many days from yesterday, and a client that trusts it.
fn certificate(folder: &Path, host: &str, days: i64) -> Arc<ClientConfig> {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
    params.not_before = time::OffsetDateTime::now_utc() - time::Duration::DAY;
    params.not_after = params.not_before + time::Duration::days(days);
    let pem = params.self_signed(&key).expect("signed").pem();
    std::fs::write(folder.join("cert.pem"), &pem).expect("written");
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("written");
    trusting(CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate"))
}

fn stage(days: i64) -> Stage {
    let root = tempfile::tempdir().expect("a directory");
    let trust = certificate(root.path(), HOST, days);
    let app = root.path().join("app");
    std::fs::create_dir(&app).expect("made");
    std::fs::write(app.join("index.html"), "the app").expect("written");
    // More than sockets hold between them.
    std::fs::write(app.join("large.bin"), vec![b'x'; 24 << 20]).expect("written");
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| root.path().join(name));
    let paths = [&cert, &key, &app].map(|path| path.to_str().expect("a path"));
    let flags = [
        ["--tls-cert", paths[0], "--tls-key", paths[1]],
        ["--public-url", "https://relay.example", "--redirect-listen", "127.0.0.1:0"],
        ["--max-connections", "40", "--app-dir", paths[2]],
    ];
    let flags = flags.as_flattened();
    let process = Process::start_with(Command::new(BINARY), &root.path().join("data"), flags);
    Stage { process, root, trust }
}

impl Stage {
    async fn device(&self) -> Device {
        self.device_trusting(&self.trust).await.expect("a session")
    }

    async fn device_trusting(&self, trust: &Arc<ClientConfig>) -> Option<Device> {
        let stream = tokio::net::TcpStream::connect(self.process.address).await.expect("connects");
        let name = ServerName::try_from(HOST).expect("a name");
        let stream = TlsConnector::from(Arc::clone(trust)).connect(name, stream).await.ok()?;
        Some(Device::over(stream).await)
    }

    /// Head and body.
    fn page(&self, path: &str) -> (String, String) {
        let name = ServerName::try_from(HOST).expect("a name");
        let client = ClientConnection::new(Arc::clone(&self.trust), name).expect("a client");
        let stream = TcpStream::connect(self.process.address).expect("connects");
        ask(StreamOwned::new(client, stream), path)
    }

    async fn a_member_is_in(&self) {
        let began = Instant::now();
        let entering = async {
            let mut member = self.device().await;
            member.prove(crate::device::ACCESS).await;
            member.send(&entry(9, 1, 100)).await.expect("sent");
            assert!(matches!(member.hear().await, Some(RelayFrame::Appended { .. })));
        };
        tokio::time::timeout(Duration::from_secs(10), entering).await.expect("in within ten seconds");
        println!("a member was in after {:?}", began.elapsed());
    }
}

fn ask(mut stream: impl Read + Write, path: &str) -> (String, String) {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n").expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a body");
    (head.to_ascii_lowercase(), body.to_owned())
}

fn plainly(address: SocketAddr, path: &str) -> String {
    ask(TcpStream::connect(address).expect("connects"), path).0
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_and_pages_come_by_https_and_everybody_else_is_sent_there() {
    let stage = stage(90);
    drop(stage.device().await.owning(stage.process.invitation.as_deref()).await);
    stage.a_member_is_in().await;

    let (head, body) = stage.page("/");
    assert!(head.starts_with("http/1.1 200") && body == "the app", "{head}");
    assert!(head.contains("strict-transport-security: max-age=31536000\r\n"), "{head}");
    assert!(!head.contains("includesubdomains"), "{head}");

    // Another port, and the same one by somebody who typed no scheme.
    for address in [stage.process.redirect.expect("a redirect"), stage.process.address] {
        let head = plainly(address, "/?fbclid=x");
        assert!(head.starts_with("http/1.1 308"), "{head}");
        assert!(head.contains("location: https://relay.example/?fbclid=x\r\n"), "{head}");
        assert!(!head.contains("strict-transport-security"), "it counts for nothing there: {head}");
    }
    assert_eq!(stage.process.health(), (200, r#"{"status":"ok"}"#.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_and_nobody_is_cut_off() {
    let stage = stage(90);
    let mut owner = stage.device().await.owning(stage.process.invitation.as_deref()).await;
    let other = certificate(stage.root.path(), "other.example", 90);
    stage.process.signal("HUP");
    while !stage.process.log().contains("cannot be used") {
        tokio::task::yield_now().await;
    }
    assert!(stage.process.log().contains("not for relay.example"), "{}", stage.process.log());
    assert!(stage.device_trusting(&other).await.is_none());
    drop(stage.device().await);

    let renewed = certificate(stage.root.path(), HOST, 90);
    stage.process.signal("HUP");
    while !stage.process.log().contains("was read again") {
        tokio::task::yield_now().await;
    }
    assert!(stage.device_trusting(&renewed).await.is_some());
    // The one of before is not believed by those who know it alone, but whoever is connected stays.
    assert!(stage.device_trusting(&fresh(&stage.trust)).await.is_none());
    owner.send(&entry(9, 1, 100)).await.expect("sent");
    assert!(matches!(owner.hear().await, Some(RelayFrame::Appended { .. })));
}

/// Without what it remembers of earlier sessions.
fn fresh(trust: &Arc<ClientConfig>) -> Arc<ClientConfig> {
    let mut config = ClientConfig::clone(trust);
    config.resumption = rustls::client::Resumption::disabled();
    Arc::new(config)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_renewed_is_red_before_it_ends() {
    // Of ten days nine are left, of one day nothing.
    for (days, status) in [(10, 200), (1, 503)] {
        let stage = stage(days);
        let (answered, body) = stage.process.health();
        assert_eq!(answered, status, "{days} days: {body}");
        assert_eq!(body.contains(r#""certificate":"expiring""#), status == 503, "{body}");
        let metrics = stage.process.metrics();
        let red = format!("campana_relay_certificate_expiring {}\n", u8::from(status == 503));
        assert!(metrics.contains(&red), "{metrics}");
        let line =
            metrics.lines().find(|line| line.starts_with("campana_relay_certificate_not_after_seconds "));
        let ends: i64 = line.and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a time");
        let left = ends - time::OffsetDateTime::now_utc().unix_timestamp();
        assert!((left - (days - 1) * 86_400).abs() < 60, "{left}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_in_though_strangers_hold_all_places_by_handshakes_that_never_end() {
    let stage = stage(90);
    drop(stage.device().await.owning(stage.process.invitation.as_deref()).await);
    let mut strangers = Vec::new();
    let mut sessions = Vec::new();
    for number in 0..2 * PLACES {
        match number % 5 {
            // Nothing, the first byte of a handshake, and a record whose rest never comes.
            0 => strangers.push(stranger(stage.process.address, b"")),
            1 => strangers.push(stranger(stage.process.address, &[22])),
            2 => strangers.push(stranger(stage.process.address, &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])),
            // A session in which nothing is asked, and one whose answer is never read.
            kind => {
                let stream = tokio::net::TcpStream::connect(stage.process.address).await.expect("connects");
                let name = ServerName::try_from(HOST).expect("a name");
                let connector = TlsConnector::from(Arc::clone(&stage.trust));
                let mut session = connector.connect(name, stream).await.expect("a session");
                if kind == 4 {
                    let request = b"GET /large.bin HTTP/1.1\r\nHost: relay\r\n\r\n";
                    session.write_all(request).await.expect("sent");
                    // It has begun, unless its place is gone.
                    let _ = session.read(&mut [0; 64]).await;
                }
                sessions.push(session);
            }
        }
    }
    stage.a_member_is_in().await;
    // The first has lost its place long ago, and its connection with it.
    let first = strangers.first_mut().expect("one");
    first.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
    let ended = first.read(&mut [0; 64]);
    assert!(!matches!(&ended, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock), "{ended:?}");
    // And each of them is gone soon, whether or not others need its place.
    let began = Instant::now();
    for mut stranger in strangers {
        stranger.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        // An alert of TLS at most.
        let mut rest = Vec::new();
        let _ = stranger.read_to_end(&mut rest);
        assert!(rest.len() < 64, "{rest:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

fn stranger(address: SocketAddr, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the relay listens");
    stream.write_all(first).expect("sent");
    stream
}

#[test]
fn what_cannot_be_served_is_one_sentence_at_the_start() {
    let root = tempfile::tempdir().expect("a directory");
    certificate(root.path(), HOST, 90);
    let start = |flags: &[&str]| {
        let relay = Command::new(BINARY)
            .current_dir(root.path())
            .args(["--listen", "127.0.0.1:0"])
            .args(flags)
            .output();
        let relay = relay.expect("runs");
        assert!(!relay.status.success());
        String::from_utf8_lossy(&relay.stderr).into_owned()
    };
    let pair = ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--public-url"];
    for (flags, sentence) in [
        (["--tls-cert", "cert.pem"].as_slice(), "the setting tls_key must be given"),
        (&pair[..4], "the setting public_url must be given"),
        (&[&pair[..], &["http://relay.example"]].concat(), "the setting public_url must begin with https://"),
        (&[&pair[..], &["https://other.example"]].concat(), "the certificate is not for other.example"),
        (
            &["--tls-cert", "none.pem", "--tls-key", "key.pem", "--public-url", "https://relay.example"],
            "none.pem cannot be read",
        ),
        (&["--acme", "192.168.1.5"], "the setting acme must be a host name"),
        (&["--redirect-listen", "127.0.0.1:0"], "the setting redirect_listen needs an https:// public_url"),
        (
            &["lan", "--listen", "8.8.8.8:7843"],
            "the setting listen must be this machine's address on a local",
        ),
        (&["lan", "--public-url", "https://relay.example"], "the setting public_url must be left out"),
    ] {
        let said = start(flags);
        assert!(said.contains(sentence), "{flags:?}: {said}");
    }
}
