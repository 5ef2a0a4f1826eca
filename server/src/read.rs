//! How far each mailbox has been read by some reader of it, in memory only: in a full mailbox what has been
//! read gives way first. After a restart nothing counts as read until its reader comes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use campana_protocol::id::MailboxId;

use crate::limits::MAX_RATIONS;

/// The last position that a reader has been given, by mailbox.
#[derive(Debug, Default)]
pub(crate) struct Read(Mutex<HashMap<MailboxId, u64>>);

impl Read {
    /// A reader says how far it has come.
    pub(crate) fn begins(&self, mailbox: MailboxId, after: u64) {
        let mut read = self.lock();
        // As many as rations: one of them is worth no more than the other.
        if read.len() >= MAX_RATIONS && !read.contains_key(&mailbox) {
            read.clear();
        }
        let through = read.entry(mailbox).or_insert(after);
        *through = after.max(*through);
    }

    /// It has been given more.
    pub(crate) fn goes_on(&self, mailbox: &MailboxId, through: u64) {
        if let Some(read) = self.lock().get_mut(mailbox) {
            *read = through.max(*read);
        }
    }

    /// How far (0: not known).
    pub(crate) fn through(&self, mailbox: &MailboxId) -> u64 {
        self.lock().get(mailbox).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailboxId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
