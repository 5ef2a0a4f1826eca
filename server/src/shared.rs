//! What all connections of a relay share: the store, the hub, and the writes waiting for a commit.

use core::sync::atomic::Ordering;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use campana_protocol::code::Code;
use campana_protocol::frame::{Class, Entry, RelayFrame, Subject};
use campana_protocol::id::{MailboxId, RestoreId};
use campana_protocol::limits::MAX_HOLD_MS;

use crate::bell::Bell;
use crate::clock::Witnesses;
use crate::flood::Rations;
use crate::hub::Hub;
use crate::limits;
use crate::metrics::{Metrics, count};
use crate::push::Push;
use crate::rate::Rates;
use crate::read::Read;
use crate::store::{HeldRing, ReadError, Store, Trimmed, Write, WriteError, Written};
use crate::topic::Topic;

/// Shared by all sessions of a relay.
#[derive(Debug)]
pub struct Shared<S> {
    pub(crate) store: S,
    pub(crate) hub: Hub,
    pub(crate) rates: Rates,
    pub(crate) rations: Rations,
    read: Read,
    pub(crate) metrics: Metrics,
    pub(crate) witnesses: Witnesses,
    push: Option<Arc<Push>>,
    /// Which restoring of the store this relay goes on from.
    pub(crate) restored: Option<RestoreId>,
    queue: Mutex<Queue>,
    work: Bell,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Pending>,
    bytes: usize,
}

/// A write that waits for its commit.
#[derive(Debug)]
pub struct Pending {
    write: Write,
    ticket: Option<Ticket>,
}

/// Where the outcome of a write goes.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) request: u32,
    pub(crate) inbox: Arc<Inbox>,
}

/// Outcomes for one connection, and its bell.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) bell: Bell,
    outcomes: Mutex<Vec<(u32, Result<Written, WriteError>)>>,
}

impl Inbox {
    pub(crate) fn take(&self) -> Vec<(u32, Result<Written, WriteError>)> {
        core::mem::take(&mut *self.outcomes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Too many writes wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many writes wait for a commit: try again later")]
#[allow(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct QueueFull;

impl<S: Store> Shared<S> {
    /// A relay on `store` that pushes nothing.
    #[must_use]
    pub fn new(store: S, rates: Rates) -> Self {
        Self::with_push(store, rates, None)
    }

    /// A relay on `store`.
    #[must_use]
    pub fn with_push(store: S, rates: Rates, push: Option<Arc<Push>>) -> Self {
        let restored = store.run().ok().flatten().and_then(|run| run.since).map(RestoreId);
        Self {
            restored,
            store,
            hub: Hub::default(),
            rates,
            rations: Rations::new(rates),
            read: Read::default(),
            metrics: Metrics::default(),
            witnesses: Witnesses::default(),
            push,
            queue: Mutex::default(),
            work: Bell::default(),
        }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The store, once nobody shares it any more.
    pub fn into_store(self) -> S {
        self.store
    }

    /// The counters.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What it pushes with, if it does.
    pub fn push(&self) -> Option<&Arc<Push>> {
        self.push.as_ref()
    }

    /// Rung when a write waits.
    pub fn work(&self) -> &Bell {
        &self.work
    }

    /// Queues a write that nobody waits for.
    ///
    /// # Errors
    /// [`QueueFull`].
    pub fn submit(&self, write: Write) -> Result<(), QueueFull> {
        self.enqueue(write, None)
    }

    pub(crate) fn enqueue(&self, write: Write, ticket: Option<Ticket>) -> Result<(), QueueFull> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let size = write.size();
        if queue.waiting.len() >= limits::MAX_PENDING_WRITES || queue.bytes + size > limits::MAX_PENDING_BYTES
        {
            return Err(QueueFull);
        }
        queue.bytes += size;
        queue.waiting.push_back(Pending { write, ticket });
        drop(queue);
        self.work.ring();
        Ok(())
    }

    /// A reader of a mailbox begins after `after`. Only of those of which something was said: anybody can
    /// read as many others as they like.
    pub(crate) fn was_read(&self, mailbox: MailboxId, after: u64) -> Result<(), Code> {
        let state = self.store.mailbox(&mailbox).map_err(ReadError::code)?;
        if state.opened || state.kept {
            self.read.begins(mailbox, after.min(state.head));
        }
        Ok(())
    }

    /// It has been given all up to `through`.
    pub(crate) fn was_given(&self, mailbox: MailboxId, through: u64) {
        self.read.goes_on(&mailbox, through);
    }

    /// All up to this one have been given to some reader.
    pub(crate) fn read_through(&self, mailbox: &MailboxId) -> u64 {
        self.read.through(mailbox)
    }

    /// The next batch for [`Shared::commit`]; empty if nothing waits.
    pub fn take_batch(&self) -> Vec<Pending> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < limits::MAX_BATCH_WRITES && bytes < limits::MAX_BATCH_BYTES {
            let Some(pending) = queue.waiting.pop_front() else { break };
            bytes += pending.write.size();
            batch.push(pending);
        }
        queue.bytes = queue.bytes.saturating_sub(bytes);
        batch
    }

    /// Makes a batch durable. Blocks for as long as the disk takes. Nobody is told yet.
    pub fn commit(&self, now: u64, batch: Vec<Pending>) -> Committed {
        let (writes, tickets): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|pending| (pending.write, pending.ticket)).unzip();
        let results = self.store.commit(now, &writes);
        count(&self.metrics.commits_total);
        self.metrics.writes_total.fetch_add(writes.len() as u64, Ordering::Relaxed);
        Committed { writes, tickets, results }
    }

    /// Tells everybody concerned what became of a committed batch.
    pub fn settle(&self, committed: Committed) {
        let mut touched: Vec<Arc<Topic>> = Vec::new();
        let outcomes = committed.writes.into_iter().zip(committed.tickets).zip(committed.results);
        for ((write, ticket), result) in outcomes {
            if let Ok(written) = result
                && let Some(topic) = self.publish(write, written)
                && !touched.iter().any(|known| Arc::ptr_eq(known, &topic))
            {
                touched.push(topic);
            }
            if let Some(Ticket { request, inbox }) = ticket {
                inbox.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((request, result));
                inbox.bell.ring();
            }
        }
        for topic in touched {
            topic.ring();
        }
    }

    /// Commits and settles one batch. How many writes it held.
    pub fn commit_waiting(&self, now: u64) -> usize {
        let batch = self.take_batch();
        let writes = batch.len();
        if writes > 0 {
            self.settle(self.commit(now, batch));
        }
        writes
    }

    /// Deletes some of what has expired.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn trim(&self, now: u64) -> Result<Trimmed, WriteError> {
        let trimmed = self.store.trim(now)?;
        self.metrics.trimmed_total.fetch_add(trimmed.rows as u64, Ordering::Relaxed);
        for channel in &trimmed.channels {
            if let Some(topic) = self.hub.followed(&Subject::Channel(*channel)) {
                topic.forget();
            }
        }
        self.hub.sweep();
        self.rations.sweep(now);
        Ok(trimmed)
    }

