//! One WebSocket to the relay: binary messages in order, nothing else.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use campana_protocol::limits::MAX_FRAME;
use futures_util::{FutureExt, SinkExt, StreamExt, stream::SplitStream};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{self, Message, protocol::WebSocketConfig};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use crate::dial::{Way, host_and_port};

/// A connection takes three round trips; on a bad line, seconds.
const PATIENCE: Duration = Duration::from_secs(15);
/// Under the half minute after which careless middleboxes forget a connection.
const PING: Duration = Duration::from_secs(25);
/// Two pings without any answer: the line is dead, whatever the system says.
const SILENCE: Duration = Duration::from_secs(60);
/// Most messages and bytes of one turn, so that a long catch-up is written in steps.
const BATCH_MESSAGES: usize = 256;
const BATCH_BYTES: usize = 4 * MAX_FRAME;

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It can't be made.
    #[error("can't reach the relay: {0}")]
    Unreachable(String),
    /// What answers sends elsewhere: a login page, or an address that has moved.
    #[error("the address redirects to {0}")]
    Redirected(String),
    /// What answers is no relay: a login page, or a proxy that does not pass WebSockets on.
    #[error("what answers is no relay: {0}")]
    NotARelay(String),
    /// Its certificate is not from an authority that this device trusts, or is another's.
    #[error("the relay's certificate is not trusted: {0}")]
    Certificate(String),
    /// The proxy.
    #[error("the proxy: {0}")]
    Proxy(String),
    /// It ended.
    #[error("the relay closed the connection: {0}")]
    Closed(String),
    /// Nothing comes any more.
    #[error("the line to the relay is dead")]
    Silent,
}

impl Lost {
    /// The stable word for scripts and message keys.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Redirected(_) => "redirected",
            Self::NotARelay(_) => "not-a-relay",
            Self::Certificate(_) => "certificate",
            Self::Proxy(_) => "proxy",
            Self::Closed(_) => "closed",
            Self::Silent => "silent",
        }
    }

    /// Every word.
    pub const WORDS: &'static [&'static str] =
        &["unreachable", "redirected", "not-a-relay", "certificate", "proxy", "closed", "silent"];

    /// What the system, the proxy or the other end says of it.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Unreachable(text)
            | Self::Redirected(text)
            | Self::NotARelay(text)
            | Self::Certificate(text)
            | Self::Proxy(text)
            | Self::Closed(text) => text,
            Self::Silent => "",
        }
    }
}

/// How this device reaches its relay.
#[derive(Debug, Clone)]
pub struct Network {
    tls: Arc<ClientConfig>,
    way: Way,
}

impl Default for Network {
    fn default() -> Self {
        Self { tls: tls(Vec::new()), way: Way::default() }
    }
}

impl Network {
    /// Through a proxy, if one is given, and trusting the certificates of a file besides the public
    /// authorities'.
    ///
    /// # Errors
    /// The file can't be read, or no certificate is in it.
    pub fn new(proxy: Option<String>, authorities: Option<&Path>) -> std::io::Result<Self> {
        let more = match authorities {
            None => Vec::new(),
            Some(path) => {
                let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
                let more: Vec<_> = read.map_err(|error| std::io::Error::other(error.to_string()))?;
                if more.is_empty() {
                    return Err(std::io::Error::other("no certificate is in it"));
                }
                more
            }
        };
        Ok(Self { tls: tls(more), way: Way { given: proxy } })
    }
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open connection.
pub(crate) struct Socket {
    incoming: SplitStream<Stream>,
    outgoing: mpsc::UnboundedSender<Message>,
    heard: Instant,
    pinged: Instant,
}

impl Socket {
    /// Connects to `<relay>/v1/relay`.
    pub(crate) async fn connect(relay: &str, network: &Network) -> Result<Self, Lost> {
        let stream = timeout(PATIENCE, opened(relay, network))
            .await
            .map_err(|_| Lost::Unreachable("no answer".into()))??;
        let (mut sink, incoming) = stream.split();
        let (outgoing, mut queue) = mpsc::unbounded_channel();
        // Writes have a task of their own: a relay that waits for us to read must not find us
        // waiting for it to read. The queue is bounded by what the core has unanswered.
        tokio::spawn(async move {
            while let Some(message) = queue.recv().await {
                if sink.send(message).await.is_err() {
                    return;
                }
            }
            let _ = sink.close().await;
        });
        let now = Instant::now();
        Ok(Self { incoming, outgoing, heard: now, pinged: now })
    }

    /// Queues a message. If the connection has ended, [`Self::batch`] says so.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        let _ = self.outgoing.send(Message::binary(bytes));
    }

