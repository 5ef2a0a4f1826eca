//! Real browsers that were told to trust an authority for one Wi-Fi: its address opens, nothing else does.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use campana_relay::tls::lan::authority::Authority;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::programs::Running;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// From the start of a browser to its first request, on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// What became of a browser's connection.
#[derive(Debug, PartialEq, Eq)]
enum Met {
    /// It asked for a page: it trusts the certificate.
    Asked,
    /// It ended the handshake: it does not.
    Refused,
}

/// A server with a certificate for `name` that `authority` has signed.
fn server(authority: &Authority, name: &str) -> (SocketAddr, Receiver<Met>) {
    let signed = authority.sign(name).expect("signed");
    let chain = CertificateDer::from_pem_slice(signed.certificate.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("a pair");
    let config = Arc::new(config);
    let listener = TcpListener::bind((ADDRESS, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let (met, meetings) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, met) = (Arc::clone(&config), met.clone());
            std::thread::spawn(move || {
                let connection = ServerConnection::new(config).expect("a connection");
                let mut stream = StreamOwned::new(connection, stream.expect("a stream"));
                let mut request = [0; 4_096];
                let said = match stream.read(&mut request) {
                    Ok(length) if request[..length].starts_with(b"GET ") => Met::Asked,
                    // Opened in advance, and not needed.
                    Ok(_) => return,
                    Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Met::Refused,
                    Err(_) => return,
                };
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
                let _ = met.send(said);
            });
        }
    });
    (address, meetings)
}

/// A store of certificates as both browsers keep it, which trusts this one for web sites.
fn trusting(folder: &Path, root: &Path) {
    std::fs::create_dir_all(folder).expect("made");
    let store = format!("sql:{}", folder.display());
    for arguments in [
        ["-N", "--empty-password"].as_slice(),
        &["-A", "-n", "campana", "-t", "C,,", "-i", root.to_str().expect("a path")],
    ] {
        let mut command = Command::new("certutil");
        let ended = command.args(["-d", &store]).args(arguments).status();
        let ended = ended.unwrap_or_else(|error| {
            panic!("certutil does not start ({error}): apt-get install libnss3-tools")
        });
        assert!(ended.success(), "{arguments:?}");
    }
}

fn chromium(home: &Path, url: &str) -> Running {
    let mut command = Command::new("chromium");
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", home.join("chromium").display()))
        .args(["--remote-debugging-port=0", url])
        .env("HOME", home)
        .env_remove("XDG_DATA_HOME")
        .stderr(std::process::Stdio::null());
    Running::start(command, "chromium")
}

fn firefox(home: &Path, url: &str) -> Running {
    let mut command = Command::new("firefox-esr");
    command
        .args(["--headless", "--no-remote", "--profile"])
        .arg(home.join("firefox"))
        .arg(url)
        .env("HOME", home)
        .stderr(std::process::Stdio::null());
    Running::start(command, "firefox-esr")
}

fn is_believed_for_its_address_alone(browser: fn(&Path, &str) -> Running, store: &str) {
    let root = tempfile::tempdir().expect("a directory");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let authority = Authority::new(ADDRESS, now).expect("made");
    let pem = root.path().join("authority.pem");
    std::fs::write(&pem, authority.pem()).expect("written");
    // Without it, its address is refused as well: the second is due to it alone.
    for (trusted, name, expected) in [
        (false, "127.0.0.1", Met::Refused),
        (true, "127.0.0.1", Met::Asked),
        (true, "localhost", Met::Refused),
    ] {
        // Of its own for each: browsers try again by themselves.
        let (address, meetings) = server(&authority, name);
        let url = format!("https://{name}:{}/", address.port());
        let home = tempfile::tempdir().expect("a directory");
        if trusted {
            trusting(&home.path().join(store), &pem);
        } else {
            std::fs::create_dir_all(home.path().join(store)).expect("made");
        }
        let browser = browser(home.path(), &url);
        match meetings.recv_timeout(SOON) {
            Ok(met) => assert_eq!(met, expected, "{url}, trusted: {trusted}"),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => panic!("nobody came to {url}"),
        }
        drop(browser);
    }
}

#[test]
fn chromium_believes_it_for_its_address_alone() {
    is_believed_for_its_address_alone(chromium, ".local/share/pki/nssdb");
}

#[test]
fn firefox_believes_it_for_its_address_alone() {
    is_believed_for_its_address_alone(firefox, "firefox");
}
