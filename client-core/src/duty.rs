//! Duties: what state owes, derived anew after every turn. Whatever several devices could do is
//! done at once by the one whose act made it due, and by the others in turn if it does not happen.

use campana_protocol::event::Event;
use campana_protocol::frame::Class;
use campana_protocol::governance::{ChannelKind, Operation, Role};
use campana_protocol::id::{IncidentId, PublicKey};
use campana_protocol::mailbox::{Join, KeyPackageFor, Post, SignedJoin, join_digest};
use campana_protocol::report::Alert;
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::governance::follows;
use crate::incident::Incident;
use crate::limits::{
    EARLY_REPORT_TTL, MAX_INCIDENTS, MEMBER_PATIENCE, MEMBER_SPREAD, PLEA_PATIENCE, RETURNED_PATIENCE, STEP,
    WORDS_TTL,
};
use crate::rows::Row;
use crate::sorted::Set;
use crate::state::{DraftRecord, EarlyReport, Job, OwnersOf, Standing};
use crate::turn::{Effect, NoticeId};

/// Something that several devices could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Duty {
    Commit(ChannelKind),
    Alert(IncidentId),
    Owners(ChannelKind),
    Refuse(PublicKey),
    Missed(ChannelKind),
    Checkpoint(ChannelKind),
    /// A member access key that nothing explains.
    Access(ChannelKind),
    DeskSecret,
    Passes,
}

impl Core {
    pub(crate) fn duties(&mut self, now: u64) {
        if self.membership().is_none() {
            return;
        }
        self.adopt_chain();
        self.leave_revoked_groups();
        self.found_committee();
        self.raise_rule_alone();
        self.draw_rekey(now);
        for kind in ChannelKind::ALL {
            self.commit_duty(now, kind);
            self.owners_duty(now, kind);
            self.footing_duty(now, kind);
            self.plead_duty(now, kind);
            self.restored_duty(now, kind);
        }
        self.desk_secret_duty(now);
        self.drop_unsayable();
        self.shut_out_duty(now);
        self.refusal_duties(now);
        self.alert_duties(now);
        self.forget_incidents();
        self.forget_words(now);
        self.alert_settings_duty(now);
        self.coverage_duty(now);
        self.settings_duty();
        self.lockout_duty(now);
        self.passes_duty(now);
        self.notices();
    }

    /// What waits to be said in a working group that this device is not in, and that its role no
    /// longer lets it into, can never be said: signed while one channel knew of the revocation and
    /// another did not.
    fn drop_unsayable(&mut self) {
        let Some(own) = self.membership().map(|membership| membership.role_key()) else { return };
        for kind in [ChannelKind::Desk, ChannelKind::Committee] {
            let broadcast = self.channels.get(&ChannelKind::Broadcast);
            let welcome = broadcast.is_none_or(|channel| channel.governance.belongs(&own, kind));
            if welcome || self.channels.contains_key(&kind) {
                continue;
            }
            let unsayable = self.outbox.iter().filter(|(_, job)| job.appends_to() == Some(kind));
            for id in unsayable.map(|(id, _)| *id).collect::<Vec<_>>() {
                self.finish_job(id);
            }
        }
    }

    /// A working group that this device can't follow, and that its role no longer lets it into: it can never
    /// open the entry that removes it there, and nobody lets it in again.
    fn leave_revoked_groups(&mut self) {
        for kind in [ChannelKind::Desk, ChannelKind::Committee] {
            let stuck = |channel: &Channel| channel.meta.lost || channel.meta.footing.has_failed();
            if self.channels.get(&kind).is_some_and(stuck) && self.is_revoked(kind) {
                self.removed_from(kind);
            }
        }
    }

    /// Whether everybody's channel, read to its end, says that this device does not belong into a group.
    fn is_revoked(&self, kind: ChannelKind) -> bool {
        let Some(own) = self.membership().map(|membership| membership.role_key()) else { return false };
        let known = |channel: &&Channel| {
            let chain = &channel.governance;
            let follows = !channel.meta.lost && !channel.meta.footing.has_failed() && !channel.halted;
            follows && chain.constituted() && !chain.belongs(&own, kind)
        };
        self.caught_up(ChannelKind::Broadcast)
            && self.channels.get(&ChannelKind::Broadcast).filter(known).is_some()
    }

    /// This device's own act made something due: it does not wait for others.
    pub(crate) fn act_at_once(&mut self) {
        self.session.at_once = true;
    }

