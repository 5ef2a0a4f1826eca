//! Reading a channel's log: one entry at a time, each judged alike by every member.

use campana_protocol::event::{Envelope, Event};
use campana_protocol::frame::{Class, Entry};
use campana_protocol::governance::ChannelKind;
use campana_protocol::handshake::{EntryBody, Plea};
use campana_protocol::id::{ChannelId, PublicKey};
use campana_protocol::padding::unpad;
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::judge::{self, Skipped, Verdict};
use crate::kept::{Kept, Words};
use crate::limits::{MAX_KEY_PACKAGE, MAX_PLEAS};
use crate::mls::MlsError;
use crate::rows::Row;
use crate::state::{Job, Standing};
use crate::turn::{SkipReason, SkippedEntry};

/// Where an event stands in its log, and who says it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) seq: u64,
    /// The relay's clock, Unix milliseconds.
    pub(crate) received_at: u64,
    /// It came into the log after this device had subscribed.
    pub(crate) live: bool,
    pub(crate) class: Class,
    /// The author's role key, in working groups.
    pub(crate) role: Option<PublicKey>,
    /// The author's leaf.
    pub(crate) leaf: Option<PublicKey>,
}

impl Core {
    pub(crate) fn kind_of(&self, channel: &ChannelId) -> Option<ChannelKind> {
        self.channels.iter().find(|(_, known)| known.id == *channel).map(|(kind, _)| *kind)
    }

    pub(crate) fn entry(&mut self, now: u64, channel: ChannelId, entry: Entry) {
        let Some(kind) = self.kind_of(&channel) else { return };
        let Some(cursor) = self.channels.get(&kind).map(|channel| channel.meta.cursor) else { return };
        if entry.seq <= cursor {
            self.passed_entry(now, kind, &entry);
            return self.late_entry(now, kind, &entry);
        }
        if self.halted(kind) {
            if entry.class == Class::Alert {
                self.alert_entry(entry.seq, false);
            }
            return;
        }
        if entry.seq != cursor + 1 {
            // Something is missing: ask again from where we are.
            return self.subscribe(kind);
        }
        let own = self.own_job(kind, &entry);
        let said = self.words(own);
        let known = self.channels.get(&kind).map(|channel| (channel.meta.last_control, channel.access()));
        self.read = false;
        // What a body says counts only in the class that its kind belongs to.
        match (wire::decode::<EntryBody>(&entry.body), entry.class) {
            (Ok(EntryBody::Handshake(sealed)), Class::Control) => {
                self.handshake(now, kind, &entry, own, &sealed)
            }
            (Ok(EntryBody::Application(message)), Class::Alert | Class::Update) => {
                self.application(now, kind, &entry, own, &message);
            }
            (Ok(EntryBody::Plea(sealed)), Class::Update) => self.plea(kind, own, &sealed),
            (Ok(EntryBody::Checkpoint(sealed)), Class::Update) => self.checkpoint(kind, own, &sealed),
            _ => {
                own.into_iter().for_each(|id| self.finish_job(id));
                self.skip(kind, entry.seq, SkipReason::Malformed);
            }
        }
        if self.halted(kind) {
            return;
        }
        if (kind, entry.class) == (ChannelKind::Broadcast, Class::Alert) {
            self.alert_entry(entry.seq, self.read);
        }
        if let Some(channel) = self.channels.get_mut(&kind) {
            channel.advance(entry.seq, &entry.body, entry.class == Class::Control);
            self.mark_channel(kind);
        }
        self.keep_processed(now, kind, &entry, known, said);
        self.finish_own_commit(kind, entry.seq);
        // What nobody follows can have brought a key all the same: an owner asks which is in force.
        let skipped = self.skipped.last().is_some_and(|last| (last.kind, last.seq) == (kind, entry.seq));
        if skipped && entry.class == Class::Control {
            // Somebody may follow it into a group of its author's: each is told where the others are.
            self.owe_checkpoint(kind, None);
        }
        if skipped
            && entry.class == Class::Control
            && self.caught_up(kind)
            && (self.session.proved(kind) == Some(crate::session::As::Owner) || self.waits_for_owner(kind))
        {
            self.subscribe(kind);
        }
    }

    /// Keeps an entry that was processed, in case that the relay loses it.
    fn keep_processed(
        &mut self,
        now: u64,
        kind: ChannelKind,
        entry: &Entry,
        known: Option<(u64, PublicKey)>,
        said: Option<Words>,
    ) {
        self.came_back(now, kind, entry.seq);
        let (Some((control_seq, access)), Some(channel)) = (known, self.channels.get(&kind)) else { return };
        let rotate = Some(channel.access()).filter(|after| *after != access);
        let kept = Kept {
            at: now,
            record: entry.record,
            class: entry.class,
            control_seq,
            rotate,
            body: entry.body.to_vec(),
            said,
        };
        self.keep_entry(kind, entry.seq, kept);
    }

