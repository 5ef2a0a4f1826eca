//! The turn: what goes in, what comes out.

use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{IncidentId, PushKey};
use campana_protocol::push::Subscription;

use crate::command::{Command, CommandError, Reply};
use crate::core::Core;
use crate::limits::LAST_PAUSE;
use crate::rows::Row;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The shell has (re)loaded this core: effects that are still owed come out again.
    Resume,
    /// A WebSocket to the relay is open.
    Connected,
    /// Binary messages arrived, in order.
    Received(Vec<Vec<u8>>),
    /// The WebSocket closed or failed.
    Disconnected,
    /// The time given as [`Turn::wake`] has come.
    Tick,
    /// A person or script wants something.
    Command(Command),
    /// The shell has shown this notice.
    Shown(NoticeId),
    /// What the platform says of push notifications; at every open and on each push.
    Platform(Platform),
    /// A push arrived. The reply says what to show for it.
    Pushed {
        /// What it brought, decrypted by the platform.
        push: Vec<u8>,
        /// A window of this app was in sight.
        in_sight: bool,
        /// When it came, Unix milliseconds, if not just now.
        arrived_at: Option<u64>,
    },
}

/// What the platform says of push notifications.
#[derive(Debug, Clone, Default, PartialEq, Eq, campana_derive::Encode, campana_derive::Decode)]
pub struct Platform {
    /// Whether notifications are allowed.
    #[n(0)]
    pub permission: Permission,
    /// The subscription it holds.
    #[n(1)]
    pub subscription: Option<Subscribed>,
    /// It could not make one when it was asked to; it is not asked again before the next opening.
    #[n(2)]
    pub failed: bool,
    /// How far local time is ahead of UTC, minutes.
    #[n(3)]
    #[cbor(default)]
    pub utc_offset: i16,
}

/// A subscription the platform holds.
#[derive(Debug, Clone, PartialEq, Eq, campana_derive::Encode, campana_derive::Decode)]
pub struct Subscribed {
    /// Where pushes go.
    #[n(0)]
    pub subscription: Subscription,
    /// The relay's key that it was made for; none with UnifiedPush.
    #[n(1)]
    pub made_for: Option<PushKey>,
}

/// Whether a platform shows notifications.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    campana_derive::Encode,
    campana_derive::Decode,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// The owner has not been asked, or took it back.
    #[default]
    #[n(0)]
    NotAsked,
    /// It does.
    #[n(1)]
    Granted,
    /// The owner said no: only the platform's settings can change that.
    #[n(2)]
    Denied,
    /// It cannot.
    #[n(3)]
    Unsupported,
    /// It can once the app is on the home screen.
    #[n(4)]
    NeedsInstall,
}

/// How a push came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Unix milliseconds.
    pub(crate) at: u64,
    pub(crate) in_sight: bool,
}

/// What a push was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// Whose state it changed, or had changed before.
    pub incident: Option<IncidentId>,
    /// It was the test that was asked for.
    pub test: bool,
    /// What it brought is not known yet: the log has to be read first.
    pub behind: bool,
    /// It was an entry of class alert that this device can't read.
    pub unread: bool,
    /// It is about the desk's mailbox.
    pub desk: bool,
    /// It was held until now, because nobody has answered; or it is there so that others do not stand
    /// out, and nothing has happened.
    pub held: bool,
}

/// One row to write.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Which row.
    pub key: Vec<u8>,
    /// Its new content, already sealed; `None` deletes it.
    pub value: Option<Vec<u8>>,
}

impl core::fmt::Debug for Change {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let size = self.value.as_ref().map(Vec::len);
        write!(f, "Change({}, {size:?} bytes)", String::from_utf8_lossy(&self.key))
    }
}

/// What a turn decided. The shell writes `changes` in one atomic, durable transaction, and only
/// then carries out `effects`, in order.
#[derive(Debug, Default)]
#[must_use = "the changes must be written before the effects are carried out"]
pub struct Turn {
    /// Rows to write, all or none.
    pub changes: Vec<Change>,
    /// What to do once they are durable.
    pub effects: Vec<Effect>,
    /// When to call again with [`Input::Tick`], Unix milliseconds, unless something else comes
    /// first.
    pub wake: Option<u64>,
    /// The answer to a command.
    pub reply: Option<Result<Reply, CommandError>>,
    /// Entries that are not in force, and why. Every member skips the same; in a network of
    /// honest devices there are none.
    pub skipped: Vec<SkippedEntry>,
}

/// An entry that is not in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkippedEntry {
    /// Which channel's.
    pub kind: ChannelKind,
    /// Its position.
    pub seq: u64,
    /// Why; for diagnosis.
    pub why: SkipReason,
}

