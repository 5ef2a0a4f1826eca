//! Appending: authority, retries, staleness, rotation.

use campana_protocol::frame::{Class, Entry};

use super::push;
use super::reading::judge;
use super::tx::Tx;
use crate::store::engine::Engine;
use crate::store::error::{AppendError, StoreError, WriteError};
use crate::store::key::Key;
use crate::store::row::{self, Older, StoredEntry};
use crate::store::write::{Append, Written};
use crate::store::{Keys, Rights};

pub(super) fn append<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    append: &Append,
) -> Result<Written, WriteError> {
    let channel = append.channel;
    let (mut keys, rights) = rights(tx, &channel, &append.by)?.ok_or(AppendError::Unknown)?;
    let rights = rights.ok_or(AppendError::Forbidden)?;
    if let Some(seq) = tx.get::<u64>(&Key::Record(channel, append.record))? {
        return retried(tx, append, seq);
    }
    if !rights.current() || (append.rotate.is_some() && rights != Rights::Owner) {
        return Err(AppendError::Forbidden.into());
    }
    let mut head: row::Head = tx.get(&Key::Head(channel))?.ok_or(StoreError::Damaged)?;
    if append.control_seq != head.last_control {
        return Err(AppendError::Stale.into());
    }

    head.seq += 1;
    if append.class == Class::Control {
        head.last_control = head.seq;
    }
    let seq = head.seq;
    push::open_job(tx, now, append.class, channel, seq)?;
    let expires_at = now.saturating_add(append.class.ttl_ms());
    let entry = Entry {
        seq,
        class: append.class,
        received_at: now,
        record: append.record,
        body: append.body.clone().into(),
    };
    if let Some(access) = append.rotate.filter(|access| *access != keys.access) {
        let older = Key::Older(channel, keys.access);
        tx.put(&older, &Older { until: seq, expires_at })?;
        tx.expires(expires_at, older);
        tx.delete(&Key::Older(channel, access));
        keys.access = access;
        tx.put(&Key::Channel(channel), &keys)?;
    }
    tx.put(&Key::Head(channel), &head)?;
    tx.put_new(&Key::Entry(channel, seq), &StoredEntry { expires_at, entry, rotate: append.rotate });
    tx.put(&Key::Record(channel, append.record), &seq)?;
    tx.expires(expires_at, Key::Entry(channel, seq));
    Ok(Written::Appended { seq, received_at: Some(now) })
}

/// A retry finds its first seq, whatever has happened since.
fn retried<E: Engine>(tx: &mut Tx<'_, E>, append: &Append, seq: u64) -> Result<Written, WriteError> {
    let stored: StoredEntry = tx.get(&Key::Entry(append.channel, seq))?.ok_or(StoreError::Damaged)?;
    if stored.is(append.class, append.rotate.as_ref(), &append.body) {
        Ok(Written::Appended { seq, received_at: None })
    } else {
        Err(AppendError::Conflict.into())
    }
}

/// A channel's keys and what `keys` open of it; `None` if there is no such channel.
pub(super) fn rights<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: &campana_protocol::id::ChannelId,
    keys: &Keys,
) -> Result<Option<(row::Channel, Option<Rights>)>, StoreError> {
    let Some(row) = tx.get::<row::Channel>(&Key::Channel(*channel))? else {
        return Ok(None);
    };
    let rights = judge(&row, keys, |member| tx.get(&Key::Older(*channel, *member)))?;
    Ok(Some((row, rights)))
}
