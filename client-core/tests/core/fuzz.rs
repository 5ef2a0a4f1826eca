//! A device of a real network and a relay that says anything: no panic, and what is stored is
//! what is in memory. [`core_session`] takes any bytes. A fuzz target calls it too: it needs this
//! file, `relay.rs` and `rig.rs` as sibling modules (`#[path]`), and a macro `scenarios` beside
//! them, as in `tests/wasm`.

use std::sync::OnceLock;

use campana_core::view::Warning;
use campana_core::{Command, Core, Effect, Input, Permission, Platform, Subscribed, Turn, View};
use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, Entry, RelayFrame, Secret};
use campana_protocol::governance::Role;
use campana_protocol::id::{ChannelId, MailboxId, PushAuth, PushKey, RecordId};
use campana_protocol::push::{Push, Subscription};
use campana_protocol::report::Finding;

use super::relay::Relay;
use super::rig::{Rows, VAULT, World, attest, form, report};

/// Steps that one input makes at most.
const MAX_STEPS: usize = 200;

/// A network in the middle of its life, as its devices have stored it.
struct Scene {
    now: u64,
    relay: Relay,
    devices: Vec<Rows>,
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let mut world = World::new();
        world.relay.push_key = Some(PushKey([4; 65]));
        let mut ids = world.network(1, 1, 3);
        for verifier in [ids[1], ids[2]] {
            world.grant(&ids[..1], verifier, Role::Verifier);
        }
        let incident = report(&mut world, ids[3], false);
        attest(&mut world, ids[1], incident, Finding::Confirmed);
        // What follows is in the log and not on these devices: they were off.
        let devices: Vec<Rows> = world.devices.iter().map(|device| device.rows.clone()).collect();
        attest(&mut world, ids[2], incident, Finding::Confirmed);
        let link = world.invite(ids[0], false);
        ids.push(world.join(&link, "later"));
        world.admit_all(ids[0]);
        let second = report(&mut world, ids[3], true);
        attest(&mut world, ids[1], second, Finding::Nothing);
        Scene { now: world.now, relay: world.relay, devices }
    })
}

/// Bytes read as decisions; after the last one everything is 0.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        let at = usize::from(self.byte());
        from.get(at % from.len().max(1))
    }

    fn some(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.0.len());
        let (some, rest) = self.0.split_at(length);
        self.0 = rest;
        some.to_vec()
    }

    /// Mostly near `usual`, sometimes at an end.
    fn near(&mut self, usual: u64) -> u64 {
        match self.byte() {
            0 => 0,
            255 => u64::MAX,
            254 => u64::MAX - 1,
            step @ 200.. => usual.saturating_add(u64::from(step) << 20),
            step => (usual + u64::from(step / 8)).saturating_sub(8),
        }
    }
}

struct Session<'a> {
    bytes: Bytes<'a>,
    now: u64,
    core: Core,
    rows: Rows,
    relay: Relay,
    /// Answers of an honest relay that have not been delivered.
    owed: Vec<RelayFrame>,
}

/// Plays any bytes to a device of a real network.
///
/// # Panics
/// When the core does, or when a reload finds another device than the one in memory.
pub(crate) fn core_session(data: &[u8]) {
    let scene = scene();
    let mut bytes = Bytes(data);
    let rows = bytes.pick(&scene.devices).expect("a device").clone();
    let core = Core::load(VAULT, [bytes.byte(); 32], rows.clone()).expect("stored rows load");
    let mut session =
        Session { bytes, now: scene.now, core, rows, relay: scene.relay.clone(), owed: Vec::new() };
    session.turn(Input::Resume);
    session.connect();
    for _ in 0..MAX_STEPS {
        if session.bytes.0.is_empty() {
            break;
        }
        session.step();
    }
    session.assert_stored();
}