/// Why an entry is not in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// A body that does not decode, or not in the class its kind belongs to.
    Malformed,
    /// A message or commit that this epoch's keys do not open.
    Unopened,
    /// A commit that its authority does not entitle.
    Unentitled,
    /// A message that names this device as its sender and is no new one of it: shown again by the
    /// relay, or made up by another member.
    Replayed,
}

/// Something to do outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this binary message to the relay.
    Send(Vec<u8>),
    /// Show this, then answer with [`Input::Shown`].
    Notify(NoticeId),
    /// Close the connection and open a new one after a pause with jitter.
    Reconnect,
    /// Make a push subscription for this key of the relay's, in place of any other; then answer
    /// with [`Input::Platform`].
    Subscribe(PushKey),
    /// End the push subscription; then answer with [`Input::Platform`].
    Unsubscribe,
}

/// Names one notice. Notices of one incident replace each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeId {
    /// The incident; its view says what to show.
    pub incident: IncidentId,
    /// What about it.
    pub kind: NoticeKind,
}

/// What a notice is about.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    campana_derive::Encode,
    campana_derive::Decode,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// To the desk: a report to verify.
    #[n(0)]
    Report,
    /// To everybody: a verified alert.
    #[n(1)]
    Alert,
    /// To everybody: a drill.
    #[n(2)]
    Drill,
    /// To those who had the alert: it was wrong.
    #[n(3)]
    FalseAlarm,
    /// To those who had the alert: it is over.
    #[n(4)]
    AllClear,
    /// To everybody: entries of class alert came that this device can't read. Its incident is all
    /// zeros.
    #[n(5)]
    Unread,
    /// To those who have the alert: fewer than it takes say that it was wrong. It stands, and this notice
    /// takes the place of none of the others.
    #[n(6)]
    SaidFalseAlarm,
    /// The same: that it is over.
    #[n(7)]
    SaidAllClear,
}

impl NoticeKind {
    /// Notices of an incident that are shown beside the others, and replace each other alone.
    #[must_use]
    pub const fn is_said(self) -> bool {
        matches!(self, Self::SaidFalseAlarm | Self::SaidAllClear)
    }

    /// Which of two is the later news, among those that replace each other: a false alarm outranks an all
    /// clear, for whoever believes that there was something believes it of the next one too.
    const fn rank(self) -> u8 {
        match self {
            Self::Report | Self::Unread => 0,
            Self::Alert | Self::Drill | Self::SaidAllClear => 1,
            Self::AllClear | Self::SaidFalseAlarm => 2,
            Self::FalseAlarm => 3,
        }
    }

    /// Whether it is news after what was shown last.
    pub(crate) fn follows(self, shown: Option<Self>) -> bool {
        shown.is_none_or(|shown| shown.rank() < self.rank())
    }
}

impl Core {
    /// One turn; see the crate's documentation for the contract. `now`: Unix milliseconds.
    pub fn turn(&mut self, now: u64, input: Input) -> Turn {
        self.wake = None;
        #[cfg(feature = "testing")]
        self.opened.clear();
        self.session.turn_at = now;
        let reply = self.take_input(now, input);
        // A pause that is over holds up neither the duties nor the outbox.
        // A clock that was set back makes no pause longer.
        self.session.retry_at = self.session.retry_at.filter(|at| now < *at && *at - now <= 2 * LAST_PAUSE);
        self.prove_rotated();
        self.duties(now);
        self.pump(now);
        self.session.at_once = false;
        Turn {
            changes: self.changes(),
            effects: core::mem::take(&mut self.effects),
            wake: self.wake,
            reply,
            skipped: core::mem::take(&mut self.skipped),
        }
    }

    fn take_input(&mut self, now: u64, input: Input) -> Option<Result<Reply, CommandError>> {
        match input {
            Input::Resume => {
                self.notified.clear();
                self.session.wished = false;
            }
            // The relay speaks first.
            Input::Connected | Input::Disconnected => self.disconnected(),
            Input::Received(frames) => frames.iter().for_each(|frame| self.frame(now, frame)),
            Input::Tick => {}
            Input::Command(command) => return Some(self.execute(now, command)),
            Input::Shown(notice) => self.shown(notice),
            Input::Platform(platform) => self.platform(platform),
            Input::Pushed { push, in_sight, arrived_at } => {
                let arrival = Arrival { at: arrived_at.unwrap_or(now).min(now), in_sight };
                return Some(Ok(Reply::Pushed(self.pushed(now, &push, arrival))));
            }
        }
        None
    }

    fn shown(&mut self, notice: NoticeId) {
        if notice.kind == NoticeKind::Unread {
            return self.unread_shown();
        }
        let Some(incident) = self.incidents.get_mut(&notice.incident) else { return };
        let shown = if notice.kind.is_said() { &mut incident.shown_said } else { &mut incident.shown };
        if notice.kind.follows(*shown) {
            *shown = Some(notice.kind);
            self.mark(Row::Incident(notice.incident));
        }
    }
}
