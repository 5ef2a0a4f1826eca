//! What committee devices sign is what they are shown, and whom they know is who asked.

use campana_core::view::{DraftTrouble, DraftView, OperationView, PersonState, Stage};
use campana_protocol::event::{Admitted, Approve, Draft, Event, Invite};
use campana_protocol::frame::{Class, ClientFrame, Secret};
use campana_protocol::governance::{
    Approval, ChannelKind, Operation, Role, SignedStatement, Statement, Zone, statement_digest,
};
use campana_protocol::handshake::{Authority, RoleCredential, commit_digest, credential_digest};
use campana_protocol::id::{Hash, InviteId, MailboxId, PublicKey, SealingKey, Signature};
use campana_protocol::mailbox::{
    Join, KeyPackageFor, Post, ReturnAddress, SEAL_INFO, SignedJoin, invite_proof, join_digest,
};
use campana_protocol::name::short_code;
use campana_protocol::padding::pad;
use campana_protocol::wire;

use super::network;
use super::rig::{World, report};
use crate::command::{Command, CommandError, Reply};
use crate::committee::desk_mailbox;
use crate::keys::KeyPair;
use crate::limits::MAX_SIGNERS;
use crate::mls::{Change, Leaf, key_package};
use crate::state::Person;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;
const COMMITTEE: ChannelKind = ChannelKind::Committee;

fn statement(world: &mut World, nonce: u8, operations: Vec<Operation>) -> Vec<u8> {
    let chain = world.core(0).chain().expect("a committee device");
    wire::encode(&Statement {
        network: chain.network(),
        nonce: [nonce; 16],
        drafted_at: chain.height(),
        operations,
        rule: None,
    })
}

/// A device with a changed program drafts what it likes.
fn draft(world: &mut World, by: usize, operations: Vec<Operation>, desk: Option<Secret>) -> Hash {
    let statement = statement(world, by as u8, operations);
    draft_bytes(world, by, statement, desk)
}

fn draft_bytes(world: &mut World, by: usize, statement: Vec<u8>, desk: Option<Secret>) -> Hash {
    let digest = statement_digest(&statement);
    let role = world.role(by);
    let approval = Approval { key: role.public(), signature: role.sign_hash(&digest) };
    let draft = Draft { statement, approval, desk };
    let event = Event::Draft(draft.clone());
    world.say(by, COMMITTEE, event.kind(), event.payload());
    // Its own program takes it up as if it had made it.
    world.core(by).committee_event(Event::Draft(draft), None);
    digest
}

fn shown(world: &World, by: usize, id: &Hash) -> Option<DraftView> {
    let drafts = world.view(by).committee.expect("a committee device").drafts;
    drafts.into_iter().find(|draft| draft.id == id.to_string())
}

fn refused(trouble: DraftTrouble) -> Result<Reply, CommandError> {
    Err(CommandError::DraftTrouble(trouble))
}

fn nobody(seed: u8) -> KeyPair {
    KeyPair::derive(&Secret([seed; 32]), "nobody")
}

#[test]
fn a_hidden_move_of_the_desk_is_shown_and_not_signed() {
    let (mut world, ids) = network();
    let mailbox = desk_mailbox(&Secret([66; 32]));
    let person = world.key(ids[5]);
    let grant = Operation::Grant { role_key: person, role: Role::Responder };
    let id = draft(&mut world, ids[2], vec![grant, Operation::Desk { mailbox }], None);
    let draft = shown(&world, ids[0], &id).expect("the draft");
    assert_eq!(draft.operations[1], OperationView::Desk { readable: false });
    assert_eq!(draft.trouble, Some(DraftTrouble::Desk));
    assert_eq!(world.command(ids[0], Command::Approve(id)), refused(DraftTrouble::Desk));
    world.pass(60_000);
    assert_ne!(world.channel(ids[7], BROADCAST).governance.desk().mailbox, mailbox.mailbox);
    report(&mut world, ids[7], false);
    assert!(world.incident(ids[4]).is_some(), "the desk has it");
}

