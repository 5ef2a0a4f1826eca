//! What the committee tells the relay about its channels, so that no member can misuse them: that the
//! desk alone sends alerts, and how long reports are kept.
//!
//! Each is told once and remembered when it is taken in. A relay that is too old to know of it is left
//! alone until the next connection.

use campana_protocol::frame::ClientFrame;
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{Hash, hash};
use campana_protocol::limits::DESK_TTL_MS;

use crate::core::Core;
use crate::rows::Row;
use crate::session::{As, Asked};
use crate::state::{Reading, Setting};

impl Core {
    pub(crate) fn settings_duty(&mut self) {
        let streams = &self.session.streams;
        let owner = streams
            .get(&ChannelKind::Broadcast)
            .is_some_and(|stream| stream.proved == As::Owner && stream.subscribed);
        // Before the desk has been created nobody may be told to guard anything.
        if !owner || !streams.contains_key(&ChannelKind::Desk) || self.session.retry_at.is_some() {
            return;
        }
        let desks = self.membership().into_iter().flat_map(|membership| &membership.desks);
        let desks = desks.map(|desk| Setting::Keep(name(desk)));
        let wanted: Vec<Setting> = core::iter::once(Setting::Guard)
            .chain(desks)
            .filter(|setting| !self.registry.settings.contains(setting))
            .collect();
        for setting in wanted {
            if self.session.settings.insert(setting) {
                self.tell(setting);
            }
        }
    }

    fn tell(&mut self, setting: Setting) {
        let id = |kind| self.channels.get(&kind).map(|channel| channel.id);
        let (Some(channel), Some(guard)) = (id(ChannelKind::Broadcast), id(ChannelKind::Desk)) else {
            return;
        };
        let frame = match setting {
            Setting::Guard => {
                let request = self.session.ask(Asked::Setting(setting));
                ClientFrame::SetGuard { request, channel, guard }
            }
            Setting::Keep(desk) => {
                let mut desks = self.membership().into_iter().flat_map(|membership| &membership.desks);
                let Some(reading) = desks.find(|reading| name(reading) == desk) else { return };
                let reader = reading.keys().reader.public();
                let request = self.session.ask(Asked::Setting(setting));
                ClientFrame::KeepMailbox { request, channel, reader, keep_ms: DESK_TTL_MS }
            }
        };
        self.send(&frame);
    }

    pub(crate) fn told(&mut self, setting: Setting) {
        if !self.registry.settings.contains(&setting) {
            self.registry.settings.push(setting);
            self.mark(Row::Registry);
        }
    }
}

fn name(desk: &Reading) -> Hash {
    hash("campana desk kept v1", &[&desk.secret.0])
}
