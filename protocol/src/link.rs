//! Links that carry secrets: only ever in the URL fragment, which browsers do not send.

use campana_derive::{Decode, Encode};

use crate::base64url;
use crate::frame::Secret;
use crate::id::{Hash, InviteId, MailboxId, NetworkId, SealingKey};
use crate::wire::{self, Decode as _, Reader, Unread};

/// Most bytes of an invite.
const LONGEST: usize = 1_024;

mod find;
mod unescape;

/// Why a text holds no link that could be followed. Of several reasons the last one listed here is told.
///
/// A link holds no checksum: one that was changed within a key or a secret is read as whole, and the relay or
/// the committee's chain refuses it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum LinkError {
    /// There is nothing of a link in it.
    #[error("there is no Campana link in this: copy the whole link or scan the code again")]
    NotALink,
    /// An address, without the part that makes it an invite.
    #[error("an address without an invite: the part from # on is missing, copy the whole link")]
    Bare,
    /// A symbol of it was changed on the way.
    #[error("the link was changed on the way: copy it again or scan the code")]
    Damaged,
    /// Its end is missing.
    #[error("the link is cut short: copy the whole link or scan the code again")]
    CutShort,
    /// The secret is whole, and nothing says of which relay.
    #[error("the start of the link, the server's address, is missing: copy the whole link")]
    NoAddress,
    /// An operator's invitation where an invite is wanted, or the other way round.
    #[error("this is a link of the other kind: one starts a network, the other joins one")]
    OtherKind,
    /// Two links that lead to different places.
    #[error("there are two different links in this: copy only one of them")]
    Several,
}

/// A link of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Starts a network.
    Operator(OperatorLink),
    /// Joins one.
    Join(InviteLink),
}

impl Link {
    /// The one link in a text: an address, a line, a whole message or a mail's source. `here` is the relay's
    /// address that the reader came from, for a text that names none.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn find(text: &str, here: Option<&str>) -> Result<Self, LinkError> {
        find::find(text, here)
    }
}

/// An operator's invitation to start a network on a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorLink {
    /// Address of the relay, such as `https://relay.example`, without a path.
    pub relay: String,
    /// What redeems it.
    pub secret: Secret,
}

/// An invite to join a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteLink {
    /// Address of the relay.
    pub relay: String,
    /// The invite.
    pub invite: Invitation,
}

/// What an invite's fragment holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Invitation {
    /// The network: the joiner checks the charter against it.
    #[n(0)]
    pub network: NetworkId,
    /// The network's name, to show before joining.
    #[n(1)]
    pub name: String,
    /// The join mailbox.
    #[n(2)]
    pub mailbox: MailboxId,
    /// The key join requests are sealed to.
    #[n(3)]
    pub sealing: SealingKey,
    /// Its id.
    #[n(4)]
    pub id: InviteId,
    /// Its secret.
    #[n(5)]
    pub secret: Secret,
    /// Unix milliseconds.
    #[n(6)]
    pub expires_at: u64,
    /// For committee devices.
    #[n(7)]
    pub committee: bool,
    /// Statements applied when it was made.
    #[n(8)]
    pub height: u64,
    /// Head of the chain at that height: the joiner's chain must pass through it.
    #[n(9)]
    pub head: Hash,
}

const OPERATOR: &str = "/#operator=";
const JOIN: &str = "/#join=";

impl OperatorLink {
    /// The link as text.
    #[must_use]
    pub fn format(&self) -> String {
        format!("{}{OPERATOR}{}", self.relay, base64url::encode(&self.secret.0))
    }

    /// From text.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        match Link::find(text, None)? {
            Link::Operator(link) => Ok(link),
            Link::Join(_) => Err(LinkError::OtherKind),
        }
    }
}

impl InviteLink {
    /// The link as text.
    #[must_use]
    pub fn format(&self) -> String {
        format!("{}{JOIN}{}", self.relay, base64url::encode(&wire::encode(&self.invite)))
    }

    /// From text.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        match Link::find(text, None)? {
            Link::Join(link) => Ok(link),
            Link::Operator(_) => Err(LinkError::OtherKind),
        }
    }
}

/// An operator's secret, from its text.
fn secret(text: &str) -> Result<Secret, LinkError> {
    const SYMBOLS: usize = 43;
    let wrong = if text.len() < SYMBOLS { LinkError::CutShort } else { LinkError::Damaged };
    let bytes = base64url::decode(text).ok_or(wrong)?;
    Ok(Secret(bytes.try_into().map_err(|_| wrong)?))
}

/// An invite, from its text.
#[inline(never)]
fn invitation(text: &str) -> Result<Invitation, LinkError> {
    let whole = base64url::decode(text);
    // Whole bytes of what is there: an invite that wants more of them was cut.
    let there = whole.as_ref().map_or_else(
        || {
            let filled = [text, "AAA"].concat();
            let mut there = filled.get(..filled.len() & !3).and_then(base64url::decode).unwrap_or_default();
            there.truncate(text.len() * 3 / 4);
            there
        },
        Vec::clone,
    );
    let mut reader = Reader::new(&there);
    match Invitation::read(&mut reader) {
        Ok(invite) if whole.is_some() && reader.position() == there.len() && there.len() <= LONGEST => {
            Ok(invite)
        }
        Err(Unread::Ends) => Err(LinkError::CutShort),
        _ => Err(LinkError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_comes_back_and_a_damaged_one_is_refused() {
        let link = OperatorLink { relay: "http://127.0.0.1:7800".into(), secret: Secret([7; 32]) };
        let text = link.format();
        assert_eq!(OperatorLink::parse(&format!(" {text}\n")), Ok(link));
        assert_eq!(OperatorLink::parse(&text[..text.len() - 1]), Err(LinkError::CutShort));
        assert_eq!(InviteLink::parse(&text), Err(LinkError::OtherKind));
    }
}
