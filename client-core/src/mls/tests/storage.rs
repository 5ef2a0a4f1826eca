//! What is stored, how much of it, and what does not load.

use super::*;
use crate::mls::{KeyPackageSecret, MlsError, Saved};

fn stored(group: &mut Group) -> Saved {
    let mut saved = Saved::default();
    saved.apply(group.save().unwrap());
    saved
}

#[test]
fn a_loaded_group_goes_on() {
    let mut group = group_of(3);
    let mut saved = stored(&mut group[1]);
    speak(&mut group, 0, b"one");
    saved.apply(group[1].save().unwrap());
    let mut loaded = Group::load(&saved).unwrap();
    assert_eq!(loaded.epoch_authenticator(), group[1].epoch_authenticator());
    assert_eq!(loaded.save().unwrap().chunks, []);
    group[1] = loaded;
    agree(&group);
    speak(&mut group, 2, b"two");
    speak(&mut group, 1, b"three");
    commit_by(&mut group, 1, &Change { path: true, ..Change::default() });
    commit_by(&mut group, 0, &Change { path: true, ..Change::default() });
}

/// Through several commits, the tree growing and shrinking, the store holds the group.
#[test]
fn changes_add_up() {
    let mut group = group_of(2);
    let mut saved = stored(&mut group[1]);
    let devices: Vec<Device> = (2..80).map(|i| Device::new(&format!("member {i}"))).collect();
    let add: Vec<Vec<u8>> = devices.iter().map(|device| device.package.public.clone()).collect();
    let everybody: Vec<u32> = (2..80).collect();
    for change in [
        Change { add: &add, ..Change::default() },
        Change { path: true, ..Change::default() },
        Change { remove: &everybody[..40], ..Change::default() },
        Change { remove: &everybody[40..], context: Some(b"last"), ..Change::default() },
    ] {
        commit_by(&mut group, 0, &change);
        saved.apply(group[1].save().unwrap());
        let loaded = Group::load(&saved).unwrap();
        assert_eq!(loaded.epoch_authenticator(), group[1].epoch_authenticator());
        assert_eq!(stored(&mut group[1].clone()).state, saved.state);
    }
    assert_eq!(saved.tree.len(), 1);
    group[1] = Group::load(&saved).unwrap();
    speak(&mut group, 1, b"two again");
}

/// A commit drops out after it was staged and saved by mistake: each copy knows what it stored.
#[test]
fn copies_remember_their_own_store() {
    let mut group = group_of(2);
    let mut saved = stored(&mut group[1]);
    let prepared = group[0].commit(&Change { path: true, ..Change::default() }).unwrap();
    let mut staged = group[1].stage(&prepared.commit).unwrap().group;
    saved.apply(staged.save().unwrap());
    assert_eq!(Group::load(&saved).unwrap().epoch(), 2);
    assert_eq!(group[1].save().unwrap().chunks, []);
}

#[test]
fn a_stale_tree_is_refused() {
    let mut group = group_of(3);
    let old = stored(&mut group[1]);
    commit_by(&mut group, 0, &Change { path: true, ..Change::default() });
    let mut new = old.clone();
    new.apply(group[1].save().unwrap());
    assert!(Group::load(&new).is_ok());
    let stale = Saved { state: new.state.clone(), tree: old.tree.clone() };
    assert_eq!(Group::load(&stale).unwrap_err(), MlsError::Corrupt);
    let ahead = Saved { state: old.state, tree: new.tree.clone() };
    assert_eq!(Group::load(&ahead).unwrap_err(), MlsError::Corrupt);
    let missing = Saved { state: new.state.clone(), tree: Default::default() };
    assert_eq!(Group::load(&missing).unwrap_err(), MlsError::Corrupt);
    let renumbered =
        Saved { state: new.state, tree: new.tree.into_iter().map(|(i, c)| (i + 1, c)).collect() };
    assert_eq!(Group::load(&renumbered).unwrap_err(), MlsError::Corrupt);
    assert_eq!(Group::load(&Saved::default()).unwrap_err(), MlsError::Corrupt);
}

#[test]
fn secrets_survive_the_store() {
    let device = Device::new("somebody");
    let leaf = Leaf::from_bytes(&device.leaf.to_bytes()).unwrap();
    assert_eq!(leaf.public(), device.leaf.public());
    let secret = KeyPackageSecret::from_bytes(&device.package.secret.to_bytes()).unwrap();
    let mut founder = group_of(1).remove(0);
    let add = [device.package.public.clone()];
    let prepared = founder.commit(&Change { add: &add, ..Change::default() }).unwrap();
    Group::join(&leaf, &secret, &prepared.welcomes[0], &prepared.tree).unwrap();

    // A commit prepared before a restart is applied after it.
    let founder = Group::load(&stored(&mut founder)).unwrap();
    assert_eq!(founder.apply(&prepared.secrets).unwrap().len(), 2);
    let mut changed = prepared.secrets.clone();
    changed[70] ^= 1;
    assert_eq!(founder.apply(&changed).unwrap_err(), MlsError::Corrupt);
    assert_eq!(Leaf::from_bytes(&[1; 31]).unwrap_err(), MlsError::Corrupt);
    assert_eq!(KeyPackageSecret::from_bytes(&[1; 31]).unwrap_err(), MlsError::Corrupt);
}

/// Bounds that the flash of an old phone depends on.
#[test]
fn little_is_written() {
    let founder = Device::new("member 0");
    let mut first = Group::create(&founder.leaf, b"member 0", b"group", &[7; 64]).unwrap();
    let devices: Vec<Device> = (1..200).map(|i| Device::new(&format!("member {i}"))).collect();
    let add: Vec<Vec<u8>> = devices.iter().map(|device| device.package.public.clone()).collect();
    let prepared = first.commit(&Change { add: &add, ..Change::default() }).unwrap();
    first = first.apply(&prepared.secrets).unwrap();
    let mut member = devices[100].join(&prepared.welcomes[100], &prepared.tree);

    let whole = size(&member.save().unwrap());
    let message = first.encrypt(&[1; 256]).unwrap();
    member.open(&message).unwrap();
    let alert = size(&member.save().unwrap());
    let prepared = first.commit(&Change { remove: &[50], ..Change::default() }).unwrap();
    let pending = prepared.secrets.len();
    member = member.stage(&prepared.commit).unwrap().group;
    let commit = size(&member.save().unwrap());
    assert!(whole < 49_152, "{whole}");
    assert!(alert < 1_536, "{alert}");
    assert!(commit < 16_384, "{commit}");
    assert!(pending < 4_096, "{pending}");
}

fn size(changes: &crate::mls::Changes) -> usize {
    let chunks: usize = changes.chunks.iter().map(|(_, c)| 4 + c.as_ref().map_or(0, Vec::len)).sum();
    changes.state.len() + chunks
}
