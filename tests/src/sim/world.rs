//! The world: virtual time, one queue of events, and everybody in it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use campana_core::view::{Stage, Status, View, Warning};
use campana_core::{Command, Core, Effect, Input, NoticeKind, Reply, Turn};
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::id::{Hash, hash};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::check::{Agreement, Violation, check_skipped};
use super::device::Device;
use super::faults::{Faults, happens};
use super::insiders::{PAUSE, Suspects};
use super::people::{self, CANARY, Plan};
use super::relay::Relay;
use super::troubles::Troubles;

pub(super) const MINUTE: u64 = 60_000;
/// How long the faults last.
const CHAOS: u64 = 20 * MINUTE;
/// How long everybody has to converge afterwards.
const HEAL: u64 = 40 * MINUTE;
const START: u64 = 1_800_000_000_000;

/// How large the world is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Devices in all.
    pub devices: usize,
    /// Committee devices among them.
    pub committee: u8,
    /// Signatures that a statement needs.
    pub threshold: u8,
    /// Reports made while things go wrong.
    pub reports: usize,
    /// Clocks that are off, insiders and old apps.
    pub troubles: bool,
}

/// How a world ended well.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Hash of every decision: who, when, what kind, what size. Equal for equal seeds.
    pub trace: Hash,
    /// Steps taken.
    pub steps: u64,
    /// Deaths of devices, deaths of the relay, stores rolled back.
    pub deaths: [u64; 3],
    /// Reports that had to arrive, and did; reports that were acknowledged at all (a reporter may
    /// be removed, or a disk lose what it said was written).
    pub reports: [usize; 2],
    /// Messages whose keys were compared.
    pub keys: usize,
    /// Incidents that were verified.
    pub verified: usize,
    /// Real time it took.
    pub seconds: f64,
}

pub(super) enum Event {
    Connect(usize),
    ToRelay {
        connection: u64,
        bytes: Vec<u8>,
    },
    ToDevice {
        connection: u64,
        bytes: Vec<u8>,
    },
    Closed(u64),
    Wake(usize),
    /// An owner looks at the device.
    Look(usize),
    Report(usize),
    Start(usize),
    /// A changed program does something of its own.
    Act(usize),
    /// A device's app is updated: it begins anew, and follows the next rules.
    Update(usize),
    RelayTick,
}

pub(super) struct World {
    pub(super) seed: u64,
    pub(super) size: Size,
    pub(super) rng: ChaCha8Rng,
    faults: Faults,
    pub(super) now: u64,
    order: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<(u64, u64), Event>,
    pub(super) devices: Vec<Device>,
    /// Open connections, their device, and when the last frame each way arrives.
    connections: BTreeMap<u64, Line>,
    next_connection: u64,
    pub(super) relay: Relay,
    agreement: Agreement,
    trace: Hash,
    steps: u64,
    deaths: [u64; 3],
    plan: Plan,
    /// Incidents whose report was acknowledged to its reporter and has to arrive, by their reporter.
    owed: BTreeMap<String, usize>,
    /// Of those, the ones that the relay has: a reporter's store that goes back takes nothing away.
    sent: BTreeSet<String>,
    /// Who has signed a finding or a follow-up about an incident.
    signers: BTreeMap<String, BTreeSet<usize>>,
    reports: usize,
    /// What happened that may matter, to explain a world that does not come to rest.
    history: Vec<String>,
    /// Where each device stood when the history last said so.
    stands: BTreeMap<(usize, ChannelKind), (u64, bool)>,
    pub(super) troubles: Troubles,
    pub(super) suspects: Suspects,
}

struct Line {
    device: usize,
    up: u64,
    down: u64,
}

