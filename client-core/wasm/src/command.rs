//! Commands as the shell writes them: ids are base64url text, codes their stable words.

use campana_core::Command as CoreCommand;
use campana_core::command::{ReportForm, Suspicious, Who as CoreWho, ZoneChange as CoreZoneChange};
use campana_protocol::event::Duty;
use campana_protocol::governance::Role;
use campana_protocol::id::{Hash, IncidentId, InviteId, PublicKey};
use campana_protocol::report::{
    Activity, Equipment, Finding, FollowUpKind, Method, Setting, Size, Unit, When,
};
use serde::Deserialize;
use tsify::Tsify;

/// Why a command was not understood: a stable word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused(pub(crate) &'static str);

impl Refused {
    pub(crate) const UNKNOWN_ID: Self = Self("unknown-id");
    pub(crate) const UNKNOWN_CODE: Self = Self("unknown-code");
}

/// What a person can ask.
#[derive(Deserialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Starts a network with this device as its founder.
    Start {
        /// The operator's link.
        link: String,
        /// The network's name.
        name: String,
        /// Committee devices (n).
        committee_size: u8,
        /// Signatures a statement needs (k).
        threshold: u8,
        /// Confirmations that verify a report.
        verify_threshold: u8,
    },
    /// Makes an invite.
    Invite {
        /// How long it lasts, milliseconds.
        lifetime_ms: f64,
        /// For committee devices.
        committee: bool,
    },
    /// Revokes an invite.
    RevokeInvite(String),
    /// Asks to join.
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
    /// Drafts a grant.
    Grant {
        /// To whom.
        person: String,
        /// Which role.
        role: String,
    },
    /// Drafts a revocation.
    Revoke {
        /// From whom.
        person: String,
        /// Which role.
        role: String,
    },
    /// Drafts the end of a membership.
    Remove {
        /// Whose.
        person: String,
    },
    /// Drafts changes of the zones.
    ChangeZones(Vec<ZoneChange>),
    /// Drafts the hotline's telephone number; empty: none any more.
    SetHotline(String),
    /// Signs a draft.
    Approve(String),
    /// Withdraws an own draft, or takes the own signature on another's back.
    Withdraw(String),
    /// Drafts that the network goes on under this version's rules.
    RaiseRules,
    /// Dismisses alerts that this device could not read.
    DismissUnread,
    /// Reports what is seen.
    Report(Form),
    /// Signs what was found.
    Attest {
        /// Which report.
        incident: String,
        /// What was found.
        finding: String,
        /// How it was checked.
        method: String,
    },
    /// False alarm or all clear.
    FollowUp {
        /// Which alert.
        incident: String,
        /// What follows.
        kind: String,
    },
    /// Puts a warning away that can be: `forged-alert` or `forked`.
    Dismiss(String),
    /// Turns this device's alerts on or off.
    Alerts(bool),
    /// Has this device ring when a report comes, or no longer.
    OnCall {
        /// `off`, `on-call` or `cover`.
        duty: String,
        /// From this minute of the day, where the device is.
        from: u16,
        /// To this one; the same: all day.
        to: u16,
    },
    /// Asks for a push to this device, to see it arrive.
    TestAlerts {
        /// Time to lock the phone first, milliseconds.
        delay_ms: u32,
    },
}

/// One change of the zones.
#[derive(Deserialize, Tsify)]
#[serde(rename_all = "kebab-case")]
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
    /// No longer to choose from.
    Retire(u16),
    /// To choose from again.
    Restore(u16),
}

/// Whom an admission means.
#[derive(Deserialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Everybody who waits.
    Everybody,
    /// These keys.
    These(Vec<String>),
}

/// A report as a person fills it in.
#[derive(Deserialize, Tsify)]
pub struct Form {
    drill: bool,
    size: String,
    activities: Vec<String>,
    setting: String,
    /// 0: none.
    zone: u16,
    units: Vec<String>,
    when: String,
    equipment: Vec<String>,
    words: String,
}

