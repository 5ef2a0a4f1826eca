//! Streams of entries: order, catching up, rotation, expiry, live bodies.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, OwnerApproval, RelayFrame, Subject, owners_change};
use campana_protocol::id::{PublicKey, Signature};
use campana_protocol::limits::{CONTROL_TTL_MS, ENTRY_TTL_MS};

use ed25519_dalek::Signer;

use super::rig::{ACCESS, NOW, OWNER, Rig, channel, key, public, seqs};
use crate::limits::{LIVE_BURST, RING_ENTRIES};

#[test]
fn entries_come_in_order_then_live() {
    let (mut rig, owner) = Rig::with_channel();
    for seq in 1..=3 {
        assert_eq!(rig.append(&owner, Class::Update, 0, b"x"), seq);
    }
    let member = rig.member();
    let frames = rig.subscribe(&member, 1);
    assert!(
        matches!(frames[0], RelayFrame::Subscribed { head: 3, last_control: 0, current: true, .. }),
        "{frames:?}"
    );
    assert_eq!(seqs(&frames), [2, 3]);
    rig.append(&owner, Class::Control, 0, b"x");
    assert_eq!(rig.relay.ready(), [owner.id, member.id]);
    assert_eq!(seqs(&rig.frames(member.id)), [4]);
    assert_eq!(rig.frames(member.id), []);
    // Again: restarts there.
    assert_eq!(seqs(&rig.subscribe(&member, 0)), [1, 2, 3, 4]);
}

#[test]
fn nothing_is_shown_before_it_is_durable() {
    let (mut rig, owner) = Rig::with_channel();
    let member = rig.member();
    rig.subscribe(&member, 0);
    let frame = rig.entry(Class::Alert, 0, b"x").encode();
    rig.relay.receive(NOW, owner.id, &frame);
    assert_eq!(rig.frames(owner.id), []);
    assert_eq!(rig.frames(member.id), []);
    rig.relay.commit(NOW);
    assert!(matches!(rig.frames(owner.id)[..], [RelayFrame::Appended { seq: 1, .. }]));
    assert_eq!(seqs(&rig.frames(member.id)), [1]);
}

#[test]
fn a_slow_reader_falls_off_the_ring_and_misses_nothing() {
    let (mut rig, owner) = Rig::with_channel();
    let member = rig.member();
    rig.subscribe(&member, 0);
    let many = RING_ENTRIES as u64 * 2 + 7;
    for _ in 0..many {
        rig.now += 1_000;
        rig.append(&owner, Class::Update, 0, &[0; 600]);
    }
    assert_eq!(seqs(&rig.frames(member.id)), (1..=many).collect::<Vec<_>>());
}

#[test]
fn a_rotated_key_reads_its_rotation_and_no_further() {
    let (mut rig, owner) = Rig::with_channel();
    let live = rig.member();
    rig.subscribe(&live, 0);
    rig.append(&owner, Class::Update, 0, b"1");
    let rotation = rig.rotate(&owner, 0, 8);
    rig.append(&owner, Class::Update, rotation, b"3");
    // The one that followed all along, and one that comes back with the older key.
    let frames = rig.frames(live.id);
    assert_eq!(seqs(&frames), [1, 2]);
    assert_eq!(frames.last(), Some(&RelayFrame::Rotated { channel: channel(), seq: 2 }));
    let back = rig.member();
    let frames = rig.subscribe(&back, 0);
    assert!(
        matches!(frames[0], RelayFrame::Subscribed { head: 2, last_control: 2, current: false, .. }),
        "{frames:?}"
    );
    assert_eq!(seqs(&frames), [1, 2]);
    assert_eq!(frames.last(), Some(&RelayFrame::Rotated { channel: channel(), seq: 2 }));
    let entry = rig.entry(Class::Update, 2, b"x");
    rig.refused(&back, entry, Code::Forbidden);
    // With the next key it goes on.
    rig.prove(&back, 8);
    assert_eq!(seqs(&rig.subscribe(&back, 2)), [3]);
    rig.append(&owner, Class::Update, 2, b"4");
    assert_eq!(seqs(&rig.frames(back.id)), [4]);
    assert_eq!(rig.frames(live.id), []);
}

#[test]
fn an_owner_that_is_replaced_reads_no_further() {
    let (mut rig, owner) = Rig::with_channel();
    rig.subscribe(&owner, 0);
    rig.append(&owner, Class::Update, 0, b"1");
    let owners = vec![public(&key(70))];
    rig.ask(&owner, ClientFrame::SetOwners { request: 1, channel: channel(), owners, approvals: None });
    let member = rig.member();
    rig.append(&member, Class::Update, 0, b"2");
    assert!(seqs(&rig.frames(owner.id)).is_empty());
    let stranger = rig.connect();
    let frame = rig.authenticate(&stranger, OWNER, Subject::Channel(channel()));
    rig.refused(&stranger, frame, Code::Forbidden);
}

