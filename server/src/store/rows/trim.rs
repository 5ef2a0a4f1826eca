//! Deleting what has expired, oldest first.

use campana_protocol::id::ChannelId;

use super::tx::Tx;
use super::{blob, mailbox, pass, push};
use crate::limits::MAX_TRIM;
use crate::store::Trimmed;
use crate::store::engine::Engine;
use crate::store::error::StoreError;
use crate::store::key::{Key, expired as expired_range};
use crate::store::row::{Head, Older, StoredEntry, StoredPart};

pub(super) fn expired<E: Engine>(tx: &mut Tx<'_, E>, now: u64) -> Result<Trimmed, StoreError> {
    let (from, to) = expired_range(now);
    let due = tx.keys(&from, &to, MAX_TRIM)?;
    let mut trimmed = Trimmed { rows: due.len(), more: due.len() == MAX_TRIM, ..Trimmed::default() };
    for key in due {
        let Key::Expiry(_, target) = &key else {
            continue;
        };
        // A damaged row goes too: it has expired, whatever it says.
        if let Some(channel) = delete(tx, now, target)?
            && trimmed.channels.last() != Some(&channel)
        {
            trimmed.channels.push(channel);
        }
        tx.delete(&key);
    }
    Ok(trimmed)
}

/// Notes in the rows up to where each channel's log has expired: to be forgotten once that is
/// durable. The head is noted too, for nothing else may say it when the log is read again.
pub(super) fn log<E: Engine>(tx: &mut Tx<'_, E>, now: u64) -> Result<Vec<(ChannelId, u64)>, StoreError> {
    let Some(log) = tx.log else {
        return Ok(Vec::new());
    };
    let expired = log.expired(now, MAX_TRIM);
    let mut noted = Vec::with_capacity(expired.len());
    for (channel, through) in expired {
        let key = Key::Head(channel);
        // A channel whose counters are damaged keeps what it has; the others go on.
        let Ok(Some(mut head)) = tx.get::<Head>(&key) else {
            continue;
        };
        head.seq = head.seq.max(through);
        head.log_expired = head.log_expired.max(through);
        tx.put(&key, &head)?;
        noted.push((channel, through));
    }
    Ok(noted)
}

/// Deletes the row of `target` with what hangs on it. The channel, if it lost an entry.
fn delete<E: Engine>(tx: &mut Tx<'_, E>, now: u64, target: &Key) -> Result<Option<ChannelId>, StoreError> {
    match target {
        Key::Entry(channel, _) => {
            if let Ok(Some(stored)) = tx.get::<StoredEntry>(target) {
                tx.delete(&Key::Record(*channel, stored.entry.record));
            }
            tx.delete(target);
            return Ok(Some(*channel));
        }
        // The key may have been in force again and rotated again since: then it expires later.
        Key::Older(..) => {
            if !tx.get::<Older>(target).is_ok_and(|older| older.is_some_and(|older| older.expires_at > now)) {
                tx.delete(target);
            }
        }
        Key::Post(mailbox, seq) => mailbox::delete(tx, *mailbox, *seq)?,
        Key::BlobPart(channel, ..) => {
            if let Ok(Some(part)) = tx.get::<StoredPart>(target) {
                blob::give_back(tx, *channel, &part)?;
            }
            tx.delete(target);
        }
        Key::Pass(channel, pass) => pass::expire(tx, *channel, *pass)?,
        Key::Registration(channel, registration) => push::expire(tx, now, *channel, *registration)?,
        Key::Receipt(channel, seq, _) => {
            push::uncount(tx, *channel, *seq)?;
            tx.delete(target);
        }
        _ => tx.delete(target),
    }
    Ok(None)
}
