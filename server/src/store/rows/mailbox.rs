//! Mailboxes: opened by members, posted to by anyone, trimmed by their reader.

use campana_protocol::id::{ChannelId, Hash, MailboxId, RecordId};
use campana_protocol::limits::{MAILBOX_TTL_MS, MAX_MAILBOX_POSTS};

use super::append::rights;
use super::pass;
use super::room::{self, New};
use super::tx::Tx;
use crate::limits::{MAX_CHANNEL_MAILBOXES, MEMBERS_MAILBOXES, PASSED_POSTS};
use crate::store::engine::Engine;
use crate::store::error::{MailboxError, StoreError, WriteError};
use crate::store::key::Key;
use crate::store::row::{Head, Mailbox, StoredPost};
use crate::store::write::Written;
use crate::store::{Keys, Rights};

/// Changes a mailbox on behalf of a channel. Which one vouched is counted but not kept: nothing ties a
/// mailbox to a channel.
pub(super) fn set<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    by: &Keys,
    mailbox: MailboxId,
    change: impl FnOnce(&mut Mailbox),
) -> Result<Written, WriteError> {
    let (_, rights) = rights(tx, &channel, by)?.ok_or(MailboxError::Unknown)?;
    if !rights.is_some_and(Rights::current) {
        return Err(MailboxError::Forbidden.into());
    }
    let before: Mailbox = tx.get(&Key::Mailbox(mailbox))?.unwrap_or_default();
    let mut row = before;
    change(&mut row);
    if row == before {
        return Ok(Written::Done);
    }
    // It stays from now on, empty or not.
    if !before.stays() {
        let mut head: Head = tx.get(&Key::Head(channel))?.ok_or(StoreError::Damaged)?;
        let most = if rights == Some(Rights::Owner) { MAX_CHANNEL_MAILBOXES } else { MEMBERS_MAILBOXES };
        if head.mailboxes >= most {
            return Err(MailboxError::TooMany.into());
        }
        head.mailboxes += 1;
        tx.put(&Key::Head(channel), &head)?;
    }
    tx.put(&Key::Mailbox(mailbox), &row)?;
    Ok(Written::Done)
}

pub(super) fn post<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    mailbox: MailboxId,
    new: &New,
    (record, body): (RecordId, &[u8]),
    pass: Option<(ChannelId, Hash)>,
) -> Result<Written, WriteError> {
    let row: Mailbox = tx.get(&Key::Mailbox(mailbox))?.unwrap_or_default();
    if !new.insider && !row.opened {
        return Err(MailboxError::Unknown.into());
    }
    if let Some(seq) = tx.get::<u64>(&Key::PostRecord(mailbox, record))? {
        let stored: StoredPost = tx.get(&Key::Post(mailbox, seq))?.ok_or(StoreError::Damaged)?;
        return if stored.is(body) { Ok(Written::Done) } else { Err(MailboxError::Conflict.into()) };
    }
    // Another post used it up since it was looked at: its author tries again.
    if let Some((channel, pass)) = pass
        && !pass::used(tx, channel, pass)?
    {
        return Err(MailboxError::Full.into());
    }
    let displaced = room::make(tx, mailbox, new)?;
    let left: Mailbox = tx.get(&Key::Mailbox(mailbox))?.unwrap_or_default();
    // Positions follow the clock, so that they keep increasing for a reader even if the empty
    // mailbox has been forgotten meanwhile.
    let seq = (row.head + 1).max(now);
    let mut row = Mailbox { posts: left.posts, bytes: left.bytes, ..row };
    (row.member_posts, row.member_bytes) = left.lane(true);
    row.head = seq;
    row.add(new.insider, new.bytes);
    let expires_at = now.saturating_add(row.keep_ms.unwrap_or(MAILBOX_TTL_MS).min(MAILBOX_TTL_MS));
    let (body, place) = tx.keep(expires_at, body);
    let (insider, weight) = (new.insider, new.weight);
    let stored = StoredPost { expires_at, received_at: now, record, body, place, insider, weight };
    tx.put(&Key::Mailbox(mailbox), &row)?;
    tx.put(&Key::PostRecord(mailbox, record), &seq)?;
    tx.put_new(&Key::Post(mailbox, seq), &stored);
    tx.expires(expires_at, Key::Post(mailbox, seq));
    super::ring::owe(tx, now, mailbox)?;
    Ok(Written::Posted { seq, displaced })
}

pub(super) fn trim<E: Engine>(
    tx: &mut Tx<'_, E>,
    mailbox: MailboxId,
    through: u64,
) -> Result<Written, WriteError> {
    let from = Key::Post(mailbox, 0).encode();
    let to = Key::Post(mailbox, through.saturating_add(1)).encode();
    // A mailbox never holds more than this.
    for key in tx.keys(&from, &to, (MAX_MAILBOX_POSTS + PASSED_POSTS) as usize)? {
        if let Key::Post(mailbox, seq) = key {
            delete(tx, mailbox, seq)?;
        }
    }
    Ok(Written::Done)
}

/// Deletes a post. An empty mailbox of which nothing was said is forgotten.
pub(super) fn delete<E: Engine>(tx: &mut Tx<'_, E>, mailbox: MailboxId, seq: u64) -> Result<(), StoreError> {
    let key = Key::Post(mailbox, seq);
    let Ok(Some(stored)) = tx.get::<StoredPost>(&key) else {
        tx.delete(&key);
        return Ok(());
    };
    let mut row: Mailbox = tx.get(&Key::Mailbox(mailbox))?.unwrap_or_default();
    row.subtract(stored.insider, stored.len() as u64);
    if row.posts == 0 && !row.stays() {
        tx.delete(&Key::Mailbox(mailbox));
    } else {
        tx.put(&Key::Mailbox(mailbox), &row)?;
    }
    tx.erase(stored.place);
    tx.delete(&Key::PostRecord(mailbox, stored.record));
    tx.delete(&Key::Expiry(stored.expires_at, Box::new(key.clone())));
    tx.delete(&key);
    Ok(())
}
