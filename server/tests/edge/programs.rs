//! Programs of others, and what tests of them share.

use core::time::Duration;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A program that ends with the test.
pub(crate) struct Running(Child);

impl Running {
    /// `package`: Debian's, for those who lack it.
    pub(crate) fn start(mut command: Command, package: &str) -> Self {
        let program = command.get_program().to_owned();
        match command.stdin(Stdio::null()).spawn() {
            Ok(child) => Self(child),
            Err(error) => panic!("{program:?} does not start ({error}): apt-get install {package}"),
        }
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> bool {
        self.0.try_wait().expect("known").is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked to first: nginx's workers outlive a master that is killed.
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").args(["-s", "TERM", &pid]).status();
        let began = Instant::now();
        while !self.ended() {
            if began.elapsed() > Duration::from_secs(10) {
                let _ = self.0.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A port that was free a moment ago: these programs cannot say which one they took.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// Waits until it listens. `said`: where its words are.
pub(crate) fn listening(address: SocketAddr, program: &mut Running, said: &Path) {
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        if program.ended() || began.elapsed() > Duration::from_secs(20) {
            panic!("nobody listens on {address}: {}", std::fs::read_to_string(said).unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) async fn tls(
    address: SocketAddr,
    host: &'static str,
    trust: &Arc<ClientConfig>,
) -> std::io::Result<TlsStream<tokio::net::TcpStream>> {
    let stream = tokio::net::TcpStream::connect(address).await?;
    let name = ServerName::try_from(host).expect("a name");
    TlsConnector::from(Arc::clone(trust)).connect(name, stream).await
}
