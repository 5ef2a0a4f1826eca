//! Making view models.

use campana_protocol::frame::Class;
use campana_protocol::governance::{ChannelKind, Role, Zone, statement_digest};
use campana_protocol::id::{IncidentId, PublicKey};
use campana_protocol::mailbox::Refusal;
use campana_protocol::name::{clean, outline, short_code};
use campana_protocol::report::{Attestation, Finding, FollowUpKind, PrivateReport, PublicReport, Signed};
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::governance::{Governance, follows};
use crate::incident::Incident;
use crate::limits::RECENT;
use crate::sorted::{self, Set};
use crate::state::{Job, Membership, Person, Standing};
use crate::view::{
    AttestationView, CommitteeView, DraftView, IncidentView, InviteView, NetworkView, PersonState,
    PersonView, ReportView, SaidView, Stage, Status, SuspicionView, View, Warning, ZoneView,
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
            desk: self.desk_view(now),
            counting: self.counting(),
            caught_up: !self.channels.is_empty()
                && self.channels.iter().all(|(kind, channel)| {
                    self.caught_up(*kind) && !channel.meta.lost && !channel.meta.footing.astray()
                }),
            warnings: self.warnings(),
            suspicions: self.suspicions(),
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

    pub(crate) fn broadcast_governance(&self) -> Option<&Governance> {
        self.broadcast().map(|channel| &channel.governance)
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
            hotline: Some(governance.hotline()).filter(|number| !number.is_empty()).map(str::to_owned),
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
        let loud = if may_verify { self.loud_reports(now) } else { Set::new() };
        let views: Vec<IncidentView> = shown
            .map(|incident| self.incident_view(now, incident, membership, (&channel.governance, &loud)))
            .collect();
        sorted::sort(views, &|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| a.id.cmp(&b.id)))
    }

    fn incident_view(
        &self,
        now: u64,
        incident: &Incident,
        membership: &Membership,
        (governance, loud): (&Governance, &Set<IncidentId>),
    ) -> IncidentView {
        let own = membership.role_key();
        let may_verify = self.may_verify();
        let attestations: Vec<AttestationView> = match &incident.alert {
            Some(signed) => signed.iter().filter_map(|signed| self.attestation_view(signed, &own)).collect(),
            None if may_verify => incident
                .valid_attestations(governance)
                .iter()
                .filter_map(|(_, signed)| self.attestation_view(signed, &own))
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
        let is_reporter = incident.mine || incident.reported_by(&own);
        let said = said_views(incident, governance, &own);
        let left = |kind: &FollowUpKind| incident.said_by(*kind).all(|key| *key != own);
        let found = incident.finding_of(&own);
        let verifies = is_verifier
            && incident.at_desk
            && !is_reporter
            && incident.alert.is_none()
            && !self.attesting(&incident.id);
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
            notice: incident.calls_for(may_verify),
            at: match [incident.received_at, incident.alerted_at].into_iter().find(|at| *at > 0) {
                Some(at) => self.own_time(at),
                None => incident.updated_at,
            },
            quiet: self.waits(now, incident) && !loud.contains(&incident.id),
            coverage: self.coverage_of(incident),
            said,
            disputed: incident.disputed,
            may_attest: verifies && found.is_none(),
            // What was found otherwise can be taken back.
            may_change: verifies && found.is_some_and(|found| found != Finding::Confirmed),
            may_follow_up: status == Status::Verified
                && self.may_follow_up()
                && FollowUpKind::ALL.iter().any(left)
                && self.following_up(&incident.id).is_none(),
        }
    }

    fn attestation_view(&self, signed: &Signed, own: &PublicKey) -> Option<AttestationView> {
        let attestation: Attestation = wire::decode(&signed.content).ok()?;
        Some(AttestationView {
            finding: attestation.finding.word(),
            method: attestation.method.word(),
            at: self.own_time(attestation.at),
            mine: signed.key == *own,
        })
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
        let relay_time = self.relay_time(now);
        let invites = self.registry.invites.iter().filter(|r| !r.revoked && r.invite.expires_at > relay_time);
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
            // A committee of one raises them by itself.
            new_rules: (chain.constituted()
                && chain.rule() < follows()
                && chain.committee().len() > 1
                && !self.drafts_rule(&chain))
            .then_some(follows()),
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
            chain.check_draft(&draft.statement).is_ok_and(|statement| statement.rule == Some(follows()))
        })
    }

    /// The relay, a log or the chain is beyond what this version follows.
    fn update_needed(&self) -> bool {
        let behind = |channel: &Channel| {
            channel.halted || channel.governance.beyond() || channel.governance.holds_unknown()
        };
        self.session.update_needed || self.channels.values().any(behind)
    }

    fn alert_held(&self) -> bool {
        let alert = |job: &Job| matches!(job, Job::Event { class: Class::Alert, .. });
        self.outbox.iter().any(|(id, job)| alert(job) && self.session.held.contains_key(id))
    }

    fn suspicions(&self) -> Vec<SuspicionView> {
        let Some(membership) = self.membership() else { return Vec::new() };
        let kinds = [
            (membership.forked, &membership.forks, Warning::Forked),
            (membership.forged, &membership.forgeries, Warning::ForgedAlert),
        ];
        let held = kinds.into_iter().filter(|(holds, ..)| *holds);
        held.map(|(_, known, warning)| {
            let known = known.as_ref();
            let leaf = known.and_then(|known| known.leaf);
            SuspicionView {
                warning,
                count: known.map_or(0, |known| known.count),
                at: known.map(|known| known.at).filter(|at| *at > 0).map(|at| self.own_time(at)),
                leaf: leaf.map(|leaf| leaf.to_string()),
                name: leaf.and_then(|leaf| self.name_of_leaf(&leaf)),
            }
        })
        .collect()
    }

    /// What the person of a leaf calls themselves, where that is known.
    fn name_of_leaf(&self, leaf: &PublicKey) -> Option<String> {
        let person = self.channels.iter().find_map(|(kind, channel)| {
            let member = channel.group.find(leaf).and_then(|index| channel.group.member(index))?;
            Some((*kind, Channel::person(*kind, &member)?.0))
        });
        let is = |known: &&Person| match person {
            Some((ChannelKind::Broadcast, key)) => known.leaf == key,
            Some((_, key)) => known.role_key == key,
            None => known.leaf == *leaf,
        };
        self.people.values().find(is).map(|person| person.handle.clone())
    }

    fn warnings(&self) -> Vec<Warning> {
        let membership = self.membership();
        let single = self.channels.get(&ChannelKind::Committee).is_some_and(|channel| {
            channel.governance.constituted() && channel.governance.committee().len() == 1
        });
        let astray = |channel: &&Channel| {
            channel.meta.footing.astray() && !(channel.meta.lost && channel.meta.footing.stays_lost)
        };
        let lost = self.channels.values().filter(|channel| channel.meta.lost && !astray(channel));
        let lost = lost.filter(|channel| !channel.meta.log_lost);
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
            (!self.session.refused.is_empty(), Warning::Refused),
            (self.update_needed(), Warning::UpdateNeeded),
            (ChannelKind::ALL.into_iter().any(|kind| self.waits_for_owner(kind)), Warning::RelayRestored),
            (self.channels.values().any(|channel| channel.meta.log_lost), Warning::LogLost),
            (self.session.relay_full, Warning::RelayFull),
            (self.alert_held(), Warning::AlertRefused),
        ];
        candidates.into_iter().filter(|(holds, _)| *holds).map(|(_, warning)| warning).collect()
    }
}

fn said_views(incident: &Incident, governance: &Governance, own: &PublicKey) -> Vec<SaidView> {
    let ended = incident.follow_up_kind();
    let open = FollowUpKind::ALL.iter().take_while(|kind| incident.alert.is_some() && ended != Some(**kind));
    let views = open.map(|kind| {
        let count = incident.said_by(*kind).count();
        let missing = governance.verify_threshold().saturating_sub(count);
        SaidView { kind: kind.word(), count, missing, mine: incident.said_by(*kind).any(|key| key == own) }
    });
    views.filter(|said| said.count > 0).collect()
}

fn zone_views(zones: &[Zone]) -> Vec<ZoneView> {
    zones.iter().map(|zone| ZoneView { code: zone.code, name: clean(&zone.name) }).collect()
}

fn role_words(governance: &Governance, key: &PublicKey) -> Vec<&'static str> {
    let committee = governance.committee().contains(key).then_some("committee");
    committee.into_iter().chain(governance.roles(key).map(Role::word)).collect()
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
