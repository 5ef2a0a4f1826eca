//! Each kind of request: what is checked before the store judges it.

use campana_protocol::code::Code;
use campana_protocol::frame::{
    ClientFrame, OwnerApproval, RelayFrame, Subject, challenge, creation, owners_change,
};
use campana_protocol::id::{BlobId, ChannelId, MailboxId, PublicKey};
use campana_protocol::limits;

use super::grants::verify;
use super::{Session, encoded};
use crate::flood::Ration;
use crate::invitation;
use crate::limits::{COVERAGE_COST, MAX_BUSY_IN_A_ROW, SIGNATURE_COST, SUBSCRIBE_COST};
use crate::metrics::count;
use crate::push::Test;
use crate::shared::Shared;
use crate::store::{Append, Keys, ReadError, Store, Write};

impl Session {
    pub(super) fn handle<S: Store>(&mut self, shared: &Shared<S>, now: u64, frame: ClientFrame) {
        if let ClientFrame::Live { channel, body } = frame {
            return self.live(shared, now, channel, body.into());
        }
        let request = request_number(&frame);
        if !self.affordable(now, &frame) {
            self.busy_in_a_row += 1;
            if self.busy_in_a_row > MAX_BUSY_IN_A_ROW {
                self.closing = Some(Code::Busy);
            }
            return self.refuse(shared, request, Code::Busy);
        }
        self.busy_in_a_row = 0;
        if let Err(code) = self.request(shared, now, request, frame) {
            self.refuse(shared, request, code);
        }
    }

