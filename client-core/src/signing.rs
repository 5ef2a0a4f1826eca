//! What a draft says, and whether this device signs it: nobody signs what their screen does not show.

use campana_protocol::governance::{Operation, Role, Statement};
use campana_protocol::id::PublicKey;
use campana_protocol::name::{self, clean, short_code};
use campana_protocol::wire;

use crate::committee::desk_mailbox;
use crate::core::Core;
use crate::governance::{Governance, followed};
use crate::sorted::Set;
use crate::state::DraftRecord;
use crate::view::{DraftTrouble, NamedView, OperationView};

impl Core {
    /// What a key is called on this device: by its person's handle, and always by its code.
    pub(crate) fn named(&self, key: &PublicKey) -> NamedView {
        let own = self.membership().filter(|membership| membership.role_key() == *key);
        let handle = self.people.get(key).map(|person| &person.handle);
        let handle = handle.or_else(|| own.map(|membership| &membership.handle));
        NamedView { name: handle.map_or_else(String::new, |handle| clean(handle)), code: short_code(key) }
    }

    /// Every operation of a statement, in its order.
    pub(crate) fn operation_views(
        &self,
        chain: &Governance,
        record: &DraftRecord,
        statement: &Statement,
    ) -> Vec<OperationView> {
        let rule = statement.rule.filter(|rule| *rule > chain.rule());
        // The zones as they are only go with a rule number.
        let filling = |operation: &&Operation| {
            rule.is_some()
                && matches!(operation, Operation::Zones { zones } if zones == chain.zones().current())
        };
        let mut committee = chain.committee().clone();
        let shown = statement.operations.iter().filter(|operation| !filling(operation));
        let shown = shown.map(|operation| self.operation_view(chain, &mut committee, record, operation));
        rule.map(OperationView::Rule).into_iter().chain(shown).collect()
    }

    /// `committee`: as the operations before this one leave it.
    fn operation_view(
        &self,
        chain: &Governance,
        committee: &mut Set<PublicKey>,
        record: &DraftRecord,
        operation: &Operation,
    ) -> OperationView {
        let words = |key: &PublicKey| {
            let NamedView { name, code } = self.named(key);
            (name, code)
        };
        match operation {
            Operation::Constitute { committee: keys, threshold } => {
                let after: Set<PublicKey> = keys.iter().copied().collect();
                let beyond = |these: &Set<PublicKey>, those: &Set<PublicKey>| {
                    these.iter().filter(|key| !those.contains(key)).map(|key| self.named(key)).collect()
                };
                let (adds, drops) = (beyond(&after, committee), beyond(committee, &after));
                *committee = after;
                OperationView::Constitute {
                    threshold: usize::from(*threshold),
                    committee: keys.len(),
                    adds,
                    drops,
                }
            }
            Operation::Grant { role_key, role } => {
                let (name, code) = words(role_key);
                OperationView::Grant { role: role.word(), name, code }
            }
            Operation::Revoke { role_key, role } => {
                let (name, code) = words(role_key);
                OperationView::Revoke { role: role.word(), name, code }
            }
            Operation::Remove { role_key, leaf } => {
                let (name, code) = words(role_key);
                let other_leaf = self.people.get(role_key).is_none_or(|person| person.leaf != *leaf);
                OperationView::Remove { name, code, other_leaf }
            }
            Operation::Zones { zones } => OperationView::Zones(chain.zones().difference(zones)),
            Operation::Hotline { telephone } => {
                OperationView::Hotline(name::telephone(telephone).unwrap_or_default().into())
            }
            Operation::Desk { mailbox } => OperationView::Desk {
                readable: record.desk.as_ref().is_some_and(|secret| desk_mailbox(secret) == *mailbox),
            },
            Operation::Unknown { .. } => OperationView::Unknown,
        }
    }

    /// Why this device does not sign a draft, if it does not.
    ///
    /// The desk moves only with a revocation or removal that sends somebody away from it, and only to a
    /// mailbox whose secret came with the draft: the desk reads on there. A removal names the person and
    /// the leaf that this device has on record together, and a role goes to somebody whom it knows.
    pub(crate) fn draft_trouble(
        &self,
        chain: &Governance,
        record: &DraftRecord,
        statement: &Statement,
    ) -> Option<DraftTrouble> {
        if !followed(statement) || wire::encode(statement) != record.statement {
            return Some(DraftTrouble::UpdateNeeded);
        }
        let mut committee = chain.committee().clone();
        let (mut desks, mut leaves_desk) = (0, false);
        for operation in &statement.operations {
            match operation {
                Operation::Constitute { committee: keys, .. } => committee = keys.iter().copied().collect(),
                Operation::Grant { role_key, .. } => {
                    if !self.people.contains_key(role_key) && !committee.contains(role_key) {
                        return Some(DraftTrouble::Stranger);
                    }
                }
                Operation::Revoke { role, .. } => leaves_desk |= *role != Role::Responder,
                Operation::Remove { role_key, leaf } => {
                    leaves_desk = true;
                    match self.people.get(role_key) {
                        None => return Some(DraftTrouble::Stranger),
                        Some(person) if person.leaf != *leaf => return Some(DraftTrouble::OtherLeaf),
                        Some(_) => {}
                    }
                }
                Operation::Desk { mailbox } => {
                    desks += 1;
                    let opens = |secret| desk_mailbox(secret) == *mailbox;
                    if desks > 1 || !record.desk.as_ref().is_some_and(opens) {
                        return Some(DraftTrouble::Desk);
                    }
                }
                Operation::Zones { .. } | Operation::Hotline { .. } => {}
                Operation::Unknown { .. } => return Some(DraftTrouble::UpdateNeeded),
            }
        }
        (desks > 0 && !leaves_desk).then_some(DraftTrouble::Desk)
    }
}
