//! One WebSocket to the relay: binary messages in order, nothing else.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use campana_protocol::limits::MAX_FRAME;
use futures_util::{FutureExt, SinkExt, StreamExt, stream::SplitStream};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

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
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// It can't be made.
    #[error("can't reach the relay: {0}")]
    Unreachable(String),
    /// It ended.
    #[error("the relay closed the connection: {0}")]
    Closed(String),
    /// Nothing comes any more.
    #[error("the line to the relay is dead")]
    Silent,
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
    pub(crate) async fn connect(relay: &str) -> Result<Self, Lost> {
        let address = match relay.split_once("://") {
            Some(("https", host)) => format!("wss://{host}/v1/relay"),
            Some(("http", host)) => format!("ws://{host}/v1/relay"),
            _ => return Err(Lost::Unreachable(format!("not an address: {relay}"))),
        };
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
        let connector = Connector::Rustls(tls());
        let connecting = connect_async_tls_with_config(address, Some(config), true, Some(connector));
        let (stream, _) = timeout(PATIENCE, connecting)
            .await
            .map_err(|_| Lost::Unreachable("no answer".into()))?
            .map_err(|error| Lost::Unreachable(error.to_string()))?;
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
        message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
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

fn tls() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    CONFIG
        .get_or_init(|| {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("ring speaks TLS 1.2 and 1.3")
                .with_root_certificates(roots)
                .with_no_client_auth();
            Arc::new(config)
        })
        .clone()
}