    fn request<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        frame: ClientFrame,
    ) -> Result<(), Code> {
        match frame {
            ClientFrame::Authenticate { subject, key, signature, clock, .. } => {
                verify(&key, &challenge(&self.nonce, &subject), &signature)?;
                self.grants.prove(&shared.store, subject, key)?;
                if let (Subject::Channel(channel), Some(clock)) = (subject, clock) {
                    let (owners, _) = shared.store.founded(&channel).map_err(ReadError::code)?;
                    if owners.contains(&key) {
                        shared.witnesses.owner(channel, key, owners.len(), clock, now);
                    }
                }
                self.reconsider(&subject);
                self.answer(&RelayFrame::Done { request });
                Ok(())
            }
            ClientFrame::Redeem { invitation, founder, .. } => {
                let invitation = invitation::hash(&invitation);
                self.submit(shared, request, Write::Redeem { invitation, founder })
            }
            ClientFrame::Create { founder, signature, owner, access, .. } => {
                verify(&founder, &creation(&self.nonce, &owner), &signature)?;
                self.submit(shared, request, Write::Create { founder, owner, access })
            }
            ClientFrame::SetOwners { channel, owners, approvals, .. } => {
                self.set_owners(shared, request, channel, owners, &approvals.unwrap_or_default())
            }
            ClientFrame::Append { channel, record, class, control_seq, rotate, body, .. } => {
                let (by, in_guard, body) = (self.grants.keys(&channel)?, Keys::default(), body.into());
                let place = None;
                let append =
                    Append { channel, by, in_guard, record, class, control_seq, rotate, place, body };
                self.append(shared, now, request, append)
            }
            ClientFrame::PutBack { channel, seq, record, class, control_seq, rotate, body, .. } => {
                let (by, in_guard, body) = (self.grants.keys(&channel)?, Keys::default(), body.into());
                let place = Some(seq);
                let append =
                    Append { channel, by, in_guard, record, class, control_seq, rotate, place, body };
                self.append(shared, now, request, append)
            }
            ClientFrame::Subscribe { channel, after, .. } => self.subscribe(shared, request, channel, after),
            ClientFrame::OpenMailbox { channel, reader, .. } => {
                let by = self.grants.keys(&channel)?;
                let mailbox = MailboxId::of(&reader);
                self.submit(shared, request, Write::OpenMailbox { channel, by, mailbox })
            }
            ClientFrame::Post { mailbox, record, body, pass, .. } => {
                self.post(shared, now, request, mailbox, (record, body.into()), pass.as_ref())
            }
            ClientFrame::AddPasses { channel, passes, .. } => {
                within(passes.len(), limits::MAX_PASSES)?;
                let by = self.grants.keys(&channel)?;
                self.submit(shared, request, Write::AddPasses { channel, by, passes })
            }
            ClientFrame::ReadMailbox { mailbox, after, .. } => {
                self.read_mailbox(shared, request, mailbox, after)
            }
            ClientFrame::TrimMailbox { mailbox, through, .. } => {
                if !self.grants.reads(&mailbox) {
                    return Err(Code::Forbidden);
                }
                self.submit(shared, request, Write::TrimMailbox { mailbox, through })
            }
            ClientFrame::PutBlob { channel, blob, part, of, body, .. } => {
                within(body.len(), limits::MAX_BLOB_PART)?;
                if part >= of || of > limits::MAX_BLOB_PARTS {
                    return Err(Code::Malformed);
                }
                let by = self.grants.keys(&channel)?;
                if !self.grants.owns(&shared.store, &channel) {
                    self.grants.current(&shared.store, &channel)?;
                    self.draw(shared, now, Ration::Blobs(channel), body.len())?;
                }
                self.submit(
                    shared,
                    request,
                    Write::PutBlob { channel, by, blob, part, of, body: body.into() },
                )
            }
            ClientFrame::GetBlob { channel, blob, part, .. } => {
                self.get_blob(shared, now, request, (channel, blob, part))
            }
            ClientFrame::Register { channel, registration, subscription, proved_at, .. } => {
                self.register(shared, now, request, channel, registration, (&subscription, proved_at))
            }
            ClientFrame::Unregister { channel, registration, .. } => {
                self.grants.keys(&channel)?;
                self.submit(shared, request, Write::Unregister { channel, registration })
            }
            ClientFrame::TestPush { channel, registration, delay_ms, nonce, .. } => {
                let test = Test { channel, registration, delay_ms, nonce };
                self.test_push(shared, now, request, test)
            }
            ClientFrame::ReadRegistration { channel, registration, .. } => {
                self.read_registration(shared, now, request, channel, &registration)
            }
            ClientFrame::Receipt { channel, seq, token, .. } => {
                let by = self.grants.current(&shared.store, &channel)?;
                if !self.grants.owns(&shared.store, &channel) {
                    self.draw(shared, now, Ration::Receipts(channel), 0)?;
                }
                self.submit(shared, request, Write::Receipt { channel, by, seq, token })
            }
            ClientFrame::ReadCoverage { channel, seq, .. } => {
                self.read_coverage(shared, now, request, channel, seq)
            }
            ClientFrame::KeepMailbox { channel, reader, keep_ms, .. } => {
                let by = self.grants.keys(&channel)?;
                let mailbox = MailboxId::of(&reader);
                self.submit(shared, request, Write::KeepMailbox { channel, by, mailbox, keep_ms })
            }
            ClientFrame::SetGuard { channel, guard, .. } => {
                let by = self.grants.keys(&channel)?;
                self.submit(shared, request, Write::SetGuard { channel, by, guard })
            }
            ClientFrame::RegisterMailbox {
                mailbox, registration, subscription, proved_at, cover, ..
            } => {
                let made = (&subscription, proved_at, cover);
                self.register_mailbox(shared, now, request, mailbox, registration, made)
            }
            ClientFrame::UnregisterMailbox { mailbox, registration, .. } => {
                self.unregister_mailbox(shared, request, mailbox, registration)
            }
            ClientFrame::HoldRing { subject, id, after_ms, .. } => {
                self.hold_ring(shared, now, request, subject, (id, after_ms))
            }
            ClientFrame::WithdrawRing { subject, secret, .. } => {
                self.withdraw_ring(shared, request, subject, &secret)
            }
            // Handled before it came here: it has no request number.
            ClientFrame::Live { .. } => Ok(()),
        }
    }

    fn set_owners<S: Store>(
        &mut self,
        shared: &Shared<S>,
        request: u32,
        channel: ChannelId,
        mut owners: Vec<PublicKey>,
        approvals: &[OwnerApproval],
    ) -> Result<(), Code> {
        if owners.is_empty() {
            return Err(Code::Malformed);
        }
        if owners.len() > limits::MAX_OWNERS || approvals.len() > limits::MAX_OWNERS {
            return Err(Code::TooMany);
        }
        let by = self.grants.keys(&channel)?;
        owners.sort_unstable();
        owners.dedup();
        let (before, _) = shared.store.founded(&channel).map_err(ReadError::code)?;
        let message = owners_change(&channel, &before, &owners);
        let agrees = |approval: &&OwnerApproval| {
            before.contains(&approval.key) && verify(&approval.key, &message, &approval.signature).is_ok()
        };
        let approved = approvals.iter().filter(agrees).map(|approval| approval.key).collect();
        self.submit(shared, request, Write::SetOwners { channel, by, approved, owners })
    }

    fn get_blob<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        (channel, blob, part): (ChannelId, BlobId, u16),
    ) -> Result<(), Code> {
        // An older key will do: it is in the Welcome of somebody who was off when it was rotated, and
        // blobs are sealed under keys of their own.
        let keys = self.grants.keys(&channel)?;
        shared.store.rights(&channel, &keys).map_err(|error| error.code())?.ok_or(Code::Forbidden)?;
        let part = shared.store.blob_part(&channel, &blob, part).map_err(|error| error.code())?;
        // What it is given counts as what it gives: a loop of these would take the relay's line.
        if !self.bytes.take(now, u32::try_from(part.body.len()).unwrap_or(u32::MAX)) {
            return Err(Code::Busy);
        }
        self.answer(&RelayFrame::BlobPart { request, of: part.of, body: part.body.into() });
        Ok(())
    }

    /// Nobody waits for an answer: what may not be sent is dropped.
    fn live<S: Store>(&mut self, shared: &Shared<S>, now: u64, channel: ChannelId, body: Vec<u8>) {
        if body.len() > limits::MAX_LIVE_BODY
            || !self.live.take(now, 1)
            || self.grants.current(&shared.store, &channel).is_err()
            || !self.grants.owns(&shared.store, &channel)
                && self.draw(shared, now, Ration::Live(channel), body.len()).is_err()
        {
            return count(&shared.metrics.refused_total);
        }
        if let Some(topic) = shared.hub.followed(&Subject::Channel(channel)) {
            count(&shared.metrics.live_total);
            topic.live(self.id, encoded(&RelayFrame::Live { channel, body: body.into() }));
            topic.ring();
        }
    }

    fn affordable(&mut self, now: u64, frame: &ClientFrame) -> bool {
        let (requests, bytes) = match frame {
            ClientFrame::Authenticate { .. }
            | ClientFrame::Create { .. }
            | ClientFrame::Register { .. }
            | ClientFrame::RegisterMailbox { .. } => (1 + SIGNATURE_COST, 0),
            ClientFrame::ReadCoverage { .. } => (1 + COVERAGE_COST, 0),
            ClientFrame::Subscribe { .. } | ClientFrame::ReadMailbox { .. } => (1 + SUBSCRIBE_COST, 0),
            ClientFrame::Append { body, .. }
            | ClientFrame::PutBack { body, .. }
            | ClientFrame::Post { body, .. }
            | ClientFrame::PutBlob { body, .. } => (1, body.len()),
            _ => (1, 0),
        };
        // A frame is far shorter than 4 GiB.
        self.requests.take(now, requests) && self.bytes.take(now, u32::try_from(bytes).unwrap_or(u32::MAX))
    }
}

