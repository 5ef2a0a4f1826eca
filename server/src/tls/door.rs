//! From a connection to a TLS session, or to nothing.

use core::time::Duration;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::provider;
use super::held::{ACME_PROTOCOL, Held};
use crate::limits;

/// The first byte of every TLS connection: a record that is part of a handshake.
const HANDSHAKE: u8 = 22;

/// Accepts TLS connections.
#[derive(Clone)]
pub struct Door {
    acceptor: TlsAcceptor,
}

impl core::fmt::Debug for Door {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Door(..)")
    }
}

impl Door {
    /// Shows what `held` holds; with `acme`, an authority may ask whether a name is ours.
    pub(crate) fn new(held: Arc<Held>, acme: bool) -> Result<Self, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(held);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if acme {
            config.alpn_protocols.push(ACME_PROTOCOL.to_vec());
        }
        // A phone that comes back saves the chain, three kilobytes on one bar of signal. Tickets are sealed
        // under keys that change every six hours and are kept in memory alone: there is no table to fill.
        config.ticketer = rustls::crypto::ring::Ticketer::new()?;
        config.send_tls13_tickets = 1;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// `None`: no handshake in time, or one that wanted nothing but an answer for an authority.
    pub(crate) async fn open<IO>(&self, stream: IO) -> Option<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = Duration::from_millis(limits::HANDSHAKE_MS);
        let stream = timeout(handshake, self.acceptor.accept(stream)).await.ok()?.ok()?;
        (stream.get_ref().1.alpn_protocol() != Some(ACME_PROTOCOL)).then_some(stream)
    }
}

/// Whether a connection begins as TLS does. `None`: nothing came in time.
pub(crate) async fn speaks_tls(stream: &tokio::net::TcpStream) -> Option<bool> {
    let mut first = [0; 1];
    let handshake = Duration::from_millis(limits::HANDSHAKE_MS);
    match timeout(handshake, stream.peek(&mut first)).await {
        Ok(Ok(1)) => Some(first[0] == HANDSHAKE),
        _ => None,
    }
}
