//! Why a command line failed, and with which exit code.

use std::io;

use campana_core::CommandError;
use campana_core::view::Stage;
use fluent_bundle::FluentValue;

use crate::device::DeviceError;
use crate::words::{Words, codes};

/// Why a command line failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store, its vault or the core.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The core refused the command.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// It was accepted, and then the committee or the relay refused.
    #[error("refused later: {0:?}")]
    Ended(Stage),
    /// Nobody such.
    #[error("nobody called {0:?}")]
    UnknownPerson(String),
    /// Several such.
    #[error("several people: {candidates:?}")]
    AmbiguousPerson {
        /// What was typed.
        name: String,
        /// Who it could be.
        candidates: Vec<String>,
    },
    /// No such incident, draft or invite.
    #[error("unknown: {0}")]
    Unknown(CommandError),
    /// Several such.
    #[error("several: {0:?}")]
    AmbiguousId(String),
    /// Accepted, durable, and still on its way.
    #[error("waiting in the outbox")]
    Waiting(Option<String>),
    /// The passphrase file.
    #[error("passphrase file: {0}")]
    PassphraseFile(io::Error),
    /// No home directory and no `--store`.
    #[error("no place for the store")]
    NoStore,
    /// Nothing on standard input.
    #[error("no link on standard input")]
    NoInput,
    /// Not what the relay pushes.
    #[error("not a push on standard input")]
    NotAPush,
    /// The relay does not send to the endpoint's host, or its push service has ended it.
    #[error("alerts can't be turned on")]
    EndpointRefused,
    /// Another watch.
    #[error("another watch runs on this store")]
    WatchRunning,
}

/// Every word of its own.
pub const WORDS: &[&str] = &[
    "ambiguous-person",
    "ambiguous-id",
    "passphrase-file",
    "no-store",
    "no-input",
    "not-a-push",
    "endpoint-refused",
    "watch-running",
    "invitation-refused",
    "invite-expired",
    "invite-revoked",
    "declined",
    "removed",
];

impl Failure {
    /// The process's exit code.
    #[must_use]
    pub const fn exit(&self) -> u8 {
        match self {
            Self::Device(_)
            | Self::PassphraseFile(_)
            | Self::NoStore
            | Self::NoInput
            | Self::NotAPush
            | Self::WatchRunning => 4,
            Self::Waiting(_) => 3,
            Self::Refused(_) | Self::Ended(_) | Self::Unknown(_) | Self::EndpointRefused => 1,
            Self::UnknownPerson(_) | Self::AmbiguousPerson { .. } | Self::AmbiguousId(_) => 1,
        }
    }

    /// The stable word for scripts and message keys.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Device(error) => error.word(),
            Self::Refused(error) | Self::Unknown(error) => error.word(),
            Self::Ended(stage) => codes::stage(*stage),
            Self::UnknownPerson(_) => "unknown-person",
            Self::AmbiguousPerson { .. } => "ambiguous-person",
            Self::AmbiguousId(_) => "ambiguous-id",
            Self::Waiting(_) => "waiting",
            Self::PassphraseFile(_) => "passphrase-file",
            Self::NoStore => "no-store",
            Self::NoInput => "no-input",
            Self::NotAPush => "not-a-push",
            Self::EndpointRefused => "endpoint-refused",
            Self::WatchRunning => "watch-running",
        }
    }

    /// Whether catching up might bring what was not found.
    #[must_use]
    pub const fn may_come(&self) -> bool {
        matches!(self, Self::UnknownPerson(_) | Self::Unknown(_))
    }

    /// For a person.
    #[must_use]
    pub fn message(&self, words: &Words) -> String {
        let key = format!("error-{}", self.word());
        let detail = |text: String| words.with(&key, [("detail", FluentValue::from(text))]);
        match self {
            Self::Waiting(why) => {
                let first = words.say("waiting-outbox");
                match why {
                    None => first,
                    Some(why) => {
                        format!(
                            "{first} {}",
                            words.with("waiting-outbox-why", [("why", why.as_str().into())])
                        )
                    }
                }
            }
            Self::Refused(CommandError::NeedsRole(role)) => {
                words.with(&key, [("role", words.code("role", role.word()).into())])
            }
            Self::UnknownPerson(name) | Self::AmbiguousId(name) => {
                words.with(&key, [("name", name.as_str().into())])
            }
            Self::Refused(CommandError::UnknownPerson) => words.with(&key, [("name", "?".into())]),
            Self::AmbiguousPerson { name, candidates } => words
                .with(&key, [("name", name.as_str().into()), ("candidates", candidates.join(", ").into())]),
            Self::Device(error) => detail(error.to_string()),
            Self::PassphraseFile(error) => detail(error.to_string()),
            _ => words.say(&key),
        }
    }
}
