//! The desk's bell (docs/PUSH.md): whether this device's owner is on call, what is registered for the
//! desk's mailbox, and who else at the desk says that their phone rings.

use campana_derive::{Decode, Encode};
use campana_protocol::event::{Duty, Event, OnCall};
use campana_protocol::frame::{Class, ClientFrame};
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::id::{Hash, IncidentId, MailboxId, PublicKey, RegistrationId};
use campana_protocol::limits::{PROOF_MS, REGISTRATION_TTL_MS};

use super::Alerts;
use crate::command::{CommandError, Reply};
use crate::core::Core;
use crate::incident::Incident;
use crate::limits::{
    DAY_MINUTES, MAX_COLLEAGUES, ON_CALL_TEST_DELAY, PROOF_NEWS, RENEW_AFTER, RING_PAUSE, RING_PAUSE_LAST,
    SAID_TTL, WORDS_TTL,
};
use crate::rows::Row;
use crate::session::Asked;
use crate::sorted::Set;
use crate::turn::Permission;
use crate::view::{BellDuty, DeskView};

/// What a device keeps of it.
#[derive(Clone, Default, Encode, Decode)]
pub(super) struct Bell {
    /// The owner's switch, and its hours in minutes of the day where the device is.
    #[n(0)]
    duty: Duty,
    #[n(1)]
    from: u16,
    #[n(2)]
    to: u16,
    #[n(3)]
    registered: Option<Registered>,
    /// What the desk was last told, when, and how many there were to hear it.
    #[n(4)]
    said: Option<Said>,
    /// What each at the desk has said last; this device too.
    #[n(5)]
    colleagues: Vec<Colleague>,
}

/// What the relay was last told, and has taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Registered {
    #[n(0)]
    mailbox: MailboxId,
    #[n(1)]
    registration: RegistrationId,
    #[n(2)]
    at: u64,
    #[n(3)]
    subscription: Hash,
    #[n(4)]
    proved_at: u64,
    #[n(5)]
    cover: bool,
}

#[derive(Clone, Encode, Decode)]
struct Said {
    #[n(0)]
    what: OnCall,
    #[n(1)]
    at: u64,
    #[n(2)]
    heard_by: u32,
}

#[derive(Clone, Encode, Decode)]
struct Colleague {
    #[n(0)]
    key: PublicKey,
    #[n(1)]
    what: OnCall,
    #[n(2)]
    at: u64,
}

impl Alerts {
    /// The relay pushes to this device when a report comes, as far as it has said.
    fn on_the_bell(&self, now: u64) -> bool {
        self.wanted
            && self.platform.permission == Permission::Granted
            && self.bell.registered.is_some_and(|known| {
                now < known.at.saturating_add(REGISTRATION_TTL_MS)
                    && Some(known.subscription) == self.digest()
            })
    }

    /// It rings now: its owner is on call, and these are the hours.
    fn bell_rings(&self, now: u64) -> bool {
        let here = now.saturating_add_signed(i64::from(self.platform.utc_offset) * 60_000);
        self.bell.duty == Duty::OnCall && within(self.bell.from, self.bell.to, here)
    }

    /// What its owner's colleagues are to know.
    fn on_call(&self, now: u64) -> OnCall {
        let utc = |minute: u16| {
            let minute = i32::from(minute) - i32::from(self.platform.utc_offset);
            // A day has 1,440 minutes.
            u16::try_from(minute.rem_euclid(i32::from(DAY_MINUTES))).unwrap_or(0)
        };
        let duty = if self.on_the_bell(now) { self.bell.duty } else { Duty::Off };
        OnCall { duty, from: utc(self.bell.from), to: utc(self.bell.to), proved_at: self.proof() }
    }

    /// What was registered and said belongs to the desk that this device has left.
    pub(crate) fn leave_the_desk(&mut self) {
        self.bell = Bell { duty: self.bell.duty, from: self.bell.from, to: self.bell.to, ..Bell::default() };
    }
}

impl Core {
    /// The owner goes on call, or off; in these hours.
    pub(crate) fn want_bell(
        &mut self,
        now: u64,
        duty: Duty,
        from: u16,
        to: u16,
    ) -> Result<Reply, CommandError> {
        self.membership().ok_or(CommandError::NotInANetwork)?;
        if duty != Duty::Off {
            if !self.may_verify() {
                return Err(CommandError::NeedsRole(Role::Verifier));
            }
            if self.alerts.registered.is_none() {
                return Err(CommandError::AlertsOff);
            }
        }
        let bell = &mut self.alerts.bell;
        let turned_on = bell.duty == Duty::Off && duty != Duty::Off;
        (bell.duty, bell.from, bell.to) = (duty, from.min(DAY_MINUTES - 1), to.min(DAY_MINUTES - 1));
        self.mark(Row::Alerts);
        // Whether the phone rings while it is locked is found out now and not at three in the morning.
        if turned_on { self.test_alerts(now, ON_CALL_TEST_DELAY) } else { Ok(Reply::Accepted) }
    }

