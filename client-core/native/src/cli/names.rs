//! People by handle or by the beginning of their key; everything else by the beginning of its id.

use campana_core::CommandError;
use campana_core::view::{PersonView, View};
use campana_protocol::id::PublicKey;

use super::failure::Failure;

/// A person of the committee's list.
pub(crate) fn person<'a>(view: &'a View, name: &str) -> Result<(&'a PersonView, PublicKey), Failure> {
    let Some(committee) = &view.committee else { return Err(not_committee(view)) };
    let exact =
        |person: &&PersonView| person.handle.to_lowercase() == name.to_lowercase() || person.key == name;
    let mut found: Vec<&PersonView> = committee.people.iter().filter(exact).collect();
    if found.is_empty() && name.len() >= 4 {
        found = committee.people.iter().filter(|person| person.key.starts_with(name)).collect();
    }
    match found.as_slice() {
        [] => Err(Failure::UnknownPerson(name.to_owned())),
        [person] => Ok((person, PublicKey::parse(&person.key).ok_or(CommandError::Bug)?)),
        several => Err(Failure::AmbiguousPerson {
            name: name.to_owned(),
            candidates: several
                .iter()
                .map(|person| format!("{} ({})", person.handle, short(&person.key)))
                .collect(),
        }),
    }
}

/// The one id that begins like this.
pub(crate) fn id<'a>(
    ids: impl Iterator<Item = &'a String>,
    beginning: &str,
    unknown: CommandError,
) -> Result<&'a String, Failure> {
    let found: Vec<&String> = ids.filter(|id| id.starts_with(beginning)).collect();
    match found.as_slice() {
        [] => Err(Failure::Unknown(unknown)),
        [id] => Ok(id),
        several => several
            .iter()
            .find(|id| **id == beginning)
            .copied()
            .ok_or_else(|| Failure::AmbiguousId(beginning.to_owned())),
    }
}

/// Why there is no committee view.
pub(crate) fn not_committee(view: &View) -> Failure {
    use campana_core::view::Stage;
    Failure::Refused(match view.stage {
        Stage::Nowhere | Stage::InvitationRefused => CommandError::NotInANetwork,
        Stage::Waiting | Stage::InviteExpired | Stage::InviteRevoked | Stage::Declined => {
            CommandError::NotAdmitted
        }
        Stage::Founding | Stage::Member | Stage::Removed => CommandError::NotCommittee,
    })
}

/// Enough of an id to type.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
