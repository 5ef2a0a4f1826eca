//! Rings that are due later (docs/PUSH.md): a report that nobody answers rings the desk again. Whoever
//! reads it first has the relay hold a ring, whoever answers withdraws it; the relay sees to it that
//! there is one.

use campana_protocol::frame::{ClientFrame, Secret, Subject};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{IncidentId, hash};
use campana_protocol::push::ring_id;

use crate::core::Core;
use crate::limits::{ANSWER_IN, HOLD_FOR};
use crate::session::Asked;

impl Core {
    pub(super) fn hold_duty(&mut self, now: u64) {
        if self.session.bell_unknown || !self.may_verify() {
            return;
        }
        let Some(mailbox) = self.channels.get(&ChannelKind::Desk).map(|desk| desk.governance.desk().mailbox)
        else {
            return;
        };
        let desk = self.membership().and_then(|membership| membership.desks.first());
        let Some(secret) = desk.map(|desk| desk.secret.clone()) else { return };
        if !self.session.mailboxes.contains(&mailbox) {
            return;
        }
        let (loud, subject) = (self.loud_reports(now), Subject::Mailbox(mailbox));
        let young = self.incidents.values().filter(|incident| {
            incident.at_desk
                && !incident.past
                && now.saturating_sub(self.own_time(incident.received_at)) < HOLD_FOR
        });
        let young: Vec<(IncidentId, bool)> =
            young.map(|incident| (incident.id, self.waits(now, incident))).collect();
        for (id, waits) in young {
            let secret = Secret(hash("campana report ring v1", &[&secret.0, id.as_bytes()]).0);
            if waits && loud.contains(&id) && self.session.rings_held.insert(id) {
                let request = self.session.ask(Asked::Hold(id));
                let (id, after_ms) = (ring_id(&secret), ANSWER_IN);
                self.send(&ClientFrame::HoldRing { request, subject, id, after_ms });
            } else if !waits && self.session.rings_withdrawn.insert(id) {
                let request = self.session.ask(Asked::Withdraw(id));
                self.send(&ClientFrame::WithdrawRing { request, subject, secret });
            }
        }
    }

    /// Asked again after the pause.
    pub(crate) fn hold_again(&mut self, asked: &Asked) {
        match asked {
            Asked::Hold(id) => drop(self.session.rings_held.remove(id)),
            Asked::Withdraw(id) => drop(self.session.rings_withdrawn.remove(id)),
            _ => {}
        }
    }
}
