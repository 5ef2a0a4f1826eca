//! What joiners have to know of the past. A device that rejoins has lost what was said between
//! its loss and its return: it gets that again, each event with the signatures that prove it.

use campana_protocol::event::{Event, KnownAlert, KnownAlerts};
use campana_protocol::governance::ChannelKind;
use campana_protocol::report::{Alert, FollowUp};
use campana_protocol::wire;
use minicbor::bytes::ByteVec;

use crate::clocks::Placed;
use crate::core::Core;
use crate::incident::{Content, Incident};
use crate::limits::{MAX_SNAPSHOT_EVENTS, MAX_SNAPSHOT_INCIDENTS};
use crate::rows::Row;
use crate::sorted;

impl Core {
    pub(crate) fn snapshot_events(&self, kind: ChannelKind, rejoin: bool) -> Vec<ByteVec> {
        let events = match kind {
            ChannelKind::Committee => self.registry_events(),
            ChannelKind::Broadcast => {
                let alerts = if rejoin { self.newest() } else { Vec::new() };
                core::iter::once(self.known_alerts(rejoin))
                    .chain(alerts.into_iter().flat_map(broadcast_events))
                    .collect()
            }
            _ if !rejoin => Vec::new(),
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

    /// Alerts that whoever is let in must not take for new when somebody says them again. `rejoin`: with
    /// the relay's times, which nobody needs who does not get the alerts.
    fn known_alerts(&self, rejoin: bool) -> Event {
        let said = self.newest().into_iter().filter(|incident| incident.alert.is_some());
        let known = said.map(|incident| KnownAlert {
            incident: incident.id,
            received_at: if rejoin { incident.alerted_at } else { 0 },
        });
        let by_id = self.alerts.known_by_id().map(|incident| KnownAlert { incident, received_at: 0 });
        Event::Known(KnownAlerts { alerts: known.chain(by_id).take(MAX_SNAPSHOT_INCIDENTS).collect() })
    }

    fn newest(&self) -> Vec<&Incident> {
        let incidents: Vec<&Incident> = self.incidents.values().collect();
        let mut incidents = sorted::sort(incidents, &|a, b| b.updated_at.cmp(&a.updated_at));
        incidents.truncate(MAX_SNAPSHOT_INCIDENTS);
        incidents
    }

    pub(crate) fn take_snapshot_events(&mut self, now: u64, kind: ChannelKind, events: &[ByteVec]) {
        let mut known: Vec<KnownAlert> = Vec::new();
        let mut admitted = Vec::new();
        for bytes in events {
            let Ok((number, payload)) = wire::decode::<(u16, ByteVec)>(bytes) else { continue };
            match (kind, Event::decode(number, &payload)) {
                (ChannelKind::Broadcast, Ok(Some(Event::Known(alerts)))) => known = alerts.alerts,
                (ChannelKind::Broadcast, Ok(Some(event))) => self.past_event(now, &known, &event),
                (ChannelKind::Desk, Ok(Some(Event::Attestation(signed)))) => {
                    self.attestation_event(now, None, signed)
                }
                (ChannelKind::Committee, Ok(Some(Event::Admitted(one)))) => admitted.push(one.join),
                (ChannelKind::Committee, Ok(Some(event))) => {
                    self.admitted_before(core::mem::take(&mut admitted));
                    self.committee_event(event, None);
                }
                _ => {}
            }
        }
        self.admitted_before(admitted);
        // What this device has, or has just got, it knows better than by its id.
        for KnownAlert { incident, .. } in known.iter().take(MAX_SNAPSHOT_INCIDENTS).rev() {
            if !self.incidents.contains_key(incident) {
                self.alerts.remember_before(*incident);
                self.mark(Row::Alerts);
            }
        }
    }

    /// An alert or follow-up of the past counts if today's roster still proves it; if not, that
    /// is no sign of a forgery.
    fn past_event(&mut self, now: u64, known: &[KnownAlert], event: &Event) {
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast) else { return };
        let id = match event {
            Event::Alert(alert) => {
                campana_protocol::report::PublicReport::decode(&alert.public).ok().map(|r| r.incident)
            }
            Event::FollowUp(signed) => FollowUp::of(signed).map(|follow_up| follow_up.incident),
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
                Event::Alert(_) => {
                    let place = known.iter().find(|known| known.incident == id);
                    let received_at = place.map_or(0, |place| place.received_at);
                    self.age(now, &mut incident, Placed { received_at, live: false });
                }
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
    let ended = incident.follow_up.iter().filter(|signed| !incident.said.contains(signed));
    let said = ended.chain(&incident.said).cloned().map(Event::FollowUp);
    core::iter::once(alert).chain(said).collect()
}

fn desk_events(incident: &Incident) -> Vec<Event> {
    incident.attestations.iter().cloned().map(Event::Attestation).collect()
}
