//! Join requests made by hand.

use campana_core::view::{PersonState, Stage};
use campana_protocol::frame::{ClientFrame, Secret};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{MailboxId, RecordId, SealingKey};
use campana_protocol::link::InviteLink;
use campana_protocol::mailbox::{
    Join, KeyPackageFor, Post, ReturnAddress, SEAL_INFO, SignedJoin, invite_proof, join_digest,
};
use campana_protocol::padding::pad;
use campana_protocol::wire;

use super::network;
use super::rig::World;
use crate::command::{Command, Who};
use crate::keys::KeyPair;
use crate::mls::{Leaf, key_package, seal};

/// Somebody with an invite and a program of their own.
struct Stranger {
    link: InviteLink,
    role: KeyPair,
    join: Join,
}

impl Stranger {
    fn new(world: &mut World, by: usize, seed: u8, package: Vec<u8>) -> Self {
        let link = InviteLink::parse(&world.invite(by, false)).expect("a link");
        let role = KeyPair::derive(&Secret([seed; 32]), "stranger");
        let join = Join {
            invite: link.invite.id,
            proof: invite_proof(&link.invite.secret, &role.public()),
            handle: format!("stranger {seed}"),
            role_key: role.public(),
            key_packages: vec![KeyPackageFor { kind: ChannelKind::Broadcast, key_package: package }],
            reply: ReturnAddress { mailbox: MailboxId([seed; 32]), sealing: SealingKey([9; 32]) },
        };
        Self { link, role, join }
    }

    fn signed(&self) -> SignedJoin {
        let join = wire::encode(&self.join);
        let signature = self.role.sign_hash(&join_digest(&join));
        SignedJoin { join, signature }
    }

    fn post(&self, world: &mut World, post: &Post) {
        let invite = &self.link.invite;
        let body = seal(&invite.sealing, SEAL_INFO.as_bytes(), &pad(&wire::encode(post))).expect("a key");
        let record = RecordId(core::array::from_fn(|i| body[i]));
        let post =
            ClientFrame::Post { request: 1, mailbox: invite.mailbox, record, body: body.into(), pass: None };
        world.relay.handle(99, world.now, post);
        world.settle();
    }

    fn ask(&self, world: &mut World) {
        self.post(world, &Post::Join(self.signed()));
    }
}

fn package(leaf: &Leaf) -> Vec<u8> {
    key_package(leaf, &[]).expect("a key package").public
}

fn people(world: &World, id: usize, state: PersonState) -> Vec<String> {
    let people = world.view(id).committee.expect("a committee device").people;
    people.into_iter().filter(|person| person.state == state).map(|person| person.handle).collect()
}

#[test]
fn a_wrong_proof_or_signature_does_not_even_wait() {
    let (mut world, ids) = network();
    let mut stranger = Stranger::new(&mut world, ids[0], 1, package(&Leaf::generate().unwrap()));
    let mut forged = stranger.signed();
    forged.signature.0[0] ^= 1;
    stranger.post(&mut world, &Post::Join(forged));
    stranger.join.proof.0[0] ^= 1;
    stranger.ask(&mut world);
    stranger.join.proof = invite_proof(&Secret([0; 32]), &stranger.role.public());
    stranger.ask(&mut world);
    for id in &ids[..3] {
        assert!(people(&world, *id, PersonState::Waiting).is_empty());
    }
}

#[test]
fn revoked_and_expired_invites_are_refused_and_say_so() {
    let (mut world, ids) = network();
    for (revoke, stage) in [(true, Stage::InviteRevoked), (false, Stage::InviteExpired)] {
        let link = world.invite(ids[0], false);
        if revoke {
            let id = InviteLink::parse(&link).unwrap().invite.id;
            world.command(ids[1], Command::RevokeInvite(id)).expect("a committee device");
            world.settle();
        } else {
            world.relay.post_time = Some(world.now + 2 * super::rig::DAY);
        }
        let late = world.join(&link, "late");
        world.settle();
        assert_eq!(world.view(late).stage, stage);
        assert!(people(&world, ids[0], PersonState::Waiting).is_empty());
    }
}

/// The committee's devices in the order in which they act.
fn by_rank(world: &World, committee: &[usize]) -> Vec<usize> {
    let mut ordered = committee.to_vec();
    ordered.sort_by_key(|id| world.devices[*id].core.rank());
    ordered
}

/// Refusals that were posted to somebody, by whom.
fn refusals(world: &mut World, to: usize) -> Vec<usize> {
    let reply = world.core(to).membership().expect("asked").reply().id();
    let sent = world.sent.iter().filter(|(_, _, frame)| {
        matches!(ClientFrame::decode(frame), Ok(ClientFrame::Post { mailbox, .. }) if mailbox == reply)
    });
    sent.map(|(by, ..)| *by).collect()
}

