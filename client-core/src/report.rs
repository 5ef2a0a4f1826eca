//! Reports and what follows: events of incidents, and this device's own.

use campana_protocol::event::Event;
use campana_protocol::frame::Class;
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::id::{IncidentId, PublicKey};
use campana_protocol::report::{
    ATTESTATION, Alert, Attestation, FOLLOW_UP, Finding, FollowUp, FollowUpKind, Method, PrivateReport,
    PublicReport, Signed, SignedReport, private_hash, report_digest, salted_reporter_tag,
};
use campana_protocol::{limits, wire};

use crate::clocks::Placed;
use crate::command::{CommandError, Reply, ReportForm, Suspicious};
use crate::core::Core;
use crate::incident;
use crate::incident::{Content, Incident, Rejected, signed_digest};
use crate::keys::KeyPair;
use crate::limits::{ATTESTED_WITHIN, MAX_EARLY_ATTESTATIONS, MAX_EARLY_ATTESTATIONS_OF_ONE, SIGN_AGAIN};
use crate::log::Said;
use crate::mls::Leaf;
use crate::rows::Row;
use crate::state::{Job, Suspicion};

impl Core {
    pub(crate) fn alert_event(&mut self, now: u64, said: Said, alert: &Alert) {
        let Ok(public) = PublicReport::decode(&alert.public) else { return self.forged(said) };
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        let mut incident = self
            .incidents
            .get(&public.incident)
            .cloned()
            .unwrap_or_else(|| Incident::new(public.incident, now));
        match incident.alert(alert, &channel.governance) {
            // What is not pushed rings nobody who is asleep: it is for others to say it as an alert.
            Ok(true) if channel.governance.strict() && said.class != Class::Alert => {}
            Ok(true) => {
                self.age(now, &mut incident, Placed { received_at: said.received_at, live: said.live });
                self.news(now, said.seq, incident);
            }
            Ok(false) => {}
            Err(_) => self.forged(said),
        }
    }

    pub(crate) fn follow_up_event(&mut self, now: u64, said: Said, signed: &Signed) {
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        let strict = channel.governance.strict();
        let Some(follow_up) = FollowUp::read(signed, strict) else { return self.forged(said) };
        // Only those who had the alert get what follows it.
        let Some(mut incident) = self.incidents.get(&follow_up.incident).cloned() else { return };
        match incident.follow_up(signed, &channel.governance) {
            Ok(true) if strict && said.class != Class::Alert => {}
            Ok(true) => self.news(now, said.seq, incident),
            Ok(false) => {}
            Err(Rejected::WithoutRole | Rejected::OtherNetwork) => self.forged(said),
            Err(_) => {}
        }
    }

    /// `said`: where the log has it; none: a snapshot.
    pub(crate) fn attestation_event(&mut self, now: u64, said: Option<Said>, signed: Signed) {
        let Some(attestation) = Attestation::read(&signed, true) else { return };
        let Some(desk) = self.channels.get(&ChannelKind::Desk) else { return };
        if !desk.governance.holds(&signed.key, Role::Verifier) {
            return;
        }
        // Its time goes into the alert: one that is off would be believed by whoever reads it there.
        if let Some(said) = said.filter(|said| said.received_at.abs_diff(attestation.at) > ATTESTED_WITHIN) {
            return self.dispute(now, said, &signed.key, &attestation);
        }
        self.keep_attestation(signed);
    }

    /// An attestation belongs to a report. One that comes first waits for it, and makes no incident.
    pub(crate) fn keep_attestation(&mut self, signed: Signed) {
        let Some(id) = Attestation::of(&signed).map(|attestation| attestation.incident) else { return };
        let own = self.membership().map(|membership| membership.role_key());
        let (Some(channel), Some(incident)) =
            (self.channels.get(&ChannelKind::Broadcast), self.incidents.get_mut(&id))
        else {
            return self.keep_early_attestation(signed);
        };
        incident.disputed &= own != Some(signed.key);
        if incident.attest(signed, &channel.governance) {
            self.mark(Row::Incident(id));
        }
    }

