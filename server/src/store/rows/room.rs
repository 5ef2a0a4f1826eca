//! Room in a full mailbox: which posts give way to a new one, if any do.
//!
//! Members and strangers have a lane each, so neither displaces the other's. Within a lane what its reader
//! has been given goes first, oldest first. Of what nobody has read, only posts that are heavier than the new
//! one go, the heaviest and of those the newest first: a connection's posts grow heavier as it posts, so a
//! flood displaces itself, and what came before a burst outlasts it. If that is not enough the new post is
//! refused, and its author knows. A post that comes with a pass has room of its own beyond the lane.

use campana_protocol::id::MailboxId;

use super::mailbox::delete;
use super::tx::Tx;
use crate::limits::{LANE_BYTES, LANE_POSTS, PASSED_BYTES, PASSED_POSTS};
use crate::store::engine::Engine;
use crate::store::error::{MailboxError, WriteError};
use crate::store::key::Key;
use crate::store::row::{Mailbox, StoredPost};

/// The post that wants in.
pub(super) struct New {
    pub(super) insider: bool,
    pub(super) weight: u16,
    /// All up to this one have been given to a reader.
    pub(super) read: u64,
    pub(super) bytes: u64,
    /// It came with a pass.
    pub(super) passed: bool,
}

/// A post that is there, of the same lane.
struct Held {
    seq: u64,
    weight: u16,
    bytes: u64,
}

/// Deletes what gives way. How many.
pub(super) fn make<E: Engine>(tx: &mut Tx<'_, E>, mailbox: MailboxId, new: &New) -> Result<u64, WriteError> {
    let row: Mailbox = tx.get(&Key::Mailbox(mailbox))?.unwrap_or_default();
    let (posts, bytes) = row.lane(new.insider);
    let (more_posts, more_bytes) = if new.passed { (PASSED_POSTS, PASSED_BYTES) } else { (0, 0) };
    let mut missing_posts = (posts + 1).saturating_sub(LANE_POSTS + more_posts);
    let mut missing_bytes = bytes.saturating_add(new.bytes).saturating_sub(LANE_BYTES + more_bytes);
    if missing_posts == 0 && missing_bytes == 0 {
        return Ok(0);
    }
    let mut going = Vec::new();
    for held in candidates(tx, mailbox, new)? {
        if missing_posts == 0 && missing_bytes == 0 {
            break;
        }
        missing_posts = missing_posts.saturating_sub(1);
        missing_bytes = missing_bytes.saturating_sub(held.bytes);
        going.push(held.seq);
    }
    if missing_posts > 0 || missing_bytes > 0 {
        return Err(MailboxError::Full.into());
    }
    for seq in &going {
        delete(tx, mailbox, *seq)?;
    }
    Ok(going.len() as u64)
}

/// Those that may give way, in the order in which they do.
fn candidates<E: Engine>(tx: &Tx<'_, E>, mailbox: MailboxId, new: &New) -> Result<Vec<Held>, WriteError> {
    let (from, to) = (Key::Post(mailbox, 0).encode(), Key::Post(mailbox, u64::MAX).encode());
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    tx.each::<StoredPost>(&from, &to, |key, post| {
        let Key::Post(_, seq) = key else { return };
        if post.insider != new.insider {
            return;
        }
        let held = Held { seq, weight: post.weight, bytes: post.len() as u64 };
        if seq <= new.read {
            read.push(held);
        } else if held.weight > new.weight {
            unread.push(held);
        }
    })?;
    unread.sort_by_key(|held| core::cmp::Reverse((held.weight, held.seq)));
    read.append(&mut unread);
    Ok(read)
}
