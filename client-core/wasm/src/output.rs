//! What a turn decided.

use campana_core::turn::NoticeKind;
use campana_core::{Effect as CoreEffect, Reply as CoreReply, Turn as CoreTurn};
use serde::Serialize;
use serde_bytes::ByteBuf;
use tsify::Tsify;

use crate::command::Refused;

/// What a turn decided. `changes` are written in one strict transaction, then `effects` carried
/// out in order.
#[derive(Default, Serialize, Tsify)]
pub struct Turn {
    /// Rows to write; no value deletes the row.
    #[tsify(type = "[Uint8Array, Uint8Array | undefined][]")]
    changes: Vec<(ByteBuf, Option<ByteBuf>)>,
    effects: Vec<Effect>,
    /// When to tick, Unix milliseconds.
    wake: Option<f64>,
    /// The answer to a command.
    answer: Option<Answer>,
}

/// Something to do outside.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Send this binary message.
    Send(#[tsify(type = "Uint8Array")] ByteBuf),
    /// Show what the incident's view says, then answer with `shown`.
    Notify {
        /// Which incident.
        incident: String,
        /// What about it.
        kind: NoticeKind,
    },
    /// Close the connection and open another after a pause.
    Reconnect,
    /// Make a push subscription for this key in place of any other, then say `platform`.
    Subscribe(#[tsify(type = "Uint8Array")] ByteBuf),
    /// End the push subscription, then say `platform`.
    Unsubscribe,
}

/// The answer to a command.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is durable on this device and on its way.
    Ok(Reply),
    /// It was refused and nothing has changed: a stable word.
    Error(String),
}

/// What a command that was accepted gives back.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Nothing more to say.
    Accepted,
    /// An invite was made.
    Invite {
        /// Its id, to revoke it.
        id: String,
        /// Its link; secret.
        link: String,
    },
    /// A draft waits for signatures.
    Draft(String),
    /// A report was made.
    Incident(String),
    /// So many people were meant.
    People(usize),
    /// What a push was about.
    Pushed {
        /// Whose state it changed, or had changed before.
        incident: Option<String>,
        /// It was the test that was asked for.
        test: bool,
        /// The log has to be read before it is known.
        behind: bool,
        /// It was of class alert, and this device can't read it.
        unread: bool,
        /// It is about the desk's mailbox.
        desk: bool,
        /// It was held until now, or nothing has happened.
        held: bool,
    },
}

impl Turn {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2^53")]
    pub(crate) fn of(turn: CoreTurn) -> Self {
        let change =
            |change: campana_core::Change| (ByteBuf::from(change.key), change.value.map(ByteBuf::from));
        Self {
            changes: turn.changes.into_iter().map(change).collect(),
            effects: turn.effects.into_iter().map(effect).collect(),
            wake: turn.wake.map(|at| at as f64),
            answer: turn.reply.map(|reply| match reply {
                Ok(reply) => Answer::Ok(self::reply(reply)),
                Err(error) => Answer::Error(error.word().to_owned()),
            }),
        }
    }

    pub(crate) fn refused(refused: Refused) -> Self {
        Self { answer: Some(Answer::Error(refused.0.to_owned())), ..Self::default() }
    }
}

fn effect(effect: CoreEffect) -> Effect {
    match effect {
        CoreEffect::Send(bytes) => Effect::Send(ByteBuf::from(bytes)),
        CoreEffect::Notify(notice) => {
            Effect::Notify { incident: notice.incident.to_string(), kind: notice.kind }
        }
        CoreEffect::Reconnect => Effect::Reconnect,
        CoreEffect::Subscribe(key) => Effect::Subscribe(ByteBuf::from(key.0.to_vec())),
        CoreEffect::Unsubscribe => Effect::Unsubscribe,
    }
}

fn reply(reply: CoreReply) -> Reply {
    match reply {
        CoreReply::Accepted => Reply::Accepted,
        CoreReply::Invite { id, link } => Reply::Invite { id: id.to_string(), link },
        CoreReply::Draft(id) => Reply::Draft(id.to_string()),
        CoreReply::Incident(id) => Reply::Incident(id.to_string()),
        CoreReply::People(count) => Reply::People(count),
        CoreReply::Pushed(pushed) => Reply::Pushed {
            incident: pushed.incident.map(|id| id.to_string()),
            test: pushed.test,
            behind: pushed.behind,
            unread: pushed.unread,
            desk: pushed.desk,
            held: pushed.held,
        },
    }
}
