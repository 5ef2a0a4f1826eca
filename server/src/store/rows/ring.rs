//! The desk's bell: registrations of mailboxes, rings that are owed for posts, rings that are held.
//!
//! A ring that is due becomes a push job like an alert's, under a seq that no entry has.

use core::ops::ControlFlow;

use campana_protocol::frame::Subject;
use campana_protocol::id::{ChannelId, Hash, MailboxId, PublicKey, RegistrationId};
use campana_protocol::limits::{HELD_MARK_MS, MAX_HELD, MAX_HOLD_MS, MAX_MAILBOX_REGISTRATIONS};

use super::push::{self, REGISTRATIONS};
use super::reading::{failed, get};
use super::tx::Tx;
use super::view::View;
use crate::store::engine::Engine;
use crate::store::error::{PushError, ReadError, StoreError, WriteError};
use crate::store::key::{Key, Kind};
use crate::store::ring::{HeldRing, Sort, place, seq};
use crate::store::row::{self, StoredHeld, StoredJob};
use crate::store::write::{MailboxRegistration, Written};

/// What a mailbox's registrations are made under in place of an access key: the session has seen the
/// reader's own key proved.
pub(super) const READER: PublicKey = PublicKey([0; 32]);

pub(super) fn register<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    new: &MailboxRegistration,
) -> Result<Written, WriteError> {
    let at = place(&Subject::Mailbox(new.mailbox));
    let renewed = tx.get::<row::StoredRegistration>(&Key::Registration(at, new.registration))?.is_some();
    let full =
        tx.get::<u64>(&Key::Tally(at, REGISTRATIONS))?.unwrap_or(0) >= MAX_MAILBOX_REGISTRATIONS.into();
    if full && !renewed && !make_room(tx, at, new.proved_at)? {
        return Err(PushError::TooMany.into());
    }
    let written =
        push::put(tx, now, (at, READER, new.registration), (&new.sealed, new.endpoint, new.proved_at))?;
    let cover = Key::Cover(new.mailbox, new.registration);
    if new.cover {
        tx.put(&cover, &())?;
    } else {
        tx.delete(&cover);
    }
    Ok(written)
}

/// Where a mailbox is full, one that was never proved gives way to one that was.
fn make_room<E: Engine>(tx: &mut Tx<'_, E>, at: ChannelId, proved_at: u64) -> Result<bool, StoreError> {
    if proved_at == 0 {
        return Ok(false);
    }
    let from = Key::Registration(at, RegistrationId([0; 16])).encode();
    let to = [Key::Registration(at, RegistrationId([0xff; 16])).encode(), vec![0]].concat();
    for key in tx.keys(&from, &to, MAX_MAILBOX_REGISTRATIONS as usize)? {
        let Key::Registration(_, registration) = key else { continue };
        if let Some(known) = tx.get::<row::StoredRegistration>(&key)?
            && known.proved_at == 0
        {
            push::remove(tx, at, registration, &known)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Something was posted: whoever is registered for the mailbox is owed a ring.
pub(super) fn owe<E: Engine>(tx: &mut Tx<'_, E>, now: u64, mailbox: MailboxId) -> Result<(), StoreError> {
    let owed = Key::OwedRing(mailbox);
    let registered = tx.get::<u64>(&Key::Tally(place(&Subject::Mailbox(mailbox)), REGISTRATIONS))?.is_some();
    if registered && tx.get::<u64>(&owed)?.is_none() {
        tx.put(&owed, &now)?;
    }
    Ok(())
}

/// A ring that is owed is due: it becomes a push job.
pub(super) fn ring<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    mailbox: MailboxId,
) -> Result<Written, WriteError> {
    let owed = Key::OwedRing(mailbox);
    if tx.get::<u64>(&owed)?.is_none() {
        return Ok(Written::Done);
    }
    tx.delete(&owed);
    open_job(tx, now, Sort::Mail, &Subject::Mailbox(mailbox))
}

fn open_job<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    sort: Sort,
    subject: &Subject,
) -> Result<Written, WriteError> {
    let (channel, seq) = (place(subject), seq(sort, subject, now));
    if tx.get::<u64>(&Key::Tally(channel, REGISTRATIONS))?.is_none() {
        return Ok(Written::Done);
    }
    let job = StoredJob { created_at: now, cursor: None, lanes: Vec::new(), pages: 0 };
    tx.put(&Key::PushJob(channel, seq), &job)?;
    Ok(Written::Rang { channel, seq, created_at: now })
}

pub(super) fn hold<E: Engine>(
    tx: &mut Tx<'_, E>,
    subject: Subject,
    id: Hash,
    after_ms: u64,
) -> Result<Written, WriteError> {
    let key = Key::HeldRing(subject, id);
    if tx.get::<StoredHeld>(&key)?.is_some() {
        return Ok(Written::Done);
    }
    room(tx, subject)?;
    tx.put(&key, &StoredHeld { left_ms: Some(after_ms.min(MAX_HOLD_MS)) })?;
    Ok(Written::Done)
}

/// The mark stays: whoever is late holds nothing again.
pub(super) fn withdraw<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    subject: Subject,
    id: Hash,
) -> Result<Written, WriteError> {
    let key = Key::HeldRing(subject, id);
    match tx.get::<StoredHeld>(&key)? {
        Some(StoredHeld { left_ms: None }) => return Ok(Written::Done),
        Some(_) => {}
        None => room(tx, subject)?,
    }
    mark(tx, now, key)?;
    Ok(Written::Done)
}