    /// Whether this version stops in a channel, before an entry under a rule that it does not follow.
    pub(crate) fn halted(&self, kind: ChannelKind) -> bool {
        self.channels.get(&kind).is_some_and(|channel| channel.halted)
    }

    fn halt(&mut self, kind: ChannelKind) {
        if let Some(channel) = self.channels.get_mut(&kind) {
            channel.halted = true;
        }
    }

    fn skip(&mut self, kind: ChannelKind, seq: u64, why: SkipReason) {
        self.skipped.push(SkippedEntry { kind, seq, why });
    }

    pub(crate) fn expired(&mut self, channel: ChannelId, through: u64) {
        let Some(kind) = self.kind_of(&channel) else { return };
        let Some(stream) = self.session.streams.get(&kind).filter(|stream| stream.subscribed) else { return };
        if self.halted(kind) {
            return;
        }
        let (last_control, head) = (stream.last_control, stream.head);
        if self.channels.get(&kind).is_some_and(|channel| through >= channel.meta.cursor) {
            self.place_holds(kind);
        }
        // Nothing expires that had not been there when we subscribed.
        if let Some(channel) = self.channels.get_mut(&kind)
            && through > channel.meta.cursor
            && through <= head
        {
            channel.skip(through, last_control);
            self.mark(Row::Meta(kind));
        }
    }

    /// The job of ours that this very entry is, if it is.
    fn own_job(&self, kind: ChannelKind, entry: &Entry) -> Option<u64> {
        self.outbox.iter().find_map(|(id, job)| {
            let attempt = job.attempt().filter(|_| job.appends_to() == Some(kind))?;
            (attempt.record == entry.record && attempt.body[..] == entry.body[..]).then_some(*id)
        })
    }

    /// Whether this device made this very entry, now or in a future that it was rolled back from.
    /// What MLS says of a message's sender is not enough: any member can name another's leaf.
    fn wrote(&self, kind: ChannelKind, entry: &Entry) -> bool {
        let channel = self.channels.get(&kind).map(|channel| channel.id);
        let membership = self.membership().zip(channel);
        membership.is_some_and(|(own, channel)| own.record(&channel, &entry.body) == entry.record)
    }

    pub(crate) fn application(
        &mut self,
        now: u64,
        kind: ChannelKind,
        entry: &Entry,
        own: Option<u64>,
        message: &[u8],
    ) {
        if let Some(id) = own {
            let Some(Job::Event { event, payload, .. }) = self.outbox.get(&id).cloned() else { return };
            let Some(channel) = self.channels.get_mut(&kind) else { return };
            // Everybody else reads it in the epoch that its place is in, or not at all: if a commit
            // came between, it is said again.
            if !matches!(channel.group.open(message), Err(MlsError::OwnMessage)) {
                if let Some(job) = self.outbox.get_mut(&id) {
                    job.forget_attempt();
                    self.mark(Row::Job(id));
                }
                self.session.forget_job(id);
                return self.skip(kind, entry.seq, SkipReason::Unopened);
            }
            channel.meta.sent.push(entry.record);
            self.finish_job(id);
            let leaf = self.channels.get(&kind).map(|channel| channel.group.own_key());
            let own = self.membership().map(|membership| membership.role_key());
            let said = self.said(kind, entry, own, leaf);
            return self.event(now, kind, said, event, &payload);
        }
        let wrote = self.wrote(kind, entry);
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        let opened = match channel.group.open(message) {
            Ok(opened) => opened,
            Err(MlsError::OwnMessage) if wrote && !channel.meta.sent.contains(&entry.record) => {
                return self.lose(kind);
            }
            Err(MlsError::OwnMessage) => {
                self.read = true;
                return self.skip(kind, entry.seq, SkipReason::Replayed);
            }
            Err(MlsError::WrongEpoch) if channel.meta.gap.is_some() => return self.fall_behind(kind),
            // Nobody can open it: it is skipped by all alike.
            Err(_) => {
                if entry.class == Class::Alert && channel.group.is_for_later(message) {
                    self.alert_for_a_later_epoch(kind);
                }
                return self.skip(kind, entry.seq, SkipReason::Unopened);
            }
        };
        #[cfg(feature = "testing")]
        self.opened.push(crate::core::Opened {
            channel: channel.id,
            epoch: channel.group.epoch(),
            group: channel.group.epoch_authenticator(),
            leaf: opened.sender,
            generation: opened.generation,
            seq: entry.seq,
        });
        let Ok(envelope) = unpad(&opened.plaintext).and_then(wire::decode::<Envelope>) else { return };
        let author = channel.group.member(opened.sender);
        let role = author.as_ref().and_then(|member| channel.role_key(member));
        channel.anchor(envelope.seen, &envelope.log_hash);
        let forked = channel.agrees(envelope.seen, &envelope.log_hash) == Some(false);
        if forked {
            self.suspect_fork(entry.received_at, author.as_ref().map(|member| member.key));
        }
        let said = self.said(kind, entry, role, author.map(|member| member.key));
        self.event(now, kind, said, envelope.kind, &envelope.payload);
    }

