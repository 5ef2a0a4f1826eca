//! What people do when they look at their device: simple habits, at random times.

use campana_core::Command;
use campana_core::command::{ReportForm, Who};
use campana_core::view::{CommitteeView, IncidentView, OperationView, PersonState, Status, View};
use campana_protocol::governance::Role;
use campana_protocol::id::{Hash, IncidentId, PublicKey};
use campana_protocol::report::{Activity, Finding, FollowUpKind, Method, Setting, Size, Unit, When};
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// In every word that members write; must never reach the relay readable.
pub(super) const CANARY: &str = "canary-palabra";

/// What the committee means to do, in the order of time.
#[derive(Default)]
pub(super) struct Plan {
    /// Roles to be given.
    pub(super) roles: Vec<(String, Role)>,
    /// Roles to be taken back, and when.
    pub(super) losing: Vec<(u64, String, Role)>,
    /// Members to be removed, and when.
    pub(super) leaving: Vec<(u64, String)>,
    /// When the rules are to be raised, if they are.
    pub(super) raising: Option<u64>,
}

impl Plan {
    /// Who is to be removed by now.
    pub(super) fn leaves(&self, now: u64, handle: &str) -> bool {
        self.leaving.iter().any(|(at, name)| *at <= now && name == handle)
    }

    /// Whether this person is to lose this role by now.
    pub(super) fn loses(&self, now: u64, handle: &str, role: Role) -> bool {
        self.losing.iter().any(|(at, name, lost)| *at <= now && name == handle && *lost == role)
    }

    /// Whether a person is to have this role by now.
    pub(super) fn has(&self, now: u64, handle: &str, role: Role) -> bool {
        let given = self.roles.iter().any(|(name, given)| name == handle && *given == role);
        given && !self.loses(now, handle, role) && !self.leaves(now, handle)
    }
}

/// What somebody looking at this view would do now, if anything.
pub(super) fn habit(view: &View, now: u64, rng: &mut ChaCha8Rng, plan: &Plan) -> Option<Command> {
    if let Some(committee) = &view.committee {
        if committee.people.iter().any(|person| person.state == PersonState::Waiting) {
            return Some(Command::Admit(Who::Everybody));
        }
        if let Some(draft) = committee.drafts.iter().find(|draft| !draft.signed && draft.trouble.is_none()) {
            return Some(Command::Approve(Hash::parse(&draft.id)?));
        }
        if committee.new_rules.is_some() && plan.raising.is_some_and(|at| at <= now) && view.unsent == 0 {
            return Some(Command::RaiseRules);
        }
        if let Some(command) = statement(committee, now, plan).filter(|_| view.unsent == 0) {
            return Some(command);
        }
    }
    let open = view.incidents.iter().find(|incident| incident.may_attest);
    if let Some(incident) = open {
        let finding = if rng.next_u64().is_multiple_of(8) { Finding::Nothing } else { Finding::Confirmed };
        return Some(Command::Attest { incident: id(incident)?, finding, method: Method::InPerson });
    }
    let over = view.incidents.iter().find(|incident| incident.may_follow_up);
    if let Some(incident) = over.filter(|_| rng.next_u64().is_multiple_of(6)) {
        let wrong = rng.next_u64().is_multiple_of(3);
        let kind = if wrong { FollowUpKind::FalseAlarm } else { FollowUpKind::AllClear };
        return Some(Command::FollowUp { incident: id(incident)?, kind });
    }
    None
}

/// The next thing that was planned, is due and that no draft brings yet.
fn statement(committee: &CommitteeView, now: u64, plan: &Plan) -> Option<Command> {
    let drafted = |wanted: &dyn Fn(&OperationView) -> bool| {
        committee.drafts.iter().any(|draft| draft.operations.iter().any(wanted))
    };
    committee.people.iter().filter(|person| person.state == PersonState::Member).find_map(|person| {
        let (handle, key) = (&person.handle, PublicKey::parse(&person.key)?);
        if plan.leaves(now, handle) {
            let removes =
                |op: &OperationView| matches!(op, OperationView::Remove { name, .. } if name == handle);
            return (!drafted(&removes)).then_some(Command::Remove { person: key });
        }
        for role in Role::ALL {
            let has = person.roles.contains(&role.word());
            let grants =
                |op: &OperationView| matches!(op, OperationView::Grant { name, .. } if name == handle);
            if plan.has(now, handle, role) && !has && !drafted(&grants) {
                return Some(Command::Grant { person: key, role });
            }
            let revokes =
                |op: &OperationView| matches!(op, OperationView::Revoke { name, .. } if name == handle);
            if plan.loses(now, handle, role) && has && !drafted(&revokes) {
                return Some(Command::Revoke { person: key, role });
            }
        }
        None
    })
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