    /// Whoever signs more than there are reports loses their own, and nobody else's.
    fn keep_early_attestation(&mut self, signed: Signed) {
        let Some(membership) = self.membership_mut() else { return };
        let early = &mut membership.early_attestations;
        if early.contains(&signed) {
            return;
        }
        let theirs = |other: &Signed| other.key == signed.key;
        let first = if early.iter().filter(|other| theirs(other)).count() >= MAX_EARLY_ATTESTATIONS_OF_ONE {
            early.iter().position(theirs)
        } else {
            (early.len() >= MAX_EARLY_ATTESTATIONS).then_some(0)
        };
        first.map(|first| early.remove(first));
        early.push(signed);
    }

    /// The report of an incident has come: what waited for it counts.
    pub(crate) fn take_early_attestations(&mut self, id: &IncidentId) {
        let of_it = |signed: &Signed| Attestation::of(signed).is_some_and(|found| found.incident == *id);
        let waits = |core: &Self| core.membership().is_some_and(|m| m.early_attestations.iter().any(of_it));
        if !waits(self) {
            return;
        }
        let early = self.membership_mut().map(|m| core::mem::take(&mut m.early_attestations));
        for signed in early.unwrap_or_default() {
            self.keep_attestation(signed);
        }
    }

    /// An attestation whose time is not when the relay had it. Its own verifier is told; if the clock
    /// had jumped, this device knows better now and says it again.
    fn dispute(&mut self, now: u64, said: Said, by: &PublicKey, attestation: &Attestation) {
        if self.membership().map(|membership| membership.role_key()) != Some(*by) {
            return;
        }
        let Some(incident) = self.incidents.get_mut(&attestation.incident) else { return };
        let again = !incident.disputed && incident.attestations.iter().all(|signed| signed.key != *by);
        incident.disputed = true;
        self.mark(Row::Incident(attestation.incident));
        if said.live {
            self.learn_clock(now, said.received_at);
        }
        if again {
            self.say_finding(now, attestation.clone());
        }
    }

    fn say_finding(&mut self, now: u64, mut attestation: Attestation) {
        attestation.at = self.relay_time(now);
        let Some(role) = self.membership().map(|membership| membership.role()) else { return };
        let signed = sign_finding(&role, &attestation);
        self.say(ChannelKind::Desk, &Event::Attestation(signed), Class::Update);
    }

    /// What is to be said as it is said now: an attestation that has waited is signed with the time.
    pub(crate) fn as_said_now(&self, now: u64, kind: ChannelKind, event: u16, payload: Vec<u8>) -> Vec<u8> {
        let (ChannelKind::Desk, Ok(Some(Event::Attestation(signed)))) =
            (kind, Event::decode(event, &payload))
        else {
            return payload;
        };
        let role = self.membership().map(|membership| membership.role());
        let role = role.filter(|role| role.public() == signed.key);
        let at = self.relay_time(now);
        match (role, Attestation::of(&signed)) {
            (Some(role), Some(attestation)) if attestation.at.abs_diff(at) > SIGN_AGAIN => {
                Event::Attestation(sign_finding(&role, &Attestation { at, ..attestation })).payload()
            }
            _ => payload,
        }
    }

    /// An incident has moved on, for everybody.
    fn news(&mut self, now: u64, seq: u64, mut incident: Incident) {
        if !incident.past {
            incident.updated_at = now;
        }
        incident.seqs.push(seq);
        self.owe_receipt(seq);
        self.coverage_soon();
        self.keep(incident);
    }

    fn keep(&mut self, incident: Incident) {
        self.mark(Row::Incident(incident.id));
        self.incidents.insert(incident.id, incident);
    }

    fn forged(&mut self, said: Said) {
        if let Some(membership) = self.membership_mut() {
            membership.forged = true;
            membership.forgeries =
                Some(Suspicion::once_more(membership.forgeries.as_ref(), said.received_at, said.leaf));
        }
    }

    /// Somebody, or the relay, has seen another log than this device.
    pub(crate) fn suspect_fork(&mut self, at: u64, leaf: Option<PublicKey>) {
        if let Some(membership) = self.membership_mut() {
            membership.forked = true;
            membership.forks = Some(Suspicion::once_more(membership.forks.as_ref(), at, leaf));
        }
    }