    fn said(
        &self,
        kind: ChannelKind,
        entry: &Entry,
        role: Option<PublicKey>,
        leaf: Option<PublicKey>,
    ) -> Said {
        let stream = self.session.streams.get(&kind).filter(|stream| stream.subscribed);
        let live = stream.is_none_or(|stream| entry.seq > stream.head);
        Said { seq: entry.seq, received_at: entry.received_at, live, class: entry.class, role, leaf }
    }

    fn event(&mut self, now: u64, kind: ChannelKind, said: Said, number: u16, payload: &[u8]) {
        match Event::decode(number, payload) {
            Ok(Some(event)) => {
                self.read = true;
                self.known_event(now, kind, said, event);
            }
            Ok(None) => {
                let content = wire::encode(&(number, minicbor::bytes::ByteVec::from(payload.to_vec())));
                self.keep_unknown(kind, said.seq, content);
            }
            Err(_) => {}
        }
    }

    /// An event counts only in the channel it belongs to.
    fn known_event(&mut self, now: u64, kind: ChannelKind, said: Said, event: Event) {
        match (kind, event) {
            (ChannelKind::Broadcast, Event::Alert(alert)) => self.alert_event(now, said, &alert),
            (ChannelKind::Broadcast, Event::FollowUp(signed)) => self.follow_up_event(now, said, &signed),
            (ChannelKind::Desk, Event::Attestation(signed)) => {
                self.attestation_event(now, Some(said), signed)
            }
            (ChannelKind::Desk, Event::DeskSecret(desk)) => {
                self.desk_told(&desk.secret);
                self.desk_secret(desk.secret);
            }
            (ChannelKind::Desk, Event::OnCall(what)) => self.on_call_event(now, said.role, what),
            (ChannelKind::Committee, event) => self.committee_event(event, said.role),
            _ => {}
        }
    }

    fn handshake(&mut self, now: u64, kind: ChannelKind, entry: &Entry, own: Option<u64>, sealed: &[u8]) {
        if let Some(id) = own {
            return self.own_commit(now, kind, id);
        }
        let Some(channel) = self.channels.get(&kind) else { return };
        match judge::judge(channel, sealed) {
            Ok(verdict) => self.take(now, kind, verdict),
            Err(Skipped::NeedsUpdate) => self.halt(kind),
            Err(Skipped::Mls(MlsError::OwnMessage)) if self.wrote(kind, entry) => self.lose(kind),
            Err(Skipped::Mls(MlsError::OwnMessage)) => self.skip(kind, entry.seq, SkipReason::Replayed),
            Err(_) if channel.meta.gap.is_some() => self.fall_behind(kind),
            Err(Skipped::Failed { by, .. }) => {
                self.commit_failed(now, kind, by);
                self.skip(kind, entry.seq, SkipReason::Unopened);
            }
            Err(Skipped::Unsealed | Skipped::Mls(_)) => self.skip(kind, entry.seq, SkipReason::Unopened),
            Err(Skipped::Malformed) => self.skip(kind, entry.seq, SkipReason::Malformed),
            Err(_) => self.skip(kind, entry.seq, SkipReason::Unentitled),
        }
    }