    /// What state owes the relay and the desk.
    pub(super) fn bell_duty(&mut self, now: u64) {
        self.send_bell(now);
        self.say_on_call(now);
    }

    fn send_bell(&mut self, now: u64) {
        let asked = |asked: &Asked| matches!(asked, Asked::Bell(_) | Asked::EndBell);
        if self.session.bell_unknown || self.session.asked_for(asked) {
            return;
        }
        let Some(mailbox) = self.channels.get(&ChannelKind::Desk).map(|desk| desk.governance.desk().mailbox)
        else {
            return;
        };
        let alerts = &self.alerts;
        let (known, subscription) = (alerts.bell.registered, alerts.digest());
        let refused = subscription.is_some() && alerts.refused == subscription;
        let wanted = alerts.wanted && alerts.bell.duty != Duty::Off && self.may_verify();
        let (Some(digest), true) = (subscription.filter(|_| !refused && !alerts.has_ended()), wanted) else {
            if let Some(Registered { mailbox, registration, .. }) = known {
                if self.session.mailboxes.contains(&mailbox) {
                    let request = self.session.ask(Asked::EndBell);
                    self.send(&ClientFrame::UnregisterMailbox { request, mailbox, registration });
                } else {
                    // The desk has moved, and nobody posts there any more.
                    self.alerts.bell.registered = None;
                    self.mark(Row::Alerts);
                }
            }
            return;
        };
        // Its reader's key is on its way to the relay, or has been proved.
        if !self.session.mailboxes.contains(&mailbox) {
            return;
        }
        let (cover, proved_at) = (alerts.bell.duty == Duty::Cover, alerts.proof());
        let same = known.filter(|known| known.mailbox == mailbox);
        let fresh = same.is_some_and(|known| {
            known.subscription == digest
                && known.cover == cover
                && (known.at..known.at.saturating_add(RENEW_AFTER)).contains(&now)
                && proved_at < known.proved_at.saturating_add(PROOF_NEWS)
        });
        if fresh && self.session.bell_stands {
            return known.into_iter().for_each(|known| self.wake_at(known.at.saturating_add(RENEW_AFTER)));
        }
        let Some(made) = self.alerts.platform.subscription.clone() else { return };
        let registration = match same {
            Some(known) => known.registration,
            None => RegistrationId(self.random.bytes()),
        };
        let told = Registered { mailbox, registration, at: now, subscription: digest, proved_at, cover };
        let request = self.session.ask(Asked::Bell(told));
        let subscription = made.subscription;
        self.send(&ClientFrame::RegisterMailbox {
            request,
            mailbox,
            registration,
            subscription,
            proved_at,
            cover,
        });
    }

    /// The desk hears of a change, and once a day; whoever is new there hears it too.
    fn say_on_call(&mut self, now: u64) {
        let what = self.alerts.on_call(now);
        let Some(desk) = self.channels.get(&ChannelKind::Desk).filter(|desk| !desk.meta.lost) else { return };
        let heard_by = u32::try_from(desk.group.len()).unwrap_or(u32::MAX);
        let owed = match &self.alerts.bell.said {
            None => what.duty != Duty::Off,
            Some(said) if said.what.duty == Duty::Off && what.duty == Duty::Off => false,
            Some(said) => {
                let news = what.proved_at >= said.what.proved_at.saturating_add(PROOF_NEWS);
                let same = OnCall { proved_at: 0, ..what } == OnCall { proved_at: 0, ..said.what };
                let daily = !(said.at..said.at.saturating_add(RENEW_AFTER)).contains(&now);
                !same || news || daily || heard_by > said.heard_by
            }
        };
        if !owed || !self.caught_up(ChannelKind::Desk) || !self.may_verify() && what.duty != Duty::Off {
            return;
        }
        self.alerts.bell.said = Some(Said { what, at: now, heard_by });
        self.mark(Row::Alerts);
        self.say(ChannelKind::Desk, &Event::OnCall(what), Class::Update);
    }

    /// Somebody at the desk says how it is with their phone.
    pub(crate) fn on_call_event(&mut self, now: u64, from: Option<PublicKey>, what: OnCall) {
        let Some(key) = from else { return };
        let colleagues = &mut self.alerts.bell.colleagues;
        colleagues.retain(|known| known.key != key);
        if what.duty != Duty::Off {
            if colleagues.len() >= MAX_COLLEAGUES {
                colleagues.remove(0);
            }
            // No phone was reached in the time to come.
            let what = OnCall { proved_at: what.proved_at.min(now), ..what };
            colleagues.push(Colleague { key, what, at: now });
        }
        self.mark(Row::Alerts);
    }

