//! Invitations, founders, channels and their owners; and the run of the relay.

use campana_protocol::id::{ChannelId, Hash, PublicKey};
use campana_protocol::limits::MAX_CHANNELS_PER_INVITATION;
use minicbor::bytes::ByteArray;

use super::append::rights;
use super::tx::Tx;
use crate::limits::INVITATION_MEMORY_MS;
use crate::store::engine::Engine;
use crate::store::error::{FoundError, WriteError};
use crate::store::key::{Key, Kind};
use crate::store::row::{Channel, Founder, Head, Invitation, StoredRun};
use crate::store::write::Written;
use crate::store::{Keys, Rights, Run};

pub(super) fn begin<E: Engine>(tx: &mut Tx<'_, E>, run: &Run) -> Result<Written, WriteError> {
    let known: Option<StoredRun> = tx.get(&Key::Run)?;
    let since = run.since.map(ByteArray::from);
    if since.is_some() && since != known.and_then(|known| known.since) {
        hold_channels(tx)?;
    }
    tx.put(&Key::Run, &StoredRun { name: run.name.into(), restored: run.restored, since })?;
    Ok(Written::Done)
}

/// Nobody may take the place of an entry that this store has lost.
fn hold_channels<E: Engine>(tx: &mut Tx<'_, E>) -> Result<(), WriteError> {
    let (from, to) = Kind::Channel.range();
    for key in tx.keys(&from, &to, usize::MAX)? {
        if let Some(mut channel) = tx.get::<Channel>(&key)? {
            channel.restored = true;
            tx.put(&key, &channel)?;
        }
    }
    Ok(())
}

pub(super) fn invite<E: Engine>(
    tx: &mut Tx<'_, E>,
    invitation: Hash,
    expires_at: u64,
) -> Result<Written, WriteError> {
    let key = Key::Invitation(invitation);
    if tx.get::<Invitation>(&key)?.is_none() {
        tx.put(&key, &Invitation { expires_at, redeemed_by: None })?;
        tx.expires(expires_at.saturating_add(INVITATION_MEMORY_MS), key);
    }
    Ok(Written::Done)
}

pub(super) fn redeem<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    invitation: Hash,
    founder: PublicKey,
) -> Result<Written, WriteError> {
    let key = Key::Invitation(invitation);
    let mut row: Invitation = tx.get(&key)?.ok_or(FoundError::InvitationUnknown)?;
    match row.redeemed_by {
        Some(by) if by == founder => return Ok(Written::Done),
        Some(_) => return Err(FoundError::InvitationUsed.into()),
        None if row.expires_at <= now => return Err(FoundError::InvitationExpired.into()),
        None => {}
    }
    let mut paid: Founder = tx.get(&Key::Founder(founder))?.unwrap_or(Founder { channels_left: 0 });
    paid.channels_left = paid.channels_left.saturating_add(MAX_CHANNELS_PER_INVITATION);
    row.redeemed_by = Some(founder);
    tx.put(&key, &row)?;
    tx.put(&Key::Founder(founder), &paid)?;
    Ok(Written::Done)
}

pub(super) fn create<E: Engine>(
    tx: &mut Tx<'_, E>,
    founder: PublicKey,
    owner: PublicKey,
    access: PublicKey,
) -> Result<Written, WriteError> {
    let mut paid: Founder = tx.get(&Key::Founder(founder))?.ok_or(FoundError::InvitationUnknown)?;
    let channel = ChannelId::of(&owner);
    if tx.get::<Channel>(&Key::Channel(channel))?.is_some() {
        return Ok(Written::Done);
    }
    paid.channels_left = paid.channels_left.checked_sub(1).ok_or(FoundError::InvitationExhausted)?;
    tx.put(&Key::Founder(founder), &paid)?;
    tx.put(&Key::Channel(channel), &Channel { owners: vec![owner], access, guard: None, restored: false })?;
    tx.put(&Key::Head(channel), &Head::default())?;
    Ok(Written::Done)
}

pub(super) fn set_owners<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    by: &Keys,
    approved: &[PublicKey],
    owners: &[PublicKey],
) -> Result<Written, WriteError> {
    let (mut row, rights) = rights(tx, &channel, by)?.ok_or(FoundError::Unknown)?;
    if rights != Some(Rights::Owner) {
        return Err(FoundError::Forbidden.into());
    }
    let same = owners.iter().all(|owner| row.owners.contains(owner))
        && row.owners.iter().all(|owner| owners.contains(owner));
    if same {
        return Ok(Written::Done);
    }
    // One owner, whose device may be in other hands, takes nobody's place and gives none away.
    let agree = row.owners.iter().filter(|owner| by.owner == Some(**owner) || approved.contains(owner));
    if 2 * agree.count() <= row.owners.len() {
        return Err(FoundError::Forbidden.into());
    }
    // Each counts once, however often it is named: nobody gets a majority by repeating a key.
    row.owners.clear();
    for owner in owners {
        if !row.owners.contains(owner) {
            row.owners.push(*owner);
        }
    }
    tx.put(&Key::Channel(channel), &row)?;
    Ok(Written::Done)
}

pub(super) fn set_guard<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    by: &Keys,
    guard: ChannelId,
) -> Result<Written, WriteError> {
    let (mut row, rights) = rights(tx, &channel, by)?.ok_or(FoundError::Unknown)?;
    if rights != Some(Rights::Owner) {
        return Err(FoundError::Forbidden.into());
    }
    // One that is not there would keep everybody out.
    if tx.get::<Channel>(&Key::Channel(guard))?.is_none() {
        return Err(FoundError::Unknown.into());
    }
    row.guard = (guard != channel).then_some(guard);
    tx.put(&Key::Channel(channel), &row)?;
    Ok(Written::Done)
}
