//! Making view models.

use campana_protocol::governance::{ChannelKind, RULES, Role, Zone, statement_digest};
use campana_protocol::mailbox::Refusal;
use campana_protocol::name::{clean, outline, short_code};
use campana_protocol::report::{Attestation, PrivateReport, PublicReport, Signed, reporter_tag};
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::governance::Governance;
use crate::incident::Incident;
use crate::limits::RECENT;
use crate::sorted::{self, Set};
use crate::state::{Membership, Person, Standing};
use crate::view::{
    AttestationView, CommitteeView, DraftView, IncidentView, InviteView, NetworkView, PersonState,
    PersonView, ReportView, Stage, Status, View, Warning, ZoneView,
};

impl Core {
    /// What a screen needs. `now`: Unix milliseconds.
    #[must_use]
    pub fn view(&self, now: u64) -> View {
        let membership = self.membership();
        View {
            stage: self.stage(),
            network: self.network_view(),
            me: membership.map(|membership| membership.role_key().to_string()),
            code: membership.map(|membership| short_code(&membership.role_key())),
            roles: self.role_words(),
            incidents: self.incident_views(now),
            committee: self.committee_view(now),
            unsent: self.outbox.len(),
            alerts: self.alerts_view(now),
            reach: self.reach_view(),
            counting: self.counting(),
            caught_up: !self.channels.is_empty()
                && self.channels.iter().all(|(kind, channel)| {
                    self.caught_up(*kind) && !channel.meta.lost && !channel.meta.footing.astray()
                }),
            warnings: self.warnings(),
            unread: membership.map_or(0, |membership| membership.unread.count()),
        }
    }

    fn stage(&self) -> Stage {
        let Some(membership) = self.membership() else { return Stage::Nowhere };
        let founding = self.chain().is_some_and(|chain| !chain.constituted());
        match membership.standing {
            Standing::Waiting => Stage::Waiting,
            Standing::Refused(Refusal::InviteExpired) => Stage::InviteExpired,
            Standing::Refused(Refusal::InviteRevoked) => Stage::InviteRevoked,
            Standing::Refused(Refusal::Declined) => Stage::Declined,
            Standing::Removed => Stage::Removed,
            Standing::InvitationRefused => Stage::InvitationRefused,
            Standing::Member if founding => Stage::Founding,
            Standing::Member => Stage::Member,
        }
    }

    fn broadcast(&self) -> Option<&Channel> {
        self.channels.get(&ChannelKind::Broadcast)
    }

    fn network_view(&self) -> Option<NetworkView> {
        let channel = self.broadcast()?;
        let governance = &channel.governance;
        let charter = governance.charter();
        let (size, threshold) = if governance.constituted() {
            (governance.committee().len() as u8, governance.threshold() as u8)
        } else {
            (charter.committee_size, charter.threshold)
        };
        Some(NetworkView {
            id: governance.network().to_string(),
            name: clean(&charter.name),
            members: channel.group.len(),
            committee_size: size,
            threshold,
            verify_threshold: charter.verify_threshold,
            zones: zone_views(governance.zones().current()),
            epoch: channel.group.epoch(),
            governance_height: governance.height(),
            governance_head: governance.head().to_string(),
            cursor: channel.meta.cursor,
            log_hash: channel.meta.log_hash.to_string(),
        })
    }