impl Session<'_> {
    fn turn(&mut self, input: Input) {
        let Turn { changes, effects, .. } = self.core.turn(self.now, input);
        for change in changes {
            match change.value {
                Some(value) => self.rows.insert(change.key, value),
                None => self.rows.remove(&change.key),
            };
        }
        for effect in effects {
            match effect {
                Effect::Send(bytes) => {
                    let frame = ClientFrame::decode(&bytes).expect("the core sends frames");
                    self.owed.extend(self.relay.handle(0, self.now, frame));
                }
                Effect::Notify(notice) if self.bytes.byte() < 128 => self.turn(Input::Shown(notice)),
                Effect::Notify(_) | Effect::Reconnect => {}
                Effect::Subscribe(_) | Effect::Unsubscribe => {}
            }
        }
    }

    fn connect(&mut self) {
        self.turn(Input::Connected);
        self.owed = vec![self.relay.connect(0, self.now)];
    }

    fn receive(&mut self, frame: &RelayFrame) {
        self.turn(Input::Received(vec![frame.encode()]));
    }

    fn step(&mut self) {
        match self.bytes.byte() % 18 {
            // The honest relay goes on.
            0..=3 => {
                let mut frames = std::mem::take(&mut self.owed);
                frames.extend(self.relay.stream(0));
                self.turn(Input::Received(frames.iter().map(RelayFrame::encode).collect()));
            }
            4 => {
                let bytes = self.bytes.some();
                self.turn(Input::Received(vec![bytes]));
            }
            // An answer changed on its way.
            5 => {
                let frame = (!self.owed.is_empty()).then(|| self.owed.remove(0));
                if let Some(mut bytes) = frame.map(|frame| frame.encode()) {
                    let at = usize::from(self.bytes.byte()) * 7 % bytes.len();
                    bytes[at] ^= self.bytes.byte();
                    self.turn(Input::Received(vec![bytes]));
                }
            }
            6..=8 => {
                let frame = self.entry();
                self.receive(&frame);
            }
            9 | 10 => {
                let frame = self.answer();
                self.receive(&frame);
            }
            11 => {
                let frame = self.post();
                self.receive(&frame);
            }
            12 => self.connect(),
            13 => {
                self.now += u64::from(self.bytes.byte()) * 60_000;
                self.turn(Input::Tick);
            }
            14 => {
                let command = match self.bytes.byte() % 4 {
                    0 => Command::Report(form(self.bytes.byte() < 128)),
                    1 => Command::Invite { lifetime_ms: 1, committee: false },
                    2 => Command::Admit(campana_core::command::Who::Everybody),
                    _ => Command::ChangeZones(vec![campana_core::command::ZoneChange::Add("north".into())]),
                };
                self.turn(Input::Command(command));
            }
            16 => {
                let push = match self.entry() {
                    RelayFrame::Entry { channel, entry } if self.bytes.byte() < 200 => {
                        Push::Entry { channel, entry }.encode()
                    }
                    _ => self.bytes.some(),
                };
                self.turn(Input::Pushed { push, in_sight: self.now.is_multiple_of(2), arrived_at: None });
            }
            17 => {
                let permission =
                    if self.bytes.byte() < 200 { Permission::Granted } else { Permission::Denied };
                let failed = self.bytes.byte() > 200;
                let subscription = (self.bytes.byte() < 200).then(|| Subscribed {
                    subscription: Subscription {
                        endpoint: "https://push.example/".into(),
                        key: PushKey([4; 65]),
                        auth: PushAuth([self.bytes.byte(); 16]),
                    },
                    made_for: None,
                });
                self.turn(Input::Platform(Platform {
                    permission,
                    subscription,
                    failed,
                    ..Platform::default()
                }));
                let wanted = self.bytes.byte() < 200;
                self.turn(Input::Command(Command::Alerts(wanted)));
            }
            _ => {
                self.assert_stored();
                self.core.reload(self.rows.clone()).expect("stored rows load");
            }
        }
    }

    fn channel(&mut self) -> ChannelId {
        let channels: Vec<ChannelId> = self.relay.channels.keys().copied().collect();
        self.bytes.pick(&channels).copied().unwrap_or(ChannelId([0; 32]))
    }

    fn cursor(&self, channel: &ChannelId) -> u64 {
        self.core.positions().iter().find(|p| p.channel == *channel).map_or(0, |position| position.cursor)
    }

    /// A genuine entry, one in another's place, or one that was changed.
    fn entry(&mut self) -> RelayFrame {
        let channel = self.channel();
        let next = self.cursor(&channel) + 1;
        let log = self.relay.channels.get(&channel).map(|known| known.log.clone()).unwrap_or_default();
        let made_up = Entry {
            seq: 0,
            class: Class::Control,
            received_at: 0,
            record: RecordId([0; 16]),
            body: Vec::new().into(),
        };
        let mut entry = self.bytes.pick(&log).cloned().unwrap_or(made_up);
        if self.bytes.byte() < 200 {
            entry.seq = next;
        } else {
            entry.seq = self.bytes.near(next);
        }
        match self.bytes.byte() % 4 {
            0 => {
                let at = usize::from(self.bytes.byte()) * 3;
                let change = self.bytes.byte();
                if let Some(byte) = entry.body.get_mut(at) {
                    *byte ^= change;
                }
            }
            1 => entry.class = [Class::Control, Class::Alert, Class::Update][self.bytes.byte() as usize % 3],
            2 => entry.body = self.bytes.some().into(),
            _ => {}
        }
        RelayFrame::Entry { channel, entry }
    }

    /// An answer to a request that may have been made.
    fn answer(&mut self) -> RelayFrame {
        let request = u32::from(self.bytes.byte() % 48);
        let channel = self.channel();
        let cursor = self.cursor(&channel);
        match self.bytes.byte() % 9 {
            0 => RelayFrame::Done { request },
            1 => RelayFrame::Appended { request, seq: self.bytes.near(cursor) },
            2 => {
                let (head, last_control) = (self.bytes.near(cursor), self.bytes.near(cursor));
                RelayFrame::Subscribed {
                    request,
                    channel,
                    head,
                    last_control,
                    current: true,
                    access: None,
                    restored: None,
                }
            }
            3 => RelayFrame::Skipped { channel, through: self.bytes.near(cursor) },
            4 => {
                let codes = [4000, 4002, 4100, 4101, 4200, 4205, 4300, 4303, 4400, 4999];
                let code = Code::from_number(*self.bytes.pick(&codes).unwrap_or(&0));
                RelayFrame::Refused { request, code }
            }
            5 => RelayFrame::Rotated { channel, seq: self.bytes.near(cursor) },
            6 => RelayFrame::Live { channel, body: self.bytes.some().into() },
            7 => {
                let body = self.bytes.some().into();
                RelayFrame::BlobPart { request, of: u16::from(self.bytes.byte() % 3), body }
            }
            _ => {
                let (nonce, now) = (Secret([self.bytes.byte(); 32]), self.bytes.near(self.now));
                RelayFrame::Hello {
                    version: u16::from(self.bytes.byte() % 3),
                    nonce,
                    now,
                    push_key: None,
                    restored: None,
                }
            }
        }
    }

    fn post(&mut self) -> RelayFrame {
        let mailboxes: Vec<MailboxId> = self.relay.mailboxes.keys().copied().collect();
        let mailbox = self.bytes.pick(&mailboxes).copied().unwrap_or(MailboxId([0; 32]));
        let (seq, received_at) = (self.bytes.near(8), self.bytes.near(self.now));
        RelayFrame::Post { mailbox, seq, received_at, body: self.bytes.some().into() }
    }

    /// What is stored is what is in memory, but for the connection.
    fn assert_stored(&self) {
        let stored = Core::load(VAULT, [9; 32], self.rows.clone()).expect("stored rows load");
        let lasting = |core: &Core| {
            let mut view = core.view(self.now);
            view.caught_up = false;
            view.reach = None;
            view.counting = false;
            view.incidents.iter_mut().for_each(|incident| incident.coverage = None);
            view.warnings.retain(|warning| {
                matches!(warning, Warning::RolledBack | Warning::Forked | Warning::ForgedAlert)
            });
            view
        };
        let (stored_view, view): (View, View) = (lasting(&stored), lasting(&self.core));
        assert_eq!(stored_view, view);
        assert_eq!(stored.positions(), self.core.positions());
    }
}

