//! Web Push (docs/PUSH.md). This much of it needs no socket: the key that devices subscribe with,
//! where pushes may go, and the sealing of what devices register. [`sender`] does the sending.

mod client;
mod cover;
mod encrypt;
mod endpoint;
mod gate;
mod held;
mod job;
mod keyring;
mod lane;
mod message;
mod pace;
mod payload;
mod resolve;
mod rings;
pub mod sender;
mod start;
#[cfg(test)]
mod tests;
mod trial;
mod turns;
mod vapid;
mod vault;
mod walk;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use campana_protocol::code::Code;
use campana_protocol::frame::Subject;
use campana_protocol::id::{ChannelId, Hash, MailboxId, PushKey, RegistrationId};
use campana_protocol::push::Subscription;
use campana_protocol::wire;

pub use self::encrypt::encrypt;
pub use self::endpoint::{HostPattern, Policy};
pub use self::keyring::{KeySource, KeyringError, rotate};
pub use self::message::MessageError;
pub use self::resolve::Pin;
pub use self::start::{StartError, open};
pub use self::vault::{SealError, Vault};
use crate::bell::Bell;
use crate::limits::{MAX_OPEN_JOBS, MAX_WAITING_TESTS};
use crate::store::{EndpointTag, HeldRing};

/// What sessions and the sender share.
#[derive(Debug)]
pub struct Push {
    vault: Vault,
    secret: vapid::VapidSecret,
    policy: Policy,
    tests: Mutex<VecDeque<Test>>,
    alerts: Mutex<Alerts>,
    rings: rings::Rings,
    work: Bell,
}

/// Alerts that were appended since the sender last looked.
#[derive(Debug, Default)]
struct Alerts {
    names: Vec<turns::Name>,
    /// There were more: the store knows which.
    more: bool,
}

/// A push that somebody asked for to see whether it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) channel: ChannelId,
    pub(crate) registration: RegistrationId,
    pub(crate) delay_ms: u32,
    pub(crate) nonce: u32,
}

impl Push {
    fn new(vault: Vault, secret: vapid::VapidSecret, policy: Policy) -> Self {
        Self {
            vault,
            secret,
            policy,
            tests: Mutex::default(),
            alerts: Mutex::default(),
            rings: rings::Rings::default(),
            work: Bell::default(),
        }
    }

    /// One with keys of its own that nobody keeps, for simulators and tests.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn ephemeral(policy: Policy) -> Result<Self, SealError> {
        Ok(Self::new(Vault::ephemeral()?, vapid::VapidSecret::generate()?, policy))
    }

    /// The key that devices subscribe with.
    #[must_use]
    pub fn key(&self) -> PushKey {
        self.secret.public()
    }

    /// Seals a subscription for its registration's row, if this relay sends there; and what its
    /// endpoint is known by.
    pub(crate) fn admit(
        &self,
        channel: &ChannelId,
        registration: &RegistrationId,
        subscription: &Subscription,
    ) -> Result<(Vec<u8>, EndpointTag), Code> {
        if !subscription.well_formed() {
            return Err(Code::EndpointRefused);
        }
        self.policy.judge(&subscription.endpoint).map_err(|_| Code::EndpointRefused)?;
        encrypt::check(subscription).map_err(|_| Code::EndpointRefused)?;
        let plain = zeroize::Zeroizing::new(wire::encode(subscription));
        let sealed = self.vault.seal(&row_name(channel, registration), &plain);
        let endpoint = self.secret.endpoint(channel, &subscription.endpoint);
        Ok((sealed.map_err(|_| Code::Internal)?, endpoint))
    }

    /// Opens what [`Self::admit`] sealed.
    fn open(
        &self,
        channel: &ChannelId,
        registration: &RegistrationId,
        sealed: &[u8],
    ) -> Option<Subscription> {
        let plain = self.vault.open(&row_name(channel, registration), sealed).ok()?;
        wire::decode(&plain).ok()
    }

    /// Queues a test push.
    pub(crate) fn test(&self, test: Test) -> Result<(), Code> {
        let mut tests = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
        if tests.len() >= MAX_WAITING_TESTS {
            return Err(Code::Busy);
        }
        tests.push_back(test);
        drop(tests);
        self.work.ring();
        Ok(())
    }

    /// An alert has been appended.
    pub(crate) fn alerted(&self, channel: ChannelId, seq: u64, created_at: u64) {
        let mut alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        if alerts.names.len() < MAX_OPEN_JOBS {
            alerts.names.push(turns::Name { channel, seq, created_at });
        } else {
            alerts.more = true;
        }
        drop(alerts);
        self.work.ring();
    }

    /// A mailbox's registrations are owed a ring.
    pub(crate) fn owe(&self, mailbox: MailboxId) {
        self.rings.owe(mailbox);
        self.work.ring();
    }

    /// Somebody has been given posts of a mailbox, or has trimmed it.
    pub(crate) fn read(&self, mailbox: &MailboxId) {
        self.rings.read(mailbox);
    }

    /// A ring has become a push job. `owed`: its mailbox is owed another already.
    pub(crate) fn rang(&self, mailbox: &MailboxId, owed: bool) {
        self.rings.rang(mailbox, owed);
    }

    /// A ring is held.
    pub(crate) fn hold(&self, ring: HeldRing) {
        self.rings.hold(ring);
    }

    /// A held ring has been withdrawn, or has rung.
    pub(crate) fn held_ended(&self, subject: Subject, id: Hash) {
        self.rings.end(subject, id);
    }

    fn take_alerts(&self) -> Alerts {
        core::mem::take(&mut *self.alerts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_tests(&self) -> VecDeque<Test> {
        core::mem::take(&mut *self.tests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Rung when there is something to push.
    pub(crate) fn work(&self) -> &Bell {
        &self.work
    }
}

/// What a registration's sealing is bound to: its row, so that rows cannot be exchanged.
fn row_name(channel: &ChannelId, registration: &RegistrationId) -> Vec<u8> {
    crate::store::registration_row(channel, registration)
}
