//! Commits that somebody made by hand.

use campana_core::view::Stage;
use campana_protocol::frame::{Class, Secret};
use campana_protocol::governance::{
    Approval, ChannelKind, Charter, GovernanceContext, Operation, Role, SignedStatement, Statement,
    statement_digest,
};
use campana_protocol::handshake::{
    Authority, EntryBody, MemberCredential, Plea, RoleCredential, commit_digest, credential_digest,
    plea_digest,
};
use campana_protocol::id::{BlobId, ChannelId, Hash, MailboxId, SealingKey};
use campana_protocol::mailbox::{BlobPointer, ReturnAddress, Snapshot, Welcome};
use campana_protocol::padding::pad;
use campana_protocol::wire;

use super::network;
use super::rig::World;
use crate::command::{Command, Reply};
use crate::keys::{KeyPair, plea_key};
use crate::mls::{Change, Leaf, key_package};
use crate::turn::SkipReason;
use crate::vault;

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

#[test]
fn nobody_can_make_a_device_believe_that_it_committed() {
    let (mut world, ids) = network();
    let (insider, victim) = (ids[0], ids[5]);
    let epochs = world.epochs(ChannelKind::Broadcast);
    let mut double = world.channel(victim, ChannelKind::Broadcast).group.clone();
    let change = Change { path: true, ..Change::default() };
    let authority = |world: &mut World, commit: &mut Vec<u8>| {
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

/// Puts a plea into the log as a member can.
fn plead(world: &mut World, person: &KeyPair, key_package: Vec<u8>, kind: ChannelKind) {
    let channel = world.channel(0, kind);
    let (id, access) = (channel.id, channel.meta.access.clone());
    let reply = ReturnAddress { mailbox: MailboxId([8; 32]), sealing: SealingKey([9; 32]) };
    let signature = person.sign_hash(&plea_digest(&id, &key_package, &reply));
    let plea = wire::encode(&Plea { person: person.public(), key_package, reply, signature });
    let sealed = vault::seal(&plea_key(&access), &[6; 24], id.as_bytes(), &pad(&plea));
    world.put(kind, Class::Update, &EntryBody::Plea(sealed));
    world.settle();
}

fn person(world: &mut World, id: usize, kind: ChannelKind) -> KeyPair {
    world.core(id).membership().expect("a membership").person(kind)
}

/// What a fresh leaf of a broadcast member says of itself.
fn member(person: &KeyPair, since: u64) -> Vec<u8> {
    wire::encode(&MemberCredential { member: person.public(), since })
}

#[test]
fn a_plea_that_cannot_be_committed_stops_nobody_else() {
    let (mut world, ids) = network();
    let (insider, second) = (person(&mut world, ids[5], BROADCAST), person(&mut world, ids[6], BROADCAST));
    // A key that is in the group already, and somebody else's encryption key.
    let taken = Leaf::from_bytes(&world.channel(ids[6], BROADCAST).meta.leaf).unwrap();
    let twice = key_package(&taken, &member(&insider, 1)).unwrap().public;
    plead(&mut world, &insider, twice, BROADCAST);
    assert_eq!(world.channel(ids[0], BROADCAST).meta.pleas.len(), 1, "it looks right");
    let doubled = super::doubled_encryption_key(&mut world, ids[7], &member(&second, 1));
    plead(&mut world, &second, doubled, BROADCAST);
    let link = world.invite(ids[0], false);
    let later = world.join(&link, "later");
    world.admit_all(ids[0]);
    world.pass(600_000);
    assert_eq!(world.view(later).stage, Stage::Member);
    world.assert_converged(&[ids, vec![later]].concat());
}

fn statement(world: &mut World, signers: &[usize], operations: Vec<Operation>) -> SignedStatement {
    let chain = &world.channel(0, BROADCAST).governance;
    let (network, drafted_at) = (chain.network(), chain.height());
    let statement =
        wire::encode(&Statement { network, nonce: [0xAA; 16], drafted_at, operations, rule: None });
    let digest = statement_digest(&statement);
    let approve = |id: &usize| {
        let role = world.role(*id);
        Approval { key: role.public(), signature: role.sign_hash(&digest) }
    };
    SignedStatement { signatures: signers.iter().map(approve).collect(), statement }
}

/// What makes a commit applying `statements` complete, signed by `key`.
fn authority(
    world: &mut World,
    kind: ChannelKind,
    commit: &[u8],
    statements: Vec<SignedStatement>,
    key: &KeyPair,
) -> Authority {
    let channel = world.channel(0, kind);
    let mut after = channel.governance.clone();
    for statement in &statements {
        // A forged one leaves the head where an honest judge could only have it by believing it.
        if after.apply(statement).is_err() {
            break;
        }
    }
    let digest = commit_digest(&channel.id, channel.group.epoch(), commit, &after.head());
    Authority::Committee { statements, key: key.public(), signature: key.sign_hash(&digest) }
}

#[test]
fn no_commit_without_the_authority_it_claims() {
    let (mut world, ids) = network();
    // A member with a program of its own; where it says so, together with one committee device.
    let (insider, committee) = (ids[5], ids[2]);
    let mut double = world.channel(insider, BROADCAST).group.clone();
    let victim = world.channel(ids[6], BROADCAST).group.own_index();
    let friend = key_package(&Leaf::generate().unwrap(), &[]).unwrap().public;
    let named = key_package(&Leaf::generate().unwrap(), b"a handle").unwrap().public;
    let (own, bought) = (world.role(insider), world.role(committee));
    let grant = vec![Operation::Grant { role_key: own.public(), role: Role::Verifier }];
    let remove = vec![Operation::Remove {
        role_key: world.key(ids[6]),
        leaf: person(&mut world, ids[6], BROADCAST).public(),
    }];
    let below = statement(&mut world, &[committee], grant.clone());
    let doubled = statement(&mut world, &[committee, committee, committee], grant.clone());
    let strangers = statement(&mut world, &[committee, insider, ids[7]], grant);
    let removal = statement(&mut world, &[committee], remove);
    let context = world.channel(0, BROADCAST).group.context();
    let other = wire::encode(&GovernanceContext { height: 99, ..wire::decode(&context).unwrap() });
    let (add, path) =
        (Change { add: &[friend], ..Change::default() }, Change { path: true, ..Change::default() });
    let handle = Change { add: &[named], ..Change::default() };
    let removes = Change { remove: &[victim], ..Change::default() };
    let same = Change { context: Some(&context), ..Change::default() };
    let another = Change { context: Some(&other), ..Change::default() };
    let cases: [(&str, &Change<'_>, Vec<SignedStatement>, &KeyPair); 12] = [
        ("a member's own signature", &add, vec![], &own),
        ("a member's empty commit", &path, vec![], &own),
        ("somebody with a handle", &handle, vec![], &bought),
        ("a removal without a statement", &removes, vec![], &bought),
        ("a removal below the threshold", &removes, vec![removal], &bought),
        ("a context without a statement", &same, vec![], &bought),
        ("another context", &another, vec![], &bought),
        ("a grant below the threshold", &another, vec![below.clone()], &bought),
        ("a grant below the threshold, unsaid", &path, vec![below], &bought),
        ("one signature three times", &another, vec![doubled], &bought),
        ("strangers' signatures", &another, vec![strangers], &bought),
        ("a removal by a member", &removes, vec![], &own),
    ];
    let epochs = world.epochs(BROADCAST);
    let members = world.view(ids[0]).network.unwrap().members;
    for (what, change, statements, key) in cases {
        let body = world.handshake(&mut double, BROADCAST, change, |world, commit| {
            authority(world, BROADCAST, commit, statements, key)
        });
        world.put(BROADCAST, Class::Control, &body);
        let skipped = world.settle_and_see();
        for id in ids.iter().filter(|id| **id != insider) {
            assert_eq!(skipped[*id], [SkipReason::Unentitled], "{what}, device {id}");
        }
    }
    // A committee device's signature over another commit.
    let copied = world.signed_by(committee, BROADCAST, b"another commit");
    let body = world.handshake(&mut double, BROADCAST, &add, |_, _| copied);
    world.put(BROADCAST, Class::Control, &body);
    let skipped = world.settle_and_see();
    assert_eq!(skipped[ids[0]], [SkipReason::Unentitled]);
    // Nothing of it, and the channel goes on.
    assert_eq!(world.epochs(BROADCAST), epochs);
    world.grant(&ids[..2], ids[7], Role::Responder);
    assert_eq!(world.view(ids[0]).network.unwrap().members, members);
    assert!(world.nobody_lost());
    world.assert_converged(&ids);
}

#[test]
fn a_committee_device_alone_admits_and_that_is_all() {
    let (mut world, ids) = network();
    let mut double = world.channel(ids[5], BROADCAST).group.clone();
    let key = world.role(ids[2]);
    let friend = key_package(&Leaf::generate().unwrap(), &[]).unwrap().public;
    let add = Change { add: &[friend], ..Change::default() };
    let body = world.handshake(&mut double, BROADCAST, &add, |world, commit| {
        authority(world, BROADCAST, commit, Vec::new(), &key)
    });
    let epoch = world.channel(ids[0], BROADCAST).group.epoch();
    world.put(BROADCAST, Class::Control, &body);
    world.settle();
    assert_eq!(
        world.channel(ids[0], BROADCAST).group.epoch(),
        epoch + 1,
        "the forgeries above fail for their own reasons"
    );
}

#[test]
fn a_rejoin_is_the_lost_leafs_own_and_nothing_besides() {
    let (mut world, ids) = network();
    let (insider, victim) = (ids[5], ids[6]);
    let mut double = world.channel(insider, BROADCAST).group.clone();
    let place = world.channel(victim, BROADCAST).group.own_index();
    let channel = world.channel_id(BROADCAST);
    let (me, other) = (person(&mut world, victim, BROADCAST), person(&mut world, insider, BROADCAST));
    let (fresh, friend) = (Leaf::generate().unwrap(), Leaf::generate().unwrap());
    let [package, second] = [&fresh, &friend].map(|leaf| key_package(leaf, &member(&me, 7)).unwrap().public);
    let reply = ReturnAddress { mailbox: MailboxId([8; 32]), sealing: SealingKey([9; 32]) };
    let plea_for = |channel: &ChannelId, signer: &KeyPair, package: &[u8]| {
        let signature = signer.sign_hash(&plea_digest(channel, package, &reply));
        Plea { person: me.public(), key_package: package.to_vec(), reply, signature }
    };
    let forged = plea_for(&channel, &other, &package);
    let genuine = plea_for(&channel, &me, &package);
    let elsewhere = plea_for(&world.channel_id(ChannelKind::Desk), &me, &package);
    // Somebody else's fresh leaf, one that passes for admitted, and one no later than the present.
    let strange = [member(&other, 7), Vec::new(), member(&me, 0)]
        .map(|credential| key_package(&fresh, &credential).unwrap().public);
    let context = world.channel(0, BROADCAST).group.context();
    let bystander = world.channel(ids[7], BROADCAST).group.own_index();
    let packages = [package.clone(), second.clone()];
    let exchange = Change { add: &packages[..1], remove: &[place], ..Change::default() };
    let cases = [
        ("somebody else's signature", exchange, forged),
        ("a plea for another channel", exchange, elsewhere),
        ("one more comes in", Change { add: &packages, ..exchange }, genuine.clone()),
        ("one more goes", Change { remove: &[place, bystander], ..exchange }, genuine.clone()),
        ("another goes", Change { remove: &[bystander], ..exchange }, genuine.clone()),
        ("another comes in", Change { add: &packages[1..], ..exchange }, genuine.clone()),
        ("nobody goes", Change { remove: &[], ..exchange }, genuine.clone()),
        ("the context is set", Change { context: Some(&context), ..exchange }, genuine.clone()),
    ];
    let epochs = world.epochs(BROADCAST);
    let strange_cases = strange.iter().map(|package| {
        let change = Change { add: core::slice::from_ref(package), ..exchange };
        ("a leaf that is not theirs or not newer", change, plea_for(&channel, &me, package))
    });
    for (what, change, plea) in cases.into_iter().chain(strange_cases) {
        let body = world.handshake(&mut double, BROADCAST, &change, |_, _| Authority::Rejoin { plea });
        world.put(BROADCAST, Class::Control, &body);
        let skipped = world.settle_and_see();
        for id in ids.iter().filter(|id| **id != insider) {
            assert_eq!(skipped[*id], [SkipReason::Unentitled], "{what}, device {id}");
        }
    }
    assert_eq!(world.epochs(BROADCAST), epochs);
    assert!(world.nobody_lost());
    let again = genuine.clone();
    let body = world.handshake(&mut double, BROADCAST, &exchange, |_, _| Authority::Rejoin { plea: genuine });
    world.put(BROADCAST, Class::Control, &body);
    world.settle();
    assert_eq!(world.channel(ids[0], BROADCAST).group.epoch(), epochs[0] + 1, "as it should be, it counts");
    let channel = world.channel(ids[0], BROADCAST);
    assert!(crate::judge::check_plea(channel, &again).is_err(), "and only once");
}

#[test]
fn a_plea_at_the_desk_stays_with_its_person() {
    const DESK: ChannelKind = ChannelKind::Desk;
    let (mut world, ids) = network();
    let (verifier, second) = (ids[3], ids[4]);
    let own = person(&mut world, verifier, DESK);
    let fresh = Leaf::generate().unwrap();
    let network = world.core(0).membership().unwrap().network;
    let digest = credential_digest(&network, DESK, &fresh.public(), 3);
    let credential = |role: &KeyPair, signer: &KeyPair| {
        wire::encode(&RoleCredential {
            role_key: role.public(),
            since: 3,
            signature: signer.sign_hash(&digest),
        })
    };
    let (me, other, friend) = (world.role(verifier), world.role(second), world.role(ids[5]));
    let forged =
        [credential(&other, &other), credential(&friend, &friend), credential(&me, &friend), Vec::new()];
    for credential in forged {
        let package = key_package(&fresh, &credential).unwrap().public;
        plead(&mut world, &own, package, DESK);
        assert!(ids[..5].iter().all(|id| world.core(*id).channels[&DESK].meta.pleas.is_empty()));
    }
    let package = key_package(&fresh, &credential(&me, &me)).unwrap().public;
    plead(&mut world, &own, package, DESK);
    assert!(!world.channel(ids[0], DESK).meta.pleas.is_empty(), "with its own role key it counts");
}

#[test]
fn a_snapshot_is_of_the_network_and_the_chain_that_the_invite_names() {
    let (mut world, ids) = network();
    let link = world.invite(ids[0], false);
    let joiner = world.join(&link, "joiner");
    let channel = world.channel(ids[0], BROADCAST);
    let charter = channel.governance.charter().clone();
    let genuine = Snapshot {
        charter: wire::encode(&charter),
        statements: channel.statements.clone(),
        tree: Vec::new(),
        events: Vec::new(),
    };
    let welcome = Welcome {
        kind: BROADCAST,
        channel: channel.id,
        welcome: Vec::new(),
        snapshot: BlobPointer { blob: BlobId([0; 16]), parts: 1, key: Secret([0; 32]) },
        access: Secret([0; 32]),
        seq: 1,
        log_hash: Hash([0; 32]),
        desk: None,
        join: None,
        checkpoint: None,
    };
    let later = statement(&mut world, &[ids[0], ids[1]], vec![Operation::Zones { zones: Vec::new() }]);
    let below = statement(&mut world, &[ids[0]], vec![Operation::Zones { zones: Vec::new() }]);
    let core = world.core(joiner);
    let accepted = |welcome: &Welcome, snapshot: &Snapshot| core.check_snapshot(welcome, snapshot).is_some();
    let with = |statements: Vec<SignedStatement>| Snapshot { statements, ..genuine.clone() };
    let (all, cut) = (genuine.statements.clone(), genuine.statements[..2].to_vec());
    assert!(accepted(&welcome, &genuine));
    assert!(
        accepted(&welcome, &with([&all[..], core::slice::from_ref(&later)].concat())),
        "the chain may have grown"
    );
    assert!(!accepted(&welcome, &with(cut.clone())), "shorter than the invite saw");
    assert!(
        !accepted(&welcome, &with([&cut[..], core::slice::from_ref(&later)].concat())),
        "past another head"
    );
    assert!(!accepted(&welcome, &with([&all[..], &[below]].concat())));
    assert!(!accepted(&welcome, &with([&all[..], &all[2..]].concat())), "replayed");
    let renamed = wire::encode(&Charter { name: "Other".into(), ..charter });
    assert!(!accepted(&welcome, &Snapshot { charter: renamed, ..genuine.clone() }), "another network");
    assert!(!accepted(&Welcome { kind: ChannelKind::Desk, ..welcome.clone() }, &genuine), "another channel");
    assert!(!accepted(&Welcome { channel: ChannelId([1; 32]), ..welcome.clone() }, &genuine));

    // Whoever comes back has seen more than their invite had.
    let core = world.core(ids[7]);
    let accepted = |snapshot: &Snapshot| core.check_snapshot(&welcome, snapshot).is_some();
    assert!(accepted(&genuine) && accepted(&with([&all[..], core::slice::from_ref(&later)].concat())));
    for height in 0..all.len() {
        assert!(
            !accepted(&with(all[..height].to_vec())),
            "cut to {height}, before a role was given or ended"
        );
    }
    assert!(!accepted(&with([&cut[..], &[later]].concat())), "past what this device knows");
}

/// Whoever is being removed pleads as soon as it is answered, and before.
#[test]
fn nobody_stays_by_pleading_without_end() {
    let (mut world, ids) = network();
    let insider = ids[5];
    let own = person(&mut world, insider, BROADCAST);
    let key = world.key(insider);
    // Its own program would have a later plea of its own in between.
    world.disconnect(insider);
    let draft = Command::Remove { person: key };
    let Ok(Reply::Draft(draft)) = world.command(ids[0], draft) else { panic!("a draft") };
    world.settle();
    let mut since = world.now;
    let mut plead_on = |world: &mut World| {
        if world.channel(ids[0], BROADCAST).meta.pleas.is_empty() {
            since += 1;
            let package = key_package(&Leaf::generate().unwrap(), &member(&own, since)).unwrap().public;
            plead(world, &own, package, BROADCAST);
        }
    };
    plead_on(&mut world);
    // One committee device alone is left to carry it out: two would come in each other's way, and
    // one of them get it done.
    world.command(ids[1], Command::Approve(draft)).expect("a draft");
    world.disconnect(ids[1]);
    world.disconnect(ids[2]);
    for _ in 0..60 {
        world.pass(1_000);
        plead_on(&mut world);
    }
    let channel = world.channel(ids[0], BROADCAST);
    assert!(channel.governance.leaf_removed(&own.public()), "the statement is applied");
    assert!(channel.find_person(&own.public()).is_none(), "and the person is gone");
}

/// One commit in three minutes is all that it costs.
#[test]
fn whoever_pleads_without_end_is_answered_now_and_then() {
    let (mut world, ids) = network();
    let own = person(&mut world, ids[5], BROADCAST);
    let epoch = world.channel(ids[0], BROADCAST).group.epoch();
    for since in 1..=100 {
        let package = key_package(&Leaf::generate().unwrap(), &member(&own, since)).unwrap().public;
        plead(&mut world, &own, package, BROADCAST);
        world.pass(6_000);
    }
    let answered = world.channel(ids[0], BROADCAST).group.epoch() - epoch;
    assert!((2..=4).contains(&answered), "{answered} answers in ten minutes");
}