#[test]
fn the_desk_moves_only_with_who_leaves_it_and_to_where_the_desk_reads() {
    let (mut world, ids) = network();
    let (secret, other) = (Secret([66; 32]), Secret([67; 32]));
    let desk = Operation::Desk { mailbox: desk_mailbox(&secret) };
    let verifier = world.key(ids[4]);
    let revoke = Operation::Revoke { role_key: verifier, role: Role::Verifier };
    let cases = [
        (vec![desk.clone()], Some(secret.clone())),
        (vec![revoke.clone(), desk.clone()], None),
        (vec![revoke.clone(), desk.clone()], Some(other)),
        (vec![revoke, desk.clone(), desk], Some(secret)),
    ];
    for (nonce, (operations, secret)) in (10u8..).zip(cases) {
        let count = operations.len();
        let statement = statement(&mut world, nonce, operations);
        let id = draft_bytes(&mut world, ids[2], statement, secret);
        let draft = shown(&world, ids[0], &id).expect("the draft");
        assert_eq!((draft.operations.len(), draft.trouble), (count, Some(DraftTrouble::Desk)), "{nonce}");
    }
    // The same revocation asked for here is a draft of our own, and not the thief's signed along.
    let Ok(Reply::Draft(own)) =
        world.command(ids[1], Command::Revoke { person: verifier, role: Role::Verifier })
    else {
        panic!("a draft")
    };
    world.settle();
    let draft = shown(&world, ids[0], &own).expect("the draft");
    assert_eq!(draft.trouble, None);
    assert_eq!(draft.operations[1], OperationView::Desk { readable: true });
}

#[test]
fn a_removal_of_somebody_else_than_it_says_is_shown_and_not_signed() {
    let (mut world, ids) = network();
    let troll = world.key(ids[7]);
    let leaf = world.core(ids[3]).membership().expect("a member").person(BROADCAST).public();
    let id = draft(&mut world, ids[2], vec![Operation::Remove { role_key: troll, leaf }], None);
    let draft = shown(&world, ids[0], &id).expect("the draft");
    let OperationView::Remove { name, code, other_leaf } = &draft.operations[0] else { panic!("a removal") };
    assert_eq!((name.as_str(), code, *other_leaf), ("member 4", &short_code(&troll), true));
    assert_eq!(world.command(ids[0], Command::Approve(id)), refused(DraftTrouble::OtherLeaf));
    world.pass(60_000);
    assert_eq!(world.view(ids[3]).stage, Stage::Member);
}

/// A join request as its author signed it.
fn join(key: &KeyPair, invite: InviteId, proof: Hash, handle: &str, package: Vec<u8>) -> SignedJoin {
    let join = wire::encode(&Join {
        invite,
        proof,
        handle: handle.into(),
        role_key: key.public(),
        key_packages: vec![KeyPackageFor { kind: BROADCAST, key_package: package }],
        reply: ReturnAddress { mailbox: MailboxId([8; 32]), sealing: SealingKey([9; 32]) },
    });
    SignedJoin { signature: key.sign_hash(&join_digest(&join)), join }
}

fn package() -> Vec<u8> {
    key_package(&Leaf::generate().expect("a leaf"), &[]).expect("a key package").public
}

fn knows(world: &World, id: usize, key: &PublicKey) -> Option<PersonState> {
    let people = world.view(id).committee.expect("committee").people;
    people.into_iter().find(|person| person.key == key.to_string()).map(|person| person.state)
}

#[test]
fn nobody_is_a_member_because_one_committee_device_says_so() {
    let (mut world, ids) = network();
    let stranger = nobody(9);
    let invite = world.core(0).registry.invites[0].invite.clone();
    let proof = invite_proof(&invite.secret, &stranger.public());
    let admitted = world.core(0).people.values().next().expect("a person").clone();
    let taken = admitted.packages.first().map_or_else(
        || {
            let join: Join = wire::decode(&admitted.join.join).expect("a request");
            join.key_packages[0].key_package.clone()
        },
        |package| package.key_package.clone(),
    );
    let mut unsigned = join(&stranger, invite.invite, proof, "member 0", package());
    unsigned.signature = Signature([0; 64]);
    let requests = [
        unsigned,
        join(&stranger, invite.invite, proof, "member 0", package()),
        join(&stranger, InviteId([0; 16]), Hash([0; 32]), "member 0", package()),
        join(&stranger, invite.invite, proof, "\u{200b}\u{202e}", package()),
        join(&stranger, invite.invite, proof, "member 0", taken),
    ];
    for join in requests {
        let event = Event::Admitted(Admitted { join });
        world.say(ids[2], COMMITTEE, event.kind(), event.payload());
        assert_eq!(knows(&world, ids[0], &stranger.public()), None);
    }
    // And nobody signs a role for whom they do not know.
    let grant = Operation::Grant { role_key: stranger.public(), role: Role::Verifier };
    let id = draft(&mut world, ids[2], vec![grant], None);
    let draft = shown(&world, ids[0], &id).expect("the draft");
    let OperationView::Grant { name, code, .. } = &draft.operations[0] else { panic!("a grant") };
    assert_eq!((name.as_str(), code), ("", &short_code(&stranger.public())));
    assert_eq!(world.command(ids[0], Command::Approve(id)), refused(DraftTrouble::Stranger));
    assert!(!world.channel(ids[6], BROADCAST).governance.holds(&stranger.public(), Role::Verifier));
}

