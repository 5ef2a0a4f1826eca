//! Fragmentation (RFC 9420 section 16.12): a committer hands chosen members path secrets that they
//! can't use. They must not be deaf in silence, and a commit that opens for nobody must stop nobody.

use campana_core::view::{Stage, Status, Warning};
use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Secret};
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::handshake::{
    Authority, Checkpoint, EntryBody, MemberCredential, Plea, checkpoint_digest, plea_digest,
};
use campana_protocol::id::{BlobId, Hash, MailboxId, RecordId, SealingKey};
use campana_protocol::limits::MAX_BLOB_PART;
use campana_protocol::mailbox::{BlobPointer, Post, ReturnAddress, SEAL_INFO, Snapshot, Welcome};
use campana_protocol::padding::pad;
use campana_protocol::report::Finding;
use campana_protocol::wire;

use super::network;
use super::rig::{DAY, World, attest, report};
use crate::command::{Command, Reply};
use crate::keys::checkpoint_key;
use crate::mls::{Change, Group, Leaf, key_package, seal, spoiling_path_for};
use crate::state::Job;
use crate::turn::{Input, NoticeKind, SkipReason};
use crate::vault;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

fn encryption_keys(world: &mut World, ids: &[usize]) -> Vec<Vec<u8>> {
    let key = |id: &usize| {
        let group = &world.channel(*id, BROADCAST).group;
        group.encryption_key(group.own_index())
    };
    ids.iter().map(key).collect()
}

/// A commit with a path that the victims can't follow, by one committee device alone.
fn fragment(world: &mut World, insider: usize, victims: &[usize]) {
    let keys = encryption_keys(world, victims);
    let mut double = world.channel(insider, BROADCAST).group.clone();
    let path = Change { path: true, ..Change::default() };
    let body = spoiling_path_for(keys, || {
        world.handshake(&mut double, BROADCAST, &path, |world, commit| {
            world.signed_by(insider, BROADCAST, commit)
        })
    });
    world.disconnect(insider);
    world.put(BROADCAST, Class::Control, &body);
}

/// A swap, pleaded for by one plain member and committed by another; the members with these
/// encryption keys can't follow.
fn swap(world: &mut World, insider: usize, accomplice: usize, keys: Vec<Vec<u8>>) {
    let person = world.core(accomplice).membership().unwrap().person(BROADCAST);
    let credential = wire::encode(&MemberCredential { member: person.public(), since: 7 });
    let package = key_package(&Leaf::generate().unwrap(), &credential).unwrap().public;
    let reply = ReturnAddress { mailbox: MailboxId([8; 32]), sealing: SealingKey([9; 32]) };
    let signature = person.sign_hash(&plea_digest(&world.channel_id(BROADCAST), &package, &reply));
    let plea = Plea { person: person.public(), key_package: package.clone(), reply, signature };
    let mut double = world.channel(insider, BROADCAST).group.clone();
    let place = world.channel(accomplice, BROADCAST).group.own_index();
    let packages = [package];
    let change = Change { add: &packages, remove: &[place], ..Change::default() };
    let body = spoiling_path_for(keys, || {
        world.handshake(&mut double, BROADCAST, &change, |_, _| Authority::Rejoin { plea })
    });
    for out in [insider, accomplice] {
        world.disconnect(out);
    }
    world.put(BROADCAST, Class::Control, &body);
}

/// A raid that both verifiers confirm.
fn raid(world: &mut World, ids: &[usize], reporter: usize) {
    raid_now(world, ids, reporter);
    world.pass(60_000);
}

/// The same, and no time passes.
fn raid_now(world: &mut World, ids: &[usize], reporter: usize) {
    let incident = report(world, reporter, false);
    attest(world, ids[3], incident, Finding::Confirmed);
    attest(world, ids[4], incident, Finding::Confirmed);
}

fn rang(world: &World, id: usize, kind: NoticeKind) -> usize {
    world.devices[id].notices.iter().filter(|notice| notice.kind == kind).count()
}

fn in_step(world: &mut World, ids: &[usize]) -> bool {
    let epoch = world.channel(ids[0], BROADCAST).group.epoch_authenticator();
    ids.iter().all(|id| world.channel(*id, BROADCAST).group.epoch_authenticator() == epoch)
}

