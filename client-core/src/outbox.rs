//! The outbox: everything owed to the relay, in order, until it is known to be done.
//!
//! An append is done when its entry is seen in the log at its place, not when it is
//! acknowledged. It is encrypted only when this device has read all the relay holds, and the
//! encrypted bytes are stored before they are sent.

use campana_protocol::code::{Action, Code};
use campana_protocol::event::Envelope;
use campana_protocol::frame::{Class, ClientFrame, creation};
use campana_protocol::governance::ChannelKind;
use campana_protocol::handshake::EntryBody;
use campana_protocol::id::{ChannelId, MailboxId, PublicKey, RecordId};
use campana_protocol::mailbox::{Post, SEAL_INFO};
use campana_protocol::padding::pad;
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::limits::WINDOW;
use crate::mls;
use crate::rows::Row;
use crate::session::{As, Asked};
use crate::state::{Attempt, Job, Posting, Standing};

impl Core {
    /// Sends whatever can be sent now.
    pub(crate) fn pump(&mut self, now: u64) {
        if self.session.nonce.is_none() {
            return;
        }
        if let Some(at) = self.session.retry_at {
            return self.wake_at(at);
        }
        let mut administration_open = true;
        let mut blobs_open = false;
        let mut mail = 0;
        let mut busy: Vec<ChannelKind> = Vec::new();
        let ids: Vec<u64> = self.outbox.keys().copied().collect();
        for id in ids {
            let Some(job) = self.outbox.get(&id) else { continue };
            let held = self.session.held_until(now, id);
            let in_flight = self.session.in_flight.contains(&id)
                || self.session.acknowledged.contains(&id)
                || held.is_some();
            let appends_to = job.appends_to();
            held.into_iter().for_each(|until| self.wake_at(until));
            // An append that waits keeps no other from going out: the next may be a true alert.
            if held.is_some() && appends_to.is_some() {
                continue;
            }
            if let Some(kind) = appends_to {
                if busy.contains(&kind) {
                    continue;
                }
                if in_flight || self.append(now, id, kind) {
                    busy.push(kind);
                }
                continue;
            }
            let Some(job) = self.outbox.get(&id) else { continue };
            match job {
                Job::Redeem { .. } | Job::Create { .. } | Job::OpenMailbox { .. } | Job::SetOwners { .. } => {
                    if administration_open && !in_flight {
                        self.administer(id);
                    }
                    administration_open = false;
                }
                Job::Blob { .. } => {
                    blobs_open = true;
                    mail += 1;
                    if mail <= WINDOW && !in_flight {
                        self.deliver(id);
                    }
                }
                // Welcomes point to blobs: those come first. A report waits for no blob: the relay may put blobs
                // off for hours.
                Job::Report { .. } if !in_flight => self.deliver(id),
                Job::Post { .. } if !blobs_open => {
                    mail += 1;
                    if mail <= WINDOW && !in_flight {
                        self.deliver(id);
                    }
                }
                _ => {}
            }
        }
    }

    fn ask_job(&mut self, id: u64) -> u32 {
        self.session.in_flight.insert(id);
        self.session.ask(Asked::Job(id))
    }

    fn administer(&mut self, id: u64) {
        let (Some(job), Some(membership), Some(nonce)) =
            (self.outbox.get(&id).cloned(), self.membership().cloned(), self.session.nonce.clone())
        else {
            return;
        };
        match job {
            Job::Redeem { invitation } => {
                let request = self.ask_job(id);
                self.send(&ClientFrame::Redeem {
                    request,
                    invitation,
                    founder: membership.founder().public(),
                });
            }
            Job::Create { kind } => {
                let Some(channel) = self.channels.get(&kind) else { return self.finish_job(id) };
                let access = channel.access();
                let owner = membership.owner(kind).public();
                let founder = membership.founder();
                let signature = founder.sign(&creation(&nonce, &owner));
                let request = self.ask_job(id);
                let founder = founder.public();
                self.send(&ClientFrame::Create { request, founder, signature, owner, access });
            }
            Job::OpenMailbox { reader } => {
                let current = self.session.streams.iter().find_map(|(kind, s)| s.current.then_some(*kind));
                if let Some(channel) =
                    current.and_then(|kind| self.channels.get(&kind)).map(|channel| channel.id)
                {
                    let request = self.ask_job(id);
                    self.send(&ClientFrame::OpenMailbox { request, channel, reader });
                }
            }
            Job::SetOwners { owners } => {
                if self.session.proved(owners.kind) == Some(As::Owner)
                    && let Some(channel) = self.channels.get(&owners.kind).map(|channel| channel.id)
                {
                    let request = self.ask_job(id);
                    let owners = owners.owners;
                    self.send(&ClientFrame::SetOwners { request, channel, owners, approvals: None });
                }
            }
            _ => {}
        }
    }

