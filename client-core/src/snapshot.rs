//! What joiners have to know of the past. A device that rejoins has lost what was said between
//! its loss and its return: it gets that again, each event with the signatures that prove it.

use campana_protocol::event::Event;
use campana_protocol::governance::ChannelKind;
use campana_protocol::report::Alert;
use campana_protocol::wire;
use minicbor::bytes::ByteVec;

use crate::core::Core;
use crate::incident::{Incident, read_follow_up};
use crate::limits::{MAX_SNAPSHOT_EVENTS, MAX_SNAPSHOT_INCIDENTS};
use crate::rows::Row;
use crate::sorted;

impl Core {
    pub(crate) fn snapshot_events(&self, kind: ChannelKind, rejoin: bool) -> Vec<ByteVec> {
        let events = match kind {
            ChannelKind::Committee => self.registry_events(),
            _ if !rejoin => Vec::new(),
            ChannelKind::Broadcast => self.newest().into_iter().flat_map(broadcast_events).collect(),
            ChannelKind::Desk => self.newest().into_iter().flat_map(desk_events).collect(),
        };
        let encode = |event: &Event| wire::encode(&(event.kind(), ByteVec::from(event.payload())));
        let mut room = MAX_SNAPSHOT_EVENTS;
        let fits = |event: &Vec<u8>| {
            let left = room.checked_sub(event.len());
            room = left.unwrap_or(room);
            left.is_some()
        };
        events.iter().map(encode).filter(fits).map(ByteVec::from).collect()
    }

    fn newest(&self) -> Vec<&Incident> {
        let incidents: Vec<&Incident> = self.incidents.values().collect();
        let mut incidents = sorted::sort(incidents, &|a, b| b.updated_at.cmp(&a.updated_at));
        incidents.truncate(MAX_SNAPSHOT_INCIDENTS);
        incidents
    }

    pub(crate) fn take_snapshot_events(&mut self, now: u64, kind: ChannelKind, events: &[ByteVec]) {
        for bytes in events {
            let Ok((number, payload)) = wire::decode::<(u16, ByteVec)>(bytes) else { continue };
            match (kind, Event::decode(number, &payload)) {
                (ChannelKind::Broadcast, Ok(Some(event))) => self.past_event(now, &event),
                (ChannelKind::Desk, Ok(Some(Event::Attestation(signed)))) => {
                    self.attestation_event(now, signed)
                }
                (ChannelKind::Committee, Ok(Some(event))) => self.committee_event(event, None),
                _ => {}
            }
        }
    }

    /// An alert or follow-up of the past counts if today's roster still proves it; if not, that
    /// is no sign of a forgery.
    fn past_event(&mut self, now: u64, event: &Event) {
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        let id = match event {
            Event::Alert(alert) => {
                campana_protocol::report::PublicReport::decode(&alert.public).ok().map(|r| r.incident)
            }
            Event::FollowUp(signed) => read_follow_up(signed).map(|follow_up| follow_up.incident),
            _ => None,
        };
        let Some(id) = id else { return };
        let mut incident = self.incidents.get(&id).cloned().unwrap_or_else(|| Incident::new(id, now));
        let taken = match event {
            Event::Alert(alert) => incident.alert(alert, &channel.governance),
            Event::FollowUp(signed) => incident.follow_up(signed, &channel.governance),
            _ => Ok(false),
        };
        if taken == Ok(true) {
            match event {
                Event::Alert(_) => self.age(now, &mut incident),
                _ if incident.past => {}
                _ => incident.updated_at = now,
            }
            self.incidents.insert(id, incident);
            self.mark(Row::Incident(id));
        }
    }
}

fn broadcast_events(incident: &Incident) -> Vec<Event> {
    let (Some(public), Some(private), Some(attestations)) =
        (incident.public.clone(), incident.private_hash, incident.alert.clone())
    else {
        return Vec::new();
    };
    let alert = Event::Alert(Alert { public, private, attestations });
    core::iter::once(alert).chain(incident.follow_up.clone().map(Event::FollowUp)).collect()
}

fn desk_events(incident: &Incident) -> Vec<Event> {
    incident.attestations.iter().cloned().map(Event::Attestation).collect()
}