#[test]
fn whom_two_members_cut_off_is_told_and_let_in_again() {
    let (mut world, ids) = network();
    let (insider, accomplice, victim) = (ids[5], ids[7], ids[6]);
    let keys = encryption_keys(&mut world, &[victim]);
    swap(&mut world, insider, accomplice, keys);
    let skipped = world.settle_and_see();
    assert_eq!(skipped[victim], [SkipReason::Unopened], "the victim alone cannot follow");
    world.pass(600_000);
    assert!(in_step(&mut world, &[ids[0], ids[3], victim]));
    raid(&mut world, &ids, ids[0]);
    assert_eq!(rang(&world, victim, NoticeKind::Alert), 1);
    assert!(world.view(victim).warnings.is_empty(), "{:?}", world.view(victim).warnings);
}

/// From rule 2 on a member needs nobody's plea for a commit with a path.
#[test]
fn whom_one_member_cuts_off_by_rekeying_is_told_and_let_in_again() {
    let (mut world, ids) = network();
    let (insider, victim) = (ids[5], ids[6]);
    let keys = encryption_keys(&mut world, &[victim]);
    let mut double = world.channel(insider, BROADCAST).group.clone();
    let path = Change { path: true, ..Change::default() };
    let body =
        spoiling_path_for(keys, || world.handshake(&mut double, BROADCAST, &path, |_, _| Authority::Rekey));
    world.disconnect(insider);
    world.put(BROADCAST, Class::Control, &body);
    let skipped = world.settle_and_see();
    assert_eq!(skipped[victim], [SkipReason::Unopened], "the victim alone cannot follow");
    world.pass(600_000);
    assert!(in_step(&mut world, &[ids[0], ids[3], victim]));
    raid(&mut world, &ids, ids[0]);
    assert_eq!(rang(&world, victim, NoticeKind::Alert), 1);
}

#[test]
fn whom_one_committee_device_cuts_off_is_told_and_let_in_again() {
    let (mut world, ids) = network();
    let victims = [ids[5], ids[6], ids[7]];
    fragment(&mut world, ids[2], &victims);
    world.pass(900_000);
    assert!(in_step(&mut world, &[ids[0], ids[1], ids[3], ids[4], victims[0], victims[1], victims[2]]));
    raid(&mut world, &ids, ids[0]);
    for victim in victims {
        assert_eq!(rang(&world, victim, NoticeKind::Alert), 1, "device {victim}");
    }
}

/// An alert that comes before they are in again rings, without saying what for.
#[test]
fn an_alert_that_does_not_open_rings_all_the_same() {
    let (mut world, ids) = network();
    let victim = ids[6];
    // Nobody of the committee is there to say where the others are.
    for committee in [ids[0], ids[1]] {
        world.disconnect(committee);
    }
    fragment(&mut world, ids[2], &[victim]);
    world.settle();
    assert_eq!(rang(&world, victim, NoticeKind::Unread), 0, "nothing came yet");
    raid_now(&mut world, &ids, ids[7]);
    assert_eq!(rang(&world, ids[5], NoticeKind::Alert), 1);
    assert_eq!(rang(&world, victim, NoticeKind::Unread), 1);
    let view = world.view(victim);
    assert!(view.warnings.contains(&Warning::Unread) && view.warnings.contains(&Warning::Astray));
    assert_eq!(view.unread, 1);
    raid_now(&mut world, &ids, ids[7]);
    assert_eq!(rang(&world, victim, NoticeKind::Unread), 1, "once until something opens");
    assert_eq!(world.view(victim).unread, 2);
    // The others let it in again, and it gets what it missed.
    world.pass(900_000);
    assert!(in_step(&mut world, &[ids[3], ids[5], victim]));
    let known = world.view(victim).incidents.iter().filter(|i| i.status == Status::Verified).count();
    assert_eq!((known, world.view(victim).unread), (2, 0));
}

