//! What the shell hands in.

use campana_core::turn::NoticeKind;
use campana_core::{Input as CoreInput, NoticeId, Permission};
use campana_protocol::id::{IncidentId, PushAuth, PushKey};
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
    /// What the browser says of push notifications.
    Platform(Platform),
    /// A push arrived: what it brought. The answer says what to show.
    Pushed {
        /// Its `data.m`, decoded.
        #[tsify(type = "Uint8Array")]
        push: ByteBuf,
        /// A window of this app was in sight.
        in_sight: bool,
        /// When it came, Unix milliseconds, if not just now.
        #[tsify(optional)]
        arrived_at: Option<f64>,
    },
}

/// What the browser says of push notifications.
#[derive(Deserialize, Tsify)]
pub struct Platform {
    permission: Permission,
    subscription: Option<Subscription>,
    /// It could not make the subscription it was asked for.
    failed: bool,
    /// How far local time is ahead of UTC, minutes.
    utc_offset: i16,
}

/// A subscription, as the browser has it.
#[derive(Deserialize, Tsify)]
pub struct Subscription {
    endpoint: String,
    /// `p256dh`.
    #[tsify(type = "Uint8Array")]
    key: ByteBuf,
    #[tsify(type = "Uint8Array")]
    auth: ByteBuf,
    /// The relay's key it was made for.
    #[tsify(type = "Uint8Array | undefined")]
    made_for: Option<ByteBuf>,
}

impl Platform {
    /// A subscription that is none counts as none.
    fn understand(self) -> campana_core::Platform {
        let subscription = self.subscription.and_then(|subscription| {
            let made_for = match subscription.made_for {
                Some(key) => Some(PushKey::from_slice(&key)?),
                None => None,
            };
            let subscription = campana_protocol::push::Subscription {
                endpoint: subscription.endpoint,
                key: PushKey::from_slice(&subscription.key)?,
                auth: PushAuth::from_slice(&subscription.auth)?,
            };
            subscription.well_formed().then_some(campana_core::Subscribed { subscription, made_for })
        });
        campana_core::Platform {
            permission: self.permission,
            subscription,
            failed: self.failed,
            utc_offset: self.utc_offset,
        }
    }
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
            Self::Platform(platform) => CoreInput::Platform(platform.understand()),
            Self::Pushed { push, in_sight, arrived_at } => CoreInput::Pushed {
                push: push.into_vec(),
                in_sight,
                arrived_at: arrived_at.map(crate::milliseconds),
            },
        })
    }
}