    fn deliver(&mut self, id: u64) {
        // A stranger may post to opened mailboxes; a member has proved itself first.
        // So may a member whom the relay shows nothing more under the key that it has.
        let stranger = self.membership().is_some_and(|m| m.standing != Standing::Member)
            || self.channels.get(&ChannelKind::Broadcast).is_some_and(|c| c.meta.footing.is_cut());
        if !stranger && !self.session.streams.values().any(|stream| stream.current) {
            return;
        }
        match self.outbox.get(&id).cloned() {
            Some(Job::Post { mailbox, record, body }) => self.send_post(id, mailbox, record, body),
            // The desk's mailbox may have moved several times while this device was away: the log that
            // it has not read yet says where to.
            Some(Job::Report { .. }) if self.is_reading_on(ChannelKind::Broadcast) => {}
            Some(Job::Report { .. }) => {
                if let Some(Posting { mailbox, record, body }) = self.seal_report(id) {
                    self.send_post(id, mailbox, record, body);
                }
            }
            Some(Job::Blob { kind, blob, part, of, body }) => {
                let ready = self.session.streams.get(&kind).is_some_and(|stream| stream.current);
                if let (true, Some(channel)) = (ready, self.channels.get(&kind).map(|channel| channel.id)) {
                    let request = self.ask_job(id);
                    let body = body.into();
                    self.send(&ClientFrame::PutBlob { request, channel, blob, part, of, body });
                }
            }
            _ => {}
        }
    }

    /// Whether a log is being read that this device can follow and has not read to its end.
    fn is_reading_on(&self, kind: ChannelKind) -> bool {
        let follows = self.channels.get(&kind).is_some_and(|channel| !channel.meta.lost && !channel.halted);
        follows && !self.caught_up(kind)
    }

    fn send_post(&mut self, id: u64, mailbox: MailboxId, record: RecordId, body: Vec<u8>) {
        let request = self.ask_job(id);
        let pass = self.pass_for(id);
        self.send(&ClientFrame::Post { request, mailbox, record, body: body.into(), pass });
    }

    /// Our report as it is posted: sealed once for each desk mailbox it has to go to.
    fn seal_report(&mut self, id: u64) -> Option<Posting> {
        let desk = *self.channels.get(&ChannelKind::Broadcast)?.governance.desk();
        let record = RecordId(self.random.bytes());
        let Some(Job::Report { report, posting, .. }) = self.outbox.get_mut(&id) else { return None };
        if posting.as_ref().is_none_or(|posting| posting.mailbox != desk.mailbox) {
            let content = pad(&wire::encode(&Post::Report(report.clone())));
            let body = mls::seal(&desk.sealing, SEAL_INFO.as_bytes(), &content).ok()?;
            *posting = Some(Posting { mailbox: desk.mailbox, record, body });
        }
        let posting = posting.clone();
        self.mark(Row::Job(id));
        posting
    }

