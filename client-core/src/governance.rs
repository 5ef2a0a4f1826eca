//! The worker committee's word: the charter and its chain, reduced to who may do what.
//!
//! Every device applies the same statements in the same order and gets the same roster, or
//! refuses the same statement. Nothing here depends on a clock.

use campana_protocol::governance::{
    Approval, ChannelKind, Charter, DeskMailbox, GovernanceContext, Operation, Role, SignedStatement,
    Statement, genesis_head, next_head, statement_digest,
};
use campana_protocol::id::{Hash, NetworkId, PublicKey};
use campana_protocol::{limits, name, wire};

use crate::keys;
use crate::limits::STRICT_RULE;
use crate::sorted::{Map, Set};
use crate::zones::Zones;

/// Why a charter or statement does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GovernanceError {
    #[error("malformed")]
    Malformed,
    #[error("of another network")]
    OtherNetwork,
    #[error("applied before, or drafted too long ago")]
    Replayed,
    #[error("fewer valid signatures than the committee's threshold")]
    BelowThreshold,
    #[error("an operation that does not apply")]
    BadOperation,
}

/// The roster after a prefix of the chain.
#[derive(Clone)]
pub(crate) struct Governance {
    charter: Charter,
    network: NetworkId,
    height: u64,
    head: Hash,
    committee: Set<PublicKey>,
    threshold: usize,
    constituted: bool,
    roles: Map<PublicKey, Set<Role>>,
    removed_leaves: Set<PublicKey>,
    removed_keys: Set<PublicKey>,
    desk: DeskMailbox,
    zones: Zones,
    hotline: String,
    nonces: Set<[u8; 16]>,
    rule: u16,
    unknown: bool,
}

impl Governance {
    /// The roster of a charter alone.
    pub(crate) fn genesis(charter: Charter) -> Result<Self, GovernanceError> {
        let (n, k, v) = (charter.committee_size, charter.threshold, charter.verify_threshold);
        if !thresholds_hold(n, k, v) || !name_holds(&charter.name) {
            return Err(GovernanceError::Malformed);
        }
        let network = charter.network();
        Ok(Self {
            network,
            height: 0,
            head: genesis_head(&network),
            committee: Set::from_iter([charter.founder]),
            threshold: 1,
            constituted: n == 1,
            roles: Map::new(),
            removed_leaves: Set::new(),
            removed_keys: Set::new(),
            desk: charter.desk_mailbox,
            zones: Zones::default(),
            hotline: String::new(),
            nonces: Set::new(),
            rule: 0,
            unknown: false,
            charter,
        })
    }

    /// Applies one statement, or refuses it and changes nothing.
    ///
    /// A statement of a rule that this version does not follow moves the head alone: the roster is
    /// then [`Self::beyond`] this device, which must judge nothing more by it.
    pub(crate) fn apply(&mut self, signed: &SignedStatement) -> Result<(), GovernanceError> {
        self.apply_and_trim(signed).map(drop)
    }

    /// [`Self::apply`], and the statement with those of its signatures that count: a committer can send
    /// as many others along as fit into its commit, and everybody would keep them for ever.
    pub(crate) fn apply_and_trim(
        &mut self,
        signed: &SignedStatement,
    ) -> Result<SignedStatement, GovernanceError> {
        let (statement, signatures) = self.check(signed)?;
        let mut next = self.clone();
        next.rule = next.rule.max(statement.rule.unwrap_or_default());
        if !next.beyond() {
            for operation in &statement.operations {
                next.operate(operation)?;
            }
        }
        next.head = next_head(&self.head, &signed.statement);
        next.height += 1;
        next.nonces.insert(statement.nonce);
        *self = next;
        Ok(SignedStatement { statement: signed.statement.clone(), signatures })
    }

    /// Checks everything about a statement but whether its operations apply; and which signatures count.
    pub(crate) fn check(
        &self,
        signed: &SignedStatement,
    ) -> Result<(Statement, Vec<Approval>), GovernanceError> {
        let statement = self.check_draft(&signed.statement)?;
        let digest = statement_digest(&signed.statement);
        let mut signers = Set::new();
        let counts = |approval: &&Approval| {
            self.may_sign(&statement, &approval.key)
                && keys::verify(&approval.key, &digest, &approval.signature)
                && signers.insert(approval.key)
        };
        let signatures: Vec<Approval> =
            signed.signatures.iter().take(2 * limits::MAX_COMMITTEE).filter(counts).cloned().collect();
        if self.sufficient(&statement, &signers) {
            Ok((statement, signatures))
        } else {
            Err(GovernanceError::BelowThreshold)
        }
    }

