//! Registrations, receipts and push jobs: who may, how many, and how far.

use campana_protocol::frame::Class;
use campana_protocol::id::{ChannelId, MailboxId, PublicKey, ReceiptToken, RegistrationId};
use campana_protocol::limits::{ENTRY_TTL_MS, MAX_CHANNEL_REGISTRATIONS, REGISTRATION_TTL_MS};
use minicbor::bytes::ByteVec;

use super::append::rights;
use super::tx::Tx;
use crate::limits::{GIVING_WAY_SAMPLE, MAX_TRIM, UNSETTLED_PAGE};
use crate::store::engine::Engine;
use crate::store::error::{PushError, StoreError, WriteError};
use crate::store::key::{Key, Kind};
use crate::store::row::{Channel, StoredJob, StoredLane, StoredRegistration};
use crate::store::write::{PushProgress, Written};
use crate::store::{EndpointTag, Keys, Rights};

/// The seq under which a channel's registrations are counted: entries begin at 1.
pub(super) const REGISTRATIONS: u64 = 0;

pub(super) fn register<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    (channel, by, registration): (ChannelId, &Keys, RegistrationId),
    (sealed, endpoint, proved_at): (&[u8], EndpointTag, u64),
) -> Result<Written, WriteError> {
    let access = current(tx, &channel, by)?.access;
    put(tx, now, (channel, access, registration), (sealed, endpoint, proved_at))
}

/// Makes or renews a registration of whoever may.
pub(super) fn put<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    (channel, access, registration): (ChannelId, PublicKey, RegistrationId),
    (sealed, endpoint, proved_at): (&[u8], EndpointTag, u64),
) -> Result<Written, WriteError> {
    if tx.get::<()>(&Key::Ended(channel, registration))?.is_some() {
        return Err(PushError::Ended.into());
    }
    let key = Key::Registration(channel, registration);
    let known = tx.get::<StoredRegistration>(&key)?;
    let doubled = doubled(tx, channel, registration, endpoint)?;
    let tag = Some(endpoint.into());
    // A new endpoint has refused nothing yet.
    let same = known.iter().chain(doubled.iter().map(|(_, row)| row)).find(|row| row.endpoint == tag);
    let refused_at = same.and_then(|row| row.refused_at);
    match (&known, &doubled) {
        (Some(known), _) => {
            tx.delete(&expiry(known.expires_at, &key));
            forget_endpoint(tx, channel, registration, known)?;
        }
        // It takes the place of the one that goes.
        (None, Some(_)) => {}
        (None, None) => {
            if tx.get::<u64>(&Key::Tally(channel, REGISTRATIONS))?.unwrap_or(0)
                >= MAX_CHANNEL_REGISTRATIONS.into()
            {
                give_way(tx, channel, registration)?;
            }
            count(tx, channel, REGISTRATIONS)?;
        }
    }
    if let Some((other, row)) = doubled {
        if known.is_some() {
            uncount(tx, channel, REGISTRATIONS)?;
        }
        tx.delete(&Key::Cover(MailboxId(channel.0), other));
        let other = Key::Registration(channel, other);
        tx.delete(&expiry(row.expires_at, &other));
        tx.delete(&other);
    }
    let expires_at = now.saturating_add(REGISTRATION_TTL_MS);
    // A device whose clock runs ahead has proved nothing for the time to come.
    let proved_at = proved_at.min(now);
    let sealed = sealed.to_vec().into();
    tx.put(&key, &StoredRegistration { expires_at, access, proved_at, sealed, endpoint: tag, refused_at })?;
    tx.put(&Key::Endpoint(channel, endpoint), &registration)?;
    tx.expires(expires_at, key);
    Ok(Written::Done)
}

/// In a full channel the oldest of some registrations that no push has ever come to gives way: whoever makes
/// up phones has them proved by no push service. The look begins at the newcomer's own place, which
/// nobody else can choose.
fn give_way<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    newcomer: RegistrationId,
) -> Result<(), WriteError> {
    let key = |id: [u8; 16]| Key::Registration(channel, RegistrationId(id)).encode();
    let end = [key([0xff; 16]), vec![0]].concat();
    for (mut from, to) in [(key(newcomer.0), end), (key([0; 16]), key(newcomer.0))] {
        loop {
            let mut oldest: Option<(u64, RegistrationId, StoredRegistration)> = None;
            let last = tx.some::<StoredRegistration>(&from, &to, GIVING_WAY_SAMPLE, |key, row| {
                let Key::Registration(_, id) = key else { return };
                let older = oldest.as_ref().is_none_or(|(expires_at, ..)| row.expires_at < *expires_at);
                if row.proved_at == 0 && older {
                    oldest = Some((row.expires_at, id, row));
                }
            })?;
            if let Some((_, id, row)) = oldest {
                remove(tx, channel, id, &row)?;
                return Ok(());
            }
            match last {
                Some(last) => from = [last, vec![0]].concat(),
                None => break,
            }
        }
    }
    Ok(())
}

