//! Who follows what, and what they see: one [`Topic`] per channel or mailbox that somebody
//! follows now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use campana_protocol::frame::Subject;

use crate::topic::Topic;

/// All topics. One is made when its first follower comes and goes with its last.
#[derive(Debug, Default)]
pub struct Hub {
    topics: Mutex<HashMap<Subject, Weak<Topic>>>,
}

impl Hub {
    /// The topic of `subject`; a new one starts at what `head` says is durable.
    ///
    /// `head` runs under the hub's lock: whatever is published after it ran finds the topic, and
    /// whatever was published before is in its answer.
    ///
    /// # Errors
    /// Those of `head`.
    pub fn topic<X>(&self, subject: Subject, head: impl FnOnce() -> Result<u64, X>) -> Result<Arc<Topic>, X> {
        let mut topics = self.lock();
        if let Some(topic) = topics.get(&subject).and_then(Weak::upgrade) {
            return Ok(topic);
        }
        let topic = Arc::new(Topic::new(head()?));
        topics.insert(subject, Arc::downgrade(&topic));
        Ok(topic)
    }

    /// The topic of `subject`, if somebody follows it.
    #[must_use]
    pub fn followed(&self, subject: &Subject) -> Option<Arc<Topic>> {
        self.lock().get(subject).and_then(Weak::upgrade)
    }

    /// Forgets topics that nobody follows any more.
    pub fn sweep(&self) {
        self.lock().retain(|_, topic| topic.strong_count() > 0);
    }

    /// Topics that somebody follows (or did until the last sweep).
    #[must_use]
    pub fn topics(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Weak<Topic>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