    /// Checks an unsigned draft.
    pub(crate) fn check_draft(&self, statement: &[u8]) -> Result<Statement, GovernanceError> {
        let statement: Statement = wire::decode(statement).map_err(|_| GovernanceError::Malformed)?;
        if statement.network != self.network {
            return Err(GovernanceError::OtherNetwork);
        }
        if statement.operations.is_empty() || statement.operations.len() > limits::MAX_OPERATIONS {
            return Err(GovernanceError::Malformed);
        }
        let too_old = self.height.saturating_sub(statement.drafted_at) > limits::STATEMENT_WINDOW;
        if too_old || statement.drafted_at > self.height || self.nonces.contains(&statement.nonce) {
            return Err(GovernanceError::Replayed);
        }
        Ok(statement)
    }

    /// Whether these signers suffice for this statement: k of the committee, and every key that
    /// it adds to the committee.
    pub(crate) fn sufficient(&self, statement: &Statement, signers: &Set<PublicKey>) -> bool {
        let of_committee = self.committee.iter().filter(|key| signers.contains(key)).count();
        let added_sign = statement.operations.iter().all(|operation| match operation {
            Operation::Constitute { committee, .. } => {
                committee.iter().all(|key| self.committee.contains(key) || signers.contains(key))
            }
            _ => true,
        });
        of_committee >= self.threshold && added_sign
    }

    /// Whether this key's signature counts for this statement: the committee's, and whom it adds.
    pub(crate) fn may_sign(&self, statement: &Statement, key: &PublicKey) -> bool {
        let added = statement.operations.iter().any(|operation| match operation {
            Operation::Constitute { committee, .. } => committee.contains(key),
            _ => false,
        });
        added || self.committee.contains(key)
    }

    /// Signatures that a statement needs.
    pub(crate) fn needed(&self, statement: &Statement) -> usize {
        let added = statement.operations.iter().filter_map(|operation| match operation {
            Operation::Constitute { committee, .. } => {
                Some(committee.iter().filter(|key| !self.committee.contains(*key)).count())
            }
            _ => None,
        });
        self.threshold + added.sum::<usize>()
    }

    fn operate(&mut self, operation: &Operation) -> Result<(), GovernanceError> {
        if !self.constituted && !matches!(operation, Operation::Constitute { .. }) {
            return Err(GovernanceError::BadOperation);
        }
        match operation {
            Operation::Constitute { committee, threshold } => self.constitute(committee, *threshold)?,
            Operation::Grant { role_key, role } => {
                if self.removed_keys.contains(role_key) {
                    return Err(GovernanceError::BadOperation);
                }
                self.roles.get_or_insert_with(*role_key, Default::default).insert(*role);
            }
            Operation::Revoke { role_key, role } => {
                if let Some(roles) = self.roles.get_mut(role_key) {
                    roles.remove(role);
                    if roles.is_empty() {
                        self.roles.remove(role_key);
                    }
                }
            }
            Operation::Remove { role_key, leaf } => {
                if self.committee.contains(role_key) {
                    return Err(GovernanceError::BadOperation);
                }
                self.roles.remove(role_key);
                self.removed_keys.insert(*role_key);
                self.removed_leaves.insert(*leaf);
            }
            Operation::Desk { mailbox } => self.desk = *mailbox,
            Operation::Zones { zones } => {
                self.zones = self.zones.set(zones).ok_or(GovernanceError::BadOperation)?;
            }
            Operation::Hotline { telephone } => {
                self.hotline = name::telephone(telephone).unwrap_or_default().into();
            }
            Operation::Unknown { .. } => self.unknown = true,
        }
        Ok(())
    }

    fn constitute(&mut self, committee: &[PublicKey], threshold: u8) -> Result<(), GovernanceError> {
        let keys: Set<PublicKey> = committee.iter().copied().collect();
        let as_chartered = keys.len() == usize::from(self.charter.committee_size)
            && keys.contains(&self.charter.founder)
            && threshold == self.charter.threshold;
        let sound = keys.len() == committee.len()
            && keys.len() <= limits::MAX_COMMITTEE
            && threshold >= 1
            && usize::from(threshold) <= keys.len();
        if !sound || (!self.constituted && !as_chartered) {
            return Err(GovernanceError::BadOperation);
        }
        self.committee = keys;
        self.threshold = usize::from(threshold);
        self.constituted = true;
        Ok(())
    }

    pub(crate) fn charter(&self) -> &Charter {
        &self.charter
    }

