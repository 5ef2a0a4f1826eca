//! A flood of the desk's mailbox, and what gets through it.

use campana_core::view::{Status, Warning};
use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, pass_id};
use campana_protocol::governance::Role;
use campana_protocol::limits::{PASS_TTL_MS, PASSES_EACH};
use campana_protocol::mailbox::{Passes, SignedPasses, passes_digest};
use campana_protocol::wire;

use super::network;
use super::rig::{World, report};
use crate::limits::PASSES_WAIT;

/// A network whose members' passes are let in: those of two verifiers and three members.
fn with_passes() -> (World, Vec<usize>) {
    let (mut world, ids) = network();
    world.pass(300_000);
    assert!(world.relay.passes.is_empty(), "many members' at once");
    world.pass(PASSES_WAIT);
    assert_eq!(world.relay.passes.len(), 5 * PASSES_EACH);
    (world, ids)
}

fn arrives(world: &mut World, by: usize, at: usize) -> bool {
    let incident = report(world, by, false);
    world.pass(120_000);
    world.core(at).incidents.contains_key(&incident)
}

#[test]
fn as_many_reports_of_each_go_through_a_flood_as_a_person_has_passes() {
    let (mut world, ids) = with_passes();
    assert!(arrives(&mut world, ids[7], ids[3]));
    assert_eq!(world.core(ids[7]).membership().unwrap().passes.len(), PASSES_EACH, "none without a flood");
    world.relay.flooded = true;
    for _ in 0..PASSES_EACH {
        assert!(arrives(&mut world, ids[7], ids[3]));
    }
    assert!(!arrives(&mut world, ids[7], ids[3]), "who sends without end");
    assert!(arrives(&mut world, ids[6], ids[3]), "takes nothing from others");
    let waiting = world.view(ids[7]).incidents;
    assert!(waiting.iter().any(|incident| incident.status == Status::WaitingToSend), "and is told");
    world.relay.flooded = false;
    world.pass(120_000);
    assert_eq!(world.view(ids[7]).unsent, 0);
}

#[test]
fn new_passes_come_before_the_old_ones_expire() {
    let (mut world, ids) = with_passes();
    let before = world.relay.passes.clone();
    for _ in 0..8 {
        world.pass(PASS_TTL_MS / 14);
        for id in &ids {
            world.connect(*id);
        }
        world.settle();
    }
    world.pass(PASSES_WAIT + 120_000);
    let new = world.relay.passes.keys().filter(|pass| !before.contains_key(pass)).count();
    assert_eq!(new, 5 * PASSES_EACH);
}

#[test]
fn who_asks_twice_has_no_more_and_who_is_no_member_has_none() {
    let (mut world, ids) = network();
    let owner = ids[0];
    world.pass(300_000);
    let own = world.core(owner).registry.passes.len();
    let network = world.core(owner).membership().unwrap().network;
    let ask = |world: &mut World, by: usize, at: u64, count: usize| {
        let keys = world.core(by).membership().unwrap().role();
        let passes =
            (0..count).map(|_| pass_id(&campana_protocol::frame::Secret(world.core(by).random.bytes())));
        let passes = wire::encode(&Passes { role_key: keys.public(), passes: passes.collect() });
        let signature = keys.sign(passes_digest(&network, &passes).as_bytes());
        let signed = SignedPasses { passes, signature };
        let now = world.now;
        world.core(owner).passes_post(now, at, &signed);
        world.core(owner).registry.passes.len()
    };
    let now = world.now;
    assert_eq!(ask(&mut world, ids[7], now + 60_000, PASSES_EACH), own, "asked already");
    let later = now + PASS_TTL_MS / 2;
    assert_eq!(ask(&mut world, ids[7], later, PASSES_EACH + 1), own, "too many");
    assert_eq!(ask(&mut world, ids[7], later, PASSES_EACH), own + PASSES_EACH);
    assert_eq!(ask(&mut world, ids[7], later + 1, PASSES_EACH), own + PASSES_EACH);
    let link = world.invite(owner, false);
    let stranger = world.join(&link, "stranger");
    assert_eq!(ask(&mut world, stranger, later, PASSES_EACH), own + PASSES_EACH);
}

#[test]
fn whose_passes_they_are_is_nowhere_at_the_committee() {
    let (mut world, ids) = with_passes();
    let owner = world.core(ids[0]);
    assert!(owner.registry.passes.is_empty());
    let (mut world, ids) = network();
    world.pass(300_000);
    let passes = &world.core(ids[0]).registry.passes;
    assert!(passes.is_sorted() && !passes.is_empty());
}

#[test]
fn an_older_relay_knows_no_passes_and_all_goes_on() {
    let (mut world, ids) = network();
    world.relay.old = true;
    world.pass(PASSES_WAIT + 300_000);
    assert!(world.relay.passes.is_empty());
    for id in &ids {
        assert!(!world.view(*id).warnings.contains(&Warning::UpdateNeeded), "device {id}");
    }
    assert!(arrives(&mut world, ids[7], ids[3]));
    // Once the relay is updated they are let in after all.
    world.relay.old = false;
    for id in &ids {
        world.connect(*id);
    }
    world.settle();
    world.pass(PASSES_WAIT);
    assert_eq!(world.relay.passes.len(), 5 * PASSES_EACH);
    world.grant(&ids[..2], ids[5], Role::Verifier);
}

#[test]
fn a_full_disk_uses_up_no_pass() {
    let (mut world, ids) = with_passes();
    world.relay.refusing = Some((|frame| matches!(frame, ClientFrame::Post { .. }), Code::ReadOnly));
    assert!(!arrives(&mut world, ids[7], ids[3]));
    assert_eq!(world.core(ids[7]).membership().unwrap().passes.len(), PASSES_EACH);
    world.relay.refusing = None;
    world.pass(120_000);
    assert_eq!(world.view(ids[7]).unsent, 0);
}