    /// Takes a commit that is in force.
    pub(crate) fn take(&mut self, now: u64, kind: ChannelKind, verdict: Verdict) {
        if verdict.removed_self {
            // Our own plea was heard: the lost leaf is gone, the Welcome for the fresh one follows.
            return if verdict.rejoin { self.lose(kind) } else { self.removed_from(kind) };
        }
        if verdict.has_path() {
            self.owe_checkpoint(kind, verdict.by);
        }
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        let first = channel.statements.len() as u64;
        let gone: Vec<(PublicKey, PublicKey)> = verdict
            .removed
            .iter()
            .filter_map(|key| channel.group.find(key).and_then(|index| channel.group.member(index)))
            .filter_map(|member| Some((member.key, Channel::person(kind, &member)?.0)))
            .collect();
        let removed: Vec<PublicKey> = gone.iter().map(|(_, person)| *person).collect();
        channel.group = verdict.group;
        channel.governance = verdict.governance;
        channel.statements.extend(verdict.statements);
        channel.meta.gap = None;
        channel.meta.sent.clear();
        channel.meta.pleas.retain(|plea| !removed.contains(&plea.person));
        if verdict.rejoin {
            gone.iter().for_each(|(leaf, person)| channel.replaced(now, *leaf, *person));
        }
        let rotated = verdict.access.is_some();
        if let Some(access) = verdict.access {
            channel.rotate(access);
            let (access, cursor) = (channel.access(), channel.meta.cursor);
            // What the relay said when we subscribed is about all that it had by then.
            if let Some(stream) = self.session.streams.get_mut(&kind).filter(|s| cursor >= s.head) {
                stream.access = stream.access.map(|_| access);
            }
        }
        let grown = channel.statements.len() as u64 > first;
        self.mark_channel(kind);
        if grown {
            self.mark(Row::Statement(kind, first));
        }
        if rotated {
            self.session.former_keys.remove(&kind);
        }
        if rotated && self.session.proved(kind) == Some(crate::session::As::Member) {
            self.prove_as(kind, crate::session::As::Member);
        }
        self.people_changed(kind, &verdict.added, &removed, verdict.rejoin);
        self.retry_early_reports(now);
    }

    pub(crate) fn removed_from(&mut self, kind: ChannelKind) {
        self.drop_channel(kind);
        match kind {
            ChannelKind::Broadcast => {
                for other in [ChannelKind::Desk, ChannelKind::Committee] {
                    self.drop_channel(other);
                }
                if let Some(membership) = self.membership_mut() {
                    membership.standing = Standing::Removed;
                    membership.shut_out.clear();
                    membership.desks.clear();
                    membership.join = None;
                }
            }
            ChannelKind::Desk => {
                if let Some(membership) = self.membership_mut() {
                    membership.desks.clear();
                }
                self.alerts.leave_the_desk();
                self.mark(Row::Alerts);
                self.offer_key_packages();
            }
            ChannelKind::Committee => self.offer_key_packages(),
        }
    }

    /// The log holds what this state can't have made: it was rolled back, or its place was given to
    /// a fresh leaf. Nothing more is sent under this leaf, ever; a plea asks for a fresh one.
    pub(crate) fn lose(&mut self, kind: ChannelKind) {
        if let Some(channel) = self.channels.get_mut(&kind) {
            channel.meta.gap = None;
            channel.meta.footing.stays_lost = true;
        }
        self.fall_behind(kind);
    }

    /// The log has gone on where this state can't follow, if what the relay says of it is true.
    /// Nothing more is sent under this leaf on this connection; a plea asks for a fresh one.
    pub(crate) fn fall_behind(&mut self, kind: ChannelKind) {
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        // Alone in a group there is nobody else whose keys could be reused or who could help: what
        // is missing is gone, and this state goes on as the only one.
        if channel.meta.lost || channel.group.len() == 1 {
            return;
        }
        channel.meta.lost = true;
        self.mark(Row::Meta(kind));
        let stale: Vec<u64> =
            self.outbox.iter().filter(|(_, job)| job.appends_to() == Some(kind)).map(|(id, _)| *id).collect();
        for id in stale {
            if let Some(job) = self.outbox.get_mut(&id) {
                job.forget_attempt();
                self.mark(Row::Job(id));
            }
            self.session.forget_job(id);
        }
    }

    /// See [`Channel::go_back`].
    pub(crate) fn go_back(&mut self, kind: ChannelKind) {
        if self.channels.get_mut(&kind).is_some_and(Channel::go_back) {
            self.mark(Row::Meta(kind));
            self.drop_pleas(kind);
        }
    }

    fn plea(&mut self, kind: ChannelKind, own: Option<u64>, sealed: &[u8]) {
        if let Some(id) = own {
            return self.finish_job(id);
        }
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        let opened = channel.open_plea(sealed);
        let Some(plea) = opened.and_then(|padded| unpad(&padded).and_then(wire::decode::<Plea>).ok()) else {
            return;
        };
        self.keep_plea(kind, plea);
    }

    /// A plea that waits for a commit, from the log or the join mailbox.
    pub(crate) fn keep_plea(&mut self, kind: ChannelKind, plea: Plea) {
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        // The latest of each person: an earlier one may have been answered where they can't hear it.
        let others = channel.meta.pleas.iter().filter(|other| other.person != plea.person).count();
        let modest = plea.key_package.len() <= MAX_KEY_PACKAGE;
        if others < MAX_PLEAS && modest && judge::check_plea(channel, &plea).is_ok() {
            channel.meta.pleas.retain(|other| other.person != plea.person);
            channel.meta.pleas.push(plea);
            self.mark(Row::Meta(kind));
        }
    }
}
