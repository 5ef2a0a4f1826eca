//! What the shell hands in.

use campana_core::turn::NoticeKind;
use campana_core::{Input as CoreInput, NoticeId};
use campana_protocol::id::IncidentId;
use serde::Deserialize;
use serde_bytes::ByteBuf;
use tsify::Tsify;

use crate::command::{Command, Refused};

/// Stored rows: key and sealed value of each.
#[derive(Deserialize, Tsify)]
pub struct Rows(#[tsify(type = "[Uint8Array, Uint8Array][]")] pub(crate) Vec<(ByteBuf, ByteBuf)>);

impl Rows {
    pub(crate) fn into_iter(self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.0.into_iter().map(|(key, value)| (key.into_vec(), value.into_vec()))
    }
}

/// One thing that happened.
#[derive(Deserialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The core was (re)loaded: what is owed comes out again.
    Resume,
    /// The WebSocket is open.
    Connected,
    /// Binary messages came, in order.
    Received(#[tsify(type = "Uint8Array[]")] Vec<ByteBuf>),
    /// The WebSocket is closed.
    Disconnected,
    /// The turn's `wake` has come.
    Tick,
    /// A person wants something.
    Command(Command),
    /// This notice was shown.
    Shown(Notice),
}

/// Names one notice.
#[derive(Deserialize, Tsify)]
pub struct Notice {
    incident: String,
    kind: NoticeKind,
}

impl Input {
    pub(crate) fn understand(self) -> Result<CoreInput, Refused> {
        Ok(match self {
            Self::Resume => CoreInput::Resume,
            Self::Connected => CoreInput::Connected,
            Self::Received(frames) => {
                CoreInput::Received(frames.into_iter().map(ByteBuf::into_vec).collect())
            }
            Self::Disconnected => CoreInput::Disconnected,
            Self::Tick => CoreInput::Tick,
            Self::Command(command) => CoreInput::Command(command.understand()?),
            Self::Shown(Notice { incident, kind }) => {
                let incident = IncidentId::parse(&incident).ok_or(Refused::UNKNOWN_ID)?;
                CoreInput::Shown(NoticeId { incident, kind })
            }
        })
    }
}
