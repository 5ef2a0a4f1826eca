//! Subscriptions: each is a cursor, pulled along the ring or, behind it, along the store.

use std::sync::Arc;

use bytes::Bytes;
use campana_protocol::code::Code;
use campana_protocol::frame::{RelayFrame, Subject};
use campana_protocol::id::{ChannelId, MailboxId};
use campana_protocol::limits::MAX_SUBSCRIPTIONS;

use super::grants::Grants;
use super::{ConnectionId, Given, Session, encoded};
use crate::metrics::count;
use crate::shared::Shared;
use crate::store::{ReadError, Rights, Store};
use crate::topic::{Followed, Place, Topic};

/// One channel or mailbox this connection follows.
#[derive(Debug)]
pub(super) struct Subscription {
    subject: Subject,
    topic: Arc<Topic>,
    place: Place,
    /// What its keys opened at this version of the topic (`None`: to be found out).
    rights: Option<(u64, Rights)>,
}

/// Whether a subscription goes on, and has more to give at once.
enum Next {
    Goes(Given),
    Ends,
}

impl Subscription {
    pub(super) fn leave(&self, connection: ConnectionId) {
        self.topic.leave(connection);
    }
}

impl Session {
    pub(super) fn subscribe<S: Store>(
        &mut self,
        shared: &Shared<S>,
        request: u32,
        channel: ChannelId,
        after: u64,
    ) -> Result<(), Code> {
        let keys = self.grants.keys(&channel)?;
        let subject = Subject::Channel(channel);
        let durable = || shared.store.head(&channel).map(|head| head.seq);
        let topic = shared.hub.topic(subject, durable).map_err(ReadError::code)?;
        let rights = shared.store.rights(&channel, &keys).map_err(ReadError::code)?.ok_or(Code::Forbidden)?;
        let head = shared.store.head(&channel).map_err(ReadError::code)?;
        let last_control = match rights {
            Rights::Owner | Rights::Current => head.last_control,
            // What rotates a key is a control entry, and the last that the key may read.
            Rights::Until(seq) => seq,
        };
        let head = rights.limit(head.seq);
        self.follow_from(subject, topic, after.min(head))?;
        let current = rights.current();
        let access = match current {
            true => Some(shared.store.founded(&channel).map_err(ReadError::code)?.1),
            false => None,
        };
        let restored = shared.store.restored(&channel).map_err(ReadError::code)?.then_some(true);
        let frame =
            RelayFrame::Subscribed { request, channel, head, last_control, current, access, restored };
        self.answer(&frame);
        Ok(())
    }

    pub(super) fn read_mailbox<S: Store>(
        &mut self,
        shared: &Shared<S>,
        request: u32,
        mailbox: MailboxId,
        after: u64,
    ) -> Result<(), Code> {
        if !self.grants.reads(&mailbox) {
            return Err(Code::Forbidden);
        }
        let subject = Subject::Mailbox(mailbox);
        let durable = || shared.store.mailbox(&mailbox).map(|state| state.head);
        let topic = shared.hub.topic(subject, durable).map_err(ReadError::code)?;
        self.follow_from(subject, topic, after)?;
        shared.was_read(mailbox, after)?;
        self.answer(&RelayFrame::Done { request });
        Ok(())
    }

    /// A newly proved key may open more.
    pub(super) fn reconsider(&mut self, subject: &Subject) {
        for subscription in &mut self.subscriptions {
            if subscription.subject == *subject {
                subscription.rights = None;
            }
        }
    }

    /// Gives every subscription its turn, beginning after the one that came last.
    pub(super) fn follow<S: Store>(
        &mut self,
        shared: &Shared<S>,
        mut room: usize,
        out: &mut Vec<Bytes>,
    ) -> Given {
        let mut given = Given::All;
        let count = self.subscriptions.len();
        let mut ended = Vec::new();
        for turn in 0..count {
            let index = (self.next + turn) % count;
            let before = out.len();
            let subscription = &mut self.subscriptions[index];
            let next = match subscription.subject {
                Subject::Channel(channel) => {
                    follow_channel(shared, self.id, &self.grants, channel, subscription, room, out)
                }
                Subject::Mailbox(mailbox) => follow_mailbox(shared, mailbox, subscription, room, out),
            };
            match next {
                Ok(Next::Goes(Given::All)) => {}
                Ok(Next::Goes(Given::Some)) => given = Given::Some,
                Ok(Next::Ends) => ended.push(index),
                Err(ReadError::Unknown | ReadError::Failed) => {
                    // The store fails: let the device come again rather than wait in silence.
                    self.closing = Some(Code::Internal);
                    break;
                }
            }
            let taken: usize = out[before..].iter().map(Bytes::len).sum();
            room = room.saturating_sub(taken);
            if room == 0 {
                self.next = index + 1;
                given = Given::Some;
                break;
            }
        }
        ended.sort_unstable();
        for index in ended.into_iter().rev() {
            self.subscriptions.swap_remove(index).leave(self.id);
        }
        given
    }