    pub(crate) fn network(&self) -> NetworkId {
        self.network
    }

    pub(crate) fn height(&self) -> u64 {
        self.height
    }

    pub(crate) fn head(&self) -> Hash {
        self.head
    }

    pub(crate) fn context(&self, kind: ChannelKind) -> GovernanceContext {
        GovernanceContext { network: self.network, kind, height: self.height, head: self.head }
    }

    /// The rule number in force: which of two ways of judging the log holds from here on.
    pub(crate) fn rule(&self) -> u16 {
        self.rule
    }

    /// Whether the network's rules are the strict ones.
    pub(crate) fn strict(&self) -> bool {
        self.rule >= STRICT_RULE
    }

    /// As before the committee raised the rules.
    #[cfg(test)]
    pub(crate) fn with_first_rules(mut self) -> Self {
        self.rule = 0;
        self
    }

    /// The chain has a rule number that this version does not follow.
    pub(crate) fn beyond(&self) -> bool {
        self.rule > follows()
    }

    /// The chain holds operations of a later version.
    pub(crate) fn holds_unknown(&self) -> bool {
        self.unknown
    }

    pub(crate) fn constituted(&self) -> bool {
        self.constituted
    }

    pub(crate) fn committee(&self) -> &Set<PublicKey> {
        &self.committee
    }

    pub(crate) fn threshold(&self) -> usize {
        self.threshold
    }

    pub(crate) fn verify_threshold(&self) -> usize {
        usize::from(self.charter.verify_threshold)
    }

    pub(crate) fn holds(&self, key: &PublicKey, role: Role) -> bool {
        self.roles.get(key).is_some_and(|roles| roles.contains(&role))
    }

    pub(crate) fn roles(&self, key: &PublicKey) -> impl Iterator<Item = Role> + '_ {
        self.roles.get(key).into_iter().flat_map(Set::iter).copied()
    }

    /// Whether this key belongs in the desk's group. While the committee is being founded its
    /// devices come in before the charter names them.
    pub(crate) fn belongs(&self, key: &PublicKey, kind: ChannelKind) -> bool {
        let committee = self.committee.contains(key);
        match kind {
            ChannelKind::Broadcast => !self.removed_keys.contains(key),
            ChannelKind::Desk => {
                committee
                    || !self.constituted
                    || self.holds(key, Role::Verifier)
                    || self.holds(key, Role::Dispatcher)
            }
            ChannelKind::Committee => committee || !self.constituted,
        }
    }

    pub(crate) fn leaf_removed(&self, leaf: &PublicKey) -> bool {
        self.removed_leaves.contains(leaf)
    }

    pub(crate) fn key_removed(&self, key: &PublicKey) -> bool {
        self.removed_keys.contains(key)
    }

    pub(crate) fn desk(&self) -> &DeskMailbox {
        &self.desk
    }

    /// The hotline's telephone number; empty: the committee has set none.
    pub(crate) fn hotline(&self) -> &str {
        &self.hotline
    }

    pub(crate) fn zones(&self) -> &Zones {
        &self.zones
    }
}

/// The highest rule number that this program follows; tests and the simulation play older and newer ones.
pub(crate) fn follows() -> u16 {
    #[cfg(any(test, feature = "testing"))]
    return FOLLOWS.get();
    #[cfg(not(any(test, feature = "testing")))]
    campana_protocol::governance::RULES
}

#[cfg(any(test, feature = "testing"))]
std::thread_local! {
    /// The rule number that this thread's program follows.
    pub(crate) static FOLLOWS: core::cell::Cell<u16> =
        const { core::cell::Cell::new(campana_protocol::governance::RULES) };
}

/// Whether this version knows all that a statement does: nobody signs what their app can't show.
pub(crate) fn followed(statement: &Statement) -> bool {
    let unknown = |operation: &Operation| matches!(operation, Operation::Unknown { .. });
    statement.rule.unwrap_or_default() <= follows() && !statement.operations.iter().any(unknown)
}

/// Whether k of n, and the confirmations that verify, make sense.
pub(crate) fn thresholds_hold(n: u8, k: u8, confirmations: u8) -> bool {
    k >= 1
        && k <= n
        && usize::from(n) <= limits::MAX_COMMITTEE
        && confirmations >= 1
        && usize::from(confirmations) <= limits::MAX_ATTESTATIONS
}

/// Whether a name has a sensible length.
pub(crate) fn name_holds(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= limits::MAX_NAME
}

#[cfg(test)]
pub(crate) mod tests;