    fn role_words(&self) -> Vec<&'static str> {
        let (Some(membership), Some(channel)) = (self.membership(), self.broadcast()) else {
            return Vec::new();
        };
        role_words(&channel.governance, &membership.role_key())
    }

    fn incident_views(&self, now: u64) -> Vec<IncidentView> {
        let (Some(membership), Some(channel)) = (self.membership(), self.broadcast()) else {
            return Vec::new();
        };
        let may_verify = self.may_verify();
        let shown = self.incidents.values().filter(|incident| {
            // At the desk's devices without a desk role (the committee), reports stay unseen.
            incident.alert.is_some() || incident.mine || (may_verify && incident.at_desk)
        });
        let views: Vec<IncidentView> = shown
            .map(|incident| self.incident_view(now, incident, membership, &channel.governance))
            .collect();
        sorted::sort(views, &|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| a.id.cmp(&b.id)))
    }

    fn incident_view(
        &self,
        now: u64,
        incident: &Incident,
        membership: &Membership,
        governance: &Governance,
    ) -> IncidentView {
        let own = membership.role_key();
        let may_verify = self.may_verify();
        let attestations: Vec<AttestationView> = match &incident.alert {
            Some(signed) => signed.iter().filter_map(|signed| attestation_view(signed, &own)).collect(),
            None if may_verify => incident
                .valid_attestations(governance)
                .iter()
                .filter_map(|(_, signed)| attestation_view(signed, &own))
                .collect(),
            None => Vec::new(),
        };
        let confirmed = attestations.iter().filter(|attestation| attestation.finding == "confirmed").count();
        let status = incident.status(governance);
        let report = incident.public_report();
        let is_verifier = self
            .channels
            .get(&ChannelKind::Desk)
            .is_some_and(|channel| channel.governance.holds(&own, Role::Verifier));
        let is_reporter =
            report.as_ref().is_some_and(|report| report.reporter == reporter_tag(&incident.id, &own));
        let attested =
            incident.attestations.iter().any(|signed| signed.key == own) || self.attesting(&incident.id);
        let words = incident.private.as_deref().and_then(|private| PrivateReport::decode(private).ok());
        IncidentView {
            id: incident.id.to_string(),
            status,
            drill: incident.drill(),
            mine: incident.mine,
            report: report.map(|report| report_view(report, governance)),
            words: words.filter(|_| may_verify || incident.mine).map(|words| clean(&words.words)),
            attestations,
            missing: governance.verify_threshold().saturating_sub(confirmed) as u8,
            updated_at: incident.updated_at,
            recent: matches!(status, Status::FalseAlarm | Status::AllClear)
                && !incident.past
                && now.saturating_sub(incident.updated_at) < RECENT,
            past: incident.past,
            notice: incident.notice(may_verify),
            coverage: self.coverage_of(incident),
            may_attest: is_verifier
                && incident.at_desk
                && !is_reporter
                && !attested
                && incident.alert.is_none(),
            may_follow_up: status == Status::Verified
                && self.may_follow_up()
                && self.following_up(&incident.id).is_none(),
        }
    }

    fn committee_view(&self, now: u64) -> Option<CommitteeView> {
        let own = self.membership()?.role_key();
        let chain = self.chain()?;
        let place = |person: &Person| {
            (person_state(person, &chain) != PersonState::Waiting, person.order, person.role_key)
        };
        let people = sorted::sort(self.people.values().collect(), &|a: &&Person, b| place(a).cmp(&place(b)));
        let drafts = self.registry.drafts.iter().filter(|draft| draft.open()).filter_map(|draft| {
            let statement = chain.check_draft(&draft.statement).ok()?;
            Some(DraftView {
                id: statement_digest(&draft.statement).to_string(),
                operations: self.operation_views(&chain, draft, &statement),
                signatures: draft.approvals.len(),
                needed: chain.needed(&statement),
                signed: draft.approvals.iter().any(|approval| approval.key == own),
                author: draft.author().map(|author| self.named(author)),
                mine: draft.author() == Some(&own),
                trouble: self.draft_trouble(&chain, draft, &statement),
            })
        });
        let namesakes = self.namesakes();
        let invites = self.registry.invites.iter().filter(|r| !r.revoked && r.invite.expires_at > now);
        Some(CommitteeView {
            people: people.into_iter().map(|person| person_view(person, &chain, &namesakes)).collect(),
            drafts: drafts.collect(),
            invites: invites
                .map(|record| InviteView {
                    id: record.invite.invite.to_string(),
                    expires_at: record.invite.expires_at,
                    committee: record.invite.committee,
                })
                .collect(),
            retired_zones: zone_views(chain.zones().retired()),
            new_rules: (chain.constituted() && chain.rule() < RULES && !self.drafts_rule(&chain))
                .then_some(RULES),
        })
    }

    /// Outlines of names that more than one person has. Whoever was declined is nobody here.
    fn namesakes(&self) -> Set<String> {
        let own = self.membership().map(|membership| outline(&membership.handle));
        let people = self.people.values().filter(|person| person.member || !person.declined);
        let names: Vec<String> = people.map(|person| outline(&person.handle)).chain(own).collect();
        let names = sorted::sort(names, &String::cmp);
        names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect()
    }

    fn drafts_rule(&self, chain: &Governance) -> bool {
        let mut open = self.registry.drafts.iter().filter(|draft| draft.open());
        open.any(|draft| {
            chain.check_draft(&draft.statement).is_ok_and(|statement| statement.rule == Some(RULES))
        })
    }

    /// The relay, a log or the chain is beyond what this version follows.
    fn update_needed(&self) -> bool {
        let behind = |channel: &Channel| {
            channel.halted || channel.governance.beyond() || channel.governance.holds_unknown()
        };
        self.session.update_needed || self.channels.values().any(behind)
    }

    fn warnings(&self) -> Vec<Warning> {
        let membership = self.membership();
        let single = self.channels.get(&ChannelKind::Committee).is_some_and(|channel| {
            channel.governance.constituted() && channel.governance.committee().len() == 1
        });
        let astray = |channel: &&Channel| channel.meta.footing.astray();
        let lost = self.channels.values().filter(|channel| channel.meta.lost && !astray(channel));
        let candidates = [
            (self.session.clock_off, Warning::ClockOff),
            (lost.clone().any(|channel| channel.meta.gap.is_none()), Warning::RolledBack),
            (lost.into_iter().any(|channel| channel.meta.gap.is_some()), Warning::Behind),
            (self.channels.values().any(|channel| astray(&channel)), Warning::Astray),
            (membership.is_some_and(|m| m.unread.count() > 0), Warning::Unread),
            (membership.is_some_and(|m| m.forked), Warning::Forked),
            (membership.is_some_and(|m| m.forged), Warning::ForgedAlert),
            (single, Warning::SingleCommittee),
            (ChannelKind::ALL.into_iter().any(|kind| self.access_changed(kind)), Warning::LockedOut),
            (self.owner_replaced(), Warning::OwnerReplaced),
            (self.session.refused, Warning::Refused),
            (self.update_needed(), Warning::UpdateNeeded),
            (self.session.relay_full, Warning::RelayFull),
        ];
        candidates.into_iter().filter(|(holds, _)| *holds).map(|(_, warning)| warning).collect()
    }
}

