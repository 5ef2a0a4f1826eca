//! Registrations, test pushes and coverage.

use campana_protocol::code::Code;
use campana_protocol::frame::RelayFrame;
use campana_protocol::id::{ChannelId, RegistrationId};
use campana_protocol::limits::MAX_TEST_DELAY_MS;
use campana_protocol::push::Subscription;

use super::Session;
use crate::flood::Ration;
use crate::limits::{RENEWAL_SECONDS, TEST_SECONDS};
use crate::push::Test;
use crate::shared::Shared;
use crate::store::{Store, Write};

impl Session {
    pub(super) fn register<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        channel: ChannelId,
        registration: RegistrationId,
        (subscription, proved_at): (&Subscription, u64),
    ) -> Result<(), Code> {
        let push = shared.push().ok_or(Code::Unsupported)?;
        // Judged again at the commit; here so that a stranger cannot make the relay seal.
        let by = self.grants.current(&shared.store, &channel)?;
        let (sealed, endpoint) = push.admit(&channel, &registration, subscription)?;
        // Whoever has a place already may say that it still is theirs, or that a push has come.
        let known = shared.store.registration(&channel, &registration, now).map_err(|error| error.code())?;
        if self.grants.owns(&shared.store, &channel) {
            // Owners are not rationed.
        } else if known.is_none() {
            self.draw(shared, now, Ration::Registrations(channel), 0)?;
        } else if !self.renewals.take(now, RENEWAL_SECONDS) {
            return Err(Code::Busy);
        }
        let write = Write::Register { channel, by, registration, sealed, endpoint, proved_at };
        self.submit(shared, request, write)
    }

    pub(super) fn test_push<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        test: Test,
    ) -> Result<(), Code> {
        let push = shared.push().ok_or(Code::Unsupported)?;
        if test.delay_ms > MAX_TEST_DELAY_MS {
            return Err(Code::Malformed);
        }
        self.grants.current(&shared.store, &test.channel)?;
        let found = shared.store.registration(&test.channel, &test.registration, now);
        found.map_err(|error| error.code())?.ok_or(Code::Unknown)?;
        if !self.tests.take(now, TEST_SECONDS) {
            return Err(Code::Busy);
        }
        self.draw(shared, now, Ration::Tests(test.channel), 0)?;
        push.test(test)?;
        self.answer(&RelayFrame::Done { request });
        Ok(())
    }

    pub(super) fn read_registration<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        channel: ChannelId,
        registration: &RegistrationId,
    ) -> Result<(), Code> {
        self.grants.current(&shared.store, &channel)?;
        let found = shared.store.registration(&channel, registration, now);
        let refused_at = found.map_err(|error| error.code())?.ok_or(Code::Unknown)?.refused_at.unwrap_or(0);
        self.answer(&RelayFrame::Registration { request, refused_at });
        Ok(())
    }

    pub(super) fn read_coverage<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        channel: ChannelId,
        seq: u64,
    ) -> Result<(), Code> {
        self.grants.current(&shared.store, &channel)?;
        let coverage = shared.store.coverage(&channel, seq, now).map_err(|error| error.code())?;
        let (receipts, registered, proved) = (coverage.receipts, coverage.registered, coverage.proved);
        self.answer(&RelayFrame::Coverage { request, receipts, registered, proved });
        Ok(())
    }
}