    /// Whether it is this device's turn; otherwise wakes when it is.
    pub(crate) fn my_turn(&mut self, now: u64, duty: Duty, patience: u64) -> bool {
        let since = self.waiting.get_or_insert_with(duty, || now);
        // A clock that was set back must not make this device wait for its own past.
        *since = now.min(*since);
        let mine = since.saturating_add(patience);
        if now >= mine {
            return true;
        }
        self.wake_at(mine);
        false
    }

    /// `attempts`: how often somebody has done it, perhaps in vain.
    fn patience(&mut self, duty: Duty, attempts: usize) -> u64 {
        match self.rank_after(attempts) {
            Some(rank) => STEP * (rank as u64 + 1),
            None if self.waiting.contains_key(&duty) => self.session.patience,
            None => {
                self.session.patience = MEMBER_PATIENCE + self.random.below(MEMBER_SPREAD);
                self.session.patience
            }
        }
    }

    fn commit_duty(&mut self, now: u64, kind: ChannelKind) {
        let duty = Duty::Commit(kind);
        let queued = self.outbox.values().any(|job| matches!(job, Job::Commit { kind: k, .. } if *k == kind));
        if queued || !self.commit_worth_checking(kind) {
            return;
        }
        if let Some(at) = self.channels.get(&kind).and_then(|channel| channel.answers_at(now)) {
            self.wake_at(at);
        }
        let due = self.due(now, kind);
        if due.nothing() {
            self.waiting.remove(&duty);
            return;
        }
        let answered = due.plea.map_or(0, |plea| self.times_answered(kind, &plea.person));
        let patience = if self.session.at_once { 0 } else { self.patience(duty, answered) };
        if self.my_turn(now, duty, patience) {
            self.waiting.remove(&duty);
            self.push_job(Job::Commit { kind, attempt: None, prepared: None });
        }
    }

    /// How often this person has got a fresh leaf lately. Whoever pleads again has got no Welcome: the device
    /// that answered first may withhold them, or have died in between, so another comes first now.
    fn times_answered(&self, kind: ChannelKind, person: &PublicKey) -> usize {
        let former = self.channels.get(&kind).map_or(&[][..], |channel| &channel.meta.former);
        former.iter().filter(|former| former.person == *person).count()
    }

    /// Cheap: most devices in most turns have nothing to commit.
    fn commit_worth_checking(&self, kind: ChannelKind) -> bool {
        let Some(channel) = self.channels.get(&kind).filter(|channel| !channel.meta.lost) else {
            return false;
        };
        // A device that stops in a channel commits nothing there.
        if channel.halted {
            return false;
        }
        let rekeys = self.session.rekeys && kind == ChannelKind::Broadcast;
        rekeys || !channel.meta.pleas.is_empty() || (self.caught_up(kind) && self.is_committee_in(channel))
    }

    /// Once every committee device is in, the founder drafts the constitution.
    fn found_committee(&mut self) {
        let Some(chain) = self.chain().filter(|chain| !chain.constituted()) else { return };
        let founder = chain.charter().founder;
        let drafted = self.registry.drafts.iter().any(DraftRecord::open)
            || self.outbox.values().any(|job| matches!(job, Job::Event { kind: ChannelKind::Committee, .. }));
        let Some(channel) = self.channels.get(&ChannelKind::Committee) else { return };
        let own = self.membership().map(|membership| membership.role_key());
        let complete = channel.group.len() == usize::from(chain.charter().committee_size);
        if own != Some(founder) || drafted || !complete {
            return;
        }
        let committee: Vec<PublicKey> =
            channel.group.members().filter_map(|member| channel.role_key(&member)).collect();
        let threshold = chain.charter().threshold;
        self.draft_under(vec![Operation::Constitute { committee, threshold }], None, Some(follows()));
    }

    /// A committee of one device has nobody else to ask: its network goes on under the rules of the
    /// version that the device runs.
    fn raise_rule_alone(&mut self) {
        let Some(chain) = self.chain().filter(|chain| chain.constituted() && chain.rule() < follows()) else {
            return;
        };
        let says = |job: &Job| matches!(job, Job::Event { kind: ChannelKind::Committee, .. });
        let alone = chain.committee().len() == 1 && self.rank() == Some(0);
        let busy = self.registry.drafts.iter().any(DraftRecord::open) || self.outbox.values().any(says);
        if alone && !busy && self.caught_up(ChannelKind::Committee) {
            self.draft_rule();
        }
    }