#[test]
fn who_is_a_member_is_believed_once_their_leaf_is_seen() {
    let (mut world, ids) = network();
    let key = world.key(ids[5]);
    let person: Person = world.core(ids[0]).people.get(&key).expect("a person").clone();
    // Known to another device alone.
    world.core(ids[0]).people.remove(&person.role_key);
    let event = Event::Admitted(Admitted { join: person.join.clone() });
    world.say(ids[1], COMMITTEE, event.kind(), event.payload());
    assert_eq!(knows(&world, ids[0], &person.role_key), Some(PersonState::Member));
    // A snapshot can be ahead of the broadcast channel as this device has read it: it waits.
    let core = world.core(ids[0]);
    core.people.remove(&person.role_key);
    let channel = core.channels.remove(&BROADCAST).expect("a channel");
    core.committee_event(Event::Admitted(Admitted { join: person.join }), None);
    assert!(!core.people.contains_key(&person.role_key));
    core.channels.insert(BROADCAST, channel);
    core.retry_unseen();
    assert!(core.people.get(&person.role_key).is_some_and(|person| person.member));
    assert!(core.registry.unseen.is_empty());
}

#[test]
fn a_constitution_names_whom_it_adds_and_drops() {
    let (mut world, ids) = network();
    let [founder, first, second] = [0, 1, 2].map(|at| world.role(ids[at]).public());
    let added = world.key(ids[5]);
    let stranger = nobody(7).public();
    let committee = vec![founder, first, added, stranger];
    let id = draft(&mut world, ids[2], vec![Operation::Constitute { committee, threshold: 1 }], None);
    let draft = shown(&world, ids[0], &id).expect("the draft");
    let OperationView::Constitute { threshold, committee, adds, drops } = &draft.operations[0] else {
        panic!("a constitution")
    };
    assert_eq!((*threshold, *committee), (1, 4));
    let mut codes: Vec<_> = adds.iter().map(|named| (named.name.as_str(), named.code.clone())).collect();
    codes.sort();
    assert_eq!(codes, [("", short_code(&stranger)), ("member 2", short_code(&added))]);
    assert_eq!(drops.len(), 1);
    assert_eq!((drops[0].name.as_str(), &drops[0].code), ("committee 2", &short_code(&second)));
    assert_eq!(draft.author.expect("an author").name, "committee 2");
}

#[test]
fn what_has_a_second_encoding_is_not_signed() {
    let (mut world, ids) = network();
    let zones = vec![Zone { code: 1, name: "north".into() }];
    let mut bytes = statement(&mut world, 3, vec![Operation::Zones { zones }]);
    // One more field, which a reader of this version passes over.
    assert_eq!(bytes[0] & 0xe0, 0x80, "an array");
    bytes[0] += 1;
    if bytes[0] == 0x85 {
        bytes.push(0xf6);
        bytes[0] += 1;
    }
    bytes.push(0x01);
    let id = draft_bytes(&mut world, ids[2], bytes, None);
    if let Some(draft) = shown(&world, ids[0], &id) {
        assert_eq!(draft.trouble, Some(DraftTrouble::UpdateNeeded));
        assert_eq!(world.command(ids[0], Command::Approve(id)), refused(DraftTrouble::UpdateNeeded));
    }
}

