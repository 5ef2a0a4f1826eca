//! What a link leads to, to show before anything is done with it.

use campana_core::CommandError;
use campana_protocol::link::Link as Found;
use campana_protocol::name::clean;
use serde::Serialize;
use tsify::Tsify;

/// What a text leads to.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// An operator's invitation to start a network.
    Operator {
        /// The link as it was made, whatever stood around it.
        link: String,
        /// The relay's address.
        relay: String,
    },
    /// An invite into a network.
    Join {
        /// The link as it was made.
        link: String,
        /// The relay's address.
        relay: String,
        /// The network's name.
        name: String,
        /// For committee devices.
        committee: bool,
    },
    /// It leads nowhere; a stable word.
    Error(String),
}

impl Link {
    /// `here`: where the page came from.
    pub(crate) fn of(text: &str, here: &str) -> Self {
        match Found::find(text, Some(here)) {
            Ok(Found::Operator(found)) => Self::Operator { link: found.format(), relay: found.relay },
            Ok(Found::Join(found)) => Self::Join {
                link: found.format(),
                name: clean(&found.invite.name),
                committee: found.invite.committee,
                relay: found.relay,
            },
            Err(error) => Self::Error(CommandError::Link(error).word().into()),
        }
    }
}
