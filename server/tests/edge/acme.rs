//! A certificate from pebble, Let's Encrypt's own test authority, which asks on TLS-ALPN-01 as it does.

use core::time::Duration;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::device::Device;
use crate::process::{BINARY, Process};
use crate::programs::{Running, free_port, listening, tls};
use crate::trust::trusting;

const HOST: &str = "relay.example.org";
/// So short that a renewal is due within the test: after two thirds of it.
const LIFE_SECONDS: u64 = 45;

struct Authority {
    folder: PathBuf,
    directory: SocketAddr,
    management: SocketAddr,
    names: SocketAddr,
    /// Where it asks: the relay's port.
    asks: u16,
    own: CertificateDer<'static>,
}

impl Authority {
    /// Writes what pebble reads: its own certificate, and where it listens and asks.
    fn new(folder: &Path) -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).expect("signed");
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        let leaf = params.signed_by(&key, &issuer).expect("signed");
        std::fs::write(folder.join("root.pem"), root.pem()).expect("written");
        std::fs::write(folder.join("pebble.pem"), leaf.pem()).expect("written");
        std::fs::write(folder.join("pebble.key"), key.serialize_pem()).expect("written");
        let authority = Self {
            folder: folder.to_path_buf(),
            directory: local(free_port()),
            management: local(free_port()),
            names: every_name_leads_here(),
            asks: free_port(),
            own: root.der().clone(),
        };
        let config = serde_json::json!({ "pebble": {
            "listenAddress": authority.directory.to_string(),
            "managementListenAddress": authority.management.to_string(),
            "certificate": folder.join("pebble.pem"),
            "privateKey": folder.join("pebble.key"),
            "httpPort": free_port(),
            "tlsPort": authority.asks,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": LIFE_SECONDS,
        }});
        std::fs::write(folder.join("pebble.json"), config.to_string()).expect("written");
        authority
    }

    fn start(&self) -> Running {
        let mut command = Command::new("pebble");
        command
            .arg("-config")
            .arg(self.folder.join("pebble.json"))
            .args(["-strict", "-dnsserver", &self.names.to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .stdout(std::fs::File::create(self.folder.join("pebble.log")).expect("a log"));
        let mut pebble = Running::start(command, "pebble");
        listening(self.directory, &mut pebble, &self.folder.join("pebble.log"));
        pebble
    }

    fn relay(&self, data: &Path) -> Process {
        let directory = format!("https://{}/dir", self.directory);
        let listen = format!("127.0.0.1:{}", self.asks);
        let root = self.folder.join("root.pem");
        let flags = [
            ["--acme", HOST, "--acme-directory", &directory, "--acme-ca", root.to_str().expect("a path")],
            [
                "--listen",
                &listen,
                "--redirect-listen",
                "127.0.0.1:0",
                "--acme-contact",
                "mailto:me@example.org",
            ],
        ];
        Process::start_with(Command::new(BINARY), data, flags.as_flattened())
    }

    /// A client that trusts what pebble signs with since its start.
    async fn trust(&self) -> Arc<ClientConfig> {
        let mut stream =
            tls(self.management, "127.0.0.1", &trusting(self.own.clone())).await.expect("a session");
        let request = b"GET /roots/0 HTTP/1.1\r\nHost: pebble\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.expect("sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        trusting(CertificateDer::from_pem_slice(&answer).expect("a root"))
    }
}

/// A name server that says 127.0.0.1 of everything.
fn every_name_leads_here() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            let Some(end) = query.get(12..length).and_then(|rest| rest.iter().position(|byte| *byte == 0))
            else {
                continue;
            };
            let question = &query[12..12 + end + 5];
            // RFC 1035: the same id, one question, one answer if an IPv4 address was asked for.
            let of_address = question[question.len() - 4..] == [0, 1, 0, 1];
            let mut answer = query[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, u8::from(of_address), 0, 0, 0, 0]);
            answer.extend(question);
            if of_address {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

fn until(what: &str, process: &Process, limit: Duration, holds: impl Fn(&Process) -> bool) {
    let began = Instant::now();
    while !holds(process) {
        assert!(began.elapsed() < limit, "no {what}: {}", process.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("{what} after {:?}", began.elapsed());
}

fn certificates(process: &Process) -> usize {
    process.log().matches("there is a new certificate").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ordered_kept_renewed_and_missed() {
    let root = tempfile::tempdir().expect("a directory");
    let authority = Authority::new(root.path());
    let data = root.path().join("data");

    // The authority is not there: the relay says so, serves on, and tries again once it is asked to.
    let mut relay = authority.relay(&data);
    until("failure", &relay, Duration::from_secs(20), |relay| relay.log().contains("ordering again"));
    assert!(relay.metrics().contains("campana_relay_certificate_failures_total 1\n"));
    assert!(relay.metrics().contains("campana_relay_certificate_not_after_seconds 0\n"));
    assert_eq!(relay.health().0, 503);
    let pebble = authority.start();
    relay.signal("HUP");
    until("certificate", &relay, Duration::from_secs(60), |relay| certificates(relay) == 1);

    let trust = authority.trust().await;
    let stream = tls(relay.address, HOST, &trust).await.expect("a session");
    drop(Device::over(stream).await.owning(relay.invitation.as_deref()).await);
    assert_eq!(relay.health().0, 200);
    assert!(tls(relay.address, "other.example.org", &trust).await.is_err());
    let folder = data.join("acme").join(format!("127.0.0.1-{}", authority.directory.port()));
    for file in ["account.json", "certificate.pem"] {
        let mode = std::fs::metadata(folder.join(file)).expect("kept").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }

    // A restart orders nothing: the certificate is there at once.
    let account = std::fs::read(folder.join("account.json")).expect("read");
    relay.terminate();
    relay.wait();
    let relay = authority.relay(&data);
    let member = tls(relay.address, HOST, &trust).await.expect("a session");
    let mut member = Device::over(member).await;
    member.prove(crate::device::ACCESS).await;
    assert_eq!(certificates(&relay), 1, "of the first start: {}", relay.log());

    // It is renewed before it ends, and whoever is connected stays.
    until("renewal", &relay, Duration::from_secs(LIFE_SECONDS), |relay| certificates(relay) == 2);
    assert_eq!(relay.health().0, 200);
    drop(tls(relay.address, HOST, &trust).await.expect("a session"));
    member.send(&crate::device::entry(9, 1, 100)).await.expect("sent");
    assert!(member.hear().await.is_some());
    assert_eq!(std::fs::read(folder.join("account.json")).expect("read"), account);

    // A renewal that fails is said, tried again, and red before the end.
    drop(pebble);
    until("failing renewal", &relay, Duration::from_secs(LIFE_SECONDS), |relay| {
        relay.log().contains("the certificate was not renewed; ordering again")
    });
    assert_eq!(relay.health().0, 200, "a third of its life is left");
    until("red", &relay, Duration::from_secs(LIFE_SECONDS), |relay| relay.health().0 == 503);
    drop(tls(relay.address, HOST, &trust).await.expect("it has not ended yet"));

    // Pebble forgets accounts when it ends, as an authority may delete one: another is made.
    let _pebble = authority.start();
    relay.signal("HUP");
    until("certificate of a new account", &relay, Duration::from_secs(60), |relay| certificates(relay) == 3);
    assert_ne!(std::fs::read(folder.join("account.json")).expect("read"), account);
    assert_eq!(relay.health().0, 200);
}
