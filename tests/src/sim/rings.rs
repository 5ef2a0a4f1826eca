//! What insiders, clocks and old apps do to a world, and what must hold all the same: who is silent has
//! been told why.

use campana_core::view::{Stage, View, Warning};
use campana_core::{Core, Input, NoticeId, NoticeKind};
use campana_protocol::governance::{ChannelKind, RULES};
use rand_core::Rng;

use super::check::Violation;
use super::insiders::{self, Act, PAUSE};
use super::people;
use super::troubles::Troubles;
use super::world::{Event, MINUTE, World};

impl World {
    // Insiders ----------------------------------------------------------------------------

    /// An insider's program does something of its own, unless its device is dead or away.
    pub(super) fn act(&mut self, device: usize) -> Result<(), Violation> {
        let Some(act) = self.troubles.act(device).cloned() else { return Ok(()) };
        self.at(self.now + PAUSE, Event::Act(device));
        let Some(connection) = self.devices[device].connection else { return Ok(()) };
        let Some(core) = &self.devices[device].core else { return Ok(()) };
        for bytes in insiders::junk(&act, core, &mut self.rng) {
            self.suspects.sent(&bytes);
            self.carry(connection, bytes, true);
        }
        let Some(core) = &mut self.devices[device].core else { return Ok(()) };
        match act {
            Act::Flood if self.rng.next_u64().is_multiple_of(4) => {
                let (kind, class, number, payload) = insiders::nonsense(&mut self.rng);
                core.say_anything(kind, class, number, payload);
            }
            Act::Fragment { .. } if self.rng.next_u64().is_multiple_of(12) => {
                core.commit_for_nothing(ChannelKind::ALL[self.rng.next_u64() as usize % 3]);
            }
            _ => return Ok(()),
        }
        self.turn(device, Input::Tick).map(drop)
    }

    /// Encryption keys of those for whom nothing opens that this device commits now.
    pub(super) fn spoilt_by(&self, device: usize) -> Vec<Vec<u8>> {
        let Some(Act::Fragment { percent }) = self.troubles.act(device) else { return Vec::new() };
        if *percent == 100 {
            return vec![Vec::new()];
        }
        // The same ones as long as this seed lasts.
        let chosen = |other: usize| (other as u64 * 37 + self.seed) % 100 < *percent;
        let victims = self.devices.iter().enumerate().filter(|(other, _)| *other != device && chosen(*other));
        let cores: Vec<&Core> = victims.filter_map(|(_, victim)| victim.core.as_ref()).collect();
        let keys = |kind: ChannelKind| cores.iter().filter_map(move |core| core.encryption_key(kind));
        ChannelKind::ALL.into_iter().flat_map(keys).collect()
    }

    /// Whether others may have no use for what this device appends: it is an insider's, or a commit has
    /// cut it off.
    pub(super) fn answers_for_nothing(&self, device: usize) -> bool {
        self.troubles.is_insider(device) || self.may_be_astray(device)
    }

    /// Whether somebody who makes commits that do not open for all can have led this device astray: cut it
    /// off, or let it in again into a group of its own. It is told, and finds its way back; until then it
    /// need not agree with the others.
    pub(super) fn may_be_astray(&self, device: usize) -> bool {
        self.troubles.fragments() && self.devices[device].ever_lost
    }

    /// Whether a store may be put back: if those of the whole committee are at once, nobody is left who
    /// could let the others in again (docs/SIMULATION.md).
    pub(super) fn may_go_back(&self, device: usize) -> bool {
        let committee = 0..usize::from(self.size.committee);
        let follows = |other: usize| !self.devices[other].put_back && !self.troubles.is_insider(other);
        !committee.contains(&device) || committee.clone().any(|other| other != device && follows(other))
    }

    // Clocks and versions -----------------------------------------------------------------

    /// A clock is set, or loses its time.
    pub(super) fn jump(&mut self, device: usize) {
        let clock = Troubles::clock(&mut self.rng);
        self.tell(format!("device {device}: its clock is {} minutes off", clock / 60_000));
        self.devices[device].clock = clock;
        self.devices[device].ever_off = true;
    }