    /// A lost leaf pleads, and again when that brought no Welcome in good time.
    fn plead_duty(&mut self, now: u64, kind: ChannelKind) {
        let pleads = |job: &Job| matches!(job, Job::Plead { kind: other, .. } if *other == kind);
        let welcomed = self.membership().is_some_and(|m| m.welcomes.iter().any(|w| w.kind == kind));
        let Some(channel) = self.channels.get(&kind) else { return };
        let footing = &channel.meta.footing;
        let unconfirmed = footing.unconfirmed && channel.governance.rule() >= 1;
        if !channel.meta.lost && !footing.has_returned() && !unconfirmed && !footing.stays_cut(now) {
            return;
        }
        let cut = footing.is_cut() && self.membership().is_some_and(|m| m.invitation.is_some());
        if !welcomed && cut && self.outbox.values().any(pleads) {
            return self.plead_by_mail_instead(kind);
        }
        if welcomed || self.outbox.values().any(pleads) {
            return;
        }
        let patience = if channel.meta.lost { PLEA_PATIENCE } else { RETURNED_PATIENCE };
        let (last, again) = (channel.meta.pleaded_at, channel.meta.pleaded_at + patience);
        // A clock that was set back since must not keep it from asking.
        if (last..again).contains(&now) {
            return self.wake_at(again);
        }
        if let Some(channel) = self.channels.get_mut(&kind) {
            channel.meta.pleaded_at = now;
            channel.meta.footing.pleaded = true;
            self.mark(Row::Meta(kind));
        }
        if !self.plead_by_mail(kind) {
            self.push_job(Job::Plead { kind, attempt: None });
        }
    }

    /// A plea that was queued before the access key was rotated can never be appended: the plea goes
    /// by mail, and at once, for nobody has read the queued one.
    fn plead_by_mail_instead(&mut self, kind: ChannelKind) {
        self.drop_pleas(kind);
        self.plead_by_mail(kind);
    }

    /// The relay's owners of a channel are the committee's devices.
    fn owners_duty(&mut self, now: u64, kind: ChannelKind) {
        let Some(channel) = self.channels.get(&kind).filter(|channel| self.is_committee_in(channel)) else {
            return;
        };
        let Some(membership) = self.membership() else { return };
        let committee = channel.governance.committee();
        let owners: Set<PublicKey> = self
            .registry
            .owners
            .iter()
            .filter(|owner| owner.channel == channel.id && committee.contains(&owner.role_key))
            .map(|owner| owner.owner)
            .chain([membership.owner(kind).public()])
            .collect();
        let wanted = OwnersOf { kind, owners: owners.into_iter().collect() };
        let proved = self.session.proved(kind) == Some(crate::session::As::Owner);
        let done = self.registry.set_owners.contains(&wanted) || wanted.owners.len() < 2;
        if done || !proved || wanted.owners.len() < committee.len() {
            return;
        }
        let patience = self.rank().map_or(0, |rank| STEP * rank as u64);
        if self.my_turn(now, Duty::Owners(kind), patience) {
            self.registry.set_owners.retain(|owners| owners.kind != kind);
            self.registry.set_owners.push(wanted.clone());
            self.mark(Row::Registry);
            self.push_job(Job::SetOwners { owners: wanted });
        }
    }

    /// A report with enough confirmations becomes an alert.
    fn alert_duties(&mut self, now: u64) {
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        let due: Vec<(IncidentId, Alert)> = self
            .incidents
            .values()
            .filter(|incident| incident.alert.is_none() && !incident.attestations.is_empty())
            .filter_map(|incident| {
                let attestations = incident.confirmations(&channel.governance)?;
                let alert =
                    Alert { public: incident.public.clone()?, private: incident.private_hash?, attestations };
                Some((incident.id, alert))
            })
            .collect();
        let Some(own) = self.membership().map(|membership| membership.role_key()) else { return };
        for (incident, alert) in due {
            let queued = self.outbox.values().any(|job| {
                matches!(job, Job::Event { kind: ChannelKind::Broadcast, event: 100, payload, .. }
                if wire::decode::<Alert>(payload).is_ok_and(|other| other.public == alert.public))
            });
            if queued {
                continue;
            }
            // Who confirmed last sends it; the other verifiers follow, then the rest of the desk.
            let place = alert.attestations.iter().rev().position(|signed| signed.key == own);
            let patience = match place {
                Some(place) => STEP * place as u64,
                None => STEP * (alert.attestations.len() as u64 + self.rank().unwrap_or(8) as u64),
            };
            if self.my_turn(now, Duty::Alert(incident), patience) {
                self.waiting.remove(&Duty::Alert(incident));
                self.say(ChannelKind::Broadcast, &Event::Alert(alert), Class::Alert);
            }
        }
    }

