//! Links that carry secrets: only ever in the URL fragment, which browsers do not send.

use campana_derive::Decode;
use minicbor::Encode;

use crate::base64url;
use crate::frame::Secret;
use crate::id::{Hash, InviteId, MailboxId, NetworkId, SealingKey};
use crate::wire;

/// A link that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not a link of this kind: copy the whole link, or scan the code again.
    #[error("not a Campana link of this kind: copy the whole link or scan the code again")]
    NotALink,
    /// Cut off or changed on the way.
    #[error("the link is incomplete or damaged: copy the whole link or scan the code again")]
    Damaged,
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
        let (relay, bytes) = split(text, OPERATOR)?;
        let secret = bytes.try_into().map_err(|_| LinkError::Damaged)?;
        Ok(Self { relay, secret: Secret(secret) })
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
        let (relay, bytes) = split(text, JOIN)?;
        let invite = wire::decode_within(&bytes, 1_024).map_err(|_| LinkError::Damaged)?;
        Ok(Self { relay, invite })
    }
}

fn split(text: &str, marker: &str) -> Result<(String, Vec<u8>), LinkError> {
    let (relay, fragment) = text.trim().split_once(marker).ok_or(LinkError::NotALink)?;
    if !relay.starts_with("http://") && !relay.starts_with("https://") {
        return Err(LinkError::NotALink);
    }
    let bytes = base64url::decode(fragment).ok_or(LinkError::Damaged)?;
    Ok((relay.to_owned(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_comes_back_and_a_damaged_one_is_refused() {
        let link = OperatorLink { relay: "http://127.0.0.1:7800".into(), secret: Secret([7; 32]) };
        let text = link.format();
        assert_eq!(OperatorLink::parse(&format!(" {text}\n")), Ok(link));
        assert_eq!(OperatorLink::parse(&text[..text.len() - 1]), Err(LinkError::Damaged));
        assert_eq!(InviteLink::parse(&text), Err(LinkError::NotALink));
    }
}