    pub(crate) fn dismiss(&mut self, suspicious: Suspicious) -> Result<Reply, CommandError> {
        let membership = self.membership_mut().ok_or(CommandError::NotInANetwork)?;
        let (flag, known) = match suspicious {
            Suspicious::ForgedAlert => (&mut membership.forged, &mut membership.forgeries),
            Suspicious::Forked => (&mut membership.forked, &mut membership.forks),
        };
        if !core::mem::take(flag) {
            return Err(CommandError::AlreadyDone);
        }
        *known = None;
        Ok(Reply::Accepted)
    }

    pub(crate) fn make_report(&mut self, now: u64, form: ReportForm) -> Result<Reply, CommandError> {
        if form.words.chars().count() > limits::MAX_WORDS {
            return Err(CommandError::TooLong);
        }
        let relay_time = self.relay_time(now);
        let id = IncidentId(self.random.bytes());
        let salt = self.random.bytes();
        let membership = self.membership().ok_or(CommandError::NotInANetwork)?;
        let channel = self.channels.get(&ChannelKind::Broadcast).ok_or(CommandError::NotAdmitted)?;
        let public = wire::encode(&PublicReport {
            network: membership.network,
            incident: id,
            reported_at: now,
            drill: form.drill,
            size: form.size,
            activities: form.activities,
            setting: form.setting,
            zone: form.zone,
            units: form.units,
            when: form.when,
            equipment: form.equipment,
            reporter: salted_reporter_tag(&id, &salt, &membership.role_key()),
        });
        PublicReport::decode(&public).map_err(|_| CommandError::TooLong)?;
        let private = wire::encode(&PrivateReport { salt, words: form.words });
        let leaf = Leaf::from_bytes(&channel.meta.leaf).map_err(|_| CommandError::Bug)?;
        let signature = leaf.sign(report_digest(&public, &private_hash(&private)).as_bytes());
        let mut incident = Incident::new(id, now);
        incident.report(&public, &private);
        incident.mine = true;
        incident.received_at = relay_time;
        incident.since = now;
        self.keep(incident);
        let report = SignedReport { public, private, leaf: leaf.public(), signature };
        self.push_job(Job::Report { incident: id, report, posting: None });
        Ok(Reply::Incident(id))
    }

    /// Reports of ours that have not been taken are signed with the leaf that this device has now: by
    /// the time somebody reads them, nobody may know the other one any more.
    pub(crate) fn sign_reports_again(&mut self) {
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        let Ok(leaf) = Leaf::from_bytes(&channel.meta.leaf) else { return };
        let reports = self.outbox.iter().filter(|(_, job)| matches!(job, Job::Report { .. }));
        for id in reports.map(|(id, _)| *id).collect::<Vec<_>>() {
            let Some(Job::Report { report, posting, .. }) = self.outbox.get_mut(&id) else { continue };
            let digest = report_digest(&report.public, &private_hash(&report.private));
            report.leaf = leaf.public();
            report.signature = leaf.sign(digest.as_bytes());
            *posting = None;
            self.mark(Row::Job(id));
        }
    }

    pub(crate) fn make_attestation(
        &mut self,
        now: u64,
        id: IncidentId,
        finding: Finding,
        method: Method,
    ) -> Result<Reply, CommandError> {
        let membership = self.membership().ok_or(CommandError::NotInANetwork)?;
        let role = membership.role();
        let network = membership.network;
        let desk = self.channels.get(&ChannelKind::Desk);
        if !desk.is_some_and(|channel| channel.governance.holds(&role.public(), Role::Verifier)) {
            return Err(CommandError::NeedsRole(Role::Verifier));
        }
        let incident = self.incidents.get(&id).ok_or(CommandError::UnknownIncident)?;
        let digest = incident.digest().ok_or(CommandError::UnknownIncident)?;
        incident.public_report().ok_or(CommandError::UnknownIncident)?;
        if incident.mine || incident.reported_by(&role.public()) {
            return Err(CommandError::OwnReport);
        }
        let before = incident.finding_of(&role.public());
        if before.is_some_and(|before| before == Finding::Confirmed || before == finding)
            || self.attesting(&id)
        {
            return Err(CommandError::AlreadyDone);
        }
        // Told once: the relay's clock may be the wrong one, and must not keep a network from verifying.
        if self.session.clock_off && !core::mem::replace(&mut self.session.told_of_clocks, true) {
            return Err(CommandError::ClockOff);
        }
        // By the relay's clock, which everybody can compare.
        self.say_finding(now, Attestation { network, incident: id, digest, finding, method, at: 0 });
        Ok(Reply::Accepted)
    }

