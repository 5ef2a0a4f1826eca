//! People by handle or by `#` and the short code of their key; everything else by the beginning of its id.
//!
//! Anybody can call themselves what another's key begins with, so no beginning of a key names a person.

use campana_core::CommandError;
use campana_core::view::{PersonView, View};
use campana_protocol::id::PublicKey;
use campana_protocol::name::{clean, is_code};

use super::failure::Failure;

/// A person of the committee's list.
pub(crate) fn person<'a>(view: &'a View, name: &str) -> Result<(&'a PersonView, PublicKey), Failure> {
    let Some(committee) = &view.committee else { return Err(not_committee(view)) };
    let meant = |person: &&PersonView| match name.strip_prefix('#') {
        Some(code) => is_code(code, &person.code),
        None => person.handle.to_lowercase() == clean(name).to_lowercase() || person.key == name,
    };
    let found: Vec<&PersonView> = committee.people.iter().filter(meant).collect();
    match found.as_slice() {
        [] => Err(Failure::UnknownPerson(name.to_owned())),
        [person] => Ok((person, PublicKey::parse(&person.key).ok_or(CommandError::Bug)?)),
        several => Err(Failure::AmbiguousPerson {
            name: name.to_owned(),
            candidates: several.iter().map(|person| called(&person.handle, &person.code)).collect(),
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

/// A person by name and code; by the code alone if this device has no record of them.
pub(crate) fn called(name: &str, code: &str) -> String {
    if name.is_empty() { format!("#{code}") } else { format!("{name} (#{code})") }
}

/// Enough of an id to type.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use campana_core::view::{CommitteeView, PersonState};
    use campana_protocol::name::short_code;

    use super::*;

    fn view(people: &[(u8, &str)]) -> View {
        let person = |(byte, handle): &(u8, &str)| PersonView {
            key: PublicKey([*byte; 32]).to_string(),
            code: short_code(&PublicKey([*byte; 32])),
            handle: (*handle).to_owned(),
            namesake: false,
            state: PersonState::Member,
            committee: false,
            roles: Vec::new(),
        };
        let core = campana_core::Core::new(campana_core::VaultKey([1; 32]), [1; 32]);
        View {
            committee: Some(CommitteeView {
                people: people.iter().map(person).collect(),
                drafts: Vec::new(),
                invites: Vec::new(),
                retired_zones: Vec::new(),
                new_rules: None,
            }),
            ..core.view(0)
        }
    }

    fn meant(view: &View, name: &str) -> Option<PublicKey> {
        person(view, name).ok().map(|(_, key)| key)
    }

    #[test]
    fn a_handle_that_looks_like_the_beginning_of_a_key_is_nobody_elses() {
        let key = PublicKey([1; 32]);
        let beginning = &key.to_string()[..8];
        let people = view(&[(1, "Ana"), (2, beginning)]);
        assert_eq!(
            meant(&people, beginning),
            Some(PublicKey([2; 32])),
            "whom the list shows under this name"
        );
        assert_eq!(meant(&view(&[(1, "Ana")]), beginning), None, "no beginning of a key is a name");
        assert_eq!(meant(&people, &format!("#{}", short_code(&key)).to_lowercase()), Some(key));
    }

    #[test]
    fn of_two_people_of_one_name_nobody_is_meant() {
        let code = format!("#{}", short_code(&PublicKey([1; 32])));
        let people = view(&[(1, "Ana"), (2, "ana"), (3, code.as_str())]);
        assert_eq!(meant(&people, "Ana"), None);
        assert_eq!(meant(&people, &code), Some(PublicKey([1; 32])), "a code is never a handle");
        let key = PublicKey([1; 32]).to_string();
        assert_eq!(meant(&view(&[(1, "Ana"), (2, key.as_str())]), &key), None, "nor is a whole key");
    }
}
