//! What a link leads to, to show before anything is done with it.

use campana_protocol::link::{InviteLink, LinkError, OperatorLink};
use serde::Serialize;
use tsify::Tsify;

/// What a link leads to.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// An operator's invitation to start a network.
    Operator,
    /// An invite into a network.
    Join {
        /// The network's name.
        name: String,
        /// For committee devices.
        committee: bool,
    },
    /// It is none; a stable word.
    Error(String),
}

impl Link {
    pub(crate) fn of(text: &str) -> Self {
        if OperatorLink::parse(text).is_ok() {
            return Self::Operator;
        }
        match InviteLink::parse(text) {
            Ok(link) => Self::Join { name: link.invite.name, committee: link.invite.committee },
            Err(LinkError::NotALink) => Self::Error("link-not-a-link".into()),
            Err(LinkError::Damaged) => Self::Error("link-damaged".into()),
        }
    }
}