    /// Those that never became an alert make room first, then the oldest.
    fn forget_incidents(&mut self) {
        if self.incidents.len() <= MAX_INCIDENTS {
            return;
        }
        let order: Set<(bool, u64, IncidentId)> = self
            .incidents
            .values()
            .map(|incident| (incident.alert.is_some(), incident.updated_at, incident.id))
            .collect();
        for (_, _, id) in order.into_iter().take(self.incidents.len() - MAX_INCIDENTS) {
            // An alert that is forgotten and said again rings nobody a second time.
            if self.incidents.remove(&id).is_some_and(|incident| incident.alert.is_some()) {
                self.alerts.forget_incident(id);
                self.mark(Row::Alerts);
            }
            self.mark(Row::Incident(id));
        }
    }

    /// Words and places leave the phones a day after the relay had them, whenever they were read, and with
    /// them whose they were.
    fn forget_words(&mut self, now: u64) {
        let mut forgotten = Vec::new();
        let mut next: Option<u64> = None;
        let kept = |incident: &&mut Incident| incident.private.is_some() || incident.reporter.is_some();
        for incident in self.incidents.values_mut().filter(kept) {
            // Incidents of earlier versions have the relay's time alone.
            let known = [incident.since, incident.received_at].into_iter().find(|at| *at > 0);
            let since = known.unwrap_or(incident.updated_at);
            let until = since.saturating_add(WORDS_TTL);
            if now >= until {
                (incident.private, incident.reporter) = (None, None);
                forgotten.push(incident.id);
            } else {
                next = Some(next.map_or(until, |next| next.min(until)));
            }
        }
        for id in forgotten {
            self.mark(Row::Incident(id));
        }
        if let Some(next) = next {
            self.wake_at(next);
        }
        let stale = |core: &Self, early: &EarlyReport| core.known_age(early.received_at) >= EARLY_REPORT_TTL;
        if self.membership().is_some_and(|m| m.early_reports.iter().any(|early| stale(self, early))) {
            self.retry_early_reports(now);
        }
    }

    pub(crate) fn may_verify(&self) -> bool {
        let (Some(membership), Some(channel)) = (self.membership(), self.channels.get(&ChannelKind::Desk))
        else {
            return false;
        };
        let own = membership.role_key();
        channel.governance.holds(&own, Role::Verifier) || channel.governance.holds(&own, Role::Dispatcher)
    }

    /// Notices that are owed and have not been handed to the shell.
    fn notices(&mut self) {
        let may_verify = self.may_verify();
        let owed: Vec<NoticeId> = self
            .incidents
            .values()
            .flat_map(|incident| {
                // The alert first: what one person says of it never takes its place.
                let due = incident.notice(may_verify).filter(|kind| kind.follows(incident.shown));
                let said = incident.said_notice().filter(|kind| kind.follows(incident.shown_said));
                due.into_iter().chain(said).map(|kind| NoticeId { incident: incident.id, kind })
            })
            .collect();
        for notice in owed {
            if self.notified.insert(notice) {
                self.effects.push(Effect::Notify(notice));
            }
        }
        self.unread_notice();
    }

    /// After leaving a working group: fresh key packages for the committee, for a later return.
    pub(crate) fn offer_key_packages(&mut self) {
        let Some(membership) = self.membership().cloned() else { return };
        let (Some(invitation), Standing::Member) = (membership.invitation.clone(), membership.standing)
        else {
            return;
        };
        let mut key_packages = Vec::new();
        for kind in [ChannelKind::Desk, ChannelKind::Committee] {
            if self.channels.contains_key(&kind) {
                continue;
            }
            let Ok(spare) = self.make_spare(kind, 0) else { return };
            key_packages.push(KeyPackageFor { kind, key_package: spare.key_package.clone() });
            self.spares.retain(|other| other.kind != kind);
            self.spares.push(spare);
        }
        self.mark(Row::Spares);
        let role = membership.role();
        let join = wire::encode(&Join {
            invite: invitation.id,
            proof: campana_protocol::mailbox::invite_proof(&invitation.secret, &role.public()),
            handle: membership.handle.clone(),
            role_key: role.public(),
            key_packages,
            reply: membership.reply().address(),
        });
        let signature = role.sign_hash(&join_digest(&join));
        let to = campana_protocol::mailbox::ReturnAddress {
            mailbox: invitation.mailbox,
            sealing: invitation.sealing,
        };
        self.post_to(&to, &Post::KeyPackages(SignedJoin { join, signature }));
    }
}