/// The access key has been rotated before any checkpoint could be read.
#[test]
fn a_removal_right_after_does_not_leave_them_in_silence() {
    let (mut world, ids) = network();
    let victim = ids[6];
    world.disconnect(victim);
    fragment(&mut world, ids[2], &[victim]);
    let person = world.key(ids[7]);
    let Ok(Reply::Draft(id)) = world.command(ids[0], Command::Remove { person }) else { panic!() };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    // A relay that keeps all checkpoints from it, or an unlucky moment: none is left to be read.
    let channel = world.channel_id(BROADCAST);
    let log = &mut world.relay.channels.get_mut(&channel).unwrap().log;
    for entry in log
        .iter_mut()
        .filter(|entry| matches!(wire::decode::<EntryBody>(&entry.body), Ok(EntryBody::Checkpoint(_))))
    {
        entry.body = wire::encode(&EntryBody::Plea(vec![0; 64])).into();
    }
    world.connect(victim);
    world.settle();
    let view = world.view(victim);
    assert!(view.warnings.contains(&Warning::Astray), "{:?}", view.warnings);
    assert!(!view.caught_up);
    world.pass(DAY);
    assert!(in_step(&mut world, &[ids[0], victim]));
    assert_eq!(world.view(victim).stage, Stage::Member);
}

/// A commit that opens for nobody, with all the junk that its authors can put behind it.
#[test]
fn a_commit_that_opens_for_nobody_stops_nobody() {
    let (mut world, ids) = network();
    let (insider, accomplice) = (ids[5], ids[7]);
    let all: Vec<usize> = ids.iter().copied().filter(|id| *id != insider && *id != accomplice).collect();
    let mut later = world.channel(insider, BROADCAST).group.clone();
    swap(&mut world, insider, accomplice, vec![Vec::new()]);
    world.settle();
    // What looks like a later epoch: members may not append alerts, so it is an update.
    let packages = [key_package(&Leaf::generate().unwrap(), &[]).unwrap().public];
    let prepared = later.commit(&Change { add: &packages, ..Change::default() }).unwrap();
    let mut later = later.apply(&prepared.secrets).unwrap();
    let junk = EntryBody::Application(later.encrypt(&pad(b"junk")).unwrap());
    world.put(BROADCAST, Class::Update, &junk);
    world.settle();
    assert!(world.nobody_lost());
    raid(&mut world, &ids, ids[6]);
    for id in &all {
        assert_eq!(world.incident(*id).map(|i| i.status), Some(Status::Verified), "device {id}");
    }
    // And the committee goes on once it has waited for those who might have taken it.
    world.grant(&ids[..2], ids[6], Role::Responder);
    world.pass(300_000);
    assert!(world.view(ids[6]).roles.contains(&"responder"));
    assert!(in_step(&mut world, &all));
    assert!(world.view(ids[6]).warnings.is_empty());
}

fn sign_checkpoint(world: &mut World, by: usize, epoch: u64) -> EntryBody {
    let role = world.role(by);
    let channel = world.channel(by, BROADCAST);
    let (seq, log_hash, authenticator) = (channel.meta.cursor, channel.meta.log_hash, Hash([7; 32]));
    let digest = checkpoint_digest(&channel.id, seq, &log_hash, epoch, &authenticator);
    let (key, signature) = (role.public(), role.sign_hash(&digest));
    let checkpoint = Checkpoint { seq, log_hash, epoch, authenticator, key, signature };
    let (key, id) = (checkpoint_key(&channel.meta.access), channel.id);
    EntryBody::Checkpoint(vault::seal(&key, &[3; 24], id.as_bytes(), &pad(&wire::encode(&checkpoint))))
}

#[test]
fn one_committee_device_or_a_member_alone_sends_nobody_astray() {
    let (mut world, ids) = network();
    let member = sign_checkpoint(&mut world, ids[5], 99);
    let committee = sign_checkpoint(&mut world, ids[2], 99);
    for body in [&member, &committee, &committee] {
        world.put(BROADCAST, Class::Update, body);
    }
    world.settle();
    world.pass(60_000);
    assert!(world.nobody_lost());
    assert!(ids.iter().all(|id| !world.view(*id).warnings.contains(&Warning::Astray)));
}