/// What a fuzzer found or would be likely to.
#[cfg_attr(test, test)]
fn sessions_that_once_mattered() {
    let corpus: [&[u8]; 6] = [
        &[],
        // Skipped to the end of time, then an entry there.
        &[1, 1, 0, 0, 9, 0, 0, 3, 255, 6, 0, 0, 255, 255, 3, 15],
        // Hello twice, then everything.
        &[2, 1, 0, 9, 0, 0, 8, 0, 100, 1, 0, 0, 0, 0, 15, 0],
        // Refused: trimmed.
        &[3, 1, 0, 9, 4, 0, 4, 3, 9, 5, 0, 4, 3, 9, 6, 0, 4, 3, 0, 0, 0, 13, 255, 0, 0, 15],
        // A report and an append that is "done".
        &[3, 1, 0, 0, 0, 14, 0, 0, 9, 20, 0, 0, 9, 21, 0, 0, 9, 22, 0, 0, 0, 0, 0, 15],
        &[0, 1, 0, 0, 0, 14, 2, 14, 3, 9, 20, 0, 4, 2, 9, 21, 0, 4, 6, 13, 3, 0, 0, 0, 15],
    ];
    corpus.into_iter().for_each(core_session);
}

#[cfg(test)]
proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None,
        ..proptest::prelude::ProptestConfig::default()
    })]

    #[test]
    fn any_session_has_an_outcome(data in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        core_session(&data);
    }
}

super::scenarios![sessions_that_once_mattered];
