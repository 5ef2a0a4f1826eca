//! The real relay's own session, hub and store code, in memory, without sockets.

use std::collections::BTreeMap;

use campana_protocol::frame::Secret;
use campana_protocol::limits::INVITATION_TTL_MS;
use campana_protocol::link::OperatorLink;
use campana_relay::store::{MemoryStore, Run, Store as _, Write};
use campana_relay::{ConnectionId, Relay as Inner};

const INVITATION: Secret = Secret([42; 32]);

pub(super) struct Relay {
    inner: Inner<MemoryStore>,
    ours: BTreeMap<ConnectionId, u64>,
    theirs: BTreeMap<u64, ConnectionId>,
    /// Connections that the relay closed.
    closed: Vec<u64>,
    /// The last backup.
    backup: Option<MemoryStore>,
    /// How often it was restored.
    pub(super) restored: u8,
}

impl Relay {
    pub(super) fn new(now: u64) -> Self {
        let mut inner = Inner::new(MemoryStore::new());
        inner.invite(&INVITATION, now + INVITATION_TTL_MS).expect("an empty queue has room");
        inner.commit(now);
        Self {
            inner,
            ours: BTreeMap::new(),
            theirs: BTreeMap::new(),
            closed: Vec::new(),
            backup: None,
            restored: 0,
        }
    }

    pub(super) fn operator_link(&self) -> String {
        OperatorLink { relay: "https://relay.example".into(), secret: INVITATION }.format()
    }

    pub(super) fn connect(&mut self, now: u64, connection: u64, nonce: [u8; 32]) {
        let id = self.inner.connect(now, Secret(nonce));
        self.ours.insert(id, connection);
        self.theirs.insert(connection, id);
    }

    pub(super) fn receive(&mut self, now: u64, connection: u64, bytes: &[u8]) {
        if let Some(id) = self.theirs.get(&connection) {
            self.inner.receive(now, *id, bytes);
        }
    }

    pub(super) fn disconnect(&mut self, connection: u64) {
        if let Some(id) = self.theirs.remove(&connection) {
            self.ours.remove(&id);
            self.inner.disconnect(id);
        }
    }

    pub(super) fn tick(&mut self, now: u64) {
        self.inner.tick(now).expect("memory can be written");
    }

    /// Makes what waits durable; then everything that is to be sent now.
    pub(super) fn drain(&mut self, now: u64) -> Vec<(u64, Vec<u8>)> {
        let mut sent = Vec::new();
        loop {
            self.inner.commit(now);
            let ready = self.inner.ready();
            if ready.is_empty() {
                return sent;
            }
            for id in ready {
                loop {
                    let outgoing = self.inner.poll(id);
                    let Some(connection) = self.ours.get(&id).copied() else { break };
                    sent.extend(outgoing.frames.iter().map(|frame| (connection, frame.to_vec())));
                    if outgoing.close.is_some() {
                        self.closed.push(connection);
                        self.disconnect(connection);
                        break;
                    }
                    if outgoing.frames.is_empty() {
                        break;
                    }
                }
            }
        }
    }

    /// Connections that the relay has closed since this was last asked.
    pub(super) fn closed(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.closed)
    }

    /// Makes what waits durable, and says nothing yet.
    pub(super) fn commit(&mut self, now: u64) {
        self.inner.commit(now);
    }

    pub(super) fn back_up(&mut self) {
        self.backup = Some(MemoryStore::on(self.inner.shared().store().engine().copy()));
    }

    /// Dies, and goes on from the last backup. False: there is none.
    pub(super) fn restore(&mut self, now: u64) -> bool {
        let Some(backup) = &self.backup else { return false };
        let store = MemoryStore::on(backup.engine().copy());
        self.restored += 1;
        let name = [self.restored; 16];
        let run = Run { name, restored: self.restored.into(), since: Some(name) };
        for begun in store.commit(now, &[Write::Begin { run }]) {
            begun.expect("memory can be written");
        }
        self.inner = Inner::new(store);
        self.ours.clear();
        self.theirs.clear();
        true
    }

    /// Dies with whatever was not durable, and starts again on the rest.
    pub(super) fn restart(&mut self) {
        let engine = self.inner.shared().store().engine().clone();
        self.inner = Inner::new(MemoryStore::on(engine));
        self.ours.clear();
        self.theirs.clear();
    }
}
