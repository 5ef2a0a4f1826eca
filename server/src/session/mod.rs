//! One connection, without its socket: frames in, frames out, time as an argument.

mod appends;
mod follow;
mod grants;
mod mail;
mod pushes;
mod requests;
mod rings;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, RelayFrame, Secret};
use campana_protocol::limits::FRAME_VERSION;
use campana_protocol::wire::WireError;

use self::follow::Subscription;
use self::grants::Grants;
pub(crate) use self::grants::Standing;
use self::mail::Weight;
use crate::bell::Bell;
use crate::flood::Ration;
use crate::limits;
use crate::metrics::count;
use crate::rate::Bucket;
use crate::shared::{Inbox, Shared, Ticket};
use crate::store::{Store, Write, WriteError, Written};

/// Tells connections apart. Not an id of anybody: a number counted up in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "a number")]
pub struct ConnectionId(pub u64);

/// Whether a poll gave all that there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it is one or the other")]
pub enum Given {
    /// Until the bell rings there is nothing more.
    All,
    /// There may be more: poll again.
    Some,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    id: ConnectionId,
    nonce: Secret,
    connected_at: u64,
    grants: Grants,
    subscriptions: Vec<Subscription>,
    /// The subscription that is served first next time.
    next: usize,
    answers: VecDeque<Bytes>,
    inbox: Arc<Inbox>,
    /// Requests that wait for their commit.
    outstanding: usize,
    requests: Bucket,
    bytes: Bucket,
    live: Bucket,
    tests: Bucket,
    renewals: Bucket,
    /// What it has posted lately.
    posted: Weight,
    busy_in_a_row: u32,
    closing: Option<Code>,
}

impl Session {
    /// A new connection: its `Hello` is the first thing to be polled. `nonce` must be fresh and
    /// random.
    #[must_use]
    pub fn new<S: Store>(now: u64, id: ConnectionId, nonce: Secret, shared: &Shared<S>) -> Self {
        let rates = &shared.rates;
        let push_key = shared.push().map(|push| push.key());
        let (version, restored) = (FRAME_VERSION, shared.restored);
        let hello = RelayFrame::Hello { version, nonce: nonce.clone(), now, push_key, restored };
        Self {
            id,
            nonce,
            connected_at: now,
            grants: Grants::default(),
            subscriptions: Vec::new(),
            next: 0,
            answers: VecDeque::from([encoded(&hello)]),
            inbox: Arc::default(),
            outstanding: 0,
            requests: Bucket::new(now, rates.request_burst.into(), rates.requests_per_second),
            bytes: Bucket::new(now, rates.byte_burst.into(), rates.bytes_per_second),
            live: Bucket::new(now, limits::LIVE_BURST.into(), limits::LIVE_PER_SECOND),
            tests: Bucket::new(now, (limits::TEST_BURST * limits::TEST_SECONDS).into(), 1),
            renewals: Bucket::new(now, (limits::RENEWAL_BURST * limits::RENEWAL_SECONDS).into(), 1),
            posted: Weight::new(now),
            busy_in_a_row: 0,
            closing: None,
        }
    }

    /// Handles one frame. Answers are polled; those of writes come after their commit.
    pub fn receive<S: Store>(&mut self, shared: &Shared<S>, now: u64, frame: &[u8]) {
        if self.closing.is_some() {
            return;
        }
        if self.answers.len() >= limits::MAX_UNSENT_ANSWERS {
            self.closing = Some(Code::Busy);
            return;
        }
        count(&shared.metrics.requests_total);
        match ClientFrame::decode(frame) {
            Ok(frame) => self.handle(shared, now, frame),
            Err(error) => {
                count(&shared.metrics.malformed_total);
                self.unreadable(shared, error, frame);
            }
        }
    }

    /// Adds what is to be sent next to `out`, about [`limits::PULL_BYTES`] at a time. If it adds
    /// nothing, or says that this is all, there is nothing more to send until the bell rings.
    pub fn poll<S: Store>(&mut self, shared: &Shared<S>, out: &mut Vec<Bytes>) -> Given {
        let before = out.len();
        for (request, outcome) in self.inbox.take() {
            self.outstanding = self.outstanding.saturating_sub(1);
            self.answer_outcome(shared, request, outcome);
        }
        let mut room = limits::PULL_BYTES;
        while room > 0
            && let Some(answer) = self.answers.pop_front()
        {
            room = room.saturating_sub(answer.len());
            out.push(answer);
        }
        let mut given = if room > 0 { Given::All } else { Given::Some };
        if self.closing.is_none() && room > 0 {
            given = self.follow(shared, room, out);
        }
        if out.len() > before {
            shared
                .metrics
                .frames_out_total
                .fetch_add((out.len() - before) as u64, core::sync::atomic::Ordering::Relaxed);
        }
        given
    }