/// Another registration with the same endpoint: its device has come again under a new id.
fn doubled<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    registration: RegistrationId,
    endpoint: EndpointTag,
) -> Result<Option<(RegistrationId, StoredRegistration)>, StoreError> {
    let other = tx.get::<RegistrationId>(&Key::Endpoint(channel, endpoint))?;
    let Some(other) = other.filter(|other| *other != registration) else {
        return Ok(None);
    };
    let row = tx.get::<StoredRegistration>(&Key::Registration(channel, other))?;
    Ok(row.filter(|row| row.endpoint == Some(endpoint.into())).map(|row| (other, row)))
}

/// The endpoint of a registration that goes, or that gets another.
fn forget_endpoint<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    registration: RegistrationId,
    known: &StoredRegistration,
) -> Result<(), StoreError> {
    if let Some(endpoint) = known.endpoint {
        let key = Key::Endpoint(channel, endpoint.into());
        if tx.get::<RegistrationId>(&key)? == Some(registration) {
            tx.delete(&key);
        }
    }
    Ok(())
}

pub(super) fn unregister<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    registration: RegistrationId,
) -> Result<Written, WriteError> {
    if let Some(known) = tx.get::<StoredRegistration>(&Key::Registration(channel, registration))? {
        remove(tx, channel, registration, &known)?;
    }
    Ok(Written::Done)
}

/// The push service has ended a subscription. Only what was pushed to: the device may have
/// subscribed anew meanwhile. Its id is kept as ended, so that the device finds out.
pub(super) fn end<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    channel: ChannelId,
    registration: RegistrationId,
    sealed: &[u8],
) -> Result<Written, WriteError> {
    if let Some(known) = tx.get::<StoredRegistration>(&Key::Registration(channel, registration))?
        && known.sealed.as_slice() == sealed
    {
        remove(tx, channel, registration, &known)?;
        let ended = Key::Ended(channel, registration);
        tx.put(&ended, &())?;
        tx.expires(now.saturating_add(REGISTRATION_TTL_MS), ended);
    }
    Ok(Written::Done)
}

/// Whether the push service takes what is pushed to a registration, if it still is what was pushed to.
/// Of several refusals the first counts.
pub(super) fn refused<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    (channel, registration): (ChannelId, RegistrationId),
    sealed: &[u8],
    refused: bool,
) -> Result<Written, WriteError> {
    let key = Key::Registration(channel, registration);
    if let Some(known) = tx.get::<StoredRegistration>(&key)?
        && known.sealed.as_slice() == sealed
        && known.refused_at.is_some() != refused
    {
        tx.put(&key, &StoredRegistration { refused_at: refused.then_some(now), ..known })?;
    }
    Ok(Written::Done)
}

pub(super) fn reseal<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    registration: RegistrationId,
    from: &[u8],
    to: &[u8],
) -> Result<Written, WriteError> {
    let key = Key::Registration(channel, registration);
    if let Some(known) = tx.get::<StoredRegistration>(&key)?
        && known.sealed.as_slice() == from
    {
        tx.put(&key, &StoredRegistration { sealed: to.to_vec().into(), ..known })?;
    }
    Ok(Written::Done)
}

pub(super) fn receipt<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    channel: ChannelId,
    by: &Keys,
    seq: u64,
    token: ReceiptToken,
) -> Result<Written, WriteError> {
    current(tx, &channel, by)?;
    let head = super::append::head(tx, &channel)?;
    if !(1..=head.seq).contains(&seq) {
        return Err(PushError::Unknown.into());
    }
    let key = Key::Receipt(channel, seq, token);
    if tx.get::<()>(&key)?.is_none() {
        count(tx, channel, seq)?;
        tx.put(&key, &())?;
        tx.expires(now.saturating_add(ENTRY_TTL_MS), key);
    }
    Ok(Written::Done)
}

/// An alert of a channel with registrations is pushed.
pub(super) fn open_job<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    class: Class,
    channel: ChannelId,
    seq: u64,
) -> Result<(), StoreError> {
    if class == Class::Alert && tx.get::<u64>(&Key::Tally(channel, REGISTRATIONS))?.is_some() {
        let job = StoredJob { created_at: now, cursor: None, lanes: Vec::new(), pages: 0 };
        tx.put(&Key::PushJob(channel, seq), &job)?;
    }
    Ok(())
}

