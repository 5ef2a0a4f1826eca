//! Passes: posts that a channel's owners let through when a mailbox takes no more.

use campana_protocol::id::{ChannelId, Hash};
use campana_protocol::limits::PASS_TTL_MS;

use super::append::rights;
use super::tx::Tx;
use crate::limits::MAX_CHANNEL_PASSES;
use crate::store::engine::Engine;
use crate::store::error::{MailboxError, StoreError, WriteError};
use crate::store::key::Key;
use crate::store::row::Head;
use crate::store::write::Written;
use crate::store::{Keys, Rights};

pub(super) fn add<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    channel: ChannelId,
    by: &Keys,
    passes: &[Hash],
) -> Result<Written, WriteError> {
    let (_, rights) = rights(tx, &channel, by)?.ok_or(MailboxError::Unknown)?;
    if rights != Some(Rights::Owner) {
        return Err(MailboxError::Forbidden.into());
    }
    let mut head: Head = tx.get(&Key::Head(channel))?.ok_or(StoreError::Damaged)?;
    let mut new = Vec::new();
    for pass in passes {
        if tx.get::<bool>(&Key::Pass(channel, *pass))?.is_none() && !new.contains(pass) {
            new.push(*pass);
        }
    }
    let count = u32::try_from(new.len()).unwrap_or(u32::MAX);
    if head.passes.saturating_add(count) > MAX_CHANNEL_PASSES {
        return Err(MailboxError::TooMany.into());
    }
    if new.is_empty() {
        return Ok(Written::Done);
    }
    head.passes += count;
    tx.put(&Key::Head(channel), &head)?;
    for pass in new {
        tx.put(&Key::Pass(channel, pass), &false)?;
        tx.expires(now.saturating_add(PASS_TTL_MS), Key::Pass(channel, pass));
    }
    Ok(Written::Done)
}

/// Uses it up. False: there is none, or it was used before.
pub(super) fn used<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    pass: Hash,
) -> Result<bool, StoreError> {
    let key = Key::Pass(channel, pass);
    if tx.get::<bool>(&key)? != Some(false) {
        return Ok(false);
    }
    tx.put(&key, &true)?;
    Ok(true)
}

pub(super) fn expire<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    pass: Hash,
) -> Result<(), StoreError> {
    tx.delete(&Key::Pass(channel, pass));
    // A channel whose counters are damaged keeps what it has.
    if let Ok(Some(mut head)) = tx.get::<Head>(&Key::Head(channel)) {
        head.passes = head.passes.saturating_sub(1);
        tx.put(&Key::Head(channel), &head)?;
    }
    Ok(())
}
