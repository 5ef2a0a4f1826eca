//! What a person or script can ask of the core, and the answers.

use campana_protocol::event::Duty;
use campana_protocol::governance::Role;
use campana_protocol::id::{Hash, IncidentId, InviteId, PublicKey};
use campana_protocol::link::LinkError;
use campana_protocol::report::{
    Activity, Equipment, Finding, FollowUpKind, Method, Setting, Size, Unit, When,
};

use crate::turn::Pushed;
use crate::view::DraftTrouble;

/// What a person or script can ask.
#[derive(Debug, Clone)]
pub enum Command {
    /// Starts a network with this device as its founder.
    Start {
        /// The operator's link.
        link: String,
        /// The network's name.
        name: String,
        /// Committee devices (n), this one included.
        committee_size: u8,
        /// Signatures a statement needs (k).
        threshold: u8,
        /// Confirmations that verify a report.
        verify_threshold: u8,
    },
    /// Makes an invite.
    Invite {
        /// How long it lasts, milliseconds.
        lifetime_ms: u64,
        /// For committee devices, while the network is being founded.
        committee: bool,
    },
    /// Revokes an invite: later requests with it are refused.
    RevokeInvite(InviteId),
    /// Asks to join with an invite.
    Join {
        /// The invite's link.
        link: String,
        /// What the committee calls this person.
        handle: String,
    },
    /// Leaves the waiting room, or what is left of a membership that ended.
    Cancel,
    /// Admits people who wait.
    Admit(Who),
    /// Declines people who wait.
    Decline(Who),
    /// Drafts a statement that grants a role, signed by this device.
    Grant {
        /// To whom.
        person: PublicKey,
        /// Which.
        role: Role,
    },
    /// Drafts a statement that takes a role back.
    Revoke {
        /// From whom.
        person: PublicKey,
        /// Which.
        role: Role,
    },
    /// Drafts a statement that ends a membership.
    Remove {
        /// Whose.
        person: PublicKey,
    },
    /// Drafts a statement that changes the zones.
    ChangeZones(Vec<ZoneChange>),
    /// Signs a draft.
    Approve(Hash),
    /// Withdraws a draft of this device, or takes this device's signature on another's back.
    Withdraw(Hash),
    /// Drafts that the network goes on under this version's rules
    /// ([`campana_protocol::governance::RULES`]).
    RaiseRules,
    /// Dismisses alerts that this device could not read: its owner knows of them.
    DismissUnread,
    /// Reports what is seen.
    Report(ReportForm),
    /// Signs what was found about a report.
    Attest {
        /// Which report.
        incident: IncidentId,
        /// What was found.
        finding: Finding,
        /// How it was checked.
        method: Method,
    },
    /// Follows up on an alert: false alarm or all clear.
    FollowUp {
        /// Which alert.
        incident: IncidentId,
        /// What follows.
        kind: FollowUpKind,
    },
    /// Puts away what was forged, or that a log was forked: the warning comes back with the next one.
    Dismiss(Suspicious),
    /// Turns this device's alerts on or off.
    Alerts(bool),
    /// Has this device ring when a report comes, or no longer.
    OnCall {
        /// How.
        duty: Duty,
        /// From this minute of the day, where the device is.
        from: u16,
        /// To this one; the same: all day.
        to: u16,
    },
    /// Asks for a push to this device alone, to see it arrive.
    TestAlerts {
        /// Time to lock the phone first, milliseconds.
        delay_ms: u32,
    },
}

/// A warning that its reader can put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicious {
    /// Something claimed to be an alert.
    ForgedAlert,
    /// Two logs.
    Forked,
}

impl Suspicious {
    /// From the stable word of its warning.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "forged-alert" => Some(Self::ForgedAlert),
            "forked" => Some(Self::Forked),
            _ => None,
        }
    }
}

/// One change of the zones. A zone keeps its number for ever: reports name it by that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneChange {
    /// A new one, with the next number.
    Add(String),
    /// Another name for the same place.
    Rename {
        /// Which.
        code: u16,
        /// Its name from now on.
        name: String,
    },
    /// No longer to choose from; what was reported there keeps its name.
    Retire(u16),
    /// To choose from again.
    Restore(u16),
}

/// Whom an [`Command::Admit`] or [`Command::Decline`] means.
#[derive(Debug, Clone)]
pub enum Who {
    /// Everybody who waits.
    Everybody,
    /// These.
    These(Vec<PublicKey>),
}

/// A report as a person fills it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportForm {
    /// A drill.
    pub drill: bool,
    /// How many agents.
    pub size: Size,
    /// What they are doing.
    pub activities: Vec<Activity>,
    /// What kind of place.
    pub setting: Setting,
    /// Which zone (0: none).
    pub zone: u16,
    /// Markings.
    pub units: Vec<Unit>,
    /// When.
    pub when: When,
    /// Equipment.
    pub equipment: Vec<Equipment>,
    /// Words for those who verify.
    pub words: String,
}

