//! Tests of the module against itself; `tests/` of the workspace has those against OpenMLS.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod any_bytes;
pub(crate) mod forge;
mod hostile;
mod lifecycle;
mod sealed_boxes;
mod storage;

use super::{Change, Group, KeyPackage, Leaf, key_package};

/// Somebody with a leaf and a key package for it.
struct Device {
    leaf: Leaf,
    package: KeyPackage,
}

impl Device {
    fn new(name: &str) -> Self {
        let leaf = Leaf::generate().unwrap();
        let package = key_package(&leaf, name.as_bytes()).unwrap();
        Self { leaf, package }
    }

    fn join(&self, welcome: &[u8], tree: &[u8]) -> Group {
        Group::join(&self.leaf, &self.package.secret, welcome, tree).unwrap()
    }
}

/// A group of `size`; its members in the order of their places.
fn group_of(size: usize) -> Vec<Group> {
    let founder = Device::new("member 0");
    let mut first = Group::create(&founder.leaf, b"member 0", b"group", b"context 0").unwrap();
    let mut all = vec![];
    if size > 1 {
        let devices: Vec<Device> = (1..size).map(|i| Device::new(&format!("member {i}"))).collect();
        let (after, joined) = admit(&mut first, &devices);
        first = after;
        all = joined;
    }
    all.insert(0, first);
    all
}

/// `by` after adding `devices`, and theirs.
fn admit(by: &mut Group, devices: &[Device]) -> (Group, Vec<Group>) {
    let add: Vec<Vec<u8>> = devices.iter().map(|device| device.package.public.clone()).collect();
    let prepared = by.commit(&Change { add: &add, ..Change::default() }).unwrap();
    let joined =
        devices.iter().zip(&prepared.welcomes).map(|(device, w)| device.join(w, &prepared.tree)).collect();
    (by.apply(&prepared.secrets).unwrap(), joined)
}

/// Everybody takes the commit that the member at `by` makes.
fn commit_by(group: &mut [Group], by: usize, change: &Change<'_>) {
    let prepared = group[by].commit(change).unwrap();
    for (i, member) in group.iter_mut().enumerate() {
        *member = if i == by {
            member.apply(&prepared.secrets).unwrap()
        } else {
            let staged = member.stage(&prepared.commit).unwrap();
            assert_eq!(staged.sender as usize, by);
            staged.group
        };
    }
    agree(group);
}

/// The member at `by` says something and all the others hear it.
fn speak(group: &mut [Group], by: usize, words: &[u8]) {
    let message = group[by].encrypt(words).unwrap();
    for (i, member) in group.iter_mut().enumerate().filter(|(i, _)| *i != by) {
        let opened = member.open(&message).unwrap();
        assert_eq!((opened.sender as usize, opened.plaintext.as_slice()), (by, words), "member {i}");
    }
}

fn agree(group: &[Group]) {
    for pair in group.windows(2) {
        assert_eq!(pair[0].epoch(), pair[1].epoch());
        assert_eq!(pair[0].epoch_authenticator(), pair[1].epoch_authenticator());
        assert_eq!(pair[0].export("label", b"x").unwrap(), pair[1].export("label", b"x").unwrap());
        assert!(pair[0].members().eq(pair[1].members()));
        assert_eq!(pair[0].context(), pair[1].context());
    }
}