#[test]
fn a_draft_is_withdrawn_by_its_author_alone() {
    let (mut world, ids) = network();
    let person = world.key(ids[5]);
    let Ok(Reply::Draft(id)) = world.command(ids[0], Command::Grant { person, role: Role::Verifier }) else {
        panic!("a draft")
    };
    world.settle();
    let event = Event::Withdrawn(id);
    world.say(ids[2], COMMITTEE, event.kind(), event.payload());
    assert!(shown(&world, ids[1], &id).is_some(), "another's word does not count");
    assert!(shown(&world, ids[0], &id).expect("the draft").mine);
    assert_eq!(world.command(ids[1], Command::Withdraw(id)), Err(CommandError::NotSigned));
    world.command(ids[0], Command::Withdraw(id)).expect("its author");
    world.settle();
    for id_of in &ids[..3] {
        assert!(shown(&world, *id_of, &id).is_none(), "device {id_of}");
        assert_eq!(world.command(*id_of, Command::Approve(id)), Err(CommandError::UnknownDraft));
    }
    // A second look at the same wish is a draft of its own.
    let Ok(Reply::Draft(again)) = world.command(ids[1], Command::Grant { person, role: Role::Verifier })
    else {
        panic!("a draft")
    };
    assert_ne!(again, id);
}

#[test]
fn a_signature_is_taken_back_by_its_signer_and_no_replay_brings_it_again() {
    let mut world = World::new();
    let ids = world.network(3, 3, 3);
    let person = world.key(ids[3]);
    let Ok(Reply::Draft(id)) = world.command(ids[0], Command::Grant { person, role: Role::Verifier }) else {
        panic!("a draft")
    };
    world.settle();
    world.command(ids[1], Command::Approve(id)).expect("a signature");
    world.settle();
    let of_one = world.core(ids[0]).registry.drafts.last().expect("the draft").approvals[1].clone();
    let event = Event::Unsigned(id);
    world.say(ids[2], COMMITTEE, event.kind(), event.payload());
    assert_eq!(shown(&world, ids[0], &id).expect("the draft").signatures, 2, "not another's to take back");
    world.command(ids[1], Command::Withdraw(id)).expect("its signer");
    world.settle();
    let replay = Event::Approve(Approve { statement: id, approval: of_one });
    world.say(ids[2], COMMITTEE, replay.kind(), replay.payload());
    for of in &ids[..3] {
        assert_eq!(shown(&world, *of, &id).expect("the draft").signatures, 1, "device {of}");
    }
    world.command(ids[2], Command::Approve(id)).expect("a signature");
    world.pass(60_000);
    assert!(!world.channel(ids[3], BROADCAST).governance.holds(&person, Role::Verifier));
    world.command(ids[1], Command::Approve(id)).expect("and signs again");
    world.pass(60_000);
    assert!(world.channel(ids[3], BROADCAST).governance.holds(&person, Role::Verifier));
}

#[test]
fn two_of_one_name_are_told_apart_on_all_screens() {
    let (mut world, ids) = network();
    let link = world.invite(ids[0], false);
    let other = world.join(&link, "\u{200b}Мember\u{2028}O");
    let waiting = world.view(other);
    let code = waiting.code.expect("a code while it waits");
    let people = world.view(ids[1]).committee.expect("committee").people;
    let seen = people.iter().find(|person| person.key == world.key(other).to_string()).expect("a person");
    assert_eq!((seen.handle.as_str(), &seen.code, seen.namesake), ("Мember O", &code, true));
    let first = people.iter().find(|person| person.handle == "member 0").expect("a person");
    assert!(first.namesake && first.code != code);
    assert_eq!(Some(first.code.clone()), world.view(ids[3]).code, "as she sees it herself");
    assert!(!people.iter().any(|person| person.handle == "member 1" && person.namesake));
}