/// One verifier's junk of class alert, even for a later epoch, sends nobody astray; it rings once.
#[test]
fn junk_of_class_alert_rings_once_and_sends_nobody_astray() {
    let (mut world, ids) = network();
    let mut later = world.channel(ids[3], BROADCAST).group.clone();
    let packages = [key_package(&Leaf::generate().unwrap(), &[]).unwrap().public];
    let prepared = later.commit(&Change { add: &packages, ..Change::default() }).unwrap();
    let mut later = later.apply(&prepared.secrets).unwrap();
    for number in 0..3 {
        let junk = EntryBody::Application(later.encrypt(&pad(&[number])).unwrap());
        world.put(BROADCAST, Class::Alert, &junk);
    }
    world.settle();
    assert!(world.nobody_lost());
    assert_eq!(rang(&world, ids[6], NoticeKind::Unread), 1);
    assert_eq!(world.view(ids[6]).unread, 3);
    world.command(ids[6], Command::DismissUnread).expect("they can be dismissed");
    assert!(!world.view(ids[6]).warnings.contains(&Warning::Unread));
    raid(&mut world, &ids, ids[7]);
    assert_eq!(rang(&world, ids[6], NoticeKind::Alert), 1, "a true one rings as ever");
}

/// A kind of event that only a later version knows, of class alert.
#[test]
fn an_alert_of_a_later_version_rings_without_saying_what_for() {
    let (mut world, ids) = network();
    let body = world.encrypted(ids[3], BROADCAST, 199, vec![1, 2, 3]);
    world.put(BROADCAST, Class::Alert, &body);
    world.settle();
    assert_eq!(rang(&world, ids[6], NoticeKind::Unread), 1);
}

/// A plain member answers somebody's plea with a Welcome into a group of its own making, with the
/// channel's id and context.
#[test]
fn a_welcome_into_a_group_that_is_nobodys_is_left_for_a_better_one() {
    let (mut world, ids) = network();
    let (insider, victim) = (ids[5], ids[6]);
    world.core(victim).lose(BROADCAST);
    world.turn(victim, Input::Tick);
    world.settle();
    let plea = world.channel(insider, BROADCAST).meta.pleas.first().expect("everybody reads it").clone();
    let real = world.channel(insider, BROADCAST).clone();
    let mut fake =
        Group::create(&Leaf::generate().unwrap(), &[], real.id.as_bytes(), &real.group.context()).unwrap();
    let made =
        fake.commit(&Change { add: core::slice::from_ref(&plea.key_package), ..Change::default() }).unwrap();
    let snapshot = Snapshot {
        charter: wire::encode(real.governance.charter()),
        statements: real.statements.clone(),
        tree: made.tree.clone(),
        events: Vec::new(),
    };
    let (key, blob) = (Secret([3; 32]), BlobId([4; 16]));
    let sealed = vault::seal(&key.0, &[5; 24], blob.as_bytes(), &pad(&wire::encode(&snapshot)));
    assert!(sealed.len() <= MAX_BLOB_PART);
    let put =
        ClientFrame::PutBlob { request: 1, channel: real.id, blob, part: 0, of: 1, body: sealed.into() };
    let now = world.now;
    assert!(matches!(world.relay.handle(insider, now, put)[..], [RelayFrame::Done { .. }]));
    let welcome = Post::Welcome(Welcome {
        kind: BROADCAST,
        channel: real.id,
        welcome: made.welcomes[0].clone(),
        snapshot: BlobPointer { blob, parts: 1, key },
        access: real.meta.access.clone(),
        seq: real.meta.cursor,
        log_hash: real.meta.log_hash,
        desk: None,
        join: None,
        checkpoint: None,
    });
    let body = seal(&plea.reply.sealing, SEAL_INFO.as_bytes(), &pad(&wire::encode(&welcome))).unwrap();
    let (mailbox, record) = (plea.reply.mailbox, RecordId([7; 16]));
    let post = ClientFrame::Post { request: 2, mailbox, record, body: body.into(), pass: None };
    assert!(matches!(world.relay.handle(insider, now, post)[..], [RelayFrame::Done { .. }]));
    world.settle();
    assert_eq!(world.channel(victim, BROADCAST).group.len(), 2, "alone with the insider, for now");
    world.pass(600_000);
    assert!(in_step(&mut world, &[ids[0], victim]));
    raid(&mut world, &ids, ids[7]);
    assert_eq!(rang(&world, victim, NoticeKind::Alert), 1);
}

