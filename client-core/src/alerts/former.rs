//! Registrations of former memberships: ended wherever they were, so that no alert comes twice.

use campana_derive::{Decode, Encode};
use campana_protocol::frame::{ClientFrame, Secret, Subject};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{ChannelId, RegistrationId};

use crate::core::Core;
use crate::keys::access_key;
use crate::limits::MAX_FORMER_REGISTRATIONS;
use crate::rows::Row;
use crate::session::Asked;

/// What it takes to end a registration after its membership.
#[derive(Clone, Encode, Decode)]
pub(super) struct Registration {
    #[n(0)]
    registration: RegistrationId,
    #[n(1)]
    relay: String,
    #[n(2)]
    channel: ChannelId,
    #[n(3)]
    access: Secret,
}

impl Core {
    /// The membership that this device was registered under is over.
    pub(crate) fn part_with_registration(&mut self) {
        let (Some(membership), Some(channel)) =
            (self.membership(), self.channels.get(&ChannelKind::Broadcast))
        else {
            return;
        };
        let (relay, channel, access) = (membership.relay.clone(), channel.id, channel.meta.access.clone());
        self.alerts.registered = None;
        if let Some(registration) = self.alerts.registration.take() {
            if self.alerts.former.len() >= MAX_FORMER_REGISTRATIONS {
                self.alerts.former.remove(0);
            }
            self.alerts.former.push(Registration { registration, relay, channel, access });
        }
        self.mark(Row::Alerts);
    }

    pub(super) fn end_former_registrations(&mut self, now: u64) {
        let nothing = self.session.nonce.is_none() || self.alerts.former.is_empty();
        if nothing || self.session.retry_at.is_some() {
            return;
        }
        if now < self.session.former_at {
            return self.wake_at(self.session.former_at);
        }
        let Some(relay) = self.membership().map(|membership| membership.relay.clone()) else { return };
        let here = self.alerts.former.iter().filter(|former| former.relay == relay);
        for Registration { registration, channel, access, .. } in here.cloned().collect::<Vec<_>>() {
            let asked = |asked: &Asked| match asked {
                Asked::ProveFormer(other) | Asked::EndFormer(other) => *other == registration,
                _ => false,
            };
            if self.session.asked_for(asked) {
                continue;
            }
            // Of a channel that this device is in again, the key of now is proved, and stays so.
            let again = self.channels.get(&ChannelKind::Broadcast).is_some_and(|own| own.id == channel);
            if !again {
                let subject = Subject::Channel(channel);
                self.authenticate(subject, &access_key(&access), Asked::ProveFormer(registration));
            } else if self.session.streams.contains_key(&ChannelKind::Broadcast) {
                self.end_former(registration);
            }
        }
    }

    pub(super) fn end_former(&mut self, registration: RegistrationId) {
        let former = self.alerts.former.iter().find(|former| former.registration == registration);
        let Some(channel) = former.map(|former| former.channel) else { return };
        let request = self.session.ask(Asked::EndFormer(registration));
        self.send(&ClientFrame::Unregister { request, channel, registration });
    }

    pub(super) fn forget_former(&mut self, registration: RegistrationId) {
        self.alerts.former.retain(|former| former.registration != registration);
    }
}
