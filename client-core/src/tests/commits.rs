//! Commits that somebody made by hand.

use campana_protocol::frame::Class;
use campana_protocol::governance::ChannelKind;

use super::network;
use crate::mls::Change;

#[test]
fn nobody_can_make_a_device_believe_that_it_committed() {
    let (mut world, ids) = network();
    let (insider, victim) = (ids[0], ids[5]);
    let epochs = world.epochs(ChannelKind::Broadcast);
    let mut double = world.channel(victim, ChannelKind::Broadcast).group.clone();
    let change = Change { path: true, ..Change::default() };
    let authority = |world: &mut super::World, commit: &mut Vec<u8>| {
        *commit.last_mut().unwrap() ^= 1;
        world.signed_by(insider, ChannelKind::Broadcast, commit)
    };
    let body = world.handshake(&mut double, ChannelKind::Broadcast, &change, authority);
    world.put(ChannelKind::Broadcast, Class::Control, &body);
    world.settle();
    assert!(world.nobody_lost());
    assert_eq!(world.epochs(ChannelKind::Broadcast), epochs);
    world.assert_converged(&ids);
}
