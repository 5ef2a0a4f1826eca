//! Judging a commit: from the log alone, every member decides alike whether it is in force.

use campana_protocol::frame::Secret;
use campana_protocol::governance::{ChannelKind, SignedStatement};
use campana_protocol::handshake::{
    Authority, Handshake, Plea, RoleCredential, commit_digest, credential_digest, plea_digest,
};
use campana_protocol::id::{PublicKey, Signature};
use campana_protocol::padding::unpad;
use campana_protocol::wire;

use crate::channel::{Channel, access_secret, handshake_key};
use crate::governance::Governance;
use crate::keys;
use crate::limits::{COMMIT_PER_MEMBER, COMMIT_REST, MAX_KEY_PACKAGE, REKEY_RULE};
use crate::mls::{Group, Member, MlsError, Staged, inspect_key_package};
use crate::vault;

/// A commit in force and what follows from it.
pub(crate) struct Verdict {
    pub(crate) group: Group,
    pub(crate) governance: Governance,
    pub(crate) statements: Vec<SignedStatement>,
    pub(crate) added: Vec<PublicKey>,
    pub(crate) removed: Vec<PublicKey>,
    pub(crate) removed_self: bool,
    /// The new access secret, if this commit rotates it.
    pub(crate) access: Option<Secret>,
    pub(crate) rejoin: bool,
    /// Whose authority; none: a plea's.
    pub(crate) by: Option<PublicKey>,
}

impl Verdict {
    /// Whether it held secrets for each member: additions alone hold none.
    pub(crate) fn has_path(&self) -> bool {
        self.added.is_empty() || !self.removed.is_empty() || !self.statements.is_empty()
    }
}

/// Why a commit is skipped, by everybody alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Skipped {
    #[error("does not open under this epoch's key")]
    Unsealed,
    #[error("malformed")]
    Malformed,
    #[error("not signed by a committee device")]
    NotCommittee,
    #[error("adds somebody the roster does not allow")]
    Unentitled,
    #[error("removes somebody whom no statement removes")]
    Unremovable,
    #[error("a statement that does not apply")]
    BadStatement,
    #[error("its governance context is not the chain's head")]
    WrongHead,
    #[error("a plea that is not that person's, or counted before")]
    BadPlea,
    #[error("longer than what it does takes")]
    TooLong,
    /// Not skipped by newer devices: this one stops here.
    #[error("under a rule that this version does not follow: update")]
    NeedsUpdate,
    #[error(transparent)]
    Mls(#[from] MlsError),
    /// Others may be able to take it: see `footing.rs`.
    #[error("its authority holds, its MLS part fails here: {error}")]
    Failed { by: Option<PublicKey>, error: MlsError },
}

/// Opens and judges a handshake entry.
pub(crate) fn judge(channel: &Channel, sealed: &[u8]) -> Result<Verdict, Skipped> {
    let key = handshake_key(&channel.group, &channel.id)?;
    let padded = vault::open(&key, channel.id.as_bytes(), sealed).ok_or(Skipped::Unsealed)?;
    let handshake: Handshake = unpad(&padded).and_then(wire::decode).map_err(|_| Skipped::Malformed)?;
    match &handshake.authority {
        Authority::Committee { statements, key, signature } => {
            committee(channel, &handshake.commit, statements, key, signature)
        }
        Authority::Rejoin { plea } => rejoin(channel, &handshake.commit, plea),
        Authority::Rekey => rekey(channel, &handshake.commit),
    }
}

fn committee(
    channel: &Channel,
    commit: &[u8],
    statements: &[SignedStatement],
    key: &PublicKey,
    signature: &Signature,
) -> Result<Verdict, Skipped> {
    if !channel.governance.committee().contains(key) {
        return Err(Skipped::NotCommittee);
    }
    let (governance, statements) = apply_all(&channel.governance, statements)?;
    let digest = commit_digest(&channel.id, channel.group.epoch(), commit, &governance.head());
    if !keys::verify(key, &digest, signature) {
        return Err(Skipped::NotCommittee);
    }
    if governance.beyond() {
        return Err(Skipped::NeedsUpdate);
    }
    let staged = channel.group.stage(commit).map_err(|error| failed(Some(*key), error))?;
    if !context_fits(channel, &governance, &staged, !statements.is_empty()) {
        return Err(Skipped::WrongHead);
    }
    if !staged.added.iter().all(|member| entitled(channel.kind, member, &governance)) {
        return Err(Skipped::Unentitled);
    }
    if !modest(channel, commit, staged.added.len()) {
        return Err(Skipped::TooLong);
    }
    let overdue = channel.overdue(&governance);
    if !staged.removed.iter().all(|member| overdue.contains(member)) {
        return Err(Skipped::Unremovable);
    }
    let rotates = !staged.removed.is_empty() && !staged.removed_self;
    let access = rotates.then(|| access_secret(&staged.group, &channel.id)).transpose()?;
    Ok(verdict(staged, governance, statements, access, Some(*key)))
}

fn failed(by: Option<PublicKey>, error: MlsError) -> Skipped {
    match error {
        MlsError::OwnMessage => Skipped::Mls(error),
        error => Skipped::Failed { by, error },
    }
}