/// A member takes commits of its own for good that nobody else does, and answers a plea from there: the
/// group that it makes up has a later epoch than the others'.
#[test]
fn who_is_let_into_a_group_of_later_epochs_that_is_nobodys_is_told_and_comes_back_for_good() {
    let (mut world, ids) = network();
    let (insider, victim) = (ids[5], ids[6]);
    let others: Vec<usize> = ids.iter().copied().filter(|id| *id != insider && *id != victim).collect();
    for _ in 0..3 {
        world.core(insider).push_job(Job::Commit { kind: BROADCAST, attempt: None, prepared: None });
        spoiling_path_for(vec![vec![1]], || world.turn(insider, Input::Tick));
        world.settle();
    }
    let ahead =
        world.channel(insider, BROADCAST).group.epoch() - world.channel(ids[0], BROADCAST).group.epoch();
    assert_eq!(ahead, 3);
    others.iter().for_each(|other| world.disconnect(*other));
    world.core(victim).lose(BROADCAST);
    world.turn(victim, Input::Tick);
    world.pass(200_000);
    assert!(in_step(&mut world, &[insider, victim]), "the insider alone was there to answer");
    others.iter().for_each(|other| world.connect(*other));
    let told = (0..60).any(|_| {
        world.pass(2_000);
        world.view(victim).warnings.contains(&Warning::Astray)
    });
    assert!(told, "it is told within two minutes");
    world.pass(600_000);
    assert!(in_step(&mut world, &[ids[0], ids[3], victim]));
    world.pass(3_600_000);
    assert!(in_step(&mut world, &[ids[0], ids[3], victim]), "and it is not led away again");
    assert!(world.view(victim).warnings.is_empty());
}

/// A device that was set back pleads, and then reads a checkpoint of the epoch that it is in: the leaf
/// that its plea asks for has to be there when the Welcome comes.
#[test]
fn a_checkpoint_of_its_own_past_takes_no_plea_back() {
    let (mut world, ids) = network();
    let victim = ids[6];
    world.core(victim).lose(BROADCAST);
    world.disconnect(ids[0]);
    world.disconnect(ids[1]);
    world.turn(victim, Input::Tick);
    let spares = |world: &mut World| world.core(victim).spares.iter().filter(|s| s.kind == BROADCAST).count();
    world.settle();
    assert_eq!(spares(&mut world), 1);
    let channel = world.channel(ids[2], BROADCAST).clone();
    let checkpoint = world.core(ids[2]).checkpoint_of(BROADCAST).expect("it is of the committee");
    let key = checkpoint_key(&channel.meta.access);
    let padded = pad(&wire::encode(&checkpoint));
    let sealed = vault::seal(&key, &[3; 24], channel.id.as_bytes(), &padded);
    world.put(BROADCAST, Class::Update, &EntryBody::Checkpoint(sealed));
    world.settle();
    assert_eq!(spares(&mut world), 1, "it is kept");
    world.pass(300_000);
    assert!(in_step(&mut world, &[ids[2], victim]));
}

/// Two signs and a pause in vain must not make a device go on that was rolled back: its keys may have
/// been used.
#[test]
fn whoever_was_rolled_back_never_goes_on_by_itself() {
    let (mut world, ids) = network();
    let victim = ids[6];
    for other in ids.iter().filter(|id| **id != victim) {
        world.disconnect(*other);
    }
    world.core(victim).lose(BROADCAST);
    for committee in [ids[0], ids[1]] {
        let body = sign_checkpoint(&mut world, committee, 99);
        world.put(BROADCAST, Class::Update, &body);
    }
    world.settle();
    world.pass(DAY);
    assert!(world.channel(victim, BROADCAST).meta.lost);
    assert!(world.view(victim).warnings.contains(&Warning::RolledBack));
}