#[test]
fn an_invite_that_ended_is_refused_by_whoever_is_there_and_once() {
    let (mut world, ids) = network();
    let link = world.invite(ids[0], false);
    let id = InviteLink::parse(&link).unwrap().invite.id;
    world.command(ids[1], Command::RevokeInvite(id)).expect("a committee device");
    world.settle();
    let order = by_rank(&world, &ids[..3]);
    let first = world.join(&link, "first");
    world.pass(120_000);
    assert_eq!(refusals(&mut world, first), [order[0]]);
    // Those before it are off; what they find when they come back has been answered.
    world.disconnect(order[0]);
    world.disconnect(order[1]);
    let second = world.join(&link, "second");
    assert_eq!(world.view(second).stage, Stage::Waiting);
    world.pass(60_000);
    assert_eq!(world.view(second).stage, Stage::InviteRevoked);
    world.connect(order[0]);
    world.connect(order[1]);
    world.pass(120_000);
    assert_eq!(refusals(&mut world, second), [order[2]]);
    for id in order {
        assert!(world.core(id).registry.refusals.is_empty());
    }
}

#[test]
fn who_cannot_be_added_stops_nobody_else() {
    let (mut world, ids) = network();
    // Two requests for one place: a commit with both is against the rules of MLS.
    let leaf = Leaf::generate().unwrap();
    let doubled = [package(&leaf), super::doubled_encryption_key(&mut world, ids[5], &[])];
    for (seed, package) in (1..).zip(doubled) {
        Stranger::new(&mut world, ids[0], seed, package).ask(&mut world);
    }
    let link = world.invite(ids[0], false);
    let honest: Vec<usize> = (0..3).map(|i| world.join(&link, &format!("honest {i}"))).collect();
    world.admit_all(ids[0]);
    world.pass(60_000);
    for id in &honest {
        assert_eq!(world.view(*id).stage, Stage::Member);
    }
    assert_eq!(people(&world, ids[0], PersonState::Declined), ["stranger 2"]);
    world.assert_converged(&[ids, honest].concat());
}

#[test]
fn one_leaf_is_one_person() {
    let (mut world, ids) = network();
    let ana = world.core(ids[0]).people.values().find(|p| p.handle == "member 0").expect("Ana").clone();
    let used = ana.packages.iter().chain(&[]).find(|p| p.kind == ChannelKind::Broadcast);
    assert!(used.is_none(), "a used key package is not kept");
    // Everybody saw Ana's key package in the commit that added her.
    let join: Join = wire::decode(&ana.join.join).unwrap();
    let seen = join.key_packages[0].key_package.clone();
    Stranger::new(&mut world, ids[0], 1, seen).ask(&mut world);
    for id in &ids[..3] {
        assert!(!world.view(*id).committee.unwrap().people.iter().any(|p| p.handle == "stranger 1"));
    }
}

#[test]
fn who_waits_cannot_change_the_leaf_that_is_admitted() {
    let (mut world, ids) = network();
    let (known, hidden) = (Leaf::generate().unwrap(), Leaf::generate().unwrap());
    let mut stranger = Stranger::new(&mut world, ids[0], 1, package(&known));
    stranger.ask(&mut world);
    stranger.join.key_packages[0].key_package = package(&hidden);
    let changed = Post::KeyPackages(stranger.signed());
    stranger.post(&mut world, &changed);
    world.command(ids[0], Command::Admit(Who::Everybody)).expect("a committee device");
    world.pass(60_000);
    let group = &world.channel(ids[0], ChannelKind::Broadcast).group;
    assert!(group.find(&known.public()).is_some() && group.find(&hidden.public()).is_none());
    assert!(people(&world, ids[0], PersonState::Member).contains(&"stranger 1".to_owned()));
}

#[test]
fn a_welcome_that_leads_nowhere_is_not_in_the_way() {
    use campana_protocol::id::{BlobId, Hash};
    use campana_protocol::mailbox::{BlobPointer, Welcome};

    let (mut world, ids) = network();
    let link = world.invite(ids[0], false);
    let joiner = world.join(&link, "joiner");
    let reply = world.core(joiner).membership().unwrap().reply().address();
    let channel = world.channel_id(ChannelKind::Broadcast);
    let access = world.channel(ids[5], ChannelKind::Broadcast).meta.access.clone();
    let send = |world: &mut World, number: u8| {
        let welcome = Post::Welcome(Welcome {
            kind: ChannelKind::Broadcast,
            channel,
            welcome: vec![number],
            snapshot: BlobPointer { blob: BlobId([number; 16]), parts: 1, key: Secret([0; 32]) },
            access: access.clone(),
            seq: u64::MAX,
            log_hash: Hash([0; 32]),
            desk: None,
            join: None,
            checkpoint: None,
        });
        let body = seal(&reply.sealing, SEAL_INFO.as_bytes(), &pad(&wire::encode(&welcome))).unwrap();
        let (mailbox, record) = (reply.mailbox, RecordId([number; 16]));
        let post = ClientFrame::Post { request: 1, mailbox, record, body: body.into(), pass: None };
        world.relay.handle(ids[5], world.now, post);
    };
    world.disconnect(joiner);
    send(&mut world, 1);
    world.admit_all(ids[0]);
    send(&mut world, 2);
    world.connect(joiner);
    world.settle();
    assert_eq!(world.view(joiner).stage, Stage::Member);
    world.assert_converged(&[ids, vec![joiner]].concat());
}
