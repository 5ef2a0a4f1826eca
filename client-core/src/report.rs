//! Reports and what follows: events of incidents, and this device's own.

use campana_protocol::event::Event;
use campana_protocol::frame::Class;
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::id::IncidentId;
use campana_protocol::report::{
    ATTESTATION, Alert, Attestation, FOLLOW_UP, Finding, FollowUp, FollowUpKind, Method, PrivateReport,
    PublicReport, Signed, SignedReport, private_hash, report_digest, reporter_tag,
};
use campana_protocol::{limits, wire};

use crate::command::{CommandError, Reply, ReportForm};
use crate::core::Core;
use crate::incident;
use crate::incident::{Incident, Rejected, read_attestation, read_follow_up, signed_digest};
use crate::mls::Leaf;
use crate::rows::Row;
use crate::state::Job;

impl Core {
    /// `seq`: where in the log it is, if it came from there.
    pub(crate) fn alert_event(&mut self, now: u64, seq: Option<u64>, alert: &Alert) {
        let Ok(public) = PublicReport::decode(&alert.public) else { return self.forged() };
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        let mut incident = self
            .incidents
            .get(&public.incident)
            .cloned()
            .unwrap_or_else(|| Incident::new(public.incident, now));
        match incident.alert(alert, &channel.governance) {
            Ok(true) => self.news(now, seq, incident),
            Ok(false) => {}
            Err(_) => self.forged(),
        }
    }

    pub(crate) fn follow_up_event(&mut self, now: u64, seq: Option<u64>, signed: &Signed) {
        let Some(follow_up) = read_follow_up(signed) else { return self.forged() };
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        // Only those who had the alert get what follows it.
        let Some(mut incident) = self.incidents.get(&follow_up.incident).cloned() else { return };
        match incident.follow_up(signed, &channel.governance) {
            Ok(true) => self.news(now, seq, incident),
            Ok(false) => {}
            Err(Rejected::WithoutRole | Rejected::OtherNetwork) => self.forged(),
            Err(_) => {}
        }
    }

    pub(crate) fn attestation_event(&mut self, now: u64, signed: Signed) {
        let Some(attestation) = read_attestation(&signed) else { return };
        let id = attestation.incident;
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        let incident = self.incidents.get_or_insert_with(id, || Incident::new(id, now));
        if incident.attest(signed, &channel.governance) {
            self.mark(Row::Incident(id));
        }
    }

    /// An incident has moved on, for everybody.
    fn news(&mut self, now: u64, seq: Option<u64>, mut incident: Incident) {
        incident.updated_at = now;
        if let Some(seq) = seq {
            incident.seqs.push(seq);
            self.owe_receipt(seq);
            self.coverage_soon();
        }
        self.keep(incident);
    }

    fn keep(&mut self, incident: Incident) {
        self.mark(Row::Incident(incident.id));
        self.incidents.insert(incident.id, incident);
    }

    fn forged(&mut self) {
        if let Some(membership) = self.membership_mut() {
            membership.forged = true;
        }
    }

    pub(crate) fn make_report(&mut self, now: u64, form: ReportForm) -> Result<Reply, CommandError> {
        if form.words.chars().count() > limits::MAX_WORDS {
            return Err(CommandError::TooLong);
        }
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
            reporter: reporter_tag(&id, &membership.role_key()),
        });
        PublicReport::decode(&public).map_err(|_| CommandError::TooLong)?;
        let private = wire::encode(&PrivateReport { salt, words: form.words });
        let leaf = Leaf::from_bytes(&channel.meta.leaf).map_err(|_| CommandError::Bug)?;
        let signature = leaf.sign(report_digest(&public, &private_hash(&private)).as_bytes());
        let mut incident = Incident::new(id, now);
        incident.report(&public, &private);
        incident.mine = true;
        self.keep(incident);
        let report = SignedReport { public, private, leaf: leaf.public(), signature };
        self.push_job(Job::Report { incident: id, report, posting: None });
        Ok(Reply::Incident(id))
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
        let report = incident.public_report().ok_or(CommandError::UnknownIncident)?;
        if report.reporter == reporter_tag(&id, &role.public()) {
            return Err(CommandError::OwnReport);
        }
        if incident.attestations.iter().any(|signed| signed.key == role.public()) || self.attesting(&id) {
            return Err(CommandError::AlreadyDone);
        }
        let content = wire::encode(&Attestation { network, incident: id, digest, finding, method, at: now });
        let signature = role.sign_hash(&signed_digest(ATTESTATION, &content));
        let signed = Signed { content, key: role.public(), signature };
        self.say(ChannelKind::Desk, &Event::Attestation(signed), Class::Update);
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
        if incident.follow_up_kind() == Some(kind) {
            return Err(CommandError::AlreadyDone);
        }
        let content = wire::encode(&FollowUp { network, incident: id, kind, at: now });
        let signature = role.sign_hash(&signed_digest(FOLLOW_UP, &content));
        let signed = Signed { content, key: role.public(), signature };
        self.say(ChannelKind::Broadcast, &Event::FollowUp(signed), Class::Alert);
        Ok(Reply::Accepted)
    }

    /// Whether what waits to be said to everybody would still be believed: roles may have been taken
    /// back since it was signed, and where it lands everybody would take it for a forgery. An append
    /// lands under the very chain that it was encrypted under, so this is the last word.
    pub(crate) fn still_holds(&self, number: u16, payload: &[u8]) -> bool {
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return true };
        match Event::decode(number, payload) {
            Ok(Some(Event::Alert(alert))) => incident::check_alert(&alert, &channel.governance).is_ok(),
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