    /// Shows what was written to those who follow it. The topic, if there is one.
    fn publish(&self, write: Write, written: Written) -> Option<Arc<Topic>> {
        match (write, written) {
            (Write::Append(append), Written::Appended { seq, received_at: Some(received_at) }) => {
                count(&self.metrics.appended_total);
                let channel = append.channel;
                if append.class == Class::Alert
                    && let Some(push) = &self.push
                {
                    push.alerted(channel, seq, received_at);
                }
                let topic = self.hub.followed(&Subject::Channel(channel))?;
                let rotates = append.rotate.is_some() && append.class == Class::Control;
                let entry = Entry {
                    seq,
                    class: append.class,
                    received_at,
                    record: append.record,
                    body: append.body.into(),
                };
                topic.publish(seq, Bytes::from(RelayFrame::Entry { channel, entry }.encode()), rotates);
                Some(topic)
            }
            (Write::Post { mailbox, .. }, Written::Posted { seq, displaced }) => {
                count(&self.metrics.posted_total);
                self.metrics.displaced_total.fetch_add(displaced, Ordering::Relaxed);
                if self.owes_ring(&mailbox)
                    && let Some(push) = &self.push
                {
                    push.owe(mailbox);
                }
                let topic = self.hub.followed(&Subject::Mailbox(mailbox))?;
                topic.advance(seq);
                Some(topic)
            }
            (Write::SetOwners { channel, .. }, Written::Done) => {
                let topic = self.hub.followed(&Subject::Channel(channel))?;
                topic.rights_changed();
                Some(topic)
            }
            (write, written) => {
                self.publish_ring(&write, written);
                None
            }
        }
    }

    /// What concerns rings and nobody who follows anything.
    fn publish_ring(&self, write: &Write, written: Written) {
        let Some(push) = &self.push else { return };
        if let Written::Rang { channel, seq, created_at } = written {
            push.alerted(channel, seq, created_at);
        }
        match write {
            Write::Ring { mailbox } => push.rang(mailbox, self.owes_ring(mailbox)),
            Write::TrimMailbox { mailbox, .. } => push.read(mailbox),
            Write::HoldRing { subject, id, after_ms } => {
                // One that was withdrawn before is found out when it would ring.
                push.hold(HeldRing { subject: *subject, id: *id, left_ms: (*after_ms).min(MAX_HOLD_MS) });
            }
            Write::WithdrawRing { subject, id } | Write::RingHeld { subject, id } => {
                push.held_ended(*subject, *id);
            }
            _ => {}
        }
    }

    /// Nobody is rung twice for one that cannot be read.
    fn owes_ring(&self, mailbox: &MailboxId) -> bool {
        self.store.owes_ring(mailbox).unwrap_or(true)
    }
}

/// A batch that is durable, as far as it was not refused.
#[derive(Debug)]
pub struct Committed {
    writes: Vec<Write>,
    tickets: Vec<Option<Ticket>>,
    results: Vec<Result<Written, WriteError>>,
}