impl World {
    pub(super) fn new(seed: u64, size: Size) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let drawn = Troubles::draw(&mut rng, size.devices, size.committee.into());
        let troubles = if size.troubles { drawn } else { Troubles::default() };
        Self {
            seed,
            size,
            rng,
            faults: Faults::NONE,
            now: START,
            order: 0,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            devices: Vec::new(),
            connections: BTreeMap::new(),
            next_connection: 1,
            relay: Relay::new(START),
            agreement: Agreement::default(),
            trace: hash("campana simulation", &[]),
            steps: 0,
            deaths: [0; 3],
            plan: Plan::default(),
            owed: BTreeMap::new(),
            sent: BTreeSet::new(),
            signers: BTreeMap::new(),
            reports: 0,
            history: Vec::new(),
            stands: BTreeMap::new(),
            troubles,
            suspects: Suspects::default(),
        }
    }

    /// What happened, a line each; then how every device ended.
    pub(super) fn explain(mut self) -> Vec<String> {
        for (device, state) in self.devices.iter().enumerate() {
            let (Some(core), Some(view)) = (&state.core, state.view(self.now)) else { continue };
            let (positions, owed) = (core.positions(), core.owed());
            let desks: Vec<String> =
                core.desks().iter().map(|(id, cursor)| format!("{:.8} {cursor}", id.to_string())).collect();
            let stands: Vec<String> = positions
                .iter()
                .map(|p| format!("{:?} {} epoch {} whole {}", p.kind, p.cursor, p.epoch, p.whole))
                .collect();
            let incidents: Vec<String> =
                view.incidents.iter().map(|one| format!("{:.8} {:?}", one.id, one.status)).collect();
            self.history.push(format!(
                "end: device {device}: {:?}, {:?}, caught up {}, {:?}, owes {owed:?}, [{}], [{}], desks {desks:?}",
                view.stage,
                view.roles,
                view.caught_up,
                view.warnings,
                stands.join("; "),
                incidents.join("; "),
            ));
        }
        self.history.push(format!("troubles: {:?}", self.troubles));
        self.history
    }

    pub(super) fn tell(&mut self, line: String) {
        let seconds = (self.now - START) / 1_000;
        self.history.push(format!("{:>3}:{:02} {line}", seconds / 60, seconds % 60));
    }

    /// Notes each epoch that a device comes to, and whether it still follows.
    fn follow(&mut self, device: usize) {
        let positions = self.devices[device].core.as_ref().map(Core::positions);
        for position in positions.into_iter().flatten() {
            let stands = (position.epoch, position.whole);
            if self.stands.insert((device, position.kind), stands) != Some(stands) {
                self.devices[device].ever_lost |= !position.whole || !position.confirmed;
                let follows = if position.whole { "" } else { ", lost" };
                let (kind, seq, epoch) = (position.kind, position.cursor, position.epoch);
                self.tell(format!("device {device}: {kind:?} {seq}, epoch {epoch}{follows}"));
            }
        }
    }

    pub(super) fn play(&mut self) -> Result<Outcome, Violation> {
        self.found()?;
        self.faults = Faults::draw(&mut self.rng);
        for _ in 0..self.size.reports {
            let (at, by) = (self.rng.next_u64() % (CHAOS - 5 * MINUTE), self.anybody());
            self.at(self.now + at, Event::Report(by));
        }
        self.at(self.now + 1_000, Event::RelayTick);
        self.plan_departures();
        self.plan_troubles();
        self.run_until(self.now + CHAOS)?;
        self.heal()?;
        let verified = self.verified().len();
        if verified == 0 {
            return Err(Violation::NothingVerified { reports: self.reports });
        }
        Ok(Outcome {
            seed: self.seed,
            trace: self.trace,
            steps: self.steps,
            deaths: self.deaths,
            reports: [self.owed.len(), self.reports],
            keys: self.agreement.keys(),
            verified,
            seconds: 0.0,
        })
    }

    // The story ---------------------------------------------------------------------------

    fn found(&mut self) -> Result<(), Violation> {
        let founder = self.add_device();
        let link = self.relay.operator_link();
        let start = Command::Start {
            link,
            name: format!("{CANARY} network"),
            committee_size: self.size.committee,
            threshold: self.size.threshold,
            verify_threshold: 2,
        };
        self.command(founder, start)?;
        self.at(self.now, Event::Connect(founder));
        self.run_until(self.now + MINUTE)?;
        if self.size.committee > 1 {
            let link = self.invite(founder, true)?;
            for other in 1..self.size.committee {
                self.join(&link, format!("committee {other}"))?;
            }
            self.look_often(founder);
            self.run_until(self.now + 3 * MINUTE)?;
        }
        let link = self.invite(founder, false)?;
        for member in self.devices.len()..self.size.devices {
            let handle = handle(member);
            let role = match member % 10 {
                4..=6 => Some(Role::Verifier),
                7 => Some(Role::Dispatcher),
                _ => None,
            };
            self.plan.roles.extend(role.filter(|_| member < 40).map(|role| (handle.clone(), role)));
            self.join(&link, handle)?;
        }
        for device in 0..self.devices.len() {
            self.at(self.now + 10_000 + 50 * device as u64, Event::Look(device));
        }
        self.run_until(self.now + 5 * MINUTE)
    }

    /// While things go wrong, a verifier loses the role, and a member and a verifier are removed.
    fn plan_departures(&mut self) {
        let mut some_time = || self.now + self.rng.next_u64() % (CHAOS - 5 * MINUTE);
        let [first, second, third] = [some_time(), some_time(), some_time()];
        self.plan.losing.push((first, handle(5), Role::Verifier));
        self.plan.leaving.push((second, handle(8)));
        self.plan.leaving.push((third, handle(14)));
    }

    /// Insiders begin; the apps of some are updated, then the rules are raised, then the other apps follow.
    fn plan_troubles(&mut self) {
        self.troubles.begun = true;
        for insider in self.troubles.insiders.clone() {
            self.at(self.now + PAUSE, Event::Act(insider.device));
        }
        if self.troubles.old_apps.is_empty() {
            return;
        }
        let raised = self.now + 2 * MINUTE + self.rng.next_u64() % (CHAOS / 2);
        self.plan.raising = Some(raised);
        for device in 0..self.devices.len() {
            let old = self.troubles.old_apps.contains(&device);
            let (from, within) = if old { (raised, CHAOS) } else { (self.now, raised - self.now) };
            let at = from + self.rng.next_u64() % within;
            self.at(at, Event::Update(device));
        }
    }

    fn look_often(&mut self, device: usize) {
        self.at(self.now + 5_000, Event::Look(device));
    }

    fn invite(&mut self, by: usize, committee: bool) -> Result<String, Violation> {
        let lifetime_ms = 30 * 86_400_000;
        match self.command(by, Command::Invite { lifetime_ms, committee })? {
            Some(Reply::Invite { link, .. }) => Ok(link),
            _ => Err(self.not_converged(0, "no invite could be made".into())),
        }
    }

    fn join(&mut self, link: &str, handle: String) -> Result<(), Violation> {
        let device = self.add_device();
        self.command(device, Command::Join { link: link.into(), handle })?;
        let at = self.now + self.rng.next_u64() % MINUTE;
        self.at(at, Event::Connect(device));
        Ok(())
    }

    fn heal(&mut self) -> Result<(), Violation> {
        self.faults = Faults::NONE;
        self.troubles.over = true;
        self.tell("the faults stop".into());
        for device in 0..self.devices.len() {
            // An insider that has done what it could is gone: as an owner it could go on to change the
            // access key after each repair (docs/THREAT_MODEL.md, the war of two owners).
            self.devices[device].wanted = !self.troubles.is_gone(device);
            if !self.devices[device].wanted
                && let Some(connection) = self.devices[device].connection
            {
                self.cut(connection);
                continue;
            }
            self.devices[device].cut_off_until = 0;
            if self.devices[device].core.is_none() {
                self.at(self.now + 1_000, Event::Start(device));
            } else if self.devices[device].connection.is_none() {
                self.at(self.now + 1_000, Event::Connect(device));
            }
        }
        let end = self.now + HEAL;
        while self.now < end {
            self.run_until(self.now + MINUTE)?;
            if self.difference().is_none() {
                return Ok(());
            }
        }
        let why = self.difference().unwrap_or_default();
        Err(self.not_converged(HEAL / MINUTE, why))
    }

    /// What is still missing, if anything.
    fn difference(&self) -> Option<String> {
        let mut views = Vec::new();
        for (device, state) in self.devices.iter().enumerate() {
            if self.troubles.is_insider(device) {
                continue;
            }
            let Some(view) = state.view(self.now) else { return Some(format!("device {device} is dead")) };
            views.push((device, view));
        }
        let (gone, members): (Vec<_>, Vec<_>) =
            views.into_iter().partition(|(device, _)| self.plan.leaves(self.now, &handle(*device)));
        let stays =
            |(device, view): &&(usize, View)| view.stage != Stage::Removed && !self.outside(*device, view);
        if let Some((device, view)) = gone.iter().find(stays) {
            return Some(format!("device {device} is to be removed and is {:?}", view.stage));
        }
        self.unsettled(&members)
            .or_else(|| self.apart(&members))
            .or_else(|| self.misplaced(&members))
            .or_else(|| self.untold(&members))
            .or_else(|| self.silent(&members))
    }

    /// A device whose store was put back to before its removal can't open the entry that removes it, nor can
    /// one that an insider's commit has cut off: it warns that it was rolled back, or is astray, and nobody
    /// lets it in. It is outside if it stands before the others and can't follow.
    fn outside(&self, device: usize, view: &View) -> bool {
        let behind = self.devices[device].core.iter().flat_map(Core::positions);
        let warns = |of| view.warnings.contains(&of);
        let set_back = self.devices[device].ever_set_back && warns(Warning::RolledBack);
        (set_back || self.troubles.fragments() && warns(Warning::Astray))
            && behind.filter(|position| position.kind == ChannelKind::Broadcast).all(|own| !own.whole)
    }

    /// Whether everybody has come to rest.
    fn unsettled(&self, members: &[(usize, View)]) -> Option<String> {
        let (device, view) = members.iter().find(|(device, view)| {
            view.stage != Stage::Member
                || view.unsent > 0
                || !view.caught_up
                || view.warnings.iter().any(|warning| self.is_trouble(*device, *warning))
        })?;
        let core = self.devices[*device].core.as_ref();
        let (positions, owed) = (core.map(Core::positions), core.map(Core::owed));
        Some(format!(
            "device {device}: {:?}, unsent: {owed:?}, caught up: {}, {:?}, {positions:?}",
            view.stage, view.caught_up, view.warnings,
        ))
    }

    /// Whether all stand at the same places, in the same epochs.
    fn apart(&self, members: &[(usize, View)]) -> Option<String> {
        let mut reference: BTreeMap<Hash, (usize, u64, u64)> = BTreeMap::new();
        for (device, view) in members {
            let counts = view.network.as_ref().map_or(0, |network| network.members);
            let all = members.len() + self.troubles.insiders.len();
            if counts != all {
                return Some(format!("device {device} counts {counts} members, of {all}"));
            }
            for position in self.devices[*device].core.iter().flat_map(Core::positions) {
                let here = (*device, position.cursor, position.epoch);
                let first = *reference.entry(Hash(position.channel.0)).or_insert(here);
                if (first.1, first.2) != (here.1, here.2) {
                    return Some(format!("device {device} at {here:?}, others at {first:?}"));
                }
            }
        }
        None
    }

    /// Whether everybody has the roles that the committee meant them to have.
    fn misplaced(&self, members: &[(usize, View)]) -> Option<String> {
        for (device, view) in members {
            for role in Role::ALL {
                let planned = self.plan.has(self.now, &handle(*device), role);
                if view.roles.contains(&role.word()) != planned {
                    return Some(format!(
                        "device {device} has {:?}, {role:?} planned: {planned}",
                        view.roles
                    ));
                }
            }
        }
        None
    }

    /// Whether every report has arrived, every confirmed one rings, and all hear the same of it.
    fn untold(&self, members: &[(usize, View)]) -> Option<String> {
        let verifiers = || members.iter().filter(|(_, view)| view.roles.contains(&Role::Verifier.word()));
        // Whoever is removed before the desk reads the report is no member who reports.
        let stayed = |reporter: usize| {
            !self.plan.leaves(self.now, &handle(reporter)) && !self.troubles.is_insider(reporter)
        };
        for (id, reporter) in self.owed.iter().filter(|(_, reporter)| stayed(**reporter)) {
            let knows = |view: &View| view.incidents.iter().any(|i| i.id == *id && i.report.is_some());
            if let Some((device, _)) = verifiers().find(|(_, view)| !knows(view)) {
                return Some(format!("verifier {device} lacks the report {id} of device {reporter}"));
            }
        }
        self.told_apart(members)
    }

    /// Whether every incident that has its confirmations rings, and all hear the same of it.
    fn told_apart(&self, members: &[(usize, View)]) -> Option<String> {
        let mut ends: BTreeMap<&str, (usize, Status)> = BTreeMap::new();
        for (device, view) in members {
            let settled = view.incidents.iter().filter(|incident| people::settled(incident.status));
            for incident in settled.filter(|incident| !self.excused(*device, &incident.id)) {
                let first = *ends.entry(&incident.id).or_insert((*device, incident.status));
                if first.1 != incident.status {
                    let (id, status) = (&incident.id, incident.status);
                    return Some(format!("{id}: device {device} {status:?}, others {first:?}"));
                }
            }
        }
        for (device, view) in members.iter().filter(|(_, view)| view.roles.contains(&Role::Verifier.word())) {
            let confirmed = view.incidents.iter().filter(|incident| incident.missing == 0);
            let mut silent = confirmed.filter(|incident| !people::settled(incident.status));
            if let Some(incident) = silent.next() {
                return Some(format!("device {device} has all findings for {}, and no alert", incident.id));
            }
        }
        for (device, view) in members {
            let has = |id: &str| view.incidents.iter().any(|i| i.id == id && people::settled(i.status));
            if let Some(missing) = ends.keys().find(|id| !has(id) && !self.excused(*device, id)) {
                return Some(format!("device {device} lacks the alert {missing}"));
            }
        }
        None
    }

    /// A device that lost its place is told of past alerts by whoever lets it back in, and believes
    /// what today's roster still proves: not what somebody signed who has lost the role since.
    fn excused(&self, device: usize, incident: &str) -> bool {
        let lost = |signer: &usize| {
            let name = handle(*signer);
            self.plan.leaves(self.now, &name) || self.plan.loses(self.now, &name, Role::Verifier)
        };
        (self.devices[device].ever_set_back || self.devices[device].ever_lost)
            && self.signers.get(incident).is_some_and(|signers| signers.iter().any(lost))
    }

    fn verified(&self) -> Vec<String> {
        let views = self.devices.iter().filter_map(|device| device.view(self.now));
        let mut ids: Vec<String> = views
            .flat_map(|view| view.incidents)
            .filter(|incident| people::settled(incident.status))
            .map(|incident| incident.id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    // Events ------------------------------------------------------------------------------

    pub(super) fn at(&mut self, time: u64, event: Event) {
        self.order += 1;
        self.queue.push(Reverse((time, self.order)));
        self.events.insert((time, self.order), event);
    }

    fn run_until(&mut self, end: u64) -> Result<(), Violation> {
        while let Some(Reverse(key)) = self.queue.peek().copied() {
            if key.0 > end {
                break;
            }
            self.queue.pop();
            self.now = self.now.max(key.0);
            if let Some(event) = self.events.remove(&key) {
                self.steps += 1;
                self.step(event)?;
            }
        }
        self.now = end;
        Ok(())
    }

    fn step(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Connect(device) => self.connect(device),
            Event::ToRelay { connection, bytes } => {
                if self.connections.contains_key(&connection) {
                    self.note(1, connection, bytes.len());
                    self.relay.receive(self.now, connection, &bytes);
                    // Before what it was told is durable, or after, and before it says so.
                    if happens(&mut self.rng, self.faults.relay_kill) {
                        if self.rng.next_u64().is_multiple_of(2) {
                            self.relay.commit(self.now);
                        }
                        self.kill_relay();
                    }
                    self.drain_relay();
                }
                Ok(())
            }
            Event::ToDevice { connection, bytes } => {
                let Some(line) = self.connections.get(&connection) else { return Ok(()) };
                let device = line.device;
                self.note(2, connection, bytes.len());
                self.suspects.served(&bytes);
                self.turn(device, Input::Received(vec![bytes])).map(drop)
            }
            Event::Closed(connection) => self.closed(connection),
            Event::Wake(device) => self.turn(device, Input::Tick).map(drop),
            Event::Look(device) => self.look(device),
            Event::Report(device) => match self.devices[device].view(self.now).map(|view| view.stage) {
                Some(Stage::Member) => self.report(device),
                Some(Stage::Removed) => Ok(()),
                _ => {
                    self.at(self.now + MINUTE, Event::Report(device));
                    Ok(())
                }
            },
            Event::Start(device) => self.start(device),
            Event::Act(device) => self.act(device),
            Event::Update(device) => self.update(device),
            Event::RelayTick => {
                self.relay.tick(self.now);
                self.drain_relay();
                self.at(self.now + 1_000, Event::RelayTick);
                if happens(&mut self.rng, self.faults.partition) {
                    self.partition();
                }
                if self.faults.relay_restore > 0 && happens(&mut self.rng, 60) {
                    self.tell("the relay is backed up".into());
                    self.relay.back_up();
                }
                if happens(&mut self.rng, self.faults.relay_restore) && self.relay.restore(self.now) {
                    self.tell("the relay is restored".into());
                    self.close_all();
                }
                Ok(())
            }
        }
    }

    fn report(&mut self, device: usize) -> Result<(), Violation> {
        let report = people::report(&mut self.rng);
        if let Some(Reply::Incident(incident)) = self.command(device, report)? {
            self.reports += 1;
            self.tell(format!("device {device}: reports {incident}"));
            self.owed.insert(incident.to_string(), device);
        }
        Ok(())
    }

    /// Notes which of a device's reports the relay has.
    pub(super) fn note_sent(&mut self, device: usize) {
        let Some(view) = self.devices[device].view(self.now) else { return };
        let mine = view.incidents.into_iter().filter(|incident| incident.mine);
        self.sent.extend(mine.filter(|one| one.status != Status::WaitingToSend).map(|one| one.id));
    }

    /// A store that went back has forgotten what nobody else has: that can't arrive.
    fn forgive(&mut self, device: usize) {
        let Some(view) = self.devices[device].view(self.now) else { return };
        let known: BTreeSet<String> = view.incidents.into_iter().map(|one| one.id).collect();
        let sent = &self.sent;
        self.owed.retain(|id, reporter| *reporter != device || known.contains(id) || sent.contains(id));
    }

    fn look(&mut self, device: usize) -> Result<(), Violation> {
        let pause = 10_000 + self.rng.next_u64() % MINUTE;
        self.at(self.now + pause, Event::Look(device));
        if happens(&mut self.rng, self.faults.away) {
            self.devices[device].wanted = !self.devices[device].wanted;
            if self.devices[device].wanted {
                self.at(self.now, Event::Connect(device));
            } else if let Some(connection) = self.devices[device].connection {
                self.cut(connection);
            }
        }
        if happens(&mut self.rng, self.faults.restore) {
            if self.devices[device].backup.is_some() && self.may_go_back(device) {
                self.deaths[2] += 1;
                self.note_sent(device);
                self.hang_up(device);
                self.tell(format!("device {device}: its store is put back"));
                self.devices[device].restore();
                self.at(self.now + 1_000, Event::Start(device));
                return Ok(());
            }
            self.tell(format!("device {device}: its store is copied"));
            self.devices[device].backup = Some(self.devices[device].rows.clone());
        }
        if happens(&mut self.rng, self.troubles.jumps) && self.faults.delay != Faults::NONE.delay {
            self.jump(device);
        }
        let Some(view) = self.devices[device].view(self.now) else { return Ok(()) };
        self.look_closely(device, &view)?;
        let Some(command) = people::habit(&view, self.now, &mut self.rng, &self.plan) else { return Ok(()) };
        if let Command::Attest { incident, .. } | Command::FollowUp { incident, .. } = &command {
            self.signers.entry(incident.to_string()).or_default().insert(device);
        }
        self.tell(format!("device {device}: {command:?}"));
        self.command(device, command).map(drop)
    }

    // Devices -----------------------------------------------------------------------------

    fn add_device(&mut self) -> usize {
        let seed = self.fresh_seed();
        self.devices.push(Device::new(seed));
        let device = self.devices.len() - 1;
        if happens(&mut self.rng, self.troubles.clocks) {
            self.jump(device);
        }
        device
    }

    fn fresh_seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        seed
    }

    fn anybody(&mut self) -> usize {
        (self.rng.next_u64() % self.devices.len() as u64) as usize
    }

    fn command(&mut self, device: usize, command: Command) -> Result<Option<Reply>, Violation> {
        let reply = self.turn(device, Input::Command(command))?;
        Ok(reply)
    }

    /// One turn of a device, which may die before its write, after it, or between two effects.
    pub(super) fn turn(&mut self, device: usize, input: Input) -> Result<Option<Reply>, Violation> {
        self.devices[device].spoils = self.spoilt_by(device);
        let Some(mut turn) = self.devices[device].turn(self.now, input) else { return Ok(None) };
        self.check(device, &turn)?;
        let dies = happens(&mut self.rng, self.faults.kill);
        let moment = self.rng.next_u64() as usize % (turn.effects.len() + 2);
        if dies && moment == 0 {
            self.kill(device);
            return Ok(None);
        }
        self.devices[device].store(&mut turn);
        let Turn { effects, wake, reply, .. } = turn;
        if let Some(wake) = wake {
            self.at(wake.max(self.now + 1), Event::Wake(device));
        }
        for (number, effect) in effects.into_iter().enumerate() {
            if dies && moment == number + 1 {
                self.kill(device);
                return Ok(reply.and_then(Result::ok));
            }
            self.effect(device, effect)?;
        }
        Ok(reply.and_then(Result::ok))
    }

    fn check(&mut self, device: usize, turn: &Turn) -> Result<(), Violation> {
        let Some(core) = &self.devices[device].core else { return Ok(()) };
        // A changed program answers for nothing.
        if self.troubles.is_insider(device) {
            return Ok(());
        }
        let positions = core.positions();
        self.agreement.restored = self.relay.restored.into();
        let opened = core.opened().to_vec();
        self.follow(device);
        self.agreement.check_keys(&opened)?;
        if !self.may_be_astray(device) {
            check_skipped(device, &turn.skipped, &positions, &self.suspects, self.relay.restored > 0)?;
        }
        for entry in &turn.skipped {
            self.tell(format!("device {device}: skips {:?} {}, {:?}", entry.kind, entry.seq, entry.why));
        }
        if self.may_be_astray(device) { Ok(()) } else { self.agreement.check(device, &positions) }
    }

    fn effect(&mut self, device: usize, effect: Effect) -> Result<(), Violation> {
        self.note(3, device as u64, if let Effect::Send(bytes) = &effect { bytes.len() } else { 0 });
        match effect {
            Effect::Send(bytes) => {
                if bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()) {
                    return Err(Violation::Plaintext { device });
                }
                if self.answers_for_nothing(device) {
                    self.suspects.sent(&bytes);
                }
                if self.troubles.act(device).is_some_and(|act| act.withholds(&bytes)) {
                    return Ok(());
                }
                if let Some(connection) = self.devices[device].connection {
                    self.carry(connection, bytes, true);
                }
                Ok(())
            }
            Effect::Notify(notice) => {
                self.check_notice(device, notice)?;
                self.note_ring(device, notice);
                // Shown, and dead before the core learns of it: may come again, under the same name.
                if happens(&mut self.rng, self.faults.kill) {
                    self.kill(device);
                    return Ok(());
                }
                // One that could not be read rings again once another has been read between.
                let again = notice.kind == NoticeKind::Unread;
                if !self.devices[device].shown.insert(notice) && !again {
                    return Err(Violation::ShownTwice { device, notice: format!("{notice:?}") });
                }
                self.turn(device, Input::Shown(notice))?;
                if self.devices[device].core.is_none() {
                    self.devices[device].shown.remove(&notice);
                }
                Ok(())
            }
            // Nobody pushes in this world.
            Effect::Subscribe(_) | Effect::Unsubscribe => Ok(()),
            Effect::Reconnect => {
                if let Some(connection) = self.devices[device].connection {
                    self.cut(connection);
                }
                Ok(())
            }
        }
    }

    fn check_notice(&self, device: usize, notice: campana_core::NoticeId) -> Result<(), Violation> {
        let Some(view) = self.devices[device].view(self.now) else { return Ok(()) };
        // Names no incident: what it rings for could not be read.
        if notice.kind == NoticeKind::Unread {
            return match view.unread {
                0 => Err(Violation::FalseAlert { device, why: "is said to be unread, and none is" }),
                _ => Ok(()),
            };
        }
        let id = notice.incident.to_string();
        let Some(incident) = view.incidents.into_iter().find(|incident| incident.id == id) else {
            return Err(Violation::FalseAlert { device, why: "has no incident" });
        };
        let alert = matches!(notice.kind, NoticeKind::Alert | NoticeKind::Drill);
        if alert && (incident.status != Status::Verified || incident.attestations.len() < 2) {
            return Err(Violation::FalseAlert { device, why: "is not verified" });
        }
        if alert && incident.drill != (notice.kind == NoticeKind::Drill) {
            return Err(Violation::FalseAlert { device, why: "is a drill, or the other way round" });
        }
        Ok(())
    }

    fn kill(&mut self, device: usize) {
        self.deaths[0] += 1;
        self.note_sent(device);
        self.hang_up(device);
        let lied = happens(&mut self.rng, self.faults.lying_disk) && self.may_go_back(device);
        if lied {
            self.tell(format!("device {device}: dies, and its last write is lost"));
        }
        self.devices[device].die(lied);
        let pause = 500 + self.rng.next_u64() % 30_000;
        self.at(self.now + pause, Event::Start(device));
    }

    fn start(&mut self, device: usize) -> Result<(), Violation> {
        if self.devices[device].core.is_some() {
            return Ok(());
        }
        let seed = self.fresh_seed();
        self.devices[device]
            .start(seed)
            .map_err(|error| Violation::Unloadable { device, why: error.to_string() })?;
        if std::mem::take(&mut self.devices[device].set_back) {
            self.forgive(device);
        }
        self.turn(device, Input::Resume)?;
        self.connect(device)
    }

    // The network -------------------------------------------------------------------------

    fn connect(&mut self, device: usize) -> Result<(), Violation> {
        let state = &self.devices[device];
        if state.connection.is_some() || state.core.is_none() || !state.wanted {
            return Ok(());
        }
        if self.now < state.cut_off_until {
            self.at(state.cut_off_until, Event::Connect(device));
            return Ok(());
        }
        let connection = self.next_connection;
        self.next_connection += 1;
        self.devices[device].connection = Some(connection);
        self.connections.insert(connection, Line { device, up: self.now, down: self.now });
        self.devices[device].compared = self.devices[device].clock;
        self.turn(device, Input::Connected)?;
        let nonce = self.fresh_seed();
        self.relay.connect(self.now, connection, nonce);
        self.drain_relay();
        Ok(())
    }

    /// Puts a frame on the line: later than the one before it, or never.
    pub(super) fn carry(&mut self, connection: u64, bytes: Vec<u8>, up: bool) {
        if happens(&mut self.rng, self.faults.reset) {
            return self.cut(connection);
        }
        let twice = happens(&mut self.rng, self.faults.duplicate);
        let mut delay = 1 + self.rng.next_u64() % self.faults.delay.max(1);
        if !up && happens(&mut self.rng, self.faults.withhold) {
            delay += 10_000 + self.rng.next_u64() % (2 * MINUTE);
        }
        let Some(line) = self.connections.get_mut(&connection) else { return };
        let last = if up { &mut line.up } else { &mut line.down };
        *last = (*last).max(self.now + delay);
        let time = *last;
        let event = |bytes| {
            if up { Event::ToRelay { connection, bytes } } else { Event::ToDevice { connection, bytes } }
        };
        if twice {
            self.at(time, event(bytes.clone()));
        }
        self.at(time, event(bytes));
    }

    /// The committee, or a third of all devices, can't reach the relay for a while.
    fn partition(&mut self) {
        let committee = self.rng.next_u64().is_multiple_of(3);
        let until = self.now + 30_000 + self.rng.next_u64() % (5 * MINUTE);
        for device in 0..self.devices.len() {
            let cut_off = match committee {
                true => device < usize::from(self.size.committee),
                false => self.rng.next_u64().is_multiple_of(3),
            };
            if cut_off {
                self.note(4, device as u64, 0);
                self.devices[device].cut_off_until = until;
                if let Some(connection) = self.devices[device].connection {
                    self.cut(connection);
                }
            }
        }
    }

    fn cut(&mut self, connection: u64) {
        self.relay.disconnect(connection);
        self.at(self.now + 1, Event::Closed(connection));
    }

    pub(super) fn hang_up(&mut self, device: usize) {
        if let Some(connection) = self.devices[device].connection.take() {
            self.relay.disconnect(connection);
            self.connections.remove(&connection);
        }
    }

    fn closed(&mut self, connection: u64) -> Result<(), Violation> {
        let Some(line) = self.connections.remove(&connection) else { return Ok(()) };
        let device = line.device;
        if self.devices[device].connection == Some(connection) {
            self.devices[device].connection = None;
            self.turn(device, Input::Disconnected)?;
            let pause = 200 + self.rng.next_u64() % 5_000;
            self.at(self.now + pause, Event::Connect(device));
        }
        Ok(())
    }

    fn drain_relay(&mut self) {
        for (connection, bytes) in self.relay.drain(self.now) {
            self.carry(connection, bytes, false);
        }
        for connection in self.relay.closed() {
            self.at(self.now + self.faults.delay, Event::Closed(connection));
        }
    }

    fn kill_relay(&mut self) {
        self.deaths[1] += 1;
        self.tell("the relay dies".into());
        self.relay.restart();
        self.close_all();
    }

    fn close_all(&mut self) {
        let open: Vec<u64> = self.connections.keys().copied().collect();
        for connection in open {
            self.at(self.now + 1, Event::Closed(connection));
        }
    }

    fn note(&mut self, what: u8, who: u64, size: usize) {
        let parts: [&[u8]; 5] = [
            self.trace.as_bytes(),
            &self.now.to_be_bytes(),
            &[what],
            &who.to_be_bytes(),
            &(size as u64).to_be_bytes(),
        ];
        self.trace = hash("campana simulation", &parts);
    }

    fn not_converged(&self, minutes: u64, why: String) -> Violation {
        Violation::NotConverged { minutes, why }
    }
}

/// What the committee calls a device's owner.
fn handle(device: usize) -> String {
    format!("{CANARY} {device}")
}

impl Size {
    /// A world of so many devices, with a committee of 2 of 3.
    #[must_use]
    pub const fn of(devices: usize) -> Self {
        Self { devices, committee: 3, threshold: 2, reports: 6, troubles: true }
    }
}
