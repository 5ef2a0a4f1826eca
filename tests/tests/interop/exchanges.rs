//! Joining, talking and committing, each in both directions.

use campana_core::mls::{Change, Group, Leaf, SealingSecret, key_package, open_sealed, seal};
use campana_protocol::id::SealingKey;
use openmls_traits::{OpenMlsProvider as _, crypto::OpenMlsCrypto, types::HpkeCiphertext};

use crate::other::{self, Other, SUITE};

/// A group of ours that they joined.
pub(crate) fn ours_and_theirs() -> (Group, Other) {
    let leaf = Leaf::generate().unwrap();
    let mut ours = Group::create(&leaf, b"ours", b"a group", b"context").unwrap();
    let mut theirs = Other::new("theirs");
    let add = [theirs.key_package()];
    let prepared = ours.commit(&Change { add: &add, ..Change::default() }).unwrap();
    theirs.join(&prepared.welcomes[0], &prepared.tree);
    let ours = ours.apply(&prepared.secrets).unwrap();
    agree(&ours, &theirs);
    (ours, theirs)
}

pub(crate) fn agree(ours: &Group, theirs: &Other) {
    let group = theirs.group();
    assert_eq!(ours.epoch(), group.epoch().as_u64());
    assert_eq!(ours.id(), group.group_id().as_slice());
    assert_eq!(ours.context(), theirs.context());
    assert_eq!(ours.epoch_authenticator().as_bytes(), group.epoch_authenticator().as_slice());
    assert_eq!(ours.export("a label", b"c").unwrap().as_slice(), theirs.export("a label", b"c"));
    let members: Vec<_> = ours.members().map(|m| (m.index, m.key.0.to_vec(), m.credential)).collect();
    let seen: Vec<_> = group
        .members()
        .map(|m| (m.index.u32(), m.signature_key, m.credential.serialized_content().to_vec()))
        .collect();
    assert_eq!(members, seen);
    assert_eq!(ours.len(), seen.len());
}

pub(crate) fn talk(ours: &mut Group, theirs: &mut Other) {
    for words in [b"".as_slice(), b"hello", &[7; 2000]] {
        assert_eq!(theirs.hear(&ours.encrypt(words).unwrap()), (ours.own_index(), words.to_vec()));
        let opened = ours.open(&theirs.say(words)).unwrap();
        assert_eq!((opened.sender, opened.plaintext.as_slice()), (theirs.own_index(), words));
    }
}

#[test]
fn they_join_ours() {
    let (mut ours, mut theirs) = ours_and_theirs();
    talk(&mut ours, &mut theirs);
}

#[test]
fn we_join_theirs() {
    let mut theirs = Other::new("theirs");
    theirs.create(b"their group", b"their context");
    let leaf = Leaf::generate().unwrap();
    let package = key_package(&leaf, b"ours").unwrap();
    let prepared = theirs.prepare(&other::Change { add: &[package.public], ..Default::default() });
    theirs.take_own();
    let mut ours = Group::join(&leaf, &package.secret, &prepared.welcome.unwrap(), &theirs.tree()).unwrap();
    agree(&ours, &theirs);
    talk(&mut ours, &mut theirs);
}

#[test]
fn they_follow_our_commits() {
    let (mut ours, mut theirs) = ours_and_theirs();
    let (second, third) = (Leaf::generate().unwrap(), Leaf::generate().unwrap());
    let packages = [key_package(&second, b"2").unwrap(), key_package(&third, b"3").unwrap()];
    let add = packages.clone().map(|package| package.public);
    for change in [
        Change { add: &add[..1], ..Change::default() },
        Change { path: true, ..Change::default() },
        Change { add: &add[1..], path: true, ..Change::default() },
        Change { context: Some(b"another context"), ..Change::default() },
        Change { remove: &[2], context: Some(b"a third"), ..Change::default() },
        Change { remove: &[3], ..Change::default() },
    ] {
        let prepared = ours.commit(&change).unwrap();
        theirs.take(&prepared.commit);
        ours = ours.apply(&prepared.secrets).unwrap();
        agree(&ours, &theirs);
        talk(&mut ours, &mut theirs);
    }
}

#[test]
fn we_follow_their_commits() {
    let (mut ours, mut theirs) = ours_and_theirs();
    let leaf = Leaf::generate().unwrap();
    let package = key_package(&leaf, b"another of ours").unwrap();
    let mut fourth = Other::new("another of theirs");
    let add = [package.public.clone(), fourth.key_package()];
    for change in [
        other::Change { add: &add[..1], ..Default::default() },
        other::Change { path: true, ..Default::default() },
        other::Change { context: Some(b"another context"), ..Default::default() },
        other::Change { remove: &[2], ..Default::default() },
        other::Change { add: &add[1..], path: true, ..Default::default() },
    ] {
        let prepared = theirs.prepare(&change);
        let staged = ours.stage(&prepared.commit).unwrap();
        assert_eq!(staged.sender, theirs.own_index());
        assert_eq!((staged.added.len(), staged.removed.len()), (change.add.len(), change.remove.len()));
        assert_eq!(staged.context.as_deref(), change.context);
        theirs.take_own();
        ours = staged.group;
        agree(&ours, &theirs);
        talk(&mut ours, &mut theirs);
        if change.path && !change.add.is_empty() {
            fourth.join(&prepared.welcome.unwrap(), &theirs.tree());
            agree(&ours, &fourth);
            talk(&mut ours, &mut fourth);
        }
    }
}

#[test]
fn they_remove_us() {
    let (ours, mut theirs) = ours_and_theirs();
    let prepared = theirs.prepare(&other::Change { remove: &[0], ..Default::default() });
    let staged = ours.stage(&prepared.commit).unwrap();
    assert!(staged.removed_self);
    assert_eq!(staged.removed[0].key, ours.own_key());
}

#[test]
fn we_remove_them() {
    let (mut ours, mut theirs) = ours_and_theirs();
    let prepared = ours.commit(&Change { remove: &[1], ..Change::default() }).unwrap();
    theirs.take(&prepared.commit);
    assert!(!theirs.group().is_active());
    assert_eq!(ours.apply(&prepared.secrets).unwrap().len(), 1);
}

#[test]
fn sealed_boxes_are_the_same() {
    let provider = openmls_rust_crypto::OpenMlsRustCrypto::default();
    let crypto = provider.crypto();
    let pair = crypto.derive_hpke_keypair(SUITE.hpke_config(), &[9; 32]).unwrap();
    let secret = SealingSecret::from_seed(&[9; 32]).unwrap();
    assert_eq!(secret.public().as_bytes(), pair.public);

    let sealed = seal(&SealingKey::from_slice(&pair.public).unwrap(), b"info", b"from us").unwrap();
    let (kem_output, ciphertext) = sealed.split_at(32);
    let theirs =
        HpkeCiphertext { kem_output: kem_output.to_vec().into(), ciphertext: ciphertext.to_vec().into() };
    let opened = crypto.hpke_open(SUITE.hpke_config(), &theirs, &pair.private, b"info", b"").unwrap();
    assert_eq!(opened, b"from us");

    let theirs = crypto.hpke_seal(SUITE.hpke_config(), &pair.public, b"info", b"", b"from them").unwrap();
    let sealed = [theirs.kem_output.as_slice(), theirs.ciphertext.as_slice()].concat();
    assert_eq!(open_sealed(&secret, b"info", &sealed).unwrap().as_slice(), b"from them");
}
