//! Mailboxes: opened by members, posted to by anyone, trimmed by their reader.

use campana_protocol::id::{ChannelId, MailboxId, RecordId};
use campana_protocol::limits::{MAILBOX_TTL_MS, MAX_MAILBOX_BYTES, MAX_MAILBOX_POSTS};

use super::append::rights;
use super::tx::Tx;
use crate::limits::MAX_CHANNEL_MAILBOXES;
use crate::store::engine::Engine;
use crate::store::error::{MailboxError, StoreError, WriteError};
use crate::store::key::Key;
use crate::store::row::{Head, Mailbox, StoredPost};
use crate::store::write::Written;
use crate::store::{Keys, Rights};

/// Which channel vouched is counted but not kept: nothing ties a mailbox to a channel.
pub(super) fn open<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    by: &Keys,
    mailbox: MailboxId,
) -> Result<Written, WriteError> {
    let (_, rights) = rights(tx, &channel, by)?.ok_or(MailboxError::Unknown)?;
    if !rights.is_some_and(Rights::current) {
        return Err(MailboxError::Forbidden.into());
    }
    let mut row: Mailbox = tx.get(&Key::Mailbox(mailbox))?.unwrap_or_default();
    if row.opened {
        return Ok(Written::Done);
    }
    let mut head: Head = tx.get(&Key::Head(channel))?.ok_or(StoreError::Damaged)?;
    if head.mailboxes >= MAX_CHANNEL_MAILBOXES {
        return Err(MailboxError::TooMany.into());
    }
    head.mailboxes += 1;
    row.opened = true;
    tx.put(&Key::Head(channel), &head)?;
    tx.put(&Key::Mailbox(mailbox), &row)?;
    Ok(Written::Done)
}

pub(super) fn post<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    mailbox: MailboxId,
    insider: bool,
    record: RecordId,
    body: &[u8],
) -> Result<Written, WriteError> {
    let mut row: Mailbox = tx.get(&Key::Mailbox(mailbox))?.unwrap_or_default();
    if !insider && !row.opened {
        return Err(MailboxError::Unknown.into());
    }
    if let Some(seq) = tx.get::<u64>(&Key::PostRecord(mailbox, record))? {
        let stored: StoredPost = tx.get(&Key::Post(mailbox, seq))?.ok_or(StoreError::Damaged)?;
        let same = stored.body.as_slice() == body;
        return if same { Ok(Written::Done) } else { Err(MailboxError::Conflict.into()) };
    }
    let bytes = row.bytes.saturating_add(body.len() as u64);
    if row.posts >= MAX_MAILBOX_POSTS || bytes > MAX_MAILBOX_BYTES {
        return Err(MailboxError::Full.into());
    }
    // Positions follow the clock, so that they keep increasing for a reader even if the empty
    // mailbox has been forgotten meanwhile.
    let seq = (row.head + 1).max(now);
    row = Mailbox { head: seq, posts: row.posts + 1, bytes, ..row };
    let expires_at = now.saturating_add(MAILBOX_TTL_MS);
    let stored = StoredPost { expires_at, received_at: now, record, body: body.to_vec().into() };
    tx.put(&Key::Mailbox(mailbox), &row)?;
    tx.put(&Key::PostRecord(mailbox, record), &seq)?;
    tx.put_new(&Key::Post(mailbox, seq), &stored);
    tx.expires(expires_at, Key::Post(mailbox, seq));
    Ok(Written::Posted { seq })
}

pub(super) fn trim<E: Engine>(
    tx: &mut Tx<'_, E>,
    mailbox: MailboxId,
    through: u64,
) -> Result<Written, WriteError> {
    let from = Key::Post(mailbox, 0).encode();
    let to = Key::Post(mailbox, through.saturating_add(1)).encode();
    // A mailbox never holds more than this.
    for key in tx.keys(&from, &to, MAX_MAILBOX_POSTS as usize)? {
        if let Key::Post(mailbox, seq) = key {
            delete(tx, mailbox, seq)?;
        }
    }
    Ok(Written::Done)
}

/// Deletes a post. An empty mailbox that nobody opened is forgotten.
pub(super) fn delete<E: Engine>(tx: &mut Tx<'_, E>, mailbox: MailboxId, seq: u64) -> Result<(), StoreError> {
    let key = Key::Post(mailbox, seq);
    let Ok(Some(stored)) = tx.get::<StoredPost>(&key) else {
        tx.delete(&key);
        return Ok(());
    };
    let mut row: Mailbox = tx.get(&Key::Mailbox(mailbox))?.unwrap_or_default();
    row.posts = row.posts.saturating_sub(1);
    row.bytes = row.bytes.saturating_sub(stored.body.len() as u64);
    if row.posts == 0 && !row.opened {
        tx.delete(&Key::Mailbox(mailbox));
    } else {
        tx.put(&Key::Mailbox(mailbox), &row)?;
    }
    tx.delete(&Key::PostRecord(mailbox, stored.record));
    tx.delete(&Key::Expiry(stored.expires_at, Box::new(key.clone())));
    tx.delete(&key);
    Ok(())
}