#[test]
fn only_signatures_that_counted_are_kept() {
    let (mut world, ids) = network();
    let zones = vec![Zone { code: 1, name: "north".into() }];
    let statement = statement(&mut world, 9, vec![Operation::Zones { zones }]);
    let digest = statement_digest(&statement);
    let approve = |key: &KeyPair| Approval { key: key.public(), signature: key.sign_hash(&digest) };
    let mut signatures: Vec<Approval> = ids[..2].iter().map(|id| approve(&world.role(*id))).collect();
    signatures.extend((0..5_000u16).map(|_| approve(&nobody(1))));
    let signed = SignedStatement { statement, signatures };
    let role = world.role(ids[2]);
    let channel = world.channel(ids[2], BROADCAST);
    let (mut double, id, mut after) = (channel.group.clone(), channel.id, channel.governance.clone());
    let epoch = double.epoch();
    after.apply(&signed).expect("well signed");
    let context = wire::encode(&after.context(BROADCAST));
    let change = Change { context: Some(&context), ..Change::default() };
    let body = world.handshake(&mut double, BROADCAST, &change, |_, commit| {
        let signature = role.sign_hash(&commit_digest(&id, epoch, commit, &after.head()));
        Authority::Committee { statements: vec![signed], key: role.public(), signature }
    });
    world.put(BROADCAST, Class::Control, &body);
    world.pass(60_000);
    for id in [ids[0], ids[1], ids[4], ids[7]] {
        let kept = world.channel(id, BROADCAST).statements.last().expect("the statement").clone();
        assert_eq!(kept.signatures.len(), 2, "device {id}");
        let complete = &world.core(id).registry.complete;
        assert!(complete.iter().all(|statement| statement.signatures.len() <= MAX_SIGNERS));
    }
    let rows = world.devices[ids[4]].rows.clone();
    world.restart(ids[4], rows);
    world.settle();
    world.assert_converged(&[ids[0], ids[4], ids[7]]);
}

#[test]
fn requests_and_leaves_beyond_their_bounds_are_nobodys() {
    let (mut world, ids) = network();
    let stranger = nobody(9);
    let link = world.invite(ids[0], false);
    let Invite { invite, secret, .. } =
        world.core(0).registry.invites.last().expect("an invite").invite.clone();
    let proof = invite_proof(&secret, &stranger.public());
    let long = key_package(&Leaf::generate().expect("a leaf"), &[7; 3_000]).expect("a key package").public;
    let mailbox = campana_protocol::link::InviteLink::parse(&link).expect("a link").invite;
    for (package, known) in [(long, false), (package(), true)] {
        let request = Post::Join(join(&stranger, invite, proof, "somebody", package));
        let sealed = crate::mls::seal(&mailbox.sealing, SEAL_INFO.as_bytes(), &pad(&wire::encode(&request)));
        let record = campana_protocol::id::RecordId([u8::from(known); 16]);
        let body = sealed.expect("sealed").into();
        let frame = ClientFrame::Post { request: 1, mailbox: mailbox.mailbox, record, body, pass: None };
        let now = world.now;
        world.relay.handle(ids[0], now, frame);
        world.settle();
        assert_eq!(knows(&world, ids[0], &stranger.public()).is_some(), known);
    }
}

/// A leaf of a committee device with as long a credential as it likes: what comes behind its fields is
/// passed over by all who read it.
fn leaf_with(world: &mut World, by: usize, extra: usize) -> Vec<u8> {
    let leaf = Leaf::generate().expect("a leaf");
    let role = world.role(by);
    let network = world.core(by).membership().expect("a member").network;
    let digest = credential_digest(&network, ChannelKind::Desk, &leaf.public(), 0);
    let signature = role.sign_hash(&digest);
    let mut credential = wire::encode(&RoleCredential { role_key: role.public(), since: 0, signature });
    credential[0] += 1;
    credential.extend(wire::encode(&minicbor::bytes::ByteVec::from(vec![7; extra])));
    key_package(&leaf, &credential).expect("a key package").public
}

#[test]
fn one_committer_cannot_fill_the_tree_that_everybody_is_let_in_with() {
    let (mut world, ids) = network();
    for (extra, taken) in [(60_000, false), (100, true)] {
        let giant = leaf_with(&mut world, ids[2], extra);
        let mut double = world.channel(ids[0], ChannelKind::Desk).group.clone();
        let before = world.epochs(ChannelKind::Desk);
        let add = [giant];
        let change = Change { add: &add, ..Change::default() };
        let body = world.handshake(&mut double, ChannelKind::Desk, &change, |world, commit| {
            world.signed_by(ids[2], ChannelKind::Desk, commit)
        });
        world.put(ChannelKind::Desk, Class::Control, &body);
        world.settle();
        let after = world.epochs(ChannelKind::Desk);
        let grown = before.iter().zip(&after).filter(|(before, after)| after > before).count();
        assert_eq!(grown, if taken { before.len() - 1 } else { 0 }, "{extra}: {before:?} {after:?}");
    }
}
