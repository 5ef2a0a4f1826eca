//! Stores as earlier versions wrote them: this one opens each, shows what is in it, and goes on.
//!
//! A fixture holds the rows of four devices and what they had sent their relay. When the form of a
//! row changes, the version before the change leaves its own here:
//! `cargo test -p campana-core --test core upgrade -- --ignored`, then rename the file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use campana_core::view::{Stage, Status};
use campana_protocol::frame::ClientFrame;
use campana_protocol::governance::Role;
use campana_protocol::id::IncidentId;
use campana_protocol::report::Finding;

use super::rig::{Rows, World, attest, form, report};

const FOUNDER: usize = 0;
const VERIFIERS: [usize; 2] = [1, 2];
const MEMBER: usize = 3;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stores")
}

#[test]
fn stores_of_earlier_versions_open_and_go_on() {
    let mut opened = 0;
    for file in fs::read_dir(folder()).expect("a folder") {
        let path = file.expect("a file").path();
        goes_on(read(&fs::read_to_string(&path).expect("a text")));
        opened += 1;
    }
    assert!(opened > 0, "at least one version has left its store");
}

fn goes_on(mut world: World) {
    let statuses = |world: &World, id: usize| -> Vec<Status> {
        world.view(id).incidents.iter().map(|incident| incident.status).collect()
    };
    // What was there is there, before anything comes from the relay.
    for id in 0..=MEMBER {
        assert_eq!(world.view(id).stage, Stage::Member);
        assert!(statuses(&world, id).contains(&Status::Verified), "the alert, on device {id}");
        assert_eq!(world.view(id).network.expect("a network").members, 4);
    }
    assert_eq!(statuses(&world, VERIFIERS[0]).len(), 2, "the alert and a report at the desk");
    assert_eq!(world.view(FOUNDER).committee.expect("a committee").people.len(), 3);
    let waiting = world.view(MEMBER);
    assert_eq!(waiting.unsent, 1);
    let waiting = waiting.incidents.iter().find(|incident| incident.status == Status::WaitingToSend);
    let waiting = IncidentId::parse(&waiting.expect("what waited still waits").id).expect("an id");

    // What was owed is sent, and everything goes on.
    for id in 0..=MEMBER {
        world.connect(id);
    }
    world.settle();
    assert_eq!(world.view(MEMBER).unsent, 0);
    for verifier in VERIFIERS {
        attest(&mut world, verifier, waiting, Finding::Confirmed);
    }
    world.pass(60_000);
    for id in 0..=MEMBER {
        assert_eq!(statuses(&world, id).iter().filter(|status| **status == Status::Verified).count(), 2);
    }
    let link = world.invite(FOUNDER, false);
    let new = world.join(&link, "new");
    world.admit_all(FOUNDER);
    world.pass(60_000);
    assert_eq!(world.view(new).stage, Stage::Member);
    world.assert_converged(&[FOUNDER, VERIFIERS[0], VERIFIERS[1], MEMBER, new]);
    assert!(world.devices.iter().all(|device| device.skipped.is_empty()));
}

/// Writes the fixture of this version.
#[test]
#[ignore = "writes a file"]
fn leave_a_store() {
    let mut world = World::new();
    assert_eq!(world.network(1, 1, 3), [0, 1, 2, 3]);
    for verifier in VERIFIERS {
        world.grant(&[FOUNDER], verifier, Role::Verifier);
    }
    let alert = report(&mut world, MEMBER, false);
    for verifier in VERIFIERS {
        attest(&mut world, verifier, alert, Finding::Confirmed);
    }
    report(&mut world, MEMBER, true);
    world.disconnect(MEMBER);
    world.command(MEMBER, campana_core::Command::Report(form(false))).expect("it waits");

    let mut text = format!("now {}\n", world.now);
    for (id, device) in world.devices.iter().enumerate() {
        for (key, value) in &device.rows {
            writeln!(text, "row {id} {} {}", hex(key), hex(value)).expect("into memory");
        }
    }
    for (id, now, frame) in &world.sent {
        writeln!(text, "sent {id} {now} {}", hex(frame)).expect("into memory");
    }
    fs::write(folder().join("new.txt"), text).expect("a file");
}

/// A world as a fixture holds it: what its relay was told, and the devices whose rows it has. The lines
/// that begin otherwise are for whoever compares.
pub(super) fn read(text: &str) -> World {
    let mut world = World::new();
    let mut stores = BTreeMap::<usize, Rows>::new();
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["now", now] => world.now = number(now),
            ["row", id, key, value] => {
                stores.entry(number(id) as usize).or_default().insert(bytes(key), bytes(value));
            }
            ["sent", id, now, frame] => replay(&mut world, number(id) as usize, number(now), &bytes(frame)),
            ["reads" | "shows", ..] => {}
            _ => panic!("not a line of a fixture: {line}"),
        }
    }
    for (id, rows) in stores {
        while world.devices.len() <= id {
            world.device();
        }
        world.restart(id, rows);
    }
    world
}

/// The relay hears again what it was told. Nothing: a new connection.
fn replay(world: &mut World, id: usize, now: u64, frame: &[u8]) {
    if frame.is_empty() {
        world.relay.connect(id, now);
        return;
    }
    world.relay.handle(id, now, ClientFrame::decode(frame).expect("what travelled can be read"));
}

pub(super) fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(byte).collect()
}