    /// Sends an append, making its attempt if there is none. False: nothing to send after all.
    fn append(&mut self, now: u64, id: u64, kind: ChannelKind) -> bool {
        let lost = self.channels.get(&kind).is_none_or(|channel| channel.meta.lost);
        let pleads = matches!(self.outbox.get(&id), Some(Job::Plead { .. }));
        let ready = self.caught_up(kind) && self.session.streams.get(&kind).is_some_and(|s| s.current);
        // A restored channel takes nothing new, but for what ends that.
        let ends = matches!(self.outbox.get(&id), Some(Job::Restore { .. })) && self.is_quiet(now, kind);
        if self.waits_for_owner(kind) && !ends {
            return false;
        }
        if self.place_unchecked(kind) {
            return true;
        }
        // A lost channel only pleads; the plea goes first.
        if lost && !pleads {
            return false;
        }
        if !ready {
            return true;
        }
        // The relay rations what members commit: one of them could stop the channel with it.
        let commits = matches!(self.outbox.get(&id), Some(Job::Commit { .. }));
        if commits
            && self.owns(kind)
            && self.session.proved(kind) != Some(As::Owner)
            && self.session.tried_as_owner.insert(id)
        {
            self.prove_as(kind, As::Owner);
            return true;
        }
        let control = self.channels.get(&kind).map_or(0, |channel| channel.meta.last_control);
        let stale =
            self.outbox.get(&id).and_then(Job::attempt).is_some_and(|attempt| attempt.control_seq != control);
        if stale {
            self.forget_attempt(id);
        }
        if self.outbox.get(&id).is_some_and(|job| job.attempt().is_none()) && !self.attempt(now, id, kind) {
            return self.outbox.contains_key(&id);
        }
        let (Some(channel), Some(attempt)) = (
            self.channels.get(&kind).map(|channel| channel.id),
            self.outbox.get(&id).and_then(Job::attempt).cloned(),
        ) else {
            return false;
        };
        if attempt.rotate.is_some() && self.session.proved(kind) != Some(As::Owner) {
            self.prove_as(kind, As::Owner);
            return true;
        }
        let class = match self.outbox.get(&id) {
            Some(Job::Event { class, .. }) => *class,
            Some(Job::Commit { .. } | Job::Restore { .. }) => Class::Control,
            _ => Class::Update,
        };
        self.send_append(id, channel, class, attempt);
        true
    }

    fn send_append(&mut self, id: u64, channel: ChannelId, class: Class, attempt: Attempt) {
        let Attempt { record, control_seq, rotate, body } = attempt;
        let request = self.ask_job(id);
        let body = body.into();
        self.send(&ClientFrame::Append { request, channel, record, class, control_seq, rotate, body });
    }

    /// Makes the bytes to append. False: not now, or (the job is gone) never.
    fn attempt(&mut self, now: u64, id: u64, kind: ChannelKind) -> bool {
        match self.outbox.get(&id).cloned() {
            Some(Job::Event { event, payload, .. }) => {
                if kind == ChannelKind::Broadcast && !self.still_holds(event, &payload) {
                    self.finish_job(id);
                    return false;
                }
                let payload = self.as_said_now(now, kind, event, payload);
                if let Some(Job::Event { payload: kept, .. }) = self.outbox.get_mut(&id) {
                    kept.clone_from(&payload);
                }
                let Some(channel) = self.channels.get_mut(&kind) else { return false };
                let (seen, log_hash) = channel.seen();
                let envelope = Envelope { seen, log_hash, kind: event, payload };
                let padded = pad(&wire::encode(&envelope));
                let Ok(message) = channel.group.encrypt(&padded) else { return false };
                let body = wire::encode(&EntryBody::Application(message));
                self.mark_channel(kind);
                self.set_attempt(id, kind, None, body);
                true
            }
            Some(Job::Commit { .. }) => self.attempt_commit(now, id, kind),
            Some(Job::Plead { .. }) => self.attempt_plea(now, id, kind),
            Some(Job::Checkpoint { .. }) => self.attempt_checkpoint(id, kind),
            Some(Job::Restore { .. }) => {
                let Some(access) = self.channels.get(&kind).map(Channel::access) else { return false };
                if !self.access_changed(kind) && !self.waits_for_owner(kind) {
                    self.finish_job(id);
                    return false;
                }
                // No device takes it for anything: what counts is the key that it brings.
                let nothing = pad(&self.random.bytes::<32>());
                let body = wire::encode(&EntryBody::Application(nothing));
                self.set_attempt(id, kind, Some(access), body);
                true
            }
            _ => false,
        }
    }

