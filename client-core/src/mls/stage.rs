//! Commits of others: processed on a copy, so that the caller can judge them first.

use mls_rs::group::{CommitEffect, ContentType, NewEpoch, ReceivedMessage, proposal::Proposal};

use super::{Group, Member, MlsError, context, group::member, host};
use crate::sorted::Set;

/// What a commit does. The caller keeps [`Staged::group`] or drops it.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Place of the member who committed, in the group before.
    pub sender: u32,
    /// Members added, at their places in the group after.
    pub added: Vec<Member>,
    /// Members removed, at their places in the group before.
    pub removed: Vec<Member>,
    /// New content of our group context extension, if the commit sets it.
    pub context: Option<Vec<u8>>,
    /// The commit removes us: the group after is closed to us, and [`Self::group`] is the one before.
    pub removed_self: bool,
    /// The group after.
    pub group: Group,
}

struct Effect {
    removed: Vec<Member>,
    added: Vec<Member>,
    context: Option<Vec<u8>>,
}

impl Group {
    /// Processes another member's commit on a copy.
    ///
    /// # Errors
    /// Any but [`MlsError::Corrupt`]; nothing has changed.
    pub fn stage(&self, commit: &[u8]) -> Result<Staged, MlsError> {
        let message = self.private_message(commit, ContentType::Commit)?;
        let mut inner = self.inner.clone();
        let received = inner.process_incoming_message(message).map_err(|error| MlsError::outside(&error))?;
        let ReceivedMessage::Commit(commit) = received else { return Err(MlsError::Invalid) };
        if commit.is_external {
            return Err(MlsError::Invalid);
        }
        let (epoch, removed_self) = match &commit.effect {
            CommitEffect::NewEpoch(epoch) => (epoch, false),
            CommitEffect::Removed { new_epoch, .. } => (new_epoch, true),
            CommitEffect::ReInit(_) => return Err(MlsError::Invalid),
        };
        let Effect { removed, added, context } = self.effect(epoch)?;
        let group = if removed_self { self.clone() } else { self.after(inner, &added)? };
        Ok(Staged { sender: commit.committer, added, removed, context, removed_self, group })
    }

    fn after(&self, mut inner: host::Inner, added: &[Member]) -> Result<Self, MlsError> {
        // Encoding the group is also what makes the library forget the epoch before.
        let state = host::snapshot(&mut inner)?;
        if context::read(&inner.context().extensions).is_none() {
            return Err(MlsError::Invalid);
        }
        let group = Self::restored(inner, self.stored.clone(), state)?;
        if added.iter().any(|member| group.member(member.index).as_ref() != Some(member)) {
            return Err(MlsError::Library("places of new members"));
        }
        Ok(group)
    }

    /// Members removed and added and the new context, from proposals the library has accepted. Also
    /// when we are among those removed and do not see the tree after.
    fn effect(&self, epoch: &NewEpoch) -> Result<Effect, MlsError> {
        let (mut removed, mut newcomers, mut context) = (Vec::new(), Vec::new(), None);
        for info in &epoch.applied_proposals {
            if !info.is_by_value() {
                return Err(MlsError::Invalid);
            }
            match &info.proposal {
                Proposal::Remove(remove) => {
                    removed.push(self.member(remove.to_remove()).ok_or(MlsError::Invalid)?);
                }
                Proposal::Add(add) => newcomers.push(add.signing_identity()),
                Proposal::GroupContextExtensions(list) => {
                    context = Some(context::read(list).ok_or(MlsError::Invalid)?);
                }
                _ => return Err(MlsError::Invalid),
            }
        }
        let added = self
            .free_places(&removed)
            .zip(newcomers)
            .map(|(index, identity)| member(index, identity).ok_or(MlsError::Invalid))
            .collect::<Result<_, _>>()?;
        Ok(Effect { removed, added, context })
    }

    /// Where new members go, in order: the empty places from the left, then to the right of all.
    fn free_places(&self, removed: &[Member]) -> impl Iterator<Item = u32> {
        let tree = self.inner.export_tree();
        let taken: Vec<bool> = tree.nodes().iter().step_by(2).map(Option::is_some).collect();
        let removed: Set<u32> = removed.iter().map(|member| member.index).collect();
        (0u32..).filter(move |index| {
            removed.contains(index) || !taken.get(*index as usize).copied().unwrap_or(false)
        })
    }
}