    /// Why the connection is to be closed, once everything polled has been sent.
    #[must_use]
    pub fn closing(&self) -> Option<Code> {
        self.closing
    }

    /// Rung when there may be something to poll.
    #[must_use]
    pub fn bell(&self) -> Bell {
        self.inbox.bell.clone()
    }

    /// When this connection must have proved a key, or a better one, unless it has.
    #[must_use]
    pub fn must_prove_by(&self) -> Option<u64> {
        let patience = match self.grants.standing() {
            Standing::Unproved => limits::AUTHENTICATE_MS,
            Standing::Waiting => limits::WAITING_MS,
            Standing::Proved => return None,
        };
        Some(self.connected_at.saturating_add(patience))
    }

    /// What its proofs say of its claim to a place.
    pub(crate) fn standing(&self) -> Standing {
        self.grants.standing()
    }

    /// Finds out anew what its proofs are worth.
    pub(crate) fn judge_again<S: Store>(&mut self, shared: &Shared<S>) {
        self.grants.judge_again(&shared.store);
    }

    /// Draws on a ration, or says why not.
    fn draw<S: Store>(&self, shared: &Shared<S>, now: u64, ration: Ration, bytes: usize) -> Result<(), Code> {
        if shared.rations.take(now, ration, self.id, bytes) {
            return Ok(());
        }
        count(&shared.metrics.rationed_total);
        Err(Code::Busy)
    }

    /// Whether requests still wait for their commit.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.outstanding > 0
    }

    /// An unknown kind is a newer device's: it is told so and may go on. Anything else ends here.
    fn unreadable<S: Store>(&mut self, shared: &Shared<S>, error: WireError, frame: &[u8]) {
        if let Some(request) = unknown_kind(frame) {
            return self.refuse(shared, request, Code::Unsupported);
        }
        let code = if error == WireError::TooLong { Code::TooLong } else { Code::Malformed };
        self.refuse(shared, 0, code);
        self.closing = Some(code);
    }

    fn answer(&mut self, frame: &RelayFrame) {
        self.answers.push_back(encoded(frame));
    }

    fn refuse<S: Store>(&mut self, shared: &Shared<S>, request: u32, code: Code) {
        count(&shared.metrics.refused_total);
        self.answer(&RelayFrame::Refused { request, code });
    }

    fn submit<S: Store>(&mut self, shared: &Shared<S>, request: u32, write: Write) -> Result<(), Code> {
        if self.outstanding >= limits::MAX_OUTSTANDING {
            return Err(Code::Busy);
        }
        let ticket = Ticket { request, inbox: Arc::clone(&self.inbox) };
        shared.enqueue(write, Some(ticket)).map_err(|_| Code::Busy)?;
        self.outstanding += 1;
        Ok(())
    }

    fn answer_outcome<S: Store>(
        &mut self,
        shared: &Shared<S>,
        request: u32,
        outcome: Result<Written, WriteError>,
    ) {
        match outcome {
            Ok(Written::Appended { seq, .. }) => self.answer(&RelayFrame::Appended { request, seq }),
            Ok(Written::Done | Written::Posted { .. } | Written::Rang { .. }) => {
                self.answer(&RelayFrame::Done { request })
            }
            Err(error) => self.refuse(shared, request, error.code()),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for subscription in &self.subscriptions {
            subscription.leave(self.id);
        }
    }
}

pub(crate) fn encoded(frame: &RelayFrame) -> Bytes {
    Bytes::from(frame.encode())
}

/// The request number of a well-formed frame whose kind this version does not know.
fn unknown_kind(frame: &[u8]) -> Option<u32> {
    let mut decoder = minicbor::Decoder::new(frame);
    if decoder.array().ok()? != Some(2) || matches!(decoder.u32().ok()?, 1..=22 | 30..=33 | 40) {
        return None;
    }
    let mut fields = decoder.clone();
    decoder.skip().ok()?;
    if decoder.position() != frame.len() {
        return None;
    }
    let numbered = matches!(fields.array(), Ok(Some(1..)));
    Some(fields.u32().ok().filter(|_| numbered).unwrap_or(0))
}
