//! A whole relay without sockets, tasks or a clock, for simulators and tests. See the crate docs
//! for the call contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use campana_protocol::code::Code;
use campana_protocol::frame::Secret;

use crate::bell::Bell;
use crate::invitation;
use crate::rate::Rates;
use crate::session::{ConnectionId, Session};
use crate::shared::{QueueFull, Shared};
use crate::store::{Store, Trimmed, Write, WriteError};

/// A relay that is driven by calls.
#[derive(Debug)]
pub struct Relay<S> {
    shared: Arc<Shared<S>>,
    sessions: BTreeMap<ConnectionId, (Session, Bell)>,
    connected: u64,
}

/// What a connection is sent next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "all that a driver acts on")]
pub struct Outgoing {
    /// Encoded frames, in order.
    pub frames: Vec<Bytes>,
    /// Close the connection with this code once `frames` are sent, and call
    /// [`Relay::disconnect`].
    pub close: Option<Code>,
}

impl<S: Store> Relay<S> {
    /// A relay on `store`, with the default rates.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self::with_rates(store, Rates::default())
    }

    /// A relay on `store`.
    #[must_use]
    pub fn with_rates(store: S, rates: Rates) -> Self {
        Self::on(Shared::new(store, rates))
    }

    /// A relay on what its sessions share.
    #[must_use]
    pub fn on(shared: Shared<S>) -> Self {
        Self { shared: Arc::new(shared), sessions: BTreeMap::new(), connected: 0 }
    }

    /// What its sessions share.
    #[must_use]
    pub fn shared(&self) -> &Arc<Shared<S>> {
        &self.shared
    }

    /// Lets `secret` be redeemed until `expires_at`, after the next commit.
    ///
    /// # Errors
    /// [`QueueFull`].
    pub fn invite(&self, secret: &Secret, expires_at: u64) -> Result<(), QueueFull> {
        self.shared.submit(Write::Invite { invitation: invitation::hash(secret), expires_at })
    }

    /// A new connection. `nonce`: 32 fresh random bytes. Its `Hello` is polled.
    pub fn connect(&mut self, now: u64, nonce: Secret) -> ConnectionId {
        self.connected += 1;
        let id = ConnectionId(self.connected);
        let session = Session::new(now, id, nonce, &self.shared);
        let bell = session.bell();
        bell.ring();
        self.sessions.insert(id, (session, bell));
        id
    }

    /// Hands in one encoded frame from a connection. Unknown connections are ignored: the frame
    /// may have been under way when it was closed.
    pub fn receive(&mut self, now: u64, connection: ConnectionId, frame: &[u8]) {
        if let Some((session, bell)) = self.sessions.get_mut(&connection) {
            session.receive(&self.shared, now, frame);
            bell.ring();
        }
    }

    /// What is to be sent next on a connection; nothing until its bell rings if that is empty.
    pub fn poll(&mut self, connection: ConnectionId) -> Outgoing {
        let mut outgoing = Outgoing::default();
        if let Some((session, _)) = self.sessions.get_mut(&connection) {
            session.poll(&self.shared, &mut outgoing.frames);
            if outgoing.frames.is_empty() || session.closing().is_some() {
                outgoing.close = session.closing();
            }
        }
        outgoing
    }

    /// The connections that may have something to poll since this was last asked.
    pub fn ready(&mut self) -> Vec<ConnectionId> {
        self.sessions.iter().filter(|(_, (_, bell))| bell.take()).map(|(id, _)| *id).collect()
    }

    /// Makes all waiting writes durable and tells those concerned. How many there were. Until
    /// then, dropping the relay is a crash that loses them.
    pub fn commit(&mut self, now: u64) -> usize {
        let mut writes = 0;
        loop {
            match self.shared.commit_waiting(now) {
                0 => return writes,
                more => writes += more,
            }
        }
    }

    /// Ends a connection.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        self.sessions.remove(&connection);
    }

    /// Deletes some of what has expired; call it again while there is more.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn tick(&mut self, now: u64) -> Result<Trimmed, WriteError> {
        self.shared.trim(now)
    }
}
