//! A relay for one Wi-Fi, from the page that a phone opens first to a member who is in.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use campana_relay::tls::lan::address;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::TlsConnector;

use crate::device::{ACCESS, Device};
use crate::process::{BINARY, Process};
use crate::trust::trusting;

fn start(data: &Path) -> Process {
    let address = address::find().expect("this machine is on a local network");
    let any = SocketAddr::new(address, 0).to_string();
    Process::start_with(Command::new(BINARY), data, &["--listen", &any, "--redirect-listen", &any, "lan"])
}

fn get(address: SocketAddr, path: &str, language: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).expect("connects");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: relay\r\nAccept-Language: {language}\r\nConnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_trusts_it_by_the_page_and_is_in() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let mut relay = start(&data);
    let page = relay.redirect.expect("a page");
    let fingerprint = relay.fingerprint.clone().expect("a fingerprint");
    for (language, word) in [("es-MX", "Descargar el certificado"), ("en", "Download the certificate")] {
        let (head, body) = get(page, "/", language);
        let body = String::from_utf8(body).expect("text");
        assert!(head.contains("default-src 'none'") && !head.contains("strict-transport"), "{head}");
        assert!(body.contains(word) && body.contains(&fingerprint), "{body}");
        assert!(body.contains(&format!("https://{}/", relay.address)), "{body}");
    }
    let (head, authority) = get(page, "/campana.crt", "es");
    assert!(head.contains("content-type: application/x-x509-ca-cert"), "{head}");

    let trust = trusting(CertificateDer::from(authority.clone()));
    for reader in 0..2 {
        let stream = tokio::net::TcpStream::connect(relay.address).await.expect("connects");
        let name = ServerName::from(relay.address.ip());
        let stream = TlsConnector::from(Arc::clone(&trust)).connect(name, stream).await.expect("trusted");
        let device = Device::over(stream).await;
        match reader {
            0 => drop(device.owning(relay.invitation.as_deref()).await),
            _ => {
                let mut member = device;
                member.prove(ACCESS).await;
            }
        }
    }

    // The next evening nobody has to trust it again.
    relay.terminate();
    relay.wait();
    let again = start(&data);
    assert_eq!(again.fingerprint.as_deref(), Some(&*fingerprint));
    assert_eq!(get(again.redirect.expect("a page"), "/campana.crt", "en").1, authority);
}