fn rejoin(channel: &Channel, commit: &[u8], plea: &Plea) -> Result<Verdict, Skipped> {
    check_plea(channel, plea)?;
    let staged = channel.group.stage(commit).map_err(|error| failed(None, error))?;
    let ([added], [removed]) = (staged.added.as_slice(), staged.removed.as_slice()) else {
        return Err(Skipped::BadPlea);
    };
    let newcomer = inspect_key_package(&plea.key_package)?;
    let the_same = Channel::person(channel.kind, removed).is_some_and(|(person, _)| person == plea.person)
        && added.key == newcomer.key
        && added.credential == newcomer.credential
        && staged.context.is_none();
    if !modest(channel, commit, 1) {
        return Err(Skipped::TooLong);
    }
    if !the_same {
        return Err(Skipped::BadPlea);
    }
    let governance = channel.governance.clone();
    Ok(verdict(staged, governance, Vec::new(), None, None))
}

/// A member's own path and nothing else.
fn rekey(channel: &Channel, commit: &[u8]) -> Result<Verdict, Skipped> {
    if channel.kind != ChannelKind::Broadcast || channel.governance.rule() < REKEY_RULE {
        return Err(Skipped::Malformed);
    }
    let staged = channel.group.stage(commit).map_err(|error| failed(None, error))?;
    if !staged.added.is_empty() || !staged.removed.is_empty() || staged.context.is_some() {
        return Err(Skipped::Unentitled);
    }
    if !modest(channel, commit, 0) {
        return Err(Skipped::TooLong);
    }
    let governance = channel.governance.clone();
    Ok(Verdict { rejoin: false, ..verdict(staged, governance, Vec::new(), None, None) })
}

fn verdict(
    staged: Staged,
    governance: Governance,
    statements: Vec<SignedStatement>,
    access: Option<Secret>,
    by: Option<PublicKey>,
) -> Verdict {
    Verdict {
        added: staged.added.iter().map(|member| member.key).collect(),
        removed: staged.removed.iter().map(|member| member.key).collect(),
        removed_self: staged.removed_self,
        group: staged.group,
        governance,
        statements,
        access,
        rejoin: by.is_none(),
        by,
    }
}

/// The roster after these statements, and what is kept of them; or why not.
pub(crate) fn apply_all(
    governance: &Governance,
    statements: &[SignedStatement],
) -> Result<(Governance, Vec<SignedStatement>), Skipped> {
    let mut after = governance.clone();
    let kept = statements.iter().map(|statement| after.apply_and_trim(statement)).collect::<Result<_, _>>();
    kept.map(|kept| (after, kept)).map_err(|_| Skipped::BadStatement)
}

/// Whether a commit leaves a tree that fits into a snapshot: one committer could fill it with leaves of a
/// megabyte each, and nobody would be let in again. Holds from the network's first rule number on.
pub(crate) fn modest(channel: &Channel, commit: &[u8], added: usize) -> bool {
    let members = channel.group.len() + added;
    channel.governance.rule() < 1
        || commit.len() <= COMMIT_REST + members * COMMIT_PER_MEMBER + added * MAX_KEY_PACKAGE
}

fn context_fits(channel: &Channel, governance: &Governance, staged: &Staged, changes: bool) -> bool {
    let expected = wire::encode(&governance.context(channel.kind));
    if changes { staged.context.as_ref() == Some(&expected) } else { staged.context.is_none() }
}

/// Whether the roster lets this leaf in.
pub(crate) fn entitled(kind: ChannelKind, member: &Member, governance: &Governance) -> bool {
    match kind {
        ChannelKind::Broadcast => member.credential.is_empty() && !governance.leaf_removed(&member.key),
        kind => checked_role_key(kind, member, governance).is_some_and(|key| governance.belongs(&key, kind)),
    }
}

/// The role key of a working group's leaf, if it signed for that leaf.
fn checked_role_key(kind: ChannelKind, member: &Member, governance: &Governance) -> Option<PublicKey> {
    let credential: RoleCredential = wire::decode(&member.credential).ok()?;
    let digest = credential_digest(&governance.network(), kind, &member.key, credential.since);
    keys::verify(&credential.role_key, &digest, &credential.signature).then_some(credential.role_key)
}

/// Whether a plea is its person's own, they are a member, and the fresh leaf is theirs and newer.
pub(crate) fn check_plea(channel: &Channel, plea: &Plea) -> Result<(), Skipped> {
    let digest = plea_digest(&channel.id, &plea.key_package, &plea.reply);
    if !keys::verify(&plea.person, &digest, &plea.signature) {
        return Err(Skipped::BadPlea);
    }
    let (_, since) = channel.find_person(&plea.person).ok_or(Skipped::BadPlea)?;
    let newcomer = inspect_key_package(&plea.key_package)?;
    let fresh = Member { index: 0, key: newcomer.key, credential: newcomer.credential };
    let (person, later) = Channel::person(channel.kind, &fresh).ok_or(Skipped::BadPlea)?;
    let stays = match channel.kind {
        ChannelKind::Broadcast => !channel.governance.leaf_removed(&person),
        kind => checked_role_key(kind, &fresh, &channel.governance).is_some(),
    };
    if person == plea.person && later > since && stays { Ok(()) } else { Err(Skipped::BadPlea) }
}
