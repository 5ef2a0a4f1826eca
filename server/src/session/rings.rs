//! The desk's bell: registering for a mailbox, and rings that are held.

use campana_protocol::code::Code;
use campana_protocol::frame::{Secret, Subject};
use campana_protocol::id::{Hash, MailboxId, RegistrationId};
use campana_protocol::limits::MAX_HOLD_MS;
use campana_protocol::push::{Subscription, ring_id};

use super::Session;
use crate::flood::Ration;
use crate::shared::Shared;
use crate::store::{MailboxRegistration, ReadError, Rights, Store, Write, place};

impl Session {
    pub(super) fn register_mailbox<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        mailbox: MailboxId,
        registration: RegistrationId,
        (subscription, proved_at, cover): (&Subscription, u64, bool),
    ) -> Result<(), Code> {
        let push = shared.push().ok_or(Code::Unsupported)?;
        self.reads_as_insider(shared, &mailbox)?;
        let at = place(&Subject::Mailbox(mailbox));
        let (sealed, endpoint) = push.admit(&at, &registration, subscription)?;
        let known = shared.store.registration(&at, &registration, now).map_err(ReadError::code)?;
        if known.is_none() {
            self.draw(shared, now, Ration::Registrations(at), 0)?;
        }
        let new = MailboxRegistration { mailbox, registration, sealed, endpoint, proved_at, cover };
        self.submit(shared, request, Write::RegisterMailbox(new))
    }

    /// To be left alone is any reader's to ask for.
    pub(super) fn unregister_mailbox<S: Store>(
        &mut self,
        shared: &Shared<S>,
        request: u32,
        mailbox: MailboxId,
        registration: RegistrationId,
    ) -> Result<(), Code> {
        if !self.grants.reads(&mailbox) {
            return Err(Code::Forbidden);
        }
        let channel = place(&Subject::Mailbox(mailbox));
        self.submit(shared, request, Write::Unregister { channel, registration })
    }

    pub(super) fn hold_ring<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        subject: Subject,
        (id, after_ms): (Hash, u64),
    ) -> Result<(), Code> {
        shared.push().ok_or(Code::Unsupported)?;
        if after_ms > MAX_HOLD_MS {
            return Err(Code::Malformed);
        }
        self.may_ring(shared, &subject)?;
        // A channel's ring is as loud as an alert there.
        if let Subject::Channel(channel) = subject {
            self.draw(shared, now, Ration::Alerts(channel), 0)?;
        }
        self.draw(shared, now, Ration::Holds(subject), 0)?;
        self.submit(shared, request, Write::HoldRing { subject, id, after_ms })
    }

    pub(super) fn withdraw_ring<S: Store>(
        &mut self,
        shared: &Shared<S>,
        request: u32,
        subject: Subject,
        secret: &Secret,
    ) -> Result<(), Code> {
        shared.push().ok_or(Code::Unsupported)?;
        self.may_ring(shared, &subject)?;
        self.submit(shared, request, Write::WithdrawRing { subject, id: ring_id(secret) })
    }

    /// A stranger makes mailbox keys as they like: rows are kept for members.
    fn reads_as_insider<S: Store>(&self, shared: &Shared<S>, mailbox: &MailboxId) -> Result<(), Code> {
        let may = self.grants.reads(mailbox) && self.grants.vouched(&shared.store).is_some();
        if may { Ok(()) } else { Err(Code::Forbidden) }
    }

    /// Whoever may have a channel's phones rung by an alert, and a mailbox's reader.
    fn may_ring<S: Store>(&self, shared: &Shared<S>, subject: &Subject) -> Result<(), Code> {
        let channel = match subject {
            Subject::Mailbox(mailbox) => return self.reads_as_insider(shared, mailbox),
            Subject::Channel(channel) => channel,
        };
        let keys = self.grants.current(&shared.store, channel)?;
        let rights = shared.store.rights(channel, &keys).map_err(ReadError::code)?;
        match shared.store.guard(channel).map_err(ReadError::code)? {
            Some(guard) if rights != Some(Rights::Owner) => {
                self.grants.current(&shared.store, &guard).map(drop)
            }
            _ => Ok(()),
        }
    }
}
