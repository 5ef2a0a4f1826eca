//! Why a command line failed, and with which exit code.

use std::io;
use std::path::PathBuf;

use campana_core::CommandError;
use campana_core::view::{PersonState, Stage};
use fluent_bundle::FluentValue;

use super::ask::Cause;
use super::clock::when;
use crate::device::DeviceError;
use crate::edge::Lost;
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
    Waiting(Cause),
    /// Shown, and not known to be all.
    #[error("shown as it was known")]
    Stale {
        /// Why it may not be all.
        cause: Cause,
        /// When it last was, Unix milliseconds.
        since: Option<u64>,
    },
    /// Not among those who wait.
    #[error("{name:?} does not wait")]
    NotWaiting {
        /// Who.
        name: String,
        /// Where they stand.
        state: PersonState,
    },
    /// Nobody said yes.
    #[error("not sure")]
    NotSure,
    /// There is no store to leave.
    #[error("no store at {}", .0.display())]
    NoStoreHere(PathBuf),
    /// No such zone.
    #[error("no zone {zone}")]
    NoZone {
        /// What was typed.
        zone: u16,
        /// Those that there are.
        zones: Vec<String>,
    },
    /// The passphrase file.
    #[error("passphrase file: {0}")]
    PassphraseFile(io::Error),
    /// The file of certificate authorities.
    #[error("certificate authorities: {0}")]
    CaFile(io::Error),
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
    "ca-file",
    "no-store",
    "no-input",
    "not-a-push",
    "endpoint-refused",
    "watch-running",
    "not-waiting",
    "not-sure",
    "no-store-here",
    "no-zone",
    "no-zones",
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
            | Self::CaFile(_)
            | Self::NoStore
            | Self::NoStoreHere(_)
            | Self::NoInput
            | Self::NotAPush
            | Self::WatchRunning => 4,
            Self::Waiting(_) => 3,
            Self::Stale { .. } => 5,
            Self::NotWaiting { .. } | Self::NoZone { .. } | Self::NotSure => 1,
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
            Self::Stale { .. } => "not-caught-up",
            Self::NotWaiting { .. } => "not-waiting",
            Self::NotSure => "not-sure",
            Self::NoStoreHere(_) => "no-store-here",
            Self::NoZone { zones, .. } if zones.is_empty() => "no-zones",
            Self::NoZone { .. } => "no-zone",
            Self::CaFile(_) => "ca-file",
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
        matches!(self, Self::UnknownPerson(_) | Self::Unknown(_) | Self::NoZone { .. })
    }

    /// Why it waits or may not be all, as a stable word.
    #[must_use]
    pub const fn cause(&self) -> Option<&'static str> {
        match self {
            Self::Waiting(cause) | Self::Stale { cause, .. } => Some(cause.word()),
            _ => None,
        }
    }

    /// Why there is no connection, as a stable word.
    #[must_use]
    pub const fn link(&self) -> Option<&'static str> {
        match self {
            Self::Waiting(Cause::Lost(why)) | Self::Stale { cause: Cause::Lost(why), .. } => Some(why.word()),
            _ => None,
        }
    }

    /// For a person.
    #[must_use]
    pub fn message(&self, words: &Words) -> String {
        let key = format!("error-{}", self.word());
        let detail = |text: String| words.with(&key, [("detail", FluentValue::from(text))]);
        match self {
            Self::Waiting(cause) => said(words, "waiting", cause),
            Self::Stale { cause, since } => {
                let why = said(words, "stale", cause);
                let since = match since {
                    Some(at) => words.with("stale-since", [("when", when(words, *at).into())]),
                    None => words.say("stale-never"),
                };
                format!("{why} {since}")
            }
            Self::NotWaiting { name, state } => {
                let state = codes::person(*state);
                let hint = words.code("not-waiting", state);
                words.with(&key, [("name", name.as_str().into()), ("state", hint.into())])
            }
            Self::NoZone { zone, zones } => {
                words.with(&key, [("zone", (*zone).into()), ("zones", zones.join(", ").into())])
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
            Self::NoStoreHere(path) => detail(path.display().to_string()),
            Self::CaFile(error) => detail(error.to_string()),
            Self::PassphraseFile(error) => detail(error.to_string()),
            _ => words.say(&key),
        }
    }
}

/// What a cause means for something that waits, or for a list.
fn said(words: &Words, kind: &str, cause: &Cause) -> String {
    let key = format!("{kind}-{}", cause.word());
    match cause {
        Cause::Lost(why) => words.with(&key, [("why", lost(words, why).into())]),
        Cause::Unsent(n) => words.with(&key, [("n", (*n).into())]),
        Cause::Offline | Cause::Behind | Cause::Unanswered => words.say(&key),
    }
}

/// Why there is no connection, for a person.
pub(crate) fn lost(words: &Words, why: &Lost) -> String {
    words.with(&format!("lost-{}", why.word()), [("detail", why.detail().into())])
}