impl Command {
    pub(crate) fn understand(self) -> Result<CoreCommand, Refused> {
        Ok(match self {
            Self::Start { link, name, committee_size, threshold, verify_threshold } => {
                CoreCommand::Start { link, name, committee_size, threshold, verify_threshold }
            }
            Self::Invite { lifetime_ms, committee } => {
                CoreCommand::Invite { lifetime_ms: crate::milliseconds(lifetime_ms), committee }
            }
            Self::RevokeInvite(id) => CoreCommand::RevokeInvite(known(InviteId::parse(&id))?),
            Self::Join { link, handle } => CoreCommand::Join { link, handle },
            Self::Cancel => CoreCommand::Cancel,
            Self::Admit(who) => CoreCommand::Admit(who.understand()?),
            Self::Decline(who) => CoreCommand::Decline(who.understand()?),
            Self::Grant { person, role } => {
                CoreCommand::Grant { person: person_of(&person)?, role: code(Role::from_word(&role))? }
            }
            Self::Revoke { person, role } => {
                CoreCommand::Revoke { person: person_of(&person)?, role: code(Role::from_word(&role))? }
            }
            Self::Remove { person } => CoreCommand::Remove { person: person_of(&person)? },
            Self::ChangeZones(changes) => {
                CoreCommand::ChangeZones(changes.into_iter().map(ZoneChange::understand).collect())
            }
            Self::SetHotline(telephone) => CoreCommand::SetHotline(telephone),
            Self::DismissUnread => CoreCommand::DismissUnread,
            Self::RaiseRules => CoreCommand::RaiseRules,
            Self::Approve(id) => CoreCommand::Approve(known(Hash::parse(&id))?),
            Self::Withdraw(id) => CoreCommand::Withdraw(known(Hash::parse(&id))?),
            Self::Report(form) => CoreCommand::Report(form.understand()?),
            Self::Attest { incident, finding, method } => CoreCommand::Attest {
                incident: known(IncidentId::parse(&incident))?,
                finding: code(Finding::from_word(&finding))?,
                method: code(Method::from_word(&method))?,
            },
            Self::FollowUp { incident, kind } => CoreCommand::FollowUp {
                incident: known(IncidentId::parse(&incident))?,
                kind: code(FollowUpKind::from_word(&kind))?,
            },
            Self::Dismiss(warning) => CoreCommand::Dismiss(code(Suspicious::from_word(&warning))?),
            Self::Alerts(wanted) => CoreCommand::Alerts(wanted),
            Self::OnCall { duty, from, to } => CoreCommand::OnCall { duty: code(duty_of(&duty))?, from, to },
            Self::TestAlerts { delay_ms } => CoreCommand::TestAlerts { delay_ms },
        })
    }
}

impl ZoneChange {
    fn understand(self) -> CoreZoneChange {
        match self {
            Self::Add(name) => CoreZoneChange::Add(name),
            Self::Rename { code, name } => CoreZoneChange::Rename { code, name },
            Self::Retire(code) => CoreZoneChange::Retire(code),
            Self::Restore(code) => CoreZoneChange::Restore(code),
        }
    }
}

impl Who {
    fn understand(self) -> Result<CoreWho, Refused> {
        Ok(match self {
            Self::Everybody => CoreWho::Everybody,
            Self::These(keys) => {
                CoreWho::These(keys.iter().map(|key| person_of(key)).collect::<Result<_, _>>()?)
            }
        })
    }
}

impl Form {
    fn understand(self) -> Result<ReportForm, Refused> {
        Ok(ReportForm {
            drill: self.drill,
            size: code(Size::from_word(&self.size))?,
            activities: codes(&self.activities, Activity::from_word)?,
            setting: code(Setting::from_word(&self.setting))?,
            zone: self.zone,
            units: codes(&self.units, Unit::from_word)?,
            when: code(When::from_word(&self.when))?,
            equipment: codes(&self.equipment, Equipment::from_word)?,
            words: self.words,
        })
    }
}

fn duty_of(word: &str) -> Option<Duty> {
    match word {
        "off" => Some(Duty::Off),
        "on-call" => Some(Duty::OnCall),
        "cover" => Some(Duty::Cover),
        _ => None,
    }
}

fn person_of(key: &str) -> Result<PublicKey, Refused> {
    known(PublicKey::parse(key))
}

fn known<T>(id: Option<T>) -> Result<T, Refused> {
    id.ok_or(Refused::UNKNOWN_ID)
}

fn code<T>(code: Option<T>) -> Result<T, Refused> {
    code.ok_or(Refused::UNKNOWN_CODE)
}

fn codes<T>(words: &[String], from_word: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Refused> {
    words.iter().map(|word| code(from_word(word))).collect()
}
