//! A log that an earlier version wrote and read: this one comes to the same state from the same place in it.
//!
//! `rule-0.txt` was left by the version before the network's rules got numbers. It holds the rows of a
//! verifier and a member at an early place of the log, what all devices told the relay after that, and what
//! the verifier and the member had come to when they had read it: among others an alert that one verifier's
//! all clear ended, and one that one verifier's false alarm replaced, as under rule 0. When the rules change
//! again, `leave_a_log` leaves the log of the version before:
//! `cargo test -p campana-core --test core leave_a_log -- --ignored`, then rename the file.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use campana_core::Command;
use campana_core::command::{Reply, ZoneChange};
use campana_core::view::{Status, Warning};
use campana_protocol::governance::Role;
use campana_protocol::report::{Finding, FollowUpKind};

use super::rig::{Rows, World, attest, report};
use super::upgrade::{hex, number, read};

/// A verifier and a member who are away while the log is written.
const READERS: [usize; 2] = [5, 8];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs")
}

/// In the words of a fixture.
fn state(world: &World, id: usize) -> String {
    let view = world.view(id);
    let network = view.network.expect("a network");
    let (epoch, members) = (network.epoch, network.members);
    let (head, hash) = (network.governance_head, network.log_hash);
    let mut text = format!("reads {id} {epoch} {members} {head} {hash}\n");
    for incident in &view.incidents {
        writeln!(text, "shows {id} {} {:?}", incident.id, incident.status).expect("into memory");
    }
    text
}

#[test]
fn yesterdays_log_replays_to_the_state_that_it_had() {
    for file in fs::read_dir(folder()).expect("a folder") {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a text");
        let mut world = read(&text);
        for id in READERS {
            world.connect(id);
            world.settle();
            let lines = text.lines().filter(|line| {
                matches!(line.split(' ').collect::<Vec<_>>()[..], ["reads" | "shows", by, ..]
                    if number(by) as usize == id)
            });
            let expected: String = lines.flat_map(|line| [line, "\n"]).collect();
            assert_eq!(state(&world, id), expected, "{}", path.display());
            assert!(world.devices[id].skipped.is_empty());
            assert!(!world.view(id).warnings.contains(&Warning::UpdateNeeded));
        }
    }
}

fn decide(world: &mut World, command: Command) {
    let Ok(Reply::Draft(id)) = world.command(0, command) else { panic!("a draft") };
    world.settle();
    world.command(1, Command::Approve(id)).expect("a signature");
    world.pass(5_000);
}

fn checked(world: &mut World, by: usize) -> campana_protocol::id::IncidentId {
    let incident = report(world, by, false);
    for verifier in [3, 4] {
        attest(world, verifier, incident, Finding::Confirmed);
    }
    world.pass(5_000);
    incident
}

/// Writes the fixture of this version.
#[test]
#[ignore = "writes a file"]
fn leave_a_log() {
    let mut world = World::new();
    assert_eq!(world.network(3, 2, 6), (0..9).collect::<Vec<_>>());
    for verifier in [3, 4, 5] {
        world.grant(&[0, 1], verifier, Role::Verifier);
    }
    world.pass(60_000);
    let early: Vec<(usize, Rows)> = READERS.map(|id| (id, world.devices[id].rows.clone())).to_vec();
    for id in READERS {
        world.disconnect(id);
    }
    for (by, verifier, kind) in [(6, 3, FollowUpKind::AllClear), (7, 4, FollowUpKind::FalseAlarm)] {
        let incident = checked(&mut world, by);
        world.command(verifier, Command::FollowUp { incident, kind }).expect("said");
        world.pass(5_000);
    }
    checked(&mut world, 6);
    for (drill, finding) in [(false, Finding::Nothing), (true, Finding::Confirmed)] {
        let incident = report(&mut world, 6, drill);
        attest(&mut world, 3, incident, finding);
    }
    world.pass(5_000);
    decide(&mut world, Command::ChangeZones(vec![ZoneChange::Add("Norte".into())]));
    let (verifier, gone) = (world.key(4), world.key(7));
    decide(&mut world, Command::Revoke { person: verifier, role: Role::Verifier });
    decide(&mut world, Command::Remove { person: gone });
    world.pass(60_000);
    report(&mut world, 6, false);
    world.pass(5_000);

    let mut text = format!("now {}\n", world.now);
    for (id, rows) in &early {
        for (key, value) in rows {
            writeln!(text, "row {id} {} {}", hex(key), hex(value)).expect("into memory");
        }
    }
    for (id, now, frame) in &world.sent {
        writeln!(text, "sent {id} {now} {}", hex(frame)).expect("into memory");
    }
    for id in READERS {
        world.connect(id);
        world.settle();
        text += &state(&world, id);
    }
    fs::write(folder().join("new.txt"), text).expect("a file");
}

#[test]
fn the_fixture_of_rule_0_has_what_rule_1_judges_otherwise() {
    let text = fs::read_to_string(folder().join("rule-0.txt")).expect("a text");
    for status in [Status::AllClear, Status::FalseAlarm, Status::Verified] {
        assert!(text.contains(&format!(" {status:?}\n")), "{status:?}");
    }
}
