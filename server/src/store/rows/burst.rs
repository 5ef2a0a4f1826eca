//! Commits that hold nothing but appends of updates: they go to the log and change no row, so each channel's rows are read once and not once per entry.

use std::collections::HashMap;
use std::collections::hash_map;

use campana_protocol::frame::Class;
use campana_protocol::id::ChannelId;

use super::append::{admit, again, head, retried};
use super::reading::judge;
use super::tx::Tx;
use crate::store::engine::Engine;
use crate::store::error::{AppendError, StoreError, WriteError};
use crate::store::key::Key;
use crate::store::log::{Batch, Frame, Log};
use crate::store::row;
use crate::store::write::{Append, Write, Written};

/// What a burst does, and what it becomes once it is durable.
pub(super) type Outcome = (Vec<Result<Written, WriteError>>, Batch);

/// Channels as this burst has them so far (`None`: there is no such channel).
type Open = HashMap<ChannelId, Option<(row::Channel, row::Head)>>;

/// Judges `writes` if all of them may go to the log. `None`: they go to the rows.
///
/// Control entries move `last_control`, and are kept longer than their neighbours; alerts bring a push
/// job with them: they are rows.
pub(super) fn carry_out<E: Engine>(
    tx: &mut Tx<'_, E>,
    log: &Log,
    now: u64,
    writes: &[Write],
) -> Option<Result<Outcome, StoreError>> {
    let (mut appends, mut bytes) = (Vec::with_capacity(writes.len()), 0);
    for write in writes {
        match write {
            Write::Append(append) if append.class == Class::Update && append.rotate.is_none() => {
                bytes += append.body.len();
                appends.push(append);
            }
            _ => return None,
        }
    }
    let first = appends.first()?;
    let expires_at = now.saturating_add(first.class.ttl_ms());
    if !log.takes(expires_at, appends.len(), bytes) {
        return None;
    }
    let begun = log.begin(expires_at, appends.len(), bytes);
    let mut batch = match begun {
        Ok(batch) => batch,
        Err(error) => {
            tracing::error!(%error, "the log takes no more");
            return Some(Err(StoreError::Failed));
        }
    };
    let mut open = Open::new();
    let results = appends.iter().map(|append| one(tx, log, &mut open, &mut batch, now, append)).collect();
    Some(Ok((results, batch)))
}

fn one<E: Engine>(
    tx: &mut Tx<'_, E>,
    log: &Log,
    open: &mut Open,
    batch: &mut Batch,
    now: u64,
    append: &Append,
) -> Result<Written, WriteError> {
    let channel = append.channel;
    let known = match open.entry(channel) {
        hash_map::Entry::Occupied(known) => known.into_mut(),
        hash_map::Entry::Vacant(vacant) => vacant.insert(match tx.get(&Key::Channel(channel))? {
            Some(keys) => Some((keys, head(tx, &channel)?)),
            None => None,
        }),
    };
    let (keys, head) = known.as_mut().ok_or(AppendError::Unknown)?;
    let rights = judge(keys, &append.by, |member| tx.get(&Key::Older(channel, *member)))?;
    let rights = rights.ok_or(AppendError::Forbidden)?;
    let name = log.name(&channel, &append.record);
    if let Some(frame) = batch.first(&channel, &append.record, name) {
        return again(frame.seq, frame.class == append.class && frame.body == append.body);
    }
    if let Some(written) = retried(tx, append, Some(name))? {
        return Ok(written);
    }
    admit(append, rights, head, keys.restored)?;
    head.seq += 1;
    let frame = Frame {
        channel,
        record: append.record,
        seq: head.seq,
        expires_at: now.saturating_add(append.class.ttl_ms()),
        received_at: now,
        class: append.class,
        body: &append.body,
    };
    batch.add(&frame, name);
    Ok(Written::Appended { seq: head.seq, received_at: Some(now) })
}