/// A command's answer. What it asks for may still be on its way: the view tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Accepted; it is in the outbox.
    Accepted,
    /// An invite was made.
    Invite {
        /// Its id, to revoke it.
        id: InviteId,
        /// Its link; secret.
        link: String,
    },
    /// A draft waits for signatures.
    Draft(Hash),
    /// A report was made.
    Incident(IncidentId),
    /// So many people were meant.
    People(usize),
    /// What a push was about.
    Pushed(Pushed),
}

/// Why a command was not accepted. Nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The link is not one.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// This device is in a network already.
    #[error("this device belongs to a network already: use another store for another network")]
    AlreadyInANetwork,
    /// This device is in no network.
    #[error("this device is in no network yet: start one or join one")]
    NotInANetwork,
    /// Still waiting to be admitted.
    #[error("not admitted yet: wait for the committee")]
    NotAdmitted,
    /// Only the committee may.
    #[error("only a committee device can do this")]
    NotCommittee,
    /// The committee is not complete yet.
    #[error("the committee is not complete yet: let its other devices join first")]
    NotConstituted,
    /// The committee is complete.
    #[error("the committee is complete: committee invites are only for founding")]
    Constituted,
    /// Only this role may.
    #[error("only a {} can do this", .0.word())]
    NeedsRole(Role),
    /// k, n or the verification threshold make no sense.
    #[error("thresholds must satisfy 1 <= k <= n <= 16 and 1 <= confirmations <= 8")]
    BadThreshold,
    /// Too long or empty.
    #[error("a name must have 1 to 64 characters")]
    BadName,
    /// Too many words or zones.
    #[error("too long: shorten it")]
    TooLong,
    /// Nobody such.
    #[error("nobody with this key is known here")]
    UnknownPerson,
    /// No such invite.
    #[error("no such invite")]
    UnknownInvite,
    /// No such draft, or it is done.
    #[error("no such draft, or it has been decided")]
    UnknownDraft,
    /// This device does not sign it.
    #[error("this device does not sign this draft: its screen can't vouch for what it does")]
    DraftTrouble(DraftTrouble),
    /// Nothing of this device's to take back.
    #[error("this device has not signed this draft")]
    NotSigned,
    /// No such zone.
    #[error("no zone with this number")]
    UnknownZone,
    /// No such incident.
    #[error("no such incident on this device")]
    UnknownIncident,
    /// The same person can't verify what they reported.
    #[error("whoever reported can't verify the same report")]
    OwnReport,
    /// Done already.
    #[error("this has been done already")]
    AlreadyDone,
    /// Not in this state of the incident.
    #[error("only a verified alert can be followed up")]
    NotAnAlert,
    /// Beyond what this version follows.
    #[error("a newer version of the app is needed: update it, then try again")]
    UpdateNeeded,
    /// The relay's clock and this device's are apart.
    #[error(
        "this device's clock is off by more than five minutes: set it, or say it again to sign with the relay's time"
    )]
    ClockOff,
    /// Alerts are not on.
    #[error("alerts are not on: turn them on first")]
    AlertsOff,
    /// A fault of this program; nothing changed.
    #[error("internal fault: nothing was changed; please report it")]
    Bug,
}

macro_rules! words {
    ($($pattern:pat => $word:literal),+ $(,)?) => {
        impl CommandError {
            /// Every word, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The stable word for scripts and message keys.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $($pattern => $word),+ }
            }
        }
    };
}

words! {
    Self::Link(LinkError::NotALink) => "link-not-a-link",
    Self::Link(LinkError::Bare) => "link-bare",
    Self::Link(LinkError::Damaged) => "link-damaged",
    Self::Link(LinkError::CutShort) => "link-cut-short",
    Self::Link(LinkError::NoAddress) => "link-no-address",
    Self::Link(LinkError::OtherKind) => "link-other-kind",
    Self::Link(LinkError::Several) => "link-several",
    Self::AlreadyInANetwork => "already-in-a-network",
    Self::NotInANetwork => "not-in-a-network",
    Self::NotAdmitted => "not-admitted",
    Self::NotCommittee => "not-committee",
    Self::NotConstituted => "not-constituted",
    Self::Constituted => "constituted",
    Self::NeedsRole(_) => "needs-role",
    Self::BadThreshold => "bad-threshold",
    Self::BadName => "bad-name",
    Self::TooLong => "too-long",
    Self::UnknownPerson => "unknown-person",
    Self::UnknownInvite => "unknown-invite",
    Self::UnknownDraft => "unknown-draft",
    Self::DraftTrouble(DraftTrouble::UpdateNeeded) => "draft-update-needed",
    Self::DraftTrouble(DraftTrouble::Desk) => "draft-desk",
    Self::DraftTrouble(DraftTrouble::OtherLeaf) => "draft-other-leaf",
    Self::DraftTrouble(DraftTrouble::Stranger) => "draft-stranger",
    Self::NotSigned => "not-signed",
    Self::UnknownZone => "unknown-zone",
    Self::UnknownIncident => "unknown-incident",
    Self::OwnReport => "own-report",
    Self::AlreadyDone => "already-done",
    Self::NotAnAlert => "not-an-alert",
    Self::UpdateNeeded => "update-needed",
    Self::ClockOff => "clock-off",
    Self::AlertsOff => "alerts-off",
    Self::Bug => "bug",
}
