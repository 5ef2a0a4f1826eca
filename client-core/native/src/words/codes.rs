//! Every code that needs words, as stable words. The `match` of each list is exhaustive: a code
//! that is added and forgotten here does not compile.

use campana_core::CommandError;
use campana_core::turn::NoticeKind;
use campana_core::view::{AlertsState, BellDuty, PersonState, Stage, Status, Warning};
use campana_protocol::governance::Role;
use campana_protocol::report::{
    Activity, Equipment, Finding, FollowUpKind, Method, Setting, Size, Unit, When,
};

use crate::device::DeviceError;
use crate::store::StoreError;
use crate::vault::VaultError;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident($type:ty), $all:ident { $($pattern:pat => $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[must_use]
        pub const fn $name(code: $type) -> &'static str {
            match code { $($pattern => $word),+ }
        }

        const $all: &[&str] = &[$($word),+];
    };
}

words! {
    /// The word of a status.
    status(Status), STATUSES {
        Status::WaitingToSend => "waiting-to-send", Status::Sent => "sent", Status::Unverified => "unverified",
        Status::NotConfirmed => "not-confirmed", Status::OtherAgency => "other-agency",
        Status::Unverifiable => "unverifiable", Status::Verified => "verified",
        Status::FalseAlarm => "false-alarm", Status::AllClear => "all-clear",
    }
}
words! {
    /// The word of a stage.
    stage(Stage), STAGES {
        Stage::Nowhere => "nowhere", Stage::Founding => "founding", Stage::Waiting => "waiting",
        Stage::InviteExpired => "invite-expired", Stage::InviteRevoked => "invite-revoked",
        Stage::Declined => "declined", Stage::Member => "member", Stage::Removed => "removed",
        Stage::InvitationRefused => "invitation-refused",
    }
}
words! {
    /// The word of a person's state.
    person(PersonState), PEOPLE {
        PersonState::Waiting => "waiting", PersonState::Admitting => "admitting", PersonState::Member => "member",
        PersonState::Declined => "declined", PersonState::Removed => "removed",
    }
}
words! {
    /// The word of whether a device is rung for reports.
    bell(BellDuty), BELLS {
        BellDuty::Off => "off", BellDuty::OnCall => "on-call", BellDuty::Cover => "cover",
    }
}
words! {
    /// The word of how alerts stand.
    alerts(AlertsState), ALERTS {
        AlertsState::Unavailable => "unavailable", AlertsState::Unsupported => "unsupported",
        AlertsState::NeedsInstall => "needs-install", AlertsState::Blocked => "blocked",
        AlertsState::Off => "off", AlertsState::TurningOn => "turning-on", AlertsState::Stopped => "stopped",
        AlertsState::Refused => "refused", AlertsState::Untested => "untested", AlertsState::Unproved => "unproved", AlertsState::On => "on",
    }
}
words! {
    /// The word of a warning.
    warning(Warning), WARNINGS {
        Warning::ClockOff => "clock-off", Warning::RolledBack => "rolled-back", Warning::Behind => "behind", Warning::Forked => "forked",
        Warning::ForgedAlert => "forged-alert", Warning::SingleCommittee => "single-committee",
        Warning::LockedOut => "locked-out", Warning::OwnerReplaced => "owner-replaced",
        Warning::Refused => "refused", Warning::UpdateNeeded => "update-needed", Warning::RelayFull => "relay-full",
        Warning::AlertRefused => "alert-refused", Warning::RelayRestored => "relay-restored", Warning::LogLost => "log-lost",
        Warning::Unread => "unread", Warning::Astray => "astray",
    }
}
words! {
    /// The word of a notice.
    notice(NoticeKind), NOTICES {
        NoticeKind::Report => "report", NoticeKind::Alert => "alert", NoticeKind::Drill => "drill",
        NoticeKind::FalseAlarm => "false-alarm", NoticeKind::AllClear => "all-clear",
        NoticeKind::SaidFalseAlarm => "said-false-alarm", NoticeKind::SaidAllClear => "said-all-clear",
        NoticeKind::Unread => "unread",
    }
}
/// The key of every code's message.
#[must_use]
pub fn keys() -> Vec<String> {
    fn of<T: Copy>(kind: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Vec<String> {
        all.iter().map(|code| format!("{kind}-{}", word(*code))).collect()
    }
    let same = |word| word;
    [
        of("size", Size::ALL, Size::word),
        of("activity", Activity::ALL, Activity::word),
        of("setting", Setting::ALL, Setting::word),
        of("unit", Unit::ALL, Unit::word),
        of("when", When::ALL, When::word),
        of("equipment", Equipment::ALL, Equipment::word),
        of("finding", Finding::ALL, Finding::word),
        of("method", Method::ALL, Method::word),
        of("headline", FollowUpKind::ALL, FollowUpKind::word),
        of("said", FollowUpKind::ALL, FollowUpKind::word),
        of("role", &Role::ALL, Role::word),
        of("role", &["committee", "none"], same),
        of("headline", STATUSES, same),
        of("drill", STATUSES, same),
        of("stage", STAGES, same),
        of("person", PEOPLE, same),
        of("alerts", ALERTS, same),
        of("oncall", BELLS, same),
        of("warning", WARNINGS, same),
        of("notice", NOTICES, same),
        of("lost", crate::edge::Lost::WORDS, same),
        of("waiting", crate::cli::ask::Cause::WORDS, same),
        of("stale", crate::cli::ask::Cause::WORDS, same),
        of("not-waiting", PEOPLE, same),
        of("error", CommandError::WORDS, same),
        of("error", StoreError::WORDS, same),
        of("error", VaultError::WORDS, same),
        of("error", DeviceError::WORDS, same),
        of("error", crate::cli::failure::WORDS, same),
    ]
    .concat()
}
