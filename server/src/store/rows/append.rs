//! Appending: authority, retries, staleness, rotation.

use campana_protocol::frame::{Class, Entry};
use campana_protocol::id::ChannelId;

use super::push;
use super::reading::judge;
use super::tx::Tx;
use crate::store::engine::Engine;
use crate::store::error::{AppendError, StoreError, WriteError};
use crate::store::key::Key;
use crate::store::log::Name;
use crate::store::row::{self, Older, StoredEntry};
use crate::store::write::{Append, Written};
use crate::store::{Keys, Rights};

/// Into rows. See [`super::burst`] for the log.
pub(super) fn append<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    append: &Append,
) -> Result<Written, WriteError> {
    let channel = append.channel;
    let (mut keys, rights) = rights(tx, &channel, &append.by)?.ok_or(AppendError::Unknown)?;
    let rights = rights.ok_or(AppendError::Forbidden)?;
    let name = tx.log.map(|log| log.name(&channel, &append.record));
    if let Some(written) = retried(tx, append, name)? {
        return Ok(written);
    }
    let mut head = head(tx, &channel)?;
    admit(append, rights, &head, keys.restored)?;
    if append.class == Class::Alert && rights != Rights::Owner && !guarding(tx, &keys, append)? {
        return Err(AppendError::Forbidden.into());
    }

    head.seq += 1;
    if append.class == Class::Control {
        head.last_control = head.seq;
    }
    let seq = head.seq;
    push::open_job(tx, now, append.class, channel, seq)?;
    let expires_at = now.saturating_add(append.class.ttl_ms());
    let (body, place) = tx.keep(expires_at, &append.body);
    let entry = Entry { seq, class: append.class, received_at: now, record: append.record, body };
    if keys.restored && append.place.is_none() {
        keys.restored = false;
        tx.put(&Key::Channel(channel), &keys)?;
    }
    if let Some(access) = append.rotate.filter(|access| *access != keys.access) {
        let older = Key::Older(channel, keys.access);
        tx.put(&older, &Older { until: seq, expires_at })?;
        tx.expires(expires_at, older);
        tx.delete(&Key::Older(channel, access));
        keys.access = access;
        tx.put(&Key::Channel(channel), &keys)?;
    }
    tx.put(&Key::Head(channel), &head)?;
    tx.put_new(&Key::Entry(channel, seq), &StoredEntry { expires_at, entry, rotate: append.rotate, place });
    tx.put(&Key::Record(channel, append.record), &seq)?;
    if let (Some(log), Some(name)) = (tx.log, name) {
        log.add_row(name);
    }
    tx.expires(expires_at, Key::Entry(channel, seq));
    Ok(Written::Appended { seq, received_at: Some(now) })
}

/// Whether a new entry may be appended now, or one be put back at its place. What an owner appends with an
/// access key ends that a channel is restored.
pub(super) fn admit(
    append: &Append,
    rights: Rights,
    head: &row::Head,
    restored: bool,
) -> Result<(), AppendError> {
    if !rights.current() || (append.rotate.is_some() && rights != Rights::Owner) {
        return Err(AppendError::Forbidden);
    }
    if restored && append.place.is_none() && append.rotate.is_none() {
        return Err(AppendError::Restored);
    }
    if append.control_seq != head.last_control || append.place.is_some_and(|seq| seq != head.seq + 1) {
        return Err(AppendError::Stale);
    }
    Ok(())
}

/// Whether who asks is a member of the channel that guards this one's alerts, if one does.
fn guarding<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: &row::Channel,
    append: &Append,
) -> Result<bool, StoreError> {
    let Some(guard) = channel.guard else { return Ok(true) };
    let in_guard = rights(tx, &guard, &append.in_guard)?.and_then(|(_, rights)| rights);
    Ok(in_guard.is_some_and(Rights::current))
}

/// The counters of a channel, its seq being that of rows and log together.
pub(super) fn head<E: Engine>(tx: &mut Tx<'_, E>, channel: &ChannelId) -> Result<row::Head, StoreError> {
    let mut head: row::Head = tx.get(&Key::Head(*channel))?.ok_or(StoreError::Damaged)?;
    head.seq = head.seq.max(tx.log.map_or(0, |log| log.last(channel)));
    Ok(head)
}

/// A retry finds its first seq, whatever has happened since. `None`: it is no retry. `name`: what
/// the log, if there is one, knows the record by.
pub(super) fn retried<E: Engine>(
    tx: &mut Tx<'_, E>,
    append: &Append,
    name: Option<Name>,
) -> Result<Option<Written>, WriteError> {
    let Append { channel, record, class, rotate, .. } = append;
    let log = tx.log.zip(name);
    if log.is_none_or(|(log, name)| log.may_be_row(name))
        && let Some(seq) = tx.get::<u64>(&Key::Record(*channel, *record))?
    {
        let stored: StoredEntry = tx.get(&Key::Entry(*channel, seq))?.ok_or(StoreError::Damaged)?;
        return again(seq, stored.is(*class, rotate.as_ref(), &append.body)).map(Some);
    }
    let Some(located) = log.and_then(|(log, name)| log.first(channel, record, name)) else {
        return Ok(None);
    };
    let entry = located.read().map_err(|error| {
        tracing::error!(%error, "an entry of the log could not be read for a write");
        StoreError::Failed
    })?;
    let entry = entry.ok_or(StoreError::Damaged)?;
    let same = entry.class == *class && rotate.is_none() && entry.body.as_slice() == append.body;
    again(located.seq(), same).map(Some)
}

/// What an append is told whose record stands at `seq` already.
pub(super) fn again(seq: u64, same: bool) -> Result<Written, WriteError> {
    if same { Ok(Written::Appended { seq, received_at: None }) } else { Err(AppendError::Conflict.into()) }
}

/// A channel's keys and what `keys` open of it; `None` if there is no such channel.
pub(super) fn rights<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: &ChannelId,
    keys: &Keys,
) -> Result<Option<(row::Channel, Option<Rights>)>, StoreError> {
    let Some(row) = tx.get::<row::Channel>(&Key::Channel(*channel))? else {
        return Ok(None);
    };
    let rights = judge(&row, keys, |member| tx.get(&Key::Older(*channel, *member)))?;
    Ok(Some((row, rights)))
}