pub(super) fn within(length: usize, limit: usize) -> Result<(), Code> {
    if length <= limit { Ok(()) } else { Err(Code::TooLong) }
}

fn request_number(frame: &ClientFrame) -> u32 {
    match frame {
        ClientFrame::Authenticate { request, .. }
        | ClientFrame::Redeem { request, .. }
        | ClientFrame::Create { request, .. }
        | ClientFrame::SetOwners { request, .. }
        | ClientFrame::Append { request, .. }
        | ClientFrame::PutBack { request, .. }
        | ClientFrame::Subscribe { request, .. }
        | ClientFrame::OpenMailbox { request, .. }
        | ClientFrame::Post { request, .. }
        | ClientFrame::ReadMailbox { request, .. }
        | ClientFrame::TrimMailbox { request, .. }
        | ClientFrame::PutBlob { request, .. }
        | ClientFrame::GetBlob { request, .. }
        | ClientFrame::Register { request, .. }
        | ClientFrame::Unregister { request, .. }
        | ClientFrame::TestPush { request, .. }
        | ClientFrame::Receipt { request, .. }
        | ClientFrame::ReadCoverage { request, .. }
        | ClientFrame::ReadRegistration { request, .. }
        | ClientFrame::AddPasses { request, .. }
        | ClientFrame::SetGuard { request, .. }
        | ClientFrame::KeepMailbox { request, .. }
        | ClientFrame::RegisterMailbox { request, .. }
        | ClientFrame::UnregisterMailbox { request, .. }
        | ClientFrame::HoldRing { request, .. }
        | ClientFrame::WithdrawRing { request, .. } => *request,
        ClientFrame::Live { .. } => 0,
    }
}