pub(super) fn progress<E: Engine>(
    tx: &mut Tx<'_, E>,
    progress: &PushProgress,
) -> Result<Written, WriteError> {
    let (channel, seq) = (progress.channel, progress.seq);
    let key = Key::PushJob(channel, seq);
    let Some(mut job) = tx.get::<StoredJob>(&key)? else {
        return Ok(Written::Done);
    };
    let mut pages = 0;
    if !progress.done {
        for ids in progress.unsettled.chunks(UNSETTLED_PAGE) {
            let ids: Vec<u8> = ids.iter().flat_map(|id| id.0).collect();
            tx.put(&Key::Unsettled(channel, seq, pages), &ByteVec::from(ids))?;
            pages += 1;
        }
    }
    for gone in pages..job.pages {
        tx.delete(&Key::Unsettled(channel, seq, gone));
    }
    if progress.done {
        tx.delete(&key);
        return Ok(Written::Done);
    }
    job.pages = pages;
    job.cursor = progress.cursor;
    job.lanes =
        progress.lanes.iter().map(|(tag, cursor)| StoredLane { tag: *tag, cursor: *cursor }).collect();
    tx.put(&key, &job)?;
    Ok(Written::Done)
}

pub(super) fn keep_secret<E: Engine>(tx: &mut Tx<'_, E>, sealed: &[u8]) -> Result<Written, WriteError> {
    tx.put(&Key::PushSecret, &ByteVec::from(sealed.to_vec()))?;
    Ok(Written::Done)
}

/// Again and again until the secret is gone too.
pub(super) fn forget_all<E: Engine>(tx: &mut Tx<'_, E>) -> Result<Written, WriteError> {
    for kind in [Kind::PushJob, Kind::Unsettled, Kind::Registration, Kind::Endpoint, Kind::Cover] {
        let (from, to) = kind.range();
        let found = tx.keys(&from, &to, MAX_TRIM)?;
        for key in &found {
            if let Key::Registration(channel, registration) = key
                && let Ok(Some(known)) = tx.get::<StoredRegistration>(key)
            {
                remove(tx, *channel, *registration, &known)?;
            } else {
                tx.delete(key);
            }
        }
        if found.len() == MAX_TRIM {
            return Ok(Written::Done);
        }
    }
    tx.delete(&Key::PushSecret);
    Ok(Written::Done)
}

/// A registration's time has come, unless it was renewed.
pub(super) fn expire<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    channel: ChannelId,
    registration: RegistrationId,
) -> Result<(), StoreError> {
    let key = Key::Registration(channel, registration);
    match tx.get::<StoredRegistration>(&key) {
        Ok(Some(known)) if known.expires_at > now => {}
        Ok(Some(known)) => remove(tx, channel, registration, &known)?,
        Ok(None) => {}
        // Damaged: it goes all the same.
        Err(_) => {
            uncount(tx, channel, REGISTRATIONS)?;
            tx.delete(&key);
        }
    }
    Ok(())
}

pub(super) fn remove<E: Engine>(
    tx: &mut Tx<'_, E>,
    channel: ChannelId,
    registration: RegistrationId,
    known: &StoredRegistration,
) -> Result<(), StoreError> {
    let key = Key::Registration(channel, registration);
    uncount(tx, channel, REGISTRATIONS)?;
    forget_endpoint(tx, channel, registration, known)?;
    tx.delete(&expiry(known.expires_at, &key));
    tx.delete(&key);
    // Had by a mailbox's alone.
    tx.delete(&Key::Cover(MailboxId(channel.0), registration));
    Ok(())
}

fn current<E: Engine>(tx: &mut Tx<'_, E>, channel: &ChannelId, by: &Keys) -> Result<Channel, WriteError> {
    match rights(tx, channel, by)?.ok_or(PushError::Unknown)? {
        (row, Some(rights)) if Rights::current(rights) => Ok(row),
        _ => Err(PushError::Forbidden.into()),
    }
}

fn count<E: Engine>(tx: &mut Tx<'_, E>, channel: ChannelId, seq: u64) -> Result<(), WriteError> {
    let key = Key::Tally(channel, seq);
    let tally = tx.get::<u64>(&key)?.unwrap_or(0);
    if tally >= MAX_CHANNEL_REGISTRATIONS.into() {
        return Err(PushError::TooMany.into());
    }
    tx.put(&key, &(tally + 1))?;
    Ok(())
}

pub(super) fn uncount<E: Engine>(tx: &mut Tx<'_, E>, channel: ChannelId, seq: u64) -> Result<(), StoreError> {
    let key = Key::Tally(channel, seq);
    match tx.get::<u64>(&key)?.unwrap_or(0) {
        0 | 1 => tx.delete(&key),
        tally => tx.put(&key, &(tally - 1))?,
    }
    Ok(())
}

fn expiry(at: u64, key: &Key) -> Key {
    Key::Expiry(at, Box::new(key.clone()))
}
