//! What people do when they look at their device: simple habits, at random times.

use campana_core::Command;
use campana_core::command::{ReportForm, Who};
use campana_core::view::{IncidentView, OperationView, PersonState, Status, View};
use campana_protocol::governance::Role;
use campana_protocol::id::{Hash, IncidentId, PublicKey};
use campana_protocol::report::{Activity, Finding, FollowUpKind, Method, Setting, Size, Unit, When};
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// In every word that members write; must never reach the relay readable.
pub(super) const CANARY: &str = "canary-palabra";

/// What somebody looking at this view would do now, if anything.
pub(super) fn habit(view: &View, rng: &mut ChaCha8Rng, roles: &[(String, Role)]) -> Option<Command> {
    if let Some(committee) = &view.committee {
        if committee.people.iter().any(|person| person.state == PersonState::Waiting) {
            return Some(Command::Admit(Who::Everybody));
        }
        if let Some(draft) = committee.drafts.iter().find(|draft| !draft.signed) {
            return Some(Command::Approve(Hash::parse(&draft.id)?));
        }
        // A role that was promised and that no draft brings yet.
        let missing = committee.people.iter().find_map(|person| {
            let (_, role) = roles.iter().find(|(handle, _)| *handle == person.handle)?;
            let has = person.roles.contains(&role.word()) || person.state != PersonState::Member;
            let drafted = committee.drafts.iter().any(|draft| {
                let grants = |operation: &OperationView| match operation {
                    OperationView::Grant { name, .. } => *name == person.handle,
                    _ => false,
                };
                draft.operations.iter().any(grants)
            });
            (!has && !drafted).then(|| PublicKey::parse(&person.key).map(|key| (key, *role)))?
        });
        if let Some((person, role)) = missing.filter(|_| view.unsent == 0) {
            return Some(Command::Grant { person, role });
        }
    }
    let open = view.incidents.iter().find(|incident| incident.may_attest);
    if let Some(incident) = open {
        let finding = if rng.next_u64().is_multiple_of(8) { Finding::Nothing } else { Finding::Confirmed };
        return Some(Command::Attest { incident: id(incident)?, finding, method: Method::InPerson });
    }
    let over = view.incidents.iter().find(|incident| incident.may_follow_up);
    if let Some(incident) = over.filter(|_| rng.next_u64().is_multiple_of(6)) {
        return Some(Command::FollowUp { incident: id(incident)?, kind: FollowUpKind::AllClear });
    }
    None
}

/// A report by somebody.
pub(super) fn report(rng: &mut ChaCha8Rng) -> Command {
    Command::Report(ReportForm {
        drill: rng.next_u64().is_multiple_of(4),
        size: Size::Few,
        activities: vec![Activity::Detaining],
        setting: Setting::Work,
        zone: 0,
        units: vec![Unit::Ice],
        when: When::Now,
        equipment: Vec::new(),
        words: format!("{CANARY} {}", rng.next_u64()),
    })
}

pub(super) fn settled(status: Status) -> bool {
    matches!(status, Status::Verified | Status::AllClear | Status::FalseAlarm)
}

fn id(incident: &IncidentView) -> Option<IncidentId> {
    IncidentId::parse(&incident.id)
}