    pub(crate) fn set_attempt(
        &mut self,
        id: u64,
        kind: ChannelKind,
        rotate: Option<PublicKey>,
        body: Vec<u8>,
    ) {
        let (Some(channel), Some(membership)) = (self.channels.get(&kind), self.membership()) else { return };
        let record = membership.record(&channel.id, &body);
        let new = Attempt { record, control_seq: channel.meta.last_control, rotate, body };
        if let Some(
            Job::Event { attempt, .. }
            | Job::Commit { attempt, .. }
            | Job::Plead { attempt, .. }
            | Job::Checkpoint { attempt, .. }
            | Job::Restore { attempt, .. },
        ) = self.outbox.get_mut(&id)
        {
            *attempt = Some(new);
            self.mark(Row::Job(id));
        }
    }

    fn forget_attempt(&mut self, id: u64) {
        if let Some(job) = self.outbox.get_mut(&id) {
            job.forget_attempt();
            self.mark(Row::Job(id));
        }
    }

    /// A job that the log does not show was done.
    pub(crate) fn job_done(&mut self, now: u64, id: u64) {
        match self.outbox.get(&id).cloned() {
            Some(Job::Create { kind }) => {
                self.finish_job(id);
                self.prove_as(kind, As::Owner);
            }
            Some(Job::Report { incident, posting, .. }) => {
                if let Some(Posting { mailbox, record, body }) = posting {
                    self.keep_mail(now, id, Job::Post { mailbox, record, body });
                }
                if let Some(known) = self.incidents.get_mut(&incident) {
                    known.sent = true;
                    self.mark(Row::Incident(incident));
                }
                self.finish_job(id);
            }
            Some(job @ (Job::Post { .. } | Job::Blob { .. })) => {
                self.keep_mail(now, id, job);
                self.finish_job(id);
            }
            Some(_) => self.finish_job(id),
            None => {}
        }
    }

    pub(crate) fn job_refused(&mut self, now: u64, id: u64, code: Code) {
        self.session.in_flight.remove(&id);
        let Some(job) = self.outbox.get(&id).cloned() else { return };
        match (code.action(), &job) {
            // The control entry that we missed is on its way; the attempt is made anew after it.
            (Action::CatchUp, _) => self.session.retry_at = Some(now + 50),
            (Action::Rejoin, Job::Redeem { .. } | Job::Create { .. }) => {
                if let Some(membership) = self.membership_mut() {
                    membership.standing = Standing::InvitationRefused;
                }
                self.finish_job(id);
            }
            // Alerts are the desk's, and this device has left it: the others there send them.
            (Action::Rejoin, Job::Event { class: Class::Alert, .. })
                if !self.may_follow_up() && !self.channels.contains_key(&ChannelKind::Desk) =>
            {
                self.finish_job(id);
            }
            // Not (or no longer) entitled on this connection: prove the channel again, in a while.
            (
                Action::Rejoin,
                Job::Event { kind, .. }
                | Job::Commit { kind, .. }
                | Job::Plead { kind, .. }
                | Job::Checkpoint { kind, .. },
            ) => {
                let kind = *kind;
                let alert = matches!(job, Job::Event { class: Class::Alert, .. });
                self.session.retry_at = Some(now + 1_000 + self.random.below(1_000));
                self.prove(kind);
                if alert {
                    self.prove(ChannelKind::Desk);
                }
            }
            (Action::Rejoin, _) => self.session.retry_at = Some(now + 1_000 + self.random.below(1_000)),
            // It can never succeed as it is: an event is dropped, a commit decided anew, in a while. An alert
            // is kept, tried again in a while, and its owner told: state would make the same anew at once.
            (Action::Reject, Job::Commit { .. } | Job::Event { class: Class::Alert, .. }) => {
                self.forget_attempt(id);
                self.session.hold(now, id);
            }
            (Action::Reject, _) => self.finish_job(id),
            // Once this device or the relay is another version, it may.
            (Action::Update, _) => {
                self.session.update_needed = true;
                self.session.hold(now, id);
            }
            _ => self.session.retry_at = Some(now + 1_000),
        }
    }
}