    pub(super) fn bell_done(&mut self, asked: &Asked) {
        match asked {
            Asked::Bell(told) => {
                self.session.bell_stands = true;
                self.alerts.bell.registered = Some(*told);
            }
            _ => self.alerts.bell.registered = None,
        }
    }

    pub(super) fn bell_refused(&mut self, code: campana_protocol::code::Code) {
        use campana_protocol::code::{Action, Code};
        match code {
            // The push service has ended it: what is subscribed next is registered under another id.
            Code::SubscriptionEnded => {}
            // Without it the desk's app has to be open, as it was before there was a bell.
            _ if code.action() == Action::Update => self.session.bell_unknown = true,
            // Not on this connection.
            _ => self.session.bell_unknown = true,
        }
        self.alerts.bell.registered = None;
    }

    /// Whether a report still waits for anybody at the desk to answer.
    pub(crate) fn waits(&self, now: u64, incident: &Incident) -> bool {
        incident.at_desk
            && incident.alert.is_none()
            && incident.attestations.is_empty()
            && incident.public.is_some()
            && !incident.past
            && now.saturating_sub(self.own_time(incident.received_at)) < WORDS_TTL
    }

    /// Reports that make noise: of each reporter's that nobody has answered one a minute, then one in 2,
    /// 4, 8 and 15 minutes. Whoever floods the desk drowns their own alone.
    pub(crate) fn loud_reports(&self, now: u64) -> Set<IncidentId> {
        let mut waiting: Vec<(Option<PublicKey>, u64, IncidentId)> = self
            .incidents
            .values()
            .filter(|incident| self.waits(now, incident))
            .map(|incident| (incident.reporter, incident.received_at, incident.id))
            .collect();
        waiting.sort_unstable();
        let mut loud = Set::new();
        let mut last: Option<(Option<PublicKey>, u64, u64)> = None;
        for (reporter, at, id) in waiting {
            let before = last.filter(|(known, ..)| *known == reporter);
            let pause = match before {
                Some((_, rang_at, pause)) if at < rang_at.saturating_add(pause) => continue,
                Some((_, _, pause)) => (pause * 2).min(RING_PAUSE_LAST),
                None => RING_PAUSE,
            };
            last = Some((reporter, at, pause));
            loud.insert(id);
        }
        loud
    }

    /// For the desk and the committee.
    pub(crate) fn desk_view(&self, now: u64) -> Option<DeskView> {
        let governance = &self.channels.get(&ChannelKind::Desk)?.governance;
        let bell = &self.alerts.bell;
        let current = bell.colleagues.iter().filter(|known| {
            let holds = |role| governance.holds(&known.key, role);
            (holds(Role::Verifier) || holds(Role::Dispatcher)) && now.saturating_sub(known.at) < SAID_TTL
        });
        let on_call = current
            .clone()
            .filter(|known| known.what.duty == Duty::OnCall && within(known.what.from, known.what.to, now));
        let proved = |known: &&Colleague| {
            known.what.proved_at > 0 && now.saturating_sub(known.what.proved_at) < PROOF_MS
        };
        Some(DeskView {
            duty: match bell.duty {
                Duty::Off => BellDuty::Off,
                Duty::OnCall => BellDuty::OnCall,
                Duty::Cover => BellDuty::Cover,
            },
            from: bell.from,
            to: bell.to,
            registered: self.alerts.on_the_bell(now),
            rings: self.alerts.bell_rings(now),
            may: self.may_verify(),
            proved: on_call.clone().filter(proved).count(),
            on_call: on_call.count(),
            waiting: self.incidents.values().filter(|incident| self.waits(now, incident)).count(),
        })
    }
}

/// Whether a time is within hours; the same minute twice is all day.
fn within(from: u16, to: u16, at: u64) -> bool {
    // Less than a day's minutes.
    let minute = u16::try_from(at / 60_000 % u64::from(DAY_MINUTES)).unwrap_or(0);
    match (from, to) {
        _ if from == to => true,
        _ if from < to => (from..to).contains(&minute),
        _ => minute >= from || minute < to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_pass_midnight_and_the_same_twice_is_all_day() {
        let at = |hour: u64, minute: u64| (hour * 60 + minute) * 60_000;
        assert!((0..24).all(|hour| within(0, 0, at(hour, 0)) && within(600, 600, at(hour, 59))));
        assert!(within(9 * 60, 17 * 60, at(9, 0)) && !within(9 * 60, 17 * 60, at(17, 0)));
        let night = |hour, minute| within(22 * 60, 7 * 60, at(hour, minute));
        assert!(night(22, 0) && night(3, 0) && night(6, 59) && !night(7, 0) && !night(21, 59));
    }
}