    /// Whether an attestation of ours is on its way.
    pub(crate) fn attesting(&self, id: &IncidentId) -> bool {
        self.outbox.values().any(|job| match job {
            Job::Event { kind: ChannelKind::Desk, payload, .. } => wire::decode::<Signed>(payload)
                .ok()
                .and_then(|signed| wire::decode::<Attestation>(&signed.content).ok())
                .is_some_and(|attestation| attestation.incident == *id),
            _ => false,
        })
    }

    pub(crate) fn make_follow_up(
        &mut self,
        now: u64,
        id: IncidentId,
        kind: FollowUpKind,
    ) -> Result<Reply, CommandError> {
        let membership = self.membership().ok_or(CommandError::NotInANetwork)?;
        let role = membership.role();
        let network = membership.network;
        if !self.may_follow_up() {
            return Err(CommandError::NeedsRole(Role::Dispatcher));
        }
        let incident = self.incidents.get(&id).ok_or(CommandError::UnknownIncident)?;
        if incident.alert.is_none() {
            return Err(CommandError::NotAnAlert);
        }
        // Nothing follows a false alarm, and nothing twice, be it on its way only.
        let known = [incident.follow_up_kind(), self.following_up(&id)];
        let said = incident.said_by(kind).any(|key| *key == role.public());
        if said || known.contains(&Some(kind)) || known.contains(&Some(FollowUpKind::FalseAlarm)) {
            return Err(CommandError::AlreadyDone);
        }
        let at = self.relay_time(now);
        let content = wire::encode(&FollowUp { network, incident: id, kind, at });
        let signature = role.sign_hash(&signed_digest(FOLLOW_UP, &content));
        let signed = Signed { content, key: role.public(), signature };
        self.say(ChannelKind::Broadcast, &Event::FollowUp(signed), Class::Alert);
        Ok(Reply::Accepted)
    }

    /// What a follow-up of ours says that is on its way.
    pub(crate) fn following_up(&self, id: &IncidentId) -> Option<FollowUpKind> {
        let kinds = self.outbox.values().filter_map(|job| {
            let Job::Event { kind: ChannelKind::Broadcast, event, payload, .. } = job else { return None };
            let Ok(Some(Event::FollowUp(signed))) = Event::decode(*event, payload) else { return None };
            let follow_up = wire::decode::<FollowUp>(&signed.content).ok()?;
            (follow_up.incident == *id).then_some(follow_up.kind)
        });
        // A false alarm outranks an all clear.
        kinds.min_by_key(|kind| *kind != FollowUpKind::FalseAlarm)
    }

    /// Whether what waits to be said to everybody would still be believed: roles may have been taken
    /// back since it was signed, and where it lands everybody would take it for a forgery. An append
    /// lands under the very chain that it was encrypted under, so this is the last word.
    pub(crate) fn still_holds(&self, number: u16, payload: &[u8]) -> bool {
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return true };
        match Event::decode(number, payload) {
            Ok(Some(Event::Alert(alert))) => {
                // Once it has been said, nobody needs it from here.
                let id = PublicReport::decode(&alert.public).map(|report| report.incident).ok();
                let said =
                    id.and_then(|id| self.incidents.get(&id)).is_some_and(|known| known.alert.is_some());
                !said && incident::check_alert(&alert, &channel.governance).is_ok()
            }
            Ok(Some(Event::FollowUp(signed))) => {
                incident::check_follow_up(&signed, &channel.governance).is_ok()
            }
            _ => true,
        }
    }

    pub(crate) fn may_follow_up(&self) -> bool {
        let (Some(membership), Some(channel)) =
            (self.membership(), self.channels.get(&ChannelKind::Broadcast))
        else {
            return false;
        };
        let own = membership.role_key();
        channel.governance.holds(&own, Role::Dispatcher) || channel.governance.holds(&own, Role::Verifier)
    }
}

fn sign_finding(role: &KeyPair, attestation: &Attestation) -> Signed {
    let content = wire::encode(attestation);
    let signature = role.sign_hash(&signed_digest(ATTESTATION, &content));
    Signed { content, key: role.public(), signature }
}
