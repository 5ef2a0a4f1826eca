//! What a member says with a program of its own.

use campana_protocol::frame::Class;
use campana_protocol::governance::ChannelKind;
use campana_protocol::handshake::EntryBody;

use super::network;
use crate::turn::SkipReason;

#[test]
fn nobody_can_make_a_device_believe_that_it_was_rolled_back() {
    let (mut world, ids) = network();
    // Every member can derive what names a sender; only the content's signature can't be forged.
    for victim in &ids {
        let mut double = world.channel(*victim, ChannelKind::Broadcast).group.clone();
        let mut message = double.encrypt(&[0; 512]).expect("a member encrypts");
        *message.last_mut().unwrap() ^= 1;
        world.put(ChannelKind::Broadcast, Class::Update, &EntryBody::Application(message));
    }
    let skipped = world.settle_and_see();
    for id in &ids {
        let replayed = skipped[*id].iter().filter(|why| **why == SkipReason::Replayed).count();
        assert_eq!((replayed, skipped[*id].len()), (1, ids.len()), "device {id}");
    }
    assert!(world.nobody_lost());
    world.pass(600_000);
    world.assert_converged(&ids);
}