    /// Waits for messages and takes all that are there. Can be dropped and called again.
    pub(crate) async fn batch(&mut self) -> Result<Vec<Vec<u8>>, Lost> {
        let mut batch = Vec::new();
        while batch.is_empty() {
            let due = (self.pinged + PING).min(self.heard + SILENCE);
            let message = tokio::select! {
                message = self.incoming.next() => message,
                () = tokio::time::sleep_until(due) => {
                    self.keep_alive()?;
                    continue;
                }
            };
            self.take(message, &mut batch)?;
        }
        let mut bytes: usize = batch.iter().map(Vec::len).sum();
        while batch.len() < BATCH_MESSAGES && bytes < BATCH_BYTES {
            let Some(message) = self.incoming.next().now_or_never() else { break };
            let before = batch.len();
            if self.take(message, &mut batch).is_err() {
                break; // What has arrived counts; the end shows again at the next call.
            }
            bytes += batch[before..].iter().map(Vec::len).sum::<usize>();
        }
        Ok(batch)
    }

    fn keep_alive(&mut self) -> Result<(), Lost> {
        if self.heard.elapsed() >= SILENCE {
            return Err(Lost::Silent);
        }
        self.pinged = Instant::now();
        let _ = self.outgoing.send(Message::Ping(Vec::new().into()));
        Ok(())
    }

    fn take(
        &mut self,
        message: Option<Result<Message, tungstenite::Error>>,
        batch: &mut Vec<Vec<u8>>,
    ) -> Result<(), Lost> {
        self.heard = Instant::now();
        match message {
            Some(Ok(Message::Binary(bytes))) => batch.push(bytes.into()),
            Some(Ok(Message::Text(_))) => return Err(Lost::Closed("it sent text".into())),
            Some(Ok(Message::Close(frame))) => {
                return Err(Lost::Closed(
                    frame.map_or_else(|| "no reason".into(), |frame| frame.code.to_string()),
                ));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(Lost::Closed(error.to_string())),
            None => return Err(Lost::Closed("end of stream".into())),
        }
        Ok(())
    }
}

async fn opened(relay: &str, network: &Network) -> Result<Stream, Lost> {
    let wrong = || Lost::Unreachable(format!("not an address: {relay}"));
    let (scheme, rest) = relay.split_once("://").ok_or_else(wrong)?;
    let (secure, socket, port) = match scheme {
        "https" => (true, "wss", 443),
        "http" => (false, "ws", 80),
        _ => return Err(wrong()),
    };
    let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = host_and_port(authority, port).ok_or_else(wrong)?;
    let stream = network.way.reach(secure, &host, port).await?;
    let config = WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
    let connector = Connector::Rustls(Arc::clone(&network.tls));
    let address = format!("{socket}://{rest}/v1/relay");
    let opening = client_async_tls_with_config(address, stream, Some(config), Some(connector));
    opening.await.map(|(stream, _)| stream).map_err(named)
}

/// What answered instead of a relay, by its name.
fn named(error: tungstenite::Error) -> Lost {
    let text = error.to_string();
    match error {
        tungstenite::Error::Http(answer) if answer.status().is_redirection() => {
            let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
            Lost::Redirected(to.unwrap_or("?").to_owned())
        }
        tungstenite::Error::Http(answer) => Lost::NotARelay(format!("HTTP {}", answer.status())),
        tungstenite::Error::Protocol(_) | tungstenite::Error::HttpFormat(_) => Lost::NotARelay(text),
        tungstenite::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(_)) => Lost::Certificate(text),
            Some(rustls::Error::InvalidMessage(_)) => Lost::NotARelay(text),
            _ => Lost::Unreachable(text),
        },
        _ => Lost::Unreachable(text),
    }
}

fn tls(more: Vec<CertificateDer<'static>>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(more);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What a client says of somebody who answers so.
    async fn met(answer: &'static str) -> Lost {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let relay = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut request = [0; 64];
            let read = stream.read(&mut request).await.expect("a request");
            assert!(read > 0);
            stream.write_all(answer.as_bytes()).await.expect("an answer");
            // The client ends it.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        match Socket::connect(&relay, &Network::default()).await {
            Ok(_) => panic!("no relay answered"),
            Err(lost) => lost,
        }
    }

    #[tokio::test]
    async fn what_answers_instead_of_a_relay_is_named() {
        let login = "HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(met(login).await, Lost::Redirected("http://login.example/".into()));
        let page = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(met(page).await, Lost::NotARelay("HTTP 200 OK".into()));
        let proxy = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(met(proxy).await.word(), "not-a-relay");
        assert_eq!(met("SSH-2.0-OpenSSH_9.2\r\n\r\n").await.word(), "not-a-relay");
    }

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        assert!(
            Network::new(None, Some(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")))).is_err()
        );
        assert!(Network::new(None, Some(Path::new("/no/such/file"))).is_err());
    }
}
