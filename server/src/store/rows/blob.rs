//! Blobs, part by part.

use campana_protocol::id::{BlobId, ChannelId};
use campana_protocol::limits::{BLOB_TTL_MS, MAX_CHANNEL_BLOB_BYTES};

use super::append::rights;
use super::tx::Tx;
use crate::limits::MEMBERS_BLOB_BYTES;
use crate::store::engine::Engine;
use crate::store::error::{BlobError, StoreError, WriteError};
use crate::store::key::Key;
use crate::store::row::{Head, StoredPart};
use crate::store::write::Written;
use crate::store::{Keys, Rights};

pub(super) struct Part<'a> {
    pub(super) channel: ChannelId,
    pub(super) blob: BlobId,
    pub(super) part: u16,
    pub(super) of: u16,
    pub(super) body: &'a [u8],
}

pub(super) fn put<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    by: &Keys,
    part: &Part<'_>,
) -> Result<Written, WriteError> {
    let (_, rights) = rights(tx, &part.channel, by)?.ok_or(BlobError::Unknown)?;
    if !rights.is_some_and(Rights::current) {
        return Err(BlobError::Forbidden.into());
    }
    let key = Key::BlobPart(part.channel, part.blob, part.part);
    if let Some(stored) = tx.get::<StoredPart>(&key)? {
        return if stored.is(part.of, part.body) {
            Ok(Written::Done)
        } else {
            Err(BlobError::Conflict.into())
        };
    }
    let mut head: Head = tx.get(&Key::Head(part.channel))?.ok_or(StoreError::Damaged)?;
    head.blob_bytes = head.blob_bytes.saturating_add(part.body.len() as u64);
    if head.blob_bytes > MAX_CHANNEL_BLOB_BYTES {
        return Err(BlobError::TooMany.into());
    }
    // Snapshots without which nobody is admitted are the owners'.
    if rights != Some(Rights::Owner) && head.blob_bytes > MEMBERS_BLOB_BYTES {
        return Err(BlobError::Reserved.into());
    }
    let expires_at = now.saturating_add(BLOB_TTL_MS);
    let (body, place) = tx.keep(expires_at, part.body);
    let stored = StoredPart { expires_at, of: part.of, body, place };
    tx.put(&Key::Head(part.channel), &head)?;
    tx.put_new(&key, &stored);
    tx.expires(expires_at, key);
    Ok(Written::Done)
}

/// Gives the bytes of an expired part back to its channel.
pub(super) fn give_back<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    part: &StoredPart,
) -> Result<(), StoreError> {
    if let Some(mut head) = tx.get::<Head>(&Key::Head(channel))? {
        head.blob_bytes = head.blob_bytes.saturating_sub(part.len() as u64);
        tx.put(&Key::Head(channel), &head)?;
    }
    Ok(())
}
