//! Devices on virtual time around the model relay.

use std::collections::BTreeMap;

use campana_core::command::ReportForm;
use campana_core::view::{IncidentView, PersonState, Stage};
use campana_core::{
    Command, CommandError, Core, Effect, Input, NoticeId, Reply, SkippedEntry, Turn, VaultKey, View,
};
use campana_protocol::frame::ClientFrame;
use campana_protocol::governance::Role;
use campana_protocol::id::{IncidentId, PublicKey};
use campana_protocol::report::{Activity, Equipment, Finding, Method, Setting, Size, Unit, When};

use super::relay::Relay;

pub(crate) const DAY: u64 = 86_400_000;
pub(crate) const VAULT: VaultKey = VaultKey([1; 32]);

pub(crate) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

pub(crate) struct Device {
    pub(crate) core: Core,
    pub(crate) rows: Rows,
    pub(crate) online: bool,
    pub(crate) notices: Vec<NoticeId>,
    /// What the platform was asked to do about pushes.
    pub(crate) wishes: Vec<Effect>,
    /// Entries that were not in force.
    pub(crate) skipped: Vec<SkippedEntry>,
    /// Bytes written by the last turn.
    pub(crate) written: usize,
    /// How far its clock is off, ms.
    pub(crate) clock: i64,
    /// Its program keeps all to itself that it would post, as Welcomes.
    pub(crate) posts_nothing: bool,
    wake: Option<u64>,
    inbox: Vec<Vec<u8>>,
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) relay: Relay,
    pub(crate) devices: Vec<Device>,
    /// All that the relay was sent: by whom, when; nothing: a new connection.
    pub(crate) sent: Vec<(usize, u64, Vec<u8>)>,
    /// Turns so far, of all devices.
    pub(crate) turns: usize,
    seed: u8,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: 1_800_000_000_000,
            relay: Relay::default(),
            devices: Vec::new(),
            sent: Vec::new(),
            turns: 0,
            seed: 0,
        }
    }

    fn seed(&mut self) -> [u8; 32] {
        self.seed += 1;
        [self.seed; 32]
    }

    pub(crate) fn device(&mut self) -> usize {
        let core = Core::new(VAULT, self.seed());
        let device = Device {
            core,
            rows: Rows::new(),
            online: false,
            notices: Vec::new(),
            wishes: Vec::new(),
            skipped: Vec::new(),
            written: 0,
            clock: 0,
            posts_nothing: false,
            wake: None,
            inbox: Vec::new(),
        };
        self.devices.push(device);
        self.devices.len() - 1
    }

    /// One turn, its changes stored, its effects carried out.
    pub(crate) fn turn(&mut self, id: usize, input: Input) -> Option<Result<Reply, CommandError>> {
        self.turns += 1;
        let device = &mut self.devices[id];
        let Turn { changes, effects, wake, reply, skipped } =
            device.core.turn(self.now.saturating_add_signed(device.clock), input);
        device.wake = wake.map(|wake| wake.saturating_add_signed(-device.clock));
        device.skipped.extend(skipped);
        device.written = changes.iter().filter_map(|change| change.value.as_ref()).map(Vec::len).sum();
        for change in changes {
            match change.value {
                Some(value) => device.rows.insert(change.key, value),
                None => device.rows.remove(&change.key),
            };
        }
        for effect in effects {
            match effect {
                Effect::Send(bytes) if self.devices[id].online => {
                    let frame = ClientFrame::decode(&bytes).expect("the core sends frames");
                    let posts = matches!(frame, ClientFrame::Post { .. } | ClientFrame::PutBlob { .. });
                    if posts && self.devices[id].posts_nothing {
                        continue;
                    }
                    self.sent.push((id, self.now, bytes));
                    let answers = self.relay.handle(id, self.now, frame);
                    self.devices[id].inbox.extend(answers.iter().map(|frame| frame.encode()));
                }
                Effect::Send(_) => {}
                Effect::Notify(notice) => {
                    self.devices[id].notices.push(notice);
                    self.turn(id, Input::Shown(notice));
                }
                Effect::Reconnect => self.connect(id),
                Effect::Subscribe(_) | Effect::Unsubscribe => self.devices[id].wishes.push(effect),
            }
        }
        reply
    }

    pub(crate) fn command(&mut self, id: usize, command: Command) -> Result<Reply, CommandError> {
        self.turn(id, Input::Command(command)).expect("a command has a reply")
    }

    pub(crate) fn connect(&mut self, id: usize) {
        self.devices[id].online = true;
        self.devices[id].inbox.clear();
        let hello = self.relay.connect(id, self.now);
        self.sent.push((id, self.now, Vec::new()));
        self.turn(id, Input::Connected);
        self.devices[id].inbox.push(hello.encode());
    }

    pub(crate) fn disconnect(&mut self, id: usize) {
        self.devices[id].online = false;
        self.relay.disconnect(id);
        self.turn(id, Input::Disconnected);
    }

    /// Kills a device and starts it from `rows`.
    pub(crate) fn restart(&mut self, id: usize, rows: Rows) {
        self.relay.disconnect(id);
        let core = Core::load(VAULT, self.seed(), rows.clone()).expect("stored rows load");
        let device = &mut self.devices[id];
        device.core = core;
        device.rows = rows;
        device.inbox.clear();
        self.turn(id, Input::Resume);
        if self.devices[id].online {
            self.connect(id);
        }
    }

    /// Delivers what is under way to one device.
    pub(crate) fn step(&mut self, id: usize) {
        let frames = std::mem::take(&mut self.devices[id].inbox);
        self.turn(id, Input::Received(frames));
    }

    /// Another context on the same store has written: this one takes its rows over.
    pub(crate) fn reload(&mut self, id: usize, rows: Rows) {
        self.devices[id].core.reload(rows.clone()).expect("stored rows load");
        let fresh = Core::load(VAULT, [0; 32], rows.clone()).expect("stored rows load");
        let (taken, fresh) = (&self.devices[id].core, &fresh);
        assert_eq!(taken.positions(), fresh.positions(), "as if loaded anew");
        let (taken, fresh) = (taken.view(self.now), fresh.view(self.now));
        assert_eq!(
            (taken.incidents, taken.committee, taken.roles, taken.unsent, taken.stage),
            (fresh.incidents, fresh.committee, fresh.roles, fresh.unsent, fresh.stage)
        );
        self.devices[id].rows = rows;
    }

    /// Delivers everything until nothing moves; time stands still.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            let mut moved = false;
            for id in 0..self.devices.len() {
                if !self.devices[id].online {
                    continue;
                }
                let stream = self.relay.stream(id);
                self.devices[id].inbox.extend(stream.iter().map(|frame| frame.encode()));
                let frames = std::mem::take(&mut self.devices[id].inbox);
                if !frames.is_empty() {
                    moved = true;
                    self.turn(id, Input::Received(frames));
                }
            }
            if !moved {
                return;
            }
        }
        panic!("the devices never come to rest");
    }

    /// Lets time pass, with every wake-up in it.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        self.settle();
        for _ in 0..10_000 {
            let next = self.devices.iter().filter_map(|device| device.wake).min().unwrap_or(u64::MAX);
            if next > end {
                self.now = end;
                return;
            }
            self.now = self.now.max(next);
            for id in 0..self.devices.len() {
                if self.devices[id].wake.is_some_and(|wake| wake <= self.now) {
                    self.turn(id, Input::Tick);
                }
            }
            self.settle();
        }
        panic!("the devices wake without end");
    }

    pub(crate) fn view(&self, id: usize) -> View {
        self.devices[id].core.view(self.now)
    }

    pub(crate) fn key(&self, id: usize) -> PublicKey {
        PublicKey::parse(&self.view(id).me.expect("a membership")).expect("a key")
    }

    pub(crate) fn incident(&self, id: usize) -> Option<IncidentView> {
        self.view(id).incidents.into_iter().next()
    }

    pub(crate) fn start(&mut self, n: u8, k: u8) -> usize {
        let founder = self.device();
        self.connect(founder);
        let link = "https://relay.example/#operator=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
        let start = Command::Start {
            link,
            name: "Valle".into(),
            committee_size: n,
            threshold: k,
            verify_threshold: 2,
        };
        self.command(founder, start).expect("a network starts");
        self.connect(founder);
        self.settle();
        founder
    }

    pub(crate) fn invite(&mut self, by: usize, committee: bool) -> String {
        let invite = Command::Invite { lifetime_ms: DAY, committee };
        match self.command(by, invite) {
            Ok(Reply::Invite { link, .. }) => {
                self.settle();
                link
            }
            other => panic!("no invite: {other:?}"),
        }
    }

    pub(crate) fn join(&mut self, link: &str, handle: &str) -> usize {
        let id = self.device();
        self.command(id, Command::Join { link: link.into(), handle: handle.into() }).expect("a link");
        self.connect(id);
        self.settle();
        id
    }

    pub(crate) fn admit_all(&mut self, by: usize) {
        self.command(by, Command::Admit(campana_core::command::Who::Everybody)).expect("a committee device");
        self.settle();
    }

    /// A founder, n - 1 more committee devices, and members, all admitted.
    pub(crate) fn network(&mut self, n: u8, k: u8, members: usize) -> Vec<usize> {
        let founder = self.start(n, k);
        let mut ids = vec![founder];
        if n > 1 {
            let link = self.invite(founder, true);
            for other in 1..n {
                ids.push(self.join(&link, &format!("committee {other}")));
            }
            self.admit_all(founder);
            self.pass(60_000);
        }
        assert_eq!(self.view(founder).stage, Stage::Member, "the committee is constituted");
        let link = self.invite(founder, false);
        for member in 0..members {
            ids.push(self.join(&link, &format!("member {member}")));
        }
        let waiting = self.view(founder).committee.expect("committee").people;
        assert_eq!(waiting.iter().filter(|p| p.state == PersonState::Waiting).count(), members);
        self.admit_all(founder);
        ids
    }

    /// Grants a role with as many signatures as it takes.
    pub(crate) fn grant(&mut self, committee: &[usize], to: usize, role: Role) {
        let person = self.key(to);
        let draft = self.command(committee[0], Command::Grant { person, role }).expect("a draft");
        let Reply::Draft(id) = draft else { panic!("a draft") };
        self.settle();
        for other in &committee[1..] {
            self.command(*other, Command::Approve(id)).expect("a signature");
            self.settle();
        }
        self.pass(60_000);
    }

    /// Every device has the same chain and the same log.
    pub(crate) fn assert_converged(&self, ids: &[usize]) {
        let first = self.view(ids[0]).network.expect("a network");
        for id in ids {
            let other = self.view(*id).network.expect("a network");
            assert_eq!(
                (other.cursor, &other.log_hash, other.epoch, &other.governance_head, other.members),
                (first.cursor, &first.log_hash, first.epoch, &first.governance_head, first.members),
                "device {id}"
            );
        }
    }
}

pub(crate) fn form(drill: bool) -> ReportForm {
    ReportForm {
        drill,
        size: Size::Few,
        activities: vec![Activity::Detaining],
        setting: Setting::Work,
        zone: 0,
        units: vec![Unit::Ice],
        when: When::Now,
        equipment: vec![Equipment::Masks],
        words: "the farm gate on River Road".into(),
    }
}

pub(crate) fn report(world: &mut World, by: usize, drill: bool) -> IncidentId {
    let Ok(Reply::Incident(id)) = world.command(by, Command::Report(form(drill))) else { panic!("a report") };
    world.settle();
    id
}

pub(crate) fn attest(world: &mut World, by: usize, incident: IncidentId, finding: Finding) {
    world.command(by, Command::Attest { incident, finding, method: Method::InPerson }).expect("a verifier");
    world.settle();
}