    /// An app is updated: it begins anew, and follows the next rules.
    pub(super) fn update(&mut self, device: usize) -> Result<(), Violation> {
        if self.devices[device].follows > RULES {
            return Ok(());
        }
        self.tell(format!("device {device}: its app is updated"));
        self.devices[device].follows = RULES + 1;
        if self.devices[device].core.is_some() {
            self.note_sent(device);
            self.hang_up(device);
            self.devices[device].die(false);
            self.at(self.now + 1_000, Event::Start(device));
        }
        Ok(())
    }

    // What must hold ----------------------------------------------------------------------

    pub(super) fn note_ring(&mut self, device: usize, notice: NoticeId) {
        match notice.kind {
            NoticeKind::Unread => self.devices[device].rang_unread = true,
            NoticeKind::Report | NoticeKind::SaidFalseAlarm | NoticeKind::SaidAllClear => {}
            NoticeKind::Alert | NoticeKind::Drill | NoticeKind::FalseAlarm | NoticeKind::AllClear => {
                self.devices[device].rang.insert(notice.incident.to_string());
            }
        }
    }

    /// What an owner sees who looks: whether a device that can't go on says so.
    pub(super) fn look_closely(&mut self, device: usize, view: &View) -> Result<(), Violation> {
        self.devices[device].warned.extend(view.warnings.iter().copied());
        if view.caught_up && !view.warnings.contains(&Warning::RolledBack) {
            self.devices[device].put_back = false;
        }
        let stopped =
            self.devices[device].core.as_ref().is_some_and(|core| core.stopped(ChannelKind::Broadcast));
        if !stopped || view.stage != Stage::Member {
            return Ok(());
        }
        if !view.warnings.contains(&Warning::UpdateNeeded) {
            return Err(Violation::StoppedInSilence { device, why: "asks for no update" });
        }
        if view.caught_up {
            return Err(Violation::StoppedInSilence { device, why: "says that it has read everything" });
        }
        Ok(())
    }

    /// Whether a warning, at the end, is one that should be over.
    pub(super) fn is_trouble(&self, device: usize, warning: Warning) -> bool {
        match warning {
            Warning::ClockOff => !self.devices[device].ever_off,
            // An insider's junk is counted until the owner puts it away.
            Warning::Unread | Warning::ForgedAlert => self.troubles.insiders.is_empty(),
            // Who wrote before the relay was restored has seen a log that nobody could put back.
            Warning::Forked => self.relay.restored == 0,
            _ => true,
        }
    }

    /// A device that has rung for no alert that others know of, and has said nothing of why.
    pub(super) fn silent(&self, members: &[(usize, View)]) -> Option<String> {
        for (device, view) in members {
            let state = &self.devices[*device];
            // Whoever was put back, or lost its place, is told of past alerts by who lets it in.
            if state.ever_set_back || state.ever_lost || state.rang_unread {
                continue;
            }
            let settled = view.incidents.iter().filter(|incident| people::settled(incident.status));
            if let Some(silent) = settled.into_iter().find(|incident| !state.rang.contains(&incident.id)) {
                let (id, past, notice) = (&silent.id, silent.past, silent.notice);
                return Some(format!("device {device} never rang for {id}: past {past}, {notice:?}"));
            }
        }
        self.clock_unsaid(members)
    }

    /// A device that is connected, whose clock is off and which does not say so.
    fn clock_unsaid(&self, members: &[(usize, View)]) -> Option<String> {
        let off = |device: usize| self.devices[device].compared.unsigned_abs() > 6 * MINUTE;
        let unsaid =
            |(device, view): &&(usize, View)| off(*device) && !view.warnings.contains(&Warning::ClockOff);
        let (device, _) = members.iter().find(unsaid)?;
        let minutes = self.devices[*device].compared / 60_000;
        Some(format!("the clock of device {device} is {minutes} minutes off, and it does not say so"))
    }
}