fn zone_views(zones: &[Zone]) -> Vec<ZoneView> {
    zones.iter().map(|zone| ZoneView { code: zone.code, name: clean(&zone.name) }).collect()
}

fn role_words(governance: &Governance, key: &campana_protocol::id::PublicKey) -> Vec<&'static str> {
    let committee = governance.committee().contains(key).then_some("committee");
    committee.into_iter().chain(governance.roles(key).map(Role::word)).collect()
}

fn attestation_view(signed: &Signed, own: &campana_protocol::id::PublicKey) -> Option<AttestationView> {
    let attestation: Attestation = wire::decode(&signed.content).ok()?;
    Some(AttestationView {
        finding: attestation.finding.word(),
        method: attestation.method.word(),
        at: attestation.at,
        mine: signed.key == *own,
    })
}

fn report_view(report: &PublicReport, governance: &Governance) -> ReportView {
    ReportView {
        reported_at: report.reported_at,
        size: report.size.word(),
        activities: report.activities.iter().map(|activity| activity.word()).collect(),
        setting: report.setting.word(),
        zone: report.zone,
        zone_name: governance.zones().name(report.zone).map(clean),
        units: report.units.iter().map(|unit| unit.word()).collect(),
        when: report.when.word(),
        equipment: report.equipment.iter().map(|equipment| equipment.word()).collect(),
    }
}

fn person_state(person: &Person, chain: &Governance) -> PersonState {
    if chain.key_removed(&person.role_key) {
        PersonState::Removed
    } else if person.member {
        PersonState::Member
    } else if person.declined {
        PersonState::Declined
    } else if person.approved {
        PersonState::Admitting
    } else {
        PersonState::Waiting
    }
}

fn person_view(person: &Person, chain: &Governance, namesakes: &Set<String>) -> PersonView {
    PersonView {
        key: person.role_key.to_string(),
        code: short_code(&person.role_key),
        handle: clean(&person.handle),
        namesake: namesakes.contains(&outline(&person.handle)),
        state: person_state(person, chain),
        committee: person.committee,
        roles: role_words(chain, &person.role_key),
    }
}