/// A held ring is due, unless it was withdrawn meanwhile.
pub(super) fn ring_held<E: Engine>(
    tx: &mut Tx<'_, E>,
    now: u64,
    subject: Subject,
    id: Hash,
) -> Result<Written, WriteError> {
    let key = Key::HeldRing(subject, id);
    let Some(StoredHeld { left_ms: Some(_) }) = tx.get::<StoredHeld>(&key)? else {
        return Ok(Written::Done);
    };
    mark(tx, now, key)?;
    open_job(tx, now, Sort::Held, &subject)
}

/// How much time is left of those that still wait.
pub(super) fn count_down<E: Engine>(tx: &mut Tx<'_, E>, left: &[HeldRing]) -> Result<Written, WriteError> {
    for HeldRing { subject, id, left_ms } in left {
        let key = Key::HeldRing(*subject, *id);
        if let Some(StoredHeld { left_ms: Some(before) }) = tx.get::<StoredHeld>(&key)? {
            tx.put(&key, &StoredHeld { left_ms: Some(before.min(*left_ms)) })?;
        }
    }
    Ok(Written::Done)
}

fn mark<E: Engine>(tx: &mut Tx<'_, E>, now: u64, key: Key) -> Result<(), StoreError> {
    tx.put(&key, &StoredHeld { left_ms: None })?;
    tx.expires(now.saturating_add(HELD_MARK_MS), key);
    Ok(())
}

fn room<E: Engine>(tx: &Tx<'_, E>, subject: Subject) -> Result<(), WriteError> {
    let (from, to) = Key::held_rings(&subject);
    let held = tx.keys(&from, &to, MAX_HELD as usize)?.len();
    if held < MAX_HELD as usize { Ok(()) } else { Err(PushError::TooMany.into()) }
}

pub(super) fn owes<E: Engine>(view: &View<E>, mailbox: &MailboxId) -> Result<bool, ReadError> {
    Ok(get::<_, u64>(view, &Key::OwedRing(*mailbox))?.is_some())
}

pub(super) fn owed<E: Engine>(view: &View<E>) -> Result<Vec<MailboxId>, ReadError> {
    all(view, Kind::OwedRing, |key, _| match key {
        Key::OwedRing(mailbox) => Some(mailbox),
        _ => None,
    })
}

pub(super) fn held<E: Engine>(view: &View<E>) -> Result<Vec<HeldRing>, ReadError> {
    all(view, Kind::HeldRing, |key, value| match (key, row::decode::<StoredHeld>(value)?.left_ms) {
        (Key::HeldRing(subject, id), Some(left_ms)) => Some(HeldRing { subject, id, left_ms }),
        _ => None,
    })
}

pub(super) fn covers<E: Engine>(view: &View<E>) -> Result<Vec<(MailboxId, RegistrationId)>, ReadError> {
    all(view, Kind::Cover, |key, _| match key {
        Key::Cover(mailbox, registration) => Some((mailbox, registration)),
        _ => None,
    })
}

fn all<E: Engine, T>(
    view: &View<E>,
    kind: Kind,
    wanted: impl Fn(Key, &[u8]) -> Option<T>,
) -> Result<Vec<T>, ReadError> {
    let (from, to) = kind.range();
    let mut found = Vec::new();
    let visit = &mut |key: &[u8], value: &[u8]| {
        found.extend(Key::decode(key).and_then(|key| wanted(key, value)));
        ControlFlow::Continue(())
    };
    view.scan(&from, &to, visit).map_err(failed)?;
    Ok(found)
}