#[test]
fn one_owner_takes_nobodys_place_without_the_signatures_of_more() {
    let (mut rig, owner) = Rig::with_channel();
    let all: Vec<_> = [OWNER, 70, 71].map(|seed| public(&key(seed))).to_vec();
    let set = |owners: &[PublicKey], approvals| ClientFrame::SetOwners {
        request: 1,
        channel: channel(),
        owners: owners.to_vec(),
        approvals: Some(approvals),
    };
    rig.done(&owner, set(&all, Vec::new()));
    let after = &all[..2];
    let agrees = |seed, before: &[PublicKey]| {
        let signature = key(seed).sign(&owners_change(&channel(), before, after));
        OwnerApproval { key: public(&key(seed)), signature: Signature(signature.to_bytes()) }
    };
    for approvals in [vec![], vec![agrees(OWNER, &all)], vec![agrees(72, &all)], vec![agrees(70, after)]] {
        rig.refused(&owner, set(after, approvals), Code::Forbidden);
    }
    rig.done(&owner, set(after, vec![agrees(70, &all)]));
    // And owners see which access key is in force, members whether theirs is.
    let frames = rig.subscribe(&owner, 0);
    let access = Some(public(&key(ACCESS)));
    assert!(matches!(&frames[0], RelayFrame::Subscribed { access: said, .. } if *said == access));
}

#[test]
fn what_has_expired_is_said_to_be_skipped() {
    let (mut rig, owner) = Rig::with_channel();
    rig.append(&owner, Class::Update, 0, b"1");
    rig.append(&owner, Class::Control, 0, b"2");
    rig.append(&owner, Class::Alert, 2, b"3");
    let follower = rig.member();
    rig.relay.tick(NOW + ENTRY_TTL_MS).expect("trims");
    rig.now = NOW + ENTRY_TTL_MS;
    let skipped = |through| RelayFrame::Skipped { channel: channel(), through };
    let frames = rig.subscribe(&follower, 0);
    assert_eq!(frames[1], skipped(1));
    assert_eq!(seqs(&frames), [2]);
    assert_eq!(frames[3], skipped(3));
    rig.relay.tick(NOW + CONTROL_TTL_MS).expect("trims");
    assert_eq!(rig.subscribe(&follower, 0)[1..], [skipped(3)]);
    // The log goes on.
    assert_eq!(rig.append(&owner, Class::Update, 2, b"4"), 4);
    assert_eq!(seqs(&rig.frames(follower.id)), [4]);
}

#[test]
fn live_bodies_reach_the_others_and_are_not_kept() {
    let (mut rig, owner) = Rig::with_channel();
    let [one, two] = [rig.member(), rig.member()];
    for device in [&owner, &one] {
        rig.subscribe(device, 0);
    }
    let live = ClientFrame::Live { channel: channel(), body: b"here".to_vec().into() };
    assert_eq!(rig.ask(&one, live.clone()), []);
    let body = b"here".to_vec().into();
    assert_eq!(rig.frames(owner.id), [RelayFrame::Live { channel: channel(), body }]);
    rig.subscribe(&two, 0);
    assert_eq!(rig.frames(two.id), []);
    // Too many are dropped, without a word; so are a stranger's.
    let stranger = rig.connect();
    assert_eq!(rig.ask(&stranger, live.clone()), []);
    for _ in 0..LIVE_BURST * 2 {
        assert_eq!(rig.ask(&one, live.clone()), []);
    }
    assert_eq!(rig.frames(owner.id).len(), LIVE_BURST as usize - 1);
    // A key that has been rotated hears nothing more.
    rig.rotate(&owner, 0, 8);
    rig.frames(two.id);
    assert_eq!(rig.ask(&owner, live), []);
    assert_eq!(rig.frames(two.id), []);
}

#[test]
fn a_restart_on_the_same_store_keeps_what_was_committed_only() {
    let (mut rig, owner) = Rig::with_channel();
    rig.append(&owner, Class::Update, 0, b"1");
    let lost = rig.entry(Class::Update, 0, b"2").encode();
    rig.relay.receive(NOW, owner.id, &lost);
    let memory = rig.relay.shared().store().engine().clone();
    rig.relay = crate::Relay::new(crate::store::MemoryStore::on(memory));
    let owner = rig.connect();
    rig.prove(&owner, OWNER);
    assert_eq!(seqs(&rig.subscribe(&owner, 0)), [1]);
}