    fn follow_from(&mut self, subject: Subject, topic: Arc<Topic>, after: u64) -> Result<(), Code> {
        let known = self.subscriptions.iter().position(|known| known.subject == subject);
        if known.is_none() && self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return Err(Code::TooMany);
        }
        let live = topic.join(self.id, &self.inbox.bell);
        let subscription = Subscription { subject, topic, place: Place { seq: after, live }, rights: None };
        match known {
            Some(index) => self.subscriptions[index] = subscription,
            None => self.subscriptions.push(subscription),
        }
        Ok(())
    }
}

fn follow_channel<S: Store>(
    shared: &Shared<S>,
    connection: ConnectionId,
    grants: &Grants,
    channel: ChannelId,
    subscription: &mut Subscription,
    room: usize,
    out: &mut Vec<Bytes>,
) -> Result<Next, ReadError> {
    // Rights change with a published entry: seen at once, or at the next of these few turns.
    for _ in 0..4 {
        let (version, rights) = subscription.rights.unwrap_or((u64::MAX, Rights::Until(0)));
        let place = &mut subscription.place;
        match subscription.topic.follow(connection, version, place, |head| rights.limit(head), room, out) {
            Followed::Changed(version) => {
                let keys = grants.keys(&channel).unwrap_or_default();
                match shared.store.rights(&channel, &keys)? {
                    Some(rights) => subscription.rights = Some((version, rights)),
                    None => {
                        out.push(encoded(&RelayFrame::Rotated { channel, seq: place.seq }));
                        return Ok(Next::Ends);
                    }
                }
            }
            Followed::Behind(limit) => {
                read_entries(shared, channel, place, limit, room, out)?;
                return Ok(Next::Goes(Given::Some));
            }
            Followed::Given => {
                if let Rights::Until(seq) = rights
                    && place.seq >= seq
                {
                    out.push(encoded(&RelayFrame::Rotated { channel, seq }));
                    return Ok(Next::Ends);
                }
                return Ok(Next::Goes(Given::All));
            }
        }
    }
    Ok(Next::Goes(Given::Some))
}

/// From the store, saying what has expired.
fn read_entries<S: Store>(
    shared: &Shared<S>,
    channel: ChannelId,
    place: &mut Place,
    limit: u64,
    room: usize,
    out: &mut Vec<Bytes>,
) -> Result<(), ReadError> {
    count(&shared.metrics.catch_up_reads_total);
    let page = shared.store.read(&channel, place.seq, limit, room)?;
    for entry in page.items {
        let seq = entry.seq;
        if seq > place.seq + 1 {
            out.push(encoded(&RelayFrame::Skipped { channel, through: seq - 1 }));
        }
        out.push(encoded(&RelayFrame::Entry { channel, entry }));
        place.seq = seq;
    }
    if page.through > place.seq {
        out.push(encoded(&RelayFrame::Skipped { channel, through: page.through }));
        place.seq = page.through;
    }
    Ok(())
}

fn follow_mailbox<S: Store>(
    shared: &Shared<S>,
    mailbox: MailboxId,
    subscription: &mut Subscription,
    room: usize,
    out: &mut Vec<Bytes>,
) -> Result<Next, ReadError> {
    let head = subscription.topic.head();
    let place = &mut subscription.place;
    if place.seq < head {
        let page = shared.store.read_posts(&mailbox, place.seq, head, room)?;
        if let Some(push) = shared.push().filter(|_| !page.items.is_empty()) {
            push.read(&mailbox);
        }
        for post in page.items {
            let (seq, received_at, body) = (post.seq, post.received_at, post.body.into());
            out.push(encoded(&RelayFrame::Post { mailbox, seq, received_at, body }));
        }
        place.seq = place.seq.max(page.through);
        shared.was_given(mailbox, place.seq);
        return Ok(Next::Goes(Given::Some));
    }
    Ok(Next::Goes(Given::All))
}
