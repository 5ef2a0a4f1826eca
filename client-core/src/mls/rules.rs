//! What a commit may hold, for all members alike, made or received.

use mls_rs::{
    MlsRules,
    client_builder::PaddingMode,
    group::{GroupContext, Roster},
    mls_rules::{CommitDirection, CommitOptions, CommitSource, EncryptionOptions, ProposalBundle},
};
use mls_rs_core::error::IntoAnyError;

use super::{context, host};

/// Additions, removals and our one context extension, by value, from a member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules;

/// Against the rules.
#[derive(Debug)]
pub(super) struct Refused;

impl IntoAnyError for Refused {}

impl MlsRules for Rules {
    type Error = Refused;

    fn filter_proposals(
        &self,
        _direction: CommitDirection,
        source: CommitSource,
        _roster: &Roster<'_>,
        _context: &GroupContext,
        proposals: ProposalBundle,
    ) -> Result<ProposalBundle, Refused> {
        let count = proposals.add_proposals().len()
            + proposals.remove_proposals().len()
            + proposals.group_context_ext_proposals().len();
        let allowed = matches!(source, CommitSource::ExistingMember(_))
            && proposals.iter_proposals().count() == count
            && proposals.iter_proposals().all(|proposal| proposal.is_by_value())
            && proposals
                .group_context_ext_proposals()
                .iter()
                .all(|info| context::read(&info.proposal).is_some());
        if allowed { Ok(proposals) } else { Err(Refused) }
    }

    /// The tree travels apart from the Welcomes, and each newcomer gets a Welcome of their own.
    fn commit_options(
        &self,
        _roster: &Roster<'_>,
        _context: &GroupContext,
        _proposals: &ProposalBundle,
    ) -> Result<CommitOptions, Refused> {
        Ok(CommitOptions::new()
            .with_path_required(host::path_wanted())
            .with_ratchet_tree_extension(false)
            .with_single_welcome_message(false)
            .with_allow_external_commit(false))
    }

    /// Commits are encrypted too, so the relay sees none; the caller pads.
    fn encryption_options(
        &self,
        _roster: &Roster<'_>,
        _context: &GroupContext,
    ) -> Result<EncryptionOptions, Refused> {
        Ok(EncryptionOptions::new(true, PaddingMode::None))
    }
}
